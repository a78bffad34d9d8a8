//! What `sa.inspect(bind)` answers: the database's tables as the lists and dicts that SQLAlchemy makes of them.

use std::rc::Rc;

use super::database::{Described, DescribedEnum, DescribedKey};
use super::directive::On;
use super::library::{Operations, plain_text};
use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::term::Arguments;
use crate::python::value::{Dict, Key, List, Value};
use crate::source::Span;

impl<'t> Operations<'t> {
    /// `inspector.method(arguments)`
    pub(super) fn inspector_called(
        &self,
        machine: &mut Machine<'t>,
        method: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        machine.certainly_succeeds();
        let table = || arguments.get(0, "table_name");
        let schema = || arguments.get(1, "schema");
        let answer = match method {
            "has_table" => self.has_table(machine, table(), schema(), span),
            "get_table_names" => match schema_of(arguments.get(0, "schema")) {
                Some(schema) => {
                    let (mut names, all) = self.database.tables(schema.as_deref());
                    if schema.is_none() {
                        names.insert(0, "alembic_version".to_owned());
                    }
                    list(names.into_iter().map(|name| Value::literal(name, span)), !all)
                }
                None => machine.unknown(span, "the tables of a schema whose name is not known"),
            },
            "get_view_names" | "get_materialized_view_names" | "get_temp_table_names" | "get_sequence_names" => {
                list(std::iter::empty(), true)
            }
            "get_schema_names" => list(["information_schema", "public"].map(|it| Value::literal(it, span)), true),
            "get_enums" => {
                let (enums, all) = self.database.enums();
                let found = enums.into_iter().map(|DescribedEnum { name, values }| {
                    let labels = match values {
                        Some(values) => list(values.into_iter().map(|it| Value::literal(it, span)), false),
                        None => Value::unknown(span, "the values of an enumeration"),
                    };
                    let schema = name.schema.as_deref().unwrap_or("public");
                    dict([
                        ("name", Value::literal(name.name, span)),
                        ("schema", Value::literal(schema, span)),
                        ("visible", Value::Bool(true)),
                        ("labels", labels),
                    ])
                });
                list(found, !all)
            }
            "clear_cache" | "reflect_table" => Value::None,
            "has_schema" | "has_sequence" => machine.unknown(span, "what the database has besides tables"),
            _ if method.starts_with("get_") || method == "has_index" => {
                let on = table().and_then(plain_text).zip(schema_of(schema()));
                let described = match &on {
                    Some((name, schema)) => self.database.described(&On { schema: schema.clone(), name: name.clone() }),
                    None => None,
                };
                match described {
                    Some(table) => self.about(machine, method, &table, arguments, span),
                    None => {
                        let on = on.map(|(name, schema)| On { schema, name });
                        if on.is_some_and(|on| self.database.has_table(&on) == Some(false)) && machine.is_tried() {
                            return Some(Err(machine.raised("NoSuchTableError", "", span)));
                        }
                        machine.unknown(span, "a table that the migrations up to here are not known to make")
                    }
                }
            }
            _ => return None,
        };
        Some(Ok(answer))
    }

