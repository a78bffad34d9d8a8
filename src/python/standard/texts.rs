//! `re`, `urllib.parse`, `json`, `tomllib`, `string`, `textwrap`, `base64`: texts to texts.

use std::cell::RefCell;
use std::rc::Rc;

use fancy_regex::{Captures, Regex, RegexBuilder};
use rustc_hash::FxHashMap;

use crate::python::builtins::functions::last;
use crate::python::builtins::paths::{self, path_text};
use crate::python::builtins::{dict, list, made, origins, positional, spread, to_text, why_not};
use crate::python::dotted;
use crate::python::evaluate::{Machine, Outcome};
use crate::python::library::Library;
use crate::python::value::{Arguments, Key, Keyword, Origin, Str, Term, TermKind, Value};
use crate::source::Span;

/// Libraries that work on texts.
pub struct Texts;

impl<'t> Library<'t> for Texts {
    fn call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let root = callee.root()?;
        if !["re", "urllib", "json", "tomllib", "tomli", "toml", "string", "textwrap", "inflection", "stringcase"]
            .contains(&dotted::first(root))
        {
            return None;
        }
        if let TermKind::Attribute(of, name) = &callee.kind {
            let (made_by, given) = of.call()?;
            let (made_by, given, name) = (made_by.dotted()?.to_owned(), given.clone(), name.clone());
            return Some(spread(machine, arguments, span, &mut |machine, arguments| {
                Ok(method(machine, of, &made_by, &given, &name, arguments, span)?
                    .unwrap_or_else(|| Value::unknown(span, format!("the result of `{name}`"))))
            }));
        }
        let dotted = callee.dotted()?.to_owned();
        if !KNOWN.contains(&&*dotted) {
            return None;
        }
        Some(spread(machine, arguments, span, &mut |machine, arguments| {
            Ok(function(machine, &dotted, arguments, span)?
                .unwrap_or_else(|| Value::unknown(span, format!("the result of `{dotted}`"))))
        }))
    }

    fn attribute(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, name: &str, span: Span) -> Option<Outcome<'t>> {
        if of.dotted() == Some("string") {
            let text = match name {
                "ascii_lowercase" => "abcdefghijklmnopqrstuvwxyz",
                "ascii_uppercase" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                "ascii_letters" => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
                "digits" => "0123456789",
                _ => return None,
            };
            return Some(Ok(Value::literal(text, span)));
        }
        let (made_by, given) = of.call()?;
        if !matches!(made_by.dotted()?, "urllib.parse.ParseResult" | "urllib.parse.SplitResult") {
            return None;
        }
        let fields = if made_by.dotted() == Some("urllib.parse.ParseResult") {
            &["scheme", "netloc", "path", "params", "query", "fragment"][..]
        } else {
            &["scheme", "netloc", "path", "query", "fragment"][..]
        };
        if let Some(at) = fields.iter().position(|field| *field == name) {
            return Some(Ok(given.positional.get(at)?.value.clone()));
        }
        let location = given.positional.get(1)?.value.as_str()?.to_owned();
        let from = origins(given.values());
        let (user, host) = location.rsplit_once('@').map_or((None, &*location), |(user, host)| (Some(user), host));
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (host, None),
        };
        let text = |text: Option<&str>| match text {
            Some(text) if !text.is_empty() => made(text, span, from.clone()),
            _ => Value::None,
        };
        let _ = machine;
        Some(Ok(match name {
            "username" => text(user.map(|user| user.split_once(':').map_or(user, |(name, _)| name))),
            "password" => match user.and_then(|user| user.split_once(':')) {
                Some((_, password)) => made(password, span, from),
                None => Value::None,
            },
            "hostname" => match text(Some(host.trim_matches(['[', ']']))) {
                Value::Str(host) => made(host.text.to_lowercase(), span, vec![host.origin.clone()]),
                other => other,
            },
            "port" => port.map_or(Some(Value::None), |port| port.parse().ok().map(Value::Int))?,
            _ => return None,
        }))
    }

    fn item(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, key: &Value<'t>, span: Span) -> Option<Outcome<'t>> {
        let (made_by, given) = of.call()?;
        (made_by.dotted()? == "re.Match")
            .then(|| Ok(group(given, key).unwrap_or_else(|| machine.unknown(span, "a group of a match"))))
    }

    fn truth(&self, machine: &mut Machine<'t>, term: &Rc<Term<'t>>) -> Option<bool> {
        let _ = machine;
        matches!(term.call()?.0.dotted()?, "re.Match" | "re.compile" | "urllib.parse.ParseResult").then_some(true)
    }
}

