//! `identifier-too-long`

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::sqlalchemy::column::ConstraintKind;
use crate::rules::models::shared::evidence;
use crate::rules::{Check, Rule};
use crate::source::{FileId, Span};

/// The rule.
pub const RULE: Rule = Rule {
    name: "identifier-too-long",
    page: include_str!("identifier_too_long.md"),
    check: Check::WholeProject(check),
};

fn check(project: &Project<'_>, found: &mut Findings) {
    for table in &project.models.tables {
        let Some(limit) = Limit::of(project, table.file) else { continue };
        if let Some(name) = table.name.get() {
            limit.look(name, "table", table.name.span(), found);
        }
        for constraint in &table.constraints {
            let Some(given) = &constraint.name else { continue };
            let kind = if constraint.kind == ConstraintKind::Index { "index" } else { "constraint" };
            if let Some(name) = given.value.as_str() {
                limit.look(name, kind, given.span, found);
            }
        }
    }
    for environment in &project.environments {
        let Some(limit) = environment.env_script.as_ref().and_then(|script| Limit::of(project, script.file)) else {
            continue;
        };
        found.in_environment(Some(&environment.name));
        for script in &environment.revisions.scripts {
            for named in &script.names_made {
                limit.look(&named.name, named.kind, named.span, found);
            }
        }
    }
}

/// What the database cuts names off at.
struct Limit {
    most: usize,
    in_bytes: bool,
    database: &'static str,
}

impl Limit {
    fn of(project: &Project<'_>, file: FileId) -> Option<Limit> {
        match evidence::dialect(project, file)?.as_str() {
            "postgresql" => Some(Limit { most: 63, in_bytes: true, database: "PostgreSQL" }),
            "mysql" | "mariadb" => Some(Limit { most: 64, in_bytes: false, database: "MySQL" }),
            _ => None,
        }
    }

    fn look(&self, name: &str, kind: &str, span: Span, found: &mut Findings) {
        let length = if self.in_bytes { name.len() } else { name.chars().count() };
        if length <= self.most {
            return;
        }
        let unit = if self.in_bytes { "bytes" } else { "characters" };
        let why = match (kind, self.in_bytes) {
            ("table" | "column", true) => {
                "PostgreSQL cuts it off with no more than a notice; every autogenerate then drops the short name and \
                 creates the long one again"
                    .to_owned()
            }
            (_, true) => format!("`IdentifierError: Identifier '{name}' exceeds maximum length of 63 characters`"),
            (_, false) => "MySQL refuses it: `Identifier name is too long`".to_owned(),
        };
        found
            .report(span, format!("{kind} name `{name}` has {length} {unit}; {} keeps {}", self.database, self.most))
            .key(format!("{kind}:{name}"))
            .why(why)
            .help("shorten the name");
    }
}
