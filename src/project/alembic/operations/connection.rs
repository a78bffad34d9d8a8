//! What stands behind `op`: the connection, the migration context, sessions; what is executed on them.

use std::rc::Rc;

use super::directive::{On, Text, What};
use super::library::{CONNECTION, CONTEXT, DIALECT, INSPECTOR, Operations, SESSION, URL, plain_text};
use super::reflection::{of_type, takes_connection};
use crate::project::sqlalchemy::column::{self, FindColumn};
use crate::project::sqlalchemy::expression::{self, Expression, Given};
use crate::project::sqlalchemy::names;
use crate::python::builtins;
use crate::python::dotted;
use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::python::value::{Dict, Key, Value};
use crate::source::Span;

impl<'t> Operations<'t> {
    /// `op.name(…)` of what is no operation.
    pub(super) fn op_called(
        &self,
        machine: &mut Machine<'t>,
        name: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let object = |machine: &mut Machine<'t>, dotted: &str| Some(Ok(Value::Term(machine.name_term(dotted, span))));
        match name {
            "get_bind" => {
                machine.certainly_succeeds();
                object(machine, CONNECTION)
            }
            "get_context" => {
                machine.certainly_succeeds();
                object(machine, CONTEXT)
            }
            "f" => {
                machine.certainly_succeeds();
                let callee = machine.name_term("alembic.op.f", span);
                Some(Ok(machine.call_term(&callee, arguments, span)))
            }
            "batch_alter_table" | "inline_literal" => {
                machine.certainly_succeeds();
                None
            }
            "bulk_insert" => Some(Ok(Value::None)),
            "execute" => {
                let given = arguments.get(0, "sqltext").cloned().unwrap_or(Value::None);
                Some(self.executed(machine, &given, span).map(|()| Value::None))
            }
            "run_async" => {
                let function = arguments.positional.first()?.value.clone();
                let connection = Value::Term(machine.name_term(CONNECTION, span));
                let called = machine.call(&function, &builtins::positional([connection], span), span);
                Some(called.and_then(|value| machine.await_value(&value, span)))
            }
            // alembic_utils: views, functions, triggers, rights.
            "create_entity" | "replace_entity" | "revert_entity" | "drop_entity" => Some(Ok(Value::None)),
            // alembic_postgresql_enum
            "sync_enum_values" => Some(self.enum_synced(machine, arguments, span)),
            _ => Some(self.unread(machine, None, &format!("`op.{name}` is an operation of the project's own"), span)),
        }
    }

