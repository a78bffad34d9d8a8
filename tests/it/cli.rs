//! The real binary: exit codes, streams, colours, fixes on disk.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::examples;

/// `limbeck` in a directory, with nothing of this machine's settings.
fn limbeck(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_limbeck"));
    command.args(arguments).current_dir(directory).stdin(Stdio::null());
    for name in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "COLUMNS", "LIMBECK_OUTPUT_FORMAT"] {
        command.env_remove(name);
    }
    command
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    limbeck(directory, arguments).output().expect("limbeck runs")
}

fn example(name: &str) -> PathBuf {
    examples::folder().join(name)
}

/// A copy of an example that may be changed.
fn copy(name: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, bytes) in examples::files(name) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("has one")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    folder
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Exit code and both streams, for failed assertions.
fn all(output: &Output) -> String {
    format!("{}\n--- stdout\n{}--- stderr\n{}", output.status, text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_healthy_project_is_one_line_and_exit_0() {
    let output = run(&example("healthy-sync"), &["check"]);
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    let stdout = text(&output.stdout);
    assert!(
        stdout.starts_with("No problems. Checked 1 environment (alembic.ini), 2 models, 2 revisions in "),
        "{stdout}"
    );
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn findings_are_exit_1_in_every_format_unless_told_otherwise() {
    let broken = example("multiple-heads");
    for format in ["full", "concise", "json", "sarif", "github"] {
        let output = run(&broken, &["check", "--output-format", format]);
        assert_eq!(output.status.code(), Some(1), "{format}: {}", all(&output));
        assert!(text(&output.stdout).contains("multiple-heads"), "{format}: {}", all(&output));
        assert_eq!(text(&output.stderr), "", "{format}");
    }
    assert_eq!(run(&broken, &["check", "--exit-zero"]).status.code(), Some(0));
    assert_eq!(run(&broken, &["check", "--ignore", "multiple-heads"]).status.code(), Some(0));
    assert_eq!(run(&broken, &["check", "--note", "multiple-heads"]).status.code(), Some(0));
}

#[test]
fn what_cannot_run_is_exit_2_and_says_why() {
    let empty = tempfile::tempdir().expect("a folder");
    let healthy = example("healthy-sync");
    for (directory, arguments, words) in [
        (empty.path(), &["check"][..], "alembic"),
        (&healthy, &["check", "--no-such-flag"], "--no-such-flag"),
        (&healthy, &["check", "--select", "multiple-head"], "multiple-heads"),
        (&healthy, &["check", "--output-format", "xml"], "xml"),
        (&healthy, &["check", "no/such/folder"], "no/such/folder"),
        (&healthy, &["check", "--config", "no-such.toml"], "no-such.toml"),
        (&healthy, &["chekc"], "check"),
        (&healthy, &["explain", "no-such-rule"], "no-such-rule"),
    ] {
        let output = run(directory, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", all(&output));
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert!(text(&output.stderr).contains(words), "{arguments:?}: {}", all(&output));
    }
    let output = run(empty.path(), &["check", "--allow-empty"]);
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
}

#[test]
fn a_wrong_configuration_is_exit_2_and_names_the_nearest_key() {
    let project = copy("healthy-sync");
    fs::write(project.path().join("limbeck.toml"), "[rules]\nmultiple-headz = \"off\"\n").expect("a file");
    let output = run(project.path(), &["check"]);
    assert_eq!(output.status.code(), Some(2), "{}", all(&output));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("limbeck.toml") && stderr.contains("`multiple-heads`"), "{stderr}");
    assert_eq!(run(project.path(), &["check", "--isolated"]).status.code(), Some(0));
}

#[test]
fn json_has_the_shape_of_the_contract() {
    let output = run(&example("multiple-heads"), &["check", "--output-format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["version"], 1);
    assert_eq!(report["limbeck"], env!("CARGO_PKG_VERSION"));
    let environment = &report["environments"][0];
    assert_eq!(environment["config"], "alembic.ini");
    assert_eq!(environment["script_location"], "migrations");
    assert_eq!(environment["env_script"], "migrations/env.py");
    assert_eq!(environment["sqlalchemy"], "2.0.58");
    assert_eq!(environment["alembic"], "1.20.1");
    assert_eq!(environment["dialect"], "postgresql");
    assert_eq!(environment["driver"], "psycopg");
    assert_eq!(environment["heads"], serde_json::json!(["8d40b6e2c511", "a41f77d0c2e9"]));
    assert_eq!((&environment["models"], &environment["revisions"]), (&2.into(), &3.into()));
    let found = &report["diagnostics"][0];
    assert_eq!(found["rule"], "multiple-heads");
    assert_eq!(found["level"], "warning");
    for key in ["key", "message", "why", "path"] {
        assert!(found[key].is_string(), "{key}: {found}");
    }
    assert!(found["range"]["start"]["line"].as_u64() >= Some(1), "{found}");
    assert!(found["range"]["end"]["column"].as_u64() >= Some(1), "{found}");
    assert_eq!(report["summary"]["warnings"], 1);
    assert!(report["summary"]["seconds"].is_number());
}

#[test]
fn several_reports_in_one_run() {
    let project = copy("multiple-heads");
    let arguments = [
        "check",
        "--output-format",
        "concise",
        "--output-format",
        "sarif=out.sarif",
        "--output-format",
        "json=out.json",
    ];
    let output = run(project.path(), &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    assert!(text(&output.stdout).contains(": warning[multiple-heads] "), "{}", all(&output));
    for (file, version) in [("out.sarif", serde_json::json!("2.1.0")), ("out.json", serde_json::json!(1))] {
        let bytes = fs::read(project.path().join(file)).expect("was written");
        let report: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!(report["version"], version);
    }
}

#[test]
fn colours_follow_the_flag_then_the_environment() {
    let broken = example("multiple-heads");
    let coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = limbeck(&broken, arguments).envs(variables.iter().copied()).output().expect("runs");
        text(&output.stdout).contains('\u{1b}')
    };
    let check = &["check"];
    assert!(!coloured(check, &[]), "not a terminal");
    assert!(!coloured(check, &[("CI", "true")]));
    assert!(coloured(check, &[("FORCE_COLOR", "1")]));
    assert!(coloured(check, &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(check, &[("FORCE_COLOR", "0")]));
    assert!(!coloured(check, &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]));
    assert!(coloured(check, &[("FORCE_COLOR", "1"), ("NO_COLOR", "")]));
    assert!(coloured(&["check", "--color", "always"], &[("NO_COLOR", "1")]));
    assert!(!coloured(&["check", "--color", "never"], &[("FORCE_COLOR", "1")]));
    assert!(!coloured(&["check", "--color", "always", "--output-format", "json"], &[]), "only people see colours");
}

#[test]
fn quiet_says_less() {
    let broken = example("multiple-heads");
    let quiet = text(&run(&broken, &["check", "-q"]).stdout);
    assert!(quiet.contains("multiple-heads") && !quiet.contains("Found "), "{quiet}");
    let silent = run(&broken, &["check", "-qq"]);
    assert_eq!((silent.status.code(), text(&silent.stdout)), (Some(1), String::new()));
    assert_eq!(text(&run(&example("healthy-sync"), &["check", "-q"]).stdout), "");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = limbeck(&example("broken-shop"), &["rules"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("limbeck starts");
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("UTF-8");
    let status = child.wait().expect("ends");
    assert!(status.code().is_some() && status.code() != Some(101), "{status}\n{stderr}");
    assert_eq!(stderr, "");
}

#[test]
fn standard_input_stands_for_a_file_of_the_project() {
    let healthy = example("healthy-sync");
    let path = "shop/models/customer.py";
    let changed = fs::read_to_string(healthy.join(path)).expect("a file").replace("primary_key=True", "");
    let mut child = limbeck(&healthy, &["check", "-", "--stdin-filename", path, "--output-format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("limbeck starts");
    child.stdin.take().expect("piped").write_all(changed.as_bytes()).expect("is read");
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["diagnostics"][0]["rule"], "primary-key-missing", "{report}");
    assert_eq!(report["diagnostics"][0]["path"], path);
}

#[test]
fn a_diff_changes_nothing_and_a_fix_is_written() {
    let project = copy("models-not-imported");
    let env = project.path().join("migrations/env.py");
    let before = fs::read_to_string(&env).expect("a file");
    let output = run(project.path(), &["check", "--fix", "--diff"]);
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    let diff = text(&output.stdout);
    assert!(diff.contains("--- migrations/env.py") && diff.contains("+++ migrations/env.py"), "{diff}");
    assert!(diff.lines().any(|line| line.starts_with('+') && line.contains("audit")), "{diff}");
    assert_eq!(fs::read_to_string(&env).expect("a file"), before);
    let output = run(project.path(), &["check", "--fix"]);
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    assert!(fs::read_to_string(&env).expect("a file").contains("audit"));
    assert_eq!(run(project.path(), &["check"]).status.code(), Some(0));
    let output = run(project.path(), &["check", "--diff"]);
    assert_eq!((output.status.code(), text(&output.stdout).contains("+++")), (Some(0), false), "{}", all(&output));
}

#[test]
fn passwords_are_printed_nowhere() {
    let project = copy("healthy-async");
    let secret = "hunter2-and-more";
    fs::write(
        project.path().join(".env"),
        format!("DATABASE_URL=postgresql+asyncpgg://shop:{secret}@localhost:54x/shop\n"),
    )
    .expect("a file");
    fs::write(
        project.path().join("alembic.ini"),
        fs::read_to_string(project.path().join("alembic.ini")).expect("a file").replace(
            "prepend_sys_path = .",
            &format!("prepend_sys_path = .\nsqlalchemy.url = postgres://shop:{secret}%@localhost/shop"),
        ),
    )
    .expect("a file");
    for arguments in [
        &["check", "--output-format", "full"][..],
        &["check", "--output-format", "concise"],
        &["check", "--output-format", "json"],
        &["check", "--output-format", "sarif"],
        &["check", "--output-format", "github"],
        &["check", "-v"],
        &["check", "-vv"],
        &["check", "--unsafe-fixes", "--diff"],
        &["config", "show"],
        &["graph"],
        &["debug", "facts", "migrations/env.py"],
        &["debug", "values", "shop/settings.py"],
    ] {
        let output = run(project.path(), arguments);
        assert!(!all(&output).contains(secret), "{arguments:?}: {}", all(&output));
        assert!(!text(&output.stderr).contains("panicked"), "{arguments:?}: {}", all(&output));
    }
    let output = run(project.path(), &["check"]);
    assert_eq!(output.status.code(), Some(1), "something is wrong there: {}", all(&output));
}

#[test]
fn paths_choose_the_project_or_filter_the_findings() {
    let root = examples::folder();
    let output = run(&root, &["check", "multiple-heads", "--output-format", "concise"]);
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    let stdout = text(&output.stdout);
    assert!(stdout.starts_with("multiple-heads/migrations/versions/"), "paths are relative to here: {stdout}");
    let output = run(&root, &["check", "multiple-heads/shop/models/order.py"]);
    assert_eq!(output.status.code(), Some(0), "only what touches the file: {}", all(&output));
}

#[test]
fn every_rule_is_listed_and_explained() {
    let here = example("healthy-sync");
    let rules = text(&run(&here, &["rules"]).stdout);
    for (_, rule) in limbeck::rules::all() {
        assert!(rules.contains(rule.name), "`{}` is listed", rule.name);
    }
    let output = run(&here, &["explain", "multiple-heads"]);
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    assert!(text(&output.stdout).contains("## Why") || text(&output.stdout).contains("Why"), "{}", all(&output));
}

#[test]
fn help_and_version_go_to_stdout() {
    let here = example("healthy-sync");
    let output = run(&here, &["--version"]);
    assert_eq!(
        (output.status.code(), text(&output.stdout)),
        (Some(0), format!("limbeck {}\n", env!("CARGO_PKG_VERSION")))
    );
    for arguments in [&["--help"][..], &["check", "--help"], &["graph", "--help"]] {
        let output = run(&here, arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(text(&output.stdout).contains("Usage: limbeck"), "{arguments:?}");
    }
}
