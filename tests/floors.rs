//! The house rules, enforced: floors, rooms, the length of a file, and where `unsafe` may stand.
//!
//! A file under `src/` belongs to a room (its top folder, or its own name), and a room stands on a floor. A path that
//! leaves a room must lead to a room on a lower floor.

use std::fs;
use std::path::{Path, PathBuf};

/// Every room with its floor. -1 is what all rooms stand on; 9 is the roof, which may look into every room.
const HOUSE: [(&str, i8); 20] = [
    ("ids", -1),
    ("units", -1),
    ("parameters", -1),
    ("instance", 0),
    ("policy", 1),
    ("plan", 1),
    ("program", 2),
    ("forest", 2),
    ("verify", 2),
    ("placement", 3),
    ("live", 3),
    ("engine", 4),
    ("control", 5),
    ("report", 6),
    ("simulate", 6),
    ("service", 7),
    ("cli", 8),
    ("main", 9),
    ("lib", 9),
    ("bin", 9),
];

/// Rooms that the verifier may enter: it shares no code with what it judges.
const VERIFY_USES: [&str; 5] = ["ids", "units", "parameters", "instance", "plan"];

/// The one file that talks to the foreign solver.
const UNSAFE_ALLOWED: &str = "program/highs.rs";

/// A longer file tells two stories.
const LONGEST_FILE: usize = 400;

fn floor(room: &str) -> Option<i8> {
    HOUSE.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// Every fault of one file; `path` is relative to `src/`.
fn faults(path: &str, text: &str) -> Vec<String> {
    let module = module_of(path);
    let room = module[0].clone();
    let Some(own) = floor(&room) else { return vec![format!("{path}: the house has no room \"{room}\"")] };
    let tokens = tokens(text);
    let mut faults = Vec::new();
    for used in rooms_used(&module, &tokens) {
        match floor(&used) {
            _ if used == room => {}
            None => faults.push(format!("{path}: uses \"{used}\", which is no room")),
            Some(its) if its > own => faults.push(format!("{path}: floor {own} looks up to {used} on floor {its}")),
            Some(its) if its == own => faults.push(format!("{path}: looks into {used}, a neighbour on floor {own}")),
            Some(_) if room == "verify" && !VERIFY_USES.contains(&used.as_str()) => {
                faults.push(format!("{path}: the verifier shares no code with {used}"));
            }
            Some(_) => {}
        }
    }
    if path != UNSAFE_ALLOWED && tokens.iter().any(|token| token == "unsafe") {
        faults.push(format!("{path}: unsafe stands in {UNSAFE_ALLOWED} alone"));
    }
    let lines = text.lines().count();
    if lines > LONGEST_FILE {
        faults.push(format!("{path}: {lines} lines, more than {LONGEST_FILE}"));
    }
    faults
}

/// `instance/document.rs` is module `[instance, document]`, `instance/mod.rs` is `[instance]`.
fn module_of(path: &str) -> Vec<String> {
    let mut module: Vec<String> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.len() > 1 && module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

/// First segments of all paths that start at the root of the crate: `crate::`, `pleach::`, or enough of `super::`.
fn rooms_used(file: &[String], tokens: &[String]) -> Vec<String> {
    let mut module: Vec<String> = file.to_vec();
    let mut inline: Vec<usize> = Vec::new(); // brace depths at which inline modules began
    let mut depth = 0;
    let mut rooms = Vec::new();
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token == word);
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].as_str() {
            "mod" if is(at + 2, "{") => {
                module.push(tokens[at + 1].clone());
                inline.push(depth);
                at += 1;
            }
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if inline.last() == Some(&depth) {
                    inline.pop();
                    module.pop();
                }
            }
            "crate" | "pleach" if is(at + 1, "::") && !is_segment(tokens, at) => heads(tokens, at + 2, &mut rooms),
            "super" if is(at + 1, "::") && !is_segment(tokens, at) => {
                let mut above = module.len();
                while is(at, "super") && is(at + 1, "::") {
                    above = above.saturating_sub(1);
                    at += 2;
                }
                if above == 0 {
                    heads(tokens, at, &mut rooms);
                }
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    rooms
}

/// The token continues a path (`a::crate` is no start), but for `pub(in crate::a)` and groups, where it does not.
fn is_segment(tokens: &[String], at: usize) -> bool {
    at >= 2 && tokens[at - 1] == "::" && tokens[at - 2] != ">"
}

/// The first segments of what stands at `at`: one name, or a group `{a, b::c, d::{e, f}}`.
fn heads(tokens: &[String], at: usize, rooms: &mut Vec<String>) {
    let Some(token) = tokens.get(at) else { return };
    if token != "{" {
        rooms.push(token.clone());
        return;
    }
    let mut depth = 1;
    let mut fresh = true;
    for token in &tokens[at + 1..] {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 1 => fresh = true,
            name if depth == 1 && fresh => {
                rooms.push(name.to_owned());
                fresh = false;
            }
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

/// Words and signs of Rust source, `::` as one sign; comments, strings and characters are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let skip = if first.is_whitespace() {
            first.len_utf8()
        } else if let Some(length) = skipped(rest) {
            length
        } else if word > 0 {
            tokens.push(rest[..word].to_owned());
            word
        } else {
            let sign = if rest.starts_with("::") { "::" } else { &rest[..first.len_utf8()] };
            tokens.push(sign.to_owned());
            sign.len()
        };
        rest = &rest[skip..];
    }
    tokens
}

