//! Strings and where their texts came from.

use std::ops::Deref;
use std::rc::Rc;

use crate::python::value::Name;
use crate::source::Span;

/// A string and its provenance.
#[derive(Clone, Debug)]
pub struct Str(Rc<Text>);

/// What a [`Str`] says.
#[derive(Debug)]
pub struct Text {
    /// The text.
    pub text: Name,
    /// Where it came from.
    pub origin: Origin,
}

impl Str {
    /// A text that came from `origin`.
    pub fn new(text: impl Into<Name>, origin: Origin) -> Str {
        Str(Rc::new(Text { text: text.into(), origin }))
    }

    /// Is it not only the same text, but the very same string?
    pub fn is(&self, other: &Str) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for Str {
    type Target = Text;

    fn deref(&self) -> &Text {
        &self.0
    }
}

/// Where a text came from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A literal in Python code: nearly all texts are.
    Literal(Span),
    /// Somewhere else.
    Of(Rc<Place>),
}

/// A place that a text came from, what kind of place it is, and what the text was made from.
#[derive(Debug)]
pub struct Place {
    /// The place: the line of the ini or .env file, the call that made it.
    pub span: Span,
    /// What kind of place.
    pub kind: OriginKind,
    /// What it was made from, in order.
    pub from: Vec<Origin>,
}

/// The kinds of places that texts come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginKind {
    /// A literal in Python code.
    Literal,
    /// An option of alembic.ini or pyproject.toml.
    Option,
    /// A line of a .env file, for the environment variable of this name.
    DotEnv(Name),
    /// The default given for the environment variable of this name: the variable itself may say otherwise.
    Default(Name),
    /// The environment variable of this name, which is set where limbeck runs.
    Variable(Name),
    /// The text of a URL object, which has `***` for the password.
    Masked,
    /// Made from others by the code at the place.
    Made,
}

impl Origin {
    /// At `span`, a place of this kind, from `from`.
    pub fn of(span: Span, kind: OriginKind, from: Vec<Origin>) -> Origin {
        Origin::Of(Rc::new(Place { span, kind, from }))
    }

    /// Made at `span` from `from`.
    pub fn made(span: Span, from: Vec<Origin>) -> Origin {
        // What a loop makes from what it made before is told by where it started.
        let mut room = 64;
        if from.iter().all(|origin| origin.fits(&mut room)) {
            return Origin::of(span, OriginKind::Made, from);
        }
        let mut started = Vec::new();
        from.iter().for_each(|origin| origin.collect_starts(&mut started));
        Origin::of(span, OriginKind::Made, started)
    }

    /// The place: the literal, the line of the ini or .env file, the call that made it.
    pub fn span(&self) -> Span {
        match self {
            Origin::Literal(span) => *span,
            Origin::Of(place) => place.span,
        }
    }

    /// What kind of place.
    pub fn kind(&self) -> &OriginKind {
        match self {
            Origin::Literal(_) => &OriginKind::Literal,
            Origin::Of(place) => &place.kind,
        }
    }

    /// What it was made from, in order.
    pub fn from(&self) -> &[Origin] {
        match self {
            Origin::Literal(_) => &[],
            Origin::Of(place) => &place.from,
        }
    }

    fn fits(&self, room: &mut usize) -> bool {
        *room > 0 && {
            *room -= 1;
            self.from().iter().all(|origin| origin.fits(room))
        }
    }

    fn collect_starts(&self, found: &mut Vec<Origin>) {
        if self.from().is_empty() || *self.kind() != OriginKind::Made {
            if found.len() < 32 && !found.iter().any(|known| known.is(self)) {
                found.push(self.clone());
            }
        } else {
            self.from().iter().for_each(|origin| origin.collect_starts(found));
        }
    }

    fn is(&self, other: &Origin) -> bool {
        match (self, other) {
            (Origin::Literal(one), Origin::Literal(another)) => one == another,
            (Origin::Of(one), Origin::Of(another)) => Rc::ptr_eq(one, another),
            _ => false,
        }
    }

    /// The places that hold text somebody typed: the leaves.
    pub fn leaves(&self) -> Vec<Origin> {
        if self.from().is_empty() {
            return vec![self.clone()];
        }
        self.from().iter().flat_map(Origin::leaves).collect()
    }
}
