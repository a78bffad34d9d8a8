//! A constraint that was added `NOT VALID`, and never validated.

use crate::database::live::Live;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "constraint-not-validated",
    page: include_str!("constraint_not_validated.md"),
    check: Check::Database(check),
};

fn check(live: &Live<'_>, findings: &mut Findings) {
    let Some(server) = live.server() else { return };
    for (schema, table, constraint) in &server.not_validated {
        findings
            .report(live.place, format!("the constraint `{constraint}` of `{table}` was never validated"))
            .key(live.key(&format!("not-valid:{schema}.{table}.{constraint}")))
            .why("it holds for rows written since, not for those that were there before")
            .help(format!("ALTER TABLE {schema}.{table} VALIDATE CONSTRAINT {constraint}"));
    }
}
