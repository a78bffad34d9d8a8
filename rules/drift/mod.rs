//! Rules of the family *drift*: what the migrations make against what the models declare.

mod downgrade_not_inverse;
mod migration_without_model;
mod model_without_migration;
mod possible_rename;

use crate::rules::Rule;

/// The rules, by name.
pub const RULES: &[Rule] =
    &[downgrade_not_inverse::RULE, migration_without_model::RULE, model_without_migration::RULE, possible_rename::RULE];
