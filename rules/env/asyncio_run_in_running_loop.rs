//! `asyncio-run-in-running-loop`

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::EnvScript;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "asyncio-run-in-running-loop",
    page: include_str!("asyncio_run_in_running_loop.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, _: &Environment, project: &Project<'_>, findings: &mut Findings) {
    // Several environments: which of them the application starts is not known. An env.py that asks for what its caller
    // hands over may start no loop then.
    if project.environments.len() != 1 || script.online.asked_for_attributes {
        return;
    }
    let Some(start) = script.online.loop_starts.iter().find(|span| span.file == script.file) else { return };
    let Some((upgrade, coroutine)) =
        project.application.upgrades.iter().find_map(|upgrade| Some((upgrade, upgrade.in_coroutine.as_ref()?)))
    else {
        return;
    };
    findings
        .report(*start, "env.py starts an event loop, and the application runs migrations from a coroutine")
        .key(format!("loop:{coroutine}"))
        .label(upgrade.span, format!("`{coroutine}` calls Alembic while its loop runs"))
        .why("`RuntimeError: asyncio.run() cannot be called from a running event loop`, when the application starts")
        .help(
            "call it in a thread, `await asyncio.to_thread(command.upgrade, …)`, or hand the connection over in \
             `config.attributes[\"connection\"]`",
        );
}
