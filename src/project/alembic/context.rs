//! `alembic.context` and `context.config` during the run on paper: options with their provenance, `configure` as
//! written.

use std::rc::Rc;

use crate::python::value::Map;

use crate::project::Known;
use crate::project::alembic::config::{ConfigOption, Shape};
use crate::project::alembic::engine::url_of;
use crate::project::alembic::env_script::{ConfigureCall, SetOption, TargetMetadata, What};
use crate::project::alembic::library::{Alembic, ConnectionRef, RawConfigure, name};
use crate::python::evaluate::{Frame, Machine, Outcome};
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::python::value::text::{Origin, OriginKind, Str};
use crate::python::value::{Dict, Key, PROJECT_ROOT, Value};
use crate::source::Span;

/// Keyword arguments of `context.configure` that are not flags.
const NOT_OPTIONS: &[&str] = &["connection", "url", "target_metadata"];

/// The options that may be functions of the project.
const DECISIONS: &[&str] =
    &["include_object", "include_name", "compare_type", "compare_server_default", "process_revision_directives"];

/// What Alembic's `Config` has, from 1.7 to 1.20.
const OF_CONFIG: &[&str] = &[
    "attributes",
    "cmd_opts",
    "config_args",
    "config_file_name",
    "config_ini_section",
    "file_config",
    "get_alembic_boolean_option",
    "get_alembic_option",
    "get_hooks_list",
    "get_main_option",
    "get_prepend_sys_paths_list",
    "get_section",
    "get_section_option",
    "get_template_directory",
    "get_version_locations_list",
    "messaging_opts",
    "output_buffer",
    "print_stdout",
    "remove_main_option",
    "set_main_option",
    "set_section_option",
    "stdout",
    "toml_alembic_config",
    "toml_args",
    "toml_file_name",
];

