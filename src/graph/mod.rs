//! Revisions → a drawing: lines and letters, Mermaid, Graphviz, JSON.

mod text;

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::project::Known;
use crate::project::alembic::Environment;
use crate::project::alembic::revision::{RevisionMap, RevisionScript};
use crate::source::Sources;

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines and letters.
    Text,
    /// For Markdown pages.
    Mermaid,
    /// For Graphviz.
    Dot,
    /// For programs.
    Json,
}

/// The graphs of several environments, as one document.
pub fn render_all(environments: &[&Environment], sources: &Sources, format: Format, limit: Option<usize>) -> String {
    if format == Format::Json {
        let graphs: Vec<Value> = environments
            .iter()
            .map(|environment| {
                let mut graph = json!({ "environment": environment.name });
                if let (Some(graph), Value::Object(rest)) =
                    (graph.as_object_mut(), json(&environment.revisions, sources))
                {
                    graph.extend(rest);
                }
                graph
            })
            .collect();
        return pretty(&json!({ "version": 1, "graphs": graphs }));
    }
    let mut all = String::new();
    for environment in environments {
        if environments.len() > 1 {
            let mark = match format {
                Format::Mermaid => "%% ",
                Format::Dot => "// ",
                _ => "",
            };
            let blank = if all.is_empty() { "" } else { "\n" };
            let _ = writeln!(all, "{blank}{mark}{}", environment.name);
        }
        all.push_str(&render(&environment.revisions, sources, format, limit));
    }
    all
}

/// The graph of one environment. `limit`: how many revisions to draw at most, the newest first; it shortens drawings
/// for people only.
pub fn render(map: &RevisionMap, sources: &Sources, format: Format, limit: Option<usize>) -> String {
    match format {
        Format::Text => text::draw(map, limit),
        Format::Mermaid => mermaid(map, limit),
        Format::Dot => dot(map, limit),
        Format::Json => pretty(&json(map, sources)),
    }
}

/// What a revision is in the graph, in Alembic's words; empty for an ordinary one.
fn roles(map: &RevisionMap, script: &RevisionScript) -> Vec<&'static str> {
    let roles = [
        (map.is_head(script), "head"),
        (map.is_branch_point(script), "branch point"),
        (map.is_merge_point(script), "merge point"),
        (map.is_base(script), "base"),
    ];
    roles.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect()
}

fn texts(known: &[Known<String>]) -> Vec<&str> {
    known.iter().filter_map(Known::get).map(String::as_str).collect()
}

/// The day of `Create Date:`.
fn day(script: &RevisionScript) -> &str {
    script.create_date.as_deref().and_then(|date| date.split([' ', 'T']).next()).unwrap_or("")
}

fn json(map: &RevisionMap, sources: &Sources) -> Value {
    let ids = |scripts: Vec<&RevisionScript>| -> Vec<String> {
        scripts.into_iter().filter_map(RevisionScript::id).map(str::to_owned).collect()
    };
    let revisions: Vec<Value> = map
        .newest_first()
        .into_iter()
        .map(|script| {
            json!({
                "revision": script.id(),
                "down_revision": texts(&script.down_revision),
                "depends_on": texts(&script.depends_on),
                "branch_labels": texts(&script.branch_labels),
                "message": script.message(),
                "create_date": script.create_date,
                "path": sources.path(script.file),
                "line": sources.line(script.id_span()),
                "is_head": map.is_head(script),
                "is_base": map.is_base(script),
                "is_branch_point": map.is_branch_point(script),
                "is_merge_point": map.is_merge_point(script),
            })
        })
        .collect();
    let missing: Vec<&str> = map.missing().into_iter().map(|missing| missing.id).collect();
    json!({ "heads": ids(map.heads()), "bases": ids(map.bases()), "missing": missing, "revisions": revisions })
}

