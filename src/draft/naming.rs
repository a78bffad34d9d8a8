//! Ids, file names and folders of new revisions: by the configuration, else by the project's habits.

use crate::project::alembic::Environment;
use crate::project::alembic::revision::{RevisionMap, RevisionScript};
use crate::project::alembic::template::fill::formatted;
use crate::source::{Sources, join, split};

/// A moment, as `file_template` and the template show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Date {
    /// `str()` of the `datetime`.
    pub text: String,
    /// `year`, `month`, `day`, `hour`, `minute`, `second`, `epoch`
    pub parts: Vec<(&'static str, i64)>,
}

/// How many of the newest revisions show a habit.
const RECENT: usize = 8;
/// The longest id that `alembic_version` holds.
const LONGEST_ID: usize = 32;

/// The message as part of a file name, cut as `truncate_slug_length` says.
pub fn slug(message: &str, environment: &Environment) -> String {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let words = message.split(|letter: char| !is_word(letter)).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("_").to_lowercase();
    let option = environment.config.alembic_option("truncate_slug_length");
    let longest = option.and_then(|option| option.value.as_deref()?.trim().parse().ok()).unwrap_or(40);
    if slug.chars().count() <= longest {
        return slug;
    }
    let cut: String = slug.chars().take(longest).collect();
    format!("{}_", cut.rsplit_once('_').map_or(&*cut, |(before, _)| before))
}

/// The newest revisions up to `head`, the newest first.
fn chain<'m>(map: &'m RevisionMap, head: Option<&'m RevisionScript>) -> Vec<&'m RevisionScript> {
    let mut found: Vec<&RevisionScript> = Vec::new();
    let mut next = head;
    while let Some(script) =
        next.filter(|script| found.len() < RECENT && !found.iter().any(|it| it.number == script.number))
    {
        found.push(script);
        next = map.parents(script).first().copied();
    }
    found
}

/// A running number in a text: what stands before it, its digits, what stands after it.
fn numbered(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find(|letter: char| letter.is_ascii_digit())?;
    let digits = text[start..].find(|letter: char| !letter.is_ascii_digit()).map_or(text.len(), |end| start + end);
    let (before, number, after) = (&text[..start], &text[start..digits], &text[digits..]);
    (number.len() <= 5 && !before.chars().any(|letter| letter == ' ')).then_some((before, number, after))
}

/// The number that comes next, where all of `texts` (the newest first) count on by one behind the same words.
fn next_number<'t>(texts: &[&'t str]) -> Option<(&'t str, String, &'t str)> {
    let parts: Vec<(&str, &str, &str)> = texts.iter().map(|text| numbered(text)).collect::<Option<_>>()?;
    let (before, newest, after) = *parts.first()?;
    let numbers: Vec<u32> = parts.iter().filter_map(|(_, number, _)| number.parse().ok()).collect();
    let same = parts.iter().all(|(other, number, rest)| {
        *other == before
            && (number.len() == newest.len() || !newest.starts_with('0'))
            && rest.is_empty() == after.is_empty()
    });
    let steps = numbers.windows(2).all(|pair| pair[0] == pair[1] + 1);
    // One alone is a habit only when it is the first.
    let enough = numbers.len() > 1 || numbers.first().is_some_and(|first| *first <= 1);
    let next = format!("{:0width$}", numbers.first()? + 1, width = newest.len());
    (same && steps && enough).then_some((before, next, after))
}

/// The next id of a project that counts: `0002` after `0001`, `0002_slug` after `0001_initial`.
pub fn next_id(map: &RevisionMap, head: Option<&RevisionScript>, slug: &str) -> Option<String> {
    let ids: Vec<&str> = chain(map, head).into_iter().map(RevisionScript::id).collect::<Option<_>>()?;
    let (before, number, after) = next_number(&ids)?;
    let mut id = format!("{before}{number}");
    if let Some(separator) = after.chars().next() {
        if !matches!(separator, '_' | '-') {
            return None;
        }
        id = format!("{id}{separator}{}", slug.trim_end_matches('_'));
        if id.len() > LONGEST_ID {
            let end = (0..=LONGEST_ID).rev().find(|at| id.is_char_boundary(*at)).unwrap_or(0);
            let cut = &id[..end];
            let whole = cut.rfind('_').filter(|at| *at > before.len() + number.len()).unwrap_or(end);
            id.truncate(whole);
        }
    }
    map.get(&id).is_none().then_some(id)
}

