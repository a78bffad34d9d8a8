//! A [`Target`] → a session with PostgreSQL, or what stopped each attempt.
//!
//! Names are resolved, ports are opened and TLS is agreed on here, one step after the other, as libpq does it: only so
//! can be said which step failed at which address. The rest is `tokio-postgres`.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_postgres::config::SslMode as Negotiated;
use tokio_postgres::{Client, Config, NoTls};

use crate::database::target::{Host, HostName, SslMode, Target};
use crate::database::tls;
use crate::database::trouble::{Attempt, Said, Stage, Trouble, who_answers};

/// A session.
pub struct Session {
    /// To ask.
    pub client: Client,
    /// The server.
    pub host: Host,
    /// Its address; `None` for a socket.
    pub address: Option<SocketAddr>,
    /// TLS, for real.
    pub is_encrypted: bool,
}

/// What came of it: a session or none, and the attempts that failed on the way.
pub struct Connected {
    /// The session.
    pub session: Option<Session>,
    /// What failed before.
    pub failed: Vec<Attempt>,
}

/// A connection, whatever it runs over.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Tries every address of every host until one lets us in.
pub async fn connect(target: &Target, deadline: Instant) -> Connected {
    let mut failed = Vec::new();
    let mut places = Vec::new();
    for host in &target.hosts {
        match resolve(host, deadline).await {
            Ok(addresses) => places.extend(addresses.into_iter().map(|address| (host, address))),
            Err(trouble) => failed.push(Attempt { host: host.clone(), address: None, trouble }),
        }
    }
    let count = places.len();
    for (at, (host, address)) in places.into_iter().enumerate() {
        // One that stays silent must not take the time of those behind it.
        let left = deadline.saturating_duration_since(Instant::now());
        let until = Instant::now() + left / u32::try_from(count - at).unwrap_or(1);
        match at_address(target, host, address, until).await {
            Ok(session) => return Connected { session: Some(session), failed },
            Err(trouble) => {
                let is_final = is_final(&trouble);
                failed.push(Attempt { host: host.clone(), address, trouble });
                if is_final {
                    break;
                }
            }
        }
    }
    Connected { session: None, failed }
}

/// A server that said no to the role says so for all: libpq tries no other host then.
fn is_final(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Said(said) if said.code != "57P03") || matches!(trouble, Trouble::PasswordMissing)
}

/// The addresses of a host: one `None` for a socket.
pub async fn resolve(host: &Host, deadline: Instant) -> Result<Vec<Option<SocketAddr>>, Trouble> {
    let HostName::Tcp(name) = &host.name else { return Ok(vec![None]) };
    let name = host.address.as_ref().unwrap_or(name).clone();
    let found = within(deadline, Stage::Name, async {
        let found = tokio::net::lookup_host((name.as_str(), host.port)).await;
        found.map(|all| all.map(Some).collect::<Vec<_>>()).map_err(|error| {
            let text = error.to_string();
            let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
            Trouble::Unresolved(text.to_lowercase())
        })
    });
    let mut found = found.await?;
    found.dedup();
    if found.is_empty() { Err(Trouble::Unresolved("it has no address".to_owned())) } else { Ok(found) }
}

/// Opens the port.
pub async fn open(host: &Host, address: Option<SocketAddr>, deadline: Instant) -> Result<Box<dyn Stream>, Trouble> {
    match (&host.name, address) {
        (HostName::Tcp(_), Some(address)) => {
            let opened = TcpStream::connect(address);
            let stream = within(deadline, Stage::Port, async {
                opened.await.map_err(|error| Trouble::of_io(&error, Stage::Port))
            });
            let stream = stream.await?;
            let _ = stream.set_nodelay(true);
            Ok(Box::new(stream))
        }
        (HostName::Socket(folder), _) => {
            let path = folder.join(format!(".s.PGSQL.{}", host.port));
            unix(&path, deadline).await
        }
        _ => Err(Trouble::Unresolved("it has no address".to_owned())),
    }
}

