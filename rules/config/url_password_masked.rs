//! `str(url)`, which hides the password, handed on as a URL.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::rules::config::used;
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
    let masked = |used: &used::Used<'_>| used.connects && used.url.password.as_deref() == Some("***");
    for used in used::urls(environment).into_iter().filter(masked) {
        let text = |span: Span| project.sources.slice(span);
        let places = used.url.provenance.chain.iter().copied();
        let masked_at = places.rev().find(|span| text(*span).starts_with("str("));
        let fix = masked_at.and_then(|span| {
            let inside = text(span).strip_prefix("str(")?.strip_suffix(')')?;
            let text = format!("{inside}.render_as_string(hide_password=False)");
            Some(Fix::safe("keep the password in the text", vec![Edit::Replace { span, text }]))
        });
        findings
            .report(masked_at.unwrap_or(used.url.span), "the password of this URL is `***`: it was masked on the way")
            .key(used::key(project, used.url))
            .label(used.call, "the URL is used here")
            .why("`str(url)` hides the password since SQLAlchemy 2.0, so the server answers `password authentication failed`")
            .help("use `url.render_as_string(hide_password=False)`, or hand on the URL object itself")
            .maybe_fix(fix);
    }
}
