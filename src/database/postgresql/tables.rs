//! The tables of a PostgreSQL database → the statements that make them, as the server itself writes their parts.

use std::fmt::Write as _;

use tokio_postgres::{Client, Error};

use crate::database::postgresql::{Row, begin, identifier, literal, rows};

const COLUMNS: &str = "select n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
  pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated,
  exists (select 1 from pg_depend o join pg_class s on s.oid = o.objid and s.relkind = 'S' where o.classid = 'pg_class'::regclass
    and o.refobjid = c.oid and o.refobjsubid = a.attnum and o.deptype = 'a')
    and pg_get_expr(d.adbin, d.adrelid) like 'nextval(%',
  (select l.collname from pg_collation l, pg_type t where l.oid = a.attcollation and t.oid = a.atttypid
    and a.attcollation <> t.typcollation),
  col_description(c.oid, a.attnum), obj_description(c.oid, 'pg_class')
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1, 2, a.attnum";

const CONSTRAINTS: &str = "select n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid)
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  where k.contype in ('p', 'u', 'f', 'c', 'x') and k.conparentid = 0 and n.nspname !~ '^pg_'
  and n.nspname <> 'information_schema'
  order by 1, 2, array_position(array['p', 'u', 'c', 'x', 'f'], k.contype::text), 3";

const INDEXES: &str = "select n.nspname, pg_get_indexdef(i.indexrelid)
  from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
  join pg_class x on x.oid = i.indexrelid
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and not x.relispartition
  and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
  order by n.nspname, c.relname, x.relname";

const ENUMS: &str = "select n.nspname, t.typname, e.enumlabel from pg_type t join pg_enum e on e.enumtypid = t.oid
  join pg_namespace n on n.oid = t.typnamespace order by 1, 2, e.enumsortorder";

/// The statements. A name in the default schema comes without it.
///
/// # Errors
/// What the server said.
pub async fn statements(client: &Client) -> Result<Vec<String>, Error> {
    begin(client).await?;
    let default = rows(client, "select current_schema()").await?;
    let default = default.first().and_then(|row| row.get(0)).unwrap_or("public").to_owned();
    // The server then writes names of this schema without it, and all others with theirs.
    rows(client, &format!("SET LOCAL search_path = {}", identifier(&default))).await?;
    let mut made = enums(client, &default).await?;
    made.extend(tables(client, &default).await?);
    for row in rows(client, CONSTRAINTS).await?.iter().map(Row) {
        let table = name(&default, &row.text(0), &row.text(1));
        made.push(format!("ALTER TABLE {table} ADD CONSTRAINT {} {}", identifier(&row.text(2)), row.text(3)));
    }
    for row in rows(client, INDEXES).await?.iter().map(Row) {
        let (schema, text) = (row.text(0), row.text(1));
        made.push(if schema == default { without_schema(&text, &schema) } else { text });
    }
    rows(client, "ROLLBACK").await?;
    Ok(made)
}

fn name(default: &str, schema: &str, name: &str) -> String {
    if schema == default { identifier(name) } else { format!("{}.{}", identifier(schema), identifier(name)) }
}

/// `CREATE INDEX x ON public.t …` → `… ON t …`: here the server always writes the schema.
fn without_schema(text: &str, schema: &str) -> String {
    let quoted = identifier(schema);
    [schema, quoted.as_str()]
        .iter()
        .flat_map(|schema| [format!(" ON ONLY {schema}."), format!(" ON {schema}.")])
        .find(|found| text.contains(found.as_str()))
        .map_or_else(|| text.to_owned(), |found| text.replacen(&found, " ON ", 1))
}

async fn enums(client: &Client, default: &str) -> Result<Vec<String>, Error> {
    let mut made: Vec<(String, Vec<String>)> = Vec::new();
    for row in rows(client, ENUMS).await?.iter().map(Row) {
        let name = name(default, &row.text(0), &row.text(1));
        let label = literal(&row.text(2));
        match made.last_mut().filter(|(before, _)| *before == name) {
            Some((_, labels)) => labels.push(label),
            None => made.push((name, vec![label])),
        }
    }
    Ok(made.into_iter().map(|(name, labels)| format!("CREATE TYPE {name} AS ENUM ({})", labels.join(", "))).collect())
}

async fn tables(client: &Client, default: &str) -> Result<Vec<String>, Error> {
    let mut made: Vec<(String, Vec<String>)> = Vec::new();
    let mut comments = Vec::new();
    for row in rows(client, COLUMNS).await?.iter().map(Row) {
        let table = name(default, &row.text(0), &row.text(1));
        if made.last().is_none_or(|(before, _)| *before != table) {
            comments.extend(row.maybe(11).map(|text| format!("COMMENT ON TABLE {table} IS {}", literal(&text))));
            made.push((table.clone(), Vec::new()));
        }
        let (Some(column), Some((_, columns))) = (row.maybe(2), made.last_mut()) else { continue };
        columns.push(definition(&column, &row));
        let column = identifier(&column);
        comments.extend(row.maybe(10).map(|text| format!("COMMENT ON COLUMN {table}.{column} IS {}", literal(&text))));
    }
    let made = made.into_iter().map(|(name, columns)| format!("CREATE TABLE {name} ({})", columns.join(", ")));
    Ok(made.chain(comments).collect())
}

/// `"id" integer DEFAULT 1 NOT NULL`
fn definition(column: &str, row: &Row<'_>) -> String {
    let (column_type, default) = (row.text(3), row.maybe(5));
    let is_serial = row.yes(8);
    let column_type = match (is_serial, column_type.as_str()) {
        (true, "smallint") => "smallserial",
        (true, "integer") => "serial",
        (true, "bigint") => "bigserial",
        (_, other) => other,
    };
    let mut text = format!("{} {column_type}", identifier(column));
    if let Some(collation) = row.maybe(9) {
        let _ = write!(text, " COLLATE {}", identifier(&collation));
    }
    match (default, row.text(6).as_str(), row.text(7).as_str()) {
        (_, "a", _) => text.push_str(" GENERATED ALWAYS AS IDENTITY"),
        (_, "d", _) => text.push_str(" GENERATED BY DEFAULT AS IDENTITY"),
        (Some(expression), _, "s") => {
            let _ = write!(text, " GENERATED ALWAYS AS ({expression}) STORED");
        }
        (Some(expression), ..) if !is_serial => {
            let _ = write!(text, " DEFAULT {expression}");
        }
        _ => {}
    }
    if row.yes(4) {
        text.push_str(" NOT NULL");
    }
    text
}
