//! Ids that a revision computes → their values, by running the file on paper.
//!
//! For the few files whose variables are no plain constants: f-strings over imported names, values from a sibling
//! module, `if` around an assignment. What can't be told stays unknown.

use super::RevisionScript;
use crate::project::Known;
use crate::python::evaluate::Machine;
use crate::python::modules::natural_root;
use crate::python::standard;
use crate::python::value::Value;
use crate::source::Span;
use crate::syntax::python::Trees;

/// More computed files than this are left unread.
const MANY: usize = 500;

/// Reads what `scripts` compute.
pub fn read<'t>(trees: &'t Trees<'t>, scripts: &mut [RevisionScript]) {
    for script in scripts.iter_mut().filter(|script| is_computed(script)).take(MANY) {
        let mut machine = Machine::new(trees, standard::all());
        machine.search_path = vec!["".into(), natural_root(trees.sources(), script.file).into()];
        let (module, result) = machine.run_script(script.file, "revision");
        if result.is_err() {
            continue;
        }
        let names = module.scope.names.borrow();
        let bound = |name: &str| {
            names.get(name).filter(|binding| binding.certain).map(|binding| (&binding.value, binding.span))
        };
        if let (Some(Known::Unknown(place, _)), Some((Value::Str(text), _))) = (&script.revision, bound("revision")) {
            script.revision = Some(Known::Is(text.text.to_string(), *place));
        }
        for (name, known) in [
            ("down_revision", &mut script.down_revision),
            ("depends_on", &mut script.depends_on),
            ("branch_labels", &mut script.branch_labels),
        ] {
            let Some(place) = known.iter().find(|known| known.get().is_none()).map(Known::span) else { continue };
            let Some((value, span)) = bound(name) else { continue };
            if let Some(texts) = texts(value) {
                *known = texts.into_iter().map(|text| Known::Is(text, place)).collect();
                if name == "down_revision" {
                    script.down_revision_span = script.down_revision_span.or(Some(in_file(span, place)));
                }
            }
        }
        script.binds_upgrade |= names.contains_key("upgrade");
        script.binds_downgrade |= names.contains_key("downgrade");
    }
}

fn is_computed(script: &RevisionScript) -> bool {
    let any = |known: &[Known<String>]| known.iter().any(|known| known.get().is_none());
    script.syntax_problems.is_empty()
        && (any(script.revision.as_slice())
            || any(&script.down_revision)
            || any(&script.depends_on)
            || any(&script.branch_labels))
}

/// The strings that Alembic makes of the value; `None`: not all are known, or it can't take them.
fn texts(value: &Value<'_>) -> Option<Vec<String>> {
    let all = |items: &[Value<'_>]| items.iter().map(text).collect::<Option<Vec<String>>>();
    match value {
        Value::None => Some(Vec::new()),
        Value::Str(_) => text(value).map(|text| vec![text]),
        Value::Tuple(items) => all(items),
        Value::List(list) | Value::Set(list) if !list.open.get() => all(&list.items.borrow()),
        _ => None,
    }
}

fn text(value: &Value<'_>) -> Option<String> {
    if let Value::Str(text) = value { Some(text.text.to_string()) } else { None }
}

fn in_file(span: Span, place: Span) -> Span {
    if span.file == place.file { span } else { place }
}
