//! The head of a statement → what it does.

use std::ops::Range;

use crate::syntax::sql::cursor::Cursor;
use crate::syntax::sql::statement::{Drop, Ident, ObjectName, Statement, StatementKind};
use crate::syntax::sql::{Dialect, block, lexer, named, split, table, tree};

/// How deep blocks are read within blocks.
pub(super) const DEPTH: usize = 4;

/// The statements of a part of a text. `path` is the schema of names without one, as `SET search_path` leaves it.
pub(super) fn statements(
    text: &str,
    part: Range<usize>,
    dialect: Dialect,
    path: &mut Option<String>,
    depth: usize,
) -> Vec<Statement> {
    let tokens = lexer::tokens_within(text, part, dialect);
    let mut found = Vec::new();
    for tokens in split::statements(text, &tokens) {
        let schema = path.clone();
        let cursor = Cursor { text, tokens, at: 0, dialect, schema: schema.as_deref() };
        if let Some(set) = search_path(cursor) {
            *path = set;
        }
        found.push(statement(cursor, depth));
    }
    found
}

/// One statement.
pub(super) fn statement(cursor: Cursor<'_>, depth: usize) -> Statement {
    let kind = kind(cursor, depth).unwrap_or_else(|| StatementKind::Unread("its SQL could not be read".to_owned()));
    Statement { range: cursor.range(), tables: named::tables(cursor, &kind), kind }
}

/// `None`: it may change a table, and can't be read.
fn kind(mut cursor: Cursor<'_>, depth: usize) -> Option<StatementKind> {
    let here = &mut cursor;
    if here.is_any(DATA) {
        return data(*here);
    }
    let head = here.head(5);
    if here.eat("create") {
        create(*here, head)
    } else if here.eat("alter") {
        alter(*here, head)
    } else if here.eat("drop") {
        drop_kind(*here, head)
    } else if here.eat("comment on") {
        comment(*here, head)
    } else if here.eat("rename table") {
        let mut renamed = Vec::new();
        loop {
            let from = here.object_name()?;
            renamed.push((from, here.eat("to").then(|| here.object_name())??));
            if !here.eat_symbol(b',') {
                return here.is_over().then_some(StatementKind::RenameTables(renamed));
            }
        }
    } else if here.eat("do") {
        Some(StatementKind::Do(block::inner(*here, depth)?))
    } else if here.is_any(HARMLESS) {
        Some(StatementKind::Other(head))
    } else {
        None
    }
}

/// What reads or writes rows.
const DATA: &[&str] = &[
    "select", "insert", "update", "delete", "merge", "replace", "with", "truncate", "copy", "values", "table", "load",
    "call",
];

/// First words of statements that change no table.
const HARMLESS: &[&str] = &[
    "abort",
    "analyse",
    "analyze",
    "attach",
    "begin",
    "checkpoint",
    "close",
    "cluster",
    "commit",
    "deallocate",
    "declare",
    "describe",
    "detach",
    "discard",
    "end",
    "exec",
    "explain",
    "fetch",
    "flush",
    "grant",
    "handler",
    "kill",
    "listen",
    "lock",
    "move",
    "notify",
    "optimize",
    "pragma",
    "prepare",
    "reassign",
    "refresh",
    "reindex",
    "release",
    "repair",
    "reset",
    "revoke",
    "rollback",
    "savepoint",
    "security",
    "set",
    "show",
    "start",
    "unlisten",
    "unlock",
    "use",
    "vacuum",
];

/// `SELECT … INTO new FROM old` makes a table; all else leaves the tables as they are.
fn data(cursor: Cursor<'_>) -> Option<StatementKind> {
    let verb = cursor.head(1);
    let select = match verb.as_str() {
        "SELECT" => Some(cursor.at),
        "WITH" => cursor.find(&["select", "insert"]),
        _ => None,
    };
    let select = select.map(|at| Cursor { at, ..cursor }).filter(|select| select.is("select"));
    let into = select.and_then(|select| select.find(&["into", "from"])).map(|at| Cursor { at, ..cursor });
    match into.filter(|into| into.is("into") && cursor.dialect != Dialect::Mysql) {
        Some(into) => Some(StatementKind::CreateTable(Box::new(table::selected(into)?))),
        None => Some(StatementKind::Data { has_where: cursor.find(&["where"]).is_some(), verb }),
    }
}

/// What stands between `CREATE` and the kind of thing.
const BEFORE_KIND: &[&str] =
    &["or replace", "temporary", "temp", "unlogged", "global", "local", "unique", "fulltext", "spatial", "virtual"];

