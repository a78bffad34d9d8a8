//! What the code declares → [`ColumnType`].

use crate::catalog::Dialect;
use crate::catalog::column_type::{ColumnType, EnumType, Plain, TypeKind, libraries};
use crate::catalog::quote::quoted;
use crate::project::sqlalchemy::custom_type::{CustomTypes, Implementation};
use crate::project::sqlalchemy::expression::{ClassRef, Expression, Given};

/// How deep types are read: an ARRAY of an ARRAY, a decorator of a decorator.
const DEPTH: usize = 8;

impl ColumnType {
    /// The type that an expression declares, if it can be read. `types` are the classes of the project.
    pub fn read(written: &Expression, types: &CustomTypes) -> Option<ColumnType> {
        kind(written, types, DEPTH).map(|kind| ColumnType { kind, written: Some(written.clone()) })
    }
}

fn inner(written: &Expression, types: &CustomTypes, depth: usize) -> Option<ColumnType> {
    kind(written, types, depth.checked_sub(1)?).map(|kind| ColumnType { kind, written: Some(written.clone()) })
}

fn kind(written: &Expression, types: &CustomTypes, depth: usize) -> Option<TypeKind> {
    match written {
        Expression::Class(class) => custom(class, types, depth),
        Expression::Call(callee, given) => match &**callee {
            Expression::Class(class) => custom(class, types, depth),
            Expression::Attribute(base, method) if method == "with_variant" => variant(base, given, types, depth),
            Expression::Attribute(base, method) if matches!(method.as_str(), "evaluates_none" | "copy") => {
                kind(base, types, depth)
            }
            Expression::Attribute(_, method) if method == "as_mutable" => kind(&given.first()?.value, types, depth),
            Expression::Name(name) => named(name, given, types, depth),
            _ => None,
        },
        Expression::Name(name) => named(name, &[], types, depth),
        Expression::None => Some(TypeKind::Null),
        _ => None,
    }
}

/// A class of the project: what it is for each database was found out while it ran on paper.
fn custom(class: &ClassRef, types: &CustomTypes, depth: usize) -> Option<TypeKind> {
    let found = types.get(class)?;
    let of = |implementation: &Implementation| {
        match implementation {
            Implementation::Type(expression) => inner(expression, types, depth),
            Implementation::Text(text) => Some(ColumnType::of_sql(text.clone())),
            Implementation::Unread => None,
        }
        .map(Box::new)
    };
    Some(TypeKind::PerDialect { postgresql: of(&found.postgresql), mysql: of(&found.mysql), sqlite: of(&found.sqlite) })
}

fn variant(base: &Expression, given: &[Given], types: &CustomTypes, depth: usize) -> Option<TypeKind> {
    let base = inner(base, types, depth)?;
    let mut arguments = Arguments::of(given);
    let other = inner(arguments.take("type_")?, types, depth)?;
    let names: Vec<String> = given
        .iter()
        .filter(|given| given.name.as_deref().is_none_or(|name| name == "dialect_name"))
        .skip(usize::from(given.first().is_some_and(|given| given.name.is_none())))
        .map(|given| given.value.as_str().map(str::to_owned))
        .collect::<Option<_>>()?;
    let (base, mut variants) = match base.kind {
        TypeKind::Variants(base, variants) => (base, variants),
        _ => (Box::new(base), Vec::new()),
    };
    variants.extend(names.into_iter().map(|name| (name, other.clone())));
    Some(TypeKind::Variants(base, variants))
}

/// The arguments of a type's constructor: positional ones are taken in its order.
pub(super) struct Arguments<'g> {
    positional: std::collections::VecDeque<&'g Expression>,
    given: &'g [Given],
}

impl<'g> Arguments<'g> {
    pub(super) fn of(given: &'g [Given]) -> Arguments<'g> {
        let positional = given.iter().filter(|given| given.name.is_none()).map(|given| &given.value).collect();
        Arguments { positional, given }
    }

    /// The next positional argument, or the one called `name`.
    pub(super) fn take(&mut self, name: &str) -> Option<&'g Expression> {
        self.positional.pop_front().or_else(|| self.keyword(name))
    }

