//! The URL's driver is in no lock file and no requirements.

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::sqlalchemy::dialects;
use crate::rules::config::shared::used;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "driver-not-installed",
    page: include_str!("driver_not_installed.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, _: &Project<'_>, findings: &mut Findings) {
    let versions = &environment.versions;
    for used in used::schemes(environment).into_iter().filter(|used| used.connects) {
        let url = used.url;
        let Some(name) = url.driver_in(versions) else { continue };
        let Some(driver) = dialects::named(&url.dialect, &name) else { continue };
        if driver.distributions.is_empty() || !used::certainly_without(versions, driver.distributions) {
            continue;
        }
        let resolved = versions.sqlalchemy();
        if url.driver.is_none() && resolved.assumed {
            // Without a driver in the URL the version decides which one it is: silent if either is there.
            let any: Vec<&str> = dialects::drivers_of(&url.dialect)
                .filter(|driver| ["psycopg2", "psycopg", "cx_oracle", "oracledb", "mysqldb"].contains(&driver.name))
                .flat_map(|driver| driver.distributions.iter().copied())
                .collect();
            if !used::certainly_without(versions, &any) {
                continue;
            }
        }
        let distribution = driver.distributions.first().copied().unwrap_or(driver.name);
        let others: Vec<&str> = dialects::drivers_of(&url.dialect)
            .filter(|other| other.works == driver.works || other.works == dialects::Works::Both)
            .filter(|other| !other.distributions.is_empty() && versions.has_any(other.distributions) == Some(true))
            .map(|other| other.name)
            .collect();
        let help = match others.first() {
            Some(other) => {
                format!("add `{distribution}`, or use the driver that is there: `{}+{other}://`", url.dialect)
            }
            None => format!("add `{distribution}` to the project's dependencies"),
        };
        let asked = match url.driver {
            Some(_) => format!("the URL asks for `{name}`"),
            None => format!("`{}://` loads `{name}`", url.dialect),
        };
        let why = match url.driver {
            Some(_) => format!("SQLAlchemy raises `ModuleNotFoundError: No module named '{}'`", driver.module),
            None => format!(
                "SQLAlchemy raises `ModuleNotFoundError: No module named '{}'`; {}",
                driver.module, resolved.how
            ),
        };
        findings
            .report(url.span, format!("{asked}, and {} does not list it", used::listed_in(versions)))
            .key(format!("driver:{}.{name}", url.dialect))
            .label(used.call, "the engine is made here")
            .why(why)
            .help(help);
    }
}
