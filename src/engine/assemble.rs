//! From a finished forest to a plan: assignments, reasons, use of links and policies, statistics.

use super::optimize::Proof;
use super::options::{MethodChoice, Options};
use super::{reasons, theory};
use crate::forest::{Forest, SeatId};
use crate::ids::{Id, LinkId, PolicyId, Table};
use crate::instance::policy::Rule;
use crate::placement;
use crate::plan::file::Price;
use crate::plan::{LinkUse, Method, Origin, Plan, PolicyUse, Reason, Termination, Unserved, Value, statistics};
use crate::policy::Cells;
use crate::program::group::Prices;
use crate::units::Kbps;
use rayon::prelude::*;

/// The plan that a forest stands for, with what is proved about it: by the program, or by the bounds that need none.
/// `strict` are the rules that are never relaxed, where some may be.
pub(super) fn assemble(forest: Forest<'_>, cells: &Cells, options: &Options, proof: &Proof, late: bool) -> Plan {
    let instance = forest.instance;
    let left: Vec<SeatId> =
        instance.requests.ids().map(|request| SeatId(request.0)).filter(|seat| !forest.is_served(*seat)).collect();
    let (forest, too_deep) = placement::too_deep(forest, cells, &left);
    let unserved = reasons::unserved(&forest, &left, &too_deep);
    let (service, cost) = (forest.service(), forest.cost().value());
    let bound = proof.service.unwrap_or(f64::INFINITY).min(proof.counted.service).max(service);
    let relaxation = forest.relaxation();
    let least_relaxed = proof.relaxation.max(theory::least_relaxation(instance, service, proof.unrelaxed));
    let values = [
        Value::new(service, Some(bound)),
        Value::new(relaxation, Some(least_relaxed.min(relaxation))),
        Value::new(cost, proof.cost.map(|bound| bound.min(cost))),
    ];
    let (method, termination) = ending(options, proof, &values, late);
    let links = link_use(&forest, proof);
    let policies = policy_use(&forest, proof, &unserved);
    let mut assignments = forest.assignments();
    let protocol_names = super::protocols::choose(&forest, &mut assignments);
    drop(forest);
    let changes = statistics::changes(instance, &assignments, &[]);
    let statistics = statistics::statistics(instance, &assignments, &[]);
    Plan {
        origin: Origin {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: options.seed,
            model: options.model.name.clone(),
            parameters: options.model.weights.by_name(),
            method,
            termination,
        },
        service: values[0],
        relaxation: values[1],
        cost: values[2],
        assignments,
        protocol_names,
        unserved,
        pending: Vec::new(),
        links,
        policies,
        clusters: Vec::new(),
        changes,
        statistics,
    }
}

/// Load of each link that has a limit or a flow.
fn link_use(forest: &Forest<'_>, proof: &Proof) -> Vec<LinkUse> {
    let instance = forest.instance;
    if instance.links.is_empty() {
        return Vec::new();
    }
    let seats: Vec<SeatId> = forest.seats().collect();
    let add = |mut loads: Vec<u64>, seat: &SeatId| {
        let rate = forest.rate(*seat).0;
        for (_, parent) in forest.flows(*seat) {
            let arc = forest.arc(parent, *seat).expect("flows run on admissible arcs only");
            forest.rules.topology.links(arc.route).iter().for_each(|link| loads[link.index()] += rate);
        }
        loads
    };
    let none = || vec![0u64; instance.links.len()];
    let sum = |a: Vec<u64>, b: Vec<u64>| a.iter().zip(&b).map(|(a, b)| a + b).collect();
    let crossing: Table<LinkId, u64> = Table::new(seats.par_iter().with_min_len(1 << 14).fold(none, add).reduce(none, sum));
    let used = |(id, link): (LinkId, &crate::instance::Link)| {
        let shown = link.capacity.is_some() || crossing[id] > 0;
        let price = price(proof, |prices| prices.link.get(&id).copied());
        shown.then_some(LinkUse { link: id, load: Kbps(crossing[id]) + link.used, price })
    };
    instance.links.pairs().filter_map(used).collect()
}

/// Use of each policy in force.
fn policy_use(forest: &Forest<'_>, proof: &Proof, unserved: &[Unserved]) -> Vec<PolicyUse> {
    let (instance, rules) = (forest.instance, forest.rules);
    let smallest = instance.contents.iter().map(|content| content.rate()).min().unwrap_or_default();
    let row = |policy: PolicyId| rules.limits.iter().position(|limit| limit.policy == policy);
    let of = |(policy, matched): (&PolicyId, &u64)| {
        let row = row(*policy);
        let limit = row.map(|row| (rules.limits[row].max, forest.loads.limit(row)));
        let copies = |prices: &Prices| {
            let of_policy = prices.copy_limit.iter().filter(|((of, _), _)| of == policy);
            of_policy.map(|(_, price)| *price / 1000.0).max_by(f64::total_cmp)
        };
        let limited = row.is_some() || rules.copy_limits.iter().any(|limit| limit.policy == *policy);
        let price =
            if limited { price(proof, |prices| prices.limit.get(policy).copied().or_else(|| copies(prices))) } else { None };
        let priced = price.is_some_and(|price| price.service > 0.0 || price.cost > 0.0);
        let binding = match instance.policies[policy.index()].rule {
            Rule::LimitRate { .. } | Rule::LimitVolume { .. } => priced || limit.is_some_and(|(_, left)| left < smallest),
            Rule::LimitNodeRate(_) => forest.loads.node_limit_reached(rules, instance, *policy, smallest),
            Rule::LimitCopies { .. } => forest.loads.copies_reached(rules, *policy),
            Rule::Forbid {} => unserved.iter().any(|request| request.policies.contains(policy)),
            Rule::MaxDepth { .. } | Rule::MaxDelay { .. } => unserved.iter().any(|request| request.reason == Reason::Depth),
            _ => false,
        };
        PolicyUse {
            policy: *policy,
            matched: *matched,
            usage: limit.map(|(max, left)| max - left),
            limit: limit.map(|(max, _)| max),
            binding,
            price,
        }
    };
    rules.in_force.iter().zip(&rules.matched).map(of).collect()
}

/// The price of a limit per Mbps, in service and in cost; `None` where nothing was proved.
fn price(proof: &Proof, of: impl Fn(&Prices) -> Option<f64>) -> Option<Price> {
    let per_mbps = |prices: Option<&Prices>| prices.and_then(&of).unwrap_or(0.0) * 1000.0;
    let priced = proof.service_prices.is_some() || proof.cost_prices.is_some();
    priced.then(|| Price { service: per_mbps(proof.service_prices.as_ref()), cost: per_mbps(proof.cost_prices.as_ref()) })
}

/// What the plan says of how it was made, and why the engine stopped.
fn ending(options: &Options, proof: &Proof, values: &[Value; 3], late: bool) -> (Method, Termination) {
    let method = match proof.service {
        _ if proof.exact => Method::Exact,
        Some(_) => Method::Optimized,
        None => Method::Greedy,
    };
    let gap = options.gap.unwrap_or(options.model.effort.gap);
    let within = |most: f64| values.iter().all(|value| value.gap.is_some_and(|gap| gap <= most));
    let termination = match options.method {
        _ if proof.exact || within(1e-9) => Termination::Optimal,
        _ if late => Termination::TimeLimit,
        MethodChoice::Greedy => Termination::Heuristic,
        _ if within(gap) => Termination::GapReached,
        _ => Termination::Effort,
    };
    (method, termination)
}
