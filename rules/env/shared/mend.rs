//! env.py mended for its real engine: an awaiting one for an asynchronous driver, a plain one for a synchronous driver,
//! an offline or an online mode where there is none. The project's own imports, MetaData and options are kept.

use super::edit::{line_end, number_of};
use crate::diagnostic::{Edit, Fix};
use crate::project::alembic::Environment;
use crate::project::alembic::env_layout::{Block, Layout};
use crate::project::alembic::env_script::{ConfigureCall, EnvScript, Event, What};
use crate::project::{Known, Project};
use crate::rules::env::async_driver_in_sync_env::ASYNC_ONLY;
use crate::source::Span;

/// Functions that make engines, synchronous and asynchronous.
const MAKERS: &[(&str, &str)] =
    &[("engine_from_config", "async_engine_from_config"), ("create_engine", "create_async_engine")];

/// env.py with an engine that is awaited.
pub fn asynchronous(script: &EnvScript, connect: &Event, engine: &Event, project: &Project<'_>) -> Option<Fix> {
    let (block, function) = block_of(script, connect)?;
    let sources = project.sources;
    let text = sources.text(script.file);
    let is_async = matches!(engine.what, What::Engine { is_async: true, .. });
    if block.is_async {
        return None;
    }
    if function.is_async {
        // `with` in a coroutine: one word is missing.
        let edit = Edit::Replace { span: block.span.before(), text: "async ".to_owned() };
        return is_async.then(|| Fix::risky("enter the connection by `async with`", vec![edit]));
    }
    let before = block.before.as_ref()?;
    let taken = |name: &str| script.layout.functions.iter().any(|function| function.name == name);
    if !block.after.is_empty() || taken("do_run_migrations") || taken("run_async_migrations") {
        return None;
    }
    let mut edits = Vec::new();
    let mut setup: Vec<String> = Vec::new();
    for statement in before {
        let mut line = dedented(sources.slice(*statement), 4);
        if !is_async && statement.contains(engine.span) {
            let (sync, waiting) = MAKERS.iter().find(|(sync, _)| line.contains(&format!("{sync}(")))?;
            line = line.replacen(&format!("{sync}("), &format!("{waiting}("), 1);
            edits.extend(import_instead(script, project, sync, waiting)?);
        }
        // The body moves into a function of its own: names of this one would be missing there.
        let assigned = line.split_once('=').map(|(name, _)| name.trim()).filter(|name| is_name(name));
        let used = |name: &str| block.body.iter().any(|inner| number_of(sources.slice(*inner), name) > 0);
        if assigned.is_some_and(used) {
            return None;
        }
        setup.push(line);
    }
    if !is_async && edits.is_empty() {
        return None;
    }
    let end = line_end(text);
    let context = sources.slice(block.context);
    let engine_name = context.rsplit_once('.').map(|(engine, _)| engine).filter(|engine| is_name(engine));
    let name = &block.name;
    let mut lines = vec![format!("def do_run_migrations({name}):")];
    for statement in &block.body {
        let column = column_of(text, *statement);
        lines.extend(indented(&dedented(sources.slice(*statement), column), 4));
    }
    lines.extend([String::new(), String::new(), "async def run_async_migrations():".to_owned()]);
    for statement in &setup {
        lines.extend(indented(statement, 4));
    }
    lines.push(format!("    async with {context} as {name}:"));
    lines.push(format!("        await {name}.run_sync(do_run_migrations)"));
    if let Some(engine_name) = engine_name {
        lines.push(format!("    await {engine_name}.dispose()"));
    }
    lines.extend([String::new(), String::new(), head(text, function.span)]);
    if let Some(docstring) = block.docstring {
        lines.extend(indented(&dedented(sources.slice(docstring), 4), 4));
    }
    lines.push("    asyncio.run(run_async_migrations())".to_owned());
    edits.push(Edit::Replace { span: function.span, text: lines.join(end) });
    if !script.layout.imports.iter().any(|import| import.bound == "asyncio" && !import.nested) {
        edits.push(first_import(&script.layout, "import asyncio", end)?);
    }
    Some(Fix::risky("await the engine, as Alembic's async template does", edits))
}

