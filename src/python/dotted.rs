//! Dotted names: `sqlalchemy.orm.relationship`. They are taken apart with every call, so quickly.

use memchr::{memchr, memrchr};

/// The first part: `sqlalchemy`.
pub fn first(dotted: &str) -> &str {
    memchr(b'.', dotted.as_bytes()).map_or(dotted, |at| &dotted[..at])
}

/// The last part: `relationship`.
pub fn last(dotted: &str) -> &str {
    memrchr(b'.', dotted.as_bytes()).map_or(dotted, |at| &dotted[at + 1..])
}

/// The first part, and what follows it; that is empty where there is but one part.
pub fn behind_first(dotted: &str) -> (&str, &str) {
    memchr(b'.', dotted.as_bytes()).map_or((dotted, ""), |at| (&dotted[..at], &dotted[at + 1..]))
}

/// What stands before the last part, and that. `None`: there is but one part.
pub fn parent(dotted: &str) -> Option<(&str, &str)> {
    memrchr(b'.', dotted.as_bytes()).map(|at| (&dotted[..at], &dotted[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_apart_at_their_dots() {
        assert_eq!((first("a.b.c"), last("a.b.c"), first("a"), last("a")), ("a", "c", "a", "a"));
        assert_eq!((behind_first("a.b.c"), behind_first("a")), (("a", "b.c"), ("a", "")));
        assert_eq!((parent("a.b.c"), parent("a")), (Some(("a.b", "c")), None));
    }
}
