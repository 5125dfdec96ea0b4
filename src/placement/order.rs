//! In which order requests are fed.
//!
//! A request takes slots (the substreams it lacks) and brings slots (what its uplink can then send). Where it brings at
//! least what it takes, feeding it costs nothing: those come first, the ones that bring most before the others. All
//! others are a knapsack over the slots that are left, and are taken by density: weight over what they take beyond what
//! they bring (Dantzig's rule).

use crate::ids::{ContentId, Id, NodeId, RequestId, Table};
use crate::instance::Instance;
use crate::policy::Rules;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use rayon::prelude::*;

/// How much more the order is disturbed in each round where a program guides.
const LITTLE: f64 = 0.08;

/// Requests in the order in which they are fed.
#[derive(Debug)]
pub(super) struct Order {
    /// First fed first.
    pub(super) requests: Vec<RequestId>,
}

/// The instance, its rules, and what each node can send at most, kbps.
type Given<'a> = (&'a Instance, &'a Rules, &'a Table<NodeId, f64>);

/// What decides: smaller keys are fed first, ties by request.
type Key = (u8, f64, f64);

impl Order {
    /// Round 0 is by density; rounds 1 to 3 by other sound keys; later rounds disturb the density at random.
    pub(super) fn of(instance: &Instance, rules: &Rules, sends: &Table<NodeId, f64>, seed: u64, round: u32) -> Order {
        let noise = if round > 3 { f64::from(round).ln() } else { 0.0 };
        Order::disturbed((instance, rules, sends), seed, round, (round, noise))
    }

    /// By density, disturbed a little more in each round: a program has decided who is served.
    pub(super) fn near_density(instance: &Instance, rules: &Rules, sends: &Table<NodeId, f64>, seed: u64, round: u32) -> Order {
        Order::disturbed((instance, rules, sends), seed, round, (0, LITTLE * f64::from(round)))
    }

    fn disturbed(of: Given<'_>, seed: u64, number: u32, (round, most): (u32, f64)) -> Order {
        let mut random = Pcg64::seed_from_u64(seed ^ u64::from(number) << 32);
        let mut noise = || if most > 0.0 { (random.random::<f64>() * 2.0 - 1.0) * most } else { 0.0 };
        let mut keyed: Vec<(Key, RequestId)> =
            of.0.requests.ids().map(|request| (key(&Balance::of(of, request), round, noise()), request)).collect();
        let compare = |a: &(Key, RequestId), b: &(Key, RequestId)| {
            let by_key = a.0.0.cmp(&b.0.0).then(a.0.1.total_cmp(&b.0.1)).then(a.0.2.total_cmp(&b.0.2));
            by_key.then(a.1.cmp(&b.1))
        };
        keyed.par_sort_unstable_by(compare);
        Order { requests: keyed.into_iter().map(|(_, request)| request).collect() }
    }
}

/// What one request takes and brings, in kbps, and how much it counts.
struct Balance {
    takes: f64,
    brings: f64,
    weight: f64,
}

impl Balance {
    fn of((instance, rules, sends): Given<'_>, request: RequestId) -> Balance {
        let (node, content) = (instance.requests[request].node, instance.requests[request].content);
        let missing = instance.contents[content].substreams - instance.held(node, content).count_ones();
        let rate = instance.contents[content].rate();
        let parents = rules.redundancy(node, content, &[]).parents;
        Balance {
            takes: rate.times(u64::from(missing)).0 as f64 * f64::from(parents),
            brings: (rate.times(slots(instance, request, content)).0 as f64).min(sends[node]),
            weight: rules.weight[request],
        }
    }
}

/// Whole slots that a requester can send of a content, its uplink divided evenly among what it asks for.
fn slots(instance: &Instance, request: RequestId, content: ContentId) -> u64 {
    let node = instance.requests[request].node;
    let rows = instance.requests.as_slice();
    let before = rows[..request.index()].iter().rev().take_while(|other| other.node == node).count();
    let after = rows[request.index()..].iter().take_while(|other| other.node == node).count();
    instance.nodes[node].uplink.slots(instance.contents[content].rate()) / (before + after) as u64
}

fn key(balance: &Balance, round: u32, noise: f64) -> Key {
    let Balance { takes, brings, weight } = *balance;
    match round {
        2 => (0, -weight, takes - brings),
        3 => (0, takes - brings, -weight),
        _ if brings >= takes && noise <= 1.0 => (0, noise * takes - brings, -weight),
        1 => (1, -weight / takes.max(1.0), -brings),
        _ => (1, -weight / (takes - brings).max(1.0) * noise.exp(), -brings),
    }
}
