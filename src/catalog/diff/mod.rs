//! Two catalogues → the [`Change`]s that lead from what a database has to what the models declare.
//!
//! The operations, their order and their words are those of Alembic's autogenerate, with its equivalences: what it takes
//! for the same is the same here ([`types`], [`defaults`], [`keys`], [`foreign_keys`]), and names that a database gives
//! by itself are known ([`default_names`]). [`hidden`] holds what Alembic does not compare, [`renames`] guesses what was
//! renamed. What could not be read never makes a change: it is [`NotCompared`].

pub mod change;
pub mod columns;
pub mod default_names;
pub mod defaults;
pub mod expressions;
pub mod foreign_keys;
pub mod hidden;
pub mod keys;
pub mod options;
pub mod renames;
pub mod revised;
pub mod stored;
pub mod tables;
pub mod types;
pub mod words;

use crate::catalog::Catalog;
use crate::catalog::table::TableName;
use crate::source::Span;

use change::Change;
use hidden::Hidden;
use options::Options;
use renames::Rename;

/// How two catalogues differ.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// What autogenerate would write, in its order.
    pub changes: Vec<Change>,
    /// What it does not look at.
    pub hidden: Vec<Hidden>,
    /// What was probably renamed, though autogenerate would remove and add it.
    pub renames: Vec<Rename>,
    /// What was not compared, and why.
    pub not_compared: Vec<NotCompared>,
    /// Tables that were compared.
    pub compared: usize,
}

/// Something that was not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotCompared {
    /// The table; `None`: it can't be told which.
    pub table: Option<TableName>,
    /// What of it: ``column `price` ``; empty: the table.
    pub what: String,
    /// Why.
    pub why: String,
    /// Where reading stopped.
    pub span: Option<Span>,
}

/// Compares what a database has (`found`) with what the models declare.
pub fn compare<'c>(found: &'c Catalog, declared: &'c Catalog, options: &'c Options<'c>) -> Difference {
    let mut comparison = Comparison { found, declared, options, difference: Difference::default() };
    comparison.tables();
    let mut difference = comparison.difference;
    difference.changes = revised::changes(difference.changes, options);
    difference.renames = renames::guessed(&difference.changes, options);
    difference.hidden = hidden::compare(found, declared, options);
    difference
}

/// A comparison under way.
struct Comparison<'c> {
    found: &'c Catalog,
    declared: &'c Catalog,
    options: &'c Options<'c>,
    difference: Difference,
}

impl Comparison<'_> {
    fn not_compared(&mut self, table: &TableName, what: impl Into<String>, why: impl Into<String>, span: Option<Span>) {
        let entry = NotCompared { table: Some(table.clone()), what: what.into(), why: why.into(), span };
        if !self.difference.not_compared.contains(&entry) {
            self.difference.not_compared.push(entry);
        }
    }
}

/// Why a table may have more, or less, than a catalogue shows; `None`: it shows all. What concerns one column alone is
/// no reason.
pub fn table_is_open(catalog: &Catalog, table: &TableName) -> Option<(Span, String)> {
    let known = catalog.tables.get(table)?;
    if known.complete {
        return None;
    }
    let mut of_table = catalog.unresolved.iter().filter(|found| found.table.as_ref() == Some(table)).peekable();
    if of_table.peek().is_none() {
        return Some((known.span, "it could not be read completely".to_owned()));
    }
    of_table.find(|found| found.column.is_none()).map(|found| (found.span, found.why.clone()))
}
