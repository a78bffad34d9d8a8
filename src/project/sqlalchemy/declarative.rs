//! Class statements → declarative bases and [`MappedClass`]es with their tables.

use std::rc::Rc;
use std::sync::Arc;

use crate::project::Known;
use crate::project::sqlalchemy::attribute::{self, Attribute, Kind, Shape};
use crate::project::sqlalchemy::bases::{self, AutoName};
use crate::project::sqlalchemy::body::annotate;
use crate::project::sqlalchemy::column::{self, Column, Style};
use crate::project::sqlalchemy::expression::Expression;
use crate::project::sqlalchemy::library::{SqlAlchemy, address};
use crate::project::sqlalchemy::library_columns;
use crate::project::sqlalchemy::table::{NewTable, TableArguments, known_name};
use crate::project::sqlalchemy::{ClassId, MappedClass, Part, RegistryKind, Role, TableId, names};
use crate::python::evaluate::Machine;
use crate::python::value::Value;
use crate::python::value::class::{Class, Code, Function};
use crate::python::value::scope::Binding;
use crate::python::value::term::{Argument, Arguments, TermKind};
use crate::source::Span;
use crate::syntax::python::tree::{
    self,
    visitor::{Visitor, walk_expr},
};

/// What was found out about a class attribute such as `__tablename__`.
enum Found<'t> {
    Absent,
    Value(Value<'t>, Span),
    Unread(Span),
}

impl<'t> SqlAlchemy<'t> {
    /// A class statement was executed.
    pub(super) fn class_statement(&self, machine: &mut Machine<'t>, class: &Rc<Class<'t>>) {
        if self.is_new_base(machine, class) {
            return;
        }
        let mut by_decorator = false;
        let root = match self.root_of_class(machine, class) {
            Some(root) => Some(root),
            None => {
                by_decorator = true;
                self.root_of_decorators(machine, class)
            }
        };
        let root = match root {
            Some(root) => root,
            None => match self.guessed_foreign_root(machine, class) {
                Some(root) => root,
                None => return,
            },
        };
        let kind = self.root(root).kind;
        if kind == RegistryKind::SqlModel && !is_table_model(class) {
            return;
        }
        match class.own("__abstract__").map(|binding| binding.value) {
            Some(Value::Bool(true)) => return,
            Some(Value::Bool(false) | Value::None) | None => {}
            Some(_) => return,
        }
        self.name_own_columns(class);
        self.map_class(machine, class, root, by_decorator);
    }

    fn map_class(&self, machine: &mut Machine<'t>, class: &Rc<Class<'t>>, root_at: usize, by_decorator: bool) {
        let root = self.root(root_at);
        let metadata = match self.bind_key(machine, class, root_at) {
            Some(found) => found,
            None => self.metadata_of_class(machine, class).unwrap_or(root.metadata),
        };
        let (made_of, owners, parent, mut open) = self.parts(machine, class, &root);
        let has_hooks = class.ancestors().any(|ancestor| {
            let hook = ancestor.own("__init_subclass__");
            hook.is_some_and(|binding| matches!(&binding.value, Value::Function(hook) if hands_on_its_class(machine, hook)))
        }) || class.ancestors().any(|ancestor| {
            ancestor.keywords.iter().any(|keyword| {
                &*keyword.name == "metaclass"
                    && !matches!(&keyword.value, Value::Term(term) if names::sqlalchemy(term) == Some("DeclarativeMeta"))
            })
        });
        // It may add columns (SQLAlchemy's recipe of versioned objects does).
        let own_mapper = class.ancestors().any(|ancestor| ancestor.own("__mapper_cls__").is_some());
        let brings = class.inherited.iter().any(|base| brought(base, class.span).is_some());
        open |= own_mapper || root.brings_columns && !brings;
        let deferred = class.library_bases().any(|base| {
            matches!(names::sqlalchemy(base), Some("DeferredReflection" | "AbstractConcreteBase" | "ConcreteBase"))
        });
        let flag = |name: &str| {
            class.ancestors().any(|ancestor| {
                ancestor.own(name).is_some_and(|binding| !matches!(binding.value, Value::Bool(false) | Value::None))
            })
        };
        let base_allows = class.library_bases().any(|base| {
            base.fields.get("__allow_unmapped__").is_some_and(|value| !matches!(value, Value::Bool(false)))
        });
        let dataclass = class.library_bases().any(|base| names::sqlalchemy(base) == Some("MappedAsDataclass"))
            || class.decorators.iter().any(|decorator| format!("{decorator:?}").contains("mapped_as_dataclass"));
        let parent_class = parent;
        let mapped = MappedClass {
            id: ClassId(0),
            qualified: class.qualified.to_string(),
            name_span: class.name_span,
            span: class.span,
            table: None,
            metadata,
            name: class.name.to_string(),
            file: class.module.file.unwrap_or(class.span.file),
            registry: root.registry,
            parent: parent_class,
            made_of,
            open: open || has_hooks,
            certain: class.certain,
            without_table: false,
            imperative: deferred,
            allow_unmapped: flag("__allow_unmapped__") || base_allows,
            dataclass,
            mapper_primary_key: self.mapper_args_name_primary_key(class),
        };
        let id = {
            let mut state = self.state.borrow_mut();
            let id = ClassId(state.models.classes.len());
            state.models.classes.push(MappedClass { id, ..mapped });
            state.class_by_address.insert(address(class), id);
            state.kept.push(Value::Class(class.clone()));
            id
        };
        self.make_table(machine, class, id, root_at, &owners, has_hooks, deferred, by_decorator);
    }

