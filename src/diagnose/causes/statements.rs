//! What the server refuses for other reasons: locks, rights, room, types, syntax.

use super::{CAUSE, Cause, Needs, Place};

/// A row about a statement of a revision.
const STATEMENT: Cause = Cause { needs: Needs::Alembic, place: Place::Statement, ..CAUSE };

pub const CAUSES: &[Cause] = &[
    Cause {
        name: "db-lock-timeout",
        texts: &[
            "canceling statement due to lock timeout",
            "Lock wait timeout exceeded",
            "could not obtain lock on relation \"{table}\"",
            "Lock request time out period exceeded",
            "ORA-00054",
            "could not obtain lock on row",
        ],
        message: &["another session holds `{table}`", "another session holds the table"],
        why: "a transaction that is still open uses it; the migration waited as long as `lock_timeout` allows and gave up, nothing was changed",
        help: "find the session (`pg_stat_activity` and `pg_blocking_pids`; MySQL: `SHOW PROCESSLIST`), let it end, and run again",
        next: "alembic upgrade head",
        ..STATEMENT
    },
    Cause {
        name: "db-statement-timeout",
        texts: &[
            "canceling statement due to statement timeout",
            "maximum statement execution time exceeded",
            "canceling statement due to user request",
        ],
        message: &["the statement took longer than `statement_timeout` allows"],
        why: "it scans or rewrites a big table, or waited for a lock; PostgreSQL rolled it back",
        help: "give migrations a longer `statement_timeout` and a short `lock_timeout`; build indexes concurrently",
        ..STATEMENT
    },
    Cause {
        name: "db-deadlock",
        texts: &[
            "deadlock detected",
            "Deadlock found when trying to get lock",
            "ORA-00060",
            "was deadlocked on lock resources",
        ],
        message: &["the migration and another session waited for each other"],
        why: "they took locks in different orders; the server ended one of the two",
        help: "run it again while the application is quiet; touch one table per revision",
        ..STATEMENT
    },
    Cause {
        name: "sqlite-locked",
        texts: &["database is locked", "database table is locked"],
        needs: Needs::SqlAlchemy,
        place: Place::Url,
        message: &["another process writes to this SQLite file"],
        why: "SQLite lets one process write at a time",
        help: "stop the application (and database browsers) while migrations run",
        ..STATEMENT
    },
    Cause {
        name: "sqlite-not-a-database",
        texts: &[
            "file is not a database",
            "file is encrypted or is not a database",
            "database disk image is malformed",
        ],
        needs: Needs::SqlAlchemy,
        place: Place::Url,
        message: &["the file that the URL names is no SQLite database, or is damaged"],
        why: "its first bytes are others, or its pages do not fit together",
        help: "check the path; a damaged one: restore a backup, or `sqlite3 FILE .recover`",
        avoid: "deleting the file before there is a copy",
        ..STATEMENT
    },
    Cause {
        name: "database-read-only",
        texts: &[
            "in a read-only transaction",
            "attempt to write a readonly database",
            "running with the --read-only option",
            "is read-only",
            "Failed to update database \"{database}\" because the database is read-only",
        ],
        needs: Needs::SqlAlchemy,
        place: Place::Url,
        message: &["the database takes no writes over this connection"],
        why: "it is a standby, the session or role is read-only, or the file and its folder may not be written",
        help: "connect to the primary with a role that may write",
        ..STATEMENT
    },
    Cause {
        name: "create-privilege-missing",
        texts: &[
            "permission denied for schema {schema}",
            "permission denied to create {what}",
            "permission denied for database {database}",
            "CREATE command denied to user",
            "CREATE TABLE permission denied in database",
        ],
        needs: Needs::SqlAlchemy,
        rules: &["create-privilege-missing"],
        message: &[
            "the role may not create anything in the schema `{schema}`",
            "the role may not create {what}",
            "the role may not create anything here",
        ],
        why: "from PostgreSQL 15 on the schema `public` is open to its owner only; `alembic_version` itself is the first table to be created",
        help: "as the owner: `GRANT CREATE, USAGE ON SCHEMA {schema} TO role`, or connect as the owner",
        ..STATEMENT
    },
    Cause {
        name: "db-permission-denied",
        texts: &[
            "must be owner of {object}",
            "permission denied for {object}",
            "{_} command denied to user",
            "must be superuser to {object}",
            "must have CREATEROLE privilege",
            "ORA-01031",
            "permission was denied on the object '{object}'",
        ],
        needs: Needs::SqlAlchemy,
        message: &["the role lacks the right to {object}", "the role lacks a right that the migration needs"],
        why: "ALTER and DROP need the owner; GRANT gives only SELECT, INSERT and the like",
        help: "connect as the owner of the tables, or `ALTER TABLE … OWNER TO role`",
        ..STATEMENT
    },
    Cause {
        name: "transaction-aborted",
        texts: &["current transaction is aborted, commands ignored until end of transaction block"],
        message: &["an earlier statement of the transaction failed and its error was swallowed"],
        why: "after an error PostgreSQL takes nothing but ROLLBACK",
        help: "look for a `try` around an earlier statement; use a savepoint: `with op.get_bind().begin_nested():`",
        ..STATEMENT
    },
    Cause {
        name: "disk-full",
        texts: &[
            "could not extend file",
            "No space left on device",
            "database or disk is full",
            "The table '{table}' is full",
            "ORA-01653",
            "could not write to file \"base/pgsql_tmp",
        ],
        needs: Needs::SqlAlchemy,
        message: &["the database server has no room left"],
        why: "rewriting a table needs room for a second copy of it",
        help: "make room on the server and run again",
        ..STATEMENT
    },
    Cause {
        name: "index-without-operator-class",
        texts: &["data type {type} has no default operator class for access method \"{method}\""],
        message: &["{type} can't be indexed by `{method}` just so"],
        why: "json has no order, and text no trigrams, unless an operator class says how",
        help: "name one (`postgresql_ops={\"column\": \"gin_trgm_ops\"}`), or use JSONB",
        ..STATEMENT
    },
    Cause {
        name: "expression-not-immutable",
        texts: &["generation expression is not immutable", "must be marked IMMUTABLE"],
        message: &["the expression is not immutable"],
        why: "indexes and generated columns need a value that never changes by itself (time zones, locales)",
        help: "use an immutable form: `timezone('UTC', column)`",
        ..STATEMENT
    },
    Cause {
        name: "key-too-long",
        texts: &[
            "Specified key was too long; max key length is {_} bytes",
            "used in key specification without a key length",
            "Row size too large",
            "index row size {_} exceeds",
        ],
        message: &["the column is too long for an index"],
        why: "InnoDB indexes 3072 bytes at most (767 in old row formats), and utf8mb4 counts four a letter",
        help: "shorten the column (191 or 255 letters), or give `mysql_length=`",
        ..STATEMENT
    },
    Cause {
        name: "default-invalid",
        texts: &[
            "Invalid default value for '{column}'",
            "can't have a default value",
            "invalid DEFAULT",
            "default of column \"{column}\" is not constant",
        ],
        message: &["the server refuses the default of `{column}`", "the server refuses the default"],
        why: "it does not fit the type (MySQL: TEXT, BLOB and JSON take none but expressions)",
        help: "mend `server_default`, or put an expression in parentheses: `sa.text(\"(JSON_ARRAY())\")`",
        ..STATEMENT
    },
    Cause {
        name: "value-of-wrong-type",
        texts: &[
            "column \"{column}\" is of type {type} but expression is of type {_}",
            "column \"{column}\" is of type {type} but default expression is of type",
            "invalid input syntax for type {type}: \"{value}\"",
            "invalid input syntax for {type}: \"{value}\"",
            "invalid input syntax for type {type}",
            "cannot cast type {_} to {type}",
            "operator does not exist: {operator}",
            "value too long for type {type}",
            "numeric field overflow",
            "out of range for type {type}",
            "{type} out of range",
            "Data too long for column '{column}'",
            "Incorrect {type} value: '{value}'",
            "Out of range value for column '{column}'",
            "invalid input for query argument",
        ],
        needs: Needs::Revision,
        message: &[
            "a value does not fit the type {type} of `{column}`",
            "a value does not fit the column `{column}`",
            "a value does not fit the type {type}",
            "values and types do not fit together",
        ],
        why: "rows that are there, or values in the revision, can't be turned into the column's type",
        help: "mend the values first, or say how to turn them: `postgresql_using=…`, a cast in the statement",
        ..STATEMENT
    },
    Cause {
        name: "unknown-function",
        texts: &[
            "function {function} does not exist",
            "no such function: {function}",
            "FUNCTION {function} does not exist",
        ],
        needs: Needs::Revision,
        message: &["the database has no function `{function}`"],
        why: "it belongs to another dialect, an extension, or a revision that has not run",
        help: "create it first, or use one that this database has",
        ..STATEMENT
    },
    Cause {
        name: "sql-syntax-error",
        texts: &[
            "syntax error at or near \"{token}\"",
            "syntax error at end of input",
            "You have an error in your SQL syntax",
            "near \"{token}\": syntax error",
            "ORA-00933",
            "ORA-00900",
            "Incorrect syntax near",
            "incomplete input",
            "You can only execute one statement at a time",
        ],
        needs: Needs::Revision,
        message: &["the server can't read the SQL at `{token}`", "the server can't read the SQL"],
        why: "the statement is of another dialect, or holds several where one is allowed",
        help: "mend the SQL; a reserved word as a name needs quotes",
        ..STATEMENT
    },
    Cause {
        name: "unknown-role",
        texts: &["role \"{role}\" does not exist"],
        needs: Needs::Revision,
        within: &["/versions/"],
        message: &["the server has no role `{role}`"],
        why: "the revision grants rights to it or makes it an owner",
        help: "create the role first, or ask whether it is there",
        ..STATEMENT
    },
    Cause {
        name: "server-too-old",
        texts: &[
            "requires SQLite version",
            "PostgreSQL version",
            "is not supported by this server version",
            "unsupported feature: ",
        ],
        and: &["or higher", "or later", "server version", "requires", "not supported"],
        needs: Needs::Revision,
        message: &["the database server is too old for this"],
        why: "the statement uses what a later version brought",
        help: "upgrade the server, or write the statement in the older form",
        ..STATEMENT
    },
];
