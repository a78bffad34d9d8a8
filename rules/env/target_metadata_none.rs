//! `target-metadata-none`

use super::models_not_imported::missing_imports;
use super::shared::edit;
use super::shared::evidence::{generated, is_aside, is_flask, online_call};
use crate::diagnostic::{Edit, Findings, Fix, Level};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{ConfigureCall, EnvScript, TargetMetadata};
use crate::project::sqlalchemy::MetaData;
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "target-metadata-none",
    page: include_str!("target_metadata_none.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let Some(call) = online_call(script) else { return };
    let absent = match call.target_metadata {
        TargetMetadata::Absent if !call.open => true,
        TargetMetadata::None => false,
        _ => return,
    };
    // What a function gave may be `None` only because it was not wholly read.
    if !absent && !is_written(script, project, call) {
        return;
    }
    // Another call of the same run may have it.
    let elsewhere = script.online.configures().any(|(_, other)| {
        matches!(
            other.target_metadata,
            TargetMetadata::These(_) | TargetMetadata::Unknown(_) | TargetMetadata::Other(_)
        )
    });
    let bases = bases(project, environment);
    if elsewhere || bases.is_empty() || project.settings.autogenerate == Some(false) {
        return;
    }
    // Autogenerate fails aloud here, so a project with revisions written by hand means it.
    let count = environment.revisions.scripts.len();
    let by_hand =
        !environment.revisions.is_empty() && 2 * generated(environment) <= count && generated(environment) < 3;
    let level = if by_hand { Level::Note } else { Level::Error };
    let span = match call.target_metadata_span {
        Some(span) => span,
        None => call.span,
    };
    let message = if absent {
        "`context.configure` gets no `target_metadata`, so autogenerate has nothing to compare".to_owned()
    } else {
        "`target_metadata` is `None`, so autogenerate has nothing to compare".to_owned()
    };
    let mut report = findings
        .report(span, message)
        .key("target-metadata:none")
        .level(level)
        .why(
            "`alembic revision --autogenerate` fails: \"Can't proceed with --autogenerate option; environment script \
             env.py does not provide a MetaData object or sequence of objects to the context\"",
        )
        .help(match bases.as_slice() {
            [only] => format!("give it `{}`", only.name),
            _ => "give it the MetaData of the models".to_owned(),
        });
    if let [only] = bases.as_slice() {
        report = report.label(only.span, format!("`{}` is made here", only.name));
        report = report.maybe_fix(fix(script, project, only, absent, span));
    }
    let _ = report;
}

/// Is it the word `None` that stands there?
fn is_written(script: &EnvScript, project: &Project<'_>, call: &ConfigureCall) -> bool {
    let Some(span) = call.target_metadata_span else { return false };
    let assigned = script.layout.assignments.iter().find(|assignment| assignment.span == span);
    project.sources.slice(assigned.map_or(span, |assignment| assignment.value)) == "None"
}

/// MetaData objects of the project with tables on them that no other environment takes care of.
fn bases<'p>(project: &'p Project<'_>, environment: &Environment) -> Vec<&'p MetaData> {
    let (targeted, known) = super::shared::evidence::all_targets(project);
    if (!known && project.environments.len() > 1) || is_flask(environment) {
        return Vec::new();
    }
    project
        .models
        .metadatas
        .iter()
        .filter(|metadata| !metadata.foreign && !targeted.contains(&metadata.id))
        .filter(|metadata| {
            project.models.tables_of(metadata.id).any(|table| !is_aside(project.sources.path(table.file)))
        })
        .collect()
}

fn fix(script: &EnvScript, project: &Project<'_>, base: &MetaData, absent: bool, span: Span) -> Option<Fix> {
    let sources = project.sources;
    if absent {
        if !script.layout.assignments.iter().any(|assignment| assignment.name == "target_metadata") {
            return None;
        }
        let edit = edit::add_argument(sources, span, "target_metadata=target_metadata")?;
        return Some(Fix::safe("pass `target_metadata` on", vec![edit]));
    }
    let assignment = script.layout.assignments.iter().find(|assignment| assignment.span == span)?;
    let (module, name) = base.importable.as_ref()?;
    let mut edits = Vec::new();
    let bound = script
        .layout
        .imports
        .iter()
        .find(|import| import.module == *module && import.member.as_deref() == Some(name))
        .map(|import| import.bound.clone());
    let mut lines = Vec::new();
    let bound = bound.unwrap_or_else(|| {
        lines.push(format!("from {module} import {name}"));
        name.clone()
    });
    lines.extend(missing_imports(script, project, base.id));
    if !lines.is_empty() {
        edits.push(edit::insert_after(sources, edit::last_import(&script.layout)?, &lines));
    }
    let expression = if base.name.ends_with(".metadata") { format!("{bound}.metadata") } else { bound };
    edits.push(Edit::Replace { span: assignment.value, text: expression });
    Some(Fix::safe(format!("target `{}`", base.name), edits))
}
