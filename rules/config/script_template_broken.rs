//! A script.py.mako that leaves out what Alembic hands it, or asks for what nobody does.

use std::collections::BTreeSet;

use crate::diagnostic::{Edit, Findings, Fix, Level};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::template::{GIVEN, Template};
use crate::rules::config::text_files;
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "script-template-broken",
    page: include_str!("script_template_broken.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let Some(file) = environment.template else { return };
    let sources = project.sources;
    if sources.text(file).trim().is_empty() {
        findings
            .report(Span::start_of(file), "script.py.mako is empty, so every revision file is")
            .key(format!("file:{}", sources.path(file)))
            .why("Alembic reads no `revision` from the file that it wrote, and stops");
        return;
    }
    let template = Template::read(sources, file);
    let mut told = BTreeSet::new();
    let unknown: Vec<&(String, Span)> = template.unknown_names().collect();
    // `template_args` of `context.configure` may give further names.
    let extended = !unknown.is_empty() && text_files::python_says(project, &["template_args"]);
    for (name, span) in unknown.into_iter().filter(|_| !extended) {
        let near = GIVEN.iter().map(|given| (strsim::damerau_levenshtein(name, given), *given)).min();
        let near = match name.as_str() {
            "upgrade_ops" | "upgrade" => Some("upgrades"),
            "downgrade_ops" | "downgrade" => Some("downgrades"),
            "revision" | "revision_id" => Some("up_revision"),
            _ => near.filter(|(distance, _)| *distance <= 2).map(|(_, given)| given),
        };
        let fix = near.map(|near| {
            Fix::safe(format!("write `{near}`"), vec![Edit::Replace { span: *span, text: near.to_owned() }])
        });
        let key =
            if told.insert(name.clone()) { format!("name:{name}") } else { format!("name:{name}.{}", told.len()) };
        findings
            .report(*span, format!("nobody gives the template a name `{name}`"))
            .key(key)
            .why("Mako prints nothing for it, or fails: with `x if x else \"pass\"` every revision comes out empty, without an error")
            .help(match near {
                Some(near) => format!("the name is `{near}`"),
                None => format!("the names are {}", GIVEN.map_words()),
            })
            .maybe_fix(fix);
    }
    if !told.is_empty() && !extended {
        return;
    }
    for (has, name, function) in
        [(template.has_upgrades, "upgrades", "upgrade"), (template.has_downgrades, "downgrades", "downgrade")]
    {
        if has {
            continue;
        }
        findings
            .report(Span::start_of(file), format!("script.py.mako never prints `${{{name}}}`"))
            .key(format!("name:{name}"))
            .why(format!(
                "`alembic revision --autogenerate` writes a revision whose `{function}` does nothing, without an error"
            ))
            .help(format!("put `${{{name} if {name} else \"pass\"}}` into the body of `{function}`"));
    }
    let brings_dialects = sources.text(file).contains("dialects");
    if !template.has_imports && !brings_dialects && template.has_upgrades {
        let fix = template.last_import.map(|line| {
            let text = "\n${imports if imports else \"\"}".to_owned();
            Fix::safe("print the imports", vec![Edit::Replace { span: line.after(), text }])
        });
        findings
            .report(template.last_import.unwrap_or(Span::start_of(file)), "script.py.mako never prints `${imports}`")
            .key("name:imports")
            .level(Level::Warning)
            .why("a revision with a type of a dialect (`postgresql.JSONB`) raises NameError when it runs")
            .help("put `${imports if imports else \"\"}` below the imports")
            .maybe_fix(fix);
    }
}

/// A list in words.
trait MapWords {
    fn map_words(&self) -> String;
}

impl MapWords for &[&str] {
    fn map_words(&self) -> String {
        self.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    }
}
