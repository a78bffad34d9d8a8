//! What `alembic.context`, engines and connections do while env.py runs on paper: the calls become the ordered events
//! of [`EnvRun`].
//!
//! [`Alembic`] must stand first in the interpreter's list of libraries: it observes calls (`asyncio.run`, `create_all`)
//! that others answer. [`run_env`] runs env.py twice, online and offline, and hands back owned facts.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use rustc_hash::FxHashSet;

use crate::project::Known;
use crate::project::alembic::config::Config;
use crate::project::alembic::env_layout;
use crate::project::alembic::env_script::{
    EnvRun, EnvScript, Event, Exception, FileConfig, ObjectId, TargetMetadata, Unreached, What,
};
use crate::project::alembic::flask_migrate::Flask;
use crate::project::alembic::script_directory::{SCRIPT, version_locations};
use crate::project::code;
use crate::project::sqlalchemy::MetaDataId;
use crate::project::sqlalchemy::url::EngineUrl;
use crate::python::builtins::paths::{found, path_text};
use crate::python::dotted;
use crate::python::evaluate::{Machine, Outcome};
use crate::python::library::Library;
use crate::python::value::class::Code;
use crate::python::value::scope::Module;
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::python::value::{Name, Value};
use crate::source::{FileId, Span};

/// Who knows which value is which MetaData: the library of SQLAlchemy's models.
pub trait MetaDatas<'t> {
    /// The MetaData that `value` is.
    fn number(&self, value: &Value<'t>) -> Option<MetaDataId>;
    /// The names (and schemas) of the tables registered on it so far.
    fn tables(&self, metadata: MetaDataId) -> Vec<(String, Option<String>)>;
}

/// Knowledge of Alembic's runtime, of engines and of connections.
pub struct Alembic<'t> {
    pub(super) state: RefCell<State<'t>>,
}

impl Default for Alembic<'_> {
    fn default() -> Self {
        Alembic::new()
    }
}

/// An engine that a term stands for.
#[derive(Clone, Copy)]
pub(super) struct EngineRef {
    pub number: ObjectId,
    /// The term is the asynchronous face of it.
    pub is_async: bool,
}

/// What is known of an engine.
#[derive(Clone)]
pub(super) struct EngineInfo {
    pub event: Event,
    pub url: Known<EngineUrl>,
}

/// A connection that a term stands for.
#[derive(Clone, Copy)]
pub(super) struct ConnectionRef {
    pub number: ObjectId,
    /// The term is an `AsyncConnection`.
    pub is_async: bool,
}

/// `connection.run_sync(function, …)`, not awaited yet.
#[derive(Clone)]
pub(super) struct Pending<'t> {
    pub function: Value<'t>,
    pub arguments: Rc<Arguments<'t>>,
    pub span: Span,
}

/// A `context.configure` whose MetaData and filters are looked at when the run has ended.
pub(super) struct RawConfigure<'t> {
    pub event: usize,
    pub target: Option<(Value<'t>, Span)>,
    pub filters: Vec<(String, Value<'t>)>,
}

/// One run, while it lasts.
pub(super) struct Run<'t> {
    pub offline: bool,
    pub file: FileId,
    pub config: Rc<Config>,
    pub facts: EnvRun,
    pub configures: Vec<RawConfigure<'t>>,
    pub overrides: HashMap<(String, String), Value<'t>>,
    pub configured: Option<ObjectId>,
    /// env.py calls something outside the project that may do anything.
    pub calls_outside: bool,
    /// Where env.py last changed `context.script.version_locations`, and whether it certainly did.
    pub version_locations: Option<(Span, bool)>,
}

#[derive(Default)]
pub(super) struct State<'t> {
    pub engines: Vec<EngineInfo>,
    pub engine_terms: HashMap<usize, EngineRef>,
    pub connection_engines: Vec<Option<ObjectId>>,
    pub connection_terms: HashMap<usize, ConnectionRef>,
    pub transactions: HashMap<usize, ObjectId>,
    pub urls: HashMap<usize, Value<'t>>,
    pub pending: HashMap<usize, Pending<'t>>,
    pub run: Option<Run<'t>>,
    pub flask: Flask<'t>,
    /// `include_object` and the like of the online run, by the call of `context.configure`.
    pub filters: Vec<(Span, String, Value<'t>)>,
}

