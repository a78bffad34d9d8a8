//! Columns: type, nullability, default, from the call and from the annotation.

use std::collections::HashSet;

use crate::catalog::Catalog;
use crate::catalog::column_type::{ColumnType, EnumType, Plain, TypeKind};
use crate::catalog::models::{Lowering, text};
use crate::catalog::table::{Column, Computed, Identity, ServerDefault, Table, TableName};
use crate::project::sqlalchemy;
use crate::project::sqlalchemy::column::{self as facts, Style};
use crate::project::sqlalchemy::expression::{ClassRef, Expression, Given};
use crate::source::Span;

/// How far a foreign key is followed for its type.
const HOPS: usize = 16;

impl Lowering<'_> {
    /// A column; `None` where not even its name could be read.
    pub(super) fn column(
        &self,
        column: &facts::Column,
        table: &sqlalchemy::Table,
        unread: &mut Vec<(Option<String>, Span, String)>,
    ) -> Option<Column> {
        let Some(name) = &column.name else {
            unread.push((None, column.span, "the name of a column could not be read".to_owned()));
            return None;
        };
        let mut made = Column::named(name, column.span);
        let mut not_read =
            |what: &str| unread.push((Some(name.clone()), column.span, format!("{what} could not be read")));
        made.column_type = self.column_type(column, table);
        if made.column_type.is_none() {
            not_read("its type");
        }
        made.nullable = nullable(column);
        if made.nullable.is_none() {
            not_read("whether it may be NULL");
        }
        let option = |name: &str| column.given.iter().find(|given| given.name.as_deref() == Some(name));
        let comment = option("comment").map(|given| &given.value);
        made.comment = comment.and_then(|value| value.as_str().map(str::to_owned));
        made.comment_unread = made.comment.is_none() && comment.is_some_and(|value| *value != Expression::None);
        let called = |given: &Given, names: &[&str]| given.value.short_name().is_some_and(|it| names.contains(&it));
        let default = column.server_default.as_ref().map(|given| &given.value).or_else(|| {
            let positional =
                column.given.iter().find(|given| given.name.is_none() && called(given, &["DefaultClause"]));
            positional.map(|given| &given.value)
        });
        if let Some(value) = default {
            match value.short_name() {
                Some("Computed") => made.computed = Some(computed(value)),
                Some("Identity") => made.identity = Some(identity(value)),
                _ => {
                    made.server_default = match text::of_default(value, self.target.dialect) {
                        Some(text) => ServerDefault::Sql(text),
                        None => ServerDefault::Unknown,
                    };
                }
            }
        }
        for given in column.given.iter().filter(|given| given.name.is_none()) {
            if called(given, &["Computed"]) {
                made.computed = Some(computed(&given.value));
            } else if called(given, &["Identity"]) {
                made.identity = Some(identity(&given.value));
                if option("nullable").is_none() {
                    made.nullable = Some(false);
                }
            }
        }
        made.autoincrement = match option("autoincrement").map(|given| &given.value) {
            Some(Expression::Bool(value)) => Some(*value),
            _ => None,
        };
        Some(made)
    }

    /// The type that the call gives, else the annotation; [`TypeKind::Null`] where a foreign key's target gives it.
    fn column_type(&self, column: &facts::Column, table: &sqlalchemy::Table) -> Option<ColumnType> {
        if let Some(given) = &column.column_type {
            return ColumnType::read(&given.value, &self.models.custom_types);
        }
        if column.open {
            return None;
        }
        let null = || Some(ColumnType { kind: TypeKind::Null, written: None });
        match (column.style, &column.python_type) {
            (Style::Field, Some(python)) => self.of_field(python, column),
            (Style::Field, None) => None,
            (Style::Mapped, Some(python)) if column.foreign_keys.is_empty() => self.of_mapped(python, table),
            _ => null(),
        }
    }

    /// What SQLAlchemy makes of `Mapped[python]`.
    fn of_mapped(&self, python: &Expression, table: &sqlalchemy::Table) -> Option<ColumnType> {
        let registry = table.class.map(|class| self.models.registry(self.models.class(class).registry));
        let own = registry.map(|registry| &registry.type_annotation_map);
        if let Some(map) = own {
            let Some(map) = map else { return None };
            let key = strip_annotated(python);
            if let Some((_, found)) = map.iter().find(|(known, _)| known == key || known == python) {
                return ColumnType::read(found, &self.models.custom_types);
            }
            let of_enum = |known: &Expression| matches!(known, Expression::Name(name) if name.starts_with("enum."));
            if let Expression::Class(class) = key
                && class.members.is_some()
                && let Some((_, found)) = map.iter().find(|(known, _)| of_enum(known))
            {
                let mut made = of_class(class, false)?;
                let given = ColumnType::read(found, &self.models.custom_types)?;
                if let (TypeKind::Enum(made), TypeKind::Enum(given)) = (&mut made.kind, given.kind) {
                    made.not_native = given.not_native;
                    made.length = given.length;
                    made.create_constraint = given.create_constraint;
                    made.schema = given.schema;
                    made.name = given.name.or(made.name.take());
                }
                return Some(made);
            }
        }
        let found = python_type(strip_annotated(python), false)?;
        // 2.1 took `Double` for it.
        if let TypeKind::Plain(plain) = &found.kind
            && plain.name == "Float"
            && self.target.sqlalchemy.is_at_least(&[2, 1])
        {
            return written("Double", "sqlalchemy");
        }
        Some(found)
    }

    /// What SQLModel makes of an annotation.
    fn of_field(&self, python: &Expression, column: &facts::Column) -> Option<ColumnType> {
        let number = |name: &str| {
            let given = column.given.iter().find(|given| given.name.as_deref() == Some(name))?;
            match given.value {
                Expression::Int(number) => Some(number),
                _ => None,
            }
        };
        let mut found = python_type(strip_annotated(python), true)?;
        let bare = matches!(strip_annotated(python), Expression::Name(name) if !name.ends_with("NaiveDatetime"));
        if let TypeKind::Plain(plain) = &mut found.kind
            && plain.name == "DateTime"
            && bare
            && self.target.sqlmodel.is_at_least(&[0, 0, 45])
        {
            plain.timezone = true;
            let name = Expression::Name("sqlmodel.sql.sqltypes.UTCDateTime".to_owned());
            found.written = Some(Expression::Call(Box::new(name), Vec::new()));
        }
        if let TypeKind::Plain(plain) = &mut found.kind {
            match plain.name.as_str() {
                "AutoString" => {
                    let length = number("max_length");
                    found.written = None;
                    let string = |length| {
                        let plain = Plain { name: "String".to_owned(), length, ..Plain::default() };
                        Some(Box::new(ColumnType { kind: TypeKind::Plain(plain), written: None }))
                    };
                    found.kind = TypeKind::PerDialect {
                        postgresql: string(length),
                        mysql: string(length.or(Some(255))),
                        sqlite: string(length),
                    };
                    let name = Expression::Name("sqlmodel.AutoString".to_owned());
                    let given = length.map(|length| Given {
                        name: Some("length".into()),
                        value: Expression::Int(length),
                        span: column.span,
                    });
                    found.written = Some(Expression::Call(Box::new(name), given.into_iter().collect()));
                }
                "Numeric" => {
                    plain.precision = number("max_digits");
                    plain.scale = number("decimal_places");
                }
                _ => {}
            }
        }
        Some(found)
    }
}

