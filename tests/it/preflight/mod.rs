//! `limbeck preflight` against real servers, each fault staged for real.

mod catalogs;
mod compose;
mod faults;
mod mariadb;

mod world;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Passwords that are in URLs, and must be in no output.
pub const PASSWORDS: &[&str] = &["swordfish-of-app", "not-the-password", "p%40ss/w:rd", "p@ss/w:rd"];

/// What a run said, in every format at once.
pub struct Said {
    pub code: Option<i32>,
    pub full: String,
    pub all: String,
    pub took: Duration,
}

/// Runs it on a project, with nothing of this machine's settings but `variables`.
pub fn preflight(project: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Said {
    let reports = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_limbeck"));
    command.arg("preflight").args(arguments).current_dir(project).stdin(Stdio::null());
    command.args(["--output-format", "full"]);
    for format in ["json", "sarif", "github", "concise"] {
        command.arg("--output-format").arg(format!("{format}={}", reports.path().join(format).display()));
    }
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("PG") || name.starts_with("LIMBECK") || name == "DATABASE_URL" || name == "HOME" {
            command.env_remove(name);
        }
    }
    command.env("HOME", reports.path()).env("COLUMNS", "400").env("NO_COLOR", "1");
    command.envs(variables.iter().copied());
    let started = Instant::now();
    let output = command.output().expect("limbeck runs");
    let took = started.elapsed();
    let full = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut all = full.clone();
    for format in ["json", "sarif", "github", "concise"] {
        all.push_str(&std::fs::read_to_string(reports.path().join(format)).unwrap_or_default());
    }
    Said { code: output.status.code(), full, all, took }
}

/// A fault, and how it must be named.
pub struct Fault {
    pub name: &'static str,
    pub url: String,
    pub project: &'static str,
    pub arguments: Vec<String>,
    pub variables: Vec<(&'static str, String)>,
    /// 1: a check failed. 0: only a warning or a note, or nothing.
    pub code: i32,
    /// What it must say.
    pub says: Vec<String>,
}

impl Fault {
    pub fn of(name: &'static str, url: impl Into<String>, says: &[&str]) -> Fault {
        Fault {
            name,
            url: url.into(),
            project: "plain",
            arguments: Vec::new(),
            variables: Vec::new(),
            code: 1,
            says: says.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    pub fn ends(mut self, code: i32) -> Fault {
        self.code = code;
        self
    }

    pub fn on(mut self, project: &'static str) -> Fault {
        self.project = project;
        self
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Fault {
        self.variables.push((name, value.into()));
        self
    }
}

/// Runs each, and fails with all that is wrong with any of them.
pub fn each(folder: &Path, faults: &[Fault]) {
    let timeout = "2";
    let mut wrong = Vec::new();
    for fault in faults {
        let mut arguments = vec!["--timeout", timeout];
        if !fault.url.is_empty() {
            arguments.extend(["--url", &fault.url]);
        }
        arguments.extend(fault.arguments.iter().map(String::as_str));
        let variables: Vec<(&str, &str)> =
            fault.variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let said = preflight(&folder.join(fault.project), &arguments, &variables);
        let mut problems = Vec::new();
        // Explanations are broken into lines.
        let flat = format!("{}{}", said.full, said.full.split_whitespace().collect::<Vec<_>>().join(" "));
        if said.code != Some(fault.code) {
            problems.push(format!("exit {:?}, not {}", said.code, fault.code));
        }
        problems.extend(
            fault.says.iter().filter(|text| !flat.contains(text.as_str())).map(|text| format!("does not say `{text}`")),
        );
        problems
            .extend(PASSWORDS.iter().filter(|word| said.all.contains(**word)).map(|word| format!("prints `{word}`")));
        if said.took > Duration::from_secs(5) {
            problems.push(format!("took {:?}", said.took));
        }
        if !problems.is_empty() {
            wrong.push(format!("── {} ──\n{}\n{}", fault.name, problems.join("\n"), said.full));
        }
    }
    assert!(wrong.is_empty(), "{} of {} are not named rightly:\n\n{}", wrong.len(), faults.len(), wrong.join("\n"));
}
