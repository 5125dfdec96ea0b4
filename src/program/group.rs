//! The group program: flows between cells, substreams summed, several contents, whole slots counted.
//!
//! ```text
//! x[c,g,h]  copies of c that cell g sends to cell h       y[c,h,t], e[c,h,t]  requests of a tier served, substreams beyond the least
//! r[c,g]    share of the relays of g that receive c
//!
//! dem[c,h]   sum_g x[c,g,h] >= sum_t k_t (least_t y_t + e_t) + S r      every copy received is sent; k: parents of each substream
//! rel[c,g]   sum_h x[c,g,h] <= standing + sum_t brings_t y_t + relayed r       a peer forwards only once it is served
//! up[g], down[h]   kbps over all contents, where a node sends or receives several
//! link[l], lim[p], nlim[p,g]   kbps of the flows that count
//! copy[p,c]   copies of c that enter a network and count <= max S
//! in[T]      copies that enter a set of cells without any >= least_t y_t / count_t (see `gates`)
//! whole[T]   what whole requests behind full links can take (see `rounding`)
//! svc        service >= what is asked for
//! ```
//!
//! Columns `x` are priced in: the program begins with the nearest cells of each child and takes in, round by round, those
//! whose reduced cost is negative. Its duals are prices; what they prove is evaluated by `bound`, over all pairs.

pub use super::candidates::CellArc;
use super::candidates::candidates;
use super::gates::Gate;
pub use super::prices::Prices;
use super::rounding::Rounding;
use super::supply::{self, Share, Supply};
use super::{Column, Name, Program};
use crate::ids::{ContentId, Id, LinkId};
use crate::instance::Instance;
use crate::policy::{CellId, Cells, ClassId, Rules};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

/// More cells than this, and arcs between them are too many.
const MOST_CELLS: usize = 1_500;
/// More rows for limits on single sources than this, and the simplex does not end.
const MOST_LIMITED: usize = 10_000;
/// Cheapest senders of each receiving cell that the program begins with.
const NEAREST: usize = 8;
/// Columns that one receiving cell may gain in one round of pricing.
const PRICED: usize = 3;
/// Reduced costs above this are taken for zero.
const NEGLIGIBLE: f64 = 1e-7;

/// The group program of an instance, with what its rows and columns stand for.
#[derive(Debug)]
pub struct GroupProgram<'a> {
    pub(super) instance: &'a Instance,
    pub(super) rules: &'a Rules,
    cells: &'a Cells,
    /// What the cells ask and offer.
    pub supply: &'a Supply,
    /// The matrix.
    pub program: Program,
    /// Columns `x`, in order of their place behind `first_arc`.
    pub arcs: Vec<CellArc>,
    /// Number of the first column `x`.
    pub first_arc: usize,
    /// Service of each column before the first `x`.
    pub service: Vec<f64>,
    pub(super) rows: Rows,
    /// Column `y` of each tier, in order of content, share and tier.
    pub(super) served: Vec<u32>,
    /// Sets of cells that first copies must enter, found so far.
    pub(super) gates: Vec<Gate>,
    /// For each content and share the gates whose set holds it.
    pub(super) gates_of: Vec<Vec<Vec<usize>>>,
    /// Rounded rows, found so far.
    pub(super) roundings: Vec<Rounding>,
    /// For each content and receiving share all senders, cheapest first.
    pub(super) candidates: Vec<Vec<Vec<CellArc>>>,
    known: FxHashSet<(u32, u32, u32)>,
}

#[derive(Debug, Default)]
pub(super) struct Rows {
    dem: Vec<Vec<u32>>,
    rel: Vec<Vec<u32>>,
    up: FxHashMap<CellId, u32>,
    down: FxHashMap<CellId, u32>,
    pub(super) link: FxHashMap<LinkId, u32>,
    lim: Vec<u32>,
    nlim: FxHashMap<(usize, CellId), u32>,
    copy: FxHashMap<(usize, ContentId), u32>,
    /// Row of each gate.
    pub(super) enter: Vec<u32>,
    /// Row of each rounding.
    pub(super) whole: Vec<u32>,
    svc: u32,
}

impl<'a> GroupProgram<'a> {
    /// Few enough cells, and limits on what each of them sends, for the solver to end in good time.
    pub fn is_small(rules: &Rules, cells: &Cells) -> bool {
        cells.len() <= MOST_CELLS && rules.node_limits.len() * cells.len() <= MOST_LIMITED
    }

