//! A rule's page → its parts: the projects under *Reported* and *Not reported*, with marks, fixed files and the
//! oracle's orders.
//!
//! Under `## Reported` and `## Not reported` every `###` heading starts a project of its own; a heading may end in
//! `(also: other-rule)` when another rule rightly speaks, too. A fence's info is `language path`; besides that:
//!
//! * `language fixed path`: the file after the fix. `LIMBECK_BLESS=1` writes it.
//! * `output`: what `limbeck check` prints. Optional; `LIMBECK_BLESS=1` rewrites it.
//! * `oracle sa20,sa21 upgrade head --sql`: what the real Alembic is told; each line of the block must be in what it
//!   says (a line `! text` must not be). `NAME=value` before a command sets a variable; alone, it goes before the usual
//!   commands. `oracle none` with a reason: can't be run.
//! * `latin-1 path`: the file is written in Latin-1, and under *Reported* its first line is marked.
//! * `console` or `text` without a path: an illustration, no file.

use std::collections::BTreeMap;
use std::ops::Range;

/// A page.
#[derive(Debug)]
pub struct Page<'t> {
    pub text: &'t str,
    pub why: &'t str,
    pub projects: Vec<Project<'t>>,
    /// What is wrong with the page itself.
    pub problems: Vec<String>,
}

/// One little project.
#[derive(Debug, Default)]
pub struct Project<'t> {
    /// `Reported`, or `Reported / title`.
    pub title: String,
    /// The line of the page on which it starts.
    pub line: usize,
    pub is_reported: bool,
    pub also: Vec<&'t str>,
    pub files: BTreeMap<&'t str, File>,
    pub fixed: BTreeMap<&'t str, Block<'t>>,
    pub output: Option<Block<'t>>,
    pub oracle: Vec<Oracle<'t>>,
    /// Where the last block that is a file ends, as an offset into the page: fixed blocks go here.
    pub end_of_files: usize,
}

/// A file of a project, without marks.
#[derive(Debug, Default)]
pub struct File {
    pub bytes: Vec<u8>,
    /// Lines (from 1) that must be reported.
    pub marks: Vec<usize>,
}

/// A block that a test run may write.
#[derive(Debug, Clone)]
pub struct Block<'t> {
    pub body: &'t str,
    /// The body in the page.
    pub range: Range<usize>,
}

/// What the real Alembic is told, and what it must say.
#[derive(Debug)]
pub struct Oracle<'t> {
    pub environments: Vec<&'t str>,
    pub command: Vec<&'t str>,
    pub body: &'t str,
}

impl<'t> Page<'t> {
    pub fn parse(text: &'t str) -> Page<'t> {
        let mut page = Page { text, why: "", projects: Vec::new(), problems: Vec::new() };
        page.why = text.split("\n## Why\n").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or("");
        let mut section = "";
        let mut current: Option<Project<'t>> = None;
        let mut lines = Lines { text, at: 0, number: 0 };
        while let Some((number, start, line)) = lines.next() {
            let heading = line.strip_prefix("## ").map(|title| (2, title.trim()));
            let heading = heading.or(line.strip_prefix("### ").map(|title| (3, title.trim())));
            if let Some((depth, title)) = heading {
                page.projects.extend(current.take().filter(|project| !project.files.is_empty()));
                let (bare, also) = split_also(title);
                if depth == 2 {
                    section = bare;
                }
                if matches!(section, "Reported" | "Not reported") {
                    current = Some(Project {
                        title: if depth == 2 { section.to_owned() } else { format!("{section} / {bare}") },
                        line: number,
                        is_reported: section == "Reported",
                        also,
                        ..Project::default()
                    });
                }
                continue;
            }
            let ticks = line.len() - line.trim_start_matches('`').len();
            if ticks < 3 {
                continue;
            }
            let fence = &line[..ticks];
            let info = line[ticks..].trim();
            let body_start = lines.at;
            let mut body_end = None;
            for (_, at, line) in lines.by_ref() {
                if line.trim_end() == fence {
                    body_end = Some(at);
                    break;
                }
            }
            let Some(body_end) = body_end else {
                page.problems.push(format!("line {number}: the block is not closed"));
                break;
            };
            let block = Block { body: &text[body_start..body_end], range: body_start..body_end };
            if let Some(project) = &mut current
                && let Err(problem) = add(project, info, block, start..lines.at)
            {
                page.problems.push(format!("line {number}: {problem}"));
            }
        }
        page.projects.extend(current.filter(|project| !project.files.is_empty()));
        page
    }
}

fn add<'t>(project: &mut Project<'t>, info: &'t str, block: Block<'t>, fence: Range<usize>) -> Result<(), String> {
    let mut words = info.split_whitespace();
    let language = words.next().unwrap_or("");
    let rest: Vec<&'t str> = words.collect();
    match (language, rest.as_slice()) {
        ("output", []) => project.output = Some(block),
        ("oracle", [environments, command @ ..]) => project.oracle.push(Oracle {
            environments: environments.split(',').filter(|name| *name != "none").collect(),
            command: command.to_vec(),
            body: block.body,
        }),
        ("" | "console" | "text", []) => {}
        (_, ["fixed", path]) => {
            if project.fixed.insert(path, block).is_some() {
                return Err(format!("`{path}` is fixed twice"));
            }
            project.end_of_files = fence.end;
        }
        ("latin-1", [path]) => {
            let bytes = block.body.chars().map(|c| c as u32 as u8).collect();
            let marks = if project.is_reported { vec![1] } else { Vec::new() };
            project.files.insert(path, File { bytes, marks });
            project.end_of_files = fence.end;
        }
        (_, [path]) => {
            if project.files.insert(path, unmarked(block.body)).is_some() {
                return Err(format!("`{path}` is there twice; a project of its own needs a `###` heading"));
            }
            project.end_of_files = fence.end;
        }
        _ => return Err(format!("the fence `{info}` is neither `language path` nor another known form")),
    }
    Ok(())
}

