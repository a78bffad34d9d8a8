//! `foreign-key-to-unknown-column`

use crate::diagnostic::{Findings, Fix};
use crate::project::Project;
use crate::project::sqlalchemy::Table;
use crate::rules::models::shared::{evidence, foreign_keys};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "foreign-key-to-unknown-column",
    page: include_str!("foreign_key_to_unknown_column.md"),
    check: Check::EachTable(check),
};

fn check(table: &Table, project: &Project<'_>, found: &mut Findings) {
    let models = &project.models;
    if !table.certain || evidence::reaching(project, table.file).next().is_none() {
        return;
    }
    for reference in foreign_keys::texts(table, models) {
        let Some(column) = &reference.target_column else { continue };
        let targets = foreign_keys::called(project, table, &reference.key);
        let [target] = targets.as_slice() else { continue };
        // Several classes may put columns on one table; a duplicate hides what the other has.
        let is_read = !target.open
            && !target.extends
            && target.certain
            && target.columns.iter().all(|found| {
                found.name.is_some() && !found.given.iter().any(|given| given.name.as_deref() == Some("key"))
            });
        if !is_read || target.columns.is_empty() || models.metadata(table.metadata).reflected {
            continue;
        }
        if target.columns.iter().any(|found| found.name.as_ref() == Some(column)) {
            continue;
        }
        let (table_name, target_name) = (table.key().unwrap_or_default(), &reference.key);
        let own = reference.column.unwrap_or("?");
        let by_attribute = target
            .columns
            .iter()
            .find(|found| found.attribute.as_ref() == Some(column))
            .and_then(|found| found.name.as_deref());
        let names: Vec<&str> = target.columns.iter().filter_map(|found| found.name.as_deref()).collect();
        let key: Vec<&str> = target
            .columns
            .iter()
            .filter(|found| found.primary_key == Some(true))
            .filter_map(|found| found.name.as_deref())
            .collect();
        let meant =
            by_attribute.or_else(|| evidence::nearest(column, names.iter().copied())).or(match key.as_slice() {
                [single] => Some(*single),
                _ => None,
            });
        let mut report = found
            .report(
                reference.foreign_key.span,
                format!("foreign key `{table_name}.{own}` refers to column `{column}`, which table `{target_name}` does not have"),
            )
            .key(format!("foreign-key:{table_name}.{own}->{target_name}.{column}"))
            .label(target.span, format!("table `{target_name}` has {}", listed(&names)))
            .why(format!(
                "autogenerate fails: `NoReferencedColumnError: Could not initialize target column for ForeignKey \
                 '{}.{column}' on table '{table_name}': table '{target_name}' has no column named '{column}'`",
                reference.written
            ));
        if let Some(meant) = meant {
            report = report.help(format!("did you mean `{}.{meant}`?", reference.written));
            let (old, new) = (format!("{}.{column}", reference.written), format!("{}.{meant}", reference.written));
            if let Some(edit) = evidence::replace_in_literal(project, reference.foreign_key.span, &old, &new) {
                report = report.fix(Fix::safe(format!("refer to `{new}`"), vec![edit]));
            }
        }
        let _ = report;
    }
}

fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(6).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(6);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}
