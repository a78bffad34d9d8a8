//! `reserved-attribute-name`

use rustc_hash::FxHashSet;

use crate::diagnostic::{Edit, Findings, Fix, Level};
use crate::project::Project;
use crate::project::imported::{Thing, Use};
use crate::project::sqlalchemy::attribute::{Attribute, Kind, Shape};
use crate::project::sqlalchemy::{ClassBody, MappedClass, RegistryKind, Role};
use crate::rules::models::shared::evidence::{self, SqlAlchemy};
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "reserved-attribute-name",
    page: include_str!("reserved_attribute_name.md"),
    check: Check::EachMappedClass(check),
};

/// What becomes of an attribute with a reserved name.
struct Verdict {
    level: Level,
    why: String,
}

fn check(class: &MappedClass, project: &Project<'_>, found: &mut Findings) {
    let version = evidence::sqlalchemy(project, class.file);
    let kind = project.models.registry(class.registry).kind;
    for (body, role, attribute) in first_of_each_name(class, project) {
        let verdict = match &*attribute.name {
            "metadata" => metadata(class, attribute, role, kind, &version),
            "registry" => registry(attribute, role, &version),
            name if project.settings.reserved_names.iter().any(|reserved| reserved == name) => {
                (attribute.kind.is_mappable() && role != Role::Mapped).then(|| Verdict {
                    level: Level::Error,
                    why: "the configuration reserves this name (`reserved-names`)".to_owned(),
                })
            }
            name => dunder(name, attribute, role).or_else(|| sqlmodel(name, attribute, role, kind)),
        };
        let Some(verdict) = verdict else { continue };
        report(class, body, role, attribute, verdict, project, found);
    }
}

/// Each name once, where the method resolution order finds it first.
fn first_of_each_name<'p>(class: &MappedClass, project: &'p Project<'_>) -> Vec<(&'p ClassBody, Role, &'p Attribute)> {
    let mut seen = FxHashSet::default();
    let mut all = Vec::new();
    for part in &class.made_of {
        let body = project.models.body(part.body);
        for attribute in body.attributes.iter().filter(|attribute| !attribute.assigned_later) {
            if seen.insert(attribute.name.as_str()) {
                all.push((body, part.role, attribute));
            }
        }
    }
    all
}

fn metadata(
    class: &MappedClass,
    attribute: &Attribute,
    role: Role,
    kind: RegistryKind,
    version: &SqlAlchemy,
) -> Option<Verdict> {
    if matches!(role, Role::Mapped | Role::LateMixin) || !attribute.certain {
        return None;
    }
    let since_2_1 = version.is_at_least(2, 1);
    let is_mapped = attribute.kind.is_mappable()
        || kind == RegistryKind::SqlModel && is_sqlmodel_field(attribute)
        || attribute.kind == Kind::AnnotationOnly
            && role == Role::Own
            && attribute.annotation.as_ref().is_some_and(|annotation| annotation.shape == Shape::Mapped);
    let level = if since_2_1 && kind != RegistryKind::Flask { Level::Warning } else { Level::Error };
    if is_mapped {
        let why = match (since_2_1, kind) {
            (true, RegistryKind::Flask) => "Flask-SQLAlchemy reads `cls.metadata.tables` while the class is made and \
                                            fails with `AttributeError: Neither 'Column' object nor 'Comparator' \
                                            object has an attribute 'tables'`"
                .to_owned(),
            (true, _) if role == Role::Base => {
                "the declarative base needs its own `metadata`: `AttributeError: 'MappedColumn' object has no \
                 attribute 'schema'`"
                    .to_owned()
            }
            (true, _) => "SQLAlchemy 2.1 maps it and warns that the name should be left to the MetaData; every \
                          earlier version raises `InvalidRequestError`"
                .to_owned(),
            (false, _) => format!(
                "SQLAlchemy before 2.1 raises `InvalidRequestError: Attribute name 'metadata' is reserved when using \
                 the Declarative API` while this class is made, so env.py cannot be loaded{}",
                version.said()
            ),
        };
        let level = if role == Role::Base { Level::Error } else { level };
        return Some(Verdict { level, why });
    }
    let hides_metadata = matches!(
        attribute.kind,
        Kind::Hybrid | Kind::Property | Kind::Method | Kind::Plain | Kind::TrailingComma | Kind::NestedClass
    );
    if !hides_metadata || class.imperative || class.table.is_none() && class.parent.is_some() || role == Role::Base {
        return None;
    }
    if class.parent.is_some() && kind != RegistryKind::SqlModel {
        // Without a table of its own the class never asks for `metadata`.
        return None;
    }
    let what = match attribute.kind {
        Kind::Method => "'function' object",
        Kind::Property => "'property' object",
        Kind::Hybrid => "Neither 'hybrid_property' object nor 'ExprComparator' object",
        _ => "the object",
    };
    Some(Verdict {
        level,
        why: if since_2_1 {
            "SQLAlchemy 2.1 warns that the name should be left to the MetaData; every earlier version fails".to_owned()
        } else {
            format!(
                "SQLAlchemy before 2.1 asks it for the schema of the tables while this class is made and fails with \
                 `AttributeError: {what} has no attribute 'schema'`{}",
                version.said()
            )
        },
    })
}

