//! Methods of `str` and `bytes`.

use std::rc::Rc;

use crate::python::builtins::{formatting, list, made, origins, why_not};
use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::term::Arguments;
use crate::python::value::text::{Origin, Str};
use crate::python::value::{Value, begins_statement};
use crate::source::Span;

/// The methods of `str`.
pub const METHODS: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

/// Texts longer than this are not made.
const LONGEST: usize = 1 << 20;

/// The methods of `bytes`.
pub const BYTES_METHODS: &[&str] = &[
    "count",
    "decode",
    "endswith",
    "find",
    "hex",
    "index",
    "join",
    "lower",
    "replace",
    "rstrip",
    "split",
    "startswith",
    "strip",
    "upper",
];

/// `text.name(arguments)`; the arguments are known.
pub fn method<'t>(
    machine: &mut Machine<'t>,
    of: &Str,
    name: &str,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Outcome<'t> {
    let text: &str = &of.text;
    let given = |position: usize, name: &str| arguments.get(position, name);
    let first = arguments.positional.first().map(|argument| &argument.value);
    let mut from = vec![of.origin.clone()];
    from.extend(origins(arguments.values()));
    let changed = |text: String| Ok(made(text, span, from.clone()));
    let piece = |text: &str| made(text, span, vec![of.origin.clone()]);
    match name {
        "lower" => return changed(text.to_lowercase()),
        "upper" => return changed(text.to_uppercase()),
        "casefold" => return changed(text.to_lowercase().replace('ß', "ss")),
        "title" => return changed(title(text)),
        "capitalize" => return changed(capitalize(text)),
        "swapcase" => {
            let swapped = text.chars().flat_map(|letter| -> Vec<char> {
                if letter.is_uppercase() { letter.to_lowercase().collect() } else { letter.to_uppercase().collect() }
            });
            return changed(swapped.collect());
        }
        "expandtabs" => return changed(text.replace('\t', "        ")),
        "isdigit" | "isdecimal" | "isnumeric" => return Ok(Value::Bool(every(text, char::is_numeric))),
        "isalpha" => return Ok(Value::Bool(every(text, char::is_alphabetic))),
        "isalnum" => return Ok(Value::Bool(every(text, char::is_alphanumeric))),
        "isspace" => return Ok(Value::Bool(every(text, char::is_whitespace))),
        "isascii" => return Ok(Value::Bool(text.is_ascii())),
        "isprintable" => return Ok(Value::Bool(!text.chars().any(char::is_control))),
        "isupper" => {
            return Ok(Value::Bool(text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)));
        }
        "islower" => {
            return Ok(Value::Bool(text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase)));
        }
        "istitle" => return Ok(Value::Bool(text.chars().any(char::is_alphabetic) && title(text) == text)),
        "isidentifier" => return Ok(Value::Bool(is_identifier(text))),
        "strip" | "lstrip" | "rstrip" => {
            let chars = match given(0, "chars") {
                None | Some(Value::None) => None,
                Some(Value::Str(chars)) => Some(chars.text.clone()),
                Some(other) => return Ok(why_not(other, span)),
            };
            let goes = |letter: char| chars.as_ref().map_or(letter.is_whitespace(), |chars| chars.contains(letter));
            return changed(
                match name {
                    "strip" => text.trim_matches(goes),
                    "lstrip" => text.trim_start_matches(goes),
                    _ => text.trim_end_matches(goes),
                }
                .to_owned(),
            );
        }
        "split" | "rsplit" => {
            let limit = match given(1, "maxsplit") {
                None => usize::MAX,
                Some(Value::Int(limit)) => usize::try_from(*limit).unwrap_or(usize::MAX),
                Some(other) => return Ok(why_not(other, span)),
            };
            let pieces = match given(0, "sep") {
                None | Some(Value::None) if name == "split" => split_blank(text, limit),
                None | Some(Value::None) => rsplit_blank(text, limit),
                Some(Value::Str(mark)) if mark.text.is_empty() => {
                    return Err(machine.raised("ValueError", "empty separator", span));
                }
                Some(Value::Str(mark)) if name == "split" => {
                    text.splitn(limit.saturating_add(1), &*mark.text).collect()
                }
                Some(Value::Str(mark)) => {
                    let mut pieces: Vec<&str> = text.rsplitn(limit.saturating_add(1), &*mark.text).collect();
                    pieces.reverse();
                    pieces
                }
                Some(other) => return Ok(why_not(other, span)),
            };
            return Ok(list(pieces.into_iter().map(piece).collect()));
        }
        "splitlines" => {
            let keep = given(0, "keepends").is_some_and(|keep| keep.as_bool() == Some(true));
            let lines = text.split_inclusive('\n').map(|line| {
                if keep { line } else { line.strip_suffix('\n').map_or(line, |line| line.trim_end_matches('\r')) }
            });
            return Ok(list(lines.map(piece).collect()));
        }
        "encode" => return Ok(Value::Bytes(text.as_bytes().into())),
        "format" => {
            return match formatting::brace_format(machine, of, arguments, span)? {
                unknown @ Value::Unknown(_) if begins_statement(&of.text) => {
                    let before = of.text.split('{').next().unwrap_or("");
                    let before = made(before.to_owned(), span, vec![of.origin.clone()]);
                    Ok(machine.operation("format", vec![before, unknown], span))
                }
                text => Ok(text),
            };
        }
        "format_map" => {
            return match first {
                Some(mapping) => formatting::format_map(machine, of, mapping, span),
                None => Ok(Value::unknown(span, "a call of `format_map` that can't be read")),
            };
        }
        "join" => {
            return match first {
                Some(items) => join(machine, of, items, span),
                None => Ok(Value::unknown(span, "a call of `join` that can't be read")),
            };
        }
        "startswith" | "endswith" => {
            let fits = |mark: &Value<'t>| {
                let mark = mark.as_str()?;
                Some(if name == "startswith" { text.starts_with(mark) } else { text.ends_with(mark) })
            };
            let found = match first {
                Some(Value::Tuple(marks)) if arguments.positional.len() == 1 => {
                    let fit: Option<Vec<bool>> = marks.iter().map(fits).collect();
                    fit.map(|fit| fit.contains(&true))
                }
                Some(mark) if arguments.positional.len() == 1 => fits(mark),
                _ => None,
            };
            return Ok(found.map_or_else(|| unread(name, first, span), Value::Bool));
        }
        _ => {}
    }
    let Some(argument) = first.or_else(|| arguments.keywords.first().map(|keyword| &keyword.value)) else {
        return Ok(unread(name, first, span));
    };
    if let "zfill" | "ljust" | "rjust" | "center" = name {
        let Value::Int(width) = argument else { return Ok(unread(name, first, span)) };
        let fill = match given(1, "fillchar") {
            None => ' ',
            Some(fill) => match fill.as_str().and_then(|fill| fill.chars().next()) {
                Some(fill) => fill,
                None => return Ok(unread(name, Some(fill), span)),
            },
        };
        return changed(padded(text, name, usize::try_from(*width).unwrap_or(0).min(1 << 16), fill));
    }
    let Some(mark) = argument.as_str() else {
        return Ok(unread(name, first, span));
    };
    match name {
        "replace" => {
            let Some(new) = given(1, "new").and_then(Value::as_str) else {
                return Ok(unread(name, given(1, "new"), span));
            };
            if text.matches(mark).count().saturating_mul(new.len()) > LONGEST {
                return Ok(Value::unknown(span, "a very long text"));
            }
            let replaced = match given(2, "count") {
                None | Some(Value::Int(..=-1)) => text.replace(mark, new),
                Some(Value::Int(count)) => text.replacen(mark, new, *count as usize),
                Some(other) => return Ok(why_not(other, span)),
            };
            changed(replaced)
        }
        "removeprefix" => changed(text.strip_prefix(mark).unwrap_or(text).to_owned()),
        "removesuffix" => changed(text.strip_suffix(mark).unwrap_or(text).to_owned()),
        "partition" | "rpartition" => {
            let parts = if name == "partition" {
                text.split_once(mark).map_or([text, "", ""], |(before, after)| [before, mark, after])
            } else {
                text.rsplit_once(mark).map_or(["", "", text], |(before, after)| [before, mark, after])
            };
            Ok(Value::Tuple(Rc::new(parts.into_iter().map(piece).collect())))
        }
        "find" | "index" | "rfind" | "rindex" if arguments.positional.len() == 1 => {
            let at = if name.starts_with('r') { text.rfind(mark) } else { text.find(mark) };
            match at {
                Some(at) => Ok(Value::Int(text[..at].chars().count() as i64)),
                None if name.ends_with("find") => Ok(Value::Int(-1)),
                None => Err(machine.raised("ValueError", "substring not found", span)),
            }
        }
        "count" if !mark.is_empty() && arguments.positional.len() == 1 => {
            Ok(Value::Int(text.matches(mark).count() as i64))
        }
        _ => Ok(unread(name, first, span)),
    }
}

