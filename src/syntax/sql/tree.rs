//! The trees of `sqlparser` → the own model: columns, constraints, indexes, queries. Only this file knows that crate.

use sqlparser::ast::{
    ColumnDef, ColumnOption, ColumnOptionDef, ConstraintCharacteristics, Expr, FunctionArguments, GeneratedAs,
    GeneratedExpressionMode, IndexColumn, NullsDistinctOption, ObjectName as Path, SelectItem, SequenceOptions,
    SetExpr, TableConstraint, TableFactor,
};
use sqlparser::dialect::{Dialect as Rules, GenericDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use crate::syntax::sql::Dialect;
use crate::syntax::sql::cursor::{Cursor, folded, unescaped};
use crate::syntax::sql::lexer::{self, TokenKind};
use crate::syntax::sql::statement::{
    Column, Constraint, ConstraintKind, CreateIndex, Element, Ident, Identity, ObjectName, Source, Value,
};

/// A longer piece is not handed on: a tree grows deep with each operator in a row.
const MOST_TOKENS: usize = 4000;

/// The stack for taking apart a tree, deeper than any that so many tokens make.
const STACK: usize = 16 << 20;

fn rules(dialect: Dialect) -> &'static dyn Rules {
    match dialect {
        Dialect::Postgresql => &PostgreSqlDialect {},
        Dialect::Mysql => &MySqlDialect {},
        Dialect::Sqlite => &SQLiteDialect {},
        Dialect::Generic => &GenericDialect {},
    }
}

/// Hands a piece to the parser, and its tree to `take`. `None`: the parser can't take all of it.
fn parsed<T, R>(
    piece: Cursor<'_>,
    parse: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
    take: impl FnOnce(T, &Piece<'_>) -> Option<R>,
) -> Option<R> {
    let tokens = piece.tokens.len().saturating_sub(piece.at);
    if tokens > MOST_TOKENS {
        return None;
    }
    let read = || {
        let mut parser = Parser::new(rules(piece.dialect)).try_with_sql(piece.rest()).ok()?;
        let tree = parse(&mut parser).ok()?;
        let is_whole = parser.peek_token_ref().token == Token::EOF;
        is_whole.then(|| take(tree, &Piece { cursor: piece })).flatten()
    };
    if tokens > 200 { stacker::grow(STACK, read) } else { read() }
}

/// A piece of a statement, as the parser saw it.
struct Piece<'t> {
    cursor: Cursor<'t>,
}

impl Piece<'_> {
    /// A name with its bytes: the parser counts lines and letters.
    fn ident(&self, ident: &sqlparser::ast::Ident) -> Ident {
        let whole = self.cursor.range();
        let place = |location: sqlparser::tokenizer::Location| {
            let lines = usize::try_from(location.line).ok()?.checked_sub(1)?;
            let letters = usize::try_from(location.column).ok()?.checked_sub(1)?;
            let text = &self.cursor.text[whole.clone()];
            let start = match lines {
                0 => 0,
                lines => text.match_indices('\n').nth(lines - 1)?.0 + 1,
            };
            let end = text[start..].char_indices().nth(letters).map_or(text.len(), |(at, _)| start + at);
            Some(whole.start + end)
        };
        let name = match ident.quote_style {
            Some(_) => ident.value.clone(),
            None => folded(&ident.value, self.cursor.dialect),
        };
        let range = place(ident.span.start).zip(place(ident.span.end)).map_or(whole, |(start, end)| start..end);
        Ident { name, range }
    }

    fn idents(&self, idents: &[sqlparser::ast::Ident]) -> Vec<Ident> {
        idents.iter().map(|ident| self.ident(ident)).collect()
    }

    fn path(&self, path: &Path) -> Option<ObjectName> {
        let parts = path.0.iter().map(|part| part.as_ident().map(|ident| self.ident(ident)));
        self.cursor.joined(parts.collect::<Option<_>>()?)
    }

    fn value(&self, expression: &Expr) -> Value {
        let text = expression.to_string();
        let is_bound = lexer::tokens(&text, self.cursor.dialect).iter().any(|token| token.kind == TokenKind::Bind);
        if is_bound { Value::Bound } else { Value::Text(unescaped(&text)) }
    }

    fn element(&self, column: &IndexColumn) -> Element {
        let mut order = String::new();
        if let Some(sort) = column.column.options.sort.as_ref().map(sort_text).filter(|sort| sort != "ASC") {
            order += &sort;
        }
        if let Some(first) = column.column.options.nulls_first {
            order += if first { " NULLS FIRST" } else { " NULLS LAST" };
        }
        let mut expression = &column.column.expr;
        let mut length = None;
        let mut collation = None;
        if let Expr::Collate { expr, collation: name } = expression {
            collation = Some(name.to_string());
            expression = expr;
        }
        let mut name = match expression {
            Expr::Identifier(ident) => Some(self.ident(ident)),
            _ => None,
        };
        // `name(10)`: a prefix.
        if let (Dialect::Mysql, Expr::Function(function)) = (self.cursor.dialect, expression)
            && let FunctionArguments::List(arguments) = &function.args
            && let [argument] = &arguments.args[..]
            && argument.to_string().bytes().all(|byte| byte.is_ascii_digit())
            && let Some(ident) = function.name.0.first().and_then(|part| part.as_ident())
        {
            name = Some(self.ident(ident));
            length = Some(argument.to_string());
        }
        if let Some(collation) = &collation {
            order = format!("COLLATE {collation} {order}");
        }
        let expression = match expression {
            Expr::Nested(inner) => inner.to_string(),
            expression => expression.to_string(),
        };
        Element {
            column: name,
            expression: unescaped(&expression),
            length,
            order: Some(order.trim().to_owned()).filter(|order| !order.is_empty()),
            operator_class: column.operator_class.as_ref().map(ToString::to_string),
        }
    }

    /// Columns only; `None` where a prefix or an expression is among them.
    fn columns(&self, columns: &[IndexColumn]) -> Option<Vec<Ident>> {
        columns
            .iter()
            .map(|column| self.element(column))
            .map(|element| element.column.filter(|_| element.length.is_none()))
            .collect()
    }
}

