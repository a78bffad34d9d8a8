//! Values of the interpreter → [`Expression`]: what a column's type, default or argument is, as owned data.

use std::rc::Rc;

use crate::project::sqlalchemy::column::FindColumn;
use crate::project::sqlalchemy::names;
use crate::python::dotted;
use crate::python::value::class::{Class, Identity};
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::python::value::{Key, Value};
use crate::source::Span;

/// How deep values are copied.
const DEPTH: usize = 8;

/// An expression as far as it was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// Not read.
    Unknown,
    /// `None`
    None,
    /// `True`, `False`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number with a point.
    Float(f64),
    /// A string.
    Str(String),
    /// A list, tuple or set.
    List(Vec<Expression>),
    /// A dict; keys that are no strings are left out.
    Dict(Vec<(String, Expression)>),
    /// Something importable of a library, by its canonical name: `sqlalchemy.Integer`,
    /// `sqlalchemy.dialects.postgresql.JSONB`, `sqlalchemy.func.now`.
    Name(String),
    /// A built-in of Python: `int`.
    Builtin(String),
    /// A column of the project's tables, by its key; told only where columns are expected.
    Column(String),
    /// A class of the project.
    Class(Box<ClassRef>),
    /// A function of the project, or a lambda.
    Function(String),
    /// A call.
    Call(Box<Expression>, Vec<Given>),
    /// An attribute of something that is no name.
    Attribute(Box<Expression>, String),
    /// `of[key]`
    Item(Box<Expression>, Box<Expression>),
    /// An operator with its operands.
    Operation(&'static str, Box<[Expression]>),
    /// Something else, in a word: `object`, `bytes`.
    Other(String),
}

/// A class of the project, named in an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassRef {
    /// `app.models.Status`
    pub qualified: String,
    /// It derives from `enum.Enum`: the names of its members with their values.
    pub members: Option<Vec<(String, Expression)>>,
    /// The canonical names of the library classes that it derives from.
    pub bases: Vec<String>,
    /// A base could not be read.
    pub open: bool,
    /// Which class, or which instance of it, the run on paper saw.
    pub identity: Same,
}

/// Tells classes and objects of the runs on paper apart. Two of the same name are the same to a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Same(pub Identity);

impl PartialEq for Same {
    fn eq(&self, _: &Same) -> bool {
        true
    }
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The keyword; `None` for a positional argument.
    pub name: Option<Box<str>>,
    /// The value.
    pub value: Expression,
    /// The value's expression.
    pub span: Span,
}

impl Expression {
    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Expression::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The canonical name of a name, or of what a call calls: `sqlalchemy.String` for `String` and `String(20)`.
    pub fn name(&self) -> Option<&str> {
        match self {
            Expression::Name(name) => Some(name),
            Expression::Call(callee, _) => callee.name(),
            _ => None,
        }
    }

    /// The last part of [`Expression::name`].
    pub fn short_name(&self) -> Option<&str> {
        self.name().map(dotted::last)
    }

    /// The arguments, if this is a call.
    pub fn arguments(&self) -> &[Given] {
        match self {
            Expression::Call(_, given) => given,
            _ => &[],
        }
    }

    /// The keyword argument `name` of this call.
    pub fn keyword(&self, name: &str) -> Option<&Given> {
        self.arguments().iter().find(|given| given.name.as_deref() == Some(name))
    }

    /// Does anything in it remain unread?
    pub fn is_unknown(&self) -> bool {
        matches!(self, Expression::Unknown)
    }
}

/// What `value` is.
pub fn of_value(value: &Value<'_>) -> Expression {
    Copying { columns: None }.value(value, DEPTH)
}

/// How values are copied: with whom to ask for the columns among them.
#[derive(Clone, Copy)]
struct Copying<'f, 't> {
    columns: Option<&'f dyn FindColumn<'t>>,
}