/// A title and the rules behind `(also: …)`.
fn split_also(title: &str) -> (&str, Vec<&str>) {
    match title.split_once("(also:") {
        Some((bare, names)) => (
            bare.trim(),
            names.trim_end_matches(')').split(',').map(str::trim).filter(|name| !name.is_empty()).collect(),
        ),
        None => (title, Vec::new()),
    }
}

/// The text without its `# error` marks, and the lines that they mark.
fn unmarked(body: &str) -> File {
    let mut text = String::with_capacity(body.len());
    let mut marks = Vec::new();
    let mut number = 1;
    let mut next_is_marked = false;
    for line in body.split_inclusive('\n') {
        let bare = line.trim_end();
        if matches!(bare.trim(), "# error" | "## error" | "-- error") {
            next_is_marked = true;
            continue;
        }
        let mut kept = line;
        let mut is_marked = std::mem::take(&mut next_is_marked);
        if let Some(code) = bare.strip_suffix("# error") {
            is_marked = true;
            kept = code.trim_end();
        }
        text.push_str(kept);
        if !kept.ends_with('\n') && line.ends_with('\n') {
            text.push('\n');
        }
        if is_marked {
            marks.push(number);
        }
        number += 1;
    }
    if next_is_marked {
        marks.push(number);
    }
    File { bytes: text.into_bytes(), marks }
}

struct Lines<'t> {
    text: &'t str,
    at: usize,
    number: usize,
}

impl<'t> Iterator for Lines<'t> {
    type Item = (usize, usize, &'t str);

    /// Number from 1, offset, and the line without its end.
    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let rest = &self.text[start..];
        if rest.is_empty() {
            return None;
        }
        let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
        self.at += length;
        self.number += 1;
        Some((self.number, start, rest[..length].trim_end_matches('\n')))
    }
}

#[test]
fn marks_are_taken_out_and_counted() {
    let file = unmarked("a = 1  # error\n# error\nb = 2\nc = 3\n");
    assert_eq!(file.bytes, b"a = 1\nb = 2\nc = 3\n");
    assert_eq!(file.marks, [1, 2]);
}

#[test]
fn a_page_is_taken_apart() {
    let text = "---\nlevel: error\n---\n# Title\n## Why\nso\n## Reported\n```python a.py\nx  # error\n```\n\
                ```python fixed a.py\ny\n```\n### Other (also: foo, bar)\n````toml b.toml\n```\n````\n## Not reported\n\
                ```oracle none\nno\n```\n";
    let page = Page::parse(text);
    assert_eq!((page.why, page.problems.len(), page.projects.len()), ("so", 0, 2));
    assert_eq!(page.projects[0].fixed["a.py"].body, "y\n");
    assert_eq!(page.projects[1].also, ["foo", "bar"]);
    assert_eq!(page.projects[1].files["b.toml"].bytes, b"```\n");
}
