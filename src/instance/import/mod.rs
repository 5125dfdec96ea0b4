//! Import: instances from measurements that others have published.
//!
//! ```text
//! files --open--> Source --one format--> Made (a part of an instance, notes) --settle--> Document, written as an instance
//! ```
//!
//! A format is one file (or folder) with one function from [`Source`]s and its own options to
//! `Result<Made, Faults>`: the rows that the files speak of, and sentences about what they turned out to be. A format
//! opens nothing and prints nothing. It fills `name` and `time` where the files tell them and leaves them empty where
//! they do not; [`settle()`] fills the rest in, alone or merged into an instance that is there already.
//!
//! What all formats share: [`Source`] (an opened file), [`Complaints`] (every fault of the files, up to
//! [`Complaints::MOST`], each with file and line), and `table` (CSV by the names of its columns). Every fault is found
//! before a file is refused, and a line with a fault is left out of what is built.
//!
//! | format | files | what comes out |
//! | --- | --- | --- |
//! | [`p2plive`] | peers, links | the viewers of a live system at one moment, and the topology in force |
//!
//! The same files and options give the same document. The command line is the usual caller; a program calls the same
//! functions.

mod complaints;
pub mod p2plive;
mod settle;
mod source;
mod table;

pub use super::generate::Made;
pub use complaints::Complaints;
pub use settle::{document, settle};
pub use source::Source;
