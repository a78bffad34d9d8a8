//! What an expression can be worth on paper.
//!
//! Three kinds of value: what is known (constants, containers, the project's own functions and classes), what is
//! *symbolic* (a [`Term`]: something of a library, an attribute of it, a call of it with its arguments), and
//! [`Value::Unknown`], which carries where and why reading stopped. A value that could not be read is a value.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use indexmap::IndexMap;

use crate::source::{FileId, Span};
use crate::syntax::python::tree;

/// A map in order of insertion, with a quick hash: keys are names that the project's authors chose.
pub type Map<K, V> = IndexMap<K, V, rustc_hash::FxBuildHasher>;

/// A name, shared.
pub type Name = Rc<str>;

/// What an expression is worth.
#[derive(Clone)]
pub enum Value<'t> {
    /// Could not be read.
    Unknown(Unknown),
    /// `None`
    None,
    /// `...`
    Ellipsis,
    /// `True`, `False`
    Bool(bool),
    /// An integer; larger ones are unknown.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// A string, and where its text came from.
    Str(Str),
    /// Bytes.
    Bytes(Rc<[u8]>),
    /// A tuple.
    Tuple(Rc<Vec<Value<'t>>>),
    /// A list, shared and mutable.
    List(Rc<List<'t>>),
    /// A set or frozenset, shared and mutable; in order of insertion.
    Set(Rc<List<'t>>),
    /// A dict, shared and mutable.
    Dict(Rc<Dict<'t>>),
    /// A `pathlib.Path`. The project root is [`PROJECT_ROOT`].
    Path(Name),
    /// A module of the project.
    Module(Rc<Module<'t>>),
    /// A class that the project defines.
    Class(Rc<Class<'t>>),
    /// An instance of such a class.
    Object(Rc<Object<'t>>),
    /// A function that the project defines.
    Function(Rc<Function<'t>>),
    /// A function bound to the object or class it was taken from.
    Method(Rc<Value<'t>>, Rc<Function<'t>>),
    /// A built-in of Python, by name: `len`, `print`, `str`, `ValueError`.
    Builtin(&'static str),
    /// A method of a built-in value, by name: `"…".replace`, `[…].append`.
    BuiltinMethod(Rc<BuiltinMethod<'t>>),
    /// A call of an `async def` function that has not run yet.
    Coroutine(Rc<Coroutine<'t>>),
    /// Something of a library.
    Term(Rc<Term<'t>>),
    /// `super()`: the class whose ancestors are meant, and the receiver.
    Super(Rc<Class<'t>>, Rc<Value<'t>>),
    /// One of several: what the branches of an unknown condition gave.
    OneOf(Rc<Vec<Value<'t>>>),
}

/// The absolute path of the project root on paper: what `os.getcwd()` and `__file__` start with. No
/// real path starts with it.
pub const PROJECT_ROOT: &str = "/__project__";

/// Where and why reading stopped. Shared, as texts are: values are many, and small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown(Rc<Stop>);

/// What an [`Unknown`] says.
#[derive(Debug, PartialEq, Eq)]
pub struct Stop {
    /// Where.
    pub span: Span,
    /// Why, in a few words: "depends on the environment variable `DEBUG`".
    pub why: Name,
}

impl Unknown {
    /// Reading stopped at `span`, because of `why`.
    pub fn new(span: Span, why: impl Into<Name>) -> Unknown {
        Unknown(Rc::new(Stop { span, why: why.into() }))
    }
}

impl Deref for Unknown {
    type Target = Stop;

    fn deref(&self) -> &Stop {
        &self.0
    }
}

/// A string and its provenance.
#[derive(Clone, Debug)]
pub struct Str(Rc<Text>);

/// What a [`Str`] says.
#[derive(Debug)]
pub struct Text {
    /// The text.
    pub text: Name,
    /// Where it came from.
    pub origin: Origin,
}

impl Str {
    /// A text that came from `origin`.
    pub fn new(text: impl Into<Name>, origin: Origin) -> Str {
        Str(Rc::new(Text { text: text.into(), origin }))
    }

    /// Is it not only the same text, but the very same string?
    pub fn is(&self, other: &Str) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for Str {
    type Target = Text;

    fn deref(&self) -> &Text {
        &self.0
    }
}

/// Where a text came from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A literal in Python code: nearly all texts are.
    Literal(Span),
    /// Somewhere else.
    Of(Rc<Place>),
}

/// A place that a text came from, what kind of place it is, and what the text was made from.
#[derive(Debug)]
pub struct Place {
    /// The place: the line of the ini or .env file, the call that made it.
    pub span: Span,
    /// What kind of place.
    pub kind: OriginKind,
    /// What it was made from, in order.
    pub from: Vec<Origin>,
}

/// The kinds of places that texts come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginKind {
    /// A literal in Python code.
    Literal,
    /// An option of alembic.ini or pyproject.toml.
    Option,
    /// A line of a .env file, for the environment variable of this name.
    DotEnv(Name),
    /// The default given for the environment variable of this name: the variable itself may say otherwise.
    Default(Name),
    /// The environment variable of this name, which is set where limbeck runs.
    Variable(Name),
    /// The text of a URL object, which has `***` for the password.
    Masked,
    /// Made from others by the code at the place.
    Made,
}

impl Origin {
    /// At `span`, a place of this kind, from `from`.
    pub fn of(span: Span, kind: OriginKind, from: Vec<Origin>) -> Origin {
        Origin::Of(Rc::new(Place { span, kind, from }))
    }

    /// Made at `span` from `from`.
    pub fn made(span: Span, from: Vec<Origin>) -> Origin {
        // What a loop makes from what it made before is told by where it started.
        let mut room = 64;
        if from.iter().all(|origin| origin.fits(&mut room)) {
            return Origin::of(span, OriginKind::Made, from);
        }
        let mut started = Vec::new();
        from.iter().for_each(|origin| origin.collect_starts(&mut started));
        Origin::of(span, OriginKind::Made, started)
    }

    /// The place: the literal, the line of the ini or .env file, the call that made it.
    pub fn span(&self) -> Span {
        match self {
            Origin::Literal(span) => *span,
            Origin::Of(place) => place.span,
        }
    }

    /// What kind of place.
    pub fn kind(&self) -> &OriginKind {
        match self {
            Origin::Literal(_) => &OriginKind::Literal,
            Origin::Of(place) => &place.kind,
        }
    }

    /// What it was made from, in order.
    pub fn from(&self) -> &[Origin] {
        match self {
            Origin::Literal(_) => &[],
            Origin::Of(place) => &place.from,
        }
    }

    fn fits(&self, room: &mut usize) -> bool {
        *room > 0 && {
            *room -= 1;
            self.from().iter().all(|origin| origin.fits(room))
        }
    }

    fn collect_starts(&self, found: &mut Vec<Origin>) {
        if self.from().is_empty() || *self.kind() != OriginKind::Made {
            if found.len() < 32 && !found.iter().any(|known| known.is(self)) {
                found.push(self.clone());
            }
        } else {
            self.from().iter().for_each(|origin| origin.collect_starts(found));
        }
    }

    fn is(&self, other: &Origin) -> bool {
        match (self, other) {
            (Origin::Literal(one), Origin::Literal(another)) => one == another,
            (Origin::Of(one), Origin::Of(another)) => Rc::ptr_eq(one, another),
            _ => false,
        }
    }

    /// The places that hold text somebody typed: the leaves.
    pub fn leaves(&self) -> Vec<Origin> {
        if self.from().is_empty() {
            return vec![self.clone()];
        }
        self.from().iter().flat_map(Origin::leaves).collect()
    }
}

/// A list's or set's items.
#[derive(Default)]
pub struct List<'t> {
    /// The items known.
    pub items: RefCell<Vec<Value<'t>>>,
    /// There may be more, or fewer: something unknown was added.
    pub open: Cell<bool>,
}

/// A dict's entries, in order of insertion.
#[derive(Default)]
pub struct Dict<'t> {
    /// The entries known.
    pub entries: RefCell<Map<Key, Value<'t>>>,
    /// What the keys of [`Key::Identity`] are, where a display `{…}` named them.
    pub identities: RefCell<Vec<(usize, Value<'t>)>>,
    /// There may be more, or others.
    pub open: Cell<bool>,
}

/// A method of a built-in value.
pub struct BuiltinMethod<'t> {
    /// The value it was taken from.
    pub of: Value<'t>,
    /// Its name.
    pub name: Name,
}

/// What may be a key of a [`Dict`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// `None`
    None,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A string.
    Str(Name),
    /// A tuple.
    Tuple(Vec<Key>),
    /// A class, function or term, by its address.
    Identity(usize),
}

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

/// Attributes that were assigned to something. Nearly nothing has any: there is no room for them before.
#[derive(Default)]
pub struct Fields<'t>(RefCell<Option<Box<Map<Name, Value<'t>>>>>);

impl<'t> Fields<'t> {
    /// The value of one.
    pub fn get(&self, name: &str) -> Option<Value<'t>> {
        self.0.borrow().as_ref()?.get(name).cloned()
    }

    /// Assigns one.
    pub fn set(&self, name: impl Into<Name>, value: Value<'t>) {
        self.extend([(name, value)]);
    }

    /// Assigns several.
    pub fn extend(&self, fields: impl IntoIterator<Item = (impl Into<Name>, Value<'t>)>) {
        let fields = fields.into_iter().map(|(name, value)| (name.into(), value));
        self.0.borrow_mut().get_or_insert_default().extend(fields);
    }

    /// All of them.
    pub fn all(&self) -> Map<Name, Value<'t>> {
        self.0.borrow().as_deref().cloned().unwrap_or_default()
    }

    /// All of them, taken away.
    pub fn take(&self) -> Map<Name, Value<'t>> {
        self.0.take().map(|fields| *fields).unwrap_or_default()
    }
}

/// Something of a library, symbolic.
pub struct Term<'t> {
    /// A number of its own: two calls of `MetaData()` are two terms.
    pub id: usize,
    /// What it is.
    pub kind: TermKind<'t>,
    /// Where the expression stands.
    pub span: Span,
    /// The module whose code made it.
    pub file: FileId,
    /// Attributes that the project assigned to it.
    pub fields: Fields<'t>,
    /// Was it certainly made?
    pub certain: bool,
}

/// What a [`Term`] is.
pub enum TermKind<'t> {
    /// Something importable, by its dotted name as the code spells it: `sqlalchemy.orm.relationship`.
    Name(Name),
    /// An attribute of another term that is no plain name: `db.Model`, `engine.connect`.
    Attribute(Rc<Term<'t>>, Name),
    /// A call.
    Call(Rc<Term<'t>>, Rc<Arguments<'t>>),
    /// `term[key]`
    Item(Rc<Term<'t>>, Box<Value<'t>>),
    /// An operator on terms: `a | b`, `-a`, `a == b`.
    Operation(&'static str, Vec<Value<'t>>),
    /// What `with term as x` gives, where that is not the term itself; what `await term` gives; an item of iterating.
    Of(&'static str, Rc<Term<'t>>),
}

/// The arguments of a call.
#[derive(Default)]
pub struct Arguments<'t> {
    /// In order.
    pub positional: Vec<Argument<'t>>,
    /// By name, in order.
    pub keywords: Vec<Keyword<'t>>,
    /// `*unknown` or `**unknown` was given: there may be more.
    pub open: bool,
}

/// A positional argument.
#[derive(Clone)]
pub struct Argument<'t> {
    /// Its value.
    pub value: Value<'t>,
    /// The expression.
    pub span: Span,
}

/// A keyword argument.
#[derive(Clone)]
pub struct Keyword<'t> {
    /// The keyword.
    pub name: Name,
    /// Its value.
    pub value: Value<'t>,
    /// The value's expression.
    pub span: Span,
    /// `name=value` as a whole (the value's span where it came from `**known`).
    pub whole: Span,
}

impl<'t> Arguments<'t> {
    /// The argument in `position` or called `name`.
    pub fn get(&self, position: usize, name: &str) -> Option<&Value<'t>> {
        self.positional
            .get(position)
            .map(|argument| &argument.value)
            .or_else(|| self.keyword(name).map(|found| &found.value))
    }

    /// The keyword argument called `name`.
    pub fn keyword(&self, name: &str) -> Option<&Keyword<'t>> {
        self.keywords.iter().find(|keyword| &*keyword.name == name)
    }

    /// The span of the argument in `position` or called `name`.
    pub fn span_of(&self, position: usize, name: &str) -> Option<Span> {
        let by_position = self.positional.get(position).map(|argument| argument.span);
        by_position.or_else(|| self.keyword(name).map(|found| found.span))
    }

    /// All values, positional first.
    pub fn values(&self) -> impl Iterator<Item = &Value<'t>> {
        self.positional.iter().map(|argument| &argument.value).chain(self.keywords.iter().map(|keyword| &keyword.value))
    }
}

