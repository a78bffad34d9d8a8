//! sqlx, Diesel, SeaORM, refinery.

use super::{CAUSE, Cause, Needs, Place};

pub const CAUSES: &[Cause] = &[
    Cause {
        name: "applied-migration-edited",
        texts: &[
            "migration {version} was previously applied but has been modified",
            "VersionMismatch({version})",
            "applied migration {version} is different than filesystem one",
        ],
        needs: Needs::Nothing,
        place: Place::Migration,
        message: &["the migration `{version}` was changed after this database ran it"],
        why: "the checksum of the file is not the one that was noted; line ends (CRLF) count",
        help: "bring the file back as it was and write a new migration; check `*.sql text eol=lf` in .gitattributes",
        avoid: "sqlx database reset: it drops the database",
        ..CAUSE
    },
    Cause {
        name: "applied-migration-missing",
        texts: &[
            "migration {version} was previously applied but is missing in the resolved migrations",
            "VersionMissing({version})",
            "Migration file of version '{version}' is missing, this migration has been applied but its file is missing",
            "migration {version} is missing from the filesystem",
        ],
        needs: Needs::Nothing,
        place: Place::Migration,
        message: &["the database ran the migration `{version}`, which the program does not have"],
        why: "its file was deleted, lies on another branch, or the program was built before it was there (an embedded set needs `rerun-if-changed` in build.rs)",
        help: "bring the file back, or rebuild",
        avoid: "sqlx database reset: it drops the database",
        ..CAUSE
    },
    Cause {
        name: "migration-partially-applied",
        texts: &[
            "migration {version} is partially applied; fix and remove row from `_sqlx_migrations` table",
            "Dirty({version})",
        ],
        needs: Needs::Nothing,
        place: Place::Migration,
        message: &["the migration `{version}` stopped in the middle"],
        why: "MySQL commits each DDL statement by itself",
        help: "undo by hand what it did, delete its row from `_sqlx_migrations`, and run it again",
        avoid: "deleting the row before its statements are undone: they would fail a second time",
        ..CAUSE
    },
    Cause {
        name: "sqlx-cache-missing",
        texts: &[
            "set `DATABASE_URL` to use query macros online",
            "`SQLX_OFFLINE=true` but there is no cached data for this query",
            "SQLX_OFFLINE=true but there is no cached data for this query",
            "failed to find data for query",
        ],
        needs: Needs::Nothing,
        place: Place::Frame,
        message: &["sqlx can't check this query at compile time"],
        why: "there is no database to ask and no `.sqlx` folder that knows the answer",
        help: "run `cargo sqlx prepare` with a database that has run the migrations, and commit `.sqlx`",
        next: "cargo sqlx prepare",
        ..CAUSE
    },
    Cause {
        name: "duplicate-migration-version",
        texts: &[
            "duplicate key value violates unique constraint \"__diesel_schema_migrations_pkey\"",
            "duplicate key value violates unique constraint \"_sqlx_migrations_pkey\"",
            "UNIQUE constraint failed: __diesel_schema_migrations.version",
            "UNIQUE constraint failed: _sqlx_migrations.version",
            "duplicate key value violates unique constraint \"seaql_migrations_pkey\"",
            "migration {version} is repeated, migration versions must be unique",
        ],
        needs: Needs::Nothing,
        place: Place::Migration,
        message: &["two migrations have the version `{version}`", "two migrations have the same version"],
        why: "they were written on two branches; the second can't be noted as run",
        help: "rename the one that no database has run",
        ..CAUSE
    },
    Cause {
        name: "schema-out-of-date",
        texts: &["Command would result in changes to {file}", "The schema file {file} is out of date"],
        needs: Needs::Nothing,
        place: Place::Named,
        message: &["`{file}` is not what the migrations make"],
        why: "a migration was added or changed and `diesel print-schema` not run since",
        help: "run the migrations and let Diesel write the file anew",
        next: "diesel migration run",
        ..CAUSE
    },
    Cause {
        name: "migration-name-invalid",
        texts: &[
            "migration name must be in the format V{_}",
            "error occurred while parsing a migration name",
            "Invalid migration directory: the directory's name should be",
        ],
        needs: Needs::Nothing,
        place: Place::Log,
        message: &["a migration's file name is not in the form that the tool reads"],
        why: "refinery wants `V1__name.sql`, sqlx `1_name.sql`, Diesel `1_name/up.sql`",
        help: "rename the file",
        ..CAUSE
    },
    Cause {
        name: "sqlx-runtime-missing",
        texts: &[
            "one of the features ['runtime-",
            "At least one of the following features must be enabled: runtime",
            "TLS upgrade required by connect options but SQLx was built without TLS support enabled",
            "Runtime feature must be enabled",
            "this functionality requires a Tokio context",
        ],
        and: &["sqlx", "SQLx", "runtime-", "Tokio context"],
        needs: Needs::Nothing,
        when: None,
        place: Place::Log,
        message: &["the database library was built without a runtime or without TLS"],
        why: "sqlx and SeaORM take both from features; `runtime-tokio` alone brings no TLS",
        help: "enable `runtime-tokio` and one of `tls-rustls`, `tls-native-tls` (SeaORM: `runtime-tokio-rustls`)",
        ..CAUSE
    },
];