impl<'t> Alembic<'t> {
    /// Nothing run yet.
    pub fn new() -> Alembic<'t> {
        Alembic { state: RefCell::new(State::default()) }
    }

    /// Notes an event of the run that is under way, if one is.
    pub(super) fn note(&self, machine: &Machine<'t>, what: What, span: Span) {
        let event = event(machine, what, span);
        if let Some(run) = &mut self.state.borrow_mut().run {
            run.facts.events.push(event);
        }
    }

    /// The engine that a value stands for, in any of its alternatives.
    pub(super) fn engine_of(&self, value: &Value<'t>) -> Option<EngineRef> {
        let state = self.state.borrow();
        value
            .alternatives()
            .iter()
            .filter_map(Value::as_term)
            .find_map(|term| state.engine_terms.get(&term.id).copied())
    }

    /// The connection that a value stands for, in any of its alternatives.
    pub(super) fn connection_of(&self, value: &Value<'t>) -> Option<ConnectionRef> {
        let state = self.state.borrow();
        value
            .alternatives()
            .iter()
            .filter_map(Value::as_term)
            .find_map(|term| state.connection_terms.get(&term.id).copied())
    }

    fn named_call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        dotted: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        if let Some(method) = dotted.strip_prefix("alembic.context.config.") {
            return self.config_call(machine, method, arguments, span);
        }
        if let Some(function) = dotted.strip_prefix("alembic.context.") {
            return self.context_call(machine, callee, function, arguments, span);
        }
        match dotted {
            "alembic.op.get_bind" => return self.bind(machine, callee, span),
            "logging.config.fileConfig" => {
                let disables = match arguments.get(2, "disable_existing_loggers") {
                    None => Some(true),
                    Some(value) => value.as_bool(),
                };
                let read = arguments.get(0, "fname").and_then(path_text).and_then(|path| found(machine, path));
                let tried = code::is_tried(&machine.trees.whole(span.file), span);
                if let Some(run) = &mut self.state.borrow_mut().run {
                    let file = read.and_then(Result::ok);
                    run.facts.file_configs.push(FileConfig { span, file, disables, tried });
                }
                return None;
            }
            "asyncio.run" | "anyio.run" | "uvloop.run" | "trio.run" | "asgiref.sync.async_to_sync" => {
                if let Some(run) = &mut self.state.borrow_mut().run {
                    run.facts.loop_starts.push(span);
                }
            }
            _ => {}
        }
        let package = dotted::first(dotted);
        match package {
            "sqlalchemy" | "sqlmodel" => self.sqlalchemy_call(machine, callee, dotted, arguments, span),
            "flask" | "flask_migrate" | "flask_sqlalchemy" | "quart" => {
                self.flask_call(machine, callee, dotted, arguments, span)
            }
            _ => None,
        }
    }

    /// `asyncio`'s ways to run a coroutine; without them, functions that env.py hands to code outside the project may
    /// be run there.
    fn handed_on(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let root = callee.root().unwrap_or("");
        let package = dotted::first(root);
        let last = match &callee.kind {
            TermKind::Attribute(_, name) => name.to_string(),
            _ => dotted::last(root).to_owned(),
        };
        if matches!(package, "asyncio" | "anyio" | "uvloop" | "trio" | "nest_asyncio") {
            let first = arguments.positional.first().map(|argument| argument.value.clone());
            let runs = matches!(
                last.as_str(),
                "run" | "run_until_complete" | "create_task" | "ensure_future" | "wait_for" | "shield" | "gather"
            );
            return match first {
                Some(Value::Coroutine(coroutine)) if runs => {
                    coroutine.used.set(true);
                    let mut outcome = machine.await_value(&Value::Coroutine(coroutine), span);
                    for further in arguments.positional.iter().skip(1) {
                        if outcome.is_ok() && matches!(further.value, Value::Coroutine(_)) {
                            outcome = machine.await_value(&further.value, span);
                        }
                    }
                    Some(outcome)
                }
                Some(Value::Term(term)) if runs && self.state.borrow().pending.contains_key(&term.id) => {
                    Some(machine.await_value(&Value::Term(term), span))
                }
                Some(function @ (Value::Function(_) | Value::Method(..))) if runs => {
                    let rest = Arguments {
                        positional: arguments.positional[1..].to_vec(),
                        keywords: Vec::new(),
                        open: arguments.open,
                    };
                    let called = machine.call(&function, &Rc::new(rest), span);
                    Some(called.and_then(|value| machine.await_value(&value, span)))
                }
                _ => None,
            };
        }
        let in_env_py = self.state.borrow().run.as_ref().is_some_and(|run| run.file == span.file);
        if !in_env_py || NEVER_CALLS_BACK.contains(&package) {
            return None;
        }
        for value in arguments.values() {
            match value {
                Value::Function(_) | Value::Method(..) => {
                    let open = Rc::new(Arguments { positional: Vec::new(), keywords: Vec::new(), open: true });
                    machine.maybe(|machine| {
                        if let Ok(result @ Value::Coroutine(_)) = machine.call(value, &open, span) {
                            let _ = machine.await_value(&result, span);
                        }
                    });
                }
                Value::Coroutine(coroutine) => {
                    coroutine.used.set(true);
                    machine.maybe(|machine| {
                        let _ = machine.await_value(value, span);
                    });
                }
                _ => {}
            }
        }
        None
    }
}

