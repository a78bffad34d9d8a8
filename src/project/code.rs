//! Questions about all Python code of the project, answered from the syntax trees of the files that hold the word: who
//! calls what, what is named, what stands in a string. Nothing is run; comments and docstrings are no code.
//!
//! Rules ask when a finding is about to be made, to keep it from being false.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use memchr::memmem::Finder;
use rayon::prelude::*;

use crate::project::alembic::env_layout::{self, Layout};
use crate::project::words::{self, Words};
use crate::python::dotted;
use crate::source::{FileId, Sources, Span};
use crate::syntax::python::tree::visitor::{Visitor, walk_expr, walk_keyword, walk_stmt};
use crate::syntax::python::{Tree, Trees, span_of, tree};

/// The project's Python code.
#[derive(Clone, Debug)]
pub struct Code<'s> {
    trees: &'s Trees<'s>,
    words: Arc<Words>,
    /// What was asked before, for each environment asks the same: files by the words.
    mentioning: RefCell<BTreeMap<String, Vec<FileId>>>,
}

/// A call, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The whole call.
    pub span: Span,
    /// What is called: `op.drop_column`.
    pub callee: Span,
    /// The function's or method's own name.
    pub name: String,
    /// What a method is called on: the name that the object was bound to where it was made (`migrate` of
    /// `extensions.migrate.init_app()`, and of `m.init_app()` after `from extensions import migrate as m`). `None`: the
    /// file does not tell.
    pub receiver: Option<String>,
    /// The positional arguments.
    pub arguments: Vec<Argument>,
    /// There are others: keywords, `*arguments`.
    pub further: bool,
}

/// An argument of a [`Call`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The expression.
    pub span: Span,
    /// The text, where it is a plain string.
    pub text: Option<String>,
}

impl<'s> Code<'s> {
    /// The code in `trees`.
    pub fn of(trees: &'s Trees<'s>, words: Arc<Words>) -> Code<'s> {
        Code { trees, words, mentioning: RefCell::default() }
    }

    /// The trees, for who runs code of the project on paper.
    pub fn trees(&self) -> &'s Trees<'s> {
        self.trees
    }

    /// Does any code hold the word: as a name, as a dotted name (imports count: `from alembic import config` holds
    /// `alembic.config`), or in a string?
    pub fn mentions(&self, word: &str) -> bool {
        !self.mentioning(&[word]).is_empty()
    }

    /// The files whose code holds all the words.
    pub fn mentioning(&self, words: &[&str]) -> Vec<FileId> {
        let question = words.join(" ");
        if let Some(known) = self.mentioning.borrow().get(&question) {
            return known.clone();
        }
        let mut files = self.holding(words);
        files.retain(|file| words.iter().all(|word| self.mentions_in(*file, word)));
        self.mentioning.borrow_mut().insert(question, files.clone());
        files
    }

    /// Does the code of this file hold the word?
    pub fn mentions_in(&self, file: FileId, word: &str) -> bool {
        mentions(&self.trees.whole(file), word)
    }

    /// The strings in code that hold the word, each whole; of a formatted one what is not computed.
    pub fn texts(&self, word: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for file in self.holding(&[word]) {
            read(&self.trees.whole(file), &mut |part| {
                let text = match part {
                    Part::Expression(tree::Expr::StringLiteral(literal)) => literal.value.to_str().to_owned(),
                    Part::Expression(tree::Expr::FString(formatted)) => not_computed(formatted),
                    _ => return,
                };
                texts.extend(Some(text).filter(|text| text.contains(word)));
            });
        }
        texts
    }

    /// Is there a call of a function or method of this name that `is_it`?
    pub fn is_called(&self, name: &str, is_it: impl Fn(&Call) -> bool) -> bool {
        let mut files = self.holding(&[name]).into_iter();
        files.any(|file| self.calls_in(file).iter().any(|call| call.name == name && is_it(call)))
    }

    /// How a file is written: what fixes keep.
    pub fn layout(&self, file: FileId) -> Layout {
        env_layout::read(&self.trees.whole(file), self.sources().text(file))
    }

    /// The calls in a file.
    pub fn calls_in(&self, file: FileId) -> Vec<Call> {
        calls(&self.trees.whole(file))
    }

    /// The call that stands at this place.
    pub fn call_at(&self, span: Span) -> Option<Call> {
        self.calls_in(span.file).into_iter().find(|call| call.span == span)
    }

    /// The names that code takes from `of.attribute`: `all` and `filter` for `Order.query.all()`,
    /// `models.Order.query.filter(…)`.
    pub fn taken_from(&self, of: &str, attribute: &str) -> Vec<String> {
        let mut taken = Vec::new();
        for file in self.holding(&[of, attribute]) {
            let tree = &self.trees.whole(file);
            let origins = Origins::of(tree);
            read(tree, &mut |part| {
                if let Part::Expression(tree::Expr::Attribute(outer)) = part
                    && let tree::Expr::Attribute(inner) = &*outer.value
                    && inner.attr.as_str() == attribute
                    && origins.name_of(&inner.value).as_deref() == Some(of)
                {
                    taken.push(outer.attr.to_string());
                }
            });
        }
        taken
    }

    /// The files.
    pub(super) fn sources(&self) -> &Sources {
        self.trees.sources()
    }

    /// The tree of a file.
    pub(super) fn tree(&self, file: FileId) -> Tree {
        self.trees.whole(file)
    }

    /// The Python files whose bytes hold all the words, in the order of their paths.
    pub(super) fn holding(&self, words: &[&str]) -> Vec<FileId> {
        let sources = self.trees.sources();
        let parts: Vec<Finder<'_>> = words.iter().flat_map(|word| word.split('.')).map(Finder::new).collect();
        let mut python: Vec<FileId> = sources.ids().filter(|file| sources.path(*file).ends_with(".py")).collect();
        for word in words.iter().filter(|word| words::is_looked_for(word)) {
            python.retain(|file| self.words.held_by(*file).has(word));
        }
        let holds = |bytes: &[u8]| parts.iter().all(|part| part.find(bytes).is_some());
        let found = |buffer: &mut Vec<u8>, file| sources.holds(file, buffer, holds).then_some(file);
        python.into_par_iter().with_min_len(16).map_init(Vec::new, found).flatten().collect()
    }
}