/// env.py without asyncio.
pub fn synchronous(script: &EnvScript, connect: &Event, engine: &Event, project: &Project<'_>) -> Option<Fix> {
    let (block, function) = block_of(script, connect)?;
    let sources = project.sources;
    let text = sources.text(script.file);
    if !block.is_async || !function.is_async || !function.span.contains(engine.span) {
        return None;
    }
    let old = sources.slice(function.span);
    let started = [format!("asyncio.run({}())", function.name)].into_iter().find(|call| number_of(text, call) == 1)?;
    if number_of(text, &function.name) != 2 {
        return None;
    }
    let name = function.name.replace("async", "sync");
    let (sync, waiting) = MAKERS.iter().find(|(_, waiting)| old.contains(&format!("{waiting}(")))?;
    let mut new = old.replacen(&format!("{waiting}("), &format!("{sync}("), 1);
    new = new.replacen("async def ", "def ", 1).replacen(&function.name, &name, 1);
    new = new.replace("async with ", "with ");
    // `await connection.run_sync(function, …)` → `function(connection, …)`
    let connection = &block.name;
    let awaiting = format!("await {connection}.run_sync(");
    while let Some(at) = new.find(&awaiting) {
        let inside = &new[at + awaiting.len()..];
        let end = inside.find(')')?;
        let mut arguments = inside[..end].splitn(2, ',');
        let called = arguments.next()?.trim();
        let further = arguments.next().map_or(String::new(), |rest| format!(",{rest}"));
        if !is_name(called) {
            return None;
        }
        let plain = format!("{called}({connection}{further})");
        new.replace_range(at..at + awaiting.len() + end + 1, &plain);
    }
    new = new.replace("await ", "");
    let mut edits = vec![Edit::Replace { span: function.span, text: new }];
    let at = text.find(&started)?;
    edits.push(Edit::Replace { span: Span::new(script.file, at..at + started.len()), text: format!("{name}()") });
    edits.extend(import_instead(script, project, waiting, sync)?);
    if number_of(text, "asyncio.") == number_of(text, &started) + number_of(text, "sqlalchemy.ext.asyncio.") {
        let import = script.layout.imports.iter().find(|import| import.bound == "asyncio" && !import.nested);
        if let Some(import) = import.filter(|import| import.names_in_statement == 1) {
            let mut line = whole_line(text, import.statement);
            // With the first import of the file, the blank line after it goes, too.
            let first = text[..line.start as usize].trim().is_empty();
            let rest = &text[line.end as usize..];
            if let Some(blank) = ["\n", "\r\n"].iter().find(|blank| first && rest.starts_with(**blank)) {
                line.end += blank.len() as u32;
            }
            edits.push(Edit::Replace { span: line, text: String::new() });
        }
    }
    Some(Fix::risky("run the migrations without asyncio", edits))
}

