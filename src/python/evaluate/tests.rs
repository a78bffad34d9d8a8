//! Small projects, run on paper; what a name is worth afterwards.

use crate::python::evaluate::{Machine, Raised};
use crate::source::Sources;
use crate::syntax::python::Trees;

/// Runs `main.py` of the project and shows what `names` are worth, or the exception.
fn run(files: &[(&str, &str)], names: &[&str]) -> String {
    let sources = Sources::in_memory(files.iter().copied());
    let trees = Trees::of(&sources);
    let mut machine = Machine::new(&trees, Vec::new());
    machine.search_path.push("".into());
    let main = sources.id("main.py").expect("the project has a main.py");
    let (module, result) = machine.run_script(main, "main");
    let shown = names
        .iter()
        .map(|name| {
            let names = module.scope.names.borrow();
            names.get(*name).map_or("unbound".to_owned(), |binding| {
                format!("{:?}{}", binding.value, if binding.certain { "" } else { " maybe" })
            })
        })
        .collect::<Vec<_>>()
        .join("; ");
    match result {
        Ok(()) => shown,
        Err(raised) => format!("{shown}{}", words(&raised, &sources)),
    }
}

fn words(raised: &Raised<'_>, sources: &Sources) -> String {
    format!("! {}: {} at {}", raised.exception, raised.message, sources.place(raised.span))
}

fn value(code: &str) -> String {
    run(&[("main.py", code)], &["x"])
}

#[test]
fn names_and_functions() {
    assert_eq!(
        value("def f(a, b=2, *c, d=4, **e):\n    return (a, b, c, d, e)\nx = f(1, 5, 6, d=7, g=8)\n"),
        "[1, 5, [6], 7, {Str(\"g\"): 8}]"
    );
    assert_eq!(value("x = (lambda y: y)(3)\n"), "3");
    assert_eq!(value("def f():\n    global x\n    x = 1\nf()\n"), "1");
    assert_eq!(
        value(
            "def outer():\n    n = 1\n    def inner():\n        nonlocal n\n        n = 2\n    inner()\n    return n\nx = outer()\n"
        ),
        "2"
    );
    assert_eq!(value("y = z\n"), "unbound! NameError: name 'z' is not defined at main.py:1");
}

#[test]
fn an_unknown_condition_is_followed_both_ways() {
    assert_eq!(value("import lib\nif lib.flag:\n    x = 1\nelse:\n    x = 2\n"), "one of {1, 2}");
    assert_eq!(value("import lib\nif lib.flag:\n    x = 1\n"), "1 maybe");
    assert_eq!(value("import lib\nx = 1\nif lib.flag:\n    raise ValueError('no')\n"), "1");
    assert_eq!(
        value("import lib\ndef f():\n    if lib.flag:\n        return 1\n    return 2\nx = f()\n"),
        "one of {1, 2}"
    );
    assert_eq!(value("import lib\nx = 1 if lib.flag else None\n"), "one of {1, None}");
}

#[test]
fn a_continue_makes_only_its_loop_doubtful() {
    assert_eq!(value("import lib\nfor i in (1, 2):\n    if lib.skip(i):\n        continue\n    y = i\nx = 1\n"), "1");
}

#[test]
fn exceptions_find_their_handler() {
    assert_eq!(value("class E(Exception): pass\ntry:\n    raise E()\nexcept E as e:\n    x = e\n"), "<main.E object>");
    assert!(!value("try:\n    from . import gone\nexcept Exception:\n    x = 1\n").contains("! "));
    assert_eq!(
        run(
            &[("main.py", "try:\n    import app.gone\nexcept ImportError:\n    x = 1\n"), ("app/__init__.py", "")],
            &["x"]
        ),
        "1"
    );
}

#[test]
fn modules_run_once_and_in_order() {
    let files = [
        (
            "main.py",
            "from app import a, b\nfrom app.log import seen\nimport app.a\nx = (a.name, b.name, app.a.name, app.log.seen)\n",
        ),
        ("app/__init__.py", ""),
        ("app/log.py", "seen = 1\n"),
        ("app/a.py", "from .b import name as other\nname = 'a' \n"),
        ("app/b.py", "name = 'b'\n"),
    ];
    assert_eq!(run(&files, &["x"]), "[\"a\", \"b\", \"a\", 1]");
}

#[test]
fn star_imports_follow_all() {
    let files = [
        ("main.py", "from app.names import *\nx = (a, sub)\ny = _b\n"),
        ("app/__init__.py", ""),
        ("app/names/__init__.py", "__all__ = ['a', 'sub']\na = 1\nc = 2\n"),
        ("app/names/sub.py", ""),
    ];
    assert_eq!(
        run(&files, &["x", "c"]),
        "[1, <module app.names.sub>]; unbound! NameError: name '_b' is not defined at main.py:3"
    );
}

#[test]
fn a_circular_import_raises_where_python_does() {
    let files = [
        ("main.py", "import a\n"),
        ("a.py", "from b import g\ndef f(): pass\n"),
        ("b.py", "from a import f\ndef g(): pass\n"),
    ];
    let shown = run(&files, &[]);
    assert!(
        shown.starts_with("! ImportError: cannot import name 'f' from partially initialized module 'a'"),
        "{shown}"
    );
    assert!(shown.ends_with("at b.py:1"), "{shown}");
}

#[test]
fn type_checking_is_false() {
    assert_eq!(value("from typing import TYPE_CHECKING\nx = 0\nif TYPE_CHECKING:\n    x = 1\n"), "0");
}

#[test]
fn classes_resolve_as_python_does() {
    let code = "class A:\n    v = 'a'\n    def m(self):\n        return self.v\nclass B(A):\n    v = 'b'\nclass C(A):\n    v = 'c'\nclass D(B, C):\n    def m(self):\n        return super().m()\nx = (D().m(), D.v, C.v)\n";
    assert_eq!(value(code), "[\"b\", \"b\", \"c\"]");
    assert_eq!(value("class A:\n    n = 1\n    def f(self):\n        return n\nn = 5\nx = A().f()\n"), "5");
    assert_eq!(
        value("class A:\n    pass\nx = A.gone\n"),
        "unbound! AttributeError: type object 'A' has no attribute 'gone' at main.py:3"
    );
}

#[test]
fn coroutines_run_when_awaited() {
    let code = "async def f():\n    return 1\nasync def g():\n    return await f()\nx = g()\n";
    assert_eq!(value(code), "<coroutine g>");
    assert_eq!(value("import lib\nasync def f():\n    global x\n    x = 1\nlib.run(f())\n"), "1 maybe");
}

#[test]
fn what_is_not_of_the_project_is_symbolic() {
    assert_eq!(
        value("import sqlalchemy as sa\nx = sa.Column(sa.Integer, primary_key=True)\n"),
        "sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)"
    );
    assert_eq!(value("from lib import db\ndb.a = 1\nx = (db.a, db.b is db.b)\n"), "[1, (is [lib.db.b, lib.db.b])]");
}

#[test]
fn endless_code_ends() {
    assert_eq!(value("def f():\n    return f()\nx = f()\n"), "<unknown: calls nested too deeply>");
    assert_eq!(value("x = 0\nwhile True:\n    x = 1\n"), "1");
}
