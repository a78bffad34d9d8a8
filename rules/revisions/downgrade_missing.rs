//! `downgrade-missing`

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::revision::{Does, RevisionScript};
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "downgrade-missing",
    page: include_str!("downgrade_missing.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, project: &Project<'_>, found: &mut Findings) {
    // A template without `downgrade` says that the project goes one way only.
    let has_downgrade = |template| project.sources.text(template).contains("downgrade");
    if environment.template.is_some_and(|template| !has_downgrade(template)) {
        return;
    }
    let steps: Vec<&RevisionScript> = environment
        .revisions
        .scripts
        .iter()
        .filter(|script| script.is_read() && script.upgrade.as_ref().is_some_and(|step| step.does == Does::Something))
        .collect();
    let missing: Vec<(&RevisionScript, Span, &str)> =
        steps.iter().filter_map(|script| lack(script).map(|(span, what)| (*script, span, what))).collect();
    // Where most revisions go one way only, that is how the project works.
    if missing.len() * 2 > steps.len() && steps.len() > 3 {
        return;
    }
    let recent: Vec<usize> = environment.revisions.recent().iter().map(|script| script.number).collect();
    for (script, span, what) in missing.into_iter().filter(|(script, ..)| recent.contains(&script.number)) {
        let id = script.id().unwrap_or("?");
        found
            .report(span, format!("`{id}` can't be undone: {what}"))
            .key(format!("downgrade:{id}"))
            .why(if what == "`downgrade` does nothing" {
                "`alembic downgrade` reports success and leaves what `upgrade` made in the database, so that the next \
                 upgrade meets it again"
            } else {
                "`alembic downgrade` stops here"
            })
            .help("undo in `downgrade` what `upgrade` does, in the opposite order");
    }
}

fn lack(script: &RevisionScript) -> Option<(Span, &'static str)> {
    let Some(step) = &script.downgrade else {
        let is_elsewhere = script.open || script.binds_downgrade;
        let span = script.upgrade.as_ref().map_or(Span::start_of(script.file), |step| step.name_span);
        return (!is_elsewhere).then_some((span, "there is no `downgrade`"));
    };
    match step.does {
        _ if step.decorated => None,
        Does::Nothing(span) => Some((span, "`downgrade` does nothing")),
        Does::Raises(span) => Some((span, "`downgrade` raises")),
        Does::Something => None,
    }
}
