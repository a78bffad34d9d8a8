//! A [`Directive`] of a revision → the [`Step`]s that it makes on the database as it is.

use crate::catalog::column_type::ColumnType;
use crate::catalog::models::constraint::{given_name, is_final};
use crate::catalog::models::naming::{self, Named};
use crate::catalog::models::{Keys, Lowering, lowered as lowered_models, text};
use crate::catalog::operation::{AlterColumn, Constraint, ConstraintKind, Operation, Step};
use crate::catalog::replay::{apply, shorten, sql};
use crate::catalog::table::{Enum, Name, Sequence, ServerDefault, Table, TableName};
use crate::catalog::{Catalog, Dialect, Target, Unresolved};
use crate::project::alembic::operations::directive::{Changes, Directive, On, What};
use crate::project::sqlalchemy::expression::Expression;
use crate::project::sqlalchemy::{self, MetaData, MetaDataId, Models, TableId, column};

/// What a directive comes to.
#[derive(Default)]
pub(super) struct Lowered {
    /// What is done, in order.
    pub(super) steps: Vec<Step>,
    /// What of it could not be read.
    pub(super) unresolved: Vec<Unresolved>,
    /// Why the database refuses.
    pub(super) refused: Option<String>,
}

/// Who knows the models that env.py reaches.
pub(super) trait Declared {
    /// The tables of a MetaData that was made at the same place; `None`: there is no such.
    fn of(&self, metadata: &MetaData) -> Option<Catalog>;
}

/// What a directive does to the database as it is.
pub(super) fn lowered(
    directive: &Directive,
    models: &Models,
    catalog: &Catalog,
    declared: &dyn Declared,
    target: &Target,
) -> Lowered {
    let mut lower = Lower { directive, models, catalog, declared, target, found: Lowered::default() };
    lower.run();
    lower.found
}

/// A table's name in the catalogue: the default schema has none.
pub(super) fn table_name(on: &On, target: &Target) -> TableName {
    let default = target.dialect == crate::catalog::Dialect::Postgresql;
    let schema = on.schema.as_deref().filter(|schema| !(default && *schema == "public"));
    TableName::within(schema, on.name.clone())
}

struct Lower<'l> {
    directive: &'l Directive,
    models: &'l Models,
    catalog: &'l Catalog,
    declared: &'l dyn Declared,
    target: &'l Target,
    found: Lowered,
}

