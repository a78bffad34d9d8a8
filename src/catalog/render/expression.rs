//! What the project's code says → Python text, with the imports that it needs.

use super::{Writer, python};
use crate::project::sqlalchemy::expression::{Expression, Given};
use crate::project::sqlalchemy::names::last;

impl Writer<'_> {
    /// An expression; `None` where a part of it was not read, or can't be named from outside.
    pub(super) fn expression(&mut self, written: &Expression) -> Option<String> {
        Some(match written {
            Expression::None => "None".to_owned(),
            Expression::Bool(value) => python::boolean(*value).to_owned(),
            Expression::Int(number) => number.to_string(),
            Expression::Float(number) => format!("{number:?}"),
            Expression::Str(text) => python::repr(text),
            Expression::List(items) => format!("[{}]", self.all(items)?),
            Expression::Dict(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| Some(format!("{}: {}", python::repr(key), self.expression(value)?)))
                    .collect::<Option<Vec<_>>>()?;
                format!("{{{}}}", entries.join(", "))
            }
            Expression::Name(name) => self.importable(name)?,
            Expression::Builtin(name) => name.clone(),
            Expression::Class(class) => self.class(&class.qualified)?,
            Expression::Call(callee, given) => {
                let callee = self.expression(callee)?;
                format!("{callee}({})", self.given(given)?)
            }
            Expression::Attribute(of, name) => format!("{}.{name}", self.expression(of)?),
            Expression::Operation(operator, operands) => match &operands[..] {
                [Expression::Int(number)] if *operator == "-" => format!("-{number}"),
                _ => return None,
            },
            Expression::Unknown
            | Expression::Column(_)
            | Expression::Function(_)
            | Expression::Item(..)
            | Expression::Other(_) => return None,
        })
    }

    fn all(&mut self, items: &[Expression]) -> Option<String> {
        Some(items.iter().map(|item| self.expression(item)).collect::<Option<Vec<_>>>()?.join(", "))
    }

    /// Arguments.
    pub(super) fn given(&mut self, given: &[Given]) -> Option<String> {
        let each = |one: &Given| {
            let value = self.expression(&one.value)?;
            Some(match &one.name {
                Some(name) => format!("{name}={value}"),
                None => value,
            })
        };
        Some(given.iter().map(each).collect::<Option<Vec<_>>>()?.join(", "))
    }

    /// Something importable of a library.
    pub(super) fn importable(&mut self, canonical: &str) -> Option<String> {
        if let Some(rest) = canonical.strip_prefix("sqlalchemy.dialects.") {
            let (dialect, _) = rest.split_once('.')?;
            self.imports.insert(format!("from sqlalchemy.dialects import {dialect}"));
            return Some(rest.to_owned());
        }
        if let Some(rest) = canonical.strip_prefix("sqlalchemy.") {
            return Some(format!("{}{rest}", self.sa()));
        }
        let full = match canonical {
            "sqlmodel.AutoString" => "sqlmodel.sql.sqltypes.AutoString",
            other => other,
        };
        let (module, _) = full.rsplit_once('.')?;
        self.imports.insert(format!("import {module}"));
        Some(full.to_owned())
    }

    /// A class of the project.
    fn class(&mut self, qualified: &str) -> Option<String> {
        if qualified.contains('<') {
            return None;
        }
        if let Some(prefix) = &self.style.user_prefix {
            return Some(format!("{prefix}{}", last(qualified)));
        }
        // A class within a class begins with a capital, as a module does not.
        let mut parts: Vec<&str> = qualified.split('.').collect();
        parts.pop()?;
        while parts.len() > 1 && parts.last()?.starts_with(|first: char| first.is_ascii_uppercase()) {
            parts.pop();
        }
        if parts.is_empty() {
            return None;
        }
        self.imports.insert(format!("import {}", parts.join(".")));
        Some(qualified.to_owned())
    }
}
