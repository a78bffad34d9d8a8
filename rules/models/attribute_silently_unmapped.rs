//! `attribute-silently-unmapped`

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::sqlalchemy::attribute::{Attribute, Kind, Shape};
use crate::project::sqlalchemy::{MappedClass, RegistryKind, Role};
use crate::rules::models::shared::evidence;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "attribute-silently-unmapped",
    page: include_str!("attribute_silently_unmapped.md"),
    check: Check::EachMappedClass(check),
};

/// Names with two underscores on both sides that SQLAlchemy and its friends read.
const READ: &[&str] = &[
    "__table__",
    "__tablename__",
    "__table_args__",
    "__mapper__",
    "__mapper_args__",
    "__abstract__",
    "__allow_unmapped__",
    "__bind_key__",
    "__table_cls__",
    "__init__",
    "__repr__",
];

fn check(class: &MappedClass, project: &Project<'_>, found: &mut Findings) {
    let version = evidence::sqlalchemy(project, class.file);
    if !version.is_at_least(2, 0) || project.models.registry(class.registry).kind == RegistryKind::SqlModel {
        return;
    }
    for part in &class.made_of {
        let body = project.models.body(part.body);
        for attribute in body.attributes.iter().filter(|attribute| attribute.certain && !attribute.assigned_later) {
            let Some(why) = reason(attribute, part.role) else { continue };
            let name = &attribute.name;
            let mut report = found
                .report(attribute.name_span, format!("`{name}` is not mapped, and nothing says so"))
                .key(format!("attribute:{}.{name}", body.qualified))
                .why(why)
                .help("rename the attribute; give the column's name as the first argument to keep it")
                .maybe_fix(fix(attribute));
            if part.role != Role::Own {
                report = report.label(class.name_span, format!("`{}` gets no such column", class.name));
            }
            let _ = report;
        }
    }
}

fn reason(attribute: &Attribute, role: Role) -> Option<&'static str> {
    let name = attribute.name.as_str();
    let is_mapped_annotation = attribute.kind == Kind::AnnotationOnly
        && attribute.annotation.as_ref().is_some_and(|annotation| annotation.shape == Shape::Mapped);
    let would_map = attribute.kind.is_mappable() || is_mapped_annotation;
    if !would_map {
        return None;
    }
    if matches!(name, "metadata" | "registry") {
        return match role {
            Role::LateMixin => Some(
                "the mixin stands after the declarative base, which has an attribute of this name already: the mixin's \
                 is taken as overridden",
            ),
            Role::Mixin | Role::Abstract | Role::Base if is_mapped_annotation => Some(
                "an annotation without a value on a mixin is passed over when the class has an attribute of this name \
                 already, and every declarative class has",
            ),
            _ => None,
        };
    }
    if role == Role::Mapped {
        return None;
    }
    if !matches!(attribute.kind, Kind::Column | Kind::MappedColumn | Kind::AnnotationOnly) {
        // `@declared_attr def __mapper_cls__(cls)`: somebody reads it.
        return None;
    }
    let is_dunder = name.starts_with("__") && name.ends_with("__") && !READ.contains(&name);
    let is_private =
        name.starts_with("_sa_") && !matches!(name, "_sa_registry" | "_sa_class_manager" | "_sa_instance_state");
    (is_dunder || is_private).then_some("since SQLAlchemy 2.0 names that begin with `_sa_` or `__` are passed over")
}

fn fix(attribute: &Attribute) -> Option<Fix> {
    let (name, column) = (&attribute.name, attribute.column.as_ref()?);
    let is_named = column.given.first().is_some_and(|given| given.name.is_none() && given.value.as_str().is_some());
    if !is_named || name.starts_with('_') {
        return None;
    }
    let edit = Edit::Replace { span: attribute.name_span, text: format!("{name}_") };
    Some(Fix::risky("rename the attribute", vec![edit]))
}
