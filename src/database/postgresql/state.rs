//! A session → [`Server`]: what decides whether a migration can run.
//!
//! All of it is read from the system catalogues, in one read-only transaction, and no table of the user's is locked:
//! a role that may do nothing but connect gets every answer (what is hidden from it is said to be).

use tokio_postgres::Client;

use crate::database::postgresql::connect::Session;
use crate::database::postgresql::{Row, begin, identifier, rows};
use crate::database::server::{Extension, HeadRoom, Holder, Schema, Server, TableFacts, VersionTable};

const SELF: &str = "select current_setting('server_version'), current_setting('server_version_num')::int / 10000,
  current_user, (select rolsuper from pg_roles where rolname = current_user), current_database(),
  array_to_string(current_schemas(false), E'\\t'), pg_is_in_recovery(), current_setting('default_transaction_read_only'),
  version(), has_database_privilege(current_database(), 'CREATE'), pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'),
  (select source from pg_settings where name = 'default_transaction_read_only')";

const VERSION_TABLES: &str = "select n.nspname, c.relname, pg_table_is_visible(c.oid),
  has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT'),
  has_table_privilege(c.oid, 'INSERT') and has_table_privilege(c.oid, 'UPDATE') and has_table_privilege(c.oid, 'DELETE'),
  case when a.atttypmod > 4 then a.atttypmod - 4 end
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attname = 'version_num'
  where c.relkind in ('r', 'p', 'v', 'f') and (c.relname = 'alembic_version' or c.relnatts = 1) order by 1, 2";

const SCHEMAS: &str = "select n.nspname, pg_get_userbyid(n.nspowner), has_schema_privilege(n.oid, 'USAGE'),
  has_schema_privilege(n.oid, 'CREATE') from pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1";

// relpages, not pg_relation_size: that one would wait for whoever alters the table.
const TABLES: &str = "select n.nspname, c.relname, pg_get_userbyid(c.relowner), pg_has_role(c.relowner, 'USAGE'),
  c.reltuples::bigint, c.relpages::bigint * current_setting('block_size')::bigint
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1, 2";

const EXTENSIONS: &str = "select a.name, e.extname is not null,
  coalesce((select bool_or(v.trusted) from pg_available_extension_versions v where v.name = a.name), false)
  from pg_available_extensions a left join pg_extension e on e.extname = a.name order by 1";

const INVALID: &str = "select n.nspname, c.relname, t.relname from pg_index i join pg_class c on c.oid = i.indexrelid
  join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
  where not i.indisvalid and c.relkind = 'i' and not exists
  (select 1 from pg_stat_progress_create_index p where p.index_relid = i.indexrelid) order by 1, 2";

const NOT_VALIDATED: &str = "select n.nspname, t.relname, c.conname from pg_constraint c
  join pg_class t on t.oid = c.conrelid join pg_namespace n on n.oid = t.relnamespace
  where not c.convalidated and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1, 2, 3";

const HOLDERS: &str = "select l.pid, n.nspname, c.relname, max(l.mode), coalesce(a.usename::text, ''), a.state,
  extract(epoch from now() - a.xact_start)::bigint
  from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
  left join pg_stat_activity a on a.pid = l.pid
  where l.granted and l.pid <> pg_backend_pid() and c.relkind in ('r', 'p') and c.oid >= 16384
  and l.database = (select oid from pg_database where datname = current_database())
  and coalesce(a.backend_type, 'client backend') = 'client backend'
  group by l.pid, n.nspname, c.relname, a.usename, a.state, a.xact_start order by 1, 2, 3";

const PREPARED: &str = "select gid, extract(epoch from now() - prepared)::bigint, owner from pg_prepared_xacts
  where database = current_database() order by prepared";

// Not pg_stat_activity: what others' sessions are is hidden there.
const CONNECTIONS: &str = "select current_setting('max_connections')::int,
  current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true), '0')::int,
  (select sum(numbackends) from pg_stat_database),
  (select nullif(rolconnlimit, -1) from pg_roles where rolname = current_user)";

