//! The parts of a table, from the model of [`syntax::sql`](crate::syntax::sql) to that of the catalogue.

use std::ops::Range;

use crate::catalog::Dialect;
use crate::catalog::column_type::{ColumnType, TypeKind};
use crate::catalog::operation::Constraint;
use crate::catalog::table::{
    self, CheckConstraint, Column, Computed, ElementOf, ExcludeConstraint, ForeignKey, Identity, Index, IndexElement,
    Name, PrimaryKey, ServerDefault, Table, TableName, UniqueConstraint,
};
use crate::source::Span;
use crate::syntax::sql::{self, ConstraintKind, CreateIndex, CreateTable, Ident, ObjectName, Value};

/// What the parts are made with.
pub(super) struct Parts<'p> {
    pub dialect: Dialect,
    pub place: &'p dyn Fn(Range<usize>) -> Span,
}

/// `public` is the default schema.
pub(super) fn table_name(name: &ObjectName) -> TableName {
    let schema = name.schema.clone().filter(|schema| schema != "public" && schema != "main");
    TableName { schema, name: name.name.clone() }
}

fn name_of(name: Option<&Ident>) -> Name {
    name.map_or(Name::Unnamed, |name| Name::Is(name.name.clone()))
}

fn names(idents: &[Ident]) -> Vec<String> {
    idents.iter().map(|ident| ident.name.clone()).collect()
}

pub(super) fn default_of(value: &Value) -> ServerDefault {
    match value {
        Value::Text(text) if text.eq_ignore_ascii_case("null") => ServerDefault::None,
        Value::Text(text) => ServerDefault::Sql(text.clone()),
        Value::Bound => ServerDefault::Unknown,
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Bound => None,
    }
}

pub(super) fn identity(found: &sql::Identity) -> Identity {
    Identity { always: found.always, options: found.options.clone() }
}

/// `serial`, `bigserial` …: the server numbers the column.
fn is_serial(data_type: &str) -> bool {
    ["serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"]
        .iter()
        .any(|name| data_type.trim().eq_ignore_ascii_case(name))
}

