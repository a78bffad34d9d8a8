//! The throw-away PostgreSQL server: it runs, it takes settings, and nothing of it is left, whatever ends the run.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use limbeck::database::cluster::{Cluster, Settings, programs};

/// A server, or `None` with a word where PostgreSQL isn't installed. With `CI` set it must be.
pub fn cluster(settings: &Settings) -> Option<Cluster> {
    if programs().is_none() && std::env::var_os("CI").is_none() {
        eprintln!("skipped: PostgreSQL is not installed here");
        return None;
    }
    Some(Cluster::start(settings).expect("a server"))
}

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn slow_a_server_runs_and_leaves_nothing() {
    let settings = Settings { settings: vec![("max_connections".into(), "7".into())], ..Settings::default() };
    let Some(first) = cluster(&settings) else { return };
    assert_eq!(first.sql("postgres", "show max_connections").as_deref(), Ok("7"));
    assert!(first.sql("postgres", "select nonsense").is_err_and(|said| said.contains("\"nonsense\" does not exist")));
    assert!(first.url(Some("asyncpg"), "x").starts_with("postgresql+asyncpg://postgres:"));
    // What a killed run left is gone with the next; what runs stays.
    let stale = std::env::temp_dir().join("limbeck-postgres-left-by-a-test");
    fs::create_dir(&stale).expect("a folder");
    fs::write(stale.join("lock"), "").expect("a file");
    own_as(&stale, &first.folder);
    let second = cluster(&Settings::default()).expect("a second server");
    assert!(!stale.exists() && listens(first.port) && listens(second.port) && first.port != second.port);
    let (folder, port) = (first.folder.clone(), first.port);
    drop(first);
    assert!(!folder.exists() && !listens(port));
}

#[test]
fn slow_a_killed_run_leaves_no_server() {
    if cluster(&Settings::default()).is_none() {
        return;
    }
    let mut run = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "cluster::run_until_killed", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program");
    let output = BufReader::new(run.stdout.take().expect("its output"));
    let words: Vec<String> = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| Some(line.split_once("server at ")?.1.split(' ').map(str::to_owned).collect()))
        .expect("the line with the port");
    let (port, folder) = (words[0].parse().expect("a port"), Path::new(&words[1]));
    assert!(listens(port) && folder.exists());
    run.kill().expect("killed");
    run.wait().expect("ended");
    until("the server has ended", || !listens(port));
    until("its folder is gone", || !folder.exists());
}

#[test]
#[ignore = "the part of another test that runs in a process of its own"]
#[expect(clippy::print_stdout, reason = "read by the test that started it")]
fn run_until_killed() {
    let server = Cluster::start(&Settings::default()).expect("a server");
    println!("server at {} {}", server.port, server.folder.display());
    std::thread::sleep(Duration::from_secs(60));
}

#[cfg(unix)]
fn own_as(path: &Path, other: &Path) {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let other = fs::metadata(other).expect("its owner");
    chown(path, Some(other.uid()), Some(other.gid())).expect("chown");
}
