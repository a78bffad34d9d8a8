//! An environment and its database → a checklist: is everything ready for the next migration?
//!
//! In the order in which things go wrong: the files (from what `check` found), the URL and where it came from, the way to
//! the server, what the server tells. Each [`Line`] is handed out as it ends; one that fails carries its diagnostics, and
//! those behind it that make no sense without it are skipped with the reason.

pub mod drift;
pub mod pending;
pub mod uses;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::check::options::Options;
use crate::check::{EnvironmentSummary, run};
use crate::database::live::{self, Live, Pending};
use crate::database::server::Server;
use crate::database::target::{HostName, SslMode, Surroundings, Target};
use crate::database::trouble::{FileTrouble, Stage, Trouble};
use crate::database::{self, Looked};
use crate::diagnostic::{Diagnostic, Level};
use crate::project::sqlalchemy::url::{EngineUrl, UrlKind};
use crate::project::{Project, compose};
use crate::rules;
use crate::source::Span;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nothing is wrong.
    Ok,
    /// Something is worth a look.
    Warn,
    /// Something is wrong.
    Failed,
    /// It was not looked at.
    Skipped,
}

impl Ended {
    /// The word for people and for JSON.
    pub fn word(self) -> &'static str {
        match self {
            Ended::Ok => "ok",
            Ended::Warn => "warn",
            Ended::Failed => "FAIL",
            Ended::Skipped => "skip",
        }
    }
}

/// A check that has ended.
#[derive(Clone, Debug)]
pub struct Line {
    /// What was looked at: `login`.
    pub name: &'static str,
    /// How it ended.
    pub ended: Ended,
    /// What was found, in a few words.
    pub text: String,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// What the user asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// `--url`: instead of the one that env.py uses.
    pub url: Option<String>,
    /// `--offline`: the files only.
    pub offline: bool,
    /// `--timeout`: for all that goes over the network.
    pub timeout: Duration,
    /// The project on disk, absolute.
    pub root: PathBuf,
    /// What the driver would find around it.
    pub surroundings: Surroundings,
}

/// The checks of one environment.
pub struct Preflight<'a> {
    /// The project.
    pub project: &'a Project<'a>,
    /// The environment, by its place in [`Project::environments`].
    pub environment: usize,
    /// What `check` says of it.
    pub summary: &'a EnvironmentSummary,
    /// What `check` found in the project.
    pub found: &'a [Diagnostic],
    /// Which rules speak.
    pub options: &'a Options,
    /// What the user asked for.
    pub request: &'a Request,
}

/// The checks that need a session, and the rules that speak in each.
const OF_SERVER: &[(&str, &[&str])] = &[
    ("writable", &["database-read-only"]),
    (
        "revision",
        &["database-revision-unknown", "version-rows-overlap", "version-column-too-short", "database-not-at-head"],
    ),
    ("create", &["create-privilege-missing"]),
    ("owners", &["table-not-owned"]),
    ("extensions", &["extension-unavailable"]),
    ("indexes", &["invalid-index"]),
    ("constraints", &["constraint-not-validated"]),
    ("locks", &["blocking-session"]),
];

