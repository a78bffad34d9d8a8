//! `MetaData(…)`, declarative bases and Flask-SQLAlchemy objects → [`MetaData`] with identity and a name to import.

use std::rc::Rc;

use crate::project::sqlalchemy::bases::AutoName;
use crate::project::sqlalchemy::expression::{self, Expression};
use crate::project::sqlalchemy::library::{SqlAlchemy, address};
use crate::project::sqlalchemy::{MetaData, MetaDataId, NamedBy, RegistryKind, names};
use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::class::Class;
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::python::value::{Key, Value};
use crate::source::{FileId, Span};

impl<'t> SqlAlchemy<'t> {
    /// A MetaData that the project did not make by calling `MetaData`: of a declarative base.
    pub(super) fn new_metadata(
        &self,
        machine: &mut Machine<'t>,
        span: Span,
        arguments: Option<&Arguments<'t>>,
        foreign: bool,
    ) -> MetaDataId {
        let callee = machine.term(TermKind::Name("sqlalchemy.MetaData".into()), span);
        let made = machine.call_term(&callee, &Rc::new(Arguments::default()), span);
        let empty = Arguments::default();
        let id = self.register_metadata(&made, arguments.unwrap_or(&empty), span);
        self.state.borrow_mut().models.metadatas[id.0].foreign = foreign;
        id
    }

    /// Registers the term of a `MetaData(…)` call.
    pub(super) fn register_metadata(&self, made: &Value<'t>, arguments: &Arguments<'t>, span: Span) -> MetaDataId {
        let mut state = self.state.borrow_mut();
        let id = MetaDataId(state.models.metadatas.len());
        let mut metadata = MetaData {
            id,
            span,
            name: "metadata".to_owned(),
            importable: None,
            foreign: false,
            naming_convention: false,
            schema: None,
            conventions: Vec::new(),
            reflected: false,
            unread: Vec::new(),
            library: None,
        };
        // 1.x: MetaData(bind=None, reflect=False, schema=None, …); 2.x: MetaData(schema=None, …).
        let schema = arguments.keyword("schema").map(|found| found.value.clone()).or_else(|| {
            arguments.positional.iter().map(|found| found.value.clone()).find(|value| value.as_str().is_some())
        });
        metadata.schema = schema.as_ref().and_then(Value::as_str).map(str::to_owned);
        if schema.as_ref().is_some_and(Value::is_unknown) {
            metadata.unread.push((span, "its `schema` could not be read".to_owned()));
        }
        if let Some(convention) = arguments.keyword("naming_convention") {
            (metadata.naming_convention, metadata.conventions) = conventions(&convention.value);
        }
        metadata.naming_convention |= arguments.open;
        state.models.metadatas.push(metadata);
        if let Value::Term(term) = made {
            state.metadata_by_term.insert(address(term), id);
            state.metadata_terms.push(term.clone());
        }
        id
    }

    /// The MetaData for everything whose MetaData could not be read.
    pub(super) fn unread_metadata(&self, machine: &mut Machine<'t>, span: Span) -> MetaDataId {
        if let Some(found) = self.state.borrow().unread_metadata {
            return found;
        }
        let id = self.new_metadata(machine, span, None, true);
        let mut state = self.state.borrow_mut();
        state.unread_metadata = Some(id);
        state.models.metadatas[id.0].library = Some("unread".to_owned());
        drop(state);
        id
    }

    /// `metadata.naming_convention = {…}`
    pub(super) fn convention_assigned(&self, of: &Rc<Term<'t>>, value: &Value<'t>) {
        if let Some(id) = self.metadata_of(&Value::Term(of.clone())) {
            let (given, read) = conventions(value);
            let mut state = self.state.borrow_mut();
            let metadata = &mut state.models.metadatas[id.0];
            let given = std::mem::replace(&mut metadata.naming_convention, given);
            let before = NamedBy { given, conventions: std::mem::replace(&mut metadata.conventions, read) };
            // What has its table already was named when it came there.
            for table in state.models.tables.iter_mut().filter(|table| table.metadata == id) {
                table.named_by.get_or_insert_with(|| Box::new(before.clone()));
            }
        }
    }

