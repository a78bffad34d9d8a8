//! The command line → [`Arguments`].

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// Pre-flight diagnostics for SQLAlchemy and Alembic: reads env.py, models and revisions together, without a database.
#[derive(Debug, Parser)]
#[command(name = "limbeck", version, about, disable_help_subcommand = true, propagate_version = true)]
pub struct Arguments {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command.
#[derive(Clone, Debug, Default, Args)]
pub struct Global {
    /// Use this configuration file, or set one key (repeatable)
    #[arg(short, long, global = true, value_name = "FILE|KEY=VALUE", help_heading = "Global options")]
    pub config: Vec<String>,
    /// Read no configuration file
    #[arg(long, global = true, help_heading = "Global options")]
    pub isolated: bool,
    /// Only the Alembic environment with this name or configuration file (repeatable)
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub env: Vec<String>,
    /// Colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = "Global options")]
    pub color: When,
    /// Say less: -q only the findings, -qq only the exit code
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Global options")]
    pub quiet: u8,
    /// Say more: -v what was found and what could not be read
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Global options")]
    pub verbose: u8,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find problems in models, env.py, configuration and migrations
    Check(Box<CheckArguments>),
    /// Check that the database is ready for the next migration
    Preflight(Box<PreflightArguments>),
    /// Explain a failed alembic run, or the newest revision file
    Diagnose(DiagnoseArguments),
    /// Show what autogenerate would write, without a database
    Drift(DriftArguments),
    /// Draw the revision graph
    Graph(GraphArguments),
    /// Print the tables that the models or the migrations make
    Schema(SchemaArguments),
    /// Play the next migrations with the project's own Alembic, on a copy and a throw-away database
    Rehearse(RehearseArguments),
    /// Write the missing migration as a new revision file
    Draft(DraftArguments),
    /// Print a rule's page
    Explain {
        /// The rule's name
        #[arg(value_name = "RULE")]
        rule: String,
    },
    /// List all rules
    Rules {
        /// How to print them
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Show the configuration that holds here
    Config {
        /// What of it
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// Write a limbeck.toml to start from
    Init {
        /// Replace one that is there
        #[arg(long)]
        force: bool,
    },
    /// Print a stage of the analysis, for contributors
    Debug {
        /// Which
        #[command(subcommand)]
        stage: DebugCommand,
    },
    /// Print shell completions, or the manual page
    Completions {
        /// For which shell
        #[arg(value_enum, value_name = "SHELL|man")]
        shell: Shell,
    },
}

/// `limbeck check`
#[derive(Clone, Debug, Default, Args)]
pub struct CheckArguments {
    /// One directory: the project; files: report only what touches them; `-`: standard input
    #[arg(value_name = "PATHS")]
    pub paths: Vec<PathBuf>,

    /// Apply safe fixes
    #[arg(long, help_heading = "Fixes")]
    pub fix: bool,
    /// Also apply fixes that may change what the code means
    #[arg(long, help_heading = "Fixes")]
    pub unsafe_fixes: bool,
    /// Apply fixes and report nothing
    #[arg(long, help_heading = "Fixes")]
    pub fix_only: bool,
    /// Print what the fixes would change; exit 1 if anything
    #[arg(long, help_heading = "Fixes")]
    pub diff: bool,
    /// List the fixes that were applied
    #[arg(long, help_heading = "Fixes")]
    pub show_fixes: bool,
    /// Write a comment that suppresses each finding
    #[arg(long, value_name = "REASON", num_args = 0..=1, require_equals = true, default_missing_value = "",
          conflicts_with_all = ["fix", "fix_only", "diff"], help_heading = "Fixes")]
    pub add_ignore: Option<String>,

    /// Only these rules or families
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rules")]
    pub select: Vec<String>,
    /// These rules or families as well
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rules")]
    pub extend_select: Vec<String>,
    /// Not these rules or families
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rules")]
    pub ignore: Vec<String>,
    /// Findings of these are errors
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rules")]
    pub error: Vec<String>,
    /// Findings of these are warnings
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rules")]
    pub warn: Vec<String>,
    /// Findings of these are notes
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Rules")]
    pub note: Vec<String>,
    /// Models that could not be followed are errors
    #[arg(long, help_heading = "Rules")]
    pub strict: bool,

