//! MySQL and MariaDB: a [`Target`] → what the server tells, or why it lets nobody in.

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, OptsBuilder, SslOpts};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

use crate::database::Looked;
use crate::database::postgresql::connect::{open, resolve};
use crate::database::server::{HeadRoom, Server, TableFacts, VersionTable};
use crate::database::target::{Host, HostName, Roots, SslMode, Target};
use crate::database::trouble::{Attempt, Said, Stage, Trouble, who_answers};

/// Tries every address of the host.
pub async fn look(target: &Target, deadline: Instant) -> Looked {
    let mut looked = Looked { failed: Vec::new(), reached: None, server: None, seconds: 0.0 };
    for host in &target.hosts {
        let addresses = match &host.name {
            HostName::Socket(path) if !path.exists() => Err(Trouble::NoSocket(path.clone())),
            HostName::Socket(_) => Ok(vec![None]),
            HostName::Tcp(_) => resolve(host, deadline).await,
        };
        let addresses = match addresses {
            Ok(addresses) => addresses,
            Err(trouble) => {
                looked.failed.push(Attempt { host: host.clone(), address: None, trouble });
                continue;
            }
        };
        let count = addresses.len();
        for (at, address) in addresses.into_iter().enumerate() {
            let left = deadline.saturating_duration_since(Instant::now());
            let until = Instant::now() + left / u32::try_from(count - at).unwrap_or(1);
            match at_address(target, host, address, until).await {
                Ok(server) => {
                    looked.reached = Some((host.clone(), address));
                    looked.server = Some(server);
                    return looked;
                }
                Err(trouble) => {
                    let is_final = matches!(trouble, Trouble::Said(_));
                    looked.failed.push(Attempt { host: host.clone(), address, trouble });
                    if is_final {
                        return looked;
                    }
                }
            }
        }
    }
    looked
}

async fn at_address(
    target: &Target,
    host: &Host,
    address: Option<std::net::SocketAddr>,
    deadline: Instant,
) -> Result<Server, Trouble> {
    let mut connection = connect(target, host, address, deadline).await?;
    let server = timeout_at(deadline, read(&mut connection, target)).await;
    // The answer to the goodbye is not waited for.
    drop(timeout_at(deadline, connection.disconnect()).await);
    server.map_err(|_| Trouble::Timeout(Stage::Database))?.map_err(|error| trouble(&error))
}

async fn connect(
    target: &Target,
    host: &Host,
    address: Option<std::net::SocketAddr>,
    deadline: Instant,
) -> Result<Conn, Trouble> {
    let mut options = OptsBuilder::default()
        .user(target.user.clone())
        .pass(target.password.as_ref().map(|password| password.0.clone()))
        .db_name(target.database.clone())
        .prefer_socket(false)
        .tcp_port(host.port);
    match (&host.name, address) {
        (HostName::Socket(path), _) => options = options.socket(Some(path.display().to_string())),
        (HostName::Tcp(_), Some(address)) => {
            greeted(host, address, deadline).await?;
            options = options.ip_or_hostname(address.ip().to_string());
        }
        (HostName::Tcp(name), None) => options = options.ip_or_hostname(name.clone()),
    }
    if target.tls.mode >= SslMode::Require {
        options = options.ssl_opts(Some(trust(target)));
    }
    let connected = timeout_at(deadline, Conn::new(options)).await.map_err(|_| Trouble::Timeout(Stage::Login))?;
    connected.map_err(|error| trouble(&error))
}

/// The statements that make the tables: `SHOW CREATE TABLE`.
///
/// # Errors
/// There is no session, or the server does not answer.
pub async fn statements(target: &Target, deadline: Instant) -> Result<Vec<String>, Box<Attempt>> {
    let mut last = Attempt::nowhere(Trouble::Unresolved("no host".to_owned()));
    for host in &target.hosts {
        let addresses = match &host.name {
            HostName::Socket(_) => Ok(vec![None]),
            HostName::Tcp(_) => resolve(host, deadline).await,
        };
        let addresses = match addresses {
            Ok(addresses) => addresses,
            Err(trouble) => {
                last = Attempt { host: host.clone(), address: None, trouble };
                continue;
            }
        };
        for address in addresses {
            let made = async {
                let mut connection = connect(target, host, address, deadline).await?;
                let shown = timeout_at(deadline, shown(&mut connection)).await;
                drop(timeout_at(deadline, connection.disconnect()).await);
                shown.map_err(|_| Trouble::Timeout(Stage::Database))?.map_err(|error| trouble(&error))
            };
            match made.await {
                Ok(made) => return Ok(made),
                Err(trouble) => last = Attempt { host: host.clone(), address, trouble },
            }
        }
    }
    Err(Box::new(last))
}

async fn shown(connection: &mut Conn) -> Result<Vec<String>, mysql_async::Error> {
    let tables: Vec<String> = connection
        .query("select table_name from information_schema.tables where table_schema = database() and table_type = 'BASE TABLE' order by 1")
        .await?;
    let mut made = Vec::new();
    for table in tables {
        let show = format!("show create table `{}`", table.replace('`', "``"));
        made.extend(connection.query_first::<(String, String), _>(show).await?.map(|(_, text)| text));
    }
    Ok(made)
}

#[cfg(feature = "tls")]
fn trust(target: &Target) -> SslOpts {
    let options = SslOpts::default();
    match &target.tls.roots {
        Some(Roots::File(file)) => {
            options.with_root_certs(vec![file.clone().into()]).with_danger_skip_domain_validation(true)
        }
        _ => options.with_danger_accept_invalid_certs(true),
    }
}

#[cfg(not(feature = "tls"))]
fn trust(_: &Target) -> SslOpts {
    SslOpts::default()
}

