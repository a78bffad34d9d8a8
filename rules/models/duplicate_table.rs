//! `duplicate-table`

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::sqlalchemy::Table;
use crate::rules::models::shared::evidence;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "duplicate-table", page: include_str!("duplicate_table.md"), check: Check::EachTable(check) };

fn check(table: &Table, project: &Project<'_>, found: &mut Findings) {
    let Some(first) = table.duplicate_of.map(|first| project.models.table(first)) else { return };
    if !table.certain || !first.certain || table.span == first.span {
        return;
    }
    let together = evidence::reaching(project, table.file).any(|environment| environment.reached.contains(&first.file));
    let Some(key) = table.key() else { return };
    if !together || table.extends {
        return;
    }
    let metadata = project.models.metadata(table.metadata);
    found
        .report(table.span, format!("table `{key}` is declared twice on `{}`", metadata.name))
        .key(format!("table:{key}"))
        .here("declared again")
        .label(first.span, "declared first")
        .why(format!("`InvalidRequestError: Table '{key}' is already defined for this MetaData instance` when env.py imports both"))
        .help("give one of the two another name, or delete it; `extend_existing=True` only if both mean the same table");
}
