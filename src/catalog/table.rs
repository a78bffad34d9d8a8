//! Tables, as a database would have them.

use crate::catalog::column_type::ColumnType;
use crate::source::Span;

/// A table's name, with its schema where it has one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The schema; `None` is the default one.
    pub schema: Option<String>,
    /// The name.
    pub name: String,
}

impl TableName {
    /// A name in the default schema.
    pub fn plain(name: impl Into<String>) -> TableName {
        TableName { schema: None, name: name.into() }
    }

    /// A name in `schema`.
    pub fn within(schema: Option<&str>, name: impl Into<String>) -> TableName {
        TableName { schema: schema.map(str::to_owned), name: name.into() }
    }
}

impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// Its primary key; `None` where it has none.
    pub primary_key: Option<PrimaryKey>,
    /// Its foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Its unique constraints.
    pub unique_constraints: Vec<UniqueConstraint>,
    /// Its check constraints.
    pub check_constraints: Vec<CheckConstraint>,
    /// Its exclusion constraints.
    pub exclude_constraints: Vec<ExcludeConstraint>,
    /// Its indexes.
    pub indexes: Vec<Index>,
    /// Its comment.
    pub comment: Option<String>,
    /// `false`: it may have columns, constraints or indexes that are not here, or lack some that are.
    pub complete: bool,
    /// What declares it.
    pub span: Span,
    /// The class mapped to it: `app.models.Item`.
    pub class: Option<String>,
}

impl Table {
    /// A table without anything in it.
    pub fn empty(name: TableName, span: Span) -> Table {
        Table {
            name,
            columns: Vec::new(),
            primary_key: None,
            foreign_keys: Vec::new(),
            unique_constraints: Vec::new(),
            check_constraints: Vec::new(),
            exclude_constraints: Vec::new(),
            indexes: Vec::new(),
            comment: None,
            complete: true,
            span,
            class: None,
        }
    }

    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Is the column in the primary key?
    pub fn in_primary_key(&self, column: &str) -> bool {
        self.primary_key.as_ref().is_some_and(|key| key.columns.iter().any(|name| name == column))
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type; `None` when it could not be read.
    pub column_type: Option<ColumnType>,
    /// May it be NULL? `None` when that could not be read.
    pub nullable: Option<bool>,
    /// Its default on the server.
    pub server_default: ServerDefault,
    /// Does the server number it, by SERIAL, IDENTITY or AUTO_INCREMENT?
    pub autoincrement: Option<bool>,
    /// `GENERATED ALWAYS AS (…)`
    pub computed: Option<Computed>,
    /// `GENERATED … AS IDENTITY`
    pub identity: Option<Identity>,
    /// Its comment.
    pub comment: Option<String>,
    /// It has a comment that could not be read.
    pub comment_unread: bool,
    /// What declares it.
    pub span: Span,
}

impl Column {
    /// A column of which only the name is known; it may be NULL, and has no default.
    pub fn named(name: impl Into<String>, span: Span) -> Column {
        Column {
            name: name.into(),
            column_type: None,
            nullable: Some(true),
            server_default: ServerDefault::None,
            autoincrement: None,
            computed: None,
            identity: None,
            comment: None,
            comment_unread: false,
            span,
        }
    }
}

/// A column's default on the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerDefault {
    /// None.
    None,
    /// As SQL text: `now()`, `'x'`, `0`.
    Sql(String),
    /// There is one that could not be read.
    Unknown,
}

/// `GENERATED ALWAYS AS (…)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computed {
    /// The expression; `None` when it could not be read.
    pub text: Option<String>,
    /// STORED; `None`: the database decides.
    pub persisted: Option<bool>,
}

/// `GENERATED … AS IDENTITY`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// ALWAYS instead of BY DEFAULT.
    pub always: bool,
    /// `START WITH`, `INCREMENT BY` and the others, by their keyword in SQLAlchemy: `start`, `increment`.
    pub options: Vec<(String, String)>,
}

/// A primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrimaryKey {
    /// Its name.
    pub name: Name,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// What declares it.
    pub span: Span,
}

/// The name of a constraint or an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// Given, or made by a naming convention.
    Is(String),
    /// None is given: the database makes one.
    Unnamed,
    /// It could not be read.
    Unknown,
}

