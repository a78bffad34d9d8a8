//! `pathlib.Path` and the text functions of `os.path`, over the files that the project has.
//!
//! A path on paper is absolute below [`PROJECT_ROOT`], or relative to the working directory. What is above the project
//! can't be told. A file that is not among the sources may still exist (ignored, generated), so "does it exist?" is
//! answered only with yes.

use std::rc::Rc;

use crate::python::builtins::{list, why_not};
use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::term::{Arguments, TermKind};
use crate::python::value::{Name, PROJECT_ROOT, Value};
use crate::source::{self, FileId, Span};

/// The methods of `Path`.
pub const METHODS: &[&str] = &[
    "absolute",
    "as_posix",
    "as_uri",
    "chmod",
    "exists",
    "expanduser",
    "glob",
    "is_absolute",
    "is_dir",
    "is_file",
    "is_relative_to",
    "is_symlink",
    "iterdir",
    "joinpath",
    "match",
    "mkdir",
    "open",
    "read_bytes",
    "read_text",
    "relative_to",
    "rename",
    "replace",
    "resolve",
    "rglob",
    "rmdir",
    "samefile",
    "stat",
    "touch",
    "unlink",
    "with_name",
    "with_stem",
    "with_suffix",
    "write_bytes",
    "write_text",
];

/// `first / second`
pub fn join(first: &str, second: &str) -> String {
    match (first, second) {
        (_, second) if second.starts_with('/') => second.to_owned(),
        ("" | ".", second) => second.to_owned(),
        (first, "" | ".") => first.to_owned(),
        (first, second) => format!("{}/{second}", first.trim_end_matches('/')),
    }
}

/// `os.path.join(first, second)`: unlike `/` it keeps a `/` at the end.
pub fn join_text(first: &str, second: &str) -> String {
    match (first, second) {
        (_, second) if second.starts_with('/') => second.to_owned(),
        ("", second) => second.to_owned(),
        (first, second) if first.ends_with('/') => format!("{first}{second}"),
        (first, second) => format!("{first}/{second}"),
    }
}

/// `os.path.split`: directory and name.
pub fn split_text(path: &str) -> (&str, &str) {
    match path.rfind('/') {
        None => ("", path),
        Some(at) => {
            let (head, tail) = path.split_at(at + 1);
            let trimmed = head.trim_end_matches('/');
            (if trimmed.is_empty() { head } else { trimmed }, tail)
        }
    }
}

/// `os.path.splitext`: all but the suffix, and the suffix.
pub fn split_suffix(path: &str) -> (&str, &str) {
    let (_, name) = split_text(path);
    match name.trim_start_matches('.').rfind('.') {
        None => (path, ""),
        Some(at) => path.split_at(path.len() - (name.trim_start_matches('.').len() - at)),
    }
}

