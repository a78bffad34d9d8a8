//! Further lines at the end of a module's docstring.

use crate::source::FileId;
use crate::syntax::python::{parse, span_of, tree};

/// The module's text with `lines` at the end of its docstring; as it is where it has none in triple quotes.
pub fn extended(text: &str, lines: &str) -> String {
    let parsed = parse(FileId(0), text);
    let Some(tree::Stmt::Expr(first)) = parsed.module.body.first() else { return text.to_owned() };
    let tree::Expr::StringLiteral(literal) = &*first.value else { return text.to_owned() };
    let range = span_of(FileId(0), literal).range();
    let whole = &text[range.clone()];
    let Some(quotes) = ["\"\"\"", "'''"].into_iter().find(|quotes| whole.ends_with(quotes)) else {
        return text.to_owned();
    };
    let end = range.end - quotes.len();
    let is_raw = whole.starts_with(['r', 'R']);
    let lines = if is_raw { lines.to_owned() } else { lines.replace('\\', "\\\\") };
    let lines = lines.replace(quotes, if quotes == "'''" { "\"\"\"" } else { "'''" });
    let before = text[..end].trim_end();
    format!("{before}\n\n{lines}{}", &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_to_the_end_of_the_docstring() {
        let text = "# x\n\"\"\"add a\n\nRevises: b\n\n\"\"\"\nimport c\n";
        assert_eq!(extended(text, "- d\\e\n"), "# x\n\"\"\"add a\n\nRevises: b\n\n- d\\\\e\n\"\"\"\nimport c\n");
        assert_eq!(extended("'one'\n", "- d\n"), "'one'\n");
        assert_eq!(extended("import c\n", "- d\n"), "import c\n");
    }
}
