//! A `%` in the ini file that ConfigParser takes for an interpolation.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::config::{ConfigOption, Shape, Uninterpolated};
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule =
    Rule { name: "percent-in-ini", page: include_str!("percent_in_ini.md"), check: Check::EachEnvironment(check) };

/// The options that every command of Alembic reads.
const ALWAYS: &[&str] = &[
    "script_location",
    "file_template",
    "truncate_slug_length",
    "prepend_sys_path",
    "version_locations",
    "timezone",
    "sourceless",
    "output_encoding",
    "recursive_version_locations",
    "path_separator",
    "version_path_separator",
    "revision_environment",
];

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    let config = &environment.config;
    if !matches!(config.shape, Shape::Ini | Shape::FlaskMigrate) {
        return;
    }
    for (section, options) in &config.sections {
        for (key, option) in options {
            let Some(error) = &option.error else { continue };
            let is_main = *section == config.section;
            let always = is_main && ALWAYS.contains(&key.as_str()) || section == "post_write_hooks";
            if !always && !is_read(environment, section, key) {
                continue;
            }
            report(environment, project, findings, section, key, option, error);
        }
    }
}

fn report(
    environment: &Environment,
    project: &Project<'_>,
    findings: &mut Findings,
    section: &str,
    key: &str,
    option: &ConfigOption,
    error: &Uninterpolated,
) {
    let why = crate::secrets::mask(&error.exception).into_owned();
    // The exception quotes what follows the `%`, which may be the rest of a password.
    let why = if key.contains("url") { why.split(": ").next().unwrap_or("").to_owned() } else { why };
    let why = format!("reading the option raises `{}`", shortened(&why));
    if error.is_stray {
        let text = doubled(project.sources.slice(option.span));
        let fix = Fix::safe("double the `%`", vec![Edit::Replace { span: option.span, text }]);
        findings
            .report(option.span, format!("a `%` of `{key}` is taken for an interpolation"))
            .key(format!("option:{section}.{key}"))
            .why(why)
            .help("write `%%` for a `%` in an ini file")
            .fix(fix);
    } else if let Some(name) = &error.missing {
        // env.py may set it first, or the program may give it to `Config`.
        let sets = environment.env_script.as_ref().is_some_and(|script| {
            let names = |word: &str| project.code.mentions_in(script.file, word);
            names(name) || names(&name.to_uppercase()) || script.runs().iter().any(|run| !run.set_options.is_empty())
        });
        if sets {
            return;
        }
        findings
            .report(option.span, format!("`%({name})s` in `{key}` names no option of this file"))
            .key(format!("option:{section}.{key}"))
            .why(why)
            .help(
                "an ini file does not see environment variables: read them in env.py and call `config.set_main_option`",
            );
    }
}

/// Does env.py read the option, or its whole section?
fn is_read(environment: &Environment, section: &str, key: &str) -> bool {
    let Some(script) = &environment.env_script else { return false };
    script.runs().iter().any(|run| {
        let set = run.set_options.iter().any(|set| set.section == section && set.key == key);
        !set && run.options_read.iter().any(|(of, name, _)| of == section && (name.is_empty() || name == key))
    })
}

fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let cut = line.char_indices().nth(160).map_or(line.len(), |(at, _)| at);
    line[..cut].to_owned()
}

/// Every `%` doubled that is neither doubled yet nor begins `%(here)s`.
fn doubled(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        result.push_str(&rest[..at]);
        rest = &rest[at..];
        let reference = rest
            .strip_prefix("%(")
            .and_then(|inside| inside.split_once(')'))
            .filter(|(_, behind)| behind.starts_with('s'));
        let whole = match reference {
            Some((name, _)) if name == "here" => name.len() + 4,
            _ if rest.starts_with("%%") => 2,
            _ => {
                result.push_str("%%");
                rest = &rest[1..];
                continue;
            }
        };
        result.push_str(&rest[..whole]);
        rest = &rest[whole..];
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::doubled;

    #[test]
    fn what_is_doubled() {
        assert_eq!(doubled("%(here)s/%(year)d%%_%(rev)s%"), "%(here)s/%%(year)d%%_%%(rev)s%%");
        assert_eq!(doubled("p%40ss"), "p%%40ss");
    }
}
