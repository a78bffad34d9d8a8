//! Rules of the family *database*: what `limbeck preflight` finds at a running database.

mod blocking_session;
mod constraint_not_validated;
mod create_privilege_missing;
pub mod database_drift;
mod database_not_at_head;
mod database_read_only;
mod database_revision_unknown;
mod database_unreachable;
mod extension_unavailable;
mod invalid_index;
mod shared;
mod table_not_owned;
mod version_column_too_short;
mod version_rows_overlap;

use crate::rules::Rule;

/// The rules, by name.
pub const RULES: &[Rule] = &[
    blocking_session::RULE,
    constraint_not_validated::RULE,
    create_privilege_missing::RULE,
    database_drift::RULE,
    database_not_at_head::RULE,
    database_read_only::RULE,
    database_revision_unknown::RULE,
    database_unreachable::RULE,
    extension_unavailable::RULE,
    invalid_index::RULE,
    table_not_owned::RULE,
    version_column_too_short::RULE,
    version_rows_overlap::RULE,
];
