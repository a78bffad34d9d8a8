//! env.py, run on paper, twice: once online, once offline. What it did is an ordered list of events.

use crate::project::Known;
use crate::project::sqlalchemy::MetaDataId;
use crate::project::sqlalchemy::url::EngineUrl;
use crate::python::evaluate::Step;
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
    /// How the file is written: what the fixes keep.
    pub layout: super::env_layout::Layout,
    /// The `__init__.py` files that the run reached.
    pub packages: Vec<FileId>,
    /// The directories that it makes on some path, relative to the project root; `None` where it can't be told which.
    pub made_directories: Vec<Option<String>>,
}

impl EnvScript {
    /// Both runs, the online one first.
    pub fn runs(&self) -> [&EnvRun; 2] {
        [&self.online, &self.offline]
    }
}

/// One run of env.py on paper.
#[derive(Clone, Debug, Default)]
pub struct EnvRun {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// The exception that it certainly ends with.
    pub raised: Option<Exception>,
    /// Something on the way was not read, so what is absent here may still happen.
    pub incomplete: bool,
    /// `context.is_offline_mode()` was asked.
    pub asked_for_mode: bool,
    /// Options of the configuration that were read: section, key, where.
    pub options_read: Vec<(String, String, Span)>,
    /// Options that `set_main_option` and `set_section_option` set, in order.
    pub set_options: Vec<SetOption>,
    /// What it makes of `context.script.version_locations`.
    pub version_locations: Option<SetLocations>,
    /// Calls of `fileConfig`, in order.
    pub file_configs: Vec<FileConfig>,
    /// A function outside the project was called that, by its name, may import models: `import_models("app")`.
    pub may_load_models: bool,
    /// Calls of `asyncio.run` and the like.
    pub loop_starts: Vec<Span>,
    /// It looked into `config.attributes`: a program that calls Alembic may hand something over there.
    pub asked_for_attributes: bool,
    /// Imports of env.py that certainly happen, and that nothing on `sys.path` satisfies.
    pub unreached: Vec<Unreached>,
    /// `pathlib.Path` objects that were put on `sys.path`, where Python passes over them: the calls.
    pub paths_passed_over: Vec<Span>,
}

/// `fileConfig(config.config_file_name)`
#[derive(Clone, Debug)]
pub struct FileConfig {
    /// The whole call.
    pub span: Span,
    /// The file that it reads, where that is one of the project.
    pub file: Option<FileId>,
    /// `disable_existing_loggers`, which is `true` where it is not given.
    pub disables: Option<bool>,
    /// A `try` around it catches what it raises.
    pub tried: bool,
}

/// `import shop`, where no directory on `sys.path` holds `shop`.
#[derive(Clone, Debug)]
pub struct Unreached {
    /// The top-level module or package.
    pub name: String,
    /// The import statement.
    pub statement: Span,
    /// The directory of the project that holds it.
    pub root: String,
}

impl EnvRun {
    /// The calls of `context.configure`, in order.
    pub fn configures(&self) -> impl Iterator<Item = (&Event, &ConfigureCall)> {
        self.events.iter().filter_map(|event| match &event.what {
            What::Configure(call) => Some((event, &**call)),
            _ => None,
        })
    }

    /// The engine with this number.
    pub fn engine(&self, number: ObjectId) -> Option<&Event> {
        self.events.iter().find(|event| matches!(event.what, What::Engine { engine, .. } if engine == number))
    }

    /// The event that opened the connection with this number.
    pub fn connect(&self, number: ObjectId) -> Option<&Event> {
        self.events.iter().find(|event| matches!(event.what, What::Connect { connection, .. } if connection == number))
    }

    /// The engine whose connection a `context.configure` was given.
    pub fn engine_of(&self, call: &ConfigureCall) -> Option<&Event> {
        let What::Connect { engine: Some(engine), .. } = self.connect(call.connection?)?.what else { return None };
        self.engine(engine)
    }

    /// Does `context.run_migrations()` happen, at least on some path?
    pub fn runs_migrations(&self) -> bool {
        self.events.iter().any(|event| matches!(event.what, What::RunMigrations))
    }
}

/// An exception that a run of env.py ends with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Its class's bare name: `ImportError`.
    pub class: String,
    /// Its text.
    pub message: String,
    /// Where it was raised.
    pub span: Span,
    /// The imports and calls that led there from env.py, outermost first.
    pub way: Vec<Step>,
    /// The project's own code raised it on purpose (`raise …`).
    pub on_purpose: bool,
}

/// `context.script.version_locations = texts`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetLocations {
    /// The place.
    pub span: Span,
    /// The directories; where they differ from path to path, all of them.
    pub texts: Vec<String>,
    /// Why these are not certainly all that it sets, and no others.
    pub doubt: Option<String>,
}

