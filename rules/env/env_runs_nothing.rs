//! `env-runs-nothing`

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EnvScript, What};
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule =
    Rule { name: "env-runs-nothing", page: include_str!("env_runs_nothing.md"), check: Check::EachEnvScript(check) };

/// Why nothing runs, and where that is written.
enum Cause {
    /// `if __name__ == "__main__":`
    Guard(Span, Option<Span>),
    /// A function that would run the migrations, which nobody calls.
    NotCalled(Span, String),
    /// Configured, and `context.run_migrations()` is missing.
    NotRun(Span),
    /// None of these.
    Nothing(Span),
}

fn check(script: &EnvScript, _: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let Some(cause) = find(script) else { return };
    let mut fix = None;
    let (span, message, help) = match cause {
        Cause::Guard(test, statement) => {
            fix = statement.and_then(|statement| without_guard(project, statement));
            (
                test,
                "env.py runs no migration: Alembic does not run it as `__main__`".to_owned(),
                "call the function at the module's level: Alembic imports env.py under another name",
            )
        }
        Cause::NotCalled(name, function) => (
            name,
            format!("env.py runs no migration: nothing calls `{function}`"),
            "call it at the module's level: `if context.is_offline_mode(): … else: …`",
        ),
        Cause::NotRun(span) => (
            span,
            "env.py configures Alembic and never calls `context.run_migrations()`".to_owned(),
            "call `context.run_migrations()` inside `with context.begin_transaction():`",
        ),
        Cause::Nothing(span) => (
            span,
            "env.py runs no migration: no path reaches `context.run_migrations()`".to_owned(),
            "take over the end of Alembic's template: `alembic init`",
        ),
    };
    findings
        .report(span, message)
        .key("env:runs-nothing")
        .why(
            "Alembic ends with exit code 0 and has done nothing: `upgrade` changes no table, `revision --autogenerate` \
             writes a revision with a bare `pass`",
        )
        .help(help)
        .maybe_fix(fix);
}

fn find(script: &EnvScript) -> Option<Cause> {
    let run = &script.online;
    let lost = |event: &crate::project::alembic::env_script::Event| matches!(event.what, What::LostCoroutine { .. });
    if run.runs_migrations() || run.raised.is_some() || run.incomplete || run.events.iter().any(lost) {
        return None;
    }
    if let Some((event, call)) = run.configures().last() {
        let begun = run.events.iter().rev().find(|event| matches!(event.what, What::BeginTransaction));
        return event.certain.then(|| Cause::NotRun(begun.map_or(call.span, |begun| begun.span)));
    }
    if let Some(test) = script.layout.main_guard {
        return Some(Cause::Guard(test, script.layout.main_guard_statement));
    }
    let ran_offline = |span: Span| script.offline.events.iter().any(|event| span.contains(event.span));
    let mut waiting = script.layout.functions.iter().filter(|function| function.runs_migrations);
    if let Some(function) = waiting.rfind(|function| !ran_offline(function.span)) {
        return Some(Cause::NotCalled(function.name_span, function.name.clone()));
    }
    // Only the online half is missing: `online-mode-missing` says so.
    (!script.offline.runs_migrations()).then(|| Cause::Nothing(Span::start_of(script.file)))
}

/// The guarded block, without its guard.
fn without_guard(project: &Project<'_>, statement: Span) -> Option<Fix> {
    let text = project.sources.slice(statement);
    let (head, body) = text.split_once('\n')?;
    if !head.trim_end().ends_with(':')
        || text.contains("\nelse:")
        || text.contains("\nelif ")
        || text.contains("\"\"\"")
    {
        return None;
    }
    let first = body.lines().find(|line| !line.trim().is_empty())?;
    let indent: String = first.chars().take_while(|letter| letter.is_whitespace()).collect();
    let dedented: Vec<&str> = body.split('\n').map(|line| line.strip_prefix(&indent).unwrap_or(line)).collect();
    let edit = Edit::Replace { span: statement, text: dedented.join("\n") };
    Some(Fix::risky("run it whenever Alembic loads env.py", vec![edit]))
}
