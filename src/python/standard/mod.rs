//! Calls and attributes of the standard library and of helper libraries (dotenv, pydantic, decouple, environs) →
//! values.

pub mod enums;

use std::rc::Rc;

use crate::python::library::Library;
use crate::python::value::{Str, Term, TermKind, Value};

/// All of them, in the order in which they are asked.
pub fn all<'t>() -> Vec<Rc<dyn Library<'t> + 't>> {
    vec![Rc::new(enums::Enums)]
}

/// Classes whose instances are, as `str()` sees them, the text that they were made from.
const TEXTS: &[&str] = &[
    "PostgresDsn",
    "MySQLDsn",
    "MariaDBDsn",
    "AnyUrl",
    "AnyHttpUrl",
    "HttpUrl",
    "RedisDsn",
    "AmqpDsn",
    "MongoDsn",
    "CockroachDsn",
    "ClickHouseDsn",
    "SnowflakeDsn",
    "KafkaDsn",
    "NatsDsn",
    "Url",
    "MultiHostUrl",
    "DatabaseURL",
];

/// The text that a library's value stands for: a pydantic URL.
pub fn text_of<'v, 't>(term: &'v Term<'t>) -> Option<&'v Str> {
    let TermKind::Call(callee, arguments) = &term.kind else { return None };
    let dotted = callee.dotted()?;
    if !(term.is_of("pydantic") || term.is_of("pydantic_core") || term.is_of("databases")) {
        return None;
    }
    match (TEXTS.contains(&crate::python::builtins::functions::last(dotted)), arguments.positional.first()) {
        (true, Some(argument)) => match &argument.value {
            Value::Str(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
