//! One TOML table → [`Layer`]: what one file says, every key and rule name checked.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::check::suppression::nearest;
use crate::config::Problem;
use crate::diagnostic::Level;
use crate::rules;

/// What one configuration says. What it does not say is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// `[rules]`, in order.
    pub levels: Vec<(String, Level)>,
    /// `exclude`
    pub exclude: Option<Vec<String>>,
    /// `environments`
    pub environments: Option<Vec<String>>,
    /// `dialect`
    pub dialect: Option<String>,
    /// `sqlalchemy`
    pub sqlalchemy: Option<String>,
    /// `alembic`
    pub alembic: Option<String>,
    /// `reserved-names`
    pub reserved_names: Option<Vec<String>>,
    /// `expected-heads`
    pub expected_heads: Option<usize>,
    /// `autogenerate`
    pub autogenerate: Option<bool>,
    /// `[per-file-ignores]`
    pub per_file_ignores: Option<Vec<(String, Vec<String>)>>,
    /// `baseline`
    pub baseline: Option<String>,
    /// `extend`
    pub extend: Option<String>,
}

/// A key of the configuration: its name, its shape, what it does.
pub struct Key {
    /// The name.
    pub name: &'static str,
    /// The shape.
    pub shape: Shape,
    /// One sentence.
    pub about: &'static str,
}

/// The shapes of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A string.
    Text,
    /// Strings.
    Texts,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Truth,
    /// Rule or family → level.
    Levels,
    /// Glob → rules.
    PerFile,
}

/// Every key.
pub const KEYS: &[Key] = &[
    Key { name: "alembic", shape: Shape::Text, about: "Alembic version to assume, whatever the project pins" },
    Key {
        name: "autogenerate",
        shape: Shape::Truth,
        about: "false: revisions are written by hand on purpose, so what only autogenerate needs is not checked",
    },
    Key { name: "baseline", shape: Shape::Text, about: "file of known problems" },
    Key { name: "dialect", shape: Shape::Text, about: "SQL dialect to assume where no URL can be read" },
    Key {
        name: "environments",
        shape: Shape::Texts,
        about: "check only the Alembic environments with these names or configuration files",
    },
    Key { name: "exclude", shape: Shape::Texts, about: "globs of files in which nothing is reported" },
    Key { name: "expected-heads", shape: Shape::Number, about: "how many heads the revision graph is meant to have" },
    Key { name: "extend", shape: Shape::Text, about: "another configuration file, over which this one is laid" },
    Key { name: "per-file-ignores", shape: Shape::PerFile, about: "rules that are off in files that a glob matches" },
    Key { name: "reserved-names", shape: Shape::Texts, about: "further names that attributes of models must not have" },
    Key { name: "rules", shape: Shape::Levels, about: "rule or family = off, note, warning or error" },
    Key { name: "sqlalchemy", shape: Shape::Text, about: "SQLAlchemy version to assume, whatever the project pins" },
];

/// The file being read, for problems.
struct Reading<'a> {
    file: &'a str,
    text: &'a str,
}

