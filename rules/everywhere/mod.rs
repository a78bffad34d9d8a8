//! Rules of the family *everywhere*.

mod not_analysed;
mod syntax_error;
mod unknown_rule_in_suppression;
mod unreadable_file;
mod unused_suppression;

use crate::rules::Rule;

/// The rules, by name.
pub const RULES: &[Rule] = &[
    not_analysed::RULE,
    syntax_error::RULE,
    unknown_rule_in_suppression::RULE,
    unreadable_file::RULE,
    unused_suppression::RULE,
];
