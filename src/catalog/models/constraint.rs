//! Constraints and indexes: those of columns (`unique=`, `index=`, `ForeignKey`) and those beside them.

use crate::catalog::models::naming::{self, Named};
use crate::catalog::models::{Lowering, text};
use crate::catalog::table::{
    CheckConstraint, ElementOf, ExcludeConstraint, ForeignKey, Index, IndexElement, Name, PrimaryKey, Table, TableName,
    UniqueConstraint,
};
use crate::project::sqlalchemy::column::{self as facts, Constraint, ConstraintKind, ForeignKeyTarget};
use crate::project::sqlalchemy::expression::{Expression, Given};
use crate::project::sqlalchemy::{self, MetaData};
use crate::source::Span;

/// What could not be read: the column, where it is one's matter, the place, why.
type Unread = (Option<String>, Span, String);

impl Lowering<'_> {
    /// Puts on `made` what `table` has beside its columns, and what its columns bring.
    pub(super) fn constraints(&self, table: &sqlalchemy::Table, made: &mut Table, unread: &mut Vec<Unread>) {
        let now = self.models.metadata(table.metadata);
        let then = table.named_by.as_deref().map(|before| MetaData {
            naming_convention: before.given,
            conventions: before.conventions.clone(),
            ..now.clone()
        });
        let metadata = then.as_ref().unwrap_or(now);
        for column in &table.columns {
            self.of_column(column, made, metadata, unread);
        }
        for constraint in &table.constraints {
            self.beside(constraint, made, metadata, unread);
        }
        if let Some(mut key) = made.primary_key.take() {
            let named =
                Named { kind: "pk", given: key.name.clone(), is_final: false, columns: &key.columns, referred: None };
            key.name = naming::name(&named, made, metadata);
            for column in made.columns.iter_mut().filter(|column| key.columns.contains(&column.name)) {
                // What the call says of it stands.
                let declared = table.columns.iter().find(|declared| declared.name.as_ref() == Some(&column.name));
                if declared.is_none_or(|declared| declared.nullable.is_none()) {
                    column.nullable = Some(false);
                }
            }
            made.primary_key = Some(key);
        }
    }

    fn of_column(&self, column: &facts::Column, made: &mut Table, metadata: &MetaData, unread: &mut Vec<Unread>) {
        let Some(name) = column.name.clone() else { return };
        let mut flag = |given: &Option<Expression>, what: &str| match given {
            None | Some(Expression::None | Expression::Bool(false)) => false,
            Some(Expression::Bool(true)) => true,
            Some(_) => {
                unread.push((Some(name.clone()), column.span, format!("`{what}=` could not be read")));
                false
            }
        };
        let (unique, indexed) = (flag(&column.unique, "unique"), flag(&column.index, "index"));
        let columns = [name.clone()];
        if indexed {
            let named = Named { kind: "ix", given: Name::Unnamed, is_final: false, columns: &columns, referred: None };
            made.indexes.push(Index {
                name: naming::name(&named, made, metadata),
                elements: vec![IndexElement::plain(&name)],
                unique,
                predicate: None,
                using: None,
                include: Vec::new(),
                nulls_not_distinct: false,
                options: Vec::new(),
                span: column.span,
            });
        } else if unique {
            let named = Named { kind: "uq", given: Name::Unnamed, is_final: false, columns: &columns, referred: None };
            made.unique_constraints.push(UniqueConstraint {
                name: naming::name(&named, made, metadata),
                columns: columns.to_vec(),
                deferrable: None,
                initially: None,
                nulls_not_distinct: false,
                span: column.span,
            });
        }
        if column.column_type.as_ref().is_some_and(|given| has_spatial_index(&given.value)) {
            // GeoAlchemy2 adds it to the table itself.
            made.indexes.push(Index {
                name: Name::Is(format!("idx_{}_{name}", made.name.name)),
                elements: vec![IndexElement::plain(&name)],
                unique: false,
                predicate: None,
                using: Some("gist".to_owned()),
                include: Vec::new(),
                nulls_not_distinct: false,
                options: Vec::new(),
                span: column.span,
            });
        }
        for key in &column.foreign_keys {
            match self.target(key, metadata, Some(&name)) {
                Some((target, target_column)) => {
                    let given = key.given.clone();
                    let key = self.foreign_key(
                        vec![name.clone()],
                        target,
                        vec![target_column],
                        &key.given,
                        key.call,
                        key.use_alter,
                    );
                    self.add_foreign_key(key, named_finally(&given), made, metadata);
                }
                None => unread.push((None, key.span, "what a foreign key refers to could not be read".to_owned())),
            }
        }
        for given in &column.given {
            if given.name.is_none() && given.value.short_name() == Some("CheckConstraint") {
                let found = check(given.value.arguments(), given.span, self);
                self.add_check(found, named_finally(given.value.arguments()), made, metadata);
            }
        }
    }

    fn beside(&self, constraint: &Constraint, made: &mut Table, metadata: &MetaData, unread: &mut Vec<Unread>) {
        let name = match &constraint.name {
            None => Name::Unnamed,
            Some(given) => given_name(&given.value),
        };
        let is_final = constraint.name.as_ref().is_some_and(|given| is_final(&given.value));
        let columns: Option<Vec<String>> = constraint
            .columns
            .iter()
            .map(|column| Some(self.keys.name(&made.name, column.as_deref()?).to_owned()))
            .collect();
        let span = constraint.span;
        let mut not_read = |what: &str| unread.push((None, span, format!("{what} could not be read")));
        match constraint.kind {
            ConstraintKind::PrimaryKey => match columns {
                Some(columns) if !columns.is_empty() => {
                    made.primary_key = Some(PrimaryKey { name, columns, span });
                }
                // Without columns it names the key that the columns make.
                Some(_) => {
                    if let Some(key) = &mut made.primary_key {
                        key.name = name;
                    }
                }
                None => not_read("a primary key"),
            },
            ConstraintKind::Unique => match columns {
                Some(columns) => {
                    let named = Named { kind: "uq", given: name, is_final, columns: &columns, referred: None };
                    let name = naming::name(&named, made, metadata);
                    made.unique_constraints.push(UniqueConstraint {
                        name,
                        columns,
                        deferrable: flag_of(&constraint.given, "deferrable"),
                        initially: text_of(&constraint.given, "initially"),
                        nulls_not_distinct: flag_of(&constraint.given, "postgresql_nulls_not_distinct") == Some(true),
                        span,
                    });
                }
                None => not_read("a unique constraint"),
            },
            ConstraintKind::ForeignKey => {
                let targets: Option<Vec<(TableName, String)>> =
                    constraint.foreign_keys.iter().map(|key| self.target(key, metadata, None)).collect();
                match (columns, targets) {
                    (Some(columns), Some(targets)) if !targets.is_empty() => {
                        let table = targets[0].0.clone();
                        let target_columns = targets.into_iter().map(|(_, column)| column).collect();
                        let use_alter = constraint.foreign_keys.iter().any(|key| key.use_alter);
                        let key = self.foreign_key(columns, table, target_columns, &constraint.given, span, use_alter);
                        self.add_foreign_key(key, is_final, made, metadata);
                    }
                    _ => not_read("a foreign key"),
                }
            }
            ConstraintKind::Check => {
                let found = check(&constraint.given, span, self);
                self.add_check(found, is_final, made, metadata);
            }
            ConstraintKind::Index => self.index(constraint, name, made, metadata),
            ConstraintKind::Other => made.exclude_constraints.push(exclude(constraint, name)),
        }
    }

    fn index(&self, constraint: &Constraint, given: Name, made: &mut Table, metadata: &MetaData) {
        let is_final = constraint.name.as_ref().is_some_and(|given| is_final(&given.value));
        let option = |name: &str| constraint.given.iter().find(|given| given.name.as_deref() == Some(name));
        let operator_classes = match option("postgresql_ops").map(|given| &given.value) {
            Some(Expression::Dict(classes)) => classes.clone(),
            _ => Vec::new(),
        };
        let positional: Vec<&Given> = constraint.given.iter().filter(|given| given.name.is_none()).skip(1).collect();
        let elements: Vec<IndexElement> = constraint
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| match column {
                Some(key) => {
                    let name = self.keys.name(&made.name, key);
                    let class = operator_classes.iter().find(|(of, _)| of == key);
                    let class = class.and_then(|(_, class)| class.as_str().map(str::to_owned));
                    // It is written as it is, and `{"id": "DESC"}` is an order.
                    let words = |class: &String| class.split_whitespace().all(text::is_order);
                    let (order, operator_class) =
                        if class.as_ref().is_some_and(words) { (class, None) } else { (None, class) };
                    IndexElement { operator_class, order, ..IndexElement::plain(name) }
                }
                None => match positional.get(at) {
                    Some(given) => self.element(&given.value, made),
                    None => IndexElement { of: ElementOf::Expression(None), order: None, operator_class: None },
                },
            })
            .collect();
        let columns: Vec<String> = elements.iter().filter_map(|element| element.column().map(str::to_owned)).collect();
        let named = Named { kind: "ix", given, is_final, columns: &columns, referred: None };
        let name = naming::name(&named, made, metadata);
        let prefixed = |suffix: &str| {
            let name = format!("{}_{suffix}", self.target.dialect.name());
            option(&name).filter(|given| given.value != Expression::None)
        };
        let include = match prefixed("include").map(|given| &given.value) {
            Some(Expression::List(columns)) => {
                columns.iter().filter_map(|column| column.as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        };
        made.indexes.push(Index {
            name,
            elements,
            unique: flag_of(&constraint.given, "unique") == Some(true),
            predicate: prefixed("where").map(|given| match &given.value {
                Expression::Str(text) => Some(text.clone()),
                value => text::of(value, self.target.dialect),
            }),
            using: prefixed("using").and_then(|given| given.value.as_str().map(str::to_owned)),
            include,
            nulls_not_distinct: flag_of(&constraint.given, "postgresql_nulls_not_distinct") == Some(true),
            options: Vec::new(),
            span: constraint.span,
        });
    }

    /// An expression that an index covers.
    fn element(&self, value: &Expression, made: &Table) -> IndexElement {
        let (value, order) = match text::ordered(value) {
            Some((value, order)) => (value, Some(order)),
            None => (value, None),
        };
        let of = match value {
            Expression::Column(key) => ElementOf::Column(self.keys.name(&made.name, key).to_owned()),
            // A string stands for a column where it is put in order.
            Expression::Str(key) if order.is_some() => ElementOf::Column(self.keys.name(&made.name, key).to_owned()),
            value => ElementOf::Expression(text::of(value, self.target.dialect)),
        };
        IndexElement { of, order, operator_class: None }
    }

    /// The table and column that a foreign key refers to; the column of the same name where none is named.
    fn target(&self, key: &facts::ForeignKey, metadata: &MetaData, own: Option<&str>) -> Option<(TableName, String)> {
        match &key.target {
            ForeignKeyTarget::Unknown => None,
            ForeignKeyTarget::Column(table, column) => {
                Some((super::table_name(self.models.table(*table))?, column.clone()))
            }
            ForeignKeyTarget::Text(text) => {
                let parts: Vec<&str> = text.split('.').collect();
                let (schema, table, column) = match &parts[..] {
                    [table] => (None, *table, own?),
                    [table, column] => (None, *table, *column),
                    [schema @ .., table, column] => (Some(schema.join(".")), *table, *column),
                    [] => return None,
                };
                let schema = schema.or_else(|| metadata.schema.clone());
                let table = TableName::within(schema.as_deref(), table);
                let column = self.keys.name(&table, column).to_owned();
                Some((table, column))
            }
        }
    }

    fn foreign_key(
        &self,
        columns: Vec<String>,
        target: TableName,
        target_columns: Vec<String>,
        given: &[Given],
        span: Span,
        use_alter: bool,
    ) -> ForeignKey {
        let name = given.iter().find(|given| given.name.as_deref() == Some("name"));
        ForeignKey {
            name: name.map_or(Name::Unnamed, |given| given_name(&given.value)),
            columns,
            target,
            target_columns,
            ondelete: text_of(given, "ondelete"),
            onupdate: text_of(given, "onupdate"),
            deferrable: flag_of(given, "deferrable"),
            initially: text_of(given, "initially"),
            matching: text_of(given, "match"),
            use_alter,
            not_valid: flag_of(given, "postgresql_not_valid") == Some(true),
            span,
        }
    }

    fn add_foreign_key(&self, mut key: ForeignKey, is_final: bool, made: &mut Table, metadata: &MetaData) {
        let named = Named {
            kind: "fk",
            given: key.name.clone(),
            is_final,
            columns: &key.columns,
            referred: Some((&key.target.name, &key.target_columns)),
        };
        key.name = naming::name(&named, made, metadata);
        made.foreign_keys.push(key);
    }

    fn add_check(&self, mut check: CheckConstraint, is_final: bool, made: &mut Table, metadata: &MetaData) {
        let named = Named { kind: "ck", given: check.name.clone(), is_final, columns: &[], referred: None };
        check.name = naming::name(&named, made, metadata);
        made.check_constraints.push(check);
    }
}

