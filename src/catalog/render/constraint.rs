//! Constraints and indexes → `sa.UniqueConstraint(…)`, `op.create_foreign_key(…)`, `op.create_index(…)`.

use super::{Writer, python};
use crate::catalog::diff::default_names::object_name;
use crate::catalog::models::naming::{self, Named};
use crate::catalog::operation::Constraint;
use crate::catalog::table::{
    CheckConstraint, ElementOf, ExcludeConstraint, ForeignKey, Index, IndexElement, Name, PrimaryKey, Table, TableName,
    UniqueConstraint,
};
use crate::project::sqlalchemy::MetaData;

impl Writer<'_> {
    /// A name: in `op.f()` where a naming convention made it, or might change it.
    pub(super) fn name(
        &self,
        kind: &str,
        name: &str,
        table: &TableName,
        columns: &[String],
        to: Option<&ForeignKey>,
    ) -> String {
        if self.is_conventional(kind, name, table, columns, to) { self.found(name) } else { python::repr(name) }
    }

    /// The name of something that is there.
    pub(super) fn found(&self, name: &str) -> String {
        format!("{}f({})", self.prefix(), python::repr(name))
    }

    fn is_conventional(
        &self,
        kind: &str,
        name: &str,
        table: &TableName,
        columns: &[String],
        to: Option<&ForeignKey>,
    ) -> bool {
        let Some(metadata) = &self.style.metadata else { return false };
        let rewrites = |(of, convention): &(String, String)| of == kind && convention.contains("%(constraint_name)s");
        metadata.conventions.iter().any(rewrites)
            || conventional(kind, table, columns, to, metadata).as_deref() == Some(name)
    }

    /// The constraints of a table that is being made, as Alembic sorts them.
    pub(super) fn constraints(&mut self, table: &Table) -> Vec<String> {
        let mut found = Vec::new();
        let sa = self.sa().to_owned();
        if let Some(key) = table.primary_key.as_ref().filter(|key| !self.lacks(&table.name, &key.columns)) {
            let name = self.option("pk", &key.name, table, &key.columns, None);
            found.push(format!("{sa}PrimaryKeyConstraint({}{name})", python::listed(&key.columns)));
        }
        for key in &table.foreign_keys {
            if self.lacks(&table.name, &key.columns) || self.lacks(&key.target, &key.target_columns) {
                self.problem(format!("a foreign key of `{}` is left out: it lacks a column", table.name));
                continue;
            }
            let targets: Vec<String> =
                key.target_columns.iter().map(|column| format!("{}.{column}", key.target)).collect();
            let mut options: Vec<String> = Vec::new();
            let name = self.option("fk", &key.name, table, &key.columns, Some(key));
            options.extend(name.strip_prefix(", ").map(str::to_owned));
            options.extend(self.foreign_key_options(key));
            found.push(format!(
                "{sa}ForeignKeyConstraint([{}], [{}], {})",
                python::listed(&key.columns),
                python::listed(&targets),
                options.join(", ")
            ));
        }
        for unique in &table.unique_constraints {
            if self.lacks(&table.name, &unique.columns) {
                self.problem(format!("a unique constraint of `{}` is left out: it lacks a column", table.name));
                continue;
            }
            let name = self.option("uq", &unique.name, table, &unique.columns, None);
            let options: String = unique_options(unique).iter().map(|option| format!(", {option}")).collect();
            let (deferred, own) = split_off(&options, ", postgresql_");
            found.push(format!("{sa}UniqueConstraint({}{deferred}{name}{own})", python::listed(&unique.columns)));
        }
        for check in table.check_constraints.iter().filter(|check| !check.of_type) {
            match &check.text {
                Some(text) if words(text).any(|word| self.lacks(&table.name, &[word])) => {
                    self.problem(format!("a check constraint of `{}` is left out: it lacks a column", table.name));
                }
                Some(text) => {
                    let name = self.option("ck", &check.name, table, &[], None);
                    found.push(format!("{sa}CheckConstraint({}{name})", python::repr(&python::bind_free(text))));
                }
                None => self.problem(format!("a check constraint of `{}` could not be read", table.name)),
            }
        }
        for exclude in &table.exclude_constraints {
            let name = self.option("ex", &exclude.name, table, &[], None);
            match self.excluded(exclude) {
                Some(elements) => {
                    let prefix = self.dialect("postgresql");
                    found.push(format!("{prefix}ExcludeConstraint({elements}{name})"));
                }
                None => self.problem(format!("an exclusion constraint of `{}` could not be read", table.name)),
            }
        }
        found.sort();
        found
    }

    fn option(
        &mut self,
        kind: &str,
        name: &Name,
        table: &Table,
        columns: &[String],
        to: Option<&ForeignKey>,
    ) -> String {
        match name {
            Name::Is(name) => format!(", name={}", self.name(kind, name, &table.name, columns, to)),
            Name::Unnamed => String::new(),
            Name::Unknown => {
                self.problem(format!("the name of a constraint of `{}` could not be read", table.name));
                String::new()
            }
        }
    }

    /// `op.create_foreign_key(…)` and the like.
    pub(super) fn add_constraint(&mut self, table: &TableName, constraint: &Constraint) -> Option<String> {
        let name = standalone_name(table, constraint);
        let (kind, columns, to) = shape(constraint);
        if self.lacks(table, columns) || to.is_some_and(|key| self.lacks(&key.target, &key.target_columns)) {
            return None;
        }
        let shown = match &name {
            Some(name) => self.name(kind, name, table, columns, to),
            None => "None".to_owned(),
        };
        let mut given = vec![shown];
        if !self.in_batch {
            given.push(python::repr(&table.name));
        }
        let schema = table.schema.as_ref().filter(|_| !self.in_batch).map(|schema| python::repr(schema));
        let function = match constraint {
            Constraint::PrimaryKey(key) => {
                given.push(format!("[{}]", python::listed(&key.columns)));
                given.extend(schema.map(|schema| format!("schema={schema}")));
                "create_primary_key"
            }
            Constraint::ForeignKey(key) => {
                given.push(python::repr(&key.target.name));
                given.push(format!("[{}]", python::listed(&key.columns)));
                given.push(format!("[{}]", python::listed(&key.target_columns)));
                given.extend(schema.map(|schema| format!("source_schema={schema}")));
                let referent = key.target.schema.as_ref().map(|schema| python::repr(schema));
                given.extend(referent.map(|schema| format!("referent_schema={schema}")));
                given.extend(
                    self.foreign_key_options(key).into_iter().filter(|option| !option.starts_with("use_alter")),
                );
                "create_foreign_key"
            }
            Constraint::Unique(unique) => {
                given.push(format!("[{}]", python::listed(&unique.columns)));
                let options = unique_options(unique);
                let (own, deferred): (Vec<_>, Vec<_>) =
                    options.into_iter().partition(|option| option.starts_with("postgresql_"));
                given.extend(deferred);
                given.extend(schema.map(|schema| format!("schema={schema}")));
                given.extend(own);
                "create_unique_constraint"
            }
            Constraint::Check(check) => {
                given.push(python::repr(&python::bind_free(check.text.as_ref()?)));
                given.extend(schema.map(|schema| format!("schema={schema}")));
                "create_check_constraint"
            }
            Constraint::Exclude(exclude) => {
                given.push(self.excluded(exclude)?);
                given.extend(schema.map(|schema| format!("schema={schema}")));
                "create_exclude_constraint"
            }
        };
        Some(format!("{}{function}({})", self.prefix(), given.join(", ")))
    }

    fn foreign_key_options(&self, key: &ForeignKey) -> Vec<String> {
        let text = |name: &str, value: &Option<String>| value.as_ref().map(|it| format!("{name}={}", python::repr(it)));
        let mut options = Vec::new();
        options.extend(text("onupdate", &key.onupdate));
        options.extend(text("ondelete", &key.ondelete));
        options.extend(text("initially", &key.initially));
        options.extend((key.deferrable == Some(true)).then(|| "deferrable=True".to_owned()));
        options.extend(key.use_alter.then(|| "use_alter=True".to_owned()));
        options.extend(text("match", &key.matching));
        options.extend(key.not_valid.then(|| "postgresql_not_valid=True".to_owned()));
        options
    }

    fn excluded(&mut self, exclude: &ExcludeConstraint) -> Option<String> {
        let is_word = |text: &str| text.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        let mut given: Vec<String> = Vec::new();
        for (element, operator) in exclude.elements.as_ref()? {
            let function = if is_word(element) { "column" } else { "text" };
            given.push(format!("({}{function}({}), {})", self.sa(), python::repr(element), python::repr(operator)));
        }
        given.extend(exclude.using.as_ref().map(|using| format!("using={}", python::repr(using))));
        Some(given.join(", "))
    }

    /// `op.create_index(…)`; `Err` says why it can't be written.
    pub(super) fn create_index(&mut self, table: &TableName, index: &Index) -> Result<String, String> {
        let columns: Vec<String> = index.elements.iter().filter_map(|it| it.column().map(str::to_owned)).collect();
        let name = match &index.name {
            Name::Is(name) => self.name("ix", name, table, &columns, None),
            Name::Unnamed => python::repr(&automatic_index(table, index)),
            Name::Unknown => return Err(format!("an index of `{table}` is left out: its name could not be read")),
        };
        let unread = || format!("an index of `{table}` is left out: what it covers could not be read");
        if self.lacks(table, &columns) {
            return Err(unread());
        }
        let elements =
            index.elements.iter().map(|it| self.element(it)).collect::<Option<Vec<_>>>().ok_or_else(unread)?;
        let mut given = vec![name];
        if !self.in_batch {
            given.push(python::repr(&table.name));
        }
        given.push(format!("[{}]", elements.join(", ")));
        given.push(format!("unique={}", python::boolean(index.unique)));
        if !self.in_batch {
            given.extend(table.schema.as_ref().map(|schema| format!("schema={}", python::repr(schema))));
        }
        given.extend(self.index_options(index, &format!("`{table}`"))?);
        Ok(format!("{}create_index({})", self.prefix(), given.join(", ")))
    }

    /// `op.drop_index(…)`
    pub(super) fn drop_index(&mut self, table: Option<&TableName>, name: &str, index: Option<&Index>) -> String {
        let mut given = vec![self.found(name)];
        if let Some(table) = table.filter(|_| !self.in_batch) {
            given.push(format!("table_name={}", python::repr(&table.name)));
            given.extend(table.schema.as_ref().map(|schema| format!("schema={}", python::repr(schema))));
        }
        let options = index.and_then(|index| self.index_options(index, "").ok());
        given.extend(options.unwrap_or_default());
        format!("{}drop_index({})", self.prefix(), given.join(", "))
    }

    fn index_options(&self, index: &Index, place: &str) -> Result<Vec<String>, String> {
        let dialect = self.style.target.dialect.name();
        let mut options = Vec::new();
        options.extend(index.using.as_ref().map(|using| format!("{dialect}_using={}", python::repr(using))));
        match &index.predicate {
            None => {}
            Some(Some(text)) => options.push(format!("{dialect}_where={}", self.text(text))),
            Some(None) => return Err(format!("an index of {place} is left out: its WHERE could not be read")),
        }
        let classes: Vec<String> = index
            .elements
            .iter()
            .filter_map(|it| {
                Some(format!("{}: {}", python::repr(it.column()?), python::repr(it.operator_class.as_ref()?)))
            })
            .collect();
        if !classes.is_empty() {
            options.push(format!("{dialect}_ops={{{}}}", classes.join(", ")));
        }
        if !index.include.is_empty() {
            options.push(format!("{dialect}_include=[{}]", python::listed(&index.include)));
        }
        options.extend(index.nulls_not_distinct.then(|| format!("{dialect}_nulls_not_distinct=True")));
        options.extend(index.options.iter().map(|(name, value)| format!("{name}={value}")));
        Ok(options)
    }

    fn element(&self, element: &IndexElement) -> Option<String> {
        let order = element.order.as_ref().map(|order| format!(" {order}")).unwrap_or_default();
        let function = if self.style.alembic.is_at_least(&[1, 14]) { "literal_column" } else { "text" };
        let sql = match &element.of {
            ElementOf::Column(name) if order.is_empty() => return Some(python::repr(name)),
            ElementOf::Column(name) => crate::catalog::quote::quoted(name, self.style.target.dialect),
            ElementOf::Expression(text) => text.clone()?,
        };
        Some(format!("{}{function}({})", self.sa(), python::repr(&format!("{sql}{order}"))))
    }
}

