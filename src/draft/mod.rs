//! Operations → a revision file, as `alembic revision --autogenerate` would have written it.
//!
//! [`style`] says how the environment writes operations, [`naming`] which id and file name come next, [`words`] lists the
//! changes for people. The text goes through the project's own script.py.mako, and is read back before anybody sees it:
//! a file that Alembic could not load is refused.

pub mod naming;
pub mod style;
pub mod words;

use std::collections::BTreeSet;

use crate::catalog::operation::Operation;
use crate::catalog::render::{self, Rendered, Style};
use crate::catalog::{Catalog, Target};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::revision::RevisionScript;
use crate::project::alembic::revision::read::{DRAFTED, script};
use crate::project::alembic::template::Template;
use crate::project::alembic::template::docstring;
use crate::project::alembic::template::fill::{Given, fill};
use crate::source::Position;
use naming::Date;

/// What the user asks for.
#[derive(Clone, Debug)]
pub struct Request {
    /// `-m`
    pub message: String,
    /// The id, where the user gives one.
    pub revision: Option<String>,
    /// An id for where neither the user nor the project's habits give one.
    pub random: String,
    /// The head to follow, where the user says which.
    pub head: Option<String>,
    /// The version location to write to, where the user says which.
    pub version_path: Option<String>,
    /// Now.
    pub date: Date,
    /// What the user may want to do instead: comments above the operations.
    pub hints: Vec<String>,
}

/// A revision file that is not written yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its path, relative to the project root.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Its id.
    pub revision: String,
    /// The ids that it follows.
    pub down_revision: Vec<String>,
    /// What it changes, in words.
    pub changes: Vec<String>,
    /// What is not as it might be, in sentences.
    pub problems: Vec<String>,
}

/// Drafts the revision that makes `operations` of an environment, which change `before`.
///
/// # Errors
/// In words: there is no template or it can't be filled in, several heads, an id or a file that is there already.
pub fn draft(
    project: &Project<'_>,
    environment: usize,
    operations: &[Operation],
    before: &Catalog,
    target: &Target,
    request: &Request,
) -> Result<Draft, String> {
    let of = &project.environments[environment];
    let style = style::of(project, environment, target)?;
    let head = head(of, request.head.as_deref())?;
    let slug = naming::slug(&request.message, of);
    let revision = match &request.revision {
        Some(id) => id.clone(),
        None => naming::next_id(&of.revisions, head, &slug).unwrap_or_else(|| request.random.clone()),
    };
    naming::verify(&revision, &of.revisions)?;
    let directory = naming::directory(project.sources, of, head, request.version_path.as_deref())?;
    let stems = naming::stems(project.sources, &of.revisions, head);
    let name = naming::file_name(of, &stems, &revision, &slug, &request.date)?;
    let path = crate::source::under(&directory, &name);
    let path = crate::source::join("", &path).ok_or_else(|| format!("`{path}` leads out of the project"))?;
    if project.sources.id(&path).is_some() {
        return Err(format!("`{path}` is there already, and draft never overwrites a file"));
    }
    let up = render::upgrade(operations, before, &style);
    // What is not done is not undone.
    let done = operations.iter().enumerate().filter(|(place, _)| !up.left_out.contains(place));
    let done: Vec<Operation> = done.map(|(_, operation)| operation.clone()).collect();
    let down = render::downgrade(&done, before, &style);
    let parents: Vec<String> = head.and_then(RevisionScript::id).map(str::to_owned).into_iter().collect();
    let changes = words::changes(operations, target);
    let text = text(project, of, &style, &up, &down, &revision, &parents, &changes, request)?;
    let mut problems = style::notes(of);
    problems.extend(up.problems.into_iter().chain(down.problems));
    let mut seen = BTreeSet::new();
    problems.retain(|problem| seen.insert(problem.clone()));
    Ok(Draft { path, text, revision, down_revision: parents, changes, problems })
}

