//! Tables that are read back from the database (`metadata.reflect`, `Table(…, autoload_with=bind)`), and the columns of
//! tables: `table.columns`, `column.type`.

use std::rc::Rc;

use super::connection::is_behind_op;
use super::database::Described;
use super::directive::On;
use super::library::{Operations, plain_text};
use crate::project::sqlalchemy::{column, names};
use crate::python::builtins;
use crate::python::evaluate::{Machine, Outcome};
use crate::python::library::Library;
use crate::python::value::term::{Argument, Arguments, Keyword, Term, TermKind};
use crate::python::value::{Dict, Key, Value};
use crate::source::Span;

impl<'t> Operations<'t> {
    /// `Table(name, metadata, autoload_with=bind)`: the table as the database has it.
    pub(super) fn table_called(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let loads = |keyword: &&Keyword<'t>| {
            matches!(&*keyword.name, "autoload_with" | "autoload")
                && !matches!(keyword.value, Value::None | Value::Bool(false))
        };
        arguments.keywords.iter().find(loads)?;
        let name = plain_text(arguments.get(0, "name")?)?;
        let schema = arguments.keyword("schema").and_then(|keyword| plain_text(&keyword.value));
        let described = self.database.described(&On { schema, name }).filter(|table| table.has_all_columns)?;
        let metadata = arguments.get(1, "metadata")?.clone();
        if let Some(known) = self.on_metadata(&metadata, arguments.get(0, "name")?.as_str()?) {
            return Some(Ok(known));
        }
        let keywords = arguments.keywords.iter().filter(|it| !it.name.starts_with("autoload")).cloned().collect();
        let first = arguments.get(0, "name")?.clone();
        Some(self.reflected(machine, callee, first, metadata, keywords, &described, span))
    }

    /// The table of this name that the run knows on a MetaData.
    fn on_metadata(&self, metadata: &Value<'t>, key: &str) -> Option<Value<'t>> {
        let id = self.sqlalchemy.metadata_of(metadata)?;
        self.sqlalchemy.table_term_of(id, key).map(Value::Term)
    }

    #[expect(clippy::too_many_arguments, reason = "it is one call, taken apart")]
    fn reflected(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        name: Value<'t>,
        metadata: Value<'t>,
        keywords: Vec<Keyword<'t>>,
        table: &Described,
        span: Span,
    ) -> Outcome<'t> {
        let mut positional = vec![Argument { value: name, span }, Argument { value: metadata, span }];
        for column in &table.columns {
            let column_type = self.type_of(machine, column.column_type.as_deref(), span);
            let in_key = table.primary_key.as_ref().is_some_and(|(_, key)| key.contains(&column.name));
            let keyword = |name: &str, value: Value<'t>| Keyword { name: name.into(), value, span, whole: span };
            let mut given = vec![keyword("nullable", column.nullable.map_or(Value::None, Value::Bool))];
            given.extend(in_key.then(|| keyword("primary_key", Value::Bool(true))));
            match &column.default {
                None => {}
                Some(Some(text)) => {
                    let callee = machine.name_term("sqlalchemy.text", span);
                    let text = builtins::positional([Value::literal(text.as_str(), span)], span);
                    given.push(keyword("server_default", machine.call_term(&callee, &text, span)));
                }
                Some(None) => given.push(keyword("server_default", Value::unknown(span, "a default"))),
            }
            let column_name = Value::literal(column.name.as_str(), span);
            let both = [column_name, column_type].map(|value| Argument { value, span });
            let arguments = Arguments { positional: both.into(), keywords: given, open: false };
            let callee = machine.name_term("sqlalchemy.Column", span);
            positional.push(Argument { value: machine.call_term(&callee, &Rc::new(arguments), span), span });
        }
        let arguments = Rc::new(Arguments { positional, keywords, open: false });
        match self.sqlalchemy.call(machine, callee, &arguments, span) {
            Some(outcome) => outcome,
            None => Ok(machine.call_term(callee, &arguments, span)),
        }
    }

    /// `metadata.reflect(bind)`
    pub(super) fn reflect(
        &self,
        machine: &mut Machine<'t>,
        metadata: &Rc<Term<'t>>,
        arguments: &Arguments<'t>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let value = Value::Term(metadata.clone());
        self.sqlalchemy.metadata_of(&value)?;
        let schema = arguments.get(1, "schema").and_then(plain_text);
        let only = arguments.keyword("only").and_then(|only| only.value.items());
        let (mut tables, _) = self.database.tables(schema.as_deref());
        if schema.is_none() {
            tables.insert(0, "alembic_version".to_owned());
        }
        let callee = machine.name_term("sqlalchemy.Table", span);
        for name in tables {
            if only.as_ref().is_some_and(|only| !only.iter().any(|it| it.as_str() == Some(&name))) {
                continue;
            }
            let key = schema.as_ref().map_or(name.clone(), |schema| format!("{schema}.{name}"));
            if self.on_metadata(&value, &key).is_some() {
                continue;
            }
            let Some(described) = self.database.described(&On { schema: schema.clone(), name: name.clone() }) else {
                continue;
            };
            let keywords = schema.iter().map(|schema| Keyword {
                name: "schema".into(),
                value: Value::literal(schema.as_str(), span),
                span,
                whole: span,
            });
            let name = Value::literal(name, span);
            let made = self.reflected(machine, &callee, name, value.clone(), keywords.collect(), &described, span);
            if let Err(raised) = made {
                return Some(Err(raised));
            }
        }
        Some(Ok(Value::None))
    }

    /// `metadata.tables`: a dict of those that the run knows.
    pub(super) fn tables_of_metadata(&self, metadata: &Rc<Term<'t>>) -> Option<Value<'t>> {
        let id = self.sqlalchemy.metadata_of(&Value::Term(metadata.clone()))?;
        let dict = Dict::default();
        for (key, term) in self.sqlalchemy.table_terms_of(id) {
            dict.entries.borrow_mut().insert(Key::Str(key.into()), Value::Term(term));
        }
        Some(Value::Dict(Rc::new(dict)))
    }

    /// The columns behind `table.c` or `table.columns`; `None` where they are not all known.
    pub(super) fn columns_behind(&self, term: &Term<'t>) -> Option<Vec<Value<'t>>> {
        let (table, name) = term.attribute()?;
        if !matches!(&**name, "c" | "columns") {
            return None;
        }
        let (_, facts) = self.table_of(&Value::Term(table.clone()))?;
        let (_, arguments) = table.call()?;
        let columns: Vec<Value<'t>> = arguments
            .positional
            .iter()
            .map(|argument| &argument.value)
            .filter(|value| column::call_of(value).is_some())
            .cloned()
            .collect();
        (!facts.open && columns.len() == facts.columns.len()).then_some(columns)
    }

    /// `column.name` and the like of a `Column(…)` call.
    pub(super) fn of_column(&self, of: &Rc<Term<'t>>, name: &str, span: Span) -> Option<Value<'t>> {
        if names::called(of) != Some("Column") {
            return None;
        }
        let (_, arguments) = of.call()?;
        let read = column::read(of, None, &*self.sqlalchemy)?;
        match name {
            "name" | "key" => read.name.map(|name| Value::literal(name, span)),
            "type" => {
                let at = usize::from(matches!(arguments.positional.first()?.value, Value::Str(_)));
                arguments.get(at, "type_").cloned()
            }
            "nullable" | "primary_key" | "server_default" | "default" | "comment" | "index" | "unique" => {
                match arguments.keyword(name) {
                    Some(given) => Some(given.value.clone()),
                    None if name == "nullable" => Some(Value::Bool(read.primary_key != Some(true))),
                    None if name == "primary_key" => Some(Value::Bool(false)),
                    None => Some(Value::None),
                }
            }
            _ => None,
        }
    }

    /// A type as reflection gives it.
    pub(super) fn type_of(&self, machine: &mut Machine<'t>, sql: Option<&str>, span: Span) -> Value<'t> {
        let Some(sql) = sql else { return Value::unknown(span, "a type") };
        if let Some(item) = sql.strip_suffix("[]") {
            let item = self.type_of(machine, Some(item), span);
            let callee = machine.name_term("sqlalchemy.dialects.postgresql.ARRAY", span);
            return machine.call_term(&callee, &builtins::positional([item], span), span);
        }
        let named = |found: &On| match &found.schema {
            Some(schema) => format!("{schema}.{}", found.name) == sql,
            None => found.name == sql.trim_matches('"'),
        };
        if let Some(found) = self.database.enums().0.into_iter().find(|found| named(&found.name)) {
            let values = found.values.unwrap_or_default().into_iter().map(|value| Value::literal(value, span));
            let positional = values.map(|value| Argument { value, span }).collect();
            let mut keyword = vec![("name", found.name.name)];
            keyword.extend(found.name.schema.map(|schema| ("schema", schema)));
            let given = keyword.into_iter().map(|(name, value)| (name, Value::literal(value, span)));
            let given = given.chain([("create_type", Value::Bool(false))]);
            let keywords = given.map(|(name, value)| Keyword { name: name.into(), value, span, whole: span }).collect();
            let callee = machine.name_term("sqlalchemy.dialects.postgresql.ENUM", span);
            return machine.call_term(&callee, &Rc::new(Arguments { positional, keywords, open: false }), span);
        }
        let (with_zone, rest) = match sql.strip_suffix(" WITH TIME ZONE") {
            Some(rest) => (true, rest),
            None => (false, sql.strip_suffix(" WITHOUT TIME ZONE").unwrap_or(sql)),
        };
        let (name, numbers) = rest.split_once('(').unwrap_or((rest, ""));
        let numbers = numbers.trim_end_matches(')').split(',').filter(|number| !number.is_empty());
        let Some(numbers) = numbers.map(|number| number.trim().parse().ok()).collect::<Option<Vec<i64>>>() else {
            return Value::unknown(span, "a type");
        };
        let name = name.trim().replace(' ', "_");
        if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
            return Value::unknown(span, "a type");
        }
        let home = match name.as_str() {
            "BYTEA" | "JSONB" | "UUID" | "INET" | "CIDR" | "MACADDR" | "HSTORE" | "TSVECTOR" | "INTERVAL" | "MONEY"
            | "OID" | "BIT" | "DOUBLE_PRECISION" | "CITEXT" => "sqlalchemy.dialects.postgresql",
            _ => "sqlalchemy",
        };
        let callee = machine.name_term(&format!("{home}.{name}"), span);
        let is_time = name.starts_with("TIME");
        let mut given = Arguments::default();
        if is_time {
            let zone = Value::Bool(with_zone);
            given.keywords.push(Keyword { name: "timezone".into(), value: zone, span, whole: span });
        } else {
            given.positional.extend(numbers.into_iter().map(|it| Argument { value: Value::Int(it), span }));
        }
        machine.call_term(&callee, &Rc::new(given), span)
    }
}

/// `type.timezone` and the like of a type of SQLAlchemy that a call makes.
pub(super) fn of_type<'t>(of: &Term<'t>, name: &str) -> Option<Value<'t>> {
    let (callee, arguments) = of.call()?;
    let class = names::of_term(callee).filter(|found| found.package == "sqlalchemy")?.name;
    if !PARENTS.iter().any(|(known, _)| *known == class) || arguments.open {
        return None;
    }
    let given = |position: usize, unset: Value<'t>| Some(arguments.get(position, name).cloned().unwrap_or(unset));
    match name {
        "timezone" => given(0, Value::Bool(false)),
        "length" | "precision" => given(0, Value::None),
        "scale" => given(1, Value::None),
        "name" | "schema" => Some(arguments.keyword(name)?.value.clone()),
        _ => None,
    }
}

