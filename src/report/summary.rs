//! An outcome → the last lines of a report for people: how much was found, or how much was looked at.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::check::Outcome;

/// The summary, one or more whole lines. The first is always greppable: `Found …` or `No problems…`.
pub fn render(outcome: &Outcome, seconds: f64) -> String {
    let counts = outcome.counts();
    let mut text = String::new();
    let mut known = Vec::new();
    if outcome.suppressed > 0 {
        known.push(format!("{} suppressed", outcome.suppressed));
    }
    if outcome.baseline > 0 {
        known.push(format!("{} in baseline", outcome.baseline));
    }
    let kinds: Vec<String> = [(counts.errors, "error"), (counts.warnings, "warning"), (counts.notes, "note")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| number(count, word))
        .collect();
    if counts.errors + counts.warnings > 0 {
        let found = counts.errors + counts.warnings + counts.notes;
        let files: BTreeSet<_> = outcome.diagnostics.iter().map(|diagnostic| diagnostic.span.file).collect();
        let _ = write!(
            text,
            "Found {} ({}) in {}",
            number(found, "problem"),
            kinds.join(", "),
            number(files.len(), "file")
        );
        if !known.is_empty() {
            let _ = write!(text, "; {}", known.join(", "));
        }
        text.push_str(".\n");
    } else {
        text.push_str("No problems");
        known.splice(0..0, kinds);
        if !known.is_empty() {
            let _ = write!(text, " ({})", known.join(", "));
        }
        let _ = writeln!(text, ". Checked {} in {}.", looked_at(outcome), duration(seconds));
    }
    match (counts.fixable, counts.fixable_unsafely) {
        (0, 0) => {}
        (0, more) => {
            let _ = writeln!(text, "{more} fixable with `--fix --unsafe-fixes`.");
        }
        (safe, 0) => {
            let _ = writeln!(text, "{safe} fixable with `--fix`.");
        }
        (safe, more) => {
            let _ = writeln!(text, "{safe} fixable with `--fix` ({more} more with `--unsafe-fixes`).");
        }
    }
    let places: BTreeSet<_> =
        outcome.environments.iter().flat_map(|environment| &environment.not_analysed).map(|what| what.span).collect();
    match places.len() {
        0 => {}
        1 => text.push_str("1 place could not be resolved statically; run with -v.\n"),
        more => {
            let _ = writeln!(text, "{more} places could not be resolved statically; run with -v.");
        }
    }
    text
}

/// `1 environment (alembic.ini), 31 models, 112 revisions`
fn looked_at(outcome: &Outcome) -> String {
    let mut text = number(outcome.environments.len(), "environment");
    let named: Vec<&str> = outcome
        .environments
        .iter()
        .map(|environment| environment.config.as_deref().unwrap_or(&environment.name))
        .take(4)
        .collect();
    if !named.is_empty() {
        let more = if outcome.environments.len() > named.len() { ", …" } else { "" };
        let _ = write!(text, " ({}{more})", named.join(", "));
    }
    let _ = write!(text, ", {}, {}", number(outcome.models, "model"), number(outcome.revisions, "revision"));
    text
}

/// `38 ms` or `1.2 s`
fn duration(seconds: f64) -> String {
    if seconds < 0.9995 { format!("{:.0} ms", seconds * 1000.0) } else { format!("{seconds:.1} s") }
}

/// `1 file`, `2 files`
pub(super) fn number(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::*;
    use crate::project::NotAnalysed;

    #[test]
    fn problems_are_counted() {
        let (_, outcome) = example();
        assert_eq!(
            render(&outcome, 0.1),
            "Found 2 problems (1 error, 1 warning) in 1 file; 2 suppressed, 14 in baseline.\n\
             1 fixable with `--fix` (1 more with `--unsafe-fixes`).\n"
        );
    }

    #[test]
    fn a_clean_run_says_what_it_looked_at() {
        let (sources, mut outcome) = example();
        let span = outcome.diagnostics[0].span;
        outcome.diagnostics.clear();
        outcome.suppressed = 0;
        outcome.baseline = 0;
        assert_eq!(
            render(&outcome, 0.0381),
            "No problems. Checked 1 environment (alembic.ini), 31 models, 112 revisions in 38 ms.\n"
        );
        outcome.suppressed = 1;
        outcome.environments[0].not_analysed.push(NotAnalysed {
            span,
            why: "an import that is made at run time".to_owned(),
            hides: crate::project::Hides::Models,
        });
        assert_eq!(
            render(&outcome, 1.25),
            "No problems (1 suppressed). Checked 1 environment (alembic.ini), 31 models, 112 revisions in 1.2 s.\n\
             1 place could not be resolved statically; run with -v.\n"
        );
        assert!(!sources.is_empty());
    }
}
