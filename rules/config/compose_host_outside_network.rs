//! The URL's host is a compose service, and nothing but that network knows the name.

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::compose;
use crate::rules::config::shared::used;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "compose-host-outside-network",
    page: include_str!("compose_host_outside_network.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let compose = compose::read(project.sources, &environment.run_from);
    // Where the project itself runs in a container, alembic may run there, too.
    let may_be_inside =
        |service: &compose::Service| service.is_built || service.shares_network || service.database.is_none();
    if compose.open || compose.services.is_empty() || compose.services.iter().any(may_be_inside) {
        return;
    }
    for used in used::urls(environment).into_iter().filter(|used| used.connects) {
        let Some(service) = used.url.host.as_deref().and_then(|host| compose.answering(host)) else { continue };
        let host = used.url.host.as_deref().unwrap_or("");
        let published = service.ports.iter().find_map(|port| port.host);
        let help = match published {
            Some(port) => format!("from the host the database is at `localhost:{port}`"),
            None => format!("publish the port of `{}` and use `localhost`", service.name),
        };
        findings
            .report(used.url.span, format!("the host `{host}` is known only inside the network of Docker Compose"))
            .key(used::key(project, used.url))
            .label(service.span, "the service is defined here, and none of the project's own runs beside it")
            .why(format!("on the host the connection fails with `could not translate host name \"{host}\" to address`"))
            .help(help);
    }
}
