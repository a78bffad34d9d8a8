//! `lock-timeout-missing`

use super::shared::evidence::migration_engine;
use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::EnvScript;
use crate::project::sqlalchemy::url::EngineUrl;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "lock-timeout-missing",
    page: include_str!("lock_timeout_missing.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let run = &script.online;
    if run.incomplete {
        return;
    }
    for (event, call) in run.configures().filter(|(event, _)| event.certain).take(1) {
        let Some(engine) = migration_engine(run, call) else { continue };
        let waits = |url: &EngineUrl| url.dialect == "postgresql" && !url.text.contains("lock_timeout");
        if !engine.url.is_some_and(waits) || is_set(environment, project) {
            continue;
        }
        findings
            .report(event.span, "migrations wait for locks without a limit: no `lock_timeout`")
            .key("option:lock_timeout")
            .label(engine.event.span, "the engine is made here")
            .why("a migration that waits for a lock makes every later query on the table wait behind it")
            .help(
                "`connect_args={\"options\": \"-c lock_timeout=4000\"}`, or `SET lock_timeout` inside the transaction",
            );
    }
}

/// May env.py, a module that it imports or a revision set it: in an option, a statement, a listener?
fn is_set(environment: &Environment, project: &Project<'_>) -> bool {
    let is_revision = |file| environment.revisions.scripts.iter().any(|script| script.file == file);
    let mut files = project.code.mentioning(&["lock_timeout"]).into_iter();
    files.any(|file| environment.reached.contains(&file) || is_revision(file))
}
