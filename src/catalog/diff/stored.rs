//! What a database keeps of a type, and SQLAlchemy's inspector reads back: `FLOAT(20)` is stored as `REAL`.
//!
//! Autogenerate compares the models with what is read back, so an equivalence of the database is one of the comparison.

use crate::catalog::column_type::{ColumnType, TypeKind};
use crate::catalog::table::TableName;
use crate::catalog::{Catalog, Dialect, Target};

/// A type as it is read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// As this text of DDL.
    Text(String),
    /// As `NullType`: SQLAlchemy does not know it, and Alembic compares nothing.
    Null,
    /// As something that depends on packages which register types with the inspector; this is its text.
    Foreign(String),
    /// It can't be told.
    Unknown,
}

/// What is read back of a column of this type.
pub fn stored(column_type: &ColumnType, catalog: &Catalog, target: &Target) -> Stored {
    let dialect = target.dialect;
    let Some(found) = column_type.for_dialect(dialect) else { return Stored::Unknown };
    match &found.kind {
        TypeKind::Null => return Stored::Null,
        TypeKind::Enum(of) if dialect == Dialect::Mysql || (dialect == Dialect::Postgresql && !of.not_native) => {
            return found.ddl(target).map_or(Stored::Unknown, Stored::Text);
        }
        TypeKind::Sql(text) if is_enum(text, catalog) => return Stored::Text(text.clone()),
        TypeKind::Array(item, _) if dialect == Dialect::Postgresql => {
            return match stored(item, catalog, target) {
                Stored::Text(text) => Stored::Text(format!("{text}[]")),
                other => other,
            };
        }
        _ => {}
    }
    let Some(text) = found.ddl(target) else { return Stored::Unknown };
    match dialect {
        Dialect::Postgresql => postgresql(&text, target),
        Dialect::Mysql => mysql(&text),
        Dialect::Sqlite => sqlite(&text),
    }
}

fn is_enum(text: &str, catalog: &Catalog) -> bool {
    let bare = |text: &str| text.trim_matches('"').to_owned();
    let name = match text.split_once('.') {
        Some((schema, name)) => TableName::within(Some(&bare(schema)), bare(name)),
        None => TableName::plain(bare(text)),
    };
    catalog.enums.iter().any(|known| known.name == name)
}

/// A type's text, taken apart: `numeric`, `10, 2`, `[]`, and the words behind.
struct Parts {
    name: String,
    arguments: Vec<String>,
    brackets: bool,
    rest: String,
}

impl Parts {
    fn of(text: &str) -> Parts {
        let mut text = text.trim().to_lowercase();
        let mut rest = String::new();
        if let Some(at) = text.find(" collate ") {
            rest = text.split_off(at);
        }
        let brackets = text.ends_with(']');
        if let Some(at) = text.find('[') {
            text.truncate(at);
        }
        let mut arguments = Vec::new();
        if let (Some(open), Some(close)) = (text.find('('), text.find(')'))
            && open < close
        {
            arguments = text[open + 1..close].split(',').map(|part| part.trim().to_owned()).collect();
            text = format!("{} {}", text[..open].trim_end(), text[close + 1..].trim_start());
        }
        let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Parts { name, arguments, brackets, rest }
    }

    fn argument(&self) -> Option<&str> {
        self.arguments.first().map(String::as_str)
    }

    /// `NAME(arguments)`, as it was given.
    fn with(&self, name: &str) -> String {
        let brackets = if self.brackets { "[]" } else { "" };
        let arguments =
            if self.arguments.is_empty() { String::new() } else { format!("({})", self.arguments.join(", ")) };
        format!("{name}{arguments}{brackets}{}", self.rest)
    }

    fn bare(&self, name: &str) -> String {
        let brackets = if self.brackets { "[]" } else { "" };
        format!("{name}{brackets}")
    }
}

fn postgresql(text: &str, target: &Target) -> Stored {
    let parts = Parts::of(text);
    let zoned = |name: &str, zone: bool| {
        let precision = parts.argument().map(|precision| format!("({precision})")).unwrap_or_default();
        let text = format!("{name}{precision} {} TIME ZONE", if zone { "WITH" } else { "WITHOUT" });
        if parts.brackets { format!("{text}[]") } else { text }
    };
    let since = |version: &[u32], name: &str| {
        if target.sqlalchemy.is_at_least(version) { Stored::Text(parts.bare(name)) } else { Stored::Null }
    };
    Stored::Text(match parts.name.as_str() {
        "integer" | "int" | "int4" | "serial" | "serial4" => parts.bare("INTEGER"),
        "bigint" | "int8" | "bigserial" | "serial8" => parts.bare("BIGINT"),
        "smallint" | "int2" | "smallserial" | "serial2" => parts.bare("SMALLINT"),
        "varchar" | "character varying" | "national character varying" | "national char varying" => {
            parts.with("VARCHAR")
        }
        "char" | "character" | "nchar" | "national character" | "national char" => match parts.argument() {
            Some(_) => parts.with("CHAR"),
            None => format!("{}{}", parts.bare("CHAR(1)"), parts.rest),
        },
        "bpchar" => parts.with("CHAR"),
        "text" => parts.with("TEXT"),
        "numeric" | "decimal" | "dec" => match &parts.arguments[..] {
            [precision] => parts.bare(&format!("NUMERIC({precision}, 0)")),
            _ => parts.with("NUMERIC"),
        },
        "float" => match parts.argument().and_then(|digits| digits.parse::<u32>().ok()) {
            Some(digits) if digits <= 24 => parts.bare("REAL"),
            _ => parts.bare("DOUBLE PRECISION"),
        },
        "double precision" | "float8" => parts.bare("DOUBLE PRECISION"),
        "real" | "float4" => parts.bare("REAL"),
        "boolean" | "bool" => parts.bare("BOOLEAN"),
        "timestamp" | "timestamp without time zone" => zoned("TIMESTAMP", false),
        "timestamptz" | "timestamp with time zone" => zoned("TIMESTAMP", true),
        "time" | "time without time zone" => zoned("TIME", false),
        "timetz" | "time with time zone" => zoned("TIME", true),
        "bit" => parts.bare(&format!("BIT({})", parts.argument().unwrap_or("1"))),
        "bit varying" | "varbit" => match parts.argument() {
            Some(length) => parts.bare(&format!("BIT VARYING({length})")),
            None => parts.bare("BIT VARYING"),
        },
        name if name == "interval" || name.starts_with("interval ") => {
            let precision = parts.argument().map(|precision| format!(" ({precision})")).unwrap_or_default();
            format!("{}{precision}", name.to_uppercase())
        }
        "date" | "bytea" | "uuid" | "json" | "jsonb" | "hstore" | "inet" | "cidr" | "macaddr" | "money" | "oid"
        | "regclass" | "tsvector" | "int4range" | "int8range" | "numrange" | "daterange" | "tsrange" | "tstzrange" => {
            parts.bare(&parts.name.to_uppercase())
        }
        "citext" | "tsquery" | "regconfig" | "macaddr8" | "int4multirange" | "int8multirange" | "nummultirange"
        | "datemultirange" | "tsmultirange" | "tstzmultirange" => return since(&[2], &parts.name.to_uppercase()),
        "jsonpath" | "xml" => return Stored::Null,
        _ => return Stored::Foreign(parts.with(&parts.name)),
    })
}

