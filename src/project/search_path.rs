//! An environment's configuration and the project's packaging → `sys.path` while env.py runs.

use crate::project::alembic::config::{Config, Shape};
use crate::python::value::{Name, PROJECT_ROOT};
use crate::source::{Sources, join};
use crate::syntax::toml::{self, Toml};

/// The directories, relative to the project root, in Python's order.
pub fn search_path(sources: &Sources, config: &Config, run_from: &str) -> Vec<Name> {
    let mut path: Vec<Name> = Vec::new();
    let mut add = |directory: String| {
        if sources.is_directory(&directory) && !path.iter().any(|there| **there == *directory) {
            path.push(directory.into());
        }
    };
    for (entry, _) in config.prepend_sys_path().unwrap_or_default() {
        let directory = match entry.strip_prefix(PROJECT_ROOT) {
            Some(below) => join("", below),
            None => join(run_from, &entry),
        };
        directory.into_iter().for_each(&mut add);
    }
    // `flask` puts the working directory in front, and so does whoever runs alembic from code.
    if matches!(config.shape, Shape::FlaskMigrate | Shape::InCode) {
        add(run_from.to_owned());
    }
    let mut directory = run_from;
    loop {
        installed_roots(sources, directory).into_iter().for_each(&mut add);
        if directory.is_empty() {
            break;
        }
        directory = crate::source::split(directory).0;
    }
    path
}

/// Where the modules of the project in `directory` lie, if `pip install` would install it.
fn installed_roots(sources: &Sources, directory: &str) -> Vec<String> {
    let file = |name: &str| join(directory, name).and_then(|path| sources.id(&path));
    let mut roots = Vec::new();
    let mut installable = false;
    if let Some(file) = file("setup.py") {
        installable = true;
        roots.extend(quoted_after(sources.text(file), &["package_dir", "where="]));
    }
    if let Some(file) = file("setup.cfg") {
        let text = sources.text(file);
        installable |= text.contains("[options]");
        let line = |key: &str| {
            let line = text.lines().find(|line| line.trim_start().starts_with(key))?;
            line.split_once('=').map(|(_, value)| value.trim().trim_start_matches('=').trim().to_owned())
        };
        roots.extend(line("where").into_iter().filter(|root| !root.is_empty()));
    }
    if let Some(file) = file("pyproject.toml") {
        let (document, _) = toml::read(file, sources.text(file));
        let at = |path: &[&str]| document.at(path);
        installable |= at(&["build-system"]).is_some() || at(&["tool", "poetry", "packages"]).is_some();
        roots.extend(texts(at(&["tool", "setuptools", "packages", "find", "where"])));
        roots.extend(texts(at(&["tool", "setuptools", "package-dir", ""])));
        roots.extend(texts(at(&["tool", "pdm", "build", "package-dir"])));
        let packages = at(&["tool", "poetry", "packages"]).map_or(&[][..], Toml::items);
        roots.extend(packages.iter().flat_map(|package| texts(package.get("from"))));
    }
    if !installable {
        return Vec::new();
    }
    roots.push("src".to_owned());
    roots.push(String::new());
    roots.iter().filter_map(|root| join(directory, root)).filter(|root| sources.is_directory(root)).collect()
}

fn texts(value: Option<&Toml>) -> Vec<String> {
    let Some(value) = value else { return Vec::new() };
    value.as_str().into_iter().chain(value.items().iter().filter_map(Toml::as_str)).map(str::to_owned).collect()
}

/// The string literals that stand close behind one of `words`: enough for `package_dir={"": "src"}`.
fn quoted_after(text: &str, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for word in words {
        for (at, _) in text.match_indices(word) {
            let rest: String = text[at + word.len()..].chars().take(60).take_while(|letter| *letter != '\n').collect();
            let quoted = rest.split(['"', '\'']).skip(1).step_by(2).filter(|part| !part.is_empty());
            found.extend(quoted.map(str::to_owned));
        }
    }
    found
}
