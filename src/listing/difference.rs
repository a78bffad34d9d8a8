//! A difference of two catalogues as JSON: one entry for each of Alembic's difference tuples.

use serde_json::{Map, Value, json};

use crate::catalog::Target;
use crate::catalog::diff::change::{Change, Word};
use crate::catalog::diff::hidden::{Hidden, What};
use crate::catalog::diff::renames::Rename;
use crate::catalog::diff::{Difference, NotCompared};
use crate::catalog::operation::{AlterColumn, Operation};
use crate::catalog::table::{Column, Identity, ServerDefault, TableName};
use crate::source::{Sources, Span};

/// `operations`, `hidden`, `renames` and `not_compared`.
pub fn value(difference: &Difference, target: &Target, sources: &Sources) -> Value {
    let operations = difference.changes.iter().flat_map(|change| {
        change.words().into_iter().map(|word| operation(change, word, target, sources)).collect::<Vec<_>>()
    });
    json!({
        "compared": difference.compared,
        "operations": operations.collect::<Vec<_>>(),
        "hidden": difference.hidden.iter().map(|hidden| of_hidden(hidden, sources)).collect::<Vec<_>>(),
        "renames": difference.renames.iter().map(|rename| of_rename(rename, sources)).collect::<Vec<_>>(),
        "not_compared": difference.not_compared.iter().map(|one| of_not_compared(one, sources)).collect::<Vec<_>>(),
    })
}

fn place(span: Span, sources: &Sources) -> Value {
    json!({"path": sources.path(span.file), "line": sources.line(span)})
}

fn named(entry: &mut Map<String, Value>, table: Option<&TableName>) {
    entry.insert("schema".to_owned(), table.and_then(|table| table.schema.as_deref()).into());
    entry.insert("table".to_owned(), table.map(|table| table.name.as_str()).into());
}

fn operation(change: &Change, word: Word, target: &Target, sources: &Sources) -> Value {
    let mut entry = Map::new();
    entry.insert("op".to_owned(), word.to_string().into());
    named(&mut entry, Some(&change.table));
    if let Some(column) = change.column() {
        entry.insert("column".to_owned(), column.into());
    }
    if let Some(columns) = change.columns() {
        entry.insert("name".to_owned(), change.name().into());
        entry.insert("columns".to_owned(), columns.into());
    }
    if let Operation::AlterColumn(alter) = &change.operation {
        let (from, to) = sides(alter, word, target);
        entry.insert("from".to_owned(), from);
        entry.insert("to".to_owned(), to);
    }
    if let Operation::SetTableComment(_, comment) = &change.operation {
        entry.insert("to".to_owned(), comment.as_deref().into());
    }
    let at = |span: Option<Span>| span.map(|span| place(span, sources));
    entry.insert("model".to_owned(), at(change.model).into());
    entry.insert("migration".to_owned(), at(change.migration).into());
    Value::Object(entry)
}

/// What an altered column has before and after.
fn sides(alter: &AlterColumn, word: Word, target: &Target) -> (Value, Value) {
    let existing = alter.existing.as_deref();
    let before = |read: &dyn Fn(&Column) -> Value| existing.map_or(Value::Null, read);
    match word {
        Word::ModifyType => (
            before(&|column| column.column_type.as_ref().and_then(|found| found.ddl(target)).into()),
            alter.column_type.iter().flatten().next().and_then(|found| found.ddl(target)).into(),
        ),
        Word::ModifyNullable => (before(&|column| column.nullable.into()), alter.nullable.flatten().into()),
        Word::ModifyDefault => match &alter.identity {
            Some(identity) => (before(&|column| of_identity(column.identity.as_ref())), of_identity(identity.as_ref())),
            None => (
                before(&|column| default(&column.server_default)),
                alter.server_default.as_ref().map_or(Value::Null, default),
            ),
        },
        Word::ModifyComment => {
            (before(&|column| column.comment.as_deref().into()), alter.comment.clone().flatten().into())
        }
        _ => (Value::Null, Value::Null),
    }
}

fn default(default: &ServerDefault) -> Value {
    match default {
        ServerDefault::None => Value::Null,
        ServerDefault::Sql(text) => text.as_str().into(),
        ServerDefault::Unknown => json!({"unknown": true}),
    }
}

fn of_identity(identity: Option<&Identity>) -> Value {
    let Some(identity) = identity else { return Value::Null };
    let mut entry = Map::new();
    entry.insert("always".to_owned(), identity.always.into());
    entry.extend(identity.options.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
    json!({"identity": entry})
}

fn of_hidden(hidden: &Hidden, sources: &Sources) -> Value {
    let mut entry = Map::new();
    named(&mut entry, hidden.table.as_ref());
    let of_what = match &hidden.what {
        What::EnumValues(name, missing, extra) => {
            json!({"what": "enum", "name": name.name, "missing": missing, "extra": extra})
        }
        What::PrimaryKey(before, after) => json!({"what": "primary_key", "from": before, "to": after}),
        What::Check(name, before, after) => json!({"what": "check", "name": name, "from": before, "to": after}),
        What::CheckMissing(name) => json!({"what": "check_missing", "name": name}),
    };
    if let Value::Object(fields) = of_what {
        entry.extend(fields);
    }
    entry.insert("model".to_owned(), place(hidden.model, sources));
    entry.insert("migration".to_owned(), place(hidden.migration, sources));
    Value::Object(entry)
}

fn of_rename(rename: &Rename, sources: &Sources) -> Value {
    let mut entry = Map::new();
    named(&mut entry, Some(&rename.table));
    let (from, to) = match (&rename.column, &rename.renamed_to) {
        (Some((from, to)), _) => (from.clone(), to.clone()),
        (None, Some(to)) => (rename.table.name.clone(), to.name.clone()),
        (None, None) => return Value::Null,
    };
    entry.insert("what".to_owned(), if rename.column.is_some() { "column" } else { "table" }.into());
    entry.insert("from".to_owned(), from.into());
    entry.insert("to".to_owned(), to.into());
    entry.insert("model".to_owned(), place(rename.model, sources));
    entry.insert("migration".to_owned(), place(rename.migration, sources));
    Value::Object(entry)
}

fn of_not_compared(one: &NotCompared, sources: &Sources) -> Value {
    let mut entry = Map::new();
    named(&mut entry, one.table.as_ref());
    entry.insert("what".to_owned(), one.what.as_str().into());
    entry.insert("why".to_owned(), one.why.as_str().into());
    if let Some(Value::Object(at)) = one.span.map(|span| place(span, sources)) {
        entry.extend(at);
    }
    Value::Object(entry)
}
