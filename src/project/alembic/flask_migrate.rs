//! Flask-Migrate: the application runs on paper before env.py does, and `current_app` is what it made.
//!
//! `flask db …` loads the application first (`FLASK_APP`, `wsgi.py`, `app.py`, a factory), so what that imports is
//! reached, too. env.py then takes the URL from `current_app.config` and the MetaData from the `SQLAlchemy` object that
//! `Migrate` was given.

use std::collections::HashMap;
use std::rc::Rc;

use crate::project::Known;
use crate::project::alembic::library::{Alembic, MetaDatas};
use crate::project::code;
use crate::project::sqlalchemy::MetaDataId;
use crate::python::dotted;
use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::scope::Module;
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::python::value::{Key, Value};
use crate::source::{FileId, Span, join};

/// What the application did that Flask-Migrate depends on.
#[derive(Clone, Debug, Default)]
pub struct FlaskApp {
    /// The file that `flask` loads; `None`: it could not be told.
    pub file: Option<FileId>,
    /// The application object was made, in the file or by its factory.
    pub made: bool,
    /// The file that `flask` certainly takes: `FLASK_APP` names it, or it is wsgi.py or app.py.
    pub named: Option<FileId>,
    /// `db.init_app(app)` or `SQLAlchemy(app)`, in order.
    pub database_set_up: Vec<Span>,
    /// `Migrate(app, db)` or `migrate.init_app(app, db)`, in order.
    pub migrate_set_up: Vec<Span>,
    /// `Migrate()` was made, set up or not.
    pub migrate_made: Option<Span>,
    /// The names that modules bind `Migrate()` to.
    pub migrate_names: Vec<String>,
    /// The MetaData of the `SQLAlchemy` object that Flask-Migrate works with.
    pub metadata: Option<MetaDataId>,
    /// The exception that loading it certainly ends with.
    pub raised: Option<(String, String, Span)>,
    /// The files that `flask db` runs: of these, what loading the application reached.
    pub tried: Vec<FileId>,
}

/// The application while it is run.
#[derive(Default)]
pub(super) struct Flask<'t> {
    pub config: HashMap<String, Value<'t>>,
    pub config_open: bool,
    pub database: Option<Value<'t>>,
    pub databases: Vec<Rc<Term<'t>>>,
    pub migrate_terms: Vec<usize>,
    pub app_terms: Vec<usize>,
    pub database_set_up: Vec<Span>,
    pub migrate_set_up: Vec<Span>,
    pub migrate_made: Option<Span>,
    pub loaded: Option<FlaskApp>,
}

/// Loads the application as `flask` does, once per machine. `run_from` is the directory that `flask` runs in.
pub fn load_app<'t>(
    machine: &mut Machine<'t>,
    library: &Alembic<'t>,
    metadatas: &dyn MetaDatas<'t>,
    run_from: &str,
) -> FlaskApp {
    if let Some(loaded) = &library.state.borrow().flask.loaded {
        return loaded.clone();
    }
    let mut app = FlaskApp::default();
    let (candidates, named) = candidates(machine, run_from);
    app.named = candidates.first().filter(|_| named).map(|(file, _)| *file);
    let span = |file: FileId| Span::start_of(file);
    for (file, attribute) in candidates {
        app.tried.push(file);
        let module = match machine.import_file(file, span(file)) {
            Ok(Value::Module(module)) => module,
            Ok(_) => continue,
            Err(raised) => {
                app.raised = Some((raised.exception.to_string(), raised.message.clone(), raised.span));
                app.file = Some(file);
                continue;
            }
        };
        if !library.make_app(machine, &module, attribute.as_deref(), span(file)) {
            continue;
        }
        app.file = Some(file);
        app.made = true;
        app.raised = None;
        // Several candidates without a name for one: all are read, so that nothing that one of them imports is missed.
        if named {
            break;
        }
    }
    {
        let state = library.state.borrow();
        app.database_set_up = state.flask.database_set_up.clone();
        app.migrate_set_up = state.flask.migrate_set_up.clone();
        app.migrate_made = state.flask.migrate_made;
        let is_migrate =
            |value: &Value<'t>| value.as_term().is_some_and(|term| state.flask.migrate_terms.contains(&term.id));
        for module in machine.modules() {
            let names = module.scope.names.borrow();
            let bound = names.iter().filter(|(_, binding)| is_migrate(&binding.value));
            app.migrate_names.extend(bound.map(|(name, _)| name.to_string()));
        }
    }
    let database = library.database();
    if let Some(database) = database {
        let at = app.file.map_or(Span::start_of(FileId(0)), Span::start_of);
        if let Ok(metadata) = machine.attribute(&database, "metadata", at) {
            app.metadata = metadatas.number(&metadata);
        }
    }
    library.state.borrow_mut().flask.loaded = Some(app.clone());
    app
}

