//! A pending revision needs an extension that the server can't give.

use crate::database::live::Live;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "extension-unavailable",
    page: include_str!("extension_unavailable.md"),
    check: Check::Database(check),
};

fn check(live: &Live<'_>, findings: &mut Findings) {
    let Some(server) = live.server().filter(|server| server.product == "PostgreSQL" && !server.extensions.is_empty())
    else {
        return;
    };
    for (name, span) in &live.pending.extensions {
        let known = server.extensions.iter().find(|extension| extension.name == *name);
        match known {
            None => {
                findings
                    .report(*span, format!("the server has no extension `{name}`"))
                    .key(live.key(&format!("extension:{name}")))
                    .why(format!("`CREATE EXTENSION` fails with `extension \"{name}\" is not available`"))
                    .help(package(name, server.major));
            }
            Some(extension) if extension.installed || server.is_superuser => {}
            Some(extension) if extension.trusted && server.may_create_schemas => {}
            Some(_) => {
                findings
                    .report(*span, format!("the role `{}` may not create the extension `{name}`", server.user))
                    .key(live.key(&format!("extension:{name}")))
                    .why(format!("`CREATE EXTENSION` fails with `permission denied to create extension \"{name}\"`"))
                    .help(format!("as a superuser, once: CREATE EXTENSION \"{name}\""));
            }
        }
    }
}

/// Where the extension comes from, as far as it is one that people use.
fn package(name: &str, major: u32) -> String {
    let image = match name {
        "vector" => Some(format!("pgvector/pgvector:pg{major}")),
        "postgis" | "postgis_topology" | "postgis_raster" => Some(format!("postgis/postgis:{major}-3.5")),
        "timescaledb" => Some(format!("timescale/timescaledb:latest-pg{major}")),
        _ => None,
    };
    match image {
        Some(image) => format!("install its package on the server, or use the image {image}"),
        None => "install its package on the server (Debian: postgresql-contrib or a package of its own)".to_owned(),
    }
}
