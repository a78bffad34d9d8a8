//! Events → the one that counts, and its cause: the first row of the table that fits, with what must be certain before
//! its text is believed.

use std::borrow::Cow;

use crate::diagnose::causes::{self, Cause, Needs, Place};
use crate::diagnose::frames::{self, Own};
use crate::diagnose::pattern::{self, Captures};
use crate::diagnose::place::Scene;
use crate::diagnose::traceback::{self, COMMAND_ERROR, Event, Log, Raised};
use crate::diagnose::{Failure, phase};
use crate::diagnostic::{Annotation, Diagnostic, Findings, Level};
use crate::project::Project;
use crate::secrets::mask_said;
use crate::source::{FileId, Span};

/// A cause that fits.
pub struct Answer {
    /// The row.
    pub cause: &'static Cause,
    /// What stood in the holes of its text.
    pub captures: Captures,
    /// What is said, and where.
    pub diagnostic: Diagnostic,
    /// A rule found the place.
    pub confirmed: bool,
}

/// What is known when an event is looked at.
pub struct Reader<'a, 's> {
    /// The facts.
    pub project: &'a Project<'s>,
    /// What the rules found.
    pub found: &'a [Diagnostic],
    /// What the log holds.
    pub log: &'a Log,
    /// The log among the files.
    pub log_file: FileId,
    /// The series of SQLAlchemy that the log names.
    pub series: Option<(u32, u32)>,
}

/// What is certain of an event before its text is believed.
struct Evidence {
    alembic: bool,
    sqlalchemy: bool,
    revision: bool,
}

impl Reader<'_, '_> {
    /// The event that counts: the last in which Alembic ran, else the last. A wrapper around a failure, and a traceback
    /// that was cut off, give way to what came before them.
    pub fn choose(&self) -> Option<(Event, Option<Answer>)> {
        let events: Vec<Event> = self.log.events.iter().map(|event| self.with_warnings(event)).collect();
        let evidence: Vec<Evidence> = events.iter().map(|event| self.evidence(event)).collect();
        let in_order = |wanted: &dyn Fn(&Evidence) -> bool| {
            (0..events.len()).rev().filter(|at| wanted(&evidence[*at])).collect::<Vec<_>>()
        };
        let ran_alembic = in_order(&|evidence| evidence.alembic);
        let ran_sqlalchemy = in_order(&|evidence| !evidence.alembic && evidence.sqlalchemy);
        let others = in_order(&|evidence| !evidence.sqlalchemy);
        for group in [ran_alembic, ran_sqlalchemy, others] {
            for at in group {
                if let Some(answer) = self.recognise(&events[at], &evidence[at]) {
                    return Some((events[at].clone(), Some(answer)));
                }
                if !gives_way(&events[at]) {
                    break;
                }
            }
        }
        let told = events.iter().zip(&evidence).rev().find(|(_, evidence)| evidence.alembic).map(|(event, _)| event);
        if let Some(event) = told.or(events.last()) {
            return Some((event.clone(), None));
        }
        let quiet = self.quiet();
        quiet.into_iter().find_map(|event| {
            let answer = self.recognise(&event, &Evidence { alembic: true, sqlalchemy: true, revision: true })?;
            Some((event, Some(answer)))
        })
    }

    /// What a log without any failure tells: warnings, and what Alembic announced.
    fn quiet(&self) -> Vec<Event> {
        let warnings = self.log.warnings.iter().rev().map(warned);
        let said = self.log.said.iter().rev().filter_map(|(text, line)| {
            let class = match text {
                text if text.starts_with("Running upgrade") => "Upgrade",
                text if text.starts_with("Detected removed table") || text.contains("No changes in schema") => {
                    "Autogenerate"
                }
                _ => return None,
            };
            Some(Raised { class: class.to_owned(), message: text.clone(), line: *line, ..Raised::default() })
        });
        let mut events: Vec<Event> =
            warnings.chain(said).map(|raised| Event { chain: vec![raised], headless: false }).collect();
        events.sort_by_key(|event| event.chain[0].class == "Upgrade");
        events
    }

