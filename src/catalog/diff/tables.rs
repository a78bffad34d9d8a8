//! Tables: added, removed, in both; their comments.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::Catalog;
use crate::catalog::Dialect;
use crate::catalog::diff::change::Change;
use crate::catalog::diff::options::{End, Switch};
use crate::catalog::diff::{Comparison, NotCompared, table_is_open};
use crate::catalog::operation::Operation;
use crate::catalog::table::{Table, TableName};
use crate::source::Span;

impl<'c> Comparison<'c> {
    /// Compares all tables, in Alembic's order: those to make by what they refer to, those to drop, the others by name.
    pub(super) fn tables(&mut self) {
        let declared = self.declared_by_name();
        let found = self.found_by_name();
        for name in dependency_order(&declared) {
            if !found.contains_key(&name) {
                self.only_declared(&name, declared[&name]);
            }
        }
        let gone: BTreeMap<TableName, &Table> = found
            .iter()
            .filter(|(name, _)| !declared.contains_key(name))
            .map(|(name, it)| (name.clone(), *it))
            .collect();
        for name in dependency_order(&gone).into_iter().rev() {
            self.only_found(&name, gone[&name]);
        }
        for (name, declared) in &declared {
            if let Some(found) = found.get(name)
                && self.passes(name, End::Both, Some(declared.span))
            {
                self.difference.compared += 1;
                self.in_both(name, found, declared);
            }
        }
    }

    fn declared_by_name(&self) -> BTreeMap<TableName, &'c Table> {
        let tables = self.declared.tables.values();
        let named = tables.map(|table| (self.options.plain(&table.name), table));
        named.filter(|(name, _)| name.name != self.options.version_table).collect()
    }

    /// What the inspector lists: without the version's table, without other schemas unless they are asked for, and
    /// without what `include_name` hides.
    fn found_by_name(&mut self) -> BTreeMap<TableName, &'c Table> {
        let mut tables = BTreeMap::new();
        let all = self.found;
        for table in all.tables.values() {
            let name = self.options.plain(&table.name);
            if name.name == self.options.version_table {
                continue;
            }
            if name.schema.is_some() && self.options.include_schemas == Switch::Off {
                continue;
            }
            match self.options.shows_table(&name) {
                Some(false) => continue,
                Some(true) => {}
                // Where the models have it too, it is certainly meant.
                None if self.declared.tables.keys().any(|known| self.options.plain(known) == name) => {}
                None => {
                    self.not_compared(&name, "", "`include_name` could not be evaluated for it", Some(table.span));
                    continue;
                }
            }
            tables.insert(name, table);
        }
        tables
    }

    /// Does `include_object` let the table pass? Where that can't be told it is noted.
    fn passes(&mut self, name: &TableName, end: End, span: Option<Span>) -> bool {
        match self.options.includes_table(name, end) {
            Some(passes) => passes,
            None => {
                self.not_compared(name, "", "`include_object` could not be evaluated for it", span);
                false
            }
        }
    }

    fn only_declared(&mut self, name: &TableName, declared: &Table) {
        if let Some((span, why)) = self.found.open.first() {
            let why = format!("the migrations may make it: {why}");
            self.not_compared(name, "", why, Some(*span));
            return;
        }
        if !self.passes(name, End::Declared, Some(declared.span)) {
            return;
        }
        self.difference.compared += 1;
        if let Some((span, why)) = table_is_open(self.declared, &declared.name) {
            self.not_compared(name, "a part of it", why, Some(span));
        }
        self.push(name, Operation::CreateTable(Box::new(declared.clone())), Some(declared.span), None);
        self.keys(name, None, Some(declared));
    }

    fn only_found(&mut self, name: &TableName, found: &Table) {
        if let Some((span, why)) = self.declared.open.first() {
            let why = format!("the models may declare it: {why}");
            self.not_compared(name, "", why, Some(*span));
            return;
        }
        if let Some(span) = self.options.declared_elsewhere(name) {
            let why = "the project declares it where env.py is not seen to import it";
            self.not_compared(name, "", why, Some(span));
            return;
        }
        if !self.passes(name, End::Found, Some(found.span)) {
            return;
        }
        self.difference.compared += 1;
        self.keys(name, Some(found), None);
        let operation = Operation::DropTable(name.clone(), Some(Box::new(found.clone())));
        self.push(name, operation, None, Some(found.span));
    }

    fn in_both(&mut self, name: &TableName, found: &Table, declared: &Table) {
        self.columns_added_or_altered(name, found, declared);
        self.keys(name, Some(found), Some(declared));
        self.foreign_keys(name, found, declared);
        self.comment(name, found, declared);
        self.columns_removed(name, found, declared);
    }

    fn comment(&mut self, name: &TableName, found: &Table, declared: &Table) {
        if self.options.target.dialect == Dialect::Sqlite {
            return;
        }
        // An empty comment is none.
        let said = |comment: &Option<String>| comment.clone().filter(|text| !text.is_empty());
        let (before, after) = (said(&found.comment), said(&declared.comment));
        if before != after {
            let operation = Operation::SetTableComment(name.clone(), after);
            self.push(name, operation, Some(declared.span), Some(found.span));
        }
    }

    pub(super) fn push(
        &mut self,
        table: &TableName,
        operation: Operation,
        model: Option<Span>,
        migration: Option<Span>,
    ) {
        self.difference.changes.push(Change { operation, table: table.clone(), model, migration });
    }

    /// Is the table open on that side? Then what is absent there is not compared.
    pub(super) fn absent(&mut self, of: Side, table: &TableName, own: &TableName, what: &str) -> bool {
        let (catalog, whose) = match of {
            Side::Found => (self.found, "migrations"),
            Side::Declared => (self.declared, "models"),
        };
        match table_is_open(catalog, own) {
            None => true,
            Some((span, why)) => {
                self.not_compared(table, what, format!("the {whose} may have it: {why}"), Some(span));
                false
            }
        }
    }
}

/// One of the two sides of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the database has.
    Found,
    /// What the models declare.
    Declared,
}

/// Tables by what they refer to, by name among equals, as SQLAlchemy's `sorted_tables`.
fn dependency_order(tables: &BTreeMap<TableName, &Table>) -> Vec<TableName> {
    let mut todo: BTreeSet<&TableName> = tables.keys().collect();
    let mut order = Vec::new();
    while !todo.is_empty() {
        let is_free = |name: &&TableName| {
            let keys = &tables[*name].foreign_keys;
            keys.iter().all(|key| key.use_alter || key.target == **name || !todo.contains(&key.target))
        };
        let mut ready: Vec<&TableName> = todo.iter().copied().filter(|name| is_free(name)).collect();
        if ready.is_empty() {
            // A cycle: by name.
            ready.extend(todo.first());
        }
        for name in ready {
            todo.remove(name);
            order.push(name.clone());
        }
    }
    order
}

/// What the whole of one side hides: one entry for each reason.
pub fn hidden_tables(catalog: &Catalog) -> Vec<NotCompared> {
    let entry = |(span, why): &(Span, String)| NotCompared {
        table: None,
        what: String::new(),
        why: why.clone(),
        span: Some(*span),
    };
    catalog.open.iter().map(entry).collect()
}
