//! `limbeck schema`: the tables of the models or of the migrations, printed.

use std::path::Path;

use crate::catalog::{self, Catalog, Dialect, Target};
use crate::cli::arguments::{Global, SchemaArguments, SchemaFormat, SchemaSource};
use crate::cli::preflight::request;
use crate::cli::{Exit, Failure, Out, loaded, with_dialect};
use crate::listing::json::{self, Entry};
use crate::listing::{markdown, mermaid, sql};
use crate::preflight::uses;
use crate::project::{Project, read};
use crate::syntax::python::Trees;

/// Prints the schema of each environment.
///
/// # Errors
/// The project can't be read, or has no environment.
pub fn run(arguments: &SchemaArguments, global: &Global, out: Out<'_>) -> Result<Exit, Failure> {
    let root = arguments.directory.as_deref().unwrap_or(Path::new("."));
    let mut settings = with_dialect(root, global, arguments.dialect.as_deref())?;
    let request = request(root, arguments.url.as_deref(), arguments.timeout)?;
    if arguments.from == SchemaSource::Database {
        settings.variables = request.surroundings.variables.clone().into_iter().collect();
    }
    let sources = loaded(root, true)?;
    let trees = Trees::of(&sources);
    let project = read::read(&sources, &trees, &settings);
    let mut read: Vec<(Option<usize>, Target, Catalog)> = (0..project.environments.len())
        .map(|environment| {
            let target = Target::of_environment(&project, environment);
            let catalog = match arguments.from {
                SchemaSource::Models => catalog::models::declared(&project, environment, &target),
                SchemaSource::Migrations => catalog::replay::replayed(&project, environment, &target),
                SchemaSource::Database => {
                    let (target, catalog) = uses::tables(&project, environment, &request)?;
                    return Ok((Some(environment), target, catalog));
                }
            };
            Ok((Some(environment), target, catalog))
        })
        .collect::<Result<_, String>>()?;
    let is_empty = read.iter().all(|(_, _, catalog)| catalog.tables.is_empty());
    if arguments.from == SchemaSource::Models && is_empty && !project.models.tables.is_empty() {
        // No env.py says which MetaData counts: all that are declared.
        let target = read.first().map_or_else(|| default_target(&project), |(_, target, _)| target.clone());
        let catalog = catalog::models::all_declared(&project, &target);
        read.push((None, target, catalog));
    }
    if read.is_empty() {
        return Err(Failure("no Alembic environment and no model found here".to_owned()));
    }
    let entries: Vec<Entry<'_>> = read
        .iter()
        .map(|(number, target, catalog)| {
            let environment = number.map(|number| &project.environments[number]);
            Entry {
                environment: environment.map(|environment| environment.name.as_str()),
                config: environment.and_then(|environment| environment.config.file).map(|file| sources.path(file)),
                from: arguments.from.name(),
                target,
                catalog,
            }
        })
        .collect();
    let title = |entry: &Entry<'_>| {
        let of = entry.environment.filter(|_| entries.len() > 1).map(|name| format!(" of {name}")).unwrap_or_default();
        format!("Schema of the {}{of}", entry.from)
    };
    match arguments.format {
        SchemaFormat::Json => {
            let text = serde_json::to_string_pretty(&json::document(&entries, &sources)).unwrap_or_default();
            writeln!(out, "{text}")?;
        }
        SchemaFormat::Sql => {
            for (number, entry) in entries.iter().enumerate() {
                if entries.len() > 1 {
                    writeln!(out, "{}-- {}\n", if number > 0 { "\n" } else { "" }, title(entry))?;
                }
                write!(out, "{}", sql::document(entry.catalog, entry.target, &sources))?;
            }
        }
        SchemaFormat::Mermaid => {
            let parts: Vec<_> = entries.iter().map(|entry| (entry.environment, entry.catalog, entry.target)).collect();
            write!(out, "{}", mermaid::document(&parts))?;
        }
        SchemaFormat::Markdown => {
            for (number, entry) in entries.iter().enumerate() {
                let blank = if number > 0 { "\n" } else { "" };
                write!(out, "{blank}{}", markdown::document(&title(entry), entry.catalog, entry.target, &sources))?;
            }
        }
    }
    Ok(Exit::Clean)
}

fn default_target(project: &Project<'_>) -> Target {
    let dialect = project.settings.dialect.as_deref().and_then(Dialect::named).unwrap_or_default();
    Target::of(dialect, &project.versions)
}
