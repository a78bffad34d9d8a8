//! `duplicate-column-name`

use crate::diagnostic::{Findings, Level};
use crate::project::Project;
use crate::project::sqlalchemy::Table;
use crate::rules::models::shared::evidence;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "duplicate-column-name",
    page: include_str!("duplicate_column_name.md"),
    check: Check::EachTable(check),
};

fn check(table: &Table, project: &Project<'_>, found: &mut Findings) {
    let since_2_0 = evidence::sqlalchemy(project, table.file).is_at_least(2, 0);
    for (number, column) in table.columns.iter().enumerate() {
        let Some(name) = &column.name else { continue };
        let is_shared = |column: &crate::project::sqlalchemy::column::Column| {
            column.given.iter().any(|given| given.name.as_deref() == Some("use_existing_column"))
        };
        let earlier = table.columns[..number].iter().find(|earlier| earlier.name.as_ref() == Some(name));
        let Some(earlier) = earlier else { continue };
        if !column.certain || !earlier.certain || is_shared(column) || is_shared(earlier) || earlier.span == column.span
        {
            continue;
        }
        let table_name = table.name.get().map_or("?", String::as_str);
        let level = evidence::level_for(project, table.file);
        found
            .report(column.span, format!("table `{table_name}` has two columns called `{name}`"))
            .key(format!("column:{table_name}.{name}"))
            .here("the second")
            .label(earlier.span, "the first")
            .why(if since_2_0 {
                format!("`DuplicateColumnError: A column with name '{name}' is already present in table '{table_name}'`")
            } else {
                "before SQLAlchemy 2.0 the second silently takes the place of the first; 2.0 raises DuplicateColumnError"
                    .to_owned()
            })
            .help("give one of them another name")
            .level(if since_2_0 { level } else { Level::Warning });
    }
}