/// env.py with an offline mode.
pub fn offline(script: &EnvScript, call: &ConfigureCall, project: &Project<'_>) -> Option<Fix> {
    let sources = project.sources;
    let text = sources.text(script.file);
    let layout = &script.layout;
    if layout.functions.iter().any(|function| function.name == "run_migrations_offline") || layout.mode_switch.is_some()
    {
        return None;
    }
    // The statement at the module's own level that starts the online half.
    let start = *layout.statements.last()?;
    let started = sources.slice(start);
    let calls = layout.functions.iter().any(|function| number_of(started, &format!("{}(", function.name)) > 0);
    if !calls || started.contains('\n') {
        return None;
    }
    let config = match layout.assignments.iter().find(|assignment| sources.slice(assignment.value) == "context.config")
    {
        Some(assignment) => assignment.name.clone(),
        None => "context.config".to_owned(),
    };
    let engine = script.online.engine_of(call)?;
    let What::Engine { made_by, url, .. } = &engine.what else { return None };
    if !made_by.ends_with("engine_from_config") || url.get().is_none() {
        return None;
    }
    let target = call.target_metadata_span.map(|span| {
        let assigned = layout.assignments.iter().find(|assignment| assignment.span == span);
        assigned.map_or_else(|| sources.slice(span).to_owned(), |assignment| assignment.name.clone())
    });
    let end = line_end(text);
    let mut lines = vec![
        "def run_migrations_offline():".to_owned(),
        "    context.configure(".to_owned(),
        format!("        url={config}.get_main_option(\"sqlalchemy.url\"),"),
    ];
    lines.extend(target.map(|target| format!("        target_metadata={target},")));
    lines.push("        literal_binds=True,".to_owned());
    lines.push("        dialect_opts={\"paramstyle\": \"named\"},".to_owned());
    for (name, value) in &call.options {
        let (Known::Is(_, span) | Known::Unknown(span, _)) = value;
        let written = sources.slice(*span);
        if !matches!(name.as_str(), "literal_binds" | "dialect_opts" | "dialect_name") && !written.contains('\n') {
            lines.push(format!("        {written},"));
        }
    }
    lines.extend(
        [
            "    )",
            "    with context.begin_transaction():",
            "        context.run_migrations()",
            "",
            "",
            "if context.is_offline_mode():",
            "    run_migrations_offline()",
            "else:",
        ]
        .map(str::to_owned),
    );
    lines.push(format!("    {started}"));
    let edit = Edit::Replace { span: start, text: lines.join(end) };
    Some(Fix::risky("add an offline mode with the same options", vec![edit]))
}

