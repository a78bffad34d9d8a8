//! Files → [`Project`]: environments are found, each env.py is run on paper, then the modules that no env.py reached
//! but that may declare tables, then the revisions are read.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{OnceLock, mpsc};

use crate::project::alembic::Environment;
use crate::project::alembic::config::Shape;
use crate::project::alembic::discovery::{self, Found};
use crate::project::alembic::env_script::{EnvScript, TargetMetadata, What};
use crate::project::alembic::flask_migrate::{self, FlaskApp};
use crate::project::alembic::library::{Alembic, MetaDatas, run_env, try_filters};
use crate::project::alembic::revision::{self, RevisionMap};
use crate::project::application::Application;
use crate::project::beside::{self, Beside, Done, Scan};
use crate::project::code::{self, Code};
use crate::project::search_path::search_path;
use crate::project::settings::Settings;
use crate::project::setup_script::{self, SetupScripts};
use crate::project::sqlalchemy::library::SqlAlchemy;
use crate::project::sqlalchemy::merge::Renumbering;
use crate::project::sqlalchemy::url::EngineUrl;
use crate::project::sqlalchemy::{MetaDataId, Models};
use crate::project::versions;
use crate::project::words::Words;
use crate::project::{Hides, Known, NotAnalysed, Project, sweep};
use crate::python::evaluate::Machine;
use crate::python::library::Library;
use crate::python::standard;
use crate::python::value::Value;
use crate::source::{FileId, Sources, Span, split};
use crate::syntax::python::Trees;

/// Reads a project.
pub fn read<'s>(sources: &'s Sources, trees: &'s Trees<'s>, settings: &Settings) -> Project<'s> {
    let found: Vec<Found> = discovery::discover(trees)
        .into_iter()
        .filter(|found| {
            let is_excluded = |file: FileId| settings.excluded.contains(sources.path(file));
            !found.config.file.or(found.env_file).is_some_and(is_excluded)
                && (settings.environments.is_empty()
                    || settings.environments.iter().any(|name| is_meant(name, found, sources)))
        })
        .collect();
    let mut broken = Vec::new();
    let homes = found.iter().flat_map(|found| [found.run_from.as_str(), found.config.directory.as_str()]);
    let setups = catch_unwind(AssertUnwindSafe(|| setup_script::read_above(trees, homes))).unwrap_or_else(|panic| {
        broken.push(format!("running setup.py on paper broke: {}", said(&*panic)));
        SetupScripts::new()
    });
    let setups = &setups;
    let beside = Beside { sources, trees, found: &found, setups, excluded: &settings.excluded };
    let (scanned, scan) = mpsc::channel();
    let done = OnceLock::new();
    let (mut runs, words) = rayon::in_place_scope(|scope| {
        scope.spawn(|_| {
            let _ = done.set(catch_unwind(AssertUnwindSafe(|| beside.work(scanned))).map_err(|panic| said(&*panic)));
        });
        // The runs on paper stay on this thread: it has the large stack.
        let mut runs: Vec<Run<'_>> = found
            .iter()
            .map(|found| {
                let run = catch_unwind(AssertUnwindSafe(|| Run::of(found, sources, trees, setups, settings)));
                run.unwrap_or_else(|panic| {
                    broken.push(format!("running env.py of `{}` on paper broke: {}", found.name, said(&*panic)));
                    Run::not_run(trees)
                })
            })
            .collect();
        if runs.is_empty() {
            runs.push(Run::not_run(trees));
        }
        let Scan { words, candidates } = beside::wait(&scan);
        let words = Rc::new(words);
        let swept = catch_unwind(AssertUnwindSafe(|| sweep_up(&candidates, &words, &found, &mut runs, sources)));
        if let Err(panic) = swept {
            broken.push(format!("reading models that no env.py imports broke: {}", said(&*panic)));
        }
        (runs, words)
    });
    let Done { mut revisions, application, linters } = match done.into_inner() {
        Some(Ok(done)) => done,
        broke => {
            broken.extend(broke.and_then(Result::err).map(|said| format!("reading files broke: {said}")));
            Done::default()
        }
    };
    for run in &mut runs {
        let Some(script) = &mut run.script else { continue };
        let numbers = Numbers { sqlalchemy: &run.sqlalchemy };
        let (machine, alembic) = (&mut run.machine, &run.alembic);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| try_filters(machine, alembic, &numbers, script))) {
            broken.push(format!("trying the filters of env.py broke: {}", said(&*panic)));
        }
    }
    let mut models = Models::default();
    let mut environments = Vec::new();
    let mut packaging = versions::read::Packaging { setups, locks: versions::read::Locks::new() };
    for (number, run) in runs.iter_mut().enumerate() {
        let mut of_run = match catch_unwind(AssertUnwindSafe(|| run.sqlalchemy.models(&mut run.machine))) {
            Ok(models) => models,
            Err(panic) => {
                broken.push(format!("putting models together broke: {}", said(&*panic)));
                continue;
            }
        };
        if number < found.len() {
            for table in of_run.tables.iter_mut().take(run.tables_reached) {
                table.reached_by.insert(number);
            }
        }
        let renumbering = models.absorb(of_run);
        if let Some(found) = found.get(number) {
            let read = revisions.get_mut(number).map(std::mem::take).unwrap_or_default();
            let revisions = where_they_lie(read, found, run, &application, trees);
            environments.push(environment(found, run, revisions, &renumbering, trees, settings, &mut packaging));
        }
    }
    let mut needed: BTreeSet<FileId> =
        environments.iter().flat_map(|environment| &environment.reached).copied().collect();
    // What only calls would run of an imported module is not parsed; env.py is read whole.
    let env_files: BTreeSet<FileId> = found.iter().filter_map(|found| found.env_file).collect();
    let syntax_problems = needed
        .iter()
        .flat_map(|file| match env_files.contains(file) {
            true => trees.whole(*file).problems,
            false => trees.problems(*file).cloned().collect(),
        })
        .map(|problem| (problem.span, problem.message))
        .collect();
    for environment in &environments {
        needed.extend(environment.config.file);
        needed.extend(environment.template);
    }
    let scripts = environments.iter().flat_map(|environment| &environment.revisions.scripts);
    let scripts = scripts.filter(|script| script.unreadable).map(|script| script.file);
    let unreadable: BTreeSet<FileId> =
        needed.into_iter().filter(|file| sources.unreadable(*file).is_some()).chain(scripts).collect();
    let unreadable = unreadable.into_iter().collect();
    // Scopes, functions and classes hold each other in circles: most of it would stay anyway, and taking the rest
    // apart takes time.
    std::mem::forget(runs);
    let settings = settings.clone();
    let code = Code::of(trees, Words::clone(&words));
    Project { sources, settings, environments, models, code, application, linters, unreadable, syntax_problems, broken }
}

