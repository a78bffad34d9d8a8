//! `async-driver-in-sync-env`

use super::shared::evidence::{engine_parts, level_of_url, sqlalchemy};
use super::shared::mend;
use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EnvScript, What};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "async-driver-in-sync-env",
    page: include_str!("async_driver_in_sync_env.md"),
    check: Check::EachEnvScript(check),
};

/// Drivers that can't be used without `await`.
pub const ASYNC_ONLY: &[&str] =
    &["asyncpg", "aiosqlite", "aiomysql", "asyncmy", "psycopg_async", "aioodbc", "oracledb_async"];

/// A synchronous driver for the same database.
fn synchronous(dialect: &str) -> &'static str {
    match dialect {
        "postgresql" => "postgresql+psycopg2",
        "sqlite" => "sqlite",
        "mysql" | "mariadb" => "mysql+pymysql",
        "mssql" => "mssql+pyodbc",
        _ => "a synchronous driver",
    }
}

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let run = &script.online;
    let mut seen = Vec::new();
    for event in &run.events {
        let What::Connect { engine: Some(number), is_async: false, .. } = event.what else { continue };
        if !event.certain || seen.contains(&number) {
            continue;
        }
        seen.push(number);
        let Some(engine) = run.engine(number).and_then(engine_parts) else { continue };
        let Some(url) = engine.url else { continue };
        let Some(driver) = url.driver.as_deref().filter(|driver| ASYNC_ONLY.contains(driver)) else { continue };
        let series = sqlalchemy(environment, project);
        let called = if series.is_at_least(&[2, 1]) { "await_()" } else { "await_only()" };
        let scheme = format!("{}+{driver}", url.dialect);
        findings
            .report(url.span, format!("`{scheme}` is an asynchronous driver, and env.py connects without `await`"))
            .key(format!("driver:{scheme}"))
            .level(level_of_url(url))
            .here("this URL reaches the engine of the migrations")
            .label(engine.event.span, format!("`{}` makes a synchronous engine of it", engine.made_by))
            .why(format!(
                "as soon as env.py connects, SQLAlchemy raises `MissingGreenlet: greenlet_spawn has not been called; \
                 can't call {called} here`"
            ))
            .help(format!("use `{}` for migrations, or an env.py that awaits its engine", synchronous(&url.dialect)))
            .maybe_fix(mend::asynchronous(script, event, engine.event, project));
    }
}
