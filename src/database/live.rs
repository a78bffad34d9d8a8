//! What the rules of the family *database* look at: [`Live`], a database beside the project that uses it.

use crate::catalog::diff::change::Change;
use crate::catalog::table::TableName;
use crate::database::Looked;
use crate::database::server::{Server, VersionTable};
use crate::database::target::Target;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::compose::Compose;
use crate::project::sqlalchemy::url::EngineUrl;
use crate::source::Span;

/// A database, and the environment that migrates it.
pub struct Live<'l> {
    /// The project.
    pub project: &'l Project<'l>,
    /// The environment.
    pub environment: &'l Environment,
    /// The URL.
    pub url: &'l EngineUrl,
    /// Where the URL came from; for one of the command line, the configuration that it stands in for.
    pub place: Span,
    /// What the URL and its surroundings mean.
    pub target: &'l Target,
    /// How long was waited, in seconds.
    pub timeout: f64,
    /// What was found.
    pub looked: &'l Looked,
    /// The Compose files around the project.
    pub compose: &'l Compose,
    /// What `alembic upgrade heads` would run.
    pub pending: &'l Pending,
    /// What leads from the database to what its revisions make; `None` where that was not compared.
    pub changes: Option<&'l [Change]>,
}

/// The revisions that the database does not have yet, and what they touch.
#[derive(Clone, Debug, Default)]
pub struct Pending {
    /// Their ids, in the order in which Alembic runs them, each with its place.
    pub revisions: Vec<(String, Span)>,
    /// Tables that they alter or drop, each once, with the first place.
    pub altered: Vec<(TableName, Span)>,
    /// Tables that they make.
    pub made: Vec<(TableName, Span)>,
    /// Extensions that they make or whose types they use.
    pub extensions: Vec<(String, Span)>,
    /// They may touch more than could be read.
    pub is_open: bool,
}

impl<'l> Live<'l> {
    /// What the server tells.
    pub fn server(&self) -> Option<&'l Server> {
        self.looked.server.as_ref()
    }

    /// The table in which Alembic keeps the revision.
    pub fn version_table(&self) -> Option<&'l VersionTable> {
        version_table(self.looked.server.as_ref()?)
    }

    /// The identity of a finding about this database.
    pub fn key(&self, what: &str) -> String {
        format!("database:{}:{what}", self.environment.name)
    }
}

impl Pending {
    /// Everything that is touched, and where.
    pub fn touched(&self) -> impl Iterator<Item = &(TableName, Span)> {
        self.altered.iter()
    }
}

/// The table in which Alembic keeps the revision: the one that a name without a schema finds, else the only one.
pub fn version_table(server: &Server) -> Option<&VersionTable> {
    let called = |table: &&VersionTable| table.name == "alembic_version" && table.is_visible;
    server.version_tables.iter().find(called).or(match server.version_tables.as_slice() {
        [only] => Some(only),
        _ => None,
    })
}
