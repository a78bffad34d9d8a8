//! [`Operation`]s in an order in which a database takes them.
//!
//! Named types first and last; what refers to a table after the table, what a table refers to dropped after it. Foreign
//! keys that go round in a circle are added by themselves.

use crate::catalog::operation::{Constraint, ConstraintKind, Operation};
use crate::catalog::table::{ForeignKey, Table, TableName};
use crate::catalog::{Catalog, Dialect, Target};

/// Everything in `catalog`, made from nothing.
pub fn creation(catalog: &Catalog, target: &Target) -> Vec<Operation> {
    let mut operations = Vec::new();
    operations.extend(catalog.enums.iter().cloned().map(Operation::CreateEnum));
    operations.extend(catalog.sequences.iter().cloned().map(Operation::CreateSequence));
    for table in catalog.tables.values() {
        operations.push(Operation::CreateTable(Box::new(Table { indexes: Vec::new(), ..table.clone() })));
        for index in &table.indexes {
            operations.push(Operation::CreateIndex(table.name.clone(), Box::new(index.clone())));
        }
    }
    ordered(operations, target)
}

/// When an operation is done; those of the same time stay as they are.
fn time(operation: &Operation, made: &[TableName], gone: &[TableName]) -> u8 {
    let is_new = |table: &TableName| made.contains(table);
    match operation {
        Operation::CreateEnum(_)
        | Operation::AddEnumValue(..)
        | Operation::RenameEnumValue(..)
        | Operation::RenameEnum(..)
        | Operation::CreateSequence(_) => 0,
        Operation::DropConstraint(table, _, Some(ConstraintKind::ForeignKey), _) if !is_new(table) => 1,
        Operation::RenameTable(..) | Operation::SetSchema(..) => 2,
        Operation::CreateTable(_) => 3,
        Operation::CreateIndex(table, _) if is_new(table) => 3,
        Operation::AddConstraint(_, Constraint::ForeignKey(_)) => 6,
        Operation::DropIndex(Some(table), ..) if gone.contains(table) => 7,
        Operation::DropTable(..) => 7,
        Operation::DropEnum(_) | Operation::DropSequence(_) => 8,
        Operation::DropColumn(..) => 5,
        _ => 4,
    }
}

/// `operations` in their order.
pub fn ordered(operations: Vec<Operation>, target: &Target) -> Vec<Operation> {
    let mut made: Vec<Table> = Vec::new();
    let mut gone: Vec<(TableName, Option<Box<Table>>)> = Vec::new();
    let mut rest: Vec<Operation> = Vec::new();
    for operation in operations {
        match operation {
            Operation::CreateTable(table) => made.push(*table),
            Operation::DropTable(name, table) => gone.push((name, table)),
            other => rest.push(other),
        }
    }
    let (made, apart) = sorted(made, target.dialect);
    let names: Vec<TableName> = made.iter().map(|table| table.name.clone()).collect();
    let gone = sorted_away(gone, target.dialect);
    let gone_names: Vec<TableName> = gone.iter().map(|(name, _)| name.clone()).collect();
    // A table brings its types with it.
    let brought: Vec<TableName> = made
        .iter()
        .flat_map(|table| &table.columns)
        .filter_map(|column| Some(column.column_type.as_ref()?.named_enum(target.dialect)?.0))
        .collect();
    rest.retain(|operation| !matches!(operation, Operation::CreateEnum(found) if brought.contains(&found.name)));
    let take = |rest: &mut Vec<Operation>, wanted: &dyn Fn(&Operation) -> bool| {
        let (taken, left): (Vec<_>, Vec<_>) = rest.drain(..).partition(|operation| wanted(operation));
        *rest = left;
        taken
    };
    let mut all = Vec::new();
    for table in made {
        let name = table.name.clone();
        all.push(Operation::CreateTable(Box::new(table)));
        let mut indexes = take(&mut rest, &|it| matches!(it, Operation::CreateIndex(table, _) if *table == name));
        indexes.sort_by_key(|it| match it {
            Operation::CreateIndex(_, index) => index.name.get().map(str::to_owned),
            _ => None,
        });
        all.extend(indexes);
    }
    all.extend(apart.into_iter().map(|(table, key)| Operation::AddConstraint(table, Constraint::ForeignKey(key))));
    let mut last = Vec::new();
    for (name, table) in gone {
        last.extend(take(&mut rest, &|it| matches!(it, Operation::DropIndex(Some(table), ..) if *table == name)));
        last.push(Operation::DropTable(name, table));
    }
    all.extend(rest);
    all.extend(last);
    all.sort_by_key(|operation| time(operation, &names, &gone_names));
    all
}

