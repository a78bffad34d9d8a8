//! What env.py's `process_revision_directives` leaves of the operations that autogenerate found: it is called on paper,
//! with objects that stand for Alembic's `MigrationScript` and the operations in it.

use std::rc::Rc;

use crate::project::alembic::decisions::{Asking, positional, text};
use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::term::{Arguments, Term};
use crate::python::value::{List, Value};
use crate::source::Span;

/// The module of the classes.
const OPS: &str = "alembic.operations.ops.";

/// An operation that autogenerate found.
#[derive(Clone, Debug, Default)]
pub struct Proposed {
    /// Alembic's class: `DropColumnOp`.
    pub class: &'static str,
    /// The schema of its table.
    pub schema: Option<String>,
    /// Its table.
    pub table: String,
    /// Its attributes, as far as they are known.
    pub fields: Vec<(&'static str, Field)>,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// `None`
    None,
    /// `True`, `False`
    Bool(bool),
    /// A text.
    Text(String),
    /// Something that is there, whatever it is.
    Something,
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// It is not written.
    Nothing,
    /// It is written, without what these attributes said.
    Without(Vec<&'static str>),
}

impl<'t> Asking<'t> {
    /// What the function leaves of the operations; `None`: that can't be told.
    pub(super) fn revised(&mut self, function: &Value<'t>, proposed: &[Proposed], span: Span) -> Option<Vec<Left>> {
        let terms: Vec<Rc<Term<'t>>> = proposed.iter().map(|one| self.operation(one, span)).collect();
        // Those of one table stand together.
        let mut groups: Vec<(Option<&Proposed>, Vec<Value<'t>>)> = Vec::new();
        for (one, term) in proposed.iter().zip(&terms) {
            let is_whole = matches!(one.class, "CreateTableOp" | "DropTableOp");
            let of_last = |last: &Proposed| !is_whole && last.table == one.table && last.schema == one.schema;
            match groups.last_mut() {
                Some((Some(last), group)) if of_last(last) => group.push(Value::Term(term.clone())),
                _ => groups.push(((!is_whole).then_some(one), vec![Value::Term(term.clone())])),
            }
        }
        let mut of_script = Vec::new();
        for (of_table, group) in groups {
            match of_table {
                None => of_script.extend(group),
                Some(first) => {
                    let fields = vec![
                        ("table_name", Value::literal(first.table.as_str(), span)),
                        ("schema", text(first.schema.as_deref(), span)),
                        ("ops", list(group)),
                    ];
                    of_script.push(self.record(&format!("{OPS}ModifyTableOps"), fields, span));
                }
            }
        }
        let upgrade = self.record(&format!("{OPS}UpgradeOps"), vec![("ops", list(of_script))], span);
        let downgrade = self.record(&format!("{OPS}DowngradeOps"), vec![("ops", list(Vec::new()))], span);
        let fields = vec![
            ("upgrade_ops", upgrade.clone()),
            ("downgrade_ops", downgrade.clone()),
            ("upgrade_ops_list", list(vec![upgrade.clone()])),
            ("downgrade_ops_list", list(vec![downgrade])),
        ];
        let script = self.record(&format!("{OPS}MigrationScript"), fields, span);
        let context = self.record("alembic.runtime.migration.MigrationContext", Vec::new(), span);
        let revision = self.machine.unknown(span, "the revision that autogenerate starts from");
        let directives = list(vec![script]);
        let values = [context, revision, directives].map(|value| positional(value, span));
        let arguments = Rc::new(Arguments { positional: values.to_vec(), keywords: Vec::new(), open: false });
        self.machine.call(function, &arguments, span).ok()?;
        let mut found = Vec::new();
        gather(&upgrade, &mut found)?;
        let left = |(term, one): (&Rc<Term<'t>>, &Proposed)| {
            if !found.iter().any(|kept| Rc::ptr_eq(kept, term)) {
                return Some(Left::Nothing);
            }
            let mut without = Vec::new();
            for (name, before) in one.fields.iter().filter(|(name, _)| name.starts_with("modify_")) {
                let has_said = match before {
                    Field::None => false,
                    Field::Bool(_) => *name == "modify_nullable",
                    Field::Text(_) | Field::Something => true,
                };
                match term.fields.get(name)? {
                    Value::OneOf(_) | Value::Unknown(_) => return None,
                    now if has_said && !says(name, &now) => without.push(*name),
                    _ => {}
                }
            }
            Some(Left::Without(without))
        };
        terms.iter().zip(proposed).map(left).collect()
    }

    fn operation(&mut self, one: &Proposed, span: Span) -> Rc<Term<'t>> {
        let mut fields = vec![
            ("table_name", Value::literal(one.table.as_str(), span)),
            ("schema", text(one.schema.as_deref(), span)),
        ];
        for (name, field) in &one.fields {
            let value = match field {
                Field::None => Value::None,
                Field::Bool(value) => Value::Bool(*value),
                Field::Text(text) => Value::literal(text.as_str(), span),
                Field::Something => self.record("alembic.operations.ops.Something", Vec::new(), span),
            };
            fields.push((name, value));
        }
        self.record_term(&format!("{OPS}{}", one.class), fields, span)
    }
}

fn list<'t>(items: Vec<Value<'t>>) -> Value<'t> {
    Value::List(Rc::new(List { items: items.into(), open: false.into() }))
}

