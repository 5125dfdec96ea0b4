//! An opened file.

use super::super::fault::{Code, Fault};

/// The text of a file, with the name that its faults carry.
#[derive(Clone, Debug)]
pub struct Source {
    /// As people know it, for places like `peers.csv:12`.
    pub name: String,
    /// What it holds, after decompression.
    pub text: Vec<u8>,
}

impl Source {
    /// A file by its name and text.
    pub fn new(name: impl Into<String>, text: impl Into<Vec<u8>>) -> Source {
        Source { name: name.into(), text: text.into() }
    }

    /// Its name without folders, and without what follows the first dot.
    pub fn stem(&self) -> &str {
        let file = self.name.rsplit(['/', '\\']).next().unwrap_or(&self.name);
        file.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or(file)
    }

    /// A fault at a line, counted from 1.
    pub fn fault(&self, line: u64, code: Code, what: impl Into<String>, remedy: impl Into<String>) -> Fault {
        Fault::new(code, format_args!("{}:{line}", self.name), what, remedy)
    }
}
