//! `tablename-missing`

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::sqlalchemy::MappedClass;
use crate::rules::models::shared::evidence;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "tablename-missing",
    page: include_str!("tablename_missing.md"),
    check: Check::EachMappedClass(check),
};

fn check(class: &MappedClass, project: &Project<'_>, found: &mut Findings) {
    if !class.without_table {
        return;
    }
    found
        .report(class.name_span, format!("class `{}` has neither `__tablename__` nor `__table__`", class.name))
        .key(format!("model:{}", class.qualified))
        .why(format!(
            "`InvalidRequestError: Class <class '{}'> does not have a __table__ or __tablename__ specified and does not \
             inherit from an existing table-mapped class` while this class is made",
            class.qualified
        ))
        .help("add `__tablename__ = \"…\"`, or `__abstract__ = True` if only other classes derive from it")
        .level(evidence::level_for(project, class.file));
}
