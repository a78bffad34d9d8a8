//! How the database is started, or under which name and port it can be reached: what the Compose files say.

use crate::database::live::Live;
use crate::database::target::{HostName, usual_port};
use crate::project::compose::Service;
use crate::source::Span;

/// What helps, and why, with the lines that show it.
#[derive(Debug, Default)]
pub struct Advice {
    /// What explains it.
    pub why: Option<String>,
    /// What to type.
    pub help: Option<String>,
    /// The lines.
    pub labels: Vec<(Span, String)>,
}

/// The name of the target's first host.
pub fn host_name<'l>(live: &'l Live<'_>) -> Option<&'l str> {
    live.target.hosts.first().and_then(|host| match &host.name {
        HostName::Tcp(name) => Some(name.as_str()),
        HostName::Socket(_) => None,
    })
}

/// A name that does not resolve.
pub fn unresolved(live: &Live<'_>) -> Advice {
    let Some(name) = host_name(live) else { return Advice::default() };
    let Some(service) = live.compose.answering(name) else {
        let help = if name.contains('.') { "is the name right, and the VPN up?" } else { "is the name right?" };
        return Advice { help: Some(help.to_owned()), ..Advice::default() };
    };
    let sources = live.project.sources;
    let usual = live.target.hosts.first().map(|host| host.port).or_else(|| usual_port(&live.target.dialect));
    let published = service.ports.iter().find(|port| Some(port.container) == usual);
    let mut advice = Advice {
        why: Some(format!("`{name}` is a Compose service: the name resolves only inside the network of Compose")),
        labels: vec![(service.span, "the service is defined here".to_owned())],
        ..Advice::default()
    };
    let inside = match live.compose.services.iter().find(|other| other.is_built) {
        Some(app) => format!("; or run inside: docker compose run --rm {} alembic upgrade head", app.name),
        None => String::new(),
    };
    advice.help = Some(match published {
        Some(port) => match port.host {
            Some(host) => {
                let place = sources.place(port.span);
                advice.labels.push((port.span, format!("published as localhost:{host}")));
                format!("from here, use localhost:{host} ({place}){inside}")
            }
            None => format!(
                "from here, use localhost and the port that `docker compose port {name} {}` prints{inside}",
                port.container
            ),
        },
        None => {
            let port = usual.unwrap_or(5432);
            format!("publish the port (`ports: [\"{port}:{port}\"]` in `{name}`) and use localhost:{port}{inside}")
        }
    });
    advice
}

/// A port on which nothing listens.
pub fn refused(live: &Live<'_>) -> Advice {
    let Some(host) = live.target.hosts.first() else { return Advice::default() };
    let is_local = match &host.name {
        HostName::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1" | "0.0.0.0"),
        HostName::Socket(_) => true,
    };
    if !is_local {
        return Advice { help: Some(format!("is the server at {host} up, and the port right?")), ..Advice::default() };
    }
    let databases: Vec<&Service> = live.compose.databases(&live.target.dialect).collect();
    let sources = live.project.sources;
    for service in &databases {
        for port in &service.ports {
            if port.host == Some(host.port) {
                let labels = vec![(service.span, format!("`{}` publishes the port {}", service.name, host.port))];
                return Advice { help: Some(start(live, service)), labels, why: None };
            }
        }
    }
    if let [service] = databases.as_slice() {
        let labels = vec![(service.span, "the database of the project's Compose file".to_owned())];
        match service.ports.iter().find_map(|port| Some((port.host?, port))) {
            Some((published, port)) => {
                let place = sources.place(port.span);
                let why = format!("port {} is published as {published} ({place})", port.container);
                let help = format!("write port {published}; if it isn't running: {}", start(live, service));
                let labels = vec![(port.span, format!("published as {published}"))];
                return Advice { why: Some(why), help: Some(help), labels };
            }
            None if service.ports.is_empty() => {
                let why = format!("`{}` publishes no port: it can be reached from inside Compose only", service.name);
                let port = usual_port(&live.target.dialect).unwrap_or(host.port);
                let help = format!("publish it: `ports: [\"{}:{port}\"]` in `{}`", host.port, service.name);
                return Advice { why: Some(why), help: Some(help), labels };
            }
            None => {
                let help = format!(
                    "Compose picks the port: `docker compose port {} {}` prints it",
                    service.name, service.ports[0].container
                );
                return Advice { why: None, help: Some(help), labels };
            }
        }
    }
    let help = match (live.target.dialect.as_str(), &host.name) {
        ("postgresql", HostName::Socket(_)) => {
            "start PostgreSQL, or name a host in the URL: without one it is looked for at a socket"
        }
        ("postgresql", _) => "start PostgreSQL, or check the port in the URL",
        ("mysql" | "mariadb", _) => "start the server, or check the port in the URL",
        _ => "start the server, or check the port in the URL",
    };
    Advice { help: Some(help.to_owned()), ..Advice::default() }
}

