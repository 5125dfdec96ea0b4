//! Files in and out: JSON, plain or compressed with gzip or zstd.

use super::Instance;
use super::decode::{self, At};
use super::document::Document;
use super::fault::{Code, Fault, Faults};
use super::resolve::{self, Hashes, Placed};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Why nothing was read.
#[derive(Debug)]
pub enum ReadError {
    /// A file cannot be opened, read or decompressed.
    Io {
        /// Which; `-` is standard input.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The input has faults.
    Faults(Faults),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Io { path, cause } => write!(f, "{}: {cause}", path.display()),
            ReadError::Faults(faults) => faults.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<Faults> for ReadError {
    fn from(faults: Faults) -> ReadError {
        ReadError::Faults(faults)
    }
}

/// Reads an instance, and the policies file that is given beside it; `-` is standard input. With the instance come
/// warnings.
pub fn read(path: &Path, policies: Option<&Path>) -> Result<(Instance, Vec<Fault>), ReadError> {
    let text = bytes(path)?;
    let beside = policies.map(|path| bytes(path).map(|text| (path.display().to_string(), text))).transpose()?;
    Ok(instance(text, beside)?)
}

/// The bytes of a file after decompression, whatever its name ends in; `-` is standard input.
pub fn bytes(path: &Path) -> Result<Vec<u8>, ReadError> {
    let read = || {
        let mut raw = Vec::new();
        match path == Path::new("-") {
            true => io::stdin().lock().read_to_end(&mut raw)?,
            false => File::open(path)?.read_to_end(&mut raw)?,
        };
        decompress(raw)
    };
    read().map_err(|cause| ReadError::Io { path: path.to_owned(), cause })
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes an instance as JSON, compressed if the name ends in `.gz` or `.zst`; `-` is standard output.
pub fn write(path: &Path, document: &Document) -> io::Result<()> {
    if path == Path::new("-") {
        return encode(BufWriter::new(io::stdout().lock()), document)?.flush();
    }
    let file = BufWriter::new(File::create(path)?);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => encode(GzEncoder::new(file, Compression::default()), document)?.finish()?.flush(),
        Some("zst") => encode(zstd::Encoder::new(file, 3)?, document)?.finish()?.flush(),
        _ => encode(file, document)?.flush(),
    }
}

fn encode<W: Write>(mut to: W, document: &Document) -> io::Result<W> {
    serde_json::to_writer(&mut to, document)?;
    Ok(to)
}

/// Tells gzip and zstd by their first bytes.
fn decompress(raw: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    match raw.as_slice() {
        [0x1f, 0x8b, ..] => MultiGzDecoder::new(raw.as_slice()).read_to_end(&mut text)?,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => zstd::Decoder::with_buffer(raw.as_slice())?.read_to_end(&mut text)?,
        _ => return Ok(raw),
    };
    Ok(text)
}

impl Instance {
    /// Makes an instance from rows, by the same checks as from a file; its hash is that of the rows' JSON as
    /// [`write()`] puts it out.
    pub fn from_document(document: Document) -> Result<(Instance, Vec<Fault>), Faults> {
        match serde_json::to_vec(&document) {
            Ok(text) => Instance::from_json(text),
            Err(cause) => Err(Faults(vec![Fault::new(Code::Syntax, "$", cause.to_string(), "mend the value")])),
        }
    }

    /// Makes an instance from the text of a file.
    pub fn from_json(text: impl Into<Vec<u8>>) -> Result<(Instance, Vec<Fault>), Faults> {
        instance(text.into(), None)
    }
}

/// Reads an instance and the policies beside it (file name and text); all faults of both come in one report.
fn instance(text: Vec<u8>, beside: Option<(String, Vec<u8>)>) -> Result<(Instance, Vec<Fault>), Faults> {
    let mut faults = Vec::new();
    let (document, hash) = rayon::join(|| decode::document(&text, &mut faults), || sha256(&text));
    let mut document = document.map_err(|fault| Faults(vec![fault]))?;
    drop(text);
    let mut policies = Placed::default();
    policies.add(std::mem::take(&mut document.policies), At::root("").field("policies"), &mut faults);
    let mut hashes = Hashes { instance: hash, policies: None };
    if let Some((file, text)) = beside {
        let read = decode::policies(&text, &file, &mut faults);
        match read {
            Ok(read) => policies.add(read, At::root(&file), &mut faults),
            Err(fault) => faults.push(fault),
        }
        hashes.policies = Some(sha256(&text));
    }
    resolve::resolve(document, policies, hashes, faults)
}
