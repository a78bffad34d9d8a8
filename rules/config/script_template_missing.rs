//! A script directory without script.py.mako.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::config::Shape;
use crate::project::alembic::discovery::{Leads, script_location_leads};
use crate::project::alembic::template::GENERIC;
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "script-template-missing",
    page: include_str!("script_template_missing.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let config = &environment.config;
    let (Some(location), Some(script), None) =
        (&environment.script_location, &environment.env_script, environment.template)
    else {
        return;
    };
    let span = match config.shape {
        Shape::InCode => return,
        Shape::FlaskMigrate => Span::start_of(script.file),
        Shape::Ini | Shape::Pyproject => {
            if !matches!(script_location_leads(project.sources, config), Some(Leads::To { .. })) {
                return;
            }
            config.alembic_option("script_location").map_or(Span::start_of(script.file), |option| option.span)
        }
    };
    let path = format!("{location}/script.py.mako").trim_start_matches('/').to_owned();
    let fix =
        Fix::safe("write Alembic's own template", vec![Edit::Create { path: path.clone(), text: GENERIC.to_owned() }]);
    findings
        .report(span, format!("`{path}` is missing, so no revision can be written"))
        .key(format!("file:{path}"))
        .why(format!("`alembic revision` raises `FileNotFoundError: [Errno 2] No such file or directory: '{path}'`"))
        .help("restore script.py.mako; `alembic init` writes one")
        .fix(fix);
}
