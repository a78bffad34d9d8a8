//! `sync-driver-in-async-env`

use super::shared::evidence::{engine_parts, level_of_url, sqlalchemy};
use super::shared::mend;
use crate::diagnostic::{Findings, Level};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EnvScript, What};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "sync-driver-in-async-env",
    page: include_str!("sync_driver_in_async_env.md"),
    check: Check::EachEnvScript(check),
};

/// Drivers that SQLAlchemy's asyncio extension refuses.
const SYNC_ONLY: &[&str] = &[
    "psycopg2",
    "psycopg2cffi",
    "pg8000",
    "pysqlite",
    "pysqlcipher",
    "mysqldb",
    "pymysql",
    "mysqlconnector",
    "cymysql",
    "cx_oracle",
    "pyodbc",
    "pymssql",
];

/// The driver that SQLAlchemy takes where the URL names none.
fn default_driver(dialect: &str, from_two_one: bool) -> Option<&'static str> {
    match dialect {
        "postgresql" if from_two_one => Some("psycopg"),
        "postgresql" => Some("psycopg2"),
        "sqlite" => Some("pysqlite"),
        "mysql" | "mariadb" => Some("mysqldb"),
        "mssql" => Some("pyodbc"),
        _ => None,
    }
}

fn asynchronous(dialect: &str) -> &'static str {
    match dialect {
        "postgresql" => "postgresql+asyncpg",
        "sqlite" => "sqlite+aiosqlite",
        "mysql" | "mariadb" => "mysql+aiomysql",
        "mssql" => "mssql+aioodbc",
        _ => "an asynchronous driver",
    }
}

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let series = sqlalchemy(environment, project);
    let mut seen = Vec::new();
    for event in script.online.events.iter().filter(|event| event.certain) {
        let Some(engine) = engine_parts(event) else { continue };
        let Some(url) = engine.url.filter(|url| engine.is_async && !seen.contains(&url.span)) else { continue };
        let Some(driver) = url.driver.as_deref().or_else(|| default_driver(&url.dialect, series.is_at_least(&[2, 1])))
        else {
            continue;
        };
        if !SYNC_ONLY.contains(&driver) {
            continue;
        }
        seen.push(url.span);
        let bare = url.driver.is_none();
        let scheme = url.text.split(':').next().unwrap_or(&url.dialect);
        let message = if bare {
            format!("`{scheme}` means the driver `{driver}`, which is synchronous, and the engine is asynchronous")
        } else {
            format!("`{scheme}` is a synchronous driver, and the engine is asynchronous")
        };
        let gate = if bare && url.dialect == "postgresql" {
            format!(
                "; {} takes `psycopg2` for a bare `postgresql://`, 2.1 and later take `psycopg`",
                series.words("SQLAlchemy")
            )
        } else {
            String::new()
        };
        let level = if bare && url.dialect == "postgresql" && series.assumed && series.span.is_some() {
            Level::Warning.min(level_of_url(url))
        } else {
            level_of_url(url)
        };
        let connects = script.online.events.iter().find(|connect| {
            matches!((&connect.what, &event.what),
                (What::Connect { engine: Some(of), .. }, What::Engine { engine, .. }) if of == engine)
        });
        findings
            .report(url.span, message)
            .key(format!("driver:{}+{driver}", url.dialect))
            .level(level)
            .here("this URL reaches the engine")
            .label(event.span, format!("`{}` wants an asynchronous driver", engine.made_by))
            .why(format!(
                "SQLAlchemy raises `InvalidRequestError: The asyncio extension requires an async driver to be used. \
                 The loaded '{driver}' is not async.`{gate}"
            ))
            .help(format!("use `{}`, or an env.py without asyncio", asynchronous(&url.dialect)))
            .maybe_fix(connects.and_then(|connect| mend::synchronous(script, connect, event, project)));
    }
}
