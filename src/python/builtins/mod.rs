//! What Python's own names and types do: calls of built-in functions, methods of built-in values, operators and
//! formatting → values.
//!
//! Everything here is told from tables and small functions over [`Value`]. What can't be told is [`Value::Unknown`]
//! with the place where reading stopped first; texts keep where they came from.

pub mod containers;
pub mod formatting;
pub mod functions;
pub mod operators;
pub mod paths;
pub mod strings;

use std::rc::Rc;

use crate::python::evaluate::{Machine, Outcome};
use crate::python::standard::{enums, pydantic};
use crate::python::value::term::{Argument, Arguments, Keyword, TermKind};
use crate::python::value::text::{Origin, Str};
use crate::python::value::{Dict, Key, List, Name, Unknown, Value};
use crate::source::Span;

pub use formatting::{format_value, percent_format, to_text};
pub use functions::call_builtin;
pub use operators::{binary, compare};

/// The built-in functions, types and constants.
const NAMES: &[&str] = &[
    "Ellipsis",
    "NotImplemented",
    "__build_class__",
    "__debug__",
    "__import__",
    "__loader__",
    "abs",
    "aiter",
    "all",
    "anext",
    "any",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "copyright",
    "credits",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "exit",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "license",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "quit",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
];

/// The built-in exception classes, each with its base.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("BaseException", "object"),
    ("BaseExceptionGroup", "BaseException"),
    ("GeneratorExit", "BaseException"),
    ("KeyboardInterrupt", "BaseException"),
    ("SystemExit", "BaseException"),
    ("Exception", "BaseException"),
    ("ExceptionGroup", "Exception"),
    ("ArithmeticError", "Exception"),
    ("FloatingPointError", "ArithmeticError"),
    ("OverflowError", "ArithmeticError"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("BufferError", "Exception"),
    ("EOFError", "Exception"),
    ("ImportError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("LookupError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("MemoryError", "Exception"),
    ("NameError", "Exception"),
    ("UnboundLocalError", "NameError"),
    ("OSError", "Exception"),
    ("EnvironmentError", "Exception"),
    ("IOError", "Exception"),
    ("BlockingIOError", "OSError"),
    ("ChildProcessError", "OSError"),
    ("ConnectionError", "OSError"),
    ("BrokenPipeError", "ConnectionError"),
    ("ConnectionAbortedError", "ConnectionError"),
    ("ConnectionRefusedError", "ConnectionError"),
    ("ConnectionResetError", "ConnectionError"),
    ("FileExistsError", "OSError"),
    ("FileNotFoundError", "OSError"),
    ("InterruptedError", "OSError"),
    ("IsADirectoryError", "OSError"),
    ("NotADirectoryError", "OSError"),
    ("PermissionError", "OSError"),
    ("ProcessLookupError", "OSError"),
    ("TimeoutError", "OSError"),
    ("ReferenceError", "Exception"),
    ("RuntimeError", "Exception"),
    ("NotImplementedError", "RuntimeError"),
    ("PythonFinalizationError", "RuntimeError"),
    ("RecursionError", "RuntimeError"),
    ("StopAsyncIteration", "Exception"),
    ("StopIteration", "Exception"),
    ("SyntaxError", "Exception"),
    ("IndentationError", "SyntaxError"),
    ("TabError", "IndentationError"),
    ("SystemError", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("UnicodeError", "ValueError"),
    ("UnicodeDecodeError", "UnicodeError"),
    ("UnicodeEncodeError", "UnicodeError"),
    ("UnicodeTranslateError", "UnicodeError"),
    ("Warning", "Exception"),
    ("BytesWarning", "Warning"),
    ("DeprecationWarning", "Warning"),
    ("EncodingWarning", "Warning"),
    ("FutureWarning", "Warning"),
    ("ImportWarning", "Warning"),
    ("PendingDeprecationWarning", "Warning"),
    ("ResourceWarning", "Warning"),
    ("RuntimeWarning", "Warning"),
    ("SyntaxWarning", "Warning"),
    ("UnicodeWarning", "Warning"),
    ("UserWarning", "Warning"),
];

/// More alternatives than this are not followed one by one.
pub const ALTERNATIVES: usize = 8;

/// The built-in of that name, if Python has one.
pub fn builtin_named(name: &str) -> Option<&'static str> {
    NAMES
        .binary_search(&name)
        .ok()
        .map(|at| NAMES[at])
        .or_else(|| EXCEPTIONS.iter().map(|(exception, _)| *exception).find(|exception| *exception == name))
}

/// Is it a built-in exception class?
pub fn is_exception(name: &str) -> bool {
    EXCEPTIONS.iter().any(|(exception, _)| *exception == name)
}

/// Does an `except ancestor` catch `exception`? Both are bare names. An exception that is not built in is taken for a
/// direct subclass of `Exception`.
pub fn exception_is(exception: &str, ancestor: &str) -> bool {
    let ancestor = if matches!(ancestor, "IOError" | "EnvironmentError") { "OSError" } else { ancestor };
    let mut current = if matches!(exception, "IOError" | "EnvironmentError") { "OSError" } else { exception };
    loop {
        if current == ancestor {
            return true;
        }
        match EXCEPTIONS.iter().find(|(name, _)| *name == current) {
            Some((_, base)) => current = base,
            None if current == exception => current = "Exception",
            None => return false,
        }
    }
}

/// The attribute `name` of a built-in value. `None`: it has none that is known here.
pub fn builtin_attribute<'t>(machine: &mut Machine<'t>, of: &Value<'t>, name: &str, span: Span) -> Option<Outcome<'t>> {
    if let Value::Path(path) = of
        && let Some(value) = paths::attribute(machine, path, name, span)
    {
        return Some(Ok(value));
    }
    if let (Value::Builtin(builtin), "__name__" | "__qualname__") = (of, name) {
        return Some(Ok(Value::literal(*builtin, span)));
    }
    if name == "__class__" {
        return functions::type_name(of).map(|name| Ok(Value::Builtin(name)));
    }
    if name == "__doc__" {
        return Some(Ok(Value::unknown(span, "a documentation text")));
    }
    let known = match of {
        Value::Str(_) => strings::METHODS.contains(&name),
        Value::Bytes(_) => strings::BYTES_METHODS.contains(&name),
        Value::List(_) => containers::LIST_METHODS.contains(&name),
        Value::Tuple(_) => containers::TUPLE_METHODS.contains(&name),
        Value::Set(_) => containers::SET_METHODS.contains(&name),
        Value::Dict(_) => containers::DICT_METHODS.contains(&name),
        Value::Path(_) => paths::METHODS.contains(&name),
        Value::Int(_) | Value::Bool(_) | Value::Float(_) => {
            matches!(name, "bit_length" | "is_integer" | "conjugate" | "real" | "imag" | "numerator" | "denominator")
        }
        Value::Builtin("str") => name == "maketrans" || strings::METHODS.contains(&name),
        Value::Builtin("bytes") => name == "fromhex" || strings::BYTES_METHODS.contains(&name),
        Value::Builtin("dict") => name == "fromkeys" || containers::DICT_METHODS.contains(&name),
        Value::Builtin("list") => containers::LIST_METHODS.contains(&name),
        Value::Builtin("tuple") => containers::TUPLE_METHODS.contains(&name),
        Value::Builtin("set" | "frozenset") => containers::SET_METHODS.contains(&name),
        Value::Builtin("int") => matches!(name, "from_bytes" | "bit_length"),
        _ => return None,
    };
    if !known && !name.starts_with("__") {
        return match of {
            // A tuple may be a named one, a text a URL, a list a generator or a deque, a dict a counter.
            Value::Dict(_) if matches!(name, "most_common" | "elements" | "subtract" | "total" | "default_factory") => {
                None
            }
            Value::Dict(_) | Value::Int(_) | Value::Bool(_) | Value::Float(_) => {
                let kind = functions::type_name(of)?;
                let message = format!("'{kind}' object has no attribute '{name}'");
                Some(Err(machine.raised("AttributeError", message, span)))
            }
            _ => None,
        };
    }
    match (of, name) {
        (Value::Int(_), "real" | "numerator") => Some(Ok(of.clone())),
        (Value::Int(_) | Value::Bool(_) | Value::Float(_), "real" | "imag" | "numerator" | "denominator") => {
            Some(Ok(Value::unknown(span, "a part of a number")))
        }
        _ => Some(Ok(Value::method_of(of.clone(), name))),
    }
}

/// `of.name(arguments)` for a built-in value, or `str.lower(text)` where `of` is the type.
pub fn call_method<'t>(
    machine: &mut Machine<'t>,
    of: &Value<'t>,
    name: &str,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Outcome<'t> {
    match of {
        Value::Unknown(_) => Ok(of.clone()),
        Value::OneOf(values) => {
            let results = values.iter().map(|value| call_method(machine, value, name, arguments, span)).collect();
            join_outcomes(results, span)
        }
        Value::List(list) => containers::list_method(machine, list, name, arguments, span),
        Value::Set(set) => containers::set_method(machine, set, name, arguments, span),
        Value::Dict(dict) => containers::dict_method(machine, dict, name, arguments, span),
        Value::Tuple(items) => containers::tuple_method(machine, items, name, arguments, span),
        Value::Str(text) => spread(machine, arguments, span, &mut |machine, arguments| {
            strings::method(machine, text, name, arguments, span)
        }),
        Value::Bytes(bytes) => strings::bytes_method(machine, bytes, name, arguments, span),
        Value::Path(path) => spread(machine, arguments, span, &mut |machine, arguments| {
            paths::method(machine, path, name, arguments, span)
        }),
        Value::Builtin("dict") if name == "fromkeys" => containers::from_keys(machine, arguments, span),
        Value::Builtin(_) => match arguments.positional.split_first() {
            Some((receiver, rest)) => {
                let rest = Rc::new(Arguments {
                    positional: rest.to_vec(),
                    keywords: arguments.keywords.clone(),
                    open: arguments.open,
                });
                match machine.attribute(&receiver.value, name, span)? {
                    Value::BuiltinMethod(method) if !matches!(method.of, Value::Builtin(_)) => {
                        call_method(machine, &method.of, &method.name, &rest, span)
                    }
                    callee => machine.call(&callee, &rest, span),
                }
            }
            None => Ok(Value::unknown(span, format!("a call of `{name}` that can't be read"))),
        },
        Value::Object(object) => Ok(pydantic::call_method(object, name, arguments, span)),
        Value::Int(number) if name == "bit_length" => {
            Ok(Value::Int(64 - i64::from(number.unsigned_abs().leading_zeros())))
        }
        Value::Float(number) if name == "is_integer" => Ok(Value::Bool(number.fract() == 0.0)),
        _ => Ok(Value::unknown(span, format!("the result of `{name}`"))),
    }
}

