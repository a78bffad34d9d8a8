//! One requirement as PEP 508 (and Poetry) write it → name, extras, [`Pin`]; and what extras bring.

use crate::project::versions::{Pin, Version, normalized};
use crate::source::Span;

/// `SQLAlchemy[asyncio]>=2,<3 ; python_version > "3.8"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Normalised.
    pub name: String,
    /// Normalised.
    pub extras: Vec<String>,
    /// `>=2,<3`
    pub specifier: String,
}

/// Reads a requirement; `None` where there is no name (a path, a bare URL).
pub fn read(text: &str) -> Option<Requirement> {
    let text = text.split(';').next().unwrap_or(text).trim();
    let end = text
        .find(|found: char| !(found.is_ascii_alphanumeric() || matches!(found, '-' | '_' | '.')))
        .unwrap_or(text.len());
    let name = &text[..end];
    if name.is_empty() || !name.starts_with(|found: char| found.is_ascii_alphanumeric()) || name.ends_with(".whl") {
        return None;
    }
    let mut rest = text[end..].trim_start();
    let mut extras = Vec::new();
    if let Some((inside, behind)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        extras = inside.split(',').map(normalized).filter(|extra| !extra.is_empty()).collect();
        rest = behind.trim_start();
    }
    if rest.starts_with(['/', ':', '\\']) {
        return None;
    }
    let specifier = match rest.starts_with('@') {
        true => "",
        false => rest.trim_matches(|found: char| matches!(found, '(' | ')') || found.is_whitespace()),
    };
    Some(Requirement { name: normalized(name), extras, specifier: specifier.to_owned() })
}

/// What a specifier says: PEP 440's operators, and Poetry's `^` and `~`.
pub fn pin(specifier: &str, span: Span) -> Pin {
    let specifier = specifier.trim();
    if specifier.is_empty() || specifier == "*" {
        return Pin::Any(span);
    }
    let mut lowest: Option<Version> = None;
    let mut below: Option<Version> = None;
    for clause in specifier.split(',').map(str::trim) {
        if clause.contains("||") || clause.contains(" or ") {
            return Pin::Range { text: specifier.to_owned(), lowest: None, below: None, span };
        }
        let operator = clause.len() - clause.trim_start_matches(['=', '<', '>', '~', '^', '!']).len();
        let (operator, text) = (&clause[..operator], clause[operator..].trim());
        let Some(version) = Version::read(text) else { continue };
        let wild = text.ends_with(".*");
        match operator {
            "==" | "===" | "" | "=" if !wild => return Pin::Exact(version, span),
            "==" | "" | "=" => {
                below = Some(next(&version, version.0.len() - 1));
                lowest = Some(version);
            }
            ">=" | ">" => lowest = Some(version),
            "<" => below = Some(version),
            "<=" => below = Some(next(&version, version.0.len() - 1)),
            "~=" => {
                below = Some(next(&version, version.0.len().saturating_sub(2)));
                lowest = Some(version);
            }
            "~" => {
                below = Some(next(&version, version.0.len().min(2) - 1));
                lowest = Some(version);
            }
            "^" => {
                let kept = version.0.iter().position(|number| *number > 0).unwrap_or(version.0.len() - 1);
                below = Some(next(&version, kept));
                lowest = Some(version);
            }
            _ => {}
        }
    }
    Pin::Range { text: specifier.to_owned(), lowest, below, span }
}

/// The version with the number at `at` one higher and nothing behind it.
fn next(version: &Version, at: usize) -> Version {
    let mut numbers = version.0[..=at.min(version.0.len() - 1)].to_vec();
    if let Some(last) = numbers.last_mut() {
        *last += 1;
    }
    Version(numbers)
}

/// What an extra of a distribution installs besides it, as far as drivers go.
pub fn brings(distribution: &str, extra: &str) -> &'static [&'static str] {
    match (distribution, extra) {
        ("sqlalchemy", "asyncio") => &["greenlet"],
        ("sqlalchemy", "postgresql") => &["psycopg2"],
        ("sqlalchemy", "postgresql-psycopg2binary") => &["psycopg2-binary"],
        ("sqlalchemy", "postgresql-psycopg2cffi") => &["psycopg2cffi"],
        ("sqlalchemy", "postgresql-psycopg" | "postgresql-psycopgbinary") => &["psycopg"],
        ("sqlalchemy", "postgresql-pg8000") => &["pg8000"],
        ("sqlalchemy", "postgresql-asyncpg") => &["asyncpg", "greenlet"],
        ("sqlalchemy", "mysql") => &["mysqlclient"],
        ("sqlalchemy", "mysql-connector") => &["mysql-connector-python"],
        ("sqlalchemy", "mariadb-connector") => &["mariadb"],
        ("sqlalchemy", "pymysql") => &["pymysql"],
        ("sqlalchemy", "aiomysql") => &["aiomysql", "greenlet"],
        ("sqlalchemy", "asyncmy") => &["asyncmy", "greenlet"],
        ("sqlalchemy", "aiosqlite") => &["aiosqlite", "greenlet"],
        ("sqlalchemy", "sqlcipher") => &["sqlcipher3-binary"],
        ("sqlalchemy", "oracle") => &["cx-oracle", "oracledb"],
        ("sqlalchemy", "oracle-oracledb") => &["oracledb"],
        ("sqlalchemy", "mssql" | "mssql-pyodbc") => &["pyodbc"],
        ("sqlalchemy", "mssql-pymssql") => &["pymssql"],
        ("sqlalchemy", "aioodbc") => &["aioodbc", "greenlet"],
        ("databases", "postgresql" | "asyncpg") => &["asyncpg"],
        ("databases", "aiopg") => &["psycopg2-binary"],
        ("databases", "mysql" | "aiomysql") => &["aiomysql", "pymysql"],
        ("databases", "asyncmy") => &["asyncmy"],
        ("databases", "sqlite" | "aiosqlite") => &["aiosqlite"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements() {
        let read = |text| read(text).map(|found| (found.name, found.extras, found.specifier));
        assert_eq!(
            read("SQLAlchemy[asyncio, mypy] >=2.0,<3 ; python_version > '3.8'"),
            Some(("sqlalchemy".to_owned(), vec!["asyncio".to_owned(), "mypy".to_owned()], ">=2.0,<3".to_owned()))
        );
        assert_eq!(read("x @ git+https://host/x.git"), Some(("x".to_owned(), Vec::new(), String::new())));
        assert_eq!(read("./local/package"), None);
        assert_eq!(read("https://host/x.whl"), None);
        assert_eq!(read("alembic (>=1.2)"), Some(("alembic".to_owned(), Vec::new(), ">=1.2".to_owned())));
    }
}
