//! `flask-query-shadowed`

use crate::diagnostic::{Findings, Level};
use crate::project::Project;
use crate::project::sqlalchemy::{MappedClass, RegistryKind, Role};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "flask-query-shadowed",
    page: include_str!("flask_query_shadowed.md"),
    check: Check::EachMappedClass(check),
};

/// What a query has and a column has not.
const QUERY: &[&str] = &[
    "add_columns",
    "all",
    "count",
    "delete",
    "enable_eagerloads",
    "execution_options",
    "exists",
    "filter",
    "filter_by",
    "first",
    "first_or_404",
    "from_statement",
    "get",
    "get_or_404",
    "group_by",
    "having",
    "join",
    "limit",
    "offset",
    "one",
    "one_or_404",
    "one_or_none",
    "options",
    "order_by",
    "outerjoin",
    "paginate",
    "params",
    "populate_existing",
    "scalar",
    "select_from",
    "slice",
    "statement",
    "subquery",
    "union",
    "update",
    "where",
    "with_entities",
    "with_for_update",
    "yield_per",
];

fn check(class: &MappedClass, project: &Project<'_>, findings: &mut Findings) {
    if project.models.registry(class.registry).kind != RegistryKind::Flask {
        return;
    }
    for part in class.made_of.iter().filter(|part| matches!(part.role, Role::Own | Role::Mixin | Role::Abstract)) {
        for attribute in project.models.body(part.body).attributes.iter() {
            if !matches!(attribute.name.as_str(), "query" | "query_class") || !attribute.kind.is_mappable() {
                continue;
            }
            findings
                .report(
                    attribute.name_span,
                    format!("`{}` hides Flask-SQLAlchemy's `Model.{}`", attribute.name, attribute.name),
                )
                .level(if is_used(project, &class.name) { Level::Warning } else { Level::Note })
                .key(format!("attribute:{}.{}", class.qualified, attribute.name))
                .why(format!(
                    "alembic is green, and `{}.query.all()` fails when it is called: `AttributeError: Neither \
                     'InstrumentedAttribute' object nor 'Comparator' object … has an attribute 'all'`",
                    class.name
                ))
                .help("rename the attribute and keep the column: `query_ = db.Column(\"query\", …)`");
        }
    }
}

/// Does the project use `Class.query` as a query? Who only ever writes `db.session.query(Class)` loses nothing, and
/// `Class.query.ilike("…")` means the column.
fn is_used(project: &Project<'_>, class: &str) -> bool {
    project.code.taken_from(class, "query").iter().any(|method| QUERY.binary_search(&method.as_str()).is_ok())
}
