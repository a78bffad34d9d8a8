//! python-dotenv, python-decouple, environs, django-environ and `starlette.config`: where settings come from.

use std::rc::Rc;

use crate::python::builtins::{call_builtin, list, made, positional, why_not};
use crate::python::dotted;
use crate::python::dotted::last;
use crate::python::evaluate::{Machine, Outcome};
use crate::python::library::Library;
use crate::python::standard::environment::{self, Environment, find_upwards, here, named_files};
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::python::value::{Key, Value};
use crate::source::Span;

/// Libraries that read the environment and .env files.
pub struct SettingsReaders<'t> {
    /// What is known of the environment.
    pub environment: Rc<Environment<'t>>,
}

impl<'t> Library<'t> for SettingsReaders<'t> {
    fn call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let root = callee.root()?;
        let package = dotted::first(root);
        match package {
            "dotenv" => self.dotenv(machine, callee.dotted()?, arguments, span),
            "decouple" | "starlette" | "environs" | "environ" => {
                self.reader(machine, package, callee, arguments, span).map(Ok)
            }
            _ => None,
        }
    }

    fn item(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, key: &Value<'t>, span: Span) -> Option<Outcome<'t>> {
        // `env["X"]` of django-environ.
        let is_reader = matches!(of.call()?.0.dotted(), Some("environ.Env" | "environ.FileAwareEnv"));
        match (is_reader, key) {
            (true, Value::Str(name)) => Some(Ok(self.environment.read(machine, &name.text, None, span))),
            _ => None,
        }
    }
}

impl<'t> SettingsReaders<'t> {
    fn dotenv(
        &self,
        machine: &mut Machine<'t>,
        dotted: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        match last(dotted) {
            "find_dotenv" => {
                let name = arguments.get(0, "filename").and_then(Value::as_str).unwrap_or(".env");
                Some(Ok(match find_upwards(machine, &here(machine), name) {
                    Some(file) => {
                        let path = crate::python::builtins::paths::on_paper(machine.sources().path(file));
                        Value::literal(path, span)
                    }
                    None => machine.unknown(span, "no .env file is among the sources"),
                }))
            }
            "load_dotenv" | "dotenv_values" | "main.load_dotenv" => {
                let files = match arguments.get(0, "dotenv_path") {
                    None | Some(Value::None) => {
                        find_upwards(machine, &here(machine), ".env").into_iter().collect::<Vec<_>>()
                    }
                    Some(path) => named_files(machine, path),
                };
                if dotted.ends_with("dotenv_values") {
                    let Some(file) = files.first() else {
                        return Some(Ok(machine.unknown(span, "no .env file is among the sources")));
                    };
                    let mut entries = Vec::new();
                    for entry in environment::entries(machine, *file) {
                        let value = environment::entry_value(machine, &entry, span);
                        entries.push((Key::Str(entry.name.as_str().into()), value));
                    }
                    return Some(Ok(crate::python::builtins::dict(entries)));
                }
                let overrides = arguments.get(3, "override").is_some_and(|overrides| overrides.as_bool() == Some(true));
                for file in &files {
                    self.environment.load(machine, *file, overrides);
                }
                Some(Ok(match files.is_empty() {
                    false => Value::Bool(true),
                    true => Value::unknown(span, "no .env file is among the sources"),
                }))
            }
            _ => None,
        }
    }

