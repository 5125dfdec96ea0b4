//! The one rule of a policy (contract, section 2).

use crate::units::Kbps;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use smol_str::SmolStr;

/// What a policy asks.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// No matching flow.
    Forbid {},
    /// The matching flows together carry at most this.
    LimitRate {
        /// The limit.
        max_kbps: Kbps,
    },
    /// The matching flows together carry at most the rate that spreads what is left of a volume over what is left of its
    /// period.
    LimitVolume {
        /// Volume of the whole period, GB (10^9 bytes).
        max_gb: f64,
        /// What of it is used already, GB.
        #[schemars(default)]
        used_gb: f64,
        /// When the period ends; the policy is not in force from then on.
        #[serde(serialize_with = "instant")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        period_end: Timestamp,
    },
    /// Each matching source by itself sends at most this in matching flows.
    LimitNodeRate(NodeRate),
    /// Of each content and substream at most so many matching flows enter a network from outside.
    LimitCopies {
        /// The network.
        network: SmolStr,
        /// The limit.
        max: u32,
    },
    /// Every substream that a requesting peer of a network gets through parents also enters it over each of these links.
    RequireCopies {
        /// The network.
        network: SmolStr,
        /// The links.
        links: Vec<SmolStr>,
    },
    /// Each matching flow costs this much more per Mbps.
    Prefer {
        /// Negative: less.
        cost: f64,
    },
    /// The weight of each matching request is multiplied.
    Priority {
        /// The factor, > 0, at most 6 decimals.
        weight: f64,
    },
    /// Matching receivers get a version that is late: a child is never ahead of its parent.
    Delay {
        /// How late, seconds.
        seconds: f64,
    },
    /// A matching request has exactly so many parents for each substream that it receives.
    Redundancy {
        /// How many, at least 1.
        #[schemars(range(min = 1))]
        parents: u32,
        /// In what they differ.
        #[serde(skip_serializing_if = "Distinct::is_node")]
        #[schemars(default)]
        distinct: Distinct,
    },
    /// A matching receiver sits at most this many hops below a holder, in each substream.
    MaxDepth {
        /// The limit.
        hops: u32,
    },
    /// A matching receiver sits at most this far below a holder, half a round trip for each hop, in each substream.
    MaxDelay {
        /// The limit, ms.
        ms: f64,
    },
    /// Matching requests may be served with as few as so many substreams.
    Degrade {
        /// How many, at least 1.
        #[schemars(range(min = 1))]
        min_substreams: u32,
    },
    /// Matching flows carry this protocol in the plan.
    Protocol {
        /// Its name.
        name: SmolStr,
    },
}

impl Rule {
    /// Its name in files.
    pub fn name(&self) -> &'static str {
        match self {
            Rule::Forbid {} => "forbid",
            Rule::LimitRate { .. } => "limit_rate",
            Rule::LimitVolume { .. } => "limit_volume",
            Rule::LimitNodeRate(_) => "limit_node_rate",
            Rule::LimitCopies { .. } => "limit_copies",
            Rule::RequireCopies { .. } => "require_copies",
            Rule::Prefer { .. } => "prefer",
            Rule::Priority { .. } => "priority",
            Rule::Delay { .. } => "delay",
            Rule::Redundancy { .. } => "redundancy",
            Rule::MaxDepth { .. } => "max_depth",
            Rule::MaxDelay { .. } => "max_delay",
            Rule::Degrade { .. } => "degrade",
            Rule::Protocol { .. } => "protocol",
        }
    }

    /// A policy with this rule may be relaxed for a request.
    pub fn is_relaxable(&self) -> bool {
        !matches!(self, Rule::Prefer { .. } | Rule::Priority { .. } | Rule::Degrade { .. } | Rule::Protocol { .. })
    }

    /// It concerns receivers: it takes `destination` and `content` only.
    pub fn concerns_receivers(&self) -> bool {
        matches!(
            self,
            Rule::Priority { .. }
                | Rule::Redundancy { .. }
                | Rule::MaxDepth { .. }
                | Rule::MaxDelay { .. }
                | Rule::Degrade { .. }
                | Rule::Delay { .. }
        )
    }

    /// What matching flows may carry together at an instant; `None`: it sets no such limit, or its period has ended.
    pub fn max_kbps(&self, now: Timestamp) -> Option<Kbps> {
        match self {
            Rule::LimitRate { max_kbps } => Some(*max_kbps),
            Rule::LimitVolume { max_gb, used_gb, period_end } if *period_end > now => {
                let seconds = period_end.duration_since(now).as_secs_f64();
                Some(Kbps(((max_gb - used_gb) * 8e6 / seconds).floor().max(0.0) as u64))
            }
            _ => None,
        }
    }

    /// Its period has ended: it is not in force.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        matches!(self, Rule::LimitVolume { period_end, .. } if *period_end <= now)
    }
}

fn instant<S: serde::Serializer>(instant: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(instant)
}

/// In what the parents of one substream differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Distinct {
    /// They are different nodes.
    #[default]
    Node,
    /// They are in different networks.
    Network,
    /// Their routes share no link.
    Link,
}

impl Distinct {
    /// Every word of the file format with its value.
    pub const WORDS: &'static [(&'static str, Distinct)] =
        &[("node", Distinct::Node), ("network", Distinct::Network), ("link", Distinct::Link)];

    /// What is so anyway.
    pub fn is_node(&self) -> bool {
        *self == Distinct::Node
    }
}

/// The limit of `limit_node_rate`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeRate {
    /// A rate.
    MaxKbps(Kbps),
    /// A share of the source's uplink, exactly as it is spelled.
    MaxFraction(Decimal),
}

/// A decimal number from 0 to 1 with the digits of its text, for exact arithmetic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// The digits without the point; the value is `digits / 10^scale`.
    pub digits: u128,
    /// How many of them stand behind the point.
    pub scale: u32,
}

impl Decimal {
    /// `floor(self * uplink)`, exactly.
    pub fn of(&self, uplink: Kbps) -> Kbps {
        let product = self.digits.saturating_mul(u128::from(uplink.0));
        let divisor = 10u128.checked_pow(self.scale).unwrap_or(u128::MAX);
        Kbps(u64::try_from(product / divisor).unwrap_or(u64::MAX))
    }
}
