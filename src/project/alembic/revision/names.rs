//! A revision's syntax tree → the names that its code reads and nothing binds.
//!
//! Python's scoping, on the generous side: whatever may bind a name does. `from … import *` ends the search, names of
//! `if TYPE_CHECKING:` are not bound, annotations are never looked at.

use memchr::memmem;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::python::dotted;
use crate::source::{FileId, Span};
use crate::syntax::python::span_of;
use crate::syntax::python::tree::visitor::{self, Visitor};
use crate::syntax::python::tree::{self, Expr, Stmt};

/// A name that is read and that nothing binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbound {
    /// The name: `sqlmodel`.
    pub name: String,
    /// The whole chain of attributes: `sqlmodel.sql.sqltypes.AutoString`.
    pub dotted: String,
    /// Where the name stands.
    pub span: Span,
    /// The function or class at the top level of the module that it stands in; empty at the top level itself.
    pub within: String,
    /// It stands on the straight way through the function, under no condition.
    pub certain: bool,
}

/// Longer chains of attributes are cut: no module lies deeper.
const LONGEST: usize = 16;

/// What a scope binds.
#[derive(Debug, Default)]
pub struct Bindings<'m> {
    /// The names.
    pub names: FxHashSet<&'m str>,
    /// `from … import *`: there may be more.
    pub open: bool,
}

/// The names that `body` binds in its own scope.
pub fn bindings(body: &[Stmt]) -> Bindings<'_> {
    let mut binder = Binder { found: Bindings::default(), in_comprehension: 0 };
    binder.visit_body(body);
    binder.found
}

/// The names of a module.
#[derive(Debug)]
pub struct Names<'m> {
    /// What it binds at its top level, the names of `if TYPE_CHECKING:` left out.
    pub bound: Bindings<'m>,
    /// What code reached by `upgrade`, `downgrade` or the module itself reads without anything binding it.
    pub unbound: Vec<Unbound>,
}

/// The names of `module`, whose text is `text`.
pub fn of_module<'m>(file: FileId, module: &'m tree::ModModule, text: &str) -> Names<'m> {
    let mut top = bindings(&module.body);
    // A second walk for the few files that may change the module's names from within.
    let holds = |word: &&str| memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    if ["global", "exec", "vars(", "locals("].iter().any(holds) {
        Globals { found: &mut top }.visit_body(&module.body);
    }
    if top.open {
        return Names { bound: top, unbound: Vec::new() };
    }
    let mut resolver = Resolver {
        file,
        scopes: vec![Scope { names: top.names, is_class: false }],
        within: "",
        conditional: 0,
        silent: 0,
        reads: None,
        unbound: Vec::new(),
    };
    resolver.visit_body(&module.body);
    let mut unbound = std::mem::take(&mut resolver.unbound);
    if !unbound.is_empty() {
        // Seldom: who reads what is noted in a second walk.
        resolver.reads = Some(FxHashMap::default());
        resolver.visit_body(&module.body);
        let reached = reached(&resolver.reads.take().unwrap_or_default());
        unbound.retain(|one| one.within.is_empty() || reached.contains(one.within.as_str()));
    }
    let names = resolver.scopes.pop().map(|scope| scope.names).unwrap_or_default();
    Names { bound: Bindings { names, open: false }, unbound }
}

/// The functions and classes that `upgrade…`, `downgrade…` or the module's own code may use.
fn reached<'m>(reads: &FxHashMap<&'m str, FxHashSet<&'m str>>) -> FxHashSet<&'m str> {
    let entries =
        reads.keys().filter(|name| name.is_empty() || name.starts_with("upgrade") || name.starts_with("downgrade"));
    let mut waiting: Vec<&str> = entries.copied().collect();
    let mut reached: FxHashSet<&str> = waiting.iter().copied().collect();
    while let Some(name) = waiting.pop() {
        for read in reads.get(name).into_iter().flatten() {
            if reads.contains_key(read) && reached.insert(read) {
                waiting.push(read);
            }
        }
    }
    reached
}

