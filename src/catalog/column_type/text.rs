//! A type as SQL text → [`ColumnType`]: `character varying(20)[]`, `int(11) unsigned`, `timestamptz`.
//!
//! It becomes what SQLAlchemy would reflect for it, so that it compiles to the text that a reflected column compiles to.

use crate::catalog::Dialect;
use crate::catalog::column_type::{ColumnType, EnumType, Plain, TypeKind};

impl ColumnType {
    /// The type that SQL text names for a database. One that is not known stays as it is written.
    pub fn of_text(text: &str, dialect: Dialect) -> ColumnType {
        let kind = match dialect {
            Dialect::Postgresql => postgresql(text.trim()),
            Dialect::Mysql => mysql(text.trim()),
            Dialect::Sqlite => sqlite(text.trim()),
        };
        ColumnType { kind, written: None }
    }
}

/// `name (arguments) rest COLLATE collation`
struct Parts<'t> {
    /// The words before and behind the arguments, in lower case.
    words: String,
    arguments: Vec<&'t str>,
    collation: Option<String>,
}

impl Parts<'_> {
    fn number(&self, at: usize) -> Option<i64> {
        self.arguments.get(at)?.parse().ok()
    }

    /// Takes a word away, if it is there.
    fn take(&mut self, word: &str) -> bool {
        let words: Vec<&str> = self.words.split(' ').filter(|found| *found != word).collect();
        let found = words.len() < self.words.split(' ').count();
        self.words = words.join(" ");
        found
    }
}

fn parts(text: &str) -> Parts<'_> {
    let lower = text.to_ascii_lowercase();
    let collate = lower.find(" collate ").filter(|at| !lower[*at..].contains(')'));
    let collation = collate.map(|at| {
        let name = text[at + " collate ".len()..].trim();
        name.rsplit('.').next().unwrap_or(name).trim_matches(['"', '`']).to_owned()
    });
    let text = &text[..collate.unwrap_or(text.len())];
    let inner = text.find('(').zip(text.rfind(')')).filter(|(open, close)| open < close);
    let (words, arguments) = match inner {
        Some((open, close)) => {
            let arguments = text[open + 1..close].split(',').map(str::trim).collect();
            (format!("{} {}", &text[..open], &text[close + 1..]), arguments)
        }
        None => (text.to_owned(), Vec::new()),
    };
    let words = words.split_ascii_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    Parts { words, arguments, collation }
}

fn plain(name: &str) -> Plain {
    Plain { name: name.to_owned(), ..Plain::default() }
}

/// The element of an array, without its brackets: `text[]`, `int ARRAY[3]`.
fn element(text: &str) -> Option<&str> {
    if let Some(open) = text.strip_suffix(']').and_then(|text| text.rfind('[')) {
        let inner = &text[open + 1..text.len() - 1];
        let bare = text[..open].trim_end();
        let bare = bare.get(..bare.len().saturating_sub(6)).filter(|_| ends_with_array(bare)).unwrap_or(bare);
        return inner.bytes().all(|byte| byte.is_ascii_digit()).then_some(bare.trim_end());
    }
    ends_with_array(text).then(|| text[..text.len() - 6].trim_end())
}

fn ends_with_array(text: &str) -> bool {
    text.len() > 6 && text.is_char_boundary(text.len() - 6) && text[text.len() - 6..].eq_ignore_ascii_case(" array")
}

