//! The database takes no changes.

use crate::database::live::Live;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "database-read-only", page: include_str!("database_read_only.md"), check: Check::Database(check) };

fn check(live: &Live<'_>, findings: &mut Findings) {
    let Some(server) = live.server() else { return };
    if server.is_standby {
        findings
            .report(live.place, "the server is a standby: it repeats what its primary does, and takes no changes")
            .key(live.key("standby"))
            .why("every statement of a migration fails with `cannot execute … in a read-only transaction`")
            .help("name the primary in the URL, or all servers with `target_session_attrs=read-write`");
        return;
    }
    if !server.is_read_only {
        return;
    }
    let (what, help) = match (server.product.as_str(), server.read_only_by.as_deref()) {
        ("SQLite", _) => ("the file may not be written".to_owned(), "make the file writable".to_owned()),
        ("PostgreSQL", Some("role")) => (
            format!("transactions of the role `{}` are read-only", server.user),
            format!("ALTER ROLE \"{}\" RESET default_transaction_read_only, or use another role", server.user),
        ),
        ("PostgreSQL", Some("database")) => (
            format!("transactions in the database `{}` are read-only", server.database),
            format!("ALTER DATABASE \"{}\" RESET default_transaction_read_only", server.database),
        ),
        ("PostgreSQL", Some("connection")) => (
            "the URL's `options` make transactions read-only".to_owned(),
            "take default_transaction_read_only out of them".to_owned(),
        ),
        ("PostgreSQL", _) => (
            "the server's transactions are read-only".to_owned(),
            "ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()".to_owned(),
        ),
        _ => (
            "the server is read-only".to_owned(),
            "SET GLOBAL read_only = 0, or name the primary in the URL".to_owned(),
        ),
    };
    findings
        .report(live.place, what)
        .key(live.key("read-only"))
        .why("every statement of a migration fails: it would change something")
        .help(help);
}
