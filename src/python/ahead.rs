//! Reads ahead of the interpreter: what a file imports, and what that imports, is parsed on all cores.
//!
//! The interpreter runs one module after the other; here their trees are made before it asks for them. It would come to
//! the same without: what is followed are the imports as they are written, whether they will be run or not.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::python::dotted;
use crate::python::modules::{self, Found};
use crate::source::{FileId, Sources, split};
use crate::syntax::python::{Trees, tree};

/// Makes the outlines of files and of what they import.
pub struct Ahead<'a> {
    trees: &'a Trees<'a>,
    search_path: &'a [String],
    skips: &'a (dyn Fn(FileId) -> bool + Sync),
    seen: Vec<AtomicBool>,
}

impl<'a> Ahead<'a> {
    /// Follows imports on this `sys.path`, but not into files that `skips` says so of.
    pub fn new(trees: &'a Trees<'a>, search_path: &'a [String], skips: &'a (dyn Fn(FileId) -> bool + Sync)) -> Self {
        let seen = trees.sources().ids().map(|_| AtomicBool::new(false)).collect();
        Ahead { trees, search_path, skips, seen }
    }

    /// Starts at these files. Returns when all is done.
    pub fn follow(&self, files: impl IntoIterator<Item = FileId> + Send) {
        rayon::scope(|scope| {
            for file in files {
                scope.spawn(move |scope| self.file(scope, file));
            }
        });
    }

    fn file<'s>(&'s self, scope: &rayon::Scope<'s>, file: FileId) {
        if self.seen[file.0 as usize].swap(true, Ordering::Relaxed) {
            return;
        }
        let module = self.trees.outline(file).module;
        let importer = Importer { ahead: self, file, start: modules::natural_root(self.trees.sources(), file) };
        importer.block(&module.body, &mut |file| {
            if !self.seen[file.0 as usize].load(Ordering::Relaxed) && !(self.skips)(file) {
                scope.spawn(move |scope| self.file(scope, file));
            }
        });
    }

    fn sources(&self) -> &'a Sources {
        self.trees.sources()
    }
}

/// The imports of one file.
struct Importer<'a> {
    ahead: &'a Ahead<'a>,
    file: FileId,
    /// The directory that its top-level package lies in.
    start: String,
}

impl Importer<'_> {
    fn block(&self, body: &[tree::Stmt], found: &mut impl FnMut(FileId)) {
        for statement in body {
            match statement {
                tree::Stmt::Import(node) => {
                    for alias in &node.names {
                        self.absolute(&alias.name, &[], found);
                    }
                }
                tree::Stmt::ImportFrom(node) => {
                    let module = node.module.as_deref().unwrap_or_default();
                    if node.level == 0 {
                        self.absolute(module, &node.names, found);
                    } else {
                        self.relative(node.level, module, &node.names, found);
                    }
                }
                tree::Stmt::If(node) if is_for_checkers(&node.test) => {
                    node.elif_else_clauses.iter().for_each(|clause| self.block(&clause.body, found));
                }
                tree::Stmt::If(node) => {
                    self.block(&node.body, found);
                    node.elif_else_clauses.iter().for_each(|clause| self.block(&clause.body, found));
                }
                tree::Stmt::Try(node) => self.block(&node.body, found),
                tree::Stmt::With(node) => self.block(&node.body, found),
                tree::Stmt::ClassDef(node) => self.block(&node.body, found),
                _ => {}
            }
        }
    }

    fn absolute(&self, dotted: &str, names: &[tree::Alias], found: &mut impl FnMut(FileId)) {
        let sources = self.ahead.sources();
        let first = dotted::first(dotted);
        let top = modules::find(sources, self.ahead.search_path, Some(&self.start), first, dotted);
        self.inside(top, dotted.split('.').skip(1), names, found);
    }

    fn relative(&self, level: u32, dotted: &str, names: &[tree::Alias], found: &mut impl FnMut(FileId)) {
        let mut directory = split(self.ahead.sources().path(self.file)).0;
        for _ in 1..level {
            directory = split(directory).0;
        }
        let package =
            Found { file: None, package: Some(directory.to_owned()), root: String::new(), beyond_path: false };
        self.inside(Some(package), dotted.split('.').filter(|name| !name.is_empty()), names, found);
    }

    /// What lies below a module on the way of `path`, and the names that are taken from its end.
    fn inside<'n>(
        &self,
        mut at: Option<Found>,
        path: impl Iterator<Item = &'n str>,
        names: &[tree::Alias],
        found: &mut impl FnMut(FileId),
    ) {
        let below = |found: &Found, name: &str| modules::below(self.ahead.sources(), found.package.as_ref()?, name);
        at.iter().filter_map(|module| module.file).for_each(&mut *found);
        for name in path {
            at = at.and_then(|module| below(&module, name));
            at.iter().filter_map(|module| module.file).for_each(&mut *found);
        }
        let Some(module) = at else { return };
        names.iter().filter_map(|alias| below(&module, &alias.name)?.file).for_each(found);
    }
}

/// `TYPE_CHECKING`, `typing.TYPE_CHECKING`
fn is_for_checkers(test: &tree::Expr) -> bool {
    match test {
        tree::Expr::Name(name) => name.id == "TYPE_CHECKING",
        tree::Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_imported_is_there_before_it_is_asked_for() {
        let sources = Sources::in_memory([
            ("env.py", "from app import models, db\nimport os\nif TYPE_CHECKING:\n    import app.unused\n"),
            ("app/__init__.py", "from . import skipped\n"),
            ("app/db.py", "try:\n    from .parts.base import Base\nexcept ImportError:\n    pass\n"),
            ("app/models.py", "def f():\n    import app.late\n"),
            ("app/parts/__init__.py", "from ..cycle import *\n"),
            ("app/parts/base.py", "Base = 1\n"),
            ("app/cycle.py", "import app.parts.base\n"),
            ("app/late.py", "import app.other\n"),
            ("app/skipped.py", "import app.other\n"),
            ("app/other.py", ""),
            ("app/unused.py", ""),
        ]);
        let trees = Trees::of(&sources);
        let skips = |file| sources.path(file) == "app/skipped.py";
        Ahead::new(&trees, &["".to_owned()], &skips).follow(sources.id("env.py"));
        let read: Vec<&str> =
            sources.ids().filter(|file| sources.was_read(*file)).map(|file| sources.path(file)).collect();
        let expected = [
            "app/__init__.py",
            "app/cycle.py",
            "app/db.py",
            "app/models.py",
            "app/parts/__init__.py",
            "app/parts/base.py",
            "env.py",
        ];
        assert_eq!(read, expected);
    }
}
