//! Lines → [`Event`]s: tracebacks with their chains and frames, `FAILED:` lines, warnings, errors of other programs.
//!
//! Takes Python's own form (with and without the marker lines of 3.11, cut off at either end, wrapped, without
//! indentation), pytest's and rich's.

mod boxed;
mod pytest;

use crate::diagnose::lines::{HEADER, Line};

/// Something that a log says went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The exceptions, the root first: each was raised because of, or while handling, the one before it.
    pub chain: Vec<Raised>,
    /// Its beginning is not in the log.
    pub headless: bool,
}

/// An exception.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raised {
    /// As the traceback spells it: `sqlalchemy.exc.OperationalError`. Empty: cut off.
    pub class: String,
    /// What it says, all lines.
    pub message: String,
    /// From the outermost call to the place that raised.
    pub frames: Vec<Frame>,
    /// The line of the log that names it.
    pub line: usize,
}

impl Raised {
    /// The class without its modules.
    pub fn bare_class(&self) -> &str {
        self.class.rsplit('.').next().unwrap_or(&self.class)
    }

    /// `class: message`, its first line.
    pub fn headline(&self) -> String {
        let first = self.message.lines().next().unwrap_or("");
        match (self.class.as_str(), first) {
            ("", first) => first.to_owned(),
            (class, "") => class.to_owned(),
            (class, first) => format!("{class}: {first}"),
        }
    }
}

/// A line of code that was being run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The file, `/`-separated.
    pub path: String,
    /// The line in it.
    pub line: usize,
    /// The function; empty where the log does not tell.
    pub function: String,
    /// The line's text, where the log shows it.
    pub code: Option<String>,
}

/// A warning, as Python prints it: `path:line: Category: message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// `UserWarning`
    pub category: String,
    /// What it says.
    pub message: String,
    /// Where.
    pub frame: Frame,
    /// The line of the log.
    pub line: usize,
}

/// What a log holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// What went wrong, in order.
    pub events: Vec<Event>,
    /// The warnings, in order.
    pub warnings: Vec<Warning>,
    /// What Alembic logged: `Running upgrade a -> b, message`, each with its line.
    pub said: Vec<(String, usize)>,
}

const CAUSE: &str = "The above exception was the direct cause of the following exception";
const CONTEXT: &str = "During handling of the above exception, another exception occurred";

/// Reads a log.
pub fn read(lines: &[Line<'_>]) -> Log {
    let mut log = Log::default();
    let mut reader = Reader { lines, at: 0 };
    let mut chained = false;
    while let Some(line) = lines.get(reader.at) {
        let text = line.text.trim();
        if !worth_a_look(text) {
            reader.at += 1;
            continue;
        }
        if text.contains(CAUSE) || text.contains(CONTEXT) {
            chained = !log.events.is_empty();
            reader.at += 1;
            continue;
        }
        if let Some(front) = text.find(HEADER) {
            let is_boxed = text[front + HEADER.len()..].trim_start().starts_with(['─', '-']);
            let raised = match is_boxed {
                true => boxed::block(&mut reader),
                false => reader.block(),
            };
            push(&mut log.events, raised, chained, false);
            chained = false;
        } else if let Some((raised, headless)) = reader.headless() {
            push(&mut log.events, raised, chained, headless);
            chained = false;
        } else if let Some(raised) = pytest::section(&mut reader) {
            push(&mut log.events, Some(raised), false, false);
        } else if let Some(warning) = reader.warning() {
            log.warnings.push(warning);
        } else if let Some(raised) = reader.failed() {
            let same = |known: &Event| known.chain.last().is_some_and(|last| last.message == raised.message);
            if !log.events.iter().rev().take(2).any(same) {
                log.events.push(Event { chain: vec![raised], headless: false });
            }
        } else if let Some(raised) = reader.other_program() {
            log.events.push(Event { chain: vec![raised], headless: false });
        } else {
            if let Some(said) = said(text) {
                log.said.push((said.to_owned(), line.number));
            }
            reader.at += 1;
        }
    }
    log
}

/// Can something begin at this line? Nearly all lines of a long log are passed over here.
fn worth_a_look(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.first() {
        None => false,
        Some(b'F') => text.starts_with("File ") || text.starts_with("FAILED") || has_needle(text),
        _ => has_needle(text),
    }
}

fn has_needle(text: &str) -> bool {
    use std::sync::OnceLock;
    static NEEDLES: OnceLock<Option<aho_corasick::AhoCorasick>> = OnceLock::new();
    let needles = NEEDLES.get_or_init(|| {
        aho_corasick::AhoCorasick::new([
            HEADER,
            "File \"",
            CAUSE,
            CONTEXT,
            "rror",
            "xception",
            "Warning: ",
            "FAILED",
            "[alembic",
            "alembic.",
            "panicked at",
            "CRITICAL",
            "Exit",
            "Interrupt",
            "Greenlet",
            "Violation",
            "migrat",
            "CommandErr",
        ])
        .ok()
    });
    // Without one, every line is worth a look.
    needles.as_ref().is_none_or(|needles| needles.is_match(text))
}

fn push(events: &mut Vec<Event>, raised: Option<Raised>, chained: bool, headless: bool) {
    let Some(raised) = raised else { return };
    match events.last_mut() {
        Some(last) if chained => last.chain.push(raised),
        _ => events.push(Event { chain: vec![raised], headless }),
    }
}

/// `Running upgrade a -> b` of `INFO  [alembic.runtime.migration] Running upgrade a -> b`.
fn said(text: &str) -> Option<&str> {
    let at = text.find("alembic.")?;
    let rest = &text[at..];
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_')))?;
    Some(rest[end..].trim_start_matches([']', ' ', '-', ':', '\t'])).filter(|said| !said.is_empty())
}

/// Goes through the lines.
struct Reader<'l, 't> {
    lines: &'l [Line<'t>],
    at: usize,
}

