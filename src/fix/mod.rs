//! Fixes → new texts: all or nothing for each fix, reparsed, repeated until nothing changes.
//!
//! Line ends and a byte order mark stay as they are. Nothing is written here: [`Fixed::changes`] holds the texts.

pub mod write;

use std::collections::BTreeMap;

use crate::check::options::Options;
use crate::check::{self, Outcome};
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix};
use crate::source::{FileId, Sources, Span};
use crate::syntax::python;

/// More rounds than any real project needs: fixes that undo each other must end somewhere.
const ROUNDS: usize = 50;

/// Which fixes to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that keep what the code means.
    Safe,
    /// All.
    AlsoUnsafe,
}

/// A fix that was applied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Applied {
    /// The rule.
    pub rule: &'static str,
    /// What the fix did.
    pub title: String,
    /// The file of the finding.
    pub path: String,
}

/// What came out.
pub struct Fixed {
    /// The project as it is now.
    pub sources: Sources,
    /// What is still found.
    pub outcome: Outcome,
    /// The changed files: path → text before (none: the file is new) and after.
    pub changes: BTreeMap<String, (Option<String>, String)>,
    /// The fixes, in the order in which they were applied.
    pub applied: Vec<Applied>,
}

/// Checks, fixes, and checks again until nothing is left to fix.
pub fn to_fixed_point(mut sources: Sources, options: &Options, which: Which) -> Fixed {
    let mut outcome = check::check(&sources, options);
    let mut changes: BTreeMap<String, (Option<String>, String)> = BTreeMap::new();
    let mut applied = Vec::new();
    for _ in 0..ROUNDS {
        let (texts, mut done) = round(&sources, &outcome.diagnostics, which);
        if texts.is_empty() {
            break;
        }
        let next = sources.with(texts.iter().map(|(path, text)| (path.clone(), text.clone())));
        let after = check::check(&next, options);
        if !after.internal_errors.is_empty() && outcome.internal_errors.is_empty() {
            break;
        }
        for (path, text) in texts {
            let before = sources.id(&path).map(|file| sources.text(file).to_owned());
            changes.entry(path).or_insert((before, String::new())).1 = text;
        }
        applied.append(&mut done);
        sources = next;
        outcome = after;
    }
    changes.retain(|_, (before, after)| before.as_ref() != Some(after));
    Fixed { sources, outcome, changes, applied }
}

/// The new texts of the files that `fixes` change, as far as they don't overlap.
pub fn apply(sources: &Sources, fixes: &[Fix]) -> Vec<(String, String)> {
    let mut taken = Taken::default();
    for fix in fixes {
        taken.take(fix, sources);
    }
    taken.texts(sources)
}

/// One round over what was found.
fn round(sources: &Sources, diagnostics: &[Diagnostic], which: Which) -> (Vec<(String, String)>, Vec<Applied>) {
    let wanted = |fix: &Fix| which == Which::AlsoUnsafe || fix.applicability == Applicability::Safe;
    let candidates: Vec<(&Diagnostic, &Fix)> = diagnostics
        .iter()
        .filter_map(|diagnostic| Some((diagnostic, diagnostic.fix.as_ref()?)))
        .filter(|(_, fix)| wanted(fix))
        .collect();
    let record = |diagnostic: &Diagnostic, fix: &Fix| Applied {
        rule: diagnostic.rule,
        title: fix.title.clone(),
        path: sources.path(diagnostic.span.file).to_owned(),
    };
    let mut taken = Taken::default();
    let mut done = Vec::new();
    for (diagnostic, fix) in &candidates {
        if taken.take(fix, sources) {
            done.push(record(diagnostic, fix));
        }
    }
    let texts = taken.texts(sources);
    if texts.iter().all(|(path, text)| still_parses(sources, path, text)) {
        return (texts, done);
    }
    // One of them breaks a file: try them one at a time and leave out those that do.
    let mut taken = Taken::default();
    let mut done = Vec::new();
    for (diagnostic, fix) in &candidates {
        let mut tried = taken.clone();
        if tried.take(fix, sources) && tried.texts(sources).iter().all(|(path, text)| still_parses(sources, path, text))
        {
            taken = tried;
            done.push(record(diagnostic, fix));
        }
    }
    (taken.texts(sources), done)
}

/// The edits accepted so far.
#[derive(Clone, Default)]
struct Taken {
    replaced: BTreeMap<FileId, Vec<(Span, String)>>,
    created: BTreeMap<String, String>,
}

impl Taken {
    /// Takes all edits of a fix, or none: not when one of them is in the way of an edit taken before. An edit that is
    /// there already is fine, so that several findings may share it.
    fn take(&mut self, fix: &Fix, sources: &Sources) -> bool {
        let mut fresh = Vec::new();
        for edit in &fix.edits {
            match edit {
                Edit::Create { path, text } => match self.created.get(path) {
                    Some(there) if there == text => {}
                    Some(_) => return false,
                    None if sources.id(path).is_some() || !is_inside(path) => return false,
                    None => fresh.push(edit),
                },
                Edit::Replace { span, text } => {
                    if !is_in_file(*span, sources) || sources.slice(*span) == text {
                        return false;
                    }
                    let there = self.replaced.get(&span.file).map_or(&[][..], Vec::as_slice);
                    if there.iter().any(|(other, its)| other == span && its == text) {
                        continue;
                    }
                    if there.iter().any(|(other, its)| in_the_way(*span, text, *other, its)) {
                        return false;
                    }
                    fresh.push(edit);
                }
            }
        }
        if fresh.is_empty() {
            return false;
        }
        for edit in fresh {
            match edit {
                Edit::Create { path, text } => {
                    self.created.insert(path.clone(), text.clone());
                }
                Edit::Replace { span, text } => {
                    self.replaced.entry(span.file).or_default().push((*span, text.clone()));
                }
            }
        }
        true
    }

