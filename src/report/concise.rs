//! An outcome → one line per finding, which editors, agents and `grep` understand.

use crate::check::Outcome;
use crate::diagnostic::{Diagnostic, Level};
use crate::report::full::Paint;
use crate::report::line::one_line;
use crate::report::{Style, summary};
use crate::secrets::mask;
use crate::source::Sources;

/// The report.
pub fn render(outcome: &Outcome, sources: &Sources, style: &Style) -> String {
    let mut text = String::new();
    for diagnostic in &outcome.diagnostics {
        line(&mut text, diagnostic, sources, style, outcome.environments.len() > 1);
    }
    if style.summary {
        text.push_str(&summary::render(outcome, style.seconds));
    }
    text
}

/// `path:line:column: level[rule] message (fix: …)`
pub(super) fn line(
    text: &mut String,
    diagnostic: &Diagnostic,
    sources: &Sources,
    style: &Style,
    names_environment: bool,
) {
    let paint = Paint { colour: style.colour };
    let position = sources.position(diagnostic.span.file, diagnostic.span.start);
    let path = one_line(&sources.shown_path(diagnostic.span.file));
    text.push_str(&format!("{path}:{}:{}: ", position.line, position.column));
    text.push_str(&paint.level(diagnostic.level, &format!("{}[{}]", diagnostic.level.word(), diagnostic.rule)));
    text.push(' ');
    text.push_str(&one_line(&mask(&diagnostic.message)));
    if let Some(environment) = diagnostic.environment.as_deref().filter(|_| names_environment) {
        text.push_str(&format!(" (environment: {environment})"));
    }
    let hint = match (&diagnostic.fix, &diagnostic.help) {
        (Some(fix), _) => Some(("fix", &fix.title)),
        (None, Some(help)) if diagnostic.level > Level::Note => Some(("help", help)),
        _ => None,
    };
    if let Some((word, hint)) = hint {
        text.push_str(&format!(" ({word}: {})", one_line(&mask(hint))));
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::*;

    #[test]
    fn one_line_says_it_all() {
        let (sources, outcome) = example();
        let report = render(&outcome, &sources, &Style { summary: false, ..Style::default() });
        assert_eq!(
            report,
            "migrations/env.py:1:1: error[models-not-imported] autogenerate cannot see table `audit_log` \
             (fix: import the module in env.py)\n\
             migrations/env.py:3:8: warning[url-scheme-postgres] SQLAlchemy has no dialect `postgres` \
             (fix: write `postgresql`)\n"
        );
    }
}
