//! compose.yaml and its override files → services, published ports, and who can reach whom.

use crate::source::{FileId, Sources, Span, join, split};
use crate::syntax::dotenv;
use crate::syntax::python::SyntaxProblem;
use crate::syntax::yaml::{self, Yaml};

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name, which is its host name inside the network.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// The dialect of the database that it runs, if it runs one.
    pub database: Option<&'static str>,
    /// It is built from the project: the project's code may run inside the network.
    pub is_built: bool,
    /// The ports published on the host.
    pub ports: Vec<Port>,
    /// `container_name`, `hostname`, aliases.
    pub other_names: Vec<String>,
    /// `network_mode: host` or `service:…`.
    pub shares_network: bool,
    /// It is started only with one of these profiles; empty: always.
    pub profiles: Vec<String>,
    /// `docker compose up --wait` waits until it is healthy.
    pub has_healthcheck: bool,
    /// Its environment, each value with its place: what an image makes of an empty volume.
    pub environment: Vec<(String, String, Span)>,
}

/// `"5433:5432"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The port on the host; `None` when Docker picks one, or it could not be read.
    pub host: Option<u16>,
    /// The port in the container.
    pub container: u16,
    /// Where it is written.
    pub span: Span,
}

/// The files that `docker compose` reads together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compose {
    /// The files read.
    pub files: Vec<FileId>,
    /// The services of all of them, merged by name.
    pub services: Vec<Service>,
    /// A port or an image could not be read, a file includes others: there may be more.
    pub open: bool,
    /// Where the files are no YAML.
    pub problems: Vec<SyntaxProblem>,
}

impl Compose {
    /// The service that answers to `host`.
    pub fn answering(&self, host: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == host || service.other_names.iter().any(|name| name == host))
    }

    /// The services that run a database of this dialect.
    pub fn databases(&self, dialect: &str) -> impl Iterator<Item = &Service> {
        let wanted = if dialect == "mariadb" { "mysql" } else { dialect };
        self.services.iter().filter(move |service| service.database == Some(wanted))
    }
}

/// Reads the compose files of the folders from `directory` up to the root.
pub fn read(sources: &Sources, directory: &str) -> Compose {
    let mut compose = Compose::default();
    let mut here = directory;
    loop {
        for entry in sources.entries(here) {
            let name = entry.name;
            let is_compose = (name.starts_with("docker-compose") || name.starts_with("compose"))
                && (name.ends_with(".yml") || name.ends_with(".yaml"));
            if let Some(file) = entry.file.filter(|_| is_compose) {
                add(sources, file, &mut compose);
            }
        }
        if here.is_empty() {
            return compose;
        }
        here = split(here).0;
    }
}

fn add(sources: &Sources, file: FileId, compose: &mut Compose) {
    let (root, problems) = yaml::read(file, sources.text(file));
    compose.open |= !problems.is_empty() || root.get("include").is_some();
    compose.problems.extend(problems);
    compose.files.push(file);
    let folder = split(sources.path(file)).0;
    let variables = join(folder, ".env").and_then(|path| sources.id(&path));
    let variables = variables.map(|file| dotenv::read(file, sources.text(file)).0).unwrap_or_default();
    for (name, span, body) in root.get("services").map_or(&[][..], Yaml::members) {
        let service = service(name, *span, body, &variables, &mut compose.open);
        match compose.services.iter_mut().find(|other| other.name == service.name) {
            Some(other) => {
                other.database = other.database.or(service.database);
                other.is_built |= service.is_built;
                other.shares_network |= service.shares_network;
                other.ports.extend(service.ports);
                other.other_names.extend(service.other_names);
                other.profiles.extend(service.profiles);
                other.has_healthcheck |= service.has_healthcheck;
                // What an override says comes last, and wins.
                other.environment.retain(|(name, ..)| !service.environment.iter().any(|(own, ..)| own == name));
                other.environment.extend(service.environment);
            }
            None => compose.services.push(service),
        }
    }
}

fn service(name: &str, span: Span, body: &Yaml, variables: &[dotenv::Entry], open: &mut bool) -> Service {
    *open |= body.get("extends").is_some();
    let image = body.get("image").and_then(Yaml::as_str).map(|image| filled_in(image, variables));
    let mut ports = Vec::new();
    for item in body.get("ports").map_or(&[][..], Yaml::items) {
        match port(item, variables) {
            Some(port) => ports.push(port),
            None => *open = true,
        }
    }
    let mut other_names: Vec<String> =
        ["container_name", "hostname"].iter().filter_map(|key| body.get(key)?.as_str().map(str::to_owned)).collect();
    for (.., network) in body.get("networks").map_or(&[][..], Yaml::members) {
        let aliases = network.get("aliases").map_or(&[][..], Yaml::items);
        other_names.extend(aliases.iter().filter_map(|alias| alias.as_str().map(str::to_owned)));
    }
    Service {
        name: name.to_owned(),
        span,
        database: image.as_deref().and_then(database).or_else(|| database_by_variables(body)),
        is_built: body.get("build").is_some(),
        ports,
        other_names,
        shares_network: body.get("network_mode").is_some(),
        profiles: body
            .get("profiles")
            .map_or(&[][..], Yaml::items)
            .iter()
            .filter_map(|profile| profile.as_str().map(str::to_owned))
            .collect(),
        has_healthcheck: body.get("healthcheck").is_some_and(|check| check.get("disable").is_none()),
        environment: environment(body, variables),
    }
}

