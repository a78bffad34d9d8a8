//! All Python files → those that may declare tables and that no env.py has reached.
//!
//! Most files never mention SQLAlchemy. They are told apart by their [words](Words).

use rustc_hash::FxHashSet;

use crate::project::application;
use crate::project::words::{self, Held, Words};
use crate::source::{FileId, Sources, split};
use crate::syntax::python::tree;
use crate::syntax::python::tree::visitor::{self, Visitor};

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

/// Does a module that may declare tables do so when it is imported? Many only speak of them in their functions.
pub fn declares(module: &tree::ModModule) -> bool {
    let mut functions = Declares { functions: FxHashSet::default(), found: false };
    functions.functions.extend(module.body.iter().filter_map(|statement| {
        let function = statement.as_function_def_stmt()?;
        Some(function.name.as_str())
    }));
    functions.visit_body(&module.body);
    functions.found
}

/// What a class with columns or a table is made with.
const CALLS: &[&str] = &[
    "Column",
    "mapped_column",
    "Table",
    "Field",
    "relationship",
    "Relationship",
    "column_property",
    "deferred",
    "map_imperatively",
    "map_declaratively",
    "mapper",
];

/// Looks for declarations outside of functions.
struct Declares<'m> {
    /// Those of the module: who calls one when the module is imported may declare with it.
    functions: FxHashSet<&'m str>,
    found: bool,
}

impl<'m> Visitor<'m> for Declares<'m> {
    fn visit_stmt(&mut self, statement: &'m tree::Stmt) {
        match statement {
            tree::Stmt::FunctionDef(function) => {
                self.found |= function.name.starts_with("__table") || function.name.starts_with("__mapper");
                function.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                return;
            }
            tree::Stmt::ClassDef(class) => {
                let keywords = class.arguments.iter().flat_map(|arguments| &arguments.keywords);
                self.found |= keywords.into_iter().any(|keyword| keyword.arg.as_deref() == Some("table"))
                    || class.bases().iter().any(|base| named(base) == Some("Model"));
            }
            tree::Stmt::Assign(assign) => {
                self.found |=
                    assign.targets.iter().any(|target| named(target).is_some_and(|name| name.starts_with("__table")));
            }
            tree::Stmt::AnnAssign(assign) => {
                let annotated = match &*assign.annotation {
                    tree::Expr::Subscript(subscript) => named(&subscript.value),
                    tree::Expr::StringLiteral(text) => text.value.to_str().contains("Mapped").then_some("Mapped"),
                    annotation => named(annotation),
                };
                self.found |= annotated.is_some_and(|name| name.ends_with("Mapped"))
                    || named(&assign.target).is_some_and(|name| name.starts_with("__table"));
            }
            _ => {}
        }
        if !self.found {
            visitor::walk_stmt(self, statement);
        }
    }

    fn visit_decorator(&mut self, decorator: &'m tree::Decorator) {
        let by = decorator.expression.as_call_expr().map_or(&decorator.expression, |call| &call.func);
        self.found |= named(by).is_some_and(|name| name.starts_with("mapped") || name == "as_declarative");
        visitor::walk_decorator(self, decorator);
    }

    fn visit_expr(&mut self, expression: &'m tree::Expr) {
        // `type("A", (Base,), {"__tablename__": "a"})`
        if let tree::Expr::StringLiteral(text) = expression {
            self.found |= text.value.to_str().starts_with("__table");
        }
        if let tree::Expr::Call(call) = expression {
            let is_own = call.func.as_name_expr().is_some_and(|name| self.functions.contains(name.id.as_str()));
            self.found |= is_own || named(&call.func).is_some_and(|name| CALLS.contains(&name));
        }
        if !self.found {
            visitor::walk_expr(self, expression);
        }
    }
}

/// The last part of a name.
fn named(expression: &tree::Expr) -> Option<&str> {
    match expression {
        tree::Expr::Name(name) => Some(&name.id),
        tree::Expr::Attribute(attribute) => Some(&attribute.attr),
        _ => None,
    }
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
    use crate::syntax::python::Trees;

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
    fn who_only_speaks_of_tables_declares_none() {
        for (text, is_one) in [
            ("def f():\n    return User.__table__.columns\n", false),
            ("from sqlalchemy.orm import mapped_column\ncolumns = User.__table__.columns\n", false),
            ("def f():\n    class A(Base):\n        __tablename__ = 'a'\n", false),
            ("def f():\n    return Table('a', metadata)\na = f()\n", true),
            ("class A(Base):\n    __tablename__ = 'a'\n", true),
            ("if x:\n    class A(SQLModel, table=True): pass\n", true),
            ("class A(Mixin):\n    name: orm.Mapped[str]\n", true),
            ("class A(db.Model): pass\n", true),
            ("class A:\n    @declared_attr\n    def __tablename__(cls): return 'a'\n", true),
            ("links = sa.Table('links', metadata)\n", true),
            ("A = type('A', (Base,), {'__tablename__': 'a'})\n", true),
            ("@registry.mapped\nclass A: pass\n", true),
        ] {
            let sources = Sources::in_memory([("a.py", text)]);
            let trees = Trees::of(&sources);
            assert_eq!(declares(trees.outline(FileId(0)).module), is_one, "{text}");
        }
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
