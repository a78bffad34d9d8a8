//! The text of a failed run → an [`Explanation`]: the cause, confirmed on the files by the rules, and what to do.
//!
//! [`lines`] takes off what CI systems put around a log, [`traceback`] reads tracebacks and `FAILED:` lines,
//! [`causes`] is the one table of texts, [`recognise`] finds the row that fits, [`frames`] maps frames onto the checkout,
//! [`place`] finds the span to edit, and [`newest`] looks at the newest revision where there is no log.
//!
//! An unknown text gets no answer: nothing is guessed.

pub mod causes;
pub mod frames;
pub mod lines;
pub mod newest;
pub mod pattern;
pub mod phase;
pub mod place;
pub mod recognise;
pub mod traceback;

use crate::check::options::Options;
use crate::check::{self, Outcome, run, suppression};
use crate::diagnostic::{Diagnostic, Level};
use crate::project::read;
use crate::source::{FileId, Sources, Span};
use crate::syntax::python::Trees;

use recognise::Reader;

/// What is to be said about a failed run.
#[derive(Clone, Debug, Default)]
pub struct Explanation {
    /// The answer first (where there is one), then what would stop the next run.
    pub outcome: Outcome,
    /// What failed; `None`: nothing in the log did.
    pub failure: Option<Failure>,
}

impl Explanation {
    /// The answer.
    pub fn answer(&self) -> Option<&Diagnostic> {
        self.failure.as_ref().and_then(|failure| failure.cause.as_ref())?;
        self.outcome.diagnostics.first()
    }
}

/// What failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// The exception's class as the log spells it; empty: none.
    pub exception: String,
    /// The first line of its message.
    pub message: String,
    /// The cause, or the rule that found it; `None`: not recognised.
    pub cause: Option<String>,
    /// How far the run had come, as a sentence.
    pub phase: String,
    /// The line of the log that says it.
    pub line: usize,
    /// The project's own lines that ran, outermost first.
    pub frames: Vec<(Span, String)>,
    /// The second diagnostic is another explanation.
    pub otherwise: bool,
    /// How many other errors would stop the next run.
    pub also: usize,
    /// The command to type.
    pub next: Option<String>,
    /// The command not to run, and why.
    pub avoid: Option<String>,
}

/// Explains a log. `log_file` is the log itself among the sources: what is nowhere else is there.
pub fn diagnose(log: &str, sources: &Sources, log_file: FileId, options: &Options) -> Explanation {
    let lines = lines::lines(log);
    let log = traceback::read(&lines);
    let series = log.events.iter().rev().flat_map(|event| &event.chain).find_map(|raised| series(&raised.message));
    let mut options = options.clone();
    if let (Some((major, minor)), None) = (series, &options.settings.sqlalchemy) {
        // The log is the proof of what ran.
        options.settings.sqlalchemy = Some(format!("{major}.{minor}"));
    }
    let trees = Trees::of(sources);
    let project = read::read(sources, &trees, &options.settings);
    let mut outcome = check::looked_at(&project);
    let (mut found, _) = run::run(&project, &options, &mut outcome.internal_errors);
    check::once(&mut found);
    let reader = Reader { project: &project, found: &found, log: &log, log_file, series };
    let mut failure = Some(Failure { phase: "the log shows no failure.".to_owned(), ..Failure::default() });
    if let Some((event, answer)) = reader.choose() {
        let mut told = reader.tell(&event, answer.as_ref());
        if let Some(answer) = answer {
            let next = answer.captures.fill(answer.cause.next).filter(|next| !next.is_empty());
            let avoid = answer.captures.fill(answer.cause.avoid).filter(|avoid| !avoid.is_empty());
            told.next = reader.next(&answer).or(next);
            told.avoid = avoid;
            told.cause = Some(match answer.diagnostic.rule {
                rule if answer.confirmed => rule.to_owned(),
                _ => answer.cause.name.to_owned(),
            });
            let otherwise = reader.otherwise(&answer);
            told.otherwise = otherwise.is_some();
            outcome.diagnostics.push(answer.diagnostic);
            outcome.diagnostics.extend(otherwise);
        }
        failure = Some(told);
    }
    let also = also(found, &outcome.diagnostics, &options, &trees);
    if let Some(failure) = &mut failure {
        failure.also = also.len();
    }
    outcome.diagnostics.extend(also);
    Explanation { outcome, failure }
}

/// The other errors, without what is suppressed.
fn also(mut found: Vec<Diagnostic>, told: &[Diagnostic], options: &Options, trees: &Trees<'_>) -> Vec<Diagnostic> {
    let sources = trees.sources();
    let is_told = |other: &Diagnostic| told.iter().any(|told| told.rule == other.rule && told.span == other.span);
    found.retain(|finding| finding.level == Level::Error && !is_told(finding));
    let suppressions = suppression::find(sources, trees);
    suppression::apply(&suppressions, &mut found, options, sources);
    found.retain(|finding| finding.level == Level::Error);
    let place = |finding: &Diagnostic| (sources.path(finding.span.file).to_owned(), finding.span.start);
    found.sort_by_key(place);
    found
}

/// `(2, 0)` of `https://sqlalche.me/e/20/f405`.
fn series(message: &str) -> Option<(u32, u32)> {
    let digits = message.split("sqlalche.me/e/").nth(1)?.get(..2)?;
    let mut digits = digits.chars().map(|digit| digit.to_digit(10));
    Some((digits.next()??, digits.next()??))
}

/// Looks at the newest revision instead of a log.
pub fn without_log(sources: &Sources, options: &Options, file: Option<&str>) -> Result<Explanation, String> {
    let trees = Trees::of(sources);
    let project = read::read(sources, &trees, &options.settings);
    let mut outcome = check::looked_at(&project);
    let (mut found, _) = run::run(&project, options, &mut outcome.internal_errors);
    check::once(&mut found);
    let told = newest::look(&project, &found, file)?;
    let mut failure = None;
    if let Some((diagnostic, mut told)) = told {
        told.cause = Some(diagnostic.rule.to_owned());
        outcome.diagnostics.push(diagnostic);
        failure = Some(told);
    }
    let also = also(found, &outcome.diagnostics, options, &trees);
    if let Some(failure) = &mut failure {
        failure.also = also.len();
    }
    outcome.diagnostics.extend(also);
    Ok(Explanation { outcome, failure })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_of_sqlalchemy_stands_in_its_links() {
        assert_eq!(series("(Background on this error at: https://sqlalche.me/e/20/f405)"), Some((2, 0)));
    }
}
