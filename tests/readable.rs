//! The exact model of a tiny instance, stated to be read: substreams apart, solved by two solvers, held against trying all
//! plans.
//!
//! Left out are relays and storage (nodes relay nothing that they did not ask for, and have room for everything), relaxing,
//! and rules about copies, volumes, late versions, several parents and delays.
//!
//! One test alone, on one thread: the solvers are used here in the plain way, which is not safe beside other threads.

#[allow(dead_code, reason = "another test uses the rest")]
mod oracle;

use good_lp::{
    Expression, IntoAffineExpression, ProblemVariables, Solution, Solver, SolverModel, Variable, constraint, variable,
};
use oracle::brute::{Best, best};
use oracle::generate::tiny;
use oracle::law::law;
use oracle::policies::simple;
use oracle::reading::{World, read};
use pleach::instance::Document;
use pleach::parameters::Weights;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// How many instances there are; their seeds are the numbers below it.
const INSTANCES: u64 = 120;

/// Columns of the model.
struct Columns {
    /// `flows[(content, child, substream, parent)]`: 1 if the parent sends it to the child.
    flows: BTreeMap<(usize, usize, usize, usize), Variable>,
    /// `served[request]`: 1 if it is.
    served: Vec<Variable>,
    /// `pairs[(parent, child)]`: 1 if the parent sends anything to the child.
    pairs: BTreeMap<(usize, usize), Variable>,
    /// `hops[(content, node, substream)]`: at least the hops from a holder.
    hops: BTreeMap<(usize, usize, usize), Variable>,
}

/// Every flow that there may be, for the requests' missing substreams.
fn columns(world: &World, variables: &mut ProblemVariables) -> Columns {
    let nodes = world.machines.len();
    let served = world.wishes.iter().map(|_| variables.add(variable().binary())).collect();
    let mut columns = Columns { flows: BTreeMap::new(), served, pairs: BTreeMap::new(), hops: BTreeMap::new() };
    for wish in &world.wishes {
        let (c, child) = (wish.content, wish.node);
        for s in (0..world.contents[c].substreams).filter(|s| !world.machines[child].held[c][*s]) {
            let deepest = (nodes as u32).min(law(world, child, c, 0).hops);
            columns.hops.insert((c, child, s), variables.add(variable().min(0).max(deepest)));
            for parent in (0..nodes).filter(|parent| may_send(world, c, child, *parent)) {
                columns.flows.insert((c, child, s, parent), variables.add(variable().binary()));
                columns.pairs.entry((parent, child)).or_insert_with(|| variables.add(variable().binary()));
            }
        }
    }
    columns
}

impl Columns {
    /// Copies of a substream that a node receives.
    fn received(&self, content: usize, node: usize, substream: usize) -> Expression {
        let from = (content, node, substream, 0)..=(content, node, substream, usize::MAX);
        self.flows.range(from).map(|(_, flow)| *flow).sum()
    }

    /// Substreams that a request gets from others.
    fn gets(&self, world: &World, request: usize) -> Expression {
        let wish = &world.wishes[request];
        (0..world.contents[wish.content].substreams).map(|s| self.received(wish.content, wish.node, s)).sum()
    }

    /// Weight times share of substreams, of the served requests.
    fn service(&self, world: &World) -> Expression {
        let of_one = |(r, wish): (usize, &oracle::reading::Wish)| {
            let share = wish.weight / world.contents[wish.content].substreams as f64;
            share * (self.gets(world, r) + held(world, r) * self.served[r])
        };
        world.wishes.iter().enumerate().map(of_one).sum()
    }

    /// Rate times unit cost, of all flows.
    fn cost(&self, world: &World) -> Expression {
        self.flows.iter().map(|(&(c, child, s, parent), flow)| price(world, c, child, s, parent) * *flow).sum()
    }
}

/// Substreams that a request's node holds.
fn held(world: &World, request: usize) -> f64 {
    let wish = &world.wishes[request];
    world.machines[wish.node].held[wish.content].iter().filter(|held| **held).count() as f64
}

/// There is a way, and nothing forbids it.
fn may_send(world: &World, content: usize, child: usize, parent: usize) -> bool {
    world.arcs[content][child][parent].as_ref().is_some_and(|arc| arc.forbids.is_empty())
}

