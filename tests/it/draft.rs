//! `limbeck draft`: what it writes for an example, and that the real Alembic takes it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use limbeck::database::cluster::{Cluster, Settings};
use tempfile::TempDir;

use crate::cluster::cluster;
use crate::examples;
use crate::pages::diff;
use crate::venvs::{loudly, python};

/// The example without revisions.
const EXAMPLE: &str = "healthy-undrafted";

/// What changes in its models for the second draft: file, before, after.
const CHANGES: &[(&str, &str, &str)] = &[
    ("library/models.py", "    EN = \"en\"\n", "    EN = \"en\"\n    FR = \"fr\"\n"),
    ("library/models.py", "String(100), index=True)", "String(200))"),
    ("library/models.py", "    reader: Mapped[str] = mapped_column(String(100))\n", ""),
    (
        "library/models.py",
        "    published: Mapped[date | None]\n",
        "    published: Mapped[date]\n    binding: Mapped[Binding] = mapped_column(server_default=\"SOFT\")\n    pages: Mapped[int]\n",
    ),
    (
        "library/models.py",
        "class Author(Base):",
        "class Binding(enum.Enum):\n    SOFT = 1\n    HARD = 2\n\n\nclass Author(Base):",
    ),
    (
        "library/models.py",
        "class Loan(Base):",
        "class Reader(Base):\n    __tablename__ = \"reader\"\n\n    card: Mapped[str] = mapped_column(String(8), primary_key=True)\n    email: Mapped[str | None] = mapped_column(String(120), unique=True)\n\n\nclass Loan(Base):",
    ),
    (
        "library/models.py",
        "    since: Mapped[date] = mapped_column(primary_key=True)\n",
        "    since: Mapped[date] = mapped_column(primary_key=True)\n    reader_card: Mapped[str | None] = mapped_column(ForeignKey(\"reader.card\"))\n",
    ),
];

struct Project {
    folder: TempDir,
}

impl Project {
    fn of(name: &str) -> Project {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, bytes) in examples::files(name) {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("has one")).expect("a folder");
            fs::write(path, bytes).expect("a file");
        }
        Project { folder }
    }

    fn change(&self, changes: &[(&str, &str, &str)]) {
        for (path, from, to) in changes {
            let path = self.folder.path().join(path);
            let text = fs::read_to_string(&path).expect("a file");
            assert!(text.contains(from), "{} has no {from}", path.display());
            fs::write(path, text.replacen(from, to, 1)).expect("a file");
        }
    }

    fn limbeck(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_limbeck"));
        command.args(arguments).current_dir(self.folder.path()).output().expect("runs")
    }

    /// Drafts, and gives the text of the file and its path.
    fn draft(&self, message: &str, revision: &str) -> (PathBuf, String) {
        let output = self.limbeck(&["draft", "-m", message, "--rev-id", revision]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}{errors}");
        let path = said.strip_prefix("Wrote ").and_then(|rest| rest.split(' ').next()).expect("the path");
        let path = self.folder.path().join(path);
        let text = fs::read_to_string(&path).expect("the file");
        (path, text)
    }

    fn alembic(&self, python: &Path, url: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(python);
        command.args(["-m", "alembic"]).args(arguments).current_dir(self.folder.path());
        command.env("LIBRARY_DATABASE", url).output().expect("runs")
    }
}

/// The text without what differs from day to day.
fn undated(text: &str) -> String {
    let date =
        |line: &str| if line.starts_with("Create Date:") { "Create Date: …".to_owned() } else { line.to_owned() };
    text.lines().map(|line| date(line) + "\n").collect()
}