fn postgresql(text: &str) -> TypeKind {
    if let Some(inner) = element(text) {
        // How many dimensions are written makes no difference to the database.
        let inner = match postgresql(inner) {
            TypeKind::Array(inner, _) => *inner,
            kind => ColumnType { kind, written: None },
        };
        return TypeKind::Array(Box::new(inner), None);
    }
    let mut found = parts(text);
    let bare = found.words.strip_prefix("pg_catalog.").unwrap_or(&found.words).trim_matches('"').to_owned();
    let (first, second) = (found.number(0), found.number(1));
    let sized = |name: &str, length| Plain { length, collation: found.collation.clone(), ..plain(name) };
    let of_postgresql = |name: &str| Plain { of: Some(Dialect::Postgresql), ..plain(name) };
    let zoned = |name: &str, timezone| Plain { precision: first, timezone, ..of_postgresql(name) };
    TypeKind::Plain(match bare.as_str() {
        "int" | "int4" | "integer" | "serial" | "serial4" => plain("INTEGER"),
        "bigint" | "int8" | "bigserial" | "serial8" => plain("BIGINT"),
        "smallint" | "int2" | "smallserial" | "serial2" => plain("SMALLINT"),
        "varchar" | "character varying" | "char varying" | "nchar varying" | "name" => sized("VARCHAR", first),
        "text" => sized("TEXT", None),
        "char" | "character" | "nchar" | "bpchar" => sized("CHAR", first.or((bare != "bpchar").then_some(1))),
        "numeric" | "decimal" | "dec" => {
            Plain { precision: first, scale: second.or(first.map(|_| 0)), ..plain("NUMERIC") }
        }
        "real" | "float4" => plain("REAL"),
        "float" if first.is_some_and(|bits| bits <= 24) => plain("REAL"),
        "double precision" | "float8" | "float" => plain("DOUBLE_PRECISION"),
        "boolean" | "bool" => plain("BOOLEAN"),
        "date" => plain("DATE"),
        "timestamp" | "timestamp without time zone" => zoned("TIMESTAMP", false),
        "timestamptz" | "timestamp with time zone" => zoned("TIMESTAMP", true),
        "time" | "time without time zone" => zoned("TIME", false),
        "timetz" | "time with time zone" => zoned("TIME", true),
        "bit" => Plain { length: first.or(Some(1)), ..of_postgresql("BIT") },
        "bit varying" | "varbit" => Plain { length: first, varying: true, ..of_postgresql("BIT") },
        "uuid" => plain("UUID"),
        "json" => plain("JSON"),
        "bytea" | "cidr" | "citext" | "datemultirange" | "daterange" | "hstore" | "inet" | "int4multirange"
        | "int4range" | "int8multirange" | "int8range" | "jsonb" | "jsonpath" | "macaddr" | "macaddr8" | "money"
        | "nummultirange" | "numrange" | "oid" | "regclass" | "regconfig" | "tsmultirange" | "tsquery" | "tsrange"
        | "tstzmultirange" | "tstzrange" | "tsvector" => of_postgresql(&bare.to_ascii_uppercase()),
        _ if found.take("interval") => {
            let fields = Some(found.words.to_ascii_uppercase()).filter(|fields| !fields.is_empty());
            Plain { precision: first, words: fields, ..of_postgresql("INTERVAL") }
        }
        // Types of PostgreSQL and of extensions; a name alone may be one of the project's, and stays as it is.
        "xml" | "point" | "line" | "lseg" | "box" | "path" | "polygon" | "circle" | "pg_lsn" => {
            return TypeKind::Sql(bare.to_ascii_uppercase());
        }
        "vector" | "halfvec" | "sparsevec" | "ltree" => return TypeKind::Sql(text.to_ascii_uppercase()),
        "geometry" | "geography" if !found.arguments.is_empty() => {
            return TypeKind::Sql(format!("{bare}({})", found.arguments.join(",").to_ascii_uppercase()));
        }
        _ => return TypeKind::Sql(text.to_owned()),
    })
}

