//! A project → what its own Alembic does with it, on a copy and on a throw-away database: nothing of the user's is at risk.
//!
//! [`copy`] takes the files, [`interpreter`] finds the project's Python, [`call`] says how it calls its Alembic, [`command`]
//! runs that in the copy with every connection led away. [`play`] is the rehearsal itself: up, check, autogenerate, up, one down, up.

pub mod call;
pub mod command;
pub mod copy;
pub mod database;
pub mod interpreter;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::project::alembic::revision::{self, Does};
use crate::source::Sources;
use command::{Ended, Stage};

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should.
    Ok,
    /// Something is worth a look.
    Differs,
    /// It failed; what needs it is skipped.
    Failed,
    /// It was not done.
    Skipped,
}

/// A step that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How.
    pub verdict: Verdict,
    /// Its name: `upgrade`.
    pub name: &'static str,
    /// What was done, or why it was not.
    pub text: String,
    /// How long it took.
    pub took: Option<Duration>,
}

/// Who watches.
pub trait Audience {
    /// A step begins.
    fn begins(&mut self, name: &'static str, text: &str);
    /// A step has ended.
    fn ended(&mut self, step: Step);
}

/// What is known of the project beforehand.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// How many revisions there are.
    pub revisions: usize,
    /// How many heads.
    pub heads: usize,
    /// Why autogenerate is not tried, where it isn't.
    pub by_hand: Option<String>,
    /// Does this Alembic have `alembic check`? (1.9)
    pub has_check: bool,
}

/// What came out.
#[derive(Debug, Default)]
pub struct Played {
    /// The step that failed, and what it wrote.
    pub failed: Option<(&'static str, Ended)>,
    /// The revision that autogenerate wrote, relative to the copy, with its text. One without any operation is removed.
    pub generated: Option<(String, String)>,
    /// The database is at the heads, so that its tables can be compared.
    pub at_heads: bool,
}

/// Plays the next migrations.
///
/// # Errors
/// A command can't be started, or the copy can't be read.
pub fn play(stage: &Stage, plan: &Plan, audience: &mut dyn Audience) -> io::Result<Played> {
    let mut play = Play { stage, audience, played: Played::default() };
    if plan.revisions == 0 {
        play.skips("upgrade", "there is no revision yet");
    } else if !play.runs("upgrade", &["upgrade", "heads"], &said_revisions(plan.revisions))? {
        play.skips("check, revision, downgrade", "the upgrade failed");
        return Ok(play.played);
    }
    let one_head = plan.heads < 2;
    match &plan.by_hand {
        Some(why) => play.skips("check, revision", why),
        None if !one_head => {
            play.skips("check, revision", "`alembic revision` doesn't know which of the heads to follow")
        }
        None => {
            if !play.checks(plan)? || !play.generates()? {
                return Ok(play.played);
            }
        }
    }
    let total = plan.revisions + usize::from(play.played.generated.is_some());
    if play.played.generated.is_some() && !play.runs("upgrade", &["upgrade", "heads"], "to the new revision")? {
        play.skips("downgrade", "the upgrade failed");
        return Ok(play.played);
    }
    if total == 0 {
        play.skips("downgrade", "there is no revision");
    } else if !one_head {
        play.skips("downgrade", "with several heads, `-1` could mean any");
    } else if !play.runs("downgrade", &["downgrade", "-1"], "one revision back")?
        || !play.runs("upgrade", &["upgrade", "heads"], "forth again")?
    {
        return Ok(play.played);
    }
    play.played.at_heads = total > 0;
    Ok(play.played)
}

fn said_revisions(count: usize) -> String {
    format!("{count} revision{}", if count == 1 { "" } else { "s" })
}

struct Play<'r> {
    stage: &'r Stage,
    audience: &'r mut dyn Audience,
    played: Played,
}

