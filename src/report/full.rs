//! An outcome → what a person reads in a terminal. The only file that knows ariadne.
//!
//! ariadne draws the source lines; the header above and the fields below (`why:`, `path:`, `fix:`, `docs:`) are ours.
//! ariadne gets no file but a text that holds the labelled lines alone, each as it may be shown ([`ShownLine`]): so
//! passwords, control characters and over-long lines never reach it, and a big file costs nothing.

use std::fmt;
use std::ops::Range;

use ariadne::{CharSet, Color, Config, IndexType, Label, Report, ReportKind};

use crate::check::Outcome;
use crate::diagnostic::{Applicability, Diagnostic, Fix, Level};
use crate::report::changes::{self, Change};
use crate::report::line::{ShownLine, harmless, one_line};
use crate::report::{Style, concise, summary};
use crate::rules;
use crate::secrets::{Language, mask};
use crate::source::{FileId, Sources, Span};

/// A fix prints at most this many lines; `--diff` prints all.
const DIFF_LINES: usize = 14;
/// Stands before a place in ariadne's output that is written anew.
const MARK: char = '\u{f8ff}';
/// Where the words of a field start.
const INDENT: &str = "        ";

/// The report.
pub fn render(outcome: &Outcome, sources: &Sources, style: &Style) -> String {
    let mut text = String::new();
    let names_environment = outcome.environments.len() > 1;
    for diagnostic in outcome.diagnostics.iter().take(style.in_full) {
        one(&mut text, diagnostic, sources, style, names_environment);
        text.push('\n');
    }
    if outcome.diagnostics.len() > style.in_full {
        let more = outcome.diagnostics.len() - style.in_full;
        text.push_str(&format!("{more} more in one line each; `--output-format full` prints all in full:\n"));
        for diagnostic in outcome.diagnostics.iter().skip(style.in_full) {
            concise::line(&mut text, diagnostic, sources, style, names_environment);
        }
        text.push('\n');
    }
    if style.summary {
        text.push_str(&summary::render(outcome, style.seconds));
    } else {
        text.truncate(text.trim_end_matches('\n').len());
        if !text.is_empty() {
            text.push('\n');
        }
    }
    text
}

/// One diagnostic, ending in a line end.
pub fn one(text: &mut String, diagnostic: &Diagnostic, sources: &Sources, style: &Style, names_environment: bool) {
    let paint = Paint { colour: style.colour };
    let head = format!("{}[{}]", diagnostic.level.word(), diagnostic.rule);
    let message = one_line(&mask(&diagnostic.message));
    text.push_str(&format!("{}: {}\n", paint.level(diagnostic.level, &head), paint.bold(&message)));
    snippets(text, diagnostic, sources, style);
    let width = style.width.clamp(40, 100);
    if let Some(environment) = diagnostic.environment.as_deref().filter(|_| names_environment) {
        field(text, "env:", environment, width, paint);
    }
    if let Some(why) = &diagnostic.why {
        field(text, "why:", &mask(why), width, paint);
    }
    if !diagnostic.path.is_empty() {
        chain(text, diagnostic, sources, width, paint);
    }
    let is_said = |help: &String| diagnostic.fix.as_ref().is_some_and(|fix| fix.title == *help);
    if let Some(help) = diagnostic.help.as_ref().filter(|help| !is_said(help)) {
        field(text, "help:", &mask(help), width, paint);
    }
    if let Some(fix) = &diagnostic.fix {
        remedy(text, fix, diagnostic.span.file, sources, width, paint);
    }
    // Causes that only a failed run shows have no page.
    if rules::named(diagnostic.rule).is_some() {
        field(text, "docs:", &format!("limbeck explain {}", diagnostic.rule), width, paint);
    }
}

/// A place to be drawn.
struct Place<'s> {
    file: FileId,
    line: usize,
    /// The text of the line, without its end.
    source: &'s str,
    column: usize,
    /// Bytes in the line.
    range: Range<usize>,
    words: String,
    is_primary: bool,
}

