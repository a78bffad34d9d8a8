//! The one harness over all rule pages: what a page shows is what limbeck does.
//!
//! `LIMBECK_PAGE=rule-name` runs one page (a part of the name is enough); `LIMBECK_BLESS=1` writes the `fixed` and
//! `output` blocks. Every page is looked at even when another one fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use limbeck::check::options::Options;
use limbeck::check::{Outcome, check};
use limbeck::diagnostic::{Applicability, Diagnostic, Level};
use limbeck::fix::{self, Which};
use limbeck::report::{Format, Style, render};
use limbeck::rules::{self, Check, Defaults, Rule};
use limbeck::source::Sources;

use crate::page::{Page, Project};

/// Runs `test` on each page that `LIMBECK_PAGE` asks for, and fails with all that is wrong with any of them.
pub fn each_page(test: impl Fn(&'static str, &'static Rule, &Page<'static>, &mut Vec<String>) + Sync) {
    let wanted = std::env::var("LIMBECK_PAGE").unwrap_or_default();
    let pool = rayon::ThreadPoolBuilder::new().stack_size(limbeck::load::STACK).build().expect("threads");
    let rules: Vec<_> = rules::all().filter(|(_, rule)| rule.name.contains(&wanted)).collect();
    let failed: Vec<(&str, Vec<String>)> = pool.install(|| {
        use rayon::prelude::*;
        rules
            .par_iter()
            .filter_map(|(family, rule)| {
                let page = Page::parse(rule.page);
                let mut problems = Vec::new();
                test(family, rule, &page, &mut problems);
                (!problems.is_empty()).then_some((rule.name, problems))
            })
            .collect()
    });
    if !failed.is_empty() {
        let mut text = String::new();
        for (name, problems) in &failed {
            let _ = writeln!(text, "\n── {name} ──");
            for problem in problems {
                let _ = writeln!(text, "• {}", problem.trim_end().replace('\n', "\n  "));
            }
        }
        panic!("{} of {} pages fail:\n{text}", failed.len(), rules.len());
    }
}

#[test]
fn every_page_shows_what_limbeck_does() {
    let bless = std::env::var("LIMBECK_BLESS").is_ok_and(|value| value == "1");
    each_page(|family, rule, page, problems| {
        problems.extend(page.problems.iter().cloned());
        form(rule, page, problems);
        let mut blessed = Vec::new();
        for project in &page.projects {
            let mut wrong = Vec::new();
            one(rule, page, project, &mut wrong, bless.then_some(&mut blessed));
            problems.extend(wrong.into_iter().map(|what| format!("{} (line {}): {what}", project.title, project.line)));
        }
        if !blessed.is_empty() {
            rewrite(family, rule, page.text, blessed);
        }
    });
}

#[test]
fn rules_are_sorted_and_named_like_their_files() {
    for (family, rules) in rules::FAMILIES {
        let names: Vec<&str> = rules.iter().map(|rule| rule.name).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(names, sorted, "the rules of `{family}` are sorted by name");
        for rule in *rules {
            assert!(
                page_path(family, rule).is_file(),
                "`{}` has its page at {}",
                rule.name,
                page_path(family, rule).display()
            );
        }
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules").join(family);
        let on_disk = |ending: &str| -> BTreeSet<String> {
            std::fs::read_dir(&folder)
                .expect("the family's folder")
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                .filter_map(|name| name.strip_suffix(ending).map(|stem| stem.replace('_', "-")))
                .filter(|name| name != "mod")
                .collect()
        };
        let listed: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(on_disk(".md"), listed, "every page of `{family}` belongs to a rule of RULES");
        assert_eq!(on_disk(".rs"), listed, "what rules of `{family}` share stands in `shared`");
    }
    let mut seen = BTreeSet::new();
    for (_, rule) in rules::all() {
        assert!(seen.insert(rule.name), "`{}` is there once", rule.name);
        for alias in rule.front().aliases {
            assert!(seen.insert(alias), "the former name `{alias}` is nobody else's");
        }
    }
}

fn page_path(family: &str, rule: &Rule) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("rules").join(family).join(format!("{}.md", rule.name.replace('-', "_")))
}

