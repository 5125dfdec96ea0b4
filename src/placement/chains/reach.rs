//! Who may send to whom, a bit for each sender.

use super::ledger::Ledger;
use crate::forest::SeatId;
use crate::ids::{ContentId, Table};
use crate::placement::grow::Grower;
use std::rc::Rc;

/// Senders of each content, numbered, and who of them may send to each cell.
pub(super) struct Reach {
    /// Seats whose nodes have a slot.
    senders: Table<ContentId, Vec<SeatId>>,
    /// Numbers of the senders in each pool.
    of_pool: Vec<Vec<u32>>,
    /// By pool number of the child's cell, made when first needed.
    rows: Vec<Option<Rc<[u64]>>>,
    /// By pool number of the child's cell: a bit for each sender that it may take a slot more from, as far as limits on what
    /// that sends by itself say.
    taking: Vec<Box<[u64]>>,
    /// By sender: its node's version when these bits were set.
    seen: Table<SeatId, u32>,
}

impl Reach {
    pub(super) fn of(grower: &Grower<'_, '_>) -> Reach {
        let forest = &grower.forest;
        let mut senders = Table::filled(forest.instance.contents.len(), Vec::new());
        let mut of_pool = vec![Vec::new(); grower.pools.count()];
        for seat in forest.seats() {
            let at = forest.seat(seat);
            if forest.instance.nodes[at.node].uplink >= forest.rate(seat) {
                of_pool[grower.number_of(seat)].push(senders[at.content].len() as u32);
                senders[at.content].push(seat);
            }
        }
        let words = |content: ContentId| senders[content].len().div_ceil(64);
        let pools = grower.pools.cells.pairs().flat_map(|(content, cells)| cells.iter().map(move |_| content));
        let taking = pools.map(|content| vec![0u64; words(content)].into()).collect();
        let seen = Table::filled(forest.seats().len(), u32::MAX);
        Reach { senders, rows: vec![None; of_pool.len()], of_pool, taking, seen }
    }

    /// The senders of a content, in order of their numbers.
    pub(super) fn senders(&self, content: ContentId) -> &[SeatId] {
        &self.senders[content]
    }

    /// A bit for each sender that may send to a seat's cell.
    pub(super) fn row(&mut self, grower: &mut Grower<'_, '_>, seat: SeatId) -> Rc<[u64]> {
        let number = grower.number_of(seat);
        let plain = grower.forest.exempt(seat).is_empty();
        if let (Some(row), true) = (&self.rows[number], plain) {
            return row.clone();
        }
        let content = grower.forest.seat(seat).content;
        let mut bits = vec![0u64; self.senders[content].len().div_ceil(64)];
        let near =
            if plain { grower.near(seat, number) } else { grower.listed(seat, number, |number| grower.pools.may_send(number)) };
        for cell in near.iter() {
            for sender in &self.of_pool[grower.pools.number(content, cell.local)] {
                bits[*sender as usize / 64] |= 1 << (sender % 64);
            }
        }
        if plain { self.rows[number].insert(bits.into()).clone() } else { bits.into() }
    }

    /// A bit for each sender that a child may take a slot more from, as far as limits on what that sends by itself say, if all
    /// that are asked for were looked at ([`Reach::look_at`]).
    pub(super) fn taking(&self, grower: &Grower<'_, '_>, child: SeatId) -> &[u64] {
        &self.taking[grower.number_of(child)]
    }

    /// Looks at what a sender, the one of this number, may send more to whom.
    pub(super) fn look_at(&mut self, ledger: &Ledger<'_, '_, '_>, number: usize, sender: SeatId) {
        let version = ledger.version(sender);
        if self.seen[sender] == version {
            return;
        }
        self.seen[sender] = version;
        let (forest, pools) = (ledger.forest(), &ledger.grower.pools);
        let (from, rules) = (forest.seat(sender), forest.rules);
        let class = rules.classes.class(from.node);
        let (word, bit) = (number / 64, 1u64 << (number % 64));
        for (local, cell) in pools.cells[from.content].iter().enumerate() {
            let to = rules.classes.class(ledger.grower.cells.sample(*cell));
            let arc = rules.arc(class, to, from.content);
            let takes = arc.is_some_and(|arc| forest.loads.node_limits_leave(forest, sender, to, arc));
            let row = &mut self.taking[pools.number(from.content, local as u32)];
            row[word] = if takes { row[word] | bit } else { row[word] & !bit };
        }
    }
}

/// Numbers of the bits that are set in both, from some place on, and then from the first.
pub(super) fn common(one: &[u64], other: &[u64], from: usize) -> impl Iterator<Item = usize> {
    let words = one.len();
    (0..words).map(move |place| (place + from) % words.max(1)).flat_map(move |word| {
        let bits = one[word] & other[word];
        std::iter::successors(Some(bits), |bits| Some(bits & (bits - 1)))
            .take_while(|bits| *bits != 0)
            .map(move |bits| word * 64 + bits.trailing_zeros() as usize)
    })
}
