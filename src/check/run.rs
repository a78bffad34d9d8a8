//! Facts → findings: the one place with the loops over environments, classes, tables and revisions.

use std::any::Any;
use std::cell::OnceCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::catalog::drift::{self, Drift};
use crate::check::options::Options;
use crate::database::live::Live;
use crate::diagnostic::{Diagnostic, Findings, Level};
use crate::project::Project;
use crate::rules::{self, Check, Rule};

/// Runs every rule that is on. A rule that panics loses its findings and leaves a line in `internal_errors`.
pub fn run(
    project: &Project<'_>,
    options: &Options,
    internal_errors: &mut Vec<String>,
) -> (Vec<Diagnostic>, Vec<Drift>) {
    let mut found = Vec::new();
    // Replayed once, and only when a rule wants it.
    let drifts: OnceCell<Vec<Drift>> = OnceCell::new();
    for (family, rule) in rules::all() {
        let level = options.level(family, rule);
        if level == Level::Off {
            continue;
        }
        let findings = catch_unwind(AssertUnwindSafe(|| {
            let mut findings = Findings::of(rule.name, level);
            one(rule, project, &drifts, &mut findings);
            findings.diagnostics
        }));
        match findings {
            Ok(mut diagnostics) => {
                if options.is_level_said(family, rule) {
                    diagnostics.iter_mut().for_each(|diagnostic| diagnostic.level = level);
                }
                found.append(&mut diagnostics);
            }
            Err(panic) => internal_errors.push(format!("rule `{}` broke: {}", rule.name, panic_text(&*panic))),
        }
    }
    found.retain(|diagnostic| diagnostic.level != Level::Off);
    (found, drifts.into_inner().unwrap_or_default())
}

/// Runs a rule about a database, which only `preflight` looks at.
pub fn on_database(rule: &Rule, live: &Live<'_>, options: &Options) -> Vec<Diagnostic> {
    let Check::Database(check) = rule.check else { return Vec::new() };
    let level = options.level("database", rule);
    if level == Level::Off {
        return Vec::new();
    }
    let mut findings = Findings::of(rule.name, level);
    findings.in_environment(Some(&live.environment.name));
    check(live, &mut findings);
    if options.is_level_said("database", rule) {
        findings.diagnostics.iter_mut().for_each(|diagnostic| diagnostic.level = level);
    }
    findings.diagnostics
}

/// What a panic said.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}

fn one(rule: &Rule, project: &Project<'_>, drifts: &OnceCell<Vec<Drift>>, findings: &mut Findings) {
    match rule.check {
        Check::WholeProject(check) => check(project, findings),
        Check::EachEnvironment(check) => {
            for environment in &project.environments {
                findings.in_environment(Some(&environment.name));
                check(environment, project, findings);
            }
        }
        Check::EachEnvScript(check) => {
            for environment in &project.environments {
                if let Some(script) = &environment.env_script {
                    findings.in_environment(Some(&environment.name));
                    check(script, environment, project, findings);
                }
            }
        }
        Check::EachMappedClass(check) => {
            for class in &project.models.classes {
                check(class, project, findings);
            }
        }
        Check::EachTable(check) => {
            for table in &project.models.tables {
                check(table, project, findings);
            }
        }
        Check::EachRevision(check) => {
            for environment in &project.environments {
                findings.in_environment(Some(&environment.name));
                for revision in &environment.revisions.scripts {
                    check(revision, environment, project, findings);
                }
            }
        }
        Check::Drift(check) => {
            let all = drifts.get_or_init(|| (0..project.environments.len()).map(|at| drift::of(project, at)).collect());
            for (drift, environment) in all.iter().zip(&project.environments) {
                findings.in_environment(Some(&environment.name));
                check(drift, findings);
            }
        }
        Check::Database(_) | Check::InCheck => {}
    }
}
