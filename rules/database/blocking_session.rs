//! Another session holds a lock that a pending revision needs.

use crate::catalog::table::TableName;
use crate::database::live::Live;
use crate::database::server::Holder;
use crate::diagnostic::Findings;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "blocking-session", page: include_str!("blocking_session.md"), check: Check::Database(check) };

fn check(live: &Live<'_>, findings: &mut Findings) {
    let Some(server) = live.server() else { return };
    for (table, span) in live.pending.touched() {
        let Some(facts) = server.table(table.schema.as_deref(), &table.name) else { continue };
        let of_table = |holder: &&Holder| holder.table.0 == facts.schema && holder.table.1 == facts.name;
        // A query that runs for a moment is how a database lives.
        for holder in server.holders.iter().filter(of_table).filter(|holder| lasts(holder)) {
            let name = shown(table);
            let state = holder.state.as_deref().unwrap_or("of an unknown state");
            let age = holder.seconds.map(|seconds| format!(", since {seconds} s")).unwrap_or_default();
            let why = format!(
                "`ALTER TABLE` needs the table for itself: it would wait for that session, and everybody else's queries \
                 of `{name}` behind it"
            );
            findings
                .report(*span, format!("session {} of `{}` holds a lock on `{name}`", holder.pid, holder.user))
                .key(live.key(&format!("lock:{name}")))
                .here(format!("{} ({state}{age})", holder.mode))
                .why(why)
                .help(format!("let it end, or end it: select pg_terminate_backend({})", holder.pid));
        }
    }
    for (name, seconds, owner) in &server.prepared {
        findings
            .report(live.place, format!("a prepared transaction of `{owner}` keeps its locks since {seconds} s"))
            .key(live.key(&format!("prepared:{name}")))
            .why("it is part of a two-phase commit that nobody finished, and outlives every session and restart")
            .help(format!("finish it: COMMIT PREPARED or ROLLBACK PREPARED '{name}'"));
    }
}

fn lasts(holder: &Holder) -> bool {
    match (holder.state.as_deref(), holder.seconds) {
        (Some(state), Some(seconds)) if state.starts_with("idle in transaction") => seconds >= 1,
        (_, Some(seconds)) => seconds >= 5,
        // Hidden from us: nothing is said of it here.
        (_, None) => false,
    }
}

fn shown(table: &TableName) -> String {
    table.to_string()
}
