//! `context.script` during the run on paper: where env.py says that the revisions lie.
//!
//! Alembic reads the revisions only after env.py has begun, so what env.py assigns counts for `upgrade` and `revision`.
//! `config.set_main_option("version_locations", …)` comes too late there: the script directory is made before.

use crate::project::alembic::env_script::SetLocations;
use crate::project::alembic::library::Alembic;
use crate::python::evaluate::Machine;
use crate::python::value::Value;
use crate::source::Span;

/// The `ScriptDirectory` that env.py sees.
pub(super) const SCRIPT: &str = "alembic.context.script";

impl<'t> Alembic<'t> {
    /// `context.script.version_locations = …`, or a call of one of its methods.
    pub(super) fn version_locations_changed(&self, machine: &Machine<'t>, span: Span) {
        if let Some(run) = &mut self.state.borrow_mut().run {
            run.version_locations = Some((span, machine.is_certain()));
        }
    }
}

/// What `context.script.version_locations` holds at the end of a run that changed it at `span`.
pub(super) fn version_locations(machine: &mut Machine<'_>, span: Span, certain: bool) -> SetLocations {
    let script = machine.name_term(SCRIPT, span);
    let value = script.fields.get("version_locations");
    let mut set = SetLocations { span, texts: Vec::new(), doubt: None };
    let items = match &value {
        Some(Value::None) => Some(Vec::new()),
        Some(value) => value.items(),
        None => None,
    };
    for item in items.iter().flatten() {
        let alternatives = item.alternatives();
        let texts = alternatives.iter().filter_map(|value| match value {
            Value::Str(text) => Some(text.text.to_string()),
            Value::Path(path) => Some(path.to_string()),
            _ => None,
        });
        set.texts.extend(texts);
        set.doubt = match item {
            Value::Unknown(unknown) => Some(unknown.why.to_string()),
            Value::Str(_) | Value::Path(_) => set.doubt,
            _ => Some("a directory that differs from path to path".to_owned()),
        };
    }
    if items.is_none() {
        set.doubt = Some("no list that is wholly known".to_owned());
    } else if !certain {
        set.doubt = Some("set on some paths only".to_owned());
    }
    set
}
