//! What `target_metadata` holds → a [`Catalog`].
//!
//! [`mod@column`] lowers columns with their types, [`constraint`] what stands beside them, [`naming`] gives the names that a
//! naming convention makes, [`text`] writes expressions as SQL.

pub mod column;
pub mod constraint;
pub mod naming;
pub mod text;

use std::collections::BTreeMap;

use crate::catalog::table::{Enum, Name, PrimaryKey, Table, TableName};
use crate::catalog::{Catalog, Target};
use crate::project::Project;
use crate::project::alembic::env_script::TargetMetadata;
use crate::project::sqlalchemy::{self, MetaDataId, Models, TableId};

/// The tables that the models of an environment (by its place in [`Project::environments`]) declare.
pub fn declared(project: &Project<'_>, environment: usize, target: &Target) -> Catalog {
    let metadatas = target_metadata(project, environment);
    let on_target = |table: &&sqlalchemy::Table| metadatas.contains(&table.metadata);
    let reached = |table: &&sqlalchemy::Table| table.reached_by.contains(&environment);
    let models = &project.models;
    // Where env.py reaches none, a program that calls Alembic imports them.
    let any = models.tables.iter().any(|table| on_target(&table) && reached(&table));
    let tables: Vec<TableId> =
        models.tables.iter().filter(on_target).filter(|table| !any || reached(table)).map(|table| table.id).collect();
    let mut catalog = lowered(models, &tables, target);
    for metadata in metadatas {
        let found = models.metadata(metadata);
        catalog.open.extend(found.unread.iter().cloned());
        if found.reflected {
            catalog.open.push((found.span, "the database tells which tables there are".to_owned()));
        }
    }
    for hidden in &project.environments[environment].not_analysed {
        if hidden.hides == crate::project::Hides::Models {
            catalog.open.push((hidden.span, hidden.why.clone()));
        }
    }
    catalog
}

/// The tables of every MetaData of the project: where no env.py says which one counts.
pub fn all_declared(project: &Project<'_>, target: &Target) -> Catalog {
    let tables: Vec<TableId> = project.models.tables.iter().map(|table| table.id).collect();
    lowered(&project.models, &tables, target)
}

/// The MetaData objects that env.py hands to Alembic.
pub fn target_metadata(project: &Project<'_>, environment: usize) -> Vec<MetaDataId> {
    let environment = &project.environments[environment];
    let calls = environment.env_script.iter().flat_map(|script| script.online.configures());
    let mut found = Vec::new();
    for (_, call) in calls {
        if let TargetMetadata::These(these) = &call.target_metadata {
            for one in these {
                if !found.contains(one) {
                    found.push(*one);
                }
            }
        }
    }
    found
}

/// Tables that were registered → a catalogue.
pub fn lowered(models: &Models, tables: &[TableId], target: &Target) -> Catalog {
    let mut catalog = Catalog::default();
    let lowering = Lowering { models, target, keys: Keys::of(&models.tables) };
    for id in tables {
        lowering.table(models.table(*id), &mut catalog);
    }
    column::take_over_types(&mut catalog);
    collect_enums(&mut catalog, target);
    catalog
}

/// What lowering a table needs to know of the others.
pub struct Lowering<'m> {
    /// All facts.
    pub models: &'m Models,
    /// For which database.
    pub target: &'m Target,
    /// Columns that have another key than their name.
    pub keys: Keys,
}

/// `Column("name", key="key")`: foreign keys, constraints and indexes name columns by their key.
#[derive(Default)]
pub struct Keys {
    by_table: BTreeMap<TableName, Vec<(String, String)>>,
}

impl Keys {
    /// Those of these tables.
    pub fn of(tables: &[sqlalchemy::Table]) -> Keys {
        let mut keys = Keys::default();
        for table in tables {
            let Some(name) = table_name(table) else { continue };
            let pairs = table.columns.iter().filter_map(|column| {
                let given = column.given.iter().find(|given| given.name.as_deref() == Some("key"))?;
                Some((given.value.as_str()?.to_owned(), column.name.clone()?))
            });
            let pairs: Vec<(String, String)> = pairs.collect();
            if !pairs.is_empty() {
                keys.by_table.entry(name).or_default().extend(pairs);
            }
        }
        keys
    }

    /// The name of the column that has this key.
    pub fn name<'k>(&'k self, table: &TableName, key: &'k str) -> &'k str {
        let pairs = self.by_table.get(table).map_or(&[][..], Vec::as_slice);
        pairs.iter().find(|(known, _)| known == key).map_or(key, |(_, name)| name)
    }
}

/// A table's name, where it and its schema were read.
pub fn table_name(table: &sqlalchemy::Table) -> Option<TableName> {
    let schema = match &table.schema {
        None => None,
        Some(schema) => Some(schema.get()?.as_str()),
    };
    Some(TableName::within(schema, table.name.get()?))
}

impl Lowering<'_> {
    /// Puts a table on the catalogue.
    pub fn table(&self, table: &sqlalchemy::Table, catalog: &mut Catalog) {
        let Some(name) = table_name(table) else {
            catalog.open.push((table.name.span(), "the name of a table could not be read".to_owned()));
            return;
        };
        let mut made = match (table.duplicate_of.is_some() || table.extends, catalog.tables.swap_remove(&name)) {
            // `extend_existing` adds to the one that is there.
            (_, Some(known)) if table.extends => known,
            (true, Some(known)) => {
                catalog.tables.insert(name, known);
                return;
            }
            _ => Table::empty(name.clone(), table.span),
        };
        if let Some(class) = table.class {
            made.class.get_or_insert_with(|| self.models.class(class).qualified.clone());
        }
        made.comment = table.comment.clone().or(made.comment);
        made.complete &= !table.open;
        let mut unread = Vec::new();
        let mut key = Vec::new();
        for column in &table.columns {
            match self.column(column, table, &mut unread) {
                Some(lowered) => {
                    if column.primary_key == Some(true) {
                        key.push(lowered.name.clone());
                    }
                    made.columns.retain(|known| known.name != lowered.name);
                    made.columns.push(lowered);
                }
                None => made.complete = false,
            }
        }
        if !key.is_empty() {
            let span = table.span;
            made.primary_key = Some(PrimaryKey { name: Name::Unnamed, columns: key, span });
        }
        self.constraints(table, &mut made, &mut unread);
        for index in made.indexes.iter().filter(|index| index.name == Name::Unknown) {
            unread.push((None, index.span, "the name of an index could not be read".to_owned()));
        }
        column::number(&mut made);
        catalog.tables.insert(name.clone(), made);
        if table.open {
            catalog.unresolved(Some(&name), None, table.span, "there may be columns that could not be read");
        }
        for (column, span, why) in unread {
            catalog.unresolved(Some(&name), column.as_deref(), span, why);
        }
    }
}

/// The named types that the columns need.
fn collect_enums(catalog: &mut Catalog, target: &Target) {
    let mut found: Vec<Enum> = Vec::new();
    for table in catalog.tables.values() {
        for column in &table.columns {
            let Some((mut name, of)) = column.column_type.as_ref().and_then(|it| it.named_enum(target.dialect)) else {
                continue;
            };
            if of.inherits_schema && name.schema.is_none() {
                name.schema.clone_from(&table.name.schema);
            }
            if !of.not_created && !found.iter().any(|known| known.name == name) {
                found.push(Enum { name, values: of.values.clone(), span: column.span });
            }
        }
    }
    catalog.enums = found;
}
