//! A [`Step`] → the catalogue after it.

use crate::catalog::column_type::{ColumnType, TypeKind};
use crate::catalog::operation::{AlterColumn, Constraint, ConstraintKind, Operation, Side, Step};
use crate::catalog::replay::stored::stored;
use crate::catalog::replay::{complete, names, possible, taken};
use crate::catalog::table::{Column, ElementOf, Enum, Index, Name, ServerDefault, Table, TableName};
use crate::catalog::{Catalog, Dialect, Target};
use crate::source::Span;

/// Changes the catalogue as the database would change. What can't be done on it (a column of a table that is not there)
/// is said in [`Catalog::unresolved`].
pub fn apply(catalog: &mut Catalog, step: &Step, target: &Target) {
    let mut done = Doing { catalog, span: step.span, dialect: target.dialect };
    done.apply(&step.operation);
}

struct Doing<'c> {
    catalog: &'c mut Catalog,
    span: Span,
    dialect: Dialect,
}

impl Doing<'_> {
    fn apply(&mut self, operation: &Operation) {
        let dialect = self.dialect;
        match operation {
            Operation::CreateTable(table) => self.create_table(table),
            Operation::DropTable(name, _) => self.drop_table(name),
            Operation::RenameTable(old, new) => self.move_table(old, new.clone()),
            Operation::SetSchema(old, schema) => {
                self.move_table(old, TableName::within(schema.as_deref(), old.name.clone()));
            }
            Operation::AddColumn(table, column) => {
                let mut column = (**column).clone();
                complete::column(self.catalog, &mut column);
                self.with_table(table, |table| {
                    table.columns.retain(|known| known.name != column.name);
                    table.columns.push(stored_column(&column, dialect));
                });
            }
            Operation::DropColumn(table, column, _) => {
                let found = self.with_table(table, |table| drop_column(table, column)) == Some(true);
                if found {
                    self.catalog
                        .unresolved
                        .retain(|it| it.table.as_ref() != Some(table) || it.column.as_ref() != Some(column));
                }
                self.note_missing(table, found, || format!("the column `{column}` that is dropped is not known"));
                self.each_key_to(table, |key| !key.target_columns.contains(column));
            }
            Operation::AlterColumn(change) => self.alter_column(change),
            Operation::CreateIndex(table, index) => {
                let mut index = (**index).clone();
                if let Some(table) = self.catalog.tables.get(table) {
                    names::name_index(self.catalog, table, &mut index, self.dialect);
                }
                self.with_table(table, |table| {
                    table.indexes.retain(|known| known.name != index.name || index.name.get().is_none());
                    table.indexes.push(index);
                });
            }
            Operation::DropIndex(table, name, _) => self.drop_index(table.as_ref(), name),
            Operation::AddConstraint(table, constraint) => self.add_constraint(table, constraint.clone()),
            Operation::DropConstraint(table, name, kind, _) => {
                let found = self.with_table(table, |table| match kind {
                    // MySQL's primary keys have no name.
                    Some(ConstraintKind::PrimaryKey) if *name == Name::Unnamed => table.primary_key.take().is_some(),
                    _ => drop_constraint(table, name),
                }) == Some(true);
                self.note_missing(table, found, || match name {
                    Name::Is(name) => format!("the constraint `{name}` that is dropped is not known"),
                    _ => "the name of a constraint that is dropped could not be read".to_owned(),
                });
            }
            Operation::RenameConstraint(table, old, new) => {
                let found = self.with_table(table, |table| rename_constraint(table, old, new)) == Some(true);
                self.note_missing(table, found, || format!("the constraint `{old}` that is renamed is not known"));
            }
            Operation::RenameIndex(_, name, new) => {
                let found = self
                    .tables_in(name.schema.as_deref())
                    .find_map(|table| rename_constraint(table, &name.name, new).then_some(()));
                if found.is_none() {
                    self.catalog.open.push((self.span, format!("the index `{name}` that is renamed is not known")));
                }
            }
            Operation::SetTableComment(table, comment) => {
                self.with_table(table, |table| table.comment.clone_from(comment));
            }
            Operation::CreateEnum(new) => {
                if !self.catalog.enums.iter().any(|known| known.name == new.name) {
                    self.catalog.enums.push(new.clone());
                }
            }
            Operation::DropEnum(name) => self.catalog.enums.retain(|known| known.name != *name),
            Operation::AddEnumValue(name, value, side) => self.add_value(name, value, side.as_ref()),
            Operation::RenameEnumValue(name, old, new) => {
                if let Some(values) = self.values(name) {
                    values.iter_mut().filter(|value| *value == old).for_each(|value| value.clone_from(new));
                }
            }
            Operation::RenameEnum(name, new) => self.rename_enum(name, new),
            Operation::CreateSequence(new) => {
                if !self.catalog.sequences.iter().any(|known| known.name == new.name) {
                    self.catalog.sequences.push(new.clone());
                }
            }
            Operation::DropSequence(name) => self.catalog.sequences.retain(|known| known.name != *name),
            Operation::DropSchema(schema) => {
                let is_in = |name: &TableName| name.schema.as_ref() == Some(schema);
                let gone: Vec<TableName> = self.catalog.tables.keys().filter(|name| is_in(name)).cloned().collect();
                gone.iter().for_each(|name| self.drop_table(name));
                self.catalog.enums.retain(|known| !is_in(&known.name));
                self.catalog.sequences.retain(|known| !is_in(&known.name));
            }
            Operation::TakeOver { table, from, what } => {
                if !taken::take_over(self.catalog, table, from, *what, self.span, self.dialect) {
                    let why = format!("it takes over columns of `{from}`, of which not all is known");
                    self.catalog.unresolved(Some(table), None, self.span, why);
                }
            }
            Operation::AddConstraintUsingIndex(table, name, kind, index) => {
                let used = |table: &mut Table| taken::use_index(table, name.as_deref(), *kind, index);
                let found = self.with_table(table, used) == Some(true);
                self.note_missing(table, found, || {
                    format!("the index `{index}` that becomes a constraint is not known")
                });
            }
            Operation::ValidateConstraint(table, name) => {
                self.with_table(table, |table| {
                    let is_it = |key: &&mut crate::catalog::table::ForeignKey| key.name.get() == Some(name);
                    table.foreign_keys.iter_mut().filter(is_it).for_each(|key| key.not_valid = false);
                });
            }
            Operation::SetIdentity(table, column, identity) => {
                self.with_column(table, column, |column| {
                    column.autoincrement = identity.is_some().then_some(true);
                    column.identity.clone_from(identity);
                });
            }
            Operation::DropExpression(table, column) => {
                self.with_column(table, column, |column| column.computed = None)
            }
            Operation::WherePossible(inner) => {
                if possible::is_possible(self.catalog, inner, self.dialect) {
                    self.apply(inner);
                }
            }
            Operation::Nothing => {}
            Operation::Unknown(tables, why) if tables.is_empty() => self.catalog.open.push((self.span, why.clone())),
            Operation::Unknown(tables, why) => {
                for table in tables {
                    self.catalog.unresolved(Some(table), None, self.span, why.clone());
                }
            }
        }
    }

    /// Does something with a table that should be there; `None` where it is not.
    fn with_table<R>(&mut self, name: &TableName, act: impl FnOnce(&mut Table) -> R) -> Option<R> {
        match self.catalog.tables.get_mut(name) {
            Some(table) => Some(act(table)),
            None => {
                self.catalog.unresolved(Some(name), None, self.span, "it is changed before any revision makes it");
                None
            }
        }
    }

    /// Does something with a column that should be there.
    fn with_column(&mut self, name: &TableName, column: &str, act: impl FnOnce(&mut Column)) {
        let found = self
            .with_table(name, |table| table.columns.iter_mut().find(|known| known.name == column).map(act).is_some());
        if found == Some(false) {
            let why = format!("the column `{column}` that is altered is not known");
            self.catalog.unresolved(Some(name), Some(column), self.span, why);
        }
    }

    /// Something of a table that should be there is not: the table is not as it was read.
    fn note_missing(&mut self, table: &TableName, found: bool, why: impl FnOnce() -> String) {
        if !found && self.catalog.tables.contains_key(table) {
            self.catalog.unresolved(Some(table), None, self.span, why());
        }
    }

    fn tables_in<'s>(&'s mut self, schema: Option<&'s str>) -> impl Iterator<Item = &'s mut Table> {
        self.catalog.tables.values_mut().filter(move |table| table.name.schema.as_deref() == schema)
    }

    fn create_table(&mut self, table: &Table) {
        let mut made = table.clone();
        if self.dialect == Dialect::Postgresql {
            drop_redundant(&mut made);
        }
        complete::table(self.catalog, &mut made);
        made.columns = made.columns.iter().map(|column| stored_column(column, self.dialect)).collect();
        if let Some(key) = &made.primary_key {
            made.columns
                .iter_mut()
                .filter(|it| key.columns.contains(&it.name))
                .for_each(|it| it.nullable = Some(false));
        }
        names::name_all(self.catalog, &mut made, self.dialect);
        self.catalog.unresolved.retain(|it| it.table.as_ref() != Some(&table.name));
        self.catalog.tables.insert(table.name.clone(), made);
    }

    fn drop_table(&mut self, name: &TableName) {
        self.catalog.unresolved.retain(|it| it.table.as_ref() != Some(name));
        if self.catalog.tables.shift_remove(name).is_none() {
            let why = format!("the table `{name}` is dropped before any revision makes it");
            self.catalog.open.push((self.span, why));
        }
        self.each_key_to(name, |_| false);
    }

    /// Keeps the foreign keys that refer to a table only where `keep` says so.
    fn each_key_to(&mut self, name: &TableName, keep: impl Fn(&mut crate::catalog::table::ForeignKey) -> bool) {
        for table in self.catalog.tables.values_mut() {
            if table.foreign_keys.iter().any(|key| key.target == *name) {
                table.foreign_keys.retain_mut(|key| key.target != *name || keep(key));
            }
        }
    }

    fn move_table(&mut self, old: &TableName, new: TableName) {
        let Some(at) = self.catalog.tables.get_index_of(old) else {
            self.catalog.unresolved(
                Some(&new),
                None,
                self.span,
                format!("`{old}` is renamed before any revision makes it"),
            );
            return;
        };
        if *old == new {
            return;
        }
        if let Some((_, mut table)) = self.catalog.tables.shift_remove_index(at) {
            self.catalog.tables.shift_remove(&new);
            table.name = new.clone();
            for key in &mut table.foreign_keys {
                if key.target == *old {
                    key.target = new.clone();
                }
            }
            self.catalog.tables.shift_insert(at.min(self.catalog.tables.len()), new.clone(), table);
        }
        self.each_key_to(old, |key| {
            key.target = new.clone();
            true
        });
        for unresolved in &mut self.catalog.unresolved {
            if unresolved.table.as_ref() == Some(old) {
                unresolved.table = Some(new.clone());
            }
        }
    }

    fn alter_column(&mut self, change: &AlterColumn) {
        let dialect = self.dialect;
        let mut new_type = change.column_type.clone();
        if let Some(Some(new)) = &mut new_type {
            complete::column_type(self.catalog, new);
        }
        let found = self.with_table(&change.table, |table| {
            let in_key = table.in_primary_key(&change.column);
            let Some(column) = table.columns.iter_mut().find(|column| column.name == change.column) else {
                return false;
            };
            if let Some(new) = &new_type {
                column.column_type = new.as_ref().map(|found| stored(found, dialect));
            }
            if let Some(nullable) = change.nullable {
                // PostgreSQL refuses NULL in a primary key.
                column.nullable = if in_key && dialect == Dialect::Postgresql { Some(false) } else { nullable };
            }
            if let Some(default) = &change.server_default {
                column.server_default = default.clone();
                if *default == ServerDefault::None {
                    column.autoincrement = None;
                }
            }
            if let Some(comment) = &change.comment {
                column.comment.clone_from(comment);
                column.comment_unread = change.comment_unread;
            }
            if let Some(name) = &change.name {
                rename_column(table, &change.column, name);
            }
            true
        });
        match found {
            Some(true) => {}
            Some(false) => {
                let why = format!("the column `{}` that is altered is not known", change.column);
                self.catalog.unresolved(Some(&change.table), Some(&change.column), self.span, why);
            }
            None => return,
        }
        if let Some(name) = &change.name {
            let (old, table) = (&change.column, &change.table);
            self.each_key_to(table, |key| {
                key.target_columns.iter_mut().filter(|column| *column == old).for_each(|it| it.clone_from(name));
                true
            });
            for it in &mut self.catalog.unresolved {
                if it.table.as_ref() == Some(table) && it.column.as_ref() == Some(old) {
                    it.column = Some(name.clone());
                }
            }
        }
        let settles = matches!(change.column_type, Some(Some(_)));
        if settles {
            let about = change.name.as_ref().unwrap_or(&change.column);
            self.settle(&change.table, about);
        }
        if change.column_type == Some(None) {
            let column = change.name.as_ref().unwrap_or(&change.column);
            self.catalog.unresolved(Some(&change.table), Some(column), self.span, "its type could not be read");
        }
    }

    /// What was not known of a column's type is known now.
    fn settle(&mut self, table: &TableName, column: &str) {
        self.catalog.unresolved.retain(|it| {
            it.table.as_ref() != Some(table)
                || it.column.as_deref() != Some(column)
                || it.why != "its type could not be read"
        });
    }

    fn drop_index(&mut self, table: Option<&TableName>, name: &Name) {
        let Name::Is(name) = name else {
            let why = "the name of an index that is dropped could not be read";
            match table {
                Some(table) => self.catalog.unresolved(Some(table), None, self.span, why),
                None => self.catalog.open.push((self.span, why.to_owned())),
            }
            return;
        };
        let is_it = |index: &Index| index.name.get() == Some(name);
        if let Some(table) = table.and_then(|table| self.catalog.tables.get_mut(table))
            && table.indexes.iter().any(is_it)
        {
            return table.indexes.retain(|index| !is_it(index));
        }
        // A unique constraint of MySQL is an index.
        if self.dialect == Dialect::Mysql
            && let Some(table) = table.and_then(|table| self.catalog.tables.get_mut(table))
        {
            let before = table.unique_constraints.len();
            table.unique_constraints.retain(|unique| unique.name.get() != Some(name));
            if table.unique_constraints.len() < before {
                return;
            }
        }
        // PostgreSQL does not look at the table that is named.
        if self.dialect == Dialect::Postgresql || table.is_none() {
            let schema = table.and_then(|table| table.schema.clone());
            let found = self.tables_in(schema.as_deref()).find(|table| table.indexes.iter().any(is_it));
            if let Some(found) = found {
                return found.indexes.retain(|index| !is_it(index));
            }
        }
        let why = format!("the index `{name}` that is dropped is not known");
        match table {
            Some(table) => self.catalog.unresolved(Some(table), None, self.span, why),
            None => self.catalog.open.push((self.span, why)),
        }
    }

    fn add_constraint(&mut self, name: &TableName, mut constraint: Constraint) {
        complete::constraint(self.catalog, &mut constraint);
        if let Some(table) = self.catalog.tables.get(name) {
            names::name_one(self.catalog, table, &mut constraint, self.dialect);
        }
        self.with_table(name, |table| match constraint {
            Constraint::PrimaryKey(key) => {
                for column in table.columns.iter_mut().filter(|column| key.columns.contains(&column.name)) {
                    column.nullable = Some(false);
                }
                table.primary_key = Some(key);
            }
            Constraint::ForeignKey(key) => table.foreign_keys.push(key),
            Constraint::Unique(unique) => table.unique_constraints.push(unique),
            Constraint::Check(check) => table.check_constraints.push(check),
            Constraint::Exclude(exclude) => table.exclude_constraints.push(exclude),
        });
    }

    fn values(&mut self, name: &TableName) -> Option<&mut Vec<String>> {
        self.catalog.enums.iter_mut().find(|known| known.name == *name)?.values.as_mut()
    }

    fn add_value(&mut self, name: &TableName, value: &str, side: Option<&(Side, String)>) {
        let Some(values) = self.values(name) else { return };
        if values.iter().any(|known| known == value) {
            return;
        }
        let at = side.and_then(|(side, other)| {
            let at = values.iter().position(|known| known == other)?;
            Some(if *side == Side::After { at + 1 } else { at })
        });
        values.insert(at.unwrap_or(values.len()), value.to_owned());
    }

    fn rename_enum(&mut self, name: &TableName, new: &str) {
        for known in self.catalog.enums.iter_mut().filter(|known| known.name == *name) {
            known.name.name = new.to_owned();
        }
        let types = self.catalog.tables.values_mut().flat_map(|table| &mut table.columns);
        types.filter_map(|column| column.column_type.as_mut()).for_each(|found| rename_type(found, name, new));
    }
}

