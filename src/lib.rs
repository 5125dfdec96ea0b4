//! `pleach` decides who sends what to whom in a hybrid CDN / peer-to-peer network.
//!
//! # The house
//!
//! Folders are floors: a module uses only floors below its own, never a neighbour on its floor (`tests/floors.rs` reads
//! the `use` lines and enforces it).
//!
//! ```text
//! floor 8   cli/  main.rs           arguments in, files out, exit codes
//! floor 4   engine/                 solve: one cluster, the whole story in one short function
//! floor 3   placement/              greedy multi-tree: orders, ceilings, pools
//! floor 2   forest/  verify/        all trees, mutable | the independent proof
//! floor 1   policy/  plan/          policies compiled to pairs, weights, limits | the decision and its worth
//! floor 0   instance/               what is given: format, checks, network, scenarios
//!           ids.rs units.rs parameters.rs   beneath it
//! ```
//!
//! # The way of the data
//!
//! ```text
//! file -> instance::read -> Instance          all faults at once, each with code, path, remedy
//!      -> policy::compile -> Rules            nothing is matched by text later
//!      -> placement -> Forest -> Plan         there is always an answer
//!      -> verify -> Verified<Plan>            only verify can make one; only a verified plan leaves the engine
//! ```

pub mod engine;
pub mod forest;
pub mod ids;
pub mod instance;
pub mod parameters;
pub mod placement;
pub mod plan;
pub mod policy;
pub mod program;
pub mod units;
pub mod verify;