impl<'t> Alembic<'t> {
    pub(super) fn context_call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        function: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        match function {
            "is_offline_mode" => {
                let mut state = self.state.borrow_mut();
                let run = state.run.as_mut()?;
                run.facts.asked_for_mode = true;
                Some(Ok(Value::Bool(run.offline)))
            }
            "configure" => {
                self.configure(machine, arguments, span);
                Some(Ok(Value::None))
            }
            "run_migrations" => {
                self.note(machine, What::RunMigrations, span);
                Some(Ok(Value::None))
            }
            "get_x_argument" => Some(Ok(machine.unknown(span, "depends on `-x` on the command line"))),
            "get_bind" => self.bind(machine, callee, span),
            "execute" | "static_output" => Some(Ok(Value::None)),
            _ if function.starts_with("script.version_locations.") => {
                self.version_locations_changed(machine, span);
                None
            }
            _ => None,
        }
    }

    /// `context.get_bind()`, `op.get_bind()`: the connection that was configured last.
    pub(super) fn bind(&self, machine: &mut Machine<'t>, callee: &Rc<Term<'t>>, span: Span) -> Option<Outcome<'t>> {
        let number = self.state.borrow().run.as_ref()?.configured?;
        let term = machine.term(TermKind::Of("bind of", callee.clone()), span);
        self.state.borrow_mut().connection_terms.insert(term.id, ConnectionRef { number, is_async: false });
        Some(Ok(Value::Term(term)))
    }

    fn configure(&self, machine: &mut Machine<'t>, arguments: &Rc<Arguments<'t>>, span: Span) {
        let connection = arguments.get(0, "connection").filter(|value| !matches!(value, Value::None));
        let connection_span = connection.and_then(|_| arguments.span_of(0, "connection"));
        let reference = connection.and_then(|value| self.connection_of(value));
        let async_connection = reference.filter(|reference| reference.is_async).map(|_| handed_on_at(machine, span));
        let url_value = arguments.get(1, "url").filter(|value| !matches!(value, Value::None));
        let url = url_value.map(|value| self.url(machine, value, arguments.span_of(1, "url").unwrap_or(span)));
        let mut filters = Vec::new();
        let mut options = Vec::new();
        let mut texts = Vec::new();
        for keyword in &arguments.keywords {
            if NOT_OPTIONS.contains(&&*keyword.name) {
                continue;
            }
            if DECISIONS.contains(&&*keyword.name) && matches!(keyword.value, Value::Function(_) | Value::Method(..)) {
                filters.push((keyword.name.to_string(), keyword.value.clone()));
            }
            let value = match &keyword.value {
                Value::Bool(value) => Known::Is(*value, keyword.whole),
                Value::None => Known::Is(false, keyword.whole),
                _ => Known::Unknown(keyword.whole, "not a plain `True` or `False`".to_owned()),
            };
            if let Some(text) = keyword.value.as_str() {
                texts.push((keyword.name.to_string(), text.to_owned()));
            }
            options.push((keyword.name.to_string(), value));
        }
        let target = arguments.keyword("target_metadata").map(|keyword| (keyword.value.clone(), keyword.span));
        let call = ConfigureCall {
            span,
            connection: reference.map(|reference| reference.number),
            connection_span,
            async_connection,
            has_url: url_value.is_some() || arguments.keyword("dialect_name").is_some(),
            url,
            target_metadata: if arguments.open {
                TargetMetadata::Unknown("the arguments could not be read".to_owned())
            } else {
                TargetMetadata::Absent
            },
            target_metadata_span: None,
            options,
            texts,
            open: arguments.open,
            filters: Vec::new(),
        };
        self.note(machine, What::Configure(Box::new(call)), span);
        if let Some(run) = &mut self.state.borrow_mut().run {
            run.configured = reference.map(|reference| reference.number).or(run.configured);
            let event = run.facts.events.len() - 1;
            run.configures.push(RawConfigure { event, target, filters });
        }
    }

    pub(super) fn config_attribute(&self, machine: &mut Machine<'t>, of: &str, span: Span) -> Option<Outcome<'t>> {
        if let Some(run) = &mut self.state.borrow_mut().run {
            run.facts.asked_for_attributes |= of == "attributes";
        }
        let state = self.state.borrow();
        let run = state.run.as_ref()?;
        match of {
            "config_file_name" => match run.config.file {
                Some(file) if run.config.shape != Shape::Pyproject => {
                    let path = format!("{PROJECT_ROOT}/{}", machine.trees.sources().path(file));
                    Some(Ok(Value::literal(path, span)))
                }
                _ => {
                    drop(state);
                    Some(Ok(machine.unknown(span, "depends on which configuration file Alembic is given")))
                }
            },
            "config_ini_section" | "config_ini_name" => {
                Some(Ok(Value::literal(run.config.section.as_str(), run.config.section_span.unwrap_or(span))))
            }
            of if OF_CONFIG.contains(&of) => None,
            of => {
                drop(state);
                let why = format!("Alembic's configuration has no `{of}`: another program runs env.py");
                Some(Ok(machine.hides_imports(span, &why)))
            }
        }
    }

    pub(super) fn config_call(
        &self,
        machine: &mut Machine<'t>,
        method: &str,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let main = self.state.borrow().run.as_ref()?.config.section.clone();
        match method {
            "get_main_option" => {
                let default = arguments.get(1, "default").cloned().unwrap_or(Value::None);
                let key = arguments.get(0, "name").and_then(Value::as_str).map(str::to_owned);
                Some(self.option(machine, Some(main), key, default, span))
            }
            "get_section_option" => {
                let default = arguments.get(2, "default").cloned().unwrap_or(Value::None);
                let section = arguments.get(0, "section").and_then(Value::as_str).map(str::to_owned);
                let key = arguments.get(1, "name").and_then(Value::as_str).map(str::to_owned);
                Some(self.option(machine, section, key, default, span))
            }
            "get_section" => {
                let default = arguments.get(1, "default").cloned().unwrap_or(Value::None);
                let section = arguments.get(0, "name").and_then(Value::as_str).map(str::to_owned);
                Some(self.section(machine, section, default, span))
            }
            "set_main_option" => {
                let key = arguments.get(0, "name").and_then(Value::as_str).map(str::to_owned);
                let value = arguments.get(1, "value").cloned()?;
                let value_span = arguments.span_of(1, "value").unwrap_or(span);
                self.set_option(machine, Some(main), key, value, span, value_span);
                Some(Ok(Value::None))
            }
            "set_section_option" => {
                let section = arguments.get(0, "section").and_then(Value::as_str).map(str::to_owned);
                let key = arguments.get(1, "name").and_then(Value::as_str).map(str::to_owned);
                let value = arguments.get(2, "value").cloned()?;
                let value_span = arguments.span_of(2, "value").unwrap_or(span);
                self.set_option(machine, section, key, value, span, value_span);
                Some(Ok(Value::None))
            }
            "attributes.get" => Some(Ok(self.attribute_from_caller(machine, arguments, span))),
            "get_template_directory" => Some(Ok(machine.unknown(span, "Alembic's own template directory"))),
            "print_stdout" => Some(Ok(Value::None)),
            _ => None,
        }
    }

    /// `config.attributes.get("connection")`: on the command line nobody has put anything there.
    fn attribute_from_caller(&self, machine: &mut Machine<'t>, arguments: &Rc<Arguments<'t>>, span: Span) -> Value<'t> {
        let default = arguments.get(1, "default").cloned().unwrap_or(Value::None);
        let key = arguments.get(0, "key").and_then(Value::as_str).unwrap_or("").to_ascii_lowercase();
        let in_code = self.state.borrow().run.as_ref().is_some_and(|run| run.config.shape == Shape::InCode);
        if !in_code && (key.contains("conn") || key.contains("engine")) {
            return default;
        }
        machine.unknown(span, "depends on who calls Alembic: `config.attributes`")
    }

    fn option(
        &self,
        machine: &mut Machine<'t>,
        section: Option<String>,
        key: Option<String>,
        default: Value<'t>,
        span: Span,
    ) -> Outcome<'t> {
        let (Some(section), Some(key)) = (section, key.map(|key| key.to_ascii_lowercase())) else {
            return Ok(machine.unknown(span, "the option's name is not known"));
        };
        let mut state = self.state.borrow_mut();
        let Some(run) = state.run.as_mut() else { return Ok(default) };
        run.facts.options_read.push((section.clone(), key.clone(), span));
        if let Some(value) = run.overrides.get(&(section.clone(), key.clone())) {
            return Ok(value.clone());
        }
        let found = run.config.sections.get(&section).and_then(|options| options.get(&key));
        let inherited = || run.config.sections.get("DEFAULT").and_then(|options| options.get(&key));
        if let Some(option) = found.or_else(inherited) {
            return option_value(machine, option, &key, span);
        }
        let whole = matches!(run.config.shape, Shape::Ini | Shape::FlaskMigrate);
        drop(state);
        if whole && key != "here" {
            Ok(default)
        } else {
            Ok(machine.unknown(span, "depends on which configuration Alembic is given"))
        }
    }

    /// `config.get_section(name)`: a real dict, whose values know their line.
    fn section(
        &self,
        machine: &mut Machine<'t>,
        section: Option<String>,
        default: Value<'t>,
        span: Span,
    ) -> Outcome<'t> {
        let Some(section) = section else { return Ok(open_dict()) };
        let mut state = self.state.borrow_mut();
        let Some(run) = state.run.as_mut() else { return Ok(default) };
        run.facts.options_read.push((section.clone(), String::new(), span));
        let config = run.config.clone();
        let overrides: Vec<_> = run
            .overrides
            .iter()
            .filter(|((of, _), _)| *of == section)
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect();
        drop(state);
        let whole = matches!(config.shape, Shape::Ini | Shape::FlaskMigrate);
        let options = config.sections.get(&section);
        if options.is_none() && overrides.is_empty() {
            return Ok(if whole && section != config.section { default } else { open_dict() });
        }
        let mut entries: Map<Key, Value<'t>> = Map::default();
        for (key, option) in config.sections.get("DEFAULT").into_iter().flatten().chain(options.into_iter().flatten()) {
            let value = match &option.value {
                Some(text) => option_text(text, option),
                None => machine.unknown(span, "an option whose `%` can't be interpolated"),
            };
            entries.insert(Key::Str(name(key)), value);
        }
        for (key, value) in overrides {
            entries.insert(Key::Str(name(&key)), value);
        }
        let dict = Dict::default();
        *dict.entries.borrow_mut() = entries;
        dict.open.set(!whole);
        Ok(Value::Dict(Rc::new(dict)))
    }

    fn set_option(
        &self,
        machine: &mut Machine<'t>,
        section: Option<String>,
        key: Option<String>,
        value: Value<'t>,
        span: Span,
        value_span: Span,
    ) {
        let certain = machine.is_certain();
        let text = value.as_str().map(str::to_owned);
        let stray = text.as_deref().and_then(stray_percent);
        let typed_at = match &value {
            Value::Str(text) => text.origin.leaves().first().map(|leaf| leaf.span()),
            _ => None,
        };
        let kept = match &value {
            Value::Str(text) if stray.is_none() => {
                Value::Str(Str::new(text.text.replace("%%", "%"), text.origin.clone()))
            }
            other => other.clone(),
        };
        let kept = if certain { kept } else { machine.unknown(span, "set only on some paths") };
        let (Some(section), Some(key)) = (section, key.map(|key| key.to_ascii_lowercase())) else { return };
        if let Some(run) = &mut self.state.borrow_mut().run {
            run.overrides.insert((section.clone(), key.clone()), kept);
            run.facts.set_options.push(SetOption {
                section,
                key,
                span,
                value_span,
                value: text,
                typed_at,
                stray_percent: stray,
                is_none: matches!(value, Value::None),
                certain,
            });
        }
    }
}

