//! pydantic: settings that come from the environment, .env files and defaults; models; secrets and URLs.
//!
//! A settings class is instantiated as pydantic does it: what was given by keyword, then what .env files say, then the
//! default, which the environment may replace. Validators run where they are the project's own code.

mod configuration;
mod fields;
mod validators;

use std::rc::Rc;

use crate::python::dotted;
use crate::python::value::Map;

use crate::python::builtins::{dict, join, made, positional, spread, why_not};
use crate::python::dotted::last;
use crate::python::evaluate::{Machine, Outcome};
use crate::python::library::Library;
use crate::python::standard::coercion::{allows_none, coerced};
use crate::python::standard::dataclasses::{dataclass, is_dataclass};
use crate::python::standard::environment::{self, Environment};
use crate::python::standard::texts::url_parts;
use crate::python::standard::urls::{built, is_url};
use crate::python::value::class::{Binds, Class, Function, Identity, Object};
use crate::python::value::term::{Arguments, Keyword, Term, TermKind};
use crate::python::value::{Key, Name, Value};
use crate::source::Span;

use configuration::{Config, configuration};
use fields::{Field, fields};
use validators::{checked, decorator_name, keyword_text, validators};

/// pydantic and pydantic-settings; dataclasses are made here, too.
pub struct Pydantic<'t> {
    /// What is known of the environment.
    pub environment: Rc<Environment<'t>>,
}

/// `Model.model_validate`, with the class as its item.
const VALIDATE: &str = "pydantic.BaseModel.model_validate";

/// What a class derives from, for pydantic.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Settings,
    Model,
}

