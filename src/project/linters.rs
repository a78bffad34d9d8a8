//! Configuration of ruff, flake8 and autoflake → which files they look for unused imports in.

use globset::GlobBuilder;

use crate::source::{FileId, Sources, Span, split};
use crate::syntax::toml::{self, Toml};

/// A linter that reports or removes unused imports.
#[derive(Clone, Debug)]
pub struct Linter {
    /// `ruff`, `flake8`, `autoflake`
    pub name: &'static str,
    /// Where it is configured.
    pub span: Span,
    /// The directory that its patterns are relative to.
    root: String,
    /// Files that it leaves alone, or where it ignores unused imports.
    quiet_on: Vec<String>,
}

impl Linter {
    /// Does it look for unused imports in this file?
    pub fn covers(&self, path: &str) -> bool {
        let inside = match self.root.as_str() {
            "" => path,
            root => match path.strip_prefix(root).and_then(|rest| rest.strip_prefix('/')) {
                Some(inside) => inside,
                None => return false,
            },
        };
        !self.quiet_on.iter().any(|pattern| matches(pattern, inside))
    }
}

/// The linters that look for unused imports in the file at `path`.
pub fn covering<'l>(linters: &'l [Linter], path: &str) -> Option<&'l Linter> {
    let mut inside: Vec<&Linter> = linters
        .iter()
        .filter(|linter| linter.root.is_empty() || path.starts_with(&format!("{}/", linter.root)))
        .collect();
    // The nearest configuration of a tool counts.
    inside.sort_by_key(|linter| std::cmp::Reverse(linter.root.len()));
    let mut seen = Vec::new();
    inside.retain(|linter| {
        let first = !seen.contains(&linter.name);
        seen.push(linter.name);
        first
    });
    inside.into_iter().find(|linter| linter.covers(path))
}

/// Reads the configurations of all linters of the project.
pub fn read(sources: &Sources) -> Vec<Linter> {
    let mut linters = Vec::new();
    for file in sources.ids() {
        let (root, name) = split(sources.path(file));
        match name {
            "pyproject.toml" => {
                let text = &*sources.glance(file);
                if text.contains("[tool.ruff") || text.contains("[tool.autoflake") {
                    let (document, _) = toml::read(file, text);
                    if let Some(ruff) = document.at(&["tool", "ruff"]) {
                        linters.extend(ruff_of(ruff, root, header(file, text, "[tool.ruff")));
                    }
                    if let Some(autoflake) = document.at(&["tool", "autoflake"]) {
                        linters.extend(autoflake_of(autoflake, root, header(file, text, "[tool.autoflake")));
                    }
                }
            }
            "ruff.toml" | ".ruff.toml" => {
                let (document, _) = toml::read(file, &sources.glance(file));
                linters.extend(ruff_of(&document, root, Span::start_of(file)));
            }
            ".flake8" | "setup.cfg" | "tox.ini" => {
                let text = &*sources.glance(file);
                if text.contains("[flake8]") {
                    linters.extend(flake8_of(file, text, root));
                }
            }
            _ => {}
        }
    }
    linters
}

fn header(file: FileId, text: &str, header: &str) -> Span {
    let at = text.find(header).unwrap_or(0);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    Span::new(file, at..end)
}

fn strings(table: &Toml, keys: &[&str]) -> Option<Vec<String>> {
    let items: Vec<&Toml> = keys.iter().filter_map(|key| table.get(key)).collect();
    if items.is_empty() {
        return None;
    }
    Some(items.iter().flat_map(|list| list.items()).filter_map(Toml::as_str).map(str::to_owned).collect())
}

fn covers_unused_imports(code: &str) -> bool {
    matches!(code, "F" | "F4" | "F40" | "F401" | "ALL")
}

fn ruff_of(ruff: &Toml, root: &str, span: Span) -> Option<Linter> {
    let lint = ruff.get("lint");
    let both = |keys: &[&str]| {
        let old = strings(ruff, keys);
        let new = lint.and_then(|lint| strings(lint, keys));
        match (old, new) {
            (None, None) => None,
            (old, new) => Some(old.into_iter().flatten().chain(new.into_iter().flatten()).collect::<Vec<String>>()),
        }
    };
    let any = |list: Option<Vec<String>>| list.is_some_and(|list| list.iter().any(|code| covers_unused_imports(code)));
    let selected = match both(&["select"]) {
        None => true,
        Some(codes) => codes.iter().any(|code| covers_unused_imports(code)),
    };
    let on = selected || any(both(&["extend-select"]));
    if !on || any(both(&["ignore", "extend-ignore"])) || any(both(&["unfixable"])) || ruff.get("extend").is_some() {
        return None;
    }
    let mut quiet_on = both(&["exclude", "extend-exclude"]).unwrap_or_default();
    for table in [Some(ruff), lint].into_iter().flatten() {
        for key in ["per-file-ignores", "extend-per-file-ignores"] {
            let Some(ignores) = table.get(key) else { continue };
            for (pattern, _, codes) in ignores.members() {
                if codes.items().iter().filter_map(Toml::as_str).any(covers_unused_imports) {
                    quiet_on.push(pattern.clone());
                }
            }
        }
    }
    Some(Linter { name: "ruff", span, root: root.to_owned(), quiet_on })
}

