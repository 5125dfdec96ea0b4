//! The policies, matched: for each class of nodes, each content and each pair of networks a bit per policy.
//!
//! Two nodes are of one class when every test that some selector makes says the same of both, so that selectors are read
//! once per class and a flow is matched by three ands. Relations are read per flow, for the policies that are left.
//! What is asked of receivers, whoever sends, stands in `receivers`.

mod receivers;

use super::copies::Required;
use super::moment;
use super::selector::{Fields, LinkView, NodeView, matches, relates, selects};
use crate::ids::{ContentId, Id, LinkId, NetworkId, NodeId, PolicyId, Table};
use crate::instance::policy::{Matcher, Policy, Relation, RelationTest, Rule, Selector, Test};
use crate::instance::{Content, Instance};
use crate::plan::{Assignment, Plan};
use rayon::prelude::*;
pub(super) use receivers::can_be_relaxed;
use rustc_hash::FxHashMap;
use std::fmt::Write;

/// A bit for each policy, 64 to a word.
pub(super) type Bits = Box<[u64]>;

/// The policies of an instance, ready to be asked.
pub(super) struct Law<'a> {
    instance: &'a Instance,
    words: usize,
    levels: Option<Vec<Option<u8>>>,
    /// Class of each node; empty where there is no policy.
    class: Vec<u32>,
    source: Vec<u64>,
    destination: Vec<u64>,
    content: Table<ContentId, Bits>,
    in_force: Bits,
    /// Policies in force whose rule looks at single flows.
    on_flows: Bits,
    /// Policies in force that bound the depth or the delay.
    on_depth: Bits,
    /// Policies in force that delay.
    on_delay: Bits,
    /// Policies in force that ask for several parents.
    on_parents: Bits,
    /// Policies in force that degrade.
    on_fewest: Bits,
    /// Policies in force that change weights.
    on_weight: Bits,
    /// Protocol policies in order of rank, then list.
    protocols: Vec<PolicyId>,
    /// Policies in force that require copies, by network.
    required: FxHashMap<NetworkId, Vec<Required>>,
    /// Fields that relations compare.
    compared: Vec<&'a str>,
}

