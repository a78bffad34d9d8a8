//! Column types are written as SQLAlchemy's compilers write them, for each database and each line of versions.
//!
//! `tests/data/column_types.txt` holds types with their texts, written by the real compilers: one test holds limbeck
//! against it, the other (`oracle_…`) asks SQLAlchemy whether it still says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use limbeck::catalog::{self, Catalog, Dialect, Target};
use limbeck::project::read;
use limbeck::project::settings::Settings;
use limbeck::project::versions::Version;
use limbeck::source::Sources;
use limbeck::syntax::python::Trees;

use crate::venvs::{loudly, python};

/// Environments, and what the table calls their SQLAlchemy.
const LINES: &[(&str, &str, &[u32])] = &[("sa14", "1.4", &[1, 4]), ("sa20", "2.0", &[2, 0]), ("sa21", "2.1", &[2, 1])];

const DIALECTS: &[Dialect] = &[Dialect::Postgresql, Dialect::Mysql, Dialect::Sqlite];

/// What stands before the types: the names that they use.
const HEAD: &str = "\
import datetime, decimal, enum, uuid
import sqlalchemy as sa
from sqlalchemy.dialects import mysql as my, postgresql as pg, sqlite as lite
from sqlalchemy.orm import Mapped, declarative_base, mapped_column
Base = declarative_base()
class Color(enum.Enum):
    RED = 'r'
    GREEN = 'g'
";

/// One line of the table.
struct Row {
    column_type: String,
    versions: Vec<String>,
    texts: Vec<Option<String>>,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/column_types.txt")
}

fn table() -> String {
    fs::read_to_string(path()).unwrap_or_default()
}

fn rows() -> Vec<Row> {
    let row = |line: &str| {
        let mut cells = line.split(" | ").map(str::trim);
        let column_type = cells.next().unwrap_or_default().to_owned();
        let versions = cells.next().unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect();
        Row { column_type, versions, texts: cells.map(|cell| (cell != "-").then(|| cell.to_owned())).collect() }
    };
    table().lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(row).collect()
}

/// The types as columns of a project's models, lowered.
fn lowered(types: &[&str], version: &[u32]) -> BTreeMap<DialectName, Catalog> {
    let mut code = HEAD.to_owned();
    for (number, column_type) in types.iter().enumerate() {
        let _ = write!(code, "class T{number}(Base):\n    __tablename__ = 't{number}'\n");
        let _ = writeln!(code, "    id = sa.Column(sa.Integer, primary_key=True)");
        let _ = match column_type.starts_with("Mapped[") {
            true => writeln!(code, "    x: {column_type}"),
            false => writeln!(code, "    x = sa.Column({column_type})"),
        };
    }
    let sources = Sources::in_memory([("models.py", code)]);
    let trees = Trees::of(&sources);
    let project = read::read(&sources, &trees, &Settings::default());
    let target = |dialect| Target { dialect, sqlalchemy: Version(version.to_vec()), sqlmodel: Version(vec![0, 0, 99]) };
    DIALECTS
        .iter()
        .map(|dialect| (dialect.name(), catalog::models::all_declared(&project, &target(*dialect))))
        .collect()
}

/// A dialect by its name.
type DialectName = &'static str;

#[test]
fn column_types_as_sqlalchemy_compiles_them() {
    let rows = rows();
    let mut wrong = String::new();
    for (_, line, version) in LINES {
        let of_line = |row: &&Row| row.versions.is_empty() || row.versions.iter().any(|known| known == line);
        let rows: Vec<&Row> = rows.iter().filter(of_line).collect();
        let types: Vec<&str> = rows.iter().map(|row| row.column_type.as_str()).collect();
        let catalogs = lowered(&types, version);
        for (number, row) in rows.iter().enumerate() {
            for (dialect, expected) in DIALECTS.iter().zip(&row.texts) {
                let Some(expected) = expected else { continue };
                let catalog = &catalogs[dialect.name()];
                let table = catalog.table(&catalog::table::TableName::plain(format!("t{number}")));
                let column = table.and_then(|table| table.column("x"));
                let target =
                    Target { dialect: *dialect, sqlalchemy: Version(version.to_vec()), sqlmodel: Version(vec![0]) };
                let found = column.and_then(|column| column.column_type.as_ref()?.ddl(&target));
                if found.as_ref() != Some(expected) {
                    let name = dialect.name();
                    let _ = writeln!(wrong, "{} ({line}, {name}): {found:?}, should be {expected}", row.column_type);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What SQLAlchemy says of the types, by dialect.
type Answers = BTreeMap<String, BTreeMap<String, Option<String>>>;

fn asked(environment: &str, types: &[String]) -> Result<Answers, String> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/column_types.py");
    let mut child = Command::new(python(environment)?)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let question = serde_json::to_vec(types).map_err(|error| error.to_string())?;
    child.stdin.take().ok_or("no input")?.write_all(&question).map_err(|error| error.to_string())?;
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}

#[test]
fn oracle_column_types() {
    let wanted = std::env::var("LIMBECK_ORACLE").unwrap_or_default();
    if wanted == "off" {
        return loudly("LIMBECK_ORACLE=off: SQLAlchemy was not asked about column types");
    }
    let mut types: Vec<String> = rows().into_iter().map(|row| row.column_type).collect();
    types.dedup();
    let mut answers = Vec::new();
    for (environment, line, _) in LINES {
        match asked(environment, &types) {
            Ok(answer) => answers.push((*line, answer)),
            Err(error) if std::env::var_os("CI").is_some() => panic!("{environment}: {error}"),
            Err(error) => {
                return loudly(&format!("SQLAlchemy was not asked about column types: {environment}: {error}"));
            }
        }
    }
    let mut written: String = table()
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    for column_type in &types {
        let mut groups: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
        for (line, answer) in &answers {
            let texts: Vec<String> = DIALECTS
                .iter()
                .map(|dialect| answer[column_type][dialect.name()].clone().unwrap_or_else(|| "-".to_owned()))
                .collect();
            match groups.last_mut() {
                Some((lines, known)) if *known == texts => lines.push(line),
                _ => groups.push((vec![line], texts)),
            }
        }
        for (lines, texts) in groups {
            let lines = if lines.len() == LINES.len() { String::new() } else { lines.join(" ") };
            let _ = writeln!(written, "{column_type} | {lines} | {}", texts.join(" | "));
        }
    }
    if wanted == "bless" {
        fs::write(path(), written).unwrap_or_else(|error| panic!("{error}"));
    } else {
        assert!(
            written == table(),
            "tests/data/column_types.txt is not what SQLAlchemy says; LIMBECK_ORACLE=bless writes it"
        );
    }
}
