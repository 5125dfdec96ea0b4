//! The oracle: tiny instances, and the best plan of each by trying all plans.
//!
//! A third reading of the contract, beside the engine's and the verifier's. It starts from the [`Document`], fills in the
//! defaults itself, compares selectors as text, finds routes by listing simple paths, and searches plans exhaustively. It
//! is slow and plain on purpose. Nothing of the engine is used but the types of the file format.
//!
//! ```text
//! generate (topology, policies) -> Document --reading (matching, geography)--> World --brute (law, search)--> Best
//!                            Best --plan--> Plan
//!                            Document --binding: take one item away, search again--> which items bind
//! ```
//!
//! [`Document`]: pleach::instance::Document

pub mod binding;
pub mod brute;
pub mod generate;
pub mod geography;
pub mod law;
pub mod matching;
pub mod plan;
pub mod policies;
pub mod reading;
pub mod search;
pub mod topology;
