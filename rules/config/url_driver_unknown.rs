//! Dialects and drivers that don't exist but are near to one that does.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::sqlalchemy::dialects;
use crate::rules::config::shared::used::{self, Used};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "url-driver-unknown",
    page: include_str!("url_driver_unknown.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    for used in used::schemes(environment) {
        let url = used.url;
        let scheme = &url.parts.scheme;
        if url.dialect == "driver" || url.dialect == "postgres" {
            continue;
        }
        if let Some(near) = dialects::near_dialect(&url.dialect) {
            let part = scheme.start..scheme.start + url.dialect.len();
            report(project, findings, &used, "dialect", &url.dialect, near, part);
            continue;
        }
        let Some(driver) = &url.driver else { continue };
        let part = scheme.end - driver.len()..scheme.end;
        if let Some(near) = dialects::near_driver(&url.dialect, driver) {
            report(project, findings, &used, "driver", driver, near, part);
        } else if driver == "psycopg"
            && url.dialect == "postgresql"
            && environment.versions.sqlalchemy_at_least(&[2]) == Some(false)
        {
            let how = environment.versions.sqlalchemy().how;
            findings
                .report(url.span, "the driver `psycopg` comes with SQLAlchemy 2.0")
                .key(used::key(project, url))
                .label(used.call, "the URL is used here")
                .why(format!(
                    "SQLAlchemy raises `NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:postgresql.psycopg`; {how}"
                ))
                .help("write `postgresql+psycopg2`, or move to SQLAlchemy 2.0");
        }
    }
}

fn report(
    project: &Project<'_>,
    findings: &mut Findings,
    used: &Used<'_>,
    kind: &str,
    name: &str,
    near: &str,
    part: std::ops::Range<usize>,
) {
    let plugin = match (kind, &used.url.driver) {
        ("driver", _) => format!("{}.{name}", used.url.dialect),
        (_, Some(driver)) => format!("{name}.{driver}"),
        _ => name.to_owned(),
    };
    let fix = used::exact(project, used.url, part)
        .map(|span| Fix::safe(format!("write `{near}`"), vec![Edit::Replace { span, text: near.to_owned() }]));
    findings
        .report(used.url.span, format!("SQLAlchemy has no {kind} `{name}`"))
        .key(used::key(project, used.url))
        .label(used.call, "the URL is used here")
        .why(format!("it raises `NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:{plugin}`"))
        .help(format!("the nearest {kind} is `{near}`"))
        .maybe_fix(fix);
}
