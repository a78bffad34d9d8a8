//! The bounded interpreter: executes modules of the project on paper, in Python's own order.
//!
//! What it can't decide it follows both ways ([`Machine::maybe`]) and joins; what it can't read becomes
//! [`Value::Unknown`]; step and depth limits become `Unknown` too, never a hang or a stack overflow. An exception is
//! raised only where Python certainly raises one.

mod apart;
mod attribute;
mod call;
mod class;
mod expression;
mod import;
mod join;
mod operator;
mod sequence;
mod statement;

use std::collections::BTreeMap;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::python::library::Library;
use crate::python::value::class::Function;
use crate::python::value::scope::{Module, Scope};
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::python::value::{Name, Unknown, Value};
use crate::source::{FileId, Sources, Span};
use crate::syntax::python::Trees;

#[cfg(test)]
mod tests;

pub use join::join;

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
    pub trace: Vec<Step>,
    /// How many calls deep in its module it was raised; 0: by a statement of the module itself.
    pub calls: usize,
}

/// A step of the way to where an exception was raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The import statement, or the call.
    pub span: Span,
    /// The module that was being imported, by its dotted name; `None`: a function was called.
    pub imports: Option<String>,
}

/// One step of the way to the code being executed.
#[derive(Clone)]
pub enum Frame<'t> {
    /// A module being run; the span is the import statement that asked for it.
    Module(Rc<Module<'t>>, Option<Span>),
    /// A function being called; the span is the call.
    Call(Rc<Function<'t>>, Span),
}

/// Steps (statements and calls) that one machine takes before everything further is unknown.
const STEPS: usize = 4_000_000;
/// The usual [`Machine::steps_of_a_call`].
const STEPS_OF_A_CALL: usize = 6_000;
/// How deep calls of the project's functions may nest.
const CALLS: usize = 48;
/// How deep imports may nest.
const IMPORTS: usize = 400;
/// How deep expressions and blocks may nest in one function.
const NESTING: usize = 900;
/// How often a loop's body is run.
const ROUNDS: usize = 2_000;
/// How many alternatives a value may have before it is unknown.
pub(crate) const ALTERNATIVES: usize = 12;

/// The code being executed: its names, and what it has given so far.
struct Place<'t> {
    scope: Rc<Scope<'t>>,
    module: Rc<Module<'t>>,
    file: FileId,
    function: Option<Rc<Function<'t>>>,
    /// What `return` on an uncertain path gave.
    returned: Vec<Value<'t>>,
    yielded: Vec<Value<'t>>,
    /// The doubt at which a name is certainly bound, seen from this place.
    level: usize,
    /// How much of [`Machine::doubt`] ends with this place.
    doubt: usize,
    /// How much of it ends with the loop being run.
    loop_doubt: usize,
    /// The exception that a bare `raise` raises again.
    handling: Option<Box<Raised<'t>>>,
}

/// An import that only a directory outside `sys.path` satisfied, or nothing.
#[derive(Clone, Debug)]
pub struct OddImport {
    /// The dotted name.
    pub name: Name,
    /// The import statement.
    pub span: Span,
    /// The directory it was found from; `None`: a submodule that the project's package does not have.
    pub root: Option<String>,
    /// Was it certainly executed?
    pub certain: bool,
    /// All that the project put on `sys.path` before it was known.
    pub path_known: bool,
}

/// Is a top-level package installed? `None`: can't be told.
pub type Installed<'t> = Rc<dyn Fn(&str) -> Option<bool> + 't>;

