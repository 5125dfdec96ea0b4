//! A certificate in numbers: groups of nodes and prices found by name.

use super::super::law::Law;
use super::{Violation, ViolationKind};
use crate::ids::{ContentId, Id, LinkId, NodeId, PolicyId, Table};
use crate::instance::Instance;
use crate::instance::policy::Rule;
use crate::plan::certificate::{Certificate, EnterPrice, PriceList, WholePrice};
use rustc_hash::FxHashMap;

/// A certificate that fits its instance.
pub(super) struct Reading {
    /// Group of each node, numbered from 0.
    pub group: Vec<u32>,
    /// Prices of service.
    pub service: Prices,
    /// Prices of service under all policies.
    pub relaxation: Prices,
    /// Prices of cost.
    pub cost: Prices,
}

/// Prices, none negative; by group where they hold for nodes.
pub(super) struct Prices {
    /// One copy sent, for each content.
    pub send: Table<ContentId, Vec<f64>>,
    /// One kbps sent, received.
    pub uplink: Vec<f64>,
    /// See `uplink`.
    pub downlink: Vec<f64>,
    /// One kbps over each link.
    pub link: Table<LinkId, f64>,
    /// One kbps in flows that a policy limits, by policy.
    pub limit: Vec<f64>,
    /// Of one kbps in such flows the part that is charged where slots are counted, by policy.
    pub share: Vec<f64>,
    /// One kbps of single sources, by policy and group; empty for policies without a price.
    pub node_limit: Vec<Vec<f64>>,
    /// One copy that enters a network, by policy and content.
    pub copies: FxHashMap<(PolicyId, ContentId), f64>,
    /// Cuts.
    pub cuts: Vec<Cut>,
    /// Rounded rows.
    pub fences: Vec<Fence>,
    /// One unit of service.
    pub service: f64,
}

/// A set of groups that first copies must enter.
pub(super) struct Cut {
    /// Of which content.
    pub content: ContentId,
    /// For each group whether it belongs to the set.
    pub inside: Vec<bool>,
    /// Nodes whose requests it is stated for.
    pub requests: Vec<NodeId>,
    /// One copy.
    pub price: f64,
}

impl Cut {
    /// What each of its requests owes once it is served. Nobody inside holds anything, so that what the most modest of them
    /// needs to be served comes from outside.
    pub fn owed(&self, law: &Law<'_>) -> f64 {
        let needed = self.requests.iter().map(|node| law.fewest(*node, self.content)).min().unwrap_or(0);
        self.price * f64::from(needed) / self.requests.len() as f64
    }
}

/// Groups, and links that are said to lie around them.
pub(super) struct Fence {
    /// Of which content.
    pub content: ContentId,
    /// For each group whether it belongs to the set.
    pub inside: Vec<bool>,
    /// For each link whether it is one of those around.
    pub around: Table<LinkId, bool>,
    /// Copies by which the row is divided.
    pub divisor: u32,
    /// One unit of the right side.
    pub price: f64,
}

/// Reads, and notes what is wrong.
struct Reader<'a> {
    instance: &'a Instance,
    /// Numbers of the groups by their ids.
    groups: FxHashMap<u32, u32>,
    /// How many there are, namesakes counted.
    count: usize,
    group: Vec<u32>,
    violations: Vec<Violation>,
}

impl Reading {
    /// Finds all names, or tells everything that is wrong.
    pub fn of(instance: &Instance, certificate: &Certificate) -> Result<Reading, Vec<Violation>> {
        let count = certificate.groups.len();
        let mut reader = Reader { instance, groups: FxHashMap::default(), count, group: Vec::new(), violations: Vec::new() };
        if certificate.instance_sha256 != instance.sha256 || certificate.policies_sha256 != instance.policies_sha256 {
            let text = "the certificate is for another instance or other policies";
            reader.tell(ViolationKind::OtherInstance, "certificate".into(), text);
            return Err(reader.violations);
        }
        reader.read_groups(certificate);
        let service = reader.prices("certificate.service.prices", &certificate.service.prices);
        let relaxation = reader.prices("certificate.relaxation.prices", &certificate.relaxation.prices);
        let cost = reader.prices("certificate.cost.prices", &certificate.cost.prices);
        match reader.violations.is_empty() {
            true => Ok(Reading { group: reader.group, service, relaxation, cost }),
            false => Err(reader.violations),
        }
    }
}

