//! [`Operation`]s → the text of `op.*` calls, as Alembic's autogenerate writes it.
//!
//! Alembic's `autogenerate/render.py` is the model, line breaks included. [`operation`] writes the calls, [`batch`] the
//! blocks that some of them stand in, [`mod@column`] and [`constraint`] what stands in them, [`types`] the types,
//! [`reflected`] those that a database names, [`expression`] what the project's code says, [`python`] literals. What can't
//! be written is said, in the text and in [`Rendered::problems`], never guessed.

pub mod batch;
pub mod column;
pub mod constraint;
pub mod expression;
pub mod operation;
pub mod python;
pub mod reflected;
pub mod types;

use std::collections::BTreeSet;

use crate::catalog::inverse::inverse;
use crate::catalog::operation::Operation;
use crate::catalog::table::{Table, TableName};
use crate::catalog::{Catalog, Dialect, Target};
use crate::project::sqlalchemy::MetaData;
use crate::project::versions::Version;

/// How an environment writes its revisions.
#[derive(Clone, Debug)]
pub struct Style {
    /// For which database, and which SQLAlchemy.
    pub target: Target,
    /// For which Alembic.
    pub alembic: Version,
    /// `sqlalchemy_module_prefix`: `sa.`
    pub sqlalchemy_prefix: String,
    /// `alembic_module_prefix`: `op.`
    pub alembic_prefix: String,
    /// `user_module_prefix`: what stands before the project's own types instead of their module.
    pub user_prefix: Option<String>,
    /// `render_as_batch`
    pub as_batch: bool,
    /// What names constraints and indexes.
    pub metadata: Option<MetaData>,
}

/// Operations as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The lines of a function's body, without its indentation.
    pub text: String,
    /// The import statements that the text needs beside `from alembic import op` and `import sqlalchemy as sa`.
    pub imports: BTreeSet<String>,
    /// What could not be written, in sentences.
    pub problems: Vec<String>,
    /// The operations, by their place, that are not there but for a comment.
    pub left_out: Vec<usize>,
}

/// Writes `upgrade`: the operations that change `before`.
pub fn upgrade(operations: &[Operation], before: &Catalog, style: &Style) -> Rendered {
    let enums = before.enums.iter().map(|found| found.name.clone()).collect();
    render(operations, Writer { is_back: false, ..Writer::new(style, before, enums) })
}

/// Writes `downgrade` for operations that changed `before`: what undoes them.
pub fn downgrade(operations: &[Operation], before: &Catalog, style: &Style) -> Rendered {
    let mut enums: Vec<TableName> = before.enums.iter().map(|found| found.name.clone()).collect();
    for operation in operations {
        match operation {
            Operation::CreateEnum(found) => enums.push(found.name.clone()),
            Operation::DropEnum(name) => enums.retain(|known| known != name),
            Operation::CreateTable(table) => enums.extend(types_of(table, style.target.dialect)),
            _ => {}
        }
    }
    let back = inverse(operations, before, &style.target);
    render(&back, Writer { is_back: true, ..Writer::new(style, before, enums) })
}

/// The named types that a table needs.
fn types_of(table: &Table, dialect: Dialect) -> impl Iterator<Item = TableName> {
    let types = table.columns.iter().filter_map(|column| column.column_type.as_ref());
    types.filter_map(move |found| found.named_enum(dialect).map(|(name, _)| name))
}

fn render(operations: &[Operation], mut writer: Writer<'_>) -> Rendered {
    let style = writer.style;
    let mut blocks: Vec<Block> = Vec::new();
    let mut left_out = Vec::new();
    for (place, operation) in operations.iter().enumerate() {
        let as_batch = style.as_batch || style.target.dialect == Dialect::Sqlite && operation::needs_batch(operation);
        let table = if as_batch { operation::batch_table(operation).cloned() } else { None };
        writer.in_batch = table.is_some();
        let lines = writer.operation(operation);
        if lines.is_empty() {
            continue;
        }
        if lines.iter().all(|line| line.starts_with('#')) {
            left_out.push(place);
        }
        let called = std::mem::take(&mut writer.called);
        match blocks.last_mut() {
            Some(block) if block.table == table => {
                block.lines.extend(lines);
                block.operations.push(operation);
                block.called.extend(called);
            }
            _ => blocks.push(Block { table, lines, operations: vec![operation], called }),
        }
    }
    let mut text = String::new();
    for block in blocks {
        // Comments alone make no block.
        let table = block.table.as_ref().filter(|_| block.lines.iter().any(|line| !line.starts_with('#')));
        if let Some(table) = table {
            text += &writer.batch(table, &block);
            text.push('\n');
        }
        for line in &block.lines {
            text += if table.is_some() { "    " } else { "" };
            text += line;
            text.push('\n');
        }
        if table.is_some() {
            text.push('\n');
        }
    }
    Rendered { text, imports: writer.imports, problems: writer.problems, left_out }
}

/// Lines that stand together: those of a batch where there is a table.
pub(super) struct Block<'o> {
    table: Option<TableName>,
    lines: Vec<String>,
    operations: Vec<&'o Operation>,
    /// The kinds of constraints that the batch must name.
    called: BTreeSet<&'static str>,
}

/// What is being written.
pub(super) struct Writer<'w> {
    style: &'w Style,
    before: &'w Catalog,
    imports: BTreeSet<String>,
    problems: Vec<String>,
    in_batch: bool,
    /// The kinds of constraints without a name that the operation drops: a batch has to name them.
    called: BTreeSet<&'static str>,
    /// It undoes: what it makes was there, and is written as the database would name it.
    is_back: bool,
    /// The enumeration types that are there at this point.
    enums: Vec<TableName>,
    /// Columns that could not be written: what refers to them can't be made either.
    left_out: Vec<(TableName, String)>,
}

impl<'w> Writer<'w> {
    fn new(style: &'w Style, before: &'w Catalog, enums: Vec<TableName>) -> Writer<'w> {
        let (imports, problems) = (BTreeSet::new(), Vec::new());
        let (called, left_out) = (BTreeSet::new(), Vec::new());
        Writer { style, before, imports, problems, in_batch: false, called, is_back: false, enums, left_out }
    }

    /// What stands before an operation.
    fn prefix(&self) -> &str {
        if self.in_batch { "batch_op." } else { &self.style.alembic_prefix }
    }

    /// What stands before something of SQLAlchemy.
    fn sa(&self) -> &str {
        &self.style.sqlalchemy_prefix
    }

    /// Is there a column among these that could not be written?
    fn lacks<T: AsRef<str>>(&self, table: &TableName, columns: &[T]) -> bool {
        self.left_out.iter().any(|(of, name)| of == table && columns.iter().any(|column| column.as_ref() == name))
    }

    /// Notes what can't be written.
    fn problem(&mut self, what: String) {
        if !self.problems.contains(&what) {
            self.problems.push(what);
        }
    }
}
