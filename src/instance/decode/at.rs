//! Where in the file something stands, written out only when there is a fault to report.

use std::fmt;

/// A place: a chain of steps from the root.
#[derive(Clone, Copy)]
pub(in crate::instance) struct At<'p> {
    up: Option<&'p At<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Root(&'p str),
    Path(&'p str),
    Field(&'p str),
    Index(usize),
}

impl<'p> At<'p> {
    /// The whole text; `file` stands before the path where there may be doubt which file is meant.
    pub fn root(file: &'p str) -> At<'p> {
        At { up: None, step: Step::Root(file) }
    }

    /// A place that is written out already.
    pub fn path(path: &'p str) -> At<'p> {
        At { up: None, step: Step::Path(path) }
    }

    /// A field of this object.
    pub fn field(&'p self, name: &'p str) -> At<'p> {
        At { up: Some(self), step: Step::Field(name) }
    }

    /// An element of this list.
    pub fn index(&'p self, index: usize) -> At<'p> {
        At { up: Some(self), step: Step::Index(index) }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(up) = self.up {
            write!(f, "{up}")?;
        }
        match self.step {
            Step::Root("") => f.write_str("$"),
            Step::Root(file) => write!(f, "{file}: $"),
            Step::Path(path) => f.write_str(path),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Field(name) if is_plain(name) => write!(f, ".{name}"),
            Step::Field(name) => write!(f, "[{name:?}]"),
        }
    }
}

/// Can stand behind a point.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