    pub(super) fn keyword(&self, name: &str) -> Option<&'g Expression> {
        self.given.iter().find(|given| given.name.as_deref() == Some(name)).map(|given| &given.value)
    }

    /// The same as a number. `Err`: it is there and was not read.
    pub(super) fn number(&mut self, name: &str) -> Result<Option<i64>, Unread> {
        match self.take(name) {
            None | Some(Expression::None) => Ok(None),
            Some(Expression::Int(number)) => Ok(Some(*number)),
            Some(_) => Err(Unread),
        }
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, Unread> {
        match self.take(name) {
            None | Some(Expression::None) => Ok(None),
            Some(Expression::Str(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Unread),
        }
    }

    fn flag(&mut self, name: &str) -> Result<bool, Unread> {
        match self.take(name) {
            None | Some(Expression::None | Expression::Bool(false)) => Ok(false),
            Some(Expression::Bool(true)) => Ok(true),
            Some(Expression::Int(number)) => Ok(*number != 0),
            Some(_) => Err(Unread),
        }
    }

    fn keyword_flag(&self, name: &str) -> Result<Option<bool>, Unread> {
        match self.keyword(name) {
            None | Some(Expression::None) => Ok(None),
            Some(Expression::Bool(value)) => Ok(Some(*value)),
            Some(_) => Err(Unread),
        }
    }
}

/// An argument was given that could not be read.
pub(super) struct Unread;

fn named(name: &str, given: &[Given], types: &CustomTypes, depth: usize) -> Option<TypeKind> {
    let Some(rest) = name.strip_prefix("sqlalchemy.") else {
        return libraries::read(name, given, |written| inner(written, types, depth));
    };
    let (of, class) = match rest.strip_prefix("dialects.") {
        Some(rest) => {
            let (dialect, class) = rest.split_once('.')?;
            (Some(Dialect::named(dialect)?), class)
        }
        None => (None, rest),
    };
    match class {
        "NullType" | "NULLTYPE" => Some(TypeKind::Null),
        // `MutableDict.as_mutable(JSONB)`
        "as_mutable" => kind(&given.first()?.value, types, depth),
        "ARRAY" => {
            let mut arguments = Arguments::of(given);
            let item = inner(arguments.take("item_type")?, types, depth)?;
            let dimensions = match arguments.keyword("dimensions") {
                None | Some(Expression::None) => None,
                Some(Expression::Int(number)) => Some(*number),
                Some(_) => return None,
            };
            Some(TypeKind::Array(Box::new(item), dimensions))
        }
        "Enum" | "ENUM" => enumeration(of, given).ok().map(TypeKind::Enum),
        "SET" => {
            let words = texts(Arguments::of(given).positional.iter().copied())?;
            let words: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', "''"))).collect();
            let text = ColumnType::of_sql(format!("SET({}){}", words.join(","), charset_and_collation(given)));
            Some(TypeKind::PerDialect { postgresql: None, mysql: Some(Box::new(text)), sqlite: None })
        }
        "DOMAIN" => {
            let mut arguments = Arguments::of(given);
            let name = quoted(arguments.take("name")?.as_str()?, Dialect::Postgresql);
            let text = match arguments.keyword("schema").and_then(Expression::as_str) {
                Some(schema) => format!("{}.{name}", quoted(schema, Dialect::Postgresql)),
                None => name,
            };
            let text = ColumnType::of_sql(text);
            Some(TypeKind::PerDialect { postgresql: Some(Box::new(text)), mysql: None, sqlite: None })
        }
        "MatchType" => Some(ColumnType::plain("Boolean").kind),
        "Variant" => variant(given.first().map(|given| &given.value)?, given.get(1..)?, types, depth),
        _ => plain(class, of, given).ok().flatten().map(TypeKind::Plain),
    }
}

/// `Enum("a", "b", name="x")`, `Enum(Status)`
fn enumeration(of: Option<Dialect>, given: &[Given]) -> Result<EnumType, Unread> {
    let arguments = Arguments::of(given);
    let text = |name: &str| match arguments.keyword(name) {
        None | Some(Expression::None) => Ok(None),
        Some(Expression::Str(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Unread),
    };
    let mut name = text("name")?;
    let positional: Vec<&Expression> = arguments.positional.iter().copied().collect();
    let called = arguments.keyword("values_callable").filter(|value| !matches!(value, Expression::None));
    let values = match (&positional[..], called) {
        ([Expression::Class(class)], called) if class.members.is_some() => {
            let plain = class.qualified.rsplit('.').next().unwrap_or(&class.qualified);
            name = name.or_else(|| Some(plain.to_lowercase()));
            match called {
                Some(Expression::List(values)) => texts(values.iter()),
                Some(_) => None,
                None => {
                    class.members.as_ref().map(|members| members.iter().map(|(member, _)| member.clone()).collect())
                }
            }
        }
        ([Expression::List(values)], None) => texts(values.iter()),
        (values, None) => texts(values.iter().copied()),
        (_, Some(_)) => None,
    };
    let native = arguments.keyword_flag("native_enum")?.unwrap_or(true);
    let length = match arguments.keyword("length") {
        None | Some(Expression::None) => None,
        Some(Expression::Int(length)) => Some(*length),
        Some(_) => return Err(Unread),
    };
    Ok(EnumType {
        name,
        schema: text("schema")?,
        inherits_schema: arguments.keyword_flag("inherit_schema")?.unwrap_or(false),
        values,
        not_native: !native,
        length,
        create_constraint: arguments.keyword_flag("create_constraint")?,
        not_created: arguments.keyword_flag("create_type")? == Some(false),
        of,
        words: charset_and_collation(given),
    })
}

/// What MySQL writes behind `ENUM(…)` and `SET(…)`.
fn charset_and_collation(given: &[Given]) -> String {
    let arguments = Arguments::of(given);
    let part = |name: &str, words: &str| {
        let text = arguments.keyword(name).and_then(Expression::as_str);
        text.map(|text| format!(" {words} {text}")).unwrap_or_default()
    };
    part("charset", "CHARACTER SET") + &part("collation", "COLLATE")
}

fn texts<'e>(values: impl Iterator<Item = &'e Expression>) -> Option<Vec<String>> {
    values.map(|value| value.as_str().map(str::to_owned)).collect()
}

/// One of SQLAlchemy's own types; `None` for a name that is none.
fn plain(class: &str, of: Option<Dialect>, given: &[Given]) -> Result<Option<Plain>, Unread> {
    let mut arguments = Arguments::of(given);
    let mut found = Plain { name: class.to_owned(), of, ..Plain::default() };
    match class {
        "String" | "Unicode" | "VARCHAR" | "Text" | "UnicodeText" | "TEXT" | "CHAR" | "NCHAR" | "NVARCHAR" | "CLOB"
        | "TINYTEXT" | "MEDIUMTEXT" | "LONGTEXT" | "CITEXT" => {
            found.length = match class {
                "TINYTEXT" | "MEDIUMTEXT" | "LONGTEXT" | "CITEXT" => None,
                _ => arguments.number("length")?,
            };
            found.collation = arguments.text("collation")?;
            if of == Some(Dialect::Mysql) {
                let is = |name: &str| arguments.keyword(name) == Some(&Expression::Bool(true));
                found.words = match arguments.keyword("charset") {
                    Some(Expression::Str(charset)) => Some(charset.clone()),
                    _ if is("ascii") => Some("ASCII".to_owned()),
                    _ if is("unicode") => Some("UNICODE".to_owned()),
                    _ => None,
                };
                found.binary = is("binary");
                found.national = is("national");
            }
        }
        "Integer" | "INTEGER" | "INT" | "SmallInteger" | "SMALLINT" | "BigInteger" | "BIGINT" | "TINYINT"
        | "MEDIUMINT" | "YEAR" => {
            found.precision = arguments.number("display_width")?;
            found.unsigned = arguments.keyword_flag("unsigned")? == Some(true);
            found.zerofill = arguments.keyword_flag("zerofill")? == Some(true);
        }
        "Float" | "FLOAT" | "Double" | "DOUBLE" | "DOUBLE_PRECISION" | "REAL" => {
            found.precision = arguments.number("precision")?;
            if of == Some(Dialect::Mysql) {
                found.scale = arguments.number("scale")?;
                found.unsigned = arguments.keyword_flag("unsigned")? == Some(true);
            }
        }
        "Numeric" | "NUMERIC" | "DECIMAL" => {
            found.precision = arguments.number("precision")?;
            found.scale = arguments.number("scale")?;
            found.unsigned = arguments.keyword_flag("unsigned")? == Some(true);
        }
        "DateTime" | "DATETIME" | "TIMESTAMP" | "Time" | "TIME" => {
            if of == Some(Dialect::Sqlite) {
                return Ok(Some(found));
            }
            found.timezone = arguments.flag("timezone")?;
            let precision = if of == Some(Dialect::Mysql) { "fsp" } else { "precision" };
            found.precision = arguments.number(precision)?;
        }
        "Interval" => {
            found.not_native = matches!(arguments.take("native"), Some(Expression::Bool(false)));
            found.precision = arguments.number("second_precision")?;
        }
        "INTERVAL" => {
            found.precision = arguments.number("precision")?;
            found.words = arguments.text("fields")?;
        }
        "LargeBinary" | "BLOB" | "BINARY" | "VARBINARY" | "BYTEA" => found.length = arguments.number("length")?,
        "BIT" => {
            found.length = arguments.number("length")?;
            found.varying = of == Some(Dialect::Postgresql) && arguments.flag("varying")?;
            if of == Some(Dialect::Postgresql) && !found.varying {
                found.length = found.length.or(Some(1));
            }
        }
        "Uuid" => found.not_native = arguments.keyword_flag("native_uuid")? == Some(false),
        "Boolean" | "BOOLEAN" | "Date" | "DATE" | "PickleType" | "UUID" | "JSON" | "JSONB" | "JSONPATH" | "CIDR"
        | "DATEMULTIRANGE" | "DATERANGE" | "HSTORE" | "INET" | "INT4MULTIRANGE" | "INT4RANGE" | "INT8MULTIRANGE"
        | "INT8RANGE" | "MACADDR" | "MACADDR8" | "MONEY" | "NUMMULTIRANGE" | "NUMRANGE" | "OID" | "REGCLASS"
        | "REGCONFIG" | "TSMULTIRANGE" | "TSQUERY" | "TSRANGE" | "TSTZMULTIRANGE" | "TSTZRANGE" | "TSVECTOR"
        | "TINYBLOB" | "MEDIUMBLOB" | "LONGBLOB" => {}
        _ => return Ok(None),
    }
    Ok(Some(found))
}
