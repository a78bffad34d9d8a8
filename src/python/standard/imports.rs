//! `importlib`, `pkgutil`, `inspect`: imports by name and walks over packages.

use std::rc::Rc;

use crate::python::builtins::paths::{self, path_text};
use crate::python::builtins::{list, open_list, positional, why_not};
use crate::python::dotted;
use crate::python::dotted::last;
use crate::python::evaluate::{Machine, Outcome, Raised};
use crate::python::library::Library;
use crate::python::value::Value;
use crate::python::value::class::Class;
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::source::Span;

/// Imports by name.
pub struct Imports;

impl<'t> Library<'t> for Imports {
    fn call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        if let TermKind::Attribute(of, name) = &callee.kind {
            // `finder.find_spec(name).loader.load_module(name)` of a walk over packages.
            return match &**name {
                "load_module" | "exec_module" => loaded(machine, of, arguments, span),
                _ => None,
            };
        }
        let dotted = callee.dotted()?;
        Some(match dotted {
            "importlib.import_module" | "importlib.__import__" => import_module(machine, arguments, span),
            "importlib.reload" => Ok(arguments.get(0, "module")?.clone()),
            "importlib.util.module_from_spec" => {
                let spec = arguments.get(0, "spec")?.as_term()?.clone();
                let (callee, given) = spec.call()?;
                let path = match callee.dotted()? {
                    "importlib.util.spec_from_file_location" => given.get(1, "location")?,
                    "importlib.util.find_spec" => return Some(import_module(machine, given, span)),
                    _ => return None,
                };
                match path_text(path).and_then(|path| paths::found(machine, path)) {
                    Some(Ok(file)) => machine.import_file(file, span),
                    _ => Ok(machine.hides_imports(span, "imports a file that can't be told")),
                }
            }
            "importlib.util.find_spec" => return found_spec(machine, callee, arguments, span).map(Ok),
            "importlib.resources.files" => match arguments.get(0, "package")?.clone() {
                Value::Str(name) => match machine.import(&name.text, span) {
                    Ok(module) => return Some(Ok(package_path(machine, &module, span))),
                    Err(raised) => Err(raised),
                },
                module => Ok(package_path(machine, &module, span)),
            },
            "pkgutil.extend_path" => {
                let path = machine.iterate(&arguments.get(0, "path")?.clone(), span).unwrap_or_default();
                Ok(open_list(path))
            }
            "pkgutil.iter_modules" | "pkgutil.walk_packages" => {
                walked(machine, arguments, dotted == "pkgutil.walk_packages", span)
            }
            "werkzeug.utils.import_string" | "django.utils.module_loading.import_string" => {
                let name = arguments.get(0, "import_name")?;
                let Value::Str(name) = name else {
                    return Some(Ok(machine.hides_imports(span, "imports a module by a name that can't be told")));
                };
                let name = name.text.replace(':', ".");
                match dotted::parent(&name) {
                    Some((module, attribute)) => {
                        machine.import(module, span).and_then(|module| machine.attribute(&module, attribute, span))
                    }
                    None => machine.import(&name, span),
                }
            }
            "werkzeug.utils.find_modules" => {
                let Some(Value::Str(name)) = arguments.get(0, "import_path") else {
                    return Some(Ok(machine.hides_imports(span, "imports a module by a name that can't be told")));
                };
                let directory = name.text.replace('.', "/");
                match modules_below(machine, &directory) {
                    Some(found) => Ok(list(
                        found
                            .into_iter()
                            .filter(|(_, is_package)| !is_package)
                            .map(|(module, _)| Value::literal(format!("{}.{module}", name.text), span))
                            .collect(),
                    )),
                    None => Ok(machine.hides_imports(span, "the modules of a package that can't be told")),
                }
            }
            "flask.helpers.get_root_path" | "flask.scaffold._find_package_path" => {
                let Some(Value::Str(name)) = arguments.get(0, "import_name") else { return None };
                match machine.import(&name.text.clone(), span) {
                    Ok(Value::Module(module)) => {
                        let path = machine.sources().path(module.file?).to_owned();
                        Ok(Value::literal(paths::on_paper(crate::source::split(&path).0), span))
                    }
                    Ok(_) => return None,
                    Err(raised) => Err(raised),
                }
            }
            "inspect.isclass" => match arguments.get(0, "object")? {
                Value::Class(_) => Ok(Value::Bool(true)),
                Value::Builtin(_) => return None,
                other @ (Value::Term(_) | Value::Unknown(_) | Value::OneOf(_)) => Ok(why_not(other, span)),
                _ => Ok(Value::Bool(false)),
            },
            "inspect.ismodule" => match arguments.get(0, "object")? {
                Value::Module(_) => Ok(Value::Bool(true)),
                other @ (Value::Term(_) | Value::Unknown(_) | Value::OneOf(_)) => Ok(why_not(other, span)),
                _ => Ok(Value::Bool(false)),
            },
            "inspect.isfunction" | "inspect.iscoroutinefunction" | "asyncio.iscoroutinefunction" => {
                match arguments.get(0, "object")? {
                    Value::Function(function) => Ok(Value::Bool(last(dotted) == "isfunction" || function.is_async)),
                    other @ (Value::Term(_) | Value::Unknown(_) | Value::OneOf(_)) => Ok(why_not(other, span)),
                    _ => Ok(Value::Bool(false)),
                }
            }
            "inspect.isabstract" => Ok(Value::unknown(span, "whether a class is abstract")),
            "inspect.iscoroutine" | "inspect.isawaitable" => match arguments.get(0, "object")? {
                Value::Coroutine(_) => Ok(Value::Bool(true)),
                other @ (Value::Term(_) | Value::Unknown(_) | Value::OneOf(_)) => Ok(why_not(other, span)),
                _ => Ok(Value::Bool(false)),
            },
            "inspect.getmembers" => members(machine, arguments, span),
            "inspect.getfile" | "inspect.getsourcefile" => match arguments.get(0, "object")? {
                Value::Module(module) => {
                    let path = machine.sources().path(module.file?);
                    Ok(Value::literal(paths::on_paper(path), span))
                }
                Value::Class(class) => {
                    let path = machine.sources().path(class.module.file?);
                    Ok(Value::literal(paths::on_paper(path), span))
                }
                other => Ok(why_not(other, span)),
            },
            _ => return None,
        })
    }

    fn attribute(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, name: &str, span: Span) -> Option<Outcome<'t>> {
        match of.dotted() {
            Some("sys") if name == "modules" => {
                let _ = machine;
                let modules = crate::python::builtins::dict(
                    machine
                        .modules()
                        .into_iter()
                        .map(|module| (crate::python::value::Key::Str(module.name.clone()), Value::Module(module))),
                );
                if let Value::Dict(dict) = &modules {
                    dict.open.set(true);
                    if let Some(module) = machine.module() {
                        let entry =
                            (crate::python::value::Key::Str(module.name.clone()), Value::Module(module.clone()));
                        dict.entries.borrow_mut().extend([entry]);
                    }
                }
                let _ = span;
                Some(Ok(modules))
            }
            Some(_) => None,
            None => {
                let (callee, given) = of.call()?;
                match (callee.dotted()?, name) {
                    ("pkgutil.ModuleInfo", "module_finder") => Some(Ok(given.positional.first()?.value.clone())),
                    ("pkgutil.ModuleInfo", "name") => Some(Ok(given.positional.get(1)?.value.clone())),
                    ("pkgutil.ModuleInfo", "ispkg") => Some(Ok(given.positional.get(2)?.value.clone())),
                    _ => None,
                }
            }
        }
    }

    fn truth(&self, machine: &mut Machine<'t>, term: &Rc<Term<'t>>) -> Option<bool> {
        let _ = machine;
        let is_spec = term.call()?.0.dotted()? == "importlib.util.find_spec";
        (is_spec && term.fields.get("origin").is_some()).then_some(true)
    }

    fn item(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, key: &Value<'t>, span: Span) -> Option<Outcome<'t>> {
        let _ = (machine, span);
        match (super::unpacked(of)?, key) {
            (items, Value::Int(at)) => {
                let at = if *at < 0 { *at + items.len() as i64 } else { *at };
                Some(Ok(items.get(usize::try_from(at).ok()?)?.clone()))
            }
            _ => None,
        }
    }
}

