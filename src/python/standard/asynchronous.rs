//! `asyncio`, threads, executors and their kin: what they are handed is run here and now.

use std::rc::Rc;

use crate::python::builtins::list;
use crate::python::dotted;
use crate::python::dotted::last;
use crate::python::evaluate::{Frame, Machine, Outcome};
use crate::python::library::Library;
use crate::python::value::Value;
use crate::python::value::term::{Argument, Arguments, Term, TermKind};
use crate::source::Span;

/// Libraries that run coroutines and functions.
pub struct Asynchronous;

/// Libraries that have event loops, threads or executors.
const PACKAGES: &[&str] = &["asyncio", "uvloop", "anyio", "trio", "asgiref", "threading", "concurrent", "nest_asyncio"];

impl<'t> Library<'t> for Asynchronous {
    fn call(
        &self,
        machine: &mut Machine<'t>,
        callee: &Rc<Term<'t>>,
        arguments: &Rc<Arguments<'t>>,
        span: Span,
    ) -> Option<Outcome<'t>> {
        let package = dotted::first(callee.root()?);
        if !PACKAGES.contains(&package) {
            return None;
        }
        let (of, name) = match &callee.kind {
            TermKind::Name(dotted) => (None, last(dotted)),
            TermKind::Attribute(of, name) => (Some(of), &**name),
            TermKind::Call(of, given) => {
                // `async_to_sync(function)(…)`, `sync_to_async(function)(…)`
                let wraps = matches!(of.dotted().map(last), Some("async_to_sync" | "sync_to_async"));
                let function = given.positional.first().filter(|_| wraps)?.value.clone();
                return Some(called(machine, &function, arguments, span));
            }
            _ => return None,
        };
        let first = arguments.positional.first().map(|first| first.value.clone());
        match (package, name) {
            ("anyio" | "trio", "run" | "start_soon") => Some(called(machine, &first?, &behind(arguments, 1), span)),
            (_, "run" | "run_until_complete" | "wait_for" | "shield") => Some(awaited(machine, &first?, span)),
            (_, "gather") => {
                let mut results = Vec::new();
                for argument in &arguments.positional {
                    match awaited(machine, &argument.value, span) {
                        Ok(value) => results.push(value),
                        Err(raised) => return Some(Err(raised)),
                    }
                }
                Some(Ok(list(results)))
            }
            (_, "create_task" | "ensure_future" | "run_coroutine_threadsafe") => {
                let value = match awaited(machine, &first?, span) {
                    Ok(value) => value,
                    Err(raised) => return Some(Err(raised)),
                };
                Some(Ok(task(machine, callee, arguments, value, span)))
            }
            (_, "to_thread" | "run_sync") if of.is_none() => {
                Some(called(machine, &first?, &behind(arguments, 1), span))
            }
            (_, "run_in_executor") => {
                let function = arguments.positional.get(1)?.value.clone();
                Some(called(machine, &function, &behind(arguments, 2), span))
            }
            (_, "submit" | "call_soon" | "call_soon_threadsafe" | "add_task") => {
                let value = match called(machine, &first?, &behind(arguments, 1), span) {
                    Ok(value) => value,
                    Err(raised) => return Some(Err(raised)),
                };
                Some(Ok(task(machine, callee, arguments, value, span)))
            }
            ("threading", "start") => {
                let (_, given) = of?.call()?;
                let target = given.keyword("target").map(|keyword| keyword.value.clone())?;
                let positional = given.keyword("args").and_then(|keyword| keyword.value.items()).unwrap_or_default();
                let given = crate::python::builtins::positional(positional, span);
                Some(called(machine, &target, &given, span).map(|_| Value::None))
            }
            (_, "result") if arguments.positional.len() <= 1 => Some(Ok(of?.fields.get("<result>")?)),
            ("asyncio", "get_running_loop") if of.is_none() && !is_in_loop(machine) => {
                Some(Err(machine.raised("RuntimeError", "no running event loop", span)))
            }
            (_, "is_running") => Some(Ok(Value::Bool(is_in_loop(machine)))),
            _ => None,
        }
    }

    fn awaited(&self, machine: &mut Machine<'t>, term: &Rc<Term<'t>>, span: Span) -> Option<Outcome<'t>> {
        let _ = (machine, span);
        let result = term.fields.get("<result>")?;
        Some(Ok(result))
    }
}

/// Does a coroutine run on paper?
fn is_in_loop(machine: &Machine<'_>) -> bool {
    machine.frames.iter().any(|frame| matches!(frame, Frame::Call(function, _) if function.is_async))
}

fn behind<'t>(arguments: &Arguments<'t>, count: usize) -> Rc<Arguments<'t>> {
    let positional: Vec<Argument<'t>> = arguments.positional.iter().skip(count).cloned().collect();
    Rc::new(Arguments { positional, keywords: arguments.keywords.clone(), open: arguments.open })
}

fn called<'t>(machine: &mut Machine<'t>, callee: &Value<'t>, arguments: &Rc<Arguments<'t>>, span: Span) -> Outcome<'t> {
    let value = machine.call(callee, arguments, span)?;
    awaited(machine, &value, span)
}

fn awaited<'t>(machine: &mut Machine<'t>, value: &Value<'t>, span: Span) -> Outcome<'t> {
    machine.await_value(value, span)
}

/// A task or future: symbolic, with its result.
fn task<'t>(
    machine: &mut Machine<'t>,
    callee: &Rc<Term<'t>>,
    arguments: &Rc<Arguments<'t>>,
    result: Value<'t>,
    span: Span,
) -> Value<'t> {
    let task = machine.call_term(callee, arguments, span);
    if let Value::Term(term) = &task {
        term.fields.set("<result>", result);
    }
    task
}

#[cfg(test)]
mod tests {
    use crate::python::standard::tests::run;

    fn value(code: &str) -> String {
        run(&[(
            "main.py",
            &format!("import asyncio\nasync def f(v=1):\n    global x\n    x = v\n    return v\n{code}"),
        )])
    }

    #[test]
    fn what_is_handed_over_is_run() {
        assert_eq!(value("asyncio.run(f())\n"), "1");
        assert_eq!(value("loop = asyncio.get_event_loop()\nloop.run_until_complete(f(2))\n"), "2");
        assert_eq!(
            value(
                "async def g():\n    t = asyncio.create_task(f(3))\n    return await t\ny = asyncio.run(g())\nx = y\n"
            ),
            "3"
        );
        assert_eq!(
            value(
                "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor() as p:\n    x = p.submit(asyncio.run, f(4)).result()\n"
            ),
            "4"
        );
        assert_eq!(value("import threading\nt = threading.Thread(target=lambda: asyncio.run(f(5)))\nt.start()\n"), "5");
        assert_eq!(
            value(
                "try:\n    loop = asyncio.get_running_loop()\nexcept RuntimeError:\n    loop = None\nif loop:\n    pass\nelse:\n    asyncio.run(f(8))\n"
            ),
            "8"
        );
        assert_eq!(
            value("async def g():\n    a, b = await asyncio.gather(f(6), f(7))\n    return b\nx = asyncio.run(g())\n"),
            "7"
        );
    }
}
