//! Rules of the family *revisions*.

mod branch_label_duplicate;
mod down_revision_unknown;
mod downgrade_missing;
mod duplicate_revision_id;
mod model_import_in_revision;
mod multiple_heads;
mod name_not_imported_in_revision;
mod revises_line_differs;
mod revision_cycle;
mod revision_file_invalid;
mod revision_id_too_long;
mod shared;
mod undescriptive_message;

use crate::rules::Rule;

/// The rules, by name.
pub const RULES: &[Rule] = &[
    branch_label_duplicate::RULE,
    down_revision_unknown::RULE,
    downgrade_missing::RULE,
    duplicate_revision_id::RULE,
    model_import_in_revision::RULE,
    multiple_heads::RULE,
    name_not_imported_in_revision::RULE,
    revises_line_differs::RULE,
    revision_cycle::RULE,
    revision_file_invalid::RULE,
    revision_id_too_long::RULE,
    undescriptive_message::RULE,
];
