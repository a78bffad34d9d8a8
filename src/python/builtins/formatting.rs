//! Values → texts: `str()`, `repr()`, format specifications, `str.format` and `%`.

use crate::python::builtins::{made, origins, why_not};
use crate::python::evaluate::{Machine, Outcome};
use crate::python::value::term::Arguments;
use crate::python::value::text::Str;
use crate::python::value::{Key, Value};
use crate::source::Span;

/// A text to be made, larger than this, is not made.
const LONGEST: usize = 1 << 16;

/// `str(value)`, where that can be told.
pub fn to_text(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Str(text) => Some(text.text.to_string()),
        Value::Path(path) => Some(path.to_string()),
        Value::Term(term) => crate::python::standard::text_of(term).map(|text| text.text.to_string()),
        Value::Object(object) => match crate::python::standard::enums::member(object) {
            Some(_) if crate::python::standard::enums::is_text(&object.class) => {
                object.attributes.borrow().get("value").and_then(to_text)
            }
            Some(name) => Some(format!("{}.{name}", object.class.name)),
            None => None,
        },
        value => repr(value),
    }
}

/// `repr(value)`, where that can be told.
pub fn repr(value: &Value<'_>) -> Option<String> {
    repr_within(value, &mut { REPR_PARTS }, REPR_DEPTH)
}

/// A text of more parts than this is not made: containers can hold the same one over and over.
const REPR_PARTS: usize = 10_000;
/// Nor that of containers deeper than this: they can hold themselves.
const REPR_DEPTH: usize = 50;

fn repr_within(value: &Value<'_>, parts: &mut usize, depth: usize) -> Option<String> {
    *parts = parts.checked_sub(1)?;
    let depth = depth.checked_sub(1)?;
    let mut all = |items: &[Value<'_>]| {
        Some(items.iter().map(|item| repr_within(item, parts, depth)).collect::<Option<Vec<_>>>()?.join(", "))
    };
    Some(match value {
        Value::None => "None".to_owned(),
        Value::Ellipsis => "Ellipsis".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => float(*number),
        Value::Str(text) => quoted(&text.text),
        Value::Bytes(bytes) => format!("b{}", quoted(std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii())?)),
        Value::Path(path) => format!("PosixPath({})", quoted(path)),
        Value::Tuple(items) if items.len() == 1 => format!("({},)", all(items)?),
        Value::Tuple(items) => format!("({})", all(items)?),
        Value::List(list) if !list.open.get() => format!("[{}]", all(&list.items.borrow())?),
        Value::Set(list) if !list.open.get() => match &**list.items.borrow() {
            [] => "set()".to_owned(),
            items => format!("{{{}}}", all(items)?),
        },
        Value::Dict(dict) if !dict.open.get() => {
            let entries = dict.entries.borrow();
            let entries = entries
                .iter()
                .map(|(key, value)| Some(format!("{}: {}", key_repr(key)?, repr_within(value, parts, depth)?)));
            format!("{{{}}}", entries.collect::<Option<Vec<_>>>()?.join(", "))
        }
        Value::Builtin(name) => format!("<class '{name}'>"),
        _ => return None,
    })
}

fn key_repr(key: &Key) -> Option<String> {
    Some(match key {
        Key::None => "None".to_owned(),
        Key::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        Key::Int(number) => number.to_string(),
        Key::Str(text) if text.starts_with("<term ") || text.starts_with("<built-in ") => return None,
        Key::Str(text) => quoted(text),
        Key::Tuple(keys) => {
            let comma = if keys.len() == 1 { "," } else { "" };
            format!("({}{comma})", keys.iter().map(key_repr).collect::<Option<Vec<_>>>()?.join(", "))
        }
        Key::Identity(_) => return None,
    })
}

fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::from(quote);
    for character in text.chars() {
        match character {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\\' => quoted.push_str("\\\\"),
            character if character == quote => quoted.extend(['\\', quote]),
            character if character.is_control() => quoted.push_str(&format!("\\x{:02x}", character as u32)),
            character => quoted.push(character),
        }
    }
    quoted.push(quote);
    quoted
}

fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    if number != 0.0 && (number.abs() >= 1e16 || number.abs() < 1e-4) {
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    format!("{number:?}")
}

