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

/// Models for SQLite: constraints without names, tables that refer to each other, a check.
const FOR_SQLITE: &str = r#"
from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "shelf"
    __table_args__ = (CheckConstraint("room <> ''"), UniqueConstraint("room", "place"))

    id: Mapped[int] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(String(20))
    place: Mapped[int | None]
    first_id: Mapped[int | None] = mapped_column(ForeignKey("volume.id"))


class Volume(Base):
    __tablename__ = "volume"

    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelf.id"))
    title: Mapped[str] = mapped_column(String(100), index=True)


class Mark(Base):
    __tablename__ = "mark"

    word: Mapped[str] = mapped_column(String(20), primary_key=True)
    page: Mapped[int]
"#;

/// What changes in them: none of it can SQLite do in place.
const SQLITE_CHANGES: &[(&str, &str, &str)] = &[
    ("library/models.py", "ForeignKey(\"shelf.id\")", "ForeignKey(\"shelf.id\", ondelete=\"CASCADE\")"),
    ("library/models.py", "String(100), index=True", "String(200)"),
    ("library/models.py", "    page: Mapped[int]\n", "    page: Mapped[int] = mapped_column(primary_key=True)\n"),
    (
        "library/models.py",
        "class Mark(Base)",
        "class Loan(Base):\n    __tablename__ = \"loan\"\n\n    volume_id: Mapped[int] = mapped_column(ForeignKey(\"volume.id\"), primary_key=True)\n\n\nclass Mark(Base)",
    ),
    ("library/models.py", "    first_id", "    height: Mapped[int]\n    first_id"),
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

    fn write(&self, path: &str, text: &str) {
        fs::write(self.folder.path().join(path), text).expect("a file");
    }

    /// Drafts, and gives the text of the file and its path.
    fn draft(&self, message: &str, revision: &str) -> (PathBuf, String) {
        self.draft_for("postgresql", message, revision)
    }

    fn draft_for(&self, dialect: &str, message: &str, revision: &str) -> (PathBuf, String) {
        let output = self.limbeck(&["draft", "-m", message, "--rev-id", revision, "--dialect", dialect]);
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

fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "there is no {part} in\n{text}");
    }
}

/// A project whose first revision is drafted.
fn begun() -> Project {
    let project = Project::of(EXAMPLE);
    project.write("library/models.py", FOR_SQLITE);
    project.draft("initial schema", "a1b2c3d4e5f6");
    project
}

#[test]
fn on_sqlite_a_copy_of_the_table_takes_what_can_t_be_done_in_place() {
    let project = Project::of(EXAMPLE);
    project.write("library/models.py", FOR_SQLITE);
    let (_, text) = project.draft_for("sqlite", "initial schema", "a1b2c3d4e5f6");
    // A foreign key can't be added later; the table that it refers to may be.
    holds(&text, &["sa.ForeignKeyConstraint(['first_id'], ['volume.id'], )"]);
    assert!(!text.contains("create_foreign_key"), "{text}");
    project.change(SQLITE_CHANGES);
    let (_, text) = project.draft_for("sqlite", "other shelves", "b1b2c3d4e5f6");
    holds(
        &text,
        &[
            "    with op.batch_alter_table('shelf', schema=None, recreate='always', \
             table_args=[sa.CheckConstraint(\"room <> ''\")]) as batch_op:\n",
            "    with op.batch_alter_table('volume', schema=None, \
             naming_convention={'fk': 'fk_%(table_name)s_%(column_0_N_name)s'}) as batch_op:\n",
            "        batch_op.drop_constraint(batch_op.f('fk_volume_shelf_id'), type_='foreignkey')\n",
            "    op.drop_index(op.f('ix_volume_title'), table_name='volume')\n",
        ],
    );
}

#[test]
fn what_upgrade_leaves_out_downgrade_does_not_undo() {
    let project = begun();
    project.change(&[
        ("library/models.py", "from sqlalchemy.orm", "from elsewhere import Colour\nfrom sqlalchemy.orm"),
        ("library/models.py", "    first_id", "    colour: Mapped[str] = mapped_column(Colour())\n    first_id"),
    ]);
    let (_, text) = project.draft("colours", "b1b2c3d4e5f6");
    holds(&text, &["# `shelf.colour` is left out: its type could not be read\n    pass\n", "def downgrade() -> None:"]);
    assert!(!text.contains("drop_column"), "{text}");
}

#[test]
fn a_table_that_goes_comes_back_with_each_index_once() {
    let project = begun();
    project.change(&[("library/models.py", "__tablename__ = \"volume\"", "__tablename__ = \"tome\"")]);
    project.change(&[("library/models.py", "ForeignKey(\"volume.id\")", "ForeignKey(\"tome.id\")")]);
    let (_, text) = project.draft("tomes", "b1b2c3d4e5f6");
    assert_eq!(text.matches("create_index(op.f('ix_volume_title')").count(), 1, "{text}");
}

#[test]
fn a_foreign_key_takes_the_place_of_the_former_one() {
    let project = Project::of(EXAMPLE);
    project.write("library/models.py", FOR_SQLITE);
    project.change(&[
        ("library/models.py", "from sqlalchemy.orm", "from elsewhere import Extra\nfrom sqlalchemy.orm"),
        ("library/models.py", "class Volume(Base)", "class Volume(Extra, Base)"),
    ]);
    project.draft("initial schema", "a1b2c3d4e5f6");
    project.change(&SQLITE_CHANGES[..1]);
    let (_, text) = project.draft("cascade", "b1b2c3d4e5f6");
    let (up, _) = text.split_once("def downgrade").expect("both");
    holds(up, &["op.drop_constraint(op.f('volume_shelf_id_fkey')", "op.create_foreign_key('volume_shelf_id_fkey'"]);
}

