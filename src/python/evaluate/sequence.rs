//! Items and slices of sequences; members of enumerations.

use std::rc::Rc;

use super::join::same;
use crate::python::value::class::Class;
use crate::python::value::text::{Origin, Str};
use crate::python::value::{List, Value};
use crate::source::Span;

/// `"text"[2]`
pub(super) fn string_item<'t>(of: &Value<'t>, key: &Value<'t>, span: Span) -> Option<Value<'t>> {
    let (Value::Str(text), Value::Int(index)) = (of, key) else { return None };
    let chars: Vec<char> = text.text.chars().collect();
    let at = if *index < 0 { index + chars.len() as i64 } else { *index };
    let char = chars.get(usize::try_from(at).ok()?)?;
    Some(Value::Str(Str::new(char.to_string(), Origin::made(span, vec![text.origin.clone()]))))
}

/// `of[low:high:step]` of a string, list or tuple.
pub(super) fn slice<'t>(of: &Value<'t>, bounds: [Option<i64>; 3], span: Span) -> Option<Value<'t>> {
    if let Value::Str(text) = of {
        let chars: Vec<char> = text.text.chars().collect();
        let picked: String = picks(chars.len(), bounds)?.into_iter().map(|at| chars[at]).collect();
        return Some(Value::Str(Str::new(picked, Origin::made(span, vec![text.origin.clone()]))));
    }
    let items = of.items()?;
    let picked: Vec<Value<'t>> = picks(items.len(), bounds)?.into_iter().map(|at| items[at].clone()).collect();
    match of {
        Value::Tuple(_) => Some(Value::Tuple(Rc::new(picked))),
        Value::List(_) => Some(Value::List(Rc::new(List { items: picked.into(), open: false.into() }))),
        _ => None,
    }
}

/// The indices that a slice picks of a sequence of `length`, as Python counts.
fn picks(length: usize, [low, high, step]: [Option<i64>; 3]) -> Option<Vec<usize>> {
    let length = length as i64;
    let step = step.unwrap_or(1);
    if step == 0 {
        return None;
    }
    let clamp = |bound: i64, least: i64, most: i64| (if bound < 0 { bound + length } else { bound }).clamp(least, most);
    let mut picked = Vec::new();
    if step > 0 {
        let (mut at, end) =
            (low.map_or(0, |low| clamp(low, 0, length)), high.map_or(length, |high| clamp(high, 0, length)));
        while at < end {
            picked.push(at as usize);
            at += step;
        }
    } else {
        let low = low.map_or(length - 1, |low| clamp(low, -1, length - 1));
        let end = high.map_or(-1, |high| clamp(high, -1, length - 1));
        let mut at = low;
        while at > end {
            picked.push(at as usize);
            at += step;
        }
    }
    Some(picked)
}

/// Is it an `enum.Enum`?
fn is_enum(class: &Class<'_>) -> bool {
    class.library_bases().any(|base| base.dotted().is_some_and(|name| name.starts_with("enum.")))
}

/// The members of an enumeration in order; `None` for another class.
pub(super) fn enum_members<'t>(class: &Rc<Class<'t>>) -> Option<Vec<Value<'t>>> {
    is_enum(class).then(|| {
        class
            .attributes
            .borrow()
            .iter()
            .filter(|(name, binding)| {
                !name.starts_with('_') && !matches!(binding.value, Value::Function(_)) && !binding.only_annotated
            })
            .map(|(_, binding)| binding.value.clone())
            .collect()
    })
}

/// `Color["RED"]`
pub(super) fn enum_member<'t>(class: &Rc<Class<'t>>, key: &Value<'t>) -> Option<Value<'t>> {
    is_enum(class).then(|| class.own(key.as_str()?).map(|binding| binding.value)).flatten()
}

/// `Color(1)`
pub(super) fn enum_by_value<'t>(class: &Rc<Class<'t>>, value: &Value<'t>) -> Option<Value<'t>> {
    enum_members(class)?.into_iter().find(|member| match member {
        Value::Object(object) => object.attributes.borrow().get("value").is_some_and(|of| same(of, value)),
        other => same(other, value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_pick_as_python_does() {
        assert_eq!(picks(4, [None, None, None]), Some(vec![0, 1, 2, 3]));
        assert_eq!(picks(4, [Some(-2), None, None]), Some(vec![2, 3]));
        assert_eq!(picks(4, [None, None, Some(-1)]), Some(vec![3, 2, 1, 0]));
        assert_eq!(picks(4, [Some(1), Some(9), Some(2)]), Some(vec![1, 3]));
        assert_eq!(picks(4, [Some(3), Some(1), None]), Some(vec![]));
        assert_eq!(picks(4, [None, None, Some(0)]), None);
    }
}
