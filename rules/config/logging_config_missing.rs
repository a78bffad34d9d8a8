//! `fileConfig` on an ini file without the logging sections that it wants.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::config::{Config, Shape};
use crate::project::alembic::env_script::{EnvScript, FileConfig};
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "logging-config-missing",
    page: include_str!("logging_config_missing.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let config = &environment.config;
    let Some(file) = config.file.filter(|_| matches!(config.shape, Shape::Ini | Shape::FlaskMigrate)) else { return };
    let mut calls = script.online.file_configs.iter();
    let Some(FileConfig { span: call, .. }) = calls.find(|call| call.file == Some(file) && !call.tried) else { return };
    let Some((missing, told)) = first_missing(config) else { return };
    let fix = addition(config, project.sources.text(file)).map(|text| {
        let end = project.sources.text(file).len();
        Fix::safe("add the logging sections", vec![Edit::Replace { span: Span::new(file, end..end), text }])
    });
    let shown = project.sources.path(file);
    findings
        .report(*call, format!("`fileConfig` reads `{shown}`, which has no `[{missing}]`"))
        .key(format!("section:{missing}"))
        .label(config.section_span.unwrap_or(Span::start_of(file)), "the file that is read")
        .why(format!("it raises `KeyError: '{told}'`, whatever alembic is asked to do"))
        .help("add the logging sections of Alembic's template, or remove the call")
        .maybe_fix(fix);
}

/// The section that `fileConfig` misses first, in its own order, and what its KeyError names.
fn first_missing(config: &Config) -> Option<(String, String)> {
    for (list, one) in [("formatters", "formatter"), ("handlers", "handler"), ("loggers", "logger")] {
        let Some(section) = config.sections.get(list) else { return Some((list.to_owned(), list.to_owned())) };
        let Some(keys) = section.get("keys") else { return Some((list.to_owned(), "keys".to_owned())) };
        for name in keys.raw.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let name = format!("{one}_{name}");
            if !config.sections.contains_key(&name) {
                return Some((name.clone(), name));
            }
        }
    }
    None
}

/// The sections of Alembic's template that are not there; `None` where what is there asks for others.
fn addition(config: &Config, text: &str) -> Option<String> {
    let own = ["loggers", "handlers", "formatters"];
    let listed =
        |list: &str| config.sections.get(list).and_then(|section| section.get("keys")).map(|keys| keys.raw.clone());
    let usual = |list: &str| match list {
        "loggers" => &["root", "sqlalchemy", "alembic"][..],
        "handlers" => &["console"][..],
        _ => &["generic"][..],
    };
    let foreign = own
        .iter()
        .any(|list| listed(list).is_some_and(|keys| keys.split(',').any(|key| !usual(list).contains(&key.trim()))));
    if foreign || own.iter().any(|list| config.sections.contains_key(*list) && listed(list).is_none()) {
        return None;
    }
    let sections = [
        ("loggers", "keys = root,sqlalchemy,alembic\n"),
        ("handlers", "keys = console\n"),
        ("formatters", "keys = generic\n"),
        ("logger_root", "level = WARNING\nhandlers = console\nqualname =\n"),
        ("logger_sqlalchemy", "level = WARNING\nhandlers =\nqualname = sqlalchemy.engine\n"),
        ("logger_alembic", "level = INFO\nhandlers =\nqualname = alembic\n"),
        ("handler_console", "class = StreamHandler\nargs = (sys.stderr,)\nlevel = NOTSET\nformatter = generic\n"),
        ("formatter_generic", "format = %(levelname)-5.5s [%(name)s] %(message)s\ndatefmt = %H:%M:%S\n"),
    ];
    let mut added = String::new();
    for (name, body) in sections.iter().filter(|(name, _)| !config.sections.contains_key(*name)) {
        added.push_str(&format!("\n[{name}]\n{body}"));
    }
    let start = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    Some(format!("{start}{added}").replace('\n', if text.contains("\r\n") { "\r\n" } else { "\n" }))
}
