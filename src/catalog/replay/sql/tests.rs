use super::*;
use crate::catalog::table::ElementOf;
use crate::source::FileId;

fn read(text: &str, dialect: Dialect) -> Vec<Operation> {
    let place = |range: Range<usize>| Span::new(FileId(0), range);
    steps(text, dialect, &place).into_iter().map(|step| step.operation).collect()
}

fn of(text: &str) -> Vec<Operation> {
    read(text, Dialect::Postgresql)
}

#[test]
fn a_table_with_all_that_belongs_to_it() {
    let text = "CREATE TABLE IF NOT EXISTS public.item (id serial, kind status NOT NULL DEFAULT 'new'::status, \
                owner int REFERENCES app.users ON DELETE CASCADE, n numeric GENERATED ALWAYS AS (1 + 1) STORED, \
                PRIMARY KEY (id, owner), UNIQUE (kind, n))";
    let found = of(text);
    let [Operation::WherePossible(inner)] = &found[..] else { panic!("{found:?}") };
    let Operation::CreateTable(table) = &**inner else { panic!() };
    assert_eq!(table.name, TableName::plain("item"));
    let nullable: Vec<_> = table.columns.iter().map(|column| column.nullable).collect();
    assert_eq!(nullable, [Some(false), Some(false), Some(false), Some(true)]);
    assert_eq!(table.columns[0].autoincrement, Some(true));
    assert_eq!(table.columns[1].server_default, ServerDefault::Sql("'new'::status".to_owned()));
    assert_eq!(table.foreign_keys[0].target, TableName::within(Some("app"), "users"));
    assert_eq!((table.unique_constraints.len(), table.complete), (1, true));
    assert_eq!(&text[table.columns[2].span.range()], "owner");
}

#[test]
fn one_statement_makes_many_steps() {
    let found =
        of("ALTER TABLE a ADD b int UNIQUE, RENAME TO c; ALTER TABLE c DROP COLUMN IF EXISTS b CASCADE, SET SCHEMA s");
    assert!(matches!(&found[0], Operation::AddColumn(..)));
    assert!(matches!(&found[1], Operation::AddConstraint(..)));
    assert!(matches!(&found[2], Operation::RenameTable(_, to) if to.name == "c"));
    assert!(matches!(&found[3], Operation::WherePossible(inner) if matches!(**inner, Operation::DropColumn(..))));
    assert!(matches!(&found[4], Operation::SetSchema(_, Some(schema)) if schema == "s"));
}

#[test]
fn what_can_not_be_read_is_unknown_and_no_more() {
    let found = of("CREATE TABLE a (b int, c ??? d); FROBNICATE TABLE e; UPDATE f SET g = 1; SELECT 1");
    assert_eq!(found.len(), 5, "{found:?}");
    assert!(matches!(&found[0], Operation::CreateTable(table) if table.columns.len() == 2));
    assert!(matches!(&found[1], Operation::Unknown(tables, _) if *tables == [TableName::plain("a")]));
    assert!(matches!(&found[2], Operation::Unknown(tables, _) if *tables == [TableName::plain("e")]));
    assert_eq!(found[3..], [Operation::Nothing, Operation::Nothing]);
}

#[test]
fn a_table_of_the_session_leaves_no_trace() {
    let found = of("CREATE TEMP TABLE a (b int); CREATE INDEX i ON a (b); ALTER TABLE a ADD c int; DROP TABLE a");
    assert_eq!(found, [Operation::Nothing]);
}

#[test]
fn mysql_changes_a_whole_column() {
    let found = read("ALTER TABLE `a` CHANGE `b` `c` varchar(5) NOT NULL, ADD KEY `i` (`c`(3))", Dialect::Mysql);
    let [Operation::AlterColumn(alter), Operation::CreateIndex(_, index)] = &found[..] else { panic!("{found:?}") };
    assert_eq!((alter.name.as_deref(), alter.nullable), (Some("c"), Some(Some(false))));
    assert_eq!(index.elements[0].of, ElementOf::Column("c".to_owned()));
    assert_eq!(index.options, [("mysql_length".to_owned(), "{'c': 3}".to_owned())]);
}

#[test]
fn the_beginning_of_a_text_may_say_enough() {
    let begun = |text: &str| -> Vec<Operation> {
        let place = |range: Range<usize>| Span::new(FileId(0), range);
        super::begun(text, Dialect::Postgresql, &place).into_iter().map(|step| step.operation).collect()
    };
    for harmless in ["UPDATE a SET b = '", "CREATE OR REPLACE VIEW ", "DROP TRIGGER IF EXISTS ", "LOCK TABLE "] {
        assert_eq!(begun(harmless), [Operation::Nothing], "{harmless}");
    }
    let unknown = |text: &str| match &begun(text)[..] {
        [Operation::Unknown(tables, _)] => tables.iter().map(ToString::to_string).collect::<Vec<_>>(),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(unknown("ALTER TABLE a DROP CONSTRAINT "), ["a"]);
    for anything in ["ALTER TABLE a", "CREATE ", "DROP TABLE ", "", "SELECT 1; "] {
        let last = begun(anything).pop();
        assert!(matches!(last, Some(Operation::Unknown(tables, _)) if tables.is_empty()), "{anything}");
    }
}
