//! `limbeck preflight`: the checklist, printed while it is worked through, and the findings behind it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::check::options::Options;
use crate::check::{self, Outcome};
use crate::cli::arguments::{Global, PreflightArguments};
use crate::cli::check::formats;
use crate::cli::{Exit, Failure, Out, configured, loaded, terminal};
use crate::database::target::Surroundings;
use crate::diagnostic::{Diagnostic, Level};
use crate::preflight::{Ended, Line, Preflight, Request, absolute_root};
use crate::project::read;
use crate::report::line::harmless;
use crate::report::{self, Format, Style};
use crate::secrets::mask_said;
use crate::source::Sources;
use crate::syntax::python::Trees;

/// Runs the checks of each environment.
///
/// # Errors
/// The project can't be read, has no environment, or says nowhere which database it uses.
pub fn run(arguments: &PreflightArguments, global: &Global, out: Out<'_>) -> Result<Exit, Failure> {
    let started = Instant::now();
    let formats = formats(&arguments.output_format)?;
    let root = arguments.directory.as_deref().unwrap_or(Path::new("."));
    let request = Request { offline: arguments.offline, ..request(root, arguments.url.as_deref(), arguments.timeout)? };
    let options = options(root, global, &request.surroundings)?;
    let sources = loaded(root, true)?;
    let mut outcome = check::check(&sources, &options);
    if outcome.environments.is_empty() {
        return Err(Failure("no Alembic environment found here".to_owned()));
    }
    let for_people = global.quiet == 0 && formats.iter().any(|(format, file)| format.is_for_people() && file.is_none());
    let mut done: Vec<(String, Line)> = Vec::new();
    let failure = checklist(&sources, &options, &outcome, &request, &mut |environment, line| {
        if for_people {
            if done.last().is_none_or(|(before, _)| before != environment) {
                writeln!(out, "{environment}")?;
            }
            writeln!(out, "  {:<4}  {:<11}  {}", line.ended.word(), line.name, shown(&line.text))?;
            out.flush()?;
        }
        done.push((environment.to_owned(), line.clone()));
        Ok(())
    })?;
    outcome.diagnostics = Vec::new();
    for found in done.iter().flat_map(|(_, line)| &line.diagnostics) {
        let is_same =
            |other: &Diagnostic| (other.rule, other.span, &other.message) == (found.rule, found.span, &found.message);
        if !outcome.diagnostics.iter().any(is_same) {
            outcome.diagnostics.push(found.clone());
        }
    }
    let look = terminal::stdout(global.color);
    let style = Style {
        colour: look.color,
        width: look.width,
        unicode: look.unicode,
        summary: false,
        seconds: started.elapsed().as_secs_f64(),
        ..Style::default()
    };
    for (format, file) in &formats {
        write(*format, file.as_ref(), &outcome, &done, &sources, &style, global, out)?;
    }
    if for_people {
        writeln!(out, "{}", in_short(&done))?;
    }
    for problem in &outcome.internal_errors {
        let _ = writeln!(std::io::stderr(), "error: internal error: {problem}");
    }
    if let Some(failure) = failure {
        out.flush()?;
        return Err(failure);
    }
    Ok(match (outcome.internal_errors.is_empty(), done.iter().any(|(_, line)| line.ended == Ended::Failed)) {
        (false, _) => Exit::CouldNotRun,
        (true, true) => Exit::Found,
        (true, false) => Exit::Clean,
    })
}

/// What is asked of a database of the project at `root`.
///
/// # Errors
/// The time is none.
pub fn request(root: &Path, url: Option<&str>, timeout: f64) -> Result<Request, Failure> {
    let wait = Duration::try_from_secs_f64(timeout).ok().filter(|wait| !wait.is_zero());
    Ok(Request {
        url: url.map(str::to_owned),
        offline: false,
        timeout: wait.ok_or_else(|| Failure(format!("--timeout {timeout} is no time to wait")))?,
        root: absolute_root(root),
        surroundings: Surroundings::of_process(),
    })
}

