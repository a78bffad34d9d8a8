//! A raw `@` in the password: SQLAlchemy reads the rest of the password as the host.

use crate::diagnostic::{Edit, Findings, Fix};
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::rules::config::shared::used;
use crate::rules::{Check, Rule};

/// The rule.
pub const RULE: Rule = Rule {
    name: "url-password-unescaped",
    page: include_str!("url_password_unescaped.md"),
    check: Check::EachEnvironment(check),
};

fn check(environment: &Environment, project: &Project<'_>, findings: &mut Findings) {
    for used in used::urls(environment) {
        let url = used.url;
        let (Some(password), Some(host)) = (&url.parts.password, &url.parts.host) else { continue };
        let Some(last) = url.text[host.clone()].rfind('@') else { continue };
        let in_ini = environment.config.file == Some(url.span.file)
            && environment.config.sections.contains_key(&environment.config.section);
        let escaped = if in_ini { "%%40" } else { "%40" };
        // Every `@` from the end of what is read as the password to the one before the real host, both of them raw.
        let signs = password.end..host.start + last;
        let fix = used::exact(project, url, signs.clone()).map(|span| {
            let text = url.text[signs].replace('@', escaped);
            Fix::risky("escape the `@` of the password", vec![Edit::Replace { span, text }])
        });
        findings
            .report(url.span, "the password holds a raw `@`, so its rest is read as the host")
            .key(used::key(project, url))
            .label(used.call, "the URL is used here")
            .why("SQLAlchemy ends the password at the first `@`: the connection fails with `could not translate host name`")
            .help(format!("write `{escaped}` for an `@` in the password; other characters need no escape"))
            .maybe_fix(fix);
    }
}
