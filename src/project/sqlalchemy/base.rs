//! Class statements → declarative bases; classes → the base that they belong to.

use std::rc::Rc;

use crate::project::sqlalchemy::bases::{self, AutoName};
use crate::project::sqlalchemy::library::{SqlAlchemy, address};
use crate::project::sqlalchemy::metadata::types_of_class;
use crate::project::sqlalchemy::{RegistryKind, names};
use crate::python::dotted;
use crate::python::evaluate::Machine;
use crate::python::value::Value;
use crate::python::value::class::Class;
use crate::python::value::term::TermKind;

impl<'t> SqlAlchemy<'t> {
    /// `class Base(DeclarativeBase)`, `@as_declarative() class Base`, `class Base(metaclass=DeclarativeMeta)`
    pub(super) fn is_new_base(&self, machine: &mut Machine<'t>, class: &Rc<Class<'t>>) -> bool {
        let by_base = class.bases.iter().any(|base| {
            base.as_term().is_some_and(|term| {
                matches!(names::sqlalchemy(term), Some("DeclarativeBase" | "DeclarativeBaseNoMeta"))
            })
        });
        let mut from = None;
        for decorator in &class.decorators {
            let Value::Term(term) = decorator else { continue };
            let (callee, arguments) = match &term.kind {
                TermKind::Call(callee, arguments) => (callee, Some(arguments)),
                _ => (term, None),
            };
            if names::sqlalchemy(callee) == Some("as_declarative") {
                from = Some((None, arguments.cloned()));
            }
            if let TermKind::Attribute(of, name) = &callee.kind
                && &**name == "as_declarative_base"
                && let Some(root) = self.root_of_term(machine, of)
            {
                from = Some((Some(root), arguments.cloned()));
            }
        }
        let by_metaclass = class.keywords.iter().any(|keyword| {
            &*keyword.name == "metaclass"
                && match &keyword.value {
                    Value::Term(term) => names::sqlalchemy(term) == Some("DeclarativeMeta"),
                    Value::Class(meta) => {
                        meta.library_bases().any(|base| names::sqlalchemy(base) == Some("DeclarativeMeta"))
                    }
                    _ => false,
                }
        }) && self.root_of_class(machine, class).is_none();
        if !by_base && from.is_none() && !by_metaclass {
            return false;
        }
        let (given_root, arguments) = from.unwrap_or((None, None));
        let own_registry = class.own("registry").or_else(|| class.own("_sa_registry"));
        let registry = given_root.or_else(|| {
            let binding = own_registry.as_ref()?;
            self.root_of_term(machine, binding.value.as_term()?)
        });
        let given = arguments
            .as_ref()
            .and_then(|arguments| arguments.keyword("metadata").map(|found| found.value.clone()))
            .or_else(|| {
                // Only what stands in the class itself or a mixin counts.
                class.ancestors().find_map(|ancestor| ancestor.own("metadata")).map(|binding| binding.value)
            });
        let metadata = match (&given, registry) {
            (Some(value), _) if self.metadata_of(value).is_some() => self.metadata_of(value),
            (Some(value), _) if value.is_unknown() => Some(self.unread_metadata(machine, class.name_span)),
            (_, Some(root)) => Some(self.root(root).metadata),
            _ if own_registry.as_ref().is_some_and(|binding| binding.value.is_unknown()) => {
                Some(self.unread_metadata(machine, class.name_span))
            }
            _ => None,
        };
        let metadata = match metadata {
            Some(found) => found,
            None => self.new_metadata(machine, class.name_span, None, false),
        };
        let types = types_of_class(self, class);
        let mut root = self.new_root(metadata, RegistryKind::Declarative, AutoName::No, None, types, class.name_span);
        if let Some(shared) = registry {
            let mut state = self.state.borrow_mut();
            let mut base = state.roots[shared].clone();
            base.metadata = metadata;
            base.class = None;
            state.roots.push(base);
            root = state.roots.len() - 1;
        }
        let mut state = self.state.borrow_mut();
        state.root_by_class.insert(address(class), root);
        state.kept.push(Value::Class(class.clone()));
        true
    }

    /// `@mapper_registry.mapped`, `@mapper_registry.mapped_as_dataclass`
    pub(super) fn root_of_decorators(&self, machine: &mut Machine<'t>, class: &Rc<Class<'t>>) -> Option<usize> {
        for decorator in &class.decorators {
            let Value::Term(term) = decorator else { continue };
            let callee = match &term.kind {
                TermKind::Call(callee, arguments) => {
                    if matches!(names::sqlalchemy(callee), Some("mapped_as_dataclass" | "unmapped_dataclass"))
                        && let Some(first) = arguments.positional.first()
                        && let Value::Term(registry) = &first.value
                    {
                        return self.root_of_term(machine, registry);
                    }
                    callee
                }
                _ => term,
            };
            if let TermKind::Attribute(of, name) = &callee.kind
                && matches!(&**name, "mapped" | "mapped_as_dataclass")
                && let Some(root) = self.root_of_term(machine, of)
            {
                return Some(root);
            }
        }
        None
    }

    /// A class with a table name whose base is of a library that is not known: a declarative base of that library.
    pub(super) fn guessed_foreign_root(&self, machine: &mut Machine<'t>, class: &Rc<Class<'t>>) -> Option<usize> {
        let has_table = class.ancestors().any(|ancestor| {
            ancestor.own("__table__").is_some()
                || ancestor.own("__tablename__").is_some_and(|name| !matches!(name.value, Value::Unknown(_)))
        });
        if !has_table {
            return None;
        }
        let base = class.library_bases().find(|base| {
            base.dotted().is_some_and(|name| {
                let last = dotted::last(name);
                !bases::is_harmless(name) && (last.ends_with("Base") || last.ends_with("Model"))
            })
        })?;
        let (name, span) = (base.dotted()?.to_owned(), base.span);
        Some(self.foreign_root(machine, &name, span))
    }
}
