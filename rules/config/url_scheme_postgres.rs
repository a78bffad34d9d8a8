//! `postgres://`, which SQLAlchemy 1.4 removed.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::rules::config::shared::used;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "url-scheme-postgres",
    page: include_str!("url_scheme_postgres.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    if environment.versions.sqlalchemy_at_least(&[1, 4]) == Some(false) {
        return;
    }
    for used in used::schemes(environment).into_iter().filter(|used| used.url.dialect == "postgres") {
        let dialect = used.url.parts.scheme.start..used.url.parts.scheme.start + "postgres".len();
        let fix = used::exact(project, used.url, dialect)
            .map(|span| Fix::safe("write `postgresql`", vec![Edit::Replace { span, text: "postgresql".to_owned() }]));
        findings
            .report(used.url.span, format!("{} begins with `postgres`, which is no dialect", used::kind(used.url)))
            .key(used::key(project, used.url))
            .label(used.call, "the URL is used here")
            .why("SQLAlchemy 1.4 removed the name: `NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:postgres`")
            .help("write `postgresql`, or replace the prefix where the text is read: `url.replace(\"postgres://\", \"postgresql://\", 1)`")
            .maybe_fix(fix);
    }
}
