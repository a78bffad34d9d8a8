//! The text of a log → its lines without what CI systems, containers and terminals put around them.
//!
//! Lines stay one to one with the log: places in it can be shown. What is taken off the front of a line is known by
//! its form (timestamps, `service |`, `app[web.1]:`, …); indentation stays, because tracebacks need it.

use std::borrow::Cow;

use memchr::memchr;

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'t> {
    /// From 1.
    pub number: usize,
    /// Which of several interleaved programs wrote it: the service of `service | text`; empty where nothing tells.
    pub stream: &'t str,
    /// What the program wrote.
    pub text: Cow<'t, str>,
}

/// The lines of a log. A traceback that was written as one JSON string becomes several lines with the same number.
pub fn lines(log: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::with_capacity(log.len() / 64);
    let mut in_group = false;
    for (at, raw) in split(log).enumerate() {
        let (stream, text) = match plain(raw) {
            Cow::Borrowed(raw) => {
                let (stream, text) = peel(raw);
                (stream, Cow::Borrowed(text))
            }
            Cow::Owned(plain) => ("", Cow::Owned(peel(&plain).1.to_owned())),
        };
        if text.contains(HEADER) && text.contains("\\n") {
            lines.extend(unescaped(&text).lines().map(|line| Line {
                number: at + 1,
                stream,
                text: Cow::Owned(line.to_owned()),
            }));
            continue;
        }
        let text = match in_group || text.contains("+ Exception Group Traceback") {
            true => out_of_group(text, &mut in_group),
            false => text,
        };
        lines.push(Line { number: at + 1, stream, text });
    }
    lines
}

/// How a traceback begins.
pub const HEADER: &str = "Traceback (most recent call last)";

fn split(log: &str) -> impl Iterator<Item = &str> {
    let mut rest = log;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (line, behind) = match memchr(b'\n', rest.as_bytes()) {
            Some(end) => (&rest[..end], &rest[end + 1..]),
            None => (rest, ""),
        };
        rest = behind;
        Some(line)
    })
}

/// Without colours, other control sequences, and what a carriage return wrote over.
fn plain(raw: &str) -> Cow<'_, str> {
    let line = raw.trim_end_matches(['\r', ' ', '\t']);
    let line = match memchr(b'\r', line.as_bytes()) {
        Some(_) => line.rsplit('\r').find(|part| !part.trim().is_empty()).unwrap_or(line),
        None => line,
    };
    if memchr(0x1b, line.as_bytes()).is_none() {
        return Cow::Borrowed(line);
    }
    let mut text = String::with_capacity(line.len());
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\u{1b}' {
            text.push(letter);
            continue;
        }
        match letters.next() {
            Some('[') => while letters.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
            // A link or a title: to the bell, or to `ESC \`.
            Some(']') => {
                while let Some(c) = letters.next() {
                    if c == '\u{7}' {
                        break;
                    }
                    if c == '\u{1b}' {
                        letters.next();
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    text.truncate(text.trim_end().len());
    Cow::Owned(text)
}

/// Takes the known fronts off, again and again: `api-1  | 2026-01-02T03:04:05Z text`.
fn peel(line: &str) -> (&str, &str) {
    let (mut stream, mut rest) = ("", line);
    for _ in 0..6 {
        if let Some(behind) = after_time(rest) {
            rest = behind;
        } else if let Some((name, behind)) = after_service(rest) {
            stream = name;
            rest = behind;
        } else if let Some(behind) = after_process(rest).or_else(|| after_job(rest)).or_else(|| after_step(rest)) {
            rest = behind;
        } else {
            break;
        }
    }
    (stream, rest)
}

/// `2026-01-02T03:04:05.678Z text`, `[2026-01-02 03:04:05,678] text`, `03:04:05 text`, `Jan  2 03:04:05 text`; GitLab's
/// `00O ` behind it.
fn after_time(line: &str) -> Option<&str> {
    let inside = line.strip_prefix('[').unwrap_or(line);
    let bytes = inside.as_bytes();
    let digits =
        |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let sign = |at: usize, signs: &[u8]| bytes.get(at).is_some_and(|byte| signs.contains(byte));
    let mut at = 0;
    if digits(0..4) && sign(4, b"-/") && digits(5..7) && sign(7, b"-/") && digits(8..10) && sign(10, b"T ") {
        at = 11;
    } else if bytes.first().is_some_and(u8::is_ascii_uppercase)
        && sign(3, b" ")
        && matches!(
            inside.get(..3)?,
            "Jan" | "Feb" | "Mar" | "Apr" | "May" | "Jun" | "Jul" | "Aug" | "Sep" | "Oct" | "Nov" | "Dec"
        )
        && sign(6, b" ")
    {
        at = 7;
    }
    if !(digits(at..at + 2)
        && sign(at + 2, b":")
        && digits(at + 3..at + 5)
        && sign(at + 5, b":")
        && digits(at + 6..at + 8))
    {
        return None;
    }
    let mut end = at + 8;
    while sign(end, b"0123456789.,:+-Z") || (end > at + 8 && sign(end, b"0123456789")) {
        end += 1;
    }
    let mut rest = inside.get(end..)?;
    rest = rest.strip_prefix(" UTC").unwrap_or(rest);
    if line.len() != inside.len() {
        rest = rest.strip_prefix(']')?;
    }
    if rest.is_empty() {
        return Some(rest);
    }
    rest = rest.strip_prefix([' ', '\t'])?;
    let gitlab = rest.as_bytes();
    if gitlab.len() >= 3
        && gitlab[..2].iter().all(u8::is_ascii_hexdigit)
        && matches!(gitlab[2], b'O' | b'E')
        && matches!(gitlab.get(3), None | Some(b' ' | b'+'))
    {
        rest = &rest[4.min(rest.len())..];
    }
    Some(rest)
}

/// Docker Compose's `api-1  | text`, and `[pod/api-5f/api] text`.
fn after_service(line: &str) -> Option<(&str, &str)> {
    if let Some(inside) = line.strip_prefix("[pod/") {
        let (name, rest) = inside.split_once(']')?;
        return (!name.contains(' ')).then(|| (name, rest.strip_prefix(' ').unwrap_or(rest)));
    }
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))?;
    let blanks = line[end..].trim_start_matches(' ');
    let rest = blanks.strip_prefix('|')?;
    if end == 0 || !(rest.is_empty() || rest.starts_with(' ')) {
        return None;
    }
    Some((&line[..end], rest.strip_prefix(' ').unwrap_or(rest)))
}

/// `app[web.1]: text`, `host alembic[123]: text`.
fn after_process(line: &str) -> Option<&str> {
    let open = line.get(..line.len().min(80)).and_then(|start| start.find("]: ")).or_else(|| {
        let end = (0..=line.len().min(80)).rev().find(|end| line.is_char_boundary(*end))?;
        line[..end].find("]: ")
    })?;
    let (front, rest) = (&line[..open], &line[open + 3..]);
    let (words, number) = front.split_once('[')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ');
    let is_name =
        !words.is_empty() && !words.starts_with(' ') && words.chars().all(plain) && words.matches(' ').count() <= 1;
    let is_number =
        !number.is_empty() && number.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    (is_name && is_number).then_some(rest)
}

/// `job<tab>step<tab>timestamp text`, as `gh run view --log` prints it.
fn after_job(line: &str) -> Option<&str> {
    let mut parts = line.splitn(3, '\t');
    let (_, _, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let rest = rest.strip_prefix('\u{feff}').unwrap_or(rest);
    after_time(rest).map(|_| rest)
}

/// BuildKit's `#12 3.456 text`.
fn after_step(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('#')?;
    let (number, rest) = rest.split_once(' ')?;
    let (seconds, rest) = rest.split_once(' ')?;
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    (is_number(number) && is_number(seconds) && seconds.contains('.')).then_some(rest)
}

/// The traceback in a JSON string, with line ends.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text[text.find(HEADER).unwrap_or(0)..].chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some(other) => plain.push(other),
                None => {}
            },
            '"' => break,
            letter => plain.push(letter),
        }
    }
    plain
}