    /// `declarative_base(…)`, `automap_base(…)`, `registry(…)`
    pub(super) fn declarative_base_called(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Value<'t> {
        let made = machine.call_term(callee, arguments, span);
        let Value::Term(term) = &made else { return made };
        let kind = match names::sqlalchemy(callee) {
            Some("automap_base") => RegistryKind::Automap,
            _ => RegistryKind::Declarative,
        };
        // `automap_base(declarative_base=Base)`
        if kind == RegistryKind::Automap
            && let Some(Value::Term(base)) = arguments.get(0, "declarative_base")
            && let Some(root) = self.root_of_term(machine, base)
        {
            let mut state = self.state.borrow_mut();
            let metadata = state.roots[root].metadata;
            state.models.metadatas[metadata.0].reflected = true;
            state.root_by_term.insert(address(term), root);
            state.kept.push(made.clone());
            return made;
        }
        let metadata = match arguments.keyword("metadata").map(|found| &found.value) {
            None | Some(Value::None) => match arguments.positional.iter().find_map(|it| self.metadata_of(&it.value)) {
                Some(found) => found,
                None if arguments.open => self.unread_metadata(machine, span),
                None => self.new_metadata(machine, span, None, false),
            },
            Some(value) => match self.metadata_of(value) {
                Some(found) => found,
                None => self.unread_metadata(machine, span),
            },
        };
        if kind == RegistryKind::Automap {
            self.state.borrow_mut().models.metadatas[metadata.0].reflected = true;
        }
        let class = match arguments.keyword("cls").map(|found| &found.value) {
            Some(Value::Class(class)) => Some(class.clone()),
            _ => None,
        };
        let types = annotated_types(self, arguments.keyword("type_annotation_map").map(|found| &found.value));
        let unread_class = arguments.keyword("cls").is_some() && class.is_none();
        let custom = arguments.keyword("metaclass").is_some() || arguments.keyword("class_registry").is_some();
        let root = self.new_root(metadata, kind, AutoName::No, class, types, span);
        let mut state = self.state.borrow_mut();
        state.roots[root].brings_columns = unread_class || custom || arguments.open;
        if custom {
            let registry = state.roots[root].registry;
            state.models.registries[registry.0].open = true;
        }
        state.root_by_term.insert(address(term), root);
        state.kept.push(made.clone());
        drop(state);
        made
    }

    /// `SQLAlchemy(…)` of Flask-SQLAlchemy.
    pub(super) fn flask_database(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Value<'t> {
        let made = machine.call_term(callee, arguments, span);
        let Value::Term(term) = &made else { return made };
        let class = match arguments.keyword("model_class").map(|found| &found.value) {
            Some(Value::Class(class)) => Some(class.clone()),
            _ => None,
        };
        // A declarative base that is made already is taken as it is: no automatic names.
        if let Some(Value::Term(base)) = arguments.keyword("model_class").map(|found| &found.value)
            && let Some(root) = self.root_of_term(machine, base)
        {
            let mut state = self.state.borrow_mut();
            state.roots[root].kind = RegistryKind::Flask;
            state.root_by_term.insert(address(term), root);
            state.databases.push(term.clone());
            drop(state);
            return made;
        }
        let given = arguments.keyword("metadata").map(|found| found.value.clone());
        let own = class.as_ref().and_then(|class| {
            class.ancestors().find_map(|ancestor| ancestor.own("metadata")).map(|binding| binding.value)
        });
        let metadata = match given.or(own) {
            None | Some(Value::None) => self.new_metadata(machine, span, None, false),
            Some(value) => match self.metadata_of(&value) {
                Some(found) => found,
                None => self.unread_metadata(machine, span),
            },
        };
        let types = match &class {
            Some(class) => types_of_class(self, class),
            None => Some(Vec::new()),
        };
        let foreign = callee.dotted().is_some_and(|name| name.starts_with("flask_appbuilder"));
        let root = self.new_root(metadata, RegistryKind::Flask, AutoName::Snake, class, types, span);
        let mut state = self.state.borrow_mut();
        if foreign {
            state.models.metadatas[metadata.0].foreign = true;
        }
        if callee.dotted().is_some_and(|name| name.starts_with("gino")) {
            state.roots[root].tablename = AutoName::No;
            state.metadata_by_term.insert(address(term), metadata);
        }
        state.root_by_term.insert(address(term), root);
        state.databases.push(term.clone());
        drop(state);
        made
    }