/// What may be a key, as one. `None`: not hashable on paper.
pub fn key_of(value: &Value<'_>) -> Option<Key> {
    Some(match value {
        Value::None => Key::None,
        Value::Bool(value) => Key::Bool(*value),
        Value::Int(number) => Key::Int(*number),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => Key::Int(*number as i64),
        Value::Str(text) => Key::Str(text.text.clone()),
        Value::Tuple(items) => Key::Tuple(items.iter().map(key_of).collect::<Option<_>>()?),
        Value::Class(class) => Key::Identity(Rc::as_ptr(class) as usize),
        Value::Function(function) => Key::Identity(Rc::as_ptr(function) as usize),
        // A member of `class E(str, Enum)` is its value.
        Value::Object(object) => match object.attributes.borrow().get("value") {
            Some(value) if enums::member(object).is_some() && enums::is_value_like(&object.class) => key_of(value)?,
            _ => Key::Identity(Rc::as_ptr(object) as usize),
        },
        Value::Module(module) => Key::Identity(Rc::as_ptr(module) as usize),
        Value::Builtin(name) => Key::Str(format!("<built-in {name}>").into()),
        Value::Term(term) => match term.dotted() {
            Some(dotted) => Key::Str(format!("<term {dotted}>").into()),
            None => Key::Identity(Rc::as_ptr(term) as usize),
        },
        _ => return None,
    })
}