impl Preflight<'_> {
    /// Runs them. `say` hears of each as it ends.
    ///
    /// # Errors
    /// The URL can't be known from the files: in words.
    pub fn run(&self, say: &mut dyn FnMut(&Line)) -> Result<(), String> {
        for line in self.of_files() {
            say(&line);
        }
        let (url, place) = uses::url(self.project, self.environment, self.request)?;
        let mut wrong = self.of_family("config", is_about_url);
        if self.request.url.is_some() {
            wrong.clear();
        }
        if let Some(error) = &url.error {
            let text = format!("{}: {}", url.masked(), error.exception());
            say(&Line { name: "url", ended: Ended::Failed, text, diagnostics: wrong });
            say(&skipped("name, port, TLS, login, database", "the URL is none"));
            return Ok(());
        }
        say(&line("url", format!("{}{}", url.masked(), self.provenance(&url)), wrong));
        if self.request.offline {
            say(&skipped("name, port, TLS, login, database", "--offline"));
            return Ok(());
        }
        let target = match uses::target(self.project, self.environment, self.request, &url) {
            Ok(target) => target,
            Err(problem) => {
                say(&Line { name: "name", ended: Ended::Failed, text: problem, diagnostics: Vec::new() });
                return Ok(());
            }
        };
        self.of_database(&url, place, &target, say);
        Ok(())
    }

    /// What the files say, one line for each family of rules.
    fn of_files(&self) -> Vec<Line> {
        let environment = &self.project.environments[self.environment];
        let heads = self.summary.heads.len();
        let config = match (&self.summary.config, &self.summary.script_location) {
            (Some(config), Some(location)) => format!("{config}: script_location {location}"),
            (None, Some(location)) => format!("no configuration file; {location}"),
            (Some(config), None) => format!("{config}: no script_location"),
            (None, None) => "no configuration file".to_owned(),
        };
        let kind = if self.summary.is_async { "asynchronous engine" } else { "synchronous engine" };
        let driver = self.summary.driver.as_deref().map(|driver| format!(", driver {driver}")).unwrap_or_default();
        let script = match &environment.env_script {
            Some(_) => format!("{}: {kind}{driver}", self.summary.env_script.as_deref().unwrap_or("env.py")),
            None => "no env.py".to_owned(),
        };
        let count = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let models = format!("{} reachable from target_metadata", count(self.summary.models, "table"));
        let revisions = format!("{}, {}", count(self.summary.revisions, "revision"), count(heads, "head"));
        vec![
            line("config", config, self.of_family("config", |rule| !is_about_url(rule))),
            line("env.py", script, self.of_family("env", |_| true)),
            line("models", models, self.of_family("models", |_| true)),
            line("revisions", revisions, self.of_family("revisions", |_| true)),
        ]
    }

    /// What `check` found in this environment, of one family.
    fn of_family(&self, family: &str, wanted: impl Fn(&str) -> bool) -> Vec<Diagnostic> {
        let of = |rule: &str| rules::all().any(|(of, known)| of == family && known.name == rule);
        let is_ours = |found: &&Diagnostic| {
            found.environment.as_ref().is_none_or(|name| *name == self.summary.name)
                && found.level >= Level::Warning
                && of(found.rule)
                && wanted(found.rule)
        };
        self.found.iter().filter(is_ours).cloned().collect()
    }

    /// `, from backend/.env:3, used at migrations/env.py:18`
    fn provenance(&self, url: &EngineUrl) -> String {
        if self.request.url.is_some() {
            return ", from --url".to_owned();
        }
        let sources = self.project.sources;
        let place = |span: Span| format!("{}{}", sources.shown_from, sources.place(span));
        let mut text = match &url.provenance.kind {
            UrlKind::Variable(name) => format!(", from the environment variable {name}"),
            UrlKind::Default(name) => format!(", the default of {name} at {}", place(url.span)),
            UrlKind::Literal | UrlKind::DotEnv => format!(", from {}", place(url.span)),
        };
        if let Some(used) = url.provenance.chain.first().filter(|used| used.file != url.span.file) {
            text.push_str(&format!(", used at {}", place(*used)));
        }
        text
    }

    fn of_database(&self, url: &EngineUrl, place: Span, target: &Target, say: &mut dyn FnMut(&Line)) {
        let environment = &self.project.environments[self.environment];
        let looked = database::look(target, self.request.timeout);
        let compose = compose::read(self.project.sources, &environment.run_from);
        let pending = match &looked.server {
            Some(server) => {
                // What may not be read is not known to be empty.
                match live::version_table(server) {
                    Some(table) if !table.readable => Pending { is_open: true, ..Pending::default() },
                    table => {
                        let applied = table.map_or(&[][..], |table| &table.revisions);
                        pending::of(self.project, self.environment, applied)
                    }
                }
            }
            None => Pending::default(),
        };
        let changes = looked.server.as_ref().and_then(|server| {
            let applied = live::version_table(server).filter(|table| !table.revisions.is_empty())?;
            let (written, found) = uses::tables(self.project, self.environment, self.request).ok()?;
            drift::of_revisions(self.project, self.environment, &applied.revisions, &found, &written)
        });
        let live = Live {
            project: self.project,
            environment,
            url,
            place,
            target,
            timeout: self.request.timeout.as_secs_f64(),
            looked: &looked,
            compose: &compose,
            pending: &pending,
            changes: changes.as_deref(),
        };
        let stopped = self.rules(&["database-unreachable"], &live);
        self.way(target, &looked, stopped, say);
        let Some(server) = &looked.server else { return };
        for (name, rules) in OF_SERVER {
            match unanswered(server, name) {
                Some(why) => say(&skipped(name, why)),
                None => say(&line(name, of_server(name, &live, server), self.rules(rules, &live))),
            }
        }
        if live.changes.is_some() {
            say(&line(
                "drift",
                "the tables are as their revisions make them".to_owned(),
                self.rules(&["database-drift"], &live),
            ));
        }
        if let Some(sizes) = sizes(&live, server) {
            say(&line("sizes", sizes, Vec::new()));
        }
        if let Some(room) = server.connections.as_ref().filter(|room| room.limit > 0) {
            let role = room.role_limit.map(|limit| format!("; at most {limit} for this role")).unwrap_or_default();
            let text = format!("{} of {} are free{role}", room.left(), room.limit - room.reserved.min(room.limit));
            say(&line("connections", text, Vec::new()));
        }
    }

    fn rules(&self, names: &[&str], live: &Live<'_>) -> Vec<Diagnostic> {
        let rules = names.iter().filter_map(|name| rules::named(name));
        rules.flat_map(|rule| run::on_database(rule, live, self.options)).collect()
    }

    /// The way to the server: the steps that were made, and the one that was not.
    fn way(&self, target: &Target, looked: &Looked, stopped: Vec<Diagnostic>, say: &mut dyn FnMut(&Line)) {
        if target.dialect == "sqlite" {
            let file = target.database.as_deref().unwrap_or("in memory");
            let text = match (looked.furthest().map(|attempt| &attempt.trouble), &looked.server) {
                (Some(Trouble::File(FileTrouble::Missing)), _) => format!("{file} is made by the first migration"),
                (_, Some(_)) => file.to_owned(),
                _ => stopped.first().map(|found| found.message.clone()).unwrap_or_default(),
            };
            say(&line("database", text, stopped));
            match &looked.server {
                Some(server) => say(&line("server", format!("SQLite (read with {})", server.version), Vec::new())),
                None => say(&skipped("revision", "there is no database to look at")),
            }
            return;
        }
        let stage = match (&looked.reached, looked.furthest()) {
            (None, Some(attempt)) => Some(attempt.trouble.stage()),
            _ => None,
        };
        let milliseconds = format!(" [{:.0} ms]", looked.seconds * 1000.0);
        for (at, name) in [
            (Stage::Name, "name"),
            (Stage::Port, "port"),
            (Stage::Tls, "TLS"),
            (Stage::Login, "login"),
            (Stage::Database, "database"),
        ] {
            if stage == Some(at) {
                let mut failed = line(name, String::new(), stopped);
                failed.text.push_str(&milliseconds);
                say(&failed);
                let behind = ["name", "port", "TLS", "login", "database"];
                let behind = behind.into_iter().skip_while(|other| *other != name).skip(1);
                let behind: Vec<&str> = behind.chain(OF_SERVER.iter().map(|(name, _)| *name)).collect();
                say(&skipped(Box::leak(behind.join(", ").into_boxed_str()), "not reached"));
                return;
            }
            if looked.server.is_none() && looked.reached.is_some() && at == Stage::Tls {
                let why = format!("limbeck does not speak {}: name and port only", target.dialect);
                say(&skipped("login, database, revision", &why));
                return;
            }
            if let Some(text) = self.passed(at, target, looked) {
                say(&line(name, text, Vec::new()));
            }
        }
        if let Some(server) = &looked.server {
            let text = format!("{} {}{milliseconds}", server.product, server.version);
            say(&line("server", text, Vec::new()));
        }
    }

    /// What to say of a step that was made.
    fn passed(&self, stage: Stage, target: &Target, looked: &Looked) -> Option<String> {
        let reached = looked.reached.as_ref();
        let host = reached.map(|(host, _)| host).or(target.hosts.first())?;
        let server = looked.server.as_ref();
        let from = |what: &str| {
            let found = target.filled_in.iter().find(|(name, _)| *name == what);
            found.map(|(_, from)| format!(" (from {from})")).unwrap_or_default()
        };
        Some(match stage {
            Stage::Name => {
                let HostName::Tcp(name) = &host.name else { return None };
                match reached.and_then(|(_, address)| *address) {
                    Some(address) if address.ip().to_string() != *name => {
                        format!("{name} is {}{}", address.ip(), from("host"))
                    }
                    _ => format!("{name}{}", from("host")),
                }
            }
            Stage::Port => match &host.name {
                HostName::Socket(_) => format!("the socket in {host}{}", from("host")),
                HostName::Tcp(_) => format!("{}{}", host.port, from("port")),
            },
            Stage::Tls => match (server.map(|server| server.is_encrypted), target.tls.mode) {
                (Some(true), mode) if mode < SslMode::VerifyCa => {
                    "encrypted; the certificate is not looked at".to_owned()
                }
                (Some(true), mode) => format!("encrypted ({})", mode.word()),
                (Some(false), mode) => format!("not encrypted (sslmode={})", mode.word()),
                (None, _) => return None,
            },
            Stage::Login => format!("as {}{}", target.user.as_deref().unwrap_or_default(), from("user")),
            Stage::Database => format!("{}{}", server.map_or("", |server| &server.database), from("dbname")),
        })
    }
}

