//! A place among the tokens of one statement, and the small things to be read there: words, names, lists.

use std::ops::Range;

use crate::syntax::sql::Dialect;
use crate::syntax::sql::lexer::{Token, TokenKind};
use crate::syntax::sql::statement::{Ident, ObjectName, Value};

/// What a statement is read with.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'t> {
    pub text: &'t str,
    pub tokens: &'t [Token],
    pub at: usize,
    pub dialect: Dialect,
    /// The schema of names without one: the first of `search_path`, where that was set.
    pub schema: Option<&'t str>,
}

impl<'t> Cursor<'t> {
    pub fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    pub fn is_over(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Reads from here to `end` only.
    pub fn until(self, end: usize) -> Cursor<'t> {
        Cursor { tokens: &self.tokens[..end.min(self.tokens.len())], ..self }
    }

    /// The bytes from here to the end.
    pub fn range(&self) -> Range<usize> {
        match (self.tokens.get(self.at), self.tokens.last()) {
            (Some(first), Some(last)) => first.start..last.end,
            (_, last) => last.map_or(0..0, |last| last.end..last.end),
        }
    }

    /// What stands from here to the end.
    pub fn rest(&self) -> &'t str {
        &self.text[self.range()]
    }

    /// The word here.
    pub fn word(&self) -> Option<&'t str> {
        self.peek().filter(|token| token.kind == TokenKind::Word).map(|token| &self.text[token.range()])
    }

    /// Does this word stand here?
    pub fn is(&self, word: &str) -> bool {
        self.word().is_some_and(|found| found.eq_ignore_ascii_case(word))
    }

    /// Does one of these?
    pub fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    /// Do these words stand here, one behind the other?
    pub fn are(&self, words: &str) -> bool {
        words.split(' ').enumerate().all(|(ahead, word)| Cursor { at: self.at + ahead, ..*self }.is(word))
    }

    /// Passes over these words, if all of them stand here.
    pub fn eat(&mut self, words: &str) -> bool {
        let found = self.are(words);
        if found {
            self.at += words.split(' ').count();
        }
        found
    }

    pub fn is_symbol(&self, symbol: u8) -> bool {
        self.peek().is_some_and(|token| token.kind == TokenKind::Symbol(symbol))
    }

    pub fn eat_symbol(&mut self, symbol: u8) -> bool {
        let found = self.is_symbol(symbol);
        self.at += usize::from(found);
        found
    }

    /// A name, quoted or not.
    pub fn ident(&mut self) -> Option<Ident> {
        let token = self.peek()?;
        let written = &self.text[token.range()];
        let name = match token.kind {
            TokenKind::Word => folded(written, self.dialect),
            TokenKind::Quoted => unquoted(written),
            _ => return None,
        };
        self.at += 1;
        Some(Ident { name, range: token.range() })
    }

    /// A name that may have a schema; a database before it is passed over.
    pub fn object_name(&mut self) -> Option<ObjectName> {
        let mut parts = vec![self.ident()?];
        while self.is_symbol(b'.') {
            let mut ahead = Cursor { at: self.at + 1, ..*self };
            parts.push(ahead.ident()?);
            self.at = ahead.at;
        }
        self.joined(parts)
    }

    /// The parts of a name, put together.
    pub fn joined(&self, mut parts: Vec<Ident>) -> Option<ObjectName> {
        let last = parts.pop()?;
        let schema = parts.pop();
        let start = schema.as_ref().map_or(last.range.start, |schema| schema.range.start);
        let schema = schema.map(|schema| schema.name).or_else(|| self.schema.map(str::to_owned));
        Some(ObjectName { schema, name: last.name, range: start..last.range.end })
    }

    /// Names with commas between them.
    pub fn object_names(&mut self) -> Option<Vec<ObjectName>> {
        let mut names = vec![self.object_name()?];
        while self.eat_symbol(b',') {
            names.push(self.object_name()?);
        }
        Some(names)
    }

    /// `(a, b)`
    pub fn idents(&mut self) -> Option<Vec<Ident>> {
        let mut names = Vec::new();
        if !self.eat_symbol(b'(') {
            return None;
        }
        loop {
            names.push(self.ident()?);
            if self.eat_symbol(b')') {
                return Some(names);
            }
            if !self.eat_symbol(b',') {
                return None;
            }
        }
    }

    /// A string, without its quotes.
    pub fn string(&mut self) -> Option<String> {
        let token = self.peek().filter(|token| matches!(token.kind, TokenKind::Text | TokenKind::Dollar))?;
        self.at += 1;
        string_value(&self.text[token.range()], self.dialect)
    }

    /// Where the parenthesis here is closed: the number of that token.
    pub fn closing(&self) -> Option<usize> {
        let mut depth = 0_usize;
        for number in self.at..self.tokens.len() {
            match self.tokens[number].kind {
                TokenKind::Symbol(b'(') => depth += 1,
                TokenKind::Symbol(b')') => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(number);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// What stands from here to the end, taken apart at the commas outside of brackets.
    pub fn list(&self) -> Vec<Cursor<'t>> {
        let mut found = Vec::new();
        let (mut depth, mut start) = (0_i64, self.at);
        for number in self.at..self.tokens.len() {
            match self.tokens[number].kind {
                TokenKind::Symbol(b'(' | b'[') => depth += 1,
                TokenKind::Symbol(b')' | b']') => depth -= 1,
                TokenKind::Symbol(b',') if depth == 0 => {
                    found.push(Cursor { at: start, ..*self }.until(number));
                    start = number + 1;
                }
                _ => {}
            }
        }
        found.push(Cursor { at: start, ..*self });
        found
    }

    /// Where one of these words stands next, outside of parentheses.
    pub fn find(&self, words: &[&str]) -> Option<usize> {
        let mut depth = 0_i64;
        (self.at..self.tokens.len()).find(|number| {
            match self.tokens[*number].kind {
                TokenKind::Symbol(b'(') => depth += 1,
                TokenKind::Symbol(b')') => depth -= 1,
                _ => {}
            }
            depth == 0 && Cursor { at: *number, ..*self }.is_any(words)
        })
    }

    /// All from here to the end as an expression.
    pub fn value(&self) -> Value {
        let is_bound = self.tokens[self.at.min(self.tokens.len())..].iter().any(|token| token.kind == TokenKind::Bind);
        if is_bound { Value::Bound } else { Value::Text(unescaped(self.rest())) }
    }

    /// The first words from here on, in capitals: what a statement is called.
    pub fn head(&self, most: usize) -> String {
        let mut cursor = *self;
        let mut words = Vec::new();
        while let Some(word) = cursor.word().filter(|_| words.len() < most) {
            words.push(word.to_ascii_uppercase());
            cursor.at += 1;
        }
        words.join(" ")
    }
}

/// `\:` is how SQLAlchemy's `text()` writes a colon that begins no parameter.
pub(super) fn unescaped(text: &str) -> String {
    text.replace("\\:", ":")
}

/// A plain name as the database keeps it.
pub(super) fn folded(name: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Postgresql | Dialect::Generic => name.to_lowercase(),
        Dialect::Mysql | Dialect::Sqlite => name.to_owned(),
    }
}

