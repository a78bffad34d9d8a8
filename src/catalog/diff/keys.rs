//! Indexes and unique constraints, which autogenerate compares together: by name, and unnamed unique constraints by
//! their columns.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::Dialect;
use crate::catalog::diff::Comparison;
use crate::catalog::diff::default_names::{self, Named};
use crate::catalog::diff::expressions;
use crate::catalog::diff::options::{End, Kind, Object};
use crate::catalog::diff::tables::Side;
use crate::catalog::diff::types::Verdict;
use crate::catalog::operation::{Constraint, ConstraintKind, Operation};
use crate::catalog::table::{Index, Name, Table, TableName, UniqueConstraint};
use crate::source::Span;

/// An index or a unique constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Unique(UniqueConstraint),
    Index(Index),
}

/// What an unnamed one is known by.
type Signature = Vec<String>;

impl Key {
    fn name(&self) -> &Name {
        match self {
            Key::Unique(unique) => &unique.name,
            Key::Index(index) => &index.name,
        }
    }

    fn span(&self) -> Span {
        match self {
            Key::Unique(unique) => unique.span,
            Key::Index(index) => index.span,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Key::Unique(_) => Kind::Unique,
            Key::Index(_) => Kind::Index,
        }
    }

    fn columns(&self) -> Vec<String> {
        match self {
            Key::Unique(unique) => unique.columns.clone(),
            Key::Index(index) => index.elements.iter().filter_map(|it| it.column().map(str::to_owned)).collect(),
        }
    }

    fn words(&self) -> String {
        match self.name().get() {
            Some(name) => format!("{} `{name}`", self.kind().words()),
            None => format!("the {} of `{}`", self.kind().words(), self.columns().join("`, `")),
        }
    }
}

fn signature(unique: &UniqueConstraint) -> Signature {
    let mut columns = unique.columns.clone();
    columns.sort();
    columns
}

/// All of one side.
#[derive(Default)]
struct Keys {
    uniques: Vec<UniqueConstraint>,
    indexes: Vec<Index>,
}

impl Keys {
    fn named(&self) -> BTreeMap<&str, Key> {
        let uniques = self.uniques.iter().filter_map(|it| Some((it.name.get()?, Key::Unique(it.clone()))));
        let indexes = self.indexes.iter().filter_map(|it| Some((it.name.get()?, Key::Index(it.clone()))));
        uniques.chain(indexes).collect()
    }
}

