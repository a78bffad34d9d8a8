//! Comments that silence findings: `# limbeck: ignore[rule, other] -- reason` and `# limbeck: file-ignore[rule]`.
//!
//! On a line of its own a comment covers the next logical line, after code the logical line that it stands in. What no
//! finding needed is reported, and so is a name that no rule has.

use crate::check::options::Options;
use crate::diagnostic::{Diagnostic, Edit, Findings, Fix, Level};
use crate::rules;
use crate::source::{COMMENT, FileId, Sources, Span};
use crate::syntax::python::{Trees, span_of, tree};

/// One comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// From the `#` (or `;`) to the end of the line.
    pub comment: Span,
    /// The names, each with its place.
    pub names: Vec<(String, Span)>,
    /// What it covers; `None`: the whole file.
    pub covers: Option<Span>,
    /// It stands on a line of its own.
    own_line: bool,
}

/// All suppressions of the files that were read.
pub fn find(sources: &Sources, trees: &Trees<'_>) -> Vec<Suppression> {
    let mark = memchr::memmem::Finder::new(COMMENT);
    let mut found = Vec::new();
    for file in sources.ids() {
        let Some(text) = sources.peek(file) else { continue };
        if mark.find(text.as_bytes()).is_none() {
            continue;
        }
        let path = sources.path(file);
        if path.ends_with(".py") {
            in_python(file, text, trees, &mut found);
        } else if is_commented_by_hash(path) {
            by_lines(file, text, &mut found);
        }
    }
    found
}

/// Takes out what is suppressed, adds what is wrong with the suppressions; how many findings were taken out.
pub fn apply(
    suppressions: &[Suppression],
    diagnostics: &mut Vec<Diagnostic>,
    options: &Options,
    sources: &Sources,
) -> usize {
    let mut used: Vec<Vec<bool>> = suppressions.iter().map(|found| vec![false; found.names.len()]).collect();
    let before = diagnostics.len();
    diagnostics.retain(|diagnostic| {
        let mut silenced = false;
        for (number, suppression) in suppressions.iter().enumerate() {
            if !suppression.reaches(diagnostic) {
                continue;
            }
            for (at, (name, _)) in suppression.names.iter().enumerate() {
                if rules::named(name).is_some_and(|rule| rule.name == diagnostic.rule) {
                    used[number][at] = true;
                    silenced = true;
                }
            }
        }
        !silenced
    });
    let suppressed = before - diagnostics.len();
    for (suppression, used) in suppressions.iter().zip(&used) {
        diagnostics.append(&mut complaints(suppression, used, options, sources));
    }
    suppressed
}

/// The text of a comment that suppresses `rule`.
pub fn comment(rule: &str, reason: &str) -> String {
    if reason.is_empty() {
        format!("# limbeck: ignore[{rule}]")
    } else {
        format!("# limbeck: ignore[{rule}] -- {reason}")
    }
}

impl Suppression {
    fn reaches(&self, diagnostic: &Diagnostic) -> bool {
        let covers = |span: Span| match self.covers {
            Some(covered) => covered.contains(span.before()),
            None => span.file == self.comment.file,
        };
        covers(diagnostic.span)
            || (self.covers.is_some() && diagnostic.annotations.iter().any(|annotation| covers(annotation.span)))
    }
}

/// Reports unknown names and names that no finding needed.
fn complaints(suppression: &Suppression, used: &[bool], options: &Options, sources: &Sources) -> Vec<Diagnostic> {
    let level_of = |name: &str| {
        rules::all()
            .find(|(_, rule)| rule.name == name)
            .map_or(Level::Off, |(family, rule)| options.level(family, rule))
    };
    let path = sources.path(suppression.comment.file);
    let mut useless = Vec::new();
    let mut unknown = Findings::of("unknown-rule-in-suppression", level_of("unknown-rule-in-suppression"));
    for (at, (name, span)) in suppression.names.iter().enumerate() {
        match rules::named(name) {
            None => {
                let near = nearest(name, rules::all().map(|(_, rule)| rule.name));
                let report = unknown
                    .report(*span, format!("there is no rule `{name}`"))
                    .key(format!("suppression:{path}:{name}"))
                    .here("this silences nothing");
                if let Some(near) = near {
                    report.help(format!("did you mean `{near}`?"));
                }
            }
            Some(rule) if !used[at] => {
                let ran = level_of(rule.name) != Level::Off && options.select.is_empty();
                if ran {
                    useless.push(at);
                }
            }
            Some(_) => {}
        }
    }
    let mut unused = Findings::of("unused-suppression", level_of("unused-suppression"));
    for at in &useless {
        let (name, span) = &suppression.names[*at];
        let title = if useless.len() == suppression.names.len() { "remove the comment" } else { "remove the name" };
        unused
            .report(*span, format!("nothing here needs `ignore[{name}]`"))
            .key(format!("suppression:{path}:{name}"))
            .here("no finding of this rule")
            .fix(Fix::safe(title, vec![removal(suppression, &useless, *at, sources)]));
    }
    let mut all = unknown.diagnostics;
    all.append(&mut unused.diagnostics);
    all.retain(|diagnostic| diagnostic.level != Level::Off);
    all
}

