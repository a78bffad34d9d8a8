//! The application's own code → what it does beside migrations: it starts them, or makes tables itself.
//!
//! Looked at in the syntax trees of the few files that name these things ([`super::words`] tells them); nothing is run.

use crate::project::words::{Held, Words};
use crate::source::{FileId, Span};
use crate::syntax::python::tree::visitor::{Visitor, walk_expr, walk_stmt};
use crate::syntax::python::{Trees, span_of, tree};

/// Must a file that holds these words be looked at?
pub fn may_bear(held: Held) -> bool {
    let commands = held.has("command") && held.any(&[".upgrade(", ".stamp(", ".revision("]);
    held.has(".create_all") || (held.has("alembic") && (commands || held.has("version_locations")))
}

/// What the application does beside migrations.
#[derive(Clone, Debug, Default)]
pub struct Application {
    /// `command.upgrade(…)` calls.
    pub upgrades: Vec<Upgrade>,
    /// `metadata.create_all` where the application starts.
    pub create_alls: Vec<CreateAll>,
    /// `command.revision(…)` is called somewhere: a program of the project generates revisions.
    pub revisions: bool,
    /// `config.set_main_option("version_locations", …)`: code builds its own configuration of Alembic.
    pub version_locations: Vec<Span>,
    /// `command.stamp(…)` is called somewhere: tables that were made otherwise are known to Alembic.
    pub stamps: bool,
}

/// `command.upgrade(config, "head")`
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// The call.
    pub span: Span,
    /// It stands directly in a coroutine, so an event loop runs around it: the coroutine's name.
    pub in_coroutine: Option<String>,
}

/// `Base.metadata.create_all` at the application's start.
#[derive(Clone, Debug)]
pub struct CreateAll {
    /// The expression.
    pub span: Span,
    /// When it runs: "when the module is imported", "in `lifespan`".
    pub when: String,
}

/// Reads the files whose words say so and that are no tests.
pub fn read(trees: &Trees<'_>, words: &Words) -> Application {
    let mut application = Application::default();
    let sources = trees.sources();
    for file in sources.ids().filter(|file| may_bear(words.held_by(*file)) && !is_test(sources.path(*file))) {
        let mut names = Names::default();
        let tree = trees.whole(file);
        let body = &tree.module.body;
        body.iter().for_each(|statement| names.visit_stmt(statement));
        let mut reader = Reader { file, names, inside: Vec::new(), conditions: 0, found: &mut application };
        body.iter().for_each(|statement| reader.visit_stmt(statement));
    }
    application
}

/// The classes of applications, each of its framework.
const APPLICATIONS: &[&str] = &["FastAPI", "Flask", "Starlette", "Litestar", "Sanic", "Quart"];

/// What a file makes and imports, wherever in it.
#[derive(Default)]
struct Names<'t> {
    /// It makes an application.
    makes_app: bool,
    /// The names that it gives to `alembic.command`.
    commands: Vec<&'t str>,
}

impl<'t> Visitor<'t> for Names<'t> {
    fn visit_stmt(&mut self, statement: &'t tree::Stmt) {
        match statement {
            tree::Stmt::ImportFrom(import) if import.module.as_ref().is_some_and(|module| module == "alembic") => {
                let commands = import.names.iter().filter(|alias| &alias.name == "command");
                self.commands.extend(commands.map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str()));
            }
            tree::Stmt::Import(import) => {
                let commands = import.names.iter().filter(|alias| &alias.name == "alembic.command");
                self.commands.extend(commands.filter_map(|alias| Some(alias.asname.as_ref()?.as_str())));
            }
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'t tree::Expr) {
        if let tree::Expr::Call(call) = expression {
            let called = match &*call.func {
                tree::Expr::Name(name) => name.id.as_str(),
                tree::Expr::Attribute(attribute) => attribute.attr.as_str(),
                _ => "",
            };
            self.makes_app |= APPLICATIONS.contains(&called);
        }
        walk_expr(self, expression);
    }
}

impl Names<'_> {
    /// Is it `alembic.command`?
    fn is_command(&self, expression: &tree::Expr) -> bool {
        match expression {
            tree::Expr::Name(name) => self.commands.contains(&name.id.as_str()),
            tree::Expr::Attribute(attribute) => {
                attribute.attr.as_str() == "command"
                    && attribute.value.as_name_expr().is_some_and(|name| name.id.as_str() == "alembic")
            }
            _ => false,
        }
    }
}

/// Does the path say that it holds tests?
pub fn is_test(path: &str) -> bool {
    path.split('/').any(|part| {
        let stem = part.strip_suffix(".py").unwrap_or(part);
        stem.starts_with("test") || stem.ends_with("_test") || stem.ends_with("_tests") || stem == "conftest"
    })
}

/// A function around the code.
struct Around {
    name: String,
    is_async: bool,
    /// It runs when the application starts.
    at_start: bool,
}

struct Reader<'a, 't> {
    file: FileId,
    names: Names<'t>,
    inside: Vec<Around>,
    conditions: usize,
    found: &'a mut Application,
}

