//! Exceptions that env.py certainly ends with, sorted by what they are: shared by the rules on failing imports.

use crate::diagnostic::Report;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EnvScript, Exception};
use crate::source::Span;

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure<'r> {
    /// `ImportError: cannot import name 'X' from 'm'`
    ImportName(&'r str, &'r str),
    /// `ModuleNotFoundError: No module named 'm'`
    Module(&'r str),
    /// `NameError: name 'X' is not defined`
    Name(&'r str),
    /// `ImportError: cannot import name 'X' from partially initialized module 'm'`
    Circular {
        /// The name.
        name: &'r str,
        /// The module that is not ready.
        module: &'r str,
    },
    /// Something else.
    Other,
}

/// The exception that the online run of env.py ends with, and what it is.
pub fn of(script: &EnvScript) -> Option<(Failure<'_>, &Exception)> {
    let raised = script.online.raised.as_ref()?;
    Some((sort(&raised.class, &raised.message), raised))
}

/// Says what happens, and on which way env.py got there.
pub fn explained<'f>(
    report: Report<'f>,
    raised: &Exception,
    environment: &Environment,
    project: &Project<'_>,
) -> Report<'f> {
    let Exception { class, message, span, way, .. } = raised;
    let mut report = report.why(format!("`{class}: {message}`: {}", level_and_place(environment, project, *span)));
    if !way.is_empty() {
        for step in way {
            let words = step.imports.as_ref().map(|module| format!("imports `{module}`"));
            report = report.step(step.span, words.unwrap_or_default());
        }
        report = report.step(*span, "");
    }
    report
}

/// What kind of failure an exception is.
pub fn sort<'r>(exception: &str, message: &'r str) -> Failure<'r> {
    let quoted: Vec<&str> = message.split('\'').skip(1).step_by(2).collect();
    match (exception, quoted.as_slice()) {
        ("ImportError", [name, module, ..]) if message.contains("partially initialized module") => {
            Failure::Circular { name, module }
        }
        ("ImportError", [name, module, ..]) if message.starts_with("cannot import name") => {
            Failure::ImportName(name, module)
        }
        ("ModuleNotFoundError", [module, ..]) => Failure::Module(module),
        ("ImportError", [module]) if message.starts_with("No module named") => Failure::Module(module),
        ("NameError", [name, ..]) => Failure::Name(name),
        _ => Failure::Other,
    }
}

/// A name of SQLAlchemy that would be imported from there.
pub fn home_in_sqlalchemy(name: &str) -> Option<&'static str> {
    const CORE: &[&str] = &[
        "Column",
        "Table",
        "MetaData",
        "ForeignKey",
        "ForeignKeyConstraint",
        "PrimaryKeyConstraint",
        "UniqueConstraint",
        "CheckConstraint",
        "Index",
        "Integer",
        "BigInteger",
        "SmallInteger",
        "String",
        "Text",
        "Unicode",
        "UnicodeText",
        "Boolean",
        "Date",
        "DateTime",
        "Time",
        "Interval",
        "Float",
        "Numeric",
        "Double",
        "Enum",
        "JSON",
        "LargeBinary",
        "PickleType",
        "Uuid",
        "ARRAY",
        "TIMESTAMP",
        "VARCHAR",
        "func",
        "text",
        "select",
        "true",
        "false",
        "Computed",
        "Identity",
        "Sequence",
        "create_engine",
        "engine_from_config",
        "pool",
    ];
    const ORM: &[&str] = &[
        "relationship",
        "backref",
        "mapped_column",
        "Mapped",
        "DeclarativeBase",
        "MappedAsDataclass",
        "declared_attr",
        "column_property",
        "deferred",
        "synonym",
        "validates",
        "sessionmaker",
        "Session",
        "registry",
        "declarative_base",
        "WriteOnlyMapped",
        "DynamicMapped",
    ];
    if CORE.contains(&name) {
        Some("sqlalchemy")
    } else if ORM.contains(&name) {
        Some("sqlalchemy.orm")
    } else {
        None
    }
}

/// How the finding says on which way env.py got there.
fn level_and_place(environment: &Environment, project: &Project<'_>, span: Span) -> String {
    let env = environment.env_script.as_ref().map_or("env.py", |script| project.sources.path(script.file));
    if project.sources.path(span.file) == env {
        format!("`{env}` cannot be loaded, so no alembic command works")
    } else {
        format!("`{env}` imports this, so no alembic command works")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_sorted_by_what_python_says() {
        assert_eq!(
            sort("ImportError", "cannot import name 'A' from 'shop.models' (/srv/app/shop/models/__init__.py)"),
            Failure::ImportName("A", "shop.models")
        );
        assert_eq!(
            sort(
                "ImportError",
                "cannot import name 'A' from partially initialized module 'm' (most likely due to a circular import)"
            ),
            Failure::Circular { name: "A", module: "m" }
        );
        assert_eq!(sort("NameError", "name 'Text' is not defined"), Failure::Name("Text"));
        assert_eq!(sort("ModuleNotFoundError", "No module named 'shop.gone'"), Failure::Module("shop.gone"));
        assert_eq!(sort("KeyError", "'DATABASE_URL'"), Failure::Other);
    }
}
