//! `foreign-key-to-unknown-table`

use crate::diagnostic::{Findings, Fix};
use crate::project::Project;
use crate::project::sqlalchemy::Table;
use crate::rules::models::shared::{evidence, foreign_keys};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "foreign-key-to-unknown-table",
    page: include_str!("foreign_key_to_unknown_table.md"),
    check: Check::EachTable(check),
};

fn check(table: &Table, project: &Project<'_>, found: &mut Findings) {
    let models = &project.models;
    if !table.certain || !evidence::tables_are_known(project, table.metadata, table.file) {
        return;
    }
    let here: Vec<String> = models.tables_of(table.metadata).filter_map(Table::key).collect();
    for reference in foreign_keys::texts(table, models) {
        if here.contains(&reference.key) {
            continue;
        }
        // On another MetaData it is another fault, and `model-on-other-metadata` tells it.
        let elsewhere = models.tables.iter().any(|other| {
            other.metadata != table.metadata
                && (other.key().as_deref() == Some(reference.written.as_str()) || other.key().is_none())
        });
        if elsewhere {
            continue;
        }
        let table_name = table.key().unwrap_or_default();
        let column = reference.column.unwrap_or("?");
        let by_class = models
            .classes
            .iter()
            .filter(|class| class.name == reference.written && class.metadata == table.metadata)
            .find_map(|class| models.table(class.table?).key());
        let meant = by_class
            .clone()
            .or_else(|| evidence::nearest(&reference.written, here.iter().map(String::as_str)).map(str::to_owned));
        let mut report = found
            .report(
                reference.foreign_key.span,
                format!(
                    "foreign key `{table_name}.{column}` refers to table `{}`, which nothing declares",
                    reference.key
                ),
            )
            .key(format!("foreign-key:{table_name}.{column}->{}", reference.key))
            .why(format!(
                "autogenerate sorts the tables by their foreign keys and fails: `NoReferencedTableError: Foreign key \
                 associated with column '{table_name}.{column}' could not find table '{}'`",
                reference.key
            ));
        if let Some(meant) = meant {
            let written = match meant.rsplit_once('.') {
                Some((schema, name)) if models.metadata(table.metadata).schema.as_deref() == Some(schema) => name,
                _ => meant.as_str(),
            };
            let target = models.tables_of(table.metadata).find(|other| other.key().as_ref() == Some(&meant));
            if let Some(target) = target {
                report = report.label(target.span, format!("table `{meant}` is declared here"));
            }
            let column = reference.target_column.as_deref();
            let has_column = target.is_some_and(|target| {
                column.is_none_or(|column| target.columns.iter().any(|it| it.name.as_deref() == Some(column)))
            });
            let text = match column {
                Some(column) => format!("{written}.{column}"),
                None => written.to_owned(),
            };
            let old = match column {
                Some(column) => format!("{}.{column}", reference.written),
                None => reference.written.clone(),
            };
            report = report.help(format!("a foreign key names the table, not the class: did you mean `{text}`?"));
            if has_column
                && let Some(edit) = evidence::replace_in_literal(project, reference.foreign_key.span, &old, &text)
            {
                report = report.fix(Fix::safe(format!("refer to `{text}`"), vec![edit]));
            }
        } else {
            report = report.help("declare the table, or import the module that declares it");
        }
        let _ = report;
    }
}