/// `format(value, spec)` after the conversion (`'r'`, `'s'`, `'a'`) of an f-string or `str.format` field.
pub fn format_value<'t>(
    machine: &mut Machine<'t>,
    value: &Value<'t>,
    spec: &str,
    conversion: Option<char>,
) -> Option<String> {
    if let (Value::Object(object), None | Some('s')) = (value, conversion) {
        for name in ["__format__", "__str__"] {
            if (name == "__str__" || conversion.is_none()) && object.class.lookup(name).ok()?.is_some() {
                let method = machine.attribute(value, name, object.span).ok()?;
                let given = (name == "__format__").then(|| Value::literal(spec, object.span));
                let text = machine.call(&method, &super::positional(given, object.span), object.span).ok()?;
                return Some(text.as_str()?.to_owned());
            }
        }
    }
    match conversion {
        Some('r' | 'a') => apply(&repr(value)?, spec),
        Some(_) => apply(&to_text(value)?, spec),
        None if spec.is_empty() => to_text(value),
        None => formatted(value, spec),
    }
}

/// `format(value, spec)` of a constant.
fn formatted(value: &Value<'_>, spec: &str) -> Option<String> {
    match value {
        Value::Int(number) => {
            let spec = Spec::read(spec)?;
            let digits = match spec.kind {
                None | Some('d' | 'n') => number.unsigned_abs().to_string(),
                Some('x') => format!("{:x}", number.unsigned_abs()),
                Some('X') => format!("{:X}", number.unsigned_abs()),
                Some('o') => format!("{:o}", number.unsigned_abs()),
                Some('b') => format!("{:b}", number.unsigned_abs()),
                Some('c') => return Some(char::from_u32(u32::try_from(*number).ok()?)?.to_string()),
                Some(_) => return spec.float(*number as f64),
            };
            let prefix = match spec.kind {
                Some(kind @ ('x' | 'X' | 'o' | 'b')) if spec.alternate => format!("0{kind}"),
                _ => String::new(),
            };
            Some(spec.number(*number < 0, &prefix, &digits))
        }
        Value::Float(number) => {
            let spec = Spec::read(spec)?;
            spec.float(*number)
        }
        value => apply(&to_text(value)?, spec),
    }
}

/// A text in a format specification of its own.
fn apply(text: &str, spec: &str) -> Option<String> {
    if spec.is_empty() {
        return Some(text.to_owned());
    }
    let spec = Spec::read(spec)?;
    if !matches!(spec.kind, None | Some('s')) {
        return None;
    }
    let kept: String = text.chars().take(spec.precision.unwrap_or(usize::MAX)).collect();
    Some(spec.pad(&kept, '<'))
}

/// A format specification: `[[fill]align][sign][#][0][width][,][.precision][type]`.
#[derive(Default)]
struct Spec {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Spec {
    fn read(text: &str) -> Option<Spec> {
        let mut spec = Spec::default();
        let letters: Vec<char> = text.chars().collect();
        let mut at = 0;
        let is_align = |at: usize| letters.get(at).is_some_and(|letter| "<>^=".contains(*letter));
        if is_align(1) {
            spec.fill = letters.first().copied();
            spec.align = letters.get(1).copied();
            at = 2;
        } else if is_align(0) {
            spec.align = letters.first().copied();
            at = 1;
        }
        let mut take = |wanted: &str| {
            let found = letters.get(at).copied().filter(|letter| wanted.contains(*letter));
            at += usize::from(found.is_some());
            found
        };
        spec.sign = take("+- ");
        take("z");
        spec.alternate = take("#").is_some();
        if take("0").is_some() && spec.align.is_none() {
            (spec.fill, spec.align) = (spec.fill.or(Some('0')), Some('='));
        }
        while let Some(digit) = take("0123456789") {
            spec.width = spec.width.saturating_mul(10).saturating_add(digit as usize - '0' as usize);
        }
        spec.grouping = take(",_");
        if take(".").is_some() {
            let mut precision = 0_usize;
            while let Some(digit) = take("0123456789") {
                precision = precision.saturating_mul(10).saturating_add(digit as usize - '0' as usize);
            }
            spec.precision = Some(precision);
        }
        spec.kind = take("bcdeEfFgGnosxX%");
        (at == letters.len() && spec.width <= LONGEST && spec.precision.unwrap_or(0) <= 1000).then_some(spec)
    }

