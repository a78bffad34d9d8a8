//! Things of libraries, symbolic, and the arguments of calls.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use crate::python::value::{Map, Name, Value};
use crate::source::{FileId, Span};

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