/// Texts longer than this are not searched, and not made.
const LONGEST: usize = 1 << 16;

/// The functions that are told.
const KNOWN: &[&str] = &[
    "inflection.camelize",
    "inflection.underscore",
    "json.dumps",
    "json.load",
    "json.loads",
    "re.escape",
    "re.findall",
    "re.fullmatch",
    "re.match",
    "re.search",
    "re.split",
    "re.sub",
    "stringcase.snakecase",
    "textwrap.dedent",
    "toml.load",
    "toml.loads",
    "tomli.load",
    "tomli.loads",
    "tomllib.load",
    "tomllib.loads",
    "urllib.parse.quote",
    "urllib.parse.quote_plus",
    "urllib.parse.unquote",
    "urllib.parse.unquote_plus",
    "urllib.parse.urlencode",
    "urllib.parse.urlparse",
    "urllib.parse.urlsplit",
    "urllib.parse.urlunparse",
    "urllib.parse.urlunsplit",
];

type Told<'t> = Result<Option<Value<'t>>, Box<crate::python::evaluate::Raised<'t>>>;

fn function<'t>(machine: &mut Machine<'t>, dotted: &str, arguments: &Rc<Arguments<'t>>, span: Span) -> Told<'t> {
    let Some(first) = arguments.positional.first().map(|first| first.value.clone()) else { return Ok(None) };
    let from = origins(arguments.values());
    let text = |text: String| Ok(Some(made(text, span, from.clone())));
    if let Some(name) = dotted.strip_prefix("re.") {
        if name == "escape" {
            let Value::Str(first) = &first else { return Ok(Some(why_not(&first, span))) };
            return text(escaped(&first.text));
        }
        let flags = arguments.get(if name == "sub" || name == "split" { 4 } else { 2 }, "flags");
        let Some(pattern) = compiled(&first, flags) else { return Ok(None) };
        return matching(machine, &pattern, name, &behind(arguments, 1), span);
    }
    if let "json.load" | "tomllib.load" | "tomli.load" | "toml.load" = dotted {
        let path = match &first {
            Value::Term(term) => {
                term.call().and_then(|(_, given)| path_text(&given.positional.first()?.value).cloned())
            }
            other => path_text(other).cloned(),
        };
        let Some(path) = path else { return Ok(None) };
        let Value::Str(text) = paths::file_text(machine, &path, span) else { return Ok(None) };
        return Ok(parsed(dotted, &text));
    }
    let plain = match &first {
        Value::Str(text) => text.text.to_string(),
        Value::Int(_) if dotted.contains("quote") => to_text(&first).unwrap_or_default(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    };
    match (dotted, &first) {
        ("json.dumps", value) => match json_of(value) {
            Some(json) if arguments.keywords.is_empty() => {
                text(json.to_string().replace("\":", "\": ").replace(",\"", ", \""))
            }
            _ => Ok(None),
        },
        ("urllib.parse.urlencode", pairs) => Ok(encoded(machine, pairs, span).map(|query| made(query, span, from))),
        ("urllib.parse.urlunparse" | "urllib.parse.urlunsplit", parts) => {
            let Some(parts) = parts.items() else { return Ok(None) };
            let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
            match parts.as_deref() {
                Some([scheme, location, path, _, query, fragment] | [scheme, location, path, query, fragment]) => {
                    text(unsplit(scheme, location, path, query, fragment))
                }
                _ => Ok(None),
            }
        }
        (_, Value::Str(_) | Value::Int(_) | Value::Bytes(_)) => match dotted {
            "json.loads" | "tomllib.loads" | "tomli.loads" | "toml.loads" => match &first {
                Value::Str(text) => Ok(parsed(dotted, text)),
                _ => Ok(None),
            },
            "urllib.parse.quote" => {
                let safe = arguments.get(1, "safe").map_or(Some("/"), Value::as_str);
                match safe {
                    Some(safe) => text(quoted(&plain, safe)),
                    None => Ok(None),
                }
            }
            "urllib.parse.quote_plus" => text(quoted(&plain, " ").replace(' ', "+")),
            "urllib.parse.unquote" => text(unquoted(&plain)),
            "urllib.parse.unquote_plus" => text(unquoted(&plain.replace('+', " "))),
            "urllib.parse.urlparse" | "urllib.parse.urlsplit" => {
                let [scheme, location, path, query, fragment] = url_parts(&plain);
                let is_parse = dotted.ends_with("urlparse");
                let class = if is_parse { "urllib.parse.ParseResult" } else { "urllib.parse.SplitResult" };
                let callee = machine.name_term(class, span);
                let mut parts = vec![scheme, location, path];
                if is_parse {
                    parts.push(String::new());
                }
                parts.extend([query, fragment]);
                let parts = parts.into_iter().map(|part| made(part, span, from.clone()));
                Ok(Some(machine.call_term(&callee, &positional(parts, span), span)))
            }
            "textwrap.dedent" => text(dedented(&plain)),
            "inflection.underscore" | "stringcase.snakecase" => text(underscored(&plain)),
            _ => Ok(None),
        },
        (_, other) => Ok(Some(why_not(other, span))),
    }
}

/// Methods of compiled patterns, matches, parsed URLs and templates.
fn method<'t>(
    machine: &mut Machine<'t>,
    of: &Rc<Term<'t>>,
    made_by: &str,
    given: &Rc<Arguments<'t>>,
    name: &str,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Told<'t> {
    match (made_by, name) {
        ("re.compile", _) => {
            let pattern = given.get(0, "pattern").and_then(|pattern| compiled(pattern, given.get(1, "flags")));
            match pattern {
                Some(pattern) => matching(machine, &pattern, name, arguments, span),
                None => Ok(None),
            }
        }
        ("re.Match", "group" | "__getitem__") => match &arguments.positional[..] {
            [] => Ok(group(given, &Value::Int(0))),
            [one] => Ok(group(given, &one.value)),
            many => {
                let groups: Option<Vec<_>> = many.iter().map(|one| group(given, &one.value)).collect();
                Ok(groups.map(|groups| Value::Tuple(Rc::new(groups))))
            }
        },
        ("re.Match", "groups") => {
            let groups = given.positional.iter().skip(1).map(|group| group.value.clone()).collect();
            Ok(Some(Value::Tuple(Rc::new(groups))))
        }
        ("re.Match", "groupdict") => {
            Ok(Some(dict(given.keywords.iter().map(|keyword| (Key::Str(keyword.name.clone()), keyword.value.clone())))))
        }
        ("urllib.parse.ParseResult" | "urllib.parse.SplitResult", "geturl") => {
            let dotted =
                if made_by.ends_with("ParseResult") { "urllib.parse.urlunparse" } else { "urllib.parse.urlunsplit" };
            let parts = Value::Tuple(Rc::new(given.values().cloned().collect()));
            function(machine, dotted, &positional([parts], span), span)
        }
        ("urllib.parse.ParseResult" | "urllib.parse.SplitResult", "_replace") => {
            let fields = if made_by.ends_with("ParseResult") {
                &["scheme", "netloc", "path", "params", "query", "fragment"][..]
            } else {
                &["scheme", "netloc", "path", "query", "fragment"][..]
            };
            let parts = fields.iter().zip(given.values()).map(|(field, old)| {
                arguments.keyword(field).map_or_else(|| old.clone(), |keyword| keyword.value.clone())
            });
            let parts: Vec<_> = parts.collect();
            let Some((callee, _)) = of.call() else { return Ok(None) };
            Ok(Some(machine.call_term(&callee.clone(), &positional(parts, span), span)))
        }
        ("string.Template", "substitute" | "safe_substitute") => {
            let Some(Value::Str(template)) = given.get(0, "template") else { return Ok(None) };
            Ok(substituted(template, arguments, span))
        }
        _ => Ok(None),
    }
}

