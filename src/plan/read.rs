//! Plans in: the text of a file to [`PlanFile`]. A file that is no plan is bad input.

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
    #[derive(serde::Deserialize)]
    struct Head {
        format: String,
    }
    let fault = |code, what: String, remedy: &str| Faults(vec![Fault::new(code, path.display(), what, remedy)]);
    let other = |format: &str| {
        let what = format!("format is {format:?}, not {PLAN_FORMAT:?}");
        fault(Code::WrongFormat, what, "give a plan, or the version of the program that wrote it")
    };
    match serde_json::from_slice::<PlanFile>(text) {
        Ok(file) if file.format == PLAN_FORMAT => Ok(file),
        Ok(file) => Err(other(&file.format)),
        Err(cause) if cause.is_data() => match serde_json::from_slice::<Head>(text) {
            Ok(head) if head.format != PLAN_FORMAT => Err(other(&head.format)),
            _ if cause.to_string().starts_with("missing field") => {
                Err(fault(Code::MissingField, cause.to_string(), "add the field"))
            }
            _ => Err(fault(Code::WrongType, cause.to_string(), "write the value that the plan format asks for")),
        },
        Err(cause) => Err(fault(Code::Syntax, cause.to_string(), "mend the text at the line and column named")),
    }
}