/// The edit that takes one name out; all of them: the whole comment. (All useless names of one comment share the edit
/// that removes them, so that one round of fixes is enough.)
fn removal(suppression: &Suppression, useless: &[usize], _at: usize, sources: &Sources) -> Edit {
    let comment = suppression.comment;
    if useless.len() == suppression.names.len() {
        let text = sources.text(comment.file);
        let line = sources.line_span(comment);
        if suppression.own_line {
            let end = text[line.end as usize..].find('\n').map_or(text.len(), |at| line.end as usize + at + 1);
            return Edit::Replace { span: Span::new(comment.file, line.start as usize..end), text: String::new() };
        }
        let start = text[..comment.start as usize].trim_end_matches([' ', '\t']).len();
        return Edit::Replace { span: Span::new(comment.file, start..comment.end as usize), text: String::new() };
    }
    let kept: Vec<&str> = suppression
        .names
        .iter()
        .enumerate()
        .filter(|(at, _)| !useless.contains(at))
        .map(|(_, (name, _))| name.as_str())
        .collect();
    let first = suppression.names.first().map_or(comment, |(_, span)| *span);
    let last = suppression.names.last().map_or(comment, |(_, span)| *span);
    Edit::Replace { span: first.to(last), text: kept.join(", ") }
}

/// The nearest of `names`, if one is near.
pub fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .map(|other| (strsim::jaro_winkler(name, other), other))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, other)| other)
}

/// `ignore[…]` or `file-ignore[…]` in a comment: is it for the file, and the names.
fn parse(comment: Span, text: &str) -> Option<(bool, Vec<(String, Span)>)> {
    let at = text.find("limbeck:")?;
    if !text[..at].trim_end().ends_with(['#', ';']) {
        return None;
    }
    let mut rest = at + "limbeck:".len();
    rest += text[rest..].len() - text[rest..].trim_start().len();
    let whole_file = text[rest..].starts_with("file-ignore[");
    if !whole_file && !text[rest..].starts_with("ignore[") {
        return None;
    }
    let open = rest + text[rest..].find('[')? + 1;
    let close = open + text[open..].find(']')?;
    let mut names = Vec::new();
    let mut start = open;
    for part in text[open..close].split(',') {
        let name = part.trim();
        if !name.is_empty() {
            let from = start + part.len() - part.trim_start().len();
            let base = comment.start as usize;
            names.push((name.to_owned(), Span::new(comment.file, base + from..base + from + name.len())));
        }
        start += part.len() + 1;
    }
    (!names.is_empty()).then_some((whole_file, names))
}

fn in_python(file: FileId, text: &str, trees: &Trees<'_>, found: &mut Vec<Suppression>) {
    let tree = &trees.whole(file);
    let mut lines: Option<Vec<Span>> = None;
    for comment in &tree.comments {
        let Some((whole_file, names)) = parse(*comment, &text[comment.range()]) else { continue };
        let start = comment.start as usize;
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let own_line = text[line_start..start].trim().is_empty();
        let lines = lines.get_or_insert_with(|| {
            let mut lines = Vec::new();
            logical_lines(file, &tree.module.body, &mut lines);
            lines.sort();
            lines
        });
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let covers = if whole_file {
            None
        } else if own_line {
            let inside = lines.iter().rfind(|line| (line.start as usize) < start && start < line.end as usize);
            let next = lines.iter().find(|line| line.start as usize >= start);
            Some(*inside.or(next).unwrap_or(comment))
        } else {
            let on_line = |line: &&Span| (line.start as usize) < start && line.end as usize > line_start;
            let line = lines.iter().rfind(on_line).copied();
            let physical = Span::new(file, line_start..line_end);
            Some(line.map_or(physical, |line| Span { start: line.start.min(physical.start), ..line.to(physical) }))
        };
        found.push(Suppression { comment: *comment, names, covers, own_line });
    }
}

