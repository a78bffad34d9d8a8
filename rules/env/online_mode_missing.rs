//! `online-mode-missing`

use super::shared::mend;
use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EnvScript, What};
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "online-mode-missing",
    page: include_str!("online_mode_missing.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let (online, offline) = (&script.online, &script.offline);
    let nothing = online.configures().next().is_none()
        && !online.runs_migrations()
        && online.raised.is_none()
        && !online.incomplete
        && !online.events.iter().any(|event| matches!(event.what, What::LostCoroutine { .. }));
    if !nothing || !offline.runs_migrations() || script.layout.main_guard.is_some() {
        return;
    }
    let ran_offline = |span: Span| offline.events.iter().any(|event| span.contains(event.span));
    // A function that would do it is there: `env-runs-nothing` names it.
    if script.layout.functions.iter().any(|function| function.runs_migrations && !ran_offline(function.span)) {
        return;
    }
    let span = script.layout.mode_switch.unwrap_or(Span::start_of(script.file));
    findings
        .report(span, "env.py runs migrations in offline mode only: `alembic upgrade` does nothing")
        .key("mode:online")
        .why("without `--sql`, no path reaches `context.run_migrations()`: Alembic ends with exit code 0 and has done nothing")
        .help("connect, `context.configure(connection=…)` and run the migrations in the `else` branch")
        .maybe_fix(mend::online(script, environment, project));
}
