//! limbeck.toml, pyproject.toml, Cargo.toml and `-c KEY=VALUE` → [`Config`].
//!
//! The nearest directory with a configuration wins, upwards from the project root; in one directory `limbeck.toml`
//! stands before `.limbeck.toml`, `[tool.limbeck]` of pyproject.toml and `[package.metadata.limbeck]` of Cargo.toml.
//! Files are merged only where one says `extend`.

pub mod layer;
pub mod schema;

use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::check::baseline::Baseline;
use crate::check::options::Options;
use crate::load;
use layer::Layer;

/// The baseline that is used when it is there and nobody names another.
pub const BASELINE: &str = "limbeck-baseline.json";

/// The configuration of one run.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The files that it was read from, the nearest first.
    pub files: Vec<PathBuf>,
    /// Everything that was said, merged.
    pub layer: Layer,
    /// The directory that its paths and globs start from.
    pub directory: PathBuf,
}

/// Why a configuration can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, or `-c …`.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Where in the text; `None`: the file as a whole.
    pub at: Option<Range<usize>>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// What the command line says of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// `-c`: files, and `KEY=VALUE` pairs.
    pub config: Vec<String>,
    /// `--isolated`
    pub isolated: bool,
}

/// Finds and reads the configuration that holds for a project at `root`.
///
/// # Errors
/// What is wrong with it, and where.
pub fn read(root: &Path, arguments: &Arguments) -> Result<Config, Box<Problem>> {
    let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let mut config = Config { directory: root.clone(), ..Config::default() };
    let is_pair = |text: &&String| text.contains('=') && !Path::new(text.as_str()).exists();
    let named: Vec<&String> = arguments.config.iter().filter(|text| !is_pair(text)).collect();
    if let Some(path) = named.last() {
        config = read_with_extends(Path::new(path.as_str()), None)?;
    } else if !arguments.isolated {
        for directory in root.ancestors() {
            if let Some(found) = in_directory(directory)? {
                config = found;
                break;
            }
        }
    }
    for pair in arguments.config.iter().filter(is_pair) {
        config.layer = Layer::of_pair(pair)?.over(config.layer);
    }
    Ok(config)
}

impl Config {
    /// The options that the configuration sets for a project at `root`.
    ///
    /// # Errors
    /// A glob that is none, in words.
    pub fn options(&self, root: &Path) -> Result<Options, Box<Problem>> {
        let layer = &self.layer;
        let mut options = Options { levels: layer.levels.clone(), ..Options::default() };
        options.settings.sqlalchemy = layer.sqlalchemy.clone();
        options.settings.alembic = layer.alembic.clone();
        options.settings.dialect = layer.dialect.clone();
        options.settings.reserved_names = layer.reserved_names.clone().unwrap_or_default();
        options.settings.expected_heads = layer.expected_heads;
        options.settings.autogenerate = layer.autogenerate;
        options.settings.environments = layer.environments.clone().unwrap_or_default();
        let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        if let Ok(below) = root.strip_prefix(&self.directory) {
            let below = load::slashed(below.as_os_str());
            options.globs_from = if below.is_empty() { below } else { below + "/" };
        }
        options.exclude = globs(layer.exclude.as_deref().unwrap_or_default())?;
        for (text, names) in layer.per_file_ignores.iter().flatten() {
            options.per_file_ignores.push((glob(text)?.compile_matcher(), names.clone()));
        }
        Ok(options)
    }

    /// The baseline file: what the configuration names, else the usual one.
    pub fn baseline_path(&self, root: &Path) -> PathBuf {
        match &self.layer.baseline {
            Some(path) => self.directory.join(path),
            None => root.join(BASELINE),
        }
    }
}

/// Reads the baseline at `path`. One that isn't there is empty unless it `must_exist`.
///
/// # Errors
/// It can't be read, or is none.
pub fn read_baseline(path: &Path, must_exist: bool) -> Result<Baseline, Box<Problem>> {
    let whole = |message: String| Box::new(Problem::of_file(&path.display().to_string(), message));
    if !must_exist && !path.exists() {
        return Ok(Baseline::default());
    }
    let bytes = load::read_file(path).map_err(|problem| whole(format!("can't be read: {problem}")))?;
    Baseline::read(&String::from_utf8_lossy(&bytes)).map_err(|problem| whole(format!("no baseline: {problem}")))
}

