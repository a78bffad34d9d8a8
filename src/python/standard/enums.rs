//! `enum`: the members of a project's `Enum` class are objects with `name` and `value`.

use std::rc::Rc;

use crate::python::value::Map;

use crate::python::builtins::operators;
use crate::python::dotted::last;
use crate::python::evaluate::{Machine, Outcome, Raised};
use crate::python::library::Library;
use crate::python::value::class::{Class, Identity, Object};
use crate::python::value::term::Arguments;
use crate::python::value::{Name, Value};
use crate::source::Span;

/// The library `enum`.
pub struct Enums;

/// Is it an enumeration?
pub fn is_enum(class: &Class<'_>) -> bool {
    class.library_bases().any(|base| {
        base.is_of("enum")
            && base.dotted().is_some_and(|name| last(name).ends_with("Enum") || last(name).ends_with("Flag"))
    })
}

/// Are its members texts themselves, for `str()` too: `enum.StrEnum`?
pub fn is_text(class: &Class<'_>) -> bool {
    class.library_bases().any(|base| base.is_of("enum") && base.dotted().is_some_and(|name| last(name) == "StrEnum"))
}

/// Are its members equal to their values: `class E(str, Enum)`, `StrEnum`, `IntEnum`?
pub fn is_value_like(class: &Class<'_>) -> bool {
    let mixed = class.inherited.iter().any(|base| matches!(base, Value::Builtin("str" | "int" | "float")));
    mixed
        || class
            .library_bases()
            .any(|base| base.dotted().is_some_and(|name| matches!(last(name), "StrEnum" | "IntEnum")))
}

/// The name of the member that an object is.
pub fn member(object: &Object<'_>) -> Option<Name> {
    if !is_enum(&object.class) {
        return None;
    }
    match object.attributes.borrow().get("name") {
        Some(Value::Str(name)) => Some(name.text.clone()),
        _ => None,
    }
}

/// The members of an enumeration, in order: what `for x in E` sees.
pub fn members<'t>(class: &Rc<Class<'t>>) -> Option<Vec<Value<'t>>> {
    if !is_enum(class) {
        return None;
    }
    let mut found = Vec::new();
    for ancestor in class.ancestors() {
        for binding in ancestor.attributes.borrow().values() {
            match &binding.value {
                Value::Object(object)
                    if member(object).is_some()
                        && !found.iter().any(|known| operators::is_same(known, &binding.value)) =>
                {
                    found.push(binding.value.clone());
                }
                _ => {}
            }
        }
    }
    Some(found)
}

impl<'t> Library<'t> for Enums {
    fn class_defined(&self, machine: &mut Machine<'t>, class: &Rc<Class<'t>>) -> Result<(), Box<Raised<'t>>> {
        let _ = machine;
        if !is_enum(class) {
            return Ok(());
        }
        let mut number = 0;
        let mut made: Vec<(Value<'t>, Value<'t>)> = Vec::new();
        let mut attributes = class.attributes.borrow_mut();
        for (name, binding) in attributes.iter_mut() {
            let is_member = !binding.only_annotated
                && !name.starts_with('_')
                && !matches!(
                    binding.value,
                    Value::Function(_) | Value::Method(..) | Value::Class(_) | Value::Builtin(_) | Value::Object(_)
                );
            if !is_member {
                continue;
            }
            number += 1;
            let value = match &binding.value {
                Value::Term(term) if term.call().is_some_and(|(callee, _)| callee.dotted() == Some("enum.auto")) => {
                    if is_text(class) {
                        Value::literal(name.to_lowercase(), binding.span)
                    } else {
                        Value::Int(number)
                    }
                }
                value => value.clone(),
            };
            if let Some((_, alias)) = made.iter().find(|(known, _)| operators::is_same(known, &value)) {
                binding.value = alias.clone();
                continue;
            }
            let fields: Map<Name, Value<'t>> = [
                ("name".into(), Value::literal(name.clone(), binding.span)),
                ("value".into(), value.clone()),
                ("_name_".into(), Value::literal(name.clone(), binding.span)),
                ("_value_".into(), value.clone()),
            ]
            .into_iter()
            .collect();
            let object = Object {
                id: Identity::next(),
                class: class.clone(),
                attributes: fields.into(),
                library: Default::default(),
                span: binding.span,
            };
            binding.value = Value::Object(Rc::new(object));
            made.push((value, binding.value.clone()));
        }
        Ok(())
    }

    fn class_attribute(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        name: &str,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let _ = machine;
        let members = members(class)?;
        match name {
            "__members__" => Some(Ok(crate::python::builtins::dict(members.into_iter().filter_map(|value| {
                let Value::Object(object) = &value else { return None };
                Some((crate::python::value::Key::Str(member(object)?), value.clone()))
            })))),
            _ => {
                let _ = span;
                None
            }
        }
    }

    fn instantiated(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let members = members(class)?;
        let wanted = arguments.get(0, "value")?;
        if wanted.is_unknown() {
            return Some(Ok(crate::python::builtins::why_not(wanted, span)));
        }
        for value in &members {
            let Value::Object(object) = value else { continue };
            let own = object.attributes.borrow().get("value").cloned()?;
            match operators::equal(&own, wanted) {
                Some(true) => return Some(Ok(value.clone())),
                Some(false) => {}
                None => return Some(Ok(Value::unknown(span, "a member that can't be told"))),
            }
        }
        let shown = crate::python::builtins::formatting::repr(wanted)?;
        let message = format!("{shown} is not a valid {}", class.name);
        Some(Err(machine.raised("ValueError", message, span)))
    }
}
