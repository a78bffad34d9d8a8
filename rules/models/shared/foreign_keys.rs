//! What the foreign keys of a table refer to, as far as the facts are complete: shared by the rules on foreign keys.

use crate::project::Project;
use crate::project::sqlalchemy::column::{ConstraintKind, ForeignKey, ForeignKeyTarget};
use crate::project::sqlalchemy::{Models, Table, TableId};

/// One foreign key with what it names.
pub struct Reference<'m> {
    /// The foreign key.
    pub foreign_key: &'m ForeignKey,
    /// The column that has it, by its name.
    pub column: Option<&'m str>,
    /// The key of the table that it names: `schema.table`.
    pub key: String,
    /// The table's name as written.
    pub written: String,
    /// The column that it names.
    pub target_column: Option<String>,
}

/// The foreign keys of a table that name their target as text.
pub fn texts<'m>(table: &'m Table, models: &'m Models) -> Vec<Reference<'m>> {
    let mut all = Vec::new();
    let schema = models.metadata(table.metadata).schema.as_deref();
    let mut add = |foreign_key: &'m ForeignKey, column: Option<&'m str>| {
        let ForeignKeyTarget::Text(text) = &foreign_key.target else { return };
        if foreign_key.unusual {
            return;
        }
        let (written, target_column) = match text.rsplit_once('.') {
            Some((table, column)) => (table.to_owned(), Some(column.to_owned())),
            None => (text.clone(), None),
        };
        let key = match schema {
            Some(schema) if !written.contains('.') => format!("{schema}.{written}"),
            _ => written.clone(),
        };
        all.push(Reference { foreign_key, column, key, written, target_column });
    };
    for column in &table.columns {
        for foreign_key in &column.foreign_keys {
            add(foreign_key, column.name.as_deref());
        }
    }
    for constraint in table.constraints.iter().filter(|constraint| constraint.kind == ConstraintKind::ForeignKey) {
        for (number, foreign_key) in constraint.foreign_keys.iter().enumerate() {
            add(foreign_key, constraint.columns.get(number).and_then(|name| name.as_deref()));
        }
    }
    all
}

/// The tables of that name that can be meant. Several programs in one repository may each have their own tables on the
/// one MetaData of a library (SQLModel's): then those that an environment reaches together with `table` come first.
pub fn called<'p>(project: &'p Project<'_>, table: &Table, key: &str) -> Vec<&'p Table> {
    let all: Vec<&Table> =
        project.models.tables_of(table.metadata).filter(|other| other.key().as_deref() == Some(key)).collect();
    if all.len() < 2 {
        return all;
    }
    let together: Vec<&Table> = all
        .iter()
        .copied()
        .filter(|other| {
            project.environments.iter().any(|it| it.reached.contains(&table.file) && it.reached.contains(&other.file))
        })
        .collect();
    if together.is_empty() { all } else { together }
}

/// The tables that a table's foreign keys lead to; `None` when one could not be read.
pub fn targets(table: &Table, project: &Project<'_>) -> Option<Vec<TableId>> {
    let models = &project.models;
    let mut all = Vec::new();
    if table.columns.iter().any(|column| column.open) {
        return None;
    }
    for reference in texts(table, models) {
        let found = called(project, table, &reference.key);
        if found.is_empty() {
            return None;
        }
        all.extend(found.iter().map(|table| table.id));
    }
    let of_columns = table.columns.iter().flat_map(|column| &column.foreign_keys);
    let of_constraints = table.constraints.iter().flat_map(|constraint| &constraint.foreign_keys);
    for foreign_key in of_columns.chain(of_constraints) {
        match &foreign_key.target {
            ForeignKeyTarget::Column(target, _) => all.push(*target),
            ForeignKeyTarget::Text(_) if !foreign_key.unusual => {}
            ForeignKeyTarget::Text(_) | ForeignKeyTarget::Unknown => return None,
        }
    }
    let unread = table
        .constraints
        .iter()
        .any(|constraint| constraint.kind == ConstraintKind::ForeignKey && constraint.foreign_keys.is_empty());
    (!unread).then_some(all)
}
