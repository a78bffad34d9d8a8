//! What a revision tells the database to do: a call of `op.…` with its arguments, as facts.

use crate::project::Known;
use crate::project::sqlalchemy::column::{Constraint, ConstraintKind};
use crate::project::sqlalchemy::expression::Expression;
use crate::project::sqlalchemy::{MetaDataId, Table, TableId};
use crate::source::Span;

/// Something that a revision tells the database to do.
#[derive(Clone, Debug)]
pub struct Directive {
    /// What.
    pub what: What,
    /// The call.
    pub span: Span,
    /// `if_exists`, `if_not_exists`, `checkfirst`: it does nothing where nothing is to be done.
    pub checks: bool,
    /// `false`: only on some paths through the revision.
    pub certain: bool,
}

/// What a revision tells the database to do, in Alembic's words. Names that could not be read are `None`.
#[derive(Clone, Debug)]
pub enum What {
    /// `op.create_table`, `Table.create`
    CreateTable(Box<Table>),
    /// All tables of a MetaData that is not the revision's own: `metadata.create_all`; the names where `tables=` is given.
    CreateAll(MetaDataId, Option<Vec<On>>),
    /// `op.drop_table`
    DropTable(On),
    /// `op.rename_table`
    RenameTable(On, String),
    /// `op.add_column`: a table that holds nothing but the column and what the column brings.
    AddColumn(Box<Table>),
    /// `op.drop_column`
    DropColumn(On, String),
    /// `op.alter_column`
    AlterColumn(On, String, Box<Changes>),
    /// `op.create_unique_constraint` and the like: a table that holds nothing but the constraint.
    AddConstraint(Box<Table>),
    /// `op.drop_constraint`
    DropConstraint(On, Expression, Option<ConstraintKind>),
    /// `op.create_index`: a table that holds nothing but the index.
    CreateIndex(Box<Table>),
    /// `op.drop_index`
    DropIndex(Option<On>, Expression),
    /// `op.create_table_comment`, `op.drop_table_comment`
    SetTableComment(On, Option<String>),
    /// `Enum(…).create(bind)`
    CreateType(Expression),
    /// `Enum(…).drop(bind)`
    DropType(Expression),
    /// `CreateSequence(Sequence("x"))`
    CreateSequence(On),
    /// `DropSequence(Sequence("x"))`
    DropSequence(On),
    /// SQL text.
    Sql(Text),
    /// Something that could not be read; the table where it is known.
    Unread(Option<On>, String),
}

/// `op.alter_column`: what is `Some` changes, as given.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// `new_column_name=`
    pub name: Option<Expression>,
    /// `type_=`
    pub column_type: Option<Expression>,
    /// `nullable=`
    pub nullable: Option<Expression>,
    /// `server_default=`
    pub server_default: Option<Expression>,
    /// `comment=`
    pub comment: Option<Expression>,
    /// `existing_type=`, for dialects that repeat it.
    pub existing_type: Option<Expression>,
    /// `postgresql_using=`
    pub using: Option<String>,
    /// `**unknown` was given.
    pub open: bool,
}

/// A table (or a sequence) by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct On {
    /// The schema; `None` is the default one.
    pub schema: Option<String>,
    /// The name.
    pub name: String,
}

/// SQL text with its place.
#[derive(Clone, Debug)]
pub struct Text {
    /// The text, up to its first part that is not known.
    pub text: String,
    /// All of it is known.
    pub whole: bool,
    /// The expression that gives it.
    pub span: Span,
    /// Where in the file the text begins, where it stands there letter by letter.
    pub start: Option<usize>,
}

impl Text {
    /// The place of a part of the text.
    pub fn place(&self, part: std::ops::Range<usize>) -> Span {
        match self.start {
            Some(start) => Span::new(self.span.file, start + part.start..start + part.end),
            None => self.span,
        }
    }
}

/// A table of facts that holds nothing yet.
pub(super) fn bare_table(on: &On, metadata: MetaDataId, span: Span, constraint: Option<Constraint>) -> Table {
    Table {
        id: TableId(usize::MAX),
        name: Known::Is(on.name.clone(), span),
        schema: on.schema.clone().map(|schema| Known::Is(schema, span)),
        metadata,
        span,
        file: span.file,
        module: String::new(),
        class: None,
        reached_by: Default::default(),
        certain: true,
        columns: Vec::new(),
        open: false,
        constraints: constraint.into_iter().collect(),
        comment: None,
        named_by: None,
        info: false,
        extends: false,
        duplicate_of: None,
        imported_at: None,
    }
}
