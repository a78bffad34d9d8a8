//! A URL, environment variables and libpq's files → a [`Target`]: which servers, as whom, which database, how private.
//!
//! What a URL leaves out is filled in as its driver would: psycopg2 and psycopg hand it to libpq, which reads `PG…`
//! variables, a service file and `.pgpass`; asyncpg reads most of the variables and `.pgpass` itself; the others know
//! their defaults only.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::database::libpq;
use crate::project::sqlalchemy::url::EngineUrl;

/// Where to connect, and how.
#[derive(Clone, Debug)]
pub struct Target {
    /// `postgresql`, `mysql`, `sqlite` or another.
    pub dialect: String,
    /// The driver, where the URL names one.
    pub driver: Option<String>,
    /// The servers, in the order in which they are tried. Empty for SQLite.
    pub hosts: Vec<Host>,
    /// The role.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// The database; for SQLite the path of its file.
    pub database: Option<String>,
    /// TLS.
    pub tls: Tls,
    /// `options=`: settings that the session begins with.
    pub options: Option<String>,
    /// What does not come from the URL: (`user`, `PGUSER`).
    pub filled_in: Vec<(&'static str, String)>,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The name.
    pub name: HostName,
    /// The port.
    pub port: u16,
    /// `hostaddr=`: the address, so that the name need not be resolved.
    pub address: Option<String>,
}

/// How a server is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostName {
    /// A name or an address.
    Tcp(String),
    /// The folder of PostgreSQL's socket, or MySQL's socket itself.
    Socket(PathBuf),
}

/// A password: never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How private the connection is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// `sslmode`
    pub mode: SslMode,
    /// The certificates to trust; `None`: libpq's `~/.postgresql/root.crt`, where it exists.
    pub roots: Option<Roots>,
    /// Our certificate and its key.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// Whom to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roots {
    /// A file of certificates.
    File(PathBuf),
    /// `sslrootcert=system`
    System,
}

/// libpq's `sslmode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// Never TLS.
    Disable,
    /// TLS where the server won't have it otherwise.
    Allow,
    /// TLS where the server has it.
    #[default]
    Prefer,
    /// TLS, whoever the server is.
    Require,
    /// TLS, with a certificate that a trusted authority signed.
    VerifyCa,
    /// The same, and in the name that was asked for.
    VerifyFull,
}

impl SslMode {
    /// By libpq's word.
    pub fn named(word: &str) -> Option<SslMode> {
        Some(match word {
            "disable" => SslMode::Disable,
            "allow" => SslMode::Allow,
            "prefer" => SslMode::Prefer,
            "require" => SslMode::Require,
            "verify-ca" => SslMode::VerifyCa,
            "verify-full" => SslMode::VerifyFull,
            _ => return None,
        })
    }

    /// libpq's word.
    pub fn word(self) -> &'static str {
        match self {
            SslMode::Disable => "disable",
            SslMode::Allow => "allow",
            SslMode::Prefer => "prefer",
            SslMode::Require => "require",
            SslMode::VerifyCa => "verify-ca",
            SslMode::VerifyFull => "verify-full",
        }
    }
}

/// What a driver finds around it.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Environment variables.
    pub variables: HashMap<String, String>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// The name of the user of the system.
    pub user: Option<String>,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Surroundings {
        let variables: HashMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let given = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
        let home = given("HOME").or_else(|| given("USERPROFILE")).map(PathBuf::from);
        let user = given("USER").or_else(|| given("LOGNAME")).or_else(|| given("USERNAME")).or_else(name_of_user);
        Surroundings { home, user, variables }
    }

    /// A variable that is set to something.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Our user's name by the number, as `/etc/passwd` has it.
#[cfg(unix)]
fn name_of_user() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let id = tempfile::tempfile().and_then(|file| file.metadata()).ok()?.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.split(':').nth(2) == Some(&id))?;
    line.split(':').next().map(str::to_owned)
}

