//! Python text → syntax tree, through `ruff_python_parser` (pinned; only this file names the parser).
//!
//! A tree is made once per file, on first use, and lives as long as [`Trees`]: values of the interpreter point into it.
//! What is only imported needs its [outline](Trees::outline): the bodies of functions are parsed when they are called.
//! Texts are not kept: most files are never looked at again.

mod outline;

use std::fmt;
use std::sync::OnceLock;

use ruff_python_parser::{Mode, ParseOptions, Parsed, parse_cells_unchecked, parse_unchecked_source};
use ruff_text_size::{Ranged, TextRange};

use self::outline::BodyRange;

use crate::source::per_file::PerFile;
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
    made(file, parse_unchecked_source(text, tree::PySourceType::Python))
}

/// Parses the function that stands in `text` at `range`; nothing else is looked at.
fn parse_function(file: FileId, text: &str, range: BodyRange) -> Tree {
    let range = TextRange::new(range.def.into(), range.end.into());
    made(file, parse_cells_unchecked(text, [range], &ParseOptions::from(Mode::Module)))
}

fn made(file: FileId, parsed: Parsed<tree::ModModule>) -> Tree {
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

/// A module without the bodies of its functions: [`Trees::body`] has those.
#[derive(Clone, Copy, Debug)]
pub struct Outline<'a> {
    /// The module's statements; what could not be parsed is left out.
    pub module: &'a tree::ModModule,
    /// What is no Python, as far as it was looked at.
    pub problems: &'a [SyntaxProblem],
}

struct Outlined {
    module: tree::ModModule,
    problems: Vec<SyntaxProblem>,
    /// The bodies that were blanked, in order, and their trees.
    bodies: Box<[(BodyRange, OnceLock<Box<Tree>>)]>,
}

/// Is shown the text of each file that is parsed.
pub type Watcher<'s> = dyn Fn(FileId, &str) + Sync + 's;

/// The trees of Python files, made on demand.
pub struct Trees<'s> {
    sources: &'s Sources,
    outlines: PerFile<Box<Outlined>>,
    watcher: Option<&'s Watcher<'s>>,
}

impl fmt::Debug for Trees<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = self.sources.ids().filter(|file| self.outlines.get(*file).is_some());
        f.debug_list().entries(made.map(|file| self.sources.path(file))).finish()
    }
}

impl<'s> Trees<'s> {
    /// No tree yet, for any file of `sources`.
    pub fn of(sources: &'s Sources) -> Trees<'s> {
        Trees { sources, outlines: PerFile::of(sources.len()), watcher: None }
    }

    /// No tree yet, and each text that an outline is made of is shown to `watcher`: who looks for words in all files
    /// need not read it again.
    pub fn watched(sources: &'s Sources, watcher: &'s Watcher<'s>) -> Trees<'s> {
        Trees { watcher: Some(watcher), ..Trees::of(sources) }
    }

    /// The files.
    pub fn sources(&self) -> &'s Sources {
        self.sources
    }

    /// The whole tree of `file`, made anew: few look at one twice, and it takes room. An unreadable file is an empty
    /// module.
    pub fn whole(&self, file: FileId) -> Tree {
        self.sources.glimpse(file, |text| parse(file, text))
    }

    /// What `file` does when it is imported: its tree, in which the bodies of functions may be blank.
    pub fn outline(&self, file: FileId) -> Outline<'_> {
        let Outlined { module, problems, .. } = self.outlined(file);
        Outline { module, problems }
    }

    /// The statements of a function that [`Trees::outline`] gave. `None`: they are no Python.
    pub fn body<'a>(&'a self, file: FileId, function: &'a tree::StmtFunctionDef) -> Option<&'a [tree::Stmt]> {
        match self.blank(file, function) {
            None => Some(&function.body),
            Some(blank) => self.filled(file, blank),
        }
    }

    /// What is no Python in the parts of `file` that were looked at so far.
    pub fn problems(&self, file: FileId) -> impl Iterator<Item = &SyntaxProblem> {
        let outlined = self.outlines.get(file);
        let bodies = outlined.into_iter().flat_map(|outlined| &*outlined.bodies).filter_map(|(_, body)| body.get());
        outlined.into_iter().flat_map(|outlined| &outlined.problems).chain(bodies.flat_map(|body| &body.problems))
    }

