//! Methods of `list`, `tuple`, `set` and `dict`.
//!
//! Where the code being executed does not certainly run, a mutation leaves the container open: what is in there may be
//! in there, and more may be.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::python::builtins::{dict, is_certain_key, is_open, join, key_of, operators, value_of_key, why_not};
use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::term::Arguments;
use crate::python::value::{Dict, Key, List, Value};
use crate::source::Span;

/// The methods of `list`.
pub const LIST_METHODS: &[&str] =
    &["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"];
/// The methods of `tuple`.
pub const TUPLE_METHODS: &[&str] = &["count", "index"];
/// The methods of `set` and `frozenset`.
pub const SET_METHODS: &[&str] = &[
    "add",
    "clear",
    "copy",
    "difference",
    "difference_update",
    "discard",
    "intersection",
    "intersection_update",
    "isdisjoint",
    "issubset",
    "issuperset",
    "pop",
    "remove",
    "symmetric_difference",
    "union",
    "update",
];
/// The methods of `dict`.
pub const DICT_METHODS: &[&str] = &[
    "clear",
    "copy",
    "fromkeys",
    "get",
    "items",
    "keys",
    "move_to_end",
    "pop",
    "popitem",
    "setdefault",
    "update",
    "values",
];

/// Lists are not made longer than this.
const LONGEST: usize = 1 << 16;
/// Sets are not made larger than this: each member is compared with the others.
const LARGEST_SET: usize = 1 << 11;

/// `list.name(arguments)`
pub fn list_method<'t>(
    machine: &mut Machine<'t>,
    of: &Rc<List<'t>>,
    name: &str,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Outcome<'t> {
    let certain = machine.is_certain();
    let first = arguments.positional.first().map(|argument| argument.value.clone());
    let open = || of.open.set(true);
    match (name, first) {
        ("append", Some(value)) => {
            of.items.borrow_mut().push(value);
            if !certain {
                open();
            }
        }
        ("extend", Some(value)) => extend(machine, of, &value, certain, span),
        ("insert", Some(at)) => {
            let Some(value) = arguments.get(1, "object").cloned() else { return Ok(Value::None) };
            let mut items = of.items.borrow_mut();
            let count = items.len() as i64;
            let at = match at {
                Value::Int(at) if at < 0 => (count + at).max(0),
                Value::Int(at) => at.min(count),
                _ => {
                    open();
                    count
                }
            };
            items.insert(at as usize, value);
            if !certain {
                open();
            }
        }
        ("remove", Some(value)) => {
            let at = position(&of.items.borrow(), &value);
            match at {
                Ok(Some(at)) if certain => {
                    of.items.borrow_mut().remove(at);
                }
                Ok(None) if !of.open.get() => {
                    return Err(machine.raised("ValueError", "list.remove(x): x not in list", span));
                }
                _ => open(),
            }
        }
        ("pop", at) => return pop(machine, of, at, certain, span),
        ("clear", _) => clear(of, certain),
        ("reverse", _) => of.items.borrow_mut().reverse(),
        ("sort", _) => {
            let items = of.items.borrow().clone();
            if let Some(sorted) = sorted(machine, items, arguments, span)? {
                *of.items.borrow_mut() = sorted;
            }
        }
        ("copy", _) => return Ok(copied(of, Value::List)),
        ("index" | "count", Some(value)) => {
            let items = of.items.borrow().clone();
            return search(machine, &items, of.open.get(), name, &value, span);
        }
        (name, value) => {
            open();
            return Ok(value.map_or_else(|| unread(name, span), |value| why_not(&value, span)));
        }
    }
    Ok(Value::None)
}

/// `tuple.name(arguments)`
pub fn tuple_method<'t>(
    machine: &mut Machine<'t>,
    of: &Rc<Vec<Value<'t>>>,
    name: &str,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Outcome<'t> {
    match arguments.positional.first() {
        Some(value) => search(machine, of, false, name, &value.value, span),
        None => Ok(unread(name, span)),
    }
}

