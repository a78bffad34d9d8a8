//! The database is not what its revisions make.

use crate::catalog::diff::change::{Change, Word};
use crate::catalog::diff::words;
use crate::database::live::Live;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule =
    Rule { name: "database-drift", page: include_str!("database_drift.md"), check: Check::Database(check) };

fn check(live: &Live<'_>, findings: &mut Findings) {
    for change in live.changes.unwrap_or_default() {
        report(change, "its revisions", live.place, findings);
    }
}

/// Reports one difference of a database from what `others` (`its revisions`, `the models`) make.
pub fn report(change: &Change, others: &str, place: Span, findings: &mut Findings) {
    let subject = words::subject(change);
    let said: Vec<Word> = change.words();
    let named = said.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let message = if said.iter().all(|word| word.removes()) {
        format!("the database has the {subject}, which {others} do not make ({named})")
    } else if said.iter().all(|word| word.adds()) {
        format!("the database lacks the {subject} ({named})")
    } else {
        format!("the database has the {subject} otherwise than {others} ({named})")
    };
    findings
        .report(change.model.unwrap_or(place), message)
        .key(change.key())
        .why(
            "somebody changed it by hand, or a revision was edited after it had run: the next migration may fail on it",
        )
        .help("undo the change, or write it down in a revision");
}
