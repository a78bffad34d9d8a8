//! No session: the name, the port, TLS, the login or the database stands in the way.

use crate::database::live::Live;
use crate::database::trouble::{Attempt, FileTrouble, Said, Stage, Trouble};
use crate::diagnostic::{Findings, Level};
use crate::rules::database::shared::start::{self, Advice};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "database-unreachable", page: include_str!("database_unreachable.md"), check: Check::Database(check) };

fn check(live: &Live<'_>, findings: &mut Findings) {
    if live.looked.server.is_some() || live.looked.reached.is_some() {
        return;
    }
    let Some(attempt) = live.looked.furthest() else { return };
    let Words { what, why, help, labels } = words(live, attempt);
    let report = findings.report(live.place, what).key(live.key("unreachable"));
    let report = labels.into_iter().fold(report, |report, (span, words)| report.label(span, words));
    let report = why.into_iter().fold(report, |report, why| report.why(why));
    let report = help.into_iter().fold(report, |report, help| report.help(help));
    // A file that is not there yet is made by the first migration.
    if matches!(attempt.trouble, Trouble::File(FileTrouble::Missing)) {
        report.level(Level::Note);
    }
}

struct Words {
    what: String,
    why: Option<String>,
    help: Option<String>,
    labels: Vec<(crate::source::Span, String)>,
}

impl Words {
    fn of(what: impl Into<String>, why: Option<String>, help: Option<String>) -> Words {
        Words { what: what.into(), why, help, labels: Vec::new() }
    }

    fn with(what: impl Into<String>, why: Option<String>, advice: Advice) -> Words {
        let why = match (why, advice.why) {
            (Some(why), Some(more)) => Some(format!("{why}; {more}")),
            (why, more) => why.or(more),
        };
        Words { what: what.into(), why, help: advice.help, labels: advice.labels }
    }
}

fn words(live: &Live<'_>, attempt: &Attempt) -> Words {
    let host = &attempt.host;
    let server = product(&live.target.dialect);
    let seconds = live.timeout;
    match &attempt.trouble {
        Trouble::Unresolved(said) => {
            let name = start::host_name(live).unwrap_or_default();
            Words::with(
                format!("`{name}` does not resolve from this machine"),
                Some(said.clone()),
                start::unresolved(live),
            )
        }
        Trouble::Refused => Words::with(format!("nothing listens on {host}"), tried(live), start::refused(live)),
        Trouble::NoSocket(path) => {
            let why = match live.url.host {
                None => Some("the URL names no host, and then the server is looked for at its socket".to_owned()),
                Some(_) => None,
            };
            Words::with(format!("there is no socket {}", path.display()), why, start::refused(live))
        }
        Trouble::Network(said) => Words::of(
            format!("{host} can't be reached: {said}"),
            tried(live),
            Some("check the address, the network and the firewall".to_owned()),
        ),
        Trouble::Timeout(Stage::Name) => Words::of(
            format!("the name of {host} is not resolved within {seconds} s"),
            None,
            Some("is the name server reachable, and the VPN up?".to_owned()),
        ),
        Trouble::Timeout(Stage::Port) => Words::of(
            format!("no answer from {host} within {seconds} s"),
            Some("packets are dropped on the way: a firewall, a security group, a wrong address".to_owned()),
            Some("check the address and the network, or wait longer with --timeout".to_owned()),
        ),
        Trouble::Timeout(Stage::Database) => Words::of(
            format!("the server at {host} lets us in, and does not answer within {seconds} s"),
            None,
            Some("wait longer with --timeout".to_owned()),
        ),
        Trouble::Timeout(Stage::Tls | Stage::Login) => Words::of(
            format!("{host} takes the connection and says nothing within {seconds} s"),
            Some(format!("a proxy without a server behind it, a server that hangs, or no {server} at all")),
            Some(format!("is it {server} that listens on port {}?", host.port)),
        ),
        Trouble::NotThisServer(who) => Words::of(
            format!("{} listens on {host}, not {server}", who),
            None,
            Some("correct the port in the URL".to_owned()),
        ),
        Trouble::Closed(_) => Words::of(
            format!("{host} closes the connection at once"),
            Some(format!("a proxy without a server behind it, a server that starts or crashes, or no {server} at all")),
            Some("look at the log of what listens there".to_owned()),
        ),
        Trouble::ServerWithoutTls => Words::of(
            format!("the server at {host} has no TLS, and `sslmode={}` insists on it", live.target.tls.mode.word()),
            None,
            Some("set `ssl = on` and a certificate on the server, or `sslmode=prefer` in the URL".to_owned()),
        ),
        Trouble::BuiltWithoutTls => Words::of(
            format!("the server at {host} wants TLS, which was not looked at"),
            Some("this limbeck was built without the feature `tls`".to_owned()),
            None,
        ),
        Trouble::Tls(said) => Words::of(
            format!("`sslmode={}` does not accept the server at {host}: {said}", live.target.tls.mode.word()),
            None,
            Some(match live.target.tls.mode.word() {
                "verify-full" if said.contains("is for ") => {
                    "use the name of the certificate as the host, or `sslmode=verify-ca`".to_owned()
                }
                _ => "name the authority's certificate with `sslrootcert`".to_owned(),
            }),
        ),
        Trouble::Certificates(path, why) => Words::of(
            format!("the certificates in `{}` can't be used: {why}", path.display()),
            Some(format!("`sslmode={}` needs them", live.target.tls.mode.word())),
            Some("name the file with `sslrootcert`".to_owned()),
        ),
        Trouble::PasswordMissing => {
            let user = live.target.user.as_deref().unwrap_or_default();
            Words::of(
                format!("the server asks for the password of `{user}`, and there is none"),
                Some(format!("neither the URL has one, nor {}", password_places(live))),
                Some("put it into the URL's variable, or into PGPASSWORD".to_owned()),
            )
        }
        Trouble::Said(said) => of_server(live, said),
        Trouble::File(trouble) => of_file(live, trouble),
        Trouble::NotSpoken(dialect) => Words::of(format!("limbeck does not speak {dialect}"), None, None),
    }
}

