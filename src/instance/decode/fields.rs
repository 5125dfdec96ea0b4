//! The fields of one object, taken one by one; what is left at the end is unknown.

use super::at::At;
use super::scalar::{Read, Wrong, bad_text, excerpt, kind, nearest};
use crate::instance::fault::{Code, Fault};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// One object of the file: its names and the exact texts of its values, duplicates kept.
pub(in crate::instance) struct Fields<'a, 'r> {
    /// Where the object stands.
    pub at: At<'r>,
    /// Where faults go.
    pub faults: &'r mut Vec<Fault>,
    entries: Vec<Entry<'a>>,
    asked: Vec<&'static str>,
    /// It was no object: that is reported, and nothing is missed in it.
    silent: bool,
}

type Entry<'a> = (Cow<'a, str>, Option<&'a RawValue>);

impl<'a, 'r> Fields<'a, 'r> {
    /// Opens an object; anything else is reported and read as an empty one.
    pub fn open(raw: &'a str, at: At<'r>, faults: &'r mut Vec<Fault>) -> Fields<'a, 'r> {
        let read = match raw.starts_with('{') {
            true => serde_json::from_str::<Entries<'a>>(raw).map_err(|_| bad_text()),
            false => Err(Wrong::kind(raw, "an object")),
        };
        let silent = read.is_err();
        let entries = read.map(|entries| entries.0).unwrap_or_else(|wrong| {
            faults.push(Fault::new(wrong.code, at, wrong.what, wrong.remedy));
            Vec::new()
        });
        Fields { at, faults, entries, asked: Vec::with_capacity(24), silent }
    }

    /// The value of a field; `None` where it is absent or `null`.
    pub fn take(&mut self, name: &'static str) -> Option<&'a str> {
        self.asked.push(name);
        let mut found = None;
        for (key, value) in &mut self.entries {
            if key.as_ref() != name {
                continue;
            }
            let value = value.take();
            if found.is_some() {
                self.faults.push(duplicate(self.at.field(name)));
            } else {
                found = value;
            }
        }
        found.map(RawValue::get).filter(|raw| *raw != "null")
    }

    /// A field that may be absent.
    pub fn optional<T>(&mut self, name: &'static str, read: impl FnOnce(&str) -> Read<T>) -> Option<T> {
        let raw = self.take(name)?;
        self.value(name, raw, read)
    }

    /// A field that must be there; `None` after a fault.
    pub fn required<T>(&mut self, name: &'static str, read: impl FnOnce(&str) -> Read<T>) -> Option<T> {
        match self.take(name) {
            Some(raw) => self.value(name, raw, read),
            None => {
                self.missing(name);
                None
            }
        }
    }

    /// Reports that a field is missing.
    pub fn missing(&mut self, name: &str) {
        if !self.silent {
            self.faults.push(Fault::new(Code::MissingField, self.at, format!("{name:?} is missing"), format!("add {name:?}")));
        }
    }

    /// A list of single values that may be absent. A value with a fault leaves an empty one, so that others keep their place.
    pub fn list<T: Default>(&mut self, name: &'static str, read: impl Fn(&str) -> Read<T>) -> Option<Vec<T>> {
        let raw = self.take(name)?;
        let at = self.at.field(name);
        Some(values(raw, at, self.faults, |raw, at, faults| Some(keep(read(raw), at, faults).unwrap_or_default())))
    }

    /// A list of single values that must be there.
    pub fn required_list<T: Default>(&mut self, name: &'static str, read: impl Fn(&str) -> Read<T>) -> Vec<T> {
        let list = self.list(name, read);
        if list.is_none() {
            self.missing(name);
        }
        list.unwrap_or_default()
    }

    /// An object inside this one.
    pub fn object<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Fields<'a, '_>) -> T) -> Option<T> {
        let raw = self.take(name)?;
        let mut inner = Fields::open(raw, self.at.field(name), self.faults);
        let value = read(&mut inner);
        inner.finish();
        Some(value)
    }

    /// Reports a fault at one of the fields.
    pub fn fault(&mut self, name: &str, code: Code, what: impl Into<String>, remedy: impl Into<String>) {
        self.faults.push(Fault::new(code, self.at.field(name), what, remedy));
    }

    /// All that is left, for objects whose names are free; a name that stands twice is reported.
    pub fn rest(&mut self) -> Vec<(Cow<'a, str>, &'a str)> {
        let mut seen = std::collections::BTreeSet::new();
        let mut rest = Vec::new();
        for (key, value) in std::mem::take(&mut self.entries) {
            let Some(value) = value else { continue };
            if seen.insert(key.clone()) {
                rest.push((key, value.get()));
            } else {
                self.faults.push(duplicate(self.at.field(&key)));
            }
        }
        rest
    }

    /// Nothing is left but what is ignored.
    pub fn is_empty(&self) -> bool {
        self.entries.iter().all(|(key, value)| value.is_none() || key.starts_with("x-"))
    }

    /// Reports what nobody asked for, with the nearest name that somebody did ask for.
    pub fn finish(self) {
        for (key, value) in &self.entries {
            if value.is_some() && !key.starts_with("x-") {
                let wrong = unknown_field(key, self.asked.iter().copied());
                self.faults.push(Fault::new(wrong.code, self.at.field(key), wrong.what, wrong.remedy));
            }
        }
    }

    /// The names that were asked for.
    #[cfg(test)]
    pub fn asked(&self) -> &[&'static str] {
        &self.asked
    }

    /// Reads the text of one of the fields.
    pub fn value<T>(&mut self, name: &'static str, raw: &str, read: impl FnOnce(&str) -> Read<T>) -> Option<T> {
        keep(read(raw), self.at.field(name), self.faults)
    }
}

