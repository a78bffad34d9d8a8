//! What several rules of this family share: no rules.

pub mod text_files;
pub mod used;
