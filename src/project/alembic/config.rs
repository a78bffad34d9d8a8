//! alembic.ini and `[tool.alembic]` → [`Config`]: options with spans.

use std::collections::BTreeMap;

use crate::project::Known;
use crate::python::value::PROJECT_ROOT;
use crate::source::{FileId, Sources, Span, join, split};
use crate::syntax::ini::{self, Ini, IniOption, InterpolationError};
use crate::syntax::python::SyntaxProblem;
use crate::syntax::toml::{self, Toml, TomlValue};

/// Which shape a configuration has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// alembic.ini or another ini file.
    Ini,
    /// `[tool.alembic]` of a pyproject.toml.
    Pyproject,
    /// Flask-Migrate's: no `script_location`, no URL.
    FlaskMigrate,
    /// No file: an env.py that code configures.
    InCode,
}

/// One option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigOption {
    /// The value after interpolation (`%(here)s`, `%%`); `None` when the interpolation fails.
    pub value: Option<String>,
    /// The value as written.
    pub raw: String,
    /// The key.
    pub key_span: Span,
    /// The value.
    pub span: Span,
    /// Why the interpolation fails.
    pub error: Option<Uninterpolated>,
    /// The items of a TOML array, after interpolation.
    pub items: Vec<(String, Span)>,
}

/// Why an option's interpolation fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uninterpolated {
    /// The exception and its text. It may quote the value.
    pub exception: String,
    /// A `%` of this option's own value begins nothing.
    pub is_stray: bool,
    /// The name in `%(name)s` that is no option.
    pub missing: Option<String>,
}

/// A post-write hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Its name in `hooks =`.
    pub name: String,
    /// Where that name stands.
    pub span: Span,
    /// `type`, `entrypoint`, `executable`, `options`, …
    pub options: BTreeMap<String, ConfigOption>,
}

/// What a configuration file says.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its shape.
    pub shape: Shape,
    /// The file, unless code configures.
    pub file: Option<FileId>,
    /// The section: `alembic`, or what `-n` would name.
    pub section: String,
    /// Where the section's header stands.
    pub section_span: Option<Span>,
    /// The options of every section, by section and lower-case key; those of `[DEFAULT]` are in each.
    pub sections: BTreeMap<String, BTreeMap<String, ConfigOption>>,
    /// Where the headers of the sections stand.
    pub headers: BTreeMap<String, Span>,
    /// The pyproject.toml whose `[tool.alembic]` Alembic reads too.
    pub pyproject: Option<FileId>,
    /// The options of `[tool.alembic]`: Alembic's own, env.py never sees them.
    pub toml: BTreeMap<String, ConfigOption>,
    /// The post-write hooks, in order.
    pub hooks: Vec<Hook>,
    /// What ConfigParser or the TOML reader would refuse.
    pub problems: Vec<SyntaxProblem>,
    /// The folder of the file, relative to the project root.
    pub directory: String,
}

impl Config {
    /// The configuration that no file holds: `directory` is that of env.py.
    pub fn in_code(directory: &str) -> Config {
        Config {
            shape: Shape::InCode,
            file: None,
            section: "alembic".to_owned(),
            section_span: None,
            sections: BTreeMap::new(),
            headers: BTreeMap::new(),
            pyproject: None,
            toml: BTreeMap::new(),
            hooks: Vec::new(),
            problems: Vec::new(),
            directory: directory.to_owned(),
        }
    }

    /// Reads an ini file; [`Config::section`] is `alembic` until [`Config::with_section`] says otherwise.
    pub fn of_ini(sources: &Sources, file: FileId) -> Config {
        let directory = split(sources.path(file)).0.to_owned();
        let (ini, problems) = ini::read(file, sources.text(file));
        let here = absolute(&directory);
        let mut config = Config { shape: Shape::Ini, file: Some(file), problems, ..Config::in_code(&directory) };
        for section in &ini.sections {
            let own = section.options.iter();
            let lent = ini.defaults.iter().filter(|lent| !section.options.iter().any(|own| own.key == lent.key));
            let options = own
                .chain(lent)
                .map(|option| (option.key.clone(), ini_option(&ini, &section.name, option, &here)))
                .collect();
            config.sections.insert(section.name.clone(), options);
            config.headers.insert(section.name.clone(), section.header);
        }
        config.hooks = ini_hooks(&config);
        config.with_section("alembic")
    }

    /// Reads `[tool.alembic]` of a pyproject.toml; `None` where there is no such table.
    pub fn of_pyproject(sources: &Sources, file: FileId) -> Option<Config> {
        let text = sources.text(file);
        memchr::memmem::find(text.as_bytes(), b"alembic")?;
        let (root, problems) = toml::read(file, text);
        let table = root.at(&["tool", "alembic"]).filter(|table| table.is_table())?;
        let directory = split(sources.path(file)).0.to_owned();
        let here = absolute(&directory);
        let mut config = Config {
            shape: Shape::Pyproject,
            file: Some(file),
            pyproject: Some(file),
            section_span: Some(table.span),
            problems,
            ..Config::in_code(&directory)
        };
        for (key, key_span, value) in table.members() {
            config.toml.insert(key.clone(), toml_option(*key_span, value, &here));
        }
        config.hooks = table.get("post_write_hooks").map(|hooks| toml_hooks(hooks, &here)).unwrap_or_default();
        Some(config)
    }

