//! What an index covers, compared as Alembic compares it on PostgreSQL: as text without casts, quotes, outer brackets
//! and the modifiers that are the default.

use crate::catalog::diff::types::Verdict;
use crate::catalog::table::{ElementOf, IndexElement};

/// Is it the same?
pub fn compare(old: &IndexElement, new: &IndexElement, table: &str) -> Verdict {
    let (Some(before), Some(after)) = (text(old), text(new)) else {
        return Verdict::Unknown("an expression of it could not be read".to_owned());
    };
    if after.trim_end().ends_with("_ops") && (after.contains(' ') || after.contains(')')) {
        return Verdict::Same;
    }
    let (before, after) = (cleaned(&before, table), cleaned(&after, table));
    let loose = |text: &str| text.replace(['(', ')'], "");
    if before == after || loose(&before) == loose(&after) {
        return Verdict::Same;
    }
    // The server writes operators in its own way.
    let is_plain = |text: &str| text.chars().all(|it| it.is_alphanumeric() || "_(),.$".contains(it));
    if is_plain(&before) && is_plain(&after) {
        Verdict::Different
    } else {
        Verdict::Unknown("how the server writes its expression can't be told".to_owned())
    }
}

/// The element as the compiler writes it, with its order.
fn text(element: &IndexElement) -> Option<String> {
    let mut text = match &element.of {
        ElementOf::Column(name) => name.clone(),
        ElementOf::Expression(text) => text.clone()?,
    };
    if let Some(order) = &element.order {
        text += &format!(" {order}");
    }
    Some(text)
}

/// `_cleanup_index_expr`
fn cleaned(text: &str, table: &str) -> String {
    let mut text = text.to_lowercase().replace(['"', '\''], "").replace(&format!("{}.", table.to_lowercase()), "");
    while let Some(at) = text.find("::") {
        let end = at + 2 + type_name(&text[at + 2..]);
        if end == at + 2 {
            break;
        }
        text.replace_range(at..end, "");
    }
    text = unwrapped(&text).to_owned();
    let modifiers: [(&str, &str); 5] = [
        (" asc nulls last", ""),
        (" nulls last", ""),
        (" asc", ""),
        (" asc nulls first", " nulls first"),
        (" desc nulls first", " desc"),
    ];
    for (written, kept) in modifiers {
        if let Some(rest) = text.strip_suffix(written)
            && !(written == " nulls last" && rest.ends_with(" desc"))
        {
            text = format!("{rest}{kept}");
            break;
        }
    }
    text = unwrapped(&text).to_owned();
    while let Some(simpler) = without_cast(&text) {
        text = simpler;
    }
    text.replace(' ', "")
}

fn unwrapped(mut text: &str) -> &str {
    while let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        text = inner;
    }
    text
}

/// `cast(x as type)` → `x`
fn without_cast(text: &str) -> Option<String> {
    let mut from = 0;
    while let Some(found) = text[from..].find("cast") {
        let start = from + found;
        from = start + 4;
        let is_word = text[..start].chars().next_back().is_none_or(|it| !it.is_alphanumeric() && it != '_');
        let rest = text[from..].trim_start();
        if !is_word || !rest.starts_with('(') {
            continue;
        }
        let inner = text.len() - rest.len() + 1;
        let mut at = inner;
        while let Some(found) = text[at..].find(" as ") {
            let named = at + found + 4;
            let end = named + type_name(&text[named..]);
            let blanks = text[end..].len() - text[end..].trim_start().len();
            if end > named && text[end + blanks..].starts_with(')') {
                let value = text[inner..at + found].trim_end();
                return Some(format!("{}{value}{}", &text[..start], &text[end + blanks + 1..]));
            }
            at = named;
        }
    }
    None
}

/// The length of the type's name at the start of `text`: `character varying(20)[]`.
fn type_name(text: &str) -> usize {
    let blanks = |text: &str| text.len() - text.trim_start().len();
    let word = |text: &str| text.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(text.len());
    let mut at = blanks(text);
    let first = word(&text[at..]);
    if first == 0 {
        return 0;
    }
    at += first;
    if text[at..].starts_with('.') {
        at += 1 + word(&text[at + 1..]);
    }
    let words = |at: &mut usize, words: &[&str]| {
        let mut end = *at;
        for wanted in words {
            let gap = blanks(&text[end..]);
            let rest = &text[end + gap..];
            if gap == 0 || !rest.starts_with(wanted) || word(rest) != wanted.len() {
                return false;
            }
            end += gap + wanted.len();
        }
        *at = end;
        true
    };
    let _ = words(&mut at, &["varying"]) || words(&mut at, &["precision"]);
    let rest = text[at..].trim_start();
    if let Some(inner) = rest.strip_prefix('(')
        && let Some(close) = inner.find(')')
        && inner[..close].chars().all(|it| it.is_ascii_digit() || it == ',' || it == ' ')
        && close > 0
    {
        at = text.len() - inner.len() + close + 1;
    }
    let _ = words(&mut at, &["with", "time", "zone"]) || words(&mut at, &["without", "time", "zone"]);
    while let Some(inner) = text[at..].trim_start().strip_prefix('[')
        && let Some(close) = inner.find(']')
    {
        at = text.len() - inner.len() + close + 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_compared_as_the_server_gives_them_back() {
        let clean = |text: &str| cleaned(text, "item");
        assert_eq!(clean("lower(name::text)"), clean("lower(item.name)"));
        assert_eq!(clean("name::character varying(20) DESC NULLS FIRST"), clean("name desc"));
        assert_eq!(clean("CAST(data AS numeric(10, 2)) asc"), "data");
        assert_eq!(clean("name desc nulls last"), "namedescnullslast");
        assert_eq!(clean("(data ->> 'a'::text)"), "data->>a");
    }
}
