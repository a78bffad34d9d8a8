//! The throw-away databases of a rehearsal.

use std::path::{Path, PathBuf};

use crate::catalog::Dialect;
use crate::database::cluster::{Cluster, Settings};

/// How many databases a project may connect to.
const COUNT: usize = 4;

/// Databases that are gone when this is.
#[derive(Debug)]
pub enum Database {
    /// On a PostgreSQL server of our own.
    Postgresql(Box<Cluster>),
    /// Files of SQLite's in a scratch folder.
    Sqlite(PathBuf),
}

impl Database {
    /// Makes them. Files go below `scratch`.
    ///
    /// # Errors
    /// There is no server for the dialect here: in words.
    pub fn make(dialect: Dialect, scratch: &Path) -> Result<Database, String> {
        match dialect {
            Dialect::Sqlite => Ok(Database::Sqlite(scratch.to_owned())),
            Dialect::Postgresql => {
                let cluster = Cluster::start(&Settings::default())?;
                for number in 0..COUNT {
                    cluster.sql("postgres", &format!("CREATE DATABASE {}", name(number)))?;
                }
                Ok(Database::Postgresql(Box::new(cluster)))
            }
            Dialect::Mysql => {
                Err("no throw-away server for MySQL and MariaDB: only PostgreSQL and SQLite can be rehearsed"
                    .to_owned())
            }
        }
    }

    /// SQLAlchemy's name of the dialect.
    pub fn dialect(&self) -> &'static str {
        match self {
            Database::Postgresql(_) => "postgresql",
            Database::Sqlite(_) => "sqlite",
        }
    }

    /// Their URLs.
    pub fn urls(&self) -> Vec<String> {
        let url = |number| match self {
            Database::Postgresql(cluster) => cluster.url(None, &name(number)),
            Database::Sqlite(folder) => format!("sqlite:///{}", folder.join(name(number) + ".db").display()),
        };
        (0..COUNT).map(url).collect()
    }

    /// What it is, for people.
    pub fn said(&self) -> String {
        match self {
            Database::Postgresql(cluster) => {
                let version = cluster.sql("postgres", "SHOW server_version").unwrap_or_default();
                format!("a throw-away PostgreSQL {}", version.split_whitespace().next().unwrap_or_default())
            }
            Database::Sqlite(_) => "a throw-away SQLite file".to_owned(),
        }
    }
}

fn name(number: usize) -> String {
    format!("rehearsal_{}", number + 1)
}
