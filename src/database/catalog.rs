//! A database → its [`Catalog`], the third beside those of the models and of the migrations.
//!
//! Every server writes its tables as SQL: SQLite keeps the statements, MySQL has `SHOW CREATE TABLE`, PostgreSQL writes
//! the parts. They are read as those of a revision are, so that there is one reader of SQL and one idea of what it makes.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::catalog::replay::apply::apply;
use crate::catalog::replay::sql::steps;
use crate::catalog::{Catalog, Target as Written};
use crate::database::target::Target;
use crate::database::trouble::{Attempt, Stage, Trouble};
use crate::database::{postgresql, sqlite};
use crate::source::Span;

/// Reads the tables. Everything in them gets the place of the URL.
///
/// # Errors
/// There is no session, or the server does not answer.
pub fn read(target: &Target, timeout: Duration, written: &Written, place: Span) -> Result<Catalog, Box<Attempt>> {
    let statements = statements(target, timeout)?;
    let mut catalog = Catalog::default();
    for statement in &statements {
        for step in steps(statement, written.dialect, &|_| place) {
            apply(&mut catalog, &step, written);
        }
    }
    Ok(catalog)
}

/// The statements that make the tables, as the server has them.
///
/// # Errors
/// There is no session, or the server does not answer.
pub fn statements(target: &Target, timeout: Duration) -> Result<Vec<String>, Box<Attempt>> {
    let nowhere = |trouble| Box::new(Attempt::nowhere(trouble));
    if target.dialect == "sqlite" {
        return sqlite::statements(target).map_err(|trouble| nowhere(Trouble::File(trouble)));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| nowhere(Trouble::of_io(&error, Stage::Name)))?;
    let statements = runtime.block_on(async {
        let deadline = Instant::now() + timeout;
        match target.dialect.as_str() {
            "postgresql" | "cockroachdb" | "redshift" => of_postgresql(target, deadline).await,
            #[cfg(feature = "mysql")]
            "mysql" | "mariadb" => crate::database::mysql::statements(target, deadline).await,
            other => Err(nowhere(Trouble::NotSpoken(other.to_owned()))),
        }
    });
    runtime.shutdown_background();
    statements
}

async fn of_postgresql(target: &Target, deadline: Instant) -> Result<Vec<String>, Box<Attempt>> {
    let connected = postgresql::connect::connect(target, deadline).await;
    let Some(session) = connected.session else {
        let last = connected.failed.into_iter().max_by_key(|attempt| attempt.trouble.stage());
        return Err(Box::new(last.unwrap_or_else(|| Attempt::nowhere(Trouble::Unresolved("no host".to_owned())))));
    };
    let failed = |trouble| Box::new(Attempt { host: session.host.clone(), address: session.address, trouble });
    match timeout_at(deadline, postgresql::tables::statements(&session.client)).await {
        Ok(Ok(statements)) => Ok(statements),
        Ok(Err(error)) => Err(failed(postgresql::connect::trouble(&error))),
        Err(_) => Err(failed(Trouble::Timeout(Stage::Database))),
    }
}