impl<'t> Library<'t> for Pydantic<'t> {
    fn call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let root = dotted::first(callee.root()?);
        if callee.dotted() == Some("yarl.URL.build") {
            return Some(spread(machine, arguments, span, &mut |machine, arguments| {
                Ok(built(machine, "yarl.URL", arguments, span))
            }));
        }
        if !root.starts_with("pydantic") {
            return None;
        }
        if let TermKind::Item(of, class) = &callee.kind
            && of.dotted() == Some(VALIDATE)
        {
            let given = match arguments.positional.first().map(|first| &first.value) {
                Some(Value::Dict(dict)) => Arguments {
                    keywords: dict
                        .entries
                        .borrow()
                        .iter()
                        .filter_map(|(key, value)| match key {
                            Key::Str(name) => {
                                Some(Keyword { name: name.clone(), value: value.clone(), span, whole: span })
                            }
                            _ => None,
                        })
                        .collect(),
                    open: dict.open.get(),
                    ..Arguments::default()
                },
                Some(other) => return Some(Ok(why_not(other, span))),
                None => Arguments { keywords: arguments.keywords.clone(), ..Arguments::default() },
            };
            return Some(machine.call(&class.clone(), &Rc::new(given), span));
        }
        if let TermKind::Attribute(of, name) = &callee.kind {
            let (made_by, given) = of.call()?;
            let class = last(made_by.dotted()?);
            let inner = given.positional.first().map(|first| first.value.clone())?;
            return match &**name {
                "get_secret_value" if class.starts_with("Secret") => Some(Ok(inner)),
                "unicode_string" | "encoded_string" | "render_as_string" | "__str__" if is_url(class) => {
                    Some(Ok(inner))
                }
                "hosts" if is_url(class) => Some(Ok(machine.unknown(span, "the hosts of a URL"))),
                _ => None,
            };
        }
        let dotted = callee.dotted()?.to_owned();
        if let Some(class) = dotted.strip_suffix(".build").filter(|class| is_url(last(class))) {
            let class = class.to_owned();
            return Some(spread(machine, arguments, span, &mut |machine, arguments| {
                Ok(built(machine, &class, arguments, span))
            }));
        }
        if last(&dotted) == "parse_obj_as" || last(&dotted) == "create_model" {
            return None;
        }
        if is_url(last(&dotted)) || last(&dotted).starts_with("Secret") {
            // Made from something unknown it is as unknown.
            let first = arguments.positional.first()?;
            return first.value.is_unknown().then(|| Ok(why_not(&first.value, span)));
        }
        None
    }

    fn attribute(&self, machine: &mut Machine<'t>, of: &Rc<Term<'t>>, name: &str, span: Span) -> Option<Outcome<'t>> {
        let _ = machine;
        let text = super::text_of(of)?;
        let [scheme, location, path, query, fragment] = url_parts(&text.text);
        let (user, host) = location.rsplit_once('@').map_or((None, &*location), |(user, host)| (Some(user), host));
        let piece = |text: Option<&str>| match text {
            Some(piece) if !piece.is_empty() => made(piece, span, vec![text_origin(of)]),
            _ => Value::None,
        };
        Some(Ok(match name {
            "scheme" => piece(Some(&scheme)),
            "username" | "user" => piece(user.map(|user| user.split_once(':').map_or(user, |(name, _)| name))),
            "password" => piece(user.and_then(|user| user.split_once(':')).map(|(_, password)| password)),
            "host" => piece(Some(host.rsplit_once(':').map_or(host, |(host, _)| host))),
            "port" => match host.rsplit_once(':').map(|(_, port)| port.parse()) {
                Some(Ok(port)) => Value::Int(port),
                _ => return None,
            },
            "path" => piece(Some(&path)),
            "query" => piece(Some(&query)),
            "fragment" => piece(Some(&fragment)),
            _ => return None,
        }))
    }

    fn instantiated(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        if is_dataclass(class) {
            return Some(dataclass(machine, class, arguments, span));
        }
        let kind = kind_of(class)?;
        let values = self.filled(machine, class, kind, arguments, span);
        let object = Rc::new(Object {
            id: Identity::next(),
            class: class.clone(),
            attributes: values.into(),
            library: Default::default(),
            span,
        });
        let value = Value::Object(object.clone());
        for (function, decorator) in validators(class) {
            let is_after = match decorator_name(&decorator) {
                "model_validator" => keyword_text(&decorator, "mode").as_deref() == Some("after"),
                "model_post_init" => true,
                _ => continue,
            };
            if is_after {
                // What it refuses on paper may be fine in the environment.
                let method = Value::Method(Rc::new(value.clone()), function);
                let _ = machine.call(&method, &Rc::default(), span);
            }
        }
        if let Ok(Some((_, binding))) = class.lookup("model_post_init")
            && let Value::Function(function) = binding.value
        {
            let method = Value::Method(Rc::new(value.clone()), function);
            let _ = machine.call(&method, &positional([Value::None], span), span);
        }
        Some(Ok(value))
    }

    fn class_attribute(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        name: &str,
        span: Span,
    ) -> Option<Outcome<'t>> {
        kind_of(class)?;
        match name {
            "model_validate" | "parse_obj" | "model_construct" | "construct" => {
                let callee = machine.name_term(VALIDATE, span);
                let kind = TermKind::Item(callee, Box::new(Value::Class(class.clone())));
                Some(Ok(Value::Term(machine.term(kind, span))))
            }
            "model_fields" | "__fields__" | "model_config" => Some(Ok(machine.unknown(span, "the fields of a model"))),
            _ => None,
        }
    }

    fn decorated(
        &self,
        machine: &mut Machine<'t>,
        decorator: &Rc<Term<'t>>,
        value: &Value<'t>,
        span: Span,
    ) -> Option<Value<'t>> {
        let _ = (machine, span);
        // `@computed_field` makes a property of what is not one yet.
        let Value::Function(function) = value else { return None };
        if !decorator.is_of("pydantic")
            || decorator.root().is_none_or(|name| last(name) != "computed_field")
            || function.binds != Binds::Instance
        {
            return None;
        }
        Some(Value::Function(Rc::new(Function {
            name: function.name.clone(),
            code: function.code,
            module: function.module.clone(),
            scope: function.scope.clone(),
            class: function.class.borrow().clone().into(),
            defaults: function.defaults.clone(),
            decorators: function.decorators.clone(),
            binds: Binds::Property,
            is_async: function.is_async,
            name_span: function.name_span,
            span: function.span,
        })))
    }
}

