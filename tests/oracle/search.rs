//! Every manner of giving wanted substreams their parents.
//!
//! A depth-first search over the parents of one choice. A substream with several parents takes them in rising order, so
//! that each set is tried once. A test that fails stays failed below, whatever is added: it ends the branch.

use super::brute::Slot;
use super::law::{Demand, Law, Laws, has};
use super::reading::{Arc, World};

/// What a slot is in the search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Cell {
    /// How many parents it must have; 0: nobody wants it, or its node holds it.
    needs: usize,
    /// Those it has, in rising order.
    parents: Vec<usize>,
}

impl Cell {
    fn is_open(&self) -> bool {
        self.parents.len() < self.needs
    }
}

/// A search for one choice under given laws.
pub struct Search<'a> {
    world: &'a World,
    laws: &'a Laws,
    /// Which substreams each request receives; `None`: it is not served.
    wanted: &'a [Option<u64>],
    /// `asks[node][content]`.
    asks: Vec<Vec<bool>>,
    /// `cells[node][content][substream]`.
    cells: Vec<Vec<Vec<Cell>>>,
    /// What is left of each budget.
    room: Vec<u64>,
    /// `sends[parent][child]`: flows from one to the other.
    sends: Vec<Vec<u32>>,
    /// Cost so far.
    cost: u64,
    /// Only what is cheaper than this is of interest.
    limit: u64,
    /// The first plan will do.
    any: bool,
    /// The cheapest plan so far.
    best: Option<(u64, Vec<(Slot, usize)>)>,
}

impl<'a> Search<'a> {
    /// A search for a plan that costs less than `limit`.
    pub fn new(world: &'a World, wanted: &'a [Option<u64>], laws: &'a Laws, limit: u64) -> Search<'a> {
        let nodes = world.machines.len();
        let row = || world.contents.iter().map(|content| vec![Cell::default(); content.substreams]).collect::<Vec<_>>();
        let mut cells: Vec<_> = (0..nodes).map(|_| row()).collect();
        let mut asks = vec![vec![false; world.contents.len()]; nodes];
        for (wish, mask) in world.wishes.iter().zip(wanted) {
            asks[wish.node][wish.content] = true;
            let row = cells[wish.node][wish.content].iter_mut().enumerate();
            let parents = laws.receivers[wish.content][wish.node].parents;
            row.filter(|(s, _)| has(mask.unwrap_or(0), *s)).for_each(|(_, cell)| cell.needs = parents);
        }
        let (room, sends) = (world.budgets.clone(), vec![vec![0; nodes]; nodes]);
        Search { world, laws, wanted, asks, cells, room, sends, cost: 0, limit, any: false, best: None }
    }

    /// The cheapest plan with its cost.
    pub fn cheapest(mut self) -> Option<(u64, Vec<(Slot, usize)>)> {
        if self.storage_holds() && self.rates_fit() {
            self.complete();
        }
        self.best
    }

    /// Some plan.
    pub fn any(mut self) -> Option<(u64, Vec<(Slot, usize)>)> {
        self.any = true;
        self.cheapest()
    }

    fn slots(&self) -> impl Iterator<Item = (Slot, &Cell)> + '_ {
        self.cells.iter().enumerate().flat_map(|(node, contents)| {
            contents.iter().enumerate().flat_map(move |(content, substreams)| {
                substreams.iter().enumerate().map(move |(substream, cell)| (Slot { node, content, substream }, cell))
            })
        })
    }

    fn cell(&self, slot: Slot) -> &Cell {
        &self.cells[slot.node][slot.content][slot.substream]
    }

    fn cell_mut(&mut self, slot: Slot) -> &mut Cell {
        &mut self.cells[slot.node][slot.content][slot.substream]
    }

