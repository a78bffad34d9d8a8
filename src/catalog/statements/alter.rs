//! `ALTER …`, `DROP …`, and all other operations.

use super::table::identified;
use super::{Statements, string};
use crate::catalog::Dialect;
use crate::catalog::operation::{AlterColumn, Constraint, ConstraintKind, Operation, Side};
use crate::catalog::render::constraint::standalone_name;
use crate::catalog::table::{Column, Name, ServerDefault, Table, TableName};

impl Statements<'_> {
    /// The statements of one operation.
    pub(super) fn operation(&self, operation: &Operation) -> Vec<String> {
        let cannot = |what: String| vec![format!("-- SQLite can't {what}: batch_alter_table copies the table")];
        let sqlite = self.dialect() == Dialect::Sqlite;
        match operation {
            Operation::CreateTable(table) => {
                let mut found = self.create_table(table);
                found.extend(self.comments(table));
                found
            }
            Operation::DropTable(name, _) => vec![format!("DROP TABLE {}", self.name(name))],
            Operation::RenameTable(from, to) => {
                vec![format!("ALTER TABLE {} RENAME TO {}", self.name(from), self.word(&to.name))]
            }
            Operation::AddColumn(table, column) => {
                let empty = Table::empty(table.clone(), column.span);
                let mut found = vec![format!("{} ADD COLUMN {}", self.alter(table), self.column(&empty, column))];
                if self.dialect() == Dialect::Postgresql {
                    let comment = column.comment.as_deref();
                    found.extend(comment.map(|comment| self.column_comment(table, &column.name, Some(comment))));
                }
                found
            }
            Operation::DropColumn(table, column, _) => {
                vec![format!("{} DROP COLUMN {}", self.alter(table), self.word(column))]
            }
            Operation::AlterColumn(alter) => match self.dialect() {
                Dialect::Postgresql => self.altered(alter),
                Dialect::Mysql => self.modified(alter),
                Dialect::Sqlite => cannot(format!("alter the column {}.{}", alter.table, alter.column)),
            },
            Operation::CreateIndex(table, index) => vec![self.create_index(table, index)],
            Operation::DropIndex(table, name, _) => vec![self.drop_index(table.as_ref(), name)],
            Operation::AddConstraint(table, _) if sqlite => cannot(format!("add a constraint to {table}")),
            Operation::AddConstraint(table, constraint) => {
                let name = standalone_name(table, constraint).map_or(Name::Unnamed, Name::Is);
                let text = match constraint.clone() {
                    Constraint::PrimaryKey(mut key) => {
                        key.name = name;
                        self.primary_key(&key)
                    }
                    Constraint::ForeignKey(mut key) => {
                        key.name = name;
                        self.foreign_key(&key)
                    }
                    Constraint::Unique(mut unique) => {
                        unique.name = name;
                        self.unique(&unique)
                    }
                    Constraint::Check(mut check) => {
                        check.name = name;
                        self.check(&check)
                    }
                    Constraint::Exclude(mut exclude) => {
                        exclude.name = name;
                        self.exclude(&exclude)
                    }
                };
                vec![format!("{} ADD {text}", self.alter(table))]
            }
            Operation::DropConstraint(table, ..) if sqlite => cannot(format!("drop a constraint of {table}")),
            Operation::DropConstraint(table, name, kind, _) => {
                let name = self.word(name.get().unwrap_or("?"));
                let what = match (self.dialect(), kind) {
                    (Dialect::Mysql, Some(ConstraintKind::ForeignKey)) => format!("FOREIGN KEY {name}"),
                    (Dialect::Mysql, Some(ConstraintKind::PrimaryKey)) => "PRIMARY KEY".to_owned(),
                    (Dialect::Mysql, Some(ConstraintKind::Unique)) => format!("INDEX {name}"),
                    _ => format!("CONSTRAINT {name}"),
                };
                vec![format!("{} DROP {what}", self.alter(table))]
            }
            Operation::RenameConstraint(table, from, to) => {
                vec![format!("{} RENAME CONSTRAINT {} TO {}", self.alter(table), self.word(from), self.word(to))]
            }
            Operation::RenameIndex(_, from, to) => {
                vec![format!("ALTER INDEX {} RENAME TO {}", self.name(from), self.word(to))]
            }
            Operation::SetTableComment(table, comment) => match self.dialect() {
                Dialect::Postgresql => vec![self.table_comment(table, comment.as_deref())],
                Dialect::Mysql => {
                    vec![format!("{} COMMENT {}", self.alter(table), string(comment.as_deref().unwrap_or("")))]
                }
                Dialect::Sqlite => Vec::new(),
            },
            Operation::SetSchema(table, schema) => {
                let schema = self.word(schema.as_deref().unwrap_or("public"));
                vec![format!("{} SET SCHEMA {schema}", self.alter(table))]
            }
            Operation::CreateEnum(found) => vec![self.create_enum(&found.name, found.values.as_deref())],
            Operation::AddEnumValue(name, value, place) => {
                let place = place.as_ref().map(|(side, other)| {
                    format!(" {} {}", if *side == Side::Before { "BEFORE" } else { "AFTER" }, string(other))
                });
                let place = place.unwrap_or_default();
                vec![format!("ALTER TYPE {} ADD VALUE IF NOT EXISTS {}{place}", self.name(name), string(value))]
            }
            Operation::RenameEnumValue(name, from, to) => {
                vec![format!("ALTER TYPE {} RENAME VALUE {} TO {}", self.name(name), string(from), string(to))]
            }
            Operation::RenameEnum(from, to) => {
                vec![format!("ALTER TYPE {} RENAME TO {}", self.name(from), self.word(to))]
            }
            Operation::DropEnum(name) => vec![format!("DROP TYPE {}", self.name(name))],
            Operation::CreateSequence(sequence) => vec![format!("CREATE SEQUENCE {}", self.name(&sequence.name))],
            Operation::DropSequence(name) => vec![format!("DROP SEQUENCE {}", self.name(name))],
            Operation::DropSchema(name) => vec![format!("DROP SCHEMA {} CASCADE", self.word(name))],
            Operation::AddConstraintUsingIndex(table, name, kind, index) => {
                let name = name.as_ref().map(|name| format!("CONSTRAINT {} ", self.word(name))).unwrap_or_default();
                let kind = if *kind == ConstraintKind::PrimaryKey { "PRIMARY KEY" } else { "UNIQUE" };
                vec![format!("{} ADD {name}{kind} USING INDEX {}", self.alter(table), self.word(index))]
            }
            Operation::ValidateConstraint(table, name) => {
                vec![format!("{} VALIDATE CONSTRAINT {}", self.alter(table), self.word(name))]
            }
            Operation::SetIdentity(table, column, identity) => {
                let column = format!("{} ALTER COLUMN {}", self.alter(table), self.word(column));
                vec![match identity {
                    Some(identity) => format!("{column} ADD {}", identified(identity)),
                    None => format!("{column} DROP IDENTITY"),
                }]
            }
            Operation::DropExpression(table, column) => {
                vec![format!("{} ALTER COLUMN {} DROP EXPRESSION", self.alter(table), self.word(column))]
            }
            Operation::WherePossible(operation) => self.operation(operation),
            Operation::TakeOver { table, from, .. } => {
                vec![format!("-- {} takes over columns of {}", self.name(table), self.name(from))]
            }
            Operation::Nothing => Vec::new(),
            Operation::Unknown(_, why) => vec![format!("-- {}", why.replace('\n', " "))],
        }
    }

    fn alter(&self, table: &TableName) -> String {
        format!("ALTER TABLE {}", self.name(table))
    }

    fn drop_index(&self, table: Option<&TableName>, name: &Name) -> String {
        let own = self.word(name.get().unwrap_or("?"));
        match (self.dialect(), table) {
            (Dialect::Mysql, Some(table)) => format!("DROP INDEX {own} ON {}", self.name(table)),
            (_, Some(TableName { schema: Some(schema), .. })) => format!("DROP INDEX {}.{own}", self.word(schema)),
            _ => format!("DROP INDEX {own}"),
        }
    }

    /// PostgreSQL: a statement for each change.
    fn altered(&self, alter: &AlterColumn) -> Vec<String> {
        let table = self.alter(&alter.table);
        let column = format!("{table} ALTER COLUMN {}", self.word(&alter.column));
        let mut found = Vec::new();
        match alter.nullable {
            Some(Some(true)) => found.push(format!("{column} DROP NOT NULL")),
            Some(Some(false)) => found.push(format!("{column} SET NOT NULL")),
            Some(None) => found.push(format!("-- whether {} may be NULL could not be read", alter.column)),
            None => {}
        }
        match alter.column_type.as_ref().map(|of| of.as_ref().and_then(|of| of.ddl(self.target))) {
            Some(Some(of)) => {
                let using = alter.using.as_ref().map(|using| format!(" USING {using}")).unwrap_or_default();
                found.push(format!("{column} TYPE {of}{using}"));
            }
            Some(None) => found.push(format!("-- the new type of {} could not be read", alter.column)),
            None => {}
        }
        match &alter.server_default {
            Some(ServerDefault::Sql(text)) => found.push(format!("{column} SET DEFAULT {text}")),
            Some(ServerDefault::None) => found.push(format!("{column} DROP DEFAULT")),
            Some(ServerDefault::Unknown) => {
                found.push(format!("-- the new default of {} could not be read", alter.column));
            }
            None => {}
        }
        if let Some(comment) = &alter.comment {
            found.push(self.column_comment(&alter.table, &alter.column, comment.as_deref()));
        }
        if let Some(name) = &alter.name {
            found.push(format!("{table} RENAME {} TO {}", self.word(&alter.column), self.word(name)));
        }
        found
    }

    /// MySQL: the whole column as it shall be.
    fn modified(&self, alter: &AlterColumn) -> Vec<String> {
        let table = self.alter(&alter.table);
        let Some(mut column) = alter.existing.as_deref().cloned() else {
            return vec![format!("-- {}.{} can't be altered: nothing tells how it is", alter.table, alter.column)];
        };
        if let Some(of) = &alter.column_type {
            column.column_type.clone_from(of);
        }
        if let Some(nullable) = alter.nullable {
            column.nullable = nullable;
        }
        if let Some(default) = &alter.server_default {
            column.server_default = default.clone();
        }
        if let Some(comment) = &alter.comment {
            column.comment.clone_from(comment);
        }
        let word = match &alter.name {
            Some(name) => format!("CHANGE {}", {
                column.name.clone_from(name);
                self.word(&alter.column)
            }),
            None => "MODIFY".to_owned(),
        };
        vec![format!("{table} {word} {}", self.whole(&alter.table, &column))]
    }

    fn whole(&self, table: &TableName, column: &Column) -> String {
        let text = self.column(&Table::empty(table.clone(), column.span), column);
        if column.nullable == Some(true) && !text.contains(" NULL") { text + " NULL" } else { text }
    }
}