/// The length of a comment, a string or a character at the start of the text.
fn skipped(text: &str) -> Option<usize> {
    let until = |from: usize, end: &str| text[from..].find(end).map_or(text.len(), |found| from + found + end.len());
    if text.starts_with("//") {
        return Some(until(0, "\n"));
    }
    if text.starts_with("/*") {
        return Some(block_comment(text));
    }
    let body = text.trim_start_matches(['b', 'c']);
    let prefix = text.len() - body.len();
    if prefix <= 1 && body.starts_with('r') {
        let hashes = body[1..].len() - body[1..].trim_start_matches('#').len();
        let quote = prefix + 1 + hashes;
        if text[quote..].starts_with('"') {
            return Some(until(quote + 1, &format!("\"{}", "#".repeat(hashes))));
        }
    }
    if prefix <= 1 && body.starts_with('"') {
        return Some(quoted(text, prefix, '"'));
    }
    // A quote is a character where it closes after one sign or an escape; else a lifetime.
    let mut signs = body.chars();
    let character = signs.next() == Some('\'') && (signs.next() == Some('\\') || signs.next() == Some('\''));
    (prefix <= 1 && character).then(|| quoted(text, prefix, '\''))
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

fn quoted(text: &str, open: usize, quote: char) -> usize {
    let mut escaped = false;
    for (at, sign) in text[open + 1..].char_indices() {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if sign == quote => return open + 1 + at + 1,
            _ => {}
        }
    }
    text.len()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).expect("src is readable").map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
}

#[test]
fn every_file_keeps_to_its_floor() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 10, "the walk found only {} files", files.len());
    let all: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let name = file.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
            faults(&name, &fs::read_to_string(file).expect("sources are text"))
        })
        .collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn bad_snippets_are_told() {
    let cases = [
        ("instance/read.rs", "use crate::engine::solve;", "looks up to engine"),
        ("instance/read.rs", "use crate::{ids, plan::Plan};", "looks up to plan"),
        ("instance/read.rs", "use crate::{\n    ids::{NodeId, Table},\n    verify::{self},\n};", "looks up to verify"),
        ("policy/mod.rs", "fn f() -> crate::plan::Plan { g() }", "looks into plan, a neighbour"),
        ("policy/mod.rs", "use super::engine;", "looks up to engine"),
        ("policy/compile.rs", "mod tests { use super::super::super::forest::Forest; }", "looks up to forest"),
        ("placement/greedy.rs", "fn f<'a>(x: &'a str) { let q = '\"'; crate::live::go() }", "looks into live"),
        ("verify/mod.rs", "use crate::policy::Rules;", "shares no code with policy"),
        ("engine/mod.rs", "use pleach::cli::run;", "looks up to cli"),
        ("forest/mod.rs", "use crate::*;", "is no room"),
        ("forest/mod.rs", "use crate::utilities::map;", "is no room"),
        ("attic/mod.rs", "", "no room \"attic\""),
        ("forest/mod.rs", "fn f(p: *const u8) -> u8 { unsafe { *p } }", "unsafe"),
    ];
    for (path, text, told) in cases {
        let faults = faults(path, text);
        assert!(faults.len() == 1 && faults[0].contains(told), "{path}: {text}\nwanted: {told}\ngot: {faults:?}");
    }
}

#[test]
fn good_snippets_pass() {
    let cases = [
        ("engine/mod.rs", "use crate::{ids::NodeId, instance::Instance, verify};"),
        ("engine/cluster/mod.rs", "use super::options::Options; use crate::engine::Cancel;"),
        ("plan/file.rs", "mod tests { use super::super::write; use super::*; }"),
        ("plan/file.rs", "// use crate::engine;\n/* crate::cli /* nested */ unsafe */ const T: &str = r#\"crate::cli \"q\"\"#;"),
        ("plan/file.rs", "const T: &str = \"\\\"crate::cli::unsafe\"; const C: char = '\\''; pub(in crate::plan) fn f() {}"),
        ("program/highs.rs", "fn f(p: *const u8) -> u8 { unsafe { *p } }"),
        ("cli/mod.rs", "use pleach::engine; use crate::cli::errors; #[allow(unsafe_code)] fn f() {}"),
        ("main.rs", "mod cli; fn main() { crate::cli::run() }"),
    ];
    for (path, text) in cases {
        assert_eq!(faults(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn a_file_may_have_400_lines_and_no_more() {
    assert_eq!(faults("plan/mod.rs", &"\n".repeat(400)), Vec::<String>::new());
    assert_eq!(faults("plan/mod.rs", &"\n".repeat(401)).len(), 1);
}