    /// Is there a table of this name?
    pub(super) fn has_table(
        &self,
        machine: &mut Machine<'t>,
        name: Option<&Value<'t>>,
        schema: Option<&Value<'t>>,
        span: Span,
    ) -> Value<'t> {
        let on = name.and_then(plain_text).zip(schema_of(schema)).map(|(name, schema)| On { schema, name });
        match on.and_then(|on| self.database.has_table(&on)) {
            Some(answer) => Value::Bool(answer),
            None => machine.unknown(span, "whether a table exists"),
        }
    }

    fn about(
        &self,
        machine: &mut Machine<'t>,
        method: &str,
        table: &Described,
        arguments: &Arguments<'t>,
        span: Span,
    ) -> Value<'t> {
        let text = |text: &str| Value::literal(text, span);
        let texts = |texts: &[String]| list(texts.iter().map(|it| Value::literal(it.as_str(), span)), false);
        let maybe = |name: &Option<String>| name.as_deref().map_or(Value::None, text);
        match method {
            "get_columns" => {
                let columns: Vec<Value<'t>> = table
                    .columns
                    .iter()
                    .map(|column| {
                        let default = match &column.default {
                            None => Value::None,
                            Some(Some(default)) => text(default),
                            Some(None) => Value::unknown(span, "a default"),
                        };
                        let nullable = match column.nullable {
                            Some(nullable) => Value::Bool(nullable),
                            None => Value::unknown(span, "whether a column may be NULL"),
                        };
                        dict([
                            ("name", text(&column.name)),
                            ("type", self.type_of(machine, column.column_type.as_deref(), span)),
                            ("nullable", nullable),
                            ("default", default),
                            ("autoincrement", Value::Bool(false)),
                            ("comment", Value::None),
                        ])
                    })
                    .collect();
                list(columns, !table.has_all_columns)
            }
            "get_pk_constraint" => match &table.primary_key {
                Some((name, columns)) => dict([("constrained_columns", texts(columns)), ("name", maybe(name))]),
                None if table.complete => dict([("constrained_columns", texts(&[])), ("name", Value::None)]),
                None => machine.unknown(span, "the primary key of a table that is not wholly known"),
            },
            "get_foreign_keys" => {
                let key = |key: &DescribedKey| {
                    let options = [("ondelete", &key.ondelete)].into_iter().filter(|(_, value)| value.is_some());
                    dict([
                        ("name", maybe(&key.name)),
                        ("constrained_columns", texts(&key.columns)),
                        ("referred_schema", maybe(&key.target.schema)),
                        ("referred_table", text(&key.target.name)),
                        ("referred_columns", texts(&key.target_columns)),
                        ("options", dict(options.map(|(name, value)| (name, maybe(value))))),
                    ])
                };
                list(table.foreign_keys.iter().map(key), !table.complete)
            }
            "get_unique_constraints" => {
                let unique = |(name, columns): &(Option<String>, Vec<String>)| {
                    dict([("name", maybe(name)), ("column_names", texts(columns))])
                };
                list(table.unique_constraints.iter().map(unique), !table.complete)
            }
            "get_check_constraints" => {
                let check = |(name, sql): &(Option<String>, Option<String>)| {
                    let sql = match sql {
                        Some(sql) => text(sql),
                        None => Value::unknown(span, "a condition"),
                    };
                    dict([("name", maybe(name)), ("sqltext", sql)])
                };
                list(table.check_constraints.iter().map(check), !table.complete)
            }
            "get_indexes" => {
                let mut indexes: Vec<Value<'t>> = table
                    .indexes
                    .iter()
                    .map(|(name, columns, unique)| {
                        let columns = columns.iter().map(maybe).collect::<Vec<_>>();
                        dict([
                            ("name", maybe(name)),
                            ("unique", Value::Bool(*unique)),
                            ("column_names", list(columns, false)),
                        ])
                    })
                    .collect();
                if self.database.dialect() == "postgresql" {
                    // The index behind a unique constraint is listed, too.
                    indexes.extend(table.unique_constraints.iter().map(|(name, columns)| {
                        dict([
                            ("name", maybe(name)),
                            ("unique", Value::Bool(true)),
                            ("column_names", texts(columns)),
                            ("duplicates_constraint", maybe(name)),
                        ])
                    }));
                }
                list(indexes, !table.complete)
            }
            "has_index" => {
                let name = arguments.get(1, "index_name").and_then(plain_text);
                let found = name.map(|name| table.indexes.iter().any(|(known, ..)| known.as_ref() == Some(&name)));
                match found {
                    Some(true) => Value::Bool(true),
                    Some(false) if table.complete => Value::Bool(false),
                    _ => machine.unknown(span, "whether an index exists"),
                }
            }
            "get_table_comment" => dict([("text", maybe(&table.comment))]),
            _ => machine.unknown(span, "what the database says of a table"),
        }
    }
}

/// The schema that an argument names; `None`: not known.
fn schema_of(value: Option<&Value<'_>>) -> Option<Option<String>> {
    match value {
        None | Some(Value::None) => Some(None),
        Some(value) => plain_text(value).map(Some),
    }
}

fn list<'t>(items: impl IntoIterator<Item = Value<'t>>, open: bool) -> Value<'t> {
    let items: Vec<Value<'t>> = items.into_iter().collect();
    Value::List(Rc::new(List { items: items.into(), open: open.into() }))
}

fn dict<'t>(entries: impl IntoIterator<Item = (&'static str, Value<'t>)>) -> Value<'t> {
    let dict = Dict::default();
    dict.entries.borrow_mut().extend(entries.into_iter().map(|(name, value)| (Key::Str(name.into()), value)));
    Value::Dict(Rc::new(dict))
}
