//! The servers that the faults are staged on, and the project that wants to migrate them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use limbeck::database::cluster::{Cluster, Settings};
use tempfile::TempDir;

use crate::cluster::cluster;

pub const PASSWORD: &str = "swordfish-of-app";

/// A child that is killed at the end.
pub struct Held(pub Child);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub struct World {
    pub main: Cluster,
    pub folder: TempDir,
    pub certificates: PathBuf,
    /// Sessions and further servers.
    held: Vec<Held>,
}

const ACCESS: &str = "\
local all postgres scram-sha-256
local all peered peer
host all rejected 127.0.0.1/32 reject
hostssl all encrypted 127.0.0.1/32 scram-sha-256
host all ghost 127.0.0.1/32 trust
host all postgres,app,other,nologin,limited,readonly,unknown 127.0.0.1/32 scram-sha-256
host replication postgres 127.0.0.1/32 scram-sha-256
local replication postgres scram-sha-256
";

impl World {
    /// Every role, database and certificate; `None` where there is no PostgreSQL.
    pub fn make() -> Option<World> {
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let settings = Settings {
            settings: vec![setting("wal_level", "replica"), setting("max_prepared_transactions", "2")],
            access: Some(ACCESS.to_owned()),
            ..Settings::default()
        };
        let main = cluster(&settings)?;
        let folder = tempfile::tempdir().expect("a folder");
        project(&folder.path().join("plain"), false);
        project(&folder.path().join("long"), true);
        let certificates = main.folder.join("certificates");
        let world = World { main, folder, certificates, held: Vec::new() };
        world.roles();
        world.databases();
        world.certify();
        Some(world)
    }

    fn roles(&self) {
        let roles = format!(
            "create role app login password '{PASSWORD}'; create role other login password '{PASSWORD}';
             create role nologin nologin password '{PASSWORD}'; create role limited login password '{PASSWORD}' connection limit 1;
             create role readonly login password '{PASSWORD}'; alter role readonly set default_transaction_read_only = on;
             create role rejected login; create role noentry login password '{PASSWORD}'; create role peered login;
             create role encrypted login password '{PASSWORD}' in role app"
        );
        self.sql("postgres", &roles);
    }

    fn databases(&self) {
        // Names say what is wrong with them.
        for name in [
            "ready",
            "changed",
            "at_a1",
            "at_b2",
            "noconnect",
            "noallow",
            "unknown",
            "overlap",
            "readonly",
            "nocreate",
            "empty",
        ] {
            self.sql("postgres", &format!("create database {name}"));
            let owner = if name == "nocreate" { "postgres" } else { "app" };
            self.sql("postgres", &format!("alter database {name} owner to {owner}"));
        }
        // As the revisions make them.
        let first = "set role app; create table customer (id serial primary key, name varchar)";
        let second = "set role app; alter table customer add phone varchar; create table audit (id serial primary key)";
        for (name, version) in [
            ("ready", "b2"),
            ("changed", "b2"),
            ("at_a1", "a1"),
            ("at_b2", "b2"),
            ("unknown", "deadbeef"),
            ("readonly", "a1"),
        ] {
            self.sql(name, first);
            if version == "b2" {
                self.sql(name, second);
            }
            self.stamp(name, &[version]);
        }
        self.sql("changed", "alter table customer add note text; alter table customer alter name set not null");
        self.sql("overlap", first);
        self.stamp("overlap", &["a1", "b2"]);
        self.sql("nocreate", "create table customer (id int primary key); grant all on customer to app");
        self.sql(
            "nocreate",
            "create table alembic_version (version_num varchar(32)); insert into alembic_version values ('a1');
             grant select on alembic_version to app",
        );
        self.sql(
            "postgres",
            "revoke connect on database noconnect from public; alter database noconnect owner to postgres",
        );
        self.sql("postgres", "revoke connect on database noconnect from app");
        self.sql("postgres", "alter database noallow allow_connections false");
        self.sql("postgres", "alter database readonly set default_transaction_read_only = on");
        // What a failed CREATE INDEX CONCURRENTLY and a careful migration leave.
        self.sql("at_b2", "set role app; create table twice (x int); insert into twice values (1), (1)");
        let failed = self.main.sql("at_b2", "create unique index concurrently ix_twice on twice (x)");
        assert!(failed.is_err());
        self.sql("at_b2", "alter table twice add constraint positive check (x > 1) not valid");
    }

