//! `create-all-beside-migrations`

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::env_script::What;
use crate::rules::{Check, Rule};
use crate::source::Span;

use super::shared::evidence::is_aside;

/// The rule.
pub const RULE: Rule = Rule {
    name: "create-all-beside-migrations",
    page: include_str!("create_all_beside_migrations.md"),
    check: Check::WholeProject(check),
};

fn check(project: &Project<'_>, findings: &mut Findings) {
    let with_revisions = project.environments.iter().any(|environment| !environment.revisions.scripts.is_empty());
    if !with_revisions || project.application.stamps {
        return;
    }
    let mut places: Vec<(Span, String, Option<&str>)> = Vec::new();
    for environment in &project.environments {
        let Some(script) = &environment.env_script else { continue };
        for event in script.online.events.iter().filter(|event| event.certain) {
            if matches!(event.what, What::CreateAll) && event.span.file == script.file {
                places.push((event.span, "in env.py, before every command".to_owned(), Some(&environment.name)));
            }
        }
    }
    for found in &project.application.create_alls {
        if !is_aside(project.sources.path(found.span.file)) {
            places.push((found.span, found.when.clone(), None));
        }
    }
    for (span, when, environment) in places {
        findings.in_environment(environment);
        findings
            .report(span, format!("`create_all` makes the tables {when}, beside the migrations"))
            .key(format!("create-all:{}", project.sources.path(span.file)))
            .why(
                "a new table is there before its revision runs: `upgrade` then ends with \"table already exists\", and \
                 `revision --autogenerate` sees no difference to write down",
            )
            .help("leave the tables to `alembic upgrade head`; keep `create_all` for tests");
    }
    findings.in_environment(None);
}
