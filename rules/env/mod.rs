//! Rules of the family *env*.

use crate::rules::Rule;

/// The rules, by name.
pub const RULES: &[Rule] = &[];
