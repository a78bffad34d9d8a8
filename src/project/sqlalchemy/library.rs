//! Calls, attributes and class statements of a run on paper → what SQLAlchemy registers.
//!
//! One [`SqlAlchemy`] watches one run (a machine that executes env.py and what it imports). Afterwards
//! [`SqlAlchemy::models`] gives the facts; those of several runs are put together by
//! [`Models::absorb`](super::Models::absorb).

use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::rc::Rc;

use crate::project::sqlalchemy::bases::{self, AutoName};
use crate::project::sqlalchemy::column::FindColumn;
use crate::project::sqlalchemy::expression::Expression;
use crate::project::sqlalchemy::table::TableArguments;
use crate::project::sqlalchemy::{
    BodyId, ClassId, MetaDataId, Models, Registry, RegistryId, RegistryKind, SecondImport, Table, TableId, names, star,
};
use crate::python::evaluate::{Machine, Outcome, Raised};
use crate::python::library::Library;
use crate::python::value::class::{Class, Identity};
use crate::python::value::term::{Arguments, Keyword, Term, TermKind};
use crate::python::value::{Dict, Key, Name, Value};
use crate::source::Span;

/// SQLAlchemy, SQLModel and Flask-SQLAlchemy, on paper.
#[derive(Default)]
pub struct SqlAlchemy<'t> {
    pub(super) state: RefCell<State<'t>>,
}

/// What was registered so far.
#[derive(Default)]
pub(super) struct State<'t> {
    /// The facts under construction.
    pub(super) models: Models,
    /// The term that stands for each MetaData.
    pub(super) metadata_terms: Vec<Rc<Term<'t>>>,
    /// MetaData objects by the address of their term.
    pub(super) metadata_by_term: FxHashMap<usize, MetaDataId>,
    /// The MetaData of everything whose MetaData could not be read.
    pub(super) unread_metadata: Option<MetaDataId>,
    /// When the facts have been taken out: the keys of the tables of each MetaData, and whether these are all.
    taken: Vec<(Vec<String>, bool)>,
    /// Declarative bases, registries and Flask-SQLAlchemy objects.
    pub(super) roots: Vec<Root<'t>>,
    pub(super) root_by_term: FxHashMap<usize, usize>,
    pub(super) root_by_class: FxHashMap<usize, usize>,
    pub(super) root_by_group: FxHashMap<String, usize>,
    /// Tables by the address of their term, and the other way round.
    pub(super) table_by_term: FxHashMap<usize, TableId>,
    pub(super) table_terms: FxHashMap<TableId, Rc<Term<'t>>>,
    /// Columns by the address of their term.
    pub(super) column_by_term: FxHashMap<usize, (TableId, String)>,
    pub(super) table_by_key: FxHashMap<(MetaDataId, String), TableId>,
    pub(super) class_by_address: FxHashMap<usize, ClassId>,
    pub(super) body_by_address: FxHashMap<usize, BodyId>,
    /// Flask-SQLAlchemy objects, in the order of their making.
    pub(super) databases: Vec<Rc<Term<'t>>>,
    /// Types of the project that stand where a column's type does.
    pub(super) types_met: Vec<(Identity, Value<'t>)>,
    /// So many of them were looked into.
    pub(super) types_looked_into: usize,
    /// Keeps what is known by address alive.
    pub(super) kept: Vec<Value<'t>>,
    /// Files that no env.py reaches are being read: what they register is never a duplicate.
    pub(super) sweeping: bool,
}

/// A declarative base, a registry, or a Flask-SQLAlchemy object.
#[derive(Clone)]
pub(super) struct Root<'t> {
    pub(super) metadata: MetaDataId,
    pub(super) registry: RegistryId,
    pub(super) kind: RegistryKind,
    pub(super) tablename: AutoName,
    /// `declarative_base(cls=…)`, `SQLAlchemy(model_class=…)`
    pub(super) class: Option<Rc<Class<'t>>>,
    /// It brings columns that are not read.
    pub(super) brings_columns: bool,
}

/// The address that identifies a shared value while it is kept.
pub(super) fn address<T: ?Sized>(shared: &Rc<T>) -> usize {
    Rc::as_ptr(shared).cast::<()>() as usize
}

