//! A catalogue as JSON, version 1.

use serde_json::{Map, Value, json};

use crate::catalog::table::{Column, ElementOf, Index, Name, ServerDefault, Table};
use crate::catalog::{Catalog, Target};
use crate::source::{Sources, Span};

/// One entry of `schemas`.
pub struct Entry<'a> {
    /// The environment's name; `None`: no env.py says which tables count.
    pub environment: Option<&'a str>,
    /// Its configuration file.
    pub config: Option<&'a str>,
    /// `models` or `migrations`.
    pub from: &'a str,
    /// For what the types are written.
    pub target: &'a Target,
    /// The tables.
    pub catalog: &'a Catalog,
}

/// The whole document.
pub fn document(entries: &[Entry<'_>], sources: &Sources) -> Value {
    json!({"version": 1, "schemas": entries.iter().map(|entry| schema(entry, sources)).collect::<Vec<_>>()})
}

fn schema(entry: &Entry<'_>, sources: &Sources) -> Value {
    let catalog = entry.catalog;
    let tables: Vec<Value> = catalog.tables.values().map(|table| of_table(table, entry.target, sources)).collect();
    let enums: Vec<Value> = catalog
        .enums
        .iter()
        .map(|found| json!({"schema": found.name.schema, "name": found.name.name, "values": found.values}))
        .collect();
    let mut unresolved: Vec<Value> = catalog
        .unresolved
        .iter()
        .map(|found| {
            let table = found.table.as_ref().map(ToString::to_string);
            not_read(table.as_deref(), found.column.as_deref(), found.span, &found.why, sources)
        })
        .collect();
    unresolved.extend(catalog.open.iter().map(|(span, why)| not_read(None, None, *span, why, sources)));
    json!({
        "environment": entry.environment, "config": entry.config, "from": entry.from,
        "dialect": entry.target.dialect.name(), "tables": tables, "enums": enums, "unresolved": unresolved,
    })
}

fn not_read(table: Option<&str>, column: Option<&str>, span: Span, why: &str, sources: &Sources) -> Value {
    let mut entry = place(span, sources);
    entry.insert("why".to_owned(), why.into());
    let mut found = Map::new();
    found.insert("table".to_owned(), table.into());
    found.insert("column".to_owned(), column.into());
    found.extend(entry);
    Value::Object(found)
}

fn place(span: Span, sources: &Sources) -> Map<String, Value> {
    let line = sources.line(span);
    let mut found = Map::new();
    found.insert("path".to_owned(), sources.path(span.file).into());
    found.insert("line".to_owned(), line.into());
    found
}

fn named(name: &Name) -> Value {
    name.get().into()
}

fn of_table(table: &Table, target: &Target, sources: &Sources) -> Value {
    let mut defined_at = place(table.span, sources);
    if let Some(class) = &table.class {
        defined_at.insert("class".to_owned(), class.as_str().into());
    }
    let columns: Vec<Value> = table.columns.iter().map(|column| of_column(column, table, target, sources)).collect();
    let foreign_keys: Vec<Value> = table
        .foreign_keys
        .iter()
        .map(|key| {
            json!({"name": named(&key.name), "columns": key.columns, "target_schema": key.target.schema,
                   "target_table": key.target.name, "target_columns": key.target_columns,
                   "ondelete": key.ondelete, "onupdate": key.onupdate})
        })
        .collect();
    let unique: Vec<Value> = table
        .unique_constraints
        .iter()
        .map(|unique| json!({"name": named(&unique.name), "columns": unique.columns}))
        .collect();
    let checks: Vec<Value> =
        table.check_constraints.iter().map(|check| json!({"name": named(&check.name), "text": check.text})).collect();
    json!({
        "schema": table.name.schema, "name": table.name.name, "complete": table.complete, "columns": columns,
        "primary_key": table.primary_key.as_ref().map(|key| json!({"name": named(&key.name), "columns": key.columns})),
        "foreign_keys": foreign_keys, "unique_constraints": unique, "check_constraints": checks,
        "indexes": table.indexes.iter().filter(|index| index.name != Name::Unknown).map(of_index).collect::<Vec<_>>(),
        "comment": table.comment, "defined_at": defined_at,
    })
}

fn of_index(index: &Index) -> Value {
    let columns: Vec<Value> = index
        .elements
        .iter()
        .map(|element| match &element.of {
            ElementOf::Column(name) => name.as_str().into(),
            ElementOf::Expression(text) => text.as_deref().into(),
        })
        .collect();
    let predicate = match &index.predicate {
        None => Value::Null,
        Some(Some(text)) => text.as_str().into(),
        Some(None) => json!({"unknown": true}),
    };
    json!({"name": named(&index.name), "columns": columns, "unique": index.unique, "where": predicate,
           "using": index.using})
}

fn of_column(column: &Column, table: &Table, target: &Target, sources: &Sources) -> Value {
    let default = match &column.server_default {
        ServerDefault::None => Value::Null,
        ServerDefault::Sql(text) => text.as_str().into(),
        ServerDefault::Unknown => json!({"unknown": true}),
    };
    let computed = column.computed.as_ref().map(|found| json!({"text": found.text, "persisted": found.persisted}));
    let identity = column.identity.as_ref().map(|found| {
        let mut entry = Map::new();
        entry.insert("always".to_owned(), found.always.into());
        entry.extend(found.options.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
        Value::Object(entry)
    });
    json!({
        "name": column.name, "type": column.column_type.as_ref().and_then(|found| found.ddl(target)),
        "nullable": column.nullable, "primary_key": table.in_primary_key(&column.name),
        "autoincrement": column.autoincrement, "server_default": default, "comment": column.comment,
        "computed": computed, "identity": identity, "defined_at": place(column.span, sources),
    })
}