    /// Alembic warns of what is wrong with the graph before something else fails because of it.
    fn with_warnings(&self, event: &Event) -> Event {
        let first = event.chain.first().map_or(0, |raised| raised.line);
        let before = self.log.warnings.iter().filter(|warning| {
            warning.frame.path.contains("alembic/script/")
                && (warning.line <= first || event.chain[0].class == COMMAND_ERROR)
        });
        let mut with = event.clone();
        with.chain.splice(0..0, before.map(warned));
        with
    }

    fn evidence(&self, event: &Event) -> Evidence {
        let paths = || event.chain.iter().flat_map(|raised| &raised.frames).map(|frame| frame.path.as_str());
        let classes = || event.chain.iter().map(|raised| raised.class.as_str());
        let has = |parts: &[&str]| paths().any(|path| parts.iter().any(|part| path.contains(part)));
        let own = frames::own(event, self.project.sources);
        let is_script = |own: &Own| self.is_revision(own.file);
        let is_env = |own: &Own| {
            let mut scripts =
                self.project.environments.iter().filter_map(|environment| environment.env_script.as_ref());
            scripts.any(|script| script.file == own.file)
        };
        let shows_frames = paths().next().is_some();
        let cut = event.headless || !shows_frames;
        let in_revision = own.iter().any(is_script) || has(&["/versions/"]);
        let alembic = has(&[
            "/alembic/command.py",
            "/alembic/config.py",
            "/alembic/script/",
            "/alembic/runtime/",
            "/alembic/operations/",
            "/alembic/autogenerate/",
            "/alembic/ddl/",
            "/alembic/util/",
            "flask_migrate/",
        ]) || classes().any(|class| class.starts_with("alembic.") || class == traceback::USAGE_ERROR)
            || in_revision
            || own.iter().any(is_env)
            || paths().any(|path| path.ends_with("/env.py"))
            || cut && !self.log.said.is_empty() && is_known_class(event);
        let wrapped = |message: &str| {
            message.contains("sqlalche.me/e/")
                || [
                    "(psycopg2.",
                    "(psycopg.",
                    "(sqlite3.",
                    "(pymysql.",
                    "(MySQLdb.",
                    "(asyncpg.",
                    "(sqlalchemy.",
                    "(oracledb.",
                    "(pyodbc.",
                    "(mysql.",
                ]
                .iter()
                .any(|start| message.starts_with(start))
        };
        let of_driver = |class: &str| {
            ["psycopg", "asyncpg.", "pymysql.", "MySQLdb.", "sqlite3.", "oracledb.", "pyodbc.", "aiosqlite."]
                .iter()
                .any(|start| class.starts_with(start))
        };
        let sqlalchemy = alembic
            || has(&["/sqlalchemy/", "/sqlmodel/", "/flask_sqlalchemy/"])
            || classes().any(|class| class.starts_with("sqlalchemy."))
            || event.chain.iter().any(|raised| wrapped(&raised.message))
            || event.headless && classes().any(of_driver) && !self.project.environments.is_empty();
        let shows_other_code = own.iter().any(|own| !is_script(own) && !is_env(own));
        let revision = in_revision
            || sqlalchemy
                && cut
                && !shows_other_code
                && !self.project.environments.is_empty()
                && !has(&["/pool/", "/env.py"]);
        Evidence { alembic, sqlalchemy, revision }
    }

    /// The revision that Alembic announced last.
    fn announced(&self) -> Option<&str> {
        let last = self.log.said.iter().rev().find_map(|(text, _)| text.split_once("Running upgrade"))?.1;
        last.split_once("-> ")?.1.split([',', ' ']).next()
    }

    fn is_revision(&self, file: FileId) -> bool {
        self.project
            .environments
            .iter()
            .flat_map(|environment| &environment.revisions.scripts)
            .any(|script| script.file == file)
    }

