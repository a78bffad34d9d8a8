//! Classes, objects and functions that the project defines.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::python::value::scope::{Binding, Module, Scope};
use crate::python::value::term::{Arguments, Keyword, Term};
use crate::python::value::{Map, Name, Unknown, Value};
use crate::source::Span;
use crate::syntax::python::tree;

/// A number that no other class and no other object has, of whichever run on paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(usize);

impl Identity {
    /// The next one.
    pub fn next() -> Identity {
        static GIVEN: AtomicUsize = AtomicUsize::new(0);
        Identity(GIVEN.fetch_add(1, Ordering::Relaxed))
    }
}

/// A class that the project defines (or makes by `type(name, bases, namespace)`).
pub struct Class<'t> {
    /// Which class it is.
    pub id: Identity,
    /// Its name.
    pub name: Name,
    /// `package.module.Outer.Name`
    pub qualified: Name,
    /// The `class` statement; `None` when it was made by a call.
    pub node: Option<&'t tree::StmtClassDef>,
    /// The module that defines it.
    pub module: Rc<Module<'t>>,
    /// The scope around it.
    pub scope: Rc<Scope<'t>>,
    /// The whole statement.
    pub span: Span,
    /// Its name in the statement.
    pub name_span: Span,
    /// The bases as written.
    pub bases: Vec<Value<'t>>,
    /// `class A(Base, table=True)`: the keywords.
    pub keywords: Vec<Keyword<'t>>,
    /// The decorators, outermost first.
    pub decorators: Vec<Value<'t>>,
    /// Its bases and theirs in Python's method resolution order, the class itself left out. Library classes are terms
    /// and end their branch; a base that could not be read is `Unknown`. [`Class::mro`] has the class itself, too.
    pub inherited: Vec<Value<'t>>,
    /// What the body and later assignments bound, in order.
    pub attributes: RefCell<Map<Name, Binding<'t>>>,
    /// Was the class statement certainly executed?
    pub certain: bool,
}

/// An instance of a project class.
pub struct Object<'t> {
    /// Which object it is.
    pub id: Identity,
    /// Its class.
    pub class: Rc<Class<'t>>,
    /// What was assigned to it.
    pub attributes: RefCell<Map<Name, Value<'t>>>,
    /// For a class that derives from a library's: the call of that class, with what its `__init__` was given.
    pub library: RefCell<Option<Value<'t>>>,
    /// Where it was made.
    pub span: Span,
}

/// What a function does to its first argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binds {
    /// A plain function or method.
    Instance,
    /// `@classmethod`: bound to the class.
    Class,
    /// `@staticmethod`
    Nothing,
    /// `@property`, `@cached_property`: called with the instance when read.
    Property,
    /// Called with the class when read from it: SQLAlchemy's `declared_attr`, `classproperty`.
    ClassProperty,
}

/// The code of a function.
#[derive(Clone, Copy, Debug)]
pub enum Code<'t> {
    /// `def`, `async def`
    Def(&'t tree::StmtFunctionDef),
    /// `lambda`
    Lambda(&'t tree::ExprLambda),
}

/// A function that the project defines.
pub struct Function<'t> {
    /// Its name; `<lambda>` for a lambda.
    pub name: Name,
    /// The code.
    pub code: Code<'t>,
    /// The module that defines it.
    pub module: Rc<Module<'t>>,
    /// The scope around it.
    pub scope: Rc<Scope<'t>>,
    /// The class whose body defines it, once that is made: for `super()` and `__class__`.
    pub class: RefCell<Option<Rc<Class<'t>>>>,
    /// Values of the defaults, by parameter name.
    pub defaults: Vec<(Name, Value<'t>)>,
    /// The decorators that the interpreter did not apply itself, outermost first (terms of libraries and unknowns):
    /// calling the function on paper calls what stands in the file.
    pub decorators: Vec<Value<'t>>,
    /// What it does to its first argument.
    pub binds: Binds,
    /// `async def`
    pub is_async: bool,
    /// Its name in the file.
    pub name_span: Span,
    /// The whole definition.
    pub span: Span,
}

/// A call of an `async def` function, waiting to be run.
pub struct Coroutine<'t> {
    /// What was called.
    pub function: Rc<Function<'t>>,
    /// The receiver, for a method.
    pub receiver: Option<Value<'t>>,
    /// With what.
    pub arguments: Rc<Arguments<'t>>,
    /// Where it was called.
    pub span: Span,
    /// Awaited, run, or handed to somebody who may run it.
    pub used: Cell<bool>,
}

impl<'t> Class<'t> {
    /// The binding of `name` in this class itself.
    pub fn own(&self, name: &str) -> Option<Binding<'t>> {
        self.attributes.borrow().get(name).cloned()
    }

    /// The binding of `name` along the method resolution order, with the class that has it. `Err` when a base that
    /// could not be read comes before.
    ///
    /// # Errors
    /// The unreadable base.
    pub fn lookup(self: &Rc<Class<'t>>, name: &str) -> Result<Option<(Rc<Class<'t>>, Binding<'t>)>, Unknown> {
        if let Some(binding) = self.own(name).filter(|binding| !binding.only_annotated) {
            return Ok(Some((self.clone(), binding)));
        }
        for ancestor in &self.inherited {
            match ancestor {
                Value::Class(class) => {
                    if let Some(binding) = class.own(name).filter(|binding| !binding.only_annotated) {
                        return Ok(Some((class.clone(), binding)));
                    }
                }
                Value::Unknown(unknown) => return Err(unknown.clone()),
                _ => {}
            }
        }
        Ok(None)
    }

    /// The class itself and all that it derives from, in Python's method resolution order.
    pub fn mro(self: &Rc<Class<'t>>) -> Vec<Value<'t>> {
        std::iter::once(Value::Class(self.clone())).chain(self.inherited.iter().cloned()).collect()
    }

    /// The project classes of the method resolution order, this one first.
    pub fn ancestors(self: &Rc<Class<'t>>) -> impl Iterator<Item = Rc<Class<'t>>> {
        std::iter::once(self).chain(self.inherited.iter().filter_map(Value::as_class)).cloned()
    }

    /// The library classes that it derives from.
    pub fn library_bases(&self) -> impl Iterator<Item = &Rc<Term<'t>>> {
        self.inherited.iter().filter_map(Value::as_term)
    }
}
