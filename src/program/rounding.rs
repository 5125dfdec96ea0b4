//! Whole requests behind full links.
//!
//! Let T be a set of cells, and L links of which every flow into T crosses at least one. What requests in T take beyond
//! what they bring comes over L, or from those in T who stand ready; in copies of one content, all whole numbers:
//!
//! ```text
//! sum_r net_r y_r <= C = copies that L can carry + slots of holders and relays in T        net_r = k_r least_r - slots_r
//! ```
//!
//! The program fills C with fractions of requests; plans serve whole ones. Rounding this row by d (mixed-integer rounding:
//! Nemhauser and Wolsey 1990; with complemented variables: Marchand and Wolsey 2001) cuts the fractions off. Requests that
//! take less than d are nearly all served, and enter as 1 - y:
//!
//! ```text
//! whole[T] : sum_{net >= d} phi(net/d) y + sum_{net < d} phi(-net/d) (1 - y) <= floor(R/d)      R = C - sum_{net < d} net
//! phi(a) = floor(a) + max(0, a - floor(a) - f) / (1 - f)                                        f = R/d - floor(R/d)
//! ```
//!
//! [`Fences`] finds T and L behind each link that is full.

use super::supply::{Share, Tier, TierKey};
use crate::ids::{ContentId, LinkId};
use crate::instance::Instance;
use crate::policy::CellId;
use rustc_hash::FxHashMap;

/// A count this close to a whole number is one.
const WHOLE: f64 = 1e-6;
/// So many links around one set of cells are followed.
const MOST_LINKS: usize = 8;

/// One cut.
#[derive(Clone, Debug)]
pub struct Rounding {
    /// Of which content.
    pub content: ContentId,
    /// The set, sorted.
    pub cells: Vec<CellId>,
    /// Links of which every flow into the set crosses one, sorted.
    pub links: Vec<LinkId>,
    /// Copies by which is rounded.
    pub divisor: u32,
    /// The right side, for `y` alone.
    pub limit: f64,
    /// What each request counts, by cell and tier.
    pub counts: FxHashMap<(CellId, TierKey), f64>,
}

/// A set of cells, by their places among the shares, and the links around it.
#[derive(Clone, Debug)]
pub struct Fence {
    places: Vec<u32>,
    links: Vec<LinkId>,
}

/// A flow that may run into a cell: the sender's place among the shares, and the links that it crosses.
pub type Flow<'a> = (u32, &'a [LinkId]);

/// Finds the fences of one content.
pub struct Fences<'a> {
    instance: &'a Instance,
    content: ContentId,
    shares: &'a [Share],
    /// For each share the flows into it.
    flows: Vec<Vec<Flow<'a>>>,
    /// For each link in question the places that some flow over it leads to.
    reached: FxHashMap<LinkId, Vec<u32>>,
}

impl<'a> Fences<'a> {
    /// Of all flows into each share of a content; only the given links are asked about.
    pub fn of(
        instance: &'a Instance,
        content: ContentId,
        shares: &'a [Share],
        flows: Vec<Vec<Flow<'a>>>,
        asked: &[LinkId],
    ) -> Fences<'a> {
        let mut reached: FxHashMap<LinkId, Vec<u32>> = asked.iter().map(|link| (*link, Vec::new())).collect();
        for (place, into) in flows.iter().enumerate() {
            for link in into.iter().flat_map(|(_, links)| *links) {
                if let Some(places) = reached.get_mut(link)
                    && places.last() != Some(&(place as u32))
                {
                    places.push(place as u32);
                }
            }
        }
        Fences { instance, content, shares, flows, reached }
    }

    /// The cells that are reached over a link, and all links over which they are; `None` where some flow reaches them over
    /// none that has a capacity.
    pub fn behind(&self, link: LinkId) -> Option<Fence> {
        let places = self.reached.get(&link)?.clone();
        let mut links = vec![link];
        let into = places.iter().flat_map(|place| &self.flows[*place as usize]);
        for (_, crossed) in into.filter(|(from, _)| places.binary_search(from).is_err()) {
            if !crossed.iter().any(|link| links.contains(link)) {
                let narrowest = crossed.iter().filter(|link| self.instance.links[**link].capacity.is_some());
                links.push(*narrowest.min_by_key(|link| self.instance.links[**link].capacity)?);
            }
            if links.len() > MOST_LINKS {
                return None;
            }
        }
        links.sort_unstable();
        Some(Fence { places, links })
    }

    /// The cuts of a fence, one for each number of copies that some request inside takes.
    pub fn cuts<'f>(&'f self, fence: &'f Fence) -> impl Iterator<Item = Rounding> + 'f {
        let tiers = fence.places.iter().flat_map(|place| &self.shares[*place as usize].tiers);
        let mut divisors: Vec<u32> = tiers.map(|tier| (tier.least * tier.parents) as u32).filter(|takes| *takes > 1).collect();
        divisors.sort_unstable();
        divisors.dedup();
        divisors.into_iter().filter_map(|divisor| self.cut(fence, divisor))
    }

    fn cut(&self, fence: &Fence, copies: u32) -> Option<Rounding> {
        let divisor = f64::from(copies);
        let inside = || fence.places.iter().map(|place| &self.shares[*place as usize]);
        let mut right = self.carried(&fence.links) + inside().map(|share| share.standing + share.relayed).sum::<f64>();
        for tier in inside().flat_map(|share| &share.tiers) {
            let net = net(tier)?;
            if net < divisor {
                right -= net * tier.count;
            }
        }
        let whole = (right / divisor).floor();
        let fraction = right / divisor - whole;
        if fraction < WHOLE {
            return None;
        }
        let phi = |part: f64| part.floor() + (part - part.floor() - fraction).max(0.0) / (1.0 - fraction);
        let (mut limit, mut counts) = (whole, FxHashMap::default());
        for share in inside() {
            for tier in &share.tiers {
                let net = net(tier)?;
                let count = if net < divisor { -phi(-net / divisor) } else { phi(net / divisor) };
                if net < divisor {
                    limit += count * tier.count;
                }
                counts.insert((CellId(share.cell), tier.key), count);
            }
        }
        let cells = inside().map(|share| CellId(share.cell)).collect();
        Some(Rounding { content: self.content, cells, links: fence.links.clone(), divisor: copies, limit, counts })
    }

    /// Copies that links can carry.
    fn carried(&self, links: &[LinkId]) -> f64 {
        let rate = self.instance.contents[self.content].rate();
        let most = |id: &LinkId| {
            let link = &self.instance.links[*id];
            link.capacity.map_or(f64::INFINITY, |capacity| capacity.saturating_sub(link.used).slots(rate) as f64)
        };
        links.iter().map(most).sum()
    }
}

/// Copies that a request of a tier takes at the least, less the slots that it brings; `None` where they differ within the tier.
fn net(tier: &Tier) -> Option<f64> {
    let net = tier.least * tier.parents - tier.brings;
    ((net - net.round()).abs() < WHOLE).then(|| net.round())
}
