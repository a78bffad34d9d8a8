use super::*;
use crate::diagnose::lines::lines;

fn read_text(text: &str) -> Log {
    read(&lines(text))
}

fn only(text: &str) -> Event {
    let log = read_text(text);
    assert_eq!(log.events.len(), 1, "{text}\n{:#?}", log.events);
    log.events.into_iter().next().expect("there is one")
}

const CHAIN: &str = "\
Traceback (most recent call last):
  File \"/srv/app/.venv/lib/python3.11/site-packages/sqlalchemy/engine/base.py\", line 1, in f
    self.do(
    ~~~~~~~^
        cursor, statement
        ^^^^^^^^^^^^^^^^^
    )
    ^
psycopg2.errors.DuplicateTable: relation \"coupons\" already exists


The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File \"/srv/app/migrations/env.py\", line 52, in <module>
    run_migrations_online()
  File \"<string>\", line 8, in run_migrations
  File \"/srv/app/migrations/versions/a_b.py\", line 17, in upgrade
    op.create_table(\"coupons\")
    ~~~~~~~~~~~~~~~^^^^^^^^^^^
sqlalchemy.exc.ProgrammingError: (psycopg2.errors.DuplicateTable) relation \"coupons\" already exists

[SQL: CREATE TABLE coupons (
\tid SERIAL
)]
(Background on this error at: https://sqlalche.me/e/20/f405)
make: *** [migrate] Error 1
";

fn is_the_chain(event: &Event, what: &str) {
    assert_eq!(event.chain.len(), 2, "{what}\n{event:#?}");
    let [root, last] = &event.chain[..] else { return };
    assert_eq!(root.class, "psycopg2.errors.DuplicateTable", "{what}");
    assert_eq!(last.bare_class(), "ProgrammingError", "{what}");
    let places: Vec<(&str, usize)> = last.frames.iter().map(|frame| (frame.path.as_str(), frame.line)).collect();
    assert_eq!(places[0].1, 52, "{what}");
    assert_eq!(places[2], ("/srv/app/migrations/versions/a_b.py", 17), "{what}");
    assert_eq!(last.frames[2].code.as_deref(), Some("op.create_table(\"coupons\")"), "{what}");
    assert!(last.message.contains("[SQL: CREATE TABLE coupons"), "{what}: {}", last.message);
    assert!(!last.message.contains("make:"), "{what}: {}", last.message);
}

#[test]
fn chains_are_read_from_their_root() {
    is_the_chain(&only(CHAIN), "as it is");
}

#[test]
fn noise_changes_nothing() {
    let each = |change: &dyn Fn(&str) -> String| CHAIN.lines().map(change).collect::<Vec<_>>().join("\n");
    for (what, text) in [
        ("indented", each(&|line| format!("      {line}"))),
        ("quoted", each(&|line| format!("> {line}"))),
        ("tagged", each(&|line| format!("[api] {line}"))),
        ("carriage returns", each(&|line| format!("{line}\r"))),
        ("compose", each(&|line| format!("api-1  | {line}"))),
        ("colour", each(&|line| format!("\u{1b}[31m{line}\u{1b}[0m"))),
        ("flat", each(&|line| line.trim().to_owned())),
    ] {
        is_the_chain(&only(&text), what);
    }
    let interleaved = each(&|line| format!("api-1  | {line}\ndb-1   | LOG:  checkpoint complete"));
    is_the_chain(&only(&interleaved), "interleaved");
}

#[test]
fn a_log_may_begin_and_end_in_the_middle() {
    let from = CHAIN.find("  File \"<string>\"").expect("is there");
    let event = only(&CHAIN[from..]);
    assert!(event.headless);
    assert_eq!(event.chain[0].bare_class(), "ProgrammingError");
    assert_eq!(event.chain[0].frames.len(), 2);
    let to = CHAIN.find("    ~~~~~~~~~~~~~~~^").expect("is there");
    let event = only(&CHAIN[..to]);
    assert_eq!(event.chain[1].class, "");
    assert_eq!(event.chain[1].frames.len(), 3);
}

#[test]
fn wrapped_frames_are_joined() {
    let text = "Traceback (most recent call last):\n  File \"/srv/app/.venv/lib/python3.11/site-packages/sqlal\nchemy/engine/base.py\", line 12, in f\n    x()\nKeyError: 'url'\n";
    let event = only(text);
    assert_eq!(event.chain[0].frames[0].path, "/srv/app/.venv/lib/python3.11/site-packages/sqlalchemy/engine/base.py");
    assert_eq!(event.chain[0].headline(), "KeyError: 'url'");
}

#[test]
fn failed_and_its_log_line_are_one_event() {
    let text = "FAILED: Can't locate revision identified by 'ab'\nINFO  [alembic.runtime.migration] Context impl SQLiteImpl.\nERROR [alembic.util.messaging] Can't locate revision identified by 'ab'\n";
    let event = only(text);
    assert_eq!(event.chain[0].class, COMMAND_ERROR);
    assert_eq!(event.chain[0].message, "Can't locate revision identified by 'ab'");
    let usage = only("usage: alembic [-h]\nalembic: error: unrecognized arguments: change\n");
    assert_eq!(usage.chain[0].message, "unrecognized arguments: change");
}

#[test]
fn warnings_have_their_place() {
    let log = read_text(
        "/a/alembic/script/revision.py:236: UserWarning: Revision ab referenced from ab -> cd (head), x is not present\n  util.warn(\n",
    );
    assert_eq!(log.warnings[0].category, "UserWarning");
    assert_eq!(log.warnings[0].frame.line, 236);
    assert!(log.events.is_empty());
}

#[test]
fn pytest_prints_frames_after_the_code() {
    let text = "\
tests/test_migrations.py:9: in test_upgrade
    command.upgrade(config, \"head\")
.venv/lib/python3.11/site-packages/alembic/command.py:403: in upgrade
    script.run_env()
migrations/env.py:52: in <module>
    run_migrations_online()
E   sqlalchemy.exc.ProgrammingError: (psycopg2.errors.DuplicateTable) relation \"x\" already exists
E   
E   [SQL: CREATE TABLE x]
=========================== short test summary info ============================
FAILED tests/test_migrations.py::test_upgrade - sqlalchemy.exc.ProgrammingErr...
";
    let event = &read_text(text).events[0];
    assert_eq!(event.chain[0].bare_class(), "ProgrammingError");
    assert_eq!(event.chain[0].frames[2].path, "migrations/env.py");
    assert_eq!(event.chain[0].frames[2].code.as_deref(), Some("run_migrations_online()"));
    assert!(event.chain[0].message.contains("[SQL: CREATE TABLE x]"));
}

#[test]
fn rich_draws_a_box() {
    let text = "\
╭───────────────────── Traceback (most recent call last) ──────────────────────╮
│ /srv/app/migrations/env.py:52 in <module>                                    │
│                                                                              │
│   49 │   run_migrations_offline()                                            │
│ ❱ 52 │   run_migrations_online()                                             │
│                                                                              │
│ /srv/app/.venv/lib/python3.11/site-packages/sqlalchemy/engine/create.py:826  │
│ in engine_from_config                                                        │
╰──────────────────────────────────────────────────────────────────────────────╯
KeyError: 'url'
";
    let event = only(text);
    assert_eq!(event.chain[0].headline(), "KeyError: 'url'");
    assert_eq!(event.chain[0].frames.len(), 2);
    assert_eq!(event.chain[0].frames[0].code.as_deref(), Some("run_migrations_online()"));
}

#[test]
fn syntax_errors_show_the_line_itself() {
    let text = "Traceback (most recent call last):\n  File \"<frozen importlib._bootstrap>\", line 4, in f\n  File \"/srv/app/versions/a.py\", line 12\n    <<<<<<< HEAD\n    ^^\nSyntaxError: invalid syntax\n";
    let event = only(text);
    assert_eq!(event.chain[0].frames[1].line, 12);
    assert_eq!(event.chain[0].frames[1].code.as_deref(), Some("<<<<<<< HEAD"));
}

#[test]
fn rust_panics_have_a_place() {
    let event = only(
        "thread 'main' panicked at src/main.rs:10:5:\ncalled `Result::unwrap()` on an `Err` value: VersionMissing(3)\nnote: run with `RUST_BACKTRACE=1`\n",
    );
    assert_eq!((event.chain[0].frames[0].path.as_str(), event.chain[0].frames[0].line), ("src/main.rs", 10));
    assert!(event.chain[0].message.contains("VersionMissing"));
}
