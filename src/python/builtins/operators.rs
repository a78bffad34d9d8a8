//! Operators and comparisons of built-in values.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::python::builtins::{
    containers, is_open, join_outcomes, key_of, made, origins, paths, percent_format, positional, why_not,
};
use crate::python::evaluate::{Machine, Outcome};
use crate::python::standard::environment::is_default;
use crate::python::value::{List, Value};
use crate::source::Span;

/// Texts and lists longer than this are not made.
const LONGEST: usize = 1 << 14;

/// `left op right`. `None`: not an operation of built-in values (a term or an object takes part).
pub fn binary<'t>(
    machine: &mut Machine<'t>,
    op: &str,
    left: &Value<'t>,
    right: &Value<'t>,
    span: Span,
) -> Option<Outcome<'t>> {
    if op == "%"
        && let (Value::Str(template), Value::Tuple(_) | Value::Dict(_)) = (left, right)
    {
        return Some(percent_format(machine, template, right, span));
    }
    match (left, right) {
        (Value::Unknown(_), _) => return Some(Ok(left.clone())),
        (_, Value::Unknown(_)) => return Some(Ok(right.clone())),
        (Value::OneOf(lefts), _) => {
            let outcomes: Option<Vec<_>> = lefts.iter().map(|left| binary(machine, op, left, right, span)).collect();
            return Some(match outcomes {
                Some(outcomes) => join_outcomes(outcomes, span),
                None => Ok(why_not(left, span)),
            });
        }
        (_, Value::OneOf(rights)) => {
            let outcomes: Option<Vec<_>> = rights.iter().map(|right| binary(machine, op, left, right, span)).collect();
            return Some(match outcomes {
                Some(outcomes) => join_outcomes(outcomes, span),
                None => Ok(why_not(right, span)),
            });
        }
        _ => {}
    }
    let value = match (op, left, right) {
        ("+", Value::Str(a), Value::Str(b)) if a.text.len() + b.text.len() <= LONGEST => {
            made(format!("{}{}", a.text, b.text), span, origins([left, right]))
        }
        ("%", Value::Str(template), _) => return Some(percent_format(machine, template, right, span)),
        ("*", Value::Str(text), times @ (Value::Int(_) | Value::Bool(_)))
        | ("*", times @ (Value::Int(_) | Value::Bool(_)), Value::Str(text)) => {
            let times = usize::try_from(integer(times)?).unwrap_or(0);
            if text.text.len().saturating_mul(times) > LONGEST {
                return Some(Ok(Value::unknown(span, "a very long text")));
            }
            made(text.text.repeat(times), span, vec![text.origin.clone()])
        }
        ("+", Value::Str(_), Value::Str(_)) => Value::unknown(span, "a very long text"),
        ("+", Value::Bytes(a), Value::Bytes(b)) if a.len() + b.len() <= LONGEST => {
            Value::Bytes([&a[..], &b[..]].concat().into())
        }
        ("+", Value::Bytes(_), Value::Bytes(_)) => Value::unknown(span, "very long bytes"),
        ("+", Value::Tuple(a), Value::Tuple(b)) if a.len() + b.len() > LONGEST => {
            Value::unknown(span, "a very long tuple")
        }
        ("+", Value::List(a), Value::List(b)) if a.items.borrow().len() + b.items.borrow().len() > LONGEST => {
            Value::unknown(span, "a very long list")
        }
        ("+", Value::Tuple(a), Value::Tuple(b)) => Value::Tuple(Rc::new(a.iter().chain(b.iter()).cloned().collect())),
        ("+", _, Value::Term(term)) if term.dotted() == Some("sys.path") => {
            return binary(machine, op, left, &search_path(machine, span), span);
        }
        ("+", Value::Term(term), _) if term.dotted() == Some("sys.path") => {
            return binary(machine, op, &search_path(machine, span), right, span);
        }
        ("+", Value::List(a), Value::List(b)) => {
            let items = a.items.borrow().iter().chain(b.items.borrow().iter()).cloned().collect::<Vec<_>>();
            Value::List(Rc::new(List { items: items.into(), open: (a.open.get() || b.open.get()).into() }))
        }
        ("*", Value::List(_) | Value::Tuple(_), Value::Int(times)) => {
            let items = match left {
                Value::Tuple(items) => items.to_vec(),
                Value::List(list) => list.items.borrow().clone(),
                _ => Vec::new(),
            };
            let times = usize::try_from(*times).unwrap_or(0);
            if items.len().saturating_mul(times) > LONGEST {
                return Some(Ok(Value::unknown(span, "a very long list")));
            }
            let many: Vec<_> = std::iter::repeat_n(items, times).flatten().collect();
            match left {
                Value::Tuple(_) => Value::Tuple(Rc::new(many)),
                _ => Value::List(Rc::new(List { items: many.into(), open: is_open(left).into() })),
            }
        }
        ("|" | "&" | "-" | "^", Value::Set(_), Value::Set(_)) | ("|", Value::Dict(_), Value::Dict(_)) => {
            containers::combine(op, left, right)?
        }
        ("/", Value::Path(path), Value::Str(text)) => Value::Path(paths::join(path, &text.text).into()),
        ("/", Value::Path(path), Value::Path(text)) => Value::Path(paths::join(path, text).into()),
        ("/", Value::Str(text), Value::Path(path)) => Value::Path(paths::join(&text.text, path).into()),
        (_, Value::Int(_) | Value::Bool(_) | Value::Float(_), Value::Int(_) | Value::Bool(_) | Value::Float(_)) => {
            return Some(arithmetic(machine, op, left, right, span));
        }
        ("|", Value::Builtin(_) | Value::Class(_) | Value::None, Value::Builtin(_) | Value::Class(_) | Value::None) => {
            return None;
        }
        _ if is_plain(left) && is_plain(right) => {
            let kind = |value| super::functions::type_name(value).unwrap_or("object");
            let message = match (op, left, right) {
                ("+", Value::Str(_), right) => {
                    format!("can only concatenate str (not \"{}\") to str", kind(right))
                }
                _ => format!("unsupported operand type(s) for {op}: '{}' and '{}'", kind(left), kind(right)),
            };
            return Some(Err(machine.raised("TypeError", message, span)));
        }
        _ => return None,
    };
    Some(Ok(value))
}

