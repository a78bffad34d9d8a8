//! Calls of `op.*` and `batch_op.*` → [`Directive`]s.

use std::cell::Cell;
use std::rc::Rc;

use super::connection::makes_session;
use super::database::{Database, Effect};
use super::directive::{Changes, Directive, On, What, bare_table};
use super::reflection::is_type;
use super::signature::Bound;
use crate::project::Known;
use crate::project::sqlalchemy::column::{self, ConstraintKind};
use crate::project::sqlalchemy::expression::{self, Expression};
use crate::project::sqlalchemy::library::SqlAlchemy;
use crate::project::sqlalchemy::{MetaDataId, Table, TableId};
use crate::python::evaluate::{Machine, Outcome};
use crate::python::library::Library;
use crate::python::value::Value;
use crate::python::value::term::{Argument, Arguments, Keyword, Term, TermKind};
use crate::source::Span;

/// What stands for the objects that Alembic hands to a revision: one of each is enough.
pub(super) const CONNECTION: &str = "alembic.connection";
/// `op.get_context()`
pub(super) const CONTEXT: &str = "alembic.migration_context";
/// `bind.dialect`
pub(super) const DIALECT: &str = "alembic.dialect";
/// `bind.engine.url`
pub(super) const URL: &str = "alembic.url";
/// `sa.inspect(bind)`
pub(super) const INSPECTOR: &str = "alembic.inspector";
/// `Session(bind=bind)`
pub(super) const SESSION: &str = "alembic.session";

/// Alembic's operations and what stands behind them.
pub(super) struct Operations<'t> {
    pub(super) sqlalchemy: Rc<SqlAlchemy<'t>>,
    pub(super) database: Rc<dyn Database + 't>,
    /// The options that env.py hands to `context.configure`.
    pub(super) options: Vec<(String, String)>,
    /// The MetaData that `op` puts what it makes on: it has the naming convention of `target_metadata`.
    metadata: Cell<MetaDataId>,
}

