//! A line of a source file → the line as it may be shown: secrets masked, control characters replaced, and cut to a
//! window when it is too long. Offsets into the one are mapped to offsets into the other.

use std::ops::Range;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::secrets::{self, Language, MASK};

/// A line that may be shown.
#[derive(Debug)]
pub struct ShownLine {
    /// The text, without a line end.
    pub text: String,
    /// What was replaced: bytes of the original and bytes of `text`.
    replaced: Vec<(Range<usize>, Range<usize>)>,
}

impl ShownLine {
    /// The whole line.
    pub fn whole(line: &str, language: Language) -> ShownLine {
        let mut replaced: Vec<(Range<usize>, String)> =
            secrets::in_line(line, language).into_iter().map(|range| (range, MASK.to_owned())).collect();
        for (at, c) in line.char_indices() {
            if is_harmful(c) && !replaced.iter().any(|(range, _)| range.contains(&at)) {
                let replacement = if c == '\u{feff}' && at == 0 { String::new() } else { "\u{fffd}".to_owned() };
                replaced.push((at..at + c.len_utf8(), replacement));
            }
        }
        replaced.sort_by_key(|(range, _)| range.start);
        replace(line, replaced)
    }

    /// The line, cut to `columns` around `focus` (bytes of the original) when it is wider than that.
    pub fn cut(line: &str, language: Language, focus: Range<usize>, columns: usize, dots: &str) -> ShownLine {
        let whole = ShownLine::whole(line, language);
        let Some(window) = window(&whole.text, whole.map(focus.start)..whole.map(focus.end), columns, dots.width())
        else {
            return whole;
        };
        let mut cuts = Vec::new();
        if window.start > 0 {
            cuts.push((0..window.start, dots.to_owned()));
        }
        if window.end < whole.text.len() {
            cuts.push((window.end..whole.text.len(), dots.to_owned()));
        }
        let cut = replace(&whole.text, cuts);
        // Both steps as one list: every replacement of the first, seen through the second.
        let mut replaced: Vec<(Range<usize>, Range<usize>)> = Vec::new();
        let original = |at: usize| whole.unmap(at);
        for (from, to) in &cut.replaced {
            replaced.push((original(from.start)..original(from.end), to.clone()));
        }
        for (from, to) in &whole.replaced {
            if to.start >= window.start && to.end <= window.end {
                replaced.push((from.clone(), cut.map(to.start)..cut.map(to.end)));
            }
        }
        replaced.sort_by_key(|(from, _)| from.start);
        ShownLine { text: cut.text, replaced }
    }

    /// Where the byte `at` of the original is shown. Inside of what was replaced: where that starts.
    pub fn map(&self, at: usize) -> usize {
        let mut shown = at;
        for (from, to) in &self.replaced {
            if at >= from.end {
                shown = to.end + (at - from.end);
            } else if at > from.start {
                return to.start;
            } else if at == from.start {
                return to.start.min(self.text.len());
            } else {
                break;
            }
        }
        shown.min(self.text.len())
    }

    /// Where a range of the original is shown: never backwards, and whole where its end was replaced.
    pub fn map_range(&self, range: Range<usize>) -> Range<usize> {
        let start = self.map(range.start);
        let inside = self.replaced.iter().find(|(from, _)| range.end > from.start && range.end < from.end);
        let end = inside.map_or_else(|| self.map(range.end), |(_, to)| to.end);
        start..end.max(start)
    }

    fn unmap(&self, at: usize) -> usize {
        let mut original = at;
        for (from, to) in &self.replaced {
            if at >= to.end {
                original = from.end + (at - to.end);
            } else if at > to.start {
                return from.start;
            } else {
                break;
            }
        }
        original
    }
}

