//! How the project calls its Alembic: `alembic -c … -n …`, or `flask db … --directory …`.

use crate::project::alembic::Environment;
use crate::project::alembic::config::Shape;
use crate::project::alembic::flask_migrate::FlaskApp;
use crate::source::{Sources, split};

/// How the project's Alembic is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alembic {
    /// `alembic -c FILE -n SECTION`, each where it is needed.
    Command(Vec<String>),
    /// `flask db`, with its `--directory` and, where one is known, its `--app`.
    Flask {
        /// Between `flask` and `db`.
        before: Vec<String>,
        /// After the subcommand.
        after: Vec<String>,
    },
}

impl Alembic {
    /// The words of one command: `upgrade heads` → `alembic -c backend/alembic.ini upgrade heads`.
    pub fn words(&self, command: &[&str]) -> Vec<String> {
        let own = command.iter().map(|word| (*word).to_owned());
        match self {
            Alembic::Command(options) => {
                std::iter::once("alembic".to_owned()).chain(options.iter().cloned()).chain(own).collect()
            }
            Alembic::Flask { before, after } => {
                let mut words: Vec<String> =
                    std::iter::once("flask".to_owned()).chain(before.iter().cloned()).collect();
                words.push("db".to_owned());
                // Flask-Migrate calls it `migrate`, and autogenerates always; `downgrade` goes one back by itself, and
                // would take `-1` for an option.
                let own = own.map(|word| if word == "revision" { "migrate".to_owned() } else { word });
                words.extend(own.filter(|word| word != "--autogenerate" && word != "-1"));
                words.extend(after.iter().cloned());
                words
            }
        }
    }
}

/// The way of an environment, for commands that run in its [`Environment::run_from`].
///
/// # Errors
/// No file configures it, so that only the project's own code can run it.
pub fn of(environment: &Environment, sources: &Sources) -> Result<Alembic, String> {
    let from = |path: &str| relative(&environment.run_from, path);
    if let Some(app) = &environment.flask {
        return Ok(flask(app, environment, sources));
    }
    let config = &environment.config;
    let Some(file) = config.file.filter(|_| config.shape != Shape::InCode) else {
        return Err(
            "no alembic.ini or pyproject.toml leads to its env.py: only the project's own code can run it".to_owned()
        );
    };
    let mut options = Vec::new();
    if config.shape == Shape::Ini {
        options = vec!["-c".to_owned(), from(sources.path(file))];
    }
    if config.section != "alembic" {
        options.extend(["-n".to_owned(), config.section.clone()]);
    }
    Ok(Alembic::Command(options))
}

fn flask(app: &FlaskApp, environment: &Environment, sources: &Sources) -> Alembic {
    let from = |path: &str| relative(&environment.run_from, path);
    let mut before = Vec::new();
    // What `flask` finds by itself it is left to find.
    if let Some(file) = app.file.filter(|_| app.named.is_none() && std::env::var_os("FLASK_APP").is_none()) {
        before = vec!["--app".to_owned(), from(sources.path(file))];
    }
    let mut after = Vec::new();
    let directory = environment.script_location.as_deref().map(from);
    if let Some(directory) = directory.filter(|directory| directory != "migrations") {
        after = vec!["--directory".to_owned(), directory];
    }
    Alembic::Flask { before, after }
}

/// `path` as seen from `folder`, both relative to the project root.
fn relative(folder: &str, path: &str) -> String {
    let mut up = String::new();
    let mut folder = folder;
    loop {
        if folder.is_empty() || folder == "." {
            return format!("{up}{path}");
        }
        if let Some(rest) = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')) {
            return format!("{up}{rest}");
        }
        up.push_str("../");
        folder = split(folder).0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alembic_and_flask_are_called_in_their_ways() {
        let alembic = Alembic::Command(vec!["-c".to_owned(), "backend/alembic.ini".to_owned()]);
        assert_eq!(alembic.words(&["upgrade", "heads"]).join(" "), "alembic -c backend/alembic.ini upgrade heads");
        let flask = Alembic::Flask {
            before: vec!["--app".to_owned(), "wsgi".to_owned()],
            after: vec!["--directory".to_owned(), "db".to_owned()],
        };
        let revision = flask.words(&["revision", "--autogenerate", "-m", "x"]);
        assert_eq!(revision.join(" "), "flask --app wsgi db migrate -m x --directory db");
        assert_eq!(flask.words(&["downgrade", "-1"]).join(" "), "flask --app wsgi db downgrade --directory db");
    }

    #[test]
    fn paths_as_seen_from_where_alembic_runs() {
        let seen = [("", "a/alembic.ini"), ("a", "a/alembic.ini"), ("a/b", "a/alembic.ini"), ("conf", "a/alembic.ini")];
        let paths = seen.map(|(folder, path)| relative(folder, path));
        assert_eq!(paths, ["a/alembic.ini", "alembic.ini", "../alembic.ini", "../a/alembic.ini"]);
    }
}
