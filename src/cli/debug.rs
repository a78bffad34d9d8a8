//! `limbeck debug`: one stage of the analysis, printed.

use std::path::Path;

use serde_json::json;

use crate::catalog::diff::options::Options;
use crate::catalog::{self, Dialect, Target, models};
use crate::cli::arguments::{DebugCommand, Global};
use crate::cli::{Exit, Failure, Out, configured, loaded};
use crate::listing::difference;
use crate::load::slashed;
use crate::project::read;
use crate::source::{FileId, Sources};
use crate::syntax::python::Trees;
use crate::syntax::sql;

/// Prints the stage.
///
/// # Errors
/// The file or project can't be read.
pub fn run(stage: &DebugCommand, global: &Global, out: Out<'_>) -> Result<Exit, Failure> {
    match stage {
        DebugCommand::Syntax { file } => {
            let sources = loaded(Path::new("."), false)?;
            let file = named(&sources, file)?;
            let trees = Trees::of(&sources);
            let tree = trees.whole(file);
            writeln!(out, "{:#?}", tree.module)?;
            for problem in &tree.problems {
                writeln!(out, "problem: {}: {}", sources.place(problem.span), problem.message)?;
            }
        }
        DebugCommand::Values { file } => {
            let sources = loaded(Path::new("."), true)?;
            let file = named(&sources, file)?;
            let trees = Trees::of(&sources);
            for line in read::values(&sources, &trees, file) {
                writeln!(out, "{line}")?;
            }
        }
        DebugCommand::Sql { file, dialect } => {
            let dialect = match Dialect::named(dialect) {
                Some(Dialect::Postgresql) => sql::Dialect::Postgresql,
                Some(Dialect::Mysql) => sql::Dialect::Mysql,
                Some(Dialect::Sqlite) => sql::Dialect::Sqlite,
                None => sql::Dialect::Generic,
            };
            let text =
                std::fs::read_to_string(file).map_err(|error| Failure(format!("{}: {error}", file.display())))?;
            for statement in sql::read(&text, dialect) {
                writeln!(out, "{statement:?}")?;
            }
        }
        DebugCommand::Facts { directory } => {
            let root = directory.as_deref().unwrap_or(Path::new("."));
            let settings = configured(root, global)?.options(root)?.settings;
            let sources = loaded(root, true)?;
            let trees = Trees::of(&sources);
            let project = read::read(&sources, &trees, &settings);
            writeln!(out, "{:#?}", project.environments)?;
            writeln!(out, "{:#?}", project.models)?;
        }
        DebugCommand::Diff { before, after } => diff(before, after, global, out)?,
    }
    Ok(Exit::Clean)
}

/// Two folders, each with models: what leads from the first to the second.
fn diff(before: &Path, after: &Path, global: &Global, out: Out<'_>) -> Result<(), Failure> {
    let mut settings = configured(after, global)?.options(after)?.settings;
    settings.fresh_machine = true;
    let old = loaded(before, true)?;
    let new = loaded(after, true)?;
    let (old_trees, new_trees) = (Trees::of(&old), Trees::of(&new));
    let (old_project, new_project) = (read::read(&old, &old_trees, &settings), read::read(&new, &new_trees, &settings));
    let mut entries = Vec::new();
    for (number, environment) in new_project.environments.iter().enumerate() {
        let Some(same) = old_project.environments.iter().position(|it| it.name == environment.name) else { continue };
        let target = Target::of_environment(&new_project, number);
        let options = Options::of(&new_project, number, target.clone());
        let made = models::declared(&old_project, same, &target);
        let declared = models::declared(&new_project, number, &target);
        let mut difference = catalog::diff::compare(&made, &declared, &options);
        // Places in the first folder are no places of the second.
        difference.changes.iter_mut().for_each(|change| change.migration = None);
        difference.hidden.iter_mut().for_each(|hidden| hidden.migration = hidden.model);
        difference.renames.iter_mut().for_each(|rename| rename.migration = rename.model);
        difference.not_compared.iter_mut().for_each(|one| one.span = None);
        entries.push(json!({"environment": environment.name, "drift": difference::value(&difference, &target, &new)}));
    }
    writeln!(
        out,
        "{}",
        serde_json::to_string_pretty(&json!({"version": 1, "environments": entries})).unwrap_or_default()
    )?;
    Ok(())
}

fn named(sources: &Sources, file: &Path) -> Result<FileId, Failure> {
    let path = slashed(file.as_os_str());
    let path = path.trim_start_matches("./");
    sources.id(path).ok_or_else(|| Failure(format!("`{path}` is no file below the working directory")))
}