/// `set.name(arguments)`
pub fn set_method<'t>(
    machine: &mut Machine<'t>,
    of: &Rc<List<'t>>,
    name: &str,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Outcome<'t> {
    let certain = machine.is_certain();
    let first = arguments.positional.first().map(|argument| argument.value.clone());
    match (name, first) {
        ("add", Some(value)) => {
            add(of, value);
            if !certain {
                of.open.set(true);
            }
        }
        ("update", _) => {
            for argument in &arguments.positional {
                let given = set_of(machine, &argument.value, span);
                given.items.borrow().iter().for_each(|item| add(of, item.clone()));
                if given.open.get() || !certain {
                    of.open.set(true);
                }
            }
        }
        ("discard" | "remove", Some(value)) => {
            let at = position(&of.items.borrow(), &value);
            match at {
                Ok(Some(at)) if certain => {
                    of.items.borrow_mut().remove(at);
                }
                Ok(None) if !of.open.get() && name == "remove" => {
                    let shown = super::formatting::repr(&value).unwrap_or_default();
                    return Err(machine.raised("KeyError", shown, span));
                }
                Ok(None) => {}
                _ => of.open.set(true),
            }
        }
        ("pop", _) => {
            let value = join(of.items.borrow().clone(), span);
            of.open.set(true);
            return Ok(value);
        }
        ("clear", _) => clear(of, certain),
        ("copy", _) => return Ok(copied(of, Value::Set)),
        ("union" | "difference" | "intersection" | "symmetric_difference", _) => {
            let mut result = Value::Set(copy_of(of));
            for argument in &arguments.positional {
                let given = Value::Set(set_of(machine, &argument.value, span));
                let operator = match name {
                    "union" => "|",
                    "difference" => "-",
                    "intersection" => "&",
                    _ => "^",
                };
                if let Some(combined) = combine(operator, &result, &given) {
                    result = combined;
                }
            }
            return Ok(result);
        }
        ("difference_update" | "intersection_update", Some(value)) => {
            let given = Value::Set(set_of(machine, &value, span));
            let operator = if name == "difference_update" { "-" } else { "&" };
            match combine(operator, &Value::Set(of.clone()), &given) {
                Some(Value::Set(result)) if certain => {
                    let items = result.items.borrow().clone();
                    *of.items.borrow_mut() = items;
                    of.open.set(result.open.get());
                }
                _ => of.open.set(true),
            }
        }
        ("issubset" | "issuperset" | "isdisjoint", Some(value)) => {
            let given = set_of(machine, &value, span);
            if of.open.get() || given.open.get() {
                return Ok(why_not(&Value::Set(of.clone()), span));
            }
            let (own, other) = (of.items.borrow(), given.items.borrow());
            let within = |items: &[Value<'t>], of: &[Value<'t>]| -> Option<Vec<bool>> {
                items.iter().map(|item| position(of, item).ok().map(|at| at.is_some())).collect()
            };
            let result = match name {
                "issubset" => within(&own, &other).map(|found| !found.contains(&false)),
                "issuperset" => within(&other, &own).map(|found| !found.contains(&false)),
                _ => within(&own, &other).map(|found| !found.contains(&true)),
            };
            return Ok(result.map_or_else(|| unread(name, span), Value::Bool));
        }
        (name, value) => {
            of.open.set(true);
            return Ok(value.map_or_else(|| unread(name, span), |value| why_not(&value, span)));
        }
    }
    Ok(Value::None)
}

