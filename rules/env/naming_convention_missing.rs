//! `naming-convention-missing`

use std::collections::BTreeSet;

use super::shared::evidence::autogenerates;
use crate::diagnostic::Findings;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::env_script::{EnvScript, TargetMetadata};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "naming-convention-missing",
    page: include_str!("naming_convention_missing.md"),
    check: Check::EachEnvScript(check),
};

fn check(script: &EnvScript, environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    if !autogenerates(environment, project) {
        return;
    }
    let mut seen = BTreeSet::new();
    for (_, call) in script.online.configures() {
        let TargetMetadata::These(targeted) = &call.target_metadata else { continue };
        for number in targeted.iter().filter(|number| seen.insert(**number)) {
            let metadata = project.models.metadata(*number);
            if metadata.naming_convention || metadata.foreign {
                continue;
            }
            findings
                .report(metadata.span, format!("`{}` has no naming convention", metadata.name))
                .key(format!("metadata:{}", metadata.name))
                .why("constraints without a name get one from the database, and `op.drop_constraint` then has to guess it")
                .help("`MetaData(naming_convention={…})`: SQLAlchemy's documentation has the usual one");
        }
    }
}
