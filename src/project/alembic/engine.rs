//! Engines, connections and URLs during the run on paper: who made them from which text, and what is done with them.

use std::rc::Rc;

use crate::project::Known;
use crate::project::alembic::env_script::{EngineProblem, ObjectId, What};
use crate::project::alembic::library::{Alembic, ConnectionRef, EngineInfo, EngineRef, Pending, event};
use crate::project::code;
use crate::project::sqlalchemy::url::{EngineUrl, Provenance, UrlKind};
use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::term::{Argument, Arguments, Keyword, Term, TermKind};
use crate::python::value::text::{Origin, OriginKind, Str};
use crate::python::value::{Key, Value};
use crate::source::Span;

/// Methods of a connection that send something, and so begin a transaction (SQLAlchemy 2: autobegin).
const STATEMENTS: &[&str] = &["execute", "scalar", "scalars", "exec_driver_sql", "stream", "stream_scalars", "begin"];

impl<'t> Alembic<'t> {
    pub(super) fn sqlalchemy_call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        dotted: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let mut parts = dotted.rsplit('.');
        let last = parts.next().unwrap_or("");
        let before = parts.next().unwrap_or("");
        match (before, last) {
            (_, "create_engine" | "create_async_engine") => {
                let is_async = last == "create_async_engine";
                let url = match arguments.get(0, "url") {
                    Some(value) => self.url(machine, value, arguments.span_of(0, "url").unwrap_or(span)),
                    None => Known::Unknown(span, "no URL is given".to_owned()),
                };
                Some(Ok(self.new_engine(machine, callee, arguments, span, is_async, url, last, None)))
            }
            (_, "engine_from_config" | "async_engine_from_config") => {
                let is_async = last == "async_engine_from_config";
                let (url, problem) = self.configured_url(machine, arguments, span);
                Some(Ok(self.new_engine(machine, callee, arguments, span, is_async, url, last, problem)))
            }
            (_, "AsyncEngine") => {
                let engine = self.engine_of(arguments.get(0, "sync_engine")?)?;
                let url = self.state.borrow().engines.get(engine.number)?.url.clone();
                Some(Ok(self.new_engine(machine, callee, arguments, span, true, url, last, None)))
            }
            (_, "make_url") => {
                let text = self.text_of_url(arguments.get(0, "name_or_url")?);
                let term = machine.call_term(callee, arguments, span);
                self.remember_url(&term, text);
                Some(Ok(term))
            }
            ("URL", "create") | (_, "URL") => {
                let text = rendered(machine, arguments, span);
                let term = machine.call_term(callee, arguments, span);
                self.remember_url(&term, text);
                Some(Ok(term))
            }
            (_, "inspect") => {
                if let Some(connection) = arguments.get(0, "subject").and_then(|value| self.connection_of(value)) {
                    let by = "inspect".to_owned();
                    self.note(machine, What::Statement { connection: connection.number, by }, span);
                }
                None
            }
            _ => None,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the one place where an engine comes to be")]
    pub(super) fn new_engine(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
        is_async: bool,
        url: Known<EngineUrl>,
        made_by: &str,
        problem: Option<EngineProblem>,
    ) -> Value<'t> {
        let autocommit = match arguments.keyword("isolation_level") {
            Some(keyword) => keyword.value.as_str().map(|level| level.eq_ignore_ascii_case("AUTOCOMMIT")),
            None if arguments.open => None,
            None => Some(false),
        };
        let number = self.state.borrow().engines.len();
        let what = What::Engine {
            engine: number,
            is_async,
            url: url.clone(),
            made_by: made_by.to_owned(),
            problem,
            autocommit,
        };
        let event = event(machine, what, span);
        let term = machine.call_term(callee, arguments, span);
        let mut state = self.state.borrow_mut();
        if let Value::Term(term) = &term {
            state.engine_terms.insert(term.id, EngineRef { number, is_async });
        }
        state.engines.push(EngineInfo { event: event.clone(), url });
        if let Some(run) = &mut state.run {
            run.facts.events.push(event);
        }
        term
    }

