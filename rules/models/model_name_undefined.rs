//! `model-name-undefined`

use crate::diagnostic::{Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::EnvScript;
use crate::rules::models::shared::evidence;
use crate::rules::models::shared::raised::{self, Failure};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "model-name-undefined",
    page: include_str!("model_name_undefined.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, found: &mut Findings) {
    let Some((Failure::Name(name), raised)) = raised::of(script) else { return };
    let span = raised.span;
    if span.file == script.file {
        // `env-script-raises` tells what env.py itself does wrong.
        return;
    }
    let report = found
        .report(span, format!("`{name}` is not defined"))
        .key(format!("name:{}:{name}", project.sources.path(span.file)));
    let mut report = raised::explained(report, raised, environment, project);
    if let Some(module) = raised::home_in_sqlalchemy(name) {
        report = report.help(format!("`from {module} import {name}`"));
        if let Ok(Some(edit)) = evidence::import_from(project, span.file, module, name) {
            report = report.fix(Fix::safe(format!("import `{name}` from `{module}`"), vec![edit]));
        }
    } else {
        report = report.help("import it, or mend its spelling");
    }
    let _ = report;
}
