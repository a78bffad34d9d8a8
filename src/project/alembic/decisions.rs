//! The functions that env.py hands to autogenerate (`include_object`, `include_name`, `compare_type`,
//! `compare_server_default`, `process_revision_directives`), kept after the run on paper and asked one question at a time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::project::alembic::directives::{Left, Proposed};
use crate::python::evaluate::Machine;
use crate::python::value::term::{Argument, Arguments, Term, TermKind};
use crate::python::value::{Dict, Key, Value};
use crate::source::Span;

/// The functions of all environments, by their place in `Project::environments`.
pub struct Decisions<'t> {
    run: Box<Runner<'t>>,
    asked: RefCell<BTreeMap<usize, Option<Asking<'t>>>>,
}

/// The machine that ran an env.py, and the functions that its last `context.configure` was given.
pub(in crate::project) type HasRun<'t> = (Machine<'t>, Vec<(String, Value<'t>)>);

/// Runs the env.py of an environment.
type Runner<'t> = dyn Fn(usize) -> Option<HasRun<'t>> + 't;

impl std::fmt::Debug for Decisions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decisions")
    }
}

pub(super) struct Asking<'t> {
    pub(super) machine: Machine<'t>,
    functions: Vec<(String, Value<'t>)>,
    known: FxHashMap<(&'static str, Asked), Option<bool>>,
}

/// What a filter is asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Asked {
    /// `table`, `column`, `index`, `unique_constraint`, `foreign_key_constraint`
    pub kind: &'static str,
    /// Its schema, or that of its table.
    pub schema: Option<String>,
    /// The table's name.
    pub table: String,
    /// Its own name; `None`: it has none.
    pub name: Option<String>,
    /// The columns of an index or a constraint.
    pub columns: Vec<String>,
    /// It was found in the database.
    pub reflected: bool,
    /// The other side has it, too.
    pub in_both: bool,
    /// The models give it, or its table, an `info=`.
    pub has_info: bool,
}

/// What a function of the project's own says of two types or defaults that Alembic takes for different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// They are different.
    Different,
    /// They are the same.
    Same,
    /// `None`: Alembic decides.
    AsAlembic,
    /// That can't be told.
    Unknown,
}

/// Who answers the questions.
pub trait Decide: std::fmt::Debug {
    /// Does a filter (`include_object`, `include_name`) let it pass? `None`: that can't be told.
    fn passes(&self, environment: usize, filter: &'static str, asked: &Asked) -> Option<bool>;
    /// What the project's own `compare_type` or `compare_server_default` says of a column on a database.
    fn compares(&self, environment: usize, option: &str, asked: &Asked, dialect: &str) -> Own;
    /// What `process_revision_directives` leaves of operations. `None`: there is none, or that can't be told.
    fn revises(&self, environment: usize, proposed: &[Proposed]) -> Option<Vec<Left>>;
}

impl<'t> Decisions<'t> {
    /// Those of what `run` gives, which is asked when the first question comes, where the environment is not among those
    /// that `have_run`.
    pub(in crate::project) fn of(
        have_run: impl IntoIterator<Item = (usize, HasRun<'t>)>,
        run: impl Fn(usize) -> Option<HasRun<'t>> + 't,
    ) -> Decisions<'t> {
        let asked = have_run.into_iter().map(|(environment, run)| (environment, Some(Asking::of(run))));
        Decisions { run: Box::new(run), asked: RefCell::new(asked.collect()) }
    }

    /// Asks a function; `None`: env.py hands over none of this name.
    fn ask<R>(&self, environment: usize, name: &str, ask: impl FnOnce(&mut Asking<'t>, Value<'t>) -> R) -> Option<R> {
        let mut asked = self.asked.borrow_mut();
        let asking = asked.entry(environment).or_insert_with(|| (self.run)(environment).map(Asking::of));
        let asking = asking.as_mut()?;
        let (_, function) = asking.functions.iter().find(|(known, _)| known == name)?;
        let function = function.clone();
        Some(ask(asking, function))
    }
}

impl Decide for Decisions<'_> {
    fn passes(&self, environment: usize, filter: &'static str, asked: &Asked) -> Option<bool> {
        let verdict = self.ask(environment, filter, |asking, function| {
            let question = (filter, asked.clone());
            if let Some(known) = asking.known.get(&question) {
                return *known;
            }
            let verdict = asking.filter(filter, &function, asked);
            asking.known.insert(question, verdict);
            verdict
        });
        verdict.unwrap_or(Some(true))
    }

    fn compares(&self, environment: usize, option: &str, asked: &Asked, dialect: &str) -> Own {
        let own =
            self.ask(environment, option, |asking, function| asking.comparison(&function, option, asked, dialect));
        own.unwrap_or(Own::Unknown)
    }

    fn revises(&self, environment: usize, proposed: &[Proposed]) -> Option<Vec<Left>> {
        self.ask(environment, "process_revision_directives", |asking, function| {
            asking.revised(&function, proposed, place(&function)?)
        })?
    }
}