/// What every page has.
fn form(rule: &Rule, page: &Page<'_>, problems: &mut Vec<String>) {
    let front = rule.front();
    if rule.defaults() != (Defaults { level: front.level, opt_in: front.opt_in }) {
        problems.push(format!("the head says {:?}, the compiler read {:?}", front, rule.defaults()));
    }
    if front.title.is_empty() {
        problems.push("there is no title (`# …`)".to_owned());
    }
    if front.title.ends_with('.') {
        problems.push("the title ends in a period".to_owned());
    }
    if !matches!(front.fix, "none" | "safe" | "unsafe") {
        problems.push(format!("`fix: {}` is neither none, safe nor unsafe", front.fix));
    }
    if front.since.is_empty() {
        problems.push("`since` is missing".to_owned());
    }
    let mut from = 0;
    for heading in ["## Why", "## Reported", "## Not reported", "## When to ignore", "## References"] {
        match page.text[from..].find(&format!("\n{heading}")) {
            Some(at) => from += at + 1,
            None => problems.push(format!("`{heading}` is missing, or not in its place")),
        }
    }
    for (is_reported, word) in [(true, "Reported"), (false, "Not reported")] {
        // Databases that run are in tests of their own.
        let needs_database = matches!(rule.check, Check::Database(_));
        if !needs_database && !page.projects.iter().any(|project| project.is_reported == is_reported) {
            problems.push(format!("there is no project under `{word}`"));
        }
    }
    let has_fixed = page.projects.iter().any(|project| !project.fixed.is_empty());
    if front.fix == "none" && has_fixed {
        problems.push("`fix: none`, but there is a `fixed` block".to_owned());
    }
    let bless = std::env::var("LIMBECK_BLESS").is_ok_and(|value| value == "1");
    if front.fix != "none" && !has_fixed && !bless {
        problems.push(format!("`fix: {}`, but there is no `fixed` block (LIMBECK_BLESS=1 writes it)", front.fix));
    }
}

/// The project of a page in memory.
pub fn sources(project: &Project<'_>) -> Sources {
    Sources::in_memory(project.files.iter().map(|(path, file)| (*path, file.bytes.clone())))
}

/// All that is on by default, and this rule.
fn default_and(rule: &Rule) -> Options {
    Options { extend_select: vec![rule.name.to_owned()], ..Options::default() }
}

/// Only this rule. Rules that `check` itself finds need the others.
fn only(rule: &Rule) -> Options {
    match rule.check {
        Check::InCheck => default_and(rule),
        _ => Options { select: vec![rule.name.to_owned()], ..Options::default() },
    }
}

fn one(
    rule: &Rule,
    page: &Page<'_>,
    project: &Project<'_>,
    problems: &mut Vec<String>,
    bless: Option<&mut Vec<(std::ops::Range<usize>, String)>>,
) {
    let before = sources(project);
    let outcome = check(&before, &default_and(rule));
    sane(&outcome, &before, problems);
    marks(rule, project, &outcome, &before, problems);
    let own: Vec<&Diagnostic> = outcome.diagnostics.iter().filter(|found| found.rule == rule.name).collect();
    for found in &own {
        style(found, problems);
    }
    fixes(rule, page, project, &outcome, &own, problems, bless);
}

/// Exactly the marked lines are reported by this rule, and no other rule speaks.
fn marks(rule: &Rule, project: &Project<'_>, outcome: &Outcome, sources: &Sources, problems: &mut Vec<String>) {
    let mut expected: BTreeSet<(String, usize)> = project
        .files
        .iter()
        .flat_map(|(path, file)| file.marks.iter().map(move |line| ((*path).to_owned(), *line)))
        .collect();
    if project.is_reported && expected.is_empty() {
        problems.push("no line has an `# error` mark".to_owned());
    }
    if !project.is_reported && !expected.is_empty() {
        problems.push("a line has an `# error` mark".to_owned());
    }
    let mut shown = BTreeSet::new();
    for found in outcome.diagnostics.iter().filter(|found| found.rule == rule.name) {
        let place = (sources.path(found.span.file).to_owned(), sources.line(found.span));
        if !expected.remove(&place) && !shown.contains(&place) {
            problems.push(format!("reported without a mark: {}", line(found, sources)));
        }
        shown.insert(place);
    }
    for (path, number) in expected {
        let file = sources.id(&path).map_or("", |file| sources.text(file));
        let text = file.lines().nth(number - 1).unwrap_or("");
        problems.push(format!("marked but not reported: {path}:{number}: {}", text.trim()));
    }
    for found in outcome.diagnostics.iter().filter(|found| found.rule != rule.name && found.level >= Level::Warning) {
        if !project.also.contains(&found.rule) {
            problems
                .push(format!("another rule speaks (name it in the heading: `(also: …)`): {}", line(found, sources)));
        }
    }
    for name in &project.also {
        if !outcome.diagnostics.iter().any(|found| found.rule == *name) {
            problems.push(format!("`also: {name}` doesn't speak"));
        }
    }
}

