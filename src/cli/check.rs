//! `limbeck check`: load, check, fix, report.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use similar::TextDiff;

use crate::check::baseline::Baseline;
use crate::check::options::Options;
use crate::check::{self, Counts, Outcome, suppression};
use crate::cli::arguments::{CheckArguments, FailLevel, Global, Scope};
use crate::cli::{Exit, Failure, Out, configured, loaded, terminal};
use crate::config::layer::unknown_rule;
use crate::config::{self, Config};
use crate::diagnostic::{Applicability, Edit, Fix, Level};
use crate::fix::{self, Fixed, Which};
use crate::load::slashed;
use crate::report::{self, Format, Style};
use crate::secrets::{Language, mask_line};
use crate::source::{Sources, join};
use crate::syntax::python::Trees;

/// Runs the command.
///
/// # Errors
/// It could not run.
pub fn run(arguments: &CheckArguments, global: &Global, out: Out<'_>) -> Result<Exit, Failure> {
    let started = Instant::now();
    let formats = formats(&arguments.output_format)?;
    let place = Place::of(arguments)?;
    let config = configured(&place.root, global)?;
    let mut options = options(arguments, global, &config, &place)?;
    let sources = sources(arguments, &place)?;
    for (directory, why) in &sources.unlisted {
        let _ = writeln!(io::stderr(), "warning: can't list `{}{directory}`: {why}", sources.shown_from);
    }
    let fixing = (arguments.fix || arguments.fix_only || arguments.diff) && !arguments.show_files;
    let which = if arguments.unsafe_fixes { Which::AlsoUnsafe } else { Which::Safe };
    let run = if fixing {
        Run { fixed: fix::to_fixed_point(sources, &options, which), started }
    } else {
        options.is_last_run = true;
        let outcome = check::check(&sources, &options);
        Run { fixed: Fixed { sources, outcome, changes: Default::default(), applied: Vec::new() }, started }
    };
    discovery(&run, global);
    for problem in &run.fixed.outcome.internal_errors {
        let _ = writeln!(io::stderr(), "error: internal error: {problem}");
    }
    if !run.fixed.outcome.internal_errors.is_empty() && fixing {
        return Ok(Exit::CouldNotRun);
    }
    if run.fixed.outcome.environments.is_empty() && run.fixed.outcome.models == 0 && !arguments.allow_empty {
        if run.fixed.outcome.internal_errors.is_empty() {
            return Err(Failure(nothing(&place, &run.fixed.sources)));
        }
        return Ok(Exit::CouldNotRun);
    }
    if arguments.show_files {
        let sources = &run.fixed.sources;
        for file in sources.ids().filter(|file| sources.was_read(*file)) {
            writeln!(out, "{}", sources.shown_path(file))?;
        }
        return Ok(Exit::Clean);
    }
    if arguments.write_baseline {
        return write_baseline(arguments, &config, &place, &run, out);
    }
    if let Some(reason) = &arguments.add_ignore {
        return add_ignores(reason, &run, &place, out);
    }
    if arguments.diff {
        return diff(&run, out);
    }
    for (path, (_, text)) in &run.fixed.changes {
        let target = place.root.join(path);
        fix::write::write(&target, text)
            .map_err(|error| Failure(format!("can't write `{}`: {}", target.display(), crate::load::words(&error))))?;
    }
    if arguments.fix_only {
        said_fixed(&run, arguments, global, &mut io::stderr())?;
        return Ok(exit(arguments, &run.fixed.outcome, Exit::Clean));
    }
    report(arguments, global, &formats, run, out)
}

/// A run that has ended.
struct Run {
    fixed: Fixed,
    started: Instant,
}

/// Which project, and which files of it.
pub(super) struct Place {
    pub(super) root: PathBuf,
    /// Paths relative to the root; `None`: no file was named.
    only: Option<BTreeSet<String>>,
    /// The file that standard input stands for, relative to the root.
    stdin: Option<String>,
}