/// `os.path.normpath`
pub fn normalised(path: &str) -> String {
    let slashes = if path.starts_with("//") && !path.starts_with("///") {
        "//"
    } else if path.starts_with('/') {
        "/"
    } else {
        ""
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if slashes.is_empty() && parts.last().is_none_or(|last| *last == "..") => parts.push(".."),
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let text = format!("{slashes}{}", parts.join("/"));
    if text.is_empty() { ".".to_owned() } else { text }
}

/// The absolute path of `path`, its dots worked out. `None`: above the project.
pub fn absolute(machine: &Machine<'_>, path: &str) -> Option<String> {
    let full = if path.starts_with('/') {
        path.to_owned()
    } else {
        join_text(&join_text(PROJECT_ROOT, &machine.working_directory), path)
    };
    if full.strip_prefix(PROJECT_ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        let inside = source::join("", &full[PROJECT_ROOT.len()..])?;
        return Some(if inside.is_empty() { PROJECT_ROOT.to_owned() } else { format!("{PROJECT_ROOT}/{inside}") });
    }
    Some(normalised(&full))
}

/// The path as the sources name it: relative to the project root. `None`: it is not in the project.
pub fn in_project(machine: &Machine<'_>, path: &str) -> Option<String> {
    let full = absolute(machine, path)?;
    let inside = full.strip_prefix(PROJECT_ROOT)?;
    Some(inside.trim_start_matches('/').to_owned())
}

/// A directory is made, wherever on the way there that is.
pub fn note_made(machine: &mut Machine<'_>, path: &str) {
    machine.made_directories.extend(in_project(machine, path).map(Some));
}

/// The absolute path on paper of a file or directory of the project.
pub fn on_paper(inside: &str) -> String {
    if inside.is_empty() { PROJECT_ROOT.to_owned() } else { format!("{PROJECT_ROOT}/{inside}") }
}

/// Where `path` lies in the project, as file or directory. `None`: nothing there that is known.
pub fn found(machine: &Machine<'_>, path: &str) -> Option<Result<FileId, String>> {
    let inside = in_project(machine, path)?;
    let sources = machine.trees.sources();
    match sources.id(&inside) {
        Some(file) => Some(Ok(file)),
        None => sources.is_directory(&inside).then_some(Err(inside)),
    }
}

/// `exists`, `is_file`, `is_dir`: `None` when it can't be told.
pub fn exists(machine: &Machine<'_>, path: &str, kind: &str) -> Option<bool> {
    match (found(machine, path)?, kind) {
        (_, "exists" | "lexists") => Some(true),
        (Ok(_), kind) => Some(matches!(kind, "is_file" | "isfile")),
        (Err(_), kind) => Some(matches!(kind, "is_dir" | "isdir")),
    }
}

/// The text of a path-like value: a path or a string.
pub fn path_text<'v>(value: &'v Value<'_>) -> Option<&'v Name> {
    match value {
        Value::Path(path) => Some(path),
        Value::Str(text) => Some(&text.text),
        _ => None,
    }
}

/// What is in a directory of the project: names, and whether each is a file.
pub fn entries(machine: &Machine<'_>, path: &str) -> Option<Vec<(String, Option<FileId>)>> {
    let inside = in_project(machine, path)?;
    let sources = machine.trees.sources();
    sources
        .is_directory(&inside)
        .then(|| sources.entries(&inside).map(|entry| (entry.name.to_string(), entry.file)).collect())
}

/// The text of a file of the project, as a value.
pub fn file_text<'t>(machine: &mut Machine<'t>, path: &str, span: Span) -> Value<'t> {
    match found(machine, path) {
        Some(Ok(file)) if machine.trees.sources().unreadable(file).is_none() => {
            Value::literal(machine.trees.sources().text(file), Span::start_of(file))
        }
        _ => Value::unknown(span, "the text of a file that is not in the project"),
    }
}

/// A `Path` attribute that is no method.
pub fn attribute<'t>(machine: &mut Machine<'t>, path: &Name, name: &str, span: Span) -> Option<Value<'t>> {
    let last = split_text(path.trim_end_matches('/')).1;
    let (stem, suffix) = split_suffix(last);
    let text = |text: &str| Value::literal(text, span);
    Some(match name {
        "name" => text(last),
        "stem" => text(stem),
        "suffix" => text(suffix),
        "suffixes" => {
            list(last.trim_start_matches('.').split('.').skip(1).map(|suffix| text(&format!(".{suffix}"))).collect())
        }
        "parent" => parent(path).map_or_else(
            || machine.unknown(span, "a directory above the project"),
            |parent| Value::Path(parent.into()),
        ),
        "parents" => {
            let mut parents = Vec::new();
            let mut current = path.to_string();
            while let Some(next) = parent(&current) {
                if next == current {
                    break;
                }
                parents.push(Value::Path(next.as_str().into()));
                current = next;
            }
            if path.starts_with(PROJECT_ROOT) {
                // Above the project there are more directories.
                parents.extend(std::iter::repeat_n(Value::unknown(span, "a directory above the project"), 8));
            }
            Value::Tuple(Rc::new(parents))
        }
        "parts" => {
            let first = if path.starts_with('/') { vec![text("/")] } else { Vec::new() };
            let parts = path.split('/').filter(|part| !part.is_empty()).map(text);
            Value::Tuple(Rc::new(first.into_iter().chain(parts).collect()))
        }
        "anchor" | "root" => text(if path.starts_with('/') { "/" } else { "" }),
        "drive" => text(""),
        _ => return None,
    })
}

