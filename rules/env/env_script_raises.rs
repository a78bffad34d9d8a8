//! `env-script-raises`

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::EnvScript;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "env-script-raises", page: include_str!("env_script_raises.md"), check: Check::EachEnvScript(check) };

/// Exceptions that say that the code itself is wrong. Others depend on the configuration, and other rules name them.
const OWN: &[&str] = &["NameError", "UnboundLocalError", "AttributeError", "TypeError"];

fn check(script: &EnvScript, _: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let run = &script.online;
    let Some(raised) = &run.raised else { return };
    let (exception, message, span) = (&raised.class, &raised.message, raised.span);
    // Only env.py's own code: a module that it imports is the business of the rules on models.
    if raised.on_purpose || span.file != script.file || !OWN.contains(&exception.as_str()) {
        return;
    }
    findings
        .report(span, format!("env.py certainly raises `{exception}` here"))
        .key(format!("raises:{exception}:{}", first_line(project.sources.slice(span))))
        .here(message.clone())
        .why(format!("every alembic command that loads env.py ends with `{exception}: {message}`"))
        .help("import or define what is used here before it is used");
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("")
}