/// The files that `flask` may load, the likeliest first, each with the attribute that FLASK_APP names; and whether
/// somebody names them.
fn candidates(machine: &Machine<'_>, run_from: &str) -> (Vec<(FileId, Option<String>)>, bool) {
    let sources = machine.trees.sources();
    let file = |name: &str| join(run_from, name).and_then(|path| sources.id(&path));
    for settings in [".flaskenv", ".env"] {
        let Some(settings) = file(settings) else { continue };
        for line in sources.text(settings).lines() {
            let line = line.trim().trim_start_matches("export ");
            let Some(value) =
                line.strip_prefix("FLASK_APP").map(str::trim_start).and_then(|rest| rest.strip_prefix('='))
            else {
                continue;
            };
            let value = value.trim().trim_matches(['"', '\'']);
            let (module, attribute) = match value.split_once(':') {
                Some((module, attribute)) => (module, Some(attribute.trim_end_matches("()").to_owned())),
                None => (value, None),
            };
            let stem = module.trim_end_matches(".py").replace('.', "/");
            let found = file(&format!("{stem}.py")).or_else(|| file(&format!("{stem}/__init__.py")));
            if let Some(found) = found {
                return (vec![(found, attribute)], true);
            }
        }
    }
    for name in ["wsgi.py", "app.py"] {
        if let Some(found) = file(name) {
            return (vec![(found, None)], true);
        }
    }
    let mut others = Vec::new();
    for entry in sources.entries(run_from.trim_matches('/')) {
        let Some(file) = entry.file.filter(|_| entry.name.ends_with(".py")) else { continue };
        let tree = &machine.trees.whole(file);
        let makes_app = ["create_app", "make_app"].iter().any(|name| code::names(tree, name));
        if makes_app || code::calls(tree).iter().any(|call| call.name == "Flask") {
            others.push((file, None));
        }
    }
    if others.is_empty() {
        others.extend(file("app/__init__.py").map(|file| (file, None)));
    }
    (others, false)
}

impl<'t> Alembic<'t> {
    /// Finds the application in a module, or calls its factory.
    fn make_app(
        &self,
        machine: &mut Machine<'t>,
        module: &Rc<Module<'t>>,
        attribute: Option<&str>,
        span: Span,
    ) -> bool {
        let value_of = |name: &str| module.scope.names.borrow().get(name).map(|binding| binding.value.clone());
        let names: Vec<&str> = match attribute {
            Some(name) => vec![name],
            None => vec!["app", "application", "create_app", "make_app"],
        };
        for name in names {
            match value_of(name) {
                Some(function @ Value::Function(_)) => {
                    let nothing = Rc::new(Arguments { positional: Vec::new(), keywords: Vec::new(), open: false });
                    if let Err(raised) = machine.call(&function, &nothing, span) {
                        // A factory that wants arguments is called with unknown ones.
                        if &*raised.exception == "TypeError" {
                            let open = Rc::new(Arguments { positional: Vec::new(), keywords: Vec::new(), open: true });
                            let _ = machine.call(&function, &open, span);
                        }
                    }
                    return true;
                }
                Some(Value::None | Value::Module(_)) | None => {}
                Some(_) => return true,
            }
        }
        let state = self.state.borrow();
        module
            .scope
            .names
            .borrow()
            .values()
            .any(|binding| binding.value.as_term().is_some_and(|term| state.flask.app_terms.contains(&term.id)))
    }