    fn pad(&self, text: &str, default: char) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        let fill = self.fill.unwrap_or(' ');
        let (before, after) = match self.align.unwrap_or(default) {
            '<' => (0, missing),
            '^' => (missing / 2, missing - missing / 2),
            _ => (missing, 0),
        };
        std::iter::repeat_n(fill, before).chain(text.chars()).chain(std::iter::repeat_n(fill, after)).collect()
    }

    fn number(&self, is_negative: bool, prefix: &str, digits: &str) -> String {
        let sign = match (is_negative, self.sign) {
            (true, _) => "-",
            (false, Some('+')) => "+",
            (false, Some(' ')) => " ",
            _ => "",
        };
        let digits = match self.grouping {
            Some(mark) => grouped(digits, mark),
            None => digits.to_owned(),
        };
        if self.align == Some('=') {
            let used = sign.len() + prefix.len() + digits.chars().count();
            let fill: String = std::iter::repeat_n(self.fill.unwrap_or(' '), self.width.saturating_sub(used)).collect();
            return format!("{sign}{prefix}{fill}{digits}");
        }
        self.pad(&format!("{sign}{prefix}{digits}"), '>')
    }

    fn float(&self, number: f64) -> Option<String> {
        let size = number.abs();
        let digits = match self.kind {
            Some('f' | 'F') => format!("{size:.*}", self.precision.unwrap_or(6)),
            Some('%') => format!("{:.*}%", self.precision.unwrap_or(6), size * 100.0),
            None if self.precision.is_none() => float(size),
            _ => return None,
        };
        Some(self.number(number.is_sign_negative() && number != 0.0, "", &digits))
    }
}

fn grouped(digits: &str, mark: char) -> String {
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::new();
    for (number, digit) in whole.chars().enumerate() {
        if number > 0 && (whole.len() - number) % 3 == 0 {
            grouped.push(mark);
        }
        grouped.push(digit);
    }
    grouped + rest
}

/// `template % values`
pub fn percent_format<'t>(machine: &mut Machine<'t>, template: &Str, values: &Value<'t>, span: Span) -> Outcome<'t> {
    let mut result = String::new();
    let mut letters = template.text.chars().peekable();
    let mut next_value = 0;
    while let Some(letter) = letters.next() {
        if letter != '%' {
            result.push(letter);
            continue;
        }
        let mut key = None;
        if letters.next_if_eq(&'(').is_some() {
            key = Some(letters.by_ref().take_while(|letter| *letter != ')').collect::<String>());
        }
        let mut flags = String::new();
        while let Some(flag) = letters.next_if(|letter| "#0- +".contains(*letter)) {
            flags.push(flag);
        }
        let mut size = String::new();
        while let Some(digit) = letters.next_if(|letter| letter.is_ascii_digit() || *letter == '.') {
            size.push(digit);
        }
        let Some(kind) = letters.next() else {
            return Err(machine.raised("ValueError", "incomplete format", span));
        };
        if kind == '%' {
            result.push('%');
            continue;
        }
        let value = match (&key, values) {
            (Some(key), Value::Dict(dict)) => match dict.entries.borrow().get(&Key::Str(key.as_str().into())) {
                Some(value) => value.clone(),
                None if dict.open.get() => return Ok(why_not(values, span)),
                None => return Err(machine.raised("KeyError", format!("'{key}'"), span)),
            },
            (None, Value::Tuple(items)) => match items.get(next_value) {
                Some(value) => value.clone(),
                None => return Err(machine.raised("TypeError", "not enough arguments for format string", span)),
            },
            (None, Value::OneOf(_) | Value::Unknown(_)) | (Some(_), _) => return Ok(why_not(values, span)),
            (None, value) if next_value == 0 => value.clone(),
            (None, _) => return Err(machine.raised("TypeError", "not enough arguments for format string", span)),
        };
        next_value += 1;
        let align = if flags.contains('-') { "<" } else { ">" };
        let sign = if flags.contains('+') { "+" } else { "" };
        let zero = if flags.contains('0') && !flags.contains('-') { "0" } else { "" };
        let text = match (kind, &value) {
            ('s', value) => {
                format_value(machine, value, "", Some('s')).and_then(|text| apply(&text, &format!("{align}{size}")))
            }
            ('r' | 'a', value) => repr(value).and_then(|text| apply(&text, &format!("{align}{size}"))),
            ('d' | 'i' | 'u', Value::Int(number)) if size.contains('.') => {
                let (width, digits) = size.split_once('.').unwrap_or((&size, ""));
                let digits = digits.parse().unwrap_or(0).min(LONGEST);
                let sign = if *number < 0 { "-" } else { sign };
                apply(&format!("{sign}{:0>digits$}", number.unsigned_abs()), &format!("{align}{width}"))
            }
            ('d' | 'i' | 'u', Value::Int(_)) => {
                let align = if zero.is_empty() { align } else { "" };
                formatted(&value, &format!("{align}{sign}{zero}{size}d"))
            }
            ('d' | 'i' | 'u', Value::Bool(value)) => Some(i64::from(*value).to_string()),
            ('x' | 'X' | 'o', Value::Int(_)) | ('f' | 'F', Value::Int(_) | Value::Float(_)) => {
                let align = if zero.is_empty() { align } else { "" };
                formatted(&value, &format!("{align}{sign}{zero}{size}{kind}"))
            }
            ('d' | 'i' | 'u' | 'f', Value::Str(_)) => {
                let message = format!("%{kind} format: a real number is required, not str");
                return Err(machine.raised("TypeError", message, span));
            }
            _ => None,
        };
        match text {
            Some(text) => result.push_str(&text),
            None => return Ok(why_not(&value, span)),
        }
        if result.len() > LONGEST {
            return Ok(Value::unknown(span, "a very long text"));
        }
    }
    if let Value::Tuple(items) = values
        && next_value < items.len()
    {
        return Err(machine.raised("TypeError", "not all arguments converted during string formatting", span));
    }
    let mut from = vec![template.origin.clone()];
    from.extend(origins([values]));
    Ok(made(result, span, from))
}

