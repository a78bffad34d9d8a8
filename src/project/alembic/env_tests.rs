//! env.py on paper, as small projects.

use std::rc::Rc;

use super::config::{Config, ConfigOption, Shape};
use super::env_script::{EngineProblem, EnvScript, TargetMetadata, What};
use super::library::{Alembic, MetaDatas, run_env, try_filters};
use crate::project::sqlalchemy::MetaDataId;
use crate::python::evaluate::Machine;
use crate::python::library::Library;
use crate::python::value::Value;
use crate::python::value::term::TermKind;
use crate::source::{Sources, Span};
use crate::syntax::python::Trees;

/// Every `MetaData()` call is a MetaData with the table `orders`.
struct Plain;

impl<'t> MetaDatas<'t> for Plain {
    fn number(&self, value: &Value<'t>) -> Option<MetaDataId> {
        let term = value.as_term()?;
        match &term.kind {
            TermKind::Call(callee, _) if callee.dotted() == Some("sqlalchemy.MetaData") => Some(MetaDataId(0)),
            _ => None,
        }
    }

    fn tables(&self, _: MetaDataId) -> Vec<(String, Option<String>)> {
        vec![("orders".to_owned(), None)]
    }
}

pub(super) fn run(url: &str, env: &str) -> (Sources, EnvScript) {
    let ini = format!("[alembic]\nscript_location = m\nsqlalchemy.url = {url}\n");
    let sources = Sources::in_memory([("alembic.ini", ini.as_str()), ("m/env.py", env), ("m/base.py", "")]);
    let script = {
        let trees = Trees::of(&sources);
        let file = sources.id("alembic.ini").expect("is there");
        let at = ini.find(url).expect("is there");
        let span = Span::new(file, at..at + url.len());
        let mut config = Config::in_code("");
        config.shape = Shape::Ini;
        config.file = Some(file);
        let option = ConfigOption {
            value: Some(url.to_owned()),
            raw: url.to_owned(),
            key_span: span,
            span,
            error: None,
            items: Vec::new(),
        };
        config.sections.entry("alembic".to_owned()).or_default().insert("sqlalchemy.url".to_owned(), option);
        let library = Rc::new(Alembic::new());
        let libraries: Vec<Rc<dyn Library<'_>>> = vec![library.clone()];
        let mut machine = Machine::new(&trees, libraries);
        machine.search_path = vec!["".into()];
        let env = sources.id("m/env.py").expect("is there");
        let mut script = run_env(&mut machine, &library, &Plain, &config, env);
        try_filters(&mut machine, &library, &Plain, &mut script);
        script
    };
    (sources, script)
}

/// The template of `alembic init`.
pub(super) const GENERIC: &str = r#"
from logging.config import fileConfig
from alembic import context
from sqlalchemy import MetaData, engine_from_config, pool, text

config = context.config
target_metadata = MetaData()


