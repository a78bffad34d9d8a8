//! A directory on disk → [`Sources`]: which files there are. Texts are read later, when somebody asks.
//!
//! The walk leaves out what `.gitignore` hides, hidden directories, `node_modules`, `__pycache__` and whatever is
//! installed (of a virtual environment only the names of the `*.dist-info` directories are kept: they are versions).
//! It sees what is left out, though, and lets in again what Python or Alembic would use all the same: `.env` files,
//! an ignored `alembic.ini`, generated modules in visible packages, and script directories with their versions.
//! Directory links are not followed.

mod ignores;

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;

use self::ignores::Ignores;

use crate::source::{Reader, Sources, Unreadable, under};

/// Larger files are not read.
pub const LARGEST: u64 = 8 * 1024 * 1024;

/// The walk's stack and the parser's: trees of deeply nested code are dropped recursively.
pub const STACK: usize = 16 * 1024 * 1024;

/// Directories that never hold a project's own code.
const INSTALLED: &[&str] = &["node_modules", "__pycache__", "site-packages", "dist-packages", "__pypackages__"];

/// What to walk, and how.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The project root.
    pub root: PathBuf,
    /// Leave out what `.gitignore` hides?
    pub respect_gitignore: bool,
}

/// Lists the project's files.
///
/// # Errors
/// The root can't be listed; in words.
pub fn load(walk: &Walk) -> Result<Sources, String> {
    let cannot = |error: std::io::Error| format!("can't list `{}`: {}", walk.root.display(), words(&error));
    let root = &fs::canonicalize(&walk.root).map_err(cannot)?;
    fs::read_dir(root).map_err(cannot)?;
    let found = Found::default();
    let above = if walk.respect_gitignore { Ignores::above(root) } else { None };
    let start = Directory { path: root.clone(), relative: String::new(), ignores: above, in_script_directory: false };
    rayon::scope(|scope| visit(scope, start, walk.respect_gitignore, &found));
    let mut listed = found.0.into_inner().unwrap_or_default();
    let (mut files, mut directories) = (Vec::new(), std::mem::take(&mut listed.installed));
    listed.below(String::new(), &mut files, &mut directories);
    let mut sources = Sources::new(files, directories, Box::new(Disk { root: root.clone() }));
    sources.unlisted = listed.unlisted;
    sources.unlisted.sort();
    Ok(sources)
}

/// Reads files below the project root.
#[derive(Debug)]
pub struct Disk {
    /// The project root.
    pub root: PathBuf,
}

impl Reader for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, Unreadable> {
        read_file(&self.root.join(path))
    }

    fn read_into<'b>(&self, path: &str, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], Unreadable> {
        read_file_into(&self.root.join(path), buffer)
    }
}

/// The bytes of one file, unless it is too large.
///
/// # Errors
/// Why they can't be had.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    let length = read_file_into(path, &mut bytes)?.len();
    bytes.truncate(length);
    Ok(bytes)
}

fn read_file_into<'b>(path: &Path, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], Unreadable> {
    let io = |error: std::io::Error| Unreadable::Io(words(&error));
    let mut file = fs::File::open(path).map_err(io)?;
    let about = file.metadata().map_err(io)?;
    if !about.is_file() {
        return Err(Unreadable::Io("not a regular file".to_owned()));
    }
    if about.len() > LARGEST {
        return Err(Unreadable::TooLarge(about.len()));
    }
    // One read is enough for a file that doesn't change meanwhile: looking for its end would be a second one.
    let length = about.len() as usize;
    if buffer.is_empty() {
        *buffer = vec![0; length];
    } else if buffer.len() < length {
        buffer.resize(length, 0);
    }
    let mut filled = 0;
    while filled < length {
        match file.read(&mut buffer[filled..length]).map_err(io)? {
            0 => break,
            more => filled += more,
        }
    }
    Ok(&buffer[..filled])
}

/// The system's words, without the error number.
pub fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[derive(Default)]
struct Listed {
    /// What each directory holds: names of files, and names of directories with a `/`.
    names: FxHashMap<String, Vec<String>>,
    /// Directories in virtual environments.
    installed: Vec<String>,
    unlisted: Vec<(String, String)>,
}

