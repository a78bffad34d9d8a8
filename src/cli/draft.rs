//! `limbeck draft`: the missing migration, written as a new revision file.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::Write as _;
use std::path::Path;

use jiff::ZonedDateTime;
use jiff::tz::TimeZone;

use crate::catalog::completed::completed;
use crate::catalog::diff::options::Options;
use crate::catalog::operation::Operation;
use crate::catalog::{Catalog, Target, diff, models, order, replay, statements};
use crate::cli::arguments::{DraftArguments, Global};
use crate::cli::{Exit, Failure, Out, loaded, with_dialect};
use crate::draft::naming::Date;
use crate::draft::{Draft, Request, draft, head, words};
use crate::project::alembic::Environment;
use crate::project::{Project, read};
use crate::syntax::python::Trees;

/// Drafts the migration and writes it, or prints it.
///
/// # Errors
/// The project can't be read, has no environment or several, or the revision can't be drafted.
pub fn run(arguments: &DraftArguments, global: &Global, out: Out<'_>) -> Result<Exit, Failure> {
    let root = arguments.directory.as_deref().unwrap_or(Path::new("."));
    let settings = with_dialect(root, global, arguments.dialect.as_deref())?;
    let sources = loaded(root, true)?;
    let trees = Trees::of(&sources);
    let project = read::read(&sources, &trees, &settings);
    let environment = match &project.environments[..] {
        [] => return Err(Failure("no Alembic environment found here".to_owned())),
        [only] => only,
        several => {
            let names: Vec<&str> = several.iter().map(|environment| environment.name.as_str()).collect();
            return Err(Failure(format!("{} environments: {}; say which with --env", names.len(), names.join(", "))));
        }
    };
    // As Alembic does, before anything is compared.
    head(environment, arguments.head.as_deref())?;
    let target = Target::of_environment(&project, 0);
    let Missing { operations, before, hints, problems } = missing(&project, environment, &target)?;
    let mut errors = std::io::stderr();
    for problem in &problems {
        let _ = writeln!(errors, "note: {problem}");
    }
    if operations.is_empty() {
        writeln!(out, "Nothing to write: the migrations make what the models declare.")?;
        return Ok(Exit::Clean);
    }
    let request = Request {
        message: arguments.message.clone(),
        revision: arguments.rev_id.clone(),
        random: random_id(),
        head: arguments.head.clone(),
        version_path: arguments.version_path.clone(),
        date: now(environment)?,
        hints,
    };
    if arguments.sql {
        for statement in statements::of(&operations, &target) {
            writeln!(out, "{statement}{}", if statement.starts_with("--") { "" } else { ";" })?;
        }
        return Ok(Exit::Clean);
    }
    let drafted = draft(&project, 0, &operations, &before, &target, &request)?;
    for problem in &drafted.problems {
        let _ = writeln!(errors, "note: {problem}");
    }
    if arguments.dry_run {
        write!(out, "{}", drafted.text)?;
        return Ok(Exit::Clean);
    }
    let path = root.join(&drafted.path);
    crate::fix::write::create(&path, &drafted.text)?;
    told(&drafted, environment, global, out)?;
    Ok(Exit::Clean)
}

/// What is missing between the migrations and the models.
struct Missing {
    operations: Vec<Operation>,
    /// What the migrations make without them.
    before: Catalog,
    /// What the user may want to do instead, as Python comments.
    hints: Vec<String>,
    /// What was not compared, in sentences.
    problems: Vec<String>,
}

fn missing(project: &Project<'_>, environment: &Environment, target: &Target) -> Result<Missing, Failure> {
    let declared = models::declared(project, 0, target);
    if declared.tables.is_empty() && !declared.open.is_empty() {
        let (span, why) = &declared.open[0];
        return Err(Failure(format!("the models could not be read: {why} ({})", project.sources.place(*span))));
    }
    let before = match environment.revisions.is_empty() {
        true => Catalog::default(),
        false => replay::replayed(project, 0, target),
    };
    let options = Options::of(project, 0, target.clone());
    let difference = diff::compare(&before, &declared, &options);
    if difference.compared == 0 && difference.changes.is_empty() && !difference.not_compared.is_empty() {
        return Err(Failure(format!("nothing could be compared: {}", difference.not_compared[0].why)));
    }
    let problems = difference
        .not_compared
        .iter()
        .map(|found| {
            let table = found.table.as_ref().map(|table| format!("`{table}`")).unwrap_or_default();
            let of = [table.as_str(), found.what.as_str()].into_iter().filter(|text| !text.is_empty());
            let of = of.collect::<Vec<_>>().join(", ");
            let place = found.span.map(|span| format!(" ({})", project.sources.place(span))).unwrap_or_default();
            let of = if of.is_empty() { String::new() } else { format!("{of}: ") };
            format!("not compared: {of}{}{place}", found.why)
        })
        .collect();
    let hints = difference.renames.iter().map(words::renamed).collect();
    let hidden = difference.hidden.into_iter().flat_map(|hidden| hidden.operations);
    let operations = difference.changes.into_iter().map(|change| change.operation).chain(hidden).collect();
    let operations = order::ordered(completed(operations, &before, target), target);
    Ok(Missing { operations, before, hints, problems })
}

fn told(drafted: &Draft, environment: &Environment, global: &Global, out: Out<'_>) -> Result<(), Failure> {
    let follows = match &drafted.down_revision[..] {
        [] => "the first one".to_owned(),
        parents => format!("follows {}", parents.join(", ")),
    };
    writeln!(out, "Wrote {} (revision {}, {follows}):", drafted.path, drafted.revision)?;
    for change in &drafted.changes {
        writeln!(out, "  {change}")?;
    }
    if global.quiet == 0 {
        let hooks: Vec<&str> = environment.config.hooks.iter().map(|hook| hook.name.as_str()).collect();
        if !hooks.is_empty() {
            writeln!(out, "The post-write hooks were not run: {}.", hooks.join(", "))?;
        }
        writeln!(out, "Look through it, then: alembic upgrade head")?;
    }
    Ok(())
}

/// Twelve hex digits, as Alembic's.
fn random_id() -> String {
    format!("{:012x}", RandomState::new().hash_one(std::process::id()) & 0xffff_ffff_ffff)
}

/// Now, in the `timezone` of the configuration, as Python's `str()` shows it.
fn now(environment: &Environment) -> Result<Date, Failure> {
    let option = environment.config.alembic_option("timezone").and_then(|option| option.value.as_deref());
    let (now, zoned) = match option.map(str::trim).filter(|name| !name.is_empty()) {
        None => (ZonedDateTime::now(), false),
        Some(name) => {
            let zone = TimeZone::get(name).or_else(|_| TimeZone::get(&name.to_uppercase()));
            let zone = zone.map_err(|_| Failure(format!("`timezone = {name}`: there is no such time zone")))?;
            (ZonedDateTime::now().with_time_zone(zone), true)
        }
    };
    let shown = now.strftime(if zoned { "%Y-%m-%d %H:%M:%S.%6f%:z" } else { "%Y-%m-%d %H:%M:%S.%6f" });
    let parts = vec![
        ("year", i64::from(now.year())),
        ("month", i64::from(now.month())),
        ("day", i64::from(now.day())),
        ("hour", i64::from(now.hour())),
        ("minute", i64::from(now.minute())),
        ("second", i64::from(now.second())),
        ("epoch", now.timestamp().as_second()),
    ];
    Ok(Date { text: shown.to_string(), parts })
}