    /// The MetaData of a bind key of a Flask-SQLAlchemy object.
    pub(super) fn bind_metadata(&self, machine: &mut Machine<'t>, root: usize, key: &str, span: Span) -> MetaDataId {
        let group = format!("bind {root} {key}");
        if let Some(found) = self.state.borrow().root_by_group.get(&group) {
            return self.state.borrow().roots[*found].metadata;
        }
        let metadata = self.new_metadata(machine, span, None, false);
        let bound = self.new_root(metadata, RegistryKind::Flask, AutoName::Snake, None, Some(Vec::new()), span);
        self.state.borrow_mut().root_by_group.insert(group, bound);
        metadata
    }

    /// Calls of methods: of registries, bases, MetaData objects, Flask-SQLAlchemy objects, tables.
    pub(super) fn method_called(
        &self,
        machine: &mut Machine<'t>,
        of: &Rc<Term<'t>>,
        method: &str,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        if let Some(id) = self.metadata_of(&Value::Term(of.clone())) {
            if method == "reflect" {
                self.state.borrow_mut().models.metadatas[id.0].reflected = true;
            }
            if !names::is_flask_database(of) {
                return None;
            }
        }
        if let Some(table) = self.table_of(&Value::Term(of.clone())) {
            return self.table_method_called(machine, table, method, callee, arguments, span);
        }
        if names::is_flask_database(of) {
            if method == "Table" {
                return Some(Ok(self.table_called(machine, callee, arguments, span)));
            }
            if method == "reflect" {
                let root = self.state.borrow().root_by_term.get(&address(of)).copied()?;
                let metadata = self.root(root).metadata;
                self.state.borrow_mut().models.metadatas[metadata.0].reflected = true;
            }
            return None;
        }
        let root = self.root_of_term(machine, of)?;
        match method {
            "generate_base" => {
                let made = machine.call_term(callee, arguments, span);
                let class = match arguments.keyword("cls").map(|found| &found.value) {
                    Some(Value::Class(class)) => Some(class.clone()),
                    _ => None,
                };
                if let Value::Term(term) = &made {
                    let mut state = self.state.borrow_mut();
                    let mut base = state.roots[root].clone();
                    base.class = class;
                    state.roots.push(base);
                    let at = state.roots.len() - 1;
                    state.root_by_term.insert(address(term), at);
                    state.kept.push(made.clone());
                }
                Some(Ok(made))
            }
            "map_imperatively" | "map_declaratively" => {
                self.mapped_imperatively(machine, Some(root), arguments);
                None
            }
            "prepare" | "reflect" => {
                let metadata = self.root(root).metadata;
                self.state.borrow_mut().models.metadatas[metadata.0].reflected = true;
                None
            }
            _ => None,
        }
    }