/// `Geometry` and `Geography` bring an index unless `spatial_index=False`.
fn has_spatial_index(value: &Expression) -> bool {
    let name = value.name().unwrap_or("");
    name.starts_with("geoalchemy2.")
        && matches!(value.short_name(), Some("Geometry" | "Geography"))
        && value.keyword("spatial_index").is_none_or(|given| given.value != Expression::Bool(false))
}

/// A name as given: text, `conv("…")`, `op.f("…")`.
pub(in crate::catalog) fn given_name(value: &Expression) -> Name {
    match value {
        Expression::Str(name) => Name::Is(name.clone()),
        Expression::None => Name::Unnamed,
        Expression::Call(callee, given) if matches!(callee.short_name(), Some("conv" | "quoted_name" | "f")) => {
            given.first().map_or(Name::Unknown, |given| given_name(&given.value))
        }
        _ => Name::Unknown,
    }
}

/// Is the name given as `conv("…")` or `op.f("…")`, which no convention changes?
pub(in crate::catalog) fn is_final(value: &Expression) -> bool {
    matches!(value, Expression::Call(callee, _) if matches!(callee.short_name(), Some("conv" | "f")))
}

fn named_finally(given: &[Given]) -> bool {
    given.iter().any(|given| given.name.as_deref() == Some("name") && is_final(&given.value))
}