/// The names of a module and their values on paper, one line each.
pub fn values(sources: &Sources, trees: &Trees<'_>, file: FileId) -> Vec<String> {
    let mut machine = Run::not_run(trees).machine;
    machine.search_path = vec!["".into(), crate::python::modules::natural_root(sources, file).into()];
    let (module, result) = machine.run_script(file, "__main__");
    let mut lines: Vec<String> =
        module.scope.names.borrow().iter().map(|(name, binding)| format!("{name} = {:?}", binding.value)).collect();
    if let Err(raised) = result {
        lines.push(format!("raises {}: {} at {}", raised.exception, raised.message, sources.place(raised.span)));
    }
    lines.extend(
        machine.unknowns.iter().map(|unknown| format!("not read: {}: {}", sources.place(unknown.span), unknown.why)),
    );
    lines
}

/// One environment's run on paper, with the machine that did it.
struct Run<'t> {
    machine: Machine<'t>,
    alembic: Rc<Alembic<'t>>,
    sqlalchemy: Rc<SqlAlchemy<'t>>,
    script: Option<EnvScript>,
    flask: Option<FlaskApp>,
    reached: BTreeSet<FileId>,
    /// So many tables were registered by the run itself.
    tables_reached: usize,
    not_analysed: Vec<NotAnalysed>,
}

/// SQLAlchemy's library answers which value is which MetaData.
struct Numbers<'a, 't> {
    sqlalchemy: &'a SqlAlchemy<'t>,
}

impl<'t> MetaDatas<'t> for Numbers<'_, 't> {
    fn number(&self, value: &Value<'t>) -> Option<MetaDataId> {
        self.sqlalchemy.metadata_of(value)
    }

    fn tables(&self, metadata: MetaDataId) -> Vec<(String, Option<String>)> {
        self.sqlalchemy.tables_on(metadata)
    }
}

