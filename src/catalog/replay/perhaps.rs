//! A [`Step`] that is taken only on some paths → what is no longer known of the catalogue.

use crate::catalog::column_type::{ColumnType, TypeKind};
use crate::catalog::operation::{Constraint, Operation, Step};
use crate::catalog::replay::apply;
use crate::catalog::replay::stored::stored;
use crate::catalog::table::{ServerDefault, Table, TableName};
use crate::catalog::{Catalog, Target};
use crate::source::Span;

/// Why, for everything here.
const WHY: &str = "done only on some paths through the revision";

/// Forgets what the step may have changed. A step that would change nothing leaves all as it is.
pub(super) fn perhaps(catalog: &mut Catalog, step: &Step, target: &Target) {
    let span = step.span;
    match &step.operation {
        Operation::CreateTable(table) => {
            if !catalog.tables.contains_key(&table.name) {
                apply::apply(catalog, step, target);
                catalog.unresolved(Some(&table.name), None, span, format!("the table is made: {WHY}"));
            }
        }
        Operation::DropTable(name, _) => whole(catalog, name, span, "the table is dropped"),
        Operation::RenameTable(name, _) | Operation::SetSchema(name, _) => {
            whole(catalog, name, span, "the table is renamed");
        }
        Operation::AddColumn(table, column) => {
            if catalog.tables.get(table).is_none_or(|known| known.column(&column.name).is_none()) {
                one(catalog, table, &column.name, span, "the column is added");
            }
        }
        Operation::DropColumn(table, column, _) => {
            let dropped = catalog.tables.get_mut(table).is_some_and(|table| apply::drop_column(table, column));
            if dropped || !catalog.tables.contains_key(table) {
                one(catalog, table, column, span, "the column is dropped");
            }
        }
        Operation::AlterColumn(change) => {
            if let Some(column) = catalog
                .tables
                .get_mut(&change.table)
                .and_then(|table| table.columns.iter_mut().find(|column| column.name == change.column))
            {
                let stored = |new: &Option<ColumnType>| new.as_ref().map(|found| stored(found, target.dialect));
                if change.column_type.as_ref().is_some_and(|new| kind(&stored(new)) != kind(&column.column_type)) {
                    column.column_type = None;
                }
                if change.nullable.is_some_and(|new| new != column.nullable) {
                    column.nullable = None;
                }
                if change.server_default.as_ref().is_some_and(|new| *new != column.server_default) {
                    column.server_default = ServerDefault::Unknown;
                }
            }
            if change.name.is_some()
                && let Some(table) = catalog.tables.get_mut(&change.table)
            {
                apply::drop_column(table, &change.column);
            }
            one(catalog, &change.table, &change.column, span, "the column is altered");
        }
        Operation::CreateIndex(table, index) => {
            let is_it = |known: &Table| known.indexes.iter().any(|known| known.name == index.name);
            if !catalog.tables.get(table).is_some_and(is_it) {
                whole(catalog, table, span, "an index is made");
            }
        }
        Operation::DropIndex(on, name, _) => {
            for (known, table) in &mut catalog.tables {
                let before = table.indexes.len();
                table.indexes.retain(|index| index.name != *name || name.get().is_none());
                if table.indexes.len() < before {
                    let known = known.clone();
                    return whole(catalog, &known, span, "an index is dropped");
                }
            }
            if let (Some(table), None) = (on, name.get()) {
                whole(catalog, table, span, "an index is dropped");
            }
        }
        Operation::AddConstraint(table, constraint) => {
            let is_it = |known: &Table| match constraint {
                Constraint::PrimaryKey(key) => known.primary_key.as_ref().is_some_and(|it| it.columns == key.columns),
                Constraint::ForeignKey(key) => known.foreign_keys.iter().any(|it| it.name == key.name),
                Constraint::Unique(unique) => known.unique_constraints.iter().any(|it| it.name == unique.name),
                Constraint::Check(check) => known.check_constraints.iter().any(|it| it.name == check.name),
                Constraint::Exclude(exclude) => known.exclude_constraints.iter().any(|it| it.name == exclude.name),
            };
            if !catalog.tables.get(table).is_some_and(is_it) {
                whole(catalog, table, span, "a constraint is added");
            }
        }
        Operation::DropConstraint(table, name, ..) => {
            let dropped = catalog.tables.get_mut(table).is_some_and(|table| apply::drop_constraint(table, name));
            if dropped || name.get().is_none() {
                whole(catalog, table, span, "a constraint is dropped");
            }
        }
        Operation::RenameConstraint(table, ..) => whole(catalog, table, span, "a constraint is renamed"),
        Operation::AddEnumValue(name, ..) | Operation::RenameEnumValue(name, ..) | Operation::RenameEnum(name, _) => {
            catalog.enums.iter_mut().filter(|known| known.name == *name).for_each(|known| known.values = None);
        }
        Operation::CreateEnum(new) => {
            if !catalog.enums.iter().any(|known| known.name == new.name) {
                catalog.enums.push(new.clone());
            }
        }
        Operation::Unknown(tables, why) if tables.is_empty() => catalog.open.push((span, why.clone())),
        Operation::Unknown(tables, why) => {
            tables.iter().for_each(|table| catalog.unresolved(Some(table), None, span, why.clone()));
        }
        Operation::TakeOver { table, .. }
        | Operation::AddConstraintUsingIndex(table, ..)
        | Operation::ValidateConstraint(table, _)
        | Operation::SetIdentity(table, ..)
        | Operation::DropExpression(table, _) => whole(catalog, table, span, "the table is changed"),
        Operation::DropSchema(schema) => catalog.open.push((span, format!("the schema `{schema}` is dropped: {WHY}"))),
        Operation::WherePossible(inner) => perhaps(catalog, &Step { operation: (**inner).clone(), span }, target),
        Operation::RenameIndex(..)
        | Operation::SetTableComment(..)
        | Operation::DropEnum(_)
        | Operation::CreateSequence(_)
        | Operation::DropSequence(_)
        | Operation::Nothing => {}
    }
}

fn kind(found: &Option<ColumnType>) -> Option<&TypeKind> {
    found.as_ref().map(|found| &found.kind)
}

fn whole(catalog: &mut Catalog, table: &TableName, span: Span, what: &str) {
    if catalog.tables.contains_key(table) {
        catalog.unresolved(Some(table), None, span, format!("{what}: {WHY}"));
    }
}

fn one(catalog: &mut Catalog, table: &TableName, column: &str, span: Span, what: &str) {
    catalog.unresolved(Some(table), Some(column), span, format!("{what}: {WHY}"));
}
