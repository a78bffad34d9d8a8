//! Instances of dataclasses: what was given in order or by name, then the defaults.

use std::rc::Rc;

use crate::python::dotted::last;
use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::class::{Class, Identity, Object};
use crate::python::value::term::Arguments;
use crate::python::value::{Map, Name, Value};
use crate::source::Span;

/// Is the class, or one that it derives from, a dataclass?
pub fn is_dataclass(class: &Rc<Class<'_>>) -> bool {
    class.ancestors().any(|ancestor| {
        ancestor.decorators.iter().filter_map(Value::as_term).any(|decorator| {
            decorator.root().is_some_and(|name| {
                matches!(name, "dataclasses.dataclass" | "pydantic.dataclasses.dataclass" | "attr.s" | "attrs.define")
            })
        })
    })
}

/// An instance of a dataclass: what was given in order or by name, then the defaults.
pub fn dataclass<'t>(
    machine: &mut Machine<'t>,
    class: &Rc<Class<'t>>,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Outcome<'t> {
    let mut values = Map::default();
    let ancestors: Vec<Rc<Class<'t>>> = class.ancestors().collect();
    let mut names: Map<Name, Option<Value<'t>>> = Map::default();
    for ancestor in ancestors.iter().rev() {
        for (name, binding) in ancestor.attributes.borrow().iter() {
            if binding.annotation.is_some() {
                names.insert(name.clone(), (!binding.only_annotated).then(|| binding.value.clone()));
            }
        }
    }
    let mut given = arguments.positional.iter();
    for (name, default) in names {
        let field =
            default.as_ref().and_then(Value::as_term).and_then(|term| term.call()).filter(|(callee, _)| {
                callee.dotted().is_some_and(|name| matches!(last(name), "field" | "Field" | "ib"))
            });
        let by_keyword = field
            .as_ref()
            .is_some_and(|(_, given)| given.keyword("init").is_some_and(|init| init.value.as_bool() == Some(false)));
        let value = (!by_keyword).then(|| given.next().map(|argument| argument.value.clone())).flatten();
        let value = value.or_else(|| arguments.keyword(&name).map(|keyword| keyword.value.clone()));
        let value = match (value, field) {
            (Some(value), _) => Some(value),
            (None, Some((_, given))) => match (given.keyword("default"), given.keyword("default_factory")) {
                (Some(default), _) => Some(default.value.clone()),
                (None, Some(factory)) => {
                    let factory = factory.value.clone();
                    Some(machine.call(&factory, &Rc::default(), span)?)
                }
                (None, None) => None,
            },
            (None, None) => default,
        };
        let value = value.unwrap_or_else(|| Value::unknown(span, "a field that was not given"));
        values.insert(name, value);
    }
    let object = Value::Object(Rc::new(Object {
        id: Identity::next(),
        class: class.clone(),
        attributes: values.into(),
        library: Default::default(),
        span,
    }));
    if let Ok(Some((_, binding))) = class.lookup("__post_init__")
        && let Value::Function(function) = binding.value
    {
        machine.call(&Value::Method(Rc::new(object.clone()), function), &Rc::default(), span)?;
    }
    Ok(object)
}

#[cfg(test)]
mod tests {
    use crate::python::standard::tests::run;

    #[test]
    fn dataclasses_have_their_fields() {
        let code = "from dataclasses import dataclass, field\n@dataclass\nclass A:\n    a: int\n    b: list = field(default_factory=list)\n    c: str = 'c'\n    def __post_init__(self):\n        self.d = self.a + 1\nv = A(1)\nx = (v.a, v.b, v.c, v.d)\n";
        assert_eq!(run(&[("main.py", code)]), "[1, [], \"c\", 2]");
    }
}