    fn mapper_args_name_primary_key(&self, class: &Rc<Class<'t>>) -> bool {
        class.ancestors().any(|ancestor| match ancestor.own("__mapper_args__").map(|binding| binding.value) {
            None | Some(Value::None) => false,
            Some(Value::Dict(dict)) => {
                dict.open.get()
                    || dict
                        .entries
                        .borrow()
                        .keys()
                        .any(|key| matches!(key, crate::python::value::Key::Str(key) if &**key == "primary_key"))
            }
            Some(_) => true,
        })
    }

    /// `__bind_key__ = "…"` of Flask-SQLAlchemy.
    fn bind_key(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        root: usize,
    ) -> Option<crate::project::sqlalchemy::MetaDataId> {
        if self.root(root).kind != RegistryKind::Flask {
            return None;
        }
        let binding = class.ancestors().find_map(|ancestor| ancestor.own("__bind_key__"))?;
        match &binding.value {
            Value::Str(key) => Some(self.bind_metadata(machine, root, &key.text, binding.span)),
            Value::None => None,
            _ => Some(self.unread_metadata(machine, binding.span)),
        }
    }

    /// What the class is made of, the classes themselves, the mapped parent, and whether something was not read.
    #[expect(clippy::type_complexity, reason = "one answer in four parts, used once")]
    fn parts(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        root: &super::library::Root<'t>,
    ) -> (Vec<Part>, Vec<(Rc<Class<'t>>, Role)>, Option<ClassId>, bool) {
        let mut parts = Vec::new();
        let mut owners: Vec<(Rc<Class<'t>>, Role)> = Vec::new();
        let mut parent = None;
        let mut open = false;
        let mut of_parent: Vec<usize> = Vec::new();
        let mut after_base = false;
        let mut order: Vec<Value<'t>> = class.mro();
        if let Some(custom) = &root.class {
            for ancestor in custom.mro().iter() {
                if !order.iter().any(|known| same_class(known, ancestor)) {
                    order.push(ancestor.clone());
                }
            }
        }
        for ancestor in order {
            match &ancestor {
                Value::Class(found) => {
                    let at = address(found);
                    let mapped = self.state.borrow().class_by_address.get(&at).copied();
                    let role = if Rc::ptr_eq(found, class) {
                        Role::Own
                    } else if let Some(mapped) = mapped {
                        if parent.is_none() {
                            parent = Some(mapped);
                        }
                        of_parent.extend(found.ancestors().map(|it| address(&it)));
                        Role::Mapped
                    } else if of_parent.contains(&at) {
                        Role::Mapped
                    } else if self.state.borrow().root_by_class.contains_key(&at)
                        || root.class.as_ref().is_some_and(|custom| custom.ancestors().any(|it| address(&it) == at))
                    {
                        after_base = true;
                        Role::Base
                    } else if found.own("__abstract__").is_some() {
                        Role::Abstract
                    } else if after_base {
                        Role::LateMixin
                    } else {
                        Role::Mixin
                    };
                    let body = self.body(machine, found);
                    parts.push(Part { body, role });
                    owners.push((found.clone(), role));
                }
                Value::Term(term) => {
                    if self.root_of_term(machine, term).is_some() {
                        after_base = true;
                        let brings =
                            term.dotted().and_then(bases::library_base).is_some_and(|base| base.brings_columns);
                        open |= brings && brought(&ancestor, class.span).is_none();
                        continue;
                    }
                    let named = match &term.kind {
                        TermKind::Item(of, _) => of.dotted(),
                        _ => term.dotted(),
                    };
                    open |= !named.is_some_and(bases::is_harmless) && brought(&ancestor, class.span).is_none();
                }
                Value::Unknown(_) | Value::OneOf(_) => open = true,
                _ => {}
            }
        }
        (parts, owners, parent, open)
    }

    /// Decides on the class's table and registers it.
    #[expect(clippy::too_many_arguments, reason = "one step of `map_class`, cut out for reading")]
    fn make_table(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        id: ClassId,
        root_at: usize,
        owners: &[(Rc<Class<'t>>, Role)],
        has_hooks: bool,
        deferred: bool,
        by_decorator: bool,
    ) {
        let root = self.root(root_at);
        let (metadata, parent, open) = {
            let state = self.state.borrow();
            let mapped = state.models.class(id);
            (mapped.metadata, mapped.parent, mapped.open)
        };
        let parent_table = parent.and_then(|parent| self.state.borrow().models.class(parent).table);
        if let Some(binding) = owners.iter().find_map(|(owner, role)| match role {
            Role::Mapped => None,
            _ => owner.own("__table__").filter(|binding| !binding.only_annotated),
        }) {
            let value = self.resolved(machine, class, &binding);
            let table = self.table_of(&value);
            let mut state = self.state.borrow_mut();
            state.models.classes[id.0].table = table;
            state.models.classes[id.0].imperative = true;
            if let Some(table) = table {
                state.models.tables[table.0].class.get_or_insert(id);
            } else {
                state.models.metadatas[metadata.0]
                    .unread
                    .push((binding.span, format!("the table of `{}` could not be read", class.name)));
            }
            return;
        }
        let (mut columns, unread) = self.columns_of(machine, class, owners, root.kind);
        self.bind_columns(machine, class, &mut columns);
        let name =
            self.table_name(machine, class, owners, &root, columns.iter().any(|it| it.0.primary_key == Some(true)));
        // Flask-SQLAlchemy makes no table for a class that inherits one and has no primary key of its own.
        let keyless = !columns.iter().any(|(column, _)| column.primary_key != Some(false));
        let shares = root.kind == RegistryKind::Flask && parent_table.is_some() && keyless && !unread;
        let name = match name {
            _ if shares => Found::Absent,
            name => name,
        };
        let name = match name {
            Found::Value(Value::None, _) | Found::Absent => {
                if let Some(table) = parent_table {
                    let mut state = self.state.borrow_mut();
                    state.models.classes[id.0].table = Some(table);
                    let onto = &mut state.models.tables[table.0];
                    onto.open |= unread;
                    let mut added = Vec::new();
                    for (column, at) in columns {
                        if let Some(name) = &column.name {
                            added.push((at, (table, name.clone())));
                        }
                        if !onto.columns.iter().any(|known| known.name == column.name) {
                            onto.columns.push(column);
                        }
                    }
                    state.column_by_term.extend(added);
                    return;
                }
                let mut state = self.state.borrow_mut();
                let foreign = state.models.metadata(metadata).foreign;
                let certain = class.certain && !open && !has_hooks && !deferred && parent.is_none() && !by_decorator;
                state.models.classes[id.0].without_table =
                    certain && !foreign && matches!(root.kind, RegistryKind::Declarative);
                if open && !deferred {
                    state.models.metadatas[metadata.0]
                        .unread
                        .push((class.name_span, format!("the table name of `{}` could not be read", class.name)));
                }
                return;
            }
            Found::Value(value, span) => known_name(&value, span),
            Found::Unread(span) => Known::Unknown(span, "the table name is computed".to_owned()),
        };
        self.name_columns(owners, &columns);
        let mut arguments = TableArguments { open: open || unread || deferred, ..TableArguments::default() };
        match self.class_value(machine, class, owners, "__table_args__") {
            Found::Absent | Found::Value(Value::None, _) => {}
            Found::Value(value, _) if !matches!(value, Value::OneOf(_)) => {
                self.take_argument(&value, &mut arguments);
            }
            Found::Value(_, span) | Found::Unread(span) => {
                arguments.open = true;
                arguments.schema = Some(Known::Unknown(span, "`__table_args__` is computed".to_owned()));
            }
        }
        arguments.columns.extend(columns);
        let table = self.register_table(NewTable {
            name,
            metadata,
            span: class.name_span,
            file: class.module.file.unwrap_or(class.span.file),
            module: class.module.name.to_string(),
            certain: class.certain,
            class: Some(id),
            arguments,
            declarative: true,
            imported_at: self.imported_at(machine),
        });
        let mut state = self.state.borrow_mut();
        state.models.classes[id.0].table = Some(table);
    }

    /// The statement itself may name its columns by their objects before there is a table: `ForeignKey(id)`.
    fn name_own_columns(&self, class: &Rc<Class<'t>>) {
        let mut state = self.state.borrow_mut();
        let next = TableId(state.models.tables.len());
        for (attribute, binding) in class.attributes.borrow().iter() {
            let Some(term) = column::call_of(&binding.value) else { continue };
            let name = column::name_in(term).unwrap_or_else(|| attribute.to_string());
            state.column_by_term.insert(address(term), (next, name));
        }
    }

    /// SQLAlchemy copies the columns of mixins, and makes those of annotations: each class gets an attribute of its own
    /// for them, so that `User.id` is the column of `user`.
    fn bind_columns(&self, machine: &mut Machine<'t>, class: &Rc<Class<'t>>, columns: &mut [(Arc<Column>, usize)]) {
        let is_inherited = |(column, _): &&(Arc<Column>, usize)| {
            column.attribute.as_ref().is_some_and(|name| !class.attributes.borrow().contains_key(&**name))
        };
        let inherited = columns.iter().filter(is_inherited).count();
        class.attributes.borrow_mut().reserve_exact(inherited);
        for (column, at) in columns.iter_mut() {
            let Some(attribute) = column.attribute.clone() else { continue };
            let own = class.own(&attribute);
            if own.as_ref().is_some_and(|binding| column::call_of(&binding.value).is_some()) {
                continue;
            }
            let callee = machine.name_term("sqlalchemy.orm.mapped_column", column.span);
            let made = machine.call_term(&callee, &Rc::new(Arguments::default()), column.span);
            let Value::Term(term) = &made else { continue };
            *at = address(term);
            self.state.borrow_mut().kept.push(made.clone());
            let binding = Binding {
                value: made,
                span: column.name_span,
                statement: column.statement,
                annotation: own.and_then(|binding| binding.annotation),
                certain: column.certain,
                only_annotated: false,
            };
            class.attributes.borrow_mut().insert(machine.shared(&attribute), binding);
        }
    }

    /// `__table_args__` may name the columns of the class by their objects before the table is registered.
    fn name_columns(&self, owners: &[(Rc<Class<'t>>, Role)], columns: &[(Arc<Column>, usize)]) {
        let mut state = self.state.borrow_mut();
        let next = TableId(state.models.tables.len());
        for (owner, _) in owners.iter().filter(|(_, role)| *role != Role::Mapped) {
            for (name, binding) in owner.attributes.borrow().iter() {
                let Some(term) = column::call_of(&binding.value) else { continue };
                let of = columns.iter().find(|(column, _)| column.attribute.as_deref() == Some(&**name));
                if let Some(column) = of.and_then(|(column, _)| column.name.clone()) {
                    state.column_by_term.insert(address(term), (next, column));
                }
            }
        }
    }

    /// The columns that the class adds, with the addresses of their terms, and whether some were not read.
    fn columns_of(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        owners: &[(Rc<Class<'t>>, Role)],
        kind: RegistryKind,
    ) -> (Vec<(Arc<Column>, usize)>, bool) {
        let mut columns = Vec::new();
        let mut unread = false;
        let mut seen: Vec<String> = Vec::new();
        for (owner, role) in owners {
            let body = self.body(machine, owner);
            let attributes = self.state.borrow().models.body(body).attributes.clone();
            for found in &*attributes {
                if seen.contains(&found.name) {
                    continue;
                }
                if found.kind != Kind::AnnotationOnly || found.annotation.is_some() {
                    seen.push(found.name.clone());
                }
                if *role == Role::Mapped {
                    continue;
                }
                let binding = owner.own(&found.name);
                // The column of a mixin is many tables' column: only one of the class itself names its table.
                let at = binding
                    .as_ref()
                    .filter(|_| *role == Role::Own)
                    .and_then(|binding| column::call_of(&binding.value))
                    .map_or(0, address);
                if let Some(column) = found.column.clone() {
                    columns.push((column, at));
                    continue;
                }
                match found.kind {
                    Kind::DeclaredAttr => {
                        if found.name.starts_with("__") {
                            continue;
                        }
                        let Some(binding) = binding else { continue };
                        let value = self.resolved(machine, class, &binding);
                        match column::call_of(&value) {
                            Some(term) => {
                                let place = Some((&*found.name, found.name_span, found.span));
                                match column::read(term, place, self) {
                                    Some(column) => columns.push((column.into(), address(term))),
                                    None => unread = true,
                                }
                            }
                            None => {
                                unread |= value.is_unknown()
                                    || matches!(value, Value::Term(ref term) if names::called(term).is_none())
                            }
                        }
                    }
                    Kind::AnnotationOnly | Kind::Plain | Kind::None => {
                        if let Some(annotation) = &found.annotation {
                            match self.column_of_annotation(found, annotation, kind) {
                                Ok(Some(column)) => columns.push((column.into(), at)),
                                Ok(None) => {}
                                Err(()) => unread = true,
                            }
                        }
                    }
                    Kind::Unknown | Kind::Other => unread |= !found.name.starts_with("__"),
                    Kind::MapperProperty => unread |= format!("{:?}", binding.map(|it| it.value)).contains("olumn("),
                    _ => {}
                }
            }
        }
        for found in brought_by_libraries(class, owners) {
            let new = found
                .columns
                .into_iter()
                .filter(|column| !seen.iter().any(|name| column.attribute.as_ref() == Some(name)));
            columns.extend(new.map(|column| (column.into(), 0)));
        }
        (columns, unread)
    }

    /// The column that an annotation makes by itself. `Err`: it may make one that is not read.
    fn column_of_annotation(
        &self,
        found: &Attribute,
        annotation: &attribute::Annotation,
        kind: RegistryKind,
    ) -> Result<Option<Column>, ()> {
        let plain_counts = kind == RegistryKind::SqlModel;
        if found.name.starts_with("__") {
            return Ok(None);
        }
        match annotation.shape {
            Shape::Mapped => {}
            Shape::Plain | Shape::Unknown if plain_counts => {}
            Shape::Unknown if found.kind == Kind::AnnotationOnly => return Err(()),
            _ => return Ok(None),
        }
        if !plain_counts && found.kind != Kind::AnnotationOnly {
            return Ok(None);
        }
        if let Expression::Class(class) = &annotation.inner
            && self.state.borrow().models.classes.iter().any(|mapped| mapped.qualified == class.qualified)
        {
            return Ok(None);
        }
        let mut column = Column::empty(annotation.span);
        column.name = Some(found.name.clone());
        column.attribute = Some(found.name.clone());
        column.name_span = found.name_span;
        column.statement = found.span;
        column.certain = found.certain;
        column.style = if plain_counts { Style::Field } else { Style::Mapped };
        annotate(&mut column, annotation);
        Ok(Some(column))
    }

    /// The table's name.
    fn table_name(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        owners: &[(Rc<Class<'t>>, Role)],
        root: &super::library::Root<'t>,
        has_primary_key: bool,
    ) -> Found<'t> {
        if root.kind == RegistryKind::Flask {
            // Flask-SQLAlchemy names a class unless it, or a mixin or abstract base, has a name of its own.
            let first = owners.iter().find_map(|(owner, role)| Some((owner.own("__tablename__")?, *role)));
            let automatic = match &first {
                None => true,
                Some((binding, role)) => *role == Role::Mapped && !matches!(binding.value, Value::Function(_)),
            };
            if automatic {
                let has_parent = owners.iter().any(|(_, role)| *role == Role::Mapped);
                if has_parent && !has_primary_key {
                    return Found::Absent;
                }
                let name = bases::automatic_name(root.tablename, &class.name).unwrap_or_default();
                return match root.tablename {
                    AutoName::No => Found::Absent,
                    _ => Found::Value(Value::literal(name, class.name_span), class.name_span),
                };
            }
        }
        match self.class_value(machine, class, owners, "__tablename__") {
            Found::Absent => match by_library(class, owners)
                .or_else(|| bases::automatic_name(root.tablename, &class.name))
            {
                Some(name)
                    if root.kind == RegistryKind::SqlModel || !owners.iter().any(|(_, role)| *role == Role::Mapped) =>
                {
                    Found::Value(Value::literal(name, class.name_span), class.name_span)
                }
                _ => {
                    let unread = class.inherited.iter().find_map(|base| match base {
                        Value::Unknown(unknown) => Some(unknown.span),
                        _ => None,
                    });
                    match unread {
                        Some(span) => Found::Unread(span),
                        None => Found::Absent,
                    }
                }
            },
            found => found,
        }
    }

    /// `cls.name`, where the class itself, a mixin or an abstract base has it, or a mapped parent as `declared_attr`.
    fn class_value(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        owners: &[(Rc<Class<'t>>, Role)],
        name: &str,
    ) -> Found<'t> {
        let counts = owners.iter().any(|(owner, role)| {
            owner.own(name).is_some_and(|binding| {
                !binding.only_annotated && (*role != Role::Mapped || matches!(binding.value, Value::Function(_)))
            })
        });
        if !counts {
            return Found::Absent;
        }
        let first = owners
            .iter()
            .find_map(|(owner, role)| Some((owner.own(name).filter(|binding| !binding.only_annotated)?, *role)));
        let Some((binding, role)) = first else { return Found::Absent };
        if role == Role::Mapped && !matches!(binding.value, Value::Function(_)) {
            return Found::Unread(binding.span);
        }
        let value = self.resolved(machine, class, &binding);
        if value.is_unknown() || !binding.certain {
            return Found::Unread(binding.span);
        }
        Found::Value(value, binding.span)
    }

    /// The value of a class attribute; `@declared_attr` and class methods are called with the class.
    fn resolved(&self, machine: &mut Machine<'t>, class: &Rc<Class<'t>>, binding: &Binding<'t>) -> Value<'t> {
        let call = |machine: &mut Machine<'t>, function: &Rc<Function<'t>>| {
            let arguments = Arguments {
                positional: vec![Argument { value: Value::Class(class.clone()), span: binding.span }],
                ..Arguments::default()
            };
            match machine.call(&Value::Function(function.clone()), &Rc::new(arguments), binding.span) {
                Ok(value) => value,
                Err(raised) => Value::unknown(binding.span, format!("raises {}", raised.exception)),
            }
        };
        match &binding.value {
            Value::Function(function) | Value::Method(_, function) => call(machine, function),
            // `declared_attr(lambda cls: …)`
            Value::Term(term) if names::called(term) == Some("declared_attr") => {
                match term.call().and_then(|(_, arguments)| arguments.positional.first()) {
                    Some(Argument { value: Value::Function(function), .. }) => call(machine, &function.clone()),
                    _ => Value::unknown(binding.span, "declared_attr of something that is not read"),
                }
            }
            value => value.clone(),
        }
    }
}

/// The `__tablename__` that a library's mixin has.
fn by_library(class: &Rc<Class<'_>>, owners: &[(Rc<Class<'_>>, Role)]) -> Option<String> {
    brought_by_libraries(class, owners).iter().find_map(|found| found.tablename.map(str::to_owned))
}

/// What a library's class in a method resolution order brings, where that is known.
fn brought(ancestor: &Value<'_>, span: Span) -> Option<library_columns::Brings> {
    let term = ancestor.as_term()?;
    let name = match &term.kind {
        TermKind::Item(of, _) => of.dotted(),
        _ => term.dotted(),
    };
    library_columns::of(name?, span)
}

/// The same for all library classes of a class, but for those that its mapped parents have taken in.
fn brought_by_libraries(class: &Rc<Class<'_>>, owners: &[(Rc<Class<'_>>, Role)]) -> Vec<library_columns::Brings> {
    let mapped = owners.iter().filter(|(_, role)| *role == Role::Mapped);
    let taken: Vec<usize> = mapped.flat_map(|(owner, _)| owner.library_bases().map(address)).collect();
    // The class of `declarative_base(cls=…)` is among the owners, not among the bases.
    let of_owners = owners.iter().filter(|(_, role)| *role != Role::Mapped).flat_map(|(owner, _)| &owner.inherited);
    let mut seen = taken;
    let own = of_owners.filter(|base| {
        let new = base.as_term().map(address).filter(|at| !seen.contains(at));
        seen.extend(new);
        new.is_some()
    });
    own.filter_map(|base| brought(base, class.name_span)).collect()
}

/// `table=True` in the class statement, or in `model_config`.
fn is_table_model(class: &Rc<Class<'_>>) -> bool {
    class
        .keywords
        .iter()
        .any(|keyword| &*keyword.name == "table" && !matches!(keyword.value, Value::Bool(false) | Value::None))
        || class.own("model_config").is_some_and(|binding| match &binding.value {
            Value::Dict(dict) => dict.entries.borrow().iter().any(|(key, value)| {
                matches!(key, crate::python::value::Key::Str(key) if &**key == "table")
                    && matches!(value, Value::Bool(true))
            }),
            _ => false,
        })
}

fn same_class<'t>(one: &Value<'t>, other: &Value<'t>) -> bool {
    match (one, other) {
        (Value::Class(one), Value::Class(other)) => Rc::ptr_eq(one, other),
        _ => false,
    }
}

/// Does an `__init_subclass__` hand the class on to something that may add to it? What it assigns by itself
/// (`cls.__tablename__ = …`) was run on paper.
fn hands_on_its_class(machine: &Machine<'_>, hook: &Function<'_>) -> bool {
    struct Uses<'n> {
        class: &'n str,
        handed_on: bool,
    }
    impl<'a> Visitor<'a> for Uses<'_> {
        fn visit_expr(&mut self, expression: &'a tree::Expr) {
            match expression {
                tree::Expr::Attribute(node) if matches!(&*node.value, tree::Expr::Name(_)) => {}
                tree::Expr::Name(name) if name.id.as_str() == self.class => self.handed_on = true,
                other => walk_expr(self, other),
            }
        }
    }
    let Code::Def(def) = &hook.code else { return true };
    let Some(class) = def.parameters.iter().next() else { return true };
    let mut uses = Uses { class: class.name().as_str(), handed_on: false };
    let Some(body) = hook.module.file.and_then(|file| machine.trees.body(file, def)) else { return true };
    uses.visit_body(body);
    uses.handed_on
}
