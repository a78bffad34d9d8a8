//! Odd input: whatever the files hold, limbeck neither panics nor hangs, names places that exist, and says the same
//! thing each time.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use limbeck::catalog::replay::Replay;
use limbeck::catalog::{Dialect, Target};
use limbeck::check::options::Options;
use limbeck::check::{Outcome, check};
use limbeck::fix::{Which, to_fixed_point};
use limbeck::project::read;
use limbeck::project::settings::Settings;
use limbeck::report::{FORMATS, Style, render};
use limbeck::source::Sources;
use limbeck::syntax::python::Trees;
use proptest::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::examples::{self, Files};
use crate::page::Page;
use crate::pages::sane;

/// No project of these sizes may take longer. Tests are built without optimisation, on machines that do other work.
const PATIENCE: Duration = Duration::from_secs(20);

/// All that limbeck does, on a stack like the command's; what is wrong.
fn survives(files: Files) -> Result<Outcome, String> {
    let names: Vec<String> = files.keys().cloned().collect();
    let started = Instant::now();
    let run = || {
        let sources = Sources::in_memory(files.clone());
        let outcome = check(&sources, &Options::default());
        let mut problems = Vec::new();
        sane(&outcome, &sources, &mut problems);
        replays(&sources, &mut problems);
        for format in FORMATS {
            for unicode in [false, true] {
                render(*format, &outcome, &sources, &Style { unicode, width: 61, ..Style::default() });
            }
        }
        if outcome.diagnostics.iter().any(|found| found.fix.is_some()) {
            let fixed = to_fixed_point(sources, &Options::default(), Which::AlsoUnsafe);
            sane(&fixed.outcome, &fixed.sources, &mut problems);
        }
        (outcome, problems)
    };
    let (outcome, problems) = match catch_unwind(AssertUnwindSafe(|| threads().install(run))) {
        Ok(done) => done,
        Err(_) => return Err(format!("panicked on {names:?}")),
    };
    if !problems.is_empty() {
        return Err(format!("{}\nin {names:?}", problems.join("\n")));
    }
    let taken = started.elapsed();
    if taken > PATIENCE {
        return Err(format!("took {taken:?} on {names:?}"));
    }
    Ok(outcome)
}

/// Threads as the command has them: deep trees need deep stacks, whichever thread takes them.
fn threads() -> &'static ThreadPool {
    static THREADS: OnceLock<ThreadPool> = OnceLock::new();
    THREADS.get_or_init(|| ThreadPoolBuilder::new().stack_size(limbeck::load::STACK).build().expect("threads"))
}

/// The migrations are replayed, forth and back; what is said of them has its place in a file.
fn replays(sources: &Sources, problems: &mut Vec<String>) {
    let trees = Trees::of(sources);
    let project = read::read(sources, &trees, &Settings { fresh_machine: true, ..Settings::default() });
    problems.extend(project.broken.iter().cloned());
    for (number, environment) in project.environments.iter().enumerate() {
        let target = Target::of(Dialect::Postgresql, &environment.versions);
        let mut replay = Replay::of(&project, number, &target);
        let order = environment.revisions.upgrade_order();
        order.iter().for_each(|script| drop(replay.upgrade(script)));
        order.iter().rev().for_each(|script| drop(replay.downgrade(script)));
        let catalog = replay.into_catalog();
        let places = catalog.unresolved.iter().map(|found| found.span);
        for span in places.chain(catalog.open.iter().map(|(span, _)| *span)) {
            if sources.text(span.file).get(span.range()).is_none() {
                problems.push(format!("a place outside of {}", sources.path(span.file)));
            }
        }
    }
}

fn assert_survives(files: Files) -> Outcome {
    match survives(files) {
        Ok(outcome) => outcome,
        Err(problem) => panic!("{problem}"),
    }
}

/// Every project of the pages and of `examples/`.
fn corpus() -> &'static [Files] {
    static CORPUS: OnceLock<Vec<Files>> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let mut all: Vec<Files> = examples::names().iter().map(|name| examples::files(name)).collect();
        for (_, rule) in limbeck::rules::all() {
            for project in Page::parse(rule.page).projects {
                all.push(project.files.into_iter().map(|(path, file)| (path.to_owned(), file.bytes)).collect());
            }
        }
        all
    })
}