struct Binder<'m> {
    found: Bindings<'m>,
    in_comprehension: usize,
}

impl<'m> Visitor<'m> for Binder<'m> {
    fn visit_stmt(&mut self, statement: &'m Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.found.names.insert(function.name.as_str());
            }
            Stmt::ClassDef(class) => {
                self.found.names.insert(class.name.as_str());
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let name = alias.name.as_str();
                    let first = dotted::first(name);
                    self.found.names.insert(alias.asname.as_ref().map_or(first, |asname| asname.as_str()));
                }
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    if alias.name.as_str() == "*" {
                        self.found.open = true;
                    } else {
                        self.found.names.insert(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
                    }
                }
            }
            Stmt::Global(global) => self.found.names.extend(global.names.iter().map(|name| name.as_str())),
            Stmt::Nonlocal(nonlocal) => self.found.names.extend(nonlocal.names.iter().map(|name| name.as_str())),
            Stmt::If(branch) if is_type_checking(&branch.test) => {
                for clause in &branch.elif_else_clauses {
                    self.visit_body(&clause.body);
                }
            }
            statement => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'m Expr) {
        match expression {
            Expr::Name(name) => {
                if self.in_comprehension == 0 && !matches!(name.ctx, tree::ExprContext::Load) {
                    self.found.names.insert(name.id.as_str());
                }
            }
            Expr::Named(named) => {
                if let Expr::Name(name) = &*named.target {
                    self.found.names.insert(name.id.as_str());
                }
                self.visit_expr(&named.value);
            }
            Expr::Lambda(_) => {}
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                self.in_comprehension += 1;
                visitor::walk_expr(self, expression);
                self.in_comprehension -= 1;
            }
            expression => visitor::walk_expr(self, expression),
        }
    }

    fn visit_except_handler(&mut self, handler: &'m tree::ExceptHandler) {
        let tree::ExceptHandler::ExceptHandler(inner) = handler;
        if let Some(name) = &inner.name {
            self.found.names.insert(name.as_str());
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'m tree::Pattern) {
        let name = match pattern {
            tree::Pattern::MatchAs(inner) => inner.name.as_ref(),
            tree::Pattern::MatchStar(inner) => inner.name.as_ref(),
            tree::Pattern::MatchMapping(inner) => inner.rest.as_ref(),
            _ => None,
        };
        self.found.names.extend(name.map(|name| name.as_str()));
        visitor::walk_pattern(self, pattern);
    }

    fn visit_annotation(&mut self, _: &'m Expr) {}
}

/// Names that functions declare `global`, and code that changes the module's names behind the syntax.
struct Globals<'f, 'm> {
    found: &'f mut Bindings<'m>,
}

impl<'m> Visitor<'m> for Globals<'_, 'm> {
    fn visit_stmt(&mut self, statement: &'m Stmt) {
        if let Stmt::Global(global) = statement {
            self.found.names.extend(global.names.iter().map(|name| name.as_str()));
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'m Expr) {
        match expression {
            Expr::Call(call) if is_name(&call.func, &["exec"]) => self.found.open = true,
            Expr::Attribute(attribute)
                if attribute.attr.as_str() == "update"
                    && is_call_of(&attribute.value, &["globals", "vars", "locals"]) =>
            {
                self.found.open = true;
            }
            Expr::Subscript(subscript)
                if subscript.ctx == tree::ExprContext::Store
                    && is_call_of(&subscript.value, &["globals", "vars", "locals"]) =>
            {
                self.found.open = true;
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

struct Scope<'m> {
    names: FxHashSet<&'m str>,
    is_class: bool,
}

struct Resolver<'m> {
    file: FileId,
    scopes: Vec<Scope<'m>>,
    within: &'m str,
    conditional: usize,
    silent: usize,
    /// What is read within each definition at the top level, if that is wanted.
    reads: Option<FxHashMap<&'m str, FxHashSet<&'m str>>>,
    unbound: Vec<Unbound>,
}

impl<'m> Resolver<'m> {
    fn is_bound(&self, name: &str) -> bool {
        let innermost = self.scopes.len() - 1;
        let scopes = self.scopes.iter().enumerate().rev();
        scopes
            .filter(|(depth, scope)| !scope.is_class || *depth == innermost)
            .any(|(_, scope)| scope.names.contains(name))
            || is_builtin(name)
    }

    fn read(&mut self, name: &'m tree::ExprName, dotted: impl FnOnce() -> String) {
        if let Some(reads) = &mut self.reads {
            reads.entry(self.within).or_default().insert(name.id.as_str());
        }
        if self.silent == 0 && !self.is_bound(name.id.as_str()) {
            self.unbound.push(Unbound {
                name: name.id.to_string(),
                dotted: dotted(),
                span: span_of(self.file, name),
                within: self.within.to_owned(),
                certain: self.conditional == 0,
            });
        }
    }

    fn in_scope(&mut self, names: FxHashSet<&'m str>, is_class: bool, visit: impl FnOnce(&mut Self)) {
        self.scopes.push(Scope { names, is_class });
        visit(self);
        self.scopes.pop();
    }

    fn maybe(&mut self, visit: impl FnOnce(&mut Self)) {
        self.conditional += 1;
        visit(self);
        self.conditional -= 1;
    }

    fn defaults(&mut self, parameters: &'m tree::Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.visit_expr(default);
            }
        }
    }

    /// A definition's inside: counted to the definition at the top level, and under a condition unless it is one.
    fn inside(&mut self, name: &'m str, is_function: bool, visit: impl FnOnce(&mut Self)) {
        let at_top = self.scopes.len() == 1;
        let (within, conditional) = (self.within, self.conditional);
        if at_top {
            self.within = name;
            self.conditional = 0;
            if let Some(reads) = &mut self.reads {
                reads.entry(name).or_default();
            }
        } else if is_function {
            self.conditional += 1;
        }
        visit(self);
        (self.within, self.conditional) = (within, conditional);
    }
}

impl<'m> Visitor<'m> for Resolver<'m> {
    fn visit_body(&mut self, body: &'m [Stmt]) {
        for statement in body {
            self.visit_stmt(statement);
            if matches!(statement, Stmt::Return(_) | Stmt::Raise(_) | Stmt::Continue(_) | Stmt::Break(_)) {
                break;
            }
        }
    }

    fn visit_stmt(&mut self, statement: &'m Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                for decorator in &function.decorator_list {
                    self.visit_decorator(decorator);
                }
                self.defaults(&function.parameters);
                let mut found = bindings(&function.body).names;
                found.extend(function.parameters.iter().map(|parameter| parameter.name().as_str()));
                found.extend(type_parameters(function.type_params.as_deref()));
                self.inside(function.name.as_str(), true, |inner| {
                    inner.in_scope(found, false, |inner| inner.visit_body(&function.body));
                });
            }
            Stmt::ClassDef(class) => {
                for decorator in &class.decorator_list {
                    self.visit_decorator(decorator);
                }
                let parameters: FxHashSet<&str> = type_parameters(class.type_params.as_deref()).collect();
                let mut found = bindings(&class.body).names;
                found.extend(parameters.iter());
                found.insert("__qualname__");
                found.insert("__class__");
                if parameters.is_empty()
                    && let Some(arguments) = &class.arguments
                {
                    self.visit_arguments(arguments);
                }
                self.inside(class.name.as_str(), false, |inner| {
                    inner.in_scope(found, true, |inner| inner.visit_body(&class.body));
                });
            }
            Stmt::If(branch) if is_type_checking(&branch.test) => {
                for clause in &branch.elif_else_clauses {
                    self.visit_body(&clause.body);
                }
            }
            Stmt::If(branch) => {
                self.visit_expr(&branch.test);
                self.maybe(|inner| {
                    inner.visit_body(&branch.body);
                    for clause in &branch.elif_else_clauses {
                        inner.visit_elif_else_clause(clause);
                    }
                });
            }
            Stmt::For(repeat) => {
                self.visit_expr(&repeat.iter);
                self.maybe(|inner| {
                    inner.visit_expr(&repeat.target);
                    inner.visit_body(&repeat.body);
                    inner.visit_body(&repeat.orelse);
                });
            }
            Stmt::While(repeat) => {
                self.visit_expr(&repeat.test);
                self.maybe(|inner| {
                    inner.visit_body(&repeat.body);
                    inner.visit_body(&repeat.orelse);
                });
            }
            Stmt::Match(choice) => {
                self.visit_expr(&choice.subject);
                self.maybe(|inner| visitor::walk_stmt(inner, statement));
            }
            Stmt::Try(attempt) => {
                let catches = attempt.handlers.iter().any(catches_name_error);
                self.silent += usize::from(catches);
                self.visit_body(&attempt.body);
                self.silent -= usize::from(catches);
                self.maybe(|inner| {
                    for handler in &attempt.handlers {
                        inner.visit_except_handler(handler);
                    }
                    inner.visit_body(&attempt.orelse);
                });
                self.visit_body(&attempt.finalbody);
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.visit_expr(value);
                }
                self.visit_expr(&assign.target);
            }
            Stmt::Delete(_) | Stmt::TypeAlias(_) => {}
            Stmt::Assert(assert) => {
                self.visit_expr(&assert.test);
                self.maybe(|inner| assert.msg.iter().for_each(|message| inner.visit_expr(message)));
            }
            statement => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'m Expr) {
        match expression {
            Expr::Name(name) => {
                if matches!(name.ctx, tree::ExprContext::Load) {
                    self.read(name, || name.id.to_string());
                }
            }
            Expr::Attribute(attribute) => match first(attribute) {
                Some(name) => self.read(name, || dotted_name(attribute)),
                None => visitor::walk_expr(self, expression),
            },
            Expr::Lambda(lambda) => {
                let mut names = FxHashSet::default();
                if let Some(parameters) = &lambda.parameters {
                    self.defaults(parameters);
                    names.extend(parameters.iter().map(|parameter| parameter.name().as_str()));
                }
                self.maybe(|inner| inner.in_scope(names, false, |inner| inner.visit_expr(&lambda.body)));
            }
            Expr::ListComp(tree::ExprListComp { generators, .. })
            | Expr::SetComp(tree::ExprSetComp { generators, .. })
            | Expr::DictComp(tree::ExprDictComp { generators, .. })
            | Expr::Generator(tree::ExprGenerator { generators, .. }) => {
                let mut targets = Binder { found: Bindings::default(), in_comprehension: 0 };
                for generator in generators {
                    targets.visit_expr(&generator.target);
                }
                // A comprehension in a class body does not see the class's names, but its first iterable does: the
                // generous reading keeps the class's names.
                if let Some(scope) = self.scopes.last().filter(|scope| scope.is_class) {
                    targets.found.names.extend(scope.names.iter());
                }
                self.maybe(|inner| {
                    inner.in_scope(targets.found.names, false, |inner| visitor::walk_expr(inner, expression));
                });
            }
            Expr::If(choice) => {
                self.visit_expr(&choice.test);
                self.maybe(|inner| {
                    inner.visit_expr(&choice.body);
                    inner.visit_expr(&choice.orelse);
                });
            }
            Expr::BoolOp(operation) => {
                let mut values = operation.values.iter();
                values.next().into_iter().for_each(|first| self.visit_expr(first));
                self.maybe(|inner| values.for_each(|value| inner.visit_expr(value)));
            }
            expression => visitor::walk_expr(self, expression),
        }
    }

    fn visit_annotation(&mut self, _: &'m Expr) {}
}