impl<'l> Reader<'l, '_> {
    fn text(&self, at: usize) -> Option<&'l str> {
        self.lines.get(at).map(|line| &*line.text)
    }

    /// A traceback from its header on. What stands before the header in its line is taken off the lines that follow.
    fn block(&mut self) -> Option<Raised> {
        let header = self.text(self.at)?;
        let front = &header[..header.find(HEADER)?];
        let stream = self.lines[self.at].stream;
        self.at += 1;
        self.frames(front, stream)
    }

    /// Frames and the exception behind them.
    fn frames(&mut self, front: &str, stream: &str) -> Option<Raised> {
        let mut raised = Raised::default();
        // The indentation of the last `File` line; the code below it is indented deeper.
        let mut depth = None;
        let mut awaits_code = false;
        while let Some(line) = self.lines.get(self.at) {
            if line.stream != stream {
                self.at += 1;
                continue;
            }
            let text = without(&line.text, front);
            let trimmed = text.trim();
            let indent = text.len() - text.trim_start().len();
            if trimmed.is_empty() {
                // A blank line inside is noise only where frames go on behind it.
                let goes_on =
                    self.text(self.at + 1).is_some_and(|next| without(next, front).trim().starts_with("File \""));
                if !goes_on {
                    break;
                }
                self.at += 1;
                continue;
            }
            if let Some((frame, taken)) = self.frame(front) {
                depth = Some(indent);
                awaits_code = true;
                raised.frames.push(frame);
                self.at += taken;
                continue;
            }
            if trimmed.contains(HEADER) || trimmed.starts_with(CAUSE) || trimmed.starts_with(CONTEXT) {
                break;
            }
            let deeper = depth.is_some_and(|depth| indent > depth);
            let is_marker = trimmed.chars().all(|c| matches!(c, '^' | '~' | ' '));
            let names_exception = exception(trimmed).is_some();
            if is_marker || trimmed.starts_with("[Previous line repeated") || trimmed.starts_with("...<") {
                self.at += 1;
            } else if deeper || (awaits_code && !names_exception) {
                if let Some(last) = raised.frames.last_mut().filter(|_| awaits_code) {
                    last.code = Some(trimmed.to_owned());
                }
                awaits_code = false;
                self.at += 1;
            } else if let Some((class, message)) = exception(trimmed) {
                raised.class = class.to_owned();
                raised.line = line.number;
                raised.message = message.to_owned();
                self.at += 1;
                self.message(&mut raised.message, front, stream);
                return Some(raised);
            } else if depth == Some(indent) {
                // Code whose indentation was lost.
                self.at += 1;
            } else {
                break;
            }
        }
        raised.line = self.lines.get(self.at.saturating_sub(1)).map_or(0, |line| line.number);
        (!raised.frames.is_empty()).then_some(raised)
    }

    /// `File "path", line 3, in name`, which a terminal may have wrapped; and how many lines it takes.
    fn frame(&self, front: &str) -> Option<(Frame, usize)> {
        let first = without(self.text(self.at)?, front).trim();
        let inside = first.strip_prefix("File \"").or_else(|| first.strip_prefix("File '"))?;
        let mut whole = inside.to_owned();
        for taken in 1..=4 {
            if let Some(frame) = frame_of(&whole) {
                return Some((frame, taken));
            }
            whole.push_str(without(self.text(self.at + taken)?, front).trim());
        }
        None
    }

    /// The further lines of an exception's message.
    fn message(&mut self, message: &mut String, front: &str, stream: &str) {
        let mut blank = 0;
        let start = self.at;
        while let Some(line) = self.lines.get(self.at) {
            if line.stream != stream {
                self.at += 1;
                continue;
            }
            let text = without(&line.text, front);
            let trimmed = text.trim();
            if trimmed.is_empty() {
                blank += 1;
                self.at += 1;
                continue;
            }
            let is_other = trimmed.contains(HEADER)
                || trimmed.starts_with(CAUSE)
                || trimmed.starts_with(CONTEXT)
                || begins_anew(trimmed)
                || exception(trimmed).is_some_and(|(class, _)| class.contains('.'));
            if is_other || self.at - start > 400 || (blank > 0 && !is_part_of_message(trimmed)) {
                break;
            }
            for _ in 0..=blank {
                message.push('\n');
            }
            blank = 0;
            message.push_str(trimmed);
            self.at += 1;
            if trimmed.contains("(Background on this error at: ") {
                break;
            }
        }
    }

    /// A traceback whose beginning the log does not have: frames, or the line with the exception alone.
    fn headless(&mut self) -> Option<(Option<Raised>, bool)> {
        let text = self.text(self.at)?;
        let stream = self.lines[self.at].stream;
        if self.frame("").is_some() {
            let front = "";
            return Some((self.frames(front, stream), true));
        }
        let trimmed = text.trim();
        let (class, message) = exception(trimmed)?;
        let says_much = class.contains('.') || message.starts_with('(') && class.ends_with("Error");
        if !says_much && !is_builtin(class) {
            return None;
        }
        let mut raised = Raised { class: class.to_owned(), message: message.to_owned(), ..Raised::default() };
        raised.line = self.lines[self.at].number;
        self.at += 1;
        self.message(&mut raised.message, "", stream);
        Some((Some(raised), true))
    }

    /// `path.py:12: UserWarning: text`
    fn warning(&mut self) -> Option<Warning> {
        let line = self.lines.get(self.at)?;
        let text = line.text.trim();
        let at = text.find("Warning: ")?;
        let before = &text[..at];
        let start = before.rfind(": ").map_or(0, |colon| colon + 2);
        let category = format!("{}Warning", &before[start..]);
        let place = before[..start].trim_end_matches([':', ' ']);
        let (path, number) = place.rsplit_once(':')?;
        let number = number.parse().ok()?;
        if !category.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_')) {
            return None;
        }
        self.at += 1;
        let frame = Frame { path: slashed(path), line: number, ..Frame::default() };
        let message = text[at + "Warning: ".len()..].to_owned();
        Some(Warning { category, message, frame, line: line.number })
    }

    /// Alembic's `FAILED: text` on standard output, the same as `ERROR [alembic.util.messaging] text`, Flask-Migrate's
    /// `ERROR [flask_migrate] Error: text`, and the command line's `alembic: error: text`.
    fn failed(&mut self) -> Option<Raised> {
        let line = self.lines.get(self.at)?;
        let text = line.text.trim();
        let raised = |class: &str, message: &str| Raised {
            class: class.to_owned(),
            message: message.trim().to_owned(),
            frames: Vec::new(),
            line: line.number,
        };
        let found = if let Some(at) = text.find("FAILED: ") {
            Some(raised(COMMAND_ERROR, &text[at + "FAILED: ".len()..]))
        } else if let Some(rest) =
            text.split_once("alembic.util.messaging").map(|(_, rest)| rest).filter(|_| !text.contains("INFO"))
        {
            let rest = rest.trim_start_matches([']', ' ', '-', ':', '\t']);
            let rest = rest.strip_prefix("ERROR").map_or(rest, |rest| rest.trim_start_matches([']', ' ', '-', ':']));
            Some(raised(COMMAND_ERROR, rest))
        } else if let Some((_, rest)) = text.split_once("[flask_migrate] Error: ") {
            Some(raised(COMMAND_ERROR, rest))
        } else if let Some((program, rest)) = text.split_once(": error: ") {
            let program = program.split(' ').next().unwrap_or(program);
            (program.ends_with("alembic") || program.ends_with("__main__.py")).then(|| raised(USAGE_ERROR, rest))
        } else if let Some((program, rest)) = text.split_once(": No module named ") {
            // `python -m alembic` found no module to run: no traceback.
            let is_python = program.rsplit(['/', '\\']).next().is_some_and(|name| name.starts_with("python"));
            is_python.then(|| raised("ModuleNotFoundError", &format!("No module named {rest}")))
        } else {
            None
        }?;
        self.at += 1;
        // A long text that a terminal wrapped goes on until something else begins.
        let mut found = found;
        while let Some(next) = self.text(self.at).map(str::trim) {
            let goes_on = found.message.len() > 60
                && self.lines[self.at].stream == line.stream
                && !next.is_empty()
                && !worth_a_look(next)
                && !begins_anew(next)
                && !found.message.ends_with('.');
            if !goes_on {
                break;
            }
            found.message.push('\n');
            found.message.push_str(next);
            self.at += 1;
        }
        Some(found)
    }

    /// Errors of programs that are no Python: `thread 'main' panicked at src/main.rs:3:5:`, `error: text`, `Error: text`.
    fn other_program(&mut self) -> Option<Raised> {
        let line = self.lines.get(self.at)?;
        let text = line.text.trim();
        let mut raised = Raised { line: line.number, ..Raised::default() };
        let mut rest = 0;
        if let Some((_, place)) = text.split_once(" panicked at ") {
            raised.class = "panic".to_owned();
            // Before Rust 1.73 the message stood first: `panicked at 'text', src/main.rs:3:5`.
            match place.strip_prefix('\'').and_then(|old| old.rsplit_once("', ")) {
                Some((message, place)) => {
                    raised.message = message.to_owned();
                    raised.frames.extend(rust_place(place));
                }
                None => {
                    raised.frames.extend(rust_place(place.trim_end_matches(':')));
                    rest = 8;
                }
            }
        } else if let Some(message) = text.strip_prefix("error: ").or_else(|| text.strip_prefix("Error: ")) {
            raised.class = "error".to_owned();
            raised.message = message.to_owned();
            rest = 12;
        } else if let Some((_, message)) = text.strip_prefix("error[").and_then(|rest| rest.split_once("]: ")) {
            raised.class = "error".to_owned();
            raised.message = message.to_owned();
            rest = 12;
        } else {
            return None;
        }
        self.at += 1;
        for _ in 0..rest {
            let Some(next) = self.text(self.at).map(str::trim) else { break };
            let ends =
                next.is_empty() || begins_anew(next) || next.contains(HEADER) || next.starts_with("note: run with");
            if ends
                && !(next.is_empty() && self.text(self.at + 1).is_some_and(|next| next.trim().starts_with("Caused by")))
            {
                break;
            }
            if let Some(place) = next.strip_prefix("--> ") {
                raised.frames.extend(rust_place(place));
            } else if !next.is_empty() {
                if !raised.message.is_empty() {
                    raised.message.push('\n');
                }
                raised.message.push_str(next);
            }
            self.at += 1;
        }
        Some(raised)
    }
}