/// The words of a SQL text.
pub(super) fn words(sql: &str) -> impl Iterator<Item = &str> {
    sql.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}

fn split_off<'t>(text: &'t str, at: &str) -> (&'t str, &'t str) {
    text.find(at).map_or((text, ""), |at| text.split_at(at))
}

fn unique_options(unique: &UniqueConstraint) -> Vec<String> {
    let mut options = Vec::new();
    options.extend((unique.deferrable == Some(true)).then(|| "deferrable=True".to_owned()));
    options.extend(unique.initially.as_ref().map(|it| format!("initially={}", python::repr(it))));
    options.extend(unique.nulls_not_distinct.then(|| "postgresql_nulls_not_distinct=True".to_owned()));
    options
}

/// The name that the convention makes of nothing given.
fn conventional(
    kind: &str,
    table: &TableName,
    columns: &[String],
    to: Option<&ForeignKey>,
    metadata: &MetaData,
) -> Option<String> {
    let empty = Table::empty(table.clone(), metadata.span);
    let referred = to.map(|key| (key.target.name.as_str(), &key.target_columns[..]));
    let named = Named { kind, given: Name::Unnamed, is_final: false, columns, referred };
    naming::name(&named, &empty, metadata).get().map(str::to_owned)
}

/// What a naming convention looks at.
fn shape(constraint: &Constraint) -> (&'static str, &[String], Option<&ForeignKey>) {
    match constraint {
        Constraint::PrimaryKey(PrimaryKey { columns, .. }) => ("pk", columns, None),
        Constraint::ForeignKey(key) => ("fk", &key.columns, Some(key)),
        Constraint::Unique(UniqueConstraint { columns, .. }) => ("uq", columns, None),
        Constraint::Check(CheckConstraint { .. }) => ("ck", &[], None),
        Constraint::Exclude(_) => ("ex", &[], None),
    }
}

/// The constraint's name; where it has none, the one that PostgreSQL would give it, so that a downgrade can drop it.
pub fn standalone_name(table: &TableName, constraint: &Constraint) -> Option<String> {
    let (name, columns, label): (&Name, &[String], &str) = match constraint {
        Constraint::PrimaryKey(key) => (&key.name, &[], "pkey"),
        Constraint::ForeignKey(key) => (&key.name, &key.columns, "fkey"),
        Constraint::Unique(unique) => (&unique.name, &unique.columns, "key"),
        Constraint::Check(check) => (&check.name, &[], "check"),
        Constraint::Exclude(exclude) => (&exclude.name, &[], "excl"),
    };
    match name {
        Name::Is(name) => Some(name.clone()),
        Name::Unnamed => Some(object_name(&table.name, columns, label)),
        Name::Unknown => None,
    }
}

fn automatic_index(table: &TableName, index: &Index) -> String {
    let of = |element: &IndexElement| element.column().unwrap_or("expr").to_owned();
    let columns: Vec<String> = index.elements.iter().map(of).collect();
    object_name(&table.name, &columns, "idx")
}