/// `Annotated[int, …]` is an `int`; so is a type alias of it, which the interpreter has followed.
fn strip_annotated(python: &Expression) -> &Expression {
    match python {
        Expression::Item(of, items) if matches!(of.short_name(), Some("Annotated")) => match &**items {
            Expression::List(items) => items.first().map_or(python, strip_annotated),
            _ => python,
        },
        _ => python,
    }
}

/// A type without arguments, as code would write it.
fn written(name: &str, package: &str) -> Option<ColumnType> {
    let mut found = ColumnType::plain(name);
    found.written = Some(Expression::Call(Box::new(Expression::Name(format!("{package}.{name}"))), Vec::new()));
    Some(found)
}

/// The type that a Python type stands for: by itself in `Mapped[…]`, or as a field of SQLModel.
fn python_type(python: &Expression, field: bool) -> Option<ColumnType> {
    let written = |name: &str| written(name, if name == "AutoString" { "sqlmodel" } else { "sqlalchemy" });
    let string = if field { "AutoString" } else { "String" };
    match python {
        Expression::Builtin(name) => match name.as_str() {
            "int" => written("Integer"),
            "str" => written(string),
            "bool" => written("Boolean"),
            "float" => written("Float"),
            "bytes" => written("LargeBinary"),
            _ => None,
        },
        Expression::Name(name) => match name.as_str() {
            "datetime.datetime" => written("DateTime"),
            "datetime.date" => written("Date"),
            "datetime.time" => written("Time"),
            "datetime.timedelta" => written("Interval"),
            "decimal.Decimal" => written("Numeric"),
            "uuid.UUID" => written("Uuid"),
            _ if field => match name.rsplit('.').next()? {
                "EmailStr" | "NameEmail" | "IPv4Address" | "IPv6Address" | "IPv4Network" | "IPv6Network" | "Path"
                | "SecretStr" => written("AutoString"),
                "UUID4" | "UUID1" | "UUID3" | "UUID5" => written("Uuid"),
                "AwareDatetime" | "NaiveDatetime" | "PastDatetime" | "FutureDatetime" => written("DateTime"),
                "PositiveInt" | "NonNegativeInt" | "StrictInt" => written("Integer"),
                _ => None,
            },
            _ => None,
        },
        Expression::Class(class) => of_class(class, field),
        Expression::Item(of, items) if of.short_name() == Some("Literal") => {
            let items = match &**items {
                Expression::List(items) => items.clone(),
                one => vec![one.clone()],
            };
            let values: Vec<String> =
                items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>()?;
            if field {
                return written("AutoString");
            }
            let kind = TypeKind::Enum(EnumType {
                name: None,
                schema: None,
                inherits_schema: false,
                values: Some(values),
                not_native: true,
                length: None,
                create_constraint: None,
                not_created: false,
                of: None,
                words: String::new(),
            });
            Some(ColumnType { kind, written: None })
        }
        _ => None,
    }
}

