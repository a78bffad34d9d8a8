//! Facts → a [`Catalog`]: the tables that the models declare, that the migrations make, or that a database has.
//!
//! Three producers, one form. [`models`] lowers what `target_metadata` holds; `replay` plays the revisions in graph
//! order; both end in the same [`table::Table`]s, so one comparison and one writer serve all. What could not be read is
//! `None` or [`Unresolved`], never a guess.

pub mod column_type;
pub mod completed;
pub mod diff;
pub mod drift;
pub mod inverse;
pub mod models;
pub mod operation;
pub mod order;
pub mod quote;
pub mod render;
pub mod replay;
pub mod statements;
pub mod table;

use indexmap::IndexMap;

use crate::catalog::table::{Enum, Sequence, Table, TableName};
use crate::project::Project;
use crate::project::versions::{Version, Versions};
use crate::source::Span;

/// A set of tables, and what belongs to them.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The tables, in the order of their making.
    pub tables: IndexMap<TableName, Table>,
    /// Named enumeration types (PostgreSQL's `CREATE TYPE … AS ENUM`).
    pub enums: Vec<Enum>,
    /// Sequences that are made by themselves.
    pub sequences: Vec<Sequence>,
    /// What could not be read.
    pub unresolved: Vec<Unresolved>,
    /// There may be tables that are not here, or that are here no more: where and why.
    pub open: Vec<(Span, String)>,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// The table that it concerns; `None`: it can't be told which.
    pub table: Option<TableName>,
    /// The column, where it is one column's matter.
    pub column: Option<String>,
    /// Where.
    pub span: Span,
    /// Why.
    pub why: String,
}

/// The databases that limbeck writes DDL for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// PostgreSQL.
    #[default]
    Postgresql,
    /// MySQL and MariaDB.
    Mysql,
    /// SQLite.
    Sqlite,
}

impl Dialect {
    /// By SQLAlchemy's name; `None` for one that limbeck writes no DDL for.
    pub fn named(name: &str) -> Option<Dialect> {
        match name {
            "postgresql" | "postgres" | "cockroachdb" => Some(Dialect::Postgresql),
            "mysql" | "mariadb" => Some(Dialect::Mysql),
            "sqlite" => Some(Dialect::Sqlite),
            _ => None,
        }
    }

    /// SQLAlchemy's name.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Postgresql => "postgresql",
            Dialect::Mysql => "mysql",
            Dialect::Sqlite => "sqlite",
        }
    }
}

/// For what DDL is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The database.
    pub dialect: Dialect,
    /// The version of SQLAlchemy that writes it.
    pub sqlalchemy: Version,
    /// The version of SQLModel, where it is used.
    pub sqlmodel: Version,
}

impl Target {
    /// For an environment (by its place in [`Project::environments`]): what the user says, else what its URL names, else
    /// PostgreSQL.
    pub fn of_environment(project: &Project<'_>, environment: usize) -> Target {
        let environment = &project.environments[environment];
        let configured = project.settings.dialect.as_deref();
        let named = configured.or_else(|| environment.url.get().map(|url| url.dialect.as_str()));
        Target::of(named.and_then(Dialect::named).unwrap_or_default(), &environment.versions)
    }

    /// For a dialect, with the versions that a fresh installation of an environment's requirements brings.
    pub fn of(dialect: Dialect, versions: &Versions) -> Target {
        Target { dialect, sqlalchemy: versions.newest_sqlalchemy(), sqlmodel: versions.sqlmodel().version }
    }
}

impl Catalog {
    /// A table by its name.
    pub fn table(&self, name: &TableName) -> Option<&Table> {
        self.tables.get(name)
    }

    /// Notes that something of a table could not be read, and that the table is therefore not complete.
    pub fn unresolved(&mut self, table: Option<&TableName>, column: Option<&str>, span: Span, why: impl Into<String>) {
        if let Some(table) = table.and_then(|name| self.tables.get_mut(name)) {
            table.complete = false;
        }
        let found = Unresolved { table: table.cloned(), column: column.map(str::to_owned), span, why: why.into() };
        if !self.unresolved.contains(&found) {
            self.unresolved.push(found);
        }
    }
}