#[test]
fn a_column_that_the_database_numbers_is_added_as_one() {
    let project = begun();
    let shelf = "    id: Mapped[int] = mapped_column(primary_key=True)\n    room";
    let renamed = "    number: Mapped[int] = mapped_column(primary_key=True)\n    room";
    project.change(&[
        ("library/models.py", shelf, renamed),
        ("library/models.py", "ForeignKey(\"shelf.id\")", "ForeignKey(\"shelf.number\")"),
    ]);
    let (_, text) = project.draft("numbers", "b1b2c3d4e5f6");
    holds(
        &text,
        &[
            "op.add_column('shelf', sa.Column('number', sa.Integer(), primary_key=True, nullable=False))",
            "op.add_column('shelf', sa.Column('id', sa.INTEGER(), primary_key=True, nullable=False))",
        ],
    );
}

#[test]
fn a_new_primary_key_and_casts_in_both_directions() {
    let project = begun();
    project.change(&[
        ("library/models.py", "    page: Mapped[int]\n", "    page: Mapped[int] = mapped_column(primary_key=True)\n"),
        ("library/models.py", "    place: Mapped[int | None]", "    place: Mapped[str | None]"),
    ]);
    let (_, text) = project.draft("places", "b1b2c3d4e5f6");
    let (up, down) = text.split_once("def downgrade").expect("both");
    holds(
        up,
        &[
            "op.drop_constraint(op.f('mark_pkey'), 'mark', type_='primary')",
            "op.create_primary_key(",
            "['word', 'page']",
        ],
    );
    holds(down, &["op.create_primary_key('mark_pkey', 'mark', ['word'])", "postgresql_using='place::INTEGER'"]);
    assert!(!up.contains("postgresql_using"), "{text}");
}

/// Reflects a database: all that the inspector sees.
const REFLECT: &str = r#"
import sys, json
from sqlalchemy import create_engine, inspect, text
engine = create_engine(sys.argv[1])
# What has no name on SQLite can't be made again without one.
name = lambda it: None if engine.dialect.name == "sqlite" else it["name"]
found = {}
with engine.connect() as connection:
    inspector = inspect(connection)
    for table in sorted(inspector.get_table_names()):
        if table == "alembic_version":
            continue
        found[table] = [
            sorted([c["name"], str(c["type"].compile(engine.dialect)), c["nullable"], str(c["default"])] for c in inspector.get_columns(table)),
            inspector.get_pk_constraint(table)["constrained_columns"],
            sorted(json.dumps([name(f), f["constrained_columns"], f["referred_table"], f["options"]]) for f in inspector.get_foreign_keys(table)),
            sorted(json.dumps([name(u), u["column_names"]]) for u in inspector.get_unique_constraints(table)),
            sorted(c["sqltext"] for c in inspector.get_check_constraints(table)),
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

/// Python with the real Alembic; `None` where it can't be had (with `CI` set it must).
fn python_of(environment: &str) -> Option<PathBuf> {
    match python(environment) {
        Ok(python) => Some(python),
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "nothing can be run: {why}");
            loudly(&format!("SKIPPED: no drafted revision was run ({environment}): {why}"));
            None
        }
    }
}

/// Python and a server.
fn real(environment: &str) -> Option<(PathBuf, Cluster)> {
    Some((python_of(environment)?, cluster(&Settings::default())?))
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

#[test]
fn slow_the_real_alembic_runs_what_was_drafted_on_sqlite() {
    for environment in ["sa20", "sa21"] {
        let Some(python) = python_of(environment) else { return };
        let project = Project::of(EXAMPLE);
        project.write("library/models.py", FOR_SQLITE);
        let url = format!("sqlite:///{}", project.folder.path().join("library.sqlite").display());
        let empty = reflected(&python, &url);
        project.draft_for("sqlite", "initial schema", "a1b2c3d4e5f6");
        let alembic = |arguments: &[&str]| {
            let output = project.alembic(&python, &url, arguments);
            succeeds(&output, &format!("{environment}: alembic {}", arguments.join(" ")), &project);
        };
        alembic(&["upgrade", "head"]);
        alembic(&["check"]);
        let first = reflected(&python, &url);
        project.change(SQLITE_CHANGES);
        project.draft_for("sqlite", "other shelves", "b1b2c3d4e5f6");
        alembic(&["upgrade", "head"]);
        alembic(&["check"]);
        let second = reflected(&python, &url);
        for part in ["room <> ''", "\"height\"", "CASCADE", "\"word\",\n   \"page\"\n"] {
            assert!(second.contains(part), "{environment}: there is no {part} in\n{second}");
        }
        alembic(&["downgrade", "-1"]);
        let back = reflected(&python, &url);
        assert!(first == back, "{environment}: downgrade -1:\n{}", diff(&first, &back));
        alembic(&["downgrade", "base"]);
        let gone = reflected(&python, &url);
        assert!(empty == gone, "{environment}: downgrade base:\n{}", diff(&empty, &gone));
    }
}
