//! The database has revisions to come.

use crate::database::live::Live;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "database-not-at-head", page: include_str!("database_not_at_head.md"), check: Check::Database(check) };

fn check(live: &Live<'_>, findings: &mut Findings) {
    let Some(table) = live.version_table().filter(|table| !table.revisions.is_empty()) else { return };
    let Some(last) = live.pending.revisions.last() else { return };
    let count = live.pending.revisions.len();
    let plural = if count == 1 { "revision is" } else { "revisions are" };
    findings
        .report(last.1, format!("{count} {plural} pending: the database is at `{}`", table.revisions.join("`, `")))
        .key(live.key("pending"))
        .here("the last of them")
        .why("until then `alembic revision --autogenerate` and `alembic check` end with `Target database is not up to date`")
        .help("alembic upgrade heads");
}
