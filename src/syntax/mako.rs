//! A Mako template → the Python that Mako makes of it, as far as the templates of revisions go: text, `${…}` with
//! filters, control lines, comments, `<% … %>`, `<%! … %>`, `<%doc>`, `<%text>`.
//!
//! The code appends to a list called [`WRITTEN`], piece by piece, each with its place in the template. Each line of it
//! knows its place, too, so that what goes wrong there is said of the template.

/// The list that holds the text in the end.
pub const WRITTEN: &str = "_written";

/// A template as Python.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compiled {
    /// The code.
    pub python: String,
    /// For each of its lines the byte of the template that it comes from.
    pub places: Vec<usize>,
}

/// What this reader does not know, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The byte of the template.
    pub at: usize,
    /// What stands there.
    pub what: String,
}

/// Compiles a template.
///
/// # Errors
/// It uses something of Mako that templates of revisions don't: `<%def>`, `<%include>`; or it ends too early.
pub fn compile(template: &str) -> Result<Compiled, Unsupported> {
    let mut compiler =
        Compiler { template, at: 0, code: Compiled::default(), indent: 0, text: String::new(), text_at: 0 };
    compiler.module_blocks()?;
    compiler.line(0, &format!("{WRITTEN} = []"));
    compiler.body()?;
    if compiler.indent > 0 {
        return Err(compiler.unsupported(template.len(), "a control line without its `% end…`"));
    }
    Ok(compiler.code)
}

struct Compiler<'t> {
    template: &'t str,
    at: usize,
    code: Compiled,
    indent: usize,
    /// Text that waits to be written.
    text: String,
    text_at: usize,
}

impl<'t> Compiler<'t> {
    fn unsupported(&self, at: usize, what: impl Into<String>) -> Unsupported {
        Unsupported { at, what: what.into() }
    }

    fn line(&mut self, at: usize, code: &str) {
        self.code.python += &"    ".repeat(self.indent);
        self.code.python += code;
        self.code.python.push('\n');
        self.code.places.push(at);
    }

    fn rest(&self) -> &'t str {
        &self.template[self.at..]
    }

    fn say(&mut self, text: &str) {
        if self.text.is_empty() {
            self.text_at = self.at;
        }
        self.text += text;
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            let at = self.text_at;
            self.line(at, &format!("{WRITTEN}.append(({at}, {}))", literal(&text)));
        }
    }

    /// `<%! … %>` runs before all else, wherever it stands.
    fn module_blocks(&mut self) -> Result<(), Unsupported> {
        let mut from = 0;
        while let Some(found) = self.template[from..].find("<%!") {
            let start = from + found;
            let end = self.template[start..].find("%>").map(|end| start + end);
            let end = end.ok_or_else(|| self.unsupported(start, "a `<%!` without `%>`"))?;
            self.block(start + 3, end);
            from = end + 2;
        }
        Ok(())
    }

    fn body(&mut self) -> Result<(), Unsupported> {
        while self.at < self.template.len() {
            let line_starts = self.at == 0 || self.template[..self.at].ends_with('\n');
            if line_starts && self.control_line()? {
                continue;
            }
            let rest = self.rest();
            if rest.starts_with("${") {
                self.expression()?;
            } else if rest.starts_with("<%") || rest.starts_with("</%") {
                self.tag()?;
            } else if let Some(end) = rest.strip_prefix("\\\r\n").or_else(|| rest.strip_prefix("\\\n")) {
                // A line that goes on.
                self.at = self.template.len() - end.len();
            } else {
                let letter = rest.chars().next().unwrap_or('\n');
                let mut bytes = [0; 4];
                self.say(letter.encode_utf8(&mut bytes));
                self.at += letter.len_utf8();
            }
        }
        self.flush();
        Ok(())
    }

    /// `% if …:`, `## …`; `%%` is a percent sign.
    fn control_line(&mut self) -> Result<bool, Unsupported> {
        let rest = self.rest();
        let bare = rest.trim_start_matches([' ', '\t']);
        let indented = rest.len() - bare.len();
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        if bare.starts_with("##") {
            self.at += end;
            return Ok(true);
        }
        if bare.starts_with("%%") {
            self.say(&rest[..indented]);
            self.at += indented + 1;
            let escaped = self.rest();
            let to = escaped.find('\n').unwrap_or(escaped.len());
            self.say(&escaped[..to]);
            self.at += to;
            return Ok(true);
        }
        let Some(code) = bare.strip_prefix('%') else { return Ok(false) };
        self.flush();
        let at = self.at + indented;
        let code = code[..end - indented - 1].trim();
        self.at += end;
        let word = code.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or("");
        match word {
            "endif" | "endfor" | "endwhile" | "endtry" | "endwith" => {
                self.line(at, "pass");
                self.indent =
                    self.indent.checked_sub(1).ok_or_else(|| self.unsupported(at, format!("a lone `% {word}`")))?;
            }
            "else" | "elif" | "except" | "finally" => {
                self.line(at, "pass");
                self.indent = self.indent.saturating_sub(1);
                self.line(at, code);
                self.indent += 1;
            }
            "if" | "for" | "while" | "try" | "with" => {
                self.line(at, code);
                self.indent += 1;
            }
            _ => return Err(self.unsupported(at, format!("the control line `% {code}`"))),
        }
        Ok(true)
    }

    /// `${value | filter, filter}`
    fn expression(&mut self) -> Result<(), Unsupported> {
        self.flush();
        let start = self.at;
        let inside = &self.template[start + 2..];
        let end = closing(inside).ok_or_else(|| self.unsupported(start, "a `${` without `}`"))?;
        let inside = &inside[..end];
        self.at = start + 2 + end + 1;
        let (value, filters) = match filter_bar(inside) {
            Some(bar) => (inside[..bar].trim(), inside[bar + 1..].split(',').map(str::trim).collect()),
            None => (inside.trim(), Vec::new()),
        };
        let mut code = format!("({})", value.replace("\r\n", " ").replace('\n', " "));
        let plain = filters.contains(&"n");
        let filters = filters.into_iter().filter(|name| *name != "n");
        for filter in (!plain).then_some("str").into_iter().chain(filters) {
            code = match filter {
                "trim" => format!("{code}.strip()"),
                "h" | "u" | "x" | "entity" => {
                    return Err(self.unsupported(start, format!("the filter `{filter}`")));
                }
                name if name.starts_with("decode.") => code,
                name => format!("{name}({code})"),
            };
        }
        self.line(start, &format!("{WRITTEN}.append(({start}, {code}))"));
        Ok(())
    }

    /// `<% … %>`, `<%doc>`, `<%text>`
    fn tag(&mut self) -> Result<(), Unsupported> {
        let start = self.at;
        let rest = self.rest();
        let until = |end: &str| rest.find(end).map(|at| (at, start + at + end.len()));
        if rest.starts_with("<%doc>") {
            let (_, after) = until("</%doc>").ok_or_else(|| self.unsupported(start, "a `<%doc>` without its end"))?;
            self.at = after;
        } else if rest.starts_with("<%text>") {
            let (end, after) =
                until("</%text>").ok_or_else(|| self.unsupported(start, "a `<%text>` without its end"))?;
            self.say(&rest["<%text>".len()..end]);
            self.at = after;
        } else if let Some(first) = rest.strip_prefix("<%").and_then(|rest| rest.chars().next())
            && (first.is_whitespace() || first == '!')
        {
            let (end, after) = until("%>").ok_or_else(|| self.unsupported(start, "a `<%` without `%>`"))?;
            self.flush();
            if first != '!' {
                self.block(start + 2, start + end);
            }
            self.at = after;
        } else {
            let name: String = rest.chars().take_while(|letter| !letter.is_whitespace() && *letter != '>').collect();
            return Err(self.unsupported(start, format!("the tag `{name}>`")));
        }
        Ok(())
    }

    /// Lines of Python, brought to the indentation of the place.
    fn block(&mut self, from: usize, to: usize) {
        let text = &self.template[from..to];
        let lines = || text.lines().filter(|line| !line.trim().is_empty());
        let margin = lines().skip(usize::from(!text.starts_with(['\n', '\r'])));
        let margin = margin.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
        let mut at = from;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let bare = line.trim_end();
            let bare = if number == 0 { bare.trim_start() } else { bare.get(margin..).unwrap_or("") };
            if !bare.is_empty() {
                self.line(at, bare);
            }
            at += line.len();
        }
    }
}

