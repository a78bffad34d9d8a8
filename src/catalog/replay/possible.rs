//! `IF EXISTS` and `IF NOT EXISTS`: whether an operation can be done on the catalogue as it is.

use crate::catalog::operation::{Constraint, Operation};
use crate::catalog::replay::names;
use crate::catalog::table::{Name, Table, TableName};
use crate::catalog::{Catalog, Dialect};

/// Is what is dropped or changed there, and what is made not?
pub(super) fn is_possible(catalog: &Catalog, operation: &Operation, dialect: Dialect) -> bool {
    let has = |name: &TableName| catalog.tables.contains_key(name);
    let table = |name: &TableName| catalog.tables.get(name);
    let has_column = |of: &TableName, name: &str| table(of).is_some_and(|table| table.column(name).is_some());
    let has_index =
        |table: &Table, name: &Name| name.get().is_some() && table.indexes.iter().any(|index| index.name == *name);
    let has_named = |of: &TableName, name: &str| table(of).is_some_and(|table| names::of(table).any(|it| it == name));
    match operation {
        Operation::CreateTable(table) => !has(&table.name),
        Operation::DropTable(name, _) | Operation::SetSchema(name, _) | Operation::SetTableComment(name, _) => {
            has(name)
        }
        Operation::RenameTable(old, new) => has(old) && !has(new),
        Operation::AddColumn(of, column) => has(of) && !has_column(of, &column.name),
        Operation::DropColumn(of, column, _)
        | Operation::SetIdentity(of, column, _)
        | Operation::DropExpression(of, column) => has_column(of, column),
        Operation::AlterColumn(change) => {
            has_column(&change.table, &change.column)
                && !change.name.as_ref().is_some_and(|new| has_column(&change.table, new))
        }
        Operation::CreateIndex(of, index) => {
            // Only MySQL's indexes have a name within their table.
            let near = |name: &TableName| if dialect == Dialect::Mysql { name == of } else { name.schema == of.schema };
            let mut others = catalog.tables.iter().filter(|(name, _)| near(name));
            has(of) && !others.any(|(_, table)| has_index(table, &index.name))
        }
        Operation::DropIndex(_, name, _) => catalog.tables.values().any(|table| has_index(table, name)),
        Operation::RenameIndex(_, name, _) => {
            catalog.tables.keys().filter(|of| of.schema == name.schema).any(|of| has_named(of, &name.name))
        }
        Operation::AddConstraint(of, constraint) => {
            let (name, is_second_key) = match constraint {
                Constraint::PrimaryKey(key) => (&key.name, table(of).is_some_and(|table| table.primary_key.is_some())),
                Constraint::ForeignKey(key) => (&key.name, false),
                Constraint::Unique(unique) => (&unique.name, false),
                Constraint::Check(check) => (&check.name, false),
                Constraint::Exclude(exclude) => (&exclude.name, false),
            };
            has(of) && !is_second_key && !name.get().is_some_and(|name| has_named(of, name))
        }
        Operation::AddConstraintUsingIndex(of, _, _, index) => has_named(of, index),
        Operation::DropConstraint(of, Name::Is(name), ..)
        | Operation::RenameConstraint(of, name, _)
        | Operation::ValidateConstraint(of, name) => has_named(of, name),
        Operation::DropConstraint(of, ..) | Operation::TakeOver { table: of, .. } => has(of),
        Operation::CreateEnum(new) => !catalog.enums.iter().any(|known| known.name == new.name),
        Operation::WherePossible(inner) => is_possible(catalog, inner, dialect),
        Operation::DropEnum(_)
        | Operation::AddEnumValue(..)
        | Operation::RenameEnumValue(..)
        | Operation::RenameEnum(..)
        | Operation::CreateSequence(_)
        | Operation::DropSequence(_)
        | Operation::DropSchema(_)
        | Operation::Nothing
        | Operation::Unknown(..) => true,
    }
}
