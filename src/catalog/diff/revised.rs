//! Changes → those that env.py's `process_revision_directives` leaves: `alembic check` calls it, too.

use crate::catalog::diff::change::Change;
use crate::catalog::diff::options::Options;
use crate::catalog::operation::{AlterColumn, Constraint, Operation};
use crate::catalog::table::Name;
use crate::project::alembic::directives::{Field, Left, Proposed};

/// What is left of the changes.
pub(super) fn changes(changes: Vec<Change>, options: &Options<'_>) -> Vec<Change> {
    if changes.is_empty() {
        return changes;
    }
    let proposed: Vec<Proposed> = changes.iter().map(proposed).collect();
    let Some(left) = options.revises(&proposed) else { return changes };
    let kept = |(change, left): (Change, Left)| match left {
        Left::Nothing => None,
        Left::Without(attributes) => without(change, &attributes),
    };
    changes.into_iter().zip(left).filter_map(kept).collect()
}

fn proposed(change: &Change) -> Proposed {
    let text = |text: &str| Field::Text(text.to_owned());
    let name = |name: &Name| name.get().map_or(Field::None, text);
    let (class, fields) = match &change.operation {
        Operation::CreateTable(_) => ("CreateTableOp", Vec::new()),
        Operation::DropTable(..) => ("DropTableOp", Vec::new()),
        Operation::AddColumn(_, column) => ("AddColumnOp", vec![("column_name", text(&column.name))]),
        Operation::DropColumn(_, column, _) => ("DropColumnOp", vec![("column_name", text(column))]),
        Operation::AlterColumn(alter) => ("AlterColumnOp", of_alter(alter)),
        Operation::CreateIndex(_, index) => ("CreateIndexOp", vec![("index_name", name(&index.name))]),
        Operation::DropIndex(_, index, _) => ("DropIndexOp", vec![("index_name", name(index))]),
        Operation::AddConstraint(_, constraint) => {
            let class = match constraint {
                Constraint::Unique(_) => "CreateUniqueConstraintOp",
                Constraint::ForeignKey(_) => "CreateForeignKeyOp",
                _ => "AddConstraintOp",
            };
            let source = ("source_table", text(&change.table.name));
            (class, vec![("constraint_name", name(constraint.name())), source])
        }
        Operation::DropConstraint(_, constraint, ..) => {
            ("DropConstraintOp", vec![("constraint_name", name(constraint))])
        }
        Operation::SetTableComment(_, Some(comment)) => ("CreateTableCommentOp", vec![("comment", text(comment))]),
        Operation::SetTableComment(_, None) => ("DropTableCommentOp", Vec::new()),
        _ => ("MigrateOperation", Vec::new()),
    };
    Proposed { class, schema: change.table.schema.clone(), table: change.table.name.clone(), fields }
}

fn of_alter(alter: &AlterColumn) -> Vec<(&'static str, Field)> {
    let something = |is_there: bool, without: Field| if is_there { Field::Something } else { without };
    let before = alter.existing.as_deref();
    let nullable = |given: Option<bool>| given.map_or(Field::None, Field::Bool);
    let has_default = alter.server_default.is_some() || alter.identity.is_some();
    vec![
        ("column_name", Field::Text(alter.column.clone())),
        ("modify_type", something(alter.column_type.is_some(), Field::None)),
        ("modify_nullable", nullable(alter.nullable.flatten())),
        ("modify_server_default", something(has_default, Field::Bool(false))),
        ("modify_comment", something(alter.comment.is_some(), Field::Bool(false))),
        ("modify_name", Field::None),
        ("existing_type", something(before.is_some(), Field::None)),
        ("existing_nullable", nullable(before.and_then(|column| column.nullable))),
    ]
}

/// The change without what was taken out of it.
fn without(mut change: Change, attributes: &[&str]) -> Option<Change> {
    let Operation::AlterColumn(alter) = &mut change.operation else { return Some(change) };
    for attribute in attributes {
        match *attribute {
            "modify_type" => alter.column_type = None,
            "modify_nullable" => alter.nullable = None,
            "modify_server_default" => {
                alter.server_default = None;
                alter.identity = None;
            }
            "modify_comment" => alter.comment = None,
            _ => {}
        }
    }
    let has_changes = alter.column_type.is_some()
        || alter.nullable.is_some()
        || alter.server_default.is_some()
        || alter.identity.is_some()
        || alter.comment.is_some();
    has_changes.then_some(change)
}
