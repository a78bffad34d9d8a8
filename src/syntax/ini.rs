//! An ini file → sections and options with spans, by the rules of Python's `ConfigParser` as Alembic uses it.
//!
//! `=` and `:` both delimit, keys are case-folded, an indented line continues the value above, `#` and `;` comment only
//! whole lines, a second section or key of the same name is an error, `[DEFAULT]` lends its options to all sections.
//! Interpolation (`%(name)s`, `%%`) happens on reading a value, and its failure is a value too.

use crate::source::{FileId, Span};
use crate::syntax::python::SyntaxProblem;

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ini {
    /// The sections in order, `[DEFAULT]` not among them.
    pub sections: Vec<Section>,
    /// The options of `[DEFAULT]`.
    pub defaults: Vec<IniOption>,
}

/// `[name]` and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The name, as written.
    pub name: String,
    /// The header, brackets included.
    pub header: Span,
    /// The options in order.
    pub options: Vec<IniOption>,
}

/// `key = value`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IniOption {
    /// The key, in lower case.
    pub key: String,
    /// The key as it stands in the file.
    pub key_span: Span,
    /// The value before interpolation; lines joined by line feeds, each without its indentation.
    pub raw: String,
    /// The value in the file, all its lines; empty where the value is empty.
    pub span: Span,
}

/// Why the interpolation of a value fails, in ConfigParser's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InterpolationError {
    /// A `%` that begins nothing, at this offset of the raw value.
    Syntax {
        /// The exception's text.
        message: String,
        /// The offset of the `%` in the raw value of [`InterpolationError::Syntax::option`].
        at: usize,
        /// The option whose raw value has it: the one asked for, or one that it refers to.
        option: String,
    },
    /// `%(name)s` where there is no such option.
    Missing {
        /// The name.
        name: String,
        /// The option whose value refers to it.
        option: String,
    },
    /// Options refer to each other in a circle.
    Depth,
}

impl InterpolationError {
    /// The exception class and its text as Python prints them.
    pub fn words(&self, section: &str) -> String {
        match self {
            InterpolationError::Syntax { message, .. } => {
                format!("configparser.InterpolationSyntaxError: {message}")
            }
            InterpolationError::Missing { name, option } => format!(
                "configparser.InterpolationMissingOptionError: Bad value substitution: option '{option}' in section \
                 '{section}' contains an interpolation key '{name}' which is not a valid option name"
            ),
            InterpolationError::Depth => "configparser.InterpolationDepthError: Recursion limit exceeded".to_owned(),
        }
    }
}

impl Ini {
    /// The section called `name`.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// The option `key` of `section`, or the one that `[DEFAULT]` lends it.
    pub fn option(&self, section: &str, key: &str) -> Option<&IniOption> {
        let own = self.section(section).into_iter().flat_map(|section| &section.options);
        own.chain(&self.defaults).find(|option| option.key == key)
    }

    /// The value of an option of `section` after interpolation. `given` are the defaults that the program brings
    /// (`here`), weaker than what the file says.
    ///
    /// # Errors
    /// Why the interpolation fails.
    pub fn value(
        &self,
        section: &str,
        option: &IniOption,
        given: &[(&str, &str)],
    ) -> Result<String, InterpolationError> {
        let mut value = String::new();
        self.interpolate(section, &option.key, &option.raw, given, 1, &mut value)?;
        Ok(value)
    }

    fn interpolate(
        &self,
        section: &str,
        key: &str,
        raw: &str,
        given: &[(&str, &str)],
        depth: usize,
        value: &mut String,
    ) -> Result<(), InterpolationError> {
        if depth > 10 {
            return Err(InterpolationError::Depth);
        }
        let mut rest = raw;
        while let Some(at) = rest.find('%') {
            value.push_str(&rest[..at]);
            rest = &rest[at..];
            let syntax = |message: String| InterpolationError::Syntax {
                message,
                at: raw.len() - rest.len(),
                option: key.to_owned(),
            };
            if let Some(behind) = rest.strip_prefix("%%") {
                value.push('%');
                rest = behind;
            } else if let Some(inside) = rest.strip_prefix("%(") {
                let Some((name, behind)) = inside.split_once(')').and_then(|(name, behind)| {
                    let behind = behind.strip_prefix('s')?;
                    (!name.is_empty()).then_some((name.to_lowercase(), behind))
                }) else {
                    return Err(syntax(format!("bad interpolation variable reference '{rest}'")));
                };
                if let Some(found) = self.option(section, &name) {
                    self.interpolate(section, &found.key, &found.raw, given, depth + 1, value)?;
                } else if let Some((_, found)) = given.iter().find(|(given, _)| *given == name) {
                    value.push_str(found);
                } else {
                    return Err(InterpolationError::Missing { name, option: key.to_owned() });
                }
                rest = behind;
            } else {
                return Err(syntax(format!("'%' must be followed by '%' or '(', found: '{rest}'")));
            }
        }
        value.push_str(rest);
        Ok(())
    }
}

