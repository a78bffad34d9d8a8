//! Each folder of `examples/` is a project that is healthy or broken in one documented way; `limbeck.txt` in it is what
//! limbeck prints there. `LIMBECK_BLESS=1` writes these files.

use std::fs;

use limbeck::check::check;
use limbeck::check::options::Options;
use limbeck::diagnostic::Level;
use limbeck::report::{Format, Style, render};

use crate::examples;
use crate::pages::{diff, line, sane};

#[test]
fn every_example_is_reported_as_its_file_says() {
    let bless = std::env::var("LIMBECK_BLESS").is_ok_and(|value| value == "1");
    let mut problems = Vec::new();
    for name in examples::names() {
        let sources = examples::loaded(&name);
        let outcome = check(&sources, &Options::default());
        let mut wrong = Vec::new();
        sane(&outcome, &sources, &mut wrong);
        let loud: Vec<_> = outcome.diagnostics.iter().filter(|found| found.level >= Level::Warning).collect();
        if name.starts_with("healthy-") {
            wrong.extend(outcome.diagnostics.iter().map(|found| format!("is healthy, but {}", line(found, &sources))));
        } else if name != "broken-shop" {
            wrong.extend(
                loud.iter().filter(|found| found.rule != name).map(|found| format!("also {}", line(found, &sources))),
            );
            if !loud.iter().any(|found| found.rule == name) {
                wrong.push(format!("`{name}` is not reported"));
            }
        }
        let shown = render(Format::Full, &outcome, &sources, &Style::default());
        let path = examples::folder().join(&name).join("limbeck.txt");
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if bless {
            fs::write(&path, &shown).expect("can be written");
        } else if expected != shown {
            wrong.push(format!("limbeck.txt differs (LIMBECK_BLESS=1 writes it):\n{}", diff(&expected, &shown)));
        }
        problems.extend(wrong.into_iter().map(|what| format!("examples/{name}: {what}")));
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}
