//! Expressions of SQLAlchemy → SQL text, where they are simple enough to be sure of it.

use crate::catalog::Dialect;
use crate::catalog::quote::quoted;
use crate::project::sqlalchemy::expression::{Expression, Given};

/// A `server_default`: a string stands for itself in quotes, everything else is an expression.
pub fn of_default(value: &Expression, dialect: Dialect) -> Option<String> {
    match value {
        Expression::Str(text) => Some(literal(text)),
        other => of(other, dialect),
    }
}

/// A SQL string.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// An expression as SQL.
pub fn of(value: &Expression, dialect: Dialect) -> Option<String> {
    match value {
        Expression::Int(number) => Some(number.to_string()),
        Expression::Float(number) => Some(number.to_string()),
        Expression::Bool(value) => Some(boolean(*value, dialect)),
        Expression::None => Some("NULL".to_owned()),
        Expression::Str(text) => Some(literal(text)),
        Expression::Column(name) => Some(quoted(name, dialect)),
        Expression::Call(callee, given) => match ordered(value) {
            Some((of_what, order)) => Some(format!("{} {order}", of(of_what, dialect)?)),
            None => call(callee, given, dialect),
        },
        Expression::Name(name) => match name.as_str() {
            "sqlalchemy.null" => Some("NULL".to_owned()),
            "sqlalchemy.sqltypes.NULLTYPE" => None,
            _ => None,
        },
        Expression::Operation(operator, operands) => match (*operator, &operands[..]) {
            ("-", [Expression::Int(number)]) => Some(format!("-{number}")),
            _ => None,
        },
        _ => None,
    }
}

/// What is ordered, and how: `created_at.desc()`, `nulls_last(desc("created_at"))`.
pub fn ordered(value: &Expression) -> Option<(&Expression, String)> {
    let Expression::Call(callee, given) = value else { return None };
    let (of_what, modifier) = match (&**callee, &given[..]) {
        (Expression::Attribute(of_what, name), []) => (&**of_what, name.as_str()),
        (Expression::Name(name), [one]) => (&one.value, name.strip_prefix("sqlalchemy.")?),
        _ => return None,
    };
    let word = match modifier {
        "desc" => "DESC",
        "asc" => "ASC",
        "nulls_first" | "nullsfirst" => "NULLS FIRST",
        "nulls_last" | "nullslast" => "NULLS LAST",
        _ => return None,
    };
    Some(match ordered(of_what) {
        Some((inner, order)) => (inner, format!("{order} {word}")),
        None => (of_what, word.to_owned()),
    })
}

/// Is it a word of what [`ordered`] gives?
pub fn is_order(word: &str) -> bool {
    ["ASC", "DESC", "NULLS", "FIRST", "LAST"].iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn boolean(value: bool, dialect: Dialect) -> String {
    match (value, dialect) {
        (true, Dialect::Sqlite) => "1",
        (false, Dialect::Sqlite) => "0",
        (true, _) => "true",
        (false, _) => "false",
    }
    .to_owned()
}

fn call(callee: &Expression, given: &[Given], dialect: Dialect) -> Option<String> {
    let name = callee.name().filter(|_| !matches!(callee, Expression::Call(..)))?;
    let first = given.first().map(|given| &given.value);
    if let Some(function) = name.strip_prefix("sqlalchemy.func.") {
        return self::function(function, given, dialect);
    }
    match name.strip_prefix("sqlalchemy.")? {
        "text" | "TextClause" | "literal_column" => match first? {
            Expression::Str(text) => Some(text.clone()),
            _ => None,
        },
        "DefaultClause" => of_default(first?, dialect),
        "true" | "True_" => Some(boolean(true, dialect)),
        "false" | "False_" => Some(boolean(false, dialect)),
        "null" => Some("NULL".to_owned()),
        "literal" => of(first?, dialect),
        "column" => match first? {
            Expression::Str(name) => Some(quoted(name, dialect)),
            _ => None,
        },
        _ => None,
    }
}

fn function(name: &str, given: &[Given], dialect: Dialect) -> Option<String> {
    let lower = name.to_lowercase();
    // Functions that the standard writes without brackets.
    let bare = matches!(
        lower.as_str(),
        "current_date"
            | "current_time"
            | "current_timestamp"
            | "current_user"
            | "localtime"
            | "localtimestamp"
            | "session_user"
            | "user"
            | "sysdate"
    );
    if given.is_empty() && lower == "now" && dialect == Dialect::Sqlite {
        return Some("CURRENT_TIMESTAMP".to_owned());
    }
    if given.is_empty() && bare {
        return Some(lower.to_uppercase());
    }
    let arguments: Vec<String> = given.iter().map(|given| of(&given.value, dialect)).collect::<Option<_>>()?;
    Some(format!("{name}({})", arguments.join(", ")))
}
