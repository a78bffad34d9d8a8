//! A SQLite file in a folder that is not there.

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::config::inside_project;
use crate::rules::config::shared::{text_files, used};
use crate::rules::{Check, Rule};
use crate::source::{join, split};

/// The rule.
pub const RULE: Rule = Rule {
    name: "sqlite-cannot-open",
    page: include_str!("sqlite_cannot_open.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    for used in used::urls(environment).into_iter().filter(|used| used.connects) {
        let url = used.url;
        let Some(path) = url.database.as_deref().filter(|_| url.dialect == "sqlite" && !url.is_memory()) else {
            continue;
        };
        if url.error.is_some() || path.starts_with("file:") || path.contains(['$', '{', '%', '~', '\\']) {
            continue;
        }
        let is_relative = !path.starts_with('/');
        let inside = match inside_project(path) {
            Some(inside) => Some(inside),
            None if is_relative => join(&environment.run_from, path),
            None => continue,
        };
        let Some(inside) = inside else { continue };
        let folder = split(&inside).0;
        if folder.is_empty() || project.sources.is_directory(folder) {
            continue;
        }
        // Made at run time, mounted, or kept out of git: none of that can be seen here.
        let last = split(folder).1;
        let makes_it = ["makedirs", "mkdir"].iter().any(|word| project.code.mentions(word));
        if makes_it || text_files::surroundings_say(project, &[last]) {
            continue;
        }
        let from = match (is_relative, environment.run_from.as_str()) {
            (true, "") => " (the path counts from the folder in which alembic runs)".to_owned(),
            (true, run_from) => format!(" (the path counts from the folder in which alembic runs, here `{run_from}`)"),
            (false, _) => String::new(),
        };
        findings
            .report(url.span, format!("the folder `{folder}` of the SQLite file does not exist{from}"))
            .key(format!("directory:{folder}"))
            .label(used.call, "the engine is made here")
            .why("SQLite makes files, never folders: `OperationalError: (sqlite3.OperationalError) unable to open database file`")
            .help("make the folder, or name one that is there");
    }
}
