//! The project's own Python: the interpreter that has its SQLAlchemy, its Alembic and its driver.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An interpreter that can run the project's migrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// The program.
    pub program: PathBuf,
    /// The version of SQLAlchemy that it imports.
    pub sqlalchemy: String,
    /// The version of Alembic that it imports.
    pub alembic: String,
}

/// The tools that keep a virtual environment elsewhere: the file that shows their use, and the command that tells its
/// interpreter, run in the folder of that file.
const TOOLS: &[(&str, &[&str])] = &[
    ("uv.lock", &["uv", "run", "--no-sync", "python", "-c", "import sys; print(sys.executable)"]),
    ("poetry.lock", &["poetry", "env", "info", "--executable"]),
    ("Pipfile", &["pipenv", "--py"]),
    ("pdm.lock", &["pdm", "info", "--python"]),
];

/// Where virtual environments lie, relative to a folder of the project.
const FOLDERS: &[&str] = &[".venv", "venv", "env", ".env"];

/// What tells the versions. Both must be there; a driver that lacks shows in the first step.
const ASK: &str = "import alembic, sqlalchemy; print(sqlalchemy.__version__, alembic.__version__)";

/// Finds it: what the user names, else the active virtual environment, else one in the project (in `run_from`, the folder
/// that Alembic is run from, or above it up to `root`), else what uv, poetry, pipenv or pdm say, else the `python3` on
/// PATH.
///
/// # Errors
/// None of them imports SQLAlchemy and Alembic; each is named with what it said.
pub fn find(named: Option<&Path>, root: &Path, run_from: &Path) -> Result<Interpreter, String> {
    if let Some(named) = named {
        let program = if named.is_dir() { within(named) } else { named.to_owned() };
        return ask(&program).map_err(|said| format!("`{}` can't run the migrations: {said}", program.display()));
    }
    let mut refused = Vec::new();
    for program in candidates(root, run_from) {
        match ask(&program) {
            Ok(found) => return Ok(found),
            Err(said) => refused.push(format!("`{}`: {said}", program.display())),
        }
    }
    let tried = if refused.is_empty() { "none was found".to_owned() } else { refused.join("; ") };
    Err(format!("no Python that imports sqlalchemy and alembic ({tried}); --python names one"))
}

/// The interpreters to try, the likeliest first. Tools are asked only when the ones before them don't do.
fn candidates(root: &Path, run_from: &Path) -> impl Iterator<Item = PathBuf> {
    let active = std::env::var_os("VIRTUAL_ENV").map(|folder| within(Path::new(&folder)));
    let folders: Vec<PathBuf> =
        run_from.ancestors().take_while(|folder| folder.starts_with(root)).map(Path::to_owned).collect();
    let nearby =
        folders.clone().into_iter().flat_map(|folder| FOLDERS.iter().map(move |name| within(&folder.join(name))));
    let told = folders.into_iter().flat_map(|folder| {
        TOOLS
            .iter()
            .filter_map(move |(file, words)| folder.join(file).is_file().then(|| tell(words, &folder)).flatten())
    });
    let on_path = ["python3", "python"].into_iter().map(PathBuf::from);
    active.into_iter().chain(nearby).filter(|program| program.is_file()).chain(told).chain(on_path)
}

/// The interpreter within a virtual environment.
fn within(folder: &Path) -> PathBuf {
    if cfg!(windows) { folder.join("Scripts/python.exe") } else { folder.join("bin/python") }
}

/// The interpreter that a tool tells.
fn tell(words: &[&str], folder: &Path) -> Option<PathBuf> {
    let (program, arguments) = words.split_first()?;
    let output = Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output().ok()?;
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    (output.status.success() && path.is_file()).then_some(path)
}

fn ask(program: &Path) -> Result<Interpreter, String> {
    let mut command = Command::new(program);
    // From a folder that has no `sqlalchemy.py` of its own.
    command.args(["-B", "-c", ASK]).current_dir(std::env::temp_dir()).stdin(Stdio::null());
    let output = command.output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.split_once(' ') {
        Some((sqlalchemy, alembic)) if output.status.success() => Ok(Interpreter {
            program: program.to_owned(),
            sqlalchemy: sqlalchemy.trim().to_owned(),
            alembic: alembic.trim().to_owned(),
        }),
        _ => {
            let complaint = String::from_utf8_lossy(&output.stderr);
            Err(complaint.lines().last().unwrap_or("it said nothing").trim().to_owned())
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn python(path: &Path, says: &str) {
        fs::create_dir_all(path.parent().expect("has one")).expect("makes it");
        fs::write(path, format!("#!/bin/sh\n{says}\n")).expect("writes it");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("may be run");
    }

    #[test]
    fn the_nearest_that_imports_both() {
        let project = tempfile::tempdir().expect("a folder");
        let root = project.path();
        python(
            &root.join("backend/.venv/bin/python"),
            "echo \"ModuleNotFoundError: No module named 'alembic'\" >&2; exit 1",
        );
        python(&root.join("venv/bin/python"), "echo 2.0.58 1.20.1");
        let found = find(None, root, &root.join("backend")).expect("finds one");
        assert_eq!((found.sqlalchemy.as_str(), found.alembic.as_str()), ("2.0.58", "1.20.1"));
        assert_eq!(found.program, root.join("venv/bin/python"));
        let refused = find(Some(&root.join("backend/.venv")), root, root).expect_err("it lacks Alembic");
        assert!(
            refused.ends_with("can't run the migrations: ModuleNotFoundError: No module named 'alembic'"),
            "{refused}"
        );
    }
}