#[cfg(not(unix))]
fn name_of_user() -> Option<String> {
    None
}

/// What is wrong with a URL that no server need be asked for.
pub type Problem = String;

impl Target {
    /// Reads a URL in its surroundings. `run_from` is the directory that a relative path of SQLite counts from.
    ///
    /// # Errors
    /// The driver would refuse it: in words.
    pub fn of(url: &EngineUrl, surroundings: &Surroundings, run_from: &Path) -> Result<Target, Problem> {
        match url.dialect.as_str() {
            "postgresql" | "cockroachdb" | "redshift" => postgresql(url, surroundings),
            "sqlite" => Ok(sqlite(url, run_from)),
            _ => Ok(other(url)),
        }
    }

    fn empty(url: &EngineUrl) -> Target {
        let text = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        Target {
            dialect: url.dialect.clone(),
            driver: url.driver.clone(),
            hosts: Vec::new(),
            user: text(&url.username),
            password: url.password.clone().map(Secret),
            database: text(&url.database),
            tls: Tls::default(),
            options: None,
            filled_in: Vec::new(),
        }
    }
}

/// The last value of a query argument, and its values in order.
fn query<'u>(url: &'u EngineUrl, name: &str) -> Vec<&'u str> {
    url.query.iter().filter(|(key, ..)| key == name).map(|(_, value, _)| value.as_str()).collect()
}

/// What a driver of PostgreSQL reads beside its URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    /// Everything that libpq does.
    Libpq,
    /// Variables and `.pgpass`, in its own code.
    Asyncpg,
    /// Nothing.
    Nothing,
}

fn postgresql(url: &EngineUrl, surroundings: &Surroundings) -> Result<Target, Problem> {
    let reads = match url.driver.as_deref() {
        Some("asyncpg") => Reads::Asyncpg,
        Some("pg8000") => Reads::Nothing,
        _ => Reads::Libpq,
    };
    let mut target = Target::empty(url);
    let service = match reads {
        Reads::Libpq => service(url, surroundings)?,
        _ => None,
    };
    let mut filled_in = Vec::new();
    // The URL's query wins over its parts, both over the service, that over the variables.
    let mut value = |name: &'static str, part: Option<String>, variable: &str| -> Option<String> {
        if let Some(value) = query(url, name).last() {
            return Some((*value).to_owned());
        }
        if part.is_some() {
            return part;
        }
        if let Some((file, entries)) = &service
            && let Some((_, value)) = entries.iter().find(|(key, _)| key == name)
        {
            filled_in.push((name, format!("the service in {}", file.display())));
            return Some(value.clone());
        }
        let found = surroundings.get(variable).filter(|_| reads != Reads::Nothing && !variable.is_empty())?;
        filled_in.push((name, variable.to_owned()));
        Some(found.to_owned())
    };
    let part = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    target.user = value("user", part(&url.username), "PGUSER");
    target.database = value("dbname", part(&url.database), "PGDATABASE");
    let in_url = url.password.clone();
    let password = value("password", in_url, "PGPASSWORD");
    let hosts = several(query(url, "host"));
    let host = if hosts.is_empty() { value("host", part(&url.host), "PGHOST") } else { Some(hosts.join(",")) };
    let ports = several(query(url, "port"));
    let port = match (ports.is_empty(), url.port) {
        (false, _) => Some(ports.join(",")),
        (true, Some(port)) => Some(port.to_string()),
        (true, None) => value("port", None, "PGPORT"),
    };
    let addresses = value("hostaddr", None, if reads == Reads::Libpq { "PGHOSTADDR" } else { "" });
    let mode_key = if reads == Reads::Asyncpg { "ssl" } else { "sslmode" };
    let mode = value(mode_key, None, "PGSSLMODE");
    let roots = value("sslrootcert", None, "PGSSLROOTCERT");
    let certificate = value("sslcert", None, "PGSSLCERT");
    let key = value("sslkey", None, "PGSSLKEY");
    target.options = value("options", None, if reads == Reads::Libpq { "PGOPTIONS" } else { "" });
    let passfile = value("passfile", None, "PGPASSFILE");
    target.filled_in = filled_in;

    target.hosts = hosts_of(host.as_deref(), port.as_deref(), addresses.as_deref(), reads)?;
    if target.user.is_none() {
        target.user.clone_from(&surroundings.user);
        target.filled_in.push(("user", "the name of the system's user".to_owned()));
    }
    if target.database.is_none() {
        target.database.clone_from(&target.user);
        target.filled_in.push(("dbname", "the name of the role".to_owned()));
    }
    target.tls = Tls {
        mode: mode.as_deref().map_or(Ok(SslMode::Prefer), |word| {
            SslMode::named(word).ok_or_else(|| format!("`{mode_key}={word}` is no mode that PostgreSQL's drivers know"))
        })?,
        roots: match roots.as_deref() {
            Some("system") => Some(Roots::System),
            Some(path) => Some(Roots::File(path.into())),
            None => home_file(surroundings, "root.crt").map(Roots::File),
        },
        client: certificate
            .map(PathBuf::from)
            .or_else(|| home_file(surroundings, "postgresql.crt"))
            .zip(key.map(PathBuf::from).or_else(|| home_file(surroundings, "postgresql.key"))),
    };
    target.password = match password {
        Some(password) => Some(Secret(password)),
        None if reads == Reads::Nothing => None,
        None => {
            let default = surroundings.home.as_ref().map(|home| home.join(".pgpass"));
            let file = passfile.map(PathBuf::from).or(default);
            let found = file.and_then(|file| Some((libpq::password(&file, &target)?, file)));
            found.map(|(password, file)| {
                target.filled_in.push(("password", file.display().to_string()));
                Secret(password)
            })
        }
    };
    Ok(target)
}

