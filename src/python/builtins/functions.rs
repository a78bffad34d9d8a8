//! Calls of built-in functions and types.

use std::rc::Rc;

use crate::python::builtins::{
    containers, dict, each, exception_is, format_value, is_exception, is_open, join, list, made, open_list, operators,
    origins, positional, spread, to_text, why_not,
};
use crate::python::dotted;
use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::class::Class;
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::python::value::{Dict, Key, Value};
use crate::source::Span;

/// The longest `range` that is counted out.
const RANGE: i64 = 10_000;

/// `name(arguments)` of a built-in.
pub fn call_builtin<'t>(
    machine: &mut Machine<'t>,
    name: &'static str,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Outcome<'t> {
    if is_exception(name) {
        return Ok(symbolic(machine, name, arguments, span));
    }
    let first = arguments.positional.first().map(|argument| argument.value.clone());
    let second = arguments.positional.get(1).map(|argument| argument.value.clone());
    match name {
        "print" | "breakpoint" | "help" => return Ok(Value::None),
        "dict" => return new_dict(machine, arguments, span),
        "object" => return Ok(symbolic(machine, name, arguments, span)),
        "open" | "input" | "property" | "slice" | "memoryview" | "eval" | "exec" | "compile" => {
            return Ok(symbolic(machine, name, arguments, span));
        }
        "classmethod" | "staticmethod" => return Ok(first.unwrap_or(Value::None)),
        "setattr" => {
            if let (Some(of), Some(given), Some(value)) = (&first, &second, arguments.positional.get(2)) {
                for given in given.alternatives() {
                    match given {
                        Value::Str(attribute) => {
                            machine.assign_attribute(of, &attribute.text, value.value.clone(), span);
                        }
                        other => drop(why_not(other, span)),
                    }
                }
            }
            return Ok(Value::None);
        }
        "delattr" => return Ok(Value::None),
        "super" | "globals" | "locals" => return Ok(Value::unknown(span, format!("`{name}()`"))),
        "list" | "tuple" | "set" | "frozenset" | "sorted" | "reversed" | "iter" | "aiter" => {
            let Some(given) = first else { return Ok(empty(name)) };
            return each(&given, span, |given| collection(machine, name, given, arguments, span));
        }
        "next" | "anext" => return next(machine, arguments, span),
        "zip" | "enumerate" | "map" | "filter" => return lazily(machine, name, arguments, span),
        "min" | "max" => return extreme(machine, name, arguments, span),
        "any" | "all" => {
            let Some(given) = first else { return Ok(unread(name, span)) };
            return each(&given, span, |given| quantified(machine, name, given, span));
        }
        "sum" => return sum(machine, arguments, span),
        "callable" => {
            let result = first.as_ref().and_then(|value| match value {
                Value::Function(_) | Value::Method(..) | Value::Builtin(_) | Value::BuiltinMethod(..) => Some(true),
                Value::Class(_) => Some(true),
                Value::Object(object) => {
                    object.class.lookup("__call__").ok().map(|found| found.is_some()).filter(|found| *found)
                }
                Value::Unknown(_) | Value::Term(_) | Value::OneOf(_) => None,
                _ => Some(false),
            });
            return Ok(decided(result, first.as_ref(), span));
        }
        "bool" => {
            let Some(value) = &first else { return Ok(Value::Bool(false)) };
            return Ok(match machine.truth(value) {
                Some(truth) => Value::Bool(truth),
                None => why_not(value, span),
            });
        }
        _ => {}
    }
    if name == "__import__" && !first.as_ref().is_some_and(|name| matches!(name, Value::Str(_))) {
        return Ok(machine.hides_imports(span, "imports a module by a name that can't be told"));
    }
    spread(machine, arguments, span, &mut |machine, arguments| plain(machine, name, arguments, span))
}