/// The class of what Alembic reports by `FAILED:`.
pub const COMMAND_ERROR: &str = "alembic.util.exc.CommandError";
/// The class of what its command line refuses.
pub const USAGE_ERROR: &str = "SystemExit";

/// `src/main.rs:3:5`
fn rust_place(text: &str) -> Option<Frame> {
    let mut parts = text.trim().rsplitn(3, ':');
    let (_, line, path) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Frame { path: slashed(path), line: line.parse().ok()?, ..Frame::default() })
}

/// The line without `front`, where it begins like it: digits may differ, and so may the number of blanks.
fn without<'t>(line: &'t str, front: &str) -> &'t str {
    if front.is_empty() {
        return line;
    }
    if front.trim().is_empty() {
        // Indentation: no more of it than the header has.
        let blanks = line.len() - line.trim_start().len();
        return &line[blanks.min(front.len())..];
    }
    let (mut left, mut right) = (front.chars().peekable(), line.char_indices().peekable());
    while let Some(wanted) = left.next() {
        let Some((_, found)) = right.next() else {
            return if front.trim_end().len() >= line.len() { "" } else { line };
        };
        if wanted.is_ascii_digit() && found.is_ascii_digit() {
            while left.next_if(|c| c.is_ascii_digit()).is_some() {}
            while right.next_if(|(_, c)| c.is_ascii_digit()).is_some() {}
        } else if wanted != found {
            return line;
        }
    }
    right.peek().map_or("", |(at, _)| &line[*at..])
}

