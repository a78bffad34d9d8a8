//! The text of env.py → [`Layout`]: its imports, its functions, its guards. What the run on paper doesn't tell, and what
//! the fixes keep.

use crate::python::dotted;
use crate::source::{FileId, Span};
use crate::syntax::python::tree::visitor::{Visitor, walk_expr, walk_stmt};
use crate::syntax::python::{Tree, span_of, tree};

/// How an env.py is written.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The import statements of the module's own level (those in `try`, `if` and `with` blocks, too), in order.
    pub imports: Vec<Import>,
    /// The functions of the module's own level.
    pub functions: Vec<Function>,
    /// The test of an `if __name__ == "__main__":` of the module's own level.
    pub main_guard: Option<Span>,
    /// The whole statement of that guard.
    pub main_guard_statement: Option<Span>,
    /// Assignments to single names at the module's own level: name, statement, value.
    pub assignments: Vec<Assignment>,
    /// The other statements of the module's own level, by their text's place.
    pub statements: Vec<Span>,
    /// The `if context.is_offline_mode():` statement at the module's end.
    pub mode_switch: Option<Span>,
    /// It asks nothing else and has no `else`.
    pub mode_switch_is_open: bool,
    /// `with … as name:` blocks that stand in functions of the module's own level.
    pub blocks: Vec<Block>,
}

/// `with engine.connect() as connection:` in a function.
#[derive(Clone, Debug)]
pub struct Block {
    /// The function, as an index into [`Layout::functions`].
    pub function: usize,
    /// The whole statement.
    pub span: Span,
    /// The expression that is entered.
    pub context: Span,
    /// The name after `as`.
    pub name: String,
    /// `async with`
    pub is_async: bool,
    /// The statements in it.
    pub body: Vec<Span>,
    /// The function's statements before it, without a docstring; `None` where it is nested deeper.
    pub before: Option<Vec<Span>>,
    /// The function's statements after it.
    pub after: Vec<Span>,
    /// The function's docstring.
    pub docstring: Option<Span>,
}

/// One name that an import statement of env.py binds.
#[derive(Clone, Debug)]
pub struct Import {
    /// The statement.
    pub statement: Span,
    /// The dotted module, as written (leading dots for relative ones).
    pub module: String,
    /// `from module import member`
    pub member: Option<String>,
    /// The name that it binds; `*` for a star import.
    pub bound: String,
    /// The alias itself: `Base`, `models as m`.
    pub span: Span,
    /// The name is used somewhere else in the file.
    pub used: bool,
    /// A `# noqa` that covers unused imports stands at the end of its line.
    pub suppressed: bool,
    /// It is indented: in a `try`, an `if`, a `with`.
    pub nested: bool,
    /// How many names the statement binds.
    pub names_in_statement: usize,
    /// The files of the project that only this statement reaches.
    pub only_through: Vec<FileId>,
}

/// A function of env.py.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The name's place.
    pub name_span: Span,
    /// `async def`
    pub is_async: bool,
    /// Its body holds a call of `run_migrations`.
    pub runs_migrations: bool,
    /// The whole definition, decorators included.
    pub span: Span,
}

/// `name = value` at the module's own level.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The name.
    pub name: String,
    /// The statement.
    pub span: Span,
    /// The right-hand side.
    pub value: Span,
}

/// Reads the layout of one module.
pub fn read(tree: &Tree, text: &str) -> Layout {
    let mut layout = Layout::default();
    let mut uses = Uses::default();
    for statement in &tree.module.body {
        uses.visit_stmt(statement);
    }
    let reader = Reader { file: tree.file, text, uses: &uses.names };
    for statement in &tree.module.body {
        reader.top_level(statement, &mut layout);
    }
    layout
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    uses: &'a [&'a str],
}

