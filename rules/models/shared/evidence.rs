//! What several rules of this family ask of the facts: the versions assumed, what was read completely, nearest names.

use crate::diagnostic::{Edit, Level};
use crate::project::alembic::Environment;
use crate::project::sqlalchemy::{MappedClass, MetaDataId, Models, Table};
use crate::project::versions::{Pin, Version};
use crate::project::{Hides, Project};
use crate::source::{FileId, Span};

/// The environments whose env.py executes `file`.
pub fn reaching<'p>(project: &'p Project<'_>, file: FileId) -> impl Iterator<Item = &'p Environment> {
    project.environments.iter().filter(move |environment| environment.reached.contains(&file))
}

/// Error for what an env.py executes; a warning for what none does, where it stops nobody's Alembic.
pub fn level_for(project: &Project<'_>, file: FileId) -> Level {
    if reaching(project, file).next().is_some() { Level::Error } else { Level::Warning }
}

/// The SQLAlchemy version that holds for a file.
pub struct SqlAlchemy {
    lowest: Option<Version>,
    below: Option<Version>,
    assumed: bool,
}

/// The SQLAlchemy version that holds for `file`: of an environment that reaches it, else of any.
pub fn sqlalchemy(project: &Project<'_>, file: FileId) -> SqlAlchemy {
    if let Some(said) = &project.settings.sqlalchemy {
        let parts = said.split('.').map_while(|part| part.parse().ok()).collect();
        return SqlAlchemy { lowest: Some(Version(parts)), below: None, assumed: false }.exactly();
    }
    let environment = reaching(project, file).next().or_else(|| project.environments.first());
    match environment.and_then(|environment| environment.versions.pins.get("sqlalchemy")) {
        Some(Pin::Exact(version, _)) => {
            SqlAlchemy { lowest: Some(version.clone()), below: None, assumed: false }.exactly()
        }
        Some(Pin::Range { lowest, below, .. }) => {
            SqlAlchemy { lowest: lowest.clone(), below: below.clone(), assumed: true }
        }
        Some(Pin::Any(_)) | None => SqlAlchemy { lowest: None, below: None, assumed: true },
    }
}

impl SqlAlchemy {
    fn exactly(mut self) -> SqlAlchemy {
        self.below = self.lowest.as_ref().map(|version| {
            let mut next = version.0.clone();
            if let Some(last) = next.last_mut() {
                *last += 1;
            }
            Version(next)
        });
        self
    }

    /// Is it this version or a later one? Where the files do not say, the newest 2.0 is assumed.
    pub fn is_at_least(&self, major: u32, minor: u32) -> bool {
        let wanted = Version(vec![major, minor]);
        if self.lowest.as_ref().is_some_and(|lowest| *lowest >= wanted) {
            return true;
        }
        if self.below.as_ref().is_some_and(|below| *below <= wanted) {
            return false;
        }
        wanted <= Version(vec![2, 0])
    }

    /// Do the files say that it is this version or a later one?
    pub fn is_surely_at_least(&self, major: u32, minor: u32) -> bool {
        self.lowest.as_ref().is_some_and(|lowest| *lowest >= Version(vec![major, minor]))
    }

    /// What to add to a sentence that depends on the version.
    pub fn said(&self) -> &'static str {
        if self.assumed { " (no exact version is pinned; 2.0 is assumed)" } else { "" }
    }
}

/// Is everything read that could put a table on this MetaData, as seen from `file`?
pub fn tables_are_known(project: &Project<'_>, metadata: MetaDataId, file: FileId) -> bool {
    project.models.is_complete(metadata)
        && reaching(project, file).next().is_some()
        && reaching(project, file).all(|environment| {
            environment.not_analysed.iter().all(|gap| gap.hides != Hides::Models)
                && environment.env_script.as_ref().is_none_or(|script| script.online.raised.is_none())
        })
}