/// `ConfigParser.set` refuses a value with a lone `%`: the position that its message names.
pub fn refused_percent(value: &str) -> Option<usize> {
    let mut rest = value.replace("%%", "");
    while let Some((start, end)) = reference(&rest) {
        rest.replace_range(start..end, "");
    }
    rest.find('%')
}

fn reference(text: &str) -> Option<(usize, usize)> {
    text.match_indices("%(").find_map(|(start, _)| {
        let close = text[start..].find(')')? + start;
        (close > start + 2 && text[close..].starts_with(")s")).then_some((start, close + 2))
    })
}

/// Reads `text`. What Python would refuse is a problem, and reading goes on.
pub fn read(file: FileId, text: &str) -> (Ini, Vec<SyntaxProblem>) {
    let mut reader = Reader { file, ini: Ini::default(), place: Place::Nowhere, indent: 0, problems: Vec::new() };
    let mut start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    while start < text.len() {
        let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        reader.line(&text[start..end], start);
        start = end + 1;
    }
    reader.close();
    (reader.ini, reader.problems)
}

/// Where the lines being read belong.
enum Place {
    Nowhere,
    /// The number of a section, or `None` for `[DEFAULT]`; whether an option is open for continuation.
    In(Option<usize>, bool),
}

struct Reader {
    file: FileId,
    ini: Ini,
    place: Place,
    indent: usize,
    problems: Vec<SyntaxProblem>,
}

impl Reader {
    fn line(&mut self, line: &str, start: usize) {
        let value = line.trim();
        let at = start + (line.len() - line.trim_start().len());
        let span = Span::new(self.file, at..at + value.len());
        if value.starts_with(['#', ';']) {
            return;
        }
        if value.is_empty() {
            if let Some(option) = self.open_option() {
                option.raw.push('\n');
            }
            return;
        }
        let indent = line.chars().take_while(|found| found.is_whitespace()).count();
        if indent > self.indent
            && let Some(option) = self.open_option()
        {
            if option.raw.is_empty() {
                option.span = Span { start: span.start, end: span.start, ..span };
            }
            option.raw.push('\n');
            option.raw.push_str(value);
            option.span = option.span.to(span);
            return;
        }
        self.indent = indent;
        if let Some((name, header)) = section_header(value) {
            self.close();
            self.begin(name, Span::new(self.file, at..at + header));
        } else if let Place::In(number, _) = self.place {
            self.close();
            self.option(value, at, number);
        } else {
            self.problem(span, "a section header must come before this line (configparser.MissingSectionHeaderError)");
        }
    }

    fn open_option(&mut self) -> Option<&mut IniOption> {
        match self.place {
            Place::In(Some(number), true) => self.ini.sections.get_mut(number)?.options.last_mut(),
            Place::In(None, true) => self.ini.defaults.last_mut(),
            _ => None,
        }
    }

    /// Python cuts the empty lines off the end of a value.
    fn close(&mut self) {
        if let Some(option) = self.open_option() {
            option.raw.truncate(option.raw.trim_end().len());
        }
        if let Place::In(_, open) = &mut self.place {
            *open = false;
        }
    }

    fn begin(&mut self, name: &str, header: Span) {
        if name == "DEFAULT" {
            self.place = Place::In(None, false);
            return;
        }
        if let Some(number) = self.ini.sections.iter().position(|section| section.name == name) {
            self.problem(header, format!("section `{name}` is already there (configparser.DuplicateSectionError)"));
            self.place = Place::In(Some(number), false);
            return;
        }
        self.ini.sections.push(Section { name: name.to_owned(), header, options: Vec::new() });
        self.place = Place::In(Some(self.ini.sections.len() - 1), false);
    }

