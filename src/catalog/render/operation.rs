//! Operations → the lines of their `op.*` calls.

use super::{Writer, batch, column, python};
use crate::catalog::operation::{AlterColumn, Constraint, ConstraintKind, Operation};
use crate::catalog::statements;
use crate::catalog::table::{Column, Enum, Name, ServerDefault, Table, TableName};

/// More arguments than this Alembic hands over in a list.
const MOST_ARGUMENTS: usize = 255;

/// The table in whose `batch_alter_table` block an operation goes, where the project uses such.
pub(super) fn batch_table(operation: &Operation) -> Option<&TableName> {
    match operation {
        Operation::AddColumn(table, _)
        | Operation::DropColumn(table, ..)
        | Operation::CreateIndex(table, _)
        | Operation::DropIndex(Some(table), ..)
        | Operation::AddConstraint(table, _)
        | Operation::DropConstraint(table, ..)
        | Operation::SetTableComment(table, _) => Some(table),
        Operation::AlterColumn(alter) => Some(&alter.table),
        _ => None,
    }
}

/// Is this one of those that SQLite only knows as making the table anew?
pub(super) fn needs_batch(operation: &Operation) -> bool {
    match operation {
        Operation::AddColumn(_, column) => column::needs_value(column),
        Operation::DropColumn(..)
        | Operation::AlterColumn(_)
        | Operation::AddConstraint(..)
        | Operation::DropConstraint(..) => true,
        _ => false,
    }
}

