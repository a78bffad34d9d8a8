//! Where output goes and how it may look: colours, width, Unicode.

use std::io::{self, IsTerminal, Write};

use crate::cli::arguments::When;

/// How output may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// With colours?
    pub color: bool,
    /// Columns.
    pub width: usize,
    /// Box-drawing characters?
    pub unicode: bool,
}

/// The look of standard output: `--color` before `NO_COLOR` before `FORCE_COLOR` and `CLICOLOR_FORCE` before the
/// terminal's own abilities.
pub fn stdout(when: When) -> Look {
    look(when, io::stdout().is_terminal(), &|name| std::env::var(name).ok())
}

fn look(when: When, is_terminal: bool, variable: &dyn Fn(&str) -> Option<String>) -> Look {
    let said = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let forced = |name: &str| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
    let color = match when {
        When::Always => true,
        When::Never => false,
        When::Auto if said("NO_COLOR") => false,
        When::Auto if forced("FORCE_COLOR") || forced("CLICOLOR_FORCE") => true,
        When::Auto => is_terminal && variable("TERM").is_none_or(|term| term != "dumb"),
    };
    let width = if is_terminal {
        match terminal_size::terminal_size() {
            Some((terminal_size::Width(width), _)) if width > 0 => usize::from(width),
            _ => 80,
        }
    } else {
        100
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    let is_utf8 = locale.is_some_and(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    Look { color, width, unicode: is_terminal && is_utf8 && !said("NO_GRAPHICS") }
}

/// A writer that holds its peace once nobody reads any more: a broken pipe is no error.
#[derive(Debug)]
pub struct Quiet<W: Write> {
    inner: W,
    closed: bool,
}

impl<W: Write> Quiet<W> {
    /// Around `inner`.
    pub fn new(inner: W) -> Quiet<W> {
        Quiet { inner, closed: false }
    }

    fn unless_closed<T>(&mut self, instead: T, write: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        if self.closed {
            return Ok(instead);
        }
        match write(&mut self.inner) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(instead)
            }
            result => result,
        }
    }
}

impl<W: Write> Write for Quiet<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unless_closed(bytes.len(), |inner| inner.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unless_closed((), W::flush)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn color(when: When, is_terminal: bool, variables: &[(&str, &str)]) -> bool {
        let variable =
            |name: &str| variables.iter().find(|(its, _)| *its == name).map(|(_, value)| (*value).to_owned());
        look(when, is_terminal, &variable).color
    }

    #[test]
    fn who_decides_on_colours() {
        assert!(color(When::Always, false, &[("NO_COLOR", "1")]));
        assert!(!color(When::Auto, true, &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")]));
        assert!(color(When::Auto, true, &[("NO_COLOR", "")]));
        assert!(color(When::Auto, false, &[("FORCE_COLOR", "1")]));
        assert!(!color(When::Auto, false, &[("FORCE_COLOR", "0")]));
        assert!(!color(When::Auto, true, &[("TERM", "dumb")]));
        assert!(!color(When::Auto, false, &[]));
    }
}