fn autoflake_of(autoflake: &Toml, root: &str, span: Span) -> Option<Linter> {
    let removes = ["remove-all-unused-imports", "remove_all_unused_imports"]
        .iter()
        .any(|key| autoflake.get(key).and_then(Toml::as_bool) == Some(true));
    removes.then(|| Linter {
        name: "autoflake",
        span,
        root: root.to_owned(),
        quiet_on: strings(autoflake, &["exclude"]).unwrap_or_default(),
    })
}

fn flake8_of(file: FileId, text: &str, root: &str) -> Option<Linter> {
    let (ini, _) = crate::syntax::ini::read(file, text);
    let section = ini.section("flake8")?;
    let words = |key: &str| {
        let option = ini.option("flake8", key);
        let raw = option.map_or("", |option| option.raw.as_str());
        raw.split([',', ' ', '\n'])
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let off = |key: &str| words(key).iter().any(|code| covers_unused_imports(code));
    let selected = words("select");
    if off("ignore")
        || off("extend-ignore")
        || (!selected.is_empty() && !selected.iter().any(|code| covers_unused_imports(code)))
    {
        return None;
    }
    let mut quiet_on = words("exclude");
    quiet_on.extend(words("extend-exclude"));
    if let Some(ignores) = ini.option("flake8", "per-file-ignores") {
        let mut pattern: Vec<String> = Vec::new();
        for word in ignores.raw.split([',', ' ', '\n']).map(str::trim).filter(|word| !word.is_empty()) {
            match word.split_once(':') {
                Some((name, codes)) => {
                    pattern = vec![name.to_owned()];
                    if codes.split(',').any(covers_unused_imports) {
                        quiet_on.append(&mut pattern);
                    }
                }
                None if covers_unused_imports(word) => quiet_on.append(&mut pattern),
                None => {}
            }
        }
    }
    Some(Linter { name: "flake8", span: section.header, root: root.to_owned(), quiet_on })
}

/// Does a pattern match a path: the whole of it, its name, or a directory on the way?
fn matches(pattern: &str, path: &str) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    let glob = if pattern.contains(['*', '?', '[', '{', '\\']) {
        match GlobBuilder::new(pattern).literal_separator(false).build() {
            Ok(glob) => Some(glob.compile_matcher()),
            Err(_) => return true,
        }
    } else {
        None
    };
    let is_match = |path: &str| glob.as_ref().map_or(path == pattern, |glob| glob.is_match(path));
    let mut from = path;
    loop {
        if is_match(from) {
            return true;
        }
        // Directories on the way: `migrations` covers `app/migrations/env.py`.
        if from.match_indices('/').any(|(at, _)| is_match(&from[..at])) {
            return true;
        }
        match from.split_once('/') {
            Some((_, rest)) => from = rest,
            None => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(name: &str, text: &str, path: &str) -> bool {
        let sources = Sources::in_memory([(name, text), (path, "")]);
        covering(&read(&sources), path).is_some()
    }

    #[test]
    fn ruff_looks_for_unused_imports_unless_told_otherwise() {
        assert!(covers("pyproject.toml", "[tool.ruff]\nline-length = 100\n", "migrations/env.py"));
        assert!(covers("ruff.toml", "[lint]\nselect = [\"E\", \"F\"]\n", "migrations/env.py"));
        assert!(!covers("ruff.toml", "[lint]\nselect = [\"E\", \"I\"]\n", "migrations/env.py"));
        assert!(!covers("ruff.toml", "exclude = [\"migrations\"]\n", "app/migrations/env.py"));
        assert!(!covers("ruff.toml", "[lint.per-file-ignores]\n\"**/env.py\" = [\"F401\"]\n", "migrations/env.py"));
        assert!(!covers("pyproject.toml", "[project]\nname = \"x\"\n", "migrations/env.py"));
    }

    #[test]
    fn flake8_reads_its_ini() {
        assert!(covers("setup.cfg", "[flake8]\nmax-line-length = 100\n", "alembic/env.py"));
        assert!(!covers(".flake8", "[flake8]\nper-file-ignores =\n    alembic/env.py:F401,E402\n", "alembic/env.py"));
        assert!(!covers("tox.ini", "[flake8]\nexclude = .git,alembic\n", "alembic/env.py"));
    }
}