/// Built-ins whose arguments are known, each one value.
fn plain<'t>(machine: &mut Machine<'t>, name: &'static str, arguments: &Rc<Arguments<'t>>, span: Span) -> Outcome<'t> {
    let first = arguments.positional.first().map(|argument| argument.value.clone());
    let second = arguments.positional.get(1).map(|argument| argument.value.clone());
    let Some(value) = first.clone() else {
        return Ok(match name {
            "str" => Value::literal("", span),
            "int" => Value::Int(0),
            "float" => Value::Float(0.0),
            "bytes" | "bytearray" => Value::Bytes(Rc::from([])),
            _ => unread(name, span),
        });
    };
    Ok(match (name, &value) {
        ("str", Value::Str(_)) => value,
        ("str", Value::Term(term)) if let Some(text) = machine.text_of_term(term, span) => text,
        ("str", Value::Bytes(bytes)) if second.is_some() => {
            std::str::from_utf8(bytes).map_or_else(|_| unread(name, span), |text| made(text, span, Vec::new()))
        }
        ("str" | "format", value) => {
            let spec = second.as_ref().and_then(Value::as_str).unwrap_or("");
            let conversion = (name == "str").then_some('s');
            match format_value(machine, value, if name == "str" { "" } else { spec }, conversion) {
                Some(text) => made(text, span, origins([value])),
                None if matches!(value, Value::Term(_)) => symbolic(machine, name, arguments, span),
                None => why_not(value, span),
            }
        }
        ("repr" | "ascii", value) => match format_value(machine, value, "", Some('r')) {
            Some(text) => made(text, span, origins([value])),
            None if matches!(value, Value::Term(_)) => symbolic(machine, name, arguments, span),
            None => why_not(value, span),
        },
        ("int", Value::Int(_)) => value,
        ("int", Value::Bool(value)) => Value::Int(i64::from(*value)),
        ("int", Value::Float(number)) if number.abs() < 9e15 => Value::Int(number.trunc() as i64),
        ("int", Value::Str(text)) => {
            let base = match &second {
                Some(Value::Int(base)) => u32::try_from(*base).unwrap_or(10).clamp(2, 36),
                _ => 10,
            };
            let digits = text.text.trim().replace('_', "");
            match i64::from_str_radix(&digits, base) {
                Ok(number) => Value::Int(number),
                Err(_) if digits.len() > 18 => Value::unknown(span, "a number that is too large"),
                Err(_) => {
                    let message = format!("invalid literal for int() with base {base}: '{}'", text.text);
                    return Err(machine.raised("ValueError", message, span));
                }
            }
        }
        ("int" | "float", Value::None | Value::List(_) | Value::Dict(_) | Value::Tuple(_)) => {
            let kind = type_name(&value).unwrap_or("object");
            let message = format!("{name}() argument must be a string or a real number, not '{kind}'");
            return Err(machine.raised("TypeError", message, span));
        }
        ("float", Value::Int(number)) => Value::Float(*number as f64),
        ("float", Value::Float(_)) => value,
        ("float", Value::Str(text)) => match text.text.trim().parse() {
            Ok(number) => Value::Float(number),
            Err(_) => {
                let message = format!("could not convert string to float: '{}'", text.text);
                return Err(machine.raised("ValueError", message, span));
            }
        },
        ("bytes", Value::Str(text)) => Value::Bytes(text.text.as_bytes().into()),
        ("bytes" | "bytearray", Value::Bytes(_)) => value,
        ("len", value) => match length(value) {
            Some(length) => Value::Int(length as i64),
            None => match value {
                Value::None | Value::Int(_) | Value::Bool(_) | Value::Float(_) => {
                    let kind = type_name(value).unwrap_or("object");
                    return Err(machine.raised("TypeError", format!("object of type '{kind}' has no len()"), span));
                }
                Value::Object(object) if matches!(object.class.lookup("__len__"), Ok(Some(_))) => {
                    let method = machine.attribute(value, "__len__", span)?;
                    return machine.call(&method, &Rc::default(), span);
                }
                value => why_not(value, span),
            },
        },
        ("range", _) => return Ok(range(arguments, span)),
        ("abs", Value::Int(number)) => number.checked_abs().map_or_else(|| unread(name, span), Value::Int),
        ("abs", Value::Float(number)) => Value::Float(number.abs()),
        ("round", Value::Int(_)) => value,
        ("round", Value::Float(number)) if second.is_none() => Value::Int(number.round_ties_even() as i64),
        ("chr", Value::Int(number)) => u32::try_from(*number)
            .ok()
            .and_then(char::from_u32)
            .map_or_else(|| unread(name, span), |letter| Value::literal(letter.to_string(), span)),
        ("ord", Value::Str(text)) => {
            text.text.chars().next().map_or_else(|| unread(name, span), |letter| Value::Int(i64::from(letter as u32)))
        }
        ("hex" | "oct" | "bin", value @ Value::Int(_)) => {
            let spec = match name {
                "hex" => "#x",
                "oct" => "#o",
                _ => "#b",
            };
            match format_value(machine, value, spec, None) {
                Some(text) => made(text, span, Vec::new()),
                None => unread(name, span),
            }
        }
        ("divmod", value) => {
            let Some(by) = second else { return Ok(unread(name, span)) };
            let parts: Result<Vec<_>, _> =
                ["//", "%"].into_iter().filter_map(|op| operators::binary(machine, op, value, &by, span)).collect();
            Value::Tuple(Rc::new(parts?))
        }
        ("pow", value) if arguments.positional.len() == 2 => {
            match second.and_then(|by| operators::binary(machine, "**", value, &by, span)) {
                Some(result) => return result,
                None => unread(name, span),
            }
        }
        ("isinstance" | "issubclass", value) => {
            let Some(class) = &second else { return Ok(unread(name, span)) };
            let result = match (name, value) {
                ("isinstance", Value::Term(term)) => {
                    is_instance(value, class).or_else(|| machine.is_instance_of_library(term, class))
                }
                ("isinstance", _) => is_instance(value, class),
                _ => is_subclass(value, class),
            };
            decided(result, Some(value), span)
        }
        ("type", value) if arguments.positional.len() == 1 => match value {
            Value::Object(object) => Value::Class(object.class.clone()),
            Value::Term(_) => symbolic(machine, name, arguments, span),
            value => type_name(value).map_or_else(|| why_not(value, span), Value::Builtin),
        },
        ("hasattr" | "getattr", of) => {
            let Some(Value::Str(attribute)) = &second else {
                return Ok(second.map_or_else(|| unread(name, span), |given| why_not(&given, span)));
            };
            let default = arguments.positional.get(2).map(|argument| argument.value.clone());
            return get_attribute(machine, name, of, &attribute.text, default, span);
        }
        ("vars", of) => match namespace(machine, of) {
            Some(names) => names,
            None => why_not(of, span),
        },
        // What its bases have belongs to it, and private names as Python spells them: `_Class__name`.
        ("dir", Value::Class(_) | Value::Object(_)) => machine.unknown(span, "the names that a class has"),
        ("dir", of) => match namespace(machine, of) {
            Some(Value::Dict(names)) => {
                let mut found: Vec<_> = names.entries.borrow().keys().cloned().collect();
                found.sort_by_key(|key| match key {
                    Key::Str(name) => name.to_string(),
                    _ => String::new(),
                });
                let texts = found.into_iter().filter_map(|key| super::value_of_key(&key, span)).collect();
                if names.open.get() { open_list(texts) } else { list(texts) }
            }
            _ => why_not(of, span),
        },
        ("__import__", Value::Str(dotted)) => {
            let module = machine.import(&dotted.text, span)?;
            let whole = arguments.get(3, "fromlist").is_some_and(|names| machine.truth(names) != Some(false));
            match dotted.text.split_once('.') {
                Some((top, _)) if !whole => return machine.import(top, span),
                _ => module,
            }
        }
        ("id" | "hash", _) => Value::unknown(span, format!("`{name}()` differs from run to run")),
        (_, value) => why_not(value, span),
    })
}

