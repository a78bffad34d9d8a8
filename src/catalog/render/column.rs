//! Columns → `sa.Column(…)`, with their defaults.

use super::{Writer, python};
use crate::catalog::Dialect;
use crate::catalog::column_type::TypeKind;
use crate::catalog::models::column::is_numbered;
use crate::catalog::table::{Column, Computed, Identity, ServerDefault, Table, TableName};

impl Writer<'_> {
    /// A column; `Err` says why it can't be written. `whole`: the table that is made with it.
    pub(super) fn column(
        &mut self,
        table: &TableName,
        column: &Column,
        whole: Option<&Table>,
    ) -> Result<String, String> {
        let place = format!("`{table}.{}`", column.name);
        let Some(of) = &column.column_type else {
            return Err(format!("{place} is left out: its type could not be read"));
        };
        let written = if self.is_back { self.existing_type(of) } else { self.column_type(of) };
        let Some(written) = written else {
            return Err(format!("{place} is left out: its type could not be written as code"));
        };
        let mut parts = Vec::new();
        parts.extend(column.computed.as_ref().map(|computed| self.computed(computed, &place)).transpose()?);
        parts.extend(column.identity.as_ref().map(|identity| self.identity(identity)));
        let mut options = Vec::new();
        match &column.server_default {
            ServerDefault::None => {}
            ServerDefault::Sql(text) => options.push(format!("server_default={}", self.server_default(text))),
            ServerDefault::Unknown => self.problem(format!("{place} has a server default that could not be read")),
        }
        if let (Some(autoincrement), Some(table)) = (column.autoincrement, whole)
            && autoincrement != is_numbered(table, &column.name)
        {
            options.push(format!("autoincrement={}", python::boolean(autoincrement)));
        }
        if whole.is_none() && self.numbers(table, column) {
            options.push("primary_key=True".to_owned());
        }
        match column.nullable {
            Some(nullable) => options.push(format!("nullable={}", python::boolean(nullable))),
            None => self.problem(format!("whether {place} may be NULL could not be read")),
        }
        options.extend(column.comment.as_ref().map(|comment| format!("comment={}", python::repr(comment))));
        let positional = if parts.is_empty() { String::new() } else { parts.join(", ") + ", " };
        let name = python::repr(&column.name);
        Ok(format!("{}Column({name}, {written}, {positional}{})", self.sa(), options.join(", ")))
    }

    /// Does PostgreSQL number a column that is added? It does (`SERIAL`) where the column is called the primary key; the
    /// key itself is made by an operation of its own.
    pub(super) fn numbers(&self, table: &TableName, column: &Column) -> bool {
        let was_numbered = || self.before.table(table).is_some_and(|before| is_numbered(before, &column.name));
        self.style.target.dialect == Dialect::Postgresql
            && (column.autoincrement == Some(true) || self.is_back && was_numbered())
            && column.identity.is_none()
            && column.server_default == ServerDefault::None
    }

    /// A default: a SQL string stands for itself, everything else is SQL text.
    pub(super) fn server_default(&self, text: &str) -> String {
        if let Some(inner) = sql_string(text) {
            return python::repr(&inner);
        }
        let bare = self.style.target.dialect == Dialect::Sqlite
            && !(text.starts_with('(') && text.ends_with(')') && text.len() > 2)
            && !(text.len() == 1 && text.starts_with(|first: char| first.is_ascii_digit() || first == '.'))
            && !(text.starts_with('\'') && text.ends_with('\''));
        let text = if bare { format!("({text})") } else { text.to_owned() };
        self.text(&text)
    }

    /// `sa.text('…')`
    pub(super) fn text(&self, sql: &str) -> String {
        format!("{}text({})", self.sa(), python::repr(&python::bind_free(sql)))
    }

    fn computed(&self, computed: &Computed, place: &str) -> Result<String, String> {
        let Some(text) = &computed.text else {
            return Err(format!("{place} is left out: what it is computed from could not be read"));
        };
        let persisted = computed.persisted.map(|it| format!("persisted={}", python::boolean(it))).unwrap_or_default();
        Ok(format!("{}Computed({}, {persisted})", self.sa(), python::repr(text)))
    }

    fn identity(&self, identity: &Identity) -> String {
        let always = format!("always={}", python::boolean(identity.always));
        let options = identity.options.iter().map(|(name, value)| format!("{name}={value}"));
        let given: Vec<String> = [always].into_iter().chain(options).collect();
        format!("{}Identity({})", self.sa(), given.join(", "))
    }
}

/// What a SQL string says, if the text is one and nothing more.
fn sql_string(text: &str) -> Option<String> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    let bare = inner.replace("''", "");
    (!bare.contains('\'')).then(|| inner.replace("''", "'"))
}

/// Does a table that has rows refuse to take in this column?
pub(super) fn needs_value(column: &Column) -> bool {
    let by_server = column.identity.is_some()
        || column.computed.is_some()
        || column.server_default != ServerDefault::None
        || column
            .column_type
            .as_ref()
            .is_some_and(|found| matches!(&found.kind, TypeKind::Sql(text) if text.to_uppercase().contains("SERIAL")));
    column.nullable == Some(false) && !by_server
}
