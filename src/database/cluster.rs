//! A PostgreSQL server of our own, for as long as it is needed: [`Cluster::start`] makes one in a temporary folder with
//! the `initdb` and `postgres` that are installed, and nothing of it is left when the [`Cluster`] goes.
//!
//! It listens on a free port of the loopback address and on a socket in its folder, and wants a password that is made
//! for it. Where the process ends without cleaning up (Ctrl-C, a kill), the folder's caretaker stops the server: see
//! [`Scratch`].

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::scratch::{Scratch, User, hand_over, run_as};

/// How the folders are called; what follows is random.
const PREFIX: &str = "limbeck-postgres-";
/// A server that is not up by then never will be.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server is to be like. [`Settings::default`] is quick and forgets everything.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The name of the first role, a superuser; `None`: `postgres`.
    pub superuser: Option<String>,
    /// Lines of postgresql.conf: (`max_connections`, `20`).
    pub settings: Vec<(String, String)>,
    /// The lines of pg_hba.conf; `None`: a password for everybody, from everywhere.
    pub access: Option<String>,
    /// The folder with `initdb` and `postgres`; `None`: the one that [`programs`] finds.
    pub programs: Option<PathBuf>,
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Cluster {
    /// The port, on 127.0.0.1 and in the name of the socket.
    pub port: u16,
    /// The superuser.
    pub superuser: String,
    /// The superuser's password.
    pub password: String,
    /// Holds everything: `data`, the socket, the log.
    pub folder: PathBuf,
    programs: PathBuf,
    user: Option<User>,
    server: Child,
    _scratch: Scratch,
}

/// How a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It waits for its clients to go, and lets no other in.
    Smart,
    /// It disconnects its clients.
    Fast,
    /// At once, as in a crash.
    Immediate,
}

