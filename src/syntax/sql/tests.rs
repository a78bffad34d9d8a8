use super::*;

fn one(text: &str) -> StatementKind {
    let mut found = read(text, Dialect::Postgresql);
    assert_eq!(found.len(), 1, "{text}: {found:#?}");
    found.remove(0).kind
}

fn actions(text: &str, dialect: Dialect) -> Vec<Action> {
    match read(text, dialect).remove(0).kind {
        StatementKind::AlterTable(alter) => alter.actions.into_iter().map(|(action, _)| action).collect(),
        other => panic!("{other:?}"),
    }
}

fn create(text: &str, dialect: Dialect) -> CreateTable {
    match read(text, dialect).remove(0).kind {
        StatementKind::CreateTable(table) => *table,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_table_element_by_element() {
    let text = "-- é\nCREATE TABLE IF NOT EXISTS app.\"Item\" (\n  id bigserial PRIMARY KEY,\n  Name varchar(20) DEFAULT 'a'::text NOT NULL \
                CONSTRAINT n CHECK (length(name) > 1),\n  broken !! int,\n  at timestamptz DEFAULT now(),\n \
                CONSTRAINT fk FOREIGN KEY (id) REFERENCES Other (x) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,\n \
                EXCLUDE USING gist (a WITH =)) INHERITS (p) WITH (fillfactor = 70)";
    let table = create(text, Dialect::Postgresql);
    assert_eq!((table.name.schema.as_deref(), table.name.name.as_str()), (Some("app"), "Item"));
    assert_eq!(&text[table.name.range.clone()], "app.\"Item\"");
    let columns: Vec<_> =
        table.columns.iter().map(|column| (&text[column.name.range.clone()], column.data_type.as_deref())).collect();
    assert_eq!(columns, [("id", Some("bigserial")), ("Name", Some("VARCHAR(20)")), ("at", Some("TIMESTAMPTZ"))]);
    assert_eq!(table.columns[1].name.name, "name");
    assert_eq!(table.columns[1].nullable, Some(false));
    assert_eq!(table.columns[2].default, Some(Value::Text("now()".to_owned())));
    assert_eq!(table.columns[1].constraints[0].name.as_ref().map(|name| &text[name.range.clone()]), Some("n"));
    assert_eq!(table.unread.len(), 1);
    assert_eq!(table.unread[0].column.as_ref().map(|column| column.name.as_str()), Some("broken"));
    assert_eq!(table.constraints.len(), 2);
    let ConstraintKind::ForeignKey { target, on_delete, .. } = &table.constraints[0].kind else { panic!() };
    assert_eq!((target.name.as_str(), on_delete.as_deref()), ("other", Some("SET NULL")));
    assert_eq!(table.constraints[0].initially.as_deref(), Some("DEFERRED"));
    assert!(matches!(&table.sources[..], [Source::Inherits(parent)] if parent.name == "p"));
}

#[test]
fn actions_one_by_one() {
    let found = actions(
        "ALTER TABLE IF EXISTS ONLY t ADD a int, ADD COLUMN IF NOT EXISTS b text NOT NULL, ALTER c TYPE numeric(3, 1) \
         USING c::numeric, ALTER COLUMN d SET STATISTICS 5, SET SCHEMA s, ADD CONSTRAINT u UNIQUE USING INDEX i, \
         WHATEVER, ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES o NOT VALID, OWNER TO me, ALTER x SET DEFAULT 1 + 1",
        Dialect::Postgresql,
    );
    assert_eq!(found.len(), 10);
    assert!(matches!(&found[0], Action::AddColumn { if_not_exists: false, .. }));
    assert!(matches!(&found[1], Action::AddColumn { column, if_not_exists: true } if column.nullable == Some(false)));
    assert!(matches!(&found[2], Action::SetType { data_type, using: Some(Value::Text(using)), .. }
        if data_type == "numeric(3, 1)" && using == "c::numeric"));
    assert!(matches!(&found[3], Action::Other(_)));
    assert!(matches!(&found[4], Action::SetSchema(schema) if schema.name == "s"));
    assert!(
        matches!(&found[5], Action::AddConstraint(found) if matches!(found.kind, ConstraintKind::UsingIndex(false, _)))
    );
    assert_eq!(found[6], Action::Unread);
    assert!(matches!(&found[7], Action::AddConstraint(found) if found.not_valid));
    assert!(matches!(&found[9], Action::SetDefault(_, Some(Value::Text(text))) if text == "1 + 1"));
}

#[test]
fn mysql_has_its_own() {
    let found = actions(
        "ALTER TABLE `t` CHANGE `a` `b` int(11) unsigned NOT NULL DEFAULT '0' COMMENT 'x' AFTER `c`, MODIFY COLUMN d varchar(5), \
         DROP KEY k, ADD INDEX i (e, f(10)), ADD UNIQUE KEY u (g), DROP FOREIGN KEY fk, ENGINE=InnoDB, DROP PRIMARY KEY",
        Dialect::Mysql,
    );
    assert_eq!(found.len(), 8, "{found:#?}");
    assert!(matches!(&found[0], Action::ChangeColumn(from, column) if from.name == "a" && column.name.name == "b"
        && column.data_type.as_deref() == Some("INT(11) UNSIGNED") && column.comment.as_deref() == Some("x")));
    assert!(matches!(&found[2], Action::DropIndex(name) if name.name == "k"));
    let Action::AddConstraint(index) = &found[3] else { panic!() };
    let ConstraintKind::Index(index) = &index.kind else { panic!() };
    assert_eq!(index.elements[1].length.as_deref(), Some("10"));
    assert!(matches!(&found[4], Action::AddConstraint(_)));
    assert!(!found.contains(&Action::Unread), "{found:#?}");
    let table = create(
        "CREATE TABLE t (id int NOT NULL AUTO_INCREMENT, a enum('x','y') CHARACTER SET utf8, KEY k (a), PRIMARY KEY (id)) ENGINE=InnoDB COMMENT='c'",
        Dialect::Mysql,
    );
    assert!(table.columns[0].autoincrement && table.unread.is_empty());
    assert_eq!((table.comment.as_deref(), table.constraints.len()), (Some("c"), 2));
}

#[test]
fn indexes() {
    let text = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ix ON s.t USING GIN (lower(a) gin_trgm_ops, b DESC NULLS LAST) \
                INCLUDE (c) WITH (fastupdate = off) WHERE d IS NULL";
    let StatementKind::CreateIndex(index) = one(text) else { panic!() };
    assert!(index.unique && index.concurrently && index.if_not_exists);
    assert_eq!((index.using.as_deref(), index.include.len()), (Some("gin"), 1));
    assert_eq!(index.elements[0].expression, "lower(a)");
    assert_eq!(index.elements[0].operator_class.as_deref(), Some("gin_trgm_ops"));
    assert_eq!(index.elements[1].order.as_deref(), Some("DESC NULLS LAST"));
    assert_eq!(index.predicate, Some(Value::Text("d IS NULL".to_owned())));
    assert!(matches!(one("DROP INDEX CONCURRENTLY IF EXISTS a, s.b CASCADE"), StatementKind::DropIndexes(found)
        if found.concurrently && found.if_exists && found.cascade && found.names.len() == 2));
    assert!(matches!(one("ALTER INDEX IF EXISTS a RENAME TO b"), StatementKind::RenameIndex { if_exists: true, .. }));
}

#[test]
fn types_and_comments() {
    assert_eq!(
        one("CREATE TYPE s.kind AS ENUM ('a', 'b''c')"),
        StatementKind::CreateEnum {
            name: ObjectName { schema: Some("s".to_owned()), name: "kind".to_owned(), range: 12..18 },
            values: vec!["a".to_owned(), "b'c".to_owned()]
        }
    );
    assert!(matches!(
        one("ALTER TYPE k ADD VALUE IF NOT EXISTS 'x' BEFORE 'a'"),
        StatementKind::AddEnumValue { if_not_exists: true, beside: Some((true, _)), .. }
    ));
    assert!(
        matches!(one("COMMENT ON COLUMN s.t.c IS 'it''s'"), StatementKind::Comment { table, column: Some(_), text: Some(text) }
        if table.name == "t" && text == "it's")
    );
    assert!(matches!(one("COMMENT ON TABLE t IS NULL"), StatementKind::Comment { text: None, .. }));
    assert!(matches!(one("COMMENT ON FUNCTION f(int) IS 'x'"), StatementKind::Other(_)));
}

#[test]
fn what_nobody_reads_tells_its_tables() {
    let found = read(
        "FROBNICATE TABLE a.b; CREATE TABLE c (d int); SELECT 1 INTO e FROM f JOIN g ON 1 = 1",
        Dialect::Postgresql,
    );
    let tables = |at: usize| found[at].tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>();
    assert!(matches!(found[0].kind, StatementKind::Unread(_)));
    assert_eq!(tables(0), ["b"]);
    assert!(matches!(found[1].kind, StatementKind::CreateTable(_)));
    assert!(matches!(&found[2].kind, StatementKind::CreateTable(table) if table.name.name == "e"));
    assert_eq!(tables(2), ["e", "f", "g"]);
}

#[test]
fn rows_are_no_tables() {
    let has_where = |text| match one(text) {
        StatementKind::Data { has_where, .. } => has_where,
        other => panic!("{other:?}"),
    };
    assert!(has_where("UPDATE a SET b = 1 WHERE c"));
    assert!(!has_where("UPDATE a SET b = (SELECT 1 FROM d WHERE e)"));
    assert!(matches!(one("GRANT SELECT ON a TO b"), StatementKind::Other(_)));
}

#[test]
fn blocks() {
    let inner = |text| match one(text) {
        StatementKind::Do(inner) => inner,
        other => panic!("{other:?}"),
    };
    let found = inner("DO $$ BEGIN CREATE TYPE a AS ENUM ('x'); EXCEPTION WHEN duplicate_object THEN null; END $$");
    assert!(
        matches!(&found[..], [found] if found.where_possible && matches!(found.statement.kind, StatementKind::CreateEnum { .. }))
    );
    let found = inner(
        "DO $x$ DECLARE r record; BEGIN ALTER TABLE a ADD b int; IF NOT EXISTS (SELECT 1 FROM pg_type) THEN \
         CREATE TABLE c (d int); END IF; IF n > 1 THEN DROP TABLE e; END IF; FOR r IN SELECT 1 LOOP EXECUTE \
         'DROP INDEX ' || r.name; END LOOP; EXECUTE 'DROP TABLE f'; n := 1; PERFORM g(); EXECUTE format('ALTER TABLE h DROP CONSTRAINT %I', n); END $x$;",
    );
    let shown: Vec<(bool, bool, &str)> = found
        .iter()
        .map(|inner| {
            let table = inner.statement.tables.first().map_or("", |table| table.name.as_str());
            (inner.where_possible, matches!(inner.statement.kind, StatementKind::Unread(_)), table)
        })
        .collect();
    assert_eq!(
        shown,
        [
            (false, false, "a"),
            (true, false, "c"),
            (false, true, "e"),
            (false, true, ""),
            (false, false, "f"),
            (false, true, "h")
        ]
    );
}

#[test]
fn colons_of_sqlalchemy() {
    let StatementKind::AlterTable(alter) =
        one(r#"ALTER TABLE t ADD c jsonb DEFAULT '{"a"\: 1}'\:\:jsonb, ALTER d SET DEFAULT :value"#)
    else {
        panic!()
    };
    let Action::AddColumn { column, .. } = &alter.actions[0].0 else { panic!("{alter:?}") };
    assert_eq!(column.default, Some(Value::Text(r#"'{"a": 1}'::JSONB"#.to_owned())));
    assert!(matches!(&alter.actions[1].0, Action::SetDefault(_, Some(Value::Bound))));
}

#[test]
fn search_path_names_the_schema() {
    let found = read(
        "SET search_path TO app, public; CREATE TABLE a (b int); SET search_path = public; DROP TABLE c",
        Dialect::Postgresql,
    );
    let StatementKind::CreateTable(table) = &found[1].kind else { panic!() };
    assert_eq!(table.name.schema.as_deref(), Some("app"));
    let StatementKind::DropTables(dropped) = &found[3].kind else { panic!() };
    assert_eq!(dropped.names[0].schema, None);
}

#[test]
fn queries_give_columns() {
    let sources = |text| create(text, Dialect::Postgresql).sources;
    assert!(matches!(&sources("CREATE TABLE a AS SELECT * FROM b WHERE c")[..], [Source::AllOf(b)] if b.name == "b"));
    assert!(matches!(&sources("CREATE TABLE a AS TABLE b WITH NO DATA")[..], [Source::Query(None)]));
    assert!(
        matches!(&sources("CREATE TABLE a AS SELECT b, c.d, 1 AS e FROM c")[..], [Source::Query(Some(names))] if names.len() == 3)
    );
    assert!(matches!(&sources("CREATE TABLE a (LIKE b INCLUDING ALL)")[..], [Source::Like { all: true, .. }]));
    assert!(matches!(&sources("CREATE TABLE a PARTITION OF b FOR VALUES IN (1)")[..], [Source::PartitionOf(_)]));
}

const DIALECTS: [Dialect; 4] = [Dialect::Postgresql, Dialect::Mysql, Dialect::Sqlite, Dialect::Generic];

/// Every range lies in the text, on whole letters; the statements stand one behind the other.
fn assert_sane(text: &str) {
    let is_inside = |range: &std::ops::Range<usize>| text.get(range.clone()).is_some();
    for dialect in DIALECTS {
        let mut end = 0;
        for statement in read(text, dialect) {
            assert!(
                is_inside(&statement.range) && statement.range.start >= end,
                "{dialect:?} {statement:?} in {text:?}"
            );
            end = statement.range.end;
            for table in &statement.tables {
                assert!(is_inside(&table.range), "{dialect:?} {table:?} in {text:?}");
            }
            match &statement.kind {
                StatementKind::CreateTable(table) => {
                    assert!(table.columns.iter().all(|column| is_inside(&column.name.range)), "{table:?} in {text:?}");
                    assert!(table.unread.iter().all(|unread| is_inside(&unread.range)), "{table:?} in {text:?}");
                }
                StatementKind::AlterTable(alter) => {
                    assert!(alter.actions.iter().all(|(_, range)| is_inside(range)), "{alter:?} in {text:?}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn long_and_deep_texts_end() {
    let long = 20_000;
    for text in [
        "(".repeat(long),
        format!("CREATE TABLE a (b int DEFAULT {}1)", "(".repeat(long)),
        format!("CREATE TABLE a (b int DEFAULT {}1{})", "(".repeat(long), ")".repeat(long)),
        format!("CREATE TABLE a (b int DEFAULT 1{})", " + 1".repeat(long)),
        format!("CREATE TABLE a (b int CHECK (b = 1{}))", " OR b = 1".repeat(1000)),
        format!("CREATE TABLE a (b {}int{})", "ARRAY<".repeat(long), ">".repeat(long)),
        format!("CREATE TABLE a ({}b int)", "b int, ".repeat(1000)),
        format!("CREATE INDEX i ON a ({})", "NOT ".repeat(long)),
        "DO $$ BEGIN ".repeat(1000),
        "IF a THEN ".repeat(long),
        format!("INSERT INTO a VALUES {}(1)", "(1, 'x'), ".repeat(long)),
        "CREATE TABLE a (b int); ".repeat(1000),
        "\\:".repeat(long),
        "/*".repeat(long),
        "$a".repeat(long),
    ] {
        assert_sane(&text);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_odd(text in "\\PC*") {
        assert_sane(&text);
    }

    #[test]
    fn no_mixture_is_too_odd(parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..40)) {
        assert_sane(&parts.concat());
        assert_sane(&parts.join(" "));
    }
}

const PARTS: &[&str] = &[
    "CREATE TABLE ",
    "ALTER TABLE ",
    "CREATE INDEX i ON ",
    "DROP TABLE ",
    "CREATE TYPE ",
    "AS ENUM ",
    "COMMENT ON COLUMN ",
    "DO ",
    "IF ",
    "NOT ",
    "EXISTS ",
    "THEN ",
    "BEGIN ",
    "END ",
    "EXCEPTION ",
    "EXECUTE ",
    "SELECT ",
    "INTO ",
    "FROM ",
    "a",
    "\"é\"",
    "b.c",
    "(",
    ")",
    ",",
    ";",
    "'",
    "''",
    "'x'",
    "E'\\",
    "$$",
    "$t$",
    "--",
    "/*",
    "*/",
    "\n",
    "`",
    "[",
    "]",
    "int",
    "varchar(3)",
    "DEFAULT ",
    "CHECK ",
    "PRIMARY KEY ",
    "REFERENCES ",
    "ADD ",
    "DROP ",
    "COLUMN ",
    "CONSTRAINT ",
    "TYPE ",
    "USING ",
    "RENAME ",
    "TO ",
    "SET ",
    "LIKE ",
    "IS ",
    "\\:",
    ":x",
    "::",
    "🦀",
    "1",
    ".",
    "enum(",
    "\u{0}",
    "%",
    "U&\"",
    "COLLATE ",
    "LANGUAGE ",
    "search_path ",
    "=",
];
