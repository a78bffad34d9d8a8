//! Expressions.

use std::rc::Rc;

use super::join::join;
use super::{Machine, NESTING, Outcome};
use crate::python::builtins;
use crate::python::value::class::{Binds, Class, Code, Function};
use crate::python::value::scope::Scope;
use crate::python::value::term::{Argument, Arguments, Keyword, TermKind};
use crate::python::value::text::{Origin, Str};
use crate::python::value::{Dict, Key, List, Name, Value, begins_statement};
use crate::source::Span;
use crate::syntax::python::tree;

/// What is done with each item of a comprehension; `false`: only perhaps.
type Body<'b, 't> = &'b mut dyn FnMut(&mut Machine<'t>, bool) -> Result<(), Box<super::Raised<'t>>>;

impl<'t> Machine<'t> {
    /// What `expression` is worth in the scope being executed.
    pub(super) fn eval(&mut self, expression: &'t tree::Expr) -> Outcome<'t> {
        if self.nesting >= NESTING {
            let span = self.at(expression);
            return Ok(self.unknown(span, "nested too deeply"));
        }
        self.nesting += 1;
        let outcome = self.eval_inner(expression);
        self.nesting -= 1;
        outcome
    }

    fn eval_inner(&mut self, expression: &'t tree::Expr) -> Outcome<'t> {
        let span = self.at(expression);
        match expression {
            tree::Expr::NoneLiteral(_) => Ok(Value::None),
            tree::Expr::BooleanLiteral(node) => Ok(Value::Bool(node.value)),
            tree::Expr::EllipsisLiteral(_) => Ok(Value::Ellipsis),
            tree::Expr::NumberLiteral(node) => Ok(match &node.value {
                tree::Number::Int(number) => match number.as_i64() {
                    Some(number) => Value::Int(number),
                    None => self.unknown(span, "a very large number"),
                },
                tree::Number::Float(number) => Value::Float(*number),
                tree::Number::Complex { .. } => self.unknown(span, "a complex number"),
            }),
            tree::Expr::StringLiteral(node) => Ok(Value::literal(node.value.to_str(), span)),
            tree::Expr::BytesLiteral(node) => Ok(Value::Bytes(node.value.bytes().collect::<Vec<u8>>().into())),
            tree::Expr::FString(node) => self.f_string(node, span),
            tree::Expr::Name(node) => self.name(&node.id, span),
            tree::Expr::Attribute(node) => {
                if super::statement::is_globals(&node.value) && node.attr.as_str() != "get" {
                    self.open_module(span);
                }
                let of = self.eval(&node.value)?;
                self.attribute(&of, node.attr.as_str(), span)
            }
            tree::Expr::Subscript(node) => {
                let of = self.eval(&node.value)?;
                if let tree::Expr::Slice(slice) = &*node.slice {
                    return self.slice(&of, slice, span);
                }
                let key = self.eval(&node.slice)?;
                self.item(&of, &key, span)
            }
            tree::Expr::Call(node) => self.call_expression(node, span),
            tree::Expr::Tuple(node) => {
                let (items, open) = self.elements(&node.elts)?;
                Ok(if open { self.unknown(span, "a tuple with unknown parts") } else { Value::Tuple(Rc::new(items)) })
            }
            tree::Expr::List(node) => {
                let (items, open) = self.elements(&node.elts)?;
                Ok(Value::List(Rc::new(List { items: items.into(), open: open.into() })))
            }
            tree::Expr::Set(node) => {
                let (items, open) = self.elements(&node.elts)?;
                Ok(Value::Set(Rc::new(List { items: items.into(), open: open.into() })))
            }
            tree::Expr::Dict(node) => self.dict(node),
            tree::Expr::BoolOp(node) => self.bool_op(node, span),
            tree::Expr::UnaryOp(node) => {
                let value = self.eval(&node.operand)?;
                self.unary(node.op, &value, span)
            }
            tree::Expr::BinOp(node) => {
                let left = self.eval(&node.left)?;
                let right = self.eval(&node.right)?;
                self.binary(node.op.as_str(), &left, &right, span)
            }
            tree::Expr::Compare(node) => {
                let mut left = self.eval(&node.left)?;
                let mut result = Value::Bool(true);
                for (operator, right) in node.ops.iter().zip(&node.comparators) {
                    let right = self.eval(right)?;
                    result = self.compare(operator.as_str(), &left, &right, span);
                    if self.truth(&result) == Some(false) {
                        break;
                    }
                    left = right;
                }
                Ok(result)
            }
            tree::Expr::If(node) => {
                let test = self.eval(&node.test)?;
                match self.truth(&test) {
                    Some(true) => self.eval(&node.body),
                    Some(false) => self.eval(&node.orelse),
                    None => {
                        let body = self.maybe(|machine| machine.eval(&node.body));
                        let orelse = self.maybe(|machine| machine.eval(&node.orelse));
                        match (body, orelse) {
                            (Ok(body), Ok(orelse)) => Ok(join([body, orelse], span)),
                            (Ok(value), Err(_)) | (Err(_), Ok(value)) => Ok(value),
                            (Err(raised), Err(_)) => Err(raised),
                        }
                    }
                }
            }
            tree::Expr::Named(node) => {
                let value = self.eval(&node.value)?;
                self.assign(&node.target, value.clone(), span, None);
                Ok(value)
            }
            tree::Expr::Lambda(node) => self.lambda(node, span),
            tree::Expr::ListComp(node) => self.comprehension(&node.generators, span, |machine| machine.eval(&node.elt)),
            tree::Expr::Generator(node) => {
                self.comprehension(&node.generators, span, |machine| machine.eval(&node.elt))
            }
            tree::Expr::SetComp(node) => {
                let list = self.comprehension(&node.generators, span, |machine| machine.eval(&node.elt))?;
                Ok(if let Value::List(list) = list { Value::Set(list) } else { list })
            }
            tree::Expr::DictComp(node) => self.dict_comprehension(node, span),
            tree::Expr::Await(node) => {
                let value = self.eval(&node.value)?;
                self.await_value(&value, span)
            }
            tree::Expr::Yield(node) => {
                let value = match &node.value {
                    Some(value) => self.eval(value)?,
                    None => Value::None,
                };
                self.place().yielded.push(value);
                Ok(self.unknown(span, "what a generator is sent"))
            }
            tree::Expr::YieldFrom(node) => {
                let value = self.eval(&node.value)?;
                if let Ok(items) = self.iterate(&value, span) {
                    self.place().yielded.extend(items);
                }
                Ok(Value::None)
            }
            tree::Expr::Starred(node) => self.eval(&node.value),
            tree::Expr::TString(_) | tree::Expr::Slice(_) | tree::Expr::IpyEscapeCommand(_) => {
                Ok(self.unknown(span, "an expression that limbeck does not evaluate"))
            }
        }
    }

    /// A name, looked up as Python does: here, in the functions around, in the module, among the built-ins.
    pub(super) fn name(&mut self, name: &str, span: Span) -> Outcome<'t> {
        let innermost = self.scope();
        let mut scope = Some(&innermost);
        let mut open = None;
        while let Some(here) = scope {
            if let Some(value) = here.value_of(name) {
                return Ok(value);
            }
            if let Some(value) = self.import_put_off(here, name) {
                return Ok(value);
            }
            open = open.or_else(|| here.open.borrow().clone());
            scope = here.parent.as_ref();
        }
        let module = self.place().module.clone();
        if let Some(value) = self.own_name(&module, name) {
            return Ok(value);
        }
        if let Some(builtin) = builtins::builtin_named(name) {
            return Ok(Value::Builtin(builtin));
        }
        if let Some(unknown) = open {
            self.touched += 1;
            return Ok(Value::Unknown(unknown));
        }
        if name == "__class__"
            && let Some(class) = self.place().function.as_ref().and_then(|function| function.class.borrow().clone())
        {
            return Ok(Value::Class(class));
        }
        self.fail("NameError", format!("name '{name}' is not defined"), span)
    }

    fn elements(&mut self, elements: &'t [tree::Expr]) -> Result<(Vec<Value<'t>>, bool), Box<super::Raised<'t>>> {
        let mut items = Vec::with_capacity(elements.len());
        let mut open = false;
        for element in elements {
            match element {
                tree::Expr::Starred(starred) => {
                    let value = self.eval(&starred.value)?;
                    let span = self.at(starred);
                    match self.iterate(&value, span) {
                        Ok(more) => items.extend(more),
                        Err(_) => open = true,
                    }
                }
                element => items.push(self.eval(element)?),
            }
        }
        Ok((items, open))
    }

