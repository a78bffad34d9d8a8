//! Taking a machine apart when its facts are taken.
//!
//! Scopes, functions and classes hold each other in circles, which counted references never free: what can hold others
//! is emptied, wherever it can be reached from the modules.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::Machine;
use crate::python::value::class::{Class, Function};
use crate::python::value::scope::{Binding, Module, Scope};
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::python::value::{Map, Name, Value};

impl Machine<'_> {
    /// Frees what it has made, as far as nobody else holds it.
    pub fn take_apart(mut self) {
        let mut apart = Apart::default();
        for module in std::mem::take(&mut self.module_order) {
            apart.module(&module);
        }
        let calls = std::mem::take(&mut self.fruitless);
        calls.values().for_each(|(_, function)| apart.function(function));
        let terms = std::mem::take(&mut self.interned).into_values();
        terms.chain(std::mem::take(&mut self.attributes).into_values()).for_each(|term| apart.term(&term));
        apart.all();
    }
}

/// What was taken out of what held it, and waits to be looked into.
#[derive(Default)]
struct Apart<'t> {
    waiting: Vec<Value<'t>>,
    /// Was looked into. It is kept to the end, so that nothing new has an address in `seen`.
    done: Vec<Value<'t>>,
    /// The addresses of what was looked into.
    seen: FxHashSet<usize>,
}

impl<'t> Apart<'t> {
    fn all(&mut self) {
        while let Some(value) = self.waiting.pop() {
            self.value(&value);
            self.done.push(value);
        }
    }

    fn is_new<T: ?Sized>(&mut self, shared: &Rc<T>) -> bool {
        self.seen.insert(Rc::as_ptr(shared).cast::<()>() as usize)
    }

    fn value(&mut self, value: &Value<'t>) {
        match value {
            Value::Class(class) => self.class(class),
            Value::Function(function) => self.function(function),
            Value::Method(receiver, function) => {
                self.function(function);
                self.waiting.push((**receiver).clone());
            }
            Value::Object(object) if self.is_new(object) => {
                self.waiting.extend(object.attributes.take().into_values());
                self.waiting.extend(object.library.take());
                self.class(&object.class);
            }
            Value::List(list) | Value::Set(list) => self.waiting.append(&mut list.items.take()),
            Value::Dict(dict) => {
                self.waiting.extend(dict.entries.take().into_values());
                self.waiting.extend(dict.identities.take().into_iter().map(|(_, value)| value));
            }
            Value::Tuple(items) | Value::OneOf(items) if self.is_new(items) => self.waiting.extend_from_slice(items),
            Value::Module(module) => self.module(module),
            Value::Coroutine(coroutine) if self.is_new(coroutine) => {
                self.function(&coroutine.function);
                self.waiting.extend(coroutine.receiver.clone());
                self.arguments(&coroutine.arguments);
            }
            Value::Term(term) => self.term(term),
            Value::Super(class, receiver) => {
                self.class(class);
                self.waiting.push((**receiver).clone());
            }
            Value::BuiltinMethod(method) => self.waiting.push(method.of.clone()),
            _ => {}
        }
    }

    fn module(&mut self, module: &Rc<Module<'t>>) {
        if self.is_new(module) {
            self.scope(&module.scope);
            self.waiting.extend(module.imports.take().into_iter().map(|(_, module)| Value::Module(module)));
        }
    }

    fn scope(&mut self, scope: &Rc<Scope<'t>>) {
        let mut scope = Some(scope);
        while let Some(here) = scope.filter(|here| self.is_new(here)) {
            self.bindings(here.names.take());
            here.outer.take();
            here.put_off.take();
            scope = here.parent.as_ref();
        }
    }

    fn bindings(&mut self, bindings: Map<Name, Binding<'t>>) {
        self.waiting.extend(bindings.into_values().map(|binding| binding.value));
    }

    fn class(&mut self, class: &Rc<Class<'t>>) {
        if self.is_new(class) {
            self.bindings(class.attributes.take());
            self.scope(&class.scope);
            self.waiting.extend(class.bases.iter().chain(&class.inherited).chain(&class.decorators).cloned());
            self.waiting.extend(class.keywords.iter().map(|keyword| keyword.value.clone()));
        }
    }

    fn function(&mut self, function: &Rc<Function<'t>>) {
        if self.is_new(function) {
            self.waiting.extend(function.class.take().map(Value::Class));
            self.scope(&function.scope);
            self.waiting.extend(function.decorators.iter().cloned());
            self.waiting.extend(function.defaults.iter().map(|(_, value)| value.clone()));
        }
    }

    fn term(&mut self, term: &Rc<Term<'t>>) {
        if !self.is_new(term) {
            return;
        }
        self.waiting.extend(term.fields.take().into_values());
        match &term.kind {
            TermKind::Name(_) => {}
            TermKind::Attribute(of, _) | TermKind::Of(_, of) => self.waiting.push(Value::Term(of.clone())),
            TermKind::Call(of, arguments) => {
                self.waiting.push(Value::Term(of.clone()));
                self.arguments(arguments);
            }
            TermKind::Item(of, key) => self.waiting.extend([Value::Term(of.clone()), (**key).clone()]),
            TermKind::Operation(_, operands) => self.waiting.extend_from_slice(operands),
        }
    }

    fn arguments(&mut self, arguments: &Rc<Arguments<'t>>) {
        if self.is_new(arguments) {
            self.waiting.extend(arguments.values().cloned());
        }
    }
}