    fn recognise(&self, event: &Event, evidence: &Evidence) -> Option<Answer> {
        let own = frames::own(event, self.project.sources);
        for cause in causes::all() {
            let believed = match cause.needs {
                Needs::Nothing => true,
                Needs::SqlAlchemy => evidence.sqlalchemy,
                Needs::Alembic => evidence.alembic,
                Needs::Revision => evidence.revision,
            };
            if !believed
                || self.series.is_some_and(|series| series < cause.sqlalchemy.0 || series >= cause.sqlalchemy.1)
            {
                continue;
            }
            for (number, raised) in event.chain.iter().enumerate() {
                let Some(captures) = self.matches(cause, raised, number, &own) else { continue };
                let log =
                    self.project.sources.line_at(self.log_file, raised.line).unwrap_or(Span::start_of(self.log_file));
                let scene = Scene {
                    project: self.project,
                    own: &own,
                    raised: (number, raised),
                    captures: &captures,
                    found: self.found,
                    announced: self.announced(),
                    log,
                };
                let confirmed = scene.confirmed(cause).cloned();
                if confirmed.is_none() && cause.only_with_rule {
                    continue;
                }
                let (diagnostic, confirmed) = match confirmed {
                    Some(finding) => (as_answer(finding, cause, &captures, &own), true),
                    None => {
                        let Some(span) = scene.find(cause) else { continue };
                        (said_of(cause, span, &captures, &scene, &own), false)
                    }
                };
                return Some(Answer { cause, captures, diagnostic, confirmed });
            }
        }
        self.raised_by_own_code(event, &own)
    }

    fn matches(&self, cause: &Cause, raised: &Raised, number: usize, own: &[Own]) -> Option<Captures> {
        if raised.class.is_empty() {
            return None;
        }
        if !cause.classes.is_empty() && !cause.classes.contains(&raised.bare_class()) {
            return None;
        }
        // `psycopg2.errors.SyntaxError` is not Python's.
        let is_python = |class: &&str| PYTHON.contains(class);
        if raised.class.contains('.')
            && cause.classes.iter().filter(|class| **class == raised.bare_class()).any(is_python)
        {
            return None;
        }
        let text = format!("{}: {}", raised.class, raised.message);
        let is_within = |part: &&str| {
            raised.frames.iter().any(|frame| frame.path.contains(*part))
                || *part == "/versions/" && own.iter().any(|own| own.raised == number && self.is_revision(own.file))
        };
        if !cause.within.is_empty() && !cause.within.iter().any(is_within) {
            return None;
        }
        if cause.own_code && raised.frames.last().is_none_or(|last| frames::is_foreign(&last.path)) {
            return None;
        }
        // A terminal may have wrapped the message anywhere.
        let mut forms = vec![Cow::Borrowed(text.as_str())];
        if text.contains('\n') {
            forms.push(Cow::Owned(text.replace('\n', "")));
            forms.push(Cow::Owned(text.replace('\n', " ")));
        }
        if !cause.and.is_empty() && !cause.and.iter().any(|part| forms.iter().any(|form| form.contains(part))) {
            return None;
        }
        let fits = |captures: &Captures| cause.when.is_none_or(|when| when(captures));
        forms.iter().find_map(|form| cause.texts.iter().find_map(|text| pattern::find(text, form).filter(fits)))
    }

