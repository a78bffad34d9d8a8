//! What a library does when the project uses it: the door through which knowledge of SQLAlchemy, Alembic, pydantic,
//! `os` and the others enters the interpreter.
//!
//! The interpreter asks each library in turn; the first answer counts. Without an answer, a call of a library is a
//! [`Term`] that records what was called with what: nothing is lost, and nothing is guessed.

use std::rc::Rc;

use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::class::Class;
use crate::python::value::term::{Arguments, Term};
use crate::python::value::{Name, Value};
use crate::source::Span;

/// Knowledge of one library. All methods take `&self`: a library keeps its state in cells, for the interpreter calls it
/// while the library itself calls the interpreter.
pub trait Library<'t> {
    /// `from dotted import *`, where `dotted` is a library's module: the names that it binds, if they are known.
    fn star_import(&self, dotted: &str) -> Option<&'static [&'static str]> {
        let _ = dotted;
        None
    }

    /// `callee(arguments)`, where `callee` is a term (`sqlalchemy.MetaData`, `engine.connect`).
    fn call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let _ = (machine, callee, arguments, span);
        None
    }

    /// `of.name`, where `of` is a term and the project never assigned that attribute.
    fn attribute(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, name: &str, span: Span) -> Option<Outcome<'t>> {
        let _ = (machine, of, name, span);
        None
    }

    /// `of.name = value`, where `of` is a term. The machine has recorded it in [`Term::fields`] already.
    fn assigned(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, name: &Name, value: &Value<'t>, span: Span) {
        let _ = (machine, of, name, value, span);
    }

    /// `of[key]`, where `of` is a term.
    fn item(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, key: &Value<'t>, span: Span) -> Option<Outcome<'t>> {
        let _ = (machine, of, key, span);
        None
    }

    /// `of[key] = value`, where `of` is a term.
    fn item_assigned(
        &self,
        machine: &mut Machine<'t>,
        of: &Rc<Term<'t>>,
        key: &Value<'t>,
        value: &Value<'t>,
        span: Span,
    ) {
        let _ = (machine, of, key, value, span);
    }

    /// `class.name` or `instance.name` where no project class of the method resolution order has it but a library class
    /// might: `Base.metadata`, `Model.query`.
    fn class_attribute(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        name: &str,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let _ = (machine, class, name, span);
        None
    }

    /// A class statement has been executed; every library hears of it. `Err` is an exception that the library
    /// raises then.
    ///
    /// # Errors
    /// What the class statement certainly raises.
    fn class_defined(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
    ) -> Result<(), Box<super::evaluate::Raised<'t>>> {
        let _ = (machine, class);
        Ok(())
    }

    /// An attribute was assigned to a project class after its class statement.
    fn class_assigned(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        name: &Name,
        value: &Value<'t>,
        span: Span,
    ) {
        let _ = (machine, class, name, value, span);
    }

    /// `SomeClass(arguments)` for a project class that derives from a library's; the machine has no `__init__` for it
    /// in the project. Pydantic settings read their fields here.
    fn instantiated(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let _ = (machine, class, arguments, span);
        None
    }

    /// `super().__init__(arguments)` of a project class that derives from the library's `base`: the term that stands for
    /// the library's part of the object.
    fn initialised(
        &self,
        machine: &mut Machine<'t>,
        base: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Value<'t>> {
        let _ = (machine, base, arguments, span);
        None
    }

    /// Are attributes that an object's own classes do not have those of `part`, which [`Library::initialised`] gave?
    fn lends_attributes(&self, part: &Rc<Term<'t>>) -> bool {
        let _ = part;
        false
    }

    /// `with term as x:` (or `async with`): what x is. Without an answer it is the term itself.
    fn entered(
        &self,
        machine: &mut Machine<'t>,
        term: &Rc<Term<'t>>,
        is_async: bool,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let _ = (machine, term, is_async, span);
        None
    }

    /// The block of `with term:` has ended.
    fn left(&self, machine: &mut Machine<'t>, term: &Rc<Term<'t>>, span: Span) {
        let _ = (machine, term, span);
    }

    /// `await term`. Without an answer it is the term itself.
    fn awaited(&self, machine: &mut Machine<'t>, term: &Rc<Term<'t>>, span: Span) -> Option<Outcome<'t>> {
        let _ = (machine, term, span);
        None
    }

    /// `str(term)`. Without an answer it is not known.
    fn text(&self, machine: &mut Machine<'t>, term: &Rc<Term<'t>>, span: Span) -> Option<Value<'t>> {
        let _ = (machine, term, span);
        None
    }

    /// Is the term true? Without an answer both branches are followed.
    fn truth(&self, machine: &mut Machine<'t>, term: &Rc<Term<'t>>) -> Option<bool> {
        let _ = (machine, term);
        None
    }

    /// The items that iterating over the term gives. Without an answer they are not known.
    fn items(&self, machine: &mut Machine<'t>, term: &Rc<Term<'t>>, span: Span) -> Option<Vec<Value<'t>>> {
        let _ = (machine, term, span);
        None
    }

    /// `isinstance(term, class)`, where the interpreter itself can't tell.
    fn is_instance(&self, term: &Rc<Term<'t>>, class: &Value<'t>) -> Option<bool> {
        let _ = (term, class);
        None
    }

    /// A decorator that is a term was applied to a function or class: what comes out. Without an answer the function
    /// or class itself (decorators of libraries keep what they decorate, on paper).
    fn decorated(
        &self,
        machine: &mut Machine<'t>,
        decorator: &Rc<Term<'t>>,
        value: &Value<'t>,
        span: Span,
    ) -> Option<Value<'t>> {
        let _ = (machine, decorator, value, span);
        None
    }

    /// An expression statement threw this value away: a coroutine that nobody awaits, a call's result.
    fn discarded(&self, machine: &mut Machine<'t>, value: &Value<'t>, span: Span) {
        let _ = (machine, value, span);
    }
}
