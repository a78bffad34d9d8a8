//! Environments → groups that are read one after the other.
//!
//! What a run on paper makes is large, and its facts are small. So a group's trees and values are let go before the next
//! group is run: many projects side by side need little more memory than the largest of them. Environments of one
//! project stay together, for they run the same files.

use std::sync::{Arc, Mutex};

use crate::project::alembic::discovery::Found;
use crate::syntax::python::Trees;

/// Environments that share their trees.
pub struct Group<'s> {
    /// Their numbers.
    pub members: Vec<usize>,
    trees: Mutex<Held<'s>>,
}

enum Held<'s> {
    NotYet,
    Now(Arc<Trees<'s>>),
    LetGo,
}

/// The groups, in the order of their first members. Without any environment there is one group of none.
pub fn groups<'s>(found: &[Found]) -> Vec<Group<'s>> {
    let mut sorted: Vec<usize> = (0..found.len()).collect();
    sorted.sort_by_key(|number| (found[*number].run_from.as_str(), *number));
    let mut all: Vec<Vec<usize>> = Vec::new();
    for number in sorted {
        let home = |members: &Vec<usize>| is_within(&found[number].run_from, &found[members[0]].run_from);
        match all.last_mut().filter(|members| home(members)) {
            Some(members) => members.push(number),
            None => all.push(vec![number]),
        }
    }
    all.iter_mut().for_each(|members| members.sort_unstable());
    all.sort_unstable();
    if all.is_empty() {
        all.push(Vec::new());
    }
    all.into_iter().map(|members| Group { members, trees: Mutex::new(Held::NotYet) }).collect()
}

fn is_within(directory: &str, around: &str) -> bool {
    around.is_empty() || directory.strip_prefix(around).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl<'s> Group<'s> {
    /// Its trees, made by `make` when they are first asked for. `None`: they were let go.
    pub fn trees(&self, make: impl FnOnce() -> Trees<'s>) -> Option<Arc<Trees<'s>>> {
        let mut held = self.trees.lock().ok()?;
        if matches!(*held, Held::NotYet) {
            *held = Held::Now(Arc::new(make()));
        }
        match &*held {
            Held::Now(trees) => Some(trees.clone()),
            _ => None,
        }
    }

    /// Nobody needs its trees any more but those who still have them.
    pub fn let_go(&self) {
        if let Ok(mut held) = self.trees.lock() {
            *held = Held::LetGo;
        }
    }
}

/// The environment whose script directory lies nearest to the file at `path`; the first one where there is none.
pub fn nearest(found: &[Found], path: &str) -> usize {
    let near = |found: &Found| {
        let home = found.script_location.as_deref().unwrap_or(&found.config.directory);
        home.split('/').zip(path.split('/')).take_while(|(left, right)| left == right).count()
    };
    (0..found.len()).rev().max_by_key(|number| near(&found[*number])).unwrap_or(0)
}
