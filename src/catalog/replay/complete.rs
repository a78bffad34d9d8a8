//! What a statement leaves for the database to look up: the columns that `REFERENCES other` means, the enumeration type
//! that the name of a type means.

use crate::catalog::Catalog;
use crate::catalog::column_type::{ColumnType, EnumType, TypeKind};
use crate::catalog::operation::Constraint;
use crate::catalog::table::{Column, ForeignKey, PrimaryKey, Table, TableName};

/// Completes a table that is made.
pub(super) fn table(catalog: &Catalog, table: &mut Table) {
    table.columns.iter_mut().for_each(|found| column(catalog, found));
    let (own, primary) = (table.name.clone(), table.primary_key.clone());
    for key in &mut table.foreign_keys {
        match key.target == own {
            true => refer(key, primary.as_ref()),
            false => foreign_key(catalog, key),
        }
    }
}

/// Completes a constraint that is added.
pub(super) fn constraint(catalog: &Catalog, constraint: &mut Constraint) {
    if let Constraint::ForeignKey(key) = constraint {
        foreign_key(catalog, key);
    }
}

fn foreign_key(catalog: &Catalog, key: &mut ForeignKey) {
    refer(key, catalog.tables.get(&key.target).and_then(|target| target.primary_key.as_ref()));
}

/// Without columns, the primary key is meant.
fn refer(key: &mut ForeignKey, primary: Option<&PrimaryKey>) {
    if let Some(primary) = primary.filter(|primary| primary.columns.len() == key.columns.len())
        && key.target_columns.is_empty()
    {
        key.target_columns.clone_from(&primary.columns);
    }
}

/// Completes a column that is made.
pub(super) fn column(catalog: &Catalog, column: &mut Column) {
    if let Some(found) = &mut column.column_type {
        column_type(catalog, found);
    }
}

/// `status`, `app."Status"`: one of the enumeration types.
pub(super) fn column_type(catalog: &Catalog, found: &mut ColumnType) {
    match &mut found.kind {
        TypeKind::Sql(text) => {
            let name = type_name(text);
            if let Some(known) = catalog.enums.iter().find(|known| known.name == name) {
                found.kind = TypeKind::Enum(EnumType {
                    name: Some(known.name.name.clone()),
                    schema: known.name.schema.clone(),
                    inherits_schema: false,
                    values: known.values.clone(),
                    not_native: false,
                    length: None,
                    create_constraint: None,
                    not_created: true,
                    of: Some(crate::catalog::Dialect::Postgresql),
                    words: String::new(),
                });
            }
        }
        TypeKind::Array(item, _) => column_type(catalog, item),
        _ => {}
    }
}

/// A type's name as it is kept.
fn type_name(text: &str) -> TableName {
    let part = |part: &str| match part.strip_prefix('"').and_then(|part| part.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => part.to_lowercase(),
    };
    match text.split_once('.') {
        Some((schema, name)) => {
            TableName { schema: Some(part(schema)).filter(|schema| schema != "public"), name: part(name) }
        }
        None => TableName::plain(part(text)),
    }
}
