//! `limbeck drift`: what the migrations make against what the models declare.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::json;

use crate::check::options::Options;
use crate::check::{self, Outcome};
use crate::cli::arguments::{Against, CheckArguments, DriftArguments, Global};
use crate::cli::check::{Place, formats, options};
use crate::cli::preflight::request;
use crate::cli::{Exit, Failure, Out, configured, loaded, terminal};
use crate::diagnostic::{Findings, Level};
use crate::listing;
use crate::preflight::{self, Request};
use crate::project::read;
use crate::report::{self, Format, Style};
use crate::rules;
use crate::rules::database::database_drift;
use crate::source::Sources;
use crate::syntax::python::Trees;

/// Runs the command.
///
/// # Errors
/// It could not run, or nothing could be compared.
pub fn run(arguments: &DriftArguments, global: &Global, out: Out<'_>) -> Result<Exit, Failure> {
    let started = Instant::now();
    let of_check = as_check(arguments);
    let formats = formats(&of_check.output_format)?;
    let place = Place::of(&of_check)?;
    let config = configured(&place.root, global)?;
    let mut options = options(&of_check, global, &config, &place)?;
    // Who asks for the drift wants it, whatever `check` reports otherwise.
    options.levels.retain(|(name, level)| name != "drift" || *level != Level::Off);
    options.settings.fresh_machine = true;
    let request = request(&place.root, arguments.url.as_deref(), arguments.timeout)?;
    if arguments.against == Against::Database {
        options.settings.variables = request.surroundings.variables.clone().into_iter().collect();
    }
    let sources = loaded(&place.root, true)?;
    options.is_last_run = arguments.against != Against::Database;
    let mut outcome = check::check(&sources, &options);
    if arguments.against == Against::Database {
        against_database(&mut outcome, &sources, &options, &request);
    }
    if let Some(problem) = outcome.internal_errors.first() {
        return Err(Failure(format!("internal error: {problem}")));
    }
    if outcome.environments.is_empty() {
        return Err(Failure("no Alembic environment here: nothing to compare".to_owned()));
    }
    let nothing: Vec<String> = outcome
        .drifts
        .iter()
        .zip(&outcome.environments)
        .filter_map(|(drift, environment)| Some(format!("{}: {}", environment.name, drift.nothing.as_ref()?)))
        .collect();
    let look = terminal::stdout(global.color);
    let style = Style {
        colour: look.color,
        width: look.width,
        unicode: look.unicode,
        summary: global.quiet == 0,
        seconds: started.elapsed().as_secs_f64(),
        in_full: usize::MAX,
    };
    for (format, file) in &formats {
        let style = if file.is_some() { Style { colour: false, unicode: false, width: 100, ..style } } else { style };
        let text = rendered(*format, &outcome, &sources, &style, global.verbose > 0);
        match file {
            Some(path) => write(path, &text)?,
            None if global.quiet > 1 => {}
            None => out.write_all(text.as_bytes())?,
        }
    }
    if nothing.len() == outcome.environments.len() {
        return Err(Failure(format!("nothing could be compared\n  {}", nothing.join("\n  "))));
    }
    let is_found = outcome.loudest() >= Level::Warning && !arguments.exit_zero;
    Ok(if is_found { Exit::Found } else { Exit::Clean })
}

/// Puts the database in the place of the migrations.
fn against_database(outcome: &mut Outcome, sources: &Sources, options: &Options, request: &Request) {
    let trees = Trees::of(sources);
    let project = read::read(sources, &trees, &options.settings);
    let mut findings = Findings::of("database-drift", Level::Warning);
    outcome.drifts.clear();
    for (number, environment) in project.environments.iter().enumerate() {
        let drift = preflight::drift::of_models(&project, number, request);
        findings.in_environment(Some(&environment.name));
        for change in &drift.difference.changes {
            database_drift::report(change, "the models", environment.url.span(), &mut findings);
        }
        outcome.drifts.push(drift);
    }
    outcome.diagnostics = findings.diagnostics;
    outcome.baseline = options.baseline.take_out(&mut outcome.diagnostics);
}

/// The same as arguments of `check`, with the rules of the family alone.
fn as_check(arguments: &DriftArguments) -> CheckArguments {
    let family = rules::FAMILIES.iter().filter(|(name, _)| *name == "drift");
    CheckArguments {
        paths: arguments.directory.iter().cloned().collect(),
        select: family.map(|(name, _)| (*name).to_owned()).collect(),
        ignore: arguments.ignore.clone(),
        baseline: arguments.baseline.clone(),
        no_baseline: arguments.no_baseline,
        output_format: arguments.output_format.clone(),
        sqlalchemy: arguments.sqlalchemy.clone(),
        alembic: arguments.alembic.clone(),
        dialect: arguments.dialect.clone(),
        ..CheckArguments::default()
    }
}

fn write(path: &PathBuf, text: &str) -> Result<(), Failure> {
    let failed = |error| Failure(format!("can't write `{}`: {}", path.display(), crate::load::words(&error)));
    std::fs::write(path, text).map_err(failed)
}

fn rendered(format: Format, outcome: &Outcome, sources: &Sources, style: &Style, verbose: bool) -> String {
    match format {
        Format::Full => full(outcome, sources, style, verbose),
        Format::Json => {
            let mut value = report::json::value(outcome, sources, style);
            let drifts = outcome.drifts.iter().zip(&outcome.environments).map(|(drift, environment)| {
                let mut entry = listing::difference::value(&drift.difference, &drift.target, sources);
                entry["environment"] = json!(environment.name);
                entry["dialect"] = json!(drift.target.dialect.name());
                entry["nothing_compared"] = json!(drift.nothing);
                entry
            });
            value["drift"] = drifts.collect();
            let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
            text.push('\n');
            text
        }
        other => report::render(other, outcome, sources, style),
    }
}

fn full(outcome: &Outcome, sources: &Sources, style: &Style, verbose: bool) -> String {
    let mut text = String::new();
    let look = listing::drift::Style { colour: style.colour, verbose };
    for (drift, environment) in outcome.drifts.iter().zip(&outcome.environments) {
        let of_environment = |found: &&crate::diagnostic::Diagnostic| {
            found.environment.as_deref().is_none_or(|name| name == environment.name)
        };
        let reported: BTreeSet<&str> =
            outcome.diagnostics.iter().filter(of_environment).map(|found| found.key.as_str()).collect();
        text += &listing::drift::text(&environment.name, drift, &reported, sources, look);
        text.push('\n');
    }
    if style.summary {
        let compared: usize = outcome.drifts.iter().map(|drift| drift.difference.compared).sum();
        let left: usize = outcome.drifts.iter().map(|drift| drift.difference.not_compared.len()).sum();
        let known = outcome.suppressed + outcome.baseline;
        let _ = write!(
            text,
            "Compared {} and {} in {:.0} ms, {}",
            listing::drift::number(compared, "table"),
            listing::drift::number(outcome.revisions, "revision"),
            style.seconds * 1000.0,
            if outcome.drifts.iter().any(|drift| drift.with == "database") {
                "at the database"
            } else {
                "without a database"
            },
        );
        if left > 0 {
            let _ = write!(text, "; {left} not compared");
        }
        if known > 0 {
            let _ = write!(text, "; {known} known and left out");
        }
        text.push_str(".\n");
        if outcome.diagnostics.iter().any(|found| found.rule == "model-without-migration") {
            text.push_str("Next: `limbeck draft -m \"…\"` writes the revision that is missing.\n");
        }
    }
    text
}
