//! Column types, as SQLAlchemy knows them → the text that its compilers write for a database.

use crate::catalog::{Dialect, Target};
use crate::project::sqlalchemy::expression::Expression;

/// A column's type.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnType {
    /// What it is.
    pub kind: TypeKind,
    /// As the code declares it; `None` for one that SQL or a database gave.
    pub written: Option<Expression>,
}

/// What a type is.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// `Integer`
    Integer,
    /// `String(length)`
    String(Option<i64>),
    /// SQL text as it is, for every database: what a `CREATE TABLE` in a string says.
    Sql(String),
}

impl ColumnType {
    /// The type that an expression declares, if it can be read.
    pub fn read(written: &Expression) -> Option<ColumnType> {
        let name = written.name()?;
        let first = written.arguments().iter().find(|given| given.name.as_deref().is_none_or(|name| name == "length"));
        let kind = match name {
            "sqlalchemy.Integer" => TypeKind::Integer,
            "sqlalchemy.String" => match first.map(|given| &given.value) {
                None | Some(Expression::None) => TypeKind::String(None),
                Some(Expression::Int(length)) => TypeKind::String(Some(*length)),
                Some(_) => return None,
            },
            _ => return None,
        };
        Some(ColumnType { kind, written: Some(written.clone()) })
    }

    /// The type that SQL text names.
    pub fn of_sql(text: impl Into<String>) -> ColumnType {
        ColumnType { kind: TypeKind::Sql(text.into()), written: None }
    }

    /// The text that SQLAlchemy compiles for `target`; `None` where it can't be told.
    pub fn ddl(&self, target: &Target) -> Option<String> {
        Some(match &self.kind {
            TypeKind::Integer => "INTEGER".to_owned(),
            TypeKind::String(Some(length)) => format!("VARCHAR({length})"),
            TypeKind::String(None) if target.dialect == Dialect::Mysql => return None,
            TypeKind::String(None) => "VARCHAR".to_owned(),
            TypeKind::Sql(text) => text.clone(),
        })
    }
}