    /// Python's own exceptions that a line of a revision, of env.py or of a module that it imports raised itself: the
    /// place is certain, and the exception says the rest.
    fn raised_by_own_code(&self, event: &Event, own: &[Own]) -> Option<Answer> {
        static BY_REVISION: Cause = Cause { name: "revision-raises", ..RAISES };
        static BY_ENV: Cause = Cause { name: "env-script-raises", ..RAISES };
        static BY_IMPORT: Cause = Cause { name: "model-import-error", ..RAISES };
        let (number, raised) = event.chain.iter().enumerate().next_back()?;
        let deepest = own.iter().rev().find(|own| own.raised == number)?;
        let last = raised.frames.last()?;
        let own_line_raised = !frames::is_foreign(&last.path);
        let is_import = own.iter().any(|own| own.raised == number && self.is_env(own.file))
            && raised
                .frames
                .iter()
                .rev()
                .take_while(|frame| !frames::is_foreign(&frame.path))
                .any(|frame| frame.function == "<module>");
        if !PYTHON.contains(&raised.class.as_str()) || !own_line_raised {
            return None;
        }
        let cause = match deepest.file {
            file if self.is_revision(file) => &BY_REVISION,
            file if self.is_env(file) => &BY_ENV,
            _ if is_import => &BY_IMPORT,
            _ => return None,
        };
        let captures = Captures(vec![("exception".to_owned(), raised.headline())]);
        let log = Span::start_of(self.log_file);
        let scene = Scene {
            project: self.project,
            own,
            raised: (number, raised),
            captures: &captures,
            found: self.found,
            announced: self.announced(),
            log,
        };
        let diagnostic = said_of(cause, deepest.span, &captures, &scene, own);
        let confirmed = self.found.iter().find(|finding| {
            finding.level == Level::Error && finding.span.file == deepest.span.file && {
                let (start, end) = self.project.sources.positions(finding.span);
                (start.line..=end.line).contains(&deepest.line)
            }
        });
        if let Some(finding) = confirmed {
            let finding = as_answer(finding.clone(), cause, &captures, own);
            return Some(Answer { cause, captures, diagnostic: finding, confirmed: true });
        }
        Some(Answer { cause, captures, diagnostic, confirmed: false })
    }

    fn is_env(&self, file: FileId) -> bool {
        let mut scripts = self.project.environments.iter().filter_map(|environment| environment.env_script.as_ref());
        scripts.any(|script| script.file == file)
    }

    /// What failed, in words and places.
    pub fn tell(&self, event: &Event, answer: Option<&Answer>) -> Failure {
        let own = frames::own(event, self.project.sources);
        let last = event.chain.iter().rev().find(|raised| !raised.class.is_empty() || !raised.message.is_empty());
        let last = last.or(event.chain.last()).cloned().unwrap_or_default();
        Failure {
            exception: last.class.clone(),
            message: mask_said(last.message.lines().next().unwrap_or("")),
            cause: None,
            phase: phase::of(event, &own, self.project, answer.map(|answer| answer.cause.name)),
            line: last.line,
            frames: own.iter().map(|own| (own.span, own.function.clone())).collect(),
            otherwise: false,
            also: 0,
            next: None,
            avoid: None,
        }
    }

    /// What else it may be, where the log can't tell: without an offline mode env.py connects for `--sql`, too.
    pub fn otherwise(&self, answer: &Answer) -> Option<Diagnostic> {
        let connecting = answer.cause.rule == "database-unreachable";
        self.found.iter().find(|finding| connecting && finding.rule == "offline-mode-missing").cloned()
    }

    /// The command that a cause's own row can't know.
    pub fn next(&self, answer: &Answer) -> Option<String> {
        if answer.cause.name != "db-connection-refused" {
            return None;
        }
        let environment = self.project.environments.iter().find(|environment| environment.url.get().is_some())?;
        let url = environment.url.get()?;
        let compose = crate::project::compose::read(self.project.sources, &environment.run_from);
        let service = compose.databases(&url.dialect).next()?.name.clone();
        Some(format!("docker compose up -d --wait {service}"))
    }
}

/// Python's own exceptions, as far as the table speaks of them.
const PYTHON: &[&str] = &[
    "AssertionError",
    "AttributeError",
    "Exception",
    "FileNotFoundError",
    "ImportError",
    "IndentationError",
    "IndexError",
    "KeyError",
    "ModuleNotFoundError",
    "NameError",
    "NotImplementedError",
    "PermissionError",
    "RecursionError",
    "RuntimeError",
    "SyntaxError",
    "TabError",
    "TypeError",
    "UnboundLocalError",
    "UnicodeDecodeError",
    "ValueError",
    "ZeroDivisionError",
];