impl<'t> SqlAlchemy<'t> {
    /// Nothing registered yet.
    pub fn new() -> SqlAlchemy<'t> {
        SqlAlchemy::default()
    }

    /// From now on files are read that no env.py reaches: what they register is never a duplicate.
    pub fn start_sweep(&self) {
        self.state.borrow_mut().sweeping = true;
    }

    /// How many tables are registered so far.
    pub fn table_count(&self) -> usize {
        self.state.borrow().models.tables.len()
    }

    /// What of the MetaData objects was not read so far, and why.
    pub fn unread(&self) -> Vec<(Span, String)> {
        let state = self.state.borrow();
        state.models.metadatas.iter().flat_map(|metadata| metadata.unread.iter().cloned()).collect()
    }

    /// The facts, to be taken out when all has run. `machine` is the one that ran: its modules say under which name a
    /// base can be imported.
    pub fn models(&self, machine: &mut Machine<'t>) -> Models {
        self.name_metadatas(machine);
        self.look_into_types(machine);
        let numbers = 0..self.state.borrow().models.metadatas.len();
        let keys = numbers.map(|number| self.table_keys(MetaDataId(number))).collect();
        let mut state = self.state.borrow_mut();
        state.taken = keys;
        let mut models = std::mem::take(&mut state.models);
        drop(state);
        models.second_imports = second_imports(machine);
        models
    }

    /// Goes on with facts that were taken out: env.py's functions are asked more questions.
    pub fn go_on_with(&self, models: Models) {
        self.state.borrow_mut().models = models;
    }

    /// The keys of `MetaData.tables`, and whether these are all; also when the facts have been taken out.
    fn table_keys(&self, id: MetaDataId) -> (Vec<String>, bool) {
        let state = self.state.borrow();
        if let Some(taken) = state.taken.get(id.0) {
            return taken.clone();
        }
        (state.models.tables_of(id).filter_map(Table::key).collect(), state.models.is_complete(id))
    }

    /// Shows the facts so far.
    pub fn with_models<R>(&self, look: impl FnOnce(&Models) -> R) -> R {
        look(&self.state.borrow().models)
    }

    /// A MetaData of which only the naming convention is known.
    pub fn conventional_metadata(
        &self,
        machine: &mut Machine<'t>,
        (naming_convention, conventions): &(bool, Vec<(String, String)>),
    ) -> MetaDataId {
        let id = self.new_metadata(machine, Span::start_of(crate::source::FileId(0)), None, false);
        let metadata = &mut self.state.borrow_mut().models.metadatas[id.0];
        metadata.naming_convention = *naming_convention;
        metadata.conventions.clone_from(conventions);
        id
    }

    /// Puts what `Table(…)` or `op.create_table(…)` is given on a table.
    pub fn fill_table<'v>(
        &self,
        table: &mut Table,
        positional: impl IntoIterator<Item = &'v Value<'t>>,
        keywords: &[Keyword<'t>],
    ) where
        't: 'v,
    {
        let mut found = TableArguments::default();
        positional.into_iter().for_each(|value| self.take_argument(value, &mut found));
        keywords.iter().for_each(|keyword| self.take_keyword(&keyword.name, &keyword.value, keyword.span, &mut found));
        table.schema = found.schema.or(table.schema.take());
        table.comment = found.comment;
        table.open |= found.open;
        table.constraints.extend(found.constraints);
        table.columns.extend(found.columns.into_iter().map(|(column, _)| column));
    }

    /// Registers a table that `term` stands for, under a number of its own.
    pub fn keep_table(&self, table: &mut Table, term: &Rc<Term<'t>>) {
        let mut state = self.state.borrow_mut();
        table.id = TableId(state.models.tables.len());
        state.models.tables.push(table.clone());
        state.table_by_term.insert(address(term), table.id);
        state.table_terms.insert(table.id, term.clone());
    }

    /// The term of the table that has this key (`schema.name`) on a MetaData.
    pub fn table_term_of(&self, metadata: MetaDataId, key: &str) -> Option<Rc<Term<'t>>> {
        let state = self.state.borrow();
        let table = state.table_by_key.get(&(metadata, key.to_owned()))?;
        state.table_terms.get(table).cloned()
    }

    /// The terms of all tables of a MetaData by their keys.
    pub fn table_terms_of(&self, metadata: MetaDataId) -> Vec<(String, Rc<Term<'t>>)> {
        let state = self.state.borrow();
        let tables = state.models.tables_of(metadata);
        tables.filter_map(|table| Some((table.key()?, state.table_terms.get(&table.id)?.clone()))).collect()
    }

    /// The MetaData that a value is, if it is one.
    pub fn metadata_of(&self, value: &Value<'t>) -> Option<MetaDataId> {
        let term = value.as_term()?;
        self.state.borrow().metadata_by_term.get(&address(term)).copied()
    }

    /// The names (and schemas) of the tables registered on a MetaData so far.
    pub fn tables_on(&self, id: MetaDataId) -> Vec<(String, Option<String>)> {
        let state = self.state.borrow();
        let tables = state.models.tables_of(id);
        tables
            .filter_map(|table| {
                let schema = table.schema.as_ref().and_then(|schema| schema.get().cloned());
                Some((table.name.get()?.clone(), schema))
            })
            .collect()
    }

    /// The term that stands for a MetaData.
    pub fn metadata_term(&self, id: MetaDataId) -> Rc<Term<'t>> {
        self.state.borrow().metadata_terms[id.0].clone()
    }

    /// The table that a value is, if it is one.
    pub fn table_of(&self, value: &Value<'t>) -> Option<TableId> {
        let term = value.as_term()?;
        self.state.borrow().table_by_term.get(&address(term)).copied()
    }

    /// The mapped class's number, if the class is mapped.
    pub fn class_of(&self, class: &Rc<Class<'t>>) -> Option<ClassId> {
        self.state.borrow().class_by_address.get(&address(class)).copied()
    }

    /// The declarative base, registry or Flask-SQLAlchemy object that a term is.
    pub(super) fn root_of_term(&self, machine: &mut Machine<'t>, term: &Rc<Term<'t>>) -> Option<usize> {
        if let Some(found) = self.state.borrow().root_by_term.get(&address(term)) {
            return Some(*found);
        }
        match &term.kind {
            TermKind::Attribute(of, name) if matches!(&**name, "Model" | "ModelBase") => {
                self.state.borrow().root_by_term.get(&address(of)).copied()
            }
            TermKind::Item(of, _) => self.root_of_term(machine, of),
            TermKind::Name(name) => match bases::library_base(name) {
                Some(known) => Some(self.library_root(machine, known, term.span)),
                None => self.state.borrow().root_by_group.get(&**name).copied(),
            },
            _ => None,
        }
    }

    fn library_root(&self, machine: &mut Machine<'t>, known: bases::LibraryBase, span: Span) -> usize {
        if let Some(found) = self.state.borrow().root_by_group.get(known.group) {
            return *found;
        }
        let metadata = self.new_metadata(machine, span, None, known.foreign);
        let root = self.new_root(metadata, known.kind, known.tablename, None, Some(Vec::new()), span);
        self.name_library_root(known.group, root);
        root
    }

    /// The root of a base class that an unknown library brings; known by its dotted name.
    pub(super) fn foreign_root(&self, machine: &mut Machine<'t>, dotted: &str, span: Span) -> usize {
        if let Some(found) = self.state.borrow().root_by_group.get(dotted) {
            return *found;
        }
        let metadata = self.new_metadata(machine, span, None, true);
        let root = self.new_root(metadata, RegistryKind::Library, AutoName::No, None, None, span);
        self.state.borrow_mut().roots[root].brings_columns = true;
        self.name_library_root(dotted, root);
        root
    }

    fn name_library_root(&self, library: &str, root: usize) {
        let mut state = self.state.borrow_mut();
        state.root_by_group.insert(library.to_owned(), root);
        let (metadata, registry) = (state.roots[root].metadata, state.roots[root].registry);
        state.models.metadatas[metadata.0].library = Some(library.to_owned());
        state.models.registries[registry.0].library = Some(library.to_owned());
    }

    pub(super) fn new_root(
        &self,
        metadata: MetaDataId,
        kind: RegistryKind,
        tablename: AutoName,
        class: Option<Rc<Class<'t>>>,
        type_annotation_map: Option<Vec<(Expression, Expression)>>,
        span: Span,
    ) -> usize {
        let mut state = self.state.borrow_mut();
        let registry = RegistryId(state.models.registries.len());
        state.models.registries.push(Registry {
            span,
            kind,
            type_annotation_map,
            open: kind == RegistryKind::Automap,
            library: None,
        });
        state.roots.push(Root { metadata, registry, kind, tablename, class, brings_columns: false });
        state.roots.len() - 1
    }

    pub(super) fn root(&self, at: usize) -> Root<'t> {
        self.state.borrow().roots[at].clone()
    }
}