/// What befalls a file.
#[derive(Clone, Debug)]
enum Accident {
    Cut(f64),
    Insert(f64, Vec<u8>),
    Remove(f64, usize),
    Repeat(f64, usize),
    LineEnds,
    ByteOrderMark,
    Replace(Vec<u8>),
}

fn accident() -> impl Strategy<Value = Accident> {
    let at = 0.0..1.0_f64;
    let odd = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..12),
        proptest::sample::select(vec![
            "\0",
            "\u{feff}",
            "(",
            ")",
            "[",
            "{",
            "\"\"\"",
            "'",
            "\\",
            "\n",
            "\r",
            "\t",
            "%",
            "%(",
            "${",
            "lambda: ",
            "*",
            "@",
            "if x:\n",
            "class A(A):\n    ",
            "import ",
            "from . import *\n",
            "from .. import x\n",
            "def f(): return f()\n",
            "漢字",
            "\u{202e}",
            "e\u{301}",
            "async ",
            "await ",
            "yield ",
            "x = x\n",
            "while True: pass\n",
            "# limbeck: ignore[",
            "[alembic]\n",
            "script_location = \n",
            "= ",
            ": ",
            ",",
            "http://a:b@c/",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop_oneof![
        at.clone().prop_map(Accident::Cut),
        (at.clone(), odd).prop_map(|(at, bytes)| Accident::Insert(at, bytes)),
        (at.clone(), 1..40_usize).prop_map(|(at, length)| Accident::Remove(at, length)),
        (at, 1..200_usize).prop_map(|(at, length)| Accident::Repeat(at, length)),
        Just(Accident::LineEnds),
        Just(Accident::ByteOrderMark),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(Accident::Replace),
    ]
}

fn befall(bytes: &mut Vec<u8>, accident: &Accident) {
    let place = |at: f64| ((bytes.len() as f64) * at) as usize;
    match accident {
        Accident::Cut(at) => bytes.truncate(place(*at)),
        Accident::Insert(at, what) => {
            let at = place(*at);
            bytes.splice(at..at, what.iter().copied());
        }
        Accident::Remove(at, length) => {
            let at = place(*at);
            let end = (at + length).min(bytes.len());
            bytes.drain(at..end);
        }
        Accident::Repeat(at, length) => {
            let at = place(*at);
            let end = (at + length).min(bytes.len());
            let what = bytes[at..end].to_vec();
            bytes.splice(at..at, what);
        }
        Accident::LineEnds => {
            *bytes = bytes.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
        }
        Accident::ByteOrderMark => {
            bytes.splice(0..0, "\u{feff}".bytes());
        }
        Accident::Replace(what) => bytes.clone_from(what),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_projects_are_survived(
        project in 0..1_000_usize,
        accidents in proptest::collection::vec((0..1_000_usize, accident()), 1..5),
    ) {
        let all = corpus();
        let mut files = all[project % all.len()].clone();
        let names: Vec<String> = files.keys().cloned().collect();
        for (file, accident) in &accidents {
            let name = &names[file % names.len()];
            if let Some(bytes) = files.get_mut(name) {
                befall(bytes, accident);
            }
        }
        if let Err(problem) = survives(files) {
            return Err(TestCaseError::fail(problem));
        }
    }

    #[test]
    fn any_bytes_are_survived(
        env in proptest::collection::vec(any::<u8>(), 0..400),
        ini in "\\PC*",
        python in "[ -~\n]{0,300}",
    ) {
        let files: Files = BTreeMap::from([
            ("alembic.ini".to_owned(), format!("[alembic]\nscript_location = m\n{ini}").into_bytes()),
            ("m/env.py".to_owned(), [b"from alembic import context\nimport models\n".as_slice(), &env].concat()),
            ("m/versions/a.py".to_owned(), format!("revision = 'a'\n{python}").into_bytes()),
            ("models.py".to_owned(), python.into_bytes()),
        ]);
        if let Err(problem) = survives(files) {
            return Err(TestCaseError::fail(problem));
        }
    }
}

/// `PROPTEST_CASES` for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(96)
}

/// A small project whose models are `text`.
fn with_models(text: impl Into<Vec<u8>>) -> Files {
    let mut files = examples::files("healthy-sync");
    files.insert("shop/models/customer.py".to_owned(), text.into());
    files
}

#[test]
fn deep_nesting_is_survived() {
    for deep in [
        format!("x = {}1{}\n", "(".repeat(20_000), ")".repeat(20_000)),
        format!("x = {}1{}\n", "[".repeat(20_000), "]".repeat(20_000)),
        format!("x = {}1\n", "-".repeat(50_000)),
        format!("x = {}1\n", "not ".repeat(50_000)),
        format!("x = 1{}\n", " + 1".repeat(50_000)),
        format!("x = a{}\n", ".b".repeat(50_000)),
        format!("x = a{}\n", "()".repeat(50_000)),
        format!("x = f'{}'\n", "{f\"{1}\"}".repeat(2_000)),
        (0..400).fold(String::new(), |all, depth| format!("{all}{}if x:\n", " ".repeat(depth)))
            + &" ".repeat(401)
            + "y = 1\n",
        (0..300).fold(String::new(), |all, depth| format!("{all}{}def f():\n", " ".repeat(depth)))
            + &" ".repeat(301)
            + "return 1\n",
        format!("x = {}\n", "lambda: ".repeat(20_000) + "1"),
        format!("x = {{{}}}\n", "'a': {".repeat(5_000) + &"}".repeat(5_000)),
    ] {
        assert_survives(with_models(deep));
    }
}

#[test]
fn endless_programs_end() {
    for text in [
        "while True:\n    pass\n",
        "def f():\n    return f()\n\nf()\n",
        "def f(n):\n    return g(n)\n\ndef g(n):\n    return f(n) + f(n)\n\nx = f(1)\n",
        "x = [1]\nfor i in x:\n    x.append(i)\n",
        "x = 'a'\nfor i in range(10 ** 9):\n    x = x + x\n",
        "x = 'a' * 10 ** 9\ny = [0] * 10 ** 9\n",
        "x = 9 ** 9 ** 9\n",
        "x = [[a for a in range(10 ** 6)] for b in range(10 ** 6)]\n",
        "import itertools\nfor i in itertools.count():\n    pass\n",
        "class A:\n    @property\n    def a(self):\n        return self.a\n\nA().a\n",
        "def f(*args):\n    return f(*args, *args)\n\nf(1, 2)\n",
        "x = {}\nx['x'] = x\nprint(x)\nstr(x)\n",
        "x = []\nx.append(x)\ny = x == x\nz = sorted(x)\nu = []\nu.append(u)\nv = u == x\nw = f'{u}'\n",
        "x = []\nfor i in range(1000000):\n    x = [x]\n",
        "x = 'a'\nfor i in range(100):\n    x = [x, x]\nstr(x)\ny = x == [x, x]\n",
        "def f():\n    global f\n    g = f\n    def f():\n        return g()\n    return f\nwhile f:\n    f = f()\n",
        "class A:\n    pass\nfor i in range(100000):\n    class A(A):\n        pass\n",
        "x = lambda: 0\nfor i in range(100000):\n    x = (lambda y: lambda: y)(x)\n",
        "import os\nx = os\nfor i in range(100000):\n    x = x.path\n",
        "x = unknown\nfor i in range(100000):\n    x = x(x)\n",
        "from sqlalchemy import Column\nx = Column()\nfor i in range(100000):\n    x = Column(x, x)\n",
        "from shop.models import customer\nfrom shop.models.customer import *\nimport shop.models.order\n",
        "class A(A):\n    pass\n\nclass B(B, metaclass=B):\n    pass\n",
        "import sys\nsys.setrecursionlimit(10 ** 9)\nexec('x = 1')\neval('x')\n__import__('shop')\n",
    ] {
        assert_survives(with_models(format!("{text}\nfrom shop.base import Base\n")));
    }
}

#[test]
fn cyclic_imports_configurations_and_revisions_end() {
    let mut files = examples::files("healthy-sync");
    for number in 0..60 {
        let next = (number + 1) % 60;
        files.insert(
            format!("shop/m{number}.py"),
            format!("from shop.m{next} import *\nimport shop.m{number}\n").into_bytes(),
        );
    }
    files.insert("shop/models/customer.py".to_owned(), b"from shop.m0 import *\n".to_vec());
    assert_survives(files);

    let mut files = examples::files("healthy-sync");
    files.insert("alembic.ini".to_owned(), b"[alembic]\nscript_location = %(a)s\na = %(b)s\nb = %(a)s\n".to_vec());
    assert_survives(files);

    let mut files = examples::files("healthy-sync");
    for number in 0..300 {
        let text = format!(
            "revision = 'r{number}'\ndown_revision = ('r{}', 'r{}')\n",
            (number + 1) % 300,
            (number * 7 + 3) % 300
        );
        files.insert(format!("migrations/versions/r{number}.py"), text.into_bytes());
    }
    assert_survives(files);
    let mut files = examples::files("healthy-sync");
    files.insert("requirements.txt".to_owned(), b"-r requirements.txt\n-r a.txt\n".to_vec());
    files.insert("a.txt".to_owned(), b"-r requirements.txt\n-r ../../../etc/passwd\n".to_vec());
    files.insert("limbeck.toml".to_owned(), b"extend = \"limbeck.toml\"\n".to_vec());
    assert_survives(files);
}

#[test]
fn a_long_chain_of_revisions_is_quick() {
    let mut files = examples::files("healthy-sync");
    files.retain(|path, _| !path.starts_with("migrations/versions/"));
    for number in 0..3_000 {
        let down = if number == 0 { "None".to_owned() } else { format!("'r{:05}'", number - 1) };
        let text = format!(
            "revision = 'r{number:05}'\ndown_revision = {down}\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"
        );
        files.insert(format!("migrations/versions/r{number:05}.py"), text.into_bytes());
    }
    let outcome = assert_survives(files);
    assert_eq!(outcome.revisions, 3_000);
    assert!(!outcome.diagnostics.iter().any(|found| found.rule == "multiple-heads"));
}

#[test]
fn odd_encodings_change_nothing_about_what_is_found() {
    let found = |files: Files| {
        let outcome = assert_survives(files);
        let mut found: Vec<(&str, String)> =
            outcome.diagnostics.iter().map(|one| (one.rule, one.message.clone())).collect();
        found.sort();
        found
    };
    for name in examples::names() {
        let plain = examples::files(&name);
        let expected = found(plain.clone());
        let changed = |change: &dyn Fn(&str, &[u8]) -> Vec<u8>| -> Files {
            plain.iter().map(|(path, bytes)| (path.clone(), change(path, bytes))).collect()
        };
        let crlf = changed(&|_, bytes| bytes.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]));
        assert_eq!(found(crlf), expected, "{name} with CRLF");
        let marked = changed(&|path, bytes| {
            if path.ends_with(".py") { ["\u{feff}".as_bytes(), bytes].concat() } else { bytes.to_vec() }
        });
        assert_eq!(found(marked), expected, "{name} with a byte order mark in Python files");
        let wide = changed(&|path, bytes| {
            if path.ends_with(".py") { ["# 漢字 é 🦀\n".as_bytes(), bytes].concat() } else { bytes.to_vec() }
        });
        assert_eq!(found(wide), expected, "{name} with wide characters");
    }
}

#[test]
fn two_runs_say_the_same() {
    for name in examples::names() {
        let report = |_| {
            let sources = examples::loaded(&name);
            let outcome = check(&sources, &Options::default());
            FORMATS.iter().map(|format| render(*format, &outcome, &sources, &Style::default())).collect::<Vec<_>>()
        };
        let all: Vec<_> = (0..3).map(report).collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{name}");
    }
}
