//! The real Alembic is the judge: it runs on the projects of the pages and of `examples/`.
//!
//! What a page calls clean must run; what its `oracle` blocks say must happen must happen, and what a block quotes must
//! stand under *Why*. Virtual environments are made once, from the pinned requirements in `tests/oracle/`, below
//! `target/oracle/`. Without Python or without a network this is skipped, loudly; with `CI` set it is never skipped.
//!
//! `LIMBECK_PYTHON` names another Python, `LIMBECK_VENVS` a folder with ready environments, `LIMBECK_ORACLE=off` skips.
//! `LIMBECK_ORACLE=bless` writes an `oracle` block under each reported project that fails and has none.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use limbeck::rules;
use serde_json::{Value, json};

use crate::examples;
use crate::page::Page;
use crate::venvs::{loudly, python};

/// The environments: names of `tests/oracle/requirements-*.txt`.
const ENVIRONMENTS: &[&str] = &["sa14", "sa20", "sa21"];

/// Commands, each in words.
type Commands = &'static [&'static [&'static str]];

/// What is run where a page doesn't say: every revision counts as applied, then autogenerate looks at the models.
const USUAL: &[&[&str]] = &[&["stamp", "heads"], &["revision", "--autogenerate", "-m", "oracle"]];

/// What is run for rules about revisions: all of them.
const UPGRADE: &[&[&str]] = &[&["upgrade", "heads"]];

/// Projects that write their revisions by hand have no MetaData; otherwise nothing is wrong with them.
const BY_HAND: &str = "Can't proceed with --autogenerate option";

/// The broken examples: what is run, and what is heard (`! `: not heard).
const BROKEN: &[(&str, Commands, Option<i64>, &str)] = &[
    ("async-driver-in-sync-env", UPGRADE, None, "MissingGreenlet"),
    ("models-not-imported", USUAL, Some(0), "! audit_log"),
    ("multiple-heads", &[&["upgrade", "head"]], None, "Multiple head revisions are present"),
    ("name-not-imported-in-revision", UPGRADE, None, "name 'sqlmodel' is not defined"),
    ("percent-in-ini", UPGRADE, None, "'%' must be followed by '%' or '('"),
    ("reserved-attribute-name", UPGRADE, None, "Attribute name 'metadata' is reserved"),
];

/// Rules about what `run.py` would otherwise add.
const BARE: &[&str] =
    &["script-template-missing", "script-location-missing", "versions-directory-missing", "version-locations-wrong"];

/// One run, and what must come of it.
struct Job {
    environment: &'static str,
    title: String,
    files: BTreeMap<String, Vec<u8>>,
    commands: Vec<Vec<String>>,
    is_complete: bool,
    /// `None`: any other than 0.
    exit: Option<i64>,
    /// Texts that must (or must not) be in what was said or written.
    texts: Vec<(bool, String)>,
    /// The page, for blessing.
    rule: Option<(&'static str, usize)>,
}

#[test]
fn the_real_alembic_agrees() {
    let mode = std::env::var("LIMBECK_ORACLE").unwrap_or_default();
    if mode == "off" {
        loudly("the oracle is off (LIMBECK_ORACLE=off)");
        return;
    }
    let bless = mode == "bless";
    let mut problems = Vec::new();
    let jobs = jobs(bless, &mut problems);
    let mut said: BTreeMap<(&'static str, usize), Vec<(&'static str, String)>> = BTreeMap::new();
    for environment in ENVIRONMENTS {
        let here: Vec<&Job> = jobs.iter().filter(|job| job.environment == *environment).collect();
        if here.is_empty() {
            continue;
        }
        let python = match python(environment) {
            Ok(python) => python,
            Err(why) if std::env::var_os("CI").is_none() => {
                loudly(&format!("SKIPPED: the real Alembic was not asked ({environment}): {why}"));
                continue;
            }
            Err(why) => {
                problems.push(format!("{environment}: {why}"));
                continue;
            }
        };
        match run(&python, &here) {
            Ok(results) => {
                for (job, result) in here.iter().zip(results) {
                    match job.rule {
                        Some(page) if bless => {
                            said.entry(page).or_default().extend(last_words(&result).map(|text| (*environment, text)))
                        }
                        _ => problems.extend(judge(job, &result)),
                    }
                }
            }
            Err(why) => problems.push(format!("{environment}: {why}")),
        }
    }
    for ((rule, offset), words) in said.into_iter().rev() {
        write_block(rule, offset, &words);
    }
    assert!(problems.is_empty(), "{} of {} runs:\n{}", problems.len(), jobs.len(), problems.join("\n"));
}

fn jobs(bless: bool, problems: &mut Vec<String>) -> Vec<Job> {
    let wanted = std::env::var("LIMBECK_PAGE").unwrap_or_default();
    let usual = |family: &str| {
        let words = if family == "revisions" { UPGRADE } else { USUAL };
        words.iter().map(|words| words.iter().map(|word| (*word).to_owned()).collect()).collect::<Vec<_>>()
    };
    let mut jobs = Vec::new();
    for (family, rule) in rules::all().filter(|(_, rule)| rule.name.contains(&wanted)) {
        let page = Page::parse(rule.page);
        for project in &page.projects {
            let title = format!("{}: {} (line {})", rule.name, project.title, project.line);
            let files: BTreeMap<String, Vec<u8>> =
                project.files.iter().map(|(path, file)| ((*path).to_owned(), file.bytes.clone())).collect();
            let is_complete = !BARE.contains(&rule.name);
            let job = |environment, commands, exit, texts, rule| Job {
                environment,
                title: title.clone(),
                files: files.clone(),
                commands,
                is_complete,
                exit,
                texts,
                rule,
            };
            if project.oracle.is_empty() {
                let has_env = files.keys().any(|path| path.ends_with("env.py"));
                if !project.is_reported && has_env && !bless {
                    jobs.push(job(environment_of(&files), usual(family), Some(0), Vec::new(), None));
                } else if project.is_reported && bless {
                    for environment in ENVIRONMENTS {
                        let page = Some((rule.name, project.end_of_files));
                        jobs.push(job(environment, usual(family), Some(0), Vec::new(), page));
                    }
                }
                continue;
            }
            if bless {
                continue;
            }
            for order in &project.oracle {
                let (mut exit, mut texts) = (if project.is_reported { None } else { Some(0) }, Vec::new());
                for line in order.body.lines().map(str::trim).filter(|line| !line.is_empty()) {
                    match (line.strip_prefix("exit "), line.strip_prefix("! ")) {
                        (Some(code), _) => exit = code.parse().ok(),
                        (_, Some(text)) => texts.push((false, text.to_owned())),
                        _ => texts.push((true, line.to_owned())),
                    }
                }
                // `oracle none` gives a reason, and runs nothing.
                let quoted = exit.is_none() && !order.environments.is_empty();
                for (_, text) in texts.iter().filter(|(must, _)| *must && quoted) {
                    if !is_under_why(text, page.why) {
                        problems.push(format!("{title}: not under Why: {text}"));
                    }
                }
                let is_variable = |word: &&str| {
                    word.split('=').next().is_some_and(|name| name.len() < word.len() && name.to_uppercase() == name)
                };
                let commands: Vec<Vec<String>> = if order.command.iter().all(is_variable) {
                    let variables = order.command.iter().map(|word| (*word).to_owned());
                    usual(family).into_iter().map(|words| variables.clone().chain(words).collect()).collect()
                } else {
                    let words = order.command.split(|word| *word == "&&");
                    words.map(|words| words.iter().map(|word| (*word).to_owned()).collect()).collect()
                };
                for name in &order.environments {
                    match ENVIRONMENTS.iter().find(|environment| *environment == name) {
                        Some(environment) => jobs.push(job(environment, commands.clone(), exit, texts.clone(), None)),
                        None => problems.push(format!("{title}: there is no environment `{name}`")),
                    }
                }
            }
        }
    }
    for (name, commands, exit, text) in BROKEN.iter().filter(|_| wanted.is_empty() && !bless) {
        jobs.push(Job {
            environment: "sa20",
            title: format!("examples/{name}"),
            files: examples::files(name),
            commands: commands.iter().map(|words| words.iter().map(|word| (*word).to_owned()).collect()).collect(),
            is_complete: false,
            exit: *exit,
            texts: vec![(!text.starts_with("! "), text.trim_start_matches("! ").to_owned())],
            rule: None,
        });
    }
    for name in examples::names().into_iter().filter(|name| name.starts_with("healthy-") && wanted.is_empty() && !bless)
    {
        let files = examples::files(&name);
        let flask = [&["flask", "db", "stamp", "heads"][..], &["flask", "db", "migrate", "-m", "oracle"]];
        let commands = if name == "healthy-flask" {
            flask.iter().map(|words| words.iter().map(|word| (*word).to_owned()).collect()).collect()
        } else {
            usual("models")
        };
        let title = format!("examples/{name}");
        jobs.push(Job {
            environment: "sa20",
            title,
            files,
            commands,
            is_complete: false,
            exit: Some(0),
            texts: Vec::new(),
            rule: None,
        });
    }
    jobs
}

/// Which environment a project's pins mean.
fn environment_of(files: &BTreeMap<String, Vec<u8>>) -> &'static str {
    for (path, bytes) in files {
        if path.ends_with(".txt") || path.ends_with(".toml") || path.ends_with(".lock") || path == "Pipfile" {
            let text = String::from_utf8_lossy(bytes).to_lowercase();
            for line in text.lines().filter(|line| line.contains("sqlalchemy")) {
                let version = line.split_once("sqlalchemy").map_or("", |(_, rest)| rest);
                if version.contains("1.4") || version.contains("<2") {
                    return "sa14";
                }
                if version.contains("2.1") && !version.contains("<2.1") {
                    return "sa21";
                }
            }
        }
    }
    "sa20"
}

fn judge(job: &Job, result: &Value) -> Option<String> {
    let exits: Vec<i64> = result["exits"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    let exit = exits.last().copied().unwrap_or(-1);
    let output = result["output"].as_str().unwrap_or("");
    let mut heard = flat(output);
    for text in result["written"].as_object().into_iter().flatten().filter_map(|(_, text)| text.as_str()) {
        heard.push(' ');
        heard.push_str(&flat(text));
    }
    let mut wrong = Vec::new();
    match job.exit {
        Some(0) if job.texts.is_empty() && (output.contains(BY_HAND) || needs_more(output, &job.files)) => {}
        Some(expected) if expected != exit => wrong.push(format!("exit {exit} instead of {expected}")),
        None if exit == 0 => wrong.push("runs, but should fail".to_owned()),
        _ => {}
    }
    for (must, text) in &job.texts {
        if heard.contains(&flat(text)) != *must {
            wrong.push(format!("{}: {text}", if *must { "not heard" } else { "heard" }));
        }
    }
    let lines: Vec<&str> = output.lines().filter(|line| !line.trim().is_empty()).collect();
    let tail = lines[lines.len().saturating_sub(8)..].join("\n    ");
    (!wrong.is_empty()).then(|| format!("• {} with {}: {}\n    {tail}", job.title, job.environment, wrong.join("; ")))
}

/// Did it fail for want of something that a page can't hold: another package, or an environment variable?
fn needs_more(output: &str, files: &BTreeMap<String, Vec<u8>>) -> bool {
    let last = output.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
    let quoted = last.split('\'').nth(1).unwrap_or("");
    if last.starts_with("ModuleNotFoundError: No module named") {
        let top = quoted.split('.').next().unwrap_or("");
        return !files
            .keys()
            .any(|path| path.split('/').any(|part| part == top || part.strip_suffix(".py") == Some(top)));
    }
    last.starts_with("KeyError: ") && output.contains("<frozen os>")
}

/// White space doesn't matter: pages wrap lines.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Does the page's *Why* speak of this failure? It names the exception, and most of its words; names of tables,
/// revisions and the like differ from project to project.
fn is_under_why(text: &str, why: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|word| word.len() > 2 && !word.contains(|c: char| c.is_ascii_digit()))
            .map(str::to_lowercase)
            .collect()
    };
    let known = words(why);
    let exception = text.split(':').next().filter(|name| !name.contains(' '));
    let class = exception.and_then(|name| name.rsplit('.').next()).unwrap_or("").to_lowercase();
    let rest = words(&text[exception.map_or(0, str::len)..]);
    let found = rest.iter().filter(|word| known.contains(word)).count();
    (class.is_empty() || known.contains(&class)) && found * 2 >= rest.len()
}

