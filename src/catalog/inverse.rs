//! An [`Operation`] → those that undo it.

use crate::catalog::completed::with_cast;
use crate::catalog::operation::{AlterColumn, Constraint, ConstraintKind, Operation};
use crate::catalog::render::constraint::standalone_name;
use crate::catalog::table::{Name, ServerDefault, Table, TableName};
use crate::catalog::{Catalog, Target};

/// What undoes `operations`, in the order to do it; what can't be undone is an [`Operation::Unknown`] that says why.
/// `before` is what there was before them.
pub fn inverse(operations: &[Operation], before: &Catalog, target: &Target) -> Vec<Operation> {
    let mut found: Vec<Operation> = Vec::new();
    for operation in operations.iter().rev() {
        for again in one(operation, before, target) {
            // An index that was dropped before its table is made again with the table.
            let is_made = |it: &Operation| match (it, &again) {
                (Operation::CreateIndex(one, index), Operation::CreateIndex(other, same)) => {
                    one == other && index.name == same.name
                }
                _ => false,
            };
            if !found.iter().any(is_made) {
                found.push(again);
            }
        }
    }
    // Types that tables brought with them stay when the tables go.
    for operation in operations.iter().rev() {
        let Operation::CreateTable(table) = operation else { continue };
        for column in &table.columns {
            let Some((mut name, of)) = column.column_type.as_ref().and_then(|it| it.named_enum(target.dialect)) else {
                continue;
            };
            if of.inherits_schema && name.schema.is_none() {
                name.schema.clone_from(&table.name.schema);
            }
            let was_there = before.enums.iter().any(|known| known.name == name);
            let dropped = Operation::DropEnum(name);
            if !was_there && !of.not_created && !found.contains(&dropped) {
                found.push(dropped);
            }
        }
    }
    found
}

fn one(operation: &Operation, before: &Catalog, target: &Target) -> Vec<Operation> {
    let cannot = |why: String| vec![Operation::Unknown(Vec::new(), why)];
    match operation {
        Operation::CreateTable(table) => vec![Operation::DropTable(table.name.clone(), Some(table.clone()))],
        Operation::DropTable(name, known) => match known.as_deref().or_else(|| before.table(name)) {
            Some(table) => made_again(table),
            None => cannot(format!("`{name}` is not made again: nothing tells how it was")),
        },
        Operation::RenameTable(from, to) => vec![Operation::RenameTable(to.clone(), from.clone())],
        Operation::AddColumn(table, column) => {
            vec![Operation::DropColumn(table.clone(), column.name.clone(), Some(column.clone()))]
        }
        Operation::DropColumn(table, name, known) => {
            let was = || before.table(table).and_then(|table| table.column(name));
            match known.as_deref().or_else(was) {
                Some(column) => vec![Operation::AddColumn(table.clone(), Box::new(column.clone()))],
                None => cannot(format!("`{table}.{name}` is not added again: nothing tells how it was")),
            }
        }
        Operation::AlterColumn(alter) => vec![Operation::AlterColumn(Box::new(altered_back(alter, before, target)))],
        Operation::CreateIndex(table, index) => {
            vec![Operation::DropIndex(Some(table.clone()), index.name.clone(), Some(index.clone()))]
        }
        Operation::DropIndex(table, name, known) => {
            let mut tables = before.tables.values().filter(|it| table.as_ref().is_none_or(|table| it.name == *table));
            let found = tables.find_map(|it| {
                let index = it.indexes.iter().find(|index| index.name == *name)?;
                Some((it.name.clone(), Box::new(index.clone())))
            });
            match (table.clone().zip(known.clone())).or(found) {
                Some((table, index)) => vec![Operation::CreateIndex(table, index)],
                None => cannot(format!("the index `{}` is not made again: nothing tells how it was", shown(name))),
            }
        }
        Operation::AddConstraint(table, constraint) => {
            let name = standalone_name(table, constraint).map_or(Name::Unknown, Name::Is);
            let kind = Some(kind(constraint));
            vec![Operation::DropConstraint(table.clone(), name, kind, Some(Box::new(constraint.clone())))]
        }
        Operation::DropConstraint(table, name, _, known) => {
            let was = || before.table(table).and_then(|table| constraint_of(table, name)).map(Box::new);
            match known.clone().or_else(was) {
                Some(constraint) => vec![Operation::AddConstraint(table.clone(), *constraint)],
                None => cannot(format!("the constraint `{}` is not made again: nothing tells how it was", shown(name))),
            }
        }
        Operation::RenameConstraint(table, from, to) => {
            vec![Operation::RenameConstraint(table.clone(), to.clone(), from.clone())]
        }
        Operation::RenameIndex(table, from, to) => {
            let now = TableName::within(from.schema.as_deref(), to.clone());
            vec![Operation::RenameIndex(table.clone(), now, from.name.clone())]
        }
        Operation::SetTableComment(table, _) => {
            let comment = before.table(table).and_then(|table| table.comment.clone());
            vec![Operation::SetTableComment(table.clone(), comment)]
        }
        Operation::SetSchema(table, schema) => {
            let now = TableName::within(schema.as_deref(), table.name.clone());
            vec![Operation::SetSchema(now, table.schema.clone())]
        }
        Operation::CreateEnum(found) => vec![Operation::DropEnum(found.name.clone())],
        Operation::DropEnum(name) => match before.enums.iter().find(|found| found.name == *name) {
            Some(found) => vec![Operation::CreateEnum(found.clone())],
            None => cannot(format!("the type `{name}` is not made again: nothing tells how it was")),
        },
        Operation::AddEnumValue(name, value, _) => {
            cannot(format!("`{value}` stays in the type `{name}`: PostgreSQL can't take a value out of it"))
        }
        Operation::RenameEnumValue(name, from, to) => {
            vec![Operation::RenameEnumValue(name.clone(), to.clone(), from.clone())]
        }
        Operation::RenameEnum(from, to) => {
            let now = TableName::within(from.schema.as_deref(), to.clone());
            vec![Operation::RenameEnum(now, from.name.clone())]
        }
        Operation::CreateSequence(sequence) => vec![Operation::DropSequence(sequence.name.clone())],
        Operation::DropSequence(name) => match before.sequences.iter().find(|found| found.name == *name) {
            Some(found) => vec![Operation::CreateSequence(found.clone())],
            None => cannot(format!("the sequence `{name}` is not made again: nothing tells how it was")),
        },
        Operation::SetIdentity(table, column, _) => {
            let was = before.table(table).and_then(|table| table.column(column)).and_then(|it| it.identity.clone());
            vec![Operation::SetIdentity(table.clone(), column.clone(), was)]
        }
        Operation::ValidateConstraint(..) | Operation::Nothing => Vec::new(),
        Operation::WherePossible(operation) => one(operation, before, target),
        Operation::DropSchema(_)
        | Operation::TakeOver { .. }
        | Operation::AddConstraintUsingIndex(..)
        | Operation::DropExpression(..) => cannot("a statement can't be undone: nothing tells how it was".to_owned()),
        Operation::Unknown(tables, why) => vec![Operation::Unknown(tables.clone(), why.clone())],
    }
}

