//! What SQLAlchemy knows of dialects and drivers: names, defaults by version, which are async, which distribution
//! brings the module that a driver imports.

use crate::project::versions::Versions;

/// A driver of a dialect.
#[derive(Debug)]
pub struct Driver {
    /// Its dialect.
    pub dialect: &'static str,
    /// Its name in the URL.
    pub name: &'static str,
    /// The module that it imports.
    pub module: &'static str,
    /// Any of these distributions brings that module. Empty: Python itself.
    pub distributions: &'static [&'static str],
    /// Works in `create_engine`, in `create_async_engine`.
    pub works: Works,
}

/// Which kind of engine a driver works in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Works {
    /// `create_engine` only.
    Sync,
    /// `create_async_engine` only.
    Async,
    /// Either: psycopg 3, oracledb.
    Both,
}

const fn driver(
    dialect: &'static str,
    name: &'static str,
    module: &'static str,
    distributions: &'static [&'static str],
    works: Works,
) -> Driver {
    Driver { dialect, name, module, distributions, works }
}

const PSYCOPG2: &[&str] = &["psycopg2", "psycopg2-binary", "psycopg2-yugabytedb", "aws-psycopg2", "psycopg2-wheels"];
const PSYCOPG: &[&str] = &["psycopg", "psycopg-binary", "psycopg-c"];
const MYSQLDB: &[&str] = &["mysqlclient"];

/// The drivers that come with SQLAlchemy (1.4 to 2.1), and those of others for the same dialects.
pub const DRIVERS: &[Driver] = &[
    driver("postgresql", "psycopg2", "psycopg2", PSYCOPG2, Works::Sync),
    driver("postgresql", "psycopg", "psycopg", PSYCOPG, Works::Both),
    driver("postgresql", "psycopg_async", "psycopg", PSYCOPG, Works::Async),
    driver("postgresql", "asyncpg", "asyncpg", &["asyncpg"], Works::Async),
    driver("postgresql", "pg8000", "pg8000", &["pg8000"], Works::Sync),
    driver("postgresql", "psycopg2cffi", "psycopg2cffi", &["psycopg2cffi"], Works::Sync),
    driver("postgresql", "pygresql", "pgdb", &["pygresql"], Works::Sync),
    driver("postgresql", "pypostgresql", "postgresql", &["py-postgresql"], Works::Sync),
    driver("mysql", "mysqldb", "MySQLdb", MYSQLDB, Works::Sync),
    driver("mysql", "pymysql", "pymysql", &["pymysql"], Works::Sync),
    driver("mysql", "aiomysql", "aiomysql", &["aiomysql"], Works::Async),
    driver("mysql", "asyncmy", "asyncmy", &["asyncmy"], Works::Async),
    driver("mysql", "cymysql", "cymysql", &["cymysql"], Works::Sync),
    driver("mysql", "mysqlconnector", "mysql.connector", MYSQLCONNECTOR, Works::Sync),
    driver("mysql", "pyodbc", "pyodbc", &["pyodbc"], Works::Sync),
    driver("mysql", "mariadbconnector", "mariadb", &["mariadb"], Works::Sync),
    driver("sqlite", "pysqlite", "sqlite3", &[], Works::Sync),
    driver("sqlite", "pysqlite_numeric", "sqlite3", &[], Works::Sync),
    driver("sqlite", "aiosqlite", "aiosqlite", &["aiosqlite"], Works::Async),
    driver(
        "sqlite",
        "pysqlcipher",
        "sqlcipher3",
        &["sqlcipher3", "sqlcipher3-binary", "sqlcipher3-wheels"],
        Works::Sync,
    ),
    driver("sqlite", "libsql", "libsql", &["sqlalchemy-libsql", "libsql-experimental"], Works::Sync),
    driver("oracle", "cx_oracle", "cx_Oracle", &["cx-oracle"], Works::Sync),
    driver("oracle", "oracledb", "oracledb", &["oracledb"], Works::Both),
    driver("oracle", "oracledb_async", "oracledb", &["oracledb"], Works::Async),
    driver("mssql", "pyodbc", "pyodbc", &["pyodbc"], Works::Sync),
    driver("mssql", "aioodbc", "aioodbc", &["aioodbc"], Works::Async),
    driver("mssql", "pymssql", "pymssql", &["pymssql"], Works::Sync),
    driver("mssql", "pytds", "pytds", &["sqlalchemy-pytds"], Works::Sync),
    driver("mssql", "mssqlpython", "mssql_python", &["mssql-python"], Works::Sync),
];

const MYSQLCONNECTOR: &[&str] = &["mysql-connector-python", "mysql-connector", "mysql-connector-python-rf"];

/// The dialects that come with SQLAlchemy 2.
pub const BUILT_IN: &[&str] = &["postgresql", "mysql", "mariadb", "sqlite", "oracle", "mssql"];