    /// `op.sync_enum_values(schema, name, values, …)`: the type is made anew with these values.
    fn enum_synced(&self, machine: &mut Machine<'t>, arguments: &Arguments<'t>, span: Span) -> Outcome<'t> {
        let text = |position, name| arguments.get(position, name).and_then(plain_text);
        let values = arguments.get(2, "new_values").and_then(Value::items);
        let Some((name, values)) = text(1, "enum_name").zip(values) else {
            return self.unread(machine, None, "the values of an enumeration could not be read", span);
        };
        let schema = text(0, "enum_schema").filter(|schema| schema != "public");
        let given = |name: &str, text: String| Given { name: Some(name.into()), value: Expression::Str(text), span };
        let values = values.iter().map(|value| Given { name: None, value: expression::of_value(value), span });
        let named = [Some(given("name", name)), schema.map(|schema| given("schema", schema))];
        let callee = Box::new(Expression::Name("sqlalchemy.Enum".to_owned()));
        let of = Expression::Call(callee, values.chain(named.into_iter().flatten()).collect());
        self.perform(machine, What::DropType(of.clone()), span, Value::None)?;
        self.perform(machine, What::CreateType(of), span, Value::None)
    }

    /// A call of something importable.
    pub(super) fn function_called(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        dotted: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        if names::sqlalchemy(callee) == Some("Table") {
            return self.table_called(machine, callee, arguments, span);
        }
        for object in [URL, CONNECTION, CONTEXT, DIALECT, INSPECTOR, SESSION] {
            if let Some(method) = dotted.strip_prefix(object).and_then(|rest| rest.strip_prefix('.')) {
                return self.object_called(machine, object, method, arguments, span);
            }
        }
        let first = || arguments.positional.first().map(|argument| &argument.value);
        match dotted {
            "alembic.context.is_offline_mode" => Some(Ok(Value::Bool(false))),
            "alembic.context.get_context" => Some(Ok(Value::Term(machine.name_term(CONTEXT, span)))),
            "alembic.context.get_bind" => Some(Ok(Value::Term(machine.name_term(CONNECTION, span)))),
            "alembic.context.get_x_argument" => Some(Ok(match arguments.get(0, "as_dictionary") {
                Some(Value::Bool(true)) => Value::Dict(Rc::new(Dict::default())),
                _ => Value::Tuple(Rc::default()),
            })),
            _ if is_inspect(dotted) && first().is_some_and(is_behind_op) => {
                machine.certainly_succeeds();
                Some(Ok(Value::Term(machine.name_term(INSPECTOR, span))))
            }
            // An engine of its own leads to the same database.
            "sqlalchemy.engine_from_config"
            | "sqlalchemy.create_engine"
            | "sqlalchemy.engine.engine_from_config"
            | "sqlalchemy.engine.create_engine" => Some(Ok(Value::Term(machine.name_term(CONNECTION, span)))),
            _ if is_session(dotted) => Some(Ok(Value::Term(machine.name_term(SESSION, span)))),
            _ => None,
        }
    }

    /// A method of one of the objects that Alembic hands over.
    fn object_called(
        &self,
        machine: &mut Machine<'t>,
        object: &str,
        method: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let first = || arguments.positional.first().map(|argument| argument.value.clone());
        match (object, method) {
            (URL, "get_backend_name" | "get_dialect") => {
                machine.certainly_succeeds();
                Some(Ok(Value::literal(self.database.dialect(), span)))
            }
            (INSPECTOR, _) => self.inspector_called(machine, method, arguments, span),
            (CONNECTION | SESSION, "execute" | "exec_driver_sql" | "exec" | "scalar" | "scalars" | "executemany")
            | (CONTEXT, "execute" | "impl.execute") => {
                let given = arguments.get(0, "statement").cloned().or_else(first)?;
                if let Err(raised) = self.executed(machine, &given, span) {
                    return Some(Err(raised));
                }
                None
            }
            (CONNECTION, "connect" | "begin" | "execution_options" | "get_bind")
            | (SESSION, "connection" | "get_bind") => {
                let dotted = if method == "begin" { return None } else { CONNECTION };
                Some(Ok(Value::Term(machine.name_term(dotted, span))))
            }
            (CONNECTION | SESSION, "run_sync" | "run_callable") => {
                let function = first()?;
                let connection = Value::Term(machine.name_term(CONNECTION, span));
                let mut given = Arguments::default();
                given.positional.push(crate::python::value::term::Argument { value: connection, span });
                given.positional.extend(arguments.positional.iter().skip(1).cloned());
                given.keywords.clone_from(&arguments.keywords);
                Some(machine.call(&function, &Rc::new(given), span))
            }
            (DIALECT, "identifier_preparer.quote" | "identifier_preparer.quote_identifier") => {
                let name = first()?.as_str()?.to_owned();
                let letters = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
                let plain = name.chars().all(letters) && method.ends_with("quote");
                machine.certainly_succeeds();
                Some(Ok(Value::literal(if plain { name } else { format!("\"{name}\"") }, span)))
            }
            (DIALECT, "has_table") | (CONNECTION, "has_table") => {
                let names = if object == DIALECT { 1 } else { 0 };
                let name = arguments.get(names, "table_name").cloned();
                let schema = arguments.get(names + 1, "schema").cloned();
                Some(Ok(self.has_table(machine, name.as_ref(), schema.as_ref(), span)))
            }
            (SESSION, "commit" | "flush" | "close" | "add" | "add_all" | "expire_all" | "delete" | "refresh") => {
                machine.certainly_succeeds();
                Some(Ok(Value::None))
            }
            _ => None,
        }
    }

    /// A method of a term that is no plain name: of a type, a table, a MetaData.
    pub(super) fn method_called(
        &self,
        machine: &mut Machine<'t>,
        of: &Rc<Term<'t>>,
        method: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let bind = arguments.get(0, "bind");
        let behind_op = bind.is_some_and(is_behind_op);
        let checks = |usually: bool| match arguments.get(1, "checkfirst") {
            None => usually,
            Some(Value::Bool(checks)) => *checks,
            Some(_) => true,
        };
        let value = Value::Term(of.clone());
        match method {
            "create" | "drop" if behind_op => {
                let creates = method == "create";
                if let Some((id, table)) = self.table_of(&value) {
                    let what = match creates {
                        true => What::CreateTable(Box::new(table)),
                        false => match self.name_of(&self.sqlalchemy.with_models(|it| it.table(id).clone())) {
                            Some(table) => What::DropTable(table),
                            None => What::Unread(None, "a table whose name is not known".to_owned()),
                        },
                    };
                    return Some(self.perform_checked(machine, what, checks(false), span, Value::None));
                }
                match names::called(of).or_else(|| enum_of_dialect(of)) {
                    Some("Sequence") => {
                        let name = sequence(of)?;
                        let what = if creates { What::CreateSequence(name) } else { What::DropSequence(name) };
                        Some(self.perform(machine, what, span, Value::None))
                    }
                    Some("Index") => None,
                    _ => {
                        self.sqlalchemy.type_met(&value);
                        let of = expression::of_value(&value);
                        // `Enum.create(bind, checkfirst=False)`, `ENUM.create(bind, checkfirst=True)`
                        let usually = matches!(of.name(), Some(name) if name.ends_with("ENUM"));
                        let checks = checks(usually);
                        let what = match creates {
                            true => What::CreateType(of),
                            false => What::DropType(of),
                        };
                        Some(self.perform_checked(machine, what, checks, span, Value::None))
                    }
                }
            }
            "create_all" | "drop_all" => {
                let metadata = self.sqlalchemy.metadata_of(&value)?;
                let only = match arguments.get(1, "tables") {
                    None | Some(Value::None) => None,
                    Some(tables) => {
                        let named = tables.items().and_then(|items| {
                            items.iter().map(|it| self.name_of(&self.table_of(it)?.1)).collect::<Option<Vec<On>>>()
                        });
                        match named {
                            Some(named) => Some(named),
                            None => {
                                let why = "the tables that are made could not be read";
                                return Some(self.unread(machine, None, why, span));
                            }
                        }
                    }
                };
                if method == "drop_all" {
                    return Some(self.unread(machine, None, "`drop_all` is not followed", span));
                }
                Some(self.perform(machine, What::CreateAll(metadata, only), span, Value::None))
            }
            "reflect" if takes_connection(arguments) => self.reflect(machine, of, arguments, span),
            "copy" | "_copy" if names::called(of) == Some("Column") => Some(Ok(value)),
            "__contains__" => {
                let columns = self.columns_behind(of)?;
                let wanted = arguments.positional.first()?.value.as_str()?.to_owned();
                let named = |value: &Value<'t>| {
                    let term = column::call_of(value)?;
                    column::read(term, None, &*self.sqlalchemy)?.name
                };
                Some(Ok(Value::Bool(columns.iter().any(|column| named(column).as_deref() == Some(&wanted)))))
            }
            "keys" => {
                let columns = self.columns_behind(of)?;
                let names: Vec<Value<'t>> = columns
                    .iter()
                    .filter_map(|value| column::read(column::call_of(value)?, None, &*self.sqlalchemy)?.name)
                    .map(|name| Value::literal(name, span))
                    .collect();
                Some(Ok(Value::Tuple(Rc::new(names))))
            }
            // `sessionmaker(bind=bind)()` is called where it is no attribute; `Session.begin()` of such a maker:
            "begin" if of.root().is_some_and(is_maker) => Some(Ok(Value::Term(machine.name_term(SESSION, span)))),
            _ => None,
        }
    }

    /// Attributes of what Alembic hands over.
    pub(super) fn attribute_read(
        &self,
        machine: &mut Machine<'t>,
        of: &Rc<Term<'t>>,
        name: &str,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let Some(dotted) = of.dotted() else {
            if name == "tables" {
                return self.tables_of_metadata(of).map(Ok);
            }
            return self.of_column(of, name, span).or_else(|| of_type(of, name)).map(Ok);
        };
        let object = |machine: &mut Machine<'t>, dotted: &str| {
            machine.certainly_succeeds();
            Some(Ok(Value::Term(machine.name_term(dotted, span))))
        };
        match (dotted, name) {
            (CONNECTION | CONTEXT | INSPECTOR, "dialect") => object(machine, DIALECT),
            (CONTEXT, "impl") => object(machine, CONTEXT),
            (CONNECTION, "engine" | "connection" | "sync_connection" | "bind")
            | (CONTEXT | SESSION | INSPECTOR, "bind" | "connection" | "engine") => object(machine, CONNECTION),
            (CONNECTION, "url") => object(machine, URL),
            (CONTEXT, "version_table_schema" | "version_table") => {
                let given = self.options.iter().find(|(known, _)| known == name);
                Some(Ok(match (given, name) {
                    (Some((_, text)), _) => Value::literal(text.as_str(), span),
                    (None, "version_table") => Value::literal("alembic_version", span),
                    _ => Value::None,
                }))
            }
            (CONTEXT, "opts") => {
                let dict = Dict::default();
                dict.open.set(true);
                for (name, text) in &self.options {
                    dict.entries
                        .borrow_mut()
                        .insert(Key::Str(name.as_str().into()), Value::literal(text.as_str(), span));
                }
                Some(Ok(Value::Dict(Rc::new(dict))))
            }
            (URL, "drivername") => Some(Ok(machine.unknown(span, "the driver of the database"))),
            (DIALECT | CONNECTION, "name") => {
                machine.certainly_succeeds();
                Some(Ok(Value::literal(self.database.dialect(), span)))
            }
            (CONTEXT, "as_sql") => {
                machine.certainly_succeeds();
                Some(Ok(Value::Bool(false)))
            }
            ("alembic.op", "context" | "migration_context") => object(machine, CONTEXT),
            ("alembic.op", "impl") => object(machine, CONTEXT),
            (INSPECTOR, "default_schema_name") | (DIALECT, "default_schema_name") => {
                Some(Ok(match self.database.dialect() {
                    "postgresql" => Value::literal("public", span),
                    _ => machine.unknown(span, "the name of the default schema"),
                }))
            }
            _ => None,
        }
    }

    /// `with …:` around one of these objects.
    pub(super) fn with_entered(
        &self,
        machine: &mut Machine<'t>,
        term: &Rc<Term<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let (callee, _) = term.call()?;
        let begun = callee.dotted()?;
        let object = |machine: &mut Machine<'t>, dotted: &str| Some(Ok(Value::Term(machine.name_term(dotted, span))));
        match begun {
            "alembic.connection.begin" => object(machine, CONNECTION),
            "alembic.session.begin" => object(machine, SESSION),
            _ => None,
        }
    }

    /// Something is executed.
    pub(super) fn executed(
        &self,
        machine: &mut Machine<'t>,
        given: &Value<'t>,
        span: Span,
    ) -> Result<(), Box<crate::python::evaluate::Raised<'t>>> {
        match given {
            Value::Str(_) => self.sql(machine, given, span),
            Value::OneOf(values) => {
                for value in values.iter() {
                    let _ = machine.maybe(|machine| self.executed(machine, value, span));
                }
                Ok(())
            }
            Value::Term(term) => self.term_executed(machine, term, span),
            Value::List(_) | Value::Tuple(_) => {
                for item in given.items().unwrap_or_default() {
                    self.executed(machine, &item, span)?;
                }
                Ok(())
            }
            _ => self.unread(machine, None, "what is executed could not be read", span).map(|_| ()),
        }
    }

    fn term_executed(
        &self,
        machine: &mut Machine<'t>,
        term: &Rc<Term<'t>>,
        span: Span,
    ) -> Result<(), Box<crate::python::evaluate::Raised<'t>>> {
        match &term.kind {
            TermKind::Operation("format" | "+" | "%", _) => self.sql(machine, &Value::Term(term.clone()), span),
            TermKind::Call(callee, arguments) => {
                let first = arguments.positional.first().map(|argument| argument.value.clone());
                if let TermKind::Attribute(of, _) = &callee.kind {
                    // `text("…").bindparams(…)`: what matters is what it is called on.
                    return self.term_executed(machine, of, span);
                }
                let called = names::called(term).unwrap_or("");
                match (called, first) {
                    ("text" | "TextClause" | "DDL", Some(given)) => self.executed(machine, &given, span),
                    ("CreateTable", Some(given)) => match self.table_of(&given) {
                        Some((_, table)) => {
                            let what = What::CreateTable(Box::new(table));
                            self.perform(machine, what, span, Value::None).map(|_| ())
                        }
                        None => self.unread(machine, None, "the table could not be read", span).map(|_| ()),
                    },
                    ("DropTable", Some(given)) => {
                        match self.table_of(&given).and_then(|(_, table)| self.name_of(&table)) {
                            Some(table) => {
                                let what = What::DropTable(table);
                                self.perform(machine, what, span, Value::None).map(|_| ())
                            }
                            None => self.unread(machine, None, "the table could not be read", span).map(|_| ()),
                        }
                    }
                    ("CreateSequence" | "DropSequence", Some(Value::Term(of))) => match sequence(&of) {
                        Some(name) => {
                            let creates = called == "CreateSequence";
                            let what = if creates { What::CreateSequence(name) } else { What::DropSequence(name) };
                            self.perform(machine, what, span, Value::None).map(|_| ())
                        }
                        None => Ok(()),
                    },
                    ("CreateIndex" | "DropIndex" | "AddConstraint" | "DropConstraint", _) => {
                        self.unread(machine, None, &format!("`{called}` is not followed"), span).map(|_| ())
                    }
                    ("f", Some(given @ Value::Str(_))) => self.sql(machine, &given, span),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn sql(
        &self,
        machine: &mut Machine<'t>,
        given: &Value<'t>,
        span: Span,
    ) -> Result<(), Box<crate::python::evaluate::Raised<'t>>> {
        let text = match given {
            Value::Str(text) => {
                let literal = text.origin.span();
                let source = machine.sources().slice(literal);
                let start = source.find(&*text.text).map(|at| literal.start as usize + at);
                Text { text: text.text.to_string(), whole: true, span: literal, start }
            }
            other => Text { text: beginning(other), whole: false, span, start: None },
        };
        self.perform(machine, What::Sql(text), span, Value::None).map(|_| ())
    }
}

/// What is known of a text up to its first part that is not.
fn beginning(value: &Value<'_>) -> String {
    match value {
        Value::Str(text) => text.text.to_string(),
        Value::Term(term) => match &term.kind {
            TermKind::Operation(operator, operands) => {
                let first = operands.first().map(beginning).unwrap_or_default();
                match *operator {
                    "%" => first.split('%').next().unwrap_or("").to_owned(),
                    _ => first,
                }
            }
            _ => String::new(),
        },
        _ => String::new(),
    }
}

/// Is it the connection, or something that leads to it?
pub(super) fn is_behind_op(value: &Value<'_>) -> bool {
    value.alternatives().iter().filter_map(Value::as_term).any(|term| {
        term.root().is_some_and(|root| {
            [CONNECTION, CONTEXT, SESSION].iter().any(|object| root.starts_with(object))
                || root.starts_with("alembic.op")
        })
    })
}

fn is_inspect(dotted: &str) -> bool {
    dotted.starts_with("sqlalchemy.")
        && (matches!(dotted::last(dotted), "inspect" | "Inspector" | "PGInspector")
            || dotted.ends_with("Inspector.from_engine"))
}

fn is_session(dotted: &str) -> bool {
    let package = dotted.split('.').next();
    matches!(package, Some("sqlalchemy" | "sqlmodel"))
        && matches!(dotted::last(dotted), "Session" | "AsyncSession" | "scoped_session")
}

fn is_maker(root: &str) -> bool {
    matches!(dotted::last(root), "sessionmaker" | "async_sessionmaker")
}

/// `ENUM` of a dialect module, which has another canonical name.
fn enum_of_dialect<'a>(term: &'a Term<'_>) -> Option<&'a str> {
    let (callee, _) = term.call()?;
    names::of_term(callee).map(|name| name.name)
}

/// `Sequence("name", schema=…)`
fn sequence(term: &Term<'_>) -> Option<On> {
    let (_, arguments) = term.call()?;
    let name = plain_text(arguments.get(0, "name")?)?;
    let schema = match arguments.keyword("schema").map(|keyword| &keyword.value) {
        None | Some(Value::None) => None,
        Some(value) => Some(plain_text(value)?),
    };
    Some(On { schema, name })
}

/// A session maker was called.
pub(super) fn makes_session(callee: &Term<'_>) -> bool {
    matches!(&callee.kind, TermKind::Call(of, _) if of.dotted().is_some_and(is_maker))
}
