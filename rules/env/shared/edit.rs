//! Edits of env.py that several fixes share: a further keyword argument, a further import.

use crate::diagnostic::Edit;
use crate::project::alembic::env_layout::Layout;
use crate::source::{Sources, Span};

/// Adds `argument` (`compare_type=True`) as the last argument of the call at `call`, in the style of the others.
/// `None` where the call's end can't be edited safely.
pub fn add_argument(sources: &Sources, call: Span, argument: &str) -> Option<Edit> {
    let text = sources.slice(call);
    let inner = text.strip_suffix(')')?;
    let content = inner.trim_end();
    let last_line = content.rsplit('\n').next().unwrap_or(content);
    if last_line.contains('#') {
        return None;
    }
    let at = call.start + content.len() as u32;
    let after = Span { start: at, end: at, ..call };
    let separated = content.ends_with(',') || content.ends_with('(');
    if inner.contains('\n') && content.len() < inner.len() && inner[content.len()..].contains('\n') {
        let indent: String = last_line.chars().take_while(|letter| letter.is_whitespace()).collect();
        let comma = if separated { "" } else { "," };
        return Some(Edit::Replace { span: after, text: format!("{comma}\n{indent}{argument},") });
    }
    let text = match (content.ends_with('('), content.ends_with(',')) {
        (true, _) => argument.to_owned(),
        (_, true) => format!(" {argument}"),
        _ => format!(", {argument}"),
    };
    Some(Edit::Replace { span: after, text })
}

/// The line end that a file uses.
pub fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// Inserts import lines after the import statement at `after`, or before everything else.
pub fn insert_after(sources: &Sources, after: Span, lines: &[String]) -> Edit {
    let text = sources.text(after.file);
    let end = text[after.end as usize..].find('\n').map_or(text.len(), |found| after.end as usize + found);
    let end = if text[..end].ends_with('\r') { end - 1 } else { end };
    let line_end = sources.line_end(after.file);
    let inserted: String = lines.iter().map(|line| format!("{line_end}{line}")).collect();
    Edit::Replace { span: Span::new(after.file, end..end), text: inserted }
}

/// The last import of the module's own level that is no `from __future__` one.
pub fn last_import(layout: &Layout) -> Option<Span> {
    layout.imports.iter().filter(|import| !import.nested).map(|import| import.statement).next_back()
}

/// How often `word` stands in `text` where no letter, digit or underscore goes before it.
pub fn number_of(text: &str, word: &str) -> usize {
    text.match_indices(word)
        .filter(|(at, _)| {
            let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
            let joined = text[..*at].chars().next_back().is_some_and(is_part);
            let ends_in_name = word.chars().next_back().is_some_and(is_part);
            let goes_on = ends_in_name && text[at + word.len()..].chars().next().is_some_and(is_part);
            !joined && !goes_on
        })
        .count()
}
