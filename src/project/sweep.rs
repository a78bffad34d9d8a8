//! All Python files → those that may declare tables and that no env.py has reached, and those that start migrations or
//! make tables themselves.
//!
//! Most files never mention SQLAlchemy. They are told apart by their bytes, in parallel with everything else, and
//! their texts are dropped again.

use memchr::memmem::Finder;
use rayon::prelude::*;

use crate::project::application;
use crate::source::{FileId, Sources, split};
use crate::syntax::python::Trees;

/// What declares a table: any one of a line's words together. (Files that are imported are read whether they have
/// them or not.)
const DECLARES: &[&[&str]] = &[
    &["__tablename__"],
    &["mapped_column"],
    &["Mapped["],
    &["table=True"],
    &["table = True"],
    &["__table__"],
    &["Column(", "primary_key"],
    &["Column(", "Table("],
    &["Column(", ".Model)"],
];

/// A file with one of these is kept in memory: somebody will ask for it.
const ALSO_KEPT: &[&str] = &["down_revision", "# limbeck:"];

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

/// The files that hold certain words, each list in the order of the paths.
#[derive(Debug, Default)]
pub struct Scan {
    /// They may declare tables. Their trees are made on the way.
    pub may_declare: Vec<FileId>,
    /// They hold one of [`application::NEEDLES`].
    pub application: Vec<FileId>,
}

/// Looks at the bytes of all Python files.
pub fn scan(sources: &Sources, trees: &Trees<'_>) -> Scan {
    let finders = |lines: &'static [&'static [&'static str]]| -> Vec<Vec<Finder<'_>>> {
        lines.iter().map(|words| words.iter().map(Finder::new).collect()).collect()
    };
    let declares = finders(DECLARES);
    let application = finders(application::NEEDLES);
    let also_kept: Vec<Finder<'_>> = ALSO_KEPT.iter().map(Finder::new).collect();
    let python: Vec<FileId> = sources.ids().filter(|file| sources.path(*file).ends_with(".py")).collect();
    let found: Vec<(FileId, bool, bool)> = python
        .into_par_iter()
        .with_min_len(16)
        .map(|file| {
            let counts = holds_models(sources.path(file));
            let (mut may, mut applies) = (false, false);
            sources.keep_if(file, |bytes| {
                let holds = |needle: &Finder<'_>| needle.find(bytes).is_some();
                let holds_all = |words: &Vec<Finder<'_>>| words.iter().all(holds);
                may = counts && declares.iter().any(holds_all);
                applies = application.iter().any(holds_all);
                may || applies || also_kept.iter().any(holds)
            });
            if may {
                trees.outline(file);
            }
            (file, may, applies)
        })
        .filter(|(_, may, applies)| *may || *applies)
        .collect();
    Scan {
        may_declare: found.iter().filter(|(_, may, _)| *may).map(|(file, ..)| *file).collect(),
        application: found.iter().filter(|(_, _, applies)| *applies).map(|(file, ..)| *file).collect(),
    }
}

/// What a module must hold, or be, so that a model which imports it may depend on it: bases, mixins, MetaData.
const BEARS_ON_MODELS: &[&str] = &[
    "declarative_base",
    "DeclarativeBase",
    "MetaData",
    "SQLAlchemy(",
    "registry(",
    "declared_attr",
    "__abstract__",
    "Mixin",
    "mixin",
    "import Base",
    "class Base",
    "Column(",
    "mapped_column",
    "SQLModel",
    "import db",
];

/// Can models that no env.py reaches do without this module? Short ones and packages may pass a base on.
pub fn is_beside_the_point(sources: &Sources, file: FileId) -> bool {
    if sources.path(file).ends_with("/__init__.py") {
        return false;
    }
    !sources.keep_if(file, |bytes| {
        bytes.len() < 1_500
            || BEARS_ON_MODELS.iter().any(|needle| memchr::memmem::find(bytes, needle.as_bytes()).is_some())
    })
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
        let beside = |path: &str| sources.id(path).is_some_and(|file| is_beside_the_point(&sources, file));
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
        let trees = Trees::of(&sources);
        let found = scan(&sources, &trees).may_declare;
        let paths: Vec<&str> = found.iter().map(|file| sources.path(*file)).collect();
        assert_eq!(paths, ["app/models.py", "src/tests_helper/x.py"]);
        let kept = |path: &str| sources.id(path).and_then(|file| sources.peek(file)).is_some();
        assert!(kept("migrations/versions/a.py") && !kept("app/views.py"));
    }
}