impl Writer<'_> {
    /// The lines of one operation. A line may hold line breaks: only its first is indented within a batch.
    pub(super) fn operation(&mut self, operation: &Operation) -> Vec<String> {
        match operation {
            Operation::CreateTable(table) => vec![self.create_table(table)],
            Operation::DropTable(name, _) => {
                let schema = self.schema_option(name);
                vec![format!("{}drop_table({}{schema})", self.prefix(), python::repr(&name.name))]
            }
            Operation::RenameTable(from, to) => {
                let schema = self.schema_option(from);
                let (from, to) = (python::repr(&from.name), python::repr(&to.name));
                vec![format!("{}rename_table({from}, {to}{schema})", self.prefix())]
            }
            Operation::AddColumn(table, column) => self.add_column(table, column),
            Operation::DropColumn(table, column, _) => {
                let place = if self.in_batch { String::new() } else { format!("{}, ", python::repr(&table.name)) };
                let schema = self.schema_option(table);
                vec![format!("{}drop_column({place}{}{schema})", self.prefix(), python::repr(column))]
            }
            Operation::AlterColumn(alter) => self.alter_column(alter),
            Operation::CreateIndex(table, index) => self.or_comment(|writer| writer.create_index(table, index)),
            Operation::DropIndex(table, Name::Is(name), index) => {
                vec![self.drop_index(table.as_ref(), name, index.as_deref())]
            }
            Operation::DropIndex(table, _, _) => {
                let table = table.as_ref().map(|table| format!(" of `{table}`")).unwrap_or_default();
                self.or_comment(|_| Err(format!("an index{table} is not dropped: its name could not be read")))
            }
            Operation::AddConstraint(table, constraint) => self.or_comment(|writer| {
                let unread =
                    || format!("a constraint of `{table}` is left out: it, or a column of it, could not be read");
                writer.add_constraint(table, constraint).ok_or_else(unread)
            }),
            Operation::DropConstraint(table, name, kind, known) => {
                self.drop_constraint(table, name, *kind, known.as_deref())
            }
            Operation::SetTableComment(table, comment) => vec![self.table_comment(table, comment.as_deref())],
            Operation::CreateEnum(found) => self.create_enum(found),
            Operation::DropEnum(name) => self.drop_enum(name),
            Operation::Nothing => Vec::new(),
            Operation::Unknown(_, why) => {
                let why = why.clone();
                self.or_comment(|_| Err(why))
            }
            // What has no call of its own is written as SQL.
            other => {
                let sql = statements::of(std::slice::from_ref(other), &self.style.target);
                sql.iter().map(|statement| self.execute(statement)).collect()
            }
        }
    }

    /// The line, or a comment in its place that says why there is none.
    fn or_comment(&mut self, write: impl FnOnce(&mut Self) -> Result<String, String>) -> Vec<String> {
        match write(self) {
            Ok(line) => vec![line],
            Err(why) => {
                let line = format!("# {}", why.replace('\n', " "));
                self.problem(why);
                vec![line]
            }
        }
    }

    fn create_table(&mut self, table: &Table) -> String {
        let mut comments = String::new();
        let mut given = Vec::new();
        for column in &table.columns {
            match self.column(&table.name, column, Some(table)) {
                Ok(written) => given.push(written),
                Err(why) => {
                    comments += &format!("# {why}\n");
                    self.problem(why);
                    self.left_out.push((table.name.clone(), column.name.clone()));
                }
            }
        }
        given.extend(self.constraints(table));
        // What the table brings is there for the tables after it.
        self.enums.extend(super::types_of(table, self.style.target.dialect));
        let given = match given.len() {
            count if count > MOST_ARGUMENTS => format!("*[{}]", given.join(",\n")),
            _ => given.join(",\n"),
        };
        let mut text = format!("{}create_table({},\n{comments}{given}", self.prefix(), python::repr(&table.name.name));
        if let Some(schema) = &table.name.schema {
            text += &format!(",\nschema={}", python::repr(schema));
        }
        if let Some(comment) = &table.comment {
            text += &format!(",\ncomment={}", python::repr(comment));
        }
        text + "\n)"
    }

    fn add_column(&mut self, table: &TableName, column: &Column) -> Vec<String> {
        let mut lines = Vec::new();
        if column::needs_value(column) && !self.numbers(table, column) {
            lines.push(format!(
                "# {} is NOT NULL without a server default: this fails on a table that has rows",
                python::repr(&column.name)
            ));
        }
        lines.extend(self.or_comment(|writer| {
            let written = writer.column(table, column, None)?;
            let place = if writer.in_batch { String::new() } else { format!("{}, ", python::repr(&table.name)) };
            let schema = writer.schema_option(table);
            Ok(format!("{}add_column({place}{written}{schema})", writer.prefix()))
        }));
        lines
    }

    fn alter_column(&mut self, alter: &AlterColumn) -> Vec<String> {
        let existing = alter.existing.as_deref();
        let place = if self.in_batch { String::new() } else { format!("{}, ", python::repr(&alter.table.name)) };
        let mut text = format!("{}alter_column({place}{}", self.prefix(), python::repr(&alter.column));
        let mut options = Vec::new();
        if let Some(of) = existing.and_then(|column| column.column_type.as_ref())
            && let Some(written) = self.existing_type(of)
        {
            options.push(format!("existing_type={written}"));
        }
        let of_column = format!("`{}.{}`", alter.table, alter.column);
        let mut left_out = Vec::new();
        match &alter.server_default {
            None => {}
            Some(ServerDefault::None) => options.push("server_default=None".to_owned()),
            Some(ServerDefault::Sql(text)) => options.push(format!("server_default={}", self.server_default(text))),
            Some(ServerDefault::Unknown) => left_out.push(format!("the new default of {of_column} could not be read")),
        }
        options.extend(alter.name.as_ref().map(|name| format!("new_column_name={}", python::repr(name))));
        match alter.column_type.as_ref().map(|of| of.as_ref().and_then(|of| self.column_type(of))) {
            None => {}
            Some(Some(written)) => options.push(format!("type_={written}")),
            Some(None) => left_out.push(format!("the new type of {of_column} could not be read")),
        }
        match alter.nullable {
            None => {}
            Some(Some(nullable)) => options.push(format!("nullable={}", python::boolean(nullable))),
            Some(None) => left_out.push(format!("whether {of_column} may be NULL could not be read")),
        }
        options.extend(alter.comment.as_ref().map(|it| format!("comment={}", python::optional(it.as_deref()))));
        if let Some(column) = existing {
            let comment = column.comment.as_ref();
            options.extend(comment.map(|comment| format!("existing_comment={}", python::repr(comment))));
            if let (None, Some(nullable)) = (alter.nullable, column.nullable) {
                options.push(format!("existing_nullable={}", python::boolean(nullable)));
            }
            if let (None, ServerDefault::Sql(text)) = (&alter.server_default, &column.server_default) {
                options.push(format!("existing_server_default={}", self.server_default(text)));
            }
        }
        if !self.in_batch {
            options.extend(alter.table.schema.as_ref().map(|schema| format!("schema={}", python::repr(schema))));
        }
        options.extend(alter.using.as_ref().map(|using| format!("postgresql_using={}", python::repr(using))));
        for option in options {
            text += &format!(",\n           {option}");
        }
        let mut lines: Vec<String> = left_out.iter().map(|why| format!("# {why}")).collect();
        left_out.into_iter().for_each(|why| self.problem(why));
        lines.push(text + ")");
        lines
    }

    fn drop_constraint(
        &mut self,
        table: &TableName,
        name: &Name,
        kind: Option<ConstraintKind>,
        known: Option<&Constraint>,
    ) -> Vec<String> {
        let made = known.filter(|_| self.in_batch && *name == Name::Unnamed);
        let made = made.and_then(|constraint| batch::called(table, constraint));
        self.called.extend(made.as_ref().map(|(kind, _)| *kind));
        let Some(name) = name.get().or(made.as_ref().map(|(_, name)| name.as_str())) else {
            return self
                .or_comment(|_| Err(format!("a constraint of `{table}` is not dropped: its name is not known")));
        };
        let mut given = vec![self.found(name)];
        if !self.in_batch {
            given.push(python::repr(&table.name));
            given.extend(table.schema.as_ref().map(|schema| format!("schema={}", python::repr(schema))));
        }
        let word = kind.and_then(|kind| match kind {
            ConstraintKind::PrimaryKey => Some("primary"),
            ConstraintKind::ForeignKey => Some("foreignkey"),
            ConstraintKind::Unique => Some("unique"),
            ConstraintKind::Check => Some("check"),
            ConstraintKind::Exclude => None,
        });
        given.extend(word.map(|word| format!("type_='{word}'")));
        vec![format!("{}drop_constraint({})", self.prefix(), given.join(", "))]
    }

    fn table_comment(&mut self, table: &TableName, comment: Option<&str>) -> String {
        let existing = self.before.table(table).and_then(|table| table.comment.as_deref());
        let mut given = Vec::new();
        if !self.in_batch {
            given.push(python::repr(&table.name));
        }
        given.extend(comment.map(python::repr));
        given.push(format!("existing_comment={}", python::optional(existing)));
        if !self.in_batch {
            given.push(format!("schema={}", python::optional(table.schema.as_deref())));
        }
        let function = if comment.is_some() { "create_table_comment" } else { "drop_table_comment" };
        let given: Vec<String> = given.iter().map(|one| format!("    {one}")).collect();
        format!("{}{function}(\n{}\n)", self.prefix(), given.join(",\n"))
    }

    fn create_enum(&mut self, found: &Enum) -> Vec<String> {
        let name = found.name.clone();
        let lines = self.or_comment(|writer| {
            let unread = || format!("the type `{name}` is left out: its values could not be read");
            let values = python::listed(found.values.as_ref().ok_or_else(unread)?);
            let made = writer.enumerated(&found.name, &values);
            Ok(format!("{made}.create({}get_bind(), checkfirst=True)", writer.style.alembic_prefix))
        });
        self.enums.push(found.name.clone());
        lines
    }

    fn drop_enum(&mut self, name: &TableName) -> Vec<String> {
        self.enums.retain(|known| known != name);
        let made = self.enumerated(name, "");
        vec![format!("{made}.drop({}get_bind(), checkfirst=True)", self.style.alembic_prefix)]
    }

    fn enumerated(&self, name: &TableName, values: &str) -> String {
        let schema =
            name.schema.as_ref().map(|schema| format!(", schema={}", python::repr(schema))).unwrap_or_default();
        let values = if values.is_empty() { String::new() } else { format!("{values}, ") };
        format!("{}Enum({values}name={}{schema})", self.sa(), python::repr(&name.name))
    }

    fn schema_option(&self, table: &TableName) -> String {
        match &table.schema {
            Some(schema) if !self.in_batch => format!(", schema={}", python::repr(schema)),
            _ => String::new(),
        }
    }

    fn execute(&self, sql: &str) -> String {
        if sql.starts_with("--") {
            return format!("#{}", sql.trim_start_matches('-'));
        }
        format!("{}execute({})", self.style.alembic_prefix, python::repr(&python::bind_free(sql)))
    }
}
