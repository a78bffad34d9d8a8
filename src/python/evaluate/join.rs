//! Bringing the branches of an unknown condition together again.

use std::rc::Rc;

use super::ALTERNATIVES;
use crate::python::value::scope::Binding;
use crate::python::value::{Map, Name, Unknown, Value};
use crate::source::Span;

/// One value that stands for all of `values`.
pub fn join<'t>(values: impl IntoIterator<Item = Value<'t>>, span: Span) -> Value<'t> {
    let mut distinct: Vec<Value<'t>> = Vec::new();
    for value in values {
        for alternative in value.alternatives() {
            if !distinct.iter().any(|known| same(known, alternative)) {
                distinct.push(alternative.clone());
            }
            if distinct.len() > ALTERNATIVES {
                return Value::Unknown(Unknown::new(span, "one of too many values"));
            }
        }
    }
    match distinct.len() {
        0 => Value::None,
        1 => distinct.swap_remove(0),
        _ => Value::OneOf(Rc::new(distinct)),
    }
}

/// Are the two certainly the same value?
pub(super) fn same<'t>(one: &Value<'t>, other: &Value<'t>) -> bool {
    match (one, other) {
        (Value::Unknown(_), Value::Unknown(_)) | (Value::None, Value::None) | (Value::Ellipsis, Value::Ellipsis) => {
            true
        }
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Int(one), Value::Int(other)) => one == other,
        (Value::Float(one), Value::Float(other)) => one == other,
        (Value::Str(one), Value::Str(other)) => one.text == other.text,
        (Value::Path(one), Value::Path(other)) => one == other,
        (Value::Bytes(one), Value::Bytes(other)) => one == other,
        (Value::Builtin(one), Value::Builtin(other)) => one == other,
        (Value::Tuple(one), Value::Tuple(other)) => {
            Rc::ptr_eq(one, other)
                || one.len() == other.len() && one.iter().zip(other.iter()).all(|(one, other)| same(one, other))
        }
        (Value::List(one), Value::List(other)) | (Value::Set(one), Value::Set(other)) => Rc::ptr_eq(one, other),
        (Value::Dict(one), Value::Dict(other)) => Rc::ptr_eq(one, other),
        (Value::Module(one), Value::Module(other)) => Rc::ptr_eq(one, other),
        (Value::Class(one), Value::Class(other)) => Rc::ptr_eq(one, other),
        (Value::Object(one), Value::Object(other)) => Rc::ptr_eq(one, other),
        (Value::Function(one), Value::Function(other)) => Rc::ptr_eq(one, other),
        (Value::Method(a, one), Value::Method(b, other)) => Rc::ptr_eq(one, other) && same(a, b),
        (Value::BuiltinMethod(a), Value::BuiltinMethod(b)) => a.name == b.name && same(&a.of, &b.of),
        (Value::Coroutine(one), Value::Coroutine(other)) => Rc::ptr_eq(one, other),
        (Value::Term(one), Value::Term(other)) => Rc::ptr_eq(one, other),
        _ => false,
    }
}

/// The names after an unknown condition: `before` it, and after each of its branches (`None`: as before).
pub(super) fn join_names<'t>(
    before: Map<Name, Binding<'t>>,
    mut branches: Vec<Option<Map<Name, Binding<'t>>>>,
    span: Span,
) -> Map<Name, Binding<'t>> {
    if branches.len() <= 1 {
        return branches.pop().flatten().unwrap_or(before);
    }
    let changed: Vec<&Map<Name, Binding<'t>>> = branches.iter().flatten().collect();
    // Most names are what they were, at the place where they were.
    let is_as_before = |number: usize, name: &Name, old: &Binding<'t>| {
        changed.iter().all(|branch| {
            branch.get_index(number).is_some_and(|(there, new)| Rc::ptr_eq(there, name) && is_untouched(old, new))
        })
    };
    let mut names: Vec<Name> = Vec::new();
    for (number, (name, old)) in before.iter().enumerate() {
        if !is_as_before(number, name, old) {
            names.push(name.clone());
        }
    }
    let new = names.len();
    for branch in &changed {
        for name in branch.keys() {
            if !before.contains_key(name) && !names[new..].contains(name) {
                names.push(name.clone());
            }
        }
    }
    let mut joined: Vec<(Name, Option<Binding<'t>>)> = Vec::with_capacity(names.len());
    for name in names {
        let after = branches.iter().map(|branch| branch.as_ref().unwrap_or(&before));
        let found: Vec<&Binding<'t>> = after.filter_map(|branch| branch.get(&name)).collect();
        let Some(first) = found.first() else {
            joined.push((name, None));
            continue;
        };
        let everywhere = found.len() == branches.len();
        if everywhere && found.iter().all(|binding| binding.span == first.span && same(&binding.value, &first.value)) {
            joined.push((name, Some((*first).clone())));
            continue;
        }
        // The binding that is newer than the condition is the one to point at.
        let newest =
            found.iter().find(|binding| before.get(&name).is_none_or(|old| old.span != binding.span)).unwrap_or(first);
        let value = join(found.iter().map(|binding| binding.value.clone()), span);
        let certain = everywhere && found.iter().all(|binding| binding.certain);
        joined.push((name, Some(Binding { value, certain, ..(*newest).clone() })));
    }
    let mut after = before;
    for (name, binding) in joined {
        match binding {
            Some(binding) => drop(after.insert(name, binding)),
            None => drop(after.shift_remove(&name)),
        }
    }
    after
}

/// Is it the very same binding, not one to an equal value?
fn is_untouched<'t>(old: &Binding<'t>, new: &Binding<'t>) -> bool {
    let is_value = match (&old.value, &new.value) {
        (Value::Str(old), Value::Str(new)) => old.is(new),
        (Value::Unknown(old), Value::Unknown(new)) => old.span == new.span && Rc::ptr_eq(&old.why, &new.why),
        (Value::Tuple(old), Value::Tuple(new)) | (Value::OneOf(old), Value::OneOf(new)) => Rc::ptr_eq(old, new),
        (Value::Method(..) | Value::BuiltinMethod(..) | Value::Path(_) | Value::Bytes(_), _) => false,
        (old, new) => same(old, new),
    };
    is_value
        && (old.span, old.statement) == (new.span, new.statement)
        && (old.certain, old.only_annotated) == (new.certain, new.only_annotated)
        && old.annotation.map(std::ptr::from_ref) == new.annotation.map(std::ptr::from_ref)
}
