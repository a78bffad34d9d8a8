//! A cause and the frames → the span in the project: what to edit. Rules that found the same thing decide; where none
//! did, small finders over the facts.

use crate::diagnose::causes::{Cause, Place};
use crate::diagnose::frames::Own;
use crate::diagnose::pattern::Captures;
use crate::diagnose::traceback::Raised;
use crate::diagnostic::Diagnostic;
use crate::project::Project;
use crate::project::alembic::Environment;
use crate::project::alembic::revision::RevisionScript;
use crate::project::code::Call;
use crate::source::{FileId, Span};

/// What finders look at.
pub struct Scene<'a, 's> {
    /// The facts.
    pub project: &'a Project<'s>,
    /// The project's own frames.
    pub own: &'a [Own],
    /// The exception whose text was recognised, and its place in the chain.
    pub raised: (usize, &'a Raised),
    /// What stood in the holes of its text.
    pub captures: &'a Captures,
    /// What the rules found.
    pub found: &'a [Diagnostic],
    /// The revision that Alembic announced last: `Running upgrade a -> b`.
    pub announced: Option<&'a str>,
    /// A line of the log, for what is nowhere else.
    pub log: Span,
}

impl<'s> Scene<'_, 's> {
    /// The finding of one of the cause's rules that fits the failure best.
    pub fn confirmed(&self, cause: &Cause) -> Option<&Diagnostic> {
        let needs_link = !matches!(
            cause.place,
            Place::Url | Place::Configure | Place::Ini(_) | Place::Log | Place::Head | Place::Revision
        );
        let statement = matches!(cause.place, Place::Statement).then(|| self.in_revision()).flatten();
        let mut best: Option<(i32, &Diagnostic)> = None;
        for (rank, rule) in cause.rules.iter().enumerate() {
            for finding in self.found.iter().filter(|finding| finding.rule == *rule) {
                if statement.is_some_and(|own| own.file != finding.span.file) {
                    continue;
                }
                let link = self.link(finding);
                let is_linked = link > 0 || !needs_link || self.own.is_empty() && self.captures.0.is_empty();
                let score = link * 10 - rank as i32;
                if is_linked && best.is_none_or(|(known, _)| score > known) {
                    best = Some((score, finding));
                }
            }
        }
        best.map(|(_, finding)| finding)
    }

    /// How much ties a finding to the failure: frames on its lines, words of the message in it.
    fn link(&self, finding: &Diagnostic) -> i32 {
        let sources = self.project.sources;
        let spans = || std::iter::once(finding.span).chain(finding.annotations.iter().map(|place| place.span));
        let mut link = 0;
        for own in self.own {
            for span in spans() {
                let (start, end) = sources.positions(span);
                if span.file == own.file {
                    link = link.max(if (start.line..=end.line).contains(&own.line) { 4 } else { 1 });
                }
            }
        }
        let said = |word: &str| {
            finding.message.contains(word)
                || finding.key.contains(word)
                || spans().any(|span| sources.slice(span).contains(word))
        };
        let words = self.captures.0.iter().map(|(_, word)| word.as_str()).filter(|word| word.len() > 1);
        link + 3 * i32::from(words.filter(|word| said(word)).count() > 0)
    }

    /// Where the cause is by its own finder. `None`: it is another one.
    pub fn find(&self, cause: &Cause) -> Option<Span> {
        let found = match cause.place {
            Place::Statement => self.statement().or_else(|| self.url()).or_else(|| self.frame()),
            Place::Frame => self.frame().or_else(|| self.url()),
            Place::DeepestFrame => self.deepest(),
            Place::Url => self.url().or_else(|| self.frame()),
            Place::Configure => self.configure().or_else(|| self.frame()),
            Place::Ini(option) => self.option(option).or_else(|| self.frame()),
            Place::Named => self.named().or_else(|| self.deepest()),
            Place::Revision => self.revision().or_else(|| self.head()),
            Place::Head => self.head(),
            Place::Model => self.model().or_else(|| self.deepest()),
            Place::Migration => self.migration().or_else(|| self.deepest()),
            Place::Meant => return self.meant(),
            Place::EnumStatement => return self.enum_statement(),
            Place::OwnPackage => return self.own_package(),
            Place::Downgrade => return self.left_behind(),
            Place::Log => None,
        };
        Some(found.unwrap_or(self.log))
    }

