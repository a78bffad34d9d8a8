//! `module-imported-twice`

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "module-imported-twice",
    page: include_str!("module_imported_twice.md"),
    check: Check::WholeProject(check),
};

fn check(project: &Project<'_>, found: &mut Findings) {
    let mut seen = std::collections::HashSet::new();
    for table in &project.models.tables {
        let (Some(first), Some(other)) = (table.duplicate_of, &table.other_module) else { continue };
        let first = project.models.table(first);
        if !table.certain
            || !first.certain
            || table.module == *other
            || !seen.insert((table.file, table.module.clone()))
        {
            continue;
        }
        let path = project.sources.path(table.file);
        let key = table.key().unwrap_or_default();
        let mut report = found
            .report(
                table.imported_at.unwrap_or(table.span),
                format!("`{path}` is imported twice: as `{other}` and as `{}`", table.module),
            )
            .key(format!("module:{path}"))
            .here(format!("imported as `{}`", table.module))
            .why(format!(
                "Python runs the file once for each name, and the second time table `{key}` is already there: \
                 `InvalidRequestError: Table '{key}' is already defined for this MetaData instance`"
            ))
            .help("import it by one name everywhere, and keep only one of the two directories on `sys.path`");
        if let Some(span) = first.imported_at {
            report = report.label(span, format!("imported as `{other}`"));
        }
        if table.imported_at.is_some() {
            report = report.label(table.span, "run twice");
        }
        let _ = report;
    }
}