#[cfg(unix)]
async fn unix(path: &std::path::Path, deadline: Instant) -> Result<Box<dyn Stream>, Trouble> {
    let opened = within(deadline, Stage::Port, async {
        tokio::net::UnixStream::connect(path).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Trouble::NoSocket(path.to_owned()),
            _ => Trouble::of_io(&error, Stage::Port),
        })
    });
    Ok(Box::new(opened.await?))
}

#[cfg(not(unix))]
async fn unix(path: &std::path::Path, _: Instant) -> Result<Box<dyn Stream>, Trouble> {
    Err(Trouble::NoSocket(path.to_owned()))
}

async fn within<T>(
    deadline: Instant,
    stage: Stage,
    work: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    timeout_at(deadline, work).await.unwrap_or(Err(Trouble::Timeout(stage)))
}

/// In the order of `sslmode`: with TLS or without, then the other way where the mode allows that.
async fn at_address(
    target: &Target,
    host: &Host,
    address: Option<SocketAddr>,
    deadline: Instant,
) -> Result<Session, Trouble> {
    let is_socket = matches!(host.name, HostName::Socket(_));
    let ways: &[bool] = match target.tls.mode {
        _ if is_socket => &[false],
        SslMode::Disable => &[false],
        SslMode::Allow => &[false, true],
        SslMode::Prefer => &[true, false],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[true],
    };
    let mut first = None;
    for encrypted in ways {
        match patiently(target, host, address, *encrypted, deadline).await {
            Ok(session) => return Ok(session),
            // Another way in helps only where this one was refused because of the way.
            Err(trouble) if may_differ(&trouble) && first.is_none() => first = Some(trouble),
            Err(trouble) => return Err(first.filter(|_| !is_worse(&trouble)).unwrap_or(trouble)),
        }
    }
    Err(first.unwrap_or(Trouble::ServerWithoutTls))
}

/// Would the same attempt, encrypted or not, end otherwise? libpq tries again after a refusal by pg_hba.conf, and after
/// TLS that fails.
fn may_differ(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Said(said) => said.code == "28000",
        Trouble::Tls(_) | Trouble::ServerWithoutTls | Trouble::BuiltWithoutTls => true,
        _ => false,
    }
}

/// Of the two answers of a server, the one that came further says more.
fn is_worse(second: &Trouble) -> bool {
    matches!(second, Trouble::Said(said) if said.code != "28000")
}

/// A server that is starting is asked again until the deadline.
async fn patiently(
    target: &Target,
    host: &Host,
    address: Option<SocketAddr>,
    encrypted: bool,
    deadline: Instant,
) -> Result<Session, Trouble> {
    loop {
        let session = once(target, host, address, encrypted, deadline).await;
        let pause = Duration::from_millis(150);
        match session {
            Err(Trouble::Said(said))
                if said.code == "57P03"
                    && said.message.contains("starting up")
                    && Instant::now() + pause * 2 < deadline =>
            {
                sleep(pause).await;
            }
            session => return session,
        }
    }
}

async fn once(
    target: &Target,
    host: &Host,
    address: Option<SocketAddr>,
    encrypted: bool,
    deadline: Instant,
) -> Result<Session, Trouble> {
    let mut stream = open(host, address, deadline).await?;
    let mut is_encrypted = false;
    if encrypted {
        match within(deadline, Stage::Tls, ask_for_tls(&mut stream)).await? {
            true => {
                stream = within(deadline, Stage::Tls, tls::wrap(stream, &target.tls, host)).await?;
                is_encrypted = true;
            }
            false if target.tls.mode >= SslMode::Require => return Err(Trouble::ServerWithoutTls),
            false => {}
        }
    }
    let mut config = Config::new();
    config.ssl_mode(Negotiated::Disable).application_name("limbeck");
    config.user(target.user.as_deref().unwrap_or_default());
    if let Some(database) = &target.database {
        config.dbname(database);
    }
    if let Some(password) = &target.password {
        config.password(&password.0);
    }
    if let Some(options) = &target.options {
        config.options(options);
    }
    // Without TLS nothing has been read yet that would show who is there: some time is kept for another question.
    let spare = if encrypted { Duration::ZERO } else { deadline.saturating_duration_since(Instant::now()) / 4 };
    let entered = within(deadline - spare, Stage::Login, async {
        config.connect_raw(stream, NoTls).await.map_err(|error| trouble(&error))
    });
    match entered.await {
        Ok((client, connection)) => {
            // It ends with the client; what it would say of the end nobody wants to know.
            tokio::spawn(async move { drop(connection.await) });
            Ok(Session { client, host: host.clone(), address, is_encrypted })
        }
        Err(trouble @ (Trouble::NotThisServer(_) | Trouble::Timeout(_))) if !encrypted => {
            Err(identify(host, address, deadline).await.unwrap_or(trouble))
        }
        Err(trouble) => Err(trouble),
    }
}