fn pretty(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

fn mermaid(map: &RevisionMap, limit: Option<usize>) -> String {
    let escape =
        |text: &str| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
    let mut drawing = String::from("flowchart BT\n");
    each(map, limit, |script, parents| {
        let label = [script.id().unwrap_or("?"), script.message()].map(escape).join("<br/>");
        let shape = match () {
            () if map.is_head(script) => format!("([\"{label}\"])"),
            () if map.is_merge_point(script) => format!("{{{{\"{label}\"}}}}"),
            () => format!("[\"{label}\"]"),
        };
        let _ = writeln!(drawing, "    r{}{shape}", script.number);
        for parent in parents {
            match parent {
                Ok(number) => {
                    let _ = writeln!(drawing, "    r{} --> r{number}", script.number);
                }
                Err(id) => {
                    let _ = writeln!(
                        drawing,
                        "    r{} -.-> missing_{}[\"{} (missing)\"]",
                        script.number,
                        plain(id),
                        escape(id)
                    );
                }
            }
        }
    });
    drawing
}

fn dot(map: &RevisionMap, limit: Option<usize>) -> String {
    let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let mut drawing =
        String::from("digraph revisions {\n    rankdir = BT;\n    node [shape = box, fontname = \"monospace\"];\n");
    each(map, limit, |script, parents| {
        let id = script.id().unwrap_or("?");
        let label = if script.message().is_empty() { id.to_owned() } else { format!("{id}\n{}", script.message()) };
        let style = if map.is_head(script) { ", style = bold" } else { "" };
        let label = quote(&label).replace('\n', "\\n");
        let _ = writeln!(drawing, "    r{} [label = {label}{style}];", script.number);
        for parent in parents {
            match parent {
                Ok(number) => {
                    let _ = writeln!(drawing, "    r{} -> r{number};", script.number);
                }
                Err(id) => {
                    let _ = writeln!(drawing, "    r{} -> {} [style = dashed];", script.number, quote(id));
                }
            }
        }
    });
    drawing.push_str("}\n");
    drawing
}

/// Hands over every revision drawn, with its parents: their numbers, or the ids that no revision has.
fn each<'m>(
    map: &'m RevisionMap,
    limit: Option<usize>,
    mut draw: impl FnMut(&'m RevisionScript, Vec<Result<usize, &'m str>>),
) {
    for script in map.newest_first().into_iter().take(limit.unwrap_or(usize::MAX)) {
        let parents = script.down_revision.iter().filter_map(Known::get);
        draw(script, parents.map(|id| map.get(id).map(|parent| parent.number).ok_or(id.as_str())).collect());
    }
}