/// `bytes.name(arguments)`
pub fn bytes_method<'t>(
    machine: &mut Machine<'t>,
    bytes: &Rc<[u8]>,
    name: &str,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Outcome<'t> {
    let first = arguments.positional.first().map(|argument| &argument.value);
    let given = match first {
        Some(Value::Bytes(bytes)) => Some(&**bytes),
        _ => None,
    };
    Ok(match (name, given) {
        ("decode", _) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Str(Str::new(text, Origin::made(span, Vec::new()))),
            Err(_) => return Err(machine.raised("UnicodeDecodeError", "invalid start byte", span)),
        },
        ("hex", _) => made(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), span, Vec::new()),
        ("lower", _) => Value::Bytes(bytes.to_ascii_lowercase().into()),
        ("upper", _) => Value::Bytes(bytes.to_ascii_uppercase().into()),
        ("strip", None) if first.is_none() => Value::Bytes(bytes.trim_ascii().into()),
        ("rstrip", None) if first.is_none() => Value::Bytes(bytes.trim_ascii_end().into()),
        ("startswith", Some(mark)) => Value::Bool(bytes.starts_with(mark)),
        ("endswith", Some(mark)) => Value::Bool(bytes.ends_with(mark)),
        _ => unread(name, first, span),
    })
}