/// Globs as one set: `dir` stands for all that is below it, too, and a bare name for it anywhere.
///
/// # Errors
/// The first that is none.
pub fn globs(texts: &[String]) -> Result<Option<GlobSet>, Box<Problem>> {
    if texts.is_empty() {
        return Ok(None);
    }
    let mut builder = GlobSetBuilder::new();
    for text in texts {
        let text = text.trim_start_matches("./").trim_end_matches('/');
        for text in [text.to_owned(), format!("{text}/**")] {
            if !text.contains('/') || text == format!("{}/**", text.split('/').next().unwrap_or_default()) {
                builder.add(glob(&format!("**/{text}"))?);
            }
            builder.add(glob(&text)?);
        }
    }
    builder.build().map(Some).map_err(|error| Box::new(Problem::of_file("exclude", error.to_string())))
}

fn glob(text: &str) -> Result<Glob, Box<Problem>> {
    globset::GlobBuilder::new(text)
        .literal_separator(true)
        .build()
        .map_err(|error| Box::new(Problem::of_file(text, format!("no glob: {}", error.kind()))))
}

/// The configuration of one directory, if it has one.
fn in_directory(directory: &Path) -> Result<Option<Config>, Box<Problem>> {
    for (name, tables) in [
        ("limbeck.toml", &[][..]),
        (".limbeck.toml", &[]),
        ("pyproject.toml", &[&["tool", "limbeck"][..]]),
        ("Cargo.toml", &[&["package", "metadata", "limbeck"], &["workspace", "metadata", "limbeck"]]),
    ] {
        let path = directory.join(name);
        if !path.is_file() {
            continue;
        }
        if tables.is_empty() {
            return read_with_extends(&path, None).map(Some);
        }
        // A pyproject.toml without our table is none of our business, not even when it is broken.
        let Ok(text) = text_of(&path) else { continue };
        if !text.contains("limbeck") {
            continue;
        }
        for table in tables {
            if Layer::has_table(&text, table) {
                return read_with_extends(&path, Some(table)).map(Some);
            }
        }
    }
    Ok(None)
}

/// Reads a file and what it extends; the file itself wins.
fn read_with_extends(path: &Path, table: Option<&[&str]>) -> Result<Config, Box<Problem>> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let directory = path.parent().map(Path::to_owned).unwrap_or_default();
    let mut config = Config { files: Vec::new(), layer: Layer::default(), directory };
    let mut next = Some((path, table.map(<[&str]>::to_vec)));
    while let Some((path, table)) = next.take() {
        let shown = shown(&path);
        if config.files.contains(&path) {
            return Err(Box::new(Problem::of_file(&shown, "it extends itself".to_owned())));
        }
        let text = text_of(&path).map_err(|problem| Box::new(Problem::of_file(&shown, problem)))?;
        let table = table.or_else(|| own_table(&path, &text)).unwrap_or_default();
        let layer = Layer::read(&shown, &text, &table)?;
        config.files.push(path.clone());
        if let Some(extended) = &layer.extend {
            next = Some((path.parent().unwrap_or(Path::new("")).join(extended), None));
            if let Some((target, _)) = &mut next {
                *target = fs::canonicalize(&*target).unwrap_or_else(|_| target.clone());
            }
        }
        config.layer = config.layer.over(layer);
    }
    Ok(config)
}

/// The table of a file that was named without one.
fn own_table(path: &Path, text: &str) -> Option<Vec<&'static str>> {
    match path.file_name()?.to_str()? {
        "pyproject.toml" => Some(vec!["tool", "limbeck"]),
        "Cargo.toml" if Layer::has_table(text, &["workspace", "metadata", "limbeck"]) => {
            Some(vec!["workspace", "metadata", "limbeck"])
        }
        "Cargo.toml" => Some(vec!["package", "metadata", "limbeck"]),
        _ => None,
    }
}

fn text_of(path: &Path) -> Result<String, String> {
    let bytes = load::read_file(path).map_err(|problem| format!("can't be read: {problem}"))?;
    String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())
}