impl Place {
    pub(super) fn of(arguments: &CheckArguments) -> Result<Place, Failure> {
        let mut paths = arguments.paths.clone();
        let stdin = paths.iter().any(|path| path == Path::new("-")) || arguments.stdin_filename.is_some();
        paths.retain(|path| path != Path::new("-"));
        if let Some(path) = paths.iter().find(|path| !path.exists()) {
            return Err(Failure(format!("`{}` does not exist", path.display())));
        }
        let root = match &paths[..] {
            [single] if single.is_dir() => single.clone(),
            _ => PathBuf::from("."),
        };
        let mut only = BTreeSet::new();
        if !(paths.len() == 1 && paths[0] == root) {
            for path in &paths {
                only.insert(inside(path)?);
            }
        }
        let stdin = match (&arguments.stdin_filename, stdin) {
            (Some(path), _) => Some(inside(path)?),
            (None, true) => {
                return Err(Failure("`-` needs --stdin-filename: which file of the project is it?".to_owned()));
            }
            (None, false) => None,
        };
        only.extend(stdin.clone());
        Ok(Place { root, only: (!only.is_empty()).then_some(only), stdin })
    }
}

/// A path of the command line, relative to the working directory.
fn inside(path: &Path) -> Result<String, Failure> {
    let outside = || Failure(format!("`{}` is not below the working directory", path.display()));
    if path.is_relative() {
        return join("", &slashed(path.as_os_str())).ok_or_else(outside);
    }
    let here = std::env::current_dir()?;
    let below = path.strip_prefix(&here).map_err(|_| outside())?;
    join("", &slashed(below.as_os_str())).ok_or_else(outside)
}

fn sources(arguments: &CheckArguments, place: &Place) -> Result<Sources, Failure> {
    let sources = loaded(&place.root, !arguments.no_respect_gitignore)?;
    let Some(path) = &place.stdin else { return Ok(sources) };
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text)?;
    Ok(sources.with([(path.clone(), text)]))
}

/// The options of a run.
pub(super) fn options(
    arguments: &CheckArguments,
    global: &Global,
    config: &Config,
    place: &Place,
) -> Result<Options, Failure> {
    let mut options = config.options(&place.root)?;
    for name in [
        &arguments.select,
        &arguments.extend_select,
        &arguments.ignore,
        &arguments.error,
        &arguments.warn,
        &arguments.note,
    ]
    .into_iter()
    .flatten()
    {
        if let Some(help) = unknown_rule(name) {
            return Err(Failure(format!("there is no rule or family `{name}`: {help}")));
        }
    }
    options.select.clone_from(&arguments.select);
    options.extend_select.clone_from(&arguments.extend_select);
    options.ignore.clone_from(&arguments.ignore);
    for (names, level) in
        [(&arguments.note, Level::Note), (&arguments.warn, Level::Warning), (&arguments.error, Level::Error)]
    {
        options.levels.extend(names.iter().map(|name| (name.clone(), level)));
    }
    options.strict = arguments.strict;
    if !arguments.exclude.is_empty() {
        let mut all = config.layer.exclude.clone().unwrap_or_default();
        all.extend(arguments.exclude.iter().cloned());
        options.exclude = config::globs(&all)?;
    }
    let settings = &mut options.settings;
    settings.sqlalchemy = arguments.sqlalchemy.clone().or(settings.sqlalchemy.take());
    settings.alembic = arguments.alembic.clone().or(settings.alembic.take());
    settings.dialect = arguments.dialect.clone().or(settings.dialect.take());
    if !global.env.is_empty() {
        settings.environments.clone_from(&global.env);
    }
    if arguments.scope != Some(Scope::Project) {
        options.only.clone_from(&place.only);
    }
    if arguments.scope == Some(Scope::Files) && place.only.is_none() {
        return Err(Failure("--scope files needs files to report on".to_owned()));
    }
    if let (Some(only), false) = (&options.only, arguments.force_exclude) {
        // A file that is named is meant.
        options.named = only.clone();
    }
    if !arguments.no_baseline && !arguments.write_baseline {
        options.baseline = match &arguments.baseline {
            Some(path) => config::read_baseline(path, true)?,
            None => config::read_baseline(&config.baseline_path(&place.root), config.layer.baseline.is_some())?,
        };
    }
    Ok(options)
}

