//! Outlines against whole trees: the same statements at the same places, on every Python file that can be had.
//!
//! The examples, Python's own standard library where there is a Python (with its tests, which hold every syntax there
//! is), and the folder that `LIMBECK_WORLD` names.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;

use limbeck::source::{FileId, Sources};
use limbeck::syntax::python::tree::visitor::transformer::{Transformer, walk_stmt};
use limbeck::syntax::python::{Trees, tree};
use rayon::prelude::*;
use ruff_text_size::Ranged;

/// Gives every outermost function the body that the trees have for it.
struct Filled<'a> {
    trees: &'a Trees<'a>,
    text: &'a str,
    blank: Cell<usize>,
    whole: Cell<usize>,
}

impl Transformer for Filled<'_> {
    fn visit_stmt(&self, statement: &mut tree::Stmt) {
        match statement {
            tree::Stmt::FunctionDef(function) => {
                let Some(body) = self.trees.body(FileId(0), function) else { return };
                if !std::ptr::eq(body.as_ptr(), function.body.as_ptr()) {
                    self.blank.set(self.blank.get() + 1);
                    function.body = body.to_vec().into();
                } else if body.first().is_some_and(|first| starts_its_line(self.text, first.start().to_usize())) {
                    self.whole.set(self.whole.get() + 1);
                }
            }
            other => walk_stmt(self, other),
        }
    }
}

fn starts_its_line(text: &str, at: usize) -> bool {
    text[..at].chars().rev().take_while(|letter| *letter != '\n').all(char::is_whitespace)
}

/// How many functions with a block were blank, and how many were not; `None`: another tree than the whole text has.
fn blank(text: &str) -> Option<(usize, usize)> {
    let sources = Sources::in_memory([("a.py", text)]);
    let trees = Trees::of(&sources);
    let mut filled = trees.outline(FileId(0)).module.clone();
    let filler = Filled { trees: &trees, text, blank: 0.into(), whole: 0.into() };
    filled.body.iter_mut().for_each(|statement| filler.visit_stmt(statement));
    let same = format!("{:?}", filled.body) == format!("{:?}", trees.whole(FileId(0)).module.body);
    same.then(|| (filler.blank.get(), filler.whole.get()))
}

fn python_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type());
        if kind.as_ref().is_ok_and(|kind| kind.is_dir()) {
            python_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "py") {
            found.push(path);
        }
    }
}

fn standard_library() -> Option<PathBuf> {
    let python = std::env::var("LIMBECK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let said = Command::new(python).args(["-c", "import os; print(os.path.dirname(os.__file__))"]).output().ok()?;
    Some(PathBuf::from(String::from_utf8(said.stdout).ok()?.trim()))
}

#[test]
fn an_outline_is_the_whole_tree_without_bodies() {
    let mut folders = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/examples"))];
    match standard_library() {
        Some(folder) => folders.push(folder),
        None => eprintln!("SKIPPED: outlines of the standard library: there is no Python (LIMBECK_PYTHON names one)"),
    }
    folders.extend(std::env::var_os("LIMBECK_WORLD").map(PathBuf::from));
    let mut files = Vec::new();
    folders.iter().for_each(|folder| python_files(folder, &mut files));
    files.retain(|file| !file.components().any(|part| part.as_os_str() == "site-packages"));
    let read = |file| Some((file, blank(&std::fs::read_to_string(file).ok()?)));
    let results: Vec<_> = files.par_iter().map(read).collect();
    let other: Vec<_> = results.iter().flatten().filter(|(_, blank)| blank.is_none()).map(|(file, _)| file).collect();
    assert!(other.is_empty(), "another tree in {other:#?}");
    let counts = || results.iter().flatten().filter_map(|(_, counts)| *counts);
    let (blank, whole): (usize, usize) =
        (counts().map(|(blank, _)| blank).sum(), counts().map(|(_, whole)| whole).sum());
    // Files that are not skimmed are parsed whole, and would agree with themselves.
    assert!(blank > 100 * whole, "{blank} bodies are blank, {whole} are not");
    if let Ok(world) = std::env::var("LIMBECK_WORLD") {
        eprintln!("{} files of {world} and more, {blank} blank bodies, {whole} whole ones", results.len());
    }
}