fn check(given: &[Given], span: Span, lowering: &Lowering<'_>) -> CheckConstraint {
    let first = given.iter().find(|given| given.name.as_deref().is_none_or(|name| name == "sqltext"));
    let text = match first.map(|given| &given.value) {
        Some(Expression::Str(text)) => Some(text.clone()),
        Some(value) => text::of(value, lowering.target.dialect),
        None => None,
    };
    let name = given.iter().find(|given| given.name.as_deref() == Some("name"));
    CheckConstraint { name: name.map_or(Name::Unnamed, |given| given_name(&given.value)), text, of_type: false, span }
}

fn exclude(constraint: &Constraint, name: Name) -> ExcludeConstraint {
    let pair = |given: &Given| match &given.value {
        Expression::List(pair) => match &pair[..] {
            [Expression::Str(column), Expression::Str(operator)] => Some((column.clone(), operator.clone())),
            _ => None,
        },
        _ => None,
    };
    let positional = constraint.given.iter().filter(|given| given.name.is_none());
    ExcludeConstraint {
        name,
        elements: positional.map(pair).collect(),
        using: text_of(&constraint.given, "using"),
        span: constraint.span,
    }
}

fn text_of(given: &[Given], name: &str) -> Option<String> {
    given.iter().find(|given| given.name.as_deref() == Some(name))?.value.as_str().map(str::to_owned)
}

fn flag_of(given: &[Given], name: &str) -> Option<bool> {
    match given.iter().find(|given| given.name.as_deref() == Some(name))?.value {
        Expression::Bool(value) => Some(value),
        _ => None,
    }
}