/// An enumeration of the project, or a class that derives from a type of Python.
fn of_class(class: &ClassRef, field: bool) -> Option<ColumnType> {
    if let Some(members) = &class.members {
        let name = class.qualified.rsplit('.').next().unwrap_or(&class.qualified).to_lowercase();
        let kind = TypeKind::Enum(EnumType {
            name: Some(name),
            schema: None,
            inherits_schema: false,
            values: Some(members.iter().map(|(member, _)| member.clone()).collect()),
            not_native: false,
            length: None,
            create_constraint: None,
            not_created: false,
            of: None,
            words: String::new(),
        });
        let callee = Box::new(Expression::Name("sqlalchemy.Enum".to_owned()));
        let given = Given {
            name: None,
            value: Expression::Class(Box::new(class.clone())),
            span: Span::start_of(crate::source::FileId(0)),
        };
        return Some(ColumnType { kind, written: Some(Expression::Call(callee, vec![given])) });
    }
    class.bases.iter().find_map(|base| match base.as_str() {
        name @ ("int" | "str" | "bool" | "float" | "bytes") => {
            python_type(&Expression::Builtin(name.to_owned()), field)
        }
        name => python_type(&Expression::Name(name.to_owned()), field),
    })
}

/// May it be NULL? The call decides, then the key, then the annotation.
fn nullable(column: &facts::Column) -> Option<bool> {
    match &column.nullable {
        Some(Expression::Bool(value)) => return Some(*value),
        Some(_) => return None,
        None if column.open => return None,
        None => {}
    }
    match (column.primary_key, column.style) {
        (Some(true), _) => Some(false),
        (None, _) => None,
        (Some(false), Style::Core) => Some(true),
        (Some(false), Style::Mapped) => Some(column.annotated_optional.unwrap_or(true)),
        (Some(false), Style::Field) => column.annotated_optional,
    }
}

