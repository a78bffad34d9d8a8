//! The column types of packages around SQLAlchemy, by their canonical names.
//!
//! They are known by what they compile to, read off their source; a type that is not here is unknown.

use crate::catalog::column_type::read::Arguments;
use crate::catalog::column_type::{ColumnType, Plain, TypeKind};
use crate::project::sqlalchemy::expression::{Expression, Given};
use crate::project::sqlalchemy::names::last;

fn sized(name: &str, length: i64) -> ColumnType {
    let plain = Plain { name: name.to_owned(), length: Some(length), ..Plain::default() };
    ColumnType { kind: TypeKind::Plain(plain), written: None }
}

fn zoned() -> ColumnType {
    let plain = Plain { name: "DateTime".to_owned(), timezone: true, ..Plain::default() };
    ColumnType { kind: TypeKind::Plain(plain), written: None }
}

/// One type for PostgreSQL, another for MySQL, a third for SQLite.
fn each(postgresql: ColumnType, mysql: ColumnType, sqlite: ColumnType) -> TypeKind {
    TypeKind::PerDialect {
        postgresql: Some(Box::new(postgresql)),
        mysql: Some(Box::new(mysql)),
        sqlite: Some(Box::new(sqlite)),
    }
}

/// The type that `name(given)` is; `inner` reads a type among the arguments.
pub(super) fn read(name: &str, given: &[Given], inner: impl Fn(&Expression) -> Option<ColumnType>) -> Option<TypeKind> {
    let package = name.split('.').next().unwrap_or(name);
    let mut arguments = Arguments::of(given);
    match package {
        "sqlmodel" => match last(name) {
            "AutoString" => {
                let length = arguments.number("length").ok()?;
                let string = |length| {
                    let plain = Plain { name: "String".to_owned(), length, ..Plain::default() };
                    ColumnType { kind: TypeKind::Plain(plain), written: None }
                };
                Some(each(string(length), string(length.or(Some(255))), string(length)))
            }
            "UTCDateTime" => Some(zoned().kind),
            // Before SQLModel 0.0.14.
            "GUID" => Some(each(ColumnType::plain("UUID"), sized("CHAR", 32), sized("CHAR", 32))),
            _ => None,
        },
        "fastapi_users_db_sqlalchemy" | "fastapi_users_db_sqlmodel" => match last(name) {
            "GUID" => Some(each(ColumnType::plain("UUID"), sized("CHAR", 36), sized("CHAR", 36))),
            "TIMESTAMPAware" => {
                let timezone = matches!(arguments.keyword("timezone"), Some(Expression::Bool(true)));
                let plain = Plain { name: "TIMESTAMP".to_owned(), timezone, ..Plain::default() };
                Some(TypeKind::Plain(plain))
            }
            _ => None,
        },
        "advanced_alchemy" | "litestar" => match last(name) {
            "GUID" => Some(each(ColumnType::plain("UUID"), sized("BINARY", 16), sized("BINARY", 16))),
            "DateTimeUTC" => Some(zoned().kind),
            "JsonB" | "FileObject" | "StoredObject" => {
                Some(each(ColumnType::plain("JSONB"), ColumnType::plain("JSON"), ColumnType::plain("JSON")))
            }
            "BigIntIdentity" => Some(each(
                ColumnType::plain("BigInteger"),
                ColumnType::plain("BigInteger"),
                ColumnType::plain("Integer"),
            )),
            "EncryptedText" => Some(ColumnType::plain("Text").kind),
            _ => None,
        },
        "oslo_db" => match last(name) {
            "SoftDeleteInteger" => Some(ColumnType::plain("Integer").kind),
            "JsonEncodedDict" | "JsonEncodedList" => Some(ColumnType::plain("Text").kind),
            "String" => Some(sized("String", arguments.number("length").ok()??).kind),
            _ => None,
        },
        "sqlalchemy_utils" => utils(last(name), given, inner),
        "geoalchemy2" => spatial(last(name), given),
        "pgvector" => {
            let name = match last(name) {
                "Vector" | "VECTOR" => "VECTOR",
                "HalfVector" | "HALFVEC" => "HALFVEC",
                "SparseVector" | "SPARSEVEC" => "SPARSEVEC",
                _ => return None,
            };
            let argument = if name == "SPARSEVEC" || name == "VECTOR" || name == "HALFVEC" { "dim" } else { "length" };
            Some(TypeKind::Sql(match arguments.number(argument).ok()? {
                Some(size) => format!("{name}({size})"),
                None => name.to_owned(),
            }))
        }
        "sqlalchemy_json" => match last(name) {
            "MutableJson" | "NestedMutableJson" => Some(ColumnType::plain("JSON").kind),
            "mutable_json_type" => match arguments.take("dbtype") {
                Some(of) => Some(inner(of)?.kind),
                None => Some(ColumnType::plain("JSON").kind),
            },
            _ => None,
        },
        "sqlalchemy_jsonfield" => (last(name) == "JSONField").then(|| ColumnType::plain("Text").kind),
        "citext" => (last(name) == "CIText").then(|| TypeKind::Sql("CITEXT".to_owned())),
        _ => None,
    }
}