impl<'t> Operations<'t> {
    pub(super) fn new(
        sqlalchemy: Rc<SqlAlchemy<'t>>,
        database: Rc<dyn Database + 't>,
        options: Vec<(String, String)>,
    ) -> Operations<'t> {
        Operations { sqlalchemy, database, options, metadata: Cell::new(MetaDataId(0)) }
    }

    /// Names what `op` makes by a convention: the first MetaData of the run is its own.
    pub(super) fn name_by(&self, machine: &mut Machine<'t>, conventions: &(bool, Vec<(String, String)>)) {
        self.metadata.set(self.sqlalchemy.conventional_metadata(machine, conventions));
    }

    /// Tells the database; what the call gives.
    pub(super) fn perform(&self, machine: &mut Machine<'t>, what: What, span: Span, gives: Value<'t>) -> Outcome<'t> {
        self.perform_checked(machine, what, false, span, gives)
    }

    /// The same; where it `checks` it does nothing if nothing is to be done.
    pub(super) fn perform_checked(
        &self,
        machine: &mut Machine<'t>,
        what: What,
        checks: bool,
        span: Span,
        gives: Value<'t>,
    ) -> Outcome<'t> {
        self.sqlalchemy.look_into_types(machine);
        let directive = Directive { what, span, checks, certain: machine.is_certain() };
        let effect = self.sqlalchemy.with_models(|models| self.database.perform(&directive, models));
        match effect {
            Effect::Done if directive.certain => machine.certainly_succeeds(),
            // What fails outside a `try` would end the upgrade: rather something was not read.
            Effect::Fails(exception, message) if directive.certain && machine.is_tried() => {
                return Err(machine.raised(exception, message, span));
            }
            _ => {}
        }
        Ok(gives)
    }

    pub(super) fn unread(&self, machine: &mut Machine<'t>, table: Option<On>, why: &str, span: Span) -> Outcome<'t> {
        let gives = machine.unknown(span, why);
        self.perform(machine, What::Unread(table, why.to_owned()), span, gives)
    }

    /// `op.name(arguments)`, or `batch_op.name(arguments)` on a table.
    fn operation(
        &self,
        machine: &mut Machine<'t>,
        name: &str,
        arguments: &Rc<Arguments<'t>>,
        batch: Option<&Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        if name == "alter_column"
            && arguments.keywords.iter().all(|it| it.name.starts_with("existing_"))
            && !arguments.open
        {
            // Nothing is to change.
            machine.certainly_succeeds();
            return Some(Ok(Value::None));
        }
        if batch.is_some() && matches!(name, "create_table" | "drop_table" | "rename_table") {
            return None;
        }
        let mut bound = Bound::of(name, arguments, batch.is_some())?;
        if let Some(batch) = batch {
            let table = batch.get(0, "table_name").cloned().unwrap_or(Value::None);
            bound.give("table_name", table.clone(), span);
            bound.give("source_table", table, span);
            for parameter in ["schema", "source_schema"] {
                if let Some(schema) = batch.get(1, "schema") {
                    bound.give(parameter, schema.clone(), span);
                }
            }
        }
        Some(match self.directive(machine, name, &bound, arguments, span) {
            Ok((what, gives)) => {
                let checks = bound.flag("if_exists") || bound.flag("if_not_exists");
                self.perform_checked(machine, what, checks, span, gives)
            }
            Err(Unread { table, why }) => self.unread(machine, table, &format!("`op.{name}`: {why}"), span),
        })
    }

    fn directive(
        &self,
        machine: &mut Machine<'t>,
        name: &str,
        bound: &Bound<'t>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Result<(What, Value<'t>), Unread> {
        let what = match name {
            "create_table" => {
                let on = on(bound, "table_name", "schema")?;
                let (table, term) = self.table(machine, &on, bound, arguments, span);
                return Ok((What::CreateTable(Box::new(table)), Value::Term(term)));
            }
            "drop_table" => What::DropTable(on(bound, "table_name", "schema")?),
            "rename_table" => {
                let table = on(bound, "old_table_name", "schema")?;
                let name = text(bound, "new_table_name", Some(&table))?;
                What::RenameTable(table, name)
            }
            "add_column" => {
                let on = on(bound, "table_name", "schema")?;
                let mut table = bare_table(&on, self.metadata.get(), span, None);
                let value = bound.value("column").ok_or_else(|| unread(Some(&on), "no column is given"))?;
                match column::call_of(value).and_then(|term| column::read(term, None, &*self.sqlalchemy)) {
                    Some(column) => table.columns.push(column.into()),
                    None => return Err(unread(Some(&on), "the column could not be read")),
                }
                What::AddColumn(Box::new(table))
            }
            "drop_column" => {
                let table = on(bound, "table_name", "schema")?;
                let column = text(bound, "column_name", Some(&table))?;
                What::DropColumn(table, column)
            }
            "alter_column" => {
                let table = on(bound, "table_name", "schema")?;
                let column = text(bound, "column_name", Some(&table))?;
                What::AlterColumn(table, column, Box::new(self.changes(bound)))
            }
            "create_index" => {
                let on = on(bound, "table_name", "schema")?;
                let table = self.with_index(machine, &on, bound, span)?;
                What::CreateIndex(Box::new(table))
            }
            "drop_index" => {
                let table = match bound.value("table_name") {
                    None | Some(Value::None) => None,
                    Some(_) => Some(on(bound, "table_name", "schema")?),
                };
                What::DropIndex(table, given(bound, "index_name"))
            }
            "create_primary_key"
            | "create_unique_constraint"
            | "create_check_constraint"
            | "create_foreign_key"
            | "create_exclude_constraint" => {
                let parameters = match name {
                    "create_foreign_key" => ("source_table", "source_schema"),
                    _ => ("table_name", "schema"),
                };
                let on = on(bound, parameters.0, parameters.1)?;
                What::AddConstraint(Box::new(self.with_constraint(machine, name, &on, bound, span)?))
            }
            "drop_constraint" => {
                let table = on(bound, "table_name", "schema")?;
                let kind = match bound.value("type_").and_then(Value::as_str) {
                    Some("primary") => Some(ConstraintKind::PrimaryKey),
                    Some("foreignkey") => Some(ConstraintKind::ForeignKey),
                    Some("unique") => Some(ConstraintKind::Unique),
                    Some("check") => Some(ConstraintKind::Check),
                    _ => None,
                };
                What::DropConstraint(table, given(bound, "constraint_name"), kind)
            }
            "create_table_comment" => {
                let comment = bound.value("comment").and_then(Value::as_str).map(str::to_owned);
                What::SetTableComment(on(bound, "table_name", "schema")?, comment)
            }
            "drop_table_comment" => What::SetTableComment(on(bound, "table_name", "schema")?, None),
            _ => return Err(unread(None, "not known")),
        };
        Ok((what, Value::None))
    }

    /// The table that `op.create_table` makes, and the term that it gives.
    fn table(
        &self,
        machine: &mut Machine<'t>,
        on: &On,
        bound: &Bound<'t>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> (Table, Rc<Term<'t>>) {
        let mut table = bare_table(on, self.metadata.get(), span, None);
        self.sqlalchemy.fill_table(&mut table, bound.rest.iter().map(|it| &it.value), &bound.further);
        table.open |= bound.open;
        let callee = machine.name_term("sqlalchemy.Table", span);
        let term = machine.term(TermKind::Call(callee, arguments.clone()), span);
        self.sqlalchemy.keep_table(&mut table, &term);
        (table, term)
    }

    fn changes(&self, bound: &Bound<'t>) -> Changes {
        let some = |name: &str| match bound.value(name) {
            // `server_default=False` and `comment=False` leave it alone; so does `None` for the others.
            None | Some(Value::Bool(false)) if name != "nullable" => None,
            None | Some(Value::None) if !matches!(name, "server_default" | "comment") => None,
            Some(value) => Some(expression::of_value(value)),
            None => None,
        };
        for name in ["type_", "existing_type"] {
            bound.value(name).into_iter().for_each(|value| column::FindColumn::type_met(&*self.sqlalchemy, value));
        }
        let using = bound.further.iter().find(|keyword| &*keyword.name == "postgresql_using");
        Changes {
            name: some("new_column_name"),
            column_type: some("type_"),
            nullable: some("nullable"),
            server_default: some("server_default"),
            comment: some("comment"),
            existing_type: some("existing_type"),
            using: using.and_then(|keyword| keyword.value.as_str().map(str::to_owned)),
            open: bound.open,
        }
    }

    /// The index as Alembic makes it: `Index(name, *columns, …)`.
    fn with_index(&self, machine: &mut Machine<'t>, on: &On, bound: &Bound<'t>, span: Span) -> Result<Table, Unread> {
        let columns = items(bound, "columns").ok_or_else(|| unread(Some(on), "its columns could not be read"))?;
        let name = bound.get("index_name").cloned().unwrap_or(Argument { value: Value::None, span });
        let positional = std::iter::once(name).chain(columns).collect();
        self.with_made(machine, "Index", positional, bound.further.clone(), on, span)
    }

    /// The constraint as Alembic makes it.
    fn with_constraint(
        &self,
        machine: &mut Machine<'t>,
        operation: &str,
        on: &On,
        bound: &Bound<'t>,
        span: Span,
    ) -> Result<Table, Unread> {
        let mut keywords = bound.further.clone();
        let mut keyword = |name: &str, value: Value<'t>| {
            keywords.push(Keyword { name: name.into(), value, span, whole: span });
        };
        if let Some(name) = bound.value("constraint_name") {
            keyword("name", name.clone());
        }
        let columns =
            |parameter: &str| items(bound, parameter).ok_or_else(|| unread(Some(on), "its columns could not be read"));
        let (class, positional) = match operation {
            "create_primary_key" => ("PrimaryKeyConstraint", columns("columns")?),
            "create_unique_constraint" => ("UniqueConstraint", columns("columns")?),
            "create_check_constraint" => ("CheckConstraint", bound.get("condition").cloned().into_iter().collect()),
            "create_exclude_constraint" => ("ExcludeConstraint", bound.rest.clone()),
            _ => {
                let referent = self::on(bound, "referent_table", "referent_schema")
                    .map_err(|it| Unread { table: Some(on.clone()), why: it.why })?;
                let prefix = referent.schema.map_or(String::new(), |schema| format!("{schema}."));
                let mut local = Vec::new();
                let mut remote = Vec::new();
                for column in columns("local_cols")? {
                    local.push(column.value);
                }
                for column in columns("remote_cols")? {
                    let Value::Str(text) = &column.value else {
                        return Err(unread(Some(on), "the columns that it refers to could not be read"));
                    };
                    remote.push(Value::literal(format!("{prefix}{}.{}", referent.name, text.text), column.span));
                }
                let both = [local, remote].map(|items| Argument { value: Value::Tuple(Rc::new(items)), span });
                ("ForeignKeyConstraint", both.into_iter().collect())
            }
        };
        self.with_made(machine, class, positional, keywords, on, span)
    }

    fn with_made(
        &self,
        machine: &mut Machine<'t>,
        class: &str,
        positional: Vec<Argument<'t>>,
        keywords: Vec<Keyword<'t>>,
        on: &On,
        span: Span,
    ) -> Result<Table, Unread> {
        let callee = machine.name_term(&format!("sqlalchemy.{class}"), span);
        let arguments = Arguments { positional, keywords, open: false };
        let made = machine.call_term(&callee, &Rc::new(arguments), span);
        let constraint = column::constraint(&made, &*self.sqlalchemy);
        let constraint = constraint.ok_or_else(|| unread(Some(on), "it could not be read"))?;
        Ok(bare_table(on, self.metadata.get(), span, Some(constraint)))
    }
}

