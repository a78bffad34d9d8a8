//! `limbeck diagnose`: recorded failures of the real SQLAlchemy and Alembic are recognised at the right line, whatever
//! stands around the log; what has nothing to do with them gets no answer.
//!
//! `tests/data/diagnose/recorded/*.txt` are failures: what differs from `tests/data/diagnose/project/`, the true output,
//! and what must be said. `tests/data/diagnose/unrelated.txt` are failures of other programs.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use limbeck::check::options::Options;
use limbeck::diagnose::{Explanation, diagnose};
use limbeck::report::{self, FORMATS, Style};
use limbeck::source::Sources;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/diagnose")
}

/// A recorded failure.
struct Recorded {
    name: String,
    /// `cause path:line`, or `cause` alone.
    expect: String,
    files: BTreeMap<String, String>,
    log: String,
}

fn base() -> BTreeMap<String, String> {
    let root = data().join("project");
    let mut files = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).expect("below").to_string_lossy().replace('\\', "/");
                files.insert(name, fs::read_to_string(&path).expect("a text"));
            }
        }
    }
    files
}

fn recorded() -> Vec<Recorded> {
    let base = base();
    let mut all: Vec<PathBuf> =
        fs::read_dir(data().join("recorded")).expect("a folder").flatten().map(|entry| entry.path()).collect();
    all.sort();
    all.into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a text");
            let mut recorded = Recorded {
                name: path.file_stem().expect("a name").to_string_lossy().into_owned(),
                expect: String::new(),
                files: base.clone(),
                log: String::new(),
            };
            for part in text.split("\n=== ").map(|part| part.strip_prefix("=== ").unwrap_or(part)) {
                let (head, body) = part.split_once('\n').unwrap_or((part, ""));
                match head.split_once(' ').unwrap_or((head, "")) {
                    ("expect", expect) => expect.clone_into(&mut recorded.expect),
                    ("file", path) => {
                        recorded.files.insert(path.to_owned(), format!("{body}\n"));
                    }
                    ("no", path) => {
                        recorded.files.remove(path);
                    }
                    ("log", _) => body.clone_into(&mut recorded.log),
                    (other, _) => panic!("{}: what is `{other}`?", path.display()),
                }
            }
            recorded
        })
        .collect()
}

