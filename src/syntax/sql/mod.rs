//! SQL text → [`Statement`]s: what each does to tables, types, indexes and sequences.
//!
//! Three steps. The text becomes tokens and the tokens statements, by a dialect's rules for quotes and comments: so a
//! statement that nobody can read never takes the others with it. The head of a statement and its lists are read off
//! its tokens; what holds expressions (a column, a constraint, an index, a query) is handed to `sqlparser`, piece by
//! piece, for only a parser can tell where an expression ends. What leaves this module is its own small model. A
//! statement that was not read still tells the tables that it names.
//!
//! No second parser stands behind `sqlparser`: what that can't take is the heads and the actions that are read off the
//! tokens here, for all dialects alike.

mod block;
mod cursor;
mod lexer;
mod named;
mod read;
mod split;
mod statement;
mod table;
mod tree;

use std::borrow::Cow;

use crate::syntax::sql::lexer::{Token, TokenKind};

pub use crate::syntax::sql::statement::*;

/// Whose SQL a text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL's.
    #[default]
    Postgresql,
    /// That of MySQL and MariaDB.
    Mysql,
    /// SQLite's.
    Sqlite,
    /// Nobody's in particular.
    Generic,
}

/// A text is not read that is longer: a dump, not a migration.
const LONGEST: usize = 16 << 20;

/// The statements of a text, in order. A text for SQLAlchemy's `text()` may have its `:name` and `\:`.
pub fn read(text: &str, dialect: Dialect) -> Vec<Statement> {
    if text.len() > LONGEST {
        let kind = StatementKind::Unread("the text is too long".to_owned());
        return vec![Statement { range: 0..text.len(), kind, tables: Vec::new() }];
    }
    let text = without_escapes(text, dialect);
    let mut path = None;
    read::statements(&text, 0..text.len(), dialect, &mut path, read::DEPTH)
}

/// The same text, byte for byte as long, with `\:` outside of strings as a colon: `\:\:` becomes `  ::`.
fn without_escapes(text: &str, dialect: Dialect) -> Cow<'_, str> {
    if !text.contains("\\:") {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    let mut free = vec![true; bytes.len()];
    let is_string = |token: &Token| matches!(token.kind, TokenKind::Text | TokenKind::Quoted);
    for token in lexer::tokens(text, dialect).into_iter().filter(is_string) {
        free[token.range()].fill(false);
    }
    let mut at = 0;
    while at < bytes.len() {
        let pairs = bytes[at..].chunks_exact(2).take_while(|pair| *pair == b"\\:").count();
        if pairs > 0 && free[at] {
            bytes[at..at + pairs].fill(b' ');
            bytes[at + pairs..at + 2 * pairs].fill(b':');
        }
        at += (2 * pairs).max(1);
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests;
