//! The folders around an Alembic environment → its [`Versions`].

use std::collections::{BTreeSet, HashMap};

use crate::project::settings::Settings;
use crate::project::setup_script::SetupScripts;
use crate::project::versions::requirement::{self, Requirement};
use crate::project::versions::{Pin, Version, Versions, normalized};
use crate::source::{Entry, FileId, Sources, Span, join, split};
use crate::syntax::toml::{self, Toml};
use crate::syntax::{ini, yaml};

/// The lock files that were read: environments of one project share them.
pub type Locks = HashMap<FileId, Option<Vec<(String, Pin)>>>;

/// What was read already.
#[derive(Debug)]
pub struct Packaging<'p> {
    /// The setup.py files.
    pub setups: &'p SetupScripts,
    /// The lock files.
    pub locks: Locks,
}

/// Reads what the folders from `directory` up to the root say.
pub fn read(sources: &Sources, directory: &str, settings: &Settings, packaging: &mut Packaging<'_>) -> Versions {
    let Packaging { setups, locks } = packaging;
    let mut reader = Reader { sources, versions: Versions::default(), seen: BTreeSet::new(), setups, locks };
    for (name, text) in [("sqlalchemy", &settings.sqlalchemy), ("alembic", &settings.alembic)] {
        if let Some(version) = text.as_deref().and_then(Version::read) {
            reader.versions.configured.insert(name.to_owned(), version);
        }
    }
    let mut here = directory;
    loop {
        reader.folder(here);
        if here.is_empty() {
            break;
        }
        here = split(here).0;
    }
    reader.versions
}

struct Reader<'s, 'l> {
    sources: &'s Sources,
    versions: Versions,
    seen: BTreeSet<FileId>,
    setups: &'l SetupScripts,
    locks: &'l mut Locks,
}

impl Reader<'_, '_> {
    fn folder(&mut self, directory: &str) {
        let sources = self.sources;
        for name in ["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"] {
            self.if_there(directory, name, Reader::lock);
        }
        self.if_there(directory, "Pipfile.lock", Reader::pipfile_lock);
        for name in [".venv", "venv", "env"] {
            self.virtualenv(&below(directory, name));
        }
        // An unpacked wheel says in its metadata what it requires.
        for entry in sources.entries(directory) {
            if entry.name.ends_with(".dist-info") {
                self.if_there(&below(directory, entry.name), "METADATA", Reader::wheel);
            }
        }
        for folder in [directory.to_owned(), below(directory, "requirements")] {
            for entry in sources.entries(&folder) {
                let is_requirements = entry.name.ends_with(".txt") || entry.name.ends_with(".in");
                let named = entry.name.contains("requirements") || folder != directory;
                if let Some(file) = entry.file.filter(|_| is_requirements && named) {
                    self.requirements(file, 0);
                }
            }
        }
        self.if_there(directory, "pyproject.toml", Reader::pyproject);
        self.if_there(directory, "Pipfile", Reader::pipfile);
        self.if_there(directory, "setup.cfg", Reader::setup_cfg);
        self.if_there(directory, "setup.py", Reader::setup_script);
        for name in ["environment.yml", "environment.yaml"] {
            self.if_there(directory, name, Reader::conda);
        }
    }

    fn if_there(&mut self, directory: &str, name: &str, read: fn(&mut Self, FileId)) {
        if let Some(file) = self.sources.id(&below(directory, name))
            && self.seen.insert(file)
        {
            read(self, file);
        }
    }

    fn read_from(&mut self, file: FileId) -> String {
        let path = self.sources.path(file).to_owned();
        self.versions.read_from.push(path.clone());
        path
    }

    fn add(&mut self, requirement: &Requirement, pin: Pin, path: &str) {
        let span = pin.span();
        self.versions.add(&requirement.name, pin, path);
        for extra in &requirement.extras {
            for brought in requirement::brings(&requirement.name, extra) {
                self.versions.add(brought, Pin::Any(span), path);
            }
        }
    }