/// Tables after those that they refer to, by name where that leaves a choice; and the foreign keys that have to be added
/// by themselves. SQLite has no way to add one, and takes a reference to a table that is not there yet.
fn sorted(tables: Vec<Table>, dialect: Dialect) -> (Vec<Table>, Vec<(TableName, ForeignKey)>) {
    let mut apart: Vec<(TableName, ForeignKey)> = Vec::new();
    let mut waiting = tables;
    waiting.sort_by(|one, other| one.name.cmp(&other.name));
    for table in &mut waiting {
        let is_apart = |key: &ForeignKey| key.use_alter && dialect != Dialect::Sqlite;
        let (later, now): (Vec<_>, Vec<_>) = table.foreign_keys.drain(..).partition(is_apart);
        table.foreign_keys = now;
        apart.extend(later.into_iter().map(|key| (table.name.clone(), key)));
    }
    let mut done: Vec<Table> = Vec::new();
    while !waiting.is_empty() {
        let is_waiting =
            |name: &TableName, of: &TableName| name != of && waiting.iter().any(|table| table.name == *name);
        let is_free = |table: &Table| !table.foreign_keys.iter().any(|key| is_waiting(&key.target, &table.name));
        let (free, bound): (Vec<bool>, usize) = {
            let free: Vec<bool> = waiting.iter().map(is_free).collect();
            let bound = free.iter().filter(|free| !**free).count();
            (free, bound)
        };
        if bound == waiting.len() {
            // A circle: the table on it with the fewest such keys gives them up.
            let names: Vec<TableName> = waiting.iter().map(|table| table.name.clone()).collect();
            let held = |table: &Table| {
                table.foreign_keys.iter().filter(|key| key.target != table.name && names.contains(&key.target)).count()
            };
            let on_circle = |table: &Table| reaches_itself(&waiting, &table.name);
            let at = (0..waiting.len()).filter(|at| on_circle(&waiting[*at])).min_by_key(|at| held(&waiting[*at]));
            if dialect == Dialect::Sqlite {
                done.push(waiting.remove(at.unwrap_or(0)));
                continue;
            }
            let table = &mut waiting[at.unwrap_or(0)];
            let own = table.name.clone();
            let (later, now): (Vec<_>, Vec<_>) =
                table.foreign_keys.drain(..).partition(|key| key.target != own && names.contains(&key.target));
            table.foreign_keys = now;
            apart.extend(later.into_iter().map(|key| (own.clone(), key)));
            continue;
        }
        let mut free = free.into_iter();
        let (now, later): (Vec<_>, Vec<_>) = waiting.drain(..).partition(|_| free.next().unwrap_or(true));
        done.extend(now);
        waiting = later;
    }
    (done, apart)
}

/// Do the foreign keys of a table lead back to it?
fn reaches_itself(tables: &[Table], start: &TableName) -> bool {
    let of = |name: &TableName| tables.iter().find(|table| table.name == *name);
    let mut seen: Vec<&TableName> = Vec::new();
    let mut next: Vec<&TableName> = of(start).into_iter().flat_map(targets).collect();
    while let Some(name) = next.pop() {
        if name == start {
            return true;
        }
        if !seen.contains(&name) {
            seen.push(name);
            next.extend(of(name).into_iter().flat_map(targets));
        }
    }
    false
}

/// The other tables that a table refers to.
fn targets(table: &Table) -> impl Iterator<Item = &TableName> {
    table.foreign_keys.iter().map(|key| &key.target).filter(|target| **target != table.name)
}

/// Tables to drop, before those that they refer to.
fn sorted_away(gone: Vec<(TableName, Option<Box<Table>>)>, dialect: Dialect) -> Vec<(TableName, Option<Box<Table>>)> {
    let known: Vec<Table> = gone.iter().filter_map(|(_, table)| table.as_deref().cloned()).collect();
    let (order, _) = sorted(known, dialect);
    let mut gone = gone;
    gone.sort_by_key(|(name, _)| {
        let place = order.iter().position(|table| table.name == *name);
        std::cmp::Reverse(place.unwrap_or(usize::MAX))
    });
    gone
}