/// All jobs of one environment in one process, which forks for each.
fn run(python: &Path, jobs: &[&Job]) -> Result<Vec<Value>, String> {
    let orders: Vec<Value> = jobs
        .iter()
        .enumerate()
        .map(|(id, job)| {
            let files: BTreeMap<&str, String> =
                job.files.iter().map(|(path, bytes)| (path.as_str(), base64(bytes))).collect();
            json!({ "id": id, "files": files, "complete": job.is_complete, "commands": job.commands })
        })
        .collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/run.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}", python.display()))?;
    let input = serde_json::to_vec(&orders).map_err(|error| error.to_string())?;
    child.stdin.take().ok_or("no standard input")?.write_all(&input).map_err(|error| error.to_string())?;
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let results: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    if results.len() != jobs.len() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} of {} runs came back: {}", results.len(), jobs.len(), stderr.trim()));
    }
    Ok(results)
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let number = chunk.iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[(number >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { letter as char } else { '=' });
        }
    }
    text
}

/// What a failed run ended with: the exception, or Alembic's `FAILED:` line.
fn last_words(result: &Value) -> Option<String> {
    let exit = result["exits"].as_array()?.last()?.as_i64()?;
    if exit == 0 {
        return None;
    }
    let output = result["output"].as_str()?;
    let failed = output.lines().find_map(|line| line.trim().strip_prefix("FAILED: "));
    let raised = || {
        output.lines().rev().find(|line| {
            let name = line.split(':').next().unwrap_or("");
            !line.starts_with(' ')
                && (name.ends_with("Error")
                    || name.ends_with("Exception")
                    || name.contains("exc.")
                    || name.ends_with("Greenlet"))
        })
    };
    let words = failed.or_else(raised)?.trim().to_owned();
    // An older SQLAlchemy than the project is written for says nothing about the rule, nor does a package that is not
    // there. What is quoted must not depend on the run: no background link, no suggestion.
    let words = words.split(" (Background on this error").next().unwrap_or(&words);
    let words = words.split(". Did you mean").next().unwrap_or(words).to_owned();
    let is_foreign = words.contains("cannot import name") || words.contains("No module named 'sqlmodel'");
    (!is_foreign).then_some(words)
}