/// What could not be read of a call.
pub(super) struct Unread {
    table: Option<On>,
    why: String,
}

fn unread(table: Option<&On>, why: &str) -> Unread {
    Unread { table: table.cloned(), why: why.to_owned() }
}

/// A text as a database takes it: plain, `op.f("…")`, `conv("…")`, `quoted_name("…", quote=True)`.
pub(super) fn plain_text(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Str(text) => Some(text.text.to_string()),
        Value::Term(term) => match expression::of_value(&Value::Term(term.clone())) {
            Expression::Call(callee, given) if matches!(callee.short_name(), Some("f" | "conv" | "quoted_name")) => {
                given.first()?.value.as_str().map(str::to_owned)
            }
            _ => None,
        },
        _ => None,
    }
}

/// The table that two parameters name.
fn on(bound: &Bound<'_>, table: &str, schema: &str) -> Result<On, Unread> {
    let name = bound.value(table).and_then(plain_text);
    let name = name.ok_or_else(|| unread(None, "the name of the table could not be read"))?;
    let schema = match bound.value(schema) {
        None | Some(Value::None) => None,
        Some(value) => match plain_text(value) {
            Some(schema) => Some(schema),
            None => return Err(unread(None, "the schema could not be read")),
        },
    };
    Ok(On { schema, name })
}