    fn require(&mut self, text: &str, span: Span, path: &str) {
        match requirement::read(text) {
            Some(found) => self.add(&found, requirement::pin(&found.specifier, span), path),
            None => self.versions.open = true,
        }
    }

    /// uv.lock, poetry.lock, pdm.lock, pylock.toml: an array of packages.
    fn lock(&mut self, file: FileId) {
        let path = self.read_from(file);
        let sources = self.sources;
        let Some(packages) = self.locks.entry(file).or_insert_with(|| locked(sources, file)) else { return };
        for (name, pin) in packages {
            // Two versions under different markers: the newer is gone by.
            if let (Some(Pin::Exact(known, span)), Pin::Exact(version, _)) = (self.versions.pins.get(name), &*pin)
                && span.file == file
                && !known.is_at_least(&version.0)
            {
                self.versions.pins.remove(name);
            }
            self.versions.add(name, pin.clone(), &path);
        }
        self.versions.complete = true;
    }

    fn pipfile_lock(&mut self, file: FileId) {
        let sources = self.sources;
        let text = &*sources.glance(file);
        let path = self.read_from(file);
        let Ok(root) = serde_json::from_str::<serde_json::Value>(text) else { return };
        for group in ["default", "develop"] {
            for (name, package) in root.get(group).and_then(serde_json::Value::as_object).into_iter().flatten() {
                let at = text.find(&format!("\"{name}\"")).unwrap_or(0);
                let span = Span::new(file, at..at);
                let version = package.get("version").and_then(serde_json::Value::as_str).unwrap_or("");
                self.versions.add(&normalized(name), requirement::pin(version, span), &path);
            }
        }
        self.versions.complete = true;
    }

    /// The `*.dist-info` directories of a virtual environment.
    fn virtualenv(&mut self, directory: &str) {
        let lib = below(directory, "lib");
        let sources = self.sources;
        let places = sources.entries(&lib).filter(|entry| entry.name.starts_with("python"));
        let mut packages: Vec<String> = places.map(|entry| format!("{lib}/{}/site-packages", entry.name)).collect();
        packages.push(format!("{directory}/Lib/site-packages"));
        for place in packages {
            for entry in sources.entries(&place) {
                self.installed(&place, entry);
            }
        }
    }

    fn installed(&mut self, place: &str, entry: Entry<'_>) {
        let Some(stem) = entry.name.strip_suffix(".dist-info") else { return };
        let Some((name, version)) = stem.rsplit_once('-') else { return };
        let Some(version) = Version::read(version) else { return };
        let folder = format!("{place}/{}", entry.name);
        let file = self.sources.entries(&folder).find_map(|entry| entry.file).unwrap_or(FileId(0));
        self.versions.add(&normalized(name), Pin::Exact(version, Span::start_of(file)), place);
        if !self.versions.read_from.iter().any(|path| path == place) {
            self.versions.read_from.push(place.to_owned());
        }
    }

    /// METADATA of a wheel: `Requires-Dist: sqlalchemy (>=2)`, up to the empty line that ends its head.
    fn wheel(&mut self, file: FileId) {
        let text = self.sources.text(file);
        let path = self.read_from(file);
        let mut start = 0;
        for line in text.split_inclusive('\n').take_while(|line| !line.trim().is_empty()) {
            if let Some(requirement) = line.strip_prefix("Requires-Dist:") {
                let span = Span::new(file, start..start + line.trim_end().len());
                self.require(requirement, span, &path);
            }
            start += line.len();
        }
    }

