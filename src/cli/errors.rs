//! What can go wrong, how it is told, and the exit code it ends with.

use super::terminal::{Terminal, say};
use serde::Serialize;
use std::ffi::OsString;
use std::fmt::Write;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::ExitCode;
use std::sync::Mutex;

/// How errors are written to standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON object.
    Json,
}

impl Format {
    /// Found without parsing, so that it holds for faults of the arguments themselves.
    pub fn of(arguments: &[OsString]) -> Format {
        let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
        let asked = words.contains(&"--error-format=json") || words.windows(2).any(|pair| pair == ["--error-format", "json"]);
        if asked { Format::Json } else { Format::Human }
    }
}

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The answer is no, and standard output has told why.
    Violation,
    /// A file that can be read, and is not what it should be.
    Input,
    /// The arguments.
    Usage,
    /// A file that cannot be read or written.
    File,
    /// The engine itself.
    Internal,
    /// The reader of standard output has gone; nothing is wrong.
    ClosedPipe,
}

impl Kind {
    fn exit_code(self) -> u8 {
        match self {
            Kind::ClosedPipe => 0,
            Kind::Violation => 1,
            Kind::Input | Kind::Usage | Kind::File => 2,
            Kind::Internal => 3,
        }
    }
}

/// One fault at one place.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// Stable name of the kind of fault.
    pub code: String,
    /// Where: a JSON path, or an argument.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// What to do; empty where only the plan can tell.
    pub remedy: String,
}

/// Why a command did not do what it was asked.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    kind: Kind,
    /// The exit code.
    code: u8,
    message: String,
    faults: Vec<Told>,
}

impl Failure {
    /// A failure with everything there is to say about it.
    pub fn new(kind: Kind, message: impl Into<String>, faults: Vec<Told>) -> Failure {
        Failure { kind, code: kind.exit_code(), message: message.into(), faults }
    }

    /// An argument that makes no sense.
    pub fn usage(argument: &str, what: impl Into<String>, remedy: impl Into<String>) -> Failure {
        let what = what.into();
        let told = Told { code: "usage".into(), path: argument.into(), what: what.clone(), remedy: remedy.into() };
        Failure::new(Kind::Usage, format!("{argument}: {what}"), vec![told])
    }

    /// A file that cannot be read or written; a reader that went away is no error.
    pub fn file(name: &str, fault: &io::Error) -> Failure {
        let kind = if fault.kind() == io::ErrorKind::BrokenPipe { Kind::ClosedPipe } else { Kind::File };
        Failure::new(kind, format!("{name}: {fault}"), Vec::new())
    }

    /// Tells it on standard error, and how to exit.
    pub fn tell(&self, format: Format) -> ExitCode {
        if self.kind != Kind::ClosedPipe {
            match format {
                Format::Json => say(&self.json()),
                // What `check` found stands on standard output already.
                Format::Human if self.kind == Kind::Violation && !self.faults.is_empty() => {}
                Format::Human => say(&self.words(Terminal::stderr())),
            }
        }
        ExitCode::from(self.code)
    }

    fn json(&self) -> String {
        #[derive(Serialize)]
        struct Object<'a> {
            error: &'a Failure,
        }
        let object = serde_json::to_string(&Object { error: self });
        object.map_or_else(|fault| format!("{fault}\n"), |object| object + "\n")
    }

    /// A headline, then each fault: where, what, remedy.
    fn words(&self, look: Terminal) -> String {
        let mut text = format!("{} {}\n", look.bad("error:"), look.strong(&self.message));
        for Told { code, path, what, remedy } in &self.faults {
            // A single fault of the arguments is in the headline already.
            if self.kind == Kind::Usage {
                let _ = writeln!(text, "  {} {remedy}", look.good("→"));
                continue;
            }
            let place = if path.is_empty() { "$" } else { path };
            let _ = writeln!(text, "\n  {}  {}", look.notice(place), look.quiet(code));
            let _ = writeln!(text, "    {what}");
            if !remedy.is_empty() {
                let _ = writeln!(text, "    {} {remedy}", look.good("→"));
            }
        }
        text
    }
}

impl From<clap::Error> for Failure {
    /// Only real faults: help and version are answers, not errors.
    fn from(fault: clap::Error) -> Failure {
        let text = fault.to_string();
        Failure::new(Kind::Usage, text.trim_start_matches("error: ").trim_end(), Vec::new())
    }
}

/// Runs a command; a panic becomes an internal error with its message and place.
pub fn guarded(command: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    static LAST_PANIC: Mutex<String> = Mutex::new(String::new());
    set_hook(Box::new(|panic| {
        if let Ok(mut last) = LAST_PANIC.lock() {
            *last = panic.to_string();
        }
    }));
    catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|_| {
        let panic = LAST_PANIC.lock().map(|last| last.clone()).unwrap_or_default();
        let request = "this is a fault in pleach, not in your input; please report it with the command and the instance";
        Err(Failure::new(Kind::Internal, format!("internal error: {panic}\n{request}"), Vec::new()))
    })
}