impl Name {
    /// The name, if there is one that was read.
    pub fn get(&self) -> Option<&str> {
        match self {
            Name::Is(name) => Some(name),
            Name::Unnamed | Name::Unknown => None,
        }
    }
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// Its name.
    pub name: Name,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// The table that it refers to.
    pub target: TableName,
    /// The columns there, in order.
    pub target_columns: Vec<String>,
    /// `ON DELETE`
    pub ondelete: Option<String>,
    /// `ON UPDATE`
    pub onupdate: Option<String>,
    /// `DEFERRABLE`
    pub deferrable: Option<bool>,
    /// `INITIALLY`
    pub initially: Option<String>,
    /// `MATCH`
    pub matching: Option<String>,
    /// It is added by itself, after the tables are made.
    pub use_alter: bool,
    /// `NOT VALID`
    pub not_valid: bool,
    /// What declares it.
    pub span: Span,
}

/// A unique constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueConstraint {
    /// Its name.
    pub name: Name,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// `DEFERRABLE`
    pub deferrable: Option<bool>,
    /// `INITIALLY`
    pub initially: Option<String>,
    /// `NULLS NOT DISTINCT`
    pub nulls_not_distinct: bool,
    /// What declares it.
    pub span: Span,
}

/// A check constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckConstraint {
    /// Its name.
    pub name: Name,
    /// What it checks; `None` when it could not be read.
    pub text: Option<String>,
    /// A type brought it (`Boolean(create_constraint=True)`, `Enum(native_enum=False, …)`): Alembic passes over it.
    pub of_type: bool,
    /// What declares it.
    pub span: Span,
}

/// An exclusion constraint of PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExcludeConstraint {
    /// Its name.
    pub name: Name,
    /// Its elements as text with their operators: (`room`, `=`); `None` when they could not be read.
    pub elements: Option<Vec<(String, String)>>,
    /// `USING`
    pub using: Option<String>,
    /// What declares it.
    pub span: Span,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: Name,
    /// What it covers, in order.
    pub elements: Vec<IndexElement>,
    /// UNIQUE
    pub unique: bool,
    /// `WHERE`; `Some(None)`: there is one that could not be read.
    pub predicate: Option<Option<String>>,
    /// `USING`
    pub using: Option<String>,
    /// `INCLUDE`
    pub include: Vec<String>,
    /// `NULLS NOT DISTINCT`
    pub nulls_not_distinct: bool,
    /// Other options of a dialect, as given: (`postgresql_with`, `{'fillfactor': 50}`).
    pub options: Vec<(String, String)>,
    /// What declares it.
    pub span: Span,
}

impl Index {
    /// The columns, where it covers nothing but plain columns.
    pub fn columns(&self) -> Option<Vec<&str>> {
        let plain = |element: &IndexElement| matches!(element.of, ElementOf::Column(_));
        self.elements.iter().all(plain).then(|| self.elements.iter().filter_map(IndexElement::column).collect())
    }
}

/// What an index covers, one of possibly several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexElement {
    /// A column or an expression.
    pub of: ElementOf,
    /// `DESC`, `NULLS LAST` and the like, as SQL text.
    pub order: Option<String>,
    /// The operator class: `gin_trgm_ops`.
    pub operator_class: Option<String>,
}

/// A column or an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ElementOf {
    /// A column.
    Column(String),
    /// An expression, as SQL text; `None` when it could not be read.
    Expression(Option<String>),
}

impl IndexElement {
    /// A plain column.
    pub fn plain(column: impl Into<String>) -> IndexElement {
        IndexElement { of: ElementOf::Column(column.into()), order: None, operator_class: None }
    }

    /// The column, where it is one.
    pub fn column(&self) -> Option<&str> {
        match &self.of {
            ElementOf::Column(name) => Some(name),
            ElementOf::Expression(_) => None,
        }
    }
}

/// A named enumeration type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enum {
    /// Its name.
    pub name: TableName,
    /// Its values, in order; `None` when they could not be read.
    pub values: Option<Vec<String>>,
    /// What declares it.
    pub span: Span,
}

/// A sequence that is made by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// Its name.
    pub name: TableName,
    /// What declares it.
    pub span: Span,
}
