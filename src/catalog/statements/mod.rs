//! Tables and [`Operation`]s → SQL statements, as SQLAlchemy's and Alembic's compilers write them.
//!
//! [`table`] makes things, [`alter`] changes them. A statement comes without its semicolon; what a database can't do, or
//! what was not read, is a comment (`-- …`).

pub mod alter;
pub mod table;

use crate::catalog::operation::Operation;
use crate::catalog::quote::quoted;
use crate::catalog::table::TableName;
use crate::catalog::{Catalog, Dialect, Target};

/// Everything in `catalog`, made from nothing.
pub fn creation(catalog: &Catalog, target: &Target) -> Vec<String> {
    of(&crate::catalog::order::creation(catalog, target), target)
}

/// The statements of `operations`.
pub fn of(operations: &[Operation], target: &Target) -> Vec<String> {
    let writer = Statements { target };
    let mut made = Vec::new();
    let mut statements = Vec::new();
    for operation in operations {
        if let Operation::CreateTable(table) = operation {
            // Types that come with a table are made before it, once.
            for found in types_of(table, target) {
                if !made.contains(&found.0) && !told(operations, &found.0) {
                    statements.push(writer.create_enum(&found.0, found.1.as_deref()));
                    made.push(found.0);
                }
            }
        }
        statements.extend(writer.operation(operation));
    }
    statements
}

fn told(operations: &[Operation], name: &TableName) -> bool {
    operations.iter().any(|it| matches!(it, Operation::CreateEnum(found) if found.name == *name))
}

fn types_of(table: &crate::catalog::table::Table, target: &Target) -> Vec<(TableName, Option<Vec<String>>)> {
    let types = table.columns.iter().filter_map(|column| column.column_type.as_ref()?.named_enum(target.dialect));
    types
        .filter(|(_, of)| !of.not_created)
        .map(|(mut name, of)| {
            if of.inherits_schema && name.schema.is_none() {
                name.schema.clone_from(&table.name.schema);
            }
            (name, of.values.clone())
        })
        .collect()
}

/// Writes statements for a database.
struct Statements<'t> {
    target: &'t Target,
}

impl Statements<'_> {
    fn dialect(&self) -> Dialect {
        self.target.dialect
    }

    fn word(&self, name: &str) -> String {
        quoted(name, self.target.dialect)
    }

    fn words<T: AsRef<str>>(&self, names: &[T]) -> String {
        names.iter().map(|name| self.word(name.as_ref())).collect::<Vec<_>>().join(", ")
    }

    fn name(&self, name: &TableName) -> String {
        let own = self.word(&name.name);
        name.schema.as_ref().map_or(own.clone(), |schema| format!("{}.{own}", self.word(schema)))
    }

    fn create_enum(&self, name: &TableName, values: Option<&[String]>) -> String {
        match values {
            Some(values) => {
                let values: Vec<String> = values.iter().map(|value| string(value)).collect();
                format!("CREATE TYPE {} AS ENUM ({})", self.name(name), values.join(", "))
            }
            None => format!("-- CREATE TYPE {}: its values could not be read", self.name(name)),
        }
    }
}

/// A SQL string.
fn string(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
