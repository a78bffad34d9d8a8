//! SQL text → tokens with byte ranges: as much of a dialect's lexical rules as it takes to see where a statement ends.

use std::ops::Range;

use crate::syntax::sql::Dialect;

/// A token; blanks and comments are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub start: usize,
    pub end: usize,
}

/// The kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A keyword or a plain name.
    Word,
    /// A name in quotes: `"x"`, `` `x` ``, `[x]`.
    Quoted,
    /// A string: `'x'`, `E'x'`, MySQL's `"x"`.
    Text,
    /// `$tag$ … $tag$`
    Dollar,
    /// A number.
    Number,
    /// `:name`, as SQLAlchemy's `text()` takes it.
    Bind,
    /// One byte of anything else.
    Symbol(u8),
}

impl Token {
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// The tokens of `text`. What is opened and never closed reaches to the end.
pub(super) fn tokens(text: &str, dialect: Dialect) -> Vec<Token> {
    tokens_within(text, 0..text.len(), dialect)
}

/// The tokens of a part of `text`.
pub(super) fn tokens_within(text: &str, part: Range<usize>, dialect: Dialect) -> Vec<Token> {
    let mut lexer = Lexer { bytes: &text.as_bytes()[..part.end], at: part.start, dialect };
    let mut found = Vec::new();
    while let Some(token) = lexer.next() {
        found.push(token);
    }
    found
}

struct Lexer<'t> {
    bytes: &'t [u8],
    at: usize,
    dialect: Dialect,
}