/// Dialects of others (and those that SQLAlchemy had once): their drivers are their own business.
pub const FOREIGN: &[&str] = &[
    "access",
    "ads",
    "athena",
    "awsathena",
    "bigquery",
    "clickhouse",
    "clickhousedb",
    "cockroachdb",
    "crate",
    "databend",
    "databricks",
    "db2",
    "dm",
    "doris",
    "dremio",
    "drill",
    "druid",
    "duckdb",
    "elasticsearch",
    "exa",
    "exasol",
    "firebird",
    "firebolt",
    "gbasedbt",
    "greenplum",
    "gsheets",
    "hana",
    "hive",
    "hologres",
    "hsqldb",
    "ibm_db_sa",
    "impala",
    "informix",
    "ingres",
    "iris",
    "kinetica",
    "kylin",
    "libsql",
    "maxcompute",
    "monetdb",
    "netezza",
    "oceanbase",
    "odps",
    "opengauss",
    "openedge",
    "phoenix",
    "pinot",
    "presto",
    "questdb",
    "redshift",
    "risingwave",
    "rockset",
    "rqlite",
    "sap",
    "shillelagh",
    "singlestoredb",
    "snowflake",
    "solr",
    "spanner",
    "spark",
    "starrocks",
    "sybase",
    "taos",
    "taosws",
    "teradata",
    "teradatasql",
    "tidb",
    "timeplus",
    "trino",
    "vertica",
    "virtuoso",
    "yugabytedb",
    "ydb",
    "awsredshift",
];

/// The dialect whose drivers a dialect shares: MariaDB's are MySQL's.
fn family(dialect: &str) -> &str {
    if dialect == "mariadb" { "mysql" } else { dialect }
}

/// The driver called `name` of `dialect`.
pub fn named(dialect: &str, name: &str) -> Option<&'static Driver> {
    DRIVERS.iter().find(|driver| driver.dialect == family(dialect) && driver.name == name)
}

/// The names of the drivers of a dialect.
pub fn drivers_of(dialect: &str) -> impl Iterator<Item = &'static Driver> {
    DRIVERS.iter().filter(move |driver| driver.dialect == family(dialect))
}

/// The driver that a URL without one loads. PostgreSQL's and Oracle's changed with SQLAlchemy 2.1; where the files do
/// not say which side they are on, the 2.0 line is assumed ([`Versions::sqlalchemy`]).
pub fn default_driver(dialect: &str, versions: &Versions) -> Option<&'static str> {
    let since_2_1 = versions.sqlalchemy().version.is_at_least(&[2, 1]);
    match family(dialect) {
        "postgresql" if since_2_1 => Some("psycopg"),
        "postgresql" => Some("psycopg2"),
        "mysql" => Some("mysqldb"),
        "sqlite" => Some("pysqlite"),
        "oracle" if since_2_1 => Some("oracledb"),
        "oracle" => Some("cx_oracle"),
        "mssql" => Some("pyodbc"),
        _ => None,
    }
}

/// What kind of engine a URL's driver works in; `None` for a driver that is not known.
pub fn works(dialect: &str, driver: Option<&str>, versions: &Versions) -> Option<Works> {
    let name = driver.or_else(|| default_driver(dialect, versions))?;
    named(dialect, name).map(|driver| driver.works)
}

/// The known dialect that an unknown name is near to: `posgresql`, and the removed `postgres`.
pub fn near_dialect(name: &str) -> Option<&'static str> {
    if BUILT_IN.contains(&name) || FOREIGN.contains(&name) {
        return None;
    }
    let lower = name.to_lowercase();
    match lower.as_str() {
        "postgres" | "pg" | "psql" | "pgsql" | "postgre" => return Some("postgresql"),
        "sqlite3" => return Some("sqlite"),
        "asyncpg" | "psycopg2" | "psycopg" => return Some("postgresql"),
        _ => {}
    }
    nearest(&lower, BUILT_IN.iter().copied())
}

/// The known driver that an unknown name of a built-in dialect is near to.
pub fn near_driver(dialect: &str, name: &str) -> Option<&'static str> {
    if named(dialect, name).is_some() {
        return None;
    }
    match (family(dialect), name) {
        ("postgresql", "psycopg3") => return Some("psycopg"),
        ("postgresql", "psycopg2-binary" | "psycopg2_binary") => return Some("psycopg2"),
        ("mysql", "mysqlclient") => return Some("mysqldb"),
        ("sqlite", "sqlite3" | "sqlite") => return Some("pysqlite"),
        _ => {}
    }
    nearest(&name.to_lowercase(), drivers_of(dialect).map(|driver| driver.name))
}

/// The nearest of `names`, if no more than two edits away.
fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, known)| *distance <= 2 && *distance * 3 <= known.len())
        .min()
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names() {
        assert_eq!(near_dialect("posgresql"), Some("postgresql"));
        assert_eq!(near_dialect("postgres"), Some("postgresql"));
        assert_eq!(near_dialect("sqllite"), Some("sqlite"));
        assert_eq!(near_dialect("driver"), None);
        assert_eq!(near_dialect("trino"), None);
        assert_eq!(near_driver("postgresql", "pyscopg2"), Some("psycopg2"));
        assert_eq!(near_driver("postgresql", "psycopg3"), Some("psycopg"));
        assert_eq!(near_driver("postgresql", "auroradataapi"), None);
        assert_eq!(near_driver("mariadb", "pymsql"), Some("pymysql"));
    }
}