impl Reader<'_> {
    fn tell(&mut self, kind: ViolationKind, place: String, text: &str) {
        self.violations.push(Violation::new(kind, place, text));
    }

    fn read_groups(&mut self, certificate: &Certificate) {
        const NOWHERE: u32 = u32::MAX;
        self.group = vec![NOWHERE; self.instance.nodes.len()];
        for (number, group) in certificate.groups.iter().enumerate() {
            let place = || format!("certificate.groups[{number}]");
            if self.groups.insert(group.id, number as u32).is_some() {
                self.tell(ViolationKind::DuplicateRow, place(), "a group with this id stands twice");
            }
            for name in &group.nodes {
                match self.instance.node(name) {
                    None => self.tell(ViolationKind::UnknownId, place(), &format!("no node is called {name}")),
                    Some(node) if self.group[node.index()] != NOWHERE => {
                        self.tell(ViolationKind::DuplicateRow, place(), &format!("node {name} stands in two groups"));
                    }
                    Some(node) => self.group[node.index()] = number as u32,
                }
            }
        }
        let left = self.instance.nodes.ids().find(|node| self.group[node.index()] == NOWHERE);
        if let Some(node) = left {
            let text = format!("node {} stands in no group", self.instance.nodes[node].id);
            self.tell(ViolationKind::BadShape, "certificate.groups".into(), &text);
        }
    }

    fn prices(&mut self, path: &str, list: &PriceList) -> Prices {
        let (instance, groups) = (self.instance, self.count);
        let none = || vec![0.0; groups];
        let mut prices = Prices {
            send: Table::filled(instance.contents.len(), none()),
            uplink: none(),
            downlink: none(),
            link: Table::filled(instance.links.len(), 0.0),
            limit: vec![0.0; instance.policies.len()],
            share: vec![0.0; instance.policies.len()],
            node_limit: vec![Vec::new(); instance.policies.len()],
            copies: FxHashMap::default(),
            cuts: Vec::new(),
            fences: Vec::new(),
            service: self.price(|| format!("{path}.service"), list.service),
        };
        for (row, send) in list.send.iter().enumerate() {
            let place = || format!("{path}.send[{row}]");
            let (content, group) = (instance.content(&send.content), self.groups.get(&send.group).copied());
            if let Some((content, group)) = self.known(place, content.zip(group)) {
                prices.send[content][group as usize] += self.price(place, send.price);
            }
        }
        for (name, rows, into) in
            [("uplink", &list.uplink, &mut prices.uplink), ("downlink", &list.downlink, &mut prices.downlink)]
        {
            for (row, of_group) in rows.iter().enumerate() {
                let place = || format!("{path}.{name}[{row}]");
                let group = self.groups.get(&of_group.group).copied();
                if let Some(group) = self.known(place, group) {
                    into[group as usize] += self.price(place, of_group.price);
                }
            }
        }
        for (row, of_link) in list.link.iter().enumerate() {
            let place = || format!("{path}.link[{row}]");
            if let Some(link) = self.known(place, instance.link(&of_link.link)) {
                prices.link[link] += self.price(place, of_link.price);
            }
        }
        self.add_limits(path, list, &mut prices);
        for (row, enter) in list.enter.iter().enumerate() {
            prices.cuts.extend(self.cut(&format!("{path}.enter[{row}]"), enter));
        }
        for (row, whole) in list.whole.iter().enumerate() {
            prices.fences.extend(self.fence(&format!("{path}.whole[{row}]"), whole));
        }
        prices
    }

    fn add_limits(&mut self, path: &str, list: &PriceList, prices: &mut Prices) {
        for (name, rows, into) in [("limit", &list.limit, &mut prices.limit), ("share", &list.share, &mut prices.share)] {
            for (row, limit) in rows.iter().enumerate() {
                let place = || format!("{path}.{name}[{row}]");
                let policy = self.policy(&limit.policy, |rule| matches!(rule, Rule::LimitRate { .. } | Rule::LimitVolume { .. }));
                if let Some(policy) = self.known(place, policy) {
                    into[policy.index()] += self.price(place, limit.price);
                }
            }
        }
        for (row, limit) in list.node_limit.iter().enumerate() {
            let place = || format!("{path}.node_limit[{row}]");
            let policy = self.policy(&limit.policy, |rule| matches!(rule, Rule::LimitNodeRate(_)));
            let group = self.groups.get(&limit.group).copied();
            if let Some((policy, group)) = self.known(place, policy.zip(group)) {
                let of_policy = &mut prices.node_limit[policy.index()];
                of_policy.resize(self.count, 0.0);
                of_policy[group as usize] += self.price(place, limit.price);
            }
        }
        for (row, limit) in list.copy_limit.iter().enumerate() {
            let place = || format!("{path}.copy_limit[{row}]");
            let policy = self.policy(&limit.policy, |rule| matches!(rule, Rule::LimitCopies { .. }));
            if let Some(key) = self.known(place, policy.zip(self.instance.content(&limit.content))) {
                *prices.copies.entry(key).or_insert(0.0) += self.price(place, limit.price);
            }
        }
    }

    /// The policy of an id, if its rule is of the wanted kind.
    fn policy(&self, name: &str, wanted: fn(&Rule) -> bool) -> Option<PolicyId> {
        let found = self.instance.policies.iter().position(|policy| policy.id == name && wanted(&policy.rule));
        found.map(PolicyId::new)
    }

    fn known<T>(&mut self, place: impl Fn() -> String, found: Option<T>) -> Option<T> {
        if found.is_none() {
            self.tell(ViolationKind::UnknownId, place(), "a name that neither the instance nor the groups know here");
        }
        found
    }

    /// A price; what is none is told, and counts nothing.
    fn price(&mut self, place: impl Fn() -> String, price: f64) -> f64 {
        if price.is_finite() && price >= 0.0 {
            return price;
        }
        self.tell(ViolationKind::WrongBound, place(), &format!("{price} is no price: finite and not negative"));
        0.0
    }

    /// For each group whether it is one of these.
    fn set(&mut self, place: impl Fn() -> String, groups: &[u32]) -> Option<Vec<bool>> {
        let mut inside = vec![false; self.count];
        for id in groups {
            inside[self.known(&place, self.groups.get(id).copied())? as usize] = true;
        }
        Some(inside)
    }

    /// Whether the links lie around the set is seen when its flows are.
    fn fence(&mut self, path: &str, whole: &WholePrice) -> Option<Fence> {
        let place = || path.to_owned();
        let content = self.known(place, self.instance.content(&whole.content))?;
        let inside = self.set(place, &whole.groups)?;
        let mut around = Table::filled(self.instance.links.len(), false);
        for name in &whole.links {
            around[self.known(place, self.instance.link(name))?] = true;
        }
        if whole.divisor < 2 {
            self.tell(ViolationKind::WrongBound, place(), "rounded by less than 2 copies");
            return None;
        }
        Some(Fence { content, inside, around, divisor: whole.divisor, price: self.price(place, whole.price) })
    }

    /// A cut that holds for every plan: nobody inside holds anything, and those whom it is stated for are inside.
    fn cut(&mut self, path: &str, enter: &EnterPrice) -> Option<Cut> {
        let place = || path.to_owned();
        let content = self.known(place, self.instance.content(&enter.content))?;
        let inside = self.set(place, &enter.groups)?;
        let asks = |node: &NodeId| self.instance.request(*node, content).is_some();
        let found: Option<Vec<NodeId>> = enter.requests.iter().map(|name| self.instance.node(name).filter(asks)).collect();
        let requests = self.known(place, found)?;
        // A node without a group was told already.
        let is_inside = |node: NodeId| inside.get(self.group[node.index()] as usize).copied().unwrap_or(false);
        let holds =
            |holding: &&crate::instance::Holding| holding.content == content && holding.mask != 0 && is_inside(holding.node);
        let fault = if let Some(holding) = self.instance.holdings.iter().find(holds) {
            Some(format!("{} stands inside and holds some of {}", self.instance.nodes[holding.node].id, enter.content))
        } else if requests.is_empty() || !requests.iter().all(|node| is_inside(*node)) {
            Some("the cut is stated for requests inside, and for at least one".to_owned())
        } else {
            None
        };
        if let Some(fault) = fault {
            self.tell(ViolationKind::WrongBound, path.to_owned(), &fault);
            return None;
        }
        Some(Cut { content, inside, requests, price: self.price(place, enter.price) })
    }
}