fn unquoted(written: &str) -> String {
    let written = written.trim_start_matches(['u', 'U', '&']);
    let close = match written.chars().next() {
        Some('[') => ']',
        Some(quote) => quote,
        None => return String::new(),
    };
    let inner = written.get(1..).unwrap_or_default();
    let inner = inner.strip_suffix(close).unwrap_or(inner);
    inner.replace(&format!("{close}{close}"), &close.to_string())
}

/// What a string stands for.
pub(super) fn string_value(written: &str, dialect: Dialect) -> Option<String> {
    if let Some(rest) = written.strip_prefix('$') {
        let tag = rest.find('$')?;
        let inner = rest.get(tag + 1..)?;
        return Some(inner.strip_suffix(&written[..tag + 2])?.to_owned());
    }
    let quote_at = written.find(['\'', '"'])?;
    let (prefix, rest) = written.split_at(quote_at);
    let quote = rest.chars().next()?;
    let inner = rest[1..].strip_suffix(quote)?;
    let has_escapes = dialect == Dialect::Mysql || prefix.eq_ignore_ascii_case("e");
    let mut value = String::new();
    let mut letters = inner.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == quote {
            letters.next();
            value.push(quote);
        } else if letter == '\\' && has_escapes {
            match letters.next()? {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                other => value.push(other),
            }
        } else if letter == '\\' && letters.peek() == Some(&':') {
        } else {
            value.push(letter);
        }
    }
    Some(value)
}
