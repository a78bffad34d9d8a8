//! `offline-mode-missing`

use super::shared::evidence::online_call;
use super::shared::mend;
use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EnvScript, What};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "offline-mode-missing",
    page: include_str!("offline_mode_missing.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, _: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let (online, offline) = (&script.online, &script.offline);
    // Only where the online half works; a refusal (`raise`) is a decision.
    if !online.runs_migrations() || offline.raised.is_some() || offline.incomplete || online.incomplete {
        return;
    }
    let Some(call) = online_call(script).filter(|call| call.connection.is_some()) else { return };
    // Asked for offline mode and does something else: that is a decision, too.
    let connected = offline.events.iter().find(|event| event.certain && matches!(event.what, What::Connect { .. }));
    let by_url = offline.configures().any(|(_, call)| call.has_url || call.connection.is_none());
    let Some(connected) = connected.filter(|_| !by_url && !offline.asked_for_mode) else { return };
    findings
        .report(connected.span, "`alembic upgrade --sql` connects to the database: env.py has no offline mode")
        .key("mode:offline")
        .here("this happens in offline mode, too")
        .label(call.span, "no `context.configure(url=…)` for offline mode")
        .why("`--sql` is there to write SQL without a database; here it opens a connection, and fails where there is none")
        .help("ask `context.is_offline_mode()` and configure with `url=` and `literal_binds=True`")
        .maybe_fix(mend::offline(script, call, project));
}
