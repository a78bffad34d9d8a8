//! What a comparison leaves out, and a revision needs: the types that new columns bring, and casts.

use crate::catalog::operation::{AlterColumn, Operation};
use crate::catalog::quote::quoted;
use crate::catalog::table::{Enum, TableName};
use crate::catalog::{Catalog, Dialect, Target};

/// `operations` that change `before`, with all that they need.
pub fn completed(operations: Vec<Operation>, before: &Catalog, target: &Target) -> Vec<Operation> {
    let mut known: Vec<TableName> = before.enums.iter().map(|found| found.name.clone()).collect();
    known.extend(operations.iter().filter_map(|operation| match operation {
        Operation::CreateEnum(found) => Some(found.name.clone()),
        _ => None,
    }));
    let mut types = Vec::new();
    let mut changes = Vec::new();
    for operation in operations {
        let (of, table) = match &operation {
            Operation::AddColumn(table, column) => (column.column_type.as_ref(), Some((table, column.span))),
            Operation::AlterColumn(alter) => {
                let span = alter.existing.as_ref().map(|column| column.span);
                (alter.column_type.as_ref().and_then(Option::as_ref), span.map(|span| (&alter.table, span)))
            }
            _ => (None, None),
        };
        if let (Some((mut name, found)), Some((table, span))) = (of.and_then(|of| of.named_enum(target.dialect)), table)
        {
            if found.inherits_schema && name.schema.is_none() {
                name.schema.clone_from(&table.schema);
            }
            if !found.not_created && !known.contains(&name) {
                known.push(name.clone());
                types.push(Operation::CreateEnum(Enum { name, values: found.values.clone(), span }));
            }
        }
        changes.push(match operation {
            Operation::AlterColumn(alter) => Operation::AlterColumn(Box::new(with_cast(*alter, target))),
            other => other,
        });
    }
    types.extend(changes);
    types
}

/// With the cast that a change of type needs: PostgreSQL changes a type by itself only where the old one may be assigned
/// to the new one.
pub fn with_cast(mut alter: AlterColumn, target: &Target) -> AlterColumn {
    if target.dialect != Dialect::Postgresql || alter.using.is_some() {
        return alter;
    }
    let old = alter.existing.as_ref().and_then(|column| column.column_type.as_ref()?.ddl(target));
    let new = alter.column_type.as_ref().and_then(|of| of.as_ref()?.ddl(target));
    if let (Some(old), Some(new)) = (old, new)
        && needs_using(&old, &new)
    {
        alter.using = Some(cast(&quoted(&alter.column, target.dialect), &old, &new));
    }
    alter
}

/// What leads from one type to another that it may not be assigned to: by way of a third one where PostgreSQL has no
/// cast.
fn cast(column: &str, old: &str, new: &str) -> String {
    match (family(old).as_str(), family(new).as_str()) {
        ("BOOLEAN", "number") | ("number", "BOOLEAN") => match (old, new) {
            ("INTEGER", _) | (_, "INTEGER") => format!("{column}::{new}"),
            _ => format!("{column}::INTEGER::{new}"),
        },
        ("text", _) | ("day", "time") => format!("{column}::{new}"),
        _ => format!("{column}::TEXT::{new}"),
    }
}

/// Does `ALTER COLUMN … TYPE` need USING to lead from one type to the other?
pub fn needs_using(old: &str, new: &str) -> bool {
    let (old, new) = (family(old), family(new));
    old != new && new != "text"
}

/// Types that PostgreSQL assigns to each other.
fn family(sql: &str) -> String {
    let upper = sql.to_uppercase();
    let end = upper.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(upper.len());
    match &upper[..end] {
        _ if upper.ends_with("[]") => upper,
        "SMALLINT" | "INTEGER" | "BIGINT" | "NUMERIC" | "DECIMAL" | "REAL" | "FLOAT" | "DOUBLE" | "SERIAL"
        | "BIGSERIAL" => "number".to_owned(),
        "VARCHAR" | "TEXT" | "CHAR" | "CHARACTER" | "CITEXT" => "text".to_owned(),
        "DATE" | "TIMESTAMP" => "day".to_owned(),
        "TIME" | "INTERVAL" => "time".to_owned(),
        "JSON" | "JSONB" => "json".to_owned(),
        "INET" | "CIDR" => "net".to_owned(),
        _ => upper,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_that_postgresql_has() {
        assert_eq!(cast("it", "VARCHAR(20)", "INTEGER"), "it::INTEGER");
        assert_eq!(cast("it", "INTEGER", "BOOLEAN"), "it::BOOLEAN");
        assert_eq!(cast("it", "BOOLEAN", "BIGINT"), "it::INTEGER::BIGINT");
        assert_eq!(cast("it", "UUID", "INTEGER"), "it::TEXT::INTEGER");
        assert_eq!(cast("it", "status", "kind"), "it::TEXT::kind");
    }

    #[test]
    fn casts_that_postgresql_does_not_make_by_itself() {
        assert!(needs_using("VARCHAR(20)", "INTEGER"));
        assert!(needs_using("INTEGER", "BOOLEAN"));
        assert!(needs_using("TEXT", "status"));
        assert!(!needs_using("INTEGER", "VARCHAR(20)"));
        assert!(!needs_using("INTEGER", "NUMERIC(10, 2)"));
        assert!(!needs_using("TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP WITH TIME ZONE"));
        assert!(!needs_using("JSON", "JSONB"));
    }
}