    fn texts(&self, sources: &Sources) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> =
            self.created.iter().map(|(path, text)| (path.clone(), text.clone())).collect();
        for (file, edits) in &self.replaced {
            all.push((sources.path(*file).to_owned(), edited(sources.text(*file), edits)));
        }
        all
    }
}

/// The text after the edits, in its own line ends, with its byte order mark still in front.
fn edited(text: &str, edits: &[(Span, String)]) -> String {
    let mut edits: Vec<&(Span, String)> = edits.iter().collect();
    edits.sort_by_key(|(span, _)| (span.start, span.end));
    let crlf = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut result = String::with_capacity(text.len() + 256);
    let mut at = 0;
    for (span, new) in edits {
        let start = (span.start as usize).max(mark).max(at);
        let end = (span.end as usize).max(start);
        result.push_str(&text[at..start]);
        if crlf {
            result.push_str(&new.replace("\r\n", "\n").replace('\n', "\r\n"));
        } else {
            result.push_str(new);
        }
        at = end;
    }
    result.push_str(&text[at..]);
    result
}

fn in_the_way(left: Span, left_text: &str, right: Span, right_text: &str) -> bool {
    if left.start == left.end && left == right {
        // Whole lines put in at the same place stand one below the other; anything else waits for the next round.
        return !(left_text.ends_with('\n') && right_text.ends_with('\n'));
    }
    left.start < right.end && right.start < left.end || left.start == right.start
}

fn is_in_file(span: Span, sources: &Sources) -> bool {
    let text = sources.text(span.file);
    span.start <= span.end
        && text.is_char_boundary(span.start as usize)
        && text.is_char_boundary(span.end as usize)
        && sources.unreadable(span.file).is_none()
}

fn is_inside(path: &str) -> bool {
    !path.is_empty() && !path.starts_with('/') && path.split('/').all(|part| !part.is_empty() && part != "..")
}

/// Is the new text of a Python file no worse Python than the old one?
fn still_parses(sources: &Sources, path: &str, text: &str) -> bool {
    if !path.ends_with(".py") {
        return true;
    }
    let problems = |file: FileId, text: &str| python::parse(file, text).problems.len();
    let before = sources.id(path).map_or(0, |file| problems(file, sources.text(file)));
    problems(FileId(0), text) <= before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replace(sources: &Sources, path: &str, from: &str, to: &str) -> Edit {
        let file = sources.id(path).expect("is there");
        let start = sources.text(file).find(from).expect("is in it");
        Edit::Replace { span: Span::new(file, start..start + from.len()), text: to.to_owned() }
    }

    #[test]
    fn a_fix_is_applied_whole_or_not_at_all() {
        let sources = Sources::in_memory([("a.py", "x = 1\ny = 2\n"), ("b.py", "x = 1\n")]);
        let first = Fix::safe("1", vec![replace(&sources, "a.py", "1", "3")]);
        let second =
            Fix::safe("2", vec![replace(&sources, "a.py", "x = 1", "z = 4"), replace(&sources, "b.py", "1", "9")]);
        let third = Fix::safe("3", vec![replace(&sources, "a.py", "2", "5")]);
        let texts = apply(&sources, &[first, second, third]);
        assert_eq!(texts, [("a.py".to_owned(), "x = 3\ny = 5\n".to_owned())]);
    }

    #[test]
    fn line_ends_and_the_byte_order_mark_stay() {
        let sources = Sources::in_memory([("a.py", "\u{feff}x = 1\r\ny = 2\r\n")]);
        let file = sources.id("a.py").expect("is there");
        let insert = Edit::Replace { span: Span::start_of(file), text: "import a\n".to_owned() };
        let texts = apply(&sources, &[Fix::safe("", vec![insert])]);
        assert_eq!(texts[0].1, "\u{feff}import a\r\nx = 1\r\ny = 2\r\n");
    }

    #[test]
    fn lines_put_in_at_one_place_follow_each_other_and_equal_edits_are_one() {
        let sources = Sources::in_memory([("a.py", "x = 1\n")]);
        let file = sources.id("a.py").expect("is there");
        let line =
            |text: &str| Fix::safe("", vec![Edit::Replace { span: Span::start_of(file), text: text.to_owned() }]);
        let texts = apply(&sources, &[line("import a\n"), line("import b\n"), line("import a\n")]);
        assert_eq!(texts[0].1, "import a\nimport b\nx = 1\n");
    }

    #[test]
    fn a_fix_that_breaks_the_file_is_refused() {
        let sources = Sources::in_memory([("a.py", "x = 1\ny = 2\n")]);
        let file = sources.id("a.py").expect("is there");
        let mut findings = crate::diagnostic::Findings::of("some-rule", crate::diagnostic::Level::Error);
        let broken = Fix::safe("breaks", vec![replace(&sources, "a.py", "1", "(")]);
        let right = Fix::safe("mends", vec![replace(&sources, "a.py", "2", "3")]);
        findings.report(Span::start_of(file), "one").fix(broken);
        findings.report(Span::start_of(file), "two").fix(right);
        let (texts, done) = round(&sources, &findings.diagnostics, Which::Safe);
        assert_eq!(texts, [("a.py".to_owned(), "x = 1\ny = 3\n".to_owned())]);
        assert_eq!(done.len(), 1);
    }
}