fn mysql(text: &str) -> TypeKind {
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("enum") {
        return match quoted_values(text) {
            Some(values) => TypeKind::Enum(EnumType {
                name: None,
                schema: None,
                inherits_schema: false,
                values: Some(values),
                not_native: false,
                length: None,
                create_constraint: None,
                not_created: false,
                of: Some(Dialect::Mysql),
                words: String::new(),
            }),
            None => TypeKind::Sql(text.to_owned()),
        };
    }
    let mut found = parts(text);
    let charset = ["character set ", "charset "].into_iter().find_map(|words| {
        let (before, name) = found.words.split_once(words)?;
        let name = name.split(' ').next()?.to_owned();
        found.words = before.trim().to_owned();
        Some(name)
    });
    let (unsigned, zerofill) = (found.take("unsigned"), found.take("zerofill"));
    let (first, second) = (found.number(0), found.number(1));
    let of = Some(Dialect::Mysql);
    let whole = |name: &str| Plain { of, precision: first, unsigned, zerofill, ..plain(name) };
    let number = |name: &str| Plain { scale: second, ..whole(name) };
    let string = |name: &str, length| Plain {
        of,
        length,
        words: charset.clone(),
        collation: found.collation.clone(),
        ..plain(name)
    };
    TypeKind::Plain(match found.words.as_str() {
        "int" | "integer" | "int4" => whole("INTEGER"),
        "bigint" | "int8" => whole("BIGINT"),
        "smallint" | "int2" => whole("SMALLINT"),
        "tinyint" | "int1" => whole("TINYINT"),
        "mediumint" | "int3" | "middleint" => whole("MEDIUMINT"),
        "bool" | "boolean" => Plain { of, precision: Some(1), ..plain("TINYINT") },
        "decimal" | "numeric" | "dec" | "fixed" => number("DECIMAL"),
        "float" | "float4" => number("FLOAT"),
        "double" | "double precision" | "real" | "float8" => number("DOUBLE"),
        "varchar" | "character varying" | "char varying" => string("VARCHAR", first),
        "nvarchar" | "national varchar" => string("NVARCHAR", first),
        "char" | "character" => string("CHAR", first),
        "nchar" | "national char" => string("NCHAR", first),
        "text" => string("TEXT", first),
        "tinytext" => string("TINYTEXT", None),
        "mediumtext" | "long varchar" | "long" => string("MEDIUMTEXT", None),
        "longtext" => string("LONGTEXT", None),
        "blob" => Plain { length: first, ..plain("BLOB") },
        name @ ("tinyblob" | "mediumblob" | "longblob" | "date" | "json") => plain(&name.to_ascii_uppercase()),
        "binary" => Plain { length: first, ..plain("BINARY") },
        "varbinary" => Plain { length: first, ..plain("VARBINARY") },
        name @ ("datetime" | "timestamp" | "time" | "year") => {
            Plain { of, precision: first, ..plain(&name.to_ascii_uppercase()) }
        }
        "bit" => Plain { of, length: first, ..plain("BIT") },
        _ => return TypeKind::Sql(text.to_owned()),
    })
}

/// `('a', 'b')`
fn quoted_values(text: &str) -> Option<Vec<String>> {
    let inner = text[text.find('(')? + 1..].trim_start();
    let mut values = Vec::new();
    let mut rest = inner;
    loop {
        rest = rest.trim_start().strip_prefix('\'')?;
        let mut value = String::new();
        loop {
            let end = rest.find('\'')?;
            value += &rest[..end];
            rest = &rest[end + 1..];
            match rest.strip_prefix('\'') {
                Some(behind) => {
                    value.push('\'');
                    rest = behind;
                }
                None => break,
            }
        }
        values.push(value);
        rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind,
            None => return rest.starts_with(')').then_some(values),
        }
    }
}