/// `?host=a&host=b` and `?host=a,b` are the same.
fn several(values: Vec<&str>) -> Vec<String> {
    values.iter().flat_map(|value| value.split(',')).map(str::to_owned).collect()
}

type Service = (PathBuf, Vec<(String, String)>);

fn service(url: &EngineUrl, surroundings: &Surroundings) -> Result<Option<Service>, Problem> {
    let Some(name) = query(url, "service").last().copied().or_else(|| surroundings.get("PGSERVICE")) else {
        return Ok(None);
    };
    let own = surroundings.home.as_ref().map(|home| home.join(".pg_service.conf"));
    let own = surroundings.get("PGSERVICEFILE").map(PathBuf::from).or(own);
    let folder = surroundings.get("PGSYSCONFDIR").unwrap_or("/etc/postgresql-common");
    let files = own.into_iter().chain([Path::new(folder).join("pg_service.conf")]);
    let found = files.filter_map(|file| Some((libpq::service(&file, name)?, file))).next();
    found
        .map(|(entries, file)| Some((file, entries)))
        .ok_or_else(|| format!("there is no definition of service `{name}`"))
}

fn home_file(surroundings: &Surroundings, name: &str) -> Option<PathBuf> {
    surroundings.home.as_ref().map(|home| home.join(".postgresql").join(name)).filter(|path| path.exists())
}

/// Where libpq looks for a socket: what Debian's says, then what the source does.
const SOCKET_FOLDERS: &[&str] = &["/var/run/postgresql", "/run/postgresql", "/tmp"];

