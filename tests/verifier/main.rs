//! The verifier is tested with good plans and with wrong ones, each of them named.

mod format;
mod house;
mod policies;
mod properties;
mod rejections;
mod routes;
mod statistics;
mod values;
