//! `model-import-in-revision`

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::revision::{Import, RevisionScript};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "model-import-in-revision",
    page: include_str!("model_import_in_revision.md"),
    check: Check::EachRevision(check),
};

fn check(script: &RevisionScript, _: &Environment, project: &Project<'_>, found: &mut Findings) {
    let id = script.id().unwrap_or("?");
    for import in &script.imports {
        let Some(class) = project.models.classes.iter().find(|class| brings(import, &class.qualified)) else {
            continue;
        };
        let what = import.name.as_ref().map_or(import.module.to_string(), |name| format!("{}.{name}", import.module));
        found
            .report(import.span, format!("a revision imports the model `{what}`"))
            .key(format!("import:{id}:{what}"))
            .label(class.name_span, "the model changes; the revision must not")
            .why(
                "the revision runs with the model of the day, not with the one it was written for: columns that came \
                 later break it on an empty database",
            )
            .help("declare the few columns that the revision needs with `sa.table(…)` and `sa.column(…)`");
    }
}

/// Does `import` bring in the class, or the module or package that holds it?
fn brings(import: &Import, qualified: &str) -> bool {
    let below = |module: &str| qualified.strip_prefix(module).and_then(|rest| rest.strip_prefix('.'));
    match &import.name {
        None => below(&import.module).is_some(),
        Some(name) => below(&import.module).is_some_and(|rest| {
            let class = rest.rsplit('.').next().unwrap_or(rest);
            class == &**name || rest.strip_prefix(&**name).is_some_and(|rest| rest.starts_with('.'))
        }),
    }
}
