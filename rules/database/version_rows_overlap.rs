//! `alembic_version` has more rows than the graph has branches.

use crate::database::live::Live;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "version-rows-overlap", page: include_str!("version_rows_overlap.md"), check: Check::Database(check) };

fn check(live: &Live<'_>, findings: &mut Findings) {
    let Some(table) = live.version_table().filter(|table| table.revisions.len() > 1) else { return };
    let revisions = &live.environment.revisions;
    let known: Vec<_> = table.revisions.iter().filter_map(|id| revisions.get(id)).collect();
    for older in &known {
        let Some(newer) = known
            .iter()
            .find(|other| other.number != older.number && revisions.ancestors(other).contains(&older.number))
        else {
            continue;
        };
        let (Some(older_id), Some(newer_id)) = (older.id(), newer.id()) else { continue };
        findings
            .report(
                live.place,
                format!("`{}` has rows for `{older_id}` and for `{newer_id}`, which includes it", table.name),
            )
            .key(live.key(&format!("rows:{older_id}")))
            .label(older.id_span(), "the row of this one is too many")
            .why("`alembic upgrade` ends with `Requested revision … overlaps with other requested revisions …`")
            .help(format!("DELETE FROM {} WHERE version_num = '{older_id}'", table.name));
    }
}