impl Reader<'_> {
    fn top_level(&self, statement: &tree::Stmt, layout: &mut Layout) {
        let span = span_of(self.file, statement);
        layout.statements.push(span);
        match statement {
            tree::Stmt::FunctionDef(function) => {
                layout.functions.push(Function {
                    name: function.name.to_string(),
                    name_span: span_of(self.file, &function.name),
                    is_async: function.is_async,
                    runs_migrations: calls_attribute(&function.body, "run_migrations"),
                    span,
                });
                self.blocks(function, layout);
            }
            tree::Stmt::Assign(assign) => {
                if let [tree::Expr::Name(name)] = assign.targets.as_slice() {
                    layout.assignments.push(Assignment {
                        name: name.id.to_string(),
                        span,
                        value: span_of(self.file, &*assign.value),
                    });
                }
            }
            tree::Stmt::AnnAssign(assign) => {
                if let (tree::Expr::Name(name), Some(value)) = (&*assign.target, &assign.value) {
                    layout.assignments.push(Assignment {
                        name: name.id.to_string(),
                        span,
                        value: span_of(self.file, &**value),
                    });
                }
            }
            tree::Stmt::If(condition) => {
                if names(&condition.test).contains(&"__name__") {
                    layout.main_guard = Some(span_of(self.file, &*condition.test));
                    layout.main_guard_statement = Some(span);
                }
                if calls_attribute_in(&condition.test, "is_offline_mode") {
                    layout.mode_switch = Some(span);
                    layout.mode_switch_is_open =
                        condition.test.is_call_expr() && condition.elif_else_clauses.is_empty();
                }
            }
            _ => {}
        }
        self.imports(statement, false, layout);
    }

    /// Collects the imports of a statement and of the blocks inside it; functions and classes are left alone.
    fn imports(&self, statement: &tree::Stmt, nested: bool, layout: &mut Layout) {
        match statement {
            tree::Stmt::Import(import) => {
                for alias in &import.names {
                    let module = alias.name.to_string();
                    let bound = match &alias.asname {
                        Some(name) => name.to_string(),
                        None => dotted::first(&module).to_owned(),
                    };
                    let count = import.names.len();
                    layout.imports.push(self.import(statement, alias, module, None, bound, nested, count));
                }
            }
            tree::Stmt::ImportFrom(import) => {
                let dots = ".".repeat(import.level as usize);
                let module = format!("{dots}{}", import.module.as_ref().map_or("", |name| name.as_str()));
                for alias in &import.names {
                    let member = alias.name.to_string();
                    let bound = alias.asname.as_ref().map_or_else(|| member.clone(), |name| name.to_string());
                    let count = import.names.len();
                    let member = Some(member);
                    layout.imports.push(self.import(statement, alias, module.clone(), member, bound, nested, count));
                }
            }
            tree::Stmt::Try(block) => {
                let handlers = block.handlers.iter().flat_map(|handler| match handler {
                    tree::ExceptHandler::ExceptHandler(handler) => handler.body.iter(),
                });
                for inner in block.body.iter().chain(handlers).chain(&block.orelse).chain(&block.finalbody) {
                    self.imports(inner, true, layout);
                }
            }
            tree::Stmt::If(block) => {
                let others = block.elif_else_clauses.iter().flat_map(|clause| clause.body.iter());
                for inner in block.body.iter().chain(others) {
                    self.imports(inner, true, layout);
                }
            }
            tree::Stmt::With(block) => {
                for inner in &block.body {
                    self.imports(inner, true, layout);
                }
            }
            _ => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call per kind of import statement")]
    fn import(
        &self,
        statement: &tree::Stmt,
        alias: &tree::Alias,
        module: String,
        member: Option<String>,
        bound: String,
        nested: bool,
        names_in_statement: usize,
    ) -> Import {
        let span = span_of(self.file, alias);
        // `import app.models` binds `app`, but it is the dotted use that keeps a linter quiet about it: any use of `app`.
        let used = bound == "*" || self.uses.contains(&bound.as_str());
        Import {
            statement: span_of(self.file, statement),
            module,
            member,
            used,
            suppressed: self.suppressed(span) || self.suppressed(span_of(self.file, statement)),
            bound,
            span,
            nested,
            names_in_statement,
            only_through: Vec::new(),
        }
    }

    fn blocks(&self, function: &tree::StmtFunctionDef, layout: &mut Layout) {
        let number = layout.functions.len() - 1;
        let (docstring, statements) = match function.body.split_first() {
            Some((tree::Stmt::Expr(first), rest)) if first.value.is_string_literal_expr() => {
                (Some(span_of(self.file, first)), rest)
            }
            _ => (None, function.body.as_slice()),
        };
        for (at, statement) in statements.iter().enumerate() {
            let spans = |statements: &[tree::Stmt]| statements.iter().map(|inner| span_of(self.file, inner)).collect();
            let mut found = Withs::default();
            found.visit_stmt(statement);
            for block in found.0 {
                let [item] = block.items.as_slice() else { continue };
                let Some(tree::Expr::Name(name)) = item.optional_vars.as_deref() else { continue };
                let span = span_of(self.file, block);
                let direct = span == span_of(self.file, statement);
                layout.blocks.push(Block {
                    function: number,
                    span,
                    context: span_of(self.file, &item.context_expr),
                    name: name.id.to_string(),
                    is_async: block.is_async,
                    body: spans(&block.body),
                    before: direct.then(|| spans(&statements[..at])),
                    after: spans(&statements[at + 1..]),
                    docstring,
                });
            }
        }
    }

    /// Does the line on which the span starts or ends carry a `# noqa` that covers F401?
    fn suppressed(&self, span: Span) -> bool {
        [span.start, span.end].into_iter().any(|offset| {
            let offset = offset as usize;
            let start = self.text[..offset].rfind('\n').map_or(0, |at| at + 1);
            let end = self.text[offset..].find('\n').map_or(self.text.len(), |at| offset + at);
            covers_unused_imports(&self.text[start..end])
        })
    }
}

/// Does a line carry a `# noqa` that covers unused imports?
pub fn covers_unused_imports(line: &str) -> bool {
    let Some((_, comment)) = line.split_once('#') else { return false };
    let lower = comment.to_ascii_lowercase();
    let Some(at) = lower.find("noqa") else { return lower.contains("pylint") && lower.contains("unused-import") };
    let rest = lower[at + 4..].trim_start();
    match rest.strip_prefix(':') {
        Some(codes) => codes.contains("f401") || codes.split([',', ' ']).any(|code| matches!(code.trim(), "f" | "f4")),
        None => true,
    }
}

/// The names that an expression reads.
fn names(expression: &tree::Expr) -> Vec<&str> {
    let mut uses = Uses::default();
    uses.visit_expr(expression);
    uses.names
}

fn calls_attribute(body: &[tree::Stmt], name: &str) -> bool {
    let mut finder = Calls { name, found: false };
    body.iter().for_each(|statement| finder.visit_stmt(statement));
    finder.found
}

fn calls_attribute_in(expression: &tree::Expr, name: &str) -> bool {
    let mut finder = Calls { name, found: false };
    finder.visit_expr(expression);
    finder.found
}

/// Names that are read, deleted or listed in `__all__`.
#[derive(Default)]
struct Uses<'t> {
    names: Vec<&'t str>,
}

