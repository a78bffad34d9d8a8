//! Calls.

use std::rc::Rc;

use super::join::join;
use super::statement::Flow;
use super::{CALLS, Frame, Machine, Outcome, Raised, sequence};
use crate::python::builtins;
use crate::python::value::class::{Binds, Class, Code, Coroutine, Function, Identity, Object};
use crate::python::value::scope::{Binding, Scope};
use crate::python::value::term::{Argument, Arguments, Term};
use crate::python::value::{Dict, Key, Unknown, Value};
use crate::source::Span;
use crate::syntax::python::{span_of, tree};

impl<'t> Machine<'t> {
    /// `callee(arguments)`
    pub fn call(&mut self, callee: &Value<'t>, arguments: &Rc<Arguments<'t>>, span: Span) -> Outcome<'t> {
        if !self.step(span) {
            return Ok(Value::Unknown(Unknown::new(span, "too many steps: the rest was not run on paper")));
        }
        match callee {
            Value::Unknown(_) => {
                self.touched += 1;
                self.unknown_calls.push(span);
                self.hand_over(arguments, span);
                Ok(callee.clone())
            }
            Value::OneOf(values) => {
                let some: Vec<Value<'t>> =
                    values.iter().filter(|value| !matches!(value, Value::None)).cloned().collect();
                self.each(&some, span, |machine, callee| machine.call(callee, arguments, span))
            }
            Value::Term(term) => self.call_library(term, arguments, span),
            Value::Function(function) => self.call_function(function, None, arguments, span),
            Value::Method(receiver, function) => {
                self.call_function(function, Some((**receiver).clone()), arguments, span)
            }
            Value::Class(class) => self.instantiate(class, arguments, span),
            Value::Builtin("object") => Ok(Value::None),
            Value::Builtin(name) => {
                if matches!(*name, "exec" | "eval") {
                    return Ok(self.hides_imports(span, "code made at run time"));
                }
                builtins::call_builtin(self, name, arguments, span)
            }
            Value::BuiltinMethod(method) if &*method.name == "__init__" && matches!(method.of, Value::Object(_)) => {
                if let Value::Object(object) = &method.of {
                    self.init_of_library(object, arguments, span);
                }
                Ok(Value::None)
            }
            Value::BuiltinMethod(method) => builtins::call_method(self, &method.of, &method.name, arguments, span),
            Value::Object(object) if matches!(object.class.lookup("__call__"), Ok(Some(_))) => {
                let method = self.attribute(callee, "__call__", span)?;
                self.call(&method, arguments, span)
            }
            _ => {
                self.unknown_calls.push(span);
                self.hand_over(arguments, span);
                Ok(self.unknown(span, "a call of something that is not known"))
            }
        }
    }

    fn call_library(&mut self, term: &Rc<Term<'t>>, arguments: &Rc<Arguments<'t>>, span: Span) -> Outcome<'t> {
        self.touched += 1;
        for library in self.libraries.clone().iter() {
            if let Some(outcome) = library.call(self, term, arguments, span) {
                self.use_coroutines(arguments);
                return outcome;
            }
        }
        self.hand_over(arguments, span);
        Ok(self.call_term(term, arguments, span))
    }

    /// `str(term)`, where a library knows it.
    pub fn text_of_term(&mut self, term: &Rc<Term<'t>>, span: Span) -> Option<Value<'t>> {
        self.libraries.clone().iter().find_map(|library| library.text(self, term, span))
    }

    /// `isinstance(term, class)`, where a library knows it.
    pub fn is_instance_of_library(&self, term: &Rc<Term<'t>>, class: &Value<'t>) -> Option<bool> {
        self.libraries.iter().find_map(|library| library.is_instance(term, class))
    }

    fn use_coroutines(&self, arguments: &Arguments<'t>) {
        for value in arguments.values() {
            if let Value::Coroutine(coroutine) = value {
                coroutine.used.set(true);
            }
        }
    }

    /// Something unknown got these arguments: a coroutine among them may be run; so may a function, where the script
    /// that is being run (not some module of the application) hands it over.
    fn hand_over(&mut self, arguments: &Arguments<'t>, span: Span) {
        let by_script =
            matches!(self.frames.first(), Some(Frame::Module(module, None)) if module.file == Some(self.file()));
        for value in arguments.values() {
            match value {
                Value::Coroutine(coroutine) if !coroutine.used.get() => {
                    let value = value.clone();
                    let _ = self.maybe(|machine| machine.await_value(&value, span));
                }
                Value::Function(function) | Value::Method(_, function)
                    if by_script && Some(function.module.file) == Some(Some(self.file())) =>
                {
                    let value = value.clone();
                    let nothing = Rc::new(Arguments { open: true, ..Arguments::default() });
                    let _ = self.maybe(|machine| {
                        let given = machine.call(&value, &nothing, span)?;
                        machine.await_value(&given, span)
                    });
                }
                _ => {}
            }
        }
    }

    fn call_function(
        &mut self,
        function: &Rc<Function<'t>>,
        receiver: Option<Value<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Outcome<'t> {
        if function.is_async && !self.is_generator(function) {
            return Ok(Value::Coroutine(Rc::new(Coroutine {
                function: function.clone(),
                receiver,
                arguments: arguments.clone(),
                span,
                used: false.into(),
            })));
        }
        self.run_function(function, receiver, arguments, span)
    }

    /// Runs a function's body, unless that took long and told nothing twice before.
    fn run_function(
        &mut self,
        function: &Rc<Function<'t>>,
        receiver: Option<Value<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Outcome<'t> {
        let key = Rc::as_ptr(function).cast::<()>() as usize;
        if self.fruitless.get(&key).is_some_and(|(calls, _)| *calls >= 2) {
            return Ok(self.unknown(span, "a function that could not be read when it was called before"));
        }
        let before = self.steps;
        let outcome = self.run_body(function, receiver, arguments, span);
        if self.steps - before > 200 && outcome.as_ref().is_ok_and(Value::is_unknown) {
            self.fruitless.entry(key).or_insert_with(|| (0, function.clone())).0 += 1;
        }
        outcome
    }

    fn run_body(
        &mut self,
        function: &Rc<Function<'t>>,
        receiver: Option<Value<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Outcome<'t> {
        let again = |frame: &&Frame<'t>| matches!(frame, Frame::Call(other, _) if Rc::ptr_eq(other, function));
        let recursion = self.frames.iter().filter(again).count();
        // On an uncertain path nothing ends a recursion but this.
        let deepest = if self.is_certain() { 8 } else { 0 };
        if self.calls >= CALLS || recursion > deepest {
            return Ok(self.unknown(span, "calls nested too deeply"));
        }
        if self.calls == 0 {
            self.budget = self.steps_of_a_call;
        }
        let Some(file) = function.module.file else {
            return Ok(self.unknown(span, "a function without a file"));
        };
        let scope = Scope::inside(Some(function.scope.clone()));
        self.bind_parameters(function, receiver, arguments, &scope, span)?;
        self.calls += 1;
        self.frames.push(Frame::Call(function.clone(), span));
        self.enter(scope, function.module.clone(), file, Some(function.clone()));
        let result = match function.code {
            Code::Def(def) => match self.trees.body(file, def).map(|body| self.block(body)) {
                None => Ok(Some(self.hides_imports(span, "a function with a syntax error"))),
                Some(Ok(Flow::Return(value))) => Ok(Some(value)),
                Some(Ok(_)) => Ok(None),
                Some(Err(raised)) => Err(raised),
            },
            Code::Lambda(lambda) => self.eval(&lambda.body).map(Some),
        };
        // What a limit cut short gives nothing that can be relied on.
        let cut = self.is_cut_short();
        let place = self.leave();
        self.frames.pop();
        self.calls -= 1;
        let (returned, yielded) = place.map(|place| (place.returned, place.yielded)).unwrap_or_default();
        if !yielded.is_empty() || self.is_generator(function) {
            return match result {
                Err(raised) if yielded.is_empty() => Err(raised),
                _ => Ok(self.new_list(yielded)),
            };
        }
        if cut {
            return Ok(Value::Unknown(Unknown::new(span, "a call that was not run to its end on paper")));
        }
        match result {
            Ok(last) if returned.is_empty() => Ok(last.unwrap_or(Value::None)),
            Ok(last) => Ok(join(returned.into_iter().chain([last.unwrap_or(Value::None)]), span)),
            Err(raised) if returned.is_empty() => Err(raised),
            Err(_) => Ok(join(returned, span)),
        }
    }

    /// Does the function hold a `yield` of its own?
    pub(super) fn is_generator(&self, function: &Function<'t>) -> bool {
        match function.code {
            Code::Def(def) => function.module.file.and_then(|file| self.trees.body(file, def)).is_some_and(holds_yield),
            Code::Lambda(_) => false,
        }
    }

    fn bind_parameters(
        &mut self,
        function: &Rc<Function<'t>>,
        receiver: Option<Value<'t>>,
        arguments: &Rc<Arguments<'t>>,
        scope: &Rc<Scope<'t>>,
        span: Span,
    ) -> Result<(), Box<Raised<'t>>> {
        let parameters = match function.code {
            Code::Def(def) => Some(&*def.parameters),
            Code::Lambda(lambda) => lambda.parameters.as_deref(),
        };
        let Some(parameters) = parameters else { return Ok(()) };
        let file = function.module.file.unwrap_or(self.file());
        let certain = self.is_certain();
        let bind = |parameter: &'t tree::Parameter, value: Value<'t>| {
            let span = span_of(file, &parameter.name);
            let binding = Binding {
                value,
                span,
                statement: span,
                annotation: parameter.annotation.as_deref(),
                certain,
                only_annotated: false,
            };
            scope.names.borrow_mut().insert(parameter.name.as_str().into(), binding);
        };
        let mut positional =
            receiver.into_iter().chain(arguments.positional.iter().map(|argument| argument.value.clone()));
        let mut taken: Vec<&str> = Vec::new();
        for (number, parameter) in
            parameters.posonlyargs.iter().chain(&parameters.args).chain(&parameters.kwonlyargs).enumerate()
        {
            let name = parameter.parameter.name.as_str();
            let by_position = number < parameters.posonlyargs.len() + parameters.args.len();
            let given = if by_position { positional.next() } else { None };
            let given = given.or_else(|| {
                taken.push(name);
                arguments.keyword(name).map(|keyword| keyword.value.clone())
            });
            let value = given.or_else(|| {
                if arguments.open {
                    return Some(Value::Unknown(Unknown::new(span, "an argument that is not known")));
                }
                function.defaults.iter().find(|(default, _)| &**default == name).map(|(_, value)| value.clone())
            });
            match value {
                Some(value) => bind(&parameter.parameter, value),
                // A wrong call is the application's own business: decorators that were not applied may have changed it.
                None => {
                    let why = "an argument that was not given";
                    bind(&parameter.parameter, Value::Unknown(Unknown::new(span, why)));
                }
            }
        }
        if let Some(rest) = &parameters.vararg {
            let rest_values: Vec<Value<'t>> = positional.collect();
            bind(rest, Value::Tuple(Rc::new(rest_values)));
        }
        if let Some(rest) = &parameters.kwarg {
            let dict = Dict::default();
            dict.open.set(arguments.open);
            for keyword in arguments.keywords.iter().filter(|keyword| !taken.contains(&&*keyword.name)) {
                dict.entries.borrow_mut().insert(Key::Str(keyword.name.clone()), keyword.value.clone());
            }
            bind(rest, Value::Dict(Rc::new(dict)));
        }
        Ok(())
    }

    /// `class(arguments)`
    fn instantiate(&mut self, class: &Rc<Class<'t>>, arguments: &Rc<Arguments<'t>>, span: Span) -> Outcome<'t> {
        if let Some(member) =
            arguments.positional.first().and_then(|first| sequence::enum_by_value(class, &first.value))
        {
            return Ok(member);
        }
        let init = class.lookup("__init__").ok().flatten().map(|(_, binding)| binding.value);
        if init.is_none() {
            for library in self.libraries.clone().iter() {
                if let Some(outcome) = library.instantiated(self, class, arguments, span) {
                    return outcome;
                }
            }
        }
        let made = Rc::new(Object {
            id: Identity::next(),
            class: class.clone(),
            attributes: Default::default(),
            library: Default::default(),
            span,
        });
        let object = Value::Object(made.clone());
        if init.is_none() {
            self.init_of_library(&made, arguments, span);
        }
        match init {
            Some(Value::Function(init)) => {
                let ran = self.call_function(&init, Some(object.clone()), arguments, span);
                // A library's `__new__` or metaclass may put off `__init__`, or give it more (form fields do).
                if class.library_bases().next().is_none() {
                    ran?;
                }
            }
            _ => self.fill_fields(class, &object, arguments, span),
        }
        Ok(object)
    }

    /// The `__init__` of the library's class that an object's class derives from.
    fn init_of_library(&mut self, object: &Rc<Object<'t>>, arguments: &Rc<Arguments<'t>>, span: Span) {
        let of_typing = |base: &&Rc<Term<'t>>| base.dotted().is_none_or(|name| name.starts_with("typing"));
        let base = object.class.library_bases().find(|base| !of_typing(base)).cloned();
        if let Some(base) = base {
            let libraries = self.libraries.clone();
            if let Some(part) = libraries.iter().find_map(|library| library.initialised(self, &base, arguments, span)) {
                *object.library.borrow_mut() = Some(part);
                return;
            }
            *object.library.borrow_mut() = Some(self.call_term(&base, arguments, span));
        }
    }

    /// Fields of a dataclass, a NamedTuple, a plain class: what was given by name or in the order of the annotations.
    fn fill_fields(&mut self, class: &Rc<Class<'t>>, object: &Value<'t>, arguments: &Rc<Arguments<'t>>, span: Span) {
        let ancestors: Vec<Rc<Class<'t>>> = class.ancestors().collect();
        let mut fields = Vec::new();
        for ancestor in ancestors.iter().rev() {
            for (name, binding) in ancestor.attributes.borrow().iter() {
                if binding.annotation.is_some() && !fields.contains(name) {
                    fields.push(name.clone());
                }
            }
        }
        for (name, argument) in fields.iter().zip(&arguments.positional) {
            self.assign_attribute(object, name, argument.value.clone(), span);
        }
        for keyword in &arguments.keywords {
            self.assign_attribute(object, &keyword.name, keyword.value.clone(), span);
        }
    }

    /// `await value`; also what `asyncio.run(value)` does: a coroutine is run here and now.
    pub fn await_value(&mut self, value: &Value<'t>, span: Span) -> Outcome<'t> {
        match value {
            Value::Coroutine(coroutine) => {
                coroutine.used.set(true);
                let coroutine = coroutine.clone();
                self.run_function(&coroutine.function, coroutine.receiver.clone(), &coroutine.arguments, coroutine.span)
            }
            Value::Term(term) => {
                for library in self.libraries.clone().iter() {
                    if let Some(outcome) = library.awaited(self, term, span) {
                        return outcome;
                    }
                }
                Ok(value.clone())
            }
            Value::OneOf(values) => self.each(values, span, |machine, value| machine.await_value(value, span)),
            other => Ok(other.clone()),
        }
    }

    /// The values of a function's defaults.
    pub(super) fn defaults(
        &mut self,
        parameters: &'t tree::Parameters,
    ) -> Result<Vec<(crate::python::value::Name, Value<'t>)>, Box<Raised<'t>>> {
        let given = parameters.iter_non_variadic_params().filter(|parameter| parameter.default.is_some());
        let mut defaults = Vec::with_capacity(given.count());
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                defaults.push((self.shared(&parameter.parameter.name), self.eval(default)?));
            }
        }
        Ok(defaults)
    }

    /// `def`
    pub(super) fn define_function(&mut self, def: &'t tree::StmtFunctionDef) -> Outcome<'t> {
        let mut binds = Binds::Instance;
        let mut decorators: Vec<Value<'t>> = Vec::new();
        for decorator in &def.decorator_list {
            // `@name.setter def name`: what was bound keeps its reader.
            if extends(&decorator.expression, &def.name) {
                return self.name(&def.name, self.at(&def.name));
            }
            let value = match self.eval(&decorator.expression)? {
                Value::Unknown(unknown) => self.behind(&decorator.expression).unwrap_or(Value::Unknown(unknown)),
                value => value,
            };
            match &value {
                Value::Builtin("classmethod") => binds = Binds::Class,
                Value::Builtin("staticmethod") => binds = Binds::Nothing,
                Value::Builtin("property") => binds = Binds::Property,
                Value::Term(term) if term.dotted() == Some("functools.cached_property") => binds = Binds::Property,
                _ => decorators.push(value),
            }
        }
        let defaults = self.defaults(&def.parameters)?;
        let name = self.shared(&def.name);
        let place = self.place();
        let function = Rc::new(Function {
            name,
            code: Code::Def(def),
            module: place.module.clone(),
            scope: self.function_scope(),
            class: Default::default(),
            defaults,
            decorators: decorators.clone(),
            binds,
            is_async: def.is_async,
            name_span: self.at(&def.name),
            span: self.at(def),
        });
        self.decorate(Value::Function(function), &decorators, self.at(def))
    }

    /// The scope that a function defined here sees: a class body's own names are not visible in its methods.
    fn function_scope(&mut self) -> Rc<Scope<'t>> {
        let scope = self.scope();
        if scope.is_class { scope.parent.clone().unwrap_or(scope) } else { scope }
    }

    /// `@amount.inplace.expression` decorates as what decorates `amount`.
    fn behind(&mut self, decorator: &'t tree::Expr) -> Option<Value<'t>> {
        let mut of = &*decorator.as_attribute_expr()?.value;
        while let tree::Expr::Attribute(node) = of {
            of = &node.value;
        }
        match self.eval(of).ok()? {
            Value::Function(function) => {
                function.decorators.iter().find(|decorator| matches!(decorator, Value::Term(_))).cloned()
            }
            _ => None,
        }
    }

    /// Applies decorators, innermost first. Those of libraries keep what they decorate unless a library says otherwise;
    /// those of the project are called, and count only if they give a function or class.
    pub(super) fn decorate(&mut self, mut value: Value<'t>, decorators: &[Value<'t>], span: Span) -> Outcome<'t> {
        for decorator in decorators.iter().rev() {
            match decorator {
                Value::Term(term) => {
                    let decorated =
                        self.libraries.clone().iter().find_map(|library| library.decorated(self, term, &value, span));
                    value = decorated.unwrap_or(value);
                }
                Value::Function(_) | Value::Method(..) => {
                    let mut arguments = Arguments::default();
                    arguments.positional.push(Argument { value: value.clone(), span });
                    let Ok(result) = self.call(decorator, &Rc::new(arguments), span) else { continue };
                    if matches!(
                        (&result, &value),
                        (Value::Class(_), Value::Class(_)) | (Value::Function(_), Value::Function(_))
                    ) {
                        value = result;
                    }
                }
                _ => {}
            }
        }
        Ok(value)
    }
}

/// Does the decorator extend the property (or hybrid) of the same name?
fn extends(decorator: &tree::Expr, name: &str) -> bool {
    decorator.as_attribute_expr().and_then(|node| node.value.as_name_expr()).is_some_and(|of| of.id == name)
}

fn holds_yield(body: &[tree::Stmt]) -> bool {
    use tree::visitor::{Visitor, walk_expr, walk_stmt};
    struct Finder(bool);
    impl<'a> Visitor<'a> for Finder {
        fn visit_stmt(&mut self, statement: &'a tree::Stmt) {
            if !self.0 && !matches!(statement, tree::Stmt::FunctionDef(_) | tree::Stmt::ClassDef(_)) {
                walk_stmt(self, statement);
            }
        }
        fn visit_expr(&mut self, expression: &'a tree::Expr) {
            match expression {
                tree::Expr::Yield(_) | tree::Expr::YieldFrom(_) => self.0 = true,
                tree::Expr::Lambda(_) => {}
                expression => walk_expr(self, expression),
            }
        }
    }
    let mut finder = Finder(false);
    finder.visit_body(body);
    finder.0
}