fn line(name: &'static str, text: String, diagnostics: Vec<Diagnostic>) -> Line {
    let loudest = diagnostics.iter().map(|found| found.level).max();
    let ended = match loudest {
        Some(Level::Error) => Ended::Failed,
        Some(Level::Warning) => Ended::Warn,
        _ => Ended::Ok,
    };
    let text = match diagnostics.first().filter(|_| ended != Ended::Ok) {
        Some(first) if diagnostics.len() == 1 => first.message.clone(),
        Some(first) => format!("{} (and {} more)", first.message, diagnostics.len() - 1),
        None => text,
    };
    Line { name, ended, text, diagnostics }
}

/// Does a rule of the family *config* speak of the URL rather than of the configuration?
fn is_about_url(rule: &str) -> bool {
    rule.starts_with("url-") || rule.starts_with("compose-") || rule == "sqlite-cannot-open"
}

fn skipped(name: &'static str, why: &str) -> Line {
    Line { name, ended: Ended::Skipped, text: why.to_owned(), diagnostics: Vec::new() }
}

/// The server did not say what a check needs.
fn unanswered<'s>(server: &'s Server, check: &str) -> Option<&'s str> {
    let question = match check {
        "writable" => "identity",
        "revision" => "version tables",
        "create" => "schemas",
        "owners" => "tables",
        "locks" => "locks",
        other => other,
    };
    server.unanswered.iter().find(|(what, _)| *what == question).map(|(_, why)| why.as_str())
}

