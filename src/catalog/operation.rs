//! What changes a [`Catalog`](crate::catalog::Catalog): the operations of Alembic, in its words.
//!
//! Replaying a revision gives operations, a comparison of two catalogues gives operations, and the writer of revisions
//! takes them.

use crate::catalog::column_type::ColumnType;
use crate::catalog::table::{
    CheckConstraint, Column, Enum, ExcludeConstraint, ForeignKey, Identity, Index, Name, PrimaryKey, Sequence,
    ServerDefault, Table, TableName, UniqueConstraint,
};
use crate::source::Span;

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// `op.create_table`. Its indexes are operations of their own.
    CreateTable(Box<Table>),
    /// `op.drop_table`, with the table as far as it is known: a downgrade makes it again.
    DropTable(TableName, Option<Box<Table>>),
    /// `op.rename_table`
    RenameTable(TableName, TableName),
    /// `op.add_column`
    AddColumn(TableName, Box<Column>),
    /// `op.drop_column`, with the column as far as it is known.
    DropColumn(TableName, String, Option<Box<Column>>),
    /// `op.alter_column`
    AlterColumn(Box<AlterColumn>),
    /// `op.create_index`
    CreateIndex(TableName, Box<Index>),
    /// `op.drop_index`; the table where it is given.
    DropIndex(Option<TableName>, Name, Option<Box<Index>>),
    /// `op.create_primary_key`, `op.create_foreign_key`, `op.create_unique_constraint`, `op.create_check_constraint`,
    /// `op.create_exclude_constraint`
    AddConstraint(TableName, Constraint),
    /// `op.drop_constraint`, with the constraint as far as it is known.
    DropConstraint(TableName, Name, Option<ConstraintKind>, Option<Box<Constraint>>),
    /// `ALTER TABLE … RENAME CONSTRAINT`
    RenameConstraint(TableName, String, String),
    /// `ALTER INDEX … RENAME TO`: the table where it is given, else the index's schema and name are enough.
    RenameIndex(Option<TableName>, TableName, String),
    /// `op.create_table_comment`, `op.drop_table_comment`
    SetTableComment(TableName, Option<String>),
    /// `ALTER TABLE … SET SCHEMA`
    SetSchema(TableName, Option<String>),
    /// `CREATE TYPE … AS ENUM`
    CreateEnum(Enum),
    /// `ALTER TYPE … ADD VALUE`: the type, the value, and before or after which one it goes.
    AddEnumValue(TableName, String, Option<(Side, String)>),
    /// `ALTER TYPE … RENAME VALUE`
    RenameEnumValue(TableName, String, String),
    /// `ALTER TYPE … RENAME TO`
    RenameEnum(TableName, String),
    /// `DROP TYPE`
    DropEnum(TableName),
    /// `CREATE SEQUENCE`
    CreateSequence(Sequence),
    /// `DROP SEQUENCE`
    DropSequence(TableName),
    /// `DROP SCHEMA … CASCADE`: what is in it goes, too.
    DropSchema(String),
    /// `LIKE`, `INHERITS`, `PARTITION OF`, `AS SELECT * FROM`: a new table takes over columns of another one, and these
    /// come before its own.
    TakeOver {
        /// The new table.
        table: TableName,
        /// The other one.
        from: TableName,
        /// What else it takes over.
        what: TakenOver,
    },
    /// `ADD CONSTRAINT … USING INDEX`: an index becomes a constraint, under the name given or the index's.
    AddConstraintUsingIndex(TableName, Option<String>, ConstraintKind, String),
    /// `VALIDATE CONSTRAINT`
    ValidateConstraint(TableName, String),
    /// `ALTER COLUMN … ADD GENERATED … AS IDENTITY`, `DROP IDENTITY`
    SetIdentity(TableName, String, Option<Identity>),
    /// `ALTER COLUMN … DROP EXPRESSION`: a generated column becomes a plain one.
    DropExpression(TableName, String),
    /// `IF EXISTS`, `IF NOT EXISTS`: done where it can be done, else nothing.
    WherePossible(Box<Operation>),
    /// Nothing that a catalogue shows: data, rights, functions, extensions.
    Nothing,
    /// It could not be read. What it may have changed; empty: anything.
    Unknown(Vec<TableName>, String),
}

/// What a new table takes over from another one, besides names and types of its columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenOver {
    /// NOT NULL
    pub not_null: bool,
    /// DEFAULT
    pub defaults: bool,
    /// CHECK
    pub checks: bool,
    /// Indexes, the primary key and unique constraints; names are made anew.
    pub indexes: bool,
    /// Foreign keys.
    pub foreign_keys: bool,
    /// Comments.
    pub comments: bool,
    /// GENERATED … AS IDENTITY
    pub identity: bool,
    /// GENERATED ALWAYS AS (…)
    pub generated: bool,
}

/// An operation, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The operation.
    pub operation: Operation,
    /// Where: the call of `op.…`, or the statement within its string.
    pub span: Span,
}

/// Before or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Before.
    Before,
    /// After.
    After,
}

/// `op.alter_column`: what is `Some` changes.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterColumn {
    /// The table.
    pub table: TableName,
    /// The column, by its name before.
    pub column: String,
    /// Its new name.
    pub name: Option<String>,
    /// Its new type; `Some(None)`: one that could not be read.
    pub column_type: Option<Option<ColumnType>>,
    /// Whether it may be NULL; `Some(None)`: that could not be read.
    pub nullable: Option<Option<bool>>,
    /// Its new default.
    pub server_default: Option<ServerDefault>,
    /// Its new comment; `Some(None)`: none.
    pub comment: Option<Option<String>>,
    /// The new comment could not be read.
    pub comment_unread: bool,
    /// Its new identity; `Some(None)`: none.
    pub identity: Option<Option<Identity>>,
    /// The column before, as far as it is known.
    pub existing: Option<Box<Column>>,
    /// `USING`, for a new type.
    pub using: Option<String>,
}

impl AlterColumn {
    /// One that changes nothing yet.
    pub fn of(table: TableName, column: impl Into<String>) -> AlterColumn {
        AlterColumn {
            table,
            column: column.into(),
            name: None,
            column_type: None,
            nullable: None,
            server_default: None,
            comment: None,
            comment_unread: false,
            identity: None,
            existing: None,
            using: None,
        }
    }
}

/// A constraint.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    /// A primary key.
    PrimaryKey(PrimaryKey),
    /// A foreign key.
    ForeignKey(ForeignKey),
    /// A unique constraint.
    Unique(UniqueConstraint),
    /// A check constraint.
    Check(CheckConstraint),
    /// An exclusion constraint.
    Exclude(ExcludeConstraint),
}

impl Constraint {
    /// Its name.
    pub fn name(&self) -> &Name {
        match self {
            Constraint::PrimaryKey(key) => &key.name,
            Constraint::ForeignKey(key) => &key.name,
            Constraint::Unique(unique) => &unique.name,
            Constraint::Check(check) => &check.name,
            Constraint::Exclude(exclude) => &exclude.name,
        }
    }
}

/// The kinds of constraints, as `op.drop_constraint(type_=…)` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    /// `primary`
    PrimaryKey,
    /// `foreignkey`
    ForeignKey,
    /// `unique`
    Unique,
    /// `check`
    Check,
    /// An exclusion constraint.
    Exclude,
}
