//! Random numbers whose bytes depend on the seed alone.
//!
//! Every part of a scenario draws from a stream of its own, so that another wish in one part (other translators, say)
//! leaves the rest as it was. Only raw 64-bit words of the generator are used: how a library turns words into numbers
//! may change, the words of a named generator do not.

use super::access::QUANTILES;
use rand::Rng;
use rand_pcg::Pcg64;

/// The parts of a scenario that draw.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Places = 1,
    Sizes = 2,
    Homes = 3,
    Uplinks = 4,
    Translators = 5,
    Links = 6,
    Ports = 16,
    Previous = 17,
    Renditions = 18,
    Channels = 20,
    Tastes = 21,
    Relays = 22,
    Sessions = 23,
    Storage = 24,
    Paths = 25,
}

/// A stream of draws.
pub(super) struct Draw(Pcg64);

impl Draw {
    /// The stream of one part under one seed.
    pub(super) fn new(seed: u64, part: Part) -> Draw {
        Draw(Pcg64::new(u128::from(seed), part as u128))
    }

    /// Uniform in [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with probability `share`.
    pub(super) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }
}

/// Draws a row with probability proportional to its weight.
pub(super) struct Lottery {
    sums: Vec<f64>,
}

impl Lottery {
    /// Over rows of these weights, of which one at least is positive.
    pub(super) fn new(weights: impl IntoIterator<Item = f64>) -> Lottery {
        let mut sum = 0.0;
        let sums = weights.into_iter().map(|weight| {
            sum += weight;
            sum
        });
        Lottery { sums: sums.collect() }
    }

    /// The row that `unit` in [0, 1) falls on.
    pub(super) fn row(&self, unit: f64) -> usize {
        let last = self.sums.len().saturating_sub(1);
        let point = unit * self.sums.last().copied().unwrap_or(0.0);
        self.sums.partition_point(|sum| *sum <= point).min(last)
    }
}

/// The shares of Zipf's law with exponent 1: row i has weight 1 / (i + 1).
pub(super) fn zipf(rows: usize) -> impl Iterator<Item = f64> {
    (1..=rows).map(|rank| 1.0 / rank as f64)
}

/// The value below which a share `p` in [0, 1] stays, by values at [`QUANTILES`]; linear between two of them.
pub(super) fn quantile(values: &[f64; QUANTILES.len()], p: f64) -> f64 {
    let above = QUANTILES.partition_point(|q| *q <= p).clamp(1, QUANTILES.len() - 1);
    let (q0, q1) = (QUANTILES[above - 1], QUANTILES[above]);
    values[above - 1] + (values[above] - values[above - 1]) * (p - q0) / (q1 - q0)
}
