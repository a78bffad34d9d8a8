//! Seeded faults: one thing is done to a healthy example, and exactly one finding follows, the right one.

use limbeck::check::check;
use limbeck::check::options::Options;
use limbeck::diagnostic::Level;
use limbeck::source::Sources;

use crate::examples::{self, Files};
use crate::pages::line;

/// What is done to an example.
enum Do {
    /// In this file, the first text becomes the second; it must be there.
    Replace(&'static str, &'static str, &'static str),
    /// The file goes.
    Delete(&'static str),
    /// The file comes.
    Add(&'static str, &'static str),
}
use Do::{Add, Delete, Replace};

const ENV: &str = "migrations/env.py";
const INI: &str = "alembic.ini";
const FIRST: &str = "migrations/versions/3f1c2a9b7d10_create_customer.py";
const SECOND: &str = "migrations/versions/8d40b6e2c511_create_order.py";
const CUSTOMER: &str = "shop/models/customer.py";
const ORDER: &str = "shop/models/order.py";
const PINS: &str = "requirements.txt";

/// Example, what is done, the rule that must speak, and the file in which.
const FAULTS: &[(&str, &[Do], &str, &str)] = &[
    // models that autogenerate can't see
    ("healthy-sync", &[Replace(ENV, "customer, order", "customer")], "models-not-imported", ENV),
    (
        "healthy-sync",
        &[Replace(
            ENV,
            "from shop.models import customer, order  # noqa: F401\n",
            "from typing import TYPE_CHECKING\n\nfrom shop.models import customer  # noqa: F401\n\nif TYPE_CHECKING:\n    from shop.models import order\n",
        )],
        "models-not-imported",
        ENV,
    ),
    ("healthy-async", &[Replace(ENV, "customer, order", "order")], "models-not-imported", ENV),
    ("healthy-sync", &[Replace(ENV, "= Base.metadata", "= None")], "target-metadata-none", ENV),
    ("healthy-sync", &[Replace(ENV, "= Base.metadata", "= Base")], "target-metadata-not-metadata", ENV),
    // drivers and URLs
    (
        "healthy-sync",
        &[
            Replace(INI, "+psycopg://", "+asyncpg://"),
            Replace(PINS, "psycopg[binary]==3.3.9", "asyncpg==0.32.0\ngreenlet==3.2.0"),
        ],
        "async-driver-in-sync-env",
        INI,
    ),
    (
        "healthy-async",
        &[
            Replace(".env", "+asyncpg://", "+psycopg2://"),
            Replace("pyproject.toml", "asyncpg==0.32.0", "psycopg2-binary==2.9.13"),
        ],
        "sync-driver-in-async-env",
        ".env",
    ),
    ("healthy-sync", &[Replace(INI, "postgresql+psycopg://", "postgres://")], "url-scheme-postgres", INI),
    ("healthy-sync", &[Replace(INI, "+psycopg://", "+psycop://")], "url-driver-unknown", INI),
    ("healthy-sync", &[Replace(INI, "shop@localhost", "shop:a%b@localhost")], "percent-in-ini", INI),
    (
        "healthy-sync",
        &[Replace(INI, "postgresql+psycopg://shop@localhost:5432/shop", "driver://user:pass@localhost/dbname")],
        "url-placeholder",
        INI,
    ),
    ("healthy-sync", &[Replace(PINS, "psycopg[binary]==3.3.9\n", "")], "driver-not-installed", INI),
    ("healthy-sync", &[Replace(INI, "localhost:5432/shop", "localhost:5432x/shop")], "url-unparsable", INI),
    // env.py
    ("healthy-sync", &[Replace(ENV, "prefix=\"sqlalchemy.\"", "prefix=\"db.\"")], "engine-prefix-mismatch", ENV),
    (
        "healthy-sync",
        &[Replace(
            ENV,
            "target_metadata)\n\n        with context.begin_transaction():\n            context.run",
            "target_metadata)\n        context.run",
        )],
        "env-never-commits",
        ENV,
    ),
    (
        "healthy-sync",
        &[Replace(
            ENV,
            "\n\nif context.is_offline_mode():\n    run_migrations_offline()\nelse:\n    run_migrations_online()\n",
            "\n",
        )],
        "env-runs-nothing",
        ENV,
    ),
    (
        "healthy-async",
        &[Replace(ENV, "    asyncio.run(run_async_migrations())", "    run_async_migrations()")],
        "coroutine-not-awaited",
        ENV,
    ),
    (
        "healthy-async",
        &[Replace(ENV, "await connection.run_sync(do_run_migrations)", "do_run_migrations(connection)")],
        "run-sync-missing",
        ENV,
    ),
    (
        "healthy-sync",
        &[Replace(
            ENV,
            "if context.is_offline_mode():\n    run_migrations_offline()\nelse:\n    run_migrations_online()\n",
            "run_migrations_online()\n",
        )],
        "offline-mode-missing",
        ENV,
    ),
    // configuration
    ("healthy-sync", &[Replace(INI, "script_location = ", "script_locatoin = ")], "script-location-missing", INI),
    ("healthy-sync", &[Replace(INI, "%(here)s/migrations", "%(here)s/migration")], "script-location-missing", INI),
    ("healthy-sync", &[Delete("migrations/script.py.mako")], "script-template-missing", INI),
    ("healthy-sync", &[Replace(INI, "prepend_sys_path = .\n", "")], "prepend-sys-path-missing", INI),
    ("healthy-sync", &[Delete(INI)], "config-not-found", ENV),
    // models
    (
        "healthy-sync",
        &[Replace(CUSTOMER, "    orders:", "    metadata: Mapped[str] = mapped_column(String(20))\n    orders:")],
        "reserved-attribute-name",
        CUSTOMER,
    ),
    ("healthy-sync", &[Replace(ORDER, "\"customer.id\"", "\"customers.id\"")], "foreign-key-to-unknown-table", ORDER),
    ("healthy-sync", &[Replace(ORDER, "\"customer.id\"", "\"customer.uid\"")], "foreign-key-to-unknown-column", ORDER),
    (
        "healthy-sync",
        &[Replace(ORDER, "Mapped[\"Customer\"]", "Mapped[\"Custommer\"]")],
        "relationship-to-unknown-class",
        ORDER,
    ),
    (
        "healthy-sync",
        &[
            Replace(ORDER, "mapped_column(ForeignKey(\"customer.id\", ondelete=\"CASCADE\"))", "mapped_column()"),
            Replace(ORDER, "DateTime, ForeignKey, Numeric", "DateTime, Numeric"),
        ],
        "relationship-without-foreign-key",
        "",
    ),
    (
        "healthy-sync",
        &[Replace(CUSTOMER, "mapped_column(primary_key=True)", "mapped_column()")],
        "primary-key-missing",
        CUSTOMER,
    ),
    ("healthy-sync", &[Replace(ORDER, "    __tablename__ = \"order\"\n\n", "")], "tablename-missing", ORDER),
    (
        "healthy-sync",
        &[Replace(CUSTOMER, "Mapped[int] = mapped_column(primary_key=True)", "int = mapped_column(primary_key=True)")],
        "annotation-without-mapped",
        CUSTOMER,
    ),
    ("healthy-sync", &[Replace(CUSTOMER, "index=True)", "index=True),")], "trailing-comma-column", CUSTOMER),
    (
        "healthy-sync",
        &[Replace(ORDER, "__tablename__ = \"order\"", "__tablename__ = \"customer\"")],
        "duplicate-table",
        ORDER,
    ),
    (
        "healthy-sync",
        &[Replace(ORDER, "Numeric(10, 2))", "Numeric(10, 2), server_default=0)")],
        "server-default-not-text",
        ORDER,
    ),
    ("healthy-sync", &[Replace(CUSTOMER, "from sqlalchemy import String\n", "")], "model-name-undefined", CUSTOMER),
    (
        "healthy-sync",
        &[Replace(CUSTOMER, "from shop.base import Base", "from shop.bases import Base")],
        "model-import-error",
        CUSTOMER,
    ),
    ("healthy-sync", &[Replace(CUSTOMER, "Customer(Base):", "Customer(Base:")], "syntax-error", CUSTOMER),
    // revisions
    (
        "healthy-sync",
        &[Replace(FIRST, "revision: str = \"3f1c2a9b7d10\"", "revision: str = \"3f1c2a9b7d11\"")],
        "down-revision-unknown",
        SECOND,
    ),
    ("healthy-sync", &[Replace(SECOND, "None] = \"3f1c2a9b7d10\"", "None] = None")], "multiple-heads", SECOND),
    (
        "healthy-sync",
        &[Add(
            "migrations/versions/a41f77d0c2e9_phone.py",
            "revision = 'a41f77d0c2e9'\ndown_revision = '3f1c2a9b7d10'\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n",
        )],
        "multiple-heads",
        "",
    ),
    ("healthy-sync", &[Replace(FIRST, "None] = None", "None] = \"8d40b6e2c511\"")], "revision-cycle", ""),
    (
        "healthy-sync",
        &[Replace(
            SECOND,
            "revision: str = \"8d40b6e2c511\"",
            "revision: str = \"8d40b6e2c511_create_the_order_table_now\"",
        )],
        "revision-id-too-long",
        SECOND,
    ),
    (
        "healthy-sync",
        &[Replace(SECOND, "def upgrade() -> None:", "<<<<<<< HEAD\ndef upgrade() -> None:")],
        "revision-file-invalid",
        SECOND,
    ),
    ("healthy-sync", &[Replace(SECOND, "import sqlalchemy as sa\n", "")], "name-not-imported-in-revision", SECOND),
    (
        "healthy-sqlmodel",
        &[Replace("migrations/versions/5b7e0c11aa42_create_tables.py", "import sqlmodel.sql.sqltypes\n", "")],
        "name-not-imported-in-revision",
        "migrations/versions/5b7e0c11aa42_create_tables.py",
    ),
    (
        "healthy-sqlmodel",
        &[Replace("shop/models.py", "foreign_key=\"customer.id\"", "foreign_key=\"customers.id\"")],
        "foreign-key-to-unknown-table",
        "shop/models.py",
    ),
    ("healthy-sqlmodel", &[Replace(ENV, "from shop import models  # noqa: F401\n", "")], "models-not-imported", ENV),
    (
        "healthy-flask",
        &[Replace(
            "shop/__init__.py",
            "    from shop import routes\n\n    app.register_blueprint(routes.blueprint)\n",
            "",
        )],
        "models-not-imported",
        "",
    ),
];

#[test]
fn one_fault_is_one_finding() {
    let mut problems = Vec::new();
    for (example, changes, rule, path) in FAULTS {
        let mut files = examples::files(example);
        let mut what = Vec::new();
        for change in *changes {
            what.push(change.apply(&mut files));
        }
        let sources = Sources::in_memory(files);
        let outcome = check(&sources, &Options::default());
        let found: Vec<_> =
            outcome.diagnostics.iter().filter(|found| found.level >= Level::Warning || found.rule == *rule).collect();
        let is_right = matches!(found.as_slice(), [one] if one.rule == *rule
            && (path.is_empty() || sources.path(one.span.file) == *path));
        if !is_right || !outcome.internal_errors.is_empty() {
            let mut text = format!("{example}, {}\n  expected: {rule} in {path}", what.join("; "));
            for one in &found {
                text.push_str(&format!("\n  found:    {}", line(one, &sources)));
            }
            for error in &outcome.internal_errors {
                text.push_str(&format!("\n  broke:    {error}"));
            }
            problems.push(text);
        }
    }
    assert!(problems.is_empty(), "{} of {} faults:\n{}", problems.len(), FAULTS.len(), problems.join("\n"));
}

impl Do {
    fn apply(&self, files: &mut Files) -> String {
        match self {
            Replace(path, from, to) => {
                let text = String::from_utf8(files[*path].clone()).expect("text");
                assert!(text.contains(from), "{path} holds {from}");
                files.insert((*path).to_owned(), text.replacen(from, to, 1).into_bytes());
                format!("{path}: `{}` becomes `{}`", from.trim(), to.trim())
            }
            Delete(path) => {
                files.remove(*path).expect("is there");
                format!("{path} goes")
            }
            Add(path, text) => {
                files.insert((*path).to_owned(), text.as_bytes().to_vec());
                format!("{path} comes")
            }
        }
    }
}
