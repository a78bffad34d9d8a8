//! `module-imported-twice`

use crate::diagnostic::Findings;
use crate::project::Project;
use crate::rules::models::shared::evidence;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "module-imported-twice",
    page: include_str!("module_imported_twice.md"),
    check: Check::WholeProject(check),
};

fn check(project: &Project<'_>, found: &mut Findings) {
    let mut seen = std::collections::HashSet::new();
    for import in &project.models.second_imports {
        let mut tables = project.models.tables.iter().filter(|table| {
            table.file == import.file && table.certain && !table.extends && table.duplicate_of.is_none()
        });
        let Some(table) = tables.next() else { continue };
        // The second run needs the same MetaData as the first: one that is made elsewhere.
        let is_made_elsewhere = project.models.metadata(table.metadata).span.file != import.file
            || project.models.metadata(table.metadata).library.is_some();
        let is_reached = evidence::reaching(project, import.span.file).any(|it| it.reached.contains(&import.file));
        if !is_made_elsewhere || !is_reached || !seen.insert(import.file) {
            continue;
        }
        let path = project.sources.path(import.file);
        let key = table.key().unwrap_or_default();
        let mut report = found
            .report(
                import.span,
                format!("`{path}` is imported twice: as `{}` and as `{}`", import.first, import.second),
            )
            .key(format!("module:{path}"))
            .here(format!("imported as `{}`", import.second))
            .why(format!(
                "Python runs the file once for each name, and the second time table `{key}` is already there: \
                 `InvalidRequestError: Table '{key}' is already defined for this MetaData instance`"
            ))
            .help("import it by one name everywhere, and keep only one of the two directories on `sys.path`");
        if let Some(span) = import.first_span {
            report = report.label(span, format!("imported as `{}`", import.first));
        }
        let _ = report.label(table.span, "run twice");
    }
}