/// A path as seen from the working directory.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(fs::canonicalize).unwrap_or_default();
    load::slashed(path.strip_prefix(&here).unwrap_or(path).as_os_str())
}

impl Problem {
    /// Something is wrong with a file as a whole.
    pub fn of_file(file: &str, message: String) -> Problem {
        Problem { file: file.to_owned(), text: String::new(), at: None, message, help: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(at) = &self.at else {
            return write!(f, "{}: {}", self.file, self.message);
        };
        let start = at.start.min(self.text.len());
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let number = before.matches('\n').count() + 1;
        let column = self.text[line_start..start].chars().count() + 1;
        let line = self.text[line_start..].lines().next().unwrap_or("");
        let in_line = at.end.min(line_start + line.len()).max(start);
        let marks = self.text[start..in_line].chars().count().max(1);
        let gutter = " ".repeat(number.to_string().len());
        writeln!(f, "{}:{number}:{column}: {}", self.file, self.message)?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {line}")?;
        write!(f, "{gutter} | {}{}", " ".repeat(column - 1), "^".repeat(marks))?;
        if let Some(help) = &self.help {
            write!(f, "\n{gutter} = help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a directory");
        for (path, text) in files {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().expect("has one")).expect("makes it");
            fs::write(path, text).expect("writes it");
        }
        directory
    }

    #[test]
    fn the_nearest_file_wins_and_a_pyproject_without_our_table_is_passed_over() {
        let directory = with(&[
            ("limbeck.toml", "dialect = 'mysql'\n"),
            ("a/pyproject.toml", "[project]\nname = 'limbeck'\n"),
            ("b/pyproject.toml", "[tool.limbeck]\ndialect = 'sqlite'\n"),
        ]);
        let dialect = |sub: &str| {
            let config = read(&directory.path().join(sub), &Arguments::default()).expect("is right");
            config.layer.dialect
        };
        assert_eq!(dialect("a").as_deref(), Some("mysql"));
        assert_eq!(dialect("b").as_deref(), Some("sqlite"));
    }

    #[test]
    fn extend_and_pairs_of_the_command_line() {
        let directory = with(&[
            ("limbeck.toml", "extend = 'base.toml'\n[rules]\nnot-analysed = 'warning'\n"),
            ("base.toml", "dialect = 'mysql'\n[rules]\nnot-analysed = 'off'\nenv = 'note'\n"),
        ]);
        let pairs = vec!["alembic=1.13".to_owned(), "rules.config='off'".to_owned()];
        let config = read(directory.path(), &Arguments { config: pairs, isolated: false }).expect("is right");
        assert_eq!(config.layer.dialect.as_deref(), Some("mysql"));
        assert_eq!(config.layer.alembic.as_deref(), Some("1.13"));
        let words: Vec<String> =
            config.layer.levels.iter().map(|(name, level)| format!("{name}={}", level.word())).collect();
        assert_eq!(words, ["not-analysed=off", "env=note", "not-analysed=warning", "config=off"]);
    }

    #[test]
    fn an_unknown_key_is_shown_with_its_place_and_the_nearest_name() {
        let directory = with(&[("limbeck.toml", "dialect = 'mysql'\nexlude = ['x']\n")]);
        let problem = read(directory.path(), &Arguments::default()).expect_err("is wrong");
        assert_eq!(problem.help.as_deref(), Some("did you mean `exclude`?"));
        let text = problem.to_string();
        assert!(text.ends_with("limbeck.toml:2:1: unknown key `exlude`\n  |\n2 | exlude = ['x']\n  | ^^^^^^\n  = help: did you mean `exclude`?"), "{text}");
    }

    #[test]
    fn a_directory_that_is_excluded_takes_its_files_along() {
        let set = globs(&["legacy".to_owned(), "app/old/*.py".to_owned()]).expect("are globs").expect("are some");
        assert!(set.is_match("legacy/a/b.py") && set.is_match("x/legacy/a.py") && set.is_match("app/old/a.py"));
        assert!(!set.is_match("app/old/x/a.py") && !set.is_match("legacy2/a.py"));
    }
}
