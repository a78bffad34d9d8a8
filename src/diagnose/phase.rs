//! How far a run had come when it failed, as a sentence.

use crate::diagnose::frames::Own;
use crate::diagnose::traceback::{COMMAND_ERROR, Event, USAGE_ERROR};
use crate::project::Project;

/// The sentence.
pub fn of(event: &Event, own: &[Own], project: &Project<'_>, cause: Option<&str>) -> String {
    let has = |parts: &[&str]| {
        event
            .chain
            .iter()
            .flat_map(|raised| &raised.frames)
            .any(|frame| parts.iter().any(|part| frame.path.contains(part)))
    };
    let last = event.chain.last();
    let class = last.map_or("", |last| last.class.as_str());
    let env =
        project.environments.iter().filter_map(|environment| environment.env_script.as_ref()).map(|script| script.file);
    let env: Vec<_> = env.collect();
    let revision = own.iter().rev().find_map(|own| {
        let scripts = project.environments.iter().flat_map(|environment| &environment.revisions.scripts);
        scripts.into_iter().find(|script| script.file == own.file).map(|script| (own, script))
    });
    if let Some((own, script)) = revision {
        let step = if own.function == "downgrade" { "undid" } else { "ran" };
        let id = script.id().map_or_else(|| project.sources.path(script.file).to_owned(), str::to_owned);
        return format!("alembic failed while it {step} revision {id}.");
    }
    if class == USAGE_ERROR {
        return "alembic did not start: it does not take this command line.".to_owned();
    }
    if has(&["/pool/", "sqlalchemy/engine/create.py"])
        && cause.is_some_and(|cause| cause.starts_with("db-") || cause.contains("url") || cause.contains("driver"))
    {
        return "alembic failed before it reached the database.".to_owned();
    }
    if has(&["alembic/script/revision.py", "alembic/script/base.py"])
        && own.iter().all(|own| env.contains(&own.file))
        && cause.is_some_and(|cause| cause.contains("revision") || cause.contains("head"))
    {
        return "alembic failed while it read the revisions.".to_owned();
    }
    if has(&["alembic/autogenerate/"]) {
        return "alembic failed while it compared models and database.".to_owned();
    }
    let imports =
        own.iter().any(|own| env.contains(&own.file)) && own.last().is_some_and(|own| !env.contains(&own.file));
    if imports {
        return "alembic failed while env.py imported the project, before it reached the database.".to_owned();
    }
    if own.iter().any(|own| env.contains(&own.file)) {
        return "alembic failed in env.py.".to_owned();
    }
    if class == COMMAND_ERROR {
        return "alembic refused to run.".to_owned();
    }
    match class {
        "" => "the run failed.".to_owned(),
        class if class.ends_with("Warning") || matches!(class, "Upgrade" | "Autogenerate") => {
            "the run ended without an error, and did not do its work.".to_owned()
        }
        _ => "the run failed.".to_owned(),
    }
}
