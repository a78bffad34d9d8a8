//! Operators, truth, items and iteration.

use std::rc::Rc;

use super::join::{join, same};
use super::{Machine, Outcome, sequence};
use crate::python::builtins;
use crate::python::value::term::TermKind;
use crate::python::value::{Unknown, Value};
use crate::source::Span;
use crate::syntax::python::tree;

impl<'t> Machine<'t> {
    /// Is it true? `None`: not decidable.
    pub fn truth(&mut self, value: &Value<'t>) -> Option<bool> {
        match value {
            Value::None => Some(false),
            Value::Bool(value) => Some(*value),
            Value::Int(value) => Some(*value != 0),
            Value::Float(value) => Some(*value != 0.0),
            Value::Str(text) => Some(!text.text.is_empty()),
            Value::Bytes(bytes) => Some(!bytes.is_empty()),
            Value::Tuple(items) => Some(!items.is_empty()),
            Value::List(list) | Value::Set(list) => match (list.items.borrow().is_empty(), list.open.get()) {
                (empty, false) => Some(!empty),
                (_, true) => None,
            },
            Value::Dict(dict) => match (dict.entries.borrow().is_empty(), dict.open.get()) {
                (empty, false) => Some(!empty),
                (_, true) => None,
            },
            Value::Term(term) => {
                self.touched += 1;
                for library in self.libraries.clone().iter() {
                    if let Some(truth) = library.truth(self, term) {
                        return Some(truth);
                    }
                }
                None
            }
            Value::Unknown(_) | Value::Super(..) => {
                self.touched += 1;
                None
            }
            Value::OneOf(values) => {
                let mut answers = values.iter().map(|value| self.truth(value));
                let first = answers.next()??;
                answers.all(|answer| answer == Some(first)).then_some(first)
            }
            Value::Object(object) => {
                let decides = |name: &str| !matches!(object.class.lookup(name), Ok(None));
                if decides("__bool__") || decides("__len__") || object.class.library_bases().next().is_some() {
                    return None;
                }
                Some(true)
            }
            Value::Ellipsis
            | Value::Path(_)
            | Value::Module(_)
            | Value::Class(_)
            | Value::Function(_)
            | Value::Method(..)
            | Value::Builtin(_)
            | Value::BuiltinMethod(..)
            | Value::Coroutine(_) => Some(true),
        }
    }

