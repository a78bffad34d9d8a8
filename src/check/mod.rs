//! Files → an [`Outcome`]: facts are read, every rule runs over them, suppressions and levels apply, the rest is sorted.
//!
//! `check` is pure: it opens no path, reads no clock and no environment variable.

pub mod baseline;
pub mod options;
pub mod run;
pub mod suppression;

use rustc_hash::FxHashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::catalog::drift::Drift;
use crate::diagnostic::{Diagnostic, Level};
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::What;
use crate::project::versions::Pin;
use crate::project::{self, NotAnalysed, Project};
use crate::rules;
use crate::source::{Sources, Span};
use crate::syntax::python::Trees;

use options::Options;

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The findings that count, sorted by path and position.
    pub diagnostics: Vec<Diagnostic>,
    /// What was looked at.
    pub environments: Vec<EnvironmentSummary>,
    /// The migrations against the models, of each environment; empty where no rule wanted to know.
    pub drifts: Vec<Drift>,
    /// Mapped classes and tables declared without one, in the whole project.
    pub models: usize,
    /// Revisions of all environments.
    pub revisions: usize,
    /// Findings that a comment in the files silenced.
    pub suppressed: usize,
    /// Findings that the baseline knows.
    pub baseline: usize,
    /// Findings that `--max-diagnostics` cut off.
    pub not_shown: Counts,
    /// What went wrong inside limbeck: one line each. Not empty: the run must end with exit code 2.
    pub internal_errors: Vec<String>,
}

/// One Alembic environment, in words and numbers for the reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentSummary {
    /// Its short, unique name.
    pub name: String,
    /// alembic.ini or pyproject.toml, relative to the project root.
    pub config: Option<String>,
    /// The script directory, relative to the project root.
    pub script_location: Option<String>,
    /// env.py, relative to the project root.
    pub env_script: Option<String>,
    /// The pinned SQLAlchemy, as far as it is known: `2.0.43`.
    pub sqlalchemy: Option<String>,
    /// The pinned Alembic.
    pub alembic: Option<String>,
    /// `postgresql`
    pub dialect: Option<String>,
    /// `asyncpg`
    pub driver: Option<String>,
    /// Does the online run make an asynchronous engine?
    pub is_async: bool,
    /// The heads of the revision graph, sorted.
    pub heads: Vec<String>,
    /// Tables that env.py reaches.
    pub models: usize,
    /// Revision files.
    pub revisions: usize,
    /// What could not be read on the way.
    pub not_analysed: Vec<NotAnalysed>,
}

/// How many findings of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
    /// With a safe fix.
    pub fixable: usize,
    /// With an unsafe fix.
    pub fixable_unsafely: usize,
}

impl Outcome {
    /// Counts the findings.
    pub fn counts(&self) -> Counts {
        let mut counts = self.not_shown;
        for diagnostic in &self.diagnostics {
            match diagnostic.level {
                Level::Error => counts.errors += 1,
                Level::Warning => counts.warnings += 1,
                Level::Note => counts.notes += 1,
                Level::Off => {}
            }
            match diagnostic.fix.as_ref().map(|fix| fix.applicability) {
                Some(crate::diagnostic::Applicability::Safe) => counts.fixable += 1,
                Some(crate::diagnostic::Applicability::Unsafe) => counts.fixable_unsafely += 1,
                None => {}
            }
        }
        counts
    }

    /// The loudest level found.
    pub fn loudest(&self) -> Level {
        self.diagnostics.iter().map(|diagnostic| diagnostic.level).max().unwrap_or(Level::Off)
    }
}

/// Checks a project.
pub fn check(sources: &Sources, options: &Options) -> Outcome {
    let trees = Trees::of(sources);
    let mut settings = options.settings.clone();
    if let Some(globs) = &options.exclude {
        let shown = |path: &str| globs.is_match(format!("{}{path}", options.globs_from));
        let paths = sources.ids().map(|file| sources.path(file));
        settings.excluded = paths.filter(|path| shown(path)).map(str::to_owned).collect();
    }
    let project = match catch_unwind(AssertUnwindSafe(|| project::read::read(sources, &trees, &settings))) {
        Ok(project) => project,
        Err(panic) => {
            let broken = format!("reading the project broke: {}", run::panic_text(&*panic));
            return Outcome { internal_errors: vec![broken], ..Outcome::default() };
        }
    };
    let mut outcome = looked_at(&project);
    let (mut found, drifts) = run::run(&project, options, &mut outcome.internal_errors);
    outcome.drifts = drifts;
    once(&mut found);
    if options.strict {
        let unread = found.iter_mut().filter(|diagnostic| diagnostic.rule == "not-analysed");
        unread.for_each(|diagnostic| diagnostic.level = Level::Error);
    }
    found.retain(|diagnostic| !is_ignored_in_its_file(diagnostic, sources, options));
    let suppressions = suppression::find(sources, &trees);
    outcome.suppressed = suppression::apply(&suppressions, &mut found, options, sources);
    found.retain(|diagnostic| is_in_scope(diagnostic, sources, options));
    outcome.baseline = options.baseline.take_out(&mut found);
    found.sort_by(|left, right| order(left, sources).cmp(&order(right, sources)));
    outcome.diagnostics = found;
    if options.is_last_run {
        std::mem::forget(project);
        std::mem::forget(trees);
    }
    outcome
}