/// The name `a` of `a.b.c`.
fn first(attribute: &tree::ExprAttribute) -> Option<&tree::ExprName> {
    match &*attribute.value {
        Expr::Name(name) => Some(name),
        Expr::Attribute(inner) => first(inner),
        _ => None,
    }
}

/// `a.b.c`, as it is written.
fn dotted_name(attribute: &tree::ExprAttribute) -> String {
    let mut parts = vec![attribute.attr.as_str()];
    let mut before = &*attribute.value;
    while let Expr::Attribute(inner) = before {
        parts.push(inner.attr.as_str());
        before = &inner.value;
    }
    parts.extend(before.as_name_expr().map(|name| name.id.as_str()));
    let kept: Vec<&str> = parts.into_iter().rev().take(LONGEST).collect();
    kept.join(".")
}

fn type_parameters(parameters: Option<&tree::TypeParams>) -> impl Iterator<Item = &str> {
    parameters.into_iter().flat_map(|all| all.iter().map(|one| one.name().as_str()))
}

fn catches_name_error(handler: &tree::ExceptHandler) -> bool {
    let tree::ExceptHandler::ExceptHandler(handler) = handler;
    const NAMES: &[&str] = &["NameError", "Exception", "BaseException"];
    match handler.type_.as_deref() {
        None => true,
        Some(Expr::Tuple(many)) => many.elts.iter().any(|one| is_name(one, NAMES)),
        Some(one) => is_name(one, NAMES),
    }
}

