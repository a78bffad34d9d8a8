//! What a statement says, as far as tables, types, indexes and sequences go. In the words of the SQL that is read, not
//! of a parser.

use std::ops::Range;

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its bytes in the text, without the `;`.
    pub range: Range<usize>,
    /// What it does.
    pub kind: StatementKind,
    /// The tables that it names, once each. Of one that was not read: as far as its words tell.
    pub tables: Vec<ObjectName>,
}

/// A name, and its bytes in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ident {
    /// The name without quotes, in lower case where the dialect folds it.
    pub name: String,
    /// Its bytes, quotes included.
    pub range: Range<usize>,
}

/// A name that may have a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectName {
    /// The schema, where one is written or `search_path` was set before.
    pub schema: Option<String>,
    /// The name.
    pub name: String,
    /// The bytes of both; empty where only a dynamic text names it.
    pub range: Range<usize>,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// `CREATE TABLE`
    CreateTable(Box<CreateTable>),
    /// `ALTER TABLE`
    AlterTable(AlterTable),
    /// `RENAME TABLE a TO b, c TO d` of MySQL.
    RenameTables(Vec<(ObjectName, ObjectName)>),
    /// `DROP TABLE`
    DropTables(Drop),
    /// `CREATE INDEX`
    CreateIndex(Box<CreateIndex>),
    /// `DROP INDEX`
    DropIndexes(Drop),
    /// `ALTER INDEX … RENAME TO`
    RenameIndex {
        /// The index.
        index: ObjectName,
        /// Its new name.
        to: Ident,
        /// `IF EXISTS`
        if_exists: bool,
    },
    /// `CREATE TYPE … AS ENUM`
    CreateEnum {
        /// The type.
        name: ObjectName,
        /// Its values.
        values: Vec<String>,
    },
    /// `ALTER TYPE … ADD VALUE`
    AddEnumValue {
        /// The type.
        name: ObjectName,
        /// The value.
        value: String,
        /// Before (`true`) or after which other one.
        beside: Option<(bool, String)>,
        /// `IF NOT EXISTS`
        if_not_exists: bool,
    },
    /// `ALTER TYPE … RENAME VALUE`
    RenameEnumValue {
        /// The type.
        name: ObjectName,
        /// The value before.
        from: String,
        /// The value after.
        to: String,
    },
    /// `ALTER TYPE … RENAME TO`
    RenameType {
        /// The type.
        name: ObjectName,
        /// Its new name.
        to: Ident,
    },
    /// `ALTER TYPE … SET SCHEMA`
    SetTypeSchema {
        /// The type.
        name: ObjectName,
        /// Its new schema.
        schema: Ident,
    },
    /// `DROP TYPE`, `DROP DOMAIN`
    DropTypes(Drop),
    /// `CREATE SEQUENCE`
    CreateSequence {
        /// The sequence.
        name: ObjectName,
        /// `IF NOT EXISTS`
        if_not_exists: bool,
    },
    /// `DROP SEQUENCE`
    DropSequences(Drop),
    /// `ALTER SCHEMA … RENAME TO`
    RenameSchema(Ident, Ident),
    /// `DROP SCHEMA`
    DropSchemas(Drop),
    /// `COMMENT ON TABLE`, `COMMENT ON COLUMN`
    Comment {
        /// The table.
        table: ObjectName,
        /// The column.
        column: Option<Ident>,
        /// The text; `None` takes it away.
        text: Option<String>,
    },
    /// `INSERT`, `UPDATE`, `DELETE`, `SELECT` and what else reads or writes rows.
    Data {
        /// The first word, in capitals.
        verb: String,
        /// `WHERE` stands in the statement itself, not only in a query within it.
        has_where: bool,
    },
    /// `DO $$ … $$`: the statements in it that certainly run, or that run where they can.
    Do(Vec<Inner>),
    /// Something that changes no table: rights, functions, triggers, views, extensions, settings. Its first words.
    Other(String),
    /// It could not be read: why.
    Unread(String),
}

/// A statement within a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inner {
    /// The statement.
    pub statement: Statement,
    /// It runs only where the thing is there, or is not there yet: `IF NOT EXISTS (…) THEN`, `EXCEPTION WHEN`.
    pub where_possible: bool,
}

