//! Which versions of SQLAlchemy, Alembic and the drivers the project pins, and where that is written.

use crate::source::Span;

/// A version as far as it matters: `2.0.43` → `[2, 0, 43]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub Vec<u32>);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.iter().map(u32::to_string).collect::<Vec<_>>().join("."))
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

/// The versions of an environment's dependencies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// Distribution name (lower case, `-` for `_` and `.`) → what is known, the strongest source first.
    pub pins: std::collections::BTreeMap<String, Pin>,
    /// The files that were read; empty: nothing is known, and "not in the lock file" means nothing.
    pub read_from: Vec<String>,
    /// A complete lock file was read, so a distribution that is not in `pins` is certainly not installed by it.
    pub complete: bool,
}
