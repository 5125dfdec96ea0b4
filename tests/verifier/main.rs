//! The verifier is tested with good plans and with wrong ones, each of them named.

mod copies;
mod degrade;
mod delay;
mod format;
mod house;
mod policies;
mod properties;
mod redundancy;
mod rejections;
mod relaxation;
mod routes;
mod statistics;
mod values;
mod volume;
mod way;
