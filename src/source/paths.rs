//! Paths of files and directories ↔ small numbers, and what each directory holds.
//!
//! A tree may have tens of thousands of files, and all of them are known to the end: so they take as little room as
//! they can, and their paths are one text.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::split;

/// The files have the numbers from 0 on, in the order of their paths, and after them the directories, in the order of
/// theirs. The first of these is the project root, whose path is empty.
pub struct Paths {
    /// All paths, one after the other.
    text: String,
    /// Where each path ends.
    ends: Vec<u32>,
    numbers: HashTable<u32>,
    /// The first directory.
    root: u32,
    /// What the directories hold, one after the other.
    held: Vec<u32>,
    /// Where that ends for each directory.
    held_ends: Vec<u32>,
}

impl Paths {
    /// The paths of files, and of directories besides those that they lie in.
    pub fn new(mut files: Vec<String>, listed: &[String]) -> Paths {
        files.sort();
        files.dedup();
        let mut seen = FxHashSet::from_iter([""]);
        for mut folder in files.iter().map(|path| split(path).0).chain(listed.iter().map(String::as_str)) {
            while seen.insert(folder) {
                folder = split(folder).0;
            }
        }
        let mut directories: Vec<&str> = seen.into_iter().collect();
        directories.sort_unstable();
        let all: Vec<&str> = files.iter().map(String::as_str).chain(directories).collect();
        let mut numbers = HashTable::with_capacity(all.len());
        for number in 0..all.len() as u32 {
            numbers.insert_unique(hash(all[number as usize]), number, |number| hash(all[*number as usize]));
        }
        let ends = all.iter().scan(0, |end, path| {
            *end += path.len() as u32;
            Some(*end)
        });
        let (ends, root) = (ends.collect(), files.len() as u32);
        let mut paths = Paths { text: all.concat(), ends, numbers, root, held: Vec::new(), held_ends: Vec::new() };
        let inside = (0..all.len() as u32).filter(|number| *number != root);
        let mut held: Vec<(u32, u32)> =
            inside.filter_map(|number| Some((paths.number(split(paths.path(number)).0)?, number))).collect();
        held.sort_unstable();
        for folder in held.chunk_by_mut(|(one, _), (next, _)| one == next) {
            // Files and directories are in order already, each by themselves. Their paths begin alike.
            folder.sort_by_key(|(within, number)| &paths.path(*number)[paths.path(*within).len()..]);
        }
        let ends = (root..all.len() as u32).map(|folder| held.partition_point(|(within, _)| *within <= folder) as u32);
        paths.held_ends = ends.collect();
        paths.held = held.iter().map(|(_, number)| *number).collect();
        paths
    }

    /// How many files there are.
    pub fn files(&self) -> u32 {
        self.root
    }

    /// The directories.
    pub fn directories(&self) -> impl Iterator<Item = &str> {
        (self.root..self.ends.len() as u32).map(|number| self.path(number))
    }

    /// The path that has this number.
    pub fn path(&self, number: u32) -> &str {
        &self.text[piece(&self.ends, number as usize)]
    }

    /// The number of a path.
    pub fn number(&self, path: &str) -> Option<u32> {
        self.numbers.find(hash(path), |number| self.path(*number) == path).copied()
    }

    /// What the directory with this number holds, in the order of the names. A file holds nothing.
    pub fn held(&self, number: u32) -> &[u32] {
        number.checked_sub(self.root).map_or(&[], |folder| &self.held[piece(&self.held_ends, folder as usize)])
    }
}

fn hash(path: &str) -> u64 {
    FxBuildHasher.hash_one(path)
}

/// The range of one of many pieces that lie one after the other.
fn piece(ends: &[u32], number: usize) -> std::ops::Range<usize> {
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    start as usize..ends[number] as usize
}
