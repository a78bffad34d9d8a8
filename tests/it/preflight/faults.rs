//! The table of faults at PostgreSQL and SQLite.

use std::fs;

use super::world::{World, free_port, peer};
use super::{Fault, each};

#[test]
fn slow_faults_at_postgresql_are_named() {
    let Some(mut world) = World::make() else { return };
    let mut faults = on_the_way();
    faults.extend(at_the_door(&world));
    faults.extend(inside(&mut world));
    faults.extend(healthy(&world));
    faults.extend(other_servers(&mut world));
    let before = world.dump();
    each(world.folder.path(), &faults);
    assert_eq!(before, world.dump(), "the server is as it was");
    assert!(faults.len() > 40, "{}", faults.len());
}

#[test]
fn slow_a_healthy_server_is_quick() {
    let Some(world) = World::make() else { return };
    let said = super::preflight(&world.folder.path().join("plain"), &["--url", &world.url("app", "ready")], &[]);
    assert_eq!(said.code, Some(0), "{}", said.full);
    assert!(said.full.contains("Ready: all "), "{}", said.full);
    // The development profile on a busy machine; the figure of the release is in the closing note.
    assert!(said.took.as_millis() < 1500, "{:?}", said.took);
}

/// Before any server speaks.
fn on_the_way() -> Vec<Fault> {
    let at = |port: u16| format!("postgresql+psycopg://app:not-the-password@127.0.0.1:{port}/ready");
    let port = free_port();
    let silent = peer(None);
    vec![
        Fault::of(
            "refused, IPv4",
            at(port),
            &["error[database-unreachable]", &format!("nothing listens on 127.0.0.1:{port}")],
        ),
        Fault::of(
            "refused, IPv6",
            format!("postgresql://app@[::1]:{port}/x"),
            &["FAIL  port", &format!("[::1]:{port}")],
        ),
        Fault::of(
            "refused, localhost",
            format!("postgresql://app@localhost:{port}/x"),
            &[&format!("nothing listens on localhost:{port}")],
        ),
        Fault::of(
            "no socket",
            "postgresql://app@/x?host=/nonexistent",
            &["there is no socket /nonexistent/.s.PGSQL.5432"],
        ),
        Fault::of(
            "no such name",
            "postgresql://app:not-the-password@no-such-host.invalid/x",
            &["FAIL  name", "`no-such-host.invalid` does not resolve from this machine"],
        ),
        Fault::of("silent peer", at(silent), &["takes the connection and says nothing within 2 s"]),
        Fault::of(
            "silent peer, no TLS",
            at(silent) + "?sslmode=disable",
            &["takes the connection and says nothing within 2 s"],
        ),
        Fault::of(
            "HTTP",
            at(peer(Some(b"HTTP/1.1 400 Bad Request\r\n\r\n"))),
            &["an HTTP server listens on 127.0.0.1"],
        ),
        Fault::of(
            "HTTP, no TLS",
            at(peer(Some(b"HTTP/1.1 400 Bad Request\r\n\r\n"))) + "?sslmode=disable",
            &["an HTTP server listens on 127.0.0.1"],
        ),
        Fault::of("SSH", at(peer(Some(b"SSH-2.0-OpenSSH_9.2\r\n"))), &["an SSH server listens on"]),
        Fault::of(
            "MySQL",
            at(peer(Some(b"Y\0\0\0\n8.0.36\0abcdefgh"))),
            &["MySQL (8.0.36) listens on", "not PostgreSQL"],
        ),
        Fault::of("Redis", at(peer(Some(b"-ERR unknown command\r\n"))), &["Redis listens on"]),
        Fault::of("closes at once", at(peer(Some(b""))), &["closes the connection at once"]),
        Fault::of(
            "dead and silent hosts",
            format!("postgresql://app@/x?host=127.0.0.1:{port}&host=127.0.0.1:{silent}"),
            &["says nothing within 2 s"],
        ),
        Fault::of(
            "Oracle refused",
            format!("oracle+oracledb://app:not-the-password@127.0.0.1:{port}/x"),
            &[&format!("nothing listens on 127.0.0.1:{port}")],
        ),
        Fault::of(
            "SQL Server, not spoken",
            format!("mssql+pymssql://app:not-the-password@127.0.0.1:{silent}/x"),
            &["limbeck does not speak mssql: name and port only"],
        )
        .ends(0),
        Fault::of("no such service", "postgresql://?service=nowhere", &["there is no definition of service `nowhere`"]),
    ]
}

