//! `env-never-commits`

use super::shared::evidence::{migration_engine, sqlalchemy};
use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{ConfigureCall, EnvRun, EnvScript, Event, ObjectId, What};
use crate::project::{Known, Project};
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule =
    Rule { name: "env-never-commits", page: include_str!("env_never_commits.md"), check: Check::EachEnvScript(check) };

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let series = sqlalchemy(environment, project);
    if !series.is_at_least(&[2]) {
        return;
    }
    let run = &script.online;
    for (at, configured) in run.events.iter().enumerate() {
        let What::Configure(call) = &configured.what else { continue };
        let Some(connection) = call.connection.filter(|_| configured.certain) else { continue };
        if keeps_itself(run, connection) {
            continue;
        }
        let runs = run.events[at..].iter().position(|event| matches!(event.what, What::RunMigrations));
        let Some(runs) = runs.map(|after| at + after).filter(|runs| run.events[*runs].certain) else { continue };
        let committed_after = |from: usize| {
            run.events[from..].iter().any(|event| match event.what {
                What::Commit { connection: Some(of) } => of == connection,
                What::Commit { connection: None } => true,
                _ => false,
            })
        };
        let statement = run.events[..at].iter().enumerate().find(|(number, event)| {
            matches!(event.what, What::Statement { connection: of, .. } if of == connection)
                && event.certain
                && !committed_after(*number)
        });
        let why = format!(
            "with {}, the statement begins a transaction that Alembic does not own: `upgrade` prints \"Running \
             upgrade\", ends with exit code 0, and everything is rolled back",
            series.words("SQLAlchemy")
        );
        if let Some((_, statement)) = statement {
            findings
                .report(statement.span, "a statement before `context.configure` makes every migration roll back")
                .key("transaction:statement-before-configure")
                .here("this begins a transaction that nobody commits")
                .label(call.span, "Alembic finds the connection inside that transaction")
                .why(why)
                .help("commit it before `context.configure`, or use `engine.begin()`, or move it into the transaction")
                .maybe_fix(commit_before(project, call, statement));
            continue;
        }
        let begun = run.events[at..runs].iter().any(|event| matches!(event.what, What::BeginTransaction));
        // With `transaction_per_migration=True`, Alembic begins and commits one for each migration itself.
        let each = matches!(call.option("transaction_per_migration"), Some(Known::Is(true, _) | Known::Unknown(..)));
        if begun
            || each
            || call.open
            || committed_after(runs)
            || !has_transactional_ddl(environment, project, run, call)
        {
            continue;
        }
        let span = run.events[runs].span;
        findings
            .report(span, "`context.run_migrations()` runs outside `context.begin_transaction()`: nothing is committed")
            .key("transaction:missing")
            .why(format!(
                "with {}, `upgrade` prints \"Running upgrade\", ends with exit code 0, and everything is rolled back \
                 when the connection closes",
                series.words("SQLAlchemy")
            ))
            .help("put it into `with context.begin_transaction():`")
            .maybe_fix(wrap(project, span));
    }
}

/// `engine.begin()`, AUTOCOMMIT, or something that could not be read about them.
fn keeps_itself(run: &EnvRun, connection: ObjectId) -> bool {
    let Some(Event { what: What::Connect { begins, engine, .. }, .. }) = run.connect(connection) else { return true };
    let engine = engine.and_then(|engine| run.engine(engine)).map(|event| &event.what);
    let plain = matches!(engine, Some(What::Engine { autocommit: Some(false), .. }));
    *begins
        || !plain
        || run.events.iter().any(|event| matches!(event.what, What::Autocommit { connection: of } if of == connection))
}

/// On SQLite, MySQL and Oracle, Alembic opens a transaction for each migration itself.
fn has_transactional_ddl(environment: &Environment, project: &Project<'_>, run: &EnvRun, call: &ConfigureCall) -> bool {
    let url = migration_engine(run, call).and_then(|engine| engine.url.map(|url| url.dialect.clone()));
    match url.or_else(|| project.settings.dialect.clone()).as_deref() {
        Some(dialect) => matches!(dialect, "postgresql" | "mssql"),
        None => {
            let has = |name: &str| environment.versions.pins.contains_key(name);
            ["psycopg2", "psycopg2-binary", "psycopg", "psycopg-binary", "asyncpg"].iter().any(|name| has(name))
                && !["mysqlclient", "pymysql", "aiomysql", "aiosqlite"].iter().any(|name| has(name))
        }
    }
}

/// `connection.commit()` on a line of its own before `context.configure(…)`.
fn commit_before(project: &Project<'_>, call: &ConfigureCall, statement: &Event) -> Option<Fix> {
    let name = project.sources.slice(call.connection_span?);
    if name.is_empty() || !name.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
        return None;
    }
    let _ = statement;
    let line = project.sources.line_span(call.span);
    let text = project.sources.slice(line);
    let indent: String = text.chars().take_while(|letter| letter.is_whitespace()).collect();
    if line.start + indent.len() as u32 != call.span.start {
        return None;
    }
    let end = project.sources.line_end(line.file);
    let edit = Edit::Replace { span: line.before(), text: format!("{indent}{name}.commit(){end}") };
    Some(Fix::safe("commit before Alembic takes the connection over", vec![edit]))
}

/// The call's line inside `with context.begin_transaction():`.
fn wrap(project: &Project<'_>, run: Span) -> Option<Fix> {
    let line = project.sources.line_span(run);
    let text = project.sources.slice(line);
    let indent: String = text.chars().take_while(|letter| letter.is_whitespace()).collect();
    let called = project.sources.slice(run);
    if line.start + indent.len() as u32 != run.start || !called.ends_with(".run_migrations()") {
        return None;
    }
    let context = called.strip_suffix(".run_migrations()")?;
    let end = project.sources.line_end(line.file);
    let text = format!("with {context}.begin_transaction():{end}{indent}    {called}");
    Some(Fix::safe("run the migrations inside `begin_transaction`", vec![Edit::Replace { span: run, text }]))
}
