//! An environment's migrations against its models → a [`Drift`].

use crate::catalog::diff::change::Change;
use crate::catalog::diff::options::{Options, Switch};
use crate::catalog::diff::{self, Difference, NotCompared};
use crate::catalog::models;
use crate::catalog::replay::Replay;
use crate::catalog::{Catalog, Dialect, Target};
use crate::project::Project;
use crate::project::alembic::env_script::TargetMetadata;
use crate::project::alembic::revision::{self, Does, RevisionScript};
use crate::source::Span;

/// What autogenerate would write for an environment, and what its newest revisions do not undo.
#[derive(Clone, Debug)]
pub struct Drift {
    /// The database that is meant.
    pub target: Target,
    /// What the models are compared with: `migrations`, `database`.
    pub with: &'static str,
    /// From the migrations to the models.
    pub difference: Difference,
    /// What `downgrade` leaves different from what `upgrade` found, of the newest revisions.
    pub reversals: Vec<Reversal>,
    /// Why nothing could be compared.
    pub nothing: Option<String>,
}

impl Drift {
    /// One in which nothing was compared yet.
    pub fn none(target: Target, with: &'static str) -> Drift {
        Drift { target, with, difference: Difference::default(), reversals: Vec::new(), nothing: None }
    }
}

/// A revision whose `downgrade` does not lead back.
#[derive(Clone, Debug)]
pub struct Reversal {
    /// Its id.
    pub revision: String,
    /// The name of its `downgrade`.
    pub downgrade: Span,
    /// What would still have to be done.
    pub left: Vec<Change>,
}

/// Compares the migrations of an environment (by its place in [`Project::environments`]) with its models.
pub fn of(project: &Project<'_>, environment: usize) -> Drift {
    let target = Target::of_environment(project, environment);
    let mut drift = Drift::none(target.clone(), "migrations");
    drift.nothing = impossible(project, environment);
    if drift.nothing.is_some() {
        return drift;
    }
    let declared = models::declared(project, environment, &target);
    let (found, reversals) = replayed(project, environment, &target);
    let options = Options::of(project, environment, target);
    drift.difference = diff::compare(&found, &declared, &options);
    if let Some((span, why)) = left_out(project, environment) {
        unsure(&mut drift.difference, span, &why);
    }
    drift.reversals = reversals;
    let closed = |catalog: &Catalog| catalog.open.first().map(|(_, why)| why.clone());
    if drift.difference.compared == 0 && !drift.difference.not_compared.is_empty() {
        let why = closed(&declared).or_else(|| closed(&found));
        drift.nothing = Some(why.unwrap_or_else(|| drift.difference.not_compared[0].why.clone()));
    }
    drift
}

/// Why there is nothing to compare.
pub fn impossible(project: &Project<'_>, number: usize) -> Option<String> {
    let environment = &project.environments[number];
    if let Some(url) = environment.url.get()
        && Dialect::named(&url.dialect).is_none()
        && project.settings.dialect.is_none()
    {
        return Some(format!("limbeck knows PostgreSQL, MySQL, MariaDB and SQLite, and not `{}`", url.dialect));
    }
    let Some(script) = &environment.env_script else { return Some("there is no env.py".to_owned()) };
    let targets: Vec<&TargetMetadata> = script.online.configures().map(|(_, call)| &call.target_metadata).collect();
    match targets.last() {
        None => Some("env.py reaches no `context.configure`, as far as it could be read".to_owned()),
        Some(TargetMetadata::Absent) => Some("env.py passes no `target_metadata`".to_owned()),
        Some(TargetMetadata::None) => Some("env.py passes `target_metadata=None`".to_owned()),
        Some(TargetMetadata::These(_)) => None,
        Some(TargetMetadata::Other(what)) => Some(format!("env.py passes {what} as `target_metadata`")),
        Some(TargetMetadata::Unknown(why)) => Some(format!("`target_metadata` could not be read: {why}")),
    }
}

/// Where code says that further revisions count which could not be found, when some lie below those that were: without
/// them nobody knows what the migrations make.
fn left_out(project: &Project<'_>, environment: usize) -> Option<(Span, String)> {
    let revisions = &project.environments[environment].revisions;
    let locations = &revisions.version_locations;
    let (span, why) = locations.unread.first()?;
    let below = revision::read::files(project.sources, locations, true).len();
    (below > revisions.scripts.len()).then(|| (*span, why.clone()))
}

/// Takes back what was found: revisions that were not played may have done it.
fn unsure(difference: &mut Difference, span: Span, why: &str) {
    let why = format!("revisions that were not played may have done it: {why}");
    let changes = std::mem::take(&mut difference.changes);
    difference.not_compared.extend(changes.iter().map(|change| NotCompared {
        table: Some(change.table.clone()),
        what: change.column().or(change.name()).map(|name| format!("`{name}`")).unwrap_or_default(),
        why: why.clone(),
        span: Some(span),
    }));
    difference.renames.clear();
    difference.hidden.clear();
}

/// What the migrations make, and which of the newest do not undo what they do.
fn replayed(project: &Project<'_>, environment: usize, target: &Target) -> (Catalog, Vec<Reversal>) {
    let revisions = &project.environments[environment].revisions;
    let recent: Vec<usize> = revisions.recent().iter().map(|script| script.number).collect();
    let mut replay = Replay::of(project, environment, target);
    let mut reversals = Vec::new();
    for script in revisions.upgrade_order() {
        if !recent.contains(&script.number) || !can_go_back(script) {
            replay.upgrade(script);
            continue;
        }
        let before = replay.catalog();
        replay.upgrade(script);
        let after = replay.catalog();
        replay.downgrade(script);
        reversals.extend(reversal(script, &replay.catalog(), &before, target, project, environment));
        replay.set(after);
    }
    (replay.into_catalog(), reversals)
}

fn can_go_back(script: &RevisionScript) -> bool {
    script.downgrade.as_ref().is_some_and(|step| step.does == Does::Something && !step.decorated)
}

fn reversal(
    script: &RevisionScript,
    back: &Catalog,
    before: &Catalog,
    target: &Target,
    project: &Project<'_>,
    environment: usize,
) -> Option<Reversal> {
    let alembic = project.environments[environment].versions.alembic().version;
    let options = Options { include_schemas: Switch::On, ..Options::new(target.clone(), alembic) };
    // What was not read on the way back may have done it.
    if back.open.len() > before.open.len() || back.unresolved.len() > before.unresolved.len() {
        return None;
    }
    let (other_back, other_before) = (unlike(back, before), unlike(before, back));
    if diff::compare(&other_back, &other_before, &options).changes.is_empty() {
        return None;
    }
    let left = diff::compare(back, before, &options).changes;
    let revision = script.id().unwrap_or("?").to_owned();
    let downgrade = script.downgrade.as_ref()?.name_span;
    (!left.is_empty()).then_some(Reversal { revision, downgrade, left })
}

/// A catalogue without the tables that are the same in another one: most revisions touch one of many.
fn unlike(catalog: &Catalog, other: &Catalog) -> Catalog {
    let tables = catalog.tables.iter().filter(|(name, table)| other.tables.get(*name) != Some(*table));
    Catalog {
        tables: tables.map(|(name, table)| (name.clone(), table.clone())).collect(),
        enums: catalog.enums.clone(),
        sequences: catalog.sequences.clone(),
        unresolved: catalog.unresolved.clone(),
        open: catalog.open.clone(),
    }
}
