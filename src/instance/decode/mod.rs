//! Text to rows, finding every fault in one pass.
//!
//! Each object is taken apart into its names and the exact texts of its values ([`fields`]); single values are read from
//! those texts ([`scalar`]), so that duplicates, digits and decimals are seen as they were written. Rows are read in
//! parallel; faults are sorted at the end. A row with a fault stays in its list with empty values in place of what was
//! refused: positions stay true, and nothing that refers to it dangles.

mod at;
mod fields;
mod policy;
mod rows;
mod scalar;
mod selector;
#[cfg(test)]
mod tests;
mod when;

pub(super) use at::At;

use super::document::{Document, INSTANCE_FORMAT};
use super::fault::{Code, Fault};
use super::policy::Policy;
use fields::{Fields, elements, keep};
use rayon::prelude::*;
use scalar::{Read, Wrong, excerpt, text};
use serde_json::value::RawValue;
use std::sync::{Mutex, PoisonError};

/// A kind of row: reads itself from the fields of an object.
pub(super) trait Row: Sized + Send {
    /// Takes what it knows, and reports what is wrong with it.
    fn read(fields: &mut Fields<'_, '_>) -> Self;
}

/// Reads a whole instance. `Err` is a syntax fault, which ends the reading.
pub(super) fn document(bytes: &[u8], faults: &mut Vec<Fault>) -> Result<Document, Fault> {
    Ok(row(syntax(bytes, "")?, At::root(""), faults))
}

impl Row for Document {
    fn read(fields: &mut Fields<'_, '_>) -> Document {
        Document {
            format: fields.required("format", format).unwrap_or_default(),
            name: fields.required("name", text).unwrap_or_default().into(),
            time: fields.required("time", time).unwrap_or_default(),
            contents: list(fields, "contents"),
            nodes: list(fields, "nodes"),
            holdings: list(fields, "holdings"),
            requests: list(fields, "requests"),
            networks: list(fields, "networks"),
            links: list(fields, "links"),
            routes: list(fields, "routes"),
            paths: list(fields, "paths"),
            clusters: list(fields, "clusters"),
            policies: list(fields, "policies"),
            previous: list(fields, "previous"),
        }
    }
}

/// Reads a policies file: a JSON list of policies. `file` stands before the paths of its faults.
pub(super) fn policies(bytes: &[u8], file: &str, faults: &mut Vec<Fault>) -> Result<Vec<Policy>, Fault> {
    let raw = syntax(bytes, file)?;
    Ok(rows(raw, At::root(file), faults))
}

/// The text as one JSON value.
fn syntax<'a>(bytes: &'a [u8], file: &str) -> Result<&'a str, Fault> {
    let fault = |line: usize, column: usize, what: String| {
        let what = format!("line {line}, column {column}: {what}");
        Fault::new(Code::Syntax, At::root(file), what, "mend the text there")
    };
    let text = std::str::from_utf8(bytes).map_err(|wrong| {
        let before = &bytes[..wrong.valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        fault(line, column, "bytes that are not UTF-8".into())
    })?;
    match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) => Ok(raw.get()),
        Err(wrong) => {
            let what = wrong.to_string();
            let what = what.split(" at line ").next().unwrap_or_default().to_owned();
            Err(fault(wrong.line(), wrong.column(), what))
        }
    }
}

/// One list of the instance; empty where it is absent.
fn list<T: Row>(top: &mut Fields<'_, '_>, name: &'static str) -> Vec<T> {
    match top.take(name) {
        Some(raw) => rows(raw, top.at.field(name), top.faults),
        None => Vec::new(),
    }
}

/// Reads the rows of a list in parallel; the faults of one row stay together and in order.
fn rows<T: Row>(raw: &str, at: At<'_>, faults: &mut Vec<Fault>) -> Vec<T> {
    let elements = keep(elements(raw), at, faults).unwrap_or_default();
    let shared = Mutex::new(faults);
    let read = |(index, raw): (usize, &&RawValue)| {
        let mut faults = Vec::new();
        let row = row(raw.get(), at.index(index), &mut faults);
        if !faults.is_empty() {
            shared.lock().unwrap_or_else(PoisonError::into_inner).append(&mut faults);
        }
        row
    };
    elements.par_iter().enumerate().with_min_len(1024).map(read).collect()
}

/// Reads one row.
fn row<T: Row>(raw: &str, at: At<'_>, faults: &mut Vec<Fault>) -> T {
    let mut fields = Fields::open(raw, at, faults);
    let row = T::read(&mut fields);
    fields.finish();
    row
}

fn format(raw: &str) -> Read<String> {
    let given = text(raw)?;
    match given == INSTANCE_FORMAT {
        true => Ok(given.into()),
        false => {
            let what = format!("{:?} is not the format that is read here", excerpt(&given));
            Err(Wrong::new(Code::WrongFormat, what, format!("write {INSTANCE_FORMAT:?}")))
        }
    }
}

fn time(raw: &str) -> Read<String> {
    let given = text(raw)?;
    match given.parse::<jiff::Timestamp>() {
        Ok(_) => Ok(given.into()),
        Err(_) => {
            let what = format!("{:?} is not an instant", excerpt(&given));
            Err(Wrong::new(Code::BadTime, what, "write an RFC 3339 instant such as 2026-11-22T19:30:00Z"))
        }
    }
}