/// `DROP … a, b`
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Drop {
    /// The names.
    pub names: Vec<ObjectName>,
    /// `IF EXISTS`
    pub if_exists: bool,
    /// `CASCADE`
    pub cascade: bool,
    /// `CONCURRENTLY`
    pub concurrently: bool,
    /// `DROP INDEX a ON table`
    pub table: Option<ObjectName>,
}

/// `CREATE TABLE`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTable {
    /// The table.
    pub name: ObjectName,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// `TEMPORARY`
    pub temporary: bool,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The constraints beside the columns' own.
    pub constraints: Vec<Constraint>,
    /// What it takes over from other tables.
    pub sources: Vec<Source>,
    /// `COMMENT = '…'`
    pub comment: Option<String>,
    /// Elements that could not be read.
    pub unread: Vec<Unread>,
}

/// A part that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Its bytes.
    pub range: Range<usize>,
    /// The column that it declares, if it is one.
    pub column: Option<Ident>,
}

/// What a new table takes over from another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `LIKE other INCLUDING …`
    Like {
        /// The other table.
        table: ObjectName,
        /// `INCLUDING ALL`, or all of MySQL's `LIKE`.
        all: bool,
        /// `INCLUDING` these, in capitals.
        including: Vec<String>,
    },
    /// `INHERITS (other)`
    Inherits(ObjectName),
    /// `PARTITION OF other`
    PartitionOf(ObjectName),
    /// `AS SELECT * FROM other`, and nothing else that adds columns.
    AllOf(ObjectName),
    /// Any other `AS SELECT`: the names of its columns, where all of them can be told.
    Query(Option<Vec<Ident>>),
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Ident,
    /// Its type as text; `None` where none is given (SQLite).
    pub data_type: Option<String>,
    /// `NULL` or `NOT NULL`
    pub nullable: Option<bool>,
    /// `DEFAULT`
    pub default: Option<Value>,
    /// `ON UPDATE` of MySQL.
    pub on_update: Option<String>,
    /// `AUTO_INCREMENT`, `AUTOINCREMENT`
    pub autoincrement: bool,
    /// `GENERATED … AS IDENTITY`
    pub identity: Option<Identity>,
    /// `GENERATED ALWAYS AS (…)`: the expression, and STORED (`true`) or VIRTUAL.
    pub generated: Option<(Value, Option<bool>)>,
    /// `COLLATE`
    pub collation: Option<String>,
    /// `COMMENT '…'`
    pub comment: Option<String>,
    /// Its own constraints, on itself.
    pub constraints: Vec<Constraint>,
    /// The bytes of all of it.
    pub range: Range<usize>,
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// As text.
    Text(String),
    /// A bind parameter is in it: what it is stands elsewhere.
    Bound,
}

/// `GENERATED … AS IDENTITY`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// ALWAYS instead of BY DEFAULT.
    pub always: bool,
    /// `START WITH 1`: (`start`, `1`), by the keywords of the statement in lower case.
    pub options: Vec<(String, String)>,
}

/// A constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Its name, where one is given.
    pub name: Option<Ident>,
    /// What it demands.
    pub kind: ConstraintKind,
    /// `NOT VALID`
    pub not_valid: bool,
    /// `DEFERRABLE`
    pub deferrable: Option<bool>,
    /// `INITIALLY`
    pub initially: Option<String>,
    /// Its bytes.
    pub range: Range<usize>,
}

/// What a constraint demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    /// `PRIMARY KEY`
    PrimaryKey(Vec<Ident>),
    /// `UNIQUE`
    Unique {
        /// The columns; `None`: an expression or a prefix is among them.
        columns: Option<Vec<Ident>>,
        /// `NULLS NOT DISTINCT`
        nulls_not_distinct: bool,
    },
    /// `FOREIGN KEY … REFERENCES`
    ForeignKey {
        /// The columns.
        columns: Vec<Ident>,
        /// The table that they refer to.
        target: ObjectName,
        /// The columns there; none: its primary key.
        target_columns: Vec<Ident>,
        /// `ON DELETE`
        on_delete: Option<String>,
        /// `ON UPDATE`
        on_update: Option<String>,
        /// `MATCH`
        matching: Option<String>,
    },
    /// `CHECK`
    Check(Value),
    /// `EXCLUDE`
    Exclude {
        /// Each expression with its operator.
        elements: Vec<(String, String)>,
        /// `USING`
        using: Option<String>,
    },
    /// `KEY`, `INDEX`, `FULLTEXT` of MySQL.
    Index(Box<CreateIndex>),
    /// `PRIMARY KEY USING INDEX` (`true`), `UNIQUE USING INDEX`: the index becomes the constraint, under its name.
    UsingIndex(bool, Ident),
}

