//! `include-schemas-missing`

use super::shared::edit;
use super::shared::evidence::{autogenerates, migration_engine};
use crate::diagnostic::{Findings, Fix};
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EnvScript, TargetMetadata, What};
use crate::project::{Known, Project};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "include-schemas-missing",
    page: include_str!("include_schemas_missing.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let Some(at) = project.environments.iter().position(|other| std::ptr::eq(other, environment)) else { return };
    if !autogenerates(environment, project) {
        return;
    }
    for (event, call) in script.online.configures() {
        let TargetMetadata::These(targeted) = &call.target_metadata else { continue };
        let given = match call.option("include_schemas") {
            None => false,
            Some(Known::Is(false, _)) => false,
            Some(_) => true,
        };
        // A search path or a translation of schema names changes what the default schema is.
        let moved = script
            .online
            .events
            .iter()
            .any(|event| matches!(event.what, What::Statement { .. } | What::Autocommit { .. }));
        if given || call.open || moved || !event.certain {
            continue;
        }
        let dialect =
            migration_engine(&script.online, call).and_then(|engine| engine.url.map(|url| url.dialect.as_str()));
        let default = match dialect {
            Some("mssql") => "dbo",
            Some("postgresql") | None => "public",
            // A schema of SQLite or MySQL is a database: the default one has another name each time.
            Some(_) => continue,
        };
        let found = project
            .models
            .tables
            .iter()
            .filter(|table| targeted.contains(&table.metadata) && table.reached_by.contains(&at) && table.certain);
        let mut elsewhere = found.filter_map(|table| {
            let (schema, span) = match &table.schema {
                Some(Known::Is(schema, span)) => (schema.clone(), *span),
                Some(Known::Unknown(..)) => return None,
                None => (project.models.metadata(table.metadata).schema.clone()?, table.span),
            };
            (schema != default && schema != "dbo" && schema != "public").then_some((table, schema, span))
        });
        let Some((table, schema, span)) = elsewhere.next() else { continue };
        let more = elsewhere.count();
        let name = table.name.get().cloned().unwrap_or_default();
        findings
            .report(
                call.span,
                format!("autogenerate does not look into the schema `{schema}`: no `include_schemas=True`"),
            )
            .key(format!("schema:{schema}"))
            .here("only the default schema is compared")
            .label(
                span,
                match more {
                    0 => format!("table `{name}` is in `{schema}`"),
                    more => format!("table `{name}` is in `{schema}`, and {more} more tables are in schemas"),
                },
            )
            .why("each `revision --autogenerate` creates these tables again, and never sees that they change")
            .help("pass `include_schemas=True`, with an `include_name` that picks the schemas")
            .maybe_fix(
                edit::add_argument(project.sources, call.span, "include_schemas=True")
                    .map(|edit| Fix::risky("compare all schemas", vec![edit])),
            );
    }
}
