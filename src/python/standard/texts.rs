//! `urllib.parse`, `json`, `tomllib`, `string`, `textwrap`, `base64`: texts to texts.

use std::rc::Rc;

use crate::python::builtins::paths::{self, path_text};
use crate::python::builtins::{dict, list, made, origins, positional, spread, to_text, why_not};
use crate::python::dotted;
use crate::python::evaluate::{Machine, Outcome};
use crate::python::library::Library;
use crate::python::standard::patterns::{compiled, escaped, group, matching};
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::python::value::text::{Origin, Str};
use crate::python::value::{Key, Value};
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
pub(super) const LONGEST: usize = 1 << 16;

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

pub(super) type Told<'t> = Result<Option<Value<'t>>, Box<crate::python::evaluate::Raised<'t>>>;

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

fn value_of_json<'t>(json: &serde_json::Value, origin: &Origin) -> Value<'t> {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Value::Int(number),
            (None, Some(number)) => Value::Float(number),
            _ => Value::unknown(origin.span(), "a number that is too large"),
        },
        Json::String(text) => Value::Str(Str::new(text.as_str(), origin.clone())),
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