fn mysql(text: &str) -> Stored {
    let parts = Parts::of(text);
    let (name, tail) = match parts.name.split_once(' ') {
        Some((name, tail)) => (name, format!(" {}{}", tail.to_uppercase(), parts.rest)),
        None => (parts.name.as_str(), parts.rest.clone()),
    };
    let arguments = &parts.arguments;
    let numbers = |default: &str| match &arguments[..] {
        [] => default.to_owned(),
        [precision] => format!("({precision}, 0)"),
        all => format!("({})", all.join(", ")),
    };
    Stored::Text(match name {
        "bool" | "boolean" => "TINYINT(1)".to_owned(),
        "numeric" | "decimal" | "dec" | "fixed" => format!("DECIMAL{}{tail}", numbers("(10, 0)")),
        "char" if arguments.is_empty() => format!("CHAR(1){tail}"),
        "real" => format!("DOUBLE{tail}"),
        "double" => format!("DOUBLE{}", if arguments.len() == 2 { numbers("") } else { String::new() }),
        "float" if arguments.len() == 1 => {
            let digits = parts.argument().and_then(|digits| digits.parse::<u32>().ok());
            if digits.is_some_and(|digits| digits > 24) { "DOUBLE".to_owned() } else { "FLOAT".to_owned() }
        }
        "int" => format!("INTEGER{tail}"),
        _ => text.to_owned(),
    })
}

/// The names that SQLAlchemy's inspector knows of SQLite.
const SQLITE: &[(&str, &str)] = &[
    ("BIGINT", "BIGINT"),
    ("BLOB", "BLOB"),
    ("BOOL", "BOOLEAN"),
    ("BOOLEAN", "BOOLEAN"),
    ("CHAR", "CHAR"),
    ("DATE", "DATE"),
    ("DATE_CHAR", "DATE_CHAR"),
    ("DATETIME", "DATETIME"),
    ("DATETIME_CHAR", "DATETIME_CHAR"),
    ("DECIMAL", "DECIMAL"),
    ("DOUBLE", "DOUBLE"),
    ("DOUBLE_PRECISION", "DOUBLE PRECISION"),
    ("FLOAT", "FLOAT"),
    ("INT", "INTEGER"),
    ("INTEGER", "INTEGER"),
    ("JSON", "JSON"),
    ("NUMERIC", "NUMERIC"),
    ("NVARCHAR", "NVARCHAR"),
    ("REAL", "REAL"),
    ("SMALLINT", "SMALLINT"),
    ("TEXT", "TEXT"),
    ("TIME", "TIME"),
    ("TIME_CHAR", "TIME_CHAR"),
    ("TIMESTAMP", "TIMESTAMP"),
    ("VARCHAR", "VARCHAR"),
];

fn sqlite(text: &str) -> Stored {
    let parts = Parts::of(text);
    let name = parts.name.to_uppercase();
    let numbers = parts.arguments.iter().all(|argument| argument.bytes().all(|byte| byte.is_ascii_digit()));
    let made = |name: &str| match name {
        "VARCHAR" | "NVARCHAR" | "CHAR" | "NUMERIC" | "DECIMAL" | "TEXT" | "FLOAT" if numbers => {
            Stored::Text(Parts { rest: String::new(), ..Parts::of(text) }.with(name))
        }
        name => Stored::Text(name.to_owned()),
    };
    if let Some((_, known)) = SQLITE.iter().find(|(known, _)| *known == name) {
        return made(known);
    }
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match () {
        () if has(&["INT"]) => made("INTEGER"),
        () if has(&["CHAR", "CLOB", "TEXT"]) => made("TEXT"),
        () if has(&["BLOB"]) || name.is_empty() => Stored::Null,
        () if has(&["REAL", "FLOA", "DOUB"]) => made("REAL"),
        () => made("NUMERIC"),
    }
}
