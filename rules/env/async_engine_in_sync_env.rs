//! `async-engine-in-sync-env`

use super::shared::mend;
use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EnvScript, What};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "async-engine-in-sync-env",
    page: include_str!("async_engine_in_sync_env.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, _: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let run = &script.online;
    for event in run.events.iter().filter(|event| event.certain) {
        let What::Connect { connection, engine, is_async: true, entered_async, .. } = event.what else { continue };
        let configured = run.configures().any(|(_, call)| call.connection == Some(connection));
        let sync = match entered_async {
            Some(entered_async) => !entered_async,
            // Never entered nor awaited, and given to Alembic all the same.
            None => configured,
        };
        if !sync {
            continue;
        }
        let made = engine.and_then(|engine| run.engine(engine));
        let mut report = findings
            .report(event.span, "the connection of an asynchronous engine is used without `await`")
            .key("connection:sync")
            .here("this is an `AsyncConnection`")
            .why(
                "Python raises `TypeError: 'AsyncConnection' object does not support the context manager protocol` \
                 (`AttributeError: __enter__` before Python 3.11), and no migration runs",
            )
            .help("enter it by `async with` in a coroutine and hand it on by `await connection.run_sync(…)`");
        if let Some(made) = made {
            report = report.label(made.span, "the engine is made here");
            report = report.maybe_fix(mend::asynchronous(script, event, made, project));
        }
        let _ = report;
    }
}
