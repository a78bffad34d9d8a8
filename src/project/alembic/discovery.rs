//! The listing of the project's files → its Alembic environments, found without being told where.
//!
//! An environment is a section with `script_location` in any ini file, `[tool.alembic]` in a pyproject.toml, an
//! alembic.ini by its name (even one that lost its `script_location`), or an env.py that calls `context.configure`
//! and to which no file leads. Only plausible files are read.

use std::collections::BTreeSet;

use crate::project::alembic::config::{Config, Shape};
use crate::project::alembic::locations::Locations;
use crate::project::code;
use crate::python::dotted;
use crate::python::value::PROJECT_ROOT;
use crate::source::{FileId, Sources, join, split};
use crate::syntax::python::Trees;

/// An environment, not yet read any further.
#[derive(Clone, Debug)]
pub struct Found {
    /// Short and unique in the project.
    pub name: String,
    /// What the configuration says.
    pub config: Config,
    /// The script directory, relative to the project root.
    pub script_location: Option<String>,
    /// `script_location` leads nowhere: the directory is that of the one env.py that can be meant.
    pub guessed: bool,
    /// The directory from which `script_location` resolves: where alembic must run.
    pub run_from: String,
    /// env.py
    pub env_file: Option<FileId>,
    /// script.py.mako
    pub template: Option<FileId>,
    /// Where its revisions lie, as far as the configuration says it.
    pub version_locations: Locations,
}

/// Where a path of the configuration leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leads {
    /// To this directory, when alembic runs in `run_from`.
    To {
        /// Relative to the project root.
        directory: String,
        /// Relative to the project root.
        run_from: String,
    },
    /// Nowhere, from wherever alembic runs.
    Nowhere,
    /// Out of the project, or into an installed package: not known.
    Outside,
}

/// A project of Flask-Migrate whose `flask db init` has not been run, or whose migrations are not in the repository:
/// the application is there all the same.
fn flask_without_directory(trees: &Trees<'_>) -> Option<Found> {
    let sources = trees.sources();
    let loaded = ["wsgi.py", "app.py", ".flaskenv"];
    let at_root = |name: &str| sources.id(name);
    loaded.iter().find_map(|name| at_root(name))?;
    let needle = memchr::memmem::Finder::new("flask_migrate");
    let mut buffer = Vec::new();
    sources.ids().find(|file| {
        let path = sources.path(*file);
        let aside = path.split('/').any(|part| part.starts_with("test") || part.starts_with("example"));
        path.ends_with(".py")
            && !aside
            && sources.holds(*file, &mut buffer, |bytes| needle.find(bytes).is_some())
            && code::names(&trees.whole(*file), "flask_migrate")
    })?;
    let mut config = Config::in_code("");
    config.shape = Shape::FlaskMigrate;
    Some(Found {
        name: String::new(),
        config,
        script_location: None,
        guessed: false,
        run_from: String::new(),
        env_file: None,
        template: None,
        version_locations: Locations::default(),
    })
}