fn stored_column(column: &Column, dialect: Dialect) -> Column {
    let column_type = column.column_type.as_ref().map(|found| stored(found, dialect));
    Column { column_type, ..column.clone() }
}

/// PostgreSQL passes over a unique constraint on the columns of the primary key or of one before, if `CREATE TABLE` has
/// both; a name that only the one passed over has goes to the other.
fn drop_redundant(table: &mut Table) {
    let mut kept: Vec<crate::catalog::table::UniqueConstraint> = Vec::new();
    for unique in std::mem::take(&mut table.unique_constraints) {
        let plain = unique.deferrable.is_none() && unique.initially.is_none() && !unique.nulls_not_distinct;
        let name = match &mut table.primary_key {
            Some(key) if plain && key.columns == unique.columns => Some(&mut key.name),
            _ => kept.iter_mut().find(|it| it.columns == unique.columns).map(|it| &mut it.name),
        };
        match name {
            Some(name) if *name == Name::Unnamed => *name = unique.name,
            Some(_) => {}
            None => kept.push(unique),
        }
    }
    table.unique_constraints = kept;
}

fn rename_type(found: &mut ColumnType, name: &TableName, new: &str) {
    match &mut found.kind {
        TypeKind::Enum(of) if of.name.as_ref() == Some(&name.name) && of.schema == name.schema => {
            of.name = Some(new.to_owned());
        }
        TypeKind::Sql(text) if *text == name.to_string() => {
            *text = TableName::within(name.schema.as_deref(), new).to_string();
        }
        TypeKind::Array(item, _) => rename_type(item, name, new),
        TypeKind::Variants(base, variants) => {
            rename_type(base, name, new);
            variants.iter_mut().for_each(|(_, found)| rename_type(found, name, new));
        }
        _ => {}
    }
}