fn sort_text(sort: &sqlparser::ast::OrderBySort) -> String {
    match sort {
        sqlparser::ast::OrderBySort::Asc => "ASC".to_owned(),
        sqlparser::ast::OrderBySort::Desc => "DESC".to_owned(),
        sqlparser::ast::OrderBySort::Using(operator) => format!("USING {operator}"),
    }
}

/// A column's definition.
pub(super) fn column(here: Cursor<'_>) -> Option<Column> {
    // `FIRST`, `AFTER other`: where MySQL puts it.
    let end = match here.dialect {
        Dialect::Mysql => here.find(&["first", "after"]).filter(|at| *at > here.at + 1),
        _ => None,
    };
    let here = here.until(end.unwrap_or(here.tokens.len()));
    let parse = |parser: &mut Parser<'_>| parser.parse_column_def();
    parsed(here, parse, |tree, piece| of_column(&tree, piece))
}

fn of_column(tree: &ColumnDef, piece: &Piece<'_>) -> Option<Column> {
    let data_type = Some(tree.data_type.to_string()).filter(|text| !text.is_empty());
    let mut column = Column {
        name: piece.ident(&tree.name),
        data_type,
        nullable: None,
        default: None,
        on_update: None,
        autoincrement: false,
        identity: None,
        generated: None,
        collation: None,
        comment: None,
        constraints: Vec::new(),
        range: piece.cursor.range(),
    };
    for option in &tree.options {
        of_option(option, &mut column, piece)?;
    }
    Some(column)
}

/// `None`: an option that may change the column, and that is not known here.
fn of_option(given: &ColumnOptionDef, column: &mut Column, piece: &Piece<'_>) -> Option<()> {
    let itself = || vec![column.name.clone()];
    let name = given.name.as_ref();
    let (kind, characteristics) = match &given.option {
        ColumnOption::Null => {
            column.nullable = Some(true);
            return Some(());
        }
        ColumnOption::NotNull => {
            column.nullable = Some(false);
            return Some(());
        }
        ColumnOption::Default(expression) => {
            column.default = Some(piece.value(expression));
            return Some(());
        }
        ColumnOption::OnUpdate(expression) => {
            column.on_update = Some(expression.to_string());
            return Some(());
        }
        ColumnOption::Comment(text) => {
            column.comment = Some(unescaped(text));
            return Some(());
        }
        ColumnOption::Collation(name) => {
            column.collation = Some(name.to_string());
            return Some(());
        }
        ColumnOption::DialectSpecific(tokens) => {
            let words: Vec<String> = tokens.iter().map(|token| token.to_string().to_ascii_uppercase()).collect();
            column.autoincrement |= matches!(words.join(" ").as_str(), "AUTO_INCREMENT" | "AUTOINCREMENT");
            return Some(());
        }
        ColumnOption::Identity(_) => {
            column.autoincrement = true;
            return Some(());
        }
        ColumnOption::Generated { generated_as, sequence_options, generation_expr, generation_expr_mode, .. } => {
            match generation_expr {
                Some(expression) => {
                    let stored = generation_expr_mode.map(|mode| mode == GeneratedExpressionMode::Stored);
                    let stored = stored.or((*generated_as == GeneratedAs::ExpStored).then_some(true));
                    column.generated = Some((piece.value(expression), stored));
                }
                None => {
                    let options = sequence_options.iter().flatten().filter_map(identity_option).collect();
                    column.identity = Some(Identity { always: *generated_as == GeneratedAs::Always, options });
                }
            }
            return Some(());
        }
        ColumnOption::CharacterSet(_)
        | ColumnOption::OnConflict(_)
        | ColumnOption::Invisible
        | ColumnOption::Srid(_)
        | ColumnOption::GenericOptions(_) => return Some(()),
        ColumnOption::PrimaryKey(key) => (ConstraintKind::PrimaryKey(itself()), &key.characteristics),
        ColumnOption::Unique(unique) => {
            let nulls_not_distinct = unique.nulls_distinct == NullsDistinctOption::NotDistinct;
            (ConstraintKind::Unique { columns: Some(itself()), nulls_not_distinct }, &unique.characteristics)
        }
        ColumnOption::ForeignKey(key) => {
            let kind = ConstraintKind::ForeignKey {
                columns: itself(),
                target: piece.path(&key.foreign_table)?,
                target_columns: piece.idents(&key.referred_columns),
                on_delete: key.on_delete.as_ref().map(ToString::to_string),
                on_update: key.on_update.as_ref().map(ToString::to_string),
                matching: key.match_kind.as_ref().map(match_text),
            };
            (kind, &key.characteristics)
        }
        ColumnOption::Check(check) => (ConstraintKind::Check(piece.value(&check.expr)), &None),
        _ => return None,
    };
    let constraint = made(name, kind, characteristics.as_ref(), piece);
    column.constraints.push(constraint);
    Some(())
}

