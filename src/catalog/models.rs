//! What `target_metadata` holds → a [`Catalog`].

use crate::catalog::column_type::ColumnType;
use crate::catalog::table::{Column, Name, PrimaryKey, ServerDefault, Table, TableName};
use crate::catalog::{Catalog, Target};
use crate::project::Project;
use crate::project::alembic::env_script::TargetMetadata;
use crate::project::sqlalchemy::custom_type::CustomTypes;
use crate::project::sqlalchemy::expression::Expression;
use crate::project::sqlalchemy::{self, MetaDataId};

/// The tables that the models of an environment (by its place in [`Project::environments`]) declare.
pub fn declared(project: &Project<'_>, environment: usize, target: &Target) -> Catalog {
    let mut catalog = Catalog::default();
    let metadatas = target_metadata(project, environment);
    let models = &project.models;
    for table in models.tables.iter().filter(|table| metadatas.contains(&table.metadata)) {
        if table.reached_by.contains(&environment) && table.duplicate_of.is_none() {
            lower(table, &models.custom_types, &mut catalog, target);
        }
    }
    catalog
}

/// The MetaData objects that env.py hands to Alembic.
pub fn target_metadata(project: &Project<'_>, environment: usize) -> Vec<MetaDataId> {
    let script = project.environments[environment].env_script.as_ref();
    let calls = script.into_iter().flat_map(|script| script.online.configures());
    let mut found = Vec::new();
    for (_, call) in calls {
        if let TargetMetadata::These(these) = &call.target_metadata {
            found.extend(these.iter().copied().filter(|one| !found.contains(one)).collect::<Vec<_>>());
        }
    }
    found
}

fn lower(table: &sqlalchemy::Table, types: &CustomTypes, catalog: &mut Catalog, _target: &Target) {
    let Some(name) = table.name.get() else {
        catalog.open.push((table.span, "the table's name could not be read".to_owned()));
        return;
    };
    let schema = table.schema.as_ref().and_then(|schema| schema.get());
    let name = TableName::within(schema.map(String::as_str), name);
    let mut made = Table::empty(name.clone(), table.span);
    made.complete = !table.open;
    let mut key = Vec::new();
    for column in &table.columns {
        let Some(column_name) = &column.name else {
            made.complete = false;
            continue;
        };
        let mut lowered = Column::named(column_name, column.span);
        lowered.column_type = column.column_type.as_ref().and_then(|given| ColumnType::read(&given.value, types));
        if column.primary_key == Some(true) {
            key.push(column_name.clone());
        }
        lowered.nullable = match (&column.nullable, column.primary_key) {
            (Some(Expression::Bool(value)), _) => Some(*value),
            (Some(_), _) | (None, None) => None,
            (None, Some(is_key)) => Some(!is_key && column.annotated_optional.unwrap_or(true)),
        };
        if column.server_default.is_some() {
            lowered.server_default = ServerDefault::Unknown;
        }
        made.columns.push(lowered);
    }
    if !key.is_empty() {
        made.primary_key = Some(PrimaryKey { name: Name::Unnamed, columns: key, span: table.span });
    }
    catalog.tables.insert(name, made);
}
