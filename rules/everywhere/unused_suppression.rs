//! Found by `check` while it applies suppressions: this is only the page.

use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "unused-suppression", page: include_str!("unused_suppression.md"), check: Check::InCheck };
