//! Tracebacks as pytest prints them: frames after the code, `path.py:3: in name`, the exception behind `E   `.

use super::{Frame, Raised, Reader, exception, slashed};

/// The frames and the exception from the first `path.py:3: in name` or `E   ` on.
pub(super) fn section(reader: &mut Reader<'_, '_>) -> Option<Raised> {
    let text = reader.text(reader.at)?;
    let starts = frame(text).is_some_and(|(_, what)| what.starts_with("in ")) || error(text).is_some();
    if !starts {
        return None;
    }
    let mut raised = Raised::default();
    while let Some(line) = reader.lines.get(reader.at) {
        let text = &*line.text;
        if let Some((found, what)) = frame(text) {
            let is_last = !what.starts_with("in ");
            let mut found = found;
            found.function = what.strip_prefix("in ").unwrap_or("").to_owned();
            raised.frames.push(found);
            if is_last {
                reader.at += 1;
                break;
            }
            let code = reader.text(reader.at + 1).map(str::trim).filter(|code| !code.is_empty());
            if let Some(last) = raised.frames.last_mut() {
                last.code = code.filter(|code| frame(code).is_none() && error(code).is_none()).map(str::to_owned);
            }
        } else if let Some(words) = error(text) {
            if raised.class.is_empty() && raised.message.is_empty() {
                raised.line = line.number;
                match exception(words) {
                    Some((class, message)) => {
                        raised.class = class.to_owned();
                        raised.message = message.to_owned();
                    }
                    None => raised.message = words.to_owned(),
                }
            } else {
                raised.message.push('\n');
                raised.message.push_str(words);
            }
        } else if text.starts_with("====") || text.starts_with("____") || text.starts_with("----") {
            break;
        }
        reader.at += 1;
    }
    (!raised.class.is_empty()).then_some(raised)
}

/// `E   text`
fn error(text: &str) -> Option<&str> {
    let rest = text.trim_start().strip_prefix('E')?;
    if rest.is_empty() {
        return None;
    }
    rest.strip_prefix("   ").map(str::trim)
}

/// `path.py:3: in name`, and the place that raised: `path.py:3: KeyError`.
fn frame(text: &str) -> Option<(Frame, &str)> {
    let at = text.find(".py:")? + 3;
    let (path, rest) = (&text[..at], &text[at + 1..]);
    let (line, what) = rest.split_once(": ").or_else(|| rest.strip_suffix(':').map(|line| (line, "")))?;
    let line = line.parse().ok()?;
    if path.contains(char::is_whitespace) || path.contains('"') {
        return None;
    }
    let ends_here = what.starts_with("in ")
        || what.is_empty()
        || what.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_'));
    ends_here.then(|| (Frame { path: slashed(path), line, ..Frame::default() }, what))
}
