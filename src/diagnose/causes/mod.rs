//! The table of causes: text of a failure × versions → cause → the rules that confirm its place, or how to find it.
//!
//! One row per cause. The order matters: the first row that fits is the answer, so what is special stands before what
//! is general.

mod configuration;
mod connections;
mod environment;
mod models;
mod operations;
mod revisions;
mod rust;
mod statements;
mod url;

use crate::diagnose::pattern::Captures;

/// A row.
#[derive(Clone, Copy, Debug)]
pub struct Cause {
    /// Its name, in JSON `failure.cause`.
    pub name: &'static str,
    /// The rule that the diagnostic names where no rule's finding confirms the place; empty: the cause's own name.
    pub rule: &'static str,
    /// The texts, any of them; see [`pattern`](crate::diagnose::pattern).
    pub texts: &'static [&'static str],
    /// Texts of which one must stand in the message, too; empty: none need to.
    pub and: &'static [&'static str],
    /// The exception's bare class, any of them; empty: any class.
    pub classes: &'static [&'static str],
    /// A part of a frame's path, any of them; empty: any frames, or none.
    pub within: &'static [&'static str],
    /// The project's own code raised it, no library did.
    pub own_code: bool,
    /// What must be certain before the text is believed.
    pub needs: Needs,
    /// What the holes must hold.
    pub when: Option<fn(&Captures) -> bool>,
    /// The series of SQLAlchemy that have the text, from and below, where the log tells the series.
    pub sqlalchemy: ((u32, u32), (u32, u32)),
    /// The rules whose findings are this cause, the most telling first.
    pub rules: &'static [&'static str],
    /// Without such a finding it is not this cause.
    pub only_with_rule: bool,
    /// Where it is, when no rule tells.
    pub place: Place,
    /// What is wrong; the first whose holes are all filled.
    pub message: &'static [&'static str],
    /// Why.
    pub why: &'static str,
    /// What to do.
    pub help: &'static str,
    /// The command to type next.
    pub next: &'static str,
    /// The command not to run, and what it would do.
    pub avoid: &'static str,
}

/// What must be certain before a text is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// The text itself is enough: nothing else prints it.
    Nothing,
    /// SQLAlchemy ran.
    SqlAlchemy,
    /// Alembic ran.
    Alembic,
    /// A revision ran, or the log does not show what ran.
    Revision,
}

/// Where a cause is, when no rule tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The statement of a revision that failed; else the URL.
    Statement,
    /// The line of the project that ran last; env.py and revisions before other files.
    Frame,
    /// The line of the project that ran last, in whatever file.
    DeepestFrame,
    /// Where the database URL was typed.
    Url,
    /// The call of `context.configure`.
    Configure,
    /// An option of alembic.ini, or its section.
    Ini(&'static str),
    /// The file and line that the text names.
    Named,
    /// `revision = "…"` of the revision that the text names.
    Revision,
    /// `down_revision = …` of the newest head.
    Head,
    /// A class, column or relationship that the text names.
    Model,
    /// The migration file with the version that the text names.
    Migration,
    /// The operation of the downgrade that should have dropped the type that the text names. Without one it is not this
    /// cause.
    Downgrade,
    /// The statement, where it makes an enum of the type that the text names. Else it is not this cause.
    EnumStatement,
    /// Nothing in the files is wrong: the line of the log.
    Log,
    /// The revision that was meant by a word that is no id. Without one it is not this cause.
    Meant,
    /// `prepend_sys_path`, where the module that the text names is the project's own. Else it is not this cause.
    OwnPackage,
}

/// The row of a table that says nothing else.
const CAUSE: Cause = Cause {
    name: "",
    rule: "",
    texts: &[],
    and: &[],
    classes: &[],
    within: &[],
    own_code: false,
    needs: Needs::SqlAlchemy,
    when: None,
    sqlalchemy: ((0, 0), (99, 0)),
    rules: &[],
    only_with_rule: false,
    place: Place::Frame,
    message: &[],
    why: "",
    help: "",
    next: "",
    avoid: "",
};

/// All rows, in order.
pub fn all() -> impl Iterator<Item = &'static Cause> {
    [
        configuration::CAUSES,
        url::CAUSES,
        environment::CAUSES,
        revisions::CAUSES,
        models::CAUSES,
        operations::CAUSES,
        statements::CAUSES,
        connections::CAUSES,
        rust::CAUSES,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_matched_and_says_something() {
        for cause in all() {
            assert!(!cause.name.is_empty());
            assert!(!cause.texts.is_empty() || !cause.classes.is_empty(), "{} matches anything", cause.name);
            assert!(!cause.message.is_empty(), "{} says nothing", cause.name);
            let last = cause.message.last().copied().unwrap_or_default();
            let says_something = crate::diagnose::pattern::Captures::default().fill(last).is_some();
            assert!(says_something || !cause.texts.is_empty(), "{}: {last}", cause.name);
            for text in cause.message {
                assert!(!text.ends_with('.'), "{}: {text}", cause.name);
            }
            assert!(!cause.help.is_empty(), "{} does not help", cause.name);
        }
    }
}
