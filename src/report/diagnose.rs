//! An explanation → what `limbeck diagnose` prints: how far the run came, the answer, what to type next.

use crate::diagnose::{Explanation, Failure};
use crate::report::full::{self, Paint, field};
use crate::report::line::one_line;
use crate::report::{Format, Style, json, render as render_outcome};
use crate::secrets::mask_said;
use crate::secrets::{Language, mask_line};
use crate::source::Sources;

/// The report. It ends in a line end unless it is empty.
pub fn render(format: Format, explanation: &Explanation, sources: &Sources, style: &Style) -> String {
    match format {
        Format::Full => full(explanation, sources, style),
        Format::Json => {
            let mut value = json::value(&explanation.outcome, sources, style);
            if let Some(object) = value.as_object_mut() {
                object.insert("failure".to_owned(), failure_value(explanation.failure.as_ref(), sources));
            }
            let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
            text.push('\n');
            text
        }
        Format::Concise => render_outcome(format, &explanation.outcome, sources, &Style { summary: false, ..*style }),
        other => render_outcome(other, &explanation.outcome, sources, style),
    }
}

fn full(explanation: &Explanation, sources: &Sources, style: &Style) -> String {
    let mut text = String::new();
    let paint = Paint { colour: style.colour };
    let width = style.width.clamp(40, 100);
    let Some(failure) = &explanation.failure else {
        return match explanation.outcome.diagnostics.len() {
            0 => "Nothing failed here.\n".to_owned(),
            count => format!("Nothing failed here; `limbeck check` finds {}.\n", errors(count)),
        };
    };
    text.push_str(&format!("{}\n\n", one_line(&failure.phase)));
    match explanation.answer() {
        Some(answer) => full::one(&mut text, answer, sources, style, explanation.outcome.environments.len() > 1),
        None => unknown(&mut text, failure, sources, width, paint),
    }
    if !failure.exception.is_empty() {
        field(&mut text, "seen:", &seen(failure), width, paint);
    }
    if let Some(other) = explanation.outcome.diagnostics.get(1).filter(|_| failure.otherwise) {
        let place = format!("{}:{}", sources.shown_path(other.span.file), sources.line(other.span));
        field(&mut text, "or:", &format!("{} ({place})", mask_said(&other.message)), width, paint);
    }
    if failure.also > 0 {
        let would = match explanation.answer() {
            Some(_) => {
                format!("{} would stop the next run; `limbeck check` lists {}.", more(failure.also), them(failure.also))
            }
            None => format!("`limbeck check` finds {} in the files.", errors(failure.also)),
        };
        field(&mut text, "also:", &would, width, paint);
    }
    if let Some(next) = &failure.next {
        field(&mut text, "next:", &mask_said(next), width, paint);
    }
    if let Some(avoid) = &failure.avoid {
        field(&mut text, "not:", &mask_said(avoid), width, paint);
    }
    text
}

/// The project's own frames, and nothing else.
fn unknown(text: &mut String, failure: &Failure, sources: &Sources, width: usize, paint: Paint) {
    text.push_str("not recognised; nothing was guessed\n");
    if failure.frames.is_empty() {
        return;
    }
    field(text, "ran:", "the lines of this project in the traceback, the last one last", width, paint);
    for (span, function) in &failure.frames {
        let path = sources.shown_path(span.file);
        let code = mask_line(sources.slice(*span), Language::of(&path)).into_owned();
        let place = format!("{path}:{}", sources.line(*span));
        let words = if function.is_empty() { place } else { format!("{place} in {function}") };
        text.push_str(&format!("        {}\n", one_line(&words)));
        text.push_str(&format!("            {}\n", one_line(&code)));
    }
}

fn seen(failure: &Failure) -> String {
    let message = mask_line(&failure.message, Language::Code).into_owned();
    let words =
        if message.is_empty() { failure.exception.clone() } else { format!("{}: {message}", failure.exception) };
    format!("{} (line {} of the log)", one_line(&words), failure.line)
}

fn errors(count: usize) -> String {
    format!("{count} error{}", if count == 1 { "" } else { "s" })
}

fn more(count: usize) -> String {
    format!("{count} more problem{}", if count == 1 { "" } else { "s" })
}

fn them(count: usize) -> &'static str {
    if count == 1 { "it" } else { "them" }
}

fn failure_value(failure: Option<&Failure>, sources: &Sources) -> serde_json::Value {
    let Some(failure) = failure else { return serde_json::Value::Null };
    let text = |text: &str| (!text.is_empty()).then(|| mask_line(text, Language::Code).into_owned());
    let frames: Vec<serde_json::Value> = failure
        .frames
        .iter()
        .map(|(span, function)| {
            serde_json::json!({ "path": sources.path(span.file), "line": sources.line(*span), "function": text(function) })
        })
        .collect();
    serde_json::json!({
        "exception": text(&failure.exception),
        "message": text(&failure.message),
        "cause": failure.cause,
        "phase": failure.phase,
        "line": (failure.line > 0).then_some(failure.line),
        "frames": frames,
        "next": failure.next.as_deref().map(mask_said),
        "avoid": failure.avoid.as_deref().map(mask_said),
    })
}