fn unread<'t>(name: &str, argument: Option<&Value<'t>>, span: Span) -> Value<'t> {
    match argument {
        Some(value @ (Value::Unknown(_) | Value::OneOf(_) | Value::Term(_) | Value::Object(_))) => why_not(value, span),
        _ => Value::unknown(span, format!("a call of `{name}` that can't be read")),
    }
}

fn join<'t>(machine: &mut Machine<'t>, mark: &Str, items: &Value<'t>, span: Span) -> Outcome<'t> {
    if super::is_open(items) {
        return Ok(why_not(items, span));
    }
    let items = match machine.iterate(items, span) {
        Ok(items) => items,
        Err(unknown) => return Ok(Value::Unknown(unknown)),
    };
    let mut texts = Vec::new();
    for (number, item) in items.iter().enumerate() {
        match item {
            Value::Str(text) => texts.push(&*text.text),
            Value::Int(_) | Value::None | Value::Bool(_) | Value::Float(_) | Value::Path(_) => {
                let kind = super::functions::type_name(item).unwrap_or("object");
                let message = format!("sequence item {number}: expected str instance, {kind} found");
                return Err(machine.raised("TypeError", message, span));
            }
            other => return Ok(why_not(other, span)),
        }
    }
    if texts.iter().map(|text| text.len() + mark.text.len()).sum::<usize>() > LONGEST {
        return Ok(Value::unknown(span, "a very long text"));
    }
    let mut from = vec![mark.origin.clone()];
    from.extend(origins(&items));
    Ok(made(texts.join(&mark.text), span, from))
}

fn every(text: &str, test: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(test)
}

/// Is it an identifier of Python?
pub fn is_identifier(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|letter| letter == '_' || letter.is_alphabetic())
        && letters.all(|letter| letter == '_' || letter.is_alphanumeric())
}

fn capitalize(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters.flat_map(char::to_lowercase)).collect()
}

fn title(text: &str) -> String {
    let mut result = String::new();
    let mut inside = false;
    for letter in text.chars() {
        if inside {
            result.extend(letter.to_lowercase())
        } else {
            result.extend(letter.to_uppercase())
        }
        inside = letter.is_alphabetic();
    }
    result
}

fn split_blank(text: &str, limit: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if pieces.len() == limit {
            pieces.push(rest);
            break;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        pieces.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    pieces
}

fn rsplit_blank(text: &str, limit: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_end();
    while !rest.is_empty() {
        if pieces.len() == limit {
            pieces.push(rest);
            break;
        }
        let (before, piece) = rest
            .char_indices()
            .rfind(|(_, letter)| letter.is_whitespace())
            .map_or(("", rest), |(at, letter)| (&rest[..at], &rest[at + letter.len_utf8()..]));
        pieces.push(piece);
        rest = before.trim_end();
    }
    pieces.reverse();
    pieces
}

fn padded(text: &str, name: &str, width: usize, fill: char) -> String {
    let missing = width.saturating_sub(text.chars().count());
    let times = |fill: char, count: usize| std::iter::repeat_n(fill, count).collect::<String>();
    match name {
        "ljust" => format!("{text}{}", times(fill, missing)),
        "rjust" => format!("{}{text}", times(fill, missing)),
        "center" => {
            let before = missing / 2 + (missing & width & 1);
            format!("{}{text}{}", times(fill, before), times(fill, missing - before))
        }
        _ => {
            let (sign, digits) = if text.starts_with(['+', '-']) { text.split_at(1) } else { text.split_at(0) };
            format!("{sign}{}{digits}", times('0', missing))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_split_as_in_python() {
        assert_eq!(split_blank("  a b  c ", usize::MAX), ["a", "b", "c"]);
        assert_eq!(split_blank("a b  c ", 1), ["a", "b  c "]);
        assert_eq!(rsplit_blank(" a b  c ", 1), [" a b", "c"]);
        assert!(split_blank("  ", usize::MAX).is_empty());
    }

    #[test]
    fn words_change_as_in_python() {
        assert_eq!(title("they're bill's"), "They'Re Bill'S");
        assert_eq!(capitalize("hELLO wORLD"), "Hello world");
        assert_eq!(padded("-7", "zfill", 4, ' '), "-007");
        assert_eq!(padded("ab", "center", 5, '*'), "**ab*");
        assert!(is_identifier("_x1") && !is_identifier("1x"));
    }
}
