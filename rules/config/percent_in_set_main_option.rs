//! A value with a `%` given to `config.set_main_option`.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::config::refused_percent;
use crate::project::alembic::env_script::EnvScript;
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "percent-in-set-main-option",
    page: include_str!("percent_in_set_main_option.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, _: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let mut told: Vec<Span> = Vec::new();
    for run in script.runs() {
        for option in run.set_options.iter().filter(|option| option.certain && option.stray_percent.is_some()) {
            if told.contains(&option.span) {
                continue;
            }
            told.push(option.span);
            let shown = project.sources.slice(option.value_span);
            let simple = shown.chars().all(|found| found.is_alphanumeric() || "_.()[]\"'".contains(found));
            let replace = ".replace(\"%\", \"%%\")";
            let text = if simple { format!("{shown}{replace}") } else { format!("({shown}){replace}") };
            let fix = Fix::safe("double every `%`", vec![Edit::Replace { span: option.value_span, text }]);
            let mut report = findings
                .report(option.span, format!("the value of `{}` holds a `%` that ConfigParser refuses", option.key))
                .key(format!("option:{}.{}", option.section, option.key))
                .why(format!(
                    "`set_main_option` raises `ValueError: invalid interpolation syntax in '…' at position {}`",
                    position(option)
                ))
                .help("double every `%` before the value is set: `.replace(\"%\", \"%%\")`")
                .fix(fix);
            if let Some(typed) = option.typed_at.filter(|typed| *typed != option.value_span) {
                report = report.label(typed, "the value comes from here");
            }
            let _ = report;
        }
    }
}

/// The position as ConfigParser counts it.
fn position(option: &crate::project::alembic::env_script::SetOption) -> usize {
    let refused = option.value.as_deref().and_then(refused_percent);
    refused.or(option.stray_percent).unwrap_or(0)
}
