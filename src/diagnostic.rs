//! What limbeck says: [`Diagnostic`], [`Annotation`], [`Fix`], [`Edit`], [`Level`], [`Applicability`].
//!
//! A diagnostic reads: what (`message`) · where (`span`, `annotations`) · `why` · `path` (an import chain) · `help` or
//! `fix`. Rules build one through [`Findings::report`]; reports turn it into bytes.

use crate::source::Span;

/// How loudly a diagnostic speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Switched off: never shown.
    Off,
    /// Worth knowing; never fails a run.
    Note,
    /// Likely to hurt.
    Warning,
    /// Proved from the files to stop or corrupt a run.
    Error,
}

impl Level {
    /// The word for people and for JSON.
    pub fn word(self) -> &'static str {
        match self {
            Level::Off => "off",
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }

    /// The level that a word names.
    pub fn from_word(word: &str) -> Option<Level> {
        [Level::Off, Level::Note, Level::Warning, Level::Error].into_iter().find(|level| level.word() == word)
    }
}

/// A further place that matters, with a few words on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The place.
    pub span: Span,
    /// What is there.
    pub message: String,
}

/// May a fix be applied without being looked at?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// Keeps what the code means.
    Safe,
    /// May change what the code means; needs `--unsafe-fixes`.
    Unsafe,
}

/// One change of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Replaces the text of a span (an empty span inserts).
    Replace {
        /// What goes.
        span: Span,
        /// What comes.
        text: String,
    },
    /// Makes a file that is not there yet. Paths are relative to the project root.
    Create {
        /// The new file.
        path: String,
        /// Its text.
        text: String,
    },
}

/// A remedy: edits that are applied all together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in a few words: "import the module in env.py".
    pub title: String,
    /// Safe or not.
    pub applicability: Applicability,
    /// The edits, in any order, not overlapping.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// A fix that keeps what the code means.
    pub fn safe(title: impl Into<String>, edits: Vec<Edit>) -> Fix {
        Fix { title: title.into(), applicability: Applicability::Safe, edits }
    }

    /// A fix that wants a look.
    pub fn risky(title: impl Into<String>, edits: Vec<Edit>) -> Fix {
        Fix { title: title.into(), applicability: Applicability::Unsafe, edits }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule's name.
    pub rule: &'static str,
    /// How loudly.
    pub level: Level,
    /// The semantic identity, without line numbers: `model:app.models.audit.AuditLog.metadata`.
    pub key: String,
    /// What is wrong: lower-case start, no final period, code in backticks.
    pub message: String,
    /// The place to edit.
    pub span: Span,
    /// A few words on that place; may be empty.
    pub label: String,
    /// Further places.
    pub annotations: Vec<Annotation>,
    /// What happens to the user because of it.
    pub why: Option<String>,
    /// An import chain or another chain of evidence.
    pub path: Vec<Annotation>,
    /// What to do.
    pub help: Option<String>,
    /// The same as edits.
    pub fix: Option<Fix>,
    /// The Alembic environment that it belongs to.
    pub environment: Option<String>,
}

/// Where a rule puts what it found.
#[derive(Debug)]
pub struct Findings {
    rule: &'static str,
    level: Level,
    environment: Option<String>,
    /// What was found so far.
    pub diagnostics: Vec<Diagnostic>,
}

impl Findings {
    /// Findings of `rule`, at its own level.
    pub fn of(rule: &'static str, level: Level) -> Findings {
        Findings { rule, level, environment: None, diagnostics: Vec::new() }
    }

    /// What is reported from now on belongs to this environment.
    pub fn in_environment(&mut self, name: Option<&str>) {
        self.environment = name.map(str::to_owned);
    }

    /// Reports at `span`. Searching for this one call lists every message of limbeck.
    pub fn report(&mut self, span: Span, message: impl Into<String>) -> Report<'_> {
        self.diagnostics.push(Diagnostic {
            rule: self.rule,
            level: self.level,
            key: String::new(),
            message: message.into(),
            span,
            label: String::new(),
            annotations: Vec::new(),
            why: None,
            path: Vec::new(),
            help: None,
            fix: None,
            environment: self.environment.clone(),
        });
        Report { at: self.diagnostics.len() - 1, findings: self }
    }
}

/// A diagnostic under construction.
#[derive(Debug)]
pub struct Report<'f> {
    findings: &'f mut Findings,
    at: usize,
}

impl Report<'_> {
    fn with(self, change: impl FnOnce(&mut Diagnostic)) -> Self {
        change(&mut self.findings.diagnostics[self.at]);
        self
    }

    /// The semantic identity (`kind:name`), stable over edits elsewhere.
    pub fn key(self, key: impl Into<String>) -> Self {
        self.with(|diagnostic| diagnostic.key = key.into())
    }

    /// A few words on the primary place.
    pub fn here(self, words: impl Into<String>) -> Self {
        self.with(|diagnostic| diagnostic.label = words.into())
    }

    /// A further place.
    pub fn label(self, span: Span, words: impl Into<String>) -> Self {
        self.with(|diagnostic| diagnostic.annotations.push(Annotation { span, message: words.into() }))
    }

    /// What happens because of it.
    pub fn why(self, words: impl Into<String>) -> Self {
        self.with(|diagnostic| diagnostic.why = Some(words.into()))
    }

    /// One more step of the evidence chain.
    pub fn step(self, span: Span, words: impl Into<String>) -> Self {
        self.with(|diagnostic| diagnostic.path.push(Annotation { span, message: words.into() }))
    }

    /// What to do.
    pub fn help(self, words: impl Into<String>) -> Self {
        self.with(|diagnostic| diagnostic.help = Some(words.into()))
    }

    /// What to do, as edits.
    pub fn fix(self, fix: Fix) -> Self {
        self.with(|diagnostic| diagnostic.fix = Some(fix))
    }

    /// The same, when there is one.
    pub fn maybe_fix(self, fix: Option<Fix>) -> Self {
        self.with(|diagnostic| diagnostic.fix = fix)
    }

    /// Another level than the page's: a version gate, missing evidence.
    pub fn level(self, level: Level) -> Self {
        self.with(|diagnostic| diagnostic.level = level)
    }
}