fn hosts_of(
    hosts: Option<&str>,
    ports: Option<&str>,
    addresses: Option<&str>,
    reads: Reads,
) -> Result<Vec<Host>, Problem> {
    let list = |text: Option<&str>| -> Vec<String> {
        text.map(|text| text.split(',').map(|one| one.trim().to_owned()).collect()).unwrap_or_default()
    };
    let (names, ports, addresses) = (list(hosts), list(ports), list(addresses));
    let count = names.len().max(addresses.len()).max(1);
    if !(ports.len() <= 1 || ports.len() == count)
        || !(addresses.is_empty() || names.is_empty() || addresses.len() == names.len())
    {
        return Err("the numbers of hosts and of ports differ".to_owned());
    }
    let mut found = Vec::new();
    for at in 0..count {
        let mut name = names.get(at).cloned().unwrap_or_default();
        let mut port = ports.get(at).or(ports.first()).cloned().unwrap_or_default();
        // `host=a:5433`: SQLAlchemy's own form.
        if let Some((before, behind)) = name.rsplit_once(':').filter(|(before, behind)| {
            !before.contains([':', '/']) && behind.bytes().all(|digit| digit.is_ascii_digit())
        }) {
            (name, port) = (before.to_owned(), behind.to_owned());
        }
        let port = match port.as_str() {
            "" => 5432,
            text => text.parse().map_err(|_| format!("`{text}` is no port"))?,
        };
        let address = addresses.get(at).cloned();
        let name = match name.as_str() {
            "" if address.is_some() => HostName::Tcp(address.clone().unwrap_or_default()),
            "" if cfg!(windows) || reads == Reads::Nothing => HostName::Tcp("localhost".to_owned()),
            "" => default_host(port, reads),
            path if path.starts_with(['/', '@']) => HostName::Socket(path.into()),
            name => HostName::Tcp(name.to_owned()),
        };
        found.push(Host { name, port, address });
    }
    Ok(found)
}

fn default_host(port: u16, reads: Reads) -> HostName {
    let holds = |folder: &&&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    match SOCKET_FOLDERS.iter().find(holds) {
        Some(folder) => HostName::Socket(folder.into()),
        None if reads == Reads::Asyncpg => HostName::Tcp("localhost".to_owned()),
        None => {
            let there = SOCKET_FOLDERS.iter().find(|folder| Path::new(folder).is_dir());
            HostName::Socket(there.unwrap_or(&"/tmp").into())
        }
    }
}

fn sqlite(url: &EngineUrl, run_from: &Path) -> Target {
    let mut target = Target::empty(url);
    if url.is_memory() {
        target.database = None;
        return target;
    }
    // `file:path?mode=ro&uri=true` is SQLite's own form.
    let path = url.database.as_deref().unwrap_or_default();
    let path = path.strip_prefix("file:").unwrap_or(path);
    target.database = Some(run_from.join(path).to_string_lossy().into_owned());
    target
}

fn other(url: &EngineUrl) -> Target {
    let mut target = Target::empty(url);
    let last = |name: &str| query(url, name).last().map(|value| (*value).to_owned());
    let usual = usual_port(&url.dialect);
    let is_mysql = matches!(url.dialect.as_str(), "mysql" | "mariadb");
    let name = match last("unix_socket").filter(|_| is_mysql) {
        Some(path) => HostName::Socket(path.into()),
        None => {
            HostName::Tcp(url.host.clone().filter(|host| !host.is_empty()).unwrap_or_else(|| "localhost".to_owned()))
        }
    };
    if let Some(port) = url.port.or(usual) {
        target.hosts.push(Host { name, port, address: None });
    }
    let wants = ["ssl_ca", "ssl", "ssl_mode"].iter().any(|name| last(name).is_some());
    target.tls.mode = if wants { SslMode::Require } else { SslMode::Prefer };
    if let Some(roots) = last("ssl_ca") {
        target.tls = Tls { mode: SslMode::VerifyCa, roots: Some(Roots::File(roots.into())), client: None };
    }
    if is_mysql {
        target.user = target.user.or_else(|| last("user"));
    }
    target
}