fn text_origin(of: &Rc<Term<'_>>) -> crate::python::value::text::Origin {
    match super::text_of(of) {
        Some(text) => text.origin.clone(),
        None => crate::python::value::text::Origin::made(of.span, Vec::new()),
    }
}

fn kind_of(class: &Class<'_>) -> Option<Kind> {
    let mut kind = None;
    for base in class.library_bases() {
        let Some(dotted) = base.dotted() else { continue };
        if !dotted.starts_with("pydantic") {
            continue;
        }
        match last(dotted) {
            "BaseSettings" => return Some(Kind::Settings),
            "BaseModel" | "GenericModel" => kind = Some(Kind::Model),
            _ => {}
        }
    }
    kind
}

impl<'t> Pydantic<'t> {
    fn filled(
        &self,
        machine: &mut Machine<'t>,
        class: &Rc<Class<'t>>,
        kind: Kind,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Map<Name, Value<'t>> {
        let config = configuration(machine, class, arguments);
        let mut fields = fields(machine, class);
        if config.is_old {
            // In pydantic 1 `Optional[X]` without a value means `None`.
            for field in fields.iter_mut().filter(|field| field.default.is_none() && !field.is_required) {
                if field.annotation.as_ref().is_some_and(allows_none) {
                    field.default = Some(Value::None);
                }
            }
        }
        let entries: Vec<_> =
            config.files.iter().rev().flat_map(|file| environment::entries(machine, *file).into_iter().rev()).collect();
        // What validators see is the value itself; what the program sees may be replaced by the environment.
        let seen = Rc::new(crate::python::value::Dict::default());
        let mut values = Map::default();
        let checks: Vec<_> = validators(class).collect();
        for field in fields {
            let given = arguments
                .keyword(&field.name)
                .or_else(|| field.aliases.iter().find_map(|alias| arguments.keyword(alias)))
                .map(|keyword| keyword.value.clone());
            let names: Vec<String> = match (kind, field.aliases.is_empty()) {
                (Kind::Model, _) => Vec::new(),
                (_, true) => vec![format!("{}{}", config.prefix, field.name)],
                (_, false) => field.aliases.iter().map(|alias| alias.to_string()).collect(),
            };
            let same = |one: &str, other: &str| {
                if config.case_sensitive { one == other } else { one.eq_ignore_ascii_case(other) }
            };
            // A nested model's own variables stand before its default.
            let given = given.or_else(|| self.nested(machine, &field, &config, &entries, true, span));
            let found = given.or_else(|| {
                names.iter().find_map(|name| {
                    let cases = [name.clone(), name.to_uppercase(), name.to_lowercase()];
                    cases.iter().find_map(|name| self.environment.known(machine, name, span)).or_else(|| {
                        let entry = entries.iter().find(|entry| same(&entry.name, name))?;
                        Some(environment::entry_value(machine, entry, span))
                    })
                })
            });
            let shown = names.first().map_or_else(|| field.name.to_string(), |name| name.to_uppercase());
            let is_given = found.is_some();
            let (value, is_default) = match (found, &field.default) {
                (Some(value), _) => (value, false),
                (None, Some(_)) if config.unread => (environment::unset(field.span, &shown), false),
                (None, Some(default)) => match (kind, default) {
                    (Kind::Settings, Value::Str(text)) => (Value::Str(environment::marked(text, &shown)), true),
                    _ => (default.clone(), true),
                },
                (None, None) => {
                    let nested = self.nested(machine, &field, &config, &entries, false, span);
                    (
                        nested.unwrap_or_else(|| match kind {
                            Kind::Settings => environment::unset(field.span, &shown),
                            Kind::Model => Value::unknown(span, "a field that was not given"),
                        }),
                        false,
                    )
                }
            };
            let mut value = value;
            if is_given || kind == Kind::Settings {
                value = checked(machine, class, &checks, &field, value, &seen, true, span);
                value = coerced(machine, field.annotation.as_ref(), value, config.is_old, span);
                value = checked(machine, class, &checks, &field, value, &seen, false, span);
            }
            seen.entries.borrow_mut().insert(Key::Str(field.name.clone()), value.clone());
            let value = match (kind, is_default && machine.fresh_machine.is_none(), &value) {
                (Kind::Settings, true, Value::None | Value::Bool(_)) => {
                    let unknown = environment::unset(field.span, &shown);
                    join(vec![value, unknown], field.span)
                }
                (Kind::Settings, true, Value::Str(text)) if text.text.is_empty() => {
                    let unknown = environment::unset(field.span, &shown);
                    join(vec![value, unknown], field.span)
                }
                _ => value,
            };
            values.insert(field.name.clone(), value);
        }
        for (function, decorator) in &checks {
            let name = decorator_name(decorator);
            if !(name == "root_validator"
                || name == "model_validator" && keyword_text(decorator, "mode").as_deref() == Some("before"))
            {
                continue;
            }
            let before: Vec<_> =
                seen.entries.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            let given = Value::Dict(seen.clone());
            let bound = Value::Method(Rc::new(Value::Class(class.clone())), function.clone());
            if let Ok(Value::Dict(result)) = machine.call(&bound, &positional([given], span), span) {
                for (key, value) in result.entries.borrow().iter() {
                    let old = before.iter().find(|(known, _)| known == key).map(|(_, value)| value);
                    let changed = old.is_none_or(|old| !crate::python::builtins::operators::is_same(old, value));
                    if let (Key::Str(name), true) = (key, changed && !value.is_unknown()) {
                        values.insert(name.clone(), value.clone());
                    }
                }
            }
        }
        if kind == Kind::Model {
            for keyword in &arguments.keywords {
                values.entry(keyword.name.clone()).or_insert_with(|| keyword.value.clone());
            }
        }
        values
    }

