//! Databases of our own on somebody's server, made for a moment: [`Borrowed`].

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, timeout_at};

use crate::database::postgresql::connect::connect;
use crate::database::postgresql::{Row, identifier, literal, rows};
use crate::database::target::Target;

/// How they are called; the second of their making and a number follow.
const PREFIX: &str = "limbeck_rehearsal_";
/// What a killed run left is dropped by another one that comes this much later.
const STALE: Duration = Duration::from_secs(6 * 60 * 60);
/// How long the server may take for one database.
const PATIENCE: Duration = Duration::from_secs(30);

/// Databases that are dropped when this goes. Nothing else of the server is touched.
#[derive(Debug)]
pub struct Borrowed {
    /// Their names.
    pub names: Vec<String>,
    server: Target,
}

impl Borrowed {
    /// Makes so many databases on the server of `target`, whose role must be allowed to.
    ///
    /// # Errors
    /// The server can't be reached, or won't: in words.
    pub fn make(target: &Target, count: usize) -> Result<Borrowed, String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut borrowed = Borrowed { names: Vec::new(), server: target.clone() };
        let left = asked(target, &format!("SELECT datname FROM pg_database WHERE datname LIKE '{PREFIX}%'"))?;
        let is_stale = |name: &&String| {
            let made = name.strip_prefix(PREFIX).and_then(|rest| rest.split('_').next()?.parse::<u64>().ok());
            made.is_some_and(|made| made.saturating_add(STALE.as_secs()) < now)
        };
        for name in left.iter().filter(is_stale) {
            let _ = asked(target, &format!("DROP DATABASE IF EXISTS {}", identifier(name)));
        }
        for number in 1..=count {
            let name = format!("{PREFIX}{now}_{}_{number}", std::process::id());
            asked(target, &format!("CREATE DATABASE {}", identifier(&name)))?;
            borrowed.names.push(name);
        }
        Ok(borrowed)
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        for name in &self.names {
            let end =
                format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}", literal(name));
            let _ = asked(&self.server, &end);
            let _ = asked(&self.server, &format!("DROP DATABASE IF EXISTS {}", identifier(name)));
        }
    }
}

/// The first column of what the server answers to one statement.
fn asked(target: &Target, sql: &str) -> Result<Vec<String>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error: io::Error| error.to_string())?;
    let answer = runtime.block_on(async {
        let deadline = Instant::now() + PATIENCE;
        let connected = connect(target, deadline).await;
        let Some(session) = connected.session else {
            return Err("no session on the server of --url; `limbeck preflight --url …` says why".to_owned());
        };
        match timeout_at(deadline, rows(&session.client, sql)).await {
            Ok(Ok(rows)) => Ok(rows.iter().map(|row| Row(row).text(0)).collect()),
            Ok(Err(error)) => {
                Err(error.as_db_error().map_or_else(|| error.to_string(), |said| said.message().to_owned()))
            }
            Err(_) => Err(format!("the server did not answer within {} s", PATIENCE.as_secs())),
        }
    });
    runtime.shutdown_background();
    answer
}
