//! The folders of `examples/` as projects on disk and in memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use limbeck::load::{Walk, load};
use limbeck::source::Sources;

/// A project in memory: path → bytes.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Where the examples are.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The names of all examples, sorted.
pub fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .expect("examples/")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| folder().join(name).is_dir())
        .collect();
    names.sort();
    names
}

/// An example as the command loads it.
pub fn loaded(name: &str) -> Sources {
    load(&Walk { root: folder().join(name), respect_gitignore: true }).expect("can be listed")
}

/// An example's files.
pub fn files(name: &str) -> Files {
    read(&folder().join(name))
}

/// All files below a folder, but for what Python caches.
pub fn read(root: &Path) -> Files {
    fn within(directory: &Path, root: &Path, found: &mut Files) {
        for entry in fs::read_dir(directory).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "__pycache__") {
                    within(&path, root, found);
                }
            } else {
                let relative = path.strip_prefix(root).expect("inside").to_string_lossy().replace('\\', "/");
                found.insert(relative, fs::read(&path).expect("a file"));
            }
        }
    }
    let mut found = Files::new();
    within(root, root, &mut found);
    found
}