    /// `config("X", default=…, cast=…)`, `env.str("X", …)`, `env("X")`
    fn reader(
        &self,
        machine: &mut Machine<'t>,
        package: &str,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Value<'t>> {
        let (reader, method) = match &callee.kind {
            TermKind::Name(name) => (None, last(name)),
            TermKind::Attribute(of, name) => (Some(of), &**name),
            TermKind::Call(..) => (Some(callee), "__call__"),
            _ => return None,
        };
        // `environs.env.str`, `decouple.config`: a ready-made reader.
        let dotted = callee.dotted().unwrap_or_default();
        let is_ready = matches!(dotted, "decouple.config" | "environs.env") || dotted.starts_with("environs.env.");
        if reader.is_none() && !is_ready && method != "read_env" {
            return None;
        }
        let made_by = reader.and_then(|reader| reader.call());
        if matches!(method, "read_env" | "read_envfile") {
            let file = match arguments.get(0, "path").or_else(|| arguments.get(0, "env_file")) {
                None | Some(Value::None) => find_upwards(machine, &here(machine), ".env"),
                Some(path) => named_files(machine, path).first().copied(),
            };
            if let Some(file) = file {
                self.environment.load(machine, file, false);
            }
            return Some(Value::None);
        }
        if matches!(method, "prefixed" | "seal" | "add_parser" | "add_parser_from_field" | "parser_for") {
            return None;
        }
        let name = match arguments.get(0, "key").or_else(|| arguments.get(0, "var"))? {
            Value::Str(name) => name.text.to_string(),
            other => return Some(why_not(other, span)),
        };
        let is_reader_class = made_by.and_then(|(made_by, _)| made_by.dotted()).map(last);
        if !is_ready && !matches!(is_reader_class, Some("Config" | "Env" | "FileAwareEnv" | "AutoConfig")) {
            return None;
        }
        // decouple looks for its file by itself, starlette is told.
        let own_file = match (package, made_by) {
            ("decouple", _) => find_upwards(machine, &here(machine), ".env"),
            ("starlette", Some((_, given))) => {
                given.get(0, "env_file").map(|file| named_files(machine, file)).and_then(|files| files.first().copied())
            }
            _ => None,
        };
        let default_at = if package == "starlette" { 2 } else { 1 };
        let default = arguments.get(default_at, "default").or_else(|| {
            // django-environ: `Env(DEBUG=(bool, False))`
            made_by.and_then(|(_, given)| given.keyword(&name)).and_then(|keyword| match &keyword.value {
                Value::Tuple(pair) => pair.get(1),
                _ => None,
            })
        });
        let default = default.cloned();
        let known = self.environment.known(machine, &name, span).or_else(|| {
            let entries = environment::entries(machine, own_file?);
            let entry = entries.iter().rev().find(|entry| entry.name == name)?;
            Some(environment::entry_value(machine, entry, span))
        });
        let cast = match package {
            "starlette" => arguments.get(1, "cast").cloned(),
            "decouple" => arguments.get(2, "cast").cloned(),
            _ => None,
        };
        let cast = cast.or_else(|| {
            let name = match method {
                "int" => "int",
                "float" => "float",
                "bool" => "bool",
                "list" => "list",
                "path" | "Path" => "path",
                _ => return None,
            };
            Some(Value::literal(name, span))
        });
        let value = known.unwrap_or_else(|| environment::with_default(machine, &name, default, span));
        Some(match cast {
            Some(cast) => converted(machine, &cast, value, span),
            None => value,
        })
    }
}

/// `cast(value)`, where `cast` is a type, a function, or the name of a type.
fn converted<'t>(machine: &mut Machine<'t>, cast: &Value<'t>, value: Value<'t>, span: Span) -> Value<'t> {
    if value.is_unknown() {
        return value;
    }
    let name = match cast {
        Value::Str(name) => name.text.as_ref(),
        Value::Builtin(name) => name,
        _ => "",
    }
    .to_owned();
    match (&*name, &value) {
        ("bool", Value::Str(text)) => match &*text.text.to_lowercase() {
            "1" | "true" | "yes" | "on" | "y" | "t" => Value::Bool(true),
            "0" | "false" | "no" | "off" | "n" | "f" | "" => Value::Bool(false),
            _ => Value::unknown(span, "a text that is no boolean"),
        },
        ("list", Value::Str(text)) => {
            let parts = text.text.split(',').map(|part| made(part.trim(), span, vec![text.origin.clone()]));
            list(parts.collect())
        }
        ("path", Value::Str(text)) => Value::Path(text.text.clone()),
        ("int" | "float" | "str", _) => {
            let builtin = crate::python::builtins::builtin_named(&name).unwrap_or("str");
            let given = positional([value.clone()], span);
            call_builtin(machine, builtin, &given, span)
                .unwrap_or_else(|_| Value::unknown(span, "a text that does not convert"))
        }
        ("bool" | "list" | "path", _) => value,
        _ => match cast {
            Value::Function(_) | Value::Class(_) => machine
                .call(cast, &positional([value], span), span)
                .unwrap_or_else(|_| Value::unknown(span, "a text that does not convert")),
            // `Secret`, `Csv()`, `URL`: symbolic, but made from the text.
            Value::Term(term) => match (term.dotted().map(last), value) {
                (Some("Secret" | "URL"), value @ Value::Str(_)) => value,
                (_, value) => machine.call_term(term, &positional([value], span), span),
            },
            _ => value,
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::python::standard::tests::run;

    fn value(code: &str) -> String {
        run(&[("main.py", code), (".env", "URL=sqlite:///a.db\nPORT=5432\nDEBUG=yes\n")])
    }

    #[test]
    fn readers_find_their_file() {
        assert_eq!(value("from decouple import config\nx = config('URL')\n"), "\"sqlite:///a.db\"");
        assert_eq!(value("from decouple import config\nx = config('PORT', default=1, cast=int)\n"), "5432");
        assert_eq!(value("from decouple import config\nx = config('HOST', default='localhost')\n"), "\"localhost\"");
        assert_eq!(
            value("from starlette.config import Config\nc = Config('.env')\nx = c('DEBUG', cast=bool)\n"),
            "True"
        );
        assert_eq!(value("from environs import Env\nenv = Env()\nenv.read_env()\nx = env.int('PORT')\n"), "5432");
        assert_eq!(value("from environs import Env\nenv = Env()\nx = env.str('URL', 'none')\n"), "\"none\"");
        assert_eq!(
            value("from decouple import config\nx = config('SECRET')\n"),
            "<unknown: depends on the environment variable `SECRET`>"
        );
    }
}
