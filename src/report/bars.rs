//! Histograms: how many links or nodes are how full.

use super::figures::{count, percent, share};
use askama::Template;

/// Tenths, the empty and the full by themselves.
const BINS: usize = 12;

/// The picture, ready to be written.
#[derive(Template)]
#[template(path = "bars.svg", config = "src/report/askama.toml")]
pub struct Bars {
    name: &'static str,
    title: &'static str,
    /// What the picture says, for those who do not see it, and above it.
    pub text: String,
    bars: Vec<Bar>,
}

struct Bar {
    x: f64,
    y: f64,
    high: f64,
    class: &'static str,
    label: String,
    value: String,
}

/// Most of what a full bar may be high.
const PLOT: f64 = 130.0;

impl Bars {
    /// Counts parts of a whole, 0 to 1; `name` is an id in the page; of what is `scarce` the full are marked.
    pub fn of(name: &'static str, title: &'static str, what: &str, scarce: bool, parts: &[f64]) -> Bars {
        let mut bins = [0u64; BINS];
        for part in parts {
            let bin = match *part {
                part if part <= 0.0 => 0,
                part if part >= 1.0 => BINS - 1,
                part => 1 + (part * 10.0) as usize,
            };
            bins[bin.min(BINS - 1)] += 1;
        }
        let most = bins.iter().copied().max().unwrap_or(1).max(1) as f64;
        let bar = |(bin, number): (usize, &u64)| {
            let high = if *number > 0 { (PLOT * *number as f64 / most).max(1.5) } else { 0.0 };
            let class = match bin {
                0 => "u-none",
                _ if !scarce => "near",
                1..=5 => "u0",
                6..=8 => "u1",
                9 | 10 => "u2",
                _ => "u3",
            };
            let label = match bin {
                0 => "idle".to_owned(),
                BIN_FULL => "full".to_owned(),
                _ => format!("{}–{}", (bin - 1) * 10, bin * 10),
            };
            let value = if *number > 0 { count(*number) } else { String::new() };
            Bar { x: 6.0 + bin as f64 * 39.0, y: 24.0 + PLOT - high, high, class, label, value }
        };
        let bars = bins.iter().enumerate().map(bar).collect();
        let (idle, full) = (bins[0], parts.iter().filter(|part| **part >= 0.95).count() as u64);
        let mean = share(parts.iter().sum(), parts.len() as f64);
        let all = count(parts.len() as u64);
        let text = format!("{} above 95 %, {} idle, {} in the mean: {all} {what}.", count(full), count(idle), percent(mean));
        Bars { name, title, text, bars }
    }
}

const BIN_FULL: usize = BINS - 1;
