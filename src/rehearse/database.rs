//! The throw-away databases of a rehearsal.

use std::path::{Path, PathBuf};

use crate::catalog::Dialect;
use crate::database::cluster::{Cluster, Settings};
use crate::database::postgresql::borrowed::Borrowed;
use crate::database::target::{Surroundings, Target};
use crate::project::sqlalchemy::url::EngineUrl;

/// How many databases a project may connect to.
const COUNT: usize = 4;

/// Databases that are gone when this is.
#[derive(Debug)]
pub enum Database {
    /// On a PostgreSQL server of our own.
    Postgresql(Box<Cluster>),
    /// On the user's own server, which this URL names.
    Borrowed(Box<EngineUrl>, Box<Borrowed>),
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

    /// Makes them on the server that `url` names.
    ///
    /// # Errors
    /// It is not PostgreSQL's, can't be reached, or doesn't let us: in words.
    pub fn borrow(url: EngineUrl) -> Result<Database, String> {
        if Dialect::named(&url.dialect) != Some(Dialect::Postgresql) {
            return Err("--url must name a PostgreSQL server".to_owned());
        }
        let target = Target::of(&url, &Surroundings::of_process(), Path::new(""))?;
        let borrowed = Borrowed::make(&target, COUNT)?;
        Ok(Database::Borrowed(Box::new(url), Box::new(borrowed)))
    }

    /// SQLAlchemy's name of the dialect.
    pub fn dialect(&self) -> &'static str {
        match self {
            Database::Postgresql(_) | Database::Borrowed(..) => "postgresql",
            Database::Sqlite(_) => "sqlite",
        }
    }

    /// Their URLs.
    pub fn urls(&self) -> Vec<String> {
        let url = |number: usize| match self {
            Database::Postgresql(cluster) => cluster.url(None, &name(number)),
            Database::Borrowed(url, borrowed) => with_database(url, &borrowed.names[number]),
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
            Database::Borrowed(url, _) => {
                format!("a throw-away database on {}", url.host.as_deref().unwrap_or("the server of --url"))
            }
            Database::Sqlite(_) => "a throw-away SQLite file".to_owned(),
        }
    }
}

fn name(number: usize) -> String {
    format!("rehearsal_{}", number + 1)
}

/// The URL with another database.
fn with_database(url: &EngineUrl, database: &str) -> String {
    let (text, query) = (&url.text, url.parts.query.as_ref().map_or(url.text.len(), |query| query.start - 1));
    match &url.parts.database {
        Some(there) => format!("{}{database}{}", &text[..there.start], &text[there.end..]),
        None => format!("{}/{database}{}", text[..query].trim_end_matches('/'), &text[query..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::sqlalchemy::url::{Provenance, UrlKind};
    use crate::source::{Sources, Span};

    #[test]
    fn another_database_on_the_same_server() {
        let sources = Sources::in_memory([("a", "")]);
        let span = Span::start_of(sources.id("a").expect("is there"));
        let led = |text| {
            let provenance = Provenance { kind: UrlKind::Literal, chain: Vec::new(), masked_at: None };
            with_database(&EngineUrl::read(text, span, provenance), "x")
        };
        assert_eq!(led("postgresql://me@db:5/shop?sslmode=require"), "postgresql://me@db:5/x?sslmode=require");
        assert_eq!(led("postgresql://me@db"), "postgresql://me@db/x");
        assert_eq!(led("postgresql://me@db/?sslmode=require"), "postgresql://me@db/x?sslmode=require");
    }
}