fn unread<'t>(name: &str, span: Span) -> Value<'t> {
    Value::unknown(span, format!("a call of `{name}` that can't be read"))
}

fn decided<'t>(result: Option<bool>, value: Option<&Value<'t>>, span: Span) -> Value<'t> {
    match (result, value) {
        (Some(result), _) => Value::Bool(result),
        (None, Some(value)) => why_not(value, span),
        (None, None) => Value::unknown(span, "a condition that can't be told"),
    }
}

fn symbolic<'t>(machine: &mut Machine<'t>, name: &str, arguments: &Rc<Arguments<'t>>, span: Span) -> Value<'t> {
    let callee = machine.term(TermKind::Name(format!("builtins.{name}").into()), span);
    machine.call_term(&callee, arguments, span)
}

fn empty<'t>(name: &str) -> Value<'t> {
    match name {
        "tuple" => Value::Tuple(Rc::default()),
        "set" | "frozenset" => Value::Set(Rc::default()),
        _ => list(Vec::new()),
    }
}

/// The items of `value`, and whether there may be more.
fn items_of<'t>(machine: &mut Machine<'t>, value: &Value<'t>, span: Span) -> Result<(Vec<Value<'t>>, bool), Value<'t>> {
    match value {
        Value::Object(_) | Value::Class(_) | Value::Term(_) | Value::OneOf(_) | Value::Unknown(_) => {
            machine.iterate(value, span).map(|items| (items, false)).map_err(Value::Unknown)
        }
        value => machine.iterate(value, span).map(|items| (items, is_open(value))).map_err(Value::Unknown),
    }
}