    /// requirements.txt, with `-r` and `-c`, hashes and continued lines.
    fn requirements(&mut self, file: FileId, depth: usize) {
        if depth > 8 || !self.seen.insert(file) {
            return;
        }
        let text = self.sources.text(file);
        let path = self.read_from(file);
        let directory = split(self.sources.path(file)).0.to_owned();
        let mut start = 0;
        let mut continued = false;
        for line in text.split_inclusive('\n') {
            let at = start;
            start += line.len();
            let bare = line.trim();
            let is_continuation = continued;
            continued = bare.ends_with('\\');
            if is_continuation || bare.is_empty() || bare.starts_with('#') {
                continue;
            }
            let bare = bare.trim_end_matches('\\').trim_end();
            let bare = bare.split(" #").next().unwrap_or(bare);
            let bare = bare.split(" --").next().unwrap_or(bare).trim();
            let lead = line.len() - line.trim_start().len();
            let span = Span::new(file, at + lead..at + lead + bare.len());
            let option = |names: [&str; 2]| {
                names.iter().find_map(|name| {
                    let rest = bare.strip_prefix(name)?;
                    Some(rest.trim_start_matches(['=', ' ', '\t']).trim())
                })
            };
            if let Some(other) = option(["--requirement", "-r"]).or_else(|| option(["--constraint", "-c"])) {
                match join(&directory, other).and_then(|path| self.sources.id(&path)) {
                    Some(other) => self.requirements(other, depth + 1),
                    None => self.versions.open = true,
                }
            } else if bare.starts_with("-e") || bare.starts_with("--editable") {
                self.versions.open = true;
            } else if !bare.starts_with('-') && !bare.is_empty() {
                self.require(bare, span, &path);
            }
        }
        // `pip-compile` and `uv pip compile` write down everything that gets installed.
        let head: String = text.lines().take(8).collect::<Vec<_>>().join("\n").to_lowercase();
        let compiled = head.contains("autogenerated by pip-compile") || head.contains("autogenerated by uv");
        self.versions.complete |= compiled && self.versions.pins.contains_key("sqlalchemy");
    }

    fn pyproject(&mut self, file: FileId) {
        let (root, _) = toml::read(file, self.sources.text(file));
        let path = self.sources.path(file).to_owned();
        let before = self.versions.pins.len();
        let mut lists: Vec<&Toml> = root.at(&["project", "dependencies"]).into_iter().collect();
        for groups in
            [root.at(&["project", "optional-dependencies"]), root.get("dependency-groups")].into_iter().flatten()
        {
            lists.extend(groups.members().iter().map(|(.., list)| list));
        }
        for groups in [root.at(&["tool", "pdm", "dev-dependencies"])].into_iter().flatten() {
            lists.extend(groups.members().iter().map(|(.., list)| list));
        }
        lists.extend(root.at(&["tool", "uv", "dev-dependencies"]));
        let declared = !lists.is_empty();
        for item in lists.into_iter().flat_map(Toml::items) {
            if let Some(text) = item.as_str() {
                self.require(text, item.span, &path);
            }
        }
        let dynamic = root.at(&["project", "dynamic"]).map_or(&[][..], Toml::items);
        self.versions.open |= dynamic.iter().any(|item| item.as_str() == Some("dependencies"));
        let poetry = root.at(&["tool", "poetry"]);
        let mut tables: Vec<&Toml> = Vec::new();
        for name in ["dependencies", "dev-dependencies"] {
            tables.extend(poetry.and_then(|poetry| poetry.get(name)));
        }
        for (.., group) in poetry.and_then(|poetry| poetry.get("group")).map_or(&[][..], Toml::members) {
            tables.extend(group.get("dependencies"));
        }
        for table in &tables {
            self.poetry(table, &path);
        }
        if declared || !tables.is_empty() || self.versions.pins.len() > before {
            self.read_from(file);
        }
    }

    /// `name = "^1.2"`, `name = { version = "^1.2", extras = ["x"] }`
    fn poetry(&mut self, table: &Toml, path: &str) {
        for (name, _, value) in table.members() {
            if name == "python" {
                continue;
            }
            let specifier = value.as_str().or_else(|| value.get("version").and_then(Toml::as_str)).unwrap_or("");
            // Poetry and Pipenv read a bare version as an exact one.
            let extras = value.get("extras").map_or(&[][..], Toml::items).iter().filter_map(Toml::as_str);
            let found = Requirement {
                name: normalized(name),
                extras: extras.map(normalized).collect(),
                specifier: specifier.to_owned(),
            };
            self.add(&found, requirement::pin(specifier, value.span), path);
        }
    }