/// `sys.path` as a list.
fn search_path<'t>(machine: &Machine<'t>, span: Span) -> Value<'t> {
    super::list(machine.search_path.iter().map(|path| Value::literal(paths::on_paper(path), span)).collect())
}

fn is_plain(value: &Value<'_>) -> bool {
    matches!(
        value,
        Value::None
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Str(_)
            | Value::Bytes(_)
            | Value::Tuple(_)
            | Value::List(_)
            | Value::Set(_)
            | Value::Dict(_)
            | Value::Path(_)
    )
}

fn integer(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bool(value) => Some(i64::from(*value)),
        _ => None,
    }
}

fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number),
        value => integer(value).map(|number| number as f64),
    }
}

fn arithmetic<'t>(machine: &mut Machine<'t>, op: &str, left: &Value<'t>, right: &Value<'t>, span: Span) -> Outcome<'t> {
    let too_large = || Ok(Value::unknown(span, "a number that is too large"));
    if matches!(op, "/" | "//" | "%") && number(right) == Some(0.0) {
        return Err(machine.raised("ZeroDivisionError", "division by zero", span));
    }
    if let (Some(a), Some(b)) = (integer(left), integer(right)) {
        if let (Value::Bool(a), Value::Bool(b), "&" | "|" | "^") = (left, right, op) {
            return Ok(Value::Bool(match op {
                "&" => a & b,
                "|" => a | b,
                _ => a ^ b,
            }));
        }
        let result = match op {
            "+" => a.checked_add(b),
            "-" => a.checked_sub(b),
            "*" => a.checked_mul(b),
            "//" => a.checked_div_euclid(b).and_then(|result| {
                // Python rounds towards minus infinity.
                let rest = a.checked_rem_euclid(b)?;
                if b < 0 && rest != 0 { result.checked_sub(1) } else { Some(result) }
            }),
            "%" => a.checked_rem_euclid(b).map(|rest| if b < 0 && rest != 0 { rest + b } else { rest }),
            "**" if b >= 0 => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
            "&" => Some(a & b),
            "|" => Some(a | b),
            "^" => Some(a ^ b),
            "<<" => u32::try_from(b).ok().filter(|b| *b < 62).and_then(|b| a.checked_mul(1 << b)),
            ">>" => u32::try_from(b).ok().map(|b| a >> b.min(63)),
            _ => None,
        };
        if !(op == "/" || op == "**" && b < 0) {
            return result.map_or_else(too_large, |result| Ok(Value::Int(result)));
        }
    }
    let (Some(a), Some(b)) = (number(left), number(right)) else { return too_large() };
    let result = match op {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "//" => (a / b).floor(),
        "%" => a - (a / b).floor() * b,
        "**" => a.powf(b),
        _ => return Ok(Value::unknown(span, "an operation on floating-point numbers")),
    };
    Ok(Value::Float(result))
}

