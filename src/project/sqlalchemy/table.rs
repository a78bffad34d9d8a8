//! `Table(…)` calls, `__table_args__` and later additions → [`Table`] with its columns and constraints.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use crate::project::Known;
use crate::project::sqlalchemy::column::{self, Column, Constraint, ConstraintKind, FindColumn};
use crate::project::sqlalchemy::library::{SqlAlchemy, address};
use crate::project::sqlalchemy::{ClassId, MetaDataId, Table, TableId, names};
use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::python::value::{Key, Value};
use crate::source::{FileId, Span};

/// What `__table_args__` or the arguments of `Table(…)` give besides columns.
#[derive(Default)]
pub(super) struct TableArguments {
    /// The schema: absent, known, or not read.
    pub(super) schema: Option<Known<String>>,
    /// `schema=None` is written out.
    pub(super) no_schema: bool,
    /// `comment=`
    pub(super) comment: Option<String>,
    /// `info=` is given.
    pub(super) info: bool,
    /// `extend_existing`, `keep_existing`
    pub(super) extends: bool,
    /// The database tells which columns there are, or something was not read.
    pub(super) open: bool,
    /// Constraints and indexes.
    pub(super) constraints: Vec<Constraint>,
    /// Columns.
    pub(super) columns: Vec<(Arc<Column>, usize)>,
}

/// A table about to be registered.
pub(super) struct NewTable {
    pub(super) name: Known<String>,
    pub(super) metadata: MetaDataId,
    pub(super) span: Span,
    pub(super) file: FileId,
    pub(super) module: String,
    pub(super) certain: bool,
    pub(super) class: Option<ClassId>,
    pub(super) arguments: TableArguments,
    /// The table was declared as a class.
    pub(super) declarative: bool,
    /// The import statement that made the module run.
    pub(super) imported_at: Option<Span>,
}

impl<'t> SqlAlchemy<'t> {
    /// A call of `Table(…)`.
    pub(super) fn table_called(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Value<'t> {
        let made = machine.call_term(callee, arguments, span);
        let mut rest: Vec<_> = arguments.positional.clone();
        let name = match arguments.keyword("name").map(|found| found.value.clone()) {
            Some(value) => value,
            None if rest.is_empty() => Value::unknown(span, "the table's name is not given as such"),
            None => rest.remove(0).value,
        };
        let database = match &callee.kind {
            TermKind::Attribute(of, _) => self.state.borrow().root_by_term.get(&address(of)).copied(),
            _ => None,
        };
        let given = arguments.keyword("metadata").map(|found| found.value.clone());
        let given = given.or_else(|| {
            let first = rest.first()?.value.clone();
            if database.is_some() && self.metadata_of(&first).is_none() {
                return None;
            }
            Some(rest.remove(0).value)
        });
        let metadata = match (given.as_ref().map(|value| self.metadata_of(value)), database) {
            (Some(Some(found)), _) => found,
            (None, Some(root)) => {
                let bind = arguments.keyword("bind_key").and_then(|found| found.value.as_str().map(str::to_owned));
                match bind {
                    Some(key) => self.bind_metadata(machine, root, &key, span),
                    None => self.root(root).metadata,
                }
            }
            _ => self.unread_metadata(machine, span),
        };
        let mut found = TableArguments { open: arguments.open, ..TableArguments::default() };
        for argument in &rest {
            self.take_argument(&argument.value, &mut found);
        }
        for keyword in &arguments.keywords {
            self.take_keyword(&keyword.name, &keyword.value, keyword.span, &mut found);
        }
        let (file, module) = self.place(machine);
        let table = self.register_table(NewTable {
            name: known_name(&name, span),
            metadata,
            span,
            file,
            module,
            certain: machine.is_certain(),
            class: None,
            arguments: found,
            declarative: false,
            imported_at: self.imported_at(machine),
        });
        if let Value::Term(term) = &made {
            let mut state = self.state.borrow_mut();
            state.table_by_term.insert(address(term), table);
            state.table_terms.insert(table, term.clone());
        }
        made
    }