/// `config.set_main_option(key, value)`
#[derive(Clone, Debug)]
pub struct SetOption {
    /// The section.
    pub section: String,
    /// The key.
    pub key: String,
    /// The whole call.
    pub span: Span,
    /// The value's expression.
    pub value_span: Span,
    /// The value, where it was read.
    pub value: Option<String>,
    /// Where the value's text was typed.
    pub typed_at: Option<Span>,
    /// The value was read and ConfigParser refuses it: a `%` that is neither `%%` nor `%(name)s`. The byte of it.
    pub stray_percent: Option<usize>,
    /// The value is certainly `None`.
    pub is_none: bool,
    /// Certainly executed.
    pub certain: bool,
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

/// The number of an engine or connection within the runs of one env.py.
pub type ObjectId = usize;

/// The kinds of events.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there are few of them")]
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
        /// Why this call certainly raises.
        problem: Option<EngineProblem>,
        /// `isolation_level="AUTOCOMMIT"`; `None`: not read.
        autocommit: Option<bool>,
    },
    /// `engine.connect()`, `engine.begin()`
    Connect {
        /// The new connection.
        connection: ObjectId,
        /// Of which engine.
        engine: Option<ObjectId>,
        /// `.begin()`: commits at the end.
        begins: bool,
        /// An `AsyncConnection`.
        is_async: bool,
        /// Entered by `async with`, or awaited.
        entered_async: Option<bool>,
    },
    /// A statement on a connection: `execute`, `exec_driver_sql`, `inspect(connection)`, `begin`.
    Statement {
        /// On which.
        connection: ObjectId,
        /// The method or function.
        by: String,
    },
    /// `connection.commit()`, or the end of a `with connection.begin():` block.
    Commit {
        /// On which; `None`: `context.get_bind()` or the like.
        connection: Option<ObjectId>,
    },
    /// `connection.execution_options(isolation_level="AUTOCOMMIT")`, or options that were not read.
    Autocommit {
        /// On which.
        connection: ObjectId,
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

/// Why making an engine certainly raises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineProblem {
    /// `engine_from_config(config.get_section("absent"))`: the section does not exist.
    SectionMissing {
        /// The section that was asked for, where it was a literal.
        section: Option<String>,
        /// The argument.
        span: Span,
    },
    /// No `<prefix>url` in what `engine_from_config` was given.
    UrlMissing {
        /// The prefix.
        prefix: String,
        /// Where the prefix stands, if it is written.
        prefix_span: Option<Span>,
        /// A key that ends with `url`: what was probably meant.
        similar: Option<(String, Span)>,
    },
}

/// `context.configure(…)` with its arguments.
#[derive(Clone, Debug)]
pub struct ConfigureCall {
    /// The whole call.
    pub span: Span,
    /// `connection=`
    pub connection: Option<ObjectId>,
    /// The argument's expression.
    pub connection_span: Option<Span>,
    /// The connection is an `AsyncConnection`, given without `run_sync`; the call that handed it on.
    pub async_connection: Option<Span>,
    /// `url=`
    pub url: Option<Known<EngineUrl>>,
    /// `url=` or `dialect_name=` was given, whatever it is worth.
    pub has_url: bool,
    /// `target_metadata=`
    pub target_metadata: TargetMetadata,
    /// Where that argument, or the assignment that it reads, stands.
    pub target_metadata_span: Option<Span>,
    /// The other keyword arguments: `compare_type`, `render_as_batch`, `include_object` …, each `true`, `false` or
    /// not read (a callable, an expression).
    pub options: Vec<(String, Known<bool>)>,
    /// Those that are texts: `version_table`, `version_table_schema`, what the project hands to its revisions.
    pub texts: Vec<(String, String)>,
    /// `**unknown` was given: there may be more.
    pub open: bool,
    /// What `include_object` and `include_name` say of the tables.
    pub filters: Vec<Filter>,
}

impl ConfigureCall {
    /// The option of this name.
    pub fn option(&self, name: &str) -> Option<&Known<bool>> {
        self.options.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// A filter of autogenerate, tried on the tables of the project.
#[derive(Clone, Debug)]
pub struct Filter {
    /// `include_object`, `include_name`
    pub option: String,
    /// The function's name.
    pub function: String,
    /// The `return` that decides, or the function's name.
    pub span: Span,
    /// The whole function.
    pub whole: Span,
    /// Tables, and whether they pass; `None`: not decidable.
    pub verdicts: Vec<(String, Option<bool>)>,
    /// The verdict on a table of which nothing is known.
    pub any: Option<bool>,
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
