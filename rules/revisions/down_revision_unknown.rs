//! `down-revision-unknown`

use crate::diagnostic::{Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::revision::map::Missing;
use crate::project::alembic::revision::{RevisionMap, RevisionScript};
use crate::rules::revisions::shared::edits;
use crate::rules::{Check, Rule};
use crate::source::{Sources, split};

/// The rule.
pub const RULE: Rule = Rule {
    name: "down-revision-unknown",
    page: include_str!("down_revision_unknown.md"),
    check: Check::EachEnvironment(check),
};

const SAID: &str = "the docstring names another one";

fn check(environment: &Environment, project: &Project<'_>, found: &mut Findings) {
    let map = &environment.revisions;
    // A file whose id was not read may be the one that is missed, or lie where nobody could look.
    if !map.version_locations.unread.is_empty() || map.scripts.iter().any(|script| script.id().is_none()) {
        return;
    }
    // Plug-ins bring revisions that the application joins to its own, by version locations that code puts together.
    let is_elsewhere = |id: &str| project.environments.iter().any(|other| other.revisions.get(id).is_some());
    for missing in map.missing() {
        let Missing { by, variable, id, known } = missing;
        if is_elsewhere(id) {
            continue;
        }
        let own = by.id().unwrap_or("?");
        let guess = guess(map, project.sources, &missing);
        let report = found
            .report(known.span(), format!("`{variable}` names `{id}`, which no revision has"))
            .key(format!("{variable}:{own}:{id}"))
            .here(guess.as_ref().map_or("no file has this `revision`", |(_, what)| what))
            .why(format!(
                "every Alembic command that reads the revisions ends with KeyError: '{id}'{}",
                if variable == "down_revision" {
                    format!(", after the warning: Revision {id} referenced from {id} -> {own} is not present")
                } else {
                    String::new()
                }
            ));
        match guess {
            Some((target, what)) => {
                let target_id = target.id().unwrap_or("?");
                // What the docstring says may be as old as the mistake: no fix then.
                let edit = edits::in_literal(project.sources, known.span(), id, target_id).filter(|_| what != SAID);
                let title = format!("name `{target_id}`");
                let in_doc = by
                    .doc_revises
                    .as_ref()
                    .filter(|(text, _)| variable == "down_revision" && **text == *id)
                    .and_then(|_| edits::revises(by, target_id));
                report
                    .label(
                        target.id_span(),
                        if what == SAID { "the one that it names" } else { "the revision that is meant" },
                    )
                    .help(if what == SAID {
                        format!("bring the file of `{id}` back, or follow `{target_id}` if that is right")
                    } else {
                        format!("write `{target_id}`, the id in `{}`", project.sources.shown_path(target.file))
                    })
                    .maybe_fix(edit.map(|edit| Fix::safe(title, std::iter::once(edit).chain(in_doc).collect())));
            }
            None if variable == "depends_on" => {
                report.help(format!("bring the file of `{id}` back, or take it out of `depends_on`"));
            }
            None => {
                report.help(format!(
                    "bring the file of `{id}` back (it may never have been committed), or make `{own}` follow another \
                     revision"
                ));
            }
        }
    }
}

/// The revision that is meant, and a few words on the mistake.
fn guess<'m>(
    map: &'m RevisionMap,
    sources: &Sources,
    missing: &Missing<'_>,
) -> Option<(&'m RevisionScript, &'static str)> {
    let id = missing.id;
    let later = map.descendants(missing.by);
    let candidates: Vec<&RevisionScript> =
        map.scripts.iter().filter(|script| !later.contains(&script.number)).collect();
    let only = |matching: Vec<&'m RevisionScript>| if let [one] = *matching { Some(one) } else { None };
    let name = split(id).1;
    let name = name.strip_suffix(".py").unwrap_or(name);
    let stem = |script: &RevisionScript| split(sources.path(script.file)).1.trim_end_matches(".py").to_owned();
    if let Some(script) = only(candidates.iter().copied().filter(|script| stem(script) == name).collect()) {
        return Some((script, "the name of a file, not an id"));
    }
    if missing.variable == "down_revision"
        && let Some(script) = map.labelled(id).filter(|script| !later.contains(&script.number))
    {
        return Some((script, "a branch label, not an id"));
    }
    let begins = |script: &RevisionScript| id.len() >= 4 && script.id().is_some_and(|own| own.starts_with(id));
    if let Some(script) = only(candidates.iter().copied().filter(|script| begins(script)).collect()) {
        return Some((script, "the beginning of an id; Alembic wants all of it"));
    }
    mistyped(id, &candidates).or_else(|| {
        let (said, _) = missing.by.doc_revises.as_ref().filter(|_| missing.variable == "down_revision")?;
        let script = map.get(said).filter(|script| !later.contains(&script.number))?;
        Some((script, SAID))
    })
}

fn mistyped<'m>(id: &str, candidates: &[&'m RevisionScript]) -> Option<(&'m RevisionScript, &'static str)> {
    if id.len() < 6 {
        return None;
    }
    let near = |script: &RevisionScript| {
        script.id().is_some_and(|own| {
            strsim::damerau_levenshtein(own, id) <= if id.len() < 10 { 1 } else { 2 } || own.eq_ignore_ascii_case(id)
        })
    };
    let near: Vec<&RevisionScript> = candidates.iter().copied().filter(|script| near(script)).collect();
    if let [one] = *near { Some((one, "mistyped")) } else { None }
}