/// Sends `SSLRequest`: does the server have TLS?
async fn ask_for_tls(stream: &mut Box<dyn Stream>) -> Result<bool, Trouble> {
    const REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
    let io = |error: std::io::Error| Trouble::of_io(&error, Stage::Tls);
    stream.write_all(&REQUEST).await.map_err(io)?;
    let mut answer = [0; 128];
    let read = stream.read(&mut answer).await.map_err(io)?;
    match &answer[..read] {
        [] => Err(Trouble::Closed(Stage::Tls)),
        [b'S'] => Ok(true),
        [b'N'] => Ok(false),
        // An error instead of an answer: a server that is full, or too old to know the question.
        [b'E', rest @ ..] if who_answers(&answer[..read]).is_none() => Err(Trouble::Said(early(rest))),
        answer => Err(Trouble::NotThisServer(who_answers(answer).unwrap_or_else(|| "something else".to_owned()))),
    }
}

/// The fields of an `ErrorResponse` that comes before anything else.
fn early(rest: &[u8]) -> Said {
    let mut said = Said { code: "57P03".to_owned(), message: String::new(), more: None };
    for field in rest.get(4..).unwrap_or_default().split(|byte| *byte == 0) {
        let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
        match field {
            [b'C', code @ ..] => said.code = text(code),
            [b'M', message @ ..] => said.message = text(message),
            _ => {}
        }
    }
    if said.message.is_empty() {
        said.message = "the server sent an error that can't be read".to_owned();
    }
    said
}

/// Asks once more, to see who answers.
async fn identify(host: &Host, address: Option<SocketAddr>, deadline: Instant) -> Option<Trouble> {
    let mut stream = open(host, address, deadline).await.ok()?;
    within(deadline, Stage::Tls, ask_for_tls(&mut stream))
        .await
        .err()
        .filter(|trouble| matches!(trouble, Trouble::NotThisServer(_)))
}

/// An error of `tokio-postgres`.
pub fn trouble(error: &tokio_postgres::Error) -> Trouble {
    if let Some(said) = error.as_db_error() {
        let more: Vec<&str> = [said.detail(), said.hint()].into_iter().flatten().collect();
        return Trouble::Said(Said {
            code: said.code().code().to_owned(),
            message: said.message().to_owned(),
            more: (!more.is_empty()).then(|| more.join("; ")),
        });
    }
    let source = std::error::Error::source(error);
    let text = error.to_string();
    if source.is_some_and(|source| source.to_string().contains("password missing")) || text.contains("password missing")
    {
        return Trouble::PasswordMissing;
    }
    match source.and_then(|source| source.downcast_ref::<std::io::Error>()) {
        Some(error)
            if error.kind() == std::io::ErrorKind::InvalidInput || error.kind() == std::io::ErrorKind::InvalidData =>
        {
            Trouble::NotThisServer("something else".to_owned())
        }
        Some(error) if error.kind() == std::io::ErrorKind::Other => Trouble::NotThisServer("something else".to_owned()),
        Some(error) => Trouble::of_io(error, Stage::Login),
        None if error.is_closed() => Trouble::Closed(Stage::Login),
        None => Trouble::NotThisServer("something else".to_owned()),
    }
}
