//! Runs a command of Alembic, or of `flask db`, in the copy, with every connection led to a throw-away database.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::rehearse::call::Alembic;
use crate::rehearse::interpreter::Interpreter;

/// What runs before Alembic does: see its head.
const REDIRECT: &str = include_str!("redirect.py");

/// Where and how commands run.
pub struct Stage {
    /// The interpreter.
    pub interpreter: Interpreter,
    /// How Alembic is called.
    pub alembic: Alembic,
    /// The project, absolute.
    pub root: PathBuf,
    /// Its copy, absolute.
    pub copy: PathBuf,
    /// The folder that commands run in, within the copy.
    pub run_from: PathBuf,
    /// A folder beside the copy for what the commands need.
    pub scratch: PathBuf,
    /// SQLAlchemy's name of the throw-away databases' dialect.
    pub dialect: &'static str,
    /// Throw-away databases, one for each that the project may connect to.
    pub urls: Vec<String>,
}

/// A command that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Exit code 0.
    pub succeeded: bool,
    /// What it wrote to standard output and standard error, in the order of writing.
    pub output: String,
    /// How long it took.
    pub took: Duration,
}

impl Stage {
    /// Runs one command of Alembic and waits for its end.
    ///
    /// # Errors
    /// It can't be started, or its output can't be kept.
    pub fn run(&self, command: &[&str]) -> io::Result<Ended> {
        let script = self.scratch.join("redirect.py");
        if !script.exists() {
            fs::write(&script, REDIRECT)?;
        }
        let rehearsal = json!({
            "dialect": self.dialect, "urls": self.urls, "known": self.scratch.join("known.json"),
            "root": self.root, "copy": self.copy,
        });
        let log = self.scratch.join("output");
        let output = File::create(&log)?;
        let started = Instant::now();
        let status = Command::new(&self.interpreter.program)
            .arg("-B")
            .arg(&script)
            .args(self.alembic.words(command))
            .current_dir(&self.run_from)
            .env("LIMBECK_REHEARSAL", rehearsal.to_string())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONUNBUFFERED", "1")
            .env("PWD", &self.run_from)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .status()?;
        let took = started.elapsed();
        let output = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        Ok(Ended { succeeded: status.success(), output, took })
    }
}