/// Is it certain which key the value is? What a library gives may equal any.
pub fn is_certain_key(value: &Value<'_>) -> bool {
    match value {
        Value::Term(_) => false,
        Value::Tuple(items) => items.iter().all(is_certain_key),
        _ => true,
    }
}

/// The value that a key stands for. `None`: it stands for a class, function or term.
pub fn value_of_key<'t>(key: &Key, span: Span) -> Option<Value<'t>> {
    Some(match key {
        Key::None => Value::None,
        Key::Bool(value) => Value::Bool(*value),
        Key::Int(number) => Value::Int(*number),
        Key::Str(text) => match text.strip_prefix("<built-in ").and_then(|rest| rest.strip_suffix('>')) {
            Some(name) => Value::Builtin(builtin_named(name)?),
            None if text.starts_with("<term ") => return None,
            None => Value::literal(text.clone(), span),
        },
        Key::Tuple(keys) => {
            Value::Tuple(Rc::new(keys.iter().map(|key| value_of_key(key, span)).collect::<Option<_>>()?))
        }
        Key::Identity(_) => return None,
    })
}

/// One value out of several alternatives: equal ones count once, more than [`ALTERNATIVES`] are unknown.
pub fn join<'t>(values: Vec<Value<'t>>, span: Span) -> Value<'t> {
    let mut distinct: Vec<Value<'t>> = Vec::new();
    for value in values.iter().flat_map(Value::alternatives) {
        let is_there = distinct.iter().any(|known| match (known, value) {
            (Value::Unknown(left), Value::Unknown(right)) => left == right,
            (left, right) => operators::is_same(left, right),
        });
        if !is_there {
            distinct.push(value.clone());
        }
    }
    match distinct.len() {
        0 => Value::unknown(span, "no value on any path"),
        1 => distinct.swap_remove(0),
        count if count > ALTERNATIVES => Value::unknown(span, "too many alternatives"),
        _ => Value::OneOf(Rc::new(distinct)),
    }
}

