//! A database that runs: is it there, does it let us in, is it ready for a migration, which tables does it have?
//!
//! A URL and its surroundings become a [`target::Target`]; [`look`] tries it and returns a [`Looked`]: what the
//! [`server::Server`] tells, or the [`trouble::Trouble`] of each attempt. Nothing is changed anywhere: sessions read
//! only and are short. [`cluster`] is a PostgreSQL of our own that is thrown away. The asynchronous drivers stay in
//! here: one thread, one deadline over everything.

pub mod catalog;
pub mod cluster;
pub mod libpq;
pub mod live;
#[cfg(feature = "mysql")]
pub mod mysql;
pub mod postgresql;
pub mod server;
pub mod sqlite;
pub mod target;
pub mod tls;
pub mod trouble;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::database::server::Server;
use crate::database::target::{Host, Target};
use crate::database::trouble::{Attempt, Stage, Trouble};

/// What came of it.
#[derive(Clone, Debug)]
pub struct Looked {
    /// The attempts that failed.
    pub failed: Vec<Attempt>,
    /// The host and the address that answered.
    pub reached: Option<(Host, Option<SocketAddr>)>,
    /// What the server tells; `None` where there is no session, or where limbeck speaks no such dialect.
    pub server: Option<Server>,
    /// How long connecting took.
    pub seconds: f64,
}

/// Tries a target for at most so long, and asks what is there.
pub fn look(target: &Target, timeout: Duration) -> Looked {
    let started = std::time::Instant::now();
    let mut looked = if target.dialect == "sqlite" {
        sqlite::look(target)
    } else {
        on_one_thread(timeout, async |deadline| match target.dialect.as_str() {
            "postgresql" | "cockroachdb" | "redshift" => postgresql(target, deadline).await,
            #[cfg(feature = "mysql")]
            "mysql" | "mariadb" => mysql::look(target, deadline).await,
            _ => only_the_port(target, deadline).await,
        })
    };
    looked.seconds = started.elapsed().as_secs_f64();
    looked
}

/// Runs asynchronous work on this thread. A name that is still being looked up at the end is left behind.
fn on_one_thread(timeout: Duration, work: impl AsyncFnOnce(Instant) -> Looked) -> Looked {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Looked::failed(vec![], Some(Trouble::Network(trouble::plain(&error)))),
    };
    let looked = runtime.block_on(async { work(Instant::now() + timeout).await });
    runtime.shutdown_background();
    looked
}

async fn postgresql(target: &Target, deadline: Instant) -> Looked {
    let connected = postgresql::connect::connect(target, deadline).await;
    let mut looked = Looked { failed: connected.failed, reached: None, server: None, seconds: 0.0 };
    if let Some(session) = connected.session {
        looked.reached = Some((session.host.clone(), session.address));
        match timeout_at(deadline, postgresql::state::read(&session)).await {
            Ok(server) => looked.server = Some(server),
            Err(_) => looked.failed.push(Attempt {
                host: session.host.clone(),
                address: session.address,
                trouble: Trouble::Timeout(Stage::Database),
            }),
        }
    }
    looked
}

/// A dialect that limbeck does not speak: does the name resolve, does the port open?
async fn only_the_port(target: &Target, deadline: Instant) -> Looked {
    let mut looked = Looked::failed(Vec::new(), None);
    for host in &target.hosts {
        let failed = |address, trouble| Attempt { host: host.clone(), address, trouble };
        match postgresql::connect::resolve(host, deadline).await {
            Err(trouble) => looked.failed.push(failed(None, trouble)),
            Ok(addresses) => {
                for address in addresses {
                    match postgresql::connect::open(host, address, deadline).await {
                        Ok(_) => {
                            looked.reached = Some((host.clone(), address));
                            return looked;
                        }
                        Err(trouble) => looked.failed.push(failed(address, trouble)),
                    }
                }
            }
        }
    }
    looked
}

impl Looked {
    fn failed(failed: Vec<Attempt>, trouble: Option<Trouble>) -> Looked {
        let own = trouble.map(Attempt::nowhere);
        Looked { failed: failed.into_iter().chain(own).collect(), reached: None, server: None, seconds: 0.0 }
    }

    /// Of the attempts that failed, the one that came furthest.
    pub fn furthest(&self) -> Option<&Attempt> {
        let mut furthest: Option<&Attempt> = None;
        for attempt in &self.failed {
            if furthest.is_none_or(|other| attempt.trouble.stage() > other.trouble.stage()) {
                furthest = Some(attempt);
            }
        }
        furthest
    }
}