fn compared(file: &str, text: &str) {
    let path = examples::folder().join(EXAMPLE).join(file);
    if std::env::var("LIMBECK_BLESS").is_ok_and(|value| value == "1") {
        fs::write(&path, text).expect("can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == text, "{file} differs (LIMBECK_BLESS=1 writes it):\n{}", diff(&expected, text));
}

#[test]
fn the_first_and_the_second_migration_of_the_example() {
    let project = Project::of(EXAMPLE);
    let (path, text) = project.draft("initial schema", "a1b2c3d4e5f6");
    let name = path.file_name().expect("has one").to_string_lossy().into_owned();
    assert!(name.ends_with("_a1b2c3d4e5f6_initial_schema.py") && name.starts_with("20"), "{name}");
    compared("draft.txt", &undated(&text));
    let output = project.limbeck(&["draft", "-m", "again"]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "Nothing to write: the migrations make what the models declare.\n"
    );
    assert_eq!(output.status.code(), Some(0));
    project.change(CHANGES);
    let (_, text) = project.draft("readers have cards", "b1b2c3d4e5f6");
    compared("draft-2.txt", &undated(&text));
}

#[test]
fn what_can_t_be_drafted_is_said() {
    let refused = |project: &Project, arguments: &[&str], why: &str| {
        let output = project.limbeck(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(why), "{said}");
    };
    let project = Project::of(EXAMPLE);
    refused(&project, &["draft", "-m", "x", "--rev-id", "a-b"], "Alembic does not take `-` in one");
    refused(&project, &["draft", "-m", "x", "--head", "nowhere"], "`nowhere` is no head");
    project.change(&[("migrations/script.py.mako", "${message}", "${message}${whoami}")]);
    refused(&project, &["draft", "-m", "x"], "migrations/script.py.mako:1: this can't be told without running it");
    fs::remove_file(project.folder.path().join("migrations/script.py.mako")).expect("is there");
    refused(&project, &["draft", "-m", "x"], "no script.py.mako");
    refused(&Project::of("multiple-heads"), &["draft", "-m", "x"], "say which one to follow with --head");
}

#[test]
fn numbered_revisions_are_counted_on() {
    let project = Project::of(EXAMPLE);
    let (_, text) = project.draft("initial schema", "0001");
    assert!(text.contains("revision: str = '0001'"));
    project.change(CHANGES);
    let output = project.limbeck(&["draft", "-m", "more", "--dry-run"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("revision: str = '0002'") && text.contains("= '0001'"), "{text}");
}

/// Reflects a database: all that the inspector sees.
const REFLECT: &str = r#"
import sys, json
from sqlalchemy import create_engine, inspect, text
engine = create_engine(sys.argv[1])
found = {}
with engine.connect() as connection:
    inspector = inspect(connection)
    for table in sorted(inspector.get_table_names()):
        if table == "alembic_version":
            continue
        found[table] = [
            sorted([c["name"], str(c["type"].compile(engine.dialect)), c["nullable"], str(c["default"])] for c in inspector.get_columns(table)),
            inspector.get_pk_constraint(table)["constrained_columns"],
            sorted(json.dumps([f["name"], f["constrained_columns"], f["referred_table"]]) for f in inspector.get_foreign_keys(table)),
            sorted(json.dumps([u["name"], u["column_names"]]) for u in inspector.get_unique_constraints(table)),
            sorted(json.dumps([i["name"], i["column_names"], i["unique"]]) for i in inspector.get_indexes(table)),
        ]
    if engine.dialect.name == "postgresql":
        found[""] = [list(row) for row in connection.execute(text("SELECT typname FROM pg_type WHERE typtype = 'e' ORDER BY 1"))]
print(json.dumps(found, indent=1))
"#;

fn reflected(python: &Path, url: &str) -> String {
    let output = Command::new(python).args(["-c", REFLECT, url]).output().expect("runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Python and a server; `None` where they can't be had (with `CI` set they must).
fn real(environment: &str) -> Option<(PathBuf, Cluster)> {
    let python = match python(environment) {
        Ok(python) => python,
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "nothing can be run: {why}");
            loudly(&format!("SKIPPED: no drafted revision was run ({environment}): {why}"));
            return None;
        }
    };
    Some((python, cluster(&Settings::default())?))
}

fn succeeds(output: &Output, what: &str, project: &Project) {
    let newest = fs::read_dir(project.folder.path().join("migrations/versions")).into_iter().flatten().flatten();
    let texts: Vec<String> = newest.filter_map(|entry| fs::read_to_string(entry.path()).ok()).collect();
    assert!(
        output.status.success(),
        "{what}: {}{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        texts.join("\n")
    );
}

#[test]
fn slow_the_real_alembic_runs_what_was_drafted() {
    for environment in ["sa20", "sa21"] {
        let Some((python, server)) = real(environment) else { return };
        server.sql("postgres", "create database library").expect("a database");
        let url = server.url(Some("psycopg2"), "library");
        let project = Project::of(EXAMPLE);
        let empty = reflected(&python, &url);
        project.draft("initial schema", "a1b2c3d4e5f6");
        let alembic = |arguments: &[&str]| {
            let output = project.alembic(&python, &url, arguments);
            succeeds(&output, &format!("{environment}: alembic {}", arguments.join(" ")), &project);
        };
        alembic(&["upgrade", "head"]);
        alembic(&["check"]);
        let first = reflected(&python, &url);
        project.change(CHANGES);
        project.draft("readers have cards", "b1b2c3d4e5f6");
        alembic(&["upgrade", "head"]);
        alembic(&["check"]);
        alembic(&["downgrade", "-1"]);
        let back = reflected(&python, &url);
        // A value stays in its type: the names of the types are the same.
        assert!(first == back, "{environment}: downgrade -1:\n{}", diff(&first, &back));
        alembic(&["downgrade", "base"]);
        let gone = reflected(&python, &url);
        assert!(empty == gone, "{environment}: downgrade base:\n{}", diff(&empty, &gone));
    }
}
