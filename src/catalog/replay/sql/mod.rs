//! SQL text → the [`Step`]s that it makes.
//!
//! The statements come from [`syntax::sql`](crate::syntax::sql); here they become operations, in Alembic's words. What a
//! statement says only under a condition (`IF EXISTS`) is an operation that is done where it can be. A statement that was
//! not read makes the tables that it names unknown, and no others.

mod parts;

use std::ops::Range;

use crate::catalog::Dialect;
use crate::catalog::column_type::ColumnType;
use crate::catalog::operation::{AlterColumn, ConstraintKind, Operation, Side, Step, TakenOver};
use crate::catalog::replay::sql::parts::{Parts, default_of, table_name};
use crate::catalog::table::{Enum, Name, Sequence, ServerDefault, TableName};
use crate::source::Span;
use crate::syntax::sql::{
    self, Action, AlterTable, CreateTable, Drop, Ident, ObjectName, Source, Statement, StatementKind,
};

/// The steps of a text of one or several statements, in order. `place` turns a range of the text into its place in the
/// file: within the Python string. A name of a table without schema is in the default one.
pub fn steps(text: &str, dialect: Dialect, place: &dyn Fn(Range<usize>) -> Span) -> Vec<Step> {
    let mut reader = Reader { parts: Parts { dialect, place }, temporary: Vec::new(), steps: Vec::new() };
    for statement in sql::read(text, syntax(dialect)) {
        reader.statement(&statement, false);
    }
    reader.steps
}

/// The steps of a text of which only the beginning is known.
pub fn begun(text: &str, dialect: Dialect, place: &dyn Fn(Range<usize>) -> Span) -> Vec<Step> {
    let mut reader = Reader { parts: Parts { dialect, place }, temporary: Vec::new(), steps: Vec::new() };
    let mut statements = sql::read(text, syntax(dialect));
    let last = if text.trim_end().ends_with(';') { None } else { statements.pop() };
    for statement in &statements {
        reader.statement(statement, false);
    }
    match last {
        Some(last) if says_enough(&last.kind) => reader.add(&last.range, Operation::Nothing, false),
        last => {
            // A name at the very end may go on.
            let is_whole = |name: &&ObjectName| name.range.end < text.len();
            let tables = last.iter().flat_map(|last| &last.tables).filter(is_whole).map(table_name).collect();
            let range = last.as_ref().map_or(0..text.len(), |last| last.range.clone());
            reader.unknown(&range, tables, "SQL text that is made while it runs");
        }
    }
    reader.steps
}

/// Is it certain by the first words of a statement that no table changes?
fn says_enough(kind: &StatementKind) -> bool {
    let tells = |word: &&str| !["OR", "REPLACE", "TEMPORARY", "TEMP", "UNIQUE", "IF", "NOT", "EXISTS"].contains(word);
    match kind {
        StatementKind::Data { .. } => true,
        StatementKind::Other(head) => {
            let words: Vec<&str> = head.split(' ').filter(tells).collect();
            words.len() > 1 || !matches!(words[..], [] | ["CREATE" | "ALTER" | "DROP" | "COMMENT"])
        }
        _ => false,
    }
}

fn syntax(dialect: Dialect) -> sql::Dialect {
    match dialect {
        Dialect::Postgresql => sql::Dialect::Postgresql,
        Dialect::Mysql => sql::Dialect::Mysql,
        Dialect::Sqlite => sql::Dialect::Sqlite,
    }
}

struct Reader<'p> {
    parts: Parts<'p>,
    /// The tables that go with the session.
    temporary: Vec<TableName>,
    steps: Vec<Step>,
}

