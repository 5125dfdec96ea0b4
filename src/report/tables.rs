//! What stands in the tables: links, nodes, networks, streams, policies, prices, supply, the unserved, hops.

use super::figures::share;
use super::survey::{Sender, Survey, part};
use super::table::{Cell, Table};
use crate::ids::{LinkId, NetworkId, NodeId};
use crate::instance::policy::{Owner, Policy};
use crate::instance::{Instance, Role};
use crate::plan::file::Price;
use crate::plan::{Plan, Reason};
use crate::units::Kbps;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Rows of a table before the rest is only counted.
const ROWS: usize = 15;

/// What all tables are made from.
pub struct Sources<'a> {
    /// What is given.
    pub instance: &'a Instance,
    /// What was decided.
    pub plan: &'a Plan,
    /// What it does.
    pub survey: &'a Survey,
}

impl Sources<'_> {
    /// How many requests each reason leaves out.
    pub fn unserved(&self) -> Table {
        let all = self.instance.requests.len() as f64;
        let reasons: Vec<(Reason, u64)> = Reason::ALL
            .into_iter()
            .map(|reason| (reason, self.plan.unserved.iter().filter(|row| row.reason == reason).count() as u64))
            .filter(|(_, number)| *number > 0)
            .collect();
        Table::new("unserved", "Unserved requests by reason", &["reason", "#requests", "#of all", "what it means"]).fill(
            ROWS,
            &reasons,
            |(reason, number)| {
                let part = Cell { full: true, ..Cell::share(share(*number as f64, all)) };
                vec![Cell::text(reason.word()), Cell::count(*number), part, Cell::text(reason.meaning())]
            },
        )
    }

    /// The policies behind unserved requests.
    pub fn taken(&self) -> Table {
        let mut taken: BTreeMap<_, u64> = BTreeMap::new();
        for policy in self.plan.unserved.iter().flat_map(|row| &row.policies) {
            *taken.entry(*policy).or_default() += 1;
        }
        let taken: Vec<_> = taken.into_iter().collect();
        Table::new("taken", "Policies that take the last sender of requests", &["policy", "#requests"]).fill(
            ROWS,
            &taken,
            |(policy, number)| {
                let id = self.instance.policies.get(policy.0 as usize).map_or("?", |policy| policy.id.as_str());
                vec![Cell::text(id), Cell::count(*number)]
            },
        )
    }

    /// The links nearest to their limit.
    pub fn links(&self) -> Table {
        let limited = |(id, load): (LinkId, &Kbps)| part(self.instance, id, *load).map(|part| (id, *load, part));
        let mut links: Vec<(LinkId, Kbps, f64)> =
            self.survey.links.pairs().filter_map(limited).filter(|row| row.2 > 0.0).collect();
        links.sort_by(|a, b| b.2.total_cmp(&a.2).then(b.1.cmp(&a.1)).then(a.0.cmp(&b.0)));
        let prices: FxHashMap<LinkId, Price> =
            self.plan.links.iter().filter_map(|row| row.price.map(|price| (row.link, price))).collect();
        let names = ["link", "from", "to", "kind", "state", "#load", "#capacity", "#used", "#service per Mbps", "#cost per Mbps"];
        Table::new("links", "Links nearest to their limit, with what one Mbps more would gain", &names).fill(
            ROWS,
            &links,
            |(id, load, part)| {
                let link = &self.instance.links[*id];
                let network = |id: NetworkId| Cell::text(self.instance.networks[id].id.as_str());
                let price = prices.get(id);
                vec![
                    Cell::text(link.id.as_str()),
                    network(link.from),
                    network(link.to),
                    Cell::text(link.kind.as_deref().unwrap_or("–")),
                    Cell::text(link.state.word()),
                    Cell::rate(*load),
                    link.capacity.map_or_else(Cell::none, Cell::rate),
                    Cell::share(*part),
                    Cell::number(price.map(|price| price.service)),
                    Cell::number(price.map(|price| price.cost)),
                ]
            },
        )
    }

    /// Limits that would gain something, most first.
    pub fn prices(&self) -> Table {
        let links =
            self.plan.links.iter().filter_map(|row| Some((self.instance.links.get(row.link)?.id.as_str(), "link", row.price?)));
        let name =
            |row: &crate::plan::PolicyUse| self.instance.policies.get(row.policy.0 as usize).map(|policy| policy.id.as_str());
        let policies = self.plan.policies.iter().filter_map(|row| Some((name(row)?, "policy", row.price?)));
        let mut priced: Vec<(&str, &str, Price)> =
            links.chain(policies).filter(|(.., price)| price.service.abs() > 1e-9 || price.cost.abs() > 1e-9).collect();
        priced.sort_by(|a, b| b.2.service.total_cmp(&a.2.service).then(b.2.cost.total_cmp(&a.2.cost)).then(a.0.cmp(b.0)));
        Table::new("prices", "What one Mbps more of a limit would gain", &["limit", "what", "#service", "#cost"]).fill(
            ROWS,
            &priced,
            |(id, what, price)| {
                vec![Cell::text(*id), Cell::text(*what), Cell::number(Some(price.service)), Cell::number(Some(price.cost))]
            },
        )
    }

    /// Who sends most.
    pub fn nodes(&self) -> Table {
        let mut busy: Vec<(NodeId, Kbps)> =
            self.survey.sent.pairs().map(|(id, sent)| (id, *sent)).filter(|row| row.1.0 > 0).collect();
        busy.sort_by_key(|(id, sent)| (Reverse(*sent), *id));
        let names = ["node", "role", "network", "#copies sent", "#sent", "#uplink", "#used"];
        Table::new("nodes", "Nodes that send most", &names).fill(ROWS, &busy, |(id, sent)| {
            let node = &self.instance.nodes[*id];
            vec![
                Cell::text(node.id.as_str()),
                Cell::text(node.role.word()),
                Cell::text(self.instance.networks[node.network].id.as_str()),
                Cell::count(u64::from(self.survey.copies_sent[*id])),
                Cell::rate(*sent),
                Cell::rate(node.uplink),
                Cell { full: false, ..Cell::share(share(sent.0 as f64, node.uplink.0 as f64)) },
            ]
        })
    }

    /// What each network asks, gets and gives, the largest first.
    pub fn networks(&self) -> Table {
        #[derive(Clone, Copy, Default)]
        struct Sums {
            asked: u64,
            unserved: u64,
            inside: u64,
            entering: u64,
            leaving: u64,
        }
        let mut sums: BTreeMap<NetworkId, Sums> = BTreeMap::new();
        let network = |node: NodeId| self.instance.nodes[node].network;
        for request in self.instance.requests.iter() {
            sums.entry(network(request.node)).or_default().asked += 1;
        }
        for row in &self.plan.unserved {
            sums.entry(network(row.node)).or_default().unserved += 1;
        }
        for ((from, to), kbps) in &self.survey.streams {
            if from == to {
                sums.entry(*from).or_default().inside += kbps;
            } else {
                sums.entry(*from).or_default().leaving += kbps;
                sums.entry(*to).or_default().entering += kbps;
            }
        }
        let mut rows: Vec<(NetworkId, Sums)> = sums.into_iter().collect();
        rows.sort_by_key(|(id, sums)| (Reverse(sums.asked), Reverse(sums.leaving), *id));
        let names =
            ["network", "kind", "#requests", "#unserved", "#of them", "#enters", "#leaves", "#stays inside", "#from inside"];
        Table::new("networks", "Networks with most requests", &names).fill(ROWS, &rows, |(id, sums)| {
            let network = &self.instance.networks[*id];
            vec![
                Cell::text(network.id.as_str()),
                Cell::text(network.kind.as_deref().unwrap_or("–")),
                Cell::count(sums.asked),
                Cell::count(sums.unserved),
                Cell { full: true, ..Cell::share(share(sums.unserved as f64, sums.asked as f64)) },
                Cell::rate(Kbps(sums.entering)),
                Cell::rate(Kbps(sums.leaving)),
                Cell::rate(Kbps(sums.inside)),
                Cell { full: false, ..Cell::share(share(sums.inside as f64, (sums.inside + sums.entering) as f64)) },
            ]
        })
    }

    /// The widest streams between networks.
    pub fn streams(&self) -> Table {
        let mut streams: Vec<_> = self.survey.streams.iter().filter(|((from, to), _)| from != to).collect();
        streams.sort_by_key(|(pair, kbps)| (Reverse(**kbps), **pair));
        let all = self.survey.kbps() as f64;
        Table::new("streams", "Widest streams between networks", &["from", "to", "#carries", "#of all traffic"]).fill(
            ROWS,
            &streams,
            |((from, to), kbps)| {
                let name = |id: &NetworkId| Cell::text(self.instance.networks[*id].id.as_str());
                let part = Cell { full: false, ..Cell::share(share(**kbps as f64, all)) };
                vec![name(from), name(to), Cell::rate(Kbps(**kbps)), part]
            },
        )
    }

    /// What crosses links of each kind.
    pub fn kinds(&self) -> Table {
        let mut kinds: BTreeMap<&str, (u64, u64, u64, Option<u64>)> = BTreeMap::new();
        for (id, link) in self.instance.links.pairs() {
            let sums = kinds.entry(link.kind.as_deref().unwrap_or("–")).or_insert((0, 0, 0, Some(0)));
            sums.0 += 1;
            sums.1 += self.survey.links[id].saturating_sub(link.used).0;
            sums.2 += link.used.0;
            sums.3 = sums.3.zip(link.capacity).map(|(sum, capacity)| sum + capacity.0);
        }
        let kinds: Vec<_> = kinds.into_iter().collect();
        let names = ["kind of link", "#links", "#plan puts on them", "#from elsewhere", "#capacity", "#used"];
        Table::new("kinds", "What crosses links, by kind", &names).fill(ROWS, &kinds, |(kind, (links, plan, used, capacity))| {
            let part = capacity.map(|capacity| share((plan + used) as f64, capacity as f64));
            vec![
                Cell::text(*kind),
                Cell::count(*links),
                Cell::rate(Kbps(*plan)),
                Cell::rate(Kbps(*used)),
                capacity.map_or_else(|| Cell::text("no limit"), |capacity| Cell::rate(Kbps(capacity))),
                part.map_or_else(Cell::none, Cell::share),
            ]
        })
    }

    /// Uplinks beside what is sent, by role.
    pub fn supply(&self) -> Table {
        let slot = self.instance.contents.iter().map(|content| content.rate()).min().unwrap_or(Kbps(1));
        let mut roles: BTreeMap<Role, [u64; 4]> = BTreeMap::new();
        for (id, node) in self.instance.nodes.pairs() {
            let sums = roles.entry(node.role).or_default();
            let slots = slot.times(node.uplink.slots(slot));
            let add = [1, node.uplink.0, slots.0, self.survey.sent[id].0];
            sums.iter_mut().zip(add).for_each(|(sum, add)| *sum += add);
        }
        let roles: Vec<_> = roles.into_iter().collect();
        let caption = format!("Who can send, in whole slots of {slot}, and who does");
        Table::new("supply", caption, &["role", "#nodes", "#uplinks", "#whole slots", "#sent", "#of the slots"]).fill(
            ROWS,
            &roles,
            |(role, [nodes, uplink, slots, sent])| {
                let rate = |kbps: &u64| Cell::rate(Kbps(*kbps));
                let part = Cell { full: false, ..Cell::share(share(*sent as f64, *slots as f64)) };
                vec![Cell::text(role.word()), Cell::count(*nodes), rate(uplink), rate(slots), rate(sent), part]
            },
        )
    }

    /// Copies hop by hop.
    pub fn hops(&self) -> Table {
        let hops: Vec<_> = self.survey.hops.iter().enumerate().skip(1).collect();
        let names =
            ["#hop", "#copies", "#origins", "#servers", "#waypoints", "#peers, same network", "#peers, others", "#sent on"];
        Table::new("hops", "Copies by hop and sender", &names).fill(120, &hops, |(at, hop)| {
            let by_sender = Sender::ALL.map(|sender| Cell::count(hop.copies[sender as usize]));
            let first = [Cell::count(*at as u64), Cell::count(hop.all())];
            first.into_iter().chain(by_sender).chain([Cell::count(hop.passed_on)]).collect()
        })
    }

    /// Policies in force, with their use.
    pub fn policies(&self) -> Table {
        let names =
            ["policy", "owner", "#rank", "rule", "#matched", "#carries", "#limit", "#used", "binding", "#service per Mbps"];
        let uses: Vec<_> =
            self.plan.policies.iter().filter_map(|row| Some((self.instance.policies.get(row.policy.0 as usize)?, row))).collect();
        Table::new("policies", "Policies in force", &names).fill(60, &uses, |(policy, row)| {
            let part = row.usage.zip(row.limit).map(|(usage, limit)| share(usage.0 as f64, limit.0 as f64));
            vec![
                Cell::text(policy.id.as_str()),
                Cell::text(owner(policy.owner)),
                Cell::count(u64::from(policy.rank)),
                Cell::text(rule(policy)),
                Cell::count(row.matched),
                row.usage.map_or_else(Cell::none, Cell::rate),
                row.limit.map_or_else(Cell::none, Cell::rate),
                part.map_or_else(Cell::none, Cell::share),
                Cell::text(if row.binding { "binding" } else { "–" }),
                Cell::number(row.price.map(|price| price.service)),
            ]
        })
    }
}

fn owner(owner: Owner) -> &'static str {
    Owner::WORDS.iter().find(|(_, known)| *known == owner).map_or("", |(word, _)| word)
}

/// The rule as it stands in the file, without quotes and braces.
fn rule(policy: &Policy) -> String {
    let text = serde_json::to_string(&policy.rule).unwrap_or_default();
    let plain: String = text.chars().filter(|sign| !['"', '{', '}'].contains(sign)).collect();
    plain.replace(':', " ").replace(',', ", ").trim_end().to_owned()
}