fn plain(id: &str) -> String {
    id.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::alembic::locations::Locations;
    use crate::project::alembic::revision::read::read;
    use crate::syntax::python::Trees;

    fn drawn(revisions: &[(&str, &str, &str)], format: Format, limit: Option<usize>) -> String {
        let sources = Sources::in_memory(revisions.iter().enumerate().map(|(number, (id, down, message))| {
            let text = format!(
                "\"\"\"{message}\n\nCreate Date: 2024-01-{:02} 10:00\n\"\"\"\nrevision = '{id}'\ndown_revision = {down}\n",
                number + 1
            );
            (format!("v/{number:03}.py"), text)
        }));
        let trees = Trees::of(&sources);
        render(&read(&trees, Locations::at("v"), false), &sources, format, limit)
    }

    const BRANCHED: &[(&str, &str, &str)] = &[
        ("a1f0001", "None", "initial"),
        ("b2a0044", "'a1f0001'", "create user"),
        ("c1e5f00", "'b2a0044'", "user.email unique"),
        ("d41d8cd", "'c1e5f00'", "user.phone"),
        ("f3a91c2", "'b2a0044'", "add \"invoices\""),
    ];

    #[test]
    fn several_heads_are_drawn() {
        assert_eq!(
            drawn(BRANCHED, Format::Text, None),
            "\
o    f3a91c2  head          add \"invoices\"     2024-01-05
| o  d41d8cd  head          user.phone         2024-01-04
| o  c1e5f00                user.email unique  2024-01-03
|/
o    b2a0044  branch point  create user        2024-01-02
o    a1f0001  base          initial            2024-01-01
"
        );
    }

    #[test]
    fn a_merge_is_drawn() {
        let merged: Vec<_> = BRANCHED.iter().copied().chain([("e5e5e5e", "('d41d8cd', 'f3a91c2')", "merge")]).collect();
        assert_eq!(
            drawn(&merged, Format::Text, None),
            "\
o    e5e5e5e  head, merge point  merge              2024-01-06
|\\
| o  f3a91c2                     add \"invoices\"     2024-01-05
o |  d41d8cd                     user.phone         2024-01-04
o |  c1e5f00                     user.email unique  2024-01-03
|/
o    b2a0044  branch point       create user        2024-01-02
o    a1f0001  base               initial            2024-01-01
"
        );
    }

    #[test]
    fn long_stretches_collapse() {
        let ids: Vec<String> = (0..115).map(|number| format!("r{number:03}")).collect();
        let downs: Vec<String> = (0..115)
            .map(|number| if number == 0 { "None".to_owned() } else { format!("'r{:03}'", number - 1) })
            .collect();
        let chain: Vec<(&str, &str, &str)> =
            ids.iter().zip(&downs).map(|(id, down)| (id.as_str(), down.as_str(), "")).collect();
        let text = drawn(&chain, Format::Text, None);
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        assert_eq!(lines.len(), 7, "{text}");
        assert!(lines[0].starts_with("o  r114  head"), "{text}");
        assert_eq!(lines[4], ":  (109 revisions)", "{text}");
        assert!(lines[6].starts_with("o  r000  base"), "{text}");
    }

    #[test]
    fn histories_without_a_common_start_stand_below_each_other() {
        let text = drawn(&[("a1", "None", "x"), ("b1", "None", "y"), ("c1", "'b1'", "z")], Format::Text, None);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "o  c1  head        z  2024-01-03",
                "o  b1  base        y  2024-01-02",
                "",
                "o  a1  head, base  x  2024-01-01",
            ]
        );
    }

    #[test]
    fn a_limit_leaves_the_rest_as_a_number() {
        let text = drawn(BRANCHED, Format::Text, Some(2));
        assert!(
            text.ends_with("(3 older revisions)\n") && text.contains("d41d8cd") && !text.contains("c1e5f00"),
            "{text}"
        );
    }

    #[test]
    fn broken_graphs_are_drawn_too() {
        let text =
            drawn(&[("a", "'zz'", "lost"), ("b", "'c'", ""), ("c", "'b'", ""), ("d", "'d'", "")], Format::Text, None);
        for id in ["a", "b", "c", "d"] {
            assert!(text.contains(&format!("o  {id}")) || text.contains(&format!("  {id} ")), "{text}");
        }
        assert!(text.contains("zz (missing)"), "{text}");
    }

    #[test]
    fn other_formats() {
        let mermaid = drawn(BRANCHED, Format::Mermaid, None);
        assert!(
            mermaid.starts_with("flowchart BT\n    r4([\"f3a91c2<br/>add &quot;invoices&quot;\"])\n    r4 --> r1\n"),
            "{mermaid}"
        );
        let dot = drawn(BRANCHED, Format::Dot, None);
        assert!(dot.contains("r4 [label = \"f3a91c2\\nadd \\\"invoices\\\"\", style = bold];\n    r4 -> r1;"), "{dot}");
        let json: Value = serde_json::from_str(&drawn(BRANCHED, Format::Json, None)).expect("JSON");
        assert_eq!(json["heads"], json!(["d41d8cd", "f3a91c2"]));
        assert_eq!(json["revisions"][0]["path"], "v/004.py");
        assert_eq!(json["revisions"][0]["line"], 5);
    }
}
