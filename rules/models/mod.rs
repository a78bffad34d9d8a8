//! Rules of the family *models*.

mod annotation_of_unknown_type;
mod annotation_without_mapped;
mod attribute_silently_unmapped;
mod circular_import;
mod duplicate_column_name;
mod duplicate_table;
mod enum_without_name;
mod foreign_key_cycle;
mod foreign_key_to_unknown_column;
mod foreign_key_to_unknown_table;
mod identifier_too_long;
mod model_import_error;
mod model_name_undefined;
mod module_imported_twice;
mod primary_key_missing;
mod relationship_to_unknown_class;
mod relationship_without_foreign_key;
mod reserved_attribute_name;
mod server_default_not_text;
mod shared;
mod tablename_missing;
mod trailing_comma_column;

use crate::rules::Rule;

/// The rules, by name.
pub const RULES: &[Rule] = &[
    annotation_of_unknown_type::RULE,
    annotation_without_mapped::RULE,
    attribute_silently_unmapped::RULE,
    circular_import::RULE,
    duplicate_column_name::RULE,
    duplicate_table::RULE,
    enum_without_name::RULE,
    foreign_key_cycle::RULE,
    foreign_key_to_unknown_column::RULE,
    foreign_key_to_unknown_table::RULE,
    identifier_too_long::RULE,
    model_import_error::RULE,
    model_name_undefined::RULE,
    module_imported_twice::RULE,
    primary_key_missing::RULE,
    relationship_to_unknown_class::RULE,
    relationship_without_foreign_key::RULE,
    reserved_attribute_name::RULE,
    server_default_not_text::RULE,
    tablename_missing::RULE,
    trailing_comma_column::RULE,
];
