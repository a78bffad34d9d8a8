//! `coroutine-not-awaited`

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EnvScript, What};
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "coroutine-not-awaited",
    page: include_str!("coroutine_not_awaited.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, _: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let mut seen = Vec::new();
    for (event, mode) in script.runs().into_iter().flat_map(|run| run.events.iter().map(move |event| (event, run))) {
        let What::LostCoroutine { function } = &event.what else { continue };
        if !event.certain || seen.contains(&event.span) || event.span.file != script.file {
            continue;
        }
        seen.push(event.span);
        let nothing_done = !mode.runs_migrations();
        findings
            .report(event.span, format!("the coroutine `{function}` is made and never awaited"))
            .key(format!("coroutine:{function}"))
            .here("nothing runs it")
            .why(if nothing_done {
                "no migration runs: Alembic ends with exit code 0, and the only trace is `RuntimeWarning: coroutine \
                 '…' was never awaited`; `revision --autogenerate` writes an empty revision"
            } else {
                "what it would do does not happen; the only trace is `RuntimeWarning: coroutine '…' was never awaited`"
            })
            .help("`asyncio.run(…)` at the module's level and in plain functions, `await` in coroutines")
            .maybe_fix(fix(script, project, event.span));
    }
}

/// `await` inside a coroutine of env.py, `asyncio.run` elsewhere.
fn fix(script: &EnvScript, project: &Project<'_>, call: Span) -> Option<Fix> {
    let inside = script.layout.functions.iter().find(|function| function.span.contains(call));
    if inside.is_some_and(|function| function.is_async) {
        let edit = Edit::Replace { span: call.before(), text: "await ".to_owned() };
        return Some(Fix::risky("await the coroutine", vec![edit]));
    }
    let text = project.sources.slice(call);
    let mut edits = vec![Edit::Replace { span: call, text: format!("asyncio.run({text})") }];
    let imported = script.layout.imports.iter().any(|import| import.bound == "asyncio" && !import.nested);
    if !imported {
        let first = script.layout.imports.iter().find(|import| !import.module.starts_with("__future__"))?;
        edits.push(Edit::Replace { span: first.statement.before(), text: "import asyncio\n".to_owned() });
    }
    Some(Fix::risky("run the coroutine", edits))
}
