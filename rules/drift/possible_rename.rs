//! `possible-rename`

use crate::catalog::diff::words;
use crate::catalog::drift::Drift;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "possible-rename", page: include_str!("possible_rename.md"), check: Check::Drift(check) };

fn check(drift: &Drift, findings: &mut Findings) {
    for rename in &drift.difference.renames {
        let table = &rename.table;
        let (message, kept) = match (&rename.column, &rename.renamed_to) {
            (Some((from, to)), _) => {
                (format!("column `{table}.{from}` was probably renamed to `{to}`"), "what is in the column")
            }
            (None, Some(to)) => (format!("table `{table}` was probably renamed to `{to}`"), "its rows"),
            (None, None) => continue,
        };
        findings
            .report(rename.model, message)
            .key(rename.key())
            .here("it has this name in the models")
            .label(rename.migration, "the migrations make it under the old name")
            .why("autogenerate compares names: it drops the one and adds the other, and the data is lost")
            .help(format!("`{}` keeps {kept}", words::renaming(rename)));
    }
}
