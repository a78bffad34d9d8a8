//! The database URL and the driver that it names.

use super::{CAUSE, Cause, Needs, Place};

/// The modules that SQLAlchemy imports for a URL.
const DRIVERS: &[&str] = &[
    "psycopg2",
    "psycopg",
    "asyncpg",
    "pg8000",
    "psycopg2cffi",
    "MySQLdb",
    "pymysql",
    "mysql",
    "aiomysql",
    "asyncmy",
    "mariadb",
    "aiosqlite",
    "pysqlite2",
    "pysqlcipher3",
    "sqlcipher3",
    "oracledb",
    "cx_Oracle",
    "pyodbc",
    "aioodbc",
    "pymssql",
    "duckdb_engine",
    "clickhouse_driver",
];

pub const CAUSES: &[Cause] = &[
    Cause {
        name: "url-placeholder",
        texts: &["Can't load plugin: sqlalchemy.dialects:{plugin}"],
        when: Some(|captures| captures.get("plugin") == Some("driver")),
        rules: &["url-placeholder"],
        place: Place::Url,
        message: &["the URL is still the example that `alembic init` wrote"],
        why: "`driver://user:pass@localhost/dbname` names no database",
        help: "write the URL of your database, or have env.py set it from where the application has it",
        ..CAUSE
    },
    Cause {
        name: "url-scheme-postgres",
        texts: &["Can't load plugin: sqlalchemy.dialects:{plugin}"],
        when: Some(|captures| captures.get("plugin") == Some("postgres")),
        rules: &["url-scheme-postgres"],
        place: Place::Url,
        message: &["SQLAlchemy has no dialect `postgres`"],
        why: "SQLAlchemy 1.4 took the name `postgres://` away; hosting services still write it into DATABASE_URL",
        help: "write `postgresql://`; where the URL comes from outside: `url.replace(\"postgres://\", \"postgresql://\", 1)`",
        ..CAUSE
    },
    Cause {
        name: "url-driver-unknown",
        texts: &["Can't load plugin: sqlalchemy.dialects:{plugin}", "No module named 'sqlalchemy.dialects.{plugin}'"],
        rules: &["url-driver-unknown", "url-unparsable", "url-scheme-postgres", "url-placeholder"],
        place: Place::Url,
        message: &["SQLAlchemy knows no dialect or driver `{plugin}`"],
        why: "the part before `://` names the dialect and, behind a `+`, the driver",
        help: "mend the spelling, or install the package that brings the dialect",
        ..CAUSE
    },
    Cause {
        name: "engine-prefix-mismatch",
        classes: &["TypeError", "AttributeError"],
        texts: &[
            "'NoneType' object is not iterable",
            "'NoneType' object has no attribute 'items'",
            "'NoneType' object is not subscriptable",
        ],
        within: &["sqlalchemy/engine/create.py", "sqlalchemy/engine/__init__.py", "sqlalchemy/ext/asyncio/engine.py"],
        needs: Needs::Alembic,
        rules: &["engine-prefix-mismatch"],
        place: Place::Frame,
        message: &["`engine_from_config` was given a section that does not exist"],
        why: "`config.get_section(name)` is None where the ini file has no such section",
        help: "name the section that holds the URL, usually `config.config_ini_section`",
        ..CAUSE
    },
    Cause {
        name: "url-missing",
        classes: &["KeyError"],
        texts: &["'url'", "'sqlalchemy.url'"],
        needs: Needs::SqlAlchemy,
        rules: &["engine-prefix-mismatch", "url-missing"],
        place: Place::Ini("sqlalchemy.url"),
        message: &["no URL reaches `engine_from_config`"],
        why: "the section has no key `sqlalchemy.url`, or `prefix=` is not what its keys begin with",
        help: "write `sqlalchemy.url = …` into the section, or set it in env.py with `config.set_main_option`",
        ..CAUSE
    },
    Cause {
        name: "url-missing",
        texts: &["option values must be strings", "Expected string or URL object, got None"],
        needs: Needs::SqlAlchemy,
        rules: &["url-missing"],
        place: Place::Frame,
        message: &["the URL is None"],
        why: "the environment variable or setting that should hold it is not set where alembic runs",
        help: "set the variable, or load the .env file before env.py reads it",
        ..CAUSE
    },
    Cause {
        name: "url-env-var-unset",
        classes: &["KeyError"],
        texts: &["'{variable}'"],
        when: Some(|captures| captures.get("variable").is_some_and(is_variable)),
        needs: Needs::Alembic,
        rules: &[],
        place: Place::DeepestFrame,
        message: &["the environment variable `{variable}` is not set where alembic runs"],
        why: "`os.environ[…]` raises KeyError for a variable that is not there; a .env file counts only once something has loaded it",
        help: "set `{variable}` for this command, or load the .env file first",
        next: "export {variable}=…",
        ..CAUSE
    },
    Cause {
        name: "url-env-var-unset",
        texts: &[
            "{variable} not found. Declare it as envvar or define a default value",
            "Environment variable \"{variable}\" not set",
            "Config '{variable}' is missing, and has no default",
            "Set the {variable} environment variable",
        ],
        needs: Needs::Alembic,
        place: Place::DeepestFrame,
        message: &["the setting `{variable}` is not set where alembic runs"],
        why: "env.py loads the application's settings, and they refuse to be made without it",
        help: "set it for this command, or load the .env file first",
        ..CAUSE
    },
    Cause {
        name: "settings-invalid",
        classes: &["ValidationError", "SettingsError"],
        texts: &[
            "validation error for {settings}\n{field}\n",
            "validation errors for {settings}\n{field}\n",
            "validation error for {settings}",
            "validation errors for {settings}",
            "error parsing value for field \"{settings}\"",
        ],
        needs: Needs::Alembic,
        place: Place::DeepestFrame,
        message: &[
            "the settings `{settings}` want a value for `{field}` where alembic runs",
            "the application's settings `{settings}` can't be made where alembic runs",
            "the application's settings can't be made",
        ],
        why: "env.py imports them, and a value that they require is not set or has the wrong form; pydantic names each one below",
        help: "set the variables that it names for this command, or name the .env file by an absolute path",
        ..CAUSE
    },
    Cause {
        name: "url-unparsable",
        texts: &[
            "Could not parse SQLAlchemy URL from",
            "Could not parse rfc1738 URL from string",
            "Invalid SQLite URL:",
            "Port argument must be an integer or None",
            "Valid SQLite URL forms are",
            "Expected string or URL object",
        ],
        rules: &["url-unparsable", "url-missing", "url-placeholder", "url-scheme-postgres"],
        place: Place::Url,
        message: &["SQLAlchemy can't read the database URL"],
        why: "it must be `dialect+driver://user@host:port/database`, the password behind the user, without quotes and without variables that nothing fills in",
        help: "mend the URL",
        ..CAUSE
    },
    Cause {
        name: "url-unparsable",
        classes: &["ValueError"],
        texts: &["invalid literal for int() with base 10: '{port}'"],
        within: &["sqlalchemy/engine/url.py"],
        rules: &["url-unparsable"],
        place: Place::Url,
        message: &["the port in the database URL is no number"],
        why: "what stands between the host's `:` and the next `/` is the port; an unescaped `@` or `:` earlier moves it",
        help: "mend the port, or percent-encode the password",
        ..CAUSE
    },
    Cause {
        name: "greenlet-not-installed",
        texts: &[
            "the greenlet library is required to use this function",
            "'greenlet' library is installed in order to function",
            "No module named 'greenlet'",
        ],
        needs: Needs::SqlAlchemy,
        rules: &["greenlet-not-installed"],
        place: Place::DeepestFrame,
        message: &["SQLAlchemy's asyncio extension needs `greenlet`, which is not installed"],
        why: "from 2.1 on SQLAlchemy no longer installs it by itself; before, not for every platform",
        help: "require `sqlalchemy[asyncio]`",
        next: "pip install 'sqlalchemy[asyncio]'",
        ..CAUSE
    },
    Cause {
        name: "driver-not-installed",
        classes: &["ModuleNotFoundError", "ImportError"],
        texts: &["No module named '{module}'", "No module named {module}"],
        when: Some(|captures| {
            captures
                .get("module")
                .is_some_and(|module| DRIVERS.contains(&module.trim_matches('\'').split('.').next().unwrap_or(module)))
        }),
        rules: &["driver-not-installed"],
        place: Place::Url,
        message: &["the driver `{module}` is not installed where alembic runs"],
        why: "the URL names this driver, or it is what SQLAlchemy takes where the URL names none (`postgresql://`: psycopg2 before 2.1, psycopg from 2.1 on; `mysql://`: mysqlclient)",
        help: "install it, or name an installed one in the URL: `postgresql+psycopg2://…`",
        ..CAUSE
    },
    Cause {
        name: "driver-not-installed",
        texts: &[
            "no pq wrapper available",
            "libpq.so.5: cannot open shared object file",
            "libmysqlclient",
            "libmariadb",
            "DPI-1047",
            "Can't open lib '{module}'",
            "Data source name not found and no default driver specified",
        ],
        rules: &["driver-not-installed"],
        place: Place::Url,
        message: &["the driver is installed, the system library that it needs is not"],
        why: "psycopg needs libpq, mysqlclient libmysqlclient, pyodbc a registered ODBC driver, oracledb in thick mode the Oracle client",
        help: "install the library, or the variant that brings it (`psycopg[binary]`, `psycopg2-binary`)",
        ..CAUSE
    },
    Cause {
        name: "url-driver-argument",
        texts: &[
            "connect() got an unexpected keyword argument '{argument}'",
            "__init__() got an unexpected keyword argument '{argument}'",
            "'{argument}' is an invalid keyword argument for this function",
            "'{argument}' is an invalid keyword argument for Connection()",
            "invalid connection option \"{argument}\"",
            "invalid {argument} value: ",
            "`{argument}` parameter must be one of",
            "unexpected keyword argument '{argument}'",
        ],
        within: &[
            "sqlalchemy/engine/default.py",
            "sqlalchemy/dialects/",
            "sqlalchemy/pool/",
            "sqlalchemy/engine/create.py",
            "asyncpg/connect",
        ],
        rules: &["url-driver-argument"],
        place: Place::Url,
        message: &["the driver does not take `{argument}` in the URL"],
        why: "what stands behind the `?` goes to the driver's `connect()`, and each driver has its own names: psycopg `sslmode=`, asyncpg `ssl=`",
        help: "use the driver's own name, or take it out of the URL",
        ..CAUSE
    },
    Cause {
        name: "url-driver-argument",
        classes: &["TypeError", "ValueError", "ClientConfigurationError"],
        texts: &[
            "unsupported operand type(s) for +: 'float' and 'str'",
            "'<=' not supported between",
            "an integer is required",
            "must be real number, not str",
            "'str' object has no attribute",
            "could not convert string to float",
            "server_settings is expected to be",
        ],
        within: &[
            "asyncpg/connect",
            "sqlalchemy/dialects/postgresql/asyncpg.py",
            "pymysql/connections.py",
            "aiomysql/",
            "MySQLdb/connections.py",
            "aiosqlite/",
        ],
        rules: &["url-driver-argument"],
        place: Place::Url,
        message: &["the driver wants a number where the URL gives it text"],
        why: "values in the URL's query are strings",
        help: "hand it over as a number: `connect_args={\"timeout\": 2}`",
        ..CAUSE
    },
    Cause {
        name: "url-driver-argument",
        texts: &["Invalid argument(s) {argument} sent to create_engine()"],
        place: Place::Frame,
        message: &["`create_engine` does not take {argument} with this dialect or pool"],
        why: "SQLAlchemy checks the names of the keywords against the dialect, the pool and the engine",
        help: "take the argument away, or choose it by the dialect",
        ..CAUSE
    },
];

fn is_variable(text: &str) -> bool {
    text.len() > 1
        && text.chars().any(|c| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && !text.starts_with(|c: char| c.is_ascii_digit())
}
