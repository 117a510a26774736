//! Where output goes, and whether it has colours.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};

/// Standard output as the commands see it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Screen {
    /// May there be colours?
    pub has_colours: bool,
    /// Leave out what only comments.
    pub is_quiet: bool,
}

impl Screen {
    /// Colours if standard output is a terminal and neither the user nor `NO_COLOR` forbids them.
    pub fn new(no_color: bool, is_quiet: bool) -> Self {
        let forbidden = no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { has_colours: !forbidden && std::io::stdout().is_terminal(), is_quiet }
    }

    /// Prints a line.
    pub(crate) fn say(&self, line: impl Display) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}")?;
        out.flush()
    }

    /// Prints without a line's end.
    pub(crate) fn ask(&self, text: impl Display) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        write!(out, "{text}")?;
        out.flush()
    }

    pub(crate) fn bold(&self, text: impl Display, colour: AnsiColor) -> String {
        self.styled(text, Style::new().bold().fg_color(Some(colour.into())))
    }

    pub(crate) fn coloured(&self, text: impl Display, colour: AnsiColor) -> String {
        self.styled(text, Style::new().fg_color(Some(colour.into())))
    }

    fn styled(&self, text: impl Display, style: Style) -> String {
        if self.has_colours { format!("{style}{text}{style:#}") } else { text.to_string() }
    }
}