fn behind<'t>(arguments: &Arguments<'t>, count: usize) -> Rc<Arguments<'t>> {
    let positional = arguments.positional.iter().skip(count).cloned().collect();
    Rc::new(Arguments { positional, keywords: arguments.keywords.clone(), open: arguments.open })
}

/// A pattern of Python, with its flags.
fn compiled<'t>(pattern: &Value<'t>, flags: Option<&Value<'t>>) -> Option<Regex> {
    let (text, own) = match pattern {
        Value::Str(text) => (text.text.to_string(), None),
        Value::Term(term) => {
            let (made_by, given) = term.call()?;
            if made_by.dotted()? != "re.compile" {
                return None;
            }
            (given.get(0, "pattern")?.as_str()?.to_owned(), given.get(1, "flags").cloned())
        }
        _ => return None,
    };
    let mut letters = String::new();
    for flags in [flags, own.as_ref()].into_iter().flatten() {
        flag_letters(flags, &mut letters)?;
    }
    let prefix = if letters.is_empty() { String::new() } else { format!("(?{letters})") };
    let pattern = format!("{prefix}{text}");
    COMPILED.with_borrow_mut(|compiled| {
        if compiled.len() >= MOST_COMPILED {
            compiled.clear();
        }
        let build = |pattern: &String| RegexBuilder::new(pattern).backtrack_limit(50_000).build().ok();
        compiled.entry(pattern).or_insert_with_key(build).clone()
    })
}

