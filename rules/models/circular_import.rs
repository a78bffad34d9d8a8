//! `circular-import`

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::EnvScript;
use crate::rules::models::raised::{self, Failure};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "circular-import", page: include_str!("circular_import.md"), check: Check::EachEnvScript(check) };

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, found: &mut Findings) {
    let Some((Failure::Circular, exception, message, span)) = raised::of(script) else { return };
    let quoted: Vec<&str> = message.split('\'').skip(1).step_by(2).collect();
    let (name, module) = match quoted.as_slice() {
        [name, module, ..] => (*name, *module),
        [module] => ("", *module),
        [] => ("", ""),
    };
    let what = if name.is_empty() { "it".to_owned() } else { format!("`{name}`") };
    found
        .report(span, format!("{what} is imported from `{module}` while `{module}` itself is still being imported"))
        .key(format!("circular:{module}.{name}"))
        .why(format!("`{exception}: {message}`: {}", raised::level_and_place(environment, project, span)))
        .help(
            "import it under `if TYPE_CHECKING:` and name the class as text (`relationship(\"…\")`, `Mapped[\"…\"]`), or \
             move the import to the end of the module or into the function that needs it",
        );
}
