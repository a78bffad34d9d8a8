//! All Python files → those that may declare tables and that no env.py has reached.
//!
//! Most files never mention SQLAlchemy. They are told apart by their [words](Words).

use rustc_hash::FxHashSet;

use crate::project::application;
use crate::project::words::{self, Held, Words};
use crate::source::{FileId, Sources, split};

/// May a file declare a table? (Files that are imported are read whether they may or not.)
fn may_declare(held: Held) -> bool {
    let alone = ["__tablename__", "mapped_column", "Mapped[", "table=True", "table = True", "__table__"];
    held.any(&alone) || (held.has("Column(") && held.any(&["primary_key", "Table(", ".Model)"]))
}

/// Directories whose files don't count as the project's models.
const NO_MODELS: &[&str] = &[
    "test",
    "tests",
    "testing",
    "unittests",
    "e2e",
    "example",
    "examples",
    "sample",
    "samples",
    "doc",
    "docs",
    "docs_src",
    "demo",
    "demos",
    "tutorial",
    "tutorials",
    "benchmark",
    "benchmarks",
    "versions",
    "site-packages",
    "node_modules",
    "fixtures",
    "notebooks",
    "cookiecutter",
];

/// Are the words of this file asked for? Not those of revision `scripts`, and not those of tests.
pub fn counts(sources: &Sources, scripts: &FxHashSet<FileId>, file: FileId) -> bool {
    let path = sources.path(file);
    // Revisions may lie among the tests; nothing else there is asked for.
    let is_test = || application::is_test(path) && !holds_models(path);
    path.ends_with(".py") && !scripts.contains(&file) && (!is_test() || path.split('/').any(|part| part == "versions"))
}

/// Looks for the words of all files that [count](counts).
pub fn scan(sources: &Sources, scripts: &FxHashSet<FileId>, words: &Words) {
    words.read(sources, sources.ids().filter(|file| counts(sources, scripts, *file)));
}

/// The files that may declare tables, in the order of their paths.
pub fn candidates(sources: &Sources, words: &Words) -> Vec<FileId> {
    sources.ids().filter(|file| may_declare(words.held_by(*file)) && holds_models(sources.path(*file))).collect()
}

/// Can models that no env.py reaches do without this module? What makes or holds bases, mixins and MetaData they may
/// depend on; short modules and packages may pass them on.
pub fn is_beside_the_point(sources: &Sources, words: &Words, file: FileId) -> bool {
    let held = words.held_by(file);
    let bears = held.any(words::OF_BASES) || held.any(&["Column(", "mapped_column"]);
    held.length >= 1_500 && !bears && !sources.path(file).ends_with("/__init__.py")
}

/// May models of the project lie there? Tests, examples, templates and revisions are no models.
fn holds_models(path: &str) -> bool {
    let (directory, name) = split(path);
    if directory.split('/').any(|part| NO_MODELS.contains(&part) || part.starts_with("test_")) || path.contains("{{") {
        return false;
    }
    !(name.starts_with("test_")
        || name.ends_with("_test.py")
        || matches!(name, "conftest.py" | "setup.py" | "env.py" | "noxfile.py" | "tests.py"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_module_without_a_base_is_beside_the_point() {
        let long = "x = 1\n".repeat(400);
        let sources = Sources::in_memory([
            ("a.py", long.clone()),
            ("b.py", format!("{long}class AuditMixin: pass\n")),
            ("c.py", "from b import *\n".to_owned()),
            ("d/__init__.py", long),
        ]);
        let words = Words::of_all(&sources, sources.ids());
        let beside = |path: &str| sources.id(path).is_some_and(|file| is_beside_the_point(&sources, &words, file));
        assert_eq!(["a.py", "b.py", "c.py", "d/__init__.py"].map(beside), [true, false, false, false]);
    }

    #[test]
    fn tests_and_examples_are_no_models() {
        let model = "class A(Base):\n    __tablename__ = 'a'\n";
        let sources = Sources::in_memory([
            ("app/models.py", model),
            ("app/tests/models.py", model),
            ("app/test_models.py", model),
            ("app/views.py", "import sqlalchemy\n"),
            ("migrations/versions/a.py", "down_revision = None\n"),
            ("src/tests_helper/x.py", "class A(SQLModel, table=True): pass\n"),
        ]);
        let found = candidates(&sources, &Words::of_all(&sources, sources.ids()));
        let paths: Vec<&str> = found.iter().map(|file| sources.path(*file)).collect();
        assert_eq!(paths, ["app/models.py", "src/tests_helper/x.py"]);
    }
}
