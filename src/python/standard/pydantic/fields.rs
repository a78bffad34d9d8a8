//! The fields of a pydantic class: annotations, defaults, and what `Field(…)` says about them.

use std::rc::Rc;

use crate::python::value::Map;

use crate::python::dotted::last;
use crate::python::evaluate::Machine;
use crate::python::value::class::Class;
use crate::python::value::scope::Binding;
use crate::python::value::term::TermKind;
use crate::python::value::{Name, Value};
use crate::source::Span;

pub(super) struct Field<'t> {
    pub(super) name: Name,
    pub(super) annotation: Option<Value<'t>>,
    pub(super) default: Option<Value<'t>>,
    /// Names it may be given by: aliases; for settings the environment variables instead of its own name.
    pub(super) aliases: Vec<Name>,
    /// Written as `...`.
    pub(super) is_required: bool,
    pub(super) span: Span,
}

/// The fields of a class and its bases, in pydantic's order.
pub(super) fn fields<'t>(machine: &mut Machine<'t>, class: &Rc<Class<'t>>) -> Vec<Field<'t>> {
    let mut found: Map<Name, Field<'t>> = Map::default();
    let ancestors: Vec<Rc<Class<'t>>> = class.ancestors().collect();
    for ancestor in ancestors.iter().rev() {
        let bindings: Vec<(Name, Binding<'t>)> = {
            let attributes = ancestor.attributes.borrow();
            attributes.iter().map(|(name, binding)| (name.clone(), binding.clone())).collect()
        };
        for (name, binding) in bindings {
            if name.starts_with('_') || matches!(&*name, "model_config" | "Config") {
                continue;
            }
            let annotation = match binding.annotation {
                Some(annotation) => Some(machine.annotation(ancestor, annotation)),
                // pydantic 1 takes plain constants for fields, too.
                None if matches!(binding.value, Value::Str(_) | Value::Int(_) | Value::Bool(_)) => None,
                None => continue,
            };
            let is_class_variable = annotation.as_ref().and_then(|annotation| match annotation {
                Value::Term(term) => term.root().map(|root| last(root) == "ClassVar"),
                _ => None,
            });
            if is_class_variable == Some(true) {
                continue;
            }
            let mut field = Field {
                name: name.clone(),
                annotation,
                default: (!binding.only_annotated).then(|| binding.value.clone()),
                aliases: Vec::new(),
                is_required: false,
                span: binding.span,
            };
            // `Annotated[str, Field(alias="X")]`
            let hints = match &field.annotation {
                Some(Value::Term(term)) => match &term.kind {
                    TermKind::Item(of, key) if of.dotted().is_some_and(|name| last(name) == "Annotated") => {
                        key.items().unwrap_or_default()
                    }
                    _ => Vec::new(),
                },
                _ => Vec::new(),
            };
            for hint in hints.iter().skip(1) {
                let kept = field.default.clone();
                described(machine, &mut field, hint, binding.span);
                field.default = kept.or(field.default);
            }
            if let Some(default) = field.default.clone() {
                described(machine, &mut field, &default, binding.span);
            }
            found.insert(name, field);
        }
    }
    found.into_values().collect()
}

/// What `Field(…)` says about a field.
pub(super) fn described<'t>(machine: &mut Machine<'t>, field: &mut Field<'t>, value: &Value<'t>, span: Span) {
    let Some((callee, arguments)) = value.as_term().and_then(|term| term.call()) else {
        if matches!(value, Value::Ellipsis) {
            field.default = None;
            field.is_required = true;
        }
        return;
    };
    if !callee.dotted().is_some_and(|name| matches!(last(name), "Field" | "PrivateAttr")) {
        return;
    }
    field.default = match (arguments.get(0, "default"), arguments.keyword("default_factory")) {
        (Some(Value::Ellipsis), _) | (None, None) => None,
        (Some(default), _) => Some(default.clone()),
        (None, Some(factory)) => {
            let factory = factory.value.clone();
            let value = machine.call(&factory, &Rc::default(), span);
            Some(value.unwrap_or_else(|_| Value::unknown(span, "a default that is made at run time")))
        }
    };
    field.is_required = matches!(arguments.get(0, "default"), Some(Value::Ellipsis));
    for name in ["validation_alias", "alias", "env"] {
        if let Some(alias) = arguments.keyword(name) {
            collect_names(&alias.value, &mut field.aliases);
            break;
        }
    }
}

pub(super) fn collect_names(value: &Value<'_>, names: &mut Vec<Name>) {
    match value {
        Value::Str(text) => names.push(text.text.clone()),
        Value::List(_) | Value::Tuple(_) | Value::Set(_) => {
            value.items().unwrap_or_default().iter().for_each(|value| collect_names(value, names));
        }
        Value::Term(term) => {
            if let Some((_, arguments)) = term.call() {
                arguments.positional.iter().for_each(|argument| collect_names(&argument.value, names));
            }
        }
        _ => {}
    }
}
