//! A text that is read line by line, and what is wrong with it.

use super::super::fault::Code;
use super::{Complaints, Source};

/// One file, and where its faults go.
pub(super) struct Located<'f> {
    source: &'f Source,
    faults: &'f mut Complaints,
}

impl<'f> Located<'f> {
    /// Faults of this file go there.
    pub fn new(source: &'f Source, faults: &'f mut Complaints) -> Located<'f> {
        Located { source, faults }
    }

    /// The text, or a fault where it is none.
    pub fn text(&mut self) -> Option<&'f str> {
        let bytes = &self.source.text;
        let text = std::str::from_utf8(bytes);
        if let Err(wrong) = &text {
            let line = bytes[..wrong.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            self.fault(line, Code::Syntax, "bytes that are not UTF-8", "save the file as UTF-8");
        }
        text.ok()
    }

    /// Reports a fault at a line, counted from 1.
    pub fn fault(&mut self, line: usize, code: Code, what: impl Into<String>, remedy: impl Into<String>) {
        self.faults.add(self.source.fault(line as u64, code, what, remedy));
    }
}