/// `dict.name(arguments)`
pub fn dict_method<'t>(
    machine: &mut Machine<'t>,
    of: &Rc<Dict<'t>>,
    name: &str,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Outcome<'t> {
    let certain = machine.is_certain();
    let default = arguments.get(1, "default").cloned();
    match name {
        "get" | "pop" | "setdefault" => {
            let Some(given) = arguments.get(0, "key").cloned() else { return Ok(unread(name, span)) };
            if let Value::OneOf(keys) = &given {
                let found = keys.iter().map(|key| lookup(of, key, default.clone().unwrap_or(Value::None), span));
                let found = found.collect();
                if name != "get" {
                    of.open.set(true);
                }
                return Ok(join(found, span));
            }
            let Some(key) = key_of(&given) else {
                if name != "get" {
                    of.open.set(true);
                }
                return Ok(why_not(&given, span));
            };
            let known = of.entries.borrow().get(&key).cloned();
            match name {
                "get" => Ok(lookup(of, &given, default.unwrap_or(Value::None), span)),
                "pop" => match (known, default) {
                    (Some(value), _) => {
                        if certain {
                            of.entries.borrow_mut().shift_remove(&key);
                        } else {
                            of.open.set(true);
                        }
                        Ok(value)
                    }
                    (None, _) if of.open.get() || !is_certain_key(&given) => {
                        Ok(why_not(&Value::Dict(of.clone()), span))
                    }
                    (None, Some(default)) => Ok(default),
                    (None, None) => {
                        let shown = super::formatting::repr(&given).unwrap_or_default();
                        Err(machine.raised("KeyError", shown, span))
                    }
                },
                _ => match known {
                    Some(value) => Ok(value),
                    None => {
                        let value = default.unwrap_or(Value::None);
                        let unsure = of.open.get();
                        of.entries.borrow_mut().insert(key, value.clone());
                        if !certain {
                            of.open.set(true);
                        }
                        Ok(if unsure { why_not(&Value::Dict(of.clone()), span) } else { value })
                    }
                },
            }
        }
        "update" => {
            for argument in &arguments.positional {
                update(machine, of, &argument.value, certain, span);
            }
            for keyword in &arguments.keywords {
                set_item(of, Key::Str(keyword.name.clone()), keyword.value.clone(), certain);
            }
            if arguments.open {
                of.open.set(true);
            }
            Ok(Value::None)
        }
        "keys" => Ok(Value::Set(viewed(of, span, |key, _| Some(key)))),
        "values" => Ok(Value::List(viewed(of, span, |_, value| Some(value)))),
        "items" => Ok(Value::List(viewed(of, span, |key, value| Some(Value::Tuple(Rc::new(vec![key, value])))))),
        "copy" => {
            let copy = dict(of.entries.borrow().iter().map(|(key, value)| (key.clone(), value.clone())));
            if let Value::Dict(copy) = &copy {
                copy.open.set(of.open.get());
            }
            Ok(copy)
        }
        "clear" => {
            if certain {
                of.entries.borrow_mut().clear();
            }
            of.open.set(!certain);
            Ok(Value::None)
        }
        "fromkeys" => from_keys(machine, arguments, span),
        "popitem" if certain && !of.open.get() => {
            let last = of.entries.borrow_mut().pop();
            match last.and_then(|(key, value)| Some((value_of_key(&key, span)?, value))) {
                Some((key, value)) => Ok(Value::Tuple(Rc::new(vec![key, value]))),
                None => Ok(unread(name, span)),
            }
        }
        _ => {
            of.open.set(true);
            Ok(unread(name, span))
        }
    }
}

/// `dict.fromkeys(keys, value)`
pub fn from_keys<'t>(machine: &mut Machine<'t>, arguments: &Rc<Arguments<'t>>, span: Span) -> Outcome<'t> {
    let Some(keys) = arguments.get(0, "iterable") else { return Ok(unread("fromkeys", span)) };
    let value = arguments.get(1, "value").cloned().unwrap_or(Value::None);
    let set = set_of(machine, keys, span);
    let result = Dict::default();
    result.open.set(set.open.get());
    for item in set.items.borrow().iter() {
        match key_of(item) {
            Some(key) => drop(result.entries.borrow_mut().insert(key, value.clone())),
            None => result.open.set(true),
        }
    }
    Ok(Value::Dict(Rc::new(result)))
}

/// The value under `key`, or `default`.
pub fn lookup<'t>(of: &Rc<Dict<'t>>, key_value: &Value<'t>, default: Value<'t>, span: Span) -> Value<'t> {
    match key_of(key_value) {
        None => why_not(key_value, span),
        Some(key) => match of.entries.borrow().get(&key) {
            Some(value) => value.clone(),
            None if of.open.get() => why_not(&Value::Dict(of.clone()), span),
            None if !is_certain_key(key_value) => why_not(key_value, span),
            None => default,
        },
    }
}

/// `dict[key] = value`
pub fn set_item<'t>(of: &Rc<Dict<'t>>, key: Key, value: Value<'t>, certain: bool) {
    let value = if certain {
        value
    } else {
        match of.entries.borrow().get(&key) {
            Some(Value::Unknown(unknown)) => Value::Unknown(unknown.clone()),
            Some(old) if !operators::is_same(old, &value) => {
                Value::OneOf(Rc::new(old.alternatives().iter().chain(value.alternatives()).cloned().collect()))
            }
            _ => value,
        }
    };
    of.entries.borrow_mut().insert(key, value);
    if !certain {
        of.open.set(true);
    }
}

/// `dict.update(given)`
pub fn update<'t>(machine: &mut Machine<'t>, of: &Rc<Dict<'t>>, given: &Value<'t>, certain: bool, span: Span) {
    match given {
        Value::Dict(other) => {
            let entries: Vec<_> =
                other.entries.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            for (key, value) in entries {
                set_item(of, key, value, certain);
            }
            if other.open.get() {
                of.open.set(true);
            }
        }
        Value::Unknown(_) | Value::OneOf(_) | Value::Term(_) | Value::Object(_) => of.open.set(true),
        pairs => {
            if is_open(pairs) {
                of.open.set(true);
            }
            for pair in machine.iterate(pairs, span).unwrap_or_else(|_| {
                of.open.set(true);
                Vec::new()
            }) {
                match pair.items().as_deref() {
                    Some([key, value]) if key_of(key).is_some() => {
                        if let Some(key) = key_of(key) {
                            set_item(of, key, value.clone(), certain);
                        }
                    }
                    _ => of.open.set(true),
                }
            }
        }
    }
}

