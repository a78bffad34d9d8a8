//! Engine URLs as SQLAlchemy reads them: text → [`EngineUrl`], its parts, or why it is none.
//!
//! [`split`] is `make_url`, regular expression and all: everything up to the *first* `@` is the password, whatever it
//! holds. Nothing here ever prints a password.

use std::ops::Range;

use crate::project::sqlalchemy::dialects;
use crate::source::{Sources, Span};

/// Where a URL's text came from, as a chain of places: the first is where it is used, the last where it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// What kind of place the text was typed at.
    pub kind: UrlKind,
    /// The places, from use to text.
    pub chain: Vec<Span>,
    /// Where `***` took the password's place.
    pub masked_at: Option<Span>,
}

/// What kind of place a URL was typed at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlKind {
    /// A literal, or an option of the configuration file.
    Literal,
    /// A line of a .env file.
    DotEnv,
    /// The default for an environment variable of this name.
    Default(String),
    /// The environment variable of this name, which is set; the place is where the code reads it.
    Variable(String),
}

/// A URL, in parts. Passwords are never printed: `Debug` leaves them out.
#[derive(Clone, PartialEq, Eq)]
pub struct EngineUrl {
    /// The text as it reaches SQLAlchemy; what is not known of it is `…`.
    pub text: String,
    /// `postgresql`
    pub dialect: String,
    /// `asyncpg`, where the URL names one.
    pub driver: Option<String>,
    /// Where the text was typed: the place to edit.
    pub span: Span,
    /// How it got to the engine.
    pub provenance: Provenance,
    /// Decoded.
    pub username: Option<String>,
    /// Decoded. Never to be shown.
    pub password: Option<String>,
    /// Without the brackets of an IPv6 address.
    pub host: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// As written; for SQLite the path.
    pub database: Option<String>,
    /// The query's pairs, decoded, each with its place in [`EngineUrl::text`].
    pub query: Vec<(String, String, Range<usize>)>,
    /// Where the parts stand in [`EngineUrl::text`].
    pub parts: Parts,
    /// What `make_url` or the dialect raises for it.
    pub error: Option<UrlError>,
}

/// Where the parts of a URL stand in its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// `postgresql+psycopg2`
    pub scheme: Range<usize>,
    /// Before the first `:` or `@`.
    pub username: Option<Range<usize>>,
    /// Up to the first `@`.
    pub password: Option<Range<usize>>,
    /// The host, without brackets.
    pub host: Option<Range<usize>>,
    /// After the host's `:`; may be empty or no number.
    pub port: Option<Range<usize>>,
    /// After the `/`.
    pub database: Option<Range<usize>>,
    /// After the `?`.
    pub query: Option<Range<usize>>,
}

/// Why a text is no URL for SQLAlchemy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlError {
    /// It does not begin with `name://`.
    Unparsable,
    /// The port is no number: `int()` raises ValueError with this text.
    PortNotNumber(String),
    /// `host:/database`: the port is there and empty.
    PortEmpty,
    /// SQLite with a host: two slashes where three belong.
    SqliteHost,
}

impl UrlError {
    /// The exception, as users paste it. The text of the URL is not in it.
    pub fn exception(&self) -> String {
        match self {
            UrlError::Unparsable => {
                "sqlalchemy.exc.ArgumentError: Could not parse SQLAlchemy URL from given URL string".to_owned()
            }
            UrlError::PortNotNumber(_) => "ValueError: invalid literal for int() with base 10".to_owned(),
            UrlError::PortEmpty => "TypeError: Port argument must be an integer or None.".to_owned(),
            UrlError::SqliteHost => "sqlalchemy.exc.ArgumentError: Invalid SQLite URL".to_owned(),
        }
    }
}