/// Packages that take functions without running them while env.py runs.
const NEVER_CALLS_BACK: &[&str] = &[
    "sqlalchemy",
    "sqlmodel",
    "alembic",
    "logging",
    "flask",
    "flask_migrate",
    "typing",
    "typing_extensions",
    "dataclasses",
    "functools",
    "contextlib",
    "pydantic",
    "pydantic_settings",
    "atexit",
    "signal",
    "click",
    "typer",
];

/// How names of functions begin that import modules.
const LOADERS: &[&str] = &[
    "import_m",
    "import_all",
    "import_sub",
    "import_pack",
    "load_model",
    "load_all",
    "load_module",
    "load_entities",
    "autodiscover",
    "autoload",
    "discover",
    "find_modules",
    "register_models",
];

/// The dotted name that is called.
fn package_of_call<'a>(callee: &'a Term<'_>) -> &'a str {
    callee.dotted().unwrap_or("")
}

/// Packages whose functions do not run migrations.
const KNOWN: &[&str] = &[
    "sqlalchemy",
    "sqlmodel",
    "alembic",
    "logging",
    "flask",
    "flask_migrate",
    "flask_sqlalchemy",
    "typing",
    "dataclasses",
    "functools",
    "contextlib",
    "pydantic",
    "pydantic_settings",
    "os",
    "sys",
    "re",
    "pathlib",
    "asyncio",
    "anyio",
    "uvloop",
    "importlib",
    "pkgutil",
    "inspect",
    "glob",
    "json",
    "time",
    "datetime",
    "urllib",
    "warnings",
    "configparser",
    "dotenv",
    "decouple",
    "environs",
    "environ",
    "loguru",
    "structlog",
    "rich",
    "psycopg2",
    "psycopg",
    "asyncpg",
    "geoalchemy2",
    "alembic_utils",
    "alembic_postgresql_enum",
    "pgvector",
    "yaml",
    "toml",
    "tomllib",
    "copy",
    "collections",
    "itertools",
    "operator",
    "string",
    "subprocess",
    "threading",
    "traceback",
    "uuid",
    "nest_asyncio",
    "click",
    "socket",
    "textwrap",
];