impl<'t> Run<'t> {
    /// A machine that has not run anything.
    fn not_run(trees: &'t Trees<'t>) -> Run<'t> {
        Run::with(trees).0
    }

    fn with(trees: &'t Trees<'t>) -> (Run<'t>, Rc<Alembic<'t>>) {
        let sqlalchemy = Rc::new(SqlAlchemy::new());
        let alembic = Rc::new(Alembic::new());
        let mut libraries: Vec<Rc<dyn Library<'t> + 't>> = vec![alembic.clone(), sqlalchemy.clone()];
        libraries.extend(standard::all());
        let mut machine = Machine::new(trees, libraries);
        machine.search_path = vec!["".into()];
        let run = Run {
            machine,
            alembic: alembic.clone(),
            sqlalchemy,
            script: None,
            flask: None,
            reached: BTreeSet::new(),
            tables_reached: 0,
            not_analysed: Vec::new(),
        };
        (run, alembic)
    }

    fn of(
        found: &Found,
        sources: &'t Sources,
        trees: &'t Trees<'t>,
        setups: &SetupScripts,
        settings: &Settings,
    ) -> Run<'t> {
        let (mut run, alembic) = Run::with(trees);
        run.machine.variables = std::rc::Rc::new(settings.variables.clone());
        if settings.fresh_machine {
            let mut packaging = versions::read::Packaging { setups, locks: versions::read::Locks::new() };
            let versions = versions::read::read(sources, &found.config.directory, settings, &mut packaging);
            run.machine.fresh_machine = Some(Rc::new(move |module| versions.brings(module)));
        }
        run.machine.search_path = search_path(sources, &found.config, &found.run_from, setups);
        run.machine.working_directory = found.run_from.as_str().into();
        let numbers = Numbers { sqlalchemy: &run.sqlalchemy };
        let uses_app = |file| code::names(&trees.whole(file), "current_app");
        if found.config.shape == Shape::FlaskMigrate || found.env_file.is_some_and(uses_app) {
            run.flask = Some(flask_migrate::load_app(&mut run.machine, &alembic, &numbers, &found.run_from));
        } else if found.env_file.is_none() {
            return run;
        }
        if let Some(file) = found.env_file {
            run.script = Some(run_env(&mut run.machine, &alembic, &numbers, &found.config, file));
            run.reached.insert(file);
        }
        run.reached.extend(run.machine.modules().iter().filter_map(|module| module.file));
        run.tables_reached = run.sqlalchemy.table_count();
        run.not_analysed = not_analysed(&run);
        run
    }
}

/// Imports the candidates that no env.py reached, each in the machine of the environment that lies nearest.
fn sweep_up<'s>(candidates: &[FileId], words: &Rc<Words>, found: &[Found], runs: &mut [Run<'s>], sources: &'s Sources) {
    let reached: BTreeSet<FileId> = runs.iter().flat_map(|run| &run.reached).copied().collect();
    for run in runs.iter_mut() {
        run.sqlalchemy.start_sweep();
        let words = words.clone();
        run.machine.skips = Some(Rc::new(move |file| sweep::is_beside_the_point(sources, &words, file)));
    }
    for file in candidates.iter().filter(|file| !reached.contains(file)) {
        let path = sources.path(*file);
        let near = |found: &Found| {
            let home = found.script_location.as_deref().unwrap_or(&found.config.directory);
            home.split('/').zip(path.split('/')).take_while(|(left, right)| left == right).count()
        };
        let nearest = (0..found.len()).rev().max_by_key(|number| near(&found[*number])).unwrap_or(0);
        let machine = &mut runs[nearest].machine;
        if machine.module_of(*file).is_none() {
            // An exception ends this import, as it would in Python; what was registered before it stays.
            let _ = machine.import_file(*file, Span::start_of(*file));
        }
    }
}

fn environment<'t>(
    found: &Found,
    run: &Run<'t>,
    revisions: RevisionMap,
    renumbering: &Renumbering,
    trees: &'t Trees<'t>,
    settings: &Settings,
    packaging: &mut versions::read::Packaging<'_>,
) -> Environment {
    let mut script = run.script.clone();
    if let Some(script) = &mut script {
        renumber(script, renumbering);
    }
    let mut flask = run.flask.clone();
    if let Some(flask) = &mut flask {
        flask.metadata = flask.metadata.map(|metadata| renumbering.metadatas[metadata.0]);
    }
    let mut not_analysed = run.not_analysed.clone();
    let hidden = revisions.version_locations.unread.iter().cloned();
    not_analysed.extend(hidden.map(|(span, why)| NotAnalysed { span, why, hides: Hides::Revisions }));
    Environment {
        name: found.name.clone(),
        config: found.config.clone(),
        script_location: found.script_location.clone(),
        run_from: found.run_from.clone(),
        search_path: run.machine.search_path.iter().map(ToString::to_string).collect(),
        flask,
        url: url(script.as_ref(), found),
        env_script: script,
        template: found.template,
        revisions,
        versions: versions::read::read(trees.sources(), &found.config.directory, settings, packaging),
        reached: run.reached.clone(),
        not_analysed,
    }
}