/// The files that were certainly imported under two names.
fn second_imports(machine: &Machine<'_>) -> Vec<SecondImport> {
    let modules = machine.modules();
    let found_beyond_path = |name: &str| {
        machine.odd_imports.iter().any(|odd| name == &*odd.name || name.starts_with(&format!("{}.", odd.name)))
    };
    let mut all = Vec::new();
    for (file, first, second, span) in &machine.second_names {
        if first == second || found_beyond_path(first) || found_beyond_path(second) {
            continue;
        }
        let imported = modules.iter().flat_map(|module| module.imports.borrow().clone());
        let first_span =
            imported.filter(|(at, module)| module.file == Some(*file) && at != span).map(|(at, _)| at).next();
        all.push(SecondImport {
            file: *file,
            first: first.to_string(),
            first_span,
            second: second.to_string(),
            span: *span,
        });
    }
    all
}

impl<'t> FindColumn<'t> for SqlAlchemy<'t> {
    fn type_met(&self, value: &Value<'t>) {
        SqlAlchemy::type_met(self, value);
    }

    fn column(&self, value: &Value<'t>) -> Option<(TableId, String)> {
        let term = value.as_term()?;
        let state = self.state.borrow();
        if let Some(found) = state.column_by_term.get(&address(term)) {
            return Some(found.clone());
        }
        // `users.c.id`, `users.c["id"]`, `User.__table__.c.id`
        let (of, name) = match &term.kind {
            TermKind::Attribute(of, name) => (of, name.to_string()),
            TermKind::Item(of, key) => (of, key.as_str()?.to_owned()),
            _ => return None,
        };
        let TermKind::Attribute(table, columns) = &of.kind else { return None };
        if !matches!(&**columns, "c" | "columns") {
            return None;
        }
        let table = state.table_by_term.get(&address(table)).copied()?;
        Some((table, name))
    }
}