    fn outlined(&self, file: FileId) -> &Outlined {
        self.outlines.get_or_init(file, || Box::new(self.sources.glimpse(file, |text| self.outline_of(file, text))))
    }

    fn outline_of(&self, file: FileId, text: &str) -> Outlined {
        if let Some(watcher) = self.watcher {
            watcher(file, text);
        }
        let blanked = outline::blank_bodies(text).and_then(|blanked| {
            let tree = parse(file, &blanked.text);
            tree.problems.is_empty().then_some((tree, blanked.bodies))
        });
        let (tree, bodies) = blanked.unwrap_or_else(|| (parse(file, text), Vec::new()));
        let bodies = bodies.into_iter().map(|body| (body, OnceLock::new())).collect();
        Outlined { module: tree.module, problems: tree.problems, bodies }
    }

    /// The body that stood where the function has a blank one.
    fn blank(&self, file: FileId, function: &tree::StmtFunctionDef) -> Option<(&Outlined, usize)> {
        let outlined = self.outlines.get(file)?;
        let [only] = &*function.body else { return None };
        let start = only.range().start().to_u32();
        let found = outlined.bodies.binary_search_by_key(&start, |(body, _)| body.start).ok()?;
        Some((outlined, found))
    }

    fn filled<'a>(&self, file: FileId, (outlined, number): (&'a Outlined, usize)) -> Option<&'a [tree::Stmt]> {
        let (range, cell) = outlined.bodies.get(number)?;
        let alone =
            cell.get_or_init(|| Box::new(self.sources.in_passing(file, |text| parse_function(file, text, *range))));
        if !alone.problems.is_empty() {
            return None;
        }
        alone.module.body.first()?.as_function_def_stmt().map(|function| &*function.body)
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
    fn an_outline_has_bodies_when_they_are_asked_for() {
        let text = "def f():\n    x\nclass A:\n    async def g(self):\n        def h():\n            return 1\n        \
                    return h()\n\n    def i(self): return 2\n";
        let sources = Sources::in_memory([("a.py", text)]);
        let trees = Trees::of(&sources);
        let file = FileId(0);
        let (outline, whole) = (trees.outline(file).module, trees.whole(file));
        let ends = |module: &tree::ModModule| module.body.iter().map(|node| span_of(file, node)).collect::<Vec<_>>();
        assert_eq!(ends(outline), ends(&whole.module));
        let f = outline.body[0].as_function_def_stmt().expect("a function");
        assert_eq!(trees.sources().slice(span_of(file, &trees.body(file, f).expect("Python")[0])), "x");
        let methods = &outline.body[1].as_class_def_stmt().expect("a class").body;
        let bodies = methods.iter().filter_map(|node| trees.body(file, node.as_function_def_stmt()?));
        let bodies: Vec<&[tree::Stmt]> = bodies.collect();
        assert_eq!(bodies.iter().map(|body| body.len()).collect::<Vec<_>>(), [2, 1]);
        let h = bodies[0][0].as_function_def_stmt().expect("a function");
        assert_eq!(trees.body(file, h).map(<[_]>::len), Some(1));
        assert_eq!(sources.slice(span_of(file, &bodies[1][0])), "return 2");
    }

    #[test]
    fn a_body_that_is_no_python_is_not_run_in_part() {
        let sources = Sources::in_memory([("a.py", "def f():\n    x = = 1\n    return x\ny = 2\n")]);
        let trees = Trees::of(&sources);
        let outline = trees.outline(FileId(0));
        let f = outline.module.body[0].as_function_def_stmt().expect("a function");
        assert!(outline.problems.is_empty() && trees.problems(FileId(0)).next().is_none());
        assert!(trees.body(FileId(0), f).is_none());
        assert!(trees.problems(FileId(0)).next().is_some());
    }

    #[test]
    fn new_syntax_is_no_problem() {
        assert!(
            parse(FileId(0), "try:\n    pass\nexcept A, B:\n    pass\ntype X[T = int] = list[T]\n").problems.is_empty()
        );
    }
}