    /// The same file with another main section, as `alembic -n` takes it.
    pub fn with_section(mut self, section: &str) -> Config {
        self.section = section.to_owned();
        self.section_span = self.headers.get(section).copied();
        self
    }

    /// An alembic.ini and the `[tool.alembic]` beside it are one configuration; the ini file is asked first.
    pub fn with_pyproject(mut self, pyproject: Config) -> Config {
        self.pyproject = pyproject.file;
        self.toml = pyproject.toml;
        if !self.sections.contains_key("post_write_hooks") {
            self.hooks = pyproject.hooks;
        }
        self
    }

    /// The option `key` of the main section of the ini file: what env.py sees as `config.get_main_option`.
    pub fn option(&self, key: &str) -> Option<&ConfigOption> {
        self.sections.get(&self.section)?.get(key)
    }

    /// The option `key` as Alembic itself reads it: of the ini file, else of `[tool.alembic]`.
    pub fn alembic_option(&self, key: &str) -> Option<&ConfigOption> {
        self.option(key).or_else(|| self.toml.get(key))
    }

    /// A boolean option of Alembic's own.
    pub fn is_true(&self, key: &str) -> bool {
        self.alembic_option(key).is_some_and(|option| option.value.as_deref() == Some("true"))
    }

    /// `version_locations`, split as Alembic splits it, each with its place; `None` where there is no such option.
    pub fn version_locations(&self) -> Option<Known<Vec<(String, Span)>>> {
        self.list("version_locations", &["path_separator", "version_path_separator"], &[' ', ','])
    }

    /// `prepend_sys_path`, split likewise.
    pub fn prepend_sys_path(&self) -> Option<Vec<(String, Span)>> {
        self.list("prepend_sys_path", &["path_separator"], &[' ', ',', ':'])?.get().cloned()
    }

    fn list(&self, key: &str, separators: &[&str], legacy: &[char]) -> Option<Known<Vec<(String, Span)>>> {
        let option = self.option(key).filter(|option| option.value.as_deref() != Some(""));
        let Some(option) = option else {
            let option = self.toml.get(key).filter(|option| !option.items.is_empty())?;
            return Some(Known::Is(option.items.clone(), option.span));
        };
        let Some(value) = option.value.as_deref() else {
            return Some(Known::Unknown(option.span, format!("`{key}` can't be interpolated")));
        };
        let separator = separators.iter().find_map(|name| self.option(name)).and_then(|found| found.value.as_deref());
        let parts: Vec<&str> = match separator {
            Some("space") => value.split(' ').collect(),
            Some("newline") => value.split('\n').collect(),
            Some("os" | ":") => value.split(':').collect(),
            Some(";") => value.split(';').collect(),
            Some(other) => {
                return Some(Known::Unknown(option.span, format!("`{key}` is split in an unknown way, `{other}`")));
            }
            None => value.split(legacy).collect(),
        };
        let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
        let parts = parts.map(|part| (part.to_owned(), self.place_of(option, part))).collect();
        Some(Known::Is(parts, option.span))
    }

    /// Where `part` stands in an option's value, if it stands there as it is.
    fn place_of(&self, option: &ConfigOption, part: &str) -> Span {
        match option.raw.find(part) {
            Some(at) if !option.raw.contains('\n') => {
                let start = option.span.start as usize + at;
                Span::new(option.span.file, start..start + part.len())
            }
            _ => option.span,
        }
    }
}

impl Uninterpolated {
    fn of(error: &InterpolationError, section: &str, key: &str) -> Uninterpolated {
        Uninterpolated {
            exception: error.words(section),
            is_stray: matches!(error, InterpolationError::Syntax { option, .. } if option == key),
            missing: match error {
                InterpolationError::Missing { name, .. } => Some(name.clone()),
                _ => None,
            },
        }
    }
}

/// The position that ConfigParser names when it refuses to set `value`: a `%` that is neither `%%` nor `%(name)s`.
pub fn refused_percent(value: &str) -> Option<usize> {
    ini::refused_percent(value)
}

/// A path on paper that begins at the project root → the path relative to it.
pub fn inside_project(path: &str) -> Option<String> {
    join("", path.strip_prefix(PROJECT_ROOT)?)
}

/// The absolute path, on paper, of a directory of the project.
pub fn absolute(directory: &str) -> String {
    if directory.is_empty() { PROJECT_ROOT.to_owned() } else { format!("{PROJECT_ROOT}/{directory}") }
}

fn ini_option(ini: &Ini, section: &str, option: &IniOption, here: &str) -> ConfigOption {
    let value = ini.value(section, option, &[("here", here)]);
    ConfigOption {
        error: value.as_ref().err().map(|error| Uninterpolated::of(error, section, &option.key)),
        value: value.ok(),
        raw: option.raw.clone(),
        key_span: option.key_span,
        span: option.span,
        items: Vec::new(),
    }
}

