//! The script directory: revision files → [`RevisionScript`]s → [`RevisionMap`].

use crate::project::Known;
use crate::source::{FileId, Span};

/// One file of a versions directory.
#[derive(Clone, Debug)]
pub struct RevisionScript {
    /// The file.
    pub file: FileId,
    /// `revision`; `None` when the module has no such name.
    pub revision: Option<Known<String>>,
    /// `down_revision`, each parent with its place; empty for a base.
    pub down_revision: Vec<Known<String>>,
    /// `depends_on`
    pub depends_on: Vec<Known<String>>,
    /// `branch_labels`
    pub branch_labels: Vec<Known<String>>,
    /// The docstring.
    pub doc: Option<(String, Span)>,
}

/// The graph of an environment's revisions.
#[derive(Clone, Debug, Default)]
pub struct RevisionMap {
    /// The revisions, in the order of their paths.
    pub scripts: Vec<RevisionScript>,
    /// The directories that were read, relative to the project root.
    pub version_locations: Vec<String>,
}
