//! Policies that can be left out, and policies that fight each other: what an operator should look at again.
//!
//! Only what is certain is told: a policy matches nothing; its limit is above all that could ever count against it; another
//! one with the same or wider selectors and the same or longer hours asks at least as much; two of them cannot both have their way.

use crate::ids::{Id, PolicyId};
use crate::instance::Instance;
use crate::instance::policy::{Policy, Rule, Selector};
use crate::policy::Rules;
use crate::units::Kbps;
use serde::Serialize;

/// One thing to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `matches_nothing`, `never_binds`, `implied` or `contradicts`.
    pub kind: &'static str,
    /// The policy that can be left out, or the later of two that fight.
    pub policy: String,
    /// The other policy, where there is one.
    pub other: Option<String>,
    /// A sentence for people.
    pub text: String,
}

/// Everything found, in order of the policies.
pub fn lint(instance: &Instance, rules: &Rules) -> Vec<Finding> {
    let mut found = Vec::new();
    for (row, id) in rules.in_force.iter().enumerate() {
        let policy = &instance.policies[id.index()];
        let mut tell = |kind, other: Option<&Policy>, text: String| {
            let other = other.map(|other| other.id.to_string());
            found.push(Finding { kind, policy: policy.id.to_string(), other, text });
        };
        if rules.idle.contains(id) {
            tell("matches_nothing", None, "no flow or request of the instance matches it; look for a mistyped value".to_owned());
            continue;
        }
        if let Some(why) = slack(instance, policy, rules.matched[row]) {
            tell("never_binds", None, why);
        }
        for other in others(instance, rules, *id) {
            if implies(other, policy) {
                let text = format!("{} asks at least as much of everything that it concerns", other.id);
                tell("implied", Some(other), text);
            }
            if let Some(text) = fights(instance, policy, other) {
                tell("contradicts", Some(other), text);
            }
        }
    }
    found
}

/// The other policies in force; of two that say the same the later one is told about the earlier, not both about each other.
fn others<'i>(instance: &'i Instance, rules: &'i Rules, id: PolicyId) -> impl Iterator<Item = &'i Policy> + 'i {
    let own = &instance.policies[id.index()];
    let others =
        rules.in_force.iter().filter(move |other| **other != id).map(|other| (*other, &instance.policies[other.index()]));
    let once = move |(other, policy): &(PolicyId, &Policy)| {
        *other < id || !(implies(own, policy) || fights(instance, policy, own).is_some())
    };
    others.filter(once).map(|(_, policy)| policy)
}

/// Why a limit can never be reached.
fn slack(instance: &Instance, policy: &Policy, matched: u64) -> Option<String> {
    let demand = || -> Kbps { instance.requests.iter().map(|request| instance.contents[request.content].bitrate).sum() };
    let no_relays = instance.nodes.iter().all(|node| node.relay_contents == Some(0));
    let multiplied = instance.policies.iter().any(|policy| matches!(policy.rule, Rule::Redundancy { .. }));
    let receivers = instance.requests.len() as u64;
    match &policy.rule {
        rule @ (Rule::LimitRate { .. } | Rule::LimitVolume { .. }) if no_relays && !multiplied => {
            let (most, asked) = (rule.max_kbps(instance.time)?, demand());
            (most >= asked).then(|| format!("all requests together ask for {asked}, the limit is {most}"))
        }
        Rule::LimitNodeRate(rate) => {
            let all = |node: &crate::instance::Node| match rate {
                crate::instance::policy::NodeRate::MaxKbps(most) => *most >= node.uplink,
                crate::instance::policy::NodeRate::MaxFraction(part) => part.of(node.uplink) >= node.uplink,
            };
            instance.nodes.iter().all(all).then(|| "no node has more uplink than the limit leaves".to_owned())
        }
        Rule::LimitCopies { max, .. } if no_relays && !multiplied && u64::from(*max) >= matched => {
            Some(format!("{matched} requests match, and {max} copies may enter"))
        }
        Rule::MaxDepth { hops } if no_relays && u64::from(*hops) >= receivers => {
            Some(format!("no tree of {receivers} receivers is deeper than {hops} hops"))
        }
        Rule::Priority { weight } if *weight == 1.0 => Some("a factor of 1 changes no weight".to_owned()),
        Rule::Prefer { cost } if *cost == 0.0 => Some("a cost of 0 changes no cost".to_owned()),
        Rule::Delay { seconds } if *seconds == 0.0 => Some("0 seconds delay nobody".to_owned()),
        Rule::Redundancy { parents: 1, .. } => Some("one parent is what everybody has".to_owned()),
        _ => None,
    }
}