impl<'a> Law<'a> {
    /// Reads all policies of the instance; levels may come from the clusters that the plan cut.
    pub(super) fn read(instance: &'a Instance, plan: &Plan) -> Law<'a> {
        Law::read_if(instance, plan, |_| true)
    }

    /// Reads those policies that no plan may relax; the others count as not in force. One delay that may be relaxed takes the
    /// force of all: who waits for it may follow a node that waits for another, and without it he would be ahead.
    pub(super) fn read_strict(instance: &'a Instance, plan: &Plan) -> Law<'a> {
        let is_delay = |policy: &Policy| matches!(policy.rule, Rule::Delay { .. });
        let is_soft = |policy: &Policy| policy.relaxable && is_delay(policy) && receivers::is_in_force(instance, policy);
        let some_soft = instance.policies.iter().any(is_soft);
        Law::read_if(instance, plan, |policy| !(policy.relaxable || some_soft && is_delay(policy)))
    }

    fn read_if(instance: &'a Instance, plan: &Plan, kept: impl Fn(&Policy) -> bool) -> Law<'a> {
        let policies = &instance.policies;
        let words = policies.len().div_ceil(64);
        let levels = levels(instance, plan);
        let view = |id: NodeId| NodeView { instance, id, level: level(instance, levels.as_deref(), id) };
        let (class, examples) = classes(instance, &tests_of(policies), &view);
        let by_class = |pick: fn(&Policy) -> &Selector| -> Vec<u64> {
            let rows: Vec<Bits> =
                examples.par_iter().map(|node| bits(policies, |policy| selects(pick(policy), &view(*node)))).collect();
            rows.concat()
        };
        let source = by_class(|policy| &policy.source);
        let destination = by_class(|policy| &policy.destination);
        let content =
            instance.contents.iter().map(|content: &Content| bits(policies, |policy| selects(&policy.content, content)));
        let in_force = bits(policies, |policy| kept(policy) && receivers::is_in_force(instance, policy));
        let of_kind = |wanted: fn(&Rule) -> bool| -> Bits {
            let kind = bits(policies, |policy| wanted(&policy.rule));
            kind.iter().zip(&in_force).map(|(kind, force)| kind & force).collect()
        };
        let mut protocols: Vec<PolicyId> = (0..policies.len()).map(PolicyId::new).collect();
        protocols.retain(|p| matches!(policies[p.index()].rule, Rule::Protocol { .. }));
        protocols.sort_by_key(|p| policies[p.index()].rank);
        Law {
            instance,
            words,
            class,
            source,
            destination,
            content: Table::new(content.collect()),
            on_flows: of_kind(looks_at_flows),
            on_depth: of_kind(|rule| matches!(rule, Rule::MaxDepth { .. } | Rule::MaxDelay { .. })),
            on_delay: of_kind(|rule| matches!(rule, Rule::Delay { .. })),
            on_parents: of_kind(|rule| matches!(rule, Rule::Redundancy { .. })),
            on_fewest: of_kind(|rule| matches!(rule, Rule::Degrade { .. })),
            on_weight: of_kind(|rule| matches!(rule, Rule::Priority { .. })),
            required: required(instance, &in_force),
            in_force,
            protocols,
            compared: compared(policies),
            levels,
        }
    }

    /// A policy by its number.
    pub(super) fn policy(&self, id: PolicyId) -> &'a Policy {
        &self.instance.policies[id.index()]
    }

    /// A policy is in force at the instance's time.
    pub(super) fn in_force(&self, id: PolicyId) -> bool {
        self.in_force[id.index() / 64] >> (id.index() % 64) & 1 == 1
    }

    /// For each policy whether it looks at flows between two networks: its `crosses` matches their route (absent: any
    /// route), and one that limits copies looks only at what enters its network.
    pub(super) fn crossed(&self, from: NetworkId, to: NetworkId, links: &[LinkId]) -> Bits {
        let entered = &self.instance.networks[to].id;
        bits(&self.instance.policies, |policy| {
            let crosses = policy.crosses.as_ref().is_none_or(|wanted| {
                links.iter().any(|link| selects(wanted, &LinkView { instance: self.instance, link: &self.instance.links[*link] }))
            });
            crosses && !matches!(&policy.rule, Rule::LimitCopies { network, .. } if from == to || network != entered)
        })
    }

    /// Every policy in force that requires copies.
    pub(super) fn required(&self) -> impl Iterator<Item = &Required> {
        self.required.values().flatten()
    }

    /// The policies that require copies of what a row receives; a policy that it relaxes does not.
    pub(super) fn required_of(&self, row: &Assignment) -> Vec<&Required> {
        if self.required.is_empty() {
            return Vec::new();
        }
        let here = self.required.get(&self.instance.nodes[row.node].network).into_iter().flatten();
        let matches = |policy: PolicyId| self.content[row.content][policy.index() / 64] >> (policy.index() % 64) & 1 == 1;
        here.filter(|required| matches(required.policy) && !row.relaxed.contains(&required.policy)).collect()
    }

    /// Calls `visit` with each policy in force that matches the flow and whose rule looks at flows, in list order.
    pub(super) fn on_flow(
        &self,
        source: NodeId,
        destination: NodeId,
        content: ContentId,
        crossed: &[u64],
        mut visit: impl FnMut(PolicyId),
    ) {
        let (sources, destinations) = (&self.source[self.row(source)..], &self.destination[self.row(destination)..]);
        for (word, crossed) in crossed.iter().enumerate() {
            let mut left = sources[word] & destinations[word] & self.content[content][word] & crossed & self.on_flows[word];
            while left != 0 {
                let policy = PolicyId::new(word * 64 + left.trailing_zeros() as usize);
                left &= left - 1;
                let relation = self.policy(policy).relation.as_ref();
                if relation.is_none_or(|relation| relates(relation, self.view(source), self.view(destination))) {
                    visit(policy);
                }
            }
        }
    }

    /// Selectors do not tell nodes of one number apart.
    pub(super) fn class(&self, node: NodeId) -> u32 {
        self.class.get(node.index()).copied().unwrap_or(0)
    }

    /// What relations look at in a node, as text; nodes of one text are alike to them. Empty where there is no relation.
    pub(super) fn related(&self, node: NodeId) -> String {
        let view = self.view(node);
        let mut text = String::new();
        for field in &self.compared {
            let _ = write!(text, "{:?};", view.field(field));
        }
        text
    }

    /// Adds 1 to the count of each policy, in force or not, whose destination and content match.
    pub(super) fn count_matched(&self, node: NodeId, content: ContentId, counts: &mut [u64]) {
        for word in 0..self.words {
            let mut left = self.destination[self.row(node) + word] & self.content[content][word];
            while left != 0 {
                counts[word * 64 + left.trailing_zeros() as usize] += 1;
                left &= left - 1;
            }
        }
    }

    /// Of the protocol policies that match a flow, the one that decides.
    pub(super) fn decisive(&self, matching: &[PolicyId]) -> Option<PolicyId> {
        self.protocols.iter().copied().find(|policy| matching.contains(policy))
    }

    fn row(&self, node: NodeId) -> usize {
        self.class[node.index()] as usize * self.words
    }

    fn view(&self, id: NodeId) -> NodeView<'_> {
        NodeView { instance: self.instance, id, level: level(self.instance, self.levels.as_deref(), id) }
    }
}

/// The rule is about single flows.
fn looks_at_flows(rule: &Rule) -> bool {
    match rule {
        Rule::Forbid {} | Rule::LimitRate { .. } | Rule::LimitVolume { .. } | Rule::LimitNodeRate(_) => true,
        Rule::LimitCopies { .. } | Rule::Prefer { .. } | Rule::Protocol { .. } => true,
        Rule::RequireCopies { .. } | Rule::Priority { .. } | Rule::Delay { .. } | Rule::Redundancy { .. } => false,
        Rule::MaxDepth { .. } | Rule::MaxDelay { .. } | Rule::Degrade { .. } => false,
    }
}

/// The policies in force that require copies, by network.
fn required(instance: &Instance, in_force: &[u64]) -> FxHashMap<NetworkId, Vec<Required>> {
    let mut all: FxHashMap<NetworkId, Vec<Required>> = FxHashMap::default();
    for (p, policy) in instance.policies.iter().enumerate().filter(|(p, _)| in_force[p / 64] >> (p % 64) & 1 == 1) {
        if let Rule::RequireCopies { network, links } = &policy.rule
            && let Some(network) = instance.network(network)
        {
            let links = links.iter().filter_map(|link| instance.link(link)).collect();
            all.entry(network).or_default().push(Required { policy: PolicyId::new(p), links });
        }
    }
    all
}

fn bits(policies: &[Policy], holds: impl Fn(&Policy) -> bool) -> Bits {
    let mut words = vec![0u64; policies.len().div_ceil(64)].into_boxed_slice();
    for (p, policy) in policies.iter().enumerate() {
        words[p / 64] |= u64::from(holds(policy)) << (p % 64);
    }
    words
}

fn level(instance: &Instance, cut: Option<&[Option<u8>]>, node: NodeId) -> Option<u8> {
    match cut {
        Some(levels) => levels[node.index()],
        None => instance.nodes[node].level,
    }
}

/// Levels by the clusters that the plan names, where the instance gives none and a policy asks.
fn levels(instance: &Instance, plan: &Plan) -> Option<Vec<Option<u8>>> {
    let asked = tests_of(&instance.policies).iter().any(|(name, _)| *name == "level");
    if !asked || !instance.clusters.is_empty() {
        return None;
    }
    let mut levels = vec![None; instance.nodes.len()];
    for cluster in &plan.clusters {
        for node in cluster.nodes.iter().filter_map(|name| instance.node(name)) {
            let known: &mut Option<u8> = &mut levels[node.index()];
            *known = Some(known.map_or(cluster.level, |least| least.min(cluster.level)));
        }
    }
    Some(levels)
}

/// Every test on a node's field that some selector makes, once.
fn tests_of(policies: &[Policy]) -> Vec<(&str, &Matcher)> {
    let mut tests: Vec<(&str, &Matcher)> = Vec::new();
    let mut waiting: Vec<&Selector> = policies.iter().flat_map(|policy| [&policy.source, &policy.destination]).collect();
    while let Some(selector) = waiting.pop() {
        for test in &selector.tests {
            match test {
                Test::Field(name, matcher) if !tests.contains(&(name.as_str(), matcher)) => tests.push((name, matcher)),
                Test::Field(..) => {}
                Test::Not(inner) => waiting.push(inner),
                Test::Any(inner) => waiting.extend(inner),
            }
        }
    }
    tests
}

/// Every field that some relation compares, once.
fn compared(policies: &[Policy]) -> Vec<&str> {
    let mut fields = Vec::new();
    let mut waiting: Vec<&Relation> = policies.iter().filter_map(|policy| policy.relation.as_ref()).collect();
    while let Some(relation) = waiting.pop() {
        for test in &relation.tests {
            match test {
                RelationTest::Same(names) | RelationTest::Different(names) => {
                    fields.extend(names.iter().map(|name| name.as_str()))
                }
                RelationTest::SharesAffinity(_) => fields.push("affinity"),
                RelationTest::Not(inner) => waiting.push(inner),
                RelationTest::Any(inner) => waiting.extend(inner),
            }
        }
    }
    fields.sort_unstable();
    fields.dedup();
    fields
}

/// The class of each node, and one node of each class; no classes where there are no policies.
fn classes<'a>(
    instance: &'a Instance,
    tests: &[(&str, &Matcher)],
    view: &(impl Fn(NodeId) -> NodeView<'a> + Sync),
) -> (Vec<u32>, Vec<NodeId>) {
    if instance.policies.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let words = tests.len().div_ceil(64).max(1);
    let mut answers = vec![0u64; instance.nodes.len() * words];
    answers.par_chunks_mut(words).enumerate().with_min_len(1024).for_each(|(node, row)| {
        let node = view(NodeId::new(node));
        for (t, (name, matcher)) in tests.iter().enumerate() {
            row[t / 64] |= u64::from(matches(matcher, node.field(name))) << (t % 64);
        }
    });
    let mut numbers: FxHashMap<&[u64], u32> = FxHashMap::default();
    let mut examples = Vec::new();
    let class = answers.chunks(words).enumerate().map(|(node, row)| {
        *numbers.entry(row).or_insert_with(|| {
            examples.push(NodeId::new(node));
            examples.len() as u32 - 1
        })
    });
    (class.collect(), examples)
}
