//! `model-import-error`

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::EnvScript;
use crate::project::sqlalchemy::names;
use crate::rules::models::shared::evidence;
use crate::rules::models::shared::raised::{self, Failure};
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "model-import-error",
    page: include_str!("model_import_error.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, found: &mut Findings) {
    let Some((failure, raised)) = raised::of(script) else { return };
    let span = raised.span;
    match failure {
        Failure::ImportName(name, module) => {
            let of_module =
                |qualified: &&str| qualified.rsplit_once('.').is_some_and(|(path, _)| path.starts_with(module));
            let classes: Vec<&str> = project
                .models
                .classes
                .iter()
                .map(|class| &*class.qualified)
                .filter(of_module)
                .map(names::last)
                .collect();
            let meant = evidence::nearest(name, classes.into_iter());
            let report = found
                .report(span, format!("`{module}` has no `{name}` to import"))
                .key(format!("import:{module}.{name}"));
            let mut report = raised::explained(report, raised, environment, project);
            if let Some(meant) = meant {
                report = report.help(format!("did you mean `{meant}`?")).maybe_fix(fix(project, span, name, meant));
            } else {
                report = report.help("import a name that the module has, or add it there");
            }
            let _ = report;
        }
        Failure::Module(module) => {
            let report = found.report(span, format!("there is no module `{module}`")).key(format!("import:{module}"));
            raised::explained(report, raised, environment, project).help("mend the import, or add the module");
        }
        _ => {}
    }
}

/// Replaces the one mention of the name in the import statement.
fn fix(project: &Project<'_>, span: Span, name: &str, meant: &str) -> Option<Fix> {
    let line = project.sources.line_span(span);
    let text = project.sources.slice(line);
    let after = text.find("import")? + "import".len();
    let word = |at: usize| {
        let before = text[..at].chars().next_back();
        let behind = text[at + name.len()..].chars().next();
        let is_part = |letter: Option<char>| letter.is_some_and(|it| it.is_alphanumeric() || it == '_');
        !is_part(before) && !is_part(behind)
    };
    let at = after + text[after..].match_indices(name).map(|(at, _)| at).find(|at| word(after + at))?;
    // The code below goes on under the old name.
    let start = line.start as usize + at;
    let edit =
        Edit::Replace { span: Span::new(line.file, start..start + name.len()), text: format!("{meant} as {name}") };
    let uses = project.sources.text(line.file).matches(name).count();
    let edit = match edit {
        Edit::Replace { span, .. } if uses == 1 => Edit::Replace { span, text: meant.to_owned() },
        edit => edit,
    };
    Some(Fix::safe(format!("import `{meant}`"), vec![edit]))
}
