//! What several rules of this family share: no rules.

pub mod edit;
pub mod evidence;
pub mod mend;
