//! Class statements and the method resolution order.

use std::rc::Rc;

use super::{Machine, Outcome, Raised};
use crate::python::value::class::{Class, Identity};
use crate::python::value::scope::{Binding, Scope};
use crate::python::value::term::{Arguments, Keyword};
use crate::python::value::{Name, Value};
use crate::source::Span;
use crate::syntax::python::tree;

/// The parts of a class before it is one.
struct Parts<'t> {
    name: Name,
    node: Option<&'t tree::StmtClassDef>,
    span: Span,
    name_span: Span,
    bases: Vec<Value<'t>>,
    keywords: Vec<Keyword<'t>>,
    decorators: Vec<Value<'t>>,
    attributes: crate::python::value::Map<Name, Binding<'t>>,
}

impl<'t> Machine<'t> {
    /// `class`
    pub(super) fn define_class(&mut self, node: &'t tree::StmtClassDef) -> Outcome<'t> {
        let mut decorators = Vec::new();
        for decorator in &node.decorator_list {
            decorators.push(self.eval(&decorator.expression)?);
        }
        // `class A[T](Base[T])`
        for parameter in node.type_params.iter().flat_map(|parameters| &parameters.type_params) {
            let (name, span) = (parameter.name(), self.at(parameter));
            let known = self.scope().names.borrow().contains_key(name.as_str());
            if !known {
                let term = self.name_term("typing.TypeVar", span);
                self.bind(name, Value::Term(term), span, span, None);
            }
        }
        let arguments = match &node.arguments {
            Some(arguments) => self.arguments(arguments)?,
            None => Arguments::default(),
        };
        let span = self.at(node);
        let mut bases: Vec<Value<'t>> = arguments.positional.into_iter().map(|argument| argument.value).collect();
        if arguments.open {
            bases.push(self.unknown(span, "a base class that is not known"));
        }
        let place = self.place();
        let (module, file) = (place.module.clone(), place.file);
        let scope = Scope::of_class(Some(self.function_parent()));
        self.enter(scope.clone(), module, file, None);
        let ran = self.class_body(&node.body);
        self.leave();
        ran?;
        let parts = Parts {
            name: self.shared(&node.name),
            node: Some(node),
            span,
            name_span: self.at(&node.name),
            bases,
            keywords: arguments.keywords,
            decorators: decorators.clone(),
            attributes: {
                let mut names = scope.names.take();
                names.shrink_to_fit();
                names
            },
        };
        let class = self.make_class(parts)?;
        self.decorate(class, &decorators, span)
    }

    /// Runs a class's statements. What is raised deep in calls rests on more than was read, as in a module: what such a
    /// statement would bind is not known.
    fn class_body(&mut self, body: &'t [tree::Stmt]) -> Result<(), Box<Raised<'t>>> {
        for statement in body {
            let Err(raised) = self.block(std::slice::from_ref(statement)) else { continue };
            let target = match statement {
                tree::Stmt::Assign(node) => node.targets.first(),
                tree::Stmt::AnnAssign(node) => Some(&*node.target),
                _ => None,
            };
            match target {
                Some(tree::Expr::Name(name)) if raised.calls > 0 => {
                    let value = self.unknown(raised.span, &format!("raises {} on paper", raised.exception));
                    let annotation = statement.as_ann_assign_stmt().map(|node| &*node.annotation);
                    let (span, whole) = (self.at(name), self.at(statement));
                    self.bind(&name.id, value, span, whole, annotation);
                }
                _ => return Err(raised),
            }
        }
        Ok(())
    }

    fn function_parent(&mut self) -> Rc<Scope<'t>> {
        let scope = self.scope();
        if scope.is_class { scope.parent.clone().unwrap_or(scope) } else { scope }
    }

    fn make_class(&mut self, parts: Parts<'t>) -> Outcome<'t> {
        let place = self.place();
        let module = place.module.clone();
        let inside = place.function.as_ref().map(|function| format!("{}.<locals>.", function.name)).unwrap_or_default();
        let qualified: Name = format!("{}.{inside}{}", module.name, parts.name).into();
        let scope = self.function_parent();
        let certain = self.is_certain();
        let inherited = linearize(&parts.bases);
        let class = Rc::new_cyclic(|_| Class {
            id: Identity::next(),
            name: parts.name,
            qualified,
            node: parts.node,
            module,
            scope,
            span: parts.span,
            name_span: parts.name_span,
            bases: parts.bases,
            keywords: parts.keywords,
            decorators: parts.decorators,
            inherited,
            attributes: parts.attributes.into(),
            certain,
        });
        for binding in class.attributes.borrow().values() {
            if let Value::Function(function) = &binding.value {
                let mut of = function.class.borrow_mut();
                if of.is_none() {
                    *of = Some(class.clone());
                }
            }
        }
        self.init_subclass(&class);
        for library in self.libraries.clone().iter() {
            match library.class_defined(self, &class) {
                Err(raised) if self.is_certain() => return Err(raised),
                _ => {}
            }
        }
        Ok(Value::Class(class))
    }

    /// A base of the project with `__init_subclass__` hears of the new class.
    fn init_subclass(&mut self, class: &Rc<Class<'t>>) {
        let hook =
            class.ancestors().skip(1).find_map(|base| base.own("__init_subclass__").map(|binding| binding.value));
        if let Some(Value::Function(function)) = hook {
            let arguments = Arguments { keywords: class.keywords.clone(), ..Arguments::default() };
            let method = Value::Method(Rc::new(Value::Class(class.clone())), function);
            let _ = self.call(&method, &Rc::new(arguments), class.span);
        }
    }
}

/// The method resolution order of a class with these bases, without the class itself (C3; where that fails, the bases'
/// orders one after the other). A base that is one of several counts as its first class or term.
fn linearize<'t>(bases: &[Value<'t>]) -> Vec<Value<'t>> {
    let bases: Vec<Value<'t>> = bases.iter().map(|base| one_base(base)).collect();
    let line = |base: &Value<'t>| match base {
        Value::Class(class) => class.mro(),
        other => vec![other.clone()],
    };
    if let [only] = &bases[..] {
        return line(only);
    }
    let mut lines: Vec<Vec<Value<'t>>> = bases.iter().map(line).collect();
    lines.push(bases.clone());
    let mut order = Vec::new();
    loop {
        lines.retain(|line| !line.is_empty());
        if lines.is_empty() {
            order.shrink_to_fit();
            return order;
        }
        let head = lines
            .iter()
            .map(|line| &line[0])
            .find(|head| !lines.iter().any(|line| line[1..].iter().any(|other| super::join::same(other, head))))
            .unwrap_or(&lines[0][0])
            .clone();
        for line in &mut lines {
            line.retain(|other| {
                !super::join::same(other, &head)
                    || matches!(other, Value::Unknown(_)) && !matches!(head, Value::Unknown(_))
            });
        }
        order.push(head);
    }
}

fn one_base<'t>(base: &Value<'t>) -> Value<'t> {
    match base {
        Value::OneOf(values) => values
            .iter()
            .find(|value| matches!(value, Value::Class(_) | Value::Term(_)))
            .cloned()
            .unwrap_or_else(|| values[0].clone()),
        Value::Term(term) => match &term.kind {
            // `Generic[T]`, `Repository[User]`: the class without its type arguments.
            crate::python::value::term::TermKind::Item(of, _) => Value::Term(of.clone()),
            _ => base.clone(),
        },
        other => other.clone(),
    }
}
