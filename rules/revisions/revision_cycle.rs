//! `revision-cycle`

use crate::diagnostic::Findings;
use crate::project::alembic::Environment;
use crate::project::alembic::revision::RevisionScript;
use crate::project::{Known, Project};
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule =
    Rule { name: "revision-cycle", page: include_str!("revision_cycle.md"), check: Check::EachEnvironment(check) };

fn check(environment: &Environment, _: &Project<'_>, found: &mut Findings) {
    let map = &environment.revisions;
    if map.version_locations.are_alternatives {
        return;
    }
    for cycle in map.cycles() {
        let mut ids: Vec<&str> = cycle.iter().filter_map(|script| script.id()).collect();
        ids.sort_unstable();
        let Some((first, others)) = cycle.split_first() else { continue };
        let (span, variable) = edge(first, &ids);
        let why = |kind: &str| {
            format!(
                "every Alembic command that reads the revisions fails: {}{kind} is detected in revisions ({})",
                if variable == "depends_on" { "Dependency " } else { "" },
                ids.join(", ")
            )
        };
        if others.is_empty() {
            found
                .report(span, format!("revision `{}` names itself as its `{variable}`", ids.join("")))
                .key(format!("cycle:{}", ids.join(",")))
                .why(why(if variable == "depends_on" { "self-loop" } else { "Self-loop" }))
                .help("name the revision before it, or `None` when it is the first");
            continue;
        }
        let mut report = found
            .report(span, format!("{} revisions follow one another in a circle: {}", ids.len(), ids.join(", ")))
            .key(format!("cycle:{}", ids.join(",")))
            .here(format!("`{}` comes after this one", first.id().unwrap_or("?")))
            .why(why(if variable == "depends_on" { "cycle" } else { "Cycle" }))
            .help("decide which of them is first, and let it follow a revision outside the circle");
        for script in others {
            let words = format!("`{}` comes after this one", script.id().unwrap_or("?"));
            report = report.label(edge(script, &ids).0, words);
        }
    }
}

/// The place that names another revision of the circle, and the variable it stands in.
fn edge(script: &RevisionScript, ids: &[&str]) -> (Span, &'static str) {
    let within = |known: &&Known<String>| known.get().is_some_and(|id| ids.contains(&id.as_str()));
    let parent = script.down_revision.iter().find(within).map(|known| (known.span(), "down_revision"));
    let dependency = || script.depends_on.first().map(|known| (known.span(), "depends_on"));
    parent.or_else(dependency).unwrap_or((script.id_span(), "down_revision"))
}