impl<'t> Asking<'t> {
    fn of((machine, functions): HasRun<'t>) -> Asking<'t> {
        Asking { machine, functions, known: FxHashMap::default() }
    }

    fn filter(&mut self, filter: &str, function: &Value<'t>, asked: &Asked) -> Option<bool> {
        let span = place(function)?;
        let kind = positional(Value::literal(asked.kind, span), span);
        let name = positional(text(asked.name.as_deref(), span), span);
        let values = if filter == "include_object" {
            let object = self.object(asked, span);
            let reflected = Value::Bool(asked.reflected);
            let other = match asked.in_both {
                true => self.record("sqlalchemy.SchemaItem", Vec::new(), span),
                false => Value::None,
            };
            vec![positional(object, span), name, kind, positional(reflected, span), positional(other, span)]
        } else {
            let parents = Dict::default();
            let key = |name: &str| Key::Str(name.into());
            parents.entries.borrow_mut().insert(key("schema_name"), text(asked.schema.as_deref(), span));
            if asked.kind != "table" {
                parents.entries.borrow_mut().insert(key("table_name"), Value::literal(asked.table.as_str(), span));
            }
            vec![name, kind, positional(Value::Dict(Rc::new(parents)), span)]
        };
        let answer = self.called(function, values, span)?;
        self.machine.truth(&answer)
    }

    fn object(&mut self, asked: &Asked, span: Span) -> Value<'t> {
        let info = match asked.has_info {
            true => self.machine.unknown(span, "the `info` of an object"),
            false => Value::Dict(Rc::new(Dict::default())),
        };
        let of_table = vec![
            ("name", Value::literal(asked.table.as_str(), span)),
            ("schema", text(asked.schema.as_deref(), span)),
            ("info", info.clone()),
        ];
        if asked.kind == "table" {
            return self.record("sqlalchemy.Table", of_table, span);
        }
        let table = self.record("sqlalchemy.Table", of_table, span);
        let mut fields = vec![("name", text(asked.name.as_deref(), span)), ("table", table), ("info", info)];
        if asked.kind != "column" {
            let columns = asked.columns.iter().map(|column| {
                let name = vec![("name", Value::literal(column.as_str(), span))];
                self.record("sqlalchemy.Column", name, span)
            });
            fields.push(("columns", Value::Tuple(Rc::new(columns.collect()))));
        }
        self.record("sqlalchemy.SchemaItem", fields, span)
    }

    fn comparison(&mut self, function: &Value<'t>, option: &str, asked: &Asked, dialect: &str) -> Own {
        let Some(span) = place(function) else { return Own::Unknown };
        let name = vec![("name", Value::literal(dialect, span))];
        let dialect = self.record("sqlalchemy.engine.Dialect", name, span);
        let connection = vec![("dialect", dialect.clone())];
        let connection = self.record("sqlalchemy.engine.Connection", connection, span);
        let fields = vec![("dialect", dialect), ("connection", connection.clone()), ("bind", connection)];
        let context = self.record("alembic.runtime.migration.MigrationContext", fields, span);
        let mut values = vec![positional(context, span)];
        for _ in 0..2 {
            let column = self.object(asked, span);
            values.push(positional(column, span));
        }
        for _ in 0..if option == "compare_type" { 2 } else { 3 } {
            let value = self.machine.unknown(span, "what is compared");
            values.push(positional(value, span));
        }
        match self.called(function, values, span) {
            Some(Value::None) => Own::AsAlembic,
            Some(Value::Bool(true)) => Own::Different,
            Some(Value::Bool(false)) => Own::Same,
            _ => Own::Unknown,
        }
    }

    fn called(&mut self, function: &Value<'t>, positional: Vec<Argument<'t>>, span: Span) -> Option<Value<'t>> {
        let arguments = Rc::new(Arguments { positional, keywords: Vec::new(), open: false });
        self.machine.maybe(|machine| machine.call(function, &arguments, span)).ok()
    }

    /// Something of a library of which some attributes are known.
    pub(super) fn record(&mut self, class: &str, fields: Vec<(&str, Value<'t>)>, span: Span) -> Value<'t> {
        Value::Term(self.record_term(class, fields, span))
    }

    /// The same, as a term.
    pub(super) fn record_term(&mut self, class: &str, fields: Vec<(&str, Value<'t>)>, span: Span) -> Rc<Term<'t>> {
        let callee = self.machine.name_term(class, span);
        let term = self.machine.term(TermKind::Call(callee, Rc::new(Arguments::default())), span);
        term.fields.extend(fields);
        term
    }
}

pub(super) fn positional(value: Value<'_>, span: Span) -> Argument<'_> {
    Argument { value, span }
}

pub(super) fn text<'t>(text: Option<&str>, span: Span) -> Value<'t> {
    text.map_or(Value::None, |text| Value::literal(text, span))
}

fn place(function: &Value<'_>) -> Option<Span> {
    match function {
        Value::Function(code) | Value::Method(_, code) => Some(code.name_span),
        _ => None,
    }
}
