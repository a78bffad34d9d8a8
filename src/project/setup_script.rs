//! setup.py, run on paper → what it hands to `setuptools.setup`: where the packages lie and what they require.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::python::dotted;
use crate::python::evaluate::{Machine, Outcome};
use crate::python::library::Library;
use crate::python::standard;
use crate::python::value::term::{Arguments, Term};
use crate::python::value::{Key, Value};
use crate::source::{FileId, Span, join, split};
use crate::syntax::python::Trees;

/// What a setup.py says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetupScript {
    /// The directories, relative to its own, that hold the top-level packages: `src`.
    pub roots: Vec<String>,
    /// The requirements, those of extras included, and where each was written.
    pub requirements: Vec<(String, Span)>,
    /// There may be more of them.
    pub is_open: bool,
}

/// The setup.py files that were read.
pub type SetupScripts = HashMap<FileId, SetupScript>;

/// Reads the setup.py files of these directories and of those above them.
pub fn read_above<'d>(trees: &Trees<'_>, directories: impl IntoIterator<Item = &'d str>) -> SetupScripts {
    let mut scripts = SetupScripts::new();
    for directory in directories {
        for here in std::iter::successors(Some(directory), |here| (!here.is_empty()).then(|| split(here).0)) {
            if let Some(file) = join(here, "setup.py").and_then(|path| trees.sources().id(&path)) {
                scripts.entry(file).or_insert_with(|| read(trees, file));
            }
        }
    }
    scripts
}

fn read<'t>(trees: &'t Trees<'t>, file: FileId) -> SetupScript {
    let setup = Rc::new(Setup::default());
    let mut libraries: Vec<Rc<dyn Library<'t> + 't>> = vec![setup.clone()];
    libraries.extend(standard::all());
    let mut machine = Machine::new(trees, libraries);
    machine.follows_imports = false;
    machine.working_directory = split(trees.sources().path(file)).0.into();
    // What it raises, it raises while it is built; what it called before stays.
    let _ = machine.run_script(file, "__main__");
    let mut script = SetupScript { roots: setup.roots.take(), ..SetupScript::default() };
    let calls = setup.calls.take();
    script.is_open = calls.is_empty();
    for given in calls {
        script.is_open |= given.open;
        let value = |name: &str| given.keyword(name).map(|keyword| &keyword.value);
        if let Some(value) = value("package_dir") {
            script.add_roots(value);
        }
        if let Some(value) = value("install_requires") {
            script.require(value);
        }
        match value("extras_require") {
            None | Some(Value::None) => {}
            Some(Value::Dict(extras)) => {
                script.is_open |= extras.open.get();
                extras.entries.borrow().values().for_each(|value| script.require(value));
            }
            Some(_) => script.is_open = true,
        }
    }
    script
}

impl SetupScript {
    /// `package_dir={"": "src"}`, `package_dir={"shop": "lib/shop"}`
    fn add_roots(&mut self, value: &Value<'_>) {
        let Value::Dict(directories) = value else { return };
        for (package, directory) in directories.entries.borrow().iter() {
            let (Key::Str(package), Some(directory)) = (package, directory.as_str()) else { continue };
            let directory = directory.trim_end_matches('/');
            let root = match directory.strip_suffix(&package.replace('.', "/")) {
                _ if package.is_empty() => Some(directory),
                Some("") => Some(""),
                Some(above) => above.strip_suffix('/'),
                None => None,
            };
            self.roots.extend(root.map(str::to_owned));
        }
    }

    /// A list of requirements, or a text with one on each line.
    fn require(&mut self, value: &Value<'_>) {
        match (value, value.items()) {
            (Value::None, _) => {}
            (Value::Str(text), _) => {
                let span = text.origin.leaves().first().map_or(text.origin.span(), |leaf| leaf.span());
                let lines = text.text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
                self.requirements.extend(lines.map(|line| (line.to_owned(), span)));
            }
            (_, Some(items)) => items.iter().for_each(|item| self.require(item)),
            (Value::List(list), None) => {
                self.is_open = true;
                list.items.borrow().iter().for_each(|item| self.require(item));
            }
            (_, None) => self.is_open = true,
        }
    }
}

/// `setuptools`, as far as a project's facts go.
#[derive(Default)]
struct Setup<'t> {
    calls: RefCell<Vec<Rc<Arguments<'t>>>>,
    roots: RefCell<Vec<String>>,
}

impl<'t> Library<'t> for Setup<'t> {
    fn call(
        &self,
        _: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        _: Span,
    ) -> Option<Outcome<'t>> {
        let (module, function) = dotted::parent(callee.dotted()?)?;
        match (dotted::first(module), function) {
            ("setuptools" | "distutils" | "skbuild", "setup") => {
                self.calls.borrow_mut().push(arguments.clone());
                Some(Ok(Value::None))
            }
            ("setuptools", "find_packages" | "find_namespace_packages" | "find") => {
                let root = arguments.get(0, "where").and_then(Value::as_str);
                self.roots.borrow_mut().extend(root.map(str::to_owned));
                None
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn script(text: &str) -> SetupScript {
        let requirements = "# what runs\nSQLAlchemy==2.0.43\n\nalembic\n";
        let sources = Sources::in_memory([("back/setup.py", text), ("back/requirements.txt", requirements)]);
        let trees = Trees::of(&sources);
        read_above(&trees, ["back/migrations"]).into_values().next().expect("is there")
    }

    fn required(script: &SetupScript) -> Vec<&str> {
        script.requirements.iter().map(|(text, _)| text.as_str()).collect()
    }

    #[test]
    fn arguments_of_setup_are_read() {
        let found = script(
            "from setuptools import find_packages, setup\nSQL = 'sqlalchemy>=2'\nsetup(packages=find_packages('src'), \
             package_dir={'': 'lib', 'shop': 'other/shop'},\n      install_requires=[SQL, 'alembic'], extras_require={'pg': \
             ['psycopg2']})\n",
        );
        assert_eq!(found.roots, ["src", "lib", "other"]);
        assert_eq!(required(&found), ["sqlalchemy>=2", "alembic", "psycopg2"]);
        assert!(!found.is_open);
    }

    #[test]
    fn files_are_read_and_what_is_unknown_is_open() {
        let found = script(
            "import setuptools\nif __name__ == '__main__':\n    with open('requirements.txt') as lines:\n        \
             setuptools.setup(install_requires=lines.read().splitlines())\n",
        );
        assert_eq!((required(&found), found.is_open), (vec!["SQLAlchemy==2.0.43", "alembic"], false));
        let comment = script("# install_requires=['sqlalchemy']\nfrom setuptools import setup\nsetup()\n");
        assert_eq!(comment, SetupScript::default());
        let unknown =
            script("from setuptools import setup\nfrom tools import needs\nsetup(install_requires=needs())\n");
        assert!(unknown.is_open && unknown.requirements.is_empty());
        assert!(script("import builder\nbuilder.run()\n").is_open);
    }
}
