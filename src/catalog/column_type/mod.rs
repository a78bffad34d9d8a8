//! Column types, as SQLAlchemy knows them.
//!
//! [`read`] takes them from what the code declares, [`ddl`] writes the text that SQLAlchemy's compilers write for a
//! database, [`libraries`] knows the types that other packages bring, [`text`](mod@text) reads types that SQL names.

pub mod ddl;
pub mod libraries;
pub mod read;
pub mod text;

use crate::catalog::Dialect;
use crate::catalog::table::TableName;
use crate::project::sqlalchemy::expression::Expression;

/// A column's type.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnType {
    /// What it is.
    pub kind: TypeKind,
    /// As the code declares it; `None` for one that SQL or a database gave.
    pub written: Option<Expression>,
}

/// What a type is.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// One of SQLAlchemy's.
    Plain(Plain),
    /// `Enum`
    Enum(EnumType),
    /// `ARRAY(item, dimensions=…)`
    Array(Box<ColumnType>, Option<i64>),
    /// `type.with_variant(other, "dialect")`: the first type, and by SQLAlchemy's name of the dialect the others.
    Variants(Box<ColumnType>, Vec<(String, ColumnType)>),
    /// What a `TypeDecorator` stands for; `None` where it could not be read.
    PerDialect {
        /// For PostgreSQL.
        postgresql: Option<Box<ColumnType>>,
        /// For MySQL and MariaDB.
        mysql: Option<Box<ColumnType>>,
        /// For SQLite.
        sqlite: Option<Box<ColumnType>>,
    },
    /// SQL text as it is: of `get_col_spec`, of a `CREATE TABLE` in a string.
    Sql(String),
    /// `NullType`: no type was given, and nothing gives one.
    Null,
}

/// A type of SQLAlchemy by its class, with the arguments that its compilers look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plain {
    /// The class: `String`, `VARCHAR`, `JSONB`.
    pub name: String,
    /// The dialect whose class it is: `sqlalchemy.dialects.postgresql.TIMESTAMP`.
    pub of: Option<Dialect>,
    /// `length`
    pub length: Option<i64>,
    /// `precision`; of an interval `second_precision` or `precision`; of MySQL's times `fsp`; of its integers
    /// `display_width`.
    pub precision: Option<i64>,
    /// `scale`
    pub scale: Option<i64>,
    /// `timezone=True`
    pub timezone: bool,
    /// `collation`
    pub collation: Option<String>,
    /// `native_uuid=False`, `native=False`, `varying=False`
    pub not_native: bool,
    /// `varying=True` of PostgreSQL's `BIT`.
    pub varying: bool,
    /// `fields` of PostgreSQL's `INTERVAL`; the character set of MySQL's texts: `utf8`, or `ASCII` and
    /// `UNICODE`, which stand for themselves.
    pub words: Option<String>,
    /// `binary=True` of MySQL's texts.
    pub binary: bool,
    /// `national=True` of MySQL's texts.
    pub national: bool,
    /// `unsigned=True`
    pub unsigned: bool,
    /// `zerofill=True`
    pub zerofill: bool,
}

/// `Enum(…)`
#[derive(Clone, Debug, PartialEq)]
pub struct EnumType {
    /// The name of the type; `None` where none is given.
    pub name: Option<String>,
    /// Its schema.
    pub schema: Option<String>,
    /// `inherit_schema=True`: the table's schema is the type's.
    pub inherits_schema: bool,
    /// The values that the database sees; `None` when they could not be read.
    pub values: Option<Vec<String>>,
    /// `native_enum=False`: a VARCHAR.
    pub not_native: bool,
    /// `length=`, for such a VARCHAR.
    pub length: Option<i64>,
    /// `create_constraint`, where given.
    pub create_constraint: Option<bool>,
    /// `create_type=False`: somebody else makes it.
    pub not_created: bool,
    /// It is the dialect's own class (`postgresql.ENUM`), native everywhere.
    pub of: Option<Dialect>,
    /// What MySQL writes behind it: ` CHARACTER SET utf8`.
    pub words: String,
}

impl ColumnType {
    /// The type that SQL text names.
    pub fn of_sql(text: impl Into<String>) -> ColumnType {
        ColumnType { kind: TypeKind::Sql(text.into()), written: None }
    }

    /// A type of SQLAlchemy without arguments.
    pub fn plain(name: &str) -> ColumnType {
        ColumnType { kind: TypeKind::Plain(Plain { name: name.to_owned(), ..Plain::default() }), written: None }
    }

    /// What stands behind variants and decorators, for one database.
    pub fn for_dialect(&self, dialect: Dialect) -> Option<&ColumnType> {
        match &self.kind {
            TypeKind::Variants(base, variants) => {
                let is_meant = |name: &str| Dialect::named(name) == Some(dialect);
                let found = variants.iter().find(|(name, _)| is_meant(name)).map_or(&**base, |(_, found)| found);
                found.for_dialect(dialect)
            }
            TypeKind::PerDialect { postgresql, mysql, sqlite } => match dialect {
                Dialect::Postgresql => postgresql.as_deref(),
                Dialect::Mysql => mysql.as_deref(),
                Dialect::Sqlite => sqlite.as_deref(),
            }?
            .for_dialect(dialect),
            _ => Some(self),
        }
    }

    /// The named enumeration type that a column of this type needs in a database that has such: its name and values.
    pub fn named_enum(&self, dialect: Dialect) -> Option<(TableName, &EnumType)> {
        if dialect != Dialect::Postgresql {
            return None;
        }
        match &self.for_dialect(dialect)?.kind {
            TypeKind::Enum(found) if !found.not_native => {
                Some((TableName::within(found.schema.as_deref(), found.name.clone()?), found))
            }
            TypeKind::Array(item, _) => item.named_enum(dialect),
            _ => None,
        }
    }
}
