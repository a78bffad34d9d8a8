//! `server-default-comparison-off`

use std::sync::Arc;

use super::shared::edit;
use super::shared::evidence::{autogenerates, migration_engine, online_call};
use crate::diagnostic::{Findings, Fix};
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EnvScript, TargetMetadata};
use crate::project::sqlalchemy::column::Column;
use crate::project::sqlalchemy::expression::Expression;
use crate::project::{Known, Project};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "server-default-comparison-off",
    page: include_str!("server_default_comparison_off.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let Some(call) = online_call(script) else { return };
    let TargetMetadata::These(targeted) = &call.target_metadata else { return };
    if call.open || !autogenerates(environment, project) {
        return;
    }
    let span = match call.option("compare_server_default") {
        None => call.span,
        Some(Known::Is(false, span)) => *span,
        Some(_) => return,
    };
    let columns = || {
        project.models.tables.iter().filter(|table| targeted.contains(&table.metadata)).flat_map(|table| &table.columns)
    };
    let with_default = columns().filter(|column| column.server_default.is_some()).count();
    let is_json = |column: &Arc<Column>| {
        column.server_default.is_some() && column.column_type.as_ref().is_some_and(|given| may_be_json(&given.value))
    };
    let postgresql = migration_engine(&script.online, call)
        .and_then(|engine| engine.url)
        .is_none_or(|url| url.dialect == "postgresql");
    // The comparison itself fails on PostgreSQL's `json`, which has no `=`.
    if with_default == 0 || (postgresql && columns().any(is_json)) {
        return;
    }
    let fix = (span == call.span)
        .then(|| edit::add_argument(project.sources, call.span, "compare_server_default=True"))
        .flatten();
    findings
        .report(span, "autogenerate does not see that a server default changes")
        .key("option:compare_server_default")
        .why(format!("it is off in every version of Alembic; {with_default} columns have a server default"))
        .help("pass `compare_server_default=True`")
        .maybe_fix(fix.map(|edit| Fix::safe("compare server defaults", vec![edit])));
}

/// May it be PostgreSQL's `json`? A type of the project's own may be made of it.
fn may_be_json(column_type: &Expression) -> bool {
    match column_type {
        Expression::Unknown | Expression::Class(_) => true,
        Expression::Call(callee, given) => match &**callee {
            Expression::Attribute(of, method) if method == "with_variant" => match given.as_slice() {
                [variant, dialect] if dialect.value.as_str() == Some("postgresql") => may_be_json(&variant.value),
                _ => may_be_json(of),
            },
            callee => may_be_json(callee),
        },
        other => other.short_name() == Some("JSON"),
    }
}
