//! [`RevisionScript`]s → [`RevisionMap`]: the graph that Alembic would build, with the words that Alembic has for it.
//!
//! Ids are resolved as Alembic does it: `down_revision` names whole ids only; `depends_on` may name branch labels too.
//! Of two files with one id the later one (in the order of reading) has the children; the other stays a head for ever.

use std::collections::BTreeSet;
use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::RevisionScript;
use crate::project::Known;
use crate::project::alembic::locations::Locations;

/// The graph of an environment's revisions.
#[derive(Clone, Debug, Default)]
pub struct RevisionMap {
    /// The revisions, in the order of reading: by directory, then by file name.
    pub scripts: Vec<RevisionScript>,
    /// The directories that were read, and what could not be.
    pub version_locations: Locations,
    /// The numbers of the revisions that have an id, by it.
    by_id: HashTable<usize>,
    by_label: FxHashMap<String, usize>,
    parents: Edges,
    children: Edges,
}

/// Which revisions each one leads to, in one list: there may be thousands.
#[derive(Clone, Debug, Default)]
struct Edges {
    to: Vec<usize>,
    /// Where the part of each revision ends.
    ends: Vec<usize>,
}

impl Edges {
    /// The edges between so many revisions; of one they stay in their order.
    fn of(revisions: usize, mut pairs: Vec<(usize, usize)>) -> Edges {
        pairs.sort_by_key(|(from, _)| *from);
        let ends = (0..revisions).map(|number| pairs.partition_point(|(from, _)| *from <= number)).collect();
        Edges { to: pairs.iter().map(|(_, to)| *to).collect(), ends }
    }

    fn from(&self, number: usize) -> &[usize] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.to[start..self.ends[number]]
    }
}

/// An id that no revision has.
#[derive(Clone, Copy, Debug)]
pub struct Missing<'m> {
    /// Who names it.
    pub by: &'m RevisionScript,
    /// In which variable: `down_revision` or `depends_on`.
    pub variable: &'static str,
    /// The id, and where it is named.
    pub id: &'m str,
    /// The same with its place.
    pub known: &'m Known<String>,
}

impl RevisionMap {
    /// The graph of `scripts`, which were found below `version_locations`.
    pub fn of(mut scripts: Vec<RevisionScript>, version_locations: Locations) -> RevisionMap {
        let mut by_label = FxHashMap::default();
        for (number, script) in scripts.iter_mut().enumerate() {
            script.number = number;
            for label in script.branch_labels.iter().filter_map(Known::get) {
                by_label.entry(label.clone()).or_insert(number);
            }
        }
        let mut by_id = HashTable::with_capacity(scripts.len());
        for (number, script) in scripts.iter().enumerate() {
            let Some(id) = script.id() else { continue };
            let known = |known: &usize| scripts[*known].id() == Some(id);
            let entry = by_id.entry(hash(id), known, |number: &usize| hash(scripts[*number].id().unwrap_or("")));
            // Of several with one id the last one counts.
            entry.and_modify(|known| *known = number).or_insert(number);
        }
        let unlinked = RevisionMap { scripts, version_locations, by_id, by_label, ..RevisionMap::default() };
        let mut edges = Vec::new();
        for script in &unlinked.scripts {
            let first = edges.len();
            for parent in script.down_revision.iter().filter_map(|id| unlinked.number_of(id.get()?)) {
                let edge = (script.number, parent);
                if !edges[first..].contains(&edge) {
                    edges.push(edge);
                }
            }
        }
        let revisions = unlinked.scripts.len();
        let back = edges.iter().map(|(child, parent)| (*parent, *child)).collect();
        RevisionMap { children: Edges::of(revisions, back), parents: Edges::of(revisions, edges), ..unlinked }
    }

    /// The revision with this id, by number: the last one of several.
    fn number_of(&self, id: &str) -> Option<usize> {
        self.by_id.find(hash(id), |number| self.scripts[*number].id() == Some(id)).copied()
    }

