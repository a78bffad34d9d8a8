//! What the user asked for, as far as `check` needs it: which rules at which level, which files, which known problems.

use std::collections::BTreeSet;

use globset::{GlobMatcher, GlobSet};

use crate::diagnostic::Level;
use crate::project::settings::Settings;
use crate::rules;

/// A run's options. [`Options::default`] is `limbeck check` without a word of configuration.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What facts depend on.
    pub settings: Settings,
    /// `name-or-family = level`, in the order in which they apply: the later wins, a name over a family.
    pub levels: Vec<(String, Level)>,
    /// `--select`: only these names and families; empty: the default set.
    pub select: Vec<String>,
    /// `--extend-select`: these as well.
    pub extend_select: Vec<String>,
    /// `--ignore`: not these.
    pub ignore: Vec<String>,
    /// Rules that are off in files that a glob matches.
    pub per_file_ignores: Vec<(GlobMatcher, Vec<String>)>,
    /// What stands before a path when a glob looks at it: the way from the configuration to the project root.
    pub globs_from: String,
    /// Files that nothing is reported in.
    pub exclude: Option<GlobSet>,
    /// Files that were named on the command line: not excluded.
    pub named: BTreeSet<String>,
    /// `--scope files`: only diagnostics that touch one of these paths.
    pub only: Option<BTreeSet<String>>,
    /// Problems that are known already.
    pub baseline: crate::check::baseline::Baseline,
    /// What could not be analysed is an error.
    pub strict: bool,
    /// The process ends after this run: the memory is left to the system, which takes it back faster.
    pub is_last_run: bool,
}

impl Options {
    /// The level at which `rule` speaks when its page says `own`: what the user said, else the page's. `Off` when it
    /// isn't selected.
    pub fn level(&self, family: &str, rule: &rules::Rule) -> Level {
        let defaults = rule.defaults();
        let names = |list: &[String]| list.iter().any(|name| same(name, family, rule));
        let mut on = if self.select.is_empty() { !defaults.opt_in } else { names(&self.select) };
        on = on || names(&self.extend_select);
        let mut level = defaults.level;
        let mut by_name = false;
        for (name, said) in &self.levels {
            let exact = name != family || name == rule.name;
            if !same(name, family, rule) || (by_name && !exact) {
                continue;
            }
            by_name = by_name || exact;
            if *said == Level::Off {
                on = false;
            } else {
                level = *said;
                on = on || self.select.is_empty();
            }
        }
        if !on || names(&self.ignore) { Level::Off } else { level }
    }

    /// Did the user set this rule's level in so many words? Then a version gate or missing evidence doesn't lower it.
    pub fn is_level_said(&self, family: &str, rule: &rules::Rule) -> bool {
        self.levels.iter().any(|(name, _)| same(name, family, rule))
    }
}

/// Is `name` this rule, one of its former names, its family, or `all`?
fn same(name: &str, family: &str, rule: &rules::Rule) -> bool {
    name == rule.name || name == family || name == "all" || rule.front().aliases.contains(&name)
}
