//! Arguments in a URL's query that the driver does not take.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::rules::config::used;
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
        if url.dialect != "postgresql" {
            continue;
        }
        let Some(driver) = url.driver_in(&environment.versions) else { continue };
        for (name, value, place) in &url.query {
            let Some(wrong) = wrong(&driver, name, value) else { continue };
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

fn wrong(driver: &str, name: &str, value: &str) -> Option<Wrong> {
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
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drivers_take() {
        let is_wrong = |driver, name| wrong(driver, name, "require").is_some();
        assert!(
            is_wrong("asyncpg", "sslmode") && !is_wrong("asyncpg", "ssl") && !is_wrong("asyncpg", "command_timeout")
        );
        assert!(is_wrong("psycopg2", "ssl") && !is_wrong("psycopg2", "sslmode") && !is_wrong("pg8000", "ssl"));
        assert_eq!(wrong("psycopg", "ssl", "true").and_then(|wrong| wrong.instead), None);
    }
}