    /// The revision with this id.
    pub fn get(&self, id: &str) -> Option<&RevisionScript> {
        self.number_of(id).map(|number| &self.scripts[number])
    }

    /// Every revision with this id, in the order of reading.
    pub fn all_with_id(&self, id: &str) -> Vec<&RevisionScript> {
        self.scripts.iter().filter(|script| script.id() == Some(id)).collect()
    }

    /// The revision that carries this branch label.
    pub fn labelled(&self, label: &str) -> Option<&RevisionScript> {
        self.by_label.get(label).map(|number| &self.scripts[*number])
    }

    /// The revisions that no other names as its `down_revision`.
    pub fn heads(&self) -> Vec<&RevisionScript> {
        self.scripts.iter().filter(|script| script.id().is_some() && self.is_head(script)).collect()
    }

    /// The revisions without a `down_revision`.
    pub fn bases(&self) -> Vec<&RevisionScript> {
        self.scripts.iter().filter(|script| script.id().is_some() && self.is_base(script)).collect()
    }

    /// Does no revision follow?
    pub fn is_head(&self, script: &RevisionScript) -> bool {
        self.children.from(script.number).is_empty()
    }

    /// Does it follow nothing?
    pub fn is_base(&self, script: &RevisionScript) -> bool {
        script.down_revision.is_empty()
    }

    /// Do several follow?
    pub fn is_branch_point(&self, script: &RevisionScript) -> bool {
        self.children.from(script.number).len() > 1
    }

    /// Does it follow several?
    pub fn is_merge_point(&self, script: &RevisionScript) -> bool {
        script.down_revision.len() > 1
    }

    /// The revisions named as its `down_revision`, as far as they are there.
    pub fn parents(&self, script: &RevisionScript) -> Vec<&RevisionScript> {
        self.parents.from(script.number).iter().map(|number| &self.scripts[*number]).collect()
    }

    /// The revisions that name it as their `down_revision`.
    pub fn children(&self, script: &RevisionScript) -> Vec<&RevisionScript> {
        self.children.from(script.number).iter().map(|number| &self.scripts[*number]).collect()
    }

