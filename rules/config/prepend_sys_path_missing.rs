//! env.py imports a package of the project that no entry of `sys.path` reaches.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::config::{Config, Shape, inside_project};
use crate::project::alembic::env_script::{EnvScript, Unreached};
use crate::project::versions::normalized;
use crate::rules::config::shared::text_files;
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
    if !matches!(config.shape, Shape::Ini | Shape::Pyproject) || !is_told(config) {
        return;
    }
    for unreached in script.online.unreached.iter().filter(|unreached| is_near(&environment.run_from, &unreached.root))
    {
        // In a `try` or an `if` it may be meant to fail.
        let mut plain = script.layout.imports.iter().filter(|import| !import.nested);
        if plain.any(|import| import.statement == unreached.statement) {
            if !is_installed(environment, project, &unreached.root, &unreached.name) {
                report(environment, project, findings, unreached, script);
            }
            return;
        }
    }
}

/// Are all directories known that `prepend_sys_path` names?
fn is_told(config: &Config) -> bool {
    match config.prepend_sys_path() {
        Some(listed) => listed.iter().all(|(text, _)| inside_project(text).is_some() || !text.starts_with('/')),
        None => config.alembic_option("prepend_sys_path").is_none_or(|option| option.raw.is_empty()),
    }
}

/// Is it the directory that alembic runs in, one above it, or the `src` of one?
fn is_near(run_from: &str, root: &str) -> bool {
    let mut above = std::iter::successors(Some(run_from), |here| (!here.is_empty()).then(|| split(here).0));
    above.any(|here| here == root || join(here, "src").as_deref() == Some(root))
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

fn report(
    environment: &Environment,
    project: &Project<'_>,
    findings: &mut Findings,
    unreached: &Unreached,
    script: &EnvScript,
) {
    let config = &environment.config;
    let Unreached { name: package, root, .. } = unreached;
    let entry = match environment.run_from.as_str() {
        run_from if run_from == root.as_str() => ".".to_owned(),
        "" => root.clone(),
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
    let mut report =
        findings.report(span, message).key(format!("package:{package}")).label(unreached.statement, "imported here");
    for place in &script.online.paths_passed_over {
        report = report.label(*place, "Python passes over a `Path` on sys.path: `str(…)`");
    }
    report
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