fn text(bound: &Bound<'_>, parameter: &str, table: Option<&On>) -> Result<String, Unread> {
    let found = bound.value(parameter).and_then(plain_text);
    found.ok_or_else(|| unread(table, &format!("`{parameter}` could not be read")))
}

fn given(bound: &Bound<'_>, parameter: &str) -> Expression {
    bound.value(parameter).map_or(Expression::None, expression::of_value)
}

/// The items of a list argument; a single text is taken for a list of itself.
fn items<'t>(bound: &Bound<'t>, parameter: &str) -> Option<Vec<Argument<'t>>> {
    let argument = bound.get(parameter)?;
    let of = |value: Value<'t>| {
        let span = match &value {
            Value::Str(text) => text.origin.span(),
            Value::Term(term) => term.span,
            _ => argument.span,
        };
        Argument { value, span }
    };
    match &argument.value {
        Value::Str(_) => Some(vec![argument.clone()]),
        value => value.items().map(|items| items.into_iter().map(of).collect()),
    }
}

/// The arguments of `op.batch_alter_table(…)`, where a term is such a call.
fn batch<'a, 't>(term: &'a Term<'t>) -> Option<&'a Rc<Arguments<'t>>> {
    let (callee, arguments) = term.call()?;
    (callee.dotted()? == "alembic.op.batch_alter_table").then_some(arguments)
}

