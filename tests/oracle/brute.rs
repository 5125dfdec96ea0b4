//! The best plan by trying all of them.
//!
//! A **choice** says which substreams each request receives. Choices are tried from the best service down; for each, every
//! way to give the wanted substreams their parents is searched. The first service for which there is a way is the best,
//! and the cheapest way of that service is the optimum. A relay receives a substream only once somebody wants it from the
//! relay: no unit cost is negative, so an idle relay never helps.
//!
//! What the contract has and this search has not yet (relaxation, several parents per substream, copies, delays) has its
//! place: a relaxed policy lifts the budgets and bans of one request and belongs to the choice; several parents are several
//! cells per slot; copies and delays are further tests in [`Search::allows`].

use super::reading::{Arc, World};

/// A substream that a node receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// The receiver.
    pub node: usize,
    /// What.
    pub content: usize,
    /// Which part of it.
    pub substream: usize,
}

/// The optimum, lexicographically, and one plan that reaches it.
#[derive(Clone, Debug)]
pub struct Best {
    /// Weight times share of substreams, over served requests.
    pub service: f64,
    /// Nothing can be relaxed yet.
    pub relaxation: f64,
    /// Millionths of the unit cost times kbps.
    pub cost: u64,
    /// Whether each request is served, in the document's order.
    pub served: Vec<bool>,
    /// Who sends what.
    pub flows: Vec<(Slot, usize)>,
}

impl Best {
    /// The cost as it stands in a plan.
    pub fn cost_value(&self) -> f64 {
        self.cost as f64 / 1e9
    }
}

/// Which substreams each request receives (`None`: it is not served), and the service of that.
struct Choice {
    wanted: Vec<Option<u64>>,
    service: f64,
}

/// The optimum of a world.
pub fn best(world: &World) -> Best {
    let mut choices = choices(world);
    choices.sort_by(|a, b| b.service.total_cmp(&a.service));
    let closeness = 1e-9 * world.wishes.iter().map(|wish| wish.weight).sum::<f64>();
    let mut best: Option<Best> = None;
    for choice in &choices {
        if best.as_ref().is_some_and(|best| choice.service < best.service - closeness) {
            break;
        }
        let limit = best.as_ref().map_or(u64::MAX, |best| best.cost);
        let mut search = Search::new(world, choice, limit);
        if search.storage_holds() && search.rates_fit() {
            search.complete();
        }
        if let Some(flows) = search.best {
            let served = choice.wanted.iter().map(Option::is_some).collect();
            best = Some(Best { service: choice.service, relaxation: 0.0, cost: search.limit, served, flows });
        }
    }
    best.expect("serving nobody who is not a holder is always possible")
}

/// Every choice that respects `min_substreams`.
fn choices(world: &World) -> Vec<Choice> {
    let mut choices = vec![Choice { wanted: Vec::new(), service: 0.0 }];
    for wish in &world.wishes {
        let content = &world.contents[wish.content];
        let held = &world.machines[wish.node].held[wish.content];
        let has = |s: usize, mask: u64| held[s] || mask >> s & 1 == 1;
        let masks =
            (0..1u64 << content.substreams).filter(|mask| (0..content.substreams).all(|s| !held[s] || mask >> s & 1 == 0));
        let count = |mask: u64| (0..content.substreams).filter(|&s| has(s, mask)).count();
        let mut options: Vec<(Option<u64>, f64)> = masks
            .filter(|&mask| count(mask) >= content.min)
            .map(|mask| (Some(mask), wish.weight * count(mask) as f64 / content.substreams as f64))
            .collect();
        if count(0) < content.min {
            options.push((None, 0.0));
        }
        choices = (choices.iter())
            .flat_map(|choice| {
                options.iter().map(|&(mask, gain)| Choice {
                    wanted: [choice.wanted.as_slice(), &[mask]].concat(),
                    service: choice.service + gain,
                })
            })
            .collect();
    }
    choices
}

/// What a slot is in the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    /// Nobody wants it.
    Unwanted,
    /// Wanted, without a parent as yet.
    Open,
    /// Given by this parent.
    Given(usize),
}

/// A depth-first search over parents for the slots of one choice.
struct Search<'a> {
    world: &'a World,
    choice: &'a Choice,
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
    /// The cheapest plan so far.
    best: Option<Vec<(Slot, usize)>>,
}