    fn pipfile(&mut self, file: FileId) {
        let (root, _) = toml::read(file, self.sources.text(file));
        let path = self.read_from(file);
        for name in ["packages", "dev-packages"] {
            if let Some(table) = root.get(name) {
                self.poetry(table, &path);
            }
        }
    }

    fn setup_cfg(&mut self, file: FileId) {
        let (read, _) = ini::read(file, self.sources.text(file));
        let path = self.sources.path(file).to_owned();
        let mut options: Vec<&ini::IniOption> = read.option("options", "install_requires").into_iter().collect();
        options.extend(read.section("options.extras_require").into_iter().flat_map(|section| &section.options));
        if options.is_empty() {
            return;
        }
        self.read_from(file);
        for option in options {
            if option.raw.trim_start().starts_with("file:") {
                self.versions.open = true;
                continue;
            }
            for line in option.raw.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
                self.require(line, option.span, &path);
            }
        }
    }

    /// What setup.py handed to `setup` when it was run on paper.
    fn setup_script(&mut self, file: FileId) {
        let setups = self.setups;
        let Some(script) = setups.get(&file) else {
            self.versions.open = true;
            return;
        };
        self.versions.open |= script.is_open;
        if script.requirements.is_empty() {
            return;
        }
        let path = self.read_from(file);
        for (text, span) in &script.requirements {
            self.require(text, *span, &path);
        }
    }

    /// Conda's environment.yml: it may bring what no requirement names.
    fn conda(&mut self, file: FileId) {
        let (root, _) = yaml::read(file, self.sources.text(file));
        let path = self.read_from(file);
        self.versions.open = true;
        let listed = root.get("dependencies").map_or(&[][..], yaml::Yaml::items);
        let pip = listed.iter().filter_map(|item| item.get("pip")).flat_map(yaml::Yaml::items);
        for item in listed.iter().chain(pip) {
            if let Some(text) = item.as_str() {
                let text = text.rsplit("::").next().unwrap_or(text);
                self.require(
                    &text.replacen('=', "==", usize::from(!text.contains("==") && !text.contains(['<', '>', '~']))),
                    item.span,
                    &path,
                );
            }
        }
    }
}

/// The packages of a lock file; `None` where it is no TOML.
fn locked(sources: &Sources, file: FileId) -> Option<Vec<(String, Pin)>> {
    let (root, problems) = toml::read(file, &skeleton(&sources.glance(file)));
    let packages = ["package", "packages"].iter().find_map(|name| root.get(name)).filter(|_| problems.is_empty())?;
    let read = |package: &Toml| {
        let version = package.get("version")?;
        let exact = Version::read(version.as_str()?)?;
        Some((normalized(package.get("name")?.as_str()?), Pin::Exact(exact, version.span)))
    };
    Some(packages.items().iter().filter_map(read).collect())
}

/// Only the headers, names and versions of a lock file, each at its place: the files and hashes between them are most
/// of it.
fn skeleton(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if line.starts_with('[') || line.starts_with("name = ") || line.starts_with("version = ") {
            kept.push_str(line);
        } else {
            kept.extend(std::iter::repeat_n(' ', line.trim_end_matches('\n').len()));
            kept.push_str(&line[line.trim_end_matches('\n').len()..]);
        }
    }
    kept
}

