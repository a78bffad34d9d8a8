//! Why there is no session with a database: [`Trouble`], as one attempt at one address found it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::database::target::{Host, HostName};

/// One attempt to get a session.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The server meant.
    pub host: Host,
    /// The address; `None` for sockets, and where the name has none.
    pub address: Option<SocketAddr>,
    /// What stopped it.
    pub trouble: Trouble,
}

/// What stopped an attempt.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// The name has no address: what the resolver said.
    Unresolved(String),
    /// Nothing listens.
    Refused,
    /// There is no socket of this name.
    NoSocket(PathBuf),
    /// Another error of the network: what the system said.
    Network(String),
    /// It took longer than the deadline.
    Timeout(Stage),
    /// Something else listens: what it seems to be.
    NotThisServer(String),
    /// The server closed the connection without a word.
    Closed(Stage),
    /// `sslmode` wants TLS and the server has none.
    ServerWithoutTls,
    /// The server wants TLS, and this limbeck was built without.
    BuiltWithoutTls,
    /// The certificate isn't accepted, or TLS fails otherwise.
    Tls(String),
    /// A file of certificates can't be used.
    Certificates(PathBuf, String),
    /// The server asks for a password and there is none.
    PasswordMissing,
    /// The server said no.
    Said(Said),
    /// A file can't be opened, or is no database.
    File(FileTrouble),
    /// limbeck does not speak this dialect.
    NotSpoken(String),
}

impl Attempt {
    /// One at no server in particular.
    pub fn nowhere(trouble: Trouble) -> Attempt {
        let host = Host { name: HostName::Tcp(String::new()), port: 0, address: None };
        Attempt { host, address: None, trouble }
    }
}

/// How far an attempt came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Looking up the name.
    Name,
    /// Connecting to the port.
    Port,
    /// Agreeing on TLS.
    Tls,
    /// Being let in.
    Login,
    /// Opening the database.
    Database,
}

/// An error of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// SQLSTATE, or MySQL's number.
    pub code: String,
    /// The message.
    pub message: String,
    /// The detail, the hint.
    pub more: Option<String>,
}

/// What is wrong with the file of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileTrouble {
    /// Its folder is not there.
    NoFolder(PathBuf),
    /// It is not there.
    Missing,
    /// It is a folder.
    IsFolder,
    /// It may not be read.
    Unreadable(String),
    /// It holds something else.
    NoDatabase,
    /// Somebody holds it.
    Locked,
    /// SQLite says that it is damaged.
    Damaged(String),
}

impl Trouble {
    /// An error of the network, before anything was said.
    pub fn of_io(error: &io::Error, stage: Stage) -> Trouble {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Trouble::Refused,
            io::ErrorKind::TimedOut => Trouble::Timeout(stage),
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => Trouble::Closed(stage),
            _ => Trouble::Network(plain(error)),
        }
    }

    /// At which stage the attempt stopped.
    pub fn stage(&self) -> Stage {
        match self {
            Trouble::Unresolved(_) => Stage::Name,
            Trouble::Refused | Trouble::NoSocket(_) | Trouble::Network(_) | Trouble::NotThisServer(_) => Stage::Port,
            Trouble::Timeout(stage) | Trouble::Closed(stage) => *stage,
            Trouble::ServerWithoutTls | Trouble::BuiltWithoutTls | Trouble::Tls(_) | Trouble::Certificates(..) => {
                Stage::Tls
            }
            Trouble::PasswordMissing => Stage::Login,
            Trouble::Said(said) => match said.code.as_str() {
                // A database that is not there, may not be entered, or takes nobody.
                "3D000" | "42501" | "55000" | "1049" | "1044" => Stage::Database,
                // Starting, stopping, full: the server, not the role.
                "57P03" | "1040" | "1203" => Stage::Port,
                _ => Stage::Login,
            },
            Trouble::File(_) | Trouble::NotSpoken(_) => Stage::Database,
        }
    }
}

/// An error of the system, without its number.
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Name => "name",
            Stage::Port => "port",
            Stage::Tls => "TLS",
            Stage::Login => "login",
            Stage::Database => "database",
        })
    }
}

/// What a server of another kind gives away by its first bytes.
pub fn who_answers(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
    let is_http = text.starts_with("HTTP/") || text.starts_with("<!DOCTYPE") || text.starts_with("<html");
    // A MySQL handshake: three bytes of length, number 0, protocol 10, the version as text.
    let mysql = (bytes.len() > 6 && bytes[3] == 0 && bytes[4] == 10).then(|| {
        let version: String =
            bytes[5..].iter().take_while(|byte| byte.is_ascii_graphic()).map(|byte| char::from(*byte)).collect();
        let version = version.strip_prefix("5.5.5-").unwrap_or(&version);
        match version.contains("MariaDB") {
            true => format!("MariaDB ({})", version.split("-MariaDB").next().unwrap_or(version)),
            false => format!("MySQL ({version})"),
        }
    });
    let mysql_error = (bytes.len() > 7 && bytes[3] == 0 && bytes[4] == 0xff).then(|| "MySQL or MariaDB".to_owned());
    mysql.or(mysql_error).or_else(|| {
        Some(match () {
            () if is_http => "an HTTP server".to_owned(),
            () if text.starts_with("SSH-") => "an SSH server".to_owned(),
            () if text.starts_with("-ERR") || text.starts_with("-NOAUTH") => "Redis".to_owned(),
            () if text.starts_with("220") => "a mail or FTP server".to_owned(),
            () if bytes.starts_with(&[0x15, 0x03]) => "a server that speaks TLS from the first byte".to_owned(),
            () => return None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_give_themselves_away() {
        assert_eq!(who_answers(b"HTTP/1.1 400 Bad Request\r\n").as_deref(), Some("an HTTP server"));
        assert_eq!(who_answers(b"J\0\0\0\n8.0.36\0...").as_deref(), Some("MySQL (8.0.36)"));
        let maria = b"Y\0\0\0\n5.5.5-10.11.14-MariaDB-0+deb12u2\0...";
        assert_eq!(who_answers(maria).as_deref(), Some("MariaDB (10.11.14)"));
        assert_eq!(who_answers(b"N"), None);
    }
}