/// Finds the environments, sorted by their configuration's path.
pub fn discover(trees: &Trees<'_>) -> Vec<Found> {
    let sources = trees.sources();
    let listed = listed(sources);
    let mut configs: Vec<Config> = Vec::new();
    for file in &listed.inis {
        configs.extend(of_ini(sources, *file));
    }
    for file in &listed.pyprojects {
        let Some(pyproject) = Config::of_pyproject(sources, *file) else { continue };
        // Alembic reads the pyproject.toml of the working directory besides the ini file, wherever that is.
        let above = |directory: &str| {
            let root = pyproject.directory.as_str();
            root.is_empty() || directory.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
        };
        let mut beside = configs.iter_mut().filter(|config| {
            let by_name = config.file.is_some_and(|file| split(sources.path(file)).1 == "alembic.ini");
            let lacks = config.shape == Shape::Ini && config.option("script_location").is_none();
            by_name && (config.directory == pyproject.directory || (lacks && above(&config.directory)))
        });
        match beside.next() {
            Some(config) => {
                config.shape = Shape::Ini;
                *config = config.clone().with_pyproject(pyproject);
            }
            None if pyproject.toml.contains_key("script_location") => configs.push(pyproject),
            None => {}
        }
    }
    let mut claimed: BTreeSet<FileId> = BTreeSet::new();
    let mut found: Vec<Found> = configs.into_iter().map(|config| locate(sources, config)).collect();
    claimed.extend(found.iter().filter_map(|found| found.env_file));
    for environment in found.iter_mut().filter(|found| found.env_file.is_none()) {
        guess(trees, environment, &listed.envs, &mut claimed);
    }
    for file in listed.envs.iter().filter(|file| !claimed.contains(file)) {
        if !configures(trees, *file) {
            continue;
        }
        let directory = split(sources.path(*file)).0;
        let mut environment = locate(sources, Config::in_code(directory));
        settle(sources, &mut environment, directory.to_owned());
        found.push(environment);
    }
    if found.is_empty() {
        found.extend(flask_without_directory(trees));
    }
    name(sources, &mut found);
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

/// Where the text of a path option leads.
pub fn leads(sources: &Sources, config: &Config, text: &str) -> Leads {
    if let Some(rest) = text.strip_prefix(PROJECT_ROOT) {
        let Some(directory) = join("", rest) else { return Leads::Outside };
        let run_from = config.directory.clone();
        return match sources.is_directory(&directory) {
            true => Leads::To { directory, run_from },
            false => Leads::Nowhere,
        };
    }
    // A template of a file, or a variable that somebody fills in.
    if text.contains(['{', '}', '$', '<', '>', '@']) {
        return Leads::Outside;
    }
    if text.starts_with(['/', '~']) || text.get(1..3).is_some_and(|drive| drive == ":\\" || drive == ":/") {
        return Leads::Outside;
    }
    if let Some((package, inside)) = text.split_once(':') {
        let path = format!("{}/{}", package.replace('.', "/"), inside.replace(':', "/"));
        let top = dotted::first(package);
        let roots =
            ancestors(&config.directory).flat_map(|root| [root.to_owned(), below(root, "src"), below(root, "lib")]);
        let mut ours = false;
        for root in roots.collect::<Vec<_>>() {
            if sources.is_directory(&below(&root, &path)) {
                return Leads::To { directory: below(&root, &path), run_from: config.directory.clone() };
            }
            ours |= sources.is_directory(&below(&root, top));
        }
        return if ours { Leads::Nowhere } else { Leads::Outside };
    }
    let mut there: Vec<Leads> = Vec::new();
    let mut outside = false;
    for run_from in ancestors(&config.directory) {
        match join(run_from, text) {
            Some(directory) if sources.is_directory(&directory) => {
                there.push(Leads::To { directory, run_from: run_from.to_owned() });
            }
            Some(_) => {}
            None => outside |= run_from == config.directory,
        }
    }
    let with_env = there.iter().find(|found| match found {
        Leads::To { directory, .. } => sources.id(&below(directory, "env.py")).is_some(),
        _ => false,
    });
    match with_env.or(there.first()) {
        Some(found) => found.clone(),
        None if outside => Leads::Outside,
        None => Leads::Nowhere,
    }
}

/// Where `script_location` leads; `None` where there is none, or its interpolation fails.
pub fn script_location_leads(sources: &Sources, config: &Config) -> Option<Leads> {
    let option = config.alembic_option("script_location")?;
    let value = option.value.as_deref()?;
    Some(if value.is_empty() { Leads::Nowhere } else { leads(sources, config, value) })
}

/// The configuration's own directory and those above it.
fn ancestors(directory: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(directory), |here| (!here.is_empty()).then(|| split(here).0))
}

fn below(directory: &str, name: &str) -> String {
    join(directory, name).unwrap_or_else(|| name.to_owned())
}

#[derive(Default)]
struct Listed {
    inis: Vec<FileId>,
    pyprojects: Vec<FileId>,
    envs: Vec<FileId>,
}

fn listed(sources: &Sources) -> Listed {
    let mut listed = Listed::default();
    for file in sources.ids() {
        let path = sources.path(file);
        let kind = match split(path).1 {
            "env.py" => &mut listed.envs,
            "pyproject.toml" => &mut listed.pyprojects,
            name if name.ends_with(".ini") => &mut listed.inis,
            _ => continue,
        };
        if !is_skipped(path) {
            kind.push(file);
        }
    }
    listed
}

/// Tests, templates of projects and installed packages hold no environment of this project.
fn is_skipped(path: &str) -> bool {
    if path.contains("{{") || path.contains("{%") {
        return true;
    }
    let folders = split(path).0.split('/');
    let skipped =
        ["test", "tests", "testing", "site-packages", "node_modules", ".venv", "venv", ".tox", ".nox", ".git"];
    folders.into_iter().any(|folder| skipped.contains(&folder))
}