/// The interpreter.
pub struct Machine<'t> {
    /// The trees of the project's files.
    pub trees: &'t Trees<'t>,
    /// The directories that absolute imports are tried in, in order, relative to the project root: `sys.path`.
    pub search_path: Vec<Name>,
    /// Something that could not be told, or that lies outside the project, was put on `sys.path`.
    pub search_path_open: bool,
    /// The project has finders of its own on `sys.meta_path`: a module that is not found may be made by one.
    pub own_finders: bool,
    /// `pathlib.Path` objects that were put on `sys.path`, where Python passes over them: the calls.
    pub paths_passed_over: Vec<Span>,
    /// The directories that `os.makedirs`, `os.mkdir` and `Path.mkdir` make in the project, relative to its root; `None`
    /// where it can't be told which.
    pub made_directories: Vec<Option<String>>,
    /// The working directory on paper, relative to the project root.
    pub working_directory: Name,
    /// What could not be read, in the order of meeting it, each once.
    pub unknowns: Vec<Unknown>,
    /// Code that may import modules nobody can name (`import_module(x)` of an unknown x, `exec`, a limit reached):
    /// "never imported" can't be said after it.
    pub hidden_imports: Vec<Unknown>,
    /// Calls of something that could not be read: anything may happen there.
    pub unknown_calls: Vec<Span>,
    /// Imports of project modules that `sys.path` alone would not find.
    pub odd_imports: Vec<OddImport>,
    /// One file under two dotted names: the file, both names, the second import.
    pub second_names: Vec<(FileId, Name, Name, Span)>,
    /// The way to the code being executed, outermost first.
    pub frames: Vec<Frame<'t>>,
    /// `false`: imports of project modules give terms and run nothing (for revision files).
    pub follows_imports: bool,
    /// Import statements of modules run when one of their names is first read (for revision files, which import much and
    /// use little).
    pub puts_off_imports: bool,
    /// Steps that one call from a module's own statements may take, with all that it calls; modules imported on the way
    /// have their own.
    pub steps_of_a_call: usize,
    /// On a fresh machine environment variables that nothing sets are not set, and this tells whether a top-level
    /// package is installed. `None`: what the machine has is unknown, and both ways are followed.
    pub fresh_machine: Option<Installed<'t>>,
    /// Environment variables that are set, where the run is to be that of this machine.
    pub variables: Rc<BTreeMap<String, String>>,
    /// A package whose code raises does not keep its modules from being imported.
    pub passes_over_packages: bool,
    /// Modules for which this says so are not run when they are imported: their names are unknown.
    pub skips: Option<Rc<dyn Fn(FileId) -> bool + 't>>,
    libraries: Rc<[Rc<dyn Library<'t> + 't>]>,
    places: Vec<Place<'t>>,
    modules: FxHashMap<Name, Rc<Module<'t>>>,
    module_order: Vec<Rc<Module<'t>>>,
    by_file: FxHashMap<FileId, Rc<Module<'t>>>,
    names: FxHashSet<Name>,
    interned: FxHashMap<Name, Rc<Term<'t>>>,
    attributes: FxHashMap<(usize, Name), Rc<Term<'t>>>,
    seen_unknowns: FxHashSet<(Span, Name)>,
    /// Functions, by address, that took long and gave nothing known: how often, and the function, to keep it alive.
    fruitless: FxHashMap<usize, (usize, Rc<Function<'t>>)>,
    next_id: usize,
    steps: usize,
    nesting: usize,
    calls: usize,
    budget: usize,
    imports: usize,
    /// Above zero: the code being executed runs only on some paths.
    doubt: usize,
    /// Counts calls of libraries and reads of unknowns: did a block touch the outside?
    touched: usize,
    /// How many `try` statements are being executed.
    tries: usize,
    /// The rounds of the comprehension being run are not all known.
    rounds_open: bool,
}

