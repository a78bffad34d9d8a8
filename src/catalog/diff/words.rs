//! A difference in words: what it is about, and what is there before and after.

use crate::catalog::Target;
use crate::catalog::diff::change::{Change, Word};
use crate::catalog::diff::hidden::{Hidden, What};
use crate::catalog::diff::renames::Rename;
use crate::catalog::operation::{AlterColumn, Constraint, Operation};
use crate::catalog::table::{Column, Identity, Index, Name, ServerDefault};

/// What a change is about: ``column `item.price` ``.
pub fn subject(change: &Change) -> String {
    let table = &change.table;
    match part(change) {
        Some(Part::Column(column)) => format!("column `{table}.{column}`"),
        Some(Part::Other(words)) => format!("{words} of `{table}`"),
        None => format!("table `{table}`"),
    }
}

/// The same for a list under the table's name: ``column price``.
pub fn in_table(change: &Change) -> String {
    match part(change) {
        Some(Part::Column(column)) => format!("column {column}"),
        Some(Part::Other(words)) => words.replace('`', ""),
        None => "table".to_owned(),
    }
}

enum Part<'c> {
    Column(&'c str),
    Other(String),
}

fn part(change: &Change) -> Option<Part<'_>> {
    match &change.operation {
        Operation::CreateIndex(_, index) | Operation::DropIndex(_, _, Some(index)) => {
            Some(Part::Other(of_index(index)))
        }
        Operation::AddConstraint(_, constraint) => Some(Part::Other(of_constraint(constraint))),
        Operation::DropConstraint(_, _, _, Some(constraint)) => Some(Part::Other(of_constraint(constraint))),
        Operation::SetTableComment(..) => Some(Part::Other("the comment".to_owned())),
        _ => change.column().map(Part::Column),
    }
}

fn named(name: &Name) -> String {
    name.get().map(|name| format!(" `{name}`")).unwrap_or_default()
}

fn of_index(index: &Index) -> String {
    let unique = if index.unique { "unique " } else { "" };
    let columns: Vec<&str> = index.elements.iter().map(|element| element.column().unwrap_or("…")).collect();
    format!("{unique}index{} ({})", named(&index.name), columns.join(", "))
}

fn of_constraint(constraint: &Constraint) -> String {
    let name = named(constraint.name());
    match constraint {
        Constraint::PrimaryKey(key) => format!("primary key{name} ({})", key.columns.join(", ")),
        Constraint::ForeignKey(key) => {
            let action = key.ondelete.as_ref().map(|action| format!(" ON DELETE {action}")).unwrap_or_default();
            format!("foreign key{name} ({}) to {}{action}", key.columns.join(", "), key.target)
        }
        Constraint::Unique(unique) => format!("unique constraint{name} ({})", unique.columns.join(", ")),
        Constraint::Check(_) => format!("check{name}"),
        Constraint::Exclude(_) => format!("exclusion constraint{name}"),
    }
}

/// What an altered column has before and after, as SQL; `None` on a side: it could not be read, or nothing is there.
pub fn sides(alter: &AlterColumn, word: Word, target: &Target) -> (Option<String>, Option<String>) {
    let existing = alter.existing.as_deref();
    let nullable = |nullable: bool| if nullable { "NULL" } else { "NOT NULL" }.to_owned();
    match word {
        Word::ModifyType => (
            existing.and_then(|column| column.column_type.as_ref()?.ddl(target)),
            alter.column_type.as_ref().and_then(|found| found.as_ref()?.ddl(target)),
        ),
        Word::ModifyNullable => {
            (existing.and_then(|column| column.nullable).map(nullable), alter.nullable.flatten().map(nullable))
        }
        Word::ModifyDefault => match &alter.identity {
            Some(new) => (existing.and_then(|column| identity(column.identity.as_ref())), identity(new.as_ref())),
            None => (
                existing.and_then(|column| default(&column.server_default)),
                alter.server_default.as_ref().and_then(default),
            ),
        },
        Word::ModifyComment => (existing.and_then(|column| column.comment.clone()), alter.comment.clone().flatten()),
        _ => (None, None),
    }
}

fn default(default: &ServerDefault) -> Option<String> {
    match default {
        ServerDefault::None => None,
        ServerDefault::Sql(text) => Some(text.clone()),
        ServerDefault::Unknown => Some("…".to_owned()),
    }
}

fn identity(identity: Option<&Identity>) -> Option<String> {
    let always = identity?.always;
    Some(format!("GENERATED {} AS IDENTITY", if always { "ALWAYS" } else { "BY DEFAULT" }))
}

/// What of a column a word is about: `type`, `default`.
pub fn aspect(word: Word) -> &'static str {
    match word {
        Word::ModifyType => "type",
        Word::ModifyNullable => "nullability",
        Word::ModifyDefault => "default",
        _ => "comment",
    }
}

/// `VARCHAR(20) NOT NULL`
pub fn definition(column: &Column, target: &Target) -> String {
    let mut text = column.column_type.as_ref().and_then(|found| found.ddl(target)).unwrap_or_else(|| "…".to_owned());
    if let Some(default) = default(&column.server_default) {
        text += &format!(" DEFAULT {default}");
    }
    if column.nullable == Some(false) {
        text += " NOT NULL";
    }
    text
}

/// What autogenerate does not see, as a sentence.
pub fn hidden(hidden: &Hidden) -> String {
    let list = |values: &[String]| format!("'{}'", values.join("', '"));
    let table = hidden.table.as_ref().map(ToString::to_string).unwrap_or_default();
    match &hidden.what {
        What::EnumValues(name, missing, extra) if extra.is_empty() => {
            format!("no migration adds {} to enum `{name}`", list(missing))
        }
        What::EnumValues(name, missing, extra) if missing.is_empty() => {
            format!("the models have no {} in enum `{name}`", list(extra))
        }
        What::EnumValues(name, missing, extra) => {
            format!("enum `{name}` has {} in the models, and {} in the migrations", list(missing), list(extra))
        }
        What::PrimaryKey(before, after) => format!(
            "the primary key of `{table}` is ({}) in the models, and ({}) in the migrations",
            after.join(", "),
            before.join(", ")
        ),
        What::Check(name, before, after) => {
            format!("check `{name}` of `{table}` is `{after}` in the models, and `{before}` in the migrations")
        }
        What::CheckMissing(name) => format!("no migration adds check `{name}` to `{table}`"),
    }
}

/// The line of a revision that renames.
pub fn renaming(rename: &Rename) -> String {
    let schema = rename.table.schema.as_ref().map(|schema| format!(", schema={schema:?}")).unwrap_or_default();
    let table = &rename.table.name;
    match (&rename.column, &rename.renamed_to) {
        (Some((from, to)), _) => format!("op.alter_column({table:?}, {from:?}, new_column_name={to:?}{schema})"),
        (None, Some(to)) => format!("op.rename_table({table:?}, {:?}{schema})", to.name),
        (None, None) => String::new(),
    }
}
