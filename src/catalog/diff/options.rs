//! What `context.configure` and the versions say about a comparison → [`Options`].

use std::sync::Arc;

use crate::catalog::table::TableName;
use crate::catalog::{Dialect, Target, models};
use crate::project::alembic::decisions::{Asked, Decide, Own};
use crate::project::alembic::directives::{Left, Proposed};
use crate::project::alembic::env_script::ConfigureCall;
use crate::project::sqlalchemy::column::Column;
use crate::project::sqlalchemy::{MetaDataId, Models};
use crate::project::versions::Version;
use crate::project::{Known, Project};
use crate::source::Span;

/// How two catalogues are compared.
#[derive(Clone)]
pub struct Options<'p> {
    /// The database, and the version of SQLAlchemy.
    pub target: Target,
    /// The version of Alembic.
    pub alembic: Version,
    /// `compare_type`
    pub compare_type: Switch,
    /// `compare_server_default`
    pub compare_server_default: Switch,
    /// `include_schemas`
    pub include_schemas: Switch,
    /// The table of the version, which is never compared.
    pub version_table: String,
    /// `include_name`, `include_object` and the like.
    pub functions: Option<Functions<'p>>,
    /// All that the project declares.
    pub models: Option<&'p Models>,
    /// The MetaData objects that env.py hands to Alembic.
    pub targeted: Vec<MetaDataId>,
}

/// The options that may be functions of the project.
const FUNCTIONS: &[&str] =
    &["include_object", "include_name", "compare_type", "compare_server_default", "process_revision_directives"];

/// An option of `context.configure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// True.
    On,
    /// False.
    Off,
    /// A function of the project decides, or the value was not read.
    Own,
}

impl<'p> Options<'p> {
    /// Those of Alembic without a word in env.py.
    pub fn new(target: Target, alembic: Version) -> Options<'p> {
        let compare_type = if alembic.is_at_least(&[1, 12]) { Switch::On } else { Switch::Off };
        Options {
            target,
            alembic,
            compare_type,
            compare_server_default: Switch::Off,
            include_schemas: Switch::Off,
            version_table: "alembic_version".to_owned(),
            functions: None,
            models: None,
            targeted: Vec::new(),
        }
    }

    /// Those of an environment.
    pub fn of(project: &'p Project<'_>, number: usize, target: Target) -> Options<'p> {
        let environment = &project.environments[number];
        let mut options = Options::new(target, environment.versions.alembic().version);
        options.models = Some(&project.models);
        options.targeted = models::target_metadata(project, number);
        let online = environment.env_script.iter().flat_map(|script| script.online.configures());
        let calls: Vec<&ConfigureCall> = online.map(|(_, call)| call).collect();
        let Some(call) = calls.last() else { return options };
        let given = |name: &str, default: Switch| match call.option(name).map(|known| known.get()) {
            Some(Some(true)) => Switch::On,
            Some(Some(false)) => Switch::Off,
            Some(None) => Switch::Own,
            // `**options` that were not read give what somebody wrote down.
            None if call.open && default == Switch::Off && !project.code.mentioning(&[name]).is_empty() => Switch::Own,
            None => default,
        };
        // Only where env.py hands over functions is it worth asking for them.
        let is_function =
            |(name, value): &(String, Known<bool>)| value.get().is_none() && FUNCTIONS.contains(&name.as_str());
        if call.open || call.options.iter().any(is_function) {
            let (decisions, models) = (&*project.decisions, &project.models);
            options.functions = Some(Functions { decisions, models, environment: number });
        }
        options.compare_type = given("compare_type", options.compare_type);
        options.compare_server_default = given("compare_server_default", Switch::Off);
        options.include_schemas = given("include_schemas", Switch::Off);
        options
    }

    /// The schema that a name without one is in.
    pub fn default_schema(&self) -> Option<&'static str> {
        match self.target.dialect {
            Dialect::Postgresql => Some("public"),
            Dialect::Sqlite => Some("main"),
            Dialect::Mysql => None,
        }
    }

    /// A name as the inspector gives it: without the default schema.
    pub fn plain(&self, name: &TableName) -> TableName {
        match (&name.schema, self.default_schema()) {
            (Some(schema), Some(default)) if schema == default => TableName::plain(&name.name),
            _ => name.clone(),
        }
    }

    /// Does `include_name` show a table of the database? `None`: that can't be told.
    pub fn shows_table(&self, name: &TableName) -> Option<bool> {
        let asked = Asked { reflected: true, ..table(name) };
        self.functions.as_ref().map_or(Some(true), |functions| functions.passes("include_name", asked))
    }

    /// Does `include_object` let a table pass?
    pub fn includes_table(&self, name: &TableName, end: End) -> Option<bool> {
        let asked = end.of(table(name));
        self.functions.as_ref().map_or(Some(true), |functions| functions.passes("include_object", asked))
    }

    /// Do the filters let a column, an index or a constraint pass?
    pub fn includes(&self, object: &Object<'_>, end: End) -> Option<bool> {
        let Some(functions) = &self.functions else { return Some(true) };
        let asked = object.asked();
        if end != End::Declared {
            let shown = functions.passes("include_name", Asked { reflected: true, ..asked.clone() });
            if shown != Some(true) {
                return shown;
            }
        }
        functions.passes("include_object", end.of(asked))
    }

    /// Where a class or table of the project declares a table that env.py does not reach, as far as it could be read: it
    /// may be imported in a way that was not followed.
    pub fn declared_elsewhere(&self, name: &TableName) -> Option<Span> {
        let models = self.models?;
        // A table on another MetaData of the project's is none of this environment's.
        let may_be_meant = |metadata: MetaDataId| {
            self.targeted.contains(&metadata) || models.metadata(metadata).foreign || self.targeted.is_empty()
        };
        let mut named = models.tables.iter().filter(|table| table.name.get() == Some(&name.name));
        named.find(|table| may_be_meant(table.metadata)).map(|table| table.span)
    }

    /// What env.py's `process_revision_directives` leaves of operations; `None`: all, as far as can be told.
    pub fn revises(&self, proposed: &[Proposed]) -> Option<Vec<Left>> {
        let functions = self.functions.as_ref()?;
        functions.decisions.revises(functions.environment, proposed)
    }

    /// What the project's own `compare_type` or `compare_server_default` says of a column.
    pub fn own(&self, option: &str, table: &TableName, column: &str) -> Own {
        let Some(functions) = &self.functions else { return Own::Unknown };
        let object = Object { kind: Kind::Column, table, name: Some(column), columns: &[] };
        functions.decisions.compares(functions.environment, option, &object.asked(), self.target.dialect.name())
    }
}