    /// The file and module whose code is being executed.
    pub(super) fn place(&self, machine: &Machine<'t>) -> (FileId, String) {
        let module = machine.frames.iter().rev().find_map(|frame| match frame {
            crate::python::evaluate::Frame::Module(module, _) => Some(module.clone()),
            crate::python::evaluate::Frame::Call(..) => None,
        });
        match module {
            Some(module) => (module.file.unwrap_or_else(|| machine.file()), module.name.to_string()),
            None => (machine.file(), String::new()),
        }
    }

    /// The import statement that made the module run whose code is being executed.
    pub(super) fn imported_at(&self, machine: &Machine<'t>) -> Option<Span> {
        machine.frames.iter().rev().find_map(|frame| match frame {
            crate::python::evaluate::Frame::Module(_, span) => Some(*span),
            crate::python::evaluate::Frame::Call(..) => None,
        })?
    }

    /// Takes one positional argument of `Table(…)` or one item of `__table_args__`.
    pub(super) fn take_argument(&self, value: &Value<'t>, found: &mut TableArguments) {
        match value {
            Value::Dict(_) => self.take_dict(value, found),
            Value::Tuple(items) => items.iter().for_each(|item| self.take_argument(item, found)),
            Value::List(list) => {
                found.open |= list.open.get();
                let items = list.items.borrow().clone();
                items.iter().for_each(|item| self.take_argument(item, found));
            }
            value if value.is_unknown() => found.open = true,
            // `op.create_table("x", metadata, …)` works, too.
            value if self.metadata_of(value).is_some() => {}
            value => {
                if let Some(term) = column::call_of(value)
                    && let Some(read) = column::read(term, None, self)
                {
                    found.columns.push((read.into(), address(term)));
                } else if let Some(constraint) = column::constraint(value, self) {
                    found.constraints.push(constraint);
                } else if !matches!(value, Value::None | Value::Str(_)) {
                    found.open = true;
                }
            }
        }
    }

