//! `multiple-heads`

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::revision::{RevisionMap, RevisionScript};
use crate::rules::revisions::shared::edits;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "multiple-heads", page: include_str!("multiple_heads.md"), check: Check::EachEnvironment(check) };

fn check(environment: &Environment, project: &Project<'_>, found: &mut Findings) {
    let map = &environment.revisions;
    for mut heads in unmeant(map, project.settings.expected_heads) {
        heads.sort_by(|a, b| a.age_order(b));
        let Some((newest, others)) = heads.split_last() else { continue };
        let mut names: Vec<&str> = heads.iter().filter_map(|head| head.id()).collect();
        names.sort_unstable();
        let newest_id = newest.id().unwrap_or("?");
        let mut report = found
            .report(
                newest.parent_span(),
                format!("the revisions have {} heads: {}", heads.len(), edits::listed(&names)),
            )
            .key(format!("heads:{}", names.join(",")))
            .here(format!("`{newest_id}` follows {}", parents(newest)))
            .why(
                "`alembic upgrade head` fails with \"Multiple head revisions are present for given argument 'head'\", \
                 `alembic revision` with \"Multiple heads are present\"",
            );
        for other in others {
            let place = other.parent_span();
            report = report.label(place, format!("`{}` follows {}", other.id().unwrap_or("?"), parents(other)));
        }
        let ancestor = map.common_ancestor(&heads);
        if let Some(id) = ancestor.and_then(RevisionScript::id) {
            let place = ancestor.map_or(newest.id_span(), RevisionScript::id_span);
            report =
                report.label(place, format!("{} descend from `{id}`", if heads.len() == 2 { "both" } else { "all" }));
        }
        let merge = format!("alembic merge -m \"merge heads\" {}", names.join(" "));
        match fix(map, project, newest, others) {
            Some((fix, words)) => {
                report.help(format!("not applied anywhere yet? {words}; otherwise run `{merge}`")).fix(fix);
            }
            None => {
                report.help(format!("run `{merge}`"));
            }
        }
    }
}

/// Groups of heads among which Alembic can't choose and that nobody asked for.
fn unmeant(map: &RevisionMap, expected: Option<usize>) -> Vec<Vec<&RevisionScript>> {
    let heads = map.heads();
    if heads.len() <= expected.unwrap_or(1).max(1) || !map.is_complete() {
        return Vec::new();
    }
    // A chain that is broken by something else has its own diagnostic; its loose end is no head of anybody's making.
    let broken: BTreeSet<usize> = map.missing().iter().map(|missing| missing.by.number).collect();
    let is_sound = |head: &&RevisionScript| {
        map.ancestors(head).iter().all(|number| {
            let script = &map.scripts[*number];
            !broken.contains(number) && script.id().is_some_and(|id| map.all_with_id(id).len() == 1)
        })
    };
    // Each branch label may have a head of its own: `alembic upgrade label@head`.
    let mut groups: BTreeMap<BTreeSet<&str>, Vec<&RevisionScript>> = BTreeMap::new();
    for head in heads.into_iter().filter(is_sound) {
        groups.entry(map.labels(head)).or_default().push(head);
    }
    let mut groups: Vec<Vec<&RevisionScript>> = groups.into_values().collect();
    groups.retain(|group| group.len() > 1 && !has_own_locations(map, group));
    groups
}

/// Histories without a common start, each in a directory of its own.
fn has_own_locations(map: &RevisionMap, heads: &[&RevisionScript]) -> bool {
    let locations: BTreeSet<usize> = heads.iter().map(|head| head.location).collect();
    locations.len() == heads.len() && map.common_ancestor(heads).is_none()
}

/// The beginning of the newest head's branch, following the other head.
fn fix(
    map: &RevisionMap,
    project: &Project<'_>,
    newest: &RevisionScript,
    others: &[&RevisionScript],
) -> Option<(Fix, String)> {
    let [other] = others else { return None };
    let shared = map.ancestors(other);
    let mut start = newest;
    while let [parent] = *map.parents(start) {
        if shared.contains(&parent.number) {
            break;
        }
        start = parent;
    }
    let parents = map.parents(start);
    if parents.len() > 1 || parents.iter().any(|parent| !shared.contains(&parent.number)) {
        return None;
    }
    let (id, target) = (start.id()?, other.id()?);
    let edits = edits::follow(project.sources, start, target)?;
    Some((
        Fix::risky(format!("let `{id}` follow `{target}`"), edits),
        format!("let `{id}` follow `{target}` (`--unsafe-fixes` does it)"),
    ))
}

fn parents(script: &RevisionScript) -> String {
    let ids: Vec<&str> = script.down_revision.iter().filter_map(|id| id.get().map(String::as_str)).collect();
    if ids.is_empty() { "nothing".to_owned() } else { edits::listed(&ids) }
}