/// `left op right` for `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `not in`, `is`, `is not`. `None`: not decidable.
pub fn compare<'t>(machine: &mut Machine<'t>, op: &str, left: &Value<'t>, right: &Value<'t>) -> Option<bool> {
    if left.is_unknown() || right.is_unknown() {
        return None;
    }
    if let Value::OneOf(values) = left {
        return agreed(values.iter().map(|left| compare(machine, op, left, right)));
    }
    if let (Value::OneOf(values), false) = (right, op.ends_with("in")) {
        return agreed(values.iter().map(|right| compare(machine, op, left, right)));
    }
    // `column == column` is an expression of the library.
    if !op.ends_with("in") && matches!((left, right), (Value::Term(_), Value::Term(_))) {
        return None;
    }
    // What the environment may replace decides nothing.
    let may_differ = |value: &Value<'t>| matches!(value, Value::Str(text) if is_default(&text.origin));
    if !op.starts_with("is") && (may_differ(left) || may_differ(right)) {
        return None;
    }
    match op {
        "==" => equal(left, right),
        "!=" => equal(left, right).map(|result| !result),
        "is" => identical(left, right),
        "is not" => identical(left, right).map(|result| !result),
        "in" => contains(machine, right, left),
        "not in" => contains(machine, right, left).map(|result| !result),
        "<" => order(left, right).map(Ordering::is_lt),
        "<=" => order(left, right).map(Ordering::is_le),
        ">" => order(left, right).map(Ordering::is_gt),
        ">=" => order(left, right).map(Ordering::is_ge),
        _ => None,
    }
}

fn agreed(results: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let results: Option<Vec<bool>> = results.collect();
    let results = results?;
    results.iter().all(|result| *result == results[0]).then(|| results.first().copied()).flatten()
}

/// `left == right`. `None`: not decidable.
pub fn equal<'t>(left: &Value<'t>, right: &Value<'t>) -> Option<bool> {
    equal_within(left, right, &mut { EQUAL_PARTS }, EQUAL_DEPTH)
}

/// More parts than this are not compared: containers can hold the same one over and over.
const EQUAL_PARTS: usize = 100_000;
/// Nor containers deeper than this: they can hold themselves.
const EQUAL_DEPTH: usize = 50;

fn equal_within<'t>(left: &Value<'t>, right: &Value<'t>, parts: &mut usize, depth: usize) -> Option<bool> {
    *parts = parts.checked_sub(1)?;
    let depth = depth.checked_sub(1)?;
    match (left, right) {
        (Value::Unknown(_) | Value::OneOf(_), _) | (_, Value::Unknown(_) | Value::OneOf(_)) => None,
        (Value::Int(_) | Value::Bool(_) | Value::Float(_), Value::Int(_) | Value::Bool(_) | Value::Float(_)) => {
            match (integer(left), integer(right)) {
                (Some(left), Some(right)) => Some(left == right),
                _ => Some(number(left) == number(right)),
            }
        }
        (Value::Str(left), Value::Str(right)) => Some(left.text == right.text),
        (Value::Bytes(left), Value::Bytes(right)) => Some(left == right),
        (Value::Path(left), Value::Path(right)) => Some(left == right),
        (Value::None, Value::None) | (Value::Ellipsis, Value::Ellipsis) => Some(true),
        (Value::Builtin(left), Value::Builtin(right)) => Some(left == right),
        (Value::Tuple(left), Value::Tuple(right)) => all_equal(left, right, parts, depth),
        (Value::List(left), Value::List(right)) if Rc::ptr_eq(left, right) => Some(true),
        (Value::List(left), Value::List(right)) if !left.open.get() && !right.open.get() => {
            all_equal(&left.items.borrow(), &right.items.borrow(), parts, depth)
        }
        (Value::Set(left), Value::Set(right)) if !left.open.get() && !right.open.get() => {
            let (left, right) = (left.items.borrow(), right.items.borrow());
            let found: Result<Vec<bool>, ()> =
                left.iter().map(|item| containers::position(&right, item).map(|at| at.is_some())).collect();
            found.ok().map(|found| left.len() == right.len() && !found.contains(&false))
        }
        (Value::Dict(left), Value::Dict(right)) if !left.open.get() && !right.open.get() => {
            let (left, right) = (left.entries.borrow(), right.entries.borrow());
            if left.len() != right.len() {
                return Some(false);
            }
            let results: Option<Vec<bool>> = left
                .iter()
                .map(|(key, value)| {
                    right.get(key).map_or(Some(false), |other| equal_within(value, other, parts, depth))
                })
                .collect();
            results.map(|results| !results.contains(&false))
        }
        (Value::List(_), Value::List(_)) | (Value::Set(_), Value::Set(_)) | (Value::Dict(_), Value::Dict(_)) => None,
        (Value::Object(left), Value::Object(right)) if Rc::ptr_eq(left, right) => Some(true),
        (Value::Object(object), other) | (other, Value::Object(object)) => {
            use crate::python::standard::enums;
            match (enums::member(object), other) {
                (Some(_), Value::Object(other)) if enums::member(other).is_some() => Some(false),
                (Some(_), other) if enums::is_value_like(&object.class) => {
                    let value = object.attributes.borrow().get("value").cloned()?;
                    equal_within(&value, other, parts, depth)
                }
                (Some(_), _) => Some(false),
                (None, Value::None) if matches!(object.class.lookup("__eq__"), Ok(None)) => Some(false),
                _ => None,
            }
        }
        (Value::Term(left), Value::Term(right)) => {
            let same = Rc::ptr_eq(left, right) || left.dotted().is_some() && left.dotted() == right.dotted();
            same.then_some(true)
        }
        (Value::Term(_), _) | (_, Value::Term(_)) => None,
        (left, right) => Some(is_same(left, right)),
    }
}

