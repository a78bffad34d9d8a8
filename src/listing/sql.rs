//! A catalogue as the SQL that makes it.

use crate::catalog::{Catalog, Target, statements};
use crate::source::Sources;

/// The statements, each with its semicolon; what could not be read first, as comments.
pub fn document(catalog: &Catalog, target: &Target, sources: &Sources) -> String {
    let mut text = String::new();
    for found in &catalog.unresolved {
        let table = found.table.as_ref().map(|table| format!("{table}")).unwrap_or_default();
        let column = found.column.as_ref().map(|column| format!(".{column}")).unwrap_or_default();
        text += &format!("-- {table}{column}: {} ({})\n", found.why, sources.place(found.span));
    }
    for (span, why) in &catalog.open {
        text += &format!("-- there may be more or fewer tables: {why} ({})\n", sources.place(*span));
    }
    for statement in statements::creation(catalog, target) {
        let end = if statement.starts_with("--") { "" } else { ";" };
        text += if text.is_empty() { "" } else { "\n" };
        text += &format!("{statement}{end}\n");
    }
    text
}
