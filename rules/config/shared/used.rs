//! The URLs that env.py really hands to an engine, and what the rules about them share.

use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::What;
use crate::project::sqlalchemy::url::{EngineUrl, UrlKind};
use crate::project::versions::Versions;
use crate::source::Span;

/// A URL in use.
pub struct Used<'e> {
    /// The URL.
    pub url: &'e EngineUrl,
    /// The call that takes it.
    pub call: Span,
    /// Made on the way to a connection, not only for `--sql`.
    pub connects: bool,
}

/// The URLs that the runs of env.py certainly use, each once; those of engines first. Of all of them every part is known.
pub fn urls(environment: &Environment) -> Vec<Used<'_>> {
    let mut urls = schemes(environment);
    urls.retain(|used| used.url.is_whole());
    urls
}

/// The same, and those of which only the dialect and the driver are certain.
pub fn schemes(environment: &Environment) -> Vec<Used<'_>> {
    let Some(script) = &environment.env_script else { return Vec::new() };
    let mut used: Vec<Used<'_>> = Vec::new();
    for (run, connects) in [(&script.online, true), (&script.offline, false)] {
        for event in run.events.iter().filter(|event| event.certain) {
            let url = match &event.what {
                What::Engine { url, .. } if connects => url.get(),
                What::Configure(call) => call.url.as_ref().and_then(|url| url.get()),
                _ => None,
            };
            let Some(url) = url else { continue };
            if !used.iter().any(|other| other.url.span == url.span && other.url.text == url.text) {
                used.push(Used { url, call: event.span, connects });
            }
        }
    }
    used
}

/// The place of a part of the text, where the file shows that part as it is; for edits.
pub fn exact(project: &Project<'_>, url: &EngineUrl, part: std::ops::Range<usize>) -> Option<Span> {
    let shown = project.sources.slice(url.span);
    let at = shown.find(url.text.get(..part.end)?)?;
    let start = url.span.start as usize + at;
    Some(Span::new(url.span.file, start + part.start..start + part.end))
}

/// The identity of a finding about a URL: the file that holds it.
pub fn key(project: &Project<'_>, url: &EngineUrl) -> String {
    format!("url:{}", project.sources.path(url.span.file))
}

/// `the default of DATABASE_URL`, where it matters that something else may be set.
pub fn kind(url: &EngineUrl) -> String {
    match &url.provenance.kind {
        UrlKind::Literal => "the URL".to_owned(),
        UrlKind::DotEnv => "the URL in the .env file".to_owned(),
        UrlKind::Default(name) => format!("the default of `{name}`"),
        UrlKind::Variable(name) => format!("the environment variable `{name}`"),
    }
}

/// Distributions that bring no database driver and no formatter along.
const HARMLESS: &[&str] = &[
    "aiosqlite",
    "alembic",
    "annotated-types",
    "anyio",
    "asyncmy",
    "asyncpg",
    "attrs",
    "bcrypt",
    "black",
    "celery",
    "click",
    "cryptography",
    "email-validator",
    "fastapi",
    "flake8",
    "flask",
    "flask-cors",
    "flask-login",
    "flask-migrate",
    "flask-sqlalchemy",
    "flask-wtf",
    "geoalchemy2",
    "greenlet",
    "gunicorn",
    "httpx",
    "isort",
    "itsdangerous",
    "jinja2",
    "mako",
    "markupsafe",
    "mypy",
    "mysqlclient",
    "oracledb",
    "orjson",
    "passlib",
    "pg8000",
    "pillow",
    "psycopg",
    "psycopg-binary",
    "psycopg-c",
    "psycopg2",
    "psycopg2-binary",
    "pydantic",
    "pydantic-settings",
    "pyjwt",
    "pymysql",
    "pyodbc",
    "pytest",
    "pytest-asyncio",
    "pytest-cov",
    "python-dotenv",
    "python-jose",
    "python-multipart",
    "pyyaml",
    "redis",
    "requests",
    "rich",
    "ruff",
    "sqlalchemy",
    "sqlalchemy-utils",
    "sqlmodel",
    "starlette",
    "tenacity",
    "typer",
    "typing-extensions",
    "uvicorn",
    "uvloop",
    "werkzeug",
    "wtforms",
];

/// Is none of the distributions installed by what the project's files say? `true` only where that is certain: a lock
/// file lists everything, or all that is required is known to bring none of them.
pub fn certainly_without(versions: &Versions, distributions: &[&str]) -> bool {
    match versions.has_any(distributions) {
        Some(answer) => !answer,
        None => {
            !versions.open
                && versions.pins.contains_key("sqlalchemy")
                && !distributions.iter().any(|name| versions.pins.contains_key(*name))
                && versions.pins.keys().all(|name| HARMLESS.contains(&name.as_str()))
        }
    }
}

/// The file that lists the dependencies, in words: `requirements.txt`.
pub fn listed_in(versions: &Versions) -> String {
    match versions.read_from.as_slice() {
        [] => "the requirements".to_owned(),
        [one] => format!("`{one}`"),
        [first, ..] => format!("`{first}` and the other files"),
    }
}