fn collection<'t>(
    machine: &mut Machine<'t>,
    name: &str,
    given: &Value<'t>,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Outcome<'t> {
    let (mut items, open) = match items_of(machine, given, span) {
        Ok(found) => found,
        Err(unknown) if name == "tuple" => return Ok(unknown),
        Err(unknown) if name == "iter" => return Ok(unknown),
        Err(unknown) => return Ok(unknown),
    };
    match name {
        "sorted" => match containers::sorted(machine, items.clone(), arguments, span)? {
            Some(sorted) => items = sorted,
            None => return Ok(if open { open_list(items) } else { list(items) }),
        },
        "reversed" => items.reverse(),
        "tuple" if !open => return Ok(Value::Tuple(Rc::new(items))),
        "set" | "frozenset" => {
            let set = containers::unique(items);
            if let Value::Set(set) = &set {
                set.open.set(open);
            }
            return Ok(set);
        }
        _ => {}
    }
    Ok(if open { open_list(items) } else { list(items) })
}

fn new_dict<'t>(machine: &mut Machine<'t>, arguments: &Rc<Arguments<'t>>, span: Span) -> Outcome<'t> {
    let result = Rc::new(Dict::default());
    for argument in &arguments.positional {
        containers::update(machine, &result, &argument.value, true, span);
    }
    for keyword in &arguments.keywords {
        containers::set_item(&result, Key::Str(keyword.name.clone()), keyword.value.clone(), true);
    }
    if arguments.open {
        result.open.set(true);
    }
    Ok(Value::Dict(result))
}

fn next<'t>(machine: &mut Machine<'t>, arguments: &Rc<Arguments<'t>>, span: Span) -> Outcome<'t> {
    let default = arguments.positional.get(1).map(|argument| argument.value.clone());
    match arguments.positional.first().map(|argument| &argument.value) {
        Some(Value::List(list)) if !list.open.get() => {
            let is_empty = list.items.borrow().is_empty();
            match (is_empty, default) {
                (false, _) => {
                    if !machine.is_certain() {
                        list.open.set(true);
                        return Ok(list.items.borrow()[0].clone());
                    }
                    Ok(list.items.borrow_mut().remove(0))
                }
                (true, Some(default)) => Ok(default),
                (true, None) => Err(machine.raised("StopIteration", "", span)),
            }
        }
        Some(value @ Value::Object(object)) if matches!(object.class.lookup("__next__"), Ok(Some(_))) => {
            let method = machine.attribute(value, "__next__", span)?;
            machine.call(&method, &Rc::default(), span)
        }
        Some(value @ Value::List(_)) => Ok(why_not(value, span)),
        Some(value) => match items_of(machine, value, span) {
            Ok((items, false)) => Ok(items.first().cloned().or(default).unwrap_or_else(|| unread("next", span))),
            Ok(_) => Ok(why_not(value, span)),
            Err(unknown) => Ok(unknown),
        },
        None => Ok(unread("next", span)),
    }
}