/// SQLite takes any name: SQLAlchemy goes by its list, then by what the name holds.
fn sqlite(text: &str) -> TypeKind {
    let found = parts(text);
    let (first, second) = (found.number(0), found.number(1));
    let upper = found.words.to_ascii_uppercase();
    let name = match upper.as_str() {
        "" => return TypeKind::Null,
        "BOOL" => "BOOLEAN",
        "INT" => "INTEGER",
        "DOUBLE PRECISION" => "DOUBLE_PRECISION",
        name @ ("BIGINT" | "BLOB" | "BOOLEAN" | "CHAR" | "DATE" | "DATETIME" | "DOUBLE" | "DECIMAL" | "FLOAT"
        | "INTEGER" | "JSON" | "NUMERIC" | "REAL" | "SMALLINT" | "TEXT" | "TIME" | "TIMESTAMP" | "VARCHAR"
        | "NVARCHAR") => name,
        name if name.contains("INT") => "INTEGER",
        name if ["CHAR", "CLOB", "TEXT"].iter().any(|part| name.contains(part)) => "TEXT",
        name if name.contains("BLOB") => return TypeKind::Null,
        name if ["REAL", "FLOA", "DOUB"].iter().any(|part| name.contains(part)) => "REAL",
        _ => "NUMERIC",
    };
    TypeKind::Plain(match name {
        "VARCHAR" | "NVARCHAR" | "CHAR" | "TEXT" => Plain { length: first, ..plain(name) },
        "NUMERIC" | "DECIMAL" => Plain { precision: first, scale: second, ..plain(name) },
        name => plain(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Target;
    use crate::project::versions::Versions;

    fn ddl(text: &str, dialect: Dialect) -> String {
        let target = Target::of(dialect, &Versions::default());
        ColumnType::of_text(text, dialect).ddl(&target).unwrap_or_else(|| "?".to_owned())
    }

    #[test]
    fn types_of_postgresql_as_they_are_reflected() {
        for (text, expected) in [
            ("character varying(20)", "VARCHAR(20)"),
            ("VARCHAR(20) COLLATE \"C\"", "VARCHAR(20) COLLATE \"C\""),
            ("int4", "INTEGER"),
            ("BIGSERIAL", "BIGINT"),
            ("numeric(10)", "NUMERIC(10, 0)"),
            ("DECIMAL(10,2)", "NUMERIC(10, 2)"),
            ("timestamptz", "TIMESTAMP WITH TIME ZONE"),
            ("timestamp(3) without time zone", "TIMESTAMP(3) WITHOUT TIME ZONE"),
            ("float(24)", "REAL"),
            ("float8", "DOUBLE PRECISION"),
            ("char", "CHAR(1)"),
            ("text[][]", "TEXT[]"),
            ("varchar(5) ARRAY[3]", "VARCHAR(5)[]"),
            ("bit varying(8)", "BIT VARYING(8)"),
            ("interval day to second(3)", "INTERVAL DAY TO SECOND (3)"),
            ("pg_catalog.jsonb", "JSONB"),
            ("my_status", "my_status"),
            ("vector(3)", "VECTOR(3)"),
            ("geometry(Point, 4326)", "geometry(POINT,4326)"),
        ] {
            assert_eq!(ddl(text, Dialect::Postgresql), expected, "{text}");
        }
    }

    #[test]
    fn types_of_mysql() {
        for (text, expected) in [
            ("int(11) unsigned", "INTEGER(11) UNSIGNED"),
            ("bool", "TINYINT(1)"),
            ("enum('a','b''c')", "ENUM('a','b''c')"),
            (
                "varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
                "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
            ),
            ("datetime(6)", "DATETIME(6)"),
            ("double", "DOUBLE"),
            ("decimal(10,2)", "DECIMAL(10, 2)"),
            ("longtext", "LONGTEXT"),
        ] {
            assert_eq!(ddl(text, Dialect::Mysql), expected, "{text}");
        }
    }

    #[test]
    fn types_of_sqlite() {
        for (text, expected) in [
            ("INT", "INTEGER"),
            ("unsigned big int", "INTEGER"),
            ("nvarchar(100)", "NVARCHAR(100)"),
            ("STRING", "NUMERIC"),
        ] {
            assert_eq!(ddl(text, Dialect::Sqlite), expected, "{text}");
        }
    }
}
