//! SQL text → the [`Step`]s that it makes.

use std::ops::Range;

use crate::catalog::Dialect;
use crate::catalog::operation::{Operation, Step};
use crate::source::Span;

/// The steps of a text of one or several statements, in order. `place` turns a range of the text into its place in the
/// file: within the Python string. A name of a table without schema is in the default one.
pub fn steps(text: &str, dialect: Dialect, place: &dyn Fn(Range<usize>) -> Span) -> Vec<Step> {
    let _ = dialect;
    let operation = Operation::Unknown(Vec::new(), "SQL text is not read yet".to_owned());
    vec![Step { operation, span: place(0..text.len()) }]
}