    fn option(&mut self, line: &str, at: usize, number: Option<usize>) {
        let span = Span::new(self.file, at..at + line.len());
        let Some((key, value)) = line.split_once(['=', ':']) else {
            self.problem(span, "this line is no `key = value` (configparser.ParsingError)");
            return;
        };
        let key = key.trim_end();
        if key.is_empty() {
            self.problem(span, "this line is no `key = value` (configparser.ParsingError)");
            return;
        }
        let value = value.trim();
        let value_start = at + line.len() - value.len();
        let option = IniOption {
            key: key.to_lowercase(),
            key_span: Span::new(self.file, at..at + key.len()),
            raw: value.to_owned(),
            span: Span::new(self.file, value_start..value_start + value.len()),
        };
        let options = match number {
            Some(number) => &mut self.ini.sections[number].options,
            None => &mut self.ini.defaults,
        };
        if options.iter().any(|other| other.key == option.key) {
            self.problem(
                option.key_span,
                format!("option `{}` is already there (configparser.DuplicateOptionError)", option.key),
            );
            return;
        }
        options.push(option);
        self.place = Place::In(number, true);
    }

    fn problem(&mut self, span: Span, message: impl Into<String>) {
        self.problems.push(SyntaxProblem { span, message: message.into() });
    }
}

/// The name in `[name]` and the length of the header.
fn section_header(line: &str) -> Option<(&str, usize)> {
    let inside = line.strip_prefix('[')?;
    let close = inside.rfind(']')?;
    (close > 0).then(|| (&inside[..close], close + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Ini {
        let (ini, problems) = read(FileId(0), text);
        assert_eq!(problems, []);
        ini
    }

    fn value(ini: &Ini, section: &str, key: &str) -> Result<String, InterpolationError> {
        ini.value(section, ini.option(section, key).expect("the option"), &[("here", "/h")])
    }

    #[test]
    fn options_have_places() {
        let text =
            "\u{feff}# note\n[alembic]\r\nScript_Location : migrations  ; kept\r\n  ; note\nx=\n  a\n\n  b\n\ny = é\n";
        let ini = parsed(text);
        assert_eq!(value(&ini, "alembic", "script_location").as_deref(), Ok("migrations  ; kept"));
        let x = ini.option("alembic", "x").expect("x");
        assert_eq!((x.raw.as_str(), &text[x.span.range()]), ("\na\n\nb", "a\n\n  b"));
        let y = ini.option("alembic", "y").expect("y");
        assert_eq!((&text[y.key_span.range()], &text[y.span.range()]), ("y", "é"));
        assert_eq!(&text[ini.sections[0].header.range()], "[alembic]");
    }

    #[test]
    fn interpolation() {
        let ini = parsed(
            "[DEFAULT]\nuser = me\n[a]\nx = %(here)s/%(User)s%%\ny = p%40ss\nz = %(year)d\nw = %(nope)s\nl = %(l)s\n",
        );
        assert_eq!(value(&ini, "a", "x").as_deref(), Ok("/h/me%"));
        assert!(matches!(value(&ini, "a", "y"), Err(InterpolationError::Syntax { at: 1, .. })));
        assert!(matches!(value(&ini, "a", "z"), Err(InterpolationError::Syntax { at: 0, .. })));
        assert!(matches!(value(&ini, "a", "w"), Err(InterpolationError::Missing { .. })));
        assert_eq!(value(&ini, "a", "l"), Err(InterpolationError::Depth));
    }

    #[test]
    fn what_python_refuses_is_told() {
        let (ini, problems) = read(FileId(0), "x = 1\n[a]\nk = 1\nK = 2\nalone\n[a]\nj = 1\n");
        assert_eq!(problems.len(), 4);
        assert_eq!(ini.sections.len(), 1);
        assert_eq!(ini.sections[0].options.len(), 2);
    }

    #[test]
    fn what_set_refuses() {
        assert_eq!(refused_percent("postgresql+psycopg2://shop:p%40ss@localhost/shop"), Some(28));
        assert_eq!(refused_percent("a%%b%(x)s"), None);
    }
}
