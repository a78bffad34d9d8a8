//! `foreign-key-cycle`

use rustc_hash::FxHashMap;

use crate::diagnostic::{Findings, Level};
use crate::project::Project;
use crate::project::sqlalchemy::column::ForeignKeyTarget;
use crate::project::sqlalchemy::{Table, TableId};
use crate::rules::models::shared::{evidence, foreign_keys};
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule =
    Rule { name: "foreign-key-cycle", page: include_str!("foreign_key_cycle.md"), check: Check::WholeProject(check) };

/// From one table to another, by the foreign key at a place.
type Ways = FxHashMap<TableId, Vec<(TableId, Span)>>;

fn check(project: &Project<'_>, found: &mut Findings) {
    let mut ways: Ways = FxHashMap::default();
    for table in project.models.tables.iter().filter(|table| table.certain && table.duplicate_of.is_none()) {
        ways.insert(table.id, ways_from(table, project));
    }
    let mut told: Vec<Vec<TableId>> = Vec::new();
    for table in &project.models.tables {
        let Some(cycle) = shortest_cycle(table.id, &ways) else { continue };
        let mut members: Vec<TableId> = cycle.iter().map(|(id, _)| *id).collect();
        members.sort();
        if told.iter().any(|known| known.iter().any(|id| members.contains(id))) {
            continue;
        }
        told.push(members);
        let names: Vec<String> = cycle.iter().filter_map(|(id, _)| project.models.table(*id).key()).collect();
        let mut reaching = evidence::reaching(project, table.file).peekable();
        if reaching.peek().is_none() {
            continue;
        }
        let is_migrated = reaching.any(|environment| !environment.revisions.scripts.is_empty());
        let Some((_, last)) = cycle.last() else { continue };
        let mut report = found
            .report(*last, format!("the foreign keys of {} form a circle", listed(&names)))
            .key(format!("cycle:{}", names.join(",")))
            .here("closes the circle")
            .why(
                "no order of `CREATE TABLE` satisfies it: SQLAlchemy warns `Cannot correctly sort tables`, and the \
                 revision that autogenerate writes refers to a table that is not there yet",
            )
            .help("give one of them `use_alter=True` and a `name`: it is then added after both tables exist")
            // Where revisions exist, somebody has taken care of it.
            .level(if is_migrated { Level::Note } else { Level::Warning });
        for (_, span) in &cycle[..cycle.len() - 1] {
            report = report.label(*span, "a part of the circle");
        }
        let _ = report;
    }
}

fn ways_from(table: &Table, project: &Project<'_>) -> Vec<(TableId, Span)> {
    let mut ways = Vec::new();
    let of_columns = table.columns.iter().flat_map(|column| &column.foreign_keys);
    let of_constraints = table.constraints.iter().flat_map(|constraint| &constraint.foreign_keys);
    for foreign_key in of_columns.chain(of_constraints) {
        if let ForeignKeyTarget::Column(target, _) = &foreign_key.target
            && !foreign_key.use_alter
        {
            ways.push((*target, foreign_key.span));
        }
    }
    for reference in foreign_keys::texts(table, &project.models) {
        let targets = foreign_keys::called(project, table, &reference.key);
        let target = targets.iter().find(|other| other.duplicate_of.is_none());
        if let Some(target) = target.filter(|_| !reference.foreign_key.use_alter) {
            ways.push((target.id, reference.foreign_key.span));
        }
    }
    ways.retain(|(target, _)| *target != table.id);
    ways
}

/// The shortest way from a table back to itself: each table with the foreign key that leaves it.
fn shortest_cycle(start: TableId, ways: &Ways) -> Option<Vec<(TableId, Span)>> {
    let mut came_from: FxHashMap<TableId, (TableId, Span)> = FxHashMap::default();
    let mut waiting = std::collections::VecDeque::from([start]);
    while let Some(at) = waiting.pop_front() {
        for (next, span) in ways.get(&at).into_iter().flatten() {
            if *next == start {
                let mut cycle = vec![(at, *span)];
                let mut back = at;
                while back != start {
                    let (from, by) = came_from.get(&back)?;
                    cycle.push((*from, *by));
                    back = *from;
                }
                cycle.reverse();
                return Some(cycle);
            }
            if !came_from.contains_key(next) {
                came_from.insert(*next, (at, *span));
                waiting.push_back(*next);
            }
        }
    }
    None
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → ")
}