/// `template.format(…)`
pub fn brace_format<'t>(
    machine: &mut Machine<'t>,
    template: &Str,
    arguments: &Arguments<'t>,
    span: Span,
) -> Outcome<'t> {
    let mut automatic = 0;
    match braces(machine, &template.text, arguments, &mut automatic, 0, span)? {
        Ok(text) => {
            let mut from = vec![template.origin.clone()];
            from.extend(origins(arguments.values()));
            Ok(made(text, span, from))
        }
        Err(unknown) => Ok(unknown),
    }
}

type Pieces<'t> = Result<Result<String, Value<'t>>, Box<crate::python::evaluate::Raised<'t>>>;

fn braces<'t>(
    machine: &mut Machine<'t>,
    template: &str,
    arguments: &Arguments<'t>,
    automatic: &mut usize,
    depth: usize,
    span: Span,
) -> Pieces<'t> {
    let mut result = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        result.push_str(&rest[..at]);
        let (brace, after) = rest[at..].split_at(1);
        if let Some(after) = after.strip_prefix(brace) {
            result.push_str(brace);
            rest = after;
            continue;
        }
        if brace == "}" {
            return Err(machine.raised("ValueError", "Single '}' encountered in format string", span));
        }
        let Some(end) = closing(after) else {
            return Err(machine.raised("ValueError", "expected '}' before end of string", span));
        };
        let field = &after[..end];
        rest = &after[end + 1..];
        let (name, spec) = field.split_once(':').unwrap_or((field, ""));
        let (name, conversion) = match name.split_once('!') {
            Some((name, conversion)) => (name, conversion.chars().next()),
            None => (name, None),
        };
        let spec = if spec.contains('{') && depth < 2 {
            match braces(machine, spec, arguments, automatic, depth + 1, span)? {
                Ok(spec) => spec,
                unknown => return Ok(unknown),
            }
        } else {
            spec.to_owned()
        };
        let value = field_value(machine, name, arguments, automatic, span)?;
        match format_value(machine, &value, &spec, conversion) {
            Some(text) => result.push_str(&text),
            None => return Ok(Err(why_not(&value, span))),
        }
        if result.len() > LONGEST {
            return Ok(Err(Value::unknown(span, "a very long text")));
        }
    }
    result.push_str(rest);
    Ok(Ok(result))
}

fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn field_value<'t>(
    machine: &mut Machine<'t>,
    name: &str,
    arguments: &Arguments<'t>,
    automatic: &mut usize,
    span: Span,
) -> Outcome<'t> {
    let end = name.find(['.', '[']).unwrap_or(name.len());
    let (first, mut path) = name.split_at(end);
    let position = if first.is_empty() {
        *automatic += 1;
        Some(*automatic - 1)
    } else {
        first.parse().ok()
    };
    let found = match position {
        Some(position) => arguments.positional.get(position).map(|argument| argument.value.clone()),
        None => arguments.keyword(first).map(|keyword| keyword.value.clone()),
    };
    let mut value = match found {
        Some(value) => value,
        None if arguments.open => return Ok(Value::unknown(span, "arguments that can't be read")),
        None if position.is_some() => {
            let message = "Replacement index out of range for positional args tuple";
            return Err(machine.raised("IndexError", message, span));
        }
        None => return Err(machine.raised("KeyError", format!("'{first}'"), span)),
    };
    while !path.is_empty() {
        if let Some(rest) = path.strip_prefix('.') {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            value = machine.attribute(&value, &rest[..end], span)?;
            path = &rest[end..];
        } else {
            let Some((key, rest)) = path.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
                return Ok(Value::unknown(span, "a replacement field that can't be read"));
            };
            let key = key.parse().map_or_else(|_| Value::literal(key, span), Value::Int);
            value = machine.item(&value, &key, span)?;
            path = rest;
        }
    }
    Ok(value)
}

/// `template.format_map(mapping)`
pub fn format_map<'t>(machine: &mut Machine<'t>, template: &Str, mapping: &Value<'t>, span: Span) -> Outcome<'t> {
    let Value::Dict(dict) = mapping else { return Ok(why_not(mapping, span)) };
    let entries = dict.entries.borrow();
    let keywords = entries.iter().filter_map(|(key, value)| match key {
        Key::Str(name) => {
            Some(crate::python::value::term::Keyword { name: name.clone(), value: value.clone(), span, whole: span })
        }
        _ => None,
    });
    let arguments = Arguments { keywords: keywords.collect(), open: dict.open.get(), ..Arguments::default() };
    drop(entries);
    brace_format(machine, template, &arguments, span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::builtins::{dict, list};
    use crate::source::FileId;

    fn text(text: &str) -> Value<'static> {
        Value::literal(text, Span::start_of(FileId(0)))
    }

    #[test]
    fn repr_is_pythons() {
        assert_eq!(repr(&list(vec![text("it's"), Value::Int(1), Value::None])).as_deref(), Some("[\"it's\", 1, None]"));
        assert_eq!(repr(&Value::Tuple(std::rc::Rc::new(vec![Value::Bool(true)]))).as_deref(), Some("(True,)"));
        assert_eq!(repr(&dict([(Key::Str("a".into()), Value::Float(1.0))])).as_deref(), Some("{'a': 1.0}"));
        assert_eq!(to_text(&Value::Float(1e20)).as_deref(), Some("1e+20"));
        assert_eq!(to_text(&Value::Float(0.00001)).as_deref(), Some("1e-05"));
        assert_eq!(to_text(&Value::unknown(Span::start_of(FileId(0)), "x")), None);
    }

    #[test]
    fn specifications_are_pythons() {
        let format = |value: &Value<'_>, spec: &str| formatted(value, spec).expect("is formatted");
        assert_eq!(format(&Value::Int(7), "03d"), "007");
        assert_eq!(format(&Value::Int(-7), "04"), "-007");
        assert_eq!(format(&Value::Int(1234567), ",").as_str(), "1,234,567");
        assert_eq!(format(&Value::Int(255), "#x"), "0xff");
        assert_eq!(format(&Value::Float(1.23456), ".2f"), "1.23");
        assert_eq!(format(&Value::Float(0.5), ".0%"), "50%");
        assert_eq!(format(&text("ab"), "*^6"), "**ab**");
        assert_eq!(format(&text("abc"), ".2"), "ab");
        assert_eq!(format(&text("ab"), ">4"), "  ab");
        assert!(formatted(&text("ab"), "d").is_none());
    }
}
