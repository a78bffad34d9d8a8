//! A drift as a person wants to read it: grouped by table, with both places, what autogenerate does not see, what was
//! probably renamed, and what was not compared.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::catalog::Target;
use crate::catalog::diff::NotCompared;
use crate::catalog::diff::change::Change;
use crate::catalog::diff::words;
use crate::catalog::drift::Drift;
use crate::catalog::operation::Operation;
use crate::catalog::table::TableName;
use crate::source::{Sources, Span};

/// Places start in this column, where what stands before them is shorter.
const PLACES: usize = 52;
/// So many things that were not compared are listed without `-v`.
const NOT_COMPARED: usize = 5;

/// How it is listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// With ANSI colours.
    pub colour: bool,
    /// Everything that was not compared.
    pub verbose: bool,
}

/// The listing of one environment. `reported` holds the keys of what is not suppressed and not in the baseline.
pub fn text(name: &str, drift: &Drift, reported: &BTreeSet<&str>, sources: &Sources, style: Style) -> String {
    let mut text = String::new();
    if let Some(why) = &drift.nothing {
        let _ = writeln!(text, "{name}: not compared: {why}");
        return text;
    }
    let difference = &drift.difference;
    let changes: Vec<&Change> =
        difference.changes.iter().filter(|change| reported.contains(change.key().as_str())).collect();
    let tables: BTreeSet<&TableName> = changes.iter().map(|change| &change.table).collect();
    if changes.is_empty() {
        let compared = number(difference.compared, "table");
        let _ = writeln!(text, "{name}: {} and models agree on {compared}", drift.with);
    } else {
        let count = changes.iter().map(|change| change.words().len()).sum();
        let _ = writeln!(text, "{name}: {} in {}", number(count, "difference"), number(tables.len(), "table"));
    }
    for table in tables {
        let _ = writeln!(text, "\n  {table}");
        for change in changes.iter().filter(|change| change.table == *table) {
            lines(&mut text, change, &drift.target, sources, style);
        }
    }
    let hidden: Vec<_> = difference.hidden.iter().filter(|it| reported.contains(it.key().as_str())).collect();
    if !hidden.is_empty() {
        text.push_str("\n  autogenerate does not see:\n");
        for hidden in hidden {
            let words = words::hidden(hidden).replace('`', "");
            line(&mut text, '!', &words, &[("", Some(hidden.model)), ("", Some(hidden.migration))], sources, style);
        }
    }
    let renames: Vec<_> = difference.renames.iter().filter(|it| reported.contains(it.key().as_str())).collect();
    if !renames.is_empty() {
        text.push_str("\n  probably renamed; this keeps the data:\n");
        for rename in renames {
            line(&mut text, '=', &words::renaming(rename), &[("", Some(rename.model))], sources, style);
        }
    }
    let reversals: Vec<_> =
        drift.reversals.iter().filter(|it| reported.contains(format!("downgrade:{}", it.revision).as_str())).collect();
    if !reversals.is_empty() {
        text.push_str("\n  downgrade does not lead back:\n");
        for reversal in reversals {
            let left: Vec<String> =
                reversal.left.iter().map(|change| words::subject(change).replace('`', "")).collect();
            let words = format!("{}: {}", reversal.revision, left.join(", "));
            line(&mut text, '!', &words, &[("", Some(reversal.downgrade))], sources, style);
        }
    }
    not_compared(&mut text, &difference.not_compared, sources, style);
    text
}

fn lines(text: &mut String, change: &Change, target: &Target, sources: &Sources, style: Style) {
    let places = [("", change.model), ("migrations: ", change.migration)];
    let subject = words::in_table(change);
    match &change.operation {
        Operation::CreateTable(table) => {
            let words = format!("{subject}, {}", number(table.columns.len(), "column"));
            line(text, '+', &words, &places, sources, style);
        }
        Operation::AddColumn(_, column) => {
            let words = format!("{subject} {}", words::definition(column, target));
            line(text, '+', &words, &places[..1], sources, style);
        }
        Operation::AlterColumn(alter) => {
            for word in change.words() {
                let (before, after) = words::sides(alter, word, target);
                let shown = |side: Option<String>| side.unwrap_or_else(|| "none".to_owned());
                let words = format!("{subject}: {} -> {}", shown(before), shown(after));
                line(text, '~', &words, &places, sources, style);
            }
        }
        Operation::SetTableComment(..) => line(text, '~', &subject, &places, sources, style),
        _ if change.words().iter().any(|word| word.removes()) => {
            line(text, '-', &subject, &places[1..], sources, style);
        }
        _ => line(text, '+', &subject, &places[..1], sources, style),
    }
}

fn line(text: &mut String, sign: char, words: &str, places: &[(&str, Option<Span>)], sources: &Sources, style: Style) {
    let colour = match sign {
        '+' => "\x1b[32m",
        '-' => "\x1b[31m",
        _ => "\x1b[33m",
    };
    let (start, end) = if style.colour { (colour, "\x1b[0m") } else { ("", "") };
    let shown: Vec<String> = places
        .iter()
        .filter_map(|(before, span)| Some(format!("{before}{}{}", sources.shown_from, at((*span)?, sources))))
        .collect();
    let gap = PLACES.saturating_sub(6 + words.chars().count()).max(2);
    let _ = writeln!(text, "    {start}{sign}{end} {words}{}{}", " ".repeat(gap), shown.join(", "));
}

/// `app/models.py:12`
fn at(span: Span, sources: &Sources) -> String {
    format!("{}:{}", sources.path(span.file), sources.line(span))
}

fn not_compared(text: &mut String, all: &[NotCompared], sources: &Sources, style: Style) {
    if all.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n  not compared, since it could not be read ({}):", all.len());
    let shown = if style.verbose { all.len() } else { NOT_COMPARED };
    for one in all.iter().take(shown) {
        let table = one.table.as_ref().map(ToString::to_string).unwrap_or_default();
        let what = if one.what.is_empty() { table } else { format!("{table}: {}", one.what.replace('`', "")) };
        let words = format!("{what}: {}", one.why.replace('`', ""));
        line(text, '?', &words, &[("", one.span)], sources, style);
    }
    if all.len() > shown {
        let _ = writeln!(text, "    and {} more; -v lists all", all.len() - shown);
    }
}

/// `1 table`, `2 tables`
pub fn number(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
