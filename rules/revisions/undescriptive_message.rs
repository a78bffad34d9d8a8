//! `undescriptive-message`

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::revision::RevisionScript;
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "undescriptive-message",
    page: include_str!("undescriptive_message.md"),
    check: Check::EachRevision(check),
};

const SAYS_NOTHING: &[&str] = &[
    "asdf",
    "auto",
    "change",
    "changes",
    "db",
    "empty message",
    "fix",
    "fixes",
    "foo",
    "message",
    "migrate",
    "migration",
    "new",
    "revision",
    "stuff",
    "temp",
    "test",
    "tmp",
    "update",
    "updates",
    "wip",
    "xxx",
];

fn check(script: &RevisionScript, environment: &Environment, _: &Project<'_>, found: &mut Findings) {
    if !script.is_read() || environment.revisions.is_merge_point(script) {
        return;
    }
    let message = script.message();
    let plain = message.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
    let is_bare = plain.chars().all(|letter| letter.is_ascii_digit() || letter == ' ' || letter == '.');
    if !is_bare && !SAYS_NOTHING.contains(&plain.as_str()) {
        return;
    }
    let id = script.id().unwrap_or("?");
    let span = script.doc.as_ref().map_or(Span::start_of(script.file), |(_, span)| *span);
    let report = found
        .report(
            span,
            if message.is_empty() {
                format!("`{id}` has no message")
            } else {
                format!("the message of `{id}` says nothing: `{message}`")
            },
        )
        .key(format!("message:{id}"))
        .why("`alembic history` prints this line, and it is all that tells one revision from another");
    report.help("say what changes: `add invoices`");
}
