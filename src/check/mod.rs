//! Files → an [`Outcome`]: facts are read, every rule runs over them, suppressions and levels apply, the rest is sorted.
//!
//! `check` is pure: it opens no path, reads no clock and no environment variable.

pub mod baseline;
pub mod options;

use crate::diagnostic::{Diagnostic, Level};
use crate::project::NotAnalysed;
use crate::source::Sources;

use options::Options;

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The findings that count, sorted by path and position.
    pub diagnostics: Vec<Diagnostic>,
    /// What was looked at.
    pub environments: Vec<EnvironmentSummary>,
    /// Mapped classes and tables declared without one, in the whole project.
    pub models: usize,
    /// Revisions of all environments.
    pub revisions: usize,
    /// Findings that a comment in the files silenced.
    pub suppressed: usize,
    /// Findings that the baseline knows.
    pub baseline: usize,
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
        let mut counts = Counts::default();
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
    let _ = (sources, options);
    Outcome::default()
}