/// As many patterns as Python's `re` remembers.
const MOST_COMPILED: usize = 512;

thread_local! {
    /// Patterns that were compiled, as Python's `re` remembers them.
    static COMPILED: RefCell<FxHashMap<String, Option<Regex>>> = RefCell::default();
}

fn flag_letters(flags: &Value<'_>, letters: &mut String) -> Option<()> {
    match flags {
        Value::Int(0) => {}
        Value::Term(term) => match &term.kind {
            TermKind::Operation("|", flags) => flags.iter().try_for_each(|flags| flag_letters(flags, letters))?,
            _ => letters.push(match last(term.dotted()?) {
                "I" | "IGNORECASE" => 'i',
                "M" | "MULTILINE" => 'm',
                "S" | "DOTALL" => 's',
                "X" | "VERBOSE" => 'x',
                "U" | "UNICODE" => 'u',
                _ => return None,
            }),
        },
        _ => return None,
    }
    Some(())
}

/// `pattern.name(…)`
fn matching<'t>(
    machine: &mut Machine<'t>,
    pattern: &Regex,
    name: &str,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Told<'t> {
    let from = origins(arguments.values());
    let subject = arguments.get(usize::from(name == "sub"), "string");
    let Some(Value::Str(subject)) = subject else { return Ok(subject.map(|subject| why_not(subject, span))) };
    if subject.text.len() > LONGEST {
        return Ok(None);
    }
    let piece = |text: &str| made(text, span, vec![subject.origin.clone()]);
    match name {
        "match" | "search" | "fullmatch" => {
            let Ok(captures) = pattern.captures(&subject.text) else { return Ok(None) };
            let fits = captures.filter(|captures| {
                captures.get(0).is_some_and(|whole| match name {
                    "match" => whole.start() == 0,
                    "fullmatch" => whole.start() == 0 && whole.end() == subject.text.len(),
                    _ => true,
                })
            });
            Ok(Some(match fits {
                Some(captures) => matched(machine, pattern, &captures, subject, span),
                None => Value::None,
            }))
        }
        "findall" => {
            let mut found = Vec::new();
            for captures in pattern.captures_iter(&subject.text) {
                let Ok(captures) = captures else { return Ok(None) };
                let group = |at: usize| piece(captures.get(at).map_or("", |group| group.as_str()));
                found.push(match captures.len() {
                    1 => group(0),
                    2 => group(1),
                    count => Value::Tuple(Rc::new((1..count).map(group).collect())),
                });
            }
            Ok(Some(list(found)))
        }
        "split" => {
            let mut parts = Vec::new();
            let mut start = 0;
            for found in pattern.find_iter(&subject.text) {
                let Ok(found) = found else { return Ok(None) };
                parts.push(piece(&subject.text[start..found.start()]));
                start = found.end();
            }
            parts.push(piece(&subject.text[start..]));
            Ok((pattern.captures_len() == 1 && arguments.get(1, "maxsplit").is_none()).then(|| list(parts)))
        }
        "sub" => {
            let Some(replacement) = arguments.get(0, "repl").cloned() else { return Ok(None) };
            let most = match arguments.get(2, "count") {
                None | Some(Value::Int(0)) => usize::MAX,
                Some(Value::Int(count)) => usize::try_from(*count).unwrap_or(0),
                Some(_) => return Ok(None),
            };
            let mut result = String::new();
            let mut start = 0;
            for captures in pattern.captures_iter(&subject.text).take(most) {
                let Ok(captures) = captures else { return Ok(None) };
                let Some(whole) = captures.get(0) else { return Ok(None) };
                result.push_str(&subject.text[start..whole.start()]);
                start = whole.end();
                if result.len() > LONGEST {
                    return Ok(None);
                }
                match &replacement {
                    Value::Str(template) => match expanded(&template.text, &captures) {
                        Some(text) => result.push_str(&text),
                        None => return Ok(None),
                    },
                    callee => {
                        let found = matched(machine, pattern, &captures, subject, span);
                        match machine.call(callee, &positional([found], span), span)? {
                            Value::Str(text) => result.push_str(&text.text),
                            other => return Ok(Some(why_not(&other, span))),
                        }
                    }
                }
            }
            result.push_str(&subject.text[start..]);
            Ok(Some(made(result, span, from)))
        }
        _ => Ok(None),
    }
}

