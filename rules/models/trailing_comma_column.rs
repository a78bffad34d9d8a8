//! `trailing-comma-column`

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::sqlalchemy::attribute::Kind;
use crate::project::sqlalchemy::{MappedClass, Role};
use crate::rules::models::shared::evidence;
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "trailing-comma-column",
    page: include_str!("trailing_comma_column.md"),
    check: Check::EachMappedClass(check),
};

fn check(class: &MappedClass, project: &Project<'_>, found: &mut Findings) {
    for part in class.made_of.iter().filter(|part| part.role != Role::Mapped) {
        let body = project.models.body(part.body);
        for attribute in body.attributes.iter().filter(|attribute| attribute.kind == Kind::TrailingComma) {
            let name = &attribute.name;
            if name.starts_with("__") || attribute.assigned_later {
                continue;
            }
            found
                .report(attribute.span, format!("`{name}` is a tuple, not a column: a comma stands behind it"))
                .key(format!("attribute:{}.{name}", body.qualified))
                .why(
                    "SQLAlchemy only warns and maps nothing: autogenerate drops the column from the database, or never \
                     makes it",
                )
                .help("remove the comma")
                .level(evidence::level_for(project, class.file))
                .maybe_fix(fix(attribute.span, project));
        }
    }
}

fn fix(statement: Span, project: &Project<'_>) -> Option<Fix> {
    let text = project.sources.slice(statement);
    let kept = text.strip_suffix(',')?.trim_end().len();
    let span = Span { start: statement.start + kept as u32, ..statement };
    Some(Fix::safe("remove the comma", vec![Edit::Replace { span, text: String::new() }]))
}