/// env.py with an online mode: what it does offline, on a connection made from the same configuration.
pub fn online(script: &EnvScript, environment: &Environment, project: &Project<'_>) -> Option<Fix> {
    const NEW: &[&str] = &["run_migrations_online", "do_run_migrations", "run_async_migrations"];
    let (sources, layout) = (project.sources, &script.layout);
    let switch = layout.mode_switch.filter(|_| layout.mode_switch_is_open)?;
    if layout.functions.iter().any(|function| NEW.contains(&function.name.as_str())) {
        return None;
    }
    let mut calls = script.offline.configures();
    let (Some((event, call)), None) = (calls.next(), calls.next()) else { return None };
    let url = call.url.as_ref()?.get()?;
    // `engine_from_config` reads the section: it must be what holds the URL.
    let set = script.offline.set_options.iter().rfind(|option| option.key == "sqlalchemy.url");
    let configured = match set {
        Some(set) => set.value.as_deref(),
        None => environment.config.option("sqlalchemy.url").and_then(|option| option.value.as_deref()),
    };
    if !event.certain || call.open || configured != Some(url.text.as_str()) {
        return None;
    }
    let mut arguments = vec!["connection=connection".to_owned()];
    if let Some(span) = call.target_metadata_span {
        let assigned = layout.assignments.iter().find(|assignment| assignment.span == span);
        let target = assigned.map_or_else(|| sources.slice(span), |assignment| assignment.name.as_str());
        if !is_bound(layout, target) {
            return None;
        }
        arguments.push(format!("target_metadata={target}"));
    }
    for (name, value) in &call.options {
        if matches!(name.as_str(), "literal_binds" | "dialect_opts" | "dialect_name") {
            continue;
        }
        let written = sources.slice(value.span());
        let given = written.rsplit('=').next().map_or("", str::trim);
        if value.get().is_none() && !is_bound(layout, given) {
            return None;
        }
        arguments.push(written.to_owned());
    }
    let section = match layout.assignments.iter().find(|assignment| sources.slice(assignment.value) == "context.config")
    {
        Some(assignment) => assignment.name.as_str(),
        None => "context.config",
    };
    let waits = url.driver.as_deref().is_some_and(|driver| ASYNC_ONLY.contains(&driver));
    let maker = if waits { "async_engine_from_config" } else { "engine_from_config" };
    let engine = |depth: usize| {
        let written = [
            format!("connectable = {maker}("),
            format!("    {section}.get_section({section}.config_ini_section),"),
            "    prefix=\"sqlalchemy.\",".to_owned(),
            "    poolclass=pool.NullPool,".to_owned(),
            ")".to_owned(),
        ];
        written.map(|line| format!("{}{line}", " ".repeat(depth)))
    };
    let migrate = |depth: usize| {
        let mut written = vec!["context.configure(".to_owned()];
        written.extend(arguments.iter().map(|argument| format!("    {argument},")));
        written.push(")".to_owned());
        written.push("with context.begin_transaction():".to_owned());
        written.push("    context.run_migrations()".to_owned());
        written.into_iter().map(move |line| format!("{}{line}", " ".repeat(depth)))
    };
    let owned = |line: &str| line.to_owned();
    let mut lines: Vec<String> = Vec::new();
    if waits {
        lines.push(owned("def do_run_migrations(connection):"));
        lines.extend(migrate(4));
        lines.extend(["", "", "async def run_async_migrations():"].map(owned));
        lines.extend(engine(4));
        lines.push(owned("    async with connectable.connect() as connection:"));
        lines.push(owned("        await connection.run_sync(do_run_migrations)"));
        lines.push(owned("    await connectable.dispose()"));
        lines.extend(["", "", "def run_migrations_online():"].map(owned));
        lines.push(owned("    asyncio.run(run_async_migrations())"));
    } else {
        lines.push(owned("def run_migrations_online():"));
        lines.extend(engine(4));
        lines.push(owned("    with connectable.connect() as connection:"));
        lines.extend(migrate(8));
    }
    lines.extend(["", "", ""].map(owned));
    let end = sources.line_end(script.file);
    let mut edits = vec![
        Edit::Replace { span: switch.before(), text: lines.join(end) },
        Edit::Replace { span: switch.after(), text: format!("{end}else:{end}    run_migrations_online()") },
    ];
    let is_there = |name: &str| layout.imports.iter().any(|import| import.bound == name && !import.nested);
    let mut imports = Vec::new();
    match waits {
        true => {
            imports.extend((!is_there("pool")).then(|| owned("from sqlalchemy import pool")));
            imports.extend((!is_there(maker)).then(|| format!("from sqlalchemy.ext.asyncio import {maker}")));
            if !is_there("asyncio") {
                edits.push(first_import(layout, "import asyncio", end)?);
            }
        }
        false => {
            let missing: Vec<&str> = [maker, "pool"].into_iter().filter(|name| !is_there(name)).collect();
            imports.extend((!missing.is_empty()).then(|| format!("from sqlalchemy import {}", missing.join(", "))));
        }
    }
    if !imports.is_empty() {
        let alembic = layout.imports.iter().find(|import| import.bound == "context" && !import.nested)?;
        edits.push(super::edit::insert_after(sources, alembic.statement, &imports));
    }
    Some(Fix::risky("add an online mode with the same options", edits))
}

/// Is what the expression begins with bound at the module's own level?
fn is_bound(layout: &Layout, expression: &str) -> bool {
    let first = expression.split('.').next().unwrap_or(expression);
    let is_plain = expression.split('.').all(is_name);
    is_plain
        && (layout.functions.iter().any(|function| function.name == first)
            || layout.assignments.iter().any(|assignment| assignment.name == first)
            || layout.imports.iter().any(|import| import.bound == first))
}

/// The `with` block that opens a connection, and its function.
fn block_of<'s>(
    script: &'s EnvScript,
    connect: &Event,
) -> Option<(&'s Block, &'s crate::project::alembic::env_layout::Function)> {
    let block = script.layout.blocks.iter().find(|block| block.context.contains(connect.span))?;
    Some((block, script.layout.functions.get(block.function)?))
}

