//! Rules of the family *revisions*.

use crate::rules::Rule;

/// The rules, by name.
pub const RULES: &[Rule] = &[];