/// `CREATE INDEX`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateIndex {
    /// Its name; its schema is the table's.
    pub name: Option<Ident>,
    /// The table.
    pub table: ObjectName,
    /// What it covers.
    pub elements: Vec<Element>,
    /// `UNIQUE`
    pub unique: bool,
    /// `CONCURRENTLY`
    pub concurrently: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// `USING`, in lower case.
    pub using: Option<String>,
    /// `INCLUDE`
    pub include: Vec<Ident>,
    /// `NULLS NOT DISTINCT`
    pub nulls_not_distinct: bool,
    /// `WITH (fillfactor = 70)`
    pub with: Vec<(String, String)>,
    /// `WHERE`
    pub predicate: Option<Value>,
}

/// What an index covers, one of possibly several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// The column, where it is a plain one.
    pub column: Option<Ident>,
    /// The expression otherwise.
    pub expression: String,
    /// The length of a prefix (MySQL): `name(10)`.
    pub length: Option<String>,
    /// `DESC`, `NULLS LAST`
    pub order: Option<String>,
    /// The operator class.
    pub operator_class: Option<String>,
}

/// `ALTER TABLE`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterTable {
    /// The table.
    pub table: ObjectName,
    /// `IF EXISTS`
    pub if_exists: bool,
    /// What is done to it, in order, with the bytes of each.
    pub actions: Vec<(Action, Range<usize>)>,
}

/// One action of `ALTER TABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `ADD COLUMN`
    AddColumn {
        /// The column.
        column: Box<Column>,
        /// `IF NOT EXISTS`
        if_not_exists: bool,
    },
    /// `DROP COLUMN`
    DropColumn {
        /// The column.
        name: Ident,
        /// `IF EXISTS`
        if_exists: bool,
        /// `CASCADE`
        cascade: bool,
    },
    /// `ADD CONSTRAINT`, `ADD PRIMARY KEY`, `ADD INDEX`
    AddConstraint(Box<Constraint>),
    /// `DROP CONSTRAINT`
    DropConstraint {
        /// Its name.
        name: Ident,
        /// `IF EXISTS`
        if_exists: bool,
    },
    /// `DROP PRIMARY KEY` of MySQL.
    DropPrimaryKey,
    /// `DROP FOREIGN KEY` of MySQL.
    DropForeignKey(Ident),
    /// `DROP INDEX`, `DROP KEY` of MySQL.
    DropIndex(Ident),
    /// `RENAME COLUMN`
    RenameColumn(Ident, Ident),
    /// `RENAME TO`
    RenameTable(ObjectName),
    /// `RENAME CONSTRAINT`
    RenameConstraint(Ident, Ident),
    /// `RENAME INDEX` of MySQL.
    RenameIndex(Ident, Ident),
    /// `SET SCHEMA`
    SetSchema(Ident),
    /// `CHANGE`, `MODIFY` of MySQL: the column before, and all that it is after.
    ChangeColumn(Ident, Box<Column>),
    /// `ALTER COLUMN … SET NOT NULL`, `DROP NOT NULL`
    SetNullable(Ident, bool),
    /// `ALTER COLUMN … SET DEFAULT`, `DROP DEFAULT`
    SetDefault(Ident, Option<Value>),
    /// `ALTER COLUMN … TYPE`
    SetType {
        /// The column.
        column: Ident,
        /// The new type as text.
        data_type: String,
        /// `USING`
        using: Option<Value>,
    },
    /// `ALTER COLUMN … ADD GENERATED … AS IDENTITY`
    AddIdentity(Ident, Identity),
    /// `ALTER COLUMN … DROP IDENTITY`
    DropIdentity(Ident),
    /// `ALTER COLUMN … DROP EXPRESSION`
    DropExpression(Ident),
    /// `VALIDATE CONSTRAINT`
    ValidateConstraint(Ident),
    /// `ATTACH PARTITION`, `DETACH PARTITION`, `INHERIT`, `NO INHERIT`: what they say and the other table.
    OfOther(String, ObjectName),
    /// `COMMENT = '…'` of MySQL.
    Comment(String),
    /// Something that changes no column, constraint or index: its first words.
    Other(String),
    /// It could not be read.
    Unread,
}
