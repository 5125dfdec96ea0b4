//! Relations between autonomous systems: the serial-1 files of CAIDA, and the graph that they make.
//!
//! `a|b|-1`: a provides to b. `a|b|0`: they are peers. Lines that begin with `#` are comments; further fields, as serial-2
//! has them, are skipped.

use super::super::super::fault::Code;
use super::super::located::Located;
use rustc_hash::FxHashMap;
use std::ops::Range;

/// What b is to a.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Customer,
    Peer,
    Provider,
}

/// Systems by dense number, in order of their AS numbers, with their neighbours in the same order.
pub struct Relations {
    /// AS numbers, rising.
    pub systems: Vec<u32>,
    /// Neighbours of system x are `ends[starts[x]..starts[x + 1]]`.
    starts: Vec<u32>,
    ends: Vec<(u32, Role)>,
    /// When the routes were seen, `YYYYMMDD`, as a comment says.
    pub date: Option<String>,
}

/// Reads the file; a line with a fault is left out.
pub fn parse(text: &str, located: &mut Located) -> Relations {
    let mut known: FxHashMap<(u32, u32), usize> = FxHashMap::default();
    let mut pairs: Vec<(u32, u32, Role)> = Vec::new();
    let mut date = None;
    for (line, text) in text.lines().enumerate().map(|(row, text)| (row + 1, text.trim())) {
        if let Some(comment) = text.strip_prefix('#') {
            date = date.or_else(|| comment.split('|').find(|word| is_date(word)).map(str::to_owned));
            continue;
        }
        if text.is_empty() {
            continue;
        }
        let Some((a, b, role)) = relation(text, line, located) else { continue };
        if let Some(first) = known.insert((a.min(b), a.max(b)), line) {
            let what = format!("the relation of {a} and {b} stands in line {first} already");
            located.fault(line, Code::DuplicateEntry, what, "keep one of them");
        }
        let back = if role == Role::Peer { Role::Peer } else { Role::Provider };
        pairs.extend([(a, b, role), (b, a, back)]);
    }
    Relations::of(pairs, date)
}

pub(super) fn is_date(word: &str) -> bool {
    word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn relation(text: &str, line: usize, located: &mut Located) -> Option<(u32, u32, Role)> {
    let mut words = text.split('|');
    let (Some(a), Some(b), Some(role)) = (words.next(), words.next(), words.next()) else {
        located.fault(line, Code::Syntax, format!("{text:?} is no relation"), "write A|B|-1 (A provides to B) or A|B|0 (peers)");
        return None;
    };
    let mut system = |word: &str| {
        let number = word.parse::<u32>().ok();
        if number.is_none() {
            located.fault(line, Code::OutOfRange, format!("{word:?} is no number of an AS"), "write 0 to 4294967295");
        }
        number
    };
    let (a, b) = (system(a), system(b));
    let role = match role {
        "-1" => Some(Role::Customer),
        "0" => Some(Role::Peer),
        _ => {
            located.fault(line, Code::UnknownWord, format!("{role:?} is no relation"), "write -1 (provider) or 0 (peers)");
            None
        }
    };
    let (a, b) = a.zip(b)?;
    if a == b {
        located.fault(line, Code::BadRule, format!("{a} has a relation with itself"), "remove the line");
        return None;
    }
    Some((a, b, role?))
}

impl Relations {
    fn of(pairs: Vec<(u32, u32, Role)>, date: Option<String>) -> Relations {
        let mut systems: Vec<u32> = pairs.iter().map(|(a, ..)| *a).collect();
        systems.sort_unstable();
        systems.dedup();
        let row = |asn: u32| systems.partition_point(|system| *system < asn) as u32;
        let mut rows: Vec<(u32, u32, Role)> = pairs.into_iter().map(|(a, b, role)| (row(a), row(b), role)).collect();
        rows.sort_unstable();
        let starts = (0..=systems.len() as u32).map(|x| rows.partition_point(|(a, ..)| *a < x) as u32).collect();
        Relations { systems, starts, ends: rows.into_iter().map(|(_, b, role)| (b, role)).collect(), date }
    }

    /// The dense number of an AS.
    pub fn row(&self, asn: u32) -> Option<usize> {
        self.systems.binary_search(&asn).ok()
    }

    /// Every system.
    pub fn rows(&self) -> Range<usize> {
        0..self.systems.len()
    }

    /// Neighbours of a system and what they are to it, in order of their numbers.
    pub fn neighbours(&self, system: usize) -> &[(u32, Role)] {
        &self.ends[self.starts[system] as usize..self.starts[system + 1] as usize]
    }

    /// Neighbours of one kind.
    pub fn of_kind(&self, system: usize, role: Role) -> impl Iterator<Item = usize> {
        self.neighbours(system).iter().filter(move |(_, is)| *is == role).map(|(row, _)| *row as usize)
    }
}