/// The formats asked for, each with its file.
///
/// # Errors
/// There is no such format.
pub fn formats(given: &[String]) -> Result<Vec<(Format, Option<PathBuf>)>, Failure> {
    let mut words = given.to_vec();
    if words.is_empty() {
        words.extend(std::env::var("LIMBECK_OUTPUT_FORMAT").ok().filter(|word| !word.is_empty()));
    }
    if words.is_empty() {
        return Ok(vec![(Format::Full, None)]);
    }
    words
        .iter()
        .map(|word| {
            let (format, file) = word.split_once('=').map_or((&**word, None), |(format, file)| (format, Some(file)));
            Ok((format.parse::<Format>()?, file.map(PathBuf::from)))
        })
        .collect()
}

/// What was found to look at: for a person who asked for it.
fn discovery(run: &Run, global: &Global) {
    if global.verbose == 0 || global.quiet > 0 {
        return;
    }
    let (outcome, sources) = (&run.fixed.outcome, &run.fixed.sources);
    let mut text = String::new();
    for environment in &outcome.environments {
        let _ = writeln!(
            text,
            "environment {}: {} -> {}; SQLAlchemy {}, Alembic {}; {}{}; {} tables, {} revisions, {} head{}",
            environment.name,
            environment.config.as_deref().unwrap_or("no configuration file"),
            environment.env_script.as_deref().unwrap_or("no env.py"),
            environment.sqlalchemy.as_deref().unwrap_or("not pinned"),
            environment.alembic.as_deref().unwrap_or("not pinned"),
            environment.dialect.as_deref().unwrap_or("unknown dialect"),
            environment.driver.as_deref().map(|driver| format!("+{driver}")).unwrap_or_default(),
            environment.models,
            environment.revisions,
            environment.heads.len(),
            if environment.heads.len() == 1 { "" } else { "s" },
        );
        for place in &environment.not_analysed {
            let at = format!("{}{}", sources.shown_from, sources.place(place.span));
            let _ = writeln!(text, "  not read: {at}: {}", place.why);
        }
    }
    let _ = io::stderr().write_all(text.as_bytes());
}

fn nothing(place: &Place, sources: &Sources) -> String {
    let python = sources.ids().filter(|file| sources.path(*file).ends_with(".py")).count();
    let shown =
        if place.root == Path::new(".") { "the working directory".into() } else { place.root.to_string_lossy() };
    format!(
        "nothing to check in {shown} ({} files, {python} of them Python)\n\
         looked for:\n  \
         an .ini file with a section that has `script_location`\n  \
         [tool.alembic] in a pyproject.toml\n  \
         an env.py that calls `context.configure`\n  \
         SQLAlchemy models\n\
         tests, templates, virtual environments and what .gitignore hides are left out; --allow-empty makes this exit 0",
        sources.len()
    )
}

