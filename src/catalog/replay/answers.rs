//! What the database on paper answers: its tables as a live one would describe them.

use crate::catalog::table::{ForeignKey, Name, ServerDefault, Table};
use crate::catalog::{Catalog, Target, Unresolved};
use crate::project::alembic::operations::database::{Described, DescribedColumn, DescribedKey};
use crate::project::alembic::operations::directive::On;

/// Alembic's own table, which is there before the first revision runs.
pub(super) fn version_table() -> Described {
    let column = DescribedColumn {
        name: "version_num".to_owned(),
        column_type: Some("VARCHAR(32)".to_owned()),
        nullable: Some(false),
        default: None,
    };
    let key = (Some("alembic_version_pkc".to_owned()), vec![column.name.clone()]);
    Described {
        complete: true,
        has_all_columns: true,
        columns: vec![column],
        primary_key: Some(key),
        ..Described::default()
    }
}

/// A table as a database describes it.
pub(super) fn described(table: &Table, catalog: &Catalog, target: &Target) -> Described {
    let of_table = |found: &&Unresolved| found.table.as_ref() == Some(&table.name);
    let unresolved: Vec<&Unresolved> = catalog.unresolved.iter().filter(of_table).collect();
    // What is not known of a column that is there, leaves the others.
    let hides_columns = |found: &&Unresolved| match &found.column {
        Some(column) => table.column(column).is_none(),
        None => !(found.why.starts_with("a constraint") || found.why.starts_with("an index")),
    };
    let name = |name: &Name| name.get().map(str::to_owned);
    let key = |key: &ForeignKey| DescribedKey {
        name: name(&key.name),
        columns: key.columns.clone(),
        target: On { schema: key.target.schema.clone(), name: key.target.name.clone() },
        target_columns: key.target_columns.clone(),
        ondelete: key.ondelete.clone(),
    };
    Described {
        complete: unresolved.iter().all(|found| found.column.is_some()),
        has_all_columns: !unresolved.iter().any(hides_columns),
        columns: table
            .columns
            .iter()
            .map(|column| DescribedColumn {
                name: column.name.clone(),
                column_type: column.column_type.as_ref().and_then(|found| found.ddl(target)),
                nullable: column.nullable,
                default: match &column.server_default {
                    ServerDefault::None => None,
                    ServerDefault::Sql(text) => Some(Some(text.clone())),
                    ServerDefault::Unknown => Some(None),
                },
            })
            .collect(),
        primary_key: table.primary_key.as_ref().map(|key| (name(&key.name), key.columns.clone())),
        foreign_keys: table.foreign_keys.iter().map(key).collect(),
        unique_constraints: table.unique_constraints.iter().map(|it| (name(&it.name), it.columns.clone())).collect(),
        check_constraints: table.check_constraints.iter().map(|it| (name(&it.name), it.text.clone())).collect(),
        indexes: table
            .indexes
            .iter()
            .map(|index| {
                let columns = index.elements.iter().map(|element| element.column().map(str::to_owned)).collect();
                (name(&index.name), columns, index.unique)
            })
            .collect(),
        comment: table.comment.clone(),
    }
}
