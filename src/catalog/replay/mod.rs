//! Revisions, played in graph order → a [`Catalog`]: what the database has after `alembic upgrade heads`.
//!
//! [`Replay`] runs the revisions of an environment against a database on paper. `lower` turns what a revision says
//! into [`Step`]s, [`apply`] changes the catalogue as the statements that Alembic writes for them would change the
//! database, `perhaps` forgets what is done only on some paths, `names` gives the names that a database makes
//! itself, `complete` looks up what they leave open, `possible` knows what `IF EXISTS` lets through, `taken` what `LIKE` brings, `stored` and `shorten` know how a database keeps types and long names, `answers` tells revisions what they ask. [`sql`] reads the statements that revisions hand over as text.

mod answers;
pub mod apply;
mod complete;
mod lower;
mod names;
mod perhaps;
mod possible;
mod shorten;
pub mod sql;
mod stored;
mod taken;

use std::cell::RefCell;
use std::rc::Rc;

use crate::catalog::models::{self, target_metadata};
use crate::catalog::operation::Step;
use crate::catalog::{Catalog, Target};
use crate::project::Project;
use crate::project::alembic::operations::database::{Database, Described, DescribedEnum, Effect};
use crate::project::alembic::operations::directive::{Directive, On};
use crate::project::alembic::operations::{Direction, Migrations};
use crate::project::alembic::revision::RevisionScript;
use crate::project::sqlalchemy::{MetaData, Models, TableId};

/// What the migrations of an environment (by its place in [`Project::environments`]) make.
pub fn replayed(project: &Project<'_>, environment: usize, target: &Target) -> Catalog {
    let mut replay = Replay::of(project, environment, target);
    for script in project.environments[environment].revisions.upgrade_order() {
        replay.upgrade(script);
    }
    replay.into_catalog()
}

/// What the database has before a revision is run: all that it follows or depends on has been.
pub fn before(project: &Project<'_>, environment: usize, target: &Target, script: &RevisionScript) -> Catalog {
    let revisions = &project.environments[environment].revisions;
    let mut replay = Replay::of(project, environment, target);
    for earlier in revisions.upgrade_order_to(script) {
        replay.upgrade(earlier);
    }
    replay.into_catalog()
}

/// The revisions of one environment, played one by one on a database that is empty at first.
pub struct Replay<'p> {
    migrations: Migrations<'p>,
    database: Rc<Paper<'p>>,
}

impl<'p> Replay<'p> {
    /// On an empty database.
    pub fn of(project: &'p Project<'_>, environment: usize, target: &Target) -> Replay<'p> {
        let target = target.clone();
        let state = RefCell::new(State::default());
        let database =
            Rc::new(Paper { models: &project.models, declared: declared(project, environment), target, state });
        let migrations = Migrations::of(project, environment, database.clone());
        Replay { migrations, database }
    }

    /// Runs `upgrade()`: the steps that it took.
    pub fn upgrade(&mut self, script: &RevisionScript) -> Vec<Step> {
        self.run(script, Direction::Upgrade)
    }

    /// Runs `downgrade()`: the steps that it took.
    pub fn downgrade(&mut self, script: &RevisionScript) -> Vec<Step> {
        self.run(script, Direction::Downgrade)
    }

    fn run(&mut self, script: &RevisionScript, direction: Direction) -> Vec<Step> {
        let stopped = self.migrations.run(script, direction);
        let mut state = self.database.state.borrow_mut();
        state.catalog.open.extend(stopped);
        std::mem::take(&mut state.steps)
    }

    /// What the database has now.
    pub fn catalog(&self) -> Catalog {
        self.database.state.borrow().catalog.clone()
    }

    /// Shows what the database has now.
    pub fn look<R>(&self, look: impl FnOnce(&Catalog) -> R) -> R {
        look(&self.database.state.borrow().catalog)
    }

    /// From now on the database has this.
    pub fn set(&mut self, catalog: Catalog) {
        self.database.state.borrow_mut().catalog = catalog;
    }

    /// What the database has in the end.
    pub fn into_catalog(self) -> Catalog {
        std::mem::take(&mut self.database.state.borrow_mut().catalog)
    }
}

