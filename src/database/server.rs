//! What a server tells of itself: [`Server`], the facts that decide whether a migration can run there.

/// A database, as the role of the URL sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// `PostgreSQL`, `MariaDB`, `SQLite`.
    pub product: String,
    /// `15.18`
    pub version: String,
    /// The version as a number that can be compared: 15, 10, 3.
    pub major: u32,
    /// The role.
    pub user: String,
    /// It may do anything.
    pub is_superuser: bool,
    /// The database.
    pub database: String,
    /// The connection is encrypted.
    pub is_encrypted: bool,
    /// The schemas in which names without one are looked for; tables are made in the first.
    pub search_path: Vec<String>,
    /// It repeats what another server does.
    pub is_standby: bool,
    /// Transactions are read-only unless they say otherwise.
    pub is_read_only: bool,
    /// Where that is set, if it can be told: `role`, `database`, `server`.
    pub read_only_by: Option<String>,
    /// Tables in which Alembic keeps its revision.
    pub version_tables: Vec<VersionTable>,
    /// Schemas, and what may be done there.
    pub schemas: Vec<Schema>,
    /// A schema may be made.
    pub may_create_schemas: bool,
    /// All tables.
    pub tables: Vec<TableFacts>,
    /// Extensions, installed or ready to be.
    pub extensions: Vec<Extension>,
    /// Indexes that a failed `CREATE INDEX CONCURRENTLY` left: (schema, index, table).
    pub invalid_indexes: Vec<(String, String, String)>,
    /// Constraints that were added `NOT VALID`: (schema, table, constraint).
    pub not_validated: Vec<(String, String, String)>,
    /// Sessions that hold locks on tables.
    pub holders: Vec<Holder>,
    /// Transactions prepared for a two-phase commit and forgotten: (name, since how many seconds, owner).
    pub prepared: Vec<(String, u64, String)>,
    /// Other roles' sessions are shown in full.
    pub sees_all_sessions: bool,
    /// Connections.
    pub connections: Option<HeadRoom>,
    /// Questions that the server would not answer: (which, why).
    pub unanswered: Vec<(&'static str, String)>,
}

/// A table in which Alembic keeps its revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionTable {
    /// Its schema; empty where there are none.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// A name without a schema finds it.
    pub is_visible: bool,
    /// May be read.
    pub readable: bool,
    /// May be changed.
    pub writable: bool,
    /// How many characters `version_num` takes; `None`: any number.
    pub width: Option<u32>,
    /// The revisions in it.
    pub revisions: Vec<String>,
}

/// A schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Its name.
    pub name: String,
    /// Its owner.
    pub owner: String,
    /// Its things may be used.
    pub usage: bool,
    /// Things may be made in it.
    pub create: bool,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableFacts {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its owner.
    pub owner: String,
    /// We may do what its owner may: alter and drop it.
    pub is_ours: bool,
    /// About how many rows; `None`: never counted.
    pub rows: Option<u64>,
    /// About how many bytes.
    pub bytes: u64,
}

/// An extension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// The version that is in the database.
    pub installed: bool,
    /// Who may create in the database may install it.
    pub trusted: bool,
}

/// A session that holds a lock on a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// The table: schema and name.
    pub table: (String, String),
    /// The kind of lock: `AccessShareLock`.
    pub mode: String,
    /// Its role.
    pub user: String,
    /// `idle in transaction`; `None`: hidden from us.
    pub state: Option<String>,
    /// Since how many seconds its transaction runs; `None`: hidden from us.
    pub seconds: Option<u64>,
}

/// Connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadRoom {
    /// As many there may be.
    pub limit: u32,
    /// As many of them are kept for superusers.
    pub reserved: u32,
    /// As many there are.
    pub used: u32,
    /// As many may this role have.
    pub role_limit: Option<u32>,
}

impl Server {
    /// A table by its name; without a schema, the one that the search path finds.
    pub fn table(&self, schema: Option<&str>, name: &str) -> Option<&TableFacts> {
        let in_schema = |schema: &str| self.tables.iter().find(|table| table.schema == schema && table.name == name);
        match schema {
            Some(schema) => in_schema(schema),
            None if self.search_path.is_empty() => self.tables.iter().find(|table| table.name == name),
            None => self.search_path.iter().find_map(|schema| in_schema(schema)),
        }
    }
}

impl HeadRoom {
    /// As many more may come.
    pub fn left(&self) -> u32 {
        self.limit.saturating_sub(self.reserved).saturating_sub(self.used)
    }
}
