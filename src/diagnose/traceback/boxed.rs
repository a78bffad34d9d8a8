//! Tracebacks as rich prints them: in a box, `path.py:3 in name`, a few lines of code around each place, the exception
//! below the box.

use super::{Frame, Raised, Reader, exception, slashed};

/// The box and what stands below it.
pub(super) fn block(reader: &mut Reader<'_, '_>) -> Option<Raised> {
    let stream = reader.lines.get(reader.at)?.stream;
    reader.at += 1;
    let mut raised = Raised::default();
    let mut wrapped = String::new();
    while let Some(line) = reader.lines.get(reader.at) {
        let trimmed = line.text.trim();
        if trimmed.starts_with(['╰', '└']) || (trimmed.starts_with("+-") && trimmed.ends_with("-+")) {
            reader.at += 1;
            break;
        }
        let Some(inside) = trimmed.strip_prefix(['│', '|']) else { break };
        let inside = inside.trim_end_matches(['│', '|']).trim();
        reader.at += 1;
        if inside.is_empty() {
            wrapped.clear();
        } else if let Some(code) = inside.strip_prefix('❱').or_else(|| inside.strip_prefix('>')) {
            let code =
                code.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches([' ', '│', '|']);
            if let Some(last) = raised.frames.last_mut().filter(|last| last.code.is_none()) {
                last.code = Some(code.trim().to_owned());
            }
        } else if inside.starts_with(|c: char| c.is_ascii_digit()) {
            wrapped.clear();
        } else {
            // A long path goes on in the next line.
            wrapped.push_str(inside);
            if let Some(frame) = frame(&wrapped) {
                raised.frames.push(frame);
                wrapped.clear();
            }
        }
    }
    while let Some(line) = reader.lines.get(reader.at) {
        let trimmed = line.text.trim();
        if !trimmed.is_empty() {
            if let Some((class, message)) = exception(trimmed) {
                raised.class = class.to_owned();
                raised.message = message.to_owned();
                raised.line = line.number;
                reader.at += 1;
                reader.message(&mut raised.message, "", stream);
            }
            break;
        }
        reader.at += 1;
    }
    (!raised.frames.is_empty() || !raised.class.is_empty()).then_some(raised)
}

/// `/srv/app/env.py:3 in name`
fn frame(text: &str) -> Option<Frame> {
    let (place, function) = text.split_once(" in ").unwrap_or((text, ""));
    let (path, line) = place.rsplit_once(':')?;
    let line = line.trim().parse().ok()?;
    (!path.contains(' ')).then(|| Frame { path: slashed(path), line, function: function.trim().to_owned(), code: None })
}
