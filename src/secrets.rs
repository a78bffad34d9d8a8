//! Text → the same text with passwords masked.
//!
//! Reports print lines of the user's files, and messages quote URLs. No password may leave through either. What is
//! looked for is narrow enough that ordinary code stays readable: the password of a URL, and the value given to a name
//! that says `password`, `secret` and the like.

use std::borrow::Cow;
use std::ops::Range;

/// What stands in a password's place.
pub const MASK: &str = "***";

/// Which kind of file a line comes from: in code only quoted values are secrets, in data (`.env`, ini, yaml) all are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Python and Python templates.
    Code,
    /// Key and value.
    Data,
}

impl Language {
    /// By the file's name.
    pub fn of(path: &str) -> Language {
        match path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("py" | "pyi" | "mako" | "rs" | "sql" | "ipynb") => Language::Code,
            _ => Language::Data,
        }
    }
}

/// The text with the passwords of its URLs masked.
pub fn mask(text: &str) -> Cow<'_, str> {
    replace(text, &in_urls(text))
}

/// What another program said, without passwords: those of URLs, what stands between `:` and `@` elsewhere, and what
/// stands before an `@` where a host is quoted: there an unescaped `@` made a piece of the password a part of the host.
pub fn mask_said(text: &str) -> String {
    let masked = mask(text);
    let mut safe = String::with_capacity(masked.len());
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ')' | '`');
    let mut rest = &*masked;
    while let Some(end) = rest.find(is_end).or((!rest.is_empty()).then_some(rest.len())) {
        let word = &rest[..end];
        let is_quoted = safe.ends_with(['"', '\'']) && rest[end..].starts_with(['"', '\'']);
        match word.rsplit_once('@') {
            Some((before, host)) if !before.is_empty() && !host.is_empty() && !before.ends_with(MASK) => {
                match before.split_once(':') {
                    Some((name, _)) if !before.contains("://") => safe.push_str(&format!("{name}:{MASK}@{host}")),
                    None if is_quoted => safe.push_str(&format!("{MASK}@{host}")),
                    _ => safe.push_str(word),
                }
            }
            _ => safe.push_str(word),
        }
        let sign = rest[end..].chars().next();
        safe.extend(sign);
        rest = &rest[end + sign.map_or(0, char::len_utf8)..];
    }
    safe
}

/// The line of a file with every secret masked.
pub fn mask_line(line: &str, language: Language) -> Cow<'_, str> {
    replace(line, &in_line(line, language))
}

/// Where the secrets of a line stand: sorted, apart from each other, on character boundaries.
pub fn in_line(line: &str, language: Language) -> Vec<Range<usize>> {
    let mut found = in_urls(line);
    found.extend(in_assignments(line, language));
    found.sort_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for range in found {
        match apart.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

/// The passwords of all URLs in a text.
fn in_urls(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("://") {
        let start = from + at + 3;
        from = start;
        let ends_url = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>');
        let token = &text[start..];
        let mut token = &token[..token.find(ends_url).unwrap_or(token.len())];
        if let Some(next) = token.find("://") {
            let scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
            token = token[..next].trim_end_matches(scheme);
        }
        if let Some(query) = token.find('?').filter(|at| is_query(&token[at + 1..])) {
            token = &token[..query];
        }
        let Some(host) = token.rfind('@') else { continue };
        let Some(colon) = token[..host].find(':') else { continue };
        let password = &token[colon + 1..host];
        let digits = password.len() - password.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let is_port = digits > 0 && password[digits..].starts_with('/');
        if !is_port && is_secret(password) {
            found.push(start + colon + 1..start + host);
        }
    }
    found
}

/// Does this read `key=value…`?
fn is_query(text: &str) -> bool {
    let key = text.len() - text.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '-').len();
    key > 0 && text[key..].starts_with('=')
}

/// The values that a line gives to names that say `password` and the like.
fn in_assignments(line: &str, language: Language) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut at = 0;
    while let Some(first) = line[at..].find(|c: char| c.is_ascii_alphabetic() || c == '_') {
        let start = at + first;
        let length = line[start..].find(|c| !part(c)).unwrap_or(line.len() - start);
        let end = start + length;
        at = end;
        if !names_a_secret(&line[start..end]) {
            continue;
        }
        let quoted = line[..start].ends_with(['"', '\'']) && line[end..].starts_with(['"', '\'']);
        let mut rest = end + usize::from(quoted);
        rest += usize::from(line[rest..].starts_with(']'));
        rest += blanks(&line[rest..]);
        let Some(sign) = line[rest..].chars().next() else { continue };
        rest += sign.len_utf8();
        let is_given = match sign {
            '=' => !line[rest..].starts_with('='),
            ':' => true,
            ',' => quoted && ["env", "get(", "config("].iter().any(|word| line[..start].contains(word)),
            _ => false,
        };
        if !is_given {
            continue;
        }
        if sign == ':' && language == Language::Code && !starts_quoted(&line[rest..]) {
            let annotation = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '|' | '[' | ']' | ',' | ' ');
            let length = line[rest..].find(|c| !annotation(c)).unwrap_or(0);
            if !line[rest + length..].starts_with('=') {
                continue;
            }
            rest += length + 1;
        }
        if let Some(value) = quoted_value(line, rest).or_else(|| {
            let own_line = line[..start].trim_matches([' ', '\t', '-', '"', '\'']);
            (language == Language::Data && matches!(own_line, "" | "export" | "environment:"))
                .then(|| plain_value(line, rest))
        }) && is_secret(&line[value.clone()])
        {
            at = at.max(value.end);
            found.push(value);
        }
    }
    found
}

fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "passwd", "passphrase", "pwd", "secret", "api_key", "apikey", "access_token", "auth_token"]
        .iter()
        .any(|word| name.contains(word))
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

fn starts_quoted(text: &str) -> bool {
    let text = text.trim_start_matches([' ', '\t']);
    text.trim_start_matches(['r', 'b', 'f', 'u', 'R', 'B', 'F', 'U']).starts_with(['"', '\''])
}

/// What stands between the quotes that open at or after `from`.
fn quoted_value(line: &str, from: usize) -> Option<Range<usize>> {
    if !starts_quoted(&line[from..]) {
        return None;
    }
    let open = from + line[from..].find(['"', '\''])?;
    let quote = if line[open..].starts_with("\"\"\"") || line[open..].starts_with("'''") {
        &line[open..open + 3]
    } else {
        &line[open..open + 1]
    };
    let start = open + quote.len();
    let end = line[start..].find(quote).map_or(line.len(), |length| start + length);
    Some(start..end)
}

/// An unquoted value: to the end of the line or to a comment.
fn plain_value(line: &str, from: usize) -> Range<usize> {
    let start = from + blanks(&line[from..]);
    let value = &line[start..];
    let value = value.split(" #").next().unwrap_or(value).trim_end();
    start..start + value.len()
}

/// Not empty, not masked already, and not wholly a placeholder that somebody fills in.
fn is_secret(value: &str) -> bool {
    let is_placeholder = |open: &str, close: &str| {
        value
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
            .is_some_and(|name| !name.contains(":-") && !name.contains(['{', '}', '(', ')']) || name.ends_with("()"))
    };
    !(value.is_empty()
        || value.chars().all(|c| c == '*')
        || is_placeholder("{", "}")
        || is_placeholder("${", "}")
        || is_placeholder("%(", ")s")
        || is_placeholder("<", ">")
        || value == "%s"
        || value.strip_prefix('$').is_some_and(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')))
}

fn replace<'t>(text: &'t str, secrets: &[Range<usize>]) -> Cow<'t, str> {
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    for secret in secrets {
        masked.push_str(&text[from..secret.start]);
        masked.push_str(MASK);
        from = secret.end;
    }
    masked.push_str(&text[from..]);
    Cow::Owned(masked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lose_their_password_and_nothing_else() {
        for (text, masked) in [
            ("postgresql://app:s3cret@db:5432/shop", "postgresql://app:***@db:5432/shop"),
            ("url = \"postgresql+asyncpg://a:p@ss/w?rd@db/shop\"", "url = \"postgresql+asyncpg://a:***@db/shop\""),
            ("redis://:pw@h/0,amqp://u:pw2@h", "redis://:***@h/0,amqp://u:***@h"),
            ("mysql://u:pw@h/d?x=a@b", "mysql://u:***@h/d?x=a@b"),
            ("see http://localhost:8000/@me and sqlite:///x.db", "see http://localhost:8000/@me and sqlite:///x.db"),
            ("f\"postgresql://{user}:{password}@{host}\"", "f\"postgresql://{user}:{password}@{host}\""),
            ("postgresql://${U}:${P:-hunter2}@h/d", "postgresql://${U}:***@h/d"),
            ("postgresql://u:пароль@h", "postgresql://u:***@h"),
        ] {
            assert_eq!(mask(text), masked, "{text}");
        }
    }

    #[test]
    fn values_of_secret_names_are_masked() {
        let code = |line| mask_line(line, Language::Code).into_owned();
        assert_eq!(code("    POSTGRES_PASSWORD: str = \"changethis\""), "    POSTGRES_PASSWORD: str = \"***\"");
        assert_eq!(code("os.getenv(\"DB_PASSWORD\", 'pw')"), "os.getenv(\"DB_PASSWORD\", '***')");
        assert_eq!(
            code("URL.create('pg', password=\"x y\", host='h')"),
            "URL.create('pg', password=\"***\", host='h')"
        );
        assert_eq!(code("{'password': 'pw'}"), "{'password': '***'}");
        for line in [
            "hashed_password: Mapped[str] = mapped_column(String(255))",
            "password = Column(\"password\", String)",
            "UniqueConstraint(\"password\", \"email\")",
            "if password == \"\":",
            "password=settings.PASSWORD,",
        ] {
            assert_eq!(code(line), line);
        }
        let data = |line| mask_line(line, Language::Data).into_owned();
        assert_eq!(data("POSTGRES_PASSWORD=changethis # dev"), "POSTGRES_PASSWORD=*** # dev");
        assert_eq!(data("      POSTGRES_PASSWORD: ${PW:-dev}"), "      POSTGRES_PASSWORD: ***");
        assert_eq!(data("      - POSTGRES_PASSWORD=${PW}"), "      - POSTGRES_PASSWORD=${PW}");
        assert_eq!(data("DATABASE_URL=postgresql://u:pw@h/d"), "DATABASE_URL=postgresql://u:***@h/d");
    }

    #[test]
    fn what_a_program_said_has_no_password() {
        for (text, shown) in [
            ("could not parse 'postgresql//u:pw@h/d'", "could not parse 'postgresql//u:***@h/d'"),
            ("no host \"ss@localhost\" (x)", "no host \"***@localhost\" (x)"),
            ("postgresql://u:pw@h/d", "postgresql://u:***@h/d"),
            ("user \"shop\" at \"localhost\"", "user \"shop\" at \"localhost\""),
            ("Key (email)=(a@b.c) exists", "Key (email)=(a@b.c) exists"),
        ] {
            assert_eq!(mask_said(text), shown);
        }
    }
}
