//! `CREATE TABLE` and `ALTER TABLE`, element by element and action by action: one that can't be read leaves the others.

use crate::syntax::sql::Dialect;
use crate::syntax::sql::cursor::Cursor;
use crate::syntax::sql::statement::{
    Action, AlterTable, Constraint, ConstraintKind, CreateTable, Ident, Identity, ObjectName, Source, Unread,
};
use crate::syntax::sql::tree;

/// `CREATE TABLE`, from behind these words on.
pub(super) fn create(mut here: Cursor<'_>, temporary: bool) -> Option<CreateTable> {
    let if_not_exists = here.eat("if not exists");
    let mut table = CreateTable { if_not_exists, ..empty(here.object_name()?, temporary) };
    if here.eat("partition of") {
        table.sources.push(Source::PartitionOf(here.object_name()?));
    } else if here.eat("of") {
        // The columns of a composite type.
        table.sources.push(Source::Query(None));
        here.object_name()?;
    } else if here.is("like") {
        table.sources.push(like(&mut here, true)?);
    }
    let mut names = None;
    if here.is_symbol(b'(') {
        let close = here.closing()?;
        let inner = Cursor { at: here.at + 1, ..here }.until(close);
        here.at = close + 1;
        let is_query = inner.is_any(&["select", "with"]);
        let as_query = here.find(&["as", "select"]).is_some_and(|at| Cursor { at, ..here }.is_any(&["as", "select"]));
        if is_query {
            table.sources.push(tree::query(inner));
        } else if as_query && here.dialect == Dialect::Postgresql {
            names = Cursor { at: inner.at - 1, ..here }.idents();
        } else if !inner.is_over() {
            inner.list().into_iter().for_each(|element| read_element(element, &mut table));
        }
    }
    tail(here, names, &mut table)?;
    Some(table)
}

fn empty(name: ObjectName, temporary: bool) -> CreateTable {
    CreateTable {
        name,
        if_not_exists: false,
        temporary,
        columns: Vec::new(),
        constraints: Vec::new(),
        sources: Vec::new(),
        comment: None,
        unread: Vec::new(),
    }
}

/// The table of `SELECT … INTO`, from that word on.
pub(super) fn selected(mut here: Cursor<'_>) -> Option<CreateTable> {
    here.eat("into");
    let temporary = here.eat("temporary") || here.eat("temp");
    here.eat("unlogged");
    here.eat("table");
    let name = here.object_name()?;
    Some(CreateTable { sources: vec![Source::Query(None)], ..empty(name, temporary) })
}

/// What stands behind the elements: `INHERITS (…)`, `COMMENT = '…'`, `AS SELECT …`. The rest changes no column.
fn tail(mut here: Cursor<'_>, names: Option<Vec<Ident>>, table: &mut CreateTable) -> Option<()> {
    while let Some(at) = here.find(&["inherits", "comment", "as", "select", "like"]) {
        here.at = at;
        if here.eat("inherits") && here.is_symbol(b'(') {
            let close = here.closing()?;
            let mut inner = Cursor { at: here.at + 1, ..here }.until(close);
            table.sources.extend(inner.object_names()?.into_iter().map(Source::Inherits));
            here.at = close + 1;
        } else if here.eat("comment") {
            here.eat_symbol(b'=');
            table.comment = here.string();
        } else if here.is("like") {
            table.sources.push(like(&mut here, true)?);
        } else {
            here.eat("as");
            let source = match (names, tree::query(here)) {
                (None, source) => source,
                (Some(names), _) => Source::Query(Some(names)),
            };
            table.sources.push(source);
            return Some(());
        }
    }
    Some(())
}

/// `LIKE other INCLUDING ALL`
fn like(here: &mut Cursor<'_>, is_whole: bool) -> Option<Source> {
    here.eat("like");
    let table = here.object_name()?;
    let mut all = is_whole && here.dialect != Dialect::Postgresql;
    let mut including = Vec::new();
    loop {
        if here.eat("including") {
            all |= here.is("all");
            including.push(here.word()?.to_ascii_uppercase());
            here.at += 1;
        } else if here.eat("excluding") {
            all = false;
            here.at += 1;
        } else {
            return Some(Source::Like { table, all, including });
        }
    }
}

/// First words of constraints.
const CONSTRAINTS: &[&str] = &["constraint", "primary", "unique", "check", "foreign", "exclude"];

/// Those of indexes within a table.
const KEYS: &[&str] = &["key", "index", "fulltext", "spatial"];

