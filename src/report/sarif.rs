//! An outcome → SARIF 2.1.0, with what GitHub's code scanning needs.
//!
//! Each environment is a run of its own, so that GitHub tells their results apart. Places are relative to the
//! directory that the user stands in, columns count code points.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::check::{EnvironmentSummary, Outcome};
use crate::diagnostic::{Annotation, Diagnostic, Edit, Fix, Level};
use crate::report::changes;
use crate::rules;
use crate::secrets::mask;
use crate::source::{Sources, Span};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// GitHub cuts descriptions here.
const DESCRIPTION: usize = 1024;

/// The report.
pub fn render(outcome: &Outcome, sources: &Sources) -> String {
    let log = json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": runs(outcome, sources) });
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

fn runs(outcome: &Outcome, sources: &Sources) -> Vec<Value> {
    let belongs = |diagnostic: &Diagnostic, environment: &EnvironmentSummary| {
        diagnostic.environment.as_deref() == Some(environment.name.as_str())
    };
    let is_homeless =
        |diagnostic: &&Diagnostic| !outcome.environments.iter().any(|environment| belongs(diagnostic, environment));
    let homeless: Vec<&Diagnostic> = outcome.diagnostics.iter().filter(is_homeless).collect();
    if let [environment] = outcome.environments.as_slice() {
        let all: Vec<&Diagnostic> = outcome.diagnostics.iter().collect();
        return vec![run(Some(environment), &all, outcome, sources)];
    }
    let mut runs = Vec::new();
    if !homeless.is_empty() || outcome.environments.is_empty() {
        runs.push(run(None, &homeless, outcome, sources));
    }
    for environment in &outcome.environments {
        let own: Vec<&Diagnostic> =
            outcome.diagnostics.iter().filter(|diagnostic| belongs(diagnostic, environment)).collect();
        runs.push(run(Some(environment), &own, outcome, sources));
    }
    runs
}

fn run(
    environment: Option<&EnvironmentSummary>,
    diagnostics: &[&Diagnostic],
    outcome: &Outcome,
    sources: &Sources,
) -> Value {
    let mut names: Vec<&'static str> = diagnostics.iter().map(|diagnostic| diagnostic.rule).collect();
    names.sort_unstable();
    names.dedup();
    let mut occurrences = HashMap::new();
    let results: Vec<Value> = diagnostics
        .iter()
        .map(|diagnostic| {
            let occurrence = occurrences.entry((diagnostic.rule, diagnostic.key.as_str())).or_insert(0_usize);
            *occurrence += 1;
            let index = names.binary_search(&diagnostic.rule).unwrap_or(0);
            result(diagnostic, index, *occurrence, sources)
        })
        .collect();
    let notifications: Vec<Value> = environment
        .map_or(&[][..], |environment| &environment.not_analysed)
        .iter()
        .map(|what| {
            json!({
                "level": "note",
                "message": { "text": mask(&what.why) },
                "locations": [location(what.span, None, None, sources)],
            })
        })
        .chain(outcome.internal_errors.iter().map(|error| json!({ "level": "error", "message": { "text": error } })))
        .collect();
    let id = match environment {
        Some(environment) => format!("limbeck/{}/", environment.name),
        None => "limbeck/".to_owned(),
    };
    json!({
        "tool": { "driver": {
            "name": "limbeck",
            "version": env!("CARGO_PKG_VERSION"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": names.iter().map(|name| rule(name)).collect::<Vec<_>>(),
        } },
        "automationDetails": { "id": id },
        "columnKind": "unicodeCodePoints",
        "invocations": [{
            "executionSuccessful": outcome.internal_errors.is_empty(),
            "toolExecutionNotifications": notifications,
        }],
        "results": results,
    })
}

/// What a rule's page says, in SARIF's words.
fn rule(name: &str) -> Value {
    let Some((family, rule)) = rules::all().find(|(_, rule)| rule.name == name) else {
        let text = json!({ "text": name });
        return json!({ "id": name, "shortDescription": text, "fullDescription": text, "help": text });
    };
    let front = rule.front();
    let body = rule.page.strip_prefix("---\n").and_then(|page| page.split_once("\n---\n")).map_or("", |(_, body)| body);
    let why = body.split("\n## Why\n").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or("").trim();
    let full = if why.is_empty() { front.title } else { why };
    json!({
        "id": name,
        "name": name,
        "shortDescription": { "text": cut(front.title) },
        "fullDescription": { "text": cut(full) },
        "help": { "text": body.trim(), "markdown": body.trim() },
        "defaultConfiguration": { "level": level(front.level) },
        "properties": {
            "precision": match front.level {
                Level::Error => "very-high",
                Level::Warning => "high",
                Level::Note | Level::Off => "medium",
            },
            "problem.severity": match front.level {
                Level::Error => "error",
                Level::Warning => "warning",
                Level::Note | Level::Off => "recommendation",
            },
            "tags": ["alembic", "sqlalchemy", family],
        },
    })
}

fn cut(text: &str) -> &str {
    match text.char_indices().nth(DESCRIPTION) {
        Some((at, _)) => &text[..at],
        None => text,
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
        Level::Off => "none",
    }
}

fn result(diagnostic: &Diagnostic, rule_index: usize, occurrence: usize, sources: &Sources) -> Value {
    let mut message = escaped(&mask(&diagnostic.message));
    for part in [&diagnostic.why, &diagnostic.help].into_iter().flatten() {
        let _ = write!(message, ". {}", escaped(&mask(part)));
    }
    let related: Vec<Value> = diagnostic
        .annotations
        .iter()
        .enumerate()
        .map(|(number, place)| {
            let words = mask(&place.message);
            // GitHub shows a related place only where the message links to it.
            let _ = write!(message, ". [{}]({})", escaped(&words), number + 1);
            location(place.span, Some(&words), Some(number + 1), sources)
        })
        .collect();
    let mut result = Map::new();
    result.insert("ruleId".to_owned(), json!(diagnostic.rule));
    result.insert("ruleIndex".to_owned(), json!(rule_index));
    result.insert("level".to_owned(), json!(level(diagnostic.level)));
    result.insert("message".to_owned(), json!({ "text": message }));
    let words = (!diagnostic.label.is_empty()).then(|| mask(&diagnostic.label));
    result.insert("locations".to_owned(), json!([location(diagnostic.span, words.as_deref(), None, sources)]));
    if !related.is_empty() {
        result.insert("relatedLocations".to_owned(), Value::Array(related));
    }
    result.insert(
        "partialFingerprints".to_owned(),
        json!({ "primaryLocationLineHash": fingerprint(diagnostic, occurrence, sources) }),
    );
    if !diagnostic.path.is_empty() {
        let steps: Vec<Value> = diagnostic.path.iter().map(|step| flow_step(step, sources)).collect();
        result.insert("codeFlows".to_owned(), json!([{ "threadFlows": [{ "locations": steps }] }]));
    }
    if let Some(fix) = diagnostic.fix.as_ref().and_then(|fix| remedy(fix, sources)) {
        result.insert("fixes".to_owned(), json!([fix]));
    }
    Value::Object(result)
}

fn flow_step(step: &Annotation, sources: &Sources) -> Value {
    let words = match mask(&step.message) {
        words if words.is_empty() => sources.place(step.span).into(),
        words => words,
    };
    json!({ "location": location(step.span, Some(&words), None, sources) })
}

fn location(span: Span, words: Option<&str>, id: Option<usize>, sources: &Sources) -> Value {
    let mut location = Map::new();
    if let Some(id) = id {
        location.insert("id".to_owned(), json!(id));
    }
    location.insert(
        "physicalLocation".to_owned(),
        json!({ "artifactLocation": artifact(&sources.shown_path(span.file)), "region": region(span, sources) }),
    );
    if let Some(words) = words {
        location.insert("message".to_owned(), json!({ "text": words }));
    }
    Value::Object(location)
}

fn region(span: Span, sources: &Sources) -> Value {
    let (start, end) = sources.positions(span);
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

fn artifact(path: &str) -> Value {
    json!({ "uri": uri(path), "uriBaseId": "%SRCROOT%" })
}

/// A path as a relative URI reference.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(byte as char),
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

/// Brackets would be links.
fn escaped(text: &str) -> String {
    if text.contains("](") { text.replace('[', "\\[").replace(']', "\\]") } else { text.to_owned() }
}

/// The same for the same problem, wherever it has moved to: FNV-1a over rule, key and how many of these came before.
fn fingerprint(diagnostic: &Diagnostic, occurrence: usize, sources: &Sources) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let key = if diagnostic.key.is_empty() { sources.path(diagnostic.span.file) } else { &diagnostic.key };
    for byte in diagnostic.rule.bytes().chain([b':']).chain(key.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}:{occurrence}")
}

/// A fix, unless it makes files or holds a password.
fn remedy(fix: &Fix, sources: &Sources) -> Option<Value> {
    if changes::holds_secrets(fix, sources) {
        return None;
    }
    let mut files: Vec<(String, Vec<Value>)> = Vec::new();
    for edit in &fix.edits {
        let Edit::Replace { span, text } = edit else { return None };
        let path = sources.shown_path(span.file);
        let replacement = json!({ "deletedRegion": region(*span, sources), "insertedContent": { "text": text } });
        match files.iter_mut().find(|(known, _)| *known == path) {
            Some((_, replacements)) => replacements.push(replacement),
            None => files.push((path, vec![replacement])),
        }
    }
    let changes: Vec<Value> = files
        .into_iter()
        .map(|(path, replacements)| json!({ "artifactLocation": artifact(&path), "replacements": replacements }))
        .collect();
    (!changes.is_empty()).then(|| json!({ "description": { "text": mask(&fix.title) }, "artifactChanges": changes }))
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::*;
    use crate::project::NotAnalysed;

    fn log(outcome: &Outcome, sources: &Sources) -> Value {
        let log: Value = serde_json::from_str(&render(outcome, sources)).expect("is JSON");
        let schema: Value =
            serde_json::from_str(include_str!("../../tests/data/sarif-2.1.0.json")).expect("the schema is JSON");
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        let errors: Vec<String> =
            validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        log
    }

    #[test]
    fn the_schema_refuses_what_is_wrong() {
        let schema: Value =
            serde_json::from_str(include_str!("../../tests/data/sarif-2.1.0.json")).expect("the schema is JSON");
        let validator = jsonschema::validator_for(&schema).expect("the schema is one");
        assert!(!validator.is_valid(&json!({ "version": "2.1.0", "runs": [{ "results": [] }] })));
    }

    #[test]
    fn a_log_is_valid_and_has_what_github_needs() {
        let (sources, mut outcome) = example();
        let span = outcome.diagnostics[0].span;
        outcome.environments[0].not_analysed.push(NotAnalysed {
            span,
            why: "an import that is made at run time".to_owned(),
            hides: crate::project::Hides::Models,
        });
        let log = log(&outcome, &sources);
        let run = &log["runs"][0];
        assert_eq!(run["automationDetails"]["id"], "limbeck/alembic.ini/");
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        let first = &run["results"][0];
        assert_eq!(first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "migrations/env.py");
        assert_eq!(
            first["locations"][0]["physicalLocation"]["region"],
            json!({"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 28})
        );
        assert_eq!(first["relatedLocations"][0]["id"], 1);
        assert!(first["message"]["text"].as_str().is_some_and(|text| text.contains("](1)")));
        assert_eq!(first["codeFlows"][0]["threadFlows"][0]["locations"].as_array().map(Vec::len), Some(2));
        assert_eq!(
            run["tool"]["driver"]["rules"][first["ruleIndex"].as_u64().unwrap_or(9) as usize]["id"],
            first["ruleId"]
        );
        assert!(
            first["partialFingerprints"]["primaryLocationLineHash"].as_str().is_some_and(|hash| hash.ends_with(":1"))
        );
    }

    #[test]
    fn several_environments_are_several_runs_and_none_is_one() {
        let (sources, mut outcome) = example();
        outcome.environments.push(EnvironmentSummary { name: "b/alembic.ini".to_owned(), ..Default::default() });
        outcome.diagnostics[1].environment = None;
        let runs = log(&outcome, &sources)["runs"].clone();
        let ids: Vec<&str> = runs
            .as_array()
            .expect("a list")
            .iter()
            .map(|run| run["automationDetails"]["id"].as_str().unwrap_or(""))
            .collect();
        assert_eq!(ids, ["limbeck/", "limbeck/alembic.ini/", "limbeck/b/alembic.ini/"]);
        assert_eq!(log(&Outcome::default(), &sources)["runs"][0]["results"], json!([]));
    }

    #[test]
    fn paths_are_relative_uris() {
        assert_eq!(uri("a b/ä.py"), "a%20b/%C3%A4.py");
    }
}