fn lazily<'t>(machine: &mut Machine<'t>, name: &str, arguments: &Rc<Arguments<'t>>, span: Span) -> Outcome<'t> {
    let sources = if matches!(name, "map" | "filter") { 1 } else { 0 };
    let count = if name == "enumerate" || name == "filter" { 1 } else { usize::MAX };
    let mut columns = Vec::new();
    let mut open = false;
    for argument in arguments.positional.iter().skip(sources).take(count) {
        match items_of(machine, &argument.value, span) {
            Ok((items, more)) => {
                open |= more;
                columns.push(items);
            }
            Err(unknown) => return Ok(unknown),
        }
    }
    if arguments.open || columns.is_empty() && name != "zip" {
        return Ok(Value::unknown(span, "arguments that can't be read"));
    }
    let callee = arguments.positional.first().map(|argument| argument.value.clone());
    let mut result = Vec::new();
    match name {
        "enumerate" => {
            let start = match arguments.get(1, "start") {
                None => 0,
                Some(Value::Int(start)) => *start,
                Some(other) => return Ok(why_not(other, span)),
            };
            for (number, item) in columns.swap_remove(0).into_iter().enumerate() {
                result.push(Value::Tuple(Rc::new(vec![Value::Int(start + number as i64), item])));
            }
        }
        "filter" => {
            for item in columns.swap_remove(0) {
                let verdict = match &callee {
                    None | Some(Value::None) => item.clone(),
                    Some(callee) => machine.call(callee, &positional([item.clone()], span), span)?,
                };
                match machine.truth(&verdict) {
                    Some(true) => result.push(item),
                    Some(false) => {}
                    None => {
                        open = true;
                        result.push(item);
                    }
                }
            }
        }
        _ => {
            let shortest = columns.iter().map(Vec::len).min().unwrap_or(0);
            for row in 0..shortest {
                let items: Vec<_> = columns.iter().map(|column| column[row].clone()).collect();
                result.push(match (&callee, name) {
                    (Some(callee), "map") => machine.call(callee, &positional(items, span), span)?,
                    _ => Value::Tuple(Rc::new(items)),
                });
            }
        }
    }
    Ok(if open { open_list(result) } else { list(result) })
}

fn extreme<'t>(machine: &mut Machine<'t>, name: &str, arguments: &Rc<Arguments<'t>>, span: Span) -> Outcome<'t> {
    let items = match &arguments.positional[..] {
        [only] => match items_of(machine, &only.value, span) {
            Ok((items, false)) => items,
            Ok(_) => return Ok(why_not(&only.value, span)),
            Err(unknown) => return Ok(unknown),
        },
        many => many.iter().map(|argument| argument.value.clone()).collect(),
    };
    if items.is_empty() {
        return match arguments.keyword("default") {
            Some(default) => Ok(default.value.clone()),
            None => Err(machine.raised("ValueError", format!("{name}() iterable argument is empty"), span)),
        };
    }
    let key = Arguments {
        keywords: arguments.keywords.iter().filter(|keyword| &*keyword.name == "key").cloned().collect(),
        ..Arguments::default()
    };
    match containers::sorted(machine, items.clone(), &key, span)? {
        Some(mut sorted) => Ok(if name == "min" { sorted.swap_remove(0) } else { sorted.pop().unwrap_or(Value::None) }),
        None => Ok(match items.iter().find(|item| item.is_unknown()) {
            Some(unknown) => why_not(unknown, span),
            None => unread(name, span),
        }),
    }
}

fn quantified<'t>(machine: &mut Machine<'t>, name: &str, given: &Value<'t>, span: Span) -> Outcome<'t> {
    let (items, open) = match items_of(machine, given, span) {
        Ok(found) => found,
        Err(unknown) => return Ok(unknown),
    };
    let deciding = name == "any";
    let mut undecided = None;
    for item in &items {
        match machine.truth(item) {
            Some(truth) if truth == deciding => return Ok(Value::Bool(deciding)),
            Some(_) => {}
            None => undecided = undecided.or(Some(why_not(item, span))),
        }
    }
    Ok(match undecided {
        Some(unknown) => unknown,
        None if open => why_not(given, span),
        None => Value::Bool(!deciding),
    })
}

fn sum<'t>(machine: &mut Machine<'t>, arguments: &Rc<Arguments<'t>>, span: Span) -> Outcome<'t> {
    let Some(given) = arguments.get(0, "iterable") else { return Ok(unread("sum", span)) };
    let items = match items_of(machine, given, span) {
        Ok((items, false)) => items,
        Ok(_) => return Ok(why_not(given, span)),
        Err(unknown) => return Ok(unknown),
    };
    let mut total = arguments.get(1, "start").cloned().unwrap_or(Value::Int(0));
    for item in &items {
        total = match operators::binary(machine, "+", &total, item, span) {
            Some(total) => total?,
            None => return Ok(why_not(item, span)),
        };
    }
    Ok(total)
}

