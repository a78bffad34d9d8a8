//! Column types that the project defines: what a `TypeDecorator`, a `UserDefinedType` or a subclass of a type is for
//! each database.
//!
//! They are found out when all has run: a class may use names that its module binds later.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::project::sqlalchemy::expression::{self, ClassRef, Expression};
use crate::project::sqlalchemy::library::SqlAlchemy;
use crate::project::sqlalchemy::names;
use crate::python::dotted;
use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::Value;
use crate::python::value::class::{Class, Identity};
use crate::python::value::term::{Argument, Arguments, TermKind};
use crate::source::Span;

/// By the class, or by the instance where it was made with arguments.
#[derive(Clone, Debug, Default)]
pub struct CustomTypes {
    found: FxHashMap<Identity, CustomType>,
}

/// What a type of the project is.
#[derive(Clone, Debug)]
pub struct CustomType {
    /// For PostgreSQL.
    pub postgresql: Implementation,
    /// For MySQL and MariaDB.
    pub mysql: Implementation,
    /// For SQLite.
    pub sqlite: Implementation,
}

/// What a type of the project is for one database.
#[derive(Clone, Debug, PartialEq)]
pub enum Implementation {
    /// Another type.
    Type(Expression),
    /// What `get_col_spec` gives.
    Text(String),
    /// Not read.
    Unread,
}

impl CustomTypes {
    /// What a class, or an instance of it, is.
    pub fn get(&self, class: &ClassRef) -> Option<&CustomType> {
        self.found.get(&class.identity.0)
    }

    /// Takes in those of another run.
    pub fn absorb(&mut self, other: CustomTypes) {
        self.found.extend(other.found);
    }
}

/// Is it a class of a library from which column types derive? `TypeDecorator`, `UserDefinedType`, `String` …
fn is_type(term: &Value<'_>) -> bool {
    let Value::Term(term) = term else { return false };
    let Some(name) = names::of_term(term) else { return false };
    name.package != "builtins"
        && (name.package == "sqlalchemy" || name.package == "sqlmodel" || name.name.ends_with("Type"))
}

impl<'t> SqlAlchemy<'t> {
    /// A value that stands where a type does. Types of the project in it are looked into when all has run.
    pub(super) fn type_met(&self, value: &Value<'t>) {
        match value {
            Value::Class(class) if class.inherited.iter().any(is_type) => self.keep_type(class.id, value),
            Value::Object(object) if object.class.inherited.iter().any(is_type) => {
                self.keep_type(object.id, value);
            }
            Value::Term(term) => match &term.kind {
                TermKind::Call(callee, arguments) => {
                    if let TermKind::Attribute(of, _) = &callee.kind {
                        self.type_met(&Value::Term(of.clone()));
                    }
                    arguments.values().for_each(|value| self.type_met(value));
                }
                TermKind::Attribute(of, _) => self.type_met(&Value::Term(of.clone())),
                _ => {}
            },
            _ => {}
        }
    }

    /// `Enum(Status, values_callable=lambda members: …)`: the call is made at once, and its values stand in its place.
    pub(super) fn enum_called(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<crate::python::value::term::Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let callable = arguments.keyword("values_callable")?.value.clone();
        let members = arguments.positional.first()?.clone();
        if matches!(callable, Value::None) {
            return None;
        }
        let given = Arguments { positional: vec![members], ..Arguments::default() };
        let values = machine.call(&callable, &Rc::new(given), span).ok()?;
        let mut keywords = arguments.keywords.clone();
        for keyword in keywords.iter_mut().filter(|keyword| &*keyword.name == "values_callable") {
            keyword.value = values.clone();
        }
        let filled = Arguments { positional: arguments.positional.clone(), keywords, open: arguments.open };
        Some(Ok(machine.call_term(callee, &Rc::new(filled), span)))
    }

    fn keep_type(&self, at: Identity, value: &Value<'t>) {
        let mut state = self.state.borrow_mut();
        if !state.types_met.iter().any(|(known, _)| *known == at) {
            state.types_met.push((at, value.clone()));
        }
    }

    /// Finds out what the types met are. What one is may be another of the project.
    pub fn look_into_types(&self, machine: &mut Machine<'t>) {
        loop {
            let mut state = self.state.borrow_mut();
            let done = state.types_looked_into;
            let Some((at, value)) = state.types_met.get(done).cloned() else { return };
            state.types_looked_into += 1;
            drop(state);
            let mut each = |dialect| self.implementation(machine, &value, dialect);
            let found = CustomType { postgresql: each("postgresql"), mysql: each("mysql"), sqlite: each("sqlite") };
            self.state.borrow_mut().models.custom_types.found.insert(at, found);
        }
    }

