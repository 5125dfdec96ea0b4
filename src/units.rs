//! Quantities: integers inside, floats at the edge.
//!
//! Rates are whole kbps, so that sums of capacities are exact. A unit cost (per Mbps) is a whole number of millionths,
//! because the contract rounds it to six decimals; the cost of a plan is then an exact integer too.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

/// A rate or capacity in kilobits per second; 0 to 10^12 in a file, sums of them inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Kbps(pub u64);

impl Kbps {
    /// The largest rate that a file may state.
    pub const LARGEST: Kbps = Kbps(1_000_000_000_000);

    /// The same in Mbps.
    pub fn mbps(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// What is left after `other`, at least 0.
    pub fn saturating_sub(self, other: Kbps) -> Kbps {
        Kbps(self.0.saturating_sub(other.0))
    }

    /// How many whole slots of `rate` fit; none of a zero rate is ever asked for.
    pub fn slots(self, rate: Kbps) -> u64 {
        self.0 / rate.0.max(1)
    }

    /// `count` times this rate.
    pub fn times(self, count: u64) -> Kbps {
        Kbps(self.0 * count)
    }
}

impl Add for Kbps {
    type Output = Kbps;
    fn add(self, other: Kbps) -> Kbps {
        Kbps(self.0 + other.0)
    }
}

impl Sub for Kbps {
    type Output = Kbps;
    fn sub(self, other: Kbps) -> Kbps {
        Kbps(self.0 - other.0)
    }
}

impl AddAssign for Kbps {
    fn add_assign(&mut self, other: Kbps) {
        self.0 += other.0;
    }
}

impl SubAssign for Kbps {
    fn sub_assign(&mut self, other: Kbps) {
        self.0 -= other.0;
    }
}

impl Sum for Kbps {
    fn sum<I: Iterator<Item = Kbps>>(rates: I) -> Kbps {
        Kbps(rates.map(|rate| rate.0).sum())
    }
}

/// Rates as people say them: `850 kbps`, `4.0 Mbps`, `2.50 Gbps`.
impl fmt::Display for Kbps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..1_000 => write!(f, "{} kbps", self.0),
            1_000..1_000_000 => write!(f, "{:.1} Mbps", self.0 as f64 / 1e3),
            1_000_000..1_000_000_000 => write!(f, "{:.2} Gbps", self.0 as f64 / 1e6),
            _ => write!(f, "{:.2} Tbps", self.0 as f64 / 1e9),
        }
    }
}

/// A unit cost: millionths of the cost of one Mbps over one arc.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitCost(pub i64);

impl UnitCost {
    /// Rounds a cost per Mbps half-even to six decimals, as the contract does.
    pub fn rounded(cost: f64) -> UnitCost {
        UnitCost((cost * 1e6).round_ties_even() as i64)
    }

    /// Cost per Mbps.
    pub fn value(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Cost of a flow of `rate`.
    pub fn of(self, rate: Kbps) -> Cost {
        Cost(i128::from(self.0) * i128::from(rate.0))
    }
}

/// The cost of a plan, exactly: thousand-millionths (unit cost millionths times kbps).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost(pub i128);

impl Cost {
    /// As the number that stands in a plan.
    pub fn value(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Add for Cost {
    type Output = Cost;
    fn add(self, other: Cost) -> Cost {
        Cost(self.0 + other.0)
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Cost) {
        self.0 += other.0;
    }
}

impl SubAssign for Cost {
    fn sub_assign(&mut self, other: Cost) {
        self.0 -= other.0;
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Cost>>(costs: I) -> Cost {
        costs.fold(Cost::default(), |sum, cost| sum + cost)
    }
}