    /// The URL that `engine_from_config(section, prefix=…)` finds.
    fn configured_url(
        &self,
        machine: &mut Machine<'t>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> (Known<EngineUrl>, Option<EngineProblem>) {
        let argument_span = arguments.span_of(0, "configuration").unwrap_or(span);
        let unread = |why: &str| Known::Unknown(argument_span, why.to_owned());
        // Keywords win over the configuration.
        if let Some(url) = arguments.keyword("url") {
            return (self.url(machine, &url.value, url.span), None);
        }
        let prefix = match arguments.get(1, "prefix") {
            None if arguments.open => return (unread("the prefix is not known"), None),
            None => "sqlalchemy.".to_owned(),
            Some(value) => match value.as_str() {
                Some(prefix) => prefix.to_owned(),
                None => return (unread("the prefix is not known"), None),
            },
        };
        let configuration = arguments.get(0, "configuration").cloned();
        match configuration {
            Some(Value::Dict(dict)) => {
                let key = Key::Str(format!("{prefix}url").into());
                let found = dict.entries.borrow().get(&key).cloned();
                if let Some(value) = found {
                    return (self.url(machine, &value, argument_span), None);
                }
                if dict.open.get() || arguments.open {
                    return (unread("the configuration is not wholly known"), None);
                }
                let similar = dict.entries.borrow().iter().find_map(|(key, value)| match (key, value) {
                    (Key::Str(key), Value::Str(text)) if key.ends_with("url") && text.text.contains(':') => {
                        Some((key.to_string(), text.origin.span()))
                    }
                    _ => None,
                });
                let prefix_span = arguments.span_of(1, "prefix");
                let problem = EngineProblem::UrlMissing { prefix, prefix_span, similar };
                (unread("the configuration holds no URL"), Some(problem))
            }
            Some(Value::None) => {
                let calls = code::calls(&machine.trees.whole(argument_span.file));
                let call = calls.into_iter().find(|call| call.span == argument_span);
                let section = call.and_then(|call| call.arguments.into_iter().next()?.text);
                (
                    unread("the section does not exist"),
                    Some(EngineProblem::SectionMissing { section, span: argument_span }),
                )
            }
            _ => (unread("the configuration is not known"), None),
        }
    }