/// Drops a column with what can't be without it; `false`: it is not there.
pub(super) fn drop_column(table: &mut Table, name: &str) -> bool {
    let has = |columns: &[String]| columns.iter().any(|column| column == name);
    let mentions = |text: &Option<String>| text.as_deref().is_some_and(|text| names::words(text).any(|it| it == name));
    let before = table.columns.len();
    table.columns.retain(|column| column.name != name);
    table.primary_key.take_if(|key| has(&key.columns));
    table.foreign_keys.retain(|key| !has(&key.columns));
    table.unique_constraints.retain(|unique| !has(&unique.columns));
    table.check_constraints.retain(|check| !mentions(&check.text));
    table.exclude_constraints.retain(|exclude| !exclude.elements.iter().flatten().any(|(column, _)| column == name));
    table.indexes.retain(|index| {
        let covers = index.elements.iter().any(|element| match &element.of {
            ElementOf::Column(column) => column == name,
            ElementOf::Expression(text) => mentions(text),
        });
        !covers && !has(&index.include) && !index.predicate.as_ref().is_some_and(mentions)
    });
    table.columns.len() < before
}

fn rename_column(table: &mut Table, old: &str, new: &str) {
    let rename = |columns: &mut Vec<String>| {
        columns.iter_mut().filter(|column| *column == old).for_each(|column| *column = new.to_owned());
    };
    let reword = |text: &mut Option<String>| {
        if let Some(found) = text.as_ref().filter(|text| names::words(text).any(|word| word == old)) {
            *text = Some(replaced(found, old, new));
        }
    };
    table.columns.iter_mut().filter(|column| column.name == old).for_each(|column| column.name = new.to_owned());
    if let Some(key) = &mut table.primary_key {
        rename(&mut key.columns);
    }
    let own = table.name.clone();
    for key in &mut table.foreign_keys {
        rename(&mut key.columns);
        if key.target == own {
            rename(&mut key.target_columns);
        }
    }
    table.unique_constraints.iter_mut().for_each(|unique| rename(&mut unique.columns));
    table.check_constraints.iter_mut().for_each(|check| reword(&mut check.text));
    for index in &mut table.indexes {
        rename(&mut index.include);
        index.predicate.iter_mut().for_each(reword);
        for element in &mut index.elements {
            match &mut element.of {
                ElementOf::Column(column) if column == old => *column = new.to_owned(),
                ElementOf::Column(_) => {}
                ElementOf::Expression(text) => reword(text),
            }
        }
    }
    for exclude in &mut table.exclude_constraints {
        for (column, _) in exclude.elements.iter_mut().flatten().filter(|(column, _)| column == old) {
            *column = new.to_owned();
        }
    }
}

