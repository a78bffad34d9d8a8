//! SQLAlchemy's side: MetaData objects with identity, the tables on them, mapped classes, engine URLs.
//!
//! [`library::SqlAlchemy`] watches the run on paper and registers what SQLAlchemy would register; what comes out is
//! [`Models`]: owned data with spans, no values of the interpreter.

pub mod attribute;
pub mod base;
pub mod bases;
pub mod body;
pub mod column;
pub mod custom_type;
pub mod declarative;
pub mod dialects;
pub mod expression;
pub mod imperative;
pub mod library;
pub mod library_columns;
pub mod merge;
pub mod metadata;
pub mod names;
pub mod relationship;
pub mod star;
pub mod table;
#[cfg(test)]
mod tests;
pub mod url;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::project::Known;
use crate::project::sqlalchemy::attribute::Attribute;
use crate::project::sqlalchemy::column::{Column, Constraint};
use crate::project::sqlalchemy::expression::Expression;
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

/// A class statement, as an index into [`Models::bodies`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BodyId(pub usize);

/// A `registry` object (each declarative base has one), as an index into [`Models::registries`]: class names in
/// `relationship("User")` are looked up in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryId(pub usize);

/// Everything that the runs on paper registered.
#[derive(Clone, Debug, Default)]
pub struct Models {
    /// By number.
    pub metadatas: Vec<MetaData>,
    /// In the order of registration.
    pub tables: Vec<Table>,
    /// In the order of definition.
    pub classes: Vec<MappedClass>,
    /// The class statements that mapped classes are made of: themselves, their mixins and abstract bases.
    pub bodies: Vec<ClassBody>,
    /// By number.
    pub registries: Vec<Registry>,
    /// The column types that the project defines.
    pub custom_types: custom_type::CustomTypes,
    /// Files that were imported under a second name.
    pub second_imports: Vec<SecondImport>,
}

/// A file that was imported under a second name. Python would run it a second time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondImport {
    /// The file.
    pub file: FileId,
    /// The module name of the first import.
    pub first: String,
    /// Where that import stands, where it is known.
    pub first_span: Option<Span>,
    /// The module name of the second.
    pub second: String,
    /// Where that import stands.
    pub span: Span,
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
    /// It belongs to a library whose own tables are not read (Flask-AppBuilder), or could not be read at all.
    pub foreign: bool,
    /// A `naming_convention` was given.
    pub naming_convention: bool,
    /// `schema=`
    pub schema: Option<String>,
    /// The naming convention, as far as it was read: (`ix`, `ix_%(column_0_label)s`).
    pub conventions: Vec<(String, String)>,
    /// `.reflect()`, automap, `autoload_with`: the database decides which tables there are.
    pub reflected: bool,
    /// Tables on it that could not be read: where and why.
    pub unread: Vec<(Span, String)>,
    /// It is made by a library (SQLModel, advanced-alchemy): which one. Its `span` is only where it was first met.
    pub library: Option<String>,
}

/// A naming convention.
#[derive(Clone, Debug)]
pub struct NamedBy {
    /// As [`MetaData::naming_convention`].
    pub given: bool,
    /// As [`MetaData::conventions`].
    pub conventions: Vec<(String, String)>,
}

/// A `registry` object.
#[derive(Clone, Debug)]
pub struct Registry {
    /// Where it was made.
    pub span: Span,
    /// What makes classes of it: decides on automatic table names and the like.
    pub kind: RegistryKind,
    /// The Python types that its `type_annotation_map` has, each with its type; `None` when it could not be read.
    pub type_annotation_map: Option<Vec<(Expression, Expression)>>,
    /// Classes may be registered on it that could not be read.
    pub open: bool,
    /// It is made by a library: which one.
    pub library: Option<String>,
}