/// The revisions, which were read where the configuration says; again where env.py says that they lie elsewhere.
fn where_they_lie<'t>(
    mut revisions: RevisionMap,
    found: &Found,
    run: &Run<'t>,
    application: &Application,
    trees: &'t Trees<'t>,
) -> RevisionMap {
    let sources = trees.sources();
    let mut locations = found.version_locations.clone();
    let set = run.script.as_ref().and_then(|script| script.online.version_locations.as_ref());
    if let (Some(home), Some(set)) = (&found.script_location, set) {
        locations = locations.set_by_env(sources, &found.config, home, set);
    }
    for span in application.version_locations.iter().filter(|span| Some(span.file) != found.env_file) {
        locations = locations.and_unread(*span, "code makes a configuration of its own with other `version_locations`");
    }
    if locations.directories != found.version_locations.directories {
        return revision::read::read(trees, locations, found.config.is_true("recursive_version_locations"));
    }
    revisions.version_locations = locations;
    revisions
}

/// The facts of one run hold its own numbers of MetaData objects; those of the project are others.
fn renumber(script: &mut EnvScript, renumbering: &Renumbering) {
    for run in [&mut script.online, &mut script.offline] {
        for event in &mut run.events {
            if let What::Configure(call) = &mut event.what
                && let TargetMetadata::These(numbers) = &mut call.target_metadata
            {
                numbers.iter_mut().for_each(|number| *number = renumbering.metadatas[number.0]);
            }
        }
    }
}

/// The URL of the engine whose connection the online run hands to `context.configure`, else of the first engine, else
/// what the offline run is given.
fn url(script: Option<&EnvScript>, found: &Found) -> Known<EngineUrl> {
    let nowhere = found.env_file.or(found.config.file).map_or(Span::start_of(FileId(0)), Span::start_of);
    let unknown = || Known::Unknown(nowhere, "no engine was seen".to_owned());
    let Some(script) = script else { return unknown() };
    let of_engine = |what: &What| match what {
        What::Engine { url, .. } => Some(url.clone()),
        _ => None,
    };
    let online = &script.online;
    let configured = online.configures().find_map(|(_, call)| of_engine(&online.engine_of(call)?.what));
    let any = || online.events.iter().find_map(|event| of_engine(&event.what));
    let given = || script.runs().into_iter().flat_map(|run| run.configures()).find_map(|(_, call)| call.url.clone());
    configured.or_else(any).or_else(given).unwrap_or_else(unknown)
}

/// What may hide models from this run, and what its `target_metadata` was not read for.
fn not_analysed(run: &Run<'_>) -> Vec<NotAnalysed> {
    let hidden = run.machine.hidden_imports.iter();
    let mut all: Vec<NotAnalysed> = hidden
        .map(|unknown| NotAnalysed { span: unknown.span, why: unknown.why.to_string(), hides: Hides::Models })
        .collect();
    for (_, call) in run.script.iter().flat_map(|script| script.online.configures()) {
        if let (TargetMetadata::Unknown(why), Some(span)) = (&call.target_metadata, call.target_metadata_span) {
            all.push(NotAnalysed { span, why: format!("`target_metadata`: {why}"), hides: Hides::Nothing });
        }
    }
    let unread = run.sqlalchemy.unread().into_iter();
    all.extend(unread.map(|(span, why)| NotAnalysed { span, why, hides: Hides::Nothing }));
    all.sort();
    all.dedup();
    all
}

/// Does `--env NAME` mean this environment? By its name, its configuration, its script directory.
fn is_meant(name: &str, found: &Found, sources: &Sources) -> bool {
    let name = name.trim_start_matches("./").trim_end_matches('/');
    name == found.name
        || Some(name) == found.script_location.as_deref()
        || name == found.config.section
        || found.config.file.is_some_and(|file| sources.path(file) == name || split(sources.path(file)).0 == name)
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}