/// Where the `}` stands that closes an expression: not in a string, not the end of a dict.
fn closing(inside: &str) -> Option<usize> {
    scan(inside, |letter, _, depth| letter == '}' && depth == 0)
}

/// Where the `|` stands that begins the filters: not `||`, not in brackets or a string.
fn filter_bar(inside: &str) -> Option<usize> {
    scan(inside, |letter, after, depth| letter == '|' && depth == 0 && after != '|')
}

fn scan(text: &str, is_it: impl Fn(char, char, usize) -> bool) -> Option<usize> {
    let mut depth = 0usize;
    let mut string: Option<char> = None;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let after = letters.peek().map_or(' ', |(_, after)| *after);
        match string {
            Some(_) if letter == '\\' => {
                letters.next();
            }
            Some(quote) => string = Some(quote).filter(|quote| *quote != letter),
            None if is_it(letter, after, depth) => return Some(at),
            None => match letter {
                '"' | '\'' => string = Some(letter),
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            },
        }
    }
    None
}

/// Text as a Python string.
pub fn literal(text: &str) -> String {
    let mut found = String::from("'");
    for letter in text.chars() {
        match letter {
            '\n' => found.push_str("\\n"),
            '\r' => found.push_str("\\r"),
            '\\' => found.push_str("\\\\"),
            '\'' => found.push_str("\\'"),
            letter => found.push(letter),
        }
    }
    found.push('\'');
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(template: &str) -> String {
        compile(template).expect("compiles").python.replacen("_written = []\n", "", 1)
    }

    #[test]
    fn text_and_expressions() {
        assert_eq!(
            python("a ${b | comma,n}${repr(c)}\n"),
            "_written.append((0, 'a '))\n_written.append((2, comma((b))))\n_written.append((16, str((repr(c)))))\n\
             _written.append((26, '\\n'))\n"
        );
        assert_eq!(python("${x if x else \"}\"}"), "_written.append((0, str((x if x else \"}\"))))\n");
        assert_eq!(python("a \\\nb ## c\n## d\n%% e\n"), "_written.append((0, 'a b ## c\\n% e\\n'))\n");
    }

    #[test]
    fn control_lines_and_blocks() {
        let template = "<%!\n    import re\n%>x\n% for a in re.split(',', b):\n  ${a}\n% endfor\n";
        assert_eq!(
            compile(template).expect("compiles").python,
            "import re\n_written = []\n_written.append((20, 'x\\n'))\nfor a in re.split(',', b):\n    \
             _written.append((51, '  '))\n    _written.append((53, str((a))))\n    _written.append((57, '\\n'))\n    \
             pass\n"
        );
    }

    #[test]
    fn what_is_not_known_is_refused_with_its_place() {
        let refused = compile("x\n<%def name=\"f()\">").expect_err("is refused");
        assert_eq!((refused.at, refused.what.as_str()), (2, "the tag `<%def>`"));
        assert_eq!(compile("% if x:\n").expect_err("is refused").at, 8);
    }
}
