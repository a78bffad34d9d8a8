//! Python's `re`, on paper: patterns are compiled, searched and replaced with as Python does it.

use std::cell::RefCell;
use std::rc::Rc;

use fancy_regex::{Captures, Regex, RegexBuilder};
use rustc_hash::FxHashMap;

use crate::python::builtins::{list, made, origins, positional, why_not};
use crate::python::dotted::last;
use crate::python::evaluate::Machine;
use crate::python::standard::texts::{LONGEST, Told};
use crate::python::value::Value;
use crate::python::value::term::{Arguments, Keyword, TermKind};
use crate::python::value::text::Str;
use crate::source::Span;

/// A pattern of Python, with its flags.
pub(super) fn compiled<'t>(pattern: &Value<'t>, flags: Option<&Value<'t>>) -> Option<Regex> {
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
pub(super) fn matching<'t>(
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
    let positional = captures.iter().map(|found| crate::python::value::term::Argument { value: group(found), span });
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

pub(super) fn group<'t>(given: &Arguments<'t>, key: &Value<'t>) -> Option<Value<'t>> {
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

pub(super) fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, letter| {
        if "\\.^$*+?{}[]()|-&#~ \t\n\r".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
        escaped
    })
}

#[cfg(test)]
mod tests {
    use crate::python::standard::tests::run;

    fn value(code: &str) -> String {
        run(&[("main.py", code)])
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
}