impl Comparison<'_> {
    /// Compares them. A table that is made brings its unique constraints, one that is dropped takes them along.
    pub(super) fn keys(&mut self, table: &TableName, found: Option<&Table>, declared: Option<&Table>) {
        let whole_table = found.is_none() || declared.is_none();
        let mut models = declared.map_or_else(Keys::default, |it| Keys {
            uniques: it.unique_constraints.clone(),
            indexes: it.indexes.clone(),
        });
        let mut database = found.map_or_else(Keys::default, |it| self.reflected(it));
        if declared.is_none() {
            database.uniques.clear();
        }
        self.correct(&mut database, &mut models, found);
        let mut cannot = Vec::new();
        self.take_out_unreadable(&mut database, &mut models, &mut cannot);
        for (key, whose) in cannot {
            self.not_compared(
                table,
                key.words(),
                format!("its name could not be read in the {whose}"),
                Some(key.span()),
            );
        }

        let (before, after) = (database.named(), models.named());
        let unnamed: BTreeMap<Signature, &UniqueConstraint> = models
            .uniques
            .iter()
            .filter(|unique| unique.name == Name::Unnamed)
            .map(|unique| (signature(unique), unique))
            .collect();
        let of_unique = |name: &str| database.uniques.iter().find(|it| it.name.get() == Some(name));
        let of_index = |name: &str| database.indexes.iter().find(|it| it.name.get() == Some(name));
        let ends = Ends { table, found, declared, whole_table };

        for (name, key) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
            if let (Some(unique), Some(index)) = (of_unique(name), of_index(name)) {
                let wanted_unique = models.uniques.iter().any(|it| signature(it) == signature(unique));
                let wanted_index =
                    models.indexes.iter().any(|it| it.unique == index.unique && it.columns() == index.columns());
                if !wanted_unique && !wanted_index {
                    self.removed(&ends, &Key::Unique(unique.clone()));
                    self.removed(&ends, &Key::Index(index.clone()));
                }
                continue;
            }
            match key {
                Key::Unique(unique) if unnamed.contains_key(&signature(unique)) => {}
                key => self.removed(&ends, key),
            }
        }
        for (name, new) in &after {
            let Some(old) = before.get(name) else { continue };
            let old = match (new, of_unique(name), of_index(name)) {
                (Key::Index(_), Some(_), Some(index)) => Key::Index(index.clone()),
                (Key::Unique(_), Some(unique), Some(_)) => Key::Unique(unique.clone()),
                _ => old.clone(),
            };
            match self.is_same_key(&old, new, table) {
                Verdict::Same => {}
                Verdict::Unknown(why) => self.not_compared(table, new.words(), why, Some(new.span())),
                Verdict::Different => {
                    if self.passes_key(table, new, End::Both) {
                        self.drop_key(&ends, &old);
                        self.add_key(&ends, new);
                    }
                }
            }
        }
        for (_, key) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
            self.added(&ends, key);
        }
        let known: BTreeSet<Signature> = database.uniques.iter().map(signature).collect();
        for (signature, unique) in unnamed {
            if !known.contains(&signature) {
                self.added(&ends, &Key::Unique(unique.clone()));
            }
        }
    }

    /// As the inspector reads them back: with the names that the database gives.
    fn reflected(&self, table: &Table) -> Keys {
        let dialect = self.options.target.dialect;
        let mut keys = Keys { uniques: table.unique_constraints.clone(), indexes: table.indexes.clone() };
        for unique in &mut keys.uniques {
            let name = default_names::name(&unique.name, Named::Unique, &table.name.name, &unique.columns, 1, dialect);
            unique.name = name;
        }
        if dialect == Dialect::Mysql {
            // A unique constraint is a unique index there, and the inspector shows each as both.
            let as_index = |unique: &UniqueConstraint| Index {
                name: unique.name.clone(),
                elements: unique.columns.iter().map(crate::catalog::table::IndexElement::plain).collect(),
                unique: true,
                predicate: None,
                using: None,
                include: Vec::new(),
                nulls_not_distinct: false,
                options: Vec::new(),
                span: unique.span,
            };
            let as_unique = |index: &Index| UniqueConstraint {
                name: index.name.clone(),
                columns: index.elements.iter().filter_map(|it| it.column().map(str::to_owned)).collect(),
                deferrable: None,
                initially: None,
                nulls_not_distinct: false,
                span: index.span,
            };
            let indexes: Vec<Index> = keys.uniques.iter().map(as_index).collect();
            let uniques: Vec<UniqueConstraint> = keys.indexes.iter().filter(|it| it.unique).map(as_unique).collect();
            keys.indexes.extend(indexes);
            keys.uniques.extend(uniques);
        }
        keys
    }

    /// What Alembic's dialects leave out: expressions that the inspector does not show, MySQL's indexes that belong to
    /// foreign keys or stand for unique constraints.
    fn correct(&self, database: &mut Keys, models: &mut Keys, found: Option<&Table>) {
        let target = &self.options.target;
        let shows_expressions = match target.dialect {
            Dialect::Postgresql => target.sqlalchemy.is_at_least(&[2]) && self.options.alembic.is_at_least(&[1, 10]),
            Dialect::Sqlite => false,
            Dialect::Mysql => true,
        };
        if !shows_expressions {
            database.indexes.retain(|index| index.columns().is_some());
            let names: BTreeSet<String> =
                database.indexes.iter().filter_map(|index| index.name.get().map(str::to_owned)).collect();
            let is_shown = |index: &Index| index.name.get().is_some_and(|name| names.contains(name));
            models.indexes.retain(|index| index.columns().is_some() || is_shown(index));
        }
        if target.dialect != Dialect::Mysql {
            return;
        }
        let names = |uniques: &[UniqueConstraint]| -> BTreeSet<String> {
            uniques.iter().filter_map(|it| it.name.get().map(str::to_owned)).collect()
        };
        let declared_uniques = names(&models.uniques);
        let unnamed: BTreeSet<Signature> =
            models.uniques.iter().filter(|it| it.name.get().is_none()).map(signature).collect();
        let declared_indexes: BTreeSet<String> =
            models.indexes.iter().filter(|it| it.unique).filter_map(|it| it.name.get().map(str::to_owned)).collect();
        for name in names(&database.uniques) {
            let is_it = |found: &Name| found.get() == Some(name.as_str());
            if !declared_uniques.contains(&name) {
                database.uniques.retain(|it| !is_it(&it.name) || unnamed.contains(&signature(it)));
            } else if !declared_indexes.contains(&name) {
                database.indexes.retain(|it| !is_it(&it.name));
            }
        }
        let mut of_keys = BTreeSet::new();
        database.indexes.retain(|index| {
            let Some(name) = index.name.get().filter(|_| !index.unique) else { return true };
            let columns = index.elements.iter().filter_map(|it| it.column());
            let is_implicit = columns.clone().any(|column| column == name)
                || found.is_some_and(|it| it.foreign_keys.iter().any(|key| key.name.get() == Some(name)));
            if is_implicit {
                of_keys.insert(name.to_owned());
            }
            !is_implicit
        });
        models.indexes.retain(|index| index.name.get().is_none_or(|name| !of_keys.contains(name)));
    }

    /// Those whose names could not be read leave, with what they may stand for on the other side.
    fn take_out_unreadable(&self, database: &mut Keys, models: &mut Keys, cannot: &mut Vec<(Key, &'static str)>) {
        let is_unreadable = |name: &Name| *name == Name::Unknown;
        for (own, other, whose) in [(0, 1, "models"), (1, 0, "migrations")] {
            let mut sides = [&mut *models, &mut *database];
            let (uniques, indexes): (Vec<UniqueConstraint>, Vec<Index>) = {
                let side = &mut sides[own];
                let uniques = side.uniques.extract_if(.., |it| is_unreadable(&it.name)).collect();
                let indexes = side.indexes.extract_if(.., |it| is_unreadable(&it.name)).collect();
                (uniques, indexes)
            };
            for unique in uniques {
                let at = sides[other].uniques.iter().position(|it| signature(it) == signature(&unique));
                match at {
                    Some(at) => drop(sides[other].uniques.remove(at)),
                    None => cannot.push((Key::Unique(unique), whose)),
                }
            }
            for index in indexes {
                let at = sides[other].indexes.iter().position(|it| it.elements == index.elements);
                match at {
                    Some(at) => drop(sides[other].indexes.remove(at)),
                    None => cannot.push((Key::Index(index), whose)),
                }
            }
        }
    }

    fn is_same_key(&self, old: &Key, new: &Key, table: &TableName) -> Verdict {
        match (old, new) {
            (Key::Unique(old), Key::Unique(new)) => {
                let distinct = self.options.target.dialect == Dialect::Postgresql
                    && old.nulls_not_distinct != new.nulls_not_distinct;
                if signature(old) == signature(new) && !distinct { Verdict::Same } else { Verdict::Different }
            }
            (Key::Index(old), Key::Index(new)) => self.is_same_index(old, new, table),
            _ => Verdict::Different,
        }
    }

    fn is_same_index(&self, old: &Index, new: &Index, table: &TableName) -> Verdict {
        if old.unique != new.unique {
            return Verdict::Different;
        }
        let (target, alembic) = (&self.options.target, &self.options.alembic);
        let by_columns = target.dialect != Dialect::Postgresql || !target.sqlalchemy.is_at_least(&[2]);
        if by_columns || !alembic.is_at_least(&[1, 10]) {
            let columns = |index: &Index| {
                let mut columns: Vec<String> =
                    index.elements.iter().filter_map(|it| it.column().map(str::to_owned)).collect();
                if !alembic.is_at_least(&[1, 10]) {
                    columns.sort();
                }
                columns
            };
            return if columns(old) == columns(new) { Verdict::Same } else { Verdict::Different };
        }
        if old.elements.len() != new.elements.len() || old.nulls_not_distinct != new.nulls_not_distinct {
            return Verdict::Different;
        }
        let mut result = Verdict::Same;
        for (old, new) in old.elements.iter().zip(&new.elements) {
            match expressions::compare(old, new, &table.name) {
                Verdict::Same => {}
                Verdict::Different => return Verdict::Different,
                unknown => result = unknown,
            }
        }
        result
    }

    fn passes_key(&mut self, table: &TableName, key: &Key, end: End) -> bool {
        let columns = key.columns();
        self.passes_object(&Object { kind: key.kind(), table, name: key.name().get(), columns: &columns }, end)
    }

    fn removed(&mut self, ends: &Ends<'_>, key: &Key) {
        if matches!(key, Key::Unique(_)) && ends.whole_table {
            return;
        }
        let own = ends.declared.map(|it| it.name.clone());
        let is_absent = own.is_none_or(|own| self.absent(Side::Declared, ends.table, &own, &key.words()));
        if is_absent && self.passes_key(ends.table, key, End::Found) {
            self.drop_key(ends, key);
        }
    }

    fn added(&mut self, ends: &Ends<'_>, key: &Key) {
        if matches!(key, Key::Unique(_)) && ends.whole_table {
            return;
        }
        let own = ends.found.map(|it| it.name.clone());
        let is_absent = own.is_none_or(|own| self.absent(Side::Found, ends.table, &own, &key.words()));
        if is_absent && self.passes_key(ends.table, key, End::Declared) {
            self.add_key(ends, key);
        }
    }

    fn drop_key(&mut self, ends: &Ends<'_>, key: &Key) {
        let table = ends.table.clone();
        let operation = match key {
            Key::Index(index) => Operation::DropIndex(Some(table), index.name.clone(), Some(Box::new(index.clone()))),
            Key::Unique(unique) => {
                let constraint = Some(Box::new(Constraint::Unique(unique.clone())));
                Operation::DropConstraint(table, unique.name.clone(), Some(ConstraintKind::Unique), constraint)
            }
        };
        self.push(ends.table, operation, ends.declared.map(|it| it.span), Some(key.span()));
    }

    fn add_key(&mut self, ends: &Ends<'_>, key: &Key) {
        let table = ends.table.clone();
        let operation = match key {
            Key::Index(index) => Operation::CreateIndex(table, Box::new(index.clone())),
            Key::Unique(unique) => Operation::AddConstraint(table, Constraint::Unique(unique.clone())),
        };
        self.push(ends.table, operation, Some(key.span()), ends.found.map(|it| it.span));
    }
}

/// The table on both sides.
struct Ends<'t> {
    table: &'t TableName,
    found: Option<&'t Table>,
    declared: Option<&'t Table>,
    /// It is made or dropped as a whole.
    whole_table: bool,
}
