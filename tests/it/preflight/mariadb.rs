//! MariaDB, a server of our own: faults, and its tables.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::world::{Held, PASSWORD, free_port, project};
use super::{Fault, each};

struct Server {
    port: u16,
    socket: PathBuf,
    _server: Held,
}

/// A server on a free port; `None` with a word where MariaDB isn't installed. With `CI` set it must be.
fn server(folder: &std::path::Path) -> Option<Server> {
    let program = ["/usr/sbin/mariadbd", "/usr/local/sbin/mariadbd", "/usr/bin/mariadbd"];
    let Some(program) = program.iter().find(|path| std::path::Path::new(path).is_file()) else {
        assert!(std::env::var_os("CI").is_none(), "MariaDB is installed");
        eprintln!("skipped: MariaDB is not installed here");
        return None;
    };
    let data = folder.join("maria");
    let made = Command::new("mariadb-install-db")
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
        .arg(format!("--datadir={}", data.display()))
        .args(if fs::metadata("/root").is_ok() { &["--user=root"][..] } else { &[][..] })
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(made.is_ok_and(|status| status.success()), "mariadb-install-db");
    let (port, socket) = (free_port(), folder.join("maria.sock"));
    let mut server = Command::new(program);
    server.args(["--no-defaults", "--bind-address=127.0.0.1", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0"]);
    server.arg(format!("--datadir={}", data.display())).arg(format!("--port={port}"));
    server.arg(format!("--socket={}", socket.display())).arg("--user=root");
    server.stdout(Stdio::null()).stderr(fs::File::create(folder.join("maria.log")).expect("a file"));
    let server = Held(server.spawn().expect("mariadbd"));
    let server = Server { port, socket, _server: server };
    let started = Instant::now();
    while server.sql("select 1").is_err() {
        let log = fs::read_to_string(folder.join("maria.log")).unwrap_or_default();
        assert!(started.elapsed() < Duration::from_secs(40), "MariaDB is up\n{log}");
        std::thread::sleep(Duration::from_millis(100));
    }
    Some(server)
}

impl Server {
    fn sql(&self, sql: &str) -> Result<(), String> {
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "-uroot"]).arg(format!("--socket={}", self.socket.display()));
        let output = client.args(["-e", sql]).output().map_err(|error| error.to_string())?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }
}

#[test]
fn slow_faults_at_mariadb_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(server) = server(folder.path()) else { return };
    project(&folder.path().join("plain"), false);
    project(&folder.path().join("long"), true);
    for sql in [
        "create database ready; create database private; create database old",
        &format!(
            "create user app@'%' identified by '{PASSWORD}'; create user app@localhost identified by '{PASSWORD}'"
        ),
        &format!("create user looker@localhost identified by '{PASSWORD}'; grant select on old.* to looker@localhost"),
        "grant all on ready.* to app@localhost; grant all on old.* to app@localhost",
        "create table ready.customer (id int primary key auto_increment, name varchar(20) not null default 'x', unique key uq (name), key ix (id, name)) comment 'who buys'",
        "create table ready.bill (id bigint unsigned primary key, customer_id int, foreign key fk_bill (customer_id) references ready.customer (id) on delete cascade)",
        "create table ready.alembic_version (version_num varchar(32) not null primary key); insert into ready.alembic_version values ('b2')",
        "create table old.alembic_version (version_num varchar(32) not null primary key); insert into old.alembic_version values ('a1')",
    ] {
        server.sql(sql).unwrap_or_else(|said| panic!("{sql}\n{said}"));
    }
    let url =
        |user: &str, database: &str| format!("mysql+pymysql://{user}:{PASSWORD}@127.0.0.1:{}/{database}", server.port);
    let socket = server.socket.display();
    each(
        folder.path(),
        &[
            Fault::of("healthy", url("app", "ready"), &["MariaDB 10.", "at b2; nothing to come"]).ends(0),
            Fault::of("socket", format!("mysql+pymysql://app:{PASSWORD}@/ready?unix_socket={socket}"), &["at b2"])
                .ends(0),
            Fault::of(
                "no socket",
                "mysql+pymysql://app@/ready?unix_socket=/nonexistent",
                &["there is no socket /nonexistent"],
            ),
            Fault::of(
                "refused",
                format!("mysql+pymysql://app@127.0.0.1:{}/x", free_port()),
                &["nothing listens on 127.0.0.1"],
            ),
            Fault::of(
                "wrong password",
                format!("mysql+pymysql://app:not-the-password@127.0.0.1:{}/ready", server.port),
                &["FAIL  login", "the password of `app` is refused", "Access denied"],
            ),
            Fault::of("no such database", url("app", "nowhere"), &["FAIL  database"]),
            Fault::of(
                "no right on the database",
                url("app", "private"),
                &["`app` may not use the database `private`", "GRANT ALL ON `private`"],
            ),
            Fault::of("not at head", url("app", "old"), &["note[database-not-at-head]", "at `a1`"]).ends(0),
            Fault::of(
                "no CREATE",
                url("looker", "old"),
                &["error[create-privilege-missing]", "may not create in the database `old`"],
            ),
            Fault::of("length", url("app", "ready"), &["error[version-column-too-short]"]).on("long"),
            Fault::of(
                "PostgreSQL meant",
                format!("postgresql://app:{PASSWORD}@127.0.0.1:{}/ready", server.port),
                &["MariaDB (10.", "not PostgreSQL"],
            ),
        ],
    );
    let mut schema = Command::new(env!("CARGO_BIN_EXE_limbeck"));
    schema.args(["schema", "--from", "database", "--format", "json", "--url", &url("app", "ready")]);
    let output = schema.current_dir(folder.path().join("plain")).output().expect("limbeck runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && !text.contains(PASSWORD), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let tables = value["schemas"][0]["tables"].as_array().expect("tables");
    let table = |name: &str| tables.iter().find(|table| table["name"] == name).expect("the table");
    assert_eq!(table("customer")["columns"][0]["autoincrement"], true);
    assert_eq!(table("customer")["columns"][1]["type"], "VARCHAR(20)");
    assert_eq!(table("customer")["comment"], "who buys");
    assert_eq!(table("bill")["foreign_keys"][0]["ondelete"], "CASCADE");
    assert_eq!(table("bill")["foreign_keys"][0]["target_table"], "customer");
    assert_eq!(value["schemas"][0]["dialect"], "mysql");
}
