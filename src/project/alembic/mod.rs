//! Alembic's side: configuration, env.py, the script directory and its revisions.

pub mod config;
mod context;
pub mod decisions;
pub mod directives;
pub mod discovery;
pub mod engine;
pub mod env_layout;
pub mod env_script;
mod filter;
pub mod flask_migrate;
pub mod library;
pub mod locations;
pub mod operations;
pub mod revision;
mod script_directory;
pub mod template;

#[cfg(test)]
mod env_tests;

use std::collections::BTreeSet;

use crate::project::versions::Versions;
use crate::project::{Known, NotAnalysed};
use crate::source::FileId;

/// One Alembic environment: a configuration, its script directory, its env.py and its revisions.
#[derive(Debug)]
pub struct Environment {
    /// Short and unique in the project: the configuration's path, or the script directory's.
    pub name: String,
    /// What alembic.ini or pyproject.toml says.
    pub config: config::Config,
    /// The script directory, relative to the project root.
    pub script_location: Option<String>,
    /// The directory from which `script_location` resolves, relative to the project root: where alembic must run.
    pub run_from: String,
    /// `sys.path` after env.py has run, relative to the project root.
    pub search_path: Vec<String>,
    /// The Flask application that `flask db` loads, where Flask-Migrate is used.
    pub flask: Option<flask_migrate::FlaskApp>,
    /// env.py, run on paper.
    pub env_script: Option<env_script::EnvScript>,
    /// script.py.mako.
    pub template: Option<FileId>,
    /// The revision graph.
    pub revisions: revision::RevisionMap,
    /// The versions pinned for it.
    pub versions: Versions,
    /// The database URL that the online run hands to the engine.
    pub url: Known<crate::project::sqlalchemy::url::EngineUrl>,
    /// Files that the run of env.py executed: itself and all that it imports.
    pub reached: BTreeSet<FileId>,
    /// What could not be read on the way.
    pub not_analysed: Vec<NotAnalysed>,
}
