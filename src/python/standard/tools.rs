//! `functools`, `itertools`, `operator`, `collections`, `copy`, `typing`, `contextlib`, `dataclasses`.

use std::rc::Rc;

use crate::python::builtins::{call_builtin, dict, is_open, list, open_list, operators, positional, why_not};
use crate::python::evaluate::{Machine, Outcome};
use crate::python::library::Library;
use crate::python::value::Value;
use crate::python::value::term::{Arguments, Term, TermKind};
use crate::source::Span;

/// Helpers of the standard library that work on values.
pub struct Tools;

impl<'t> Library<'t> for Tools {
    fn call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        if let TermKind::Call(of, given) = &callee.kind {
            return applied(machine, of.dotted()?, given, arguments, span);
        }
        if let TermKind::Attribute(of, name) = &callee.kind
            && let Some((made_by, given)) = of.call()
        {
            // `lru_cache` functions: `get_settings.cache_clear()`.
            let _ = (made_by, given, name);
            return None;
        }
        let dotted = callee.dotted()?;
        let first = arguments.positional.first().map(|first| first.value.clone());
        let second = arguments.positional.get(1).map(|second| second.value.clone());
        Some(match dotted {
            "dataclasses.asdict" | "dataclasses.astuple" | "attr.asdict" => match first? {
                Value::Object(object) if !dotted.ends_with("astuple") => Ok(super::pydantic::known_fields(&object)),
                other => Ok(why_not(&other, span)),
            },
            "typing.cast" | "typing_extensions.cast" => Ok(second?),
            "typing.assert_type" | "typing.no_type_check" | "typing.final" | "typing.reveal_type" => Ok(first?),
            // The object that the function gives is made when it is first used.
            "lazy_object_proxy.Proxy" => machine.call(&first?, &Rc::default(), span),
            "functools.partial" => return None,
            "functools.wraps" | "functools.update_wrapper" => return None,
            "functools.lru_cache" | "functools.cache" => match first? {
                function @ (Value::Function(_) | Value::Method(..)) => Ok(function),
                _ => return None,
            },
            "functools.reduce" => {
                let function = first?;
                let items = match machine.iterate(&second?, span) {
                    Ok(items) => items,
                    Err(unknown) => return Some(Ok(Value::Unknown(unknown))),
                };
                let mut items = items.into_iter();
                let mut total = arguments.get(2, "initial").cloned().or_else(|| items.next())?;
                for item in items {
                    total = match machine.call(&function, &positional([total, item], span), span) {
                        Ok(total) => total,
                        Err(raised) => return Some(Err(raised)),
                    };
                }
                Ok(total)
            }
            "itertools.chain" | "itertools.chain.from_iterable" => {
                let lists = if dotted.ends_with("from_iterable") {
                    machine.iterate(&first?, span)
                } else {
                    Ok(arguments.positional.iter().map(|argument| argument.value.clone()).collect())
                };
                let (mut items, mut open) = (Vec::new(), arguments.open);
                match lists {
                    Ok(lists) => {
                        for given in lists {
                            open |= is_open(&given);
                            match machine.iterate(&given, span) {
                                Ok(more) if items.len() + more.len() < 1 << 16 => items.extend(more),
                                _ => open = true,
                            }
                        }
                    }
                    Err(unknown) => return Some(Ok(Value::Unknown(unknown))),
                }
                Ok(if open { open_list(items) } else { list(items) })
            }
            "copy.copy" | "copy.deepcopy" => match first? {
                value @ (Value::List(_) | Value::Set(_) | Value::Dict(_)) => {
                    crate::python::builtins::call_method(machine, &value, "copy", &Rc::default(), span)
                }
                Value::Object(_) | Value::Term(_) => return None,
                value => Ok(value),
            },
            "collections.OrderedDict" => call_builtin(machine, "dict", arguments, span),
            "collections.deque" => call_builtin(machine, "list", arguments, span),
            "collections.defaultdict" | "collections.Counter" => {
                let empty = dict([]);
                if let Value::Dict(dict) = &empty {
                    dict.open.set(true);
                }
                Ok(empty)
            }
            "types.SimpleNamespace" => {
                let object = machine.call_term(callee, arguments, span);
                if let Value::Term(term) = &object {
                    let given = arguments.keywords.iter().map(|keyword| (keyword.name.clone(), keyword.value.clone()));
                    term.fields.extend(given);
                }
                Ok(object)
            }
            "types.MappingProxyType" => Ok(first?),
            "operator.getitem" => machine.item(&first?, &second?, span),
            "distutils.util.strtobool" | "strtobool.strtobool" => match first? {
                Value::Str(text) if !super::environment::is_default(&text.origin) => match &*text.text.to_lowercase() {
                    "1" | "true" | "yes" | "on" | "y" | "t" => Ok(Value::Int(1)),
                    "0" | "false" | "no" | "off" | "n" | "f" => Ok(Value::Int(0)),
                    _ => Ok(Value::unknown(span, "a text that is no boolean")),
                },
                value => Ok(why_not(&value, span)),
            },
            _ => return None,
        })
    }

    fn truth(&self, machine: &mut Machine<'t>, term: &Rc<Term<'t>>) -> Option<bool> {
        let _ = machine;
        match term.dotted()? {
            "typing.TYPE_CHECKING" => Some(false),
            _ => None,
        }
    }
}

