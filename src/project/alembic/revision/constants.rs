//! Module-level statements → the constants that names hold, as far as that can be said without running anything.
//!
//! Enough for what people write into `down_revision`: literals, names bound above, tuples and lists, concatenation,
//! f-strings, `tuple(…)`, `list(…)`, `str(…)`. The rest is [`Constant::Unknown`] and left to the interpreter.

use rustc_hash::FxHashMap;

use crate::python::dotted;
use crate::source::{FileId, Span};
use crate::syntax::python::{span_of, tree};

/// What a name holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constant {
    /// `None`
    None,
    /// A string, and the expression that gave it.
    Str(String, Span),
    /// A tuple, list or set.
    Many(Vec<Constant>),
    /// Something that certainly is neither: "an integer".
    Other(&'static str, Span),
    /// Not read.
    Unknown(Span, &'static str),
}

impl Constant {
    /// The same value, as if it stood at `span`: what a name gives where it is used.
    fn at(&self, span: Span) -> Constant {
        match self {
            Constant::None => Constant::None,
            Constant::Str(text, _) => Constant::Str(text.clone(), span),
            Constant::Many(items) => Constant::Many(items.iter().map(|item| item.at(span)).collect()),
            Constant::Other(what, _) => Constant::Other(what, span),
            Constant::Unknown(_, why) => Constant::Unknown(span, why),
        }
    }
}

/// The constants of a module, by name, with the value expression of the last binding.
#[derive(Debug)]
pub struct Constants<'m> {
    file: FileId,
    names: FxHashMap<&'m str, (Constant, Span)>,
    /// `from … import *` stands in the module: any name may be bound by it.
    pub open: bool,
}

