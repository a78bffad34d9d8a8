//! A [`Change`]: one operation of autogenerate, with both places.

use std::fmt;

use crate::catalog::operation::{Constraint, Operation};
use crate::catalog::table::{Column, TableName};
use crate::source::Span;

/// One operation that autogenerate would write.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What leads from the database to the models.
    pub operation: Operation,
    /// The table.
    pub table: TableName,
    /// Where the models say so; of something that they lack: where its table is declared, if it is.
    pub model: Option<Span>,
    /// Where the migrations made what the database has; of something that it lacks: its table, if it has that.
    pub migration: Option<Span>,
}

/// The first words of Alembic's difference tuples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Word {
    /// `add_table`
    AddTable,
    /// `remove_table`
    RemoveTable,
    /// `add_column`
    AddColumn,
    /// `remove_column`
    RemoveColumn,
    /// `modify_type`
    ModifyType,
    /// `modify_nullable`
    ModifyNullable,
    /// `modify_default`
    ModifyDefault,
    /// `modify_comment`
    ModifyComment,
    /// `add_index`
    AddIndex,
    /// `remove_index`
    RemoveIndex,
    /// `add_constraint`
    AddConstraint,
    /// `remove_constraint`
    RemoveConstraint,
    /// `add_fk`
    AddForeignKey,
    /// `remove_fk`
    RemoveForeignKey,
    /// `add_table_comment`
    AddTableComment,
    /// `remove_table_comment`
    RemoveTableComment,
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Word::AddTable => "add_table",
            Word::RemoveTable => "remove_table",
            Word::AddColumn => "add_column",
            Word::RemoveColumn => "remove_column",
            Word::ModifyType => "modify_type",
            Word::ModifyNullable => "modify_nullable",
            Word::ModifyDefault => "modify_default",
            Word::ModifyComment => "modify_comment",
            Word::AddIndex => "add_index",
            Word::RemoveIndex => "remove_index",
            Word::AddConstraint => "add_constraint",
            Word::RemoveConstraint => "remove_constraint",
            Word::AddForeignKey => "add_fk",
            Word::RemoveForeignKey => "remove_fk",
            Word::AddTableComment => "add_table_comment",
            Word::RemoveTableComment => "remove_table_comment",
        })
    }
}

impl Word {
    /// The models have something that the database lacks.
    pub fn adds(self) -> bool {
        use Word::{AddColumn, AddConstraint, AddForeignKey, AddIndex, AddTable, AddTableComment};
        matches!(self, AddTable | AddColumn | AddIndex | AddConstraint | AddForeignKey | AddTableComment)
    }

    /// The database has something that the models lack.
    pub fn removes(self) -> bool {
        use Word::{RemoveColumn, RemoveConstraint, RemoveForeignKey, RemoveIndex, RemoveTable, RemoveTableComment};
        matches!(
            self,
            RemoveTable | RemoveColumn | RemoveIndex | RemoveConstraint | RemoveForeignKey | RemoveTableComment
        )
    }
}

impl Change {
    /// Alembic's words for it: one, or of an altered column one for each difference.
    pub fn words(&self) -> Vec<Word> {
        match &self.operation {
            Operation::CreateTable(_) => vec![Word::AddTable],
            Operation::DropTable(..) => vec![Word::RemoveTable],
            Operation::AddColumn(..) => vec![Word::AddColumn],
            Operation::DropColumn(..) => vec![Word::RemoveColumn],
            Operation::CreateIndex(..) => vec![Word::AddIndex],
            Operation::DropIndex(..) => vec![Word::RemoveIndex],
            Operation::AddConstraint(_, Constraint::ForeignKey(_)) => vec![Word::AddForeignKey],
            Operation::AddConstraint(..) => vec![Word::AddConstraint],
            Operation::DropConstraint(_, _, Some(crate::catalog::operation::ConstraintKind::ForeignKey), _) => {
                vec![Word::RemoveForeignKey]
            }
            Operation::DropConstraint(..) => vec![Word::RemoveConstraint],
            Operation::SetTableComment(_, Some(_)) => vec![Word::AddTableComment],
            Operation::SetTableComment(_, None) => vec![Word::RemoveTableComment],
            Operation::AlterColumn(alter) => {
                let mut words = Vec::new();
                words.extend(alter.column_type.is_some().then_some(Word::ModifyType));
                words.extend(alter.nullable.is_some().then_some(Word::ModifyNullable));
                let default = alter.server_default.is_some() || alter.identity.is_some();
                words.extend(default.then_some(Word::ModifyDefault));
                words.extend(alter.comment.is_some().then_some(Word::ModifyComment));
                words
            }
            _ => Vec::new(),
        }
    }

    /// What it is known by, without places: `add_column:item.price`.
    pub fn key(&self) -> String {
        let words: Vec<String> = self.words().iter().map(Word::to_string).collect();
        let name = self.column().or_else(|| self.name()).map(str::to_owned);
        let name = name.or_else(|| self.columns().map(|columns| columns.join(",")));
        let name = name.map(|name| format!(".{name}")).unwrap_or_default();
        format!("{}:{}{name}", words.join("+"), self.table)
    }

    /// The column that it is about.
    pub fn column(&self) -> Option<&str> {
        match &self.operation {
            Operation::AddColumn(_, column) => Some(&column.name),
            Operation::DropColumn(_, column, _) => Some(column),
            Operation::AlterColumn(alter) => Some(&alter.column),
            _ => None,
        }
    }

    /// The columns of the index or constraint that it is about.
    pub fn columns(&self) -> Option<Vec<&str>> {
        let constraint = match &self.operation {
            Operation::CreateIndex(_, index) | Operation::DropIndex(_, _, Some(index)) => {
                let elements = index.elements.iter();
                return Some(elements.filter_map(|element| element.column()).collect());
            }
            Operation::AddConstraint(_, constraint) => constraint,
            Operation::DropConstraint(_, _, _, Some(constraint)) => constraint,
            _ => return None,
        };
        let columns: &[String] = match constraint {
            Constraint::PrimaryKey(key) => &key.columns,
            Constraint::ForeignKey(key) => &key.columns,
            Constraint::Unique(unique) => &unique.columns,
            Constraint::Check(_) | Constraint::Exclude(_) => &[],
        };
        Some(columns.iter().map(String::as_str).collect())
    }

    /// The name of the index or constraint that it is about.
    pub fn name(&self) -> Option<&str> {
        match &self.operation {
            Operation::CreateIndex(_, index) => index.name.get(),
            Operation::DropIndex(_, name, _) | Operation::DropConstraint(_, name, _, _) => name.get(),
            Operation::AddConstraint(_, constraint) => constraint.name().get(),
            _ => None,
        }
    }

    /// The column before, where one is altered or removed.
    pub fn existing(&self) -> Option<&Column> {
        match &self.operation {
            Operation::DropColumn(_, _, column) => column.as_deref(),
            Operation::AlterColumn(alter) => alter.existing.as_deref(),
            _ => None,
        }
    }
}