fn computed(value: &Expression) -> Computed {
    let first = value.arguments().first().map(|given| &given.value);
    let text = first.and_then(|value| match value {
        Expression::Str(text) => Some(text.clone()),
        value => text::of(value, crate::catalog::Dialect::Postgresql),
    });
    let persisted = match value.keyword("persisted").map(|given| &given.value) {
        Some(Expression::Bool(value)) => Some(*value),
        _ => None,
    };
    Computed { text, persisted }
}

fn identity(value: &Expression) -> Identity {
    let mut found = Identity::default();
    for given in value.arguments() {
        match (given.name.as_deref(), &given.value) {
            (Some("always"), Expression::Bool(always)) => found.always = *always,
            (Some(name), Expression::Int(number)) => found.options.push((name.to_owned(), number.to_string())),
            _ => {}
        }
    }
    found
}

/// Which column the database numbers, where nobody said.
pub(super) fn number(table: &mut Table) {
    let Some(key) = &table.primary_key else { return };
    let [only] = &key.columns[..] else { return };
    let numbered = is_numbered(table, only);
    let only = only.clone();
    if let Some(column) = table.columns.iter_mut().find(|column| column.name == only) {
        column.autoincrement.get_or_insert(numbered);
    }
}

/// Does SQLAlchemy let the database number this column by itself? It does for an integer that alone is the primary key.
pub fn is_numbered(table: &Table, column: &str) -> bool {
    let alone = table.primary_key.as_ref().is_some_and(|key| matches!(&key.columns[..], [only] if only == column));
    let refers = table.foreign_keys.iter().any(|key| key.columns.iter().any(|name| name == column));
    let Some(column) = table.column(column).filter(|_| alone && !refers) else { return false };
    let integer = column.column_type.as_ref().is_some_and(|found| match &found.kind {
        TypeKind::Plain(plain) => {
            matches!(plain.name.as_str(), "Integer" | "INTEGER" | "SmallInteger" | "SMALLINT" | "BigInteger" | "BIGINT")
        }
        _ => false,
    });
    integer && column.server_default == ServerDefault::None
}

/// A column without a type of its own has that of the column that it refers to.
pub(super) fn take_over_types(catalog: &mut Catalog) {
    let without: Vec<(TableName, String)> = catalog
        .tables
        .values()
        .flat_map(|table| table.columns.iter().map(move |column| (table, column)))
        .filter(|(_, column)| column.column_type.as_ref().is_some_and(|it| it.kind == TypeKind::Null))
        .map(|(table, column)| (table.name.clone(), column.name.clone()))
        .collect();
    for (table, column) in without {
        let found = follow(catalog, &table, &column);
        if found.is_none() {
            let span = catalog.tables.get(&table).and_then(|it| it.column(&column)).map(|column| column.span);
            if let Some(span) = span {
                catalog.unresolved(Some(&table), Some(&column), span, "it has no type, and no foreign key gives one");
            }
        }
        if let Some(column) =
            catalog.tables.get_mut(&table).and_then(|it| it.columns.iter_mut().find(|it| it.name == column))
        {
            column.column_type = found;
        }
    }
}

fn follow(catalog: &Catalog, table: &TableName, column: &str) -> Option<ColumnType> {
    let mut at = (table.clone(), column.to_owned());
    let mut seen = HashSet::new();
    for _ in 0..HOPS {
        if !seen.insert(at.clone()) {
            return None;
        }
        let found = catalog.tables.get(&at.0)?;
        let key = found.foreign_keys.iter().find(|key| key.columns.contains(&at.1))?;
        let place = key.columns.iter().position(|name| *name == at.1)?;
        at = (key.target.clone(), key.target_columns.get(place)?.clone());
        let target = catalog.tables.get(&at.0)?.column(&at.1)?;
        match &target.column_type {
            Some(found) if found.kind != TypeKind::Null => return Some(found.clone()),
            Some(_) => {}
            None => return None,
        }
    }
    None
}