def run_migrations_offline():
    url = config.get_main_option("sqlalchemy.url")
    context.configure(url=url, target_metadata=target_metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    connectable = engine_from_config(
        config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"#;

/// The template of `alembic init -t async`, from the engine on.
pub(super) const ASYNC: &str = r#"
import asyncio
from alembic import context
from sqlalchemy import MetaData, pool
from sqlalchemy.ext.asyncio import async_engine_from_config

config = context.config
target_metadata = MetaData()


def do_run_migrations(connection):
    context.configure(connection=connection, target_metadata=target_metadata)
    with context.begin_transaction():
        context.run_migrations()


async def run_async_migrations():
    connectable = async_engine_from_config(
        config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    async with connectable.connect() as connection:
        await connection.run_sync(do_run_migrations)
    await connectable.dispose()


async def main():
    await run_async_migrations()
"#;

fn words(script: &EnvScript) -> Vec<&'static str> {
    script.online.events.iter().filter(|event| event.certain).map(|event| word(&event.what)).collect()
}

fn word(what: &What) -> &'static str {
    match what {
        What::Engine { .. } => "engine",
        What::Connect { .. } => "connect",
        What::Statement { .. } => "statement",
        What::Commit { .. } => "commit",
        What::Autocommit { .. } => "autocommit",
        What::Configure(_) => "configure",
        What::BeginTransaction => "begin",
        What::RunMigrations => "run",
        What::LostCoroutine { .. } => "lost",
        What::CreateAll => "create_all",
    }
}

#[test]
fn the_generic_template_is_understood() {
    let (sources, script) = run("postgresql+asyncpg://u:p@h/d", GENERIC);
    assert_eq!(script.online.raised, None);
    assert_eq!(words(&script), ["engine", "connect", "configure", "begin", "run"]);
    let (_, call) = script.online.configures().next().expect("one call");
    assert_eq!(call.target_metadata, TargetMetadata::These(vec![MetaDataId(0)]));
    assert_eq!(sources.slice(call.target_metadata_span.expect("written")), "target_metadata = MetaData()");
    let engine = script.online.engine_of(call).expect("an engine");
    let What::Engine { url, is_async, .. } = &engine.what else { panic!("{engine:?}") };
    let url = url.get().expect("known");
    assert_eq!((url.dialect.as_str(), url.driver.as_deref(), *is_async), ("postgresql", Some("asyncpg"), false));
    assert_eq!(sources.path(url.span.file), "alembic.ini");
    let offline: Vec<_> = script.offline.events.iter().map(|event| word(&event.what)).collect();
    assert_eq!(offline, ["configure", "begin", "run"]);
    assert!(script.offline.configures().all(|(_, call)| call.has_url));
}

#[test]
fn the_async_template_is_understood() {
    let (_, script) =
        run("postgresql://u:p@h/d", &format!("{ASYNC}\nasyncio.get_event_loop().run_until_complete(main())\n"));
    assert_eq!(words(&script), ["engine", "connect", "configure", "begin", "run"]);
    let (_, call) = script.online.configures().next().expect("one call");
    assert_eq!(call.async_connection, None);
    let What::Connect { entered_async, .. } = script.online.connect(call.connection.expect("one")).expect("one").what
    else {
        panic!("no connection");
    };
    assert_eq!(entered_async, Some(true));
}

#[test]
fn a_coroutine_that_nobody_awaits_is_lost() {
    let (_, script) = run("postgresql://u:p@h/d", &format!("{ASYNC}\nmain()\n"));
    assert_eq!(words(&script), ["lost"]);
    let (_, script) =
        run("postgresql://u:p@h/d", &format!("{}\n", ASYNC.replace("await connection.run", "connection.run")));
    assert!(words(&script).is_empty());
    let text = ASYNC.replace("await connection.run", "connection.run");
    let (_, script) = run("postgresql://u:p@h/d", &format!("{text}\nasyncio.run(main())\n"));
    assert!(words(&script).contains(&"lost"), "{:?}", script.online);
}

#[test]
fn run_sync_left_out_is_seen_where_the_connection_is_handed_on() {
    let text = ASYNC.replace("await connection.run_sync(do_run_migrations)", "do_run_migrations(connection)");
    let (sources, script) = run("postgresql://u:p@h/d", &format!("{text}\nasyncio.run(main())\n"));
    let (_, call) = script.online.configures().next().expect("one call");
    assert_eq!(sources.slice(call.async_connection.expect("seen")), "do_run_migrations(connection)");
}

#[test]
fn statements_and_commits_are_in_order() {
    let before = "        connection.execute(text(\"SET lock_timeout = 1\"))\n        connection.commit()\n        context.configure(connection=";
    let (_, script) = run("sqlite://", &GENERIC.replacen("        context.configure(connection=", before, 1));
    assert_eq!(words(&script), ["engine", "connect", "statement", "commit", "configure", "begin", "run"]);
    let block = "        with connection.begin():\n            connection.execute(text(\"x\"))\n        context.configure(connection=";
    let (_, script) = run("sqlite://", &GENERIC.replacen("        context.configure(connection=", block, 1));
    assert_eq!(words(&script), ["engine", "connect", "statement", "statement", "commit", "configure", "begin", "run"]);
}

#[test]
fn a_section_that_does_not_exist_is_no_dict() {
    let (sources, script) = run(
        "sqlite://",
        &GENERIC.replace("config.get_section(config.config_ini_section, {})", "config.get_section(\"database\")"),
    );
    let What::Engine { problem: Some(EngineProblem::SectionMissing { section, span }), .. } =
        &script.online.events[0].what
    else {
        panic!("{:?}", script.online.events[0]);
    };
    assert_eq!(section.as_deref(), Some("database"));
    assert_eq!(sources.slice(*span), "config.get_section(\"database\")");
}

#[test]
fn another_prefix_finds_no_url() {
    let (_, script) = run("sqlite://", &GENERIC.replace("prefix=\"sqlalchemy.\"", "prefix=\"db.\""));
    let What::Engine { problem: Some(EngineProblem::UrlMissing { prefix, similar, .. }), .. } =
        &script.online.events[0].what
    else {
        panic!("{:?}", script.online.events[0]);
    };
    assert_eq!(prefix, "db.");
    assert_eq!(similar.as_ref().map(|(key, _)| key.as_str()), Some("sqlalchemy.url"));
}

#[test]
fn set_main_option_counts_and_percent_signs_are_judged() {
    let set = "target_metadata = MetaData()\nconfig.set_main_option(\"sqlalchemy.url\", \"postgresql+psycopg://u:p%40@h/d\")\n";
    let (_, script) = run("sqlite://", &GENERIC.replace("target_metadata = MetaData()\n", set));
    let option = &script.online.set_options[0];
    assert_eq!((option.key.as_str(), option.stray_percent), ("sqlalchemy.url", Some(24)));
    let What::Engine { url, .. } = &script.online.events[0].what else { panic!("no engine") };
    assert_eq!(url.get().and_then(|url| url.driver.as_deref()), Some("psycopg"));
}

#[test]
fn a_filter_is_tried_on_the_tables() {
    let with = GENERIC
        .replace("target_metadata = MetaData()\n", "target_metadata = MetaData()\n\n\ndef keep(object, name, type_, reflected, compare_to):\n    if type_ == \"table\":\n        return name.startswith(\"shop_\")\n    return True\n")
        .replace("compare_type=True", "include_object=keep");
    let (sources, script) = run("sqlite://", &with);
    let (_, call) = script.online.configures().next().expect("one call");
    assert_eq!(call.filters.len(), 1);
    assert_eq!(call.filters[0].verdicts, [("orders".to_owned(), Some(false))]);
    assert_eq!(sources.slice(call.filters[0].span), "return name.startswith(\"shop_\")");
}

#[test]
fn a_connection_of_the_caller_is_absent_on_the_command_line() {
    let text = GENERIC.replace(
        "    with connectable.connect() as connection:",
        "    given = config.attributes.get(\"connection\", None)\n    if given is not None:\n        connectable = given\n    with connectable.connect() as connection:",
    );
    let (_, script) = run("sqlite://", &text);
    assert_eq!(words(&script), ["engine", "connect", "configure", "begin", "run"]);
}

#[test]
fn a_function_handed_to_a_library_may_be_run() {
    let text = GENERIC.replace(
        "else:\n    run_migrations_online()",
        "else:\n    import helper\n    helper.in_thread(run_migrations_online)",
    );
    let (_, script) = run("sqlite://", &text);
    assert!(words(&script).is_empty());
    assert!(script.online.runs_migrations());
}

#[test]
fn the_url_objects_keep_their_text() {
    let text = GENERIC.replace(
        "connectable = engine_from_config(\n        config.get_section(config.config_ini_section, {}), prefix=\"sqlalchemy.\", poolclass=pool.NullPool\n    )",
        "from sqlalchemy import URL, create_engine\n    connectable = create_engine(URL.create(drivername=\"postgresql+asyncpg\", username=\"u\", password=\"p@\", host=\"h\", database=\"d\").set(drivername=\"postgresql+psycopg2\"))",
    );
    let (_, script) = run("sqlite://", &text);
    let What::Engine { url, .. } = &script.online.events[0].what else { panic!("no engine") };
    assert_eq!(url.get().map(|url| url.text.as_str()), Some("postgresql+psycopg2://u:p%40@h/d"));
}

#[test]
fn the_beginning_of_a_url_tells_its_dialect_and_driver() {
    let url = |expression: &str| {
        let text = format!(
            "import os\nfrom alembic import context\nfrom sqlalchemy import create_engine\nx = os.environ['X']\n\
             context.configure(connection=create_engine({expression}).connect())\ncontext.run_migrations()\n"
        );
        let (_, script) = run("sqlite://", &text);
        let What::Engine { url, .. } = &script.online.events[0].what else { panic!("no engine") };
        url.get().map(|url| {
            (format!("{}+{:?}", url.dialect, url.driver), url.is_whole(), url.is_memory(), url.error.clone())
        })
    };
    let asyncpg = Some(("postgresql+Some(\"asyncpg\")".to_owned(), false, false, None));
    assert_eq!(url("f'postgresql+asyncpg://{x}:{x}@h:{x}/d'"), asyncpg);
    assert_eq!(url("'postgresql+asyncpg://' + x + '@h/' + x"), asyncpg);
    assert_eq!(url("f\"{'postgresql+asyncpg://' + x}/d\""), asyncpg);
    assert_eq!(url("f'sqlite://{x}'"), Some(("sqlite+None".to_owned(), false, false, None)));
    assert_eq!(url("f'sqlite://'"), Some(("sqlite+None".to_owned(), true, true, None)));
    for unknown in
        ["f'{x}://h/d'", "x + 'sqlite://'", "f'postgres://{x}'.replace('postgres', 'sqlite')", "f'postgresql{x}://h'"]
    {
        assert_eq!(url(unknown), None, "{unknown}");
    }
}
