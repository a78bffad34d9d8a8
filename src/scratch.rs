//! A folder of our own that is gone when we are: [`Scratch::make`] makes one, locks it, and sets a *caretaker* over it.
//!
//! A process that ends without cleaning up (Ctrl-C, a kill) leaves that to the caretaker: a shell that waits for the end
//! of its standard input, which is our end, does what it was told to do first, and removes the folder. Should even the
//! caretaker be killed, the next [`Scratch::make`] of the same kind finds the folder unlocked and removes it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A folder without a lock is being made, unless it is older than this.
const MAKING: Duration = Duration::from_secs(600);

/// A folder that is removed when this goes.
#[derive(Debug)]
pub struct Scratch {
    /// The folder, absolute.
    pub folder: PathBuf,
    caretaker: Option<Child>,
    _lock: File,
}

/// What is done before a folder is removed: a program and its arguments, made from the folder.
pub type LastDuty<'d> = &'d dyn Fn(&Path) -> Vec<OsString>;

impl Scratch {
    /// Makes a folder for scratch of one kind (`limbeck-postgres-`), which belongs to `user` where one is given, and
    /// removes those of killed runs first.
    ///
    /// # Errors
    /// It can't be made: in words.
    pub fn make(kind: &str, user: Option<&User>, last_duty: LastDuty<'_>) -> Result<Scratch, String> {
        remove_stale(kind, user, last_duty);
        let make = || {
            let folder = tempfile::Builder::new().prefix(kind).tempdir()?;
            let draft = folder.path().join("locking");
            let lock = File::create(&draft)?;
            lock.lock()?;
            hand_over(folder.path(), user)?;
            hand_over(&draft, user)?;
            fs::rename(&draft, folder.path().join("lock"))?;
            let caretaker = match caretaker(folder.path(), user, last_duty) {
                Ok(caretaker) => Some(caretaker),
                // No shell, no caretaker: the next run removes what a killed one left.
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            Ok(Scratch { folder: folder.keep(), caretaker, _lock: lock })
        };
        make().map_err(|error: io::Error| format!("can't make a folder in {}: {error}", std::env::temp_dir().display()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(mut caretaker) = self.caretaker.take() {
            drop(caretaker.stdin.take());
            let _ = caretaker.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Starts the caretaker.
fn caretaker(folder: &Path, user: Option<&User>, last_duty: LastDuty<'_>) -> io::Result<Child> {
    const DUTY: &str = "read -r _; folder=$1; shift; [ $# = 0 ] || \"$@\" 2>&-; cd /; rm -rf \"$folder\"";
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", DUTY, "caretaker"]).arg(folder).args(last_duty(folder)).current_dir(folder);
    run_as(&mut shell, user);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// Removes what killed runs left: folders of the same owner that nobody has locked.
fn remove_stale(kind: &str, user: Option<&User>, last_duty: LastDuty<'_>) {
    let entries = fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(kind)) {
        let folder = entry.path();
        let Ok(metadata) = fs::symlink_metadata(&folder) else { continue };
        if !metadata.is_dir() || !is_owned_by(&metadata, user) {
            continue;
        }
        let is_stale = match File::open(folder.join("lock")) {
            Ok(lock) => lock.try_lock().is_ok(),
            Err(_) => metadata.modified().is_ok_and(|made| made.elapsed().is_ok_and(|age| age > MAKING)),
        };
        if is_stale {
            if let Some((program, arguments)) = last_duty(&folder).split_first() {
                let mut duty = Command::new(program);
                run_as(duty.args(arguments).current_dir(&folder).stdin(Stdio::null()), user);
                let _ = duty.output();
            }
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

/// An unprivileged user, for programs that refuse to run as root.
#[derive(Clone, Debug)]
pub struct User {
    id: u32,
    group: u32,
}

impl User {
    /// The user of PostgreSQL, else `nobody`; `None` where we are not root and may run everything ourselves.
    ///
    /// # Errors
    /// There is neither.
    pub fn unless_we_are_one() -> Result<Option<User>, String> {
        if !is_root() {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd").map_err(|error| format!("can't read /etc/passwd: {error}"))?;
        let named = |name: &str| {
            let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut numbers = line.split(':').skip(2).map(str::parse);
            Some(User { id: numbers.next()?.ok()?, group: numbers.next()?.ok()? })
        };
        let user = ["postgres", "nobody"].into_iter().find_map(named).filter(|user| user.id != 0);
        user.map(Some).ok_or_else(|| "there is no user `postgres` or `nobody` to run it as".to_owned())
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // A file that we make is ours.
    tempfile::tempfile().and_then(|file| file.metadata()).is_ok_and(|file| file.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

/// Lets a program run as `user`, and away from the terminal: Ctrl-C there is for us.
#[cfg(unix)]
pub fn run_as(command: &mut Command, user: Option<&User>) {
    use std::os::unix::process::CommandExt as _;
    if let Some(user) = user {
        command.gid(user.group).uid(user.id);
    }
    command.process_group(0);
}

/// Programs run as we do.
#[cfg(not(unix))]
pub fn run_as(_: &mut Command, _: Option<&User>) {}

/// Gives a file or folder to `user`.
///
/// # Errors
/// We may not.
#[cfg(unix)]
pub fn hand_over(path: &Path, user: Option<&User>) -> io::Result<()> {
    user.map_or(Ok(()), |user| std::os::unix::fs::chown(path, Some(user.id), Some(user.group)))
}

/// Everything stays ours.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn hand_over(_: &Path, _: Option<&User>) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_owned_by(metadata: &fs::Metadata, user: Option<&User>) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match user {
        Some(user) => metadata.uid() == user.id,
        None => tempfile::tempfile().and_then(|file| file.metadata()).is_ok_and(|own| own.uid() == metadata.uid()),
    }
}

#[cfg(not(unix))]
fn is_owned_by(_: &fs::Metadata, _: Option<&User>) -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_it() {
        let scratch = Scratch::make("limbeck-scratch-test-", None, &|_| Vec::new()).expect("makes it");
        let folder = scratch.folder.clone();
        fs::write(folder.join("file"), "text").expect("writes it");
        drop(scratch);
        assert!(!folder.exists());
    }

    #[test]
    fn the_caretaker_does_its_last_duty_when_we_are_gone() {
        let told = tempfile::tempdir().expect("a folder");
        let note = told.path().join("note");
        let duty =
            |folder: &Path| -> Vec<OsString> { vec!["cp".into(), folder.join("file").into(), note.clone().into()] };
        let mut scratch = Scratch::make("limbeck-scratch-test-", None, &duty).expect("makes it");
        let folder = scratch.folder.clone();
        fs::write(folder.join("file"), "text").expect("writes it");
        // As when the process ends: the pipe closes, and nobody removes the folder.
        let mut caretaker = scratch.caretaker.take().expect("has one");
        std::mem::forget(scratch);
        drop(caretaker.stdin.take());
        caretaker.wait().expect("ends");
        assert!(!folder.exists());
        assert_eq!(fs::read_to_string(note).expect("was told"), "text");
    }

    #[test]
    fn what_a_killed_run_left_is_removed_by_the_next() {
        let stale = tempfile::Builder::new().prefix("limbeck-scratch-stale-").tempdir().expect("a folder").keep();
        fs::write(stale.join("lock"), "").expect("writes it");
        let scratch = Scratch::make("limbeck-scratch-stale-", None, &|_| Vec::new()).expect("makes it");
        assert!(!stale.exists() && scratch.folder.exists());
    }
}
