//! Virtual environments with the real SQLAlchemy and Alembic, for the tests that ask them.
//!
//! They are made once, from the pinned requirements in `tests/oracle/`, below `target/oracle/`. `LIMBECK_PYTHON` names
//! another Python to make them with, `LIMBECK_VENVS` a folder with ready ones.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Past the capture of test output.
pub fn loudly(words: &str) {
    let _ = writeln!(std::io::stderr(), "\n*** {words} ***\n");
}

/// The Python of an environment, which is made when it isn't there.
pub fn python(environment: &str) -> Result<PathBuf, String> {
    if let Some(folder) = std::env::var_os("LIMBECK_VENVS") {
        let python = Path::new(&folder).join(environment).join("bin/python");
        return if python.exists() { Ok(python) } else { Err(format!("{} is not there", python.display())) };
    }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let requirements = root.join("tests/oracle").join(format!("requirements-{environment}.txt"));
    let pins = fs::read_to_string(&requirements).map_err(|error| error.to_string())?;
    let mut hasher = DefaultHasher::new();
    pins.hash(&mut hasher);
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let folder = target.join("oracle").join(format!("{environment}-{:08x}", hasher.finish() as u32));
    let python = folder.join("bin/python");
    let complete = folder.join("complete");
    // Tests run side by side: one makes it, the others wait.
    fs::create_dir_all(target.join("oracle")).map_err(|error| error.to_string())?;
    let lock =
        File::create(target.join("oracle").join(format!("{environment}.lock"))).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    if complete.exists() {
        return Ok(python);
    }
    let _ = fs::remove_dir_all(&folder);
    let system = std::env::var("LIMBECK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    loudly(&format!("making a virtual environment for {environment} in {}", folder.display()));
    quietly(Command::new(&system).args(["-m", "venv"]).arg(&folder))?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "-r"];
    // SQLAlchemy 1.4 has no wheel for every Python; it builds from source without a compiler.
    let install: Vec<&str> = install
        .iter()
        .copied()
        .filter(|word| environment != "sa14" || !matches!(*word, "--only-binary" | ":all:"))
        .collect();
    quietly(Command::new(&python).args(install).arg(&requirements))?;
    fs::write(complete, "").map_err(|error| error.to_string())?;
    Ok(python)
}

fn quietly(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = text.lines().rev().take(3).collect();
    Err(format!("{command:?}: {}: {}", output.status, last.into_iter().rev().collect::<Vec<_>>().join(" ")))
}
