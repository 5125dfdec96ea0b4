//! Model files: the weights of the objective and how much effort a solve may spend (`models/*.toml`).
//!
//! The three shipped models are embedded in the binary; `--model` takes one of their names or the path of another file.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The shipped models: name and text.
pub const SHIPPED: [(&str, &str); 3] = [
    ("live", include_str!("../models/live.toml")),
    ("file", include_str!("../models/file.toml")),
    ("enterprise", include_str!("../models/enterprise.toml")),
];

/// A model: what is good, and how long to look for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its name, echoed in plans.
    pub name: String,
    /// Weights of the cost.
    #[serde(default)]
    pub weights: Weights,
    /// When to stop.
    #[serde(default)]
    pub effort: Effort,
}

/// Weights of the cost of a flow (contract, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weights {
    /// Per 1000 km where no round-trip time is known.
    pub distance_weight: f64,
    /// Per 100 ms of round-trip time.
    pub rtt_weight: f64,
    /// Per unit of loss.
    pub loss_weight: f64,
    /// Per unit of unavailability of the parent.
    pub availability_weight: f64,
    /// For a parent that the topology in force does not have.
    pub churn_weight: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Weights { distance_weight: 0.1, rtt_weight: 0.1, loss_weight: 0.5, availability_weight: 0.5, churn_weight: 0.05 }
    }
}

impl Weights {
    /// By name, as a plan echoes them.
    pub fn by_name(&self) -> BTreeMap<String, f64> {
        let Weights { distance_weight, rtt_weight, loss_weight, availability_weight, churn_weight } = *self;
        [
            ("distance_weight", distance_weight),
            ("rtt_weight", rtt_weight),
            ("loss_weight", loss_weight),
            ("availability_weight", availability_weight),
            ("churn_weight", churn_weight),
        ]
        .map(|(name, weight)| (name.to_owned(), weight))
        .into()
    }

    /// From what a plan echoes; what is absent has its default, and an unknown name is told.
    pub fn from_names(named: &BTreeMap<String, f64>) -> Result<Weights, String> {
        let mut weights = Weights::default();
        for (name, value) in named {
            let weight = match name.as_str() {
                "distance_weight" => &mut weights.distance_weight,
                "rtt_weight" => &mut weights.rtt_weight,
                "loss_weight" => &mut weights.loss_weight,
                "availability_weight" => &mut weights.availability_weight,
                "churn_weight" => &mut weights.churn_weight,
                _ => return Err(name.clone()),
            };
            *weight = *value;
        }
        Ok(weights)
    }
}

/// When to stop looking for better; counted in passes and moves, so that the same input gives the same plan.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Effort {
    /// Relative gap at which a plan is good enough.
    pub gap: f64,
    /// Restarts of the greedy with other orders, on instances small enough for them to be cheap.
    pub restarts: u32,
    /// Nodes up to which restarts are made.
    pub restart_nodes: u32,
    /// Restarts of the placement that follows a program, with orders that differ a little.
    pub guided: u32,
    /// Nodes that all of these may place together.
    pub guided_nodes: u32,
    /// Passes of swap search over all flows, while the gap of cost is not reached.
    pub passes: u32,
    /// Refinements of who is served and how, while the gap of cost is not reached.
    pub refinements: u32,
}

impl Default for Effort {
    fn default() -> Self {
        Effort { gap: 0.01, restarts: 24, restart_nodes: 2_000, guided: 32, guided_nodes: 20_000, passes: 4, refinements: 1 }
    }
}

impl Model {
    /// A shipped model by name.
    pub fn shipped(name: &str) -> Option<Model> {
        let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
        Some(Model::parse(text).expect("shipped models parse: a test reads them all"))
    }

    /// A model from the text of a file.
    pub fn parse(text: &str) -> Result<Model, String> {
        let model: Model = toml::from_str(text).map_err(|fault| fault.to_string())?;
        let weights = model.weights.by_name();
        let bad = weights.iter().find(|(_, weight)| !(weight.is_finite() && **weight >= 0.0));
        match bad {
            Some((name, weight)) => Err(format!("{name} = {weight}: weights are finite and not negative")),
            None if !(model.effort.gap >= 0.0 && model.effort.gap.is_finite()) => {
                Err("effort.gap is finite and not negative".into())
            }
            None => Ok(model),
        }
    }
}