impl Listed {
    /// Adds the paths of all that lies below `directory`, files in the order of their paths.
    fn below(&mut self, directory: String, files: &mut Vec<String>, directories: &mut Vec<String>) {
        let mut names = self.names.remove(&directory).unwrap_or_default();
        names.sort_unstable();
        for name in names {
            match name.strip_suffix('/') {
                Some(name) => self.below(under(&directory, name), files, directories),
                None => files.push(under(&directory, &name)),
            }
        }
        directories.push(directory);
    }
}

#[derive(Default)]
struct Found(Mutex<Listed>);

impl Found {
    fn add(&self, directory: String, names: Vec<String>, installed: Vec<String>) {
        if let Ok(mut found) = self.0.lock() {
            found.names.insert(directory, names);
            found.installed.extend(installed);
        }
    }

    fn not_listed(&self, directory: &str, error: &std::io::Error) {
        if let Ok(mut found) = self.0.lock() {
            found.unlisted.push((directory.to_owned(), words(error)));
        }
    }
}

struct Directory {
    path: PathBuf,
    /// Relative to the root, `/`-separated.
    relative: String,
    ignores: Option<Arc<Ignores>>,
    /// Inside a directory with an env.py: nothing is hidden there.
    in_script_directory: bool,
}

struct Entry {
    name: String,
    is_directory: bool,
}

fn visit<'s>(scope: &rayon::Scope<'s>, directory: Directory, respect: bool, found: &'s Found) {
    let entries = match try_list(&directory.path) {
        Ok(entries) => entries,
        Err(error) => return found.not_listed(&directory.relative, &error),
    };
    let has = |name: &str| entries.iter().any(|entry| !entry.is_directory && entry.name == name);
    let is_package = has("__init__.py");
    let in_script_directory = directory.in_script_directory || (has("env.py") && is_script_directory(&entries));
    let ignores = if respect && has(".gitignore") {
        Some(Ignores::read(&directory.path, &directory.path.join(".gitignore"), directory.ignores.clone()))
    } else {
        directory.ignores.clone()
    };
    let hidden = |entry: &Entry| {
        !in_script_directory
            && ignores
                .as_ref()
                .is_some_and(|ignores| ignores.hide(&directory.path.join(&entry.name), entry.is_directory))
    };
    let (mut names, mut within) = (Vec::with_capacity(entries.len()), Vec::new());
    for entry in entries {
        if !entry.is_directory {
            if wanted_although_ignored(&entry.name) || !hidden(&entry) {
                names.push(entry.name);
            }
            continue;
        }
        if INSTALLED.contains(&entry.name.as_str()) || entry.name == ".git" {
            continue;
        }
        let path = directory.path.join(&entry.name);
        let dotted = entry.name.starts_with('.');
        if dotted && !entry.name.starts_with(".env") && !entry.name.starts_with(".venv") {
            continue;
        }
        let relative = under(&directory.relative, &entry.name);
        let ignored = hidden(&entry);
        names.push([&entry.name, "/"].concat());
        if dotted || ignored || may_be_virtual_environment(&entry.name) {
            let inside = list(&path);
            let holds = |name: &str| inside.iter().any(|entry| entry.name == name);
            if holds("pyvenv.cfg") {
                within.append(&mut installed(&path, &relative));
                continue;
            }
            let needed = (holds("env.py") && is_script_directory(&inside)) || (is_package && holds("__init__.py"));
            if (ignored && !needed) || entry.name.starts_with(".venv") {
                continue;
            }
        }
        let inner = Directory { path, relative, ignores: ignores.clone(), in_script_directory };
        scope.spawn(move |scope| visit(scope, inner, respect, found));
    }
    found.add(directory.relative, names, within);
}

/// What a directory holds; nothing when it can't be listed.
fn list(path: &Path) -> Vec<Entry> {
    try_list(path).unwrap_or_default()
}

fn try_list(path: &Path) -> std::io::Result<Vec<Entry>> {
    let entries = fs::read_dir(path)?
        .flatten()
        .filter_map(|entry| {
            let kind = entry.file_type().ok()?;
            let name = entry.file_name().into_string().ok()?;
            if kind.is_symlink() {
                // A link to a file is that file; a link to a directory may lead in a circle.
                return fs::metadata(entry.path()).ok()?.is_file().then_some(Entry { name, is_directory: false });
            }
            (kind.is_dir() || kind.is_file()).then_some(Entry { name, is_directory: kind.is_dir() })
        })
        .collect();
    Ok(entries)
}

