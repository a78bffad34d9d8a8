//! `limbeck debug`: one stage of the analysis, printed.

use std::path::Path;

use crate::catalog::Dialect;
use crate::cli::arguments::{DebugCommand, Global};
use crate::cli::{Exit, Failure, Out, configured, loaded};
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
    }
    Ok(Exit::Clean)
}

fn named(sources: &Sources, file: &Path) -> Result<FileId, Failure> {
    let path = slashed(file.as_os_str());
    let path = path.trim_start_matches("./");
    sources.id(path).ok_or_else(|| Failure(format!("`{path}` is no file below the working directory")))
}
