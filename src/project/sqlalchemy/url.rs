//! Engine URLs as SQLAlchemy reads them.

use crate::source::Span;

/// Where a URL's text came from, as a chain of places: the first is where it is used, the last where it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// What kind of place the text was typed at.
    pub kind: UrlKind,
    /// The places, from use to text.
    pub chain: Vec<Span>,
}

/// What kind of place a URL was typed at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlKind {
    /// A literal, or an option of the configuration file.
    Literal,
    /// A line of a .env file.
    DotEnv,
    /// The default for an environment variable of this name.
    Default(String),
}

/// A URL, in parts. Passwords are never printed: `Debug` and `Display` mask them.
#[derive(Clone, PartialEq, Eq)]
pub struct EngineUrl {
    /// The text as it reaches SQLAlchemy.
    pub text: String,
    /// `postgresql`
    pub dialect: String,
    /// `asyncpg`, where the URL names one.
    pub driver: Option<String>,
    /// Where the text was typed: the place to edit.
    pub span: Span,
    /// How it got to the engine.
    pub provenance: Provenance,
}

impl std::fmt::Debug for EngineUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "EngineUrl({}{}{}://…)",
            self.dialect,
            if self.driver.is_some() { "+" } else { "" },
            self.driver.as_deref().unwrap_or("")
        )
    }
}
