//! A copy of the project, for Alembic to write into: the working tree is only read.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Folders that hold nothing of the project's own code.
const LEFT_OUT: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "__pycache__",
    "node_modules",
];

/// Copies the project at `root` to `to`, which is made: all files but those of version control, virtual environments, caches
/// and `node_modules`. A link stays a link: within the copy where it stays within the project, else to the same place.
/// Returns the number of files.
///
/// # Errors
/// Something can't be read or written.
pub fn copy(root: &Path, to: &Path) -> io::Result<usize> {
    Copying { root, to }.folder(root, to)
}

struct Copying<'p> {
    root: &'p Path,
    to: &'p Path,
}

impl Copying<'_> {
    fn folder(&self, from: &Path, to: &Path) -> io::Result<usize> {
        fs::create_dir_all(to)?;
        let mut count = 0;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let (path, target) = (entry.path(), to.join(entry.file_name()));
            let kind = entry.file_type()?;
            if kind.is_symlink() {
                count += usize::from(self.link(&path, &target)?);
            } else if kind.is_dir() {
                let name = entry.file_name();
                if !LEFT_OUT.iter().any(|left_out| name == *left_out) && !path.join("pyvenv.cfg").exists() {
                    count += self.folder(&path, &target)?;
                }
            } else if kind.is_file() {
                // Sockets and pipes are nobody's code.
                fs::copy(&path, &target)?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Copies a link. Where links can't be made, what it leads to, if that is a file.
    fn link(&self, path: &Path, target: &Path) -> io::Result<bool> {
        let leads_to = plain(&path.parent().unwrap_or(self.root).join(fs::read_link(path)?));
        let within = leads_to.strip_prefix(self.root).map(|rest| self.to.join(rest)).unwrap_or(leads_to);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(within, target)?;
            Ok(true)
        }
        #[cfg(not(unix))]
        {
            let _ = within;
            if path.is_file() {
                fs::copy(path, target)?;
                return Ok(true);
            }
            Ok(false)
        }
    }
}

/// Without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_what_is_not_the_projects_own() {
        let project = tempfile::tempdir().expect("a folder");
        let files =
            ["app/models.py", ".env", ".git/config", ".venv/pyvenv.cfg", ".venv/lib/x.py", "app/__pycache__/x.pyc"];
        for file in files {
            let path = project.path().join(file);
            fs::create_dir_all(path.parent().expect("has one")).expect("makes it");
            fs::write(path, file).expect("writes it");
        }
        let to = tempfile::tempdir().expect("a folder");
        assert_eq!(copy(project.path(), &to.path().join("copy")).expect("copies"), 2);
        assert_eq!(fs::read_to_string(to.path().join("copy/app/models.py")).expect("is there"), "app/models.py");
        assert!(to.path().join("copy/.env").exists() && !to.path().join("copy/.venv").exists());
    }

    #[cfg(unix)]
    #[test]
    fn links_within_the_project_lead_to_the_copy() {
        let project = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(project.path().join("a/b")).expect("makes it");
        fs::write(project.path().join("file"), "before").expect("writes it");
        std::os::unix::fs::symlink("../../file", project.path().join("a/b/up")).expect("links");
        std::os::unix::fs::symlink(project.path().join("file"), project.path().join("absolute")).expect("links");
        std::os::unix::fs::symlink("/usr", project.path().join("outside")).expect("links");
        let to = tempfile::tempdir().expect("a folder");
        copy(project.path(), to.path()).expect("copies");
        for link in ["a/b/up", "absolute"] {
            fs::write(to.path().join(link), "after").expect("writes it");
        }
        assert_eq!(fs::read_to_string(project.path().join("file")).expect("is there"), "before");
        assert_eq!(fs::read_link(to.path().join("outside")).expect("is one"), Path::new("/usr"));
    }
}
