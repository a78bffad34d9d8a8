//! How a settings class finds its values: prefixes, .env files, case.

use std::rc::Rc;

use crate::python::evaluate::Machine;
use crate::python::standard::environment::named_files;
use crate::python::value::class::Class;
use crate::python::value::term::Arguments;
use crate::python::value::{Key, Value};
use crate::source::FileId;

/// How a settings class finds its values.
#[derive(Default)]
pub(super) struct Config {
    pub(super) files: Vec<FileId>,
    pub(super) prefix: String,
    /// A part of the configuration that can't be read.
    pub(super) unread: bool,
    pub(super) nested: Option<String>,
    pub(super) case_sensitive: bool,
    /// pydantic 1: URLs are strings.
    pub(super) is_old: bool,
}

/// `model_config = SettingsConfigDict(…)`, `class Config:`, `_env_file=…`, `class S(BaseSettings, env_prefix="…")`
pub(super) fn configuration<'t>(machine: &Machine<'t>, class: &Rc<Class<'t>>, arguments: &Arguments<'t>) -> Config {
    let mut config = Config {
        is_old: class
            .library_bases()
            .any(|base| base.dotted().is_some_and(|name| name == "pydantic.BaseSettings" || name.contains(".v1"))),
        ..Config::default()
    };
    let ancestors: Vec<Rc<Class<'t>>> = class.ancestors().collect();
    for ancestor in ancestors.iter().rev() {
        for keyword in &ancestor.keywords {
            configure(machine, &mut config, &keyword.name, &keyword.value);
        }
        match ancestor.own("model_config").map(|binding| binding.value) {
            Some(Value::Term(term)) => {
                if let Some((_, arguments)) = term.call() {
                    for keyword in &arguments.keywords {
                        configure(machine, &mut config, &keyword.name, &keyword.value);
                    }
                    config.unread |= arguments.open;
                }
            }
            Some(Value::Dict(dict)) => {
                for (key, value) in dict.entries.borrow().iter() {
                    if let Key::Str(name) = key {
                        configure(machine, &mut config, name, value);
                    }
                }
            }
            _ => {}
        }
        if let Some(Value::Class(inner)) = ancestor.own("Config").map(|binding| binding.value) {
            let inner: Vec<Rc<Class<'t>>> = inner.ancestors().collect();
            for inner in inner.iter().rev() {
                for (name, binding) in inner.attributes.borrow().iter() {
                    configure(machine, &mut config, name, &binding.value);
                }
            }
        }
    }
    for keyword in &arguments.keywords {
        if let Some(name) = keyword.name.strip_prefix('_') {
            configure(machine, &mut config, name, &keyword.value);
        }
    }
    config
}

pub(super) fn configure<'t>(machine: &Machine<'t>, config: &mut Config, name: &str, value: &Value<'t>) {
    match (name, value) {
        ("env_file", Value::None) => config.files.clear(),
        ("env_file", value) => config.files = named_files(machine, value),
        ("env_prefix", Value::Str(prefix)) => config.prefix = prefix.text.to_string(),
        ("env_prefix", _) => config.unread = true,
        ("env_nested_delimiter", Value::Str(mark)) => config.nested = Some(mark.text.to_string()),
        ("case_sensitive", Value::Bool(value)) => config.case_sensitive = *value,
        _ => {}
    }
}
