//! `relationship(…)` → [`Relationship`]: the class that it leads to and what it says of the way there.

use crate::project::sqlalchemy::expression::{self, Expression, Given};
use crate::python::value::Value;
use crate::python::value::term::Arguments;
use crate::source::Span;

/// A relationship.
#[derive(Clone, Debug)]
pub struct Relationship {
    /// The whole call.
    pub span: Span,
    /// The class that it leads to.
    pub target: Target,
    /// `primaryjoin`, `foreign_keys`, `viewonly` or the like is given: the join is not found by foreign keys alone.
    pub join_given: bool,
    /// `secondary=`
    pub secondary: Option<Given>,
    /// `back_populates="…"`
    pub back_populates: Option<(String, Span)>,
    /// `backref=`
    pub backref: Option<Expression>,
    /// `**unknown` was given.
    pub open: bool,
}

/// What a relationship leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A class's name, as text: looked up in the registry when the mappers are configured.
    Text(String, Span),
    /// A class itself.
    Class(String),
    /// Taken from the annotation.
    Annotation,
    /// Not read.
    Unknown,
}

/// Reads the arguments of a `relationship` call.
pub fn read(arguments: &Arguments<'_>, span: Span) -> Relationship {
    let target = match arguments.get(0, "argument") {
        None if arguments.open => Target::Unknown,
        None => Target::Annotation,
        Some(Value::Str(text)) => Target::Text(text.text.to_string(), text.origin.span()),
        Some(Value::Class(class)) => Target::Class(class.qualified.to_string()),
        Some(_) => Target::Unknown,
    };
    let given = expression::of_arguments(arguments);
    let keyword = |name: &str| given.iter().find(|given| given.name.as_deref() == Some(name));
    let secondary = keyword("secondary")
        .or_else(|| {
            let second = arguments.positional.get(1)?;
            given.iter().find(|given| given.name.is_none() && given.span == second.span)
        })
        .filter(|given| given.value != Expression::None)
        .cloned();
    let back_populates =
        keyword("back_populates").and_then(|given| given.value.as_str().map(|text| (text.to_owned(), given.span)));
    Relationship {
        span,
        target,
        join_given: [
            "primaryjoin",
            "foreign_keys",
            "secondaryjoin",
            "remote_side",
            "sa_relationship",
            "sa_relationship_kwargs",
        ]
        .iter()
        .any(|name| keyword(name).is_some_and(|given| given.value != Expression::None))
            || keyword("sa_relationship_args").is_some(),
        secondary,
        back_populates,
        backref: keyword("backref").map(|given| given.value.clone()),
        open: arguments.open,
    }
}
