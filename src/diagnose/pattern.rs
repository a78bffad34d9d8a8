//! Texts of failures with holes: `relation "{table}" does not exist` finds itself in a message and says which table.

/// What stood in the holes of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captures(pub Vec<(String, String)>);

impl Captures {
    /// What stood in this hole.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `template` with the holes filled; `None` where one of them is not known.
    pub fn fill(&self, template: &str) -> Option<String> {
        let mut text = String::with_capacity(template.len() + 32);
        for piece in Pieces::of(template) {
            text.push_str(piece.literal);
            if let Some(name) = piece.hole {
                text.push_str(self.get(name)?);
            }
        }
        Some(text)
    }
}

/// Finds `pattern` in `text`. A hole takes at least one character, no line end, and as little as possible; at the end
/// of the pattern it takes the rest of the line. `{_}` is a hole that nobody asks for.
pub fn find(pattern: &str, text: &str) -> Option<Captures> {
    let pieces: Vec<Piece<'_>> = Pieces::of(pattern).collect();
    let first = pieces.first()?.literal;
    let mut from = 0;
    while let Some(at) = text[from..].find(first) {
        if let Some(captures) = follow(&pieces, &text[from + at + first.len()..]) {
            return Some(captures);
        }
        from += at + first.len().max(1);
        if !text.is_char_boundary(from) {
            return None;
        }
    }
    None
}

fn follow(pieces: &[Piece<'_>], mut rest: &str) -> Option<Captures> {
    let mut captures = Captures::default();
    for (number, piece) in pieces.iter().enumerate() {
        let Some(name) = piece.hole else { break };
        let literal = pieces.get(number + 1).map_or("", |next| next.literal);
        let line = rest.lines().next().unwrap_or("");
        let end = match literal {
            "" => line.len(),
            literal => {
                let after_first = line.char_indices().nth(1).map_or(line.len(), |(at, _)| at);
                let at = rest[after_first..].find(literal)? + after_first;
                if at > line.len() {
                    return None;
                }
                at
            }
        };
        if end == 0 {
            return None;
        }
        if name != "_" {
            captures.0.push((name.to_owned(), rest[..end].trim().to_owned()));
        }
        rest = &rest[end + literal.len()..];
    }
    Some(captures)
}

/// A literal and the hole behind it.
struct Piece<'p> {
    literal: &'p str,
    hole: Option<&'p str>,
}

struct Pieces<'p> {
    rest: Option<&'p str>,
}

impl<'p> Pieces<'p> {
    fn of(pattern: &'p str) -> Pieces<'p> {
        Pieces { rest: Some(pattern) }
    }
}

impl<'p> Iterator for Pieces<'p> {
    type Item = Piece<'p>;

    fn next(&mut self) -> Option<Piece<'p>> {
        let rest = self.rest.take()?;
        let hole = rest.match_indices('{').find_map(|(open, _)| {
            let name = &rest[open + 1..open + 1 + rest[open + 1..].find('}')?];
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            is_name.then_some((open, name))
        });
        let Some((open, name)) = hole else { return Some(Piece { literal: rest, hole: None }) };
        let behind = &rest[open + name.len() + 2..];
        self.rest = (!behind.is_empty()).then_some(behind);
        Some(Piece { literal: &rest[..open], hole: Some(name) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> Option<Vec<String>> {
        find(pattern, text).map(|captures| captures.0.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn holes_are_filled() {
        let text = "ERROR: column \"remark\" of relation \"orders\" does not exist\nLINE 1";
        assert_eq!(
            found("column \"{column}\" of relation \"{table}\" does not exist", text),
            Some(vec!["remark".to_owned(), "orders".to_owned()])
        );
        assert_eq!(found("Can't load plugin: {plugin}", "x Can't load plugin: a.b\ny"), Some(vec!["a.b".to_owned()]));
        assert_eq!(found("relation \"{table}\" exists", "relation \"\" exists"), None);
        assert_eq!(found("a {x} b", "a 1\n2 b, a 3 b"), Some(vec!["3".to_owned()]));
        assert_eq!(found("plain", "it is plain"), Some(Vec::new()));
        assert_eq!(found("{_} of {x}", "é of y"), Some(vec!["y".to_owned()]));
    }

    #[test]
    fn templates_need_all_their_holes() {
        let captures = find("port {port} failed", "port 5432 failed").expect("found");
        assert_eq!(captures.fill("at {port}").as_deref(), Some("at 5432"));
        assert_eq!(captures.fill("at {host}:{port}"), None);
        assert_eq!(captures.fill("a {} b").as_deref(), Some("a {} b"));
    }
}
