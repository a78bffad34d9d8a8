//! The parameters of `op.*` and `batch_op.*`, with the names that older versions of Alembic had for them.

use crate::python::value::Value;
use crate::python::value::term::{Argument, Arguments, Keyword};
use crate::source::Span;

/// The arguments of a call of `op.name`, by the parameter that they are for.
pub(super) struct Bound<'t> {
    named: Vec<(&'static str, Argument<'t>)>,
    /// Positional ones beyond the parameters: the columns of `create_table`.
    pub(super) rest: Vec<Argument<'t>>,
    /// Keywords that are no parameters: `postgresql_where`, `mysql_engine`.
    pub(super) further: Vec<Keyword<'t>>,
    /// There may be more.
    pub(super) open: bool,
}

/// The parameters that `op.name` takes by position, in order; `None`: no such operation.
fn positional(operation: &str) -> Option<&'static [&'static str]> {
    Some(match operation {
        "create_table" | "drop_table" | "drop_table_comment" => &["table_name"],
        "rename_table" => &["old_table_name", "new_table_name"],
        "add_column" => &["table_name", "column"],
        "drop_column" | "alter_column" => &["table_name", "column_name"],
        "create_index" => &["index_name", "table_name", "columns"],
        "drop_index" => &["index_name", "table_name"],
        "create_primary_key" | "create_unique_constraint" => &["constraint_name", "table_name", "columns"],
        "create_check_constraint" => &["constraint_name", "table_name", "condition"],
        "create_exclude_constraint" => &["constraint_name", "table_name"],
        "create_foreign_key" => &["constraint_name", "source_table", "referent_table", "local_cols", "remote_cols"],
        "drop_constraint" => &["constraint_name", "table_name", "type_"],
        "create_table_comment" => &["table_name", "comment"],
        _ => return None,
    })
}

/// What a keyword is called today.
fn todays<'n>(operation: &str, keyword: &'n str) -> &'n str {
    let of_index = matches!(operation, "create_index" | "drop_index");
    match keyword {
        "name" if of_index => "index_name",
        "name" if operation == "alter_column" => "new_column_name",
        "name" if operation.ends_with("_table") => "table_name",
        "name" => "constraint_name",
        "tablename" => "table_name",
        "source" if operation == "create_foreign_key" => "source_table",
        "source" => "table_name",
        "referent" => "referent_table",
        "type" => "type_",
        "cols" => "columns",
        "local_cols" if operation == "create_unique_constraint" => "columns",
        other => other,
    }
}

/// Keywords that are parameters, whatever the operation.
const KEYWORDS: &[&str] = &[
    "table_name",
    "old_table_name",
    "new_table_name",
    "source_table",
    "referent_table",
    "column_name",
    "index_name",
    "constraint_name",
    "column",
    "columns",
    "local_cols",
    "remote_cols",
    "condition",
    "type_",
    "comment",
    "schema",
    "source_schema",
    "referent_schema",
    "if_exists",
    "if_not_exists",
    "new_column_name",
    "nullable",
    "server_default",
    "existing_type",
    "existing_nullable",
    "existing_server_default",
    "existing_comment",
    "existing_autoincrement",
    "autoincrement",
    "insert_before",
    "insert_after",
];

impl<'t> Bound<'t> {
    /// Binds the arguments of `op.operation`; for `batch_op.operation` the table is given from without.
    pub(super) fn of(operation: &str, arguments: &Arguments<'t>, batch: bool) -> Option<Bound<'t>> {
        let of_table = |name: &&str| batch && matches!(*name, "table_name" | "source_table");
        let mut parameters = positional(operation)?.iter().copied().filter(|name| !of_table(name));
        let mut bound = Bound { named: Vec::new(), rest: Vec::new(), further: Vec::new(), open: arguments.open };
        for argument in &arguments.positional {
            match parameters.next() {
                Some(name) => bound.named.push((name, argument.clone())),
                None => bound.rest.push(argument.clone()),
            }
        }
        for keyword in &arguments.keywords {
            let name = todays(operation, &keyword.name);
            match KEYWORDS.iter().find(|known| **known == name) {
                // `create_table(…, comment=…)` hands it to the table.
                Some(_) if operation == "create_table" && matches!(name, "comment" | "schema") => {
                    bound.further.push(keyword.clone());
                    bound.named.extend((name == "schema").then(|| ("schema", of_keyword(keyword))));
                }
                Some(name) => bound.named.push((name, of_keyword(keyword))),
                None => bound.further.push(keyword.clone()),
            }
        }
        Some(bound)
    }

    /// The argument for a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&Argument<'t>> {
        self.named.iter().find(|(known, _)| *known == name).map(|(_, argument)| argument)
    }

    /// Its value.
    pub(super) fn value(&self, name: &str) -> Option<&Value<'t>> {
        self.get(name).map(|argument| &argument.value)
    }

    /// Is the flag set? What could not be read counts as set.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| !matches!(value, Value::None | Value::Bool(false)))
    }

    /// The same argument under another parameter.
    pub(super) fn give(&mut self, name: &'static str, value: Value<'t>, span: Span) {
        self.named.push((name, Argument { value, span }));
    }
}

fn of_keyword<'t>(keyword: &Keyword<'t>) -> Argument<'t> {
    Argument { value: keyword.value.clone(), span: keyword.span }
}
