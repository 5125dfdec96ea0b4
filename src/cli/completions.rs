//! `pleach completions` and `pleach man`: what a package installs beside the binary.

use super::errors::Failure;
use super::output;
use clap::{Args, Command};
use clap_complete::Shell;
use std::path::PathBuf;

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

/// As typed.
#[derive(Debug, Args)]
pub struct ManArguments {
    /// Writes one page per verb into this folder
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// Prints a completion script.
pub fn run(arguments: Arguments, mut command: Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "pleach", &mut script);
    output::write(None, |out| out.write_all(&script))
}

/// Prints the manual page of `pleach`, or writes all pages.
pub fn man(arguments: ManArguments, command: Command) -> Result<(), Failure> {
    let Some(dir) = arguments.dir else {
        return output::write(None, |out| clap_mangen::Man::new(command).render(out));
    };
    std::fs::create_dir_all(&dir)
        .and_then(|()| clap_mangen::generate_to(command, &dir))
        .map_err(|fault| Failure::file(&dir.display().to_string(), &fault))
}
