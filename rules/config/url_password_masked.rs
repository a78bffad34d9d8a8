//! `str(url)`, which hides the password, handed on as a URL.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::rules::config::shared::used;
use crate::rules::{Check, Rule};
use crate::source::Span;

/// The rule.
pub const RULE: Rule = Rule {
    name: "url-password-masked",
    page: include_str!("url_password_masked.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    // SQLAlchemy 1.4 masks only `repr(url)`.
    if !environment.versions.sqlalchemy().version.is_at_least(&[2]) {
        return;
    }
    for used in used::urls(environment).into_iter().filter(|used| used.connects) {
        // Who put the password in again has no `***`.
        let Some(place) = used.url.provenance.masked_at.filter(|_| used.url.password.as_deref() == Some("***")) else {
            continue;
        };
        findings
            .report(place, "the password of this URL is `***`: it was masked on the way")
            .key(used::key(project, used.url))
            .label(used.call, "the URL is used here")
            .why("`str(url)` hides the password since SQLAlchemy 2.0, so the server answers `password authentication failed`")
            .help("use `url.render_as_string(hide_password=False)`, or hand on the URL object itself")
            .maybe_fix(unmasked(project, place));
    }
}

/// `str(url)` as the call that keeps the password.
fn unmasked(project: &Project<'_>, place: Span) -> Option<Fix> {
    let call = project.code.call_at(place).filter(|call| call.name == "str" && !call.further)?;
    let [url] = call.arguments.as_slice() else { return None };
    let url = project.sources.slice(url.span);
    let is_plain = url.chars().all(|letter| letter.is_alphanumeric() || "_.()[]\"'".contains(letter));
    let url = if is_plain { url.to_owned() } else { format!("({url})") };
    let text = format!("{url}.render_as_string(hide_password=False)");
    Some(Fix::safe("keep the password in the text", vec![Edit::Replace { span: place, text }]))
}
