//! The role may not make what the next migration makes.

use crate::database::live::Live;
use crate::database::server::Server;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "create-privilege-missing",
    page: include_str!("create_privilege_missing.md"),
    check: Check::Database(check),
};

fn check(live: &Live<'_>, findings: &mut Findings) {
    let Some(server) = live.server().filter(|server| server.product != "SQLite" && !server.schemas.is_empty()) else {
        return;
    };
    if let Some(table) = live.version_table().filter(|table| table.readable && !table.writable) {
        findings
            .report(live.place, format!("the role `{}` may not write to `{}`", server.user, table.name))
            .key(live.key("version-table"))
            .why("after each revision Alembic writes its id there: the first one fails with `permission denied`")
            .help(format!("as its owner: GRANT INSERT, UPDATE, DELETE ON {} TO \"{}\"", table.name, server.user));
    }
    if let Some(table) = live.version_table().filter(|table| !table.readable) {
        findings
            .report(live.place, format!("the role `{}` may not read `{}`", server.user, table.name))
            .key(live.key("version-table"))
            .why(format!("every command begins with that, and fails with `permission denied for table {}`", table.name))
            .help(format!(
                "as its owner: GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO \"{}\"",
                table.name, server.user
            ));
        return;
    }
    let makes = !live.pending.made.is_empty() || live.version_table().is_none();
    if !makes || live.pending.revisions.is_empty() && live.version_table().is_some() {
        return;
    }
    let wanted = live.pending.made.iter().map(|(table, span)| (table.schema.as_deref(), *span));
    let default = live.version_table().is_none().then_some((None, live.place));
    let mut said: Vec<String> = Vec::new();
    for (schema, span) in default.into_iter().chain(wanted) {
        let Some(name) = schema.map(str::to_owned).or_else(|| default_schema(server)) else {
            findings
                .report(span, "no schema of the search path is there, or may be used")
                .key(live.key("search-path"))
                .why("`CREATE TABLE` fails with `no schema has been selected to create in`")
                .help(format!("GRANT USAGE, CREATE ON SCHEMA public TO \"{}\"", server.user));
            return;
        };
        let Some(facts) = server.schemas.iter().find(|facts| facts.name == name) else { continue };
        if facts.create || said.contains(&name) {
            continue;
        }
        let newer = if server.product == "PostgreSQL" && server.major >= 15 && name == "public" {
            "; since PostgreSQL 15 only the owner of the database may create in `public`"
        } else {
            ""
        };
        let (kind, on) = if server.product == "PostgreSQL" { ("schema", "SCHEMA") } else { ("database", "DATABASE") };
        let help = match server.product.as_str() {
            "PostgreSQL" => format!(
                "as `{}` or a superuser: GRANT USAGE, CREATE ON {on} {name} TO \"{}\"",
                facts.owner, server.user
            ),
            _ => format!(
                "as an administrator: GRANT CREATE, ALTER, DROP, INDEX, REFERENCES ON `{name}`.* TO {}",
                server.user
            ),
        };
        findings
            .report(span, format!("the role `{}` may not create in the {kind} `{name}`", server.user))
            .key(live.key(&format!("create:{name}")))
            .why(format!("`CREATE TABLE` fails with `permission denied for {kind} {name}`{newer}"))
            .help(help);
        said.push(name);
    }
}

fn default_schema(server: &Server) -> Option<String> {
    match server.product.as_str() {
        "PostgreSQL" | "CockroachDB" => server.search_path.first().cloned(),
        _ => server.schemas.first().map(|schema| schema.name.clone()),
    }
}
