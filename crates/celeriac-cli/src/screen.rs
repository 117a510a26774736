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
    /// Does a person's terminal show it, which texts of others could drive?
    pub is_terminal: bool,
}

impl Screen {
    /// Colours if standard output is a terminal and neither the user nor `NO_COLOR` forbids them.
    pub fn new(no_color: bool, is_quiet: bool) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let forbidden = no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { has_colours: !forbidden && is_terminal, is_quiet, is_terminal }
    }

    /// A text that came from elsewhere: on a terminal, what would move its cursor, change its settings or turn the
    /// direction of what follows is replaced.
    pub(crate) fn foreign(&self, text: &str) -> String {
        let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let is_harmless =
            |c: char| matches!(c, '\n' | '\t') || !self.is_terminal || !(c.is_control() || turns(c));
        text.chars().map(|c| if is_harmless(c) { c } else { '\u{fffd}' }).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_others_cannot_drive_a_terminal() {
        let hostile = "a\u{1b}]0;title\u{7}\r\u{9b}2Jb\n\té";
        let screen = Screen { is_terminal: true, ..Screen::default() };
        assert_eq!(screen.foreign(hostile), "a\u{fffd}]0;title\u{fffd}\u{fffd}\u{fffd}2Jb\n\té");
        assert_eq!(screen.foreign("a\u{202e}exe.doc"), "a\u{fffd}exe.doc");
        assert_eq!(Screen::default().foreign(hostile), hostile, "a file gets what there is");
    }
}
