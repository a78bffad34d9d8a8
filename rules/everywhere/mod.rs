//! Rules of the family *everywhere*.

use crate::rules::Rule;

/// The rules, by name.
pub const RULES: &[Rule] = &[];
