//! `DO $$ … $$`: the statements in a block of PL/pgSQL, as far as it can be told whether they run.

use std::ops::Range;

use crate::syntax::sql::cursor::{Cursor, string_value};
use crate::syntax::sql::lexer::{self, Token, TokenKind};
use crate::syntax::sql::statement::{Inner, ObjectName, Statement, StatementKind};
use crate::syntax::sql::{named, read};

/// Does a statement run?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Runs {
    /// Yes.
    Always,
    /// Where the thing is there, or is not there yet.
    WherePossible,
    /// Nobody can tell, or how often.
    Maybe,
}

/// What the body of `DO`, from behind this word on, does. `None`: it is no PL/pgSQL, or its text can't be had.
pub(super) fn inner(mut here: Cursor<'_>, depth: usize) -> Option<Vec<Inner>> {
    if here.eat("language") && !here.eat("plpgsql") {
        return None;
    }
    let body = inside(here.text, here.peek()?)?;
    here.at += 1;
    if here.eat("language") && !here.is("plpgsql") {
        return None;
    }
    let tokens = lexer::tokens_within(here.text, body, here.dialect);
    let cursor = Cursor { tokens: &tokens, at: 0, ..here };
    let mut block = Block { cursor, around: Vec::new(), found: Vec::new(), depth: depth.checked_sub(1)? };
    block.read();
    Some(block.found)
}

/// What stands between the quotes, where it stands there as it is meant.
fn inside(text: &str, token: Token) -> Option<Range<usize>> {
    let written = &text[token.range()];
    let (open, close) = match token.kind {
        TokenKind::Dollar => {
            let delimiter = written[1..].find('$')? + 2;
            (delimiter, delimiter)
        }
        TokenKind::Text if written.starts_with('\'') => (1, 1),
        _ => return None,
    };
    let range = token.start + open..token.end.checked_sub(close)?;
    (token.kind == TokenKind::Dollar || !text.get(range.clone())?.contains(['\'', '\\']))
        .then_some(range)
        .filter(|range| range.start <= range.end)
}

struct Block<'t> {
    cursor: Cursor<'t>,
    /// The blocks, branches and loops around the place: whether they run, and how much was found before them.
    around: Vec<(Runs, usize)>,
    found: Vec<Inner>,
    depth: usize,
}

/// Statements that change nothing outside of the block.
const OF_THE_BLOCK: &[&str] = &[
    "null", "raise", "return", "exit", "continue", "perform", "get", "close", "fetch", "open", "move", "assert",
    "select", "with", "insert", "update", "delete", "merge",
];

