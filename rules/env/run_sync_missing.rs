//! `run-sync-missing`

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EnvScript, What};
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule =
    Rule { name: "run-sync-missing", page: include_str!("run_sync_missing.md"), check: Check::EachEnvScript(check) };

fn check(script: &EnvScript, _: &Environment, project: &Project<'_>, findings: &mut Findings) {
    for (event, call) in script.online.configures() {
        let (Some(handed_on), Some(connection), true) = (call.async_connection, call.connection, event.certain) else {
            continue;
        };
        let connect = script.online.connect(connection);
        let Some(What::Connect { entered_async: Some(true), .. }) = connect.map(|connect| &connect.what) else {
            continue;
        };
        let mut report = findings
            .report(handed_on, "an `AsyncConnection` reaches `context.configure` without `run_sync`")
            .key("connection:run-sync")
            .here("the asynchronous connection is handed on as it is")
            .why(
                "Alembic's calls are synchronous: SQLAlchemy raises `ArgumentError: The argument passed to \
                 Dialect.has_table() should be a <class 'sqlalchemy.engine.base.Connection'>, got <class \
                 'sqlalchemy.ext.asyncio.engine.AsyncConnection'>`",
            )
            .help("hand it on by `await connection.run_sync(function)`")
            .maybe_fix(fix(project, handed_on));
        if handed_on != call.span {
            report = report.label(call.connection_span.unwrap_or(call.span), "Alembic gets it here");
        }
        let _ = report;
    }
}

/// `do_run_migrations(connection)` → `await connection.run_sync(do_run_migrations)`
fn fix(project: &Project<'_>, call: Span) -> Option<Fix> {
    let text = project.sources.slice(call);
    let (function, arguments) = text.strip_suffix(')')?.split_once('(')?;
    let (connection, rest) = match arguments.split_once(',') {
        Some((connection, rest)) => (connection.trim(), rest.trim()),
        None => (arguments.trim(), ""),
    };
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    if !is_name(function) || !is_name(connection) || text.starts_with("context.") {
        return None;
    }
    let further = if rest.is_empty() { String::new() } else { format!(", {rest}") };
    let text = format!("await {connection}.run_sync({function}{further})");
    Some(Fix::risky("hand the connection on by `run_sync`", vec![Edit::Replace { span: call, text }]))
}
