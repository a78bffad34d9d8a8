//! Files → [`Project`]: environments are found, each env.py is run on paper, then the modules that no env.py reached
//! but that may declare tables, then the revisions are read.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, mpsc};

use rustc_hash::FxHashSet;

use crate::project::alembic::Environment;
use crate::project::alembic::config::Shape;
use crate::project::alembic::decisions::{Decisions, HasRun};
use crate::project::alembic::discovery::{self, Found};
use crate::project::alembic::env_script::{EnvScript, TargetMetadata, What};
use crate::project::alembic::flask_migrate::{self, FlaskApp};
use crate::project::alembic::library::{self, Alembic, MetaDatas, run_env, try_filters};
use crate::project::alembic::revision::{self, RevisionMap};
use crate::project::application::Application;
use crate::project::beside::{self, Beside, Done};
use crate::project::code::{self, Code};
use crate::project::search_path::search_path;
use crate::project::settings::Settings;
use crate::project::setup_script::{self, SetupScripts};
use crate::project::sqlalchemy::library::SqlAlchemy;
use crate::project::sqlalchemy::merge::Renumbering;
use crate::project::sqlalchemy::url::EngineUrl;
use crate::project::sqlalchemy::{MetaDataId, Models};
use crate::project::together::{self, Group};
use crate::project::versions;
use crate::project::words::{self, Words};
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
    words::get_ready();
    let mut broken = Vec::new();
    let homes = found.iter().flat_map(|found| [found.run_from.as_str(), found.config.directory.as_str()]);
    let kept_setups =
        catch_unwind(AssertUnwindSafe(|| setup_script::read_above(trees, homes))).unwrap_or_else(|panic| {
            broken.push(format!("running setup.py on paper broke: {}", said(&*panic)));
            SetupScripts::new()
        });
    let setups = &kept_setups;
    let path = |found: &Found| search_path(sources, &found.config, &found.run_from, setups);
    let paths: Vec<Vec<String>> = found.iter().map(path).collect();
    let files = |found: &Found| revision::read::files(sources, &found.version_locations, is_recursive(found));
    let scripts: FxHashSet<FileId> = found.iter().flat_map(files).map(|(file, _)| file).collect();
    let words = Arc::new(Words::of_none(sources));
    let watcher = |file: FileId, text: &str| {
        if sweep::counts(sources, &scripts, file) {
            words.look(file, text.as_bytes());
        }
    };
    let groups = together::groups(&found);
    // Who asks for the schema asks env.py's functions, too.
    let keeps_runs = settings.fresh_machine && groups.len() == 1;
    let beside = Beside {
        sources,
        trees,
        keeps_runs,
        found: &found,
        groups: &groups,
        paths: &paths,
        scripts: &scripts,
        words: &words,
        watcher: &watcher,
        excluded: &settings.excluded,
        candidates: OnceLock::new(),
        revisions: Mutex::new(vec![RevisionMap::default(); found.len()]),
    };
    let (scanned, scan) = mpsc::channel();
    let done = OnceLock::new();
    let mut kept = Vec::new();
    let ran = rayon::in_place_scope(|scope| {
        scope.spawn(|_| {
            let _ = done.set(catch_unwind(AssertUnwindSafe(|| beside.work(scanned))).map_err(|panic| said(&*panic)));
        });
        // The runs on paper stay on this thread: it has the large stack.
        let reached = BTreeSet::new();
        let mut paper =
            OnPaper { beside: &beside, setups, settings, scan, reached, kept: &mut kept, broken: &mut broken };
        paper.all(|group| scope.spawn(|_| beside.go_on(group)))
    });
    let Done { application, linters } = match done.into_inner() {
        Some(Ok(done)) => done,
        broke => {
            broken.extend(broke.and_then(Result::err).map(|said| format!("reading files broke: {said}")));
            Done::default()
        }
    };
    let mut revisions = beside.revisions.into_inner().unwrap_or_default();
    let mut models = Models::default();
    let mut environments = Vec::new();
    let mut packaging = versions::read::Packaging { setups, locks: versions::read::Locks::new() };
    let mut problems: BTreeMap<FileId, Vec<(Span, String)>> = BTreeMap::new();
    for (number, mut ran) in ran.into_iter().enumerate() {
        let Some(of_run) = ran.models.take() else { continue };
        let renumbering = models.absorb(of_run);
        for (file, found) in std::mem::take(&mut ran.syntax_problems) {
            let known = problems.entry(file).or_default();
            known.extend(found.into_iter().filter(|problem| !known.contains(problem)).collect::<Vec<_>>());
        }
        if let Some(found) = found.get(number) {
            let read = revisions.get_mut(number).map(std::mem::take).unwrap_or_default();
            let revisions = where_they_lie(read, found, &ran, &application, trees);
            environments.push(environment(found, ran, revisions, &renumbering, trees, settings, &mut packaging));
        }
    }
    let mut needed: BTreeSet<FileId> =
        environments.iter().flat_map(|environment| &environment.reached).copied().collect();
    // What only calls would run of an imported module is not parsed; env.py is read whole.
    let env_files: BTreeSet<FileId> = found.iter().filter_map(|found| found.env_file).collect();
    let syntax_problems = needed
        .iter()
        .flat_map(|file| match env_files.contains(file) {
            true => trees.whole(*file).problems.into_iter().map(|problem| (problem.span, problem.message)).collect(),
            false => problems.remove(file).unwrap_or_default(),
        })
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
    let versions = versions::read::read(sources, "", settings, &mut packaging);
    let settings = settings.clone();
    let code = Code::of(trees, words);
    // Asked for the first time, env.py is run once more where the machine of its run is gone.
    let kept: Vec<_> = kept.into_iter().map(|(number, run): (usize, Run<'s>)| (number, run.into_asked())).collect();
    let again = (found.clone(), paths.clone(), settings.clone());
    let decisions = Decisions::of(kept, move |number| {
        let (found, paths, settings) = &again;
        let run = Run::of(found.get(number)?, &paths[number], trees, &kept_setups, settings);
        Some(run.into_asked())
    });
    Project {
        sources,
        settings,
        environments,
        versions,
        models,
        code,
        decisions: Box::new(decisions),
        application,
        linters,
        unreadable,
        syntax_problems,
        broken,
    }
}

fn is_recursive(found: &Found) -> bool {
    found.config.is_true("recursive_version_locations")
}

/// The runs on paper of all environments.
struct OnPaper<'a, 'b, 's> {
    beside: &'b Beside<'a, 's>,
    setups: &'b SetupScripts,
    settings: &'b Settings,
    scan: mpsc::Receiver<()>,
    /// What the runs so far have reached.
    reached: BTreeSet<FileId>,
    /// The runs, if they are kept.
    kept: &'b mut Vec<(usize, Run<'s>)>,
    broken: &'b mut Vec<String>,
}