/// Whatever the second asks, the first asks too: it concerns at least as much, always when the second does, and as strictly.
fn implies(first: &Policy, second: &Policy) -> bool {
    let strict = !first.relaxable || second.relaxable;
    let always = first.when.is_always() || first.when == second.when;
    let covers = |wide: &Selector, narrow: &Selector| wide.tests.iter().all(|test| narrow.tests.contains(test));
    let crosses = match (&first.crosses, &second.crosses) {
        (None, _) => true,
        (Some(wide), Some(narrow)) => covers(wide, narrow),
        (Some(_), None) => false,
    };
    let relation = first.relation.is_none() || first.relation == second.relation;
    strict
        && always
        && crosses
        && relation
        && covers(&first.source, &second.source)
        && covers(&first.destination, &second.destination)
        && covers(&first.content, &second.content)
        && asks_as_much(&first.rule, &second.rule)
}

fn asks_as_much(first: &Rule, second: &Rule) -> bool {
    match (first, second) {
        (Rule::Forbid {}, Rule::Forbid {} | Rule::LimitRate { .. } | Rule::LimitVolume { .. }) => true,
        (Rule::Forbid {}, Rule::LimitNodeRate(_) | Rule::LimitCopies { .. } | Rule::Prefer { .. } | Rule::Protocol { .. }) => {
            true
        }
        (Rule::LimitRate { max_kbps: a }, Rule::LimitRate { max_kbps: b }) => a <= b,
        (Rule::LimitCopies { network: a, max: x }, Rule::LimitCopies { network: b, max: y }) => a == b && x <= y,
        (Rule::MaxDepth { hops: a }, Rule::MaxDepth { hops: b }) => a <= b,
        (Rule::MaxDelay { ms: a }, Rule::MaxDelay { ms: b }) => a <= b,
        (Rule::Delay { seconds: a }, Rule::Delay { seconds: b }) => a >= b,
        (Rule::Degrade { min_substreams: a }, Rule::Degrade { min_substreams: b }) => a <= b,
        (Rule::Redundancy { parents: a, distinct: x }, Rule::Redundancy { parents: b, distinct: y }) => {
            a >= b && (x == y || y.is_node())
        }
        _ => false,
    }
}

/// Why two policies cannot both have their way.
fn fights(instance: &Instance, policy: &Policy, other: &Policy) -> Option<String> {
    let same = policy.source == other.source
        && policy.destination == other.destination
        && policy.content == other.content
        && policy.crosses == other.crosses
        && policy.relation == other.relation;
    match (&policy.rule, &other.rule) {
        (Rule::Protocol { name: a }, Rule::Protocol { name: b }) if same && a != b && policy.rank == other.rank => {
            Some(format!("both set a protocol for the same flows at the same rank: {b} wins, for it stands first"))
        }
        (Rule::Prefer { cost: a }, Rule::Prefer { cost: b }) if same && a * b < 0.0 => {
            Some(format!("one makes the same flows dearer, the other cheaper: together {:+}", a + b))
        }
        (Rule::Priority { weight: a }, Rule::Priority { weight: b }) if same && (a - 1.0) * (b - 1.0) < 0.0 => {
            Some(format!("one raises the same requests, the other lowers them: together {}", a * b))
        }
        (Rule::RequireCopies { network, links }, Rule::LimitCopies { network: limited, max })
        | (Rule::LimitCopies { network: limited, max }, Rule::RequireCopies { network, links })
            if network == limited && (*max as usize) < links.len() && !shares_route(instance, links) =>
        {
            Some(format!("{network} needs {} copies from outside, and {max} may enter", links.len()))
        }
        _ => None,
    }
}

/// One flow could cross two of the links, as far as can be seen: one begins where another ends.
fn shares_route(instance: &Instance, links: &[smol_str::SmolStr]) -> bool {
    let ends: Vec<_> = links.iter().filter_map(|link| instance.link(link)).map(|link| &instance.links[link]).collect();
    ends.iter().any(|a| ends.iter().any(|b| a.to == b.from)) || instance.links.len() > links.len()
}
