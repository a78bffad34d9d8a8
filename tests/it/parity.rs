//! Changes seeded into an example's models: `limbeck drift` lists what `alembic check` lists, operation by operation, on
//! a PostgreSQL that the example's own migrations made. `tests/parity/` does the same for large real projects.

use std::path::Path;
use std::process::Command;

use limbeck::database::cluster::Settings;

use crate::{cluster, venvs};

#[test]
fn slow_drift_lists_what_alembic_check_lists() {
    let Some(server) = cluster::cluster(&Settings::default()) else { return };
    let python = match venvs::python("sa21") {
        Ok(python) => python,
        Err(why) if std::env::var_os("CI").is_none() => return venvs::loudly(&format!("skipped: {why}")),
        Err(why) => panic!("no Python with the real Alembic: {why}"),
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let url = server.url(Some("psycopg2"), "");
    let output = Command::new(python)
        .arg(root.join("tests/parity/run.py"))
        .arg(root.join("examples/healthy-sync"))
        .args(["--limbeck", env!("CARGO_BIN_EXE_limbeck"), "--count", "60", "--backward", "6"])
        .env("LIMBECK_PARITY_URL", url.trim_end_matches('/'))
        .env_remove("DATABASE_URL")
        .output()
        .expect("run.py");
    let said = String::from_utf8_lossy(&output.stdout);
    eprintln!("{said}");
    // Less than 99 of 100 operations alike is a failure of the program.
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let forward: usize =
        said.lines().find_map(|line| line.split_once(" forward")?.0.split(' ').next_back()?.parse().ok()).unwrap_or(0);
    assert!(forward >= 40, "too few changes for a judgement: {said}");
}