impl<'t> Library<'t> for Alembic<'t> {
    fn text(&self, _: &mut Machine<'t>, term: &Rc<Term<'t>>, span: Span) -> Option<Value<'t>> {
        self.text_of(term, span)
    }

    fn call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let package = callee.root().map_or("", |root| dotted::first(root));
        if let Some(run) = &mut self.state.borrow_mut().run
            && run.file == span.file
            && !KNOWN.contains(&package)
        {
            run.calls_outside = true;
        }
        if !KNOWN.contains(&package)
            && let Some(run) = &mut self.state.borrow_mut().run
        {
            let called = match &callee.kind {
                TermKind::Attribute(_, name) => name,
                _ => package_of_call(callee),
            };
            let last = dotted::last(called).to_ascii_lowercase();
            let loads = LOADERS.iter().any(|word| last.starts_with(word));
            let scans = last == "scan" && matches!(package, "venusian" | "pyramid");
            run.facts.may_load_models |= scans || (loads && run.file == span.file);
        }
        if let TermKind::Attribute(of, method) = &callee.kind
            && let Some(answer) = super::directives::called(machine, of, method, span)
        {
            return Some(answer);
        }
        let answer = match &callee.kind {
            TermKind::Name(dotted) => self.named_call(machine, callee, dotted, arguments, span),
            TermKind::Attribute(of, name) => self.method_call(machine, callee, of, name, arguments, span),
            _ => None,
        };
        answer.or_else(|| self.handed_on(machine, callee, arguments, span))
    }

    fn attribute(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, name: &str, span: Span) -> Option<Outcome<'t>> {
        match of.dotted() {
            Some("alembic.context.config") => self.config_attribute(machine, name, span),
            Some("flask.current_app") => None,
            _ => super::directives::attribute(of, name)
                .or_else(|| self.engine_attribute(machine, of, name, span))
                .or_else(|| self.flask_attribute(machine, of, name, span)),
        }
    }

    fn is_instance(&self, term: &Rc<Term<'t>>, class: &Value<'t>) -> Option<bool> {
        super::directives::is_instance(term, class)
    }

    fn assigned(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, name: &Name, _: &Value<'t>, span: Span) {
        if (of.dotted(), &**name) == (Some(SCRIPT), "version_locations") {
            self.version_locations_changed(machine, span);
        }
    }

    fn item(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, key: &Value<'t>, span: Span) -> Option<Outcome<'t>> {
        match of.dotted() {
            Some("alembic.context.config.attributes") => {
                Some(Ok(machine.unknown(span, "depends on who calls Alembic: `config.attributes`")))
            }
            _ => self.flask_item(machine, of, key, span),
        }
    }

    fn item_assigned(
        &self,
        machine: &mut Machine<'t>,
        of: &Rc<Term<'t>>,
        key: &Value<'t>,
        value: &Value<'t>,
        span: Span,
    ) {
        self.flask_item_assigned(machine, of, key, value, span);
    }

    fn entered(
        &self,
        machine: &mut Machine<'t>,
        term: &Rc<Term<'t>>,
        is_async: bool,
        span: Span,
    ) -> Option<Outcome<'t>> {
        if let Some((callee, _)) = term.call()
            && is_begin_transaction(callee)
        {
            self.note(machine, What::BeginTransaction, span);
            return None;
        }
        self.connection_entered(term, is_async);
        None
    }

    fn left(&self, machine: &mut Machine<'t>, term: &Rc<Term<'t>>, span: Span) {
        let transaction = self.state.borrow().transactions.get(&term.id).copied();
        if let Some(connection) = transaction {
            self.note(machine, What::Commit { connection: Some(connection) }, span);
        }
    }

    fn awaited(&self, machine: &mut Machine<'t>, term: &Rc<Term<'t>>, span: Span) -> Option<Outcome<'t>> {
        let pending = self.state.borrow_mut().pending.remove(&term.id);
        if let Some(pending) = pending {
            let _ = span;
            return Some(machine.call(&pending.function, &pending.arguments, pending.span));
        }
        self.connection_entered(term, true);
        None
    }

    fn discarded(&self, machine: &mut Machine<'t>, value: &Value<'t>, span: Span) {
        let function = match value {
            Value::Coroutine(coroutine) if !coroutine.used.get() => coroutine.function.name.to_string(),
            Value::Term(term) if self.state.borrow().pending.contains_key(&term.id) => {
                "AsyncConnection.run_sync".to_owned()
            }
            _ => return,
        };
        self.note(machine, What::LostCoroutine { function }, span);
    }
}

/// `context.begin_transaction`, of the proxy or of a migration context.
fn is_begin_transaction(callee: &Term<'_>) -> bool {
    match &callee.kind {
        TermKind::Name(dotted) => &**dotted == "alembic.context.begin_transaction",
        TermKind::Attribute(of, name) => &**name == "begin_transaction" && of.is_of("alembic"),
        _ => false,
    }
}

/// An event at `span`.
pub(super) fn event(machine: &Machine<'_>, what: What, span: Span) -> Event {
    Event { what, span, certain: machine.is_certain() }
}

/// Runs env.py on paper, online and offline.
pub fn run_env<'t>(
    machine: &mut Machine<'t>,
    library: &Alembic<'t>,
    metadatas: &dyn MetaDatas<'t>,
    config: &Config,
    file: FileId,
) -> EnvScript {
    let config = Rc::new(config.clone());
    let sources = machine.trees.sources();
    let mut layout = env_layout::read(&machine.trees.whole(file), sources.text(file));
    let (online, module) = run_once(machine, library, metadatas, &config, file, false, &layout);
    let (offline, _) = run_once(machine, library, metadatas, &config, file, true, &layout);
    only_through(&mut layout, &module);
    let packages = machine
        .modules()
        .iter()
        .filter_map(|module| module.file)
        .filter(|file| sources.path(*file).ends_with("__init__.py"))
        .collect();
    let made_directories = std::mem::take(&mut machine.made_directories);
    EnvScript { file, online, offline, layout, packages, made_directories }
}