fn is_sqlmodel_field(attribute: &Attribute) -> bool {
    matches!(attribute.kind, Kind::AnnotationOnly | Kind::Plain | Kind::None)
        && attribute.annotation.as_ref().is_some_and(|annotation| annotation.shape == Shape::Plain)
}

fn registry(attribute: &Attribute, role: Role, version: &SqlAlchemy) -> Option<Verdict> {
    let is_no_registry = attribute.kind.is_mappable()
        || matches!(attribute.kind, Kind::Property | Kind::Method | Kind::Hybrid | Kind::Plain);
    (role == Role::Base && is_no_registry && version.is_at_least(2, 0)).then(|| Verdict {
        level: Level::Error,
        why: "`InvalidRequestError: Declarative base class has a 'registry' attribute that is not an instance of \
              sqlalchemy.orm.registry()`"
            .to_owned(),
    })
}

fn dunder(name: &str, attribute: &Attribute, role: Role) -> Option<Verdict> {
    let is_column = matches!(attribute.kind, Kind::Column | Kind::MappedColumn);
    if role == Role::Mapped || !is_column || attribute.column.is_none() {
        return None;
    }
    let text = match name {
        "__table__" => "AttributeError: Neither 'Column' object nor 'Comparator' object has an attribute 'c'",
        "__mapper__" => {
            "AttributeError: Neither 'Column' object nor 'Comparator' object has an attribute '_expire_memoizations'"
        }
        "__table_args__" => "ArgumentError: __table_args__ value must be a tuple, dict, or None",
        "__mapper_args__" => "NotImplementedError: Operator 'getitem' is not supported on this expression",
        "__abstract__" => "TypeError: Boolean value of this clause is not defined",
        "_sa_registry" => {
            "AttributeError: Neither 'Column' object nor 'Comparator' object has an attribute 'constructor'"
        }
        "_sa_class_manager" | "_sa_instance_state" => {
            "KeyError: requested attribute name conflicts with instrumentation attribute of the same name"
        }
        _ => return None,
    };
    Some(Verdict { level: Level::Error, why: format!("SQLAlchemy reads this name itself: `{text}`") })
}

fn sqlmodel(name: &str, attribute: &Attribute, role: Role, kind: RegistryKind) -> Option<Verdict> {
    if kind != RegistryKind::SqlModel || role == Role::Mapped || attribute.annotation.is_none() {
        return None;
    }
    let is_field = attribute.kind == Kind::Field || is_sqlmodel_field(attribute);
    let text = match name {
        "model_config" if is_field && attribute.kind != Kind::Plain => {
            "PydanticUserError: `model_config` cannot be used as a model field name"
        }
        "model_dump" | "model_validate" if is_field => {
            "ValueError: the field conflicts with a member of a protected namespace of pydantic"
        }
        name if name.starts_with('_') && !name.starts_with("__") && attribute.kind == Kind::Field => {
            "PydanticUserError: Fields must not use names with leading underscores"
        }
        _ => return None,
    };
    Some(Verdict { level: Level::Error, why: format!("pydantic reserves it: `{text}`") })
}

fn report(
    class: &MappedClass,
    body: &ClassBody,
    role: Role,
    attribute: &Attribute,
    verdict: Verdict,
    project: &Project<'_>,
    found: &mut Findings,
) {
    let name = &attribute.name;
    let level = verdict.level.min(evidence::level_for(project, class.file));
    let help = match attribute.kind {
        Kind::Column | Kind::MappedColumn | Kind::AnnotationOnly | Kind::Field => {
            format!("rename the attribute and keep the column: `{name}_ = …(\"{name}\", …)`")
        }
        kind => format!("rename the {}", kind.word()),
    };
    let uses = Uses::of(body, attribute, project);
    let new = format!("{name}_");
    let is_free = class
        .made_of
        .iter()
        .all(|part| project.models.body(part.body).attributes.iter().all(|attribute| attribute.name != new));
    let remedy = fix(attribute, &uses, project).filter(|_| is_free);
    let help = match (&remedy, uses.left_words(project)) {
        (Some(_), Some(left)) => format!("{help}; {left}"),
        _ => help,
    };
    let mut report = found
        .report(attribute.name_span, format!("attribute name `{name}` is reserved on mapped classes"))
        .key(format!("attribute:{}.{name}", body.qualified))
        .here(attribute.kind.word())
        .why(verdict.why)
        .help(help)
        .level(level)
        .maybe_fix(remedy);
    if role != Role::Own {
        report =
            report.label(class.name_span, format!("mapped here: `{}` gets it from `{}`", class.name, body.qualified));
    }
    let _ = report;
}

/// Where the project uses the attribute.
#[derive(Default)]
struct Uses {
    /// The places that certainly mean it.
    certain: Vec<Span>,
    /// Those that may.
    left: Vec<Span>,
}

