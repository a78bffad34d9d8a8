//! The tables that a statement names, by the words before the names: enough for a statement that nobody can read.

use crate::syntax::sql::cursor::Cursor;
use crate::syntax::sql::statement::{ObjectName, StatementKind};

/// Words that stand before the name of a table.
const BEFORE: &[&str] = &["table", "from", "join", "into", "update", "references", "truncate", "only", "using", "copy"];

/// Words before `ON table`.
const HAVE_ON: &[&str] = &["index", "trigger", "policy", "rule", "constraint"];

/// Words that stand there, too, and are none.
const NO_NAMES: &[&str] = &[
    "select",
    "set",
    "where",
    "lateral",
    "unnest",
    "values",
    "with",
    "as",
    "to",
    "stdin",
    "stdout",
    "concurrently",
    "index",
    "nowait",
    "skip",
    "case",
    "null",
    "default",
    "current_user",
    "distinct",
];

/// The tables, once each, in the order of the text.
pub(super) fn tables(cursor: Cursor<'_>, kind: &StatementKind) -> Vec<ObjectName> {
    let mut found: Vec<ObjectName> = Vec::new();
    let mut add = |name: ObjectName| {
        if !found.iter().any(|known| (&known.schema, &known.name) == (&name.schema, &name.name)) {
            found.push(name);
        }
    };
    if let StatementKind::Do(inner) = kind {
        inner.iter().flat_map(|inner| inner.statement.tables.iter().cloned()).for_each(add);
        return found;
    }
    let has_on = cursor.is("comment") || (0..4).any(|ahead| Cursor { at: cursor.at + ahead, ..cursor }.is_any(HAVE_ON));
    let is_list = cursor.is_any(&["drop", "truncate", "lock"]);
    let mut here = cursor;
    while !here.is_over() {
        let is_before = here.is_any(BEFORE) || (has_on && here.is("on"));
        let may_be_function = here.is_any(&["from", "join", "using"]);
        here.at += 1;
        if !is_before {
            continue;
        }
        while here.eat("if") || here.eat("not") || here.eat("exists") || here.eat("only") || here.eat("table") {}
        if here.is_any(NO_NAMES) {
            continue;
        }
        let mut ahead = here;
        while let Some(name) = ahead.object_name() {
            if !may_be_function || !ahead.is_symbol(b'(') {
                add(name);
            }
            here = ahead;
            if !is_list || !ahead.eat_symbol(b',') {
                break;
            }
        }
    }
    found
}
