//! New texts → files on disk, each at once: a reader sees the old file or the new one.

use std::fs;
use std::io::Write;
use std::path::Path;

/// Writes `text` to `path`, keeping the permissions of a file that is there. A link stays a link.
///
/// # Errors
/// The system's.
pub fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut file = tempfile::Builder::new().prefix(".limbeck-").tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    match fs::metadata(&path) {
        Ok(about) => {
            if about.permissions().readonly() {
                return Err(std::io::Error::from(std::io::ErrorKind::PermissionDenied));
            }
            file.as_file().set_permissions(about.permissions())?;
        }
        Err(_) => usual_permissions(file.as_file())?,
    }
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes `text` to a new file.
///
/// # Errors
/// The system's; there is such a file already.
pub fn create(path: &Path, text: &str) -> std::io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let mut file = tempfile::Builder::new().prefix(".limbeck-").tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    usual_permissions(file.as_file())?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(unix)]
fn usual_permissions(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn usual_permissions(_: &fs::File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().expect("a directory");
        let (file, link) = (directory.path().join("a.py"), directory.path().join("b.py"));
        fs::write(&file, "x = 1\n").expect("writes");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o750)).expect("sets");
        std::os::unix::fs::symlink("a.py", &link).expect("links");
        write(&link, "x = 2\n").expect("writes");
        assert_eq!(fs::read_to_string(&file).expect("reads"), "x = 2\n");
        assert_eq!(fs::metadata(&file).expect("is there").permissions().mode() & 0o777, 0o750);
        assert!(fs::symlink_metadata(&link).expect("is there").is_symlink());
        assert_eq!(fs::read_dir(directory.path()).expect("lists").count(), 2);
    }
}