impl<'a, 's: 'a> OnPaper<'a, '_, 's> {
    /// The facts of all environments, or those that no environment is needed for. `ahead` is told which group is next.
    fn all(&mut self, ahead: impl Fn(&'a Group<'a>)) -> Vec<Ran> {
        let groups = self.beside.groups;
        let mut ran: Vec<Ran> = self.beside.found.iter().map(|_| Ran::default()).collect();
        if ran.is_empty() {
            ran.push(Ran::default());
        }
        let mut swept: Vec<Vec<FileId>> = Vec::new();
        for (number, group) in groups.iter().enumerate() {
            groups.get(number + 1).into_iter().for_each(&ahead);
            if self.beside.keeps_runs {
                let (runs, files) = self.group(group, self.beside.trees, &mut ran);
                match files.is_empty() {
                    true => *self.kept = runs,
                    // What env.py does not reach may have changed what its functions look at.
                    false => take_apart(runs),
                }
            } else if let Some(trees) = self.beside.trees_of(group) {
                let (runs, files) = self.group(group, &trees, &mut ran);
                swept.push(files);
                match groups.len() {
                    // Scopes, functions and classes hold each other in circles, and taking them apart takes time; so does
                    // letting go of trees. Nobody waits for the room.
                    1 => {
                        std::mem::forget(runs);
                        std::mem::forget(trees);
                    }
                    _ => take_apart(runs),
                }
            }
            group.let_go();
        }
        // A file was swept that a later group has reached: now that is known.
        let reached = self.reached.clone();
        for (group, _) in groups.iter().zip(&swept).filter(|(_, swept)| swept.iter().any(|file| reached.contains(file)))
        {
            let trees = Trees::of(self.beside.sources);
            take_apart(self.group(group, &trees, &mut ran).0);
        }
        ran
    }