    fn stamp(&self, database: &str, revisions: &[&str]) {
        self.sql(database, "set role app; create table alembic_version (version_num varchar(32) not null)");
        for revision in revisions {
            self.sql(database, &format!("insert into alembic_version values ('{revision}')"));
        }
    }

    pub fn sql(&self, database: &str, sql: &str) {
        self.main.sql(database, sql).unwrap_or_else(|said| panic!("{database}: {sql}\n{said}"));
    }

    /// An authority, a certificate for db.example.test that it signed, and one that signed itself; TLS is on then.
    fn certify(&self) {
        let run = |arguments: &str| {
            let mut openssl = self.main.command("/usr/bin/openssl");
            openssl.args(arguments.split(' ')).stdout(Stdio::null()).stderr(Stdio::piped());
            let output = openssl.output().expect("openssl is installed");
            assert!(output.status.success(), "{arguments}\n{}", String::from_utf8_lossy(&output.stderr));
        };
        let write = |name: &str, text: &str| {
            let mut tee = self.main.command("/usr/bin/tee");
            tee.arg(name).stdin(Stdio::piped()).stdout(Stdio::null());
            let mut tee = tee.spawn().expect("tee");
            tee.stdin.take().expect("piped").write_all(text.as_bytes()).expect("written");
            assert!(tee.wait().expect("ends").success());
        };
        let mut mkdir = self.main.command("/bin/mkdir");
        assert!(mkdir.arg("certificates").status().expect("mkdir").success());
        write("certificates/names", "subjectAltName=DNS:db.example.test\nbasicConstraints=CA:FALSE\n");
        write("certificates/nonsense.crt", "no certificate\n");
        run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=authority -keyout certificates/ca.key -out certificates/ca.crt",
        );
        run(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=stranger -keyout certificates/stranger.key -out certificates/stranger.crt",
        );
        run(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=db.example.test -keyout data/server.key -out certificates/server.csr",
        );
        run(
            "x509 -req -in certificates/server.csr -CA certificates/ca.crt -CAkey certificates/ca.key -CAcreateserial -days 30 -extfile certificates/names -out data/server.crt",
        );
        self.sql("postgres", "alter system set ssl = on");
        self.main.reload().expect("reloaded");
        let started = Instant::now();
        while self.main.sql("postgres", "show ssl").as_deref() != Ok("on") {
            assert!(started.elapsed() < Duration::from_secs(10), "TLS is on\n{}", self.main.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A certificate's path.
    pub fn certificate(&self, name: &str) -> String {
        self.certificates.join(name).display().to_string()
    }

    /// The URL of a role and a database.
    pub fn url(&self, user: &str, database: &str) -> String {
        self.at(self.main.port, user, database)
    }

    pub fn at(&self, port: u16, user: &str, database: &str) -> String {
        format!("postgresql+psycopg://{user}:{PASSWORD}@127.0.0.1:{port}/{database}")
    }

    /// A session that does `sql` and stays.
    pub fn hold(&mut self, port: u16, user: &str, database: &str, sql: &str) {
        let mut psql = self.main.command("psql");
        psql.args(["-X", "-q", "-h", "127.0.0.1", "-p", &port.to_string(), "-U", user, "-d", database]);
        psql.env("PGPASSWORD", if user == "postgres" { &self.main.password } else { PASSWORD });
        let mut psql = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("psql");
        let mut input = psql.stdin.take().expect("piped");
        input.write_all(format!("{sql};\n\\echo here\n").as_bytes()).expect("written");
        let mut said = [0; 5];
        psql.stdout.as_mut().expect("piped").read_exact(&mut said).expect("the session is there");
        psql.stdin = Some(input);
        self.held.push(Held(psql));
    }

    /// A copy of the server, with these settings and files, on a port of its own.
    pub fn copy(&mut self, name: &str, settings: &[&str], files: &[&str]) -> u16 {
        let port = free_port();
        let mut backup = self.main.command("pg_basebackup");
        backup.args(["-h"]).arg(&self.main.folder).args(["-p", &self.main.port.to_string(), "-U", "postgres"]);
        backup.args(["-c", "fast", "-X", "fetch", "-D", name]).env("PGPASSWORD", &self.main.password);
        let output = backup.output().expect("pg_basebackup");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for file in files {
            assert!(
                self.main.command("/usr/bin/touch").arg(format!("{name}/{file}")).status().expect("touch").success()
            );
        }
        let mut server = self.main.command("postgres");
        server.args(["-D", name, "-p", &port.to_string(), "-c", "ssl=off"]);
        settings.iter().for_each(|setting| {
            server.args(["-c", setting]);
        });
        server.stdout(Stdio::null()).stderr(Stdio::null());
        self.held.push(Held(server.spawn().expect("postgres")));
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "the copy {name} listens");
            std::thread::sleep(Duration::from_millis(20));
        }
        port
    }

