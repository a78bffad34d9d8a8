//! `migration-without-model`

use crate::catalog::diff::words;
use crate::catalog::drift::Drift;
use crate::catalog::operation::Operation;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "migration-without-model",
    page: include_str!("migration_without_model.md"),
    check: Check::Drift(check),
};

fn check(drift: &Drift, findings: &mut Findings) {
    for change in &drift.difference.changes {
        let Some(word) = change.words().into_iter().find(|word| word.removes()) else { continue };
        let Some(span) = change.migration.or(change.model) else { continue };
        let subject = words::subject(change);
        let message = match change.operation {
            Operation::DropTable(..) => format!("no model declares {subject} (`{word}`)"),
            _ => format!("the models have no {subject} (`{word}`)").replace("no the ", "no "),
        };
        let report = findings
            .report(span, message)
            .key(change.key())
            .here("the migrations make it here")
            .why("the next `alembic revision --autogenerate` drops it, with what is in it")
            .help("declare it in the models, or drop it in a revision that says so");
        if let Some(model) = change.model {
            report.label(model, "the table is declared here, without it");
        }
    }
}