/// The kinds of declarative bases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistryKind {
    /// `declarative_base()`, `DeclarativeBase`, `registry()`
    Declarative,
    /// Flask-SQLAlchemy's `db.Model`.
    Flask,
    /// SQLModel.
    SqlModel,
    /// `automap_base()`
    Automap,
    /// Made by another library: advanced-alchemy, Flask-AppBuilder.
    Library,
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
    /// The columns that were read.
    pub columns: Vec<Arc<Column>>,
    /// There may be further columns: of a library's mixin, of a base that could not be read, reflected.
    pub open: bool,
    /// Constraints and indexes that are given apart from columns.
    pub constraints: Vec<Constraint>,
    /// `comment=`
    pub comment: Option<String>,
    /// The naming convention that its MetaData had when the table was made, where it has another one now.
    pub named_by: Option<Box<NamedBy>>,
    /// `info=` is given.
    pub info: bool,
    /// `extend_existing` or `keep_existing` is given.
    pub extends: bool,
    /// A table of this name was on the MetaData before.
    pub duplicate_of: Option<TableId>,
    /// The import statement that made its module run; `None` for env.py itself.
    pub imported_at: Option<Span>,
}

impl Table {
    /// `schema.name`, as foreign keys spell it, where both are read. `None` as schema falls back to the MetaData's.
    pub fn key(&self) -> Option<String> {
        let name = self.name.get()?;
        match &self.schema {
            None => Some(name.clone()),
            Some(schema) => Some(format!("{}.{name}", schema.get()?)),
        }
    }
}

/// A class that SQLAlchemy maps (or would).
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
    /// `User`
    pub name: String,
    /// The module whose execution defined it.
    pub file: FileId,
    /// The registry that it is in.
    pub registry: RegistryId,
    /// The mapped class that it inherits from, where it does.
    pub parent: Option<ClassId>,
    /// What it is made of, in method resolution order, its own statement first, up to the declarative base.
    pub made_of: Vec<Part>,
    /// A base could not be read, or is a library's that may bring attributes: attributes may be missing here.
    pub open: bool,
    /// `false`: defined only on some paths.
    pub certain: bool,
    /// It certainly has neither a table name nor a mapped parent.
    pub without_table: bool,
    /// `__table__ = Table(…)`, imperative mapping, `DeferredReflection`: columns need not be attributes.
    pub imperative: bool,
    /// `__allow_unmapped__ = True` on it or a base.
    pub allow_unmapped: bool,
    /// `MappedAsDataclass` is among its bases.
    pub dataclass: bool,
    /// `__mapper_args__` may name the primary key.
    pub mapper_primary_key: bool,
}

/// One class statement that a mapped class is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The statement.
    pub body: BodyId,
    /// What it is to the mapped class.
    pub role: Role,
}

/// What a class statement is to a mapped class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Its own.
    Own,
    /// A mixin before the declarative base.
    Mixin,
    /// A mixin after the declarative base in method resolution order: the base hides what it has, too.
    LateMixin,
    /// An `__abstract__` base.
    Abstract,
    /// A mapped class that it inherits from, or a part of one.
    Mapped,
    /// The declarative base itself.
    Base,
}

/// A class statement.
#[derive(Clone, Debug)]
pub struct ClassBody {
    /// Its number.
    pub id: BodyId,
    /// `app.models.User`
    pub qualified: String,
    /// Its name in the statement.
    pub name_span: Span,
    /// The whole statement.
    pub span: Span,
    /// What it binds and annotates, in order. Shared: the classes that derive from it look through them, too.
    pub attributes: Arc<Vec<Attribute>>,
}

impl Models {
    /// A MetaData object.
    pub fn metadata(&self, id: MetaDataId) -> &MetaData {
        &self.metadatas[id.0]
    }

    /// A table.
    pub fn table(&self, id: TableId) -> &Table {
        &self.tables[id.0]
    }

    /// A mapped class.
    pub fn class(&self, id: ClassId) -> &MappedClass {
        &self.classes[id.0]
    }

    /// A class statement.
    pub fn body(&self, id: BodyId) -> &ClassBody {
        &self.bodies[id.0]
    }

    /// A registry.
    pub fn registry(&self, id: RegistryId) -> &Registry {
        &self.registries[id.0]
    }

    /// The tables of a MetaData, in the order of registration.
    pub fn tables_of(&self, metadata: MetaDataId) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(move |table| table.metadata == metadata)
    }

    /// Are all tables that may hang on this MetaData known with their names?
    pub fn is_complete(&self, metadata: MetaDataId) -> bool {
        let found = self.metadata(metadata);
        !found.foreign
            && !found.reflected
            && found.unread.is_empty()
            && self.tables_of(metadata).all(|table| table.key().is_some())
    }
}