    pub(super) fn method_call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        of: &Rc<Term<'t>>,
        method: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        if method == "create_all" {
            self.note(machine, What::CreateAll, span);
            if let Some(connection) = arguments.get(0, "bind").and_then(|value| self.connection_of(value)) {
                let by = method.to_owned();
                self.note(machine, What::Statement { connection: connection.number, by }, span);
            }
            return None;
        }
        let engine = self.state.borrow().engine_terms.get(&of.id).copied();
        if let Some(engine) = engine {
            return self.engine_call(machine, callee, engine, method, arguments, span);
        }
        let connection = self.state.borrow().connection_terms.get(&of.id).copied();
        if let Some(connection) = connection {
            return self.connection_call(machine, callee, connection, method, arguments, span);
        }
        let transaction = self.state.borrow().transactions.get(&of.id).copied();
        if let Some(connection) = transaction {
            if method == "commit" {
                self.note(machine, What::Commit { connection: Some(connection) }, span);
            }
            return None;
        }
        if self.state.borrow().urls.contains_key(&of.id) {
            return self.url_call(machine, callee, of, method, arguments, span);
        }
        if method == "commit" && of.is_of("alembic") {
            self.note(machine, What::Commit { connection: None }, span);
            return None;
        }
        // `connection.dialect.has_schema(connection, …)`
        if of.attribute().is_some_and(|(_, name)| &**name == "dialect")
            && let Some(connection) = arguments.positional.first().and_then(|first| self.connection_of(&first.value))
        {
            let by = method.to_owned();
            self.note(machine, What::Statement { connection: connection.number, by }, span);
            return None;
        }
        self.flask_method(machine, callee, of, method, arguments, span)
    }

    fn engine_call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        engine: EngineRef,
        method: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        match method {
            "connect" | "begin" | "raw_connection" => {
                let number = {
                    let mut state = self.state.borrow_mut();
                    state.connection_engines.push(Some(engine.number));
                    state.connection_engines.len() - 1
                };
                let what = What::Connect {
                    connection: number,
                    engine: Some(engine.number),
                    begins: method == "begin",
                    is_async: engine.is_async,
                    entered_async: None,
                };
                self.note(machine, what, span);
                let term = machine.call_term(callee, arguments, span);
                if let Value::Term(term) = &term {
                    let reference = ConnectionRef { number, is_async: engine.is_async };
                    self.state.borrow_mut().connection_terms.insert(term.id, reference);
                }
                Some(Ok(term))
            }
            "execution_options" => {
                let info = self.state.borrow().engines.get(engine.number)?.clone();
                let number = self.state.borrow().engines.len();
                let level = arguments.keyword("isolation_level").map(|keyword| keyword.value.as_str());
                let mut again = info.clone();
                if let What::Engine { engine, autocommit, .. } = &mut again.event.what {
                    *engine = number;
                    *autocommit = match level {
                        Some(Some(level)) => Some(level.eq_ignore_ascii_case("AUTOCOMMIT")),
                        Some(None) => None,
                        None if arguments.open => None,
                        None => *autocommit,
                    };
                }
                let term = machine.call_term(callee, arguments, span);
                let mut state = self.state.borrow_mut();
                if let Value::Term(term) = &term {
                    state.engine_terms.insert(term.id, EngineRef { number, ..engine });
                }
                if let Some(run) = &mut state.run {
                    run.facts.events.push(again.event.clone());
                }
                state.engines.push(again);
                Some(Ok(term))
            }
            _ => None,
        }
    }

    fn connection_call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        connection: ConnectionRef,
        method: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let number = connection.number;
        if STATEMENTS.contains(&method) {
            self.note(machine, What::Statement { connection: number, by: method.to_owned() }, span);
        }
        match method {
            "begin" => {
                let term = machine.call_term(callee, arguments, span);
                if let Value::Term(term) = &term {
                    self.state.borrow_mut().transactions.insert(term.id, number);
                }
                Some(Ok(term))
            }
            "commit" => {
                self.note(machine, What::Commit { connection: Some(number) }, span);
                None
            }
            "execution_options" => {
                let plain = match arguments.keyword("isolation_level") {
                    Some(keyword) => {
                        keyword.value.as_str().is_some_and(|level| !level.eq_ignore_ascii_case("AUTOCOMMIT"))
                    }
                    None => !arguments.open,
                };
                if !plain {
                    self.note(machine, What::Autocommit { connection: number }, span);
                }
                let term = machine.call_term(callee, arguments, span);
                self.same_connection(&term, connection);
                Some(Ok(term))
            }
            // A started `AsyncConnection`, a connection of its own making.
            "start" | "connect" | "__enter__" | "__aenter__" => {
                let term = machine.call_term(callee, arguments, span);
                self.same_connection(&term, connection);
                self.set_entered(number, method != "__enter__");
                Some(Ok(term))
            }
            "get_transaction" | "begin_nested" => {
                let term = machine.call_term(callee, arguments, span);
                if let (Value::Term(term), "get_transaction") = (&term, method) {
                    self.state.borrow_mut().transactions.insert(term.id, number);
                }
                Some(Ok(term))
            }
            "run_sync" => {
                let function = arguments.positional.first()?.clone();
                let face = machine.term(TermKind::Of("sync", callee.clone()), span);
                let reference = ConnectionRef { number, is_async: false };
                self.state.borrow_mut().connection_terms.insert(face.id, reference);
                let mut positional = vec![Argument { value: Value::Term(face), span: function.span }];
                positional.extend(arguments.positional[1..].iter().cloned());
                let handed = Arguments {
                    positional,
                    keywords: arguments.keywords.iter().map(Keyword::clone).collect(),
                    open: arguments.open,
                };
                let term = machine.call_term(callee, arguments, span);
                if let Value::Term(term) = &term {
                    let pending = Pending { function: function.value, arguments: Rc::new(handed), span };
                    self.state.borrow_mut().pending.insert(term.id, pending);
                }
                Some(Ok(term))
            }
            _ => None,
        }
    }

    fn same_connection(&self, value: &Value<'t>, connection: ConnectionRef) {
        if let Value::Term(term) = value {
            self.state.borrow_mut().connection_terms.insert(term.id, connection);
        }
    }

    /// `with connection:`, `async with connection:`, `await connection`.
    pub(super) fn connection_entered(&self, term: &Rc<Term<'t>>, is_async: bool) {
        let reference = self.state.borrow().connection_terms.get(&term.id).copied();
        if let Some(reference) = reference {
            self.set_entered(reference.number, is_async);
        }
    }

    fn set_entered(&self, number: ObjectId, is_async: bool) {
        if let Some(run) = &mut self.state.borrow_mut().run {
            for event in &mut run.facts.events {
                if let What::Connect { connection, entered_async, .. } = &mut event.what
                    && *connection == number
                    && entered_async.is_none()
                {
                    *entered_async = Some(is_async);
                }
            }
        }
    }

    pub(super) fn engine_attribute(
        &self,
        machine: &mut Machine<'t>,
        of: &Rc<Term<'t>>,
        name: &str,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let engine = self.state.borrow().engine_terms.get(&of.id).copied();
        if let Some(engine) = engine {
            let url = self.state.borrow().engines.get(engine.number)?.url.clone();
            return match name {
                "sync_engine" => {
                    let term = machine.term(TermKind::Attribute(of.clone(), name.into()), span);
                    self.state.borrow_mut().engine_terms.insert(term.id, EngineRef { is_async: false, ..engine });
                    Some(Ok(Value::Term(term)))
                }
                "url" => {
                    let text = match &url {
                        Known::Is(url, _) => Value::literal(url.text.as_str(), url.span),
                        Known::Unknown(span, why) => machine.unknown(*span, why),
                    };
                    let term = machine.term(TermKind::Attribute(of.clone(), name.into()), span);
                    self.state.borrow_mut().urls.insert(term.id, text);
                    Some(Ok(Value::Term(term)))
                }
                "name" => url.get().map(|url| Ok(Value::literal(url.dialect.as_str(), url.span))),
                "driver" => url.get()?.driver.as_deref().map(|driver| Ok(Value::literal(driver, span))),
                _ => None,
            };
        }
        let connection = self.state.borrow().connection_terms.get(&of.id).copied();
        if let Some(connection) = connection {
            return match name {
                "sync_connection" => {
                    let term = machine.term(TermKind::Attribute(of.clone(), name.into()), span);
                    self.same_connection(&Value::Term(term.clone()), ConnectionRef { is_async: false, ..connection });
                    Some(Ok(Value::Term(term)))
                }
                "engine" => {
                    let number = (*self.state.borrow().connection_engines.get(connection.number)?)?;
                    let term = machine.term(TermKind::Attribute(of.clone(), name.into()), span);
                    let reference = EngineRef { number, is_async: connection.is_async };
                    self.state.borrow_mut().engine_terms.insert(term.id, reference);
                    Some(Ok(Value::Term(term)))
                }
                _ => None,
            };
        }
        // `connection.dialect.name`, `engine.dialect.name`
        if name == "name"
            && let Some((owner, attribute)) = of.attribute()
            && &**attribute == "dialect"
        {
            let url = self.url_behind(owner)?;
            return Some(Ok(Value::literal(url.dialect.as_str(), url.span)));
        }
        let text = self.state.borrow().urls.get(&of.id).cloned();
        if let Some(text) = text {
            let scheme = text.as_str()?.split_once("://")?.0.to_owned();
            return match name {
                "drivername" => Some(Ok(Value::literal(scheme, span))),
                _ => None,
            };
        }
        // `context.get_context().bind`, `.connection`
        if matches!(name, "bind" | "connection")
            && of.call().is_some_and(|(callee, _)| callee.dotted() == Some("alembic.context.get_context"))
        {
            return self.bind(machine, of, span);
        }
        None
    }

    fn url_behind(&self, owner: &Rc<Term<'t>>) -> Option<EngineUrl> {
        let state = self.state.borrow();
        let number = match state.engine_terms.get(&owner.id) {
            Some(engine) => engine.number,
            None => {
                let connection = state.connection_terms.get(&owner.id)?;
                (*state.connection_engines.get(connection.number)?)?
            }
        };
        state.engines.get(number)?.url.get().cloned()
    }

    fn remember_url(&self, term: &Value<'t>, text: Value<'t>) {
        if let Value::Term(term) = term {
            self.state.borrow_mut().urls.insert(term.id, text);
        }
    }

    /// The text behind a value that is used as a URL: itself, or what the URL object was made from.
    pub(super) fn text_of_url(&self, value: &Value<'t>) -> Value<'t> {
        match value {
            Value::Term(term) => self.state.borrow().urls.get(&term.id).cloned().unwrap_or_else(|| value.clone()),
            other => other.clone(),
        }
    }

    fn url_call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        of: &Rc<Term<'t>>,
        method: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let text = self.state.borrow().urls.get(&of.id).cloned()?;
        match method {
            "render_as_string" | "__str__" | "__to_string__" => {
                let hides = match arguments.get(0, "hide_password") {
                    None => true,
                    Some(value) => value.as_bool()?,
                };
                Some(Ok(if hides { masked(&text, span) } else { text }))
            }
            "set" => {
                let changed = match (arguments.keyword("drivername"), text.as_str(), &text) {
                    (Some(keyword), Some(old), Value::Str(whole)) => {
                        match (keyword.value.as_str(), old.split_once("://")) {
                            (Some(driver), Some((_, rest))) => {
                                let origin = match &keyword.value {
                                    Value::Str(text) => text.origin.clone(),
                                    _ => whole.origin.clone(),
                                };
                                let from = vec![origin, whole.origin.clone()];
                                Value::Str(Str::new(format!("{driver}://{rest}"), Origin::made(span, from)))
                            }
                            _ => machine.unknown(span, "the URL's driver is not known"),
                        }
                    }
                    (None, _, _) => text.clone(),
                    _ => machine.unknown(span, "the URL is not known"),
                };
                let term = machine.call_term(callee, arguments, span);
                self.remember_url(&term, changed);
                Some(Ok(term))
            }
            "get_backend_name" => {
                let scheme = text.as_str()?.split_once("://")?.0;
                Some(Ok(Value::literal(scheme.split('+').next().unwrap_or(scheme), span)))
            }
            "update_query_dict" | "update_query_pairs" | "update_query_string" | "difference_update_query" => {
                let term = machine.call_term(callee, arguments, span);
                self.remember_url(&term, text);
                Some(Ok(term))
            }
            _ => None,
        }
    }

    /// `str(url)`: masked since SQLAlchemy 1.4.
    pub(super) fn text_of(&self, term: &Term<'t>, span: Span) -> Option<Value<'t>> {
        let text = self.state.borrow().urls.get(&term.id).cloned()?;
        Some(masked(&text, span))
    }
}

