//! Dotted names → files of the project.
//!
//! A name is tried in the directories of `sys.path`; where none has it, in the directories above the importing file
//! and in `src` and `lib` there: the project may be installed, and which way can't be seen. The second kind is told
//! apart ([`Found::beyond_path`]), for a rule asks about it.

use crate::python::dotted;
use crate::source::{FileId, Sources, join};

/// What a dotted name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// `package/module.py`, `package/__init__.py`; `None` for a namespace package.
    pub file: Option<FileId>,
    /// The directory of a package.
    pub package: Option<String>,
    /// The directory that it was found from.
    pub root: String,
    /// It was found only outside `sys.path`.
    pub beyond_path: bool,
}

/// Top-level modules that are loaded before env.py runs, or that no project means to shadow.
const NEVER_OF_THE_PROJECT: &[&str] = &[
    "abc",
    "alembic",
    "argparse",
    "array",
    "ast",
    "asyncio",
    "atexit",
    "base64",
    "binascii",
    "bisect",
    "builtins",
    "bz2",
    "calendar",
    "codecs",
    "collections",
    "concurrent",
    "configparser",
    "contextlib",
    "contextvars",
    "copy",
    "copyreg",
    "csv",
    "ctypes",
    "dataclasses",
    "datetime",
    "decimal",
    "dis",
    "email",
    "encodings",
    "enum",
    "errno",
    "fcntl",
    "fnmatch",
    "fractions",
    "functools",
    "gc",
    "genericpath",
    "getpass",
    "gettext",
    "glob",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "http",
    "importlib",
    "inspect",
    "io",
    "ipaddress",
    "itertools",
    "json",
    "keyword",
    "linecache",
    "locale",
    "logging",
    "lzma",
    "mako",
    "marshal",
    "math",
    "mimetypes",
    "multiprocessing",
    "ntpath",
    "numbers",
    "opcode",
    "operator",
    "os",
    "pathlib",
    "pickle",
    "pkgutil",
    "platform",
    "posix",
    "posixpath",
    "pprint",
    "queue",
    "quopri",
    "random",
    "re",
    "reprlib",
    "select",
    "selectors",
    "shlex",
    "shutil",
    "signal",
    "site",
    "socket",
    "socketserver",
    "sqlalchemy",
    "sqlite3",
    "ssl",
    "stat",
    "string",
    "struct",
    "subprocess",
    "sys",
    "sysconfig",
    "tempfile",
    "termios",
    "textwrap",
    "threading",
    "time",
    "timeit",
    "token",
    "tokenize",
    "tomllib",
    "traceback",
    "types",
    "typing",
    "unittest",
    "urllib",
    "uuid",
    "warnings",
    "weakref",
    "xml",
    "zipfile",
    "zipimport",
    "zlib",
    "zoneinfo",
];

/// More of the standard library: a project may shadow them on `sys.path`, but nobody means them elsewhere.
const ONLY_ON_PATH: &[&str] = &[
    "binascii",
    "bisect",
    "bz2",
    "calendar",
    "cgi",
    "cmd",
    "code",
    "codecs",
    "errno",
    "fnmatch",
    "gettext",
    "graphlib",
    "gzip",
    "heapq",
    "linecache",
    "lzma",
    "marshal",
    "mmap",
    "optparse",
    "pdb",
    "platform",
    "posixpath",
    "profile",
    "pwd",
    "queue",
    "readline",
    "resource",
    "sched",
    "secrets",
    "select",
    "selectors",
    "shelve",
    "site",
    "smtplib",
    "socketserver",
    "statistics",
    "symtable",
    "sysconfig",
    "tarfile",
    "test",
    "timeit",
    "token",
    "tokenize",
    "tomllib",
    "trace",
    "tty",
    "unicodedata",
    "venv",
    "webbrowser",
    "wsgiref",
    "xmlrpc",
    "zlib",
];

/// Does the top-level module come with Python?
pub fn is_pythons_own(top: &str) -> bool {
    NEVER_OF_THE_PROJECT.binary_search(&top).is_ok() || ONLY_ON_PATH.binary_search(&top).is_ok()
}

/// May the top-level module be one of the project's own files?
pub fn may_be_of_the_project(top: &str) -> bool {
    !top.is_empty() && NEVER_OF_THE_PROJECT.binary_search(&top).is_err()
}

