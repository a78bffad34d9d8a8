//! `Column(…)`, `mapped_column(…)`, `Field(…)` → [`Column`]; constraints and indexes → [`Constraint`].

use crate::project::sqlalchemy::TableId;
use crate::project::sqlalchemy::expression::{self, Expression, Given};
use crate::project::sqlalchemy::names;
use crate::python::value::Value;
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::source::Span;

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name in the database; `None` when it could not be read.
    pub name: Option<String>,
    /// The attribute that maps it.
    pub attribute: Option<String>,
    /// What names it: the attribute's name, or the text in the call.
    pub name_span: Span,
    /// The `Column(…)` call, or the annotation that alone makes the column.
    pub span: Span,
    /// The whole statement, in a class; else the call.
    pub statement: Span,
    /// Its type: `String(20)`, `Integer`; `None` when none is given (annotation or foreign key decide).
    pub column_type: Option<Given>,
    /// The Python type that the annotation gives, without `Optional`.
    pub python_type: Option<Expression>,
    /// The annotation says that it may be `None`; `None` when there is no annotation.
    pub annotated_optional: Option<bool>,
    /// `primary_key=`; `None` when it could not be read.
    pub primary_key: Option<bool>,
    /// `nullable=` as given.
    pub nullable: Option<Expression>,
    /// `index=`
    pub index: Option<Expression>,
    /// `unique=`
    pub unique: Option<Expression>,
    /// `server_default=`
    pub server_default: Option<Given>,
    /// The foreign keys in it.
    pub foreign_keys: Vec<ForeignKey>,
    /// Everything that the call was given.
    pub given: Vec<Given>,
    /// `*unknown` or `**unknown` was given, or the call could not be read wholly.
    pub open: bool,
    /// How it is declared.
    pub style: Style,
    /// `false`: only on some paths.
    pub certain: bool,
}

/// How a column is declared: decides on what its annotation says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `Column(…)`: the annotation says nothing.
    Core,
    /// `mapped_column(…)`, `Mapped[…]`
    Mapped,
    /// A field of SQLModel.
    Field,
}

/// A foreign key: of a column, or of a constraint over several.
#[derive(Clone, Debug)]
pub struct ForeignKey {
    /// What it refers to.
    pub target: ForeignKeyTarget,
    /// The text or expression that says so.
    pub span: Span,
    /// The whole `ForeignKey(…)` call.
    pub call: Span,
    /// `use_alter=True`
    pub use_alter: bool,
    /// `link_to_name=True`, or another argument changes how the target is read.
    pub unusual: bool,
    /// `ondelete=`, `name=` and the others.
    pub given: Vec<Given>,
}

/// What a foreign key refers to.
#[derive(Clone, Debug, PartialEq)]
pub enum ForeignKeyTarget {
    /// `"users.id"`
    Text(String),
    /// A column object of this table.
    Column(TableId, String),
    /// Not read.
    Unknown,
}

/// A constraint or an index that is given apart from a column.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// What it is.
    pub kind: ConstraintKind,
    /// Its name, as given.
    pub name: Option<Given>,
    /// Its columns' names, as far as they were read.
    pub columns: Vec<Option<String>>,
    /// For a foreign key: what it refers to, column by column.
    pub foreign_keys: Vec<ForeignKey>,
    /// Everything that the call was given.
    pub given: Vec<Given>,
    /// The call.
    pub span: Span,
}

/// The kinds of constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    /// `PrimaryKeyConstraint`
    PrimaryKey,
    /// `ForeignKeyConstraint`
    ForeignKey,
    /// `UniqueConstraint`
    Unique,
    /// `CheckConstraint`
    Check,
    /// `Index`
    Index,
    /// `ExcludeConstraint` and others.
    Other,
}