impl Reader<'_, '_> {
    fn when(&self) -> Option<String> {
        if self.conditions > 0 {
            return None;
        }
        match self.inside.as_slice() {
            [] => self.names.makes_app.then(|| "when the module is imported".to_owned()),
            [.., innermost] => {
                self.inside.iter().any(|around| around.at_start).then(|| format!("in `{}`", innermost.name))
            }
        }
    }
}

impl<'t> Visitor<'t> for Reader<'_, 't> {
    fn visit_stmt(&mut self, statement: &'t tree::Stmt) {
        match statement {
            tree::Stmt::FunctionDef(function) => {
                let decorated =
                    |word: &str| function.decorator_list.iter().any(|decorator| mentions(&decorator.expression, word));
                let at_start = decorated("startup")
                    || decorated("before_first_request")
                    || decorated("before_serving")
                    || (function.name.as_str().contains("lifespan") && decorated("asynccontextmanager"));
                self.inside.push(Around { name: function.name.to_string(), is_async: function.is_async, at_start });
                let conditions = std::mem::take(&mut self.conditions);
                walk_stmt(self, statement);
                self.conditions = conditions;
                self.inside.pop();
            }
            tree::Stmt::If(_) | tree::Stmt::Try(_) | tree::Stmt::Match(_) => {
                self.conditions += 1;
                walk_stmt(self, statement);
                self.conditions -= 1;
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'t tree::Expr) {
        match expression {
            tree::Expr::Lambda(_) => return,
            tree::Expr::Attribute(attribute) if attribute.attr.as_str() == "create_all" => {
                let of_metadata = match &*attribute.value {
                    tree::Expr::Attribute(of) => of.attr.as_str() == "metadata",
                    tree::Expr::Name(name) => matches!(name.id.as_str(), "db" | "metadata"),
                    _ => false,
                };
                if let Some(when) = self.when().filter(|_| of_metadata) {
                    self.found.create_alls.push(CreateAll { span: span_of(self.file, attribute), when });
                }
            }
            tree::Expr::Call(call) if sets_version_locations(call) => {
                self.found.version_locations.push(span_of(self.file, call));
            }
            tree::Expr::Call(call) => {
                if let tree::Expr::Attribute(attribute) = &*call.func
                    && self.names.is_command(&attribute.value)
                {
                    match attribute.attr.as_str() {
                        "upgrade" => {
                            let around = self.inside.last().filter(|around| around.is_async);
                            self.found.upgrades.push(Upgrade {
                                span: span_of(self.file, call),
                                in_coroutine: around.map(|around| around.name.clone()),
                            });
                        }
                        "stamp" => self.found.stamps = true,
                        "revision" => self.found.revisions = true,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        walk_expr(self, expression);
    }
}

/// `config.set_main_option("version_locations", …)`
fn sets_version_locations(call: &tree::ExprCall) -> bool {
    let tree::Expr::Attribute(attribute) = &*call.func else { return false };
    let first = call.arguments.args.first().and_then(tree::Expr::as_string_literal_expr);
    attribute.attr.as_str() == "set_main_option" && first.is_some_and(|text| text.value.to_str() == "version_locations")
}

/// Does an expression hold this name, attribute or string?
fn mentions(expression: &tree::Expr, word: &str) -> bool {
    struct Finder<'w> {
        word: &'w str,
        found: bool,
    }
    impl<'t> Visitor<'t> for Finder<'_> {
        fn visit_expr(&mut self, expression: &'t tree::Expr) {
            self.found |= match expression {
                tree::Expr::Name(name) => name.id.as_str() == self.word,
                tree::Expr::Attribute(attribute) => attribute.attr.as_str() == self.word,
                tree::Expr::StringLiteral(text) => text.value.to_str() == self.word,
                _ => false,
            };
            walk_expr(self, expression);
        }
    }
    let mut finder = Finder { word, found: false };
    finder.visit_expr(expression);
    finder.found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn start_up_code_is_told_from_helpers() {
        let sources = Sources::in_memory([
            (
                "app/main.py",
                "from alembic import command\napp = FastAPI()\n\n@asynccontextmanager\nasync def lifespan(app):\n    Base.metadata.create_all(engine)\n    command.upgrade(config, 'head')\n    yield\n\ndef helper():\n    Base.metadata.create_all(engine)\n    command.upgrade(config, 'head')\n",
            ),
            ("tests/conftest.py", "app = FastAPI()\nBase.metadata.create_all(engine)\n"),
        ]);
        let trees = Trees::of(&sources);
        let found = read(&trees, &Words::of_all(&sources, sources.ids()));
        assert_eq!(found.create_alls.len(), 1);
        assert_eq!(found.create_alls[0].when, "in `lifespan`");
        let coroutines: Vec<_> = found.upgrades.iter().map(|upgrade| upgrade.in_coroutine.as_deref()).collect();
        assert_eq!(coroutines, [Some("lifespan"), None]);
    }
}
