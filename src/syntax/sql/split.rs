//! Tokens → statements: where each begins and ends. A `;` ends one, except within the bodies that have statements of
//! their own.

use crate::syntax::sql::lexer::{Token, TokenKind};

/// The tokens of each statement, without the `;` between them.
pub(super) fn statements<'t>(text: &str, tokens: &'t [Token]) -> Vec<&'t [Token]> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut body = Body::default();
    for (number, token) in tokens.iter().enumerate() {
        if number == start {
            body = Body::default();
        }
        if token.kind == TokenKind::Symbol(b';') && body.is_over() {
            found.push(&tokens[start..number]);
            start = number + 1;
        } else {
            body.see(text, token);
        }
    }
    found.push(tokens.get(start..).unwrap_or_default());
    found.retain(|statement| !statement.is_empty());
    found
}

/// What of a statement is open: `BEGIN … END` of a routine or a trigger, the parentheses of a rule's commands.
#[derive(Default)]
struct Body {
    words: usize,
    creates: bool,
    has_body: bool,
    is_rule: bool,
    depth: usize,
    parentheses: usize,
    after_end: bool,
}

impl Body {
    fn is_over(&self) -> bool {
        self.depth == 0 && (!self.is_rule || self.parentheses == 0)
    }

    fn see(&mut self, text: &str, token: &Token) {
        let word = match token.kind {
            TokenKind::Word => &text[token.range()],
            TokenKind::Symbol(symbol) => {
                match symbol {
                    b'(' => self.parentheses += 1,
                    b')' => self.parentheses = self.parentheses.saturating_sub(1),
                    _ => {}
                }
                self.after_end = false;
                return;
            }
            _ => return,
        };
        let is = |wanted: &str| word.eq_ignore_ascii_case(wanted);
        self.words += 1;
        match self.words {
            1 => self.creates = is("create"),
            // `CREATE OR REPLACE DEFINER = x FUNCTION`
            2..10 if self.creates && !self.has_body => {
                self.has_body = ["trigger", "procedure", "function", "event"].into_iter().any(is);
                self.is_rule |= is("rule");
            }
            _ => {}
        }
        if !self.has_body {
            return;
        }
        if self.after_end {
            // `END IF`, `END LOOP` end what was not counted.
            self.depth += usize::from(["if", "loop", "while", "repeat"].into_iter().any(is));
            self.after_end = false;
        } else if is("begin") || (self.depth > 0 && is("case")) {
            self.depth += 1;
        } else if is("end") && self.depth > 0 {
            self.depth -= 1;
            self.after_end = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::syntax::sql::Dialect;
    use crate::syntax::sql::lexer::tokens;

    fn split(text: &str) -> Vec<&str> {
        let tokens = tokens(text, Dialect::Postgresql);
        let whole = |part: &[super::Token]| &text[part[0].start..part[part.len() - 1].end];
        super::statements(text, &tokens).into_iter().map(whole).collect()
    }

    #[test]
    fn semicolons_part_statements() {
        assert_eq!(split(";; a; b 'c;' ;\n-- d;\n e"), ["a", "b 'c;'", "e"]);
        assert_eq!(split(" -- nothing\n;"), Vec::<&str>::new());
    }

    #[test]
    fn bodies_keep_theirs() {
        let trigger =
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = CASE WHEN y THEN 1 END; DELETE FROM b; END";
        assert_eq!(split(&format!("{trigger}; SELECT 1")), [trigger, "SELECT 1"]);
        let procedure = "CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; END IF; WHILE b DO SELECT 2; END WHILE; END";
        assert_eq!(split(&format!("{procedure}; BEGIN; COMMIT")), [procedure, "BEGIN", "COMMIT"]);
        let rule = "CREATE RULE r AS ON INSERT TO a DO ALSO (SELECT 1; SELECT 2)";
        assert_eq!(split(&format!("{rule}; SELECT (1; SELECT 2")), [rule, "SELECT (1", "SELECT 2"]);
    }
}
