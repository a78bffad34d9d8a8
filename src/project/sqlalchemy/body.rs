//! Class statements → [`ClassBody`] with its attributes; SQLModel's fields → columns.

use std::rc::Rc;
use std::sync::Arc;

use crate::project::sqlalchemy::attribute::{self, Attribute, Kind};
use crate::project::sqlalchemy::column::{self, Column};
use crate::project::sqlalchemy::expression::{self, Expression, Given};
use crate::project::sqlalchemy::library::{SqlAlchemy, address};
use crate::project::sqlalchemy::{BodyId, ClassBody, relationship};
use crate::python::evaluate::Machine;
use crate::python::value::class::Class;
use crate::python::value::scope::Binding;
use crate::python::value::term::Arguments;
use crate::python::value::{Key, Name, Value};
use crate::source::Span;
use crate::syntax::python::span_of;

impl<'t> SqlAlchemy<'t> {
    /// The facts of a class statement, made once.
    pub(super) fn body(&self, machine: &mut Machine<'t>, class: &Rc<Class<'t>>) -> BodyId {
        if let Some(found) = self.state.borrow().body_by_address.get(&address(class)) {
            return *found;
        }
        let bindings: Vec<(Name, Binding<'t>)> =
            class.attributes.borrow().iter().map(|(name, binding)| (name.clone(), binding.clone())).collect();
        let attributes = bindings.iter().filter_map(|(name, binding)| self.attribute_of(machine, class, name, binding));
        let mut attributes: Vec<Attribute> = attributes.collect();
        attributes.shrink_to_fit();
        let mut state = self.state.borrow_mut();
        let id = BodyId(state.models.bodies.len());
        state.models.bodies.push(ClassBody {
            id,
            qualified: class.qualified.to_string(),
            name_span: class.name_span,
            span: class.span,
            attributes: Arc::new(attributes),
        });
        state.body_by_address.insert(address(class), id);
        state.kept.push(Value::Class(class.clone()));
        id
    }

    pub(super) fn attribute_of(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        name: &Name,
        binding: &Binding<'t>,
    ) -> Option<Attribute> {
        if matches!(&**name, "__module__" | "__qualname__" | "__doc__" | "__annotations__") {
            return None;
        }
        let annotation = binding.annotation.map(|expression| {
            let value = machine.annotation(class, expression);
            let span = span_of(class.span.file, expression);
            let written = |text: &str| attribute::annotation_of(&value, span, text.get(span.range()).unwrap_or(""));
            machine.trees.sources().in_passing(span.file, written)
        });
        let mut kind = attribute::kind_of(&binding.value, binding.only_annotated, |term| {
            self.state.borrow().metadata_by_term.contains_key(&(std::ptr::from_ref(term).cast::<()>() as usize))
        });
        let call = binding.value.as_term().and_then(|term| term.call()).map(|(_, arguments)| arguments.clone());
        let place = Some((&**name, binding.span, binding.statement));
        let mut column = match kind {
            Kind::Column | Kind::MappedColumn | Kind::MapperProperty => {
                match column::call_of(&binding.value) {
                    Some(term) => column::read(term, place, self),
                    None if kind == Kind::Column => {
                        // A subclass of Column, or a call that is not read.
                        let mut column = Column::empty(binding.statement);
                        column.attribute = Some(name.to_string());
                        column.name_span = binding.span;
                        column.open = true;
                        column.primary_key = None;
                        Some(column)
                    }
                    None => None,
                }
            }
            Kind::Field => call.as_ref().and_then(|arguments| {
                self.field(name, binding, arguments, binding.value.as_term().map_or(binding.span, |term| term.span))
            }),
            _ => None,
        };
        if kind == Kind::MapperProperty && column.is_some() {
            kind = Kind::Column;
        }
        if let (Some(column), Some(annotation)) = (&mut column, &annotation) {
            annotate(column, annotation);
        }
        let relationship = match (kind, &call) {
            (Kind::Relationship, Some(arguments)) => {
                Some(relationship::read(arguments, binding.value.as_term().map_or(binding.statement, |term| term.span)))
            }
            _ => None,
        };
        let relationship = relationship.map(|found| self.led_by_annotation(class, found, annotation.as_ref()));
        Some(Attribute {
            name: name.to_string(),
            name_span: binding.span,
            span: binding.statement,
            kind,
            annotation: annotation.map(Box::new),
            column: column.map(Arc::new),
            relationship: relationship.map(Box::new),
            value: match kind {
                Kind::Plain | Kind::Other | Kind::None | Kind::TrailingComma => expression::of_value(&binding.value),
                _ => Expression::Unknown,
            },
            certain: binding.certain,
            assigned_later: false,
        })
    }

    /// Without an argument a relationship leads to the class that its annotation names.
    fn led_by_annotation(
        &self,
        class: &Rc<Class<'t>>,
        mut found: relationship::Relationship,
        annotation: Option<&attribute::Annotation>,
    ) -> relationship::Relationship {
        let (relationship::Target::Annotation, Some(annotation)) = (&found.target, annotation) else { return found };
        if let Some(name) = attribute::forward_reference(&annotation.text) {
            // SQLAlchemy looks into the module before it asks the registry.
            let bound = class.module.scope.names.borrow().get(name).map(|binding| binding.value.clone());
            found.target = match bound {
                None => relationship::Target::Text(name.to_owned(), annotation.span),
                Some(Value::Class(target)) => relationship::Target::Class(target.qualified.to_string()),
                Some(_) => relationship::Target::Unknown,
            };
        } else if let Expression::Item(_, inner) = &annotation.inner
            && let Expression::Class(target) = &**inner
        {
            found.target = relationship::Target::Class(target.qualified.clone());
        }
        found
    }

    /// SQLModel's `Field(…)`.
    pub(super) fn field(
        &self,
        name: &Name,
        binding: &Binding<'t>,
        arguments: &Arguments<'t>,
        span: Span,
    ) -> Option<Column> {
        if let Some(given) = arguments.keyword("sa_column")
            && !matches!(given.value, Value::None)
        {
            return match column::call_of(&given.value) {
                Some(term) => column::read(term, Some((name, binding.span, binding.statement)), self),
                None => {
                    let mut column = Column::empty(span);
                    column.attribute = Some(name.to_string());
                    column.name_span = binding.span;
                    column.open = true;
                    column.primary_key = None;
                    Some(column)
                }
            };
        }
        let mut column = Column::empty(span);
        column.name = Some(name.to_string());
        column.attribute = Some(name.to_string());
        column.name_span = binding.span;
        column.statement = binding.statement;
        column.certain = binding.certain;
        column.open = arguments.open;
        column.style = column::Style::Field;
        column.given = expression::of_arguments(arguments);
        column.take_keywords(arguments);
        if let Some(given) = arguments.keyword("sa_type") {
            self.type_met(&given.value);
            column.column_type = Some(Given {
                name: Some("sa_type".into()),
                value: expression::of_value(&given.value),
                span: given.span,
            });
        }
        if let Some(given) = arguments.keyword("foreign_key") {
            let target = match &given.value {
                Value::Str(text) => column::ForeignKeyTarget::Text(text.text.to_string()),
                _ => column::ForeignKeyTarget::Unknown,
            };
            if !matches!(given.value, Value::None) {
                column.foreign_keys.push(column::ForeignKey {
                    target,
                    span: given.span,
                    call: given.whole,
                    use_alter: false,
                    unusual: false,
                    // SQLModel hands it on.
                    given: arguments
                        .keyword("ondelete")
                        .map(|action| Given {
                            name: Some("ondelete".into()),
                            value: expression::of_value(&action.value),
                            span: action.span,
                        })
                        .into_iter()
                        .collect(),
                });
            }
        }
        match arguments.keyword("sa_column_kwargs").map(|found| &found.value) {
            None | Some(Value::None) => {}
            Some(Value::Dict(dict)) => {
                for (key, value) in dict.entries.borrow().iter() {
                    let Key::Str(key) = key else { continue };
                    match (&**key, value) {
                        ("name", Value::Str(text)) => column.name = Some(text.text.to_string()),
                        ("name", _) => column.name = None,
                        ("primary_key", Value::Bool(value)) => column.primary_key = Some(*value),
                        ("server_default", value) if !matches!(value, Value::None) => {
                            column.server_default = Some(Given {
                                name: Some("server_default".into()),
                                value: expression::of_value(value),
                                span,
                            });
                        }
                        ("nullable", value) => column.nullable = Some(expression::of_value(value)),
                        ("index", value) => column.index = Some(expression::of_value(value)),
                        ("unique", value) => column.unique = Some(expression::of_value(value)),
                        // What SQLModel hands on to the column as it is.
                        (key, value) => column.given.push(Given {
                            name: Some(key.into()),
                            value: expression::of_value(value),
                            span,
                        }),
                    }
                }
            }
            Some(_) => column.open = true,
        }
        match arguments.keyword("sa_column_args").map(|found| &found.value) {
            None | Some(Value::None) => {}
            Some(value) => match value.items() {
                Some(items) => {
                    for item in items {
                        if let Value::Term(term) = &item
                            && column::is_call_of(term, &["ForeignKey"])
                        {
                            column.foreign_keys.extend(column::foreign_key(term, term.span, self));
                        }
                    }
                }
                None => column.open = true,
            },
        }
        Some(column)
    }
}

/// Takes what the annotation says of a column.
pub(super) fn annotate(column: &mut Column, annotation: &attribute::Annotation) {
    column.annotated_optional = Some(annotation.optional);
    let mut inner = &annotation.inner;
    // `Mapped[Annotated[int, mapped_column(primary_key=True)]]`
    if let Expression::Item(of, items) = inner
        && matches!(of.name(), Some("typing.Annotated" | "typing_extensions.Annotated"))
        && let Expression::List(items) = &**items
        && let [first, rest @ ..] = items.as_slice()
    {
        inner = first;
        if rest.iter().any(Expression::is_unknown) {
            column.open = true;
            column.primary_key = column.primary_key.filter(|is_key| *is_key);
        }
        for marker in
            rest.iter().filter(|marker| matches!(marker.short_name(), Some("mapped_column" | "Column" | "Field")))
        {
            for given in marker.arguments() {
                match (given.name.as_deref(), &given.value) {
                    (Some("primary_key"), Expression::Bool(true)) => column.primary_key = Some(true),
                    (Some("name"), Expression::Str(name)) => column.name = Some(name.clone()),
                    (Some("server_default"), _) => column.server_default = Some(given.clone()),
                    (Some("foreign_key"), Expression::Str(text)) => {
                        column.foreign_keys.push(column::ForeignKey {
                            target: column::ForeignKeyTarget::Text(text.clone()),
                            span: given.span,
                            call: given.span,
                            use_alter: false,
                            unusual: false,
                            given: marker
                                .arguments()
                                .iter()
                                .filter(|other| other.name.as_deref() == Some("ondelete"))
                                .cloned()
                                .collect(),
                        });
                    }
                    (None, Expression::Call(callee, arguments)) if callee.short_name() == Some("ForeignKey") => {
                        let target = match arguments.first().map(|given| &given.value) {
                            Some(Expression::Str(text)) => column::ForeignKeyTarget::Text(text.clone()),
                            _ => column::ForeignKeyTarget::Unknown,
                        };
                        let span = arguments.first().map_or(given.span, |given| given.span);
                        column.foreign_keys.push(column::ForeignKey {
                            target,
                            span,
                            call: given.span,
                            use_alter: arguments.iter().any(|given| given.name.as_deref() == Some("use_alter")),
                            unusual: false,
                            given: arguments.clone(),
                        });
                    }
                    (None, value) if column.column_type.is_none() => {
                        column.column_type = Some(Given { name: None, value: value.clone(), span: given.span });
                    }
                    _ => {}
                }
            }
        }
    }
    if inner.is_unknown() {
        // An alias that could not be followed may hold `mapped_column(primary_key=True)`.
        if column.primary_key == Some(false) {
            column.primary_key = None;
        }
    }
    column.python_type = Some(inner.clone());
}
