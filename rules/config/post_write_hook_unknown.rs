//! Post-write hooks that can't run.

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::config::Hook;
use crate::project::versions::normalized;
use crate::rules::config::shared::used;
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "post-write-hook-unknown",
    page: include_str!("post_write_hook_unknown.md"),
    check: Check::EachEnvironment(check),
};

/// Formatters whose entry point has the name of their distribution.
const FORMATTERS: &[&str] = &["autoflake", "autopep8", "black", "flake8", "isort", "pyupgrade", "ruff", "yapf"];

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    for hook in &environment.config.hooks {
        if let Some((span, message, why)) = problem(hook, environment, project) {
            findings
                .report(span, message)
                .key(format!("hook:{}", hook.name))
                .why(format!("`alembic revision` writes the file and then stops with `FAILED: {why}`"))
                .help("mend the hook, or remove it from `hooks`");
        }
    }
}

fn problem(hook: &Hook, environment: &Environment, project: &Project<'_>) -> Option<(Span, String, String)> {
    let name = &hook.name;
    let Some(kind) = hook.options.get("type") else {
        return Some((
            hook.span,
            format!("the post-write hook `{name}` has no `type`"),
            format!("Key '{name}.type' (or 'type' in toml) is required for post write hook '{name}'"),
        ));
    };
    let (needs, registered) = match kind.value.as_deref()? {
        "console_scripts" => ("entrypoint", true),
        "exec" => ("executable", true),
        "module" => ("module", environment.versions.alembic_at_least(&[1, 16]) != Some(false)),
        _ => ("", false),
    };
    if !registered {
        let kind_name = kind.value.as_deref()?;
        return (!project.code.mentions("write_hooks")).then(|| {
            (
                kind.span,
                format!("there is no post-write hook of type `{kind_name}`"),
                format!("No formatter with name '{kind_name}' registered"),
            )
        });
    }
    let Some(target) = hook.options.get(needs) else {
        return Some((
            kind.span,
            format!("the post-write hook `{name}` has no `{needs}`"),
            format!("Key {name}.{needs} is required for post write hook '{name}'"),
        ));
    };
    let tool = target.value.as_deref().filter(|_| needs == "entrypoint")?;
    let is_absent =
        FORMATTERS.contains(&tool) && used::certainly_without(&environment.versions, &[normalized(tool).as_str()]);
    is_absent.then(|| {
        (
            target.span,
            format!("`{tool}` is not among the project's dependencies"),
            format!("Could not find entrypoint console_scripts.{tool}"),
        )
    })
}
