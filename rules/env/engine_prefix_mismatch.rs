//! `engine-prefix-mismatch`

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EngineProblem, EnvScript, Event, What};
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "engine-prefix-mismatch",
    page: include_str!("engine_prefix_mismatch.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    for event in script.online.events.iter().filter(|event| event.certain) {
        let What::Engine { problem: Some(problem), made_by, .. } = &event.what else { continue };
        match problem {
            EngineProblem::SectionMissing { section, span } => {
                let Some(section) = section else { continue };
                if environment.config.sections.contains_key(section) {
                    continue;
                }
                let file = environment.config.file.map_or("the configuration", |file| project.sources.path(file));
                findings
                    .report(*span, format!("`{file}` has no section `[{section}]`"))
                    .key(format!("section:{section}"))
                    .here("this is `None`")
                    .why(format!("`{made_by}` raises `TypeError: 'NoneType' object is not iterable`"))
                    .help("read the section that Alembic runs with: `config.get_section(config.config_ini_section)`")
                    .maybe_fix(section_fix(project, *span, section));
            }
            EngineProblem::UrlMissing { prefix, prefix_span, similar: Some((key, at)) } => {
                let span = prefix_span.unwrap_or(event.span);
                let right = key.strip_suffix("url").unwrap_or(key);
                findings
                    .report(span, format!("no option begins with the prefix `{prefix}`: the URL's name is `{key}`"))
                    .key(format!("prefix:{prefix}"))
                    .label(*at, format!("the URL stands under `{key}`"))
                    .why(format!("`{made_by}` looks for `{prefix}url` and raises `KeyError: 'url'`"))
                    .help(format!("`prefix=\"{right}\"`"))
                    .maybe_fix(prefix_fix(project, *prefix_span, event, right));
            }
            EngineProblem::UrlMissing { similar: None, .. } => {}
        }
    }
}

fn section_fix(project: &Project<'_>, span: Span, section: &str) -> Option<Fix> {
    let text = project.sources.slice(span);
    let quoted = [format!("\"{section}\""), format!("'{section}'")].into_iter().find(|quoted| text.contains(quoted))?;
    let (config, _) = text.split_once(".get_section(")?;
    let text = text.replacen(&quoted, &format!("{config}.config_ini_section"), 1);
    Some(Fix::safe("read Alembic's own section", vec![Edit::Replace { span, text }]))
}

fn prefix_fix(project: &Project<'_>, prefix: Option<Span>, event: &Event, right: &str) -> Option<Fix> {
    let _ = event;
    let span = prefix?;
    let text = project.sources.slice(span);
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let text = format!("{quote}{right}{quote}");
    Some(Fix::safe("use the prefix of the options", vec![Edit::Replace { span, text }]))
}