impl<'t> Copying<'_, 't> {
    fn value(self, value: &Value<'t>, depth: usize) -> Expression {
        if depth == 0 {
            return Expression::Unknown;
        }
        let list = |items: &[Value<'t>]| items.iter().map(|item| self.value(item, depth - 1)).collect();
        match value {
            Value::Unknown(_) | Value::OneOf(_) => Expression::Unknown,
            Value::None => Expression::None,
            Value::Bool(value) => Expression::Bool(*value),
            Value::Int(value) => Expression::Int(*value),
            Value::Float(value) => Expression::Float(*value),
            Value::Str(text) => Expression::Str(text.text.to_string()),
            Value::Tuple(items) => Expression::List(list(items)),
            Value::List(found) | Value::Set(found) if !found.open.get() => {
                Expression::List(list(&found.items.borrow()))
            }
            Value::Dict(dict) if !dict.open.get() => Expression::Dict(
                dict.entries
                    .borrow()
                    .iter()
                    .filter_map(|(key, value)| match key {
                        Key::Str(key) => Some((key.to_string(), self.value(value, depth - 1))),
                        _ => None,
                    })
                    .collect(),
            ),
            Value::List(_) | Value::Set(_) | Value::Dict(_) => Expression::Unknown,
            Value::Builtin(name) => Expression::Builtin((*name).to_owned()),
            Value::Class(class) => Expression::Class(Box::new(self.class(class, depth))),
            Value::Function(function) | Value::Method(_, function) => Expression::Function(function.name.to_string()),
            Value::Term(term) => self.term(term, depth),
            Value::Ellipsis => Expression::Other("ellipsis".to_owned()),
            Value::Bytes(_) => Expression::Other("bytes".to_owned()),
            Value::Path(_) => Expression::Other("path".to_owned()),
            Value::Module(_) => Expression::Other("module".to_owned()),
            // A member of an enumeration is worth what it holds.
            Value::Object(object) => match object.attributes.borrow().get("value") {
                Some(value) if is_enum(&object.class) => self.value(value, depth - 1),
                _ => {
                    let mut class = self.class(&object.class, depth - 1);
                    class.identity = Same(object.id);
                    let library = object.library.borrow();
                    let arguments = library.as_ref().and_then(Value::as_term).and_then(|term| term.call());
                    let given = arguments.map(|(_, arguments)| self.given(arguments, depth - 1)).unwrap_or_default();
                    Expression::Call(Box::new(Expression::Class(Box::new(class))), given)
                }
            },
            Value::Super(..) => Expression::Unknown,
            Value::BuiltinMethod(..) => Expression::Other("method".to_owned()),
            Value::Coroutine(_) => Expression::Other("coroutine".to_owned()),
        }
    }

    fn class(self, class: &Rc<Class<'t>>, depth: usize) -> ClassRef {
        let mut bases = Vec::new();
        let mut open = false;
        for ancestor in &class.inherited {
            match ancestor {
                Value::Term(term) => {
                    let name = term_name(term);
                    open |= name.is_none();
                    bases.extend(name);
                }
                Value::Builtin(name) => bases.push((*name).to_owned()),
                Value::Class(_) => {}
                _ => open = true,
            }
        }
        let members = is_enum(class).then(|| {
            let mut members: Vec<(String, Expression)> = Vec::new();
            for ancestor in class.ancestors() {
                for (name, binding) in ancestor.attributes.borrow().iter() {
                    let is_member = !name.starts_with('_')
                        && !binding.only_annotated
                        && !matches!(binding.value, Value::Function(_) | Value::Method(..) | Value::Class(_));
                    if is_member {
                        members.push((name.to_string(), self.value(&binding.value, depth.min(3).saturating_sub(1))));
                    }
                }
            }
            members
        });
        ClassRef { qualified: class.qualified.to_string(), members, bases, open, identity: Same(class.id) }
    }

    fn term(self, term: &Rc<Term<'t>>, depth: usize) -> Expression {
        if depth == 0 {
            return Expression::Unknown;
        }
        if let Some((_, key)) = self.columns.and_then(|find| find.column(&Value::Term(term.clone()))) {
            return Expression::Column(key);
        }
        if let Some(name) = term_name(term) {
            return match name.strip_prefix("builtins.") {
                Some(builtin) => Expression::Builtin(builtin.to_owned()),
                None => Expression::Name(name),
            };
        }
        let boxed = |of: &Rc<Term<'t>>| Box::new(self.term(of, depth - 1));
        match &term.kind {
            TermKind::Name(name) => Expression::Name(name.to_string()),
            TermKind::Attribute(of, name) => Expression::Attribute(boxed(of), name.to_string()),
            TermKind::Call(callee, arguments) => Expression::Call(boxed(callee), self.given(arguments, depth - 1)),
            TermKind::Item(of, key) => Expression::Item(boxed(of), Box::new(self.value(key, depth - 1))),
            TermKind::Operation(operator, operands) => {
                Expression::Operation(operator, operands.iter().map(|operand| self.value(operand, depth - 1)).collect())
            }
            TermKind::Of(..) => Expression::Unknown,
        }
    }

    fn given(self, arguments: &Arguments<'t>, depth: usize) -> Vec<Given> {
        let positional = arguments.positional.iter().map(|argument| Given {
            name: None,
            value: self.value(&argument.value, depth),
            span: argument.span,
        });
        let keywords = arguments.keywords.iter().map(|keyword| Given {
            name: Some((*keyword.name).into()),
            value: self.value(&keyword.value, depth),
            span: keyword.span,
        });
        positional.chain(keywords).collect()
    }
}

/// Does it derive from one of `enum`'s classes?
fn is_enum(class: &Class<'_>) -> bool {
    class.library_bases().any(|base| {
        matches!(base.dotted(), Some("enum.Enum" | "enum.StrEnum" | "enum.IntEnum" | "enum.Flag" | "enum.IntFlag"))
    })
}

/// The arguments of a call.
pub fn of_arguments(arguments: &Arguments<'_>) -> Vec<Given> {
    Copying { columns: None }.given(arguments, DEPTH)
}

/// The arguments of something that is about columns.
pub fn of_arguments_with<'t>(arguments: &Arguments<'t>, columns: &dyn FindColumn<'t>) -> Vec<Given> {
    Copying { columns: Some(columns) }.given(arguments, DEPTH)
}

/// The canonical name of a term that is nothing but a name: `sqlalchemy.Column` for `sa.Column`, `schema.Column`,
/// `sqlmodel.Column` and `db.Column`.
pub fn term_name(term: &Term<'_>) -> Option<String> {
    names::of_term(term).map(|name| name.canonical())
}
