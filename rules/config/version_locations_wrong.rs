//! `version_locations` that leads past the revisions.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::alembic::Environment;
use crate::project::alembic::config::Shape;
use crate::project::alembic::discovery::{Leads, leads};
use crate::project::{Known, Project};
use crate::rules::{Check, Rule};
use crate::source::{Sources, Span, join};

/// The rule.
pub const RULE: Rule = Rule {
    name: "version-locations-wrong",
    page: include_str!("version_locations_wrong.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let config = &environment.config;
    let Some(Known::Is(locations, _)) = config.version_locations() else { return };
    let Some(option) = config.alembic_option("version_locations") else { return };
    let leads_to = |text: &str| leads(project.sources, config, text);
    let found: Vec<Leads> = locations.iter().map(|(text, _)| leads_to(text)).collect();
    for ((text, span), lead) in locations.iter().zip(&found) {
        if *lead != Leads::Nowhere && !(text.contains(':') && *lead == Leads::Outside) {
            continue;
        }
        let parts: Vec<&str> = text.split([':', ';', ' ', ',', '\n']).filter(|part| !part.is_empty()).collect();
        let all_there = parts.len() > 1 && parts.iter().all(|part| matches!(leads_to(part), Leads::To { .. }));
        if all_there {
            let fix = (config.shape == Shape::Ini && text.contains(':'))
                .then(|| split_by_colon(environment, project.sources, option.key_span));
            findings
                .report(*span, "these folders are read as one: the separator is not said")
                .key("option:version_locations")
                .why("without `path_separator` Alembic splits at spaces and commas only; the folder is not there, and its revisions are not seen")
                .help("say `path_separator = os` (before Alembic 1.16: `version_path_separator = os`)")
                .maybe_fix(fix.flatten());
            return;
        }
    }
    if found.iter().any(|lead| *lead != Leads::Nowhere) {
        return;
    }
    let Some(usual) = environment.script_location.as_deref().and_then(|location| join(location, "versions")) else {
        return;
    };
    let holds_revisions = project
        .sources
        .entries(&usual)
        .any(|entry| entry.file.is_some() && entry.name.ends_with(".py") && entry.name != "__init__.py");
    if holds_revisions {
        findings
            .report(option.span, "no folder of `version_locations` exists")
            .key("option:version_locations")
            .why(format!("Alembic passes over folders that are not there: it sees none of the revisions in `{usual}`, and the next one begins a new chain"))
            .help(format!("name `{usual}`, or remove the option"));
    }
}

fn split_by_colon(environment: &Environment, sources: &Sources, key: Span) -> Option<Fix> {
    let config = &environment.config;
    if config.option("path_separator").is_some() || config.option("version_path_separator").is_some() {
        return None;
    }
    let name = match environment.versions.alembic_at_least(&[1, 16]) {
        Some(false) => "version_path_separator",
        _ => "path_separator",
    };
    let end = sources.line_end(key.file);
    let edit = Edit::Replace { span: key.before(), text: format!("{name} = os{end}") };
    Some(Fix::safe("say the separator", vec![edit]))
}
