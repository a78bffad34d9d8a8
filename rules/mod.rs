//! The rules: each a page (`<family>/<name>.md`) and a function (`<family>/<name>.rs`).
//!
//! A rule sees facts ([`Project`]) and reports through [`Findings`]. It opens no file, parses nothing, and knows no
//! report format. `pub const RULES` of each family lists its rules; adding one is two files and two lines there.

pub mod config;
pub mod database;
pub mod drift;
pub mod env;
pub mod everywhere;
pub mod models;
pub mod revisions;

use crate::catalog::drift::Drift;
use crate::database::live::Live;
use crate::diagnostic::{Findings, Level};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::EnvScript;
use crate::project::alembic::revision::RevisionScript;
use crate::project::sqlalchemy::{MappedClass, Table};

/// A rule: its name, its page, its function.
pub struct Rule {
    /// The public name, used in `ignore[…]`.
    pub name: &'static str,
    /// The page: facts, texts, examples.
    pub page: &'static str,
    /// The function, by the kind of thing it looks at.
    pub check: Check,
}

/// What a rule looks at. The loops over these live in `check`, not in the rules.
pub enum Check {
    /// The whole project, once.
    WholeProject(fn(&Project<'_>, &mut Findings)),
    /// Each Alembic environment.
    EachEnvironment(fn(&Environment, &Project<'_>, &mut Findings)),
    /// Each env.py.
    EachEnvScript(fn(&EnvScript, &Environment, &Project<'_>, &mut Findings)),
    /// Each mapped class, mixin or abstract base in use.
    EachMappedClass(fn(&MappedClass, &Project<'_>, &mut Findings)),
    /// Each table.
    EachTable(fn(&Table, &Project<'_>, &mut Findings)),
    /// Each revision file.
    EachRevision(fn(&RevisionScript, &Environment, &Project<'_>, &mut Findings)),
    /// Each database that an environment migrates: only `preflight` connects to one.
    Database(fn(&Live<'_>, &mut Findings)),
    /// The migrations against the models, for each environment.
    Drift(fn(&Drift, &mut Findings)),
    /// Found by `check` itself while it applies suppressions.
    InCheck,
}

/// The families, by their public names, in the order of `limbeck rules`.
pub const FAMILIES: &[(&str, &[Rule])] = &[
    ("config", config::RULES),
    ("env", env::RULES),
    ("models", models::RULES),
    ("revisions", revisions::RULES),
    ("database", database::RULES),
    ("drift", drift::RULES),
    ("everywhere", everywhere::RULES),
];

/// Every rule, with its family.
pub fn all() -> impl Iterator<Item = (&'static str, &'static Rule)> {
    FAMILIES.iter().flat_map(|(family, rules)| rules.iter().map(move |rule| (*family, rule)))
}

/// The rule called `name`, or once called so.
pub fn named(name: &str) -> Option<&'static Rule> {
    all().map(|(_, rule)| rule).find(|rule| rule.name == name || rule.front().aliases.contains(&name))
}

/// What decides whether a rule speaks, of the head of its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// The level that its findings have unless a version or missing evidence says otherwise.
    pub level: Level,
    /// Only when the user selects it.
    pub opt_in: bool,
}

/// In the order of [`all`]. The compiler reads the heads: pages are not touched until somebody wants to read one.
const ALL_DEFAULTS: [Defaults; COUNT] = {
    let mut defaults = [Defaults { level: Level::Error, opt_in: false }; COUNT];
    let (mut family, mut number) = (0, 0);
    while family < FAMILIES.len() {
        let rules = FAMILIES[family].1;
        let mut rule = 0;
        while rule < rules.len() {
            defaults[number] = defaults_of(rules[rule].page);
            (rule, number) = (rule + 1, number + 1);
        }
        family += 1;
    }
    defaults
};

const COUNT: usize = {
    let (mut family, mut count) = (0, 0);
    while family < FAMILIES.len() {
        (family, count) = (family + 1, count + FAMILIES[family].1.len());
    }
    count
};

const fn defaults_of(page: &str) -> Defaults {
    let level = if head_says(page, "level: warning") {
        Level::Warning
    } else if head_says(page, "level: note") {
        Level::Note
    } else if head_says(page, "level: off") {
        Level::Off
    } else {
        Level::Error
    };
    Defaults { level, opt_in: head_says(page, "opt-in: true") }
}

/// Does a line of the page's head start with `line`?
const fn head_says(page: &str, line: &str) -> bool {
    let (page, line) = (page.as_bytes(), line.as_bytes());
    let mut start = 0;
    let mut fences = 0;
    while start < page.len() && fences < 2 {
        let mut same = 0;
        while same < line.len() && start + same < page.len() && page[start + same] == line[same] {
            same += 1;
        }
        if same == line.len() {
            return true;
        }
        if page[start] == b'-' {
            fences += 1;
        }
        while start < page.len() && page[start] != b'\n' {
            start += 1;
        }
        start += 1;
    }
    false
}

/// What the head of a page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Front<'p> {
    /// The level that its findings have unless a version or missing evidence says otherwise.
    pub level: Level,
    /// Only when the user selects it.
    pub opt_in: bool,
    /// The version of limbeck that first had it.
    pub since: &'p str,
    /// `none`, `safe` or `unsafe`.
    pub fix: &'p str,
    /// Former names.
    pub aliases: Vec<&'p str>,
    /// The title: one line, what happens to the user.
    pub title: &'p str,
}

impl Rule {
    /// What decides whether it speaks, when the user has not said anything.
    pub fn defaults(&self) -> Defaults {
        all()
            .zip(ALL_DEFAULTS)
            .find(|((_, rule), _)| rule.name == self.name)
            .map_or(defaults_of(self.page), |(_, own)| own)
    }

    /// The facts in the head of the page.
    pub fn front(&self) -> Front<'static> {
        let mut front =
            Front { level: Level::Error, opt_in: false, since: "", fix: "none", aliases: Vec::new(), title: "" };
        let mut rest = self.page;
        if let Some((head, body)) = self.page.strip_prefix("---\n").and_then(|page| page.split_once("\n---\n")) {
            rest = body;
            for line in head.lines() {
                let line = line.split(" #").next().unwrap_or(line);
                let Some((key, value)) = line.split_once(':') else { continue };
                let value = value.trim();
                match key.trim() {
                    "level" => front.level = Level::from_word(value).unwrap_or(Level::Error),
                    "opt-in" => front.opt_in = value == "true",
                    "since" => front.since = value,
                    "fix" => front.fix = value,
                    "aliases" => {
                        front.aliases = value
                            .trim_matches(['[', ']'])
                            .split(',')
                            .map(str::trim)
                            .filter(|name| !name.is_empty())
                            .collect();
                    }
                    _ => {}
                }
            }
        }
        front.title = rest.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or("");
        front
    }
}