fn import_module<'t>(machine: &mut Machine<'t>, arguments: &Rc<Arguments<'t>>, span: Span) -> Outcome<'t> {
    let name = match arguments.get(0, "name") {
        Some(Value::Str(name)) => name.text.to_string(),
        Some(Value::OneOf(names)) => {
            let mut modules = Vec::new();
            for name in names.iter() {
                let given = positional([name.clone()], span);
                if let Ok(module) = machine.maybe(|machine| import_module(machine, &given, span)) {
                    modules.push(module);
                }
            }
            return Ok(crate::python::builtins::join(modules, span));
        }
        // A library's module is no business of the project.
        Some(Value::Term(_) | Value::Unknown(_)) | None | Some(_) => {
            return Ok(machine.hides_imports(span, "imports a module by a name that can't be told"));
        }
    };
    let dots = name.len() - name.trim_start_matches('.').len();
    if dots == 0 {
        return machine.import(&name, span);
    }
    let Some(Value::Str(package)) = arguments.get(1, "package") else {
        return Ok(machine.hides_imports(span, "imports a module by a name that can't be told"));
    };
    let mut package = &*package.text;
    for _ in 1..dots {
        package = dotted::parent(package).map_or("", |(parent, _)| parent);
    }
    let rest = &name[dots..];
    let dotted = if rest.is_empty() { package.to_owned() } else { format!("{package}.{rest}") };
    machine.import(&dotted, span)
}

