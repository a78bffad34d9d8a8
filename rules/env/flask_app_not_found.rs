//! `flask-app-not-found`

use crate::diagnostic::Findings;
use crate::project::alembic::Environment;
use crate::project::alembic::flask_migrate::FlaskApp;
use crate::project::code::Call;
use crate::project::{Hides, Project};
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "flask-app-not-found",
    page: include_str!("flask_app_not_found.md"),
    check: Check::EachEnvironment(check),
};

const WHY: &str = "`flask db …` ends with `Error: No such command 'db'.`: the command is there only once the application \
                   has been loaded and `Migrate` set up on it";

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let Some(app) = &environment.flask else { return };
    if environment.not_analysed.iter().any(|place| place.hides == Hides::Models) || app.raised.is_some() {
        return;
    }
    if let (true, Some(made), []) = (app.made && app.named.is_some(), app.migrate_made, app.migrate_set_up.as_slice()) {
        if is_set_up_elsewhere(project, app) {
            return;
        }
        findings
            .report(made, "`Migrate` is never set up on the application")
            .key("flask:migrate")
            .why(WHY)
            .help("`migrate.init_app(app, db)` in the factory, or `Migrate(app, db)`");
        return;
    }
    if let (Some(file), false, true) = (app.named, app.made, app.migrate_made.is_some()) {
        findings
            .report(Span::start_of(file), "`flask` finds no application in this file")
            .key("flask:app")
            .why(WHY)
            .help("name it `app` or `application`, or give the file a factory `create_app`; or set `FLASK_APP`");
    }
}

/// May any code set it up that was not run on paper?
fn is_set_up_elsewhere(project: &Project<'_>, app: &FlaskApp) -> bool {
    let names = &app.migrate_names;
    let may_be_it = |call: &Call| call.receiver.as_ref().is_none_or(|receiver| names.contains(receiver));
    names.is_empty() || project.code.is_called("init_app", may_be_it)
}