/// Every logical line: a simple statement, or the head of a compound one (decorators included).
fn logical_lines(file: FileId, body: &[tree::Stmt], lines: &mut Vec<Span>) {
    use tree::Stmt;
    for statement in body {
        let whole = span_of(file, statement);
        let mut bodies: Vec<&[Stmt]> = Vec::new();
        match statement {
            Stmt::FunctionDef(node) => bodies.push(&node.body),
            Stmt::ClassDef(node) => bodies.push(&node.body),
            Stmt::For(node) => bodies.extend([&node.body[..], &node.orelse[..]]),
            Stmt::While(node) => bodies.extend([&node.body[..], &node.orelse[..]]),
            Stmt::With(node) => bodies.push(&node.body),
            Stmt::If(node) => {
                bodies.push(&node.body);
                bodies.extend(node.elif_else_clauses.iter().map(|clause| &clause.body[..]));
            }
            Stmt::Match(node) => bodies.extend(node.cases.iter().map(|case| &case.body[..])),
            Stmt::Try(node) => {
                bodies.push(&node.body);
                bodies.extend(node.handlers.iter().map(|handler| match handler {
                    tree::ExceptHandler::ExceptHandler(handler) => &handler.body[..],
                }));
                bodies.extend([&node.orelse[..], &node.finalbody[..]]);
            }
            _ => {}
        }
        let first_inner = bodies.iter().flat_map(|body| body.first()).map(|inner| span_of(file, inner).start).min();
        lines.push(Span { end: first_inner.unwrap_or(whole.end).max(whole.start), ..whole });
        for body in bodies {
            logical_lines(file, body, lines);
        }
    }
}

fn is_commented_by_hash(path: &str) -> bool {
    let name = crate::source::split(path).1;
    [".ini", ".mako", ".toml", ".cfg", ".yml", ".yaml", ".txt"].iter().any(|end| name.ends_with(end))
        || name.starts_with(".env")
}

/// Files of lines: the comment covers the next line that is no comment, with the lines indented below it.
fn by_lines(file: FileId, text: &str, found: &mut Vec<Suppression>) {
    let mut offset = 0;
    let lines: Vec<(usize, &str)> = text
        .split_inclusive('\n')
        .map(|line| {
            let start = offset;
            offset += line.len();
            (start, line.trim_end_matches(['\n', '\r']))
        })
        .collect();
    for (number, (start, line)) in lines.iter().enumerate() {
        let Some(mark) = line.find("limbeck:") else { continue };
        let hash = line[..mark].trim_end_matches([' ', '\t']).len().saturating_sub(1);
        if !line.is_char_boundary(hash) || !line[hash..].starts_with(['#', ';']) {
            continue;
        }
        let comment = Span::new(file, start + hash..start + line.len());
        let Some((whole_file, names)) = parse(comment, &text[comment.range()]) else { continue };
        let own_line = line[..hash].trim_matches(['#', ' ', '\t']).is_empty();
        let covers = if whole_file {
            None
        } else if own_line {
            let is_comment = |line: &str| line.trim().is_empty() || line.trim_start().starts_with(['#', ';']);
            let next = (number + 1..lines.len()).find(|at| !is_comment(lines[*at].1));
            let last = next.map(|next| {
                (next + 1..lines.len()).take_while(|at| lines[*at].1.starts_with([' ', '\t'])).last().unwrap_or(next)
            });
            match (next, last) {
                (Some(next), Some(last)) => Some(Span::new(file, lines[next].0..lines[last].0 + lines[last].1.len())),
                _ => Some(comment),
            }
        } else {
            Some(Span::new(file, *start..start + line.len()))
        };
        found.push(Suppression { comment, names, covers, own_line });
    }
}

