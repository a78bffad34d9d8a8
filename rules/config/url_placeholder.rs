//! The URL of Alembic's template, left as it is.

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::rules::config::shared::{text_files, used};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "url-placeholder", page: include_str!("url_placeholder.md"), check: Check::EachEnvironment(check) };

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    for used in used::urls(environment).into_iter().filter(|used| used.url.dialect == "driver") {
        if environment.config.file == Some(used.url.span.file) && text_files::code_sets_url(project) {
            return;
        }
        findings
            .report(used.url.span, "the database URL is still the placeholder of Alembic's template")
            .key(used::key(project, used.url))
            .label(used.call, "the URL is used here")
            .why("SQLAlchemy raises `NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:driver`")
            .help("write the URL of the database, or set it in env.py before it is read");
    }
}
