//! The names that a database makes for constraints that have none.

use std::collections::HashSet;

use crate::catalog::operation::Constraint;
use crate::catalog::table::{Index, IndexElement, Name, Table, TableName};
use crate::catalog::{Catalog, Dialect};

/// PostgreSQL's longest name.
const LONGEST: usize = 63;

/// Gives every constraint of `table` its name.
pub(super) fn name_all(catalog: &Catalog, table: &mut Table, dialect: Dialect) {
    let mut taken = Taken::of(catalog, &table.name);
    taken.collect(table);
    let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let name = table.name.name.clone();
    if let Some(key) = &mut table.primary_key {
        taken.name(&mut key.name, &name, &[], "pkey", dialect);
    }
    for unique in &mut table.unique_constraints {
        taken.name(&mut unique.name, &name, &unique.columns, "key", dialect);
    }
    for check in &mut table.check_constraints {
        let only = check.text.as_deref().and_then(|text| only_column(text, &columns));
        taken.name(&mut check.name, &name, only.as_slice(), "check", dialect);
    }
    for key in &mut table.foreign_keys {
        taken.name(&mut key.name, &name, &key.columns, "fkey", dialect);
    }
    for exclude in &mut table.exclude_constraints {
        let columns: Vec<String> = exclude.elements.iter().flatten().map(|(column, _)| column.clone()).collect();
        taken.name(&mut exclude.name, &name, &columns, "excl", dialect);
    }
}

/// Gives a constraint that is added to `table` its name.
pub(super) fn name_one(catalog: &Catalog, table: &Table, constraint: &mut Constraint, dialect: Dialect) {
    let mut taken = Taken::of(catalog, &table.name);
    let of = &table.name.name;
    match constraint {
        Constraint::PrimaryKey(key) => taken.name(&mut key.name, of, &[], "pkey", dialect),
        Constraint::ForeignKey(key) => taken.name(&mut key.name, of, &key.columns, "fkey", dialect),
        Constraint::Unique(unique) => taken.name(&mut unique.name, of, &unique.columns, "key", dialect),
        Constraint::Check(check) => {
            let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
            let only = check.text.as_deref().and_then(|text| only_column(text, &columns));
            taken.name(&mut check.name, of, only.as_slice(), "check", dialect);
        }
        Constraint::Exclude(exclude) => {
            let columns: Vec<String> = exclude.elements.iter().flatten().map(|(column, _)| column.clone()).collect();
            taken.name(&mut exclude.name, of, &columns, "excl", dialect);
        }
    }
}

/// Gives an index that is added to `table` its name.
pub(super) fn name_index(catalog: &Catalog, table: &Table, index: &mut Index, dialect: Dialect) {
    let named = |element: &IndexElement| element.column().unwrap_or("expr").to_owned();
    let columns: Vec<String> = index.elements.iter().map(named).chain(index.include.iter().cloned()).collect();
    let mut taken = Taken::of(catalog, &table.name);
    taken.collect(table);
    taken.name(&mut index.name, &table.name.name, &columns, "idx", dialect);
}

/// The names that are taken in a schema; looked up only when a name must be made.
struct Taken<'c> {
    catalog: &'c Catalog,
    schema: Option<&'c str>,
    /// Names of the table that is being made.
    own: HashSet<String>,
}

impl<'c> Taken<'c> {
    fn of(catalog: &'c Catalog, table: &TableName) -> Taken<'c> {
        let schema = catalog.tables.keys().find(|name| name.schema == table.schema);
        Taken { catalog, schema: schema.and_then(|name| name.schema.as_deref()), own: HashSet::new() }
    }

    fn collect(&mut self, table: &Table) {
        self.own.insert(table.name.name.clone());
        self.own.extend(of(table).map(str::to_owned));
    }

    fn has(&self, name: &str) -> bool {
        self.own.contains(name)
            || self.catalog.tables.values().any(|table| {
                table.name.schema.as_deref() == self.schema
                    && (table.name.name == name || of(table).any(|known| known == name))
            })
    }

    fn name(&mut self, name: &mut Name, table: &str, columns: &[String], label: &str, dialect: Dialect) {
        if *name != Name::Unnamed || dialect != Dialect::Postgresql {
            return;
        }
        let middle = columns.join("_");
        let mut made = object_name(table, &middle, label);
        let mut pass = 0;
        while self.has(&made) {
            pass += 1;
            made = object_name(table, &middle, &format!("{label}{pass}"));
        }
        self.own.insert(made.clone());
        *name = Name::Is(made);
    }
}

/// The names of a table's constraints and indexes.
pub(super) fn of(table: &Table) -> impl Iterator<Item = &str> {
    let unique = table.unique_constraints.iter().map(|it| &it.name);
    let checks = table.check_constraints.iter().map(|it| &it.name);
    let keys = table.foreign_keys.iter().map(|it| &it.name);
    let excludes = table.exclude_constraints.iter().map(|it| &it.name);
    let indexes = table.indexes.iter().map(|it| &it.name);
    let primary = table.primary_key.iter().map(|it| &it.name);
    primary.chain(unique).chain(checks).chain(keys).chain(excludes).chain(indexes).filter_map(Name::get)
}

/// PostgreSQL's `makeObjectName`: the longer part is shortened until all fits.
fn object_name(table: &str, middle: &str, label: &str) -> String {
    let overhead = label.len() + 1 + usize::from(!middle.is_empty());
    let (mut first, mut second) = (table.len(), middle.len());
    while first + second + overhead > LONGEST {
        if first > second {
            first -= 1;
        } else {
            second -= 1;
        }
    }
    let clip = |text: &str, length: usize| text[..text.floor_char_boundary(length)].to_owned();
    match middle.is_empty() {
        true => format!("{}_{label}", clip(table, first)),
        false => format!("{}_{}_{label}", clip(table, first), clip(middle, second)),
    }
}

/// The only column that a condition names, if it names just one.
fn only_column(text: &str, columns: &[String]) -> Option<String> {
    let mut found = words(text).filter(|word| columns.iter().any(|column| column == word));
    let first = found.next()?;
    found.all(|word| word == first).then(|| first.to_owned())
}

/// The identifiers in SQL text that stand outside of strings.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split('\'')
        .step_by(2)
        .flat_map(|part| part.split(|letter: char| !letter.is_alphanumeric() && letter != '_'))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_shortened_as_postgresql_does() {
        assert_eq!(object_name("item", "owner_id", "fkey"), "item_owner_id_fkey");
        assert_eq!(object_name("item", "", "pkey"), "item_pkey");
        let long =
            object_name("a_table_with_quite_a_long_name_indeed", "and_a_column_with_a_longer_name_still", "fkey");
        assert_eq!(long, "a_table_with_quite_a_long_nam_and_a_column_with_a_longer_n_fkey");
        assert_eq!(long.len(), LONGEST);
    }

    #[test]
    fn a_condition_on_one_column() {
        let columns = ["amount".to_owned(), "price".to_owned()];
        assert_eq!(only_column("amount > 0 AND amount < 'price'", &columns).as_deref(), Some("amount"));
        assert_eq!(only_column("amount > price", &columns), None);
    }
}
