//! What the configuration, env.py and the application's code say → the directories of an environment's revisions.

use std::collections::BTreeSet;

use crate::project::Known;
use crate::project::alembic::config::Config;
use crate::project::alembic::discovery::{Leads, leads};
use crate::project::alembic::env_script::SetLocations;
use crate::source::{Sources, Span, join};

/// The directories of an environment's revisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locations {
    /// Those that exist, relative to the project root.
    pub directories: Vec<String>,
    /// They are not certainly read in one run: env.py chooses among them.
    pub are_alternatives: bool,
    /// Places that name others, and why those can't be read: without them, absence proves nothing.
    pub unread: Vec<(Span, String)>,
}

impl Locations {
    /// What the configuration of the script directory `home` says.
    pub fn of_config(sources: &Sources, config: &Config, home: &str) -> Locations {
        match config.version_locations() {
            Some(Known::Is(texts, _)) => Locations::of(sources, config, texts),
            Some(Known::Unknown(span, why)) => Locations::default().and_unread(span, why),
            None => Locations::usual(sources, home),
        }
    }

    /// What `upgrade` and `revision` see once env.py has set `context.script.version_locations`.
    pub fn set_by_env(self, sources: &Sources, config: &Config, home: &str, set: &SetLocations) -> Locations {
        let mut locations = match set.texts.as_slice() {
            [] => Locations::usual(sources, home),
            texts => Locations::of(sources, config, texts.iter().map(|text| (text.clone(), set.span))),
        };
        if let Some(why) = &set.doubt {
            let others = self.directories.into_iter().filter(|directory| !locations.directories.contains(directory));
            locations.directories.extend(others.collect::<Vec<_>>());
            locations.are_alternatives = true;
            locations = locations.and_unread(set.span, format!("`version_locations`: {why}"));
        }
        locations
    }

    /// The same, and others that can't be read.
    pub fn and_unread(mut self, span: Span, why: impl Into<String>) -> Locations {
        self.unread.push((span, why.into()));
        self
    }

    /// One directory.
    pub fn at(directory: impl Into<String>) -> Locations {
        Locations { directories: vec![directory.into()], ..Locations::default() }
    }

    /// Without a word about it, they are in `versions`.
    fn usual(sources: &Sources, home: &str) -> Locations {
        let versions = join(home, "versions").filter(|versions| sources.is_directory(versions));
        versions.map(Locations::at).unwrap_or_default()
    }

    fn of(sources: &Sources, config: &Config, texts: impl IntoIterator<Item = (String, Span)>) -> Locations {
        let mut locations = Locations::default();
        let mut seen = BTreeSet::new();
        for (text, span) in texts {
            match leads(sources, config, &text) {
                Leads::To { directory, .. } if seen.insert(directory.clone()) => locations.directories.push(directory),
                // Alembic passes over directories that are not there.
                Leads::To { .. } | Leads::Nowhere => {}
                Leads::Outside => {
                    locations = locations.and_unread(span, format!("`{text}` leads out of the project"));
                }
            }
        }
        locations
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    #[test]
    fn what_leads_out_of_the_project_is_not_passed_over() {
        let text = "[alembic]\nscript_location = m\nversion_locations = m/here plugin:revisions m/gone\n";
        let sources = Sources::in_memory([("alembic.ini", text), ("m/env.py", ""), ("m/here/a.py", "")]);
        let config = Config::of_ini(&sources, FileId(0));
        let locations = Locations::of_config(&sources, &config, "m");
        assert_eq!(locations.directories, ["m/here"]);
        let unread: Vec<&str> = locations.unread.iter().map(|(span, _)| sources.slice(*span)).collect();
        assert_eq!(unread, ["plugin:revisions"]);
        let wrong = "[alembic]\npath_separator = bar\nversion_locations = m/here|m/gone\n";
        let sources = Sources::in_memory([("alembic.ini", wrong), ("m/versions/a.py", "")]);
        let locations = Locations::of_config(&sources, &Config::of_ini(&sources, FileId(0)), "m");
        assert_eq!((locations.directories.len(), locations.unread.len()), (0, 1));
    }
}