impl Block<'_> {
    fn read(&mut self) {
        while !self.cursor.is_over() {
            let here = self.cursor;
            if self.cursor.eat("declare") {
                self.skip_to(&["begin"]);
            } else if self.cursor.eat("begin") {
                self.enter(Runs::Always);
            } else if self.cursor.eat("if") {
                let condition = self.cursor;
                self.skip_behind("then");
                self.enter(branch(condition.until(self.cursor.at.saturating_sub(1))));
            } else if self.cursor.eat("elsif") || self.cursor.eat("elseif") || self.cursor.eat("when") {
                self.skip_behind("then");
                self.change(Runs::Maybe);
            } else if self.cursor.eat("else") {
                self.change(Runs::Maybe);
            } else if self.cursor.is_any(&["for", "foreach", "while", "loop"]) {
                self.skip_behind("loop");
                self.enter(Runs::Maybe);
            } else if self.cursor.eat("case") {
                self.skip_to(&["when"]);
                self.enter(Runs::Maybe);
            } else if self.cursor.eat("exception") {
                // What failed before is as good as not done.
                let from = self.around.last().map_or(0, |(_, from)| *from);
                self.found[from..].iter_mut().for_each(|inner| inner.where_possible = true);
                self.change(Runs::Maybe);
            } else if self.cursor.eat("end") {
                self.around.pop();
                self.statement_end();
            } else {
                let end = self.statement_end();
                self.one(here.until(end));
            }
        }
    }

    fn enter(&mut self, runs: Runs) {
        let around = self.around.last().map_or(Runs::Always, |(runs, _)| *runs);
        self.around.push((runs.max(around), self.found.len()));
    }

    fn change(&mut self, runs: Runs) {
        if let Some((last, _)) = self.around.last_mut() {
            *last = runs;
        }
    }

    fn skip_to(&mut self, words: &[&str]) {
        self.cursor.at = self.cursor.find(words).unwrap_or(self.cursor.tokens.len());
    }

    fn skip_behind(&mut self, word: &str) {
        self.skip_to(&[word]);
        self.cursor.eat(word);
    }

    /// Passes over the next `;`; where the statement before it ends.
    fn statement_end(&mut self) -> usize {
        let tokens = self.cursor.tokens;
        let is_end = |token: &Token| token.kind == TokenKind::Symbol(b';');
        let end = tokens[self.cursor.at..].iter().position(is_end).map_or(tokens.len(), |at| self.cursor.at + at);
        self.cursor.at = end + 1;
        end
    }

    fn one(&mut self, mut here: Cursor<'_>) {
        if here.is_over() || here.is_any(OF_THE_BLOCK) || is_assignment(here) {
            return;
        }
        let runs = self.around.last().map_or(Runs::Always, |(runs, _)| *runs);
        let statements =
            if here.eat("execute") { self.executed(here) } else { vec![read::statement(here, self.depth)] };
        for mut statement in statements {
            if matches!(statement.kind, StatementKind::Other(_) | StatementKind::Data { .. }) {
                continue;
            }
            if runs == Runs::Maybe {
                statement.kind = StatementKind::Unread("whether it runs can't be told from the block".to_owned());
            }
            self.found.push(Inner { statement, where_possible: runs == Runs::WherePossible });
        }
    }

    /// `EXECUTE 'text'` is as good as the text; of `EXECUTE format('…', x)` only the tables that it names are known.
    fn executed(&self, here: Cursor<'_>) -> Vec<Statement> {
        let schema = here.schema.map(str::to_owned);
        if let [token] = here.tokens.get(here.at..).unwrap_or_default()
            && let Some(range) = inside(here.text, *token)
        {
            return read::statements(here.text, range, here.dialect, &mut schema.clone(), self.depth);
        }
        let mut texts = String::new();
        for token in &here.tokens[here.at.min(here.tokens.len())..] {
            if matches!(token.kind, TokenKind::Text | TokenKind::Dollar) {
                texts += &string_value(&here.text[token.range()], here.dialect).unwrap_or_default();
                texts.push(' ');
            }
        }
        let tokens = lexer::tokens(&texts, here.dialect);
        let inner = Cursor { text: &texts, tokens: &tokens, at: 0, ..here };
        let kind = match read::statement(inner, 0).kind {
            kind @ (StatementKind::Other(_) | StatementKind::Data { .. }) => kind,
            _ => StatementKind::Unread("its text is put together in the block".to_owned()),
        };
        let tables = named::tables(inner, &kind);
        let tables = tables.into_iter().map(|name| ObjectName { range: here.range(), ..name }).collect();
        vec![Statement { range: here.range(), kind, tables }]
    }
}

/// `x := 1`, `x = 1`
fn is_assignment(mut here: Cursor<'_>) -> bool {
    here.object_name().is_some() && (here.is_symbol(b'=') || here.is_symbol(b':') || here.is_symbol(b'['))
}

/// `IF NOT EXISTS (…)`, `IF EXISTS (…)`: whether the thing is there. Of another condition nothing is known.
fn branch(mut condition: Cursor<'_>) -> Runs {
    condition.eat("not");
    let asks = condition.eat("exists") && condition.closing().is_some_and(|at| at + 1 >= condition.tokens.len());
    if asks { Runs::WherePossible } else { Runs::Maybe }
}
