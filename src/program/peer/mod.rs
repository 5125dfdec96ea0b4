//! The peer program: single nodes, substreams apart, every rule exactly.
//!
//! ```text
//! x[p,h,c,s]  p sends s to h       y[h,c]  request served       w[h,c,s]  s received, where not all or nothing
//! r[h,c]      h relays c           k[p,h]  h is a child of p    d[h,c,s]  hops below a holder
//!
//! get[h,c,s]     sum_p x = w  (y where all are needed)                  one parent, or none
//! may[h,c,s]     w <= y, or r                   least[h,c]  sum_s w >= (min - held) y
//! fed[p,h,c,s]   x[p,h] + x[h,p] <= w[p]                                a parent has what it sends, and not from its child
//! deep[p,h,c,s]  d[h] >= d[p] + 1 - D_p (1 - x)                         no cycles, and no deeper than is allowed
//! up down link lim nlim                                                 kbps, in the greatest common unit
//! kid[p,h,c,s]   x <= k          kids[p]  sum_h k <= max_children
//! in[n,c,s]      copies that enter network n >= w of each h in it        implied by trees, not by fractions of them
//! relay[h]       sum_c r <= relay_contents      store[h]  sum of size (y or r) <= room
//! svc rlx        service >= what is asked for, relaxation <= what is allowed
//! ```
//!
//! Where policies ask for more, there is more, and nothing else changes:
//!
//! ```text
//! z[h,c,a]   a is relaxed for h's request       e[p,h,c,s]  flow that is exempt from a limit (x and z)
//! u[h,c,k]   h needs k parents                  v[h,c,s]    s is received, from k parents (w and u)
//! l[h,c,s]   way from a holder, ms              t[a,c,s]    copies of s have to enter as a says
//! ```
//!
//! `write` goes through the contents, with `relaxing` (who may send to whom, and what has to be relaxed for it),
//! `redundancy` (several parents), `ways` (depth and distance) and `copies` (what has to enter a network); `limits` and
//! `capacity` add what contents share; `draft` keeps columns until all their entries are known; `objective` makes numbers that
//! suit the solver. Nothing is left out, so an optimum is the best plan, and a bound on it holds for every plan. Flows that no
//! tree can use (out of reach of all holders, or too deep) have no column.

mod capacity;
mod copies;
mod draft;
mod limits;
mod objective;
mod redundancy;
mod relaxing;
mod seats;
mod ways;
mod write;

pub use objective::Objective;
pub use seats::size;

use super::{Name, Program};
use crate::ids::{ContentId, Id, NodeId, PolicyId, RequestId};
use crate::instance::Instance;
use crate::policy::Rules;
use objective::common_multiple;
use write::Writer;

/// One substream from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Who sends.
    pub parent: NodeId,
    /// Who receives.
    pub child: NodeId,
    /// What.
    pub content: ContentId,
    /// Which part of it.
    pub substream: u32,
}

/// The program, and what its columns stand for.
pub struct PeerProgram {
    /// Rows and columns; its costs are 0.
    pub program: Program,
    /// Service counted per column.
    pub service: Objective,
    /// Relaxation counted per column.
    pub relaxation: Objective,
    /// Cost counted per column.
    pub cost: Objective,
    /// Service of what requests hold already, whatever the plan.
    pub standing: f64,
    /// Row `svc`: service per column, at least its lower bound.
    pub service_row: u32,
    /// Row `rlx`: relaxation per column, at most its upper bound; `None` where nothing may be relaxed.
    pub relaxation_row: Option<u32>,
    flows: Vec<(usize, Flow)>,
    relaxed: Vec<(usize, (RequestId, PolicyId))>,
}

impl PeerProgram {
    /// States the program; see [`size`] for how large it may become.
    pub fn of(instance: &Instance, rules: &Rules) -> PeerProgram {
        let mut writer = Writer::new(instance, rules);
        for content in instance.contents.ids() {
            writer.content(content);
        }
        writer.limits();
        let Writer { mut draft, worth, costs, flows, relaxed, standing, .. } = writer;
        let service = Objective::of(&worth, draft.len(), 1e6 * common_multiple(instance.contents.iter().map(|c| c.substreams)));
        let relaxed: Vec<_> = relaxed.into_iter().map(|(what, column)| (column, what)).collect();
        let rank = |policy: PolicyId| instance.policies[policy.index()].rank;
        let ranks = common_multiple(relaxed.iter().map(|(_, (_, policy))| rank(*policy)));
        let shares: Vec<_> = relaxed.iter().map(|(column, (_, policy))| (*column, 1.0 / f64::from(rank(*policy)))).collect();
        let relaxation = Objective::of(&shares, draft.len(), ranks);
        let cost = Objective::of(&costs, draft.len(), 1e9);
        let service_row = draft.at_least(Name::new("svc", &[]), f64::NEG_INFINITY);
        for (column, number) in service.numbers.iter().enumerate().filter(|(_, number)| **number != 0.0) {
            draft.put(service_row, column, *number);
        }
        let relaxation_row = (!relaxed.is_empty()).then(|| draft.at_most(Name::new("rlx", &[]), f64::INFINITY));
        for (row, (column, _)) in relaxation_row.into_iter().flat_map(|row| relaxed.iter().map(move |of| (row, of))) {
            draft.put(row, *column, relaxation.numbers[*column]);
        }
        let program = draft.program();
        PeerProgram { program, service, relaxation, cost, standing, service_row, relaxation_row, flows, relaxed }
    }

    /// The flows of a point.
    pub fn flows(&self, columns: &[f64]) -> Vec<Flow> {
        self.flows.iter().filter(|(column, _)| columns[*column] > 0.5).map(|(_, flow)| *flow).collect()
    }

    /// What a point relaxes, also for requests that receive nothing.
    pub fn relaxed(&self, columns: &[f64]) -> Vec<(RequestId, PolicyId)> {
        self.relaxed.iter().filter(|(column, _)| columns[*column] > 0.5).map(|(_, relaxed)| *relaxed).collect()
    }
}