impl<'t> Library<'t> for Operations<'t> {
    fn call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        match &callee.kind {
            TermKind::Name(dotted) => {
                if let Some(name) = dotted.strip_prefix("alembic.op.") {
                    return self
                        .operation(machine, name, arguments, None, span)
                        .or_else(|| self.op_called(machine, name, arguments, span));
                }
                self.function_called(machine, callee, dotted, arguments, span)
            }
            TermKind::Attribute(of, name) => match batch(of) {
                Some(batch) => self
                    .operation(machine, name, arguments, Some(batch), span)
                    .or_else(|| self.op_called(machine, name, arguments, span)),
                None => self.method_called(machine, of, name, arguments, span),
            },
            TermKind::Call(..) if makes_session(callee) => Some(Ok(Value::Term(machine.name_term(SESSION, span)))),
            _ => None,
        }
    }

    fn attribute(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, name: &str, span: Span) -> Option<Outcome<'t>> {
        self.attribute_read(machine, of, name, span)
    }

    fn truth(&self, _: &mut Machine<'t>, term: &Rc<Term<'t>>) -> Option<bool> {
        [CONNECTION, CONTEXT, DIALECT, INSPECTOR, SESSION].contains(&term.dotted()?).then_some(true)
    }

    fn text(&self, _: &mut Machine<'t>, term: &Rc<Term<'t>>, span: Span) -> Option<Value<'t>> {
        // The rest of the URL is another on each machine.
        (term.dotted()? == URL).then(|| Value::literal(format!("{}://", self.database.dialect()), span))
    }

    fn items(&self, _: &mut Machine<'t>, term: &Rc<Term<'t>>, _: Span) -> Option<Vec<Value<'t>>> {
        self.columns_behind(term)
    }

    fn is_instance(&self, term: &Rc<Term<'t>>, class: &Value<'t>) -> Option<bool> {
        is_type(term, class)
    }

    fn entered(&self, machine: &mut Machine<'t>, term: &Rc<Term<'t>>, _: bool, span: Span) -> Option<Outcome<'t>> {
        self.with_entered(machine, term, span)
    }
}

/// The table that a value of SQLAlchemy stands for, with what is known of it.
impl<'t> Operations<'t> {
    pub(super) fn table_of(&self, value: &Value<'t>) -> Option<(TableId, Table)> {
        let id = self.sqlalchemy.table_of(value)?;
        Some((id, self.sqlalchemy.with_models(|models| models.table(id).clone())))
    }

    /// A table's name where it is known.
    pub(super) fn name_of(&self, table: &Table) -> Option<On> {
        let schema = match &table.schema {
            None => None,
            Some(Known::Is(schema, _)) => Some(schema.clone()),
            Some(Known::Unknown(..)) => return None,
        };
        Some(On { schema, name: table.name.get()?.clone() })
    }
}
