//! `annotation-without-mapped`

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::sqlalchemy::attribute::{Attribute, Kind, Shape};
use crate::project::sqlalchemy::{MappedClass, RegistryKind, Role};
use crate::rules::models::shared::evidence;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "annotation-without-mapped",
    page: include_str!("annotation_without_mapped.md"),
    check: Check::EachMappedClass(check),
};

fn check(class: &MappedClass, project: &Project<'_>, found: &mut Findings) {
    let registry = project.models.registry(class.registry).kind;
    if class.allow_unmapped || class.imperative || !matches!(registry, RegistryKind::Declarative | RegistryKind::Flask)
    {
        return;
    }
    let version = evidence::sqlalchemy(project, class.file);
    // Without a pinned version only a class that is written in the words of 2.0 proves it.
    let speaks_2_0 = || {
        class.made_of.iter().flat_map(|part| project.models.body(part.body).attributes.iter()).any(|attribute| {
            attribute.kind == Kind::MappedColumn
                || attribute.annotation.as_ref().is_some_and(|annotation| annotation.shape == Shape::Mapped)
        })
    };
    if !version.is_at_least(2, 0) || !version.is_surely_at_least(2, 0) && !speaks_2_0() {
        return;
    }
    for part in &class.made_of {
        let body = project.models.body(part.body);
        for attribute in body.attributes.iter() {
            let Some(annotation) = &attribute.annotation else { continue };
            if annotation.shape != Shape::Plain
                || attribute.name.starts_with("__")
                || !attribute.certain
                || !raises(attribute, part.role, class.open)
            {
                continue;
            }
            let name = &attribute.name;
            let mut report = found
                .report(attribute.name_span, format!("the annotation of `{name}` is not wrapped in `Mapped[…]`"))
                .key(format!("attribute:{}.{name}", body.qualified))
                .why(format!(
                    "SQLAlchemy 2.0 and later raise `MappedAnnotationError: Type annotation for \"{}.{name}\" can't be \
                     correctly interpreted for Annotated Declarative Table form` while the class is made",
                    class.name
                ))
                .help(format!("write `{name}: Mapped[{}]`, or `ClassVar[…]` if it is no column", annotation.text))
                .level(evidence::level_for(project, class.file))
                .maybe_fix(fix(attribute, project));
            if part.role != Role::Own {
                report = report.label(class.name_span, format!("`{}` is made of it", class.name));
            }
            let _ = report;
        }
    }
}

/// Measured with SQLAlchemy 2.0.58 and 2.1.9.
fn raises(attribute: &Attribute, role: Role, open: bool) -> bool {
    match role {
        Role::Own => match attribute.kind {
            Kind::MappedColumn | Kind::Relationship | Kind::MapperProperty => true,
            // A dataclass or another library may take bare annotations for itself.
            Kind::AnnotationOnly | Kind::None => !open,
            _ => false,
        },
        Role::Mixin | Role::LateMixin | Role::Abstract | Role::Base => {
            matches!(attribute.kind, Kind::MappedColumn | Kind::Column)
        }
        Role::Mapped => false,
    }
}

fn fix(attribute: &Attribute, project: &Project<'_>) -> Option<Fix> {
    let annotation = attribute.annotation.as_ref()?;
    if annotation.deferred || attribute.kind == Kind::None {
        return None;
    }
    let mut edits = vec![Edit::Replace { span: annotation.span, text: format!("Mapped[{}]", annotation.text) }];
    edits.extend(evidence::import_from(project, attribute.span.file, "sqlalchemy.orm", "Mapped").ok()?);
    Some(Fix::risky("wrap the annotation in `Mapped[…]`", edits))
}