/// Is this an id that Alembic takes, and that is free?
///
/// # Errors
/// Why not.
pub fn verify(revision: &str, map: &RevisionMap) -> Result<(), String> {
    if let Some(letter) = revision.chars().find(|letter| matches!(letter, '@' | '-' | '+' | ':')) {
        return Err(format!("`{revision}` can't be an id: Alembic does not take `{letter}` in one"));
    }
    if revision.is_empty() {
        return Err("an id can't be empty".to_owned());
    }
    match map.get(revision) {
        Some(_) => Err(format!("there is a revision `{revision}` already")),
        None => Ok(()),
    }
}

/// The folder for the new file, relative to the project root.
///
/// # Errors
/// It can't be told which.
pub fn directory(
    sources: &Sources,
    environment: &Environment,
    head: Option<&RevisionScript>,
    wanted: Option<&str>,
) -> Result<String, String> {
    let locations = &environment.revisions.version_locations;
    if let Some(wanted) = wanted {
        let wanted = join("", wanted).ok_or_else(|| format!("`{wanted}` leads out of the project"))?;
        return match locations.directories.contains(&wanted) {
            true => Ok(wanted),
            false => Err(format!("`{wanted}` is none of the version locations: {}", locations.directories.join(", "))),
        };
    }
    match (&locations.directories[..], head) {
        ([only], _) => Ok(only.clone()),
        ([], _) if !locations.unread.is_empty() || environment.config.version_locations().is_some() => {
            Err("`version_locations` names no folder that is there; say where with --version-path".to_owned())
        }
        ([], _) => {
            let home = environment.script_location.as_deref().ok_or("it is not known where env.py lies")?;
            join(home, "versions").ok_or_else(|| "the versions folder leads out of the project".to_owned())
        }
        (several, Some(head)) => {
            let folder = split(sources.path(head.file)).0;
            Ok(several.get(head.location).cloned().unwrap_or_else(|| folder.to_owned()))
        }
        (several, None) => {
            Err(format!("several version locations: {}; say which with --version-path", several.join(", ")))
        }
    }
}

/// The file's name, by `file_template`.
///
/// # Errors
/// `file_template` can't be filled in.
pub fn file_name(
    environment: &Environment,
    stems: &[&str],
    revision: &str,
    slug: &str,
    date: &Date,
) -> Result<String, String> {
    let option = environment.config.alembic_option("file_template");
    let template = match option {
        Some(option) => option.value.as_deref().ok_or("`file_template` can't be interpolated")?,
        None => "%(rev)s_%(slug)s",
    };
    // A project that numbers its files by hand goes on so.
    if option.is_none()
        && !revision.starts_with(|first: char| first.is_ascii_digit())
        && let Some((before, number, after)) = next_number(stems)
        && let Some(separator) = after.chars().next().filter(|letter| matches!(letter, '_' | '-'))
    {
        return Ok(format!("{before}{number}{separator}{slug}.py"));
    }
    let texts = [("rev", revision), ("slug", slug)];
    let name = formatted(template, &texts, &date.parts);
    Ok(format!("{}.py", name.ok_or_else(|| format!("`file_template = {template}` can't be filled in"))?))
}

/// The names of the newest files up to `head` without `.py`, the newest first.
pub fn stems<'s>(sources: &'s Sources, map: &RevisionMap, head: Option<&RevisionScript>) -> Vec<&'s str> {
    let files = chain(map, head).into_iter().map(|script| script.file).collect::<Vec<_>>();
    files.into_iter().map(|file| split(sources.path(file)).1.trim_end_matches(".py")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_count_on() {
        let next = |texts: &[&str]| next_number(texts).map(|(before, number, _)| format!("{before}{number}"));
        assert_eq!(next(&["0003", "0002", "0001"]).as_deref(), Some("0004"));
        assert_eq!(next(&["v9_b", "v8_a"]).as_deref(), Some("v10"));
        assert_eq!(next(&["0001_initial"]).as_deref(), Some("0002"));
        assert_eq!(next(&["0115_a", "0113_b"]), None);
        assert_eq!(next(&["2024_01_a", "2024_02_a"]), None);
        assert_eq!(next(&["8f3a9c1b2d4e"]), None);
    }
}
