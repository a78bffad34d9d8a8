//! env.py imports a package of the project that no entry of `sys.path` reaches.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::config::{Config, Shape, inside_project};
use crate::project::alembic::env_layout::Import;
use crate::project::versions::normalized;
use crate::rules::config::text_files;
use crate::rules::{Check, Rule};
use crate::source::{Sources, join, split};

/// The rule.
pub const RULE: Rule = Rule {
    name: "prepend-sys-path-missing",
    page: include_str!("prepend_sys_path_missing.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let config = &environment.config;
    let Some(script) = &environment.env_script else { return };
    let sources = project.sources;
    if !matches!(config.shape, Shape::Ini | Shape::Pyproject) || sources.text(script.file).contains("sys.path") {
        return;
    }
    let Some(reached) = reached(environment) else { return };
    for import in script.layout.imports.iter().filter(|import| !import.nested && !import.module.starts_with('.')) {
        if reached.iter().any(|root| has_module(sources, root, top(import))) {
            continue;
        }
        let Some(root) = root_of(sources, environment, import) else { continue };
        if is_installed(environment, project, &root, top(import)) {
            return;
        }
        report(environment, project, findings, import, &root);
        return;
    }
}

fn top(import: &Import) -> &str {
    import.module.split('.').next().unwrap_or(&import.module)
}

/// The directories of the project that `prepend_sys_path` names; `None` where they can't be told.
fn reached(environment: &Environment) -> Option<Vec<String>> {
    let config = &environment.config;
    let Some(listed) = config.prepend_sys_path() else {
        return config.alembic_option("prepend_sys_path").is_none_or(|option| option.raw.is_empty()).then(Vec::new);
    };
    let mut reached = Vec::new();
    for (text, _) in listed {
        reached.push(match inside_project(&text) {
            Some(inside) => inside,
            None if text.starts_with('/') => return None,
            None => join(&environment.run_from, &text)?,
        });
    }
    Some(reached)
}

fn has_module(sources: &Sources, root: &str, dotted: &str) -> bool {
    let path = join(root, &dotted.replace('.', "/")).unwrap_or_default();
    sources.is_directory(&path) || sources.id(&format!("{path}.py")).is_some()
}

/// The directory of the project from which the whole imported name can be found.
fn root_of(sources: &Sources, environment: &Environment, import: &Import) -> Option<String> {
    let run_from = environment.run_from.as_str();
    let above = std::iter::successors(Some(run_from), |here| (!here.is_empty()).then(|| split(here).0));
    let roots = above.flat_map(|here| [Some(here.to_owned()), join(here, "src")]).flatten();
    roots.into_iter().find(|root| {
        let package = join(root, top(import)).unwrap_or_default();
        let is_package = sources.id(&format!("{package}/__init__.py")).is_some()
            || sources.id(&format!("{package}.py")).is_some()
            || import.module.contains('.');
        is_package && has_module(sources, root, &import.module)
    })
}

/// May the package be importable in another way: installed with the project, by PYTHONPATH, by `python -m alembic`, by
/// code that runs Alembic?
fn is_installed(environment: &Environment, project: &Project<'_>, root: &str, package: &str) -> bool {
    let sources = project.sources;
    if environment.versions.pins.contains_key(&normalized(package)) {
        return true;
    }
    let mut here = root;
    loop {
        let at = |name: &str| join(here, name).and_then(|path| sources.id(&path));
        let builds = at("pyproject.toml").is_some_and(|file| sources.text(file).contains("[build-system]"));
        let has_metadata = at("setup.cfg").is_some_and(|file| sources.text(file).contains("[metadata]"));
        if builds || has_metadata || at("setup.py").is_some() {
            return true;
        }
        if here.is_empty() {
            break;
        }
        here = split(here).0;
    }
    text_files::surroundings_say(project, &["PYTHONPATH", "-m alembic", "pip install -e", "pip install ."])
        || ["alembic.config", "alembic.command"].iter().any(|module| project.code.mentions(module))
}

fn report(environment: &Environment, project: &Project<'_>, findings: &mut Findings, import: &Import, root: &str) {
    let config = &environment.config;
    let package = top(import);
    let entry = match environment.run_from.as_str() {
        run_from if run_from == root => ".".to_owned(),
        "" => root.to_owned(),
        run_from => match root.strip_prefix(run_from).and_then(|rest| rest.strip_prefix('/')) {
            Some(below) => below.to_owned(),
            None => {
                vec![
                    "..";
                    run_from.matches('/').count() + 1
                        - root.split('/').filter(|part| !part.is_empty()).count().min(run_from.matches('/').count())
                ]
                .join("/")
            }
        },
    };
    let option = config.alembic_option("prepend_sys_path").filter(|option| !option.raw.is_empty());
    let Some(span) = option.map(|option| option.span).or(config.section_span) else { return };
    let fix = option.is_none().then(|| insertion(config, project.sources, &entry)).flatten();
    let message = match option {
        Some(_) => format!("`prepend_sys_path` does not reach the package `{package}` that env.py imports"),
        None => format!("env.py imports `{package}`, and no `prepend_sys_path` makes it importable"),
    };
    findings
        .report(span, message)
        .key(format!("package:{package}"))
        .label(import.statement, "imported here")
        .why(format!("the `alembic` command does not put the working directory on sys.path: `ModuleNotFoundError: No module named '{package}'`"))
        .help(format!("add `prepend_sys_path = {entry}`, or install the project into the environment"))
        .maybe_fix(fix);
}

/// The option on a line of its own, behind `script_location`.
fn insertion(config: &Config, sources: &Sources, entry: &str) -> Option<Fix> {
    let behind = config.alembic_option("script_location")?;
    if behind.raw.contains('\n') {
        return None;
    }
    let end = sources.line_end(behind.span.file);
    let line = match config.shape {
        Shape::Pyproject => format!("{end}prepend_sys_path = [\"{entry}\"]"),
        _ => format!("{end}prepend_sys_path = {entry}"),
    };
    Some(Fix::safe("add the folder to sys.path", vec![Edit::Replace { span: behind.span.after(), text: line }]))
}
