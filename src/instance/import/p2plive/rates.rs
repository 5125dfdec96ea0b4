//! What peers sent: at best, and at the moment.

use super::logs::{Link, Logs};
use crate::units::Kbps;

/// The most that each peer was seen to send at once: the largest sum of the mean rates of its links that were open together.
pub(super) fn peaks(logs: &Logs) -> Vec<Kbps> {
    // At one instant links close before others open.
    let mut events: Vec<(usize, u32, bool, Kbps)> = Vec::with_capacity(2 * logs.links.len());
    for link in &logs.links {
        events.push((link.tx, link.span.first, true, link.rate));
        events.push((link.tx, link.span.end(), false, link.rate));
    }
    events.sort_unstable();
    let mut peaks = vec![Kbps(0); logs.peers.len()];
    let mut now = Kbps(0);
    // Every link of a peer is closed when its last event is done: the sum is 0 where the next peer begins.
    for (tx, _, opens, rate) in events {
        now = if opens { now + rate } else { now - rate };
        peaks[tx] = peaks[tx].max(now);
    }
    peaks
}

/// The topology in force in whole substreams: for each peer its senders with how many substreams each gives.
pub(super) struct Force {
    /// By the receiver's place among the peers; senders in the order of the file.
    pub senders: Vec<Vec<(usize, u32)>>,
    /// What the links in force carry, before it is cut into substreams.
    pub carried: Kbps,
}

impl Force {
    /// Rounds what each viewer receives over its links to whole substreams, at most all of them, and gives each sender
    /// its share by the method of the largest remainder.
    pub fn at(logs: &Logs, at: u32, rate: Kbps, substreams: u32) -> Force {
        let mut links: Vec<Vec<&Link>> = vec![Vec::new(); logs.peers.len()];
        for link in logs.links.iter().filter(|link| link.span.holds(at)) {
            links[link.rx].push(link);
        }
        let carried = links.iter().flatten().map(|link| link.rate).sum();
        let senders = links.iter().map(|links| whole(links, rate, substreams)).collect();
        Force { senders, carried }
    }

    /// How many substreams each peer sends.
    pub fn sent(&self) -> Vec<u64> {
        let mut sent = vec![0; self.senders.len()];
        for (tx, count) in self.senders.iter().flatten() {
            sent[*tx] += u64::from(*count);
        }
        sent
    }
}

/// The senders of one viewer with their whole substreams.
fn whole(links: &[&Link], rate: Kbps, substreams: u32) -> Vec<(usize, u32)> {
    let sum = u128::from(links.iter().map(|link| link.rate).sum::<Kbps>().0);
    if sum == 0 {
        return Vec::new();
    }
    let rate = u128::from(rate.0.max(1));
    let all = ((sum + rate / 2) / rate).min(u128::from(substreams));
    let due = |link: &Link| all * u128::from(link.rate.0);
    let mut counts: Vec<u32> = links.iter().map(|link| (due(link) / sum) as u32).collect();
    let left = all as usize - counts.iter().sum::<u32>() as usize;
    let mut order: Vec<usize> = (0..links.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(due(links[*at]) % sum));
    for at in order.into_iter().take(left) {
        counts[at] += 1;
    }
    links.iter().zip(counts).filter(|(_, count)| *count > 0).map(|(link, count)| (link.tx, count)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::logs::{Peer, Span};
    use super::*;

    fn link(rx: usize, tx: usize, first: u32, last: u32, rate: u64) -> Link {
        Link { rx, tx, span: Span { first, last }, rate: Kbps(rate) }
    }

    fn logs(peers: usize, links: Vec<Link>) -> Logs {
        let peer = |n: usize| Peer {
            id: n.to_string().into(),
            isp: "isp".into(),
            city: "".into(),
            country: "".into(),
            continent: "".into(),
            span: Span { first: 0, last: 100 },
        };
        Logs { peers: (0..peers).map(peer).collect(), links, set_back: 0 }
    }

    #[test]
    fn a_peak_is_the_largest_sum_of_links_open_together() {
        // Peer 0: 100 alone, 100 + 250 from 20 to 40, then 300: the link that ends at 40 is closed when that begins.
        let links = vec![link(1, 0, 0, 40, 100), link(2, 0, 20, 40, 250), link(1, 0, 40, 50, 300), link(0, 2, 5, 5, 70)];
        assert_eq!(peaks(&logs(3, links)), [Kbps(350), Kbps(0), Kbps(70)]);
    }

    #[test]
    fn what_a_viewer_receives_is_rounded_once_and_shared_by_largest_remainder() {
        // 580 kbps in substreams of 100 are 6, due 1.24, 1.97 and 2.79: 1 + 2 + 3.
        let force =
            Force::at(&logs(4, vec![link(0, 1, 0, 9, 120), link(0, 2, 0, 9, 190), link(0, 3, 0, 9, 270)]), 5, Kbps(100), 10);
        assert_eq!(force.senders[0], [(1, 1), (2, 2), (3, 3)]);
        assert_eq!((force.carried, force.sent()), (Kbps(580), vec![0, 1, 2, 3]));
        // More than the stream has: all of it, half from each.
        let force = Force::at(&logs(3, vec![link(0, 1, 0, 9, 900), link(0, 2, 0, 9, 900)]), 5, Kbps(100), 10);
        assert_eq!(force.senders[0], [(1, 5), (2, 5)]);
        // Less than half a substream is none, and a link that has ended carries nothing.
        let force = Force::at(&logs(3, vec![link(0, 1, 0, 9, 49), link(0, 2, 0, 5, 900)]), 5, Kbps(100), 10);
        assert_eq!((force.senders[0].len(), force.carried), (0, Kbps(49)));
    }
}
