//! What is said outside the files that limbeck evaluates: scripts, containers, the project's own Python. Only looked at
//! once a finding is about to be made, to keep it from being false.

use crate::project::Project;
use crate::source::{FileId, split};

/// Does a Python file of the project hold one of the words?
pub fn python_says(project: &Project<'_>, words: &[&str]) -> bool {
    says(project, words, |name| name.ends_with(".py"))
}

/// May a program of the project hand Alembic a URL of its own before env.py runs?
pub fn code_sets_url(project: &Project<'_>) -> bool {
    let sources = project.sources;
    let mut files = sources.ids().filter(|file| sources.path(*file).ends_with(".py"));
    files.any(|file| {
        let text = sources.text(file).as_bytes();
        let has = |word: &str| memchr::memmem::find(text, word.as_bytes()).is_some();
        has("sqlalchemy.url") && has("alembic") && !has("context.configure")
    })
}

/// Does a file that runs or deploys the project hold one of the words: Dockerfile, compose, Makefile, shell, CI, .env?
pub fn surroundings_say(project: &Project<'_>, words: &[&str]) -> bool {
    says(project, words, |name| {
        let lower = name.to_ascii_lowercase();
        let ends = [".sh", ".yml", ".yaml", ".toml", ".mk", ".cfg", ".ps1", ".bat", ".md", ".rst"];
        let starts = [
            "dockerfile",
            "containerfile",
            "makefile",
            "justfile",
            "procfile",
            ".env",
            "tox.ini",
            ".gitignore",
            ".dockerignore",
        ];
        ends.iter().any(|end| lower.ends_with(end)) || starts.iter().any(|start| lower.starts_with(start))
    })
}

fn says(project: &Project<'_>, words: &[&str], wanted: impl Fn(&str) -> bool) -> bool {
    let sources = project.sources;
    let mut files = sources.ids().filter(|file: &FileId| wanted(split(sources.path(*file)).1));
    files.any(|file| {
        let text = sources.text(file).as_bytes();
        words.iter().any(|word| memchr::memmem::find(text, word.as_bytes()).is_some())
    })
}
