//! Cuts of the group program: the rows of [`gates`] and [`rounding`](super::rounding), found at a point and added to the
//! program.

use super::gates::{self, BROKEN, Flows, Gate};
use super::group::{CellArc, GroupProgram};
use super::rounding::{Fences, Rounding};
use super::supply::{self, Share};
use super::{Name, NewRow, Point, Row};
use crate::ids::{Id, LinkId};
use crate::policy::CellId;

impl GroupProgram<'_> {
    /// Takes over rows that are in the session too.
    pub fn take_rows(&mut self, rows: &[NewRow]) {
        self.program.add_rows(rows);
    }

    /// Sets the bounds of rows, as in the session.
    pub fn lift_rows(&mut self, rows: &[(u32, f64, f64)]) {
        for (row, lower, upper) in rows {
            let row = &mut self.program.rows[*row as usize];
            (row.lower, row.upper) = (*lower, *upper);
        }
    }

    /// The rows of the cuts that a point breaks, added to the program.
    pub fn cut_off(&mut self, point: &Point) -> Vec<NewRow> {
        let mut rows: Vec<NewRow> = self.broken(&point.columns, false).into_iter().map(|gate| self.add_gate(gate)).collect();
        let first = self.program.rows.len();
        let rounded = first + rows.len();
        rows.extend(self.round_off(point));
        self.rows.enter.extend((first..rounded).map(|row| row as u32));
        self.rows.whole.extend((rounded..first + rows.len()).map(|row| row as u32));
        self.program.add_rows(&rows);
        rows
    }

    /// The rounded rows that a point breaks behind full links; none where tiers are means, of which nothing is whole.
    fn round_off(&mut self, point: &Point) -> Vec<NewRow> {
        if !supply::is_exact(self.instance) {
            return Vec::new();
        }
        let is_full = |row: u32| point.duals[row as usize] < 0.0;
        let mut full: Vec<LinkId> = self.rows.link.iter().filter(|(_, row)| is_full(**row)).map(|(link, _)| *link).collect();
        full.sort_unstable();
        let mut rows = Vec::new();
        for content in self.instance.contents.ids() {
            let crossed = |arc: &CellArc| (arc.ends.0, self.rules.topology.links(arc.arc.route));
            let into = |senders: &Vec<CellArc>| senders.iter().map(crossed).collect();
            let flows = self.candidates[content.index()].iter().map(into).collect();
            let fences = Fences::of(self.instance, content, &self.supply.shares[content], flows, &full);
            let broken: Vec<Rounding> = full
                .iter()
                .filter_map(|link| fences.behind(*link))
                .flat_map(|fence| fences.cuts(&fence).filter(|cut| self.breaks(cut, &point.columns)).collect::<Vec<_>>())
                .collect();
            rows.extend(broken.into_iter().map(|cut| self.add_rounding(cut)));
        }
        rows
    }

    fn breaks(&self, cut: &Rounding, point: &[f64]) -> bool {
        let left: f64 = self.counted(cut).map(|(column, count)| count * point[column as usize]).sum();
        left > cut.limit + BROKEN
    }

    /// What a rounded row counts for each column.
    fn counted(&self, cut: &Rounding) -> impl Iterator<Item = (u32, f64)> {
        self.supply.tiers().zip(&self.served).filter_map(|((content, cell, key), column)| {
            let count = cut.counts.get(&(cell, key)).filter(|_| content == cut.content)?;
            Some((*column, *count))
        })
    }

    fn add_rounding(&mut self, cut: Rounding) -> NewRow {
        let name = Name::new("whole", &[self.roundings.len() as u32]);
        let row = Row { name, lower: f64::NEG_INFINITY, upper: cut.limit };
        let entries = self.counted(&cut).filter(|(_, count)| *count != 0.0).collect();
        self.roundings.push(cut);
        NewRow { row, entries }
    }

    /// Rows that give the first copies to every set of cells in which somebody is served as a whole but nobody could begin.
    /// They are no bounds on what fractions could do, and are to be lifted again.
    pub fn first_copies(&self, point: &[f64]) -> Vec<NewRow> {
        let first = |(number, gate): (usize, Gate)| {
            let row = Row { name: Name::new("first", &[number as u32]), lower: gate.copies, upper: f64::INFINITY };
            NewRow { row, entries: self.entering(&gate) }
        };
        self.broken(point, true).into_iter().enumerate().map(first).collect()
    }

    fn broken(&self, point: &[f64], whole: bool) -> Vec<Gate> {
        let mut gates = Vec::new();
        let mut next = 0;
        for (content, shares) in self.supply.shares.pairs() {
            let mut of_tiers = |share: &Share| {
                let columns = &self.served[next..next + share.tiers.len()];
                next += share.tiers.len();
                columns.iter().map(|column| point[*column as usize]).collect()
            };
            let served: Vec<Vec<f64>> = shares.iter().map(&mut of_tiers).collect();
            let copies = |(number, arc): (usize, &CellArc)| (*arc, point.get(self.first_arc + number).copied().unwrap_or(0.0));
            let used = |(arc, copies): &(CellArc, f64)| arc.content == content && *copies > 1e-6;
            let arcs = self.arcs.iter().enumerate().map(copies).filter(used).collect();
            gates.extend(gates::separate(&Flows { content, shares, served, arcs, whole }));
        }
        gates
    }

    /// One copy on each arc that enters a set.
    fn entering(&self, gate: &Gate) -> Vec<(u32, f64)> {
        let shares = &self.supply.shares[gate.content];
        let cell = |place: u32| CellId(shares[place as usize].cell);
        let enters = |arc: &CellArc| arc.content == gate.content && gate.is_entered(cell(arc.ends.0), cell(arc.ends.1));
        let arcs = self.arcs.iter().enumerate().filter(|(_, arc)| enters(arc));
        arcs.map(|(place, _)| ((self.first_arc + place) as u32, 1.0)).collect()
    }

    fn add_gate(&mut self, gate: Gate) -> NewRow {
        let number = self.gates.len();
        let mut entries = Vec::new();
        let mut next = 0;
        for (content, shares) in self.supply.shares.pairs() {
            for (place, share) in shares.iter().enumerate() {
                let inside = content == gate.content && gate.holds(CellId(share.cell));
                if inside {
                    self.gates_of[content.index()][place].push(number);
                }
                for tier in &share.tiers {
                    if inside && tier.key == gate.key {
                        entries.push((self.served[next], -gate.copies / gate.count));
                    }
                    next += 1;
                }
            }
        }
        entries.extend(self.entering(&gate));
        self.gates.push(gate);
        let row = Row { name: Name::new("in", &[number as u32]), lower: 0.0, upper: f64::INFINITY };
        NewRow { row, entries }
    }
}
