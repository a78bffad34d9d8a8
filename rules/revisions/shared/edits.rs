//! Edits that several rules of this family make: ids in string literals and in docstrings.

use crate::diagnostic::Edit;
use crate::project::Known;
use crate::project::alembic::revision::{RevisionMap, RevisionScript};
use crate::source::{Sources, Span};

/// Puts `new` into the string literal at `span`, which must hold exactly `old`.
pub fn in_literal(sources: &Sources, span: Span, old: &str, new: &str) -> Option<Edit> {
    let quote = literal_quote(sources.slice(span), old)?;
    Some(Edit::Replace { span, text: format!("{quote}{new}{quote}") })
}

/// Makes `script`, which follows at most one revision, follow `parent`: in `down_revision` and in the docstring.
pub fn follow(sources: &Sources, script: &RevisionScript, parent: &str) -> Option<Vec<Edit>> {
    let value = script.down_revision_span?;
    let quote = script.id().and_then(|id| literal_quote(sources.slice(script.id_span()), id)).unwrap_or("\"");
    let edit = match &*script.down_revision {
        [] if sources.slice(value) == "None" => Edit::Replace { span: value, text: format!("{quote}{parent}{quote}") },
        [Known::Is(old, span)] => in_literal(sources, *span, old, parent)?,
        _ => return None,
    };
    Some(std::iter::once(edit).chain(revises(script, parent)).collect())
}

/// Writes `parents` after `Revises:` in the docstring, where it has such a line.
pub fn revises(script: &RevisionScript, parents: &str) -> Option<Edit> {
    let (text, span) = script.doc_revises.as_ref()?;
    Some(in_field(text, *span, parents))
}

/// Gives `script` the id `new`, in `revision` and in the docstring.
pub fn rename(sources: &Sources, script: &RevisionScript, new: &str) -> Option<Vec<Edit>> {
    let edit = in_literal(sources, script.id_span(), script.id()?, new)?;
    let in_docstring = script.doc_revision.map(|span| Edit::Replace { span, text: new.to_owned() });
    Some(std::iter::once(edit).chain(in_docstring).collect())
}

/// An id that no revision of `map` has: twelve hexadecimal digits made from `seed`, the same at every run.
pub fn fresh_id(map: &RevisionMap, seed: &str) -> String {
    // FNV-1a, for it needs to be stable, not strong.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in seed.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    loop {
        let id = format!("{:012x}", hash >> 16);
        if map.get(&id).is_none() {
            return id;
        }
        hash = hash.wrapping_mul(0x0100_0000_01b3) ^ 1;
    }
}

/// `a`, `b` and `c`
pub fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match &*quoted {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn in_field(old: &str, span: Span, new: &str) -> Edit {
    let blank = if old.is_empty() && !new.is_empty() { " " } else { "" };
    Edit::Replace { span, text: format!("{blank}{new}") }
}

fn literal_quote(written: &str, value: &str) -> Option<&'static str> {
    ["\"", "'"].into_iter().find(|quote| {
        written.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)).is_some_and(|inner| inner == value)
    })
}
