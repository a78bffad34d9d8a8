//! What a class statement binds or annotates → [`Attribute`]: its kind, its annotation, its column or relationship.

use std::sync::Arc;

use crate::project::sqlalchemy::bases;
use crate::project::sqlalchemy::column::Column;
use crate::project::sqlalchemy::expression::{self, Expression};
use crate::project::sqlalchemy::names;
use crate::project::sqlalchemy::relationship::Relationship;
use crate::python::dotted;
use crate::python::value::Value;
use crate::python::value::class::{Code, Function};
use crate::python::value::term::{Term, TermKind};
use crate::source::Span;

/// One attribute of a class statement.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// The name in the file.
    pub name_span: Span,
    /// The whole statement.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
    /// `name: annotation`
    pub annotation: Option<Box<Annotation>>,
    /// The column that it makes, where it makes one.
    pub column: Option<Arc<Column>>,
    /// The relationship that it is.
    pub relationship: Option<Box<Relationship>>,
    /// The value, where it is none of these.
    pub value: Expression,
    /// `false`: bound only on some paths.
    pub certain: bool,
    /// Assigned after the class statement.
    pub assigned_later: bool,
}

/// The kinds of attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `Column(…)`
    Column,
    /// `mapped_column(…)`
    MappedColumn,
    /// SQLModel's `Field(…)`, and its plain annotated fields.
    Field,
    /// `name: annotation` and nothing else.
    AnnotationOnly,
    /// `relationship(…)`, SQLModel's `Relationship(…)`
    Relationship,
    /// `@declared_attr`
    DeclaredAttr,
    /// `@hybrid_property`, `@hybrid_method`
    Hybrid,
    /// `association_proxy(…)`
    AssociationProxy,
    /// `synonym`, `column_property`, `deferred`, `composite`, `query_expression`
    MapperProperty,
    /// `@property`
    Property,
    /// A function.
    Method,
    /// A nested class.
    NestedClass,
    /// A `MetaData` object.
    MetaData,
    /// A tuple that holds one column: a comma was left behind it.
    TrailingComma,
    /// A literal, a container, a project object.
    Plain,
    /// `None`
    None,
    /// Something of a library that is none of the above.
    Other,
    /// Not read.
    Unknown,
}

impl Kind {
    /// Would Declarative map an attribute of this kind?
    pub fn is_mappable(self) -> bool {
        matches!(
            self,
            Kind::Column
                | Kind::MappedColumn
                | Kind::Field
                | Kind::Relationship
                | Kind::DeclaredAttr
                | Kind::MapperProperty
                | Kind::AssociationProxy
        )
    }

    /// How a sentence calls it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Column | Kind::MappedColumn => "column",
            Kind::Field => "field",
            Kind::AnnotationOnly => "annotation",
            Kind::Relationship => "relationship",
            Kind::DeclaredAttr => "declared attribute",
            Kind::Hybrid => "hybrid",
            Kind::AssociationProxy => "association proxy",
            Kind::MapperProperty => "mapped attribute",
            Kind::Property => "property",
            Kind::Method => "method",
            Kind::NestedClass => "class",
            Kind::MetaData => "MetaData",
            Kind::TrailingComma => "tuple",
            Kind::Plain | Kind::None | Kind::Other | Kind::Unknown => "attribute",
        }
    }
}

/// An annotation.
#[derive(Clone, Debug)]
pub struct Annotation {
    /// Where it stands.
    pub span: Span,
    /// As written.
    pub text: String,
    /// What stands around the type.
    pub shape: Shape,
    /// The type inside `Mapped[…]`, or the annotation itself; `Optional` and `| None` are taken off.
    pub inner: Expression,
    /// `Optional[…]` or `| None` stood there.
    pub optional: bool,
    /// It stands in quotes, or `from __future__ import annotations` is on.
    pub deferred: bool,
}

/// What stands around the type of an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `Mapped[…]`, `WriteOnlyMapped[…]`, `DynamicMapped[…]` and the like.
    Mapped,
    /// `ClassVar[…]`
    ClassVar,
    /// `InitVar`, `KW_ONLY`, `Final` and other marks.
    Marker,
    /// A type.
    Plain,
    /// Not read.
    Unknown,
}

/// What kind of attribute `value` makes. `is_metadata` tells whether a term is a MetaData object.
pub fn kind_of(value: &Value<'_>, only_annotated: bool, is_metadata: impl Fn(&Term<'_>) -> bool) -> Kind {
    if only_annotated {
        return Kind::AnnotationOnly;
    }
    match value {
        Value::Unknown(_) | Value::OneOf(_) => Kind::Unknown,
        Value::None => Kind::None,
        Value::Function(function) | Value::Method(_, function) => kind_of_function(function),
        Value::Class(_) => Kind::NestedClass,
        Value::Tuple(items) => match items.as_slice() {
            [single] if is_column_like(single) => Kind::TrailingComma,
            _ => Kind::Plain,
        },
        Value::Term(term) if is_metadata(term) => Kind::MetaData,
        Value::Term(term) => kind_of_term(term),
        Value::Object(object) => {
            let is_column = object.class.library_bases().any(|base| {
                matches!(
                    names::sqlalchemy(base),
                    Some("Column" | "MappedColumn" | "mapped_column" | "RelationshipProperty")
                )
            });
            let is_open = object.class.library_bases().next().is_some();
            match (is_column, is_open) {
                (true, _) => Kind::Column,
                (false, true) => Kind::Other,
                (false, false) => Kind::Plain,
            }
        }
        _ => Kind::Plain,
    }
}

