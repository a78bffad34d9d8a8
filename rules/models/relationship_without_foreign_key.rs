//! `relationship-without-foreign-key`

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::sqlalchemy::attribute::Attribute;
use crate::project::sqlalchemy::expression::Expression;
use crate::project::sqlalchemy::relationship::{Relationship, Target};
use crate::project::sqlalchemy::{MappedClass, RegistryKind, Role};
use crate::rules::models::shared::{evidence, foreign_keys};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "relationship-without-foreign-key",
    page: include_str!("relationship_without_foreign_key.md"),
    check: Check::WholeProject(check),
};

fn check(project: &Project<'_>, found: &mut Findings) {
    let mut told: Vec<(String, String)> = Vec::new();
    for class in &project.models.classes {
        let own = class.made_of.iter().filter(|part| part.role == Role::Own);
        for attribute in own.flat_map(|part| project.models.body(part.body).attributes.iter()) {
            let Some(relationship) = &attribute.relationship else { continue };
            let Some(target) = target(class, attribute, relationship, project) else { continue };
            if !is_without(class, target, project) {
                continue;
            }
            // The two sides of one relationship are one mistake.
            let other_side =
                relationship.back_populates.as_ref().map(|(name, _)| (target.qualified.clone(), name.clone()));
            told.push((class.qualified.clone(), attribute.name.clone()));
            if other_side.is_some_and(|side| told.contains(&side)) {
                continue;
            }
            let (here, there) = (&class.name, &target.name);
            found
                .report(relationship.span, format!("no foreign key links `{here}` and `{there}`, but `{here}.{}` relates them", attribute.name))
                .key(format!("relationship:{}.{}", class.qualified, attribute.name))
                .label(target.name_span, format!("`{there}` has no foreign key to `{here}` either"))
                .why(format!(
                    "Alembic does not notice: the application fails at its first query with `NoForeignKeysError: Could \
                     not determine join condition between parent/child tables on relationship {here}.{}`",
                    attribute.name
                ))
                .help("add a column with a `ForeignKey` to one of the two tables, or give a `primaryjoin` with `foreign()`".to_string())
                .level(evidence::level_for(project, class.file));
        }
    }
}

/// The class that the relationship certainly leads to, when its join is left to the foreign keys.
fn target<'p>(
    class: &MappedClass,
    attribute: &Attribute,
    relationship: &Relationship,
    project: &'p Project<'_>,
) -> Option<&'p MappedClass> {
    if relationship.join_given || relationship.open || relationship.secondary.is_some() || !attribute.certain {
        return None;
    }
    let mut candidates = project.models.classes.iter().filter(|other| match &relationship.target {
        Target::Text(text, _) => other.name == *text && other.registry == class.registry,
        Target::Class(qualified) => other.qualified == *qualified,
        Target::Annotation => {
            let inner = attribute.annotation.as_ref().map(|annotation| &annotation.inner);
            matches!(inner, Some(Expression::Class(inner)) if inner.qualified == other.qualified)
        }
        Target::Unknown => false,
    });
    let target = candidates.next()?;
    candidates.next().is_none().then_some(target)
}

/// Do both tables' foreign keys, all read, certainly not lead from one to the other?
fn is_without(class: &MappedClass, target: &MappedClass, project: &Project<'_>) -> bool {
    let models = &project.models;
    let simple = |class: &MappedClass| {
        class.certain
            && !class.open
            && class.parent.is_none()
            && !matches!(models.registry(class.registry).kind, RegistryKind::Automap | RegistryKind::Library)
            && !models.metadata(class.metadata).reflected
            && !models.classes.iter().any(|child| child.parent == Some(class.id))
    };
    if !simple(class) || !simple(target) {
        return false;
    }
    let (Some(here), Some(there)) = (evidence::table_of(models, class), evidence::table_of(models, target)) else {
        return false;
    };
    if here.id == there.id && here.columns.iter().any(|column| !column.foreign_keys.is_empty()) {
        return false;
    }
    if [here, there].iter().any(|table| table.open || table.extends || !table.certain || table.duplicate_of.is_some()) {
        return false;
    }
    let (Some(from_here), Some(from_there)) =
        (foreign_keys::targets(here, project), foreign_keys::targets(there, project))
    else {
        return false;
    };
    !from_here.contains(&there.id) && !from_there.contains(&here.id)
}