/// Does the code hold the word: as a name, as a dotted name, or in a string?
fn mentions(tree: &Tree, word: &str) -> bool {
    holds(tree, |part| part.names(word) || matches!(part, Part::Text(text) if text.contains(word)))
}

/// Does the code hold the word as a name, or as a dotted name?
pub fn names(tree: &Tree, word: &str) -> bool {
    holds(tree, |part| part.names(word))
}

fn holds(tree: &Tree, is_it: impl Fn(&Part<'_>) -> bool) -> bool {
    let mut found = false;
    read(tree, &mut |part| found = found || is_it(&part));
    found
}

/// The calls in a file: outer ones before those in their arguments.
pub fn calls(tree: &Tree) -> Vec<Call> {
    let origins = Origins::of(tree);
    let mut calls = Vec::new();
    read(tree, &mut |part| {
        if let Part::Expression(tree::Expr::Call(call)) = part {
            calls.push(call_of(tree.file, call, &origins));
        }
    });
    calls
}

/// Is it in the body of a `try` that catches something?
pub fn is_tried(tree: &Tree, span: Span) -> bool {
    struct Tries<'t> {
        tree: &'t Tree,
        span: Span,
        found: bool,
    }
    impl<'t> Visitor<'t> for Tries<'t> {
        fn visit_stmt(&mut self, statement: &'t tree::Stmt) {
            if !self.tree.span(statement).contains(self.span) {
                return;
            }
            if let tree::Stmt::Try(tried) = statement {
                let in_body = tried.body.iter().any(|inner| self.tree.span(inner).contains(self.span));
                self.found |= in_body && !tried.handlers.is_empty();
            }
            walk_stmt(self, statement);
        }
    }
    let mut tries = Tries { tree, span, found: false };
    tree.module.body.iter().for_each(|statement| tries.visit_stmt(statement));
    tries.found
}

/// Something that the reader comes by.
enum Part<'t> {
    /// A name that is read, bound, imported or given as a keyword.
    Name(&'t str),
    /// The text of a string, or a piece of it.
    Text(&'t str),
    /// An imported module, and what is imported from it.
    Module(&'t str, Option<&'t str>),
    /// Any expression.
    Expression(&'t tree::Expr),
}

impl Part<'_> {
    fn names(&self, word: &str) -> bool {
        match self {
            Part::Name(name) => *name == word,
            Part::Module(module, member) => {
                *module == word || word.strip_prefix(module).is_some_and(|rest| rest.strip_prefix('.') == *member)
            }
            Part::Expression(tree::Expr::Attribute(attribute)) => {
                attribute.attr.as_str() == word || is_dotted(attribute, word)
            }
            Part::Text(_) | Part::Expression(_) => false,
        }
    }
}

fn read<'t>(tree: &'t Tree, tell: &mut dyn FnMut(Part<'t>)) {
    let mut reader = Reader { tell };
    for statement in &tree.module.body {
        reader.visit_stmt(statement);
    }
}

struct Reader<'r, 't> {
    tell: &'r mut dyn FnMut(Part<'t>),
}