/// The server speaks, and lets nobody in.
fn at_the_door(world: &World) -> Vec<Fault> {
    let url = |user: &str, database: &str| world.url(user, database);
    let ssl = |mode: &str| format!("{}?sslmode={mode}", url("app", "ready"));
    let rooted = |mode: &str, root: &str| format!("{}&sslrootcert={}", ssl(mode), world.certificate(root));
    vec![
        Fault::of(
            "wrong password",
            format!("postgresql://app:not-the-password@127.0.0.1:{}/ready", world.main.port),
            &["FAIL  login", "the password of `app` is refused", "password authentication failed"],
        ),
        Fault::of(
            "wrong password with signs",
            format!("postgresql://app:p%40ss/w:rd@127.0.0.1:{}/ready", world.main.port),
            &["the password of `app` is refused"],
        ),
        Fault::of("unknown role, SCRAM", url("unknown", "ready"), &["the password of `unknown` is refused"]),
        Fault::of("unknown role, trust", url("ghost", "ready"), &["there is no role `ghost`"]),
        Fault::of(
            "no password",
            format!("postgresql://app@127.0.0.1:{}/ready", world.main.port),
            &["asks for the password of `app`, and there is none"],
        ),
        Fault::of("role without login", url("nologin", "ready"), &["the role `nologin` may not log in"]),
        Fault::of("rejected by pg_hba.conf", url("rejected", "ready"), &["pg_hba.conf does not let `rejected`"]),
        Fault::of("no line in pg_hba.conf", url("noentry", "ready"), &["pg_hba.conf does not let `noentry`"]),
        Fault::of(
            "peer",
            format!("postgresql://peered@/ready?host={}&port={}", world.main.folder.display(), world.main.port),
            &["lets only the system's user of the same name in as `peered`"],
        ),
        Fault::of(
            "hostssl only",
            url("encrypted", "ready") + "?sslmode=disable",
            &["pg_hba.conf does not let `encrypted` in without TLS", "sslmode=require"],
        ),
        Fault::of("hostssl only, preferred", url("encrypted", "ready"), &["ok    TLS          encrypted"]).ends(0),
        Fault::of(
            "hostssl only, allowed",
            url("encrypted", "ready") + "?sslmode=allow",
            &["ok    TLS          encrypted"],
        )
        .ends(0),
        Fault::of("unknown authority, required", ssl("require"), &["encrypted; the certificate is not looked at"])
            .ends(0),
        Fault::of("verify-ca without a root", ssl("verify-ca"), &["FAIL  TLS", "root.crt` can't be used"]),
        Fault::of(
            "verify-ca, other authority",
            rooted("verify-ca", "stranger.crt"),
            &["FAIL  TLS", "signed by nobody whom `sslrootcert` trusts"],
        ),
        Fault::of(
            "require with another authority",
            rooted("require", "stranger.crt"),
            &["signed by nobody whom `sslrootcert` trusts"],
        ),
        Fault::of("verify-ca", rooted("verify-ca", "ca.crt"), &["encrypted (verify-ca)"]).ends(0),
        Fault::of(
            "verify-full, other name",
            rooted("verify-full", "ca.crt"),
            &["its certificate is for `db.example.test`, not for `127.0.0.1`", "sslmode=verify-ca"],
        ),
        Fault::of(
            "verify-full",
            format!(
                "postgresql://app:{}@db.example.test:{}/ready?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={}",
                super::world::PASSWORD,
                world.main.port,
                world.certificate("ca.crt")
            ),
            &["encrypted (verify-full)"],
        )
        .ends(0),
        Fault::of(
            "root that is none",
            rooted("verify-full", "nonsense.crt"),
            &["nonsense.crt` can't be used: it holds no certificate"],
        ),
        Fault::of(
            "root that is not there",
            rooted("verify-full", "absent.crt"),
            &["absent.crt` can't be used: no such file"],
        ),
        Fault::of(
            "no such database",
            url("app", "nowhere"),
            &["FAIL  database", "there is no database `nowhere`", "createdb nowhere"],
        ),
        Fault::of(
            "no CONNECT",
            url("app", "noconnect"),
            &["the role `app` may not connect to the database `noconnect`", "GRANT CONNECT"],
        ),
        Fault::of("no connections allowed", url("app", "noallow"), &["the database `noallow` takes no connections"]),
        Fault::of(
            "bad options",
            url("app", "ready") + "?options=-c%20nonsense%3D1",
            &["does not know a setting in the URL's `options`"],
        ),
    ]
}