fn all_equal<'t>(left: &[Value<'t>], right: &[Value<'t>], parts: &mut usize, depth: usize) -> Option<bool> {
    if left.len() != right.len() {
        return Some(false);
    }
    let mut undecided = false;
    for (left, right) in left.iter().zip(right) {
        match equal_within(left, right, parts, depth) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => undecided = true,
        }
    }
    (!undecided).then_some(true)
}

/// Are both the same thing on paper: equal constants, or one and the same object?
pub fn is_same<'t>(left: &Value<'t>, right: &Value<'t>) -> bool {
    match (left, right) {
        (Value::None, Value::None) | (Value::Ellipsis, Value::Ellipsis) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left), Value::Int(right)) => left == right,
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Str(left), Value::Str(right)) => left.text == right.text,
        (Value::Bytes(left), Value::Bytes(right)) => left == right,
        (Value::Path(left), Value::Path(right)) => left == right,
        (Value::Builtin(left), Value::Builtin(right)) => left == right,
        (Value::Tuple(left), Value::Tuple(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| is_same(left, right))
        }
        (Value::List(left), Value::List(right)) | (Value::Set(left), Value::Set(right)) => Rc::ptr_eq(left, right),
        (Value::Dict(left), Value::Dict(right)) => Rc::ptr_eq(left, right),
        (Value::Class(left), Value::Class(right)) => Rc::ptr_eq(left, right),
        (Value::Function(left), Value::Function(right)) => Rc::ptr_eq(left, right),
        (Value::Method(of, left), Value::Method(other, right)) => Rc::ptr_eq(left, right) && is_same(of, other),
        (Value::Module(left), Value::Module(right)) => Rc::ptr_eq(left, right),
        (Value::Object(left), Value::Object(right)) => Rc::ptr_eq(left, right),
        (Value::Coroutine(left), Value::Coroutine(right)) => Rc::ptr_eq(left, right),
        (Value::Term(left), Value::Term(right)) => {
            Rc::ptr_eq(left, right) || left.dotted().is_some() && left.dotted() == right.dotted()
        }
        _ => false,
    }
}

fn identical<'t>(left: &Value<'t>, right: &Value<'t>) -> Option<bool> {
    match (left, right) {
        (Value::Term(term), Value::None) | (Value::None, Value::Term(term)) => {
            // A name of a library and an instance of a library's class are something.
            let named = term.dotted().or_else(|| term.call().and_then(|(callee, _)| callee.dotted()));
            let last = named.and_then(|name| name.rsplit('.').next()).unwrap_or("");
            let is_class = last.starts_with(|letter: char| letter.is_ascii_uppercase());
            let is_filled = term.fields.get("submodule_search_locations").is_some();
            (term.dotted().is_some() && !term.is_of("alembic") || is_class || is_filled).then_some(false)
        }
        (Value::Term(_), _) | (_, Value::Term(_)) => equal(left, right),
        (Value::Object(_), Value::None) | (Value::None, Value::Object(_)) => Some(false),
        (Value::None | Value::Bool(_) | Value::Ellipsis, _) | (_, Value::None | Value::Bool(_) | Value::Ellipsis) => {
            Some(is_same(left, right))
        }
        (Value::Str(_) | Value::Int(_) | Value::Float(_) | Value::Bytes(_) | Value::Tuple(_), _) => {
            if is_same(left, right) { None } else { Some(false) }
        }
        (left, right) => Some(is_same(left, right)),
    }
}

