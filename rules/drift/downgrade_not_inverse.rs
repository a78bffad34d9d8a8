//! `downgrade-not-inverse`

use crate::catalog::diff::words;
use crate::catalog::drift::Drift;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};

/// So many differences are named.
const NAMED: usize = 3;

/// The rule.
pub const RULE: Rule =
    Rule { name: "downgrade-not-inverse", page: include_str!("downgrade_not_inverse.md"), check: Check::Drift(check) };

fn check(drift: &Drift, findings: &mut Findings) {
    for reversal in &drift.reversals {
        let mut left: Vec<String> = reversal
            .left
            .iter()
            .flat_map(|change| change.words().into_iter().map(|word| format!("{} (`{word}`)", words::subject(change))))
            .collect();
        let more = left.len().saturating_sub(NAMED);
        left.truncate(NAMED);
        if more > 0 {
            left.push(format!("{more} more"));
        }
        findings
            .report(reversal.downgrade, format!("`downgrade` of `{}` does not lead back", reversal.revision))
            .key(format!("downgrade:{}", reversal.revision))
            .here(format!("after upgrade and downgrade these differ: {}", left.join(", ")))
            .why("a database that goes back and forth is not the one that it was, and the next upgrade may fail on it")
            .help("undo in `downgrade` what `upgrade` does, in the opposite order");
    }
}
