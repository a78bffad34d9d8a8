//! A catalogue as an entity-relationship diagram for Mermaid.
//!
//! Each table shows its columns with their keys; a line says how many rows of one belong to how many of the other. A
//! large schema shows the columns that are keys, and leaves the others to the Markdown listing.

use std::collections::BTreeSet;

use crate::catalog::table::{Column, ForeignKey, Table, TableName};
use crate::catalog::{Catalog, Target};

/// With more tables than this only keys are shown.
const LARGE: usize = 20;

/// The diagram of several catalogues, each with its title.
pub fn document(parts: &[(Option<&str>, &Catalog, &Target)]) -> String {
    let tables: usize = parts.iter().map(|(_, catalog, _)| catalog.tables.len()).sum();
    let only_keys = tables > LARGE;
    let mut text = String::from("erDiagram\n    direction LR\n");
    if only_keys {
        text += &format!("    %% {tables} tables: only their keys are shown\n");
    }
    for (title, catalog, target) in parts {
        if let Some(title) = title.filter(|_| parts.len() > 1) {
            text += &format!("    %% {title}\n");
        }
        for table in catalog.tables.values() {
            text += &entity(table, target, only_keys);
        }
        let mut seen = BTreeSet::new();
        for table in catalog.tables.values() {
            for key in &table.foreign_keys {
                let line = relation(table, key);
                if seen.insert(line.clone()) {
                    text += &line;
                }
            }
        }
    }
    text
}

/// A name in quotes: of any letters, but no quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace(['"', '\n', '%', '\\'], "'"))
}

fn of(table: &TableName) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let shown = table.to_string();
    let starts = shown.starts_with(|letter: char| letter.is_ascii_alphabetic());
    if starts && shown.chars().all(plain) && !is_word(&shown) { shown } else { quoted(&shown) }
}

/// Does Mermaid read it as something else than a name?
fn is_word(name: &str) -> bool {
    let words = [
        "title",
        "direction",
        "style",
        "class",
        "classdef",
        "one",
        "many",
        "only",
        "zero",
        "optionally",
        "to",
        "u",
        "tb",
        "bt",
        "rl",
        "lr",
        "td",
        "accdescr",
        "acctitle",
        "end",
        "subgraph",
    ];
    words.contains(&name.to_ascii_lowercase().as_str())
}

fn entity(table: &Table, target: &Target, only_keys: bool) -> String {
    let lines: Vec<String> = table
        .columns
        .iter()
        .filter_map(|column| {
            let keys = keys(table, column);
            (!only_keys || !keys.is_empty()).then(|| attribute(column, &keys, target))
        })
        .collect();
    let name = of(&table.name);
    match lines.is_empty() {
        true => format!("    {name}\n"),
        false => format!("    {name} {{\n{}    }}\n", lines.concat()),
    }
}

/// Which keys a column belongs to.
fn keys(table: &Table, column: &Column) -> Vec<&'static str> {
    let name = &column.name;
    let mut keys = Vec::new();
    if table.in_primary_key(name) {
        keys.push("PK");
    }
    if table.foreign_keys.iter().any(|key| key.columns.contains(name)) {
        keys.push("FK");
    }
    if is_unique(table, std::slice::from_ref(name)) && !keys.contains(&"PK") {
        keys.push("UK");
    }
    keys
}

/// Is there at most one row for values of these columns?
fn is_unique(table: &Table, columns: &[String]) -> bool {
    let same = |other: &[String]| other.len() == columns.len() && columns.iter().all(|name| other.contains(name));
    table.primary_key.as_ref().is_some_and(|key| same(&key.columns))
        || table.unique_constraints.iter().any(|unique| same(&unique.columns))
        || table.indexes.iter().filter(|index| index.unique && index.predicate.is_none()).any(|index| {
            let names = index.columns().map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>());
            names.is_some_and(|names| same(&names))
        })
}

fn attribute(column: &Column, keys: &[&str], target: &Target) -> String {
    let shown = column.column_type.as_ref().and_then(|of| of.ddl(target));
    let keys = if keys.is_empty() { String::new() } else { format!(" {}", keys.join(", ")) };
    let nullable = if column.nullable == Some(true) { " \"nullable\"" } else { "" };
    format!("        {} {}{keys}{nullable}\n", type_word(shown.as_deref()), word(&column.name))
}

/// A type as one word: Mermaid takes letters, digits, `_`, `-` and brackets.
fn type_word(shown: Option<&str>) -> String {
    let Some(shown) = shown else { return "unknown".to_owned() };
    let short = shown
        .replace("TIMESTAMP WITHOUT TIME ZONE", "timestamp")
        .replace("TIMESTAMP WITH TIME ZONE", "timestamptz")
        .replace("TIME WITHOUT TIME ZONE", "time")
        .replace("TIME WITH TIME ZONE", "timetz")
        .replace("DOUBLE PRECISION", "double");
    // What lies in the brackets of an ENUM is too much here.
    let short = if short.starts_with("ENUM(") { "enum".to_owned() } else { short };
    let short = short.to_lowercase().replace(", ", "-").replace(',', "-");
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '(' | ')' | '[' | ']');
    let found: String =
        short.chars().filter(|letter| *letter != '"').map(|it| if plain(it) { it } else { '_' }).collect();
    if found.starts_with(|letter: char| letter.is_ascii_alphabetic()) { found } else { format!("t{found}") }
}

fn word(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let found: String = name.chars().map(|letter| if plain(letter) { letter } else { '_' }).collect();
    if found.starts_with(|letter: char| letter.is_ascii_alphabetic()) { found } else { format!("c{found}") }
}

/// `user ||--o{ item : owner_id`: an item has one user, a user any number of items.
fn relation(table: &Table, key: &ForeignKey) -> String {
    let may_lack = key.columns.iter().any(|name| table.column(name).is_none_or(|it| it.nullable != Some(false)));
    let parent = if may_lack { "|o" } else { "||" };
    let child = if is_unique(table, &key.columns) { "o|" } else { "o{" };
    format!("    {} {parent}--{child} {} : {}\n", of(&key.target), of(&table.name), quoted(&key.columns.join(", ")))
}