impl<'t> Machine<'t> {
    /// A fresh interpreter over `trees` that asks `libraries` in their order.
    pub fn new(trees: &'t Trees<'t>, libraries: Vec<Rc<dyn Library<'t> + 't>>) -> Machine<'t> {
        Machine {
            trees,
            search_path: Vec::new(),
            search_path_open: false,
            own_finders: false,
            paths_passed_over: Vec::new(),
            made_directories: Vec::new(),
            working_directory: "".into(),
            unknowns: Vec::new(),
            hidden_imports: Vec::new(),
            unknown_calls: Vec::new(),
            odd_imports: Vec::new(),
            second_names: Vec::new(),
            frames: Vec::new(),
            follows_imports: true,
            puts_off_imports: false,
            steps_of_a_call: STEPS_OF_A_CALL,
            passes_over_packages: false,
            skips: None,
            fresh_machine: None,
            variables: Rc::default(),
            libraries: libraries.into(),
            places: Vec::new(),
            modules: FxHashMap::default(),
            module_order: Vec::new(),
            by_file: FxHashMap::default(),
            names: FxHashSet::default(),
            interned: FxHashMap::default(),
            attributes: FxHashMap::default(),
            seen_unknowns: FxHashSet::default(),
            fruitless: FxHashMap::default(),
            next_id: 0,
            steps: 0,
            nesting: 0,
            calls: 0,
            budget: 0,
            imports: 0,
            doubt: 0,
            touched: 0,
            tries: 0,
            rounds_open: false,
        }
    }

    /// The files.
    pub fn sources(&self) -> &'t Sources {
        self.trees.sources()
    }

    /// The file whose code is being executed; the first file when none is.
    pub fn file(&self) -> FileId {
        self.places.last().map_or(FileId(0), |place| place.file)
    }

    /// The module whose code is being executed.
    pub fn module(&self) -> Option<&Rc<Module<'t>>> {
        self.places.last().map(|place| &place.module)
    }

    /// Every project module that was imported, in the order of first import.
    pub fn modules(&self) -> Vec<Rc<Module<'t>>> {
        self.module_order.clone()
    }

    /// The module that `file` was imported as.
    pub fn module_of(&self, file: FileId) -> Option<Rc<Module<'t>>> {
        self.by_file.get(&file).cloned()
    }

    /// Executes `what` as something that happens only on some paths: what it registers is not certain. Callers drop
    /// the exceptions that come out of it.
    pub fn maybe<R>(&mut self, what: impl FnOnce(&mut Self) -> R) -> R {
        self.doubt += 1;
        let result = what(self);
        self.doubt -= 1;
        result
    }

    /// Does the code being executed certainly run?
    pub fn is_certain(&self) -> bool {
        self.doubt == 0
    }

    /// Is code being executed whose exceptions a `try` may catch?
    pub fn is_tried(&self) -> bool {
        self.tries > 0
    }

    /// The library's call that is being answered certainly raises nothing: an `except` around it need not be followed.
    pub fn certainly_succeeds(&mut self) {
        self.touched = self.touched.saturating_sub(1);
    }

    /// Steps are counted from here again: for a machine that runs one script after the other.
    pub fn starts_afresh(&mut self) {
        self.steps = 0;
    }

    /// A value that can't be read, recorded in [`Machine::unknowns`].
    pub fn unknown(&mut self, span: Span, why: &str) -> Value<'t> {
        self.touched += 1;
        let why: Name = why.into();
        let unknown = Unknown::new(span, why.clone());
        if self.seen_unknowns.insert((span, why)) {
            self.unknowns.push(unknown.clone());
        }
        Value::Unknown(unknown)
    }

    /// The same, for something that may import modules nobody can name.
    pub fn hides_imports(&mut self, span: Span, why: &str) -> Value<'t> {
        let value = self.unknown(span, why);
        if let Value::Unknown(unknown) = &value
            && !self.hidden_imports.contains(unknown)
        {
            self.hidden_imports.push(unknown.clone());
        }
        value
    }

    /// A fresh term.
    pub fn term(&mut self, kind: TermKind<'t>, span: Span) -> Rc<Term<'t>> {
        self.next_id += 1;
        Rc::new(Term {
            id: self.next_id,
            kind,
            span,
            file: self.file(),
            fields: Default::default(),
            certain: self.is_certain(),
        })
    }

    /// A name, shared with all who asked for the same: modules bind the same few over and over.
    pub fn shared(&mut self, text: &str) -> Name {
        if let Some(name) = self.names.get(text) {
            return name.clone();
        }
        let name: Name = text.into();
        self.names.insert(name.clone());
        name
    }

    /// The term for something importable: one per dotted name.
    pub fn name_term(&mut self, dotted: &str, span: Span) -> Rc<Term<'t>> {
        if let Some(term) = self.interned.get(dotted) {
            return term.clone();
        }
        let name: Name = dotted.into();
        let term = self.term(TermKind::Name(name.clone()), span);
        self.interned.insert(name, term.clone());
        term
    }

    /// The symbolic result of `callee(arguments)`: what a call gives when no library knows better.
    pub fn call_term(&mut self, callee: &Rc<Term<'t>>, arguments: &Rc<Arguments<'t>>, span: Span) -> Value<'t> {
        Value::Term(self.term(TermKind::Call(callee.clone(), arguments.clone()), span))
    }

    /// A certain exception, with the way to the code being executed.
    pub fn raised(&self, exception: &str, message: impl Into<String>, span: Span) -> Box<Raised<'t>> {
        let trace = self
            .frames
            .iter()
            .filter_map(|frame| match frame {
                Frame::Module(module, span) => Some(Step { span: (*span)?, imports: Some(module.name.to_string()) }),
                Frame::Call(_, span) => Some(Step { span: *span, imports: None }),
            })
            .collect();
        let calls = self.calls;
        Box::new(Raised { exception: exception.into(), message: message.into(), span, value: None, trace, calls })
    }

    /// A certain exception, as an outcome; after the step limit nothing is certain any more.
    fn fail(&mut self, exception: &str, message: impl Into<String>, span: Span) -> Outcome<'t> {
        if self.is_cut_short() {
            return Ok(self.unknown(span, "too many steps: the rest was not run on paper"));
        }
        Err(self.raised(exception, message, span))
    }

    /// Takes a step; `false` when there are none left.
    fn step(&mut self, span: Span) -> bool {
        self.steps += 1;
        if self.steps == STEPS {
            self.hides_imports(span, "too many steps: the rest was not run on paper");
        }
        if self.calls > 0 {
            if self.budget == 0 {
                return false;
            }
            self.budget -= 1;
            if self.budget == 0 {
                self.hides_imports(span, "a call with too many steps: it was not run to its end on paper");
            }
        }
        self.steps < STEPS
    }

    /// Is what is being executed cut short by a limit, so that what is missing proves nothing?
    fn is_cut_short(&self) -> bool {
        self.steps >= STEPS || self.calls > 0 && self.budget == 0
    }

    fn place(&mut self) -> &mut Place<'t> {
        // Code runs only between `enter` and `leave`, so there is always a place.
        let last = self.places.len() - 1;
        &mut self.places[last]
    }

    fn scope(&self) -> Rc<Scope<'t>> {
        self.places[self.places.len() - 1].scope.clone()
    }

    fn enter(
        &mut self,
        scope: Rc<Scope<'t>>,
        module: Rc<Module<'t>>,
        file: FileId,
        function: Option<Rc<Function<'t>>>,
    ) {
        self.places.push(Place {
            scope,
            module,
            file,
            function,
            returned: Vec::new(),
            yielded: Vec::new(),
            level: self.doubt,
            doubt: 0,
            loop_doubt: 0,
            handling: None,
        });
    }

    fn leave(&mut self) -> Option<Place<'t>> {
        let place = self.places.pop();
        if let Some(place) = &place {
            self.doubt -= place.doubt;
        }
        place
    }
}