fn is_constraint(here: Cursor<'_>) -> bool {
    here.is_any(CONSTRAINTS) || (here.dialect == Dialect::Mysql && here.is_any(KEYS))
}

fn read_element(mut here: Cursor<'_>, table: &mut CreateTable) {
    let whole = here;
    let unread = |column| Unread { range: whole.range(), column };
    if here.is_over() {
        return;
    }
    if here.is("like") {
        match like(&mut here, false) {
            Some(source) => table.sources.push(source),
            None => table.unread.push(unread(None)),
        }
    } else if is_constraint(here) {
        match tree::constraint(here, &table.name) {
            Some(constraint) => table.constraints.push(constraint),
            None => table.unread.push(unread(None)),
        }
    } else {
        match tree::column(here) {
            Some(column) => table.columns.push(column),
            None => table.unread.push(unread(here.ident())),
        }
    }
}

/// `ALTER TABLE`, from behind these words on.
pub(super) fn alter(mut here: Cursor<'_>) -> Option<AlterTable> {
    let if_exists = here.eat("if exists");
    here.eat("only");
    let table = here.object_name()?;
    here.eat_symbol(b'*');
    let mut alter = AlterTable { table, if_exists, actions: Vec::new() };
    for action in here.list() {
        let range = action.range();
        let read = actions(action, &alter).unwrap_or_else(|| vec![Action::Unread]);
        alter.actions.extend(read.into_iter().map(|action| (action, range.clone())));
    }
    Some(alter)
}

/// First words of actions that change no column, constraint or index.
const HARMLESS: &[&str] = &[
    "owner to",
    "enable",
    "disable",
    "force",
    "no force",
    "replica",
    "cluster",
    "set without",
    "set with",
    "set logged",
    "set unlogged",
    "set tablespace",
    "set access",
    "set statistics",
    "set storage",
    "reset",
    "algorithm",
    "lock",
    "engine",
    "auto_increment",
    "row_format",
    "convert",
    "default",
    "character set",
    "charset",
    "collate",
    "order by",
    "options",
    "depends",
    "no depends",
    "add partition",
    "drop partition",
    "truncate partition",
    "partition by",
    "reorganize",
    "remove partitioning",
    "alter constraint",
];

fn actions(mut here: Cursor<'_>, alter: &AlterTable) -> Option<Vec<Action>> {
    if here.is_over() {
        return Some(Vec::new());
    }
    let whole = here;
    let head = here.head(3);
    if HARMLESS.iter().any(|words| here.are(words)) || (here.are("set") && tokens_open(here)) {
        return Some(vec![Action::Other(head)]);
    }
    let one = |action: Action| Some(vec![action]);
    if here.eat("add") {
        return add(here, alter);
    }
    if here.eat("drop") {
        return dropped(here).map(|action| vec![action]);
    }
    if here.eat("rename") {
        return renamed(here).map(|action| vec![action]);
    }
    if here.eat("alter") {
        return altered(here).map(|action| vec![action]);
    }
    if here.eat("set schema") {
        return one(Action::SetSchema(here.ident()?));
    }
    if here.eat("validate constraint") {
        return one(Action::ValidateConstraint(here.ident()?));
    }
    if here.eat("change") {
        here.eat("column");
        let from = here.ident()?;
        return one(Action::ChangeColumn(from, Box::new(tree::column(here)?)));
    }
    if here.eat("modify") {
        here.eat("column");
        let column = tree::column(here)?;
        return one(Action::ChangeColumn(column.name.clone(), Box::new(column)));
    }
    if here.eat("comment") {
        here.eat_symbol(b'=');
        return one(Action::Comment(here.string()?));
    }
    for words in ["inherit", "no inherit", "attach partition", "detach partition"] {
        if here.eat(words) {
            return one(Action::OfOther(words.to_ascii_uppercase(), here.object_name()?));
        }
    }
    // `ENGINE = InnoDB COMMENT = 'x'` and the like: options of a table.
    (whole.dialect == Dialect::Mysql && Cursor { at: whole.at + 1, ..whole }.is_symbol(b'='))
        .then(|| vec![Action::Other(head)])
}

/// `SET (fillfactor = 70)`
fn tokens_open(here: Cursor<'_>) -> bool {
    Cursor { at: here.at + 1, ..here }.is_symbol(b'(')
}

