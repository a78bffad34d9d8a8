//! `with op.batch_alter_table(…)`: what SQLite can't do in place is done to a copy of the table.

use super::operation::needs_batch;
use super::{Block, Writer, python};
use crate::catalog::Dialect;
use crate::catalog::operation::{Constraint, Operation};
use crate::catalog::table::{CheckConstraint, Name, TableName};

/// The name that a batch gives to a constraint without one, so that it can be dropped: the key of the convention, and
/// what that makes.
pub(super) fn called(table: &TableName, constraint: &Constraint) -> Option<(&'static str, String)> {
    let (kind, columns) = match constraint {
        Constraint::PrimaryKey(key) => ("pk", &key.columns),
        Constraint::ForeignKey(key) => ("fk", &key.columns),
        Constraint::Unique(unique) => ("uq", &unique.columns),
        Constraint::Check(_) | Constraint::Exclude(_) => return None,
    };
    Some((kind, format!("{kind}_{}_{}", table.name, columns.join("_"))))
}

fn convention(kind: &str) -> String {
    format!("'{kind}': '{kind}_%(table_name)s_%(column_0_N_name)s'")
}

impl Writer<'_> {
    /// The line that opens a batch.
    pub(super) fn batch(&mut self, table: &TableName, block: &Block<'_>) -> String {
        let mut given =
            vec![python::repr(&table.name), format!("schema={}", python::optional(table.schema.as_deref()))];
        if self.style.target.dialect == Dialect::Sqlite {
            let is_addition = |operation: &&Operation| matches!(operation, Operation::AddColumn(..));
            let copied: Vec<&Operation> = block.operations.iter().copied().filter(|it| needs_batch(it)).collect();
            if !copied.is_empty() {
                // By itself Alembic would add a column in place, and SQLite takes none there that must have a value.
                given.extend(copied.iter().all(is_addition).then(|| "recreate='always'".to_owned()));
                let checks = self.nameless_checks(table, &block.operations);
                given.extend((!checks.is_empty()).then(|| format!("table_args=[{}]", checks.join(", "))));
            }
        }
        if !block.called.is_empty() {
            let conventions: Vec<String> = block.called.iter().map(|kind| convention(kind)).collect();
            given.push(format!("naming_convention={{{}}}", conventions.join(", ")));
        }
        format!("with {}batch_alter_table({}) as batch_op:", self.style.alembic_prefix, given.join(", "))
    }

    /// The checks without a name that the copy would lack: Alembic does not take them over.
    fn nameless_checks(&self, table: &TableName, operations: &[&Operation]) -> Vec<String> {
        let Some(known) = self.before.table(table) else { return Vec::new() };
        let is_dropped = |column: &str| {
            let drops = |it: &&Operation| matches!(it, Operation::DropColumn(_, dropped, _) if dropped == column);
            operations.iter().any(drops)
        };
        let is_kept = |check: &&CheckConstraint| check.name == Name::Unnamed;
        let texts = known.check_constraints.iter().filter(is_kept).filter_map(|check| check.text.as_deref());
        let texts = texts.filter(|text| !super::constraint::words(text).any(is_dropped));
        texts.map(|text| format!("{}CheckConstraint({})", self.sa(), python::repr(&python::bind_free(text)))).collect()
    }
}
