//! Files that something needs and that can't be read.

use crate::diagnostic::{Findings, Level};
use crate::project::Project;
use crate::rules::{Check, Rule};
use crate::source::{Span, Unreadable};

/// The rule.
pub const RULE: Rule =
    Rule { name: "unreadable-file", page: include_str!("unreadable_file.md"), check: Check::WholeProject(check) };

fn check(project: &Project<'_>, findings: &mut Findings) {
    for file in &project.unreadable {
        let Some(problem) = project.sources.unreadable(*file) else { continue };
        let path = project.sources.path(*file);
        let (message, why) = match problem {
            Unreadable::NotUtf8(_) => (
                format!("`{path}` is not UTF-8: {problem}"),
                "Python reads source files as UTF-8 and raises SyntaxError at the first other byte, unless the file names its encoding",
            ),
            Unreadable::TooLarge(_) | Unreadable::Encoded(_) => {
                (format!("`{path}` was not read: {problem}"), "what it declares is not part of this check")
            }
            Unreadable::Io(_) => {
                (format!("`{path}` can't be read: {problem}"), "alembic will meet the same when it runs here")
            }
        };
        let report = findings.report(Span::start_of(*file), message).key(format!("file:{path}")).why(why);
        if matches!(problem, Unreadable::Encoded(_)) {
            report.level(Level::Note);
        }
    }
}