impl<'a> Search<'a> {
    fn new(world: &'a World, choice: &'a Choice, limit: u64) -> Search<'a> {
        let nodes = world.machines.len();
        let row = || world.contents.iter().map(|content| vec![Cell::Unwanted; content.substreams]).collect::<Vec<_>>();
        let mut cells: Vec<_> = (0..nodes).map(|_| row()).collect();
        for (wish, mask) in world.wishes.iter().zip(&choice.wanted) {
            for (s, cell) in cells[wish.node][wish.content].iter_mut().enumerate() {
                if mask.unwrap_or(0) >> s & 1 == 1 {
                    *cell = Cell::Open;
                }
            }
        }
        let (room, sends) = (world.budgets.clone(), vec![vec![0; nodes]; nodes]);
        Search { world, choice, cells, room, sends, cost: 0, limit, best: None }
    }

    fn slots(&self) -> impl Iterator<Item = (Slot, Cell)> + '_ {
        self.cells.iter().enumerate().flat_map(|(node, contents)| {
            contents.iter().enumerate().flat_map(move |(content, substreams)| {
                substreams.iter().enumerate().map(move |(substream, &cell)| (Slot { node, content, substream }, cell))
            })
        })
    }

    fn arc(&self, slot: Slot, parent: usize) -> Option<&'a Arc> {
        self.world.arcs[slot.content][slot.node][parent].as_ref()
    }

    fn price(&self, slot: Slot, parent: usize) -> u64 {
        self.arc(slot, parent).map_or(0, |arc| arc.unit[slot.substream] * self.world.contents[slot.content].rate)
    }

    /// Gives every open slot a parent, in all ways that may be cheaper than the best so far.
    fn complete(&mut self) {
        let open = self.slots().filter(|(_, cell)| *cell == Cell::Open);
        let parents = |(slot, _)| (slot, (0..self.cells.len()).filter(|&parent| self.allows(slot, parent)).collect());
        let open: Vec<(Slot, Vec<usize>)> = open.map(parents).collect();
        let cheapest = |(slot, parents): &(Slot, Vec<usize>)| parents.iter().map(|&parent| self.price(*slot, parent)).min();
        let Some(least) = open.iter().map(cheapest).sum::<Option<u64>>() else { return };
        if self.cost + least >= self.limit || !self.uplinks_suffice(&open) {
            return;
        }
        let Some((slot, mut parents)) = open.into_iter().min_by_key(|(_, parents)| parents.len()) else {
            self.limit = self.cost;
            self.best = Some(
                self.slots().filter_map(|(slot, cell)| if let Cell::Given(p) = cell { Some((slot, p)) } else { None }).collect(),
            );
            return;
        };
        parents.sort_by_key(|&parent| self.price(slot, parent));
        for parent in parents {
            self.attempt(slot, parent);
        }
    }

    /// Every open slot can have a parent if nothing but uplinks counts, and every flow is as thin as the thinnest: each slot
    /// in turn takes a parent with room, or one whose slot finds another parent.
    fn uplinks_suffice(&self, open: &[(Slot, Vec<usize>)]) -> bool {
        let thinnest = self.world.contents.iter().map(|content| content.rate).min().unwrap_or(1);
        let mut taken: Vec<Vec<usize>> = vec![Vec::new(); self.cells.len()];
        let most: Vec<usize> = self.room[..taken.len()].iter().map(|room| (room / thinnest) as usize).collect();
        (0..open.len()).all(|slot| seat(slot, open, &most, &mut taken, &mut vec![false; most.len()]))
    }

    /// Lets a parent send a slot, goes on from there, and takes it back.
    fn attempt(&mut self, slot: Slot, parent: usize) {
        let arc = self.arc(slot, parent).expect("only parents that are allowed are tried");
        let rate = self.world.contents[slot.content].rate;
        let source = self.cells[parent][slot.content][slot.substream];
        let recruits = source == Cell::Unwanted && !self.world.machines[parent].held[slot.content][slot.substream];
        arc.budgets.iter().for_each(|&budget| self.room[budget] -= rate);
        self.sends[parent][slot.node] += 1;
        self.cost += self.price(slot, parent);
        self.cells[slot.node][slot.content][slot.substream] = Cell::Given(parent);
        if recruits {
            self.cells[parent][slot.content][slot.substream] = Cell::Open;
        }
        if self.depth_holds() {
            self.complete();
        }
        if recruits {
            self.cells[parent][slot.content][slot.substream] = Cell::Unwanted;
        }
        self.cells[slot.node][slot.content][slot.substream] = Cell::Open;
        self.cost -= self.price(slot, parent);
        self.sends[parent][slot.node] -= 1;
        arc.budgets.iter().for_each(|&budget| self.room[budget] += rate);
    }

    /// This parent may send this slot, with what has been decided so far.
    fn allows(&self, slot: Slot, parent: usize) -> bool {
        let Some(arc) = self.arc(slot, parent) else { return false };
        let rate = self.world.contents[slot.content].rate;
        let machine = &self.world.machines[parent];
        let children = self.sends[parent].iter().filter(|&&flows| flows > 0).count() as u32;
        (self.sends[parent][slot.node] > 0 || children < machine.max_children)
            && arc.budgets.iter().all(|&budget| self.room[budget] >= rate)
            && (machine.held[slot.content][slot.substream]
                || self.cells[parent][slot.content][slot.substream] != Cell::Unwanted
                || self.may_relay(parent, slot.content))
            && !self.is_below(slot, parent)
    }

    /// The node may receive a (further) substream of the content only to pass it on.
    fn may_relay(&self, node: usize, content: usize) -> bool {
        let machine = &self.world.machines[node];
        let asks = self.world.wishes.iter().any(|wish| wish.node == node && wish.content == content);
        let relays = |c: usize| self.relayed(node).any(|relayed| relayed == c);
        !asks
            && !machine.held[content].contains(&true)
            && (relays(content)
                || (self.relayed(node).count() as u32) < machine.relay_contents && self.fits_storage(node, Some(content)))
    }

    /// The contents that a node relays.
    fn relayed(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        let asks = move |content: usize| self.world.wishes.iter().any(|wish| wish.node == node && wish.content == content);
        (0..self.world.contents.len())
            .filter(move |&c| !asks(c) && self.cells[node][c].iter().any(|cell| *cell != Cell::Unwanted))
    }

    /// The parent gets the substream from the slot's node, near or far.
    fn is_below(&self, slot: Slot, parent: usize) -> bool {
        let mut node = parent;
        while node != slot.node {
            match self.cells[node][slot.content][slot.substream] {
                Cell::Given(above) => node = above,
                _ => return false,
            }
        }
        true
    }

    /// No slot is too deep, as far as is known.
    fn depth_holds(&self) -> bool {
        self.slots().filter(|(_, cell)| *cell != Cell::Unwanted).all(|(slot, _)| {
            let (mut hops, mut node) = (0, slot.node);
            loop {
                match self.cells[node][slot.content][slot.substream] {
                    Cell::Given(parent) => (hops, node) = (hops + 1, parent),
                    // Whoever sends it, a holder at best, is one hop more.
                    Cell::Open => break hops < self.world.depth[slot.content][slot.node],
                    Cell::Unwanted => break hops <= self.world.depth[slot.content][slot.node],
                }
            }
        })
    }

    /// Storage holds for what the choice serves.
    fn storage_holds(&self) -> bool {
        (0..self.world.machines.len()).all(|node| self.fits_storage(node, None))
    }

    /// What a node holds, is served, relays, and `further` relays fit its storage, or nothing is added to what it holds.
    fn fits_storage(&self, node: usize, further: Option<usize>) -> bool {
        let machine = &self.world.machines[node];
        let served = |content: usize| {
            (self.world.wishes.iter().zip(&self.choice.wanted))
                .any(|(wish, mask)| wish.node == node && wish.content == content && mask.is_some())
        };
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
        let rate = |slot: &Slot| self.world.contents[slot.content].rate;
        let open: Vec<Slot> = self.slots().filter(|(_, cell)| *cell == Cell::Open).map(|(slot, _)| slot).collect();
        let uplinks: u64 = self.room[..nodes].iter().fold(0, |sum, room| sum.saturating_add(*room));
        let received = |node: usize| open.iter().filter(|slot| slot.node == node).map(rate).sum::<u64>();
        open.iter().map(rate).sum::<u64>() <= uplinks && (0..nodes).all(|node| received(node) <= self.room[nodes + node])
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
