//! `primary-key-missing`

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::sqlalchemy::table::has_primary_key;
use crate::project::sqlalchemy::{MappedClass, RegistryKind};
use crate::rules::models::shared::evidence;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "primary-key-missing",
    page: include_str!("primary_key_missing.md"),
    check: Check::EachMappedClass(check),
};

fn check(class: &MappedClass, project: &Project<'_>, found: &mut Findings) {
    let models = &project.models;
    let Some(table) = evidence::table_of(models, class) else { return };
    let registry = models.registry(class.registry).kind;
    if class.open
        || !class.certain
        || !table.certain
        || class.parent.is_some()
        || class.mapper_primary_key
        || table.class != Some(class.id)
        || table.extends
        || table.duplicate_of.is_some()
        || models.metadata(table.metadata).reflected
        || matches!(registry, RegistryKind::Automap | RegistryKind::Library)
        || has_primary_key(table) != Some(false)
    {
        return;
    }
    let key = table.key().unwrap_or_else(|| class.name.clone());
    found
        .report(class.name_span, format!("table `{key}` of class `{}` has no primary key", class.name))
        .key(format!("model:{}", class.qualified))
        .why(format!(
            "`ArgumentError: Mapper Mapper[{}({key})] could not assemble any primary key columns for mapped table \
             '{key}'` while this class is made",
            class.name
        ))
        .help("give one column `primary_key=True`; SQLAlchemy maps no table without a key")
        .level(evidence::level_for(project, class.file));
}