fn range<'t>(arguments: &Arguments<'t>, span: Span) -> Value<'t> {
    let numbers: Option<Vec<i64>> = arguments
        .positional
        .iter()
        .map(|argument| match argument.value {
            Value::Int(number) => Some(number),
            _ => None,
        })
        .collect();
    let (start, stop, step) = match numbers.as_deref() {
        Some([stop]) => (0, *stop, 1),
        Some([start, stop]) => (*start, *stop, 1),
        Some([start, stop, step]) if *step != 0 => (*start, *stop, *step),
        _ => return unread("range", span),
    };
    let mut items = Vec::new();
    let mut current = start;
    while if step > 0 { current < stop } else { current > stop } {
        if items.len() as i64 >= RANGE {
            return Value::unknown(span, "a very long range");
        }
        items.push(Value::Int(current));
        current = current.saturating_add(step);
    }
    Value::Tuple(Rc::new(items))
}

/// `len(value)`, where it can be told.
pub fn length(value: &Value<'_>) -> Option<usize> {
    match value {
        Value::Str(text) => Some(text.text.chars().count()),
        Value::Bytes(bytes) => Some(bytes.len()),
        Value::Tuple(items) => Some(items.len()),
        Value::List(list) | Value::Set(list) if !list.open.get() => Some(list.items.borrow().len()),
        Value::Dict(dict) if !dict.open.get() => Some(dict.entries.borrow().len()),
        _ => None,
    }
}

fn get_attribute<'t>(
    machine: &mut Machine<'t>,
    function: &str,
    of: &Value<'t>,
    name: &str,
    default: Option<Value<'t>>,
    span: Span,
) -> Outcome<'t> {
    let found = machine.attribute(of, name, span);
    if function == "getattr" {
        return match (found, default) {
            (Err(raised), Some(default)) if exception_is(&raised.exception, "AttributeError") => Ok(default),
            (Ok(value), Some(default)) if value.is_unknown() && !of.is_unknown() => {
                Ok(join(vec![value, default], span))
            }
            (found, _) => found,
        };
    }
    match found {
        Err(raised) if exception_is(&raised.exception, "AttributeError") => Ok(Value::Bool(false)),
        Err(raised) => Err(raised),
        Ok(_) if matches!(of, Value::Term(_)) => Ok(why_not(of, span)),
        Ok(value) if value.is_unknown() => Ok(why_not(&value, span)),
        Ok(Value::Term(_)) if matches!(of, Value::Class(_) | Value::Object(_)) => Ok(why_not(of, span)),
        Ok(_) => Ok(Value::Bool(true)),
    }
}