/// Does a text begin like a statement of SQL?
pub fn begins_statement(text: &str) -> bool {
    const VERBS: &[&str] = &[
        "alter", "comment", "create", "delete", "drop", "grant", "insert", "lock", "refresh", "revoke", "select",
        "set", "truncate", "update", "with",
    ];
    let text = text.trim_start();
    let word = text.split(|letter: char| !letter.is_ascii_alphabetic()).next().unwrap_or("");
    text[word.len()..].starts_with(char::is_whitespace) && VERBS.iter().any(|verb| verb.eq_ignore_ascii_case(word))
}

impl<'t> Value<'t> {
    /// Not readable at `span`, because of `why`.
    pub fn unknown(span: Span, why: impl Into<Name>) -> Value<'t> {
        Value::Unknown(Unknown::new(span, why))
    }

    /// The method `name` of a built-in value.
    pub fn method_of(of: Value<'t>, name: &str) -> Value<'t> {
        Value::BuiltinMethod(Rc::new(BuiltinMethod { of, name: name.into() }))
    }

    /// A string literal.
    pub fn literal(text: impl Into<Name>, span: Span) -> Value<'t> {
        Value::Str(Str::new(text, Origin::Literal(span)))
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(&text.text),
            _ => None,
        }
    }

    /// The boolean, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The term, if this is one.
    pub fn as_term(&self) -> Option<&Rc<Term<'t>>> {
        match self {
            Value::Term(term) => Some(term),
            _ => None,
        }
    }

    /// The project class, if this is one.
    pub fn as_class(&self) -> Option<&Rc<Class<'t>>> {
        match self {
            Value::Class(class) => Some(class),
            _ => None,
        }
    }

    /// Could it not be read, wholly or on some path?
    pub fn is_unknown(&self) -> bool {
        match self {
            Value::Unknown(_) => true,
            Value::OneOf(values) => values.iter().any(Value::is_unknown),
            _ => false,
        }
    }

    /// All that it may be: the members of a `OneOf`, else itself.
    pub fn alternatives(&self) -> &[Value<'t>] {
        match self {
            Value::OneOf(values) => values,
            single => std::slice::from_ref(single),
        }
    }

    /// What is known of a text that begins like a URL (`postgresql://…`), up to its first part that is not known: all of
    /// it, where it is a plain text. Such a text with unknown parts is an operation, `format` or `+`, on its beginning and
    /// what follows; anything done with that is another term, so nothing is claimed of what came out of it.
    pub fn begins_url(&self) -> Option<Str> {
        match self {
            Value::Str(text) => text.text.contains("://").then(|| text.clone()),
            Value::Term(term) => match &term.kind {
                TermKind::Operation("format" | "+", operands) => match operands.first()? {
                    Value::Str(text) if text.text.is_empty() => {
                        operands.get(1).filter(|value| value.as_term().is_some())?.begins_url()
                    }
                    first => first.begins_url(),
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// Does a text begin like a statement of SQL? Of such a text, too, the beginning says a lot: one with unknown parts is
    /// an operation, as a URL's is.
    pub fn begins_statement(&self) -> bool {
        match self {
            Value::Str(text) => begins_statement(&text.text),
            Value::Term(term) => match &term.kind {
                TermKind::Operation("format" | "+" | "%", operands) => {
                    operands.first().is_some_and(Value::begins_statement)
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// The items of a list, tuple or set whose items are all known.
    pub fn items(&self) -> Option<Vec<Value<'t>>> {
        match self {
            Value::Tuple(items) => Some(items.to_vec()),
            Value::List(list) | Value::Set(list) if !list.open.get() => Some(list.items.borrow().clone()),
            _ => None,
        }
    }
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

impl<'t> Term<'t> {
    /// The dotted name, where the term is nothing but one: `sqlalchemy.Column`.
    pub fn dotted(&self) -> Option<&str> {
        match &self.kind {
            TermKind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// For a call: what was called and with what.
    pub fn call(&self) -> Option<(&Rc<Term<'t>>, &Rc<Arguments<'t>>)> {
        match &self.kind {
            TermKind::Call(callee, arguments) => Some((callee, arguments)),
            _ => None,
        }
    }

    /// For an attribute: of what, and its name.
    pub fn attribute(&self) -> Option<(&Rc<Term<'t>>, &Name)> {
        match &self.kind {
            TermKind::Attribute(of, name) => Some((of, name)),
            _ => None,
        }
    }

    /// The importable name that the whole expression starts from: `sqlalchemy.create_engine` for
    /// `create_engine(url).connect()`.
    pub fn root(&self) -> Option<&str> {
        match &self.kind {
            TermKind::Name(name) => Some(name),
            TermKind::Attribute(of, _) | TermKind::Call(of, _) | TermKind::Item(of, _) | TermKind::Of(_, of) => {
                of.root()
            }
            TermKind::Operation(..) => None,
        }
    }

    /// Is it (a part of) the library `package`?
    pub fn is_of(&self, package: &str) -> bool {
        self.root()
            .is_some_and(|root| root.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    }
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

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Unknown(unknown) => write!(f, "<unknown: {}>", unknown.why),
            Value::None => f.write_str("None"),
            Value::Ellipsis => f.write_str("..."),
            Value::Bool(true) => f.write_str("True"),
            Value::Bool(false) => f.write_str("False"),
            Value::Int(number) => write!(f, "{number}"),
            Value::Float(number) => write!(f, "{number}"),
            Value::Str(text) => write!(f, "{:?}", text.text),
            Value::Bytes(bytes) => write!(f, "b{:?}", String::from_utf8_lossy(bytes)),
            Value::Tuple(items) => f.debug_list().entries(items.iter()).finish(),
            Value::List(list) | Value::Set(list) => {
                f.debug_list().entries(list.items.borrow().iter()).finish()?;
                f.write_str(if list.open.get() { "+" } else { "" })
            }
            Value::Dict(dict) => {
                f.debug_map().entries(dict.entries.borrow().iter()).finish()?;
                f.write_str(if dict.open.get() { "+" } else { "" })
            }
            Value::Path(path) => write!(f, "Path({path})"),
            Value::Module(module) => write!(f, "<module {}>", module.name),
            Value::Class(class) => write!(f, "<class {}>", class.qualified),
            Value::Object(object) => write!(f, "<{} object>", object.class.qualified),
            Value::Function(function) | Value::Method(_, function) => write!(f, "<function {}>", function.name),
            Value::Builtin(name) => write!(f, "<{name}>"),
            Value::BuiltinMethod(method) => write!(f, "<{:?}.{}>", method.of, method.name),
            Value::Coroutine(coroutine) => write!(f, "<coroutine {}>", coroutine.function.name),
            Value::Term(term) => write!(f, "{term:?}"),
            Value::Super(class, _) => write!(f, "<super of {}>", class.qualified),
            Value::OneOf(values) => {
                f.write_str("one of ")?;
                f.debug_set().entries(values.iter()).finish()
            }
        }
    }
}

impl fmt::Debug for Term<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            TermKind::Name(name) => f.write_str(name),
            TermKind::Attribute(of, name) => write!(f, "{of:?}.{name}"),
            TermKind::Call(callee, arguments) => {
                write!(f, "{callee:?}(")?;
                for (number, argument) in arguments.positional.iter().enumerate() {
                    write!(f, "{}{:?}", if number > 0 { ", " } else { "" }, argument.value)?;
                }
                for keyword in &arguments.keywords {
                    write!(f, ", {}={:?}", keyword.name, keyword.value)?;
                }
                f.write_str(")")
            }
            TermKind::Item(of, key) => write!(f, "{of:?}[{key:?}]"),
            TermKind::Operation(operator, operands) => write!(f, "({operator} {operands:?})"),
            TermKind::Of(word, of) => write!(f, "<{word} {of:?}>"),
        }
    }
}
