//! The process environment on paper: what code set, what .env files that the code loads give; the rest is unknown.
//!
//! The real environment is not looked at here: who wants the run of this machine hands it in. A default given for a variable counts with [`OriginKind::Default`], for the
//! variable may say otherwise; an empty default or a flag says nothing about the run.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::python::builtins::{join, paths, to_text};
use crate::python::evaluate::Machine;
use crate::python::value::text::{Origin, OriginKind, Str};
use crate::python::value::{Name, Value};
use crate::source::{self, FileId, Span};
use crate::syntax::dotenv::{self, Entry};

/// What is known of the environment.
#[derive(Default)]
pub struct Environment<'t> {
    assigned: RefCell<HashMap<Name, Value<'t>>>,
    loaded: RefCell<HashMap<String, Entry>>,
}

impl<'t> Environment<'t> {
    /// The value of `name`, where code set it or a loaded .env file has it.
    pub fn known(&self, machine: &mut Machine<'t>, name: &str, span: Span) -> Option<Value<'t>> {
        if let Some(value) = self.assigned.borrow().get(name) {
            return Some(value.clone());
        }
        if let Some(entry) = self.loaded.borrow().get(name) {
            return Some(entry_value(machine, entry, span));
        }
        let text = machine.variables.get(name)?.as_str();
        let origin = Origin::of(span, OriginKind::Variable(name.into()), Vec::new());
        Some(Value::Str(Str::new(text, origin)))
    }

    /// What `os.getenv(name, default)` gives.
    pub fn read(&self, machine: &mut Machine<'t>, name: &str, default: Option<Value<'t>>, span: Span) -> Value<'t> {
        match self.known(machine, name, span) {
            Some(value) => value,
            None => with_default(machine, name, default, span),
        }
    }

    /// `os.environ[name] = value`
    pub fn assign(&self, machine: &mut Machine<'t>, name: &str, value: Value<'t>, span: Span) {
        let value = if machine.is_certain() {
            value
        } else {
            let before = self.known(machine, name, span).unwrap_or_else(|| unset(span, name));
            join(vec![before, value], span)
        };
        self.assigned.borrow_mut().insert(name.into(), value);
    }

    /// Loads a .env file; what is set already stays unless it `overrides`.
    pub fn load(&self, machine: &Machine<'t>, file: FileId, overrides: bool) {
        if !machine.is_certain() {
            return;
        }
        let mut loaded = self.loaded.borrow_mut();
        let mut found: HashMap<String, Entry> = HashMap::new();
        for entry in entries(machine, file) {
            found.insert(entry.name.clone(), entry);
        }
        for (name, entry) in found {
            if overrides {
                self.assigned.borrow_mut().remove(name.as_str());
                loaded.insert(name, entry);
            } else if !machine.variables.contains_key(&name) {
                loaded.entry(name).or_insert(entry);
            }
        }
    }
}

/// The entries of a .env file.
pub fn entries(machine: &Machine<'_>, file: FileId) -> Vec<Entry> {
    dotenv::read(file, machine.sources().text(file)).0
}

/// The value of a line of a .env file.
pub fn entry_value<'t>(machine: &mut Machine<'t>, entry: &Entry, span: Span) -> Value<'t> {
    if entry.open {
        return machine.unknown(span, &format!("`{}` is made from an environment variable", entry.name));
    }
    let kind = OriginKind::DotEnv(entry.name.as_str().into());
    let origin = Origin::of(entry.span, kind, Vec::new());
    Value::Str(Str::new(entry.value.as_str(), origin))
}

/// What stands for a variable that nothing sets: the default, or unknown.
pub fn with_default<'t>(machine: &mut Machine<'t>, name: &str, default: Option<Value<'t>>, span: Span) -> Value<'t> {
    if machine.fresh_machine.is_some() {
        // Nothing has set it.
        return match default {
            Some(Value::Str(text)) if !text.text.is_empty() => Value::Str(marked(&text, name)),
            Some(default) => default,
            None => Value::None,
        };
    }
    let Some(default) = default else { return variable(machine, name, span) };
    match &default {
        Value::None | Value::Bool(_) => variable(machine, name, span),
        Value::Str(text) if text.text.is_empty() => {
            let unknown = variable(machine, name, span);
            join(vec![default, unknown], span)
        }
        Value::Str(text) => Value::Str(marked(text, name)),
        Value::OneOf(values) => {
            let marked = values.iter().map(|value| with_default(machine, name, Some(value.clone()), span));
            let marked = marked.collect();
            join(marked, span)
        }
        _ => default,
    }
}