impl<'m> Constants<'m> {
    /// Reads the module's top-level statements in order.
    pub fn of(file: FileId, module: &'m tree::ModModule) -> Constants<'m> {
        let mut constants = Constants { file, names: FxHashMap::default(), open: false };
        for statement in &module.body {
            constants.statement(statement);
        }
        constants
    }

    /// What `name` holds at the end, and where its value stands.
    pub fn get(&self, name: &str) -> Option<&(Constant, Span)> {
        self.names.get(name)
    }

    /// The names that hold a string, with the places of their values.
    pub fn strings(&self) -> impl Iterator<Item = (&'m str, Span)> {
        let texts = self.names.iter().filter(|(_, (constant, _))| matches!(constant, Constant::Str(..)));
        texts.map(|(name, (_, span))| (*name, *span))
    }

    fn statement(&mut self, statement: &'m tree::Stmt) {
        match statement {
            tree::Stmt::Assign(assign) => {
                let value = self.value(&assign.value);
                for target in &assign.targets {
                    self.bind(target, &value, &assign.value);
                }
            }
            tree::Stmt::AnnAssign(assign) => {
                if let Some(expression) = &assign.value {
                    let value = self.value(expression);
                    self.bind(&assign.target, &value, expression);
                }
            }
            tree::Stmt::AugAssign(assign) => {
                let added = self.value(&assign.value);
                if let tree::Expr::Name(name) = &*assign.target {
                    let span = span_of(self.file, statement);
                    let old =
                        self.names.get(name.id.as_str()).map_or(Constant::Unknown(span, "unbound"), |it| it.0.clone());
                    let value = if assign.op == tree::Operator::Add { sum(old, added, span) } else { unread(span) };
                    self.names.insert(name.id.as_str(), (value, span));
                }
            }
            tree::Stmt::Import(import) => {
                for alias in &import.names {
                    let name = alias
                        .asname
                        .as_ref()
                        .map_or_else(|| dotted::first(alias.name.as_str()), |asname| asname.as_str());
                    self.unread(name, span_of(self.file, alias), "comes from another module");
                }
            }
            tree::Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    if alias.name.as_str() == "*" {
                        self.open = true;
                    }
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    self.unread(name, span_of(self.file, alias), "comes from another module");
                }
            }
            tree::Stmt::FunctionDef(function) => {
                self.unread(function.name.as_str(), span_of(self.file, &function.name), "is a function");
            }
            tree::Stmt::ClassDef(class) => {
                self.unread(class.name.as_str(), span_of(self.file, &class.name), "is a class");
            }
            tree::Stmt::Expr(_) | tree::Stmt::Pass(_) | tree::Stmt::Assert(_) | tree::Stmt::Raise(_) => {}
            compound => {
                let scope = super::names::bindings(std::slice::from_ref(compound));
                self.open |= scope.open;
                for name in scope.names {
                    self.unread(name, span_of(self.file, compound), "is bound on some paths only");
                }
            }
        }
    }

    fn unread(&mut self, name: &'m str, span: Span, why: &'static str) {
        self.names.insert(name, (Constant::Unknown(span, why), span));
    }

    fn bind(&mut self, target: &'m tree::Expr, value: &Constant, expression: &tree::Expr) {
        match target {
            tree::Expr::Name(name) => {
                self.names.insert(name.id.as_str(), (value.clone(), span_of(self.file, expression)));
            }
            tree::Expr::Tuple(tree::ExprTuple { elts, .. }) | tree::Expr::List(tree::ExprList { elts, .. }) => {
                let span = span_of(self.file, expression);
                let items = match value {
                    Constant::Many(items) if items.len() == elts.len() => items.clone(),
                    _ => vec![unread(span); elts.len()],
                };
                for (target, item) in elts.iter().zip(items) {
                    self.bind(target, &item, expression);
                }
            }
            _ => {}
        }
    }

    fn value(&self, expression: &tree::Expr) -> Constant {
        let span = span_of(self.file, expression);
        match expression {
            tree::Expr::NoneLiteral(_) => Constant::None,
            tree::Expr::StringLiteral(literal) => Constant::Str(literal.value.to_str().to_owned(), span),
            tree::Expr::NumberLiteral(number) => match number.value {
                tree::Number::Int(_) => Constant::Other("an integer", span),
                _ => Constant::Other("a number", span),
            },
            tree::Expr::BooleanLiteral(_) => Constant::Other("a boolean", span),
            tree::Expr::BytesLiteral(_) => Constant::Other("bytes", span),
            tree::Expr::EllipsisLiteral(_) => Constant::Other("an ellipsis", span),
            tree::Expr::Dict(_) => Constant::Other("a dict", span),
            tree::Expr::Tuple(tree::ExprTuple { elts, .. })
            | tree::Expr::List(tree::ExprList { elts, .. })
            | tree::Expr::Set(tree::ExprSet { elts, .. }) => self.items(elts),
            tree::Expr::Name(name) => match self.names.get(name.id.as_str()) {
                Some((constant, _)) => constant.at(span),
                None => Constant::Unknown(span, "is not bound above"),
            },
            tree::Expr::BinOp(operation) if operation.op == tree::Operator::Add => {
                sum(self.value(&operation.left), self.value(&operation.right), span)
            }
            tree::Expr::FString(text) => self.f_string(text, span),
            tree::Expr::Call(call) => self.call(call, span),
            tree::Expr::If(_) => Constant::Unknown(span, "depends on a condition"),
            _ => unread(span),
        }
    }

    fn items(&self, elements: &[tree::Expr]) -> Constant {
        let mut items = Vec::with_capacity(elements.len());
        for element in elements {
            match element {
                tree::Expr::Starred(starred) => match self.value(&starred.value) {
                    Constant::Many(inner) => items.extend(inner),
                    _ => items.push(unread(span_of(self.file, starred))),
                },
                element => items.push(self.value(element)),
            }
        }
        Constant::Many(items)
    }

    fn f_string(&self, text: &tree::ExprFString, span: Span) -> Constant {
        let mut joined = String::new();
        for part in &text.value {
            match part {
                tree::FStringPart::Literal(literal) => joined.push_str(literal.as_str()),
                tree::FStringPart::FString(part) => {
                    for element in &part.elements {
                        match element {
                            tree::InterpolatedStringElement::Literal(literal) => joined.push_str(&literal.value),
                            tree::InterpolatedStringElement::Interpolation(inner)
                                if inner.format_spec.is_none()
                                    && inner.debug_text.is_none()
                                    && inner.conversion == tree::ConversionFlag::None =>
                            {
                                match self.value(&inner.expression) {
                                    Constant::Str(text, _) => joined.push_str(&text),
                                    _ => return unread(span),
                                }
                            }
                            tree::InterpolatedStringElement::Interpolation(_) => return unread(span),
                        }
                    }
                }
            }
        }
        Constant::Str(joined, span)
    }

    fn call(&self, call: &tree::ExprCall, span: Span) -> Constant {
        let [argument] = &*call.arguments.args else { return unread(span) };
        if !call.arguments.keywords.is_empty() {
            return unread(span);
        }
        match &*call.func {
            tree::Expr::Name(name) if !self.names.contains_key(name.id.as_str()) => {
                match (name.id.as_str(), self.value(argument)) {
                    ("tuple" | "list" | "set" | "frozenset" | "sorted", Constant::Many(items)) => Constant::Many(items),
                    ("str", Constant::Str(text, _)) => Constant::Str(text, span),
                    _ => unread(span),
                }
            }
            tree::Expr::Attribute(method) if method.attr.as_str() == "join" => {
                let (Constant::Str(between, _), Constant::Many(items)) =
                    (self.value(&method.value), self.value(argument))
                else {
                    return unread(span);
                };
                let texts: Option<Vec<&str>> = items
                    .iter()
                    .map(|item| if let Constant::Str(text, _) = item { Some(text.as_str()) } else { None })
                    .collect();
                texts.map_or_else(|| unread(span), |texts| Constant::Str(texts.join(&between), span))
            }
            _ => unread(span),
        }
    }
}

fn sum(left: Constant, right: Constant, span: Span) -> Constant {
    match (left, right) {
        (Constant::Str(left, _), Constant::Str(right, _)) => Constant::Str(left + &right, span),
        (Constant::Many(mut left), Constant::Many(right)) => {
            left.extend(right);
            Constant::Many(left)
        }
        _ => unread(span),
    }
}

fn unread(span: Span) -> Constant {
    Constant::Unknown(span, "is computed")
}