    /// The environment that ran: by its env.py, by its revisions, else the first.
    pub fn environment(&self) -> Option<&Environment> {
        let environments = &self.project.environments;
        let ran = |environment: &&Environment| {
            self.own.iter().any(|own| {
                environment.env_script.as_ref().is_some_and(|script| script.file == own.file)
                    || environment.revisions.scripts.iter().any(|script| script.file == own.file)
            })
        };
        environments.iter().find(ran).or(environments.first())
    }

    fn script_of(&self, file: FileId) -> Option<&RevisionScript> {
        self.project
            .environments
            .iter()
            .flat_map(|environment| &environment.revisions.scripts)
            .find(|script| script.file == file)
    }

    fn is_env(&self, file: FileId) -> bool {
        let scripts = self.project.environments.iter().filter_map(|environment| environment.env_script.as_ref());
        scripts.map(|script| script.file).any(|env| env == file)
    }

    /// The frames of the recognised exception; where it has none, those of the others.
    fn frames(&self) -> impl DoubleEndedIterator<Item = &Own> {
        let has_own = self.own.iter().any(|own| own.raised == self.raised.0);
        self.own.iter().filter(move |own| !has_own || own.raised == self.raised.0)
    }

    /// The deepest frame in a revision.
    fn in_revision(&self) -> Option<&Own> {
        self.frames().rev().find(|own| self.script_of(own.file).is_some())
    }

    fn frame(&self) -> Option<Span> {
        let special = self.frames().rev().find(|own| self.script_of(own.file).is_some() || self.is_env(own.file));
        special.or_else(|| self.frames().next_back()).map(|own| own.span)
    }

    fn deepest(&self) -> Option<Span> {
        self.frames().next_back().map(|own| own.span)
    }

    /// The call of the operation that failed; inside a batch, where the frame is the `with` line, the one that the
    /// message speaks of.
    fn statement(&self) -> Option<Span> {
        let Some(own) = self.in_revision() else { return self.announced_statement() };
        let sources = self.project.sources;
        let lines = |span: Span| {
            let (start, end) = sources.positions(span);
            start.line..=end.line
        };
        let calls = self.project.code.calls_in(own.file);
        let is_operation = |call: &&Call| sources.slice(call.callee).contains('.');
        let at_line: Vec<&Call> =
            calls.iter().filter(is_operation).filter(|call| lines(call.span).contains(&own.line)).collect();
        let starting = at_line.iter().find(|call| *lines(call.span).start() == own.line);
        let Some(call) = starting.or(at_line.first()) else { return Some(own.span) };
        if call.name != "batch_alter_table" {
            return Some(if *lines(call.span).start() == own.line { call.span } else { own.span });
        }
        let next = calls
            .iter()
            .filter(|other| other.name == "batch_alter_table" && other.span.start > call.span.end)
            .map(|other| other.span.start)
            .min();
        let inside: Vec<&Call> = calls
            .iter()
            .filter(|other| other.span.start > call.span.end && next.is_none_or(|next| other.span.start < next))
            .filter(|other| BATCHED.contains(&other.name.as_str()) && !sources.slice(other.callee).starts_with("op."))
            .collect();
        let same_function = self.script_of(own.file).and_then(|script| {
            [&script.upgrade, &script.downgrade]
                .into_iter()
                .flatten()
                .find(|step| step.span.contains(call.span))
                .map(|step| step.span)
        });
        let inside: Vec<&Call> =
            inside.into_iter().filter(|other| same_function.is_none_or(|whole| whole.contains(other.span))).collect();
        let speaks_of = |call: &Call| {
            let text = sources.slice(call.span);
            self.captures.0.iter().any(|(_, word)| word.len() > 1 && text.contains(word.as_str()))
        };
        let is_nameless = |other: &&&Call| {
            self.raised.1.message.contains("must have a name") && sources.slice(other.span).contains("None")
        };
        let only = || inside.first().filter(|_| inside.len() == 1);
        let found = match inside.iter().find(|other| speaks_of(other)) {
            None if speaks_of(call) => None,
            None => inside
                .iter()
                .find(is_nameless)
                .or_else(|| inside.iter().find(|other| self.is_about(&other.name)))
                .or_else(only),
            found => found,
        };
        Some(found.map_or(call.span, |found| found.span))
    }

