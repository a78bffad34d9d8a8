//! Rules of the family *config*.

use crate::rules::Rule;

/// The rules, by name.
pub const RULES: &[Rule] = &[];
