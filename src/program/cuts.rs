//! Cuts of the group program: the rows of [`gates`], found at a point and added to the program.

use super::gates::{self, Flows, Gate};
use super::group::{CellArc, GroupProgram};
use super::supply::Share;
use super::{Name, NewRow, Row};
use crate::ids::Id;
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
    pub fn cut_off(&mut self, point: &[f64]) -> Vec<NewRow> {
        let rows: Vec<NewRow> = self.broken(point, false).into_iter().map(|gate| self.add_gate(gate)).collect();
        self.rows.enter.extend((0..rows.len()).map(|new| (self.program.rows.len() + new) as u32));
        self.program.add_rows(&rows);
        rows
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
