//! The URL's port is not the one that compose publishes.

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::compose;
use crate::rules::config::shared::used;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "compose-port-differs",
    page: include_str!("compose_port_differs.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let compose = compose::read(project.sources, &environment.run_from);
    if compose.open || compose.services.iter().any(|service| service.shares_network) {
        return;
    }
    for used in used::urls(environment).into_iter().filter(|used| used.connects) {
        let url = used.url;
        if !matches!(url.host.as_deref(), Some("localhost" | "127.0.0.1" | "0.0.0.0")) {
            continue;
        }
        let usual = match url.dialect.as_str() {
            "postgresql" => 5432,
            "mysql" | "mariadb" => 3306,
            _ => continue,
        };
        let port = url.port.unwrap_or(usual);
        let databases: Vec<_> = compose.databases(&url.dialect).collect();
        let [database] = databases.as_slice() else { continue };
        let published: Vec<(u16, _)> = database.ports.iter().filter_map(|port| Some((port.host?, port.span))).collect();
        if published.is_empty()
            || published.iter().any(|(other, _)| *other == port)
            || database.ports.iter().any(|port| port.host.is_none())
        {
            continue;
        }
        // Another service on the port is what the URL means.
        if compose.services.iter().flat_map(|service| &service.ports).any(|other| other.host == Some(port)) {
            continue;
        }
        let (there, span) = published[0];
        findings
            .report(url.span, format!("the URL says port {port}, and Compose publishes `{}` on {there}", database.name))
            .key(used::key(project, url))
            .label(span, "published here")
            .why("the connection is refused, or reaches another server that happens to listen there")
            .help(format!("write port {there}, or publish `{port}`"));
    }
}