/// `path", line 3, in name`
fn frame_of(text: &str) -> Option<Frame> {
    let (path, rest) = text.split_once("\", line ").or_else(|| text.split_once("', line "))?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let line = rest[..digits].parse().ok()?;
    let function = rest[digits..].strip_prefix(", in ").unwrap_or("").trim();
    Some(Frame { path: slashed(path), line, function: function.to_owned(), code: None })
}

/// Paths of Windows with `/`.
fn slashed(path: &str) -> String {
    path.replace('\\', "/")
}

/// The class and the message of the line that ends a traceback.
fn exception(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(text.len());
    let (class, rest) = text.split_at(end);
    let bare = class.rsplit('.').next().unwrap_or(class);
    let is_old = class.contains('.') && ["error", "timeout"].iter().any(|end| bare.ends_with(end));
    let is_class = bare.chars().next().is_some_and(char::is_uppercase) || is_old;
    if !is_class || class.starts_with('.') || class.contains("..") || !class.chars().any(char::is_lowercase) {
        return None;
    }
    match rest {
        "" => looks_raised(bare).then_some((class, "")),
        ":" => Some((class, "")),
        rest => rest.strip_prefix(": ").filter(|_| looks_raised(bare) || class.contains('.')).map(|text| (class, text)),
    }
}