/// The configurations that an ini file holds: one for each section with a `script_location`.
fn of_ini(sources: &Sources, file: FileId) -> Vec<Config> {
    let path = sources.path(file);
    let (directory, name) = split(path);
    let by_name = name == "alembic.ini";
    if !by_name && memchr::memmem::find(sources.glance(file).as_bytes(), b"script_location").is_none() {
        return Vec::new();
    }
    let config = Config::of_ini(sources, file);
    let has =
        |section: &str| config.sections.get(section).is_some_and(|options| options.contains_key("script_location"));
    let mut own: Vec<&String> =
        config.headers.keys().filter(|section| owns(&config, section, "script_location")).collect();
    if own.is_empty() && has("alembic") {
        return vec![config];
    }
    own.sort_by_key(|section| config.headers.get(*section).map(|header| header.start));
    if !own.is_empty() {
        let misspelt = own.len() == 1 && by_name && is_misspelt_alembic(own[0]) && !has("alembic");
        return match misspelt {
            // `alembic` alone does not find it: the configuration is the one that it looks for.
            true => vec![config],
            false => own.into_iter().map(|section| config.clone().with_section(section)).collect(),
        };
    }
    // `[DEFAULT]` lends a `script_location` to sections that say where their revisions are.
    let mut lent: Vec<&String> = config
        .sections
        .iter()
        .filter(|(section, options)| {
            let keys = ["version_locations", "sqlalchemy.url", "version_table"];
            options.contains_key("script_location") && keys.iter().any(|key| owns(&config, section, key))
        })
        .map(|(section, _)| section)
        .collect();
    if !lent.is_empty() {
        lent.sort_by_key(|section| config.headers.get(*section).map(|header| header.start));
        return lent.into_iter().map(|section| config.clone().with_section(section)).collect();
    }
    if !by_name {
        return Vec::new();
    }
    if sources.id(&below(directory, "env.py")).is_some() {
        return vec![Config { shape: Shape::FlaskMigrate, ..config }];
    }
    vec![config]
}

/// Does the section say `key` itself, not through `[DEFAULT]`?
fn owns(config: &Config, section: &str, key: &str) -> bool {
    let option = config.sections.get(section).and_then(|options| options.get(key));
    let (Some(option), Some(header)) = (option, config.headers.get(section)) else { return false };
    let next = config.headers.values().map(|other| other.start).filter(|start| *start > header.start).min();
    option.key_span.start > header.start && next.is_none_or(|next| option.key_span.start < next)
}

/// `alembics`, `almebic`: meant to be `alembic`.
pub fn is_misspelt_alembic(section: &str) -> bool {
    section != "alembic" && strsim::damerau_levenshtein(&section.to_lowercase(), "alembic") <= 2
}

fn locate(sources: &Sources, config: Config) -> Found {
    let run_from = config.directory.clone();
    let found = match (config.shape, script_location_leads(sources, &config)) {
        (Shape::FlaskMigrate, _) => Some((config.directory.clone(), split(&config.directory).0.to_owned())),
        (_, Some(Leads::To { directory, run_from })) => Some((directory, run_from)),
        _ => None,
    };
    let mut environment = Found {
        name: String::new(),
        config,
        script_location: None,
        guessed: false,
        run_from,
        env_file: None,
        template: None,
        version_locations: Locations::default(),
    };
    if let Some((directory, run_from)) = found {
        environment.run_from = run_from;
        settle(sources, &mut environment, directory);
    }
    environment
}

/// Fills in what follows from the script directory.
fn settle(sources: &Sources, environment: &mut Found, directory: String) {
    environment.env_file = sources.id(&below(&directory, "env.py"));
    environment.template = sources.id(&below(&directory, "script.py.mako"));
    environment.version_locations = Locations::of_config(sources, &environment.config, &directory);
    environment.script_location = Some(directory);
}

/// Is it an env.py of Alembic?
fn configures(trees: &Trees<'_>, file: FileId) -> bool {
    let words = ["alembic", "configure"];
    let text = trees.sources().glance(file);
    words.iter().all(|word| text.contains(word)) && {
        let tree = trees.whole(file);
        words.iter().all(|word| code::names(&tree, word))
    }
}

/// A configuration that leads nowhere is paired with the one env.py that can be meant, so that the rest is still
/// looked at.
fn guess(trees: &Trees<'_>, environment: &mut Found, envs: &[FileId], claimed: &mut BTreeSet<FileId>) {
    let sources = trees.sources();
    if environment.script_location.is_some() {
        return;
    }
    let prefix = match environment.config.directory.as_str() {
        "" => String::new(),
        directory => format!("{directory}/"),
    };
    let mut meant = envs.iter().filter(|file| {
        sources.path(**file).starts_with(&prefix) && !claimed.contains(*file) && configures(trees, **file)
    });
    if let (Some(file), None) = (meant.next(), meant.next()) {
        claimed.insert(*file);
        environment.guessed = true;
        let directory = split(sources.path(*file)).0.to_owned();
        settle(sources, environment, directory);
    }
}