impl Layer {
    /// Reads `table` (a path of keys; empty: the whole document) of `text`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(file: &str, text: &str, table: &[&str]) -> Result<Layer, Box<Problem>> {
        let reading = Reading { file, text };
        let document = DeTable::parse(text).map_err(|error| {
            let message = error.message().lines().next().unwrap_or("no TOML").to_owned();
            reading.problem(error.span().unwrap_or(0..0), message, None)
        })?;
        match descend(document.get_ref(), table) {
            Some(table) => reading.layer(table),
            None => Ok(Layer::default()),
        }
    }

    /// Does the document have such a table?
    pub fn has_table(text: &str, table: &[&str]) -> bool {
        DeTable::parse(text).is_ok_and(|document| descend(document.get_ref(), table).is_some())
    }

    /// `-c KEY=VALUE`. The value is TOML; what is no TOML is a string.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn of_pair(pair: &str) -> Result<Layer, Box<Problem>> {
        let (key, value) = pair.split_once('=').unwrap_or((pair, "true"));
        let wants_text = KEYS.iter().any(|known| known.name == key.trim() && known.shape == Shape::Text);
        let is_quoted = value.trim_start().starts_with(['"', '\'']);
        let is_toml = (is_quoted || !wants_text) && DeTable::parse(pair).is_ok();
        if is_toml {
            return Layer::read("-c", pair, &[]);
        }
        let quoted = format!("{} = {}", key.trim(), toml::Value::String(value.trim().to_owned()));
        Layer::read("-c", &quoted, &[])
    }

    /// What is said, as a limbeck.toml.
    pub fn to_toml(&self) -> String {
        let mut table = toml::Table::new();
        let text = |text: &Option<String>| text.clone().map(toml::Value::String);
        let texts = |texts: &Option<Vec<String>>| texts.clone().map(toml::Value::from);
        let mut put = |name: &str, value: Option<toml::Value>| {
            if let Some(value) = value {
                table.insert(name.to_owned(), value);
            }
        };
        put("alembic", text(&self.alembic));
        put("autogenerate", self.autogenerate.map(toml::Value::Boolean));
        put("baseline", text(&self.baseline));
        put("dialect", text(&self.dialect));
        put("environments", texts(&self.environments));
        put("exclude", texts(&self.exclude));
        put("expected-heads", self.expected_heads.map(|heads| toml::Value::Integer(heads as i64)));
        put("reserved-names", texts(&self.reserved_names));
        put("sqlalchemy", text(&self.sqlalchemy));
        put(
            "per-file-ignores",
            self.per_file_ignores.as_ref().map(|globs| {
                globs
                    .iter()
                    .map(|(glob, rules)| (glob.clone(), toml::Value::from(rules.clone())))
                    .collect::<toml::Table>()
                    .into()
            }),
        );
        let levels: toml::Table = self.levels.iter().map(|(name, level)| (name.clone(), level.word().into())).collect();
        put("rules", (!levels.is_empty()).then(|| levels.into()));
        toml::to_string(&table).unwrap_or_default()
    }

    /// This layer laid over `below`: what it says wins.
    pub fn over(self, below: Layer) -> Layer {
        let mut levels = below.levels;
        levels.extend(self.levels);
        Layer {
            levels,
            exclude: self.exclude.or(below.exclude),
            environments: self.environments.or(below.environments),
            dialect: self.dialect.or(below.dialect),
            sqlalchemy: self.sqlalchemy.or(below.sqlalchemy),
            alembic: self.alembic.or(below.alembic),
            reserved_names: self.reserved_names.or(below.reserved_names),
            expected_heads: self.expected_heads.or(below.expected_heads),
            autogenerate: self.autogenerate.or(below.autogenerate),
            per_file_ignores: self.per_file_ignores.or(below.per_file_ignores),
            baseline: self.baseline.or(below.baseline),
            extend: self.extend.or(below.extend),
        }
    }
}

fn descend<'d, 'i>(table: &'d DeTable<'i>, path: &[&str]) -> Option<&'d DeTable<'i>> {
    match path {
        [] => Some(table),
        [first, rest @ ..] => descend(table.get(*first)?.get_ref().as_table()?, rest),
    }
}

