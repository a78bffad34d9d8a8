//! Files → [`Project`]: environments are found, each env.py is run on paper, then the modules that no env.py reached
//! but that may declare tables, then the revisions are read.

use crate::project::Project;
use crate::project::settings::Settings;
use crate::source::Sources;
use crate::syntax::python::Trees;

/// Reads a project.
pub fn read<'s>(sources: &'s Sources, trees: &Trees<'s>, settings: &Settings) -> Project<'s> {
    let _ = trees;
    Project {
        sources,
        settings: settings.clone(),
        environments: Vec::new(),
        models: crate::project::sqlalchemy::Models::default(),
        unreadable: Vec::new(),
        syntax_problems: Vec::new(),
    }
}