impl Place<'_> {
    fn of<'s>(span: Span, words: &str, is_primary: bool, sources: &'s Sources) -> Place<'s> {
        let text = sources.text(span.file);
        let boundary = |at: u32| {
            let mut at = (at as usize).min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (mut start, mut end) = (boundary(span.start), boundary(span.end.max(span.start)));
        // The end of a file that ends in a line end belongs to the last line.
        if start == text.len() && start > 0 && text.ends_with('\n') {
            start = text.trim_end_matches(['\n', '\r']).len();
            end = start;
        }
        let line = sources.line_span(Span::new(span.file, start..end));
        // A place over several lines is shown by its first.
        let length = line.end as usize - line.start as usize;
        let range = (start - line.start as usize).min(length)..(end.max(start) - line.start as usize).min(length);
        let words = match one_line(&mask(words)) {
            words if words.is_empty() => "here".to_owned(),
            words => words,
        };
        let position = sources.position(span.file, start as u32);
        Place {
            file: span.file,
            line: position.line,
            source: sources.slice(line),
            column: position.column,
            range,
            words,
            is_primary,
        }
    }
}

/// The source lines with their labels, drawn by ariadne.
fn snippets(text: &mut String, diagnostic: &Diagnostic, sources: &Sources, style: &Style) {
    let mut places = vec![Place::of(diagnostic.span, &diagnostic.label, true, sources)];
    places.extend(diagnostic.annotations.iter().map(|note| Place::of(note.span, &note.message, false, sources)));
    let mut files: Vec<FileId> = Vec::new();
    for place in &places {
        if !files.contains(&place.file) {
            files.push(place.file);
        }
    }
    let columns = style.width.max(40).saturating_sub(8);
    let dots = if style.unicode { "…" } else { "..." };
    let mut cache = Shown { files: Vec::new() };
    let mut labels = Vec::new();
    let mut heads = Vec::new();
    for file in files {
        let mut here: Vec<&Place> = places.iter().filter(|place| place.file == file).collect();
        here.sort_by_key(|place| (place.line, place.range.start, place.range.end));
        let first = here.iter().find(|place| place.is_primary).or(here.first());
        if let Some(first) = first {
            heads.push(format!("{}:{}:{}", one_line(&sources.shown_path(file)), first.line, first.column));
        }
        let (shown, spans) = shown_text(&here, sources, columns, dots);
        for (place, range) in here.iter().zip(spans) {
            let color = match (place.is_primary, diagnostic.level) {
                (false, _) => Color::Blue,
                (true, Level::Error) => Color::Red,
                (true, Level::Warning) => Color::Yellow,
                (true, _) => Color::Cyan,
            };
            labels.push((cache.files.len(), range, place.words.clone(), color));
        }
        cache.files.push(ariadne::Source::from(shown));
    }
    let config = Config::new()
        .with_index_type(IndexType::Byte)
        .with_color(style.colour)
        .with_char_set(if style.unicode { CharSet::Unicode } else { CharSet::Ascii });
    let primary = labels.iter().find(|(file, ..)| *file == 0).map_or(0..0, |(_, range, ..)| range.clone());
    let mut report = Report::build(ReportKind::Advice, (0, primary)).with_config(config);
    for (file, range, words, color) in labels {
        report = report.with_label(Label::new((file, range)).with_message(words).with_color(color));
    }
    let mut drawn = Vec::new();
    if report.finish().write(&mut cache, &mut drawn).is_err() {
        return;
    }
    // The first line is ariadne's header, which ours replaces.
    for line in String::from_utf8_lossy(&drawn).lines().skip(1) {
        text.push_str(&without_trailing_blanks(&with_place(line, &heads)));
        text.push('\n');
    }
}

