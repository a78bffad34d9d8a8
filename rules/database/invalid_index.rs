//! An index that a failed `CREATE INDEX CONCURRENTLY` left.

use crate::database::live::Live;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "invalid-index", page: include_str!("invalid_index.md"), check: Check::Database(check) };

fn check(live: &Live<'_>, findings: &mut Findings) {
    let Some(server) = live.server() else { return };
    for (schema, index, table) in &server.invalid_indexes {
        findings
            .report(live.place, format!("the index `{index}` of `{table}` is invalid"))
            .key(live.key(&format!("index:{schema}.{index}")))
            .why("a `CREATE INDEX CONCURRENTLY` failed: no query uses it, every write pays for it, and its name is taken")
            .help(format!("DROP INDEX CONCURRENTLY {schema}.{index}, then make it again"));
    }
}
