//! `enum-without-name`

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::sqlalchemy::Table;
use crate::project::sqlalchemy::column::Column;
use crate::project::sqlalchemy::expression::Expression;
use crate::rules::models::shared::evidence;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "enum-without-name", page: include_str!("enum_without_name.md"), check: Check::EachTable(check) };

fn check(table: &Table, project: &Project<'_>, found: &mut Findings) {
    if evidence::dialect(project, table.file).as_deref() != Some("postgresql") {
        return;
    }
    for column in &table.columns {
        let Some(given) = &column.column_type else { continue };
        let Some("Enum" | "ENUM") = given.value.short_name() else { continue };
        if !matches!(given.value, Expression::Call(..))
            || given.value.name().is_some_and(|name| !name.starts_with("sqlalchemy."))
        {
            continue;
        }
        let arguments = given.value.arguments();
        let by_strings = !arguments.is_empty()
            && arguments.iter().all(|argument| argument.name.is_some() || argument.value.as_str().is_some())
            && arguments.iter().any(|argument| argument.name.is_none());
        let settles_it = |name: &str| arguments.iter().any(|argument| argument.name.as_deref() == Some(name));
        if !by_strings
            || settles_it("name")
            || settles_it("native_enum")
            || settles_it("metadata")
            || settles_it("inherit_schema") && settles_it("quote")
        {
            continue;
        }
        let name = column.name.as_deref().unwrap_or("?");
        let table_name = table.name.get().map_or("?", String::as_str);
        found
            .report(given.span, format!("the enum of `{table_name}.{name}` has no name"))
            .key(format!("column:{table_name}.{name}"))
            .why("PostgreSQL makes a type of it, and a type needs a name: `CompileError: PostgreSQL ENUM type requires a name`")
            .help(format!("add `name=\"{table_name}_{name}\"`"))
            .level(evidence::level_for(project, table.file))
            .maybe_fix(fix(column, table_name, project));
    }
}

fn fix(column: &Column, table: &str, project: &Project<'_>) -> Option<Fix> {
    let given = column.column_type.as_ref()?;
    let text = project.sources.slice(given.span);
    let kept = text.strip_suffix(')')?.trim_end();
    if !kept.contains("num(") {
        return None;
    }
    let kept_without_comma = kept.strip_suffix(',').unwrap_or(kept);
    let at = given.span.start as usize + kept_without_comma.len();
    let name = column.name.as_deref()?;
    let edit = Edit::Replace {
        span: crate::source::Span::new(given.span.file, at..at),
        text: format!(", name=\"{table}_{name}\""),
    };
    Some(Fix::safe(format!("name it `{table}_{name}`"), vec![edit]))
}