impl Lower<'_> {
    fn run(&mut self) {
        let checks = self.directive.checks;
        match &self.directive.what {
            What::CreateTable(table) => self.create_table(table),
            What::CreateAll(metadata, only) => self.create_all(*metadata, only.as_deref()),
            What::DropTable(on) => {
                let name = self.name(on);
                match self.catalog.tables.get(&name) {
                    None if checks => {}
                    known => self.step(Operation::DropTable(name, known.cloned().map(Box::new))),
                }
            }
            What::RenameTable(on, new) => {
                let old = self.name(on);
                let new = TableName::within(old.schema.as_deref(), new.clone());
                self.step(Operation::RenameTable(old, new));
            }
            What::AddColumn(table) => self.add_column(table),
            What::DropColumn(on, column) => {
                let name = self.name(on);
                let known = self.catalog.tables.get(&name).and_then(|table| table.column(column));
                let is_missing = self.is_known(&name) && known.is_none();
                if is_missing && !checks {
                    self.found.refused = Some(format!("column \"{column}\" of relation \"{name}\" does not exist"));
                }
                if !(is_missing && checks) {
                    self.step(Operation::DropColumn(name, column.clone(), known.cloned().map(Box::new)));
                }
            }
            What::AlterColumn(on, column, changes) => self.alter_column(self.name(on), column, changes),
            What::AddConstraint(table) => self.parts(table, false),
            What::DropConstraint(on, name, kind) => {
                let table = self.name(on);
                let mut name = self.conventional(&table, name, *kind);
                shorten::shorten(&mut name, self.target.dialect);
                let kind = kind.and_then(kind_of);
                let known = self.catalog.tables.get(&table).and_then(|found| constraint(found, &name));
                if known.is_none() && self.is_known(&table) {
                    if checks {
                        return;
                    }
                    self.found.refused =
                        Some(format!("constraint \"{name:?}\" of relation \"{table}\" does not exist"));
                }
                self.step(Operation::DropConstraint(table, name, kind, known.map(Box::new)));
            }
            What::CreateIndex(table) => {
                self.parts(table, checks);
            }
            What::DropIndex(on, name) => {
                let table = on.as_ref().map(|on| self.name(on));
                let mut name = given_name(name);
                shorten::shorten(&mut name, self.target.dialect);
                let index = self.catalog.tables.values().flat_map(|table| &table.indexes);
                let known = index.into_iter().find(|index| name.get().is_some() && index.name == name);
                let is_known = table.as_ref().is_some_and(|table| self.is_known(table));
                if known.is_none() && is_known {
                    if checks {
                        return;
                    }
                    self.found.refused = Some("the index does not exist".to_owned());
                }
                if !(checks && known.is_none()) {
                    self.step(Operation::DropIndex(table, name, known.cloned().map(Box::new)));
                }
            }
            What::SetTableComment(on, comment) => {
                self.step(Operation::SetTableComment(self.name(on), comment.clone()));
            }
            What::CreateType(of) => match self.enumeration(of) {
                Some(new) if !self.catalog.enums.iter().any(|known| known.name == new.name) => {
                    self.step(Operation::CreateEnum(new));
                }
                Some(new) if !checks => self.found.refused = Some(format!("type \"{}\" already exists", new.name)),
                _ => {}
            },
            What::DropType(of) => {
                if let Some(old) = self.enumeration(of) {
                    self.step(Operation::DropEnum(old.name));
                }
            }
            What::CreateSequence(on) => {
                let sequence = Sequence { name: self.name(on), span: self.directive.span };
                self.step(Operation::CreateSequence(sequence));
            }
            What::DropSequence(on) => self.step(Operation::DropSequence(self.name(on))),
            What::Sql(text) if text.whole => {
                self.found.steps.extend(sql::steps(&text.text, self.target.dialect, &|part| text.place(part)));
            }
            What::Sql(text) => {
                self.found.steps.extend(sql::begun(&text.text, self.target.dialect, &|part| text.place(part)));
            }
            What::Unread(on, why) => {
                let tables = on.iter().map(|on| self.name(on)).collect();
                self.step(Operation::Unknown(tables, why.clone()));
            }
        }
    }

    fn name(&self, on: &On) -> TableName {
        table_name(on, self.target)
    }

    fn step(&mut self, operation: Operation) {
        self.found.steps.push(Step { operation, span: self.directive.span });
    }

    /// Is the table there, and all of it known?
    fn is_known(&self, name: &TableName) -> bool {
        self.catalog.tables.get(name).is_some_and(|table| table.complete)
    }

    /// A table of facts as a table of the catalogue.
    fn table(&mut self, facts: &sqlalchemy::Table) -> Option<Table> {
        let keys = Keys::of(std::slice::from_ref(facts));
        let lowering = Lowering { models: self.models, target: self.target, keys };
        let mut made = Catalog::default();
        lowering.table(facts, &mut made);
        let (_, mut table) = made.tables.pop()?;
        if self.target.dialect == crate::catalog::Dialect::Postgresql {
            let plain = |name: &mut TableName| name.schema.take_if(|schema| schema == "public");
            plain(&mut table.name);
            table.foreign_keys.iter_mut().for_each(|key| drop(plain(&mut key.target)));
        }
        shorten::shorten_all(&mut table, self.target.dialect);
        for mut unresolved in made.unresolved {
            unresolved.table = Some(table.name.clone());
            self.found.unresolved.push(unresolved);
        }
        Some(table)
    }

    fn create_table(&mut self, facts: &sqlalchemy::Table) {
        let Some(table) = self.table(facts) else {
            let why = "a table whose name could not be read is made".to_owned();
            return self.step(Operation::Unknown(Vec::new(), why));
        };
        let mut table = table;
        if self.target.dialect != Dialect::Sqlite {
            // It is left to an ALTER TABLE that `create_all` writes, and `op.create_table` does not.
            table.foreign_keys.retain(|key| !key.use_alter);
        }
        self.create(table);
    }

    /// The table with its types before it and its indexes after it.
    pub(super) fn create(&mut self, mut table: Table) {
        if self.catalog.tables.contains_key(&table.name) {
            if !self.directive.checks {
                self.found.refused = Some(format!("relation \"{}\" already exists", table.name));
            }
            self.found.unresolved.clear();
            return;
        }
        for column in &table.columns {
            self.enum_of(column.column_type.as_ref(), &table.name);
        }
        let indexes = std::mem::take(&mut table.indexes);
        let name = table.name.clone();
        self.step(Operation::CreateTable(Box::new(table)));
        for index in indexes {
            self.step(Operation::CreateIndex(name.clone(), Box::new(index)));
        }
    }

    /// The tables of a MetaData: of the models that env.py reaches, else what the revision itself put on it.
    fn create_all(&mut self, metadata: MetaDataId, only: Option<&[On]>) {
        let found = self.models.metadata(metadata);
        let tables = match self.declared.of(found) {
            Some(tables) => tables,
            None => {
                let ids: Vec<TableId> = self.models.tables_of(metadata).map(|table| table.id).collect();
                lowered_models(self.models, &ids, self.target)
            }
        };
        if tables.tables.is_empty() || !tables.open.is_empty() || found.foreign {
            let why = "the tables that `create_all` makes are not all known".to_owned();
            self.step(Operation::Unknown(Vec::new(), why));
        }
        self.found.unresolved.extend(tables.unresolved);
        let only: Option<Vec<TableName>> = only.map(|only| only.iter().map(|on| self.name(on)).collect());
        for (name, mut table) in tables.tables {
            shorten::shorten_all(&mut table, self.target.dialect);
            if only.as_ref().is_none_or(|only| only.contains(&name)) && !self.catalog.tables.contains_key(&name) {
                self.create(table);
            }
        }
    }

    fn enum_of(&mut self, found: Option<&ColumnType>, table: &TableName) {
        let Some(found) = found else { return };
        if let Some(new) = apply::missing_enum(self.catalog, found, table, self.directive.span, self.target.dialect) {
            let again = |step: &Step| matches!(&step.operation, Operation::CreateEnum(known) if known.name == new.name);
            if !self.found.steps.iter().any(again) {
                self.step(Operation::CreateEnum(new));
            }
        }
    }

    fn add_column(&mut self, facts: &sqlalchemy::Table) {
        let Some(mut table) = self.table(facts) else {
            return self.step(Operation::Unknown(Vec::new(), "a column is added to an unknown table".to_owned()));
        };
        let Some(column) = table.columns.pop() else {
            let why = "the name of a column could not be read".to_owned();
            return self.step(Operation::Unknown(vec![table.name], why));
        };
        if self.catalog.tables.get(&table.name).is_some_and(|known| known.column(&column.name).is_some()) {
            if !self.directive.checks {
                let message = format!("column \"{}\" of relation \"{}\" already exists", column.name, table.name);
                self.found.refused = Some(message);
            }
            self.found.unresolved.clear();
            return;
        }
        self.enum_of(column.column_type.as_ref(), &table.name);
        self.step(Operation::AddColumn(table.name.clone(), Box::new(column)));
        // Alembic adds no primary key with a column.
        table.primary_key = None;
        self.rest(table, false);
    }

    /// The constraints and indexes that a table of facts holds.
    fn parts(&mut self, facts: &sqlalchemy::Table, checks: bool) {
        match self.table(facts) {
            Some(table) => self.rest(table, checks),
            None => self.step(Operation::Unknown(Vec::new(), "it concerns an unknown table".to_owned())),
        }
    }

    fn rest(&mut self, table: Table, checks: bool) {
        let name = table.name;
        let unique = table.unique_constraints.into_iter().map(Constraint::Unique);
        let keys = table.foreign_keys.into_iter().map(Constraint::ForeignKey);
        let checked = table.check_constraints.into_iter().map(Constraint::Check);
        let excludes = table.exclude_constraints.into_iter().map(Constraint::Exclude);
        let primary = table.primary_key.into_iter().map(Constraint::PrimaryKey);
        for constraint in primary.chain(unique).chain(keys).chain(checked).chain(excludes) {
            self.step(Operation::AddConstraint(name.clone(), constraint));
        }
        for index in table.indexes {
            let known = self.catalog.tables.get(&name).into_iter().flat_map(|table| &table.indexes);
            if known.into_iter().any(|known| known.name == index.name && known.name.get().is_some()) {
                if !checks {
                    self.found.refused = Some("the index already exists".to_owned());
                }
                continue;
            }
            self.step(Operation::CreateIndex(name.clone(), Box::new(index)));
        }
    }

    fn alter_column(&mut self, table: TableName, column: &str, changes: &Changes) {
        if changes.open {
            let why = format!("the column `{column}` is altered in a way that could not be read");
            return self.step(Operation::Unknown(vec![table], why));
        }
        let existing = self.catalog.tables.get(&table).and_then(|found| found.column(column)).cloned();
        if existing.is_none() && self.is_known(&table) {
            self.found.refused = Some(format!("column \"{column}\" of relation \"{table}\" does not exist"));
        }
        let mut change = AlterColumn::of(table, column);
        change.existing = existing.map(Box::new);
        change.using.clone_from(&changes.using);
        if let Some(name) = &changes.name {
            match given_name(name) {
                Name::Is(name) => change.name = Some(name),
                _ => {
                    let why = "the new name of a column could not be read".to_owned();
                    return self.step(Operation::Unknown(vec![change.table], why));
                }
            }
        }
        if let Some(given) = &changes.column_type {
            let read = ColumnType::read(given, &self.models.custom_types);
            let table = change.table.clone();
            self.enum_of(read.as_ref(), &table);
            change.column_type = Some(read);
        }
        if let Some(given) = &changes.nullable {
            change.nullable = match given {
                Expression::Bool(value) => Some(Some(*value)),
                Expression::None => None,
                _ => Some(None),
            };
        }
        if let Some(given) = &changes.server_default {
            change.server_default = Some(match given {
                Expression::None => ServerDefault::None,
                value => match text::of_default(value, self.target.dialect) {
                    Some(text) => ServerDefault::Sql(text),
                    None => ServerDefault::Unknown,
                },
            });
        }
        if let Some(given) = &changes.comment {
            change.comment = match given {
                Expression::Str(text) => Some(Some(text.clone())),
                _ => Some(None),
            };
            change.comment_unread = !matches!(given, Expression::Str(_) | Expression::None);
        }
        self.step(Operation::AlterColumn(Box::new(change)));
    }

    /// The enumeration type that an expression declares, in a database that has such.
    fn enumeration(&self, of: &Expression) -> Option<Enum> {
        let read = ColumnType::read(of, &self.models.custom_types)?;
        let (name, found) = read.named_enum(self.target.dialect)?;
        Some(Enum { name, values: found.values.clone(), span: self.directive.span })
    }

    /// The name that a constraint of this kind has by the convention of `target_metadata`.
    fn conventional(&self, table: &TableName, name: &Expression, kind: Option<column::ConstraintKind>) -> Name {
        let given = given_name(name);
        let kind = match kind {
            Some(column::ConstraintKind::PrimaryKey) => "pk",
            Some(column::ConstraintKind::ForeignKey) => "fk",
            Some(column::ConstraintKind::Unique) => "uq",
            Some(column::ConstraintKind::Check) => "ck",
            _ => return given,
        };
        // The first MetaData of a run over revisions is that of `op`.
        let Some(metadata) = self.models.metadatas.first() else { return given };
        let bare = Table::empty(table.clone(), self.directive.span);
        let named = Named { kind, given, is_final: is_final(name), columns: &[], referred: None };
        naming::name(&named, &bare, metadata)
    }
}

