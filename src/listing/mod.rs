//! A [`Catalog`](crate::catalog::Catalog) → what `limbeck schema` prints.

pub mod json;
