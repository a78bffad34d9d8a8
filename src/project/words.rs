//! Python files → which of a few telling words each holds: what tells the files that matter from the many that don't.
//!
//! One pass over the bytes of each file, in parallel. A word proves nothing: whoever asks for one reads the tree then.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use rayon::prelude::*;

use crate::source::{FileId, Sources};

/// What is looked for. None of them may hold another.
const WORDS: &[&[&str]] = &[OF_TABLES, OF_BASES, OF_REVISIONS, OF_APPLICATIONS];

/// What declares tables.
const OF_TABLES: &[&str] = &[
    "__tablename__",
    "mapped_column",
    "Mapped[",
    "table=True",
    "table = True",
    "__table__",
    "Column(",
    "primary_key",
    "Table(",
    ".Model)",
];

/// What bases, mixins, MetaData and column types are made with, or come with.
pub const OF_BASES: &[&str] = &[
    "declarative_base",
    "DeclarativeBase",
    "MetaData",
    "SQLAlchemy(",
    "registry(",
    "declared_attr",
    "__abstract__",
    "Mixin",
    "mixin",
    "import Base",
    "class Base",
    "SQLModel",
    "import db",
    "TypeDecorator",
    "UserDefinedType",
    "Annotated[",
];

/// Revisions, and comments to limbeck.
const OF_REVISIONS: &[&str] = &["down_revision", "limbeck:"];

/// What starts migrations, makes tables or sets Flask's extensions up.
const OF_APPLICATIONS: &[&str] =
    &[".create_all", "alembic", "command", ".upgrade(", ".stamp(", ".revision(", "version_locations", "init_app"];

fn words() -> impl Iterator<Item = &'static str> {
    WORDS.iter().copied().flatten().copied()
}

/// Which words one file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    words: u64,
    /// How long the file is, in bytes.
    pub length: usize,
}

impl Held {
    /// Does it hold the word?
    pub fn has(self, word: &str) -> bool {
        words().position(|known| known == word).is_some_and(|number| self.words & (1 << number) != 0)
    }

    /// May it hold the word? What is not looked for it may.
    pub fn may_have(self, word: &str) -> bool {
        self.has(word) || !words().any(|known| known == word)
    }

    /// Does it hold any of these?
    pub fn any(self, words: &[&str]) -> bool {
        words.iter().any(|word| self.has(word))
    }
}

/// The words of the Python files that were looked into.
#[derive(Clone, Debug, Default)]
pub struct Words(Vec<(FileId, Held)>);

impl Words {
    /// Looks into these files; the text is kept where `wanted` says so. A file that can't be read holds nothing.
    pub fn read(
        sources: &Sources,
        files: impl IntoIterator<Item = FileId>,
        wanted: impl Fn(FileId, Held) -> bool + Sync,
    ) -> Words {
        let Some(searcher) = searcher() else { return Words::default() };
        let files: Vec<FileId> = files.into_iter().collect();
        let held = files.into_par_iter().with_min_len(16).map(|file| {
            let mut held = Held::default();
            sources.keep_if(file, |bytes| {
                held.length = bytes.len();
                for found in searcher.find_iter(bytes) {
                    held.words |= 1 << found.pattern().as_u32();
                }
                wanted(file, held)
            });
            (file, held)
        });
        Words(held.collect())
    }

    /// Those of one file; none when it was not looked into.
    pub fn of(&self, file: FileId) -> Held {
        self.0.binary_search_by_key(&file, |(file, _)| *file).map(|found| self.0[found].1).unwrap_or_default()
    }
}

/// One state a byte: several times the speed of a search for each word.
fn searcher() -> Option<AhoCorasick> {
    let kind = Some(AhoCorasickKind::DFA);
    AhoCorasick::builder().kind(kind).match_kind(MatchKind::LeftmostFirst).build(words()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_hides_another() {
        for word in words() {
            assert!(words().all(|other| other == word || !other.contains(word)), "{word}");
        }
        assert!(words().count() <= 64);
    }

    #[test]
    fn every_word_of_a_file_is_found() {
        let sources =
            Sources::in_memory([("a.py", "class A(Mixin, Base):\n    id = mapped_column()\n"), ("b.txt", "mixin")]);
        let words = Words::read(&sources, [FileId(0)], |_, held| held.has("Mixin"));
        let held = words.of(FileId(0));
        assert!(held.has("Mixin") && held.any(&["MetaData", "mapped_column"]) && !held.has("mixin"));
        assert!(sources.peek(FileId(0)).is_some() && sources.peek(FileId(1)).is_none());
        assert_eq!(words.of(FileId(1)), Held::default());
    }
}
