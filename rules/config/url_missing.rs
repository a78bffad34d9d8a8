//! `engine_from_config` without a URL to find.

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EngineProblem, What};
use crate::rules::config::shared::text_files;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "url-missing", page: include_str!("url_missing.md"), check: Check::EachEnvironment(check) };

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let Some(script) = &environment.env_script else { return };
    for event in script.online.events.iter().filter(|event| event.certain) {
        let What::Engine { problem: Some(EngineProblem::UrlMissing { prefix, similar: None, .. }), made_by, .. } =
            &event.what
        else {
            continue;
        };
        if text_files::code_sets_url(project) {
            return;
        }
        let config = &environment.config;
        let section = &config.section;
        let message = format!("`{made_by}` finds no `{prefix}url`: `[{section}]` has none and env.py sets none");
        findings
            .report(config.section_span.unwrap_or(event.span), message)
            .key(format!("option:{section}.{prefix}url"))
            .label(event.span, "the URL is looked up here")
            .why("SQLAlchemy raises `KeyError: 'url'`")
            .help(format!("add `{prefix}url = …` to `[{section}]`, or call `config.set_main_option` in env.py"));
    }
    for option in script
        .online
        .set_options
        .iter()
        .filter(|option| option.certain && option.is_none && project.sources.slice(option.value_span) == "None")
    {
        findings
            .report(option.span, format!("the value given to `{}` is `None`", option.key))
            .key(format!("option:{}.{}", option.section, option.key))
            .why("ConfigParser raises `TypeError: option values must be strings`")
            .help("give the option a default, or stop with a clear message where the variable is not set");
    }
}