/// What there is to look at, with no finding yet.
pub fn looked_at(project: &Project<'_>) -> Outcome {
    Outcome {
        environments: project.environments.iter().enumerate().map(|(at, it)| summary(at, it, project)).collect(),
        models: project.models.tables.len(),
        revisions: project.environments.iter().map(|environment| environment.revisions.scripts.len()).sum(),
        internal_errors: project.broken.clone(),
        ..Outcome::default()
    }
}

/// The same finding from several environments is one finding.
pub fn once(found: &mut Vec<Diagnostic>) {
    let mut seen = FxHashSet::default();
    found.retain(|diagnostic| seen.insert((diagnostic.rule, diagnostic.span, diagnostic.message.clone())));
}

fn order<'d>(diagnostic: &'d Diagnostic, sources: &'d Sources) -> (&'d str, u32, u32, &'d str, &'d str) {
    let span = diagnostic.span;
    (sources.path(span.file), span.start, span.end, diagnostic.rule, &diagnostic.message)
}

fn is_ignored_in_its_file(diagnostic: &Diagnostic, sources: &Sources, options: &Options) -> bool {
    let path = format!("{}{}", options.globs_from, sources.path(diagnostic.span.file));
    let is_named = options.named.contains(sources.path(diagnostic.span.file));
    (!is_named && options.exclude.as_ref().is_some_and(|globs| globs.is_match(&path)))
        || options.per_file_ignores.iter().any(|(glob, names)| {
            glob.is_match(&path)
                && names.iter().any(|name| {
                    name == "all"
                        || rules::named(name).is_some_and(|rule| rule.name == diagnostic.rule)
                        || rules::all().any(|(family, rule)| family == name && rule.name == diagnostic.rule)
                })
        })
}

/// With `--scope files`: does the finding touch one of the files?
fn is_in_scope(diagnostic: &Diagnostic, sources: &Sources, options: &Options) -> bool {
    let Some(only) = &options.only else { return true };
    let is_one = |span: Span| {
        let path = sources.path(span.file);
        only.iter().any(|wanted| {
            wanted.is_empty()
                || path.strip_prefix(&**wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    is_one(diagnostic.span) || diagnostic.annotations.iter().any(|annotation| is_one(annotation.span))
}

fn summary(at: usize, environment: &Environment, project: &Project<'_>) -> EnvironmentSummary {
    let path = |file| project.sources.path(file).to_owned();
    let url = environment.url.get();
    let pinned = |name: &str| match environment.versions.pins.get(name) {
        Some(Pin::Exact(version, _)) => Some(version.to_string()),
        _ => None,
    };
    let script = environment.env_script.as_ref();
    EnvironmentSummary {
        name: environment.name.clone(),
        config: environment.config.file.map(path),
        script_location: environment.script_location.clone(),
        env_script: script.map(|script| path(script.file)),
        sqlalchemy: pinned("sqlalchemy"),
        alembic: pinned("alembic"),
        dialect: url.map(|url| url.dialect.clone()).or_else(|| project.settings.dialect.clone()),
        driver: url.and_then(|url| url.driver.clone()),
        is_async: script.is_some_and(|script| {
            script.online.events.iter().any(|event| matches!(event.what, What::Engine { is_async: true, .. }))
        }),
        heads: heads(environment),
        models: project.models.tables.iter().filter(|table| table.reached_by.contains(&at)).count(),
        revisions: environment.revisions.scripts.len(),
        not_analysed: environment.not_analysed.clone(),
    }
}

/// The revisions that no other revision follows.
fn heads(environment: &Environment) -> Vec<String> {
    let scripts = &environment.revisions.scripts;
    let followed: FxHashSet<&str> = scripts
        .iter()
        .flat_map(|script| &script.down_revision)
        .filter_map(|parent| parent.get().map(String::as_str))
        .collect();
    let mut heads: Vec<String> = scripts
        .iter()
        .filter_map(|script| script.revision.as_ref()?.get().cloned())
        .filter(|revision| !followed.contains(revision.as_str()))
        .collect();
    heads.sort();
    heads.dedup();
    heads
}
