//! Real repositories: what limbeck finds there is what `tests/world.toml` says, and nothing else.
//!
//! `LIMBECK_WORLD=FOLDER cargo test --release --test it world -- --nocapture` looks at `FOLDER/<name>` for every project
//! of the list that is there. `benches/` and this are the only things that need them; none is part of this repository.

use std::collections::BTreeSet;
use std::path::PathBuf;

use limbeck::check::check;
use limbeck::check::options::Options;
use limbeck::diagnostic::Level;
use limbeck::load::{STACK, Walk, load};

use crate::pages::{line, sane};

#[test]
fn real_projects_are_reported_as_the_list_says() {
    let list = include_str!("../world.toml").parse::<toml::Table>().expect("tests/world.toml");
    let projects = list.get("project").and_then(toml::Value::as_array).expect("a list `project`");
    let text = |value: &toml::Value, key: &str| value.get(key).and_then(toml::Value::as_str).unwrap_or("").to_owned();
    for project in projects {
        for key in ["name", "repository", "commit"] {
            assert!(!text(project, key).is_empty(), "a project lacks `{key}`: {project}");
        }
        for finding in project.get("finding").and_then(toml::Value::as_array).into_iter().flatten() {
            for key in ["rule", "path", "why"] {
                assert!(!text(finding, key).is_empty(), "{}: a finding lacks `{key}`", text(project, "name"));
            }
            let rule = text(finding, "rule");
            assert!(limbeck::rules::named(&rule).is_some(), "{}: no rule `{rule}`", text(project, "name"));
        }
    }
    let Some(folder) = std::env::var_os("LIMBECK_WORLD").map(PathBuf::from) else { return };
    let wanted = std::env::var("LIMBECK_PROJECT").unwrap_or_default();
    let mut problems = Vec::new();
    let mut seen = 0;
    for project in projects {
        let name = text(project, "name");
        let root = folder.join(&name).join(text(project, "root"));
        if !root.is_dir() || !name.contains(&wanted) {
            continue;
        }
        seen += 1;
        let worker = std::thread::Builder::new().stack_size(16 * STACK).spawn(move || {
            let sources = load(&Walk { root, respect_gitignore: true }).expect("can be listed");
            let outcome = check(&sources, &Options::default());
            let mut wrong = Vec::new();
            sane(&outcome, &sources, &mut wrong);
            let found: Vec<(String, String, String)> = outcome
                .diagnostics
                .iter()
                .filter(|found| found.level >= Level::Warning)
                .map(|found| (found.rule.to_owned(), sources.path(found.span.file).to_owned(), line(found, &sources)))
                .collect();
            (found, wrong)
        });
        let (found, wrong) = worker.expect("a thread").join().expect("no panic");
        problems.extend(wrong.into_iter().map(|what| format!("{name}: {what}")));
        let expected: BTreeSet<(String, String)> = project
            .get("finding")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
            .map(|finding| (text(finding, "rule"), text(finding, "path")))
            .collect();
        let mut missing = expected.clone();
        for (rule, path, line) in found {
            let place = (rule, path);
            if !expected.contains(&place) {
                problems.push(format!("{name}: not in the list: {line}"));
            }
            missing.remove(&place);
        }
        problems
            .extend(missing.into_iter().map(|(rule, path)| format!("{name}: not found any more: {rule} in {path}")));
    }
    eprintln!("looked at {seen} of {} projects", projects.len());
    assert!(problems.is_empty(), "{} differences:\n{}", problems.len(), problems.join("\n"));
}
