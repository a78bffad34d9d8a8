//! `name-not-imported-in-revision`

use std::collections::BTreeMap;

use crate::diagnostic::{Edit, Findings, Fix, Level};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::revision::RevisionScript;
use crate::project::alembic::revision::names::Unbound;
use crate::rules::{Check, Rule};
use crate::source::{FileId, Sources, Span, join};

/// The rule.
pub const RULE: Rule = Rule {
    name: "name-not-imported-in-revision",
    page: include_str!("name_not_imported_in_revision.md"),
    check: Check::EachRevision(check),
};

/// The statement that binds a name.
struct Import {
    statement: String,
    /// Autogenerate will write the name again, so the template has to import it.
    in_template: bool,
}

fn check(script: &RevisionScript, environment: &Environment, project: &Project<'_>, found: &mut Findings) {
    let mut by_name: BTreeMap<&str, Vec<&Unbound>> = BTreeMap::new();
    for unbound in &script.unbound {
        by_name.entry(&unbound.name).or_default().push(unbound);
    }
    let id = script.id().unwrap_or("?");
    for (name, uses) in by_name {
        let Some(first) = uses.iter().find(|unbound| unbound.certain).or(uses.first()) else { continue };
        let import = import(first, environment, project);
        let place = match first.within.as_str() {
            "" => "as soon as Alembic reads the revisions".to_owned(),
            function => format!("when `{function}` runs"),
        };
        let mut report = found
            .report(first.span, format!("`{name}` is not imported in this revision"))
            .key(format!("name:{id}:{name}"))
            .why(format!("Python raises NameError: name '{name}' is not defined, {place}"))
            .help(match &import {
                Some(import) if import.in_template => {
                    format!(
                        "add `{}` here and to script.py.mako, for autogenerate writes the name again",
                        import.statement
                    )
                }
                Some(import) => format!("add `{}`", import.statement),
                None => format!("import `{name}`, or define it in this file"),
            });
        if uses.len() > 1 {
            report = report.here(format!("the first of {} uses", uses.len()));
        }
        if !first.certain {
            report = report.level(Level::Warning);
        }
        if let Some(import) = import {
            report.fix(fix(&import, name, script, environment, project.sources));
        }
    }
}

fn fix(import: &Import, name: &str, script: &RevisionScript, environment: &Environment, sources: &Sources) -> Fix {
    let statement = &import.statement;
    let mut edits = vec![insert(sources, script.import_place, statement)];
    // One revision brings the template's edit, so that two fixes don't both add the line.
    let is_first = environment
        .revisions
        .scripts
        .iter()
        .find(|script| script.unbound.iter().any(|unbound| unbound.name == name))
        .is_some_and(|first| first.number == script.number);
    let template = environment.template.filter(|_| import.in_template && is_first);
    edits.extend(template.and_then(|template| in_template(sources, template, statement)));
    Fix::safe(format!("add `{statement}`"), edits)
}

fn insert(sources: &Sources, place: Span, statement: &str) -> Edit {
    let end = sources.line_end(place.file);
    let text = if place.start == 0 { format!("{statement}{end}") } else { format!("{end}{statement}") };
    Edit::Replace { span: place, text }
}

/// After `import sqlalchemy as sa`, or the last import before `${imports`.
fn in_template(sources: &Sources, template: FileId, statement: &str) -> Option<Edit> {
    let text = sources.text(template);
    if text.lines().any(|line| line.trim() == statement) {
        return None;
    }
    let before = text.find("${imports").map_or(text, |at| &text[..at]);
    let mut place = None;
    let mut start = 0;
    for line in before.split_inclusive('\n') {
        let kept = line.trim_end_matches(['\n', '\r']);
        if kept.starts_with("import ") || kept.starts_with("from ") {
            place = Some(Span::new(template, start + kept.len()..start + kept.len()));
        }
        start += line.len();
    }
    Some(insert(sources, place?, statement))
}