    /// States the program; its objective is yet to be set.
    pub fn of(instance: &'a Instance, rules: &'a Rules, cells: &'a Cells, supply: &'a Supply) -> GroupProgram<'a> {
        let candidates: Vec<Vec<Vec<CellArc>>> =
            instance.contents.ids().map(|content| candidates(instance, rules, cells, supply, content)).collect();
        let mut group = GroupProgram {
            instance,
            rules,
            cells,
            supply,
            program: Program::new(),
            arcs: Vec::new(),
            first_arc: 0,
            service: Vec::new(),
            rows: Rows::default(),
            served: Vec::new(),
            gates: Vec::new(),
            gates_of: supply.shares.iter().map(|shares| vec![Vec::new(); shares.len()]).collect(),
            roundings: Vec::new(),
            candidates,
            known: FxHashSet::default(),
        };
        group.add_rows();
        group.add_requests();
        group.first_arc = group.program.columns.len();
        group.add_first_arcs();
        group
    }

    fn add_rows(&mut self) {
        let (instance, program, rows) = (self.instance, &mut self.program, &mut self.rows);
        for (content, shares) in self.supply.shares.pairs() {
            let name = |tag, share: &Share| Name::new(tag, &[content.0, share.cell]);
            rows.dem.push(shares.iter().map(|share| program.row(name("dem", share), 0.0, f64::INFINITY)).collect());
            rows.rel
                .push(shares.iter().map(|share| program.row(name("rel", share), f64::NEG_INFINITY, share.standing)).collect());
        }
        let mut limited = |tag, cells: &FxHashMap<CellId, f64>| {
            let mut sorted: Vec<_> = cells.iter().filter(|(_, most)| most.is_finite()).collect();
            sorted.sort_by_key(|(cell, _)| **cell);
            let row = |(cell, most): (&CellId, &f64)| (*cell, program.row(Name::new(tag, &[cell.0]), f64::NEG_INFINITY, *most));
            sorted.into_iter().map(row).collect()
        };
        rows.up = limited("up", &self.supply.shared_uplink);
        rows.down = limited("down", &self.supply.shared_downlink);
        for (id, link) in instance.links.pairs() {
            if let Some(capacity) = link.capacity {
                let room = supply::fillable(instance, capacity.saturating_sub(link.used));
                rows.link.insert(id, program.row(Name::new("link", &[id.0]), f64::NEG_INFINITY, room));
            }
        }
        for (row, limit) in self.rules.limits.iter().enumerate() {
            rows.lim.push(program.row(Name::new("lim", &[row as u32]), f64::NEG_INFINITY, supply::fillable(instance, limit.max)));
        }
        for (row, limit) in self.rules.node_limits.iter().enumerate() {
            for (id, node) in instance.nodes.pairs() {
                let cell = self.cells.cell(id);
                let most = supply::fillable(instance, limit.max(node.uplink).min(node.uplink));
                let at = *rows
                    .nlim
                    .entry((row, cell))
                    .or_insert_with(|| program.row(Name::new("nlim", &[row as u32, cell.0]), f64::NEG_INFINITY, 0.0));
                program.rows[at as usize].upper += most;
            }
        }
        for (row, limit) in self.rules.copy_limits.iter().enumerate() {
            for (id, content) in instance.contents.pairs() {
                let most = f64::from(limit.max) * f64::from(content.substreams);
                let at = program.row(Name::new("copy", &[row as u32, id.0]), f64::NEG_INFINITY, most);
                rows.copy.insert((row, id), at);
            }
        }
        rows.svc = program.row(Name::new("svc", &[]), f64::NEG_INFINITY, f64::INFINITY);
    }

    /// Columns `y`, `e` and `r`, with the service of each.
    fn add_requests(&mut self) {
        for (content, shares) in self.supply.shares.pairs() {
            let substreams = f64::from(self.instance.contents[content].substreams);
            for (place, share) in shares.iter().enumerate() {
                let (dem, rel) = (self.rows.dem[content.index()][place], self.rows.rel[content.index()][place]);
                for (number, tier) in share.tiers.iter().enumerate() {
                    let name = |tag| Name::new(tag, &[content.0, share.cell, number as u32]);
                    let each = tier.weight / substreams;
                    let served = each * (tier.held + tier.least);
                    let column = Column { name: name("y"), cost: 0.0, lower: 0.0, upper: tier.count, whole: false };
                    let entries = [(dem, -tier.least * tier.parents), (rel, -tier.brings), (self.rows.svc, served)];
                    self.served.push(self.program.column(column, &entries));
                    self.service.push(served);
                    if tier.need > tier.least {
                        let upper = (tier.need - tier.least) * tier.count;
                        let column = Column { name: name("e"), cost: 0.0, lower: 0.0, upper, whole: false };
                        self.program.column(column, &[(dem, -tier.parents), (self.rows.svc, each)]);
                        self.service.push(each);
                    }
                }
                if share.relayed > 0.0 {
                    let name = Name::new("r", &[content.0, share.cell]);
                    let column = Column { name, cost: 0.0, lower: 0.0, upper: 1.0, whole: false };
                    self.program.column(column, &[(dem, -substreams * share.relays), (rel, -share.relayed)]);
                    self.service.push(0.0);
                }
            }
        }
    }

    fn add_first_arcs(&mut self) {
        for content in self.instance.contents.ids() {
            let row = content.index();
            for child in 0..self.candidates[row].len() {
                // Who only relays is fed where prices ask for it: with many contents most of them never are.
                if self.supply.shares[content][child].tiers.is_empty() {
                    continue;
                }
                let standing = |arc: &CellArc| self.supply.shares[content][arc.ends.0 as usize].standing > 0.0;
                let senders = &self.candidates[row][child];
                let mut chosen: Vec<CellArc> = senders.iter().take(NEAREST).copied().collect();
                chosen.extend(senders.iter().skip(NEAREST).filter(|arc| standing(arc)).take(2));
                chosen.into_iter().for_each(|arc| self.add_arc(arc));
            }
        }
    }

    /// With every column `x`, none left to be priced in.
    pub fn with_all_arcs(mut self) -> GroupProgram<'a> {
        for senders in std::mem::take(&mut self.candidates).into_iter().flatten() {
            senders.into_iter().for_each(|arc| self.add_arc(arc));
        }
        self
    }

    fn add_arc(&mut self, arc: CellArc) {
        let key = (arc.content.0, arc.ends.0, arc.ends.1);
        if !self.known.insert(key) {
            return;
        }
        let mut entries = Vec::with_capacity(8);
        self.each_entry(&arc, |row, value| entries.push((row, value)));
        let shares = &self.supply.shares[arc.content];
        let ends = [arc.content.0, shares[arc.ends.0 as usize].cell, shares[arc.ends.1 as usize].cell];
        let column = Column { name: Name::new("x", &ends), cost: 0.0, lower: 0.0, upper: f64::INFINITY, whole: false };
        self.program.column(column, &entries);
        self.arcs.push(arc);
    }

    /// The rows that count one copy on an arc, and by how much.
    fn each_entry(&self, arc: &CellArc, mut entry: impl FnMut(u32, f64)) {
        let content = arc.content.index();
        let shares = &self.supply.shares[arc.content];
        let (from, to) = (CellId(shares[arc.ends.0 as usize].cell), CellId(shares[arc.ends.1 as usize].cell));
        let (a, b) = (self.class(from), self.class(to));
        let rate = self.instance.contents[arc.content].rate().0 as f64;
        entry(self.rows.dem[content][arc.ends.1 as usize], 1.0);
        entry(self.rows.rel[content][arc.ends.0 as usize], 1.0);
        for gate in &self.gates_of[content][arc.ends.1 as usize] {
            if !self.gates[*gate].holds(from) {
                entry(self.rows.enter[*gate], 1.0);
            }
        }
        if let Some(row) = self.rows.up.get(&from) {
            entry(*row, rate);
        }
        if let Some(row) = self.rows.down.get(&to) {
            entry(*row, rate);
        }
        for link in self.rules.topology.links(arc.arc.route) {
            if let Some(row) = self.rows.link.get(link) {
                entry(*row, rate);
            }
        }
        self.rules.each_limit(a, b, arc.content, arc.arc.route, |row| entry(self.rows.lim[row], rate));
        self.rules.each_node_limit(a, b, arc.content, arc.arc.route, |row| entry(self.rows.nlim[&(row, from)], rate));
        self.rules.each_copy_limit(a, b, arc.content, arc.arc.route, |row| entry(self.rows.copy[&(row, arc.content)], 1.0));
    }

    fn class(&self, cell: CellId) -> ClassId {
        self.rules.classes.class(self.cells.sample(cell))
    }

    /// Adds the columns whose reduced cost at these duals is least, a few for each receiving cell; tells how many.
    /// `cost` says how much one unit of cost counts in the objective.
    pub fn price_in(&mut self, duals: &[f64], cost: f64) -> usize {
        let reduced = |arc: &CellArc| {
            let mut reduced = cost * arc.cost;
            self.each_entry(arc, |row, value| reduced -= duals[row as usize] * value);
            reduced
        };
        let best_of = |senders: &Vec<CellArc>| {
            let known = |arc: &CellArc| self.known.contains(&(arc.content.0, arc.ends.0, arc.ends.1));
            let priced =
                senders.iter().map(|arc| (reduced(arc), *arc)).filter(|(reduced, arc)| *reduced < -NEGLIGIBLE && !known(arc));
            let mut best: Vec<(f64, CellArc)> = priced.collect();
            best.sort_by(|a, b| a.0.total_cmp(&b.0));
            best.truncate(PRICED);
            best
        };
        let found: Vec<CellArc> = self.candidates.par_iter().flatten().flat_map_iter(best_of).map(|(_, arc)| arc).collect();
        let count = found.len();
        found.into_iter().for_each(|arc| self.add_arc(arc));
        count
    }

    /// How many arcs there are, in the program or not.
    pub fn arc_count(&self) -> usize {
        self.candidates.iter().flatten().map(Vec::len).sum()
    }

    /// Adds every arc that is not in the program yet.
    pub fn add_all_arcs(&mut self) {
        let all: Vec<CellArc> = self.candidates.iter().flatten().flatten().copied().collect();
        all.into_iter().for_each(|arc| self.add_arc(arc));
    }

    /// More than the flows of any plan can cost.
    pub fn most_cost(&self) -> f64 {
        let dearest = |senders: &Vec<CellArc>| senders.iter().map(|arc| arc.cost).fold(0.0, f64::max);
        let of_content = |(content, shares): (ContentId, &Vec<Share>)| {
            let copies = |share: &Share| share.tiers.iter().map(|tier| tier.takes() * tier.count).sum::<f64>();
            let children = self.candidates[content.index()].iter();
            shares.iter().zip(children).map(|(share, senders)| copies(share) * dearest(senders)).sum::<f64>()
        };
        self.supply.shares.pairs().map(of_content).sum()
    }

    /// The objective `cost` times cost less `service` times service, column by column.
    pub fn objective(&self, cost: f64, service: f64) -> Vec<f64> {
        let served = self.service.iter().map(|each| -service * each);
        served.chain(self.arcs.iter().map(|arc| cost * arc.cost)).collect()
    }

    /// Column `y` of each tier, in order of content, share and tier.
    pub fn columns_of_tiers(&self) -> &[u32] {
        &self.served
    }

    /// Columns `y` with their values at a point and their counts.
    pub fn served<'p>(&'p self, point: &'p [f64]) -> impl Iterator<Item = (u32, f64, f64)> + 'p {
        self.served.iter().map(|column| (*column, point[*column as usize], self.program.columns[*column as usize].upper))
    }

    /// The row that asks for service.
    pub fn service_row(&self) -> u32 {
        self.rows.svc
    }

    /// Duals as prices, `per` of the objective's units each; what is negative by rounding is taken for zero.
    pub fn prices(&self, duals: &[f64], per: f64) -> Prices {
        // Rows that joined after the point was found have no price.
        let dual = |row: u32| duals.get(row as usize).copied().unwrap_or(0.0);
        let price = |row: u32| (-dual(row) / per).max(0.0);
        let by_cell = |rows: &FxHashMap<CellId, u32>| rows.iter().map(|(cell, row)| (*cell, price(*row))).collect();
        Prices {
            send: self.rows.rel.iter().map(|rows| rows.iter().map(|row| price(*row)).collect()).collect(),
            uplink: by_cell(&self.rows.up),
            downlink: by_cell(&self.rows.down),
            link: self.rows.link.iter().map(|(link, row)| (*link, price(*row))).collect(),
            limit: self.rules.limits.iter().zip(&self.rows.lim).map(|(limit, row)| (limit.policy, price(*row))).collect(),
            node_limit: (self.rows.nlim.iter())
                .map(|((limit, cell), row)| ((self.rules.node_limits[*limit].policy, *cell), price(*row)))
                .collect(),
            copy_limit: (self.rows.copy.iter())
                .map(|((limit, content), row)| ((self.rules.copy_limits[*limit].policy, *content), price(*row)))
                .collect(),
            enter: self
                .gates
                .iter()
                .zip(&self.rows.enter)
                .map(|(gate, row)| (gate.clone(), (dual(*row) / per).max(0.0)))
                .collect(),
            whole: self.roundings.iter().zip(&self.rows.whole).map(|(rounding, row)| (rounding.clone(), price(*row))).collect(),
            service: (dual(self.rows.svc) / per).max(0.0),
        }
    }
}