/// The operations in a container and the containers in it; `None`: they can't be told.
fn gather<'t>(container: &Value<'t>, found: &mut Vec<Rc<Term<'t>>>) -> Option<()> {
    let Value::Term(term) = container else { return None };
    let Some(operations) = term.fields.get("ops") else {
        found.push(term.clone());
        return Some(());
    };
    match operations {
        Value::List(list) if !list.open.get() => {
            let items = list.items.borrow();
            items.iter().try_for_each(|item| gather(item, found))
        }
        _ => None,
    }
}

/// Above whom a class of operations stands.
const BASES: &[(&str, &[&str])] = &[
    ("OpContainer", &["ModifyTableOps", "UpgradeOps", "DowngradeOps"]),
    ("AlterTableOp", &["AlterColumnOp", "AddColumnOp", "DropColumnOp", "RenameTableOp"]),
    ("AddConstraintOp", &["CreateUniqueConstraintOp", "CreateForeignKeyOp", "CreateCheckConstraintOp"]),
];

/// Is the object of this class, where both are operations?
pub(super) fn is_instance(term: &Term<'_>, class: &Value<'_>) -> Option<bool> {
    let own = term.call()?.0.dotted()?.strip_prefix(OPS)?;
    let Value::Term(class) = class else { return Some(false) };
    let class = class.dotted()?;
    let class = class.strip_prefix(OPS).or_else(|| class.strip_prefix("alembic.operations."))?;
    let known = BASES.iter().find(|(base, _)| *base == class);
    Some(own == class || class == "MigrateOperation" || known.is_some_and(|(_, below)| below.contains(&own)))
}

/// `operation.has_changes()`, `container.is_empty()`
pub(super) fn called<'t>(
    machine: &mut Machine<'t>,
    of: &Rc<Term<'t>>,
    method: &str,
    span: Span,
) -> Option<Outcome<'t>> {
    of.call()?.0.dotted()?.strip_prefix(OPS)?;
    let fields = of.fields.all();
    match method {
        "has_changes" => {
            let mut changes = fields.iter().filter(|(name, _)| name.starts_with("modify_"));
            Some(Ok(Value::Bool(changes.any(|(name, value)| says(name, value)))))
        }
        "is_empty" => match fields.get("ops")? {
            Value::List(list) if !list.open.get() => Some(Ok(Value::Bool(list.items.borrow().is_empty()))),
            _ => Some(Ok(machine.unknown(span, "whether operations are left"))),
        },
        _ => None,
    }
}

/// Does the value of a `modify_…` change anything?
fn says(name: &str, value: &Value<'_>) -> bool {
    match name {
        "modify_server_default" | "modify_comment" => !matches!(value, Value::Bool(false)),
        "modify_nullable" => !matches!(value, Value::None),
        _ => !matches!(value, Value::None | Value::Bool(false)),
    }
}

/// An attribute that an operation has without a word: what it does not change.
pub(super) fn attribute<'t>(of: &Rc<Term<'t>>, name: &str) -> Option<Outcome<'t>> {
    let own = of.call()?.0.dotted()?.strip_prefix(OPS)?;
    match name {
        "modify_type" | "modify_nullable" | "modify_name" if own == "AlterColumnOp" => Some(Ok(Value::None)),
        "modify_server_default" | "modify_comment" if own == "AlterColumnOp" => Some(Ok(Value::Bool(false))),
        _ => None,
    }
}