    /// The `SQLAlchemy` object that Flask-Migrate works with: the one that `Migrate` was given, else the only one.
    pub(super) fn database(&self) -> Option<Value<'t>> {
        let state = self.state.borrow();
        if let Some(database) = &state.flask.database {
            return Some(database.clone());
        }
        match state.flask.databases.as_slice() {
            [only] => Some(Value::Term(only.clone())),
            _ => None,
        }
    }

    pub(super) fn flask_call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        dotted: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let last = dotted::last(dotted);
        match (dotted::first(dotted), last) {
            ("flask" | "quart", "Flask" | "Quart") => {
                let term = machine.call_term(callee, arguments, span);
                if let Value::Term(term) = &term {
                    self.state.borrow_mut().flask.app_terms.push(term.id);
                }
                Some(Ok(term))
            }
            ("flask_migrate", "Migrate") => {
                let term = machine.call_term(callee, arguments, span);
                if let Value::Term(term) = &term {
                    let mut state = self.state.borrow_mut();
                    state.flask.migrate_terms.push(term.id);
                    state.flask.migrate_made.get_or_insert(span);
                }
                self.migrate_given(arguments, span);
                Some(Ok(term))
            }
            ("flask_sqlalchemy", "SQLAlchemy") => {
                if arguments.get(0, "app").is_some_and(|app| !matches!(app, Value::None)) {
                    self.state.borrow_mut().flask.database_set_up.push(span);
                }
                None
            }
            _ if dotted == "flask.current_app.config.get" => Some(Ok(self.flask_option(machine, arguments, span))),
            _ if dotted == "flask.current_app.extensions.get" => {
                let key = arguments.get(0, "key").and_then(Value::as_str)?.to_owned();
                self.extension(machine, callee, &key, span)
            }
            _ => None,
        }
    }

    fn migrate_given(&self, arguments: &Arguments<'t>, span: Span) {
        let app = arguments.get(0, "app").is_some_and(|app| !matches!(app, Value::None));
        let mut state = self.state.borrow_mut();
        if app || arguments.open {
            state.flask.migrate_set_up.push(span);
        }
        if let Some(database) = arguments.get(1, "db").filter(|value| !matches!(value, Value::None)) {
            state.flask.database = Some(database.clone());
        }
    }

    pub(super) fn flask_method(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        of: &Rc<Term<'t>>,
        method: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        if method == "init_app" {
            if self.state.borrow().flask.migrate_terms.contains(&of.id) {
                self.migrate_given(arguments, span);
            } else if is_database(of) {
                let mut state = self.state.borrow_mut();
                state.flask.database_set_up.push(span);
                if !state.flask.databases.iter().any(|known| known.id == of.id) {
                    state.flask.databases.push(of.clone());
                }
            }
            return None;
        }
        if is_config_of_app(of) {
            return self.flask_config_call(machine, method, arguments, span);
        }
        if method == "get_engine" && (is_database(of) || self.is_database_of_app(of)) {
            return Some(Ok(self.flask_engine(machine, callee, arguments, span)));
        }
        None
    }

    fn flask_config_call(
        &self,
        machine: &mut Machine<'t>,
        method: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        match method {
            "get" => return Some(Ok(self.flask_option(machine, arguments, span))),
            "from_object" => {
                let mut given = arguments.get(0, "obj").cloned();
                if let Some(Value::Str(text)) = &given {
                    given = imported_object(machine, &text.text, span);
                }
                let class = match given {
                    Some(Value::Class(class)) => class,
                    Some(Value::Object(object)) => object.class.clone(),
                    Some(Value::Module(module)) => {
                        let mut state = self.state.borrow_mut();
                        for (name, binding) in module.scope.names.borrow().iter() {
                            if is_upper(name) {
                                state.flask.config.insert(name.to_string(), binding.value.clone());
                            }
                        }
                        return None;
                    }
                    _ => {
                        self.state.borrow_mut().flask.config_open = true;
                        return None;
                    }
                };
                let ancestors: Vec<_> = class.ancestors().collect();
                let mut state = self.state.borrow_mut();
                for ancestor in ancestors.iter().rev() {
                    for (name, binding) in ancestor.attributes.borrow().iter() {
                        if is_upper(name) && !binding.only_annotated {
                            state.flask.config.insert(name.to_string(), binding.value.clone());
                        }
                    }
                }
            }
            "from_mapping" | "update" => {
                let mut state = self.state.borrow_mut();
                state.flask.config_open |= arguments.open;
                for argument in &arguments.positional {
                    let Value::Dict(dict) = &argument.value else {
                        state.flask.config_open = true;
                        continue;
                    };
                    state.flask.config_open |= dict.open.get();
                    for (key, value) in dict.entries.borrow().iter() {
                        if let Key::Str(key) = key {
                            state.flask.config.insert(key.to_string(), value.clone());
                        }
                    }
                }
                for keyword in &arguments.keywords {
                    state.flask.config.insert(keyword.name.to_string(), keyword.value.clone());
                }
            }
            "setdefault" => {
                if let (Some(Value::Str(key)), Some(value)) = (arguments.get(0, "key"), arguments.get(1, "default")) {
                    let mut state = self.state.borrow_mut();
                    state.flask.config.entry(key.text.to_string()).or_insert_with(|| value.clone());
                }
            }
            "from_pyfile" | "from_envvar" | "from_prefixed_env" | "from_json" | "from_file" => {
                self.state.borrow_mut().flask.config_open = true;
            }
            _ => {}
        }
        None
    }

    fn flask_option(&self, machine: &mut Machine<'t>, arguments: &Arguments<'t>, span: Span) -> Value<'t> {
        let default = arguments.get(1, "default").cloned().unwrap_or(Value::None);
        let Some(key) = arguments.get(0, "key").and_then(Value::as_str) else {
            return machine.unknown(span, "the option's name is not known");
        };
        self.flask_setting(machine, key, Some(default), span)
    }

    fn flask_setting(&self, machine: &mut Machine<'t>, key: &str, default: Option<Value<'t>>, span: Span) -> Value<'t> {
        let state = self.state.borrow();
        let known = state.flask.config.get(key).cloned();
        let open = state.flask.config_open || state.flask.app_terms.is_empty();
        drop(state);
        match (known, default) {
            // What an unread file says comes on top of what the code says.
            (Some(value), _) if !open => value,
            (None, Some(default)) if !open => default,
            _ => machine.unknown(span, "depends on the application's configuration"),
        }
    }

    fn flask_engine(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Value<'t> {
        let url = self.flask_setting(machine, "SQLALCHEMY_DATABASE_URI", None, span);
        let url = match url {
            Value::None => Known::Unknown(span, "no `SQLALCHEMY_DATABASE_URI`".to_owned()),
            value => self.url(machine, &value, span),
        };
        self.new_engine(machine, callee, arguments, span, false, url, "get_engine", None)
    }

    fn is_database_of_app(&self, term: &Term<'t>) -> bool {
        matches!(self.database(), Some(Value::Term(database)) if database.id == term.id)
    }

    fn extension(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, key: &str, span: Span) -> Option<Outcome<'t>> {
        match key {
            "migrate" => Some(Ok(Value::Term(machine.term(TermKind::Of("flask-migrate", of.clone()), span)))),
            "sqlalchemy" => Some(Ok(match self.database() {
                Some(database) => database,
                None => machine.unknown(span, "depends on the Flask application"),
            })),
            _ => None,
        }
    }

    pub(super) fn flask_attribute(
        &self,
        machine: &mut Machine<'t>,
        of: &Rc<Term<'t>>,
        name: &str,
        span: Span,
    ) -> Option<Outcome<'t>> {
        if let TermKind::Of("flask-migrate", _) = &of.kind {
            return Some(Ok(match (name, self.database()) {
                ("db", Some(database)) => database,
                _ => machine.unknown(span, "depends on the Flask application"),
            }));
        }
        if name == "engine" && (is_database(of) || self.is_database_of_app(of)) {
            let nothing = Rc::new(Arguments::default());
            return Some(Ok(self.flask_engine(machine, of, &nothing, span)));
        }
        None
    }

    pub(super) fn flask_item(
        &self,
        machine: &mut Machine<'t>,
        of: &Rc<Term<'t>>,
        key: &Value<'t>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        match of.dotted() {
            Some("flask.current_app.extensions") => self.extension(machine, of, key.as_str()?, span),
            Some("flask.current_app.config") => {
                let key = key.as_str()?.to_owned();
                Some(Ok(self.flask_setting(machine, &key, None, span)))
            }
            _ if is_config_of_app(of) => {
                let key = key.as_str()?.to_owned();
                Some(Ok(self.flask_setting(machine, &key, None, span)))
            }
            // `db.metadatas[None]`
            _ if of.attribute().is_some_and(|(database, name)| &**name == "metadatas" && is_database(database)) => {
                let database = Value::Term(of.attribute()?.0.clone());
                match key {
                    Value::None => Some(machine.attribute(&database, "metadata", span)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    pub(super) fn flask_item_assigned(
        &self,
        machine: &mut Machine<'t>,
        of: &Rc<Term<'t>>,
        key: &Value<'t>,
        value: &Value<'t>,
        span: Span,
    ) {
        if is_config_of_app(of) || of.dotted() == Some("flask.current_app.config") {
            let value = match (machine.is_certain(), key.as_str()) {
                (_, None) => return,
                (true, _) => value.clone(),
                (false, _) => machine.unknown(span, "set only on some paths"),
            };
            if let Some(key) = key.as_str() {
                self.state.borrow_mut().flask.config.insert(key.to_owned(), value);
            }
        }
    }
}

impl<'t> Alembic<'t> {}

/// `app.config` of a Flask application.
fn is_config_of_app(of: &Term<'_>) -> bool {
    let Some((app, name)) = of.attribute() else { return false };
    &**name == "config"
        && app.call().is_some_and(|(callee, _)| matches!(callee.dotted(), Some("flask.Flask" | "quart.Quart")))
}

/// `SQLAlchemy()` of Flask-SQLAlchemy.
fn is_database(of: &Term<'_>) -> bool {
    of.call().is_some_and(|(callee, _)| callee.dotted().is_some_and(|dotted| dotted.ends_with(".SQLAlchemy")))
}

fn is_upper(name: &str) -> bool {
    name.chars().any(|letter| letter.is_ascii_uppercase()) && !name.chars().any(|letter| letter.is_ascii_lowercase())
}

/// `"config.ProductionConfig"`, `"config"`
fn imported_object<'t>(machine: &mut Machine<'t>, dotted: &str, span: Span) -> Option<Value<'t>> {
    if let Ok(module @ Value::Module(_)) = machine.import(dotted, span) {
        return Some(module);
    }
    let (module, name) = dotted::parent(dotted)?;
    let module = machine.import(module, span).ok()?;
    machine.attribute(&module, name, span).ok()
}
