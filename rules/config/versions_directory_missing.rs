//! A script directory without `versions`, under an Alembic that does not make it.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::config::Shape;
use crate::project::alembic::discovery::{Leads, script_location_leads};
use crate::rules::{Check, Rule};
use crate::source::{Span, join};

/// The rule.
pub const RULE: Rule = Rule {
    name: "versions-directory-missing",
    page: include_str!("versions_directory_missing.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let config = &environment.config;
    let (Some(location), Some(script)) = (&environment.script_location, &environment.env_script) else { return };
    let leads = script_location_leads(project.sources, config);
    let is_found = config.shape == Shape::FlaskMigrate || matches!(leads, Some(Leads::To { .. }));
    if !is_found || config.alembic_option("version_locations").is_some() {
        return;
    }
    let Some(versions) = join(location, "versions").filter(|path| !project.sources.is_directory(path)) else { return };
    if environment.versions.alembic_at_least(&[1, 20]) != Some(false) {
        return;
    }
    // Autogenerate runs env.py before it writes.
    if script.made_directories.iter().any(|made| made.as_ref().is_none_or(|made| *made == versions)) {
        return;
    }
    let span = config.alembic_option("script_location").map_or(Span::start_of(script.file), |option| option.span);
    let path = format!("{versions}/.gitkeep");
    findings
        .report(span, format!("the folder `{versions}` is missing"))
        .key(format!("directory:{versions}"))
        .why(format!(
            "`alembic revision` raises `FileNotFoundError` when it writes the first revision; Alembic makes the folder itself only from 1.20 on, and {}",
            environment.versions.alembic().how
        ))
        .help("git keeps no empty folders: put an empty file into it")
        .fix(Fix::safe("make the folder", vec![Edit::Create { path, text: String::new() }]));
}
