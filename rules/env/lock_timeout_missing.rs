//! `lock-timeout-missing`

use super::evidence::migration_engine;
use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EnvScript, What};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "lock-timeout-missing",
    page: include_str!("lock_timeout_missing.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let run = &script.online;
    let set = run.events.iter().any(|event| matches!(event.what, What::LockTimeout))
        || project.sources.text(script.file).contains("lock_timeout");
    if set || run.incomplete {
        return;
    }
    for (event, call) in run.configures().filter(|(event, _)| event.certain).take(1) {
        let Some(engine) = migration_engine(run, call) else { continue };
        let Some(url) = engine.url.filter(|url| url.dialect == "postgresql" && !url.text.contains("lock_timeout"))
        else {
            continue;
        };
        if environment.revisions.scripts.iter().any(|found| project.sources.text(found.file).contains("lock_timeout")) {
            continue;
        }
        let _ = url;
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