/// The functions that an environment hands to Alembic.
#[derive(Clone, Copy)]
pub struct Functions<'p> {
    decisions: &'p dyn Decide,
    models: &'p Models,
    environment: usize,
}

impl Functions<'_> {
    fn passes(&self, filter: &'static str, asked: Asked) -> Option<bool> {
        let own = self.models.tables.iter().filter(|table| table.name.get() == Some(&asked.table));
        let given = |column: &Arc<Column>| column.given.iter().any(|given| given.name.as_deref() == Some("info"));
        let has_info = (asked.in_both || !asked.reflected)
            && own.clone().any(|table| table.info || table.columns.iter().any(given));
        self.decisions.passes(self.environment, filter, &Asked { has_info, ..asked })
    }
}

fn table(name: &TableName) -> Asked {
    Asked {
        kind: "table",
        schema: name.schema.clone(),
        table: name.name.clone(),
        name: Some(name.name.clone()),
        ..Asked::default()
    }
}

/// Where an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In the models alone.
    Declared,
    /// In the database alone.
    Found,
    /// In both.
    Both,
}

impl End {
    fn of(self, asked: Asked) -> Asked {
        Asked { reflected: self == End::Found, in_both: self == End::Both, ..asked }
    }
}

/// A column, an index or a constraint that filters are asked about.
#[derive(Clone, Copy, Debug)]
pub struct Object<'o> {
    /// What it is.
    pub kind: Kind,
    /// Its table.
    pub table: &'o TableName,
    /// Its name.
    pub name: Option<&'o str>,
    /// The columns of an index or a constraint.
    pub columns: &'o [String],
}

impl Object<'_> {
    fn asked(&self) -> Asked {
        Asked {
            kind: self.kind.name(),
            schema: self.table.schema.clone(),
            table: self.table.name.clone(),
            name: self.name.map(str::to_owned),
            columns: self.columns.to_vec(),
            ..Asked::default()
        }
    }
}

/// What filters are asked about besides tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A column.
    Column,
    /// An index.
    Index,
    /// A unique constraint.
    Unique,
    /// A foreign key.
    ForeignKey,
}

impl Kind {
    /// Alembic's word: what a filter gets as `type_`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Column => "column",
            Kind::Index => "index",
            Kind::Unique => "unique_constraint",
            Kind::ForeignKey => "foreign_key_constraint",
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Column => "column",
            Kind::Index => "index",
            Kind::Unique => "unique constraint",
            Kind::ForeignKey => "foreign key",
        }
    }
}
