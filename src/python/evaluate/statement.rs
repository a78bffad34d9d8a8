//! Statements.

use std::rc::Rc;

use ruff_text_size::Ranged;

use super::join::{join, join_names};
use super::{Machine, NESTING, Outcome, ROUNDS, Raised};
use crate::python::builtins;
use crate::python::dotted;
use crate::python::value::scope::Binding;
use crate::python::value::term::TermKind;
use crate::python::value::{Map, Name, Value};
use crate::source::Span;
use crate::syntax::python::{span_of, tree};

/// How a statement ends, when it does not raise.
pub(super) enum Flow<'t> {
    /// The next statement follows.
    Next,
    /// `return`
    Return(Value<'t>),
    /// `break`
    Break,
    /// `continue`
    Continue,
}

pub(super) type Ran<'t> = Result<Flow<'t>, Box<Raised<'t>>>;

/// One way through an unknown condition: how it ended, and the local names after it; `None`: as they were before it.
struct Branch<'t> {
    ran: Ran<'t>,
    names: Option<Map<Name, Binding<'t>>>,
}

impl<'t> Machine<'t> {
    /// The span of a node of the file being executed.
    pub(super) fn at(&self, node: &impl Ranged) -> Span {
        span_of(self.file(), node)
    }

    pub(super) fn block(&mut self, body: &'t [tree::Stmt]) -> Ran<'t> {
        if self.nesting >= NESTING {
            return Ok(Flow::Next);
        }
        self.nesting += 1;
        let mut ran = Ok(Flow::Next);
        for statement in body {
            ran = self.statement(statement);
            if !matches!(ran, Ok(Flow::Next)) {
                break;
            }
        }
        self.nesting -= 1;
        ran
    }

    fn statement(&mut self, statement: &'t tree::Stmt) -> Ran<'t> {
        if !self.step(self.at(statement)) {
            return Ok(Flow::Next);
        }
        match statement {
            tree::Stmt::FunctionDef(def) => {
                let value = self.define_function(def)?;
                self.bind(&def.name, value, self.at(&def.name), self.at(def), None);
            }
            tree::Stmt::ClassDef(class) => {
                let value = self.define_class(class)?;
                self.bind(&class.name, value, self.at(&class.name), self.at(class), None);
            }
            tree::Stmt::Return(node) => {
                let value = match &node.value {
                    Some(value) => self.eval(value)?,
                    None => Value::None,
                };
                return Ok(Flow::Return(value));
            }
            tree::Stmt::Assign(node) => {
                let value = self.eval(&node.value)?;
                for target in &node.targets {
                    self.assign(target, value.clone(), self.at(node), None);
                }
            }
            tree::Stmt::AnnAssign(node) => self.annotated(node)?,
            tree::Stmt::AugAssign(node) => self.augmented(node)?,
            tree::Stmt::Expr(node) => {
                let value = self.eval(&node.value)?;
                let span = self.at(node);
                for library in self.libraries.clone().iter() {
                    library.discarded(self, &value, span);
                }
            }
            tree::Stmt::If(node) => return self.if_statement(node),
            tree::Stmt::For(node) => return self.looping(|machine| machine.for_statement(node)),
            tree::Stmt::While(node) => return self.looping(|machine| machine.while_statement(node)),
            tree::Stmt::With(node) => return self.with_statement(node),
            tree::Stmt::Try(node) => return self.try_statement(node),
            tree::Stmt::Match(node) => return self.match_statement(node),
            tree::Stmt::Raise(node) => return Err(self.raise_statement(node)?),
            tree::Stmt::Assert(node) => {
                let test = self.eval(&node.test)?;
                if self.truth(&test) == Some(false) {
                    return Err(self.raised("AssertionError", "", self.at(node)));
                }
            }
            tree::Stmt::Import(node) => self.import_statement(node)?,
            tree::Stmt::ImportFrom(node) => self.import_from_statement(node)?,
            tree::Stmt::Global(node) => {
                let module_scope = self.place().module.scope.clone();
                for name in &node.names {
                    self.scope().outer.borrow_mut().push((name.as_str().into(), module_scope.clone()));
                }
            }
            tree::Stmt::Nonlocal(node) => {
                let scope = self.scope();
                for name in &node.names {
                    let mut around = scope.parent.clone();
                    while let Some(outer) = around {
                        if outer.names.borrow().contains_key(name.as_str()) {
                            scope.outer.borrow_mut().push((name.as_str().into(), outer));
                            break;
                        }
                        around = outer.parent.clone();
                    }
                }
            }
            tree::Stmt::Delete(node) => {
                for target in &node.targets {
                    if let tree::Expr::Name(name) = target {
                        self.scope().names.borrow_mut().shift_remove(name.id.as_str());
                    }
                }
            }
            tree::Stmt::TypeAlias(node) => {
                if let tree::Expr::Name(name) = &*node.name {
                    let value = self.maybe(|machine| machine.eval(&node.value)).unwrap_or(Value::None);
                    self.bind(&name.id, value, self.at(name), self.at(node), None);
                }
            }
            tree::Stmt::Pass(_) | tree::Stmt::IpyEscapeCommand(_) => {}
            tree::Stmt::Break(_) => return Ok(Flow::Break),
            tree::Stmt::Continue(_) => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    /// Binds a name in the scope being executed (or where `global` and `nonlocal` send it).
    pub(super) fn bind(
        &mut self,
        name: &str,
        value: Value<'t>,
        span: Span,
        statement: Span,
        annotation: Option<&'t tree::Expr>,
    ) {
        let scope = self.scope();
        let sent = scope.outer.borrow().iter().find(|(outer, _)| &**outer == name).map(|(_, target)| target.clone());
        let certain = if sent.is_some() { self.is_certain() } else { self.binds_certainly() };
        let scope = sent.unwrap_or(scope);
        let binding = Binding { value, span, statement, annotation, certain, only_annotated: false };
        let mut names = scope.names.borrow_mut();
        match names.get_mut(name) {
            Some(slot) => *slot = binding,
            None => {
                names.insert(self.shared(name), binding);
            }
        }
    }

    /// `target = value`
    pub(super) fn assign(
        &mut self,
        target: &'t tree::Expr,
        value: Value<'t>,
        statement: Span,
        annotation: Option<&'t tree::Expr>,
    ) {
        let span = self.at(target);
        match target {
            tree::Expr::Name(name) => self.bind(&name.id, value, span, statement, annotation),
            tree::Expr::Attribute(node) => {
                if let Ok(of) = self.eval(&node.value) {
                    self.assign_attribute(&of, &node.attr.as_str().into(), value, span);
                }
            }
            tree::Expr::Subscript(node) if is_globals(&node.value) => {
                let key = self.eval(&node.slice);
                let module = self.place().module.clone();
                match key.as_ref().ok().and_then(Value::as_str) {
                    Some(name) => self.assign_attribute(&Value::Module(module), &name.into(), value, span),
                    None => self.open_module(span),
                }
            }
            tree::Expr::Subscript(node) if is_whole(&node.slice) => {
                if let Ok(of) = self.eval(&node.value) {
                    self.replace_items(&of, &value, span);
                }
            }
            tree::Expr::Subscript(node) => {
                if let (Ok(of), Ok(key)) = (self.eval(&node.value), self.eval(&node.slice)) {
                    self.assign_item(&of, &key, value, span);
                }
            }
            tree::Expr::Tuple(tree::ExprTuple { elts, .. }) | tree::Expr::List(tree::ExprList { elts, .. }) => {
                self.unpack(elts, value, span, statement);
            }
            tree::Expr::Starred(node) => self.assign(&node.value, value, statement, None),
            _ => {}
        }
    }

    fn unpack(&mut self, targets: &'t [tree::Expr], value: Value<'t>, span: Span, statement: Span) {
        let starred = targets.iter().position(|target| target.is_starred_expr());
        let items = match &value {
            Value::Term(term) => crate::python::standard::unpacked(term),
            Value::Unknown(_) | Value::OneOf(_) => None,
            other => self.iterate(other, span).ok(),
        };
        let fits = items.as_ref().is_some_and(|items| match starred {
            Some(_) => items.len() + 1 >= targets.len(),
            None => items.len() == targets.len(),
        });
        if let (Some(items), true) = (items, fits) {
            let mut items = items.into_iter();
            for (number, target) in targets.iter().enumerate() {
                if Some(number) == starred {
                    let rest = items.len() - (targets.len() - number - 1);
                    let taken: Vec<_> = items.by_ref().take(rest).collect();
                    let list = self.new_list(taken);
                    self.assign(target, list, statement, None);
                } else if let Some(item) = items.next() {
                    self.assign(target, item, statement, None);
                }
            }
            return;
        }
        for (number, target) in targets.iter().enumerate() {
            let part = match &value {
                Value::Term(term) => {
                    let key = Box::new(Value::Int(number as i64));
                    Value::Term(self.term(TermKind::Item(term.clone(), key), span))
                }
                Value::Unknown(_) => value.clone(),
                _ => self.unknown(span, "the parts of this value are not known"),
            };
            self.assign(target, part, statement, None);
        }
    }

    fn annotated(&mut self, node: &'t tree::StmtAnnAssign) -> Result<(), Box<Raised<'t>>> {
        let statement = self.at(node);
        match &node.value {
            Some(value) => {
                let value = self.eval(value)?;
                self.assign(&node.target, value, statement, Some(&node.annotation));
            }
            None => {
                if let tree::Expr::Name(name) = &*node.target {
                    let binding = Binding {
                        value: Value::None,
                        span: self.at(name),
                        statement,
                        annotation: Some(&node.annotation),
                        certain: self.binds_certainly(),
                        only_annotated: true,
                    };
                    let scope = self.scope();
                    scope.names.borrow_mut().entry(self.shared(&name.id)).or_insert(binding);
                }
            }
        }
        Ok(())
    }

    fn augmented(&mut self, node: &'t tree::StmtAugAssign) -> Result<(), Box<Raised<'t>>> {
        let before = self.eval(&node.target)?;
        let by = self.eval(&node.value)?;
        let span = self.at(node);
        if let (Value::List(list), tree::Operator::Add) = (&before, node.op) {
            let certain = self.is_certain();
            builtins::containers::extend(self, list, &by, certain, span);
            return Ok(());
        }
        if let (Value::Term(term), tree::Operator::Add) = (&before, node.op)
            && term.dotted() == Some("sys.path")
        {
            let extend = self.attribute(&before, "extend", span)?;
            return self.call(&extend, &builtins::positional([by], span), span).map(|_| ());
        }
        let value = self.binary(node.op.as_str(), &before, &by, span)?;
        self.assign(&node.target, value, span, None);
        Ok(())
    }

    fn if_statement(&mut self, node: &'t tree::StmtIf) -> Ran<'t> {
        let mut arms: Vec<&'t [tree::Stmt]> = Vec::new();
        let mut test = Some(&*node.test);
        let mut body = &node.body[..];
        let mut clauses = node.elif_else_clauses.iter();
        loop {
            let decided = match test {
                None => Some(true),
                Some(test) if is_type_checking(test) => Some(false),
                Some(test) => {
                    let value =
                        if arms.is_empty() { self.eval(test) } else { self.maybe(|machine| machine.eval(test)) };
                    match value {
                        Ok(value) => self.truth(&value),
                        Err(raised) if arms.is_empty() => return Err(raised),
                        Err(_) => None,
                    }
                }
            };
            match decided {
                Some(true) if arms.is_empty() => return self.block(body),
                Some(true) => {
                    arms.push(body);
                    return self.branches(&arms, false, self.at(node));
                }
                Some(false) => {}
                None => arms.push(body),
            }
            match clauses.next() {
                Some(clause) => {
                    test = clause.test.as_ref();
                    body = &clause.body;
                }
                None if arms.is_empty() => return Ok(Flow::Next),
                None => return self.branches(&arms, true, self.at(node)),
            }
        }
    }

    /// Runs one arm of an unknown condition. Seen from inside, it is certain.
    fn arm(&mut self, run: impl FnOnce(&mut Self) -> Ran<'t>) -> Ran<'t> {
        self.place().level += 1;
        let ran = self.maybe(run);
        self.place().level -= 1;
        ran
    }

    /// Is what is being bound certainly bound, seen from the place being executed?
    pub(super) fn binds_certainly(&self) -> bool {
        self.places.last().is_none_or(|place| self.doubt == place.level)
    }

    /// Follows every arm of an unknown condition and joins what comes out.
    fn branches(&mut self, arms: &[&'t [tree::Stmt]], may_skip: bool, span: Span) -> Ran<'t> {
        let scope = self.scope();
        let before = scope.names.borrow().clone();
        let mut branches = Vec::with_capacity(arms.len() + 1);
        for arm in arms {
            let ran = self.arm(|machine| machine.block(arm));
            let is_last = branches.len() + 1 == arms.len();
            let names = scope.names.replace(if is_last { Map::default() } else { before.clone() });
            branches.push(Branch { ran, names: Some(names) });
        }
        if may_skip {
            branches.push(Branch { ran: Ok(Flow::Next), names: None });
        }
        self.settle(before, branches, span)
    }

    fn settle(&mut self, before: Map<Name, Binding<'t>>, branches: Vec<Branch<'t>>, span: Span) -> Ran<'t> {
        let scope = self.scope();
        let mut going = Vec::new();
        let mut returned = Vec::new();
        let mut at_return = None;
        let mut looped = None;
        let mut raised = None;
        for branch in branches {
            match branch.ran {
                Ok(Flow::Next) => going.push(branch.names),
                Ok(Flow::Return(value)) => {
                    returned.push(value);
                    at_return = Some(branch.names);
                }
                Ok(flow) => looped = Some((flow, branch.names)),
                Err(error) => raised = Some(error),
            }
        }
        if going.is_empty() {
            let (names, ran) = match (returned.is_empty(), looped, raised) {
                (false, None, _) => (at_return.flatten(), Ok(Flow::Return(join(returned, span)))),
                (false, Some((flow, names)), _) => {
                    self.place().returned.extend(returned);
                    (names, Ok(flow))
                }
                (true, Some((flow, names)), _) => (names, Ok(flow)),
                (true, None, Some(error)) => (None, Err(error)),
                (true, None, None) => (None, Ok(Flow::Next)),
            };
            scope.names.replace(names.unwrap_or(before));
            return ran;
        }
        if !returned.is_empty() || looped.is_some() {
            // What follows runs only where the function did not return (or the loop go on) already.
            let loops = usize::from(returned.is_empty());
            let place = self.place();
            place.returned.extend(returned);
            place.doubt += 1;
            place.loop_doubt += loops;
            self.doubt += 1;
        }
        let joined = join_names(before, going, span);
        scope.names.replace(joined);
        Ok(Flow::Next)
    }

    /// Runs a loop; what its `break` and `continue` made doubtful is certain again behind it.
    fn looping(&mut self, run: impl FnOnce(&mut Self) -> Ran<'t>) -> Ran<'t> {
        let outer = std::mem::take(&mut self.place().loop_doubt);
        let ran = run(self);
        let place = self.place();
        let inner = std::mem::replace(&mut place.loop_doubt, outer);
        place.doubt -= inner;
        self.doubt -= inner;
        ran
    }

    fn for_statement(&mut self, node: &'t tree::StmtFor) -> Ran<'t> {
        let over = self.eval(&node.iter)?;
        let span = self.at(&*node.iter);
        let statement = self.at(node);
        match self.iterate(&over, span) {
            Ok(items) => {
                for item in items.into_iter().take(ROUNDS) {
                    self.assign(&node.target, item, statement, None);
                    match self.block(&node.body)? {
                        Flow::Next | Flow::Continue => {}
                        Flow::Break => return Ok(Flow::Next),
                        Flow::Return(value) => return Ok(Flow::Return(value)),
                    }
                }
                self.block(&node.orelse)
            }
            Err(unknown) => {
                let item = match &over {
                    Value::Term(term) => Value::Term(self.term(TermKind::Of("item", term.clone()), span)),
                    _ => Value::Unknown(unknown),
                };
                let before = self.scope().names.borrow().clone();
                let ran = self.arm(|machine| {
                    machine.assign(&node.target, item, statement, None);
                    machine.block(&node.body)
                });
                self.after_maybe(before, ran, statement)
            }
        }
    }

    /// After a body that may have run or not.
    fn after_maybe(&mut self, before: Map<Name, Binding<'t>>, ran: Ran<'t>, span: Span) -> Ran<'t> {
        let names = Some(self.scope().names.take());
        let ran = match ran {
            Ok(Flow::Break | Flow::Continue) => Ok(Flow::Next),
            other => other,
        };
        let skipped = Branch { ran: Ok(Flow::Next), names: None };
        self.settle(before, vec![Branch { ran, names }, skipped], span)
    }

    fn while_statement(&mut self, node: &'t tree::StmtWhile) -> Ran<'t> {
        let certain = self.doubt;
        let mut doubtful = 0;
        for _ in 0..ROUNDS {
            // Once it may have been left, further rounds tell less and less.
            doubtful += usize::from(self.doubt > certain);
            if doubtful > 2 {
                break;
            }
            let test = self.eval(&node.test)?;
            match self.truth(&test) {
                Some(true) => match self.block(&node.body)? {
                    Flow::Next | Flow::Continue => {}
                    Flow::Break => return Ok(Flow::Next),
                    Flow::Return(value) => return Ok(Flow::Return(value)),
                },
                Some(false) => return self.block(&node.orelse),
                None => {
                    let before = self.scope().names.borrow().clone();
                    let ran = self.arm(|machine| machine.block(&node.body));
                    return self.after_maybe(before, ran, self.at(node));
                }
            }
            if self.steps >= super::STEPS {
                break;
            }
        }
        Ok(Flow::Next)
    }

    fn with_statement(&mut self, node: &'t tree::StmtWith) -> Ran<'t> {
        let mut entered = Vec::new();
        for item in &node.items {
            let value = self.eval(&item.context_expr)?;
            let span = self.at(&item.context_expr);
            let given = self.enter_with(&value, node.is_async, span)?;
            if let Some(target) = &item.optional_vars {
                self.assign(target, given, self.at(node), None);
            }
            entered.push((value, span));
        }
        let ran = self.block(&node.body);
        for (value, span) in entered.into_iter().rev() {
            if let Value::Term(term) = value {
                for library in self.libraries.clone().iter() {
                    library.left(self, &term, span);
                }
            }
        }
        // `contextlib.suppress` and its like are rare around what matters: an exception goes through.
        ran
    }

    fn enter_with(&mut self, value: &Value<'t>, is_async: bool, span: Span) -> Outcome<'t> {
        match value {
            Value::Term(term) => {
                for library in self.libraries.clone().iter() {
                    if let Some(outcome) = library.entered(self, term, is_async, span) {
                        return outcome;
                    }
                }
                Ok(value.clone())
            }
            // A generator function under `contextmanager` was run to its end: its first yield is what `as` gets.
            Value::List(list) => Ok(list.items.borrow().first().cloned().unwrap_or(Value::None)),
            Value::Object(object) => {
                let name = if is_async { "__aenter__" } else { "__enter__" };
                if matches!(object.class.lookup(name), Ok(Some(_))) {
                    let method = self.attribute(value, name, span)?;
                    let given = self.call(&method, &Rc::default(), span)?;
                    return if is_async { self.await_value(&given, span) } else { Ok(given) };
                }
                Ok(value.clone())
            }
            other => Ok(other.clone()),
        }
    }

    fn try_statement(&mut self, node: &'t tree::StmtTry) -> Ran<'t> {
        let scope = self.scope();
        let before = if node.handlers.is_empty() { Map::default() } else { scope.names.borrow().clone() };
        let touched = self.touched;
        self.tries += 1;
        let mut ran = self.block(&node.body);
        self.tries -= 1;
        match ran {
            Err(raised) => {
                ran = self.handle(node, raised);
            }
            Ok(flow) => {
                let quiet = matches!(flow, Flow::Next);
                ran = Ok(flow);
                if self.touched > touched && !node.handlers.is_empty() {
                    ran = self.maybe_handlers(node, before, ran);
                }
                if quiet && matches!(ran, Ok(Flow::Next)) {
                    ran = self.block(&node.orelse);
                }
            }
        }
        match self.block(&node.finalbody)? {
            Flow::Next => ran,
            flow => Ok(flow),
        }
    }

    /// The handler that catches `raised` runs; without one it goes on.
    fn handle(&mut self, node: &'t tree::StmtTry, raised: Box<Raised<'t>>) -> Ran<'t> {
        for handler in &node.handlers {
            let tree::ExceptHandler::ExceptHandler(handler) = handler;
            let catches = match &handler.type_ {
                None => Some(true),
                Some(kind) => {
                    let kind = self.maybe(|machine| machine.eval(kind)).unwrap_or(Value::None);
                    self.catches(&kind, &raised)
                }
            };
            match catches {
                Some(false) => {}
                Some(true) => return self.run_handler(handler, raised),
                None => {
                    self.doubt += 1;
                    self.place().doubt += 1;
                    return self.run_handler(handler, raised);
                }
            }
        }
        Err(raised)
    }

    fn run_handler(&mut self, handler: &'t tree::ExceptHandlerExceptHandler, raised: Box<Raised<'t>>) -> Ran<'t> {
        if let Some(name) = &handler.name {
            let value = raised.value.clone().unwrap_or_else(|| {
                let callee = self.name_term(&format!("builtins.{}", raised.exception), raised.span);
                self.call_term(&callee, &Rc::default(), raised.span)
            });
            self.bind(name, value, self.at(name), self.at(handler), None);
        }
        let outer = self.place().handling.replace(raised);
        let ran = self.block(&handler.body);
        self.place().handling = outer;
        ran
    }

    /// Does `except kind` catch it? `None`: can't be told.
    fn catches(&mut self, kind: &Value<'t>, raised: &Raised<'t>) -> Option<bool> {
        match kind {
            Value::Tuple(kinds) => {
                let answers: Vec<_> = kinds.iter().map(|kind| self.catches(kind, raised)).collect();
                if answers.contains(&Some(true)) {
                    return Some(true);
                }
                answers.iter().all(|answer| *answer == Some(false)).then_some(false)
            }
            Value::Builtin(name) => {
                if let Some(Value::Object(object)) = &raised.value {
                    return object.class.inherited.iter().find_map(|base| match base {
                        Value::Builtin(base) => Some(builtins::exception_is(base, name)),
                        _ => None,
                    });
                }
                if builtins::builtin_named(&raised.exception).is_some() {
                    return Some(builtins::exception_is(&raised.exception, name));
                }
                matches!(*name, "Exception" | "BaseException").then_some(true)
            }
            Value::Class(class) => match &raised.value {
                Some(Value::Object(object)) => Some(object.class.ancestors().any(|base| Rc::ptr_eq(&base, class))),
                _ => Some(false),
            },
            Value::Term(term) => {
                let last = dotted::last(term.dotted()?);
                (last == &*raised.exception).then_some(true)
            }
            _ => None,
        }
    }

    /// The body ran, yet it touched what is not known and so may have raised on some paths: the handlers are followed
    /// as something that may happen.
    fn maybe_handlers(&mut self, node: &'t tree::StmtTry, before: Map<Name, Binding<'t>>, ran: Ran<'t>) -> Ran<'t> {
        let scope = self.scope();
        let after = scope.names.take();
        let mut handled = Vec::new();
        for handler in &node.handlers {
            let tree::ExceptHandler::ExceptHandler(handler) = handler;
            if matches!(handler.body.first(), Some(tree::Stmt::Raise(_) | tree::Stmt::Pass(_)))
                && handler.body.len() == 1
            {
                continue;
            }
            // The handler sees what was bound before, and what the body bound on the way.
            scope.names.replace(after.clone());
            let raised = self.raised("Exception", "", self.at(handler));
            let ran = self.arm(|machine| machine.run_handler(handler, raised));
            handled.push(Branch { ran, names: Some(scope.names.take()) });
        }
        if handled.is_empty() {
            scope.names.replace(after);
            return ran;
        }
        let mut branches = vec![Branch { ran, names: Some(after) }];
        branches.append(&mut handled);
        self.settle(before, branches, self.at(node))
    }

    fn match_statement(&mut self, node: &'t tree::StmtMatch) -> Ran<'t> {
        self.eval(&node.subject)?;
        let arms: Vec<&'t [tree::Stmt]> = node.cases.iter().map(|case| &case.body[..]).collect();
        for case in &node.cases {
            self.bind_pattern(&case.pattern);
        }
        self.branches(&arms, true, self.at(node))
    }

    fn bind_pattern(&mut self, pattern: &'t tree::Pattern) {
        let span = self.at(pattern);
        let unknown = |machine: &mut Self| machine.unknown(span, "bound by a `match` pattern");
        match pattern {
            tree::Pattern::MatchAs(node) => {
                if let Some(name) = &node.name {
                    let value = unknown(self);
                    self.bind(name, value, self.at(name), span, None);
                }
                if let Some(inner) = &node.pattern {
                    self.bind_pattern(inner);
                }
            }
            tree::Pattern::MatchStar(node) => {
                if let Some(name) = &node.name {
                    let value = unknown(self);
                    self.bind(name, value, self.at(name), span, None);
                }
            }
            tree::Pattern::MatchSequence(node) => node.patterns.iter().for_each(|inner| self.bind_pattern(inner)),
            tree::Pattern::MatchMapping(node) => node.patterns.iter().for_each(|inner| self.bind_pattern(inner)),
            tree::Pattern::MatchOr(node) => node.patterns.iter().for_each(|inner| self.bind_pattern(inner)),
            tree::Pattern::MatchClass(node) => {
                node.arguments.patterns.iter().for_each(|inner| self.bind_pattern(inner));
                node.arguments.keywords.iter().for_each(|keyword| self.bind_pattern(&keyword.pattern));
            }
            tree::Pattern::MatchValue(_) | tree::Pattern::MatchSingleton(_) => {}
        }
    }

    fn raise_statement(&mut self, node: &'t tree::StmtRaise) -> Result<Box<Raised<'t>>, Box<Raised<'t>>> {
        let span = self.at(node);
        let Some(exception) = &node.exc else {
            let again = self.place().handling.clone();
            return Ok(again.unwrap_or_else(|| self.raised("RuntimeError", "No active exception to reraise", span)));
        };
        let value = self.eval(exception)?;
        let name: Name = match &value {
            Value::Builtin(name) => (*name).into(),
            Value::Class(class) => class.name.clone(),
            Value::Object(object) => object.class.name.clone(),
            Value::Term(term) => {
                let named = term.call().map_or(term, |(callee, _)| callee);
                named.dotted().and_then(|dotted| dotted.rsplit('.').next()).unwrap_or("Exception").into()
            }
            _ => "Exception".into(),
        };
        let message = match &value {
            Value::Term(term) => term
                .call()
                .and_then(|(_, arguments)| arguments.positional.first())
                .and_then(|argument| argument.value.as_str().map(str::to_owned))
                .unwrap_or_default(),
            _ => String::new(),
        };
        let mut raised = self.raised(&name, message, span);
        raised.value = Some(value);
        Ok(raised)
    }
}

/// `globals()`
pub(super) fn is_globals(expression: &tree::Expr) -> bool {
    expression.as_call_expr().is_some_and(|call| {
        call.arguments.is_empty() && call.func.as_name_expr().is_some_and(|name| name.id == "globals")
    })
}

/// `TYPE_CHECKING`, `typing.TYPE_CHECKING`: false when the code runs.
fn is_type_checking(test: &tree::Expr) -> bool {
    match test {
        tree::Expr::Name(name) => name.id == "TYPE_CHECKING",
        tree::Expr::Attribute(node) => node.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}

/// `[:]`
fn is_whole(slice: &tree::Expr) -> bool {
    matches!(slice, tree::Expr::Slice(slice) if slice.lower.is_none() && slice.upper.is_none() && slice.step.is_none())
}