    /// The MetaData on which tables of `class` are made, if it is a declarative class.
    pub(super) fn metadata_of_class(&self, machine: &mut Machine<'t>, class: &Rc<Class<'t>>) -> Option<MetaDataId> {
        let mut own = None;
        for ancestor in class.mro() {
            match &ancestor {
                Value::Class(ancestor) => {
                    if own.is_none()
                        && let Some(binding) = ancestor.own("metadata").filter(|binding| !binding.only_annotated)
                    {
                        match &binding.value {
                            Value::Unknown(_) | Value::OneOf(_) => {
                                own = Some(self.unread_metadata(machine, binding.span));
                            }
                            value => own = self.metadata_of(value),
                        }
                    }
                    if let Some(root) = self.state.borrow().root_by_class.get(&address(ancestor)).copied() {
                        return Some(own.unwrap_or(self.root(root).metadata));
                    }
                }
                Value::Term(term) => {
                    if let Some(root) = self.root_of_term(machine, term) {
                        return Some(own.unwrap_or(self.root(root).metadata));
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The declarative base of a class.
    pub(super) fn root_of_class(&self, machine: &mut Machine<'t>, class: &Rc<Class<'t>>) -> Option<usize> {
        for ancestor in class.mro() {
            let found = match &ancestor {
                Value::Class(ancestor) => self.state.borrow().root_by_class.get(&address(ancestor)).copied(),
                Value::Term(term) => self.root_of_term(machine, term),
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The MetaData that a module's name leads to, how good a name that is, and the file that made it.
    fn metadata_behind(&self, value: &Value<'t>) -> Option<(MetaDataId, u8, FileId)> {
        let state = self.state.borrow();
        match value {
            Value::Term(term) => {
                if let Some(id) = state.metadata_by_term.get(&address(term)) {
                    return Some((*id, 1, term.file));
                }
                let root = state.root_by_term.get(&address(term))?;
                let rank = if names::called(term) == Some("registry") { 2 } else { 3 };
                Some((state.roots[*root].metadata, rank, term.file))
            }
            Value::Class(class) => {
                let root = state.root_by_class.get(&address(class))?;
                Some((state.roots[*root].metadata, 3, class.span.file))
            }
            // A Flask-SQLAlchemy object of the project's own class.
            Value::Object(object) => {
                let part = object.library.borrow().clone().filter(|part| part.as_term().is_some())?;
                drop(state);
                self.metadata_behind(&part)
            }
            _ => None,
        }
    }

    /// Gives every MetaData the name that the project knows it by: through a base rather than by itself, and from the
    /// module that made it rather than from one that imports it.
    pub(super) fn name_metadatas(&self, machine: &Machine<'t>) {
        let mut best: Vec<(u8, bool)> = vec![(0, false); self.state.borrow().models.metadatas.len()];
        for module in &machine.modules() {
            for (name, binding) in module.scope.names.borrow().iter() {
                let Some((id, rank, file)) = self.metadata_behind(&binding.value) else { continue };
                let found = (rank, module.file == Some(file));
                if found <= best[id.0] {
                    continue;
                }
                best[id.0] = found;
                let mut state = self.state.borrow_mut();
                let metadata = &mut state.models.metadatas[id.0];
                metadata.importable = Some((module.name.to_string(), name.to_string()));
                metadata.name = if rank > 1 { format!("{name}.metadata") } else { name.to_string() };
            }
        }
        let mut state = self.state.borrow_mut();
        if let Some(root) = state.root_by_group.get("sqlmodel").copied() {
            let id = state.roots[root].metadata;
            let metadata = &mut state.models.metadatas[id.0];
            metadata.name = "SQLModel.metadata".to_owned();
            metadata.importable = Some(("sqlmodel".to_owned(), "SQLModel".to_owned()));
        }
    }
}

/// Is one given, and what it says.
fn conventions(value: &Value<'_>) -> (bool, Vec<(String, String)>) {
    match value {
        Value::None => (false, Vec::new()),
        Value::Dict(dict) => {
            let entries = dict.entries.borrow();
            let read = entries.iter().filter_map(|(key, value)| match key {
                Key::Str(key) => Some((key.to_string(), value.as_str()?.to_owned())),
                _ => None,
            });
            (true, read.collect())
        }
        _ => (true, Vec::new()),
    }
}

/// The Python types that a `type_annotation_map` has, each with its type; `None` when they could not be read.
pub(super) fn annotated_types<'t>(
    of: &SqlAlchemy<'t>,
    value: Option<&Value<'t>>,
) -> Option<Vec<(Expression, Expression)>> {
    let dict = match value {
        None | Some(Value::None) => return Some(Vec::new()),
        Some(Value::Dict(dict)) if !dict.open.get() => dict,
        Some(_) => return None,
    };
    let identities = dict.identities.borrow();
    let entries = dict.entries.borrow();
    entries.values().for_each(|value| of.type_met(value));
    let python = |key: &Key| match key {
        Key::Identity(address) => {
            identities.iter().find(|(known, _)| known == address).map(|(_, value)| expression::of_value(value))
        }
        Key::Str(text) => {
            let inside = |start: &str| text.strip_prefix(start)?.strip_suffix('>').map(str::to_owned);
            let builtin = inside("<built-in ").map(Expression::Builtin);
            builtin.or_else(|| inside("<term ").map(|dotted| Expression::Name(names::of_dotted(&dotted).canonical())))
        }
        _ => None,
    };
    entries.iter().map(|(key, value)| Some((python(key)?, expression::of_value(value)))).collect()
}

/// The same for a class attribute along the bases of a declarative base.
pub(super) fn types_of_class<'t>(of: &SqlAlchemy<'t>, class: &Rc<Class<'t>>) -> Option<Vec<(Expression, Expression)>> {
    match class.lookup("type_annotation_map") {
        Ok(found) => annotated_types(of, found.map(|(_, binding)| binding.value).as_ref()),
        Err(_) => None,
    }
}
