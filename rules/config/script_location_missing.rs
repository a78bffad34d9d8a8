//! `script_location` that is not there, stands in a misspelt section, or leads nowhere.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::config::{Config, Shape, inside_project};
use crate::project::alembic::discovery::{Leads, is_misspelt_alembic, script_location_leads};
use crate::project::code::Call;
use crate::rules::{Check, Rule};
use crate::source::{Span, join};

/// The rule.
pub const RULE: Rule = Rule {
    name: "script-location-missing",
    page: include_str!("script_location_missing.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let config = &environment.config;
    let Some(file) = config.file.filter(|_| matches!(config.shape, Shape::Ini | Shape::Pyproject)) else { return };
    let shown = project.sources.path(file);
    // An ini file beside env.py is handed to Alembic by code, which says where the scripts are.
    if project.sources.id(join(&config.directory, "env.py").as_deref().unwrap_or("")).is_some() {
        return;
    }
    let is_set = || {
        let named =
            |call: &Call| call.arguments.first().is_none_or(|name| name.text.as_deref() == Some("script_location"));
        project.code.is_called("set_main_option", named)
    };
    match (config.alembic_option("script_location"), script_location_leads(project.sources, config)) {
        (None, _) => {
            if is_set() {
                return;
            }
            if let Some((name, header)) = misspelt(config) {
                let edit = Edit::Replace { span: header, text: "[alembic]".to_owned() };
                findings
                    .report(header, format!("alembic looks for `[alembic]`, and this section is called `[{name}]`"))
                    .key(format!("section:{name}"))
                    .why(format!(
                        "{} stops with `FAILED: No 'script_location' key found in configuration`",
                        command(config)
                    ))
                    .help("rename the section")
                    .fix(Fix::safe("rename the section", vec![edit]));
                return;
            }
            let span = config.section_span.unwrap_or(Span::start_of(file));
            let fix = config.section_span.zip(relative(environment)).map(|(header, location)| {
                let text = format!("{}script_location = {location}", project.sources.line_end(header.file));
                Fix::safe("name the script directory", vec![Edit::Replace { span: header.after(), text }])
            });
            findings
                .report(span, format!("`{shown}` has no `script_location`"))
                .key(format!("option:{shown}.script_location"))
                .why(format!(
                    "{} stops with `FAILED: No 'script_location' key found in configuration`",
                    command(config)
                ))
                .help(match relative(environment) {
                    Some(location) => format!("add `script_location = {location}`"),
                    None => "add `script_location` with the folder that holds env.py".to_owned(),
                })
                .maybe_fix(fix);
        }
        (Some(option), Some(Leads::Nowhere)) => {
            if is_set() {
                return;
            }
            let value = option.value.as_deref().unwrap_or("");
            let inside = inside_project(value);
            let value = inside.as_deref().unwrap_or(value);
            let fix = relative(environment).filter(|_| !option.raw.contains('%')).map(|location| {
                let text = if config.shape == Shape::Pyproject { format!("\"{location}\"") } else { location };
                Fix::safe("name the script directory", vec![Edit::Replace { span: option.span, text }])
            });
            let span = if option.raw.is_empty() { option.key_span } else { option.span };
            findings
                .report(span, format!("there is no folder `{value}`"))
                .key(format!("option:{shown}.script_location"))
                .why(format!("alembic stops with `FAILED: Path doesn't exist: {value}.  Please use the 'init' command to create a new scripts folder.`"))
                .help(match relative(environment) {
                    Some(location) => format!("env.py is in `{location}`"),
                    None => "name the folder that holds env.py".to_owned(),
                })
                .maybe_fix(fix.filter(|_| option.key_span != span));
        }
        _ => {}
    }
}

/// The section that was meant to be `[alembic]`.
fn misspelt(config: &Config) -> Option<(&str, Span)> {
    if config.headers.contains_key(&config.section) {
        return None;
    }
    let mut headers = config.headers.iter();
    headers.find(|(name, _)| is_misspelt_alembic(name)).map(|(name, header)| (name.as_str(), *header))
}

/// The folder of env.py as the configuration would name it.
fn relative(environment: &Environment) -> Option<String> {
    let location = environment.script_location.as_deref()?;
    match environment.config.directory.as_str() {
        "" => Some(location.to_owned()),
        directory => location.strip_prefix(directory)?.strip_prefix('/').map(str::to_owned),
    }
}

fn command(config: &Config) -> String {
    match config.section.as_str() {
        "alembic" => "alembic".to_owned(),
        section => format!("`alembic -n {section}`"),
    }
}