/// We are in, and the next migration would fail.
fn inside(world: &mut World) -> Vec<Fault> {
    let port = world.main.port;
    world.hold(port, "limited", "ready", "select 1");
    world.hold(port, "app", "at_a1", "begin; select * from customer");
    world.hold(port, "postgres", "ready", "begin; lock table customer in share mode");
    // A lock must be old to be worth a word.
    std::thread::sleep(std::time::Duration::from_millis(1200));
    vec![
        Fault::of(
            "role limit",
            world.url("limited", "ready"),
            &["the role `limited` has as many connections as it may"],
        ),
        Fault::of(
            "unknown revision",
            world.url("app", "unknown"),
            &["error[database-revision-unknown]", "revision `deadbeef`, which no file has", "alembic stamp --purge b2"],
        ),
        Fault::of(
            "rows that overlap",
            world.url("app", "overlap"),
            &["error[version-rows-overlap]", "rows for `a1` and for `b2`"],
        ),
        Fault::of(
            "not at head",
            world.url("app", "at_a1"),
            &[
                "note[database-not-at-head]",
                "1 revision is pending: the database is at `a1`",
                "warning[blocking-session]",
                "of `app` holds a lock on `customer`",
                "sizes",
            ],
        )
        .ends(0),
        Fault::of(
            "read-only role",
            world.url("readonly", "ready"),
            &["error[database-read-only]", "transactions of the role `readonly` are read-only"],
        ),
        Fault::of(
            "read-only database",
            world.url("app", "readonly"),
            &["transactions in the database `readonly` are read-only"],
        ),
        Fault::of(
            "read-only by the URL",
            world.url("app", "ready") + "?options=-c%20default_transaction_read_only%3Don",
            &["the URL's `options` make transactions read-only"],
        ),
        Fault::of(
            "no CREATE",
            world.url("app", "nocreate"),
            &["error[create-privilege-missing]", "may not create in the schema `public`", "since PostgreSQL 15"],
        ),
        Fault::of(
            "no right on alembic_version",
            world.url("app", "nocreate"),
            &["the role `app` may not write to `alembic_version`"],
        ),
        Fault::of(
            "another's table",
            world.url("app", "nocreate"),
            &["error[table-not-owned]", "the table `customer` belongs to `postgres`, not to `app`"],
        ),
        Fault::of(
            "invalid index, constraint not validated",
            world.url("app", "at_b2"),
            &[
                "warning[invalid-index]",
                "the index `ix_twice` of `twice` is invalid",
                "note[constraint-not-validated]",
                "`positive`",
            ],
        )
        .ends(0),
        Fault::of(
            "extension and length",
            world.url("app", "at_b2"),
            &[
                "error[extension-unavailable]",
                "the server has no extension `vector`",
                "pgvector/pgvector:pg",
                "error[version-column-too-short]",
                "longer than the 32 characters",
            ],
        )
        .on("long"),
        Fault::of(
            "changed by hand",
            world.url("app", "changed"),
            &[
                "warning[database-drift]",
                "the database has the column `customer.note`, which its revisions do not make",
                "the database has the column `customer.name` otherwise than its revisions (`modify_nullable`)",
            ],
        )
        .ends(0),
        Fault::of("hidden sessions", world.url("app", "ready"), &["GRANT pg_read_all_stats"]).ends(0),
        Fault::of(
            "nothing migrated",
            world.url("app", "empty"),
            &["no alembic_version yet: nothing was migrated here; 2 to come"],
        )
        .ends(0),
    ]
}