fn matched<'t>(
    machine: &mut Machine<'t>,
    pattern: &Regex,
    captures: &Captures<'_>,
    subject: &Str,
    span: Span,
) -> Value<'t> {
    let group = |found: Option<fancy_regex::Match<'_>>| match found {
        Some(found) => made(found.as_str(), span, vec![subject.origin.clone()]),
        None => Value::None,
    };
    let positional = captures.iter().map(|found| crate::python::value::Argument { value: group(found), span });
    let names: Vec<(usize, &str)> =
        pattern.capture_names().enumerate().filter_map(|(at, name)| Some((at, name?))).collect();
    let keywords = names.into_iter().map(|(at, name)| Keyword {
        name: name.into(),
        value: group(captures.get(at)),
        span,
        whole: span,
    });
    let given = Arguments { positional: positional.collect(), keywords: keywords.collect(), open: false };
    let callee = machine.name_term("re.Match", span);
    machine.call_term(&callee, &Rc::new(given), span)
}

fn group<'t>(given: &Arguments<'t>, key: &Value<'t>) -> Option<Value<'t>> {
    match key {
        Value::Int(at) => given.positional.get(usize::try_from(*at).ok()?).map(|group| group.value.clone()),
        Value::Str(name) => given.keyword(&name.text).map(|keyword| keyword.value.clone()),
        _ => None,
    }
}

/// A replacement with `\1`, `\g<name>` filled in.
fn expanded(template: &str, captures: &Captures<'_>) -> Option<String> {
    let mut result = String::new();
    let mut letters = template.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            result.push(letter);
            continue;
        }
        match letters.next()? {
            digit @ '0'..='9' => {
                let mut at = digit as usize - '0' as usize;
                while let Some(next) = letters.next_if(char::is_ascii_digit) {
                    at = at * 10 + (next as usize - '0' as usize);
                }
                result.push_str(captures.get(at).map_or("", |group| group.as_str()));
            }
            'g' => {
                letters.next_if_eq(&'<')?;
                let name: String = letters.by_ref().take_while(|letter| *letter != '>').collect();
                let group = name.parse().map_or_else(|_| captures.name(&name), |at: usize| captures.get(at));
                result.push_str(group.map_or("", |group| group.as_str()));
            }
            'n' => result.push('\n'),
            't' => result.push('\t'),
            '\\' => result.push('\\'),
            letter if letter.is_alphabetic() => return None,
            letter => result.extend(['\\', letter]),
        }
    }
    Some(result)
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, letter| {
        if "\\.^$*+?{}[]()|-&#~ \t\n\r".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
        escaped
    })
}

/// Percent-encodes what is neither plain nor in `safe`.
pub fn quoted(text: &str, safe: &str) -> String {
    text.bytes().fold(String::new(), |mut quoted, byte| {
        let letter = char::from(byte);
        if byte.is_ascii_alphanumeric() || "_.-~".contains(letter) || byte.is_ascii() && safe.contains(letter) {
            quoted.push(letter);
        } else {
            quoted.push_str(&format!("%{byte:02X}"));
        }
        quoted
    })
}

fn unquoted(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut result = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let byte = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => {
                result.push(byte);
                at += 3;
            }
            None => {
                result.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&result).into_owned()
}

