//! What needs no interpreter: done on the other cores while env.py is run on paper.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::time::Duration;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::project::alembic::discovery::Found;
use crate::project::alembic::revision::{self, RevisionMap};
use crate::project::application::{self, Application};
use crate::project::linters::{self, Linter};
use crate::project::sweep;
use crate::project::together::{Group, nearest};
use crate::project::words::Words;
use crate::python::ahead::Ahead;
use crate::source::{FileId, Sources};
use crate::syntax::python::{Trees, Watcher};

/// What it starts from.
pub struct Beside<'a, 's> {
    /// The files.
    pub sources: &'s Sources,
    /// Trees that nobody runs, unless all that is run is kept.
    pub trees: &'s Trees<'s>,
    /// What runs on paper is kept, for more questions: with the trees that stay.
    pub keeps_runs: bool,
    /// The environments.
    pub found: &'a [Found],
    /// Which of them are run together.
    pub groups: &'a [Group<'a>],
    /// `sys.path` of each.
    pub paths: &'a [Vec<String>],
    /// Their revision files.
    pub scripts: &'a FxHashSet<FileId>,
    /// The telling words of every Python file, as far as they were looked for.
    pub words: &'a Arc<Words>,
    /// Looks for them in each text that is parsed.
    pub watcher: &'a Watcher<'a>,
    /// Files that the user excluded.
    pub excluded: &'a BTreeSet<String>,
    /// The files that may declare tables, once all words were looked for.
    pub candidates: OnceLock<Vec<FileId>>,
    /// The revisions of each environment, once they were read.
    pub revisions: Mutex<Vec<RevisionMap>>,
}

/// The trees of a group.
pub enum TreesOf<'a> {
    /// They stay.
    All(&'a Trees<'a>),
    /// They are let go with the group.
    Group(Arc<Trees<'a>>),
}

impl<'a> Deref for TreesOf<'a> {
    type Target = Trees<'a>;

    fn deref(&self) -> &Trees<'a> {
        match self {
            TreesOf::All(trees) => trees,
            TreesOf::Group(trees) => trees,
        }
    }
}

/// What was read beside the environments.
#[derive(Default)]
pub struct Done {
    /// What the application does beside migrations.
    pub application: Application,
    /// The linters that look for unused imports.
    pub linters: Vec<Linter>,
}

impl<'a, 's: 'a> Beside<'a, 's> {
    /// Reads what belongs to no environment or to the first of them: first what the interpreter asks for, then, as
    /// soon as it is known, the scan that it waits for.
    pub fn work(&self, scanned: mpsc::Sender<()>) -> Done {
        self.imported_by(&self.groups[0]);
        sweep::scan(self.sources, self.scripts, self.words);
        let mut candidates = sweep::candidates(self.sources, self.words);
        candidates.retain(|file| !self.excluded.contains(self.sources.path(*file)));
        let _ = self.candidates.set(candidates);
        // Nobody waits any more where the runs broke.
        let _ = scanned.send(());
        self.not_imported(&self.groups[0]);
        self.revisions_of(&self.groups[0]);
        Done { application: application::read(self.trees, self.words), linters: linters::read(self.sources) }
    }

    /// Reads what belongs to the environments of another group.
    pub fn go_on(&self, group: &Group<'a>) {
        self.imported_by(group);
        self.not_imported(group);
        self.revisions_of(group);
    }

    /// The trees of a group; `None`: it was read to its end.
    pub fn trees_of(&self, group: &Group<'a>) -> Option<TreesOf<'a>> {
        if self.keeps_runs {
            return Some(TreesOf::All(self.trees));
        }
        group.trees(|| Trees::watched(self.sources, self.watcher)).map(TreesOf::Group)
    }

    fn imported_by(&self, group: &Group<'a>) {
        let Some(trees) = self.trees_of(group) else { return };
        for number in &group.members {
            Ahead::new(&trees, &self.paths[*number], &|_| false).follow(self.found[*number].env_file);
        }
    }

    fn not_imported(&self, group: &Group<'a>) {
        let (Some(trees), Some(candidates)) = (self.trees_of(group), self.candidates.get()) else { return };
        let skips = |file| sweep::is_beside_the_point(self.sources, self.words, file);
        let is_ours = |number: &usize| group.members.contains(number) || group.members.is_empty();
        let candidates =
            candidates.iter().copied().filter(|file| is_ours(&nearest(self.found, self.sources.path(*file))));
        let candidates: Vec<FileId> = candidates.collect();
        let declares = |file: &FileId| sweep::declares(trees.outline(*file).module);
        let candidates: Vec<FileId> = candidates.into_par_iter().filter(declares).collect();
        let path = group.members.first().map_or(&[][..], |first| &self.paths[*first]);
        Ahead::new(&trees, path, &skips).follow(candidates);
    }

    fn revisions_of(&self, group: &Group<'_>) {
        let read = |number: &usize| {
            let found = &self.found[*number];
            let is_recursive = found.config.is_true("recursive_version_locations");
            (*number, revision::read::read(self.trees, found.version_locations.clone(), is_recursive))
        };
        let read: Vec<(usize, RevisionMap)> = group.members.par_iter().map(read).collect();
        if let Ok(mut revisions) = self.revisions.lock() {
            read.into_iter().for_each(|(number, map)| revisions[number] = map);
        }
    }
}

/// Takes what was sent. A worker of the pool does other work meanwhile: it may be that work which is waited for.
pub fn wait<T: Default>(receiver: &mpsc::Receiver<T>) -> T {
    const A_MOMENT: Duration = Duration::from_micros(200);
    while let Some(did) = rayon::yield_now() {
        let a_while = if did == rayon::Yield::Idle { A_MOMENT } else { Duration::ZERO };
        match receiver.recv_timeout(a_while) {
            Ok(sent) => return sent,
            Err(mpsc::RecvTimeoutError::Disconnected) => return T::default(),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
    }
    receiver.recv().unwrap_or_default()
}