/// Nothing is wrong, in each way to say where the database is.
fn healthy(world: &World) -> Vec<Fault> {
    let port = world.main.port.to_string();
    let dead = free_port();
    let password = super::world::PASSWORD;
    let passfile = world.folder.path().join("pgpass");
    fs::write(&passfile, format!("127.0.0.1:{port}:*:app:{password}\n")).expect("a file");
    private(&passfile);
    let service = world.folder.path().join("services");
    fs::write(&service, format!("[shop]\nhost=127.0.0.1\nport={port}\ndbname=ready\nuser=app\npassword={password}\n"))
        .expect("a file");
    let open = format!("postgresql://app@127.0.0.1:{port}/ready");
    vec![
        Fault::of(
            "a variable that env.py reads",
            "",
            &["from the environment variable DATABASE_URL", "at b2; nothing to come"],
        )
        .ends(0)
        .with("DATABASE_URL", world.url("app", "ready")),
        Fault::of("PGPASSWORD", open.clone(), &["at b2"]).ends(0).with("PGPASSWORD", password),
        Fault::of(".pgpass", open, &["at b2"]).ends(0).with("PGPASSFILE", passfile.display().to_string()),
        Fault::of("service", "postgresql://?service=shop", &["(from the service in "])
            .ends(0)
            .with("PGSERVICEFILE", service.display().to_string()),
        Fault::of("PGHOST and others", "postgresql://", &["127.0.0.1 (from PGHOST)", "as app (from PGUSER)"])
            .ends(0)
            .with("PGHOST", "127.0.0.1")
            .with("PGPORT", port.clone())
            .with("PGUSER", "app")
            .with("PGDATABASE", "ready")
            .with("PGPASSWORD", password),
        Fault::of(
            "the second of two hosts",
            format!("postgresql://app:{password}@/ready?host=127.0.0.1:{dead}&host=127.0.0.1:{port}"),
            &[&format!("ok    port         {port}")],
        )
        .ends(0),
        Fault::of("asyncpg", world.url("app", "ready").replace("psycopg", "asyncpg") + "?ssl=require", &["encrypted"])
            .ends(0),
        Fault::of(
            "socket",
            format!(
                "postgresql://postgres:{}@/ready?host={}&port={port}",
                world.main.password,
                world.main.folder.display()
            ),
            &["the socket in"],
        )
        .ends(0),
    ]
}