/// A server of MySQL speaks first. Who does not is asked in the words of PostgreSQL.
async fn greeted(host: &Host, address: std::net::SocketAddr, deadline: Instant) -> Result<(), Trouble> {
    let mut stream = open(host, Some(address), deadline).await?;
    let mut bytes = [0; 128];
    let patience = deadline.min(Instant::now() + std::time::Duration::from_millis(800));
    match timeout_at(patience, stream.read(&mut bytes)).await {
        Ok(Ok(0)) => Err(Trouble::Closed(Stage::Port)),
        Ok(Ok(read)) => match who_answers(&bytes[..read]) {
            Some(name) if name.starts_with("MySQL") || name.starts_with("MariaDB") => Ok(()),
            Some(name) => Err(Trouble::NotThisServer(name)),
            None => Err(Trouble::NotThisServer("something else".to_owned())),
        },
        Ok(Err(error)) => Err(Trouble::of_io(&error, Stage::Port)),
        Err(_) => {
            let _ = stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).await;
            match timeout_at(deadline, stream.read(&mut bytes)).await {
                Ok(Ok(1)) if matches!(bytes[0], b'S' | b'N') => Err(Trouble::NotThisServer("PostgreSQL".to_owned())),
                Ok(Ok(read)) if read > 0 => {
                    let who = who_answers(&bytes[..read]).unwrap_or_else(|| "something else".to_owned());
                    Err(Trouble::NotThisServer(who))
                }
                _ => Err(Trouble::Timeout(Stage::Login)),
            }
        }
    }
}

fn trouble(error: &mysql_async::Error) -> Trouble {
    match error {
        mysql_async::Error::Server(said) => {
            Trouble::Said(Said { code: said.code.to_string(), message: said.message.clone(), more: None })
        }
        mysql_async::Error::Io(mysql_async::IoError::Io(error)) => Trouble::of_io(error, Stage::Login),
        #[cfg(feature = "tls")]
        mysql_async::Error::Io(error) => Trouble::Tls(error.to_string()),
        mysql_async::Error::Driver(mysql_async::DriverError::NoClientSslFlagFromServer) => Trouble::ServerWithoutTls,
        other => Trouble::NotThisServer(other.to_string()),
    }
}

async fn read(connection: &mut Conn, target: &Target) -> Result<Server, mysql_async::Error> {
    connection.query_drop("start transaction read only").await?;
    let mut server = Server { is_encrypted: target.tls.mode >= SslMode::Require, ..Server::default() };
    type Identity = (String, String, Option<String>, u8, u32);
    let identity = "select version(), current_user(), database(), @@global.read_only, @@max_connections";
    if let Some((version, user, database, read_only, limit)) = connection.query_first::<Identity, _>(identity).await? {
        server.product = if version.contains("MariaDB") { "MariaDB" } else { "MySQL" }.to_owned();
        server.version = version.split('-').next().unwrap_or_default().to_owned();
        server.major = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
        server.user = user;
        server.database = database.unwrap_or_default();
        server.is_read_only = read_only != 0;
        server.read_only_by = server.is_read_only.then(|| "server".to_owned());
        server.connections = Some(HeadRoom { limit, ..HeadRoom::default() });
    }
    let used = "select variable_value from information_schema.global_status where variable_name = 'THREADS_CONNECTED'";
    let used = match server.product.as_str() {
        "MariaDB" => used.to_owned(),
        _ => used.replace("information_schema", "performance_schema"),
    };
    match connection.query_first::<String, _>(used).await {
        Ok(used) => {
            if let (Some(room), Some(used)) = (&mut server.connections, used) {
                room.used = used.parse().unwrap_or(0);
            }
        }
        Err(error) => server.unanswered.push(("connections", error.to_string())),
    }
    let tables = "select table_name, coalesce(table_rows, 0), coalesce(data_length + index_length, 0) \
                  from information_schema.tables where table_schema = database() order by 1";
    for (name, rows, bytes) in connection.query::<(String, u64, u64), _>(tables).await? {
        let rows = Some(rows);
        server.tables.push(TableFacts { name, is_ours: true, rows, bytes, ..TableFacts::default() });
    }
    let versions = "select table_name, character_maximum_length from information_schema.columns c \
                    where table_schema = database() and column_name = 'version_num' and (table_name = 'alembic_version' \
                    or 1 = (select count(*) from information_schema.columns o where o.table_schema = c.table_schema \
                    and o.table_name = c.table_name)) order by 1";
    for (name, width) in connection.query::<(String, Option<u32>), _>(versions).await? {
        let revisions = format!("select version_num from `{}` order by 1 limit 100", name.replace('`', "``"));
        let revisions = connection.query::<String, _>(revisions).await;
        server.version_tables.push(VersionTable {
            schema: String::new(),
            name,
            is_visible: true,
            readable: revisions.is_ok(),
            writable: true,
            width,
            revisions: revisions.unwrap_or_default(),
        });
    }
    let rights = "select privilege_type from information_schema.user_privileges \
                  where grantee = concat('''', replace(current_user(), '@', '''@'''), '''') \
                  union select privilege_type from information_schema.schema_privileges where database() like table_schema \
                  and grantee = concat('''', replace(current_user(), '@', '''@'''), '''')";
    let rights: Vec<String> = connection.query(rights).await?;
    let may = |right: &str| rights.iter().any(|given| given.eq_ignore_ascii_case(right));
    server.may_create_schemas = may("CREATE");
    server.is_superuser = may("SUPER");
    server.sees_all_sessions = may("PROCESS");
    server.schemas.push(crate::database::server::Schema {
        name: server.database.clone(),
        owner: String::new(),
        usage: true,
        create: may("CREATE"),
    });
    connection.query_drop("rollback").await?;
    Ok(server)
}
