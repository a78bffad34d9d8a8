//! Something about each file that somebody asks about: most files of a project are never looked at.

use std::sync::OnceLock;

use crate::source::FileId;

/// So many neighbours get their room together.
const PAGE: usize = 16;

type Page<T> = OnceLock<Box<[OnceLock<T>; PAGE]>>;

/// A value for each file, which is made once. It takes room where files are asked about.
pub struct PerFile<T> {
    pages: Box<[Page<T>]>,
}

impl<T> PerFile<T> {
    /// None yet, for any of so many files.
    pub fn of(files: usize) -> PerFile<T> {
        PerFile { pages: (0..files.div_ceil(PAGE)).map(|_| OnceLock::new()).collect() }
    }

    /// That of `file`, if it was made.
    pub fn get(&self, file: FileId) -> Option<&T> {
        let (page, place) = place(file);
        self.pages[page].get()?[place].get()
    }

    /// That of `file`, made now if it was not.
    pub fn get_or_init(&self, file: FileId, make: impl FnOnce() -> T) -> &T {
        let (page, place) = place(file);
        self.pages[page].get_or_init(|| Box::new([const { OnceLock::new() }; PAGE]))[place].get_or_init(make)
    }
}

fn place(file: FileId) -> (usize, usize) {
    (file.0 as usize / PAGE, file.0 as usize % PAGE)
}