/// The URL's text with `***` for the password.
fn masked<'t>(text: &Value<'t>, span: Span) -> Value<'t> {
    let Value::Str(whole) = text else { return text.clone() };
    let Some((scheme, rest)) = whole.text.split_once("://") else { return text.clone() };
    let Some((user, host)) = rest.rsplit_once('@') else { return text.clone() };
    let Some((user, _)) = user.split_once(':') else { return text.clone() };
    let origin = Origin::of(span, OriginKind::Masked, vec![whole.origin.clone()]);
    Value::Str(Str::new(format!("{scheme}://{user}:***@{host}"), origin))
}

/// `URL.create(drivername=…, username=…, …)` as text. Parts that are not known, other than the driver, become `…`.
fn rendered<'t>(machine: &mut Machine<'t>, arguments: &Rc<Arguments<'t>>, span: Span) -> Value<'t> {
    let Some(Value::Str(driver)) = arguments.get(0, "drivername") else {
        return machine.unknown(span, "the URL's driver is not known");
    };
    let part = |position: usize, name: &str| match arguments.get(position, name) {
        None | Some(Value::None) => None,
        Some(Value::Str(text)) => Some(text.text.to_string()),
        Some(Value::Int(number)) => Some(number.to_string()),
        Some(_) => Some("…".to_owned()),
    };
    let mut text = format!("{}://", driver.text);
    let (user, password) = (part(1, "username"), part(2, "password"));
    if let Some(user) = &user {
        text.push_str(&quoted(user));
        if let Some(password) = &password {
            text.push(':');
            text.push_str(&quoted(password));
        }
        text.push('@');
    }
    if let Some(host) = part(3, "host") {
        text.push_str(&host);
    }
    if let Some(port) = part(4, "port") {
        text.push(':');
        text.push_str(&port);
    }
    if let Some(database) = part(5, "database") {
        text.push('/');
        text.push_str(&database);
    }
    Value::Str(Str::new(text, Origin::made(span, vec![driver.origin.clone()])))
}

