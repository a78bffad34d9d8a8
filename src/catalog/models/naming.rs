//! Names that a `naming_convention` makes, and the `ix_…` that SQLAlchemy has by itself.

use crate::catalog::table::{Name, Table};
use crate::project::sqlalchemy::MetaData;

/// What is being named.
pub struct Named<'n> {
    /// `ix`, `uq`, `ck`, `fk`, `pk`
    pub kind: &'n str,
    /// The name as given.
    pub given: Name,
    /// It is given as `conv("…")` or `op.f("…")`: no convention changes it.
    pub is_final: bool,
    /// Its columns, in order.
    pub columns: &'n [String],
    /// For a foreign key: the table that it refers to, and the columns there.
    pub referred: Option<(&'n str, &'n [String])>,
}

/// The name that it has in the end.
pub fn name(named: &Named<'_>, table: &Table, metadata: &MetaData) -> Name {
    if named.is_final {
        return named.given.clone();
    }
    let convention = match metadata.conventions.iter().find(|(kind, _)| kind == named.kind) {
        Some((_, convention)) => convention.as_str(),
        // A convention that was given replaces the one that SQLAlchemy has.
        None if named.kind == "ix" && !metadata.naming_convention => "ix_%(column_0_label)s",
        None if metadata.naming_convention && metadata.conventions.is_empty() && named.given == Name::Unnamed => {
            return Name::Unknown;
        }
        None => return named.given.clone(),
    };
    match &named.given {
        Name::Unknown => Name::Unknown,
        Name::Is(given) if !convention.contains("%(constraint_name)s") => Name::Is(given.clone()),
        Name::Unnamed if convention.contains("%(constraint_name)s") => Name::Unnamed,
        _ => match filled(convention, named, table) {
            Some(text) => Name::Is(text),
            None => Name::Unknown,
        },
    }
}

/// The convention with its tokens filled in; `None` for a token of the project's own.
fn filled(convention: &str, named: &Named<'_>, table: &Table) -> Option<String> {
    let mut text = String::new();
    let mut rest = convention;
    while let Some(at) = rest.find('%') {
        text += &rest[..at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            text.push('%');
            rest = after;
            continue;
        }
        let end = rest.find(")s")?;
        text += &token(rest[..end].strip_prefix('(')?, named, table)?;
        rest = &rest[end + 2..];
    }
    Some(text + rest)
}

fn token(token: &str, named: &Named<'_>, table: &Table) -> Option<String> {
    match token {
        "table_name" => return Some(table.name.name.clone()),
        "referred_table_name" => return Some(named.referred?.0.to_owned()),
        "constraint_name" => return named.given.get().map(str::to_owned),
        _ => {}
    }
    let (columns, rest): (&[String], &str) = match token.strip_prefix("referred_column_") {
        Some(rest) => (named.referred?.1, rest),
        None => (named.columns, token.strip_prefix("column_")?),
    };
    let digits = rest.chars().take_while(char::is_ascii_digit).count();
    let number: usize = rest[..digits].parse().ok()?;
    let (separator, what) = match &rest[digits..] {
        all if all.starts_with("_N_") => (Some("_"), &all[3..]),
        all if all.starts_with("N_") => (Some(""), &all[2..]),
        one => (None, one.strip_prefix('_')?),
    };
    let of = |column: &String| match what {
        "name" | "key" => Some(column.clone()),
        "label" => Some(label(column, table)),
        _ => None,
    };
    match separator {
        Some(separator) => Some(columns.iter().map(of).collect::<Option<Vec<_>>>()?.join(separator)),
        None => of(columns.get(number)?),
    }
}

/// `table_column`, with the schema before it; another where the table has a column of that name.
fn label(column: &str, table: &Table) -> String {
    let label = match &table.name.schema {
        Some(schema) => format!("{}_{}_{column}", schema.replace('.', "_"), table.name.name),
        None => format!("{}_{column}", table.name.name),
    };
    let mut found = label.clone();
    let mut counter = 1;
    while table.column(&found).is_some() {
        found = format!("{label}_{counter}");
        counter += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::table::TableName;
    use crate::project::sqlalchemy::MetaDataId;
    use crate::source::{FileId, Span};

    #[test]
    fn tokens_are_filled_in() {
        let span = Span::start_of(FileId(0));
        let table = Table::empty(TableName::within(Some("app"), "item"), span);
        let columns = ["a".to_owned(), "b".to_owned()];
        let metadata = |convention: &str| MetaData {
            id: MetaDataId(0),
            span,
            name: String::new(),
            importable: None,
            foreign: false,
            naming_convention: true,
            schema: None,
            conventions: vec![("uq".to_owned(), convention.to_owned())],
            reflected: false,
            unread: Vec::new(),
            library: None,
        };
        let made = |convention: &str| {
            let named = Named { kind: "uq", given: Name::Unnamed, is_final: false, columns: &columns, referred: None };
            name(&named, &table, &metadata(convention))
        };
        assert_eq!(made("uq_%(table_name)s_%(column_0_N_name)s"), Name::Is("uq_item_a_b".to_owned()));
        assert_eq!(made("uq_%(column_0_label)s"), Name::Is("uq_app_item_a".to_owned()));
        assert_eq!(made("%(column_0N_name)s"), Name::Is("ab".to_owned()));
        assert_eq!(made("uq_%(own_token)s"), Name::Unknown);
    }
}
