//! `duplicate-revision-id`

use std::collections::BTreeMap;

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::revision::{RevisionMap, RevisionScript};
use crate::rules::revisions::shared::edits;
use crate::rules::{Check, Rule};
use crate::source::Sources;

/// The rule.
pub const RULE: Rule = Rule {
    name: "duplicate-revision-id",
    page: include_str!("duplicate_revision_id.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, project: &Project<'_>, found: &mut Findings) {
    let map = &environment.revisions;
    if map.version_locations.are_alternatives {
        return;
    }
    let mut by_id: BTreeMap<&str, Vec<&RevisionScript>> = BTreeMap::new();
    for script in &map.scripts {
        if let Some(id) = script.id() {
            by_id.entry(id).or_default().push(script);
        }
    }
    for (id, mut scripts) in by_id {
        scripts.sort_by(|a, b| a.age_order(b));
        let Some((newest, earlier)) = scripts.split_last() else { continue };
        if earlier.is_empty() {
            continue;
        }
        let report = found
            .report(newest.id_span(), format!("revision id `{id}` is used by {} files", scripts.len()))
            .key(format!("revision:{id}"))
            .why(format!(
                "Alembic warns `Revision {id} is present more than once`, keeps one file and forgets the other; \
                 `alembic upgrade head` then fails with the misleading \"Multiple head revisions are present\""
            ))
            .help("give the file that has not been applied anywhere an id of its own")
            .maybe_fix(fix(map, project.sources, newest, earlier));
        earlier.iter().fold(report, |report, script| report.label(script.id_span(), "the same id"));
    }
}

/// A new id for the newer file, at the end of the chain that the older ones belong to.
fn fix(map: &RevisionMap, sources: &Sources, newest: &RevisionScript, earlier: &[&RevisionScript]) -> Option<Fix> {
    let [older] = earlier else { return None };
    let same_parents = ids(newest) == ids(older);
    let ends: Vec<&RevisionScript> =
        map.heads().into_iter().filter(|head| head.number != newest.number && head.number != older.number).collect();
    let end = match *ends {
        // Nobody follows either of the two: the older one is the end.
        [] => older.id()?,
        [end] if map.children(newest).len() + map.children(older).len() > 0 => end.id()?,
        _ => return None,
    };
    if !same_parents || newest.down_revision.len() > 1 {
        return None;
    }
    let new = edits::fresh_id(map, sources.path(newest.file));
    let mut all: Vec<Edit> = edits::rename(sources, newest, &new)?;
    all.extend(edits::follow(sources, newest, end)?);
    Some(Fix::risky(format!("give the newer file the id `{new}` and let it follow `{end}`"), all))
}

fn ids(script: &RevisionScript) -> Vec<Option<&String>> {
    script.down_revision.iter().map(crate::project::Known::get).collect()
}
