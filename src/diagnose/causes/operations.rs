//! Operations of a revision that SQLAlchemy, Alembic or the server refuse because of what the schema is.

use super::{CAUSE, Cause, Needs, Place};

/// A row about a statement of a revision.
const OPERATION: Cause = Cause { needs: Needs::Revision, place: Place::Statement, ..CAUSE };

pub const CAUSES: &[Cause] = &[
    Cause {
        name: "constraint-without-name",
        texts: &[
            "Can't emit DROP CONSTRAINT for constraint",
            "Constraint must have a name",
            "requires that constraint is explicitly named",
            "Can't emit ADD CONSTRAINT for constraint",
        ],
        rules: &["constraint-without-name"],
        message: &["the constraint has no name"],
        why: "the database gave it one that the revision does not know",
        help: "write the name that it has in the database; with a `naming_convention` on the MetaData new ones have names of their own",
        ..OPERATION
    },
    Cause {
        name: "constraint-without-name",
        classes: &["IndexError"],
        texts: &["list index out of range"],
        within: &["sqlalchemy/sql/naming.py"],
        rules: &["constraint-without-name"],
        message: &["the constraint to be dropped has no name"],
        why: "the naming convention is asked for one and has no columns to make it of: the message says only that",
        help: "write the name: `op.drop_constraint(op.f(\"fk_…\"), …)`",
        ..OPERATION
    },
    Cause {
        name: "operation-misused",
        classes: &["TypeError"],
        texts: &[
            "{function}() missing {_} required positional argument",
            "{function}() missing {_} required keyword-only argument",
            "{function}() takes {_} positional argument",
            "{function}() got an unexpected keyword argument '{argument}'",
            "{function}() got multiple values for argument",
        ],
        within: &["/versions/"],
        rules: &["operation-misused"],
        message: &["`{function}` does not take `{argument}`", "`{function}` is called with the wrong arguments"],
        why: "the call itself fails, before any SQL",
        help: "compare the call with Alembic's operation reference: `create_index(name, table, columns)`, `drop_constraint(name, table, type_=…)`",
        ..OPERATION
    },
    Cause {
        name: "sqlite-alter-without-batch",
        texts: &[
            "No support for ALTER of constraints in SQLite dialect",
            "near \"ALTER\": syntax error",
            "near \"DROP\": syntax error",
            "Cannot add a UNIQUE column",
            "Cannot add a PRIMARY KEY column",
            "Cannot add a column with non-constant default",
            "near \"CONSTRAINT\": syntax error",
            "near \"MODIFY\": syntax error",
        ],
        rules: &["sqlite-alter-without-batch", "sqlite-without-batch-mode"],
        only_with_rule: false,
        message: &["SQLite can't ALTER this"],
        why: "SQLite's ALTER TABLE renames, adds and drops columns, and nothing else",
        help: "`with op.batch_alter_table(…) as batch_op:` copies the table; `render_as_batch=True` in env.py makes autogenerate write it",
        ..OPERATION
    },
    Cause {
        name: "batch-left-over",
        texts: &["table _alembic_tmp_{table} already exists", "relation \"_alembic_tmp_{table}\" already exists"],
        message: &["`_alembic_tmp_{table}` is left from a batch that failed"],
        why: "SQLite keeps what ran before the failure",
        help: "look whether `{table}` is whole, then drop the leftover table and run again",
        next: "sqlite3 FILE 'DROP TABLE _alembic_tmp_{table}'",
        avoid: "dropping `{table}` itself: it may be the only copy of the rows",
        ..OPERATION
    },
    Cause {
        name: "not-null-without-default",
        texts: &[
            "column \"{column}\" of relation \"{table}\" contains null values",
            "column \"{column}\" contains null values",
            "Cannot add a NOT NULL column with default value NULL",
            "NOT NULL constraint failed: _alembic_tmp_{table}.{column}",
            "NOT NULL constraint failed: {table}.{column}",
            "null value in column \"{column}\" of relation \"{table}\" violates not-null constraint",
            "null value in column \"{column}\" violates not-null constraint",
            "Invalid use of NULL value",
            "Data truncated for column '{column}'",
            "Column '{column}' cannot be null",
            "ORA-01758",
            "ORA-02296",
            "ALTER TABLE only allows columns to be added that can contain nulls",
        ],
        rules: &["not-null-without-default"],
        message: &[
            "`{table}.{column}` is to be NOT NULL and there are rows without a value",
            "`{column}` is to be NOT NULL and there are rows without a value",
            "a column is to be NOT NULL and there are rows without a value",
        ],
        why: "`default=` of a model works in Python only; the rows that are there have nothing",
        help: "give `server_default=`, or add the column as nullable, fill it, and then set NOT NULL",
        ..OPERATION
    },
    Cause {
        name: "unique-violated-by-rows",
        texts: &[
            "could not create unique index \"{index}\"",
            "Duplicate entry '{value}' for key '{index}'",
            "UNIQUE constraint failed: {columns}",
            "ORA-01452",
            "CREATE UNIQUE INDEX statement terminated because a duplicate key",
        ],
        rules: &["unique-builds-index"],
        message: &["rows that are there break the unique `{index}`", "rows that are there break a unique constraint"],
        why: "two rows have the same value; `DETAIL:` names one",
        help: "find and mend the duplicates in a revision before this one",
        ..OPERATION
    },
    Cause {
        name: "check-violated-by-rows",
        texts: &[
            "check constraint \"{constraint}\" of relation \"{table}\" is violated by some row",
            "Check constraint '{constraint}' is violated",
            "CHECK constraint failed: {constraint}",
            "violates check constraint \"{constraint}\"",
        ],
        message: &["rows that are there break the check `{constraint}`"],
        why: "the server looks at all rows when the constraint is added",
        help: "mend the rows first, or add it `NOT VALID` and validate later",
        ..OPERATION
    },
    Cause {
        name: "foreign-key-violated-by-rows",
        texts: &[
            "insert or update on table \"{table}\" violates foreign key constraint \"{constraint}\"",
            "Cannot add or update a child row",
            "FOREIGN KEY constraint failed",
            "update or delete on table \"{table}\" violates foreign key constraint \"{constraint}\"",
        ],
        message: &["rows of `{table}` break the foreign key `{constraint}`", "rows that are there break a foreign key"],
        why: "they lead to rows that do not exist, or rows still lead to those that are deleted",
        help: "mend the rows in a revision before this one",
        ..OPERATION
    },
    Cause {
        name: "enum-not-dropped",
        texts: &["type \"{type}\" already exists"],
        needs: Needs::Alembic,
        rules: &["enum-not-dropped"],
        place: Place::Downgrade,
        message: &["the downgrade leaves the enum type `{type}` behind, so a second upgrade finds it there"],
        why: "`drop_table` and `drop_column` drop no types",
        help: "in the downgrade: `sa.Enum(name=\"{type}\").drop(op.get_bind(), checkfirst=True)`; on this database once: `DROP TYPE {type}`",
        avoid: "DROP TYPE {type} CASCADE: it drops every column of the type, with its data",
        ..OPERATION
    },
    Cause {
        name: "enum-created-twice",
        texts: &["type \"{type}\" already exists"],
        needs: Needs::Alembic,
        rules: &["enum-created-twice"],
        message: &["the enum type `{type}` is there already"],
        why: "`create_table` creates the type of each enum; another revision made it before, or a downgrade left it behind",
        help: "where another revision makes it: `postgresql.ENUM(…, name=\"{type}\", create_type=False)`; in the downgrade: `sa.Enum(name=\"{type}\").drop(op.get_bind())`",
        avoid: "DROP TYPE {type} CASCADE: it drops every column of the type, with its data",
        ..OPERATION
    },
    Cause {
        name: "enum-not-created",
        texts: &["type \"{type}\" does not exist"],
        rules: &["enum-not-created"],
        place: Place::EnumStatement,
        message: &["the enum type `{type}` is not there"],
        why: "`op.add_column` and `op.alter_column` create no types; only `create_table` does",
        help: "create it first: `sa.Enum(…, name=\"{type}\").create(op.get_bind(), checkfirst=True)`",
        ..OPERATION
    },
    Cause {
        name: "extension-missing",
        texts: &[
            "type \"{type}\" does not exist",
            "extension \"{extension}\" is not available",
            "extension \"{extension}\" must be installed",
            "could not open extension control file \"{path}\"",
            "function {function}(",
            "operator class \"{class}\" does not exist for access method",
            "access method \"{method}\" does not exist",
        ],
        when: Some(|captures| {
            captures
                .get("function")
                .is_none_or(|function| EXTENSION_FUNCTIONS.iter().any(|known| function.starts_with(known)))
        }),
        rules: &["extension-missing"],
        message: &[
            "the server has no type `{type}`: its extension is missing",
            "the extension `{extension}` is not installed on the server",
            "`{function}` comes with an extension that this database does not have",
            "an extension is missing in this database",
        ],
        why: "types and functions like `vector`, `geometry`, `citext`, `uuid_generate_v4()` belong to extensions, and each database needs its own CREATE EXTENSION",
        help: "`op.execute(\"CREATE EXTENSION IF NOT EXISTS …\")` in an earlier revision; the server itself must have the extension's files",
        ..OPERATION
    },
    Cause {
        name: "enum-value-used-in-same-transaction",
        texts: &["unsafe use of new value \"{value}\" of enum type {type}"],
        rules: &["enum-value-used-in-same-transaction"],
        message: &["the new value `{value}` of `{type}` is used in the transaction that adds it"],
        why: "PostgreSQL allows it only after COMMIT, and consecutive revisions share one transaction",
        help: "add the value inside `with op.get_context().autocommit_block():`",
        ..OPERATION
    },
    Cause {
        name: "enum-value-already-exists",
        texts: &["enum label \"{value}\" already exists"],
        message: &["the enum has the value `{value}` already"],
        why: "values can't be taken away in a downgrade, so a second upgrade finds them there",
        help: "write `ALTER TYPE … ADD VALUE IF NOT EXISTS`",
        ..OPERATION
    },
    Cause {
        name: "enum-value-unknown",
        texts: &["invalid input value for enum {type}: \"{value}\""],
        message: &["the enum `{type}` of the database has no value `{value}`"],
        why: "autogenerate does not compare the values of enums, so no revision adds a new one; and SQLAlchemy stores the names of a Python enum, not its values",
        help: "add it in a revision: `ALTER TYPE {type} ADD VALUE IF NOT EXISTS '{value}'` inside `autocommit_block()`",
        ..OPERATION
    },
    Cause {
        name: "concurrently-in-transaction",
        texts: &[
            "{statement} cannot run inside a transaction block",
            "{statement} cannot be executed from a function or multi-command string",
            "cannot run inside a transaction block",
        ],
        rules: &["concurrently-in-transaction"],
        message: &["the statement can't run inside a transaction"],
        why: "Alembic runs each revision in one; CREATE INDEX CONCURRENTLY, VACUUM, ALTER TYPE … ADD VALUE (before PostgreSQL 12) and the like must stand alone",
        help: "put it into `with op.get_context().autocommit_block():`",
        ..OPERATION
    },
    Cause {
        name: "type-change-needs-using",
        texts: &[
            "column \"{column}\" cannot be cast automatically to type {type}",
            "default for column \"{column}\" cannot be cast automatically to type {type}",
        ],
        rules: &["type-change-needs-using"],
        message: &["PostgreSQL can't turn `{column}` into {type} by itself"],
        why: "there is no implicit cast between the two types",
        help: "say how: `postgresql_using=\"{column}::{type}\"`; a default must be dropped first and set anew",
        ..OPERATION
    },
    Cause {
        name: "drop-of-referenced-table",
        texts: &[
            "cannot drop {object} because other objects depend on it",
            "cannot drop {object} because {_} requires it",
            "Cannot drop table '{object}' referenced by a foreign key constraint",
            "Cannot delete or update a parent row",
            "Cannot drop index '{object}': needed in a foreign key constraint",
            "Cannot drop column '{object}': needed in a foreign key constraint",
            "Could not drop object '{object}' because it is referenced",
            "unique/primary keys in table referenced by foreign keys",
        ],
        rules: &["drop-of-referenced-table"],
        message: &["{object} can't be dropped: other objects need it", "it can't be dropped: other objects need it"],
        why: "foreign keys, views or indexes lead to it; `DETAIL:` names them",
        help: "drop or change what depends on it first, in this revision",
        avoid: "DROP … CASCADE: it drops everything that depends on it, unasked",
        ..OPERATION
    },
    Cause {
        name: "column-used-by-view",
        texts: &[
            "cannot alter type of a column used by a view or rule",
            "cannot alter type of a column used in a trigger definition",
            "cannot alter type of a column used by a generated column",
            "error in view {view} after drop column",
            "error in view {view}",
            "error in index {view} after drop column",
            "error in trigger {view} after",
        ],
        message: &["`{view}` uses the column", "a view, trigger or generated column uses the column"],
        why: "the server keeps what depends on a column in step with it",
        help: "drop it before the change and create it anew behind it",
        ..OPERATION
    },
    Cause {
        name: "constraint-already-exists",
        texts: &["relation \"{constraint}\" already exists"],
        and: &["ADD CONSTRAINT"],
        message: &["the constraint `{constraint}` is there already"],
        why: "an earlier revision or `create_all()` made it; a unique constraint has an index of its name",
        help: "take out the second one, or give it another name",
        ..OPERATION
    },
    Cause {
        name: "index-already-exists",
        texts: &[
            "relation \"{index}\" already exists",
            "index {index} already exists",
            "Duplicate key name '{index}'",
            "The index '{index}' is dependent on",
            "an index named '{index}' already exists",
        ],
        and: &["CREATE INDEX", "CREATE UNIQUE INDEX", "index ", "Duplicate key name", "ADD INDEX"],
        needs: Needs::Alembic,
        when: Some(|captures| captures.get("index").is_some_and(|index| !index.contains(' '))),
        rules: &["index-already-exists", "create-all-beside-migrations"],
        only_with_rule: false,
        message: &["the index `{index}` is there already"],
        why: "an earlier revision, `index=True` on the column of a table just created, or `create_all()` made it",
        help: "take out the second one, or write `if_not_exists=True`",
        ..OPERATION
    },
    Cause {
        name: "table-already-exists",
        texts: &[
            "relation \"{table}\" already exists",
            "table {table} already exists",
            "table \"{table}\" already exists",
            "Table '{table}' already exists",
            "ORA-00955",
            "There is already an object named '{table}' in the database",
        ],
        needs: Needs::Alembic,
        rules: &["table-already-exists"],
        message: &["the table `{table}` is there already", "the table is there already"],
        why: "`create_all()` made it, or an earlier run that was not noted in `alembic_version`",
        help: "where the database already is what this revision makes, note that: `alembic stamp REVISION`; and let only migrations create tables",
        next: "alembic current",
        avoid: "dropping the table: its rows would be gone",
        ..OPERATION
    },
    Cause {
        name: "constraint-already-exists",
        texts: &[
            "constraint \"{constraint}\" for relation \"{table}\" already exists",
            "Duplicate foreign key constraint name '{constraint}'",
            "Duplicate check constraint name '{constraint}'",
            "multiple primary keys for table \"{table}\" are not allowed",
            "Multiple primary key defined",
        ],
        message: &["the constraint `{constraint}` is there already", "the table has the constraint already"],
        why: "an earlier revision or `create_all()` made it",
        help: "take out the second one, or give it another name",
        ..OPERATION
    },
    Cause {
        name: "column-already-exists",
        texts: &[
            "column \"{column}\" of relation \"{table}\" already exists",
            "duplicate column name: {column}",
            "Duplicate column name '{column}'",
            "column \"{column}\" specified more than once",
            "Column names in each table must be unique",
            "ORA-01430",
        ],
        rules: &["column-already-exists"],
        message: &[
            "`{table}` has the column `{column}` already",
            "the table has the column `{column}` already",
            "the table has the column already",
        ],
        why: "another revision added it, `create_all()` made the table with it, or this revision stopped half-way before (MySQL and SQLite keep what ran)",
        help: "take out the second addition; where the database already is what this revision makes, stamp it",
        avoid: "dropping the column: its values would be gone",
        ..OPERATION
    },
    Cause {
        name: "schema-missing",
        texts: &[
            "schema \"{schema}\" does not exist",
            "no schema has been selected to create in",
            "unknown database {schema}",
        ],
        message: &["the schema `{schema}` is not there", "no schema of the search path is there"],
        why: "`schema=` names it, and no revision creates schemas by itself",
        help: "`op.execute(\"CREATE SCHEMA IF NOT EXISTS {schema}\")` before the first table in it",
        ..OPERATION
    },
    Cause {
        name: "unknown-constraint",
        texts: &[
            "constraint \"{constraint}\" of relation \"{table}\" does not exist",
            "constraint \"{constraint}\" does not exist",
            "index \"{constraint}\" does not exist",
            "no such index: {constraint}",
            "No such constraint: '{constraint}'",
            "Can't DROP FOREIGN KEY `{constraint}`",
            "Can't DROP CONSTRAINT `{constraint}`",
            "Can't DROP INDEX `{constraint}`",
            "Constraint '{constraint}' does not exist",
            "'{constraint}' is not a constraint",
        ],
        rules: &["unknown-constraint"],
        message: &["`{table}` has no constraint `{constraint}`", "there is no constraint or index `{constraint}`"],
        why: "the database gave it another name (PostgreSQL: `table_column_key`, `table_column_fkey`; a naming convention: its own), or an earlier revision dropped it",
        help: "write the name that it has: `\\d {table}` in psql, `SHOW CREATE TABLE` in MySQL",
        ..OPERATION
    },
    Cause {
        name: "unknown-column",
        texts: &[
            "column \"{column}\" of relation \"{table}\" does not exist",
            "column \"{column}\" named in key does not exist",
            "column \"{column}\" referenced in foreign key constraint does not exist",
            "column \"{column}\" does not exist",
            "column {column} does not exist",
            "no such column: \"{column}\"",
            "no such column: {column}",
            "has no column named {column}",
            "Unknown column '{column}' in",
            "Can't DROP '{column}'; check that column/key exists",
            "Can't DROP COLUMN `{column}`",
            "Key column '{column}' doesn't exist in table",
            "Invalid column name '{column}'",
            "ORA-00904",
        ],
        rules: &["unknown-column"],
        message: &[
            "`{table}` has no column `{column}` at this point",
            "there is no column `{column}` at this point",
            "there is no such column at this point",
        ],
        why: "the name is misspelt, an earlier revision dropped or renamed it, or the revision uses a model that has moved on since it was written",
        help: "write the name that the column has after the revisions before this one; copy tables into the revision with `sa.table(…)` instead of importing models",
        ..OPERATION
    },
    Cause {
        name: "unknown-column",
        classes: &["KeyError"],
        texts: &["'{column}'", "{column}"],
        within: &["alembic/operations/batch.py"],
        rules: &["unknown-column"],
        message: &["the table of this batch has no column `{column}`"],
        why: "batch mode copies the table as the database has it, and looks the column up there",
        help: "write the name that the column has after the revisions before this one",
        ..OPERATION
    },
    Cause {
        name: "unknown-table",
        texts: &[
            "relation \"{table}\" does not exist",
            "no such table: {table}",
            "table \"{table}\" does not exist",
            "Unknown table '{table}'",
            "Table '{table}' doesn't exist",
            "Cannot find the object \"{table}\"",
            "Invalid object name '{table}'",
            "ORA-00942",
        ],
        when: Some(|captures| captures.get("table").is_none_or(|table| !table.ends_with("alembic_version"))),
        rules: &["unknown-table"],
        message: &["there is no table `{table}` at this point", "there is no such table at this point"],
        why: "the name is misspelt, a revision before this one dropped or renamed it, or it is made by something that has not run on this database",
        help: "write the name that the table has after the revisions before this one",
        ..OPERATION
    },
    Cause {
        name: "unknown-table",
        classes: &["NoSuchTableError"],
        texts: &["{table}"],
        rules: &["unknown-table"],
        message: &["there is no table `{table}` at this point"],
        why: "batch mode and reflection read the table from the database",
        help: "write the name that the table has after the revisions before this one",
        ..OPERATION
    },
    Cause {
        name: "foreign-key-without-unique",
        texts: &[
            "there is no unique constraint matching given keys for referenced table \"{table}\"",
            "Missing unique key for constraint '{constraint}' in the referenced table '{table}'",
            "Missing index for constraint '{constraint}' in the referenced table '{table}'",
            "foreign key mismatch - \"{_}\" referencing \"{table}\"",
            "There are no primary or candidate keys in the referenced table '{table}'",
        ],
        message: &["the foreign key leads to columns of `{table}` that are not unique"],
        why: "a foreign key must lead to a primary key or a unique constraint",
        help: "make the target unique first, or lead it to the primary key",
        ..OPERATION
    },
    Cause {
        name: "foreign-key-types-differ",
        texts: &[
            "foreign key constraint \"{constraint}\" cannot be implemented",
            "in foreign key constraint '{constraint}' are incompatible",
            "Foreign key constraint is incorrectly formed",
            "Cannot add foreign key constraint",
            "Failed to open the referenced table '{table}'",
            "is not the same data type as referencing column",
        ],
        message: &[
            "the columns of the foreign key `{constraint}` are of different types",
            "the foreign key does not fit the table that it leads to",
        ],
        why: "both sides must have the same type (on MySQL also sign, character set and engine), and the other table must be there",
        help: "make the types equal",
        ..OPERATION
    },
    Cause {
        name: "offline-unsafe-operation",
        texts: &[
            "requires a live database connection with which to reflect the table \"{table}\"",
            "This operation cannot proceed in --sql mode",
        ],
        needs: Needs::Nothing,
        rules: &["offline-unsafe-operation"],
        message: &[
            "a batch reads the table `{table}` from the database, and `--sql` has none",
            "the revision reads from the database, and `--sql` has none",
        ],
        why: "SQLite's batch mode copies the table as it finds it",
        help: "give the table to the batch (`copy_from=`), or run the upgrade online",
        ..OPERATION
    },
    Cause {
        name: "offline-unsafe-operation",
        texts: &[
            "'NoneType' object has no attribute 'scalar'",
            "'NoneType' object has no attribute 'fetchall'",
            "'NoneType' object has no attribute 'fetchone'",
            "'NoneType' object has no attribute 'first'",
            "'NoneType' object has no attribute 'scalars'",
            "'NoneType' object has no attribute 'mappings'",
            "'NoneType' object has no attribute 'scalar_one",
            "'NoneType' object has no attribute 'all'",
            "'NoneType' object has no attribute 'rowcount'",
            "'NoneType' object has no attribute 'inspect'",
            "No inspection system is available for object of type <class 'sqlalchemy.engine.mock",
        ],
        within: &["/versions/"],
        rules: &["offline-unsafe-operation"],
        message: &["the revision reads from the database, and `--sql` has none"],
        why: "offline, `op.get_bind()` only collects statements; they have no results",
        help: "ask `context.is_offline_mode()` before, or run the upgrade online",
        ..OPERATION
    },
    Cause {
        name: "sql-text-colon",
        texts: &["A value is required for bind parameter '{parameter}'"],
        rules: &["sql-text-colon"],
        message: &["`:{parameter}` in the SQL text is read as a parameter"],
        why: "SQLAlchemy reads a word behind a colon in `text()` and `op.execute()` as a bind parameter",
        help: "write `\\\\:{parameter}`, or bind a value",
        ..OPERATION
    },
    Cause {
        name: "raw-string-execute",
        texts: &[
            "Not an executable object: ",
            "'str' object has no attribute '_execute_on_connection'",
            "should be explicitly declared as text(",
        ],
        needs: Needs::Alembic,
        sqlalchemy: ((1, 4), (99, 0)),
        rules: &["raw-string-execute"],
        message: &["a connection is given SQL as a plain string"],
        why: "from 2.0 on SQLAlchemy takes text only as `text(…)`",
        help: "write `bind.execute(sa.text(\"…\"))`, or `op.execute(\"…\")`, which takes strings",
        ..OPERATION
    },
    Cause {
        name: "pending-trigger-events",
        texts: &["because it has pending trigger events", "because it is being used by active queries in this session"],
        message: &["the revision changes rows and then the table, in one transaction"],
        why: "deferred constraints of the changed rows are still to be checked",
        help: "`SET CONSTRAINTS ALL IMMEDIATE` between the two, or two revisions with `transaction_per_migration=True`",
        ..OPERATION
    },
];

/// The functions of extensions that migrations use most.
const EXTENSION_FUNCTIONS: &[&str] = &[
    "uuid_generate_v",
    "gen_random_uuid",
    "similarity",
    "unaccent",
    "crypt",
    "gen_salt",
    "digest",
    "st_",
    "postgis",
    "create_hypertable",
    "levenshtein",
    "gen_random_bytes",
];
