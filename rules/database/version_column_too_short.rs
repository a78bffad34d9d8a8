//! `version_num` is too short for the id of a pending revision.

use crate::database::live::Live;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "version-column-too-short",
    page: include_str!("version_column_too_short.md"),
    check: Check::Database(check),
};

fn check(live: &Live<'_>, findings: &mut Findings) {
    let Some((table, width)) = live.version_table().and_then(|table| Some((table, table.width?))) else { return };
    let too_long = |id: &str| id.chars().count() > width as usize;
    for (id, span) in live.pending.revisions.iter().filter(|(id, _)| too_long(id)) {
        findings
            .report(
                *span,
                format!("the id `{id}` is longer than the {width} characters of `{}.version_num`", table.name),
            )
            .key(live.key(&format!("width:{id}")))
            .why("the revision runs, and then fails at writing its id: `value too long for type character varying`")
            .help(format!(
                "ALTER TABLE {} ALTER COLUMN version_num TYPE varchar({})",
                table.name,
                id.chars().count().max(128)
            ));
    }
}
