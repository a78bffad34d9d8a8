//! A [`Fix`] → what it changes: the lines that go and the lines that come, file by file.

use std::ops::Range;

use similar::{ChangeTag, TextDiff};

use crate::diagnostic::{Edit, Fix};
use crate::secrets::{self, Language};
use crate::source::{FileId, Sources};

/// What a fix does to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The file, relative to the project root.
    pub path: String,
    /// The same, as the user writes it.
    pub shown_path: String,
    /// The file is new.
    pub is_new: bool,
    /// The lines, masked, without line ends, in order.
    pub lines: Vec<Change>,
}

/// A line that goes or comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `-`
    Goes(String),
    /// `+`
    Comes(String),
}

/// What the fix changes.
pub fn of(fix: &Fix, sources: &Sources) -> Vec<FileChange> {
    let mut changes = Vec::new();
    for file in files(fix) {
        let before = sources.text(file);
        let Some((after, _)) = applied(fix, file, before) else { continue };
        changes.push(FileChange {
            path: sources.path(file).to_owned(),
            shown_path: sources.shown_path(file),
            is_new: false,
            lines: lines(before, &after, Language::of(sources.path(file))),
        });
    }
    for edit in &fix.edits {
        if let Edit::Create { path, text } = edit {
            changes.push(FileChange {
                path: path.clone(),
                shown_path: format!("{}{path}", sources.shown_from),
                is_new: true,
                lines: lines("", text, Language::of(path)),
            });
        }
    }
    changes
}

/// Would printing the edits' texts print a password? Then they are withheld: masked edits would destroy it.
pub fn holds_secrets(fix: &Fix, sources: &Sources) -> bool {
    let in_replacements = files(fix).into_iter().any(|file| {
        let Some((after, inserted)) = applied(fix, file, sources.text(file)) else { return false };
        let language = Language::of(sources.path(file));
        inserted.iter().any(|range| {
            let start = after[..range.start].rfind('\n').map_or(0, |at| at + 1);
            let end = after[range.end..].find('\n').map_or(after.len(), |at| range.end + at);
            let mut line_start = start;
            after[start..end].split_inclusive('\n').any(|line| {
                let secrets = secrets::in_line(line.trim_end_matches(['\n', '\r']), language);
                let found = secrets
                    .into_iter()
                    .any(|secret| line_start + secret.start < range.end && range.start < line_start + secret.end);
                line_start += line.len();
                found
            })
        })
    });
    in_replacements
        || fix.edits.iter().any(|edit| match edit {
            Edit::Create { path, text } => {
                text.lines().any(|line| !secrets::in_line(line, Language::of(path)).is_empty())
            }
            Edit::Replace { .. } => false,
        })
}

/// The files that a fix edits, in the order of its edits.
fn files(fix: &Fix) -> Vec<FileId> {
    let mut files = Vec::new();
    for edit in &fix.edits {
        if let Edit::Replace { span, .. } = edit
            && !files.contains(&span.file)
        {
            files.push(span.file);
        }
    }
    files
}

/// The text of `file` after the fix, and where the inserted texts stand in it.
fn applied(fix: &Fix, file: FileId, before: &str) -> Option<(String, Vec<Range<usize>>)> {
    let mut edits: Vec<(Range<usize>, &str)> = fix
        .edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::Replace { span, text } if span.file == file => Some((span.range(), text.as_str())),
            _ => None,
        })
        .collect();
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut after = String::with_capacity(before.len());
    let mut inserted = Vec::with_capacity(edits.len());
    let mut from = 0;
    for (range, text) in edits {
        after.push_str(before.get(from..range.start)?);
        let start = after.len();
        after.push_str(text);
        inserted.push(start..after.len());
        from = range.end;
    }
    after.push_str(before.get(from..)?);
    Some((after, inserted))
}

fn lines(before: &str, after: &str, language: Language) -> Vec<Change> {
    let shown = |line: &str| {
        let line = line.trim_end_matches(['\n', '\r']);
        super::line::ShownLine::whole(line, language).text
    };
    TextDiff::from_lines(before, after)
        .iter_all_changes()
        .filter_map(|change| match change.tag() {
            ChangeTag::Equal => None,
            ChangeTag::Delete => Some(Change::Goes(shown(change.value()))),
            ChangeTag::Insert => Some(Change::Comes(shown(change.value()))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{example, span};
    use super::*;

    #[test]
    fn a_fix_is_shown_as_lines_with_masked_passwords() {
        let (sources, outcome) = example();
        let fix = outcome.diagnostics[1].fix.as_ref().expect("has one");
        let changes = of(fix, &sources);
        assert_eq!(
            changes[0].lines,
            [
                Change::Goes("url = 'postgres://app:***@db/shop'".to_owned()),
                Change::Comes("url = 'postgresql://app:***@db/shop'".to_owned()),
            ]
        );
        assert!(!holds_secrets(fix, &sources));
        let whole = Fix::safe(
            "write it all",
            vec![Edit::Replace {
                span: span(&sources, "migrations/env.py", "postgres://app:hunter2@db/shop"),
                text: "postgresql://app:hunter2@db/shop".to_owned(),
            }],
        );
        assert!(holds_secrets(&whole, &sources));
        let new = Fix::safe("", vec![Edit::Create { path: ".env".into(), text: "A=1\nDB_PASSWORD=x1\n".into() }]);
        assert!(holds_secrets(&new, &sources));
        assert_eq!(of(&new, &sources)[0].lines[1], Change::Comes("DB_PASSWORD=***".to_owned()));
    }
}
