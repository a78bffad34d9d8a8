//! What pydantic makes of a value by its annotation: numbers, URLs, secrets, paths, enumerations.

use crate::python::builtins::{join, origins, positional};
use crate::python::dotted::last;
use crate::python::evaluate::Machine;
use crate::python::standard::urls::{is_url, url};
use crate::python::value::Value;
use crate::python::value::term::TermKind;
use crate::python::value::text::Str;
use crate::source::Span;

/// The value as the annotation has it: numbers, URLs, secrets, paths, enumerations.
pub fn coerced<'t>(
    machine: &mut Machine<'t>,
    annotation: Option<&Value<'t>>,
    value: Value<'t>,
    is_old: bool,
    span: Span,
) -> Value<'t> {
    let Some(annotation) = annotation else { return value };
    let mut types = Vec::new();
    flatten(annotation, &mut types, 0);
    if let Value::OneOf(values) = &value {
        let values = values.iter().map(|value| coerced(machine, Some(annotation), value.clone(), is_old, span));
        let values = values.collect();
        return join(values, span);
    }
    for wanted in &types {
        match (wanted, &value) {
            (Value::Builtin("str"), Value::Str(_)) => return value,
            (Value::Builtin(name @ ("int" | "float")), Value::Str(text)) => {
                let text = text.text.trim();
                match *name {
                    "int" => match text.parse() {
                        Ok(number) => return Value::Int(number),
                        Err(_) => continue,
                    },
                    _ => match text.parse() {
                        Ok(number) => return Value::Float(number),
                        Err(_) => continue,
                    },
                }
            }
            (Value::Builtin("bool"), Value::Str(text)) => match &*text.text.to_lowercase() {
                "1" | "true" | "yes" | "on" | "y" | "t" => return Value::Bool(true),
                "0" | "false" | "no" | "off" | "n" | "f" => return Value::Bool(false),
                _ => {}
            },
            (Value::Builtin("list" | "dict" | "set" | "tuple"), Value::Str(text)) => {
                return from_json(text).unwrap_or_else(|| Value::unknown(span, "a text that is no JSON"));
            }
            (Value::Class(_), Value::Str(_)) => {
                if let Some(Value::Object(object)) =
                    wanted.as_class().and_then(super::enums::members).and_then(|members| {
                        members.into_iter().find(|member| match member {
                            Value::Object(object) => {
                                let own = object.attributes.borrow().get("value").cloned();
                                own.and_then(|own| crate::python::builtins::operators::equal(&own, &value))
                                    == Some(true)
                            }
                            _ => false,
                        })
                    })
                {
                    return Value::Object(object);
                }
            }
            (Value::Term(term), Value::Str(text)) => {
                let Some(name) = term.root().map(last) else { continue };
                match name {
                    "SecretStr" | "SecretBytes" | "Secret" => {
                        let callee = machine.name_term("pydantic.SecretStr", span);
                        return machine.call_term(&callee, &positional([value], span), span);
                    }
                    name if is_url(name) => {
                        if is_old {
                            return value;
                        }
                        let class = format!("pydantic.{name}");
                        return url(machine, &class, &text.text, origins([&value]), span);
                    }
                    "Path" | "PosixPath" | "FilePath" | "DirectoryPath" => return Value::Path(text.text.clone()),
                    "List" | "Dict" | "Set" | "Tuple" | "Sequence" => {
                        return from_json(text).unwrap_or_else(|| Value::unknown(span, "a text that is no JSON"));
                    }
                    "Literal" => return value,
                    _ => {}
                }
            }
            _ => {}
        }
    }
    value
}

fn from_json<'t>(text: &Str) -> Option<Value<'t>> {
    super::texts::parsed("json.loads", text)
}

/// Does it say `Optional`?
pub fn allows_none(annotation: &Value<'_>) -> bool {
    match annotation {
        Value::None => true,
        Value::Term(term) => match &term.kind {
            TermKind::Item(of, _) if of.dotted().map(last) == Some("Optional") => true,
            TermKind::Item(of, key) if of.dotted().map(last) == Some("Union") => {
                key.items().is_some_and(|members| members.iter().any(allows_none))
            }
            TermKind::Operation("|", members) => members.iter().any(allows_none),
            _ => false,
        },
        _ => false,
    }
}

/// The types that an annotation allows, in order.
fn flatten<'t>(annotation: &Value<'t>, types: &mut Vec<Value<'t>>, depth: usize) {
    if depth > 8 {
        return;
    }
    match annotation {
        Value::Term(term) => match &term.kind {
            TermKind::Operation("|", members) => members.iter().for_each(|member| flatten(member, types, depth + 1)),
            TermKind::Item(of, key) => match (of.dotted().map(last), &**key) {
                (Some("Annotated" | "Final"), Value::Tuple(members)) => {
                    members.iter().take(1).for_each(|member| flatten(member, types, depth + 1));
                }
                (Some("Union" | "Optional"), Value::Tuple(members)) => {
                    members.iter().for_each(|member| flatten(member, types, depth + 1));
                }
                (Some("Union" | "Optional" | "Final"), member) => flatten(member, types, depth + 1),
                (Some("list" | "dict" | "set" | "tuple"), _) => {
                    let builtin = of.dotted().map(last).and_then(crate::python::builtins::builtin_named);
                    types.extend(builtin.map(Value::Builtin));
                }
                _ => types.push(annotation.clone()),
            },
            _ => types.push(annotation.clone()),
        },
        other => types.push(other.clone()),
    }
}
