//! `revision-id-too-long`

use crate::diagnostic::{Edit, Findings, Fix, Level};
use crate::project::alembic::Environment;
use crate::project::alembic::revision::{RevisionMap, RevisionScript};
use crate::project::{Known, Project};
use crate::rules::revisions::shared::edits;
use crate::rules::{Check, Rule};
use crate::source::{FileId, Sources};

/// The rule.
pub const RULE: Rule = Rule {
    name: "revision-id-too-long",
    page: include_str!("revision_id_too_long.md"),
    check: Check::EachEnvironment(check),
};

/// What `alembic_version.version_num` holds: VARCHAR(32).
const WIDTH: usize = 32;

fn check(environment: &Environment, project: &Project<'_>, found: &mut Findings) {
    let map = &environment.revisions;
    let long: Vec<&RevisionScript> =
        map.scripts.iter().filter(|script| script.id().is_some_and(|id| id.chars().count() > WIDTH)).collect();
    if long.is_empty() {
        return;
    }
    let Some(enforced) = enforced(environment, project) else { return };
    if widens(project) {
        return;
    }
    for script in long {
        let Some(id) = script.id() else { continue };
        let count = id.chars().count();
        let report = found
            .report(script.id_span(), format!("revision id `{id}` has {count} characters, {} too many", count - WIDTH))
            .key(format!("revision:{id}"))
            .why(format!(
                "`alembic_version.version_num` is VARCHAR({WIDTH}): on {} the upgrade runs and is rolled back at the end, \
                 for its id can't be stored: value too long for type character varying({WIDTH}); SQLite stores it, so \
                 tests on SQLite pass",
                if enforced.is_empty() { "PostgreSQL and MySQL" } else { enforced }
            ))
            .help("shorten the id here and in the revisions that follow, or widen the column in env.py first")
            .maybe_fix(fix(map, project.sources, script));
        if enforced.is_empty() {
            report.level(Level::Warning);
        }
    }
}

/// The database that enforces the width: its name, an empty name when it isn't known, `None` for SQLite.
fn enforced(environment: &Environment, project: &Project<'_>) -> Option<&'static str> {
    let settled = project.settings.dialect.as_deref();
    let dialect = settled.or_else(|| environment.url.get().map(|url| url.dialect.as_str()));
    match dialect {
        Some(name) if name.starts_with("sqlite") => return None,
        Some(name) if name.starts_with("postgres") => return Some("PostgreSQL"),
        Some(name) if name.starts_with("mysql") || name.starts_with("mariadb") => return Some("MySQL"),
        _ => {}
    }
    let has = |names: &[&str]| names.iter().any(|name| environment.versions.pins.contains_key(*name));
    if has(&["psycopg", "psycopg-binary", "psycopg2", "psycopg2-binary", "asyncpg", "pg8000"]) {
        return Some("PostgreSQL");
    }
    if has(&["mysqlclient", "pymysql", "asyncmy", "aiomysql", "mysql-connector-python"]) {
        return Some("MySQL");
    }
    Some("")
}

/// Does something in the project make the column wider? Code that names it as a column, or in SQL that does more than
/// read and write rows, is taken for that.
fn widens(project: &Project<'_>) -> bool {
    let touches_rows = |text: &String| {
        let word = text.split_whitespace().next().unwrap_or("").to_ascii_lowercase();
        matches!(word.as_str(), "select" | "insert" | "update" | "delete" | "with")
    };
    let sources = project.sources;
    let mut scripts = sources.ids().filter(|file| [".sql", ".sh"].iter().any(|end| sources.path(*file).ends_with(end)));
    project.code.mentions("version_table_impl")
        || !project.code.texts("version_num").iter().all(touches_rows)
        || scripts.any(|file| names_width(sources, file))
}

fn names_width(sources: &Sources, file: FileId) -> bool {
    const NEAR: usize = 300;
    let text = sources.text(file).as_bytes();
    memchr::memmem::find_iter(text, b"version_num").any(|at| {
        let around = &text[at.saturating_sub(NEAR)..(at + NEAR).min(text.len())];
        let around = String::from_utf8_lossy(around).to_lowercase();
        ["varchar", "alter", "text"].iter().any(|word| around.contains(word))
    })
}

/// A shorter id, here and wherever it is named.
fn fix(map: &RevisionMap, sources: &Sources, script: &RevisionScript) -> Option<Fix> {
    let old = script.id()?;
    let cut: String = old.chars().take(WIDTH).collect();
    let cut = cut.trim_end_matches('_');
    let new = if map.get(cut).is_none() && !cut.is_empty() { cut.to_owned() } else { edits::fresh_id(map, old) };
    let mut all: Vec<Edit> = edits::rename(sources, script, &new)?;
    for other in &map.scripts {
        for known in other.down_revision.iter().chain(&other.depends_on) {
            if let Known::Is(id, span) = known
                && id == old
            {
                all.push(edits::in_literal(sources, *span, old, &new)?);
            }
        }
        if let Some((text, _)) = &other.doc_revises
            && text.split(", ").any(|id| id == old)
        {
            let parents: Vec<&str> = text.split(", ").map(|id| if id == old { new.as_str() } else { id }).collect();
            all.extend(edits::revises(other, &parents.join(", ")));
        }
    }
    Some(Fix::risky(format!("shorten it to `{new}`, here and where it is named"), all))
}