    /// The lowest level that makes the exit code 1
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t, help_heading = "Exit code")]
    pub fail_level: FailLevel,
    /// Exit 0 whatever is found
    #[arg(long, help_heading = "Exit code")]
    pub exit_zero: bool,
    /// Exit 0 where there is nothing to check
    #[arg(long, help_heading = "Exit code")]
    pub allow_empty: bool,

    /// Report everything, or only what touches PATHS
    #[arg(long, value_enum, value_name = "SCOPE", help_heading = "Files")]
    pub scope: Option<Scope>,
    /// Report nothing in files that this glob matches (repeatable)
    #[arg(long, value_name = "GLOB", help_heading = "Files")]
    pub exclude: Vec<String>,
    /// Exclude also files that are named in PATHS
    #[arg(long, help_heading = "Files")]
    pub force_exclude: bool,
    /// Look at files that .gitignore hides
    #[arg(long, help_heading = "Files")]
    pub no_respect_gitignore: bool,
    /// With `-`: which file of the project standard input is
    #[arg(long, value_name = "PATH", help_heading = "Files")]
    pub stdin_filename: Option<PathBuf>,
    /// List the files that were looked at, and check nothing
    #[arg(long, help_heading = "Files")]
    pub show_files: bool,

    /// The file of known problems
    #[arg(long, value_name = "FILE", help_heading = "Baseline")]
    pub baseline: Option<PathBuf>,
    /// Make everything that is found known
    #[arg(long, help_heading = "Baseline")]
    pub write_baseline: bool,
    /// Report known problems, too
    #[arg(long, conflicts_with_all = ["baseline", "write_baseline"], help_heading = "Baseline")]
    pub no_baseline: bool,

    /// How to report: full, concise, json, sarif, github; with =FILE into a file (repeatable)
    #[arg(long, value_name = "FORMAT[=FILE]", help_heading = "Report")]
    pub output_format: Vec<String>,
    /// Show at most so many findings
    #[arg(long, value_name = "N", help_heading = "Report")]
    pub max_diagnostics: Option<usize>,
    /// Show how often each rule found something
    #[arg(long, help_heading = "Report")]
    pub statistics: bool,

    /// The SQLAlchemy version to assume
    #[arg(long, value_name = "VERSION", help_heading = "Assume")]
    pub sqlalchemy: Option<String>,
    /// The Alembic version to assume
    #[arg(long, value_name = "VERSION", help_heading = "Assume")]
    pub alembic: Option<String>,
    /// The SQL dialect to assume
    #[arg(long, value_name = "NAME", help_heading = "Assume")]
    pub dialect: Option<String>,
}

/// `limbeck drift`
#[derive(Clone, Debug, Default, Args)]
pub struct DriftArguments {
    /// The project
    #[arg(value_name = "DIRECTORY")]
    pub directory: Option<PathBuf>,
    /// What the models are compared with
    #[arg(long, value_enum, default_value_t)]
    pub against: Against,
    /// With `--against database`: this one instead of the one that env.py uses
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Wait at most so many seconds for the database
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0)]
    pub timeout: f64,
    /// Not these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Exit 0 whatever is found
    #[arg(long)]
    pub exit_zero: bool,
    /// The file of known problems
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Report known problems, too
    #[arg(long, conflicts_with = "baseline")]
    pub no_baseline: bool,
    /// How to report: full, concise, json, sarif, github; with =FILE into a file (repeatable)
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub output_format: Vec<String>,
    /// The SQLAlchemy version to assume
    #[arg(long, value_name = "VERSION")]
    pub sqlalchemy: Option<String>,
    /// The Alembic version to assume
    #[arg(long, value_name = "VERSION")]
    pub alembic: Option<String>,
    /// The SQL dialect to assume
    #[arg(long, value_name = "NAME")]
    pub dialect: Option<String>,
}

/// What the models are compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Against {
    /// What the database has after `alembic upgrade heads`.
    #[default]
    Migrations,
    /// What the database that env.py uses has now.
    Database,
}

/// What makes a run fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FailLevel {
    /// Errors.
    Error,
    /// Errors and warnings.
    #[default]
    Warning,
    /// Anything.
    Note,
}

/// What is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// Everything.
    Project,
    /// What touches the files named.
    Files,
}

/// `limbeck preflight`
#[derive(Clone, Debug, Args)]
pub struct PreflightArguments {
    /// The project
    #[arg(value_name = "DIRECTORY")]
    pub directory: Option<PathBuf>,
    /// This database instead of the one that env.py uses
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Look at the files only
    #[arg(long)]
    pub offline: bool,
    /// Wait at most so many seconds for name servers and databases
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0)]
    pub timeout: f64,
    /// Print the findings in this format; a file behind `=` gets them (repeatable)
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub output_format: Vec<String>,
}

/// `limbeck diagnose`
#[derive(Clone, Debug, Default, Args)]
pub struct DiagnoseArguments {
    /// The log of the failed run; `-`: standard input; a revision file; nothing: the newest revision
    #[arg(value_name = "LOG")]
    pub log: Option<PathBuf>,
    /// Run this command, show what it prints, and explain it
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "log")]
    pub command: Vec<std::ffi::OsString>,
    /// The project
    #[arg(long, value_name = "DIRECTORY")]
    pub project: Option<PathBuf>,
    /// How to report: full, concise, json, sarif, github
    #[arg(long, value_name = "FORMAT")]
    pub output_format: Option<String>,
}

