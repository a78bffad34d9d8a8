//! Arguments in a URL's query that the driver does not take.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::rules::config::shared::used;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "url-driver-argument",
    page: include_str!("url_driver_argument.md"),
    check: Check::EachEnvironment(check),
};

/// The keyword arguments of `asyncpg.connect` and of SQLAlchemy's asyncpg dialect.
const ASYNCPG: &[&str] = &[
    "dsn",
    "host",
    "port",
    "user",
    "password",
    "passfile",
    "service",
    "servicefile",
    "database",
    "loop",
    "timeout",
    "statement_cache_size",
    "max_cached_statement_lifetime",
    "max_cacheable_statement_size",
    "command_timeout",
    "ssl",
    "direct_tls",
    "connection_class",
    "record_class",
    "server_settings",
    "target_session_attrs",
    "krbsrvname",
    "gsslib",
    "prepared_statement_cache_size",
    "prepared_statement_name_func",
    "async_fallback",
    "async_creator_fn",
    "plugin",
];

/// libpq's connection options.
const LIBPQ: &[&str] = &[
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "passfile",
    "require_auth",
    "channel_binding",
    "connect_timeout",
    "client_encoding",
    "options",
    "application_name",
    "fallback_application_name",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "replication",
    "gssencmode",
    "sslmode",
    "requiressl",
    "sslnegotiation",
    "sslcompression",
    "sslcert",
    "sslkey",
    "sslkeylogfile",
    "sslpassword",
    "sslcertmode",
    "sslrootcert",
    "sslcrl",
    "sslcrldir",
    "sslsni",
    "requirepeer",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "krbsrvname",
    "gsslib",
    "gssdelegation",
    "service",
    "target_session_attrs",
    "load_balance_hosts",
    "min_protocol_version",
    "max_protocol_version",
    "scram_client_key",
    "scram_server_key",
    "oauth_issuer",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_scope",
    "servicefile",
    "dsn",
    "async_",
    "plugin",
    "connection_factory",
    "cursor_factory",
    "async_fallback",
    "autocommit",
    "prepare_threshold",
    "context",
    "row_factory",
    "database",
    "authtype",
    "tty",
    "gsshostname",
];

/// Drivers of MySQL.
const MYSQL: &[&str] = &["pymysql", "aiomysql", "asyncmy", "mysqldb"];

/// Names that these drivers certainly refuse, and what to do instead. Only names that belong to somebody else: what the
/// drivers take grows from version to version.
const REFUSED: &[(&[&str], &[&str], &str)] = &[
    (
        &["pymysql", "aiomysql", "asyncmy", "mysqldb", "pg8000"],
        &["pool_size", "max_overflow", "pool_recycle", "pool_pre_ping", "pool_timeout"],
        "that is an argument of `create_engine`, not of the driver: give it there",
    ),
    (&["pymysql", "mysqldb"], &["echo"], "that is an argument of `create_engine`, not of the driver: give it there"),
    (
        MYSQL,
        &["sslmode", "ssl-mode", "sslrootcert", "sslcert", "sslkey"],
        "MySQL's drivers take `ssl_ca`, `ssl_cert` and `ssl_key` in the URL, or `connect_args={\"ssl\": {…}}`",
    ),
    (
        &["pymysql", "aiomysql", "asyncmy"],
        &["ssl_mode"],
        "only mysqlclient knows it: give `ssl_ca` in the URL, or `connect_args={\"ssl\": {…}}`",
    ),
    (
        MYSQL,
        &[
            "useSSL",
            "requireSSL",
            "verifyServerCertificate",
            "serverTimezone",
            "allowPublicKeyRetrieval",
            "characterEncoding",
            "useUnicode",
            "autoReconnect",
            "zeroDateTimeBehavior",
        ],
        "that is an option of Java's driver: take it out",
    ),
    (MYSQL, &["application_name", "options"], "that is an option of PostgreSQL: take it out"),
    (
        &["pg8000"],
        &["sslmode", "sslrootcert", "sslcert", "sslkey"],
        "give `connect_args={\"ssl_context\": True}`, or an `ssl.SSLContext`, to the engine",
    ),
    (
        &["pg8000"],
        &[
            "options",
            "target_session_attrs",
            "client_encoding",
            "search_path",
            "server_settings",
            "keepalives",
            "gssencmode",
            "charset",
        ],
        "that is no argument of `pg8000.connect`: take it out",
    ),
    (&["pg8000"], &["connect_timeout"], "give `connect_args={\"timeout\": 10}` to the engine"),
];

/// What goes wrong with one argument.
struct Wrong {
    why: String,
    help: &'static str,
    /// The name to write instead.
    instead: Option<&'static str>,
}

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    for used in used::urls(environment).into_iter().filter(|used| used.connects) {
        let url = used.url;
        if !matches!(url.dialect.as_str(), "postgresql" | "mysql" | "mariadb") {
            continue;
        }
        let Some(driver) = url.driver_in(&environment.versions) else { continue };
        for (name, value, place) in &url.query {
            let given: Vec<&str> = url.query.iter().map(|(name, ..)| name.as_str()).collect();
            let Some(wrong) = wrong(&driver, name, value, &given) else { continue };
            let span = url.place(project.sources, place.clone());
            let fix = wrong.instead.and_then(|instead| {
                let span = used::exact(project, url, place.start..place.start + name.len())?;
                let edit = Edit::Replace { span, text: instead.to_owned() };
                Some(Fix::risky(format!("write `{instead}`"), vec![edit]))
            });
            findings
                .report(span, format!("`{driver}` does not take `{name}` from the URL"))
                .key(format!("{}.{name}", used::key(project, url)))
                .label(used.call, "the URL is used here")
                .why(wrong.why)
                .help(wrong.help)
                .maybe_fix(fix);
        }
    }
}