/// As [`join`], where an exception on some paths only leaves the others.
pub fn join_outcomes<'t>(outcomes: Vec<Outcome<'t>>, span: Span) -> Outcome<'t> {
    let mut values = Vec::new();
    let mut first = None;
    for outcome in outcomes {
        match outcome {
            Ok(value) => values.push(value),
            Err(raised) => first = first.or(Some(raised)),
        }
    }
    match first {
        Some(raised) if values.is_empty() => Err(raised),
        _ => Ok(join(values, span)),
    }
}

/// Applies `what` to each alternative of `value` and joins the results; an unknown one stays what it is.
pub fn each<'t>(value: &Value<'t>, span: Span, mut what: impl FnMut(&Value<'t>) -> Outcome<'t>) -> Outcome<'t> {
    match value {
        Value::Unknown(_) => Ok(value.clone()),
        Value::OneOf(values) => join_outcomes(
            values.iter().map(|value| if value.is_unknown() { Ok(value.clone()) } else { what(value) }).collect(),
            span,
        ),
        value => what(value),
    }
}

/// Calls `what` with arguments that are neither unknown nor one of several: once per combination.
pub fn spread<'t>(
    machine: &mut Machine<'t>,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
    what: &mut dyn FnMut(&mut Machine<'t>, &Rc<Arguments<'t>>) -> Outcome<'t>,
) -> Outcome<'t> {
    if arguments.open {
        return Ok(Value::unknown(span, "arguments that can't be read"));
    }
    if let Some(unknown) = arguments.values().find(|value| matches!(value, Value::Unknown(_))) {
        return Ok(unknown.clone());
    }
    let combinations: usize = arguments.values().map(|value| value.alternatives().len()).product();
    match combinations {
        0 | 1 => what(machine, arguments),
        2..=ALTERNATIVES => {
            let outcomes = (0..combinations).map(|number| {
                let chosen = choose(arguments, number);
                let unknown = chosen.values().find(|value| matches!(value, Value::Unknown(_))).cloned();
                match unknown {
                    Some(unknown) => Ok(unknown),
                    None => what(machine, &Rc::new(chosen)),
                }
            });
            join_outcomes(outcomes.collect(), span)
        }
        _ => Ok(Value::unknown(span, "too many alternatives")),
    }
}

fn choose<'t>(arguments: &Arguments<'t>, mut number: usize) -> Arguments<'t> {
    let mut pick = |value: &Value<'t>| {
        let alternatives = value.alternatives();
        let chosen = alternatives[number % alternatives.len()].clone();
        number /= alternatives.len();
        chosen
    };
    let positional =
        arguments.positional.iter().map(|given| Argument { value: pick(&given.value), span: given.span }).collect();
    let keywords =
        arguments.keywords.iter().map(|given| Keyword { value: pick(&given.value), ..given.clone() }).collect();
    Arguments { positional, keywords, open: arguments.open }
}

