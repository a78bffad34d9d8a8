//! A .env file → its entries, with spans: the rules of python-dotenv.
//!
//! `export` is allowed, quotes may span lines, an unquoted ` #` starts a comment, `${NAME}` and `${NAME:-default}` are
//! filled in from the entries above and from the default.

use crate::source::{FileId, Span};
use crate::syntax::python::SyntaxProblem;

/// `NAME=value`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The variable.
    pub name: String,
    /// Its value; `${…}` that could be filled in is filled in.
    pub value: String,
    /// The variable's name in the file.
    pub key_span: Span,
    /// The value as written, without its quotes.
    pub span: Span,
    /// A `${…}` names a variable that the file does not set above: the real value may differ.
    pub open: bool,
}

/// Reads the entries of `text`, in order. A name may occur twice: the later one counts.
pub fn read(file: FileId, text: &str) -> (Vec<Entry>, Vec<SyntaxProblem>) {
    let mut reader = Reader { file, text, at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
    let mut entries: Vec<Entry> = Vec::new();
    let mut problems = Vec::new();
    while reader.at < text.len() {
        reader.blank();
        if reader.at >= text.len() {
            break;
        }
        let start = reader.at;
        if reader.peek() == Some('#') {
            reader.skip_line();
            continue;
        }
        match reader.entry() {
            Some((name, key_span, Some((raw, span)))) => {
                let (value, open) = filled_in(&raw, &entries);
                entries.push(Entry { name, value, key_span, span, open });
            }
            Some((_, _, None)) => {}
            None => {
                reader.at = start;
                reader.skip_line();
                problems.push(SyntaxProblem {
                    span: Span::new(file, start..reader.at),
                    message: "this line is no `NAME=value`".to_owned(),
                });
            }
        }
    }
    (entries, problems)
}

/// The entry that counts for `name`.
pub fn last<'e>(entries: &'e [Entry], name: &str) -> Option<&'e Entry> {
    entries.iter().rev().find(|entry| entry.name == name)
}

struct Reader<'t> {
    file: FileId,
    text: &'t str,
    at: usize,
}

/// The name, its place, and the value as written with its place, where there is an `=`.
type Read = (String, Span, Option<(String, Span)>);

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip(&mut self, wanted: impl Fn(char) -> bool) {
        while let Some(found) = self.peek().filter(|found| wanted(*found)) {
            self.at += found.len_utf8();
        }
    }

    fn blank(&mut self) {
        self.skip(char::is_whitespace);
    }

    fn skip_line(&mut self) {
        self.skip(|found| found != '\n' && found != '\r');
    }

    fn entry(&mut self) -> Option<Read> {
        if let Some(rest) = self.text[self.at..].strip_prefix("export")
            && rest.starts_with([' ', '\t'])
        {
            self.at += "export".len();
            self.skip(|found| found == ' ' || found == '\t');
        }
        let quoted = self.peek() == Some('\'');
        if quoted {
            self.at += 1;
        }
        let start = self.at;
        if quoted {
            self.skip(|found| found != '\'' && found != '\n');
        } else {
            self.skip(|found| !matches!(found, '=' | '#') && !found.is_whitespace());
        }
        let key_span = Span::new(self.file, start..self.at);
        let name = self.text[start..self.at].to_owned();
        if quoted {
            self.at += self.peek().filter(|found| *found == '\'').map(char::len_utf8)?;
        }
        if name.is_empty() {
            return None;
        }
        self.skip(|found| found == ' ' || found == '\t');
        if self.peek() != Some('=') {
            return self.line_is_over().then_some((name, key_span, None));
        }
        self.at += 1;
        self.skip(|found| found == ' ' || found == '\t');
        let value = match self.peek() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            _ => self.unquoted(),
        };
        Some((name, key_span, Some(value)))
    }

    fn quoted(&mut self, quote: char) -> Option<(String, Span)> {
        self.at += 1;
        let start = self.at;
        let mut value = String::new();
        loop {
            let found = self.peek()?;
            if found == quote {
                break;
            }
            self.at += found.len_utf8();
            if found != '\\' {
                value.push(found);
                continue;
            }
            let escaped = self.peek()?;
            self.at += escaped.len_utf8();
            match (quote, escaped) {
                (_, '\\') => value.push('\\'),
                (_, same) if same == quote => value.push(same),
                ('"', '\'') => value.push('\''),
                ('"', 'n') => value.push('\n'),
                ('"', 't') => value.push('\t'),
                ('"', 'r') => value.push('\r'),
                (_, other) => value.extend(['\\', other]),
            }
        }
        let span = Span::new(self.file, start..self.at);
        self.at += 1;
        self.line_is_over().then_some((value, span))
    }

    fn unquoted(&mut self) -> (String, Span) {
        let start = self.at;
        self.skip_line();
        let line = &self.text[start..self.at];
        let comment =
            line.match_indices('#').map(|(at, _)| at).find(|at| *at == 0 || line[..*at].ends_with(char::is_whitespace));
        let value = line[..comment.unwrap_or(line.len())].trim_end();
        (value.to_owned(), Span::new(self.file, start..start + value.len()))
    }

    fn line_is_over(&mut self) -> bool {
        self.skip(|found| found == ' ' || found == '\t');
        if self.peek() == Some('#') {
            self.skip_line();
        }
        matches!(self.peek(), None | Some('\n' | '\r'))
    }
}

