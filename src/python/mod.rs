//! Python on paper: module graph, names, values, and the bounded interpreter that runs one on the other.
//!
//! Nothing in here knows SQLAlchemy or Alembic. What lies outside the project is a symbolic [`value::term::Term`]; what a
//! library *does* is told by a [`library::Library`] that the caller hands in.

pub mod ahead;
pub mod builtins;
pub mod dotted;
pub mod evaluate;
pub mod library;
pub mod modules;
pub mod standard;
pub mod value;