/// The port that a dialect's servers listen on.
pub fn usual_port(dialect: &str) -> Option<u16> {
    Some(match dialect {
        "postgresql" => 5432,
        "cockroachdb" => 26257,
        "redshift" => 5439,
        "mysql" | "mariadb" => 3306,
        "mssql" => 1433,
        "oracle" => 1521,
        "clickhouse" | "clickhousedb" => 8123,
        "trino" | "presto" => 8080,
        "hana" => 30015,
        "vertica" => 5433,
        _ => return None,
    })
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            HostName::Tcp(name) if name.contains(':') => write!(f, "[{name}]:{}", self.port),
            HostName::Tcp(name) => write!(f, "{name}:{}", self.port),
            HostName::Socket(folder) => write!(f, "{}", folder.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::sqlalchemy::url::{Provenance, UrlKind};
    use crate::source::{FileId, Span};

    fn target(url: &str, variables: &[(&str, &str)]) -> Result<Target, Problem> {
        let provenance = Provenance { kind: UrlKind::Literal, chain: Vec::new(), masked_at: None };
        let url = EngineUrl::read(url, Span::start_of(FileId(0)), provenance);
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let surroundings = Surroundings { variables, home: None, user: Some("me".to_owned()) };
        Target::of(&url, &surroundings, Path::new("/project"))
    }

    fn hosts(target: &Target) -> Vec<String> {
        target.hosts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn hosts_and_ports() {
        let whole = target("postgresql://u:p%40@h:1/d?sslmode=require", &[("PGHOST", "no")]).expect("a target");
        assert_eq!((hosts(&whole), whole.tls.mode), (vec!["h:1".to_owned()], SslMode::Require));
        assert_eq!(whole.password, Some(Secret("p@".to_owned())));
        assert!(whole.filled_in.is_empty() && !format!("{whole:?}").contains("p@"));
        let several = target("postgresql://u@/d?host=a:1&host=b:2", &[]).expect("a target");
        assert_eq!(hosts(&several), ["a:1", "b:2"]);
        let listed = target("postgresql://u@/d?host=a,b&port=1,2", &[]).expect("a target");
        assert_eq!(hosts(&listed), ["a:1", "b:2"]);
        assert!(target("postgresql://u@/d?host=a,b&port=1,2,3", &[]).is_err());
        let socket = target("postgresql://u@/d?host=/run/x", &[]).expect("a target");
        assert_eq!(socket.hosts[0].name, HostName::Socket("/run/x".into()));
        let six = target("postgresql://u@[::1]/d", &[]).expect("a target");
        assert_eq!(hosts(&six), ["[::1]:5432"]);
    }

    #[test]
    fn variables_fill_in_what_the_driver_lets_them() {
        let variables =
            [("PGHOST", "h"), ("PGPORT", "7"), ("PGUSER", "u"), ("PGPASSWORD", "x"), ("PGSSLMODE", "disable")];
        let libpq = target("postgresql://", &variables).expect("a target");
        assert_eq!(
            (hosts(&libpq), libpq.user.as_deref(), libpq.database.as_deref()),
            (vec!["h:7".to_owned()], Some("u"), Some("u"))
        );
        assert_eq!((libpq.tls.mode, libpq.password), (SslMode::Disable, Some(Secret("x".to_owned()))));
        let none = target("postgresql+pg8000://", &variables).expect("a target");
        assert_eq!(
            (hosts(&none), none.user.as_deref(), none.password),
            (vec!["localhost:5432".to_owned()], Some("me"), None)
        );
        let asyncpg = target("postgresql+asyncpg://u@h/d?ssl=verify-full", &[]).expect("a target");
        assert_eq!(asyncpg.tls.mode, SslMode::VerifyFull);
    }

    #[test]
    fn other_dialects() {
        assert_eq!(target("sqlite:///a/b.db", &[]).expect("a target").database.as_deref(), Some("/project/a/b.db"));
        assert_eq!(target("sqlite:////a/b.db", &[]).expect("a target").database.as_deref(), Some("/a/b.db"));
        assert_eq!(hosts(&target("mysql+pymysql://u@h/d", &[]).expect("a target")), ["h:3306"]);
        assert_eq!(hosts(&target("mssql+pyodbc://u@h/d", &[]).expect("a target")), ["h:1433"]);
    }
}
