//! Types → the text that SQLAlchemy's type compilers write: `VARCHAR(20)`, `TIMESTAMP WITH TIME ZONE`.
//!
//! Each compiler is a table by the type's class, as in SQLAlchemy: what a dialect does not write differently is generic.

use crate::catalog::column_type::{ColumnType, EnumType, Plain, TypeKind};
use crate::catalog::quote::quoted;
use crate::catalog::{Dialect, Target};

impl ColumnType {
    /// The text that SQLAlchemy compiles for `target`; `None` where it can't be told, or where SQLAlchemy refuses.
    pub fn ddl(&self, target: &Target) -> Option<String> {
        let dialect = target.dialect;
        match &self.for_dialect(dialect)?.kind {
            TypeKind::Plain(plain) => match dialect {
                Dialect::Postgresql => postgresql(plain, target),
                Dialect::Mysql => mysql(plain, target),
                Dialect::Sqlite => sqlite(plain, target),
            },
            TypeKind::Enum(found) => of_enum(found, dialect),
            TypeKind::Array(item, dimensions) if dialect == Dialect::Postgresql => {
                let inner = item.ddl(target)?;
                let brackets = "[]".repeat(usize::try_from(dimensions.unwrap_or(1)).ok()?.min(8));
                Some(match inner.find(" COLLATE") {
                    Some(at) => format!("{}{brackets}{}", &inner[..at], &inner[at..]),
                    None => format!("{inner}{brackets}"),
                })
            }
            TypeKind::Array(..) | TypeKind::Null => None,
            TypeKind::Sql(text) => Some(text.clone()),
            TypeKind::Variants(..) | TypeKind::PerDialect { .. } => None,
        }
    }
}

/// `VARCHAR(20) COLLATE "C"`: the name of a collation is always quoted before 2.1, then where a name would be.
fn string(name: &str, plain: &Plain, target: &Target) -> String {
    let mut text = sized(name, plain.length);
    if let Some(collation) = &plain.collation {
        let collation = match target.sqlalchemy.is_at_least(&[2, 1]) {
            true => quoted(collation, target.dialect),
            false => format!("\"{collation}\""),
        };
        text += &format!(" COLLATE {collation}");
    }
    text
}

fn numeric(name: &str, plain: &Plain) -> String {
    match (plain.precision, plain.scale) {
        (None, _) => name.to_owned(),
        (Some(precision), None) => format!("{name}({precision})"),
        (Some(precision), Some(scale)) => format!("{name}({precision}, {scale})"),
    }
}

fn sized(name: &str, length: Option<i64>) -> String {
    match length.filter(|length| *length != 0) {
        Some(length) => format!("{name}({length})"),
        None => name.to_owned(),
    }
}

/// What no dialect writes differently.
fn generic(plain: &Plain, target: &Target) -> Option<String> {
    Some(match plain.name.as_str() {
        "String" | "Unicode" | "VARCHAR" => string("VARCHAR", plain, target),
        "Text" | "UnicodeText" | "TEXT" => string("TEXT", plain, target),
        "CHAR" => string("CHAR", plain, target),
        "NCHAR" => string("NCHAR", plain, target),
        "NVARCHAR" => string("NVARCHAR", plain, target),
        "CLOB" => "CLOB".to_owned(),
        "Integer" | "INTEGER" | "INT" => "INTEGER".to_owned(),
        "SmallInteger" | "SMALLINT" => "SMALLINT".to_owned(),
        "BigInteger" | "BIGINT" => "BIGINT".to_owned(),
        "Float" | "FLOAT" => "FLOAT".to_owned(),
        "Double" | "DOUBLE" => "DOUBLE".to_owned(),
        "DOUBLE_PRECISION" => "DOUBLE PRECISION".to_owned(),
        "REAL" => "REAL".to_owned(),
        "Numeric" | "NUMERIC" => numeric("NUMERIC", plain),
        "DECIMAL" => numeric("DECIMAL", plain),
        "Boolean" | "BOOLEAN" => "BOOLEAN".to_owned(),
        "Date" | "DATE" => "DATE".to_owned(),
        "DateTime" | "DATETIME" => "DATETIME".to_owned(),
        "Time" | "TIME" => "TIME".to_owned(),
        "TIMESTAMP" => "TIMESTAMP".to_owned(),
        // Kept as a point in time where the database has no intervals.
        "Interval" => "DATETIME".to_owned(),
        "LargeBinary" | "PickleType" | "BLOB" => "BLOB".to_owned(),
        "BINARY" => sized("BINARY", plain.length),
        "VARBINARY" => sized("VARBINARY", plain.length),
        "Uuid" => "CHAR(32)".to_owned(),
        "UUID" => "UUID".to_owned(),
        "JSON" => "JSON".to_owned(),
        _ => return None,
    })
}

