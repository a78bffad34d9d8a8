//! `revision-file-invalid`

use crate::diagnostic::Findings;
use crate::project::alembic::Environment;
use crate::project::alembic::revision::RevisionScript;
use crate::project::{Known, Project};
use crate::rules::{Check, Rule};
use crate::source::{Span, split};

/// The rule.
pub const RULE: Rule = Rule {
    name: "revision-file-invalid",
    page: include_str!("revision_file_invalid.md"),
    check: Check::EachRevision(check),
};

fn check(script: &RevisionScript, _: &Environment, project: &Project<'_>, found: &mut Findings) {
    if script.unreadable {
        return;
    }
    let path = project.sources.path(script.file);
    let name = split(path).1;
    let key = |what: &str| format!("{what}:{name}");
    if let Some(marker) = script.merge_markers.first() {
        found
            .report(*marker, "a merge conflict is left in this revision")
            .key(key("conflict"))
            .why("Alembic imports every file of the versions directory: SyntaxError, whatever the command")
            .help("keep one side, and remove the lines `<<<<<<<`, `=======` and `>>>>>>>`");
        return;
    }
    if let Some((span, problem)) = script.syntax_problems.first() {
        found
            .report(*span, format!("`{name}` is no valid Python"))
            .key(key("syntax"))
            .here(lower(problem))
            .why("Alembic imports every file of the versions directory: SyntaxError, whatever the command");
        return;
    }
    for (variable, what, span) in &script.not_strings {
        found
            .report(*span, format!("`{variable}` is {what}, not a string"))
            .key(key(variable))
            .why("every Alembic command that reads the revisions ends with a TypeError")
            .help(if *variable == "revision" {
                "write the id as a string in quotes".to_owned()
            } else {
                format!("write a string in quotes, a tuple of such, or `None` as `{variable}`")
            });
    }
    if script.revision.is_none() && !script.not_strings.iter().any(|(variable, ..)| *variable == "revision") {
        let misspelt = script.misspelt_revision.as_deref();
        let place = misspelt.map_or(Span::start_of(script.file), |(_, span)| *span);
        found
            .report(place, format!("`{name}` has no `revision`"))
            .key(key("revision"))
            .here(misspelt.map_or(String::new(), |(name, _)| format!("this is {name}")))
            .why(format!(
                "Alembic takes every Python file here for a revision: Could not determine revision id from filename \
                 {name}. Be sure the 'revision' variable is declared inside the script"
            ))
            .help("write `revision = \"…\"` into it, or move the file out of the versions directory");
        return;
    }
    if let Some(Known::Is(id, span)) = &script.revision
        && let Some(letter) = id.chars().find(|letter| "@-+".contains(*letter))
    {
        found
            .report(*span, format!("revision id `{id}` holds `{letter}`"))
            .key(key("character"))
            .why(format!(
                "every Alembic command fails: Character(s) '{letter}' not allowed in revision identifier '{id}'"
            ))
            .help("use letters, digits and `_`");
    }
    if script.down_revision_span.is_none() && script.down_revision.is_empty() {
        found
            .report(script.id_span(), format!("`{name}` has no `down_revision`"))
            .key(key("down_revision"))
            .why("every Alembic command that reads the revisions ends with AttributeError: module has no attribute 'down_revision'")
            .help("write `down_revision = None` when it is the first revision, else the id of the one before");
    }
    if !script.binds_upgrade && script.has_all_names() {
        found
            .report(script.id_span(), format!("`{name}` has no `upgrade`"))
            .key(key("upgrade"))
            .why("`alembic upgrade` stops at this revision: AttributeError: module has no attribute 'upgrade'")
            .help("define `upgrade`, with nothing but `pass` in it when there is nothing to do");
    }
}

fn lower(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