    /// Where the log shows no frames: the operation of the revision that was announced last that the message speaks of.
    fn announced_statement(&self) -> Option<Span> {
        let script = self.environment()?.revisions.get(self.announced?)?;
        let upgrade = script.upgrade.as_ref()?.span;
        let sources = self.project.sources;
        let calls = self.project.code.calls_in(script.file);
        let operations =
            || calls.iter().filter(|call| upgrade.contains(call.span) && sources.slice(call.callee).contains("op."));
        let speaks = |call: &&Call| {
            let text = sources.slice(call.span);
            self.captures.0.iter().any(|(_, word)| word.len() > 1 && text.contains(word.as_str()))
        };
        operations().find(speaks).map(|call| call.span)
    }

    /// Does the message speak of what this operation does?
    fn is_about(&self, operation: &str) -> bool {
        let message = &self.raised.1.message;
        let word = operation.split('_').next_back().unwrap_or(operation);
        message.contains("NOT NULL") && operation == "alter_column" || message.contains(word) && word.len() > 3
    }

    /// Where the database URL was typed; where that is not known, where it gets lost.
    fn url(&self) -> Option<Span> {
        Some(self.environment()?.url.span())
    }

    /// The call of `context.configure` that the online run makes.
    fn configure(&self) -> Option<Span> {
        let script = self.environment()?.env_script.as_ref()?;
        script.online.configures().next().map(|(_, call)| call.span)
    }

    /// The option, its section where there is no such option, the file where there is no section.
    fn option(&self, template: &str) -> Option<Span> {
        let config = &self.environment()?.config;
        let file = config.file?;
        let name = self
            .captures
            .fill(template)
            .unwrap_or_else(|| template.split(['{', '.']).next().unwrap_or(template).to_owned());
        let name = name.to_lowercase();
        let key = self.captures.get("option").unwrap_or(&name).to_lowercase();
        let sections = || {
            let own = config.sections.get(&config.section).into_iter();
            own.chain(
                config.sections.iter().filter(|(section, _)| **section != config.section).map(|(_, options)| options),
            )
        };
        let exact = sections().find_map(|options| options.get(&name));
        let about = || {
            sections()
                .flatten()
                .find(|(known, option)| known.starts_with(&format!("{key}.")) || option.raw == key)
                .map(|(_, option)| option)
        };
        exact
            .or_else(about)
            .map(|option| option.key_span.to(option.span))
            .or(config.section_span)
            .or(Some(Span::start_of(file)))
    }

    /// The file and the line that the text names.
    fn named(&self) -> Option<Span> {
        let sources = self.project.sources;
        let text = self.captures.get("file").or_else(|| {
            // `(/srv/app/alembic/__init__.py)` behind an import error.
            let message = &self.raised.1.message;
            let open = message.rfind("(/").or_else(|| message.rfind(":\\"))?;
            message[open + 1..].split(')').next()
        });
        let Some(text) = text else {
            let is_alembic = self.raised.1.message.contains("alembic");
            return is_alembic.then(|| sources.id("alembic/__init__.py").map(Span::start_of)).flatten();
        };
        // `PosixPath('alembic.ini')`
        let path = text.split(['\'', '"']).nth(1).unwrap_or(text).replace('\\', "/");
        let best = sources.ids().filter_map(|file| {
            let tail =
                path.rsplit('/').zip(sources.path(file).rsplit('/')).take_while(|(left, right)| left == right).count();
            (tail > 0).then_some((tail, std::cmp::Reverse(file)))
        });
        let (_, std::cmp::Reverse(file)) = best.max()?;
        let line = self.captures.get("line").and_then(|line| line.parse().ok()).unwrap_or(1);
        sources.line_at(file, line).or(Some(Span::start_of(file)))
    }

