//! Revisions, played in graph order → a [`Catalog`](crate::catalog::Catalog): what the database has after
//! `alembic upgrade heads`.
//!
//! [`apply`] is the database on paper: a [`Step`](crate::catalog::operation::Step) changes the catalogue as the
//! statement that Alembic writes for it would change PostgreSQL (or the dialect that is meant). [`sql`] reads the
//! statements that revisions hand over as text.

pub mod apply;
pub mod sql;