/// The tables that env.py reaches.
fn declared(project: &Project<'_>, environment: usize) -> Vec<TableId> {
    let on_target = target_metadata(project, environment);
    let is_reached = |table: &&crate::project::sqlalchemy::Table| table.reached_by.contains(&environment);
    let tables = &project.models.tables;
    let reached: Vec<TableId> = tables.iter().filter(is_reached).map(|table| table.id).collect();
    match reached.is_empty() {
        true => tables.iter().filter(|table| on_target.contains(&table.metadata)).map(|table| table.id).collect(),
        false => reached,
    }
}

/// The database on paper.
struct Paper<'p> {
    /// The models of the project.
    models: &'p Models,
    /// Those of their tables that env.py reaches.
    declared: Vec<TableId>,
    target: Target,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    catalog: Catalog,
    /// What was done since the revision began.
    steps: Vec<Step>,
}

impl lower::Declared for Paper<'_> {
    fn of(&self, metadata: &MetaData) -> Option<Catalog> {
        let is_it = |known: &&MetaData| known.span == metadata.span && known.library == metadata.library;
        let found = self.models.metadatas.iter().find(is_it)?;
        let on_it = |id: &&TableId| self.models.table(**id).metadata == found.id;
        let tables: Vec<TableId> = self.declared.iter().filter(on_it).copied().collect();
        (!tables.is_empty()).then(|| {
            let mut catalog = models::lowered(self.models, &tables, &self.target);
            catalog.open.extend(found.unread.iter().cloned());
            catalog
        })
    }
}

impl Database for Paper<'_> {
    fn dialect(&self) -> &str {
        self.target.dialect.name()
    }

    fn perform(&self, directive: &Directive, models: &Models) -> Effect {
        let mut state = self.state.borrow_mut();
        let lowered = lower::lowered(directive, models, &state.catalog, self, &self.target);
        let effect = match lowered.refused {
            Some(message) => Effect::Fails("ProgrammingError", message),
            None => Effect::Done,
        };
        if matches!(effect, Effect::Fails(..)) && lowered.steps.is_empty() {
            return effect;
        }
        for step in lowered.steps {
            match directive.certain {
                true => apply::apply(&mut state.catalog, &step, &self.target),
                false => perhaps::perhaps(&mut state.catalog, &step, &self.target),
            }
            state.steps.push(step);
        }
        for unresolved in lowered.unresolved {
            let (table, column) = (unresolved.table.as_ref(), unresolved.column.as_deref());
            state.catalog.unresolved(table, column, unresolved.span, unresolved.why);
        }
        effect
    }

    fn tables(&self, schema: Option<&str>) -> (Vec<String>, bool) {
        let state = self.state.borrow();
        let schema =
            lower::table_name(&On { schema: schema.map(str::to_owned), name: String::new() }, &self.target).schema;
        let tables = state.catalog.tables.keys().filter(|name| name.schema == schema);
        // What no revision is known to make is not there.
        (tables.map(|name| name.name.clone()).collect(), true)
    }

    fn has_table(&self, table: &On) -> Option<bool> {
        let state = self.state.borrow();
        let name = lower::table_name(table, &self.target);
        if !state.catalog.tables.contains_key(&name) {
            return Some(name.name == "alembic_version");
        }
        let doubted = |found: &crate::catalog::Unresolved| {
            found.table.as_ref() == Some(&name) && found.column.is_none() && found.why.starts_with("the table is ")
        };
        (!state.catalog.unresolved.iter().any(doubted)).then_some(true)
    }

    fn described(&self, table: &On) -> Option<Described> {
        let state = self.state.borrow();
        let name = lower::table_name(table, &self.target);
        if name.name == "alembic_version" && !state.catalog.tables.contains_key(&name) {
            return Some(answers::version_table());
        }
        Some(answers::described(state.catalog.tables.get(&name)?, &state.catalog, &self.target))
    }

    fn enums(&self) -> (Vec<DescribedEnum>, bool) {
        let state = self.state.borrow();
        let all = state.catalog.enums.iter().map(|found| DescribedEnum {
            name: On { schema: found.name.schema.clone(), name: found.name.name.clone() },
            values: found.values.clone(),
        });
        (all.collect(), state.catalog.open.is_empty())
    }
}