/// `limbeck graph`
#[derive(Clone, Debug, Default, Args)]
pub struct GraphArguments {
    /// The project
    #[arg(value_name = "DIRECTORY")]
    pub directory: Option<PathBuf>,
    /// How to draw it
    #[arg(long, value_enum, default_value_t)]
    pub format: GraphFormat,
    /// Draw at most this many revisions, the newest first
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// How to draw a graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Lines and letters.
    #[default]
    Text,
    /// For Markdown pages.
    Mermaid,
    /// For Graphviz.
    Dot,
    /// For programs.
    Json,
}

/// `limbeck draft`
#[derive(Clone, Debug, Args)]
pub struct DraftArguments {
    /// The project
    #[arg(value_name = "DIRECTORY")]
    pub directory: Option<PathBuf>,
    /// What the migration is for: its docstring and its file name
    #[arg(short, long, value_name = "MESSAGE")]
    pub message: String,
    /// Print the revision instead of writing it
    #[arg(long)]
    pub dry_run: bool,
    /// Print the SQL that it would run instead of writing it
    #[arg(long, conflicts_with = "dry_run")]
    pub sql: bool,
    /// The id of the revision
    #[arg(long, value_name = "ID")]
    pub rev_id: Option<String>,
    /// The head that it follows, where there are several
    #[arg(long, value_name = "REVISION")]
    pub head: Option<String>,
    /// The version location to write to, where there are several
    #[arg(long, value_name = "PATH")]
    pub version_path: Option<String>,
    /// The SQL dialect to assume
    #[arg(long, value_name = "NAME")]
    pub dialect: Option<String>,
}

/// `limbeck schema`
#[derive(Clone, Debug, Args)]
pub struct SchemaArguments {
    /// The project
    #[arg(value_name = "DIRECTORY")]
    pub directory: Option<PathBuf>,
    /// Whose tables
    #[arg(long, value_enum, default_value_t)]
    pub from: SchemaSource,
    /// How to print them
    #[arg(long, value_enum, default_value_t)]
    pub format: SchemaFormat,
    /// With `--from database`: this one instead of the one that env.py uses
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Wait at most so many seconds for the database
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0)]
    pub timeout: f64,
    /// The SQL dialect to write types for
    #[arg(long, value_name = "NAME")]
    pub dialect: Option<String>,
}

/// Where tables come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SchemaSource {
    /// What `target_metadata` holds.
    #[default]
    Models,
    /// What the database has after `alembic upgrade heads`.
    Migrations,
    /// What the database that env.py uses has now.
    Database,
}

impl SchemaSource {
    /// As the command line and JSON spell it.
    pub fn name(self) -> &'static str {
        match self {
            SchemaSource::Models => "models",
            SchemaSource::Migrations => "migrations",
            SchemaSource::Database => "database",
        }
    }
}

/// How to print tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SchemaFormat {
    /// For programs.
    #[default]
    Json,
    /// The statements that make them.
    Sql,
    /// A diagram for Markdown pages.
    Mermaid,
    /// Tables for reading.
    Markdown,
}

/// `limbeck rehearse`
#[derive(Clone, Debug, Default, Args)]
pub struct RehearseArguments {
    /// The project
    #[arg(value_name = "DIRECTORY")]
    pub directory: Option<PathBuf>,
    /// The project's interpreter, or its virtual environment
    #[arg(long, value_name = "PATH")]
    pub python: Option<PathBuf>,
    /// A PostgreSQL server on which databases may be made, and dropped again, instead of one that is started for it
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Apply all fixes to the copy first
    #[arg(long)]
    pub with_fixes: bool,
    /// The SQL dialect to assume
    #[arg(long, value_name = "NAME")]
    pub dialect: Option<String>,
}

/// How to print a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// `limbeck config`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print what is configured, merged
    Show,
    /// Print which files it comes from
    Files,
    /// Print the JSON schema of limbeck.toml
    Schema,
}

/// `limbeck debug`
#[derive(Clone, Debug, Subcommand)]
pub enum DebugCommand {
    /// The syntax tree of a Python file, with its problems
    Syntax {
        /// The file
        file: PathBuf,
    },
    /// The names of a Python file and their values on paper
    Values {
        /// The file
        file: PathBuf,
    },
    /// Everything that is known of the project
    Facts {
        /// The project
        directory: Option<PathBuf>,
    },
    /// What the statements of a text of SQL do, a line each
    Sql {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Whose SQL it is: postgresql, mysql, sqlite
        #[arg(long, value_name = "NAME", default_value = "postgresql")]
        dialect: String,
    },
    /// What autogenerate would write for the models of one folder against a database made from those of another
    Diff {
        /// The project whose models made the database
        before: PathBuf,
        /// The project with the models as they should be
        after: PathBuf,
    },
}

/// For whom to write completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bash.
    Bash,
    /// Elvish.
    Elvish,
    /// Fish.
    Fish,
    /// PowerShell.
    Powershell,
    /// Zsh.
    Zsh,
    /// The manual page, in roff.
    Man,
}