fn contains<'t>(machine: &mut Machine<'t>, container: &Value<'t>, item: &Value<'t>) -> Option<bool> {
    match container {
        Value::Str(text) => item.as_str().map(|part| text.text.contains(part)),
        Value::Dict(dict) => {
            let key = key_of(item)?;
            match dict.entries.borrow().contains_key(&key) {
                true => Some(true),
                false if dict.open.get() => None,
                false if !super::is_certain_key(item) => None,
                false => Some(false),
            }
        }
        Value::Tuple(items) => containers::position(items, item).ok().map(|at| at.is_some()),
        Value::List(list) | Value::Set(list) => match containers::position(&list.items.borrow(), item) {
            Ok(Some(_)) => Some(true),
            Ok(None) if !list.open.get() => Some(false),
            _ => None,
        },
        Value::Term(_) | Value::Object(_) => {
            let asks_library =
                matches!(container, Value::Term(term) if term.dotted().is_some() || term.attribute().is_some());
            let has_method = matches!(container, Value::Object(object) if matches!(object.class.lookup("__contains__"), Ok(Some(_))));
            if !asks_library && !has_method {
                return None;
            }
            let span = match container {
                Value::Term(term) => term.span,
                Value::Object(object) => object.span,
                _ => return None,
            };
            let method = machine.attribute(container, "__contains__", span).ok()?;
            machine.call(&method, &positional([item.clone()], span), span).ok()?.as_bool()
        }
        _ => None,
    }
}

/// How `left` and `right` compare. `None`: not decidable.
pub fn order<'t>(left: &Value<'t>, right: &Value<'t>) -> Option<Ordering> {
    match (left, right) {
        (Value::Str(left), Value::Str(right)) => Some(left.text.cmp(&right.text)),
        (Value::Path(left), Value::Path(right)) => Some(left.cmp(right)),
        (Value::Bytes(left), Value::Bytes(right)) => Some(left.cmp(right)),
        (Value::Tuple(left), Value::Tuple(right)) => all_order(left, right),
        (Value::List(left), Value::List(right)) if !left.open.get() && !right.open.get() => {
            all_order(&left.items.borrow(), &right.items.borrow())
        }
        (left, right) => match (integer(left), integer(right)) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => number(left)?.partial_cmp(&number(right)?),
        },
    }
}

fn all_order<'t>(left: &[Value<'t>], right: &[Value<'t>]) -> Option<Ordering> {
    for (left, right) in left.iter().zip(right) {
        if equal(left, right)? {
            continue;
        }
        return order(left, right);
    }
    Some(left.len().cmp(&right.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::builtins::open_list;
    use crate::source::FileId;

    fn text(text: &str) -> Value<'static> {
        Value::literal(text, Span::start_of(FileId(0)))
    }

    #[test]
    fn equality_is_pythons_where_it_can_be_told() {
        assert_eq!(equal(&Value::Int(1), &Value::Bool(true)), Some(true));
        assert_eq!(equal(&Value::Int(1), &Value::Float(1.0)), Some(true));
        assert_eq!(equal(&text("a"), &Value::None), Some(false));
        assert_eq!(equal(&text("a"), &Value::unknown(Span::start_of(FileId(0)), "x")), None);
        let open = open_list(vec![Value::Int(1)]);
        assert_eq!(equal(&open, &open.clone()), Some(true));
        assert_eq!(equal(&open, &open_list(vec![Value::Int(1)])), None);
    }

    #[test]
    fn tuples_compare_item_by_item() {
        let version = |numbers: &[i64]| Value::Tuple(Rc::new(numbers.iter().copied().map(Value::Int).collect()));
        assert_eq!(order(&version(&[3, 11, 4]), &version(&[3, 10])), Some(Ordering::Greater));
        assert_eq!(order(&version(&[3, 11]), &version(&[3, 11, 0])), Some(Ordering::Less));
    }
}