/// What was made by a call before is called: `partial(f, a)(b)`, `itemgetter(0)(pair)`, `NewType("X", int)(1)`.
fn applied<'t>(
    machine: &mut Machine<'t>,
    made_by: &str,
    given: &Rc<Arguments<'t>>,
    arguments: &Rc<Arguments<'t>>,
    span: Span,
) -> Option<Outcome<'t>> {
    let first = arguments.positional.first().map(|first| first.value.clone());
    match made_by {
        "functools.partial" => {
            let (function, bound) = given.positional.split_first()?;
            let mut positional = bound.to_vec();
            positional.extend(arguments.positional.iter().cloned());
            let mut keywords = given.keywords.clone();
            keywords.retain(|known| arguments.keyword(&known.name).is_none());
            keywords.extend(arguments.keywords.iter().cloned());
            let all = Arguments { positional, keywords, open: given.open || arguments.open };
            Some(machine.call(&function.value, &Rc::new(all), span))
        }
        "functools.lru_cache" | "functools.cache" | "functools.wraps" | "contextlib.contextmanager" => {
            first.filter(|value| matches!(value, Value::Function(_) | Value::Method(..))).map(Ok)
        }
        "typing.NewType" => first.map(Ok),
        "operator.itemgetter" => match &given.positional[..] {
            [key] => Some(machine.item(&first?, &key.value, span)),
            _ => None,
        },
        "operator.attrgetter" => match &given.positional[..] {
            [name] => {
                let mut value = first?;
                for part in name.value.as_str()?.split('.') {
                    value = match machine.attribute(&value, part, span) {
                        Ok(value) => value,
                        Err(raised) => return Some(Err(raised)),
                    };
                }
                Some(Ok(value))
            }
            _ => None,
        },
        "operator.methodcaller" => {
            let (name, rest) = given.positional.split_first()?;
            let method = match machine.attribute(&first?, name.value.as_str()?, span) {
                Ok(method) => method,
                Err(raised) => return Some(Err(raised)),
            };
            let rest = Arguments { positional: rest.to_vec(), keywords: given.keywords.clone(), open: given.open };
            Some(machine.call(&method, &Rc::new(rest), span))
        }
        _ => None,
    }
}

/// Are the two the same on paper? For libraries that look for a value among others.
pub fn holds<'t>(values: &[Value<'t>], value: &Value<'t>) -> bool {
    values.iter().any(|known| operators::is_same(known, value))
}

#[cfg(test)]
mod tests {
    use crate::python::standard::tests::run;

    fn value(code: &str) -> String {
        run(&[("main.py", code)])
    }

