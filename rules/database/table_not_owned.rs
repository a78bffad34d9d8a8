//! A pending revision alters a table that belongs to another role.

use crate::database::live::Live;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "table-not-owned", page: include_str!("table_not_owned.md"), check: Check::Database(check) };

fn check(live: &Live<'_>, findings: &mut Findings) {
    let Some(server) = live.server().filter(|server| server.product == "PostgreSQL" && !server.is_superuser) else {
        return;
    };
    for (table, span) in &live.pending.altered {
        let Some(facts) = server.table(table.schema.as_deref(), &table.name).filter(|facts| !facts.is_ours) else {
            continue;
        };
        findings
            .report(*span, format!("the table `{table}` belongs to `{}`, not to `{}`", facts.owner, server.user))
            .key(live.key(&format!("owner:{table}")))
            .why(format!("no GRANT lets another role alter or drop it: `must be owner of table {}`", facts.name))
            .help(format!(
                "migrate as `{}`, or: ALTER TABLE {table} OWNER TO \"{}\", or: GRANT \"{}\" TO \"{}\"",
                facts.owner, server.user, facts.owner, server.user
            ));
    }
}