/// Rate in Mbps times unit cost.
fn price(world: &World, content: usize, child: usize, substream: usize, parent: usize) -> f64 {
    let arc = world.arcs[content][child][parent].as_ref().expect("flows are on arcs");
    (arc.unit[substream] * world.contents[content].rate) as f64 / 1e9
}

/// The rules.
fn state<M: SolverModel>(mut model: M, world: &World, columns: &Columns) -> M {
    let nodes = world.machines.len();
    // Who is served has enough; who is not gets nothing.
    for (r, wish) in world.wishes.iter().enumerate() {
        let title = &world.contents[wish.content];
        model = model.with(constraint!(columns.gets(world, r) + held(world, r) >= wish.min as f64 * columns.served[r]));
        for s in 0..title.substreams {
            model = model.with(constraint!(columns.received(wish.content, wish.node, s) <= columns.served[r]));
        }
    }
    for (&(c, child, s, parent), &flow) in &columns.flows {
        // A parent has what it sends, and is nearer to a holder than its child.
        if !world.machines[parent].held[c][s] {
            model = model.with(constraint!(flow <= columns.received(c, parent, s)));
        }
        let above = columns.hops.get(&(c, parent, s)).map_or(Expression::from(0), |hops| hops.into_expression());
        let loose = (nodes + 1) as f64;
        model = model.with(constraint!(columns.hops[&(c, child, s)] >= above + 1 - loose * (1 - flow)));
        model = model.with(constraint!(flow <= columns.pairs[&(parent, child)]));
    }
    // Uplinks, downlinks, links, limits.
    for (budget, &room) in world.budgets.iter().enumerate().filter(|(_, room)| **room < 1_000_000_000) {
        let draws = |c: usize, child: usize, parent: usize| -> f64 {
            let arc = world.arcs[c][child][parent].as_ref().expect("flows are on arcs");
            arc.draws.iter().filter(|draw| draw.budget == budget).count() as f64 * world.contents[c].rate as f64
        };
        let load: Expression = columns.flows.iter().map(|(&(c, child, _, parent), flow)| draws(c, child, parent) * *flow).sum();
        model = model.with(constraint!(load <= room as f64));
    }
    for (node, machine) in world.machines.iter().enumerate().filter(|(_, machine)| machine.max_children < nodes as u32) {
        let children: Expression = columns.pairs.range((node, 0)..=(node, usize::MAX)).map(|(_, pair)| *pair).sum();
        model = model.with(constraint!(children <= machine.max_children));
    }
    model
}

/// Best service, and the least cost of that service, by two programs.
fn optimum<S: Solver<Model: SolverModel<Error: Debug>> + Copy>(world: &World, solver: S) -> (f64, f64) {
    if world.wishes.is_empty() {
        // Without columns the adapter reports an error.
        return (0.0, 0.0);
    }
    let mut variables = ProblemVariables::new();
    let of = columns(world, &mut variables);
    let model = state(variables.maximise(of.service(world)).using(solver), world, &of);
    let service = model.solve().expect("serving nobody is possible").eval(of.service(world));

    let mut variables = ProblemVariables::new();
    let of = columns(world, &mut variables);
    let model = state(variables.minimise(of.cost(world)).using(solver), world, &of);
    let model = model.with(constraint!(of.service(world) >= service - 1e-6));
    (service, model.solve().expect("that service is possible").eval(of.cost(world)))
}

/// The tiny instance of a seed, without what the model leaves out.
fn plain(seed: u64) -> Document {
    let mut document = simple(&tiny(seed));
    for node in &mut document.nodes {
        (node.relay_contents, node.storage_mb) = (Some(0), None);
    }
    document
}

fn same(best: &Best, (service, cost): (f64, f64)) -> bool {
    (best.service - service).abs() < 1e-5 && (best.cost_value() - cost).abs() < 1e-5 * (1.0 + cost)
}

#[test]
fn two_solvers_find_what_trying_all_plans_finds() {
    let mut flows = 0;
    for seed in 0..INSTANCES {
        let world = read(&plain(seed), &Weights::default());
        let best = best(&world);
        flows += best.flows.len();
        for (name, found) in [("highs", optimum(&world, good_lp::highs)), ("microlp", optimum(&world, good_lp::microlp))] {
            assert!(same(&best, found), "seed {seed}, {name}: {found:?}, and {} at {}", best.service, best.cost_value());
        }
    }
    assert!(flows > INSTANCES as usize, "instances that decide something");
}