/// Finds the column that a term is: `users.c.id`, or the `Column(…)` object of a class attribute.
pub trait FindColumn<'t> {
    /// The table and the column's name.
    fn column(&self, value: &Value<'t>) -> Option<(TableId, String)>;

    /// A value stands where a column's type does.
    fn type_met(&self, value: &Value<'t>);
}

/// Is the value a column: a call of `Column`, `mapped_column`, or a `deferred`/`column_property` around one? The call.
pub fn call_of<'v, 't>(value: &'v Value<'t>) -> Option<&'v std::rc::Rc<Term<'t>>> {
    let term = value.as_term()?;
    match names::called(term)? {
        "Column" | "mapped_column" => Some(term),
        "deferred" | "column_property" => {
            let (_, arguments) = term.call()?;
            call_of(&arguments.positional.first()?.value)
        }
        _ => None,
    }
}

/// The name that the call of a column gives it, where it gives one.
pub fn name_in(term: &Term<'_>) -> Option<String> {
    let (_, arguments) = term.call()?;
    arguments.get(0, "name").and_then(Value::as_str).map(str::to_owned)
}

/// Reads a `Column(…)` or `mapped_column(…)` call. `place` names the attribute, for a class.
pub fn read<'t>(term: &Term<'t>, attribute: Option<(&str, Span, Span)>, find: &dyn FindColumn<'t>) -> Option<Column> {
    let (_, arguments) = term.call()?;
    let mut rest: Vec<_> = arguments.positional.iter().collect();
    let mut column = Column::empty(term.span);
    column.certain = term.certain;
    if names::called(term) == Some("mapped_column") {
        column.style = Style::Mapped;
    }
    column.open = arguments.open;
    column.given = expression::of_arguments(arguments);
    if let Some((name, name_span, statement)) = attribute {
        column.attribute = Some(name.to_owned());
        column.name = Some(name.to_owned());
        column.name_span = name_span;
        column.statement = statement;
    }
    match rest.first().map(|argument| &argument.value) {
        Some(Value::Str(text)) => {
            column.name = Some(text.text.to_string());
            if column.attribute.is_none() {
                column.name_span = rest[0].span;
            }
            rest.remove(0);
        }
        Some(Value::None) => {
            rest.remove(0);
        }
        Some(value) if value.is_unknown() => {
            // A name or a type. A column that has neither another argument for a type nor a foreign key has a type here.
            let is_type = attribute.is_some() && rest.len() == 1 && arguments.keyword("type_").is_none();
            column.name = column.name.filter(|_| is_type);
            column.open = true;
        }
        _ => {}
    }
    if let Some(name) = arguments.keyword("name").or_else(|| arguments.keyword("_name")) {
        match &name.value {
            Value::Str(text) => column.name = Some(text.text.to_string()),
            Value::None => {}
            _ => column.name = None,
        }
    }
    for argument in &rest {
        match &argument.value {
            Value::Term(inner) if is_call_of(inner, &["ForeignKey"]) => {
                column.foreign_keys.extend(foreign_key(inner, argument.span, find));
            }
            Value::Term(inner)
                if is_call_of(
                    inner,
                    &[
                        "Computed",
                        "Identity",
                        "Sequence",
                        "CheckConstraint",
                        "FetchedValue",
                        "DefaultClause",
                        "ColumnDefault",
                    ],
                ) => {}
            value if value.is_unknown() => column.open = true,
            value if column.column_type.is_none() => {
                find.type_met(value);
                column.column_type =
                    Some(Given { name: None, value: expression::of_value(value), span: argument.span });
            }
            _ => {}
        }
    }
    if let Some(given) = arguments.keyword("type_").or_else(|| arguments.keyword("_type")) {
        find.type_met(&given.value);
        column.column_type =
            Some(Given { name: Some("type_".into()), value: expression::of_value(&given.value), span: given.span });
    }
    column.take_keywords(arguments);
    Some(column)
}

impl Column {
    /// A column of which nothing is said, made at `span`.
    pub fn empty(span: Span) -> Column {
        Column {
            name: None,
            attribute: None,
            name_span: span,
            span,
            statement: span,
            column_type: None,
            python_type: None,
            annotated_optional: None,
            primary_key: Some(false),
            nullable: None,
            index: None,
            unique: None,
            server_default: None,
            foreign_keys: Vec::new(),
            given: Vec::new(),
            open: false,
            style: Style::Core,
            certain: true,
        }
    }

    /// Takes what the keywords say.
    pub fn take_keywords(&mut self, arguments: &Arguments<'_>) {
        for keyword in &arguments.keywords {
            let value = expression::of_value(&keyword.value);
            match &*keyword.name {
                "primary_key" => {
                    self.primary_key = match value {
                        Expression::Bool(value) => Some(value),
                        _ => None,
                    }
                }
                "nullable" => self.nullable = Some(value),
                "index" => self.index = Some(value),
                "unique" => self.unique = Some(value),
                "server_default" if value != Expression::None => {
                    self.server_default =
                        Some(Given { name: Some("server_default".into()), value, span: keyword.span });
                }
                _ => {}
            }
        }
        if arguments.open && self.primary_key == Some(false) {
            self.primary_key = None;
        }
    }
}

/// Is the term a call of one of these names of SQLAlchemy?
pub fn is_call_of(term: &Term<'_>, wanted: &[&str]) -> bool {
    names::called(term).is_some_and(|name| wanted.contains(&name))
}