    #[test]
    fn helpers_work_on_values() {
        assert_eq!(
            value("from functools import partial\ndef f(a, b, c=0): return (a, b, c)\nx = partial(f, 1, c=3)(2)\n"),
            "[1, 2, 3]"
        );
        assert_eq!(value("from functools import lru_cache\n@lru_cache\ndef f(): return 1\nx = f()\n"), "1");
        assert_eq!(
            value("from functools import lru_cache\n@lru_cache(maxsize=None)\ndef f(): return 1\nx = f()\n"),
            "1"
        );
        assert_eq!(value("from itertools import chain\nx = list(chain([1], (2, 3)))\n"), "[1, 2, 3]");
        assert_eq!(value("from operator import attrgetter\nclass A:\n    n = 1\nx = attrgetter('n')(A())\n"), "1");
        assert_eq!(value("from typing import cast\nx = cast(str, 1)\n"), "1");
        assert_eq!(
            value("from copy import deepcopy\na = [1]\nb = deepcopy(a)\nb.append(2)\nx = (a, b)\n"),
            "[[1], [1, 2]]"
        );
    }

    #[test]
    fn a_library_decides_when_its_subclasses_are_made() {
        let code = "from wtforms import Field\nclass F(Field):\n    def __init__(self, **kw):\n        self.id = kw['_prefix']\nf = F()\nx = 1\n";
        assert_eq!(value(code), "1");
        let code = "class F:\n    def __init__(self, **kw):\n        self.id = kw['_prefix']\nf = F()\nx = 1\n";
        assert_eq!(value(code), "! KeyError: '_prefix'");
    }

    #[test]
    fn alternatives_and_openness_are_kept() {
        let code = "import lib\nif lib.a():\n    d = 'p'\nelse:\n    d = 'q'\nx = f'{d}://h'\n";
        assert_eq!(value(code), "one of {\"p://h\", \"q://h\"}");
        let code = "import lib\nl = [1]\nif lib.a():\n    l.append(2)\nx = ([i for i in l], len(l))\n";
        assert_eq!(value(code), "[[1, 2]+, <unknown: depends on a container that is not known whole>]");
    }

    #[test]
    fn doubling_ends() {
        let doubled = |start: &str, step: &str| value(&format!("x = {start}\nfor i in range(60):\n    {step}\n"));
        assert_eq!(doubled("'a'", "x = x + x"), "<unknown: a very long text>");
        assert_eq!(doubled("'a'", "x = x.replace('a', x + 'a')"), "<unknown: a very long text>");
        assert_eq!(doubled("'a'", "x = f'{x}{x}'"), "<unknown: a very long text>");
        assert!(doubled("[1]", "x += x").ends_with('+'));
        assert_eq!(doubled("[1]", "x = x + x"), "<unknown: a very long list>");
        assert!(doubled("[1]", "x.extend(x)").ends_with('+'));
        assert!(
            value("x = ''\nfor i in range(300):\n    for j in range(300):\n        x = 'a' + x\n").starts_with('<')
        );
        assert!(
            value("x = set()\nfor i in range(60):\n    for j in range(60):\n        x.add((i, j))\n").ends_with('+')
        );
    }

    #[test]
    fn enumerations_have_members() {
        let code = "from enum import Enum\nclass E(str, Enum):\n    A = 'a'\n    B = 'b'\n";
        assert_eq!(
            value(&format!("{code}x = (E.A.value, E.B.name, E('a') is E.A, E['B'].value, [e.value for e in E])\n")),
            "[\"a\", \"B\", True, \"b\", [\"a\", \"b\"]]"
        );
        assert_eq!(value(&format!("{code}x = E.A == 'a'\n")), "True");
        assert_eq!(value(&format!("{code}d = {{E.A: 1}}\nx = (d[E.A], d['a'], 'b' in d)\n")), "[1, 1, False]");
        assert_eq!(value("import lib\nx = {'a': 1}.get(lib.KEY, 2)\n"), "<unknown: depends on `lib.KEY`>");
        assert_eq!(
            value(
                "class D(dict):\n    def __getitem__(self, k):\n        return super().__getitem__(k)\nx = D(a=1)['a']\n"
            ),
            "<unknown: what a built-in class does>"
        );
        assert_eq!(
            value("from enum import IntEnum, auto\nclass E(IntEnum):\n    A = auto()\n    B = auto()\nx = E.B.value\n"),
            "2"
        );
    }
}