impl<'t> Visitor<'t> for Reader<'_, 't> {
    fn visit_stmt(&mut self, statement: &'t tree::Stmt) {
        match statement {
            // A docstring.
            tree::Stmt::Expr(alone) if alone.value.is_string_literal_expr() => return,
            tree::Stmt::Import(import) => {
                for alias in &import.names {
                    (self.tell)(Part::Module(&alias.name, None));
                    alias.name.split('.').for_each(|part| (self.tell)(Part::Name(part)));
                }
            }
            tree::Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |module| module.as_str());
                module.split('.').for_each(|part| (self.tell)(Part::Name(part)));
                for alias in &import.names {
                    (self.tell)(Part::Module(module, Some(&alias.name)));
                    (self.tell)(Part::Name(&alias.name));
                }
            }
            tree::Stmt::FunctionDef(function) => (self.tell)(Part::Name(&function.name)),
            tree::Stmt::ClassDef(class) => (self.tell)(Part::Name(&class.name)),
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'t tree::Expr) {
        if let tree::Expr::Name(name) = expression {
            (self.tell)(Part::Name(&name.id));
        }
        (self.tell)(Part::Expression(expression));
        walk_expr(self, expression);
    }

    fn visit_keyword(&mut self, keyword: &'t tree::Keyword) {
        if let Some(name) = &keyword.arg {
            (self.tell)(Part::Name(name));
        }
        walk_keyword(self, keyword);
    }

    fn visit_string_literal(&mut self, literal: &'t tree::StringLiteral) {
        (self.tell)(Part::Text(&literal.value));
    }

    fn visit_interpolated_string_element(&mut self, element: &'t tree::InterpolatedStringElement) {
        match element {
            tree::InterpolatedStringElement::Literal(literal) => (self.tell)(Part::Text(&literal.value)),
            tree::InterpolatedStringElement::Interpolation(inner) => self.visit_expr(&inner.expression),
        }
    }
}

/// `a.b.c`, for the text `a.b.c`.
fn is_dotted(attribute: &tree::ExprAttribute, word: &str) -> bool {
    let Some((before, last)) = dotted::parent(word) else { return false };
    attribute.attr.as_str() == last
        && match &*attribute.value {
            tree::Expr::Name(name) => name.id.as_str() == before,
            tree::Expr::Attribute(inner) => is_dotted(inner, before),
            _ => false,
        }
}

fn not_computed(formatted: &tree::ExprFString) -> String {
    let mut text = String::new();
    for part in &formatted.value {
        match part {
            tree::FStringPart::Literal(literal) => text.push_str(&literal.value),
            tree::FStringPart::FString(inner) => {
                inner.elements.literals().for_each(|literal| text.push_str(&literal.value));
            }
        }
    }
    text
}

