//! What a table takes over: columns and more from another table, a constraint from one of its indexes.

use crate::catalog::operation::{Constraint, ConstraintKind, TakenOver};
use crate::catalog::replay::names;
use crate::catalog::table::{Column, Index, Name, PrimaryKey, ServerDefault, Table, TableName, UniqueConstraint};
use crate::catalog::{Catalog, Dialect};
use crate::source::Span;

/// `LIKE`, `INHERITS` and the like: columns that `name` lacks come from `from`, before its own. `false`: one of the two
/// is not known, or not all of it.
pub(super) fn take_over(
    catalog: &mut Catalog,
    name: &TableName,
    from: &TableName,
    what: TakenOver,
    span: Span,
    dialect: Dialect,
) -> bool {
    let Some(source) = catalog.tables.get(from).cloned() else { return false };
    let Some(mut table) = catalog.tables.get(name).cloned() else { return false };
    let lacks = |column: &&Column| table.column(&column.name).is_none();
    let mut columns: Vec<Column> =
        source.columns.iter().filter(lacks).map(|column| taken_column(column, what, span)).collect();
    columns.append(&mut table.columns);
    table.columns = columns;
    if what.checks {
        table.check_constraints.extend(source.check_constraints.iter().cloned());
    }
    if what.comments {
        table.comment = table.comment.or(source.comment);
    }
    let mut constraints = Vec::new();
    if what.indexes {
        let primary = source.primary_key.filter(|_| table.primary_key.is_none());
        constraints.extend(primary.map(Constraint::PrimaryKey));
        constraints.extend(source.unique_constraints.into_iter().map(Constraint::Unique));
    }
    if what.foreign_keys {
        constraints.extend(source.foreign_keys.into_iter().map(Constraint::ForeignKey));
    }
    for mut constraint in constraints {
        match &mut constraint {
            Constraint::PrimaryKey(key) => key.name = Name::Unnamed,
            Constraint::ForeignKey(key) => key.name = Name::Unnamed,
            Constraint::Unique(unique) => unique.name = Name::Unnamed,
            Constraint::Check(_) | Constraint::Exclude(_) => {}
        }
        names::name_one(catalog, &table, &mut constraint, dialect);
        match constraint {
            Constraint::PrimaryKey(key) => table.primary_key = Some(key),
            Constraint::ForeignKey(key) => table.foreign_keys.push(key),
            Constraint::Unique(unique) => table.unique_constraints.push(unique),
            Constraint::Check(_) | Constraint::Exclude(_) => {}
        }
    }
    for index in source.indexes.into_iter().filter(|_| what.indexes) {
        // MySQL keeps the names.
        let name = if dialect == Dialect::Mysql { index.name.clone() } else { Name::Unnamed };
        let mut index = Index { name, ..index };
        names::name_index(catalog, &table, &mut index, dialect);
        table.indexes.push(index);
    }
    let is_complete = source.complete;
    catalog.tables.insert(name.clone(), table);
    is_complete
}

fn taken_column(column: &Column, what: TakenOver, span: Span) -> Column {
    Column {
        name: column.name.clone(),
        column_type: column.column_type.clone(),
        nullable: if what.not_null { column.nullable } else { Some(true) },
        server_default: if what.defaults { column.server_default.clone() } else { ServerDefault::None },
        autoincrement: column.autoincrement.filter(|_| what.defaults),
        computed: column.computed.clone().filter(|_| what.generated),
        identity: column.identity.clone().filter(|_| what.identity),
        comment: column.comment.clone().filter(|_| what.comments),
        comment_unread: column.comment_unread && what.comments,
        span,
    }
}

/// `ADD CONSTRAINT … USING INDEX`; `false`: there is no such index of plain columns.
pub(super) fn use_index(table: &mut Table, name: Option<&str>, kind: ConstraintKind, index: &str) -> bool {
    let Some(at) = table.indexes.iter().position(|known| known.name.get() == Some(index)) else { return false };
    let Some(columns) = table.indexes[at].columns() else { return false };
    let columns: Vec<String> = columns.into_iter().map(str::to_owned).collect();
    let found = table.indexes.remove(at);
    let name = name.map_or(found.name, |name| Name::Is(name.to_owned()));
    if kind == ConstraintKind::PrimaryKey {
        for column in table.columns.iter_mut().filter(|column| columns.contains(&column.name)) {
            column.nullable = Some(false);
        }
        table.primary_key = Some(PrimaryKey { name, columns, span: found.span });
    } else {
        table.unique_constraints.push(UniqueConstraint {
            name,
            columns,
            deferrable: None,
            initially: None,
            nulls_not_distinct: found.nulls_not_distinct,
            span: found.span,
        });
    }
    true
}
