//! Lock files, requirements and manifests → which versions of SQLAlchemy, Alembic and the drivers the project pins,
//! and where that is written.
//!
//! The folders from the environment upwards to the root are asked; the nearest answer counts, an exact one before a
//! range. One policy for ranges, stated here and nowhere else: an exact pin decides; a range decides where the whole of
//! it lies on one side of the question; for the rest the newest version of the 2.0 line (of Alembic: the newest known)
//! that the range allows is assumed, and [`Resolved::assumed`] says so.

pub mod read;
pub mod requirement;

use std::collections::BTreeMap;

use crate::source::Span;

/// A version as far as it matters: `2.0.43` → `[2, 0, 43]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub Vec<u32>);

impl Version {
    /// The numbers at the start of `text`: `2.0.43`, `v2.1.0b3`, `2.0.*`.
    pub fn read(text: &str) -> Option<Version> {
        let mut numbers = Vec::new();
        for part in text.trim().trim_start_matches('v').split('.') {
            let digits = part.find(|found: char| !found.is_ascii_digit()).unwrap_or(part.len());
            match part[..digits].parse() {
                Ok(number) => numbers.push(number),
                Err(_) => break,
            }
            if digits < part.len() {
                break;
            }
        }
        (!numbers.is_empty()).then_some(Version(numbers))
    }

    /// Is it this version or a later one? Missing numbers count as 0.
    pub fn is_at_least(&self, other: &[u32]) -> bool {
        let length = self.0.len().max(other.len());
        let number = |numbers: &[u32], at: usize| numbers.get(at).copied().unwrap_or(0);
        let differs = (0..length).find(|at| number(&self.0, *at) != number(other, *at));
        differs.is_none_or(|at| number(&self.0, at) > number(other, at))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

/// What the files say of one distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    /// Exactly this version: a lock file, `==`, an installed dist-info.
    Exact(Version, Span),
    /// A range, as written; `lowest`/`below` where they can be read off it.
    Range {
        /// As written.
        text: String,
        /// `>=`, `~=`, `^`
        lowest: Option<Version>,
        /// `<`: the first version excluded.
        below: Option<Version>,
        /// Where.
        span: Span,
    },
    /// Required without a version.
    Any(Span),
}

impl Pin {
    /// Where it is written.
    pub fn span(&self) -> Span {
        match self {
            Pin::Exact(_, span) | Pin::Range { span, .. } | Pin::Any(span) => *span,
        }
    }

    fn strength(&self) -> u8 {
        match self {
            Pin::Exact(..) => 2,
            Pin::Range { .. } => 1,
            Pin::Any(_) => 0,
        }
    }
}

/// The version to go by, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The version; of a range the newest that is assumed, with 99 for "the last of its line".
    pub version: Version,
    /// For messages: `uv.lock pins SQLAlchemy 2.0.43`.
    pub how: String,
    /// The files don't decide: another version may be installed.
    pub assumed: bool,
    /// Where it is written.
    pub span: Option<Span>,
}

/// The versions of an environment's dependencies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// Distribution name (lower case, `-` for `_` and `.`) → what is known, the strongest source first.
    pub pins: BTreeMap<String, Pin>,
    /// The files that were read; empty: nothing is known, and "not in the lock file" means nothing.
    pub read_from: Vec<String>,
    /// A complete lock file was read, so a distribution that is not in `pins` is certainly not installed by it.
    pub complete: bool,
    /// The paths of the files that the pins stand in, by distribution.
    pub places: BTreeMap<String, String>,
    /// What the user's configuration says instead: `sqlalchemy` → 2.0.
    pub configured: BTreeMap<String, Version>,
    /// A requirement was not read: a file that is not there, a URL without a name. There may be more.
    pub open: bool,
}

/// The newest lines that this version of limbeck was measured against.
const NEWEST: &[(&str, &str, &[u32])] = &[
    ("sqlalchemy", "SQLAlchemy", &[2, 0, 99]),
    ("alembic", "Alembic", &[1, 20, 99]),
    ("sqlmodel", "SQLModel", &[0, 0, 99]),
];

impl Versions {
    /// The version of SQLAlchemy to go by.
    pub fn sqlalchemy(&self) -> Resolved {
        self.resolved("sqlalchemy")
    }

    /// The newest version of SQLAlchemy that the files allow: what a fresh installation brings.
    pub fn newest_sqlalchemy(&self) -> Version {
        let resolved = self.sqlalchemy();
        match self.pins.get("sqlalchemy") {
            _ if !resolved.assumed => resolved.version,
            Some(Pin::Range { below: Some(below), .. }) if !below.is_at_least(&[3]) => just_below(below),
            _ => Version(vec![2, 1, 99]),
        }
    }

