//! Operations → the changes in words, for the docstring and the terminal.

use crate::catalog::diff::renames::Rename;
use crate::catalog::operation::{AlterColumn, Constraint, ConstraintKind, Operation};
use crate::catalog::table::{Column, Name, ServerDefault, TableName};
use crate::catalog::{Target, statements};

/// One line for each change; what comes with a new table, or goes with an old one, is told with it.
pub fn changes(operations: &[Operation], target: &Target) -> Vec<String> {
    let made = |table: &TableName| {
        operations.iter().any(|it| matches!(it, Operation::CreateTable(found) if found.name == *table))
    };
    let gone =
        |table: &TableName| operations.iter().any(|it| matches!(it, Operation::DropTable(name, _) if name == table));
    let told = |operation: &&Operation| match operation {
        Operation::CreateIndex(table, _) => !made(table),
        Operation::DropIndex(Some(table), ..) => !gone(table),
        Operation::Nothing => false,
        _ => true,
    };
    operations.iter().filter(told).map(|operation| one(operation, operations, target)).collect()
}

/// What autogenerate takes for a removal and an addition, and was probably a rename.
pub fn renamed(rename: &Rename) -> String {
    let schema = rename.table.schema.as_ref().map(|schema| format!(", schema='{schema}'")).unwrap_or_default();
    let table = &rename.table.name;
    match (&rename.column, &rename.renamed_to) {
        (Some((from, to)), _) => format!(
            "renamed? then, instead of the lines for both: \
             op.alter_column('{table}', '{from}', new_column_name='{to}'{schema})"
        ),
        (None, Some(to)) => {
            format!("renamed? then, instead of the lines for both: op.rename_table('{table}', '{}'{schema})", to.name)
        }
        (None, None) => format!("renamed? {table}"),
    }
}

/// The lines that go into a docstring.
pub fn listed(changes: &[String]) -> String {
    let lines = changes.iter().map(|change| format!("- {change}\n"));
    format!("Drafted by limbeck:\n{}", lines.collect::<String>())
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}{}", if what.ends_with('x') { "es" } else { "s" }),
    }
}

fn one(operation: &Operation, all: &[Operation], target: &Target) -> String {
    match operation {
        Operation::CreateTable(table) => {
            let indexes =
                all.iter().filter(|it| matches!(it, Operation::CreateIndex(name, _) if *name == table.name)).count();
            let columns = count(table.columns.len(), "column");
            match indexes {
                0 => format!("create table {} ({columns})", table.name),
                indexes => format!("create table {} ({columns}, {})", table.name, count(indexes, "index")),
            }
        }
        Operation::DropTable(table, _) => format!("drop table {table}"),
        Operation::RenameTable(from, to) => format!("rename table {from} to {to}"),
        Operation::AddColumn(table, column) => {
            format!("add column {table}.{}{}", column.name, brackets(column, target))
        }
        Operation::DropColumn(table, column, _) => format!("drop column {table}.{column}"),
        Operation::AlterColumn(alter) => altered(alter, target),
        Operation::CreateIndex(table, index) => format!("create index {} on {table}", shown(&index.name)),
        Operation::DropIndex(Some(table), name, _) => format!("drop index {} of {table}", shown(name)),
        Operation::DropIndex(None, name, _) => format!("drop index {}", shown(name)),
        Operation::AddConstraint(table, constraint) => format!("add {}", constrained(table, constraint)),
        Operation::DropConstraint(table, name, kind, _) => {
            let kind = kind.map_or("constraint", kind_word);
            format!("drop {kind} {} of {table}", shown(name))
        }
        Operation::RenameConstraint(table, from, to) => format!("rename constraint {from} of {table} to {to}"),
        Operation::RenameIndex(_, from, to) => format!("rename index {from} to {to}"),
        Operation::SetTableComment(table, Some(_)) => format!("set the comment of {table}"),
        Operation::SetTableComment(table, None) => format!("drop the comment of {table}"),
        Operation::SetSchema(table, schema) => {
            format!("move {table} to the schema {}", schema.as_deref().unwrap_or("by default"))
        }
        Operation::CreateEnum(found) => format!("create type {}", found.name),
        Operation::AddEnumValue(name, value, _) => format!("add '{value}' to type {name}"),
        Operation::RenameEnumValue(name, from, to) => format!("rename '{from}' of type {name} to '{to}'"),
        Operation::RenameEnum(from, to) => format!("rename type {from} to {to}"),
        Operation::DropEnum(name) => format!("drop type {name}"),
        Operation::Unknown(_, why) => why.clone(),
        // What has no word of its own is told as SQL.
        other => statements::of(std::slice::from_ref(other), target).join("; "),
    }
}

fn shown(name: &Name) -> &str {
    name.get().unwrap_or("without a name")
}

fn brackets(column: &Column, target: &Target) -> String {
    let of = column.column_type.as_ref().and_then(|of| of.ddl(target));
    let not_null = (column.nullable == Some(false)).then(|| "NOT NULL".to_owned());
    let told: Vec<String> = of.into_iter().chain(not_null).collect();
    if told.is_empty() { String::new() } else { format!(" ({})", told.join(", ")) }
}

fn altered(alter: &AlterColumn, target: &Target) -> String {
    let mut told = Vec::new();
    if let Some(name) = &alter.name {
        told.push(format!("renamed to {name}"));
    }
    if let Some(of) = &alter.column_type {
        let to = of.as_ref().and_then(|of| of.ddl(target)).unwrap_or_else(|| "another type".to_owned());
        let from = alter.existing.as_ref().and_then(|column| column.column_type.as_ref()?.ddl(target));
        told.push(from.map_or(format!("to {to}"), |from| format!("from {from} to {to}")));
    }
    match alter.nullable {
        Some(Some(true)) => told.push("may be NULL".to_owned()),
        Some(Some(false)) => told.push("NOT NULL".to_owned()),
        Some(None) | None => {}
    }
    match &alter.server_default {
        Some(ServerDefault::None) => told.push("no default".to_owned()),
        Some(ServerDefault::Sql(text)) => told.push(format!("default {text}")),
        Some(ServerDefault::Unknown) | None => {}
    }
    if alter.comment.is_some() {
        told.push("another comment".to_owned());
    }
    format!("alter column {}.{}: {}", alter.table, alter.column, told.join(", "))
}

fn constrained(table: &TableName, constraint: &Constraint) -> String {
    let on = |columns: &[String]| format!("({})", columns.join(", "));
    match constraint {
        Constraint::PrimaryKey(key) => format!("primary key {table}{}", on(&key.columns)),
        Constraint::ForeignKey(key) => {
            format!("foreign key {table}{} to {}{}", on(&key.columns), key.target, on(&key.target_columns))
        }
        Constraint::Unique(unique) => format!("unique constraint {table}{}", on(&unique.columns)),
        Constraint::Check(check) => format!("check constraint {} to {table}", check.text.as_deref().unwrap_or("?")),
        Constraint::Exclude(_) => format!("exclusion constraint to {table}"),
    }
}

fn kind_word(kind: ConstraintKind) -> &'static str {
    match kind {
        ConstraintKind::PrimaryKey => "primary key",
        ConstraintKind::ForeignKey => "foreign key",
        ConstraintKind::Unique => "unique constraint",
        ConstraintKind::Check => "check constraint",
        ConstraintKind::Exclude => "exclusion constraint",
    }
}