fn toml_option(key_span: Span, value: &Toml, here: &str) -> ConfigOption {
    let raw = match &value.value {
        TomlValue::String(text) => text.clone(),
        TomlValue::Boolean(value) => value.to_string(),
        TomlValue::Integer(value) => value.to_string(),
        _ => String::new(),
    };
    let filled = filled_in(&raw, here);
    let items = value.items().iter();
    ConfigOption {
        error: filled.as_ref().err().map(|error| Uninterpolated::of(error, "tool.alembic", "")),
        value: filled.ok(),
        raw,
        key_span,
        span: value.span,
        items: items.filter_map(|item| Some((filled_in(item.as_str()?, here).ok()?, item.span))).collect(),
    }
}

/// Python's `text % {"here": here}`.
fn filled_in(text: &str, here: &str) -> Result<String, InterpolationError> {
    let place = Span::start_of(FileId(0));
    let option = IniOption { key: String::new(), key_span: place, raw: text.to_owned(), span: place };
    Ini::default().value("", &option, &[("here", here)])
}

fn ini_hooks(config: &Config) -> Vec<Hook> {
    let Some(section) = config.sections.get("post_write_hooks") else { return Vec::new() };
    let Some(hooks) = section.get("hooks") else { return Vec::new() };
    let names = hooks.value.as_deref().unwrap_or("").split([' ', ',']).filter(|name| !name.trim().is_empty());
    names
        .map(|name| {
            let prefix = format!("{}.", name.trim().to_lowercase());
            let options = section
                .iter()
                .filter_map(|(key, option)| Some((key.strip_prefix(&prefix)?.to_owned(), option.clone())))
                .collect();
            Hook { name: name.trim().to_owned(), span: config.place_of(hooks, name.trim()), options }
        })
        .collect()
}

fn toml_hooks(hooks: &Toml, here: &str) -> Vec<Hook> {
    let read = |hook: &Toml| {
        let name = hook.get("name")?;
        let options = hook.members().iter();
        Some(Hook {
            name: name.as_str()?.to_owned(),
            span: name.span,
            options: options.map(|(key, span, value)| (key.clone(), toml_option(*span, value, here))).collect(),
        })
    };
    hooks.items().iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ini(text: &str) -> (Sources, Config) {
        let sources = Sources::in_memory([("back/alembic.ini", text)]);
        let config = Config::of_ini(&sources, FileId(0));
        (sources, config)
    }

    fn read(items: Option<Known<Vec<(String, Span)>>>) -> Vec<(String, Span)> {
        items.and_then(|items| items.get().cloned()).expect("read")
    }

    fn texts(items: Option<Vec<(String, Span)>>) -> Vec<String> {
        items.unwrap_or_default().into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn lists_are_split_as_alembic_does() {
        let (sources, config) = ini("[alembic]\nversion_locations = a, b  %(here)s/c\nprepend_sys_path = .:x\n");
        let locations = read(config.version_locations());
        assert_eq!(locations[2].0, "/__project__/back/c");
        assert_eq!(sources.slice(locations[1].1), "b");
        assert_eq!(texts(config.prepend_sys_path()), [".", "x"]);
        let (_, config) = ini("[alembic]\npath_separator = newline\nversion_locations =\n  a b\n  c\n");
        assert_eq!(texts(Some(read(config.version_locations()))), ["a b", "c"]);
        let (_, config) =
            ini("[alembic]\nversion_path_separator = os\nversion_locations = a:b\nprepend_sys_path = a b\n");
        assert_eq!(texts(Some(read(config.version_locations()))), ["a", "b"]);
        assert_eq!(texts(config.prepend_sys_path()), ["a", "b"]);
    }

    #[test]
    fn default_options_are_lent_and_hooks_are_grouped() {
        let text = "[DEFAULT]\nscript_location = m\n[alembic]\n[post_write_hooks]\nhooks = black, r\nblack.type = x\nr.type=y\n";
        let (_, config) = ini(text);
        assert_eq!(config.option("script_location").and_then(|option| option.value.as_deref()), Some("m"));
        assert_eq!(config.hooks.len(), 2);
        assert_eq!(config.hooks[1].options["type"].raw, "y");
    }

    #[test]
    fn pyproject_options() {
        let text = "[tool.alembic]\nscript_location = \"%(here)s/m\"\nprepend_sys_path = [\".\"]\n\
                    recursive_version_locations = true\n[[tool.alembic.post_write_hooks]]\nname = \"ruff\"\ntype = \"exec\"\n";
        let sources = Sources::in_memory([("pyproject.toml", text)]);
        let config = Config::of_pyproject(&sources, FileId(0)).expect("the table");
        assert_eq!(
            config.alembic_option("script_location").and_then(|o| o.value.clone()).as_deref(),
            Some("/__project__/m")
        );
        assert!(config.option("script_location").is_none() && config.is_true("recursive_version_locations"));
        assert_eq!(texts(config.prepend_sys_path()), ["."]);
        assert_eq!(config.hooks[0].options["type"].raw, "exec");
    }
}
