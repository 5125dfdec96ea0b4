//! Floor 4: one cluster, the whole story.
//!
//! [`solve`] takes an instance and options and always returns a plan that `verify` has proved: the greedy one first, a
//! better one where method and effort allow.

mod assemble;
mod certificate;
mod cut;
mod exact;
pub mod explain;
mod optimize;
pub mod options;
mod protocols;
mod reasons;
pub mod shortage;
mod solve;
pub mod theory;

pub use options::{Cancel, MethodChoice, Options, Outcome, Phase, Progress, Select, Silent};
pub use solve::solve;
