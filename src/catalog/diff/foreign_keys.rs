//! Foreign keys, compared by what they say and not by their names.

use crate::catalog::Dialect;
use crate::catalog::diff::Comparison;
use crate::catalog::diff::default_names::{self, Named};
use crate::catalog::diff::options::{End, Kind, Object};
use crate::catalog::diff::tables::Side;
use crate::catalog::operation::{Constraint, ConstraintKind, Operation};
use crate::catalog::table::{ForeignKey, Table, TableName};

/// What two foreign keys are compared by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Signature {
    columns: Vec<String>,
    target: TableName,
    target_columns: Vec<String>,
    onupdate: Option<String>,
    ondelete: Option<String>,
    deferrable: &'static str,
}

impl Comparison<'_> {
    fn signature(&self, key: &ForeignKey) -> Signature {
        // `NO ACTION` is the default, and MySQL does not tell `RESTRICT` from it.
        let action = |action: &Option<String>| {
            let mysql = self.options.target.dialect == Dialect::Mysql;
            let said = action.as_ref().map(|action| action.to_lowercase());
            said.filter(|action| !action.is_empty() && action != "no action" && !(mysql && action == "restrict"))
        };
        let deferred = key.initially.as_ref().is_some_and(|word| word.eq_ignore_ascii_case("deferred"));
        Signature {
            columns: key.columns.clone(),
            target: self.options.plain(&key.target),
            target_columns: key.target_columns.clone(),
            onupdate: action(&key.onupdate),
            ondelete: action(&key.ondelete),
            deferrable: match (deferred, key.deferrable) {
                (true, _) => "initially deferred",
                (false, Some(true)) => "deferrable",
                _ => "not deferrable",
            },
        }
    }

    pub(super) fn foreign_keys(&mut self, name: &TableName, found: &Table, declared: &Table) {
        let signed = |keys: &[ForeignKey]| {
            let mut signed: Vec<(Signature, ForeignKey)> = Vec::new();
            for key in keys {
                let signature = self.signature(key);
                if !signed.iter().any(|(known, _)| *known == signature) {
                    signed.push((signature, key.clone()));
                }
            }
            signed
        };
        let (before, after) = (signed(&found.foreign_keys), signed(&declared.foreign_keys));
        let lacks = |keys: &[(Signature, ForeignKey)], wanted: &Signature| !keys.iter().any(|(it, _)| it == wanted);
        let words = |key: &ForeignKey| format!("the foreign key of `{}`", key.columns.join("`, `"));
        for (at, (_, key)) in before.iter().enumerate().filter(|(_, (signature, _))| lacks(&after, signature)) {
            let dialect = self.options.target.dialect;
            let given = default_names::name(&key.name, Named::ForeignKey, &name.name, &key.columns, at + 1, dialect);
            // Of another one on the same columns it is the former state, whatever else could not be read.
            let is_former = |(_, other): &(Signature, ForeignKey)| other.columns == key.columns;
            if (after.iter().any(is_former) || self.absent(Side::Declared, name, &declared.name, &words(key)))
                && self.passes_object(&object(key, given.get(), name), End::Found)
            {
                let key = ForeignKey { name: given.clone(), ..key.clone() };
                let span = key.span;
                let constraint = Some(Box::new(Constraint::ForeignKey(key)));
                let kind = Some(ConstraintKind::ForeignKey);
                let operation = Operation::DropConstraint(name.clone(), given, kind, constraint);
                self.push(name, operation, Some(declared.span), Some(span));
            }
        }
        for (_, key) in after.iter().filter(|(signature, _)| lacks(&before, signature)) {
            if self.absent(Side::Found, name, &found.name, &words(key))
                && self.passes_object(&object(key, key.name.get(), name), End::Declared)
            {
                let operation = Operation::AddConstraint(name.clone(), Constraint::ForeignKey(key.clone()));
                self.push(name, operation, Some(key.span), Some(found.span));
            }
        }
    }
}

fn object<'o>(key: &'o ForeignKey, name: Option<&'o str>, table: &'o TableName) -> Object<'o> {
    Object { kind: Kind::ForeignKey, table, name, columns: &key.columns }
}
