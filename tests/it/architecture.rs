//! The module table in the `//!` head of `src/lib.rs` holds: no module uses what it must not know.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

struct Row {
    may_use: Vec<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// `module` → its row. Cells name modules in backticks; `all` in *may use* allows everything.
fn table() -> BTreeMap<String, Row> {
    let head = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let mut rows = BTreeMap::new();
    for line in head.lines().filter_map(|line| line.strip_prefix("//! |")) {
        let cells: Vec<&str> = line.trim_end_matches('|').split(" | ").map(str::trim).collect();
        if cells.len() != 4 || cells[0] == "module" || cells[0].starts_with('-') {
            continue;
        }
        let row = |cell: &str| -> Vec<String> {
            cell.split('`').skip(1).step_by(2).map(|name| name.trim_matches(['[', ']']).to_owned()).collect()
        };
        let mut may_use = row(cells[2]);
        if cells[2] == "all" {
            may_use.push("*".to_owned());
        }
        for module in row(cells[0]) {
            rows.insert(module, Row { may_use: may_use.clone() });
        }
    }
    rows
}

fn rust_files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// `python::evaluate` for src/python/evaluate/mod.rs; `rules` for all of rules/.
fn module_of(path: &Path) -> String {
    let relative = path.strip_prefix(root()).expect("inside").with_extension("");
    let mut parts: Vec<String> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts[0] == "rules" {
        return "rules".to_owned();
    }
    parts.remove(0);
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts.join("::")
}

/// The row of a module: its own, or that of the nearest module around it.
fn row_of<'r>(rows: &'r BTreeMap<String, Row>, module: &str) -> Option<(&'r str, &'r Row)> {
    let mut name = module;
    loop {
        if let Some((name, row)) = rows.get_key_value(name) {
            return Some((name, row));
        }
        name = name.rsplit_once("::")?.0;
    }
}

/// The paths behind `crate::` in a line of code, groups taken apart: `crate::{a, b::c}` is `a` and `b::c`.
fn used(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in code.split("crate::").skip(1) {
        let name = |text: &str| -> String {
            text.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect()
        };
        match part.strip_prefix('{') {
            Some(group) => {
                let mut depth = 0;
                for piece in group.split_inclusive([',', '{', '}']) {
                    if depth == 0 {
                        found.push(name(piece.trim()));
                    }
                    match piece.chars().last() {
                        Some('{') => depth += 1,
                        Some('}') if depth == 0 => break,
                        Some('}') => depth -= 1,
                        _ => {}
                    }
                }
            }
            None => found.push(name(part)),
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

#[test]
fn no_module_uses_what_it_must_not_know() {
    let rows = table();
    assert!(rows.len() > 8, "the table of modules is in the head of src/lib.rs");
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    rust_files(&root().join("rules"), &mut files);
    let mut wrong = Vec::new();
    for path in files {
        let module = module_of(&path);
        if matches!(module.as_str(), "lib" | "main") || path.ends_with("tests.rs") {
            continue;
        }
        let Some((own, row)) = row_of(&rows, &module) else {
            wrong.push(format!("{}: `{module}` has no row in the table of src/lib.rs", path.display()));
            continue;
        };
        if row.may_use.iter().any(|name| name == "*") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file");
        // Tests may use more: what stands behind `#[cfg(test)]` doesn't count.
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        let code: String = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .fold(String::new(), |all, line| all + line.trim() + " ");
        for name in used(&code) {
            let allowed = within(&name, own) || row.may_use.iter().any(|allowed| within(&name, allowed));
            if !allowed {
                let relative = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
                wrong.push(format!("{relative}: `{own}` must not use `crate::{name}`"));
            }
        }
        if own == "rules" && (code.contains("std::fs") || code.contains("ruff_python_")) {
            wrong.push(format!("{}: rules open no file and parse nothing", path.display()));
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} uses break the table:\n{}", wrong.len(), wrong.join("\n"));
}

/// Is `name` the module `outer`, or something in it?
fn within(name: &str, outer: &str) -> bool {
    name == outer || name.strip_prefix(outer).is_some_and(|rest| rest.starts_with("::"))
}

#[test]
fn paths_are_read_out_of_use_lines() {
    assert_eq!(used("use crate::a::b; use crate::{c, d::{e, f}, g};"), ["a::b", "c", "d::", "g"]);
}
