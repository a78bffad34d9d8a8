//! The validators of a pydantic class: which there are, and what they make of a value.

use std::rc::Rc;

use super::fields::Field;

use crate::python::value::Map;

use crate::python::builtins::positional;
use crate::python::dotted::last;
use crate::python::evaluate::Machine;
use crate::python::value::class::{Binds, Class, Code, Function};
use crate::python::value::term::{Arguments, Keyword, Term};
use crate::python::value::{Name, Value};
use crate::source::Span;

/// The methods of a class that validate, with the decorator that says so; base classes first.
pub(super) fn validators<'t>(
    class: &Rc<Class<'t>>,
) -> impl Iterator<Item = (Rc<Function<'t>>, Rc<Term<'t>>)> + use<'t> {
    let ancestors: Vec<Rc<Class<'t>>> = class.ancestors().collect();
    let mut found: Map<Name, (Rc<Function<'t>>, Rc<Term<'t>>)> = Map::default();
    for ancestor in ancestors.iter().rev() {
        for (name, binding) in ancestor.attributes.borrow().iter() {
            let Value::Function(function) = &binding.value else { continue };
            let decorator = function.decorators.iter().filter_map(Value::as_term).find(|term| {
                term.is_of("pydantic")
                    && matches!(
                        decorator_name(term),
                        "validator" | "field_validator" | "root_validator" | "model_validator"
                    )
            });
            if let Some(decorator) = decorator {
                found.insert(name.clone(), (function.clone(), decorator.clone()));
            }
        }
    }
    found.into_values()
}

pub(super) fn decorator_name<'v>(decorator: &'v Term<'_>) -> &'v str {
    decorator.root().map_or("", last)
}

pub(super) fn keyword_text(decorator: &Term<'_>, name: &str) -> Option<String> {
    decorator.call()?.1.keyword(name)?.value.as_str().map(str::to_owned)
}

/// Runs the validators of one field that come before (or after) its type.
#[expect(clippy::too_many_arguments, reason = "one call, of one function, with what it validates")]
pub(super) fn checked<'t>(
    machine: &mut Machine<'t>,
    class: &Rc<Class<'t>>,
    checks: &[(Rc<Function<'t>>, Rc<Term<'t>>)],
    field: &Field<'t>,
    mut value: Value<'t>,
    seen: &Rc<crate::python::value::Dict<'t>>,
    before: bool,
    span: Span,
) -> Value<'t> {
    for (function, decorator) in checks {
        let Some((_, given)) = decorator.call() else { continue };
        let is_before = match decorator_name(decorator) {
            "validator" => given.keyword("pre").is_some_and(|pre| pre.value.as_bool() == Some(true)),
            "field_validator" => {
                matches!(keyword_text(decorator, "mode").as_deref(), Some("before" | "wrap" | "plain"))
            }
            _ => continue,
        };
        let names = given.positional.iter().filter_map(|argument| argument.value.as_str());
        if is_before != before || !names.into_iter().any(|name| name == "*" || name == &*field.name) {
            continue;
        }
        if matches!(keyword_text(decorator, "mode").as_deref(), Some("wrap" | "plain")) {
            return Value::unknown(field.span, "a validator that replaces the value");
        }
        if value.is_unknown() {
            return value;
        }
        let bound = Value::Method(Rc::new(Value::Class(class.clone())), function.clone());
        let arguments = validator_arguments(machine, function, field, value.clone(), seen, span);
        value = match machine.call(&bound, &arguments, span) {
            Ok(value) => value,
            Err(_) => Value::unknown(field.span, "a validator that refuses the value on paper"),
        };
    }
    value
}

pub(super) fn validator_arguments<'t>(
    machine: &mut Machine<'t>,
    function: &Rc<Function<'t>>,
    field: &Field<'t>,
    value: Value<'t>,
    seen: &Rc<crate::python::value::Dict<'t>>,
    span: Span,
) -> Rc<Arguments<'t>> {
    let mut given = positional([value], span);
    let Code::Def(def) = function.code else { return given };
    let values = Value::Dict(seen.clone());
    let callee = machine.name_term("pydantic.ValidationInfo", span);
    let info = machine.call_term(&callee, &Rc::default(), span);
    if let Value::Term(info) = &info {
        info.fields.set("data", values.clone());
        info.fields.set("field_name", Value::literal(field.name.clone(), span));
        info.fields.set("name", Value::literal(field.name.clone(), span));
    }
    let names = def.parameters.args.iter().map(|parameter| parameter.parameter.name.as_str());
    let skipped = if function.binds == Binds::Nothing { 1 } else { 2 };
    let keywords = names.skip(skipped).map(|name| Keyword {
        name: name.into(),
        value: if name == "values" { values.clone() } else { info.clone() },
        span,
        whole: span,
    });
    if let Some(arguments) = Rc::get_mut(&mut given) {
        arguments.keywords = keywords.collect();
    }
    given
}