fn report(
    arguments: &CheckArguments,
    global: &Global,
    formats: &[(Format, Option<PathBuf>)],
    mut run: Run,
    out: Out<'_>,
) -> Result<Exit, Failure> {
    let result = exit(arguments, &run.fixed.outcome, Exit::Found);
    let look = terminal::stdout(global.color);
    let mut style = Style {
        colour: look.color,
        width: look.width,
        unicode: look.unicode,
        summary: global.quiet == 0,
        seconds: run.started.elapsed().as_secs_f64(),
        ..Style::default()
    };
    if !arguments.output_format.is_empty() {
        style.in_full = usize::MAX;
    }
    let statistics = arguments.statistics.then(|| statistics(&run.fixed.outcome));
    if let Some(most) = arguments.max_diagnostics {
        cut(&mut run.fixed.outcome, most);
    }
    let Fixed { outcome, sources, .. } = &run.fixed;
    for (format, file) in formats {
        match file {
            Some(path) => {
                let plain = Style { colour: false, unicode: false, width: 100, ..style };
                let text = report::render(*format, outcome, sources, &plain);
                std::fs::write(path, text).map_err(|error| {
                    Failure(format!("can't write `{}`: {}", path.display(), crate::load::words(&error)))
                })?;
            }
            None if global.quiet > 1 => {}
            None => {
                if format.is_for_people() {
                    said_fixed(&run, arguments, global, out)?;
                }
                out.write_all(report::render(*format, outcome, sources, &style).as_bytes())?;
                if let Some(statistics) = statistics.as_ref().filter(|_| format.is_for_people()) {
                    out.write_all(statistics.as_bytes())?;
                }
            }
        }
    }
    // The process ends here, and the system takes the texts back faster than one by one.
    std::mem::forget(run);
    Ok(result)
}

/// Says what was fixed.
fn said_fixed(run: &Run, arguments: &CheckArguments, global: &Global, out: Out<'_>) -> Result<(), Failure> {
    let fixed = &run.fixed;
    if fixed.applied.is_empty() || global.quiet > 0 {
        return Ok(());
    }
    let count = fixed.applied.len();
    let files: Vec<String> = fixed.changes.keys().map(|path| format!("{}{path}", fixed.sources.shown_from)).collect();
    writeln!(out, "Fixed {count} problem{}: {}", if count == 1 { "" } else { "s" }, files.join(", "))?;
    if arguments.show_fixes {
        for applied in &fixed.applied {
            writeln!(out, "  {}{}: {} ({})", fixed.sources.shown_from, applied.path, applied.title, applied.rule)?;
        }
    }
    Ok(())
}

fn exit(arguments: &CheckArguments, outcome: &Outcome, found: Exit) -> Exit {
    let fails = match arguments.fail_level {
        FailLevel::Error => Level::Error,
        FailLevel::Warning => Level::Warning,
        FailLevel::Note => Level::Note,
    };
    if !outcome.internal_errors.is_empty() {
        Exit::CouldNotRun
    } else if !arguments.exit_zero && outcome.loudest() >= fails {
        found
    } else {
        Exit::Clean
    }
}

/// Keeps the first `most` findings, and the count of the others.
fn cut(outcome: &mut Outcome, most: usize) {
    if outcome.diagnostics.len() > most {
        let rest = outcome.diagnostics.split_off(most);
        let hidden = Outcome { diagnostics: rest, ..Outcome::default() };
        outcome.not_shown = hidden.counts();
    }
}

fn statistics(outcome: &Outcome) -> String {
    let mut rules: Vec<(&str, Counts)> = Vec::new();
    for name in outcome.diagnostics.iter().map(|diagnostic| diagnostic.rule).collect::<BTreeSet<_>>() {
        let of_rule = outcome.diagnostics.iter().filter(|diagnostic| diagnostic.rule == name).cloned().collect();
        rules.push((name, Outcome { diagnostics: of_rule, ..Outcome::default() }.counts()));
    }
    let total = |counts: &Counts| counts.errors + counts.warnings + counts.notes;
    rules.sort_by(|left, right| total(&right.1).cmp(&total(&left.1)).then(left.0.cmp(right.0)));
    let width = rules.iter().map(|(_, counts)| total(counts).to_string().len()).max().unwrap_or(1);
    rules.iter().fold(String::new(), |mut text, (name, counts)| {
        let mark = if counts.fixable > 0 {
            "[fix]  "
        } else if counts.fixable_unsafely > 0 {
            "[(fix)]"
        } else {
            "       "
        };
        let _ = writeln!(text, "{:>width$}  {mark}  {name}", total(counts));
        text
    })
}