/// The specification of a module of the project: where it lies.
fn found_spec<'t>(
    machine: &mut Machine<'t>,
    callee: &Rc<Term<'t>>,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Option<Value<'t>> {
    let Value::Str(name) = arguments.get(0, "name")? else { return None };
    let found = crate::python::modules::find(machine.sources(), &machine.search_path, None, &name.text, &name.text)?;
    let text = |text: &str| Value::literal(text, span);
    let origin = found.file.map(|file| paths::on_paper(machine.sources().path(file)));
    let (parent, locations) = match &found.package {
        Some(directory) => (&*name.text, list(vec![text(&paths::on_paper(directory))])),
        None => (dotted::parent(&name.text).map_or("", |(parent, _)| parent), Value::None),
    };
    let spec = machine.call_term(callee, arguments, span);
    if let Value::Term(term) = &spec {
        term.fields.extend([
            ("name", text(&name.text)),
            ("parent", text(parent)),
            ("origin", origin.map_or(Value::None, |origin| text(&origin))),
            ("submodule_search_locations", locations),
        ]);
    }
    Some(spec)
}

/// `loader.load_module(name)` where the name, or the file of the loader, is known.
fn loaded<'t>(
    machine: &mut Machine<'t>,
    of: &Rc<Term<'t>>,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Option<Outcome<'t>> {
    if let Some((callee, given)) = of.call()
        && callee.dotted() == Some("importlib.machinery.SourceFileLoader")
    {
        let path = path_text(given.get(1, "path")?)?.clone();
        return match paths::found(machine, &path) {
            Some(Ok(file)) => Some(machine.import_file(file, span)),
            _ => Some(Ok(machine.hides_imports(span, "imports a file that can't be told"))),
        };
    }
    // `finder.find_module(name).load_module(name)`
    let mut current = of;
    loop {
        match &current.kind {
            TermKind::Attribute(inner, name) if matches!(&**name, "loader") => current = inner,
            TermKind::Call(inner, given) => {
                let TermKind::Attribute(finder, name) = &inner.kind else { return None };
                if !matches!(&**name, "find_module" | "find_spec" | "find_loader") {
                    return None;
                }
                let name = given.positional.first().map(|first| first.value.clone());
                let name = arguments.positional.first().map(|first| first.value.clone()).or(name)?;
                let Value::Str(name) = name else {
                    return Some(Ok(machine.hides_imports(span, "imports a module by a name that can't be told")));
                };
                let directory =
                    finder.call().and_then(|(_, given)| path_text(&given.positional.first()?.value).cloned());
                if let Some(directory) = directory {
                    let file = last(&name.text);
                    for tail in [format!("{file}.py"), format!("{file}/__init__.py")] {
                        let path = paths::join_text(&directory, &tail);
                        if let Some(Ok(file)) = paths::found(machine, &path) {
                            return Some(machine.import_file(file, span));
                        }
                    }
                }
                return Some(machine.import(&name.text, span));
            }
            _ => return None,
        }
    }
}