    pub(super) fn new_list(&self, items: Vec<Value<'t>>) -> Value<'t> {
        Value::List(Rc::new(List { items: items.into(), open: false.into() }))
    }

    fn dict(&mut self, node: &'t tree::ExprDict) -> Outcome<'t> {
        let dict = Dict::default();
        for item in &node.items {
            let value = self.eval(&item.value)?;
            match &item.key {
                Some(key) => {
                    let named = self.eval(key)?;
                    match builtins::key_of(&named) {
                        Some(key) => {
                            if let Key::Identity(address) = key {
                                dict.identities.borrow_mut().push((address, named));
                            }
                            dict.entries.borrow_mut().insert(key, value);
                        }
                        None => dict.open.set(true),
                    }
                }
                None => match &value {
                    Value::Dict(other) => {
                        dict.entries.borrow_mut().extend(other.entries.borrow().clone());
                        dict.open.set(dict.open.get() || other.open.get());
                    }
                    _ => dict.open.set(true),
                },
            }
        }
        Ok(Value::Dict(Rc::new(dict)))
    }

    fn bool_op(&mut self, node: &'t tree::ExprBoolOp, span: Span) -> Outcome<'t> {
        let stops_at = matches!(node.op, tree::BoolOp::Or);
        let mut possible = Vec::new();
        for operand in &node.values {
            let value = if possible.is_empty() {
                self.eval(operand)?
            } else {
                match self.maybe(|machine| machine.eval(operand)) {
                    Ok(value) => value,
                    Err(_) => break,
                }
            };
            match self.truth(&value) {
                Some(truth) if truth == stops_at => {
                    possible.push(value);
                    return Ok(join(possible, span));
                }
                Some(_) => {
                    if std::ptr::eq(operand, &node.values[node.values.len() - 1]) {
                        possible.push(value);
                    }
                }
                None => possible.push(value),
            }
        }
        Ok(join(possible, span))
    }

    /// An f-string; one of which only the beginning is known is an operation `format` on that and on what follows.
    fn f_string(&mut self, node: &'t tree::ExprFString, span: Span) -> Outcome<'t> {
        // One text per combination of what the parts may be.
        let mut texts = vec![(String::new(), Vec::new())];
        // The first part that is not known, and the texts before it.
        let mut unknown = None;
        let push = |texts: &mut Vec<(String, Vec<Origin>)>, part: &str| {
            texts.iter_mut().for_each(|(text, _)| text.push_str(part));
        };
        for part in &node.value {
            match part {
                tree::FStringPart::Literal(literal) => push(&mut texts, literal.as_str()),
                tree::FStringPart::FString(inner) => {
                    for element in &inner.elements {
                        match element {
                            tree::InterpolatedStringElement::Literal(literal) => push(&mut texts, &literal.value),
                            tree::InterpolatedStringElement::Interpolation(field) => {
                                let mut value = self.eval(&field.expression)?;
                                if let (Value::Term(term), tree::ConversionFlag::None | tree::ConversionFlag::Str) =
                                    (&value, field.conversion)
                                    && let Some(text) = self.text_of_term(&term.clone(), self.at(&*field.expression))
                                {
                                    value = text;
                                }
                                let spec = self.format_spec(field);
                                let conversion = match field.conversion {
                                    tree::ConversionFlag::Str => Some('s'),
                                    tree::ConversionFlag::Repr => Some('r'),
                                    tree::ConversionFlag::Ascii => Some('a'),
                                    tree::ConversionFlag::None => None,
                                };
                                let formatted = spec.and_then(|spec| {
                                    let values = value.alternatives().iter();
                                    let formatted = values.map(|value| {
                                        let text = builtins::format_value(self, value, &spec, conversion)?;
                                        Some((text, builtins::origins([value])))
                                    });
                                    formatted.collect::<Option<Vec<_>>>()
                                });
                                match formatted {
                                    Some(parts) if texts.len() * parts.len() <= builtins::ALTERNATIVES => {
                                        texts = texts
                                            .iter()
                                            .flat_map(|(text, from)| {
                                                parts.iter().map(move |(part, origins)| {
                                                    (format!("{text}{part}"), [&from[..], origins].concat())
                                                })
                                            })
                                            .collect();
                                    }
                                    _ => unknown = unknown.or_else(|| Some((value, texts.clone()))),
                                }
                                if texts.iter().any(|(text, _)| text.len() > 1 << 16) {
                                    return Ok(self.unknown(span, "a very long text"));
                                }
                            }
                        }
                    }
                }
            }
        }
        match unknown {
            None => Ok(join(texts.into_iter().map(|text| made(text, span)).collect::<Vec<_>>(), span)),
            Some((value, before)) => {
                // The beginning of a URL or of SQL says a lot, whatever follows.
                let tells = before.iter().all(|(text, _)| text.contains("://") || begins_statement(text));
                match value {
                    Value::Unknown(unknown) if !tells => Ok(Value::Unknown(unknown)),
                    value if tells || value.as_term().is_some() => {
                        let values = before
                            .into_iter()
                            .map(|text| self.operation("format", vec![made(text, span), value.clone()], span));
                        Ok(join(values.collect::<Vec<_>>(), span))
                    }
                    _ => Ok(self.unknown(span, "a text with parts that are not known")),
                }
            }
        }
    }

    fn format_spec(&mut self, field: &'t tree::InterpolatedElement) -> Option<String> {
        let mut text = String::new();
        for element in field.format_spec.iter().flat_map(|spec| &spec.elements) {
            match element {
                tree::InterpolatedStringElement::Literal(literal) => text.push_str(&literal.value),
                tree::InterpolatedStringElement::Interpolation(inner) => {
                    let value = self.eval(&inner.expression).ok()?;
                    text.push_str(&builtins::to_text(&value)?);
                }
            }
        }
        Some(text)
    }

    fn lambda(&mut self, node: &'t tree::ExprLambda, span: Span) -> Outcome<'t> {
        let defaults = match &node.parameters {
            Some(parameters) => self.defaults(parameters)?,
            None => Vec::new(),
        };
        let place = self.place();
        let function = Function {
            name: "<lambda>".into(),
            code: Code::Lambda(node),
            module: place.module.clone(),
            scope: place.scope.clone(),
            class: Default::default(),
            defaults,
            decorators: Vec::new(),
            binds: Binds::Instance,
            is_async: false,
            name_span: span,
            span,
        };
        Ok(Value::Function(Rc::new(function)))
    }

    fn comprehension(
        &mut self,
        generators: &'t [tree::Comprehension],
        span: Span,
        mut element: impl FnMut(&mut Self) -> Outcome<'t>,
    ) -> Outcome<'t> {
        let list = List::default();
        let outer = std::mem::take(&mut self.rounds_open);
        let ran = self.in_comprehension(generators, span, &mut |machine, open| {
            if open {
                list.open.set(true);
            }
            let value = element(machine)?;
            list.items.borrow_mut().push(value);
            Ok(())
        });
        let more = std::mem::replace(&mut self.rounds_open, outer);
        ran?;
        if list.open.get() {
            // The items seen stand for others: none of them is certain.
            list.items.borrow_mut().retain(|item| !item.is_unknown());
        }
        if more {
            list.open.set(true);
        }
        Ok(Value::List(Rc::new(list)))
    }

    fn dict_comprehension(&mut self, node: &'t tree::ExprDictComp, span: Span) -> Outcome<'t> {
        let dict = Dict::default();
        self.in_comprehension(&node.generators, span, &mut |machine, open| {
            let key = match &node.key {
                Some(key) => machine.eval(key)?,
                None => Value::None,
            };
            let value = machine.eval(&node.value)?;
            match builtins::key_of(&key).filter(|_| !open && node.key.is_some()) {
                Some(key) => {
                    dict.entries.borrow_mut().insert(key, value);
                }
                None => dict.open.set(true),
            }
            Ok(())
        })?;
        Ok(Value::Dict(Rc::new(dict)))
    }

    /// Runs `body` for every round of the generators; its second argument says whether rounds are not all known.
    fn in_comprehension(
        &mut self,
        generators: &'t [tree::Comprehension],
        span: Span,
        body: Body<'_, 't>,
    ) -> Result<(), Box<super::Raised<'t>>> {
        let place = self.place();
        let (module, file, function) = (place.module.clone(), place.file, place.function.clone());
        let scope = Scope::inside(Some(place.scope.clone()));
        self.enter(scope, module, file, function);
        let result = self.rounds(generators, span, false, body);
        self.leave();
        result
    }

    fn rounds(
        &mut self,
        generators: &'t [tree::Comprehension],
        span: Span,
        open: bool,
        body: Body<'_, 't>,
    ) -> Result<(), Box<super::Raised<'t>>> {
        let Some((generator, rest)) = generators.split_first() else {
            return body(self, open);
        };
        let over = self.eval(&generator.iter)?;
        let (items, all_known) = match self.iterate(&over, span) {
            Ok(items) => (items, true),
            Err(unknown) => (
                vec![match &over {
                    Value::Term(term) => Value::Term(self.term(TermKind::Of("item", term.clone()), span)),
                    _ => Value::Unknown(unknown),
                }],
                false,
            ),
        };
        self.rounds_open |= builtins::is_open(&over) || items.len() > super::ROUNDS;
        'items: for item in items.into_iter().take(super::ROUNDS) {
            if !self.step(span) {
                return Ok(());
            }
            self.assign(&generator.target, item, span, None);
            let mut open = open || !all_known;
            for test in &generator.ifs {
                let test = self.eval(test)?;
                match self.truth(&test) {
                    Some(false) => continue 'items,
                    Some(true) => {}
                    None => open = true,
                }
            }
            if open {
                let _ = self.maybe(|machine| machine.rounds(rest, span, true, body));
            } else {
                self.rounds(rest, span, false, body)?;
            }
        }
        Ok(())
    }

    fn call_expression(&mut self, node: &'t tree::ExprCall, span: Span) -> Outcome<'t> {
        let callee = match &*node.func {
            tree::Expr::Name(name) if name.id == "super" => return self.super_value(node, span),
            tree::Expr::Name(name)
                if matches!(name.id.as_str(), "globals" | "locals" | "vars") && node.arguments.is_empty() =>
            {
                return Ok(self.namespace(name.id.as_str() == "globals"));
            }
            callee => self.eval(callee)?,
        };
        let arguments = self.arguments(&node.arguments)?;
        self.call(&callee, &Rc::new(arguments), span)
    }

    /// The arguments of a call or of a class statement.
    pub(super) fn arguments(&mut self, node: &'t tree::Arguments) -> Result<Arguments<'t>, Box<super::Raised<'t>>> {
        let mut arguments = Arguments {
            positional: Vec::with_capacity(node.args.len()),
            keywords: Vec::with_capacity(node.keywords.len()),
            open: false,
        };
        for argument in &node.args {
            let span = self.at(argument);
            match argument {
                tree::Expr::Starred(starred) => {
                    let value = self.eval(&starred.value)?;
                    match self.iterate(&value, span) {
                        Ok(items) => {
                            arguments.positional.extend(items.into_iter().map(|value| Argument { value, span }));
                        }
                        Err(_) => arguments.open = true,
                    }
                }
                argument => {
                    let value = self.eval(argument)?;
                    arguments.positional.push(Argument { value, span });
                }
            }
        }
        for keyword in &node.keywords {
            let value = self.eval(&keyword.value)?;
            let span = self.at(&keyword.value);
            match &keyword.arg {
                Some(name) => {
                    let whole = self.at(keyword);
                    arguments.keywords.push(Keyword { name: self.shared(name), value, span, whole });
                }
                None => match &value {
                    Value::Dict(dict) => {
                        arguments.open |= dict.open.get();
                        for (key, value) in dict.entries.borrow().iter() {
                            if let crate::python::value::Key::Str(name) = key {
                                let value = value.clone();
                                arguments.keywords.push(Keyword { name: name.clone(), value, span, whole: span });
                            }
                        }
                    }
                    _ => arguments.open = true,
                },
            }
        }
        Ok(arguments)
    }

    fn super_value(&mut self, node: &'t tree::ExprCall, span: Span) -> Outcome<'t> {
        if let [class, receiver] = &node.arguments.args[..] {
            let class = self.eval(class)?;
            let receiver = self.eval(receiver)?;
            return Ok(match class {
                Value::Class(class) => Value::Super(class, Rc::new(receiver)),
                _ => self.unknown(span, "`super` of something that is no class of the project"),
            });
        }
        let function = self.place().function.clone();
        let class = function.as_ref().and_then(|function| function.class.borrow().clone());
        let receiver = function.as_ref().and_then(|function| match function.code {
            Code::Def(def) => def.parameters.iter_non_variadic_params().next(),
            Code::Lambda(_) => None,
        });
        let receiver = receiver.and_then(|parameter| {
            let scope = self.scope();
            let names = scope.names.borrow();
            names.get(parameter.parameter.name.as_str()).map(|binding| binding.value.clone())
        });
        Ok(match (class, receiver) {
            (Some(class), Some(receiver)) => Value::Super(class, Rc::new(receiver)),
            _ => self.unknown(span, "`super()` outside a method"),
        })
    }

    /// The module being executed may have any name from now on.
    pub(super) fn open_module(&mut self, span: Span) {
        let why = "the module changes its own names through `globals()`";
        let scope = self.place().module.scope.clone();
        scope.open.borrow_mut().get_or_insert(crate::python::value::Unknown::new(span, why));
    }

    /// `globals()` and `locals()`: a copy of the names.
    fn namespace(&mut self, global: bool) -> Value<'t> {
        let module = self.place().module.clone();
        self.bind_own_names(&module);
        let scope = if global { module.scope.clone() } else { self.scope() };
        let dict = Dict::default();
        for (name, binding) in scope.names.borrow().iter() {
            dict.entries.borrow_mut().insert(crate::python::value::Key::Str(name.clone()), binding.value.clone());
        }
        Value::Dict(Rc::new(dict))
    }

    /// What an annotation means, in the module of `class`: forward references in quotes too.
    pub fn annotation(&mut self, class: &Rc<Class<'t>>, expression: &'t tree::Expr) -> Value<'t> {
        let module = class.module.clone();
        let Some(file) = module.file else { return Value::None };
        let scope = Scope::inside(Some(class.scope.clone()));
        *scope.names.borrow_mut() = class.attributes.borrow().clone();
        // Inside a class body the class's own names hide the module's only for what is bound before: an annotation
        // names types, so a column of the same name is passed over.
        scope.names.borrow_mut().retain(|_, binding| matches!(binding.value, Value::Class(_)));
        self.enter(scope, module, file, None);
        let value = self.maybe(|machine| machine.eval(expression));
        self.leave();
        value.unwrap_or_else(|raised| {
            let why: Name = format!("{}: {}", raised.exception, raised.message).into();
            Value::Unknown(crate::python::value::Unknown::new(raised.span, why))
        })
    }
}

/// A text that the code at `span` makes, and what it is made from.
fn made<'t>((text, from): (String, Vec<Origin>), span: Span) -> Value<'t> {
    let origin = if from.is_empty() { Origin::Literal(span) } else { Origin::made(span, from) };
    Value::Str(Str::new(text, origin))
}
