//! Networks that hang on one another as a tree: access networks on hubs, hubs on one top.
//!
//! The link between a network and the one above is sized by the copies that have to pass it: of each content, what is asked
//! for below beyond what can be sent below, for a viewer of one content does not help those of another. Relays
//! are not counted, so that a plan that uses them needs less.

use super::super::document::NetworkRow;
use super::Links;
use super::wires::{Balance, Size, Wire, Wires};

/// Capacity over expected load, at ratio 1, of the links out of a network, and of those that decide nothing.
pub(super) const LOOSE: f64 = 1.5;
/// The same of links that are to decide something.
pub(super) const TIGHT: f64 = 0.85;
/// Copies that fit on any link at least.
const FLOOR: u64 = 16;

/// How a network hangs on the one above.
#[derive(Clone, Copy)]
pub(super) struct Hang {
    pub(super) above: usize,
    pub(super) kind: &'static str,
    pub(super) cost: f64,
    pub(super) weight: u64,
    /// Capacity over expected load into the network; `None`: no limit both ways.
    pub(super) headroom: Option<f64>,
}

/// Networks, each but the first hanging on an earlier one.
pub(super) struct Tree {
    pub(super) networks: Vec<NetworkRow>,
    hangs: Vec<Hang>,
}

/// Copies asked for and to give, by network and content.
pub(super) struct Traffic {
    contents: usize,
    asked: Vec<f64>,
    given: Vec<f64>,
}

impl Traffic {
    pub(super) fn new(networks: usize, contents: usize) -> Traffic {
        Traffic { contents, asked: vec![0.0; networks * contents], given: vec![0.0; networks * contents] }
    }

    pub(super) fn ask(&mut self, network: usize, content: usize, copies: u64) {
        self.asked[network * self.contents + content] += copies as f64;
    }

    /// Somebody has so many slots for whichever of these contents.
    pub(super) fn give(&mut self, network: usize, contents: &[usize], slots: u64) {
        for content in contents {
            self.given[network * self.contents + content] += slots as f64 / contents.len() as f64;
        }
    }

    fn row(&self, network: usize) -> std::ops::Range<usize> {
        network * self.contents..(network + 1) * self.contents
    }

    fn total(&self, copies: &[f64], network: usize) -> u64 {
        copies[self.row(network)].iter().sum::<f64>().round() as u64
    }

    /// Adds what is below each network to what it has itself.
    fn gather(&self, hangs: &[Hang]) -> Traffic {
        let mut sums = Traffic { contents: self.contents, asked: self.asked.clone(), given: self.given.clone() };
        for (network, hang) in hangs.iter().enumerate().rev() {
            for content in 0..self.contents {
                let (below, above) = ((network + 1) * self.contents + content, hang.above * self.contents + content);
                sums.asked[above] += sums.asked[below];
                sums.given[above] += sums.given[below];
            }
        }
        sums
    }

    /// Copies that have to come into a network and can leave it.
    fn crossing(&self, network: usize) -> (f64, f64) {
        self.row(network).fold((0.0, 0.0), |(into, out), at| {
            let lack = self.asked[at] - self.given[at];
            (into + lack.max(0.0), out + (-lack).max(0.0))
        })
    }
}

impl Tree {
    /// The network on which all others hang.
    pub(super) fn new(top: NetworkRow) -> Tree {
        Tree { networks: vec![top], hangs: Vec::new() }
    }

    /// Adds a network; tells where it stands.
    pub(super) fn hang(&mut self, network: NetworkRow, hang: Hang) -> usize {
        self.networks.push(network);
        self.hangs.push(hang);
        self.hangs.len()
    }

    /// Links both ways between every network and the one above.
    pub(super) fn wires(&self, traffic: &Traffic) -> Wires {
        let sums = traffic.gather(&self.hangs);
        let mut wires = Vec::with_capacity(2 * self.hangs.len());
        for (number, hang) in self.hangs.iter().enumerate() {
            let (into, out) = sums.crossing(number + 1);
            let size = |copies: f64, headroom: f64| hang.headroom.map_or(Size::Unlimited, |_| Size::Copies(copies * headroom));
            let (from, to, size_in) = (hang.above, number + 1, size(into, hang.headroom.unwrap_or_default()));
            let Hang { kind, cost, weight, .. } = *hang;
            let wire = Wire { from, to, kind, cost, weight, floor: FLOOR, size: size_in, used: 0.0 };
            wires.push(Wire { from: to, to: from, size: size(out, LOOSE), ..wire });
            wires.push(wire);
        }
        let balance = |network| Balance {
            demand: traffic.total(&traffic.asked, network),
            supply: traffic.total(&traffic.given, network),
            group: 0,
        };
        Wires::new(wires, (0..self.networks.len()).map(balance).collect())
    }
}

/// The ratio at which links are sized; binding links are the scenario's own sizes.
pub(super) fn ratio(links: Option<Links>) -> Option<f64> {
    match links.unwrap_or(Links::Free) {
        Links::Free => None,
        Links::Binding => Some(1.0),
        Links::Ratio(ratio) => Some(ratio),
    }
}
