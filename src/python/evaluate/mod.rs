//! The bounded interpreter: executes modules of the project on paper, in Python's own order.
//!
//! What it can't decide it follows both ways ([`Machine::maybe`]) and joins; what it can't read becomes
//! [`Value::Unknown`]; step and depth limits become `Unknown` too, never a hang or a stack overflow.

use std::rc::Rc;

use crate::python::library::Library;
use crate::python::value::{Arguments, Module, Name, Term, TermKind, Unknown, Value};
use crate::source::{FileId, Span};
use crate::syntax::python::Trees;

/// What an expression gives: a value, or a certain exception.
pub type Outcome<'t> = Result<Value<'t>, Box<Raised<'t>>>;

/// An exception that was certainly raised.
#[derive(Clone, Debug)]
pub struct Raised<'t> {
    /// The exception class's bare name: `KeyError`, `InvalidRequestError`.
    pub exception: Name,
    /// Its text, as far as it is known.
    pub message: String,
    /// Where.
    pub span: Span,
    /// The exception object, where the project made one.
    pub value: Option<Value<'t>>,
    /// The calls and imports that led there, outermost first.
    pub trace: Vec<Span>,
}

/// One step of the way to the code being executed.
#[derive(Clone)]
pub enum Frame<'t> {
    /// A module being imported; the span is the import statement that asked for it.
    Module(Rc<Module<'t>>, Option<Span>),
    /// A function being called; the span is the call.
    Call(Rc<crate::python::value::Function<'t>>, Span),
}

/// The interpreter.
pub struct Machine<'t> {
    /// The trees of the project's files.
    pub trees: &'t Trees<'t>,
    /// The directories that absolute imports are tried in, in order, relative to the project root: `sys.path`.
    pub search_path: Vec<Name>,
    /// The working directory on paper, relative to the project root.
    pub working_directory: Name,
    /// What could not be read, in the order of meeting it, each once.
    pub unknowns: Vec<Unknown>,
    /// The way to the code being executed, outermost first.
    pub frames: Vec<Frame<'t>>,
    libraries: Rc<[Rc<dyn Library<'t> + 't>]>,
}

#[expect(unused_variables, reason = "the bodies come with the interpreter")]
impl<'t> Machine<'t> {
    /// A fresh interpreter over `trees` that asks `libraries` in their order.
    pub fn new(trees: &'t Trees<'t>, libraries: Vec<Rc<dyn Library<'t> + 't>>) -> Machine<'t> {
        Machine {
            trees,
            search_path: Vec::new(),
            working_directory: "".into(),
            unknowns: Vec::new(),
            frames: Vec::new(),
            libraries: libraries.into(),
        }
    }

    /// Runs `file` as a module of its own (env.py, a revision): not found by imports, run anew each time.
    pub fn run_script(&mut self, file: FileId, name: &str) -> (Rc<Module<'t>>, Result<(), Box<Raised<'t>>>) {
        unreachable!()
    }

    /// `import dotted`: the module that `dotted` names, run if it has not run yet; a term when it is not of the
    /// project.
    pub fn import(&mut self, dotted: &str, span: Span) -> Outcome<'t> {
        unreachable!()
    }

    /// Imports the module that `file` is, under the name that the search path gives it.
    pub fn import_file(&mut self, file: FileId, span: Span) -> Outcome<'t> {
        unreachable!()
    }

    /// Every project module that was imported, in the order of first import.
    pub fn modules(&self) -> Vec<Rc<Module<'t>>> {
        unreachable!()
    }

    /// The file whose code is being executed.
    pub fn file(&self) -> FileId {
        unreachable!()
    }

    /// `callee(arguments)`
    pub fn call(&mut self, callee: &Value<'t>, arguments: &Rc<Arguments<'t>>, span: Span) -> Outcome<'t> {
        unreachable!()
    }

    /// `of.name`
    pub fn attribute(&mut self, of: &Value<'t>, name: &str, span: Span) -> Outcome<'t> {
        unreachable!()
    }

    /// `of.name = value`
    pub fn assign_attribute(&mut self, of: &Value<'t>, name: &Name, value: Value<'t>, span: Span) {
        unreachable!()
    }

    /// `of[key]`
    pub fn item(&mut self, of: &Value<'t>, key: &Value<'t>, span: Span) -> Outcome<'t> {
        unreachable!()
    }

    /// Is it true? `None`: not decidable.
    pub fn truth(&mut self, value: &Value<'t>) -> Option<bool> {
        unreachable!()
    }

    /// The items that a `for` over it would see.
    ///
    /// # Errors
    /// Why they can't be told.
    pub fn iterate(&mut self, value: &Value<'t>, span: Span) -> Result<Vec<Value<'t>>, Unknown> {
        unreachable!()
    }

    /// `await value`; also what `asyncio.run(value)` does: a coroutine is run here and now.
    pub fn await_value(&mut self, value: &Value<'t>, span: Span) -> Outcome<'t> {
        unreachable!()
    }

    /// Evaluates the annotation expression of a name that `module`'s code holds, in the scope of the class or module:
    /// forward references in quotes too.
    pub fn annotation(
        &mut self,
        class: &Rc<crate::python::value::Class<'t>>,
        expression: &'t crate::syntax::python::tree::Expr,
    ) -> Value<'t> {
        unreachable!()
    }

    /// Executes `what` as something that happens only on some paths: what it registers is not certain, and an
    /// exception ends it silently.
    pub fn maybe<R>(&mut self, what: impl FnOnce(&mut Self) -> R) -> R {
        unreachable!()
    }

    /// Does the code being executed certainly run?
    pub fn is_certain(&self) -> bool {
        unreachable!()
    }

    /// A value that can't be read, recorded in [`Machine::unknowns`].
    pub fn unknown(&mut self, span: Span, why: &str) -> Value<'t> {
        unreachable!()
    }

    /// A fresh term.
    pub fn term(&mut self, kind: TermKind<'t>, span: Span) -> Rc<Term<'t>> {
        unreachable!()
    }

    /// The symbolic result of `callee(arguments)`: what a call gives when no library knows better.
    pub fn call_term(&mut self, callee: &Rc<Term<'t>>, arguments: &Rc<Arguments<'t>>, span: Span) -> Value<'t> {
        Value::Term(self.term(TermKind::Call(callee.clone(), arguments.clone()), span))
    }

    /// A certain exception, with the way to the code being executed.
    pub fn raised(&self, exception: &str, message: impl Into<String>, span: Span) -> Box<Raised<'t>> {
        unreachable!()
    }
}
