//! Files that Python can't parse, although alembic has to.

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "syntax-error", page: include_str!("syntax_error.md"), check: Check::WholeProject(check) };

/// One finding for each file: what follows the first problem is often only its echo.
fn check(project: &Project<'_>, findings: &mut Findings) {
    let mut last = None;
    for (span, message) in &project.syntax_problems {
        if last == Some(span.file) {
            continue;
        }
        last = Some(span.file);
        let path = project.sources.path(span.file);
        let problem = lower(message);
        findings
            .report(*span, format!("`{path}` is no valid Python"))
            .key(format!("file:{path}"))
            .here(problem)
            .why("alembic runs this file, and Python raises SyntaxError before it executes its first line");
    }
    configurations(project, findings);
}

/// The same of the configuration files. One that is a template of a file is none.
fn configurations(project: &Project<'_>, findings: &mut Findings) {
    let mut told = Vec::new();
    for environment in &project.environments {
        let Some((file, problem)) = environment.config.file.zip(environment.config.problems.first()) else { continue };
        let text = project.sources.text(file);
        if told.contains(&file) || text.contains("{{") || text.contains("{%") {
            continue;
        }
        told.push(file);
        let path = project.sources.path(file);
        findings
            .report(problem.span, format!("`{path}` can't be parsed"))
            .key(format!("file:{path}"))
            .here(lower(&problem.message))
            .why("alembic reads this file first, and every command ends there");
    }
}

fn lower(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
