//! What several rules of this family share: no rules.

pub mod edits;
