//! `pleach` decides who sends what to whom in a hybrid CDN / peer-to-peer network.
//!
//! # The house
//!
//! Folders are floors: a module uses only floors below its own, never a neighbour on its floor (`tests/floors.rs` reads
//! the `use` lines and enforces it).
//!
//! ```text
//! floor 8   cli/  main.rs           arguments in, files out, exit codes
//! floor 6   report/                 a plan as a page to look at: who feeds whom, hop by hop, how full
//! floor 4   engine/                 solve: one cluster, the whole story in one short function; reasons, shortages, theory
//!           engine/explain/         remedies, parents, counterfactuals, policies without effect
//! floor 3   placement/              trees: greedy or guided by quotas, relays, gateways, relaxing, swap search
//! floor 2   program/ forest/ verify/ programs, the solver behind one door, prices, bounds | all trees, mutable |
//!                                   the independent proof
//! floor 1   policy/  plan/          policies compiled to classes, pairs, limits; cells | the decision and its worth
//! floor 0   instance/               what is given: format, checks, network, scenarios, import
//!           ids.rs units.rs parameters.rs   beneath it
//! ```
//!
//! # The way of the data
//!
//! ```text
//! file -> instance::read -> Instance          all faults at once, each with code, path, remedy
//!      -> policy::compile -> Rules            nothing is matched by text later
//!      -> placement -> Forest                 the greedy trees: there is always an answer
//!      -> program: cells, HiGHS -> Guidance   whom to serve, from where, at which prices; bounds that are proofs
//!      -> placement(guidance) -> Forest       trees that follow it; swap search; for small instances branch and bound
//!      -> engine::assemble -> Plan            reasons, loads, statistics
//!      -> verify -> Verified<Plan>            only verify can make one; only a verified plan leaves the engine
//! ```
//!
//! # As a library
//!
//! ```
//! use pleach::engine::{Cancel, Options, Silent, solve};
//! use pleach::instance::Instance;
//! use pleach::parameters::Model;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The origin has room for one copy of the film; c1 passes on what it gets.
//! let text = r#"{
//!   "format": "pleach/instance/1", "name": "evening", "time": "2026-11-22T19:30:00Z",
//!   "contents": [{"id": "film", "bitrate_kbps": 4000, "substreams": 4}],
//!   "nodes": [{"id": "origin", "role": "origin", "network": "isp", "uplink_kbps": 4000},
//!             {"id": "c1", "role": "peer", "network": "isp", "uplink_kbps": 6000},
//!             {"id": "c2", "role": "peer", "network": "isp", "uplink_kbps": 0}],
//!   "networks": [{"id": "isp"}],
//!   "holdings": [{"node": "origin", "content": "film"}],
//!   "requests": [{"node": "c1", "content": "film"}, {"node": "c2", "content": "film"}]
//! }"#;
//! let (instance, warnings) = Instance::from_json(text)?;
//! let model = Model::shipped("live").ok_or("no such model")?;
//! let outcome = solve(&instance, &Options::new(model), &mut Silent, &Cancel::default());
//!
//! println!("{} of {} served", outcome.plan.statistics.served, outcome.plan.statistics.requests);
//! # assert!(warnings.is_empty());
//! # assert_eq!((outcome.plan.statistics.served, outcome.plan.statistics.requests), (2, 2));
//! # Ok(())
//! # }
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
#[cfg(feature = "report")]
pub mod report;
pub mod units;
pub mod verify;