    /// Everything that the catalogue of every database says.
    pub fn dump(&self) -> String {
        let mut dump = self.main.command("pg_dumpall");
        dump.args(["-h"]).arg(&self.main.folder).args(["-p", &self.main.port.to_string(), "-U", "postgres"]);
        let output = dump.env("PGPASSWORD", &self.main.password).output().expect("pg_dumpall");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter(|line| !line.starts_with("\\"))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// Somebody who listens, and answers the first words with these (`None`: never).
pub fn peer(answer: Option<&'static [u8]>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("a port").port();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for mut stream in listener.incoming().flatten() {
            match answer {
                Some([]) => {}
                Some(answer) => {
                    let _ = stream.set_read_timeout(Some(Duration::from_millis(300)));
                    let _ = stream.read(&mut [0; 512]);
                    let _ = stream.write_all(answer);
                    kept.push(stream);
                }
                None => kept.push(stream),
            }
        }
    });
    port
}

const INI: &str = "[alembic]\nscript_location = migrations\nprepend_sys_path = .\nsqlalchemy.url = postgresql+psycopg://app@localhost/shop\n";
const ENV: &str = "\
import os

from alembic import context
from sqlalchemy import create_engine, pool

from models import Base

target_metadata = Base.metadata
url = os.environ.get(\"DATABASE_URL\") or context.config.get_main_option(\"sqlalchemy.url\")

if context.is_offline_mode():
    context.configure(url=url, target_metadata=target_metadata)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()
";
const MODELS: &str = "\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = \"customer\"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    phone: Mapped[str | None]


class Audit(Base):
    __tablename__ = \"audit\"

    id: Mapped[int] = mapped_column(primary_key=True)
";

/// alembic.ini, env.py, models, two revisions; a third with a long id that needs an extension.
pub fn project(folder: &Path, is_long: bool) {
    let versions = folder.join("migrations/versions");
    fs::create_dir_all(&versions).expect("a folder");
    let revision = |id: &str, down: &str, body: &str| {
        let text = format!(
            "\"\"\"{id}\"\"\"\nfrom alembic import op\nimport sqlalchemy as sa\n\nrevision = \"{id}\"\ndown_revision = {down}\n\
             branch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n{body}\n\n\ndef downgrade():\n    pass\n"
        );
        fs::write(versions.join(format!("{id}.py")), text).expect("a file");
    };
    revision(
        "a1",
        "None",
        "    op.create_table(\"customer\", sa.Column(\"id\", sa.Integer(), primary_key=True), sa.Column(\"name\", sa.String()))",
    );
    revision(
        "b2",
        "\"a1\"",
        "    op.add_column(\"customer\", sa.Column(\"phone\", sa.String()))\n    op.create_table(\"audit\", sa.Column(\"id\", sa.Integer(), primary_key=True))",
    );
    if is_long {
        revision(
            "20260101_a_revision_with_a_very_long_id",
            "\"b2\"",
            "    op.execute(\"CREATE EXTENSION IF NOT EXISTS vector\")\n    op.execute(\"CREATE EXTENSION file_fdw\")",
        );
    }
    for (path, text) in [
        ("alembic.ini", INI),
        ("models.py", MODELS),
        ("migrations/env.py", ENV),
        (
            "migrations/script.py.mako",
            "\"\"\"${message}\"\"\"\n${imports if imports else \"\"}\nrevision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\nbranch_labels = ${repr(branch_labels)}\ndepends_on = ${repr(depends_on)}\n\n\ndef upgrade():\n    ${upgrades if upgrades else \"pass\"}\n\n\ndef downgrade():\n    ${downgrades if downgrades else \"pass\"}\n",
        ),
        ("requirements.txt", "sqlalchemy==2.0.36\nalembic==1.14.0\npsycopg==3.2.3\n"),
    ] {
        fs::write(folder.join(path), text).expect("a file");
    }
}