impl Parts<'_> {
    fn span(&self, range: &Range<usize>) -> Span {
        (self.place)(range.clone())
    }

    /// A table, and the indexes that MySQL makes with it.
    pub fn table(&self, created: &CreateTable) -> (Table, Vec<Index>) {
        let mut table = Table::empty(table_name(&created.name), self.span(&created.name.range));
        let mut constraints = Vec::new();
        let mut indexes = Vec::new();
        for column in &created.columns {
            let (made, own) = self.column(column);
            table.columns.push(made);
            constraints.extend(own);
        }
        for constraint in &created.constraints {
            match &constraint.kind {
                ConstraintKind::Index(index) => indexes.push(self.index(index)),
                _ => match self.constraint(constraint) {
                    Some(made) => constraints.push(made),
                    None => table.complete = false,
                },
            }
        }
        let lacking = created.unread.iter().filter_map(|unread| unread.column.as_ref());
        let queried = created.sources.iter().filter_map(|source| match source {
            sql::Source::Query(Some(names)) => Some(names),
            _ => None,
        });
        for column in lacking.chain(queried.flatten()) {
            let column = Column {
                nullable: None,
                server_default: ServerDefault::Unknown,
                ..Column::named(&column.name, self.span(&column.range))
            };
            table.columns.push(column);
        }
        for constraint in constraints {
            match constraint {
                Constraint::PrimaryKey(key) => {
                    for column in table.columns.iter_mut().filter(|column| key.columns.contains(&column.name)) {
                        column.nullable = Some(false);
                    }
                    table.primary_key = Some(key);
                }
                Constraint::ForeignKey(key) => table.foreign_keys.push(key),
                Constraint::Unique(unique) => table.unique_constraints.push(unique),
                Constraint::Check(check) => table.check_constraints.push(check),
                Constraint::Exclude(exclude) => table.exclude_constraints.push(exclude),
            }
        }
        table.comment.clone_from(&created.comment);
        (table, indexes)
    }

    /// A column, and the constraints that stand with it.
    pub fn column(&self, found: &sql::Column) -> (Column, Vec<Constraint>) {
        let is_serial = self.dialect == Dialect::Postgresql && found.data_type.as_deref().is_some_and(is_serial);
        let column_type = match &found.data_type {
            Some(text) => {
                let mut made = ColumnType::of_text(text, self.dialect);
                if let (TypeKind::Plain(plain), Some(collation)) = (&mut made.kind, &found.collation) {
                    let name = collation.rsplit('.').next().unwrap_or(collation);
                    plain.collation = Some(name.trim_matches(['"', '`']).to_owned());
                }
                made
            }
            None => ColumnType { kind: TypeKind::Null, written: None },
        };
        let server_default = match (&found.default, &found.on_update) {
            (Some(Value::Text(text)), Some(update)) => ServerDefault::Sql(format!("{text} ON UPDATE {update}")),
            (Some(value), _) => default_of(value),
            (None, _) => ServerDefault::None,
        };
        let column = Column {
            column_type: Some(column_type),
            nullable: Some(found.nullable.unwrap_or(!is_serial && found.identity.is_none())),
            server_default,
            autoincrement: (is_serial || found.autoincrement || found.identity.is_some()).then_some(true),
            computed: found
                .generated
                .as_ref()
                .map(|(value, stored)| Computed { text: text_of(value), persisted: *stored }),
            identity: found.identity.as_ref().map(identity),
            comment: found.comment.clone().filter(|text| !text.is_empty()),
            ..Column::named(&found.name.name, self.span(&found.name.range))
        };
        let constraints: Vec<Constraint> =
            found.constraints.iter().filter_map(|found| self.constraint(found)).collect();
        let is_key = constraints.iter().any(|found| matches!(found, Constraint::PrimaryKey(_)));
        let nullable = if is_key { Some(false) } else { column.nullable };
        (Column { nullable, ..column }, constraints)
    }

    /// `None` for one that the catalogue has no form for.
    pub fn constraint(&self, found: &sql::Constraint) -> Option<Constraint> {
        let span = self.span(&found.range);
        let name = name_of(found.name.as_ref());
        let (deferrable, initially) = (found.deferrable, found.initially.clone());
        Some(match &found.kind {
            ConstraintKind::PrimaryKey(columns) => {
                Constraint::PrimaryKey(PrimaryKey { name, columns: names(columns), span })
            }
            ConstraintKind::Unique { columns, nulls_not_distinct } => Constraint::Unique(UniqueConstraint {
                name,
                columns: names(columns.as_deref()?),
                deferrable,
                initially,
                nulls_not_distinct: *nulls_not_distinct,
                span,
            }),
            ConstraintKind::ForeignKey { columns, target, target_columns, on_delete, on_update, matching } => {
                Constraint::ForeignKey(ForeignKey {
                    name,
                    columns: names(columns),
                    target: table_name(target),
                    target_columns: names(target_columns),
                    ondelete: on_delete.clone(),
                    onupdate: on_update.clone(),
                    deferrable,
                    initially,
                    matching: matching.clone(),
                    use_alter: false,
                    not_valid: found.not_valid,
                    span,
                })
            }
            ConstraintKind::Check(text) => {
                Constraint::Check(CheckConstraint { name, text: text_of(text), of_type: false, span })
            }
            ConstraintKind::Exclude { elements, using } => Constraint::Exclude(ExcludeConstraint {
                name,
                elements: Some(elements.clone()),
                using: using.clone(),
                span,
            }),
            ConstraintKind::Index(_) | ConstraintKind::UsingIndex(..) => return None,
        })
    }

    /// An index.
    pub fn index(&self, found: &CreateIndex) -> Index {
        let elements = found
            .elements
            .iter()
            .map(|element| IndexElement {
                of: match &element.column {
                    Some(column) => ElementOf::Column(column.name.clone()),
                    None => ElementOf::Expression(Some(element.expression.clone())),
                },
                order: element.order.clone(),
                operator_class: element.operator_class.clone(),
            })
            .collect();
        let prefix = match self.dialect {
            Dialect::Postgresql => "postgresql",
            Dialect::Mysql => "mysql",
            Dialect::Sqlite => "sqlite",
        };
        let mut options: Vec<(String, String)> = Vec::new();
        if !found.with.is_empty() {
            let with: Vec<String> = found.with.iter().map(|(name, value)| format!("'{name}': '{value}'")).collect();
            options.push((format!("{prefix}_with"), format!("{{{}}}", with.join(", "))));
        }
        let lengths: Vec<String> = found
            .elements
            .iter()
            .filter_map(|element| Some(format!("'{}': {}", element.column.as_ref()?.name, element.length.as_ref()?)))
            .collect();
        if !lengths.is_empty() {
            options.push((format!("{prefix}_length"), format!("{{{}}}", lengths.join(", "))));
        }
        table::Index {
            name: name_of(found.name.as_ref()),
            elements,
            unique: found.unique,
            predicate: found.predicate.as_ref().map(text_of),
            using: found.using.clone().filter(|using| using != "btree"),
            include: names(&found.include),
            nulls_not_distinct: found.nulls_not_distinct,
            options,
            span: self.span(found.name.as_ref().map_or(&found.table.range, |name| &name.range)),
        }
    }
}