fn match_text(kind: &sqlparser::ast::ConstraintReferenceMatchKind) -> String {
    kind.to_string().trim_start_matches("MATCH ").to_owned()
}

/// `START WITH 10` → (`start`, `10`)
fn identity_option(option: &SequenceOptions) -> Option<(String, String)> {
    let of = |name: &str, value: String| Some((name.to_owned(), value));
    match option {
        SequenceOptions::IncrementBy(value, _) => of("increment", value.to_string()),
        SequenceOptions::StartWith(value, _) => of("start", value.to_string()),
        SequenceOptions::MinValue(Some(value)) => of("minvalue", value.to_string()),
        SequenceOptions::MaxValue(Some(value)) => of("maxvalue", value.to_string()),
        SequenceOptions::Cache(value) => of("cache", value.to_string()),
        SequenceOptions::Cycle(no) => of("cycle", (!no).to_string()),
        _ => None,
    }
}

fn made(
    name: Option<&sqlparser::ast::Ident>,
    kind: ConstraintKind,
    characteristics: Option<&ConstraintCharacteristics>,
    piece: &Piece<'_>,
) -> Constraint {
    Constraint {
        name: name.map(|name| piece.ident(name)),
        kind,
        not_valid: false,
        deferrable: characteristics.and_then(|found| found.deferrable),
        initially: characteristics.and_then(|found| found.initially).map(|when| format!("{when:?}").to_uppercase()),
        range: piece.cursor.range(),
    }
}

/// A constraint of a table.
pub(super) fn constraint(here: Cursor<'_>, table: &ObjectName) -> Option<Constraint> {
    let parse = |parser: &mut Parser<'_>| {
        let constraint = parser.parse_optional_table_constraint()?;
        let not_valid =
            parser.parse_keywords(&[sqlparser::keywords::Keyword::NOT, sqlparser::keywords::Keyword::VALID]);
        Ok((constraint, not_valid))
    };
    parsed(here, parse, |(tree, not_valid), piece| {
        Some(Constraint { not_valid, ..of_constraint(&tree?, table, piece)? })
    })
}