/// Beside env.py, what else an Alembic script directory holds.
fn is_script_directory(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| entry.name == "script.py.mako" || (entry.is_directory && entry.name == "versions"))
}

fn may_be_virtual_environment(name: &str) -> bool {
    name.contains("env") || name.contains("virtual")
}

/// Files that matter even where .gitignore hides them: Python and Alembic read them all the same.
fn wanted_although_ignored(name: &str) -> bool {
    name.starts_with(".env")
        || name.starts_with("limbeck")
        || name == ".flaskenv"
        || (name.contains("alembic") && name.ends_with(".ini"))
        || name.ends_with(".env")
        || name.ends_with(".py")
}

/// The `*.dist-info` directories of a virtual environment, and the directories around them.
fn installed(path: &Path, relative: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |lib: String| {
        for python in list(&path.join(&lib)) {
            let packages = if python.name == "site-packages" {
                format!("{lib}/site-packages")
            } else if python.is_directory && python.name.starts_with("py") {
                format!("{lib}/{}/site-packages", python.name)
            } else {
                continue;
            };
            for entry in list(&path.join(&packages)) {
                if entry.is_directory && entry.name.ends_with(".dist-info") {
                    found.push(format!("{relative}/{packages}/{}", entry.name));
                }
            }
        }
    };
    look("lib".to_owned());
    look("Lib".to_owned());
    found
}

/// A path as people write it: `/`-separated.
pub fn slashed(path: &OsStr) -> String {
    path.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a directory");
        for file in files {
            let (file, text) = file.split_once('=').unwrap_or((file, ""));
            let path = directory.path().join(file);
            fs::create_dir_all(path.parent().expect("has one")).expect("makes it");
            fs::write(path, text).expect("writes it");
        }
        directory
    }

    fn walked(directory: &tempfile::TempDir) -> Sources {
        load(&Walk { root: directory.path().to_owned(), respect_gitignore: true }).expect("walks")
    }

    fn paths(sources: &Sources) -> Vec<String> {
        sources.ids().map(|id| sources.path(id).to_owned()).collect()
    }

    #[test]
    fn what_gitignore_hides_is_left_out_but_not_what_alembic_needs() {
        let directory = project(&[
            ".gitignore=.env\nversions\nbuild/\ndata/\n_version.py\nlocal/\n",
            ".env",
            ".git/config",
            ".github/x.py",
            "app/__init__.py",
            "app/_version.py",
            "app/local/__init__.py",
            "build/lib/app.py",
            "build/notes.txt",
            "data/db.txt",
            "migrations/env.py",
            "migrations/script.py.mako",
            "migrations/versions/a1.py",
            "node_modules/x/y.py",
        ]);
        let sources = walked(&directory);
        assert_eq!(
            paths(&sources),
            [
                ".env",
                ".gitignore",
                "app/__init__.py",
                "app/_version.py",
                "app/local/__init__.py",
                "migrations/env.py",
                "migrations/script.py.mako",
                "migrations/versions/a1.py",
            ]
        );
        assert!(sources.is_directory("data"), "an ignored directory is there all the same");
    }

    #[test]
    fn of_a_virtual_environment_only_the_names_of_what_is_installed() {
        let directory = project(&[
            ".venv/pyvenv.cfg",
            ".venv/lib/python3.12/site-packages/sqlalchemy/__init__.py",
            ".venv/lib/python3.12/site-packages/SQLAlchemy-2.0.43.dist-info/METADATA",
            "a.py",
        ]);
        let sources = walked(&directory);
        assert_eq!(paths(&sources), ["a.py"]);
        assert!(sources.is_directory(".venv/lib/python3.12/site-packages/SQLAlchemy-2.0.43.dist-info"));
        assert!(!sources.is_directory(".venv/lib/python3.12/site-packages/sqlalchemy"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_its_own_parent_is_not_followed() {
        let directory = project(&["app/a.py"]);
        std::os::unix::fs::symlink("..", directory.path().join("app/up")).expect("links");
        std::os::unix::fs::symlink("a.py", directory.path().join("app/b.py")).expect("links");
        assert_eq!(paths(&walked(&directory)), ["app/a.py", "app/b.py"]);
    }
}
