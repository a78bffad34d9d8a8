//! The database is at a revision that no file has.

use crate::database::live::Live;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "database-revision-unknown",
    page: include_str!("database_revision_unknown.md"),
    check: Check::Database(check),
};

fn check(live: &Live<'_>, findings: &mut Findings) {
    let Some(table) = live.version_table() else { return };
    let revisions = &live.environment.revisions;
    if !revisions.is_complete() {
        return;
    }
    for revision in table.revisions.iter().filter(|revision| revisions.get(revision).is_none()) {
        let heads: Vec<&str> = revisions.heads().into_iter().filter_map(|script| script.id()).collect();
        findings
            .report(live.place, format!("the database is at revision `{revision}`, which no file has"))
            .key(live.key(&format!("revision:{revision}")))
            .why(format!("every command ends with `Can't locate revision identified by '{revision}'`"))
            .help(format!(
                "bring its file back (another branch, an image, a squash?), or use the database that belongs to these \
                 files; only if its tables are as of `{}`: alembic stamp --purge {}",
                heads.join("`, `"),
                heads.join(" ")
            ));
    }
}
