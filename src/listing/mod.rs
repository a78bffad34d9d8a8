//! A [`Catalog`](crate::catalog::Catalog) → what `limbeck schema` prints.

pub mod difference;
pub mod drift;
pub mod json;
pub mod markdown;
pub mod mermaid;
pub mod sql;
