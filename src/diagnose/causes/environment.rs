//! env.py: engines, connections, coroutines, target_metadata, imports.

use super::{CAUSE, Cause, Needs, Place};

pub const CAUSES: &[Cause] = &[
    Cause {
        name: "async-driver-in-sync-env",
        texts: &["greenlet_spawn has not been called; can't call await_"],
        needs: Needs::Alembic,
        rules: &["async-driver-in-sync-env"],
        place: Place::Url,
        message: &["env.py makes a synchronous engine for an asynchronous driver"],
        why: "asyncpg, aiosqlite, aiomysql and asyncmy work only under `async_engine_from_config` and `run_sync`",
        help: "use the asynchronous env.py (`alembic init -t async`), or another driver for migrations",
        ..CAUSE
    },
    Cause {
        name: "sync-driver-in-async-env",
        texts: &["The asyncio extension requires an async driver to be used. The loaded '{driver}' is not async"],
        rules: &["sync-driver-in-async-env"],
        place: Place::Url,
        message: &["an asynchronous engine is made with the driver `{driver}`, which is not asynchronous"],
        why: "bare `postgresql://` means psycopg2 before SQLAlchemy 2.1 and psycopg (which can do both) from 2.1 on; bare `sqlite://` and `mysql://` are synchronous",
        help: "name an asynchronous driver: `postgresql+asyncpg://`, `postgresql+psycopg://`, `sqlite+aiosqlite://`, `mysql+asyncmy://`",
        ..CAUSE
    },
    Cause {
        name: "async-engine-in-sync-env",
        texts: &[
            "'AsyncConnection' object does not support the context manager protocol",
            "'_AsyncGeneratorContextManager' object does not support the context manager protocol",
            "'AsyncEngine' object does not support the context manager protocol",
            "'AsyncConnection' object has no attribute '__enter__'",
            "'_AsyncGeneratorContextManager' object has no attribute '__enter__'",
            "'AsyncEngine' object has no attribute '",
        ],
        needs: Needs::Alembic,
        rules: &["async-engine-in-sync-env"],
        place: Place::Frame,
        message: &["env.py treats an asynchronous engine like a synchronous one"],
        why: "connections of an asynchronous engine are entered with `async with`, inside a coroutine that `asyncio.run` runs",
        help: "take over the functions of the asynchronous env.py: `alembic init -t async`",
        ..CAUSE
    },
    Cause {
        name: "async-engine-in-sync-env",
        classes: &["AttributeError"],
        texts: &["__enter__"],
        needs: Needs::Alembic,
        rules: &["async-engine-in-sync-env"],
        only_with_rule: true,
        message: &["env.py treats an asynchronous engine like a synchronous one"],
        help: "take over the functions of the asynchronous env.py: `alembic init -t async`",
        ..CAUSE
    },
    Cause {
        name: "run-sync-missing",
        texts: &[
            "The argument passed to Dialect.has_table() should be a",
            "'AsyncConnection' object has no attribute 'dialect'",
            "'AsyncConnection' object has no attribute '{attribute}'",
            "'coroutine' object has no attribute 'dialect'",
            "'coroutine' object has no attribute '{attribute}'",
        ],
        needs: Needs::Alembic,
        rules: &["run-sync-missing", "async-engine-in-sync-env"],
        place: Place::Frame,
        message: &["Alembic was given an asynchronous connection"],
        why: "`context.configure` takes the synchronous connection that `run_sync` hands to its function",
        help: "`await connection.run_sync(do_run_migrations)`, and configure inside that function",
        ..CAUSE
    },
    Cause {
        name: "asyncio-run-in-running-loop",
        texts: &[
            "asyncio.run() cannot be called from a running event loop",
            "This event loop is already running",
            "Cannot run the event loop while another loop is running",
        ],
        needs: Needs::Alembic,
        rules: &["asyncio-run-in-running-loop"],
        place: Place::Frame,
        message: &["env.py starts an event loop while one is running"],
        why: "the application started migrations from a coroutine, and env.py calls `asyncio.run`",
        help: "hand the connection over in `config.attributes[\"connection\"]`, or start migrations in a thread: `await asyncio.to_thread(command.upgrade, config, \"head\")`",
        ..CAUSE
    },
    Cause {
        name: "event-loop-missing",
        texts: &["There is no current event loop in thread"],
        needs: Needs::Alembic,
        place: Place::Frame,
        message: &["env.py asks for an event loop that nobody has made"],
        why: "from Python 3.14 on `asyncio.get_event_loop()` makes none any more",
        help: "call `asyncio.run(run_async_migrations())` instead",
        ..CAUSE
    },
    Cause {
        name: "target-metadata-none",
        texts: &["Can't proceed with --autogenerate option; environment script {_} does not provide a MetaData object"],
        needs: Needs::Nothing,
        rules: &["target-metadata-none", "target-metadata-not-metadata"],
        place: Place::Configure,
        message: &["`context.configure` is given no `target_metadata`"],
        why: "autogenerate compares the database with it",
        help: "import the models' base in env.py and pass `target_metadata=Base.metadata`",
        ..CAUSE
    },
    Cause {
        name: "target-metadata-not-metadata",
        texts: &["has no attribute 'sorted_tables'", "object is not iterable"],
        within: &["alembic/autogenerate/"],
        needs: Needs::Alembic,
        rules: &["target-metadata-not-metadata", "target-metadata-none"],
        place: Place::Configure,
        message: &["`target_metadata` is no MetaData"],
        why: "autogenerate asks it for its tables",
        help: "pass `Base.metadata`, not the base class or the module",
        ..CAUSE
    },
    Cause {
        name: "metadata-list-duplicate-table",
        texts: &["Duplicate table keys across multiple MetaData objects: {tables}"],
        needs: Needs::Nothing,
        rules: &["metadata-list-duplicate-table"],
        place: Place::Frame,
        message: &["two MetaData objects of `target_metadata` both have {tables}"],
        why: "autogenerate could not tell which of them counts",
        help: "declare the table once, or give one of them a schema",
        ..CAUSE
    },
    Cause {
        name: "server-default-comparison-fails",
        texts: &["operator does not exist: json ="],
        within: &["alembic/autogenerate/", "alembic/ddl/"],
        needs: Needs::Alembic,
        place: Place::Frame,
        message: &["`compare_server_default=True` compares a JSON column, and PostgreSQL's json has no `=`"],
        why: "Alembic asks the server whether both defaults are equal",
        help: "use JSONB, or give a function that returns False for such columns",
        ..CAUSE
    },
    Cause {
        name: "circular-import",
        texts: &[
            "cannot import name '{name}' from partially initialized module '{module}'",
            "partially initialized module '{module}' has no attribute '{name}'",
        ],
        needs: Needs::Alembic,
        rules: &["circular-import", "model-import-error", "env-script-raises"],
        place: Place::DeepestFrame,
        message: &["`{module}` is imported while it is still being imported itself, before it has `{name}`"],
        why: "two modules import each other",
        help: "move what both need into a third module, or import inside the function that needs it",
        ..CAUSE
    },
    Cause {
        name: "prepend-sys-path-missing",
        classes: &["ModuleNotFoundError", "ImportError"],
        texts: &["No module named '{module}'", "No module named {module}"],
        needs: Needs::Alembic,
        rules: &["prepend-sys-path-missing"],
        only_with_rule: true,
        message: &["env.py can't find the project's own package `{module}`"],
        help: "write `prepend_sys_path = .` into alembic.ini",
        ..CAUSE
    },
    Cause {
        name: "prepend-sys-path-missing",
        classes: &["ModuleNotFoundError", "ImportError"],
        texts: &["No module named '{module}'", "No module named {module}"],
        needs: Needs::Alembic,
        place: Place::OwnPackage,
        message: &["`{module}` is a package of the project, and nothing on Python's path leads to it"],
        why: "`prepend_sys_path` is relative to the working directory, and alembic was started in another one; or it is not set",
        help: "start alembic in the project's folder, write `prepend_sys_path = %(here)s`, or install the project",
        ..CAUSE
    },
    Cause {
        name: "model-import-error",
        classes: &["ImportError"],
        texts: &[
            "cannot import name '{name}' from '{module}'",
            "attempted relative import with no known parent package",
            "attempted relative import beyond top-level package",
        ],
        needs: Needs::Alembic,
        rules: &["model-import-error", "env-script-raises", "name-not-imported-in-revision", "circular-import"],
        place: Place::DeepestFrame,
        message: &["there is no `{name}` in `{module}`", "a relative import leads out of the package"],
        why: "every alembic command imports this module",
        help: "mend the import: the name may have been renamed, moved, or never been there in the installed version",
        ..CAUSE
    },
    Cause {
        name: "dependency-not-installed",
        classes: &["ModuleNotFoundError", "ImportError"],
        texts: &["No module named '{module}'", "No module named {module}"],
        needs: Needs::Alembic,
        rules: &["model-import-error", "env-script-raises"],
        place: Place::DeepestFrame,
        message: &["`{module}` is not installed where alembic runs"],
        why: "env.py imports the application, and the application imports it",
        help: "install the project's requirements into the environment that alembic runs in, or start alembic from it (`uv run alembic …`, `poetry run alembic …`)",
        ..CAUSE
    },
    Cause {
        name: "name-not-imported-in-revision",
        classes: &["NameError"],
        texts: &["name '{name}' is not defined"],
        needs: Needs::Revision,
        within: &["/versions/"],
        rules: &["name-not-imported-in-revision"],
        place: Place::Statement,
        message: &["the revision uses `{name}` and does not import it"],
        why: "autogenerate writes types as `repr` gives them, and the import that they need only if script.py.mako has it",
        help: "add the import to the revision, and to script.py.mako for the next ones",
        ..CAUSE
    },
    Cause {
        name: "model-name-undefined",
        classes: &["NameError"],
        texts: &["name '{name}' is not defined"],
        needs: Needs::Alembic,
        rules: &["name-not-imported-in-revision", "model-name-undefined", "env-script-raises"],
        place: Place::DeepestFrame,
        message: &["`{name}` is used here and nothing defines it"],
        why: "every alembic command runs this line",
        help: "import it, or mend the spelling",
        ..CAUSE
    },
    Cause {
        name: "coroutine-not-awaited",
        classes: &["RuntimeWarning"],
        texts: &["coroutine '{function}' was never awaited"],
        needs: Needs::Nothing,
        rules: &["coroutine-not-awaited", "run-sync-missing"],
        only_with_rule: true,
        message: &["the coroutine `{function}` is made and never run"],
        why: "alembic ends with exit code 0 and has done nothing",
        help: "`asyncio.run(…)` around the outermost call, `await` inside",
        ..CAUSE
    },
    Cause {
        name: "models-not-imported",
        classes: &["Autogenerate"],
        texts: &["Detected removed table", "No changes in schema detected"],
        needs: Needs::Nothing,
        rules: &[
            "models-not-imported",
            "model-on-other-metadata",
            "target-metadata-none",
            "include-object-hides-everything",
        ],
        only_with_rule: true,
        message: &["autogenerate cannot see the models"],
        help: "import the models in env.py",
        avoid: "alembic upgrade head: the revision that was just written may drop tables that are in use",
        ..CAUSE
    },
    Cause {
        name: "env-never-commits",
        classes: &["Upgrade"],
        texts: &["Running upgrade"],
        needs: Needs::Nothing,
        rules: &["env-never-commits", "env-runs-nothing", "coroutine-not-awaited"],
        only_with_rule: true,
        message: &["upgrades are announced and never committed"],
        help: "commit, or use `connectable.begin()`",
        ..CAUSE
    },
];