/// Scheme, location, path, query, fragment.
pub(super) fn url_parts(url: &str) -> [String; 5] {
    let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (url, query) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = match url.split_once(':') {
        Some((scheme, rest))
            if scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
                && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter)) =>
        {
            (scheme.to_lowercase(), rest)
        }
        _ => (String::new(), url),
    };
    let (location, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    [scheme, location.to_owned(), path.to_owned(), query.to_owned(), fragment.to_owned()]
}

fn unsplit(scheme: &str, location: &str, path: &str, query: &str, fragment: &str) -> String {
    let mut url = String::new();
    if !scheme.is_empty() {
        url.push_str(&format!("{scheme}:"));
    }
    if !location.is_empty() || path.starts_with("//") {
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        url.push_str(&format!("//{location}{slash}"));
    }
    url.push_str(path);
    for (mark, part) in [('?', query), ('#', fragment)] {
        if !part.is_empty() {
            url.push(mark);
            url.push_str(part);
        }
    }
    url
}

fn encoded<'t>(machine: &mut Machine<'t>, pairs: &Value<'t>, span: Span) -> Option<String> {
    let pairs: Vec<(String, String)> = match pairs {
        Value::Dict(dict) if !dict.open.get() => {
            let entries = dict.entries.borrow();
            let pairs = entries.iter().map(|(key, value)| {
                Some((to_text(&crate::python::builtins::value_of_key(key, span)?)?, to_text(value)?))
            });
            pairs.collect::<Option<_>>()?
        }
        pairs => {
            let items = machine.iterate(pairs, span).ok()?;
            let pairs = items.iter().map(|pair| match pair.items().as_deref() {
                Some([key, value]) => Some((to_text(key)?, to_text(value)?)),
                _ => None,
            });
            pairs.collect::<Option<_>>()?
        }
    };
    let quote = |text: &str| quoted(text, " ").replace(' ', "+");
    Some(pairs.iter().map(|(key, value)| format!("{}={}", quote(key), quote(value))).collect::<Vec<_>>().join("&"))
}

fn dedented(text: &str) -> String {
    let margin = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    text.split_inclusive('\n')
        .map(|line| if line.trim().is_empty() { line.trim_start_matches([' ', '\t']) } else { &line[margin..] })
        .collect()
}

fn underscored(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut result = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let next_is_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        let starts_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase() || before.is_ascii_digit() || before.is_uppercase() && next_is_lower
            });
        if starts_word {
            result.push('_');
        }
        if *letter == '-' { result.push('_') } else { result.extend(letter.to_lowercase()) }
    }
    result
}

fn substituted<'t>(template: &Str, arguments: &Rc<Arguments<'t>>, span: Span) -> Option<Value<'t>> {
    let mut result = String::new();
    let mut rest = &*template.text;
    let mut used = vec![template.origin.clone()];
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            result.push('$');
            rest = after;
            continue;
        }
        let (name, after) = match rest.strip_prefix('{') {
            Some(inner) => inner.split_once('}')?,
            None => {
                let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
                rest.split_at(end.unwrap_or(rest.len()))
            }
        };
        let value = match (arguments.keyword(name), arguments.positional.first().map(|first| &first.value)) {
            (Some(keyword), _) => keyword.value.clone(),
            (None, Some(Value::Dict(dict))) => dict.entries.borrow().get(&Key::Str(name.into()))?.clone(),
            _ => return None,
        };
        result.push_str(&to_text(&value)?);
        used.extend(origins([&value]));
        rest = after;
    }
    result.push_str(rest);
    Some(made(result, span, used))
}

/// JSON or TOML as values; its texts stem from `text`.
pub(super) fn parsed<'t>(dotted: &str, text: &Str) -> Option<Value<'t>> {
    let json: serde_json::Value = if dotted.starts_with("json") {
        serde_json::from_str(&text.text).ok()?
    } else {
        serde_json::to_value(toml::from_str::<toml::Table>(&text.text).ok()?).ok()?
    };
    Some(value_of_json(&json, &text.origin))
}

fn value_of_json<'t>(json: &serde_json::Value, origin: &Rc<Origin>) -> Value<'t> {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Value::Int(number),
            (None, Some(number)) => Value::Float(number),
            _ => Value::unknown(origin.span, "a number that is too large"),
        },
        Json::String(text) => Value::Str(Str { text: text.as_str().into(), origin: origin.clone() }),
        Json::Array(items) => list(items.iter().map(|item| value_of_json(item, origin)).collect()),
        Json::Object(entries) => {
            dict(entries.iter().map(|(key, value)| (Key::Str(key.as_str().into()), value_of_json(value, origin))))
        }
    }
}

