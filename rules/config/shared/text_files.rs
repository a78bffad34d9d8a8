//! What is said outside the files that limbeck evaluates: scripts, containers, programs that call Alembic. Only looked at
//! once a finding is about to be made, to keep it from being false.

use crate::project::Project;
use crate::source::split;

/// May a program of the project hand Alembic a URL of its own before env.py runs?
pub fn code_sets_url(project: &Project<'_>) -> bool {
    let code = &project.code;
    let names = |file, words: &[&str]| words.iter().any(|word| code.mentions_in(file, word));
    code.mentioning(&["sqlalchemy.url"]).into_iter().any(|file| {
        names(file, &["alembic", "set_main_option", "set_section_option"]) && !names(file, &["context.configure"])
    })
}

/// Does a file that runs or deploys the project hold one of the words: Dockerfile, compose, Makefile, shell, CI, .env?
pub fn surroundings_say(project: &Project<'_>, words: &[&str]) -> bool {
    let is_meant = |name: &str| {
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
    };
    let sources = project.sources;
    let mut files = sources.ids().filter(|file| is_meant(split(sources.path(*file)).1));
    files.any(|file| {
        let text = sources.text(file).as_bytes();
        words.iter().any(|word| memchr::memmem::find(text, word.as_bytes()).is_some())
    })
}
