//! The revisions in a database → those that are still to come, and what they touch.

use rustc_hash::FxHashSet;

use crate::catalog::operation::Operation;
use crate::catalog::replay::Replay;
use crate::catalog::table::TableName;
use crate::catalog::{self, Dialect};
use crate::database::live::Pending;
use crate::project::Project;
use crate::project::alembic::revision::RevisionScript;
use crate::source::{Sources, Span};

/// What `alembic upgrade heads` would run on a database at `applied`.
pub fn of(project: &Project<'_>, environment: usize, applied: &[String]) -> Pending {
    let revisions = &project.environments[environment].revisions;
    let mut done: FxHashSet<usize> = FxHashSet::default();
    for script in applied.iter().filter_map(|id| revisions.get(id)) {
        done.insert(script.number);
        done.extend(revisions.upgrade_order_to(script).into_iter().map(|earlier| earlier.number));
    }
    let mut pending = Pending::default();
    let order = revisions.upgrade_order();
    if order.iter().all(|script| done.contains(&script.number)) {
        return pending;
    }
    let dialect = project.environments[environment].url.get().and_then(|url| Dialect::named(&url.dialect));
    let target = catalog::Target::of(dialect.unwrap_or_default(), &project.environments[environment].versions);
    let mut replay = Replay::of(project, environment, &target);
    for script in order {
        let steps = replay.upgrade(script);
        if done.contains(&script.number) {
            continue;
        }
        pending.revisions.extend(script.id().map(|id| (id.to_owned(), script.id_span())));
        for step in steps {
            touch(&mut pending, &step.operation, step.span);
        }
        extensions(project.sources, script, &mut pending);
    }
    pending
}

fn touch(pending: &mut Pending, operation: &Operation, span: Span) {
    let mut altered: Vec<&TableName> = Vec::new();
    match operation {
        Operation::CreateTable(table) => {
            pending.made.push((table.name.clone(), span));
        }
        Operation::DropTable(table, _)
        | Operation::RenameTable(table, _)
        | Operation::AddColumn(table, _)
        | Operation::DropColumn(table, ..)
        | Operation::CreateIndex(table, _)
        | Operation::DropIndex(Some(table), ..)
        | Operation::AddConstraint(table, _)
        | Operation::DropConstraint(table, ..)
        | Operation::RenameConstraint(table, ..)
        | Operation::RenameIndex(Some(table), ..)
        | Operation::SetTableComment(table, _)
        | Operation::SetSchema(table, _) => altered.push(table),
        Operation::AlterColumn(change) => altered.push(&change.table),
        Operation::Unknown(..) => pending.is_open = true,
        _ => {}
    }
    for table in altered {
        let is_new = pending.made.iter().any(|(made, _)| made == table);
        if !is_new && !pending.altered.iter().any(|(other, _)| other == table) {
            pending.altered.push((table.clone(), span));
        }
    }
}

/// `CREATE EXTENSION [IF NOT EXISTS] name` in the SQL of a revision.
fn extensions(sources: &Sources, script: &RevisionScript, pending: &mut Pending) {
    let text = sources.text(script.file);
    let upgrade = script.upgrade.as_ref().map_or(0..0, |step| step.span.range());
    let lower = text.to_ascii_lowercase();
    let mut from = upgrade.start;
    while let Some(at) = lower.get(from..upgrade.end).and_then(|rest| rest.find("create extension")) {
        let start = from + at;
        from = start + "create extension".len();
        let line = lower[..start].rsplit('\n').next().unwrap_or("");
        if line.trim_start().starts_with('#') {
            continue;
        }
        let mut words = text[from..upgrade.end].split_ascii_whitespace();
        let mut word = words.next().unwrap_or("");
        if word.eq_ignore_ascii_case("if") {
            word = words.nth(2).unwrap_or("");
        }
        let word = word.trim_start_matches(['"', '\\', '\'']);
        let end = word.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-')).unwrap_or(word.len());
        let name = &word[..end];
        if !name.is_empty() && !pending.extensions.iter().any(|(other, _)| other == name) {
            pending.extensions.push((name.to_owned(), Span::new(script.file, start..from)));
        }
    }
}