/// Where a comment of its own goes so that it covers `span`: the start of the logical line, and its indentation.
pub fn place_for(span: Span, sources: &Sources, trees: &Trees<'_>) -> (Span, String) {
    let file = span.file;
    let mut anchor = sources.line_span(span).before();
    if sources.path(file).ends_with(".py") {
        let mut lines = Vec::new();
        logical_lines(file, &trees.whole(file).module.body, &mut lines);
        lines.sort();
        if let Some(line) = lines.iter().rfind(|line| line.contains(span.before())) {
            anchor = sources.line_span(*line).before();
        }
    }
    let text = &sources.text(file)[anchor.start as usize..];
    let indent: String = text.chars().take_while(|letter| matches!(letter, ' ' | '\t')).collect();
    (anchor, indent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix;

    /// The text that each suppression of `a.py` covers.
    fn covered(path: &str, text: &str) -> Vec<String> {
        let sources = Sources::in_memory([(path, text)]);
        let file = sources.id(path).expect("is there");
        sources.text(file);
        let trees = Trees::of(&sources);
        let found = find(&sources, &trees);
        found
            .iter()
            .map(|found| found.covers.map_or("the file".to_owned(), |span| sources.slice(span).to_owned()))
            .collect()
    }

    #[test]
    fn a_comment_of_its_own_covers_the_next_logical_line() {
        let text = "# limbeck: ignore[x] -- why\n\nx = f(\n    1,\n)\ny = 2\n";
        assert_eq!(covered("a.py", text), ["x = f(\n    1,\n)"]);
        let text = "# limbeck: ignore[x]\n@decorated\nclass A(B):\n    y = 2\n";
        assert_eq!(covered("a.py", text)[0].trim_end(), "@decorated\nclass A(B):");
        let text = "x = f(\n    # limbeck: ignore[x]\n    1,\n)\n";
        assert_eq!(covered("a.py", text), ["x = f(\n    # limbeck: ignore[x]\n    1,\n)"]);
    }

    #[test]
    fn a_comment_after_code_covers_its_statement() {
        let text = "a = 1\nx = f(\n    1,  # limbeck: ignore[x]\n)\n";
        assert_eq!(covered("a.py", text), ["x = f(\n    1,  # limbeck: ignore[x]\n)"]);
        let text = "class A(B):  # limbeck: ignore[x]\n    y = 2\n";
        assert!(covered("a.py", text)[0].starts_with("class A(B):") && !covered("a.py", text)[0].contains("y = 2"));
        assert_eq!(covered("a.py", "# limbeck: file-ignore[x]\n"), ["the file"]);
        assert!(covered("a.py", "x = '# limbeck: ignore[x]'\n# limbeck: ignore\n").is_empty());
    }

    #[test]
    fn ini_files_have_comments_too() {
        let text = "[alembic]\n# limbeck: ignore[x]\nscript_location = a\n    b\nurl = 1\n";
        assert_eq!(covered("a.ini", text), ["script_location = a\n    b"]);
        assert_eq!(covered("a.mako", "## limbeck: ignore[x]\nimport a\n"), ["import a"]);
    }

    #[test]
    fn what_is_not_needed_is_taken_out() {
        let text = "# limbeck: ignore[syntax-error]\nx = 1\ny = 2  # limbeck: ignore[not-analysed, syntax-error]\n";
        let sources = Sources::in_memory([("a.py", text)]);
        let file = sources.id("a.py").expect("is there");
        let at = sources.text(file).find("y = 2").expect("is there");
        let mut findings = Findings::of("not-analysed", Level::Note);
        findings.report(Span::new(file, at..at + 1), "m");
        let trees = Trees::of(&sources);
        let mut diagnostics = findings.diagnostics;
        let suppressed = apply(&find(&sources, &trees), &mut diagnostics, &Options::default(), &sources);
        assert_eq!((suppressed, diagnostics.len()), (1, 2));
        let fixes: Vec<Fix> = diagnostics.into_iter().filter_map(|diagnostic| diagnostic.fix).collect();
        let texts = fix::apply(&sources, &fixes);
        assert_eq!(texts[0].1, "x = 1\ny = 2  # limbeck: ignore[not-analysed]\n");
    }

    #[test]
    fn an_unknown_name_gets_the_nearest() {
        let sources = Sources::in_memory([("a.py", "x = 1  # limbeck: ignore[sintax-error]\n")]);
        sources.text(sources.id("a.py").expect("is there"));
        let trees = Trees::of(&sources);
        let mut diagnostics = Vec::new();
        apply(&find(&sources, &trees), &mut diagnostics, &Options::default(), &sources);
        assert_eq!(diagnostics[0].rule, "unknown-rule-in-suppression");
        assert_eq!(diagnostics[0].help.as_deref(), Some("did you mean `syntax-error`?"));
    }
}