/// What to say of a check at the server in which no rule speaks.
fn of_server(check: &str, live: &Live<'_>, server: &Server) -> String {
    let pending = live.pending;
    let open = if pending.is_open { "; what some of them touch can't be read" } else { "" };
    match check {
        "writable" => "takes changes".to_owned(),
        "revision" => {
            let to_come = match pending.revisions.len() {
                0 => "nothing to come".to_owned(),
                count => format!("{count} to come"),
            };
            match live.version_table() {
                None => format!("no alembic_version yet: nothing was migrated here; {to_come}"),
                Some(table) if !table.readable => format!("`{}` may not be read by `{}`", table.name, server.user),
                Some(table) if table.revisions.is_empty() => format!("`{}` is empty; {to_come}", table.name),
                Some(table) => format!("at {}; {to_come}", table.revisions.join(", ")),
            }
        }
        "create" => format!("{} to make{open}", count(pending.made.len(), "table")),
        "owners" => format!("{} to alter{open}", count(pending.altered.len(), "table")),
        "extensions" => match pending.extensions.len() {
            0 => "none needed".to_owned(),
            _ => pending.extensions.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "),
        },
        "indexes" => "all valid".to_owned(),
        "constraints" => match server.not_validated.len() {
            0 => "all validated".to_owned(),
            more => format!("{} not validated", count(more, "constraint")),
        },
        "locks" if server.product != "PostgreSQL" => "not looked at".to_owned(),
        "locks" => {
            let hidden = server.holders.iter().any(|holder| holder.seconds.is_none());
            match (server.sees_all_sessions, hidden) {
                (false, true) => "others hold locks, since when is hidden: GRANT pg_read_all_stats shows it".to_owned(),
                (false, false) => {
                    "none in the way (what other roles run is hidden: GRANT pg_read_all_stats)".to_owned()
                }
                (true, _) => "none in the way".to_owned(),
            }
        }
        _ => String::new(),
    }
}

fn count(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// The largest of the tables that pending revisions alter.
fn sizes(live: &Live<'_>, server: &Server) -> Option<String> {
    let mut tables: Vec<_> = live
        .pending
        .touched()
        .filter_map(|(table, _)| server.table(table.schema.as_deref(), &table.name).map(|facts| (table, facts)))
        .collect();
    if server.product == "SQLite" {
        return None;
    }
    tables.sort_by_key(|(_, facts)| std::cmp::Reverse(facts.bytes));
    let shown: Vec<String> = tables
        .iter()
        .take(3)
        .map(|(table, facts)| match facts.rows {
            Some(rows) => format!("{table} about {rows} rows, {}", bytes(facts.bytes)),
            None => format!("{table} {}", bytes(facts.bytes)),
        })
        .collect();
    (!shown.is_empty()).then(|| shown.join("; "))
}

fn bytes(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.0} {}", units[unit])
}

/// The directory of a project, absolute, as the request wants it.
pub fn absolute_root(root: &Path) -> PathBuf {
    std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned())
}