fn create(mut here: Cursor<'_>, head: String) -> Option<StatementKind> {
    let before = here;
    let unique = here.is("unique");
    let special = here.word().filter(|_| here.is_any(&["fulltext", "spatial"]));
    while let Some(words) = BEFORE_KIND.iter().find(|words| here.are(words)) {
        here.eat(words);
    }
    if here.eat("table") {
        let temporary = before.is_any(&["temporary", "temp", "global", "local"]);
        return Some(match before.is("virtual") {
            true => StatementKind::Other(head),
            false => StatementKind::CreateTable(Box::new(table::create(here, temporary)?)),
        });
    }
    if here.eat("index") {
        let index = tree::create_index(here, unique, special)?;
        return Some(StatementKind::CreateIndex(Box::new(index)));
    }
    if here.eat("sequence") {
        let if_not_exists = here.eat("if not exists");
        return Some(StatementKind::CreateSequence { name: here.object_name()?, if_not_exists });
    }
    if here.eat("type") {
        let name = here.object_name()?;
        if !here.eat("as enum") {
            return Some(StatementKind::Other(head));
        }
        let close = here.closing()?;
        let values = Cursor { at: here.at + 1, ..here }.until(close);
        let values = match values.is_over() {
            true => Vec::new(),
            false => values.list().into_iter().map(|mut value| value.string()).collect::<Option<_>>()?,
        };
        return Some(StatementKind::CreateEnum { name, values });
    }
    // `CREATE SCHEMA a CREATE TABLE b (…)` makes tables, too.
    if here.is("schema") && here.find(&["create"]).is_some() {
        return None;
    }
    Some(StatementKind::Other(head))
}

fn alter(mut here: Cursor<'_>, head: String) -> Option<StatementKind> {
    if here.eat("table") || here.eat("foreign table") {
        return Some(StatementKind::AlterTable(table::alter(here)?));
    }
    if here.eat("index") {
        let if_exists = here.eat("if exists");
        let index = here.object_name()?;
        return Some(match here.eat("rename to") {
            true => StatementKind::RenameIndex { index, to: here.ident()?, if_exists },
            false => StatementKind::Other(head),
        });
    }
    if here.eat("type") {
        let name = here.object_name()?;
        if here.eat("add value") {
            let if_not_exists = here.eat("if not exists");
            let value = here.string()?;
            let beside = if here.eat("before") {
                Some((true, here.string()?))
            } else if here.eat("after") {
                Some((false, here.string()?))
            } else {
                None
            };
            return Some(StatementKind::AddEnumValue { name, value, beside, if_not_exists });
        }
        if here.eat("rename value") {
            let from = here.string()?;
            return Some(StatementKind::RenameEnumValue { name, from, to: here.eat("to").then(|| here.string())?? });
        }
        if here.eat("rename to") {
            return Some(StatementKind::RenameType { name, to: here.ident()? });
        }
        if here.eat("set schema") {
            return Some(StatementKind::SetTypeSchema { name, schema: here.ident()? });
        }
        return Some(StatementKind::Other(head));
    }
    if here.eat("schema") {
        let name = here.ident()?;
        return Some(match here.eat("rename to") {
            true => StatementKind::RenameSchema(name, here.ident()?),
            false => StatementKind::Other(head),
        });
    }
    Some(StatementKind::Other(head))
}

fn drop_kind(mut here: Cursor<'_>, head: String) -> Option<StatementKind> {
    here.eat("temporary");
    let make: fn(Drop) -> StatementKind = if here.eat("table") || here.eat("foreign table") {
        StatementKind::DropTables
    } else if here.eat("index") {
        StatementKind::DropIndexes
    } else if here.eat("type") || here.eat("domain") {
        StatementKind::DropTypes
    } else if here.eat("sequence") {
        StatementKind::DropSequences
    } else if here.eat("schema") {
        here.schema = None;
        StatementKind::DropSchemas
    } else {
        return Some(StatementKind::Other(head));
    };
    let concurrently = here.eat("concurrently");
    let if_exists = here.eat("if exists");
    let names = here.object_names()?;
    let table = if here.eat("on") { Some(here.object_name()?) } else { None };
    let cascade = here.eat("cascade");
    // Behind the names stand only words: `RESTRICT`, `ALGORITHM=INPLACE`.
    Some(make(Drop { names, if_exists, cascade, concurrently, table }))
}

fn comment(mut here: Cursor<'_>, head: String) -> Option<StatementKind> {
    let text = |mut here: Cursor<'_>| match here.eat("is") {
        true if here.eat("null") => Some(None),
        true => here.string().map(|text| Some(text).filter(|text| !text.is_empty())),
        false => None,
    };
    if here.eat("table") {
        let table = here.object_name()?;
        return Some(StatementKind::Comment { table, column: None, text: text(here)? });
    }
    if here.eat("column") {
        let mut parts: Vec<Ident> = vec![here.ident()?];
        while here.eat_symbol(b'.') {
            parts.push(here.ident()?);
        }
        let column = parts.pop()?;
        let table: ObjectName = here.joined(parts)?;
        return Some(StatementKind::Comment { table, column: Some(column), text: text(here)? });
    }
    Some(StatementKind::Other(head))
}

/// `SET search_path TO a, b`: the schema that names without one are in from then on.
fn search_path(mut here: Cursor<'_>) -> Option<Option<String>> {
    if !here.eat("set") {
        return None;
    }
    let _ = here.eat("local") || here.eat("session");
    if !here.eat("search_path") || !(here.eat("to") || here.eat_symbol(b'=')) {
        return None;
    }
    let names = here.list().into_iter().map(|mut name| name.ident().map(|name| name.name).or_else(|| name.string()));
    let first = names.flatten().find(|name| name != "$user" && !name.is_empty());
    Some(first.filter(|name| name != "public" && name != "default"))
}