/// The modules and packages directly in a directory: name, and is it a package?
fn modules_below(machine: &Machine<'_>, directory: &str) -> Option<Vec<(String, bool)>> {
    let entries = paths::entries(machine, directory)?;
    let mut found = Vec::new();
    for (name, file) in entries {
        match (name.strip_suffix(".py"), file) {
            (Some("__init__"), _) => {}
            (Some(stem), Some(_)) => found.push((stem.to_owned(), false)),
            (None, None) => {
                let init = paths::join_text(&paths::join_text(directory, &name), "__init__.py");
                if matches!(paths::found(machine, &init), Some(Ok(_))) {
                    found.push((name, true));
                }
            }
            _ => {}
        }
    }
    Some(found)
}

fn walked<'t>(machine: &mut Machine<'t>, arguments: &Rc<Arguments<'t>>, recursive: bool, span: Span) -> Outcome<'t> {
    let prefix = arguments.get(1, "prefix").map_or(Some(String::new()), |prefix| prefix.as_str().map(str::to_owned));
    let roots = match arguments.get(0, "path") {
        Some(path) => machine.iterate(path, span).ok(),
        None => None,
    };
    let (Some(prefix), Some(roots)) = (prefix, roots) else {
        return Ok(machine.hides_imports(span, "the modules of a package that can't be told"));
    };
    let mut found = Vec::new();
    let mut open = false;
    for root in roots {
        match path_text(&root).cloned() {
            Some(directory) if paths::entries(machine, &directory).is_some() => {
                walk(machine, &directory, &prefix, recursive, &mut found, span, 0)?;
            }
            _ => open = true,
        }
    }
    if open {
        machine.hides_imports(span, "the modules of a package that can't be told");
        return Ok(open_list(found));
    }
    Ok(list(found))
}

fn walk<'t>(
    machine: &mut Machine<'t>,
    directory: &str,
    prefix: &str,
    recursive: bool,
    found: &mut Vec<Value<'t>>,
    span: Span,
    depth: usize,
) -> Result<(), Box<Raised<'t>>> {
    for (name, is_package) in modules_below(machine, directory).unwrap_or_default() {
        let finder = machine.name_term("importlib.machinery.FileFinder", span);
        let finder = machine.call_term(&finder, &positional([Value::literal(directory, span)], span), span);
        let callee = machine.name_term("pkgutil.ModuleInfo", span);
        let dotted = format!("{prefix}{name}");
        let given = [finder, Value::literal(dotted.as_str(), span), Value::Bool(is_package)];
        found.push(machine.call_term(&callee, &positional(given, span), span));
        if recursive && is_package && depth < 32 {
            // A walk imports each package on its way; an import error there is left out silently.
            match machine.import(&dotted, span) {
                Err(raised) if !matches!(&*raised.exception, "ImportError" | "ModuleNotFoundError") => {
                    return Err(raised);
                }
                _ => {}
            }
            let below = paths::join_text(directory, &name);
            walk(machine, &below, &format!("{dotted}."), recursive, found, span, depth + 1)?;
        }
    }
    Ok(())
}

fn package_path<'t>(machine: &mut Machine<'t>, module: &Value<'t>, span: Span) -> Value<'t> {
    match module {
        Value::Module(module) => match &module.package {
            Some(directory) => Value::Path(paths::on_paper(directory).into()),
            None => machine.unknown(span, "the resources of a module"),
        },
        other => why_not(other, span),
    }
}

/// `inspect.getmembers(module, predicate)`
fn members<'t>(machine: &mut Machine<'t>, arguments: &Rc<Arguments<'t>>, span: Span) -> Outcome<'t> {
    let Some(of) = arguments.get(0, "object") else { return Ok(Value::unknown(span, "the members of nothing")) };
    let (mut names, open): (Vec<_>, bool) = match of {
        Value::Module(module) => {
            machine.bind_own_names(module);
            let names = module.scope.names.borrow();
            let names = names.iter().map(|(name, binding)| (name.clone(), binding.value.clone())).collect();
            (names, module.scope.open.borrow().is_some())
        }
        Value::Class(class) => {
            let mut names = Vec::new();
            let ancestors: Vec<Rc<Class<'t>>> = class.ancestors().collect();
            for ancestor in ancestors {
                for (name, binding) in ancestor.attributes.borrow().iter() {
                    if !names.iter().any(|(known, _)| known == name) && !binding.only_annotated {
                        names.push((name.clone(), binding.value.clone()));
                    }
                }
            }
            (names, true)
        }
        other => return Ok(why_not(other, span)),
    };
    names.sort_by(|(left, _), (right, _)| left.cmp(right));
    let mut result = Vec::new();
    let mut unsure = open;
    for (name, value) in names {
        if let Some(predicate) = arguments.get(1, "predicate").filter(|predicate| !matches!(predicate, Value::None)) {
            let verdict = machine.call(&predicate.clone(), &positional([value.clone()], span), span)?;
            match machine.truth(&verdict) {
                Some(true) => {}
                Some(false) => continue,
                None => unsure = true,
            }
        }
        result.push(Value::Tuple(Rc::new(vec![Value::literal(name, span), value])));
    }
    Ok(if unsure { open_list(result) } else { list(result) })
}

