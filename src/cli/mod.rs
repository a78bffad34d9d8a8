//! The command line: arguments → a command → an exit code.

pub mod arguments;
pub mod check;
pub mod debug;
pub mod diagnose;
pub mod draft;
pub mod drift;
pub mod graph;
pub mod pages;
pub mod preflight;
pub mod rehearse;
pub mod schema;
pub mod terminal;

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::catalog::Dialect;
use crate::config::{self, Config, Problem};
use crate::load::{self, Walk};
use crate::project::settings::Settings;
use crate::source::Sources;
use arguments::{Arguments, Command, ConfigCommand, Global, Shell};
use terminal::Quiet;

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing at or above the fail level.
    Clean,
    /// Findings.
    Found,
    /// Usage, configuration, unreadable input, nothing to check, an internal error.
    CouldNotRun,
    /// As a program that was started ended.
    Child(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Clean => 0,
            Exit::Found => 1,
            Exit::CouldNotRun => 2,
            Exit::Child(code) => code,
        })
    }
}

/// Why a command could not run, in words for standard error.
#[derive(Debug)]
pub struct Failure(pub String);

impl From<Box<Problem>> for Failure {
    fn from(problem: Box<Problem>) -> Failure {
        Failure(problem.to_string())
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Failure {
        Failure(text)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure(load::words(&error))
    }
}

/// Standard output, as commands write to it.
pub type Out<'o> = &'o mut dyn Write;

/// Runs the command that the process was started with.
pub fn run() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; clap prints them to standard output.
            let _ = error.print();
            return if error.use_stderr() { Exit::CouldNotRun } else { Exit::Clean };
        }
    };
    let mut out = Quiet::new(BufWriter::new(io::stdout().lock()));
    let result = dispatch(arguments, &mut out);
    let flushed = out.flush();
    match result.and_then(|exit| flushed.map(|()| exit).map_err(Failure::from)) {
        Ok(exit) => exit,
        Err(Failure(text)) => {
            let _ = writeln!(io::stderr(), "error: {text}");
            Exit::CouldNotRun
        }
    }
}

fn dispatch(arguments: Arguments, out: Out<'_>) -> Result<Exit, Failure> {
    let global = &arguments.global;
    match &arguments.command {
        Command::Check(of_check) => check::run(of_check, global, out),
        Command::Preflight(of_preflight) => preflight::run(of_preflight, global, out),
        Command::Diagnose(of_diagnose) => diagnose::run(of_diagnose, global, out),
        Command::Drift(of_drift) => drift::run(of_drift, global, out),
        Command::Graph(of_graph) => graph::run(of_graph, global, out),
        Command::Schema(of_schema) => schema::run(of_schema, global, out),
        Command::Rehearse(of_rehearse) => rehearse::run(of_rehearse, global, out),
        Command::Draft(of_draft) => draft::run(of_draft, global, out),
        Command::Explain { rule } => pages::explain(rule, out),
        Command::Rules { format } => pages::list(*format, out),
        Command::Config { what } => configuration(*what, global, out),
        Command::Init { force } => init(*force, out),
        Command::Debug { stage } => debug::run(stage, global, out),
        Command::Completions { shell } => completions(*shell, out),
    }
}

/// The configuration for a project.
///
/// # Errors
/// What is wrong with it.
pub fn configured(root: &Path, global: &Global) -> Result<Config, Failure> {
    let arguments = config::Arguments { config: global.config.clone(), isolated: global.isolated };
    Ok(config::read(root, &arguments)?)
}

/// The settings of a command that writes DDL, for the dialect that the user names.
///
/// # Errors
/// What is wrong with the configuration; a dialect that nobody knows.
pub fn with_dialect(root: &Path, global: &Global, dialect: Option<&str>) -> Result<Settings, Failure> {
    let mut settings = configured(root, global)?.options(root)?.settings;
    if !global.env.is_empty() {
        settings.environments.clone_from(&global.env);
    }
    if let Some(name) = dialect {
        if Dialect::named(name).is_none() {
            return Err(Failure(format!("no DDL for the dialect `{name}`; known: postgresql, mysql, mariadb, sqlite")));
        }
        settings.dialect = Some(name.to_owned());
    }
    settings.fresh_machine = true;
    Ok(settings)
}

/// The files of a project, shown as from the working directory.
///
/// # Errors
/// The directory can't be listed.
pub fn loaded(root: &Path, respect_gitignore: bool) -> Result<Sources, Failure> {
    let mut sources = load::load(&Walk { root: root.to_owned(), respect_gitignore })?;
    sources.shown_from = shown_from(root);
    Ok(sources)
}

/// What stands before every path: nothing for `.`, `backend/` for `backend`.
fn shown_from(root: &Path) -> String {
    let text = load::slashed(root.as_os_str());
    let text = text.trim_start_matches("./").trim_end_matches('/');
    match text {
        "" if root.is_absolute() => "/".to_owned(),
        "" | "." => String::new(),
        text => format!("{text}/"),
    }
}

fn configuration(what: ConfigCommand, global: &Global, out: Out<'_>) -> Result<Exit, Failure> {
    let root = PathBuf::from(".");
    match what {
        ConfigCommand::Schema => {
            let text = serde_json::to_string_pretty(&config::schema::schema()).unwrap_or_default();
            writeln!(out, "{text}")?;
        }
        ConfigCommand::Files => {
            let config = configured(&root, global)?;
            for file in &config.files {
                writeln!(out, "{}", file.display())?;
            }
            if config.files.is_empty() {
                let _ = writeln!(
                    io::stderr(),
                    "no configuration file; looked for limbeck.toml, .limbeck.toml, [tool.limbeck] in pyproject.toml and [package.metadata.limbeck] in Cargo.toml, upwards from here"
                );
            }
        }
        ConfigCommand::Show => write!(out, "{}", configured(&root, global)?.layer.to_toml())?,
    }
    Ok(Exit::Clean)
}

const STARTER: &str = include_str!("starter.toml");

fn init(force: bool, out: Out<'_>) -> Result<Exit, Failure> {
    let path = Path::new("limbeck.toml");
    if path.exists() && !force {
        return Err(Failure("limbeck.toml is there already; --force replaces it".to_owned()));
    }
    crate::fix::write::write(path, STARTER)?;
    writeln!(out, "Wrote limbeck.toml. Next: limbeck check")?;
    Ok(Exit::Clean)
}

fn completions(shell: Shell, out: Out<'_>) -> Result<Exit, Failure> {
    let mut command = Arguments::command();
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Elvish => clap_complete::Shell::Elvish,
        Shell::Fish => clap_complete::Shell::Fish,
        Shell::Powershell => clap_complete::Shell::PowerShell,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Man => {
            clap_mangen::Man::new(command).render(&mut *out)?;
            return Ok(Exit::Clean);
        }
    };
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, "limbeck", &mut text);
    out.write_all(&text)?;
    Ok(Exit::Clean)
}
