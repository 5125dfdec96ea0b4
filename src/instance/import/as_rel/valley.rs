//! Routes as providers and peers allow them: up from customer to provider, at most once across to a peer, then down.
//!
//! A system prefers a route over a customer to one over a peer, and that to one over a provider (they earn, are free, or
//! cost); then the route of fewest systems; then the next system of least number (Gao and Rexford, *Stable Internet
//! routing without global coordination*, IEEE/ACM Transactions on Networking 2001). For one destination every system has
//! one next system, found in three passes: upwards from the destination, once across, and downwards.

use super::relations::{Relations, Role};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// How a system reaches the destination.
#[derive(Clone, Copy)]
struct Step {
    next: u32,
    hops: u32,
}

/// The next systems towards one destination.
pub struct Towards {
    steps: Vec<Option<Step>>,
    target: usize,
}

impl Towards {
    /// Finds the routes of all systems.
    pub fn of(target: usize, relations: &Relations) -> Towards {
        let mut steps: Vec<Option<Step>> = vec![None; relations.systems.len()];
        steps[target] = Some(Step { next: target as u32, hops: 0 });
        upwards(target, relations, &mut steps);
        across(relations, &mut steps);
        downwards(relations, &mut steps);
        Towards { steps, target }
    }

    /// The systems of the route from a system, both ends included.
    pub fn route(&self, from: usize) -> Option<Vec<usize>> {
        let mut at = from;
        let mut route = Vec::with_capacity(self.steps[from]?.hops as usize + 1);
        route.push(at);
        while at != self.target {
            at = self.steps[at]?.next as usize;
            route.push(at);
        }
        Some(route)
    }
}

/// Providers learn a route from their customers, level by level.
fn upwards(target: usize, relations: &Relations, steps: &mut [Option<Step>]) {
    let mut queue = VecDeque::from([target]);
    while let Some(system) = queue.pop_front() {
        let Some(own) = steps[system] else { continue };
        for provider in relations.of_kind(system, Role::Provider) {
            match &mut steps[provider] {
                Some(step) if step.hops == own.hops + 1 => step.next = step.next.min(system as u32),
                Some(_) => {}
                empty => {
                    *empty = Some(Step { next: system as u32, hops: own.hops + 1 });
                    queue.push_back(provider);
                }
            }
        }
    }
}

/// Systems without a customer's route take the best that a peer has from its customers.
fn across(relations: &Relations, steps: &mut [Option<Step>]) {
    let best = |system: usize| {
        let routes = relations.of_kind(system, Role::Peer).filter_map(|peer| Some((steps[peer]?.hops + 1, peer as u32)));
        routes.min().map(|(hops, next)| Step { next, hops })
    };
    let empty = relations.rows().filter(|system| steps[*system].is_none());
    let found: Vec<_> = empty.filter_map(|system| Some((system, best(system)?))).collect();
    for (system, step) in found {
        steps[system] = Some(step);
    }
}

/// Customers learn whatever their providers use: the shortest first, of equals that over the least number.
fn downwards(relations: &Relations, steps: &mut [Option<Step>]) {
    let mut queue: BinaryHeap<Reverse<(u32, u32)>> = BinaryHeap::new();
    for (system, step) in steps.iter().enumerate() {
        queue.extend(step.map(|step| Reverse((step.hops, system as u32))));
    }
    while let Some(Reverse((hops, system))) = queue.pop() {
        for customer in relations.of_kind(system as usize, Role::Customer) {
            if steps[customer].is_none() {
                steps[customer] = Some(Step { next: system, hops: hops + 1 });
                queue.push(Reverse((hops + 1, customer as u32)));
            }
        }
    }
}