fn is_column_like(value: &Value<'_>) -> bool {
    match value {
        Value::Term(term) => {
            matches!(
                names::called(term),
                Some("Column" | "mapped_column" | "relationship" | "deferred" | "column_property")
            )
        }
        _ => false,
    }
}

fn takes_self(function: &Function<'_>) -> bool {
    let Code::Def(def) = &function.code else { return false };
    def.parameters.iter().next().is_some_and(|first| first.name().as_str() == "self")
}

fn kind_of_function(function: &Function<'_>) -> Kind {
    for decorator in &function.decorators {
        let mut term = match decorator {
            Value::Term(term) => term,
            // Whatever decorates what is called with an instance, it makes no column of the class.
            Value::Unknown(_) | Value::OneOf(_) if takes_self(function) => continue,
            Value::Unknown(_) | Value::OneOf(_) => return Kind::Unknown,
            _ => continue,
        };
        // `@declared_attr.directive`, `@hybrid_property.inplace.getter`, `@declared_attr()`
        for _ in 0..4 {
            if let Some(name) = names::of_term(term) {
                let whole = name.canonical();
                if whole.contains("declared_attr") {
                    return Kind::DeclaredAttr;
                }
                if whole.contains("hybrid_property") || whole.contains("hybrid_method") || whole.contains("Comparator")
                {
                    return Kind::Hybrid;
                }
                if whole.starts_with("functools.cached_property") || whole.ends_with("memoized_property") {
                    return Kind::Property;
                }
            }
            match &term.kind {
                TermKind::Attribute(of, _) | TermKind::Call(of, _) => term = of,
                _ => break,
            }
        }
    }
    match function.binds {
        crate::python::value::class::Binds::Property => Kind::Property,
        _ => Kind::Method,
    }
}

fn kind_of_term(term: &Term<'_>) -> Kind {
    if let TermKind::Call(callee, _) = &term.kind {
        return match names::sqlalchemy(callee) {
            Some("Column") => Kind::Column,
            Some("mapped_column") => Kind::MappedColumn,
            Some("Field") => Kind::Field,
            Some("relationship" | "relation" | "dynamic_loader" | "Relationship") => Kind::Relationship,
            Some(
                "synonym" | "column_property" | "deferred" | "composite" | "query_expression" | "orm_insert_sentinel",
            ) => Kind::MapperProperty,
            Some("association_proxy") => Kind::AssociationProxy,
            Some("hybrid_property" | "hybrid_method") => Kind::Hybrid,
            Some("declared_attr") => Kind::DeclaredAttr,
            _ => match names::of_term(callee).map(|name| name.canonical()).as_deref() {
                Some("pydantic.Field" | "pydantic.fields.Field") => Kind::Field,
                Some(name) if bases::knows_no_columns(dotted::first(name)) => Kind::Plain,
                _ => Kind::Other,
            },
        };
    }
    Kind::Other
}

/// What an annotation's value says. `text` is the annotation as written.
pub fn annotation_of(value: &Value<'_>, span: Span, text: &str) -> Annotation {
    let deferred = text.starts_with(['"', '\'']);
    let mut annotation = Annotation {
        span,
        text: text.to_owned(),
        shape: Shape::Plain,
        inner: Expression::Unknown,
        optional: false,
        deferred,
    };
    let inner: &Value<'_> = match value {
        Value::Term(term) => match &term.kind {
            TermKind::Item(of, key) => match marker_of(of) {
                Some(shape) => {
                    annotation.shape = shape;
                    key
                }
                None => value,
            },
            TermKind::Name(_) => {
                if let Some(shape) = marker_of(term) {
                    annotation.shape = shape;
                }
                value
            }
            _ => value,
        },
        Value::Unknown(_) | Value::OneOf(_) | Value::Str(_) => {
            annotation.shape = shape_of_text(text);
            if let (Value::Str(whole), Shape::Mapped) = (value, annotation.shape) {
                let inside = whole.text.split_once('[').and_then(|(_, rest)| rest.trim_end().strip_suffix(']'));
                (annotation.optional, annotation.inner) = of_text(inside.unwrap_or(""));
            } else if let (Value::Str(whole), Shape::Unknown) = (value, annotation.shape) {
                (annotation.optional, annotation.inner) = of_text(&whole.text);
                if !annotation.inner.is_unknown() {
                    annotation.shape = Shape::Plain;
                }
            }
            return annotation;
        }
        _ => value,
    };
    let (optional, bare) = match inner {
        Value::Str(text) => of_text(&text.text),
        inner => without_none(expression::of_value(inner)),
    };
    annotation.optional = optional;
    annotation.inner = bare;
    annotation
}

