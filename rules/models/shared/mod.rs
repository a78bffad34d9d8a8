//! What several rules of this family share: no rules.

pub mod evidence;
pub mod foreign_keys;
pub mod raised;
