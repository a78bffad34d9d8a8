//! Which database an environment uses: its URL, with what the driver finds around it, and the tables that are there.

use crate::catalog::{self, Catalog, Dialect};
use crate::database;
use crate::database::target::Target;
use crate::preflight::Request;
use crate::project::alembic::config::absolute;
use crate::project::sqlalchemy::url::{EngineUrl, Provenance, UrlKind};
use crate::project::{Known, Project};
use crate::source::Span;

/// The URL, and the place that stands for it.
///
/// # Errors
/// It can't be known from the files: in words.
pub fn url(project: &Project<'_>, environment: usize, request: &Request) -> Result<(EngineUrl, Span), String> {
    let environment = &project.environments[environment];
    if let Some(text) = &request.url {
        let provenance = Provenance { kind: UrlKind::Literal, chain: Vec::new(), masked_at: None };
        let place = match &environment.url {
            Known::Is(url, _) => url.span,
            Known::Unknown(span, _) => *span,
        };
        return Ok((EngineUrl::read(text, place, provenance), place));
    }
    match &environment.url {
        Known::Is(url, _) if url.is_whole() => {
            // On paper the project lies in a folder of its own.
            let text = url.text.replace(&absolute(""), &request.root.to_string_lossy());
            Ok((EngineUrl::read(&text, url.span, url.provenance.clone()), url.span))
        }
        Known::Is(url, _) => Err(format!(
            "`{}`: only a part of the URL can be read ({}); give it with --url",
            environment.name,
            url.masked()
        )),
        Known::Unknown(span, why) => Err(format!(
            "`{}`: the URL can't be read from the files: {why} ({}{}); give it with --url",
            environment.name,
            project.sources.shown_from,
            project.sources.place(*span)
        )),
    }
}

/// What the URL means on this machine.
///
/// # Errors
/// The driver would refuse it: in words.
pub fn target(project: &Project<'_>, environment: usize, request: &Request, url: &EngineUrl) -> Result<Target, String> {
    let run_from = request.root.join(&project.environments[environment].run_from);
    Target::of(url, &request.surroundings, &run_from)
}

/// The tables of the database, and for what their types are written.
///
/// # Errors
/// There is none, or it can't be reached: in words.
pub fn tables(
    project: &Project<'_>,
    environment: usize,
    request: &Request,
) -> Result<(catalog::Target, Catalog), String> {
    let (url, place) = url(project, environment, request)?;
    let target = target(project, environment, request, &url)?;
    let dialect = Dialect::named(&url.dialect).ok_or_else(|| format!("limbeck does not speak {}", url.dialect))?;
    let written = catalog::Target::of(dialect, &project.environments[environment].versions);
    let catalog = database::catalog::read(&target, request.timeout, &written, place).map_err(|attempt| {
        let name = &project.environments[environment].name;
        format!("the database of `{name}` can't be read ({}); `limbeck preflight` says why", attempt.trouble.stage())
    })?;
    Ok((written, catalog))
}
