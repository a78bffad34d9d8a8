//! Databases that run: throw-away PostgreSQL servers ([`cluster`]).

pub mod cluster;