/// The dialect that is proved for `file`: configured, or that of the URL of every environment that reaches it.
pub fn dialect(project: &Project<'_>, file: FileId) -> Option<String> {
    if let Some(said) = &project.settings.dialect {
        return Some(said.clone());
    }
    let is_env = |environment: &Environment| environment.env_script.as_ref().is_some_and(|script| script.file == file);
    let mut all = project
        .environments
        .iter()
        .filter(|environment| environment.reached.contains(&file) || is_env(environment))
        .map(|environment| environment.url.get().map(|url| url.dialect.clone()));
    let first = all.next()??;
    all.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

/// The table that a class's rows are in, and whether all its columns were read.
pub fn table_of<'m>(models: &'m Models, class: &MappedClass) -> Option<&'m Table> {
    class.table.map(|table| models.table(table))
}

/// The candidate that `name` was probably meant to be.
pub fn nearest<'n>(name: &str, candidates: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let plain = |name: &str| -> String {
        name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let wanted = plain(name);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let found = plain(candidate);
        let distance = if found == wanted {
            0
        } else if is_plural_of(&found, &wanted) || is_plural_of(&wanted, &found) {
            1
        } else {
            match strsim::damerau_levenshtein(&wanted, &found) {
                distance if distance <= (wanted.len() / 4).clamp(1, 3) => 1 + distance,
                _ => continue,
            }
        };
        if best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn is_plural_of(plural: &str, single: &str) -> bool {
    plural.strip_suffix('s') == Some(single)
        || plural.strip_suffix("es") == Some(single)
        || (plural.strip_suffix("ies").is_some() && plural.strip_suffix("ies") == single.strip_suffix('y'))
}

/// The place of `text` inside the string literal at `span`, when it stands there exactly so.
pub fn inside_literal(project: &Project<'_>, span: Span, text: &str) -> Option<Span> {
    let literal = project.sources.slice(span);
    let quote = literal.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let inner = literal.strip_prefix(quote)?.strip_suffix(quote)?;
    (inner == text).then(|| Span { start: span.start + 1, end: span.end - 1, ..span })
}

/// An edit that replaces `text` inside the literal at `span`.
pub fn replace_in_literal(project: &Project<'_>, span: Span, text: &str, by: &str) -> Option<Edit> {
    inside_literal(project, span, text).map(|span| Edit::Replace { span, text: by.to_owned() })
}

/// An edit that makes `from <module> import <name>` true in `file`, or `None` when it is so already. `Err` when no place
/// for it is found.
///
/// # Errors
/// No import of the module stands in the file that could be extended.
pub fn import_from(project: &Project<'_>, file: FileId, module: &str, name: &str) -> Result<Option<Edit>, ()> {
    let text = project.sources.text(file);
    let head = format!("from {module} import ");
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if let Some(names) = line.strip_prefix(head.as_str()) {
            let start = offset + head.len();
            let listed = if names.trim_start().starts_with('(') {
                text[start..].split(')').next().unwrap_or("")
            } else {
                names.split('#').next().unwrap_or("")
            };
            let is_there = listed
                .trim_matches(|letter: char| letter == '(' || letter.is_whitespace())
                .split(',')
                .any(|part| part.trim() == name);
            if is_there {
                return Ok(None);
            }
            let (at, inserted) = if names.trim_start().starts_with('(') {
                (start + listed.find('(').unwrap_or(0) + 1, format!("{name}, "))
            } else {
                (start + listed.trim_end().len(), format!(", {name}"))
            };
            return Ok(Some(Edit::Replace { span: Span::new(file, at..at), text: inserted }));
        }
        offset += line.len();
    }
    Err(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_what_was_meant() {
        let tables = ["customers", "order_lines", "categories"];
        let near = |name| nearest(name, tables.into_iter());
        assert_eq!(near("Customer"), Some("customers"));
        assert_eq!(near("OrderLines"), Some("order_lines"));
        assert_eq!(near("category"), Some("categories"));
        assert_eq!(near("custmers"), Some("customers"));
        assert_eq!(near("payments"), None);
    }
}