    /// Runs the environments of one group, takes their facts, and gives the runs, and the files that none of them
    /// reached but that were run then.
    fn group<'t>(&mut self, group: &Group<'_>, trees: &'t Trees<'t>, ran: &mut [Ran]) -> (Runs<'t>, Vec<FileId>) {
        let Beside { found, paths, words, candidates, .. } = self.beside;
        let mut runs: Runs<'t> = Vec::new();
        for number in &group.members {
            let (found, path) = (&found[*number], &paths[*number]);
            let run = catch_unwind(AssertUnwindSafe(|| Run::of(found, path, trees, self.setups, self.settings)));
            let run = run.unwrap_or_else(|panic| {
                self.broken.push(format!("running env.py of `{}` on paper broke: {}", found.name, said(&*panic)));
                Run::not_run(trees)
            });
            self.reached.extend(&run.reached);
            runs.push((*number, run));
        }
        if runs.is_empty() {
            runs.push((0, Run::not_run(trees)));
        }
        if candidates.get().is_none() {
            beside::wait(&self.scan);
        }
        let candidates = candidates.get().map_or(&[][..], Vec::as_slice);
        let mut swept = Vec::new();
        let sweeping = catch_unwind(AssertUnwindSafe(|| {
            sweep_up(candidates, words, found, &mut runs, &self.reached, trees, self.settings, &mut swept);
        }));
        if let Err(panic) = sweeping {
            self.broken.push(format!("reading models that no env.py imports broke: {}", said(&*panic)));
        }
        for (number, run) in &mut runs {
            ran[*number] = self.facts(*number, run, trees);
        }
        (runs, swept)
    }

    /// What a run has shown.
    fn facts<'t>(&mut self, number: usize, run: &mut Run<'t>, trees: &'t Trees<'t>) -> Ran {
        if let Some(script) = &mut run.script {
            let numbers = Numbers { sqlalchemy: &run.sqlalchemy };
            let (machine, alembic) = (&mut run.machine, &run.alembic);
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| try_filters(machine, alembic, &numbers, script))) {
                self.broken.push(format!("trying the filters of env.py broke: {}", said(&*panic)));
            }
        }
        let mut models = match catch_unwind(AssertUnwindSafe(|| run.sqlalchemy.models(&mut run.machine))) {
            Ok(models) => Some(models),
            Err(panic) => {
                self.broken.push(format!("putting models together broke: {}", said(&*panic)));
                None
            }
        };
        if let Some(models) = models.as_ref().filter(|_| self.beside.keeps_runs) {
            run.sqlalchemy.go_on_with(models.clone());
        }
        if let Some(models) = &mut models {
            models.tables.iter_mut().for_each(|table| table.columns.shrink_to_fit());
            if number < self.beside.found.len() {
                for table in models.tables.iter_mut().take(run.tables_reached) {
                    table.reached_by.insert(number);
                }
            }
        }
        let problems = |file: &FileId| {
            let problems: Vec<_> =
                trees.problems(*file).map(|problem| (problem.span, problem.message.clone())).collect();
            (!problems.is_empty()).then_some((*file, problems))
        };
        Ran {
            script: run.script.take(),
            flask: run.flask.take(),
            syntax_problems: run.reached.iter().filter_map(problems).collect(),
            reached: std::mem::take(&mut run.reached),
            not_analysed: std::mem::take(&mut run.not_analysed),
            search_path: run.machine.search_path.iter().map(ToString::to_string).collect(),
            models,
        }
    }
}

/// The facts of one environment's run.
#[derive(Default)]
struct Ran {
    script: Option<EnvScript>,
    flask: Option<FlaskApp>,
    reached: BTreeSet<FileId>,
    not_analysed: Vec<NotAnalysed>,
    /// As the run left it.
    search_path: Vec<String>,
    /// `None`: putting them together broke.
    models: Option<Models>,
    syntax_problems: Vec<(FileId, Vec<(Span, String)>)>,
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

type Runs<'t> = Vec<(usize, Run<'t>)>;

