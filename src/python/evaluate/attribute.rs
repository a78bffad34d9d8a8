//! Reading and assigning attributes.

use std::rc::Rc;

use super::{Machine, Outcome};
use crate::python::builtins;
use crate::python::value::class::{Binds, Class, Function};
use crate::python::value::scope::Binding;
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::python::value::{Name, Value};
use crate::source::Span;

impl<'t> Machine<'t> {
    /// `of.name`
    pub fn attribute(&mut self, of: &Value<'t>, name: &str, span: Span) -> Outcome<'t> {
        match of {
            Value::Unknown(_) => {
                self.touched += 1;
                Ok(of.clone())
            }
            Value::OneOf(values) => {
                // An alternative that can't have the attribute is the path that the program does not take.
                let some: Vec<Value<'t>> =
                    values.iter().filter(|value| !matches!(value, Value::None)).cloned().collect();
                self.each(&some, span, |machine, of| machine.attribute(of, name, span))
            }
            Value::Module(module) => {
                if let Some(value) = module.scope.bound_to(name) {
                    return Ok(value);
                }
                if let Some(value) = self.import_put_off(&module.scope.clone(), name) {
                    return Ok(value);
                }
                if let Some(value) = self.own_name(module, name) {
                    return Ok(value);
                }
                if let Some(submodule) = self.submodule_if_imported(module, name) {
                    return Ok(submodule);
                }
                if let Some(submodule) = self.submodule_put_off(module, name, span) {
                    return submodule;
                }
                if let Some(unknown) = module.scope.open.borrow().clone() {
                    return Ok(Value::Unknown(unknown));
                }
                let getattr = module.scope.names.borrow().get("__getattr__").map(|binding| binding.value.clone());
                if let Some(getattr) = getattr {
                    let mut arguments = Arguments::default();
                    arguments
                        .positional
                        .push(crate::python::value::term::Argument { value: Value::literal(name, span), span });
                    return self.call(&getattr, &Rc::new(arguments), span);
                }
                if module.state.get() != crate::python::value::scope::State::Done {
                    return Ok(self.unknown(span, "an attribute of a module that has not finished its import"));
                }
                let message = format!("module '{}' has no attribute '{name}'", module.name);
                self.fail("AttributeError", message, span)
            }
            Value::Class(class) => self.class_attribute(class, name, span),
            Value::Object(object) => {
                if let Some(value) = object.attributes.borrow().get(name) {
                    return Ok(value.clone());
                }
                self.instance_attribute(&object.class, of, name, span)
            }
            Value::Super(class, receiver) => self.super_attribute(class, receiver, name, span),
            Value::Term(term) => self.term_attribute(term, name, span),
            Value::Function(function) => Ok(match name {
                "__name__" => Value::literal(function.name.clone(), span),
                "__wrapped__" => of.clone(),
                _ => self.unknown(span, "an attribute of a function"),
            }),
            Value::Method(_, function) => self.attribute(&Value::Function(function.clone()), name, span),
            Value::Builtin(builtin) => {
                let term = self.name_term(&format!("builtins.{builtin}"), span);
                match builtins::builtin_attribute(self, of, name, span) {
                    Some(outcome) => outcome,
                    None => self.term_attribute(&term, name, span),
                }
            }
            _ => match builtins::builtin_attribute(self, of, name, span) {
                Some(outcome) => outcome,
                None => Ok(self.unknown(span, "an attribute that limbeck does not know")),
            },
        }
    }

    fn term_attribute(&mut self, term: &Rc<Term<'t>>, name: &str, span: Span) -> Outcome<'t> {
        if let Some(value) = term.fields.get(name) {
            return Ok(value);
        }
        self.touched += 1;
        for library in self.libraries.clone().iter() {
            if let Some(outcome) = library.attribute(self, term, name, span) {
                return outcome;
            }
        }
        Ok(Value::Term(self.attribute_term(term, name, span)))
    }

    /// The symbolic attribute `of.name`: the same one each time.
    pub fn attribute_term(&mut self, of: &Rc<Term<'t>>, name: &str, span: Span) -> Rc<Term<'t>> {
        let key = (of.id, self.shared(name));
        if let Some(term) = self.attributes.get(&key) {
            return term.clone();
        }
        let term = match &of.kind {
            TermKind::Name(dotted) => self.name_term(&format!("{dotted}.{name}"), span),
            _ => self.term(TermKind::Attribute(of.clone(), key.1.clone()), span),
        };
        self.attributes.insert(key, term.clone());
        term
    }

    /// `class.name`
    fn class_attribute(&mut self, class: &Rc<Class<'t>>, name: &str, span: Span) -> Outcome<'t> {
        match class.lookup(name) {
            Ok(Some((_, binding))) => {
                let receiver = Value::Class(class.clone());
                self.bound(&binding, &receiver, true, span)
            }
            Err(unknown) => self.library_class_attribute(class, name, span).unwrap_or(Ok(Value::Unknown(unknown))),
            Ok(None) => match name {
                "__name__" | "__qualname__" => Ok(Value::literal(class.name.clone(), class.name_span)),
                "__module__" => Ok(Value::literal(class.module.name.clone(), span)),
                "__class__" => Ok(self.unknown(span, "the class of a class")),
                "__mro__" => Ok(Value::Tuple(Rc::new(class.mro()))),
                "__bases__" => Ok(Value::Tuple(Rc::new(class.bases.clone()))),
                "__doc__" | "__dict__" | "__annotations__" => Ok(self.unknown(span, "an attribute of a class")),
                "__subclasses__" => Ok(self.unknown(span, "the subclasses of a class")),
                _ => match self.library_class_attribute(class, name, span) {
                    Some(outcome) => outcome,
                    None if class.library_bases().next().is_some() || !class.keywords.is_empty() => {
                        Ok(self.unknown(span, "an attribute that a base class of a library may have"))
                    }
                    None if class.inherited.iter().any(|base| matches!(base, Value::Builtin(_))) => {
                        Ok(self.unknown(span, "an attribute of a built-in class"))
                    }
                    None if !class.decorators.is_empty() || !self.is_certain() => {
                        Ok(self.unknown(span, "an attribute that a decorator may have set"))
                    }
                    None => {
                        let message = format!("type object '{}' has no attribute '{name}'", class.name);
                        self.fail("AttributeError", message, span)
                    }
                },
            },
        }
    }

    fn library_class_attribute(&mut self, class: &Rc<Class<'t>>, name: &str, span: Span) -> Option<Outcome<'t>> {
        self.libraries.clone().iter().find_map(|library| library.class_attribute(self, class, name, span))
    }

    /// `instance.name`, where the instance itself does not have it.
    fn instance_attribute(&mut self, class: &Rc<Class<'t>>, of: &Value<'t>, name: &str, span: Span) -> Outcome<'t> {
        match class.lookup(name) {
            Ok(Some((_, binding))) => self.bound(&binding, of, false, span),
            Err(unknown) => Ok(Value::Unknown(unknown)),
            Ok(None) => {
                if name == "__class__" {
                    return Ok(Value::Class(class.clone()));
                }
                if name == "__dict__" {
                    return Ok(self.unknown(span, "the attributes of an object as a dict"));
                }
                if crate::python::standard::pydantic::has_method(class, name) {
                    return Ok(Value::method_of(of.clone(), name));
                }
                if let Value::Object(object) = of
                    && let Some(Value::Term(part)) = object.library.borrow().clone()
                    && self.libraries.iter().any(|library| library.lends_attributes(&part))
                {
                    return self.term_attribute(&part, name, span);
                }
                if let Some(outcome) = self.library_class_attribute(class, name, span) {
                    return outcome;
                }
                Ok(self.unknown(span, "an attribute of an object that is not known"))
            }
        }
    }

    fn super_attribute(
        &mut self,
        class: &Rc<Class<'t>>,
        receiver: &Rc<Value<'t>>,
        name: &str,
        span: Span,
    ) -> Outcome<'t> {
        let (of, on_class) = match &**receiver {
            Value::Class(of) => (of.clone(), true),
            Value::Object(object) => (object.class.clone(), false),
            _ => return Ok(self.unknown(span, "`super()` of something that is not known")),
        };
        let order = of.mro();
        let after = order.iter().position(|base| matches!(base, Value::Class(base) if Rc::ptr_eq(base, class)));
        for base in &order[after.map_or(1, |at| at + 1)..] {
            match base {
                Value::Class(base) => {
                    if let Some(binding) = base.own(name).filter(|binding| !binding.only_annotated) {
                        return self.bound(&binding, receiver, on_class, span);
                    }
                }
                Value::Unknown(_) => return Ok(base.clone()),
                Value::Term(_) if name == "__init__" && !on_class => {
                    return Ok(Value::method_of((**receiver).clone(), name));
                }
                Value::Term(term) => {
                    let term = self.attribute_term(term, name, span);
                    return Ok(Value::Term(term));
                }
                _ => {}
            }
        }
        if of.inherited.iter().any(|base| matches!(base, Value::Builtin(name) if *name != "object"))
            && !matches!(name, "__init__" | "__init_subclass__" | "__setattr__" | "__delattr__")
        {
            return Ok(self.unknown(span, "what a built-in class does"));
        }
        // `object`'s own: `super().__init__()`.
        Ok(Value::Builtin("object"))
    }

    /// What reading a class attribute gives: methods are bound, properties called.
    fn bound(&mut self, binding: &Binding<'t>, receiver: &Value<'t>, on_class: bool, span: Span) -> Outcome<'t> {
        let Value::Function(function) = &binding.value else { return Ok(binding.value.clone()) };
        let class_of = |receiver: &Value<'t>| match receiver {
            Value::Object(object) => Value::Class(object.class.clone()),
            other => other.clone(),
        };
        Ok(match (function.binds, on_class) {
            (Binds::Nothing, _) | (Binds::Instance, true) | (Binds::Property, true) => binding.value.clone(),
            (Binds::Class, _) => Value::Method(Rc::new(class_of(receiver)), function.clone()),
            (Binds::Instance, false) => Value::Method(Rc::new(receiver.clone()), function.clone()),
            (Binds::Property, false) => return self.call_bound(function, receiver, span),
            (Binds::ClassProperty, _) => return self.call_bound(function, &class_of(receiver), span),
        })
    }

    fn call_bound(&mut self, function: &Rc<Function<'t>>, receiver: &Value<'t>, span: Span) -> Outcome<'t> {
        self.call(&Value::Method(Rc::new(receiver.clone()), function.clone()), &Rc::default(), span)
    }

