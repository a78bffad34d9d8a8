//! `limbeck draft`: the missing migration, written as a new revision file.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::Write as _;
use std::path::Path;

use jiff::ZonedDateTime;
use jiff::tz::TimeZone;

use crate::catalog::operation::Operation;
use crate::catalog::{Catalog, Dialect, Target, models, order, statements};
use crate::cli::arguments::{DraftArguments, Global};
use crate::cli::{Exit, Failure, Out, configured, loaded};
use crate::draft::naming::Date;
use crate::draft::{Draft, Request, draft};
use crate::project::alembic::Environment;
use crate::project::{Project, read};
use crate::syntax::python::Trees;

/// Drafts the migration and writes it, or prints it.
///
/// # Errors
/// The project can't be read, has no environment or several, or the revision can't be drafted.
pub fn run(arguments: &DraftArguments, global: &Global, out: Out<'_>) -> Result<Exit, Failure> {
    let root = arguments.directory.as_deref().unwrap_or(Path::new("."));
    let mut settings = configured(root, global)?.options(root)?.settings;
    if !global.env.is_empty() {
        settings.environments.clone_from(&global.env);
    }
    if let Some(name) = &arguments.dialect {
        if Dialect::named(name).is_none() {
            return Err(Failure(format!("no DDL for the dialect `{name}`; known: postgresql, mysql, mariadb, sqlite")));
        }
        settings.dialect = Some(name.clone());
    }
    settings.fresh_machine = true;
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
    let target = Target::of_environment(&project, 0);
    let (operations, before) = missing(&project, environment, &target)?;
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
    };
    if arguments.sql {
        for statement in statements::of(&operations, &target) {
            writeln!(out, "{statement}{}", if statement.starts_with("--") { "" } else { ";" })?;
        }
        return Ok(Exit::Clean);
    }
    let drafted = draft(&project, 0, &operations, &before, &target, &request)?;
    let mut errors = std::io::stderr();
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

/// The operations that are missing, and what the migrations make without them.
fn missing(
    project: &Project<'_>,
    environment: &Environment,
    target: &Target,
) -> Result<(Vec<Operation>, Catalog), Failure> {
    let declared = models::declared(project, 0, target);
    if declared.tables.is_empty() && !declared.open.is_empty() {
        let (span, why) = &declared.open[0];
        return Err(Failure(format!("the models could not be read: {why} ({})", project.sources.place(*span))));
    }
    if environment.revisions.is_empty() {
        return Ok((order::creation(&declared, target), Catalog::default()));
    }
    Err(Failure("only the first migration can be drafted yet".to_owned()))
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