/// The text on one line, for messages: line ends become blanks, control characters are replaced.
pub fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if is_harmful(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Text of several lines without control characters.
pub fn harmless(text: &str) -> String {
    text.chars().map(|c| if c != '\n' && is_harmful(c) { '\u{fffd}' } else { c }).collect()
}

/// Control characters, line ends that terminals or ariadne know and Python doesn't, and what turns text around.
fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn replace(line: &str, replacements: Vec<(Range<usize>, String)>) -> ShownLine {
    let mut text = String::with_capacity(line.len());
    let mut replaced = Vec::with_capacity(replacements.len());
    let mut from = 0;
    for (range, replacement) in replacements {
        text.push_str(&line[from..range.start]);
        let start = text.len();
        text.push_str(&replacement);
        from = range.end;
        replaced.push((range, start..text.len()));
    }
    text.push_str(&line[from..]);
    ShownLine { text, replaced }
}

/// Which bytes of `text` to show when it is wider than `columns`; `None`: all.
fn window(text: &str, focus: Range<usize>, columns: usize, dots: usize) -> Option<Range<usize>> {
    let width = |c: char| if c == '\t' { 4 } else { c.width().unwrap_or(0) };
    if text.len() <= columns || text.chars().map(width).sum::<usize>() <= columns {
        return None;
    }
    let room = columns.saturating_sub(2 * dots).max(8);
    let focused: usize = text[focus.clone()].chars().map(width).sum();
    // As much before the focus as fits in a third of what is left.
    let before = (room.saturating_sub(focused) / 3).max(4);
    let mut start = focus.start;
    let mut used = 0;
    for (at, c) in text[..focus.start].char_indices().rev() {
        used += width(c);
        if used > before {
            break;
        }
        start = at;
    }
    // The start of the line is shown when it nearly fits anyway.
    if text[..focus.end].chars().map(width).sum::<usize>() <= room.saturating_sub(4) {
        start = 0;
    }
    let mut end = start;
    let mut used = 0;
    for (at, c) in text[start..].char_indices() {
        used += width(c);
        if used > room {
            break;
        }
        end = start + at + c.len_utf8();
    }
    Some(start..end.max(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_line_maps_what_stands_behind_the_password() {
        let line = "url = \"postgres://u:secret@host/db\"";
        let shown = ShownLine::whole(line, Language::Code);
        assert_eq!(shown.text, "url = \"postgres://u:***@host/db\"");
        let host = line.find("host").expect("is there");
        assert_eq!(&shown.text[shown.map_range(host..host + 4)], "host");
        let secret = line.find("secret").expect("is there");
        assert_eq!(&shown.text[shown.map_range(secret + 1..secret + 3)], "***");
        assert_eq!(shown.map(line.len()), shown.text.len());
    }

    #[test]
    fn a_long_line_is_cut_around_the_focus() {
        let line = format!("x = '{}' + target + '{}'", "a".repeat(300), "b".repeat(300));
        let at = line.find("target").expect("is there");
        let shown = ShownLine::cut(&line, Language::Code, at..at + 6, 60, "...");
        assert!(shown.text.width() <= 60 && shown.text.starts_with("...a") && shown.text.ends_with("b..."));
        assert_eq!(&shown.text[shown.map_range(at..at + 6)], "target");
        assert_eq!(shown.map(0), 0);
        assert!(shown.map(line.len()) <= shown.text.len());
    }

    #[test]
    fn a_window_lets_wide_and_masked_text_be() {
        let line = format!("p = 'pg://u:{}@h' # {} 終わり", "s".repeat(50), "漢字".repeat(60));
        let at = line.find("終").expect("is there");
        let shown = ShownLine::cut(&line, Language::Code, at..at + 9, 40, "…");
        assert!(shown.text.width() <= 40, "{}", shown.text);
        assert_eq!(&shown.text[shown.map_range(at..at + 9)], "終わり");
        assert!(!shown.text.contains("sss"));
        let shown = ShownLine::cut(&line, Language::Code, 0..1, 40, "…");
        assert!(shown.text.starts_with("p = 'pg://u:***@h'"), "{}", shown.text);
    }

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        let shown = ShownLine::whole("\u{feff}a\u{1b}[31m\0b\u{202e}c\u{2028}d", Language::Code);
        assert_eq!(shown.text, "a\u{fffd}[31m\u{fffd}b\u{fffd}c\u{fffd}d");
        assert_eq!(shown.map(3), 0);
    }
}