/// Nothing broke, and every place is in its file.
pub fn sane(outcome: &Outcome, sources: &Sources, problems: &mut Vec<String>) {
    problems.extend(outcome.internal_errors.iter().cloned());
    for found in &outcome.diagnostics {
        let places = [("", found.span)]
            .into_iter()
            .chain(found.annotations.iter().chain(&found.path).map(|place| (place.message.as_str(), place.span)));
        for (words, span) in places {
            let text = sources.text(span.file);
            if span.end < span.start || text.get(span.range()).is_none() {
                problems.push(format!(
                    "`{}`: {words} {}..{} is not a place in `{}` ({} bytes)",
                    found.rule,
                    span.start,
                    span.end,
                    sources.path(span.file),
                    text.len()
                ));
            }
        }
    }
}

/// `path:line: level[rule] message`
pub fn line(found: &Diagnostic, sources: &Sources) -> String {
    format!("{}: {}[{}] {}", sources.place(found.span), found.level.word(), found.rule, found.message)
}

/// Names that begin with a capital letter wherever they stand.
const NAMES: &[&str] = &["Alembic", "Alembic's", "Flask", "Python", "Python's", "Compose", "Docker", "Mako"];

/// How messages are written.
fn style(found: &Diagnostic, problems: &mut Vec<String>) {
    let titles = found.fix.iter().map(|fix| &fix.title);
    let texts = std::iter::once(&found.message).chain(&found.help).chain(titles).chain(std::iter::once(&found.label));
    for text in texts.filter(|text| !text.is_empty()) {
        let first = text.split_whitespace().next().unwrap_or("");
        let mut letters = first.chars();
        let capital = letters.next().is_some_and(char::is_uppercase);
        let is_name = NAMES.contains(&first) || letters.any(|c| c.is_uppercase() || c == '_' || c.is_ascii_digit());
        if capital && !is_name {
            problems.push(format!("starts with a capital letter: {text}"));
        }
        if text.ends_with('.') && !text.ends_with("..") {
            problems.push(format!("ends in a period: {text}"));
        }
        if text.matches('`').count() % 2 == 1 {
            problems.push(format!("an odd number of backticks: {text}"));
        }
        if text.to_lowercase().contains("please") {
            problems.push(format!("says please: {text}"));
        }
        if text.contains('\n') && *text == found.message {
            problems.push(format!("a message is one line: {text}"));
        }
    }
    match found.key.split_once(':') {
        Some((kind, name)) if !kind.is_empty() && !name.is_empty() => {}
        _ => problems.push(format!("the key is no `kind:name`: `{}` ({})", found.key, found.message)),
    }
}

