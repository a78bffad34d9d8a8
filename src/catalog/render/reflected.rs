//! The text of a type in SQL → the type that SQLAlchemy's inspector would find: `VARCHAR(50)` → `sa.VARCHAR(length=50)`.

use super::Writer;
use crate::catalog::Dialect;

impl Writer<'_> {
    /// The type; `None` for one that SQLAlchemy does not know.
    pub(super) fn reflected(&mut self, sql: &str) -> Option<String> {
        let sql = sql.trim();
        if let Some(item) = sql.strip_suffix("[]") {
            let inner = self.reflected(item)?;
            return Some(format!("{}ARRAY({inner})", self.dialect("postgresql")));
        }
        let upper = sql.to_uppercase();
        let (head, numbers, tail) = parts(&upper)?;
        match self.style.target.dialect {
            Dialect::Postgresql => self.of_postgresql(&head, &numbers, &tail),
            Dialect::Mysql => self.of_mysql(&head, &numbers, &tail, sql),
            Dialect::Sqlite => self.common(&head, &numbers, &tail),
        }
    }

    fn common(&mut self, head: &str, numbers: &[i64], tail: &str) -> Option<String> {
        if !tail.is_empty() {
            return None;
        }
        let sa = self.sa().to_owned();
        Some(match (head, numbers) {
            ("VARCHAR" | "CHAR" | "NVARCHAR" | "NCHAR" | "TEXT" | "BLOB" | "BINARY" | "VARBINARY", [length]) => {
                format!("{sa}{head}(length={length})")
            }
            (
                "VARCHAR" | "CHAR" | "NVARCHAR" | "NCHAR" | "TEXT" | "BLOB" | "INTEGER" | "BIGINT" | "SMALLINT"
                | "FLOAT" | "REAL" | "NUMERIC" | "DECIMAL" | "BOOLEAN" | "DATE" | "DATETIME" | "TIME" | "TIMESTAMP"
                | "JSON",
                [],
            ) => {
                let prefix = match head {
                    "JSON" if self.style.target.dialect == Dialect::Sqlite => self.dialect("sqlite"),
                    _ => sa,
                };
                format!("{prefix}{head}()")
            }
            ("NUMERIC" | "DECIMAL", [precision]) => format!("{sa}{head}(precision={precision}, scale=0)"),
            ("NUMERIC" | "DECIMAL", [precision, scale]) => {
                format!("{sa}{head}(precision={precision}, scale={scale})")
            }
            ("FLOAT" | "REAL", [precision]) => format!("{sa}{head}(precision={precision})"),
            _ => return None,
        })
    }

    fn of_postgresql(&mut self, head: &str, numbers: &[i64], tail: &str) -> Option<String> {
        let sa = self.sa().to_owned();
        let zoned = match tail {
            "" | "WITHOUT TIME ZONE" => Some(false),
            "WITH TIME ZONE" => Some(true),
            _ => None,
        };
        let is_old = !self.style.target.sqlalchemy.is_at_least(&[2]);
        Some(match head {
            "TIMESTAMP" | "TIME" | "TIMESTAMPTZ" | "TIMETZ" => {
                let mut given = Vec::new();
                if zoned? || head.ends_with("TZ") {
                    given.push("timezone=True".to_owned());
                }
                given.extend(numbers.first().map(|precision| format!("precision={precision}")));
                format!("{}{}({})", self.dialect("postgresql"), head.trim_end_matches("TZ"), given.join(", "))
            }
            "INTERVAL" if tail.is_empty() => format!("{}INTERVAL()", self.dialect("postgresql")),
            "JSON" | "JSONB" if tail.is_empty() => {
                format!("{}{head}(astext_type={sa}Text())", self.dialect("postgresql"))
            }
            "HSTORE" if tail.is_empty() => format!("{}HSTORE(text_type={sa}Text())", self.dialect("postgresql")),
            "BYTEA" | "CIDR" | "CITEXT" | "DATERANGE" | "INET" | "INT4RANGE" | "INT8RANGE" | "MACADDR" | "MACADDR8"
            | "MONEY" | "NUMRANGE" | "OID" | "REGCLASS" | "TSQUERY" | "TSRANGE" | "TSTZRANGE" | "TSVECTOR"
                if tail.is_empty() =>
            {
                format!("{}{head}()", self.dialect("postgresql"))
            }
            "BIT" => match (numbers, tail) {
                ([length], "") => format!("{}BIT(length={length})", self.dialect("postgresql")),
                _ => return None,
            },
            "UUID" if is_old => format!("{}UUID()", self.dialect("postgresql")),
            "UUID" => format!("{sa}UUID()"),
            "DOUBLE PRECISION" | "FLOAT8" | "FLOAT" if is_old => {
                format!("{}DOUBLE_PRECISION(precision=53)", self.dialect("postgresql"))
            }
            "DOUBLE PRECISION" | "FLOAT8" | "FLOAT" => format!("{sa}DOUBLE_PRECISION(precision=53)"),
            "REAL" | "FLOAT4" => format!("{sa}REAL()"),
            "CHARACTER VARYING" => return self.common("VARCHAR", numbers, tail),
            "CHARACTER" | "BPCHAR" => return self.common("CHAR", numbers, tail),
            "INT" | "INT4" | "SERIAL" => format!("{sa}INTEGER()"),
            "INT8" | "BIGSERIAL" => format!("{sa}BIGINT()"),
            "INT2" | "SMALLSERIAL" => format!("{sa}SMALLINT()"),
            "BOOL" => format!("{sa}BOOLEAN()"),
            "DECIMAL" => return self.common("NUMERIC", numbers, tail),
            "DATETIME" | "BLOB" => return None,
            _ => return self.common(head, numbers, tail),
        })
    }

    fn of_mysql(&mut self, head: &str, numbers: &[i64], tail: &str, sql: &str) -> Option<String> {
        if head == "ENUM" {
            let values = sql.find('(').zip(sql.rfind(')')).map(|(from, to)| &sql[from + 1..to])?;
            let values = values.replace(',', ", ");
            return Some(format!("{}ENUM({values})", self.dialect("mysql")));
        }
        let unsigned = match tail {
            "" => "",
            "UNSIGNED" => "unsigned=True",
            _ => return None,
        };
        let mysql = self.dialect("mysql");
        let join = |mut given: Vec<String>| {
            given.extend((!unsigned.is_empty()).then(|| unsigned.to_owned()));
            given.join(", ")
        };
        Some(match (head, numbers) {
            ("VARCHAR" | "CHAR" | "TEXT", [length]) => {
                format!("{mysql}{head}({})", join(vec![format!("length={length}")]))
            }
            ("BOOL" | "BOOLEAN", []) => format!("{mysql}TINYINT(display_width=1)"),
            ("INTEGER" | "BIGINT" | "SMALLINT" | "TINYINT" | "MEDIUMINT", [width]) => {
                format!("{mysql}{head}({})", join(vec![format!("display_width={width}")]))
            }
            ("NUMERIC" | "DECIMAL", [precision, scale]) => {
                format!("{mysql}DECIMAL({})", join(vec![format!("precision={precision}"), format!("scale={scale}")]))
            }
            ("DATETIME" | "TIMESTAMP" | "TIME", [fsp]) => format!("{mysql}{head}(fsp={fsp})"),
            ("BLOB" | "DATE", []) => format!("{}{head}()", self.sa()),
            ("BINARY" | "VARBINARY", [length]) => format!("{}{head}(length={length})", self.sa()),
            (
                "TEXT" | "TINYTEXT" | "MEDIUMTEXT" | "LONGTEXT" | "TINYBLOB" | "MEDIUMBLOB" | "LONGBLOB" | "INTEGER"
                | "BIGINT" | "SMALLINT" | "TINYINT" | "MEDIUMINT" | "DATETIME" | "TIMESTAMP" | "TIME" | "JSON"
                | "FLOAT" | "DOUBLE" | "YEAR",
                [],
            ) => format!("{mysql}{head}({})", join(Vec::new())),
            _ => return None,
        })
    }
}

/// `TIMESTAMP(3) WITH TIME ZONE` → the words before the brackets, the numbers in them, the words after.
fn parts(sql: &str) -> Option<(String, Vec<i64>, String)> {
    let Some(open) = sql.find('(') else {
        for tail in ["WITHOUT TIME ZONE", "WITH TIME ZONE", "UNSIGNED"] {
            if let Some(head) = sql.strip_suffix(tail) {
                return Some((head.trim().to_owned(), Vec::new(), tail.to_owned()));
            }
        }
        return Some((sql.to_owned(), Vec::new(), String::new()));
    };
    let close = sql.rfind(')')?;
    let numbers: Vec<i64> = sql
        .get(open + 1..close)?
        .split(',')
        .map(|number| number.trim().parse().ok())
        .collect::<Option<_>>()
        .unwrap_or_default();
    Some((sql[..open].trim().to_owned(), numbers, sql[close + 1..].trim().to_owned()))
}