/// Is it named as exceptions are?
fn looks_raised(bare: &str) -> bool {
    [
        "Error",
        "Exception",
        "Warning",
        "Exit",
        "Interrupt",
        "Violation",
        "Greenlet",
        "NotFound",
        "Timeout",
        "Group",
        "Iteration",
        "Failed",
        "Invalid",
        "Found",
    ]
    .iter()
    .any(|end| bare.ends_with(end))
        || ["error", "timeout"].iter().any(|end| bare.ends_with(end))
        || matches!(
            bare,
            "DuplicateTable" | "UndefinedTable" | "UndefinedColumn" | "UndefinedObject" | "DeadlockDetected"
        )
}

fn is_builtin(class: &str) -> bool {
    matches!(
        class,
        "ModuleNotFoundError"
            | "ImportError"
            | "NameError"
            | "KeyError"
            | "AttributeError"
            | "TypeError"
            | "ValueError"
            | "FileNotFoundError"
            | "ConnectionRefusedError"
            | "TimeoutError"
            | "NotImplementedError"
            | "IndexError"
            | "OperationalError"
            | "ProgrammingError"
            | "SyntaxError"
            | "RuntimeError"
            | "InvalidRequestError"
    )
}

/// Does the line belong to something else than the message before it?
fn begins_anew(text: &str) -> bool {
    let upper = text.split([' ', ':', '[']).next().unwrap_or("");
    matches!(
        upper,
        "INFO"
            | "ERROR"
            | "WARN"
            | "WARNI"
            | "WARNING"
            | "DEBUG"
            | "CRITICAL"
            | "FAILED"
            | "make"
            | "error"
            | "##"
            | "Error"
    ) || text.starts_with("##[")
        || text.starts_with("::error")
        || text.starts_with("<sys>:")
        || text.starts_with("sys:1:")
        || text.starts_with("File \"")
        || text.contains(" exited with code ")
}

/// Behind a blank line: is it still what SQLAlchemy or a driver adds to a message?
fn is_part_of_message(text: &str) -> bool {
    const PARTS: &[&str] = &[
        "[SQL:",
        "[parameters:",
        "[generated",
        "[cached",
        "(Background on this error",
        "DETAIL:",
        "HINT:",
        "CONTEXT:",
        "LINE ",
        "Is the server",
        "connection to server",
        "Caused by",
        "^",
        "The following",
        "  ",
    ];
    PARTS.iter().any(|part| text.starts_with(part))
}

#[cfg(test)]
mod tests;