    /// Every id that is named and that nothing has.
    pub fn missing(&self) -> Vec<Missing<'_>> {
        let mut missing = Vec::new();
        for by in &self.scripts {
            for known in &by.down_revision {
                if let Some(id) = known.get().filter(|id| self.number_of(id).is_none()) {
                    missing.push(Missing { by, variable: "down_revision", id, known });
                }
            }
            for known in &by.depends_on {
                let is_there = |id: &String| self.number_of(id).is_some() || self.by_label.contains_key(id);
                if let Some(id) = known.get().filter(|id| !is_there(id)) {
                    missing.push(Missing { by, variable: "depends_on", id, known });
                }
            }
        }
        missing
    }

    /// Was every file read, and every id in it? Without that, absence proves nothing.
    pub fn is_complete(&self) -> bool {
        self.version_locations.unread.is_empty() && self.scripts.iter().all(RevisionScript::is_read)
    }

    /// Is there certainly no revision?
    pub fn is_empty(&self) -> bool {
        self.version_locations.unread.is_empty() && self.scripts.is_empty()
    }

    /// The revision and all that it follows, by number.
    pub fn ancestors(&self, script: &RevisionScript) -> BTreeSet<usize> {
        closure(script.number, &self.parents)
    }

    /// The revision and all that follow it, by number.
    pub fn descendants(&self, script: &RevisionScript) -> BTreeSet<usize> {
        closure(script.number, &self.children)
    }

    /// The nearest revision that all of `scripts` follow.
    pub fn common_ancestor(&self, scripts: &[&RevisionScript]) -> Option<&RevisionScript> {
        let (first, rest) = scripts.split_first()?;
        let mut common = self.ancestors(first);
        for script in rest {
            common = common.intersection(&self.ancestors(script)).copied().collect();
        }
        // The nearest one is followed by no other common one.
        common
            .iter()
            .find(|number| self.children.from(**number).iter().all(|child| !common.contains(child)))
            .map(|number| &self.scripts[*number])
    }

    /// Groups of revisions that follow one another in a circle, each in the order of reading; a revision that follows
    /// itself is a group of one. `depends_on` counts too.
    pub fn cycles(&self) -> Vec<Vec<&RevisionScript>> {
        let edges: Vec<Vec<usize>> = self.scripts.iter().map(|script| self.needed(script.number)).collect();
        let mut cycles: Vec<Vec<&RevisionScript>> = components(&edges)
            .into_iter()
            .filter(|group| group.len() > 1 || edges[group[0]].contains(&group[0]))
            .map(|mut group| {
                group.sort_unstable();
                group.into_iter().map(|number| &self.scripts[number]).collect()
            })
            .collect();
        cycles.sort_by_key(|group| group[0].number);
        cycles
    }

    /// The branch labels of a revision, its own and inherited: a label holds for all that follow, and backwards down to
    /// the point where the branch left.
    pub fn labels(&self, script: &RevisionScript) -> BTreeSet<&str> {
        let mut labels = BTreeSet::new();
        for (label, carrier) in &self.by_label {
            let carrier = &self.scripts[*carrier];
            if self.descendants(carrier).contains(&script.number) || self.backwards(carrier).contains(&script.number) {
                labels.insert(label.as_str());
            }
        }
        labels
    }

    fn backwards(&self, script: &RevisionScript) -> FxHashSet<usize> {
        let mut seen = FxHashSet::default();
        let mut number = script.number;
        while !self.is_merge_point(&self.scripts[number]) && seen.insert(number) {
            match self.parents.from(number).first() {
                Some(parent) if !self.is_branch_point(&self.scripts[*parent]) => number = *parent,
                _ => break,
            }
        }
        seen
    }

    /// The revisions in the order in which `alembic upgrade heads` runs them: each after all that it follows and depends
    /// on; of two branches the one that is named last first. What lies on a circle comes where it is met.
    pub fn upgrade_order(&self) -> Vec<&RevisionScript> {
        self.order_from(self.heads().into_iter().map(|script| script.number).collect())
    }

    /// The same for what runs before `script`.
    pub fn upgrade_order_to(&self, script: &RevisionScript) -> Vec<&RevisionScript> {
        let mut order = self.order_from(vec![script.number]);
        order.retain(|earlier| earlier.number != script.number);
        order
    }

    fn order_from(&self, starts: Vec<usize>) -> Vec<&RevisionScript> {
        let mut order = Vec::with_capacity(self.scripts.len());
        let mut seen = vec![false; self.scripts.len()];
        for start in starts {
            // (revision, whether all before it is done)
            let mut waiting = vec![(start, false)];
            while let Some((number, is_ready)) = waiting.pop() {
                if is_ready {
                    order.push(&self.scripts[number]);
                    continue;
                }
                if std::mem::replace(&mut seen[number], true) {
                    continue;
                }
                waiting.push((number, true));
                waiting.extend(self.needed(number).into_iter().filter(|it| !seen[*it]).map(|it| (it, false)));
            }
        }
        order
    }

    /// What a revision follows and depends on.
    fn needed(&self, number: usize) -> Vec<usize> {
        let dependencies = self.scripts[number].depends_on.iter().filter_map(Known::get);
        let dependencies = dependencies.filter_map(|id| self.number_of(id).or_else(|| self.by_label.get(id).copied()));
        self.parents.from(number).iter().copied().chain(dependencies).collect()
    }

    /// The last few revisions: those that somebody may still want to look at or undo.
    pub fn recent(&self) -> Vec<&RevisionScript> {
        const FEW: usize = 10;
        let mut recent: Vec<&RevisionScript> = self.newest_first().into_iter().take(FEW).collect();
        recent.sort_by_key(|script| script.number);
        recent
    }

    /// The revisions with the newest first: every revision before all that it follows, otherwise later files first.
    /// Revisions of a cycle come last.
    pub fn newest_first(&self) -> Vec<&RevisionScript> {
        let mut left: Vec<usize> = (0..self.scripts.len()).map(|number| self.children.from(number).len()).collect();
        let mut ready: Vec<usize> = (0..self.scripts.len()).filter(|number| left[*number] == 0).collect();
        let mut order = Vec::with_capacity(self.scripts.len());
        ready.sort_by(|a, b| self.scripts[*a].age_order(&self.scripts[*b]));
        // The last one ready goes next, so that a branch is followed down to the point where it left.
        while let Some(number) = ready.pop() {
            order.push(number);
            let mut freed: Vec<usize> = Vec::new();
            for parent in self.parents.from(number) {
                left[*parent] -= 1;
                if left[*parent] == 0 {
                    freed.push(*parent);
                }
            }
            freed.sort_by(|a, b| self.scripts[*a].age_order(&self.scripts[*b]));
            ready.extend(freed);
        }
        let seen: FxHashSet<usize> = order.iter().copied().collect();
        order.extend((0..self.scripts.len()).filter(|number| !seen.contains(number)));
        order.into_iter().map(|number| &self.scripts[number]).collect()
    }
}

