//! An environment's configuration and the project's packaging → `sys.path` while env.py runs.

use crate::project::alembic::config::{Config, Shape};
use crate::project::setup_script::SetupScripts;
use crate::python::value::PROJECT_ROOT;
use crate::source::{Sources, join};
use crate::syntax::ini;
use crate::syntax::toml::{self, Toml};

/// The directories, relative to the project root, in Python's order.
pub fn search_path(sources: &Sources, config: &Config, run_from: &str, setups: &SetupScripts) -> Vec<String> {
    let mut path: Vec<String> = Vec::new();
    let mut add = |directory: String| {
        if sources.is_directory(&directory) && !path.contains(&directory) {
            path.push(directory);
        }
    };
    for (entry, _) in config.prepend_sys_path().unwrap_or_default() {
        let directory = match entry.strip_prefix(PROJECT_ROOT) {
            Some(below) => join("", below),
            // Nothing of the project lies at an absolute path.
            None if entry.starts_with('/') => None,
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
        installed_roots(sources, directory, setups).into_iter().for_each(&mut add);
        if directory.is_empty() {
            break;
        }
        directory = crate::source::split(directory).0;
    }
    path
}

/// Where the modules of the project in `directory` lie, if `pip install` would install it.
fn installed_roots(sources: &Sources, directory: &str, setups: &SetupScripts) -> Vec<String> {
    let file = |name: &str| join(directory, name).and_then(|path| sources.id(&path));
    let mut roots = Vec::new();
    let mut installable = false;
    if let Some(file) = file("setup.py") {
        installable = true;
        roots.extend(setups.get(&file).into_iter().flat_map(|script| script.roots.iter().cloned()));
    }
    if let Some(file) = file("setup.cfg") {
        let (read, _) = ini::read(file, sources.text(file));
        installable |= read.section("options").is_some();
        roots.extend(read.option("options.packages.find", "where").map(|option| option.raw.trim().to_owned()));
        // `= src`: the packages at the top.
        let package_dir = read.option("options", "package_dir").map_or("", |option| &option.raw);
        let at_top = package_dir.lines().filter_map(|line| line.trim().strip_prefix('='));
        roots.extend(at_top.map(|root| root.trim().to_owned()));
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