fn product(dialect: &str) -> &'static str {
    match dialect {
        "postgresql" => "PostgreSQL",
        "cockroachdb" => "CockroachDB",
        "redshift" => "Redshift",
        "mysql" => "MySQL",
        "mariadb" => "MariaDB",
        "mssql" => "SQL Server",
        "oracle" => "Oracle",
        _ => "the database",
    }
}

fn password_places(live: &Live<'_>) -> &'static str {
    match live.target.driver.as_deref() {
        Some("pg8000") => "does this driver look anywhere else",
        _ => "PGPASSWORD, nor ~/.pgpass",
    }
}

/// The addresses, where there are several.
fn tried(live: &Live<'_>) -> Option<String> {
    let addresses: Vec<String> = live
        .looked
        .failed
        .iter()
        .filter_map(|attempt| attempt.address)
        .map(|address| address.ip().to_string())
        .collect();
    (addresses.len() > 1).then(|| format!("tried {}", addresses.join(" and ")))
}

/// The server said no.
fn of_server(live: &Live<'_>, said: &Said) -> Words {
    let user = live.target.user.as_deref().unwrap_or_default();
    let database = live.target.database.as_deref().unwrap_or_default();
    let quoted = Some(match &said.more {
        Some(more) => format!("it says: {} ({more})", said.message),
        None => format!("it says: {}", said.message),
    });
    let has = |words: &str| said.message.contains(words);
    let of = |what: String, help: &str| Words::of(what, quoted.clone(), Some(help.to_owned()));
    match said.code.as_str() {
        "28P01" => {
            let advice = start::credentials(live);
            let from = live.target.filled_in.iter().find(|(what, _)| *what == "password");
            let from = from.map(|(_, from)| format!(" (from {from})")).unwrap_or_default();
            let help = advice.help.or_else(|| {
                Some(
                    "correct it; another server may listen on the port, or the role may not be there: it does not tell"
                        .to_owned(),
                )
            });
            Words {
                what: format!("the password of `{user}`{from} is refused"),
                why: advice.why.or(quoted),
                help,
                labels: advice.labels,
            }
        }
        "28000" if has("is not permitted to log in") => {
            of(format!("the role `{user}` may not log in"), &format!("ALTER ROLE \"{user}\" LOGIN, or another role"))
        }
        "28000" if has("does not exist") => of(
            format!("there is no role `{user}`"),
            &format!("make it: createuser {user}; or correct the name in the URL"),
        ),
        "28000" if has("Ident authentication") || has("Peer authentication") || has("peer authentication") => of(
            format!("the server lets only the system's user of the same name in as `{user}`"),
            "connect by TCP (host=localhost) with a password, or change the line in pg_hba.conf",
        ),
        "28000" if has("no encryption") => {
            let mode = live.target.tls.mode.word();
            of(
                format!("pg_hba.conf does not let `{user}` in without TLS"),
                &format!(
                    "`sslmode=require` in the URL (it is `{mode}`), if the server has TLS; or a line in pg_hba.conf"
                ),
            )
        }
        "28000" if has("pg_hba.conf") => of(
            format!("pg_hba.conf does not let `{user}` into `{database}` from here"),
            "add a line to pg_hba.conf, and reload the server",
        ),
        "28000" => of(format!("the role `{user}` is not let in"), "look at the server's log"),
        "3D000" | "1049" => {
            let made = start::database(live);
            let mut help = match said.code.as_str() {
                "3D000" => format!("make it: createdb {database}"),
                _ => format!("make it: CREATE DATABASE `{database}`"),
            };
            let mut labels = Vec::new();
            if let Some((span, other)) = made {
                help = format!("use `{other}`, or make it: createdb {database}");
                labels.push((span, format!("Compose makes `{other}`")));
            }
            Words { what: format!("there is no database `{database}`"), why: quoted, help: Some(help), labels }
        }
        "42501" => of(
            format!("the role `{user}` may not connect to the database `{database}`"),
            &format!("GRANT CONNECT ON DATABASE \"{database}\" TO \"{user}\""),
        ),
        "55000" => of(
            format!("the database `{database}` takes no connections"),
            &format!("ALTER DATABASE \"{database}\" ALLOW_CONNECTIONS true"),
        ),
        "53300" if has("for role") => of(
            format!("the role `{user}` has as many connections as it may"),
            "close some (an application's pool?), or ALTER ROLE … CONNECTION LIMIT",
        ),
        "53300" if has("for database") => of(
            format!("the database `{database}` has as many connections as it may"),
            "close some (an application's pool?), or ALTER DATABASE … CONNECTION LIMIT",
        ),
        "53300" | "1040" | "1203" => of(
            "all connections of the server are taken".to_owned(),
            "close some: who has them stands in pg_stat_activity (or SHOW PROCESSLIST); or raise max_connections",
        ),
        "57P03" if has("starting up") => of(
            format!("the server is still starting after {} s", live.timeout),
            "wait for it: pg_isready, `docker compose up --wait`, or a longer --timeout",
        ),
        "57P03" if has("shutting down") => of("the server is shutting down".to_owned(), "start it again"),
        "57P03" => of("the server takes no connections now".to_owned(), "look at the server's log"),
        "42704" | "22023" => {
            of("the server does not know a setting in the URL's `options`".to_owned(), "correct `options`")
        }
        "1045" => of(
            format!("the password of `{user}` is refused, or there is no such user"),
            "correct it; another server may listen on the port",
        ),
        "1044" => of(
            format!("`{user}` may not use the database `{database}`"),
            &format!("as an administrator: GRANT ALL ON `{database}`.* TO '{user}'@'%'"),
        ),
        "1130" => of(
            format!("the server lets nobody in from this machine as `{user}`"),
            &format!("CREATE USER '{user}'@'%' …, or connect from where the server runs"),
        ),
        _ => Words::of(format!("the server refuses the connection: {}", said.message), said.more.clone(), None),
    }
}

fn of_file(live: &Live<'_>, trouble: &FileTrouble) -> Words {
    let path = live.target.database.as_deref().unwrap_or_default();
    let written = live.url.database.as_deref().unwrap_or_default();
    let from = match written.starts_with('/') {
        true => None,
        false => Some(format!("`{written}` counts from the directory in which alembic runs: that is {path} here")),
    };
    match trouble {
        FileTrouble::NoFolder(folder) => Words::of(
            format!("the folder {} of the SQLite file does not exist", folder.display()),
            from.or_else(|| Some("SQLite makes files, never folders".to_owned())),
            Some(format!("mkdir -p {}", folder.display())),
        ),
        FileTrouble::Missing => Words::of(
            format!("there is no file {path} yet"),
            from,
            Some(
                "if it should be there, alembic runs in another directory; else `alembic upgrade head` makes it"
                    .to_owned(),
            ),
        ),
        FileTrouble::IsFolder => Words::of(format!("{path} is a folder, not a SQLite file"), from, None),
        FileTrouble::Unreadable(said) => Words::of(
            format!("the SQLite file {path} can't be opened: {said}"),
            None,
            Some("check its permissions".to_owned()),
        ),
        FileTrouble::NoDatabase => Words::of(
            format!("{path} is no SQLite database"),
            Some("it does not begin with the bytes of one: `file is not a database`".to_owned()),
            Some("correct the path (a Git LFS pointer, an encrypted file?)".to_owned()),
        ),
        FileTrouble::Locked => Words::of(
            format!("the SQLite file {path} is locked"),
            Some("another process writes to it: `database is locked`".to_owned()),
            Some(format!("end it; `fuser {path}` says which it is")),
        ),
        FileTrouble::Damaged(said) => Words::of(format!("the SQLite file {path} is damaged: {said}"), None, None),
    }
}