/// SQL text with one identifier replaced by another, outside of strings.
fn replaced(text: &str, old: &str, new: &str) -> String {
    let part_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let parts = text.split('\'').enumerate().map(|(number, part)| {
        if number % 2 == 1 {
            return part.to_owned();
        }
        let mut made = String::new();
        let mut rest = part;
        while let Some(at) = rest.find(old) {
            let before = rest[..at].chars().next_back().or(made.chars().next_back());
            let after = rest[at + old.len()..].chars().next();
            made += &rest[..at];
            made += if before.is_some_and(part_of_name) || after.is_some_and(part_of_name) { old } else { new };
            rest = &rest[at + old.len()..];
        }
        made + rest
    });
    parts.collect::<Vec<_>>().join("'")
}

/// Drops a constraint by its name; `false`: it is not there.
pub(super) fn drop_constraint(table: &mut Table, name: &Name) -> bool {
    let Name::Is(name) = name else { return false };
    let named = |known: &Name| known.get() == Some(name);
    let count = |table: &Table| {
        table.foreign_keys.len()
            + table.unique_constraints.len()
            + table.check_constraints.len()
            + table.exclude_constraints.len()
            + usize::from(table.primary_key.is_some())
    };
    let before = count(table);
    table.primary_key.take_if(|key| named(&key.name));
    table.foreign_keys.retain(|key| !named(&key.name));
    table.unique_constraints.retain(|unique| !named(&unique.name));
    table.check_constraints.retain(|check| !named(&check.name));
    table.exclude_constraints.retain(|exclude| !named(&exclude.name));
    count(table) < before
}