    /// The revision that the text names, or that names it as its parent.
    fn revision(&self) -> Option<Span> {
        let id = self.captures.get("revision")?;
        let revisions = &self.environment()?.revisions;
        if let Some(missing) = revisions.missing().into_iter().find(|missing| missing.id == id) {
            return Some(missing.known.span());
        }
        revisions.all_with_id(id).last().map(|script| script.id_span())
    }

    /// `down_revision` of the newest head.
    fn head(&self) -> Option<Span> {
        let revisions = &self.environment()?.revisions;
        let newest = revisions.newest_first();
        newest.into_iter().find(|script| revisions.is_head(script)).map(RevisionScript::parent_span)
    }

    /// The revision whose file name or message the word is: what was meant by a name that is no id.
    fn meant(&self) -> Option<Span> {
        let word = self.captures.get("revision")?.to_lowercase();
        let sources = self.project.sources;
        let is_meant = |script: &&RevisionScript| {
            let name = sources.path(script.file).rsplit('/').next().unwrap_or("").to_lowercase();
            word.len() > 3 && (name.contains(&word) || script.message().to_lowercase().replace(' ', "_") == word)
        };
        self.environment()?.revisions.scripts.iter().find(is_meant).map(RevisionScript::id_span)
    }

    /// The statement, where it makes an enum of the type that is not there.
    fn enum_statement(&self) -> Option<Span> {
        let name = self.captures.get("type")?;
        let text = |span: Span| self.project.sources.slice(span);
        let says = |text: &str| text.contains(name) && ["Enum(", "ENUM("].iter().any(|made| text.contains(made));
        self.statement().filter(|span| says(text(*span)) || says(self.project.sources.text(span.file)))
    }

    /// `prepend_sys_path`, where the module that is not found is a package of the project.
    fn own_package(&self) -> Option<Span> {
        let module = self.captures.get("module")?.trim_matches('\'');
        let top = module.split('.').next()?;
        let sources = self.project.sources;
        let is_it = |file: FileId| {
            let path = sources.path(file);
            path.ends_with(".py")
                && (path.split('/').rev().skip(1).any(|folder| folder == top)
                    || path.rsplit('/').next() == Some(&format!("{top}.py")))
        };
        sources.ids().any(is_it).then(|| self.option("prepend_sys_path")).flatten()
    }

    /// The attribute, column, table or class that the text names.
    fn model(&self) -> Option<Span> {
        let models = &self.project.models;
        if let Some(relationship) = self.captures.get("target").and_then(|_| self.relationship()) {
            return Some(relationship);
        }
        let (owner, member) =
            match (self.captures.get("attribute").or(self.captures.get("class")), self.captures.get("column")) {
                (Some(attribute), _) => match attribute.rsplit_once('.') {
                    Some((class, name)) => (Some(class), Some(name)),
                    None => (Some(attribute), self.captures.get("target")),
                },
                (None, Some(column)) => match column.rsplit_once('.') {
                    Some((table, name)) => (Some(table), Some(name)),
                    None => (self.captures.get("table"), Some(column)),
                },
                (None, None) => (self.captures.get("table"), None),
            };
        let class = |name: &str| models.classes.iter().find(|class| class.name == name || class.qualified == name);
        if let Some(class) = owner.and_then(class) {
            let attributes = class.made_of.iter().flat_map(|part| models.body(part.body).attributes.iter());
            let named =
                attributes.filter(|attribute| Some(attribute.name.as_str()) == member).map(|attribute| attribute.span);
            return named.into_iter().next().or(Some(class.name_span));
        }
        if let Some(table) = owner.and_then(|name| {
            models.tables.iter().find(|table| {
                table.key().as_deref() == Some(name) || table.name.get().map(String::as_str) == Some(name)
            })
        }) {
            let column = table.columns.iter().find(|column| column.name.as_deref() == member && member.is_some());
            return Some(column.map_or(table.span, |column| column.statement));
        }
        self.table_args()
    }

