//! The body of `upgrade` → the names that it gives to tables, indexes and constraints, where they are written out.

use crate::source::{FileId, Span};
use crate::syntax::python::tree::visitor::{self, Visitor};
use crate::syntax::python::{Tree, span_of, tree};

/// A name that `upgrade` gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameMade {
    /// `table`, `index` or `constraint`.
    pub kind: &'static str,
    /// The name.
    pub name: String,
    /// The text.
    pub span: Span,
}

/// The names that the module's `upgrade` gives. Names inside `op.f(…)` are left out: SQLAlchemy shortens those itself.
pub fn names_made(parsed: &Tree) -> Vec<NameMade> {
    let mut found = Names { file: parsed.file, all: Vec::new() };
    for statement in &parsed.module.body {
        if let tree::Stmt::FunctionDef(function) = statement
            && function.name.as_str() == "upgrade"
        {
            found.visit_body(&function.body);
        }
    }
    found.all
}

struct Names {
    file: FileId,
    all: Vec<NameMade>,
}

impl<'a> Visitor<'a> for Names {
    fn visit_expr(&mut self, expression: &'a tree::Expr) {
        if let tree::Expr::Call(call) = expression
            && let tree::Expr::Attribute(attribute) = &*call.func
        {
            let made = match attribute.attr.as_str() {
                "create_table" => Some((0, "table_name", "table")),
                "rename_table" => Some((1, "new_table_name", "table")),
                "create_index" => Some((0, "index_name", "index")),
                "create_unique_constraint"
                | "create_foreign_key"
                | "create_check_constraint"
                | "create_primary_key"
                | "create_exclude_constraint" => Some((0, "constraint_name", "constraint")),
                "UniqueConstraint" | "ForeignKeyConstraint" | "CheckConstraint" | "PrimaryKeyConstraint" => {
                    Some((usize::MAX, "name", "constraint"))
                }
                _ => None,
            };
            if let Some((position, keyword, kind)) = made {
                let by_keyword = call
                    .arguments
                    .keywords
                    .iter()
                    .find(|given| given.arg.as_ref().is_some_and(|name| name.as_str() == keyword))
                    .map(|given| &given.value);
                if let Some(tree::Expr::StringLiteral(text)) = call.arguments.args.get(position).or(by_keyword) {
                    self.all.push(NameMade {
                        kind,
                        name: text.value.to_str().to_owned(),
                        span: span_of(self.file, text),
                    });
                }
            }
        }
        visitor::walk_expr(self, expression);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::python::parse;

    #[test]
    fn names_that_are_written_out() {
        let tree = parse(
            FileId(0),
            "def upgrade():\n    op.create_table('a', sa.UniqueConstraint('x', name='u'))\n    op.create_index(op.f('i'), 'a', ['x'])\n    \
             with op.batch_alter_table('a') as batch_op:\n        batch_op.create_index('j', ['x'])\n",
        );
        let found: Vec<_> = names_made(&tree).into_iter().map(|made| (made.kind, made.name)).collect();
        let expected = [("table", "a"), ("constraint", "u"), ("index", "j")];
        assert_eq!(found, expected.map(|(kind, name)| (kind, name.to_owned())));
    }
}
