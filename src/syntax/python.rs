//! Python text → syntax tree, through `ruff_python_parser` (pinned; only this file names the parser).
//!
//! A tree is made once per file, on first use, and lives as long as [`Trees`]: values of the interpreter point into it.

use std::sync::OnceLock;

use ruff_python_parser::parse_unchecked_source;
use ruff_text_size::Ranged;

use crate::source::{FileId, Sources, Span};

/// The node types. Consumers write `tree::Expr`, `tree::StmtClassDef`, …
pub use ruff_python_ast as tree;

/// A place where the text is no Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxProblem {
    /// Where.
    pub span: Span,
    /// The parser's words.
    pub message: String,
}

/// One parsed file.
#[derive(Debug)]
pub struct Tree {
    /// The file.
    pub file: FileId,
    /// The module's statements; what could not be parsed is left out.
    pub module: tree::ModModule,
    /// What is no Python. Syntax that is merely newer than some Python version is not in here.
    pub problems: Vec<SyntaxProblem>,
    /// The comments, in order.
    pub comments: Vec<Span>,
}

impl Tree {
    /// The span of a node of this tree.
    pub fn span(&self, node: &impl Ranged) -> Span {
        span_of(self.file, node)
    }
}

/// The span of a node of `file`.
pub fn span_of(file: FileId, node: &impl Ranged) -> Span {
    Span { file, start: node.range().start().to_u32(), end: node.range().end().to_u32() }
}

/// Parses `text` as the module `file`. Offsets count from the very start of the text, a byte order mark included.
pub fn parse(file: FileId, text: &str) -> Tree {
    let parsed = parse_unchecked_source(text, tree::PySourceType::Python);
    let problems = parsed
        .errors()
        .iter()
        .map(|error| SyntaxProblem { span: span_of(file, &error.location), message: error.error.to_string() })
        .collect();
    let comments = parsed
        .tokens()
        .iter()
        .filter(|token| token.kind() == tree::token::TokenKind::Comment)
        .map(|token| span_of(file, token))
        .collect();
    Tree { file, module: parsed.into_syntax(), problems, comments }
}

/// The trees of all Python files, made on demand.
#[derive(Debug)]
pub struct Trees<'s> {
    sources: &'s Sources,
    cells: Vec<OnceLock<Tree>>,
}

impl<'s> Trees<'s> {
    /// No tree yet, for any file of `sources`.
    pub fn of(sources: &'s Sources) -> Trees<'s> {
        Trees { sources, cells: sources.ids().map(|_| OnceLock::new()).collect() }
    }

    /// The files.
    pub fn sources(&self) -> &'s Sources {
        self.sources
    }

    /// The tree of `file`. An unreadable file is an empty module.
    pub fn get(&self, file: FileId) -> &Tree {
        self.cells[file.0 as usize].get_or_init(|| parse(file, self.sources.text(file)))
    }

    /// The tree of `file` if somebody asked for it before.
    pub fn peek(&self, file: FileId) -> Option<&Tree> {
        self.cells[file.0 as usize].get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_statement_leaves_the_next_class() {
        let tree = parse(FileId(0), "class A(Base):\n    id = Column(Integer\n\nclass B(Base):\n    pass  # note\n");
        let classes = tree.module.body.iter().filter(|statement| statement.is_class_def_stmt()).count();
        assert_eq!(classes, 2);
        assert!(!tree.problems.is_empty());
        assert_eq!(tree.comments.len(), 1);
    }

    #[test]
    fn a_byte_order_mark_counts() {
        let tree = parse(FileId(0), "\u{feff}x = 1\n");
        assert!(tree.problems.is_empty());
        assert_eq!(tree.span(&tree.module.body[0]).start, 3);
    }

    #[test]
    fn new_syntax_is_no_problem() {
        assert!(
            parse(FileId(0), "try:\n    pass\nexcept A, B:\n    pass\ntype X[T = int] = list[T]\n").problems.is_empty()
        );
    }
}
