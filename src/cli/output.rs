//! Where answers go: standard output, or a file that appears whole or not at all.

use super::errors::Failure;
use flate2::write::GzEncoder;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Standard output.
pub const STDOUT: &str = "-";

/// Writes an answer to a file (`.gz` and `.zst` are compressed), or to standard output for `-` and for no name.
pub fn write(path: Option<&Path>, answer: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    match path {
        Some(path) if path != Path::new(STDOUT) => {
            write_file(path, answer).map_err(|fault| Failure::file(&path.display().to_string(), &fault))
        }
        _ => {
            let mut stdout = BufWriter::new(io::stdout().lock());
            answer(&mut stdout).and_then(|()| stdout.flush()).map_err(|fault| Failure::file("standard output", &fault))
        }
    }
}

/// A regular file is written beside its place and then moved there: no reader ever sees half of it.
fn write_file(path: &Path, answer: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // A link stays a link: what it points to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let before = fs::metadata(&path).ok();
    if before.as_ref().is_some_and(|meta| !meta.is_file()) {
        // A device or a named pipe has to stay what it is.
        return compressed(&path, File::options().write(true).open(&path)?, answer).map(drop);
    }
    let (beside, file) = Beside::create(&path)?;
    let file = compressed(&path, file, answer)?;
    file.sync_all()?;
    if let Some(meta) = before {
        fs::set_permissions(&beside.0, meta.permissions())?;
    }
    fs::rename(&beside.0, &path)
}

/// Compresses as the file's name says.
fn compressed(path: &Path, file: File, answer: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<File> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => {
            let mut sink = BufWriter::new(GzEncoder::new(file, flate2::Compression::default()));
            answer(&mut sink)?;
            sink.into_inner()?.finish()
        }
        Some("zst") => {
            let mut sink = BufWriter::new(zstd::Encoder::new(file, zstd::DEFAULT_COMPRESSION_LEVEL)?);
            answer(&mut sink)?;
            sink.into_inner()?.finish()
        }
        _ => {
            let mut sink = BufWriter::new(file);
            answer(&mut sink)?;
            Ok(sink.into_inner()?)
        }
    }
}

/// A temporary file in the same folder, gone again unless it was moved.
struct Beside(PathBuf);

impl Beside {
    fn create(path: &Path) -> io::Result<(Beside, File)> {
        let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"))?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        let beside = path.with_file_name(hidden);
        let file = File::create_new(&beside)?;
        Ok((Beside(beside), file))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // After the move there is nothing to remove, and that is no fault.
        let _ = fs::remove_file(&self.0);
    }
}