/// Renames a constraint or an index; `false`: it is not there.
fn rename_constraint(table: &mut Table, old: &str, new: &str) -> bool {
    let unique = table.unique_constraints.iter_mut().map(|it| &mut it.name);
    let checks = table.check_constraints.iter_mut().map(|it| &mut it.name);
    let keys = table.foreign_keys.iter_mut().map(|it| &mut it.name);
    let excludes = table.exclude_constraints.iter_mut().map(|it| &mut it.name);
    let indexes = table.indexes.iter_mut().map(|it| &mut it.name);
    let primary = table.primary_key.iter_mut().map(|it| &mut it.name);
    let mut all = primary.chain(unique).chain(checks).chain(keys).chain(excludes).chain(indexes);
    match all.find(|name| name.get() == Some(old)) {
        Some(name) => {
            *name = Name::Is(new.to_owned());
            true
        }
        None => false,
    }
}

/// An enumeration type that a column needs and that nobody has made yet.
pub(super) fn missing_enum(
    catalog: &Catalog,
    found: &ColumnType,
    table: &TableName,
    span: Span,
    dialect: Dialect,
) -> Option<Enum> {
    let (mut name, of) = found.named_enum(dialect)?;
    if of.inherits_schema && name.schema.is_none() {
        name.schema.clone_from(&table.schema);
    }
    let known = catalog.enums.iter().any(|known| known.name == name);
    (!of.not_created && !known).then(|| Enum { name, values: of.values.clone(), span })
}
