//! Values → Python literals, as `repr` writes them.

/// A string.
pub fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\\' => quoted.push_str("\\\\"),
            letter if letter == quote => quoted.extend(['\\', quote]),
            letter if letter.is_control() => quoted.push_str(&format!("\\x{:02x}", letter as u32)),
            letter => quoted.push(letter),
        }
    }
    quoted.push(quote);
    quoted
}

/// A string, or `None`.
pub fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "None".to_owned(), repr)
}

/// `True` or `False`.
pub fn boolean(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// `'a', 'b'`
pub fn listed<T: AsRef<str>>(texts: &[T]) -> String {
    texts.iter().map(|text| repr(text.as_ref())).collect::<Vec<_>>().join(", ")
}

/// Text for `sa.text()`: a colon before a word would be a parameter there.
pub fn bind_free(sql: &str) -> String {
    let mut found = String::with_capacity(sql.len());
    let mut before = ' ';
    let mut rest = sql.chars().peekable();
    while let Some(letter) = rest.next() {
        if letter == ':' && before != ':' && before != '\\' && !is_word(before) {
            let word: String = rest.clone().take_while(|next| is_word(*next)).collect();
            let after = rest.clone().nth(word.chars().count());
            if !word.is_empty() && after != Some(':') {
                found.push('\\');
            }
        }
        found.push(letter);
        before = letter;
    }
    found
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_written_as_repr_does() {
        assert_eq!(repr("it's"), "\"it's\"");
        assert_eq!(repr("a'b\"c\\\n"), "'a\\'b\"c\\\\\\n'");
        assert_eq!(repr("Grüße"), "'Grüße'");
    }

    #[test]
    fn colons_that_would_bind_are_escaped() {
        assert_eq!(bind_free("'{}'::jsonb"), "'{}'::jsonb");
        assert_eq!(bind_free("x = ':a'"), "x = '\\:a'");
        assert_eq!(bind_free("'12:30'"), "'12:30'");
        assert_eq!(bind_free("a :: text"), "a :: text");
    }
}
