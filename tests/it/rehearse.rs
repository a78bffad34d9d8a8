//! `limbeck rehearse` with the real Alembic: projects as users have them, and nothing of theirs touched.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use limbeck::database::cluster::programs;
use tempfile::TempDir;

use crate::examples::{self, Files};
use crate::venvs::{loudly, python};

/// The real Alembic with SQLAlchemy 2.0. `None`, loudly, where it or PostgreSQL can't be had; with `CI` set they must.
fn real() -> Option<PathBuf> {
    let found = python("sa20").and_then(|python| match programs() {
        Some(_) => Ok(python),
        None => Err("PostgreSQL is not installed here".to_owned()),
    });
    match found {
        Ok(python) => Some(python),
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "nothing can be rehearsed: {why}");
            loudly(&format!("SKIPPED: nothing was rehearsed: {why}"));
            None
        }
    }
}

/// A project on disk, and what it was made of.
struct Project {
    folder: TempDir,
    files: Files,
}

impl Project {
    fn of(mut files: Files, changes: &[(&str, &str, &str)]) -> Project {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, from, to) in changes {
            let bytes = files.get_mut(*path).expect("the file is there");
            let text = String::from_utf8(bytes.clone()).expect("is text");
            assert!(text.contains(from), "{path} has no {from}");
            *bytes = text.replace(from, to).into_bytes();
        }
        for (path, bytes) in &files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("has one")).expect("a folder");
            fs::write(path, bytes).expect("a file");
        }
        Project { folder, files }
    }

    fn command(&self, python: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_limbeck"));
        command.arg("rehearse").args(arguments).arg("--python").arg(python).current_dir(self.folder.path());
        command.env_remove("FORCE_COLOR").env_remove("VIRTUAL_ENV").env_remove("FLASK_APP").stdin(Stdio::null());
        command
    }

    /// What it printed, and its exit code. The project is as it was.
    fn rehearsed(&self, python: &Path, arguments: &[&str]) -> (String, Option<i32>) {
        let Output { status, stdout, stderr } = self.command(python, arguments).output().expect("limbeck runs");
        self.is_untouched();
        let text = String::from_utf8(stdout).expect("UTF-8") + &String::from_utf8_lossy(&stderr);
        (text, status.code())
    }

    fn is_untouched(&self) {
        assert!(examples::read(self.folder.path()) == self.files, "the project is not as it was");
    }
}

/// The words and names at the start of the steps' lines: `ok upgrade`.
fn steps(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| ["  ok ", "  FAIL ", "  skip "].iter().any(|word| line.starts_with(word)))
        .map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
        .collect()
}

const ALL: [&str; 7] = ["ok copy", "ok upgrade", "ok check", "ok revision", "ok downgrade", "ok upgrade", "ok schema"];

#[test]
fn slow_healthy_projects_go_up_and_down() {
    let Some(python) = real() else { return };
    for name in ["healthy-sync", "healthy-async", "healthy-sqlmodel", "healthy-flask"] {
        let (text, exit) = Project::of(examples::files(name), &[]).rehearsed(&python, &[]);
        assert_eq!((exit, steps(&text)), (Some(0), ALL.map(str::to_owned).to_vec()), "{name}:\n{text}");
        assert!(text.contains("no new upgrade operations"), "{name}:\n{text}");
    }
}

#[test]
fn slow_sqlite_needs_no_server() {
    let Some(python) = real() else { return };
    let url = ("alembic.ini", "postgresql+psycopg://shop@localhost:5432/shop", "sqlite:///shop.db");
    let project = Project::of(examples::files("healthy-sync"), &[url]);
    let (text, exit) = project.rehearsed(&python, &[]);
    assert_eq!(exit, Some(0), "{text}");
    assert!(text.contains("a throw-away SQLite file"), "{text}");
}

#[test]
fn slow_a_changed_model_shows_the_revision_to_come() {
    let Some(python) = real() else { return };
    let more = ("shop/models/customer.py", "    id: ", "    nickname: Mapped[str | None]\n    id: ");
    let project = Project::of(examples::files("healthy-sync"), &[more]);
    let (text, exit) = project.rehearsed(&python, &[]);
    let mut expected = ALL.map(str::to_owned).to_vec();
    expected.insert(4, "ok upgrade".to_owned());
    assert_eq!((exit, steps(&text)), (Some(0), expected), "{text}");
    assert!(text.contains("op.add_column('customer', sa.Column('nickname', sa.String(), nullable=True))"), "{text}");
}

#[test]
fn slow_a_failing_step_is_explained_and_fixes_are_tried_on_the_copy() {
    let Some(python) = real() else { return };
    let project = Project::of(examples::files("name-not-imported-in-revision"), &[]);
    let (text, exit) = project.rehearsed(&python, &[]);
    assert_eq!((exit, &steps(&text)[1..2]), (Some(1), &["FAIL upgrade".to_owned()][..]), "{text}");
    assert!(text.contains("name 'sqlmodel' is not defined"), "{text}");
    let (text, exit) = project.rehearsed(&python, &["--with-fixes"]);
    assert_eq!(exit, Some(0), "{text}");
    assert!(text.contains("(name-not-imported-in-revision)"), "{text}");
}

#[cfg(unix)]
#[test]
fn slow_a_killed_rehearsal_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(python) = real() else { return };
    let temporary = tempfile::tempdir().expect("a folder");
    // The server's user must get there.
    fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o777)).expect("may be changed");
    let left = || fs::read_dir(temporary.path()).expect("is there").count();
    let project = Project::of(examples::files("healthy-sync"), &[]);
    let mut run = project
        .command(&python, &[])
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("limbeck runs");
    let mut lines = BufReader::new(run.stdout.take().expect("its output")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("  ok    upgrade")), "it came as far as the first upgrade");
    assert!(left() > 0);
    run.kill().expect("killed");
    run.wait().expect("ended");
    project.is_untouched();
    let asked = Instant::now();
    while left() > 0 {
        assert!(asked.elapsed() < Duration::from_secs(30), "something is left in {}", temporary.path().display());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn without_an_interpreter_it_says_what_was_tried() {
    let project = Project::of(examples::files("healthy-sync"), &[]);
    let (text, exit) = project.rehearsed(Path::new("/nowhere/python"), &[]);
    assert_eq!(exit, Some(2));
    assert!(text.starts_with("error: `/nowhere/python` can't run the migrations: "), "{text}");
}
