//! `sqlite-without-batch-mode`

use super::shared::edit;
use super::shared::evidence::{autogenerates, is_flask, level_of_url, migration_engine};
use crate::diagnostic::{Edit, Findings, Fix, Level};
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::EnvScript;
use crate::project::code::Call;
use crate::project::{Known, Project};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "sqlite-without-batch-mode",
    page: include_str!("sqlite_without_batch_mode.md"),
    check: Check::EachEnvScript(check),
};

/// Operations of `op` that SQLite's `ALTER TABLE` can't do.
const NOT_ON_SQLITE: &[&str] = &[
    "alter_column",
    "create_foreign_key",
    "create_unique_constraint",
    "create_check_constraint",
    "create_primary_key",
    "drop_constraint",
];

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    if is_flask(environment) || !autogenerates(environment, project) {
        return;
    }
    for (event, call) in script.online.configures().filter(|(event, _)| event.certain) {
        let Some(engine) = migration_engine(&script.online, call) else { continue };
        let Some(url) = engine.url.filter(|url| url.dialect == "sqlite" && level_of_url(url) == Level::Error) else {
            continue;
        };
        let (span, fix) = match call.option("render_as_batch") {
            Some(Known::Is(false, span)) => {
                (*span, Some(Edit::Replace { span: *span, text: "render_as_batch=True".to_owned() }))
            }
            None if !call.open => (event.span, edit::add_argument(project.sources, call.span, "render_as_batch=True")),
            _ => continue,
        };
        let Some(operation) = written_outside_batch(environment, project) else { continue };
        findings
            .report(span, "revisions for SQLite are written without batch mode: no `render_as_batch=True`")
            .key("option:render_as_batch")
            .label(url.span, "the database is SQLite")
            .label(operation.callee, format!("SQLite has no `ALTER TABLE` for `op.{}`", operation.name))
            .why(
                "such an operation ends with `near \"ALTER\": syntax error` or `No support for ALTER of constraints in \
                 SQLite dialect`",
            )
            .help("pass `render_as_batch=True`, so that autogenerate writes `op.batch_alter_table` blocks")
            .maybe_fix(fix.map(|edit| Fix::safe("write batch blocks", vec![edit])));
        return;
    }
}

/// An operation in a generated revision that SQLite can't do.
fn written_outside_batch(environment: &Environment, project: &Project<'_>) -> Option<Call> {
    let cant = |call: &Call| call.receiver.as_deref() == Some("op") && NOT_ON_SQLITE.contains(&call.name.as_str());
    environment.revisions.scripts.iter().find_map(|script| project.code.calls_in(script.file).into_iter().find(cant))
}
