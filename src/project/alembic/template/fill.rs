//! script.py.mako and what `alembic revision` hands to it → the text of a revision file.
//!
//! The template becomes Python, as Mako makes it, and that is run on paper: whatever the interpreter can tell of it, it
//! does. What it can't is refused with its place in the template.

use crate::project::alembic::config::Config;
use crate::python::evaluate::Machine;
use crate::python::standard;
use crate::python::value::Value;
use crate::source::Sources;
use crate::syntax::mako::{self, WRITTEN, literal};
use crate::syntax::python::Trees;

/// What `alembic revision` hands to the template.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The new id.
    pub up_revision: String,
    /// The ids that it follows.
    pub down_revision: Vec<String>,
    /// When it is made, as `str()` of a `datetime` shows it.
    pub create_date: String,
    /// `-m`
    pub message: String,
    /// Import statements, one a line.
    pub imports: String,
    /// The body of `upgrade`, indented but for its first line.
    pub upgrades: String,
    /// The body of `downgrade`.
    pub downgrades: String,
}

/// Why the template can't be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The byte of the template.
    pub at: usize,
    /// Why.
    pub why: String,
}

/// The file's name on paper.
const FILE: &str = "template.py";

/// The text of the revision file.
///
/// # Errors
/// The template does something that can't be told without running it.
pub fn fill(template: &str, given: &Given, config: &Config) -> Result<String, Refused> {
    let compiled = mako::compile(template).map_err(|found| Refused { at: found.at, why: found.what })?;
    let before = prelude(given, config);
    let skipped = before.lines().count();
    let sources = Sources::in_memory([(FILE, format!("{before}{}", compiled.python))]);
    let trees = Trees::of(&sources);
    let mut machine = Machine::new(&trees, standard::all());
    let place = |line: usize| compiled.places.get(line.saturating_sub(skipped + 1)).copied().unwrap_or(0);
    let Some(file) = sources.id(FILE) else { return Err(Refused { at: 0, why: "it is too large".to_owned() }) };
    if let Some(problem) = trees.problems(file).next() {
        return Err(Refused { at: place(sources.line(problem.span)), why: problem.message.clone() });
    }
    let (module, result) = machine.run_script(file, "template");
    if let Err(raised) = result {
        let at = place(sources.line(raised.span));
        return Err(Refused { at, why: format!("{}: {}", raised.exception, raised.message) });
    }
    let unread = |at: usize| match machine.unknowns.first() {
        Some(unknown) => Refused { at: place(sources.line(unknown.span)), why: unknown.why.to_string() },
        None => Refused { at, why: "what it writes here can't be told without running it".to_owned() },
    };
    let names = module.scope.names.borrow();
    let Some(Value::List(written)) = names.get(WRITTEN).map(|binding| &binding.value) else {
        return Err(unread(0));
    };
    if written.open.get() {
        return Err(unread(0));
    }
    let mut text = String::new();
    for piece in written.items.borrow().iter() {
        let Value::Tuple(piece) = piece else { return Err(unread(0)) };
        match &piece[..] {
            [_, Value::Str(piece)] => text += &piece.text,
            [Value::Int(at), _] => return Err(unread(usize::try_from(*at).unwrap_or(0))),
            _ => return Err(unread(0)),
        }
    }
    Ok(text)
}

/// `template % {…}`, as Python has it; `None` where that can't be told.
pub fn formatted(template: &str, texts: &[(&str, &str)], numbers: &[(&str, i64)]) -> Option<String> {
    let texts = texts.iter().map(|(name, text)| format!("{}: {}", literal(name), literal(text)));
    let numbers = numbers.iter().map(|(name, number)| format!("{}: {number}", literal(name)));
    let values: Vec<String> = texts.chain(numbers).collect();
    let code = format!("{WRITTEN} = {} % {{{}}}\n", literal(template), values.join(", "));
    let sources = Sources::in_memory([(FILE, code)]);
    let trees = Trees::of(&sources);
    let mut machine = Machine::new(&trees, standard::all());
    let (module, result) = machine.run_script(sources.id(FILE)?, "template");
    result.ok()?;
    let names = module.scope.names.borrow();
    names.get(WRITTEN)?.value.as_str().map(str::to_owned)
}