/// The command that starts a service.
pub fn start(live: &Live<'_>, service: &Service) -> String {
    let sources = live.project.sources;
    let path = sources.path(service.span.file);
    let (folder, name) = crate::source::split(path);
    let is_usual = matches!(name, "compose.yaml" | "compose.yml" | "docker-compose.yaml" | "docker-compose.yml")
        || name.contains(".override.");
    // Compose finds its usual files in the working directory and above.
    let file = if is_usual && (folder.is_empty() || folder == live.environment.run_from) {
        String::new()
    } else {
        format!(" -f {}{path}", sources.shown_from)
    };
    let profile = service.profiles.first().map(|profile| format!(" --profile {profile}")).unwrap_or_default();
    let wait = if service.has_healthcheck { " --wait" } else { "" };
    format!("docker compose{file}{profile} up -d{wait} {}", service.name)
}

/// A password or a role that the server refuses, while Compose says another: its variables count only once.
pub fn credentials(live: &Live<'_>) -> Advice {
    let Some(service) = of_target(live) else { return Advice::default() };
    let said = |name: &str| service.environment.iter().find(|(key, ..)| key == name);
    let (user, password) = (said("POSTGRES_USER"), said("POSTGRES_PASSWORD"));
    let own = live.target.password.as_ref().map(|password| password.0.as_str());
    let expected_user = user.map_or("postgres", |(_, value, _)| value.as_str());
    let mut advice = Advice::default();
    if live.target.user.as_deref() != Some(expected_user) {
        let span = user.map_or(service.span, |(_, _, span)| *span);
        advice.labels.push((span, format!("Compose makes the role `{expected_user}`")));
        advice.help = Some(format!("log in as `{expected_user}`, or make the role"));
    } else if let Some((_, value, span)) = password {
        if own == Some(value.as_str()) {
            advice.labels.push((*span, "the same password is set here".to_owned()));
            advice.why = Some(
                "Compose's variables count only when the volume is new: it was made with another password".to_owned(),
            );
            advice.help = Some(format!(
                "set it: docker compose exec {} psql -U {expected_user} -c '\\password' (making the volume anew would \
                 lose all its data)",
                service.name
            ));
        } else {
            advice.labels.push((*span, "another password is set here".to_owned()));
            advice.help = Some("use the same password in both".to_owned());
        }
    }
    advice
}

/// A database that is not there, while Compose makes another.
pub fn database(live: &Live<'_>) -> Option<(Span, String)> {
    let service = of_target(live)?;
    let said = |name: &str| service.environment.iter().find(|(key, ..)| key == name);
    let (_, made, span) = said("POSTGRES_DB").or_else(|| said("POSTGRES_USER")).or_else(|| said("MYSQL_DATABASE"))?;
    (live.target.database.as_ref() != Some(made)).then(|| (*span, made.clone()))
}

/// The service that the target leads to.
fn of_target<'l>(live: &'l Live<'_>) -> Option<&'l Service> {
    let host = live.target.hosts.first()?;
    live.compose
        .databases(&live.target.dialect)
        .find(|service| service.ports.iter().any(|port| port.host == Some(host.port)))
}
