//! YAML text → a small tree with spans, from the events of `saphyr-parser` (only this file names it).
//!
//! Aliases are replaced by what they name, `<<` merges are worked out. Only the first document is read.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::source::{FileId, Span};
use crate::syntax::python::SyntaxProblem;

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Yaml {
    /// The value.
    pub value: YamlValue,
    /// Its place, quotes included.
    pub span: Span,
}

/// The kinds of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum YamlValue {
    /// A scalar as text; whether it was quoted.
    Scalar(String, bool),
    /// A list.
    List(Vec<Yaml>),
    /// A map: keys, their places, values, in order.
    Map(Vec<(String, Span, Yaml)>),
    /// Too deep, or an alias of something that is not there.
    Unknown,
}

/// No tree is deeper than this, and no file's aliases blow up to more nodes than [`MOST_NODES`].
const DEEPEST: usize = 64;
const MOST_NODES: usize = 100_000;

impl Yaml {
    /// The member called `key`.
    pub fn get(&self, key: &str) -> Option<&Yaml> {
        self.members().iter().find(|(name, ..)| name == key).map(|(.., value)| value)
    }

    /// The members of a map; nothing of anything else.
    pub fn members(&self) -> &[(String, Span, Yaml)] {
        match &self.value {
            YamlValue::Map(members) => members,
            _ => &[],
        }
    }

    /// The items of a list; nothing of anything else.
    pub fn items(&self) -> &[Yaml] {
        match &self.value {
            YamlValue::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar. An unquoted `null` or `~` is none.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            YamlValue::Scalar(text, quoted) if *quoted || !matches!(text.as_str(), "" | "~" | "null") => Some(text),
            _ => None,
        }
    }
}

/// Reads the first document of `text`. After a mistake, what stands before it is kept.
pub fn read(file: FileId, text: &str) -> (Yaml, Vec<SyntaxProblem>) {
    let offsets: Vec<u32> = if text.is_ascii() {
        Vec::new()
    } else {
        text.char_indices().map(|(at, _)| at as u32).chain([text.len() as u32]).collect()
    };
    let byte = |index: usize| {
        if offsets.is_empty() {
            index.min(text.len())
        } else {
            offsets.get(index).map_or(text.len(), |at| *at as usize)
        }
    };
    let mut builder = Builder { open: Vec::new(), anchors: HashMap::new(), root: None, nodes: 0 };
    let mut problems = Vec::new();
    for event in Parser::new_from_str(text) {
        match event {
            Ok((Event::DocumentEnd, _)) => break,
            Ok((event, span)) => {
                let (start, end) = (byte(span.start.index()), byte(span.end.index()));
                builder.event(event, Span::new(file, start..end.max(start)));
            }
            Err(error) => {
                let at = byte(error.marker().index());
                problems.push(SyntaxProblem { span: Span::new(file, at..at), message: error.info().to_owned() });
                break;
            }
        }
    }
    while !builder.open.is_empty() {
        builder.end();
    }
    let nothing = Yaml { value: YamlValue::Scalar(String::new(), false), span: Span::start_of(file) };
    (builder.root.unwrap_or(nothing), problems)
}

enum Open {
    List(Vec<Yaml>),
    Map(Vec<(String, Span, Yaml)>, Option<Yaml>),
}

struct Builder {
    open: Vec<(Open, Span, usize)>,
    anchors: HashMap<usize, (Yaml, usize)>,
    root: Option<Yaml>,
    nodes: usize,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let quoted = style != ScalarStyle::Plain;
                self.add(Yaml { value: YamlValue::Scalar(text.into_owned(), quoted), span }, anchor, 1);
            }
            Event::Alias(anchor) => {
                let (value, nodes) = match self.anchors.get(&anchor) {
                    Some((found, nodes)) if self.nodes + nodes <= MOST_NODES => (found.value.clone(), *nodes),
                    _ => (YamlValue::Unknown, 1),
                };
                self.add(Yaml { value, span }, 0, nodes);
            }
            Event::SequenceStart(anchor, _) => self.open.push((Open::List(Vec::new()), span, anchor)),
            Event::MappingStart(anchor, _) => self.open.push((Open::Map(Vec::new(), None), span, anchor)),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            _ => {}
        }
    }

    fn end(&mut self) {
        let depth = self.open.len();
        let Some((open, span, anchor)) = self.open.pop() else { return };
        let value = match open {
            _ if depth > DEEPEST => YamlValue::Unknown,
            Open::List(items) => YamlValue::List(items),
            Open::Map(members, _) => YamlValue::Map(members),
        };
        self.add(Yaml { value, span }, anchor, 1);
    }

    fn add(&mut self, node: Yaml, anchor: usize, nodes: usize) {
        self.nodes += nodes;
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), count(&node)));
        }
        match self.open.last_mut() {
            None => self.root = self.root.take().or(Some(node)),
            Some((Open::List(items), ..)) => items.push(node),
            Some((Open::Map(members, key), ..)) => match key.take() {
                None => *key = Some(node),
                Some(Yaml { value: YamlValue::Scalar(name, false), .. }) if name == "<<" => merge(members, &node),
                Some(Yaml { value: YamlValue::Scalar(name, _), span }) => {
                    members.retain(|(other, place, _)| *other != name || place.start >= span.start);
                    members.push((name, span, node));
                }
                Some(_) => {}
            },
        }
    }
}

/// What a merge brings stands behind what the map says itself, before or after.
fn merge(members: &mut Vec<(String, Span, Yaml)>, node: &Yaml) {
    for source in std::iter::once(node).chain(node.items()) {
        for (name, span, value) in source.members() {
            if !members.iter().any(|(other, ..)| other == name) {
                members.push((name.clone(), *span, value.clone()));
            }
        }
    }
}

fn count(node: &Yaml) -> usize {
    1 + node.items().iter().map(count).sum::<usize>()
        + node.members().iter().map(|(.., value)| count(value)).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places() {
        let text = "services:\n  # é\n  db:\n    image: 'postgres:15'\n    ports:\n      - 5433:5432\n";
        let (root, problems) = read(FileId(0), text);
        assert_eq!(problems, []);
        let db = root.get("services").and_then(|services| services.get("db")).expect("db");
        let image = db.get("image").expect("image");
        assert_eq!((image.as_str(), &text[image.span.range()]), (Some("postgres:15"), "'postgres:15'"));
        let port = &db.get("ports").expect("ports").items()[0];
        assert_eq!((port.as_str(), &text[port.span.range()]), (Some("5433:5432"), "5433:5432"));
    }

    #[test]
    fn anchors_and_merges() {
        let text = "x: &base\n  a: 1\n  b: 2\ny:\n  <<: *base\n  b: 3\nz: *base\n";
        let (root, _) = read(FileId(0), text);
        let y = root.get("y").expect("y");
        assert_eq!(y.get("a").and_then(Yaml::as_str), Some("1"));
        assert_eq!(y.get("b").and_then(Yaml::as_str), Some("3"));
        assert_eq!(root.get("z").and_then(|z| z.get("b")).and_then(Yaml::as_str), Some("2"));
    }

    #[test]
    fn what_stands_before_a_mistake_is_kept() {
        let (root, problems) = read(FileId(0), "a: 1\nb: [1, 2\nc: {\n");
        assert!(!problems.is_empty());
        assert_eq!(root.get("a").and_then(Yaml::as_str), Some("1"));
    }

    #[test]
    fn deep_nesting_ends() {
        let (root, _) = read(FileId(0), &"[".repeat(5_000));
        assert!(root.items().len() <= 1);
    }
}
