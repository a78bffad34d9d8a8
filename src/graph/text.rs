//! The graph as lines and letters: newest first, long linear stretches as one line.

use std::collections::{HashMap, HashSet};

use renderdag::{Ancestor, GraphRowRenderer, Renderer};
use unicode_width::UnicodeWidthStr;

use super::{day, roles, texts};
use crate::project::alembic::revision::{RevisionMap, RevisionScript};

/// Stretches longer than this are collapsed.
const LONG: usize = 8;
/// What stays of a long stretch: this many at its newer end, one at its older.
const KEPT: usize = 3;

/// A line of the drawing before the lines between the revisions are drawn.
struct Row {
    /// Its number in the drawing: the revision's.
    node: usize,
    glyph: char,
    /// Numbers of rows below; `None`: something that is not there.
    parents: Vec<Option<usize>>,
    /// Id, role, message, day; only one cell for what stands for several revisions.
    cells: Vec<String>,
}

/// Draws `map`.
pub fn draw(map: &RevisionMap, limit: Option<usize>) -> String {
    let rows = rows(map, limit.unwrap_or(usize::MAX));
    let widths = cell_widths(&rows);
    let messages: Vec<String> = rows.iter().map(|row| aligned(&row.cells, &widths)).collect();
    // The first pass tells how wide each line's drawing is, so that the words begin in one column.
    let drawn = pass(&rows, |_| "\u{1}".to_owned());
    let column = |text: &String| text.lines().find_map(|line| line.find('\u{1}')).unwrap_or(0);
    let at: Vec<usize> = drawn.iter().map(column).collect();
    let widest = at.iter().copied().max().unwrap_or(0);
    let lines = pass(&rows, |number| format!("{}{}", " ".repeat(widest - at[number]), messages[number]));
    let mut all: String = lines.concat();
    let left = map.scripts.len().saturating_sub(limit.unwrap_or(usize::MAX));
    if left > 0 {
        all.push_str(&format!("({})\n", counted(left, "older revision")));
    }
    all
}

fn pass(rows: &[Row], message: impl Fn(usize) -> String) -> Vec<String> {
    let mut renderer = GraphRowRenderer::new().output().with_min_row_height(1).build_ascii();
    let mut above = HashSet::new();
    rows.iter()
        .enumerate()
        .map(|(number, row)| {
            above.insert(row.node);
            // A parent that stands above already closes a circle: there is no line up.
            let parents = row.parents.iter().map(|parent| match parent {
                Some(parent) if !above.contains(parent) => Ancestor::Parent(*parent),
                _ => Ancestor::Anonymous,
            });
            let text = renderer.next_row(row.node, parents.collect(), row.glyph.to_string(), message(number));
            text.lines().fold(String::new(), |all, line| all + line.trim_end() + "\n")
        })
        .collect()
}

fn rows(map: &RevisionMap, limit: usize) -> Vec<Row> {
    let order: Vec<&RevisionScript> = map.newest_first().into_iter().take(limit).collect();
    let collapsed = collapsed(map, &order);
    let shown: HashSet<usize> = order.iter().map(|script| script.number).collect();
    let mut rows = Vec::new();
    for script in &order {
        if let Some((count, last)) = collapsed.starts.get(&script.number) {
            rows.push(Row {
                node: script.number,
                glyph: ':',
                parents: map.parents(&map.scripts[*last]).into_iter().map(|parent| Some(parent.number)).collect(),
                cells: vec![format!("({})", counted(*count, "revision"))],
            });
        }
        if collapsed.inside.contains(&script.number) {
            continue;
        }
        let mut parents: Vec<Option<usize>> = Vec::new();
        let mut missing = Vec::new();
        for id in texts(&script.down_revision) {
            match map.get(id) {
                // Below the limit: the line just ends.
                Some(parent) if !shown.contains(&parent.number) => {}
                Some(parent) => parents.push(Some(parent.number)),
                None => {
                    parents.push(None);
                    missing.push(format!("{id} (missing)"));
                }
            }
        }
        let mut words = roles(map, script).join(", ");
        if !missing.is_empty() {
            words = format!("{words}{}follows {}", if words.is_empty() { "" } else { ", " }, missing.join(", "));
        }
        let labels = texts(&script.branch_labels).join(", ");
        if !labels.is_empty() {
            words = format!("{words}{}({labels})", if words.is_empty() { "" } else { " " });
        }
        rows.push(Row {
            node: script.number,
            glyph: 'o',
            parents,
            cells: vec![
                script.id().unwrap_or("?").to_owned(),
                words,
                script.message().to_owned(),
                day(script).to_owned(),
            ],
        });
    }
    rows
}

/// What is not drawn revision by revision.
#[derive(Default)]
struct Collapsed {
    /// All the revisions of the stretches.
    inside: HashSet<usize>,
    /// The newest revision of a stretch: how many there are, and the oldest.
    starts: HashMap<usize, (usize, usize)>,
}

fn collapsed(map: &RevisionMap, order: &[&RevisionScript]) -> Collapsed {
    let is_plain = |script: &RevisionScript| {
        roles(map, script).is_empty()
            && script.branch_labels.is_empty()
            && map.parents(script).len() == 1
            && map.children(script).len() == 1
    };
    let drawn: HashSet<usize> = order.iter().map(|script| script.number).collect();
    let mut seen = HashSet::new();
    let mut collapsed = Collapsed::default();
    for script in order {
        let mut stretch = Vec::new();
        let mut next = Some(*script);
        while let Some(script) = next {
            if !is_plain(script) || !drawn.contains(&script.number) || !seen.insert(script.number) {
                break;
            }
            stretch.push(script.number);
            next = map.parents(script).first().copied();
        }
        if stretch.len() > LONG {
            let inner = &stretch[KEPT..stretch.len() - 1];
            collapsed.starts.insert(inner[0], (inner.len(), inner[inner.len() - 1]));
            collapsed.inside.extend(inner);
        }
    }
    collapsed
}

fn cell_widths(rows: &[Row]) -> Vec<usize> {
    let mut widths = vec![0; 4];
    for row in rows.iter().filter(|row| row.cells.len() > 1) {
        for (width, cell) in widths.iter_mut().zip(&row.cells) {
            *width = (*width).max(cell.width());
        }
    }
    widths
}

fn aligned(cells: &[String], widths: &[usize]) -> String {
    if let [one] = cells {
        return one.clone();
    }
    let columns = cells.iter().zip(widths).filter(|(_, width)| **width > 0);
    let padded: Vec<String> =
        columns.map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width()))).collect();
    padded.join("  ").trim_end().to_owned()
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
