//! Defaults on the server. PostgreSQL is asked by Alembic whether two are equal; here literals are compared, and what a
//! server would have to evaluate is not.

use crate::catalog::Dialect;
use crate::catalog::column_type::TypeKind;
use crate::catalog::diff::Options;
use crate::catalog::diff::types::Verdict;
use crate::catalog::table::{Column, ServerDefault, Table};

/// Compares the defaults of a column.
pub fn compare(found: (&Table, &Column), declared: (&Table, &Column), options: &Options<'_>) -> Verdict {
    let ((_, before), (table, after)) = (found, declared);
    let dialect = options.target.dialect;
    // The number of a serial column.
    if dialect == Dialect::Postgresql
        && table.in_primary_key(&after.name)
        && table.primary_key.as_ref().is_some_and(|key| key.columns.len() == 1)
        && after.autoincrement != Some(false)
        && is_integer(after)
    {
        return Verdict::Same;
    }
    let (before, after) = match (&before.server_default, &after.server_default) {
        (ServerDefault::None, ServerDefault::None) => return Verdict::Same,
        (ServerDefault::None, _) | (_, ServerDefault::None) => return Verdict::Different,
        (ServerDefault::Unknown, _) => return Verdict::Unknown("it could not be read in the migrations".to_owned()),
        (_, ServerDefault::Unknown) => return Verdict::Unknown("it could not be read in the models".to_owned()),
        (ServerDefault::Sql(before), ServerDefault::Sql(after)) => (before, after),
    };
    let truth = is_boolean(found.1) || is_boolean(declared.1);
    let (old, new) = (Default::of(before, truth), Default::of(after, truth));
    if old == new {
        return Verdict::Same;
    }
    match (&old, &new) {
        (Default::Literal(_), Default::Literal(_)) => Verdict::Different,
        _ if dialect == Dialect::Sqlite => Verdict::Different,
        _ => Verdict::Unknown("only the server can tell whether its expressions are equal".to_owned()),
    }
}

fn is_boolean(column: &Column) -> bool {
    column.column_type.as_ref().is_some_and(|found| match &found.kind {
        TypeKind::Plain(plain) => plain.name.eq_ignore_ascii_case("boolean"),
        TypeKind::Sql(text) => matches!(text.to_lowercase().as_str(), "boolean" | "bool" | "tinyint(1)"),
        _ => false,
    })
}

fn is_integer(column: &Column) -> bool {
    column.column_type.as_ref().is_some_and(|found| match &found.kind {
        TypeKind::Plain(plain) => plain.name.to_lowercase().contains("int") && plain.name != "Interval",
        TypeKind::Sql(text) => text.to_lowercase().contains("int"),
        _ => false,
    })
}

/// A default, as far as it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Default {
    /// A string, a number, a truth value, NULL: the value as text.
    Literal(String),
    /// The time of the transaction.
    Now,
    /// Anything else.
    Expression(String),
}

impl Default {
    /// `truth`: it is the default of a truth value, for which `'t'`, `1` and `true` are one.
    fn of(text: &str, truth: bool) -> Default {
        let mut text = text.trim();
        loop {
            let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
            match inner.filter(|inner| is_balanced(inner)) {
                Some(inner) => text = inner.trim(),
                None => break,
            }
        }
        let bare = without_casts(text);
        let lower = bare.to_lowercase();
        if let Some(inner) = bare.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''))
            && !inner.replace("''", "").contains('\'')
        {
            return Default::Literal(value(&inner.replace("''", "'"), truth));
        }
        let number = bare.strip_prefix('-').unwrap_or(bare);
        let is_number = !number.is_empty() && number.chars().all(|it| it.is_ascii_digit() || it == '.');
        if is_number || matches!(lower.as_str(), "true" | "false" | "null") {
            return Default::Literal(value(&lower, truth));
        }
        match lower.as_str() {
            "now()" | "current_timestamp" | "current_timestamp()" | "transaction_timestamp()" => Default::Now,
            _ => Default::Expression(lower.replace(' ', "")),
        }
    }
}

/// Values that PostgreSQL finds equal whether they stand in quotes or not.
fn value(text: &str, truth: bool) -> String {
    match text {
        "t" | "true" | "TRUE" | "True" | "1" if truth => "true".to_owned(),
        "f" | "false" | "FALSE" | "False" | "0" if truth => "false".to_owned(),
        other => match other.split_once('.') {
            Some((whole, part)) if !whole.is_empty() && part.chars().all(|it| it == '0') => whole.to_owned(),
            _ => other.to_owned(),
        },
    }
}

fn is_balanced(text: &str) -> bool {
    let mut depth = 0_i32;
    text.chars().all(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth >= 0
    }) && depth == 0
}

/// `'x'::character varying` → `'x'`
fn without_casts(text: &str) -> &str {
    let start = match text.strip_prefix('\'') {
        Some(rest) => rest.find('\'').map_or(text.len(), |at| at + 2),
        None => 0,
    };
    let end = text[start..].find("::").map_or(text.len(), |at| start + at);
    let tail = &text[end..];
    if tail.contains('(') && !tail.trim_end().ends_with([')', ']']) { text } else { text[..end].trim_end() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_equal_however_they_are_written() {
        let same = |one: &str, other: &str| Default::of(one, false) == Default::of(other, false);
        assert!(same("'x'::character varying", "'x'"));
        assert!(same("now()", "CURRENT_TIMESTAMP"));
        assert!(same("'0'", "0"));
        assert!(!same("true", "1") && !same("'true'", "'1'"), "a text or a number is no truth value");
        let same_truth = |one: &str, other: &str| Default::of(one, true) == Default::of(other, true);
        assert!(same_truth("false", "'f'") && same_truth("true", "'1'") && !same_truth("true", "0"));
        assert!(same("'{}'::jsonb", "'{}'"));
        assert!(!same("'x'", "'y'"));
        assert!(!same("gen_random_uuid()", "uuid_generate_v4()"));
    }
}