impl<'t> Library<'t> for SqlAlchemy<'t> {
    fn star_import(&self, dotted: &str) -> Option<&'static [&'static str]> {
        star::names_of(dotted)
    }

    fn call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        if let TermKind::Attribute(_, method) = &callee.kind
            && &**method == "type_descriptor"
        {
            return Some(Ok(arguments.positional.first()?.value.clone()));
        }
        // `Index(…).ddl_if(dialect="postgresql")` is that index.
        if let TermKind::Attribute(of, method) = &callee.kind
            && &**method == "ddl_if"
        {
            return Some(Ok(Value::Term(of.clone())));
        }
        if let TermKind::Attribute(of, method) = &callee.kind
            && let Some(answer) = self.method_called(machine, of, method, callee, arguments, span)
        {
            return Some(answer);
        }
        if let TermKind::Name(name) = &callee.kind
            && names::is_flask_class(name)
        {
            return Some(Ok(self.flask_database(machine, callee, arguments, span)));
        }
        // `metadata_registry.get()` of Advanced Alchemy; one for a bind key is another.
        if let TermKind::Name(name) = &callee.kind
            && name.starts_with("advanced_alchemy.")
            && name.ends_with("metadata_registry.get")
            && arguments.values().all(|value| value.as_str().is_none_or(|key| key == "default"))
            && let Some(base) = bases::library_base("advanced_alchemy.base.DefaultBase")
        {
            let metadata = self.root(self.library_root(machine, base, span)).metadata;
            return Some(Ok(Value::Term(self.metadata_term(metadata))));
        }
        match names::sqlalchemy(callee)? {
            "MetaData" => {
                let made = machine.call_term(callee, arguments, span);
                self.register_metadata(&made, arguments, span);
                Some(Ok(made))
            }
            "declarative_base" | "automap_base" | "registry" => {
                Some(Ok(self.declarative_base_called(machine, callee, arguments, span)))
            }
            "Enum" => self.enum_called(machine, callee, arguments, span),
            "Table" => Some(Ok(self.table_called(machine, callee, arguments, span))),
            "mapper" => {
                self.mapped_imperatively(machine, None, arguments);
                None
            }
            "Index" | "UniqueConstraint" | "CheckConstraint" | "ForeignKeyConstraint" | "PrimaryKeyConstraint" => {
                let made = machine.call_term(callee, arguments, span);
                self.constraint_called(&made);
                Some(Ok(made))
            }
            _ => None,
        }
    }

    fn attribute(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, name: &str, span: Span) -> Option<Outcome<'t>> {
        match name {
            "tables" => {
                let metadata = self.metadata_of(&Value::Term(of.clone()))?;
                let (keys, is_complete) = self.table_keys(metadata);
                let tables = Dict::default();
                for key in keys {
                    let table = machine.unknown(span, "a table of a MetaData");
                    tables.entries.borrow_mut().insert(Key::Str(key.as_str().into()), table);
                }
                tables.open.set(!is_complete);
                Some(Ok(Value::Dict(Rc::new(tables))))
            }
            "metadata" => {
                if let Some(table) = self.table_of(&Value::Term(of.clone())) {
                    let metadata = self.state.borrow().models.table(table).metadata;
                    return Some(Ok(Value::Term(self.metadata_term(metadata))));
                }
                let root = self.root_of_term(machine, of)?;
                let metadata = self.root(root).metadata;
                Some(Ok(Value::Term(self.metadata_term(metadata))))
            }
            _ => None,
        }
    }

    fn assigned(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, name: &Name, value: &Value<'t>, span: Span) {
        let _ = span;
        match &**name {
            "metadata" => {
                if let (Some(root), Some(metadata)) = (self.root_of_term(machine, of), self.metadata_of(value)) {
                    self.state.borrow_mut().roots[root].metadata = metadata;
                }
            }
            "naming_convention" => self.convention_assigned(of, value),
            "schema" => {
                if let Some(id) = self.metadata_of(&Value::Term(of.clone())) {
                    self.state.borrow_mut().models.metadatas[id.0].schema = value.as_str().map(str::to_owned);
                }
            }
            _ => {}
        }
    }

    fn item(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, key: &Value<'t>, span: Span) -> Option<Outcome<'t>> {
        // `db.metadatas[None]`, `db.metadatas["bind"]`
        let TermKind::Attribute(database, name) = &of.kind else { return None };
        if &**name != "metadatas" {
            return None;
        }
        let root = self.state.borrow().root_by_term.get(&address(database)).copied()?;
        let metadata = match key {
            Value::None => self.root(root).metadata,
            Value::Str(text) => self.bind_metadata(machine, root, &text.text, span),
            _ => return None,
        };
        Some(Ok(Value::Term(self.metadata_term(metadata))))
    }

    fn class_attribute(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        name: &str,
        span: Span,
    ) -> Option<Outcome<'t>> {
        match name {
            "metadata" => {
                let metadata = self.metadata_of_class(machine, class)?;
                Some(Ok(Value::Term(self.metadata_term(metadata))))
            }
            "__table__" => {
                let id = self.class_of(class)?;
                let table = self.state.borrow().models.class(id).table?;
                Some(Ok(Value::Term(self.table_term(machine, table, span))))
            }
            // `class Settings(MutableDict)`: `Settings.as_mutable(JSONB)`
            "as_mutable" => {
                let is_mutable = |base: &Rc<Term<'t>>| {
                    matches!(names::sqlalchemy(base), Some("Mutable" | "MutableDict" | "MutableList" | "MutableSet"))
                };
                let base = class.library_bases().find(|base| is_mutable(base))?.clone();
                Some(Ok(Value::Term(machine.attribute_term(&base, name, span))))
            }
            "__tablename__" => {
                let id = self.class_of(class)?;
                let state = self.state.borrow();
                let table = state.models.class(id).table?;
                let name = state.models.table(table).name.get()?.clone();
                drop(state);
                Some(Ok(Value::literal(name, span)))
            }
            "registry" => {
                let root = self.root_of_class(machine, class)?;
                let callee = machine.term(TermKind::Name("sqlalchemy.orm.registry".into()), span);
                let made = machine.call_term(&callee, &Rc::new(Arguments::default()), span);
                let mut state = self.state.borrow_mut();
                if let Value::Term(term) = &made {
                    state.root_by_term.insert(address(term), root);
                    state.kept.push(made.clone());
                }
                Some(Ok(made))
            }
            _ => None,
        }
    }

    fn class_defined(&self, machine: &mut Machine<'t>, class: &Rc<Class<'t>>) -> Result<(), Box<Raised<'t>>> {
        self.class_statement(machine, class);
        Ok(())
    }

    fn class_assigned(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        name: &Name,
        value: &Value<'t>,
        span: Span,
    ) {
        self.assigned_to_class(machine, class, name, value, span);
    }

    fn initialised(
        &self,
        machine: &mut Machine<'t>,
        base: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Value<'t>> {
        base.dotted().filter(|name| names::is_flask_class(name))?;
        Some(self.flask_database(machine, base, arguments, span))
    }

    fn lends_attributes(&self, part: &Rc<Term<'t>>) -> bool {
        names::is_flask_database(part)
    }

    fn instantiated(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let base = class.library_bases().find(|base| {
            base.dotted().is_some_and(names::is_flask_class)
                || matches!(names::sqlalchemy(base), Some("Column" | "MetaData" | "Table"))
        })?;
        let base = base.clone();
        match self.call(machine, &base, arguments, span) {
            Some(answer) => Some(answer),
            None => Some(Ok(machine.call_term(&base, arguments, span))),
        }
    }
}
