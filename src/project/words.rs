//! Python files → which of a few telling words each holds: what tells the files that matter from the many that don't.
//!
//! One pass over the bytes of each file, in parallel. A word proves nothing: whoever asks for one reads the tree then.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use rayon::prelude::*;

use crate::source::{COMMENT, FileId, Sources};

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
const OF_REVISIONS: &[&str] = &["down_revision", COMMENT];

/// What starts migrations, makes tables or sets Flask's extensions up.
const OF_APPLICATIONS: &[&str] =
    &[".create_all", "alembic", "command", ".upgrade(", ".stamp(", ".revision(", "version_locations", "init_app"];

fn words() -> impl Iterator<Item = &'static str> {
    WORDS.iter().copied().flatten().copied()
}

/// Gets ready to look, on another thread that is idle now.
pub fn get_ready() {
    rayon::spawn(|| {
        LazyLock::force(&SEARCHER);
    });
}

/// Is the word looked for?
pub fn is_looked_for(word: &str) -> bool {
    words().any(|known| known == word)
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
        // Most files hold none.
        self.words != 0 && words().enumerate().any(|(number, known)| self.words & (1 << number) != 0 && known == word)
    }

    /// Does it hold any of these?
    pub fn any(self, words: &[&str]) -> bool {
        words.iter().any(|word| self.has(word))
    }
}

/// The words of the Python files that were looked into: for each file one number, see [`Words::look`].
#[derive(Debug, Default)]
pub struct Words(Vec<AtomicU64>);

/// In the number of a file: it was looked into.
const LOOKED_INTO: u64 = 1 << 63;
/// Where the file's length begins; below it a bit for each word.
const LENGTH: u32 = 39;

impl Words {
    /// No file was looked into yet.
    pub fn of_none(sources: &Sources) -> Words {
        Words(sources.ids().map(|_| AtomicU64::new(0)).collect())
    }

    /// All these files were looked into.
    pub fn of_all(sources: &Sources, files: impl IntoIterator<Item = FileId>) -> Words {
        let words = Words::of_none(sources);
        words.read(sources, files);
        words
    }

    /// Looks into those of these files that were not looked into before. A file that can't be read holds nothing.
    pub fn read(&self, sources: &Sources, files: impl IntoIterator<Item = FileId>) {
        let files: Vec<FileId> = files.into_iter().filter(|file| self.number(*file) == 0).collect();
        files.into_par_iter().with_min_len(16).for_each_init(Vec::new, |buffer, file| {
            if sources.holds(file, buffer, |bytes| self.look(file, bytes).has(COMMENT)) {
                // It is looked at again for its comments.
                sources.text(file);
            }
        });
    }

    /// Looks into the bytes of a file.
    pub fn look(&self, file: FileId, bytes: &[u8]) -> Held {
        let words = SEARCHER.iter().flat_map(|searcher| searcher.find_iter(bytes));
        let words = words.fold(0, |words, found| words | 1 << found.pattern().as_u32());
        let length = (bytes.len() as u64).min((LOOKED_INTO - 1) >> LENGTH);
        self.0[file.0 as usize].store(LOOKED_INTO | length << LENGTH | words, Ordering::Relaxed);
        self.held_by(file)
    }

    /// Those of one file; none when it was not looked into.
    pub fn held_by(&self, file: FileId) -> Held {
        let number = self.number(file);
        let words = number & ((1 << LENGTH) - 1);
        Held { words, length: ((number & !LOOKED_INTO) >> LENGTH) as usize }
    }

    fn number(&self, file: FileId) -> u64 {
        self.0.get(file.0 as usize).map_or(0, |number| number.load(Ordering::Relaxed))
    }
}

/// Several times the speed of a search for each word. What finds them are the processor's vectors; an automaton that is
/// quicker by itself takes longer to make than it saves.
static SEARCHER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let kind = Some(AhoCorasickKind::ContiguousNFA);
    AhoCorasick::builder().kind(kind).match_kind(MatchKind::LeftmostFirst).build(words()).ok()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_hides_another() {
        for word in words() {
            assert!(words().all(|other| other == word || !other.contains(word)), "{word}");
        }
        assert!(words().count() <= LENGTH as usize);
    }

    #[test]
    fn every_word_of_a_file_is_found() {
        let sources =
            Sources::in_memory([("a.py", "class A(Mixin, Base):\n    id = mapped_column()\n"), ("b.txt", "mixin")]);
        let words = Words::of_all(&sources, [FileId(0)]);
        let held = words.held_by(FileId(0));
        assert!(held.has("Mixin") && held.any(&["MetaData", "mapped_column"]) && !held.has("mixin"));
        assert_eq!(words.held_by(FileId(1)), Held::default());
    }
}