/// `vars(of)`: the names of a module, class or object.
fn namespace<'t>(machine: &mut Machine<'t>, of: &Value<'t>) -> Option<Value<'t>> {
    let (entries, open): (Vec<(Key, Value<'t>)>, bool) = match of {
        Value::Module(module) => {
            machine.bind_own_names(module);
            let names = module.scope.names.borrow();
            let entries = names.iter().map(|(name, binding)| (Key::Str(name.clone()), binding.value.clone()));
            (entries.collect(), module.scope.open.borrow().is_some())
        }
        Value::Class(class) => {
            let attributes = class.attributes.borrow();
            let bound = attributes.iter().filter(|(_, binding)| !binding.only_annotated);
            (bound.map(|(name, binding)| (Key::Str(name.clone()), binding.value.clone())).collect(), true)
        }
        Value::Object(object) => {
            let attributes = object.attributes.borrow();
            (attributes.iter().map(|(name, value)| (Key::Str(name.clone()), value.clone())).collect(), false)
        }
        _ => return None,
    };
    let names = dict(entries);
    if let Value::Dict(names) = &names {
        names.open.set(open);
    }
    Some(names)
}

/// The built-in type of a built-in value: `str` of `"x"`.
pub fn type_name(value: &Value<'_>) -> Option<&'static str> {
    Some(match value {
        Value::None => "NoneType",
        Value::Ellipsis => "ellipsis",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::Str(_) => "str",
        Value::Bytes(_) => "bytes",
        Value::Tuple(_) => "tuple",
        Value::List(_) => "list",
        Value::Set(_) => "set",
        Value::Dict(_) => "dict",
        Value::Path(_) => "PosixPath",
        Value::Module(_) => "module",
        Value::Class(_) => "type",
        Value::Builtin(name) if name.starts_with(|letter: char| letter.is_ascii_uppercase()) => "type",
        Value::Builtin(
            "bool" | "bytes" | "dict" | "float" | "frozenset" | "int" | "list" | "object" | "property" | "set" | "str"
            | "tuple" | "type",
        ) => "type",
        Value::Builtin(_) | Value::BuiltinMethod(..) => "builtin_function_or_method",
        Value::Function(_) => "function",
        Value::Method(..) => "method",
        Value::Coroutine(_) => "coroutine",
        Value::Object(_) | Value::Super(..) | Value::Term(_) | Value::Unknown(_) | Value::OneOf(_) => return None,
    })
}

/// What the classes of `collections.abc` and `typing` hold, and the names that the standard library gives built-in
/// types.
const KINDS: &[(&str, &[&str])] = &[
    ("Mapping", &["dict"]),
    ("MutableMapping", &["dict"]),
    ("Sequence", &["list", "tuple", "str", "bytes"]),
    ("MutableSequence", &["list"]),
    ("Iterable", &["list", "tuple", "str", "bytes", "dict", "set"]),
    ("Collection", &["list", "tuple", "str", "bytes", "dict", "set"]),
    ("Sized", &["list", "tuple", "str", "bytes", "dict", "set"]),
    ("Container", &["list", "tuple", "str", "bytes", "dict", "set"]),
    ("Set", &["set"]),
    ("MutableSet", &["set"]),
    ("Callable", &["function", "method", "builtin_function_or_method", "type"]),
    ("Hashable", &["str", "int", "float", "bool", "bytes", "tuple", "NoneType"]),
    ("Coroutine", &["coroutine"]),
    ("Awaitable", &["coroutine"]),
    ("Number", &["int", "float", "bool"]),
    ("Path", &["PosixPath"]),
    ("PurePath", &["PosixPath"]),
    ("PosixPath", &["PosixPath"]),
    ("PathLike", &["PosixPath"]),
    ("ModuleType", &["module"]),
    ("FunctionType", &["function"]),
    ("NoneType", &["NoneType"]),
];

/// `isinstance(value, class)`. `None`: not decidable.
pub fn is_instance<'t>(value: &Value<'t>, class: &Value<'t>) -> Option<bool> {
    match class {
        Value::Tuple(classes) => return any_of(classes.iter().map(|class| is_instance(value, class))),
        Value::Term(term) if union(term).is_some() => {
            return any_of(union(term)?.iter().map(|class| is_instance(value, class)));
        }
        Value::None => return Some(matches!(value, Value::None)),
        Value::Builtin("object") => return Some(true),
        _ => {}
    }
    match (value, class) {
        (Value::Object(object), _) => derives(&object.class, class),
        (Value::Term(term), Value::Builtin(name)) => {
            let (callee, _) = term.call()?;
            let raised = callee.dotted()?.strip_prefix("builtins.")?;
            is_exception(raised).then(|| exception_is(raised, name))
        }
        // A call of a library class gives an instance of that very class.
        (Value::Term(term), Value::Term(class)) => {
            let callee = term.call()?.0.dotted()?;
            let is_class = dotted::last(callee).starts_with(|letter: char| letter.is_ascii_uppercase());
            (is_class && same_library_name(callee, class.dotted()?)).then_some(true)
        }
        (Value::Term(_), Value::Class(_)) => None,
        (value, Value::Builtin(name)) => {
            let kind = type_name(value)?;
            Some(kind == *name || kind == "bool" && *name == "int" || kind == "set" && *name == "frozenset")
                .filter(|found| *found || kind != "set")
                .or((*name != "set" && *name != "frozenset").then_some(false))
        }
        (Value::Class(_), Value::Term(class)) => {
            // Metaclasses: `isinstance(obj, DeclarativeMeta)`.
            (!dotted::last(class.dotted()?).ends_with("Meta") && class.is_of("sqlalchemy")).then_some(false)
        }
        (value, Value::Term(class)) => {
            let kind = type_name(value)?;
            let name = dotted::last(class.dotted()?);
            let is_standard =
                ["typing", "collections", "pathlib", "types", "os", "numbers"].iter().any(|of| class.is_of(of));
            match KINDS.iter().find(|(known, _)| *known == name) {
                Some((_, kinds)) if is_standard => Some(kinds.contains(&kind)),
                _ if class.is_of("sqlalchemy") || class.is_of("enum") || class.is_of("pydantic") => Some(false),
                _ => None,
            }
        }
        (value, Value::Class(_)) => type_name(value).map(|_| false),
        _ => None,
    }
}

/// `issubclass(class, ancestor)`. `None`: not decidable.
pub fn is_subclass<'t>(class: &Value<'t>, ancestor: &Value<'t>) -> Option<bool> {
    match ancestor {
        Value::Tuple(ancestors) => return any_of(ancestors.iter().map(|ancestor| is_subclass(class, ancestor))),
        Value::Term(term) if union(term).is_some() => {
            return any_of(union(term)?.iter().map(|ancestor| is_subclass(class, ancestor)));
        }
        _ => {}
    }
    match (class, ancestor) {
        (_, Value::Builtin("object")) => Some(true),
        (Value::Class(class), ancestor) => derives(class, ancestor),
        (Value::Builtin(class), Value::Builtin(ancestor)) => {
            Some(class == ancestor || is_exception(class) && exception_is(class, ancestor))
        }
        (Value::Builtin(_), Value::Class(_)) => Some(false),
        (Value::Term(class), Value::Term(ancestor)) if class.dotted().is_some() => {
            same_library_name(class.dotted()?, ancestor.dotted()?).then_some(true)
        }
        (Value::Term(class), Value::Class(_)) if class.dotted().is_some() => Some(false),
        _ => None,
    }
}

