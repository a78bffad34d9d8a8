//! What is known of base classes that libraries bring: declarative bases, and mixins that add nothing.

use crate::project::sqlalchemy::RegistryKind;
use crate::python::dotted;

/// A declarative base of a library.
#[derive(Clone, Copy, Debug)]
pub struct LibraryBase {
    /// Bases with the same word share a MetaData and a registry.
    pub group: &'static str,
    /// What it is.
    pub kind: RegistryKind,
    /// The library has tables of its own on that MetaData.
    pub foreign: bool,
    /// The automatic table name.
    pub tablename: AutoName,
    /// It brings columns (a primary key among them).
    pub brings_columns: bool,
}

/// How a base names the tables of its classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoName {
    /// Not at all.
    No,
    /// `UserAccount` → `user_account`
    Snake,
    /// `UserAccount` → `useraccount`
    Lower,
}

/// What is known of the importable name as a declarative base.
pub fn library_base(dotted: &str) -> Option<LibraryBase> {
    let package = dotted::first(dotted);
    let name = dotted::last(dotted);
    let base = |group, kind, foreign, tablename, brings_columns| {
        Some(LibraryBase { group, kind, foreign, tablename, brings_columns })
    };
    match (package, name) {
        ("sqlmodel", "SQLModel") => base("sqlmodel", RegistryKind::SqlModel, false, AutoName::Lower, false),
        ("advanced_alchemy" | "litestar", "DefaultBase" | "AdvancedDeclarativeBase") => {
            base("advanced_alchemy", RegistryKind::Library, false, AutoName::Snake, false)
        }
        (
            "advanced_alchemy" | "litestar",
            "UUIDBase" | "UUIDAuditBase" | "UUIDv6Base" | "UUIDv6AuditBase" | "UUIDv7Base" | "UUIDv7AuditBase"
            | "BigIntBase" | "BigIntAuditBase" | "NanoIDBase" | "NanoIDAuditBase" | "IdentityBase"
            | "IdentityAuditBase",
        ) => base("advanced_alchemy", RegistryKind::Library, false, AutoName::Snake, true),
        ("flask_appbuilder", "Model") => base("flask_appbuilder", RegistryKind::Library, true, AutoName::Snake, false),
        ("flask_appbuilder", "Base") => base("flask_appbuilder", RegistryKind::Library, true, AutoName::Snake, false),
        _ => None,
    }
}

/// Does a library class of this name bring neither columns nor a table name to the classes that derive from it?
pub fn is_harmless(dotted: &str) -> bool {
    let package = dotted::first(dotted);
    let name = dotted::last(dotted);
    match package {
        "sqlmodel" => true,
        // Other mixins of oslo.db bring columns.
        "oslo_db" => !matches!(name, "TimestampMixin" | "SoftDeleteMixin"),
        "sqlalchemy" => matches!(
            name,
            "DeclarativeBase"
                | "DeclarativeBaseNoMeta"
                | "MappedAsDataclass"
                | "AsyncAttrs"
                | "DeclarativeMeta"
                | "Comparator"
                | "ORMDescriptor"
        ),
        "sqlalchemy_serializer" | "flask_sqlalchemy" => true,
        "sqlalchemy_mixins" => name != "TimestampsMixin",
        "advanced_alchemy" | "litestar" => matches!(
            name,
            "CommonTableAttributes" | "BasicAttributes" | "DefaultBase" | "AdvancedDeclarativeBase" | "UniqueMixin"
        ),
        package => knows_no_columns(package),
    }
}

/// Does the package know nothing of SQLAlchemy? What it makes is no column, and its classes bring none.
pub fn knows_no_columns(package: &str) -> bool {
    matches!(
        package,
        "abc"
            | "builtins"
            | "collections"
            | "contextlib"
            | "dataclasses"
            | "dataclasses_json"
            | "datetime"
            | "decimal"
            | "enum"
            | "flask_login"
            | "functools"
            | "graphene"
            | "itertools"
            | "json"
            | "logging"
            | "marshmallow"
            | "operator"
            | "os"
            | "pathlib"
            | "pydantic"
            | "pydantic_settings"
            | "re"
            | "six"
            | "structlog"
            | "threading"
            | "time"
            | "types"
            | "typing"
            | "typing_extensions"
            | "uuid"
            | "weakref"
            | "zope"
    )
}

/// `UserAccount` → `user_account`, as Flask-SQLAlchemy and advanced-alchemy do it.
pub fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut made = String::with_capacity(name.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        if letter.is_ascii_uppercase() && at > 0 {
            let after_small = letters[at - 1].is_ascii_lowercase() || letters[at - 1].is_ascii_digit();
            let before_small = letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
            if after_small || before_small {
                made.push('_');
            }
        }
        made.extend(letter.to_lowercase());
    }
    made.trim_start_matches('_').to_owned()
}

/// The table name that a base gives to a class by itself.
pub fn automatic_name(rule: AutoName, class: &str) -> Option<String> {
    match rule {
        AutoName::No => None,
        AutoName::Snake => Some(snake_case(class)),
        AutoName::Lower => Some(class.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_flask_sqlalchemy_makes_them() {
        for (class, table) in [
            ("User", "user"),
            ("UserAccount", "user_account"),
            ("HTTPRequest", "http_request"),
            ("OAuth2Token", "o_auth2_token"),
            ("_Hidden", "hidden"),
        ] {
            assert_eq!(snake_case(class), table);
        }
    }
}
