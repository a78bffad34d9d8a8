//! Likely renames: autogenerate compares names, so a rename is a removal and an addition to it, and the data is lost.

use crate::catalog::diff::Options;
use crate::catalog::diff::change::Change;
use crate::catalog::operation::Operation;
use crate::catalog::table::{Column, Table, TableName};
use crate::source::Span;

/// Something that was probably renamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The table, by its name in the database.
    pub table: TableName,
    /// The column's names before and after; `None`: the table was renamed.
    pub column: Option<(String, String)>,
    /// The table's new name, where it was renamed.
    pub renamed_to: Option<TableName>,
    /// Where the models declare it.
    pub model: Span,
    /// Where the migrations made it.
    pub migration: Span,
}

impl Rename {
    /// What it is known by, without places: `rename:item.cost`.
    pub fn key(&self) -> String {
        let column = self.column.as_ref().map(|(from, _)| format!(".{from}")).unwrap_or_default();
        format!("rename:{}{column}", self.table)
    }
}

/// Pairs what is removed with what is added.
pub fn guessed(changes: &[Change], options: &Options<'_>) -> Vec<Rename> {
    let mut renames = tables(changes, options);
    renames.extend(columns(changes, options));
    renames
}

fn columns(changes: &[Change], options: &Options<'_>) -> Vec<Rename> {
    let removed: Vec<(&Change, &Column)> = changes
        .iter()
        .filter_map(|change| match &change.operation {
            Operation::DropColumn(_, _, Some(column)) => Some((change, &**column)),
            _ => None,
        })
        .collect();
    let added: Vec<(&Change, &Column)> = changes
        .iter()
        .filter_map(|change| match &change.operation {
            Operation::AddColumn(_, column) => Some((change, &**column)),
            _ => None,
        })
        .collect();
    let alike = |old: &(&Change, &Column), new: &(&Change, &Column)| {
        old.0.table == new.0.table && is_same_shape(old.1, new.1, options)
    };
    let mut renames = Vec::new();
    for old in &removed {
        let candidates: Vec<_> = added.iter().filter(|new| alike(old, new)).collect();
        let rivals = removed.iter().filter(|other| candidates.iter().any(|new| alike(other, new))).count();
        let best = match &candidates[..] {
            [only] if rivals == 1 => Some(*only),
            several => {
                let close = |new: &(&Change, &Column)| strsim::jaro_winkler(&old.1.name, &new.1.name);
                let best = several.iter().copied().max_by(|one, other| close(one).total_cmp(&close(other)));
                best.filter(|new| close(new) >= 0.75)
            }
        };
        if let Some((change, new)) = best
            && !renames.iter().any(|known: &Rename| {
                known.table == old.0.table && known.column.as_ref().is_some_and(|(_, name)| *name == new.name)
            })
        {
            renames.push(Rename {
                table: change.table.clone(),
                column: Some((old.1.name.clone(), new.name.clone())),
                renamed_to: None,
                model: new.span,
                migration: old.1.span,
            });
        }
    }
    renames
}

fn is_same_shape(old: &Column, new: &Column, options: &Options<'_>) -> bool {
    let text = |column: &Column| column.column_type.as_ref().and_then(|found| found.ddl(&options.target));
    text(old).is_some_and(|old| text(new) == Some(old)) && old.nullable == new.nullable
}

/// Tables that have the same columns, but for a fifth.
fn tables(changes: &[Change], options: &Options<'_>) -> Vec<Rename> {
    let mut renames: Vec<Rename> = Vec::new();
    for old in changes {
        let Operation::DropTable(_, Some(before)) = &old.operation else { continue };
        let candidates = changes.iter().filter_map(|new| match &new.operation {
            Operation::CreateTable(after) if overlap(before, after, options) >= 0.8 => Some((new, after)),
            _ => None,
        });
        let best = candidates
            .max_by(|(_, one), (_, other)| overlap(before, one, options).total_cmp(&overlap(before, other, options)));
        if let Some((new, after)) = best
            && !renames.iter().any(|known| known.renamed_to.as_ref() == Some(&new.table))
        {
            renames.push(Rename {
                table: old.table.clone(),
                column: None,
                renamed_to: Some(new.table.clone()),
                model: after.span,
                migration: before.span,
            });
        }
    }
    renames
}

/// How much of two tables is the same: from 0 to 1.
fn overlap(before: &Table, after: &Table, options: &Options<'_>) -> f64 {
    let same = before
        .columns
        .iter()
        .filter(|old| after.column(&old.name).is_some_and(|new| is_same_shape(old, new, options)))
        .count();
    let all = before.columns.len().max(after.columns.len());
    // Two tables of a key and a name are not yet the same.
    if same < 3 { 0.0 } else { same as f64 / all as f64 }
}