    /// A field whose type is a model: made from `FIELD__NAME` variables where the class says so.
    fn nested(
        &self,
        machine: &mut Machine<'t>,
        field: &Field<'t>,
        config: &Config,
        entries: &[crate::syntax::dotenv::Entry],
        only_where_named: bool,
        span: Span,
    ) -> Option<Value<'t>> {
        let mark = config.nested.as_ref()?;
        let Value::Class(class) = field.annotation.as_ref()? else { return None };
        kind_of(class)?;
        let prefix = format!("{}{}{mark}", config.prefix, field.name).to_lowercase();
        if only_where_named && !entries.iter().any(|entry| entry.name.to_lowercase().starts_with(&prefix)) {
            return None;
        }
        let mut keywords = Vec::new();
        for inner in fields(machine, class) {
            let name = format!("{prefix}{}", inner.name.to_lowercase());
            let value = match entries.iter().find(|entry| entry.name.to_lowercase() == name) {
                Some(entry) => environment::entry_value(machine, entry, span),
                None if inner.default.is_some() => continue,
                None => environment::unset(field.span, &name.to_uppercase()),
            };
            keywords.push(Keyword { name: inner.name.clone(), value, span, whole: span });
        }
        let given = Rc::new(Arguments { keywords, ..Arguments::default() });
        machine.call(&Value::Class(class.clone()), &given, span).ok()
    }
}

/// The fields of a settings object that are known, by name: for the program's own looks at them.
pub fn known_fields<'t>(object: &Object<'t>) -> Value<'t> {
    dict(object.attributes.borrow().iter().map(|(name, value)| (Key::Str(name.clone()), value.clone())))
}

/// Is it a method that instances of pydantic models have, and that [`call_method`] tells?
pub fn has_method(class: &Class<'_>, name: &str) -> bool {
    matches!(name, "model_dump" | "dict" | "model_copy" | "copy") && kind_of(class).is_some()
}