/// `TYPE_CHECKING`, `typing.TYPE_CHECKING`
pub fn is_type_checking(test: &Expr) -> bool {
    match test {
        Expr::Name(name) => name.id.as_str() == "TYPE_CHECKING",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}

fn is_name(expression: &Expr, names: &[&str]) -> bool {
    expression.as_name_expr().is_some_and(|name| names.contains(&name.id.as_str()))
}

fn is_call_of(expression: &Expr, names: &[&str]) -> bool {
    expression.as_call_expr().is_some_and(|call| is_name(&call.func, names))
}

/// Is it a built-in name of some Python 3, or one that every module has?
pub fn is_builtin(name: &str) -> bool {
    BUILTINS.binary_search(&name).is_ok()
}

#[rustfmt::skip]
const BUILTINS: &[&str] = &[
    "ArithmeticError", "AssertionError", "AttributeError", "BaseException", "BaseExceptionGroup", "BlockingIOError",
    "BrokenPipeError", "BufferError", "BytesWarning", "ChildProcessError", "ConnectionAbortedError",
    "ConnectionError", "ConnectionRefusedError", "ConnectionResetError", "DeprecationWarning", "EOFError",
    "Ellipsis", "EncodingWarning", "EnvironmentError", "Exception", "ExceptionGroup", "False", "FileExistsError",
    "FileNotFoundError", "FloatingPointError", "FutureWarning", "GeneratorExit", "IOError", "ImportError",
    "ImportWarning", "IndentationError", "IndexError", "InterruptedError", "IsADirectoryError", "KeyError",
    "KeyboardInterrupt", "LookupError", "MemoryError", "ModuleNotFoundError", "NameError", "None",
    "NotADirectoryError", "NotImplemented", "NotImplementedError", "OSError", "OverflowError",
    "PendingDeprecationWarning", "PermissionError", "ProcessLookupError", "PythonFinalizationError",
    "RecursionError", "ReferenceError", "ResourceWarning", "RuntimeError", "RuntimeWarning", "StopAsyncIteration",
    "StopIteration", "SyntaxError", "SyntaxWarning", "SystemError", "SystemExit", "TabError", "TimeoutError",
    "True", "TypeError", "UnboundLocalError", "UnicodeDecodeError", "UnicodeEncodeError", "UnicodeError",
    "UnicodeTranslateError", "UnicodeWarning", "UserWarning", "ValueError", "Warning", "WindowsError",
    "ZeroDivisionError", "_", "__annotations__", "__build_class__", "__builtins__", "__cached__", "__class__",
    "__debug__", "__dict__", "__doc__", "__file__", "__import__", "__loader__", "__module__", "__name__",
    "__package__", "__path__", "__qualname__", "__spec__", "abs", "aiter", "all", "anext", "any", "ascii", "bin",
    "bool", "breakpoint", "bytearray", "bytes", "callable", "chr", "classmethod", "compile", "complex", "copyright",
    "credits", "delattr", "dict", "dir", "divmod", "enumerate", "eval", "exec", "exit", "filter", "float", "format",
    "frozenset", "getattr", "globals", "hasattr", "hash", "help", "hex", "id", "input", "int", "isinstance",
    "issubclass", "iter", "len", "license", "list", "locals", "map", "max", "memoryview", "min", "next", "object",
    "oct", "open", "ord", "pow", "print", "property", "quit", "range", "repr", "reversed", "round", "set",
    "setattr", "slice", "sorted", "staticmethod", "str", "sum", "super", "tuple", "type", "vars", "zip",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::python::parse;

    fn unbound(text: &str) -> Vec<(String, bool)> {
        let tree = parse(FileId(0), text);
        assert!(tree.problems.is_empty(), "{:?}", tree.problems);
        of_module(FileId(0), &tree.module, text).unbound.into_iter().map(|one| (one.dotted, one.certain)).collect()
    }

    #[test]
    fn builtins_are_sorted() {
        assert!(BUILTINS.is_sorted());
    }

    #[test]
    fn a_module_that_is_not_imported_is_unbound() {
        let found = unbound(
            "import sqlalchemy as sa\n\
             def upgrade():\n    op.add_column('t', sa.Column('a', sqlmodel.sql.sqltypes.AutoString()))\n\
             def downgrade():\n    if True:\n        geo()\n\
             def never_called():\n    nothing\n",
        );
        assert_eq!(
            found,
            [("op.add_column".into(), true), ("sqlmodel.sql.sqltypes.AutoString".into(), true), ("geo".into(), false)]
        );
    }

    #[test]
    fn helpers_that_are_called_count() {
        assert_eq!(unbound("def upgrade():\n    helper()\ndef helper():\n    x\n"), [("x".into(), true)]);
    }

    #[test]
    fn whatever_binds_a_name_binds_it() {
        let found = unbound(
            "import a.b, c as d\nfrom e import f as g\n\
             def upgrade(x, *y, z=1, **w):\n\
             \x20   global later\n\
             \x20   def inner(q):\n        return q, x, late\n\
             \x20   late = [i for j in y for i in j if i]\n\
             \x20   lambda k, *l: (k, l, x)\n\
             \x20   with open('f') as (m, n):\n        print(m, n)\n\
             \x20   try:\n        import os\n    except OSError as error:\n        print(error, os)\n\
             \x20   if (walrus := inner(1)):\n        print(walrus, a, d, g, later, __file__)\n\
             \x20   match x:\n        case [p, *r]:\n            print(p, r)\n        case {'k': s, **t}:\n            print(s, t)\n\
             \x20   for u in {v: o for v, o in y}:\n        print(u, w, z)\n\
             \x20   class C:\n        attr = 1\n        other = attr\n        def method(self):\n            return __class__, self\n",
        );
        assert_eq!(found, []);
    }

    #[test]
    fn a_class_scope_is_not_seen_from_its_methods() {
        let found = unbound(
            "def upgrade():\n    class C:\n        a = 1\n        def m(self):\n            return a\n    C()\n",
        );
        assert_eq!(found, [("a".into(), false)]);
    }

    #[test]
    fn star_imports_silence_and_type_checking_does_not_bind() {
        assert_eq!(unbound("from x import *\ndef upgrade():\n    y\n"), []);
        assert_eq!(
            unbound("if TYPE_CHECKING:\n    import y\nelse:\n    z = 1\ndef upgrade(a: y):\n    b: y = 1\n    y, z\n"),
            [("y".into(), true)]
        );
    }

    #[test]
    fn what_catches_the_error_silences_it_and_dead_code_does_not_count() {
        assert_eq!(unbound("def upgrade():\n    try:\n        x\n    except NameError:\n        pass\n"), []);
        assert_eq!(unbound("def downgrade():\n    raise NotImplementedError\n    x\n"), []);
    }
}
