//! What a person would see, tested: the pages of the rules, the command, whole projects, and odd input.
#![expect(clippy::print_stderr, reason = "tests that were skipped say so")]

mod architecture;
mod cli;
mod cluster;
mod column_types;
mod diagnose;
mod draft;
mod drift;
mod examples;
mod oracle;
mod outlines;
mod page;
mod pages;
mod parity;
mod preflight;
mod projects;
mod properties;
mod rehearse;
mod replay;
mod seeded;
mod venvs;
mod world;
