//! SQLAlchemy 2.1 no longer brings greenlet, and asyncio needs it.

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::What;
use crate::rules::config::shared::used;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "greenlet-not-installed",
    page: include_str!("greenlet_not_installed.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, _: &Project<'_>, findings: &mut Findings) {
    let versions = &environment.versions;
    if versions.sqlalchemy_at_least(&[2, 1]) != Some(true) || !used::certainly_without(versions, &["greenlet"]) {
        return;
    }
    let Some(script) = &environment.env_script else { return };
    let engine = script
        .online
        .events
        .iter()
        .find(|event| event.certain && matches!(event.what, What::Engine { is_async: true, .. }));
    let Some(engine) = engine else { return };
    findings
        .report(engine.span, "an async engine needs `greenlet`, and SQLAlchemy 2.1 no longer installs it")
        .key("distribution:greenlet")
        .why(format!(
            "the import of `sqlalchemy.ext.asyncio` raises `ImportError: The SQLAlchemy asyncio module requires that the Python 'greenlet' library is installed`; {}",
            versions.sqlalchemy().how
        ))
        .help(format!("require `sqlalchemy[asyncio]` in {}", used::listed_in(versions)));
}