/// The labelled lines of a file at their line numbers, all others empty; and where the places are in that text.
fn shown_text(places: &[&Place], sources: &Sources, columns: usize, dots: &str) -> (String, Vec<Range<usize>>) {
    let mut text = String::new();
    let mut spans = Vec::with_capacity(places.len());
    let mut line = 1;
    let mut rest = places;
    while let Some(first) = rest.first() {
        while line < first.line {
            text.push('\n');
            line += 1;
        }
        let (here, later) = rest.split_at(rest.iter().take_while(|place| place.line == first.line).count());
        rest = later;
        let focus = here.iter().find(|place| place.is_primary).unwrap_or(&here[0]).range.clone();
        let language = Language::of(sources.path(first.file));
        let shown = ShownLine::cut(first.source, language, focus, columns, dots);
        let start = text.len();
        text.push_str(&shown.text);
        // An empty place at the end of a line gets a blank to point at.
        text.push(' ');
        for place in here {
            let range = shown.map_range(place.range.clone());
            let next = text[start + range.start..].chars().next().map_or(0, char::len_utf8);
            let end = if range.is_empty() { range.start + next } else { range.end };
            spans.push(start + range.start..start + end);
        }
    }
    text.push('\n');
    (text, spans)
}

/// The texts that ariadne may see.
struct Shown {
    files: Vec<ariadne::Source<String>>,
}

impl ariadne::Cache<usize> for Shown {
    type Storage = String;

    fn fetch(&mut self, file: &usize) -> Result<&ariadne::Source<String>, impl fmt::Debug> {
        self.files.get(*file).ok_or("no such file")
    }

    fn display<'a>(&self, file: &'a usize) -> Option<impl fmt::Display + 'a> {
        Some(format!("{MARK}{file}{MARK}"))
    }
}

/// ariadne counts columns in the text that it was given; the place in the file is written over its own.
fn with_place(line: &str, heads: &[String]) -> String {
    let mut parts = line.splitn(3, MARK);
    let (Some(before), Some(file), Some(after)) = (parts.next(), parts.next(), parts.next()) else {
        return line.to_owned();
    };
    let after = after.trim_start_matches(|c: char| c == ':' || c == '?' || c.is_ascii_digit());
    let head = file.parse().ok().and_then(|file: usize| heads.get(file)).map_or("", String::as_str);
    format!("{before}{head}{after}")
}

/// Without blanks at the end, also where colour codes stand around them.
fn without_trailing_blanks(line: &str) -> String {
    let mut end = 0;
    let mut coloured = false;
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == '\u{1b}' {
            coloured = true;
            for (_, c) in chars.by_ref() {
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        } else if !c.is_whitespace() {
            end = at + c.len_utf8();
        }
    }
    format!("{}{}", &line[..end], if coloured && end > 0 { "\u{1b}[0m" } else { "" })
}

/// `  why:  words`, wrapped.
pub(super) fn field(text: &mut String, name: &str, words: &str, width: usize, paint: Paint) {
    for (number, line) in wrapped(words, width).iter().enumerate() {
        let start = if number == 0 { paint.name(name) } else { INDENT.to_owned() };
        text.push_str(format!("{start}{line}").trim_end());
        text.push('\n');
    }
}

/// The lines of a field, without their indentation.
fn wrapped(words: &str, width: usize) -> Vec<String> {
    let options = textwrap::Options::new(width.saturating_sub(INDENT.len() + 1))
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(&harmless(words), options).into_iter().map(|line| line.into_owned()).collect()
}

/// `  path: a.py:1 -> b.py:2`, on one line if it fits, else a step a line.
fn chain(text: &mut String, diagnostic: &Diagnostic, sources: &Sources, width: usize, paint: Paint) {
    let steps: Vec<String> = diagnostic
        .path
        .iter()
        .map(|step| {
            let place = format!("{}:{}", one_line(&sources.shown_path(step.span.file)), sources.line(step.span));
            match one_line(&mask(&step.message)) {
                words if words.is_empty() => place,
                words => format!("{place} {words}"),
            }
        })
        .collect();
    let one_line = steps.join(" -> ");
    if textwrap::core::display_width(&one_line) + INDENT.len() < width {
        field(text, "path:", &one_line, width, paint);
        return;
    }
    for (number, step) in steps.iter().enumerate() {
        if number == 0 {
            text.push_str(&format!("{}{step}\n", paint.name("path:")));
        } else {
            text.push_str(&format!("{INDENT}-> {step}\n"));
        }
    }
}