fn filled_in(raw: &str, above: &[Entry]) -> (String, bool) {
    let mut value = String::new();
    let mut open = false;
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((inside, behind)) = after.split_once('}') else { break };
        value.push_str(before);
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        match last(above, name) {
            Some(entry) => {
                value.push_str(&entry.value);
                open |= entry.open;
            }
            None => {
                value.push_str(default.unwrap_or(""));
                open = true;
            }
        }
        rest = behind;
    }
    value.push_str(rest);
    (value, open)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        read(FileId(0), text).0.into_iter().map(|entry| (entry.name, entry.value)).collect()
    }

    fn one(text: &str) -> String {
        values(text).pop().map(|(_, value)| value).expect("an entry")
    }

    #[test]
    fn forms_of_values() {
        assert_eq!(one("A=b"), "b");
        assert_eq!(one("export A = b c  # note\n"), "b c");
        assert_eq!(one("A=b#c"), "b#c");
        assert_eq!(one("A='b # c\\n'  # note"), "b # c\\n");
        assert_eq!(one("A=\"b\\nc\""), "b\nc");
        assert_eq!(one("A=\"b\nc\"\n"), "b\nc");
        assert_eq!(one("A=\r\n"), "");
        assert_eq!(values("# A=b\n\n\u{a0}\nB=1\r\nC=2\r\n").len(), 2);
    }

    #[test]
    fn names_are_filled_in() {
        let text = "U=me\nP=${P_REAL:-secret}\nURL=postgresql://${U}:${P}@h/db\nX=${NOWHERE}x";
        let (entries, problems) = read(FileId(0), text);
        assert!(problems.is_empty());
        let url = last(&entries, "URL").expect("is there");
        assert_eq!((url.value.as_str(), url.open), ("postgresql://me:secret@h/db", true));
        assert_eq!(&text[url.span.range()], "postgresql://${U}:${P}@h/db");
        assert_eq!(&text[url.key_span.range()], "URL");
        assert_eq!(last(&entries, "X").map(|entry| (entry.value.as_str(), entry.open)), Some(("x", true)));
    }

    #[test]
    fn what_is_no_entry_is_told() {
        let (entries, problems) = read(FileId(0), "=x\nA=1\n\"unclosed\nB='open\nC=2\n");
        assert_eq!(entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["A", "C"]);
        assert_eq!(problems.len(), 2);
    }
}
