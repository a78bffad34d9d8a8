//! `os`, `os.path`, `sys`, `pathlib`, `glob`, `fnmatch`, `open`.

use std::rc::Rc;

use crate::python::builtins::paths::{self, path_text};
use crate::python::builtins::{list, made, origins, positional, spread, why_not};
use crate::python::dotted;
use crate::python::evaluate::{Machine, Outcome};
use crate::python::library::Library;
use crate::python::standard::environment::Environment;
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::python::value::{Name, Value};
use crate::source::Span;

/// Files, paths, the environment and the interpreter's own settings.
pub struct System<'t> {
    /// What is known of the environment.
    pub environment: Rc<Environment<'t>>,
}

impl<'t> Library<'t> for System<'t> {
    fn attribute(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, name: &str, span: Span) -> Option<Outcome<'t>> {
        let text = |text: &str| Some(Ok(Value::literal(text, span)));
        let version = |machine: &mut Machine<'t>| {
            // What a project runs on can't be seen; a current Python is assumed.
            let _ = machine;
            Value::Tuple(Rc::new(vec![
                Value::Int(3),
                Value::Int(12),
                Value::Int(0),
                Value::literal("final", span),
                Value::Int(0),
            ]))
        };
        match (of.dotted()?, name) {
            ("os" | "os.path" | "posixpath", "sep") => text("/"),
            ("os", "name") => text("posix"),
            ("os" | "os.path", "curdir") => text("."),
            ("os" | "os.path", "pardir") => text(".."),
            ("os" | "os.path", "pathsep") => text(":"),
            ("os" | "os.path", "extsep") => text("."),
            ("os", "linesep") => text("\n"),
            ("os", "devnull") => text("/dev/null"),
            ("sys", "platform") => text("linux"),
            ("sys", "byteorder") => text("little"),
            ("sys", "maxsize") => Some(Ok(Value::Int(i64::MAX))),
            ("sys", "version_info") => Some(Ok(version(machine))),
            ("sys", "argv" | "version" | "executable" | "prefix" | "base_prefix" | "flags") => {
                Some(Ok(machine.unknown(span, &format!("`sys.{name}` differs from run to run"))))
            }
            _ => None,
        }
    }

    fn call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        if let TermKind::Attribute(of, name) = &callee.kind {
            return file_method(machine, of, name, arguments, span);
        }
        let dotted = callee.dotted()?;
        if arguments.values().any(|value| value.as_term().is_some_and(|term| term.dotted() == Some("sys.path"))) {
            // Whoever gets the list may add to it.
            machine.search_path_open = true;
        }
        let (module, name) = dotted::parent(dotted)?;
        match (module, name) {
            ("os.environ", name) => self.environ(machine, name, arguments, span),
            ("os", "getenv") => self.environ(machine, "get", arguments, span),
            ("os", "putenv") => self.environ(machine, "__setitem__", arguments, span),
            ("sys.path", name) => Some(Ok(search_path(machine, name, arguments, span))),
            ("site", "addsitedir") => {
                let end = machine.search_path.len();
                insert(machine, end, arguments.get(0, "sitedir")?, span);
                Some(Ok(Value::None))
            }
            ("sys.meta_path" | "sys.path_hooks", _) => {
                machine.search_path_open = true;
                machine.own_finders = true;
                None
            }
            ("pyrootutils" | "rootutils", _) => {
                machine.search_path_open = true;
                None
            }
            ("os", "getcwd" | "getcwdu") => Some(Ok(Value::literal(paths::on_paper(&machine.working_directory), span))),
            ("pathlib.Path", "cwd") => Some(Ok(Value::Path(paths::on_paper(&machine.working_directory).into()))),
            ("pathlib.Path", "home") => Some(Ok(machine.unknown(span, "the home directory"))),
            ("os", "chdir") => {
                let to = arguments.positional.first().and_then(|to| path_text(&to.value).cloned());
                if let Some(inside) = to.and_then(|to| paths::in_project(machine, &to)) {
                    machine.working_directory = inside.into();
                }
                Some(Ok(Value::None))
            }
            ("pathlib", "Path" | "PurePath" | "PosixPath" | "PurePosixPath") => {
                Some(spread(machine, arguments, span, &mut |_, arguments| Ok(new_path(arguments, span))))
            }
            ("pathlib.Path" | "pathlib.PurePath", name) => {
                // `Path.exists(path)`
                let (first, rest) = arguments.positional.split_first()?;
                let path = path_text(&first.value)?.clone();
                let rest = Rc::new(Arguments { positional: rest.to_vec(), ..Arguments::default() });
                Some(paths::method(machine, &path, name, &rest, span))
            }
            ("os.path" | "posixpath", name) => Some(spread(machine, arguments, span, &mut |machine, arguments| {
                os_path(machine, name, arguments, span)
            })),
            ("os", "listdir" | "scandir" | "walk" | "fspath" | "makedirs" | "mkdir" | "remove") => {
                Some(spread(machine, arguments, span, &mut |machine, arguments| {
                    Ok(directory(machine, name, arguments, span))
                }))
            }
            ("glob", "glob" | "iglob") => {
                Some(spread(machine, arguments, span, &mut |machine, arguments| Ok(globbed(machine, arguments, span))))
            }
            ("fnmatch", "fnmatch" | "fnmatchcase") => {
                let name = arguments.get(0, "name")?.as_str()?;
                let pattern = arguments.get(1, "pat")?.as_str()?;
                Some(Ok(Value::Bool(paths::matches_pattern(pattern, name))))
            }
            ("sys", "exit") => None,
            _ => None,
        }
    }

    fn item(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, key: &Value<'t>, span: Span) -> Option<Outcome<'t>> {
        match of.dotted()? {
            "os.environ" => {
                let name = match key {
                    Value::Str(name) => name.text.clone(),
                    other => return Some(Ok(why_not(other, span))),
                };
                Some(Ok(self.environment.read(machine, &name, None, span)))
            }
            "sys.path" => match key {
                Value::Int(at) => {
                    let at = usize::try_from(*at).ok()?;
                    let path = machine.search_path.get(at)?.clone();
                    Some(Ok(Value::literal(paths::on_paper(&path), span)))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn item_assigned(
        &self,
        machine: &mut Machine<'t>,
        of: &Rc<Term<'t>>,
        key: &Value<'t>,
        value: &Value<'t>,
        span: Span,
    ) {
        if let (Some("os.environ"), Value::Str(name)) = (of.dotted(), key) {
            self.environment.assign(machine, &name.text, value.clone(), span);
        }
        if of.dotted() == Some("sys.path") {
            let items = match value {
                Value::Str(_) | Value::Path(_) => vec![value.clone()],
                _ => value.items().unwrap_or_else(|| vec![value.clone()]),
            };
            for item in items.iter().rev() {
                insert(machine, 0, item, span);
            }
        }
    }

    fn assigned(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, name: &Name, value: &Value<'t>, span: Span) {
        if of.dotted() == Some("sys") && &**name == "path" {
            let items = match value {
                Value::List(list) => list.items.borrow().clone(),
                _ => {
                    machine.search_path_open = true;
                    return;
                }
            };
            machine.search_path_open |= matches!(value, Value::List(list) if list.open.get());
            // What can't be told stays behind what is told.
            let before = std::mem::take(&mut machine.search_path);
            for item in &items {
                let end = machine.search_path.len();
                insert(machine, end, item, span);
            }
            for old in before {
                if !machine.search_path.contains(&old) {
                    machine.search_path.push(old);
                }
            }
        }
    }
}

impl<'t> System<'t> {
    fn environ(
        &self,
        machine: &mut Machine<'t>,
        method: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let name = match arguments.get(0, "key") {
            Some(Value::Str(name)) => name.text.clone(),
            Some(other) if method != "update" => return Some(Ok(why_not(other, span))),
            _ => "".into(),
        };
        let default = arguments.get(1, "default").cloned();
        Some(Ok(match method {
            "get" | "pop" => self.environment.read(machine, &name, default, span),
            "setdefault" => {
                let value = self.environment.read(machine, &name, default, span);
                self.environment.assign(machine, &name, value.clone(), span);
                value
            }
            "__setitem__" => {
                self.environment.assign(machine, &name, default.unwrap_or(Value::None), span);
                Value::None
            }
            "__getitem__" => match self.environment.known(machine, &name, span) {
                Some(value) => value,
                None => super::environment::variable(machine, &name, span),
            },
            "__contains__" => match self.environment.known(machine, &name, span) {
                Some(_) => Value::Bool(true),
                None if machine.fresh_machine.is_some() => Value::Bool(false),
                None => super::environment::variable(machine, &name, span),
            },
            "update" => {
                if let Some(Value::Dict(dict)) = arguments.get(0, "other") {
                    let entries: Vec<_> =
                        dict.entries.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
                    for (key, value) in entries {
                        if let crate::python::value::Key::Str(name) = key {
                            self.environment.assign(machine, &name, value, span);
                        }
                    }
                }
                for keyword in &arguments.keywords {
                    self.environment.assign(machine, &keyword.name, keyword.value.clone(), span);
                }
                Value::None
            }
            "copy" => {
                let environ = machine.name_term("os.environ", span);
                Value::Term(environ)
            }
            _ => return None,
        }))
    }
}

/// A directory that is put on `sys.path`, as the search path names it. `None`: unknown, or outside the project.
fn search_directory(machine: &Machine<'_>, value: &Value<'_>) -> Option<Name> {
    paths::in_project(machine, value.as_str()?).map(Name::from)
}

/// Puts a directory on `sys.path`. Python passes over what is no string.
fn insert<'t>(machine: &mut Machine<'t>, at: usize, value: &Value<'t>, span: Span) {
    for value in value.alternatives() {
        match (value, search_directory(machine, value)) {
            (Value::Path(_), _) => machine.paths_passed_over.push(span),
            (_, None) => machine.search_path_open = true,
            (_, Some(directory)) => {
                if machine.sources().is_directory(&directory) {
                    let at = at.min(machine.search_path.len());
                    machine.search_path.insert(at, directory);
                }
            }
        }
    }
}

/// `sys.path.name(arguments)`
fn search_path<'t>(machine: &mut Machine<'t>, name: &str, arguments: &Rc<Arguments<'t>>, span: Span) -> Value<'t> {
    let first = arguments.positional.first().map(|argument| argument.value.clone());
    let end = machine.search_path.len();
    machine.search_path_open |= arguments.open;
    match (name, first) {
        ("append", Some(value)) => insert(machine, end, &value, span),
        ("insert", Some(at)) => {
            let at = match at {
                Value::Int(at) if at < 0 => end.saturating_sub(at.unsigned_abs() as usize),
                Value::Int(at) => at as usize,
                _ => end,
            };
            if let Some(value) = arguments.get(1, "object").cloned() {
                insert(machine, at, &value, span);
            }
        }
        ("extend" | "__iadd__", Some(values)) => match machine.iterate(&values, span) {
            Ok(items) => {
                machine.search_path_open |= matches!(&values, Value::List(list) if list.open.get());
                for value in items {
                    let end = machine.search_path.len();
                    insert(machine, end, &value, span);
                }
            }
            Err(_) => machine.search_path_open = true,
        },
        ("__contains__", Some(value)) => {
            let found = search_directory(machine, &value).filter(|found| machine.sources().is_directory(found));
            let found = found.map(|found| machine.search_path.contains(&found));
            return match found {
                Some(found) => Value::Bool(found),
                None => Value::unknown(span, "`sys.path` differs from run to run"),
            };
        }
        ("copy", _) => {
            return crate::python::builtins::open_list(
                machine.search_path.iter().map(|path| Value::literal(paths::on_paper(path), span)).collect(),
            );
        }
        // Whatever is taken from it may still be found.
        _ => {}
    }
    Value::None
}

fn new_path<'t>(arguments: &Arguments<'t>, span: Span) -> Value<'t> {
    let mut path = String::new();
    for argument in &arguments.positional {
        match path_text(&argument.value) {
            Some(part) => path = paths::join(&path, part),
            None => return why_not(&argument.value, span),
        }
    }
    // pathlib drops empty and `.` parts, but keeps `..`.
    let slashes = if path.starts_with("//") && !path.starts_with("///") {
        "//"
    } else if path.starts_with('/') {
        "/"
    } else {
        ""
    };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let path = format!("{slashes}{}", parts.join("/"));
    Value::Path(if path.is_empty() { ".".into() } else { path.into() })
}

/// `os.path.name(arguments)`
fn os_path<'t>(machine: &mut Machine<'t>, name: &str, arguments: &Rc<Arguments<'t>>, span: Span) -> Outcome<'t> {
    let Some(first) = arguments.positional.first() else {
        return Ok(Value::unknown(span, format!("a call of `os.path.{name}` that can't be read")));
    };
    let Some(path) = path_text(&first.value).cloned() else { return Ok(why_not(&first.value, span)) };
    let from = origins(arguments.values());
    let text = |text: &str| made(text, span, from.clone());
    let pair = |(one, other): (&str, &str)| Value::Tuple(Rc::new(vec![text(one), text(other)]));
    Ok(match name {
        "join" => {
            let mut joined = path.to_string();
            for argument in &arguments.positional[1..] {
                match path_text(&argument.value) {
                    Some(part) => joined = paths::join_text(&joined, part),
                    None => return Ok(why_not(&argument.value, span)),
                }
            }
            text(&joined)
        }
        "dirname" => match paths::parent(&path) {
            Some(_) => text(paths::split_text(&path).0),
            None => machine.unknown(span, "a directory above the project"),
        },
        "basename" => text(paths::split_text(&path).1),
        "split" => pair(paths::split_text(&path)),
        "splitext" => pair(paths::split_suffix(&path)),
        "normpath" => text(&paths::normalised(&path)),
        "normcase" => text(&path),
        "abspath" | "realpath" => match paths::absolute(machine, &path) {
            Some(path) => text(&path),
            None => machine.unknown(span, "a path above the project"),
        },
        "isabs" => Value::Bool(path.starts_with('/')),
        "expanduser" if !path.starts_with('~') => text(&path),
        "expandvars" if !path.contains('$') => text(&path),
        "exists" | "lexists" | "isfile" | "isdir" => match paths::exists(machine, &path, name) {
            Some(answer) => Value::Bool(answer),
            None => Value::unknown(span, "whether a file outside the sources exists"),
        },
        "relpath" => {
            let start = match arguments.get(1, "start").map(|start| path_text(start).cloned()) {
                None => Some(paths::on_paper(&machine.working_directory)),
                Some(Some(start)) => paths::absolute(machine, &start),
                Some(None) => None,
            };
            match (paths::absolute(machine, &path), start) {
                (Some(path), Some(start)) => text(&relative(&path, &start)),
                _ => machine.unknown(span, "a path above the project"),
            }
        }
        "commonprefix" | "commonpath" => machine.unknown(span, "a common path"),
        _ => machine.unknown(span, &format!("the result of `os.path.{name}`")),
    })
}

fn relative(path: &str, start: &str) -> String {
    let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let start: Vec<&str> = start.split('/').filter(|part| !part.is_empty()).collect();
    let common = path.iter().zip(&start).take_while(|(one, other)| one == other).count();
    let parts: Vec<&str> =
        std::iter::repeat_n("..", start.len() - common).chain(path[common..].iter().copied()).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// `os.listdir`, `os.walk`, `os.scandir`, `os.fspath`
fn directory<'t>(machine: &mut Machine<'t>, name: &str, arguments: &Rc<Arguments<'t>>, span: Span) -> Value<'t> {
    let path = match arguments.positional.first() {
        None => Some(".".into()),
        Some(first) => path_text(&first.value).cloned(),
    };
    let Some(path) = path else {
        if matches!(name, "makedirs" | "mkdir") {
            machine.made_directories.push(None);
        }
        return machine.unknown(span, &format!("a call of `os.{name}` that can't be read"));
    };
    match name {
        "fspath" => return Value::literal(path, span),
        "makedirs" | "mkdir" => {
            paths::note_made(machine, &path);
            return Value::None;
        }
        "remove" => return Value::None,
        _ => {}
    }
    let Some(entries) = paths::entries(machine, &path) else {
        return machine.hides_imports(span, "the entries of a directory that is not in the project");
    };
    match name {
        "listdir" => list(entries.into_iter().map(|(name, _)| Value::literal(name, span)).collect()),
        "scandir" => {
            let mut items = Vec::new();
            for (name, _) in entries {
                let callee = machine.name_term("os.DirEntry", span);
                let text = Value::literal(paths::join_text(&path, &name), span);
                let entry = machine.call_term(&callee, &positional([text.clone()], span), span);
                if let Value::Term(term) = &entry {
                    term.fields.set("name", Value::literal(name, span));
                    term.fields.set("path", text);
                }
                items.push(entry);
            }
            list(items)
        }
        _ => {
            let mut rows = Vec::new();
            walk(machine, &path, &mut rows, span, 0);
            list(rows)
        }
    }
}

fn walk<'t>(machine: &Machine<'t>, path: &str, rows: &mut Vec<Value<'t>>, span: Span, depth: usize) {
    let entries = paths::entries(machine, path).unwrap_or_default();
    let names = |files: bool| {
        let chosen = entries.iter().filter(|(_, file)| file.is_some() == files);
        list(chosen.map(|(name, _)| Value::literal(name.as_str(), span)).collect())
    };
    rows.push(Value::Tuple(Rc::new(vec![Value::literal(path, span), names(false), names(true)])));
    if depth < 32 {
        for (name, _) in entries.iter().filter(|(_, file)| file.is_none()) {
            walk(machine, &paths::join_text(path, name), rows, span, depth + 1);
        }
    }
}

/// `glob.glob(pattern)`
fn globbed<'t>(machine: &mut Machine<'t>, arguments: &Rc<Arguments<'t>>, span: Span) -> Value<'t> {
    let Some(pattern) = arguments.get(0, "pathname").and_then(|value| path_text(value).cloned()) else {
        return machine.hides_imports(span, "a pattern of files that can't be read");
    };
    // The part before the first wildcard is the directory to start from.
    let wildcard = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
    let cut = pattern[..wildcard].rfind('/');
    let (directory, rest) = cut.map_or((".", &*pattern), |at| (&pattern[..at], &pattern[at + 1..]));
    let recursive = arguments.keyword("recursive").is_some_and(|keyword| keyword.value.as_bool() == Some(true));
    let rest = if recursive { rest.to_owned() } else { rest.replace("**", "*") };
    match paths::glob(machine, directory, &rest) {
        Some(found) => {
            let texts = found.into_iter().map(|path| {
                let path = if cut.is_none() { path.trim_start_matches("./").to_owned() } else { path };
                Value::literal(path, span)
            });
            list(texts.collect())
        }
        None => machine.hides_imports(span, "the entries of a directory that is not in the project"),
    }
}

/// Methods of what `open()` and `os.scandir()` give.
fn file_method<'t>(
    machine: &mut Machine<'t>,
    of: &Rc<Term<'t>>,
    name: &str,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Option<Outcome<'t>> {
    let (callee, opened) = of.call()?;
    let path = || opened.positional.first().and_then(|path| path_text(&path.value).cloned());
    match (callee.dotted()?, name) {
        ("builtins.open" | "io.open" | "codecs.open", "read") if arguments.positional.is_empty() => {
            Some(Ok(paths::file_text(machine, &path()?, span)))
        }
        ("builtins.open" | "io.open" | "codecs.open", "readlines") => {
            let text = paths::file_text(machine, &path()?, span);
            let Value::Str(text) = text else { return Some(Ok(text)) };
            let lines = text.text.split_inclusive('\n').map(|line| made(line, span, vec![text.origin.clone()]));
            Some(Ok(list(lines.collect())))
        }
        ("os.DirEntry", "is_file" | "is_dir") => {
            paths::exists(machine, &path()?, name).map(|answer| Ok(Value::Bool(answer)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::relative;
    use crate::python::standard::tests::run;

    fn value(code: &str) -> String {
        run(&[("app/main.py", code), ("app/models/a.py", "name = 'a'\n"), ("app/models/__init__.py", "")])
    }

    #[test]
    fn paths_are_those_of_the_project() {
        assert_eq!(relative("/__project__/a", "/__project__/b/c"), "../../a");
        assert_eq!(value("import os\nx = os.path.dirname(os.path.abspath(__file__))\n"), "\"/__project__/app\"");
        assert_eq!(
            value("import os.path as p\nx = p.abspath(p.join(p.dirname(__file__), '..'))\n"),
            "\"/__project__\""
        );
        assert_eq!(
            value("from pathlib import Path\nx = Path(__file__).resolve().parent.parent\n"),
            "Path(/__project__)"
        );
        assert_eq!(
            value("from pathlib import Path\nx = Path(__file__).parents[1] / 'app' / 'b.db'\n"),
            "Path(/__project__/app/b.db)"
        );
        assert_eq!(value("import os\nx = os.path.exists(os.path.join(os.getcwd(), 'app'))\n"), "True");
        assert_eq!(
            value("from pathlib import Path\nx = sorted(p.stem for p in Path(__file__).parent.glob('models/*.py'))\n"),
            "[\"__init__\", \"a\"]"
        );
        assert_eq!(
            value("import os\nx = [f for _, _, fs in os.walk('app/models') for f in fs]\n"),
            "[\"__init__.py\", \"a.py\"]"
        );
        assert_eq!(value("import glob\nx = glob.glob('app/**/a.py', recursive=True)\n"), "[\"app/models/a.py\"]");
        assert_eq!(value("with open('app/models/a.py') as f:\n    x = f.read().strip()\n"), "\"name = 'a'\"");
    }

    #[test]
    fn the_search_path_changes() {
        assert_eq!(
            value("import sys, os\nsys.path.insert(0, os.path.dirname(__file__) + '/models')\nimport a\nx = a.name\n"),
            "\"a\""
        );
        assert_eq!(
            value(
                "import sys\nfrom pathlib import Path\nsys.path.append(str(Path(__file__).parent))\nfrom models.a import name as x\n"
            ),
            "\"a\""
        );
        assert_eq!(value("import sys\nsys.path = ['app/models'] + sys.path\nimport a\nx = a.name\n"), "\"a\"");
        assert_eq!(value("from sys import path\npath += ['app/models']\nimport a\nx = a.name\n"), "\"a\"");
        assert_eq!(value("import site\nsite.addsitedir('app/models')\nimport a\nx = a.name\n"), "\"a\"");
        // Python passes over what is no string.
        let path = "import sys\nfrom pathlib import Path\nsys.path.append(Path('app/models'))\nimport a\nx = a\n";
        assert_eq!(value(path), "a");
    }
}