fn take_apart(runs: Runs<'_>) {
    runs.into_iter().for_each(|(_, run)| run.machine.take_apart());
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
    /// The machine, and the functions of env.py that it can be asked for.
    fn into_asked(mut self) -> HasRun<'t> {
        self.machine.passes_over_packages = false;
        let functions = library::decisions(&self.alembic);
        (self.machine, functions)
    }

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

    fn of(found: &Found, path: &[String], trees: &'t Trees<'t>, setups: &SetupScripts, settings: &Settings) -> Run<'t> {
        let sources = trees.sources();
        let (mut run, alembic) = Run::with(trees);
        run.machine.variables = std::rc::Rc::new(settings.variables.clone());
        if settings.fresh_machine {
            let mut packaging = versions::read::Packaging { setups, locks: versions::read::Locks::new() };
            let versions = versions::read::read(sources, &found.config.directory, settings, &mut packaging);
            run.machine.fresh_machine = Some(Rc::new(move |module| versions.brings(module)));
        }
        run.machine.search_path = path.iter().map(|directory| directory.as_str().into()).collect();
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

/// Imports the candidates that no env.py reached, each in the machine of the environment that lies nearest, if that is
/// one of these.
#[expect(clippy::too_many_arguments, reason = "one step of `group`, cut out for reading")]
fn sweep_up<'s>(
    candidates: &[FileId],
    words: &Arc<Words>,
    found: &[Found],
    runs: &mut [(usize, Run<'s>)],
    reached: &BTreeSet<FileId>,
    trees: &'s Trees<'s>,
    settings: &Settings,
    swept: &mut Vec<FileId>,
) {
    let sources = trees.sources();
    for (_, run) in runs.iter_mut() {
        run.sqlalchemy.start_sweep();
        // Who asks for the schema wants the constants that types and defaults are made with, too.
        run.machine.passes_over_packages = settings.fresh_machine;
        if !settings.fresh_machine {
            let words = words.clone();
            run.machine.skips = Some(Rc::new(move |file| sweep::is_beside_the_point(sources, &words, file)));
        }
    }
    for file in candidates.iter().filter(|file| !reached.contains(file)) {
        let nearest = together::nearest(found, sources.path(*file));
        let Some((_, run)) = runs.iter_mut().find(|(number, _)| *number == nearest) else { continue };
        let machine = &mut run.machine;
        if machine.module_of(*file).is_none() && sweep::declares(trees.outline(*file).module) {
            swept.push(*file);
            // An exception ends this import, as it would in Python; what was registered before it stays.
            let _ = machine.import_file(*file, Span::start_of(*file));
        }
    }
}

fn environment(
    found: &Found,
    run: Ran,
    revisions: RevisionMap,
    renumbering: &Renumbering,
    trees: &Trees<'_>,
    settings: &Settings,
    packaging: &mut versions::read::Packaging<'_>,
) -> Environment {
    let mut script = run.script;
    if let Some(script) = &mut script {
        renumber(script, renumbering);
    }
    let mut flask = run.flask;
    if let Some(flask) = &mut flask {
        flask.metadata = flask.metadata.map(|metadata| renumbering.metadatas[metadata.0]);
    }
    let mut not_analysed = run.not_analysed;
    let hidden = revisions.version_locations.unread.iter().cloned();
    not_analysed.extend(hidden.map(|(span, why)| NotAnalysed { span, why, hides: Hides::Revisions }));
    Environment {
        name: found.name.clone(),
        config: found.config.clone(),
        script_location: found.script_location.clone(),
        run_from: found.run_from.clone(),
        search_path: run.search_path,
        flask,
        url: url(script.as_ref(), found),
        env_script: script,
        template: found.template,
        revisions,
        versions: versions::read::read(trees.sources(), &found.config.directory, settings, packaging),
        reached: run.reached,
        not_analysed,
    }
}

/// The revisions, which were read where the configuration says; again where env.py says that they lie elsewhere.
fn where_they_lie<'t>(
    mut revisions: RevisionMap,
    found: &Found,
    run: &Ran,
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
        return revision::read::read(trees, locations, is_recursive(found));
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
