//! alembic.ini and `[tool.alembic]` → [`Config`]: options with spans.

use std::collections::BTreeMap;

use crate::source::{FileId, Span};

/// Which shape a configuration has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// alembic.ini or another ini file.
    Ini,
    /// `[tool.alembic]` of a pyproject.toml.
    Pyproject,
    /// Flask-Migrate's: no `script_location`, no URL.
    FlaskMigrate,
    /// No file: an env.py that code configures.
    InCode,
}

/// One option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigOption {
    /// The value after interpolation (`%(here)s`, `%%`); `None` when the interpolation fails.
    pub value: Option<String>,
    /// The value as written.
    pub raw: String,
    /// The key.
    pub key_span: Span,
    /// The value.
    pub span: Span,
}

/// What a configuration file says.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its shape.
    pub shape: Shape,
    /// The file, unless code configures.
    pub file: Option<FileId>,
    /// The section: `alembic`, or what `-n` would name.
    pub section: String,
    /// Where the section's header stands.
    pub section_span: Option<Span>,
    /// The options of every section, by section and lower-case key.
    pub sections: BTreeMap<String, BTreeMap<String, ConfigOption>>,
}

impl Config {
    /// The option `key` of the main section.
    pub fn option(&self, key: &str) -> Option<&ConfigOption> {
        self.sections.get(&self.section)?.get(key)
    }
}