/// The shape that an annotation's outermost name gives it; `None` for an ordinary type.
fn marker_of(term: &Term<'_>) -> Option<Shape> {
    let name = names::of_term(term)?;
    match (name.package, name.name) {
        (
            "sqlalchemy",
            "Mapped"
            | "WriteOnlyMapped"
            | "DynamicMapped"
            | "Relationship"
            | "MappedColumn"
            | "QueryableAttribute"
            | "InstrumentedAttribute"
            | "MappedSQLExpression"
            | "Composite"
            | "Synonym"
            | "RelationshipProperty"
            | "ColumnProperty",
        ) => Some(Shape::Mapped),
        // Descriptors that Declarative passes over.
        (
            "sqlalchemy",
            "AppenderQuery" | "AssociationProxy" | "AppenderMixin" | "SQLCoreOperations" | "SQLORMExpression"
            | "ORMDescriptor" | "hybrid_property" | "declared_attr",
        ) => Some(Shape::Marker),
        ("typing" | "typing_extensions", "ClassVar") => Some(Shape::ClassVar),
        ("typing" | "typing_extensions", "Final" | "Required" | "NotRequired" | "TypeAlias") | ("dataclasses", _) => {
            Some(Shape::Marker)
        }
        _ => None,
    }
}

fn shape_of_text(text: &str) -> Shape {
    let text = text.trim_matches(['"', '\'', ' ']);
    let outer = dotted::last(text.split('[').next().unwrap_or(text).trim());
    if outer.ends_with("Mapped") && text.contains('[') {
        Shape::Mapped
    } else if outer == "ClassVar" {
        Shape::ClassVar
    } else {
        Shape::Unknown
    }
}

/// The one class that an annotation names in quotes: `B` of `Mapped[list["B"]]` and `"Mapped[Optional[B]]"`.
pub fn forward_reference(text: &str) -> Option<&str> {
    const AROUND: &[&str] = &[
        "Mapped",
        "WriteOnlyMapped",
        "DynamicMapped",
        "list",
        "List",
        "set",
        "Set",
        "tuple",
        "Tuple",
        "Optional",
        "Sequence",
        "Collection",
        "Iterable",
        "None",
        "typing",
        "t",
        "orm",
        "Union",
        "so",
        "sqlalchemy",
        "dict",
        "Dict",
        "str",
        "int",
    ];
    if !text.contains(['"', '\'']) {
        return None;
    }
    let mut names = text
        .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '.'))
        .map(dotted::last)
        .filter(|name| !name.is_empty() && !AROUND.contains(name));
    let name = names.next()?;
    names.next().is_none().then_some(name)
}

/// What a forward reference in quotes says: only built-in types are told apart, for names may be bound later.
fn of_text(text: &str) -> (bool, Expression) {
    let mut text = text.trim();
    let mut optional = false;
    if let Some(inside) = text.strip_prefix("Optional[").and_then(|rest| rest.strip_suffix(']')) {
        (optional, text) = (true, inside.trim());
    }
    if let Some(rest) = text.strip_suffix("None").and_then(|rest| rest.trim_end().strip_suffix('|')) {
        (optional, text) = (true, rest.trim());
    }
    let found = match text {
        "int" | "str" | "float" | "bool" | "bytes" | "dict" | "list" | "set" | "tuple" => {
            Expression::Builtin(text.to_owned())
        }
        _ => Expression::Unknown,
    };
    (optional, found)
}

/// Takes `Optional[…]` and `… | None` off.
fn without_none(found: Expression) -> (bool, Expression) {
    match found {
        Expression::Item(of, key) if matches!(of.name(), Some("typing.Optional" | "typing_extensions.Optional")) => {
            let (_, bare) = without_none(*key);
            (true, bare)
        }
        Expression::Item(of, key) if of.name() == Some("typing.Union") => match *key {
            Expression::List(items) => {
                let total = items.len();
                let mut rest: Vec<Expression> = items.into_iter().filter(|item| !is_none_type(item)).collect();
                let optional = rest.len() < total;
                if rest.len() == 1 {
                    (optional, rest.remove(0))
                } else {
                    (optional, Expression::Operation("|", rest.into()))
                }
            }
            single => (false, single),
        },
        Expression::Operation("|", operands) => {
            let mut rest = Vec::new();
            let mut optional = false;
            for operand in operands {
                if is_none_type(&operand) {
                    optional = true;
                    continue;
                }
                let (inside, bare) = without_none(operand);
                optional |= inside;
                rest.push(bare);
            }
            if rest.len() == 1 {
                (optional, rest.remove(0))
            } else {
                (optional, Expression::Operation("|", rest.into()))
            }
        }
        other => (false, other),
    }
}

fn is_none_type(found: &Expression) -> bool {
    *found == Expression::None
}