/// The classes that PostgreSQL alone has, and writes by their own name.
pub const OF_POSTGRESQL: &[&str] = &[
    "BYTEA",
    "CIDR",
    "CITEXT",
    "DATEMULTIRANGE",
    "DATERANGE",
    "HSTORE",
    "INET",
    "INT4MULTIRANGE",
    "INT4RANGE",
    "INT8MULTIRANGE",
    "INT8RANGE",
    "JSONB",
    "JSONPATH",
    "MACADDR",
    "MACADDR8",
    "MONEY",
    "NUMMULTIRANGE",
    "NUMRANGE",
    "OID",
    "REGCLASS",
    "REGCONFIG",
    "TSMULTIRANGE",
    "TSQUERY",
    "TSRANGE",
    "TSTZMULTIRANGE",
    "TSTZRANGE",
    "TSVECTOR",
];

fn postgresql(plain: &Plain, target: &Target) -> Option<String> {
    let zoned = |name: &str| {
        let precision = plain.precision.filter(|_| plain.of == Some(Dialect::Postgresql));
        let precision = precision.map(|precision| format!("({precision})")).unwrap_or_default();
        format!("{name}{precision} {} TIME ZONE", if plain.timezone { "WITH" } else { "WITHOUT" })
    };
    Some(match plain.name.as_str() {
        name if OF_POSTGRESQL.contains(&name) => name.to_owned(),
        "DateTime" | "TIMESTAMP" => zoned("TIMESTAMP"),
        // SQLite's own class is a `DateTime` elsewhere.
        "DATETIME" if plain.of == Some(Dialect::Sqlite) => zoned("TIMESTAMP"),
        "Time" | "TIME" => zoned("TIME"),
        "Float" | "FLOAT" => sized("FLOAT", plain.precision),
        "Double" => "DOUBLE PRECISION".to_owned(),
        "LargeBinary" | "PickleType" => "BYTEA".to_owned(),
        "Uuid" if !plain.not_native => "UUID".to_owned(),
        "Interval" if plain.not_native => zoned("TIMESTAMP"),
        "Interval" | "INTERVAL" => {
            let fields = plain.words.as_ref().map(|fields| format!(" {fields}")).unwrap_or_default();
            let precision = plain.precision.map(|precision| format!(" ({precision})")).unwrap_or_default();
            format!("INTERVAL{fields}{precision}")
        }
        "BIT" if plain.varying => sized("BIT VARYING", plain.length),
        "BIT" => format!("BIT({})", plain.length.unwrap_or(1)),
        _ => return generic(plain, target),
    })
}