const RAISES: Cause = Cause {
    name: "",
    rule: "",
    texts: &[],
    and: &[],
    classes: &[],
    within: &[],
    own_code: true,
    needs: Needs::Alembic,
    when: None,
    sqlalchemy: ((0, 0), (99, 0)),
    rules: &[],
    only_with_rule: false,
    place: Place::Frame,
    message: &["this line raises {exception}"],
    why: "every alembic command that runs it ends here",
    help: "mend the line",
    next: "",
    avoid: "",
};

/// Does the event only pass on what failed before it, or lack its end?
fn gives_way(event: &Event) -> bool {
    event.chain.last().is_none_or(|last| {
        matches!(
            last.bare_class(),
            "" | "CalledProcessError"
                | "SystemExit"
                | "Exit"
                | "error"
                | "panic"
                | "KeyboardInterrupt"
                | "Abort"
                | "ExceptionGroup"
                | "BaseExceptionGroup"
        )
    })
}

/// Is the event's class one that the database libraries raise?
fn is_known_class(event: &Event) -> bool {
    event.chain.iter().any(|raised| raised.class.starts_with("sqlalchemy.") || raised.class == COMMAND_ERROR)
}

/// A warning as the root of what follows from it.
fn warned(warning: &traceback::Warning) -> Raised {
    Raised {
        class: warning.category.clone(),
        message: warning.message.clone(),
        frames: vec![warning.frame.clone()],
        line: warning.line,
    }
}

/// The finding of a rule as the answer: it did stop the run.
fn as_answer(mut finding: Diagnostic, cause: &Cause, captures: &Captures, own: &[Own]) -> Diagnostic {
    finding.level = Level::Error;
    if finding.why.is_none() {
        finding.why = captures.fill(cause.why).filter(|why| !why.is_empty());
    }
    if finding.help.is_none() && finding.fix.is_none() {
        finding.help = captures.fill(cause.help);
    }
    if finding.path.is_empty() {
        finding.path = way(own);
    }
    finding
}

/// What the table says, at the place that the finder found.
fn said_of(cause: &Cause, span: Span, captures: &Captures, scene: &Scene<'_, '_>, own: &[Own]) -> Diagnostic {
    let rule = if cause.rule.is_empty() { cause.name } else { cause.rule };
    let filled = |text: &str| captures.fill(text).map(|text| mask_said(&text));
    let message = cause.message.iter().find_map(|text| filled(text)).unwrap_or_else(|| cause.name.replace('-', " "));
    let mut findings = Findings::of(rule, Level::Error);
    findings.in_environment(scene.environment().map(|environment| environment.name.as_str()));
    let why = filled(cause.why).unwrap_or_default();
    let help = filled(cause.help).unwrap_or_else(|| unfilled(cause.help));
    let mut report = findings.report(span, message).key(format!("failure:{}", cause.name)).help(help);
    let label = match cause.place {
        _ if span == scene.log => "the log says it here",
        Place::Url => "this URL",
        Place::Statement | Place::EnumStatement => "this failed",
        Place::Frame | Place::DeepestFrame => "this ran last",
        _ => "",
    };
    report = report.here(label);
    if !why.is_empty() {
        report = report.why(why);
    }
    for own in way(own) {
        report = report.step(own.span, own.message);
    }
    findings.diagnostics.pop().unwrap_or_else(|| unreachable!("one was reported"))
}

/// A template with `…` in its holes.
fn unfilled(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        let close = rest[open..].find('}').map_or(rest.len(), |close| open + close + 1);
        text.push('…');
        rest = &rest[close..];
    }
    text.push_str(rest);
    text
}

/// The project's frames as a chain of evidence, each line once.
fn way(own: &[Own]) -> Vec<Annotation> {
    let mut steps: Vec<Annotation> = Vec::new();
    for own in own {
        if steps.last().is_none_or(|last| last.span != own.span) {
            steps.push(Annotation { span: own.span, message: String::new() });
        }
    }
    steps
}