/// A user name or password as SQLAlchemy writes it into a URL.
fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for character in text.chars() {
        match character {
            ':' | '@' | '/' | '%' => quoted.push_str(&format!("%{:02X}", character as u32)),
            other => quoted.push(other),
        }
    }
    quoted
}

/// A value given as a URL → what is known of it. Alternatives that agree on dialect and driver count as one.
pub fn url_of(machine: &Machine<'_>, value: &Value<'_>, span: Span) -> Known<EngineUrl> {
    let _ = machine;
    match value {
        Value::Str(text) => Known::Is(read(text, span), text.origin.span()),
        Value::Term(_) if let Some(text) = beginning(value) => Known::Is(read(&text, span), text.origin.span()),
        Value::OneOf(values) => {
            let mut first: Option<EngineUrl> = None;
            for value in values.iter() {
                let Some(text) = (match value {
                    Value::Str(text) => Some(text.clone()),
                    value => beginning(value),
                }) else {
                    return Known::Unknown(span, "it differs from path to path".to_owned());
                };
                let url = read(&text, span);
                match &first {
                    None => first = Some(url),
                    Some(known) if known.dialect == url.dialect && known.driver == url.driver => {}
                    Some(_) => return Known::Unknown(span, "it differs from path to path".to_owned()),
                }
            }
            match first {
                Some(url) => {
                    let at = url.span;
                    Known::Is(url, at)
                }
                None => Known::Unknown(span, "it differs from path to path".to_owned()),
            }
        }
        Value::Unknown(unknown) => Known::Unknown(unknown.span, unknown.why.to_string()),
        Value::None => Known::Unknown(span, "it is `None`".to_owned()),
        _ => Known::Unknown(span, "it could not be read".to_owned()),
    }
}

/// The text of a URL of which only the beginning is known: `postgresql+asyncpg://…` for
/// `f"postgresql+asyncpg://{user}:{password}@{host}"`.
fn beginning(value: &Value<'_>) -> Option<Str> {
    let text = value.begins_url()?;
    Some(Str::new(format!("{}…", text.text), text.origin.clone()))
}

fn read(text: &Str, used_at: Span) -> EngineUrl {
    // The way to the first piece of text, which holds the scheme.
    let mut kind = UrlKind::Literal;
    let mut chain = vec![used_at];
    let mut masked_at = None;
    let mut typed = text.origin.clone();
    loop {
        match typed.kind() {
            OriginKind::DotEnv(_) => kind = UrlKind::DotEnv,
            OriginKind::Default(name) => kind = UrlKind::Default(name.to_string()),
            OriginKind::Variable(name) => kind = UrlKind::Variable(name.to_string()),
            OriginKind::Masked => masked_at = Some(typed.span()),
            _ => {}
        }
        if chain.last() != Some(&typed.span()) {
            chain.push(typed.span());
        }
        let Some(next) = typed.from().first().cloned() else { break };
        typed = next;
    }
    EngineUrl::read(&text.text, typed.span(), Provenance { kind, chain, masked_at })
}
