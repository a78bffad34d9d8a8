//! `limbeck rehearse`: the next migrations, played on a copy of the project and a throw-away database.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::catalog::Target;
use crate::catalog::diff::change::Change;
use crate::check;
use crate::check::options::Options;
use crate::cli::arguments::{Global, RehearseArguments};
use crate::cli::diagnose::print;
use crate::cli::{Exit, Failure, Out, configured, loaded, terminal};
use crate::database::target::Surroundings;
use crate::diagnose;
use crate::fix::{self, Which};
use crate::preflight::{Request, drift, uses};
use crate::project::alembic::env_script::TargetMetadata;
use crate::project::settings::Settings;
use crate::project::sqlalchemy::url::{EngineUrl, Provenance, UrlKind};
use crate::project::{Project, read};
use crate::rehearse::command::Stage;
use crate::rehearse::database::Database;
use crate::rehearse::interpreter::Interpreter;
use crate::rehearse::{Audience, Plan, Step, Verdict, call, copy, interpreter, play};
use crate::report::{self, Format, Style};
use crate::scratch::Scratch;
use crate::source::{Sources, Span};
use crate::syntax::python::Trees;

/// Runs the command.
///
/// # Errors
/// There is nothing to rehearse, or nothing to rehearse it with.
pub fn run(arguments: &RehearseArguments, global: &Global, out: Out<'_>) -> Result<Exit, Failure> {
    let given = arguments.directory.as_deref().unwrap_or(Path::new("."));
    let root = fs::canonicalize(given)
        .map_err(|error| Failure(format!("`{}`: {}", given.display(), crate::load::words(&error))))?;
    let mut options = configured(given, global)?.options(given)?;
    if !global.env.is_empty() {
        options.settings.environments.clone_from(&global.env);
    }
    // As the next command would find it: with the variables that are set here.
    options.settings.variables = Surroundings::of_process().variables.into_iter().collect();
    options.settings.dialect = arguments.dialect.clone().or(options.settings.dialect.take());
    let sources = loaded(given, true)?;
    let trees = Trees::of(&sources);
    let project = read::read(&sources, &trees, &options.settings);
    if project.environments.is_empty() {
        return Err(Failure("no Alembic environment here".to_owned()));
    }
    let mut exit = Exit::Clean;
    for environment in 0..project.environments.len() {
        let rehearsal = Rehearsal { arguments, global, options: &options, project: &project, environment, root: &root };
        if !rehearsal.play(out)? {
            exit = Exit::Found;
        }
    }
    Ok(exit)
}

/// The rehearsal of one environment.
struct Rehearsal<'r> {
    arguments: &'r RehearseArguments,
    global: &'r Global,
    options: &'r Options,
    project: &'r Project<'r>,
    /// Its place in [`Project::environments`].
    environment: usize,
    root: &'r Path,
}