fn below(directory: &str, name: &str) -> String {
    join(directory, name).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::setup_script;
    use crate::syntax::python::Trees;

    fn versions(files: &[(&str, &str)], directory: &str) -> Versions {
        let sources = Sources::in_memory(files.iter().map(|(path, text)| (*path, *text)));
        let trees = Trees::of(&sources);
        let setups = setup_script::read_above(&trees, [directory]);
        let mut packaging = Packaging { setups: &setups, locks: Locks::new() };
        read(&sources, directory, &Settings::default(), &mut packaging)
    }

    #[test]
    fn a_lock_file_is_complete() {
        let lock = "[[package]]\nname = \"SQLAlchemy\"\nversion = \"2.0.43\"\n[[package]]\nname = \"asyncpg\"\nversion = \"0.3\"\n";
        let found = versions(
            &[("uv.lock", lock), ("back/pyproject.toml", "[project]\ndependencies = [\"sqlalchemy>=2\"]\n")],
            "back/db",
        );
        assert_eq!(found.sqlalchemy().how, "uv.lock pins SQLAlchemy 2.0.43");
        assert_eq!((found.has("asyncpg"), found.has("psycopg2")), (Some(true), Some(false)));
        let poetry = "# é\n[[package]]\nname = \"alembic\"\nversion = \"1.13.1\"\nfiles = [\n    {file = \"x\"},\n]\n\n\
                      [package.dependencies]\nname = \"*\"\nMako = \"*\"\n\n[metadata]\nlock-version = \"2.0\"\n";
        let found = versions(&[("poetry.lock", poetry)], "");
        let Some(Pin::Exact(version, span)) = found.pins.get("alembic") else { panic!("alembic is pinned") };
        assert_eq!((version.to_string().as_str(), &poetry[span.range()]), ("1.13.1", "\"1.13.1\""));
    }

    #[test]
    fn requirements_follow_each_other() {
        let found = versions(
            &[
                ("requirements.txt", "-r requirements/base.txt\nalembic==1.13.1 \\\n    --hash=sha256:aa\n"),
                (
                    "requirements/base.txt",
                    "# x\nSQLAlchemy[asyncio]~=2.0.1  # why\npsycopg2-binary ; sys_platform == 'x'\n",
                ),
            ],
            "",
        );
        assert_eq!(found.alembic().version.to_string(), "1.13.1");
        assert_eq!(found.sqlalchemy_at_least(&[2, 1]), Some(false));
        assert!(found.has("greenlet") == Some(true) && found.has("psycopg2-binary") == Some(true));
        assert!(!found.complete && !found.open);
    }

    #[test]
    fn manifests() {
        let poetry = "[tool.poetry.dependencies]\npython = \"^3.9\"\nsqlalchemy = { version = \"^1.4\", extras = [\"asyncio\"] }\n\
                      [tool.poetry.group.db.dependencies]\nasyncpg = \"*\"\n";
        let found = versions(&[("pyproject.toml", poetry)], "");
        assert_eq!(found.sqlalchemy().version.to_string(), "1.4.99");
        assert_eq!(found.has("asyncpg"), Some(true));
        let cfg = "[options]\ninstall_requires =\n    alembic>=1.2\n    sqlalchemy==1.4.41\n";
        assert_eq!(versions(&[("setup.cfg", cfg)], "").sqlalchemy().version.to_string(), "1.4.41");
        let setup = "from setuptools import setup\nsetup(install_requires=['alembic', 'sqlalchemy==1.4.42'])\n";
        let found = versions(&[("setup.py", setup)], "");
        assert_eq!((found.sqlalchemy().how.as_str(), found.open), ("setup.py pins SQLAlchemy 1.4.42", false));
        let pipfile = "{\"default\": {\"sqlalchemy\": {\"version\": \"==2.1.0\"}}}";
        assert_eq!(versions(&[("Pipfile.lock", pipfile)], "").sqlalchemy().version.to_string(), "2.1.0");
        let wheel = versions(
            &[(
                "a-1.dist-info/METADATA",
                "Name: a\nRequires-Dist: SQLAlchemy (==2.0.36) ; extra == 'x'\n\nRequires-Dist: SQLAlchemy (==1.0)\n",
            )],
            "a/db",
        );
        assert_eq!(wheel.sqlalchemy().version.to_string(), "2.0.36");
        let venv = versions(&[(".venv/lib/python3.12/site-packages/SQLAlchemy-2.0.43.dist-info/METADATA", "")], "");
        assert_eq!(venv.sqlalchemy().version.to_string(), "2.0.43");
    }
}