fn add(mut here: Cursor<'_>, alter: &AlterTable) -> Option<Vec<Action>> {
    if is_constraint(here) {
        let constraint = using_index(here).or_else(|| tree::constraint(here, &alter.table))?;
        return Some(vec![Action::AddConstraint(Box::new(constraint))]);
    }
    here.eat("column");
    let if_not_exists = here.eat("if not exists");
    // `ADD COLUMN (a int, b int)`
    let columns = match here.is_symbol(b'(') {
        true => Cursor { at: here.at + 1, ..here }.until(here.closing()?).list(),
        false => vec![here],
    };
    let column = |cursor| Some(Action::AddColumn { column: Box::new(tree::column(cursor)?), if_not_exists });
    columns.into_iter().map(column).collect()
}

/// `CONSTRAINT name UNIQUE USING INDEX index`
fn using_index(mut here: Cursor<'_>) -> Option<Constraint> {
    let range = here.range();
    let name = if here.eat("constraint") { Some(here.ident()?) } else { None };
    let primary = here.eat("primary key");
    if !(primary || here.eat("unique")) || !here.eat("using index") {
        return None;
    }
    let kind = ConstraintKind::UsingIndex(primary, here.ident()?);
    Some(Constraint { name, kind, not_valid: false, deferrable: None, initially: None, range })
}

fn dropped(mut here: Cursor<'_>) -> Option<Action> {
    if here.eat("constraint") || (here.is("check") && here.dialect == Dialect::Mysql && here.eat("check")) {
        let if_exists = here.eat("if exists");
        return Some(Action::DropConstraint { name: here.ident()?, if_exists });
    }
    if here.eat("primary key") {
        return Some(Action::DropPrimaryKey);
    }
    if here.eat("foreign key") {
        here.eat("if exists");
        return Some(Action::DropForeignKey(here.ident()?));
    }
    if here.dialect == Dialect::Mysql && (here.eat("index") || here.eat("key")) {
        here.eat("if exists");
        return Some(Action::DropIndex(here.ident()?));
    }
    here.eat("column");
    let if_exists = here.eat("if exists");
    let name = here.ident()?;
    Some(Action::DropColumn { name, if_exists, cascade: here.eat("cascade") })
}

fn renamed(mut here: Cursor<'_>) -> Option<Action> {
    if here.eat("to") || here.eat("as") {
        return Some(Action::RenameTable(here.object_name()?));
    }
    let make: fn(Ident, Ident) -> Action = if here.eat("constraint") {
        Action::RenameConstraint
    } else if here.dialect == Dialect::Mysql && (here.eat("index") || here.eat("key")) {
        Action::RenameIndex
    } else {
        here.eat("column");
        Action::RenameColumn
    };
    let from = here.ident()?;
    match here.eat("to") {
        true => Some(make(from, here.ident()?)),
        // `RENAME new_name` of MySQL.
        false if here.is_over() => Some(Action::RenameTable(here.joined(vec![from])?)),
        false => None,
    }
}

/// `ALTER [COLUMN] name …`
fn altered(mut here: Cursor<'_>) -> Option<Action> {
    here.eat("column");
    let column = here.ident()?;
    let head = here.head(3);
    if here.eat("set not null") {
        return Some(Action::SetNullable(column, false));
    }
    if here.eat("drop not null") {
        return Some(Action::SetNullable(column, true));
    }
    if here.eat("set default") {
        return Some(Action::SetDefault(column, Some(here.value())));
    }
    if here.eat("drop default") {
        return Some(Action::SetDefault(column, None));
    }
    if here.eat("drop identity") {
        return Some(Action::DropIdentity(column));
    }
    if here.eat("drop expression") {
        return Some(Action::DropExpression(column));
    }
    if here.eat("set data type") || here.eat("type") {
        let using = here.find(&["using"]);
        let data_type = here.until(using.unwrap_or(here.tokens.len()));
        let using = using.map(|at| Cursor { at: at + 1, ..here }.value());
        let data_type = Some(data_type.rest().to_owned()).filter(|text| !text.is_empty())?;
        return Some(Action::SetType { column, data_type, using });
    }
    if here.eat("add generated") {
        let always = here.eat("always");
        here.eat("by default");
        if !here.eat("as identity") {
            return None;
        }
        return Some(Action::AddIdentity(column, Identity { always, options: Vec::new() }));
    }
    let is_harmless = ["set statistics", "set storage", "set compression", "set generated", "restart", "reset"];
    let is_harmless = is_harmless.iter().any(|words| here.are(words)) || (here.is("set") && tokens_open(here));
    is_harmless.then_some(Action::Other(head))
}