/// The place where an asynchronous connection was handed to the code that configures it: the innermost call of a plain
/// function, or the `configure` call itself.
fn handed_on_at(machine: &Machine<'_>, span: Span) -> Span {
    match machine.frames.last() {
        Some(Frame::Call(function, call)) if !function.is_async => *call,
        _ => span,
    }
}

fn option_value<'t>(machine: &Machine<'t>, option: &ConfigOption, key: &str, span: Span) -> Outcome<'t> {
    match &option.value {
        Some(text) => Ok(option_text(text, option)),
        None => {
            let message = format!("the option `{key}` holds a `%` that can't be interpolated");
            Err(machine.raised("InterpolationSyntaxError", message, span))
        }
    }
}

/// A string that knows the line of the configuration file that it comes from.
fn option_text<'t>(text: &str, option: &ConfigOption) -> Value<'t> {
    Value::Str(Str::new(text, Origin::of(option.span, OriginKind::Option, Vec::new())))
}

fn open_dict<'t>() -> Value<'t> {
    let dict = Dict::default();
    dict.open.set(true);
    Value::Dict(Rc::new(dict))
}

/// The byte of the first `%` that ConfigParser refuses in `set`: neither `%%` nor `%(name)s`.
pub fn stray_percent(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'%', &bytes[at..]) {
        let here = at + found;
        let rest = &text[here + 1..];
        if rest.starts_with('%') {
            at = here + 2;
        } else if rest.starts_with('(') && rest.find(")s").is_some_and(|end| end > 1 && !rest[1..end].contains(')')) {
            at = here + 1;
        } else {
            return Some(here);
        }
    }
    None
}

impl<'t> Alembic<'t> {
    /// What a value given as a URL says.
    pub(super) fn url(
        &self,
        machine: &mut Machine<'t>,
        value: &Value<'t>,
        span: Span,
    ) -> Known<crate::project::sqlalchemy::url::EngineUrl> {
        let value = self.text_of_url(value);
        url_of(machine, &value, span)
    }
}

#[cfg(test)]
mod tests {
    use super::stray_percent;

    #[test]
    fn a_stray_percent_is_what_configparser_refuses() {
        assert_eq!(stray_percent("postgresql://u:p%40ss@h/d"), Some(16));
        assert_eq!(stray_percent("postgresql://u:p%%40ss@h/d"), None);
        assert_eq!(stray_percent("%(here)s/x"), None);
        assert_eq!(stray_percent("100%"), Some(3));
        assert_eq!(stray_percent("%(here"), Some(0));
    }
}