/// Asks. What the server won't answer is noted, and the rest goes on.
pub async fn read(session: &Session) -> Server {
    let client = &session.client;
    let mut asked = Asked { client, server: Server { product: "PostgreSQL".to_owned(), ..Server::default() } };
    asked.server.is_encrypted = session.is_encrypted;
    if let Err(error) = begin(client).await {
        asked.refused("transaction", &error).await;
        return asked.server;
    }
    asked.each("identity", SELF, identity).await;
    asked.each("version tables", VERSION_TABLES, version_table).await;
    asked.each("schemas", SCHEMAS, schema).await;
    asked.each("tables", TABLES, table).await;
    asked.each("extensions", EXTENSIONS, extension).await;
    asked
        .each("indexes", INVALID, |server, row| {
            server.invalid_indexes.push((row.text(0), row.text(1), row.text(2)));
        })
        .await;
    asked
        .each("constraints", NOT_VALIDATED, |server, row| {
            server.not_validated.push((row.text(0), row.text(1), row.text(2)));
        })
        .await;
    asked.each("locks", HOLDERS, holder).await;
    asked
        .each("prepared transactions", PREPARED, |server, row| {
            server.prepared.push((row.text(0), row.number(1).unwrap_or(0), row.text(2)));
        })
        .await;
    asked
        .each("connections", CONNECTIONS, |server, row| {
            server.connections = Some(HeadRoom {
                limit: row.number(0).unwrap_or(0),
                reserved: row.number(1).unwrap_or(0),
                used: row.number(2).unwrap_or(0),
                role_limit: row.number(3),
            });
        })
        .await;
    asked.revisions().await;
    let _ = client.simple_query("ROLLBACK").await;
    asked.server
}

struct Asked<'c> {
    client: &'c Client,
    server: Server,
}

impl Asked<'_> {
    async fn each(&mut self, what: &'static str, sql: &str, take: impl Fn(&mut Server, &Row<'_>)) {
        match rows(self.client, sql).await {
            Ok(rows) => rows.iter().for_each(|row| take(&mut self.server, &Row(row))),
            Err(error) => self.refused(what, &error).await,
        }
    }

    /// A refusal ends the transaction: the next question gets a new one.
    async fn refused(&mut self, what: &'static str, error: &tokio_postgres::Error) {
        let why = error.as_db_error().map_or_else(|| error.to_string(), |said| said.message().to_owned());
        self.server.unanswered.push((what, why));
        let _ = self.client.simple_query("ROLLBACK").await;
        let _ = begin(self.client).await;
    }

    async fn revisions(&mut self) {
        for at in 0..self.server.version_tables.len() {
            let table = &self.server.version_tables[at];
            if !table.readable {
                continue;
            }
            let name = format!("{}.{}", identifier(&table.schema), identifier(&table.name));
            match rows(self.client, &format!("select version_num from {name} order by 1 limit 100")).await {
                Ok(rows) => {
                    self.server.version_tables[at].revisions = rows.iter().map(|row| Row(row).text(0)).collect()
                }
                Err(error) => {
                    self.server.version_tables[at].readable = false;
                    self.refused("revision", &error).await;
                }
            }
        }
    }
}

fn identity(server: &mut Server, row: &Row<'_>) {
    // `15.18 (Debian 15.18-0+deb12u1)`
    server.version = row.text(0).split(' ').next().unwrap_or_default().to_owned();
    server.major = row.number(1).unwrap_or(0);
    server.user = row.text(2);
    server.is_superuser = row.yes(3);
    server.database = row.text(4);
    server.search_path = row.text(5).split('\t').filter(|schema| !schema.is_empty()).map(str::to_owned).collect();
    server.is_standby = row.yes(6);
    server.is_read_only = row.text(7) == "on";
    if row.text(8).contains("CockroachDB") {
        server.product = "CockroachDB".to_owned();
    }
    server.may_create_schemas = row.yes(9);
    server.sees_all_sessions = row.yes(10) || server.is_superuser;
    server.read_only_by = match row.text(11).as_str() {
        "user" | "database user" => Some("role".to_owned()),
        "database" => Some("database".to_owned()),
        "configuration file" | "command line" => Some("server".to_owned()),
        "client" | "session" => Some("connection".to_owned()),
        _ => None,
    }
    .filter(|_| server.is_read_only);
}

fn version_table(server: &mut Server, row: &Row<'_>) {
    server.version_tables.push(VersionTable {
        schema: row.text(0),
        name: row.text(1),
        is_visible: row.yes(2),
        readable: row.yes(3),
        writable: row.yes(4),
        width: row.number(5),
        revisions: Vec::new(),
    });
}

fn schema(server: &mut Server, row: &Row<'_>) {
    server.schemas.push(Schema { name: row.text(0), owner: row.text(1), usage: row.yes(2), create: row.yes(3) });
}

fn table(server: &mut Server, row: &Row<'_>) {
    server.tables.push(TableFacts {
        schema: row.text(0),
        name: row.text(1),
        owner: row.text(2),
        is_ours: row.yes(3),
        // -1: never counted.
        rows: row.number(4),
        bytes: row.number(5).unwrap_or(0),
    });
}

fn extension(server: &mut Server, row: &Row<'_>) {
    server.extensions.push(Extension { name: row.text(0), installed: row.yes(1), trusted: row.yes(2) });
}

fn holder(server: &mut Server, row: &Row<'_>) {
    server.holders.push(Holder {
        pid: row.number(0).unwrap_or(0),
        table: (row.text(1), row.text(2)),
        mode: row.text(3),
        user: row.text(4),
        state: row.maybe(5),
        seconds: row.number(6),
    });
}
