//! What the rules about a database that can't be reached share.

pub mod start;