    /// `of.name = value`
    pub fn assign_attribute(&mut self, of: &Value<'t>, name: &Name, value: Value<'t>, span: Span) {
        let joined = |old: Option<Value<'t>>, value: Value<'t>, certain: bool| match old {
            Some(old) if !certain => super::join([old, value], span),
            _ => value,
        };
        let certain = self.is_certain();
        match of {
            Value::Object(object) => {
                let old = object.attributes.borrow().get(name).cloned();
                object.attributes.borrow_mut().insert(name.clone(), joined(old, value, certain));
            }
            Value::Class(class) => {
                let binding = Binding {
                    value: value.clone(),
                    span,
                    statement: span,
                    annotation: None,
                    certain,
                    only_annotated: false,
                };
                class.attributes.borrow_mut().insert(name.clone(), binding);
                for library in self.libraries.clone().iter() {
                    library.class_assigned(self, class, name, &value, span);
                }
            }
            Value::Term(term) => {
                term.fields.set(name.clone(), joined(term.fields.get(name), value.clone(), certain));
                for library in self.libraries.clone().iter() {
                    library.assigned(self, term, name, &value, span);
                }
            }
            Value::Module(module) => {
                let binding =
                    Binding { value, span, statement: span, annotation: None, certain, only_annotated: false };
                module.scope.names.borrow_mut().insert(name.clone(), binding);
            }
            Value::OneOf(values) => {
                for of in values.iter() {
                    self.maybe(|machine| machine.assign_attribute(of, name, value.clone(), span));
                }
            }
            _ => {}
        }
    }
}
