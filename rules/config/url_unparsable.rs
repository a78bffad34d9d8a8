//! Texts that SQLAlchemy can't read as a URL.

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::sqlalchemy::url::{EngineUrl, UrlError};
use crate::rules::config::shared::{text_files, used};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "url-unparsable", page: include_str!("url_unparsable.md"), check: Check::EachEnvironment(check) };

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    for used in used::urls(environment) {
        let Some(error) = &used.url.error else { continue };
        // Braces: a template that something fills in before it is a configuration.
        if used.url.dialect == "driver" || (used.url.text.contains('{') && !used.url.text.contains("${")) {
            continue;
        }
        if environment.config.file == Some(used.url.span.file) && text_files::code_sets_url(project) {
            continue;
        }
        let (message, help) = words(used.url, error);
        findings
            .report(used.url.span, message)
            .key(used::key(project, used.url))
            .label(used.call, "the URL is used here")
            .why(format!("SQLAlchemy raises `{}`", error.exception()))
            .help(help);
    }
}

fn words(url: &EngineUrl, error: &UrlError) -> (String, &'static str) {
    let text = url.text.trim();
    match error {
        UrlError::SqliteHost => (
            "a SQLite URL with two slashes names a host, not a file".to_owned(),
            "write three slashes before a relative path and four before an absolute one: `sqlite:///./app.db`",
        ),
        UrlError::PortNotNumber(port) => {
            (format!("the port `{port}` of the database URL is no number"), "write the port as digits after the host")
        }
        UrlError::PortEmpty => (
            "the port of the database URL is empty".to_owned(),
            "write the port, or leave out the colon after the host",
        ),
        UrlError::Unparsable if text.is_empty() => {
            ("the database URL is empty".to_owned(), "write the URL here, or set it in env.py before it is read")
        }
        UrlError::Unparsable if text.starts_with(['"', '\'']) => (
            "quotes are part of the value in an ini file, so this is no database URL".to_owned(),
            "remove the quotes around the URL",
        ),
        UrlError::Unparsable if text.starts_with('$') || text.contains("${") => (
            "an environment variable is not filled in here, so this is no database URL".to_owned(),
            "read the variable in env.py: `config.set_main_option(\"sqlalchemy.url\", os.environ[\"…\"])`",
        ),
        UrlError::Unparsable if text.split("://").next().is_some_and(|scheme| scheme.contains('-')) => (
            "a `-` can't stand in the scheme of a database URL".to_owned(),
            "write the driver's name, not the package's: `postgresql+psycopg2://`",
        ),
        UrlError::Unparsable => (
            "SQLAlchemy can't parse this as a database URL".to_owned(),
            "write it as `dialect+driver://user@host:port/database`",
        ),
    }
}
