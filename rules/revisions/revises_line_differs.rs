//! `revises-line-differs`

use std::collections::BTreeSet;

use crate::diagnostic::{Findings, Fix};
use crate::project::alembic::Environment;
use crate::project::alembic::revision::RevisionScript;
use crate::project::{Known, Project};
use crate::rules::revisions::shared::edits;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "revises-line-differs",
    page: include_str!("revises_line_differs.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, _: &Project<'_>, found: &mut Findings) {
    let map = &environment.revisions;
    // Where the graph is broken, that is the news.
    let mut broken: Vec<usize> = map.missing().iter().map(|missing| missing.by.number).collect();
    broken.extend(map.cycles().iter().flatten().map(|script| script.number));
    for script in map.recent().into_iter().filter(|script| !broken.contains(&script.number)) {
        one(script, found);
    }
}

fn one(script: &RevisionScript, found: &mut Findings) {
    let Some((text, span)) = &script.doc_revises else { return };
    let is_id = |letter: char| letter.is_alphanumeric() || "_,'\"()[] ".contains(letter);
    if !script.is_read() || script.down_revision_span.is_none() || !text.chars().all(is_id) {
        return;
    }
    let said: BTreeSet<&str> = text
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty() && *word != "None")
        .collect();
    let real: Vec<&str> = script.down_revision.iter().filter_map(Known::get).map(String::as_str).collect();
    if said == real.iter().copied().collect() || (real.is_empty() && text.eq_ignore_ascii_case("base")) {
        return;
    }
    let id = script.id().unwrap_or("?");
    let follows = if real.is_empty() { "nothing".to_owned() } else { edits::listed(&real) };
    found
        .report(*span, format!("the docstring says that `{id}` revises {}", said_words(&said)))
        .key(format!("revises:{id}"))
        .here(format!("`down_revision` says {follows}"))
        .label(script.parent_span(), "this is what Alembic goes by")
        .why("Alembic reads `down_revision` only; who reads the file goes by a line that is no longer true")
        .maybe_fix(edits::revises(script, &real.join(", ")).map(|edit| Fix::safe("mend the docstring", vec![edit])));
}

fn said_words(said: &BTreeSet<&str>) -> String {
    let said: Vec<&str> = said.iter().copied().collect();
    if said.is_empty() { "nothing".to_owned() } else { edits::listed(&said) }
}
