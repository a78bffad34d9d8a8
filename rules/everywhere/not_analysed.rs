//! What env.py does to find models that could not be followed.

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "not-analysed", page: include_str!("not_analysed.md"), check: Check::EachEnvironment(check) };

/// One finding for each environment, at the first place; the others are annotations.
fn check(environment: &Environment, _: &Project<'_>, findings: &mut Findings) {
    let mut places = environment.not_analysed.iter().filter(|place| place.hides_models);
    let Some(first) = places.next() else { return };
    let mut report = findings
        .report(first.span, "models that are imported here could not be followed")
        .key(format!("not-analysed:{}", environment.name))
        .here(first.why.as_str())
        .why("tables may be declared behind it, so limbeck does not say which models env.py fails to import");
    for place in places.take(4) {
        report = report.label(place.span, place.why.as_str());
    }
}