impl Cluster {
    /// Makes a server and waits until it takes connections.
    ///
    /// # Errors
    /// PostgreSQL isn't installed, or doesn't start: in words, with what it said.
    pub fn start(settings: &Settings) -> Result<Cluster, String> {
        if !cfg!(unix) {
            return Err("throw-away PostgreSQL servers are made on Unix only".to_owned());
        }
        let programs = match &settings.programs {
            Some(programs) => programs.clone(),
            None => programs().ok_or("PostgreSQL's `initdb` is neither on PATH nor in the usual places")?,
        };
        let user = User::unless_we_are_one()?;
        let stop = |folder: &Path| -> Vec<OsString> {
            let data = folder.join("data");
            vec![
                programs.join("pg_ctl").into(),
                "stop".into(),
                "-s".into(),
                "-m".into(),
                "immediate".into(),
                "-D".into(),
                data.into(),
            ]
        };
        let scratch = Scratch::make(PREFIX, user.as_ref(), &stop)?;
        let folder = scratch.folder.clone();
        let superuser = settings.superuser.clone().unwrap_or_else(|| "postgres".to_owned());
        let password = random_word().map_err(|error| format!("no random password: {error}"))?;
        initialise(&programs, user.as_ref(), &folder, &superuser, &password)?;
        configure(&folder, settings)?;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (port, mut server) = free_port()
                .and_then(|port| Ok((port, run_server(&programs, user.as_ref(), &folder, port)?)))
                .map_err(|error| format!("can't start PostgreSQL: {error}"))?;
            match wait_until_up(&mut server, &folder) {
                Ok(()) => {
                    return Ok(Cluster {
                        port,
                        superuser,
                        password,
                        folder,
                        programs,
                        user,
                        server,
                        _scratch: scratch,
                    });
                }
                // Somebody else took the port between our look and the server's.
                Err(said) if attempt < 4 && said.contains("Address already in use") => {}
                Err(said) => return Err(format!("PostgreSQL doesn't start: {said}")),
            }
        }
    }

    /// The URL of one of its databases, password and all; `driver` as in `postgresql+driver://`.
    pub fn url(&self, driver: Option<&str>, database: &str) -> String {
        let plus = if driver.is_some() { "+" } else { "" };
        format!(
            "postgresql{plus}{}://{}:{}@127.0.0.1:{}/{database}",
            driver.unwrap_or(""),
            self.superuser,
            self.password,
            self.port
        )
    }

    /// The folder of the socket, which is what a client calls the host.
    pub fn socket_folder(&self) -> &Path {
        &self.folder
    }

    /// The folder with the databases, postgresql.conf and pg_hba.conf.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What the server wrote to its log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Runs SQL as the superuser, with `psql`: what it prints, unaligned and without heads.
    ///
    /// # Errors
    /// What the server said.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut psql = self.command("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h"]).arg(&self.folder);
        psql.args(["-p", &self.port.to_string(), "-U", &self.superuser, "-d", database, "-c", sql]);
        psql.env("PGPASSWORD", &self.password);
        said(psql.output()).map(|text| text.trim_end().to_owned())
    }

    /// A program of this PostgreSQL (`psql`, `pg_dump`, `pg_basebackup`), as the user who runs the server.
    pub fn command(&self, program: &str) -> Command {
        command(&self.programs, program, self.user.as_ref(), &self.folder)
    }

    /// Reads pg_hba.conf and postgresql.conf again.
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn reload(&self) -> Result<(), String> {
        let mut reload = self.command("pg_ctl");
        said(reload.arg("reload").arg("-D").arg(self.data()).output()).map(|_| ())
    }

    /// Asks the server to end, and doesn't wait for it.
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn stop(&self, how: Stop) -> Result<(), String> {
        let how = match how {
            Stop::Smart => "smart",
            Stop::Fast => "fast",
            Stop::Immediate => "immediate",
        };
        let mut stop = self.command("pg_ctl");
        said(stop.args(["stop", "-W", "-m", how, "-D"]).arg(self.data()).output()).map(|_| ())
    }

    fn end_server(&mut self) {
        let _ = self.stop(Stop::Immediate);
        let asked = Instant::now();
        while matches!(self.server.try_wait(), Ok(None)) {
            if asked.elapsed() > Duration::from_secs(5) {
                let _ = self.server.kill();
                let _ = self.server.wait();
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end_server();
    }
}

fn wait_until_up(server: &mut Child, folder: &Path) -> Result<(), String> {
    let log = || fs::read_to_string(folder.join("log")).unwrap_or_default().trim().to_owned();
    let started = Instant::now();
    loop {
        // The last line of its file says so, as pg_ctl reads it.
        let file = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
        if matches!(file.lines().nth(7).map(str::trim), Some("ready" | "standby")) {
            return Ok(());
        }
        if server.try_wait().map_err(|error| error.to_string())?.is_some() {
            return Err(log());
        }
        if started.elapsed() > PATIENCE {
            let _ = server.kill();
            let _ = server.wait();
            return Err(format!("not up after {} s\n{}", PATIENCE.as_secs(), log()));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The folder with `initdb` and `postgres`: that of the `initdb` on PATH, else the newest of the usual places.
pub fn programs() -> Option<PathBuf> {
    let has_all = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find_map(|folder| {
        // A link on PATH may be the only one of its kind there.
        let real = fs::canonicalize(folder.join("initdb")).ok()?;
        real.parent().map(Path::to_owned).filter(has_all)
    });
    on_path.or_else(|| {
        let mut found: Vec<(u32, PathBuf)> = USUAL_PLACES
            .iter()
            .flat_map(|(parent, inside)| {
                let entries = fs::read_dir(parent).into_iter().flatten().flatten();
                entries.map(move |entry| (version_in(&entry.file_name().to_string_lossy()), entry.path().join(inside)))
            })
            .filter(|(_, folder)| has_all(folder))
            .collect();
        found.sort();
        found.pop().map(|(_, folder)| folder)
    })
}

/// Where distributions and installers put PostgreSQL: a folder with one folder per version, and what follows in it.
const USUAL_PLACES: &[(&str, &str)] = &[
    ("/usr/lib/postgresql", "bin"),
    ("/usr/local", "bin"),
    ("/usr", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
    ("/Library/PostgreSQL", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "bin"),
];

/// The 15 of `15`, `pgsql-15` and `postgresql@15`.
fn version_in(name: &str) -> u32 {
    let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap_or(0)
}

/// A program, with nothing of our environment that would change what it does.
fn command(programs: &Path, program: &str, user: Option<&User>, folder: &Path) -> Command {
    let mut command = Command::new(programs.join(program));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("PG") || name.starts_with("LC_") || name == "LANG" || name == "LANGUAGE" {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C").env("HOME", folder).current_dir(folder).stdin(Stdio::null());
    run_as(&mut command, user);
    command
}

/// What a program printed, or what it complained of.
fn said(output: io::Result<Output>) -> Result<String, String> {
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

/// `initdb`.
fn initialise(
    programs: &Path,
    user: Option<&User>,
    folder: &Path,
    superuser: &str,
    password: &str,
) -> Result<(), String> {
    let file = folder.join("password");
    let write = || {
        fs::write(&file, format!("{password}\n"))?;
        hand_over(&file, user)
    };
    write().map_err(|error: io::Error| format!("can't write into {}: {error}", folder.display()))?;
    let mut initdb = command(programs, "initdb", user, folder);
    initdb.args(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--username", superuser]);
    initdb.arg("--pwfile").arg(&file).arg("--pgdata").arg(folder.join("data"));
    let made = said(initdb.output()).map_err(|error| format!("`initdb` failed: {error}"));
    let _ = fs::remove_file(&file);
    made.map(|_| ())
}

/// postgresql.conf and pg_hba.conf.
fn configure(folder: &Path, settings: &Settings) -> Result<(), String> {
    let quick = [
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", &*folder.to_string_lossy()),
        ("fsync", "off"),
        ("synchronous_commit", "off"),
        ("full_page_writes", "off"),
        ("autovacuum", "off"),
        ("max_connections", "40"),
        ("shared_buffers", "16MB"),
        ("log_destination", "stderr"),
        ("logging_collector", "off"),
    ];
    let own = settings.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let lines: String = quick
        .into_iter()
        .chain(own)
        .map(|(name, value)| format!("{name} = '{}'\n", value.replace('\'', "''")))
        .collect();
    let append = || {
        let data = folder.join("data");
        fs::OpenOptions::new().append(true).open(data.join("postgresql.conf"))?.write_all(lines.as_bytes())?;
        settings.access.as_ref().map_or(Ok(()), |access| fs::write(data.join("pg_hba.conf"), access))
    };
    append().map_err(|error: io::Error| format!("can't configure PostgreSQL: {error}"))
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn run_server(programs: &Path, user: Option<&User>, folder: &Path, port: u16) -> io::Result<Child> {
    let log = File::create(folder.join("log"))?;
    let mut server = command(programs, "postgres", user, folder);
    server.arg("-D").arg(folder.join("data")).args(["-p", &port.to_string()]);
    server.stdout(log.try_clone()?).stderr(log).spawn()
}

/// Letters and digits that nobody can guess.
fn random_word() -> io::Result<String> {
    let mut bytes = [0; 24];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 64)])).collect())
}
