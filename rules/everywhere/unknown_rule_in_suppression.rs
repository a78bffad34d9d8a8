//! Found by `check` while it applies suppressions: this is only the page.

use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "unknown-rule-in-suppression",
    page: include_str!("unknown_rule_in_suppression.md"),
    check: Check::InCheck,
};