#[cfg(test)]
mod tests {
    use crate::python::standard::tests::run;

    fn value(code: &str) -> String {
        run(&[
            ("main.py", code),
            ("app/__init__.py", ""),
            ("app/models/__init__.py", ""),
            ("app/models/user.py", "name = 'user'\nclass User: pass\n"),
            ("app/models/sub/__init__.py", ""),
            ("app/models/sub/item.py", "name = 'item'\n"),
        ])
    }

    #[test]
    fn modules_are_imported_by_name() {
        assert_eq!(value("import importlib\nx = importlib.import_module('app.models.user').name\n"), "\"user\"");
        assert_eq!(
            value("from importlib import import_module\nx = import_module('.user', 'app.models').name\n"),
            "\"user\""
        );
        assert_eq!(
            value(
                "import importlib.util as u\ns = u.spec_from_file_location('m', 'app/models/user.py')\nm = u.module_from_spec(s)\ns.loader.exec_module(m)\nx = m.name\n"
            ),
            "\"user\""
        );
    }

    #[test]
    fn a_package_does_not_shadow_a_library_from_inside() {
        let files = [
            ("main.py", "from app.redis import x\n"),
            ("app/__init__.py", ""),
            ("app/redis.py", "from redis.asyncio import Redis as x\nimport app.celery\n"),
            ("app/celery/__init__.py", "from celery import Celery\n"),
        ];
        assert_eq!(run(&files), "redis.asyncio.Redis");
        // A script in a package is none of it: what lies beside it may be meant.
        let files = [
            ("app/alembic/main.py", "from database import x\n"),
            ("app/__init__.py", ""),
            ("app/database.py", "x = 1\n"),
        ];
        assert_eq!(run(&files), "1");
        let files = [
            ("app/alembic/env.py", "from traitlets.config import Config as x\n"),
            ("app/__init__.py", ""),
            ("app/traitlets.py", "from traitlets import Integer\n"),
        ];
        assert_eq!(run(&files), "traitlets.config.Config");
    }

    #[test]
    fn generic_classes_have_their_parameters() {
        assert_eq!(run(&[("main.py", "class A[Q](list[Q]):\n    y = 1\nx = A.y\n")]), "1");
    }

    #[test]
    fn specifications_say_where_a_module_lies() {
        let code = "from importlib.util import find_spec\ns = find_spec('app.models')\nx = (s.parent, s.submodule_search_locations[0], s is None)\n";
        assert_eq!(value(code), "[\"app.models\", \"/__project__/app/models\", False]");
    }

    #[test]
    fn packages_are_walked() {
        let walk = "import pkgutil, importlib\nimport app.models as models\nx = []\n";
        assert_eq!(
            value(&format!(
                "{walk}for _, name, ispkg in pkgutil.iter_modules(models.__path__):\n    x.append((name, ispkg))\n"
            )),
            "[[\"sub\", True], [\"user\", False]]"
        );
        assert_eq!(
            value(&format!(
                "{walk}for m in pkgutil.walk_packages(models.__path__, models.__name__ + '.'):\n    x.append(importlib.import_module(m.name).__name__)\n"
            )),
            "[\"app.models.sub\", \"app.models.sub.item\", \"app.models.user\"]"
        );
        assert_eq!(
            value(
                "import inspect\nimport app.models.user as u\nx = [n for n, c in inspect.getmembers(u, inspect.isclass)]\n"
            ),
            "[\"User\"]"
        );
    }
}
