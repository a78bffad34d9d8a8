//! `branch-label-duplicate`

use std::collections::BTreeMap;

use crate::diagnostic::Findings;
use crate::project::alembic::Environment;
use crate::project::alembic::revision::RevisionScript;
use crate::project::{Known, Project};
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "branch-label-duplicate",
    page: include_str!("branch_label_duplicate.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, _: &Project<'_>, found: &mut Findings) {
    let map = &environment.revisions;
    if map.version_locations.are_alternatives {
        return;
    }
    let mut carriers: BTreeMap<&str, Vec<(&RevisionScript, Span)>> = BTreeMap::new();
    for script in &map.scripts {
        for label in &script.branch_labels {
            if let Known::Is(label, span) = label {
                carriers.entry(label).or_default().push((script, *span));
            }
        }
    }
    for (label, mut carriers) in carriers {
        carriers.sort_by(|a, b| a.0.age_order(b.0));
        let Some(((script, span), earlier)) = carriers.split_last() else { continue };
        let id = script.id().unwrap_or("?");
        if let Some(named) = map.get(label) {
            found
                .report(*span, format!("branch label `{label}` is the id of a revision"))
                .key(format!("label:{label}"))
                .label(named.id_span(), "the revision")
                .why(why(label, id, label))
                .help("choose another label");
        } else if let Some((other, _)) = earlier.last() {
            let other_id = other.id().unwrap_or("?");
            let report = found
                .report(*span, format!("branch label `{label}` is used by {} revisions", carriers.len()))
                .key(format!("label:{label}"))
                .here(format!("`{id}` has it"))
                .why(why(label, id, other_id))
                .help(if id == other_id {
                    "name it once".to_owned()
                } else {
                    format!(
                        "a label belongs to one revision and holds for all that follow it: choose another one, or \
                         remove it from `{id}`"
                    )
                });
            earlier.iter().fold(report, |report, (script, span)| {
                report.label(*span, format!("`{}` has it too", script.id().unwrap_or("?")))
            });
        }
    }
}

fn why(label: &str, id: &str, other: &str) -> String {
    format!(
        "every Alembic command that reads the revisions fails: Branch name '{label}' in revision {id} already used by revision {other}"
    )
}
