//! `limbeck explain` and `limbeck rules`: the rules' pages, for people.

use serde_json::json;

use crate::check::suppression::nearest;
use crate::cli::arguments::ListFormat;
use crate::cli::{Exit, Failure, Out};
use crate::diagnostic::Level;
use crate::rules;

/// Prints a rule's page.
///
/// # Errors
/// There is no such rule.
pub fn explain(name: &str, out: Out<'_>) -> Result<Exit, Failure> {
    let Some(rule) = rules::named(name) else {
        let near = nearest(name, rules::all().map(|(_, rule)| rule.name));
        let help = near
            .map_or_else(|| "`limbeck rules` lists all of them".to_owned(), |near| format!("did you mean `{near}`?"));
        return Err(Failure(format!("there is no rule `{name}`: {help}")));
    };
    let front = rule.front();
    let family = rules::all().find(|(_, its)| its.name == rule.name).map_or("", |(family, _)| family);
    let body = rule.page.strip_prefix("---\n").and_then(|page| page.split_once("\n---\n")).map_or(rule.page, |it| it.1);
    let mut facts = format!("{} · {family} · since {}", front.level.word(), front.since);
    match front.fix {
        "none" => {}
        fix => facts.push_str(&format!(" · {fix} fix")),
    }
    if front.opt_in {
        facts.push_str(" · only when selected");
    }
    if !front.aliases.is_empty() {
        facts.push_str(&format!(" · formerly {}", front.aliases.join(", ")));
    }
    writeln!(out, "{}\n{facts}\n\n{}", rule.name, body.trim())?;
    Ok(Exit::Clean)
}

/// Lists the rules.
///
/// # Errors
/// Standard output can't be written.
pub fn list(format: ListFormat, out: Out<'_>) -> Result<Exit, Failure> {
    if format == ListFormat::Json {
        let all: Vec<serde_json::Value> = rules::all()
            .map(|(family, rule)| {
                let front = rule.front();
                json!({
                    "name": rule.name, "family": family, "level": front.level.word(), "opt_in": front.opt_in,
                    "since": front.since, "fix": front.fix, "aliases": front.aliases, "title": front.title,
                })
            })
            .collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&all).unwrap_or_default())?;
        return Ok(Exit::Clean);
    }
    let width = rules::all().map(|(_, rule)| rule.name.len()).max().unwrap_or(0);
    for (family, rules) in rules::FAMILIES {
        if rules.is_empty() {
            continue;
        }
        writeln!(out, "{family}")?;
        for rule in *rules {
            let front = rule.front();
            let level = match front.level {
                Level::Error => "error  ",
                Level::Warning => "warning",
                _ => "note   ",
            };
            let fix = match front.fix {
                "safe" => "fix",
                "unsafe" => "(fix)",
                _ => "",
            };
            let line = format!(
                "  {:width$}  {level}  {fix:5}  {}{}",
                rule.name,
                front.title,
                if front.opt_in { " [only when selected]" } else { "" }
            );
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(Exit::Clean)
}