impl<'t> Visitor<'t> for Uses<'t> {
    fn visit_stmt(&mut self, statement: &'t tree::Stmt) {
        if let tree::Stmt::Assign(assign) = statement
            && assign.targets.iter().any(|target| matches!(target, tree::Expr::Name(name) if name.id == "__all__"))
            && let tree::Expr::List(tree::ExprList { elts, .. }) | tree::Expr::Tuple(tree::ExprTuple { elts, .. }) =
                &*assign.value
        {
            for element in elts {
                if let tree::Expr::StringLiteral(text) = element {
                    self.names.push(text.value.to_str());
                }
            }
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'t tree::Expr) {
        if let tree::Expr::Name(name) = expression
            && !name.ctx.is_store()
        {
            self.names.push(name.id.as_str());
        }
        walk_expr(self, expression);
    }
}

/// The `with` statements below a statement, outside of inner functions.
#[derive(Default)]
struct Withs<'t>(Vec<&'t tree::StmtWith>);

impl<'t> Visitor<'t> for Withs<'t> {
    fn visit_stmt(&mut self, statement: &'t tree::Stmt) {
        match statement {
            tree::Stmt::FunctionDef(_) | tree::Stmt::ClassDef(_) => return,
            tree::Stmt::With(block) => self.0.push(block),
            _ => {}
        }
        walk_stmt(self, statement);
    }
}

struct Calls<'n> {
    name: &'n str,
    found: bool,
}

impl<'t> Visitor<'t> for Calls<'_> {
    fn visit_expr(&mut self, expression: &'t tree::Expr) {
        if let tree::Expr::Call(call) = expression {
            let called = match &*call.func {
                tree::Expr::Attribute(attribute) => attribute.attr.as_str(),
                tree::Expr::Name(name) => name.id.as_str(),
                _ => "",
            };
            self.found |= called == self.name;
        }
        walk_expr(self, expression);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::python::parse;

    fn layout(text: &str) -> Layout {
        read(&parse(FileId(0), text), text)
    }

    #[test]
    fn an_import_for_its_effect_is_not_used() {
        let layout = layout(
            "import app.models\nfrom app import extra  # noqa: F401\nfrom app.db import Base\nx = Base.metadata\ntry:\n    import plugins\nexcept ImportError:\n    pass\n",
        );
        let seen: Vec<_> = layout
            .imports
            .iter()
            .map(|import| (import.bound.as_str(), import.used, import.suppressed, import.nested))
            .collect();
        assert_eq!(
            seen,
            [
                ("app", false, false, false),
                ("extra", false, true, false),
                ("Base", true, false, false),
                ("plugins", false, false, true)
            ]
        );
    }

    #[test]
    fn the_guard_and_the_functions_are_found() {
        let layout = layout(
            "def online():\n    with context.begin_transaction():\n        context.run_migrations()\nif __name__ == '__main__':\n    online()\n",
        );
        assert!(layout.main_guard.is_some());
        assert!(layout.functions[0].runs_migrations);
    }

    #[test]
    fn noqa_with_other_codes_does_not_cover() {
        assert!(covers_unused_imports("import a  # noqa"));
        assert!(covers_unused_imports("import a  # NOQA: E402,F401"));
        assert!(!covers_unused_imports("import a  # noqa: E402"));
    }
}
