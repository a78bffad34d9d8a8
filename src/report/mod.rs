//! An [`Outcome`] → bytes, one module per format.
//!
//! Printing is decided here and nowhere else: what a person sees ([`full`], [`concise`]) and what a machine reads
//! ([`json`], [`sarif`], [`github`]). All of them mask passwords, and none of them reads anything but the outcome and
//! the texts of the files.

pub mod changes;
pub mod concise;
pub mod diagnose;
pub mod full;
pub mod github;
pub mod json;
pub mod line;
pub mod sarif;
pub mod summary;

use std::fmt;
use std::str::FromStr;

use crate::check::Outcome;
use crate::source::Sources;

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For a person: source lines, why, path, fix.
    #[default]
    Full,
    /// One line per finding.
    Concise,
    /// The contract's JSON, version 1.
    Json,
    /// SARIF 2.1.0, as GitHub's code scanning reads it.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
}

/// All formats, in the order of the help text.
pub const FORMATS: &[Format] = &[Format::Full, Format::Concise, Format::Json, Format::Sarif, Format::Github];

impl Format {
    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Format::Full => "full",
            Format::Concise => "concise",
            Format::Json => "json",
            Format::Sarif => "sarif",
            Format::Github => "github",
        }
    }

    /// Is it read by people, so that a summary line belongs at its end?
    pub fn is_for_people(self) -> bool {
        matches!(self, Format::Full | Format::Concise)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Format, String> {
        FORMATS.iter().copied().find(|format| format.word() == word).ok_or_else(|| {
            let words: Vec<&str> = FORMATS.iter().map(|format| format.word()).collect();
            format!("unknown output format `{word}`; there are {}", words.join(", "))
        })
    }
}

/// How a report looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// With ANSI colours.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Box drawing characters, or ASCII.
    pub unicode: bool,
    /// Formats for people end in a summary.
    pub summary: bool,
    /// [`Format::Full`] shows this many findings in full, the rest in one line each.
    pub in_full: usize,
    /// How long the run took.
    pub seconds: f64,
}

impl Default for Style {
    fn default() -> Style {
        Style { colour: false, width: 100, unicode: false, summary: true, in_full: 30, seconds: 0.0 }
    }
}

/// The report. It ends in a line end unless it is empty.
pub fn render(format: Format, outcome: &Outcome, sources: &Sources, style: &Style) -> String {
    match format {
        Format::Full => full::render(outcome, sources, style),
        Format::Concise => concise::render(outcome, sources, style),
        Format::Json => json::render(outcome, sources, style),
        Format::Sarif => sarif::render(outcome, sources),
        Format::Github => github::render(outcome, sources),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    //! A small outcome that the tests of all formats share.

    use super::*;
    use crate::check::EnvironmentSummary;
    use crate::diagnostic::{Diagnostic, Edit, Findings, Fix, Level};
    use crate::source::Span;

    /// The span of the first `needle` in `path`.
    pub(crate) fn span(sources: &Sources, path: &str, needle: &str) -> Span {
        let file = sources.id(path).expect("the file is there");
        let start = sources.text(file).find(needle).expect("the text is there");
        Span::new(file, start..start + needle.len())
    }

    /// What one rule found.
    pub(crate) fn found(rule: &'static str, level: Level, report: impl FnOnce(&mut Findings)) -> Vec<Diagnostic> {
        let mut findings = Findings::of(rule, level);
        report(&mut findings);
        findings.diagnostics
    }

    /// Two files, an error over both with a chain and a safe fix, and a warning on a URL with an unsafe fix.
    pub(crate) fn example() -> (Sources, Outcome) {
        let sources = Sources::in_memory([
            ("app/models/audit.py", "from app.base import Base\n\n\nclass AuditLog(Base):\n    pass\n"),
            (
                "migrations/env.py",
                "from app.models import user\n\nurl = 'postgres://app:hunter2@db/shop'\ntarget_metadata = Base.metadata\n",
            ),
        ]);
        let import = span(&sources, "migrations/env.py", "from app.models import user");
        let mut diagnostics = found("models-not-imported", Level::Error, |findings| {
            findings.in_environment(Some("alembic.ini"));
            findings
                .report(import, "autogenerate cannot see table `audit_log`")
                .key("model:app.models.audit.AuditLog")
                .here("the only models env.py imports")
                .label(span(&sources, "app/models/audit.py", "AuditLog"), "table `audit_log` is defined here")
                .label(span(&sources, "migrations/env.py", "target_metadata = Base.metadata"), "holds 1 of 2 tables")
                .why(
                    "no import path leads from migrations/env.py to app/models/audit.py, so autogenerate will not \
                     create the table, and drops it where it exists",
                )
                .step(import, "imports `app.models.user`")
                .step(span(&sources, "app/models/audit.py", "class"), "is never reached")
                .fix(Fix::safe(
                    "import the module in env.py",
                    vec![Edit::Replace {
                        span: import.after(),
                        text: "\nfrom app.models import audit  # noqa: F401".to_owned(),
                    }],
                ));
        });
        diagnostics.extend(found("url-scheme-postgres", Level::Warning, |findings| {
            findings.in_environment(Some("alembic.ini"));
            findings
                .report(span(&sources, "migrations/env.py", "postgres"), "SQLAlchemy has no dialect `postgres`")
                .key("url:postgres://app:hunter2@db/shop")
                .help("write postgresql://app:hunter2@db/shop")
                .fix(Fix::risky(
                    "write `postgresql`",
                    vec![Edit::Replace {
                        span: span(&sources, "migrations/env.py", "postgres"),
                        text: "postgresql".to_owned(),
                    }],
                ));
        }));
        let environment = EnvironmentSummary {
            name: "alembic.ini".to_owned(),
            config: Some("alembic.ini".to_owned()),
            script_location: Some("migrations".to_owned()),
            env_script: Some("migrations/env.py".to_owned()),
            sqlalchemy: Some("2.0.43".to_owned()),
            models: 31,
            revisions: 112,
            ..EnvironmentSummary::default()
        };
        let outcome = Outcome {
            diagnostics,
            environments: vec![environment],
            models: 31,
            revisions: 112,
            suppressed: 2,
            baseline: 14,
            ..Outcome::default()
        };
        (sources, outcome)
    }

    #[test]
    fn formats_are_named_by_their_words() {
        for format in FORMATS {
            assert_eq!(format.word().parse(), Ok(*format));
        }
        let error = "xml".parse::<Format>().expect_err("there is none");
        assert_eq!(error, "unknown output format `xml`; there are full, concise, json, sarif, github");
    }

    #[test]
    fn no_format_prints_a_password() {
        let (sources, outcome) = example();
        for format in FORMATS {
            for style in [Style::default(), Style { colour: true, unicode: true, width: 40, ..Style::default() }] {
                let report = render(*format, &outcome, &sources, &style);
                assert!(!report.contains("hunter2"), "{format}:\n{report}");
                assert!(report.ends_with('\n') && !report.contains("\n\n\n"), "{format}:\n{report}");
            }
        }
    }
}