fn options(root: &Path, global: &Global, surroundings: &Surroundings) -> Result<Options, Failure> {
    let mut options = configured(root, global)?.options(root)?;
    if !global.env.is_empty() {
        options.settings.environments.clone_from(&global.env);
    }
    // A database is looked at as the next command would find it: with the variables that are set here.
    options.settings.variables = surroundings.variables.clone().into_iter().collect();
    options.settings.fresh_machine = true;
    Ok(options)
}

type Say<'s> = &'s mut dyn FnMut(&str, &Line) -> Result<(), Failure>;

/// The first environment whose URL is not known stops nobody else.
fn checklist(
    sources: &Sources,
    options: &Options,
    outcome: &Outcome,
    request: &Request,
    say: Say<'_>,
) -> Result<Option<Failure>, Failure> {
    let trees = Trees::of(sources);
    let project = read::read(sources, &trees, &options.settings);
    let mut failure = None;
    for (environment, summary) in outcome.environments.iter().enumerate() {
        let preflight =
            Preflight { project: &project, environment, summary, found: &outcome.diagnostics, options, request };
        let mut written = Ok(());
        let ended = preflight.run(&mut |line| {
            if written.is_ok() {
                written = say(&summary.name, line);
            }
        });
        written?;
        if let Err(why) = ended {
            let line =
                Line { name: "url", ended: Ended::Skipped, text: "not known".to_owned(), diagnostics: Vec::new() };
            say(&summary.name, &line)?;
            failure.get_or_insert(Failure(why));
        }
    }
    Ok(failure)
}

#[expect(clippy::too_many_arguments, reason = "one report of many")]
fn write(
    format: Format,
    file: Option<&PathBuf>,
    outcome: &Outcome,
    done: &[(String, Line)],
    sources: &Sources,
    style: &Style,
    global: &Global,
    out: Out<'_>,
) -> Result<(), Failure> {
    let plain = Style { colour: false, unicode: false, width: 100, ..*style };
    let style = if file.is_some() { &plain } else { style };
    let text = match format {
        Format::Json => {
            let mut value = report::json::value(outcome, sources, style);
            if let Value::Object(object) = &mut value {
                let checks: Vec<Value> = done.iter().map(|(environment, line)| entry(environment, line)).collect();
                object.insert("checks".to_owned(), checks.into());
            }
            serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
        }
        format if format.is_for_people() && outcome.diagnostics.is_empty() => String::new(),
        format => report::render(format, outcome, sources, style),
    };
    match file {
        Some(path) => std::fs::write(path, text)
            .map_err(|error| Failure(format!("can't write `{}`: {}", path.display(), crate::load::words(&error)))),
        None if global.quiet > 1 => Ok(()),
        None => Ok(out.write_all(text.as_bytes())?),
    }
}

fn entry(environment: &str, line: &Line) -> Value {
    let rules: Vec<&str> =
        line.diagnostics.iter().filter(|found| found.level > Level::Note).map(|found| found.rule).collect();
    json!({"environment": environment, "check": line.name, "result": line.ended.word().to_lowercase(),
           "text": shown(&line.text), "rules": rules})
}

/// Names and messages come from servers: no control characters, no passwords.
fn shown(text: &str) -> String {
    harmless(&mask_said(text))
}

/// `1 of 5 checks failed, 6 skipped.`
fn in_short(done: &[(String, Line)]) -> String {
    let count = |ended| done.iter().filter(|(_, line)| line.ended == ended).count();
    let (failed, warned) = (count(Ended::Failed), count(Ended::Warn));
    let skipped: usize = done
        .iter()
        .filter(|(_, line)| line.ended == Ended::Skipped)
        .map(|(_, line)| line.name.split(", ").count())
        .sum();
    let all = done.iter().filter(|(_, line)| line.ended != Ended::Skipped).count();
    let warned = if warned > 0 { format!(", {warned} with a warning") } else { String::new() };
    let skipped = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    match failed {
        0 if warned.is_empty() && skipped.is_empty() => format!("Ready: all {all} checks passed."),
        0 => format!("Nothing failed: {all} checks{warned}{skipped}."),
        _ => format!("{failed} of {all} checks failed{warned}{skipped}."),
    }
}