/// `list.extend(given)`
pub fn extend<'t>(machine: &mut Machine<'t>, of: &Rc<List<'t>>, given: &Value<'t>, certain: bool, span: Span) {
    match machine.iterate(given, span) {
        Ok(items) if of.items.borrow().len() + items.len() <= LONGEST => of.items.borrow_mut().extend(items),
        _ => of.open.set(true),
    }
    if !certain || is_open(given) {
        of.open.set(true);
    }
}

/// A new set of what iterating `value` gives; open when that is not known whole.
pub fn set_of<'t>(machine: &mut Machine<'t>, value: &Value<'t>, span: Span) -> Rc<List<'t>> {
    let set = Rc::new(List::default());
    set.open.set(is_open(value));
    match machine.iterate(value, span) {
        Ok(items) => items.into_iter().for_each(|item| add(&set, item)),
        Err(_) => set.open.set(true),
    }
    set
}

/// Adds `value` to a set unless it is in there.
pub fn add<'t>(of: &Rc<List<'t>>, value: Value<'t>) {
    let is_there = matches!(position(&of.items.borrow(), &value), Ok(Some(_)));
    if of.items.borrow().len() >= LARGEST_SET {
        of.open.set(true);
    } else if !is_there {
        of.items.borrow_mut().push(value);
    }
}

/// Where `value` is in `items`. `Err`: not decidable.
#[expect(clippy::result_unit_err, reason = "what can't be told has no more to say")]
pub fn position<'t>(items: &[Value<'t>], value: &Value<'t>) -> Result<Option<usize>, ()> {
    let mut undecided = false;
    for (at, item) in items.iter().enumerate() {
        match operators::equal(item, value) {
            Some(true) if undecided => return Err(()),
            Some(true) => return Ok(Some(at)),
            Some(false) => {}
            None => undecided = true,
        }
    }
    if undecided { Err(()) } else { Ok(None) }
}

/// `left operator right` of sets, dicts' keys, and `|` of dicts.
pub fn combine<'t>(operator: &str, left: &Value<'t>, right: &Value<'t>) -> Option<Value<'t>> {
    match (left, right) {
        (Value::Dict(left), Value::Dict(right)) if operator == "|" => {
            let result = Rc::new(Dict::default());
            result.open.set(left.open.get() || right.open.get());
            for dict in [left, right] {
                let entries = dict.entries.borrow();
                result.entries.borrow_mut().extend(entries.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
            Some(Value::Dict(result))
        }
        (Value::Set(left), Value::Set(right)) => {
            let result = Rc::new(List::default());
            let (own, other) = (left.items.borrow(), right.items.borrow());
            let mut unsure = left.open.get() || right.open.get();
            let mut keep = |items: &[Value<'t>], others: Option<(&[Value<'t>], bool)>| {
                for item in items {
                    match others.map(|(others, wanted)| (position(others, item), wanted)) {
                        None => add(&result, item.clone()),
                        Some((Ok(at), wanted)) if at.is_some() == wanted => add(&result, item.clone()),
                        Some((Ok(_), _)) => {}
                        Some((Err(()), _)) => unsure = true,
                    }
                }
            };
            match operator {
                "|" => {
                    keep(&own, None);
                    keep(&other, None);
                }
                "&" => keep(&own, Some((&other, true))),
                "-" => keep(&own, Some((&other, false))),
                "^" => {
                    keep(&own, Some((&other, false)));
                    keep(&other, Some((&own, false)));
                }
                _ => return None,
            }
            result.open.set(unsure);
            drop((own, other));
            Some(Value::Set(result))
        }
        _ => None,
    }
}

/// The items in the order of `sorted(items, key=…, reverse=…)`. `None`: the order is not decidable.
pub fn sorted<'t>(
    machine: &mut Machine<'t>,
    items: Vec<Value<'t>>,
    arguments: &Arguments<'t>,
    span: Span,
) -> Result<Option<Vec<Value<'t>>>, Box<crate::python::evaluate::Raised<'t>>> {
    let key = arguments.keyword("key").map(|keyword| keyword.value.clone()).filter(|key| !matches!(key, Value::None));
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        let key = match &key {
            Some(key) => machine.call(key, &super::positional([item.clone()], span), span)?,
            None => item.clone(),
        };
        keyed.push((key, item));
    }
    let reverse = match arguments.keyword("reverse").map(|keyword| &keyword.value) {
        None | Some(Value::Bool(false)) => false,
        Some(Value::Bool(true)) => true,
        Some(_) => return Ok(None),
    };
    // An order that can't be told for one pair is none at all.
    let decided = keyed.len() < 2
        || keyed.windows(2).all(|pair| operators::order(&pair[0].0, &pair[1].0).is_some())
            && keyed.iter().all(|(key, _)| operators::order(&keyed[0].0, key).is_some());
    if !decided {
        return Ok(None);
    }
    keyed.sort_by(|(left, _), (right, _)| {
        let order = operators::order(left, right).unwrap_or(Ordering::Equal);
        if reverse { order.reverse() } else { order }
    });
    Ok(Some(keyed.into_iter().map(|(_, item)| item).collect()))
}

