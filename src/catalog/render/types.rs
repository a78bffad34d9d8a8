//! Types → Python text: `sa.String(length=50)`, `postgresql.JSONB(astext_type=sa.Text())`, `app.types.Money()`.

use super::{Writer, python};
use crate::catalog::Dialect;
use crate::catalog::column_type::ddl::OF_POSTGRESQL;
use crate::catalog::column_type::{ColumnType, EnumType, Plain, TypeKind};
use crate::catalog::table::TableName;
use crate::project::sqlalchemy::expression::Expression;

/// MySQL's own classes.
const OF_MYSQL: &[&str] =
    &["LONGBLOB", "LONGTEXT", "MEDIUMBLOB", "MEDIUMINT", "MEDIUMTEXT", "TINYBLOB", "TINYINT", "TINYTEXT", "YEAR"];

/// What `sqlalchemy.dialects.mysql` takes over from SQLAlchemy.
const NOT_OF_MYSQL: &[&str] = &["BINARY", "BLOB", "BOOLEAN", "DATE", "VARBINARY"];

impl Writer<'_> {
    /// A type; `None` where it can't be written.
    pub(super) fn column_type(&mut self, of: &ColumnType) -> Option<String> {
        if let Some(inner) = of.written.as_ref().and_then(made_mutable) {
            // Whether values are watched for changes is no matter of the database.
            return self.column_type(&ColumnType { kind: of.kind.clone(), written: Some(inner.clone()) });
        }
        match &of.kind {
            TypeKind::Plain(plain) => match &of.written {
                Some(written) if !is_sqlalchemys(written) => self.written(of, written),
                written => Some(self.plain(plain, written.as_ref())),
            },
            TypeKind::Enum(found) => match &of.written {
                Some(written) if is_of_project(written) => self.written(of, written),
                _ => self.enumeration(found),
            },
            TypeKind::Array(item, dimensions) => {
                let inner = self.column_type(item)?;
                let dimensions = dimensions.map(|number| format!(", dimensions={number}")).unwrap_or_default();
                let of_dialect = of.written.as_ref().is_none_or(|written| {
                    written.name().is_some_and(|name| name.starts_with("sqlalchemy.dialects.postgresql."))
                });
                let prefix = if of_dialect { self.dialect("postgresql") } else { self.sa().to_owned() };
                Some(format!("{prefix}ARRAY({inner}{dimensions})"))
            }
            TypeKind::Variants(base, variants) => {
                let mut text = self.column_type(base)?;
                let mut variants: Vec<_> = variants.iter().collect();
                variants.sort_by(|(one, _), (other, _)| one.cmp(other));
                for (dialect, variant) in variants {
                    text += &format!(".with_variant({}, {})", self.column_type(variant)?, python::repr(dialect));
                }
                Some(text)
            }
            TypeKind::PerDialect { .. } => match &of.written {
                Some(written) => self.written(of, written),
                None => {
                    let found = of.for_dialect(self.style.target.dialect)?;
                    self.column_type(found)
                }
            },
            TypeKind::Sql(text) => match &of.written {
                Some(written) => self.written(of, written),
                None => self.reflected(text),
            },
            TypeKind::Null => Some(format!("{}NullType()", self.sa())),
        }
    }

    /// A type that is there already: as the database would name it, so that old revisions don't need the project's code.
    pub(super) fn existing_type(&mut self, of: &ColumnType) -> Option<String> {
        let dialect = self.style.target.dialect;
        let written = match of.for_dialect(dialect).map(|found| &found.kind) {
            Some(TypeKind::Enum(found)) if !found.not_native && dialect == Dialect::Postgresql => {
                return self.enumeration(&EnumType { of: Some(dialect), inherits_schema: false, ..found.clone() });
            }
            _ => of.ddl(&self.style.target),
        };
        written.and_then(|text| self.reflected(&text)).or_else(|| self.column_type(of))
    }

    /// As the project's code has it, else what stands behind it.
    fn written(&mut self, of: &ColumnType, written: &Expression) -> Option<String> {
        let imports = self.imports.clone();
        if let Some(text) = self.expression(written) {
            return Some(match written {
                Expression::Class(_) | Expression::Name(_) => format!("{text}()"),
                _ => text,
            });
        }
        self.imports = imports;
        match of.for_dialect(self.style.target.dialect)? {
            found if found != of => self.column_type(found),
            found => self.reflected(&found.ddl(&self.style.target)?),
        }
    }

    /// What stands before a dialect's own types.
    pub(super) fn dialect(&mut self, name: &str) -> String {
        self.imports.insert(format!("from sqlalchemy.dialects import {name}"));
        format!("{name}.")
    }

    fn plain(&mut self, plain: &Plain, written: Option<&Expression>) -> String {
        let name = plain.name.as_str();
        let is_old = !self.style.target.sqlalchemy.is_at_least(&[2]);
        let uppercase = name.chars().all(|letter| !letter.is_ascii_lowercase());
        // What else `sqlalchemy.dialects.postgresql` has is SQLAlchemy's.
        let of_postgresql = OF_POSTGRESQL.contains(&name) || matches!(name, "BIT" | "INTERVAL");
        let prefix = match plain.of {
            Some(Dialect::Postgresql) | None if of_postgresql => self.dialect("postgresql"),
            Some(Dialect::Postgresql) if matches!(name, "TIMESTAMP" | "TIME" | "JSON") => self.dialect("postgresql"),
            Some(Dialect::Postgresql) | None if is_old && name == "UUID" => self.dialect("postgresql"),
            Some(Dialect::Postgresql) if is_old && name == "DOUBLE_PRECISION" => self.dialect("postgresql"),
            Some(Dialect::Mysql) if uppercase && !NOT_OF_MYSQL.contains(&name) => self.dialect("mysql"),
            None if OF_MYSQL.contains(&name) => self.dialect("mysql"),
            Some(Dialect::Sqlite) if matches!(name, "DATE" | "DATETIME" | "TIME" | "JSON") => self.dialect("sqlite"),
            _ => self.sa().to_owned(),
        };
        let mut given: Vec<String> = Vec::new();
        let number = |name: &str, value: Option<i64>| value.map(|value| format!("{name}={value}"));
        let text = |name: &str, value: &Option<String>| value.as_ref().map(|it| format!("{name}={}", python::repr(it)));
        let flag = |name: &str, value: bool| value.then(|| format!("{name}=True"));
        let of_mysql = plain.of == Some(Dialect::Mysql);
        match name {
            "JSON" | "JSONB" if prefix == "postgresql." => given.push(format!("astext_type={}Text()", self.sa())),
            "HSTORE" => given.push(format!("text_type={}Text()", self.sa())),
            "Integer" | "INTEGER" | "SmallInteger" | "SMALLINT" | "BigInteger" | "BIGINT" | "TINYINT" | "MEDIUMINT" => {
                given.extend(number("display_width", plain.precision));
            }
            "Interval" => {
                given.extend(plain.not_native.then(|| "native=False".to_owned()));
                given.extend(number("second_precision", plain.precision));
            }
            "INTERVAL" => {
                given.extend(text("fields", &plain.words));
                given.extend(number("precision", plain.precision));
            }
            "DateTime" | "DATETIME" | "TIMESTAMP" | "Time" | "TIME" => {
                given.extend(flag("timezone", plain.timezone));
                given.extend(number(if of_mysql { "fsp" } else { "precision" }, plain.precision));
            }
            "Uuid" => {
                let is_text =
                    written.and_then(|it| it.keyword("as_uuid")).is_some_and(|it| it.value == Expression::Bool(false));
                given.extend(is_text.then(|| "as_uuid=False".to_owned()));
                given.extend(plain.not_native.then(|| "native_uuid=False".to_owned()));
            }
            "Boolean" => {
                let makes = written
                    .and_then(|it| it.keyword("create_constraint"))
                    .is_some_and(|it| it.value == Expression::Bool(true));
                given.extend(makes.then(|| "create_constraint=True".to_owned()));
                let named = written.filter(|_| makes).and_then(|it| it.keyword("name"));
                given.extend(named.and_then(|it| it.value.as_str()).map(|it| format!("name={}", python::repr(it))));
            }
            "BIT" => {
                given.extend(number("length", plain.length));
                given.extend(flag("varying", plain.varying));
            }
            _ => {
                given.extend(number("precision", plain.precision));
                given.extend(number("scale", plain.scale));
                given.extend(text("charset", &plain.words));
                given.extend(number("length", plain.length));
                given.extend(text("collation", &plain.collation));
            }
        }
        given.extend(flag("unsigned", plain.unsigned));
        given.extend(flag("zerofill", plain.zerofill));
        format!("{prefix}{name}({})", given.join(", "))
    }

    /// `sa.Enum('a', 'b', name='status')`. A type that is there already, or that an earlier table of this draft makes, must
    /// not be made again.
    pub(super) fn enumeration(&mut self, found: &EnumType) -> Option<String> {
        let mut given = vec![python::listed(found.values.as_ref()?)];
        if let Some(name) = &found.name {
            given.push(format!("name={}", python::repr(name)));
        }
        if let Some(schema) = &found.schema {
            given.push(format!("schema={}", python::repr(schema)));
        }
        let is_native = self.style.target.dialect == Dialect::Postgresql && !found.not_native;
        let is_there = is_native
            && found
                .name
                .as_ref()
                .is_some_and(|name| self.enums.contains(&TableName::within(found.schema.as_deref(), name.clone())));
        if found.of == Some(Dialect::Postgresql) || is_there {
            given.extend((found.not_created || is_there).then(|| "create_type=False".to_owned()));
            return Some(format!("{}ENUM({})", self.dialect("postgresql"), given.join(", ")));
        }
        if found.of == Some(Dialect::Mysql) {
            return Some(format!("{}ENUM({})", self.dialect("mysql"), python::listed(found.values.as_ref()?)));
        }
        given.extend(found.inherits_schema.then(|| "inherit_schema=True".to_owned()));
        given.extend(found.not_native.then(|| "native_enum=False".to_owned()));
        given.extend((found.create_constraint == Some(true)).then(|| "create_constraint=True".to_owned()));
        given.extend(found.length.map(|length| format!("length={length}")));
        Some(format!("{}Enum({})", self.sa(), given.join(", ")))
    }
}

/// `MutableDict.as_mutable(type)`: the type.
fn made_mutable(written: &Expression) -> Option<&Expression> {
    let Expression::Call(callee, given) = written else { return None };
    let method = match &**callee {
        Expression::Attribute(_, method) => method.as_str(),
        callee => callee.short_name()?,
    };
    (method == "as_mutable").then(|| given.first().map(|given| &given.value))?
}

/// Is it a type of SQLAlchemy's own?
fn is_sqlalchemys(written: &Expression) -> bool {
    written.name().is_some_and(|name| name.starts_with("sqlalchemy."))
        || matches!(written, Expression::Call(callee, _) if matches!(**callee, Expression::Attribute(..)))
}

/// Is it a class of the project?
fn is_of_project(written: &Expression) -> bool {
    match written {
        Expression::Class(_) => true,
        Expression::Call(callee, _) => matches!(**callee, Expression::Class(_)),
        _ => false,
    }
}
