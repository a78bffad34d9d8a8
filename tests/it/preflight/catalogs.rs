//! The tables of a database, as `limbeck schema --from database` prints them.

use std::path::Path;
use std::process::Command;

use limbeck::database::cluster::Settings;

use super::world::project;
use crate::cluster::cluster;

fn schema(project: &Path, url: &str) -> serde_json::Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_limbeck"));
    command.args(["schema", "--from", "database", "--format", "json", "--url", url]).current_dir(project);
    let output = command.output().expect("limbeck runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&text).expect("JSON")
}

/// The tables in short, one line for each thing.
fn in_short(value: &serde_json::Value) -> String {
    let mut text = String::new();
    let entry = &value["schemas"][0];
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let plain = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for found in list(&entry["enums"]) {
        text += &format!("enum {} {}\n", plain(&found["name"]), found["values"]);
    }
    for table in list(&entry["tables"]) {
        let schema = table["schema"].as_str().map(|schema| format!("{schema}.")).unwrap_or_default();
        text += &format!("table {schema}{}\n", plain(&table["name"]));
        for column in list(&table["columns"]) {
            text += &format!("  {} {}", plain(&column["name"]), plain(&column["type"]));
            for (key, shown) in [
                ("server_default", "default"),
                ("computed", "computed"),
                ("identity", "identity"),
                ("comment", "comment"),
            ] {
                if !column[key].is_null() {
                    text += &format!(" {shown} {}", plain(&column[key]));
                }
            }
            text += if column["nullable"] == true { "" } else { " not null" };
            text += if column["autoincrement"] == true { " autoincrement" } else { "" };
            text += "\n";
        }
        if !table["primary_key"].is_null() {
            text += &format!(
                "  primary key {} {}\n",
                plain(&table["primary_key"]["name"]),
                table["primary_key"]["columns"]
            );
        }
        for key in list(&table["foreign_keys"]) {
            text += &format!(
                "  foreign key {} {} -> {} {} {}\n",
                plain(&key["name"]),
                key["columns"],
                plain(&key["target_table"]),
                key["target_columns"],
                plain(&key["ondelete"])
            );
        }
        for unique in list(&table["unique_constraints"]) {
            text += &format!("  unique {} {}\n", plain(&unique["name"]), unique["columns"]);
        }
        for check in list(&table["check_constraints"]) {
            text += &format!("  check {} {}\n", plain(&check["name"]), plain(&check["text"]));
        }
        for index in list(&table["indexes"]) {
            let unique = if index["unique"] == true { "unique " } else { "" };
            text += &format!(
                "  {unique}index {} {} where {} using {}\n",
                plain(&index["name"]),
                index["columns"],
                plain(&index["where"]),
                plain(&index["using"])
            );
        }
    }
    text += &format!("unresolved {}\n", entry["unresolved"]);
    text
}

const SQL: &str = "
create type mood as enum ('sad', 'it''s ok');
create schema other;
create table customer (
  id serial primary key, code uuid default gen_random_uuid(), name varchar(40) not null default 'x', mood mood default 'sad',
  born date, seen timestamptz default now(), price numeric(10, 2) check (price > 0), tags text[], doc jsonb,
  big bigint generated always as identity, twice int generated always as (id * 2) stored, constraint uq_code unique (code)
);
comment on table customer is 'who buys';
comment on column customer.name is 'in full';
create index ix_name on customer (name);
create unique index ix_lower on customer (lower(name)) where born is not null;
create index ix_doc on customer using gin (doc);
create table other.bill (
  id bigint primary key, customer_id int references customer (id) on delete cascade,
  constraint fk_self foreign key (id) references other.bill (id)
);
alter table other.bill add constraint late check (id > 0) not valid;
";

const EXPECTED: &str = include_str!("postgresql.txt");

#[test]
fn slow_the_tables_of_postgresql() {
    let Some(server) = cluster(&Settings::default()) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    project(folder.path(), false);
    server.sql("postgres", "create database shop").expect("made");
    server.sql("shop", SQL).expect("made");
    let found = in_short(&schema(folder.path(), &server.url(None, "shop")));
    assert_eq!(found, EXPECTED, "\n{found}");
}

#[test]
fn the_tables_of_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    project(folder.path(), false);
    let connection = rusqlite::Connection::open(folder.path().join("shop.db")).expect("a database");
    let sql = "create table customer (id integer primary key, name varchar(40) not null default 'x', constraint uq unique (name));
               create table bill (id integer primary key, customer_id integer references customer (id), price numeric(10, 2), check (price > 0));
               create index ix_price on bill (price) where price > 1";
    connection.execute_batch(sql).expect("tables");
    let found = in_short(&schema(folder.path(), "sqlite:///shop.db"));
    let expected = include_str!("sqlite.txt");
    assert_eq!(found, expected, "\n{found}");
}