/// `model.model_dump()`, `model.model_copy(update=…)`
pub fn call_method<'t>(object: &Rc<Object<'t>>, name: &str, arguments: &Arguments<'t>, span: Span) -> Value<'t> {
    let named = |name: &str| arguments.keyword(name).map(|keyword| &keyword.value);
    match name {
        "model_dump" | "dict" => {
            let names = |value: Option<&Value<'t>>| -> Option<Option<Vec<String>>> {
                match value {
                    None | Some(Value::None) => Some(None),
                    Some(value) => {
                        let names = value.items()?;
                        Some(Some(names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<_>>()?))
                    }
                }
            };
            let (Some(include), Some(exclude)) = (names(named("include")), names(named("exclude"))) else {
                return Value::unknown(span, "the fields of a model");
            };
            let fields = object.attributes.borrow();
            let kept = fields.iter().filter(|(name, _)| {
                include.as_ref().is_none_or(|names| names.iter().any(|known| **known == ***name))
                    && !exclude.as_ref().is_some_and(|names| names.iter().any(|known| **known == ***name))
            });
            let result = dict(kept.map(|(name, value)| {
                let value = match value {
                    Value::Object(inner) if kind_of(&inner.class).is_some() => {
                        call_method(inner, "model_dump", &Arguments::default(), span)
                    }
                    value => value.clone(),
                };
                (Key::Str(name.clone()), value)
            }));
            if let (Value::Dict(dict), true) =
                (&result, arguments.keywords.iter().any(|keyword| keyword.name.starts_with("exclude_")))
            {
                dict.open.set(true);
            }
            result
        }
        _ => {
            let mut fields = object.attributes.borrow().clone();
            match named("update") {
                None | Some(Value::None) => {}
                Some(Value::Dict(update)) if !update.open.get() => {
                    for (key, value) in update.entries.borrow().iter() {
                        if let Key::Str(name) = key {
                            fields.insert(name.clone(), value.clone());
                        }
                    }
                }
                Some(other) => return why_not(other, span),
            }
            Value::Object(Rc::new(Object {
                id: Identity::next(),
                class: object.class.clone(),
                attributes: fields.into(),
                library: Default::default(),
                span,
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::python::standard::tests::run;

    const NEW: &str = "from pydantic import *\nfrom pydantic import PostgresDsn, SecretStr, Field, computed_field, field_validator, model_validator\nfrom pydantic_settings import BaseSettings, SettingsConfigDict\n";
    const OLD: &str = "from typing import Any, Dict, Optional\nfrom pydantic import BaseSettings, PostgresDsn, validator, SecretStr, Field\n";

    fn value(head: &str, code: &str) -> String {
        run(&[
            ("main.py", &format!("{head}{code}")),
            (".env", "POSTGRES_HOST=db\nApp_Url=sqlite:///a.db\nPORT=5432\nS__NAME=n\n"),
        ])
    }

    #[test]
    fn fields_come_from_keywords_files_and_defaults() {
        let class = "class S(BaseSettings):\n    model_config = SettingsConfigDict(env_file='.env', extra='ignore')\n    POSTGRES_HOST: str\n    port: int = 1\n    name: str = 'app'\n    secret: SecretStr = SecretStr('pw')\n    missing: str\n    maybe: str | None = None\n";
        assert_eq!(
            value(
                NEW,
                &format!(
                    "{class}s = S(name='b')\nx = (s.POSTGRES_HOST, s.port, s.name, s.secret.get_secret_value(), s.missing, s.maybe)\n"
                )
            ),
            "[\"db\", 5432, \"b\", \"pw\", <unknown: depends on the environment variable `MISSING`>, one of {None, <unknown: depends on the environment variable `MAYBE`>}]"
        );
        let class = "class S(BaseSettings):\n    url: str = Field('none', alias='APP_URL')\n    class Config:\n        env_file = '.env'\n";
        assert_eq!(value(OLD, &format!("{class}x = S().url\n")), "\"sqlite:///a.db\"");
        let class = "class S(BaseSettings):\n    host: str = 'h'\n    class Config:\n        env_prefix = 'POSTGRES_'\n        env_file = '.env'\n";
        assert_eq!(value(OLD, &format!("{class}x = S().host\n")), "\"db\"");
    }

    #[test]
    fn urls_are_built() {
        let class = "class S(BaseSettings):\n    USER: str = 'me'\n    DB: str = 'app'\n    @computed_field\n    @property\n    def URI(self) -> PostgresDsn:\n        return PostgresDsn.build(scheme='postgresql+psycopg', username=self.USER, password='p', host='h', port=5432, path=self.DB)\n";
        assert_eq!(value(NEW, &format!("{class}x = str(S().URI)\n")), "\"postgresql+psycopg://me:p@h:5432/app\"");
        let class = "class S(BaseSettings):\n    USER: str = 'me'\n    URI: Optional[PostgresDsn] = None\n    @validator('URI', pre=True)\n    def assemble(cls, v: Optional[str], values: Dict[str, Any]) -> Any:\n        if isinstance(v, str):\n            return v\n        return PostgresDsn.build(scheme='postgresql', user=values.get('USER'), password='p', host='h', path=f\"/{values.get('DB') or ''}\")\n";
        assert_eq!(value(OLD, &format!("{class}x = S().URI\n")), "\"postgresql://me:p@h/\"");
        let class = "class S(BaseSettings):\n    u: PostgresDsn = 'postgresql://me@h:1/d'\n";
        assert_eq!(
            value(NEW, &format!("{class}s = S()\nx = (s.u.unicode_string(), s.u.host, s.u.port, f'{{s.u}}')\n")),
            "[\"postgresql://me@h:1/d\", \"h\", 1, \"postgresql://me@h:1/d\"]"
        );
    }

    #[test]
    fn nested_settings_and_validators() {
        let class = "class Inner(BaseModel):\n    name: str\n    size: int = 3\nclass S(BaseSettings):\n    model_config = SettingsConfigDict(env_file='.env', env_nested_delimiter='__')\n    s: Inner\n    t: Inner = Inner(name='t')\n    @model_validator(mode='after')\n    def set(self):\n        self.extra = self.s.name + '!'\n        return self\n";
        assert_eq!(
            value(
                "from pydantic import BaseModel, model_validator\nfrom pydantic_settings import BaseSettings, SettingsConfigDict\n",
                &format!("{class}v = S()\nx = (v.s.name, v.s.size, v.t.name, v.extra)\n")
            ),
            "[\"n\", 3, \"t\", \"n!\"]"
        );
        let code = "from functools import lru_cache\nclass S(BaseSettings):\n    a: str = 'x'\n@lru_cache()\ndef get():\n    return S()\nx = get().a\n";
        assert_eq!(value(OLD, code), "\"x\"");
    }

    #[test]
    fn settings_of_common_templates() {
        let code = "from yarl import URL\nclass S(BaseSettings):\n    db_base: str = 'shop'\n    @property\n    def db_url(self) -> URL:\n        return URL.build(scheme='postgresql+asyncpg', host='h', port=5432, user='u', password='p', path=f'/{self.db_base}')\nx = str(S().db_url)\n";
        assert_eq!(value(NEW, code), "\"postgresql+asyncpg://u:p@h:5432/shop\"");
        let code = "class S(BaseSettings):\n    A: str = 'a'\n    B: str = 'b'\ns = S.model_validate({'A': 'c'})\nx = (s.A, s.B)\n";
        assert_eq!(value(NEW, code), "[\"c\", \"b\"]");
        let code = "class S(BaseSettings):\n    URI: Optional[str]\n    @validator('URI', pre=True)\n    def f(cls, v, values):\n        return v or 'made'\nx = S().URI\n";
        assert_eq!(value(OLD, code), "\"made\"");
        let code = "class S(BaseSettings):\n    A: str = 'a'\n    B: str = 'b'\ns = S()\nx = ({**s.model_dump(exclude={'B'})}, s.model_copy(update={'A': 'c'}).A)\n";
        assert_eq!(value(NEW, code), "[{Str(\"A\"): \"a\"}, \"c\"]");
        let code = "class D(BaseModel):\n    name: str = 'd'\n    size: int = 1\nclass S(BaseSettings):\n    model_config = SettingsConfigDict(env_file='.env', env_nested_delimiter='__')\n    s: D = Field(default_factory=D)\nv = S()\nx = (v.s.name, v.s.size)\n";
        assert_eq!(value(&format!("{NEW}from pydantic import BaseModel\n"), code), "[\"n\", 1]");
    }
}