    /// The version of Alembic to go by.
    pub fn alembic(&self) -> Resolved {
        self.resolved("alembic")
    }

    /// Does a requirement bring the top-level module, as far as names tell? `None`: no requirements were read.
    pub fn brings(&self, module: &str) -> Option<bool> {
        let name = module.to_lowercase().replace('_', "-");
        let meant = |known: &String| {
            known.strip_prefix(&*name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
                || known.strip_prefix("python-") == Some(&name)
        };
        let known = ["sqlalchemy", "alembic"].contains(&name.as_str()) || self.pins.keys().any(meant);
        (known || !self.pins.is_empty()).then_some(known)
    }

    /// The version of SQLModel to go by.
    pub fn sqlmodel(&self) -> Resolved {
        self.resolved("sqlmodel")
    }

    /// Is SQLAlchemy certainly this version or later (`Some(true)`), certainly earlier (`Some(false)`)?
    pub fn sqlalchemy_at_least(&self, version: &[u32]) -> Option<bool> {
        self.at_least("sqlalchemy", version)
    }

    /// The same of Alembic.
    pub fn alembic_at_least(&self, version: &[u32]) -> Option<bool> {
        self.at_least("alembic", version)
    }

    /// Is `distribution` certainly this version or later (`Some(true)`), certainly earlier (`Some(false)`)?
    pub fn at_least(&self, distribution: &str, version: &[u32]) -> Option<bool> {
        if let Some(configured) = self.configured.get(distribution) {
            return Some(configured.is_at_least(version));
        }
        match self.pins.get(distribution)? {
            Pin::Exact(exact, _) => Some(exact.is_at_least(version)),
            Pin::Range { lowest: Some(lowest), .. } if lowest.is_at_least(version) => Some(true),
            Pin::Range { below: Some(below), .. } if Version(version.to_vec()).is_at_least(&below.0) => Some(false),
            _ => None,
        }
    }

    /// Is the distribution required or locked? `Some(false)` only where everything that gets installed is known.
    pub fn has(&self, distribution: &str) -> Option<bool> {
        match self.pins.contains_key(distribution) {
            true => Some(true),
            false => self.complete.then_some(false),
        }
    }

    /// Any of them?
    pub fn has_any(&self, distributions: &[&str]) -> Option<bool> {
        if distributions.iter().any(|name| self.has(name) == Some(true)) {
            return Some(true);
        }
        self.complete.then_some(false)
    }

    fn resolved(&self, distribution: &str) -> Resolved {
        let known = NEWEST.iter().find(|(name, ..)| *name == distribution);
        let (name, newest) = known.map_or((distribution, &[][..]), |(_, name, newest)| (*name, *newest));
        if let Some(version) = self.configured.get(distribution) {
            let how = format!("limbeck's configuration says {name} {version}");
            return Resolved { version: version.clone(), how, assumed: false, span: None };
        }
        let line = |version: &Version| match version.0.as_slice() {
            [major, minor, 99] => format!("{major}.{minor}"),
            _ => version.to_string(),
        };
        let place = self.places.get(distribution).map_or("the requirements", String::as_str);
        match self.pins.get(distribution) {
            Some(Pin::Exact(version, span)) => Resolved {
                how: format!("{place} pins {name} {version}"),
                version: version.clone(),
                assumed: false,
                span: Some(*span),
            },
            Some(Pin::Range { text, lowest, below, span }) => {
                let version = newest_in(newest, lowest.as_ref(), below.as_ref());
                // The newest and the oldest version of the range are of one line: 2.0.3 to 2.0.99.
                let one_line = lowest.as_ref().zip(below.as_ref()).is_some_and(|(lowest, below)| {
                    let line = |version: &Version| (version.0.first().copied(), version.0.get(1).copied().unwrap_or(0));
                    line(lowest) == line(&just_below(below))
                });
                Resolved {
                    how: match one_line {
                        true => format!("{place} asks for {name} {text}"),
                        false => format!("{place} asks for {name} {text}; {} is assumed", line(&version)),
                    },
                    version,
                    assumed: !one_line,
                    span: Some(*span),
                }
            }
            other => {
                let version = Version(newest.to_vec());
                Resolved {
                    how: format!("no file pins {name}; {} is assumed", line(&version)),
                    version,
                    assumed: true,
                    span: other.map(Pin::span),
                }
            }
        }
    }

    /// Takes in what a file says: an exact pin beats a range, a nearer file a farther one.
    fn add(&mut self, distribution: &str, pin: Pin, path: &str) {
        let stronger = self.pins.get(distribution).is_none_or(|known| pin.strength() > known.strength());
        if stronger {
            self.places.insert(distribution.to_owned(), path.to_owned());
            self.pins.insert(distribution.to_owned(), pin);
        }
    }
}

/// The newest version of a range, no newer than `newest` unless the range begins later.
fn newest_in(newest: &[u32], lowest: Option<&Version>, below: Option<&Version>) -> Version {
    if let Some(below) = below.filter(|below| !below.is_at_least(newest) || below.0 == newest) {
        return just_below(below);
    }
    match lowest {
        Some(lowest) if lowest.is_at_least(newest) => lowest.clone(),
        _ => Version(newest.to_vec()),
    }
}

/// The last version of the line before `below`: 1.4.99 for 2.0, 2.0.42 for 2.0.43.
fn just_below(below: &Version) -> Version {
    let mut numbers = below.0.clone();
    numbers.resize(3, 0);
    match numbers[..] {
        [major, minor, patch] if patch > 0 => Version(vec![major, minor, patch - 1]),
        [major, minor, _] if minor > 0 => Version(vec![major, minor - 1, 99]),
        [2, ..] => Version(vec![1, 4, 99]),
        [major, ..] => Version(vec![major.saturating_sub(1), 99]),
        [] => below.clone(),
    }
}

/// The name of a distribution as it is compared: lower case, `-` for `_` and `.`.
pub fn normalized(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for found in name.trim().chars() {
        match found {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            found => normal.extend(found.to_lowercase()),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    fn with(distribution: &str, text: &str) -> Versions {
        let mut versions = Versions::default();
        let pin = requirement::pin(text, Span::start_of(FileId(0)));
        versions.add(distribution, pin, "requirements.txt");
        versions
    }

    fn resolved(text: &str) -> (String, bool) {
        let resolved = with("sqlalchemy", text).sqlalchemy();
        (resolved.version.to_string(), resolved.assumed)
    }

    #[test]
    fn one_policy_for_ranges() {
        assert_eq!(resolved("==2.0.43"), ("2.0.43".to_owned(), false));
        assert_eq!(resolved("==2.0.*"), ("2.0.99".to_owned(), false));
        assert_eq!(resolved(""), ("2.0.99".to_owned(), true));
        assert_eq!(resolved(">=1.4"), ("2.0.99".to_owned(), true));
        assert_eq!(resolved(">=1.4,<2"), ("1.4.99".to_owned(), false));
        assert_eq!(resolved("<2.0"), ("1.4.99".to_owned(), true));
        assert_eq!(resolved("~=2.0"), ("2.0.99".to_owned(), true));
        assert_eq!(resolved(">=2.0,<2.1"), ("2.0.99".to_owned(), false));
        assert_eq!(resolved("~=2.0.3"), ("2.0.99".to_owned(), false));
        assert_eq!(resolved("^2.0.3"), ("2.0.99".to_owned(), true));
        assert_eq!(resolved(">=2.1"), ("2.1".to_owned(), true));
        let alembic = with("alembic", "<1.13").alembic();
        assert_eq!(alembic.version.to_string(), "1.12.99");
    }

    #[test]
    fn a_fresh_installation_brings_the_newest() {
        let newest = |text: &str| with("sqlalchemy", text).newest_sqlalchemy().to_string();
        assert_eq!(
            ["==2.0.43", ">=1.4", "<2.1", "~=1.4.3", ">=2,<3"].map(newest),
            ["2.0.43", "2.1.99", "2.0.99", "1.4.99", "2.1.99"]
        );
        assert_eq!(Versions::default().newest_sqlalchemy().to_string(), "2.1.99");
    }

    #[test]
    fn certain_and_possible() {
        assert_eq!(with("sqlalchemy", ">=1.4").sqlalchemy_at_least(&[2]), None);
        assert_eq!(with("sqlalchemy", ">=2.0").sqlalchemy_at_least(&[2]), Some(true));
        assert_eq!(with("sqlalchemy", "<2.1").sqlalchemy_at_least(&[2, 1]), Some(false));
        assert_eq!(with("sqlalchemy", "==2.1.0b2").sqlalchemy_at_least(&[2, 1]), Some(true));
        assert_eq!(Versions::default().has("psycopg2"), None);
        assert_eq!(normalized("SQLAlchemy_Utils"), "sqlalchemy-utils");
    }
}
