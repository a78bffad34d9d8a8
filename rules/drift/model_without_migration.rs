//! `model-without-migration`

use crate::catalog::diff::change::{Change, Word};
use crate::catalog::diff::words;
use crate::catalog::drift::Drift;
use crate::catalog::operation::Operation;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "model-without-migration",
    page: include_str!("model_without_migration.md"),
    check: Check::Drift(check),
};

fn check(drift: &Drift, findings: &mut Findings) {
    for change in &drift.difference.changes {
        let wanted: Vec<Word> = change.words().into_iter().filter(|word| !word.removes()).collect();
        let Some(span) = change.model.filter(|_| !wanted.is_empty()) else { continue };
        let report = findings
            .report(span, message(change, &wanted, drift))
            .key(change.key())
            .why(why(change))
            .help("`limbeck draft -m \"…\"` writes the revision; or `alembic revision --autogenerate`");
        if let Some(migration) = change.migration {
            let words = match change.operation {
                Operation::AlterColumn(_) => "the migrations leave it so",
                _ => "the table is made here",
            };
            report.label(migration, words);
        }
    }
    for hidden in &drift.difference.hidden {
        findings
            .report(hidden.model, words::hidden(hidden))
            .key(hidden.key())
            .label(hidden.migration, "the migrations make it here")
            .why("autogenerate does not compare this, so no revision of its own will mend it")
            .help("write the change by hand in a new revision");
    }
}

fn message(change: &Change, wanted: &[Word], drift: &Drift) -> String {
    let subject = words::subject(change);
    let named: Vec<String> = wanted.iter().map(|word| format!("`{word}`")).collect();
    let named = named.join(", ");
    match &change.operation {
        Operation::CreateTable(_) => format!("no migration makes {subject} ({named})"),
        Operation::AlterColumn(alter) => {
            let aspects: Vec<String> = wanted
                .iter()
                .map(|word| {
                    let (before, after) = words::sides(alter, *word, &drift.target);
                    let shown =
                        |side: Option<String>| side.map_or_else(|| "nothing".to_owned(), |it| format!("`{it}`"));
                    format!("the {} from {} to {}", words::aspect(*word), shown(before), shown(after))
                })
                .collect();
            format!("no migration changes {} of {subject} ({named})", aspects.join(" and "))
        }
        Operation::SetTableComment(..) => format!("no migration sets {subject} ({named})"),
        _ => format!("no migration adds {subject} ({named})"),
    }
}

fn why(change: &Change) -> &'static str {
    match change.operation {
        Operation::CreateTable(_) => "a database that is migrated lacks the table, and the first query fails",
        Operation::AddColumn(..) => "a database that is migrated lacks the column, and every query of the model fails",
        _ => "the models say one thing and a database that is migrated has another",
    }
}
