//! `pleach`: arguments in, files out, an exit code.
//!
//! | code | meaning |
//! | --- | --- |
//! | 0 | done, also when some requests stay unserved: the plan says so |
//! | 1 | the answer is no: `check` found a violation, or a plan for another instance |
//! | 2 | bad input or usage |
//! | 3 | internal error |

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let format = cli::errors::Format::of(&arguments);
    match cli::errors::guarded(|| cli::run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(format),
    }
}
