//! How words look: colours on a terminal only, the same words without them elsewhere.

use owo_colors::{OwoColorize, Style};
use std::io::{IsTerminal, Write};

/// A stream for words, and what it can show.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Somebody looks at it now.
    pub attended: bool,
    /// Colours may be used.
    pub colours: bool,
}

impl Terminal {
    /// Standard error.
    pub fn stderr() -> Terminal {
        Terminal::of(std::io::stderr().is_terminal())
    }

    /// Standard output.
    pub fn stdout() -> Terminal {
        Terminal::of(std::io::stdout().is_terminal())
    }

    /// `NO_COLOR` (not empty) and a dumb terminal switch colours off.
    fn of(attended: bool) -> Terminal {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Terminal { attended, colours: attended && !set("NO_COLOR") && !dumb }
    }

    /// What went well.
    pub fn good(self, text: &str) -> String {
        self.paint(Style::new().green(), text)
    }

    /// What needs a look.
    pub fn notice(self, text: &str) -> String {
        self.paint(Style::new().yellow(), text)
    }

    /// What went wrong.
    pub fn bad(self, text: &str) -> String {
        self.paint(Style::new().red().bold(), text)
    }

    /// Names and titles.
    pub fn strong(self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    /// What is read last.
    pub fn quiet(self, text: &str) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    fn paint(self, style: Style, text: &str) -> String {
        if self.colours { text.style(style).to_string() } else { text.to_owned() }
    }
}

/// Writes words to standard error. Nobody is left to hear that this failed, so it is not told.
pub fn say(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