fn derives<'t>(class: &Rc<Class<'t>>, ancestor: &Value<'t>) -> Option<bool> {
    let mut unread = false;
    for known in &class.mro() {
        match (known, ancestor) {
            (Value::Class(known), Value::Class(ancestor)) if Rc::ptr_eq(known, ancestor) => return Some(true),
            (Value::Builtin(known), Value::Builtin(ancestor)) if known == ancestor => return Some(true),
            (Value::Builtin(known), Value::Builtin(ancestor))
                if is_exception(known) && exception_is(known, ancestor) =>
            {
                return Some(true);
            }
            (Value::Term(known), Value::Term(ancestor)) => match (known.dotted(), ancestor.dotted()) {
                (Some(known), Some(ancestor)) if same_library_name(known, ancestor) => return Some(true),
                _ if Rc::ptr_eq(known, ancestor) => return Some(true),
                (Some("abc.ABC" | "typing.Protocol" | "typing.Generic"), _) => {}
                _ => unread = true,
            },
            // A library class does not derive from a class of the project.
            (Value::Term(_), Value::Class(_)) => {}
            (Value::Term(_), Value::Builtin(_)) | (Value::Unknown(_) | Value::OneOf(_), _) => unread = true,
            _ => {}
        }
    }
    if unread { None } else { Some(false) }
}

fn any_of(results: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut undecided = false;
    for result in results {
        match result {
            Some(true) => return Some(true),
            Some(false) => {}
            None => undecided = true,
        }
    }
    if undecided { None } else { Some(false) }
}

/// The members of `A | B` or `Union[A, B]`.
pub fn union<'t>(term: &Term<'t>) -> Option<Vec<Value<'t>>> {
    match &term.kind {
        TermKind::Operation("|", members) => Some(members.clone()),
        TermKind::Item(of, key) if of.dotted().is_some_and(|name| dotted::last(name) == "Union") => match &**key {
            Value::Tuple(members) => Some(members.to_vec()),
            single => Some(vec![single.clone()]),
        },
        _ => None,
    }
}

/// Do two dotted names mean the same thing of one library: `sqlalchemy.Column`, `sqlalchemy.schema.Column`?
pub fn same_library_name(left: &str, right: &str) -> bool {
    let package = |name: &str| dotted::first(name).to_owned();
    dotted::last(left) == dotted::last(right) && package(left) == package(right)
}

/// The text of `value` as `str()` gives it, with its provenance.
pub fn text_of<'t>(value: &Value<'t>, span: Span) -> Option<Value<'t>> {
    match value {
        Value::Str(_) => Some(value.clone()),
        value => to_text(value).map(|text| made(text, span, origins([value]))),
    }
}