/// The module `dotted`, imported with this `sys.path` by code whose own top-level package or file lies in `start`.
/// `whole` is the import that it is the beginning of (or itself): a directory without `__init__.py` is a package only
/// where it leads to a file.
pub fn find(
    sources: &Sources,
    search_path: &[impl AsRef<str>],
    start: Option<&str>,
    dotted: &str,
    whole: &str,
) -> Option<Found> {
    let first = dotted::first(dotted);
    if !may_be_of_the_project(first) {
        return None;
    }
    let mut namespace = None;
    for root in search_path {
        match below(sources, root.as_ref(), dotted) {
            Some(found) if found.file.is_some() => return Some(found),
            found => namespace = namespace.or(found),
        }
    }
    if namespace.is_some() {
        return namespace;
    }
    if ONLY_ON_PATH.binary_search(&first).is_ok() {
        return None;
    }
    let mut directory = start?;
    loop {
        for inner in ["", "src", "lib"] {
            let Some(root) = join(directory, inner).filter(|root| sources.is_directory(root)) else { continue };
            let leads = |whole: &str| below(sources, &root, whole).is_some_and(|found| found.file.is_some());
            let found = below(sources, &root, dotted).filter(|found| {
                found.file.is_some() || leads(whole) || dotted::parent(whole).is_some_and(|(parent, _)| leads(parent))
            });
            if let Some(found) = found {
                return Some(Found { beyond_path: true, ..found });
            }
        }
        if directory.is_empty() {
            return None;
        }
        directory = crate::source::split(directory).0;
    }
}

/// The module `dotted` below the directory `root`.
pub fn below(sources: &Sources, root: &str, dotted: &str) -> Option<Found> {
    const PACKAGE: &str = "/__init__.py";
    let mut path = match dotted.contains('.') || dotted.is_empty() {
        true => join(root, &dotted.replace('.', "/"))?,
        // Most names are looked for one by one, in vain.
        false => {
            let mut path = String::with_capacity(root.len() + dotted.len() + PACKAGE.len() + 1);
            path.push_str(root);
            if !root.is_empty() {
                path.push('/');
            }
            path + dotted
        }
    };
    let base = path.len();
    let found = |file, package| Found { file, package, root: root.to_owned(), beyond_path: false };
    path.push_str(PACKAGE);
    let package = sources.id(&path);
    path.truncate(base);
    if package.is_some() {
        return Some(found(package, Some(path)));
    }
    path.push_str(".py");
    let module = sources.id(&path);
    path.truncate(base);
    if module.is_some() {
        return Some(found(module, None));
    }
    let is_namespace = sources.is_directory(&path) && holds_python(sources, &path, 3);
    is_namespace.then(|| found(None, Some(path)))
}

/// The dotted name that `file` has for an import from `root`.
pub fn dotted_name(sources: &Sources, root: &str, file: FileId) -> Option<String> {
    let path = sources.path(file).strip_suffix(".py")?;
    let inside = if root.is_empty() { path } else { path.strip_prefix(root)?.strip_prefix('/')? };
    let inside = inside.strip_suffix("/__init__").unwrap_or(inside);
    Some(inside.replace('/', "."))
}

/// The directory that the top-level package of `file` lies in: the first one upwards without an `__init__.py`.
pub fn natural_root(sources: &Sources, file: FileId) -> String {
    let mut directory = crate::source::split(sources.path(file)).0;
    while !directory.is_empty() && sources.id(&format!("{directory}/__init__.py")).is_some() {
        directory = crate::source::split(directory).0;
    }
    directory.to_owned()
}

fn holds_python(sources: &Sources, directory: &str, depth: usize) -> bool {
    sources.entries(directory).any(|entry| match entry.file {
        Some(_) => entry.name.ends_with(".py"),
        None => depth > 0 && holds_python(sources, &format!("{directory}/{}", entry.name), depth - 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(roots: &[&str]) -> Vec<std::rc::Rc<str>> {
        roots.iter().map(|root| (*root).into()).collect()
    }

    #[test]
    fn finds_packages_modules_and_namespaces() {
        let sources = Sources::in_memory([
            ("app/__init__.py", ""),
            ("app/db.py", ""),
            ("ns/inner/x.py", ""),
            ("src/lib/y.py", ""),
        ]);
        let found = |dotted: &str| find(&sources, &path(&[""]), Some(""), dotted, dotted);
        assert_eq!(found("app.db").and_then(|found| found.file), sources.id("app/db.py"));
        assert_eq!(found("app").and_then(|found| found.package).as_deref(), Some("app"));
        assert_eq!(found("ns.inner.x").and_then(|found| found.file), sources.id("ns/inner/x.py"));
        assert!(found("nothing").is_none() && found("sqlalchemy").is_none());
        assert!(found("lib.y").is_some_and(|found| found.beyond_path));
    }

    #[test]
    fn names_a_file_from_its_root() {
        let sources = Sources::in_memory([("src/app/__init__.py", ""), ("src/app/db.py", "")]);
        let file = sources.id("src/app/db.py").expect("is there");
        assert_eq!(natural_root(&sources, file), "src");
        assert_eq!(dotted_name(&sources, "src", file).as_deref(), Some("app.db"));
    }

    #[test]
    fn the_list_is_sorted() {
        assert!(NEVER_OF_THE_PROJECT.is_sorted() && ONLY_ON_PATH.is_sorted());
    }
}
