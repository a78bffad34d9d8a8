//! The facts of several runs → one [`Models`]: what the same statement made in two runs is one thing.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::project::sqlalchemy::column::{Column, ForeignKeyTarget};
use crate::project::sqlalchemy::{BodyId, ClassId, MetaDataId, Models, RegistryId, TableId};
use crate::source::Span;

/// How the numbers of an absorbed run map to those of the whole.
#[derive(Clone, Debug, Default)]
pub struct Renumbering {
    /// By the old number.
    pub metadatas: Vec<MetaDataId>,
    /// By the old number.
    pub tables: Vec<TableId>,
    /// By the old number.
    pub classes: Vec<ClassId>,
}

impl Models {
    /// Takes in the facts of another run. What was made by the same statement (and, when a statement makes several,
    /// in the same turn) is the same thing.
    pub fn absorb(&mut self, other: Models) -> Renumbering {
        let mut renumbering = Renumbering::default();
        self.custom_types.absorb(other.custom_types);
        let mut here = Turns::default();
        let known: FxHashMap<_, _> = self
            .metadatas
            .iter()
            .map(|metadata| (here.turn(place(metadata.span, &metadata.library), &metadata.library), metadata.id))
            .collect();
        let mut there = Turns::default();
        for mut metadata in other.metadatas {
            let turn = there.turn(place(metadata.span, &metadata.library), &metadata.library);
            let id = match known.get(&turn) {
                Some(id) => {
                    let mine = &mut self.metadatas[id.0];
                    mine.reflected |= metadata.reflected;
                    mine.naming_convention |= metadata.naming_convention;
                    mine.foreign |= metadata.foreign;
                    if mine.conventions.is_empty() {
                        mine.conventions = metadata.conventions;
                    }
                    for unread in metadata.unread {
                        if !mine.unread.contains(&unread) {
                            mine.unread.push(unread);
                        }
                    }
                    *id
                }
                None => {
                    let id = MetaDataId(self.metadatas.len());
                    metadata.id = id;
                    self.metadatas.push(metadata);
                    id
                }
            };
            renumbering.metadatas.push(id);
        }
        for second in other.second_imports {
            if !self.second_imports.contains(&second) {
                self.second_imports.push(second);
            }
        }
        let registries = self.absorb_registries(other.registries);
        let bodies = self.absorb_bodies(other.bodies);

        let mut here = Turns::default();
        let known: FxHashMap<_, _> = self
            .tables
            .iter()
            .map(|table| {
                (here.turn(table.span, &(table.metadata.0, table.name.get().cloned(), table.module.clone())), table.id)
            })
            .collect();
        let mut there = Turns::default();
        let mut fresh_tables = Vec::new();
        for mut table in other.tables {
            table.metadata = renumbering.metadatas[table.metadata.0];
            let turn = there.turn(table.span, &(table.metadata.0, table.name.get().cloned(), table.module.clone()));
            match known.get(&turn) {
                Some(id) => {
                    let mine = &mut self.tables[id.0];
                    mine.reached_by.extend(table.reached_by);
                    mine.certain |= table.certain;
                    renumbering.tables.push(*id);
                }
                None => {
                    let id = TableId(self.tables.len());
                    table.id = id;
                    fresh_tables.push(id);
                    self.tables.push(table);
                    renumbering.tables.push(id);
                }
            }
        }
        let mut here = Turns::default();
        let known: FxHashMap<_, _> =
            self.classes.iter().map(|class| (here.turn(class.name_span, &class.qualified), class.id)).collect();
        let mut there = Turns::default();
        let mut fresh_classes = Vec::new();
        for mut class in other.classes {
            let turn = there.turn(class.name_span, &class.qualified);
            match known.get(&turn) {
                Some(id) => {
                    self.classes[id.0].certain |= class.certain;
                    renumbering.classes.push(*id);
                }
                None => {
                    let id = ClassId(self.classes.len());
                    class.id = id;
                    fresh_classes.push(id);
                    self.classes.push(class);
                    renumbering.classes.push(id);
                }
            }
        }
        for id in fresh_tables {
            let table = &mut self.tables[id.0];
            table.class = table.class.map(|class| renumbering.classes[class.0]);
            table.duplicate_of = table.duplicate_of.map(|first| renumbering.tables[first.0]);
            let to_columns = |column: &&mut Arc<Column>| {
                column.foreign_keys.iter().any(|key| matches!(key.target, ForeignKeyTarget::Column(..)))
            };
            let columns = table.columns.iter_mut().filter(to_columns);
            let of_columns = columns.flat_map(|column| &mut Arc::make_mut(column).foreign_keys);
            let of_constraints = table.constraints.iter_mut().flat_map(|constraint| &mut constraint.foreign_keys);
            for foreign_key in of_columns.chain(of_constraints) {
                if let ForeignKeyTarget::Column(table, _) = &mut foreign_key.target {
                    *table = renumbering.tables[table.0];
                }
            }
        }
        for id in fresh_classes {
            let class = &mut self.classes[id.0];
            class.table = class.table.map(|table| renumbering.tables[table.0]);
            class.parent = class.parent.map(|parent| renumbering.classes[parent.0]);
            class.metadata = renumbering.metadatas[class.metadata.0];
            class.registry = registries[class.registry.0];
            for part in &mut class.made_of {
                part.body = bodies[part.body.0];
            }
        }
        renumbering
    }

    fn absorb_registries(&mut self, others: Vec<super::Registry>) -> Vec<RegistryId> {
        let mut here = Turns::default();
        let known: FxHashMap<_, _> = self
            .registries
            .iter()
            .enumerate()
            .map(|(number, registry)| {
                (
                    here.turn(place(registry.span, &registry.library), &(registry.kind, registry.library.clone())),
                    RegistryId(number),
                )
            })
            .collect();
        let mut there = Turns::default();
        let mut numbers = Vec::new();
        for registry in others {
            match known
                .get(&there.turn(place(registry.span, &registry.library), &(registry.kind, registry.library.clone())))
            {
                Some(id) => {
                    self.registries[id.0].open |= registry.open;
                    numbers.push(*id);
                }
                None => {
                    numbers.push(RegistryId(self.registries.len()));
                    self.registries.push(registry);
                }
            }
        }
        numbers
    }

    fn absorb_bodies(&mut self, others: Vec<super::ClassBody>) -> Vec<BodyId> {
        let mut here = Turns::default();
        let known: FxHashMap<_, _> =
            self.bodies.iter().map(|body| (here.turn(body.name_span, &body.qualified), body.id)).collect();
        let mut there = Turns::default();
        let mut numbers = Vec::new();
        for mut body in others {
            match known.get(&there.turn(body.name_span, &body.qualified)) {
                Some(id) => numbers.push(*id),
                None => {
                    body.id = BodyId(self.bodies.len());
                    numbers.push(body.id);
                    self.bodies.push(body);
                }
            }
        }
        numbers
    }
}

/// What a library makes has no place of its own in the project.
fn place(span: Span, library: &Option<String>) -> Span {
    if library.is_some() { Span::start_of(crate::source::FileId(0)) } else { span }
}

/// Numbers the things that one statement made.
#[derive(Default)]
struct Turns {
    counts: FxHashMap<(Span, String), usize>,
}

impl Turns {
    fn turn(&mut self, span: Span, what: &impl std::fmt::Debug) -> (Span, String, usize) {
        let what = format!("{what:?}");
        let count = self.counts.entry((span, what.clone())).or_default();
        *count += 1;
        (span, what, *count)
    }
}