/// Puts a block behind the files of a reported project, one for each different text.
fn write_block(rule: &str, offset: usize, words: &[(&'static str, String)]) {
    let Some((family, rule)) = rules::all().find(|(_, one)| one.name == rule) else { return };
    let mut blocks: Vec<(Vec<&str>, &str)> = Vec::new();
    for (environment, text) in words {
        match blocks.iter_mut().find(|(_, known)| known == text) {
            Some((names, _)) => names.push(environment),
            None => blocks.push((vec![environment], text)),
        }
    }
    let text: String =
        blocks.iter().map(|(names, text)| format!("\n```oracle {}\n{text}\n```\n", names.join(","))).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("rules")
        .join(family)
        .join(format!("{}.md", rule.name.replace('-', "_")));
    if let Ok(mut page) = fs::read_to_string(&path)
        && !text.is_empty()
    {
        page.insert_str(offset, &text);
        let _ = fs::write(&path, page);
    }
}

#[test]
fn base64_is_the_usual_one() {
    assert_eq!(
        ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes())),
        ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
    );
}

#[test]
fn pins_choose_the_environment() {
    let of = |path: &str, text: &str| environment_of(&BTreeMap::from([(path.to_owned(), text.as_bytes().to_vec())]));
    assert_eq!(of("requirements.txt", "alembic\nsqlalchemy==1.4.54\n"), "sa14");
    assert_eq!(of("pyproject.toml", "dependencies = [\"SQLAlchemy>=2.1\"]\n"), "sa21");
    assert_eq!(of("requirements.txt", "sqlalchemy==2.0.58\n"), "sa20");
}