/// `sqlalchemy_utils`
fn utils(name: &str, given: &[Given], inner: impl Fn(&Expression) -> Option<ColumnType>) -> Option<TypeKind> {
    let mut arguments = Arguments::of(given);
    Some(match name {
        "UUIDType" => {
            let binary = !matches!(arguments.take("binary"), Some(Expression::Bool(false)));
            let native = !matches!(arguments.take("native"), Some(Expression::Bool(false)));
            let kept = if binary { sized("BINARY", 16) } else { sized("CHAR", 32) };
            let postgresql = if native { ColumnType::plain("UUID") } else { kept.clone() };
            each(postgresql, kept.clone(), kept)
        }
        "EmailType" => sized("Unicode", arguments.number("length").ok()?.unwrap_or(255)).kind,
        "URLType" | "ScalarListType" => ColumnType::plain("UnicodeText").kind,
        "ArrowType" | "EnrichedDateTimeType" => match arguments.keyword("timezone") {
            Some(Expression::Bool(true)) => zoned().kind,
            _ => ColumnType::plain("DateTime").kind,
        },
        "JSONType" => {
            each(ColumnType::plain("JSON"), ColumnType::plain("UnicodeText"), ColumnType::plain("UnicodeText"))
        }
        "TSVectorType" => ColumnType::plain("TSVECTOR").kind,
        "LtreeType" => TypeKind::Sql("LTREE".to_owned()),
        "CountryType" => sized("String", 2).kind,
        "CurrencyType" => sized("String", 3).kind,
        "LocaleType" => sized("Unicode", 10).kind,
        "IPAddressType" => sized("Unicode", 50).kind,
        "TimezoneType" => sized("Unicode", 50).kind,
        "PhoneNumberType" | "ColorType" => sized("Unicode", 20).kind,
        "ChoiceType" => match arguments.keyword("impl") {
            Some(of) => inner(of)?.kind,
            None => sized("Unicode", 255).kind,
        },
        "EncryptedType" => ColumnType::plain("LargeBinary").kind,
        "StringEncryptedType" => match arguments.take("type_in") {
            Some(_) => ColumnType::plain("String").kind,
            None => ColumnType::plain("String").kind,
        },
        "DateRangeType" => ColumnType::plain("DATERANGE").kind,
        "DateTimeRangeType" => ColumnType::plain("TSRANGE").kind,
        "IntRangeType" => ColumnType::plain("INT4RANGE").kind,
        "Int8RangeType" => ColumnType::plain("INT8RANGE").kind,
        "NumericRangeType" => ColumnType::plain("NUMRANGE").kind,
        _ => return None,
    })
}

/// `geoalchemy2`
fn spatial(name: &str, given: &[Given]) -> Option<TypeKind> {
    let mut arguments = Arguments::of(given);
    let name = match name {
        "Geometry" => "geometry",
        "Geography" => "geography",
        "Raster" => return Some(TypeKind::Sql("raster".to_owned())),
        _ => return None,
    };
    let of = match arguments.take("geometry_type") {
        None => "GEOMETRY".to_owned(),
        Some(Expression::Str(of)) => of.to_uppercase(),
        Some(Expression::None) => return Some(TypeKind::Sql(name.to_owned())),
        Some(_) => return None,
    };
    let srid = arguments.number("srid").ok()?.unwrap_or(-1);
    Some(TypeKind::Sql(format!("{name}({of},{srid})")))
}