/// `  fix:  title      (--fix)` and the lines that go and come.
fn remedy(text: &mut String, fix: &Fix, home: FileId, sources: &Sources, width: usize, paint: Paint) {
    let flag = match fix.applicability {
        Applicability::Safe => "(--fix)",
        Applicability::Unsafe => "(--unsafe-fixes)",
    };
    for (number, line) in wrapped(&mask(&fix.title), width - flag.len()).iter().enumerate() {
        let used = INDENT.len() + textwrap::core::display_width(line) + flag.len();
        match number {
            0 => {
                let gap = " ".repeat(width.min(80).saturating_sub(used).max(1));
                text.push_str(&format!("{}{line}{gap}{flag}\n", paint.name("fix:")));
            }
            _ => text.push_str(&format!("{INDENT}{line}\n")),
        }
    }
    let changes = changes::of(fix, sources);
    let names_files =
        changes.len() > 1 || changes.iter().any(|change| change.is_new || change.path != sources.path(home));
    let mut left = DIFF_LINES;
    let mut hidden = 0;
    for change in &changes {
        if names_files && left > 0 {
            let what = if change.is_new { "new file " } else { "" };
            text.push_str(&format!("{INDENT}{what}{}:\n", one_line(&change.shown_path)));
        }
        hidden += change.lines.len().saturating_sub(left);
        for line in change.lines.iter().take(left) {
            let (sign, words) = match line {
                Change::Goes(words) => ("-", words),
                Change::Comes(words) => ("+", words),
            };
            let words = words.trim_end();
            let room = width.max(100).saturating_sub(INDENT.len() + 3);
            let shown = match words.char_indices().nth(room) {
                Some((at, _)) => format!("{}...", &words[..at]),
                None => words.to_owned(),
            };
            let line = if shown.is_empty() { sign.to_owned() } else { format!("{sign} {shown}") };
            text.push_str(&format!("{INDENT}{}\n", paint.change(sign, &line)));
        }
        left = left.saturating_sub(change.lines.len());
    }
    if hidden > 0 {
        text.push_str(&format!("{INDENT}({} more; `--diff` prints all)\n", summary::number(hidden, "line")));
    }
}

/// Colours, or none.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    /// With ANSI codes.
    pub(super) colour: bool,
}

