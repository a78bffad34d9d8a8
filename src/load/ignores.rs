//! `.gitignore` files → does a path stay out?
//!
//! Most patterns meet nothing in a project, and their matchers are dear to make: more than walking it takes. So each
//! pattern waits until a path holds the letters that it must hold.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// `.gitignore` files from a directory up to the repository's root, the nearest first.
pub struct Ignores {
    here: Level,
    above: Option<Arc<Ignores>>,
}

enum Level {
    /// The user's own.
    Global(Gitignore),
    /// Those of the file in a directory.
    In(PathBuf, Vec<Pattern>),
}

impl Ignores {
    /// The ignore files that hold above the project root: of the user, of the repository, of the directories between.
    pub fn above(root: &Path) -> Option<Arc<Ignores>> {
        let (global, _) = Gitignore::global();
        let mut ignores = (!global.is_empty()).then(|| Arc::new(Ignores { here: Level::Global(global), above: None }));
        let Some(repository) = root.ancestors().find(|directory| directory.join(".git").exists()) else {
            return ignores;
        };
        ignores = Some(Ignores::read(repository, &repository.join(".git/info/exclude"), ignores));
        let mut between: Vec<&Path> =
            root.ancestors().skip(1).take_while(|directory| directory.starts_with(repository)).collect();
        between.reverse();
        for directory in between {
            let file = directory.join(".gitignore");
            if file.exists() {
                ignores = Some(Ignores::read(directory, &file, ignores));
            }
        }
        ignores
    }

    /// The patterns of `file`, which hold in `directory`.
    pub fn read(directory: &Path, file: &Path, above: Option<Arc<Ignores>>) -> Arc<Ignores> {
        const BYTE_ORDER_MARK: char = '\u{feff}';
        let lines = File::open(file).into_iter().flat_map(|file| BufReader::new(file).lines()).map_while(Result::ok);
        let patterns = lines.filter_map(|line| Pattern::of(line.trim_start_matches(BYTE_ORDER_MARK)));
        Arc::new(Ignores { here: Level::In(directory.to_owned(), patterns.collect()), above })
    }

    /// Do they hide the path?
    pub fn hide(&self, path: &Path, is_directory: bool) -> bool {
        let mut level = Some(self);
        while let Some(ignores) = level {
            match ignores.here.hides(path, is_directory) {
                Some(hides) => return hides,
                None => level = ignores.above.as_deref(),
            }
        }
        false
    }
}

impl Level {
    /// What the last pattern says that matches.
    fn hides(&self, path: &Path, is_directory: bool) -> Option<bool> {
        match self {
            Level::Global(global) => said(&global.matched(path, is_directory)),
            Level::In(directory, patterns) => {
                let below = path.strip_prefix(directory).ok().and_then(Path::to_str)?;
                let letters = Letters::of(below);
                let may_match = |pattern: &&Pattern| {
                    letters.hold(pattern.letters) && below.contains(&pattern.line[pattern.needle.clone()])
                };
                let mut last_first = patterns.iter().rev().filter(may_match);
                last_first.find_map(|pattern| said(&pattern.matcher(directory).matched(path, is_directory)))
            }
        }
    }
}

fn said<T>(found: &ignore::Match<T>) -> Option<bool> {
    match found {
        ignore::Match::Ignore(_) => Some(true),
        ignore::Match::Whitelist(_) => Some(false),
        ignore::Match::None => None,
    }
}

/// One line.
struct Pattern {
    line: String,
    /// The part of the line that is in every path that it matches; empty where that can't be told.
    needle: std::ops::Range<usize>,
    letters: Letters,
    matcher: OnceLock<Gitignore>,
}

impl Pattern {
    fn of(line: &str) -> Option<Pattern> {
        let code = line.trim_end();
        if code.is_empty() || code.starts_with('#') {
            return None;
        }
        let is_plain = !code.contains(['\\', '[', ']', '{', '}']);
        let parts = code.split(['*', '?', '/', '!']).filter(|_| is_plain);
        let needle = parts.max_by_key(|part| part.len()).unwrap_or_default();
        let start = code.find(needle).unwrap_or_default();
        let needle = start..start + needle.len();
        let letters = Letters::of(&code[needle.clone()]);
        Some(Pattern { line: line.to_owned(), needle, letters, matcher: OnceLock::new() })
    }

    fn matcher(&self, directory: &Path) -> &Gitignore {
        self.matcher.get_or_init(|| {
            let mut builder = GitignoreBuilder::new(directory);
            // A line that is no pattern hides nothing.
            let added = builder.add_line(None, &self.line).is_ok();
            added.then(|| builder.build().ok()).flatten().unwrap_or_else(Gitignore::empty)
        })
    }
}

/// Which bytes a text has, roughly: tells most texts apart that don't hold each other.
#[derive(Clone, Copy)]
struct Letters(u64);

impl Letters {
    fn of(text: &str) -> Letters {
        Letters(text.bytes().fold(0, |letters, byte| letters | 1 << (byte & 63)))
    }

    fn hold(self, other: Letters) -> bool {
        other.0 & !self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &[&str] = &[
        "# a comment",
        "",
        "build/",
        "*.log",
        "!keep.log",
        "/top",
        "docs/**/out",
        "a?c",
        "[Tt]humbs.db",
        "{x,y}.tmp",
        "\\#odd",
        "\\!odd",
        "trailing   ",
        "escaped\\ ",
        "**/cache",
        "logs/**",
        "*",
        "!*/",
        "no[pattern",
        "data/*.csv",
        "!data/keep.csv",
        "é*",
    ];

    const PATHS: &[&str] = &[
        "build",
        "a/build",
        "x.log",
        "a/keep.log",
        "top",
        "a/top",
        "docs/out",
        "docs/a/b/out",
        "abc",
        "ac",
        "thumbs.db",
        "Thumbs.db",
        "x.tmp",
        "{x,y}.tmp",
        "#odd",
        "!odd",
        "trailing",
        "trailing   ",
        "escaped ",
        "a/cache",
        "logs",
        "logs/a",
        "data/a.csv",
        "data/keep.csv",
        "data/a/b.csv",
        "no[pattern",
        "élan",
        "a comment",
        "other",
    ];

    #[test]
    fn patterns_one_by_one_say_what_all_say_together() {
        let root = Path::new("/project");
        // Every file of a few lines, so that no line hides what the others say.
        for from in 0..LINES.len() {
            for to in from..LINES.len() {
                let mut builder = GitignoreBuilder::new(root);
                LINES[from..=to].iter().for_each(|line| drop(builder.add_line(None, line)));
                let together = builder.build().expect("they can be matched");
                let patterns = LINES[from..=to].iter().filter_map(|line| Pattern::of(line)).collect();
                let alone = Level::In(root.to_owned(), patterns);
                for path in PATHS.iter().map(|path| root.join(path)) {
                    for is_directory in [false, true] {
                        let expected = said(&together.matched(&path, is_directory));
                        assert_eq!(alone.hides(&path, is_directory), expected, "{path:?} {:?}", &LINES[from..=to]);
                    }
                }
            }
        }
    }
}
