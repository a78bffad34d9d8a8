//! limbeck: pre-flight diagnostics for SQLAlchemy and Alembic.

pub mod check;
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod fix;
pub mod load;
pub mod project;
pub mod python;
pub mod report;
#[path = "../rules/mod.rs"]
pub mod rules;
pub mod secrets;
pub mod source;
pub mod syntax;