    fn implementation(&self, machine: &mut Machine<'t>, value: &Value<'t>, dialect: &str) -> Implementation {
        let (object, class) = match value {
            Value::Object(object) => (value.clone(), object.class.clone()),
            Value::Class(class) => match machine.call(value, &Rc::new(Arguments::default()), class.span) {
                Ok(object @ Value::Object(_)) => (object, class.clone()),
                _ => return Implementation::Unread,
            },
            _ => return Implementation::Unread,
        };
        let span = class.span;
        if has(&class, "load_dialect_impl") {
            return self.asked(machine, &object, &class, dialect, span);
        }
        if has(&class, "get_col_spec") {
            return match call_method(machine, &object, "get_col_spec", Vec::new(), span) {
                Some(Value::Str(text)) => Implementation::Text(text.text.to_string()),
                _ => Implementation::Unread,
            };
        }
        self.by_impl(machine, &object, &class)
    }

    /// What `load_dialect_impl(dialect)` gives.
    fn asked(
        &self,
        machine: &mut Machine<'t>,
        object: &Value<'t>,
        class: &Rc<Class<'t>>,
        dialect: &str,
        span: Span,
    ) -> Implementation {
        let callee = machine.name_term("sqlalchemy.engine.interfaces.Dialect", span);
        let described = machine.call_term(&callee, &Rc::new(Arguments::default()), span);
        if let Value::Term(term) = &described {
            term.fields.set("name", Value::literal(dialect, span));
        }
        match call_method(machine, object, "load_dialect_impl", vec![described], span) {
            Some(Value::Term(term)) if is_call_of_library(&term, "load_dialect_impl") => {
                self.by_impl(machine, object, class)
            }
            Some(value) => self.met(&value),
            None => Implementation::Unread,
        }
    }

    /// What `impl` says, of the instance or the class; else the class is a plain subclass of a type.
    fn by_impl(&self, machine: &mut Machine<'t>, object: &Value<'t>, class: &Rc<Class<'t>>) -> Implementation {
        let Value::Object(made) = object else { return Implementation::Unread };
        let own = ["impl", "impl_instance"].iter().find_map(|name| made.attributes.borrow().get(*name).cloned());
        if let Some(value) = own {
            return self.met(&value);
        }
        let library = made.library.borrow().clone();
        let arguments =
            library.as_ref().and_then(Value::as_term).and_then(|term| term.call()).map(|(_, it)| it.clone());
        if let Ok(Some((_, binding))) = class.lookup("impl") {
            // The constructor's arguments go on to the class that `impl` names; a library's decorator has its own.
            let of_sqlalchemy = |base: &std::rc::Rc<_>| names::sqlalchemy(base) == Some("TypeDecorator");
            let arguments = arguments.filter(|_| class.library_bases().any(of_sqlalchemy));
            let value = match (&binding.value, arguments) {
                (Value::Term(term), Some(arguments))
                    if matches!(term.kind, TermKind::Name(_) | TermKind::Attribute(..)) =>
                {
                    machine.call_term(term, &arguments, class.span)
                }
                (Value::Class(_), Some(arguments)) => {
                    machine.call(&binding.value, &arguments, class.span).unwrap_or_else(|_| binding.value.clone())
                }
                (value, _) => value.clone(),
            };
            return self.met(&value);
        }
        // `class Money(Numeric)`: it compiles as its base does.
        match library {
            Some(value) => self.met(&value),
            None => Implementation::Unread,
        }
    }

    fn met(&self, value: &Value<'t>) -> Implementation {
        self.type_met(value);
        match expression::of_value(value) {
            Expression::Unknown | Expression::None => Implementation::Unread,
            found => Implementation::Type(found),
        }
    }
}

/// Does a class of the project define it?
fn has(class: &Rc<Class<'_>>, method: &str) -> bool {
    class.ancestors().any(|ancestor| ancestor.own(method).is_some_and(|binding| !binding.only_annotated))
}

fn is_call_of_library(term: &crate::python::value::term::Term<'_>, method: &str) -> bool {
    let TermKind::Call(callee, _) = &term.kind else { return false };
    match &callee.kind {
        TermKind::Name(name) => dotted::last(name) == method,
        TermKind::Attribute(_, name) => &**name == method,
        _ => false,
    }
}

fn call_method<'t>(
    machine: &mut Machine<'t>,
    object: &Value<'t>,
    method: &str,
    given: Vec<Value<'t>>,
    span: Span,
) -> Option<Value<'t>> {
    let callee = machine.attribute(object, method, span).ok()?;
    let positional = given.into_iter().map(|value| Argument { value, span }).collect();
    let arguments = Arguments { positional, ..Arguments::default() };
    machine.call(&callee, &Rc::new(arguments), span).ok()
}