/// The head that the new revision follows; `None` where there is no revision yet.
///
/// # Errors
/// There are several, or `wanted` is none of them.
pub fn head<'e>(environment: &'e Environment, wanted: Option<&str>) -> Result<Option<&'e RevisionScript>, String> {
    let map = &environment.revisions;
    let heads = map.heads();
    if let Some(wanted) = wanted {
        let plain = wanted.strip_suffix("@head").unwrap_or(wanted);
        if plain == "base" {
            return Ok(None);
        }
        let begins = |script: &&&RevisionScript| script.id().is_some_and(|id| id.starts_with(plain));
        let labelled = |script: &&&RevisionScript| map.labels(script).contains(plain);
        let mut found = heads.iter().filter(|script| begins(script) || labelled(script));
        return match (found.next(), found.next()) {
            (Some(head), None) => Ok(Some(*head)),
            (Some(_), Some(_)) => Err(format!("`{wanted}` names several heads")),
            (None, _) => Err(format!("`{wanted}` is no head; the heads are: {}", ids(&heads))),
        };
    }
    match &heads[..] {
        [] if map.scripts.is_empty() => Ok(None),
        [] => Err("the revisions have no head: they go round in a circle".to_owned()),
        [only] => Ok(Some(*only)),
        several => Err(format!(
            "{} heads: {}; say which one to follow with --head, or merge them first: alembic merge -m \"merge heads\" {}",
            several.len(),
            ids(several),
            several.iter().filter_map(|script| script.id()).collect::<Vec<_>>().join(" ")
        )),
    }
}

fn ids(scripts: &[&RevisionScript]) -> String {
    scripts.iter().filter_map(|script| script.id()).map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}

fn body(rendered: &Rendered, hints: &[String]) -> String {
    let hints: String = hints.iter().map(|hint| format!("# {hint}\n")).collect();
    let text = &rendered.text;
    let does_nothing = text.lines().all(|line| line.is_empty() || line.starts_with('#'));
    let pass = if does_nothing { "pass\n" } else { "" };
    // Framed as Alembic frames its own.
    let whole = format!("# ### {DRAFTED} - please adjust! ###\n{hints}{text}{pass}# ### end of drafted commands ###");
    let lines: Vec<String> = whole
        .lines()
        .enumerate()
        .map(|(number, line)| match line.trim_end() {
            "" => String::new(),
            line if number == 0 => line.to_owned(),
            line => format!("    {line}"),
        })
        .collect();
    lines.join("\n")
}

#[expect(clippy::too_many_arguments, reason = "all that a revision file is made of")]
fn text(
    project: &Project<'_>,
    environment: &Environment,
    style: &Style,
    up: &Rendered,
    down: &Rendered,
    revision: &str,
    parents: &[String],
    changes: &[String],
    request: &Request,
) -> Result<String, String> {
    let sources = project.sources;
    let file = environment.template.ok_or("there is no script.py.mako beside env.py to write the revision with")?;
    let template = sources.text(file);
    let is_there = |import: &&String| !template.lines().any(|line| line.trim() == import.as_str());
    let imports: BTreeSet<&String> = up.imports.union(&down.imports).filter(is_there).collect();
    let imports = imports.into_iter().cloned().collect::<Vec<_>>().join("\n");
    if !imports.is_empty() && !Template::read(sources, file).has_imports {
        return Err(format!(
            "{} has no `${{imports}}`, and the revision needs: {}",
            sources.shown_path(file),
            imports.replace('\n', "; ")
        ));
    }
    let given = Given {
        up_revision: revision.to_owned(),
        down_revision: parents.to_vec(),
        create_date: request.date.text.clone(),
        message: request.message.clone(),
        imports,
        upgrades: body(up, &request.hints),
        downgrades: body(down, &[]),
    };
    let refused = |at: usize, why: &str| {
        let Position { line, .. } = sources.position(file, u32::try_from(at).unwrap_or(0));
        format!("{}:{line}: this can't be told without running it: {why}", sources.shown_path(file))
    };
    let text = fill(template, &given, &environment.config).map_err(|it| refused(it.at, &it.why))?;
    let text = docstring::extended(&text, &words::listed(changes));
    read_back(&text, style, revision, parents)
        .map_err(|why| format!("{} makes a revision that Alembic could not use: {why}", sources.shown_path(file)))?;
    Ok(text)
}

/// Is the text what was meant?
fn read_back(text: &str, style: &Style, revision: &str, parents: &[String]) -> Result<(), String> {
    let read = script(crate::source::FileId(0), text, "draft.py", 0);
    if let Some((_, why)) = read.syntax_problems.first() {
        return Err(why.clone());
    }
    if read.id() != Some(revision) {
        return Err(format!("its `revision` is not '{revision}'"));
    }
    let down: Vec<&String> = read.down_revision.iter().filter_map(crate::project::Known::get).collect();
    if down.len() != parents.len() || !parents.iter().all(|parent| down.contains(&parent)) {
        let wanted = parents.first().map_or("None".to_owned(), |parent| format!("'{parent}'"));
        return Err(format!("its `down_revision` is not {wanted}"));
    }
    match read.unbound.first() {
        Some(unbound) if !read.open && style.user_prefix.is_none() => {
            Err(format!("nothing binds the name `{}`", unbound.name))
        }
        _ => Ok(()),
    }
}