/// The functions that the last `context.configure` of the online run was given, by the option's name.
pub fn decisions<'t>(library: &Alembic<'t>) -> Vec<(String, Value<'t>)> {
    let state = library.state.borrow();
    let last = state.filters.last().map(|(span, ..)| *span);
    let of_last = state.filters.iter().filter(|(span, ..)| Some(*span) == last);
    of_last.map(|(_, option, function)| (option.clone(), function.clone())).collect()
}

/// Tries the filters of the online run on all tables that are known by now, also on those that env.py does not reach.
pub fn try_filters<'t>(
    machine: &mut Machine<'t>,
    library: &Alembic<'t>,
    metadatas: &dyn MetaDatas<'t>,
    script: &mut EnvScript,
) {
    let filters = library.state.borrow().filters.clone();
    for (span, option, function) in filters.into_iter().filter(|(_, option, _)| option.starts_with("include_")) {
        for event in &mut script.online.events {
            let What::Configure(call) = &mut event.what else { continue };
            if call.span != span || call.filters.iter().any(|filter| filter.option == option) {
                continue;
            }
            if let Some(filter) =
                super::filter::tried(machine, metadatas, &call.target_metadata, option.clone(), &function)
            {
                call.filters.push(filter);
            }
        }
    }
}

/// For each import statement of env.py: the files that nothing else in env.py would reach.
fn only_through(layout: &mut env_layout::Layout, module: &Rc<Module<'_>>) {
    let imports = module.imports.borrow();
    let reached_without = |statement: Option<Span>| {
        let mut seen: FxHashSet<*const Module<'_>> = FxHashSet::default();
        let mut files = BTreeSet::new();
        let mut waiting: Vec<Rc<Module<'_>>> = imports
            .iter()
            .filter(|(span, _)| statement.is_none_or(|statement| !statement.contains(*span)))
            .map(|(_, module)| module.clone())
            .collect();
        while let Some(module) = waiting.pop() {
            if !seen.insert(Rc::as_ptr(&module)) {
                continue;
            }
            files.extend(module.file);
            waiting.extend(module.imports.borrow().iter().map(|(_, module)| module.clone()));
        }
        files
    };
    let wanted = |import: &env_layout::Import| !import.used && !import.suppressed;
    if !layout.imports.iter().any(wanted) {
        return;
    }
    let all = reached_without(None);
    for import in layout.imports.iter_mut().filter(|import| wanted(import)) {
        let without = reached_without(Some(import.statement));
        import.only_through = all.difference(&without).copied().collect();
    }
}

fn run_once<'t>(
    machine: &mut Machine<'t>,
    library: &Alembic<'t>,
    metadatas: &dyn MetaDatas<'t>,
    config: &Rc<Config>,
    file: FileId,
    offline: bool,
    layout: &env_layout::Layout,
) -> (EnvRun, Rc<Module<'t>>) {
    library.state.borrow_mut().run = Some(Run {
        offline,
        file,
        config: config.clone(),
        facts: EnvRun::default(),
        configures: Vec::new(),
        overrides: HashMap::new(),
        configured: None,
        calls_outside: false,
        version_locations: None,
    });
    let (odd_before, paths_before) = (machine.odd_imports.len(), machine.paths_passed_over.len());
    let (module, outcome) = machine.run_script(file, "env_py");
    let Some(run) = library.state.borrow_mut().run.take() else { return (EnvRun::default(), module) };
    let mut facts = run.facts;
    if let Err(raised) = outcome {
        facts.raised = Some(Exception {
            class: raised.exception.to_string(),
            message: raised.message,
            span: raised.span,
            way: raised.trace,
            on_purpose: raised.value.is_some(),
        });
    }
    facts.version_locations = run.version_locations.map(|(span, certain)| version_locations(machine, span, certain));
    let odd = machine.odd_imports[odd_before..].iter().filter(|odd| odd.certain && odd.path_known);
    facts.unreached = odd
        .filter(|odd| odd.span.file == file)
        .filter_map(|odd| Some(Unreached { name: odd.name.to_string(), statement: odd.span, root: odd.root.clone()? }))
        .collect();
    facts.paths_passed_over = machine.paths_passed_over[paths_before..].to_vec();
    facts.incomplete = run.calls_outside || is_incomplete(machine, file, &facts);
    for configure in run.configures {
        let Some(Event { what: What::Configure(call), .. }) = facts.events.get_mut(configure.event) else { continue };
        if let Some((value, span)) = &configure.target {
            call.target_metadata = target(machine, metadatas, value);
            let written = machine.trees.sources().slice(*span);
            let assigned = layout.assignments.iter().rev().find(|assignment| assignment.name == written);
            call.target_metadata_span = Some(assigned.map_or(*span, |assignment| assignment.span));
        }
        if !offline {
            let filters = configure.filters.into_iter().map(|(option, function)| (call.span, option, function));
            library.state.borrow_mut().filters.extend(filters);
        }
    }
    add_engines_made_before(library, &mut facts);
    (facts, module)
}

