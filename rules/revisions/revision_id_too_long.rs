//! `revision-id-too-long`

use crate::diagnostic::{Edit, Findings, Fix, Level};
use crate::project::alembic::Environment;
use crate::project::alembic::revision::{RevisionMap, RevisionScript};
use crate::project::{Known, Project};
use crate::rules::revisions::edits;
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
    if widens(environment, project) {
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

/// Does something in the project make the column wider? Code that names `version_num` together with a type or an
/// ALTER is taken for that.
fn widens(environment: &Environment, project: &Project<'_>) -> bool {
    let sources = project.sources;
    let files = environment.env_script.iter().map(|script| script.file).chain(environment.reached.iter().copied());
    let own = files.chain(environment.revisions.scripts.iter().map(|script| script.file));
    let others = sources.ids().filter(|file| {
        let path = sources.path(*file);
        path.ends_with(".py") || path.ends_with(".sql") || path.ends_with(".sh")
    });
    own.chain(others).any(|file| names_width(sources, file))
}

fn names_width(sources: &Sources, file: FileId) -> bool {
    const NEAR: usize = 300;
    let text = sources.text(file).as_bytes();
    if memchr::memmem::find(text, b"version_table_impl").is_some() {
        return true;
    }
    memchr::memmem::find_iter(text, b"version_num").any(|at| {
        let around = &text[at.saturating_sub(NEAR)..(at + NEAR).min(text.len())];
        let around = String::from_utf8_lossy(around).to_lowercase();
        ["varchar", "string(", "alter", "text"].iter().any(|word| around.contains(word))
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
