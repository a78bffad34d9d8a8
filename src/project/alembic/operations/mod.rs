//! `upgrade()` and `downgrade()` of a revision, run on paper → [`directive::Directive`]s: what Alembic's `op` and the connection
//! behind it are told to do, call by call.
//!
//! [`Migrations`] runs the functions of one environment's revisions. Each directive is handed at the time of its call to
//! a [`Database`], which also answers what revisions ask a live one: which tables there are, which dialect it speaks.
//! `signature` knows the parameters of `op.*`, `library` and `connection` what the calls mean, `inspector` how
//! a database's answers look in Python.

mod connection;
pub mod database;
pub mod directive;
mod inspector;
mod library;
mod reflection;
mod signature;

use std::rc::Rc;

use crate::project::Project;
use crate::project::alembic::operations::database::Database;
use crate::project::alembic::revision::RevisionScript;
use crate::project::sqlalchemy::library::SqlAlchemy;
use crate::python::evaluate::Machine;
use crate::python::library::Library;
use crate::python::standard;
use crate::python::value::Value;
use crate::python::value::scope::Module;
use crate::source::{FileId, Span, split};

/// Steps of the interpreter that one `upgrade()` may take: an initial revision makes hundreds of tables.
const STEPS: usize = 400_000;

/// The two functions of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `upgrade()`
    Upgrade,
    /// `downgrade()`
    Downgrade,
}

/// Runs the revisions of one environment on paper, one after the other.
pub struct Migrations<'t> {
    machine: Machine<'t>,
    /// The revisions that were loaded, by their file.
    loaded: std::collections::HashMap<FileId, Option<Rc<Module<'t>>>>,
}

impl<'t> Migrations<'t> {
    /// For an environment, against a database.
    pub fn of(project: &Project<'t>, environment: usize, database: Rc<dyn Database + 't>) -> Migrations<'t> {
        let found = &project.environments[environment];
        let sqlalchemy = Rc::new(SqlAlchemy::new());
        let operations = Rc::new(library::Operations::new(sqlalchemy.clone(), database, options(project, environment)));
        let mut libraries: Vec<Rc<dyn Library<'t> + 't>> = vec![operations.clone(), sqlalchemy];
        libraries.extend(standard::all());
        let mut machine = Machine::new(project.code.trees(), libraries);
        machine.search_path = found.search_path.iter().map(|root| root.as_str().into()).collect();
        machine.working_directory = found.run_from.as_str().into();
        machine.puts_off_imports = true;
        machine.steps_of_a_call = STEPS;
        if project.settings.fresh_machine {
            let versions = found.versions.clone();
            machine.fresh_machine = Some(Rc::new(move |module| versions.brings(module)));
        }
        operations.name_by(&mut machine, &target_conventions(project, environment));
        Migrations { machine, loaded: Default::default() }
    }

    /// Runs one function of a revision. What can't be run at all comes back: the place and the reason.
    pub fn run(&mut self, script: &RevisionScript, direction: Direction) -> Option<(Span, String)> {
        let start = Span::start_of(script.file);
        if script.unreadable {
            return Some((start, "the file can't be read".to_owned()));
        }
        self.machine.starts_afresh();
        let module = match self.loaded.get(&script.file) {
            Some(module) => module.clone(),
            None => {
                let path = self.machine.sources().path(script.file);
                let name = split(path).1.trim_end_matches(".py").replace('.', "_");
                let (module, result) = self.machine.run_script(script.file, &name);
                let module = result.is_ok().then_some(module);
                self.loaded.insert(script.file, module.clone());
                module
            }
        };
        let Some(module) = module else {
            return Some((start, "the revision raises while it is loaded".to_owned()));
        };
        let name = match direction {
            Direction::Upgrade => "upgrade",
            Direction::Downgrade => "downgrade",
        };
        let function = match self.machine.attribute(&Value::Module(module), name, start) {
            Ok(function @ (Value::Function(_) | Value::Method(..))) => function,
            Ok(Value::Unknown(unknown)) => return Some((unknown.span, unknown.why.to_string())),
            Ok(other) => other,
            Err(_) if script.syntax_problems.is_empty() => return None,
            Err(_) => return Some((start, "the revision has a syntax error".to_owned())),
        };
        let called = self.machine.call(&function, &Rc::default(), start);
        match called {
            Ok(Value::Unknown(unknown)) if unknown.why.contains("not run to its end") => {
                Some((unknown.span, unknown.why.to_string()))
            }
            Ok(_) => None,
            Err(raised) => Some((raised.span, format!("raises {} on paper", raised.exception))),
        }
    }

    /// The functions and imports of a file are known by now: lets the revision go.
    pub fn forget(&mut self, script: &RevisionScript) {
        self.loaded.remove(&script.file);
    }
}

/// The texts that env.py hands to `context.configure` besides what Alembic knows: a prefix of table names, a schema.
fn options(project: &Project<'_>, environment: usize) -> Vec<(String, String)> {
    let script = project.environments[environment].env_script.iter();
    script.flat_map(|script| script.online.configures()).flat_map(|(_, call)| call.texts.clone()).collect()
}

/// The naming convention that `op` takes from `target_metadata`: the first one that env.py hands over.
fn target_conventions(project: &Project<'_>, environment: usize) -> (bool, Vec<(String, String)>) {
    use crate::project::alembic::env_script::TargetMetadata;
    let script = project.environments[environment].env_script.iter();
    let first =
        script.flat_map(|script| script.online.configures()).find_map(|(_, call)| match &call.target_metadata {
            TargetMetadata::These(these) => these.first().copied(),
            _ => None,
        });
    match first.map(|first| project.models.metadata(first)) {
        Some(metadata) => (metadata.naming_convention, metadata.conventions.clone()),
        None => (false, Vec::new()),
    }
}