impl Paint {
    fn with(self, code: &str, words: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{words}\u{1b}[0m") } else { words.to_owned() }
    }

    pub(super) fn level(self, level: Level, words: &str) -> String {
        let code = match level {
            Level::Error => "1;31",
            Level::Warning => "1;33",
            Level::Note | Level::Off => "1;36",
        };
        self.with(code, words)
    }

    fn bold(self, words: &str) -> String {
        self.with("1", words)
    }

    /// The name of a field, as wide as [`INDENT`].
    fn name(self, name: &str) -> String {
        let blanks = " ".repeat(INDENT.len().saturating_sub(name.len() + 2));
        format!("  {}{blanks}", self.with("2", name))
    }

    fn change(self, sign: &str, words: &str) -> String {
        self.with(if sign == "-" { "31" } else { "32" }, words)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{example, found, span};
    use super::*;

    fn shown(sources: &Sources, diagnostics: Vec<Diagnostic>, style: &Style) -> String {
        let outcome = Outcome { diagnostics, ..Outcome::default() };
        let report = render(&outcome, sources, &Style { summary: false, ..*style });
        for line in report.lines() {
            assert_eq!(line.trim_end(), line, "blanks at the end:\n{report}");
        }
        report
    }

    /// The report on `needle` in a file of this text.
    fn on(text: &str, needle: &str) -> String {
        let sources = Sources::in_memory([("a.py", text)]);
        let span = span(&sources, "a.py", needle);
        at(&sources, span)
    }

    fn at(sources: &Sources, span: Span) -> String {
        let diagnostics = found("some-rule", Level::Error, |findings| {
            findings.report(span, "wrong").here("this");
        });
        shown(sources, diagnostics, &Style { width: 60, ..Style::default() })
    }

    #[test]
    fn two_files_are_one_report() {
        let (sources, mut outcome) = example();
        outcome.diagnostics.truncate(1);
        let report = shown(&sources, outcome.diagnostics, &Style { width: 80, ..Style::default() });
        assert_eq!(
            report,
            "\
error[models-not-imported]: autogenerate cannot see table `audit_log`
   ,-[ migrations/env.py:1:1 ]
   |
 1 | from app.models import user
   | ^^^^^^^^^^^^^|^^^^^^^^^^^^^
   |              `--------------- the only models env.py imports
   |
 4 | target_metadata = Base.metadata
   | ^^^^^^^^^^^^^^^|^^^^^^^^^^^^^^^
   |                `----------------- holds 1 of 2 tables
   |
   |-[ app/models/audit.py:4:7 ]
   |
 4 | class AuditLog(Base):
   |       ^^^^|^^^
   |           `----- table `audit_log` is defined here
---'
  why:  no import path leads from migrations/env.py to app/models/audit.py, so
        autogenerate will not create the table, and drops it where it exists
  path: migrations/env.py:1 imports `app.models.user`
        -> app/models/audit.py:4 is never reached
  fix:  import the module in env.py                                      (--fix)
        + from app.models import audit  # noqa: F401
  docs: limbeck explain models-not-imported
"
        );
    }

    #[test]
    fn odd_places_are_shown() {
        for (text, needle, expected) in [
            ("\tx = 1\n", "x", "1 |     x = 1"),
            ("a = 1\r\nb = 2\r\n", "b", "2 | b = 2\n"),
            ("\u{feff}x = 1\n", "x", "a.py:1:1 ]"),
            ("s = '漢字'; y = 1\n", "y", "a.py:1:11 ]"),
            ("x = 'postgres://u:secret@h/d'; y = 1\n", "y", "***@h/d'; y = 1"),
            ("x = [\n  1,\n]\n", "[\n  1,\n]", "1 | x = ["),
        ] {
            let report = on(text, needle);
            assert!(report.contains(expected), "{text:?}:\n{report}");
            assert!(report.contains("`-"), "{text:?} has a label:\n{report}");
        }
    }

    #[test]
    fn empty_places_and_the_end_of_the_file_are_shown() {
        for text in ["", "x = 1", "x = 1\n", "x = 1\r\n\r\n", "漢"] {
            let sources = Sources::in_memory([("a.py", text)]);
            let file = sources.id("a.py").expect("is there");
            let length = text.len() as u32;
            for (start, end) in [(0, 0), (0, length), (length, length), (1, 2), (length + 7, length + 9)] {
                let report = at(&sources, Span { file, start, end });
                assert!(
                    report.contains("[ a.py:1:") && report.contains("- this"),
                    "{text:?} {start}..{end}:\n{report}"
                );
            }
        }
    }

    #[test]
    fn a_long_line_is_cut_around_its_labels() {
        let report = on(&format!("x = '{}' + target + '{}'\n", "a".repeat(3000), "b".repeat(3000)), "target");
        assert!(report.contains("' + target + '") && report.lines().all(|line| line.len() <= 62), "{report}");
        assert!(report.contains("a.py:1:3010 ]"), "{report}");
    }

    #[test]
    fn after_the_first_thirty_a_line_is_enough() {
        let (sources, outcome) = example();
        let many: Vec<Diagnostic> = std::iter::repeat_n(outcome.diagnostics[0].clone(), 33).collect();
        let report = shown(&sources, many, &Style::default());
        assert_eq!(report.matches("  docs: limbeck explain").count(), 30);
        assert_eq!(report.matches("migrations/env.py:1:1: error[models-not-imported]").count(), 3);
        assert!(report.contains("\n3 more in one line each"));
    }

    #[test]
    fn colours_come_only_when_asked_for() {
        let (sources, outcome) = example();
        let colour = Style { colour: true, unicode: true, ..Style::default() };
        assert!(render(&outcome, &sources, &colour).contains("\u{1b}["));
        assert!(!render(&outcome, &sources, &Style::default()).contains('\u{1b}'));
    }
}