    /// `left operator right`
    pub(super) fn binary(
        &mut self,
        operator: &'static str,
        left: &Value<'t>,
        right: &Value<'t>,
        span: Span,
    ) -> Outcome<'t> {
        if let Value::OneOf(values) = left {
            return self.each(values, span, |machine, left| machine.binary(operator, left, right, span));
        }
        if let Value::OneOf(values) = right {
            return self.each(values, span, |machine, right| machine.binary(operator, left, right, span));
        }
        if operator == "+" && right.is_unknown() && (left.begins_url().is_some() || left.begins_statement()) {
            return Ok(self.operation(operator, vec![left.clone(), right.clone()], span));
        }
        if let Some(outcome) = builtins::binary(self, operator, left, right, span) {
            return match outcome {
                Ok(unknown @ Value::Unknown(_)) if operator == "%" && left.begins_statement() => {
                    Ok(self.operation(operator, vec![left.clone(), unknown], span))
                }
                outcome => outcome,
            };
        }
        match (left, right) {
            (Value::Unknown(unknown), _) | (_, Value::Unknown(unknown)) => Ok(Value::Unknown(unknown.clone())),
            (Value::Term(_), _) | (_, Value::Term(_)) => {
                Ok(self.operation(operator, vec![left.clone(), right.clone()], span))
            }
            // `Base | None`, `list["Address"] | None`: types.
            _ if operator == "|" => Ok(self.operation(operator, vec![left.clone(), right.clone()], span)),
            _ => Ok(self.unknown(span, "an operation that limbeck does not evaluate")),
        }
    }

    pub(super) fn unary(&mut self, operator: tree::UnaryOp, value: &Value<'t>, span: Span) -> Outcome<'t> {
        Ok(match (operator, value) {
            (tree::UnaryOp::Not, value) => match (self.truth(value), value) {
                (Some(truth), _) => Value::Bool(!truth),
                (None, Value::Term(_)) => self.operation("not", vec![value.clone()], span),
                (None, _) => self.unknown(span, "depends on a value that is not known"),
            },
            (tree::UnaryOp::USub, Value::Int(number)) => Value::Int(number.wrapping_neg()),
            (tree::UnaryOp::USub, Value::Float(number)) => Value::Float(-number),
            (tree::UnaryOp::UAdd, Value::Int(_) | Value::Float(_)) => value.clone(),
            (tree::UnaryOp::Invert, Value::Int(number)) => Value::Int(!number),
            (operator, Value::Term(_)) => self.operation(operator.as_str(), vec![value.clone()], span),
            (_, Value::Unknown(unknown)) => Value::Unknown(unknown.clone()),
            _ => self.unknown(span, "an operation that limbeck does not evaluate"),
        })
    }

    /// `left operator right`, for a comparison.
    pub(super) fn compare(
        &mut self,
        operator: &'static str,
        left: &Value<'t>,
        right: &Value<'t>,
        span: Span,
    ) -> Value<'t> {
        if let Value::OneOf(values) = left {
            let answers: Vec<_> = values.iter().map(|left| self.compare(operator, left, right, span)).collect();
            return join(answers, span);
        }
        if let Value::OneOf(values) = right {
            let answers: Vec<_> = values.iter().map(|right| self.compare(operator, left, right, span)).collect();
            return join(answers, span);
        }
        if let Some(answer) = self.identity(operator, left, right) {
            return Value::Bool(answer);
        }
        if let Some(answer) = builtins::compare(self, operator, left, right) {
            return Value::Bool(answer);
        }
        match (left, right) {
            (Value::Unknown(unknown), _) | (_, Value::Unknown(unknown)) => {
                self.touched += 1;
                Value::Unknown(unknown.clone())
            }
            (Value::Term(_), _) | (_, Value::Term(_)) => {
                self.touched += 1;
                self.operation(operator, vec![left.clone(), right.clone()], span)
            }
            _ => self.unknown(span, "a comparison that limbeck does not evaluate"),
        }
    }

    fn identity(&mut self, operator: &str, left: &Value<'t>, right: &Value<'t>) -> Option<bool> {
        let is = match operator {
            "is" | "==" => true,
            "is not" | "!=" => false,
            _ => return None,
        };
        let known = |value: &Value<'t>| match value {
            Value::Unknown(_) | Value::OneOf(_) | Value::Super(..) => false,
            // Something importable is not `None`; what a call gives may be.
            Value::Term(term) => term.dotted().is_some() && operator.starts_with("is"),
            _ => true,
        };
        match (left, right) {
            (Value::None, Value::None) => Some(is),
            (Value::None, other) | (other, Value::None) => known(other).then_some(!is),
            (Value::Unknown(_), _) | (_, Value::Unknown(_)) => None,
            (Value::Bool(one), Value::Bool(other)) => Some((one == other) == is),
            (Value::Class(_) | Value::Function(_) | Value::Module(_) | Value::Builtin(_), _) if same(left, right) => {
                Some(is)
            }
            (Value::Class(_) | Value::Function(_) | Value::Module(_) | Value::Builtin(_), other) if known(other) => {
                Some(!is)
            }
            _ => None,
        }
    }

    /// An operator on terms: symbolic.
    pub fn operation(&mut self, operator: &'static str, operands: Vec<Value<'t>>, span: Span) -> Value<'t> {
        Value::Term(self.term(TermKind::Operation(operator, operands), span))
    }

    /// The same done with each alternative, joined.
    pub(super) fn each(
        &mut self,
        values: &[Value<'t>],
        span: Span,
        mut what: impl FnMut(&mut Self, &Value<'t>) -> Outcome<'t>,
    ) -> Outcome<'t> {
        let mut results = Vec::new();
        let mut raised = None;
        for value in values {
            match self.maybe(|machine| what(machine, value)) {
                Ok(result) => results.push(result),
                Err(error) => raised = Some(error),
            }
        }
        match (results.is_empty(), raised) {
            (true, Some(raised)) => Err(raised),
            _ => Ok(join(results, span)),
        }
    }

    /// `of[key]`
    pub fn item(&mut self, of: &Value<'t>, key: &Value<'t>, span: Span) -> Outcome<'t> {
        match of {
            Value::OneOf(values) => self.each(values, span, |machine, of| machine.item(of, key, span)),
            Value::Unknown(_) => {
                self.touched += 1;
                Ok(of.clone())
            }
            Value::Term(term) => {
                self.touched += 1;
                for library in self.libraries.clone().iter() {
                    if let Some(outcome) = library.item(self, term, key, span) {
                        return outcome;
                    }
                }
                Ok(Value::Term(self.term(TermKind::Item(term.clone(), Box::new(key.clone())), span)))
            }
            Value::Dict(dict) => {
                let is_symbolic = matches!(key, Value::Term(term) if term.dotted().is_none());
                let Some(known) = builtins::key_of(key).filter(|_| !is_symbolic) else {
                    return Ok(self.unknown(span, "an entry of a dict under a key that is not known"));
                };
                if let Some(value) = dict.entries.borrow().get(&known) {
                    return Ok(value.clone());
                }
                if dict.open.get() || !self.is_certain() || !builtins::is_certain_key(key) {
                    return Ok(self.unknown(span, "an entry of a dict that is not known"));
                }
                let text = builtins::to_text(key).unwrap_or_default();
                let quoted = if matches!(key, Value::Str(_)) { format!("'{text}'") } else { text };
                self.fail("KeyError", quoted, span)
            }
            Value::List(_) | Value::Tuple(_) | Value::Str(_) => match (of.items(), key) {
                (Some(items), Value::Int(index)) => {
                    let at = if *index < 0 { index + items.len() as i64 } else { *index };
                    match usize::try_from(at).ok().and_then(|at| items.get(at)) {
                        Some(item) => Ok(item.clone()),
                        None if self.is_certain() => {
                            let kind = if matches!(of, Value::Tuple(_)) { "tuple" } else { "list" };
                            self.fail("IndexError", format!("{kind} index out of range"), span)
                        }
                        None => Ok(self.unknown(span, "an item that is not known")),
                    }
                }
                _ => Ok(sequence::string_item(of, key, span)
                    .unwrap_or_else(|| self.unknown(span, "an item that is not known"))),
            },
            // `list[int]`, `dict[str, Any]`, `Mapped[str]` of a project class: a type with its arguments.
            Value::Builtin(name) => {
                let term = self.name_term(&format!("builtins.{name}"), span);
                Ok(Value::Term(self.term(TermKind::Item(term, Box::new(key.clone())), span)))
            }
            Value::Class(class) => {
                if let Some(found) = sequence::enum_member(class, key) {
                    return Ok(found);
                }
                Ok(of.clone())
            }
            Value::Object(object) => {
                if matches!(object.class.lookup("__getitem__"), Ok(Some(_))) {
                    let method = self.attribute(of, "__getitem__", span)?;
                    let mut arguments = crate::python::value::term::Arguments::default();
                    arguments.positional.push(crate::python::value::term::Argument { value: key.clone(), span });
                    return self.call(&method, &Rc::new(arguments), span);
                }
                Ok(self.unknown(span, "an item of an object"))
            }
            _ => Ok(self.unknown(span, "an item that is not known")),
        }
    }

    /// `of[key] = value`
    pub fn assign_item(&mut self, of: &Value<'t>, key: &Value<'t>, value: Value<'t>, span: Span) {
        match of {
            Value::Dict(dict) => match builtins::key_of(key) {
                Some(key) => {
                    let certain = self.is_certain();
                    let mut entries = dict.entries.borrow_mut();
                    let joined = match entries.get(&key) {
                        Some(old) if !certain => join([old.clone(), value], span),
                        _ => value,
                    };
                    entries.insert(key, joined);
                }
                None => dict.open.set(true),
            },
            Value::List(list) => match key {
                Value::Int(index) if *index >= 0 && (*index as usize) < list.items.borrow().len() => {
                    list.items.borrow_mut()[*index as usize] = value;
                }
                _ => list.open.set(true),
            },
            Value::Term(term) => {
                for library in self.libraries.clone().iter() {
                    library.item_assigned(self, term, key, &value, span);
                }
            }
            Value::OneOf(values) => {
                for of in values.iter() {
                    self.maybe(|machine| machine.assign_item(of, key, value.clone(), span));
                }
            }
            _ => {}
        }
    }

    /// `of[:] = value`
    pub(super) fn replace_items(&mut self, of: &Value<'t>, value: &Value<'t>, span: Span) {
        let Value::List(list) = of else { return };
        let certain = self.is_certain() && !matches!(value, Value::Unknown(_) | Value::OneOf(_) | Value::Term(_));
        let is_open = matches!(value, Value::List(from) if from.open.get());
        match self.iterate(value, span) {
            Ok(items) if certain => {
                *list.items.borrow_mut() = items;
                list.open.set(is_open);
            }
            _ => list.open.set(true),
        }
    }

    pub(super) fn slice(&mut self, of: &Value<'t>, node: &'t tree::ExprSlice, span: Span) -> Outcome<'t> {
        let mut bounds = [None, None, None];
        for (bound, part) in bounds.iter_mut().zip([&node.lower, &node.upper, &node.step]) {
            if let Some(part) = part {
                match self.eval(part)? {
                    Value::Int(number) => *bound = Some(number),
                    Value::None => {}
                    Value::Unknown(unknown) => return Ok(Value::Unknown(unknown)),
                    _ => return Ok(self.unknown(span, "a slice with bounds that are not known")),
                }
            }
        }
        match of {
            Value::OneOf(values) => self.each(values, span, |machine, of| {
                Ok(sequence::slice(of, bounds, span)
                    .unwrap_or_else(|| machine.unknown(span, "a slice that is not known")))
            }),
            Value::Unknown(_) => Ok(of.clone()),
            Value::Term(term) => Ok(self.operation("slice", vec![Value::Term(term.clone())], span)),
            of => {
                Ok(sequence::slice(of, bounds, span).unwrap_or_else(|| self.unknown(span, "a slice that is not known")))
            }
        }
    }

    /// The items that a `for` over it would see.
    ///
    /// # Errors
    /// Why they can't be told.
    pub fn iterate(&mut self, value: &Value<'t>, span: Span) -> Result<Vec<Value<'t>>, Unknown> {
        let unknown = |why: &str| Unknown::new(span, why);
        match value {
            Value::Tuple(_) => value.items().ok_or_else(|| unknown("its items are not known")),
            Value::List(list) | Value::Set(list) => {
                if list.open.get() && list.items.borrow().is_empty() {
                    self.touched += 1;
                    return Err(unknown("its items are not known"));
                }
                Ok(list.items.borrow().clone())
            }
            Value::Dict(dict) => {
                if dict.open.get() && dict.entries.borrow().is_empty() {
                    self.touched += 1;
                    return Err(unknown("its entries are not known"));
                }
                Ok(dict
                    .entries
                    .borrow()
                    .keys()
                    .map(|key| {
                        builtins::value_of_key(key, span)
                            .unwrap_or_else(|| Value::Unknown(unknown("a key that is a class or function")))
                    })
                    .collect())
            }
            Value::Str(text) => {
                Ok(text.text.chars().take(super::ROUNDS).map(|char| Value::literal(char.to_string(), span)).collect())
            }
            Value::Class(class) => sequence::enum_members(class).ok_or_else(|| unknown("iterates over a class")),
            Value::Object(object) if matches!(object.class.lookup("__iter__"), Ok(Some(_))) => {
                let method = self.attribute(value, "__iter__", span);
                match method.and_then(|method| self.call(&method, &Rc::default(), span)) {
                    Ok(Value::List(list)) => Ok(list.items.borrow().clone()),
                    _ => Err(unknown("its items are not known")),
                }
            }
            Value::Unknown(found) => {
                self.touched += 1;
                Err(found.clone())
            }
            Value::Term(term) if crate::python::standard::unpacked(term).is_some() => {
                Ok(crate::python::standard::unpacked(term).unwrap_or_default())
            }
            Value::Term(term) => {
                let found = self.libraries.clone().iter().find_map(|library| library.items(self, term, span));
                if found.is_none() {
                    self.touched += 1;
                }
                found.ok_or_else(|| unknown("its items are not known"))
            }
            Value::OneOf(values) => {
                let mut all = Vec::new();
                for value in values.iter().filter(|value| !matches!(value, Value::None)) {
                    all.extend(self.iterate(value, span)?);
                }
                Ok(all)
            }
            _ => Err(unknown("its items are not known")),
        }
    }
}
