//! stub
use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::*;
use crate::source::Span;
use std::rc::Rc;
pub fn builtin_named(_: &str) -> Option<&'static str> {
    None
}
pub fn exception_is(_: &str, _: &str) -> bool {
    false
}
pub fn builtin_attribute<'t>(_: &mut Machine<'t>, _: &Value<'t>, _: &str, _: Span) -> Option<Outcome<'t>> {
    None
}
pub fn call_method<'t>(m: &mut Machine<'t>, _: &Value<'t>, _: &str, _: &Rc<Arguments<'t>>, s: Span) -> Outcome<'t> {
    Ok(m.unknown(s, ""))
}
pub fn call_builtin<'t>(m: &mut Machine<'t>, _: &'static str, _: &Rc<Arguments<'t>>, s: Span) -> Outcome<'t> {
    Ok(m.unknown(s, ""))
}
pub fn key_of(value: &Value<'_>) -> Option<Key> {
    value.as_str().map(|s| Key::Str(s.into()))
}
pub fn value_of_key<'t>(_: &Key, _: Span) -> Option<Value<'t>> {
    None
}
pub fn to_text(_: &Value<'_>) -> Option<String> {
    None
}
pub fn format_value<'t>(_: &mut Machine<'t>, _: &Value<'t>, _: &str, _: Option<char>) -> Option<String> {
    None
}
pub fn binary<'t>(_: &mut Machine<'t>, _: &str, _: &Value<'t>, _: &Value<'t>, _: Span) -> Option<Outcome<'t>> {
    None
}
pub fn compare<'t>(_: &mut Machine<'t>, _: &str, _: &Value<'t>, _: &Value<'t>) -> Option<bool> {
    None
}