impl EngineUrl {
    /// Reads `text`, which was typed at `span`. Where it is no URL, [`EngineUrl::error`] says why and the parts that
    /// could be read are there.
    pub fn read(text: &str, span: Span, provenance: Provenance) -> EngineUrl {
        let mut url = EngineUrl {
            text: text.to_owned(),
            dialect: String::new(),
            driver: None,
            span,
            provenance,
            username: None,
            password: None,
            host: None,
            port: None,
            database: None,
            query: Vec::new(),
            parts: Parts::default(),
            error: None,
        };
        let Some(parts) = split(text) else {
            url.error = Some(UrlError::Unparsable);
            return url;
        };
        let decoded = |range: &Option<Range<usize>>| range.clone().map(|range| unquote(&text[range], false));
        let (dialect, driver) = match text[parts.scheme.clone()].split_once('+') {
            Some((dialect, driver)) => (dialect, Some(driver.to_owned())),
            None => (&text[parts.scheme.clone()], None),
        };
        url.dialect = dialect.to_owned();
        url.driver = driver;
        url.username = decoded(&parts.username);
        url.password = decoded(&parts.password);
        url.host = parts.host.clone().map(|range| text[range].to_owned());
        url.database = parts.database.clone().map(|range| text[range].to_owned());
        url.query = parts.query.clone().map(|range| pairs(text, range)).unwrap_or_default();
        if let Some(port) = parts.port.clone().map(|range| &text[range]) {
            match port.trim().parse() {
                Ok(number) => url.port = Some(number),
                Err(_) if port.is_empty() => url.error = Some(UrlError::PortEmpty),
                Err(_) if port.trim().parse::<i64>().is_ok() => {}
                Err(_) => url.error = Some(UrlError::PortNotNumber(port.to_owned())),
            }
        }
        if !url.is_whole() {
            url.error = None;
        }
        let has_host = url.host.is_some() || url.username.as_deref().is_some_and(|name| !name.is_empty());
        if url.dialect == "sqlite" && has_host && url.error.is_none() && url.is_whole() {
            url.error = Some(UrlError::SqliteHost);
        }
        url.parts = parts;
        url
    }

    /// The driver that SQLAlchemy loads: the one named, else the dialect's default in these versions.
    pub fn driver_in(&self, versions: &crate::project::versions::Versions) -> Option<String> {
        self.driver.clone().or_else(|| dialects::default_driver(&self.dialect, versions).map(str::to_owned))
    }

    /// Is all of it known? What is not stands as `…` in the text: only the dialect and the driver are certain then.
    pub fn is_whole(&self) -> bool {
        !self.text.contains('…')
    }

    /// Is it a SQLite database in memory?
    pub fn is_memory(&self) -> bool {
        self.dialect == "sqlite"
            && self.is_whole()
            && (matches!(self.database.as_deref(), None | Some("" | ":memory:"))
                || self.query.iter().any(|(key, value, _)| key == "mode" && value == "memory"))
    }

    /// The place in the file of a part of the text: where the file shows the text as it is, that part; else the whole.
    pub fn place(&self, sources: &Sources, part: Range<usize>) -> Span {
        let shown = sources.slice(self.span);
        match shown.find(self.text.as_str()) {
            Some(at) if !self.text.is_empty() => {
                let start = self.span.start as usize + at;
                Span::new(self.span.file, start + part.start..start + part.end)
            }
            _ => self.span,
        }
    }

    /// The URL without its password, for messages.
    pub fn masked(&self) -> String {
        crate::secrets::mask(&self.text).into_owned()
    }
}

impl std::fmt::Debug for EngineUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "EngineUrl({}{}{}://…)",
            self.dialect,
            if self.driver.is_some() { "+" } else { "" },
            self.driver.as_deref().unwrap_or("")
        )
    }
}

/// SQLAlchemy's regular expression, by hand: the parts of `text`, or `None` where it does not match.
pub fn split(text: &str) -> Option<Parts> {
    let colon = text.find("://")?;
    let scheme = &text[..colon];
    if scheme.is_empty() || !scheme.chars().all(|found| found == '+' || found == '_' || found.is_alphanumeric()) {
        return None;
    }
    let mut parts = Parts { scheme: 0..colon, ..Parts::default() };
    let mut at = colon + 3;
    let name_end = end_of(text, at, [':', '/', ':']);
    if text[name_end..].starts_with(':')
        && let Some(sign) = text[name_end..].find('@')
    {
        parts.username = Some(at..name_end);
        parts.password = Some(name_end + 1..name_end + sign);
        at = name_end + sign + 1;
    } else if let Some(sign) = text[at..name_end].rfind('@') {
        parts.username = Some(at..at + sign);
        at += sign + 1;
    }
    if text[at..].starts_with('[') {
        let limit = end_of(text, at + 1, ['/', '?', '?']);
        if let Some(close) = text[at + 1..limit].rfind(']').filter(|close| *close > 0) {
            parts.host = Some(at + 1..at + 1 + close);
            at += close + 2;
        }
    }
    if parts.host.is_none() {
        let end = end_of(text, at, ['/', ':', '?']);
        if end > at {
            parts.host = Some(at..end);
            at = end;
        }
    }
    if text[at..].starts_with(':') {
        let end = end_of(text, at + 1, ['/', '?', '?']);
        parts.port = Some(at + 1..end);
        at = end;
    }
    if text[at..].starts_with('/') {
        let end = end_of(text, at + 1, ['?', '?', '?']);
        parts.database = Some(at + 1..end);
        at = end;
    }
    if text[at..].starts_with('?') {
        parts.query = Some(at + 1..end_of(text, at + 1, ['\n', '\n', '\n']));
    }
    Some(parts)
}

