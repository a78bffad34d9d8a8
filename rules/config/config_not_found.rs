//! An env.py to which no configuration leads.

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::config::Shape;
use crate::rules::config::shared::text_files;
use crate::rules::{Check, Rule};
use crate::source::{Span, join, split};

/// The rule.
pub const RULE: Rule =
    Rule { name: "config-not-found", page: include_str!("config_not_found.md"), check: Check::EachEnvironment(check) };

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    if environment.config.shape != Shape::InCode {
        return;
    }
    let (Some(script), Some(location)) = (&environment.env_script, &environment.script_location) else { return };
    let sources = project.sources;
    let has_versions = join(location, "versions").is_some_and(|versions| sources.is_directory(&versions));
    // Other names, templates of ini files, and code that builds the configuration are none of our business.
    let other_names = |name: &str| name.contains("alembic") && !name.ends_with(".py") && !name.ends_with(".md");
    let has_other = sources.ids().any(|file| other_names(split(sources.path(file)).1));
    let words = ["alembic.config", "alembic.command", "flask_migrate", "script_location"];
    if !has_versions || has_other || words.iter().any(|word| project.code.mentions(word)) {
        return;
    }
    if text_files::surroundings_say(project, &["alembic -c", "alembic --config", "ALEMBIC_CONFIG", "script_location"]) {
        return;
    }
    findings
        .report(Span::start_of(script.file), format!("no configuration leads to `{location}`"))
        .key(format!("directory:{location}"))
        .why("alembic stops with `FAILED: No 'script_location' key found in configuration`")
        .help(format!("add an alembic.ini with `script_location = {location}`, or `[tool.alembic]` to pyproject.toml"));
}
