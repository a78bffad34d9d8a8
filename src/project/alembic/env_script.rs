//! env.py, run on paper, twice: once online, once offline. What it did is an ordered list of events.

use crate::project::Known;
use crate::project::sqlalchemy::MetaDataId;
use crate::project::sqlalchemy::url::EngineUrl;
use crate::source::{FileId, Span};

/// What env.py does.
#[derive(Clone, Debug)]
pub struct EnvScript {
    /// The file.
    pub file: FileId,
    /// With `context.is_offline_mode()` false: `upgrade`, `revision --autogenerate`.
    pub online: EnvRun,
    /// With it true: `upgrade --sql`.
    pub offline: EnvRun,
}

/// One run of env.py on paper.
#[derive(Clone, Debug, Default)]
pub struct EnvRun {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// The exception that it certainly ends with: name, text, place.
    pub raised: Option<(String, String, Span)>,
    /// Something on the way was not read, so what is absent here may still happen.
    pub incomplete: bool,
}

/// Something that env.py did.
#[derive(Clone, Debug)]
pub struct Event {
    /// What.
    pub what: What,
    /// Where the call stands.
    pub span: Span,
    /// `false`: only on some paths.
    pub certain: bool,
}

/// The number of an engine or connection within one run.
pub type ObjectId = usize;

/// The kinds of events.
#[derive(Clone, Debug)]
pub enum What {
    /// An engine was made.
    Engine {
        /// Its number.
        engine: ObjectId,
        /// `create_async_engine`, `async_engine_from_config`, …
        is_async: bool,
        /// Its URL.
        url: Known<EngineUrl>,
        /// The function's name: `engine_from_config`.
        made_by: String,
    },
    /// `engine.connect()`, `engine.begin()`
    Connect {
        /// The new connection.
        connection: ObjectId,
        /// Of which engine.
        engine: Option<ObjectId>,
        /// `.begin()`: commits at the end.
        begins: bool,
        /// Entered by `async with`.
        entered_async: Option<bool>,
    },
    /// A statement on a connection: `execute`, `exec_driver_sql`, `inspect(connection)`.
    Statement {
        /// On which.
        connection: ObjectId,
        /// The method or function.
        by: String,
    },
    /// `connection.commit()`
    Commit {
        /// On which; `None`: `context.get_bind()` or the like.
        connection: Option<ObjectId>,
    },
    /// `context.configure(…)`
    Configure(Box<ConfigureCall>),
    /// `context.begin_transaction()` was entered.
    BeginTransaction,
    /// `context.run_migrations()`
    RunMigrations,
    /// A coroutine was made and never awaited, run or handed on.
    LostCoroutine {
        /// The function.
        function: String,
    },
    /// `metadata.create_all(…)`
    CreateAll,
}

/// `context.configure(…)` with its arguments.
#[derive(Clone, Debug)]
pub struct ConfigureCall {
    /// The whole call.
    pub span: Span,
    /// `connection=`
    pub connection: Option<ObjectId>,
    /// `url=`
    pub url: Option<Known<EngineUrl>>,
    /// `target_metadata=`
    pub target_metadata: TargetMetadata,
    /// Where that argument, or the assignment that it reads, stands.
    pub target_metadata_span: Option<Span>,
    /// The other keyword arguments: `compare_type`, `render_as_batch`, `include_object` …, each `true`, `false` or
    /// not read (a callable, an expression).
    pub options: Vec<(String, Known<bool>)>,
    /// `**unknown` was given: there may be more.
    pub open: bool,
}

/// What was given as `target_metadata`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetMetadata {
    /// No such argument.
    Absent,
    /// `None`
    None,
    /// MetaData objects.
    These(Vec<MetaDataId>),
    /// Something that certainly is no MetaData; in words: "the class `Base`".
    Other(String),
    /// Not read.
    Unknown(String),
}