fn name(sources: &Sources, found: &mut [Found]) {
    let paths: Vec<String> = found
        .iter()
        .map(|environment| match environment.config.file {
            Some(file) => sources.path(file).to_owned(),
            None if environment.env_file.is_none() => "flask".to_owned(),
            None => environment.script_location.clone().unwrap_or_default(),
        })
        .collect();
    for (number, environment) in found.iter_mut().enumerate() {
        let shared = paths.iter().filter(|path| **path == paths[number]).count() > 1;
        environment.name = match shared {
            true => format!("{}:{}", paths[number], environment.config.section),
            false => paths[number].clone(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENV: &str = "from alembic import context\ncontext.configure()\n";

    fn found(files: &[(&str, &str)]) -> Vec<Found> {
        let sources = Sources::in_memory(files.iter().map(|(path, text)| (*path, *text)));
        discover(&Trees::of(&sources))
    }

    #[test]
    fn an_ini_in_a_folder_whose_paths_count_from_the_root() {
        let found = found(&[
            ("conf/alembic.ini", "[alembic]\nscript_location = app/migrations\n"),
            ("app/migrations/env.py", ENV),
            ("app/migrations/versions/a.py", ""),
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].script_location.as_deref(), Some("app/migrations"));
        assert_eq!((found[0].run_from.as_str(), found[0].name.as_str()), ("", "conf/alembic.ini"));
        assert_eq!(found[0].version_locations.directories, ["app/migrations/versions"]);
    }

    #[test]
    fn package_form_and_here() {
        let files = [
            ("back/alembic.ini", "[alembic]\nscript_location = app.db:migrations\nversion_locations=%(here)s/v\n"),
            ("back/src/app/db/migrations/env.py", ENV),
            ("back/v/a.py", ""),
        ];
        let found = found(&files);
        assert_eq!(found[0].script_location.as_deref(), Some("back/src/app/db/migrations"));
        assert_eq!(found[0].version_locations.directories, ["back/v"]);
    }

    #[test]
    fn several_sections_are_several_environments() {
        let text = "[one]\nscript_location = a\n[two]\nscript_location = b\n";
        let found = found(&[("alembic.ini", text), ("a/env.py", ENV), ("b/env.py", ENV)]);
        assert_eq!(
            found.iter().map(|found| found.name.as_str()).collect::<Vec<_>>(),
            ["alembic.ini:one", "alembic.ini:two"]
        );
    }

    #[test]
    fn default_lends_the_location_and_templates_lead_nowhere() {
        let text = "[DEFAULT]\nscript_location = %(here)s/m\n[one]\nversion_locations = m/a\n[two]\nversion_locations = m/b\n\
                    [logger_x]\nlevel = INFO\n";
        let found = found(&[("alembic.ini", text), ("m/env.py", ENV), ("m/a/x.py", ""), ("m/b/x.py", "")]);
        assert_eq!(
            found.iter().map(|found| &*found.version_locations.directories[0]).collect::<Vec<_>>(),
            ["m/a", "m/b"]
        );
        let sources = Sources::in_memory([("a/b/c/env.py", ENV)]);
        let config = Config::in_code("");
        assert_eq!(leads(&sources, &config, "{alembic_dir}"), Leads::Outside);
        assert!(matches!(leads(&sources, &config, "a:b:c"), Leads::To { .. }));
        assert_eq!(leads(&sources, &config, "a:x"), Leads::Nowhere);
    }

    #[test]
    fn flask_migrate_and_code_and_tests() {
        let found = found(&[
            ("migrations/alembic.ini", "[alembic]\n# nothing\n"),
            ("migrations/env.py", ENV),
            ("other/env.py", ENV),
            ("plain/env.py", "x = 1\n"),
            ("tests/alembic.ini", "[alembic]\nscript_location = x\n"),
            ("t/{{ x }}/alembic.ini", "[alembic]\nscript_location = x\n"),
        ]);
        let shapes: Vec<_> = found.iter().map(|found| (found.name.as_str(), found.config.shape)).collect();
        assert_eq!(shapes, [("migrations/alembic.ini", Shape::FlaskMigrate), ("other", Shape::InCode)]);
        assert_eq!(found[0].run_from, "");
    }

    #[test]
    fn a_location_that_leads_nowhere_still_finds_env() {
        let found = found(&[("alembic.ini", "[alembic]\nscript_location = alembic\n"), ("migrations/env.py", ENV)]);
        assert_eq!(found.len(), 1);
        assert!(found[0].guessed && found[0].env_file.is_some());
    }

    #[test]
    fn pyproject_and_ini_are_one() {
        let toml = "[tool.alembic]\nscript_location = \"%(here)s/m\"\n";
        let ini = "[alembic]\nsqlalchemy.url = sqlite://\n";
        let both = found(&[("alembic.ini", ini), ("pyproject.toml", toml), ("m/env.py", ENV)]);
        assert_eq!(both.len(), 1);
        assert_eq!((both[0].config.shape, both[0].script_location.as_deref()), (Shape::Ini, Some("m")));
        let alone = found(&[("pyproject.toml", toml), ("m/env.py", ENV)]);
        assert_eq!(alone[0].config.shape, Shape::Pyproject);
    }
}