    /// The relationship that names the target, or whose `back_populates` does.
    fn relationship(&self) -> Option<Span> {
        let target = self.captures.get("target")?;
        let quoted = [format!("\"{target}\""), format!("'{target}'")];
        let attributes = self.project.models.bodies.iter().flat_map(|body| body.attributes.iter());
        let relationships = attributes.filter(|attribute| attribute.relationship.is_some());
        let names_it =
            |span: Span| quoted.iter().any(|quoted| self.project.sources.slice(span).contains(quoted.as_str()));
        relationships.map(|attribute| attribute.span).find(|span| names_it(*span))
    }

    /// `__table_args__` of the class whose statement ran last.
    fn table_args(&self) -> Option<Span> {
        if !self.raised.1.message.contains("__table_args__") {
            return None;
        }
        let own = self.frames().next_back()?;
        let body = self
            .project
            .models
            .bodies
            .iter()
            .find(|body| body.span.file == own.file && body.span.contains(own.span))?;
        body.attributes.iter().find(|attribute| attribute.name == "__table_args__").map(|attribute| attribute.span)
    }

    /// The file of a migration with this version: `migrations/3_add.sql`, `migrations/2024-01-02-030405_add/up.sql`.
    fn migration(&self) -> Option<Span> {
        let version = self.captures.get("version")?;
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let wanted = digits(version);
        let sources = self.project.sources;
        let has_it = |file: &FileId| {
            let path = sources.path(*file);
            let is_sql = path.ends_with(".sql") && !path.ends_with("down.sql")
                || path.ends_with(".rs") && path.contains("migration");
            is_sql
                && path.split('/').any(|part| {
                    let (number, _) = part.split_once('_').unwrap_or((part, ""));
                    part == version
                        || part.trim_end_matches(".rs") == version
                        || !wanted.is_empty()
                            && digits(number.trim_start_matches('V')).trim_start_matches('0')
                                == wanted.trim_start_matches('0')
                })
        };
        sources.ids().find(has_it).map(Span::start_of)
    }

    /// A type that is there already and that no other revision makes: the operation of the same revision's downgrade that
    /// takes the table or column away and leaves the type.
    fn left_behind(&self) -> Option<Span> {
        let name = self.captures.get("type")?;
        let own = self.in_revision()?;
        let script = self.script_of(own.file)?;
        let environment = self.environment()?;
        let sources = self.project.sources;
        let names_it = |file: FileId| sources.text(file).contains(name);
        let others = environment.revisions.scripts.iter().any(|other| other.file != own.file && names_it(other.file));
        let downgrade = script.downgrade.as_ref()?.span;
        let is_dropped = sources.slice(downgrade).contains(name);
        if others || is_dropped {
            return None;
        }
        let statement = self.statement()?;
        let calls = self.project.code.calls_in(own.file);
        let in_downgrade =
            || calls.iter().filter(|call| downgrade.contains(call.span) && sources.slice(call.callee).contains('.'));
        let table =
            calls.iter().find(|call| call.span == statement).and_then(|call| call.arguments.first()?.text.clone());
        let drops = in_downgrade().find(|call| {
            call.name.starts_with("drop_")
                && call.arguments.iter().any(|argument| argument.text == table && table.is_some())
        });
        Some(drops.or_else(|| in_downgrade().next()).map_or(downgrade, |call| call.span))
    }
}

/// The operations of a batch.
const BATCHED: &[&str] = &[
    "add_column",
    "alter_column",
    "create_check_constraint",
    "create_exclude_constraint",
    "create_foreign_key",
    "create_index",
    "create_primary_key",
    "create_table_comment",
    "create_unique_constraint",
    "drop_column",
    "drop_constraint",
    "drop_index",
    "drop_table_comment",
    "execute",
];