/// The names that the template sees, as Python.
fn prelude(given: &Given, config: &Config) -> String {
    let down = match &given.down_revision[..] {
        [] => "None".to_owned(),
        [one] => literal(one),
        several => format!("({})", several.iter().map(|id| literal(id)).collect::<Vec<_>>().join(", ")),
    };
    let sections = config.sections.iter().map(|(name, options)| {
        let options = options
            .iter()
            .filter_map(|(key, option)| Some(format!("{}: {}", literal(key), literal(option.value.as_deref()?))));
        format!("{}: {{{}}}", literal(name), options.collect::<Vec<_>>().join(", "))
    });
    let texts = [
        ("up_revision", literal(&given.up_revision)),
        ("down_revision", down),
        ("branch_labels", "None".to_owned()),
        ("depends_on", "None".to_owned()),
        ("create_date", literal(&given.create_date)),
        ("message", literal(&given.message)),
        ("imports", literal(&given.imports)),
        ("upgrades", literal(&given.upgrades)),
        ("downgrades", literal(&given.downgrades)),
    ];
    let mut code: String = texts.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
    let names = texts.iter().map(|(name, _)| format!("{}: {name}", literal(name))).collect::<Vec<_>>().join(", ");
    code += &format!("context = {{{names}}}\n");
    code += &format!("_sections = {{{}}}\n", sections.collect::<Vec<_>>().join(", "));
    code += &format!("_main = {}\n", literal(&config.section));
    code + PRELUDE
}

/// `comma` and `config`, as Alembic has them.
const PRELUDE: &str = r#"
def comma(value):
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return ", ".join(value)


class _Config:
    config_ini_section = _main

    def get_section(self, name, default=None):
        return _sections.get(name, default)

    def get_section_option(self, section, name, default=None):
        return _sections.get(section, {}).get(name, default)

    def get_main_option(self, name, default=None):
        return _sections.get(_main, {}).get(name, default)


config = _Config()
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> Given {
        Given {
            up_revision: "b1".to_owned(),
            down_revision: vec!["a1".to_owned()],
            create_date: "2026-11-28 12:00:00".to_owned(),
            message: "add user's name".to_owned(),
            upgrades: "op.f()\n    op.g()".to_owned(),
            ..Given::default()
        }
    }

    fn filled(template: &str) -> Result<String, Refused> {
        fill(template, &given(), &Config::in_code(""))
    }

    #[test]
    fn alembics_own_template() {
        let text = filled(super::super::GENERIC).expect("is filled in");
        assert!(text.starts_with("\"\"\"add user's name\n\nRevision ID: b1\nRevises: a1\nCreate Date: 2026-11-28"));
        assert!(text.contains("\ndown_revision: Union[str, Sequence[str], None] = 'a1'\n"));
        assert!(text.contains("    op.f()\n    op.g()\n"));
        assert!(text.ends_with("    \"\"\"Downgrade schema.\"\"\"\n    pass\n"));
    }

    #[test]
    fn conditions_loops_and_code() {
        assert_eq!(filled("% if imports:\n${imports}\n% else:\nnone\n% endif\n").as_deref(), Ok("none\n"));
        assert_eq!(
            filled("<%! import re %><% names = re.split(r',\\s*', 'a, b') %>% x\n% for name in names:\n${name};\\\n% endfor\n")
                .as_deref(),
            Ok("% x\na;b;")
        );
        assert_eq!(filled("${context.get('none', 'pass')} ${comma(('a', 'b'))}").as_deref(), Ok("pass a, b"));
    }

    #[test]
    fn file_templates() {
        let texts = [("rev", "b1"), ("slug", "add_a")];
        let numbers = [("year", 2026), ("month", 3), ("epoch", 17)];
        let filled = |template| formatted(template, &texts, &numbers);
        assert_eq!(filled("%(rev)s_%(slug)s").as_deref(), Some("b1_add_a"));
        assert_eq!(filled("%(year)d_%(month).2d/%(epoch)s%%-%(month)02d").as_deref(), Some("2026_03/17%-03"));
        assert_eq!(filled("%(none)s"), None);
    }

    #[test]
    fn what_can_t_be_told_is_refused_with_its_place() {
        let template = "x\n${upgrade_ops if upgrade_ops else 'pass'}\n";
        let refused = filled(template).expect_err("is refused");
        assert_eq!(refused, Refused { at: 2, why: "NameError: name 'upgrade_ops' is not defined".to_owned() });
        let refused = filled("a\nb\n<%\n    import os\n    user = os.getlogin()\n%>${user}").expect_err("is refused");
        assert!(refused.at > 2, "{refused:?}");
    }
}