/// `path.parent`. `None`: above the project.
pub fn parent(path: &str) -> Option<String> {
    if path == PROJECT_ROOT {
        return None;
    }
    let (head, tail) = split_text(path);
    match (head, tail) {
        ("", "." | "") => Some(".".to_owned()),
        ("", _) => Some(".".to_owned()),
        (head, _) => Some(head.to_owned()),
    }
}

/// `path.name(arguments)`; the arguments are known.
pub fn method<'t>(
    machine: &mut Machine<'t>,
    path: &Name,
    name: &str,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Outcome<'t> {
    let made = |text: String| Ok(Value::Path(text.into()));
    let first = arguments.positional.first().map(|argument| &argument.value);
    let given = first.and_then(path_text).cloned();
    match (name, given) {
        ("joinpath", _) => {
            let mut joined = path.to_string();
            for argument in &arguments.positional {
                match path_text(&argument.value) {
                    Some(part) => joined = join(&joined, part),
                    None => return Ok(why_not(&argument.value, span)),
                }
            }
            made(joined)
        }
        ("resolve" | "absolute", _) => match absolute(machine, path) {
            Some(path) => made(path),
            None => Ok(machine.unknown(span, "a path above the project")),
        },
        ("as_posix", _) => Ok(Value::literal(path.clone(), span)),
        ("as_uri", _) => Ok(Value::literal(format!("file://{path}"), span)),
        ("expanduser", _) if !path.starts_with('~') => Ok(Value::Path(path.clone())),
        ("exists" | "is_dir" | "is_file", _) => Ok(exists(machine, path, name)
            .map_or_else(|| Value::unknown(span, "whether a path outside the sources exists"), Value::Bool)),
        ("is_absolute", _) => Ok(Value::Bool(path.starts_with('/'))),
        ("with_name", Some(new)) => made(join(split_text(path).0, &new)),
        ("with_suffix", Some(new)) => made(format!("{}{new}", split_suffix(path).0)),
        ("with_stem", Some(new)) => {
            made(join(split_text(path).0, &format!("{new}{}", split_suffix(split_text(path).1).1)))
        }
        ("relative_to" | "is_relative_to", Some(base)) => {
            let base = base.trim_end_matches('/');
            let rest = match path.strip_prefix(base) {
                Some("") => Some("."),
                Some(rest) => rest.strip_prefix('/'),
                None => None,
            };
            match (name, rest) {
                ("is_relative_to", rest) => Ok(Value::Bool(rest.is_some())),
                (_, Some(rest)) => made(rest.to_owned()),
                (_, None) => {
                    let message = format!("'{path}' is not in the subpath of '{base}'");
                    Err(machine.raised("ValueError", message, span))
                }
            }
        }
        ("iterdir", _) => Ok(match entries(machine, path) {
            Some(entries) => list(entries.into_iter().map(|(name, _)| Value::Path(join(path, &name).into())).collect()),
            None => Value::unknown(span, "the entries of a directory that is not in the project"),
        }),
        ("glob" | "rglob", Some(pattern)) => {
            let pattern = if name == "rglob" { format!("**/{pattern}") } else { pattern.to_string() };
            Ok(match glob(machine, path, &pattern) {
                Some(paths) => list(paths.into_iter().map(|path| Value::Path(path.into())).collect()),
                None => Value::unknown(span, "the entries of a directory that is not in the project"),
            })
        }
        ("match", Some(pattern)) if !pattern.contains('/') => {
            Ok(Value::Bool(matches_pattern(&pattern, split_text(path).1)))
        }
        ("read_text", _) => Ok(file_text(machine, path, span)),
        ("read_bytes", _) => Ok(match file_text(machine, path, span) {
            Value::Str(text) => Value::Bytes(text.text.as_bytes().into()),
            other => other,
        }),
        ("open", _) => {
            let callee = machine.term(TermKind::Name("builtins.open".into()), span);
            let mut positional = vec![crate::python::value::term::Argument { value: Value::Path(path.clone()), span }];
            positional.extend(arguments.positional.iter().cloned());
            let given = Arguments { positional, keywords: arguments.keywords.clone(), open: arguments.open };
            Ok(machine.call_term(&callee, &Rc::new(given), span))
        }
        ("mkdir", _) => {
            note_made(machine, path);
            Ok(Value::None)
        }
        ("touch" | "unlink" | "chmod" | "rmdir", _) => Ok(Value::None),
        _ => Ok(Value::unknown(span, format!("the result of `Path.{name}`"))),
    }
}