/// Fixes do what the page shows, and nothing else.
fn fixes(
    rule: &Rule,
    page: &Page<'_>,
    project: &Project<'_>,
    outcome: &Outcome,
    own: &[&Diagnostic],
    problems: &mut Vec<String>,
    bless: Option<&mut Vec<(std::ops::Range<usize>, String)>>,
) {
    let front = rule.front();
    for found in own {
        match found.fix.as_ref().map(|fix| fix.applicability) {
            Some(_) if front.fix == "none" => {
                problems.push(format!("`fix: none`, but there is a fix: {}", found.message))
            }
            Some(Applicability::Unsafe) if front.fix == "safe" => {
                problems.push(format!("`fix: safe`, but the fix is unsafe: {}", found.message));
            }
            _ => {}
        }
    }
    let before = sources(project);
    let mut blocks = Vec::new();
    if own.iter().any(|found| found.fix.is_some()) {
        let done = fix::to_fixed_point(before, &only(rule), Which::AlsoUnsafe);
        let unfixed = own.iter().filter(|found| found.fix.is_none()).count();
        let left: Vec<String> = done
            .outcome
            .diagnostics
            .iter()
            .filter(|found| found.rule == rule.name)
            .map(|found| line(found, &done.sources))
            .collect();
        if left.len() > unfixed {
            problems.push(format!("after the fix the rule still speaks: {}", left.join("; ")));
        }
        let after = check(&done.sources, &default_and(rule));
        sane(&after, &done.sources, problems);
        let known: BTreeSet<&str> = outcome.diagnostics.iter().map(|found| found.rule).collect();
        for found in
            after.diagnostics.iter().filter(|found| !known.contains(found.rule) && found.level >= Level::Warning)
        {
            problems.push(format!("after the fix another rule speaks: {}", line(found, &done.sources)));
        }
        let texts: BTreeMap<String, String> =
            done.changes.iter().map(|(path, (_, after))| (path.clone(), after.clone())).collect();
        let again = fix::to_fixed_point(done.sources, &only(rule), Which::AlsoUnsafe);
        if !again.changes.is_empty() {
            problems.push("a second fix changes something again".to_owned());
        }
        if texts.is_empty() {
            problems.push("the fix changes nothing".to_owned());
        }
        for (path, text) in &texts {
            match project.fixed.get(path.as_str()) {
                Some(block) if same_text(block.body, text) => {}
                Some(block) => {
                    if bless.is_none() {
                        problems.push(format!(
                            "`{path}` after the fix differs (LIMBECK_BLESS=1 writes it):\n{}",
                            diff(block.body, text)
                        ));
                    }
                    blocks.push((block.range.clone(), ended(text)));
                }
                None => {
                    if bless.is_none() {
                        problems.push(format!("`fixed {path}` is missing (LIMBECK_BLESS=1 writes it):\n{text}"));
                    }
                    let fence = fence(text);
                    let block = format!("\n{fence}{} fixed {path}\n{}{fence}\n", language(path), ended(text));
                    blocks.push((project.end_of_files..project.end_of_files, block));
                }
            }
        }
        for path in project.fixed.keys().filter(|path| !texts.contains_key(**path)) {
            problems.push(format!("the fix doesn't change `{path}`"));
        }
    } else if !project.fixed.is_empty() {
        problems.push("there is a `fixed` block but no finding has a fix".to_owned());
    }
    if let Some(block) = &project.output {
        let shown = Outcome { diagnostics: own.iter().map(|found| (*found).clone()).collect(), ..Outcome::default() };
        let style = Style { width: 80, summary: false, ..Style::default() };
        let text = render(Format::Full, &shown, &sources(project), &style);
        if text != block.body {
            if bless.is_none() {
                problems.push(format!("the output differs (LIMBECK_BLESS=1 writes it):\n{}", diff(block.body, &text)));
            }
            blocks.push((block.range.clone(), text));
        }
    }
    let _ = page;
    if let Some(bless) = bless {
        bless.extend(blocks);
    }
}

/// Pages are read by people: a missing line end at the end of the file doesn't matter.
fn same_text(block: &str, text: &str) -> bool {
    block.trim_end_matches('\n') == text.trim_end_matches('\n')
}

fn ended(text: &str) -> String {
    format!("{}\n", text.trim_end_matches('\n'))
}

fn fence(text: &str) -> &'static str {
    if text.contains("```") { "````" } else { "```" }
}

fn language(path: &str) -> &str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("py") => "python",
        Some("yml" | "yaml") => "yaml",
        Some("mako") => "mako",
        Some("ini" | "cfg") => "ini",
        Some("toml") => "toml",
        _ => "text",
    }
}

/// Lines that differ, as `-` and `+`.
pub fn diff(before: &str, after: &str) -> String {
    similar::TextDiff::from_lines(before, after).unified_diff().context_radius(1).to_string()
}

/// Writes blocks into the page, from the last to the first.
fn rewrite(family: &str, rule: &Rule, text: &str, mut blocks: Vec<(std::ops::Range<usize>, String)>) {
    blocks.sort_by_key(|(range, _)| range.start);
    let mut written = text.to_owned();
    for (range, block) in blocks.into_iter().rev() {
        written.replace_range(range, &block);
    }
    let path = page_path(family, rule);
    std::fs::write(&path, written).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    eprintln!("wrote {}", path.display());
}