/// The value, or its fault put down at the place.
pub(in crate::instance) fn keep<T>(read: Read<T>, at: At<'_>, faults: &mut Vec<Fault>) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(wrong) => {
            faults.push(Fault::new(wrong.code, at, wrong.what, wrong.remedy));
            None
        }
    }
}

/// The elements of a list, each read at its own place.
pub(in crate::instance) fn values<'a, T>(
    raw: &'a str,
    at: At<'_>,
    faults: &mut Vec<Fault>,
    read: impl Fn(&'a str, At<'_>, &mut Vec<Fault>) -> Option<T>,
) -> Vec<T> {
    let elements = keep(elements(raw), at, faults).unwrap_or_default();
    elements.into_iter().enumerate().filter_map(|(index, raw)| read(raw.get(), at.index(index), faults)).collect()
}

/// The exact texts of a list's elements.
pub(in crate::instance) fn elements(raw: &str) -> Read<Vec<&RawValue>> {
    if !raw.starts_with('[') {
        let remedy = format!("write [{}]", excerpt(raw));
        return Err(Wrong::new(Code::NotAList, format!("{} stands where a list belongs", kind(raw)), remedy));
    }
    serde_json::from_str(raw).map_err(|_| bad_text())
}

/// The fault of a name that nobody knows.
pub(in crate::instance) fn unknown_field<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Wrong {
    let what = format!("{:?} is not known here", excerpt(name));
    match nearest(name, known) {
        Some(near) => Wrong::new(Code::UnknownField, what, format!("did you mean {near:?}?")),
        None => Wrong::new(Code::UnknownField, what, "remove it, or begin its name with x- to have it ignored"),
    }
}

fn duplicate(at: At<'_>) -> Fault {
    Fault::new(Code::DuplicateKey, at, "the name stands twice in this object", "keep one of them")
}

/// An object as it stands.
struct Entries<'a>(Vec<Entry<'a>>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut entries = Vec::with_capacity(16);
        while let Some(key) = map.next_key::<Key<'de>>()? {
            entries.push((key.0, Some(map.next_value()?)));
        }
        Ok(Entries(entries))
    }
}

/// A name, borrowed where it has no escape.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