fn kind_of(kind: column::ConstraintKind) -> Option<ConstraintKind> {
    match kind {
        column::ConstraintKind::PrimaryKey => Some(ConstraintKind::PrimaryKey),
        column::ConstraintKind::ForeignKey => Some(ConstraintKind::ForeignKey),
        column::ConstraintKind::Unique => Some(ConstraintKind::Unique),
        column::ConstraintKind::Check => Some(ConstraintKind::Check),
        column::ConstraintKind::Index | column::ConstraintKind::Other => None,
    }
}

/// A constraint of a table by its name.
fn constraint(table: &Table, name: &Name) -> Option<Constraint> {
    name.get()?;
    let primary = table.primary_key.iter().filter(|it| it.name == *name).cloned().map(Constraint::PrimaryKey);
    let keys = table.foreign_keys.iter().filter(|it| it.name == *name).cloned().map(Constraint::ForeignKey);
    let unique = table.unique_constraints.iter().filter(|it| it.name == *name).cloned().map(Constraint::Unique);
    let checks = table.check_constraints.iter().filter(|it| it.name == *name).cloned().map(Constraint::Check);
    let excludes = table.exclude_constraints.iter().filter(|it| it.name == *name).cloned().map(Constraint::Exclude);
    primary.chain(keys).chain(unique).chain(checks).chain(excludes).next()
}