fn of_constraint(tree: &TableConstraint, table: &ObjectName, piece: &Piece<'_>) -> Option<Constraint> {
    let index = |name: Option<&sqlparser::ast::Ident>, columns: &[IndexColumn], using: Option<String>| {
        let index = CreateIndex {
            name: name.map(|name| piece.ident(name)),
            table: table.clone(),
            elements: columns.iter().map(|column| piece.element(column)).collect(),
            unique: false,
            concurrently: false,
            if_not_exists: false,
            using,
            include: Vec::new(),
            nulls_not_distinct: false,
            with: Vec::new(),
            predicate: None,
        };
        ConstraintKind::Index(Box::new(index))
    };
    Some(match tree {
        TableConstraint::PrimaryKey(key) => {
            let kind = ConstraintKind::PrimaryKey(piece.columns(&key.columns)?);
            made(key.name.as_ref(), kind, key.characteristics.as_ref(), piece)
        }
        TableConstraint::Unique(unique) => {
            let nulls_not_distinct = unique.nulls_distinct == NullsDistinctOption::NotDistinct;
            let kind = ConstraintKind::Unique { columns: piece.columns(&unique.columns), nulls_not_distinct };
            let name = unique.name.as_ref().or(unique.index_name.as_ref());
            made(name, kind, unique.characteristics.as_ref(), piece)
        }
        TableConstraint::ForeignKey(key) => {
            let kind = ConstraintKind::ForeignKey {
                columns: piece.idents(&key.columns),
                target: piece.path(&key.foreign_table)?,
                target_columns: piece.idents(&key.referred_columns),
                on_delete: key.on_delete.as_ref().map(ToString::to_string),
                on_update: key.on_update.as_ref().map(ToString::to_string),
                matching: key.match_kind.as_ref().map(match_text),
            };
            made(key.name.as_ref().or(key.index_name.as_ref()), kind, key.characteristics.as_ref(), piece)
        }
        TableConstraint::Check(check) => {
            made(check.name.as_ref(), ConstraintKind::Check(piece.value(&check.expr)), None, piece)
        }
        TableConstraint::Index(found) => {
            let using = found.index_type.as_ref().map(|using| using.to_string().to_lowercase());
            made(None, index(found.name.as_ref(), &found.columns, using), None, piece)
        }
        TableConstraint::FulltextOrSpatial(found) => {
            let using = if found.fulltext { "fulltext" } else { "spatial" };
            made(None, index(found.opt_index_name.as_ref(), &found.columns, Some(using.to_owned())), None, piece)
        }
        TableConstraint::Exclude(found) => {
            let elements = found
                .elements
                .iter()
                .map(|element| (piece.element(&element.column).expression, element.operator.to_string()))
                .collect();
            let using = found.index_method.as_ref().map(|using| using.value.to_lowercase());
            let kind = ConstraintKind::Exclude { elements, using };
            made(found.name.as_ref(), kind, found.characteristics.as_ref(), piece)
        }
        TableConstraint::PrimaryKeyUsingIndex(_) | TableConstraint::UniqueUsingIndex(_) => return None,
    })
}

/// `CREATE INDEX`, from behind these words on. `special`: FULLTEXT or SPATIAL of MySQL.
pub(super) fn create_index(here: Cursor<'_>, unique: bool, special: Option<&str>) -> Option<CreateIndex> {
    let parse = |parser: &mut Parser<'_>| parser.parse_create_index(unique);
    parsed(here, parse, |found, piece| {
        let using = found.using.as_ref().map(|using| using.to_string()).or_else(|| special.map(str::to_owned));
        let with = found.with.iter().map(|option| {
            let text = option.to_string();
            text.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        });
        let index = CreateIndex {
            name: match &found.name {
                Some(name) => Some(piece.ident(name.0.last()?.as_ident()?)),
                None => None,
            },
            table: piece.path(&found.table_name)?,
            elements: found.columns.iter().map(|column| piece.element(column)).collect(),
            unique,
            concurrently: found.concurrently,
            if_not_exists: found.if_not_exists,
            using: using.map(|using| using.to_lowercase()),
            include: piece.idents(&found.include),
            nulls_not_distinct: found.nulls_distinct == Some(false),
            with: with.flatten().collect(),
            predicate: found.predicate.as_ref().map(|expression| piece.value(expression)),
        };
        Some(index)
    })
}

/// What `CREATE TABLE … AS` takes from its query.
pub(super) fn query(here: Cursor<'_>) -> Source {
    // `WITH NO DATA`
    let end = here.find(&["with"]).filter(|at| {
        let behind = Cursor { at: at + 1, ..here };
        behind.is("data") || behind.are("no data")
    });
    let here = here.until(end.unwrap_or(here.tokens.len()));
    let parse = |parser: &mut Parser<'_>| parser.parse_query();
    let read = parsed(here, parse, |tree, piece| {
        let SetExpr::Select(select) = &*tree.body else { return None };
        let [from] = &select.from[..] else { return Some(Source::Query(names(&select.projection, piece))) };
        let table = match (&from.relation, &from.joins[..]) {
            (TableFactor::Table { name, args: None, .. }, []) if tree.with.is_none() => piece.path(name),
            _ => None,
        };
        Some(match (&select.projection[..], table) {
            ([SelectItem::Wildcard(_)], Some(table)) => Source::AllOf(table),
            (items, _) => Source::Query(names(items, piece)),
        })
    });
    read.unwrap_or(Source::Query(None))
}

/// The names of a query's columns, where all of them are names.
fn names(items: &[SelectItem], piece: &Piece<'_>) -> Option<Vec<Ident>> {
    items
        .iter()
        .map(|item| match item {
            SelectItem::UnnamedExpr(Expr::Identifier(ident)) | SelectItem::ExprWithAlias { alias: ident, .. } => {
                Some(piece.ident(ident))
            }
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last().map(|ident| piece.ident(ident)),
            _ => None,
        })
        .collect()
}