/// The explanation, and the files that it speaks of.
fn explained(files: &BTreeMap<String, String>, log: &str) -> (Explanation, Sources) {
    let sources = Sources::in_memory(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let sources = sources.with([("<stdin>".to_owned(), log.to_owned())]);
    let log_file = sources.id("<stdin>").expect("is there");
    (diagnose(log, &sources, log_file, &Options::default()), sources)
}

/// `cause path:line`
fn answer(files: &BTreeMap<String, String>, log: &str) -> String {
    let (explanation, sources) = explained(files, log);
    let Some(answer) = explanation.answer() else { return "nothing".to_owned() };
    let cause = explanation.failure.as_ref().and_then(|failure| failure.cause.clone()).unwrap_or_default();
    match sources.path(answer.span.file) {
        "<stdin>" => cause,
        path => format!("{cause} {path}:{}", sources.line(answer.span)),
    }
}

#[test]
fn recorded_failures_are_recognised_in_place() {
    let wrong: Vec<String> = recorded()
        .iter()
        .filter_map(|case| {
            let said = answer(&case.files, &case.log);
            (said != case.expect).then(|| format!("{}: {said}, not {}", case.name, case.expect))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A name, and what is done to a log.
type Noise = (&'static str, fn(&str) -> String);

/// What CI systems, containers, terminals and people do to a log.
fn noises() -> Vec<Noise> {
    fn each(log: &str, change: impl Fn(usize, &str) -> String) -> String {
        log.lines().enumerate().map(|(at, line)| change(at, line)).collect::<Vec<_>>().join("\n")
    }
    vec![
        ("docker compose", |log| each(log, |_, line| format!("api-1  | {line}"))),
        ("docker compose, another service between", |log| {
            each(log, |_, line| {
                format!("api-1  | {line}\ndb-1   | 2026-02-03 10:11:12.345 UTC [1] LOG:  checkpoint starting: time")
            })
        }),
        ("GitHub's timestamps", |log| each(log, |at, line| format!("2026-02-03T10:11:{:02}.1234567Z {line}", at % 60))),
        ("gh run view", |log| {
            each(log, |at, line| format!("migrate\tRun alembic\t2026-02-03T10:11:{:02}.1234567Z {line}", at % 60))
        }),
        ("GitLab", |log| each(log, |at, line| format!("2026-02-03T10:11:{:02}.123456Z 01E {line}", at % 60))),
        ("syslog", |log| each(log, |at, line| format!("Feb  3 10:11:{:02} web-1 alembic[42]: {line}", at % 60))),
        ("a tag", |log| each(log, |_, line| format!("[migrate] {line}"))),
        ("colours", |log| each(log, |_, line| format!("\u{1b}[31m{line}\u{1b}[0m"))),
        ("carriage returns", |log| each(log, |_, line| format!("{line}\r"))),
        ("indented", |log| each(log, |_, line| format!("        {line}"))),
        ("quoted", |log| each(log, |_, line| format!("> {line}"))),
        ("without indentation", |log| each(log, |_, line| line.trim_start().to_owned())),
        ("a head and a tail of other things", |log| {
            format!(
                "+ pip install -r requirements.txt\nSuccessfully installed alembic\n{log}\nmake: *** [migrate] Error 1\n##[error]Process completed with exit code 1.\n"
            )
        }),
        ("Windows paths", |log| {
            log.replace("/srv/app/.venv/lib/python3.11", "C:\\srv\\app\\.venv\\Lib")
                .replace("/srv/app/migrations/versions/", "C:\\srv\\app\\migrations\\versions\\")
                .replace("\"/srv/app/migrations/", "\"C:\\srv\\app\\migrations\\")
                .replace("\"/srv/app/shop/models/", "\"C:\\srv\\app\\shop\\models\\")
        }),
        ("a container's paths", |log| {
            log.replace("/srv/app/.venv/lib", "/usr/local/lib").replace("/srv/app/", "/code/backend/")
        }),
        ("twice", |log| format!("{log}\n{log}")),
        ("a wrapper around it", |log| {
            format!(
                "{log}\nTraceback (most recent call last):\n  File \"/srv/app/deploy.py\", line 3, in <module>\n    subprocess.run([\"alembic\", \"upgrade\", \"head\"], check=True)\nsubprocess.CalledProcessError: Command '['alembic', 'upgrade', 'head']' returned non-zero exit status 1.\n"
            )
        }),
        ("markers of Python 3.11 taken out", |log| {
            log.lines()
                .filter(|line| line.trim().is_empty() || !line.trim().chars().all(|c| matches!(c, '^' | '~' | ' ')))
                .collect::<Vec<_>>()
                .join("\n")
        }),
    ]
}

fn same_under_noise(cases: &[Recorded]) {
    let mut wrong = Vec::new();
    for case in cases {
        for (noise, change) in noises() {
            let said = answer(&case.files, &change(&case.log));
            if said != case.expect {
                wrong.push(format!("{} under {noise}: {said}, not {}", case.name, case.expect));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn noise_changes_no_answer() {
    let mut cases = recorded();
    cases.retain(|case| case.name.bytes().map(usize::from).sum::<usize>() % 8 == 0);
    same_under_noise(&cases);
}

#[test]
fn slow_noise_changes_no_answer_of_any_record() {
    same_under_noise(&recorded());
}

#[test]
fn a_log_cut_off_at_its_head_still_tells_when_the_revision_is_in_it() {
    for case in recorded() {
        let frame = case.log.rfind("  File \"/srv/app/migrations/versions/");
        let Some(from) = frame.filter(|_| case.expect.contains("migrations/versions/")) else { continue };
        assert_eq!(answer(&case.files, &case.log[from..]), case.expect, "{}", case.name);
    }
}

#[test]
fn what_is_unrelated_gets_no_answer() {
    let base = base();
    let all = fs::read_to_string(data().join("unrelated.txt")).expect("a text");
    let mut count = 0;
    for part in all.split("=== ").filter(|part| !part.is_empty()) {
        let (name, log) = part.split_once('\n').expect("a name and a text");
        assert_eq!(answer(&base, log), "nothing", "{name}\n{log}");
        count += 1;
    }
    assert!(count >= 40, "{count}");
}

#[test]
fn no_format_shows_a_password() {
    let mut files = base();
    let ini = files.get_mut("alembic.ini").expect("is there");
    *ini = ini.replace("sqlite:///./shop.db", "postgresql://shop:hunter2@localhost/shop");
    let log = "Traceback (most recent call last):\n  File \"/srv/app/migrations/env.py\", line 38, in run_migrations_online\n    with connectable.connect() as connection:\nsqlalchemy.exc.ArgumentError: Could not parse SQLAlchemy URL from string 'postgresql//shop:hunter2@localhost/shop' (postgresql://shop:hunter2@localhost/shop)\n";
    let (explanation, sources) = explained(&files, log);
    assert!(explanation.answer().is_some());
    for format in FORMATS {
        let text = report::diagnose::render(*format, &explanation, &sources, &Style::default());
        assert!(!text.contains("hunter2"), "{format}: {text}");
        assert!(!text.is_empty(), "{format}");
    }
}

/// The base project on disk, changed.
fn project(changes: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = base();
    files.extend(changes.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("has one")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

fn limbeck(directory: &Path, arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_limbeck"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("limbeck runs");
    let _ = child.stdin.take().expect("is piped").write_all(stdin.as_bytes());
    child.wait_with_output().expect("limbeck ends")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

const FAILED: &str = "FAILED: Can't locate revision identified by 'deadbeef1234'\n";

#[test]
fn exit_codes_tell_recognised_from_unknown_and_unable() {
    let folder = project(&[("run.log", FAILED), ("other.log", "ValueError: boom\n")]);
    let run = |arguments: &[&str], stdin: &str| limbeck(folder.path(), arguments, stdin);
    let known = run(&["diagnose", "run.log"], "");
    assert_eq!(known.status.code(), Some(0), "{}", stdout(&known));
    assert!(stdout(&known).contains("the database is at revision `deadbeef1234`"), "{}", stdout(&known));
    assert!(stdout(&known).contains("  not:  alembic stamp head"), "{}", stdout(&known));
    assert!(stdout(&known).contains("  next: git log --all --oneline -Sdeadbeef1234"), "{}", stdout(&known));
    let unknown = run(&["diagnose", "other.log"], "");
    assert_eq!(unknown.status.code(), Some(1), "{}", stdout(&unknown));
    assert!(stdout(&unknown).contains("not recognised; nothing was guessed"), "{}", stdout(&unknown));
    assert_eq!(run(&["diagnose", "absent.log"], "").status.code(), Some(2));
    for dash in [&["diagnose", "-"][..], &["diagnose"]] {
        assert_eq!(run(dash, FAILED).status.code(), Some(0), "{dash:?}");
    }
    assert_eq!(run(&["diagnose", "--output-format", "xml"], FAILED).status.code(), Some(2));
}

#[test]
fn json_is_the_object_of_check_and_the_failure() {
    let folder = project(&[]);
    let output = limbeck(folder.path(), &["diagnose", "--output-format", "json"], FAILED);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["version"], 1);
    assert_eq!(report["failure"]["cause"], "db-revision-unknown");
    assert_eq!(report["failure"]["message"], "Can't locate revision identified by 'deadbeef1234'");
    assert_eq!(report["diagnostics"][0]["path"], "<stdin>");
    assert_eq!(report["environments"][0]["revisions"], 2);
}

#[test]
#[cfg(unix)]
fn a_command_is_run_shown_and_explained() {
    let folder = project(&[(
        "fails.sh",
        "echo starting\necho 'url postgresql://u:hunter2@h/d'\necho \"FAILED: Target database is not up to date.\" >&2\nexit 7\n",
    )]);
    let output = limbeck(folder.path(), &["diagnose", "--", "sh", "fails.sh"], "");
    assert_eq!(output.status.code(), Some(7));
    let shown = stdout(&output);
    assert!(shown.starts_with("starting\nurl postgresql://u:***@h/d\n"), "{shown}");
    assert!(shown.contains("the database has not run the newest revisions"), "{shown}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("FAILED: Target database"), "{output:?}");
    let quiet = limbeck(folder.path(), &["diagnose", "--", "true"], "");
    assert_eq!((quiet.status.code(), stdout(&quiet).as_str()), (Some(0), ""));
    assert_eq!(limbeck(folder.path(), &["diagnose", "--", "./absent"], "").status.code(), Some(2));
}

/// A revision after the two of the base project.
fn revision(marker: bool, upgrade: &str, downgrade: &str) -> String {
    let marker = if marker { "    # ### commands auto generated by Alembic - please adjust! ###\n" } else { "" };
    format!(
        "\"\"\"change\n\nRevision ID: c0ffee112233\nRevises: b7d9e8f1a2c3\nCreate Date: 2026-03-01 10:00:00\n\n\"\"\"\nfrom alembic import op\nimport sqlalchemy as sa\n\n\
         revision = \"c0ffee112233\"\ndown_revision = \"b7d9e8f1a2c3\"\nbranch_labels = None\ndepends_on = None\n\n\n\
         def upgrade():\n{marker}{upgrade}\n\n\ndef downgrade():\n{downgrade}\n"
    )
}

const NEWEST: &str = "migrations/versions/20260301_c0ffee112233_change.py";

#[test]
fn without_a_log_the_newest_revision_is_looked_at() {
    let env = &base()["migrations/env.py"];
    let no_models = env.replace("from shop import models  # noqa: F401  (registers every table)\n", "");
    let never_runs = env.replace(
        "if context.is_offline_mode():\n    run_migrations_offline()\nelse:\n    run_migrations_online()\n",
        "",
    );
    assert!(no_models != *env && never_runs != *env);
    let empty = revision(true, "    pass", "    pass");
    let unmarked = revision(false, "    pass", "    pass");
    let drops = revision(true, "    op.drop_table(\"orders\")\n    op.drop_table(\"products\")", "    pass");
    let rename = revision(
        true,
        "    op.add_column(\"products\", sa.Column(\"summary\", sa.Text(), nullable=True))\n    op.drop_column(\"products\", \"description\")",
        "    pass",
    );
    for (env, newest, rule, words) in [
        (&no_models, &empty, "models-not-imported", "the comparison ran and found nothing to do"),
        (&never_runs, &unmarked, "env-runs-nothing", "env.py ended without comparing"),
        (&no_models, &drops, "models-not-imported", "drops 2 tables, 2 of which have a model"),
        (env, &drops, "drop-while-still-mapped", "  not:  alembic upgrade head"),
        (
            env,
            &rename,
            "possible-rename",
            "op.alter_column(\"products\", \"description\", new_column_name=\"summary\")",
        ),
    ] {
        let folder = project(&[("migrations/env.py", env), (NEWEST, newest)]);
        let output = limbeck(folder.path(), &["diagnose"], "");
        assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
        let told = stdout(&output).replace("\n        ", " ");
        assert!(told.contains(&format!("[{rule}]")) && told.contains(words), "{rule}: {told}");
        let named = limbeck(folder.path(), &["diagnose", NEWEST], "");
        assert_eq!(stdout(&named), stdout(&output));
    }
    let healthy = project(&[]);
    assert!(stdout(&limbeck(healthy.path(), &["diagnose"], "")).starts_with("Nothing failed here."));
    let nothing = tempfile::tempdir().expect("a folder");
    assert_eq!(limbeck(nothing.path(), &["diagnose"], "").status.code(), Some(2));
}