impl Play<'_> {
    fn skips(&mut self, name: &'static str, why: &str) {
        self.audience.ended(Step { verdict: Verdict::Skipped, name, text: why.to_owned(), took: None });
    }

    fn runs(&mut self, name: &'static str, command: &[&str], text: &str) -> io::Result<bool> {
        self.audience.begins(name, text);
        let ended = self.stage.run(command)?;
        let verdict = if ended.succeeded { Verdict::Ok } else { Verdict::Failed };
        self.audience.ended(Step { verdict, name, text: text.to_owned(), took: Some(ended.took) });
        if !ended.succeeded {
            self.played.failed = Some((name, ended));
        }
        Ok(self.played.failed.is_none())
    }

    /// `alembic check`. That there are differences is no failure: the next step writes them.
    fn checks(&mut self, plan: &Plan) -> io::Result<bool> {
        const DIFFERS: &str = "New upgrade operations detected";
        if !plan.has_check {
            self.skips("check", "this Alembic has no `check` (1.9 has)");
            return Ok(true);
        }
        self.audience.begins("check", "are models and migrations the same?");
        let ended = self.stage.run(&["check"])?;
        let differs = ended.output.contains(DIFFERS);
        let (verdict, text) = match (ended.succeeded, differs) {
            (true, _) => (Verdict::Ok, "no new upgrade operations"),
            (false, true) => (Verdict::Ok, "the models have changed: autogenerate has something to write"),
            (false, false) => (Verdict::Failed, "`alembic check` failed"),
        };
        self.audience.ended(Step { verdict, name: "check", text: text.to_owned(), took: Some(ended.took) });
        if verdict == Verdict::Failed {
            self.skips("revision, downgrade", "the check failed");
            self.played.failed = Some(("check", ended));
        }
        Ok(verdict == Verdict::Ok)
    }

    /// `alembic revision --autogenerate`, into the copy.
    fn generates(&mut self) -> io::Result<bool> {
        let before = python_files(&self.stage.copy)?;
        self.audience.begins("revision", "autogenerate");
        let ended = self.stage.run(&["revision", "--autogenerate", "-m", "rehearsal"])?;
        let took = Some(ended.took);
        if !ended.succeeded {
            let text = "autogenerate failed".to_owned();
            self.audience.ended(Step { verdict: Verdict::Failed, name: "revision", text, took });
            self.skips("downgrade", "autogenerate failed");
            self.played.failed = Some(("revision", ended));
            return Ok(false);
        }
        let after = python_files(&self.stage.copy)?;
        let written: Vec<&PathBuf> = after.difference(&before).collect();
        let mut text = "autogenerate wrote nothing".to_owned();
        if let [file] = written[..] {
            let source = fs::read_to_string(self.stage.copy.join(file))?;
            let path = file.to_string_lossy().replace('\\', "/");
            if does_nothing(&path, &source) {
                fs::remove_file(self.stage.copy.join(file))?;
                text = "autogenerate has nothing to write".to_owned();
            } else {
                text = format!("autogenerate wrote {path}");
                self.played.generated = Some((path, source));
            }
        } else if !written.is_empty() {
            text = format!("autogenerate wrote {} files", written.len());
        }
        self.audience.ended(Step { verdict: Verdict::Ok, name: "revision", text, took });
        Ok(true)
    }
}

/// Do `upgrade()` and `downgrade()` of a revision both do nothing?
fn does_nothing(path: &str, text: &str) -> bool {
    let sources = Sources::in_memory([(path, text)]);
    let Some(file) = sources.id(path) else { return false };
    let script = revision::read::script(file, text, path, 0);
    let nothing =
        |step: &Option<revision::Step>| step.as_ref().is_some_and(|step| matches!(step.does, Does::Nothing(_)));
    nothing(&script.upgrade) && nothing(&script.downgrade)
}

/// The Python files below `folder`, relative to it.
fn python_files(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let walk = walkdir::WalkDir::new(folder).into_iter().filter_entry(|entry| entry.file_name() != "node_modules");
    for entry in walk {
        let entry = entry.map_err(io::Error::from)?;
        if entry.path().extension().is_some_and(|extension| extension == "py") {
            found.insert(entry.path().strip_prefix(folder).unwrap_or(entry.path()).to_owned());
        }
    }
    Ok(found)
}