fn begins_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn continues_word(byte: u8) -> bool {
    begins_word(byte) || byte.is_ascii_digit() || byte == b'$'
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<Token> {
        self.skip_blanks();
        let start = self.at;
        let kind = self.kind(self.peek(0)?);
        Some(Token { kind, start, end: self.at })
    }

    fn kind(&mut self, first: u8) -> TokenKind {
        let is_mysql = self.dialect == Dialect::Mysql;
        match first {
            b'\'' => self.quoted(b'\'', is_mysql, TokenKind::Text),
            b'"' if is_mysql => self.quoted(b'"', true, TokenKind::Text),
            b'"' | b'`' => self.quoted(first, false, TokenKind::Quoted),
            b'[' if self.dialect == Dialect::Sqlite => self.quoted(b']', false, TokenKind::Quoted),
            b'e' | b'E' | b'b' | b'B' | b'x' | b'X' | b'n' | b'N' if self.peek(1) == Some(b'\'') => {
                self.at += 1;
                self.quoted(b'\'', is_mysql || matches!(first, b'e' | b'E'), TokenKind::Text)
            }
            b'u' | b'U' if self.peek(1) == Some(b'&') && matches!(self.peek(2), Some(b'\'' | b'"')) => {
                self.at += 2;
                let quote = self.bytes[self.at];
                self.quoted(quote, false, if quote == b'"' { TokenKind::Quoted } else { TokenKind::Text })
            }
            b'$' if !is_mysql => self.dollar(),
            b':' if self.is_bind() => {
                self.at += 1;
                self.skip_while(continues_word);
                TokenKind::Bind
            }
            first if begins_word(first) => {
                self.skip_while(continues_word);
                TokenKind::Word
            }
            first if first.is_ascii_digit() => {
                self.skip_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'));
                TokenKind::Number
            }
            first => {
                self.at += 1;
                TokenKind::Symbol(first)
            }
        }
    }

    fn skip_while(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.peek(0).is_some_and(&wanted) {
            self.at += 1;
        }
    }

    fn skip_blanks(&mut self) {
        loop {
            self.skip_while(|byte| byte.is_ascii_whitespace() || byte == 0x0b);
            let is_mysql = self.dialect == Dialect::Mysql;
            match (self.peek(0), self.peek(1)) {
                (Some(b'-'), Some(b'-')) if !is_mysql || self.peek(2).is_none_or(|next| next <= b' ') => {
                    self.skip_while(|byte| byte != b'\n');
                }
                (Some(b'#'), _) if is_mysql => self.skip_while(|byte| byte != b'\n'),
                (Some(b'/'), Some(b'*')) => self.skip_comment(),
                _ => return,
            }
        }
    }

    /// Comments nest in PostgreSQL.
    fn skip_comment(&mut self) {
        let nests = matches!(self.dialect, Dialect::Postgresql | Dialect::Generic);
        let mut depth = 0_usize;
        while let Some(byte) = self.peek(0) {
            match (byte, self.peek(1)) {
                (b'/', Some(b'*')) if nests || depth == 0 => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
    }

    /// From the opening quote to behind the closing one, which stands for itself when it is doubled.
    fn quoted(&mut self, quote: u8, has_escapes: bool, kind: TokenKind) -> TokenKind {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            if byte == b'\\' && has_escapes {
                self.at = (self.at + 1).min(self.bytes.len());
            } else if byte == quote {
                if self.peek(0) != Some(quote) {
                    return kind;
                }
                self.at += 1;
            }
        }
        kind
    }

    fn dollar(&mut self) -> TokenKind {
        let rest = &self.bytes[self.at + 1..];
        let tag = rest.iter().take_while(|byte| continues_word(**byte) && **byte != b'$').count();
        let is_open = rest.get(tag) == Some(&b'$') && !rest.first().is_some_and(u8::is_ascii_digit);
        if !is_open {
            self.at += 1;
            return TokenKind::Symbol(b'$');
        }
        let delimiter = &self.bytes[self.at..self.at + tag + 2];
        let body = self.at + delimiter.len();
        let close = memchr::memmem::find(&self.bytes[body..], delimiter);
        self.at = close.map_or(self.bytes.len(), |found| body + found + delimiter.len());
        TokenKind::Dollar
    }

    /// SQLAlchemy: `(?<![:\w\\]):(\w+)(?!:)`
    fn is_bind(&self) -> bool {
        let before = self.at.checked_sub(1).map(|at| self.bytes[at]);
        let name = self.bytes[self.at + 1..].iter().take_while(|byte| continues_word(**byte)).count();
        !before.is_some_and(|byte| byte == b':' || byte == b'\\' || continues_word(byte))
            && name > 0
            && self.peek(1 + name) != Some(b':')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, dialect: Dialect) -> Vec<&str> {
        tokens(text, dialect).iter().map(|token| &text[token.range()]).collect()
    }

    #[test]
    fn strings_hide_what_they_hold() {
        assert_eq!(
            texts("a'b;''c' E'd\\';' \"e;\"\"\" $$f;$$ $x$g$$;$x$ $1 U&'h'", Dialect::Postgresql),
            ["a", "'b;''c'", "E'd\\';'", "\"e;\"\"\"", "$$f;$$", "$x$g$$;$x$", "$", "1", "U&'h'"]
        );
        assert_eq!(texts("\"a\\\";\" `b;` 'c\\';'", Dialect::Mysql), ["\"a\\\";\"", "`b;`", "'c\\';'"]);
        assert_eq!(texts("[a;b] 'c\\' d", Dialect::Sqlite), ["[a;b]", "'c\\'", "d"]);
    }

    #[test]
    fn comments_are_blanks() {
        assert_eq!(texts("a -- b;\nc /* d /* e */ f */ g", Dialect::Postgresql), ["a", "c", "g"]);
        assert_eq!(texts("a # b;\nc --d\n/* e /* f */ g", Dialect::Mysql), ["a", "c", "-", "-", "d", "g"]);
        assert_eq!(texts("a /* never", Dialect::Postgresql), ["a"]);
    }

    #[test]
    fn binds_are_seen_as_sqlalchemy_sees_them() {
        let kinds = |text| -> Vec<TokenKind> {
            tokens(text, Dialect::Postgresql).iter().map(|token| token.kind).collect::<Vec<_>>()
        };
        assert!(kinds("a = :b").contains(&TokenKind::Bind));
        assert!(!kinds("a::int, b[1:2], c\\:d").contains(&TokenKind::Bind));
    }
}
