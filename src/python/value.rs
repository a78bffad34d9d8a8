//! What an expression can be worth on paper.
//!
//! Three kinds of value: what is known (constants, containers, the project's own functions and classes), what is
//! *symbolic* (a [`Term`]: something of a library, an attribute of it, a call of it with its arguments), and
//! [`Value::Unknown`], which carries where and why reading stopped. A value that could not be read is a value.

pub mod class;
pub mod scope;
pub mod term;
pub mod text;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use indexmap::IndexMap;

use self::class::{Class, Coroutine, Function, Object};
use self::scope::Module;
use self::term::{Term, TermKind};
use self::text::{Origin, Str};

use crate::source::Span;

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
