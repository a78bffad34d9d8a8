//! Are two types the same? As `DefaultImpl.compare_type` of Alembic sees it: by the words of their DDL, with arguments
//! compared where both have as many.

use crate::catalog::column_type::{ColumnType, TypeKind};
use crate::catalog::diff::Options;
use crate::catalog::diff::stored::{Stored, stored};
use crate::catalog::{Catalog, Dialect};

/// What a comparison says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same to Alembic.
    Same,
    /// Not the same.
    Different,
    /// It can't be told, and why.
    Unknown(String),
}

/// Compares the type that the database has with the one that a model declares.
pub fn compare(
    found: Option<&ColumnType>,
    declared: Option<&ColumnType>,
    of: &Catalog,
    options: &Options<'_>,
) -> Verdict {
    let unread = |whose: &str| Verdict::Unknown(format!("its type could not be read in the {whose}"));
    let Some(declared) = declared else { return unread("models") };
    let Some(found) = found else { return unread("migrations") };
    let target = &options.target;
    if let (Some(declared), Some(found)) = (declared.for_dialect(target.dialect), found.for_dialect(target.dialect)) {
        if declared.kind == TypeKind::Null {
            return Verdict::Same;
        }
        // MySQL keeps the values with the column; Alembic compares them as sets since 1.17.
        if let (Dialect::Mysql, TypeKind::Enum(one), TypeKind::Enum(other)) =
            (target.dialect, &declared.kind, &found.kind)
            && !one.not_native
            && !other.not_native
            && options.alembic.is_at_least(&[1, 17, 1])
        {
            return match (&one.values, &other.values) {
                (Some(one), Some(other)) => {
                    let sorted = |values: &Vec<String>| {
                        let mut values = values.clone();
                        values.sort();
                        values.dedup();
                        values
                    };
                    if sorted(one) == sorted(other) { Verdict::Same } else { Verdict::Different }
                }
                _ => Verdict::Unknown("the values of its enum could not be read".to_owned()),
            };
        }
    }
    let Some(text) = declared.ddl(target) else { return unread("models") };
    match stored(found, of, target) {
        Stored::Null => Verdict::Same,
        Stored::Text(stored) if Words::of(&stored).is_same(&Words::of(&text), target.dialect) => Verdict::Same,
        Stored::Text(_) => Verdict::Different,
        Stored::Foreign(stored) if stored.eq_ignore_ascii_case(&text) => Verdict::Same,
        Stored::Foreign(stored) if Words::of(&stored) == Words::of(&text) => Verdict::Same,
        Stored::Foreign(stored) => {
            Verdict::Unknown(format!("what the inspector makes of `{stored}` depends on installed packages"))
        }
        Stored::Unknown => unread("migrations"),
    }
}

/// The words of a type's DDL: `numeric`, then `10` and `2` in brackets.
#[derive(Debug, PartialEq, Eq)]
struct Words {
    first: String,
    rest: Vec<String>,
    arguments: Vec<String>,
}

impl Words {
    /// As Alembic's regular expression `[\w\-_]+|\(.+?\)` finds them.
    fn of(text: &str) -> Words {
        let text = text.to_lowercase();
        let (mut terms, mut bracket) = (Vec::new(), None);
        let mut rest = text.as_str();
        while let Some(letter) = rest.chars().next() {
            let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
            if letter == '(' {
                // At least one letter stands between the brackets.
                let after = rest.char_indices().nth(2).map_or(rest.len(), |(at, _)| at);
                if let Some(at) = rest[after..].find(')') {
                    bracket = Some(&rest[1..after + at]);
                    rest = &rest[after + at + 1..];
                    continue;
                }
            } else if is_word(letter) {
                let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
                terms.push(rest[..end].to_owned());
                rest = &rest[end..];
                continue;
            }
            rest = &rest[letter.len_utf8()..];
        }
        let arguments = bracket.map_or_else(Vec::new, |inner| {
            let parts = inner.split(['(', ')', ',']).filter(|part| !part.is_empty() && !part.contains('='));
            parts.map(|part| part.trim().to_owned()).collect()
        });
        let mut terms = terms.into_iter();
        Words { first: terms.next().unwrap_or_default(), rest: terms.collect(), arguments }
    }

    fn all(&self) -> String {
        std::iter::once(&self.first).chain(&self.rest).map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    fn is_same(&self, other: &Words, dialect: Dialect) -> bool {
        let synonyms: &[[&str; 2]] = match dialect {
            Dialect::Postgresql => &[["numeric", "decimal"], ["float", "double precision"]],
            Dialect::Mysql => &[["numeric", "decimal"], ["bool", "tinyint"], ["json", "longtext"]],
            Dialect::Sqlite => &[["numeric", "decimal"]],
        };
        let both = |batch: &[&str; 2], one: &str, other: &str| batch.contains(&one) && batch.contains(&other);
        let named_alike = self.first == other.first
            || synonyms
                .iter()
                .any(|batch| both(batch, &self.all(), &other.all()) || both(batch, &self.first, &other.first));
        let differ = |one: &[String], other: &[String]| one.len() == other.len() && one != other;
        named_alike
            && !differ(&self.rest, &other.rest)
            && !differ(&self.arguments, &other.arguments)
            && (dialect != Dialect::Mysql || !self.contradicts(other))
    }

    /// Both name a character set or a collation, and not the same.
    fn contradicts(&self, other: &Words) -> bool {
        let after = |words: &Words, key: &str| {
            let text = words.rest.join(" ");
            let at = text.find(key)? + key.len();
            text[at..].split_whitespace().next().map(str::to_owned)
        };
        ["character set ", "collate "].iter().any(|key| match (after(self, key), after(other, key)) {
            (Some(one), Some(other)) => one != other,
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(stored: &str, declared: &str) -> bool {
        Words::of(stored).is_same(&Words::of(declared), Dialect::Postgresql)
    }

    #[test]
    fn types_are_compared_by_their_words() {
        assert!(same("VARCHAR(20)", "VARCHAR"), "a length is compared where both have one");
        assert!(!same("VARCHAR(20)", "VARCHAR(30)"));
        assert!(same("NUMERIC(10, 2)", "DECIMAL(10, 2)"));
        assert!(same("DOUBLE PRECISION", "FLOAT"));
        assert!(!same("REAL", "FLOAT"));
        assert!(!same("TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITHOUT TIME ZONE"));
        assert!(same("INTEGER[]", "INTEGER"), "Alembic does not see brackets");
        assert!(!same("TEXT", "VARCHAR(20)"));
    }
}
