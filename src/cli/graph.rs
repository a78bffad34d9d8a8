//! `limbeck graph`: the revision graph, drawn.

use std::path::Path;

use crate::cli::arguments::{Global, GraphArguments, GraphFormat};
use crate::cli::{Exit, Failure, Out, configured, loaded};
use crate::graph::{Format, render_all};
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
    if project.environments.is_empty() {
        return Err(Failure("no Alembic environment found here".to_owned()));
    }
    let environments: Vec<_> = project.environments.iter().collect();
    let format = match arguments.format {
        GraphFormat::Text => Format::Text,
        GraphFormat::Mermaid => Format::Mermaid,
        GraphFormat::Dot => Format::Dot,
        GraphFormat::Json => Format::Json,
    };
    write!(out, "{}", render_all(&environments, &sources, format, arguments.limit))?;
    Ok(Exit::Clean)
}