/// Servers that are not what one wants to migrate: a standby, one that starts, one that is full, then ends.
fn other_servers(world: &mut World) -> Vec<Fault> {
    let conninfo = format!(
        "primary_conninfo=host=127.0.0.1 port={} user=postgres password={}",
        world.main.port, world.main.password
    );
    let standby = world.copy("standby", &[&conninfo], &["standby.signal"]);
    let starting = world.copy("starting", &["restore_command=sleep 60"], &["recovery.signal"]);
    let full = world.copy("full", &["max_connections=5", "superuser_reserved_connections=3", "max_wal_senders=1"], &[]);
    let ending = world.copy("ending", &[], &[]);
    let ready = |world: &World, port: u16| {
        let started = std::time::Instant::now();
        while !world
            .main
            .command("pg_isready")
            .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
            .status()
            .is_ok_and(|status| status.success())
        {
            assert!(started.elapsed() < std::time::Duration::from_secs(20), "{port} is ready");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    };
    [standby, full, ending].iter().for_each(|port| ready(world, *port));
    world.hold(full, "app", "ready", "select 1");
    world.hold(full, "app", "ready", "select 1");
    world.hold(ending, "app", "ready", "select 1");
    let mut stop = world.main.command("pg_ctl");
    assert!(stop.args(["stop", "-W", "-m", "smart", "-D", "ending"]).output().expect("pg_ctl").status.success());
    std::thread::sleep(std::time::Duration::from_millis(300));
    vec![
        Fault::of(
            "standby",
            world.at(standby, "app", "ready"),
            &["error[database-read-only]", "the server is a standby"],
        ),
        Fault::of("starting up", world.at(starting, "app", "ready"), &["the server is still starting after 2 s"]),
        Fault::of("all slots taken", world.at(full, "app", "ready"), &["all connections of the server are taken"]),
        Fault::of("shutting down", world.at(ending, "app", "ready"), &["the server is shutting down"]),
        Fault::of(
            "no TLS there",
            world.at(standby, "app", "ready") + "?sslmode=require",
            &["has no TLS, and `sslmode=require` insists on it"],
        ),
        Fault::of("no TLS there, preferred", world.at(standby, "app", "ready"), &["not encrypted (sslmode=prefer)"]),
    ]
}

#[cfg(unix)]
fn private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("chmod");
}

#[test]
fn faults_at_sqlite_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    super::world::project(&folder.path().join("plain"), false);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let make = |name: &str, revision: &str| {
        let connection = rusqlite::Connection::open(path(name)).expect("a database");
        let sql = format!(
            "create table customer (id integer not null primary key, name varchar, phone varchar); create table audit (id integer not null primary key); create table alembic_version (version_num varchar(32)); insert into alembic_version values ('{revision}')"
        );
        connection.execute_batch(&sql).expect("tables");
        connection
    };
    make("ready.db", "b2");
    make("old.db", "a1");
    make("unknown.db", "deadbeef");
    let locked = make("locked.db", "b2");
    locked.execute_batch("begin exclusive").expect("locked");
    fs::write(path("text.db"), "this is not a database, but long enough to look at").expect("a file");
    fs::write(path("nothing.db"), "").expect("a file");
    let url = |name: &str| format!("sqlite:///{}", path(name));
    let before = fs::read(path("ready.db")).expect("a file");
    each(
        folder.path(),
        &[
            Fault::of("ready", url("ready.db"), &["at b2; nothing to come", "Ready: all "]).ends(0),
            Fault::of("not at head", url("old.db"), &["note[database-not-at-head]", "at `a1`"]).ends(0),
            Fault::of("unknown revision", url("unknown.db"), &["error[database-revision-unknown]", "`deadbeef`"]),
            Fault::of("locked", url("locked.db"), &["is locked", "`database is locked`"]),
            Fault::of(
                "no folder",
                url("nowhere/x.db"),
                &["the folder", "nowhere of the SQLite file does not exist", "mkdir -p"],
            ),
            Fault::of("no file", url("absent.db"), &["is made by the first migration"]).ends(0),
            Fault::of("no database", url("text.db"), &["is no SQLite database"]),
            Fault::of("folder", url("plain"), &["is a folder, not a SQLite file"]),
            Fault::of("a file without a byte", url("nothing.db"), &["no alembic_version yet"]).ends(0),
            Fault::of("in memory", "sqlite://", &["in memory"]).ends(0),
            Fault::of(
                "relative",
                "sqlite:///data/shop.db",
                &["`data/shop.db` counts from the directory in which alembic runs"],
            ),
        ],
    );
    assert_eq!(before, fs::read(path("ready.db")).expect("a file"));
    assert!(!folder.path().join("absent.db").exists());
}