impl Uses {
    fn of(body: &ClassBody, attribute: &Attribute, project: &Project<'_>) -> Uses {
        let mut uses = Uses::default();
        let name = attribute.name.as_str();
        // The name means the MetaData, too, where the class has no attribute of it.
        let has_other_meaning = matches!(name, "metadata" | "registry");
        let models = &project.models;
        let of_init = |attribute: &Attribute| attribute.name == "__init__";
        for class in models.classes.iter().filter(|class| class.made_of.iter().any(|part| part.body == body.id)) {
            let has_init = class.made_of.iter().any(|part| models.body(part.body).attributes.iter().any(of_init));
            uses.certain.extend(project.code.uses_of_self(class.span, name));
            let Some((module, _)) = class.qualified.rsplit_once('.') else { continue };
            for imported in project.code.names_of(Thing { file: class.file, module, name: &class.name }) {
                for one in project.code.uses(&imported, name) {
                    match one {
                        Use::Keyword(span) if !has_init => uses.certain.push(span),
                        Use::Attribute(span, is_sql) if is_sql || !has_other_meaning => uses.certain.push(span),
                        Use::Keyword(span) | Use::Attribute(span, _) | Use::Perhaps(span) => uses.left.push(span),
                    }
                }
            }
        }
        uses.certain.extend(project.code.uses_of_self(body.span, name));
        for places in [&mut uses.certain, &mut uses.left] {
            places.sort();
            places.dedup();
        }
        uses
    }

    /// Says which uses nobody can be sure of.
    fn left_words(&self, project: &Project<'_>) -> Option<String> {
        let places: Vec<String> =
            self.left.iter().take(3).map(|span| format!("`{}`", project.sources.place(*span))).collect();
        let more = match self.left.len().saturating_sub(places.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!places.is_empty())
            .then(|| format!("the fix leaves what may be another object's: {}{more}", places.join(", ")))
    }
}

/// Renames the attribute, keeps the column's name, and renames the uses that certainly mean this attribute.
fn fix(attribute: &Attribute, uses: &Uses, project: &Project<'_>) -> Option<Fix> {
    let name = &attribute.name;
    if name.starts_with('_') || name.starts_with("model_") {
        return None;
    }
    let new = format!("{name}_");
    let mut edits = vec![Edit::Replace { span: attribute.name_span, text: new.clone() }];
    match (attribute.kind, &attribute.column) {
        (Kind::Column | Kind::MappedColumn, Some(column)) => {
            let is_named =
                column.given.first().is_some_and(|given| given.name.is_none() && given.value.as_str().is_some())
                    || column.given.iter().any(|given| matches!(given.name.as_deref(), Some("name" | "_name")));
            if !is_named {
                edits.push(first_argument(project, column.span, &format!("\"{name}\""))?);
            }
        }
        (Kind::Field, Some(column)) => {
            if column
                .given
                .iter()
                .any(|given| matches!(given.name.as_deref(), Some("sa_column" | "sa_column_kwargs" | "sa_column_args")))
                || column.span.file != attribute.span.file
                || !attribute.span.contains(column.span)
                || !project.sources.slice(column.span).contains("Field")
            {
                return None;
            }
            let open = project.sources.slice(column.span).rfind(')')?;
            let at = column.span.start as usize + open;
            let text = project.sources.slice(column.span);
            let has_arguments = !text[text.find('(')? + 1..open].trim().is_empty();
            let separator = if has_arguments { ", " } else { "" };
            edits.push(Edit::Replace {
                span: Span::new(column.span.file, at..at),
                text: format!("{separator}sa_column_kwargs={{\"name\": \"{name}\"}}"),
            });
        }
        (Kind::AnnotationOnly, _) => {
            let annotation = attribute.annotation.as_ref()?;
            if annotation.shape != Shape::Mapped {
                return None;
            }
            edits.push(Edit::Replace { span: annotation.span.after(), text: format!(" = mapped_column(\"{name}\")") });
            edits.extend(evidence::import_from(project, attribute.span.file, "sqlalchemy.orm", "mapped_column").ok()?);
        }
        (Kind::Relationship | Kind::Hybrid | Kind::Property | Kind::Method | Kind::MapperProperty, _) => {}
        _ => return None,
    }
    edits.extend(uses.certain.iter().map(|span| Edit::Replace { span: *span, text: new.clone() }));
    let and = match uses.certain.len() {
        0 => " and keep the column".to_owned(),
        1 => ", with its use, and keep the column".to_owned(),
        count => format!(", with its {count} uses, and keep the column"),
    };
    Some(Fix::risky(format!("rename the attribute to `{new}`{and}"), edits))
}

/// Inserts an argument before the others of the call at `span`.
fn first_argument(project: &Project<'_>, span: Span, argument: &str) -> Option<Edit> {
    let text = project.sources.slice(span);
    let open = text.find('(')? + 1;
    let is_empty = text[open..].trim_start().starts_with(')');
    let at = span.start as usize + open;
    let text = if is_empty { argument.to_owned() } else { format!("{argument}, ") };
    Some(Edit::Replace { span: Span::new(span.file, at..at), text })
}
