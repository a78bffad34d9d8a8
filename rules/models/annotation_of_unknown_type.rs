//! `annotation-of-unknown-type`

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::sqlalchemy::attribute::{Attribute, Kind, Shape};
use crate::project::sqlalchemy::expression::Expression;
use crate::project::sqlalchemy::{MappedClass, RegistryKind, Role};
use crate::rules::models::shared::evidence;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "annotation-of-unknown-type",
    page: include_str!("annotation_of_unknown_type.md"),
    check: Check::EachMappedClass(check),
};

/// Built-in types that SQLAlchemy knows no column type for.
const WITHOUT_COLUMN_TYPE: &[&str] =
    &["dict", "list", "set", "tuple", "frozenset", "object", "complex", "type", "range", "bytearray", "memoryview"];

fn check(class: &MappedClass, project: &Project<'_>, found: &mut Findings) {
    let registry = project.models.registry(class.registry);
    let knows_only_defaults = registry.type_annotation_map.as_ref().is_some_and(Vec::is_empty);
    if !knows_only_defaults
        || class.imperative
        || !matches!(registry.kind, RegistryKind::Declarative | RegistryKind::Flask)
        || !evidence::sqlalchemy(project, class.file).is_at_least(2, 0)
    {
        return;
    }
    for part in class.made_of.iter().filter(|part| part.role != Role::Mapped) {
        let body = project.models.body(part.body);
        for attribute in body.attributes.iter().filter(|attribute| is_without_type(attribute)) {
            let Some(annotation) = attribute.annotation.as_ref() else { continue };
            let Some(shown) = unknown_type(&annotation.inner, project) else { continue };
            let name = &attribute.name;
            let mut report = found
                .report(annotation.span, format!("SQLAlchemy knows no column type for `{shown}`"))
                .key(format!("attribute:{}.{name}", body.qualified))
                .why(format!(
                    "`MappedAnnotationError: Could not locate SQLAlchemy Core type when resolving for Python type \
                     indicated by '{shown}' inside the Mapped[] annotation for the '{name}' attribute` while the class \
                     is made"
                ))
                .help(
                    "give the type: `mapped_column(JSON)`, or map the Python type in `type_annotation_map` of the base",
                )
                .level(evidence::level_for(project, class.file))
                .maybe_fix(fix(attribute, &annotation.inner, project));
            if part.role != Role::Own {
                report = report.label(class.name_span, format!("`{}` is made of it", class.name));
            }
            let _ = report;
        }
    }
}

/// Does only the annotation say which type the column has?
fn is_without_type(attribute: &Attribute) -> bool {
    let is_mapped = attribute.annotation.as_ref().is_some_and(|annotation| {
        annotation.shape == Shape::Mapped && annotation.text.trim_start_matches(['"', '\'']).starts_with("Mapped[")
    });
    let by_annotation = match (attribute.kind, &attribute.column) {
        (Kind::AnnotationOnly, _) => true,
        (Kind::MappedColumn, Some(column)) => {
            column.column_type.is_none()
                && column.foreign_keys.is_empty()
                && !column.open
                // The parent class's column has the type.
                && !column.given.iter().any(|given| given.name.as_deref() == Some("use_existing_column"))
        }
        _ => false,
    };
    is_mapped && by_annotation && attribute.certain && !matches!(&*attribute.name, "metadata" | "registry")
}

/// The type as a sentence shows it, when SQLAlchemy certainly has no column type for it.
fn unknown_type(found: &Expression, project: &Project<'_>) -> Option<String> {
    match found {
        Expression::Builtin(name) => WITHOUT_COLUMN_TYPE.contains(&name.as_str()).then(|| name.clone()),
        Expression::Item(of, _) => match &**of {
            Expression::Builtin(name) => WITHOUT_COLUMN_TYPE.contains(&name.as_str()).then(|| format!("{name}[…]")),
            Expression::Name(name) => matches!(
                name.as_str(),
                "typing.Dict" | "typing.List" | "typing.Set" | "typing.Tuple" | "typing.Sequence" | "typing.Mapping"
            )
            .then(|| format!("{name}[…]")),
            _ => None,
        },
        Expression::Name(name) => matches!(
            name.as_str(),
            "typing.Any" | "typing.Dict" | "typing.List" | "typing.Set" | "typing.Tuple" | "datetime.timezone"
        )
        .then(|| name.clone()),
        Expression::Class(class) => {
            let is_plain = !class.open
                && class.members.is_none()
                && class
                    .bases
                    .iter()
                    .all(|base| matches!(base.as_str(), "object" | "pydantic.BaseModel" | "typing.TypedDict"));
            let is_mapped = project.models.classes.iter().any(|mapped| mapped.qualified == class.qualified);
            (is_plain && !is_mapped).then(|| class.qualified.clone())
        }
        _ => None,
    }
}

fn fix(attribute: &Attribute, inner: &Expression, project: &Project<'_>) -> Option<Fix> {
    let is_json = match inner {
        Expression::Builtin(name) => matches!(name.as_str(), "dict" | "list"),
        Expression::Item(of, _) => {
            matches!(&**of, Expression::Builtin(name) if matches!(name.as_str(), "dict" | "list"))
                || matches!(of.name(), Some("typing.Dict" | "typing.List"))
        }
        _ => false,
    };
    if !is_json {
        return None;
    }
    let file = attribute.span.file;
    let mut edits = Vec::new();
    match (attribute.kind, &attribute.column) {
        (Kind::AnnotationOnly, _) => {
            let annotation = attribute.annotation.as_ref()?;
            edits.push(Edit::Replace { span: annotation.span.after(), text: " = mapped_column(JSON)".to_owned() });
            edits.extend(evidence::import_from(project, file, "sqlalchemy.orm", "mapped_column").ok()?);
        }
        (Kind::MappedColumn, Some(column)) => {
            let text = project.sources.slice(column.span);
            let open = text.find('(')? + 1;
            let is_empty = text[open..].trim_start().starts_with(')');
            let is_named = column.given.first().is_some_and(|given| given.name.is_none());
            if is_named {
                return None;
            }
            let at = column.span.start as usize + open;
            let inserted = if is_empty { "JSON" } else { "JSON, " };
            edits.push(Edit::Replace {
                span: crate::source::Span::new(column.span.file, at..at),
                text: inserted.to_owned(),
            });
        }
        _ => return None,
    }
    edits.extend(evidence::import_from(project, file, "sqlalchemy", "JSON").ok()?);
    Some(Fix::risky("store it as JSON", edits))
}
