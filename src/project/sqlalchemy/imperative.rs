//! Mapping after the class statement: `map_imperatively(…)`, `User.name = Column(…)`.

use std::rc::Rc;
use std::sync::Arc;

use crate::project::sqlalchemy::attribute::{self, Attribute, Kind};
use crate::project::sqlalchemy::bases::AutoName;
use crate::project::sqlalchemy::column;
use crate::project::sqlalchemy::expression::Expression;
use crate::project::sqlalchemy::library::{SqlAlchemy, address};
use crate::project::sqlalchemy::{ClassId, MappedClass, RegistryKind, relationship};
use crate::python::evaluate::Machine;
use crate::python::value::class::Class;
use crate::python::value::term::Arguments;
use crate::python::value::{Name, Value};
use crate::source::Span;

impl<'t> SqlAlchemy<'t> {
    /// `mapper(User, users)`, `registry.map_imperatively(User, users)`
    pub(super) fn mapped_imperatively(
        &self,
        machine: &mut Machine<'t>,
        root: Option<usize>,
        arguments: &Rc<Arguments<'t>>,
    ) {
        let Some(Value::Class(class)) = arguments.get(0, "class_") else { return };
        if self.class_of(class).is_some() {
            return;
        }
        let class = class.clone();
        let table = arguments.get(1, "local_table").and_then(|value| self.table_of(value));
        let metadata = match table {
            Some(table) => self.state.borrow().models.table(table).metadata,
            None => match root {
                Some(root) => self.root(root).metadata,
                None => self.unread_metadata(machine, class.name_span),
            },
        };
        let registry = match root {
            Some(root) => self.root(root).registry,
            None => {
                let made =
                    self.new_root(metadata, RegistryKind::Declarative, AutoName::No, None, None, class.name_span);
                self.root(made).registry
            }
        };
        let mut state = self.state.borrow_mut();
        let id = ClassId(state.models.classes.len());
        state.models.classes.push(MappedClass {
            id,
            qualified: class.qualified.to_string(),
            name_span: class.name_span,
            span: class.span,
            table,
            metadata,
            name: class.name.to_string(),
            file: class.module.file.unwrap_or(class.span.file),
            registry,
            parent: None,
            made_of: Vec::new(),
            open: true,
            certain: class.certain,
            without_table: false,
            imperative: true,
            allow_unmapped: true,
            dataclass: false,
            mapper_primary_key: true,
        });
        if let Some(table) = table {
            state.models.tables[table.0].class.get_or_insert(id);
        }
        state.class_by_address.insert(address(&class), id);
        state.kept.push(Value::Class(class));
    }

    /// `User.name = Column(…)` after the class statement.
    pub(super) fn assigned_to_class(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        name: &Name,
        value: &Value<'t>,
        span: Span,
    ) {
        let root = self.state.borrow().root_by_class.get(&address(class)).copied();
        if let Some(root) = root {
            if &**name == "metadata"
                && let Some(metadata) = self.metadata_of(value)
            {
                self.state.borrow_mut().roots[root].metadata = metadata;
            }
            return;
        }
        let _ = machine;
        let Some(id) = self.class_of(class) else { return };
        let table = self.state.borrow().models.class(id).table;
        if let Some(term) = column::call_of(value)
            && let Some(column) = column::read(term, Some((name, span, span)), self)
            && let Some(table) = table
        {
            let mut state = self.state.borrow_mut();
            if let Some(column_name) = &column.name {
                state.column_by_term.insert(address(term), (table, column_name.clone()));
            }
            state.models.tables[table.0].columns.push(column.into());
        } else if value.is_unknown()
            && let Some(table) = table
        {
            self.state.borrow_mut().models.tables[table.0].open = true;
        }
        let body = self.state.borrow().body_by_address.get(&address(class)).copied();
        if let Some(body) = body {
            let kind = attribute::kind_of(value, false, |_| false);
            let call = value.as_term().and_then(|term| term.call()).map(|(_, arguments)| arguments.clone());
            let relationship = match (kind, &call) {
                (Kind::Relationship, Some(arguments)) => Some(relationship::read(arguments, span)),
                _ => None,
            };
            let mut state = self.state.borrow_mut();
            Arc::make_mut(&mut state.models.bodies[body.0].attributes).push(Attribute {
                name: name.to_string(),
                name_span: span,
                span,
                kind,
                annotation: None,
                column: None,
                relationship: relationship.map(Box::new),
                value: Expression::Unknown,
                certain: true,
                assigned_later: true,
            });
        }
    }
}
