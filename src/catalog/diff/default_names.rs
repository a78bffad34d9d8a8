//! The names that a database gives to constraints which have none: `item_owner_id_fkey`.

use crate::catalog::Dialect;
use crate::catalog::table::Name;

/// The longest name of PostgreSQL, in bytes.
const LONGEST: usize = 63;

/// The kinds of constraints that are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A unique constraint.
    Unique,
    /// A foreign key.
    ForeignKey,
    /// A primary key.
    PrimaryKey,
}

/// The name that it has in the database: the given one, or the one that the database makes. `number` counts, from 1,
/// the foreign keys of a table for MySQL.
pub fn name(given: &Name, kind: Named, table: &str, columns: &[String], number: usize, dialect: Dialect) -> Name {
    match (given, dialect, kind) {
        (Name::Is(_) | Name::Unknown, ..) | (_, Dialect::Sqlite, _) => given.clone(),
        (_, Dialect::Postgresql, kind) => Name::Is(postgresql(kind, table, columns)),
        (_, Dialect::Mysql, Named::Unique) => columns.first().map_or(Name::Unnamed, |first| Name::Is(first.clone())),
        (_, Dialect::Mysql, Named::ForeignKey) => Name::Is(format!("{table}_ibfk_{number}")),
        (_, Dialect::Mysql, Named::PrimaryKey) => Name::Is("PRIMARY".to_owned()),
    }
}

/// The name that PostgreSQL makes.
pub fn postgresql(kind: Named, table: &str, columns: &[String]) -> String {
    match kind {
        Named::Unique => object_name(table, columns, "key"),
        Named::ForeignKey => object_name(table, columns, "fkey"),
        Named::PrimaryKey => object_name(table, &[], "pkey"),
    }
}

/// PostgreSQL's `makeObjectName`: table, columns and label, the longer of the first two cut where it is too long.
pub fn object_name(table: &str, columns: &[String], label: &str) -> String {
    let columns = columns.join("_");
    let overhead = label.len() + 1 + usize::from(!columns.is_empty());
    let (mut first, mut second) = (table.len(), columns.len());
    while first + second > LONGEST - overhead {
        if first > second { first -= 1 } else { second -= 1 }
    }
    let cut = |text: &str, mut length: usize| {
        while !text.is_char_boundary(length) {
            length -= 1;
        }
        text[..length].to_owned()
    };
    let table = cut(table, first);
    match columns.is_empty() {
        true => format!("{table}_{label}"),
        false => format!("{table}_{}_{label}", cut(&columns, second)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgresql_cuts_the_longer_part() {
        let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(postgresql(Named::Unique, "item", &columns(&["a", "b"])), "item_a_b_key");
        assert_eq!(postgresql(Named::PrimaryKey, "item", &columns(&["id"])), "item_pkey");
        let long = postgresql(Named::ForeignKey, &"t".repeat(60), &columns(&["owner_id"]));
        assert_eq!(long, format!("{}_owner_id_fkey", "t".repeat(49)));
    }
}