/// Is a type of SQLAlchemy, made by a call, an instance of another? `None`: not known.
pub(super) fn is_type(of: &Term<'_>, class: &Value<'_>) -> Option<bool> {
    let made = match &of.kind {
        TermKind::Call(callee, _) => names::of_term(callee).filter(|name| name.package == "sqlalchemy")?.name,
        _ => return None,
    };
    if let Value::Tuple(classes) = class {
        let answers: Vec<Option<bool>> = classes.iter().map(|class| is_type(of, class)).collect();
        return match answers.contains(&Some(true)) {
            true => Some(true),
            false => answers.iter().all(Option::is_some).then_some(false),
        };
    }
    let wanted = names::of_term(class.as_term()?).filter(|name| name.package == "sqlalchemy")?.name;
    let (mut at, known) = (made, |name: &str| PARENTS.iter().any(|(child, _)| *child == name));
    if !known(made) || !(known(wanted) || PARENTS.iter().any(|(_, parent)| *parent == wanted)) {
        return None;
    }
    loop {
        if at == wanted {
            return Some(true);
        }
        match PARENTS.iter().find(|(child, _)| *child == at) {
            Some((_, parent)) => at = parent,
            None => return Some(false),
        }
    }
}

/// SQLAlchemy's types with the class that each derives from.
const PARENTS: &[(&str, &str)] = &[
    ("ARRAY", "TypeEngine"),
    ("BIGINT", "BigInteger"),
    ("BLOB", "LargeBinary"),
    ("BOOLEAN", "Boolean"),
    ("BYTEA", "LargeBinary"),
    ("BigInteger", "Integer"),
    ("Boolean", "TypeEngine"),
    ("CHAR", "String"),
    ("DATE", "Date"),
    ("DATETIME", "DateTime"),
    ("DECIMAL", "Numeric"),
    ("DOUBLE", "Double"),
    ("DOUBLE_PRECISION", "Double"),
    ("Date", "TypeEngine"),
    ("DateTime", "TypeEngine"),
    ("Double", "Float"),
    ("ENUM", "Enum"),
    ("Enum", "String"),
    ("FLOAT", "Float"),
    ("Float", "Numeric"),
    ("INET", "TypeEngine"),
    ("INT", "Integer"),
    ("INTEGER", "Integer"),
    ("INTERVAL", "Interval"),
    ("Integer", "TypeEngine"),
    ("Interval", "TypeEngine"),
    ("JSON", "TypeEngine"),
    ("JSONB", "JSON"),
    ("LargeBinary", "TypeEngine"),
    ("NUMERIC", "Numeric"),
    ("NVARCHAR", "Unicode"),
    ("NullType", "TypeEngine"),
    ("Numeric", "TypeEngine"),
    ("REAL", "Float"),
    ("SMALLINT", "SmallInteger"),
    ("SmallInteger", "Integer"),
    ("String", "TypeEngine"),
    ("TEXT", "Text"),
    ("TIME", "Time"),
    ("TIMESTAMP", "DateTime"),
    ("TSVECTOR", "TypeEngine"),
    ("Text", "String"),
    ("Time", "TypeEngine"),
    ("UUID", "Uuid"),
    ("Unicode", "String"),
    ("UnicodeText", "Text"),
    ("Uuid", "TypeEngine"),
    ("VARCHAR", "String"),
];

/// Is one of the arguments the connection?
pub(super) fn takes_connection(arguments: &Arguments<'_>) -> bool {
    arguments.values().any(is_behind_op)
}
