//! What env.py does to find models that could not be followed.

use crate::diagnostic::Findings;
use crate::project::alembic::Environment;
use crate::project::{Hides, Project};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "not-analysed", page: include_str!("not_analysed.md"), check: Check::EachEnvironment(check) };

/// What may be hidden, what is said of it, and what follows.
const SAID: [(Hides, &str, &str); 2] = [
    (
        Hides::Models,
        "models that are imported here could not be followed",
        "tables may be declared behind it, so limbeck does not say which models env.py fails to import",
    ),
    (
        Hides::Revisions,
        "which directories of revisions this names is not known",
        "revisions may lie there, so limbeck does not say which ones are missing, or that there are several heads",
    ),
];

/// For each environment one finding on models and one on revisions, at the first place; the others are annotations.
fn check(environment: &Environment, _: &Project<'_>, findings: &mut Findings) {
    for (hides, message, why) in SAID {
        let mut places = environment.not_analysed.iter().filter(|place| place.hides == hides);
        let Some(first) = places.next() else { continue };
        let key = if hides == Hides::Models { "not-analysed" } else { "not-analysed-revisions" };
        let mut report = findings
            .report(first.span, message)
            .key(format!("{key}:{}", environment.name))
            .here(first.why.as_str())
            .why(why);
        for place in places.take(4) {
            report = report.label(place.span, place.why.as_str());
        }
    }
}