fn called(call: &tree::ExprCall) -> Option<&str> {
    match &*call.func {
        tree::Expr::Name(name) => Some(name.id.as_str()),
        tree::Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

fn call_of(file: FileId, call: &tree::ExprCall, origins: &Origins<'_>) -> Call {
    let receiver = match &*call.func {
        tree::Expr::Attribute(attribute) => origins.name_of(&attribute.value),
        _ => None,
    };
    let is_starred = call.arguments.args.iter().any(|argument| argument.is_starred_expr());
    Call {
        span: span_of(file, call),
        callee: span_of(file, &*call.func),
        name: called(call).unwrap_or("").to_owned(),
        receiver,
        arguments: call.arguments.args.iter().map(|given| argument(file, given)).collect(),
        further: is_starred || !call.arguments.keywords.is_empty(),
    }
}

fn argument(file: FileId, expression: &tree::Expr) -> Argument {
    let text = expression.as_string_literal_expr().map(|literal| literal.value.to_str().to_owned());
    Argument { span: span_of(file, expression), text }
}

/// The names that a module's imports and its own assignments bind, each with its name at home.
struct Origins<'t> {
    names: Vec<(&'t str, &'t str)>,
}

impl<'t> Origins<'t> {
    fn of(tree: &'t Tree) -> Origins<'t> {
        let mut origins = Origins { names: Vec::new() };
        for statement in &tree.module.body {
            origins.visit_stmt(statement);
        }
        origins
    }

    /// The name under which a module bound what `expression` names. `None`: it is a loop's variable, a parameter, another
    /// name for something, …
    fn name_of(&self, expression: &tree::Expr) -> Option<String> {
        match expression {
            tree::Expr::Attribute(attribute) => {
                self.name_of(&attribute.value)?;
                Some(attribute.attr.to_string())
            }
            tree::Expr::Name(name) => {
                let known = self.names.iter().find(|(bound, _)| *bound == name.id.as_str());
                known.map(|(_, home)| (*home).to_owned())
            }
            _ => None,
        }
    }
}

impl<'t> Visitor<'t> for Origins<'t> {
    fn visit_stmt(&mut self, statement: &'t tree::Stmt) {
        match statement {
            tree::Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    self.names.push((alias.asname.as_ref().unwrap_or(&alias.name), &alias.name));
                }
            }
            tree::Stmt::Import(import) => {
                for alias in &import.names {
                    let last = dotted::last(&alias.name);
                    self.names.push((alias.asname.as_ref().map_or(last, |name| name.as_str()), last));
                }
            }
            tree::Stmt::Assign(assign) if !(assign.value.is_name_expr() || assign.value.is_attribute_expr()) => {
                for target in &assign.targets {
                    if let tree::Expr::Name(name) = target {
                        self.names.push((name.id.as_str(), name.id.as_str()));
                    }
                }
            }
            tree::Stmt::ClassDef(class) => self.names.push((&class.name, &class.name)),
            _ => {}
        }
        walk_stmt(self, statement);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    const CODE: &str = "\
\"\"\"makedirs of alembic.script\"\"\"
# mkdir
from alembic import config as c
import extensions
from models import Order as O

def run(app, things):
    extensions.migrate.init_app(app, db)
    for thing in things:
        thing.init_app(app)
    url = f\"SET lock_timeout = {app.timeout}\"
    try:
        O.query.all()
    except AttributeError:
        pass
    return str(url)
";

    #[test]
    fn comments_and_docstrings_are_no_code() {
        let sources = Sources::in_memory([("a.py", CODE), ("b.py", "import os\n")]);
        let trees = Trees::of(&sources);
        let code = Code::of(&trees, Words::of_all(&sources, sources.ids()).into());
        let said = ["makedirs", "mkdir", "alembic.script", "alembic.config", "lock_timeout", "app.timeout", "config"];
        assert_eq!(said.map(|word| code.mentions(word)), [false, false, false, true, true, true, true]);
        assert_eq!(code.mentioning(&["alembic", "Order"]).len(), 1);
        assert_eq!(code.texts("lock_timeout"), ["SET lock_timeout = "]);
        assert!(names(&trees.whole(FileId(0)), "timeout") && !names(&trees.whole(FileId(0)), "lock_timeout"));
    }

    #[test]
    fn calls_know_whose_method_they_call() {
        let sources = Sources::in_memory([("a.py", CODE)]);
        let trees = Trees::of(&sources);
        let code = Code::of(&trees, Words::of_all(&sources, sources.ids()).into());
        let calls = |name: &str| -> Vec<Call> {
            code.calls_in(FileId(0)).into_iter().filter(|call| call.name == name).collect()
        };
        let receivers: Vec<_> = calls("init_app").into_iter().map(|call| call.receiver).collect();
        assert_eq!(receivers, [Some("migrate".to_owned()), None]);
        let tree = &trees.whole(FileId(0));
        assert!(is_tried(tree, calls("all")[0].span) && !is_tried(tree, calls("str")[0].span));
        assert!(code.is_called("init_app", |call| call.receiver.is_none()) && !code.is_called("mkdir", |_| true));
        assert_eq!(code.taken_from("Order", "query"), ["all"]);
        let at = CODE.find("str(").expect("is there");
        let call = code.call_at(Span::new(FileId(0), at..at + "str(url)".len())).expect("a call");
        assert_eq!((call.name.as_str(), sources.slice(call.arguments[0].span)), ("str", "url"));
    }
}