impl Reader<'_> {
    fn add(&mut self, range: &Range<usize>, operation: Operation, where_possible: bool) {
        let operation = match operation {
            Operation::Unknown(..) | Operation::Nothing => operation,
            operation if where_possible => Operation::WherePossible(Box::new(operation)),
            operation => operation,
        };
        self.steps.push(Step { operation, span: (self.parts.place)(range.clone()) });
    }

    fn unknown(&mut self, range: &Range<usize>, tables: Vec<TableName>, why: impl Into<String>) {
        self.add(range, Operation::Unknown(tables, why.into()), false);
    }

    fn statement(&mut self, statement: &Statement, where_possible: bool) {
        let range = &statement.range;
        match &statement.kind {
            StatementKind::CreateTable(table) => self.create_table(table, range, where_possible || table.if_not_exists),
            StatementKind::AlterTable(alter) => self.alter_table(alter, where_possible || alter.if_exists),
            StatementKind::RenameTables(renamed) => {
                for (from, to) in renamed {
                    self.add(range, Operation::RenameTable(table_name(from), table_name(to)), where_possible);
                }
            }
            StatementKind::DropTables(dropped) => {
                self.each(dropped, range, where_possible, |name| Operation::DropTable(name, None))
            }
            StatementKind::CreateIndex(index) => {
                let table = table_name(&index.table);
                if !self.temporary.contains(&table) {
                    let made = Operation::CreateIndex(table, Box::new(self.parts.index(index)));
                    self.add(range, made, where_possible || index.if_not_exists);
                }
            }
            StatementKind::DropIndexes(dropped) => {
                let table = dropped.table.as_ref().map(table_name);
                self.each(dropped, range, where_possible, |name| {
                    Operation::DropIndex(table.clone(), Name::Is(name.name), None)
                });
            }
            StatementKind::RenameIndex { index, to, if_exists } => {
                let renamed = Operation::RenameIndex(None, table_name(index), to.name.clone());
                self.add(range, renamed, where_possible || *if_exists);
            }
            StatementKind::CreateEnum { name, values } => {
                let span = (self.parts.place)(name.range.clone());
                let made = Enum { name: table_name(name), values: Some(values.clone()), span };
                self.add(range, Operation::CreateEnum(made), where_possible);
            }
            StatementKind::AddEnumValue { name, value, beside, if_not_exists } => {
                let side = |before: bool| if before { Side::Before } else { Side::After };
                let beside = beside.as_ref().map(|(before, other)| (side(*before), other.clone()));
                let added = Operation::AddEnumValue(table_name(name), value.clone(), beside);
                self.add(range, added, where_possible || *if_not_exists);
            }
            StatementKind::RenameEnumValue { name, from, to } => {
                let renamed = Operation::RenameEnumValue(table_name(name), from.clone(), to.clone());
                self.add(range, renamed, where_possible);
            }
            StatementKind::RenameType { name, to } => {
                self.add(range, Operation::RenameEnum(table_name(name), to.name.clone()), where_possible);
            }
            StatementKind::DropTypes(dropped) => self.each(dropped, range, where_possible, Operation::DropEnum),
            StatementKind::CreateSequence { name, if_not_exists } => {
                let made = Sequence { name: table_name(name), span: (self.parts.place)(name.range.clone()) };
                self.add(range, Operation::CreateSequence(made), where_possible || *if_not_exists);
            }
            StatementKind::DropSequences(dropped) => self.each(dropped, range, where_possible, Operation::DropSequence),
            StatementKind::DropSchemas(dropped) => {
                self.each(dropped, range, where_possible, |name| Operation::DropSchema(name.name))
            }
            StatementKind::Comment { table, column: None, text } => {
                self.add(range, Operation::SetTableComment(table_name(table), text.clone()), where_possible);
            }
            StatementKind::Comment { table, column: Some(column), text } => {
                let mut alter = AlterColumn::of(table_name(table), column.name.clone());
                alter.comment = Some(text.clone());
                self.add(range, Operation::AlterColumn(Box::new(alter)), where_possible);
            }
            StatementKind::Do(inner) => {
                for inner in inner {
                    self.statement(&inner.statement, where_possible || inner.where_possible);
                }
            }
            StatementKind::Data { .. } | StatementKind::Other(_) => self.add(range, Operation::Nothing, false),
            StatementKind::SetTypeSchema { .. } => self.unknown(range, Vec::new(), "a type moves to another schema"),
            StatementKind::RenameSchema(..) => self.unknown(range, Vec::new(), "a schema is renamed"),
            StatementKind::Unread(why) => {
                let named = statement.tables.iter().map(table_name).collect();
                self.unknown(range, named, why.clone());
            }
        }
    }

    fn each(
        &mut self,
        dropped: &Drop,
        range: &Range<usize>,
        where_possible: bool,
        make: impl Fn(TableName) -> Operation,
    ) {
        for name in &dropped.names {
            let name = table_name(name);
            if !self.temporary.contains(&name) {
                self.add(range, make(name), where_possible || dropped.if_exists);
            }
        }
    }

    fn create_table(&mut self, created: &CreateTable, range: &Range<usize>, where_possible: bool) {
        let name = table_name(&created.name);
        if created.temporary {
            self.temporary.push(name);
            return self.add(range, Operation::Nothing, false);
        }
        let (table, indexes) = self.parts.table(created);
        self.add(range, Operation::CreateTable(Box::new(table)), where_possible);
        let inherited =
            TakenOver { not_null: true, defaults: true, checks: true, generated: true, ..TakenOver::default() };
        for source in &created.sources {
            let (from, what) = match source {
                Source::Like { table, all, including } => {
                    let has = |word: &str| *all || including.iter().any(|found| found == word);
                    let what = TakenOver {
                        not_null: true,
                        defaults: has("DEFAULTS"),
                        checks: has("CONSTRAINTS"),
                        indexes: has("INDEXES"),
                        comments: has("COMMENTS"),
                        identity: has("IDENTITY"),
                        generated: has("GENERATED"),
                        foreign_keys: false,
                    };
                    (table, what)
                }
                Source::Inherits(table) => (table, inherited),
                Source::PartitionOf(table) => {
                    let what = TakenOver { indexes: true, foreign_keys: true, ..inherited };
                    (table, what)
                }
                Source::AllOf(table) => (table, TakenOver::default()),
                Source::Query(_) => {
                    self.unknown(range, vec![name.clone()], "its columns are those of a query");
                    continue;
                }
            };
            let taken = Operation::TakeOver { table: name.clone(), from: table_name(from), what };
            self.add(range, taken, where_possible);
        }
        for index in indexes {
            self.add(range, Operation::CreateIndex(name.clone(), Box::new(index)), where_possible);
        }
        for unread in &created.unread {
            self.unknown(&unread.range, vec![name.clone()], "a part of `CREATE TABLE` could not be read");
        }
    }

    fn alter_table(&mut self, alter: &AlterTable, where_possible: bool) {
        let mut table = table_name(&alter.table);
        if self.temporary.contains(&table) {
            return;
        }
        for (action, range) in &alter.actions {
            self.action(&mut table, action, range, where_possible);
        }
    }

    fn action(&mut self, table: &mut TableName, action: &Action, range: &Range<usize>, where_possible: bool) {
        let column = |of: &Ident| AlterColumn::of(table.clone(), of.name.clone());
        let altered = |alter: AlterColumn| Operation::AlterColumn(Box::new(alter));
        let named = |name: &Ident| Name::Is(name.name.clone());
        let operation = match action {
            Action::AddColumn { column, if_not_exists } => {
                let where_possible = where_possible || *if_not_exists;
                let (made, constraints) = self.parts.column(column);
                self.add(range, Operation::AddColumn(table.clone(), Box::new(made)), where_possible);
                for constraint in constraints {
                    self.add(range, Operation::AddConstraint(table.clone(), constraint), where_possible);
                }
                return;
            }
            Action::DropColumn { name, if_exists, .. } => {
                let dropped = Operation::DropColumn(table.clone(), name.name.clone(), None);
                return self.add(range, dropped, where_possible || *if_exists);
            }
            Action::AddConstraint(constraint) => match &constraint.kind {
                sql::ConstraintKind::Index(index) => {
                    Operation::CreateIndex(table.clone(), Box::new(self.parts.index(index)))
                }
                sql::ConstraintKind::UsingIndex(primary, index) => {
                    let kind = if *primary { ConstraintKind::PrimaryKey } else { ConstraintKind::Unique };
                    let name = constraint.name.as_ref().map(|name| name.name.clone());
                    Operation::AddConstraintUsingIndex(table.clone(), name, kind, index.name.clone())
                }
                _ => match self.parts.constraint(constraint) {
                    Some(made) => Operation::AddConstraint(table.clone(), made),
                    None => Operation::Unknown(vec![table.clone()], "a constraint could not be read".to_owned()),
                },
            },
            Action::DropConstraint { name, if_exists } => {
                let dropped = Operation::DropConstraint(table.clone(), named(name), None, None);
                return self.add(range, dropped, where_possible || *if_exists);
            }
            Action::DropPrimaryKey => {
                Operation::DropConstraint(table.clone(), Name::Unnamed, Some(ConstraintKind::PrimaryKey), None)
            }
            Action::DropForeignKey(name) => {
                Operation::DropConstraint(table.clone(), named(name), Some(ConstraintKind::ForeignKey), None)
            }
            Action::DropIndex(name) => Operation::DropIndex(Some(table.clone()), named(name), None),
            Action::RenameColumn(from, to) => altered(AlterColumn { name: Some(to.name.clone()), ..column(from) }),
            Action::RenameTable(to) => {
                let schema = to.schema.clone().or_else(|| table.schema.clone());
                let renamed = TableName { schema, name: to.name.clone() };
                let operation = Operation::RenameTable(table.clone(), renamed.clone());
                *table = renamed;
                operation
            }
            Action::RenameConstraint(from, to) => {
                Operation::RenameConstraint(table.clone(), from.name.clone(), to.name.clone())
            }
            Action::RenameIndex(from, to) => {
                Operation::RenameIndex(Some(table.clone()), TableName::plain(&from.name), to.name.clone())
            }
            Action::SetSchema(schema) => {
                let schema = Some(schema.name.clone()).filter(|schema| schema != "public");
                let operation = Operation::SetSchema(table.clone(), schema.clone());
                table.schema = schema;
                operation
            }
            Action::ChangeColumn(from, changed) => {
                let (made, constraints) = self.parts.column(changed);
                let alter = AlterColumn {
                    name: Some(made.name).filter(|name| *name != from.name),
                    column_type: Some(made.column_type),
                    nullable: Some(made.nullable),
                    server_default: Some(made.server_default),
                    comment: Some(made.comment),
                    ..column(from)
                };
                self.add(range, altered(alter), where_possible);
                for constraint in constraints {
                    self.add(range, Operation::AddConstraint(table.clone(), constraint), where_possible);
                }
                return;
            }
            Action::SetNullable(name, nullable) => {
                altered(AlterColumn { nullable: Some(Some(*nullable)), ..column(name) })
            }
            Action::SetDefault(name, value) => {
                let default = value.as_ref().map_or(ServerDefault::None, default_of);
                altered(AlterColumn { server_default: Some(default), ..column(name) })
            }
            Action::SetType { column: name, data_type, using } => {
                let made = ColumnType::of_text(data_type, self.parts.dialect);
                let using = using.as_ref().and_then(|using| match using {
                    sql::Value::Text(text) => Some(text.clone()),
                    sql::Value::Bound => None,
                });
                altered(AlterColumn { column_type: Some(Some(made)), using, ..column(name) })
            }
            Action::AddIdentity(name, identity) => {
                Operation::SetIdentity(table.clone(), name.name.clone(), Some(parts::identity(identity)))
            }
            Action::DropIdentity(name) => Operation::SetIdentity(table.clone(), name.name.clone(), None),
            Action::DropExpression(name) => Operation::DropExpression(table.clone(), name.name.clone()),
            Action::ValidateConstraint(name) => Operation::ValidateConstraint(table.clone(), name.name.clone()),
            Action::OfOther(words, other) if words == "ATTACH PARTITION" => {
                Operation::Unknown(vec![table_name(other)], "it becomes a partition, and gets its indexes".to_owned())
            }
            Action::Comment(text) => Operation::SetTableComment(table.clone(), Some(text.clone())),
            Action::OfOther(..) | Action::Other(_) => Operation::Nothing,
            Action::Unread => {
                Operation::Unknown(vec![table.clone()], "an action of `ALTER TABLE` could not be read".to_owned())
            }
        };
        self.add(range, operation, where_possible);
    }
}

#[cfg(test)]
mod tests;