/// Engines of modules that an earlier run imported are used again without a new event: put theirs in front.
fn add_engines_made_before(library: &Alembic<'_>, facts: &mut EnvRun) {
    let state = library.state.borrow();
    let missing: Vec<ObjectId> = facts
        .events
        .iter()
        .filter_map(|event| match event.what {
            What::Connect { engine: Some(engine), .. } => Some(engine),
            _ => None,
        })
        .filter(|engine| facts.engine(*engine).is_none())
        .collect();
    for number in missing {
        if let Some(info) = state.engines.get(number).filter(|_| facts.engine(number).is_none()) {
            facts.events.insert(0, info.event.clone());
        }
    }
}

/// Was something not read on the way that may do what env.py seems not to do? Values that are not known do no harm;
/// calls of unknown functions do.
fn is_incomplete(machine: &Machine<'_>, file: FileId, facts: &EnvRun) -> bool {
    let cut_off = machine.unknowns.iter().any(|unknown| unknown.span.file == file && unknown.why.contains("too "));
    let unread_call = cut_off || machine.unknown_calls.iter().any(|span| span.file == file);
    unread_call || facts.raised.is_some()
}

fn target<'t>(machine: &mut Machine<'t>, metadatas: &dyn MetaDatas<'t>, value: &Value<'t>) -> TargetMetadata {
    if let Some(number) = metadatas.number(value) {
        return TargetMetadata::These(vec![number]);
    }
    match value {
        Value::None => TargetMetadata::None,
        Value::Unknown(unknown) => TargetMetadata::Unknown(unknown.why.to_string()),
        Value::Term(term) => {
            let at = term.span;
            let holds = machine.attribute(value, "metadata", at).ok().and_then(|inner| metadatas.number(&inner));
            match holds {
                Some(_) => TargetMetadata::Other("a declarative base".to_owned()),
                None => TargetMetadata::Unknown("an object of a library".to_owned()),
            }
        }
        Value::List(_) | Value::Tuple(_) | Value::Set(_) => {
            let Some(items) = value.items() else {
                return TargetMetadata::Unknown("a list that is not wholly known".to_owned());
            };
            let mut numbers = Vec::new();
            for item in &items {
                match target(machine, metadatas, item) {
                    TargetMetadata::These(found) => numbers.extend(found),
                    TargetMetadata::Other(words) => return TargetMetadata::Other(format!("a list with {words}")),
                    _ => return TargetMetadata::Unknown("a list that is not wholly known".to_owned()),
                }
            }
            TargetMetadata::These(numbers)
        }
        Value::OneOf(values) => {
            let mut numbers = Vec::new();
            for value in values.iter() {
                match target(machine, metadatas, value) {
                    TargetMetadata::These(found) => numbers.extend(found),
                    _ => return TargetMetadata::Unknown("it differs from path to path".to_owned()),
                }
            }
            numbers.sort();
            numbers.dedup();
            TargetMetadata::These(numbers)
        }
        Value::Class(class) => TargetMetadata::Other(format!("the class `{}`", class.name)),
        Value::Module(module) => TargetMetadata::Other(format!("the module `{}`", module.name)),
        Value::Function(function) => match function.code {
            Code::Def(_) => TargetMetadata::Other(format!("the function `{}`", function.name)),
            Code::Lambda(_) => TargetMetadata::Other("a lambda".to_owned()),
        },
        Value::Dict(_) => TargetMetadata::Other("a dict".to_owned()),
        Value::Str(_) => TargetMetadata::Other("a string".to_owned()),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Ellipsis => {
            TargetMetadata::Other("no MetaData".to_owned())
        }
        _ => TargetMetadata::Unknown("it could not be read".to_owned()),
    }
}

/// A name for [`crate::python::value::Key`]s and terms.
pub(super) fn name(text: &str) -> Name {
    text.into()
}
