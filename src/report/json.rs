//! An outcome → the JSON object of the public contract, version 1.

use serde_json::{Map, Value, json};

use crate::check::{EnvironmentSummary, Outcome};
use crate::diagnostic::{Annotation, Applicability, Diagnostic, Edit, Fix};
use crate::report::{Style, changes};
use crate::secrets::mask;
use crate::source::{Position, Sources, Span};

/// The report.
pub fn render(outcome: &Outcome, sources: &Sources, style: &Style) -> String {
    let mut text = serde_json::to_string_pretty(&value(outcome, sources, style)).unwrap_or_default();
    text.push('\n');
    text
}

/// The report as a value, for commands that add to it.
pub fn value(outcome: &Outcome, sources: &Sources, style: &Style) -> Value {
    let counts = outcome.counts();
    let mut object = Map::new();
    object.insert("version".to_owned(), json!(1));
    object.insert("limbeck".to_owned(), json!(env!("CARGO_PKG_VERSION")));
    object.insert(
        "environments".to_owned(),
        outcome.environments.iter().map(|environment| environment_value(environment, sources)).collect(),
    );
    object.insert(
        "diagnostics".to_owned(),
        outcome.diagnostics.iter().map(|diagnostic| diagnostic_value(diagnostic, sources)).collect(),
    );
    object.insert(
        "summary".to_owned(),
        json!({
            "errors": counts.errors,
            "warnings": counts.warnings,
            "notes": counts.notes,
            "suppressed": outcome.suppressed,
            "baseline": outcome.baseline,
            "fixable": counts.fixable,
            "fixable_unsafely": counts.fixable_unsafely,
            "seconds": (style.seconds * 1000.0).round() / 1000.0,
        }),
    );
    if !outcome.internal_errors.is_empty() {
        object.insert("internal_errors".to_owned(), json!(outcome.internal_errors));
    }
    Value::Object(object)
}

fn environment_value(environment: &EnvironmentSummary, sources: &Sources) -> Value {
    let not_analysed: Vec<Value> = environment
        .not_analysed
        .iter()
        .map(|what| {
            json!({
                "path": sources.path(what.span.file),
                "line": sources.line(what.span),
                "why": mask(&what.why),
            })
        })
        .collect();
    json!({
        "name": environment.name,
        "config": environment.config,
        "script_location": environment.script_location,
        "env_script": environment.env_script,
        "sqlalchemy": environment.sqlalchemy,
        "alembic": environment.alembic,
        "dialect": environment.dialect,
        "driver": environment.driver,
        "is_async": environment.is_async,
        "heads": environment.heads,
        "models": environment.models,
        "revisions": environment.revisions,
        "not_analysed": not_analysed,
    })
}

fn diagnostic_value(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    json!({
        "rule": diagnostic.rule,
        "level": diagnostic.level.word(),
        "key": mask(&diagnostic.key),
        "message": mask(&diagnostic.message),
        "label": (!diagnostic.label.is_empty()).then(|| mask(&diagnostic.label)),
        "why": diagnostic.why.as_deref().map(mask),
        "help": diagnostic.help.as_deref().map(mask),
        "path": sources.path(diagnostic.span.file),
        "range": range(diagnostic.span, sources),
        "related": diagnostic.annotations.iter().map(|place| annotation(place, sources)).collect::<Vec<_>>(),
        "chain": diagnostic.path.iter().map(|place| annotation(place, sources)).collect::<Vec<_>>(),
        "environment": diagnostic.environment,
        "fix": diagnostic.fix.as_ref().map(|fix| fix_value(fix, sources)),
    })
}

fn annotation(place: &Annotation, sources: &Sources) -> Value {
    json!({
        "path": sources.path(place.span.file),
        "range": range(place.span, sources),
        "message": mask(&place.message),
    })
}

fn range(span: Span, sources: &Sources) -> Value {
    let place = |position: Position| json!({ "line": position.line, "column": position.column });
    let (start, end) = sources.positions(span);
    json!({ "start": place(start), "end": place(end) })
}

/// A fix whose text holds a password comes without its edits: masked ones would do harm, and `--fix` can apply it.
fn fix_value(fix: &Fix, sources: &Sources) -> Value {
    let is_withheld = changes::holds_secrets(fix, sources);
    let edits: Vec<Value> = if is_withheld { &[] } else { fix.edits.as_slice() }
        .iter()
        .map(|edit| match edit {
            Edit::Replace { span, text } => {
                json!({ "path": sources.path(span.file), "range": range(*span, sources), "text": text })
            }
            Edit::Create { path, text } => {
                let start = json!({ "line": 1, "column": 1 });
                json!({ "path": path, "range": { "start": start, "end": start }, "text": text, "create": true })
            }
        })
        .collect();
    let mut value = json!({
        "title": mask(&fix.title),
        "applicability": match fix.applicability {
            Applicability::Safe => "safe",
            Applicability::Unsafe => "unsafe",
        },
        "edits": edits,
    });
    if is_withheld && let Some(object) = value.as_object_mut() {
        object.insert("withheld".to_owned(), json!("the edits hold a password"));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::super::tests::{example, span};
    use super::*;

    #[test]
    fn the_object_has_the_shape_of_the_contract() {
        let (sources, outcome) = example();
        let report = value(&outcome, &sources, &Style { seconds: 0.0384, ..Style::default() });
        assert_eq!(report["version"], 1);
        assert_eq!(report["environments"][0]["models"], 31);
        let first = &report["diagnostics"][0];
        assert_eq!(first["path"], "migrations/env.py");
        assert_eq!(first["range"], json!({"start": {"line": 1, "column": 1}, "end": {"line": 1, "column": 28}}));
        assert_eq!(first["related"][0]["path"], "app/models/audit.py");
        assert_eq!(first["fix"]["edits"][0]["text"], "\nfrom app.models import audit  # noqa: F401");
        assert_eq!(
            report["summary"],
            json!({"errors": 1, "warnings": 1, "notes": 0, "suppressed": 2, "baseline": 14, "fixable": 1,
                   "fixable_unsafely": 1, "seconds": 0.038})
        );
    }

    #[test]
    fn columns_count_code_points_and_edits_with_passwords_are_withheld() {
        let (_, mut outcome) = example();
        let sources = Sources::in_memory([("a.py", "\u{feff}x = '漢é'; url = 'postgres://u:pw1@h'\n")]);
        let mut diagnostic = outcome.diagnostics.remove(1);
        diagnostic.span = span(&sources, "a.py", "postgres");
        diagnostic.fix = Some(Fix::safe(
            "write it",
            vec![Edit::Replace {
                span: span(&sources, "a.py", "postgres://u:pw1@h"),
                text: "postgresql://u:pw1@h".to_owned(),
            }],
        ));
        outcome.diagnostics = vec![diagnostic];
        let report = value(&outcome, &sources, &Style::default());
        let first = &report["diagnostics"][0];
        assert_eq!(first["range"]["start"]["column"], 18);
        assert_eq!(first["fix"]["edits"], json!([]));
        assert!(!report.to_string().contains("pw1"));
    }
}
