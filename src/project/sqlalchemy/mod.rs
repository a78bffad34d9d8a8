//! SQLAlchemy's side: MetaData objects with identity, the tables on them, mapped classes, engine URLs.

pub mod url;

use std::collections::BTreeSet;

use crate::project::Known;
use crate::source::{FileId, Span};

/// A `MetaData` object, as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetaDataId(pub usize);

/// A table, as an index into [`Models::tables`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub usize);

/// A mapped class, as an index into [`Models::classes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub usize);

/// Everything that the runs on paper registered.
#[derive(Clone, Debug, Default)]
pub struct Models {
    /// By number.
    pub metadatas: Vec<MetaData>,
    /// In the order of registration.
    pub tables: Vec<Table>,
    /// In the order of definition.
    pub classes: Vec<MappedClass>,
}

/// A `MetaData` object.
#[derive(Clone, Debug)]
pub struct MetaData {
    /// Its number.
    pub id: MetaDataId,
    /// Where it was made: `MetaData()`, `declarative_base()`, `class Base(DeclarativeBase)`, `SQLAlchemy()`.
    pub span: Span,
    /// As the project writes it: `Base.metadata`, `metadata`, `db.metadata`.
    pub name: String,
    /// The module attribute to import for it, if there is one: (`app.db`, `Base`).
    pub importable: Option<(String, String)>,
    /// It belongs to a library whose own tables are not read (Flask-AppBuilder).
    pub foreign: bool,
    /// A `naming_convention` was given.
    pub naming_convention: bool,
    /// `schema=`
    pub schema: Option<String>,
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its number.
    pub id: TableId,
    /// Its name.
    pub name: Known<String>,
    /// Its schema, where one is given.
    pub schema: Option<Known<String>>,
    /// The MetaData that it hangs on.
    pub metadata: MetaDataId,
    /// What declares it: the name in the class statement, or the `Table(…)` call.
    pub span: Span,
    /// The module whose execution registered it.
    pub file: FileId,
    /// Its dotted module name.
    pub module: String,
    /// The class mapped to it first.
    pub class: Option<ClassId>,
    /// The environments (by index into `Project::environments`) whose env.py reaches it.
    pub reached_by: BTreeSet<usize>,
    /// `false`: registered only on some paths.
    pub certain: bool,
}

/// A class that SQLAlchemy maps (or would), a mixin or an abstract base used by one.
#[derive(Clone, Debug)]
pub struct MappedClass {
    /// Its number.
    pub id: ClassId,
    /// `app.models.User`
    pub qualified: String,
    /// Its name in the class statement.
    pub name_span: Span,
    /// The whole class statement.
    pub span: Span,
    /// Its table.
    pub table: Option<TableId>,
    /// The MetaData of its base.
    pub metadata: MetaDataId,
}
