//! script.py.mako → what it fills in, and which names it asks for that `alembic revision` does not give.

pub mod docstring;
pub mod fill;

use crate::source::{FileId, Sources, Span};

/// What a script.py.mako says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// `${upgrades}` in some form.
    pub has_upgrades: bool,
    /// `${downgrades}` in some form.
    pub has_downgrades: bool,
    /// `${imports}` in some form.
    pub has_imports: bool,
    /// It defines names of its own (`<% … %>`, `% for`): unknown names are its own business.
    pub has_code: bool,
    /// The line `import sqlalchemy as sa`, or the last import.
    pub last_import: Option<Span>,
    /// The free names of `${…}`, each with its place.
    pub names: Vec<(String, Span)>,
}

/// What `alembic revision` and `alembic merge` hand to the template.
pub const GIVEN: &[&str] = &[
    "up_revision",
    "down_revision",
    "branch_labels",
    "depends_on",
    "create_date",
    "comma",
    "message",
    "imports",
    "upgrades",
    "downgrades",
    "config",
];

/// Names that Mako or Python bring.
const BROUGHT: &[&str] = &[
    "repr",
    "str",
    "len",
    "int",
    "list",
    "tuple",
    "dict",
    "set",
    "sorted",
    "isinstance",
    "map",
    "filter",
    "zip",
    "range",
    "enumerate",
    "bool",
    "max",
    "min",
    "any",
    "all",
    "type",
    "print",
    "getattr",
    "hasattr",
    "format",
    "context",
    "self",
    "local",
    "UNDEFINED",
    "loop",
    "capture",
    "caller",
    "parent",
    "next",
    "pageargs",
    "n",
    "u",
    "h",
    "x",
    "trim",
    "entity",
    "unicode",
    "decode",
    "if",
    "else",
    "for",
    "in",
    "is",
    "not",
    "and",
    "or",
    "lambda",
    "None",
    "True",
    "False",
];

impl Template {
    /// Reads the template.
    pub fn read(sources: &Sources, file: FileId) -> Template {
        let text = sources.text(file);
        let mut template = Template { has_code: text.contains("<%"), ..Template::default() };
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let at = start;
            start += line.len();
            let bare = line.trim_start();
            if bare.starts_with("##") {
                continue;
            }
            if bare.starts_with('%') && !bare.starts_with("%%") {
                template.has_code = true;
            }
            if line.starts_with("import ") || line.starts_with("from ") {
                template.last_import = Some(Span::new(file, at..at + line.trim_end().len()));
            }
            template.has_upgrades |= line.contains("upgrades") && !only_in(line, "downgrades", "upgrades");
            template.has_downgrades |= line.contains("downgrades");
            template.has_imports |= line.contains("imports");
            for (open, _) in line.match_indices("${") {
                let inside = &line[open + 2..];
                let end = inside.find('}').unwrap_or(inside.len());
                free_names(&inside[..end], file, at + open + 2, &mut template.names);
            }
        }
        template
    }

    /// The names that nobody gives. Python's exception for them is none: `${x if x else "pass"}` becomes `pass`.
    pub fn unknown_names(&self) -> impl Iterator<Item = &(String, Span)> {
        let own = self.has_code;
        self.names
            .iter()
            .filter(move |(name, _)| !own && !GIVEN.contains(&name.as_str()) && !BROUGHT.contains(&name.as_str()))
    }
}

/// Does `word` occur in the line only inside `longer`?
fn only_in(line: &str, longer: &str, word: &str) -> bool {
    line.matches(word).count() == line.matches(longer).count()
}

fn free_names(expression: &str, file: FileId, at: usize, names: &mut Vec<(String, Span)>) {
    let bytes = expression.as_bytes();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut here = 0;
    while let Some(byte) = bytes.get(here) {
        match byte {
            b'"' | b'\'' => {
                let close = bytes[here + 1..].iter().position(|other| other == byte);
                here += close.map_or(bytes.len() - here, |close| close + 2);
            }
            byte if is_name(byte) => {
                let end = bytes[here..].iter().position(|byte| !is_name(byte)).map_or(bytes.len(), |end| here + end);
                let after_dot = expression[..here].trim_end().ends_with('.');
                let is_keyword = expression[end..].trim_start().starts_with('=')
                    && !expression[end..].trim_start().starts_with("==");
                if !after_dot && !is_keyword && !byte.is_ascii_digit() {
                    names.push((expression[here..end].to_owned(), Span::new(file, at + here..at + end)));
                }
                here = end;
            }
            _ => here += 1,
        }
    }
}

/// The template that `alembic init` writes.
pub const GENERIC: &str = r#""""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

# revision identifiers, used by Alembic.
revision: str = ${repr(up_revision)}
down_revision: Union[str, Sequence[str], None] = ${repr(down_revision)}
branch_labels: Union[str, Sequence[str], None] = ${repr(branch_labels)}
depends_on: Union[str, Sequence[str], None] = ${repr(depends_on)}


def upgrade() -> None:
    """Upgrade schema."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Downgrade schema."""
    ${downgrades if downgrades else "pass"}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Template {
        Template::read(&Sources::in_memory([("script.py.mako", text)]), FileId(0))
    }

    #[test]
    fn the_generic_template_is_whole() {
        let template = read(GENERIC);
        assert!(template.has_upgrades && template.has_downgrades && template.has_imports && !template.has_code);
        assert_eq!(template.unknown_names().count(), 0);
    }

    #[test]
    fn unknown_names() {
        let template =
            read("${upgrade_ops if upgrade_ops else \"pass\"}\n${', '.join(x.y for z in depends_on)}\n## ${no}\n");
        let names: Vec<_> = template.unknown_names().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["upgrade_ops", "upgrade_ops", "z"]);
        assert!(!template.has_upgrades);
        assert_eq!(read("<%! import re %>\n% for x in y:\n${x}\n").unknown_names().count(), 0);
    }
}
