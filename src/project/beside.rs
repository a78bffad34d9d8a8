//! What needs no interpreter: done on the other cores while env.py is run on paper.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::Duration;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::project::alembic::discovery::Found;
use crate::project::alembic::revision::{self, RevisionMap};
use crate::project::application::{self, Application};
use crate::project::linters::{self, Linter};
use crate::project::search_path::search_path;
use crate::project::setup_script::SetupScripts;
use crate::project::sweep;
use crate::project::words::Words;
use crate::python::ahead::Ahead;
use crate::source::{FileId, Sources};
use crate::syntax::python::Trees;

/// What it starts from.
pub struct Beside<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// Their trees.
    pub trees: &'a Trees<'a>,
    /// The environments.
    pub found: &'a [Found],
    /// What setup.py says.
    pub setups: &'a SetupScripts,
    /// Files that the user excluded.
    pub excluded: &'a BTreeSet<String>,
}

/// What was seen in the bytes of all files.
#[derive(Default)]
pub struct Scan {
    /// The telling words of every Python file.
    pub words: Words,
    /// The files that may declare tables.
    pub candidates: Vec<FileId>,
}

/// All that was read.
#[derive(Default)]
pub struct Done {
    /// Of each environment.
    pub revisions: Vec<RevisionMap>,
    /// What the application does beside migrations.
    pub application: Application,
    /// The linters that look for unused imports.
    pub linters: Vec<Linter>,
}

impl Beside<'_> {
    /// Reads everything: first what the interpreter asks for, then, as soon as it is known, the scan that it waits for.
    pub fn work(&self, scanned: mpsc::Sender<Scan>) -> Done {
        let path = |found: &Found| search_path(self.sources, &found.config, &found.run_from, self.setups);
        let path = |found| path(found).iter().map(|directory| directory.to_string()).collect();
        let paths: Vec<Vec<String>> = self.found.iter().map(path).collect();
        for (found, path) in self.found.iter().zip(&paths) {
            Ahead::new(self.trees, path, &|_| false).follow(found.env_file);
        }
        let is_recursive = |found: &Found| found.config.is_true("recursive_version_locations");
        let files = |found: &Found| revision::read::files(self.sources, &found.version_locations, is_recursive(found));
        let scripts: FxHashSet<FileId> = self.found.iter().flat_map(files).map(|(file, _)| file).collect();
        let words = sweep::scan(self.sources, &scripts);
        let mut candidates = sweep::candidates(self.sources, &words);
        candidates.retain(|file| !self.excluded.contains(self.sources.path(*file)));
        // Nobody waits any more where the runs broke.
        let _ = scanned.send(Scan { words: words.clone(), candidates: candidates.clone() });
        let nowhere = Vec::new();
        let skips = |file| sweep::is_beside_the_point(self.sources, &words, file);
        Ahead::new(self.trees, paths.first().unwrap_or(&nowhere), &skips).follow(candidates);
        let revisions = self
            .found
            .par_iter()
            .map(|found| revision::read::read(self.trees, found.version_locations.clone(), is_recursive(found)));
        Done {
            revisions: revisions.collect(),
            application: application::read(self.trees, &words),
            linters: linters::read(self.sources),
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
