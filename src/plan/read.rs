//! Plans in: the text of a file to [`PlanFile`]. A file that is no plan is bad input. Certificates are read likewise.

use super::file::{PLAN_FORMAT, PlanFile};
use crate::instance::fault::{Code, Fault, Faults};
use crate::instance::read::{ReadError, bytes};
use std::path::Path;

/// Reads a plan file, plain or compressed; `-` is standard input.
pub fn read(path: &Path) -> Result<PlanFile, ReadError> {
    parse(&bytes(path)?, path).map_err(ReadError::Faults)
}

/// Reads the text of a plan file; `path` is named in faults.
pub fn parse(text: &[u8], path: &Path) -> Result<PlanFile, Faults> {
    parse_as(text, path, PLAN_FORMAT, |file: &PlanFile| &file.format)
}

/// Reads the text of a file of the wanted format, which `format` finds in it; `path` is named in faults.
pub(super) fn parse_as<T: serde::de::DeserializeOwned>(
    text: &[u8],
    path: &Path,
    wanted: &str,
    format: impl Fn(&T) -> &str,
) -> Result<T, Faults> {
    #[derive(serde::Deserialize)]
    struct Head {
        format: String,
    }
    let fault = |code, what: String, remedy: &str| Faults(vec![Fault::new(code, path.display(), what, remedy)]);
    let other = |format: &str| {
        let what = format!("format is {format:?}, not {wanted:?}");
        fault(Code::WrongFormat, what, "give a file of that format, or the version of the program that wrote this one")
    };
    match serde_json::from_slice::<T>(text) {
        Ok(file) if format(&file) == wanted => Ok(file),
        Ok(file) => Err(other(format(&file))),
        Err(cause) if cause.is_data() => match serde_json::from_slice::<Head>(text) {
            Ok(head) if head.format != wanted => Err(other(&head.format)),
            _ if cause.to_string().starts_with("missing field") => {
                Err(fault(Code::MissingField, cause.to_string(), "add the field"))
            }
            _ => Err(fault(Code::WrongType, cause.to_string(), "write the value that the format asks for")),
        },
        Err(cause) => Err(fault(Code::Syntax, cause.to_string(), "mend the text at the line and column named")),
    }
}