fn json_of(value: &Value<'_>) -> Option<serde_json::Value> {
    use serde_json::Value as Json;
    Some(match value {
        Value::None => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Str(text) => Json::from(&*text.text),
        Value::Tuple(_) | Value::List(_) => {
            Json::Array(value.items()?.iter().map(json_of).collect::<Option<Vec<_>>>()?)
        }
        Value::Dict(dict) if !dict.open.get() => Json::Object(
            dict.entries
                .borrow()
                .iter()
                .map(|(key, value)| match key {
                    Key::Str(name) => Some((name.to_string(), json_of(value)?)),
                    _ => None,
                })
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::standard::tests::run;

    fn value(code: &str) -> String {
        run(&[("main.py", code), ("c.json", "{\"url\": \"sqlite://\", \"n\": 1}"), ("c.toml", "[db]\nurl = 'a'\n")])
    }

    #[test]
    fn patterns_replace_as_in_python() {
        assert_eq!(
            value("import re\nx = re.sub(r'^postgres(ql)?://', 'postgresql+asyncpg://', 'postgres://h/d')\n"),
            "\"postgresql+asyncpg://h/d\""
        );
        assert_eq!(
            value("import re\nx = re.sub(r'(?<!^)(?=[A-Z])', '_', 'UserProfile').lower()\n"),
            "\"user_profile\""
        );
        assert_eq!(
            value("import re\nx = re.sub('([a-z0-9])([A-Z])', r'\\1_\\2', 'UserProfile')\n"),
            "\"User_Profile\""
        );
        assert_eq!(
            value(
                "import re\nm = re.match(r'(?P<a>\\w+):(\\d+)', 'h:5')\nx = (m.group('a'), m[2], m.groups()) if m else 0\n"
            ),
            "[\"h\", \"5\", [\"h\", \"5\"]]"
        );
        assert_eq!(
            value("import re\np = re.compile('A+', re.I)\nx = (p.sub('b', 'caat'), p.match('x'))\n"),
            "[\"cbt\", None]"
        );
        assert_eq!(value("import re\nx = re.split(r'[,;] *', 'a, b;c')\n"), "[\"a\", \"b\", \"c\"]");
        assert_eq!(value("import re\nx = re.sub('b', lambda m: m.group().upper(), 'abc')\n"), "\"aBc\"");
    }

    #[test]
    fn urls_are_taken_apart_and_made() {
        assert_eq!(quoted("p@ss/w d", "/"), "p%40ss/w%20d");
        assert_eq!(unquoted("p%40ss%zz"), "p@ss%zz");
        assert_eq!(value("from urllib.parse import quote_plus\nx = quote_plus('p@s s')\n"), "\"p%40s+s\"");
        assert_eq!(
            value(
                "from urllib.parse import urlparse\nu = urlparse('postgresql://me:pw@Host:5432/db?x=1')\nx = (u.scheme, u.hostname, u.port, u.username, u.password, u.path, u.query)\n"
            ),
            "[\"postgresql\", \"host\", 5432, \"me\", \"pw\", \"/db\", \"x=1\"]"
        );
        assert_eq!(
            value("from urllib.parse import urlsplit\nx = urlsplit('a://h/d')._replace(scheme='b').geturl()\n"),
            "\"b://h/d\""
        );
        assert_eq!(value("from urllib.parse import urlencode\nx = urlencode({'a': 1, 'b': 'c d'})\n"), "\"a=1&b=c+d\"");
    }

    #[test]
    fn data_files_are_read() {
        assert_eq!(value("import json\nwith open('c.json') as f:\n    x = json.load(f)['url']\n"), "\"sqlite://\"");
        assert_eq!(value("import tomllib\nx = tomllib.load(open('c.toml', 'rb'))['db']['url']\n"), "\"a\"");
        assert_eq!(value("import json\nx = json.dumps({'a': [1, 'b']})\n"), "\"{\\\"a\\\": [1, \\\"b\\\"]}\"");
        assert_eq!(
            value("from string import Template\nx = Template('$a/${b}$$').substitute(a=1, b='c')\n"),
            "\"1/c$\""
        );
        assert_eq!(underscored("HTTPServerName"), "http_server_name");
    }
}