fn end_of(text: &str, from: usize, stops: [char; 3]) -> usize {
    text[from..].find(stops).map_or(text.len(), |at| from + at)
}

/// `parse_qsl`: pairs without a value are left out.
fn pairs(text: &str, range: Range<usize>) -> Vec<(String, String, Range<usize>)> {
    let mut pairs = Vec::new();
    let mut start = range.start;
    for pair in text[range].split('&') {
        let whole = start..start + pair.len();
        start = whole.end + 1;
        if let Some((key, value)) = pair.split_once('=').filter(|(_, value)| !value.is_empty()) {
            pairs.push((unquote(key, true), unquote(value, true), whole));
        }
    }
    pairs
}

/// `%xx` → its character; `+` → a blank in queries. What is no escape stays.
fn unquote(text: &str, plus: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = |at: usize| behind.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &behind[2..];
                continue;
            }
            (b'+', ..) if plus => bytes.push(b' '),
            _ => bytes.push(*first),
        }
        rest = behind;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    fn url(text: &str) -> EngineUrl {
        EngineUrl::read(
            text,
            Span::start_of(FileId(0)),
            Provenance { kind: UrlKind::Literal, chain: Vec::new(), masked_at: None },
        )
    }

    #[test]
    fn parts() {
        let full = url("postgresql+asyncpg://us%40er:p%2Fw@db.example:5433/shop?ssl=require&x=a+b");
        assert_eq!((full.dialect.as_str(), full.driver.as_deref()), ("postgresql", Some("asyncpg")));
        assert_eq!((full.username.as_deref(), full.password.as_deref()), (Some("us@er"), Some("p/w")));
        assert_eq!(
            (full.host.as_deref(), full.port, full.database.as_deref()),
            (Some("db.example"), Some(5433), Some("shop"))
        );
        assert_eq!((full.query[1].0.as_str(), full.query[1].1.as_str()), ("x", "a b"));
        assert_eq!(&full.text[full.query[0].2.clone()], "ssl=require");
        assert_eq!(full.error, None);
        let raw_at = url("postgresql://shop:p@ss@localhost/shop");
        assert_eq!((raw_at.password.as_deref(), raw_at.host.as_deref()), (Some("p"), Some("ss@localhost")));
        let six = url("postgresql://u@[::1]:5432/x");
        assert_eq!((six.username.as_deref(), six.host.as_deref(), six.port), (Some("u"), Some("::1"), Some(5432)));
        let hash = url("postgresql://u:a/b#c?d:e@h/x");
        assert_eq!((hash.password.as_deref(), hash.host.as_deref()), (Some("a/b#c?d:e"), Some("h")));
        let socket = url("postgresql:///shop?host=/run/postgresql");
        assert_eq!((socket.host, socket.database.as_deref(), socket.query.len()), (None, Some("shop"), 1));
    }

    #[test]
    fn errors() {
        assert_eq!(url("").error, Some(UrlError::Unparsable));
        assert_eq!(url("\"sqlite:///./shop.db\"").error, Some(UrlError::Unparsable));
        assert_eq!(url("${DATABASE_URL}").error, Some(UrlError::Unparsable));
        assert_eq!(url("postgresql:/x").error, Some(UrlError::Unparsable));
        assert_eq!(url("sqlite://./shop.db").error, Some(UrlError::SqliteHost));
        assert_eq!(url("postgresql://u:p@h:{port}/x").error, Some(UrlError::PortNotNumber("{port}".to_owned())));
        assert_eq!(url("postgresql://u:p@h:/x").error, Some(UrlError::PortEmpty));
        for fine in
            ["sqlite://", "sqlite:///x.db", "sqlite:////x.db", "sqlite:///:memory:", "driver://user:pass@localhost/x"]
        {
            assert_eq!(url(fine).error, None, "{fine}");
        }
        assert!(url("sqlite://").is_memory() && !url("sqlite:///x").is_memory());
    }
}