/// `environment:`, as a map or as a list of `NAME=value`.
fn environment(body: &Yaml, variables: &[dotenv::Entry]) -> Vec<(String, String, Span)> {
    let Some(environment) = body.get("environment") else { return Vec::new() };
    let listed = environment.items().iter().filter_map(|item| {
        let (name, value) = item.as_str()?.split_once('=')?;
        Some((name.to_owned(), filled_in(value, variables), item.span))
    });
    let mapped = environment
        .members()
        .iter()
        .filter_map(|(name, _, value)| Some((name.clone(), filled_in(value.as_str()?, variables), value.span)));
    mapped.chain(listed).collect()
}

/// The dialect of a database image, by the image's base name.
fn database(image: &str) -> Option<&'static str> {
    let name = split(image).1;
    let name = name.split([':', '@']).next().unwrap_or(name);
    let helpers = ["exporter", "backup", "admin", "bouncer", "pooler", "proxy"];
    if helpers.iter().any(|helper| name.contains(helper)) {
        return None;
    }
    let postgres =
        ["postgres", "postgresql", "postgis", "pgvector", "timescaledb", "timescaledb-ha", "pgautoupgrade", "citus"];
    match name {
        name if postgres.contains(&name) => Some("postgresql"),
        "mysql" | "mariadb" | "percona" | "mysql-server" => Some("mysql"),
        _ => None,
    }
}

fn database_by_variables(body: &Yaml) -> Option<&'static str> {
    if body.get("image").is_some() {
        return None;
    }
    let environment = body.get("environment")?;
    let listed = environment.items().iter().filter_map(Yaml::as_str).map(|item| item.split('=').next().unwrap_or(item));
    let mut names = environment.members().iter().map(|(name, ..)| name.as_str()).chain(listed);
    names.find_map(|name| match name {
        "POSTGRES_HOST_AUTH_METHOD" => Some("postgresql"),
        "MYSQL_ROOT_PASSWORD" | "MARIADB_ROOT_PASSWORD" => Some("mysql"),
        _ => None,
    })
}

/// `5432`, `5433:5432`, `127.0.0.1:5433:5432/tcp`, `{target: 5432, published: 5433}`.
fn port(item: &Yaml, variables: &[dotenv::Entry]) -> Option<Port> {
    if !item.members().is_empty() {
        let number = |key: &str| item.get(key).and_then(Yaml::as_str).map(|text| filled_in(text, variables));
        let container = number("target")?.parse().ok()?;
        return Some(Port { host: number("published").and_then(|text| text.parse().ok()), container, span: item.span });
    }
    let text = filled_in(item.as_str()?, variables);
    let text = text.split('/').next().unwrap_or("");
    let mut parts = text.rsplit(':');
    let container = parts.next()?.parse().ok()?;
    let host = match parts.next() {
        Some("") | None => None,
        Some(host) => Some(host.parse().ok()?),
    };
    Some(Port { host, container, span: item.span })
}

/// `${NAME}`, `${NAME:-default}`, `$NAME` from the .env beside the file.
fn filled_in(text: &str, variables: &[dotenv::Entry]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        filled.push_str(before);
        if let Some((inside, behind)) = behind.strip_prefix('{').and_then(|inside| inside.split_once('}')) {
            let end = inside.find(|found: char| !found.is_alphanumeric() && found != '_').unwrap_or(inside.len());
            let (name, default) = inside.split_at(end);
            match dotenv::last(variables, name) {
                Some(entry) => filled.push_str(&entry.value),
                None => filled.push_str(default.trim_start_matches([':', '-'])),
            }
            rest = behind;
        } else {
            let end = behind.find(|found: char| !found.is_alphanumeric() && found != '_').unwrap_or(behind.len());
            if let Some(entry) = dotenv::last(variables, &behind[..end]) {
                filled.push_str(&entry.value);
            }
            rest = &behind[end..];
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_and_ports() {
        let text = "services:\n  db:\n    image: postgis/postgis:15-3.3\n    ports: ['${PORT:-5433}:5432', \"5432\"]\n\
                    \x20   profiles: [dev]\n    healthcheck: {test: pg_isready}\n    environment: {POSTGRES_DB: \"shop$X\"}\n\
                    \x20 app:\n    build: .\n  admin:\n    image: dpage/pgadmin4\n  cache:\n    image: redis\n    ports:\n      - target: 1\n        published: \"2\"\n";
        let sources = Sources::in_memory([("docker-compose.yml", text), (".env", "X=1\n")]);
        let compose = read(&sources, "back/app");
        let db = compose.answering("db").expect("db");
        assert_eq!((db.database, db.ports[0].host, db.ports[1].host), (Some("postgresql"), Some(5433), None));
        assert_eq!((db.profiles.as_slice(), db.has_healthcheck), (&["dev".to_owned()][..], true));
        assert_eq!((db.environment[0].0.as_str(), db.environment[0].1.as_str()), ("POSTGRES_DB", "shop1"));
        assert!(compose.answering("app").is_some_and(|app| app.is_built));
        assert_eq!(compose.databases("postgresql").count(), 1);
        assert_eq!(compose.answering("cache").expect("cache").ports[0].host, Some(2));
    }
}
