//! Column types as a database stores them: PostgreSQL has no FLOAT, but REAL and DOUBLE PRECISION.

use crate::catalog::Dialect;
use crate::catalog::column_type::{ColumnType, Plain, TypeKind};

/// The type that a column has in the end whose type is given as `found`.
pub(super) fn stored(found: &ColumnType, dialect: Dialect) -> ColumnType {
    let mut made = found.clone();
    if let TypeKind::Array(item, _) = &mut made.kind {
        **item = stored(item, dialect);
        return made;
    }
    if dialect == Dialect::Postgresql
        && let Some(ColumnType { kind: TypeKind::Plain(plain), .. }) = found.for_dialect(dialect)
        && let Some(name) = postgresql(plain)
    {
        let of = Some(Dialect::Postgresql);
        made.kind = TypeKind::Plain(Plain { name: name.to_owned(), of, ..Plain::default() });
    }
    made
}

fn postgresql(plain: &Plain) -> Option<&'static str> {
    match plain.name.as_str() {
        "Float" | "FLOAT" if plain.precision.is_some_and(|precision| precision <= 24) => Some("REAL"),
        "Float" | "FLOAT" | "Double" | "DOUBLE" => Some("DOUBLE_PRECISION"),
        _ => None,
    }
}