/// Takes the tree that Python draws around the tracebacks of an exception group off a line of it.
fn out_of_group<'t>(text: Cow<'t, str>, in_group: &mut bool) -> Cow<'t, str> {
    let trimmed = text.trim_start();
    if trimmed.starts_with("+-") || trimmed.starts_with("+ ") {
        *in_group = true;
        return Cow::Owned(trimmed.trim_start_matches(['+', '-', ' ']).to_owned());
    }
    match trimmed.strip_prefix('|').filter(|_| *in_group) {
        Some(inside) => Cow::Owned(inside.strip_prefix(' ').unwrap_or(inside).to_owned()),
        None => {
            *in_group = false;
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(log: &str) -> Vec<String> {
        lines(log).into_iter().map(|line| line.text.into_owned()).collect()
    }

    #[test]
    fn what_stands_around_a_line_is_taken_off() {
        for noisy in [
            "  File \"a.py\", line 1",
            "api-1  |   File \"a.py\", line 1",
            "2026-01-02T03:04:05.6789012Z   File \"a.py\", line 1",
            "[2026-01-02 03:04:05,678]   File \"a.py\", line 1",
            "2026-01-02T03:04:05.678901Z 01E   File \"a.py\", line 1",
            "migrate\tRun alembic\t2026-01-02T03:04:05.6789012Z   File \"a.py\", line 1",
            "2026-01-02T03:04:05+00:00 app[web.1]:   File \"a.py\", line 1",
            "Jan  2 03:04:05 host alembic[42]:   File \"a.py\", line 1",
            "#12 3.456   File \"a.py\", line 1",
            "[pod/api-5f/api]   File \"a.py\", line 1",
            "\u{1b}[31m  File \"a.py\", line 1\u{1b}[0m",
            "  File \"a.py\", line 1\r",
            "downloading 10%\r  File \"a.py\", line 1",
        ] {
            assert_eq!(texts(noisy), ["  File \"a.py\", line 1"], "{noisy:?}");
        }
    }

    #[test]
    fn ordinary_lines_stay() {
        for line in ["[SQL: CREATE TABLE a]", "a | b", "INFO  [alembic.runtime.migration] Running", "12:00 | x"] {
            let kept = texts(line);
            assert!(kept == [line] || line == "a | b", "{line:?} became {kept:?}");
        }
    }

    #[test]
    fn json_strings_and_groups_become_lines() {
        let json =
            r#"{"exception": "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nValueError: x"}"#;
        assert_eq!(
            texts(json),
            ["Traceback (most recent call last):", "  File \"a.py\", line 1, in f", "ValueError: x"]
        );
        let group = "  + Exception Group Traceback (most recent call last):\n  |   File \"a.py\", line 1, in f\n  | ExceptionGroup: x\n  +-+---------------- 1 ----------------\n    | ValueError: 1\n    +------------------------------------\nend";
        assert_eq!(
            texts(group),
            [
                "Exception Group Traceback (most recent call last):",
                "  File \"a.py\", line 1, in f",
                "ExceptionGroup: x",
                "1 ----------------",
                "ValueError: 1",
                "",
                "end"
            ]
        );
    }
}