impl Rehearsal<'_> {
    /// `true`: every step did what it should.
    fn play(&self, out: Out<'_>) -> Result<bool, Failure> {
        let environment = &self.project.environments[self.environment];
        let alembic = call::of(environment, self.project.sources)?;
        let run_from = self.root.join(&environment.run_from);
        let interpreter = interpreter::find(self.arguments.python.as_deref(), self.root, &run_from)?;
        let scratch = Scratch::make("limbeck-rehearsal-", None, &|_| Vec::new())?;
        let copy = scratch.folder.join(self.root.file_name().unwrap_or("project".as_ref()));
        let database = match &self.arguments.url {
            Some(url) => {
                let place =
                    environment.config.file.or_else(|| environment.env_script.as_ref().map(|script| script.file));
                let span = place.map_or(environment.url.span(), Span::start_of);
                let provenance = Provenance { kind: UrlKind::Literal, chain: Vec::new(), masked_at: None };
                Database::borrow(EngineUrl::read(url, span, provenance))?
            }
            None => Database::make(Target::of_environment(self.project, self.environment).dialect, &scratch.folder)?,
        };
        writeln!(
            out,
            "{}  ->  {}, by {} (SQLAlchemy {}, Alembic {})",
            environment.name,
            database.said(),
            interpreter.program.display(),
            interpreter.sqlalchemy,
            interpreter.alembic
        )?;
        let mut lines = Lines { out, is_terminal: io::stderr().is_terminal(), failed: false };
        let started = Instant::now();
        let files = copy::copy(self.root, &copy)?;
        lines.said("copy", format!("{files} files"), started);
        if self.arguments.with_fixes {
            self.fix(&copy, &mut lines)?;
        }
        let plan = self.plan(&interpreter);
        let stage = Stage {
            run_from: copy.join(&environment.run_from),
            interpreter,
            alembic,
            root: self.root.to_owned(),
            copy,
            scratch: scratch.folder.clone(),
            dialect: database.dialect(),
            urls: database.urls(),
        };
        let played = play(&stage, &plan, &mut lines)?;
        if played.at_heads {
            let step = self.compare(&stage)?;
            lines.ended(step);
        }
        let failed = lines.failed;
        if let Some((_, ended)) = &played.failed {
            self.explain(&ended.output, &stage, out)?;
        }
        if let Some((path, text)) = &played.generated {
            self.review(path, text, &stage, out)?;
        }
        Ok(!failed)
    }

    fn plan(&self, interpreter: &Interpreter) -> Plan {
        let environment = &self.project.environments[self.environment];
        let calls = environment.env_script.iter().flat_map(|script| script.online.configures());
        let targets: Vec<_> = calls.map(|(_, call)| &call.target_metadata).collect();
        let has_none = |target: &&TargetMetadata| matches!(target, TargetMetadata::None | TargetMetadata::Absent);
        let by_hand = if self.project.settings.autogenerate == Some(false) {
            Some("`autogenerate = false`: revisions are written by hand".to_owned())
        } else if !targets.is_empty() && targets.iter().all(has_none) {
            Some("env.py gives autogenerate no target_metadata".to_owned())
        } else {
            None
        };
        Plan {
            revisions: environment.revisions.scripts.len(),
            heads: environment.revisions.heads().len(),
            by_hand,
            has_check: version(&interpreter.alembic) >= (1, 9),
        }
    }

    /// Applies every fix to the copy.
    fn fix(&self, copy: &Path, lines: &mut Lines<'_>) -> Result<(), Failure> {
        let started = Instant::now();
        let fixed = fix::to_fixed_point(loaded(copy, true)?, self.options, Which::AlsoUnsafe);
        for (path, (_, text)) in &fixed.changes {
            fix::write::write(&copy.join(path), text)?;
        }
        let said = match &fixed.applied[..] {
            [] => "there was nothing to fix".to_owned(),
            applied => {
                let titles: BTreeSet<String> =
                    applied.iter().map(|one| format!("{} ({})", one.title, one.rule)).collect();
                titles.into_iter().collect::<Vec<_>>().join("; ")
            }
        };
        lines.said("fix", said, started);
        Ok(())
    }

    /// The tables that Alembic has made against those that the revisions make on paper. A difference is worth a look, and
    /// no failure of the project's.
    fn compare(&self, stage: &Stage) -> Result<Step, Failure> {
        let started = Instant::now();
        let sources = self.copied(stage)?;
        let trees = Trees::of(&sources);
        let settings = Settings { fresh_machine: true, ..self.options.settings.clone() };
        let project = read::read(&sources, &trees, &settings);
        let step = |verdict, text| Step { verdict, name: "schema", text, took: Some(started.elapsed()) };
        let name = &self.project.environments[self.environment].name;
        let Some(number) = project.environments.iter().position(|environment| environment.name == *name) else {
            return Ok(step(Verdict::Skipped, "the copy has no such environment".to_owned()));
        };
        let request = Request {
            url: stage.urls.first().cloned(),
            offline: false,
            timeout: Duration::from_secs(20),
            root: stage.copy.clone(),
            surroundings: Surroundings::of_process(),
        };
        let heads = project.environments[number].revisions.heads();
        let heads: Vec<String> = heads.iter().filter_map(|head| head.id().map(str::to_owned)).collect();
        let (target, found) = match uses::tables(&project, number, &request) {
            Ok(read) => read,
            Err(why) => return Ok(step(Verdict::Skipped, why)),
        };
        Ok(match drift::of_revisions(&project, number, &heads, &found, &target) {
            None => step(Verdict::Skipped, "not all that the revisions make can be told from the files".to_owned()),
            Some(changes) if changes.is_empty() => {
                step(Verdict::Ok, format!("as told from the files: {} tables", found.tables.len()))
            }
            Some(changes) => {
                let keys: Vec<String> = changes.iter().map(Change::key).take(5).collect();
                let text = format!("{} otherwise than told from the files: {}", changes.len(), keys.join(", "));
                step(Verdict::Differs, text)
            }
        })
    }

    /// The copy's files, shown as if they were the project's own.
    fn copied(&self, stage: &Stage) -> Result<Sources, Failure> {
        let mut sources = loaded(&stage.copy, true)?;
        sources.shown_from.clone_from(&self.project.sources.shown_from);
        Ok(sources)
    }

    /// What a step that failed wrote, explained.
    fn explain(&self, output: &str, stage: &Stage, out: Out<'_>) -> Result<(), Failure> {
        let started = Instant::now();
        let name = "<output>".to_owned();
        let sources = self.copied(stage)?.with([(name.clone(), output.to_owned())]);
        let log = sources.id(&name).ok_or_else(|| Failure("the output vanished".to_owned()))?;
        let explanation = diagnose::diagnose(output, &sources, log, self.options);
        writeln!(out)?;
        print(&explanation, &sources, Format::Full, self.global, started, out)
    }

    /// The revision that autogenerate wrote, and what the rules say of it.
    fn review(&self, path: &str, text: &str, stage: &Stage, out: Out<'_>) -> Result<(), Failure> {
        writeln!(out, "\nautogenerate would write:\n")?;
        for line in text.lines() {
            writeln!(out, "  {line}")?;
        }
        writeln!(out)?;
        let sources = self.copied(stage)?;
        let options = Options { only: Some([path.to_owned()].into()), ..self.options.clone() };
        let outcome = check::check(&sources, &options);
        let look = terminal::stdout(self.global.color);
        let style =
            Style { colour: look.color, width: look.width, unicode: look.unicode, summary: false, ..Style::default() };
        out.write_all(report::render(Format::Full, &outcome, &sources, &style).as_bytes())?;
        Ok(())
    }
}

/// The first two numbers of a version.
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Prints each step as it ends.
struct Lines<'o> {
    out: Out<'o>,
    /// Somebody watches: what runs is shown until it has ended.
    is_terminal: bool,
    failed: bool,
}

impl Lines<'_> {
    fn said(&mut self, name: &'static str, text: String, started: Instant) {
        self.ended(Step { verdict: Verdict::Ok, name, text, took: Some(started.elapsed()) });
    }
}

impl Audience for Lines<'_> {
    fn begins(&mut self, name: &'static str, text: &str) {
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r  ..    {name:<11}  {text} ");
        }
    }

    fn ended(&mut self, step: Step) {
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
        let word = match step.verdict {
            Verdict::Ok => "ok",
            Verdict::Differs => "warn",
            Verdict::Failed => "FAIL",
            Verdict::Skipped => "skip",
        };
        self.failed |= step.verdict == Verdict::Failed;
        let took = step.took.map(|took| format!("  [{:.1} s]", took.as_secs_f64())).unwrap_or_default();
        let _ = writeln!(self.out, "  {word:<4}  {:<11}  {}{took}", step.name, step.text);
        let _ = self.out.flush();
    }
}