fn shown(name: &Name) -> &str {
    name.get().unwrap_or("?")
}

fn made_again(table: &Table) -> Vec<Operation> {
    let bare = Table { indexes: Vec::new(), ..table.clone() };
    let mut found = vec![Operation::CreateTable(Box::new(bare))];
    found.extend(table.indexes.iter().map(|index| Operation::CreateIndex(table.name.clone(), Box::new(index.clone()))));
    found
}

/// The opposite change: what was is what shall be, and the other way round.
fn altered_back(alter: &AlterColumn, before: &Catalog, target: &Target) -> AlterColumn {
    let was = alter
        .existing
        .clone()
        .or_else(|| before.table(&alter.table).and_then(|table| table.column(&alter.column)).cloned().map(Box::new));
    let now = alter.name.clone().unwrap_or_else(|| alter.column.clone());
    let mut back = AlterColumn::of(alter.table.clone(), now.clone());
    back.name = alter.name.as_ref().map(|_| alter.column.clone());
    let mut existing = was.clone();
    if let Some(column) = &mut existing {
        column.name = now;
        if let Some(of) = &alter.column_type {
            column.column_type.clone_from(of);
        }
        if let Some(nullable) = alter.nullable {
            column.nullable = nullable;
        }
        if let Some(default) = &alter.server_default {
            column.server_default = default.clone();
        }
        if let Some(comment) = &alter.comment {
            column.comment.clone_from(comment);
        }
    }
    let type_before = || was.as_ref().and_then(|column| column.column_type.clone());
    back.column_type = alter.column_type.as_ref().map(|_| type_before());
    back.nullable = alter.nullable.map(|_| was.as_ref().and_then(|column| column.nullable));
    let default_before = || was.as_ref().map_or(ServerDefault::Unknown, |column| column.server_default.clone());
    back.server_default = alter.server_default.as_ref().map(|_| default_before());
    back.comment = alter.comment.as_ref().map(|_| was.as_ref().and_then(|column| column.comment.clone()));
    back.existing = existing;
    with_cast(back, target)
}

fn kind(constraint: &Constraint) -> ConstraintKind {
    match constraint {
        Constraint::PrimaryKey(_) => ConstraintKind::PrimaryKey,
        Constraint::ForeignKey(_) => ConstraintKind::ForeignKey,
        Constraint::Unique(_) => ConstraintKind::Unique,
        Constraint::Check(_) => ConstraintKind::Check,
        Constraint::Exclude(_) => ConstraintKind::Exclude,
    }
}

/// The constraint of a table that has this name.
fn constraint_of(table: &Table, name: &Name) -> Option<Constraint> {
    let is = |other: &Name| name.get().is_some() && other == name;
    let primary = table.primary_key.iter().filter(|it| is(&it.name)).cloned().map(Constraint::PrimaryKey);
    let foreign = table.foreign_keys.iter().filter(|it| is(&it.name)).cloned().map(Constraint::ForeignKey);
    let unique = table.unique_constraints.iter().filter(|it| is(&it.name)).cloned().map(Constraint::Unique);
    let check = table.check_constraints.iter().filter(|it| is(&it.name)).cloned().map(Constraint::Check);
    let exclude = table.exclude_constraints.iter().filter(|it| is(&it.name)).cloned().map(Constraint::Exclude);
    primary.chain(foreign).chain(unique).chain(check).chain(exclude).next()
}