/// Imports `new` from where it lives and drops the import of `old`, which nothing else uses.
fn import_instead(script: &EnvScript, project: &Project<'_>, old: &str, new: &str) -> Option<Vec<Edit>> {
    let sources = project.sources;
    let text = sources.text(script.file);
    let home = if new.contains("async") { "sqlalchemy.ext.asyncio" } else { "sqlalchemy" };
    let line = format!("from {home} import {new}");
    let import = script.layout.imports.iter().find(|import| import.bound == old && !import.nested)?;
    if script.layout.imports.iter().any(|import| import.bound == new) {
        return Some(Vec::new());
    }
    let mut edits = Vec::new();
    let beside = script.layout.imports.iter().find(|other| {
        let written = sources.slice(other.statement);
        other.module == home && other.member.is_some() && !other.nested && !written.contains(['(', '\n', '\\'])
    });
    if let Some(beside) = beside.filter(|beside| import.names_in_statement == 1 && beside.statement != import.statement)
    {
        let names: Vec<_> = script.layout.imports.iter().filter(|other| other.statement == beside.statement).collect();
        match names.iter().find(|other| other.bound.as_str() > new) {
            Some(next) => edits.push(Edit::Replace { span: next.span.before(), text: format!("{new}, ") }),
            None => edits.push(Edit::Replace { span: beside.statement.after(), text: format!(", {new}") }),
        }
        edits.push(Edit::Replace { span: whole_line(text, import.statement), text: String::new() });
    } else if number_of(text, old) > 2 {
        edits.push(super::edit::insert_after(sources, import.statement, &[line]));
    } else if import.names_in_statement == 1 {
        edits.push(Edit::Replace { span: import.statement, text: line });
    } else {
        let statement = sources.slice(import.statement);
        let from = (import.span.start - import.statement.start) as usize;
        let to = (import.span.end - import.statement.start) as usize;
        let (left, right) = (&statement[..from], &statement[to..]);
        let rest = right.trim_start();
        let kept = match rest.strip_prefix(',') {
            Some(after) if left.ends_with([' ', '(']) && !after.trim_start().starts_with(')') => {
                format!("{left}{}", after.trim_start())
            }
            _ => format!("{}{right}", left.trim_end().trim_end_matches(',')),
        };
        edits.push(Edit::Replace { span: import.statement, text: format!("{kept}{}{line}", line_end(text)) });
    }
    Some(edits)
}

fn first_import(layout: &Layout, line: &str, end: &str) -> Option<Edit> {
    let first = layout.imports.iter().find(|import| import.module != "__future__" && !import.nested)?;
    // The standard library stands by itself.
    let standard =
        ["asyncio", "logging", "os", "sys", "re", "pathlib", "typing", "collections", "importlib", "pkgutil"];
    let top = first.module.split('.').next().unwrap_or("");
    let gap = if standard.contains(&top) { "" } else { end };
    Some(Edit::Replace { span: first.statement.before(), text: format!("{line}{end}{gap}") })
}

/// The `def …:` line of a function.
fn head(text: &str, function: Span) -> String {
    let source = &text[function.range()];
    let end = source.find(":\n").or_else(|| source.find(":\r\n")).map_or(source.len(), |at| at + 1);
    source[..end].to_owned()
}

/// The statement's line with its line end.
fn whole_line(text: &str, statement: Span) -> Span {
    let end = text[statement.end as usize..].find('\n').map_or(text.len(), |at| statement.end as usize + at + 1);
    Span::new(statement.file, statement.start as usize..end)
}

fn column_of(text: &str, span: Span) -> usize {
    let start = span.start as usize;
    start - text[..start].rfind('\n').map_or(0, |at| at + 1)
}

/// The lines after the first without up to `columns` blanks in front.
fn dedented(text: &str, columns: usize) -> String {
    let mut lines = text.lines();
    let mut out = lines.next().unwrap_or("").to_owned();
    for line in lines {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        out.push('\n');
        out.push_str(&line[blanks.min(columns)..]);
    }
    out
}

fn indented(text: &str, columns: usize) -> Vec<String> {
    let blanks = " ".repeat(columns);
    text.lines().map(|line| if line.is_empty() { String::new() } else { format!("{blanks}{line}") }).collect()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}