impl Reading<'_> {
    fn problem(&self, at: Range<usize>, message: impl Into<String>, help: Option<String>) -> Box<Problem> {
        Box::new(Problem {
            file: self.file.to_owned(),
            text: self.text.to_owned(),
            at: Some(at),
            message: message.into(),
            help,
        })
    }

    fn layer(&self, table: &DeTable<'_>) -> Result<Layer, Box<Problem>> {
        let mut layer = Layer::default();
        for (key, value) in table {
            let name: &str = key.get_ref();
            match name {
                "alembic" => layer.alembic = Some(self.text(name, value)?),
                "autogenerate" => match value.get_ref().as_bool() {
                    Some(truth) => layer.autogenerate = Some(truth),
                    None => return Err(self.wrong(name, "true or false", value)),
                },
                "baseline" => layer.baseline = Some(self.text(name, value)?),
                "dialect" => layer.dialect = Some(self.text(name, value)?),
                "environments" => layer.environments = Some(self.texts(name, value)?),
                "exclude" => layer.exclude = Some(self.texts(name, value)?),
                "expected-heads" => {
                    let number = value.get_ref().as_integer().and_then(|number| number.as_str().parse().ok());
                    match number {
                        Some(number) => layer.expected_heads = Some(number),
                        None => return Err(self.wrong(name, "a whole number", value)),
                    }
                }
                "extend" => layer.extend = Some(self.text(name, value)?),
                "per-file-ignores" => {
                    let mut all = Vec::new();
                    for (glob, names) in self.table(name, value)? {
                        let rules = self.texts(glob.get_ref(), names)?;
                        for rule in &rules {
                            self.known_rule(rule, names.span())?;
                        }
                        all.push((glob.get_ref().to_string(), rules));
                    }
                    layer.per_file_ignores = Some(all);
                }
                "reserved-names" => layer.reserved_names = Some(self.texts(name, value)?),
                "rules" => {
                    let mut all: Vec<_> = self.table(name, value)?.iter().collect();
                    all.sort_by_key(|(key, _)| key.span().start);
                    for (rule, level) in all {
                        self.known_rule(rule.get_ref(), rule.span())?;
                        let word = level.get_ref().as_str().and_then(Level::from_word);
                        let Some(word) = word else {
                            return Err(self.wrong(
                                rule.get_ref(),
                                "\"off\", \"note\", \"warning\" or \"error\"",
                                level,
                            ));
                        };
                        layer.levels.push((rule.get_ref().to_string(), word));
                    }
                }
                "sqlalchemy" => layer.sqlalchemy = Some(self.text(name, value)?),
                _ => {
                    let help = nearest(name, KEYS.iter().map(|key| key.name))
                        .map(|near| format!("did you mean `{near}`?"))
                        .or_else(|| Some("`limbeck config schema` lists every key".to_owned()));
                    return Err(self.problem(key.span(), format!("unknown key `{name}`"), help));
                }
            }
        }
        Ok(layer)
    }

    fn known_rule(&self, name: &str, at: Range<usize>) -> Result<(), Box<Problem>> {
        match unknown_rule(name) {
            None => Ok(()),
            Some(help) => Err(self.problem(at, format!("there is no rule or family `{name}`"), Some(help))),
        }
    }

    fn wrong(&self, name: &str, wanted: &str, value: &Spanned<DeValue<'_>>) -> Box<Problem> {
        let kind = value.get_ref().type_str();
        self.problem(value.span(), format!("`{name}` must be {wanted}, not this {kind}"), None)
    }

    fn text(&self, name: &str, value: &Spanned<DeValue<'_>>) -> Result<String, Box<Problem>> {
        value.get_ref().as_str().map(str::to_owned).ok_or_else(|| self.wrong(name, "a string", value))
    }

    fn texts(&self, name: &str, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, Box<Problem>> {
        let items = value.get_ref().as_array().ok_or_else(|| self.wrong(name, "a list of strings", value))?;
        items.iter().map(|item| self.text(name, item)).collect()
    }

    fn table<'d, 'i>(&self, name: &str, value: &'d Spanned<DeValue<'i>>) -> Result<&'d DeTable<'i>, Box<Problem>> {
        value.get_ref().as_table().ok_or_else(|| self.wrong(name, "a table", value))
    }
}

/// For a name that is neither a rule nor a family: what to do instead.
pub fn unknown_rule(name: &str) -> Option<String> {
    let families = || rules::FAMILIES.iter().map(|(family, _)| *family);
    if name == "all" || rules::named(name).is_some() || families().any(|family| family == name) {
        return None;
    }
    let near = nearest(name, rules::all().map(|(_, rule)| rule.name).chain(families()));
    Some(near.map_or_else(|| "`limbeck rules` lists every rule".to_owned(), |near| format!("did you mean `{near}`?")))
}
