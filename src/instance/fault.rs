//! Faults of the input: code, place, what is wrong, and what to do.
//!
//! Reading never stops at the first fault but for a JSON syntax fault; what it found is one [`Faults`], in the order of
//! the format's lists and their rows. [`Code::ALL`] is the index of codes; `instances/invalid/README.md` is made from it.

use std::fmt;

/// Whether a fault refuses the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The input is refused.
    Error,
    /// The input is taken, and the caller should know.
    Warning,
}

macro_rules! codes {
    ($($name:ident = $word:literal, $severity:ident, $meaning:literal, $remedy:literal;)*) => {
        /// What kind of fault it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $meaning] $name),* }

        impl Code {
            /// Every code with its meaning and the usual remedy.
            pub const ALL: &'static [(Code, &'static str, &'static str)] = &[$((Code::$name, $meaning, $remedy)),*];

            /// The word that reports carry.
            pub fn word(self) -> &'static str {
                match self { $(Code::$name => $word),* }
            }

            /// Whether it refuses the input.
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity),* }
            }
        }
    };
}

codes! {
    Syntax = "syntax", Error, "The text is not JSON; reading ends here.", "Mend the text at the line and column named.";
    BadText = "bad_text", Error, "A text has an escape that stands for no character.", "Write the character itself, or both halves of its pair.";
    WrongFormat = "wrong_format", Error, "`format` names another format or version.", "Write \"pleach/instance/1\".";
    MissingField = "missing_field", Error, "A required field is absent; the path is that of the object.", "Add the field.";
    UnknownField = "unknown_field", Error, "A field, rule or selector key that the format does not know.", "Take the nearest known name, or begin the name with x- to have it ignored.";
    DuplicateKey = "duplicate_key", Error, "A name stands twice in one object.", "Keep one of them.";
    WrongType = "wrong_type", Error, "A value of another type than the field takes.", "Write a value of the type named.";
    NotAList = "not_a_list", Error, "A bare value where a list belongs.", "Put it in brackets.";
    UnknownWord = "unknown_word", Error, "A word that the field does not know.", "Take one of the words named.";
    OutOfRange = "out_of_range", Error, "A number outside of its range, or with too many decimals.", "Write a number of the range named.";
    EmptyId = "empty_id", Error, "An id without a character.", "Give it a name.";
    BadTime = "bad_time", Error, "An instant, time of day or time zone that cannot be read.", "Write an RFC 3339 instant, HH:MM, or an IANA zone.";
    BadAddress = "bad_address", Error, "An address or prefix that cannot be read.", "Write an IPv4 or IPv6 address, or a prefix such as 203.0.113.0/24.";
    DuplicateId = "duplicate_id", Error, "Two rows of one list have the same id; the path is that of the later.", "Rename or remove one of them.";
    DuplicateEntry = "duplicate_entry", Error, "Two rows speak of the same pair; the path is that of the later.", "Keep one of them.";
    DanglingReference = "dangling_reference", Error, "A name that no row of the list it refers to has.", "Add the row, or mend the name.";
    BrokenRoute = "broken_route", Error, "The links of a route do not lead from its start to its end.", "List links that join up, in order.";
    BadSelector = "bad_selector", Error, "A selector that its rule or its field cannot use.", "Select by what the rule concerns.";
    BadRule = "bad_rule", Error, "A policy without exactly one rule, or a rule without exactly one limit.", "Write one policy for each rule.";
    NotRelaxable = "not_relaxable", Error, "A policy is relaxable although its rule never is.", "Remove `relaxable`.";
    MatchesNothing = "matches_nothing", Warning, "A policy that no flow or request of the instance matches.", "Look at its selectors for a mistyped value.";
}

/// One fault of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which kind.
    pub code: Code,
    /// JSON path of the place, after the file's name where it is not the instance's file.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Fault {
    /// A fault at a place.
    pub fn new(code: Code, path: impl fmt::Display, what: impl Into<String>, remedy: impl Into<String>) -> Fault {
        Fault { code, path: path.to_string(), what: what.into(), remedy: remedy.into() }
    }

    /// Whether it refuses the input.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}[{}] {}: {}; {}", self.code.word(), self.path, self.what, self.remedy)
    }
}

/// Every fault of one input; at least one of them is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.0 {
            writeln!(f, "{fault}")?;
        }
        let errors = self.0.iter().filter(|fault| fault.severity() == Severity::Error).count();
        write!(f, "{errors} {} in the input", if errors == 1 { "error" } else { "errors" })
    }
}

impl std::error::Error for Faults {}

/// Lists in the order in which faults are reported.
const LISTS: [&str; 13] = [
    "format", "name", "time", "contents", "nodes", "holdings", "requests", "networks", "links", "routes", "paths", "clusters",
    "policies",
];

/// Sorts faults by list and row; within a row they keep the order in which they were found.
pub(super) fn sort(faults: &mut [Fault]) {
    faults.sort_by_cached_key(|fault| place(&fault.path));
}

/// The list and row that a path leads to; the object itself first, other files last.
fn place(path: &str) -> (usize, u64) {
    let Some(steps) = path.strip_prefix('$') else {
        let row = path.rsplit_once(": $[").map_or(0, |(_, rest)| rest.split(']').next().map_or(0, |d| d.parse().unwrap_or(0)));
        return (usize::MAX, row);
    };
    let name = steps.trim_start_matches('.').split(['.', '[']).next().unwrap_or("");
    if name.is_empty() {
        return (0, 0);
    }
    let list = LISTS.iter().position(|known| *known == name).unwrap_or(LISTS.len());
    (list + 1, row(steps))
}

/// The first index in a path.
fn row(path: &str) -> u64 {
    let digits = path.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    digits.and_then(|(digits, _)| digits.parse().ok()).unwrap_or(0)
}
