//! What the user configured that facts and rules depend on.

/// Settings of one run, from the configuration file and the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// SQLAlchemy version to assume: `2.0`.
    pub sqlalchemy: Option<String>,
    /// Alembic version to assume.
    pub alembic: Option<String>,
    /// Dialect to assume: `postgresql`.
    pub dialect: Option<String>,
    /// Further names that attributes of models must not have.
    pub reserved_names: Vec<String>,
    /// How many heads, or which, the project means to have.
    pub expected_heads: Option<usize>,
    /// `false`: revisions are written by hand on purpose.
    pub autogenerate: Option<bool>,
    /// Files that the configuration excludes: their environments and models are not the project's.
    pub excluded: std::collections::BTreeSet<String>,
    /// The project is read as a fresh machine would run it: environment variables that nothing sets are not set, and
    /// packages that the requirements don't name are not installed.
    pub fresh_machine: bool,
    /// Environment variables that are set, where the project is read as this machine would run it.
    pub variables: std::collections::BTreeMap<String, String>,
    /// Only environments with these names or paths; empty: all.
    pub environments: Vec<String>,
}