/// What is wrong with `name=value` among the arguments `given`.
fn wrong(driver: &str, name: &str, value: &str, given: &[&str]) -> Option<Wrong> {
    let unexpected = |help, instead| Wrong {
        why: format!("asyncpg raises `TypeError: connect() got an unexpected keyword argument '{name}'`"),
        help,
        instead,
    };
    let numbers = ["timeout", "statement_cache_size", "max_cached_statement_lifetime", "max_cacheable_statement_size"];
    match (driver, name) {
        ("asyncpg", "sslmode") => Some(unexpected("asyncpg calls it `ssl`, with the same values", Some("ssl"))),
        ("asyncpg", "connect_timeout") => {
            Some(unexpected("give `connect_args={\"timeout\": 10}` to the engine: a URL carries only strings", None))
        }
        ("asyncpg", "application_name" | "options" | "search_path") => {
            Some(unexpected("give `connect_args={\"server_settings\": {…}}` to the engine", None))
        }
        ("asyncpg", "timeout") => Some(Wrong {
            why: "a URL carries only strings: `TypeError: unsupported operand type(s) for +: 'float' and 'str'`"
                .to_owned(),
            help: "give `connect_args={\"timeout\": 10}` to the engine",
            instead: None,
        }),
        ("asyncpg", name) if numbers.contains(&name) => Some(Wrong {
            why: format!("a URL carries only strings, and asyncpg wants a number for `{name}`: ValueError"),
            help: "give it as a number in `connect_args` of the engine",
            instead: None,
        }),
        ("asyncpg", name) if !ASYNCPG.contains(&name) => {
            Some(unexpected("asyncpg takes only the keyword arguments of `asyncpg.connect`", None))
        }
        ("psycopg2" | "psycopg", name) if !LIBPQ.contains(&name) => {
            let is_mode = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"].contains(&value);
            let message = match driver {
                "psycopg2" => {
                    format!("psycopg2 raises `ProgrammingError: invalid dsn: invalid connection option \"{name}\"`")
                }
                _ => format!("psycopg raises `ProgrammingError: invalid connection option \"{name}\"`"),
            };
            Some(match name {
                "ssl" | "ssl_mode" | "ssl-mode" => Wrong {
                    why: message,
                    help: "libpq calls it `sslmode`, with the values disable, allow, prefer, require, verify-ca and verify-full",
                    instead: is_mode.then_some("sslmode"),
                },
                _ => Wrong {
                    why: message,
                    help: "only libpq's connection options may stand in the query",
                    instead: None,
                },
            })
        }
        // SQLAlchemy puts a dict of the `ssl_…` arguments in its place.
        ("pymysql" | "asyncmy", "ssl") if !given.iter().any(|name| name.starts_with("ssl_")) => Some(Wrong {
            why: format!(
                "a URL carries only strings, and {driver} wants a dict here: {}",
                match driver {
                    "pymysql" => "`AttributeError: 'str' object has no attribute 'get'`",
                    _ =>
                        "`ValueError: ssl argument must be True, a dict of ssl options, or an ssl.SSLContext, got 'str'`",
                }
            ),
            help: "give `ssl_ca` in the URL, or `connect_args={\"ssl\": {…}}` to the engine",
            instead: None,
        }),
        (driver, "timeout") if MYSQL.contains(&driver) => Some(Wrong {
            why: unexpected_keyword(driver, name),
            help: "MySQL's drivers call it `connect_timeout`",
            instead: Some("connect_timeout"),
        }),
        ("pg8000", "timeout") => Some(Wrong {
            why: "a URL carries only strings: `TypeError: 'str' object cannot be interpreted as an integer`".to_owned(),
            help: "give `connect_args={\"timeout\": 10}` to the engine",
            instead: None,
        }),
        (driver, name) => {
            let (_, _, help) =
                REFUSED.iter().find(|(drivers, names, _)| drivers.contains(&driver) && names.contains(&name))?;
            Some(Wrong { why: unexpected_keyword(driver, name), help, instead: None })
        }
    }
}

/// What a driver says to an argument that it does not know.
fn unexpected_keyword(driver: &str, name: &str) -> String {
    match driver {
        "mysqldb" => format!("mysqlclient raises `TypeError: '{name}' is an invalid keyword argument for connect()`"),
        "pymysql" => {
            format!("pymysql raises `TypeError: Connection.__init__() got an unexpected keyword argument '{name}'`")
        }
        driver => format!("{driver} raises `TypeError: connect() got an unexpected keyword argument '{name}'`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drivers_take() {
        let is_wrong = |driver, name| wrong(driver, name, "require", &[name]).is_some();
        assert!(
            is_wrong("asyncpg", "sslmode") && !is_wrong("asyncpg", "ssl") && !is_wrong("asyncpg", "command_timeout")
        );
        assert!(is_wrong("psycopg2", "ssl") && !is_wrong("psycopg2", "sslmode") && !is_wrong("pg8000", "ssl"));
        assert_eq!(wrong("psycopg", "ssl", "true", &["ssl"]).and_then(|wrong| wrong.instead), None);
        assert!(is_wrong("pymysql", "ssl_mode") && !is_wrong("mysqldb", "ssl_mode") && is_wrong("mysqldb", "useSSL"));
        assert!(is_wrong("pymysql", "ssl") && wrong("pymysql", "ssl", "true", &["ssl", "ssl_ca"]).is_none());
        assert!(!is_wrong("aiomysql", "charset") && !is_wrong("aiosqlite", "foo") && !is_wrong("cymysql", "sslmode"));
    }
}