/// Reads `ForeignKey(…)`.
pub fn foreign_key<'t>(term: &Term<'t>, span: Span, find: &dyn FindColumn<'t>) -> Option<ForeignKey> {
    let (_, arguments) = term.call()?;
    let (value, at) = match arguments.positional.first() {
        Some(first) => (Some(&first.value), first.span),
        None => (arguments.keyword("column").map(|found| &found.value), span),
    };
    Some(ForeignKey {
        target: value.map_or(ForeignKeyTarget::Unknown, |value| target(value, find)),
        span: at,
        call: term.span,
        use_alter: flag(arguments, "use_alter"),
        unusual: arguments.open || arguments.keyword("link_to_name").is_some(),
        given: expression::of_arguments(arguments),
    })
}

fn target<'t>(value: &Value<'t>, find: &dyn FindColumn<'t>) -> ForeignKeyTarget {
    match value {
        Value::Str(text) => ForeignKeyTarget::Text(text.text.to_string()),
        other => match find.column(other) {
            Some((table, column)) => ForeignKeyTarget::Column(table, column),
            None => ForeignKeyTarget::Unknown,
        },
    }
}

fn flag(arguments: &Arguments<'_>, name: &str) -> bool {
    arguments.keyword(name).is_some_and(|found| !matches!(found.value, Value::Bool(false)))
}

/// Reads a constraint or an index; `None` when the value is neither.
pub fn constraint<'t>(value: &Value<'t>, find: &dyn FindColumn<'t>) -> Option<Constraint> {
    let term = value.as_term()?;
    let called = names::called(term).or_else(|| {
        let TermKind::Call(callee, _) = &term.kind else { return None };
        let name = names::of_term(callee)?;
        (name.package == "sqlalchemy" && name.name.ends_with("Constraint")).then_some("ExcludeConstraint")
    })?;
    let (_, arguments) = term.call()?;
    let kind = match called {
        "PrimaryKeyConstraint" => ConstraintKind::PrimaryKey,
        "ForeignKeyConstraint" => ConstraintKind::ForeignKey,
        "UniqueConstraint" => ConstraintKind::Unique,
        "CheckConstraint" => ConstraintKind::Check,
        "Index" => ConstraintKind::Index,
        "ExcludeConstraint" => ConstraintKind::Other,
        _ => return None,
    };
    let given = expression::of_arguments_with(arguments, find);
    let positional: Vec<_> = arguments.positional.iter().collect();
    let mut name = given.iter().find(|given| given.name.as_deref() == Some("name")).cloned();
    let mut columns = Vec::new();
    let mut foreign_keys = Vec::new();
    match kind {
        ConstraintKind::Index => {
            name = given.iter().find(|given| given.name.is_none()).cloned().or(name);
            columns = positional.iter().skip(1).map(|argument| column_name(&argument.value, find)).collect();
        }
        ConstraintKind::PrimaryKey | ConstraintKind::Unique => {
            columns = positional.iter().map(|argument| column_name(&argument.value, find)).collect();
        }
        ConstraintKind::ForeignKey => {
            let items = |position: usize, name: &str| arguments.get(position, name).and_then(Value::items);
            columns = items(0, "columns").unwrap_or_default().iter().map(|item| column_name(item, find)).collect();
            for item in items(1, "refcolumns").unwrap_or_default() {
                let span = match &item {
                    Value::Str(text) => text.origin.span(),
                    _ => term.span,
                };
                foreign_keys.push(ForeignKey {
                    target: target(&item, find),
                    span,
                    call: term.span,
                    use_alter: flag(arguments, "use_alter"),
                    unusual: arguments.open || arguments.keyword("link_to_name").is_some(),
                    given: Vec::new(),
                });
            }
        }
        ConstraintKind::Check | ConstraintKind::Other => {}
    }
    if arguments.open {
        columns.push(None);
    }
    Some(Constraint {
        kind,
        name: name.filter(|given| given.value != Expression::None),
        columns,
        foreign_keys,
        given,
        span: term.span,
    })
}

fn column_name<'t>(value: &Value<'t>, find: &dyn FindColumn<'t>) -> Option<String> {
    match value {
        Value::Str(text) => Some(text.text.to_string()),
        Value::Term(term) if is_call_of(term, &["Column", "mapped_column"]) => {
            let (_, arguments) = term.call()?;
            match arguments.positional.first().map(|argument| &argument.value) {
                Some(Value::Str(text)) => Some(text.text.to_string()),
                _ => find.column(value).map(|(_, name)| name),
            }
        }
        other => find.column(other).map(|(_, name)| name),
    }
}