fn diff(run: &Run, out: Out<'_>) -> Result<Exit, Failure> {
    let shown_from = &run.fixed.sources.shown_from;
    for (path, (before, after)) in &run.fixed.changes {
        let shown = format!("{shown_from}{path}");
        let old = if before.is_some() { shown.as_str() } else { "/dev/null" };
        let before = before.as_deref().unwrap_or("");
        let diff = TextDiff::from_lines(before, after.as_str());
        let text = diff.unified_diff().context_radius(3).header(old, &shown).to_string();
        for line in text.split_inclusive('\n') {
            // Behind the sign: a diff may end up in a log, too.
            let (sign, code) = line.split_at(line.chars().next().map_or(0, char::len_utf8));
            write!(out, "{sign}{}", mask_line(code, Language::of(path)))?;
        }
    }
    let count = run.fixed.applied.len();
    if count > 0 {
        let _ = writeln!(io::stderr(), "Would fix {count} problem{}.", if count == 1 { "" } else { "s" });
    }
    Ok(match (run.fixed.outcome.internal_errors.is_empty(), run.fixed.changes.is_empty()) {
        (false, _) => Exit::CouldNotRun,
        (true, true) => Exit::Clean,
        (true, false) => Exit::Found,
    })
}

fn write_baseline(
    arguments: &CheckArguments,
    config: &Config,
    place: &Place,
    run: &Run,
    out: Out<'_>,
) -> Result<Exit, Failure> {
    let path = arguments.baseline.clone().unwrap_or_else(|| config.baseline_path(&place.root));
    let baseline = Baseline::of(&run.fixed.outcome.diagnostics);
    fix::write::write(&path, &baseline.write())
        .map_err(|error| Failure(format!("can't write `{}`: {}", path.display(), crate::load::words(&error))))?;
    let count = run.fixed.outcome.diagnostics.len();
    writeln!(out, "Wrote {count} known problem{} to {}.", if count == 1 { "" } else { "s" }, path.display())?;
    Ok(Exit::Clean)
}

/// Writes a comment above each finding.
fn add_ignores(reason: &str, run: &Run, place: &Place, out: Out<'_>) -> Result<Exit, Failure> {
    let (sources, outcome) = (&run.fixed.sources, &run.fixed.outcome);
    let trees = Trees::of(sources);
    let mut places: Vec<(crate::source::Span, String, BTreeSet<&str>)> = Vec::new();
    for diagnostic in &outcome.diagnostics {
        let (at, indent) = suppression::place_for(diagnostic.span, sources, &trees);
        match places.iter_mut().find(|(other, ..)| *other == at) {
            Some((_, _, rules)) => {
                rules.insert(diagnostic.rule);
            }
            None => places.push((at, indent, BTreeSet::from([diagnostic.rule]))),
        }
    }
    let fixes: Vec<Fix> = places
        .iter()
        .map(|(at, indent, rules)| {
            let names = rules.iter().copied().collect::<Vec<_>>().join(", ");
            let mako = if sources.path(at.file).ends_with(".mako") { "#" } else { "" };
            let text = format!("{indent}{mako}{}\n", suppression::comment(&names, reason));
            let edits = vec![Edit::Replace { span: *at, text }];
            Fix { title: "suppress".to_owned(), applicability: Applicability::Safe, edits }
        })
        .collect();
    let texts = fix::apply(sources, &fixes);
    for (path, text) in &texts {
        let target = place.root.join(path);
        fix::write::write(&target, text)
            .map_err(|error| Failure(format!("can't write `{}`: {}", target.display(), crate::load::words(&error))))?;
    }
    let count = outcome.diagnostics.len();
    writeln!(
        out,
        "Suppressed {count} problem{} in {} file{}.",
        if count == 1 { "" } else { "s" },
        texts.len(),
        if texts.len() == 1 { "" } else { "s" }
    )?;
    Ok(Exit::Clean)
}
