//! `loggers-disabled`

use super::shared::edit;
use crate::diagnostic::{Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EnvScript, FileConfig};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "loggers-disabled", page: include_str!("loggers_disabled.md"), check: Check::EachEnvScript(check) };

fn check(script: &EnvScript, _: &Environment, project: &Project<'_>, findings: &mut Findings) {
    for FileConfig { span, disables, .. } in &script.online.file_configs {
        if *disables != Some(true) || span.file != script.file {
            continue;
        }
        findings
            .report(*span, "`fileConfig` switches off every logger that exists already")
            .key("logging:disable-existing-loggers")
            .why("an application that runs migrations in its own process logs nothing afterwards")
            .help("pass `disable_existing_loggers=False`")
            .maybe_fix(
                edit::add_argument(project.sources, *span, "disable_existing_loggers=False")
                    .map(|edit| Fix::safe("keep the existing loggers", vec![edit])),
            );
    }
}
