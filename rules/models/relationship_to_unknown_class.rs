//! `relationship-to-unknown-class`

use crate::diagnostic::{Findings, Fix};
use crate::project::sqlalchemy::relationship::Target;
use crate::project::sqlalchemy::{MappedClass, RegistryKind, Role};
use crate::project::{Hides, Project};
use crate::rules::models::shared::evidence;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "relationship-to-unknown-class",
    page: include_str!("relationship_to_unknown_class.md"),
    check: Check::EachMappedClass(check),
};

fn check(class: &MappedClass, project: &Project<'_>, found: &mut Findings) {
    let models = &project.models;
    let registry = models.registry(class.registry);
    if registry.open
        || matches!(registry.kind, RegistryKind::Automap | RegistryKind::Library)
        || !class.certain
        || models.metadata(class.metadata).foreign
        || !everything_is_read(class, project)
    {
        return;
    }
    let parts = class.made_of.iter().filter(|part| part.role != Role::Mapped);
    for attribute in parts.flat_map(|part| models.body(part.body).attributes.iter()) {
        let Some(relationship) = &attribute.relationship else { continue };
        let Target::Text(text, span) = &relationship.target else { continue };
        let is_path = text.split('.').all(|part| {
            part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        });
        let name = text.rsplit('.').next().unwrap_or(text);
        if !is_path || models.classes.iter().any(|other| other.name == name) {
            continue;
        }
        // A relationship may also name a table of the MetaData.
        if models.tables.iter().any(|table| table.key().as_ref() == Some(text) || table.name.get() == Some(text)) {
            continue;
        }
        let known: Vec<&str> =
            models.classes.iter().filter(|other| other.registry == class.registry).map(|other| &*other.name).collect();
        let meant = evidence::nearest(name, known.into_iter());
        let mut report = found
            .report(
                *span,
                format!("relationship `{}.{}` leads to `{text}`, which is no mapped class", class.name, attribute.name),
            )
            .key(format!("relationship:{}.{}", class.qualified, attribute.name))
            .why(format!(
                "Alembic does not notice: the application fails at its first query with `InvalidRequestError: … \
                 expression '{text}' failed to locate a name ('{text}')`"
            ))
            .level(evidence::level_for(project, class.file));
        if let Some(meant) = meant {
            report = report.help(format!("did you mean `{meant}`?"));
            let new = match text.rsplit_once('.') {
                Some((path, _)) => format!("{path}.{meant}"),
                None => meant.to_owned(),
            };
            if let Some(edit) = evidence::replace_in_literal(project, *span, text, &new) {
                report = report.fix(Fix::safe(format!("lead to `{new}`"), vec![edit]));
            }
        }
        let _ = report;
    }
}

/// Can no class be hidden in what was not read?
fn everything_is_read(class: &MappedClass, project: &Project<'_>) -> bool {
    let mut reaching = evidence::reaching(project, class.file).peekable();
    reaching.peek().is_some()
        && reaching.all(|environment| {
            environment.not_analysed.iter().all(|gap| gap.hides != Hides::Models)
                && environment.env_script.as_ref().is_none_or(|script| script.online.raised.is_none())
        })
        && project.unreadable.is_empty()
        && project.syntax_problems.is_empty()
}
