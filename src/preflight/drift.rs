//! A database against what it should be: the models, or what its own revisions make.

use crate::catalog::diff::options::Options;
use crate::catalog::diff::{self, change::Change};
use crate::catalog::drift::{self, Drift};
use crate::catalog::models;
use crate::catalog::replay::Replay;
use crate::catalog::{Catalog, Target};
use crate::preflight::{Request, uses};
use crate::project::Project;

/// The models of an environment against its database: what autogenerate would write with a connection.
pub fn of_models(project: &Project<'_>, environment: usize, request: &Request) -> Drift {
    let mut drift = Drift::none(Target::of_environment(project, environment), "database");
    drift.nothing = drift::impossible(project, environment);
    if drift.nothing.is_some() {
        return drift;
    }
    match uses::tables(project, environment, request) {
        Err(why) => drift.nothing = Some(why),
        Ok((target, found)) => {
            let declared = models::declared(project, environment, &target);
            let options = Options::of(project, environment, target.clone());
            drift.difference = diff::compare(&found, &declared, &options);
            drift.target = target;
        }
    }
    drift
}

/// What the revisions that a database has make, against what it has: somebody changed it by hand, or a revision was
/// edited after it ran. `None` where not all that they make could be read.
pub fn of_revisions(
    project: &Project<'_>,
    environment: usize,
    applied: &[String],
    found: &Catalog,
    target: &Target,
) -> Option<Vec<Change>> {
    let revisions = &project.environments[environment].revisions;
    let mut done: Vec<usize> = Vec::new();
    for script in applied {
        let script = revisions.get(script)?;
        done.push(script.number);
        done.extend(revisions.upgrade_order_to(script).into_iter().map(|earlier| earlier.number));
    }
    let mut replay = Replay::of(project, environment, target);
    for script in revisions.upgrade_order().into_iter().filter(|script| done.contains(&script.number)) {
        replay.upgrade(script);
    }
    let made = replay.into_catalog();
    if !made.open.is_empty() {
        return None;
    }
    let options = Options::of(project, environment, target.clone());
    Some(diff::compare(found, &made, &options).changes)
}
