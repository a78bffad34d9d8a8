//! Names as the code spells them → canonical names.
//!
//! `sqlalchemy.Column`, `sqlalchemy.schema.Column`, `sqlalchemy.sql.schema.Column`, `sqlmodel.Column` and `db.Column` of
//! Flask-SQLAlchemy are one thing. Dialect types keep their dialect: `sqlalchemy.dialects.postgresql.JSONB`.

use crate::python::dotted;
use crate::python::value::term::{Term, TermKind};

/// A name in its canonical form: a package and what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical<'n> {
    /// `sqlalchemy`, `sqlmodel`, `flask_sqlalchemy`, or another library's top package.
    pub package: &'n str,
    /// What stands between the package and the name and matters: `func`, `dialects.postgresql`; usually empty.
    pub within: String,
    /// The last part.
    pub name: &'n str,
}

impl Canonical<'_> {
    /// Both as one dotted name.
    pub fn canonical(&self) -> String {
        if self.name.is_empty() {
            return self.package.to_owned();
        }
        if self.within.is_empty() {
            return format!("{}.{}", self.package, self.name);
        }
        format!("{}.{}.{}", self.package, self.within, self.name)
    }
}

/// The last part of a dotted name.
pub fn last(dotted: &str) -> &str {
    dotted::last(dotted)
}

/// What only SQLModel has; its other names are SQLAlchemy's.
const OF_SQLMODEL: &[&str] =
    &["SQLModel", "Field", "Relationship", "Session", "AutoString", "GUID", "main", "sql", "ext"];

/// The canonical form of a dotted name.
pub fn of_dotted(dotted: &str) -> Canonical<'_> {
    let (package, rest) = dotted::behind_first(dotted);
    let name = dotted::last(rest);
    let between = rest.strip_suffix(name).unwrap_or("").trim_end_matches('.');
    match package {
        "sqlalchemy" => Canonical { package, within: kept(between), name },
        "sqlmodel" if !name.is_empty() && !OF_SQLMODEL.contains(&name) => {
            Canonical { package: "sqlalchemy", within: kept(between), name }
        }
        "sqlmodel" => Canonical { package, within: String::new(), name },
        _ => Canonical { package, within: between.to_owned(), name },
    }
}

/// The part of `between` that says something else than where SQLAlchemy's source has the name.
fn kept(between: &str) -> String {
    let mut parts = between.split('.');
    match parts.next() {
        Some("dialects") => match parts.next() {
            Some(dialect) => format!("dialects.{dialect}"),
            None => "dialects".to_owned(),
        },
        Some("func") => between.to_owned(),
        Some("sql") if between.starts_with("sql.func") || between.starts_with("sql.functions.func") => {
            between.replacen("sql.functions.func", "func", 1).replacen("sql.func", "func", 1)
        }
        _ => String::new(),
    }
}

/// The canonical form of a term that is nothing but a name, or an attribute of a Flask-SQLAlchemy object.
pub fn of_term<'n>(term: &'n Term<'_>) -> Option<Canonical<'n>> {
    match &term.kind {
        TermKind::Name(name) => Some(of_dotted(name)),
        TermKind::Attribute(of, name) => {
            if is_flask_database(of) {
                return match &**name {
                    "Model" | "session" | "engine" | "engines" | "metadata" | "metadatas" => None,
                    name => Some(Canonical { package: "sqlalchemy", within: String::new(), name }),
                };
            }
            // `db.func.now`, `db.dialects.postgresql.JSONB`, `sa.func.now` when `sa.func` is no plain name.
            let outer = of_term(of)?;
            if outer.package != "sqlalchemy" {
                return None;
            }
            let path = if outer.within.is_empty() {
                outer.name.to_owned()
            } else {
                format!("{}.{}", outer.within, outer.name)
            };
            if !outer.name.starts_with(|first: char| first.is_ascii_lowercase()) {
                return None;
            }
            Some(Canonical { package: "sqlalchemy", within: kept(&path), name })
        }
        _ => None,
    }
}

/// The name inside SQLAlchemy's or SQLModel's namespace: `Column` for all spellings of it.
pub fn sqlalchemy<'n>(term: &'n Term<'_>) -> Option<&'n str> {
    let name = of_term(term)?;
    (matches!(name.package, "sqlalchemy" | "sqlmodel") && name.within.is_empty()).then_some(name.name)
}

/// What a call of SQLAlchemy or SQLModel calls: `Column` for `sa.Column(…)`.
pub fn called<'n>(term: &'n Term<'_>) -> Option<&'n str> {
    match &term.kind {
        TermKind::Call(callee, _) => sqlalchemy(callee),
        _ => None,
    }
}

/// Is it `SQLAlchemy()` of Flask-SQLAlchemy (or of a library made after it)?
pub fn is_flask_database(term: &Term<'_>) -> bool {
    let TermKind::Call(callee, _) = &term.kind else { return false };
    let TermKind::Name(name) = &callee.kind else { return false };
    is_flask_class(name)
}

/// Is it Flask-SQLAlchemy's class, by its dotted name?
pub fn is_flask_class(dotted: &str) -> bool {
    let package = dotted::first(dotted);
    matches!(
        (package, dotted::last(dotted)),
        ("flask_sqlalchemy" | "flask_sqlalchemy_lite" | "quart_sqlalchemy" | "sqlalchemy_unchained", "SQLAlchemy")
            | ("flask_appbuilder", "SQLA")
            | ("gino", "Gino")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_meet() {
        for dotted in
            ["sqlalchemy.Column", "sqlalchemy.schema.Column", "sqlalchemy.sql.schema.Column", "sqlmodel.Column"]
        {
            assert_eq!(of_dotted(dotted).canonical(), "sqlalchemy.Column");
        }
        assert_eq!(of_dotted("sqlalchemy.func.now").canonical(), "sqlalchemy.func.now");
        assert_eq!(of_dotted("sqlalchemy.sql.func.now").canonical(), "sqlalchemy.func.now");
        assert_eq!(
            of_dotted("sqlalchemy.dialects.postgresql.JSONB").canonical(),
            "sqlalchemy.dialects.postgresql.JSONB"
        );
        assert_eq!(of_dotted("sqlmodel.main.Field").canonical(), "sqlmodel.Field");
        assert_eq!(of_dotted("enum.Enum").canonical(), "enum.Enum");
        assert_eq!(of_dotted("sqlmodel").canonical(), "sqlmodel");
    }
}