    fn law(&self, slot: Slot) -> &'a Law {
        &self.laws.receivers[slot.content][slot.node]
    }

    fn arc(&self, slot: Slot, parent: usize) -> Option<&'a Arc> {
        self.world.arcs[slot.content][slot.node][parent].as_ref()
    }

    fn price(&self, slot: Slot, parent: usize) -> u64 {
        self.arc(slot, parent).map_or(0, |arc| arc.unit[slot.substream] * self.world.contents[slot.content].rate)
    }

    fn holds(&self, slot: Slot) -> bool {
        self.world.machines[slot.node].held[slot.content][slot.substream]
    }

    /// The budgets that a flow draws on, and how much of each: none of those of policies that its receiver relaxes.
    fn draws(&self, slot: Slot, parent: usize) -> impl Iterator<Item = (usize, u64)> + use<'a> {
        let (rate, relaxed) = (self.world.contents[slot.content].rate, self.law(slot).relaxed);
        let counts = move |policy: usize| !has(relaxed, policy);
        self.arc(slot, parent).into_iter().flat_map(move |arc| {
            let rates = arc.draws.iter().filter(move |draw| draw.policy.is_none_or(counts)).map(move |draw| (draw.budget, rate));
            let copies = arc.copies.iter().filter(move |copies| counts(copies.0));
            rates.chain(copies.map(move |copies| (copies.1 + slot.substream, 1)))
        })
    }

    /// Gives every open slot its parents, in all manners that may be cheaper than the best so far.
    fn complete(&mut self) {
        let mut open: Vec<(Slot, Vec<usize>)> = Vec::new();
        let mut least = self.cost;
        for (slot, cell) in self.slots().filter(|(_, cell)| cell.is_open()) {
            let mut parents: Vec<usize> = (0..self.cells.len()).filter(|&parent| self.allows(slot, parent)).collect();
            let missing = cell.needs - cell.parents.len();
            if parents.len() < missing {
                return;
            }
            parents.sort_by_key(|&parent| self.price(slot, parent));
            least += parents[..missing].iter().map(|&parent| self.price(slot, parent)).sum::<u64>();
            open.push((slot, parents));
        }
        let met = || self.laws.demands.iter().all(|demand| self.may_be_met(demand, &open));
        if least >= self.limit || !met() || !self.uplinks_suffice(&open) || !self.budgets_suffice(&open) {
            return;
        }
        let Some((slot, parents)) = open.into_iter().min_by_key(|(_, parents)| parents.len()) else {
            let flows = self.slots().flat_map(|(slot, cell)| cell.parents.iter().map(move |&parent| (slot, parent)));
            self.best = Some((self.cost, flows.collect()));
            self.limit = if self.any { 0 } else { self.cost };
            return;
        };
        for parent in parents {
            self.attempt(slot, parent);
        }
    }

    /// Every open slot can have its parents if nothing but uplinks counts, and every flow is as thin as the thinnest: each
    /// slot in turn takes a parent with room, or one whose slot finds another parent.
    fn uplinks_suffice(&self, open: &[(Slot, Vec<usize>)]) -> bool {
        let thinnest = self.world.contents.iter().map(|content| content.rate).min().unwrap_or(1);
        let mut taken: Vec<Vec<usize>> = vec![Vec::new(); self.cells.len()];
        let most: Vec<usize> = self.room[..taken.len()].iter().map(|room| (room / thinnest) as usize).collect();
        let missing = |slot: usize| self.cell(open[slot].0).needs - self.cell(open[slot].0).parents.len();
        let mut seats = (0..open.len()).flat_map(|slot| (0..missing(slot)).map(move |_| slot));
        seats.all(|slot| seat(slot, open, &most, &mut taken, &mut vec![false; most.len()]))
    }

    /// What every parent that an open slot may take draws on has room for all such slots.
    fn budgets_suffice(&self, open: &[(Slot, Vec<usize>)]) -> bool {
        let mut room = self.room.clone();
        open.iter().all(|(slot, parents)| {
            let missing = (self.cell(*slot).needs - self.cell(*slot).parents.len()) as u64;
            let by_all = |draw: &(usize, u64)| parents[1..].iter().all(|&other| self.draws(*slot, other).any(|d| d == *draw));
            self.draws(*slot, parents[0]).filter(by_all).all(|(budget, amount)| {
                let left = room[budget].checked_sub(missing * amount);
                left.map(|left| room[budget] = left).is_some()
            })
        })
    }

    /// Lets a parent send a slot, goes on from there, and takes it back.
    fn attempt(&mut self, slot: Slot, parent: usize) {
        let source = Slot { node: parent, ..slot };
        let recruits = self.cell(source).needs == 0 && !self.holds(source);
        self.draws(slot, parent).for_each(|(budget, amount)| self.room[budget] -= amount);
        self.sends[parent][slot.node] += 1;
        self.cost += self.price(slot, parent);
        self.cell_mut(slot).parents.push(parent);
        if recruits {
            self.cell_mut(source).needs = 1;
        }
        if self.ways_hold() {
            self.complete();
        }
        if recruits {
            self.cell_mut(source).needs = 0;
        }
        self.cell_mut(slot).parents.pop();
        self.cost -= self.price(slot, parent);
        self.sends[parent][slot.node] -= 1;
        self.draws(slot, parent).for_each(|(budget, amount)| self.room[budget] += amount);
    }

    /// This parent may send this slot, with what has been decided so far.
    fn allows(&self, slot: Slot, parent: usize) -> bool {
        let Some(arc) = self.arc(slot, parent) else { return false };
        let (law, source) = (self.law(slot), Slot { node: parent, ..slot });
        let machine = &self.world.machines[parent];
        let children = self.sends[parent].iter().filter(|&&flows| flows > 0).count() as u32;
        let late = if self.holds(source) { 0.0 } else { self.law(source).delay };
        arc.forbids.iter().all(|&policy| has(law.relaxed, policy))
            && late <= law.delay
            && (self.sends[parent][slot.node] > 0 || children < machine.max_children)
            && self.draws(slot, parent).all(|(budget, amount)| self.room[budget] >= amount)
            && (self.holds(source) || self.cell(source).needs > 0 || self.may_relay(parent, slot.content))
            && self.is_further(slot, parent)
            && !self.is_below(slot, source)
    }

    /// The parent comes after those that the slot has, and is as distinct from them as it must be.
    fn is_further(&self, slot: Slot, parent: usize) -> bool {
        let (law, network) = (self.law(slot), |node: usize| self.world.machines[node].network);
        let route = |parent: usize| self.arc(slot, parent).map_or(&[][..], |arc| &arc.route);
        self.cell(slot).parents.iter().all(|&other| {
            other < parent
                && (!law.networks || network(other) != network(parent))
                && (!law.links || route(other).iter().all(|link| !route(parent).contains(link)))
        })
    }

    /// The node may receive a (further) substream of the content only to pass it on.
    fn may_relay(&self, node: usize, content: usize) -> bool {
        let machine = &self.world.machines[node];
        !self.asks[node][content]
            && !machine.held[content].contains(&true)
            && (self.relayed(node).any(|relayed| relayed == content)
                || (self.relayed(node).count() as u32) < machine.relay_contents && self.fits_storage(node, Some(content)))
    }

    /// The contents that a node relays.
    fn relayed(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.world.contents.len())
            .filter(move |&c| !self.asks[node][c] && self.cells[node][c].iter().any(|cell| cell.needs > 0))
    }

    /// The source is the slot's node or gets the substream from it, near or far.
    fn is_below(&self, slot: Slot, source: Slot) -> bool {
        source == slot || self.cell(source).parents.iter().any(|&parent| self.is_below(slot, Slot { node: parent, ..slot }))
    }

    /// No slot is too deep or too far from a holder, as far as is known.
    fn ways_hold(&self) -> bool {
        self.slots().filter(|(_, cell)| cell.needs > 0).all(|(slot, _)| {
            let law = self.law(slot);
            (law.hops == u32::MAX || self.hops(slot) <= law.hops)
                && (law.ms == f64::INFINITY || self.latency(slot) <= law.ms * (1.0 + 1e-9))
        })
    }

    /// The longest way from a holder. A parent that is missing will be one hop away at least.
    fn hops(&self, slot: Slot) -> u32 {
        let cell = self.cell(slot);
        let above = cell.parents.iter().map(|&parent| self.hops(Slot { node: parent, ..slot }) + 1);
        above.max().unwrap_or(u32::from(cell.needs > 0))
    }

    /// The longest way from a holder, ms.
    fn latency(&self, slot: Slot) -> f64 {
        let half = |parent: usize| self.arc(slot, parent).map_or(0.0, |arc| arc.half_rtt);
        let above = self.cell(slot).parents.iter().map(|&parent| self.latency(Slot { node: parent, ..slot }) + half(parent));
        above.fold(0.0, f64::max)
    }

    /// A flow brings what is demanded, or a parent that an open slot may take would.
    fn may_be_met(&self, demand: &Demand, open: &[(Slot, Vec<usize>)]) -> bool {
        let network = |node: usize| self.world.machines[node].network;
        let brings = |slot: Slot, parent: usize| {
            slot.content == demand.content
                && slot.substream == demand.substream
                && demand.receivers.contains(&slot.node)
                && network(parent) != demand.network
                && self.arc(slot, parent).is_some_and(|arc| arc.route.contains(&demand.link))
        };
        self.slots().any(|(slot, cell)| cell.parents.iter().any(|&parent| brings(slot, parent)))
            || open.iter().any(|(slot, parents)| parents.iter().any(|&parent| brings(*slot, parent)))
    }

    /// Storage holds for what the choice serves.
    fn storage_holds(&self) -> bool {
        (0..self.world.machines.len()).all(|node| self.fits_storage(node, None))
    }

    /// What a node holds, is served, relays, and `further` relays fit its storage, or nothing is added to what it holds.
    fn fits_storage(&self, node: usize, further: Option<usize>) -> bool {
        let machine = &self.world.machines[node];
        let served = |content: usize| self.world.wish(node, content).is_some_and(|wish| self.wanted[wish].is_some());
        let holds = |content: usize| machine.held[content].contains(&true);
        let gets = |content: usize| served(content) || self.relayed(node).any(|c| c == content) || further == Some(content);
        let sizes = |which: &dyn Fn(usize) -> bool| -> f64 {
            (0..self.world.contents.len()).filter(|&c| which(c)).map(|c| self.world.contents[c].size).sum()
        };
        let adds = (0..self.world.contents.len()).any(|c| gets(c) && !holds(c) && self.world.contents[c].is_file);
        !adds || sizes(&|c| holds(c) || gets(c)) <= machine.storage
    }

    /// The wanted substreams do not exceed all uplinks together, nor any downlink: a quick no to hopeless choices.
    fn rates_fit(&self) -> bool {
        let nodes = self.cells.len();
        let received = |node: usize| -> u64 {
            let wanted = self.slots().filter(|(slot, _)| slot.node == node);
            wanted.map(|(slot, cell)| cell.needs as u64 * self.world.contents[slot.content].rate).sum()
        };
        let uplinks: u64 = self.room[..nodes].iter().fold(0, |sum, room| sum.saturating_add(*room));
        (0..nodes).map(received).sum::<u64>() <= uplinks && (0..nodes).all(|node| received(node) <= self.room[nodes + node])
    }
}

/// Gives an open slot a place with a parent; whoever has to make way for it finds another one.
fn seat(slot: usize, open: &[(Slot, Vec<usize>)], most: &[usize], taken: &mut [Vec<usize>], tried: &mut [bool]) -> bool {
    for &parent in &open[slot].1 {
        if std::mem::replace(&mut tried[parent], true) {
            continue;
        }
        if taken[parent].len() < most[parent] {
            taken[parent].push(slot);
            return true;
        }
        for place in 0..taken[parent].len() {
            if seat(taken[parent][place], open, most, taken, tried) {
                taken[parent][place] = slot;
                return true;
            }
        }
    }
    false
}
