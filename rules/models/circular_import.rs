//! `circular-import`

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EnvScript, Exception};
use crate::rules::models::shared::raised::{self, Failure};
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule =
    Rule { name: "circular-import", page: include_str!("circular_import.md"), check: Check::EachEnvScript(check) };

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, found: &mut Findings) {
    let Some((Failure::Circular { name, module }, raised)) = raised::of(script) else { return };
    let report = found
        .report(
            raised.span,
            format!("`{name}` is imported from `{module}` while `{module}` itself is still being imported"),
        )
        .key(format!("circular:{module}.{name}"))
        .here(format!("`{module}` has no `{name}` yet"));
    let mut report = raised::explained(report, raised, environment, project);
    for (step, label) in circle(module, raised) {
        report = report.label(step, label);
    }
    report.help(
        "import it under `if TYPE_CHECKING:` and name the class as text (`relationship(\"…\")`, `Mapped[\"…\"]`), or \
         move the import to the end of the module or into the function that needs it",
    );
}

/// The imports by which `module` leads back to itself, each with who waits there.
fn circle(module: &str, raised: &Exception) -> Vec<(Span, String)> {
    let is_it = |imports: &Option<String>| imports.as_deref() == Some(module);
    let Some(start) = raised.way.iter().rposition(|step| is_it(&step.imports)) else { return Vec::new() };
    let inside = raised.way[start..].windows(2).filter_map(|pair| {
        let (by, to) = (pair[0].imports.as_deref()?, pair[1].imports.as_deref()?);
        Some((pair[1].span, format!("`{by}` waits here for `{to}`")))
    });
    inside.collect()
}
