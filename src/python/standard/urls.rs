//! URLs of pydantic and yarl: values that stand for a text.

use std::rc::Rc;

use crate::python::builtins::{made, origins, positional, to_text, why_not};
use crate::python::dotted::last;
use crate::python::evaluate::Machine;
use crate::python::standard::texts::quoted;
use crate::python::value::term::Arguments;
use crate::python::value::text::Origin;
use crate::python::value::{Map, Value};
use crate::source::Span;

/// Is it a URL type of pydantic (or `databases`)?
pub fn is_url(name: &str) -> bool {
    name.ends_with("Dsn")
        || matches!(name, "AnyUrl" | "AnyHttpUrl" | "HttpUrl" | "Url" | "MultiHostUrl" | "DatabaseURL")
}

/// A URL of that class.
pub fn url<'t>(machine: &mut Machine<'t>, class: &str, text: &str, from: Vec<Origin>, span: Span) -> Value<'t> {
    let callee = machine.name_term(class, span);
    machine.call_term(&callee, &positional([made(text, span, from)], span), span)
}

/// `PostgresDsn.build(scheme=…, …)`; pydantic 1 says `user`, pydantic 2 `username` and puts the slash before the path.
pub fn built<'t>(machine: &mut Machine<'t>, class: &str, arguments: &Rc<Arguments<'t>>, span: Span) -> Value<'t> {
    let given = |name: &str| arguments.keyword(name).map(|keyword| &keyword.value);
    let mut parts: Map<&str, String> = Map::default();
    for name in ["scheme", "user", "username", "password", "host", "port", "path", "query", "fragment"] {
        match given(name) {
            None | Some(Value::None) => {}
            Some(value) => {
                let value = secret(value);
                match to_text(&value) {
                    Some(text) => drop(parts.insert(name, text)),
                    None => return why_not(&value, span),
                }
            }
        }
    }
    if given("hosts").is_some_and(|hosts| !matches!(hosts, Value::None)) {
        return machine.unknown(span, "a URL with several hosts");
    }
    let part = |name: &str| parts.get(name).map_or("", String::as_str);
    let is_old = class == "yarl.URL"
        || !class.starts_with("pydantic_core")
            && (given("user").is_some()
                || class.contains(".v1.")
                || given("username").is_none() && part("path").starts_with('/'));
    let user = if is_old { part("user") } else { part("username") };
    let mut text = format!("{}://", part("scheme"));
    if !user.is_empty() || !part("password").is_empty() {
        text.push_str(user);
        if !part("password").is_empty() {
            text.push_str(&format!(":{}", part("password")));
        }
        text.push('@');
    }
    text.push_str(part("host"));
    if !part("port").is_empty() {
        text.push_str(&format!(":{}", part("port")));
    }
    if !part("path").is_empty() {
        text.push_str(if is_old { "" } else { "/" });
        text.push_str(part("path"));
    }
    for (mark, name) in [('?', "query"), ('#', "fragment")] {
        if !part(name).is_empty() {
            text.push(mark);
            text.push_str(part(name));
        }
    }
    let from = origins(arguments.values());
    if class == "yarl.URL" {
        return url(machine, class, &quoted(&text, ":/?#[]@!$&'()*+,;=%"), from, span);
    }
    if is_old {
        return made(text, span, from);
    }
    // pydantic 2 encodes what can't stand in a URL.
    let text = quoted(&text, ":/?#[]@!$&'()*+,;=%");
    url(machine, class, &text, from, span)
}

/// The text in a `SecretStr`.
pub fn secret<'t>(value: &Value<'t>) -> Value<'t> {
    match value.as_term().and_then(|term| term.call()) {
        Some((callee, given)) if callee.dotted().is_some_and(|name| last(name).starts_with("Secret")) => {
            given.positional.first().map_or_else(|| value.clone(), |first| first.value.clone())
        }
        _ => value.clone(),
    }
}
