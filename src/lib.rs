//! limbeck: pre-flight diagnostics for SQLAlchemy and Alembic.
//!
//! One pipeline, one direction. Files on disk become [`source::Sources`]; their texts become trees that never fail to
//! parse ([`syntax`]); env.py and what it imports is run on paper ([`python`]); what that run shows becomes facts with
//! places ([`project`]); rules look at facts ([`rules`]) and report diagnostics ([`diagnostic`]), which are printed
//! ([`report`]) or applied ([`fix`]). Only `load`, `config` and `cli` meet the outside world; the middle can't fail.
//!
//! What each module turns into what, and what it may use. `tests/it/architecture.rs` reads this table and fails when a
//! `crate::…` path breaks it.
//!
//! | module | turns … into … | may use | must not know |
//! |---|---|---|---|
//! | [`source`] | paths and texts → files, places | std | anything else |
//! | [`scratch`] | – | std | anything else |
//! | [`secrets`] | text → text without passwords | std | anything else |
//! | [`diagnostic`] | – | [`source`] | rules, reports |
//! | [`syntax`] | text → tree and problems | [`source`] | SQLAlchemy, Alembic |
//! | [`python`] | Python trees → modules, values | [`syntax`], [`source`] | Alembic, rules |
//! | [`project`] | trees and values → facts | [`python`], [`syntax`], [`source`], [`secrets`] | rules, reports |
//! | [`catalog`] | facts → tables; two catalogues → operations | [`project`], [`syntax`], [`source`] | rules, reports |
//! | [`database`] | a URL → is it there, is it ready? which tables has it? | [`catalog`], [`project`], [`scratch`], [`source`] | rules, reports |
//! | [`rehearse`] | a project → what its own Alembic does with a copy | [`database`], [`catalog`], [`project`], [`source`] | rules, reports |
//! | [`listing`] | a catalogue → JSON and other listings | [`catalog`], [`source`] | facts, rules, reports |
//! | [`draft`] | operations → a revision file | [`catalog`], [`project`], [`source`] | parsers, rules, reports |
//! | [`rules`] | facts and catalogues → diagnostics | [`project`], [`catalog`], [`database`], [`diagnostic`], [`source`], [`secrets`] | the disk, parsers, reports |
//! | [`check`] | runs the rules; suppressions, levels, order | [`rules`], [`catalog`], [`project`], [`database`], [`diagnostic`], [`syntax`], [`source`] | reports |
//! | [`preflight`] | an environment and its database → a checklist | [`check`], [`rules`], [`database`], [`catalog`], [`project`], [`diagnostic`], [`source`], [`secrets`] | reports |
//! | [`fix`] | diagnostics → new texts | [`check`], [`diagnostic`], [`syntax`], [`source`] | reports |
//! | [`diagnose`] | a failed run's text → diagnostics | [`check`], [`rules`], [`project`], [`diagnostic`], [`syntax`], [`source`], [`secrets`] | reports, the disk |
//! | [`report`] | diagnostics → bytes | [`check`], [`diagnose`], [`rules`], [`diagnostic`], [`source`], [`secrets`] | facts, trees, the disk |
//! | [`graph`] | revisions → a drawing | [`project`], [`source`] | rules, reports |
//! | [`load`], [`config`], `cli` | the outside world | all | – |

pub mod catalog;
pub mod check;
pub mod cli;
pub mod config;
pub mod database;
pub mod diagnose;
pub mod diagnostic;
pub mod draft;
pub mod fix;
pub mod graph;
pub mod listing;
pub mod load;
pub mod preflight;
pub mod project;
pub mod python;
pub mod rehearse;
pub mod report;
#[path = "../rules/mod.rs"]
pub mod rules;
pub mod scratch;
pub mod secrets;
pub mod source;
pub mod syntax;