fn pop<'t>(
    machine: &mut Machine<'t>,
    of: &Rc<List<'t>>,
    at: Option<Value<'t>>,
    certain: bool,
    span: Span,
) -> Outcome<'t> {
    let count = of.items.borrow().len() as i64;
    let at = match at {
        None => count - 1,
        Some(Value::Int(at)) if at < 0 => count + at,
        Some(Value::Int(at)) => at,
        Some(other) => {
            of.open.set(true);
            return Ok(why_not(&other, span));
        }
    };
    if of.open.get() {
        return Ok(why_not(&Value::List(of.clone()), span));
    }
    if at < 0 || at >= count {
        let message = if count == 0 { "pop from empty list" } else { "pop index out of range" };
        return Err(machine.raised("IndexError", message, span));
    }
    if certain {
        Ok(of.items.borrow_mut().remove(at as usize))
    } else {
        of.open.set(true);
        Ok(of.items.borrow()[at as usize].clone())
    }
}

fn clear(of: &Rc<List<'_>>, certain: bool) {
    if certain {
        of.items.borrow_mut().clear();
    }
    of.open.set(!certain);
}

fn copy_of<'t>(of: &Rc<List<'t>>) -> Rc<List<'t>> {
    Rc::new(List { items: of.items.borrow().clone().into(), open: of.open.get().into() })
}

fn copied<'t>(of: &Rc<List<'t>>, kind: fn(Rc<List<'t>>) -> Value<'t>) -> Value<'t> {
    kind(copy_of(of))
}

fn viewed<'t>(of: &Rc<Dict<'t>>, span: Span, view: impl Fn(Value<'t>, Value<'t>) -> Option<Value<'t>>) -> Rc<List<'t>> {
    let entries = of.entries.borrow();
    let items = entries.iter().filter_map(|(key, value)| {
        let key = value_of_key(key, span).unwrap_or_else(|| Value::unknown(span, "a key that is a class or function"));
        view(key, value.clone())
    });
    Rc::new(List { items: items.collect::<Vec<_>>().into(), open: of.open.get().into() })
}

fn search<'t>(
    machine: &mut Machine<'t>,
    items: &[Value<'t>],
    open: bool,
    name: &str,
    value: &Value<'t>,
    span: Span,
) -> Outcome<'t> {
    if value.is_unknown() || open {
        return Ok(if open { Value::unknown(span, "a list that is not known whole") } else { why_not(value, span) });
    }
    if name == "count" {
        let equal: Option<Vec<bool>> = items.iter().map(|item| operators::equal(item, value)).collect();
        return Ok(equal.map_or_else(
            || unread(name, span),
            |equal| Value::Int(equal.iter().filter(|equal| **equal).count() as i64),
        ));
    }
    match position(items, value) {
        Ok(Some(at)) => Ok(Value::Int(at as i64)),
        Ok(None) => Err(machine.raised("ValueError", "value is not in list", span)),
        Err(()) => Ok(unread(name, span)),
    }
}

fn unread<'t>(name: &str, span: Span) -> Value<'t> {
    Value::unknown(span, format!("a call of `{name}` that can't be read"))
}

/// A list of `items` as a set without duplicates.
pub fn unique<'t>(items: Vec<Value<'t>>) -> Value<'t> {
    let set = Rc::new(List::default());
    items.into_iter().for_each(|item| add(&set, item));
    Value::Set(set)
}
