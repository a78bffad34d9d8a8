//! TOML text → a small tree with spans, through the crate `toml` (only this file names it).

use crate::source::{FileId, Span};
use crate::syntax::python::SyntaxProblem;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Toml {
    /// The value.
    pub value: TomlValue,
    /// Its place, quotes and brackets included. Of a table header's table: the header.
    pub span: Span,
}

/// The kinds of values.
#[derive(Clone, Debug, PartialEq)]
pub enum TomlValue {
    /// A string.
    String(String),
    /// An integer.
    Integer(i64),
    /// A float.
    Float(f64),
    /// A boolean.
    Boolean(bool),
    /// A date or time, as text.
    Datetime(String),
    /// An array, or an array of tables.
    Array(Vec<Toml>),
    /// A table: keys, their places, values, sorted by the place of the key.
    Table(Vec<(String, Span, Toml)>),
}

impl Toml {
    /// The member called `key`.
    pub fn get(&self, key: &str) -> Option<&Toml> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The member called `key`, with the place of the key.
    pub fn entry(&self, key: &str) -> Option<(Span, &Toml)> {
        self.members().iter().find(|(name, ..)| name == key).map(|(_, span, value)| (*span, value))
    }

    /// The member reached by `path`: `["tool", "alembic"]`.
    pub fn at(&self, path: &[&str]) -> Option<&Toml> {
        path.iter().try_fold(self, |here, key| here.get(key))
    }

    /// The members of a table; nothing of anything else.
    pub fn members(&self) -> &[(String, Span, Toml)] {
        match &self.value {
            TomlValue::Table(members) => members,
            _ => &[],
        }
    }

    /// The items of an array; nothing of anything else.
    pub fn items(&self) -> &[Toml] {
        match &self.value {
            TomlValue::Array(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            TomlValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            TomlValue::Boolean(value) => Some(value),
            _ => None,
        }
    }

    /// The value of an integer.
    pub fn as_integer(&self) -> Option<i64> {
        match self.value {
            TomlValue::Integer(value) => Some(value),
            _ => None,
        }
    }

    /// Is it a table?
    pub fn is_table(&self) -> bool {
        matches!(self.value, TomlValue::Table(_))
    }
}

/// Parses `text`. What can be read in spite of a mistake is read.
pub fn read(file: FileId, text: &str) -> (Toml, Vec<SyntaxProblem>) {
    let offset = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let (table, errors) = toml::de::DeTable::parse_recoverable(&text[offset..]);
    let place = |range: std::ops::Range<usize>| Span::new(file, range.start + offset..range.end + offset);
    let problems = errors
        .iter()
        .map(|error| SyntaxProblem {
            span: error.span().map_or(Span::start_of(file), place),
            message: error.message().to_owned(),
        })
        .collect();
    let span = place(table.span());
    let root = Toml { value: TomlValue::Table(members(table.into_inner(), &place)), span };
    (root, problems)
}

fn members(table: toml::de::DeTable<'_>, place: &impl Fn(std::ops::Range<usize>) -> Span) -> Vec<(String, Span, Toml)> {
    let mut members: Vec<_> = table
        .into_iter()
        .map(|(key, value)| {
            let span = place(key.span());
            (key.into_inner().into_owned(), span, tree(value, place))
        })
        .collect();
    members.sort_by_key(|(_, span, _)| span.start);
    members
}

fn tree(value: toml::Spanned<toml::de::DeValue<'_>>, place: &impl Fn(std::ops::Range<usize>) -> Span) -> Toml {
    use toml::de::DeValue;
    let span = place(value.span());
    let value = match value.into_inner() {
        DeValue::String(text) => TomlValue::String(text.into_owned()),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            match i64::from_str_radix(&digits, number.radix()) {
                Ok(number) => TomlValue::Integer(number),
                Err(_) => TomlValue::Datetime(digits),
            }
        }
        DeValue::Float(number) => TomlValue::Float(number.as_str().replace('_', "").parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => TomlValue::Boolean(value),
        DeValue::Datetime(when) => TomlValue::Datetime(when.to_string()),
        DeValue::Array(items) => TomlValue::Array(items.into_iter().map(|item| tree(item, place)).collect()),
        DeValue::Table(table) => TomlValue::Table(members(table, place)),
    };
    Toml { value, span }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places() {
        let text = "[tool.alembic]\nscript_location = \"migrations\"\nlist = ['a', { x = 1_0 }]\n";
        let (root, problems) = read(FileId(0), text);
        assert!(problems.is_empty());
        let alembic = root.at(&["tool", "alembic"]).expect("the table");
        let (key, value) = alembic.entry("script_location").expect("the key");
        assert_eq!((&text[key.range()], &text[value.span.range()]), ("script_location", "\"migrations\""));
        let list = alembic.get("list").expect("the list").items();
        assert_eq!(list[0].as_str(), Some("a"));
        assert_eq!(list[1].get("x").and_then(Toml::as_integer), Some(10));
        assert_eq!(&text[alembic.span.range()], "[tool.alembic]");
    }

    #[test]
    fn a_mistake_leaves_the_rest() {
        let (root, problems) = read(FileId(0), "[tool.alembic]\nx = \ny = 1\n[tool.other]\nz = 2\n");
        assert!(!problems.is_empty());
        assert_eq!(root.at(&["tool", "other", "z"]).and_then(Toml::as_integer), Some(2));
    }
}