/// The text as the default of the environment variable `name`.
pub fn marked(text: &Str, name: &str) -> Str {
    let from = match text.origin.kind() {
        OriginKind::Literal => Vec::new(),
        _ => vec![text.origin.clone()],
    };
    let origin = Origin::of(text.origin.span(), OriginKind::Default(name.into()), from);
    Str::new(text.text.clone(), origin)
}

/// Does the text stem from a default that the environment may replace?
pub fn is_default(origin: &Origin) -> bool {
    matches!(origin.kind(), OriginKind::Default(_)) || origin.from().iter().any(is_default)
}

/// An environment variable that nothing sets.
pub fn variable<'t>(machine: &mut Machine<'t>, name: &str, span: Span) -> Value<'t> {
    machine.unknown(span, &why(name))
}

/// The same, not recorded: a field that nobody may ever read.
pub fn unset<'t>(span: Span, name: &str) -> Value<'t> {
    Value::unknown(span, why(name))
}

fn why(name: &str) -> String {
    format!("depends on the environment variable `{name}`")
}

/// The file called `name` in `directory` or the nearest one above it, within the project.
pub fn find_upwards(machine: &Machine<'_>, directory: &str, name: &str) -> Option<FileId> {
    let sources = machine.sources();
    let mut directory = directory;
    loop {
        if let Some(file) = source::join(directory, name).and_then(|path| sources.id(&path)) {
            return Some(file);
        }
        if directory.is_empty() {
            return None;
        }
        directory = source::split(directory).0;
    }
}

/// The directory of the file whose code is being executed, relative to the project root.
pub fn here(machine: &Machine<'_>) -> String {
    source::split(machine.sources().path(machine.file())).0.to_owned()
}

/// The files of the project that a value names: a path, or several.
pub fn named_files<'t>(machine: &Machine<'t>, value: &Value<'t>) -> Vec<FileId> {
    match value {
        Value::Tuple(_) | Value::List(_) => {
            value.items().unwrap_or_default().iter().flat_map(|value| named_files(machine, value)).collect()
        }
        value => match to_text(value).and_then(|path| paths::found(machine, &path)) {
            Some(Ok(file)) => vec![file],
            _ => Vec::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::python::standard::tests::run;

    #[test]
    fn the_environment_is_never_read() {
        assert_eq!(
            run(&[("main.py", "import os\nx = os.environ['PATH']\n")]),
            "<unknown: depends on the environment variable `PATH`>"
        );
        assert_eq!(run(&[("main.py", "import os\nx = os.getenv('PATH', 'a')\n")]), "\"a\"");
        assert_eq!(
            run(&[("main.py", "import os\nx = os.getenv('P', 'a') == 'a'\n")]),
            "<unknown: a comparison that limbeck does not evaluate>"
        );
        assert_eq!(run(&[("main.py", "import os\nos.environ['A'] = 'b'\nx = os.environ.get('A')\n")]), "\"b\"");
        assert_eq!(run(&[("main.py", "from os import environ\nx = environ.setdefault('A', 'b')\n")]), "\"b\"");
    }

    #[test]
    fn a_loaded_dotenv_file_counts() {
        let files = [
            ("app/main.py", "import os\nfrom dotenv import load_dotenv\nload_dotenv()\nx = os.environ['URL']\n"),
            (".env", "URL=sqlite:///a.db\n"),
        ];
        assert_eq!(run(&files), "\"sqlite:///a.db\"");
        let files = [("main.py", "import os\nx = os.environ.get('URL', 'b')\n"), (".env", "URL=a\n")];
        assert_eq!(run(&files), "\"b\"");
        let files = [
            ("main.py", "from dotenv import dotenv_values\nx = dotenv_values('.env')['A']\n"),
            (".env", "A=${HOME}/b\n"),
        ];
        assert_eq!(run(&files), "<unknown: `A` is made from an environment variable>");
    }
}
