//! Imports: modules are run once, in Python's order.

use std::rc::Rc;

use super::{Frame, IMPORTS, Machine, OddImport, Outcome, Raised};
use crate::python::dotted;
use crate::python::modules::{self, Found};
use crate::python::value::scope::{Binding, Module, PutOff, Scope, State};
use crate::python::value::{Name, PROJECT_ROOT, Unknown, Value};
use crate::source::{FileId, Span};
use crate::syntax::python::tree;

impl<'t> Machine<'t> {
    /// Runs `file` as a module of its own (env.py, a revision): not found by imports, run anew each time.
    pub fn run_script(&mut self, file: FileId, name: &str) -> (Rc<Module<'t>>, Result<(), Box<Raised<'t>>>) {
        let module = self.new_module(name.into(), Some(file), None);
        let result = self.run_module(&module, None);
        (module, result)
    }

    /// `import dotted`: the module that `dotted` names, run if it has not run yet, and its packages before it; a term
    /// when it is not of the project.
    pub fn import(&mut self, dotted: &str, span: Span) -> Outcome<'t> {
        if !self.follows_imports {
            return Ok(Value::Term(self.name_term(dotted, span)));
        }
        let mut last: Option<Rc<Module<'t>>> = None;
        for (at, _) in dotted.match_indices('.').chain([(dotted.len(), "")]) {
            let name = &dotted[..at];
            let known = self.modules.get(name).cloned();
            let module = match known {
                Some(module) => {
                    self.note_import(&module, span);
                    module
                }
                None => {
                    let found = match &last {
                        None => {
                            let start = self.import_start();
                            modules::find(self.sources(), &self.search_path, start.as_deref(), name, dotted).filter(
                                |found| {
                                    !found.beyond_path
                                        || found.package.is_some()
                                        || found.file.is_none_or(|file| !self.stands_for(file, name))
                                },
                            )
                        }
                        Some(parent) => self.find_submodule(parent, &name[name.rfind('.').map_or(0, |dot| dot + 1)..]),
                    };
                    match (found, &last) {
                        (Some(found), _) => self.load(name, found, span)?,
                        (None, None) => {
                            match self.is_installed(name) {
                                Some(true) => {}
                                Some(false) if self.tries > 0 => {
                                    let message = format!("No module named '{name}'");
                                    return Err(self.raised("ModuleNotFoundError", message, span));
                                }
                                _ => self.touched += 1,
                            }
                            return Ok(Value::Term(self.name_term(dotted, span)));
                        }
                        (None, Some(parent)) => return self.missing_submodule(parent, dotted, name, span),
                    }
                }
            };
            if let Some(parent) = &last {
                self.bind_submodule(parent, name, &module, span);
            }
            last = Some(module);
        }
        Ok(last.map_or(Value::None, Value::Module))
    }

    /// Is a top-level module of no project installed? `None`: can't be told.
    fn is_installed(&self, top: &str) -> Option<bool> {
        let installed = self.fresh_machine.as_ref()?;
        if modules::is_pythons_own(top) { Some(true) } else { installed(top) }
    }

    /// Imports the module that `file` is, under the name that the search path gives it.
    pub fn import_file(&mut self, file: FileId, span: Span) -> Outcome<'t> {
        if let Some(module) = self.by_file.get(&file) {
            return Ok(Value::Module(module.clone()));
        }
        let sources = self.sources();
        let natural = modules::natural_root(sources, file);
        let roots = self.search_path.clone();
        let name = roots
            .iter()
            .filter(|root| root.len() <= natural.len())
            .chain([&Name::from(natural.as_str())])
            .filter_map(|root| modules::dotted_name(sources, root, file))
            .next_back()
            .unwrap_or_else(|| sources.path(file).to_owned());
        // The search path may give the name to another file: then this one is loaded under it all the same, for it is
        // this file that was asked for.
        let tried = self.import(&name, span);
        match &tried {
            Ok(Value::Module(module)) if module.file == Some(file) => return tried,
            Err(_) => return tried,
            _ => {}
        }
        let package = sources.path(file).strip_suffix("/__init__.py").map(str::to_owned);
        let found = Found { file: Some(file), package, root: natural, beyond_path: false };
        self.load(&name, found, span).map(Value::Module)
    }

    /// Does a file that only its place makes a candidate stand for the library `name`: is it the importing one itself,
    /// or does it import `name` from elsewhere?
    fn stands_for(&self, file: FileId, name: &str) -> bool {
        let is_meant = |module: &str| dotted::first(module) == dotted::first(name);
        file == self.file()
            || self.trees.outline(file).module.body.iter().any(|statement| match statement {
                tree::Stmt::ImportFrom(node) => {
                    node.level == 0 && node.module.as_ref().is_some_and(|module| is_meant(module))
                }
                tree::Stmt::Import(node) => node.names.iter().any(|alias| is_meant(&alias.name)),
                _ => false,
            })
    }

    /// The directory from which imports of the code being executed are looked for where `sys.path` has them not: that
    /// of its file, or, for a module of a package, the one that the package was found in. A package's own modules are
    /// no top-level modules.
    fn import_start(&self) -> Option<String> {
        let module = self.module()?;
        let mut directory = crate::source::split(self.sources().path(module.file?)).0;
        let mut packages: Vec<&str> = module.name.split('.').collect();
        if module.package.is_none() {
            packages.pop();
        }
        while let Some(package) = packages.pop() {
            let (parent, last) = crate::source::split(directory);
            if last != package {
                break;
            }
            directory = parent;
        }
        Some(directory.to_owned())
    }

    fn find_submodule(&self, parent: &Module<'t>, name: &str) -> Option<Found> {
        let directory = parent.package.as_ref()?;
        modules::below(self.sources(), directory, name)
    }

    /// `package.missing`: no such file. That is certain only for a package whose file was read and which does not make
    /// its submodules itself.
    fn missing_submodule(&mut self, parent: &Rc<Module<'t>>, dotted: &str, name: &str, span: Span) -> Outcome<'t> {
        let attribute = dotted::last(name);
        // A package that sets `__path__` (`pkgutil.extend_path`) has parts elsewhere.
        let has_path = parent.file.is_some_and(|file| {
            let names = parent.scope.names.borrow();
            names.get("__path__").is_some_and(|binding| binding.statement != Span::start_of(file))
        });
        let open = has_path || self.own_finders || parent.scope.open.borrow().is_some() || parent.file.is_none();
        if open || parent.scope.names.borrow().contains_key(attribute) || self.is_generated(parent, attribute) {
            return Ok(self.unknown(span, "a module that is not among the files of the project"));
        }
        self.note_odd_import(dotted, span, None);
        let message = format!("No module named '{name}'");
        self.fail("ModuleNotFoundError", message, span)
    }

    /// Modules that tools write when a package is built: their absence from the sources says nothing.
    fn is_generated(&self, parent: &Module<'t>, attribute: &str) -> bool {
        let sources = self.sources();
        let compiled = |directory: &Name| {
            sources.entries(directory).any(|entry| {
                entry.name.strip_prefix(attribute).is_some_and(|rest| rest.starts_with('.') && !rest.ends_with(".py"))
            })
        };
        attribute.starts_with('_')
            || matches!(attribute, "version" | "local_settings" | "local")
            || attribute.ends_with("_pb2")
            || attribute.ends_with("_pb2_grpc")
            || parent.package.as_ref().is_some_and(compiled)
    }

    fn new_module(&mut self, name: Name, file: Option<FileId>, package: Option<Name>) -> Rc<Module<'t>> {
        Rc::new(Module {
            name,
            file,
            package,
            scope: Scope::inside(None),
            state: State::Waiting.into(),
            has_own_names: false.into(),
            imports: Default::default(),
        })
    }

    fn load(&mut self, name: &str, found: Found, span: Span) -> Result<Rc<Module<'t>>, Box<Raised<'t>>> {
        if found.beyond_path {
            self.note_odd_import(name, span, Some(found.root.clone()));
        }
        if let Some(file) = found.file
            && let Some(module) = self.by_file.get(&file).cloned()
        {
            self.second_names.push((file, module.name.clone(), name.into(), span));
            self.modules.insert(name.into(), module.clone());
            self.note_import(&module, span);
            return Ok(module);
        }
        let module = self.new_module(name.into(), found.file, found.package.map(Name::from));
        self.modules.insert(name.into(), module.clone());
        self.module_order.push(module.clone());
        if let Some(file) = found.file {
            self.by_file.insert(file, module.clone());
        }
        self.note_import(&module, span);
        if self.imports >= IMPORTS {
            let unknown = self.hides_imports(span, "imports nested too deeply");
            if let Value::Unknown(unknown) = unknown {
                *module.scope.open.borrow_mut() = Some(unknown);
            }
            return Ok(module);
        }
        if let (Some(skips), Some(file)) = (&self.skips, found.file)
            && skips(file)
        {
            let why = "a module that was not looked at";
            *module.scope.open.borrow_mut() = Some(Unknown::new(span, why));
            module.state.set(State::Done);
            return Ok(module);
        }
        // An import inside a function runs the module with nothing of the function around it.
        self.run_module(&module, Some(span))?;
        Ok(module)
    }

    /// Binds what Python itself binds in every module: `__name__`, `__file__` and the like. Few modules are asked for them,
    /// so it is done when one is.
    pub fn bind_own_names(&mut self, module: &Rc<Module<'t>>) {
        let Some(file) = module.file.filter(|_| !module.has_own_names.replace(true)) else { return };
        let start = Span::start_of(file);
        let path = format!("{PROJECT_ROOT}/{}", self.sources().path(file));
        let text = |text: &str| Value::literal(text, start);
        let package = match &module.package {
            Some(_) => &*module.name,
            None => dotted::parent(&module.name).map_or("", |(package, _)| package),
        };
        let mut own = vec![
            ("__name__", text(&module.name)),
            ("__file__", text(&path)),
            ("__package__", text(package)),
            ("__doc__", Value::None),
            ("__spec__", Value::None),
        ];
        if let Some(directory) = &module.package {
            own.push(("__path__", self.new_list(vec![text(&format!("{PROJECT_ROOT}/{directory}"))])));
        }
        let mut names = module.scope.names.borrow_mut();
        for (name, value) in own {
            let binding = Binding {
                value,
                span: start,
                statement: start,
                annotation: None,
                certain: true,
                only_annotated: false,
            };
            names.entry(self.shared(name)).or_insert(binding);
        }
    }

    /// The value of a name that Python itself binds in the module.
    pub(super) fn own_name(&mut self, module: &Rc<Module<'t>>, name: &str) -> Option<Value<'t>> {
        if !name.starts_with("__") || module.has_own_names.get() {
            return None;
        }
        self.bind_own_names(module);
        module.scope.bound_to(name)
    }

    fn run_module(&mut self, module: &Rc<Module<'t>>, asked: Option<Span>) -> Result<(), Box<Raised<'t>>> {
        let Some(file) = module.file else {
            module.state.set(State::Done);
            return Ok(());
        };
        let sources = self.sources();
        module.state.set(State::Running);
        let trees = self.trees;
        let tree = trees.outline(file);
        if sources.unreadable(file).is_some() || !tree.problems.is_empty() {
            let why = if sources.unreadable(file).is_some() {
                "a file that can't be read"
            } else {
                "a file with a syntax error"
            };
            let place = tree.problems.first().map_or(Span::start_of(file), |problem| problem.span);
            if let Value::Unknown(unknown) = self.hides_imports(place, why) {
                *module.scope.open.borrow_mut() = Some(unknown);
            }
        }
        self.imports += 1;
        self.frames.push(Frame::Module(module.clone(), asked));
        // Calls do not count against the modules they import.
        let (calls, nesting, budget) =
            (std::mem::take(&mut self.calls), std::mem::take(&mut self.nesting), self.budget);
        module.scope.names.borrow_mut().reserve_exact(names_bound(&tree.module.body));
        self.enter(module.scope.clone(), module.clone(), file, None);
        let ran = self.module_body(&tree.module.body, asked.is_none());
        if module.package.is_none() {
            // Nothing is added any more to what is no package.
            module.scope.names.borrow_mut().shrink_to_fit();
        }
        self.leave();
        (self.calls, self.nesting, self.budget) = (calls, nesting, budget);
        self.frames.pop();
        self.imports -= 1;
        match ran {
            Ok(_) => {
                module.state.set(State::Done);
                Ok(())
            }
            Err(raised) if self.passes_over_packages && module.package.is_some() => {
                let why = format!("the package raises {} on paper", raised.exception);
                *module.scope.open.borrow_mut() = Some(Unknown::new(raised.span, why));
                module.state.set(State::Done);
                Ok(())
            }
            Err(raised) => {
                module.state.set(State::Raised);
                if asked.is_some() {
                    // Python forgets a module whose import failed; what it registered stays.
                    self.by_file.remove(&file);
                    self.modules.retain(|_, other| !Rc::ptr_eq(other, module));
                }
                Err(raised)
            }
        }
    }

    /// Runs a module's statements. What the application raises itself, or raises deep in its calls, rests on more than
    /// was read (its settings, its surroundings): such a statement is passed over, and what it may have imported is
    /// not known. A script's exceptions are its caller's to judge.
    fn module_body(&mut self, body: &'t [tree::Stmt], is_script: bool) -> Result<(), Box<Raised<'t>>> {
        for statement in body {
            if self.puts_off_imports && self.put_off(statement) {
                continue;
            }
            match self.block(std::slice::from_ref(statement)) {
                Err(raised) if !is_script && (raised.value.is_some() || raised.calls > 0) => {
                    let value = self.hides_imports(raised.span, &format!("raises {} on paper", raised.exception));
                    if let Value::Unknown(unknown) = value {
                        // What the statement would have bound may be bound.
                        self.scope().open.borrow_mut().get_or_insert(unknown);
                    }
                }
                Err(raised) => return Err(raised),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// Leaves an import statement for later; `false` for a statement that is none, or binds nobody knows what.
    fn put_off(&mut self, statement: &'t tree::Stmt) -> bool {
        let first = |alias: &'t tree::Alias| match &alias.asname {
            Some(name) => name.as_str(),
            None => dotted::first(&alias.name),
        };
        let names: Vec<&'t str> = match statement {
            tree::Stmt::Import(node) => node.names.iter().map(first).collect(),
            tree::Stmt::ImportFrom(node) if node.names.iter().all(|alias| &alias.name != "*") => {
                node.names.iter().map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str()).collect()
            }
            _ => return false,
        };
        let Some(module) = self.module().cloned() else { return false };
        let scope = self.scope();
        let mut waiting = scope.put_off.borrow_mut();
        // `import a.b` beside `import a.c`: both bind `a`.
        if names.iter().any(|name| waiting.contains_key(*name) || scope.names.borrow().contains_key(*name)) {
            return false;
        }
        for name in names {
            waiting.insert(name.into(), PutOff { statement, module: module.clone() });
        }
        true
    }

    /// Runs the import statement that binds `name` in `scope`, if one waits for that: what it binds.
    pub(super) fn import_put_off(&mut self, scope: &Rc<Scope<'t>>, name: &str) -> Option<Value<'t>> {
        let PutOff { statement, module } = scope.put_off.borrow_mut().shift_remove(name)?;
        let file = module.file?;
        let doubt = std::mem::take(&mut self.doubt);
        let tries = std::mem::take(&mut self.tries);
        self.enter(module.scope.clone(), module, file, None);
        let ran = match statement {
            tree::Stmt::Import(node) => self.import_statement(node),
            tree::Stmt::ImportFrom(node) => self.import_from_statement(node),
            _ => Ok(()),
        };
        self.leave();
        (self.doubt, self.tries) = (doubt, tries);
        if let Err(raised) = ran {
            let why = format!("its import raises {} on paper", raised.exception);
            return Some(self.hides_imports(raised.span, &why));
        }
        let bound = scope.names.borrow().get(name).cloned();
        bound.map(|binding| binding.value)
    }

    fn note_odd_import(&mut self, name: &str, span: Span, root: Option<String>) {
        // Who can't be read may have put anything on the path.
        let path_known = !self.search_path_open && self.unknown_calls.is_empty();
        let certain = self.is_certain();
        self.odd_imports.push(OddImport { name: name.into(), span, root, certain, path_known });
    }

    fn note_import(&mut self, module: &Rc<Module<'t>>, span: Span) {
        if let Some(here) = self.module().cloned() {
            // A statement that takes many names of a package imports the package once.
            let mut imports = here.imports.borrow_mut();
            let mut of_statement = imports.iter().rev().take_while(|(at, _)| *at == span);
            if !of_statement.any(|(_, known)| Rc::ptr_eq(known, module)) {
                imports.push((span, module.clone()));
            }
        }
    }

    fn bind_submodule(&mut self, parent: &Rc<Module<'t>>, dotted: &str, module: &Rc<Module<'t>>, span: Span) {
        let name = dotted::last(dotted);
        let mut names = parent.scope.names.borrow_mut();
        if names
            .get(name)
            .is_some_and(|binding| matches!(&binding.value, Value::Module(old) if Rc::ptr_eq(old, module)))
        {
            return;
        }
        if !names.contains_key(name) || module.state.get() == State::Done {
            let binding = Binding {
                value: Value::Module(module.clone()),
                span,
                statement: span,
                annotation: None,
                certain: true,
                only_annotated: false,
            };
            names.entry(name.into()).or_insert(binding);
        }
    }

    /// `package.sub` where somebody has imported `sub` already.
    pub(super) fn submodule_if_imported(&mut self, module: &Module<'t>, name: &str) -> Option<Value<'t>> {
        self.modules.get(&*format!("{}.{name}", module.name)).cloned().map(Value::Module)
    }

    /// `package.sub` where imports are put off: what ran before has imported `sub`.
    pub(super) fn submodule_put_off(&mut self, module: &Module<'t>, name: &str, span: Span) -> Option<Outcome<'t>> {
        if !self.puts_off_imports || self.find_submodule(module, name).is_none() {
            return None;
        }
        Some(self.import(&format!("{}.{name}", module.name), span))
    }

    pub(super) fn import_statement(&mut self, node: &'t tree::StmtImport) -> Result<(), Box<Raised<'t>>> {
        let statement = self.at(node);
        for alias in &node.names {
            let span = self.at(alias);
            let value = self.import(&alias.name, statement)?;
            match &alias.asname {
                Some(name) => self.bind(name, value, span, statement, None),
                None => {
                    let first = dotted::first(&alias.name);
                    let top = match &value {
                        Value::Module(_) => match self.modules.get(first) {
                            Some(module) => Value::Module(module.clone()),
                            None => Value::Term(self.name_term(first, span)),
                        },
                        Value::Unknown(_) => value.clone(),
                        _ => Value::Term(self.name_term(first, span)),
                    };
                    self.bind(first, top, span, statement, None);
                }
            }
        }
        Ok(())
    }

    pub(super) fn import_from_statement(&mut self, node: &'t tree::StmtImportFrom) -> Result<(), Box<Raised<'t>>> {
        let statement = self.at(node);
        let written = node.module.as_ref().map_or("", |module| module.as_str());
        let dotted = match self.absolute(node.level, written) {
            Some(dotted) => dotted,
            None => {
                let value = self.hides_imports(statement, "a relative import beyond the top-level package");
                return self.bind_all_unknown(node, value, statement);
            }
        };
        let from = match self.import(&dotted, statement) {
            Ok(value) => value,
            Err(raised) if node.level > 0 && dotted.is_empty() => return Err(raised),
            Err(raised) => return Err(raised),
        };
        for alias in &node.names {
            let span = self.at(alias);
            if &alias.name == "*" {
                self.import_star(&from, statement);
                continue;
            }
            let value = self.import_name(&from, &alias.name, statement, span)?;
            let name = alias.asname.as_ref().unwrap_or(&alias.name);
            self.bind(name, value, span, statement, None);
        }
        Ok(())
    }

    fn bind_all_unknown(
        &mut self,
        node: &'t tree::StmtImportFrom,
        value: Value<'t>,
        statement: Span,
    ) -> Result<(), Box<Raised<'t>>> {
        for alias in &node.names {
            let span = self.at(alias);
            self.bind(alias.asname.as_ref().unwrap_or(&alias.name), value.clone(), span, statement, None);
        }
        Ok(())
    }

    /// The dotted name that a possibly relative import means.
    fn absolute(&mut self, level: u32, written: &str) -> Option<String> {
        if level == 0 {
            return Some(written.to_owned());
        }
        let module = self.module()?.clone();
        let mut package = match &module.package {
            Some(_) => module.name.to_string(),
            None => match dotted::parent(&module.name) {
                Some((package, _)) => package.to_owned(),
                // A script that was run by its path has no package: Python refuses.
                None => return None,
            },
        };
        for _ in 1..level {
            package = dotted::parent(&package)?.0.to_owned();
        }
        Some(if written.is_empty() { package } else { format!("{package}.{written}") })
    }

    /// `from module import name`
    fn import_name(&mut self, from: &Value<'t>, name: &str, statement: Span, span: Span) -> Outcome<'t> {
        match from {
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
                if self.find_submodule(module, name).is_some() {
                    return self.import(&format!("{}.{name}", module.name), statement);
                }
                if let Some(unknown) = module.scope.open.borrow().clone() {
                    return Ok(Value::Unknown(unknown));
                }
                if module.scope.names.borrow().contains_key("__getattr__") {
                    return self.attribute(from, name, span);
                }
                if module.file.is_none() || self.own_finders || self.is_generated(module, name) {
                    return Ok(self.unknown(span, "a name that is not among the files of the project"));
                }
                // Only its place made it a candidate for that name: the name proves that a library is meant.
                if self.odd_imports.iter().any(|odd| odd.root.is_some() && odd.name == module.name) {
                    return Ok(Value::Term(self.name_term(&format!("{}.{name}", module.name), span)));
                }
                if module.state.get() == State::Running {
                    let path = module.file.map_or("", |file| self.sources().path(file));
                    let message = format!(
                        "cannot import name '{name}' from partially initialized module '{}' (most likely due to a circular import) ({path})",
                        module.name
                    );
                    return self.fail("ImportError", message, span);
                }
                let path = module.file.map_or("", |file| self.sources().path(file));
                let message = format!("cannot import name '{name}' from '{}' ({path})", module.name);
                self.fail("ImportError", message, span)
            }
            Value::Term(term) => {
                let term = term.clone();
                let touched = self.touched;
                let top = term.dotted().map(|dotted| dotted::first(dotted).to_owned());
                let found = self.attribute(&Value::Term(term.clone()), name, span)?;
                if top.is_some_and(|top| self.is_installed(&top) == Some(true)) {
                    // Nothing that could fail.
                    self.touched = touched;
                }
                Ok(found)
            }
            other => Ok(other.clone()),
        }
    }

    fn import_star(&mut self, from: &Value<'t>, statement: Span) {
        let Value::Module(module) = from else {
            if let Value::Term(term) = from {
                let dotted = term.dotted().unwrap_or("").to_owned();
                let known = self.libraries.iter().find_map(|library| library.star_import(&dotted));
                for name in known.unwrap_or(&[]) {
                    let value = Value::Term(self.name_term(&format!("{dotted}.{name}"), statement));
                    self.bind(name, value, statement, statement, None);
                }
                // Names of a library: any name not bound otherwise may come from it.
                let why: Name = format!("`from {} import *`", term.dotted().unwrap_or("a library")).into();
                let unknown = crate::python::value::Unknown::new(statement, why);
                self.scope().open.borrow_mut().get_or_insert(unknown);
            }
            return;
        };
        let all = module.scope.names.borrow().get("__all__").map(|binding| binding.value.clone());
        let listed = all.and_then(|all| all.items());
        let put_off: Vec<Name> = module.scope.put_off.borrow().keys().cloned().collect();
        for name in put_off {
            self.import_put_off(&module.scope.clone(), &name);
        }
        let names: Vec<Name> = match &listed {
            Some(items) => items.iter().filter_map(|item| item.as_str().map(Name::from)).collect(),
            None => module.scope.names.borrow().keys().filter(|name| !name.starts_with('_')).cloned().collect(),
        };
        for name in names {
            let found = module.scope.names.borrow().get(&*name).cloned();
            let value = match found.filter(|binding| !binding.only_annotated) {
                Some(binding) => binding.value,
                None => match self.maybe(|machine| machine.import_name(from, &name, statement, statement)) {
                    Ok(value) => value,
                    Err(_) => continue,
                },
            };
            self.bind(&name, value, statement, statement, None);
        }
        if let Some(unknown) = module.scope.open.borrow().clone() {
            self.scope().open.borrow_mut().get_or_insert(unknown);
        }
    }
}

/// How many names the statements bind, as far as can be told at a glance.
fn names_bound(body: &[tree::Stmt]) -> usize {
    let of_statement = |statement: &tree::Stmt| match statement {
        tree::Stmt::Import(node) => node.names.len(),
        tree::Stmt::ImportFrom(node) => node.names.len(),
        tree::Stmt::Assign(node) => node.targets.len(),
        tree::Stmt::FunctionDef(_) | tree::Stmt::ClassDef(_) | tree::Stmt::AnnAssign(_) => 1,
        _ => 0,
    };
    body.iter().map(of_statement).sum()
}
