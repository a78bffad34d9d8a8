//! What the Compose files say when nothing answers.

use std::fs;
use std::path::Path;

use super::world::{free_port, project};
use super::{Fault, each};

/// A project of its own beside a Compose file.
fn beside(folder: &Path, name: &'static str, compose: &str) {
    project(&folder.join(name), false);
    fs::write(folder.join(name).join("compose.yaml"), compose).expect("a file");
}

#[test]
fn compose_files_say_how_to_start_the_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let db = |extra: &str| format!("services:\n  db:\n    image: postgres:16\n{extra}");
    let healthy = "    healthcheck:\n      test: pg_isready\n";
    beside(folder.path(), "started", &db(&format!("    ports: [\"{port}:5432\"]\n{healthy}")));
    beside(
        folder.path(),
        "profiled",
        &db(&format!("    ports: [\"${{DB_PORT:-{port}}}:5432\"]\n    profiles: [dev]\n")),
    );
    beside(folder.path(), "other-port", &db("    ports:\n      - \"5433:5432\"\n"));
    beside(folder.path(), "not-published", &db("  app:\n    build: .\n"));
    beside(folder.path(), "named", &db("    ports:\n      - \"5433:5432\"\n  api:\n    build: .\n"));
    let local = format!("postgresql://app@localhost:{port}/shop");
    each(
        folder.path(),
        &[
            Fault::of("start it", &*local, &["docker compose up -d --wait db", "`db` publishes the port"])
                .on("started"),
            Fault::of("with its profile", &*local, &["docker compose --profile dev up -d db"]).on("profiled"),
            Fault::of("published on another port", &*local, &["port 5432 is published as 5433 (compose.yaml:5)"])
                .on("other-port"),
            Fault::of("not published", &*local, &["`db` publishes no port", &format!("\"{port}:5432\"")])
                .on("not-published"),
            Fault::of(
                "a name of Compose",
                "postgresql://app@db:5432/shop",
                &[
                    "`db` does not resolve",
                    "resolves only inside the network of Compose",
                    "use localhost:5433 (compose.yaml:5)",
                    "docker compose run --rm api alembic upgrade head",
                ],
            )
            .on("named"),
        ],
    );
}
