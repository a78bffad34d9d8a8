//! `include_object` and `include_name`, tried on the project's own tables after the run → [`Filter`].

use std::rc::Rc;

use crate::project::alembic::env_script::{Filter, TargetMetadata};
use crate::project::alembic::library::MetaDatas;
use crate::python::evaluate::Machine;
use crate::python::value::class::{Code, Function};
use crate::python::value::term::{Argument, Arguments};
use crate::python::value::{Dict, Key, Value};
use crate::source::Span;
use crate::syntax::python::tree::visitor::{Visitor, walk_stmt};
use crate::syntax::python::{Trees, span_of, tree};

/// What the filter says of each table that autogenerate would look at.
pub(super) fn tried<'t>(
    machine: &mut Machine<'t>,
    metadatas: &dyn MetaDatas<'t>,
    target: &TargetMetadata,
    option: String,
    function: &Value<'t>,
) -> Option<Filter> {
    let TargetMetadata::These(numbers) = target else { return None };
    let (Value::Function(code) | Value::Method(_, code)) = function else { return None };
    let span = code.name_span;
    let mut verdicts = Vec::new();
    for (name, schema) in numbers.iter().flat_map(|number| metadatas.tables(*number)) {
        let arguments = arguments(machine, &option, &name, schema.as_deref(), span);
        let answer = machine.maybe(|machine| machine.call(function, &arguments, span));
        let verdict = match answer {
            Ok(value) => machine.truth(&value),
            Err(_) => None,
        };
        verdicts.push((name, verdict));
    }
    let any = {
        let mut arguments = arguments(machine, &option, "", None, span);
        if let Some(arguments) = Rc::get_mut(&mut arguments) {
            let position = usize::from(option == "include_object");
            arguments.positional[position].value = machine.unknown(span, "the name of any table");
        }
        let answer = machine.maybe(|machine| machine.call(function, &arguments, span));
        answer.ok().and_then(|value| machine.truth(&value))
    };
    let function = code.name.to_string();
    Some(Filter { option, function, span: deciding_return(machine.trees, code), whole: code.span, verdicts, any })
}

fn arguments<'t>(
    machine: &mut Machine<'t>,
    option: &str,
    table: &str,
    schema: Option<&str>,
    span: Span,
) -> Rc<Arguments<'t>> {
    let positional = |value| Argument { value, span };
    let values = if option == "include_object" {
        let table_object = machine.unknown(span, "the table that the filter is asked about");
        vec![
            positional(table_object),
            positional(Value::literal(table, span)),
            positional(Value::literal("table", span)),
            positional(Value::Bool(false)),
            positional(Value::None),
        ]
    } else {
        let parents = Dict::default();
        let schema = schema.map_or(Value::None, |schema| Value::literal(schema, span));
        parents.entries.borrow_mut().insert(Key::Str("schema_name".into()), schema);
        parents.open.set(true);
        vec![
            positional(Value::literal(table, span)),
            positional(Value::literal("table", span)),
            positional(Value::Dict(Rc::new(parents))),
        ]
    };
    Rc::new(Arguments { positional: values, keywords: Vec::new(), open: false })
}

/// The one `return` whose value is no plain `True`, else the function's name.
fn deciding_return<'t>(trees: &'t Trees<'t>, function: &Rc<Function<'t>>) -> Span {
    let body = match function.code {
        Code::Def(definition) => trees.body(function.span.file, definition).unwrap_or_default(),
        Code::Lambda(lambda) => return span_of(function.span.file, &*lambda.body),
    };
    let mut returns = Returns(Vec::new());
    body.iter().for_each(|statement| returns.visit_stmt(statement));
    let deciding: Vec<_> = returns
        .0
        .iter()
        .filter(|found| !matches!(found.value.as_deref(), Some(tree::Expr::BooleanLiteral(literal)) if literal.value))
        .collect();
    match deciding.as_slice() {
        [only] => span_of(function.span.file, *only),
        _ => function.name_span,
    }
}

struct Returns<'t>(Vec<&'t tree::StmtReturn>);

impl<'t> Visitor<'t> for Returns<'t> {
    fn visit_stmt(&mut self, statement: &'t tree::Stmt) {
        match statement {
            tree::Stmt::Return(found) => self.0.push(found),
            tree::Stmt::FunctionDef(_) | tree::Stmt::ClassDef(_) => {}
            other => walk_stmt(self, other),
        }
    }
}
