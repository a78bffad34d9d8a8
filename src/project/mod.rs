//! Trees and values → facts. A [`Project`] is everything that the rules may look at: owned data with spans, no syntax.

pub mod alembic;
pub mod application;
pub mod beside;
pub mod code;
pub mod compose;
pub mod imported;
pub mod linters;
pub mod read;
pub mod search_path;
pub mod settings;
pub mod setup_script;
pub mod sqlalchemy;
pub mod sweep;
pub mod together;
pub mod versions;
pub mod words;

use crate::source::{FileId, Sources, Span};

/// A fact that was read, or where and why it could not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// Read, at this place.
    Is(T, Span),
    /// Not read.
    Unknown(Span, String),
}

impl<T> Known<T> {
    /// The value, if it was read.
    pub fn get(&self) -> Option<&T> {
        match self {
            Known::Is(value, _) => Some(value),
            Known::Unknown(..) => None,
        }
    }

    /// Where it was read, or where reading stopped.
    pub fn span(&self) -> Span {
        match self {
            Known::Is(_, span) | Known::Unknown(span, _) => *span,
        }
    }
}

/// Something that limbeck could not read: counted, listed with `-v`, never guessed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotAnalysed {
    /// Where.
    pub span: Span,
    /// Why.
    pub why: String,
    /// What may be behind it.
    pub hides: Hides,
}

/// What may be behind a place that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hides {
    /// Tables or whole models (an import that can't be followed): "never imported" may not be said.
    Models,
    /// Revisions: "not there" may not be said of one.
    Revisions,
    /// Neither.
    Nothing,
}

/// All facts.
#[derive(Debug)]
pub struct Project<'s> {
    /// The files.
    pub sources: &'s Sources,
    /// What the user configured.
    pub settings: settings::Settings,
    /// The Alembic environments, in the order of their paths.
    pub environments: Vec<alembic::Environment>,
    /// What the files at the root pin.
    pub versions: versions::Versions,
    /// Every MetaData, table and mapped class.
    pub models: sqlalchemy::Models,
    /// All Python code, for questions.
    pub code: code::Code<'s>,
    /// The functions that the env.py files hand to autogenerate, for questions.
    pub decisions: Box<dyn alembic::decisions::Decide + 's>,
    /// What the application does beside migrations.
    pub application: application::Application,
    /// The linters that look for unused imports.
    pub linters: Vec<linters::Linter>,
    /// Files that could not be read although something needs them.
    pub unreadable: Vec<FileId>,
    /// Syntax errors in files on the way from an env.py, or in revisions.
    pub syntax_problems: Vec<(Span, String)>,
    /// What went wrong inside limbeck while it read the project.
    pub broken: Vec<String>,
}
