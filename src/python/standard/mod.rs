//! Calls and attributes of the standard library and of helper libraries (dotenv, pydantic, decouple, environs) →
//! values.

pub mod asynchronous;
pub mod coercion;
pub mod dataclasses;
pub mod enums;
pub mod environment;
pub mod imports;
pub mod os;
mod patterns;
pub mod pydantic;
pub mod settings;
pub mod texts;
pub mod tools;
pub mod urls;

use std::rc::Rc;

use crate::python::dotted::last;
use crate::python::library::Library;
use crate::python::value::Value;
use crate::python::value::term::{Term, TermKind};
use crate::python::value::text::Str;

/// All of them, in the order in which they are asked.
pub fn all<'t>() -> Vec<Rc<dyn Library<'t> + 't>> {
    let environment = Rc::new(environment::Environment::default());
    vec![
        Rc::new(os::System { environment: environment.clone() }),
        Rc::new(settings::SettingsReaders { environment: environment.clone() }),
        Rc::new(pydantic::Pydantic { environment }),
        Rc::new(imports::Imports),
        Rc::new(texts::Texts),
        Rc::new(tools::Tools),
        Rc::new(asynchronous::Asynchronous),
        Rc::new(enums::Enums),
    ]
}

/// The text that a library's value stands for: a pydantic URL.
pub fn text_of<'v, 't>(term: &'v Term<'t>) -> Option<&'v Str> {
    let TermKind::Call(callee, arguments) = &term.kind else { return None };
    let dotted = callee.dotted()?;
    let is_known = match dotted.split('.').next() {
        Some("pydantic" | "pydantic_core" | "databases") => urls::is_url(last(dotted)),
        Some("yarl") => dotted == "yarl.URL",
        _ => false,
    };
    match (is_known, arguments.positional.first()) {
        (true, Some(argument)) => match &argument.value {
            Value::Str(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// The values that unpacking or iterating a library's value gives, where it is a named tuple.
pub fn unpacked<'t>(term: &Term<'t>) -> Option<Vec<Value<'t>>> {
    let (callee, arguments) = term.call()?;
    matches!(callee.dotted()?, "pkgutil.ModuleInfo" | "urllib.parse.ParseResult" | "urllib.parse.SplitResult")
        .then(|| arguments.values().cloned().collect())
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::python::evaluate::Machine;
    use crate::source::Sources;
    use crate::syntax::python::Trees;

    /// What `x` is worth after running the first file, by debug notation; an exception after a `!`.
    pub(crate) fn run(files: &[(&str, &str)]) -> String {
        let sources = Sources::in_memory(files.iter().copied());
        let trees = Trees::of(&sources);
        let mut machine = Machine::new(&trees, super::all());
        machine.search_path.push("".into());
        let file = sources.id(files[0].0).expect("is there");
        let (module, result) = machine.run_script(file, "main");
        if let Err(raised) = result {
            return format!("! {}: {}", raised.exception, raised.message);
        }
        let names = module.scope.names.borrow();
        names.get("x").map_or_else(|| "unbound".to_owned(), |binding| format!("{:?}", binding.value))
    }
}
