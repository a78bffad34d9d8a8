//! The database that a revision talks to, as an interface: who replays revisions stands behind it.

use super::directive::{Directive, On};
use crate::project::sqlalchemy::Models;

/// How a directive went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Done.
    Done,
    /// The database refuses: the exception's class and its text.
    Fails(&'static str, String),
    /// Can't be told.
    Unknown,
}

/// The database that a revision talks to, on paper.
pub trait Database {
    /// SQLAlchemy's name of its dialect.
    fn dialect(&self) -> &str;

    /// Carries out a directive. `models` holds what its facts refer to.
    fn perform(&self, directive: &Directive, models: &Models) -> Effect;

    /// The names of the tables of a schema, and whether these are all.
    fn tables(&self, schema: Option<&str>) -> (Vec<String>, bool);

    /// Is there such a table? `None`: can't be told.
    fn has_table(&self, table: &On) -> Option<bool>;

    /// What a table looks like; `None` where there is none, or it can't be told.
    fn described(&self, table: &On) -> Option<Described>;

    /// The named enumeration types, and whether these are all.
    fn enums(&self) -> (Vec<DescribedEnum>, bool);
}

/// A table as a database describes it.
#[derive(Clone, Debug, Default)]
pub struct Described {
    /// These are all constraints and indexes.
    pub complete: bool,
    /// These are all columns.
    pub has_all_columns: bool,
    /// The columns.
    pub columns: Vec<DescribedColumn>,
    /// The primary key's name and columns.
    pub primary_key: Option<(Option<String>, Vec<String>)>,
    /// The foreign keys.
    pub foreign_keys: Vec<DescribedKey>,
    /// Names and columns of unique constraints.
    pub unique_constraints: Vec<(Option<String>, Vec<String>)>,
    /// Names and texts of check constraints.
    pub check_constraints: Vec<(Option<String>, Option<String>)>,
    /// Names, columns (`None`: an expression) and uniqueness of indexes.
    pub indexes: Vec<(Option<String>, Vec<Option<String>>, bool)>,
    /// The comment.
    pub comment: Option<String>,
}

/// A column as a database describes it.
#[derive(Clone, Debug)]
pub struct DescribedColumn {
    /// Its name.
    pub name: String,
    /// Its type, as SQL text.
    pub column_type: Option<String>,
    /// May it be NULL?
    pub nullable: Option<bool>,
    /// Its default; `Some(None)`: one that could not be read.
    pub default: Option<Option<String>>,
}

/// An enumeration type as a database describes it.
#[derive(Clone, Debug)]
pub struct DescribedEnum {
    /// Its name.
    pub name: On,
    /// Its values; `None` when they could not be read.
    pub values: Option<Vec<String>>,
}

/// A foreign key as a database describes it.
#[derive(Clone, Debug)]
pub struct DescribedKey {
    /// Its name.
    pub name: Option<String>,
    /// Its columns.
    pub columns: Vec<String>,
    /// The table that it refers to.
    pub target: On,
    /// The columns there.
    pub target_columns: Vec<String>,
    /// `ON DELETE`
    pub ondelete: Option<String>,
}
