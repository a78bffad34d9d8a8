//! `server-default-not-text`

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::sqlalchemy::Table;
use crate::project::sqlalchemy::column::Column;
use crate::project::sqlalchemy::expression::{Expression, Given};
use crate::rules::models::shared::evidence;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "server-default-not-text",
    page: include_str!("server_default_not_text.md"),
    check: Check::EachTable(check),
};

fn check(table: &Table, project: &Project<'_>, found: &mut Findings) {
    for column in &table.columns {
        let Some(given) = &column.server_default else { continue };
        let Some(what) = what_it_is(&given.value).filter(|_| is_written_out(given, project)) else { continue };
        let name = column.name.as_deref().unwrap_or("?");
        let table_name = table.name.get().map_or("?", String::as_str);
        found
            .report(given.span, format!("`server_default` of `{table_name}.{name}` is {what}, not SQL"))
            .key(format!("column:{table_name}.{name}"))
            .why(
                "`ArgumentError: Argument 'arg' is expected to be one of type '<class 'str'>' or \
                 '<class 'sqlalchemy.sql.elements.ClauseElement'>'` while the module is imported",
            )
            .help(help(&given.value))
            .level(evidence::level_for(project, table.file))
            .maybe_fix(fix(column, given, project));
    }
}

/// A number may also be a member of an enumeration that is text, too: only what is written out as a value counts.
fn is_written_out(given: &Given, project: &Project<'_>) -> bool {
    let written = project.sources.slice(given.span);
    match &given.value {
        Expression::Int(_) | Expression::Float(_) | Expression::Bool(_) => {
            let literal = written.rsplit_once("server_default").map_or(written, |(_, rest)| {
                rest.trim_start_matches(['"', '\'', ':', '=', ' ']).split([',', '}', ')']).next().unwrap_or("")
            });
            matches!(literal, "True" | "False")
                || !literal.is_empty() && literal.chars().all(|it| it.is_ascii_digit() || matches!(it, '.' | '-' | '_'))
        }
        _ => true,
    }
}

fn what_it_is(value: &Expression) -> Option<&'static str> {
    Some(match value {
        Expression::Bool(_) => "a Python boolean",
        Expression::Int(_) | Expression::Float(_) => "a Python number",
        Expression::List(_) => "a Python list",
        Expression::Dict(_) => "a Python dict",
        Expression::Function(_) | Expression::Builtin(_) => "a Python function",
        Expression::Name(name) if name.starts_with("sqlalchemy.func.") => "a function that is not called",
        Expression::Name(name) if name.starts_with("datetime.") => "a Python function",
        _ => return None,
    })
}

fn help(value: &Expression) -> String {
    match value {
        Expression::Bool(value) => {
            format!("write `server_default=sa.{}()`", if *value { "true" } else { "false" })
        }
        Expression::Int(number) => format!("write the SQL as text: `server_default=\"{number}\"`"),
        Expression::Name(name) if name.starts_with("sqlalchemy.func.") => "call it".to_owned(),
        Expression::Function(_) | Expression::Builtin(_) | Expression::Name(_) => {
            "`default=` calls a Python function; `server_default=` takes SQL, such as `func.now()`".to_owned()
        }
        _ => "write the SQL as text".to_owned(),
    }
}

fn fix(column: &Column, given: &Given, project: &Project<'_>) -> Option<Fix> {
    let written = project.sources.slice(given.span);
    let replace = |text: String| Edit::Replace { span: given.span, text };
    match &given.value {
        Expression::Int(_) | Expression::Float(_)
            if written.chars().all(|it| it.is_ascii_digit() || matches!(it, '.' | '-')) =>
        {
            Some(Fix::safe("write it as text", vec![replace(format!("\"{written}\""))]))
        }
        Expression::Name(name) if name.starts_with("sqlalchemy.func.") && written.contains("func.") => {
            Some(Fix::safe("call it", vec![Edit::Replace { span: given.span.after(), text: "()".to_owned() }]))
        }
        Expression::Bool(value) if matches!(written, "True" | "False") => {
            let word = if *value { "true" } else { "false" };
            let call = project.sources.slice(column.span);
            let spelt = call.split('(').next().unwrap_or("");
            let file = given.span.file;
            match spelt.rsplit_once('.') {
                Some((module @ ("sa" | "db" | "sqlalchemy"), _)) => {
                    Some(Fix::safe(format!("write `{module}.{word}()`"), vec![replace(format!("{module}.{word}()"))]))
                }
                _ => {
                    let mut edits = vec![replace(format!("{word}()"))];
                    edits.extend(evidence::import_from(project, file, "sqlalchemy", word).ok()?);
                    Some(Fix::safe(format!("write `{word}()`"), edits))
                }
            }
        }
        _ => None,
    }
}