fn import(unbound: &Unbound, environment: &Environment, project: &Project<'_>) -> Option<Import> {
    let name = unbound.name.as_str();
    let plain = |statement: String| Some(Import { statement, in_template: false });
    let library = |statement: String| Some(Import { statement, in_template: true });
    match name {
        "op" | "context" => return plain(format!("from alembic import {name}")),
        "sa" => return plain("import sqlalchemy as sa".to_owned()),
        "sqlalchemy" => return plain("import sqlalchemy".to_owned()),
        "sqlmodel" | "geoalchemy2" | "sqlalchemy_utils" => return library(format!("import {name}")),
        "postgresql" | "mysql" | "sqlite" | "mssql" | "oracle" => {
            return plain(format!("from sqlalchemy.dialects import {name}"));
        }
        _ => {}
    }
    if STANDARD.contains(&name) && unbound.dotted.contains('.') {
        return plain(format!("import {name}"));
    }
    if !unbound.dotted.contains('.') {
        return SQLALCHEMY.contains(&name).then(|| format!("from sqlalchemy import {name}")).and_then(plain);
    }
    // What autogenerate writes for a type is its module and its name: all but the last part can be imported.
    let modules = module_part(&unbound.dotted);
    if let Some(module) = project_module(modules, environment, project.sources) {
        return plain(format!("import {module}"));
    }
    let distribution = name.replace('_', "-").to_lowercase();
    let is_pinned = environment.versions.pins.contains_key(&distribution);
    // Two modules deep and a class at the end: nobody writes that by hand. A wrong import would stop every command.
    let rest = unbound.dotted.get(modules.len() + 1..).unwrap_or("");
    let is_rendered = modules.contains('.') && rest.starts_with(char::is_uppercase) && !environment.versions.complete;
    let is_library = is_pinned || is_rendered;
    is_library.then(|| format!("import {modules}")).and_then(library)
}

/// `pgvector.sqlalchemy` of `pgvector.sqlalchemy.Vector`: the parts before the first that looks like a class.
fn module_part(dotted: &str) -> &str {
    let mut end = dotted.len();
    for (at, _) in dotted.match_indices('.') {
        let next = &dotted[at + 1..];
        end = at;
        if next.starts_with(char::is_uppercase) {
            break;
        }
    }
    &dotted[..end]
}

/// The longest beginning of `dotted` that is a module of the project.
fn project_module<'d>(dotted: &'d str, environment: &Environment, sources: &Sources) -> Option<&'d str> {
    let roots = [environment.run_from.as_str(), "", "src"];
    let is_module = |module: &str| {
        let path = module.replace('.', "/");
        roots.iter().filter_map(|root| join(root, &path)).any(|path| {
            sources.id(&format!("{path}.py")).is_some() || sources.id(&format!("{path}/__init__.py")).is_some()
        })
    };
    let mut module = dotted;
    loop {
        if is_module(module) {
            return Some(module);
        }
        module = module.rsplit_once('.')?.0;
    }
}

/// Modules of the standard library that revisions use.
const STANDARD: &[&str] = &["datetime", "decimal", "enum", "json", "logging", "os", "re", "sys", "time", "uuid"];

/// What revisions take from SQLAlchemy by its bare name: autogenerate writes `postgresql.JSONB(astext_type=Text())`.
const SQLALCHEMY: &[&str] = &[
    "ARRAY",
    "BigInteger",
    "Boolean",
    "CheckConstraint",
    "Column",
    "Computed",
    "Date",
    "DateTime",
    "Double",
    "Enum",
    "Float",
    "ForeignKey",
    "ForeignKeyConstraint",
    "Identity",
    "Index",
    "Integer",
    "Interval",
    "JSON",
    "LargeBinary",
    "MetaData",
    "Numeric",
    "PrimaryKeyConstraint",
    "Sequence",
    "SmallInteger",
    "String",
    "Table",
    "Text",
    "Time",
    "TypeDecorator",
    "Unicode",
    "UnicodeText",
    "UniqueConstraint",
    "Uuid",
    "bindparam",
    "cast",
    "column",
    "delete",
    "func",
    "insert",
    "literal",
    "literal_column",
    "select",
    "table",
    "text",
    "update",
];
