//! Namespaces: what names are bound to, and the modules that hold them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::python::value::{Map, Name, Unknown, Value};
use crate::source::{FileId, Span};
use crate::syntax::python::tree;

/// A name's value in some namespace.
#[derive(Clone)]
pub struct Binding<'t> {
    /// The value.
    pub value: Value<'t>,
    /// Where the name was bound.
    pub span: Span,
    /// The statement or definition that bound it.
    pub statement: Span,
    /// The annotation, where there is one.
    pub annotation: Option<&'t tree::Expr>,
    /// `false`: bound only on some paths through the module, class or function that holds it.
    pub certain: bool,
    /// `name: int` without a value.
    pub only_annotated: bool,
}

/// A namespace: of a module, a function call, a comprehension.
pub struct Scope<'t> {
    /// The names.
    pub names: RefCell<Map<Name, Binding<'t>>>,
    /// The enclosing function's or module's.
    pub parent: Option<Rc<Scope<'t>>>,
    /// A class body's: its names are not visible in the functions it holds.
    pub is_class: bool,
    /// Names that `global` or `nonlocal` send elsewhere.
    pub outer: RefCell<Vec<(Name, Rc<Scope<'t>>)>>,
    /// Something unknown may have bound any name here (`from unknown import *`, `globals().update(…)`).
    pub open: RefCell<Option<Unknown>>,
    /// Import statements that run when the name is first read, and the module they stand in.
    pub put_off: RefCell<Map<Name, PutOff<'t>>>,
}

/// An import statement that has not run yet.
#[derive(Clone)]
pub struct PutOff<'t> {
    /// The statement.
    pub statement: &'t tree::Stmt,
    /// The module that it stands in.
    pub module: Rc<Module<'t>>,
}

/// How far a module has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not begun.
    Waiting,
    /// Being run: an import of it gives what is there so far.
    Running,
    /// Ran to its end.
    Done,
    /// Certainly raised.
    Raised,
}

/// A module or package of the project.
pub struct Module<'t> {
    /// Its dotted name, as the first import wrote it.
    pub name: Name,
    /// Its file; `None` for a namespace package.
    pub file: Option<FileId>,
    /// The directory below which its submodules lie, for a package.
    pub package: Option<Name>,
    /// Its names.
    pub scope: Rc<Scope<'t>>,
    /// How far it has run.
    pub state: Cell<State>,
    /// `__name__`, `__file__` and the like are among its names.
    pub has_own_names: Cell<bool>,
    /// What it imported from the project, in order: the import statement, and the module.
    pub imports: RefCell<Vec<(Span, Rc<Module<'t>>)>>,
}

impl<'t> Scope<'t> {
    /// What the name is bound to here, or where `global` and `nonlocal` send it.
    pub fn value_of(&self, name: &str) -> Option<Value<'t>> {
        let outer = self.outer.borrow();
        let sent = outer.iter().find(|(outer, _)| &**outer == name).map(|(_, target)| &**target);
        sent.unwrap_or(self).bound_to(name)
    }

    /// What the name is bound to in this very scope.
    pub fn bound_to(&self, name: &str) -> Option<Value<'t>> {
        let names = self.names.borrow();
        names.get(name).filter(|binding| !binding.only_annotated).map(|binding| binding.value.clone())
    }
}

impl<'t> Scope<'t> {
    /// A fresh namespace inside `parent`.
    pub fn inside(parent: Option<Rc<Scope<'t>>>) -> Rc<Scope<'t>> {
        Scope::fresh(parent, false)
    }

    /// A class body's namespace inside `parent`.
    pub fn of_class(parent: Option<Rc<Scope<'t>>>) -> Rc<Scope<'t>> {
        Scope::fresh(parent, true)
    }

    fn fresh(parent: Option<Rc<Scope<'t>>>, is_class: bool) -> Rc<Scope<'t>> {
        let (names, outer, put_off) = Default::default();
        Rc::new(Scope { names, parent, is_class, outer, open: RefCell::new(None), put_off })
    }
}