/// A text that the code at `span` made from `from`.
pub fn made<'t>(text: impl Into<Name>, span: Span, from: Vec<Origin>) -> Value<'t> {
    Value::Str(Str::new(text, Origin::made(span, from)))
}

/// The origins of the texts in `values`, containers included.
pub fn origins<'v, 't: 'v>(values: impl IntoIterator<Item = &'v Value<'t>>) -> Vec<Origin> {
    let mut found = Vec::new();
    for value in values {
        collect_origins(value, &mut found, 0);
    }
    found
}

fn collect_origins(value: &Value<'_>, found: &mut Vec<Origin>, depth: usize) {
    if depth > 3 || found.len() > 64 {
        return;
    }
    match value {
        Value::Str(text) => found.push(text.origin.clone()),
        Value::Tuple(items) => items.iter().for_each(|item| collect_origins(item, found, depth + 1)),
        Value::List(list) | Value::Set(list) => {
            list.items.borrow().iter().for_each(|item| collect_origins(item, found, depth + 1));
        }
        Value::Dict(dict) => dict.entries.borrow().values().for_each(|item| collect_origins(item, found, depth + 1)),
        Value::Term(term) => {
            if let TermKind::Call(_, arguments) = &term.kind {
                arguments.values().for_each(|item| collect_origins(item, found, depth + 1));
            }
        }
        _ => {}
    }
}

/// A new list.
pub fn list<'t>(items: Vec<Value<'t>>) -> Value<'t> {
    Value::List(Rc::new(List { items: items.into(), open: false.into() }))
}

/// A new list that may hold more or less.
pub fn open_list<'t>(items: Vec<Value<'t>>) -> Value<'t> {
    Value::List(Rc::new(List { items: items.into(), open: true.into() }))
}

/// A new dict.
pub fn dict<'t>(entries: impl IntoIterator<Item = (Key, Value<'t>)>) -> Value<'t> {
    let dict = Dict::default();
    dict.entries.borrow_mut().extend(entries);
    Value::Dict(Rc::new(dict))
}

/// Is it a container that may hold more or less than is known?
pub fn is_open(value: &Value<'_>) -> bool {
    match value {
        Value::List(list) | Value::Set(list) => list.open.get(),
        Value::Dict(dict) => dict.open.get(),
        _ => false,
    }
}

/// Positional arguments, all at `span`.
pub fn positional<'t>(values: impl IntoIterator<Item = Value<'t>>, span: Span) -> Rc<Arguments<'t>> {
    let positional = values.into_iter().map(|value| Argument { value, span }).collect();
    Rc::new(Arguments { positional, ..Arguments::default() })
}

/// Why a value is of no use where a plain one is needed: the unknown itself, or words for a library's value.
pub fn why_not<'t>(value: &Value<'t>, span: Span) -> Value<'t> {
    let why: String = match value {
        Value::Unknown(_) => return value.clone(),
        Value::OneOf(values) => match values.iter().find(|value| value.is_unknown()) {
            Some(unknown) => return unknown.clone(),
            None => "depends on a condition".to_owned(),
        },
        Value::Term(term) => match term.root() {
            Some(root) => format!("depends on `{root}`"),
            None => "depends on a library's value".to_owned(),
        },
        Value::Object(object) => format!("depends on an object of `{}`", object.class.name),
        Value::List(_) | Value::Set(_) | Value::Dict(_) => "depends on a container that is not known whole".to_owned(),
        _ => "depends on a value that can't be read".to_owned(),
    };
    Value::Unknown(Unknown::new(span, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_found() {
        assert!(NAMES.is_sorted());
        assert_eq!(builtin_named("len"), Some("len"));
        assert_eq!(builtin_named("KeyError"), Some("KeyError"));
        assert_eq!(builtin_named("Column"), None);
    }

    #[test]
    fn exceptions_inherit() {
        assert!(exception_is("ModuleNotFoundError", "ImportError"));
        assert!(exception_is("KeyError", "Exception"));
        assert!(exception_is("FileNotFoundError", "IOError"));
        assert!(exception_is("InvalidRequestError", "Exception"));
        assert!(!exception_is("SystemExit", "Exception"));
        assert!(!exception_is("KeyError", "ValueError"));
        assert!(!exception_is("InvalidRequestError", "ValueError"));
    }
}