    fn take_dict(&self, value: &Value<'t>, found: &mut TableArguments) {
        let Value::Dict(dict) = value else { return };
        found.open |= dict.open.get();
        let entries: Vec<(Key, Value<'t>)> =
            dict.entries.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        for (key, value) in entries {
            if let Key::Str(key) = key {
                let span = match &value {
                    Value::Str(text) => text.origin.span(),
                    _ => Span::start_of(FileId(0)),
                };
                self.take_keyword(&key, &value, span, found);
            }
        }
        if dict.open.get() && found.schema.is_none() && !found.no_schema {
            // What was not read may hold one.
            let span = Span::start_of(FileId(0));
            found.schema = Some(Known::Unknown(span, "`__table_args__` was not read wholly".to_owned()));
        }
    }

    pub(super) fn take_keyword(&self, name: &str, value: &Value<'t>, span: Span, found: &mut TableArguments) {
        match name {
            "schema" => match value {
                Value::None => found.no_schema = true,
                Value::Str(text) => {
                    found.schema = Some(Known::Is(text.text.to_string(), text.origin.span()));
                }
                Value::Term(term) if term.dotted().is_some_and(|name| name.ends_with("BLANK_SCHEMA")) => {
                    found.no_schema = true;
                }
                _ => found.schema = Some(Known::Unknown(span, "the schema is computed".to_owned())),
            },
            "comment" => found.comment = value.as_str().map(str::to_owned),
            "info" => found.info = true,
            "extend_existing" | "keep_existing" | "useexisting" => {
                found.extends |= !matches!(value, Value::Bool(false));
            }
            "autoload" | "autoload_with" | "autoload_replace" => {
                found.open |= !matches!(value, Value::Bool(false) | Value::None);
            }
            _ => {}
        }
    }

    /// Puts a table on its MetaData.
    pub(super) fn register_table(&self, new: NewTable) -> TableId {
        let mut state = self.state.borrow_mut();
        let id = TableId(state.models.tables.len());
        let NewTable { name, metadata, span, file, module, certain, class, mut arguments, declarative, imported_at } =
            new;
        if arguments.schema.is_none() && !arguments.no_schema {
            let on = state.models.metadata(metadata);
            arguments.schema = on.schema.clone().map(|schema| Known::Is(schema, on.span));
        }
        let mut table = Table {
            id,
            name,
            schema: arguments.schema,
            metadata,
            span,
            file,
            module,
            class,
            reached_by: BTreeSet::new(),
            certain,
            columns: Vec::with_capacity(arguments.columns.len()),
            open: arguments.open,
            constraints: arguments.constraints,
            comment: arguments.comment,
            named_by: None,
            info: arguments.info,
            extends: arguments.extends,
            duplicate_of: None,
            imported_at,
        };
        let key = table.key();
        if let Some(key) = &key
            && let Some(first) = state.table_by_key.get(&(metadata, key.clone())).copied()
        {
            if state.models.table(first).span == table.span {
                // The same statement again: the module was run anew.
                return first;
            }
            let has_content = declarative || !arguments.columns.is_empty() || !table.constraints.is_empty();
            if !has_content && !declarative {
                // `Table("users", metadata)` looks up the one that is there.
                return first;
            }
            if !table.extends {
                table.duplicate_of = Some(first);
            }
        } else if let Some(key) = key {
            state.table_by_key.insert((metadata, key), id);
        }
        if state.sweeping {
            table.duplicate_of = None;
        }
        for (column, at) in arguments.columns {
            if let Some(name) = column.name.as_ref().filter(|_| at != 0) {
                state.column_by_term.insert(at, (id, name.clone()));
            }
            table.columns.push(column);
        }
        state.models.tables.push(table);
        id
    }

    /// The term that stands for a table.
    pub(super) fn table_term(&self, machine: &mut Machine<'t>, table: TableId, span: Span) -> Rc<Term<'t>> {
        if let Some(found) = self.state.borrow().table_terms.get(&table) {
            return found.clone();
        }
        let callee = machine.term(TermKind::Name("sqlalchemy.Table".into()), span);
        let term = machine.term(TermKind::Call(callee, Rc::new(Arguments::default())), span);
        let mut state = self.state.borrow_mut();
        state.table_by_term.insert(address(&term), table);
        state.table_terms.insert(table, term.clone());
        term
    }

    /// A constraint or an index that was made by itself and belongs to the table of its columns.
    pub(super) fn constraint_called(&self, made: &Value<'t>) {
        let Some((_, arguments)) = made.as_term().and_then(|term| term.call()) else { return };
        let Some(table) = arguments.values().find_map(|value| self.table_within(value)) else { return };
        if let Some(constraint) = column::constraint(made, self) {
            // While `__table_args__` runs there is no table yet: the constraint comes in what that gives.
            if let Some(table) = self.state.borrow_mut().models.tables.get_mut(table.0) {
                table.constraints.push(constraint);
            }
        }
    }

    /// The table of the first column in an expression: `func.lower(User.name)`, `User.id.desc()`.
    fn table_within(&self, value: &Value<'t>) -> Option<TableId> {
        if let Some((table, _)) = self.column(value) {
            return Some(table);
        }
        let mut term = value.as_term()?;
        loop {
            match &term.kind {
                TermKind::Call(callee, arguments) => {
                    if let Some(found) = arguments.values().find_map(|value| self.table_within(value)) {
                        return Some(found);
                    }
                    term = callee;
                }
                TermKind::Operation(_, operands) => {
                    return operands.iter().find_map(|operand| self.table_within(operand));
                }
                TermKind::Attribute(of, _) | TermKind::Item(of, _) => term = of,
                TermKind::Name(_) | TermKind::Of(..) => return None,
            }
            if let Some((table, _)) = self.column(&Value::Term(term.clone())) {
                return Some(table);
            }
        }
    }

    /// `table.append_column(…)`, `table.to_metadata(…)`
    pub(super) fn table_method_called(
        &self,
        machine: &mut Machine<'t>,
        table: TableId,
        method: &str,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        match method {
            "append_column" => {
                let value = &arguments.positional.first()?.value;
                let read =
                    column::call_of(value).and_then(|term| Some((column::read(term, None, self)?, address(term))));
                let mut state = self.state.borrow_mut();
                match read {
                    Some((column, at)) => {
                        if let Some(name) = &column.name {
                            state.column_by_term.insert(at, (table, name.clone()));
                        }
                        state.models.tables[table.0].columns.push(column.into());
                    }
                    None => state.models.tables[table.0].open = true,
                }
                None
            }
            "append_constraint" => {
                let value = &arguments.positional.first()?.value;
                let constraint = column::constraint(value, self);
                let mut state = self.state.borrow_mut();
                match constraint {
                    Some(constraint) => state.models.tables[table.0].constraints.push(constraint),
                    None => state.models.tables[table.0].open = true,
                }
                None
            }
            "tometadata" | "to_metadata" => {
                let target = arguments.get(0, "metadata").and_then(|value| self.metadata_of(value));
                let metadata = match target {
                    Some(found) => found,
                    None => self.unread_metadata(machine, span),
                };
                let (file, module) = self.place(machine);
                let (name, schema, open, constraints, columns) = {
                    let state = self.state.borrow();
                    let from = state.models.table(table);
                    (
                        from.name.clone(),
                        from.schema.clone(),
                        from.open || arguments.keyword("schema").is_some(),
                        from.constraints.clone(),
                        from.columns.clone(),
                    )
                };
                let copy = TableArguments {
                    schema,
                    no_schema: true,
                    comment: None,
                    info: true,
                    extends: true,
                    open,
                    constraints,
                    columns: columns.into_iter().map(|column| (column, 0)).collect(),
                };
                let made = machine.call_term(callee, arguments, span);
                let id = self.register_table(NewTable {
                    name: arguments.keyword("name").map_or(name, |found| known_name(&found.value, found.span)),
                    metadata,
                    span,
                    file,
                    module,
                    certain: machine.is_certain(),
                    class: None,
                    arguments: copy,
                    declarative: false,
                    imported_at: self.imported_at(machine),
                });
                if let Value::Term(term) = &made {
                    let mut state = self.state.borrow_mut();
                    state.table_by_term.insert(address(term), id);
                    state.table_terms.insert(id, term.clone());
                }
                Some(Ok(made))
            }
            _ => None,
        }
    }
}

/// A table's name: text, or `quoted_name("…", quote=True)`.
pub(super) fn known_name(value: &Value<'_>, span: Span) -> Known<String> {
    match value {
        Value::Str(text) => Known::Is(text.text.to_string(), text.origin.span()),
        Value::Term(term) if names::called(term) == Some("quoted_name") => {
            match term.call().and_then(|(_, arguments)| arguments.positional.first()) {
                Some(first) => known_name(&first.value, first.span),
                None => Known::Unknown(span, "the table's name is computed".to_owned()),
            }
        }
        Value::Unknown(unknown) => Known::Unknown(unknown.span, unknown.why.to_string()),
        _ => Known::Unknown(span, "the table's name is computed".to_owned()),
    }
}

/// Do the columns or constraints give a primary key? `None`: something was not read.
pub fn has_primary_key(table: &Table) -> Option<bool> {
    let by_constraint = table.constraints.iter().any(|constraint| constraint.kind == ConstraintKind::PrimaryKey);
    if by_constraint || table.columns.iter().any(|column| column.primary_key == Some(true)) {
        return Some(true);
    }
    let unread = table.open || table.columns.iter().any(|column| column.primary_key.is_none() || column.open);
    (!unread).then_some(false)
}