/// The paths below `directory` that fit `pattern`, sorted as the sources are. `None`: the directory is not known.
pub fn glob(machine: &Machine<'_>, directory: &str, pattern: &str) -> Option<Vec<String>> {
    entries(machine, directory)?;
    let mut segments: Vec<&str> = pattern.split('/').filter(|segment| !segment.is_empty() && *segment != ".").collect();
    segments.dedup_by(|one, other| one == other && *one == "**");
    let mut result = Vec::new();
    descend(machine, directory, &segments, &mut result, 0);
    result.sort();
    result.dedup();
    Some(result)
}

fn descend(machine: &Machine<'_>, directory: &str, segments: &[&str], result: &mut Vec<String>, depth: usize) {
    let Some((segment, rest)) = segments.split_first() else { return };
    if depth > 32 {
        return;
    }
    if *segment == "**" {
        if rest.is_empty() {
            result.push(directory.to_owned());
        } else {
            descend(machine, directory, rest, result, depth + 1);
        }
    }
    for (name, file) in entries(machine, directory).unwrap_or_default() {
        let path = join(directory, &name);
        if *segment == "**" {
            if file.is_none() {
                descend(machine, &path, segments, result, depth + 1);
            }
        } else if matches_pattern(segment, &name) {
            if rest.is_empty() {
                result.push(path);
            } else if file.is_none() {
                descend(machine, &path, rest, result, depth + 1);
            }
        }
    }
}

/// Does `name` fit a shell pattern of `*`, `?` and `[…]`, as `fnmatch` has it?
pub fn matches_pattern(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some('?') => Some(p + 1),
            Some('[') => match pattern[p + 1..].iter().skip(1).position(|letter| *letter == ']') {
                Some(length) => {
                    let set = &pattern[p + 1..p + 2 + length];
                    fits_set(set, name[n]).then_some(p + 3 + length)
                }
                None => (name[n] == '[').then_some(p + 1),
            },
            Some(letter) => (*letter == name[n]).then_some(p + 1),
            None => None,
        };
        match (step, star) {
            (Some(next), _) => {
                p = next;
                n += 1;
            }
            (None, Some((at, from))) => {
                p = at + 1;
                n = from + 1;
                star = Some((at, from + 1));
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

fn fits_set(set: &[char], letter: char) -> bool {
    let (negated, set) = match set.split_first() {
        Some(('!' | '^', rest)) => (true, rest),
        _ => (false, set),
    };
    let mut at = 0;
    let mut fits = false;
    while at < set.len() {
        if at + 2 < set.len() && set[at + 1] == '-' {
            fits |= (set[at]..=set[at + 2]).contains(&letter);
            at += 3;
        } else {
            fits |= set[at] == letter;
            at += 1;
        }
    }
    fits != negated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_paths_are_posix() {
        assert_eq!(join("a/b", "../c"), "a/b/../c");
        assert_eq!(join("a", "/etc"), "/etc");
        assert_eq!(join_text("a/", "b"), "a/b");
        assert_eq!(split_text("/__project__/a/b"), ("/__project__/a", "b"));
        assert_eq!(split_text("/a"), ("/", "a"));
        assert_eq!(split_suffix("a.b/c.tar.gz"), ("a.b/c.tar", ".gz"));
        assert_eq!(split_suffix("a/.env"), ("a/.env", ""));
        assert_eq!(normalised("/__project__/a/../b/."), "/__project__/b");
        assert_eq!(normalised("a/../../b"), "../b");
        assert_eq!(parent("/__project__/a").as_deref(), Some("/__project__"));
        assert_eq!(parent("/__project__"), None);
        assert_eq!(parent("a.py").as_deref(), Some("."));
    }

    #[test]
    fn shell_patterns_match() {
        assert!(matches_pattern("*.py", "a.py"));
        assert!(matches_pattern("[!_]*.py", "a.py") && !matches_pattern("[!_]*.py", "_a.py"));
        assert!(matches_pattern("a?c*", "abc") && !matches_pattern("a?c", "ac"));
        assert!(matches_pattern("[a-c]x", "bx") && !matches_pattern("*.py", "a.pyc"));
    }
}
