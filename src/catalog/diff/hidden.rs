//! What differs and autogenerate does not see: the values of enums, the texts of checks, primary keys.

use std::collections::BTreeSet;

use crate::catalog::diff::Options;
use crate::catalog::diff::default_names::{self, Named};
use crate::catalog::diff::options::{End, Switch};
use crate::catalog::operation::{Constraint, ConstraintKind, Operation, Side};
use crate::catalog::table::{CheckConstraint, Name, PrimaryKey, Table, TableName};
use crate::catalog::{Catalog, Dialect};
use crate::source::Span;

/// A difference that autogenerate does not see.
#[derive(Clone, Debug, PartialEq)]
pub struct Hidden {
    /// The table; `None`: an enum, which belongs to none.
    pub table: Option<TableName>,
    /// What differs.
    pub what: What,
    /// Where the models say so.
    pub model: Span,
    /// Where the migrations made what the database has.
    pub migration: Span,
    /// What would make them equal, where that is known.
    pub operations: Vec<Operation>,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The values of an enum: those that the database lacks, and those that it has besides.
    EnumValues(TableName, Vec<String>, Vec<String>),
    /// The columns of the primary key: before and after.
    PrimaryKey(Vec<String>, Vec<String>),
    /// The text of a check: its name, before and after.
    Check(String, String, String),
    /// A named check that the database lacks.
    CheckMissing(String),
}

impl Hidden {
    /// What it is known by, without places: `enum:status`.
    pub fn key(&self) -> String {
        let table = self.table.as_ref().map(ToString::to_string).unwrap_or_default();
        match &self.what {
            What::EnumValues(name, ..) => format!("enum:{name}"),
            What::PrimaryKey(..) => format!("primary_key:{table}"),
            What::Check(name, ..) | What::CheckMissing(name) => format!("check:{table}.{name}"),
        }
    }
}

/// Compares what Alembic passes over, in what both sides have.
pub fn compare(found: &Catalog, declared: &Catalog, options: &Options<'_>) -> Vec<Hidden> {
    let mut hidden = Vec::new();
    if options.target.dialect == Dialect::Postgresql {
        enums(found, declared, options, &mut hidden);
    }
    for after in declared.tables.values() {
        let name = options.plain(&after.name);
        let before = found.tables.get(&after.name).or_else(|| found.tables.get(&name));
        let Some(before) = before else { continue };
        let is_seen = options.includes_table(&name, End::Both) == Some(true)
            && (name.schema.is_none() || options.include_schemas != Switch::Off);
        if is_seen && before.complete && after.complete {
            primary_key(before, after, options.target.dialect, &mut hidden);
            checks(before, after, &mut hidden);
        }
    }
    hidden
}

fn enums(found: &Catalog, declared: &Catalog, options: &Options<'_>, hidden: &mut Vec<Hidden>) {
    for after in &declared.enums {
        let name = options.plain(&after.name);
        let Some(before) = found.enums.iter().find(|known| options.plain(&known.name) == name) else { continue };
        let (Some(old), Some(new)) = (&before.values, &after.values) else { continue };
        let lacks = |values: &[String], wanted: &[String]| -> Vec<String> {
            let known: BTreeSet<&String> = values.iter().collect();
            wanted.iter().filter(|value| !known.contains(value)).cloned().collect()
        };
        let (missing, extra) = (lacks(old, new), lacks(new, old));
        if missing.is_empty() && extra.is_empty() {
            continue;
        }
        let operations = missing.iter().map(|value| {
            let at = new.iter().position(|known| known == value).unwrap_or(0);
            let place = (at > 0).then(|| (Side::After, new[at - 1].clone()));
            Operation::AddEnumValue(after.name.clone(), value.clone(), place)
        });
        hidden.push(Hidden {
            table: None,
            operations: operations.collect(),
            what: What::EnumValues(after.name.clone(), missing, extra),
            model: after.span,
            migration: before.span,
        });
    }
}

fn primary_key(before: &Table, after: &Table, dialect: Dialect, hidden: &mut Vec<Hidden>) {
    let (Some(old), Some(new)) = (&before.primary_key, &after.primary_key) else { return };
    let sorted = |columns: &[String]| {
        let mut columns = columns.to_vec();
        columns.sort();
        columns
    };
    if sorted(&old.columns) != sorted(&new.columns) {
        hidden.push(Hidden {
            table: Some(after.name.clone()),
            what: What::PrimaryKey(old.columns.clone(), new.columns.clone()),
            model: new.span,
            migration: old.span,
            operations: key_changed(&after.name, old, new, dialect),
        });
    }
}

/// The old key away, the new one added.
fn key_changed(table: &TableName, old: &PrimaryKey, new: &PrimaryKey, dialect: Dialect) -> Vec<Operation> {
    let kind = Some(ConstraintKind::PrimaryKey);
    let name = default_names::name(&old.name, Named::PrimaryKey, &table.name, &[], 0, dialect);
    let named = PrimaryKey { name: name.clone(), ..old.clone() };
    let drop =
        Operation::DropConstraint(table.clone(), name.clone(), kind, Some(Box::new(Constraint::PrimaryKey(named))));
    let add = Operation::AddConstraint(table.clone(), Constraint::PrimaryKey(new.clone()));
    let drop = (!old.columns.is_empty()).then_some(drop);
    drop.into_iter().chain((!new.columns.is_empty()).then_some(add)).collect()
}

/// Checks with the same name and another text. Only plain texts are compared: both are as somebody wrote them.
fn checks(before: &Table, after: &Table, hidden: &mut Vec<Hidden>) {
    let written = |check: &CheckConstraint| Some((check.name.get()?.to_owned(), plain(check.text.as_ref()?)));
    for new in after.check_constraints.iter().filter(|check| !check.of_type) {
        let Some((name, after_text)) = written(new) else { continue };
        let same_name = before.check_constraints.iter().find(|check| check.name.get() == Some(name.as_str()));
        let what = match same_name {
            Some(old) => match written(old) {
                Some((_, before_text)) if before_text != after_text => {
                    What::Check(name, old.text.clone().unwrap_or_default(), new.text.clone().unwrap_or_default())
                }
                _ => continue,
            },
            // One of another name, or without, may be the same check.
            None if before.check_constraints.iter().any(|check| {
                check.name == Name::Unknown || check.text.as_ref().is_none_or(|text| plain(text) == after_text)
            }) =>
            {
                continue;
            }
            None => What::CheckMissing(name),
        };
        let migration = same_name.map_or(before.span, |old| old.span);
        hidden.push(Hidden {
            table: Some(after.name.clone()),
            what,
            model: new.span,
            migration,
            operations: Vec::new(),
        });
    }
}

/// Without blanks, brackets, quotes of names, casts of literals, and in small letters outside of strings.
fn plain(text: &str) -> String {
    let mut result = String::new();
    let mut in_string = false;
    for letter in text.chars() {
        in_string ^= letter == '\'';
        match letter {
            '(' | ')' | '"' | '`' if !in_string => {}
            letter if letter.is_whitespace() && !in_string => {}
            letter if in_string => result.push(letter),
            letter => result.extend(letter.to_lowercase()),
        }
    }
    result.replace("!=", "<>")
}