impl RevisionScript {
    /// Older before newer: by `Create Date:`, then by the order of reading.
    pub fn age_order(&self, other: &RevisionScript) -> std::cmp::Ordering {
        self.create_date.cmp(&other.create_date).then(self.number.cmp(&other.number))
    }
}

fn hash(id: &str) -> u64 {
    FxBuildHasher.hash_one(id)
}

fn closure(start: usize, edges: &Edges) -> BTreeSet<usize> {
    let mut seen = BTreeSet::from([start]);
    let mut waiting = vec![start];
    while let Some(number) = waiting.pop() {
        waiting.extend(edges.from(number).iter().copied().filter(|next| seen.insert(*next)));
    }
    seen
}

/// Tarjan's strongly connected components, without recursion: chains are thousands long.
fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let (mut index, mut low) = (vec![UNSEEN; edges.len()], vec![UNSEEN; edges.len()]);
    let mut on_stack = vec![false; edges.len()];
    let (mut stack, mut found, mut next) = (Vec::new(), Vec::new(), 0);
    for root in 0..edges.len() {
        if index[root] != UNSEEN {
            continue;
        }
        let mut work = vec![(root, 0)];
        while let Some((node, edge)) = work.pop() {
            if edge == 0 {
                (index[node], low[node]) = (next, next);
                next += 1;
                stack.push(node);
                on_stack[node] = true;
            }
            if let Some(target) = edges[node].get(edge).copied() {
                work.push((node, edge + 1));
                if index[target] == UNSEEN {
                    work.push((target, 0));
                } else if on_stack[target] {
                    low[node] = low[node].min(index[target]);
                }
                continue;
            }
            if low[node] == index[node] {
                let mut group = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    group.push(member);
                    if member == node {
                        break;
                    }
                }
                found.push(group);
            }
            if let Some((parent, _)) = work.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::read::read;
    use super::*;
    use crate::source::Sources;
    use crate::syntax::python::Trees;

    fn map(revisions: &[(&str, &str, &str)]) -> RevisionMap {
        let sources = Sources::in_memory(revisions.iter().map(|(id, down, rest)| {
            (format!("versions/{id}.py"), format!("revision = '{id}'\ndown_revision = {down}\n{rest}\n"))
        }));
        let trees = Trees::of(&sources);
        read(&trees, Locations::at("versions"), false)
    }

    fn ids(scripts: Vec<&RevisionScript>) -> Vec<&str> {
        scripts.into_iter().filter_map(RevisionScript::id).collect()
    }

    #[test]
    fn heads_bases_branches_and_merges() {
        let map = map(&[
            ("a", "None", ""),
            ("b", "'a'", ""),
            ("c", "'a'", ""),
            ("d", "('b', 'c')", ""),
            ("e", "'d'", ""),
            ("f", "'d'", "depends_on = 'a'"),
        ]);
        assert_eq!(ids(map.heads()), ["e", "f"]);
        assert_eq!(ids(map.bases()), ["a"]);
        let get = |id| map.get(id).expect("is there");
        assert!(map.is_branch_point(get("a")) && map.is_merge_point(get("d")) && map.is_branch_point(get("d")));
        assert_eq!(map.common_ancestor(&[get("e"), get("f")]).and_then(RevisionScript::id), Some("d"));
        assert_eq!(map.common_ancestor(&[get("b"), get("c")]).and_then(RevisionScript::id), Some("a"));
        assert!(map.missing().is_empty() && map.cycles().is_empty() && map.is_complete());
        assert_eq!(ids(map.newest_first()), ["f", "e", "d", "c", "b", "a"]);
    }

    #[test]
    fn labels_go_forwards_and_back_to_the_branch_point() {
        let map = map(&[
            ("a", "None", ""),
            ("b", "'a'", ""),
            ("c", "'b'", "branch_labels = ('web',)"),
            ("d", "'c'", ""),
            ("e", "'a'", "branch_labels = 'api'"),
        ]);
        let labels = |id| map.labels(map.get(id).expect("is there")).into_iter().collect::<Vec<_>>();
        assert_eq!(labels("d"), ["web"]);
        assert_eq!(labels("b"), ["web"]);
        assert_eq!(labels("e"), ["api"]);
        assert!(labels("a").is_empty());
    }

    #[test]
    fn cycles_and_missing_parents() {
        let map = map(&[
            ("a", "None", ""),
            ("b", "'c'", ""),
            ("c", "'b'", ""),
            ("d", "'d'", ""),
            ("e", "'zz'", "depends_on = ['web', 'a', 'yy']"),
            ("f", "'a'", "branch_labels = ['web']"),
        ]);
        let cycles: Vec<Vec<&str>> = map.cycles().into_iter().map(ids).collect();
        assert_eq!(cycles, [vec!["b", "c"], vec!["d"]]);
        let missing: Vec<(&str, &str)> = map.missing().iter().map(|one| (one.variable, one.id)).collect();
        assert_eq!(missing, [("down_revision", "zz"), ("depends_on", "yy")]);
    }

    #[test]
    fn a_chain_of_thousands_is_read_at_once() {
        let count = 5_000;
        let sources = Sources::in_memory((0..count).map(|number| {
            let parent = if number == 0 { "None".to_owned() } else { format!("'{:012x}'", number - 1) };
            let text = format!(
                "\"\"\"step {number}\n\nRevision ID: {number:012x}\nRevises: {parent}\nCreate Date: 2024-01-01\n\n\"\"\"\n\
                 from alembic import op\nimport sqlalchemy as sa\n\n\
                 revision = '{number:012x}'\ndown_revision = {parent}\nbranch_labels = None\ndepends_on = None\n\n\n\
                 def upgrade():\n    op.add_column('t', sa.Column('c{number}', sa.Integer(), nullable=True))\n\n\n\
                 def downgrade():\n    op.drop_column('t', 'c{number}')\n"
            );
            (format!("versions/{number:05}.py"), text)
        }));
        let trees = Trees::of(&sources);
        let started = std::time::Instant::now();
        let map = read(&trees, Locations::at("versions"), false);
        assert_eq!((map.heads().len(), map.bases().len(), map.scripts.len()), (1, 1, count));
        assert!(map.is_complete() && map.cycles().is_empty() && map.missing().is_empty());
        assert_eq!(map.newest_first().len(), count);
        assert_eq!(map.ancestors(map.heads()[0]).len(), count);
        // A debug build on a busy machine takes about a second; quadratic behaviour would take minutes.
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }
}