fn mysql(plain: &Plain, target: &Target) -> Option<String> {
    let of_mysql = plain.of == Some(Dialect::Mysql);
    let number = |text: String| {
        let unsigned = if plain.unsigned { " UNSIGNED" } else { "" };
        let zerofill = if plain.zerofill { " ZEROFILL" } else { "" };
        format!("{text}{unsigned}{zerofill}")
    };
    let width = |name: &str| number(sized(name, plain.precision.filter(|_| of_mysql)));
    let text = |spec: String, national: bool| {
        let collation = match &plain.collation {
            Some(name) => format!(" COLLATE {name}"),
            None if plain.binary => " BINARY".to_owned(),
            None => String::new(),
        };
        if national || plain.national {
            return format!("NATIONAL {spec}{collation}");
        }
        let charset = match plain.words.as_deref() {
            Some(words @ ("ASCII" | "UNICODE")) => format!(" {words}"),
            Some(charset) => format!(" CHARACTER SET {charset}"),
            None => String::new(),
        };
        format!("{spec}{charset}{collation}")
    };
    Some(match plain.name.as_str() {
        "String" | "Unicode" | "VARCHAR" => text(format!("VARCHAR({})", plain.length?), false),
        "NVARCHAR" => text(format!("VARCHAR({})", plain.length?), true),
        "NCHAR" => text(sized("CHAR", plain.length), true),
        "CHAR" => text(sized("CHAR", plain.length), false),
        "Text" | "UnicodeText" | "TEXT" => text(sized("TEXT", plain.length), false),
        name @ ("TINYTEXT" | "MEDIUMTEXT" | "LONGTEXT") => text(name.to_owned(), false),
        name @ ("TINYBLOB" | "MEDIUMBLOB" | "LONGBLOB") => name.to_owned(),
        "LargeBinary" | "PickleType" | "BLOB" => sized("BLOB", plain.length),
        "VARBINARY" => format!("VARBINARY({})", plain.length?),
        "Integer" | "INTEGER" => width("INTEGER"),
        "BigInteger" | "BIGINT" => width("BIGINT"),
        "SmallInteger" | "SMALLINT" => width("SMALLINT"),
        name @ ("TINYINT" | "MEDIUMINT") => width(name),
        "Numeric" | "NUMERIC" => number(numeric("NUMERIC", plain)),
        "DECIMAL" => number(numeric("DECIMAL", plain)),
        "Float" | "FLOAT" => number(match (plain.precision, plain.scale) {
            (Some(precision), Some(scale)) if of_mysql => format!("FLOAT({precision}, {scale})"),
            (precision, _) => sized("FLOAT", precision),
        }),
        "Double" | "DOUBLE" => number(match (plain.precision, plain.scale) {
            (Some(precision), Some(scale)) => format!("DOUBLE({precision}, {scale})"),
            _ => "DOUBLE".to_owned(),
        }),
        "REAL" => number(match (plain.precision, plain.scale) {
            (Some(precision), Some(scale)) if of_mysql => format!("REAL({precision}, {scale})"),
            _ => "REAL".to_owned(),
        }),
        "Boolean" | "BOOLEAN" => "BOOL".to_owned(),
        "BIT" => sized("BIT", plain.length),
        "YEAR" => sized("YEAR", plain.precision),
        "DateTime" | "DATETIME" => sized("DATETIME", plain.precision.filter(|_| of_mysql)),
        "TIMESTAMP" => sized("TIMESTAMP", plain.precision.filter(|_| of_mysql)),
        "Time" | "TIME" => sized("TIME", plain.precision.filter(|_| of_mysql)),
        _ => return generic(plain, target),
    })
}

fn sqlite(plain: &Plain, target: &Target) -> Option<String> {
    match plain.name.as_str() {
        // Since 2.1 JSONB is a type of its own there.
        "JSONB" if target.sqlalchemy.is_at_least(&[2, 1]) => Some("JSONB".to_owned()),
        _ => generic(plain, target),
    }
}

fn of_enum(found: &EnumType, dialect: Dialect) -> Option<String> {
    let native = !found.not_native;
    match dialect {
        Dialect::Postgresql if native => {
            let name = quoted(found.name.as_deref()?, dialect);
            Some(match &found.schema {
                Some(schema) => format!("{}.{name}", quoted(schema, dialect)),
                None => name,
            })
        }
        Dialect::Mysql if native => {
            let values: Vec<String> =
                found.values.as_ref()?.iter().map(|value| format!("'{}'", value.replace('\'', "''"))).collect();
            Some(format!("ENUM({}){}", values.join(","), found.words))
        }
        _ => {
            let longest = || found.values.as_ref()?.iter().map(|value| value.chars().count()).max();
            let length = match found.length {
                Some(length) => length,
                None => i64::try_from(longest()?).ok()?,
            };
            Some(if length == 0 { "VARCHAR".to_owned() } else { format!("VARCHAR({length})") })
        }
    }
}
