//! An outcome → workflow commands that GitHub Actions turns into annotations.
//!
//! GitHub shows ten errors, ten warnings and ten notices of a step and drops the rest, so errors come first and the
//! same problem only once.

use std::collections::HashSet;

use crate::check::Outcome;
use crate::diagnostic::{Diagnostic, Level};
use crate::secrets::mask;
use crate::source::Sources;

/// The report; empty when nothing was found.
pub fn render(outcome: &Outcome, sources: &Sources) -> String {
    let mut diagnostics: Vec<&Diagnostic> = outcome.diagnostics.iter().collect();
    diagnostics.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.level));
    let mut seen = HashSet::new();
    let mut text = String::new();
    for diagnostic in diagnostics {
        let place = if diagnostic.key.is_empty() { Some(diagnostic.span) } else { None };
        if seen.insert((diagnostic.rule, &diagnostic.key, place)) {
            text.push_str(&annotation(diagnostic, sources));
        }
    }
    text
}

fn annotation(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let command = match diagnostic.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note | Level::Off => "notice",
    };
    let (start, end) = sources.positions(diagnostic.span);
    let mut properties = format!("file={},line={}", property(&sources.shown_path(diagnostic.span.file)), start.line);
    if end.line == start.line {
        properties.push_str(&format!(",endLine={},col={}", end.line, start.column));
        if end.column > start.column {
            properties.push_str(&format!(",endColumn={}", end.column));
        }
    } else {
        properties.push_str(&format!(",endLine={}", end.line));
    }
    let mut message = mask(&diagnostic.message).into_owned();
    for (word, part) in [("why", &diagnostic.why), ("help", &diagnostic.help)] {
        if let Some(part) = part {
            message.push_str(&format!("\n{word}: {}", mask(part)));
        }
    }
    if let Some(fix) = &diagnostic.fix {
        message.push_str(&format!("\nfix: {}", mask(&fix.title)));
    }
    let title = property(&format!("limbeck: {}", diagnostic.rule));
    format!("::{command} {properties},title={title}::{}\n", data(&message))
}

/// The text behind `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value before `::`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{example, found, span};
    use super::*;

    #[test]
    fn annotations_are_escaped_and_errors_come_first() {
        let (sources, mut outcome) = example();
        outcome.diagnostics.reverse();
        let report = render(&outcome, &sources);
        assert_eq!(
            report.lines().next(),
            Some(
                "::error file=migrations/env.py,line=1,endLine=1,col=1,endColumn=28,title=limbeck%3A models-not-imported\
                 ::autogenerate cannot see table `audit_log`%0Awhy: no import path leads from migrations/env.py to \
                 app/models/audit.py, so autogenerate will not create the table, and drops it where it exists\
                 %0Afix: import the module in env.py"
            )
        );
        assert!(report.lines().nth(1).is_some_and(|line| line.starts_with("::warning ")));
    }

    #[test]
    fn a_range_over_lines_has_no_columns_and_the_same_problem_is_said_once() {
        let (sources, mut outcome) = example();
        let class = span(&sources, "app/models/audit.py", "class AuditLog(Base):\n    pass");
        outcome.diagnostics = found("x", Level::Note, |findings| {
            findings.report(class, "100% of\nit").key("a");
            findings.report(class, "again").key("a");
        });
        assert_eq!(
            render(&outcome, &sources),
            "::notice file=app/models/audit.py,line=4,endLine=5,title=limbeck%3A x::100%25 of%0Ait\n"
        );
    }
}
