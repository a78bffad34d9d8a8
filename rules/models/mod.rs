//! Rules of the family *models*.

use crate::rules::Rule;

/// The rules, by name.
pub const RULES: &[Rule] = &[];
